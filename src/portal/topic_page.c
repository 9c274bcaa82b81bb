/* One condition, intervention or sponsor: how many studies, when, of what kind, where, what goes
 * with it, and the newest. All numbers are of one set of studies, the one that the page's search
 * finds. */
#include "geo/geo.h"
#include "portal/search_hit.h"
#include "portal/topic.h"
#include "portal/words.h"
#include "query/histogram.h"
#include "query/names.h"
#include "registry/concepts.h"
#include "study/catalogue.h"

enum { STATUS, PHASE, COUNTRY, CONDITION, INTERVENTION, SPONSOR, FACETS };
enum { NEWEST = 5, SYNONYMS = 16, FIRST_YEAR = 1960, MOST_YEARS = 120, SHOWN_YEARS = 36 };

static const th_facet_request wanted[FACETS] = {
    [STATUS] = {TH_F_OverallStatus, 14},          [PHASE] = {TH_F_Phase, 6},
    [COUNTRY] = {TH_F_LocationCountryCode, 12},   [CONDITION] = {TH_F_Condition, 12},
    [INTERVENTION] = {TH_F_InterventionName, 12}, [SPONSOR] = {TH_F_LeadSponsorName, 12}};

typedef struct topic_view {
  const th_portal *p;
  portal_worker *w;
  th_html *h;
  th_request *rq;
  const th_snapshot *snapshot;
  th_topic_kind kind;
  th_span names[TH_TOPIC_NAMES]; /* the first is shown: the one that most studies write */
  size_t n_names;
  th_query *query;
  th_search_result found;
} topic_view;

/* ---- looking ---- */

static bool is_same(th_span a, th_span b) {
  char x[TH_NAME_MAX], y[TH_NAME_MAX];
  size_t n = th_name_fold(a, x);
  return th_name_fold(b, y) == n && memcmp(x, y, n) == 0;
}

static int is_name(const topic_view *v, th_span name) {
  for (size_t i = 0; i < v->n_names; i++)
    if (is_same(v->names[i], name)) return (int)i;
  return -1;
}

/* The spelling that most of the studies have comes first. */
static void choose_name(topic_view *v) {
  const th_facet *f = &v->found.facets[CONDITION + v->kind];
  for (uint32_t i = 0; i < f->n; i++) {
    int at = is_name(v, f->values[i].value);
    if (at < 0) continue;
    v->names[at] = v->names[0];
    v->names[0] = f->values[i].value;
    return;
  }
}

static int look(topic_view *v, th_err *err) {
  th_arena *arena = v->rq->arena;
  v->query = th_topic_query(v->kind, v->names, v->n_names, arena);
  if (!v->query) return th_err_set(err, TH_ENOMEM, "no memory for a query");
  th_search_request rq = {.filter = v->query,
                          .sort = {{TH_F_StudyFirstPostDate, true}},
                          .n_sort = 1,
                          .size = NEWEST,
                          .count = true,
                          .facets = wanted,
                          .n_facets = FACETS};
  int rc = th_search(v->snapshot, &rq, arena, &v->found, err);
  if (!rc && v->found.n_facets == FACETS) choose_name(v);
  return rc;
}

/* ---- links ---- */

/* The search of the page's studies, with more behind it. All spellings are alternatives. */
static th_buf *search_path(const topic_view *v, const char *key, th_span value) {
  th_buf *s = th_html_scratch(v->h);
  th_buf_printf(s, "/search?%s=", th_topic_infos[v->kind].filter);
  for (size_t i = 0; i < v->n_names; i++) {
    th_url_encode(s, v->names[i]);
    th_buf_str(s, "%7C");
  }
  if (!key) return s;
  th_buf_printf(s, "&%s=", key);
  for (size_t i = 0; i < value.n; i++) {
    char c = value.p[i];
    bool word = strcmp(key, "country") == 0;
    th_url_encode(s, (th_span){&c, 1});
    if (!word && c >= 'A' && c <= 'Z') s->p[s->n - 1] |= 0x20;
  }
  if (strcmp(key, "country") == 0) th_buf_str(s, "%7C");
  return s;
}

static void put_count(const topic_view *v, uint32_t count) {
  th_html_str(v->h, " ");
  th_html_open(v->h, "span", "n");
  th_html_i64(v->h, count);
  th_html_close_n(v->h, 2);
}

