#ifndef TH_MATCH_RANK_PRIVATE_H
#define TH_MATCH_RANK_PRIVATE_H

#include "match/rank.h"
#include "query/weights.h"

/* Of one segment: what its classes and documents weigh. */
typedef struct th_rank_segment {
  th_class_pair *weights; /* wide: the weighted frequency of a class */
  float *length_part;     /* k1 * (1 - b + b * dl / average) of a document */
  uint32_t base;          /* number of its first document among all */
  uint32_t n_docs;
} th_rank_segment;

struct th_ranker {
  const th_snapshot *snapshot;
  const th_concepts *dict;
  const th_expander *expander;
  th_match_tuning tuning;
  th_rank_segment *segments;
  uint32_t n_docs;
  th_shelf *shelf;
};

/* Adds what words give to the scores of all documents (n_docs of them, by base + doc). */
int th_rank_add_words(const th_ranker *r, const th_topic_word *words, uint32_t n, float *scores,
                      th_err *err) TH_MUST_USE;
/* Numbers of the `most` best documents with a score above 0, best first, in arena. The scores of
 * those that are given out, and of some others, are demoted for the topic's age and sex; NULL:
 * nobody's are. */
int th_rank_best(const th_ranker *r, const th_topic *topic, float *scores, uint32_t most,
                 th_arena *arena, uint32_t **out, uint32_t *n, th_err *err) TH_MUST_USE;
/* The segment that holds document number `at`. */
uint32_t th_rank_segment_of(const th_ranker *r, uint32_t at);

#endif
