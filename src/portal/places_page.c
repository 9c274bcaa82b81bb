/* Where trials take place: all countries with their counts; in a country, its states and cities.
 *
 * A city is listed under a country, and counted there, only for sites that lie in it. The search
 * that an entry links to asks for studies with a site in the country and one in the city, which is
 * the same but for cities of one name in two countries of one study. */
#include "portal/internal.h"
#include "query/search.h"
#include "study/catalogue.h"

#include <stdio.h>
#include <strings.h>

enum { MOST_PLACES = 60 };

typedef struct places_view {
  const th_portal *p;
  portal_worker *w;
  th_html *h;
  th_request *rq;
  const th_snapshot *snapshot;
  th_span country;
  th_query *in_country;
} places_view;

static int by_name(const void *a, const void *b) {
  const th_place *x = a, *y = b;
  int c = strncasecmp(x->name.p, y->name.p, TH_MIN(x->name.n, y->name.n));
  return c ? c : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}

/* At most `most` places of a level in the view's country, in the order of their names. */
static int list_places(const places_view *v, th_place_level level, uint32_t most,
                       th_place_counts *counts, th_place **out, th_err *err) {
  th_place_request wanted = {.level = level, .country = v->country};
  int rc = th_place_count(v->snapshot, &wanted, v->rq->arena, counts, err);
  if (rc) return rc;
  counts->n = TH_MIN(counts->n, most);
  *out = th_arena_calloc(v->rq->arena, (size_t)counts->n + 1, sizeof **out);
  if (!*out) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  if (counts->n) memcpy(*out, counts->places, counts->n * sizeof **out);
  qsort(*out, counts->n, sizeof **out, by_name);
  return TH_OK;
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
  th_place_counts counts;
  th_place *places;
  int rc = list_places(v, TH_PLACE_COUNTRY, UINT32_MAX, &counts, &places, err);
  if (rc) return rc;
  th_html_element_str(v->h, "h1", NULL, M(trials_by_location));
  th_html_open(v->h, "p", "lead");
  th_html_i64(v->h, counts.n);
  th_html_str(v->h, counts.n == 1 ? M(tail_country) : M(tail_countries));
  th_html_str(v->h, M(and_with_the_number_of_studies));
  th_html_close(v->h);
  th_html_open(v->h, "ul", "counts wide");
  for (uint32_t i = 0; i < counts.n; i++) {
    th_buf *s = th_html_scratch(v->h);
    th_buf_str(s, "/places?country=");
    th_url_encode(s, places[i].name);
    put_entry(v, th_buf_view(s), places[i].name, places[i].studies);
  }
  th_html_close(v->h);
  return TH_OK;
}

/* ---- one country ---- */

static int put_places_of(const places_view *v, const char *title, const char *key,
                         th_place_level level, th_err *err) {
  th_place_counts counts;
  th_place *places;
  int rc = list_places(v, level, MOST_PLACES, &counts, &places, err);
  if (rc || !counts.n) return rc;
  th_html_element_str(v->h, "h2", NULL, title);
  th_html_open(v->h, "ul", "counts wide");
  for (uint32_t i = 0; i < counts.n; i++) {
    th_buf *s = th_html_scratch(v->h);
    th_buf_str(s, "/search?country=");
    th_url_encode(s, v->country);
    th_buf_printf(s, "%%7C&%s=", key);
    th_url_encode(s, places[i].name);
    th_buf_str(s, "%7C");
    put_entry(v, th_buf_view(s), places[i].name, places[i].studies);
  }
  th_html_close(v->h);
  return TH_OK;
}

static void put_country_ways(const places_view *v, const th_search_result *found) {
  static const struct {
    const char *value, *url, *text;
  } ways[] = {{"RECRUITING", "&status=recruiting", M(recruiting_now)},
              {"NOT_YET_RECRUITING", "&status=not_yet_recruiting", M(starting_soon)}};
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
    put_entry(v, th_buf_view(s), th_span_of(i ? ways[i - 1].text : M(all_studies)), count);
  }
  th_html_close(v->h);
}

static int put_country(const places_view *v, th_err *err) {
  static const th_facet_request wanted = {TH_F_OverallStatus, 14};
  th_search_request rq = {.filter = v->in_country, .count = true, .facets = &wanted, .n_facets = 1};
  th_search_result found;
  int rc = th_search(v->snapshot, &rq, v->rq->arena, &found, err);
  if (rc) return rc;
  th_html_element(v->h, "h1", NULL, v->country);
  if (found.total == 0 || found.n_facets != 1) {
    th_html_element_str(v->h, "p", "lead", M(no_study_here_has_a));
  } else {
    put_country_ways(v, &found);
    rc = put_places_of(v, M(states_and_regions_with_most), "state", TH_PLACE_STATE, err);
    if (!rc) rc = put_places_of(v, M(cities_with_most_studies), "city", TH_PLACE_CITY, err);
  }
  th_html_open(v->h, "p", NULL);
  th_html_link_str(v->h, NULL, "/places", M(all_countries));
  th_html_close(v->h);
  return rc;
}

int th_portal_places(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  th_html h;
  places_view v = {.p = ctx, .h = &h, .rq = rq};
  th_page_frame frame = {.title = th_span_of(M(trials_by_location)),
                         .here = "/places",
                         .description = th_span_of(M(about_places))};
  v.country = th_span_trim(th_request_value(rq, "country"));
  v.w = th_portal_worker(v.p, rq);
  if (!v.w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  if (v.country.n) {
    frame.title = v.country;
    v.in_country = th_query_keyword(rq->arena, TH_F_LocationCountry, v.country);
    if (!v.in_country) return th_err_set(err, TH_ENOMEM, "no memory for a query");
  }
  v.snapshot = th_index_acquire(th_registry_index(v.p->registry));
  int rc = th_portal_frame(v.p, v.w, v.snapshot, rq->arena, &frame, err);
  if (!rc) {
    th_portal_begin(&h, v.w, rq, rs);
    th_page_begin(&h, &frame);
    th_html_open(&h, "div", "places");
    rc = v.country.n ? put_country(&v, err) : put_all(&v, err);
    th_html_close(&h);
    th_page_end(&h, &frame);
  }
  th_index_release(th_registry_index(v.p->registry), v.snapshot);
  return rc ? rc : th_portal_end(&h, rs, 200, err);
}
