#include "api/ask.h"

#include "api/agg.h"
#include "api/params.h"
#include "api/token.h"
#include "criteria/accepts.h"
#include "query/decay.h"
#include "query/params.h"
#include "query/tree.h"
#include "registry/concepts.h"
#include "study/nct.h"

#include <xxhash.h>

enum { DEFAULT_SIZE = 10, LARGEST_SIZE = 1000, MAX_PARTS = 32 };

static const char *const names[] = {
    "format",
    "markupFormat",
    "query.cond",
    "query.term",
    "query.locn",
    "query.titles",
    "query.intr",
    "query.outc",
    "query.spons",
    "query.lead",
    "query.id",
    "query.patient",
    "filter.geo",
    "filter.overallStatus",
    "filter.ids",
    "filter.advanced",
    "filter.synonyms",
    "postFilter.geo",
    "postFilter.overallStatus",
    "postFilter.ids",
    "postFilter.advanced",
    "postFilter.synonyms",
    "aggFilters",
    "geoDecay",
    "fields",
    "sort",
    "countTotal",
    "pageSize",
    "pageToken",
};
static const char lists[] =
    "filter.overallStatus filter.ids filter.synonyms postFilter.overallStatus "
    "postFilter.ids postFilter.synonyms fields sort";

/* Parts that must all hold, gathered one by one. */
typedef struct parts {
  th_query *all[MAX_PARTS];
  size_t n;
} parts;

static int no_memory(th_err *err) {
  return th_err_set(err, TH_ENOMEM, "out of memory");
}

static int add_part(parts *p, th_query *part, th_err *err) {
  if (!part) return no_memory(err);
  if (p->n == MAX_PARTS) return th_err_set(err, TH_EUSAGE, "The request has too many parts");
  p->all[p->n++] = part;
  return TH_OK;
}

/* ---- query.* ---- */

static void note_queried(th_ask *ask, unsigned area) {
  if (th_scope_is_field(area))
    th_selection_add(&ask->queried, th_scope_field(area));
  else if (area < TH_A_COUNT)
    th_selection_add_area(&ask->queried, (uint16_t)area);
}

/* *numbers_only: one of the expressions holds nothing but study numbers. */
static int read_queries(th_ask *ask, const th_request *rq, const th_expander *expander,
                        parts *scored, bool *numbers_only, th_err *err) {
  for (unsigned i = 0; i < th_n_text_params; i++) {
    const th_text_param *param = &th_text_params[i];
    char name[32] = "query.";
    size_t len = TH_MIN(strlen(param->name), sizeof name - 7);
    memcpy(name + 6, param->name, len);
    name[6 + len] = 0;
    th_span text = th_span_trim(th_request_value(rq, name));
    if (text.n == 0) continue;
    uint32_t *numbers;
    size_t n;
    th_query *part = NULL;
    int rc = th_query_numbers(text, rq->arena, &numbers, &n, err);
    const th_parse_options options = {param->area, param->label, expander, th_criteria_accepts};
    if (!rc) rc = th_query_parse_with(&part, rq->arena, text, &options, err);
    if (!rc) rc = add_part(scored, part, err);
    if (rc) return rc;
    *numbers_only = *numbers_only || n > 0;
    note_queried(ask, param->area);
  }
  return TH_OK;
}

/* ---- filter.* and postFilter.*, which mean the same ---- */

static int filter_status(parts *p, const th_request *rq, const char *name, th_err *err) {
  th_items items = {.rest = th_params_list(rq, name)};
  uint64_t mask = 0;
  while (th_items_next(&items)) {
    int value = th_enum_value(TH_E_Status, items.item);
    if (value < 0 || !th_span_eq(items.item, th_span_of(th_enum_name(TH_E_Status, value))))
      return th_param_refuse_value("overallStatus", items.item, err);
    mask |= (uint64_t)1 << value;
  }
  return items.n ? add_part(p, th_query_mask(rq->arena, TH_F_OverallStatus, mask), err) : TH_OK;
}

static int filter_geo(parts *p, const th_request *rq, const char *name, th_err *err) {
  th_span text = th_request_value(rq, name);
  double lat, lon, km;
  if (text.n == 0) return TH_OK;
  if (!th_ask_geo(text, &lat, &lon, &km)) return th_param_refuse(name, err);
  return add_part(p, th_query_near(rq->arena, lat, lon, km, 0), err);
}

/* The study that a number means now, when it is an obsolete one. */
static uint32_t resolve(th_store_reader *reader, uint32_t nct) {
  uint32_t current = 0;
  th_err ignored = {0};
  return th_store_alias(reader, nct, &current, &ignored) == TH_OK && current ? current : nct;
}

