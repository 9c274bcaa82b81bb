/* A call on its way to our own API: its arguments checked and read, the request's target written,
 * the answer taken. */
#include "api/project.h"
#include "mcp/internal.h"
#include "query/params.h"

#include <stdio.h>
#include <time.h>

enum { PATIENCE_MS = 60000, WAIT_MS = 5 };

/* ---- asking our own API ---- */

static int dispatch(th_mcp *mcp, th_span method, th_span target, th_span body, th_response *rs,
                    th_err *err) {
  th_request rq = {.worker = th_worker_current(), .body = body};
  int rc = th_request_parse(&rq, method, target, &mcp->arena, err);
  /* What has to be made first is waited for here: nobody else is kept by it. */
  for (int waited = 0; !rc; waited += WAIT_MS) {
    rs->gate = NULL;
    rc = th_router_dispatch(mcp->router, &rq, rs, err);
    if (rc || !rs->gate) break;
    if (waited > PATIENCE_MS) return th_err_set(err, TH_EBUSY, "The answer takes too long");
    nanosleep(&(struct timespec){.tv_nsec = WAIT_MS * 1000000L}, NULL);
  }
  return rc;
}

/* The message of a refusal: our API says it in JSON, API v2 in a sentence. */
static int refused(th_mcp *mcp, const th_buf *body, th_json *j, th_err *err) {
  th_err ignored = {0};
  th_span text = th_buf_view(body), inside = {0};
  if (!th_json_parse(mcp->answers, text, j, &ignored))
    inside = th_json_path_text(j, 0, "error.message");
  if (inside.n) text = inside;
  return th_err_set(err, TH_EUSAGE, "%.*s", (int)TH_MIN(text.n, 700), text.p ? text.p : "");
}

static int ask(th_mcp *mcp, th_span method, th_span target, th_span body, th_buf *out, th_json *j,
               th_err *err) {
  th_response rs;
  th_response_init(&rs, 0);
  int rc = dispatch(mcp, method, target, body, &rs, err);
  th_buf_clear(out);
  if (!rc && rs.status < 400)
    th_json_compact(out, th_response_body(&rs));
  else if (!rc)
    th_buf_span(out, th_response_body(&rs));
  if (!rc && out->error) rc = th_err_set(err, out->error, "out of memory");
  if (!rc && rs.status >= 400) rc = refused(mcp, out, j, err);
  th_response_dispose(&rs);
  return rc ? rc : th_json_parse(mcp->answers, th_buf_view(out), j, err);
}

int th_mcp_get(th_mcp *mcp, th_span target, th_buf *out, th_json *j, th_err *err) {
  return ask(mcp, TH_SPAN("GET"), target, (th_span){0}, out, j, err);
}

int th_mcp_post(th_mcp *mcp, th_span target, th_span body, th_buf *out, th_json *j, th_err *err) {
  return ask(mcp, TH_SPAN("POST"), target, body, out, j, err);
}

/* ---- arguments ---- */

uint32_t th_tool_arg_node(const th_tool_call *call, const char *name) {
  uint32_t node = call->args ? th_json_get(call->j, call->args, th_span_of(name)) : 0;
  return node && call->j->nodes[node].type != TH_JNULL ? node : 0;
}

static bool is_choice(const char *list, th_span word) {
  while (*list) {
    size_t n = strcspn(list, " ");
    if (th_span_eq((th_span){list, n}, word)) return true;
    list += n + (list[n] == ' ');
  }
  return false;
}

static int check_text(const th_tool_arg *a, const th_json *j, uint32_t node, th_err *err) {
  if (j->nodes[node].type != TH_JSTRING)
    return th_err_set(err, TH_EUSAGE, "%s must be text", a->name);
  if (a->choices && !is_choice(a->choices, th_json_text(j, node)))
    return th_err_set(err, TH_EUSAGE, "%s must be one of: %s", a->name, a->choices);
  return TH_OK;
}

static int check_arg(const th_tool_arg *a, const th_json *j, uint32_t node, th_err *err) {
  int64_t whole;
  double number;
  int rc = TH_OK;
  switch (a->kind) {
  case TH_TOOL_TEXT:
    return check_text(a, j, node, err);
  case TH_TOOL_TEXTS:
    if (j->nodes[node].type != TH_JARRAY)
      return th_err_set(err, TH_EUSAGE, "%s must be a list", a->name);
    if (j->nodes[node].n > 1000) return th_err_set(err, TH_EUSAGE, "%s is too long", a->name);
    for (th_json_each(j, node, i))
      if ((rc = check_text(a, j, i, err))) break;
    return rc;
  case TH_TOOL_INT:
    if (th_json_int(j, node, &whole) && whole >= a->min && whole <= a->max) return TH_OK;
    return th_err_set(err, TH_EUSAGE, "%s must be a whole number from %lld to %lld", a->name,
                      (long long)a->min, (long long)a->max);
  default:
    if (th_json_number(j, node, &number) && number >= (double)a->min && number <= (double)a->max)
      return TH_OK;
    return th_err_set(err, TH_EUSAGE, "%s must be a number from %lld to %lld", a->name,
                      (long long)a->min, (long long)a->max);
  }
}

static const th_tool_arg *find_arg(const th_tool *tool, th_span name) {
  for (unsigned i = 0; i < tool->n_args; i++)
    if (th_span_eq(name, th_span_of(tool->args[i].name))) return &tool->args[i];
  return NULL;
}

