/* What is shown of studies that were found lately: title, status and the text of the criteria, so
 * that the store need not unpack and parse their records again. Nothing of a patient stands here,
 * but which studies were found last. */
#ifndef TH_MATCH_SHELF_H
#define TH_MATCH_SHELF_H

#include "base/arena.h"
#include "base/common.h"
#include "match/lore.h"

/* Bounded; for any number of threads. */
typedef struct th_shelf th_shelf;

typedef struct th_shelf_item {
  th_span title, status, criteria;
  th_span marks; /* of the criteria (marks.h) */
} th_shelf_item;

enum { TH_SHELF_BYTES = 32 << 20 }; /* what a ranker's may hold, all counted */

/* NULL: out of memory. */
th_shelf *th_shelf_new(size_t bytes) TH_MUST_USE;
void th_shelf_free(th_shelf *shelf); /* NULL is allowed */

/* Copies an item into the arena. False: it is not there, or (*failed) the arena is exhausted. */
bool th_shelf_take(th_shelf *shelf, uint32_t segment, uint32_t doc, th_arena *arena,
                   th_shelf_item *out, bool *failed);
/* Copies an item to the shelf, and takes others off it that were not asked for lately. An item that
 * is too large, or for which there is no memory, is left out. */
void th_shelf_put(th_shelf *shelf, uint32_t segment, uint32_t doc, const th_shelf_item *item);

/* The lore of the concepts of the shelf's snapshot: beside its bytes. */
th_lore *th_shelf_lore(th_shelf *shelf);

/* Bytes in use. */
size_t th_shelf_bytes(th_shelf *shelf);

#endif
