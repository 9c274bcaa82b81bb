/* Where the studies of a search take place: the search's address below /search/map, with
 * "box=west,south,east,north" for a part of the world. Circles of several towns lead closer, those
 * of one town to its studies. The same stands as a list. */
#include "portal/counts.h"
#include "portal/internal.h"
#include "portal/map.h"
#include "portal/search_state.h"
#include "portal/words.h"

enum { LISTED = 150 };

typedef struct map_page {
  th_html *h;
  const portal_state *s;
  th_map_view view;
  th_site_points points;
  th_map_clusters clusters;
} map_page;

/* The search's address with /search/map for /search; box NULL: the whole. */
static void put_map_url(const portal_state *s, const th_map_view *box, th_buf *out) {
  th_portal_map_url(s, out);
  if (!box) return;
  th_buf_str(out, th_span_find(th_buf_view(out), TH_SPAN("?")) < 0 ? "?box=" : "&box=");
  th_map_write(box, out);
}

void th_portal_map_url(const portal_state *s, th_buf *out) {
  size_t from = out->n;
  th_portal_state_url(s, NULL, -1, NULL, (th_span){0}, 1, out);
  if (out->error) return;
  /* "/search?…" becomes "/search/map?…". */
  char *rest = th_arena_printf(s->rq->arena, "%.*s", (int)(out->n - from - 7), out->p + from + 7);
  th_buf_truncate(out, from + 7);
  th_buf_str(out, "/map");
  if (rest) th_buf_str(out, rest);
}

static void put_name(th_buf *out, const char *key, th_span value) {
  if (!value.n) return;
  th_buf_printf(out, "%c%s=", th_span_find(th_buf_view(out), TH_SPAN("?")) < 0 ? '?' : '&', key);
  th_url_encode(out, value);
  th_buf_str(out, "%7C");
}

/* One town: the search's studies there; several: closer. */
static void put_link(const void *ctx, const th_map_cluster *c, th_buf *out) {
  const map_page *m = ctx;
  if (c->n > 1) {
    th_map_view closer;
    th_map_zoom(&m->view, c, &closer);
    put_map_url(m->s, &closer, out);
    return;
  }
  th_portal_state_url(m->s, NULL, -1, NULL, (th_span){0}, 1, out);
  put_name(out, "city", c->seed->city);
  put_name(out, "state", c->seed->state);
  put_name(out, "country", c->seed->country);
}

static void put_step(const map_page *m, const char *label, const th_map_view *to) {
  th_html_open(m->h, "li", NULL);
  th_html_open(m->h, "a", NULL);
  th_buf *s = th_html_scratch(m->h);
  put_map_url(m->s, to, s);
  (void)th_html_href(m->h, th_buf_view(s));
  th_html_str(m->h, label);
  th_html_close_n(m->h, 2);
}

static bool is_same(const th_map_view *a, const th_map_view *b) {
  return a->west == b->west && a->east == b->east && a->south == b->south && a->north == b->north;
}

static void put_steps(const map_page *m) {
  static const struct {
    const char *label;
    double times, right, up;
  } steps[] = {{M(zoom_in), 0.5, 0, 0},      {M(zoom_out), 2, 0, 0},
               {M(to_the_west), 1, -0.4, 0}, {M(to_the_east), 1, 0.4, 0},
               {M(to_the_north), 1, 0, 0.4}, {M(to_the_south), 1, 0, -0.4}};
  th_html_open(m->h, "nav", "map-steps");
  th_html_attr_str(m->h, "aria-label", M(move_the_map));
  th_html_open(m->h, "ul", NULL);
  for (size_t i = 0; i < TH_COUNT(steps); i++) {
    th_map_view to;
    th_map_move(&m->view, steps[i].times, steps[i].right, steps[i].up, &to);
    if (!is_same(&to, &m->view)) put_step(m, steps[i].label, &to);
  }
  put_step(m, M(whole_map), NULL);
  th_html_close_n(m->h, 2);
}

/* "1,234 places on this map, 120 of them recruit. 12 more lie outside of it." */
static void put_sums(const map_page *m) {
  const th_site_points *p = &m->points;
  th_html_open(m->h, "p", "lead");
  th_html_i64(m->h, (int64_t)p->sites);
  th_html_str(m->h, M(tail_places_here));
  th_html_open(m->h, "strong", NULL);
  th_html_i64(m->h, (int64_t)p->recruiting);
  th_html_str(m->h, M(tail_of_them_recruit));
  th_html_close_n(m->h, 2);
  if (!p->elsewhere && !p->unplaced) return;
  th_html_open(m->h, "p", "quiet");
  if (p->elsewhere) {
    th_html_i64(m->h, (int64_t)p->elsewhere);
    th_html_str(m->h, M(tail_places_elsewhere));
    th_html_str(m->h, " ");
  }
  if (p->unplaced) {
    th_html_i64(m->h, (int64_t)p->unplaced);
    th_html_str(m->h, M(tail_places_unknown));
  }
  th_html_close(m->h);
}

