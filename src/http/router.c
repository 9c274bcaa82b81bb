#include "http/http.h"

/* A pattern is compared segment by segment; those in braces take any. */
typedef struct route {
  th_span method, pattern;
  bool open; /* has a segment in braces */
  th_handler_fn fn;
  void *ctx;
} route;

typedef struct prefix_fn {
  th_span prefix;
  th_handler_fn fallback;
  th_hook_fn hook;
  void *ctx;
} prefix_fn;

typedef struct large {
  th_span path;
  size_t max;
} large;

struct th_router {
  route *routes;
  prefix_fn *prefixes; /* hooks and fallbacks */
  large *large;        /* paths whose bodies have a limit of their own */
  size_t n_routes, n_prefixes, n_large;
};

th_router *th_router_new(void) {
  return calloc(1, sizeof(th_router));
}

void th_router_free(th_router *router) {
  if (!router) return;
  free(router->routes);
  free(router->prefixes);
  free(router->large);
  free(router);
}

/* The segment of a path that begins at byte `at`, behind its slash. */
static th_span segment_at(th_span path, size_t at) {
  const char *slash = memchr(path.p + at, '/', path.n - at);
  return (th_span){path.p + at, slash ? (size_t)(slash - path.p) - at : path.n - at};
}

static bool is_open(th_span segment) {
  return segment.n > 2 && segment.p[0] == '{' && segment.p[segment.n - 1] == '}';
}

static bool read_pattern(route *r, const char *pattern) {
  unsigned open = 0;
  r->pattern = th_span_of(pattern);
  if (r->pattern.n == 0 || pattern[0] != '/') return false;
  for (size_t at = 1; at <= r->pattern.n;) {
    th_span segment = segment_at(r->pattern, at);
    if (is_open(segment))
      open++;
    else if (memchr(segment.p, '{', segment.n) || memchr(segment.p, '}', segment.n))
      return false;
    at += segment.n + 1;
  }
  r->open = open > 0;
  return open <= TH_REQUEST_SEGMENTS;
}

int th_router_add(th_router *router, const char *method, const char *pattern, th_handler_fn fn,
                  void *ctx, th_err *err) {
  route r = {.method = th_span_of(method), .fn = fn, .ctx = ctx};
  if (!read_pattern(&r, pattern)) return th_err_set(err, TH_EUSAGE, "not a route: %s", pattern);
  route *grown = realloc(router->routes, (router->n_routes + 1) * sizeof *grown);
  if (!grown) return th_err_set(err, TH_ENOMEM, "no memory for a route");
  router->routes = grown;
  router->routes[router->n_routes++] = r;
  return TH_OK;
}

static int add_prefix(th_router *router, prefix_fn p, th_err *err) {
  prefix_fn *grown = realloc(router->prefixes, (router->n_prefixes + 1) * sizeof *grown);
  if (!grown) return th_err_set(err, TH_ENOMEM, "no memory for a route");
  router->prefixes = grown;
  router->prefixes[router->n_prefixes++] = p;
  return TH_OK;
}

int th_router_hook(th_router *router, const char *prefix, th_hook_fn fn, void *ctx, th_err *err) {
  return add_prefix(router, (prefix_fn){.prefix = th_span_of(prefix), .hook = fn, .ctx = ctx}, err);
}

int th_router_fallback(th_router *router, const char *prefix, th_handler_fn fn, void *ctx,
                       th_err *err) {
  return add_prefix(router, (prefix_fn){.prefix = th_span_of(prefix), .fallback = fn, .ctx = ctx},
                    err);
}

int th_router_body(th_router *router, const char *path, size_t max_body, th_err *err) {
  large *grown = realloc(router->large, (router->n_large + 1) * sizeof *grown);
  if (!grown) return th_err_set(err, TH_ENOMEM, "no memory for a route");
  router->large = grown;
  router->large[router->n_large++] = (large){th_span_of(path), max_body};
  return TH_OK;
}

size_t th_router_max_body(const th_router *router, th_span target) {
  const char *query = target.n ? memchr(target.p, '?', target.n) : NULL;
  if (query) target.n = (size_t)(query - target.p);
  for (size_t i = 0; i < router->n_large; i++)
    if (th_span_eq(router->large[i].path, target)) return router->large[i].max;
  return 0;
}

