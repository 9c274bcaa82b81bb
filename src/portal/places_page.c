/* Where trials take place: all countries; in a country its states and cities; in a state its
 * cities; in a city its trials, those that recruit first.
 *
 *   /places/COUNTRY/STATE/CITY?page=n      slugs of their names; STATE "-": any
 *   /places?country=C&state=S&city=T       their names
 *
 * State, city and page may be absent. A country has one address, by its English name, however it
 * was asked for; names lead on to slugs. Of names of one slug the one with most studies has it; the
 * others are reached by their names. A state or city without a country is searched for. A study
 * counts for a place by sites of its own there: country, state and city are those of one and the
 * same site. The searches that a page leads to are exactly the studies it counts. */
#include "portal/map.h"
#include "portal/places_view.h"
#include "portal/search_hit.h"
#include "portal/words.h"
#include "query/search.h"
#include "study/catalogue.h"

enum { MOST_IN_COUNTRY = 60, MOST_IN_STATE = 600 };

/* ---- parts of a page ---- */

/* A name with a comma in it is one name when a bar stands behind it. */
static th_span search_path(const places_view *v, const char *base, const char *more) {
  static const char *const keys[] = {"country", "state", "city"};
  const th_span names[] = {v->country, v->state, v->city};
  th_buf *s = th_html_scratch(v->h);
  th_buf_str(s, base);
  for (size_t i = 0; i < TH_COUNT(keys); i++) {
    if (!names[i].n) continue;
    th_places_put_key(s, keys[i], names[i]);
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
      th_html_text(v->h, th_places_shown(v, names[i], i == 0));
      th_html_close(v->h);
    } else {
      th_span path = th_places_path(th_html_scratch(v->h), v->country, i ? v->state : none, none);
      th_html_link(v->h, NULL, path, th_places_shown(v, names[i], i == 0));
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
  th_html_link(v->h, NULL, search_path(v, "/search", ""), th_span_of(M(search_these_studies)));
  th_html_close(v->h);
  if (v->recruiting) {
    th_html_open(v->h, "li", NULL);
    th_html_link(v->h, NULL, search_path(v, "/search", "&status=recruiting"),
                 th_span_of(M(recruiting_studies_only)));
    th_html_close(v->h);
  }
  if (!v->city.n && th_map_has_land()) {
    th_html_open(v->h, "li", NULL);
    th_html_link(v->h, NULL, search_path(v, "/search/map", ""),
                 th_span_of(M(their_places_on_a_map)));
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

/* ---- the levels ---- */

static int put_world(const places_view *v, th_err *err) {
  th_html_element_str(v->h, "h1", NULL, M(trials_by_location));
  th_html_open(v->h, "p", "lead");
  th_html_i64(v->h, v->counts.n);
  th_html_str(v->h, v->counts.n == 1 ? M(tail_country) : M(tail_countries));
  th_html_str(v->h, M(and_with_the_number_of_studies));
  th_html_close(v->h);
  th_places_put_world(v);
  th_places_put_legend(v);
  return th_places_put_list(v, &v->counts, TH_PLACE_COUNTRY, UINT32_MAX, err);
}

static int put_country(const places_view *v, th_err *err) {
  th_place_counts states, cities;
  int rc = th_places_count(v, TH_PLACE_STATE, &states, err);
  if (!rc) rc = th_places_count(v, TH_PLACE_CITY, &cities, err);
  if (!rc && !th_places_put_states(v, &states)) rc = th_places_put_map(v, M(map_of_country), err);
  if (rc) return rc;
  th_places_put_legend(v);
  rc = th_places_put_section(v, M(states_and_regions), &states, TH_PLACE_STATE, MOST_IN_STATE, err);
  if (rc) return rc;
  return th_places_put_section(v,
                               cities.n > MOST_IN_COUNTRY ? M(cities_with_most_studies) : M(cities),
                               &cities, TH_PLACE_CITY, MOST_IN_COUNTRY, err);
}

static int put_state(const places_view *v, th_err *err) {
  int rc = th_places_put_map(v, M(map_of_state), err);
  if (rc) return rc;
  th_places_put_legend(v);
  return th_places_put_section(v, M(cities), &v->counts, TH_PLACE_CITY, MOST_IN_STATE, err);
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
  (void)th_places_path(s, v->country, v->state, v->city);
  bool asks = th_span_find(th_buf_view(s), TH_SPAN("?")) >= 0;
  if (page > 1) th_buf_printf(s, "%cpage=%u", asks ? '&' : '?', page);
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

/* Those that recruit come first; the list goes on with all others. */
static int put_city(const places_view *v, th_err *err) {
  th_search_result open, rest;
  portal_state s = {.rq = v->rq,
                    .snapshot = v->snapshot,
                    .at_country = v->country,
                    .at_state = v->state,
                    .at_city = v->city};
  unsigned page = th_places_asked_page(v->rq);
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
  const th_lang lang = th_lang_of_path(v->rq->path);
  const th_span names[] = {v->city, v->state, th_words_country(lang, v->country)};
  char *title = th_arena_printf(v->rq->arena, "%s", "");
  for (size_t i = 0; title && i < TH_COUNT(names); i++)
    if (names[i].n)
      title = th_arena_printf(v->rq->arena, "%s%s%.*s", title, *title ? ", " : "", (int)names[i].n,
                              names[i].p);
  return title ? th_span_of(title) : (th_span){0};
}

static int put_place(const places_view *v, th_err *err) {
  put_trail(v);
  if (!v->country.n) return put_world(v, err);
  th_html_element(v->h, "h1", NULL,
                  v->city.n    ? v->city
                  : v->state.n ? v->state
                               : th_places_shown(v, v->country, true));
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

/* "/places?city=Boston": which country is for the search to find. False when nothing is asked. */
static bool search_instead(th_request *rq, th_response *rs) {
  static const char *const keys[] = {"state", "city", "near"};
  th_buf s;
  th_buf_init(&s, 1 << 14);
  th_buf_printf(&s, "%s/search", th_lang_prefix(th_lang_of_path(rq->path)));
  size_t bare = s.n;
  for (size_t i = 0; i < TH_COUNT(keys); i++) {
    th_span value = th_span_trim(th_request_value(rq, keys[i]));
    if (!value.n) continue;
    th_buf_printf(&s, "%c%s=", s.n > bare ? '&' : '?', keys[i]);
    th_url_encode(&s, value);
  }
  char *to = s.n > bare && !s.error ? th_arena_printf(rq->arena, "%.*s", (int)s.n, s.p) : NULL;
  th_buf_dispose(&s);
  if (to) th_response_redirect(rs, 302, to);
  return to != NULL;
}

static int answer_place(places_view *v, bool by_path, th_response *rs, th_err *err) {
  bool known = true, asked = v->country.n > 0;
  const char *address = NULL;
  int rc = by_path        ? th_places_read_path(v, &known, err)
           : v->country.n ? th_places_read_country(v, v->country, &v->country, err)
                          : TH_OK;
  if ((by_path || asked) && !v->country.n) known = false;
  if (!rc) rc = th_places_make_query(v, err);
  if (!rc && known) rc = th_places_look(v, err);
  if (rc) return rc;
  if (!known || (v->country.n && !v->studies))
    return th_portal_sorry(v->p, v->rq, rs, 404, M(no_study_takes_place_there),
                           th_span_of(M(no_study_here_has_a)), err);
  rc = th_places_find_address(v, by_path, &address, err);
  if (rc || !address) return rc ? rc : write_page(v, rs, err);
  th_response_redirect(rs, 301, address);
  return TH_OK;
}

int th_portal_places(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  th_html h;
  th_fact *facts[TH_PLACES_FACTS] = {0};
  places_view v = {.p = ctx, .h = &h, .rq = rq, .facts = facts};
  bool by_path =
      rq->path.n > strlen(th_lang_prefix(th_lang_of_path(rq->path))) + strlen("/places/");
  if (!by_path) {
    v.country = th_span_trim(th_request_value(rq, "country"));
    if (!v.country.n && search_instead(rq, rs)) return TH_OK;
    v.state = v.country.n ? th_span_trim(th_request_value(rq, "state")) : (th_span){0};
    v.city = v.country.n ? th_span_trim(th_request_value(rq, "city")) : (th_span){0};
  }
  v.w = th_portal_worker(v.p, rq);
  if (!v.w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  v.snapshot = th_index_acquire(th_registry_index(v.p->registry));
  int rc = answer_place(&v, by_path, rs, err);
  for (unsigned i = 0; i < TH_PLACES_FACTS; i++)
    th_fact_release(facts[i]);
  th_index_release(th_registry_index(v.p->registry), v.snapshot);
  return rc;
}
