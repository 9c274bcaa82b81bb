/* Names that say too little to ask for them, and words for whom an item is about: named, not asked.
 *
 *   wide   := "disease" | "study medication" | "adverse event" | …      where the name ends there
 *   people := "childbearing potential" | "healthy" */
#ifndef TH_ELIGIBILITY_WIDE_H
#define TH_ELIGIBILITY_WIDE_H

#include "eligibility/compose.h"

/* Adds them where no term stands, and sets the trial's own drug aside where it only says when
 * something is ("before the first dose of pembrolizumab"). The owners of v are set. */
void th_elig_add_wide(th_elig_leaf *leaf, th_elig_terms *v);

#endif
