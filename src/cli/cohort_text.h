/* Funnels for people. */
#ifndef TH_CLI_COHORT_TEXT_H
#define TH_CLI_COHORT_TEXT_H

#include "cli/tty.h"
#include "cohort/words.h"

/* One study, step by step. title may be empty. */
void th_cohort_text_study(th_buf *out, const th_tty *term, const char *nct, th_span title,
                          const th_cohort_trial *trial, const th_cohort_result *r);

/* As th_cohort_step_words, with the escapes of the text resolved. */
void th_cohort_text_step(const th_cohort_trial *trial, const th_cohort_step *s, char *id,
                         th_buf *out);

/* One study among many: a line. */
typedef struct th_cohort_row {
  uint32_t nct;
  uint64_t likely, possible, alone;
  th_span title, costliest; /* "E3 text" */
} th_cohort_row;
void th_cohort_text_rows(th_buf *out, const th_tty *term, const th_cohort_row *rows, size_t n);
/* A study of the table above a list of those who could join it. */
void th_cohort_text_who(th_buf *out, const th_tty *term, const th_cohort_row *row);
/* One of them: a line with the id, or the number when there is none, and what is to ask. */
void th_cohort_text_member(th_buf *out, const th_tty *term, const th_cohort_trial *trial,
                           const th_cohort_result *r, const th_cohort_member *m);

#endif
