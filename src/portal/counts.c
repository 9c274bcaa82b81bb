#include "portal/counts.h"

#include "base/queue.h"
#include "geo/geo.h"
#include "study/catalogue.h"

enum { AHEAD = 40 }; /* countries */

static const th_point_request everywhere = {
    .south = -90000000, .west = -180000000, .north = 90000000, .east = 180000000};

typedef struct wish {
  th_place_level level;
  th_span country, state;
} wish;

/* What a wish is called: its kind, and names apart by a byte that no name has. */
static th_span name_wish(th_arena *arena, char kind, const wish *w) {
  char *name = th_arena_printf(arena, "%c%d\n%.*s\n%.*s", kind, (int)w->level, (int)w->country.n,
                               w->country.p ? w->country.p : "", (int)w->state.n,
                               w->state.p ? w->state.p : "");
  return name ? th_span_of(name) : (th_span){0};
}

static int no_memory(th_err *err) {
  return th_err_set(err, TH_ENOMEM, "no memory for a page");
}

/* Studies with a site in the country and one in the state: no others have one in both. NULL: all.
 */
static const th_query *narrow(th_arena *arena, const wish *w) {
  th_query *parts[2] = {NULL, NULL};
  th_span code = th_geo_country_code(w->country);
  if (code.n)
    parts[0] = th_query_keyword(arena, TH_F_LocationCountryCode, code);
  else if (w->country.n)
    parts[0] = th_query_keyword(arena, TH_F_LocationCountry, w->country);
  if (w->state.n) parts[1] = th_query_keyword(arena, TH_F_LocationState, w->state);
  return parts[0] || parts[1] ? th_query_and(arena, parts, 2) : NULL;
}

static bool keep_span(th_arena *keep, th_span *s) {
  if (s->n) *s = th_arena_dup(keep, *s);
  return s->p || !s->n;
}

/* ---- places ---- */

static int make_places(void *ctx, const th_snapshot *snapshot, th_arena *scratch, th_arena *keep,
                       const void **value, th_err *err) {
  const wish *w = ctx;
  th_place_request rq = {
      .filter = narrow(scratch, w), .level = w->level, .country = w->country, .state = w->state};
  th_place_counts *counts = th_arena_alloc(keep, sizeof *counts);
  if (!counts) return no_memory(err);
  int rc = th_place_count(snapshot, &rq, scratch, counts, err);
  if (rc) return rc;
  th_place *places = th_arena_calloc(keep, (size_t)counts->n + 1, sizeof *places);
  if (!places) return no_memory(err);
  for (uint32_t i = 0; i < counts->n; i++) {
    places[i] = counts->places[i];
    if (!keep_span(keep, &places[i].name)) return no_memory(err);
  }
  counts->places = places;
  *value = counts;
  return TH_OK;
}

int th_counts_places(th_known *known, const th_snapshot *snapshot, th_place_level level,
                     th_span country, th_span state, th_arena *scratch, th_fact **hold,
                     const th_place_counts **out, th_err *err) {
  wish w = {level, country, state};
  th_span name = name_wish(scratch, 'p', &w);
  *hold = NULL;
  if (!name.p) return no_memory(err);
  int rc = th_known_get(known, snapshot, name, make_places, &w, scratch, hold, err);
  *out = rc ? NULL : th_fact_value(*hold);
  return rc;
}

/* ---- points ---- */

static int make_points(void *ctx, const th_snapshot *snapshot, th_arena *scratch, th_arena *keep,
                       const void **value, th_err *err) {
  const wish *w = ctx;
  th_point_request rq = everywhere;
  th_site_points *all = th_arena_alloc(keep, sizeof *all);
  rq.filter = narrow(scratch, w);
  rq.country = w->country;
  rq.state = w->state;
  if (!all) return no_memory(err);
  int rc = th_points_count(snapshot, &rq, scratch, all, err);
  if (rc) return rc;
  th_site_point *points = th_arena_calloc(keep, (size_t)all->n + 1, sizeof *points);
  if (!points) return no_memory(err);
  for (uint32_t i = 0; i < all->n; i++) {
    points[i] = all->points[i];
    /* Points follow each other by size: states and countries are most often those before. */
    const th_site_point *before = i ? &points[i - 1] : NULL;
    if (!keep_span(keep, &points[i].city)) return no_memory(err);
    if (before && th_span_eq(before->state, points[i].state))
      points[i].state = before->state;
    else if (!keep_span(keep, &points[i].state))
      return no_memory(err);
    if (before && th_span_eq(before->country, points[i].country))
      points[i].country = before->country;
    else if (!keep_span(keep, &points[i].country))
      return no_memory(err);
  }
  all->points = points;
  *value = all;
  return TH_OK;
}

