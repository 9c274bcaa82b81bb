#define _GNU_SOURCE
#include "api/csv.h"
#include "api/fhir.h"
#include "api/internal.h"
#include "api/params.h"
#include "api/ris.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

/* A record buffer that grew beyond this is given back. */
#define RECORD_KEPT ((size_t)4 << 20)
enum { MAX_DEPTH = 64 };

static void drop_desk(void *p) {
  th_desk *desk = p;
  th_cache_drop(desk->held);
  th_json_parser_free(desk->parser);
  th_buf_dispose(&desk->record);
  free(desk);
}

static int desk_slot = -1;
static void take_desk_slot(void) {
  desk_slot = th_worker_slot(drop_desk);
}

int th_desk_slot(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, take_desk_slot);
  return desk_slot;
}

static th_desk *make_desk(void) {
  th_desk *desk = calloc(1, sizeof *desk);
  if (!desk) return NULL;
  th_buf_init(&desk->record, 0);
  desk->parser = th_json_parser_new(TH_STORE_RECORD_MAX, MAX_DEPTH);
  if (desk->parser) return desk;
  drop_desk(desk);
  return NULL;
}

/* Milliseconds since 1970 in base 36, as the registry's tags have it. */
static void base36(uint64_t v, char out[14]) {
  char back[14];
  unsigned n = 0;
  do
    back[n++] = "0123456789abcdefghijklmnopqrstuvwxyz"[v % 36];
  while ((v /= 36) && n < 13);
  for (unsigned i = 0; i < n; i++)
    out[i] = back[n - 1 - i];
  out[n] = 0;
}

/* "<state>/<version>/<time>": another one whenever an answer could be another. */
static void write_etag(th_desk *desk) {
  struct tm t = {0};
  char state[14], when[14];
  int n = sscanf(desk->timestamp, "%d-%d-%dT%d:%d:%d", &t.tm_year, &t.tm_mon, &t.tm_mday,
                 &t.tm_hour, &t.tm_min, &t.tm_sec);
  t.tm_year -= 1900;
  t.tm_mon -= 1;
  int64_t seconds = n == 6 ? (int64_t)timegm(&t) : 0;
  desk->data_utc = seconds;
  base36(desk->applied_seq, state);
  base36(seconds > 0 ? (uint64_t)seconds * 1000 : 0, when);
  snprintf(desk->etag, sizeof desk->etag, "%s/%s/%s", state, TH_VERSION, when);
}

th_desk *th_desk_open(th_api *api, th_request *rq, uint64_t applied_seq, th_err *err) {
  th_desk *desk = th_worker_get(rq->worker, api->slot);
  if (!desk) {
    desk = make_desk();
    if (!desk) {
      th_err_set(err, TH_ENOMEM, "no memory for a worker");
      return NULL;
    }
    th_worker_put(rq->worker, api->slot, desk);
  }
  if (desk->api != api || desk->applied_seq != applied_seq) {
    desk->api = api;
    desk->applied_seq = applied_seq;
    th_registry_timestamp(api->registry, desk->timestamp);
    write_etag(desk);
  }
  return desk;
}

