/* Relevance that falls with distance, for th_search (search.h: th_search_request.decay). */
#ifndef TH_QUERY_DECAY_H
#define TH_QUERY_DECAY_H

#include "query/search.h"

enum { TH_DECAY_MOST = 10000 }; /* a search that finds more is ranked without */

/* func:exp,scale:300mi,offset:0mi,decay:0.5 */
#define TH_DECAY_DEFAULT                                                                           \
  { TH_DECAY_EXP, 0, 0, 300 * 1.609344, 0, 0.5 }
/* "func:(exp|gauss|linear),scale:N(km|mi),offset:N(km|mi),decay:N" into all but the point. False,
 * and *out untouched, when it is not of this form. */
bool th_decay_parse(th_span text, th_decay *out);
/* What is left of a score at this distance: 0 to 1. km below 0: no place, nothing is left. */
double th_decay_factor(const th_decay *decay, double km);

/* Whether a request is ranked by distance, too; and how: th_search calls these. */
bool th_decay_applies(const th_search_request *request);
int th_decay_search(const th_snapshot *snapshot, const th_search_request *request, th_arena *arena,
                    th_search_result *out, th_err *err) TH_MUST_USE;

#endif
