/* /studies/metadata, /studies/search-areas, /studies/enums; /api/oas/v2. */
#include "api/internal.h"
#include "api/params.h"

static int answer(th_api *api, const th_doc *doc, th_request *rq, th_response *rs, th_err *err) {
  th_desk *desk = th_desk_now(api, rq, err);
  if (!desk) return err->code ? err->code : TH_ENOMEM;
  rs->type = "application/json";
  if (!th_desk_tag(desk, rq, rs)) th_doc_answer(doc, rs, NULL, NULL);
  return TH_OK;
}

int th_api_metadata(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  static const char *const names[] = {"includeIndexedOnly", "includeHistoricOnly"};
  th_api *api = ctx;
  bool indexed = false, historic = false;
  int rc = th_params_check(rq, names, TH_COUNT(names), "", err);
  if (!rc) rc = th_param_bool(rq, names[0], &indexed, err);
  if (!rc) rc = th_param_bool(rq, names[1], &historic, err);
  return rc ? rc : answer(api, th_meta_fields_doc(api->meta, indexed, historic), rq, rs, err);
}

int th_api_search_areas(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  th_api *api = ctx;
  int rc = th_params_check(rq, NULL, 0, "", err);
  return rc ? rc : answer(api, th_meta_areas_doc(api->meta), rq, rs, err);
}

int th_api_enums(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  th_api *api = ctx;
  int rc = th_params_check(rq, NULL, 0, "", err);
  return rc ? rc : answer(api, th_meta_enums_doc(api->meta), rq, rs, err);
}

int th_api_oas(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  th_api *api = ctx;
  int rc = th_params_check(rq, NULL, 0, "", err);
  return rc ? rc : answer(api, th_meta_oas_doc(api->meta), rq, rs, err);
}
