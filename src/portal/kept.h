/* Pages that are worked out from the whole index and asked for again and again: a thread keeps
 * those it has written until the index or the day changes. */
#ifndef TH_PORTAL_KEPT_H
#define TH_PORTAL_KEPT_H

#include "http/http.h"

struct th_portal;

enum { TH_KEPT_PAGES = 64, TH_KEPT_MAX = 128 * 1024 };
typedef struct th_kept {
  uint64_t generation, applied_seq;
  int64_t day;
  struct {
    th_buf page; /* address, NUL, the page */
    size_t address;
  } slot[TH_KEPT_PAGES];
} th_kept;

void th_kept_init(th_kept *kept);
void th_kept_dispose(th_kept *kept);

/* Answers with the kept page of this address, else calls the handler and keeps what it writes with
 * status 200. Errors: the handler's. */
int th_kept_answer(struct th_portal *portal, th_handler_fn handler, th_request *rq, th_response *rs,
                   th_err *err) TH_MUST_USE;

#endif
