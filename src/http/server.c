#define _GNU_SOURCE
#include "http/server.h"

#include "base/queue.h"
#include "http/conn.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A thread that answers, with connections of its own. */
typedef struct lane {
  th_server *server;
  struct MHD_Daemon *daemon;
  unsigned handed;   /* connections given to it, in all; the acceptor's */
  atomic_uint taken; /* those of them that it knows of, */
  atomic_uint open;  /* and that are open */
} lane;

struct th_server {
  th_server_config config; /* defaults filled in */
  const th_router *router;
  lane *lanes;         /* config.threads */
  int listening, stop; /* stop: an eventfd that ends the acceptor */
  pthread_t acceptor;
  bool has_acceptor;
  th_watch *watch;
  int arena_slot;
  unsigned port;
  char url[300];
  pthread_mutex_t parked_lock;
  th_conn *parked; /* requests that wait at a gate */
  unsigned n_parked;
  bool stopping; /* nobody is parked any more */
  atomic_uint under_way;
  atomic_ullong n_requests, n_errors;
  atomic_size_t large; /* bytes promised to bodies of paths with a limit of their own */
};

/* Arenas that grew beyond this in one request are given back to the system after it. */
#define ARENA_KEPT ((size_t)8 << 20)
/* Files besides connections: store, segments, listening, epoll. */
enum { FILES_KEPT = 256 };
/* Bytes of a stream asked for at once. */
enum { BLOCK = 64 << 10 };
/* When there is no place for a connection, or none can be taken, it is tried again so much later.
 */
enum { FULL_MS = 20, QUIET_MS = 1000 };

/* ---- the answer goes out ---- */

/* A stream on its way: what libmicrohttpd asks for the next bytes. */
typedef struct sender {
  th_server *server;
  th_conn *conn;
  th_stream_fn read;
  void *ctx;
  void (*drop)(void *ctx);
} sender;

static ssize_t sender_read(void *cls, uint64_t at, char *to, size_t max) {
  (void)at;
  sender *k = cls;
  ptrdiff_t n = k->read(k->ctx, to, max);
  atomic_store_explicit(&k->conn->deadline_ms, th_watch_now_ms() + k->server->config.block_ms,
                        memory_order_relaxed);
  if (n < 0) return MHD_CONTENT_READER_END_WITH_ERROR;
  return n ? n : MHD_CONTENT_READER_END_OF_STREAM;
}

static void sender_free(void *cls) {
  sender *k = cls;
  if (k->drop) k->drop(k->ctx);
  free(k);
}

static struct MHD_Response *make_stream(th_server *s, th_conn *conn, th_response *rs) {
  sender *k = malloc(sizeof *k);
  if (!k) return NULL;
  *k = (sender){s, conn, rs->stream, rs->stream_ctx, rs->stream_drop};
  struct MHD_Response *out =
      MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, sender_read, k, sender_free);
  if (!out)
    free(k);
  else
    rs->stream_drop = NULL;
  return out;
}

/* An answer that is overwritten when it has gone out. */
typedef struct secret_body {
  th_buf body;
} secret_body;

static void drop_secret(void *cls) {
  secret_body *b = cls;
  th_buf_dispose(&b->body);
  free(b);
}

static struct MHD_Response *make_secret(th_response *rs) {
  secret_body *b = malloc(sizeof *b);
  if (!b) return NULL;
  b->body = rs->body;
  struct MHD_Response *out =
      MHD_create_response_from_buffer_with_free_callback_cls(b->body.n, b->body.p, drop_secret, b);
  if (!out)
    free(b);
  else
    th_buf_init(&rs->body, 0);
  return out;
}

static struct MHD_Response *make_response(th_server *s, th_conn *conn, th_response *rs) {
  struct MHD_Response *out;
  if (rs->stream) {
    out = make_stream(s, conn, rs);
  } else if (rs->fixed.p && rs->release) {
    out = MHD_create_response_from_buffer_with_free_callback_cls(
        rs->fixed.n, (void *)(uintptr_t)rs->fixed.p, rs->release, rs->release_ctx);
    if (out) rs->release = NULL;
  } else if (rs->fixed.p) {
    out = MHD_create_response_from_buffer(rs->fixed.n, (void *)(uintptr_t)rs->fixed.p,
                                          MHD_RESPMEM_PERSISTENT);
  } else if (rs->body.p && rs->body.secret) {
    out = make_secret(rs);
  } else if (rs->body.p) {
    out = MHD_create_response_from_buffer(rs->body.n, rs->body.p, MHD_RESPMEM_MUST_FREE);
    if (out) th_buf_init(&rs->body, 0);
  } else {
    out = MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
  }
  return out;
}

