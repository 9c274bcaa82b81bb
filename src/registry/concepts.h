/* The dictionary of concepts of a data directory: made of what the records say and of the
 * vocabularies in the store, published with the index as side files. */
#ifndef TH_REGISTRY_CONCEPTS_H
#define TH_REGISTRY_CONCEPTS_H

#include "concept/concept.h"
#include "query/expand.h"
#include "registry/gather.h"
#include "registry/registry.h"

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
