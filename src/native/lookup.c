/* Many studies by number. The body:
 *
 *   {"ids": ["NCT…", …], "fields": ["BriefTitle", …]}      fields may be absent: whole records
 */
#include "native/internal.h"
#include "study/nct.h"

enum { IDS_MAX = 10000, FIELDS_MAX = 1000, DEPTH = 8 };
#define BODY_MAX ((size_t)1 << 20)

static int refuse_node(th_call *call, const th_json *j, uint32_t node, const char *member,
                       const char *what, th_err *err) {
  call->code = "invalid_body";
  call->parameter = member;
  th_err_set(err, TH_EUSAGE, "%s", what);
  th_err_at(err, j->nodes[node].off, 0);
  return TH_EUSAGE;
}

static int read_ids(th_call *call, const th_json *j, uint32_t ids, th_records *out, th_err *err) {
  uint32_t n = j->nodes[ids].n;
  if (j->nodes[ids].type != TH_JARRAY)
    return refuse_node(call, j, ids, "ids", "`ids` must be an array", err);
  if (n > IDS_MAX) return refuse_node(call, j, ids, "ids", "No more than 10000 ids at once", err);
  out->ncts = calloc((size_t)n + 1, sizeof *out->ncts);
  if (!out->ncts) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (th_json_each(j, ids, i)) {
    if (!th_nct_parse(th_json_text(j, i), &out->ncts[out->n]))
      return refuse_node(call, j, i, "ids", "An id must be a text like \"NCT00000102\"", err);
    out->n++;
  }
  return TH_OK;
}

static int read_fields(th_call *call, const th_json *j, uint32_t fields, th_records *out,
                       th_err *err) {
  if (j->nodes[fields].type != TH_JARRAY)
    return refuse_node(call, j, fields, "fields", "`fields` must be an array", err);
  if (j->nodes[fields].n > FIELDS_MAX)
    return refuse_node(call, j, fields, "fields", "No more than 1000 fields at once", err);
  for (th_json_each(j, fields, i)) {
    th_err own = {0};
    th_span name = th_json_text(j, i);
    if (name.n == 0 || th_selection_parse(&out->fields, name, NULL, &own))
      return refuse_node(call, j, i, "fields",
                         own.message[0] ? own.message : "A field must be a text", err);
    out->all = false;
  }
  return TH_OK;
}

static int read_body(th_call *call, const th_json *j, th_records *out, th_err *err) {
  uint32_t ids = 0, fields = 0;
  if (j->nodes[0].type != TH_JOBJECT)
    return refuse_node(call, j, 0, NULL, "The body must be an object", err);
  for (th_json_members(j, 0, key)) {
    th_span name = th_json_text(j, key);
    if (th_span_eq(name, TH_SPAN("ids")))
      ids = key + 1;
    else if (th_span_eq(name, TH_SPAN("fields")))
      fields = key + 1;
    else
      return refuse_node(call, j, key, NULL, "The body has `ids` and `fields`, nothing else", err);
  }
  if (!ids) return refuse_node(call, j, 0, "ids", "The body lacks `ids`", err);
  int rc = read_ids(call, j, ids, out, err);
  return rc || !fields ? rc : read_fields(call, j, fields, out, err);
}

int th_native_lookup(th_call *call, th_err *err) {
  th_json j;
  th_records records = {.all = true, .tell_missing = true};
  th_json_parser *parser = th_json_parser_new(BODY_MAX, DEPTH);
  if (!parser) return th_err_set(err, TH_ENOMEM, "out of memory");
  bool lines = th_call_choice(call, "format") == 1;
  records.form = lines ? TH_RECORDS_LINES : TH_RECORDS_OBJECT;
  call->rs->type = lines ? "application/x-ndjson" : "application/json";
  int rc = call->rq->body.n ? th_json_parse(parser, call->rq->body, &j, err)
                            : th_err_set(err, TH_EINPUT, "The body is empty");
  if (!rc) rc = read_body(call, &j, &records, err);
  if (rc)
    free(records.ncts);
  else
    rc = th_records_stream(call, &records, err);
  th_json_parser_free(parser);
  return rc;
}
