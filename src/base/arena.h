/* Memory of one lifetime: allocated piece by piece, given back at once.
 *
 * An arena belongs to one thread at a time. Pieces are aligned to 16 bytes and stay where they are
 * until reset or dispose. With TH_ARENA_DEBUG defined every piece is a malloc of its own, so that
 * the address sanitizer sees each of them. */
#ifndef TH_BASE_ARENA_H
#define TH_BASE_ARENA_H

#include "base/common.h"

typedef struct th_arena_block th_arena_block;

typedef struct th_arena {
  th_arena_block *head; /* newest block first */
  size_t used;          /* bytes handed out since the last reset */
  size_t limit;         /* hard limit on used; 0 = none */
} th_arena;

/* limit: the most bytes that may be handed out between resets, 0 for no limit. Allocates nothing.
 */
void th_arena_init(th_arena *arena, size_t limit);
void th_arena_dispose(th_arena *arena);
/* Gives all pieces back; keeps the largest block for reuse. wipe: overwrite what was used first
 * (patient data). */
void th_arena_reset(th_arena *arena, bool wipe);

/* NULL when memory or the limit is exhausted. Not cleared. */
void *th_arena_alloc(th_arena *arena, size_t len) TH_MUST_USE;
/* Cleared; NULL also when n * size overflows. */
void *th_arena_calloc(th_arena *arena, size_t n, size_t size) TH_MUST_USE;
/* A copy in the arena, NUL-terminated for the system's edge; p is NULL on failure. */
th_span th_arena_dup(th_arena *arena, th_span s) TH_MUST_USE;
char *th_arena_printf(th_arena *arena, const char *fmt, ...) TH_PRINTF(2, 3);

#endif
