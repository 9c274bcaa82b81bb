/* What the ways of ranking a segment share (rank.c, any.c, walk.c). */
#ifndef TH_QUERY_RANK_H
#define TH_QUERY_RANK_H

#include "query/exec.h"

/* At most TH_WINDOW documents, a multiple of 64 but for the last. */
typedef struct th_docs {
  uint32_t base, end; /* documents */
  uint32_t n_words;   /* of 64 documents */
  const uint64_t *keep;
} th_docs;

/* The window of `size` from base on; false when nothing is kept in it. */
bool th_rank_window(const th_plan *p, const uint64_t *keep, uint32_t base, uint32_t size,
                    th_docs *v);
/* Matches of 64 documents of the window with their scores into the sink: counts if asked for,
 * offers what may enter. acc: the window's scores. */
void th_rank_give(th_sink *sink, const th_docs *v, unsigned word, uint64_t matches,
                  const uint32_t *acc);

/* ---- candidates: documents whose scores are never too low ---- */

typedef struct th_candidate {
  uint32_t doc, score;
} th_candidate;
/* As they stand in a queue: the larger the better. */
static inline uint64_t th_candidate_key(uint32_t doc, uint32_t score) {
  return (uint64_t)score << 32 | (uint32_t)~doc;
}
/* Whether a candidate matches after all; sets its score when the candidate's is too high. */
typedef int th_look_fn(th_plan *p, void *ctx, th_candidate *c, bool *match);
/* Looks at n candidates, the best first, and offers what matches to the sink, until what is left
 * cannot enter it. The queue's order is used up. */
int th_rank_candidates(th_plan *p, uint64_t *queue, uint32_t n, th_look_fn *look, void *ctx,
                       th_sink *sink) TH_MUST_USE;

/* ---- walk.c ---- */
/* Any tree, window by window. */
int th_rank_tree(th_plan *p, th_op *op, const uint64_t *keep, th_sink *sink) TH_MUST_USE;

#endif
