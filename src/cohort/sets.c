/* Tables of different records, and memory that is overwritten when it is given up. */
#include <xxhash.h>

#include "cohort/columns.h"
#include "cohort/memory.h"

enum { FIRST = 64 };

void th_wiped_free(void *p, size_t n) {
  if (p && n) explicit_bzero(p, n);
  free(p);
}

void *th_wiped_grow(void *p, size_t old, size_t n) {
  void *to = n > old ? malloc(n) : NULL;
  if (!to) return NULL;
  if (old) memcpy(to, p, old);
  th_wiped_free(p, old);
  return to;
}

bool th_wiped_room(void **p, uint32_t n, uint32_t *cap, size_t size) {
  size_t bytes;
  if (n < *cap) return true;
  uint32_t more = *cap ? *cap * 2 : FIRST;
  if (more <= *cap || __builtin_mul_overflow((size_t)more, size, &bytes)) return false;
  void *to = th_wiped_grow(*p, (size_t)*cap * size, bytes);
  if (!to) return false;
  *p = to;
  *cap = more;
  return true;
}

bool th_slots_room(uint32_t **slots, uint32_t *n_slots, uint32_t n, th_slot_bytes *bytes_of,
                   const void *things) {
  if (n < *n_slots / 2) return true;
  uint32_t more = *n_slots ? *n_slots * 2 : FIRST * 2;
  uint32_t *to = more ? calloc(more, sizeof *to) : NULL;
  if (!to) return false;
  for (uint32_t i = 0; i < n; i++) {
    th_span x = bytes_of(things, i);
    uint32_t at = (uint32_t)XXH3_64bits(x.p, x.n) & (more - 1);
    while (to[at])
      at = (at + 1) & (more - 1);
    to[at] = i + 1;
  }
  free(*slots);
  *slots = to;
  *n_slots = more;
  return true;
}

static th_span item_bytes(const void *set, uint32_t i) {
  const th_co_set *s = set;
  return (th_span){(const char *)s->items + (size_t)i * s->size, s->size};
}

uint32_t th_co_set_put(th_co_set *s, const void *item) {
  if (!th_slots_room(&s->slots, &s->n_slots, s->n, item_bytes, s)) return UINT32_MAX;
  uint32_t at = (uint32_t)XXH3_64bits(item, s->size) & (s->n_slots - 1);
  for (; s->slots[at]; at = (at + 1) & (s->n_slots - 1))
    if (!memcmp(s->items + (s->slots[at] - 1) * s->size, item, s->size)) return s->slots[at] - 1;
  if (!th_wiped_room((void **)&s->items, s->n, &s->cap, s->size)) return UINT32_MAX;
  memcpy(s->items + s->n * s->size, item, s->size);
  s->slots[at] = s->n + 1;
  return s->n++;
}

void th_co_set_free(th_co_set *s) {
  th_wiped_free(s->items, (size_t)s->cap * s->size);
  free(s->slots);
  *s = (th_co_set){.size = s->size};
}
