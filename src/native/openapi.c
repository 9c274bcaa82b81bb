/* The OpenAPI 3.1 document, made from the table of endpoints. */
#include "native/internal.h"

static const char fault_schema[] =
    "{\"type\":\"object\",\"required\":[\"error\"],\"properties\":{\"error\":{\"type\":\"object\","
    "\"required\":[\"code\",\"message\",\"parameter\",\"position\"],\"properties\":{\"code\":"
    "{\"type\":\"string\"},\"message\":{\"type\":\"string\"},\"parameter\":{\"type\":[\"string\","
    "\"null\"]},\"position\":{\"type\":[\"integer\",\"null\"]}}}}}";

/* A criterion holds criteria: the one schema with a name of its own beside the error's. */
static const char criterion_schema[] =
    "{\"type\":\"object\",\"required\":[\"id\",\"kind\",\"text\",\"span\",\"combine\","
    "\"atLeast\",\"items\",\"facts\",\"question\"],\"properties\":{\"id\":{\"type\":\"string\"},"
    "\"kind\":{\"enum\":[\"inclusion\",\"exclusion\",\"unknown\"]},\"text\":{\"type\":\"string\"},"
    "\"span\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},"
    "\"combine\":{\"enum\":[\"all\",\"any\",\"atleast\"]},\"atLeast\":{\"type\":[\"integer\","
    "\"null\"]},\"items\":{\"type\":\"array\",\"items\":{\"$ref\":"
    "\"#/components/schemas/Criterion\"}},\"facts\":{\"type\":\"array\",\"items\":{\"type\":"
    "\"object\",\"required\":[\"type\",\"negated\",\"guard\",\"window\",\"span\"]}},"
    "\"question\":{\"type\":[\"string\",\"null\"]}}}";

static void put_arg(th_jout *w, const th_arg *a) {
  bool list = a->kind == TH_ARG_LIST || a->kind == TH_ARG_SEARCH_LIST;
  th_jout_object(w);
  th_jout_kv_str(w, "name", a->name);
  th_jout_kv_str(w, "in", "query");
  th_jout_kv_bool(w, "required", a->required);
  th_jout_kv_str(w, "description", a->help);
  th_jout_key(w, "schema");
  th_jout_object(w);
  th_jout_kv_str(w, "type", a->kind == TH_ARG_INT ? "integer" : list ? "array" : "string");
  if (a->kind == TH_ARG_INT) {
    th_jout_kv_i64(w, "minimum", (int64_t)a->min);
    th_jout_kv_i64(w, "maximum", (int64_t)a->max);
    th_jout_kv_i64(w, "default", (int64_t)a->fallback);
  }
  if (a->kind == TH_ARG_CHOICE) th_jout_kv_words(w, "enum", a->choices);
  if (list) {
    th_jout_key(w, "items");
    th_jout_raw(w, TH_SPAN("{\"type\":\"string\"}"));
  }
  th_jout_end_object(w);
  if (list) {
    th_jout_kv_str(w, "style", "form");
    th_jout_kv_bool(w, "explode", false);
  }
  th_jout_key(w, "example");
  if (a->kind == TH_ARG_INT) {
    th_jout_raw(w, th_span_of(a->example));
  } else if (list) {
    th_jout_array(w);
    th_jout_str(w, a->example);
    th_jout_end_array(w);
  } else {
    th_jout_str(w, a->example);
  }
  th_jout_end_object(w);
}

/* The one thing that paths name. */
static void put_path_id(th_jout *w) {
  th_jout_raw(w, TH_SPAN("{\"name\":\"id\",\"in\":\"path\",\"required\":true,"
                         "\"description\":\"NCT number of the study\",\"schema\":{\"type\":"
                         "\"string\"},\"example\":\"NCT04280705\"}"));
}

static void put_content(th_jout *w, const char *type, const char *schema) {
  th_jout_key(w, "content");
  th_jout_object(w);
  th_jout_key(w, type);
  th_jout_object(w);
  th_jout_key(w, "schema");
  th_jout_raw(w, th_span_of(schema));
  th_jout_end_object(w);
  if (strcmp(type, "application/json") == 0 && strstr(schema, "\"missing\",\"aliases\"")) {
    th_jout_key(w, "application/x-ndjson");
    th_jout_raw(w, TH_SPAN("{\"schema\":{\"type\":\"string\"}}"));
  }
  th_jout_end_object(w);
}

