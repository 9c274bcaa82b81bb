#include "geo/distance.h"
#include "geo/geo.h"
#include "http/http.h"
#include "portal/map.h"
#include "portal/search_place.h"
#include "portal/slug.h"
#include "portal/study_parts.h"

#include <math.h>

typedef struct site {
  th_span country, state;
  uint32_t node;
  uint8_t rank; /* sites that take people now come first */
} site;

typedef struct country {
  const site *first;
  size_t n;
  uint8_t rank;
} country;

static uint8_t status_rank(th_span status) {
  static const char *const order[] = {"RECRUITING", "AVAILABLE", "NOT_YET_RECRUITING",
                                      "ENROLLING_BY_INVITATION", "ACTIVE_NOT_RECRUITING"};
  uint8_t i = 0;
  while (i < TH_COUNT(order) && !th_span_eq(status, th_span_of(order[i])))
    i++;
  return i;
}

static int by_country(const void *a, const void *b) {
  const site *x = a, *y = b;
  int c = th_span_cmp(x->country, y->country);
  if (!c) c = x->rank - y->rank;
  return c ? c : (x->node > y->node) - (x->node < y->node);
}

static int by_rank(const void *a, const void *b) {
  const country *x = a, *y = b;
  if (x->rank != y->rank) return x->rank - y->rank;
  if (x->n != y->n) return x->n < y->n ? 1 : -1;
  return th_span_cmp(x->first->country, y->first->country);
}

/* Sites by country; countries with sites that take people first, then by number of sites. NULL when
 * memory is out. */
static country *sort_sites(const th_study_view *v, uint32_t list, size_t *n_countries) {
  size_t n = v->j->nodes[list].n, at = 0, k = 0;
  site *sites = th_arena_calloc(v->context->arena, n, sizeof *sites);
  country *groups = th_arena_calloc(v->context->arena, n, sizeof *groups);
  if (!sites || !groups) return NULL;
  for (th_json_each(v->j, list, e))
    sites[at++] = (site){.country = th_words_country(v->h->lang, th_part_text(v, e, "country")),
                         .state = th_part_text(v, e, "state"),
                         .node = e,
                         .rank = status_rank(th_part_text(v, e, "status"))};
  qsort(sites, n, sizeof *sites, by_country);
  for (size_t i = 0; i < n; i++) {
    if (i && th_span_eq(sites[i].country, sites[i - 1].country)) {
      groups[k - 1].n++;
      continue;
    }
    groups[k++] = (country){.first = &sites[i], .n = 1, .rank = sites[i].rank};
  }
  qsort(groups, k, sizeof *groups, by_rank);
  *n_countries = k;
  return groups;
}

static void put_address(const th_study_view *v, uint32_t node) {
  static const char *const parts[] = {"city", "state", "zip"};
  th_buf *s = th_html_scratch(v->h);
  for (size_t i = 0; i < TH_COUNT(parts); i++) {
    th_span part = th_part_text(v, node, parts[i]);
    if (part.n && s->n) th_buf_str(s, i == 2 ? " " : ", ");
    th_buf_span(s, part);
  }
  if (s->n) th_html_scratch_element(v->h, "p", "address");
}

