#include "api/csv.h"
#include "api/internal.h"
#include "api/params.h"
#include "api/zip_out.h"
#include "study/nct.h"

enum { ZIP_LEVEL = 6 };

static const char *const names[] = {"format", "markupFormat", "fields"};

/* Makes the gzip form of a record in the cache, once for all who ask later, and finds it again. */
static int pack_cached(th_api *api, th_desk *desk, uint32_t nct, th_cached *cached,
                       th_worker *worker, th_err *err) {
  th_buf packed;
  th_cached again;
  th_buf_init(&packed, 0);
  int rc = th_gzip(worker, cached->json, &packed, err);
  if (!rc) th_cache_set_packed(api->cache, nct, cached, th_buf_view(&packed));
  th_buf_dispose(&packed);
  if (!rc && th_cache_find(api->cache, nct, desk->applied_seq, &again)) {
    th_cache_drop(desk->held);
    desk->held = again.entry;
    *cached = again;
  }
  return rc;
}

/* An answer that is the cache's entry itself: nothing is copied. */
static int answer_cached(th_api *api, th_desk *desk, uint32_t nct, th_cached *cached,
                         const th_request *rq, th_response *rs, th_err *err) {
  if (th_accepts_gzip(rq->accept_encoding) && !cached->packed.p) {
    int rc = pack_cached(api, desk, nct, cached, rq->worker, err);
    if (rc) return rc;
  }
  th_desk_take_entry(desk);
  rs->fixed = cached->json;
  rs->fixed_gzip = cached->packed.n ? cached->packed : (th_span){0};
  rs->no_gzip = cached->packed.p && !cached->packed.n;
  rs->release = th_cache_drop;
  rs->release_ctx = cached->entry;
  return TH_OK;
}

/* Puts the body into an archive of its own. */
static int pack_study(uint32_t nct, const th_desk *desk, const th_request *rq, th_response *rs,
                      th_err *err) {
  char number[TH_NCT_LEN + 1];
  bool done;
  th_buf json = rs->body;
  th_zip *zip = th_zip_new(ZIP_LEVEL, desk->data_utc);
  const char *name = th_arena_printf(rq->arena, "attachment; filename=\"%s.json.zip\"",
                                     th_nct_format(nct, number));
  int rc = zip && name ? TH_OK : th_err_set(err, TH_ENOMEM, "no memory for an archive");
  th_buf_init(&rs->body, json.max);
  if (!rc) rc = th_zip_add(zip, nct, th_buf_view(&json), &rs->body, err);
  if (!rc) th_zip_directory(zip, 1, &rs->body, &done);
  if (!rc) th_response_header(rs, "Content-Disposition", name);
  th_buf_dispose(&json);
  th_zip_free(zip);
  return rc;
}

static int answer_study(th_api *api, th_desk *desk, uint32_t nct, const th_shape *shape,
                        th_request *rq, th_response *rs, th_err *err) {
  th_span json;
  th_cached cached = {0};
  uint32_t current = 0;
  th_err own = {0};
  int rc = th_desk_record(api, desk, nct, true, &json, &cached, &current, &own);
  if (rc == TH_ENOTFOUND && current) {
    char number[TH_NCT_LEN + 1];
    const char *query = rq->query.n ? rq->query.p : "";
    char *to =
        th_arena_printf(rq->arena, "/api/v2/studies/%s%s%.*s", th_nct_format(current, number),
                        rq->query.n ? "?" : "", (int)rq->query.n, query);
    if (!to) return th_err_set(err, TH_ENOMEM, "out of memory");
    th_response_redirect(rs, 301, to);
    return TH_OK;
  }
  if (rc == TH_ENOTFOUND) {
    char number[TH_NCT_LEN + 1];
    return th_err_set(err, rc, "NCT number %s not found", th_nct_format(nct, number));
  }
  if (rc) return th_err_set(err, rc, "%s", own.message);
  rs->type = th_shape_type(shape);
  if (th_desk_tag(desk, rq, rs)) return TH_OK;
  bool as_it_is = shape->form == TH_FORM_JSON && shape->all && !shape->legacy;
  if (as_it_is && cached.entry && cached.one_line)
    return answer_cached(api, desk, nct, &cached, rq, rs, err);
  if (shape->form == TH_FORM_CSV) th_csv_header(&rs->body, shape->columns);
  rc = th_shape_put(shape, desk, nct, json, &rs->body, &own);
  if (!rc && shape->form == TH_FORM_ZIP) rc = pack_study(nct, desk, rq, rs, &own);
  return rc ? th_err_set(err, TH_ECORRUPT, "%s", own.message) : TH_OK;
}

int th_api_study(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  th_api *api = ctx;
  th_shape shape;
  uint32_t nct;
  int rc = th_params_check(rq, names, TH_COUNT(names), "fields", err);
  if (rc) return rc;
  if (!th_nct_parse(rq->segment, &nct)) return th_param_refuse("nctId", err);
  rc = th_shape_read(&shape, rq, NULL, err);
  if (rc) return rc;
  th_desk *desk = th_desk_now(api, rq, err);
  if (!desk) return err->code ? err->code : TH_ENOMEM;
  return answer_study(api, desk, nct, &shape, rq, rs, err);
}
