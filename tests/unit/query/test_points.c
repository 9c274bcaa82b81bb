/* Where sites lie: circles, the nearest site and counts by point, with points that follow from a
 * site's city, against a look at every site. Random registries in several segments. */
#include "../test.h"

#include "../chance.h"
#include "naive.h"

#include <math.h>
#include <stdio.h>

#include "geo/distance.h"
#include "geo/geo.h"
#include "query/search.h"

static const char *const countries[] = {"France", "United States", "Germany", "Nowhere"};
static const char *const states[] = {"Texas", "Illinois", "Bayern", "Somewhere"};
static const char *const cities[] = {"Paris", "Houston", "PARIS", "Springfield", "München", "Lyon"};
static const char *const statuses[] = {"RECRUITING", "COMPLETED", "NOT_YET_RECRUITING"};

static void put_site(th_buf *b) {
  th_buf_printf(b, "{\"facility\":\"Clinic %u\"", below(5));
  if (chance(60)) th_buf_printf(b, ",\"status\":\"%s\"", PICK(statuses));
  if (chance(80)) th_buf_printf(b, ",\"city\":\"%s\"", PICK(cities));
  if (chance(60)) th_buf_printf(b, ",\"state\":\"%s\"", PICK(states));
  if (chance(90)) th_buf_printf(b, ",\"country\":\"%s\"", PICK(countries));
  if (chance(40))
    th_buf_printf(b, ",\"geoPoint\":{\"lat\":%d.%u,\"lon\":%d.%u}", (int)below(120) - 60, below(3),
                  (int)below(340) - 170, below(3));
  th_buf_char(b, '}');
}

static void make_corpus(corpus *c, uint32_t n_docs, uint32_t segments) {
  th_buf b;
  th_buf_init(&b, 0);
  corpus_init(c);
  for (uint32_t i = 0; i < n_docs; i++) {
    uint32_t nct = 1 + below(n_docs * 2);
    th_buf_clear(&b);
    th_buf_printf(&b,
                  "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT%08u\","
                  "\"briefTitle\":\"Study %u\"},\"statusModule\":{\"overallStatus\":\"%s\"},"
                  "\"contactsLocationsModule\":{\"locations\":[",
                  nct, below(9), PICK(statuses));
    for (uint32_t k = 0, n = below(7); k < n; k++) {
      if (k) th_buf_char(&b, ',');
      put_site(&b);
    }
    th_buf_str(&b, "]}}}");
    assert_int_equal(b.error, 0);
    assert_true(corpus_add(c, th_buf_view(&b), nct));
    if (segments > 1 && below(n_docs) < segments && c->n_segments + 1 < segments) corpus_flush(c);
  }
  corpus_finish(c, &seed, chance(50) ? 20 : 0);
  th_buf_dispose(&b);
}

/* ---- the plain reading ---- */

static int32_t millionths(double degrees) {
  return (int32_t)lround(degrees * 1e6);
}

/* The record's point, else its city's. */
static bool point_of(const th_feed_site *s, bool placed, int32_t *lat, int32_t *lon) {
  th_geo_place place;
  *lat = s->lat;
  *lon = s->lon;
  if (s->lat != TH_NO_POINT) return true;
  if (!placed || !s->country.n || !th_geo_site(s->city, s->state, s->country, &place)) return false;
  *lat = millionths(place.lat);
  *lon = millionths(place.lon);
  return true;
}

static bool is_open(const naive_doc *d, const th_feed_site *s) {
  if (s->status) return s->status - 1 == TH_RecruitmentStatus_RECRUITING;
  for (uint32_t i = 0; i < d->n_values; i++)
    if (d->values[i].field == TH_F_OverallStatus) return d->values[i].value == TH_Status_RECRUITING;
  return false;
}

static double nearest(const naive_doc *d, double lat, double lon, bool placed, bool open) {
  double best = INFINITY;
  int32_t y, x;
  for (uint32_t i = 0; i < d->n_sites; i++)
    if (point_of(&d->sites[i], placed, &y, &x) && (!open || is_open(d, &d->sites[i])))
      best = fmin(best, th_distance_km(lat, lon, y * 1e-6, x * 1e-6));
  return best;
}

