#include "query/cache.h"

#include <stdatomic.h>

#include "index/score.h"
#include "text/fold.h"

#define N_SCOPES (TH_A_COUNT + 1 + TH_F_COUNT)

/* Words of a keyword column by the hash of their folded form. */
typedef struct fold_table {
  uint32_t mask;
  uint32_t slot[]; /* ordinal + 1 */
} fold_table;

typedef struct cache {
  th_segment_extra extra; /* first: this is what the segment frees */
  _Atomic(float *) wtf[N_SCOPES];
  _Atomic(float *) length[TH_A_COUNT + 1];
  _Atomic(fold_table *) folded[TH_F_COUNT];
  _Atomic(th_site_grid *) grid;
} cache;

static void grid_free(th_site_grid *g) {
  if (!g) return;
  free(g->start);
  free(g->site);
  free(g->doc);
  free(g);
}

static void cache_free(th_segment_extra *extra) {
  cache *c = (cache *)extra;
  for (unsigned i = 0; i < N_SCOPES; i++)
    free(atomic_load(&c->wtf[i]));
  for (unsigned i = 0; i <= TH_A_COUNT; i++)
    free(atomic_load(&c->length[i]));
  for (unsigned i = 0; i < TH_F_COUNT; i++)
    free(atomic_load(&c->folded[i]));
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

/* ---- weights ---- */

static unsigned scope_index(unsigned scope) {
  return th_scope_is_field(scope) ? (unsigned)TH_A_COUNT + 1 + th_scope_field(scope) : scope;
}

static float scope_weight(unsigned scope, uint16_t field) {
  if (!th_scope_is_field(scope)) return th_score_weight(scope, field);
  const th_field *f = &th_fields[th_scope_field(scope)];
  return field >= f->id && field < f->end ? 1 : 0;
}

void th_scope_fields(unsigned scope, uint64_t out[(TH_F_COUNT + 63) / 64]) {
  memset(out, 0, (TH_F_COUNT + 63) / 64 * sizeof *out);
  for (uint16_t f = 0; f < TH_F_COUNT; f++)
    if (scope_weight(scope, f) > 0) out[f / 64] |= 1ull << (f % 64);
}

static float *make_wtf(const th_segment *s, unsigned scope) {
  th_class_field fields[TH_F_COUNT];
  uint32_t n = th_segment_classes(s);
  float *wtf = calloc((size_t)n + 1, sizeof *wtf);
  float weight[TH_F_COUNT];
  if (!wtf) return NULL;
  for (uint16_t f = 0; f < TH_F_COUNT; f++)
    weight[f] = scope_weight(scope, f);
  for (uint32_t c = 0; c < n; c++) {
    unsigned k = th_segment_class(s, c, fields, TH_F_COUNT);
    for (unsigned i = 0; i < k; i++)
      wtf[c] += weight[fields[i].field] * (float)fields[i].tf;
  }
  return wtf;
}

static float *make_length(const th_segment *s, unsigned area) {
  float of_norm[256];
  uint32_t n = th_segment_docs(s);
  const uint8_t *norms = th_segment_norms(s, area);
  float *length = malloc(((size_t)n + 1) * sizeof *length);
  if (!length) return NULL;
  th_score_length_table(area, of_norm);
  for (uint32_t d = 0; d < n; d++)
    length[d] = of_norm[norms[d]];
  return length;
}

/* What stands in the slot, or what `make` makes for it; NULL when memory is exhausted. */
static const float *table_in(_Atomic(float *) *slot, const th_segment *s, unsigned scope,
                             float *(*make)(const th_segment *, unsigned)) {
  float *have = atomic_load_explicit(slot, memory_order_acquire);
  if (have) return have;
  float *made = make(s, scope);
  if (!made) return NULL;
  if (atomic_compare_exchange_strong(slot, &have, made)) return made;
  free(made); /* another thread was first */
  return have;
}

bool th_cache_weights(const th_segment *s, unsigned scope, th_weights *out) {
  cache *c = cache_of(s);
  bool field = th_scope_is_field(scope);
  if (!c) return false;
  out->wtf = table_in(&c->wtf[scope_index(scope)], s, scope, make_wtf);
  out->length = field ? NULL : table_in(&c->length[scope], s, scope, make_length);
  out->bound = field ? -1 : th_score_bound_index(scope);
  return out->wtf && (field || out->length);
}

/* ---- folded names ---- */

enum { FOLDED_MAX = 512 };

static size_t fold_word(th_span word, char out[FOLDED_MAX]) {
  return th_text_fold(th_span_trim(word), out, FOLDED_MAX);
}

static uint32_t hash_bytes(const char *p, size_t n) { /* FNV-1a */
  uint32_t h = 2166136261u;
  for (size_t i = 0; i < n; i++)
    h = (h ^ (uint8_t)p[i]) * 16777619u;
  return h;
}

static fold_table *make_folded(const th_column *column) {
  char folded[FOLDED_MAX];
  size_t slots = 16;
  while (slots < (size_t)column->n_dict * 2)
    slots *= 2;
  fold_table *t = calloc(1, sizeof *t + slots * sizeof t->slot[0]);
  if (!t) return NULL;
  t->mask = (uint32_t)(slots - 1);
  for (uint32_t i = 0; i < column->n_dict; i++) {
    uint32_t at = hash_bytes(folded, fold_word(th_column_word(column, i), folded)) & t->mask;
    while (t->slot[at])
      at = (at + 1) & t->mask;
    t->slot[at] = i + 1;
  }
  return t;
}

static const fold_table *folded_of(const th_segment *s, const th_column *column) {
  cache *c = cache_of(s);
  if (!c) return NULL;
  _Atomic(fold_table *) *slot = &c->folded[column->field];
  fold_table *t = atomic_load_explicit(slot, memory_order_acquire);
  if (t) return t;
  fold_table *made = make_folded(column);
  if (!made) return NULL;
  if (atomic_compare_exchange_strong(slot, &t, made)) return made;
  free(made);
  return t;
}

int th_cache_find_folded(const th_segment *s, uint16_t field, th_span word, uint32_t *out,
                         unsigned max) {
  char wanted[FOLDED_MAX], folded[FOLDED_MAX];
  const th_column *column = th_segment_column(s, field);
  if (!column || column->kind != TH_COL_KEYWORD) return 0;
  const fold_table *t = folded_of(s, column);
  if (!t) return -1;
  unsigned n = 0;
  size_t len = fold_word(word, wanted);
  for (uint32_t at = hash_bytes(wanted, len) & t->mask; t->slot[at]; at = (at + 1) & t->mask) {
    uint32_t ordinal = t->slot[at] - 1;
    if (fold_word(th_column_word(column, ordinal), folded) != len || memcmp(folded, wanted, len))
      continue;
    if (n < max) out[n] = ordinal;
    n++;
  }
  return (int)n;
}

/* ---- sites ---- */

static uint32_t cell_of(int32_t lat, int32_t lon) {
  int32_t row = (lat + 90000000) / 1000000, column = (lon + 180000000) / 1000000;
  row = row < 0 ? 0 : row >= TH_GRID_ROWS ? TH_GRID_ROWS - 1 : row;
  column = column < 0 ? 0 : column >= TH_GRID_COLUMNS ? TH_GRID_COLUMNS - 1 : column;
  return (uint32_t)(row * TH_GRID_COLUMNS + column);
}

/* Counting sort of the sites by cell. */
static void fill_grid(th_site_grid *g, const th_sites *sites, uint32_t n_docs) {
  uint32_t cells = TH_GRID_ROWS * TH_GRID_COLUMNS;
  for (uint32_t i = 0; i < sites->n; i++)
    if (sites->lat[i] != TH_NO_POINT && sites->lon[i] != TH_NO_POINT)
      g->start[cell_of(sites->lat[i], sites->lon[i]) + 1]++;
  for (uint32_t c = 0; c < cells; c++)
    g->start[c + 1] += g->start[c];
  for (uint32_t d = n_docs; d-- > 0;) {
    for (uint32_t i = sites->start[d + 1]; i-- > sites->start[d];) {
      if (sites->lat[i] == TH_NO_POINT || sites->lon[i] == TH_NO_POINT) continue;
      /* The ends of the cells move down to their starts. */
      uint32_t at = --g->start[cell_of(sites->lat[i], sites->lon[i]) + 1];
      g->site[at] = i;
      g->doc[at] = d;
    }
  }
  /* start[c + 1] is now where cell c begins: move down by one. */
  memmove(g->start, g->start + 1, cells * sizeof *g->start);
}

static th_site_grid *make_grid(const th_segment *s) {
  const th_sites *sites = th_segment_sites(s);
  uint32_t n = sites ? sites->n : 0, cells = TH_GRID_ROWS * TH_GRID_COLUMNS;
  th_site_grid *g = calloc(1, sizeof *g);
  if (!g) return NULL;
  g->start = calloc(cells + 1, sizeof *g->start);
  g->site = calloc((size_t)n + 1, sizeof *g->site);
  g->doc = calloc((size_t)n + 1, sizeof *g->doc);
  if (!g->start || !g->site || !g->doc) {
    grid_free(g);
    return NULL;
  }
  uint32_t placed = 0;
  if (n) {
    fill_grid(g, sites, th_segment_docs(s));
    for (uint32_t i = 0; i < n; i++)
      placed += sites->lat[i] != TH_NO_POINT && sites->lon[i] != TH_NO_POINT;
  }
  g->start[cells] = placed;
  return g;
}

const th_site_grid *th_cache_grid(const th_segment *s) {
  cache *c = cache_of(s);
  if (!c) return NULL;
  th_site_grid *g = atomic_load_explicit(&c->grid, memory_order_acquire);
  if (g) return g;
  th_site_grid *made = make_grid(s);
  if (!made) return NULL;
  if (atomic_compare_exchange_strong(&c->grid, &g, made)) return made;
  grid_free(made);
  return g;
}