/* segments: TH_REQUEST_SEGMENTS of them, those that braces stand for are filled in. */
static bool route_matches(const route *r, th_span path, th_span *segments) {
  if (!r->open) return th_span_eq(r->pattern, path);
  if (path.n == 0 || path.p[0] != '/') return false;
  size_t at = 1, i = 1;
  while (i <= r->pattern.n && at <= path.n) {
    th_span wanted = segment_at(r->pattern, i), is = segment_at(path, at);
    if (is_open(wanted)) {
      if (is.n == 0) return false;
      *segments++ = is;
    } else if (!th_span_eq(wanted, is)) {
      return false;
    }
    i += wanted.n + 1;
    at += is.n + 1;
  }
  return i > r->pattern.n && at > path.n;
}

/* The best route of the method: exact before pattern. *any: some method has this path. */
static const route *find_route(const th_router *router, const th_request *rq, th_span *segments,
                               bool *any) {
  const route *found = NULL;
  *any = false;
  for (size_t i = 0; i < router->n_routes; i++) {
    const route *r = &router->routes[i];
    th_span inside[TH_REQUEST_SEGMENTS] = {0};
    if (!route_matches(r, rq->path, inside)) continue;
    *any = true;
    if (!th_span_eq(r->method, rq->method) || (found && r->open)) continue;
    found = r;
    memcpy(segments, inside, sizeof inside);
    if (!r->open) break;
  }
  return found;
}

/* "GET, HEAD, POST, OPTIONS": the methods of the path. In the request's arena. */
static const char *allowed_methods(const th_router *router, const th_request *rq) {
  const char *list = "";
  th_span segments[TH_REQUEST_SEGMENTS];
  for (size_t i = 0; list && i < router->n_routes; i++) {
    const route *r = &router->routes[i];
    if (!route_matches(r, rq->path, segments)) continue;
    if (th_span_find(th_span_of(list), r->method) >= 0) continue;
    const char *head = th_span_eq(r->method, TH_SPAN("GET")) ? "HEAD, " : "";
    list = th_arena_printf(rq->arena, "%s%s, %s", list, r->method.p, head);
  }
  return list ? th_arena_printf(rq->arena, "%sOPTIONS", list) : NULL;
}

static int answer_method(const th_router *router, const th_request *rq, th_response *rs,
                         th_err *err) {
  const char *allow = allowed_methods(router, rq);
  if (!allow) return th_err_set(err, TH_ENOMEM, "no memory for an answer");
  if (th_span_eq(rq->method, TH_SPAN("OPTIONS"))) {
    rs->status = 204;
  } else {
    th_response_text(rs, 405, "The method %s is not allowed here", rq->method.p);
  }
  th_response_header(rs, "Allow", allow);
  return TH_OK;
}

static int answer_missing(const th_router *router, th_request *rq, th_response *rs, th_err *err) {
  const prefix_fn *best = NULL;
  for (size_t i = 0; i < router->n_prefixes; i++) {
    const prefix_fn *p = &router->prefixes[i];
    if (p->fallback && th_span_starts(rq->path, p->prefix) &&
        (!best || p->prefix.n > best->prefix.n))
      best = p;
  }
  if (best) return best->fallback(best->ctx, rq, rs, err);
  th_response_text(rs, 404, "There is nothing here");
  return TH_OK;
}

static void answer_failure(th_response *rs, int rc, const th_err *err) {
  unsigned status = th_response_status_of(rc);
  bool ours = status == 500;
  th_response_text(rs, status, "%s",
                   ours || !err->message[0] ? "The request could not be answered" : err->message);
}

int th_router_dispatch(const th_router *router, th_request *rq, th_response *rs, th_err *err) {
  bool any;
  th_err own = {0};
  int rc;
  th_span segments[TH_REQUEST_SEGMENTS] = {0};
  const route *r = find_route(router, rq, segments, &any);
  if (r) {
    rq->segment = th_arena_dup(rq->arena, segments[0]);
    rq->segment2 = th_arena_dup(rq->arena, segments[1]);
    rc = rq->segment.p && rq->segment2.p ? r->fn(r->ctx, rq, rs, &own)
                                         : th_err_set(&own, TH_ENOMEM, "no memory");
  } else if (any) {
    rc = answer_method(router, rq, rs, &own);
  } else {
    rc = answer_missing(router, rq, rs, &own);
  }
  if (rc == TH_OK && rs->body.error)
    rc = th_err_set(&own, rs->body.error, "The answer is too large");
  if (rc) answer_failure(rs, rc, &own);
  for (size_t i = 0; i < router->n_prefixes; i++) {
    const prefix_fn *p = &router->prefixes[i];
    if (p->hook && th_span_starts(rq->path, p->prefix)) p->hook(p->ctx, rq, rs);
  }
  if (rc && th_response_status_of(rc) == 500) return th_err_set(err, rc, "%s", own.message);
  return TH_OK;
}
