/* Where trials take place: all countries; in a country its states and cities; in a state its
 * cities; in a city its trials, those that recruit first.
 *
 *   /places?country=C&state=S&city=T&page=n
 *
 * State, city and page may be absent; a state without a country is not looked at. A study counts
 * for a place by sites of its own there: country, state and city are those of one and the same
 * site. The searches that a page leads to are exactly the studies it counts. */
#include "portal/internal.h"
#include "portal/search_hit.h"
#include "query/names.h"
#include "query/search.h"
#include "study/catalogue.h"

#include <stdio.h>
#include <strings.h>

enum { MOST_IN_COUNTRY = 60, MOST_IN_STATE = 600 };

typedef struct places_view {
  const th_portal *p;
  portal_worker *w;
  th_html *h;
  th_request *rq;
  const th_snapshot *snapshot;
  th_span country, state, city; /* as asked; then as most sites spell them */
  th_query *there;              /* studies with such a site; NULL = all */
  th_place_counts counts;       /* of the level below */
  uint32_t studies, recruiting; /* in the place itself */
} places_view;

/* ---- counting ---- */

static int make_query(places_view *v, th_err *err) {
  th_query *parts[3] = {NULL, NULL, NULL};
  size_t n = 0;
  th_arena *arena = v->rq->arena;
  if (!v->country.n) return TH_OK;
  parts[n++] = th_query_keyword(arena, TH_F_LocationCountry, v->country);
  if (v->state.n) parts[n++] = th_query_keyword(arena, TH_F_LocationState, v->state);
  if (v->city.n) parts[n++] = th_query_keyword(arena, TH_F_LocationCity, v->city);
  for (size_t i = 0; i < n; i++)
    if (!parts[i]) return th_err_set(err, TH_ENOMEM, "no memory for a query");
  v->there = th_portal_same_site(arena, parts, n);
  return v->there ? TH_OK : th_err_set(err, TH_ENOMEM, "no memory for a query");
}

static int count_level(const places_view *v, th_place_level level, th_place_counts *out,
                       th_err *err) {
  th_place_request wanted = {
      .filter = v->there, .level = level, .country = v->country, .state = v->state};
  return th_place_count(v->snapshot, &wanted, v->rq->arena, out, err);
}

static const th_place *find_place(const th_place_counts *counts, th_span name) {
  char wanted[TH_NAME_MAX], other[TH_NAME_MAX];
  size_t n = th_name_fold(name, wanted);
  for (uint32_t i = 0; i < counts->n; i++)
    if (th_name_fold(counts->places[i].name, other) == n && memcmp(other, wanted, n) == 0)
      return &counts->places[i];
  return NULL;
}

/* The place's own counts and spelling. Nothing is found: its counts stay 0. */
static int look_at_place(places_view *v, th_err *err) {
  th_place_counts counts;
  int rc;
  v->studies = v->recruiting = 0;
  if (v->city.n) {
    rc = count_level(v, TH_PLACE_CITY, &counts, err);
    const th_place *found = rc ? NULL : find_place(&counts, v->city);
    if (!found) return rc;
    v->city = found->name;
    v->studies = found->studies;
    v->recruiting = found->recruiting;
    return TH_OK;
  }
  rc = count_level(v, v->state.n ? TH_PLACE_CITY : TH_PLACE_COUNTRY, &v->counts, err);
  if (rc) return rc;
  v->studies = v->counts.studies;
  v->recruiting = v->counts.recruiting;
  const th_place *country = v->country.n && !v->state.n ? find_place(&v->counts, v->country) : NULL;
  if (country) v->country = country->name;
  return TH_OK;
}

/* ---- parts of a page ---- */

static void put_key(th_buf *out, const char *key, th_span value) {
  if (!value.n) return;
  th_buf_printf(out, "%c%s=", th_span_find(th_buf_view(out), TH_SPAN("?")) < 0 ? '?' : '&', key);
  th_url_encode(out, value);
}

static th_span page_path(th_buf *s, th_span country, th_span state, th_span city) {
  th_buf_str(s, "/places");
  put_key(s, "country", country);
  put_key(s, "state", state);
  put_key(s, "city", city);
  return th_buf_view(s);
}

/* A name with a comma in it is one name when a bar stands behind it. */
static th_span search_path(const places_view *v, const char *more) {
  static const char *const keys[] = {"country", "state", "city"};
  const th_span names[] = {v->country, v->state, v->city};
  th_buf *s = th_html_scratch(v->h);
  th_buf_str(s, "/search");
  for (size_t i = 0; i < TH_COUNT(keys); i++) {
    if (!names[i].n) continue;
    put_key(s, keys[i], names[i]);
    th_buf_str(s, "%7C");
  }
  th_buf_str(s, more);
  return th_buf_view(s);
}

