/* What is worked out of one state of the index and asked for by page after page: counts of places,
 * lists of topics, the counts beside the results of a search. Each is made when it is first asked
 * for, or ahead (ahead.h), and kept for all threads together until the index changes; when all of
 * them take too much, those that were made first make room. What is in use stays until it is given
 * back. Nothing is locked while one is made. */
#ifndef TH_PORTAL_KNOWN_H
#define TH_PORTAL_KNOWN_H

#include "base/arena.h"
#include "index/index.h"

enum {
  TH_KNOWN_ENTRIES = 1024,
  TH_KNOWN_MOST = 8 << 20, /* bytes */
};

typedef struct th_known th_known;
typedef struct th_fact th_fact;

th_known *th_known_new(void) TH_MUST_USE; /* NULL: no memory */
void th_known_free(th_known *k);          /* NULL is allowed; all facts were given back */

/* Works a value out, all of it into `keep`: nothing of the snapshot stays in it. What is needed on
 * the way is in scratch. Errors: its own. */
typedef int (*th_known_make)(void *ctx, const th_snapshot *snapshot, th_arena *scratch,
                             th_arena *keep, const void **value, th_err *err);

/* The value of this name in the snapshot's state, made when it is not there. *out: give it back.
 * scratch: for make. Errors: make's, TH_ENOMEM. */
int th_known_get(th_known *k, const th_snapshot *snapshot, th_span name, th_known_make make,
                 void *ctx, th_arena *scratch, th_fact **out, th_err *err) TH_MUST_USE;
/* Whether it is there now. */
bool th_known_has(th_known *k, const th_snapshot *snapshot, th_span name);
const void *th_fact_value(const th_fact *fact);
void th_fact_release(th_fact *fact); /* NULL is allowed */
/* Bytes of all that is kept. */
size_t th_known_bytes(th_known *k);

#endif
