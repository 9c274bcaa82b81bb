/* What to ask next: the answers that would settle the most of the best studies.
 *
 * Each open item of a study's open criteria gives one point, shared among the things that it lacks,
 * times 1 / log2(rank + 1) of the study (the discount of DCG: K. Järvelin, J. Kekäläinen, ACM TOIS
 * 20, 2002). A thing is an attribute, or a concept of a category. */
#ifndef TH_MATCH_ASK_H
#define TH_MATCH_ASK_H

#include "match/verdict.h"

typedef struct th_question {
  int32_t attribute;   /* index in th_elig_attributes, -1: a concept */
  uint8_t category;    /* concept: th_elig_category */
  th_span label, code; /* concept; in arena, may be empty where the category says all */
  th_span words;       /* to the patient, English; in arena */
  float weight;
  uint32_t n_studies, n_criteria; /* that it is open in */
} th_question;

enum { TH_ASK_THINGS_MAX = 2048 }; /* different things; further ones are not asked for */

typedef struct th_asker {
  th_arena *arena;
  struct th_thing *things; /* an open hash table; in arena */
  uint32_t n;
  bool failed;
} th_asker;

int th_asker_init(th_asker *a, th_arena *arena, th_err *err) TH_MUST_USE;
/* The next study; rank from 1. Labels are copied. */
void th_asker_add(th_asker *a, const th_verdicts *v, const th_verdict_trial *trial, uint32_t rank);
/* The heaviest, at most `most`; equal ones by attribute, category and label. Error: TH_ENOMEM. */
int th_asker_best(th_asker *a, uint32_t most, const th_question **out, uint32_t *n,
                  th_err *err) TH_MUST_USE;

#endif