/* World › country › state › city: where one is, and the way back. */
static void put_trail(const places_view *v) {
  if (!v->country.n) return;
  th_html_open(v->h, "nav", "trail");
  th_html_attr_str(v->h, "aria-label", M(place));
  th_html_open(v->h, "ol", NULL);
  th_html_open(v->h, "li", NULL);
  th_html_link_str(v->h, NULL, "/places", M(all_countries));
  th_html_close(v->h);
  const th_span none = {0}, names[] = {v->country, v->state, v->city};
  for (size_t i = 0; i < TH_COUNT(names); i++) {
    if (!names[i].n) continue;
    bool last = i == 2 || (!v->city.n && (i == 1 || !v->state.n));
    th_html_open(v->h, "li", NULL);
    if (last) {
      th_html_open(v->h, "span", NULL);
      th_html_attr_str(v->h, "aria-current", "page");
      th_html_text(v->h, names[i]);
      th_html_close(v->h);
    } else {
      th_span path = page_path(th_html_scratch(v->h), v->country, i ? v->state : none, none);
      th_html_link(v->h, NULL, path, names[i]);
    }
    th_html_close(v->h);
  }
  th_html_close_n(v->h, 2);
}

/* "1,234 studies, 120 of them recruit here now." */
static void put_lead(const places_view *v) {
  th_html_open(v->h, "p", "lead");
  th_html_i64(v->h, v->studies);
  th_html_str(v->h, v->studies == 1 ? M(tail_study) : M(tail_studies));
  th_html_str(v->h, ", ");
  th_html_open(v->h, "strong", NULL);
  th_html_i64(v->h, v->recruiting);
  th_html_str(v->h, v->recruiting == 1 ? M(tail_recruits_here) : M(tail_recruit_here));
  th_html_close_n(v->h, 2);
  th_html_open(v->h, "ul", "steps");
  th_html_open(v->h, "li", NULL);
  th_html_link(v->h, NULL, search_path(v, ""), th_span_of(M(search_these_studies)));
  th_html_close(v->h);
  if (v->recruiting) {
    th_html_open(v->h, "li", NULL);
    th_html_link(v->h, NULL, search_path(v, "&status=recruiting"),
                 th_span_of(M(recruiting_studies_only)));
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

static void put_legend(const places_view *v) {
  th_html_open(v->h, "p", "legend");
  th_html_element_str(v->h, "span", "n", "12");
  th_html_str(v->h, M(tail_legend_studies));
  th_html_element_str(v->h, "span", "n open", "3");
  th_html_str(v->h, M(tail_legend_recruiting));
  th_html_close(v->h);
}

static void put_entry(const places_view *v, th_span url, const th_place *place) {
  th_html_open(v->h, "li", NULL);
  th_html_link(v->h, NULL, url, place->name);
  th_html_str(v->h, " ");
  th_html_open(v->h, "span", "n");
  th_html_i64(v->h, place->studies);
  th_html_element_str(v->h, "span", "hidden",
                      place->studies == 1 ? M(tail_study) : M(tail_studies));
  th_html_close(v->h);
  th_html_str(v->h, " ");
  th_html_open(v->h, "span", place->recruiting ? "n open" : "n");
  th_html_i64(v->h, place->recruiting);
  th_html_element_str(v->h, "span", "hidden", M(tail_recruiting));
  th_html_close_n(v->h, 2);
}

static int by_name(const void *a, const void *b) {
  const th_place *x = a, *y = b;
  int c = strncasecmp(x->name.p, y->name.p, TH_MIN(x->name.n, y->name.n));
  return c ? c : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}

/* At most `most` places, those with most studies, in the order of their names. */
static int put_list(const places_view *v, const th_place_counts *counts, th_place_level level,
                    uint32_t most, th_err *err) {
  const th_span none = {0};
  uint32_t n = TH_MIN(counts->n, most);
  th_place *places = th_arena_calloc(v->rq->arena, (size_t)n + 1, sizeof *places);
  if (!places) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  if (n) memcpy(places, counts->places, n * sizeof *places);
  qsort(places, n, sizeof *places, by_name);
  th_html_open(v->h, "ul", "counts two wide");
  for (uint32_t i = 0; i < n; i++) {
    th_span name = places[i].name;
    th_buf *s = th_html_scratch(v->h);
    th_span url = level == TH_PLACE_COUNTRY ? page_path(s, name, none, none)
                  : level == TH_PLACE_STATE ? page_path(s, v->country, name, none)
                                            : page_path(s, v->country, v->state, name);
    put_entry(v, url, &places[i]);
  }
  th_html_close(v->h);
  if (counts->n <= most) return TH_OK;
  th_html_open(v->h, "p", "quiet");
  th_html_str(v->h, M(lead_and));
  th_html_i64(v->h, counts->n - most);
  th_html_str(v->h, M(tail_more_with_fewer_studies));
  th_html_close(v->h);
  return TH_OK;
}

static int put_section(const places_view *v, const char *title, const th_place_counts *counts,
                       th_place_level level, uint32_t most, th_err *err) {
  if (!counts->n) return TH_OK;
  th_html_element_str(v->h, "h2", NULL, title);
  return put_list(v, counts, level, most, err);
}

/* ---- the levels ---- */

static int put_world(const places_view *v, th_err *err) {
  th_html_element_str(v->h, "h1", NULL, M(trials_by_location));
  th_html_open(v->h, "p", "lead");
  th_html_i64(v->h, v->counts.n);
  th_html_str(v->h, v->counts.n == 1 ? M(tail_country) : M(tail_countries));
  th_html_str(v->h, M(and_with_the_number_of_studies));
  th_html_close(v->h);
  put_legend(v);
  return put_list(v, &v->counts, TH_PLACE_COUNTRY, UINT32_MAX, err);
}

static int put_country(const places_view *v, th_err *err) {
  th_place_counts states, cities;
  int rc = count_level(v, TH_PLACE_STATE, &states, err);
  if (!rc) rc = count_level(v, TH_PLACE_CITY, &cities, err);
  if (rc) return rc;
  put_legend(v);
  rc = put_section(v, M(states_and_regions), &states, TH_PLACE_STATE, MOST_IN_STATE, err);
  if (rc) return rc;
  return put_section(v, cities.n > MOST_IN_COUNTRY ? M(cities_with_most_studies) : M(cities),
                     &cities, TH_PLACE_CITY, MOST_IN_COUNTRY, err);
}

static int put_state(const places_view *v, th_err *err) {
  put_legend(v);
  return put_section(v, M(cities), &v->counts, TH_PLACE_CITY, MOST_IN_STATE, err);
}

/* ---- a city's studies ---- */

static int search_part(const places_view *v, bool recruiting, uint32_t from, uint32_t size,
                       th_search_result *out, th_err *err) {
  th_arena *arena = v->rq->arena;
  int bit = th_enum_value(th_fields[TH_F_OverallStatus].enum_id, TH_SPAN("RECRUITING"));
  th_query *open = th_query_mask(arena, TH_F_OverallStatus, 1ull << bit);
  if (open && !recruiting) open = th_query_not(arena, open);
  th_query *const parts[] = {v->there, open};
  th_query *both = open ? th_query_and(arena, parts, 2) : NULL;
  if (!both) return th_err_set(err, TH_ENOMEM, "no memory for a query");
  th_search_request rq = {.filter = both,
                          .sort = {{TH_F_StudyFirstPostDate, true}},
                          .n_sort = 1,
                          .from = from,
                          .size = size,
                          .count = true};
  return th_search(v->snapshot, &rq, arena, out, err);
}

static int put_hits(const places_view *v, const portal_state *s, const th_search_result *found,
                    th_err *err) {
  int rc = TH_OK;
  for (uint32_t i = 0; !rc && i < found->n_hits; i++)
    rc = th_portal_hit(v->p, v->w, v->h, s, &found->hits[i], err);
  return rc;
}

static void put_step(const places_view *v, unsigned page, const char *label) {
  th_buf *s = th_html_scratch(v->h);
  (void)page_path(s, v->country, v->state, v->city);
  if (page > 1) th_buf_printf(s, "&page=%u", page);
  th_html_open(v->h, "li", NULL);
  th_html_link(v->h, "step", th_buf_view(s), th_span_of(label));
  th_html_close(v->h);
}

static void put_pager(const places_view *v, unsigned page, uint64_t total) {
  bool more = (uint64_t)page * PORTAL_PAGE_SIZE < total && page < PORTAL_LAST_PAGE;
  if (page == 1 && !more) return;
  th_html_open(v->h, "nav", "pager");
  th_html_attr_str(v->h, "aria-label", M(pages));
  th_html_open(v->h, "ul", NULL);
  if (page > 1) put_step(v, page - 1, M(previous));
  if (more) put_step(v, page + 1, M(next));
  th_html_close_n(v->h, 2);
}

static unsigned asked_page(const th_request *rq) {
  th_span text = th_span_trim(th_request_value(rq, "page"));
  unsigned page = 0;
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] < '0' || text.p[i] > '9' || page > PORTAL_LAST_PAGE) return 1;
    page = 10 * page + (unsigned)(text.p[i] - '0');
  }
  return page >= 1 && page <= PORTAL_LAST_PAGE ? page : 1;
}

