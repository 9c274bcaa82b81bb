/* The criteria book of a data directory (criteria/book.h): made of the records and the dictionary,
 * published with the index as a side file a segment. */
#ifndef TH_REGISTRY_CRITERIA_H
#define TH_REGISTRY_CRITERIA_H

#include "criteria/book.h"
#include "registry/gather.h"
#include "registry/registry.h"

/* Gives every segment of the index its file of the book; does nothing when all have one. What an
 * older file says of a record that has not changed is taken over, from the index as it is or as it
 * was before (may be NULL: the generation before segments were added or merged), unless reader or
 * vocabularies have changed, the records have changed the dictionary much, or rebuild is asked for:
 * then all is read anew. gathered: texts that need not be read from the store, may be NULL. Memory
 * does not grow with the number of studies but for 4 bytes each. */
int th_registry_criteria_update(th_registry *r, const th_snapshot *before, bool rebuild,
                                const th_gather *gathered, th_err *err) TH_MUST_USE;

/* What follows from the records beside the index itself: dictionary, then criteria book. Import and
 * th_registry_index_update call it; whoever changes vocabularies calls it then. before, rebuild,
 * gathered: as above. */
int th_registry_derive(th_registry *r, const th_snapshot *before, bool rebuild,
                       const th_gather *gathered, th_err *err) TH_MUST_USE;

/* The criteria of a record as a tree with its text: out of the book when it holds what was read of
 * this very record, else read now. text: the record's criteria. Borrows the text and the snapshot.
 * Errors: TH_ENOMEM, TH_ELIMIT, TH_ECORRUPT. */
int th_registry_criteria(const th_snapshot *snapshot, const th_record *record, th_span text,
                         th_arena *arena, th_elig_tree *out, th_err *err) TH_MUST_USE;

#endif
