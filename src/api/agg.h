/* The `aggFilters` parameter: the check boxes of the registry's search page, as a filter. */
#ifndef TH_API_AGG_H
#define TH_API_AGG_H

#include "query/search.h"

/* "facet:key key,facet:key": facets all hold, keys are alternatives; the last of a facet given
 * twice counts. A key that a facet does not have matches nothing. *out is NULL for an empty text.
 * Errors: TH_EUSAGE for an unknown facet or an item without a colon; TH_ENOMEM. */
int th_agg_parse(th_query **out, th_arena *arena, th_span text, th_err *err) TH_MUST_USE;

#endif
