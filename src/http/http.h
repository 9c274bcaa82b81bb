/* One request and its answer, and the table that finds who answers it. Nothing here knows sockets:
 * requests can be made from text in tests. The server that carries them is http/server.h.
 *
 * A handler runs in one worker thread from begin to end. It may allocate in the request's arena,
 * and keep objects of its own a thread in the worker's slots. */
#ifndef TH_HTTP_HTTP_H
#define TH_HTTP_HTTP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/common.h"

/* ---- request ---- */

/* A parameter of the query string, decoded; its value is empty when it had no '='. NUL-terminated.
 */
typedef struct th_param {
  th_span name, value;
} th_param;

typedef struct th_worker th_worker;

enum { TH_REQUEST_SEGMENTS = 3 };

/* All spans are borrowed until the handler returns. Absent headers are empty. */
typedef struct th_request {
  th_span method; /* "GET"; a HEAD request comes as GET: the server leaves the body out */
  th_span path;   /* decoded, NUL-terminated */
  th_span query;  /* as sent, without '?' */
  const th_param *params;
  unsigned n_params;
  /* What the first {…} of the route stood for, and the second; decoded, NUL-terminated. What a
   * third stood for is read from the path. */
  th_span segment, segment2;
  th_span host, accept, accept_encoding, accept_language, content_type, if_none_match;
  th_span body;
  th_arena *arena;   /* of this request; its limit is the server's */
  th_worker *worker; /* of this thread */
} th_request;

/* Fills method, path, query and params of a cleared request from the request line's two words.
 * target: origin form "/path?query" or absolute form "http://host/path?query". Decoding: %XX
 * everywhere, '+' is a blank in the query only; empty pairs ("a=1&&b=2") are passed over. Errors:
 * TH_EUSAGE with a sentence for the client (bad escape, NUL or control character in the path,
 * invalid UTF-8, more than 200 parameters); TH_ENOMEM, TH_ELIMIT from the arena. */
int th_request_parse(th_request *rq, th_span method, th_span target, th_arena *arena,
                     th_err *err) TH_MUST_USE;
/* The first parameter of this name, NULL when there is none. */
const th_param *th_request_param(const th_request *rq, const char *name);
/* Its value; empty when absent. */
th_span th_request_value(const th_request *rq, const char *name);
/* Appends text with every byte but A-Z a-z 0-9 - . _ ~ as %XX. */
void th_url_encode(th_buf *out, th_span text);

/* ---- response ---- */

typedef struct th_header {
  const char *name, *value;
} th_header;

enum { TH_RESPONSE_HEADERS = 24 };

/* Something that a request may have to wait for: a gate. A handler that finds it not there yet
 * takes the gate's count BEFORE it looks, and answers with rs->gate and rs->gate_count: the server
 * puts the connection aside, without a thread for it, until the gate is opened (or was since), and
 * then asks the handler again from the beginning. */
typedef struct th_gate th_gate;
th_gate *th_gate_new(void) TH_MUST_USE; /* NULL: no memory */
void th_gate_free(th_gate *gate);       /* nobody waits any more */
uint64_t th_gate_count(th_gate *gate);
void th_gate_open(th_gate *gate); /* any thread: all who wait are asked again */

/* Makes the next bytes of an answer that is not held in memory: writes at most max bytes and
 * returns how many; 0 is the end; a negative TH_E code ends the connection in the middle, so that
 * the client sees that something is missing. Called by the connection's thread, whenever the client
 * has taken what was there. */
typedef ptrdiff_t (*th_stream_fn)(void *ctx, char *to, size_t max);

/* Start from th_response_init. Strings live in the request's arena or for ever. */
typedef struct th_response {
  unsigned status;            /* 200 */
  const char *type;           /* Content-Type; NULL when there is no body */
  th_buf body;                /* owned; taken over by the server */
  th_span fixed;              /* the body instead, borrowed … */
  th_span fixed_gzip;         /* … with its gzip form when there is one ready … */
  void (*release)(void *ctx); /* … until this is called; NULL: for ever */
  void *release_ctx;
  th_stream_fn stream; /* the body instead, made while it goes out … */
  void *stream_ctx;
  void (*stream_drop)(void *ctx); /* … called once, at its end or at the connection's */
  th_gate *gate;                  /* no answer yet: see th_gate */
  uint64_t gate_count;
  const char *etag;  /* without quotes; NULL = none. Answers If-None-Match by itself */
  const char *cache; /* Cache-Control; NULL = none */
  bool no_gzip;
  bool secret; /* what was asked and answered is nobody else's: never kept, never packed, and all
                * memory of it is overwritten when it is given back (th_response_secret) */
  unsigned n_headers;
  th_header headers[TH_RESPONSE_HEADERS];
} th_response;

/* A cleared 200; the body may grow to max_body bytes, 0 = no maximum. */
void th_response_init(th_response *rs, size_t max_body);
void th_response_dispose(th_response *rs);
/* Sets a header, once a name (the later wins). One more than TH_RESPONSE_HEADERS is dropped: that
 * is a mistake of ours, tests see it. */
