/* Records of a search, and of numbers that were named, as a stream. */
#include "api/record_stream.h"
#include "native/internal.h"
#include "study/nct.h"

enum { DEPTH = 64 };

/* Pieces of this size are what a worker makes at once before it turns to others. */
#define PIECE ((size_t)256 << 10)

typedef struct stream {
  th_records r;
  th_json_parser *parser; /* made when fields are chosen */
  th_buf missing, aliases;
  size_t sent; /* records */
} stream;

static void drop(void *ctx) {
  stream *s = ctx;
  th_buf_dispose(&s->missing);
  th_buf_dispose(&s->aliases);
  th_json_parser_free(s->parser);
  free(s);
}

static void begin_object(void *ctx, th_buf *out) {
  (void)ctx;
  th_buf_str(out, "{\"studies\":[\n");
}

static int put_record(void *ctx, uint32_t nct, th_span json, th_buf *out, th_err *err) {
  stream *s = ctx;
  th_json parsed;
  (void)nct;
  if (s->r.form == TH_RECORDS_OBJECT && s->sent) th_buf_str(out, ",\n");
  s->sent++;
  if (s->r.all) {
    th_json_compact(out, json);
  } else {
    int rc = th_json_parse(s->parser, json, &parsed, err);
    if (rc) return rc;
    th_project(out, &parsed, &s->r.fields, false);
  }
  if (s->r.form == TH_RECORDS_LINES) th_buf_char(out, '\n');
  return TH_OK;
}

static void tell_missing(stream *s, uint32_t nct, th_buf *out) {
  char number[TH_NCT_LEN + 1];
  th_nct_format(nct, number);
  if (s->r.form == TH_RECORDS_LINES)
    th_buf_printf(out, "{\"nctId\":\"%s\",\"error\":\"not_found\"}\n", number);
  else
    th_buf_printf(&s->missing, "%s\"%s\"", s->missing.n ? "," : "", number);
}

/* An obsolete number stands for the study that it belongs to now. */
static int find_other(void *ctx, th_store_reader *reader, uint32_t nct, th_buf *record, th_buf *out,
                      th_err *err) {
  stream *s = ctx;
  uint32_t current;
  char old[TH_NCT_LEN + 1], now[TH_NCT_LEN + 1];
  th_err own = {0};
  int rc = th_store_alias(reader, nct, &current, &own) == 0
               ? th_store_get(reader, current, -1, record, NULL, err)
               : TH_ENOTFOUND;
  if (rc == TH_ENOTFOUND) tell_missing(s, nct, out);
  if (!rc)
    th_buf_printf(&s->aliases, "%s\"%s\":\"%s\"", s->aliases.n ? "," : "", th_nct_format(nct, old),
                  th_nct_format(current, now));
  return rc;
}

static bool end_object(void *ctx, th_buf *out) {
  stream *s = ctx;
  th_buf_str(out, "\n],\"missing\":[");
  th_buf_span(out, th_buf_view(&s->missing));
  th_buf_str(out, "],\"aliases\":{");
  th_buf_span(out, th_buf_view(&s->aliases));
  th_buf_str(out, "}}\n");
  return true;
}

static const th_record_form listed = {.piece = PIECE, .put = put_record, .drop = drop},
                            named_lines = {.piece = PIECE,
                                           .put = put_record,
                                           .missing = find_other,
                                           .drop = drop},
                            named_object = {.piece = PIECE,
                                            .begin = begin_object,
                                            .put = put_record,
                                            .missing = find_other,
                                            .end = end_object,
                                            .drop = drop};

static const th_record_form *form_of(const th_records *r) {
  return r->form == TH_RECORDS_OBJECT ? &named_object : r->tell_missing ? &named_lines : &listed;
}

int th_records_stream(th_call *call, const th_records *records, th_err *err) {
  stream *s = calloc(1, sizeof *s);
  if (s) {
    s->r = *records;
    th_buf_init(&s->missing, 0);
    th_buf_init(&s->aliases, 0);
    if (!s->r.all) s->parser = th_json_parser_new(TH_STORE_RECORD_MAX, DEPTH);
  }
  if (!s || (!s->r.all && !s->parser)) {
    if (s) drop(s);
    free(records->ncts);
    return th_err_set(err, TH_ENOMEM, "out of memory");
  }
  return th_record_stream(call->rs, call->native->registry, records->ncts, records->n,
                          form_of(&s->r), s, err);
}

/* ---- any search ---- */

static int search_all(const th_snapshot *snapshot, th_ask *ask, th_arena *arena,
                      th_search_result *found, th_err *err) {
  ask->search.from = 0;
  ask->search.size = snapshot->n_live;
  ask->search.count = false;
  return th_search(snapshot, &ask->search, arena, found, err);
}

static int list_found(th_call *call, th_ask *ask, th_records *out, th_err *err) {
  th_search_result found;
  th_index *index = th_registry_index(call->native->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  int rc = TH_OK;
  bool held = th_call_holds(call, snapshot->applied_seq, ask->by_score ? snapshot->generation : 0);
  if (!held) rc = search_all(snapshot, ask, call->rq->arena, &found, err);
  out->n = held || rc ? 0 : found.n_hits;
  out->ncts = rc ? NULL : malloc((out->n + 1) * sizeof *out->ncts);
  for (size_t i = 0; out->ncts && i < out->n; i++)
    out->ncts[i] = found.hits[i].nct;
  th_index_release(index, snapshot);
  if (!rc && !out->ncts) rc = th_err_set(err, TH_ENOMEM, "out of memory");
  return rc;
}

int th_native_studies(th_call *call, th_err *err) {
  th_records records = {.form = TH_RECORDS_LINES};
  th_span fields = th_call_list(call, "fields");
  th_ask *ask = th_arena_calloc(call->rq->arena, 1, sizeof *ask);
  if (!ask) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = th_selection_parse(&records.fields, fields, NULL, err);
  if (rc) {
    call->parameter = "fields";
    return rc;
  }
  records.all = fields.n == 0;
  rc = th_call_ask(call, ask, err);
  if (!rc) rc = list_found(call, ask, &records, err);
  return rc ? rc : th_records_stream(call, &records, err);
}
