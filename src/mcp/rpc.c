/* JSON-RPC 2.0: messages in, answers out. */
#include "mcp/internal.h"

enum {
  DEPTH = 64,
  INVALID_JSON = -32700,
  INVALID_REQUEST = -32600,
  NO_METHOD = -32601,
  INVALID_PARAMS = -32602,
  INTERNAL = -32603,
  BATCH_MAX = 100
};

/* Of one request's arena; a search of everything takes a few MB. */
#define ARENA_MAX ((size_t)512 << 20)

/* Newest first: what is offered to a client that asks for another. */
static const char *const revisions[] = {"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"};

static const char instructions[] =
    "A local copy of the ClinicalTrials.gov registry. search_studies finds studies, get_study "
    "reads "
    "one (choose sections to keep it short), count_facets counts the studies of a search by field, "
    "explain_match says why one matches, "
    "complete_name and suggest_spelling help with names, get_changes tells what is new. Cite "
    "studies by NCT number.";

typedef struct reply {
  th_buf *out;
  th_span id; /* raw JSON; empty: a notification, no answer */
} reply;

/* ---- answers ---- */

static void begin(th_jout *w, const reply *r) {
  th_jout_init(w, r->out, false);
  th_jout_object(w);
  th_jout_kv_str(w, "jsonrpc", "2.0");
  th_jout_key(w, "id");
  th_jout_raw(w, r->id);
}

static void put_error(const reply *r, int code, const char *message) {
  th_jout w;
  if (!r->id.n) return;
  begin(&w, r);
  th_jout_key(&w, "error");
  th_jout_object(&w);
  th_jout_kv_i64(&w, "code", code);
  th_jout_kv_str(&w, "message", message);
  th_jout_end_object(&w);
  th_jout_end_object(&w);
}

static void put_result(const reply *r, th_span result) {
  th_jout w;
  begin(&w, r);
  th_jout_key(&w, "result");
  th_jout_raw(&w, result);
  th_jout_end_object(&w);
}

/* ---- methods ---- */

static void initialize(const reply *r, const th_json *j, uint32_t params) {
  th_jout w;
  th_span asked = params ? th_json_path_text(j, params, "protocolVersion") : (th_span){0};
  const char *revision = revisions[0];
  for (size_t i = 0; i < TH_COUNT(revisions); i++)
    if (th_span_eq(asked, th_span_of(revisions[i]))) revision = revisions[i];
  begin(&w, r);
  th_jout_key(&w, "result");
  th_jout_object(&w);
  th_jout_kv_str(&w, "protocolVersion", revision);
  th_jout_key(&w, "capabilities");
  th_jout_raw(&w, TH_SPAN("{\"tools\":{\"listChanged\":false}}"));
  th_jout_key(&w, "serverInfo");
  th_jout_object(&w);
  th_jout_kv_str(&w, "name", "trialhead");
  th_jout_kv_str(&w, "title", "Trialhead");
  th_jout_kv_str(&w, "version", TH_VERSION);
  th_jout_end_object(&w);
  th_jout_kv_str(&w, "instructions", instructions);
  th_jout_end_object(&w);
  th_jout_end_object(&w);
}

static void put_arg(th_jout *w, const th_tool_arg *a) {
  static const char *const types[] = {"string", "integer", "number", "array"};
  th_jout_key(w, a->name);
  th_jout_object(w);
  th_jout_kv_str(w, "type", types[a->kind]);
  th_jout_kv_str(w, "description", a->help);
  if (a->kind == TH_TOOL_INT || a->kind == TH_TOOL_NUMBER) {
    th_jout_kv_i64(w, "minimum", a->min);
    th_jout_kv_i64(w, "maximum", a->max);
  }
  if (a->kind == TH_TOOL_TEXT && a->choices) th_jout_kv_words(w, "enum", a->choices);
  if (a->kind == TH_TOOL_TEXTS) {
    th_jout_key(w, "items");
    th_jout_object(w);
    th_jout_kv_str(w, "type", "string");
    if (a->choices) th_jout_kv_words(w, "enum", a->choices);
    th_jout_end_object(w);
  }
  th_jout_end_object(w);
}

static void put_tool(th_jout *w, const th_tool *t) {
  th_jout_object(w);
  th_jout_kv_str(w, "name", t->name);
  th_jout_kv_str(w, "title", t->title);
  th_jout_kv_str(w, "description", t->help);
  th_jout_key(w, "inputSchema");
  th_jout_object(w);
  th_jout_kv_str(w, "type", "object");
  th_jout_key(w, "properties");
  th_jout_object(w);
  for (unsigned i = 0; i < t->n_args; i++)
    put_arg(w, &t->args[i]);
  th_jout_end_object(w);
  th_jout_key(w, "required");
  th_jout_array(w);
  for (unsigned i = 0; i < t->n_args; i++)
    if (t->args[i].required) th_jout_str(w, t->args[i].name);
  th_jout_end_array(w);
  th_jout_kv_bool(w, "additionalProperties", false);
  th_jout_end_object(w);
  th_jout_key(w, "outputSchema");
  th_jout_raw(w, th_span_of(t->result));
  th_jout_key(w, "annotations");
  th_jout_object(w);
  th_jout_kv_str(w, "title", t->title);
  th_jout_kv_bool(w, "readOnlyHint", true);
  th_jout_kv_bool(w, "idempotentHint", true);
  th_jout_kv_bool(w, "openWorldHint", false);
  th_jout_end_object(w);
  th_jout_end_object(w);
}

