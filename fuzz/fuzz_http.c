/* The part of a request that is ours to read: target, headers we look into, and the parameters of
 * the API. Input: the target, then up to four lines: If-None-Match, Accept-Encoding, method. */
#include "api/agg.h"
#include "api/ask.h"
#include "api/classic.h"
#include "api/csv.h"
#include "api/params.h"
#include "api/ris.h"
#include "api/token.h"
#include "query/decay.h"
#include "study/nct.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *const names[] = {"query.cond", "filter.geo", "filter.ids", "aggFilters",
                                    "fields",     "sort",       "geoDecay",   "pageToken",
                                    "pageSize",   "countTotal"};

static int read_parameters(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  (void)ctx;
  th_selection fields = {0}, asked = {0};
  th_sort sort[2];
  th_token token;
  th_query *agg;
  double lat, lon, km;
  uint32_t n, columns;
  unsigned n_sort;
  bool b;
  th_err own = {0};
  th_selection_add(&asked, TH_F_Condition);
  /* Each on its own: what one refuses must not hide the others. */
  int bad = th_selection_parse(&fields, th_params_list(rq, "fields"), &asked, &own);
  bad |= th_csv_columns_parse(&columns, th_params_list(rq, "fields"), &own);
  bad |= th_ask_sort(th_params_list(rq, "sort"), sort, &n_sort, &own);
  bad |= th_agg_parse(&agg, rq->arena, th_request_value(rq, "aggFilters"), &own);
  bad |= th_param_int(rq, "pageSize", &n, &own) | th_param_bool(rq, "countTotal", &b, &own);
  bad |= th_ask_geo(th_request_value(rq, "filter.geo"), &lat, &lon, &km);
  th_decay decay = TH_DECAY_DEFAULT;
  bad |= th_decay_parse(th_request_value(rq, "geoDecay"), &decay);
  bad |= th_ris_tags_parse(&columns, th_params_list(rq, "fields"), &own);
  if (th_token_read(th_request_value(rq, "pageToken"), &token)) {
    char again[TH_TOKEN_LEN + 1];
    th_token_write(&token, again); /* a token that is read is one that was written */
    if (!th_span_eq(th_span_of(again), th_request_value(rq, "pageToken"))) abort();
  }
  bad |= th_name_formed(rq->segment2);
  bad |= th_nct_parse(rq->segment, &n);
  rs->type = "text/plain";
  rs->etag = "a/b";
  th_url_encode(&rs->body, th_request_value(rq, "query.cond"));
  th_classic_put(&rs->body, th_request_value(rq, "query.cond"));
  th_buf_printf(&rs->body, "%d", bad);
  return th_params_check(rq, names, TH_COUNT(names), "fields sort", err);
}

static th_span take_line(th_span *rest) {
  const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
  th_span line = {rest->p, end ? (size_t)(end - rest->p) : rest->n};
  size_t step = end ? line.n + 1 : line.n;
  *rest = (th_span){rest->p + step, rest->n - step};
  return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  static th_router *router;
  th_arena arena;
  th_response rs;
  th_err err = {0};
  if (!router) {
    router = th_router_new();
    if (!router || th_router_add(router, "GET", "/studies", read_parameters, NULL, &err) ||
        th_router_add(router, "GET", "/studies/{id}", read_parameters, NULL, &err) ||
        th_router_add(router, "GET", "/studies/{id}/history/{version}", read_parameters, NULL,
                      &err))
      abort();
  }
  th_span rest = {(const char *)data, len}, target = take_line(&rest);
  th_request rq = {.if_none_match = take_line(&rest), .accept_encoding = take_line(&rest)};
  th_span method = th_span_eq(rest, TH_SPAN("OPTIONS")) ? rest : TH_SPAN("GET");
  th_arena_init(&arena, 1 << 20);
  th_response_init(&rs, 1 << 20);
  if (th_request_parse(&rq, method, target, &arena, &err) == TH_OK) {
    for (unsigned i = 0; i < rq.n_params; i++) /* what was decoded is text, closed by a NUL */
      if (!th_utf8_valid(rq.params[i].value) ||
          strlen(rq.params[i].value.p) != rq.params[i].value.n)
        abort();
    if (th_router_dispatch(router, &rq, &rs, &err)) abort(); /* nothing here fails by itself */
    if (th_response_finish(&rs, &rq, &err)) abort();
  }
  th_response_dispose(&rs);
  th_arena_dispose(&arena);
  return 0;
}
