/* Byte strings told apart: each distinct one gets a number from 0 on. */
#ifndef TH_INDEX_INTERN_H
#define TH_INDEX_INTERN_H

#include "base/buf.h"
#include "base/common.h"

#define TH_INTERN_FULL UINT32_MAX

/* What a look-up needs to know of a string; it can be made, and its slot prefetched, ahead of it.
 */
typedef struct th_intern_key {
  uint64_t prefix; /* the first bytes of the string, at most eight, the rest zero */
  uint32_t tag;    /* hash in the high 24 bits, length in the low 8 (255: that or more) */
} th_intern_key;

typedef struct th_intern {
  /* A string of at most eight bytes is wholly in its slot: most look-ups touch nothing else. */
  struct th_intern_slot {
    uint64_t prefix;
    uint32_t tag, id_plus_1;
  } * slots; /* owned; a power of two, at most half full */
  uint32_t n_slots;
  uint32_t n, cap;
  uint32_t *start; /* n + 1 offsets in bytes */
  th_buf bytes;
} th_intern;

void th_intern_init(th_intern *t);
void th_intern_dispose(th_intern *t);
/* Forgets all strings, keeps the memory. */
void th_intern_clear(th_intern *t);
/* Number of the string; *fresh: it is new. TH_INTERN_FULL when memory (or 4 GB of strings) is
 * exhausted; then nothing has changed. */
uint32_t th_intern_put(th_intern *t, th_span s, bool *fresh);
th_intern_key th_intern_key_of(th_span s);
/* The same with the string's key at hand. */
uint32_t th_intern_put_key(th_intern *t, const th_intern_key *key, th_span s, bool *fresh);
/* Where the search for a key begins. Tables of more than 16 million slots spread by the prefix,
 * too. */
static inline uint32_t th_intern_home(uint64_t prefix, uint32_t tag, uint32_t mask) {
  return (tag >> 8 | (uint32_t)(prefix * UINT64_C(0x9E3779B97F4A7C15) >> 56) << 24) & mask;
}
static inline void th_intern_prefetch(const th_intern *t, const th_intern_key *key) {
  if (t->n_slots)
    __builtin_prefetch(&t->slots[th_intern_home(key->prefix, key->tag, t->n_slots - 1)]);
}
/* Borrowed until the next put. */
static inline th_span th_intern_text(const th_intern *t, uint32_t id) {
  return (th_span){t->bytes.p + t->start[id], t->start[id + 1] - t->start[id]};
}
size_t th_intern_memory(const th_intern *t);

#endif
