/* Places in what was typed into the one box: "asthma Boston", "breast cancer in France". */
#ifndef TH_PORTAL_SEARCH_PLACE_H
#define TH_PORTAL_SEARCH_PLACE_H

#include "portal/search_state.h"

/* When the last words of the state's "term" name a country, state or city where studies take place,
 * and other words stand before them, and the address does not say "place=no": the words before are
 * searched (s->words), and the place becomes a filter (s->place, s->place_filter). Longer names go
 * before shorter ones, cities before states before countries; a place must have a study that the
 * words before it find, or they are all taken as words. Errors: TH_ENOMEM, TH_ECORRUPT. */
int th_portal_find_place(portal_state *s, const th_snapshot *snapshot, th_err *err) TH_MUST_USE;

#endif
