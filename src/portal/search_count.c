/* The hits of a results page, and what each choice of its filters would lead to.
 *
 * All of it is of a few sets of studies: what the search finds, and what it would find without one
 * group's filter. They are worked out together, once; hits are the best of the first, facets and
 * choices are counted in them. */
#include "geo/geo.h"
#include "portal/search_view.h"
#include "query/names.h"
#include "query/sets.h"
#include "study/catalogue.h"

/* A set by the filters that are left out of its search. */
typedef struct left_out {
  const search_view *v;
  const th_snapshot *snapshot;
  uint32_t without[TH_SETS_MOST];
  uint64_t **set[TH_SETS_MOST];
  unsigned n;
} left_out;

static uint32_t bit_of(const char *name) {
  return 1u << th_portal_filter_place(name);
}

static bool is_filtered(const search_view *v, const char *name) {
  return v->s->filters[th_portal_filter_place(name)] != NULL;
}

/* ---- sets ---- */

/* Of the filters in the set of bits, those that the address has. */
static uint32_t those_asked(const search_view *v, uint32_t filters) {
  for (int i = 0; i < PORTAL_FILTERS; i++)
    if (!v->s->filters[i]) filters &= ~(1u << i);
  return filters;
}

static void want_set(left_out *l, uint32_t without) {
  without = those_asked(l->v, without);
  for (unsigned i = 0; i < l->n; i++)
    if (l->without[i] == without) return;
  if (l->n < TH_SETS_MOST) l->without[l->n++] = without;
}

static uint64_t *const *set_without(const left_out *l, uint32_t without) {
  unsigned i = 0;
  without = those_asked(l->v, without);
  while (i + 1 < l->n && l->without[i] != without)
    i++;
  return l->set[i];
}

/* State and city are listed of what is found in the country, whatever of it is chosen. */
static uint32_t below_country(bool city) {
  return bit_of("city") | (city ? 0 : bit_of("state"));
}

static int make_sets(left_out *l, th_err *err) {
  const th_query *filters[TH_SETS_MOST];
  want_set(l, 0);
  for (unsigned i = 0; i < GROUPS; i++)
    want_set(l, bit_of(th_portal_groups[i].name));
  for (unsigned i = 0; i < NAME_GROUPS; i++)
    want_set(l, bit_of(th_portal_name_groups[i].name));
  if (is_filtered(l->v, "country")) {
    want_set(l, below_country(false));
    want_set(l, below_country(true));
  }
  for (unsigned i = 0; i < l->n; i++)
    filters[i] = th_portal_state_filter(l->v->s, l->without[i]);
  return th_sets_make(l->snapshot, l->v->s->scored, filters, l->n, l->v->s->rq->arena, l->set, err);
}

/* Every word of a field and how often the search without its own filter finds it. */
static int count_own(const left_out *l, const char *name, uint16_t field, uint32_t most,
                     th_facet *out, th_err *err) {
  th_facet_request wanted = {field, most};
  return th_set_facets(l->snapshot, set_without(l, bit_of(name)), &wanted, 1, l->v->s->rq->arena,
                       out, err);
}

/* ---- names ---- */

th_span th_portal_one_name(th_span value) {
  value = th_span_trim(value);
  while (value.n && value.p[value.n - 1] == '|')
    value = th_span_trim((th_span){value.p, value.n - 1});
  return value;
}

/* All names of a country are one. */
static bool is_same_name(const char *filter, th_span a, th_span b) {
  if (strcmp(filter, "country") == 0) {
    th_span one = th_geo_country_code(a), other = th_geo_country_code(b);
    if (one.n && th_span_eq(one, other)) return true;
  }
  char x[TH_NAME_MAX], y[TH_NAME_MAX];
  size_t n = th_name_fold(a, x);
  return th_name_fold(b, y) == n && memcmp(x, y, n) == 0;
}

/* Whether the address has the name among the values of the filter. */
static bool is_chosen(const search_view *v, const char *filter, th_span name) {
  th_span rest = v->s->filter[th_portal_filter_place(filter)];
  bool bars = rest.n && memchr(rest.p, '|', rest.n);
  name = th_portal_one_name(name);
  if (is_same_name(filter, th_portal_one_name(rest), name)) return true;
  for (size_t n; rest.n; rest = (th_span){rest.p + n, rest.n - n}) {
    for (n = 0; n < rest.n && rest.p[n] != (bars ? '|' : ',');)
      n++;
    if (is_same_name(filter, th_span_trim((th_span){rest.p, n}), name)) return true;
    n += n < rest.n;
  }
  return false;
}

