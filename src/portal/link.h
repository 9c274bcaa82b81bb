/* Links to the registry that people paste into the box: the same search, or the study, here. */
#ifndef TH_PORTAL_LINK_H
#define TH_PORTAL_LINK_H

#include "query/search.h"

typedef struct th_link {
  uint32_t nct;  /* of the study that the link leads to; 0: to a search */
  th_span query; /* of that search, behind the '?' of "/search?", in arena; may be empty */
} th_link;

/* Whether the text is an address on clinicaltrials.gov, with or without its scheme. */
bool th_link_is(th_span text);
/* Reads such an address: the pages of today's site, of the classic one (/ct2/…), and searches of
 * the API. What this portal has a filter for becomes the filter, dates that it has none for become
 * part of the expression "term", rarer check boxes stay in "aggFilters". Names of parameters that
 * ask for something and cannot be followed are listed in the query's "unread". Errors: TH_EUSAGE
 * for an address that cannot be read, TH_ENOMEM. */
int th_link_read(th_link *out, th_arena *arena, th_span text, th_err *err) TH_MUST_USE;

#endif
