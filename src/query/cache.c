#include "query/cache.h"

#include <stdatomic.h>

#include "index/score.h"

#define N_SCOPES_PLAIN (TH_A_COUNT + 1 + TH_F_COUNT)
#define N_SCOPES (2 * N_SCOPES_PLAIN) /* each also without what takes no synonyms */

typedef struct cache {
  th_segment_extra extra; /* first: this is what the segment frees */
  _Atomic(th_class_weights *) weights[N_SCOPES];
  _Atomic(float *) length[TH_A_COUNT + 1];
  _Atomic(th_folded *) folded[TH_F_COUNT];
  _Atomic(th_inverted *) inverted[TH_F_COUNT];
  _Atomic(th_site_grid *) grid;
  _Atomic(uint64_t *) present[TH_F_COUNT];
  _Atomic uint64_t bytes; /* of all these tables */
  _Atomic uint64_t lists; /* of the inverted columns alone, those being made included */
} cache;

static void count_bytes(cache *c, uint64_t bytes) {
  atomic_fetch_add_explicit(&c->bytes, bytes, memory_order_relaxed);
}

static void grid_free(th_site_grid *g) {
  if (!g) return;
  free(g->start);
  free(g->point);
  free(g->site);
  free(g->doc);
  free(g);
}

static void cache_free(th_segment_extra *extra) {
  cache *c = (cache *)extra;
  for (unsigned i = 0; i < N_SCOPES; i++)
    th_class_weights_free(atomic_load(&c->weights[i]));
  for (unsigned i = 0; i <= TH_A_COUNT; i++)
    free(atomic_load(&c->length[i]));
  for (unsigned i = 0; i < TH_F_COUNT; i++) {
    free(atomic_load(&c->folded[i]));
    th_inverted_free(atomic_load(&c->inverted[i]));
    free(atomic_load(&c->present[i]));
  }
  grid_free(atomic_load(&c->grid));
  free(c);
}

static cache *cache_of(const th_segment *s) {
  _Atomic(th_segment_extra *) *slot = th_segment_extra_slot(s);
  th_segment_extra *have = atomic_load_explicit(slot, memory_order_acquire);
  if (have) return (cache *)have;
  cache *made = calloc(1, sizeof *made);
  if (!made) return NULL;
  made->extra.free = cache_free;
  if (atomic_compare_exchange_strong(slot, &have, &made->extra)) return made;
  free(made); /* another thread was first */
  return (cache *)have;
}

uint64_t th_cache_kept_bytes(const th_segment *s) {
  th_segment_extra *have = atomic_load_explicit(th_segment_extra_slot(s), memory_order_acquire);
  return have ? sizeof(cache) + atomic_load_explicit(&((cache *)have)->bytes, memory_order_relaxed)
              : 0;
}

/* ---- weights ---- */

static unsigned scope_index(unsigned scope) {
  unsigned plain = th_scope_is_field(scope) ? (unsigned)TH_A_COUNT + 1 + th_scope_field(scope)
                                            : th_scope_area(scope);
  return scope & TH_SCOPE_SYNONYMS ? N_SCOPES_PLAIN + plain : plain;
}

float th_scope_weight(unsigned scope, uint16_t field) {
  if (scope & TH_SCOPE_SYNONYMS && !(th_fields[field].flags & TH_FF_SYNONYMS)) return 0;
  if (!th_scope_is_field(scope)) return th_score_weight(th_scope_area(scope), field);
  const th_field *f = &th_fields[th_scope_field(scope)];
  return field >= f->id && field < f->end ? 1 : 0;
}

void th_scope_fields(unsigned scope, uint64_t out[(TH_F_COUNT + 63) / 64]) {
  memset(out, 0, (TH_F_COUNT + 63) / 64 * sizeof *out);
  for (uint16_t f = 0; f < TH_F_COUNT; f++)
    if (th_scope_weight(scope, f) > 0) out[f / 64] |= 1ull << (f % 64);
}

