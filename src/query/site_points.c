/* Where the sites of what is found lie: by point, and the nearest one of a study. */
#include "query/cache.h"
#include "query/exec.h"

typedef struct point_counts {
  uint32_t sites, recruiting, studies, recruiting_studies;
  uint32_t last, last_recruiting; /* document + 1 that was counted last */
  uint32_t site;                  /* one of its sites, + 1 */
} point_counts;

typedef struct counter {
  th_plan *plan;
  const th_point_request *request;
  th_site_point *points; /* of all segments so far */
  uint32_t n, cap;
  uint32_t *slot; /* 2 * cap, a power of two: point + 1, 0 = free */
  th_site_points *out;
  int site_recruiting, study_recruiting; /* values of the two enums */
  /* The segment at hand. */
  const th_sites *sites;
  const th_site_grid *grid;
  const th_column *overall;
  uint8_t *inside; /* a point: in the box */
  th_wanted country, state;
  point_counts *counts;
} counter;

static bool study_recruits(const th_column *overall, int value, uint32_t doc) {
  return overall && (th_column_mask(overall, doc) >> value & 1);
}

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
  c->sites = th_cache_placed(p->segment);
  c->grid = c->sites ? th_cache_grid(p->segment, true) : NULL;
  c->overall = th_segment_column(p->segment, TH_F_OverallStatus);
  if (!c->grid) return th_segment_sites(p->segment) ? th_plan_no_memory(p) : 0;
  c->inside = th_arena_calloc(p->arena, (size_t)c->grid->n_points + 1, 1);
  c->counts = th_arena_calloc(p->arena, (size_t)c->grid->n_points + 1, sizeof *c->counts);
  if (!c->inside || !c->counts) return th_plan_no_memory(p);
  for (uint32_t i = 0; i < c->grid->n_points; i++) {
    const th_point *at = &c->grid->point[i];
    c->inside[i] =
        at->lat >= r->south && at->lat <= r->north && at->lon >= r->west && at->lon <= r->east;
  }
  int rc = th_wanted_make(p, TH_F_LocationCountry, r->country, false, &c->country);
  return rc ? rc : th_wanted_make(p, TH_F_LocationState, r->state, false, &c->state);
}

static void count_site(point_counts *n, uint32_t doc, uint32_t site, bool recruits) {
  n->site = site + 1;
  n->sites++;
  n->studies += n->last != doc + 1;
  n->last = doc + 1;
  if (!recruits) return;
  n->recruiting++;
  n->recruiting_studies += n->last_recruiting != doc + 1;
  n->last_recruiting = doc + 1;
}

static void count_doc(counter *c, uint32_t doc) {
  const th_sites *s = c->sites;
  bool any = false, study = study_recruits(c->overall, c->study_recruiting, doc);
  for (uint32_t i = s->start[doc]; i < s->start[doc + 1] && i < s->n; i++) {
    uint32_t point = c->grid->point_of[i];
    if (!th_wanted_has(&c->country, s->country[i]) || !th_wanted_has(&c->state, s->state[i]))
      continue;
    if (!point || !c->inside[point - 1]) {
      c->out->elsewhere += point != 0;
      c->out->unplaced += point == 0;
      continue;
    }
    bool recruits = s->status[i] ? s->status[i] == c->site_recruiting + 1 : study;
    count_site(&c->counts[point - 1], doc, i, recruits);
    any = true;
  }
  c->out->studies += any;
}

static th_span word_of(const th_segment *s, uint16_t field, uint32_t ordinal) {
  const th_column *column = th_segment_column(s, field);
  bool known = column && ordinal && ordinal <= column->n_dict;
  return known ? th_span_trim(th_column_word(column, ordinal - 1)) : (th_span){0};
}

static bool add_points(counter *c) {
  const th_segment *s = c->plan->segment;
  for (uint32_t i = 0; i < c->grid->n_points; i++) {
    const point_counts *n = &c->counts[i];
    if (!n->sites) continue;
    th_site_point *p = find_point(c, c->grid->point[i].lat, c->grid->point[i].lon);
    if (!p) return false;
    if (!p->sites) {
      p->city = word_of(s, TH_F_LocationCity, c->sites->city[n->site - 1]);
      p->state = word_of(s, TH_F_LocationState, c->sites->state[n->site - 1]);
      p->country = word_of(s, TH_F_LocationCountry, c->sites->country[n->site - 1]);
    }
    p->sites += n->sites;
    p->recruiting += n->recruiting;
    p->studies += n->studies;
    p->recruiting_studies += n->recruiting_studies;
  }
  return true;
}

static int count_segment(counter *c) {
  th_plan *p = c->plan;
  uint64_t *keep = NULL;
  int rc = begin_segment(c);
  if (!rc) rc = th_match_keep(p, &keep);
  for (uint32_t w = 0; !rc && c->grid && w < p->n_words; w++)
    for (uint64_t bits = keep[w]; bits; bits &= bits - 1)
      count_doc(c, 64 * w + (uint32_t)__builtin_ctzll(bits));
  if (!rc && c->grid && !add_points(c)) rc = th_plan_no_memory(p);
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
  th_span recruiting = TH_SPAN("RECRUITING");
  *out = (th_site_points){0};
  c.site_recruiting = th_enum_value(th_fields[TH_F_LocationStatus].enum_id, recruiting);
  c.study_recruiting = th_enum_value(th_fields[TH_F_OverallStatus].enum_id, recruiting);
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
  const th_sites *own = th_segment_sites(s), *sites = th_cache_placed(s);
  th_span word = TH_SPAN("RECRUITING");
  int of_site = th_enum_value(th_fields[TH_F_LocationStatus].enum_id, word);
  int of_study = th_enum_value(th_fields[TH_F_OverallStatus].enum_id, word);
  bool any = false;
  if (!own || !sites) return false;
  bool study = study_recruits(th_segment_column(s, TH_F_OverallStatus), of_study, doc);
  for (uint32_t i = sites->start[doc]; i < sites->start[doc + 1] && i < sites->n; i++) {
    bool recruits = sites->status[i] ? sites->status[i] == of_site + 1 : study;
    if (sites->lat[i] == TH_NO_POINT || sites->lon[i] == TH_NO_POINT) continue;
    if (recruiting && !recruits) continue;
    double km = th_distance_km(lat, lon, sites->lat[i] * 1e-6, sites->lon[i] * 1e-6);
    if (any && km >= out->km) continue;
    any = true;
    *out = (th_near_site){.at = i - sites->start[doc],
                          .km = km,
                          .placed = own->lat[i] == TH_NO_POINT,
                          .recruiting = recruits};
  }
  return any;
}
