/* Sets of studies that are looked at more than once, as bitmaps: one a segment of the snapshot,
 * bits of live documents only, as th_search_matches gives them. What a page of results counts (its
 * hits, facets, what each further choice would lead to) is of a few such sets. */
#ifndef TH_QUERY_SETS_H
#define TH_QUERY_SETS_H

#include "query/search.h"

enum { TH_SETS_MOST = 64 };

/* sets[i]: the live studies that match the query and filter i (NULL, both: everything), for each of
 * n filters, 1 … TH_SETS_MOST. The query is evaluated once, over what any of the filters leaves.
 * Sets are in arena. Errors: TH_ENOMEM, TH_ELIMIT, TH_ECORRUPT, as th_search. */
int th_sets_make(const th_snapshot *snapshot, const th_query *query, const th_query *const *filters,
                 unsigned n, th_arena *arena, uint64_t ***sets, th_err *err) TH_MUST_USE;
/* Studies in a set. */
int64_t th_set_size(const th_snapshot *snapshot, uint64_t *const *set);
/* As the facets of th_search, of the studies of a set; out: n of them, in arena. Errors: as above.
 */
int th_set_facets(const th_snapshot *snapshot, uint64_t *const *set, const th_facet_request *wanted,
                  unsigned n, th_arena *arena, th_facet *out, th_err *err) TH_MUST_USE;
/* counts[i]: studies of the set that match choice i (NULL: all of them). Errors: as above. */
int th_set_counts(const th_snapshot *snapshot, uint64_t *const *set, const th_query *const *choices,
                  unsigned n, uint32_t *counts, th_err *err) TH_MUST_USE;

#endif