/* Those of the points that lie in the box. */
static int cut(const th_site_points *all, const th_point_request *box, th_arena *arena,
               th_site_points *out, th_err *err) {
  th_site_point *inside = th_arena_calloc(arena, (size_t)all->n + 1, sizeof *inside);
  if (!inside) return no_memory(err);
  *out = (th_site_points){.points = inside, .elsewhere = all->elsewhere, .unplaced = all->unplaced};
  for (uint32_t i = 0; i < all->n; i++) {
    const th_site_point *p = &all->points[i];
    if (p->lat < box->south || p->lat > box->north || p->lon < box->west || p->lon > box->east) {
      out->elsewhere += p->sites;
      continue;
    }
    inside[out->n++] = *p;
    out->sites += p->sites;
    out->recruiting += p->recruiting;
  }
  return TH_OK;
}

int th_counts_points(th_known *known, const th_snapshot *snapshot, const th_point_request *wanted,
                     th_arena *arena, th_fact **hold, th_site_points *out, th_err *err) {
  wish w = {0, wanted->country, wanted->state};
  th_span name = name_wish(arena, 'm', &w);
  *hold = NULL;
  if (!name.p) return no_memory(err);
  int rc = th_known_get(known, snapshot, name, make_points, &w, arena, hold, err);
  return rc ? rc : cut(th_fact_value(*hold), wanted, arena, out, err);
}

/* ---- facets ---- */

bool th_counts_keep_facets(th_facet *facets, unsigned n, th_arena *keep) {
  for (unsigned i = 0; i < n; i++) {
    th_facet *f = &facets[i];
    th_facet_value *values = th_arena_calloc(keep, (size_t)f->n + 1, sizeof *values);
    if (!values) return false;
    for (uint32_t k = 0; k < f->n; k++) {
      values[k] = f->values[k];
      if (!keep_span(keep, &values[k].value)) return false;
    }
    f->values = values;
  }
  return true;
}

/* ---- ahead ---- */

static int count_ahead(th_known *known, const th_snapshot *snapshot, th_place_level level,
                       th_span country, th_arena *scratch, th_err *err) {
  const th_place_counts *counts;
  th_fact *hold;
  int rc =
      th_counts_places(known, snapshot, level, country, (th_span){0}, scratch, &hold, &counts, err);
  th_fact_release(hold);
  th_arena_reset(scratch, false);
  return rc;
}

static int map_ahead(th_known *known, const th_snapshot *snapshot, th_span country,
                     th_arena *scratch, th_err *err) {
  th_point_request wanted = everywhere;
  th_site_points points;
  th_fact *hold;
  wanted.country = country;
  int rc = th_counts_points(known, snapshot, &wanted, scratch, &hold, &points, err);
  th_fact_release(hold);
  th_arena_reset(scratch, false);
  return rc;
}

int th_counts_ahead(th_known *known, const th_snapshot *snapshot, const atomic_bool *stop,
                    th_err *err) {
  const th_span none = {0};
  const th_place_counts *world;
  th_arena names, scratch;
  th_fact *hold = NULL;
  th_arena_init(&names, 0);
  th_arena_init(&scratch, 0);
  int rc =
      th_counts_places(known, snapshot, TH_PLACE_COUNTRY, none, none, &names, &hold, &world, err);
  if (!rc) rc = map_ahead(known, snapshot, none, &scratch, err);
  for (uint32_t i = 0; !rc && i < AHEAD && i < world->n && !atomic_load(stop); i++) {
    th_span country = world->places[i].name;
    rc = count_ahead(known, snapshot, TH_PLACE_STATE, country, &scratch, err);
    if (!rc) rc = count_ahead(known, snapshot, TH_PLACE_CITY, country, &scratch, err);
    if (!rc) rc = map_ahead(known, snapshot, country, &scratch, err);
  }
  th_fact_release(hold);
  th_arena_dispose(&scratch);
  th_arena_dispose(&names);
  return rc;
}
