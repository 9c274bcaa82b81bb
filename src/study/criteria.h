/* Eligibility criteria cut at their headers, for showing them: which part is inclusion, which is
 * exclusion. It believes headers only, never order or position: text without a header is of no
 * kind. Reading the criteria themselves is the affair of a later room. */
#ifndef TH_STUDY_CRITERIA_H
#define TH_STUDY_CRITERIA_H

#include "base/common.h"

typedef enum th_criteria_kind {
  TH_CRITERIA_UNKNOWN, /* no header, or one that says neither ("Inclusion/Exclusion Criteria:") */
  TH_CRITERIA_INCLUSION,
  TH_CRITERIA_EXCLUSION,
} th_criteria_kind;

/* Byte spans of the text: borrowed from it. */
typedef struct th_criteria_block {
  th_criteria_kind kind;
  th_span header; /* the words, without marks, list sign and colon; empty when there is none */
  th_span body;   /* markup, blank lines off both ends */
} th_criteria_block;

/* Cuts the text into at most max blocks, in its order; returns how many. When there are more, the
 * last one holds all the rest. Blocks without header and body are left out. Linear. */
size_t th_criteria_split(th_span text, th_criteria_block *out, size_t max);

/* Whether one line is a header. *header: its words; *rest: offset in the line of what follows the
 * header (the line's length when nothing does). */
bool th_criteria_header(th_span line, th_criteria_kind *kind, th_span *header, size_t *rest);

#endif
