/* What the concepts of a dictionary, and its labels, are in criteria. */
#ifndef TH_ELIGIBILITY_MEANING_H
#define TH_ELIGIBILITY_MEANING_H

#include "eligibility/concepts.h"

/* Of a label: category -1 when nothing that an item asks for. */
typedef struct th_elig_meaning {
  uint32_t label; /* 1 + its number; 0 = none */
  int category;
  th_span name, code; /* borrowed from the dictionary */
} th_elig_meaning;

/* What a mention means: of its labels' concepts the first that has a code and a place here, else
 * the first that has a place. */
th_elig_meaning th_elig_meaning_of(const th_elig_lexicon *lexicon, const th_mention *mention);

/* Allergies are conditions in vocabularies: "penicillin allergy", "drug hypersensitivity". */
bool th_elig_names_allergy(th_span words);

#endif
