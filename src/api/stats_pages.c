/* /stats/size, /stats/field/values, /stats/field/sizes, and the names they had before. */
#include "api/internal.h"
#include "api/params.h"
#include "api/stats.h"

static int answer(th_api *api, const th_stats_ask *ask, th_request *rq, th_response *rs,
                  th_err *err) {
  bool ready;
  uint64_t state = 0, count = th_gate_count(th_stats_gate(api->stats));
  th_desk *desk = th_desk_now(api, rq, err);
  if (!desk) return err->code ? err->code : TH_ENOMEM;
  rs->type = "application/json";
  if (th_desk_tag(desk, rq, rs)) return TH_OK;
  int rc = th_stats_get(api->stats, ask, desk->applied_seq, &rs->body, &ready, &state, err);
  if (rc) return rc;
  if (!ready) {
    rs->gate = th_stats_gate(api->stats);
    rs->gate_count = count;
  } else if (state != desk->applied_seq) {
    rs->etag = NULL; /* of a state before: not to be kept */
  }
  return TH_OK;
}

int th_api_stats_size(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  const th_stats_ask ask = {.what = TH_STATS_STUDIES};
  int rc = th_params_check(rq, NULL, 0, "", err);
  return rc ? rc : answer(ctx, &ask, rq, rs, err);
}

/* ---- which fields ---- */

typedef struct picked {
  uint16_t fields[TH_F_COUNT];
  size_t n;
  bool taken[TH_F_COUNT];
} picked;

static bool fits(uint16_t field, th_stats_what what) {
  return what == TH_STATS_SIZES ? th_stats_has_sizes(field) : th_stats_has_values(field);
}

/* The field itself, or those inside it. */
static void pick(picked *p, uint16_t field, th_stats_what what) {
  for (uint16_t f = field; f < th_fields[field].end; f++) {
    if (!fits(f, what) || p->taken[f]) continue;
    p->taken[f] = true;
    p->fields[p->n++] = f;
  }
}

/* A field of the right kind, or a struct that has some inside. */
static int pick_named(picked *p, th_span name, th_stats_what what, th_err *err) {
  uint16_t field = th_field_by_path(name);
  bool any = false;
  for (uint16_t f = field; field != TH_F_NONE && f < th_fields[field].end; f++)
    any = any || fits(f, what);
  if (!any && (field == TH_F_NONE || what == TH_STATS_VALUES))
    return th_err_set(err, TH_ENOTFOUND, "Unknown piece name of field path: %.*s",
                      (int)TH_MIN(name.n, 200), name.p);
  pick(p, field, what);
  return TH_OK;
}

/* Bit i = type i of the list. */
static int read_types(const th_request *rq, unsigned *types, th_err *err) {
  static const char *const names[] = {"ENUM", "STRING", "DATE", "INTEGER", "NUMBER", "BOOLEAN"};
  th_items items = {.rest = th_params_list(rq, "types")};
  *types = items.rest.n ? 0 : UINT32_MAX;
  while (th_items_next(&items)) {
    unsigned i = 0;
    while (i < TH_COUNT(names) && !th_span_eq(items.item, th_span_of(names[i])))
      i++;
    if (i == TH_COUNT(names)) return th_param_refuse_value("types", items.item, err);
    *types |= 1u << (names[i][0] - 'A');
  }
  return TH_OK;
}

static int read_fields(const th_request *rq, picked *p, th_stats_what what, th_err *err) {
  th_items items = {.rest = th_params_list(rq, "fields")};
  int rc = TH_OK;
  if (!items.rest.n)
    for (uint16_t f = 0; f < TH_F_COUNT; f = th_fields[f].end)
      pick(p, f, what);
  while (!rc && th_items_next(&items))
    rc = th_name_formed(items.item) ? pick_named(p, items.item, what, err)
                                    : th_items_refuse(&items, "fields", err);
  return rc;
}

static int answer_fields(th_api *api, th_request *rq, th_stats_what what, bool one, th_response *rs,
                         th_err *err) {
  static const char *const names[] = {"fields", "types"};
  unsigned types = UINT32_MAX;
  picked *p = th_arena_calloc(rq->arena, 1, sizeof *p);
  if (!p) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = one ? th_params_check(rq, NULL, 0, "", err)
               : th_params_check(rq, names, what == TH_STATS_VALUES ? 2 : 1, "fields types", err);
  if (!rc) rc = read_types(rq, &types, err);
  if (!rc) rc = one ? pick_named(p, rq->segment, what, err) : read_fields(rq, p, what, err);
  if (!rc && one && p->n != 1)
    rc = th_err_set(err, TH_ENOTFOUND, "Unknown piece name of field path: %s", rq->segment.p);
  if (rc) return rc;
  size_t n = 0;
  for (size_t i = 0; i < p->n; i++)
    if (types >> (th_stats_type(p->fields[i])[0] - 'A') & 1) p->fields[n++] = p->fields[i];
  const th_stats_ask ask = {.what = what, .fields = p->fields, .n = n, .one = one};
  return answer(api, &ask, rq, rs, err);
}

int th_api_stats_values(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  return answer_fields(ctx, rq, TH_STATS_VALUES, false, rs, err);
}

int th_api_stats_sizes(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  return answer_fields(ctx, rq, TH_STATS_SIZES, false, rs, err);
}

int th_api_stats_values_of(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  return answer_fields(ctx, rq, TH_STATS_VALUES, true, rs, err);
}

int th_api_stats_sizes_of(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  return answer_fields(ctx, rq, TH_STATS_SIZES, true, rs, err);
}
