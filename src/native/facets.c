/* Facets: how the studies of a search spread over the values of fields. Spec of one:
 *
 *   facet  := piece [ ':' form ]
 *   form   := digits                 so many values, most frequent first (words; enums: all)
 *           | "year" | "month"       dates
 *           | bound ( '-' bound )*   numbers and ages (in years): ranges from each bound on
 *   bound  := digits
 */
#include "native/internal.h"

#include "index/codec.h"
#include "query/histogram.h"
#include "study/date.h"

#include <stdio.h>
#include <xxhash.h>

enum { FEWEST = 20, MOST = 10000, BOUNDS_MAX = 100, FIRST_YEAR = 1800, LAST_YEAR = 2200 };

static const char usual[] =
    "OverallStatus,StudyType,Phase,Sex,StdAge,HealthyVolunteers,HasResults,InterventionType,"
    "LeadSponsorClass,DesignAllocation,DesignPrimaryPurpose,DesignMasking,Condition:20,"
    "InterventionName:20,LeadSponsorName:20,LocationCountry:20,StartDate:year,"
    "EnrollmentCount:0-10-50-100-500-1000";

/* ---- reading ---- */

static int refuse(th_err *err, size_t at, const char *what, th_span item) {
  th_err_set(err, TH_EUSAGE, "facet `%.*s`: %s", (int)TH_MIN(item.n, 100), item.p, what);
  th_err_at(err, (int64_t)at, 0);
  return TH_EUSAGE;
}

static bool has_values(uint16_t field) {
  const th_field *f = &th_fields[field];
  return f->type == TH_FT_ENUM || f->type == TH_FT_BOOL || f->type == TH_FT_KEYWORD ||
         (f->flags & TH_FF_FACET);
}

/* A bound in units of the index. */
static bool read_bound(uint16_t field, th_span text, int64_t *out) {
  int64_t v = 0;
  if (text.n == 0 || text.n > 12) return false;
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] < '0' || text.p[i] > '9') return false;
    v = v * 10 + (text.p[i] - '0');
  }
  enum { MINUTES_A_YEAR = 525960 };
  if (th_fields[field].type == TH_FT_AGE) v *= MINUTES_A_YEAR;
  *out = th_fields[field].type == TH_FT_NUMBER ? th_double_key((double)v) : v;
  return true;
}

static int read_ranges(th_facet_spec *f, th_span form, size_t at, th_span item, th_arena *arena,
                       th_err *err) {
  int64_t *bounds = th_arena_calloc(arena, BOUNDS_MAX + 1, sizeof *bounds);
  th_span *labels = th_arena_calloc(arena, BOUNDS_MAX, sizeof *labels);
  if (!bounds || !labels) return th_err_set(err, TH_ENOMEM, "out of memory");
  f->form = TH_FACET_RANGES;
  f->n = 0;
  for (size_t from = 0; from <= form.n;) {
    size_t to = from;
    while (to < form.n && form.p[to] != '-')
      to++;
    if (f->n == BOUNDS_MAX) return refuse(err, at, "too many bounds", item);
    labels[f->n] = (th_span){form.p + from, to - from};
    if (!read_bound(f->field, labels[f->n], &bounds[f->n]))
      return refuse(err, at, "bounds are whole numbers separated by -", item);
    if (f->n && bounds[f->n] <= bounds[f->n - 1]) return refuse(err, at, "bounds must rise", item);
    f->n++;
    from = to + 1;
  }
  bounds[f->n] = INT64_MAX;
  f->bounds = bounds;
  f->labels = labels;
  return TH_OK;
}

static int calendar(th_facet_spec *f, bool months, th_arena *arena, th_err *err) {
  unsigned a_year = months ? 12 : 1, n = (LAST_YEAR - FIRST_YEAR) * a_year;
  int64_t *bounds = th_arena_calloc(arena, n + 1, sizeof *bounds);
  if (!bounds) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (unsigned i = 0; i <= n; i++)
    bounds[i] = th_date_days((int)(FIRST_YEAR + i / a_year), i % a_year + 1, 1);
  f->form = months ? TH_FACET_MONTHS : TH_FACET_YEARS;
  f->bounds = bounds;
  f->n = n;
  return TH_OK;
}

static bool read_most(th_span form, uint32_t *out) {
  uint32_t v = 0;
  for (size_t i = 0; i < form.n; i++) {
    if (form.p[i] < '0' || form.p[i] > '9' || v > MOST) return false;
    v = v * 10 + (uint32_t)(form.p[i] - '0');
  }
  *out = v;
  return form.n > 0 && v > 0 && v <= MOST;
}

