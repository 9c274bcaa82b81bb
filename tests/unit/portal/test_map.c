/* Maps: what a view shows, and that every point stands in exactly one circle. */
#include "../test.h"

#include "../chance.h"

#include "geo/geo.h"
#include "geo/outline.h"
#include "portal/map.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static th_map_view random_view(void) {
  th_map_view v;
  double west = (double)below(300) - 170, south = (double)below(100) - 50;
  th_map_box(&v, west, south, west + 0.2 + below(60), south + 0.2 + below(40));
  return v;
}

static void check_view(const th_map_view *v) {
  assert_true(v->west < v->east && v->south < v->north);
  assert_true(v->west >= -180 && v->east <= 180 && v->south >= -56 && v->north <= 78);
  assert_true(v->height > 150 && v->height < 600);
}

static void views_have_the_shape_of_a_map(void **state) {
  (void)state;
  for (unsigned round = 0; round < 2000; round++) {
    th_map_view v = random_view(), moved;
    check_view(&v);
    th_map_move(&v, 0.5 + below(4), below(3) - 1.0, below(3) - 1.0, &moved);
    check_view(&moved);
  }
}

static void boxes_are_read_as_they_are_written(void **state) {
  (void)state;
  static const char *const bad[] = {"",          "1,2,3",   "1,2,3,4,5",   "a,b,c,d",
                                    "5,5,1,9",   "1,9,5,2", "1,2,3,nan",   "1,2,3,1e9",
                                    "0x1,2,3,4", "1,,3,4",  "1,2,3,4 or 5"};
  th_map_view again;
  th_buf text;
  th_buf_init(&text, 0);
  for (unsigned round = 0; round < 500; round++) {
    th_map_view v = random_view();
    th_buf_clear(&text);
    th_map_write(&v, &text);
    assert_true(th_map_read(&again, th_buf_view(&text)));
    assert_true(fabs(v.west - again.west) < 0.1 && fabs(v.north - again.north) < 0.1);
    assert_true(fabs(v.east - again.east) < 0.1 && fabs(v.south - again.south) < 0.1);
  }
  for (size_t i = 0; i < TH_COUNT(bad); i++)
    if (th_map_read(&again, th_span_of(bad[i]))) fail_msg("read: %s", bad[i]);
  th_buf_dispose(&text);
}

static void corners_are_corners(void **state) {
  (void)state;
  double x, y;
  th_map_view v;
  assert_true(th_map_read(&v, TH_SPAN("0,40,20,50")));
  th_map_place(&v, (int32_t)(v.north * 1e6), (int32_t)(v.west * 1e6), &x, &y);
  assert_true(fabs(x) < 0.01 && fabs(y) < 0.01);
  th_map_place(&v, (int32_t)(v.south * 1e6), (int32_t)(v.east * 1e6), &x, &y);
  assert_true(fabs(x - TH_MAP_WIDTH) < 0.01 && fabs(y - v.height) < 0.01);
}

static uint32_t random_points(th_site_point *p, uint32_t most) {
  uint32_t n = below(most), sites = 2 * most;
  int32_t lat = (int32_t)below(100000000) - 40000000, lon = (int32_t)below(340000000) - 170000000;
  uint32_t spread = 1 + below(40000000);
  for (uint32_t i = 0; i < n; i++) {
    sites -= below(2);
    p[i] = (th_site_point){.lat = lat + (int32_t)below(spread) - (int32_t)(spread / 2),
                           .lon = lon + (int32_t)below(spread) - (int32_t)(spread / 2),
                           .sites = sites};
    p[i].recruiting = below(p[i].sites + 1);
  }
  return n;
}

/* Which clusters a point may belong to: those that stand within reach of it. */
static double nearest(const th_map_gathering *all, double x, double y) {
  double best = INFINITY;
  for (uint32_t i = 0; i < all->n; i++)
    best = fmin(best, hypot(all->list[i].x - x, all->list[i].y - y));
  return best;
}

