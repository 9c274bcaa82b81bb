/* Routing, checking and refusing, driven by the table of endpoints (table.c). */
#include "criteria/accepts.h"
#include "native/internal.h"
#include "query/params.h"

#include <stdarg.h>
#include <stdio.h>

/* Of the answers to facets. */
#define ANSWERS_BYTES ((size_t)8 << 20)

typedef struct th_binding {
  th_native *native;
  const th_endpoint *endpoint;
  char path[64];
} binding;

/* ---- faults ---- */

int th_call_refuse(th_call *call, const char *code, const char *parameter, th_err *err,
                   const char *fmt, ...) {
  char text[600];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  call->code = code;
  call->parameter = parameter;
  return th_err_set(err, TH_EUSAGE, "%s", text);
}

static const char *code_of(unsigned status) {
  switch (status) {
  case 400:
    return "invalid_request";
  case 404:
    return "not_found";
  case 405:
    return "method_not_allowed";
  case 413:
    return "too_large";
  case 414:
    return "target_too_long";
  case 503:
    return "busy";
  default:
    return "internal";
  }
}

static void put_fault(th_response *rs, unsigned status, const char *code, const char *parameter,
                      const th_err *err, th_span message) {
  th_jout w;
  th_buf body;
  th_buf_init(&body, 0);
  body.secret = rs->secret;
  th_jout_init(&w, &body, false);
  th_jout_object(&w);
  th_jout_key(&w, "error");
  th_jout_object(&w);
  th_jout_kv_str(&w, "code", code ? code : code_of(status));
  th_jout_kv_text(&w, "message", message);
  th_jout_kv_str(&w, "parameter", parameter);
  th_jout_key(&w, "position");
  if (err && err->has_offset)
    th_jout_i64(&w, err->offset);
  else
    th_jout_null(&w);
  th_jout_end_object(&w);
  th_jout_end_object(&w);
  th_response_text(rs, status, "%s", "");
  th_buf_span(&rs->body, th_buf_view(&body));
  rs->type = "application/json";
  th_buf_dispose(&body);
}

static void answer_fault(th_call *call, int rc, const th_err *err) {
  unsigned status = th_response_status_of(rc);
  if (status == 500) fprintf(stderr, "%s: %s\n", call->rq->path.p, err->message);
  th_span message =
      status == 500 ? TH_SPAN("The request could not be answered") : th_span_of(err->message);
  const char *code = call->code;
  if (!code && status == 400) code = rc == TH_EINPUT ? "invalid_body" : "invalid_parameter";
  put_fault(call->rs, status, code, call->parameter, err, message);
}

/* ---- parameters ---- */

const th_arg *th_call_arg(const th_call *call, const char *name) {
  for (unsigned i = 0; i < call->endpoint->n_args; i++)
    if (strcmp(call->endpoint->args[i].name, name) == 0) return &call->endpoint->args[i];
  return NULL;
}

static const th_arg *find_arg(const th_endpoint *e, th_span name) {
  for (unsigned i = 0; i < e->n_args; i++)
    if (th_span_eq(th_span_of(e->args[i].name), name)) return &e->args[i];
  for (unsigned i = 0; e->search && i < th_n_search_args; i++)
    if (th_span_eq(th_span_of(th_search_args[i].name), name)) return &th_search_args[i];
  if (e->order && th_span_eq(th_span_of(th_order_arg.name), name)) return &th_order_arg;
  return NULL;
}

static bool read_number(th_span text, uint64_t max, uint64_t *out) {
  *out = 0;
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] < '0' || text.p[i] > '9') return false;
    if (__builtin_mul_overflow(*out, 10, out) ||
        __builtin_add_overflow(*out, (uint64_t)(text.p[i] - '0'), out) || *out > max)
      return false;
  }
  return text.n > 0;
}

/* Place of a word in a list separated by blanks; -1 when it is not there. */
static int place_of(const char *list, th_span word) {
  int place = 0;
  while (*list) {
    size_t n = strcspn(list, " ");
    if (th_span_eq((th_span){list, n}, word)) return place;
    list += n + (list[n] == ' ');
    place++;
  }
  return -1;
}

static int check_value(th_call *call, const th_arg *arg, th_span value, th_err *err) {
  uint64_t number;
  if (arg->kind == TH_ARG_INT && (!read_number(value, arg->max, &number) || number < arg->min))
    return th_call_refuse(call, NULL, arg->name, err,
                          "`%s` must be a whole number from %llu to %llu", arg->name,
                          (unsigned long long)arg->min, (unsigned long long)arg->max);
  if (arg->kind == TH_ARG_CHOICE && place_of(arg->choices, value) < 0)
    return th_call_refuse(call, NULL, arg->name, err, "`%s` must be one of: %s", arg->name,
                          arg->choices);
  if (!th_utf8_valid(value))
    return th_call_refuse(call, NULL, arg->name, err, "`%s` is not UTF-8", arg->name);
  return TH_OK;
}

