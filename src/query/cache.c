#include "query/cache.h"

#include <stdatomic.h>

#include "index/score.h"
#include "query/points.h"

#define N_SCOPES_PLAIN (TH_A_COUNT + 1 + TH_F_COUNT)
#define N_SCOPES (2 * N_SCOPES_PLAIN) /* each also without what takes no synonyms */

typedef struct cache {
  th_segment_extra extra; /* first: this is what the segment frees */
  _Atomic(th_class_weights *) weights[N_SCOPES];
  _Atomic(float *) length[TH_A_COUNT + 1];
  _Atomic(th_folded *) folded[TH_F_COUNT];
  _Atomic(th_inverted *) inverted[TH_F_COUNT];
  _Atomic(th_spots *) spots;
  _Atomic(uint64_t *) present[TH_F_COUNT];
  th_asked hot, impacts, phrases;
  th_asked_slot hot_slots[TH_HOT_SLOTS], impact_slots[TH_IMPACT_SLOTS];
  th_asked_slot phrase_slots[TH_PHRASE_SLOTS];
  _Atomic uint64_t bytes; /* of all these tables */
  _Atomic uint64_t lists; /* of the inverted columns alone, those being made included */
} cache;

static void count_bytes(cache *c, uint64_t bytes) {
  atomic_fetch_add_explicit(&c->bytes, bytes, memory_order_relaxed);
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
  th_spots_free(atomic_load(&c->spots));
  th_hot_dispose(&c->hot);
  th_impacts_dispose(&c->impacts);
  th_phrases_dispose(&c->phrases);
  free(c);
}

static cache *cache_of(const th_segment *s) {
  _Atomic(th_segment_extra *) *slot = th_segment_extra_slot(s);
  th_segment_extra *have = atomic_load_explicit(slot, memory_order_acquire);
  if (have) return (cache *)have;
  cache *made = calloc(1, sizeof *made);
  if (!made) return NULL;
  made->extra.free = cache_free;
  made->hot = (th_asked){made->hot_slots, TH_HOT_SLOTS, th_hot_room(s), 0};
  made->impacts = (th_asked){made->impact_slots, TH_IMPACT_SLOTS, th_impacts_room(s), 0};
  made->phrases = (th_asked){made->phrase_slots, TH_PHRASE_SLOTS, th_phrases_room(s), 0};
  if (atomic_compare_exchange_strong(slot, &have, &made->extra)) return made;
  free(made); /* another thread was first */
  return (cache *)have;
}