static void put_values(const topic_view *v, int facet, const char *title, const char *key) {
  const th_facet *f = &v->found.facets[facet];
  if (!f->n) return;
  th_html_open(v->h, "section", NULL);
  th_html_element_str(v->h, "h2", NULL, title);
  th_html_open(v->h, "ul", "counts");
  for (uint32_t i = 0; i < f->n; i++) {
    th_span value = f->values[i].value;
    if (facet == COUNTRY) value = th_geo_country_name(value);
    th_html_open(v->h, "li", NULL);
    th_html_open(v->h, "a", NULL);
    (void)th_html_href(v->h, th_buf_view(search_path(v, key, value)));
    if (th_fields[f->field].enum_id == TH_E_NONE) {
      th_html_text(v->h, facet == COUNTRY ? th_words_country(v->h->lang, value) : value);
    } else {
      th_words_label(v->h->lang, f->field, value, th_html_scratch(v->h));
      th_html_scratch_text(v->h);
    }
    th_html_close(v->h);
    put_count(v, f->values[i].count);
  }
  th_html_close_n(v->h, 2);
}

/* A name that stands before in another case or with other accents. */
static bool is_repeated(const th_facet *f, uint32_t at) {
  for (uint32_t i = 0; i < at; i++)
    if (is_same(f->values[i].value, f->values[at].value)) return true;
  return false;
}

/* Studies of the page with the name in any spelling; as counted when there is but one. */
static int64_t count_related(const topic_view *v, const th_facet *f, uint32_t at) {
  th_search_result found;
  th_err ignored = {0};
  bool again = false;
  for (uint32_t i = at + 1; i < f->n; i++)
    again = again || is_same(f->values[i].value, f->values[at].value);
  if (!again) return f->values[at].count;
  th_query *const parts[] = {v->query,
                             th_query_keyword(v->rq->arena, f->field, f->values[at].value)};
  th_search_request rq = {.count = true};
  if (parts[1]) rq.filter = th_query_and(v->rq->arena, parts, 2);
  if (!rq.filter || th_search(v->snapshot, &rq, v->rq->arena, &found, &ignored))
    return f->values[at].count;
  return found.total;
}

static void put_related(const topic_view *v, th_topic_kind kind, const char *title) {
  const th_facet *f = &v->found.facets[CONDITION + kind];
  uint32_t shown = 0;
  for (uint32_t i = 0; i < f->n; i++) {
    th_buf *s = th_html_scratch(v->h);
    th_span name = f->values[i].value;
    if ((kind == v->kind && is_name(v, name) >= 0) || is_repeated(f, i)) continue;
    if (!th_topic_path(kind, name, s)) continue;
    if (!shown++) {
      th_span kept = th_arena_dup(v->rq->arena, th_buf_view(s));
      th_html_open(v->h, "section", NULL);
      th_html_element_str(v->h, "h2", NULL, title);
      th_html_open(v->h, "ul", "counts");
      th_buf_span(th_html_scratch(v->h), kept);
    }
    th_html_open(v->h, "li", NULL);
    th_html_link(v->h, NULL, th_buf_view(s), name);
    put_count(v, (uint32_t)count_related(v, f, i));
  }
  if (shown) th_html_close_n(v->h, 2);
}

/* ---- years ---- */

static void put_mark(const topic_view *v, unsigned x, unsigned y, uint32_t number, bool grouped) {
  th_html_open(v->h, "text", NULL);
  th_html_attr_u64(v->h, "x", x);
  th_html_attr_u64(v->h, "y", y);
  if (grouped)
    th_words_number(v->h->lang, number, th_html_scratch(v->h));
  else
    th_buf_u64(th_html_scratch(v->h), number);
  th_html_scratch_text(v->h);
  th_html_close(v->h);
}

/* A bar a year, and the same numbers as a table. */
static void put_bars(const topic_view *v, const uint32_t *counts, int first, int n) {
  enum { STEP = 16, HIGH = 120, FOOT = 22, HEAD = 20, SIDE = 12 }; /* half a year's label aside */
  uint32_t most = 1;
  for (int i = 0; i < n; i++)
    most = TH_MAX(most, counts[i]);
  th_html_open(v->h, "svg", "chart");
  th_html_attr_str(v->h, "role", "img");
  th_html_attr_str(v->h, "aria-label", M(studies_by_year_of_start));
  th_buf *s = th_html_scratch(v->h);
  th_buf_printf(s, "%d 0 %d %d", -SIDE, n * STEP + 2 * SIDE, HEAD + HIGH + FOOT);
  th_html_attr(v->h, "viewBox", th_buf_view(s));
  for (int i = 0; i < n; i++) {
    unsigned high = (unsigned)((uint64_t)counts[i] * HIGH / most);
    if (counts[i] && !high) high = 1;
    th_html_open(v->h, "rect", NULL);
    th_html_attr_u64(v->h, "x", (uint64_t)(i * STEP + 2));
    th_html_attr_u64(v->h, "y", HEAD + HIGH - high);
    th_html_attr_u64(v->h, "width", STEP - 4);
    th_html_attr_u64(v->h, "height", high);
    th_html_close(v->h);
    unsigned middle = (unsigned)(i * STEP + STEP / 2);
    if (counts[i] == most) put_mark(v, middle, HEAD + HIGH - high - 4, counts[i], true);
    if ((first + i) % (n > 18 ? 10 : 5) == 0 || n <= 5)
      put_mark(v, middle, HEAD + HIGH + 16, (uint32_t)(first + i), false);
  }
  th_html_close(v->h);
}