static enum MHD_Result send_response(th_server *s, struct MHD_Connection *connection, th_conn *conn,
                                     th_response *rs) {
  struct MHD_Response *out = make_response(s, conn, rs);
  if (!out) return MHD_NO;
  bool ok = !rs->type || MHD_add_response_header(out, "Content-Type", rs->type) == MHD_YES;
  if (rs->cache) ok = ok && MHD_add_response_header(out, "Cache-Control", rs->cache) == MHD_YES;
  for (unsigned i = 0; i < rs->n_headers; i++)
    ok = ok && MHD_add_response_header(out, rs->headers[i].name, rs->headers[i].value) == MHD_YES;
  enum MHD_Result queued = ok ? MHD_queue_response(connection, rs->status, out) : MHD_NO;
  MHD_destroy_response(out);
  atomic_store_explicit(&conn->deadline_ms, th_watch_now_ms() + s->config.answer_ms,
                        memory_order_relaxed);
  if (rs->status >= 500) atomic_fetch_add_explicit(&s->n_errors, 1, memory_order_relaxed);
  return queued;
}

static void log_request(const th_request *rq, unsigned status, size_t bytes, int64_t begun_ms) {
  char line[1200];
  int n = snprintf(line, sizeof line, "%.*s %.*s %u %zu %lld ms\n", (int)TH_MIN(rq->method.n, 20),
                   rq->method.p, (int)TH_MIN(rq->path.n, 1000), rq->path.p ? rq->path.p : "",
                   status, bytes, (long long)(th_watch_now_ms() - begun_ms));
  if (n > 0) (void)!write(STDERR_FILENO, line, TH_MIN((size_t)n, sizeof line - 1));
}

/* ---- the request comes in ---- */

static th_span header_of(struct MHD_Connection *connection, const char *name) {
  return th_span_of(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name));
}

static void read_headers(th_request *rq, struct MHD_Connection *connection) {
  rq->host = header_of(connection, "Host");
  rq->accept = header_of(connection, "Accept");
  rq->accept_encoding = header_of(connection, "Accept-Encoding");
  rq->accept_language = header_of(connection, "Accept-Language");
  rq->content_type = header_of(connection, "Content-Type");
  rq->if_none_match = header_of(connection, "If-None-Match");
}

static void drop_arena(void *p) {
  th_arena_dispose(p);
  free(p);
}

static th_arena *arena_of(th_server *s, th_worker *worker) {
  th_arena *arena = th_worker_get(worker, s->arena_slot);
  if (arena || !worker) return arena;
  arena = calloc(1, sizeof *arena);
  if (!arena) return NULL;
  th_arena_init(arena, s->config.arena_limit);
  th_worker_put(worker, s->arena_slot, arena);
  return arena;
}

static void reset_arena(th_arena *arena, bool secret) {
  if (secret) th_arena_reset(arena, true);
  if (arena->used > ARENA_KEPT || secret)
    th_arena_dispose(arena);
  else
    th_arena_reset(arena, false);
}

/* ---- requests that wait at a gate ---- */

static void unpark(th_server *s, th_conn *conn) {
  if (!conn->parked) return;
  pthread_mutex_lock(&s->parked_lock);
  if (conn->parked_prev) conn->parked_prev->parked_next = conn->parked_next;
  if (conn->parked_next) conn->parked_next->parked_prev = conn->parked_prev;
  if (s->parked == conn) s->parked = conn->parked_next;
  conn->parked_prev = conn->parked_next = NULL;
  conn->parked = false;
  s->n_parked--;
  pthread_mutex_unlock(&s->parked_lock);
}

/* Under the gate's lock. The connection's thread asks its handler again and takes it off the list.
 */
static void wake(void *ctx) {
  th_conn *conn = ctx;
  MHD_resume_connection(conn->connection);
}

