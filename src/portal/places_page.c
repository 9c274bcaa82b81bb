/* Where trials take place: all countries with their counts; in a country, its states and cities.
 *
 * The counts are those of the search that each entry links to. A study with places in several
 * countries has the cities of all of them, so a city is listed under a country only when one of the
 * records read for it shows it there; the work for that is bounded. */
#include "portal/internal.h"
#include "query/params.h"
#include "study/catalogue.h"

#include <stdio.h>
#include <strings.h>

enum { ALL_COUNTRIES = 400, MOST_PLACES = 60, LARGE = 40, CHECKS = 12, SAMPLES = 3 };

typedef struct places_view {
  const th_portal *p;
  portal_worker *w;
  th_html *h;
  th_request *rq;
  const th_snapshot *snapshot;
  th_span country;
  th_query *in_country;
} places_view;

static int find(const places_view *v, const th_query *filter, const th_facet_request *facets,
                unsigned n_facets, uint32_t size, th_search_result *out, th_err *err) {
  th_search_request rq = {
      .filter = filter, .count = true, .size = size, .facets = facets, .n_facets = n_facets};
  return th_search(v->snapshot, &rq, v->rq->arena, out, err);
}

static int by_name(const void *a, const void *b) {
  const th_facet_value *x = a, *y = b;
  int c = strncasecmp(x->value.p, y->value.p, TH_MIN(x->value.n, y->value.n));
  return c ? c : (x->value.n > y->value.n) - (x->value.n < y->value.n);
}

/* A copy of the values in the order of their names. */
static th_facet_value *sorted(const places_view *v, const th_facet_value *values, uint32_t n) {
  th_facet_value *copy = th_arena_calloc(v->rq->arena, n ? n : 1, sizeof *copy);
  if (!copy) return NULL;
  if (n) memcpy(copy, values, n * sizeof *copy);
  qsort(copy, n, sizeof *copy, by_name);
  return copy;
}

static void put_entry(const places_view *v, th_span url, th_span name, uint32_t count) {
  th_html_open(v->h, "li", NULL);
  th_html_link(v->h, NULL, url, name);
  th_html_str(v->h, " ");
  th_html_open(v->h, "span", "n");
  th_html_i64(v->h, count);
  th_html_close_n(v->h, 2);
}

/* ---- all countries ---- */

static int put_all(const places_view *v, th_err *err) {
  static const th_facet_request wanted = {TH_F_LocationCountry, ALL_COUNTRIES};
  th_search_result found;
  int rc = find(v, NULL, &wanted, 1, 0, &found, err);
  if (rc) return rc;
  uint32_t n = found.n_facets ? found.facets[0].n : 0;
  th_facet_value *values = sorted(v, n ? found.facets[0].values : NULL, n);
  if (!values) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  th_html_element_str(v->h, "h1", NULL, "Trials by location");
  th_html_open(v->h, "p", "lead");
  th_html_i64(v->h, n);
  th_html_str(v->h, n == 1 ? " country" : " countries");
  th_html_str(v->h, ", with the number of studies that have a place there.");
  th_html_close(v->h);
  th_html_open(v->h, "ul", "counts wide");
  for (uint32_t i = 0; i < n; i++) {
    th_buf *s = th_html_scratch(v->h);
    th_buf_str(s, "/places?country=");
    th_url_encode(s, values[i].value);
    put_entry(v, th_buf_view(s), values[i].value, values[i].count);
  }
  th_html_close(v->h);
  return TH_OK;
}

/* ---- one country ---- */

/* Confirms the values of the list that the record shows in the country. key: "city", "state". */
static void confirm(const places_view *v, const th_json *j, const char *key,
                    const th_facet_value *values, bool *here, uint32_t n) {
  uint32_t list = th_json_path(j, 0, "protocolSection.contactsLocationsModule.locations");
  if (!list || j->nodes[list].type != TH_JARRAY) return;
  for (th_json_each(j, list, e)) {
    if (!th_span_eq_nocase(th_json_path_text(j, e, "country"), v->country)) continue;
    th_span name = th_json_path_text(j, e, key);
    for (uint32_t i = 0; name.n && i < n; i++)
      if (th_span_eq_nocase(values[i].value, name)) here[i] = true;
  }
}

/* Reads the studies found and confirms with each. */
static int confirm_with(const places_view *v, const th_search_result *found, const char *key,
                        const th_facet_value *values, bool *here, uint32_t n, th_err *err) {
  for (uint32_t i = 0; i < found->n_hits; i++) {
    th_record record;
    th_json j;
    uint32_t current;
    th_err local = {0};
    int rc = th_registry_study(v->p->registry, found->hits[i].nct, &v->w->record, &record, &current,
                               &local);
    if (rc == TH_ENOTFOUND) continue;
    if (!rc) rc = th_json_parse(v->w->parser, record.json, &j, &local);
    if (rc) return th_err_set(err, rc, "%s", local.message);
    confirm(v, &j, key, values, here, n);
  }
  return TH_OK;
}

/* Large studies confirm most places at once; of the others, the first few are looked for one by
 * one.
 */
