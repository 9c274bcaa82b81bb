/* Places on maps: countries and states by shade, sites as circles. */
#include "geo/geo.h"
#include "geo/outline.h"
#include "portal/map.h"
#include "portal/places_view.h"
#include "portal/words.h"

#include <stdio.h>

/* Shades: no studies, some, tens, hundreds, thousands of them that recruit. */
static const char *shade_of(uint32_t recruiting) {
  return recruiting == 0     ? "s0"
         : recruiting < 10   ? "s1"
         : recruiting < 100  ? "s2"
         : recruiting < 1000 ? "s3"
                             : "s4";
}

/* The outline that s holds, as a link. The list beside has the same links for the keyboard. */
static void put_shape(const places_view *v, const th_place *place, bool country, th_buf *outline) {
  const th_span none = {0};
  th_span d = th_arena_dup(v->rq->arena, th_buf_view(outline));
  th_html_open(v->h, "a", shade_of(place->recruiting));
  th_buf *s = th_html_scratch(v->h);
  (void)th_html_href(v->h, country ? th_places_path(s, place->name, none, none)
                                   : th_places_path(s, v->country, place->name, none));
  th_html_attr_str(v->h, "tabindex", "-1");
  th_html_open(v->h, "path", NULL);
  th_html_attr(v->h, "d", d);
  th_html_open(v->h, "title", NULL);
  th_html_text(v->h, th_places_shown(v, place->name, country));
  th_html_str(v->h, ": ");
  s = th_html_scratch(v->h);
  th_words_number(v->h->lang, place->recruiting, s);
  th_say_put(v->h->lang, M(tail_recruiting), s);
  th_html_scratch_text(v->h);
  th_html_close_n(v->h, 3);
}

static void begin_shapes(const places_view *v, const char *class, int width, int height) {
  char size[64];
  th_html_open(v->h, "figure", class);
  th_html_open(v->h, "div", "map-frame");
  th_html_open(v->h, "svg", NULL);
  snprintf(size, sizeof size, "0 0 %d %d", width, height);
  th_html_attr_str(v->h, "viewBox", size);
  th_html_attr_str(v->h, "aria-hidden", "true");
}

static void end_shapes(const places_view *v, const char *label, const char *credit) {
  static const char *const words[] = {"0",
                                      "1\xE2\x80\x93"
                                      "9",
                                      "10\xE2\x80\x93"
                                      "99",
                                      "100\xE2\x80\x93"
                                      "999",
                                      "1000+"};
  static const char *const shades[] = {"key s0", "key s1", "key s2", "key s3", "key s4"};
  th_html_close_n(v->h, 2);
  th_html_open(v->h, "figcaption", "credit");
  th_html_str(v->h, label);
  th_html_str(v->h, ": ");
  for (size_t i = 0; i < TH_COUNT(shades); i++)
    th_html_element_str(v->h, "span", shades[i], words[i]);
  th_html_str(v->h, credit);
  th_html_close_n(v->h, 2);
}

void th_places_put_world(const places_view *v) {
  th_map_view view;
  if (!th_map_has_land()) return;
  th_map_world(&view);
  begin_shapes(v, "map world", 2 * TH_MAP_WIDTH, (int)(2 * view.height + 0.5));
  for (uint32_t i = 0; i < v->counts.n; i++) {
    const th_place *place = &v->counts.places[i];
    th_buf *s = th_html_scratch(v->h);
    if (th_map_outline(&view, th_geo_country_code(place->name), s)) put_shape(v, place, true, s);
  }
  end_shapes(v, M(map_of_world), M(outlines_by));
}

/* States by falling number of studies: of two spellings of one the first is drawn. */
bool th_places_put_states(const places_view *v, const th_place_counts *states) {
  th_span code = th_geo_country_code(v->country);
  const char *drawn[64];
  unsigned n = 0;
  if (!th_outlines(TH_OUTLINES_STATES) || !th_span_eq(code, TH_SPAN("US"))) return false;
  begin_shapes(v, "map world states", TH_MAP_STATES_WIDTH, TH_MAP_STATES_HEIGHT);
  for (uint32_t i = 0; i < states->n && n < TH_COUNT(drawn); i++) {
    th_span names = th_geo_region_names(code, states->places[i].name);
    unsigned k = 0;
    while (k < n && drawn[k] != names.p)
      k++;
    if (!names.n || k < n) continue;
    th_buf *s = th_html_scratch(v->h);
    if (!th_map_state(names, s)) continue;
    drawn[n++] = names.p;
    put_shape(v, &states->places[i], false, s);
  }
  end_shapes(v, M(map_of_states), M(outlines_by_census));
  return true;
}

typedef struct places_map {
  const places_view *v;
  th_map_view view;
} places_map;

/* One town: its page. Several: closer, on the map of the search. */
static void put_map_link(const void *ctx, const th_map_cluster *c, th_buf *out) {
  const places_map *m = ctx;
  th_map_view closer;
  if (c->n == 1) {
    (void)th_places_path(out, m->v->country, m->v->state.n ? m->v->state : c->seed->state,
                         c->seed->city);
    return;
  }
  th_map_zoom(&m->view, c, &closer);
  th_buf_str(out, "/search/map?country=");
  th_url_encode(out, m->v->country);
  th_buf_str(out, "%7C");
  if (m->v->state.n) {
    th_buf_str(out, "&state=");
    th_url_encode(out, m->v->state);
    th_buf_str(out, "%7C");
  }
  th_buf_str(out, "&box=");
  th_map_write(&closer, out);
}

/* Nearly all of the places: a few far off, which may be slips of a record, do not set the view. */
static uint32_t trim_far(th_site_points *p) {
  uint64_t seen = 0;
  uint32_t n = 0;
  while (n < p->n && seen * 200 < p->sites * 199)
    seen += p->points[n++].sites;
  return n;
}

int th_places_put_map(const places_view *v, const char *label, th_err *err) {
  places_map m = {.v = v};
  th_site_points points;
  th_map_clusters clusters;
  th_point_request wanted = {.country = v->country, .state = v->state};
  if (!th_map_has_land()) return TH_OK;
  th_map_world(&m.view);
  th_map_limits(&m.view, &wanted);
  int rc = th_counts_points(v->p->known, v->snapshot, &wanted, v->rq->arena, th_places_fact(v),
                            &points, err);
  if (rc || !points.n) return rc;
  th_map_fit(&m.view, points.points, trim_far(&points));
  rc = th_map_cluster_points(&m.view, points.points, points.n, v->rq->arena, &clusters, err);
  if (rc) return rc;
  const th_map_drawing drawing = {&m.view, &clusters, label, put_map_link, &m};
  th_map_put(v->h, &drawing);
  return TH_OK;
}