static void put_fault(th_jout *w, const char *status, const char *says) {
  th_jout_key(w, status);
  th_jout_object(w);
  th_jout_kv_str(w, "description", says);
  put_content(w, "application/json", "{\"$ref\":\"#/components/schemas/Error\"}");
  th_jout_end_object(w);
}

static void put_answers(th_jout *w, const th_endpoint *e) {
  th_jout_key(w, "responses");
  th_jout_object(w);
  th_jout_key(w, "200");
  th_jout_object(w);
  th_jout_kv_str(w, "description", e->summary);
  put_content(w, e->type, e->schema);
  th_jout_end_object(w);
  if (strcmp(e->method, "GET") == 0) {
    th_jout_key(w, "304");
    th_jout_raw(w, TH_SPAN("{\"description\":\"Not changed since (If-None-Match)\"}"));
  }
  put_fault(w, "400", "Asked wrongly");
  if (strstr(e->path, "{id}")) put_fault(w, "404", "There is no such study");
  put_fault(w, "413", "Too large");
  put_fault(w, "500", "Our failure");
  th_jout_end_object(w);
}

/* A body that is JSON has the schema; others are text. */
static void put_bodies(th_jout *w, const th_endpoint *e) {
  const char *types = e->bodies ? e->bodies : "application/json";
  th_jout_key(w, "content");
  th_jout_object(w);
  while (*types) {
    th_span type = {types, strcspn(types, " ")};
    th_jout_key_span(w, type);
    th_jout_object(w);
    th_jout_key(w, "schema");
    th_jout_raw(w, th_span_starts(type, TH_SPAN("text/")) ? TH_SPAN("{\"type\":\"string\"}")
                                                          : th_span_of(e->body));
    th_jout_end_object(w);
    types += type.n + (types[type.n] == ' ');
  }
  th_jout_end_object(w);
}

static void put_endpoint(th_jout *w, const th_endpoint *e) {
  th_jout_key(w, e->path);
  th_jout_object(w);
  th_jout_key(w, strcmp(e->method, "POST") == 0 ? "post" : "get");
  th_jout_object(w);
  th_jout_kv_str(w, "operationId", e->name);
  th_jout_kv_str(w, "summary", e->summary);
  if (e->text[0]) th_jout_kv_str(w, "description", e->text);
  th_jout_key(w, "parameters");
  th_jout_array(w);
  if (strstr(e->path, "{id}")) put_path_id(w);
  for (unsigned i = 0; i < e->n_args; i++)
    put_arg(w, &e->args[i]);
  for (unsigned i = 0; e->search && i < th_n_search_args; i++)
    put_arg(w, &th_search_args[i]);
  if (e->order) put_arg(w, &th_order_arg);
  th_jout_end_array(w);
  if (e->body) {
    th_jout_key(w, "requestBody");
    th_jout_object(w);
    th_jout_kv_bool(w, "required", true);
    put_bodies(w, e);
    th_jout_end_object(w);
  }
  put_answers(w, e);
  th_jout_end_object(w);
  th_jout_end_object(w);
}

void th_native_openapi(th_buf *out) {
  th_jout w;
  th_jout_init(&w, out, false);
  th_jout_object(&w);
  th_jout_kv_str(&w, "openapi", "3.1.0");
  th_jout_key(&w, "info");
  th_jout_object(&w);
  th_jout_kv_str(&w, "title", "Trialhead");
  th_jout_kv_str(&w, "version", TH_VERSION);
  th_jout_kv_str(&w, "description",
                 "What Trialhead answers beyond the registry's API v2, over the same data.");
  th_jout_end_object(&w);
  th_jout_key(&w, "servers");
  th_jout_raw(&w, TH_SPAN("[{\"url\":\"" TH_NATIVE_PREFIX "\"}]"));
  th_jout_key(&w, "paths");
  th_jout_object(&w);
  for (unsigned i = 0; i < th_n_endpoints; i++)
    put_endpoint(&w, &th_endpoints[i]);
  th_jout_end_object(&w);
  th_jout_key(&w, "components");
  th_jout_object(&w);
  th_jout_key(&w, "schemas");
  th_jout_object(&w);
  th_jout_key(&w, "Error");
  th_jout_raw(&w, th_span_of(fault_schema));
  th_jout_key(&w, "Criterion");
  th_jout_raw(&w, th_span_of(criterion_schema));
  th_jout_end_object(&w);
  th_jout_end_object(&w);
  th_jout_end_object(&w);
}

int th_native_document(th_call *call, th_err *err) {
  (void)err;
  if (!th_call_holds(call, 0, 0)) th_native_openapi(&call->rs->body);
  return TH_OK;
}