static void list_tools(const reply *r) {
  th_jout w;
  begin(&w, r);
  th_jout_key(&w, "result");
  th_jout_object(&w);
  th_jout_key(&w, "tools");
  th_jout_array(&w);
  for (unsigned i = 0; i < th_n_tools; i++)
    put_tool(&w, &th_tools[i]);
  th_jout_end_array(&w);
  th_jout_end_object(&w);
  th_jout_end_object(&w);
}

static void put_outcome(const reply *r, const th_buf *data, th_span text, bool failed) {
  th_jout w;
  begin(&w, r);
  th_jout_key(&w, "result");
  th_jout_object(&w);
  th_jout_key(&w, "content");
  th_jout_array(&w);
  th_jout_object(&w);
  th_jout_kv_str(&w, "type", "text");
  th_jout_kv_text(&w, "text", text);
  th_jout_end_object(&w);
  th_jout_end_array(&w);
  if (!failed) {
    th_jout_key(&w, "structuredContent");
    th_jout_raw(&w, th_buf_view(data));
  }
  th_jout_kv_bool(&w, "isError", failed);
  th_jout_end_object(&w);
  th_jout_end_object(&w);
}

static void run_tool(th_mcp *mcp, const reply *r, const th_tool *tool, const th_json *j,
                     uint32_t args) {
  th_buf data, text;
  th_err err = {0};
  th_buf_init(&data, 0);
  th_buf_init(&text, 0);
  th_tool_call call = {.mcp = mcp, .j = j, .args = args, .data = &data, .text = &text};
  int rc = th_tool_check(tool, j, args, &err);
  if (!rc) rc = tool->run(&call, &err);
  if (!rc && (data.error || text.error)) rc = th_err_set(&err, TH_ENOMEM, "out of memory");
  if (rc == TH_ENOMEM)
    put_error(r, INTERNAL, "Out of memory");
  else
    put_outcome(r, &data, rc ? th_span_of(err.message) : th_buf_view(&text), rc != TH_OK);
  th_buf_dispose(&data);
  th_buf_dispose(&text);
  th_arena_reset(&mcp->arena, false);
}

static void call_tool(th_mcp *mcp, const reply *r, const th_json *j, uint32_t params) {
  uint32_t name = params ? th_json_get(j, params, TH_SPAN("name")) : 0;
  uint32_t args = params ? th_json_get(j, params, TH_SPAN("arguments")) : 0;
  if (!name || j->nodes[name].type != TH_JSTRING) {
    put_error(r, INVALID_PARAMS, "The call lacks the name of a tool");
    return;
  }
  if (args && j->nodes[args].type == TH_JNULL) args = 0;
  if (args && j->nodes[args].type != TH_JOBJECT) {
    put_error(r, INVALID_PARAMS, "The arguments must be an object");
    return;
  }
  for (unsigned i = 0; i < th_n_tools; i++) {
    if (!th_span_eq(th_json_text(j, name), th_span_of(th_tools[i].name))) continue;
    run_tool(mcp, r, &th_tools[i], j, args);
    return;
  }
  put_error(r, INVALID_PARAMS, "There is no such tool");
}

/* ---- messages ---- */

static bool is_cancelled(th_mcp *mcp, th_span id) {
  for (unsigned i = 0; i < mcp->n_cancelled; i++) {
    if (!th_span_eq(th_span_of(mcp->cancelled[i]), id)) continue;
    free(mcp->cancelled[i]);
    mcp->cancelled[i] = mcp->cancelled[--mcp->n_cancelled];
    return true;
  }
  return false;
}

void th_mcp_cancel(th_mcp *mcp, th_span id) {
  enum { ID_MAX = 200 };
  if (mcp->n_cancelled == TH_MCP_CANCELLED || id.n == 0 || id.n > ID_MAX) return;
  char *copy = malloc(id.n + 1);
  if (!copy) return;
  memcpy(copy, id.p, id.n);
  copy[id.n] = 0;
  mcp->cancelled[mcp->n_cancelled++] = copy;
}

static void answer_request(th_mcp *mcp, const reply *r, const th_json *j, th_span method,
                           uint32_t params) {
  if (th_span_eq(method, TH_SPAN("initialize")))
    initialize(r, j, params);
  else if (th_span_eq(method, TH_SPAN("ping")))
    put_result(r, TH_SPAN("{}"));
  else if (th_span_eq(method, TH_SPAN("tools/list")))
    list_tools(r);
  else if (th_span_eq(method, TH_SPAN("tools/call")))
    call_tool(mcp, r, j, params);
  else
    put_error(r, NO_METHOD, "There is no such method");
}