enum { CLASSES_FREQUENT = 1 << 14 }; /* more than 90 % of all postings have one of these */

typedef struct class_sums {
  float weight[TH_F_COUNT];
  float *wtf;
} class_sums;

static void add_field(void *ctx, uint32_t c, uint16_t field, uint32_t tf) {
  class_sums *sums = ctx;
  sums->wtf[c] += sums->weight[field] * (float)tf;
}

static th_class_weights *make_weights(const th_segment *s, unsigned scope) {
  uint32_t n = th_segment_classes(s);
  class_sums sums = {.wtf = calloc((size_t)n + 1, sizeof *sums.wtf)};
  if (!sums.wtf) return NULL;
  for (uint16_t f = 0; f < TH_F_COUNT; f++)
    sums.weight[f] = th_scope_weight(scope, f);
  /* A damaged segment is disowned by whoever asks for its state. */
  (void)th_segment_each_class(s, add_field, &sums);
  th_class_weights *made = th_class_weights_make(sums.wtf, n, CLASSES_FREQUENT);
  free(sums.wtf);
  return made;
}

static float *make_length(const th_segment *s, unsigned area) {
  float of_norm[256];
  uint32_t n = th_segment_docs(s);
  float *length = malloc(((size_t)n + 1) * sizeof *length);
  uint8_t *norms = malloc((size_t)n + 1);
  if (!length || !norms) {
    free(length);
    free(norms);
    return NULL;
  }
  th_segment_copy_norms(s, area, norms);
  th_score_length_table(area, of_norm);
  for (uint32_t d = 0; d < n; d++)
    length[d] = of_norm[norms[d]];
  free(norms);
  return length;
}

/* Both: what stands in the slot, or what is made for it; NULL when memory is exhausted. */
static const th_class_weights *weights_of(cache *c, const th_segment *s, unsigned scope) {
  _Atomic(th_class_weights *) *slot = &c->weights[scope_index(scope)];
  th_class_weights *have = atomic_load_explicit(slot, memory_order_acquire);
  if (have) return have;
  th_class_weights *made = make_weights(s, scope);
  if (!made) return NULL;
  if (atomic_compare_exchange_strong(slot, &have, made)) {
    count_bytes(c, th_class_weights_bytes(made));
    return made;
  }
  th_class_weights_free(made); /* another thread was first */
  return have;
}

static const float *length_of(cache *c, const th_segment *s, unsigned area) {
  _Atomic(float *) *slot = &c->length[area];
  float *have = atomic_load_explicit(slot, memory_order_acquire);
  if (have) return have;
  float *made = make_length(s, area);
  if (!made) return NULL;
  if (atomic_compare_exchange_strong(slot, &have, made)) {
    count_bytes(c, ((uint64_t)th_segment_docs(s) + 1) * sizeof *made);
    return made;
  }
  free(made); /* another thread was first */
  return have;
}

bool th_cache_weights(const th_segment *s, unsigned scope, th_weights *out) {
  cache *c = cache_of(s);
  bool field = th_scope_is_field(scope);
  if (!c) return false;
  out->classes = weights_of(c, s, scope);
  out->length = field ? NULL : length_of(c, s, th_scope_area(scope));
  out->bound = field ? -1 : th_score_bound_index(th_scope_area(scope));
  return out->classes && (field || out->length);
}

/* ---- names ---- */

const th_folded *th_cache_folded(const th_segment *s, const th_column *column) {
  cache *c = cache_of(s);
  if (!c) return NULL;
  _Atomic(th_folded *) *slot = &c->folded[column->field];
  th_folded *have = atomic_load_explicit(slot, memory_order_acquire);
  if (have) return have;
  th_folded *made = th_folded_make(column);
  if (!made) return NULL;
  if (atomic_compare_exchange_strong(slot, &have, made)) {
    count_bytes(c, th_folded_bytes(made));
    return made;
  }
  free(made); /* another thread was first */
  return have;
}

