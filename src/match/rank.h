/* Studies for a topic, by relevance.
 *
 * The score of a study is a sum over the note's words, each BM25F with the field weights of
 * tuning.def (S. Robertson, H. Zaragoza, M. Taylor: Simple BM25 extension to multiple weighted
 * fields, CIKM 2004), plus the same for concepts as phrases with their synonyms (query/). A study
 * whose age limits or sex the patient does not have is demoted, not dropped: these fields are
 * sometimes wrong.
 *
 * Verdicts on criteria are no part of it: they come beside this order, never into it. */
#ifndef TH_MATCH_RANK_H
#define TH_MATCH_RANK_H

#include "index/index.h"
#include "match/shelf.h"
#include "match/topic.h"
#include "query/search.h"

/* Tables worked out from a snapshot once; immutable, for any number of threads. */
typedef struct th_ranker th_ranker;

/* snapshot, dict, expander and what they borrow stay until th_ranker_free; dict and expander may be
 * NULL. tuning is copied; NULL = default. NULL: out of memory, or a damaged segment (err). */
th_ranker *th_ranker_new(const th_snapshot *snapshot, const th_concepts *dict,
                         const th_expander *expander, const th_match_tuning *tuning,
                         th_err *err) TH_MUST_USE;
void th_ranker_free(th_ranker *r);
const th_match_tuning *th_ranker_tuning(const th_ranker *r);
const th_concepts *th_ranker_concepts(const th_ranker *r);
const th_snapshot *th_ranker_snapshot(const th_ranker *r);
/* What was shown lately of the snapshot's studies; the ranker's. */
th_shelf *th_ranker_shelf(const th_ranker *r);

typedef enum th_demotion {
  TH_DEMOTED_YOUNG = 1, /* the patient is younger than the study takes */
  TH_DEMOTED_OLD = 2,
  TH_DEMOTED_SEX = 4,
} th_demotion;

enum { TH_RANKED_WHY = 6 };
typedef struct th_ranked {
  uint32_t nct, segment, doc;
  float score;
  unsigned demoted;            /* th_demotion bits */
  uint16_t why[TH_RANKED_WHY]; /* concepts of the topic that it is about, heaviest first */
  uint8_t n_why;
} th_ranked;

/* The best `most` studies that the filter matches (NULL: all), best first; equal scores: the
 * smaller NCT number first. Without a filter those with a score of 0 are left out. *out in arena,
 * which also holds the topic's words: wipe it (th_arena_reset). Errors: TH_ENOMEM, TH_ELIMIT,
 * TH_ECORRUPT. */
int th_rank(const th_ranker *r, const th_topic *topic, const th_query *filter, uint32_t most,
            th_arena *arena, th_ranked **out, uint32_t *n, th_err *err) TH_MUST_USE;

#endif