static int read_one(th_facet_spec *f, th_span item, size_t at, th_arena *arena, th_err *err) {
  const char *colon = item.n ? memchr(item.p, ':', item.n) : NULL;
  th_span name = {item.p, colon ? (size_t)(colon - item.p) : item.n}, form = {0};
  if (colon) form = (th_span){colon + 1, item.n - name.n - 1};
  *f = (th_facet_spec){.field = th_field_by_path(name), .most = FEWEST};
  if (f->field == TH_F_NONE) return refuse(err, at, "there is no such field", item);
  if (has_values(f->field)) {
    if (th_fields[f->field].type == TH_FT_ENUM || th_fields[f->field].type == TH_FT_BOOL)
      f->most = MOST;
    if (colon && !read_most(form, &f->most))
      return refuse(err, at, "behind the colon stands how many values, 1 to 10000", item);
    return TH_OK;
  }
  if (!th_histogram_field(f->field))
    return refuse(err, at, "the field has no values to count", item);
  if (th_histogram_is_date(f->field)) {
    if (colon && !th_span_eq(form, TH_SPAN("year")) && !th_span_eq(form, TH_SPAN("month")))
      return refuse(err, at, "a date is counted by :year or :month", item);
    return calendar(f, th_span_eq(form, TH_SPAN("month")), arena, err);
  }
  if (!colon) return refuse(err, at, "a number needs bounds, as in :0-10-100", item);
  return read_ranges(f, form, at, item, arena, err);
}

int th_facets_read(th_facet_spec out[TH_FACETS_MAX], unsigned *n, th_span list, th_arena *arena,
                   th_err *err) {
  *n = 0;
  if (list.n == 0) list = th_span_of(usual);
  for (size_t from = 0; from <= list.n;) {
    size_t to = from;
    while (to < list.n && list.p[to] != ',' && list.p[to] != '|')
      to++;
    th_span item = {list.p + from, to - from};
    if (*n == TH_FACETS_MAX) return refuse(err, from, "no more than 64 facets at once", item);
    int rc = read_one(&out[(*n)++], item, from, arena, err);
    if (rc) return rc;
    from = to + 1;
  }
  return TH_OK;
}

/* ---- counting ---- */

typedef struct counts {
  th_search_result found;
  th_histogram histograms[TH_FACETS_MAX];
} counts;

static int count_all(const th_snapshot *snapshot, const th_query *query,
                     const th_facet_spec *facets, unsigned n, th_arena *arena, counts *out,
                     th_err *err) {
  th_facet_request words[TH_FACETS_MAX];
  th_histogram_request ranges[TH_FACETS_MAX];
  unsigned n_words = 0, n_ranges = 0;
  for (unsigned i = 0; i < n; i++) {
    if (facets[i].form == TH_FACET_VALUES)
      words[n_words++] = (th_facet_request){facets[i].field, facets[i].most};
    else
      ranges[n_ranges++] = (th_histogram_request){facets[i].field, facets[i].bounds, facets[i].n};
  }
  th_search_request request = {
      .filter = query, .count = true, .facets = words, .n_facets = n_words};
  int rc = th_search(snapshot, &request, arena, &out->found, err);
  if (!rc && n_ranges)
    rc = th_histogram_count(snapshot, query, ranges, n_ranges, arena, out->histograms, err);
  return rc;
}

static void put_values(th_jout *w, const th_facet *f) {
  for (uint32_t i = 0; i < f->n; i++) {
    th_jout_object(w);
    th_jout_kv_text(w, "value", f->values[i].value);
    th_jout_kv_i64(w, "count", f->values[i].count);
    th_jout_end_object(w);
  }
}

static void put_bucket(th_jout *w, const th_facet_spec *f, uint32_t i, uint32_t count) {
  char date[16];
  th_jout_object(w);
  if (f->form == TH_FACET_YEARS) {
    snprintf(date, sizeof date, "%04u", FIRST_YEAR + i);
    th_jout_kv_str(w, "value", date);
  } else if (f->form == TH_FACET_MONTHS) {
    snprintf(date, sizeof date, "%04u-%02u", FIRST_YEAR + i / 12, i % 12 + 1);
    th_jout_kv_str(w, "value", date);
  } else {
    th_jout_key(w, "from");
    th_jout_raw(w, f->labels[i]);
    th_jout_key(w, "to");
    if (i + 1 < f->n)
      th_jout_raw(w, f->labels[i + 1]);
    else
      th_jout_null(w);
  }
  th_jout_kv_i64(w, "count", count);
  th_jout_end_object(w);
}

/* Empty years and months are left out, empty ranges are not: they were asked for. */
static void put_histogram(th_jout *w, const th_facet_spec *f, const th_histogram *h) {
  for (uint32_t i = 0; i < f->n; i++)
    if (h->counts[i] || f->form == TH_FACET_RANGES) put_bucket(w, f, i, h->counts[i]);
}

static const char *type_of(const th_facet_spec *f) {
  static const char *const forms[] = {"", "year", "month", "range"};
  if (f->form != TH_FACET_VALUES) return forms[f->form];
  uint8_t type = th_fields[f->field].type;
  return type == TH_FT_ENUM ? "enum" : type == TH_FT_BOOL ? "boolean" : "text";
}

