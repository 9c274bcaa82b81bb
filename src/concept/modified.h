/* Names of the records that say more of a condition than its own name: "Metastatic Breast Cancer"
 * is a kind of breast cancer. Vocabularies say what is a kind of what; names of the records come
 * without.
 *
 *   name := modifier+ rest            rest: a label of another condition
 *
 * Only words that narrow whatever they stand before are modifiers: how far it is, how bad, since
 * when, which receptors. "Pulmonary" is none: pulmonary hypertension is no hypertension. */
#ifndef TH_CONCEPT_MODIFIED_H
#define TH_CONCEPT_MODIFIED_H

#include "concept/draft_private.h"

typedef struct th_draft_link {
  uint32_t from, to; /* clusters: from is a kind of to */
} th_draft_link;

/* Links of conditions that have no parents yet to those that they are a kind of, for the labels of
 * a clustered draft, each link once or more often. *out is the caller's to free. Errors: TH_ENOMEM.
 */
int th_draft_modified(const th_concept_draft *d, const d_label *labels, size_t n_labels,
                      th_draft_link **out, size_t *n) TH_MUST_USE;

#endif