/* Puts the connection aside until the gate opens. False when there is no place for it. */
static bool park(th_server *s, struct MHD_Connection *connection, th_conn *conn,
                 const th_response *rs) {
  pthread_mutex_lock(&s->parked_lock);
  bool room = !s->stopping && s->n_parked < s->config.max_parked;
  if (room) {
    conn->parked = true;
    conn->parked_prev = NULL;
    conn->parked_next = s->parked;
    if (s->parked) s->parked->parked_prev = conn;
    s->parked = conn;
    s->n_parked++;
    conn->connection = connection;
    conn->gate = rs->gate;
    conn->waiter = (th_gate_waiter){.wake = wake, .ctx = conn};
    atomic_store_explicit(&conn->deadline_ms, th_watch_now_ms() + s->config.answer_ms,
                          memory_order_relaxed);
    MHD_suspend_connection(connection);
    if (!th_gate_wait(rs->gate, rs->gate_count, &conn->waiter)) MHD_resume_connection(connection);
  }
  pthread_mutex_unlock(&s->parked_lock);
  return room;
}

/* All who wait go on, and are refused: libmicrohttpd must not be stopped while some wait. */
static void unpark_all(th_server *s) {
  pthread_mutex_lock(&s->parked_lock);
  s->stopping = true;
  for (th_conn *c = s->parked; c; c = c->parked_next)
    if (th_gate_cancel(c->gate, &c->waiter)) MHD_resume_connection(c->connection);
  pthread_mutex_unlock(&s->parked_lock);
}

static enum MHD_Result answer(th_server *s, struct MHD_Connection *connection, th_conn *conn,
                              const char *method) {
  th_worker *worker = th_worker_current();
  th_arena *arena = arena_of(s, worker);
  if (!arena) return MHD_NO;
  th_request rq = {.worker = worker, .body = th_buf_view(&conn->body)};
  th_response rs;
  th_err err = {0};
  unpark(s, conn);
  th_response_init(&rs, s->config.max_answer);
  read_headers(&rq, connection);
  int rc = th_request_parse(&rq, th_span_of(method), th_buf_view(&conn->target), arena, &err);
  if (rc) {
    th_response_text(&rs, th_response_status_of(rc), "%s", err.message);
  } else {
    rc = th_router_dispatch(s->router, &rq, &rs, &err);
    if (!rc && rs.gate) {
      if (park(s, connection, conn, &rs)) {
        th_response_dispose(&rs);
        reset_arena(arena, rs.secret || conn->body.secret);
        return MHD_YES;
      }
      th_response_text(&rs, 503, "Too many requests wait for this; try again later");
      th_response_header(&rs, "Retry-After", "5");
    }
    if (!rc) rc = th_response_finish(&rs, &rq, &err);
    if (rc && rs.status < 500) th_response_text(&rs, 500, "The request could not be answered");
    if (rc) fprintf(stderr, "%s: %s\n", rq.path.p, err.message);
  }
  if (s->config.access_log) log_request(&rq, rs.status, th_response_body(&rs).n, conn->begun_ms);
  enum MHD_Result sent = send_response(s, connection, conn, &rs);
  th_response_dispose(&rs);
  reset_arena(arena, rs.secret || conn->body.secret);
  return sent;
}

static enum MHD_Result refuse(th_server *s, struct MHD_Connection *connection, th_conn *conn,
                              unsigned status, const char *why) {
  th_response rs;
  th_response_init(&rs, 0);
  th_response_text(&rs, status, "%s", why);
  th_response_header(&rs, "Connection", "close");
  enum MHD_Result sent = send_response(s, connection, conn, &rs);
  th_response_dispose(&rs);
  return sent;
}

/* Paths with a limit of their own: the body is secret, and has room only when there is some. False
 * when there is none. */
static bool reserve(th_server *s, th_conn *conn, size_t max, th_span length, bool chunked) {
  size_t wanted = length.n ? strtoull(length.p, NULL, 10) : chunked ? max : 0;
  wanted = TH_MIN(wanted, max);
  if (atomic_fetch_add(&s->large, wanted) + wanted > TH_ROUTE_BODIES_MAX) {
    atomic_fetch_sub(&s->large, wanted);
    return false;
  }
  conn->reserved = wanted;
  th_buf_dispose(&conn->body);
  th_buf_init(&conn->body, max);
  conn->body.secret = true;
  if (length.n && wanted) (void)th_buf_room(&conn->body, wanted);
  return true;
}

