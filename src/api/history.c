/* Versions of one study: /api/int/studies/{nctId}, …/history, …/history/{version}. Versions count
 * from 0 here and from 1 in the store; they are those that this registry has seen. */
#include "api/internal.h"
#include "api/params.h"
#include "study/catalogue.h"
#include "study/nct.h"

#include <time.h>
#include <xxhash.h>

enum { MAX_MODULES = 40 };

/* What the next version is compared with: the bytes of each module, as a hash. */
typedef struct modules {
  uint64_t hash[MAX_MODULES];
} modules;

/* A number for each module of the catalogue: structs at depth 1, in its order. */
static unsigned module_number(uint16_t field) {
  unsigned n = 0;
  for (uint16_t f = 0; f < field; f++)
    n += th_fields[f].depth == 1;
  return TH_MIN(n, MAX_MODULES - 1u);
}

static void note_modules(const th_json *j, modules *out) {
  *out = (modules){0};
  if (j->nodes[0].type != TH_JOBJECT) return;
  for (th_json_members(j, 0, key)) {
    uint16_t section = th_field_child(TH_F_NONE, th_json_text(j, key));
    if (section == TH_F_NONE || j->nodes[key + 1].type != TH_JOBJECT) continue;
    for (th_json_members(j, key + 1, inner)) {
      uint16_t module = th_field_child(section, th_json_text(j, inner));
      th_span raw = th_json_raw(j, inner + 1);
      if (module != TH_F_NONE) out->hash[module_number(module)] = XXH3_64bits(raw.p, raw.n) | 1;
    }
  }
}

/* The labels of modules that came, went or are another now. */
static void put_changed(th_jout *w, const modules *before, const modules *now) {
  th_jout_key(w, "moduleLabels");
  th_jout_array(w);
  for (uint16_t f = 0; f < TH_F_COUNT; f++) {
    if (th_fields[f].depth != 1) continue;
    unsigned n = module_number(f);
    if (before->hash[n] == now->hash[n]) continue;
    const char *label = th_fields[f].link_label;
    th_jout_str(w, label[0] ? label : th_fields[f].title);
  }
  th_jout_end_array(w);
}

typedef struct history {
  th_store_reader *reader;
  th_desk *desk;
  uint32_t nct;
  uint32_t newest; /* version in the store */
  modules before;
  th_jout *w;
} history;

static int note_newest(void *ctx, const th_record *record) {
  history *h = ctx;
  if (record->kind == TH_CHANGE_PUT && record->version > h->newest) h->newest = record->version;
  return 0;
}

/* The day that the record gives as its last submission; else that on which it was stored. */
static void put_date(th_jout *w, const th_json *j, int64_t stored_utc) {
  th_span date = th_json_path_text(j, 0, th_fields[TH_F_LastUpdateSubmitDate].path);
  if (date.n) {
    th_jout_kv_text(w, "date", date);
    return;
  }
  char day[20];
  time_t t = (time_t)stored_utc;
  struct tm tm;
  if (gmtime_r(&t, &tm) && strftime(day, sizeof day, "%Y-%m-%d", &tm))
    th_jout_kv_str(w, "date", day);
}

static int put_change(history *h, uint32_t version, th_err *err) {
  th_record record;
  th_json j;
  modules now;
  th_buf_clear(&h->desk->record);
  int rc = th_store_get(h->reader, h->nct, (int)version, &h->desk->record, &record, err);
  if (!rc) rc = th_desk_parse(h->desk, th_buf_view(&h->desk->record), &j, err);
  if (rc) return rc;
  note_modules(&j, &now);
  th_jout_object(h->w);
  th_jout_kv_i64(h->w, "version", (int64_t)version - 1);
  put_date(h->w, &j, record.stored_utc);
  th_span status = th_json_path_text(&j, 0, th_fields[TH_F_OverallStatus].path);
  if (status.n) th_jout_kv_text(h->w, "status", status);
  put_changed(h->w, &h->before, &now);
  th_jout_end_object(h->w);
  h->before = now;
  return TH_OK;
}

static int put_changes(history *h, th_err *err) {
  int rc = TH_OK;
  th_jout_key(h->w, "changes");
  th_jout_array(h->w);
  for (uint32_t v = 1; v <= h->newest && !rc; v++)
    rc = put_change(h, v, err);
  th_jout_end_array(h->w);
  return rc;
}