static int check_args(th_call *call, th_err *err) {
  const th_request *rq = call->rq;
  for (unsigned i = 0; i < rq->n_params; i++) {
    th_span name = rq->params[i].name;
    const th_arg *arg = find_arg(call->endpoint, name);
    if (!arg) {
      const char *shown = th_arena_printf(rq->arena, "%.*s", (int)TH_MIN(name.n, 100), name.p);
      return th_call_refuse(call, "unknown_parameter", shown, err,
                            "There is no parameter `%.*s` here", (int)TH_MIN(name.n, 100), name.p);
    }
    bool many = arg->kind == TH_ARG_LIST || arg->kind == TH_ARG_SEARCH_LIST;
    for (unsigned k = 0; !many && k < i; k++)
      if (th_span_eq(rq->params[k].name, name))
        return th_call_refuse(call, "duplicate_parameter", arg->name, err,
                              "`%s` is given more than once", arg->name);
    int rc = check_value(call, arg, rq->params[i].value, err);
    if (rc) return rc;
  }
  for (unsigned i = 0; i < call->endpoint->n_args; i++) {
    const th_arg *arg = &call->endpoint->args[i];
    if (arg->required && !th_request_param(rq, arg->name))
      return th_call_refuse(call, "missing_parameter", arg->name, err, "`%s` is missing",
                            arg->name);
  }
  return TH_OK;
}

th_span th_call_text(const th_call *call, const char *name) {
  return th_request_value(call->rq, name);
}

uint64_t th_call_number(const th_call *call, const char *name) {
  const th_arg *arg = th_call_arg(call, name);
  uint64_t number = arg->fallback;
  th_span value = th_request_value(call->rq, name);
  if (value.n && !read_number(value, arg->max, &number)) number = arg->fallback;
  return number;
}

unsigned th_call_choice(const th_call *call, const char *name) {
  const th_arg *arg = th_call_arg(call, name);
  int place = place_of(arg->choices, th_request_value(call->rq, name));
  return place < 0 ? (unsigned)arg->fallback : (unsigned)place;
}

th_span th_call_list(const th_call *call, const char *name) {
  const th_request *rq = call->rq;
  th_span all = {0};
  for (unsigned i = 0; i < rq->n_params; i++) {
    th_span value = rq->params[i].value;
    if (!th_span_eq(rq->params[i].name, th_span_of(name))) continue;
    char *joined = all.p ? th_arena_printf(rq->arena, "%s,%s", all.p, value.p) : NULL;
    all = joined ? th_span_of(joined) : value;
  }
  return all;
}

/* ---- the search in a request ---- */

static bool is_search_param(const th_call *call, th_span name) {
  const th_arg *arg = find_arg(call->endpoint, name);
  return arg && (arg->kind == TH_ARG_SEARCH || arg->kind == TH_ARG_SEARCH_LIST);
}

/* Which parameter is it? The first that is refused on its own too. */
static void find_fault(th_call *call, const th_request *search, th_err *err) {
  th_ask *ask = th_arena_alloc(search->arena, sizeof *ask);
  for (unsigned i = 0; ask && i < search->n_params; i++) {
    th_err own = {0};
    th_request one = *search;
    one.params = &search->params[i];
    one.n_params = 1;
    if (th_ask_read(ask, call->native->api, &one, &own) == TH_OK) continue;
    call->parameter = find_arg(call->endpoint, search->params[i].name)->name;
    if (own.has_offset && !err->has_offset) th_err_at(err, own.offset, 0);
    return;
  }
}

/* A place by name, which the registry's own parameters do not know. */
static int read_near(th_call *call, th_ask *out, th_err *err) {
  th_arena *arena = call->rq->arena;
  th_span near = th_span_trim(th_request_value(call->rq, "near"));
  th_span within = th_span_trim(th_request_value(call->rq, "within"));
  th_query *parts[2] = {(th_query *)(uintptr_t)out->search.filter, NULL};
  if (!near.n && !within.n) return TH_OK;
  call->parameter = near.n ? "near" : "within";
  if (!near.n) return th_err_set(err, TH_EUSAGE, "within goes with near");
  near = th_near_within(arena, near, within);
  if (!near.n) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = th_filter_parse(&parts[1], arena, TH_SPAN("near"), near, err);
  if (rc) return rc;
  out->search.filter = th_query_and(arena, parts, 2);
  if (!out->search.filter) return th_err_set(err, TH_ENOMEM, "out of memory");
  call->parameter = NULL;
  return TH_OK;
}

/* Our own filter beside the registry's: each value of `accepts` leaves out studies. */
static int add_accepts(th_call *call, th_ask *ask, th_err *err) {
  const th_request *rq = call->rq;
  for (unsigned i = 0; i < rq->n_params; i++) {
    th_query *parts[2] = {(th_query *)(uintptr_t)ask->search.filter, NULL};
    if (!th_span_eq(rq->params[i].name, TH_SPAN("accepts"))) continue;
    int rc = th_criteria_accepts_pair(&parts[1], rq->arena, rq->params[i].value, err);
    if (rc) {
      if (rc == TH_EUSAGE) call->parameter = "accepts";
      return rc;
    }
    ask->search.filter = th_query_and(rq->arena, parts, 2);
    if (!ask->search.filter) return th_err_set(err, TH_ENOMEM, "out of memory");
  }
  return TH_OK;
}