/* A request whose header is complete: what it must not exceed. */
static enum MHD_Result begin(th_server *s, struct MHD_Connection *connection, th_conn *conn) {
  conn->seen = true;
  conn->begun_ms = th_watch_now_ms();
  atomic_fetch_add(&s->under_way, 1);
  atomic_fetch_add_explicit(&s->n_requests, 1, memory_order_relaxed);
  int n = MHD_get_connection_values(connection, MHD_HEADER_KIND, NULL, NULL);
  if (conn->target.error) return refuse(s, connection, conn, 414, "The request target is too long");
  if (n > (int)s->config.max_headers)
    return refuse(s, connection, conn, 431, "The request has too many header fields");
  th_span length = header_of(connection, "Content-Length");
  size_t own = th_router_max_body(s->router, th_buf_view(&conn->target));
  if (length.n && strtoull(length.p, NULL, 10) > (own ? own : s->config.max_body))
    return refuse(s, connection, conn, 413, "The request's body is too long");
  if (own && !reserve(s, conn, own, length, header_of(connection, "Transfer-Encoding").n))
    return refuse(s, connection, conn, 503, "Too many long requests at once; try again later");
  return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_len, void **request) {
  (void)url, (void)version;
  th_server *s = cls;
  th_conn *conn = *request;
  if (!conn) return MHD_NO;
  if (!conn->seen) return begin(s, connection, conn);
  if (*data_len) {
    th_buf_put(&conn->body, data, *data_len);
    *data_len = 0;
    return MHD_YES;
  }
  atomic_store_explicit(&conn->waiting, false, memory_order_relaxed);
  if (conn->body.error) return refuse(s, connection, conn, 413, "The request's body is too long");
  return answer(s, connection, conn, method);
}

static th_conn *conn_of(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? info->socket_context : NULL;
}

/* The request line is in; what it returns is the request's `conn` above. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *connection) {
  (void)cls;
  th_conn *conn = conn_of(connection);
  if (!conn) return NULL;
  th_buf_clear(&conn->target);
  th_buf_clear(&conn->body);
  conn->seen = false;
  th_buf_str(&conn->target, target);
  return conn;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode why) {
  (void)connection, (void)why;
  th_server *s = cls;
  th_conn *conn = *request;
  if (!conn || !conn->seen) return;
  unpark(s, conn);
  conn->seen = false;
  th_buf_dispose(&conn->body);
  th_buf_init(&conn->body, s->config.max_body);
  atomic_fetch_sub(&s->large, conn->reserved);
  conn->reserved = 0;
  atomic_store_explicit(&conn->deadline_ms, th_watch_now_ms() + s->config.request_ms,
                        memory_order_relaxed);
  atomic_store_explicit(&conn->waiting, true, memory_order_relaxed);
  atomic_fetch_sub(&s->under_way, 1);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what) {
  lane *own = cls;
  th_server *s = own->server;
  if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
    atomic_fetch_sub(&own->open, 1);
    th_watch_close(s->watch, *context);
    *context = NULL;
    return;
  }
  atomic_fetch_add(&own->open, 1);
  atomic_fetch_add(&own->taken, 1);
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  if (!info) return;
  *context = th_watch_open(s->watch, info->connect_fd, th_watch_now_ms() + s->config.request_ms,
                           s->config.max_url, s->config.max_body);
}

/* We decode escapes ourselves, from the target as it was sent. */
static size_t on_unescape(void *cls, struct MHD_Connection *connection, char *text) {
  (void)cls, (void)connection;
  return strlen(text);
}

/* ---- start and stop ---- */

