#include "query/impacts.h"

#include "query/cursor.h"

enum {
  DENSE = 8, /* of so many documents one holds a word that has a table */
  ASKED = 4, /* times, before a table is made; twice as many for each quarter of the room that
                is taken, so that it goes to the words that are asked for most */
  ROOM_A_DOC = 256,
  ROOM = 4 << 20, /* most bytes for the tables of a segment */
  ROOM_MIN = 64 << 10,
  PROBES = 4, /* slots that a word may have */
};

static void impacts_free(th_impacts *t) {
  if (!t) return;
  free(t->most);
  free(t);
}

static uint64_t table_bytes(const th_segment *s) {
  return ((uint64_t)th_segment_docs(s) / 64 + 2) * 64 * sizeof(uint16_t);
}

/* A contribution for an idf of 1, which is rounded to one in 65,536, as a bound. */
static uint16_t bound_of(uint32_t contribution) {
  return (uint16_t)TH_MIN(contribution + 1, 65535u);
}

static bool fill(th_impacts *t, const th_segment *s, const th_term *term, const th_weights *w) {
  uint32_t docs[TH_BLOCK + 8], scores[TH_BLOCK + 8], read = 0;
  th_postings p;
  th_postings_init(&p, term);
  while (th_postings_next_block(&p)) {
    uint32_t n = th_kernels_now->score(p.docs, p.classes, p.n, w, 1, docs, scores);
    for (uint32_t i = 0; i < n; i++)
      t->most[docs[i]] = bound_of(scores[i]);
    read += p.n;
  }
  return read == term->df && !th_segment_state(s, NULL);
}

/* NULL: damaged, or no memory. */
static th_impacts *make(const th_segment *s, const th_term *term, unsigned scope,
                        const th_weights *w) {
  th_impacts *t = calloc(1, sizeof *t);
  if (t) t->most = calloc(table_bytes(s), 1);
  if (!t || !t->most || !fill(t, s, term, w)) {
    impacts_free(t);
    return NULL;
  }
  t->term = term->postings;
  t->scope = scope;
  return t;
}

/* ---- keeping ---- */

static uint64_t room_of(const th_segment *s) {
  uint64_t room = ROOM_A_DOC * (uint64_t)th_segment_docs(s);
  return TH_MAX(TH_MIN(room, (uint64_t)ROOM), (uint64_t)ROOM_MIN);
}

static const th_impacts *keep(th_impact_set *set, unsigned slot, const th_segment *s,
                              const th_term *term, unsigned scope, const th_weights *w) {
  uint64_t bytes = table_bytes(s);
  th_impacts *made = NULL, *none = NULL;
  atomic_store_explicit(&set->slot[slot].asked, UINT32_MAX, memory_order_relaxed);
  /* The room is taken first, so that threads together do not pass the limit. */
  if (atomic_fetch_add(&set->bytes, bytes) + bytes <= room_of(s)) made = make(s, term, scope, w);
  if (made && atomic_compare_exchange_strong(&set->slot[slot].made, &none, made)) return made;
  atomic_fetch_sub(&set->bytes, bytes);
  impacts_free(made);
  return NULL;
}

/* Word and scope as one address. Two may share it, and a count: then a table comes sooner. */
static const uint8_t *holder_of(const th_term *term, unsigned scope) {
  return term->postings + scope;
}

static uint32_t asks_needed(const th_impact_set *set, const th_segment *s) {
  uint64_t taken = atomic_load_explicit(&set->bytes, memory_order_relaxed);
  return ASKED << TH_MIN(taken * 4 / room_of(s), 4u);
}

/* Counts one time more in the word's slot; makes its table when it is time. */
static const th_impacts *count(th_impact_set *set, unsigned slot, const th_segment *s,
                               const th_term *term, unsigned scope, const th_weights *w) {
  const uint8_t *holder = holder_of(term, scope);
  uint32_t asked = atomic_load_explicit(&set->slot[slot].asked, memory_order_relaxed);
  if (atomic_load_explicit(&set->slot[slot].term, memory_order_relaxed) != holder) {
    atomic_store_explicit(&set->slot[slot].term, holder, memory_order_relaxed);
    asked = 0;
  }
  if (asked == UINT32_MAX) return NULL;
  if (asked + 1 >= asks_needed(set, s)) return keep(set, slot, s, term, scope, w);
  atomic_store_explicit(&set->slot[slot].asked, asked + 1, memory_order_relaxed);
  return NULL;
}

const th_impacts *th_impacts_find(th_impact_set *set, const th_segment *s, const th_term *term,
                                  unsigned scope, const th_weights *w) {
  const uint8_t *holder = holder_of(term, scope);
  unsigned first = (unsigned)(((uintptr_t)holder * 0x9E3779B97F4A7C15u) >> 40);
  unsigned own = UINT32_MAX, other = UINT32_MAX, empty = UINT32_MAX;
  if ((uint64_t)term->df * DENSE < th_segment_docs(s)) return NULL;
  for (unsigned i = 0; i < PROBES; i++) {
    unsigned slot = (first + i) % TH_IMPACT_SLOTS;
    const th_impacts *t = atomic_load_explicit(&set->slot[slot].made, memory_order_acquire);
    if (t && t->term == term->postings && t->scope == scope) return t;
    if (t) continue;
    const uint8_t *there = atomic_load_explicit(&set->slot[slot].term, memory_order_relaxed);
    if (there == holder)
      own = slot;
    else if (!there)
      empty = slot;
    else
      other = slot;
  }
  if (own == UINT32_MAX) own = empty == UINT32_MAX ? other : empty;
  return own == UINT32_MAX ? NULL : count(set, own, s, term, scope, w);
}

void th_impacts_dispose(th_impact_set *set) {
  for (unsigned i = 0; i < TH_IMPACT_SLOTS; i++)
    impacts_free(atomic_load(&set->slot[i].made));
}