static void put_year_table(const topic_view *v, const uint32_t *counts, int first, int n) {
  th_html_open(v->h, "details", "numbers");
  th_html_element_str(v->h, "summary", NULL, M(numbers_as_a_table));
  th_html_open(v->h, "table", NULL);
  th_html_open(v->h, "thead", NULL);
  th_html_open(v->h, "tr", NULL);
  for (int i = 0; i < 2; i++) {
    th_html_open(v->h, "th", NULL);
    th_html_attr_str(v->h, "scope", "col");
    th_html_str(v->h, i ? M(studies) : M(year));
    th_html_close(v->h);
  }
  th_html_close_n(v->h, 2);
  th_html_open(v->h, "tbody", NULL);
  for (int i = 0; i < n; i++) {
    th_html_open(v->h, "tr", NULL);
    th_html_open(v->h, "th", NULL);
    th_html_attr_str(v->h, "scope", "row");
    th_buf_printf(th_html_scratch(v->h), "%d", first + i);
    th_html_scratch_text(v->h);
    th_html_close(v->h);
    th_html_open(v->h, "td", NULL);
    th_html_i64(v->h, counts[i]);
    th_html_close_n(v->h, 2);
  }
  th_html_close_n(v->h, 3);
}

/* From the first year with studies to the last, at most the SHOWN_YEARS last of them. */
static int put_years(const topic_view *v, th_err *err) {
  int64_t bounds[MOST_YEARS + 1];
  th_histogram years;
  for (int i = 0; i <= MOST_YEARS; i++)
    bounds[i] = th_date_days(FIRST_YEAR + i, 1, 1);
  th_histogram_request rq = {TH_F_StartDate, bounds, MOST_YEARS};
  int rc = th_histogram_count(v->snapshot, v->query, &rq, 1, v->rq->arena, &years, err);
  if (rc) return rc;
  int from = 0, to = MOST_YEARS;
  while (to > from && !years.counts[to - 1])
    to--;
  from = TH_MAX(0, to - SHOWN_YEARS);
  while (from < to && !years.counts[from])
    from++;
  if (to - from < 2) return TH_OK;
  th_html_open(v->h, "section", "years");
  th_html_element_str(v->h, "h2", NULL, M(studies_by_year_of_start));
  put_bars(v, years.counts + from, FIRST_YEAR + from, to - from);
  put_year_table(v, years.counts + from, FIRST_YEAR + from, to - from);
  th_html_close(v->h);
  return TH_OK;
}

/* ---- words ---- */

/* What else it is called: other spellings that are counted here, and the dictionary's synonyms,
 * which lead to a search. */
static int put_synonyms(const topic_view *v, th_err *err) {
  th_concepts dict;
  th_alternative *all = NULL;
  size_t n = 0, shown = 0;
  const th_expand_options options = {.most = SYNONYMS, .least = .5f};
  if (v->kind == TH_TOPIC_SPONSOR) return TH_OK;
  int rc = th_registry_concepts(v->snapshot, &dict, err);
  if (!rc) rc = th_concepts_expand(&dict, v->names[0], &options, v->rq->arena, &all, &n, err);
  if (rc) return rc;
  for (size_t i = 0; i < n; i++) {
    bool same = all[i].relation != TH_LABEL_SYNONYM && all[i].relation != TH_LABEL_ABBREVIATION &&
                all[i].relation != TH_LABEL_PREFERRED;
    if (same || is_name(v, all[i].text) >= 0) continue;
    if (!shown++) {
      th_html_open(v->h, "p", "synonyms");
      th_html_element_str(v->h, "span", "quiet", M(lead_also_called));
    } else {
      th_html_str(v->h, ", ");
    }
    th_buf *s = th_html_scratch(v->h);
    th_buf_printf(s, "/search?%s=%%22", v->kind == TH_TOPIC_CONDITION ? "cond" : "intr");
    th_url_encode(s, all[i].text);
    th_buf_str(s, "%22");
    th_html_link(v->h, NULL, th_buf_view(s), all[i].text);
  }
  if (shown) th_html_close(v->h);
  return TH_OK;
}

/* ---- the page ---- */

