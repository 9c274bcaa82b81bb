#define _GNU_SOURCE
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>

struct th_arena_block {
  th_arena_block *next;
  size_t size; /* usable bytes behind this header */
  size_t used;
  size_t align_;
};

enum { FIRST_BLOCK = 16 << 10, LARGEST_STEP = 4 << 20 };

void th_arena_init(th_arena *arena, size_t limit) {
  *arena = (th_arena){.limit = limit};
}

static char *block_data(th_arena_block *b) {
  return (char *)(b + 1);
}

static void wipe_block(th_arena_block *b) {
  explicit_bzero(block_data(b), b->used);
}

void th_arena_reset(th_arena *arena, bool wipe) {
  th_arena_block *keep = NULL;
  for (th_arena_block *b = arena->head, *next; b; b = next) {
    next = b->next;
    if (wipe) wipe_block(b);
#ifndef TH_ARENA_DEBUG
    if (!keep || b->size > keep->size) {
      th_arena_block *smaller = keep;
      keep = b;
      b = smaller;
    }
#endif
    free(b);
  }
  arena->head = keep;
  if (keep) keep->next = NULL, keep->used = 0;
  arena->used = 0;
}

void th_arena_dispose(th_arena *arena) {
  for (th_arena_block *b = arena->head, *next; b; b = next) {
    next = b->next;
    free(b);
  }
  *arena = (th_arena){.limit = arena->limit};
}

static th_arena_block *add_block(th_arena *arena, size_t need) {
  size_t size = need;
#ifndef TH_ARENA_DEBUG
  size_t step = arena->head ? TH_MIN(arena->head->size * 2, (size_t)LARGEST_STEP) : FIRST_BLOCK;
  size = TH_MAX(need, step);
#endif
  if (size > SIZE_MAX - sizeof(th_arena_block)) return NULL;
  th_arena_block *b = malloc(sizeof *b + size);
  if (!b) return NULL;
  *b = (th_arena_block){.next = arena->head, .size = size};
  arena->head = b;
  return b;
}

void *th_arena_alloc(th_arena *arena, size_t len) {
  if (len > SIZE_MAX - 16) return NULL;
  len = (len + 15) & ~(size_t)15;
  if (arena->limit && (len > arena->limit || arena->used > arena->limit - len)) return NULL;
  th_arena_block *b = arena->head;
#ifdef TH_ARENA_DEBUG
  b = NULL;
#endif
  if (!b || b->size - b->used < len) b = add_block(arena, len);
  if (!b) return NULL;
  void *p = block_data(b) + b->used;
  b->used += len;
  arena->used += len;
  return p;
}

void *th_arena_calloc(th_arena *arena, size_t n, size_t size) {
  size_t len;
  if (__builtin_mul_overflow(n, size, &len)) return NULL;
  void *p = th_arena_alloc(arena, len);
  return p ? memset(p, 0, len) : NULL;
}

th_span th_arena_dup(th_arena *arena, th_span s) {
  char *p = th_arena_alloc(arena, s.n + 1);
  if (!p) return (th_span){0};
  if (s.n) memcpy(p, s.p, s.n);
  p[s.n] = 0;
  return (th_span){p, s.n};
}

char *th_arena_printf(th_arena *arena, const char *fmt, ...) {
  va_list ap, again;
  va_start(ap, fmt);
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, fmt, ap);
  va_end(ap);
  char *p = n < 0 ? NULL : th_arena_alloc(arena, (size_t)n + 1);
  if (p) vsnprintf(p, (size_t)n + 1, fmt, again);
  va_end(again);
  return p;
}
