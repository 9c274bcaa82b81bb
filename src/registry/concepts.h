/* The dictionary of concepts of a data directory: made of what the records say and of the
 * vocabularies in the store, published with the index as side files. */
#ifndef TH_REGISTRY_CONCEPTS_H
#define TH_REGISTRY_CONCEPTS_H

#include <limits.h>

#include "concept/concept.h"
#include "query/expand.h"
#include "registry/gather.h"
#include "registry/registry.h"

/* What follows from a course of the log, in files that no generation names yet. */
typedef struct th_concepts_made {
  char paths[2][PATH_MAX];
  th_index_side sides[2]; /* their paths point into paths: not to be copied */
  size_t n;               /* 0: what the index has is current */
} th_concepts_made;

/* Makes counts and dictionary of the log up to applied_seq (its mark: th_registry_mark), which the
 * index need not have got to, for publishing with the generation that does. s: the index as it is,
 * with the counts that it begins from. rebuild, gathered: as below. On failure no file stays. */
int th_registry_concepts_make(th_registry *r, const th_snapshot *s, uint64_t applied_seq,
                              uint64_t applied_mark, bool rebuild, const th_gather *gathered,
                              th_concepts_made *out, th_err *err) TH_MUST_USE;
/* Takes away files that were never given to the index. */
void th_registry_concepts_drop(th_concepts_made *made);

/* Brings it up to the index's generation and the store's vocabularies; does nothing when it is.
 * rebuild: from nothing. gathered: what is counted already of the entries since then, may be NULL.
 * A part of th_registry_derive (registry/criteria.h). */
int th_registry_concepts_update(th_registry *r, bool rebuild, const th_gather *gathered,
                                th_err *err) TH_MUST_USE;

/* The dictionary of a generation, valid as long as the snapshot is held; the empty one when the
 * generation has none. */
int th_registry_concepts(const th_snapshot *snapshot, th_concepts *out, th_err *err) TH_MUST_USE;

/* A dictionary as the query parser asks for it; borrows the dictionary. */
th_expander th_registry_expander(const th_concepts *dict);

#endif