static bool is_found(const th_search_result *r, const naive_doc *d) {
  for (uint32_t i = 0; i < r->n_hits; i++)
    if (r->hits[i].nct == d->nct) return true;
  return false;
}

/* ---- circles ---- */

static void check_circle(const corpus *c, double lat, double lon, double km, bool placed) {
  th_arena arena;
  th_search_result found;
  th_err err = {0};
  th_arena_init(&arena, 0);
  th_search_request rq = {.filter = placed ? th_query_near_placed(&arena, lat, lon, km)
                                           : th_query_near(&arena, lat, lon, km, 0),
                          .sort = {{TH_SORT_DISTANCE, false}},
                          .n_sort = 1,
                          .point_lat = lat,
                          .point_lon = lon,
                          .placed = placed,
                          .size = 1000,
                          .count = true};
  if (th_search(&c->snapshot, &rq, &arena, &found, &err)) fail_msg("%s", err.message);
  uint32_t n = 0;
  for (uint32_t i = 0; i < c->n_docs; i++) {
    const naive_doc *d = &c->docs[i];
    bool near = d->live && nearest(d, lat, lon, placed, false) <= km;
    n += near;
    if (near != (d->live && is_found(&found, d))) fail_msg("NCT%08u within %g km", d->nct, km);
  }
  assert_int_equal(found.total, n);
  for (uint32_t i = 1; i < found.n_hits; i++)
    assert_true(found.hits[i - 1].distance_km <= found.hits[i].distance_km + 0.001);
  th_arena_dispose(&arena);
}

static void test_circles(void **state) {
  (void)state;
  static const double points[][2] = {
      {48.85, 2.35}, {29.76, -95.37}, {48.14, 11.58}, {0, 0}, {-40, 179}};
  for (uint32_t round = 0; round < 8; round++) {
    corpus c;
    make_corpus(&c, 1 + below(80), 1 + below(4));
    for (uint32_t k = 0; k < 20; k++) {
      const double *p = PICK(points);
      check_circle(&c, p[0], p[1], 1 + below(3000), chance(70));
    }
    corpus_dispose(&c);
  }
}

/* A site without a point is not found by the registry's circle, and is by ours. */
static void test_both_ways(void **state) {
  (void)state;
  static const char record[] =
      "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT00000001\"},"
      "\"contactsLocationsModule\":{\"locations\":[{\"city\":\"Lyon\",\"country\":\"France\"}]}}}";
  corpus c;
  th_arena arena;
  th_err err = {0};
  if (!th_geo_places()) skip();
  corpus_init(&c);
  assert_true(corpus_add(&c, TH_SPAN(record), 1));
  corpus_finish(&c, &seed, 0);
  th_arena_init(&arena, 0);
  for (int placed = 0; placed < 2; placed++) {
    th_search_result found;
    th_search_request rq = {.filter = placed ? th_query_near_placed(&arena, 45.76, 4.84, 10)
                                             : th_query_near(&arena, 45.76, 4.84, 10, 0),
                            .count = true};
    assert_int_equal(th_search(&c.snapshot, &rq, &arena, &found, &err), 0);
    assert_int_equal(found.total, placed);
  }
  th_arena_dispose(&arena);
  corpus_dispose(&c);
}

static void test_nearest(void **state) {
  (void)state;
  for (uint32_t round = 0; round < 6; round++) {
    corpus c;
    make_corpus(&c, 1 + below(60), 1 + below(3));
    for (uint32_t i = 0; i < c.n_docs; i++) {
      const naive_doc *d = &c.docs[i];
      th_near_site site;
      bool open = chance(50);
      double lat = (int)below(120) - 60, lon = (int)below(340) - 170;
      bool any = th_nearest_site(&c.snapshot, d->segment, d->doc, lat, lon, open, &site);
      double best = nearest(d, lat, lon, true, open);
      assert_int_equal(any, isfinite(best));
      if (!any) continue;
      assert_true(fabs(site.km - best) < 1e-6);
      assert_true(site.at < d->n_sites);
      assert_int_equal(site.placed, d->sites[site.at].lat == TH_NO_POINT);
      assert_int_equal(site.recruiting, is_open(d, &d->sites[site.at]));
    }
    corpus_dispose(&c);
  }
}

