#include "api/ask.h"
#include "api/csv.h"

/* A page of at most so many studies goes into the cache: a walk through the registry does not. */
enum { CACHED_PAGE = 20 };

static void begin_page(const th_ask *ask, const th_search_result *found, th_buf *out) {
  if (ask->shape.form == TH_FORM_CSV) {
    if (!ask->next_page) th_csv_header(out, ask->shape.columns);
    return;
  }
  th_buf_char(out, '{');
  if (ask->search.count) {
    th_buf_str(out, "\"totalCount\":");
    th_buf_i64(out, found->total);
    th_buf_char(out, ',');
  }
  th_buf_str(out, "\"studies\":[\n");
}

/* A study that was removed since the index was made is left out: a page may be shorter. */
static int put_hits(th_api *api, th_desk *desk, const th_ask *ask, const th_search_result *found,
                    th_buf *out, th_err *err) {
  bool first = true;
  for (uint32_t i = 0; i < found->n_hits; i++) {
    th_span json;
    uint32_t current;
    th_err own = {0};
    int rc = th_desk_record(api, desk, found->hits[i].nct, found->n_hits <= CACHED_PAGE, &json,
                            NULL, &current, &own);
    if (rc == TH_ENOTFOUND) continue;
    if (!rc && !first && ask->shape.form == TH_FORM_JSON) th_buf_str(out, ",\n");
    if (!rc) rc = th_shape_put(&ask->shape, desk, found->hits[i].nct, json, out, &own);
    if (rc) return th_err_set(err, rc == TH_EINPUT ? TH_ECORRUPT : rc, "%s", own.message);
    if (out->error) return th_err_set(err, out->error, "The answer is too large");
    first = false;
  }
  return TH_OK;
}

static int end_page(const th_ask *ask, const th_search_result *found, const char *token,
                    const th_request *rq, th_response *rs, th_err *err) {
  if (ask->shape.form == TH_FORM_JSON) {
    th_buf_str(&rs->body, "\n]");
    if (found->more) th_buf_printf(&rs->body, ",\"nextPageToken\":\"%s\"", token);
    th_buf_char(&rs->body, '}');
    rs->type = "application/json";
    return TH_OK;
  }
  rs->type = "text/csv; charset=UTF-8";
  char *next = th_arena_printf(rq->arena, "%s", token);
  char *total = th_arena_printf(rq->arena, "%lld", (long long)found->total);
  if (!next || !total) return th_err_set(err, TH_ENOMEM, "out of memory");
  if (found->more) th_response_header(rs, "x-next-page-token", next);
  if (ask->search.count) th_response_header(rs, "x-total-count", total);
  return TH_OK;
}

/* The search, its total out of what is known already where it is. */
static int search(th_api *api, const th_ask *ask, const th_snapshot *snapshot, th_arena *arena,
                  th_search_result *found, th_err *err) {
  th_search_request plain = ask->search;
  uint64_t state = snapshot->generation;
  int64_t total = -1;
  bool keeps = plain.count && ask->asked.p && ask->generation == state;
  bool known = keeps && th_totals_find(api->totals, ask->asked, state, &total);
  if (known) plain.count = false;
  int rc = th_search(snapshot, &plain, arena, found, err);
  if (!rc && known) found->total = total;
  if (!rc && keeps && !known) th_totals_keep(api->totals, ask->asked, state, found->total);
  return rc;
}

static int answer_page(th_api *api, th_desk *desk, th_ask *ask, const th_snapshot *snapshot,
                       th_request *rq, th_response *rs, th_err *err) {
  char token[64];
  th_search_result found;
  int rc = th_ask_page(ask, rq, snapshot->generation, snapshot->applied_seq, err);
  if (rc) return rc;
  rs->etag = th_arena_printf(rq->arena, "%s", desk->etag);
  if (th_request_holds(rq, rs->etag)) return TH_OK;
  rc = search(api, ask, snapshot, rq->arena, &found, err);
  if (rc) return rc;
  begin_page(ask, &found, &rs->body);
  rc = put_hits(api, desk, ask, &found, &rs->body, err);
  if (rc) return rc;
  th_ask_token(ask, snapshot->generation, snapshot->applied_seq, token);
  return end_page(ask, &found, token, rq, rs, err);
}

int th_api_studies(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  th_api *api = ctx;
  th_ask *ask = th_arena_calloc(rq->arena, 1, sizeof *ask);
  if (!ask) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = th_ask_read(ask, api, rq, err);
  if (rc) return rc;
  th_index *index = th_registry_index(api->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  if (!snapshot) return th_err_set(err, TH_EIO, "the index cannot be read");
  th_desk *desk = th_desk_open(api, rq, snapshot->applied_seq, err);
  rc = desk ? answer_page(api, desk, ask, snapshot, rq, rs, err) : TH_ENOMEM;
  th_index_release(index, snapshot);
  return rc;
}