/* One of the two ways to gather them, with its reach. */
static void check_gathering(const th_map_view *v, const th_site_point *p, uint32_t n,
                            const th_map_gathering *all, double reach) {
  uint64_t sites = 0, recruiting = 0, shown = 0, points = 0, wanted = 0, wanted_open = 0;
  for (uint32_t i = 0; i < n; i++) {
    double x, y;
    if (!th_map_shows(v, &p[i])) continue;
    th_map_place(v, p[i].lat, p[i].lon, &x, &y);
    assert_true(x >= -0.01 && x <= TH_MAP_WIDTH + 0.01 && y >= -0.01 && y <= v->height + 0.01);
    assert_true(nearest(all, x, y) < reach);
    shown++;
    wanted += p[i].sites;
    wanted_open += p[i].recruiting;
  }
  for (uint32_t i = 0; i < all->n; i++) {
    const th_map_cluster *c = &all->list[i];
    th_map_view closer;
    assert_true(c->sites <= all->most && (!i || c->sites <= c[-1].sites));
    for (uint32_t k = 0; k < i; k++)
      assert_true(hypot(c->x - all->list[k].x, c->y - all->list[k].y) >= reach);
    th_map_zoom(v, c, &closer);
    check_view(&closer);
    assert_true(closer.east - closer.west < v->east - v->west || c->n == 1 ||
                v->north - v->south <= 1.01);
    sites += c->sites;
    recruiting += c->recruiting;
    points += c->n;
  }
  assert_int_equal(points, shown);
  assert_int_equal(sites, wanted);
  assert_int_equal(recruiting, wanted_open);
}

static void check_clusters(const th_map_view *v, const th_site_point *p, uint32_t n) {
  th_arena arena;
  th_map_clusters all;
  th_err err = {0};
  th_arena_init(&arena, 0);
  assert_int_equal(th_map_cluster_points(v, p, n, &arena, &all, &err), 0);
  const th_map_gathering wide = {all.n, all.list, all.most};
  check_gathering(v, p, n, &wide, TH_MAP_REACH);
  check_gathering(v, p, n, &all.narrow, TH_MAP_REACH * TH_MAP_NARROW);
  th_arena_dispose(&arena);
}

static void every_point_is_in_one_cluster(void **state) {
  (void)state;
  enum { MOST = 400 };
  th_site_point *p = calloc(MOST, sizeof *p);
  assert_non_null(p);
  for (unsigned round = 0; round < 300; round++) {
    uint32_t n = random_points(p, MOST);
    th_map_view v;
    if (round % 2)
      v = random_view();
    else
      th_map_fit(&v, p, n);
    check_view(&v);
    check_clusters(&v, p, n);
  }
  free(p);
}

/* Coordinates of the picture stay within the view and its margin. */
static void land_stays_in_the_picture(void **state) {
  (void)state;
  if (!th_map_has_land()) {
    print_message("skipped: this build has no outlines (./dev setup places)\n");
    skip();
  }
  th_arena arena;
  th_buf out;
  th_err err = {0};
  th_buf_init(&out, 0);
  th_arena_init(&arena, 0);
  for (unsigned round = 0; round < 60; round++) {
    th_map_view v = random_view();
    th_buf_clear(&out);
    assert_int_equal(th_map_land(&v, &arena, &out, &err), 0);
    th_buf_char(&out, 0);
    const char *d = out.p;
    long x = 0, y = 0;
    assert_non_null(strstr(d, " d=\""));
    while ((d = strstr(d, " d=\"")))
      for (d += 4; *d != '"';) {
        char *end;
        char c = *d++;
        if (c == 'z') continue;
        assert_true(c == 'M' || c == 'l');
        long a = strtol(d, &end, 10), b = strtol(end, &end, 10);
        x = c == 'M' ? a : x + a;
        y = c == 'M' ? b : y + b;
        d = end;
        if (x < -60 || x > 2 * TH_MAP_WIDTH + 60 || y < -60 || y > 2 * v.height + 60)
          fail_msg("%ld %ld lies outside", x, y);
      }
    th_arena_reset(&arena, false);
  }
  th_arena_dispose(&arena);
  th_buf_dispose(&out);
}

static void check_layer(th_outline_layer layer, uint32_t least_points, int32_t jump) {
  th_outline shape;
  for (uint32_t i = 0; i < th_outlines(layer); i++) {
    th_outline_at(layer, i, &shape);
    assert_true(shape.n > 0);
    for (uint32_t k = 0; k < shape.n; k++) {
      th_outline_ring ring = th_outline_ring_at(layer, shape.first + k);
      assert_true(ring.n >= least_points);
      for (uint32_t j = 0; j < ring.n; j++) {
        assert_in_range(ring.points[2 * j] - shape.west, 0, shape.east - shape.west);
        assert_in_range(ring.points[2 * j + 1] - shape.south, 0, shape.north - shape.south);
        /* No line across the whole map. */
        if (j) assert_true(abs(ring.points[2 * j] - ring.points[2 * j - 2]) < jump);
      }
    }
  }
}

