/* Each leaf as a question to a patient, and as a check for a coordinator. */
#ifndef TH_ELIGIBILITY_QUESTION_H
#define TH_ELIGIBILITY_QUESTION_H

#include "base/buf.h"
#include "eligibility/eligibility.h"

/* The question to a patient: for a value in the words of attributes.def with the range that the
 * item names, else one whose "yes" means that the item's words hold. Nothing for groups and for
 * leads that ask for nothing. */
void th_elig_question(const th_elig_tree *tree, uint32_t node, th_buf *out);
/* What a coordinator would tick: "Confirm: …" or "Rule out: …", with the facts as read. */
void th_elig_check(const th_elig_tree *tree, uint32_t node, th_buf *out);

#endif
