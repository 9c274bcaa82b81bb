/* Studies for one patient: ranked, each with its verdicts, and what to ask next.
 *
 * The order by relevance is that of rank.h, and no verdict enters it. Eligible first puts the best
 * TH_FIND_CANDIDATES of that order anew: those that something surely excludes behind all others,
 * and within both by
 *
 *   score × (1 + met × had − lacking × lacked) × kind_against (if any) × loose_against (if any)
 *
 * with the weights of tuning.def: had is the share of inclusions that are met, lacked that of those
 * that ask for what the record does not speak of; a criterion of those grounds (th_verdict_ground)
 * that stands against the patient lowers the study, and does not sink it. Such a study's grade is
 * "possible": what is against it is counted (violated), and may be meant otherwise. Candidates come
 * by score, and a verdict can add no more than a known share to it: those that cannot come among
 * the studies wanted, or among those asked about, get none. */
#ifndef TH_MATCH_FIND_H
#define TH_MATCH_FIND_H

#include "match/ask.h"
#include "match/rank.h"
#include "match/study.h"

typedef enum th_find_order { TH_BY_RELEVANCE, TH_ELIGIBLE_FIRST } th_find_order;

enum {
  TH_FIND_CANDIDATES = 1000, /* that may get verdicts; more when more are asked for */
  TH_FIND_MOST = 100000,
  TH_FIND_ASKED = 50, /* the best of the order, without the excluded: their open criteria are
                       * asked about */
};

typedef struct th_find_request {
  const th_patient *patient;
  const th_query *filter; /* NULL: all studies */
  th_find_order order;
  th_verdict_presume presume;
  uint32_t n;   /* studies wanted, at most TH_FIND_MOST */
  bool explain; /* titles and verdicts on each criterion */
  bool all;     /* every candidate gets a verdict, so that grades count them all; what is found
                 * is the same without, sooner */
  bool brief;   /* th_explain_result leaves the criteria out */
  uint32_t questions; /* at most so many */
} th_find_request;

typedef struct th_found {
  th_ranked ranked;
  double value; /* what it is ordered by, larger first (within its group) */
  bool firm;    /* judged with the text of its criteria, as all that are given out */
  th_verdict_study limits;
  th_verdict_trial trial;
  /* with explain, else zero: */
  th_study_shown shown;
  th_verdicts verdicts; /* on shown.criteria.tree */
} th_found;

typedef struct th_find_result {
  th_topic topic; /* owned */
  th_verdict_patient ready;
  th_verdict_presume presume;
  th_found *studies; /* in arena, as all that follows */
  uint32_t n;
  uint32_t n_judged;  /* candidates with verdicts: those that could have come among the studies */
  uint32_t grades[3]; /* of these, by th_verdict_grade; of what is not given out as the book alone
                       * has it, which may exclude a few more (find.c) */
  const th_question *questions;
  uint32_t n_questions;
} th_find_result;

/* What a mode is when nobody says: silence for notes, consent for structured records. */
th_verdict_presume th_find_presume(const th_patient *p);
/* "none", "consent", "silence"; "relevance", "eligible". False for another word. */
bool th_find_presume_parse(th_span word, th_verdict_presume *out) TH_MUST_USE;
bool th_find_order_parse(th_span word, th_find_order *out) TH_MUST_USE;
const char *th_find_presume_name(th_verdict_presume presume);
const char *th_find_order_name(th_find_order order);

/* Runs a request over the ranker's snapshot; records come from the store, which may be newer. The
 * patient must have been read with the ranker's dictionary, and stay as long as the result. *out is
 * always left so that th_find_dispose may be called. Memory beside the patient's: 12 bytes a study
 * of the index, and what is explained. The arena holds words of the patient: reset it with `wipe`.
 * The same patient, request and generation give the same result. Errors: TH_ENOMEM, TH_ELIMIT,
 * TH_ECORRUPT, TH_EIO. */
int th_find(const th_ranker *ranker, th_store *store, const th_find_request *request,
            th_arena *arena, th_find_result *out, th_err *err) TH_MUST_USE;
void th_find_dispose(th_find_result *r); /* the topic; the arena is the caller's */

#endif
