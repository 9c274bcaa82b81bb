/* Where the sites of what is found lie: by point, and the nearest one of a study. */
#include "query/cache.h"
#include "query/exec.h"

typedef struct spot_counts {
  uint32_t sites, recruiting;
  uint32_t site; /* the last of them, + 1 */
} spot_counts;

typedef struct counter {
  th_plan *plan;
  const th_point_request *request;
  th_site_point *points; /* of all segments so far */
  uint32_t n, cap;
  uint32_t *slot; /* 2 * cap, a power of two: point + 1, 0 = free */
  th_site_points *out;
  /* The segment at hand. */
  const th_sites *sites;
  const th_spots *spots;
  th_wanted country, state;
  spot_counts *counts;
} counter;

/* ---- points of all segments ---- */

static uint32_t hash_of(int32_t lat, int32_t lon) {
  uint64_t h = ((uint64_t)(uint32_t)lat << 32 | (uint32_t)lon) * 0x9E3779B97F4A7C15ull;
  return (uint32_t)(h >> 32);
}

static bool grow(counter *c) {
  uint32_t cap = c->cap ? c->cap * 2 : 256;
  th_site_point *points = th_arena_calloc(c->plan->arena, cap, sizeof *points);
  uint32_t *slot = th_arena_calloc(c->plan->arena, 2 * (size_t)cap, sizeof *slot);
  if (!points || !slot) return false;
  if (c->n) memcpy(points, c->points, c->n * sizeof *points);
  for (uint32_t i = 0; i < c->n; i++) {
    uint32_t at = hash_of(points[i].lat, points[i].lon) & (2 * cap - 1);
    while (slot[at])
      at = (at + 1) & (2 * cap - 1);
    slot[at] = i + 1;
  }
  c->points = points;
  c->slot = slot;
  c->cap = cap;
  return true;
}

/* NULL when memory is exhausted. */
static th_site_point *find_point(counter *c, int32_t lat, int32_t lon) {
  if (c->n == c->cap && !grow(c)) return NULL;
  uint32_t mask = 2 * c->cap - 1, at = hash_of(lat, lon) & mask;
  for (; c->slot[at]; at = (at + 1) & mask) {
    th_site_point *p = &c->points[c->slot[at] - 1];
    if (p->lat == lat && p->lon == lon) return p;
  }
  c->points[c->n] = (th_site_point){.lat = lat, .lon = lon};
  c->slot[at] = ++c->n;
  return &c->points[c->n - 1];
}

/* ---- a segment ---- */

static int begin_segment(counter *c) {
  th_plan *p = c->plan;
  const th_point_request *r = c->request;
  c->sites = th_segment_sites(p->segment);
  c->spots = c->sites ? th_cache_spots(p->segment) : NULL;
  if (!c->spots) return c->sites ? th_plan_no_memory(p) : 0;
  c->counts = th_arena_calloc(p->arena, (size_t)c->spots->n_spots + 1, sizeof *c->counts);
  if (!c->counts) return th_plan_no_memory(p);
  int rc = th_wanted_make(p, TH_F_LocationCountry, r->country, false, &c->country);
  return rc ? rc : th_wanted_make(p, TH_F_LocationState, r->state, false, &c->state);
}

static void count_docs(const counter *c, uint32_t first, uint64_t docs) {
  const uint32_t *start = c->sites->start, *of = c->spots->of;
  for (; docs; docs &= docs - 1) {
    uint32_t doc = first + (uint32_t)__builtin_ctzll(docs);
    uint32_t end = TH_MIN(start[doc + 1], c->spots->n_sites);
    for (uint32_t i = start[doc]; i < end; i++) {
      spot_counts *n = &c->counts[of[i] & ~TH_SITE_RECRUITS];
      n->sites++;
      n->recruiting += of[i] / TH_SITE_RECRUITS;
      n->site = i + 1;
    }
  }
}

static th_span word_of(const th_segment *s, uint16_t field, uint32_t ordinal) {
  const th_column *column = th_segment_column(s, field);
  bool known = column && ordinal && ordinal <= column->n_dict;
  return known ? th_span_trim(th_column_word(column, ordinal - 1)) : (th_span){0};
}

static bool is_inside(const th_point_request *r, const th_point *p) {
  return p->lat >= r->south && p->lat <= r->north && p->lon >= r->west && p->lon <= r->east;
}

