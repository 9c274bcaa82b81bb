/* The server: listens, reads requests, lets a router answer them. One thread a processor, each with
 * its own connections (libmicrohttpd over epoll); readers share nothing that is locked. */
#ifndef TH_HTTP_SERVER_H
#define TH_HTTP_SERVER_H

#include "http/http.h"

/* 0 or NULL means the default in brackets. */
typedef struct th_server_config {
  const char *listen;       /* "HOST:PORT", "[::1]:8080", ":8080" = all addresses; port 0 = a free
                               one ["127.0.0.1:8080"] */
  unsigned threads;         /* [one a processor] */
  unsigned max_connections; /* open at once, all threads together [4000, fewer when the system
                               allows fewer files]; near it the longest idle ones are closed */
  unsigned max_url;         /* bytes of the request target [16384]: 414 */
  unsigned max_headers;     /* header fields of a request [64]: 431 */
  size_t max_body;          /* bytes of a request's body [64 KiB]: 413 */
  unsigned request_ms;      /* a whole request must be in this long after the connection was opened
                               or its last answer was taken [30000]: else it is closed */
  unsigned answer_ms;  /* an answer must be taken in this long [300000]; also the longest that a
                          request is put aside */
  unsigned block_ms;   /* of an answer made while it goes out, each block of at most 64 KiB must
                          be taken in this long [120000] */
  unsigned max_parked; /* requests that wait for something being worked out [max_connections/4]:
                          503 with Retry-After */
  unsigned stop_ms;    /* at the end, requests under way get this long [10000] */
  size_t arena_limit;  /* bytes a request may allocate [256 MiB] */
  size_t max_answer;   /* bytes of an answer's body [512 MiB] */
  bool access_log;     /* a line a request on standard error: method, path, status, bytes,
                          milliseconds; never the query string [off] */
} th_server_config;

typedef struct th_server th_server;

/* Starts listening and answering. The router must outlive the server. Errors: TH_EUSAGE for an
 * address that is none, TH_EIO (in use, not allowed, …), TH_ENOMEM. */
int th_server_start(th_server **out, const th_server_config *config, const th_router *router,
                    th_err *err) TH_MUST_USE;
/* "http://127.0.0.1:8080", with the port that was bound. Borrowed from the server. */
const char *th_server_url(const th_server *server);
unsigned th_server_port(const th_server *server);
/* Takes no further connections, lets requests under way end (at most stop_ms), closes all, frees.
 */
void th_server_stop(th_server *server);

typedef struct th_server_hooks {
  void (*ready)(void *ctx, const char *url); /* once, when requests are answered */
  void (*tick)(void *ctx);                   /* about every second; may be NULL */
  void *ctx;
} th_server_hooks;

/* Starts, calls ready, waits for SIGTERM or SIGINT, stops. For the main thread, before others are
 * started: it blocks these two signals for all threads (and gives the mask back). */
int th_server_run(const th_server_config *config, const th_router *router,
                  const th_server_hooks *hooks, th_err *err) TH_MUST_USE;

typedef struct th_server_counts {
  uint64_t connections, requests, errors; /* since the start; errors: answers of 500 and above */
  unsigned open;                          /* connections now */
  unsigned under_way;                     /* requests now */
} th_server_counts;
void th_server_count(const th_server *server, th_server_counts *out);

#endif