void th_response_header(th_response *rs, const char *name, const char *value);
/* Throws away what the body held and makes it this plain sentence. */
void th_response_text(th_response *rs, unsigned status, const char *fmt, ...) TH_PRINTF(3, 4);
/* Makes an empty answer secret: Cache-Control no-store, Referrer-Policy no-referrer. Call it before
 * anything is written to the body. */
void th_response_secret(th_response *rs);
/* 301/302/303/307/308 to a place that is encoded already. */
void th_response_redirect(th_response *rs, unsigned status, const char *location);
/* The status that belongs to a TH_E code of a request gone wrong: TH_EUSAGE and TH_EINPUT 400,
 * TH_ENOTFOUND 404, TH_ELIMIT 413, TH_EBUSY 503, else 500. */
unsigned th_response_status_of(int code);
th_span th_response_body(const th_response *rs);

/* Whether the client holds this entity (without quotes) already: If-None-Match is "*" or lists it,
 * weak or with "-gzip" behind it. A handler may ask before it does its work. */
bool th_request_holds(const th_request *rq, const char *etag);
/* Whether Accept-Encoding admits gzip (RFC 9110 section 12.5.3). */
bool th_accepts_gzip(th_span accept_encoding);
/* Appends text in gzip form, with the worker's compressor; nothing when it would not be smaller.
 * Errors: TH_ENOMEM. */
int th_gzip(th_worker *worker, th_span text, th_buf *out, th_err *err) TH_MUST_USE;
/* Puts a gzip coder (zlib) behind the answer's stream. Errors: TH_ENOMEM, the answer is as it was.
 */
int th_stream_body_gzip(th_response *rs, th_err *err) TH_MUST_USE;
/* Completes an answer: 304 when the client holds the entity, else gzip when it is worth it (text of
 * 1 KB or more, or a stream of text, that the client takes packed). Sets ETag, Vary,
 * Content-Encoding. */
int th_response_finish(th_response *rs, const th_request *rq, th_err *err) TH_MUST_USE;

/* ---- worker: what a thread keeps between requests ---- */

enum { TH_WORKER_SLOTS = 8 };

/* A place for one kind of object a thread; take one at start, before any request. -1 when all are
 * taken. drop is called for each thread's object when the thread ends. */
int th_worker_slot(void (*drop)(void *object));
/* The thread's object in a slot, NULL when none was put there. worker may be NULL (tests): then
 * get gives NULL. */
void *th_worker_get(th_worker *worker, int slot);
void th_worker_put(th_worker *worker, int slot, void *object);
/* The calling thread's worker, made when absent; NULL when memory is exhausted. Freed with its
 * objects when the thread ends, or at once by th_worker_end. */
th_worker *th_worker_current(void);
void th_worker_end(void);

/* ---- routes ---- */

/* Fills rs. An error instead of an answer becomes a plain one: th_response_status_of its code, with
 * the error's message, or for 500 without it (it goes to the log). */
typedef int (*th_handler_fn)(void *ctx, th_request *rq, th_response *rs, th_err *err);
/* Sees every answer below its prefix before it goes out: headers that all of them carry. */
typedef void (*th_hook_fn)(void *ctx, const th_request *rq, th_response *rs);

typedef struct th_router th_router;

th_router *th_router_new(void) TH_MUST_USE;
void th_router_free(th_router *router);
/* pattern: an exact path, or one with at most TH_REQUEST_SEGMENTS segments in braces:
 * "/api/v2/studies/{id}". An exact path goes before a pattern. Strings are borrowed for the
 * router's life. method: "GET" (HEAD with it), "POST", … Errors: TH_EUSAGE for a pattern that is
 * none, TH_ENOMEM. */
int th_router_add(th_router *router, const char *method, const char *pattern, th_handler_fn fn,
                  void *ctx, th_err *err) TH_MUST_USE;
int th_router_hook(th_router *router, const char *prefix, th_hook_fn fn, void *ctx,
                   th_err *err) TH_MUST_USE;
/* Answers for paths below prefix that no route has; the longest prefix wins. Without one: a plain
 * 404. */
int th_router_fallback(th_router *router, const char *prefix, th_handler_fn fn, void *ctx,
                       th_err *err) TH_MUST_USE;
/* Requests to this very path may have a body of so many bytes, whatever the server's limit; it is
 * overwritten when it is given back, and all of its kind together take no more than
 * TH_ROUTE_BODIES_MAX (503 beyond). path is borrowed. Errors: TH_ENOMEM. */
enum { TH_ROUTE_BODIES_MAX = 256 << 20 };
int th_router_body(th_router *router, const char *path, size_t max_body, th_err *err) TH_MUST_USE;
/* 0: the path has no limit of its own. target: as sent. */
size_t th_router_max_body(const th_router *router, th_span target);
/* Finds the handler and lets it answer; 404, 405 (with Allow), OPTIONS (204 with Allow), a
 * handler's error and the hooks are settled here. Always leaves an answer in rs; a failure behind a
 * 500 is also returned, for the log. */
int th_router_dispatch(const th_router *router, th_request *rq, th_response *rs, th_err *err);

#endif