/* What was counted of a point in the segment. */
static bool add_point(counter *c, uint32_t point, const spot_counts *n) {
  const th_segment *s = c->plan->segment;
  const th_point *at = &c->spots->point[point];
  if (!is_inside(c->request, at)) {
    c->out->elsewhere += n->sites;
    return true;
  }
  th_site_point *p = find_point(c, at->lat, at->lon);
  if (!p) return false;
  if (!p->sites) {
    p->city = word_of(s, TH_F_LocationCity, c->sites->city[n->site - 1]);
    p->state = word_of(s, TH_F_LocationState, c->sites->state[n->site - 1]);
    p->country = word_of(s, TH_F_LocationCountry, c->sites->country[n->site - 1]);
  }
  p->sites += n->sites;
  p->recruiting += n->recruiting;
  return true;
}

/* Spots become points. */
static bool add_points(counter *c) {
  spot_counts *sums = th_arena_calloc(c->plan->arena, (size_t)c->spots->n_points + 1, sizeof *sums);
  if (!sums) return false;
  for (uint32_t i = 0; i < c->spots->n_spots; i++) {
    const th_spot *spot = &c->spots->spot[i];
    const spot_counts *n = &c->counts[i];
    if (!n->sites || !th_wanted_has(&c->country, spot->country) ||
        !th_wanted_has(&c->state, spot->state))
      continue;
    if (!spot->point) {
      c->out->unplaced += n->sites;
      continue;
    }
    spot_counts *sum = &sums[spot->point - 1];
    sum->sites += n->sites;
    sum->recruiting += n->recruiting;
    sum->site = TH_MAX(sum->site, n->site);
  }
  for (uint32_t i = 0; i < c->spots->n_points; i++)
    if (sums[i].sites && !add_point(c, i, &sums[i])) return false;
  return true;
}

static int count_segment(counter *c) {
  th_plan *p = c->plan;
  uint64_t *keep = NULL;
  int rc = begin_segment(c);
  if (!rc) rc = th_match_keep(p, &keep);
  for (uint32_t w = 0; !rc && c->spots && w < p->n_words; w++)
    if (keep[w]) count_docs(c, 64 * w, keep[w]);
  if (!rc && c->spots && !add_points(c)) rc = th_plan_no_memory(p);
  int state = th_segment_state(p->segment, p->err);
  return state ? state : rc;
}

/* ---- results ---- */

static int by_sites(const void *a, const void *b) {
  const th_site_point *x = a, *y = b;
  if (x->sites != y->sites) return x->sites > y->sites ? -1 : 1;
  if (x->lat != y->lat) return x->lat > y->lat ? -1 : 1;
  return (x->lon > y->lon) - (x->lon < y->lon);
}

int th_points_count(const th_snapshot *snapshot, const th_point_request *request, th_arena *arena,
                    th_site_points *out, th_err *err) {
  th_query *const both[] = {(th_query *)(uintptr_t)request->scored,
                            (th_query *)(uintptr_t)request->filter};
  th_search_request search = {.filter = th_query_and(arena, both, 2)};
  th_plan plan = {.snapshot = snapshot, .request = &search, .arena = arena, .err = err};
  counter c = {.plan = &plan, .request = request, .out = out};
  *out = (th_site_points){0};
  plan.thread = th_thread_get();
  if (!plan.thread || !search.filter) return th_plan_no_memory(&plan);
  int rc = th_plan_make(&plan);
  for (uint32_t s = 0; !rc && s < snapshot->n_segments; s++) {
    th_plan_segment(&plan, s);
    rc = count_segment(&c);
  }
  if (rc) return rc;
  if (c.n) qsort(c.points, c.n, sizeof *c.points, by_sites);
  for (uint32_t i = 0; i < c.n; i++) {
    out->sites += c.points[i].sites;
    out->recruiting += c.points[i].recruiting;
  }
  out->n = c.n;
  out->points = c.points;
  return 0;
}

bool th_nearest_site(const th_snapshot *snapshot, uint32_t segment, uint32_t doc, double lat,
                     double lon, bool recruiting, th_near_site *out) {
  const th_segment *s = snapshot->segments[segment];
  th_distances d;
  bool any = false;
  th_distances_begin(&d, s, lat, lon, true);
  if (!d.spots) return false;
  for (uint32_t i = d.sites->start[doc]; i < d.sites->start[doc + 1] && i < d.sites->n; i++) {
    bool recruits = d.spots->of[i] & TH_SITE_RECRUITS;
    uint32_t point = th_spots_point(d.spots, i, true);
    if (!point || (recruiting && !recruits)) continue;
    double km = th_distances_point(&d, point - 1);
    if (any && km >= out->km) continue;
    any = true;
    *out = (th_near_site){.at = i - d.sites->start[doc],
                          .km = km,
                          .placed = th_spots_of(d.spots, i)->placed,
                          .recruiting = recruits};
  }
  return any;
}
