/* What came out for a study, for programs and people. */
#ifndef TH_COHORT_WORDS_H
#define TH_COHORT_WORDS_H

#include "base/json.h"
#include "cohort/cohort.h"

/* The step that keeps out most patients whom nothing else does; NULL when none does. */
const th_cohort_step *th_cohort_costliest(const th_cohort_result *r);
/* "Age 18 years and older", "Female", the item's text, or that no cohort fits; id: "I3", "" for
 * fields of the record and at least TH_ELIG_ID_MAX bytes. */
void th_cohort_step_words(const th_cohort_trial *trial, const th_cohort_step *s, char *id,
                          th_buf *out);
/* The members "patients" to "steps" of docs/formats/cohort.md into an open object. */
void th_cohort_result_json(const th_cohort_trial *trial, const th_cohort_result *r, th_jout *w);
/* One item of "list". */
void th_cohort_member_json(const th_cohort_member *m, th_jout *w);

#endif