/* Adds a name once. A comma in it would be read as the end of a name: a '|' says that it is not. */
static int add_name(search_view *v, unsigned at, th_span name, int64_t count, th_err *err) {
  name_list *l = &v->names[at];
  const char *filter = th_portal_name_groups[at].name;
  th_span value = th_portal_one_name(name);
  if (!value.n || l->n == NAMES_MOST) return TH_OK;
  for (uint32_t i = 0; i < l->n; i++)
    if (is_same_name(filter, th_portal_one_name(l->names[i].value), value)) return TH_OK;
  if (memchr(value.p, ',', value.n) && !memchr(value.p, '|', value.n)) {
    char *marked = th_arena_printf(v->s->rq->arena, "%.*s|", (int)value.n, value.p);
    if (!marked) return th_err_set(err, TH_ENOMEM, "no memory for a page");
    value = th_span_of(marked);
  }
  l->names[l->n].value = value;
  l->names[l->n].count = count;
  l->names[l->n].chosen = is_chosen(v, filter, value);
  l->n++;
  return TH_OK;
}

/* Names that the address asks for stand among the others. What one parameter has as alternatives
 * is one choice. */
static int add_chosen(search_view *v, unsigned at, th_err *err) {
  th_span name = th_span_of(th_portal_name_groups[at].name);
  int rc = TH_OK;
  for (unsigned i = 0; !rc && i < v->s->rq->n_params; i++)
    if (th_span_eq(v->s->rq->params[i].name, name))
      rc = add_name(v, at, v->s->rq->params[i].value, -1, err);
  return rc;
}

static bool is_place(const char *filter) {
  return strcmp(filter, "country") == 0 || strcmp(filter, "state") == 0 ||
         strcmp(filter, "city") == 0;
}

/* What a choice asks of the studies that are found without its group's filter. Country, state and
 * city are those of one site, so a place stands together with the others. NULL: cannot be read. */
static const th_query *choice_of(const search_view *v, const char *filter, th_span value) {
  static const char *const places[] = {"country", "state", "city"};
  th_query *parts[TH_COUNT(places)], *q = NULL;
  th_err local = {0};
  size_t n = 1;
  if (th_filter_parse(&q, v->s->rq->arena, th_span_of(filter), value, &local) || !q) return NULL;
  if (!is_place(filter)) return q;
  parts[0] = q;
  for (size_t i = 0; i < TH_COUNT(places); i++)
    if (is_filtered(v, places[i]) && strcmp(places[i], filter) != 0)
      parts[n++] = v->s->filters[th_portal_filter_place(places[i])];
  return th_portal_same_site(v->s->rq->arena, parts, n);
}

/* The counts that are not known yet: each choice instead of what the group has now. */
static int count_names(search_view *v, const left_out *l, unsigned at, th_err *err) {
  const char *filter = th_portal_name_groups[at].name;
  const th_query *choices[NAMES_MOST];
  uint32_t of[NAMES_MOST], counts[NAMES_MOST], n = 0;
  name_list *list = &v->names[at];
  for (uint32_t i = 0; i < list->n; i++) {
    if (list->names[i].count >= 0) continue;
    list->names[i].count = 0;
    choices[n] = choice_of(v, filter, list->names[i].value);
    if (choices[n]) of[n++] = i;
  }
  if (!n) return TH_OK;
  int rc = th_set_counts(l->snapshot, set_without(l, bit_of(filter)), choices, n, counts, err);
  for (uint32_t i = 0; !rc && i < n; i++)
    list->names[of[i]].count = counts[i];
  return rc;
}

/* ---- places ---- */

/* The one country or state that the search is narrowed to; false when it is none or several. */
static bool one_place(const search_view *v, const char *filter, th_span *out) {
  th_span value = th_portal_one_name(v->s->filter[th_portal_filter_place(filter)]);
  *out = value;
  return value.n && !memchr(value.p, '|', value.n);
}

/* States of the country, cities of the country or its state: counted at one and the same site. */
static int add_places(search_view *v, const left_out *l, unsigned at, th_err *err) {
  const name_group *g = &th_portal_name_groups[at];
  bool city = g->field == TH_F_LocationCity;
  th_place_request rq = {.level = city ? TH_PLACE_CITY : TH_PLACE_STATE};
  th_place_counts counts;
  if (!one_place(v, "country", &rq.country)) return TH_OK;
  if (city && is_filtered(v, "state") && !one_place(v, "state", &rq.state)) return TH_OK;
  rq.within = set_without(l, below_country(city));
  int rc = th_place_count(l->snapshot, &rq, v->s->rq->arena, &counts, err);
  for (uint32_t i = 0; !rc && i < counts.n && i < g->most; i++)
    rc = add_name(v, at, counts.places[i].name, counts.places[i].studies, err);
  return rc;
}