int th_cache_find_folded(const th_segment *s, uint16_t field, th_span word, uint32_t *out,
                         unsigned max) {
  const th_column *column = th_segment_column(s, field);
  if (!column || column->kind != TH_COL_KEYWORD) return 0;
  const th_folded *t = th_cache_folded(s, column);
  return t ? (int)th_folded_find(t, column, word, out, max) : -1;
}

/* Room for the lists of a segment, in bytes: enough for the columns that people filter by (country,
 * sponsor, condition, intervention, city), too little for every list of every column at once. */
static uint64_t lists_room(const th_segment *s) {
  return 64 * (uint64_t)th_segment_docs(s) + (512 << 10);
}

const th_inverted *th_cache_inverted(const th_segment *s, const th_column *column) {
  cache *c = cache_of(s);
  if (!c) return NULL;
  _Atomic(th_inverted *) *slot = &c->inverted[column->field];
  th_inverted *have = atomic_load_explicit(slot, memory_order_acquire);
  if (have) return have;
  uint64_t most = th_inverted_most_bytes(column);
  /* The room is taken first, so that threads together do not pass the limit. */
  if (atomic_fetch_add(&c->lists, most) + most > lists_room(s)) {
    atomic_fetch_sub(&c->lists, most);
    return NULL;
  }
  th_inverted *made = th_inverted_make(column, th_segment_docs(s));
  if (made && atomic_compare_exchange_strong(slot, &have, made)) {
    uint64_t bytes = th_inverted_bytes(made);
    atomic_fetch_sub(&c->lists, most - bytes);
    count_bytes(c, bytes);
    return made;
  }
  th_inverted_free(made); /* NULL, or another thread was first */
  atomic_fetch_sub(&c->lists, most);
  return have;
}

/* ---- presence ---- */

const uint64_t *th_cache_present(const th_segment *s, uint16_t field) {
  cache *c = cache_of(s);
  if (!c) return NULL;
  uint64_t *have = atomic_load_explicit(&c->present[field], memory_order_acquire);
  if (have) return have;
  uint32_t n = th_segment_docs(s);
  uint64_t *made = calloc((size_t)n / 64 + 1, sizeof *made);
  if (!made) return NULL;
  for (uint32_t d = 0; d < n; d++)
    if (th_segment_length(s, d, field)) made[d / 64] |= 1ull << (d % 64);
  if (atomic_compare_exchange_strong(&c->present[field], &have, made)) {
    count_bytes(c, ((uint64_t)n / 64 + 1) * sizeof *made);
    return made;
  }
  free(made); /* another thread was first */
  return have;
}

/* ---- sites ---- */

static uint32_t cell_of(int32_t lat, int32_t lon) {
  int32_t row = (lat + 90000000) / 1000000, column = (lon + 180000000) / 1000000;
  row = row < 0 ? 0 : row >= TH_GRID_ROWS ? TH_GRID_ROWS - 1 : row;
  column = column < 0 ? 0 : column >= TH_GRID_COLUMNS ? TH_GRID_COLUMNS - 1 : column;
  return (uint32_t)(row * TH_GRID_COLUMNS + column);
}

/* A site on its way into the grid. */
typedef struct placed_site {
  uint64_t key; /* orders points within a cell */
  uint32_t site, doc;
} placed_site;

static int by_point(const void *a, const void *b) {
  const placed_site *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return (x->site > y->site) - (x->site < y->site);
}

static bool has_point(const th_sites *sites, uint32_t i) {
  return sites->lat[i] != TH_NO_POINT && sites->lon[i] != TH_NO_POINT;
}

