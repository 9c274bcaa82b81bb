/* Names that leave out what they share with their neighbour.
 *
 *   behind := name type { joint type }     "hepatitis A, B or C", "influenza A/B"
 *   before := type joint name              "type 1 or type 2 diabetes", "1 or 2"
 *   type   := one capital letter | a whole number below 10
 *
 * Each is a name only when the dictionary has it whole. */
#ifndef TH_ELIGIBILITY_ELLIPSIS_H
#define TH_ELIGIBILITY_ELLIPSIS_H

#include "eligibility/concepts.h"

/* Adds the terms that the dictionary's terms of the leaf, in the order of the text, share their
 * words with, behind them all. Errors: TH_ENOMEM. */
int th_elig_read_ellipses(th_elig_leaf *leaf, th_elig_lexicon *lexicon, th_err *err) TH_MUST_USE;

/* What the dictionary calls names that were put together from a head they share: "bacterial or
 * viral infection". After th_elig_compose. Errors: TH_ENOMEM. */
int th_elig_name_members(th_elig_leaf *leaf, th_elig_lexicon *lexicon, th_err *err) TH_MUST_USE;

#endif