/* ---- everything ---- */

static bool is_below_country(const name_group *g) {
  return g->field == TH_F_LocationState || g->field == TH_F_LocationCity;
}

/* A facet counts one field, a filter may look into two, and places are of one site: these counts
 * are made choice by choice. */
static bool is_exact(const search_view *v, const name_group *g) {
  return g->field == TH_F_LocationCountryCode && !is_filtered(v, "state") &&
         !is_filtered(v, "city");
}

static int list_names(search_view *v, const left_out *l, unsigned at, const th_facet *facet,
                      th_err *err) {
  static const char *const funders[] = {"nih", "fed", "industry", "other"};
  const name_group *g = &th_portal_name_groups[at];
  th_facet own = {0};
  int rc = g->field == TH_F_NONE ? TH_OK : add_chosen(v, at, err);
  if (rc) return rc;
  if (is_below_country(g)) {
    rc = add_places(v, l, at, err);
  } else if (g->field == TH_F_NONE) {
    for (size_t i = 0; !rc && i < TH_COUNT(funders); i++)
      rc = add_name(v, at, th_span_of(funders[i]), -1, err);
  } else if (is_filtered(v, g->name)) {
    rc = count_own(l, g->name, g->field, g->most, &own, err);
    facet = &own;
  }
  if (is_below_country(g) || g->field == TH_F_NONE) facet = &own;
  for (uint32_t i = 0; !rc && i < facet->n; i++) {
    th_span name = facet->values[i].value;
    if (g->field == TH_F_LocationCountryCode) name = th_geo_country_name(name);
    rc = add_name(v, at, name, is_exact(v, g) ? (int64_t)facet->values[i].count : -1, err);
  }
  return rc ? rc : count_names(v, l, at, err);
}

/* The facets of all groups that nothing is chosen of yet. */
static int count_unchosen(search_view *v, const left_out *l, th_facet *names, th_err *err) {
  th_facet_request wanted[GROUPS + NAME_GROUPS];
  th_facet *to[GROUPS + NAME_GROUPS], found[GROUPS + NAME_GROUPS];
  unsigned n = 0;
  for (unsigned i = 0; i < GROUPS; i++) {
    const group *g = &th_portal_groups[i];
    if (is_filtered(v, g->name)) continue;
    to[n] = &v->facets[i];
    wanted[n++] = (th_facet_request){g->field, g->most};
  }
  for (unsigned i = 0; i < NAME_GROUPS; i++) {
    const name_group *g = &th_portal_name_groups[i];
    if (is_filtered(v, g->name) || is_below_country(g) || g->field == TH_F_NONE) continue;
    to[n] = &names[i];
    wanted[n++] = (th_facet_request){g->field, g->most};
  }
  int rc = th_set_facets(l->snapshot, set_without(l, 0), wanted, n, v->s->rq->arena, found, err);
  for (unsigned i = 0; !rc && i < n; i++)
    *to[i] = found[i];
  return rc;
}

/* The best of what is found; words are looked at once more only when they make the order. */
static int find_hits(search_view *v, const left_out *l, th_err *err) {
  const portal_state *s = v->s;
  bool ranked = s->order.field == TH_SORT_RELEVANCE;
  th_search_request rq = {.scored = ranked ? s->scored : NULL,
                          .within = set_without(l, 0),
                          .sort = {s->order},
                          .n_sort = 1,
                          .point_lat = s->lat,
                          .point_lon = s->lon,
                          .placed = true,
                          .from = (s->page - 1) * PORTAL_PAGE_SIZE,
                          .size = PORTAL_PAGE_SIZE};
  int rc = th_search(l->snapshot, &rq, s->rq->arena, &v->result, err);
  if (!rc) v->result.total = th_set_size(l->snapshot, rq.within);
  return rc;
}

int th_portal_count(search_view *v, const th_snapshot *snapshot, th_err *err) {
  th_facet names[NAME_GROUPS] = {0};
  left_out l = {.v = v, .snapshot = snapshot};
  int rc = make_sets(&l, err);
  if (!rc) rc = find_hits(v, &l, err);
  if (!rc) rc = count_unchosen(v, &l, names, err);
  for (unsigned i = 0; !rc && i < GROUPS; i++) {
    const group *g = &th_portal_groups[i];
    if (is_filtered(v, g->name)) rc = count_own(&l, g->name, g->field, g->most, &v->facets[i], err);
  }
  for (unsigned i = 0; !rc && i < NAME_GROUPS; i++)
    rc = list_names(v, &l, i, &names[i], err);
  return rc;
}
