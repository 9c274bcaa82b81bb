#include "query/cache.h"

#include <stdatomic.h>

#include "index/score.h"
#include "query/points.h"

#define N_SCOPES (TH_A_COUNT + 1 + TH_F_COUNT)

typedef struct cache {
  th_segment_extra extra;                     /* first: this is what the segment frees */
  _Atomic(th_class_pair *) weights[N_SCOPES]; /* narrow: without what takes no synonyms */
  _Atomic(th_class_pair *) nothing;           /* of scopes without fields */
  _Atomic(uint8_t *) norms[TH_A_COUNT + 1];   /* of areas of which the segment holds none */
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
    th_class_pair_free(atomic_load(&c->weights[i]));
  th_class_pair_free(atomic_load(&c->nothing));
  for (unsigned i = 0; i <= TH_A_COUNT; i++) {
    free(atomic_load(&c->norms[i]));
    free(atomic_load(&c->length[i]));
  }
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
  return th_scope_is_field(scope) ? (unsigned)TH_A_COUNT + 1 + th_scope_field(scope)
                                  : th_scope_area(scope);
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

/* What of a scope takes synonyms. */
typedef enum reach { REACH_UNKNOWN, REACH_ALL, REACH_SOME, REACH_NONE } reach;

static reach reach_of(unsigned plain) {
  static _Atomic uint8_t known[N_SCOPES];
  _Atomic uint8_t *slot = &known[scope_index(plain)];
  uint8_t answer = atomic_load_explicit(slot, memory_order_relaxed);
  if (answer) return answer;
  bool any = false, all = true;
  for (uint16_t f = 0; f < TH_F_COUNT; f++) {
    if (th_scope_weight(plain, f) <= 0) continue;
    bool takes = th_scope_weight(plain | TH_SCOPE_SYNONYMS, f) > 0;
    any |= takes;
    all &= takes;
  }
  answer = all ? REACH_ALL : any ? REACH_SOME : REACH_NONE;
  atomic_store_explicit(slot, answer, memory_order_relaxed);
  return answer;
}

unsigned th_scope_shared(unsigned scope) {
  unsigned plain = scope & ~TH_SCOPE_SYNONYMS;
  return reach_of(plain) == REACH_ALL ? plain : scope;
}

/* The weight of each class; NULL when memory is exhausted. A damaged segment is disowned by whoever
 * asks for its state. */
static float *weigh(const th_segment *s, unsigned scope) {
  float weight[TH_F_COUNT], *wtf = calloc((size_t)th_segment_classes(s) + 1, sizeof *wtf);
  if (!wtf) return NULL;
  for (uint16_t f = 0; f < TH_F_COUNT; f++)
    weight[f] = th_scope_weight(scope, f);
  (void)th_segment_weigh_classes(s, weight, wtf);
  return wtf;
}

static th_class_pair *make_weights(const th_segment *s, unsigned plain) {
  uint32_t n = th_segment_classes(s);
  bool two = reach_of(plain) == REACH_SOME;
  th_class_pair *made = NULL;
  float *wide = weigh(s, plain), *narrow = two ? weigh(s, plain | TH_SCOPE_SYNONYMS) : NULL;
  if (wide && (narrow || !two)) {
    bool same = narrow && !memcmp(wide, narrow, n * sizeof *wide);
    made = th_class_pair_make(wide, same ? NULL : narrow, n, CLASSES_FREQUENT);
  }
  free(wide);
  free(narrow);
  return made;
}

static th_class_pair *make_nothing(const th_segment *s) {
  uint32_t n = th_segment_classes(s);
  float *none = calloc((size_t)n + 1, sizeof *none);
  th_class_pair *made = none ? th_class_pair_make(none, NULL, n, CLASSES_FREQUENT) : NULL;
  free(none);
  return made;
}

/* Keeps what was made in the slot, or what another thread put there before; NULL: nothing made. */
static const th_class_pair *keep_pair(cache *c, _Atomic(th_class_pair *) *slot,
                                      th_class_pair *made) {
  th_class_pair *have = NULL;
  if (!made) return NULL;
  if (atomic_compare_exchange_strong(slot, &have, made)) {
    count_bytes(c, th_class_pair_bytes(made));
    return made;
  }
  th_class_pair_free(made);
  return have;
}

/* A scope with synonyms none of whose fields take any knows no class; one all of whose fields take
 * them weighs what it weighs without. NULL when memory is exhausted. */
static const th_class_weights *weights_of(cache *c, const th_segment *s, unsigned scope) {
  unsigned plain = scope & ~TH_SCOPE_SYNONYMS;
  bool empty = plain != scope && reach_of(plain) == REACH_NONE;
  _Atomic(th_class_pair *) *slot = empty ? &c->nothing : &c->weights[scope_index(plain)];
  const th_class_pair *pair = atomic_load_explicit(slot, memory_order_acquire);
  if (!pair) pair = keep_pair(c, slot, empty ? make_nothing(s) : make_weights(s, plain));
  if (!pair) return NULL;
  return plain == scope ? &pair->wide : th_class_pair_narrow(pair);
}

/* Both: what stands in the slot, or what is made for it; NULL when memory is exhausted. */
static const uint8_t *norms_of(cache *c, const th_segment *s, unsigned area) {
  const uint8_t *own = th_segment_norms(s, area);
  if (own) return own;
  uint8_t *have = atomic_load_explicit(&c->norms[area], memory_order_acquire);
  if (have) return have;
  uint8_t *made = malloc((size_t)th_segment_docs(s) + 1);
  if (!made) return NULL;
  th_segment_copy_norms(s, area, made);
  if (atomic_compare_exchange_strong(&c->norms[area], &have, made)) {
    count_bytes(c, (uint64_t)th_segment_docs(s) + 1);
    return made;
  }
  free(made); /* another thread was first */
  return have;
}

static const float *length_of(cache *c, const th_segment *s, unsigned area, const uint8_t *norms) {
  _Atomic(float *) *slot = &c->length[area];
  const float *of_norm = th_score_lengths(area);
  float *have = atomic_load_explicit(slot, memory_order_acquire);
  if (have) return have;
  uint32_t n = th_segment_docs(s);
  float *made = malloc(((size_t)n + 1) * sizeof *made);
  if (!made) return NULL;
  for (uint32_t d = 0; d < n; d++)
    made[d] = of_norm[norms[d]];
  if (atomic_compare_exchange_strong(slot, &have, made)) {
    count_bytes(c, ((uint64_t)n + 1) * sizeof *made);
    return made;
  }
  free(made); /* another thread was first */
  return have;
}

/* Of areas in which most words are looked for the lengths stand by document: scoring takes a fifth
 * longer by way of the norms, which take a quarter of the room or none. */
static bool is_frequent(unsigned area) {
  return area == TH_A_COUNT || area == TH_A_BasicSearch || area == TH_A_ConditionSearch;
}

bool th_cache_weights(const th_segment *s, unsigned scope, th_weights *out) {
  cache *c = cache_of(s);
  if (!c) return false;
  *out = (th_weights){.classes = weights_of(c, s, scope), .bound = -1};
  if (th_scope_is_field(scope)) return out->classes;
  unsigned area = th_scope_area(scope);
  out->bound = th_score_bound_index(area);
  out->of_norm = th_score_lengths(area);
  out->norms = norms_of(c, s, area);
  if (out->norms && is_frequent(area)) out->length = length_of(c, s, area, out->norms);
  return out->classes && out->norms && (out->length || !is_frequent(area));
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
