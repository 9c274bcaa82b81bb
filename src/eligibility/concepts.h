/* Mentions of concepts in an item: conditions, drugs, procedures, findings, allergies, organisms,
 * genes and variants, by longest match over a dictionary (concept/concept.h). */
#ifndef TH_ELIGIBILITY_CONCEPTS_H
#define TH_ELIGIBILITY_CONCEPTS_H

#include "concept/concept.h"
#include "eligibility/compose.h"

typedef struct th_elig_lexicon {
  const th_concepts *dict;
  th_concept_matcher *matcher;
  struct th_elig_memo *memo; /* what labels mean, kept by the matcher; NULL = out of memory */
  th_elig_terms terms;       /* of the item being read; its memory is used again */
  uint32_t symptoms;         /* the concept above all signs and symptoms; UINT32_MAX = none */
} th_elig_lexicon;

/* dict and matcher are borrowed. */
void th_elig_lexicon_init(th_elig_lexicon *lexicon, const th_concepts *dict,
                          th_concept_matcher *matcher);

/* Whether a name stands in running text as an everyday word: "disease", "family", "History". */
bool th_elig_is_everyday(th_span words);
/* What a concept of the dictionary is in running text (th_elig_category); -1: nothing that is asked
 * for. */
int th_elig_category_of_concept(const th_concepts *dict, uint32_t concept_id);

/* Adds the leaf's concepts to its facts. What a numeric fact or a category says already, and what
 * stands in the guard of a fact, is not said again. Labels and codes are copied into the arena of
 * the facts. *combine, of the leaf, becomes "any" when its concepts are alternatives. Errors:
 * TH_ENOMEM. */
int th_elig_read_concepts_of(th_elig_leaf *leaf, th_elig_lexicon *lexicon, uint8_t *combine,
                             th_err *err) TH_MUST_USE;

#endif
