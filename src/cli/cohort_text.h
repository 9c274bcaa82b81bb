/* Funnels for people. */
#ifndef TH_CLI_COHORT_TEXT_H
#define TH_CLI_COHORT_TEXT_H

#include "cli/tty.h"
#include "cohort/words.h"

/* One study, step by step. title may be empty. */
void th_cohort_text_study(th_buf *out, const th_tty *term, const char *nct, th_span title,
                          const th_cohort_trial *trial, const th_cohort_result *r);

/* One study among many: a line. */
typedef struct th_cohort_row {
  uint32_t nct;
  uint64_t likely, possible, alone;
  th_span title, costliest; /* "E3 text" */
} th_cohort_row;
void th_cohort_text_rows(th_buf *out, const th_tty *term, const th_cohort_row *rows, size_t n);

#endif
