#include "api/internal.h"
#include "api/params.h"

/* The version of the registry's API whose shapes are kept. */
#define API_VERSION "2.0.5"
/* Of unpacked records; a study of usual length is 13 KB. */
#define CACHE_BYTES ((size_t)20 << 20)

/* What pages of other origins may ask and read. */
static void open_to_all(void *ctx, const th_request *rq, th_response *rs) {
  (void)ctx;
  th_response_header(rs, "Access-Control-Allow-Origin", "*");
  th_response_header(rs, "Access-Control-Expose-Headers",
                     "x-next-page-token, x-total-count, ETag, Content-Disposition, Retry-After");
  th_response_header(rs, "X-Content-Type-Options", "nosniff");
  if (!th_span_eq(rq->method, TH_SPAN("OPTIONS"))) return;
  th_response_header(rs, "Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
  th_response_header(rs, "Access-Control-Allow-Headers", "*");
  th_response_header(rs, "Access-Control-Max-Age", "86400");
}

static int nothing_here(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  (void)ctx, (void)rq, (void)err;
  th_response_text(rs, 404, "There is no such endpoint");
  return TH_OK;
}

int th_api_version(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  th_api *api = ctx;
  int rc = th_params_check(rq, NULL, 0, "", err);
  if (rc) return rc;
  const th_desk *desk = th_desk_now(api, rq, err);
  if (!desk) return err->code;
  if (th_desk_tag(desk, rq, rs)) return TH_OK;
  rs->type = "application/json";
  th_buf_printf(&rs->body, "{\"apiVersion\":\"" API_VERSION "\",\"dataTimestamp\":\"%s\"}",
                desk->timestamp);
  return TH_OK;
}

int th_api_mount(th_api **out, th_router *router, th_registry *registry, th_err *err) {
  static const struct {
    const char *pattern;
    th_handler_fn fn;
  } routes[] = {
      {"/api/v2/version", th_api_version},
      {"/api/v2/studies", th_api_studies},
      {"/api/v2/studies/{nctId}", th_api_study},
      {"/api/v2/studies/download", th_api_download},
      {"/api/int/studies/download", th_api_download},
      {"/api/int/studies/{nctId}", th_api_study_with_history},
      {"/api/int/studies/{nctId}/history", th_api_history},
      {"/api/int/studies/{nctId}/history/{version}", th_api_history_version},
      {"/api/oas/v2", th_api_oas},
      {"/api/rss", th_api_rss},
      {"/api/v2/stats/size", th_api_stats_size},
      {"/api/v2/stats/field/values", th_api_stats_values},
      {"/api/v2/stats/field/sizes", th_api_stats_sizes},
      {"/api/v2/stats/fieldValues", th_api_stats_values},
      {"/api/v2/stats/fieldValues/{field}", th_api_stats_values_of},
      {"/api/v2/stats/listSizes", th_api_stats_sizes},
      {"/api/v2/stats/listSizes/{field}", th_api_stats_sizes_of},
      {"/api/v2/studies/metadata", th_api_metadata},
      {"/api/v2/studies/search-areas", th_api_search_areas},
      {"/api/v2/studies/enums", th_api_enums},
  };
  int rc = TH_OK;
  th_api *api = calloc(1, sizeof *api);
  if (!api) return th_err_set(err, TH_ENOMEM, "no memory for the API");
  api->registry = registry;
  api->slot = th_desk_slot();
  api->cache = th_cache_new(CACHE_BYTES);
  api->totals = th_totals_new();
  if (!api->cache || !api->totals) rc = th_err_set(err, TH_ENOMEM, "no memory for the API");
  if (!rc && api->slot < 0)
    rc = th_err_set(err, TH_ELIMIT, "too many parts keep objects for each worker");
  if (!rc) rc = th_meta_new(&api->meta, err);
  api->stats = th_stats_new(registry);
  if (!rc && !api->stats) rc = th_err_set(err, TH_ENOMEM, "no memory for the API");
  for (size_t i = 0; !rc && i < TH_COUNT(routes); i++)
    rc = th_router_add(router, "GET", routes[i].pattern, routes[i].fn, api, err);
  if (!rc) rc = th_router_hook(router, "/api/", open_to_all, api, err);
  if (!rc) rc = th_router_fallback(router, "/api/", nothing_here, api, err);
  if (rc) {
    th_api_free(api);
    api = NULL;
  }
  *out = api;
  return rc;
}

void th_api_free(th_api *api) {
  if (!api) return;
  th_cache_free(api->cache);
  th_totals_free(api->totals);
  th_meta_free(api->meta);
  th_stats_free(api->stats);
  free(api);
}
