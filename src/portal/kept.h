/* Pages that are asked for again and again: a thread keeps those it has written until the index or
 * the day changes. An address has its place in one of the sets; in a full set the pages make room
 * by turns. At most 12 MB a thread. */
#ifndef TH_PORTAL_KEPT_H
#define TH_PORTAL_KEPT_H

#include "http/http.h"

struct th_portal;

enum { TH_KEPT_PAGES = 64, TH_KEPT_SET = 4, TH_KEPT_MAX = 192 * 1024 };
typedef struct th_kept {
  uint64_t generation, applied_seq;
  int64_t day;
  unsigned turn;
  struct th_kept_slot {
    th_buf page; /* address, the page */
    size_t address;
  } slot[TH_KEPT_PAGES];
} th_kept;

void th_kept_init(th_kept *kept);
void th_kept_dispose(th_kept *kept);

/* Answers with the kept page of this address (and of the host that it was asked of, where pages
 * name it), else calls the handler and keeps what it writes with status 200. The answer's tag is
 * that of th_portal_unchanged. Errors: the handler's. */
int th_kept_answer(struct th_portal *portal, th_handler_fn handler, th_request *rq, th_response *rs,
                   th_err *err) TH_MUST_USE;

#endif