static int filter_ids(parts *p, th_api *api, const th_request *rq, const char *name, th_err *err) {
  th_span list = th_params_list(rq, name);
  if (list.n == 0) return TH_OK;
  size_t n = 0, most = list.n / 4 + 1; /* an item has four characters at least, and a comma */
  uint32_t *all = th_arena_calloc(rq->arena, most, 2 * sizeof *all);
  if (!all) return no_memory(err);
  th_store_reader *reader = th_store_reader_acquire(th_registry_store(api->registry), err);
  if (!reader) return err && err->code ? err->code : TH_EIO;
  int rc = TH_OK;
  th_items items = {.rest = list};
  while (!rc && th_items_next(&items)) {
    uint32_t nct;
    if (!th_nct_parse(items.item, &nct)) {
      rc = th_items_refuse(&items, name, err);
      break;
    }
    all[n++] = nct;
    uint32_t current = resolve(reader, nct);
    if (current != nct) all[n++] = current;
  }
  th_store_reader_release(reader);
  return rc ? rc : add_part(p, th_query_ids(rq->arena, all, n), err);
}

static int filter_advanced(parts *p, const th_request *rq, const th_expander *expander,
                           const char *name, th_err *err) {
  const th_parse_options options = {TH_A_BasicSearch, "advanced filter", expander,
                                    th_criteria_accepts};
  th_span text = th_span_trim(th_request_value(rq, name));
  if (text.n == 0) return TH_OK;
  th_query *part = NULL;
  int rc = th_query_parse_with(&part, rq->arena, text, &options, err);
  return rc ? rc : add_part(p, part, err);
}

/* "area:id" pairs name synonyms of the registry's own vocabulary, which we do not have: only their
 * form is checked. */
static int check_synonyms(const th_request *rq, const char *name, th_err *err) {
  th_items items = {.rest = th_params_list(rq, name)};
  while (th_items_next(&items)) {
    const char *colon = items.item.n ? memchr(items.item.p, ':', items.item.n) : NULL;
    if (!colon || colon == items.item.p || colon + 1 == items.item.p + items.item.n)
      return th_items_refuse(&items, name, err);
  }
  return TH_OK;
}

static int read_filters(parts *p, th_api *api, const th_request *rq, const th_expander *expander,
                        th_err *err) {
  int rc = filter_status(p, rq, "filter.overallStatus", err);
  if (!rc) rc = filter_status(p, rq, "postFilter.overallStatus", err);
  if (!rc) rc = filter_geo(p, rq, "filter.geo", err);
  if (!rc) rc = filter_geo(p, rq, "postFilter.geo", err);
  if (!rc) rc = filter_ids(p, api, rq, "filter.ids", err);
  if (!rc) rc = filter_ids(p, api, rq, "postFilter.ids", err);
  if (!rc) rc = filter_advanced(p, rq, expander, "filter.advanced", err);
  if (!rc) rc = filter_advanced(p, rq, expander, "postFilter.advanced", err);
  if (!rc) rc = check_synonyms(rq, "filter.synonyms", err);
  if (!rc) rc = check_synonyms(rq, "postFilter.synonyms", err);
  if (rc) return rc;
  th_query *agg = NULL;
  rc = th_agg_parse(&agg, rq->arena, th_request_value(rq, "aggFilters"), err);
  return rc || !agg ? rc : add_part(p, agg, err);
}

/* What is typed is read with the synonyms of the generation that stands now; the tree holds copies
 * of what it takes from them. */