/* One request or notification; responses are passed over: we ask for nothing. */
static void answer_one(th_mcp *mcp, const th_json *j, uint32_t node, th_buf *out) {
  reply r = {out, TH_SPAN("null")};
  if (j->nodes[node].type != TH_JOBJECT) {
    put_error(&r, INVALID_REQUEST, "A message must be an object");
    return;
  }
  uint32_t id = th_json_get(j, node, TH_SPAN("id"));
  uint32_t method = th_json_get(j, node, TH_SPAN("method"));
  uint32_t params = th_json_get(j, node, TH_SPAN("params"));
  if (!method &&
      (th_json_get(j, node, TH_SPAN("result")) || th_json_get(j, node, TH_SPAN("error"))))
    return;
  uint8_t type = id ? j->nodes[id].type : TH_JNULL;
  bool good = !id || type == TH_JSTRING || type == TH_JINT || type == TH_JNUMBER;
  if (id && good) r.id = th_json_raw(j, id);
  if (!good || !method || j->nodes[method].type != TH_JSTRING ||
      !th_span_eq(th_json_path_text(j, node, "jsonrpc"), TH_SPAN("2.0"))) {
    put_error(&r, INVALID_REQUEST, "This is no request of JSON-RPC 2.0");
    return;
  }
  if (params && j->nodes[params].type != TH_JOBJECT) {
    if (j->nodes[params].type != TH_JNULL && id)
      put_error(&r, INVALID_PARAMS, "params must be an object");
    if (j->nodes[params].type != TH_JNULL) return;
    params = 0;
  }
  if (!id || is_cancelled(mcp, r.id)) return; /* initialized, cancelled and their like */
  answer_request(mcp, &r, j, th_json_text(j, method), params);
}

/* An array of messages, as the revision 2025-03-26 has it. */
static void answer_batch(th_mcp *mcp, const th_json *j, th_buf *out) {
  size_t begun = out->n;
  unsigned n = 0;
  th_buf_char(out, '[');
  for (th_json_each(j, 0, i)) {
    size_t before = out->n;
    if (n++ == BATCH_MAX) break;
    if (before > begun + 1) th_buf_char(out, ',');
    size_t from = out->n;
    answer_one(mcp, j, i, out);
    if (out->n == from) th_buf_truncate(out, before);
  }
  if (out->n == begun + 1)
    th_buf_truncate(out, begun);
  else
    th_buf_char(out, ']');
}

void th_mcp_answer(th_mcp *mcp, th_span message, th_buf *out) {
  th_json j;
  th_err err = {0};
  size_t begun = out->n;
  reply nobody = {out, TH_SPAN("null")};
  int rc = th_json_parse(mcp->messages, message, &j, &err);
  if (rc)
    put_error(&nobody, rc == TH_ENOMEM ? INTERNAL : INVALID_JSON,
              rc == TH_ENOMEM ? "Out of memory" : "The message is not JSON");
  else if (j.nodes[0].type != TH_JARRAY)
    answer_one(mcp, &j, 0, out);
  else if (j.nodes[0].n > BATCH_MAX)
    put_error(&nobody, INVALID_REQUEST, "No more than 100 messages at once");
  else if (j.nodes[0].n == 0)
    put_error(&nobody, INVALID_REQUEST, "An empty batch");
  else
    answer_batch(mcp, &j, out);
  if (out->n > begun) th_buf_char(out, '\n');
}

/* ---- life ---- */

int th_mcp_new(th_mcp **out, th_registry *registry, th_err *err) {
  th_mcp *m = calloc(1, sizeof *m);
  *out = NULL;
  if (!m) return th_err_set(err, TH_ENOMEM, "out of memory");
  m->registry = registry;
  th_arena_init(&m->arena, ARENA_MAX);
  m->messages = th_json_parser_new(TH_MCP_LINE_MAX, DEPTH);
  m->answers = th_json_parser_new(TH_STORE_RECORD_MAX, DEPTH);
  m->router = th_router_new();
  m->suggester = th_suggester_new(th_registry_index(registry));
  int rc = m->messages && m->answers && m->router && m->suggester
               ? TH_OK
               : th_err_set(err, TH_ENOMEM, "out of memory");
  if (!rc) rc = th_api_mount(&m->api, m->router, registry, err);
  if (!rc) rc = th_native_mount(&m->native, m->router, registry, m->api, m->suggester, NULL, err);
  if (rc) {
    th_mcp_free(m);
    m = NULL;
  }
  *out = m;
  return rc;
}

void th_mcp_free(th_mcp *mcp) {
  if (!mcp) return;
  th_worker_end(); /* what the calls keep for this thread belongs to them */
  th_native_free(mcp->native);
  th_api_free(mcp->api);
  th_suggester_free(mcp->suggester);
  th_router_free(mcp->router);
  th_json_parser_free(mcp->messages);
  th_json_parser_free(mcp->answers);
  th_arena_dispose(&mcp->arena);
  for (unsigned i = 0; i < mcp->n_cancelled; i++)
    free(mcp->cancelled[i]);
  free(mcp);
}