/* Reader, desk and number of versions of the study that the request names. A study that nobody has
 * and one that was removed are the registry's 404. */
static int open_history(history *h, th_api *api, th_request *rq, th_err *err) {
  char number[TH_NCT_LEN + 1];
  th_err own = {0};
  if (!th_nct_parse(rq->segment, &h->nct)) return th_param_refuse("nctId", err);
  h->desk = th_desk_now(api, rq, err);
  if (!h->desk) return err->code ? err->code : TH_ENOMEM;
  h->reader = th_store_reader_acquire(th_registry_store(api->registry), err);
  if (!h->reader) return err->code ? err->code : TH_EIO;
  int rc = th_store_history(h->reader, h->nct, note_newest, h, &own);
  if (rc == TH_ENOTFOUND || (!rc && !h->newest))
    return th_err_set(err, TH_ENOTFOUND, "NCT number %s not found", th_nct_format(h->nct, number));
  return rc ? th_err_set(err, rc, "%s", own.message) : TH_OK;
}

int th_api_history(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  history h = {0};
  th_jout w;
  int rc = th_params_check(rq, NULL, 0, "", err);
  if (!rc) rc = open_history(&h, ctx, rq, err);
  rs->type = "application/json";
  if (!rc && !th_desk_tag(h.desk, rq, rs)) {
    th_jout_init(&w, &rs->body, false);
    h.w = &w;
    th_jout_object(&w);
    rc = put_changes(&h, err);
    th_jout_end_object(&w);
  }
  th_store_reader_release(h.reader);
  return rc;
}

/* A number without sign, one more than it: the store's; 0 when it is none. */
static uint32_t read_version(th_span s) {
  uint64_t v = 0;
  if (s.n == 0 || s.n > 9) return 0;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] < '0' || s.p[i] > '9') return 0;
    v = v * 10 + (uint64_t)(s.p[i] - '0');
  }
  return (uint32_t)v + 1;
}

int th_api_history_version(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  history h = {0};
  char number[TH_NCT_LEN + 1];
  uint32_t version = read_version(rq->segment2);
  int rc = th_params_check(rq, NULL, 0, "", err);
  if (!rc && !version) rc = th_param_refuse("version", err);
  if (!rc) rc = open_history(&h, ctx, rq, err);
  if (!rc && version > h.newest)
    rc = th_err_set(err, TH_ENOTFOUND, "Version %u of %s not found", version - 1,
                    th_nct_format(h.nct, number));
  rs->type = "application/json";
  if (!rc && !th_desk_tag(h.desk, rq, rs)) {
    rc = th_store_get(h.reader, h.nct, (int)version, &h.desk->record, NULL, err);
    th_buf_printf(&rs->body, "{\"studyVersion\":%u,\"study\":", version - 1);
    if (!rc) th_json_compact(&rs->body, th_buf_view(&h.desk->record));
    th_buf_char(&rs->body, '}');
  }
  th_store_reader_release(h.reader);
  return rc;
}

int th_api_study_with_history(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  static const char *const names[] = {"history"};
  history h = {0};
  th_jout w;
  bool wanted = false;
  int rc = th_params_check(rq, names, TH_COUNT(names), "", err);
  if (!rc) rc = th_param_bool(rq, "history", &wanted, err);
  if (!rc) rc = open_history(&h, ctx, rq, err);
  rs->type = "application/json";
  if (!rc && !th_desk_tag(h.desk, rq, rs)) {
    rc = th_store_get(h.reader, h.nct, (int)h.newest, &h.desk->record, NULL, err);
    th_buf_str(&rs->body, "{\"study\":");
    if (!rc) th_json_compact(&rs->body, th_buf_view(&h.desk->record));
    if (!rc && wanted) {
      th_jout_init(&w, &rs->body, false);
      h.w = &w;
      th_buf_str(&rs->body, ",\"history\":");
      th_jout_object(&w);
      rc = put_changes(&h, err);
      th_jout_end_object(&w);
    }
    th_buf_char(&rs->body, '}');
  }
  th_store_reader_release(h.reader);
  return rc;
}