static int confirm_all(const places_view *v, const char *key, uint16_t field,
                       const th_facet_value *values, bool *here, uint32_t n, th_err *err) {
  th_search_result found;
  th_search_request large = {
      .filter = v->in_country, .sort = {{TH_F_EnrollmentCount, true}}, .n_sort = 1, .size = LARGE};
  int rc = th_search(v->snapshot, &large, v->rq->arena, &found, err);
  if (!rc) rc = confirm_with(v, &found, key, values, here, n, err);
  for (uint32_t i = 0, checks = 0; !rc && i < n; i++) {
    if (here[i] || checks == CHECKS) continue;
    checks++;
    th_query *both[2] = {v->in_country, th_query_keyword(v->rq->arena, field, values[i].value)};
    rc = find(v, th_query_and(v->rq->arena, both, 2), NULL, 0, SAMPLES, &found, err);
    if (!rc) rc = confirm_with(v, &found, key, &values[i], &here[i], 1, err);
  }
  return rc;
}

static int put_places_of(const places_view *v, const char *title, const char *key, uint16_t field,
                         const th_facet *facet, th_err *err) {
  bool any = false;
  th_facet_value *values = sorted(v, facet->values, facet->n);
  bool *here = th_arena_calloc(v->rq->arena, facet->n ? facet->n : 1, sizeof *here);
  if (!values || !here) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  int rc = confirm_all(v, key, field, values, here, facet->n, err);
  for (uint32_t i = 0; !rc && i < facet->n; i++) {
    if (!here[i]) continue;
    if (!any) {
      th_html_element_str(v->h, "h2", NULL, title);
      th_html_open(v->h, "ul", "counts wide");
      any = true;
    }
    th_buf *s = th_html_scratch(v->h);
    th_buf_str(s, "/search?country=");
    th_url_encode(s, v->country);
    th_buf_printf(s, "%%7C&%s=", key);
    th_url_encode(s, values[i].value);
    th_buf_str(s, "%7C");
    put_entry(v, th_buf_view(s), values[i].value, values[i].count);
  }
  if (any) th_html_close(v->h);
  return rc;
}

static void put_country_ways(const places_view *v, const th_search_result *found) {
  static const struct {
    const char *value, *url, *text;
  } ways[] = {{"RECRUITING", "&status=recruiting", "Recruiting now"},
              {"NOT_YET_RECRUITING", "&status=not_yet_recruiting", "Starting soon"}};
  th_html_open(v->h, "ul", "counts wide");
  for (size_t i = 0; i <= TH_COUNT(ways); i++) {
    uint32_t count = i ? 0 : (uint32_t)found->total;
    for (uint32_t k = 0; i && k < found->facets[0].n; k++)
      if (th_span_eq(found->facets[0].values[k].value, th_span_of(ways[i - 1].value)))
        count = found->facets[0].values[k].count;
    if (!count) continue;
    th_buf *s = th_html_scratch(v->h);
    th_buf_str(s, "/search?country=");
    th_url_encode(s, v->country);
    th_buf_str(s, "%7C");
    if (i) th_buf_str(s, ways[i - 1].url);
    put_entry(v, th_buf_view(s), th_span_of(i ? ways[i - 1].text : "All studies"), count);
  }
  th_html_close(v->h);
}

static int put_country(const places_view *v, th_err *err) {
  static const th_facet_request wanted[] = {{TH_F_OverallStatus, 14},
                                            {TH_F_LocationState, MOST_PLACES},
                                            {TH_F_LocationCity, MOST_PLACES}};
  th_search_result found;
  int rc = find(v, v->in_country, wanted, TH_COUNT(wanted), 0, &found, err);
  if (rc) return rc;
  th_html_element(v->h, "h1", NULL, v->country);
  if (found.total == 0 || found.n_facets != TH_COUNT(wanted)) {
    th_html_element_str(v->h, "p", "lead", "No study here has a place in a country of this name.");
  } else {
    put_country_ways(v, &found);
    rc = put_places_of(v, "States and regions with most studies", "state", TH_F_LocationState,
                       &found.facets[1], err);
    if (!rc)
      rc = put_places_of(v, "Cities with most studies", "city", TH_F_LocationCity, &found.facets[2],
                         err);
  }
  th_html_open(v->h, "p", NULL);
  th_html_link_str(v->h, NULL, "/places", "All countries");
  th_html_close(v->h);
  return rc;
}

int th_portal_places(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  th_html h;
  places_view v = {.p = ctx, .h = &h, .rq = rq};
  th_page_frame frame = {.title = TH_SPAN("Trials by location"), .here = "/places"};
  v.country = th_span_trim(th_request_value(rq, "country"));
  v.w = th_portal_worker(v.p, rq);
  if (!v.w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  if (v.country.n) {
    frame.title = v.country;
    v.in_country = th_query_keyword(rq->arena, TH_F_LocationCountry, v.country);
    if (!v.in_country) return th_err_set(err, TH_ENOMEM, "no memory for a query");
  }
  v.snapshot = th_index_acquire(th_registry_index(v.p->registry));
  int rc = th_portal_made_up(v.p, v.w, v.snapshot, rq->arena, &frame.made_up, err);
  if (!rc) {
    th_portal_begin(&h, v.w, rs);
    th_page_begin(&h, &frame);
    th_html_open(&h, "div", "places");
    rc = v.country.n ? put_country(&v, err) : put_all(&v, err);
    th_html_close(&h);
    th_page_end(&h, &frame);
  }
  th_index_release(th_registry_index(v.p->registry), v.snapshot);
  return rc ? rc : th_portal_end(&h, rs, 200, err);
}
