/* What the first searches of a generation would have to make before they answer, made ahead of
 * them: a thread of its own, of low priority, goes over each new generation of the index. Segments
 * that are known already cost nothing, so a small import is followed at once. */
#ifndef TH_QUERY_WARM_H
#define TH_QUERY_WARM_H

#include <stdatomic.h>

#include "query/search.h"
#include "query/suggest.h"

typedef struct th_warmer th_warmer;

/* What else is to be made ahead of a generation whose segments are ready; to be left soon when
 * *stop becomes true. */
typedef struct th_warm_more {
  void (*fn)(void *ctx, const atomic_bool *stop); /* NULL: nothing */
  void *ctx;
} th_warm_more;

/* Begins. index, suggester (NULL: none) and what `more` (NULL: nothing) needs must outlive the
 * warmer. Errors: TH_ENOMEM, TH_EIO (no thread). *out is owned by the caller. */
int th_warmer_start(th_warmer **out, th_index *index, th_suggester *suggester,
                    const th_warm_more *more, th_err *err) TH_MUST_USE;
/* Ends it, within a segment's work. NULL is allowed. */
void th_warmer_stop(th_warmer *w);

/* One segment's tables: weights of the areas that boxes search, names by their folded form,
 * documents by word of the columns that pages filter by; and those that are asked for less, sites
 * with their points. Those that memory has no room for are left to whoever asks. */
typedef enum th_warm_part { TH_WARM_ALL, TH_WARM_FIRST, TH_WARM_REST } th_warm_part;
void th_warm_segment(const th_segment *s, th_warm_part part);

/* Expression number i, borrowed until the next call; *q NULL: there is nothing to be made of it.
 * TH_ENOTFOUND: there are no more. Other errors end it. */
typedef int th_warm_next_fn(void *ctx, size_t i, const th_query **q, th_err *err);
/* Makes the lists of all phrases in expressions (phrases.h) that have none yet, until *stop or
 * until they have no more room; the expressions are asked for once a segment, from 0 on. Errors:
 * TH_ENOMEM, TH_ECORRUPT, those of `next`. */
int th_warm_phrases(const th_snapshot *snapshot, th_warm_next_fn *next, void *ctx,
                    const atomic_bool *stop, th_err *err) TH_MUST_USE;

/* Makes the tables of a generation that is loaded and not yet current: th_index_newer_fn. */
void th_warm_snapshot(void *ctx, const th_snapshot *snapshot);

#endif