void th_portal_put_views(th_html *h, const portal_state *s, bool map) {
  th_html_open(h, "nav", "sorts views");
  th_html_attr_str(h, "aria-label", M(list_or_map));
  for (int i = 0; i < 2; i++) {
    th_html_open(h, "a", NULL);
    th_buf *url = th_html_scratch(h);
    if (i)
      th_portal_map_url(s, url);
    else
      th_portal_state_url(s, NULL, -1, NULL, (th_span){0}, 1, url);
    (void)th_html_href(h, th_buf_view(url));
    if (map == (i == 1)) th_html_attr_str(h, "aria-current", "page");
    th_html_str(h, i ? M(map) : M(list));
    th_html_close(h);
  }
  th_html_close(h);
}

static void put_page(const map_page *m) {
  th_map_drawing drawing = {&m->view, &m->clusters, M(map_of_results), put_link, m};
  th_html_open(m->h, "div", "map-page");
  th_html_open(m->h, "div", "results-head");
  th_html_element_str(m->h, "h1", NULL, M(map_of_results));
  th_portal_put_views(m->h, m->s, true);
  th_html_close(m->h);
  put_sums(m);
  if (!th_map_has_land()) th_html_element_str(m->h, "p", "quiet", M(map_not_built));
  th_map_put(m->h, &drawing);
  if (th_map_has_land()) put_steps(m);
  if (!m->clusters.n) th_html_element_str(m->h, "p", "quiet", M(no_places_to_show));
  if (m->clusters.n) {
    th_html_element_str(m->h, "h2", NULL, M(where));
    th_map_put_list(m->h, &drawing, LISTED);
  }
  th_html_close(m->h);
}

/* The box that is asked for; else the one that shows all places. */
static int find_points(map_page *m, const th_portal *p, const th_snapshot *snapshot, th_fact **hold,
                       th_err *err) {
  th_point_request wanted = {.scored = m->s->scored, .filter = th_portal_state_filter(m->s, 0)};
  th_arena *arena = m->s->rq->arena;
  bool boxed = th_map_read(&m->view, th_span_trim(th_request_value(m->s->rq, "box")));
  if (!boxed) th_map_world(&m->view);
  th_map_limits(&m->view, &wanted);
  int rc = wanted.scored || wanted.filter
               ? th_points_count(snapshot, &wanted, arena, &m->points, err)
               : th_counts_points(p->known, snapshot, &wanted, arena, hold, &m->points, err);
  if (!rc && !boxed) th_map_fit(&m->view, m->points.points, m->points.n);
  if (rc) return rc;
  return th_map_cluster_points(&m->view, m->points.points, m->points.n, arena, &m->clusters, err);
}

int th_portal_search_map(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  const th_portal *p = ctx;
  portal_worker *w = th_portal_worker(p, rq);
  portal_state state;
  th_html h;
  map_page m = {.h = &h, .s = &state};
  th_fact *hold = NULL;
  th_page_frame frame = {
      .title = th_span_of(M(map_of_results)), .here = "/search", .no_index = true};
  if (!w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  th_index *index = th_registry_index(p->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  int rc = th_portal_state_read(&state, rq, snapshot, p->known, err);
  if (!rc && state.bad) {
    /* The list says what is wrong, and where to mend it. */
    th_portal_begin(&h, w, rq, rs);
    th_buf *s = th_html_scratch(&h);
    th_buf_str(s, th_lang_prefix(h.lang));
    th_portal_state_url(&state, NULL, -1, NULL, (th_span){0}, 1, s);
    th_span to = th_arena_dup(rq->arena, th_buf_view(s));
    if (!to.p) rc = th_err_set(err, TH_ENOMEM, "no memory for an answer");
    if (!rc) th_response_redirect(rs, 302, to.p);
  } else if (!rc) {
    rc = find_points(&m, p, snapshot, &hold, err);
    if (!rc) rc = th_portal_frame(p, w, snapshot, rq->arena, &frame, err);
    if (!rc) {
      th_portal_begin(&h, w, rq, rs);
      th_page_begin(&h, &frame);
      put_page(&m);
      th_page_end(&h, &frame);
      rc = th_portal_end(&h, rs, 200, err);
    }
  }
  th_fact_release(hold);
  th_index_release(index, snapshot);
  return rc;
}

/* ---- land ---- */

/* The picture depends on its address and the program alone. */
int th_portal_land(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  th_map_view view;
  th_span box = th_span_trim(th_request_value(rq, "box"));
  if (!th_map_has_land() || !th_map_read(&view, box))
    return th_portal_sorry(ctx, rq, rs, 404, M(there_is_no_such_page),
                           th_span_of(M(the_address_may_be_mistyped)), err);
  rs->type = "image/svg+xml";
  rs->cache = "public, max-age=31536000, immutable";
  return th_map_land(&view, rq->arena, &rs->body, err);
}
