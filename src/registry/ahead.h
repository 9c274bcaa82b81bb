/* What searches of the names that most studies have would have to look for at first. */
#ifndef TH_REGISTRY_AHEAD_H
#define TH_REGISTRY_AHEAD_H

#include <stdatomic.h>

#include "registry/registry.h"

/* Makes the lists of the phrases that frequent conditions and interventions and their synonyms are
 * (query/phrases.h), the most frequent first, until *stop or until the lists have no more room. Of
 * segments that have them already nothing is made again. A matter of seconds for 600,000 studies:
 * for a thread of low priority. Errors: TH_ENOMEM, TH_ECORRUPT. */
int th_registry_searches_ahead(th_registry *r, const atomic_bool *stop, th_err *err) TH_MUST_USE;

#endif
