#include "query/impacts.h"

#include "query/cursor.h"

enum {
  DENSE = 8,     /* of so many documents one holds a word that has a table */
  ASKED = 2,     /* times, before a table is made: reading the list costs as much as making it; when
                    half     of the room is taken twice as many for each further quarter, so that it
                    goes to     the     words that are asked for most */
  SMALL = 16384, /* documents of a segment whose frequent words may nearly all have one */
};

static void impacts_free(th_asked_table *table) {
  th_impacts *t = (th_impacts *)table;
  if (!t) return;
  free(t->most);
  free(t);
}

bool th_impacts_dense(const th_segment *s, const th_term *term) {
  return (uint64_t)term->df * DENSE >= th_segment_docs(s);
}

static uint64_t table_bytes(const th_segment *s) {
  return ((uint64_t)th_segment_docs(s) / 64 + 2) * 64;
}

/* Contributions for an idf of 1, rounded to one in 65,536, and one more: 0 is none. False: damaged.
 */
static bool read_list(uint16_t *of, uint32_t *least, uint32_t *largest, const th_segment *s,
                      const th_term *term, const th_weights *w) {
  uint32_t docs[TH_BLOCK + 8], scores[TH_BLOCK + 8], read = 0;
  th_postings p;
  th_postings_init(&p, term);
  while (th_postings_next_block(&p)) {
    uint32_t n = th_kernels_now->score(p.docs, p.classes, p.n, w, 1, docs, scores);
    for (uint32_t i = 0; i < n; i++) {
      uint32_t one = TH_MIN(scores[i] + 1, 65535u);
      *least = TH_MIN(*least, one);
      *largest = TH_MAX(*largest, one);
      of[docs[i]] = (uint16_t)one;
    }
    read += p.n;
  }
  return read == term->df && !th_segment_state(s, NULL);
}

/* Numbers of 1 to 255 in place of those that are not 0: from the least of them on in steps of one
 * 254th of what lies between the least and the largest, rounded up. */
static void shorten(th_impacts *t, const uint16_t *of, uint32_t n, uint32_t least,
                    uint32_t largest) {
  uint32_t span = largest > least ? largest - least : 1, factor = (254u << 16) / span;
  th_kernels_now->shorten(of, n, (uint16_t)least, factor, t->most);
  t->step = 1.0f / (float)factor;
  t->base = TH_MAX((float)(least + 1) / TH_SCORE_ONE - t->step, 0.0f);
}

/* NULL: damaged, or no memory. */
static th_impacts *make(const th_segment *s, const th_term *term, const th_weights *w) {
  uint32_t n = th_segment_docs(s), least = UINT16_MAX, largest = 0;
  uint16_t *of = calloc(n ? n : 1, sizeof *of);
  th_impacts *t = calloc(1, sizeof *t);
  if (t) t->most = calloc(table_bytes(s), 1);
  if (of && t && t->most && read_list(of, &least, &largest, s, term, w)) {
    shorten(t, of, n, least, largest);
  } else {
    impacts_free(t ? &t->table : NULL);
    t = NULL;
  }
  free(of);
  return t;
}

/* ---- keeping ---- */

uint64_t th_impacts_room(const th_segment *s) {
  uint32_t n = th_segment_docs(s);
  return th_asked_room(288, n, 64 << 10, n <= SMALL ? 4 << 20 : 2 << 20);
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
  return ASKED << (TH_MAX(TH_MIN(taken * 4 / set->room, 4u), 1u) - 1);
}

/* Word and scope: addresses have 48 bits, and those of one mapping differ in these. */
static uint64_t key_of(const th_term *term, unsigned scope) {
  return (uint64_t)(uintptr_t)term->postings << 16 | (scope & 0xFFFF);
}

const th_impacts *th_impacts_find(th_asked *set, const th_segment *s, const th_term *term,
                                  unsigned scope, const th_weights *w) {
  unsigned slot;
  uint64_t key = key_of(term, scope);
  if (!th_impacts_dense(s, term)) return NULL;
  const th_impacts *t = th_asked_find(set, key, &slot);
  if (t || slot == TH_ASKED_NO_SLOT) return t;
  uint32_t asked = th_asked_count(set, slot, key, 1);
  if (asked == TH_ASKED_REFUSED || asked < asks_needed(set)) return NULL;
  return keep(set, slot, key, s, term, w);
}

void th_impacts_dispose(th_asked *set) {
  th_asked_dispose(set, impacts_free);
}
