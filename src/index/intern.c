#include "index/intern.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

void th_intern_init(th_intern *t) {
  *t = (th_intern){0};
  th_buf_init(&t->bytes, 0);
}

void th_intern_dispose(th_intern *t) {
  free(t->slots);
  free(t->start);
  th_buf_dispose(&t->bytes);
  th_intern_init(t);
}

void th_intern_clear(th_intern *t) {
  if (t->n_slots) memset(t->slots, 0, t->n_slots * sizeof *t->slots);
  th_buf_clear(&t->bytes);
  t->n = 0;
}

size_t th_intern_memory(const th_intern *t) {
  return t->n_slots * sizeof *t->slots + ((size_t)t->cap + 1) * sizeof *t->start + t->bytes.cap;
}

static bool grow_slots(th_intern *t) {
  uint32_t n = t->n_slots ? t->n_slots * 2 : 1024, mask = n - 1;
  if (n > 1u << 30) return false;
  /* Pages of zeros would be mapped by the first look and again by the first write. */
  struct th_intern_slot *slots = th_large_alloc(n * sizeof *slots);
  if (!slots) return false;
  memset(slots, 0, n * sizeof *slots);
  for (uint32_t i = 0; i < t->n_slots; i++) {
    if (!t->slots[i].id_plus_1) continue;
    uint32_t at = th_intern_home(t->slots[i].prefix, t->slots[i].tag, mask);
    while (slots[at].id_plus_1)
      at = (at + 1) & mask;
    slots[at] = t->slots[i];
  }
  free(t->slots);
  t->slots = slots;
  t->n_slots = n;
  return true;
}

static bool grow_starts(th_intern *t) {
  uint32_t cap = t->cap ? t->cap * 2 : 512;
  uint32_t *start = realloc(t->start, ((size_t)cap + 1) * sizeof *start);
  if (!start) return false;
  start[0] = 0;
  t->start = start;
  t->cap = cap;
  return true;
}

/* The string at the end of the table, behind all others. */
static uint32_t add(th_intern *t, th_span s, const th_intern_key *key, uint32_t at) {
  if (t->bytes.n + s.n >= UINT32_MAX || t->n >= TH_INTERN_FULL - 1) return TH_INTERN_FULL;
  if (t->n == t->cap && !grow_starts(t)) return TH_INTERN_FULL;
  th_buf_put(&t->bytes, s.p, s.n);
  if (t->bytes.error) {
    t->bytes.error = 0; /* nothing was put: what is there stays usable */
    return TH_INTERN_FULL;
  }
  t->slots[at] = (struct th_intern_slot){key->prefix, key->tag, t->n + 1};
  t->start[t->n + 1] = (uint32_t)t->bytes.n;
  return t->n++;
}

static uint64_t first_bytes(th_span s) {
  uint64_t v = 0;
  uint32_t low, high;
  if (s.n >= 8) {
    memcpy(&v, s.p, 8);
  } else if (s.n >= 4) {
    memcpy(&low, s.p, 4);
    memcpy(&high, s.p + s.n - 4, 4);
    v = low | (uint64_t)high << (8 * s.n - 32);
  } else {
    for (size_t i = 0; i < s.n; i++)
      v |= (uint64_t)(uint8_t)s.p[i] << (8 * i);
  }
  return v;
}

th_intern_key th_intern_key_of(th_span s) {
  th_intern_key key = {.prefix = first_bytes(s)};
  uint64_t h = s.n <= 8 ? (key.prefix ^ s.n) * UINT64_C(0x9E3779B97F4A7C15) : XXH3_64bits(s.p, s.n);
  h ^= h >> 29;
  key.tag = (uint32_t)((h * UINT64_C(0xBF58476D1CE4E5B9)) >> 40) << 8 | (uint32_t)TH_MIN(s.n, 255u);
  return key;
}

uint32_t th_intern_put_key(th_intern *t, const th_intern_key *key, th_span s, bool *fresh) {
  *fresh = false;
  if (t->n * 2u >= t->n_slots && !grow_slots(t)) return TH_INTERN_FULL;
  uint32_t mask = t->n_slots - 1, at = th_intern_home(key->prefix, key->tag, mask);
  for (; t->slots[at].id_plus_1; at = (at + 1) & mask) {
    if (t->slots[at].tag != key->tag || t->slots[at].prefix != key->prefix) continue;
    uint32_t id = t->slots[at].id_plus_1 - 1;
    if (s.n <= 8 || th_span_eq(th_intern_text(t, id), s)) return id;
  }
  *fresh = true;
  return add(t, s, key, at);
}

uint32_t th_intern_put(th_intern *t, th_span s, bool *fresh) {
  th_intern_key key = th_intern_key_of(s);
  return th_intern_put_key(t, &key, s, fresh);
}