static void fill_defaults(th_server_config *c) {
  struct rlimit files;
  if (!c->listen) c->listen = "127.0.0.1:8080";
  if (!c->threads) c->threads = th_cpu_count();
  if (!c->max_connections) c->max_connections = 4000;
  if (!c->max_url) c->max_url = 16384;
  if (!c->max_headers) c->max_headers = 64;
  if (!c->max_body) c->max_body = 64 << 10;
  if (!c->request_ms) c->request_ms = 30000;
  if (!c->answer_ms) c->answer_ms = 300000;
  if (!c->block_ms) c->block_ms = 120000;
  if (!c->stop_ms) c->stop_ms = 10000;
  if (!c->arena_limit) c->arena_limit = (size_t)256 << 20;
  if (!c->max_answer) c->max_answer = (size_t)512 << 20;
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  if (files.rlim_cur < files.rlim_max && files.rlim_cur < c->max_connections + FILES_KEPT) {
    files.rlim_cur = TH_MIN(files.rlim_max, (rlim_t)c->max_connections + FILES_KEPT);
    if (setrlimit(RLIMIT_NOFILE, &files) != 0 || getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  }
  if (files.rlim_cur < c->max_connections + FILES_KEPT)
    c->max_connections = files.rlim_cur > FILES_KEPT * 2 ? (unsigned)files.rlim_cur - FILES_KEPT
                                                         : (unsigned)files.rlim_cur / 2;
}

static struct MHD_Daemon *start_daemon(th_server *s, lane *own) {
  const th_server_config *c = &s->config;
  /* Half of a connection's memory may hold what was read: twice the target and room for headers. */
  size_t memory = (size_t)c->max_url * 2 + (16 << 10);
  unsigned seconds = (TH_MAX(TH_MAX(c->request_ms, c->answer_ms), c->block_ms) + 999) / 1000 + 1;
  unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET |
                   MHD_ALLOW_SUSPEND_RESUME;
  return MHD_start_daemon(flags, 0, NULL, NULL, on_request, s, MHD_OPTION_CONNECTION_LIMIT,
                          c->max_connections, MHD_OPTION_CONNECTION_TIMEOUT, seconds,
                          MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory, MHD_OPTION_URI_LOG_CALLBACK,
                          on_target, s, MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, s,
                          MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
                          MHD_OPTION_NOTIFY_CONNECTION, on_connection, own, MHD_OPTION_END);
}

/* ---- connections come in ---- */

/* Connections of a lane, with those on their way to it. Those that it failed to take are among them
 * until things are quiet (forget_failed). */
static unsigned load_of(const lane *l) {
  return l->handed - atomic_load(&l->taken) + atomic_load(&l->open);
}

static void forget_failed(th_server *s) {
  for (unsigned i = 0; i < s->config.threads; i++)
    s->lanes[i].handed = atomic_load(&s->lanes[i].taken);
}

/* The lane with fewest connections, of several the next by turns; NULL when all are full. */
static lane *choose_lane(th_server *s, unsigned *turn) {
  unsigned n = s->config.threads, best = *turn % n, all = 0;
  for (unsigned i = 0; i < n; i++) {
    unsigned at = (*turn + i) % n;
    all += load_of(&s->lanes[at]);
    if (load_of(&s->lanes[at]) < load_of(&s->lanes[best])) best = at;
  }
  if (all >= s->config.max_connections) return NULL;
  *turn = best + 1;
  return &s->lanes[best];
}

/* False when it is to be tried again later. */
static bool take_connection(th_server *s, unsigned *turn) {
  struct sockaddr_storage from;
  socklen_t len = sizeof from;
  lane *to = choose_lane(s, turn);
  if (!to) return false;
  int fd = accept4(s->listening, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
  to->handed++;
  /* What cannot be taken is closed there. */
  (void)MHD_add_connection(to->daemon, fd, (struct sockaddr *)&from, len);
  return true;
}

static void *accept_all(void *arg) {
  th_server *s = arg;
  struct pollfd wanted[2] = {{.fd = s->stop, .events = POLLIN},
                             {.fd = s->listening, .events = POLLIN}};
  unsigned turn = 0;
  for (bool full = false;;) {
    int n = poll(wanted, full ? 1 : 2, full ? FULL_MS : QUIET_MS);
    if (n < 0 && errno != EINTR) break;
    if (n > 0 && wanted[0].revents) break;
    if (n == 0 && !full) forget_failed(s);
    full = (full || (n > 0 && wanted[1].revents)) && !take_connection(s, &turn);
  }
  return NULL;
}

static void stop_accepting(th_server *s) {
  uint64_t one = 1;
  if (s->has_acceptor) {
    (void)!write(s->stop, &one, sizeof one);
    pthread_join(s->acceptor, NULL);
  }
  if (s->listening >= 0) close(s->listening);
  if (s->stop >= 0) close(s->stop);
  s->has_acceptor = false;
  s->listening = s->stop = -1;
}

static int start_threads(th_server *s, th_err *err) {
  s->lanes = calloc(s->config.threads, sizeof *s->lanes);
  if (!s->lanes) return th_err_set(err, TH_ENOMEM, "no memory for the server");
  for (unsigned i = 0; i < s->config.threads; i++) {
    s->lanes[i].server = s;
    s->lanes[i].daemon = start_daemon(s, &s->lanes[i]);
    if (!s->lanes[i].daemon) return th_err_sys(err, "cannot start the server");
  }
  s->stop = eventfd(0, EFD_CLOEXEC);
  if (s->stop < 0) return th_err_sys(err, "cannot start the server");
  s->has_acceptor = pthread_create(&s->acceptor, NULL, accept_all, s) == 0;
  return s->has_acceptor ? TH_OK : th_err_set(err, TH_EIO, "cannot start a thread");
}

static void free_server(th_server *s) {
  stop_accepting(s);
  for (unsigned i = 0; s->lanes && i < s->config.threads; i++)
    if (s->lanes[i].daemon) MHD_stop_daemon(s->lanes[i].daemon);
  free(s->lanes);
  th_watch_stop(s->watch);
  pthread_mutex_destroy(&s->parked_lock);
  free(s);
}

static int take_arena_slot(void) {
  static int slot = -1;
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&lock);
  if (slot < 0) slot = th_worker_slot(drop_arena);
  pthread_mutex_unlock(&lock);
  return slot;
}

int th_server_start(th_server **out, const th_server_config *config, const th_router *router,
                    th_err *err) {
  int rc = TH_ENOMEM;
  th_server *s = calloc(1, sizeof *s);
  if (!s) return th_err_set(err, rc, "no memory for the server");
  if (config) s->config = *config;
  fill_defaults(&s->config);
  if (!s->config.max_parked) s->config.max_parked = s->config.max_connections / 4 + 1;
  pthread_mutex_init(&s->parked_lock, NULL);
  s->router = router;
  s->arena_slot = take_arena_slot();
  s->listening = s->stop = -1;
  rc = th_listen(&s->listening, s->config.listen, s->url, &s->port, err);
  if (rc) goto done;
  s->watch = th_watch_start(s->config.max_connections, err);
  rc = s->watch ? TH_OK : TH_ENOMEM;
  if (rc) goto done;
  rc = start_threads(s, err);
done:
  if (rc) {
    free_server(s);
    s = NULL;
  }
  *out = s;
  return rc;
}

const char *th_server_url(const th_server *s) {
  return s->url;
}
unsigned th_server_port(const th_server *s) {
  return s->port;
}

void th_server_stop(th_server *s) {
  if (!s) return;
  stop_accepting(s);
  unpark_all(s);
  int64_t until = th_watch_now_ms() + s->config.stop_ms;
  while (atomic_load(&s->under_way) > 0 && th_watch_now_ms() < until)
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
  free_server(s);
}

void th_server_count(const th_server *s, th_server_counts *out) {
  *out = (th_server_counts){.connections = th_watch_total(s->watch),
                            .requests = atomic_load(&s->n_requests),
                            .errors = atomic_load(&s->n_errors),
                            .open = th_watch_count(s->watch),
                            .under_way = atomic_load(&s->under_way)};
}

int th_server_run(const th_server_config *config, const th_router *router,
                  const th_server_hooks *hooks, th_err *err) {
  sigset_t ends, before;
  th_server *s = NULL;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, &before);
  int rc = th_server_start(&s, config, router, err);
  if (rc) goto done;
  if (hooks && hooks->ready) hooks->ready(hooks->ctx, th_server_url(s));
  struct timespec second = {.tv_sec = 1};
  while (sigtimedwait(&ends, NULL, &second) < 0)
    if (hooks && hooks->tick) hooks->tick(hooks->ctx);
  th_server_stop(s);
done:
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return rc;
}