/* Those that recruit come first; the list goes on with all others. */
static int put_city(const places_view *v, th_err *err) {
  th_search_result open, rest;
  portal_state s = {
      .rq = v->rq, .at_country = v->country, .at_state = v->state, .at_city = v->city};
  unsigned page = asked_page(v->rq);
  uint32_t from = (page - 1) * PORTAL_PAGE_SIZE;
  int rc = search_part(v, true, from, PORTAL_PAGE_SIZE, &open, err);
  if (rc) return rc;
  uint32_t skip = from > open.total ? from - (uint32_t)open.total : 0;
  rc = search_part(v, false, skip, PORTAL_PAGE_SIZE - open.n_hits, &rest, err);
  if (rc) return rc;
  th_html_element_str(v->h, "h2", "hidden", M(studies));
  th_html_open(v->h, "ol", "hits");
  th_html_attr_u64(v->h, "start", (uint64_t)from + 1);
  s.heading = "h3";
  rc = put_hits(v, &s, &open, err);
  if (!rc) rc = put_hits(v, &s, &rest, err);
  th_html_close(v->h);
  put_pager(v, page, (uint64_t)(open.total + rest.total));
  return rc;
}

/* ---- the handler ---- */

static th_span place_title(const places_view *v) {
  const th_span *names[] = {&v->city, &v->state, &v->country};
  char *title = th_arena_printf(v->rq->arena, "%s", "");
  for (size_t i = 0; title && i < TH_COUNT(names); i++)
    if (names[i]->n)
      title = th_arena_printf(v->rq->arena, "%s%s%.*s", title, *title ? ", " : "", (int)names[i]->n,
                              names[i]->p);
  return title ? th_span_of(title) : (th_span){0};
}

