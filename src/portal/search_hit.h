/* One study in a list of results. */
#ifndef TH_PORTAL_SEARCH_HIT_H
#define TH_PORTAL_SEARCH_HIT_H

#include "portal/internal.h"
#include "portal/search_state.h"

/* A list item of the study: title, status, who may join, where, and the passage that speaks of what
 * was searched. A study that has gone from the store meanwhile leaves nothing. Errors: those of
 * th_registry_study and of JSON that does not read (TH_ECORRUPT). */
int th_portal_hit(const th_portal *portal, portal_worker *w, th_html *h, const portal_state *s,
                  const th_hit *hit, th_err *err) TH_MUST_USE;

/* The same of a record at hand. */
void th_portal_hit_of(th_html *h, const th_json *record, const portal_state *s, const th_hit *hit);

/* Who may join and where, as a list of facts: for lists that are not of a search. Of the state rq,
 * snapshot and, with has_near, the point are read. Errors as th_portal_hit. */
int th_portal_hit_facts(const th_portal *portal, portal_worker *w, th_html *h,
                        const portal_state *s, const th_hit *hit, th_err *err) TH_MUST_USE;

#endif
