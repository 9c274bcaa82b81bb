/* Records as a stream: unpacked one after the other as the client takes them. Nothing but the list
 * of numbers and one record is held; no generation of the index, and no reader between two pieces,
 * so a slow client costs nobody anything. */
#include "native/internal.h"
#include "study/nct.h"

enum { DEPTH = 64 };

/* Pieces of this size are what a worker makes at once before it turns to others. */
#define PIECE ((size_t)256 << 10)

typedef struct stream {
  th_registry *registry;
  th_records r;
  size_t at;
  th_buf record, out; /* one as stored; what waits to be taken, from `taken` on */
  size_t taken;
  th_json_parser *parser; /* made when fields are chosen */
  th_buf missing, aliases;
  bool begun, ended;
  size_t sent; /* records */
} stream;

static void stream_drop(void *ctx) {
  stream *s = ctx;
  free(s->r.ncts);
  th_buf_dispose(&s->record);
  th_buf_dispose(&s->out);
  th_buf_dispose(&s->missing);
  th_buf_dispose(&s->aliases);
  th_json_parser_free(s->parser);
  free(s);
}

static int put_record(stream *s, th_err *err) {
  th_span json = th_buf_view(&s->record);
  th_json parsed;
  if (s->r.form == TH_RECORDS_OBJECT && s->sent) th_buf_str(&s->out, ",\n");
  s->sent++;
  if (s->r.all) {
    th_json_compact(&s->out, json);
  } else {
    int rc = th_json_parse(s->parser, json, &parsed, err);
    if (rc) return rc;
    th_project(&s->out, &parsed, &s->r.fields, false);
  }
  if (s->r.form == TH_RECORDS_LINES) th_buf_char(&s->out, '\n');
  return s->out.error;
}

static void put_missing(stream *s, uint32_t nct) {
  char number[TH_NCT_LEN + 1];
  if (!s->r.tell_missing) return;
  th_nct_format(nct, number);
  if (s->r.form == TH_RECORDS_LINES)
    th_buf_printf(&s->out, "{\"nctId\":\"%s\",\"error\":\"not_found\"}\n", number);
  else
    th_buf_printf(&s->missing, "%s\"%s\"", s->missing.n ? "," : "", number);
}

/* An obsolete number stands for the study that it belongs to now. */
static int get_record(stream *s, th_store_reader *reader, uint32_t nct, th_err *err) {
  uint32_t current;
  char old[TH_NCT_LEN + 1], now[TH_NCT_LEN + 1];
  th_err own = {0};
  int rc = th_store_get(reader, nct, -1, &s->record, NULL, &own);
  if (rc == TH_ENOTFOUND && s->r.tell_missing) {
    th_err ignored = {0};
    if (th_store_alias(reader, nct, &current, &ignored) == 0) {
      own = (th_err){0};
      rc = th_store_get(reader, current, -1, &s->record, NULL, &own);
      if (!rc)
        th_buf_printf(&s->aliases, "%s\"%s\":\"%s\"", s->aliases.n ? "," : "",
                      th_nct_format(nct, old), th_nct_format(current, now));
    }
  }
  return rc ? th_err_set(err, rc, "%s", own.message) : TH_OK;
}

static int next_record(stream *s, th_store_reader *reader, th_err *err) {
  th_err own = {0};
  uint32_t nct = s->r.ncts[s->at++];
  int rc = get_record(s, reader, nct, &own);
  if (rc == TH_ENOTFOUND) {
    put_missing(s, nct); /* or removed since the search */
    return TH_OK;
  }
  if (!rc) rc = put_record(s, &own);
  return rc ? th_err_set(err, rc, "%s", own.message) : TH_OK;
}

static void put_end(stream *s) {
  s->ended = true;
  if (s->r.form == TH_RECORDS_LINES) return;
  th_buf_str(&s->out, "\n],\"missing\":[");
  th_buf_span(&s->out, th_buf_view(&s->missing));
  th_buf_str(&s->out, "],\"aliases\":{");
  th_buf_span(&s->out, th_buf_view(&s->aliases));
  th_buf_str(&s->out, "}}\n");
}

/* Makes the next piece. */
static int refill(stream *s, th_err *err) {
  th_store_reader *reader = th_store_reader_acquire(th_registry_store(s->registry), err);
  if (!reader) return err->code ? err->code : TH_EIO;
  int rc = TH_OK;
  th_buf_clear(&s->out);
  s->taken = 0;
  if (!s->begun && s->r.form == TH_RECORDS_OBJECT) th_buf_str(&s->out, "{\"studies\":[\n");
  s->begun = true;
  while (!rc && s->at < s->r.n && s->out.n < PIECE)
    rc = next_record(s, reader, err);
  th_store_reader_release(reader);
  if (!rc && s->at == s->r.n && !s->ended && s->out.n < PIECE) put_end(s);
  if (!rc && s->out.error) rc = th_err_set(err, s->out.error, "out of memory");
  return rc;
}

static ptrdiff_t stream_read(void *ctx, char *to, size_t max) {
  stream *s = ctx;
  while (s->taken == s->out.n && !s->ended) {
    th_err err = {0};
    int rc = refill(s, &err);
    if (rc) return rc;
  }
  size_t n = TH_MIN(max, s->out.n - s->taken);
  if (n) memcpy(to, s->out.p + s->taken, n);
  s->taken += n;
  return (ptrdiff_t)n;
}

int th_records_stream(th_call *call, const th_records *records, th_err *err) {
  stream *s = calloc(1, sizeof *s);
  if (!s) {
    free(records->ncts);
    return th_err_set(err, TH_ENOMEM, "out of memory");
  }
  s->registry = call->native->registry;
  s->r = *records;
  th_buf_init(&s->record, 0);
  th_buf_init(&s->out, 0);
  th_buf_init(&s->missing, 0);
  th_buf_init(&s->aliases, 0);
  if (!s->r.all) s->parser = th_json_parser_new(TH_STORE_RECORD_MAX, DEPTH);
  if (!s->r.all && !s->parser) {
    stream_drop(s);
    return th_err_set(err, TH_ENOMEM, "out of memory");
  }
  call->rs->stream = stream_read;
  call->rs->stream_ctx = s;
  call->rs->stream_drop = stream_drop;
  return TH_OK;
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