static void put_head(const topic_view *v) {
  const th_topic_info *info = &th_topic_infos[v->kind];
  uint32_t open = 0;
  for (uint32_t i = 0; i < v->found.facets[STATUS].n; i++)
    if (th_span_eq(v->found.facets[STATUS].values[i].value, TH_SPAN("RECRUITING")))
      open = v->found.facets[STATUS].values[i].count;
  th_html_open(v->h, "p", "trail");
  th_html_link_str(v->h, NULL, info->all_path, info->all);
  th_html_close(v->h);
  th_html_element(v->h, "h1", NULL, v->names[0]);
  th_html_open(v->h, "p", "lead");
  th_html_i64(v->h, v->found.total);
  th_html_str(v->h, v->found.total == 1 ? M(tail_study) : M(tail_studies));
  th_html_str(v->h, ", ");
  th_html_open(v->h, "strong", NULL);
  th_html_i64(v->h, open);
  th_html_str(v->h, M(tail_recruiting));
  th_html_close_n(v->h, 2);
}

static void put_steps(const topic_view *v) {
  th_html_open(v->h, "ul", "steps");
  for (int i = 0; i < 2; i++) {
    th_html_open(v->h, "li", NULL);
    th_buf *s = search_path(v, i ? "status" : NULL, TH_SPAN("RECRUITING"));
    th_html_link(v->h, NULL, th_buf_view(s),
                 th_span_of(i ? M(recruiting_studies_only) : M(search_these_studies)));
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

static int put_newest(const topic_view *v, th_err *err) {
  int rc = TH_OK;
  portal_state s = {.rq = v->rq, .heading = "h3"};
  th_html_open(v->h, "section", NULL);
  th_html_element_str(v->h, "h2", NULL, M(newest_studies));
  th_html_open(v->h, "ol", "hits");
  for (uint32_t i = 0; !rc && i < v->found.n_hits; i++)
    rc = th_portal_hit(v->p, v->w, v->h, &s, &v->found.hits[i], err);
  th_html_close_n(v->h, 2);
  return rc;
}

static int put_topic(const topic_view *v, th_err *err) {
  put_head(v);
  int rc = put_synonyms(v, err);
  put_steps(v);
  if (!rc) rc = put_years(v, err);
  if (rc) return rc;
  th_html_open(v->h, "div", "columns");
  put_values(v, STATUS, M(status), "status");
  put_values(v, PHASE, M(phase), "phase");
  put_values(v, COUNTRY, M(by_country), "country");
  put_related(v, TH_TOPIC_CONDITION,
              v->kind == TH_TOPIC_CONDITION ? M(related_conditions) : M(conditions));
  put_related(v, TH_TOPIC_INTERVENTION,
              v->kind == TH_TOPIC_INTERVENTION ? M(given_together_with) : M(interventions_word));
  put_related(v, TH_TOPIC_SPONSOR,
              v->kind == TH_TOPIC_SPONSOR ? M(works_together_with) : M(sponsors_word));
  th_html_close(v->h);
  return put_newest(v, err);
}

static int write_page(topic_view *v, th_response *rs, th_err *err) {
  th_buf canonical;
  th_page_frame frame = {.title = v->names[0], .description = th_span_of(M(about_topic))};
  th_buf_init(&canonical, 1 << 12);
  bool has_path = th_topic_path(v->kind, v->names[0], &canonical);
  th_span path = has_path ? th_arena_dup(v->rq->arena, th_buf_view(&canonical)) : (th_span){0};
  th_buf_dispose(&canonical);
  frame.canonical = path.p;
  int rc = th_portal_frame(v->p, v->w, v->snapshot, v->rq->arena, &frame, err);
  if (rc) return rc;
  th_portal_begin(v->h, v->w, v->rq, rs);
  th_page_begin(v->h, &frame);
  th_html_open(v->h, "article", "places topic");
  rc = put_topic(v, err);
  th_html_close(v->h);
  th_page_end(v->h, &frame);
  return rc ? rc : th_portal_end(v->h, rs, 200, err);
}

static int answer(const th_portal *p, th_topic_kind kind, th_request *rq, th_response *rs,
                  th_err *err) {
  th_html h;
  topic_view v = {.p = p, .h = &h, .rq = rq, .kind = kind};
  th_index *index = th_registry_index(p->registry);
  v.w = th_portal_worker(p, rq);
  if (!v.w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  v.snapshot = th_index_acquire(index);
  int rc = th_topic_find(v.snapshot, kind, rq->segment, v.names, &v.n_names, err);
  if (!rc && v.n_names) rc = look(&v, err);
  if (!rc && v.found.total > 0)
    rc = write_page(&v, rs, err);
  else if (!rc)
    rc = th_portal_sorry(p, rq, rs, 404, M(no_study_of_that_name), th_span_of(M(no_topic_advice)),
                         err);
  th_index_release(index, v.snapshot);
  return rc;
}

int th_portal_condition(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  return answer(ctx, TH_TOPIC_CONDITION, rq, rs, err);
}

int th_portal_intervention(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  return answer(ctx, TH_TOPIC_INTERVENTION, rq, rs, err);
}

int th_portal_sponsor(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  return answer(ctx, TH_TOPIC_SPONSOR, rq, rs, err);
}
