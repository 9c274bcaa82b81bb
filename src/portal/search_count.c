/* The hits of a results page, and what each choice of its filters would lead to.
 *
 * All of it is of a few sets of studies: what the search finds, and what it would find without one
 * group's filter. They are worked out together, once; hits are the best of the first, facets and
 * choices are counted in them. */
#include "geo/geo.h"
#include "portal/counts.h"
#include "portal/search_view.h"
#include "query/names.h"
#include "query/sets.h"
#include "study/catalogue.h"

#include <stdio.h>

/* A set by the filters that are left out of its search; n 0: none is made yet. */
typedef struct left_out {
  search_view *v;
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

static int make_sets(left_out *l, bool counts, th_err *err) {
  const th_query *filters[TH_SETS_MOST];
  l->n = 0;
  want_set(l, 0);
  for (unsigned i = 0; counts && i < GROUPS; i++)
    want_set(l, bit_of(th_portal_groups[i].name));
  for (unsigned i = 0; counts && i < NAME_GROUPS; i++)
    want_set(l, bit_of(th_portal_name_groups[i].name));
  if (counts && is_filtered(l->v, "country")) {
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

/* ---- hits ---- */

static th_search_request hits_of(const portal_state *s) {
  return (th_search_request){.scored = s->order.field == TH_SORT_RELEVANCE ? s->scored : NULL,
                             .sort = {s->order},
                             .n_sort = 1,
                             .point_lat = s->lat,
                             .point_lon = s->lon,
                             .placed = true,
                             .from = (s->page - 1) * PORTAL_PAGE_SIZE,
                             .size = PORTAL_PAGE_SIZE};
}

/* The best of what is found; words are looked at once more only when they make the order. */
static int find_hits(search_view *v, const left_out *l, th_err *err) {
  th_search_request rq = hits_of(v->s);
  rq.within = set_without(l, 0);
  int rc = th_search(l->snapshot, &rq, v->s->rq->arena, &v->result, err);
  if (!rc) v->result.total = th_set_size(l->snapshot, rq.within);
  return rc;
}

/* The first pages of all studies in one order. */
enum { FIRST_HITS = 40 * PORTAL_PAGE_SIZE };

static int make_first(void *ctx, const th_snapshot *snapshot, th_arena *scratch, th_arena *keep,
                      const void **value, th_err *err) {
  th_search_request rq = {
      .sort = {*(const th_sort *)ctx}, .n_sort = 1, .size = FIRST_HITS, .count = true};
  th_search_result *found = th_arena_alloc(keep, sizeof *found);
  if (!found) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  int rc = th_search(snapshot, &rq, scratch, found, err);
  if (rc) return rc;
  th_hit *hits = th_arena_calloc(keep, (size_t)found->n_hits + 1, sizeof *hits);
  if (!hits) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  memcpy(hits, found->hits, found->n_hits * sizeof *hits);
  found->hits = hits;
  *value = found;
  return TH_OK;
}

static int first_hits(th_known *known, const th_snapshot *snapshot, th_sort order,
                      th_arena *scratch, th_fact **hold, th_err *err) {
  char name[32];
  snprintf(name, sizeof name, "h%u %d", (unsigned)order.field, order.descending);
  return th_known_get(known, snapshot, th_span_of(name), make_first, &order, scratch, hold, err);
}

/* Nothing is asked for but an order that does not depend on what is. */
static bool is_everything(const portal_state *s) {
  return !s->scored && s->order.field < TH_F_COUNT && !th_portal_state_filter(s, 0) &&
         s->page <= FIRST_HITS / PORTAL_PAGE_SIZE;
}

static int take_first(search_view *v, th_known *known, const th_snapshot *snapshot, th_err *err) {
  const portal_state *s = v->s;
  uint32_t from = (s->page - 1) * PORTAL_PAGE_SIZE;
  int rc = first_hits(known, snapshot, s->order, s->rq->arena, &v->hits, err);
  if (rc) return rc;
  const th_search_result *all = th_fact_value(v->hits);
  v->result = *all;
  v->result.n_hits =
      all->n_hits > from ? TH_MIN(all->n_hits - from, (uint32_t)PORTAL_PAGE_SIZE) : 0;
  v->result.hits = all->hits + TH_MIN(from, all->n_hits);
  return TH_OK;
}

/* ---- counts ---- */

/* What stands beside the hits. */
typedef struct sides {
  th_facet facets[GROUPS];
  name_list names[NAME_GROUPS];
} sides;

static int count_sides(left_out *l, th_err *err) {
  search_view *v = l->v;
  th_facet names[NAME_GROUPS] = {0};
  int rc = count_unchosen(v, l, names, err);
  for (unsigned i = 0; !rc && i < GROUPS; i++) {
    const group *g = &th_portal_groups[i];
    if (is_filtered(v, g->name)) rc = count_own(l, g->name, g->field, g->most, &v->facets[i], err);
  }
  for (unsigned i = 0; !rc && i < NAME_GROUPS; i++)
    rc = list_names(v, l, i, &names[i], err);
  return rc;
}

static bool keep_sides(sides *s, th_arena *keep) {
  if (!th_counts_keep_facets(s->facets, GROUPS, keep)) return false;
  for (unsigned i = 0; i < NAME_GROUPS; i++)
    for (uint32_t k = 0; k < s->names[i].n; k++) {
      th_span *value = &s->names[i].names[k].value;
      *value = th_arena_dup(keep, *value);
      if (!value->p) return false;
    }
  return true;
}

static int make_sides(void *ctx, const th_snapshot *snapshot, th_arena *scratch, th_arena *keep,
                      const void **value, th_err *err) {
  left_out *l = ctx;
  (void)snapshot, (void)scratch; /* the view's own */
  sides *made = th_arena_alloc(keep, sizeof *made);
  int rc = made ? make_sets(l, true, err) : th_err_set(err, TH_ENOMEM, "no memory for a page");
  if (!rc) rc = count_sides(l, err);
  if (rc) return rc;
  memcpy(made->facets, l->v->facets, sizeof made->facets);
  memcpy(made->names, l->v->names, sizeof made->names);
  *value = made;
  return keep_sides(made, keep) ? TH_OK : th_err_set(err, TH_ENOMEM, "no memory for a page");
}

/* All that is asked for, but which page and in which order; what is said of it depends on the
 * language, too. */
static th_span name_search(const portal_state *s) {
  th_buf out;
  th_span name = {0};
  th_buf_init(&out, 1 << 16);
  th_buf_printf(&out, "s%d", (int)th_lang_of_path(s->rq->path));
  for (unsigned i = 0; i < s->rq->n_params; i++) {
    const th_param *p = &s->rq->params[i];
    if (th_span_eq(p->name, TH_SPAN("page")) || th_span_eq(p->name, TH_SPAN("sort"))) continue;
    if (!th_portal_state_counts(p) && !th_span_eq(p->name, TH_SPAN("place"))) continue;
    th_buf_printf(&out, "\n%zu %zu ", p->name.n, p->value.n);
    th_buf_span(&out, p->name);
    th_buf_span(&out, p->value);
  }
  if (!out.error) name = th_arena_dup(s->rq->arena, th_buf_view(&out));
  th_buf_dispose(&out);
  return name;
}

int th_portal_count(search_view *v, th_known *known, const th_snapshot *snapshot, th_err *err) {
  left_out l = {.v = v, .snapshot = snapshot};
  th_span name = name_search(v->s);
  if (!name.p) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  int rc = th_known_get(known, snapshot, name, make_sides, &l, v->s->rq->arena, &v->counts, err);
  if (rc) return rc;
  const sides *s = th_fact_value(v->counts);
  memcpy(v->facets, s->facets, sizeof v->facets);
  memcpy(v->names, s->names, sizeof v->names);
  if (is_everything(v->s)) return take_first(v, known, snapshot, err);
  if (!l.n) rc = make_sets(&l, false, err);
  return rc ? rc : find_hits(v, &l, err);
}

int th_portal_count_all_ahead(th_known *known, const th_snapshot *snapshot, th_err *err) {
  static const char *const paths[] = {"/search", "/es/search"};
  int rc = TH_OK;
  for (size_t i = 0; !rc && i < TH_COUNT(paths); i++) {
    th_arena arena;
    th_arena_init(&arena, 0);
    th_request rq = {.method = TH_SPAN("GET"), .path = th_span_of(paths[i]), .arena = &arena};
    portal_state state;
    search_view *v = th_arena_calloc(&arena, 1, sizeof *v);
    rc = v ? th_portal_state_read(&state, &rq, snapshot, known, err)
           : th_err_set(err, TH_ENOMEM, "no memory for a page");
    if (!rc) {
      v->s = &state;
      rc = th_portal_count(v, known, snapshot, err);
      th_fact_release(v->hits);
      th_fact_release(v->counts);
    }
    th_arena_dispose(&arena);
  }
  static const uint16_t orders[] = {TH_F_StudyFirstPostDate, TH_F_LastUpdatePostDate,
                                    TH_F_EnrollmentCount};
  for (size_t i = 0; !rc && i < TH_COUNT(orders); i++) {
    th_fact *hold = NULL;
    th_arena arena;
    th_arena_init(&arena, 0);
    rc = first_hits(known, snapshot, (th_sort){orders[i], true}, &arena, &hold, err);
    th_fact_release(hold);
    th_arena_dispose(&arena);
  }
  return rc;
}
