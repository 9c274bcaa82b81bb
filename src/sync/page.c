#include "sync/page.h"

#include "study/nct.h"
#include "sync/pace.h"

static int read_json(th_json_parser *parser, th_span body, th_json *out, th_err *err) {
  th_span text = th_span_trim(body);
  if (text.n && text.p[0] == '<')
    return th_err_set(err, TH_EINPUT, "the answer is HTML or XML where JSON belongs");
  if (text.n == 0) return th_err_set(err, TH_EINPUT, "the answer is empty where JSON belongs");
  th_err why = {0};
  int rc = th_json_parse(parser, body, out, &why);
  if (rc == TH_EINPUT && why.has_offset)
    return th_err_set(err, rc, "the answer of %zu bytes is cut or no JSON at byte %lld: %s", body.n,
                      (long long)why.offset, why.message);
  return rc ? th_err_set(err, rc, "the answer: %s", why.message) : 0;
}

static int read_token(const th_json *j, uint32_t node, th_sync_page *out, th_err *err) {
  if (j->nodes[node].type == TH_JNULL) return 0;
  if (j->nodes[node].type != TH_JSTRING)
    return th_err_set(err, TH_EINPUT, "nextPageToken is no text");
  out->token = th_json_text(j, node);
  if (out->token.n > TH_SYNC_TOKEN_MAX)
    return th_err_set(err, TH_EINPUT, "a nextPageToken of %zu bytes", out->token.n);
  return 0;
}

int th_sync_page_read(th_json_parser *parser, th_span body, th_sync_page *out, th_err *err) {
  *out = (th_sync_page){.total = -1};
  int rc = read_json(parser, body, &out->json, err);
  if (rc) return rc;
  const th_json *j = &out->json;
  uint32_t total = th_json_get(j, 0, TH_SPAN("totalCount"));
  uint32_t token = th_json_get(j, 0, TH_SPAN("nextPageToken"));
  out->studies = th_json_get(j, 0, TH_SPAN("studies"));
  if (!out->studies || j->nodes[out->studies].type != TH_JARRAY)
    return th_err_set(err, TH_EINPUT, "the answer has no list of studies");
  out->n = j->nodes[out->studies].n;
  if (total && (!th_json_int(j, total, &out->total) || out->total < 0))
    return th_err_set(err, TH_EINPUT, "totalCount is no count");
  return token ? read_token(j, token, out, err) : 0;
}

uint32_t th_sync_study_nct(const th_json *j, uint32_t study) {
  uint32_t nct = 0;
  th_span id = th_json_path_text(j, study, "protocolSection.identificationModule.nctId");
  return th_nct_parse(id, &nct) ? nct : 0;
}

int th_sync_version_read(th_json_parser *parser, th_span body, char out[20], th_err *err) {
  th_json j;
  int rc = read_json(parser, body, &j, err);
  if (rc) return rc;
  th_span time = th_json_path_text(&j, 0, "dataTimestamp");
  if (!th_sync_timestamp_ok(time))
    return th_err_set(err, TH_EINPUT, "the answer has no dataTimestamp");
  memcpy(out, time.p, 19);
  out[19] = 0;
  return 0;
}
