/* The vocabulary that comes with the program (common.def). */
#ifndef TH_CONCEPT_COMMON_H
#define TH_CONCEPT_COMMON_H

#include "concept/draft.h"

/* Adds it to a draft as a source of its own, "Trialhead". A row's code is "TRIALHEAD:" and its name
 * with
 * '_' for blanks. Errors: those of the draft. */
int th_concept_common_add(th_concept_draft *d, th_err *err) TH_MUST_USE;

#endif
