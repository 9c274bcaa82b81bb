/* One polite HTTP client: a request at a time, a pause between two, again after a failure that may
 * pass, and limits on everything an upstream can send. */
#ifndef TH_SYNC_CLIENT_H
#define TH_SYNC_CLIENT_H

#include "base/buf.h"
#include "base/common.h"
#include "sync/sync.h"

typedef struct th_sync_client th_sync_client;

/* What came back. Owned by whoever initialised it; used again for the next request. */
typedef struct th_sync_reply {
  long status;
  th_buf body; /* its max is the limit on a body, unpacked; TH_PAD readable bytes behind it */
  char etag[200], type[100], location[1000]; /* "" when not sent or too long; location: absolute */
  uint64_t retry_after_ms;
  bool has_retry_after;
  bool again; /* with an error: it may pass */
  /* of a part (206): the byte it begins at, and the size of the whole, 0 = not told */
  uint64_t part_from, whole;
} th_sync_reply;

typedef struct th_sync_ask {
  const char *url;
  const char *if_none_match; /* an ETag, or NULL */
  /* A download: the body goes to write, when the status is 200 or 206, and is not unpacked. */
  int (*write)(void *ctx, const th_sync_reply *head, th_span bytes, th_err *err);
  uint64_t from;        /* first byte wanted, with write */
  const char *if_range; /* the ETag of the first bytes; NULL = none */
  /* Looks at an answer of 200: TH_EINPUT makes it a failure that may pass. May be NULL. */
  int (*check)(void *ctx, th_sync_reply *reply, th_err *err);
  void *ctx;
} th_sync_ask;

/* options and report (whose requests and bytes it counts) are borrowed until free. */
th_sync_client *th_sync_client_new(const th_sync_options *options, th_sync_report *report,
                                   th_err *err) TH_MUST_USE;
void th_sync_client_free(th_sync_client *client);
void th_sync_reply_init(th_sync_reply *reply, size_t max_body);
void th_sync_reply_dispose(th_sync_reply *reply);

/* One attempt, behind the pause. 0: an answer came, whatever its status but 408, 429 and 5xx;
 * redirects are not followed. TH_EIO: no answer, or one of these statuses; TH_ELIMIT: body too
 * long; TH_EINPUT from check; TH_EBUSY: stopped. reply->again says whether another try makes
 * sense. */
int th_sync_try(th_sync_client *client, const th_sync_ask *ask, th_sync_reply *reply,
                th_err *err) TH_MUST_USE;
/* Behind failure number `failures` (from 1) of a request: waits as long as the back-off or the
 * upstream says, and returns 0; or says in err, which holds the failure, that this was the last
 * try, and returns the failure's code. */
int th_sync_wait(th_sync_client *client, const th_sync_reply *reply, unsigned failures,
                 th_err *err) TH_MUST_USE;
/* Tries, waits, tries again. follow: at most three redirects on the same host. */
int th_sync_get(th_sync_client *client, const th_sync_ask *ask, bool follow, th_sync_reply *reply,
                th_err *err) TH_MUST_USE;
/* The error that a status which is not the one hoped for means: TH_EINPUT, with the beginning of
 * the body as the upstream's own words. */
int th_sync_unexpected(const char *url, const th_sync_reply *reply, th_err *err);
bool th_sync_stopped(const th_sync_client *client);

#endif