static void put_counts(th_jout *w, const th_facet_spec *facets, unsigned n, const counts *c) {
  unsigned word = 0, range = 0;
  th_jout_object(w);
  th_jout_kv_i64(w, "totalCount", c->found.total);
  th_jout_key(w, "facets");
  th_jout_array(w);
  for (unsigned i = 0; i < n; i++) {
    const th_facet_spec *f = &facets[i];
    bool words = f->form == TH_FACET_VALUES;
    th_jout_object(w);
    th_jout_kv_str(w, "field", th_fields[f->field].piece);
    th_jout_kv_str(w, "path", th_fields[f->field].path);
    th_jout_kv_str(w, "type", type_of(f));
    th_jout_kv_i64(w, "missing",
                   words ? c->found.facets[word].missing : c->histograms[range].missing);
    th_jout_key(w, "values");
    th_jout_array(w);
    if (words)
      put_values(w, &c->found.facets[word++]);
    else
      put_histogram(w, f, &c->histograms[range++]);
    th_jout_end_array(w);
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
  th_jout_end_object(w);
}

int th_facets_put(const th_snapshot *snapshot, const th_query *query, const th_facet_spec *facets,
                  unsigned n, th_arena *arena, th_buf *out, th_err *err) {
  th_jout w;
  counts *c = th_arena_calloc(arena, 1, sizeof *c);
  if (!c) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = count_all(snapshot, query, facets, n, arena, c, err);
  if (rc) return rc;
  th_jout_init(&w, out, false);
  put_counts(&w, facets, n, c);
  return out->error ? th_err_set(err, out->error, "The answer is too large") : TH_OK;
}

/* ---- the endpoint ---- */

/* Answers of this state of the data are kept under a hash of the query string, with the string
 * before them to tell those of the same hash apart. */
static bool answer_kept(th_call *call, uint32_t key, uint64_t state) {
  th_cached found;
  th_span query = call->rq->query;
  if (!th_cache_find(call->native->answers, key, state, &found)) return false;
  if (found.json.n <= query.n || found.json.p[query.n] != '\n' ||
      (query.n && memcmp(found.json.p, query.p, query.n) != 0)) {
    th_cache_drop(found.entry);
    return false;
  }
  if (!found.packed.p && th_accepts_gzip(call->rq->accept_encoding)) {
    th_err ignored = {0};
    th_buf packed;
    th_span body = {found.json.p + query.n + 1, found.json.n - query.n - 1};
    th_buf_init(&packed, 0);
    if (!th_gzip(call->rq->worker, body, &packed, &ignored))
      th_cache_set_packed(call->native->answers, key, &found, th_buf_view(&packed));
    th_buf_dispose(&packed);
  }
  call->rs->fixed = (th_span){found.json.p + query.n + 1, found.json.n - query.n - 1};
  call->rs->fixed_gzip = found.packed.n ? found.packed : (th_span){0};
  call->rs->release = th_cache_drop;
  call->rs->release_ctx = found.entry;
  return true;
}

static void keep_answer(th_call *call, uint32_t key, uint64_t state) {
  th_buf entry;
  th_cached kept;
  th_buf_init(&entry, 0);
  th_buf_span(&entry, call->rq->query);
  th_buf_char(&entry, '\n');
  th_buf_span(&entry, th_buf_view(&call->rs->body));
  if (!entry.error && th_cache_put(call->native->answers, key, state, th_buf_view(&entry), &kept))
    th_cache_drop(kept.entry);
  th_buf_dispose(&entry);
}

static int answer_facets(th_call *call, const th_snapshot *snapshot, th_err *err) {
  th_facet_spec facets[TH_FACETS_MAX];
  unsigned n;
  th_query *both[2];
  th_arena *arena = call->rq->arena;
  th_ask *ask = th_arena_calloc(arena, 1, sizeof *ask);
  if (!ask) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = th_facets_read(facets, &n, th_call_list(call, "facets"), arena, err);
  if (rc == TH_EUSAGE) call->parameter = "facets";
  if (!rc) rc = th_call_ask(call, ask, err);
  if (rc) return rc;
  both[0] = (th_query *)(uintptr_t)ask->search.scored; /* what is joined is not changed */
  both[1] = (th_query *)(uintptr_t)ask->search.filter;
  const th_query *query = both[0] || both[1] ? th_query_and(arena, both, 2) : NULL;
  if ((both[0] || both[1]) && !query) return th_err_set(err, TH_ENOMEM, "out of memory");
  return th_facets_put(snapshot, query, facets, n, arena, &call->rs->body, err);
}

int th_native_facets(th_call *call, th_err *err) {
  th_index *index = th_registry_index(call->native->registry);
  uint32_t key =
      (uint32_t)XXH3_64bits(call->rq->query.p ? call->rq->query.p : "", call->rq->query.n);
  const th_snapshot *snapshot = th_index_acquire(index);
  uint64_t state = snapshot->applied_seq;
  int rc = TH_OK;
  if (!th_call_holds(call, state, 0) && !answer_kept(call, key, state)) {
    rc = answer_facets(call, snapshot, err);
    if (!rc) keep_answer(call, key, state);
  }
  th_index_release(index, snapshot);
  return rc;
}