/* ---- counts by point ---- */

static const th_site_point *find_point(const th_site_points *all, int32_t lat, int32_t lon) {
  const th_site_point *found = NULL;
  for (uint32_t i = 0; i < all->n; i++) {
    if (all->points[i].lat != lat || all->points[i].lon != lon) continue;
    assert_null(found);
    found = &all->points[i];
  }
  return found;
}

/* Every site is in one point, elsewhere or unplaced, and the sums say so. */
static void check_points(const corpus *c, const th_point_request *r, bool only_open) {
  th_arena arena;
  th_site_points got;
  th_err err = {0};
  th_point_request wanted = *r;
  uint64_t inside = 0, open = 0, elsewhere = 0, unplaced = 0;
  th_arena_init(&arena, 0);
  if (only_open)
    wanted.filter = th_query_mask(&arena, TH_F_OverallStatus, 1ull << TH_Status_RECRUITING);
  if (th_points_count(&c->snapshot, &wanted, &arena, &got, &err)) fail_msg("%s", err.message);
  for (uint32_t i = 0; i < c->n_docs; i++) {
    const naive_doc *d = &c->docs[i];
    const th_feed_site none = {.status = 0};
    if (!d->live || (only_open && !is_open(d, &none))) continue;
    for (uint32_t k = 0; k < d->n_sites; k++) {
      int32_t lat, lon;
      if (!point_of(&d->sites[k], true, &lat, &lon)) {
        unplaced++;
      } else if (lat < r->south || lat > r->north || lon < r->west || lon > r->east) {
        elsewhere++;
      } else {
        inside++;
        open += is_open(d, &d->sites[k]);
        assert_non_null(find_point(&got, lat, lon));
      }
    }
  }
  uint64_t sites = 0, recruiting = 0;
  for (uint32_t i = 0; i < got.n; i++) {
    const th_site_point *p = &got.points[i];
    assert_true(p->sites && p->recruiting <= p->sites);
    if (i) assert_true(p->sites <= p[-1].sites);
    sites += p->sites;
    recruiting += p->recruiting;
  }
  assert_int_equal(sites, inside);
  assert_int_equal(recruiting, open);
  assert_int_equal(got.sites, inside);
  assert_int_equal(got.recruiting, open);
  assert_int_equal(got.elsewhere, elsewhere);
  assert_int_equal(got.unplaced, unplaced);
  th_arena_dispose(&arena);
}

static void test_points(void **state) {
  (void)state;
  for (uint32_t round = 0; round < 10; round++) {
    corpus c;
    make_corpus(&c, 1 + below(80), 1 + below(4));
    for (uint32_t k = 0; k < 15; k++) {
      th_point_request r = {
          .south = -90000000, .west = -180000000, .north = 90000000, .east = 180000000};
      if (chance(60)) {
        r.south = ((int32_t)below(150) - 75) * 1000000;
        r.north = r.south + (int32_t)below(60) * 1000000;
        r.west = ((int32_t)below(300) - 150) * 1000000;
        r.east = r.west + (int32_t)below(90) * 1000000;
      }
      check_points(&c, &r, chance(30));
    }
    corpus_dispose(&c);
  }
}

static void test_points_no_memory(void **state) {
  (void)state;
  corpus c;
  th_point_request r = {
      .south = -90000000, .west = -180000000, .north = 90000000, .east = 180000000};
  int rc = -1;
  make_corpus(&c, 50, 2);
  for (size_t limit = 64; rc; limit += 256) {
    th_arena arena;
    th_site_points got;
    th_err err = {0};
    th_arena_init(&arena, limit);
    rc = th_points_count(&c.snapshot, &r, &arena, &got, &err);
    if (rc) assert_int_equal(rc, TH_ENOMEM);
    th_arena_dispose(&arena);
    assert_true(limit < 1 << 20);
  }
  corpus_dispose(&c);
}

int main(void) {
  seed = random_start(20261122);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_circles),          cmocka_unit_test(test_both_ways),
      cmocka_unit_test(test_nearest),          cmocka_unit_test(test_points),
      cmocka_unit_test(test_points_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
