/* Counts of all studies that many pages ask for, worked out once for a state of the index
 * (known.h): places with their studies, and where sites lie. */
#ifndef TH_PORTAL_COUNTS_H
#define TH_PORTAL_COUNTS_H

#include <stdatomic.h>

#include "portal/known.h"
#include "query/search.h"

/* The places of a level in a country and a state (either may be empty), over all studies, as
 * th_place_count gives them. *hold is to be given back (th_fact_release) when *out has been used.
 * Errors: as th_place_count. */
int th_counts_places(th_known *known, const th_snapshot *snapshot, th_place_level level,
                     th_span country, th_span state, th_arena *scratch, th_fact **hold,
                     const th_place_counts **out, th_err *err) TH_MUST_USE;

/* Where the sites of all studies in a country and a state (either may be empty) lie, in the box of
 * the request, as th_points_count gives them; country and state are those of the request, its
 * queries are not read. The points are in arena, their names borrowed from *hold. */
int th_counts_points(th_known *known, const th_snapshot *snapshot, const th_point_request *wanted,
                     th_arena *arena, th_fact **hold, th_site_points *out, th_err *err) TH_MUST_USE;

/* Takes the values of n facets over into keep. False when memory is out. */
bool th_counts_keep_facets(th_facet *facets, unsigned n, th_arena *keep) TH_MUST_USE;

/* Works out what the pages of all countries ask for, and the largest countries' own, unless *stop
 * becomes true. For a thread that has time. Errors: as above. */
int th_counts_ahead(th_known *known, const th_snapshot *snapshot, const atomic_bool *stop,
                    th_err *err) TH_MUST_USE;

#endif