int th_tool_check(const th_tool *tool, const th_json *j, uint32_t args, th_err *err) {
  if (args) {
    for (th_json_members(j, args, key)) {
      th_span name = th_json_text(j, key);
      const th_tool_arg *a = find_arg(tool, name);
      if (!a)
        return th_err_set(err, TH_EUSAGE, "%s has no argument \"%.*s\"", tool->name,
                          (int)TH_MIN(name.n, 60), name.p);
      if (j->nodes[key + 1].type == TH_JNULL) continue;
      int rc = check_arg(a, j, key + 1, err);
      if (rc) return rc;
    }
  }
  for (unsigned i = 0; i < tool->n_args; i++) {
    uint32_t node = args ? th_json_get(j, args, th_span_of(tool->args[i].name)) : 0;
    if (tool->args[i].required && (!node || j->nodes[node].type == TH_JNULL))
      return th_err_set(err, TH_EUSAGE, "%s lacks its argument \"%s\"", tool->name,
                        tool->args[i].name);
  }
  return TH_OK;
}

th_span th_tool_text(const th_tool_call *call, const char *name) {
  uint32_t node = th_tool_arg_node(call, name);
  return node ? th_json_text(call->j, node) : (th_span){0};
}

int64_t th_tool_int(const th_tool_call *call, const char *name, int64_t fallback) {
  uint32_t node = th_tool_arg_node(call, name);
  int64_t v = fallback;
  if (node && !th_json_int(call->j, node, &v)) v = fallback;
  return v;
}

/* ---- targets ---- */

void th_target_begin(th_buf *target, const char *path) {
  th_buf_init(target, 1 << 20);
  th_buf_str(target, path);
  th_buf_char(target, '?');
}

void th_target_add(th_buf *b, const char *name, th_span value) {
  if (value.n == 0) return;
  if (b->p[b->n - 1] != '?') th_buf_char(b, '&');
  th_buf_str(b, name);
  th_buf_char(b, '=');
  th_url_encode(b, value);
}

void th_target_add_number(th_buf *b, const char *name, int64_t value) {
  char digits[24];
  int n = snprintf(digits, sizeof digits, "%lld", (long long)value);
  th_target_add(b, name, (th_span){digits, (size_t)n});
}

void th_tool_join_texts(const th_tool_call *call, const char *name, const char *separator,
                        th_buf *out) {
  uint32_t node = th_tool_arg_node(call, name);
  bool first = true;
  if (!node) return;
  for (th_json_each(call->j, node, i)) {
    if (!first) th_buf_str(out, separator);
    first = false;
    th_buf_span(out, th_json_text(call->j, i));
  }
}

/* Filters that API v2 has as an expression. */
static void put_advanced(const th_tool_call *call, th_buf *out) {
  th_span own = th_tool_text(call, "filter");
  if (own.n) th_buf_printf(out, "(%.*s)", (int)own.n, own.p);
  static const char *const lists[][2] = {{"phases", "Phase"}};
  for (size_t i = 0; i < TH_COUNT(lists); i++) {
    uint32_t node = th_tool_arg_node(call, lists[i][0]);
    if (!node || call->j->nodes[node].n == 0) continue;
    th_buf_printf(out, "%sAREA[%s](", out->n ? " AND " : "", lists[i][1]);
    th_tool_join_texts(call, lists[i][0], " OR ", out);
    th_buf_char(out, ')');
  }
  th_span type = th_tool_text(call, "study_type");
  if (type.n)
    th_buf_printf(out, "%sAREA[StudyType]%.*s", out->n ? " AND " : "", (int)type.n, type.p);
}

/* A place by name, or a point, and how far around it. */
static int add_near(const th_tool_call *call, th_buf *target, th_err *err) {
  static const char *const names[] = {"latitude", "longitude", "miles"};
  double v[3] = {0, 0, 30};
  bool given[3];
  th_near near;
  th_span place = th_span_trim(th_tool_text(call, "near"));
  char text[100];
  for (unsigned i = 0; i < 3; i++) {
    uint32_t node = th_tool_arg_node(call, names[i]);
    given[i] = node && th_json_number(call->j, node, &v[i]);
  }
  bool point = given[0] || given[1];
  if (!place.n && !point && !given[2]) return TH_OK;
  if (place.n && point)
    return th_err_set(err, TH_EUSAGE, "near is instead of latitude and longitude");
  if (!place.n && !(given[0] && given[1] && given[2]))
    return th_err_set(err, TH_EUSAGE, "latitude, longitude and miles go together");
  if (place.n) {
    int rc = th_near_parse(&near, place, err);
    if (rc) return rc;
    v[0] = near.lat;
    v[1] = near.lon;
    if (near.has_km && !given[2]) v[2] = near.km / 1.609344;
  }
  int n = snprintf(text, sizeof text, "distance(%.6f,%.6f,%.3fmi)", v[0], v[1], v[2]);
  th_target_add(target, "filter.geo", (th_span){text, (size_t)n});
  return TH_OK;
}

int th_target_add_search(const th_tool_call *call, th_buf *target, th_err *err) {
  static const char *const texts[][2] = {
      {"condition", "query.cond"}, {"intervention", "query.intr"}, {"terms", "query.term"},
      {"title", "query.titles"},   {"location", "query.locn"},     {"sponsor", "query.spons"},
      {"outcome", "query.outc"}};
  th_buf list;
  for (size_t i = 0; i < TH_COUNT(texts); i++)
    th_target_add(target, texts[i][1], th_tool_text(call, texts[i][0]));
  th_buf_init(&list, 0);
  th_tool_join_texts(call, "statuses", ",", &list);
  th_target_add(target, "filter.overallStatus", th_buf_view(&list));
  th_buf_clear(&list);
  put_advanced(call, &list);
  th_target_add(target, "filter.advanced", th_buf_view(&list));
  int rc = list.error ? th_err_set(err, list.error, "out of memory") : TH_OK;
  th_buf_dispose(&list);
  return rc ? rc : add_near(call, target, err);
}