/* km: how far from the place that was asked for; negative: not asked. */
static void put_site(const th_study_view *v, uint32_t node, double km) {
  th_span facility = th_part_text(v, node, "facility"), status = th_part_text(v, node, "status");
  uint32_t contacts = th_part_array(v, node, "contacts");
  th_html_open(v->h, "li", NULL);
  if (facility.n) th_html_element(v->h, "p", "facility", facility);
  put_address(v, node);
  if (km >= 0) {
    th_span land = th_words_country(v->h->lang, th_part_text(v, node, "country"));
    if (land.n) th_html_element(v->h, "p", NULL, land);
    th_portal_words_km(v->h->lang, km, th_html_scratch(v->h));
    th_html_scratch_element(v->h, "p", "far");
  }
  if (status.n) th_page_status(v->h, "p", TH_F_LocationStatus, status);
  if (contacts) {
    th_html_open(v->h, "ul", "contacts");
    for (th_json_each(v->j, contacts, e))
      th_part_contact(v, e);
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

/* ---- the map ---- */

/* A site on its way to its point. */
typedef struct spot {
  th_span city, state, country;
  uint32_t node;
  int32_t lat, lon;
  double km; /* from the place that was asked for */
  uint8_t rank;
  bool known, recruiting;
} spot;

static int by_city(const void *a, const void *b) {
  const spot *x = a, *y = b;
  int c = th_span_cmp(x->country, y->country);
  if (!c) c = th_span_cmp(x->state, y->state);
  return c ? c : th_span_cmp(x->city, y->city);
}

static int by_point(const void *a, const void *b) {
  const spot *x = a, *y = b;
  if (x->known != y->known) return y->known - x->known;
  if (x->lat != y->lat) return x->lat < y->lat ? -1 : 1;
  return (x->lon > y->lon) - (x->lon < y->lon);
}

static int by_sites(const void *a, const void *b) {
  const th_site_point *x = a, *y = b;
  if (x->sites != y->sites) return x->sites > y->sites ? -1 : 1;
  if (x->lat != y->lat) return x->lat > y->lat ? -1 : 1;
  return (x->lon > y->lon) - (x->lon < y->lon);
}

static void read_spot(const th_study_view *v, uint32_t e, bool study_recruits, spot *out) {
  th_span status = th_part_text(v, e, "status");
  uint32_t a = th_json_path(v->j, e, "geoPoint.lat"), b = th_json_path(v->j, e, "geoPoint.lon");
  double lat, lon;
  *out = (spot){.node = e,
                .rank = status_rank(status),
                .city = th_part_text(v, e, "city"),
                .state = th_part_text(v, e, "state"),
                .country = th_part_text(v, e, "country")};
  out->recruiting = status.n ? th_span_eq(status, TH_SPAN("RECRUITING")) : study_recruits;
  if (!a || !b || !th_json_number(v->j, a, &lat) || !th_json_number(v->j, b, &lon)) return;
  if (!(fabs(lat) <= 90 && fabs(lon) <= 180)) return;
  out->lat = (int32_t)lround(lat * 1e6);
  out->lon = (int32_t)lround(lon * 1e6);
  out->known = true;
}

/* Points that follow from a city's name; each city is asked for once. */
static void place_spots(spot *spots, uint32_t n) {
  th_geo_place place = {0};
  bool known = false;
  qsort(spots, n, sizeof *spots, by_city);
  for (uint32_t i = 0, last = n; i < n; i++) {
    spot *s = &spots[i];
    if (s->known) continue;
    if (last == n || by_city(&spots[last], s) != 0)
      known = th_geo_site(s->city, s->state, s->country, &place);
    last = i;
    if (!known) continue;
    s->lat = (int32_t)lround(place.lat * 1e6);
    s->lon = (int32_t)lround(place.lon * 1e6);
    s->known = true;
  }
}

/* The study's sites with the points that are known; NULL when memory is out. */
static spot *find_spots(const th_study_view *v, uint32_t list) {
  uint32_t sites = (uint32_t)v->j->nodes[list].n, at = 0;
  spot *spots = th_arena_calloc(v->context->arena, (size_t)sites + 1, sizeof *spots);
  bool recruits = th_span_eq(th_part_text(v, v->status, "overallStatus"), TH_SPAN("RECRUITING"));
  if (!spots) return NULL;
  for (th_json_each(v->j, list, e))
    read_spot(v, e, recruits, &spots[at++]);
  place_spots(spots, sites);
  return spots;
}

/* Sites by point; *n 0 when no point is known. NULL when memory is out. */
static th_site_point *find_points(const th_study_view *v, spot *spots, uint32_t sites,
                                  uint32_t *n) {
  th_site_point *points = th_arena_calloc(v->context->arena, (size_t)sites + 1, sizeof *points);
  *n = 0;
  if (!points) return NULL;
  qsort(spots, sites, sizeof *spots, by_point);
  for (uint32_t i = 0; i < sites && spots[i].known; i++) {
    const spot *s = &spots[i];
    if (!*n || points[*n - 1].lat != s->lat || points[*n - 1].lon != s->lon)
      points[(*n)++] = (th_site_point){
          .lat = s->lat, .lon = s->lon, .city = s->city, .state = s->state, .country = s->country};
    points[*n - 1].sites++;
    points[*n - 1].recruiting += s->recruiting;
  }
  qsort(points, *n, sizeof *points, by_sites);
  return points;
}

/* The list of a country's sites, on this page. */
static void put_country_id(th_span name, th_buf *out) {
  th_buf_str(out, "in-");
  (void)th_slug_put(name, out);
}

typedef struct study_map {
  const th_study_view *v;
  th_map_view view;
} study_map;

/* Several towns: closer, on the map of the study alone. One: its country's sites. */
static void put_link(const void *ctx, const th_map_cluster *c, th_buf *out) {
  const study_map *m = ctx;
  th_map_view closer;
  if (c->n == 1) {
    th_buf_char(out, '#');
    put_country_id(th_words_country(m->v->h->lang, c->seed->country), out);
    return;
  }
  th_map_zoom(&m->view, c, &closer);
  th_buf_str(out, "/search/map?id=");
  th_url_encode(out, m->v->nct);
  th_buf_str(out, "&box=");
  th_map_write(&closer, out);
}

static void put_map(const th_study_view *v, spot *spots, uint32_t sites) {
  uint32_t n = 0;
  study_map m = {.v = v};
  th_map_clusters clusters;
  th_err ignored = {0};
  const th_site_point *points = th_map_has_land() ? find_points(v, spots, sites, &n) : NULL;
  if (!points || n < 2) return; /* one town says it all */
  th_map_fit(&m.view, points, n);
  if (th_map_cluster_points(&m.view, points, n, v->context->arena, &clusters, &ignored)) return;
  const th_map_drawing drawing = {&m.view, &clusters, M(map_of_study), put_link, &m};
  th_map_put(v->h, &drawing);
}

/* ---- nearest first ---- */

enum { NEAREST = 6, ASK_FROM = 3 /* sites: fewer are seen at once */ };

/* Sites that take people come first, then the nearer ones; of one town as the record has them. */
static int by_distance(const void *a, const void *b) {
  const spot *x = a, *y = b;
  if (x->known != y->known) return y->known - x->known;
  if (x->rank != y->rank) return x->rank - y->rank;
  if (x->km != y->km) return x->km < y->km ? -1 : 1;
  return (x->node > y->node) - (x->node < y->node);
}

static void put_nearest(const th_study_view *v, spot *spots, uint32_t sites) {
  const th_geo_place *from = v->context->near;
  for (uint32_t i = 0; i < sites; i++)
    if (spots[i].known)
      spots[i].km = th_distance_km(from->lat, from->lon, spots[i].lat * 1e-6, spots[i].lon * 1e-6);
  qsort(spots, sites, sizeof *spots, by_distance);
  if (!sites || !spots[0].known) return;
  th_html_open(v->h, "h3", NULL);
  th_html_str(v->h, M(lead_nearest_to));
  th_geo_label_in(from, th_span_of(th_message_tables[v->h->lang].code), th_html_scratch(v->h));
  th_html_scratch_text(v->h);
  th_html_close(v->h);
  th_html_open(v->h, "ul", "sites nearest");
  for (uint32_t i = 0; i < sites && i < NEAREST && spots[i].known; i++)
    put_site(v, spots[i].node, spots[i].km);
  th_html_close(v->h);
}

/* From where? Works without a script; the answer is this page with the place in its address. */
static void put_ask(const th_study_view *v) {
  const th_study_context *c = v->context;
  bool unknown = c->near_text.n && !c->near;
  if (!th_geo_places() || !c->path) return;
  char *path = th_arena_printf(c->arena, "%s#places", c->path);
  th_html_open(v->h, "form", "ask-near");
  th_html_action(v->h, path ? path : c->path);
  th_html_open(v->h, "div", "field");
  th_html_open(v->h, "label", NULL);
  th_html_attr_str(v->h, "for", "near");
  th_html_str(v->h, M(show_nearest_to));
  th_html_close(v->h);
  th_html_open(v->h, "input", NULL);
  th_html_attr_str(v->h, "id", "near");
  th_html_attr_str(v->h, "name", "near");
  th_html_attr_str(v->h, "type", "text");
  th_html_attr_str(v->h, "autocomplete", "off");
  th_html_attr_str(v->h, "placeholder", M(hint_boston_ma));
  if (c->near_text.n) th_html_attr(v->h, "value", c->near_text);
  if (unknown) {
    th_html_attr_str(v->h, "aria-invalid", "true");
    th_html_attr_str(v->h, "aria-describedby", "near-message");
  }
  th_page_completes(v->h, "near");
  th_html_close(v->h);
  if (unknown) {
    th_html_open(v->h, "p", "message");
    th_html_attr_str(v->h, "id", "near-message");
    th_html_str(v->h, M(no_such_place));
    th_html_close(v->h);
  }
  th_html_close(v->h);
  th_html_submit(v->h, NULL, M(show));
  th_html_close(v->h);
}

/* ---- the list ---- */

enum { MANY = 40 /* sites of a country: they are told apart by state */ };

/* The head of a fold: a name, how many sites, and how many of them take people now. */
static void put_summary(const th_study_view *v, th_span name, const site *sites, size_t n) {
  size_t recruiting = 0;
  for (size_t i = 0; i < n; i++)
    recruiting += sites[i].rank == 0;
  th_html_open(v->h, "summary", NULL);
  th_html_text(v->h, name.n ? name : th_span_of(M(country_not_given)));
  th_html_str(v->h, " ");
  th_html_open(v->h, "span", "n");
  th_html_i64(v->h, (int64_t)n);
  th_html_close(v->h);
  if (recruiting) {
    th_html_str(v->h, " ");
    th_html_open(v->h, "span", "n open");
    th_html_i64(v->h, (int64_t)recruiting);
    th_html_element_str(v->h, "span", "hidden", M(tail_recruiting));
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

static void put_list(const th_study_view *v, const site *sites, size_t n) {
  th_html_open(v->h, "ul", "sites");
  for (size_t i = 0; i < n; i++)
    put_site(v, sites[i].node, -1);
  th_html_close(v->h);
}

static int by_state(const void *a, const void *b) {
  const site *x = a, *y = b;
  int c = th_span_cmp(x->state, y->state);
  if (!c) c = x->rank - y->rank;
  return c ? c : (x->node > y->node) - (x->node < y->node);
}

/* The sites of a country by state, in the order of names; those without one come first, as they
 * are. False when hardly any has a state, or memory is out. */
static bool put_states(const th_study_view *v, const country *c) {
  site *sites = th_arena_alloc(v->context->arena, c->n * sizeof *sites);
  size_t without = 0;
  if (!sites) return false;
  memcpy(sites, c->first, c->n * sizeof *sites);
  qsort(sites, c->n, sizeof *sites, by_state);
  while (without < c->n && !sites[without].state.n)
    without++;
  if (without * 2 > c->n) return false;
  if (without) put_list(v, sites, without);
  th_html_open(v->h, "div", "countries");
  for (size_t i = without, n; i < c->n; i += n) {
    for (n = 1; i + n < c->n && th_span_eq(sites[i + n].state, sites[i].state);)
      n++;
    th_html_open(v->h, "details", "country");
    put_summary(v, sites[i].state, &sites[i], n);
    put_list(v, &sites[i], n);
    th_html_close(v->h);
  }
  th_html_close(v->h);
  return true;
}

/* The name to lead to stands within: a browser that is led there opens the fold. */
static void put_country(const th_study_view *v, const country *c, bool open) {
  th_html_open(v->h, "details", "country");
  if (open) th_html_flag(v->h, "open");
  put_summary(v, c->first->country, c->first, c->n);
  th_html_open(v->h, "div", NULL);
  th_buf *id = th_html_scratch(v->h);
  put_country_id(c->first->country, id);
  th_html_attr(v->h, "id", th_buf_view(id));
  if (c->n < MANY || !put_states(v, c)) put_list(v, c->first, c->n);
  th_html_close_n(v->h, 2);
}

static void put_sites(const th_study_view *v, uint32_t list) {
  size_t n = 0, sites = v->j->nodes[list].n;
  country *groups = sort_sites(v, list, &n);
  if (!groups) v->h->error = TH_ENOMEM;
  th_html_open(v->h, "div", "countries");
  for (size_t i = 0; groups && i < n; i++)
    put_country(v, &groups[i], sites <= 12 || (i == 0 && !v->context->near));
  th_html_close(v->h);
}

static void put_central(const th_study_view *v) {
  uint32_t contacts = th_part_array(v, v->places, "centralContacts");
  if (!contacts) return;
  th_html_element_str(v->h, "h3", NULL, M(central_contacts));
  th_html_open(v->h, "ul", "contacts");
  for (th_json_each(v->j, contacts, e))
    th_part_contact(v, e);
  th_html_close(v->h);
}

static void put_officials(const th_study_view *v) {
  uint32_t list = th_part_array(v, v->places, "overallOfficials");
  if (!list) return;
  th_html_element_str(v->h, "h3", NULL, M(study_officials));
  th_html_open(v->h, "ul", "contacts");
  for (th_json_each(v->j, list, e)) {
    th_span role = th_part_text(v, e, "role"), from = th_part_text(v, e, "affiliation");
    th_html_open(v->h, "li", NULL);
    th_html_element(v->h, "span", "name", th_part_text(v, e, "name"));
    th_buf *s = th_html_scratch(v->h);
    if (role.n) {
      th_buf_str(s, ", ");
      th_words_label(v->h->lang, TH_F_OverallOfficialRole, role, s);
    }
    if (from.n) {
      th_buf_str(s, ", ");
      th_buf_span(s, from);
    }
    th_html_scratch_text(v->h);
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

/* "140 places in 22 countries, 104 recruiting": what of it the record says. */
static void put_count(const th_study_view *v, const spot *spots, uint32_t sites) {
  uint32_t recruiting = 0, countries = 0;
  for (uint32_t i = 0; i < sites; i++) {
    recruiting += spots[i].rank == 0;
    countries += i == 0 || !th_span_eq(spots[i].country, spots[i - 1].country);
  }
  th_html_open(v->h, "div", "count");
  th_html_open(v->h, "p", NULL);
  th_html_i64(v->h, sites);
  th_html_close(v->h);
  th_html_str(v->h, " ");
  th_html_open(v->h, "p", NULL);
  th_html_str(v->h, sites == 1 ? M(tail_place) : M(tail_places));
  if (countries > 1) {
    th_html_str(v->h, M(tail_in));
    th_html_i64(v->h, countries);
    th_html_str(v->h, M(tail_countries));
  }
  if (recruiting) {
    th_html_str(v->h, ", ");
    th_html_i64(v->h, recruiting);
    th_html_str(v->h, M(tail_recruiting));
  }
  th_html_close_n(v->h, 2);
}

void th_part_places(const th_study_view *v) {
  uint32_t list = th_part_array(v, v->places, "locations");
  uint32_t sites = list ? (uint32_t)v->j->nodes[list].n : 0;
  spot *spots = list ? find_spots(v, list) : NULL;
  th_part_section(v, "places", M(trial_contacts_and_locations));
  if (list && !spots) v->h->error = TH_ENOMEM;
  if (spots) qsort(spots, sites, sizeof *spots, by_city);
  put_count(v, spots, spots ? sites : 0);
  if (!list) th_html_element_str(v->h, "p", "quiet", M(the_record_lists_no_locations));
  put_central(v);
  if (spots) {
    if (sites >= ASK_FROM || v->context->near_text.n) put_ask(v);
    if (v->context->near) put_nearest(v, spots, sites);
    put_map(v, spots, sites);
    put_sites(v, list);
  }
  put_officials(v);
  th_part_section_end(v);
}
