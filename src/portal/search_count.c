/* The hits of a results page, and what each choice of its filters would lead to. */
#include "geo/geo.h"
#include "portal/search_view.h"
#include "query/names.h"
#include "query/tree.h"
#include "study/catalogue.h"

static uint32_t bit_of(const char *name) {
  return 1u << th_portal_filter_place(name);
}

static bool is_filtered(const search_view *v, const char *name) {
  return v->s->filters[th_portal_filter_place(name)] != NULL;
}

static th_search_request request_of(const portal_state *s, uint32_t without) {
  return (th_search_request){.scored = s->scored,
                             .filter = th_portal_state_filter(s, without),
                             .sort = {s->order},
                             .n_sort = 1,
                             .point_lat = s->lat,
                             .point_lon = s->lon,
                             .placed = true};
}

/* Every word of a field and how often the search without its own filter finds it. */
static int count_own(const search_view *v, const th_snapshot *snapshot, const char *name,
                     uint16_t field, uint32_t most, th_facet *out, th_err *err) {
  th_search_result found;
  th_facet_request wanted = {field, most};
  th_search_request rq = request_of(v->s, bit_of(name));
  rq.facets = &wanted;
  rq.n_facets = 1;
  int rc = th_search(snapshot, &rq, v->s->rq->arena, &found, err);
  if (!rc && found.n_facets) *out = found.facets[0];
  return rc;
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

/* One choice instead of what the group has now. */
static int count_name(const search_view *v, const th_snapshot *snapshot, const char *filter,
                      th_span value, int64_t *out, th_err *err) {
  th_search_result found;
  th_err local = {0};
  portal_state choice = *v->s;
  th_query **q = &choice.filters[th_portal_filter_place(filter)];
  *out = 0;
  if (th_filter_parse(q, v->s->rq->arena, th_span_of(filter), value, &local)) return TH_OK;
  th_search_request rq = request_of(&choice, 0);
  rq.n_sort = 0;
  rq.count = true;
  int rc = th_search(snapshot, &rq, v->s->rq->arena, &found, err);
  if (!rc) *out = found.total;
  return rc;
}

static int count_names(search_view *v, const th_snapshot *snapshot, unsigned at, th_err *err) {
  name_list *l = &v->names[at];
  int rc = TH_OK;
  for (uint32_t i = 0; !rc && i < l->n; i++)
    if (l->names[i].count < 0)
      rc = count_name(v, snapshot, th_portal_name_groups[at].name, l->names[i].value,
                      &l->names[i].count, err);
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
static int add_places(search_view *v, const th_snapshot *snapshot, unsigned at, th_err *err) {
  const name_group *g = &th_portal_name_groups[at];
  bool city = g->field == TH_F_LocationCity;
  th_place_request rq = {
      .level = city ? TH_PLACE_CITY : TH_PLACE_STATE,
      .filter = th_portal_state_filter(v->s, bit_of("city") | (city ? 0 : bit_of("state")))};
  th_place_counts counts;
  if (!one_place(v, "country", &rq.country)) return TH_OK;
  if (city && is_filtered(v, "state") && !one_place(v, "state", &rq.state)) return TH_OK;
  if (v->s->scored) {
    th_query *parts[2] = {(th_query *)v->s->scored, (th_query *)rq.filter};
    rq.filter = th_query_and(v->s->rq->arena, parts, 2);
    if (!rq.filter) return th_err_set(err, TH_ENOMEM, "no memory for a query");
  }
  int rc = th_place_count(snapshot, &rq, v->s->rq->arena, &counts, err);
  for (uint32_t i = 0; !rc && i < counts.n && i < g->most; i++)
    rc = add_name(v, at, counts.places[i].name, counts.places[i].studies, err);
  return rc;
}

/* ---- everything ---- */

static bool is_place(const name_group *g) {
  return g->field == TH_F_LocationState || g->field == TH_F_LocationCity;
}

/* A facet counts one field, a filter may look into two, and places are of one site: these counts
 * are made choice by choice. */
static bool is_exact(const search_view *v, const name_group *g) {
  return g->field == TH_F_LocationCountryCode && !is_filtered(v, "state") &&
         !is_filtered(v, "city");
}

static int list_names(search_view *v, const th_snapshot *snapshot, unsigned at,
                      const th_facet *facet, th_err *err) {
  static const char *const funders[] = {"nih", "fed", "industry", "other"};
  const name_group *g = &th_portal_name_groups[at];
  th_facet own = {0};
  int rc = g->field == TH_F_NONE ? TH_OK : add_chosen(v, at, err);
  if (rc) return rc;
  if (is_place(g)) {
    rc = add_places(v, snapshot, at, err);
  } else if (g->field == TH_F_NONE) {
    for (size_t i = 0; !rc && i < TH_COUNT(funders); i++)
      rc = add_name(v, at, th_span_of(funders[i]), -1, err);
  } else if (is_filtered(v, g->name)) {
    rc = count_own(v, snapshot, g->name, g->field, g->most, &own, err);
    facet = &own;
  }
  if (is_place(g) || g->field == TH_F_NONE) facet = &own;
  for (uint32_t i = 0; !rc && i < facet->n; i++) {
    th_span name = facet->values[i].value;
    if (g->field == TH_F_LocationCountryCode) name = th_geo_country_name(name);
    rc = add_name(v, at, name, is_exact(v, g) ? (int64_t)facet->values[i].count : -1, err);
  }
  return rc ? rc : count_names(v, snapshot, at, err);
}

/* The hits, and with them the facets of all groups that nothing is chosen of yet. */
static int find_hits(search_view *v, const th_snapshot *snapshot, th_facet *names, th_err *err) {
  th_facet_request wanted[GROUPS + NAME_GROUPS];
  th_facet *to[GROUPS + NAME_GROUPS];
  unsigned n = 0;
  th_search_request rq = request_of(v->s, 0);
  for (unsigned i = 0; i < GROUPS; i++) {
    const group *g = &th_portal_groups[i];
    if (is_filtered(v, g->name)) continue;
    to[n] = &v->facets[i];
    wanted[n++] = (th_facet_request){g->field, g->most};
  }
  for (unsigned i = 0; i < NAME_GROUPS; i++) {
    const name_group *g = &th_portal_name_groups[i];
    if (is_filtered(v, g->name) || is_place(g) || g->field == TH_F_NONE) continue;
    to[n] = &names[i];
    wanted[n++] = (th_facet_request){g->field, g->most};
  }
  rq.from = (v->s->page - 1) * PORTAL_PAGE_SIZE;
  rq.size = PORTAL_PAGE_SIZE;
  rq.count = true;
  rq.facets = wanted;
  rq.n_facets = n;
  int rc = th_search(snapshot, &rq, v->s->rq->arena, &v->result, err);
  for (unsigned i = 0; !rc && i < n && i < v->result.n_facets; i++)
    *to[i] = v->result.facets[i];
  return rc;
}

int th_portal_count(search_view *v, const th_snapshot *snapshot, th_err *err) {
  th_facet names[NAME_GROUPS] = {0};
  int rc = find_hits(v, snapshot, names, err);
  for (unsigned i = 0; !rc && i < GROUPS; i++) {
    const group *g = &th_portal_groups[i];
    if (is_filtered(v, g->name))
      rc = count_own(v, snapshot, g->name, g->field, g->most, &v->facets[i], err);
  }
  for (unsigned i = 0; !rc && i < NAME_GROUPS; i++)
    rc = list_names(v, snapshot, i, &names[i], err);
  return rc;
}
