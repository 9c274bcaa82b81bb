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

static bool more_slots(th_co_set *s) {
  uint32_t n = s->n_slots ? s->n_slots * 2 : FIRST * 2;
  uint32_t *slots = n ? calloc(n, sizeof *slots) : NULL;
  if (!slots) return false;
  for (uint32_t i = 0; i < s->n; i++) {
    uint32_t at = (uint32_t)XXH3_64bits(s->items + i * s->size, s->size) & (n - 1);
    while (slots[at])
      at = (at + 1) & (n - 1);
    slots[at] = i + 1;
  }
  free(s->slots);
  s->slots = slots;
  s->n_slots = n;
  return true;
}

uint32_t th_co_set_put(th_co_set *s, const void *item) {
  if (s->n >= s->n_slots / 2 && !more_slots(s)) return UINT32_MAX;
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
