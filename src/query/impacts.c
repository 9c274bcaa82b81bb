#include "query/impacts.h"

#include "query/cursor.h"

enum {
  DENSE = 8, /* of so many documents one holds a word that has a table */
  ASKED = 4, /* times, before a table is made; twice as many for each quarter of the room that
                is taken, so that it goes to the words that are asked for most */
};

static void impacts_free(th_asked_table *table) {
  th_impacts *t = (th_impacts *)table;
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
static th_impacts *make(const th_segment *s, const th_term *term, const th_weights *w) {
  th_impacts *t = calloc(1, sizeof *t);
  if (t) t->most = calloc(table_bytes(s), 1);
  if (!t || !t->most || !fill(t, s, term, w)) {
    impacts_free(t ? &t->table : NULL);
    return NULL;
  }
  return t;
}

/* ---- keeping ---- */

uint64_t th_impacts_room(const th_segment *s) {
  return th_asked_room(256, th_segment_docs(s), 64 << 10, 2 << 20);
}

static const th_impacts *keep(th_asked *set, unsigned slot, uint64_t key, const th_segment *s,
                              const th_term *term, const th_weights *w) {
  uint64_t bytes = table_bytes(s);
  th_asked_refuse(set, slot);
  if (!th_asked_take_room(set, bytes)) return NULL;
  th_impacts *made = make(s, term, w);
  if (!made) {
    th_asked_give_room(set, bytes);
    return NULL;
  }
  made->table = (th_asked_table){key, bytes};
  if (th_asked_keep(set, slot, &made->table)) return made;
  impacts_free(&made->table);
  return NULL;
}

static uint32_t asks_needed(const th_asked *set) {
  uint64_t taken = atomic_load_explicit(&set->bytes, memory_order_relaxed);
  return ASKED << TH_MIN(taken * 4 / set->room, 4u);
}

/* Word and scope: addresses have 48 bits, and those of one mapping differ in these. */
static uint64_t key_of(const th_term *term, unsigned scope) {
  return (uint64_t)(uintptr_t)term->postings << 16 | (scope & 0xFFFF);
}

const th_impacts *th_impacts_find(th_asked *set, const th_segment *s, const th_term *term,
                                  unsigned scope, const th_weights *w) {
  unsigned slot;
  uint64_t key = key_of(term, scope);
  if ((uint64_t)term->df * DENSE < th_segment_docs(s)) return NULL;
  const th_impacts *t = th_asked_find(set, key, &slot);
  if (t || slot == TH_ASKED_NO_SLOT) return t;
  uint32_t asked = th_asked_count(set, slot, key, 1);
  if (asked == TH_ASKED_REFUSED || asked < asks_needed(set)) return NULL;
  return keep(set, slot, key, s, term, w);
}

void th_impacts_dispose(th_asked *set) {
  th_asked_dispose(set, impacts_free);
}
