/* How many studies the searches asked last have found, for as long as nothing changes: clients ask
 * for one search again with other fields or page sizes, and people reload pages. Bounded; any
 * thread. */
#ifndef TH_API_TOTALS_H
#define TH_API_TOTALS_H

#include "base/common.h"

typedef struct th_totals th_totals;

th_totals *th_totals_new(void) TH_MUST_USE; /* NULL: no memory */
void th_totals_free(th_totals *t);          /* NULL is allowed */
/* asked: what was asked, byte for byte; state: of the data it was asked of. False: not known. */
bool th_totals_find(th_totals *t, th_span asked, uint64_t state, int64_t *total);
/* Keeps a copy, in place of another search's; what is too long is not kept. */
void th_totals_keep(th_totals *t, th_span asked, uint64_t state, int64_t total);

#endif