th_desk *th_desk_now(th_api *api, th_request *rq, th_err *err) {
  th_index *index = th_registry_index(api->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  if (!snapshot) {
    th_err_set(err, TH_EIO, "the index cannot be read");
    return NULL;
  }
  uint64_t applied_seq = snapshot->applied_seq;
  th_index_release(index, snapshot);
  return th_desk_open(api, rq, applied_seq, err);
}

bool th_desk_tag(const th_desk *desk, const th_request *rq, th_response *rs) {
  rs->etag = th_arena_printf(rq->arena, "%s", desk->etag);
  return th_request_holds(rq, rs->etag);
}

/* Reads a record into the desk's own buffer. */
static int read_record(th_api *api, th_desk *desk, uint32_t nct, uint32_t *current, th_err *err) {
  th_record record;
  if (desk->record.cap > RECORD_KEPT) {
    th_buf_dispose(&desk->record);
    th_buf_init(&desk->record, 0);
  }
  th_buf_clear(&desk->record);
  return th_registry_study(api->registry, nct, &desk->record, &record, current, err);
}

int th_desk_record(th_api *api, th_desk *desk, uint32_t nct, bool keep, th_span *json,
                   th_cached *cached, uint32_t *current, th_err *err) {
  th_cached found = {0};
  th_cache_drop(desk->held);
  desk->held = NULL;
  if (!th_cache_find(api->cache, nct, desk->applied_seq, &found)) {
    int rc = read_record(api, desk, nct, current, err);
    if (rc) return rc;
    *json = th_buf_view(&desk->record);
    if (!keep || !th_cache_put(api->cache, nct, desk->applied_seq, *json, &found))
      found = (th_cached){0};
  }
  if (found.entry) *json = found.json;
  desk->held = found.entry;
  if (cached) *cached = found;
  return TH_OK;
}

void th_desk_take_entry(th_desk *desk) {
  desk->held = NULL;
}

int th_desk_parse(th_desk *desk, th_span json, th_json *out, th_err *err) {
  return th_json_parse(desk->parser, json, out, err);
}

int th_shape_read(th_shape *out, const th_request *rq, const th_selection *asked, th_err *err) {
  static const char *const forms[] = {"json", "csv", "json.zip", "fhir.json", "ris"};
  static const char *const markups[] = {"markdown", "legacy"};
  unsigned form, markup;
  *out = (th_shape){0};
  /* A search has the first two forms only. */
  int rc = th_param_choice(rq, "format", forms, asked ? 2 : TH_COUNT(forms), &form, err);
  if (!rc) rc = th_param_choice(rq, "markupFormat", markups, TH_COUNT(markups), &markup, err);
  if (rc) return rc;
  out->form = (th_form)form;
  out->legacy = markup == 1 && form == TH_FORM_JSON;
  th_span list = th_params_list(rq, "fields");
  out->all = list.n == 0;
  switch (out->form) {
  case TH_FORM_CSV:
    return th_csv_columns_parse(&out->columns, list, err);
  case TH_FORM_RIS:
    return th_ris_tags_parse(&out->columns, list, err);
  case TH_FORM_FHIR:
    if (!th_request_param(rq, "fields")) return TH_OK;
    return th_err_set(err, TH_EUSAGE,
                      "Parameter `fields` must be unspecified for format `fhir.json`");
  default:
    return th_selection_parse(&out->fields, list, asked, err);
  }
}

const char *th_shape_type(const th_shape *shape) {
  static const char *const types[] = {
      [TH_FORM_JSON] = "application/json",
      [TH_FORM_CSV] = "text/csv; charset=UTF-8",
      [TH_FORM_ZIP] = "application/zip",
      [TH_FORM_FHIR] = "application/fhir+json",
      [TH_FORM_RIS] = "application/x-research-info-systems",
  };
  return types[shape->form];
}

int th_shape_put(const th_shape *shape, th_desk *desk, uint32_t nct, th_span json, th_buf *out,
                 th_err *err) {
  th_json parsed;
  bool is_json = shape->form == TH_FORM_JSON || shape->form == TH_FORM_ZIP;
  if (is_json && shape->all && !shape->legacy) {
    th_json_compact(out, json);
    return TH_OK;
  }
  int rc = th_desk_parse(desk, json, &parsed, err);
  if (rc) return rc;
  if (shape->form == TH_FORM_CSV)
    th_csv_row(out, &parsed, shape->columns);
  else if (shape->form == TH_FORM_FHIR)
    th_fhir_put(out, &parsed, nct);
  else if (shape->form == TH_FORM_RIS)
    rc = th_ris_put(out, &parsed, shape->columns, desk->timestamp, err);
  else
    th_project(out, &parsed, shape->all ? NULL : &shape->fields, shape->legacy);
  return rc;
}