static void outlines_are_whole(void **state) {
  (void)state;
  if (!th_map_has_land()) skip();
  static const char *const countries[] = {"US", "FR", "DE", "NZ", "RU", "FJ", "CI"};
  for (th_outline_layer layer = TH_OUTLINES_COARSE; layer <= TH_OUTLINES_FINE; layer++) {
    check_layer(layer, 3, 18000);
    for (size_t i = 0; i < TH_COUNT(countries); i++)
      assert_true(th_outline_find(layer, th_span_of(countries[i]), &(th_outline){0}));
  }
  assert_false(th_outline_find(TH_OUTLINES_FINE, TH_SPAN("XX"), &(th_outline){0}));
}

/* All fifty and the District of Columbia, by any of their names; borders between them, no coast. */
static void states_are_drawn(void **state) {
  (void)state;
  if (!th_outlines(TH_OUTLINES_STATES)) {
    print_message("skipped: this build has no outlines of states (./dev setup places)\n");
    skip();
  }
  static const struct {
    const char *name, *code;
  } names[] = {{"Massachusetts", "MA"}, {"Calif.", "CA"}, {"hawaii", "HI"}, {"D.C.", "DC"}};
  th_buf a, b;
  th_buf_init(&a, 0);
  th_buf_init(&b, 0);
  check_layer(TH_OUTLINES_STATES, 3, TH_STATES_WIDTH);
  check_layer(TH_OUTLINES_BORDERS, 2, 2000);
  assert_int_equal(th_outlines(TH_OUTLINES_STATES), 51);
  for (size_t i = 0; i < TH_COUNT(names); i++) {
    th_buf_clear(&a);
    th_buf_clear(&b);
    assert_true(th_map_state(th_geo_region_names(TH_SPAN("US"), th_span_of(names[i].name)), &a));
    assert_true(th_map_state(th_geo_region_names(TH_SPAN("US"), th_span_of(names[i].code)), &b));
    assert_true(a.n > 20 && th_span_eq(th_buf_view(&a), th_buf_view(&b)));
  }
  assert_false(th_map_state(th_geo_region_names(TH_SPAN("US"), TH_SPAN("Ontario")), &a));
  assert_false(th_map_state((th_span){0}, &a));
  th_buf_dispose(&a);
  th_buf_dispose(&b);
}

/* Colorado's borders are in a picture around Denver, none in one around Paris. */
static void borders_are_where_states_are(void **state) {
  (void)state;
  if (!th_outlines(TH_OUTLINES_BORDERS)) skip();
  static const struct {
    const char *box;
    bool any;
  } cases[] = {{"-109,36,-101,42", true}, {"-125,25,-66,50", true}, {"0,45,6,50", false}};
  th_arena arena;
  th_buf out;
  th_err err = {0};
  th_buf_init(&out, 0);
  th_arena_init(&arena, 0);
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_map_view v;
    assert_true(th_map_read(&v, th_span_of(cases[i].box)));
    th_buf_clear(&out);
    assert_int_equal(th_map_land(&v, &arena, &out, &err), 0);
    th_span first = th_buf_view(&out);
    ptrdiff_t at = th_span_find(first, TH_SPAN("<path"));
    assert_true(at > 0);
    const th_span rest = {first.p + at + 1, first.n - (size_t)at - 1};
    assert_int_equal(th_span_find(rest, TH_SPAN("<path")) >= 0, cases[i].any);
  }
  th_arena_dispose(&arena);
  th_buf_dispose(&out);
}

int main(void) {
  seed = random_start(20261122);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(views_have_the_shape_of_a_map),
      cmocka_unit_test(boxes_are_read_as_they_are_written),
      cmocka_unit_test(corners_are_corners),
      cmocka_unit_test(every_point_is_in_one_cluster),
      cmocka_unit_test(land_stays_in_the_picture),
      cmocka_unit_test(outlines_are_whole),
      cmocka_unit_test(states_are_drawn),
      cmocka_unit_test(borders_are_where_states_are),
  };
  return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