int th_call_ask(th_call *call, th_ask *out, th_err *err) {
  const th_request *rq = call->rq;
  th_request search = *rq;
  th_param *params = th_arena_calloc(rq->arena, rq->n_params + 1, sizeof *params);
  if (!params) return th_err_set(err, TH_ENOMEM, "out of memory");
  search.params = params;
  search.n_params = 0;
  for (unsigned i = 0; i < rq->n_params; i++)
    if (is_search_param(call, rq->params[i].name)) params[search.n_params++] = rq->params[i];
  int rc = th_ask_read(out, call->native->api, &search, err);
  if (rc && rc != TH_ENOMEM) find_fault(call, &search, err);
  if (!rc) rc = read_near(call, out, err);
  return rc ? rc : add_accepts(call, out, err);
}

bool th_call_holds(th_call *call, uint64_t state, uint64_t generation) {
  call->rs->etag = th_arena_printf(call->rq->arena, "%llx.%llx.%s", (unsigned long long)state,
                                   (unsigned long long)generation, TH_VERSION);
  return th_request_holds(call->rq, call->rs->etag);
}

/* ---- routes ---- */

static int answer(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  (void)err; /* a fault is an answer of ours */
  const binding *b = ctx;
  th_call call = {.native = b->native, .endpoint = b->endpoint, .rq = rq, .rs = rs};
  th_err own = {0};
  rs->type = b->endpoint->type;
  if (b->endpoint->max_body) th_response_secret(rs);
  int rc = check_args(&call, &own);
  if (!rc) rc = b->endpoint->answer(&call, &own);
  if (!rc && rs->body.error) rc = th_err_set(&own, rs->body.error, "The answer is too large");
  if (rc) answer_fault(&call, rc, &own);
  return TH_OK;
}

static int nothing_here(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  (void)ctx, (void)rq, (void)err;
  put_fault(rs, 404, "not_found", NULL, NULL, TH_SPAN("There is no such endpoint"));
  return TH_OK;
}

/* What was refused elsewhere (405, …) is said in our form; POST is for pages of other origins too.
 */
static void dress(void *ctx, const th_request *rq, th_response *rs) {
  (void)ctx;
  if (rs->status >= 400 && rs->type && strncmp(rs->type, "text/plain", 10) == 0) {
    th_span message = th_arena_dup(rq->arena, th_response_body(rs));
    put_fault(rs, rs->status, NULL, NULL, NULL, message.p ? message : (th_span){0});
  }
  if (th_span_eq(rq->method, TH_SPAN("OPTIONS")))
    th_response_header(rs, "Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS");
}

static int mount_all(th_native *n, th_router *router, th_err *err) {
  int rc = TH_OK;
  n->bindings = calloc(th_n_endpoints, sizeof *n->bindings);
  n->answers = th_cache_new(ANSWERS_BYTES);
  if (!n->bindings || !n->answers) return th_err_set(err, TH_ENOMEM, "no memory for the API");
  for (unsigned i = 0; !rc && i < th_n_endpoints; i++) {
    binding *b = &n->bindings[i];
    *b = (binding){.native = n, .endpoint = &th_endpoints[i]};
    snprintf(b->path, sizeof b->path, "%s%s", TH_NATIVE_PREFIX, b->endpoint->path);
    rc = th_router_add(router, b->endpoint->method, b->path, answer, b, err);
    if (!rc && b->endpoint->max_body)
      rc = th_router_body(router, b->path, b->endpoint->max_body, err);
  }
  if (!rc) rc = th_router_hook(router, TH_NATIVE_PREFIX "/", dress, n, err);
  if (!rc) rc = th_router_fallback(router, TH_NATIVE_PREFIX "/", nothing_here, n, err);
  return rc;
}

int th_native_mount(th_native **out, th_router *router, th_registry *registry, th_api *api,
                    th_suggester *suggester, th_desk *desk, th_err *err) {
  th_native *n = calloc(1, sizeof *n);
  *out = NULL;
  if (!n) return th_err_set(err, TH_ENOMEM, "no memory for the API");
  n->registry = registry;
  n->api = api;
  n->suggester = suggester;
  if (!desk) n->own_desk = th_desk_new(registry);
  n->desk = desk ? desk : n->own_desk;
  int rc =
      !n->desk ? th_err_set(err, TH_ENOMEM, "no memory for the API") : mount_all(n, router, err);
  if (rc) {
    th_native_free(n);
    n = NULL;
  }
  *out = n;
  return rc;
}

void th_native_free(th_native *native) {
  if (!native) return;
  if (native->answers) th_cache_free(native->answers);
  th_desk_free(native->own_desk);
  free(native->bindings);
  free(native);
}