static int put_place(const places_view *v, th_err *err) {
  put_trail(v);
  if (!v->country.n) return put_world(v, err);
  th_html_element(v->h, "h1", NULL, v->city.n ? v->city : v->state.n ? v->state : v->country);
  put_lead(v);
  return v->city.n ? put_city(v, err) : v->state.n ? put_state(v, err) : put_country(v, err);
}

static int write_page(places_view *v, th_response *rs, th_err *err) {
  th_page_frame frame = {.title = th_span_of(M(trials_by_location)),
                         .here = "/places",
                         .description = th_span_of(M(about_places))};
  if (v->country.n) frame.title = place_title(v);
  frame.no_index = th_request_value(v->rq, "page").n > 0;
  int rc = th_portal_frame(v->p, v->w, v->snapshot, v->rq->arena, &frame, err);
  if (rc) return rc;
  th_portal_begin(v->h, v->w, v->rq, rs);
  th_page_begin(v->h, &frame);
  th_html_open(v->h, "div", "places");
  rc = put_place(v, err);
  th_html_close(v->h);
  th_page_end(v->h, &frame);
  return rc ? rc : th_portal_end(v->h, rs, 200, err);
}

int th_portal_places(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  th_html h;
  places_view v = {.p = ctx, .h = &h, .rq = rq};
  v.country = th_span_trim(th_request_value(rq, "country"));
  if (v.country.n) {
    v.state = th_span_trim(th_request_value(rq, "state"));
    v.city = th_span_trim(th_request_value(rq, "city"));
  }
  v.w = th_portal_worker(v.p, rq);
  if (!v.w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  v.snapshot = th_index_acquire(th_registry_index(v.p->registry));
  int rc = make_query(&v, err);
  if (!rc) rc = look_at_place(&v, err);
  if (!rc && v.country.n && !v.studies)
    rc = th_portal_sorry(v.p, rq, rs, 404, M(no_study_takes_place_there),
                         th_span_of(M(no_study_here_has_a)), err);
  else if (!rc)
    rc = write_page(&v, rs, err);
  th_index_release(th_registry_index(v.p->registry), v.snapshot);
  return rc;
}
