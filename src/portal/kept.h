/* Pages that are asked for again and again: those written are kept, packed, until the index or the
 * day changes, for all threads together. An address has its place in one of the sets; in a full set
 * the pages make room by turns, and so they do when all together pass TH_KEPT_MOST bytes. A page
 * that is being sent stays until it is. */
#ifndef TH_PORTAL_KEPT_H
#define TH_PORTAL_KEPT_H

#include "http/http.h"

struct th_portal;

enum {
  TH_KEPT_PAGES = 4096,
  TH_KEPT_SET = 4,
  TH_KEPT_LEAST = 1024, /* bytes of a packed page: smaller ones are sent as they are */
  TH_KEPT_MAX = 64 * 1024,
  TH_KEPT_MOST = 24 << 20,
};

typedef struct th_kept th_kept;
typedef struct th_kept_page th_kept_page;
/* What pages hold for: they are forgotten when it is another. */
typedef struct th_kept_state {
  uint64_t generation, applied_seq;
  int64_t day;
} th_kept_state;

th_kept *th_kept_new(void) TH_MUST_USE; /* NULL: no memory */
void th_kept_free(th_kept *kept);       /* NULL is allowed */

/* The page kept of an address in this state, NULL when there is none. Give it back. */
th_kept_page *th_kept_find(th_kept *kept, const th_kept_state *state, th_span address);
/* Packs a page and keeps it, unless it is too small or too large, memory is out, or the state is no
 * longer the last that was asked for. *out: the page, to be given back; NULL when it was not
 * packed.
 */
void th_kept_keep(th_kept *kept, const th_kept_state *state, th_span address, th_span page,
                  th_worker *worker, th_kept_page **out);
void th_kept_release(th_kept_page *page);
/* The page in gzip form, borrowed until it is given back. */
th_span th_kept_packed(const th_kept_page *page);
/* Appends the page as it was. Errors: TH_ENOMEM. */
int th_kept_unpack(const th_kept_page *page, th_buf *out, th_err *err) TH_MUST_USE;
/* Bytes of all pages kept. */
size_t th_kept_bytes(th_kept *kept);

/* Answers with the kept page of this address (and of the host that it was asked of, where pages
 * name it), else calls the handler and keeps what it writes with status 200. The answer's tag is
 * that of th_portal_unchanged. Errors: the handler's. */
int th_kept_answer(struct th_portal *portal, th_handler_fn handler, th_request *rq, th_response *rs,
                   th_err *err) TH_MUST_USE;

#endif