static int read_expressions(th_ask *ask, th_api *api, const th_request *rq, parts *scored,
                            parts *filters, bool *numbers_only, th_err *err) {
  th_index *index = th_registry_index(api->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  th_concepts dict = {0};
  ask->generation = snapshot ? snapshot->generation : 0;
  int rc = snapshot ? th_registry_concepts(snapshot, &dict, err)
                    : th_err_set(err, TH_EIO, "the index cannot be read");
  const th_expander expander = th_registry_expander(&dict);
  if (!rc) rc = read_queries(ask, rq, &expander, scored, numbers_only, err);
  if (!rc) rc = read_filters(filters, api, rq, &expander, err);
  if (snapshot) th_index_release(index, snapshot);
  return rc;
}

/* ---- the whole ---- */

/* The same for the same parameters in any order. */
static uint64_t hash_params(const th_request *rq) {
  uint64_t sum = 0;
  for (unsigned i = 0; i < rq->n_params; i++) {
    const th_param *p = &rq->params[i];
    if (th_span_eq(p->name, TH_SPAN("countTotal")) || th_span_eq(p->name, TH_SPAN("pageSize")) ||
        th_span_eq(p->name, TH_SPAN("pageToken")))
      continue;
    sum += XXH3_64bits_withSeed(p->value.p, p->value.n, XXH3_64bits(p->name.p, p->name.n));
  }
  return sum;
}

/* Whether a parameter says which studies are found. filter.ids does too, but by the store's
 * aliases, and is counted in no time. */
static bool is_of_total(th_span name) {
  return th_span_starts(name, TH_SPAN("query.")) || th_span_starts(name, TH_SPAN("filter.")) ||
         th_span_starts(name, TH_SPAN("postFilter.")) || th_span_eq(name, TH_SPAN("aggFilters"));
}

static int note_asked(th_ask *ask, const th_request *rq, th_err *err) {
  th_buf text;
  int rc = TH_OK;
  th_buf_init(&text, 1 << 20);
  for (unsigned i = 0; i < rq->n_params; i++) {
    const th_param *p = &rq->params[i];
    if (!is_of_total(p->name)) continue;
    th_buf_span(&text, p->name);
    th_buf_printf(&text, "=%zu:", p->value.n);
    th_buf_span(&text, p->value);
  }
  bool ids = th_request_value(rq, "filter.ids").n || th_request_value(rq, "postFilter.ids").n;
  if (!text.error && !ids) {
    ask->asked = th_arena_dup(rq->arena, th_buf_view(&text));
    if (!ask->asked.p) rc = no_memory(err);
  }
  th_buf_dispose(&text);
  return rc;
}

static int read_page(th_ask *ask, const th_request *rq, th_err *err) {
  uint32_t size = 0;
  bool count = false;
  int rc = th_param_bool(rq, "countTotal", &count, err);
  if (!rc) rc = th_param_int(rq, "pageSize", &size, err);
  ask->search.size = size ? TH_MIN(size, (uint32_t)LARGEST_SIZE) : DEFAULT_SIZE;
  ask->next_page = th_request_value(rq, "pageToken").n > 0;
  ask->search.count = count && !ask->next_page;
  ask->hash = hash_params(rq);
  return rc;
}

static void note_order(th_ask *ask) {
  ask->by_score = ask->search.scored && ask->search.n_sort == 0;
  for (unsigned i = 0; i < ask->search.n_sort; i++)
    if (ask->search.sort[i].field == TH_SORT_RELEVANCE) ask->by_score = true;
}

static int join(const th_query **out, const parts *p, th_arena *arena, th_err *err) {
  *out = p->n ? th_query_and(arena, p->all, p->n) : NULL;
  return p->n && !*out ? no_memory(err) : TH_OK;
}

/* geoDecay has a meaning only round the point of filter.geo. */
static int read_decay(th_ask *ask, const th_request *rq, th_err *err) {
  th_span text = th_request_value(rq, "geoDecay"), geo = th_request_value(rq, "filter.geo");
  th_decay *decay = th_arena_calloc(rq->arena, 1, sizeof *decay);
  double km;
  if (!decay) return no_memory(err);
  *decay = (th_decay)TH_DECAY_DEFAULT;
  if (text.n && !th_decay_parse(text, decay)) return th_param_refuse("geoDecay", err);
  if (geo.n == 0) geo = th_request_value(rq, "postFilter.geo");
  if (geo.n && th_ask_geo(geo, &decay->lat, &decay->lon, &km)) ask->search.decay = decay;
  return TH_OK;
}

int th_ask_read(th_ask *out, th_api *api, const th_request *rq, th_err *err) {
  parts scored = {.n = 0}, filters = {.n = 0};
  bool numbers_only = false;
  *out = (th_ask){0};
  int rc = th_params_check(rq, names, TH_COUNT(names), lists, err);
  if (!rc) rc = read_page(out, rq, err);
  if (!rc) rc = read_expressions(out, api, rq, &scored, &filters, &numbers_only, err);
  if (!rc) rc = read_decay(out, rq, err);
  if (!rc) rc = th_ask_sort(th_params_list(rq, "sort"), out->search.sort, &out->search.n_sort, err);
  if (!rc) rc = th_shape_read(&out->shape, rq, &out->queried, err);
  if (!rc) rc = join(&out->search.scored, &scored, rq->arena, err);
  if (!rc && !numbers_only) rc = join(&out->search.filter, &filters, rq->arena, err);
  if (!rc) note_order(out);
  if (!rc && out->search.count) rc = note_asked(out, rq, err);
  return rc;
}

/* What the order of hits depends on: scores change with every generation, all else with the data.
 */
static uint64_t state_of(const th_ask *ask, uint64_t generation, uint64_t applied_seq) {
  uint64_t parts_of[2] = {ask->by_score ? generation : 0, applied_seq};
  return XXH3_64bits(parts_of, sizeof parts_of);
}

int th_ask_page(th_ask *ask, const th_request *rq, uint64_t generation, uint64_t applied_seq,
                th_err *err) {
  th_token token;
  if (!ask->next_page) return TH_OK;
  if (!th_token_read(th_request_value(rq, "pageToken"), &token))
    return th_param_refuse("pageToken", err);
  if (token.ask != ask->hash)
    return th_err_set(err, TH_EUSAGE,
                      "Parameter `pageToken` belongs to a request with other parameters");
  if (token.state != state_of(ask, generation, applied_seq))
    return th_err_set(
        err, TH_EUSAGE,
        "Parameter `pageToken` is out of date: the data has changed since; begin again "
        "with the first page");
  ask->search.from = token.from;
  return TH_OK;
}

void th_ask_token(const th_ask *ask, uint64_t generation, uint64_t applied_seq, char out[64]) {
  th_token token = {.from = ask->search.from + ask->search.size,
                    .state = state_of(ask, generation, applied_seq),
                    .ask = ask->hash};
  th_token_write(&token, out);
}