/* Counting sort of the sites by cell; start becomes where the cells begin among them. */
static void place_sites(uint32_t *start, const th_sites *sites, uint32_t n_docs,
                        placed_site *placed) {
  uint32_t cells = TH_GRID_ROWS * TH_GRID_COLUMNS;
  for (uint32_t i = 0; i < sites->n; i++)
    if (has_point(sites, i)) start[cell_of(sites->lat[i], sites->lon[i]) + 1]++;
  for (uint32_t c = 0; c < cells; c++)
    start[c + 1] += start[c];
  for (uint32_t d = n_docs; d-- > 0;) {
    for (uint32_t i = sites->start[d + 1]; i-- > sites->start[d];) {
      if (!has_point(sites, i)) continue;
      /* The ends of the cells move down to their starts. */
      uint32_t at = --start[cell_of(sites->lat[i], sites->lon[i]) + 1];
      uint64_t lat = (uint32_t)sites->lat[i], lon = (uint32_t)sites->lon[i];
      placed[at] = (placed_site){lat << 32 | lon, i, d};
    }
  }
  /* start[c + 1] is now where cell c begins: move down by one. */
  memmove(start, start + 1, cells * sizeof *start);
}

/* The sites of a cell, point by point. */
static void fill_cell(th_site_grid *g, const th_sites *sites, placed_site *placed, uint32_t from,
                      uint32_t to) {
  qsort(placed + from, to - from, sizeof *placed, by_point);
  for (uint32_t k = from; k < to; k++) {
    const placed_site *s = &placed[k];
    if (k == from || s->key != s[-1].key)
      g->point[g->n_points++] = (th_point){sites->lat[s->site], sites->lon[s->site], k};
    g->site[k] = s->site;
    g->doc[k] = s->doc;
  }
}

static bool fill_grid(th_site_grid *g, const th_sites *sites, uint32_t n_docs) {
  uint32_t cells = TH_GRID_ROWS * TH_GRID_COLUMNS, n = 0;
  for (uint32_t i = 0; i < sites->n; i++)
    n += has_point(sites, i);
  placed_site *placed = malloc(((size_t)n + 1) * sizeof *placed);
  if (!placed) return false;
  place_sites(g->start, sites, n_docs, placed);
  for (uint32_t c = 0; c < cells; c++) {
    uint32_t from = g->start[c], to = c + 1 < cells ? g->start[c + 1] : n;
    g->start[c] = g->n_points;
    if (to > from) fill_cell(g, sites, placed, from, to);
  }
  g->start[cells] = g->n_points;
  g->point[g->n_points] = (th_point){TH_NO_POINT, TH_NO_POINT, n};
  th_point *less = realloc(g->point, ((size_t)g->n_points + 1) * sizeof *less);
  if (less) g->point = less;
  free(placed);
  return true;
}

static th_site_grid *make_grid(const th_segment *s) {
  const th_sites *sites = th_segment_sites(s);
  uint32_t n = sites ? sites->n : 0, cells = TH_GRID_ROWS * TH_GRID_COLUMNS;
  th_site_grid *g = calloc(1, sizeof *g);
  if (!g) return NULL;
  g->start = calloc(cells + 1, sizeof *g->start);
  g->point = calloc((size_t)n + 1, sizeof *g->point);
  g->site = calloc((size_t)n + 1, sizeof *g->site);
  g->doc = calloc((size_t)n + 1, sizeof *g->doc);
  if (g->start && g->point && g->site && g->doc && (!n || fill_grid(g, sites, th_segment_docs(s))))
    return g;
  grid_free(g);
  return NULL;
}

const th_site_grid *th_cache_grid(const th_segment *s) {
  cache *c = cache_of(s);
  if (!c) return NULL;
  th_site_grid *g = atomic_load_explicit(&c->grid, memory_order_acquire);
  if (g) return g;
  th_site_grid *made = make_grid(s);
  if (!made) return NULL;
  if (atomic_compare_exchange_strong(&c->grid, &g, made)) {
    const th_sites *sites = th_segment_sites(s);
    uint64_t n = sites ? sites->n : 0;
    count_bytes(c, sizeof *made + 4 * (TH_GRID_ROWS * TH_GRID_COLUMNS + 1 + 2 * (n + 1)) +
                       ((uint64_t)made->n_points + 1) * sizeof *made->point);
    return made;
  }
  grid_free(made);
  return g;
}