uint64_t th_cache_kept_bytes(const th_segment *s) {
  th_segment_extra *have = atomic_load_explicit(th_segment_extra_slot(s), memory_order_acquire);
  if (!have) return 0;
  cache *c = (cache *)have;
  return sizeof *c + atomic_load_explicit(&c->bytes, memory_order_relaxed) +
         atomic_load_explicit(&c->hot.bytes, memory_order_relaxed) +
         atomic_load_explicit(&c->impacts.bytes, memory_order_relaxed) +
         atomic_load_explicit(&c->phrases.bytes, memory_order_relaxed);
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

static void collect_fields(unsigned scope, uint64_t out[(TH_F_COUNT + 63) / 64]) {
  memset(out, 0, (TH_F_COUNT + 63) / 64 * sizeof *out);
  for (uint16_t f = 0; f < TH_F_COUNT; f++)
    if (th_scope_weight(scope, f) > 0) out[f / 64] |= 1ull << (f % 64);
}

/* All phrases of a query ask for the same one or two scopes. */
void th_scope_fields(unsigned scope, uint64_t out[(TH_F_COUNT + 63) / 64]) {
  static _Thread_local struct {
    bool known;
    unsigned scope;
    uint64_t fields[(TH_F_COUNT + 63) / 64];
  } last[2];
  unsigned at = scope & TH_SCOPE_SYNONYMS ? 1 : 0;
  if (!last[at].known || last[at].scope != scope) collect_fields(scope, last[at].fields);
  last[at].known = true;
  last[at].scope = scope;
  memcpy(out, last[at].fields, sizeof last[at].fields);
}

enum { CLASSES_FREQUENT = 1 << 14 }; /* more than 90 % of all postings have one of these */

static th_class_weights *make_weights(const th_segment *s, unsigned scope) {
  uint32_t n = th_segment_classes(s);
  float weight[TH_F_COUNT], *wtf = calloc((size_t)n + 1, sizeof *wtf);
  if (!wtf) return NULL;
  for (uint16_t f = 0; f < TH_F_COUNT; f++)
    weight[f] = th_scope_weight(scope, f);
  /* A damaged segment is disowned by whoever asks for its state. */
  (void)th_segment_weigh_classes(s, weight, wtf);
  th_class_weights *made = th_class_weights_make(wtf, n, CLASSES_FREQUENT);
  free(wtf);
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

/* A scope all of whose fields take synonyms weighs with synonyms what it weighs without: they share
 * the tables. */
unsigned th_scope_shared(unsigned scope) {
  enum { SAME = 1, OTHER = 2 };
  static _Atomic uint8_t known[N_SCOPES_PLAIN];
  unsigned plain = scope & ~TH_SCOPE_SYNONYMS;
  if (plain == scope) return scope;
  uint8_t answer = atomic_load_explicit(&known[scope_index(plain)], memory_order_relaxed);
  if (!answer) {
    answer = SAME;
    for (uint16_t f = 0; f < TH_F_COUNT; f++)
      if (th_scope_weight(scope, f) != th_scope_weight(plain, f)) answer = OTHER;
    atomic_store_explicit(&known[scope_index(plain)], answer, memory_order_relaxed);
  }
  return answer == SAME ? plain : scope;
}

/* Both: what stands in the slot, or what is made for it; NULL when memory is exhausted. */
static const th_class_weights *weights_of(cache *c, const th_segment *s, unsigned scope) {
  scope = th_scope_shared(scope);
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

/* Whether all fields of an area take synonyms: then its words and theirs are weighed by one table.
 */
static bool takes_synonyms(unsigned area) {
  static _Atomic uint8_t known[TH_A_COUNT + 1]; /* 1 = yes, 2 = no */
  uint8_t yes = atomic_load_explicit(&known[area], memory_order_relaxed);
  if (yes) return yes == 1;
  yes = 1;
  for (uint16_t f = 0; f < TH_F_COUNT; f++)
    if (th_score_weight(area, f) > 0 && !(th_fields[f].flags & TH_FF_SYNONYMS)) yes = 2;
  atomic_store_explicit(&known[area], yes, memory_order_relaxed);
  return yes == 1;
}

bool th_cache_weights(const th_segment *s, unsigned scope, th_weights *out) {
  cache *c = cache_of(s);
  if (!th_scope_is_field(scope) && takes_synonyms(th_scope_area(scope)))
    scope &= ~TH_SCOPE_SYNONYMS;
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

const th_flat *th_cache_flat(const th_segment *s, const th_term *term, uint32_t asked) {
  cache *c = cache_of(s);
  return c ? th_hot_find(&c->hot, s, term, asked) : NULL;
}

const th_impacts *th_cache_impacts(const th_segment *s, const th_term *term, unsigned scope,
                                   const th_weights *w) {
  cache *c = cache_of(s);
  return c ? th_impacts_find(&c->impacts, s, term, scope, w) : NULL;
}

th_asked *th_cache_phrases(const th_segment *s) {
  cache *c = cache_of(s);
  return c ? &c->phrases : NULL;
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

const th_spots *th_cache_spots(const th_segment *s) {
  cache *c = cache_of(s);
  if (!c) return NULL;
  th_spots *have = atomic_load_explicit(&c->spots, memory_order_acquire);
  if (have) return have;
  th_spots *made = th_spots_make(s);
  if (!made) return NULL;
  if (atomic_compare_exchange_strong(&c->spots, &have, made)) {
    count_bytes(c, th_spots_bytes(made));
    return made;
  }
  th_spots_free(made); /* another thread was first */
  return have;
}
