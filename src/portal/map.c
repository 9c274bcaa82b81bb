/* Views, clusters, and the map in a page. */
#include "portal/map.h"

#include "geo/outline.h"
#include "portal/words.h"

#include <math.h>
#include <stdio.h>

#define RADIANS (3.14159265358979323846 / 180)

static const th_map_view world = {-180, -56, 180, 78, 0};

/* ---- views ---- */

/* The cosine of the standard parallel: the quadratic mean of the latitudes shown, which is their
 * middle for all but large parts of the world. */
static double squeeze(double south, double north) {
  return cos(sqrt((south * south + south * north + north * north) / 3) * RADIANS);
}

static void set_height(th_map_view *v) {
  double wide = (v->east - v->west) * squeeze(v->south, v->north);
  v->height = TH_MAP_WIDTH * (v->north - v->south) / wide;
}

/* Moves [*low, *high] into [least, most], or makes it that. */
static void keep_within(double *low, double *high, double least, double most) {
  if (*high - *low >= most - least) {
    *low = least;
    *high = most;
  } else if (*low < least) {
    *high += least - *low;
    *low = least;
  } else if (*high > most) {
    *low -= *high - most;
    *high = most;
  }
}

void th_map_box(th_map_view *out, double west, double south, double east, double north) {
  enum { LEAST = 1 }; /* degrees of latitude */
  double wide, high;
  *out = (th_map_view){west, south, east, north, 0};
  if (out->north - out->south < LEAST) {
    double middle = (out->north + out->south) / 2;
    out->south = middle - LEAST / 2.0;
    out->north = middle + LEAST / 2.0;
  }
  keep_within(&out->south, &out->north, world.south, world.north);
  double flat = squeeze(out->south, out->north);
  wide = (out->east - out->west) * flat;
  high = out->north - out->south;
  if (wide * 0.8 < high) { /* too high: wider */
    double more = (high / 0.8 - wide) / flat / 2;
    out->west -= more;
    out->east += more;
  } else if (high < wide * 0.45) { /* too flat: higher */
    double more = (wide * 0.45 - high) / 2;
    out->south -= more;
    out->north += more;
  }
  keep_within(&out->west, &out->east, world.west, world.east);
  keep_within(&out->south, &out->north, world.south, world.north);
  set_height(out);
}

void th_map_world(th_map_view *out) {
  *out = world;
  set_height(out);
}

void th_map_fit(th_map_view *out, const th_site_point *points, uint32_t n) {
  if (!n) {
    th_map_world(out);
    return;
  }
  double west = 180, south = 90, east = -180, north = -90;
  for (uint32_t i = 0; i < n; i++) {
    west = fmin(west, points[i].lon * 1e-6);
    east = fmax(east, points[i].lon * 1e-6);
    south = fmin(south, points[i].lat * 1e-6);
    north = fmax(north, points[i].lat * 1e-6);
  }
  double x = fmax((east - west) * 0.1, 2.5), y = fmax((north - south) * 0.1, 1.5);
  th_map_box(out, west - x, south - y, east + x, north + y);
}

bool th_map_read(th_map_view *out, th_span text) {
  char copy[96], *at = copy;
  double v[4];
  if (!text.n || text.n >= sizeof copy) return false;
  memcpy(copy, text.p, text.n);
  copy[text.n] = 0;
  if (strspn(copy, "0123456789.,-") != text.n) return false;
  for (int i = 0; i < 4; i++) {
    char *end;
    v[i] = strtod(at, &end);
    if (end == at || *end != (i < 3 ? ',' : 0) || fabs(v[i]) > 360) return false;
    at = end + 1;
  }
  if (v[0] >= v[2] || v[1] >= v[3]) return false;
  th_map_box(out, v[0], v[1], v[2], v[3]);
  return true;
}

void th_map_write(const th_map_view *v, th_buf *out) {
  th_buf_printf(out, "%.2f,%.2f,%.2f,%.2f", v->west, v->south, v->east, v->north);
}

void th_map_move(const th_map_view *v, double times, double right, double up, th_map_view *out) {
  double wide = v->east - v->west, high = v->north - v->south;
  double x = (v->west + v->east) / 2 + right * wide, y = (v->south + v->north) / 2 + up * high;
  th_map_box(out, x - wide * times / 2, y - high * times / 2, x + wide * times / 2,
             y + high * times / 2);
}

void th_map_place(const th_map_view *v, int32_t lat, int32_t lon, double *x, double *y) {
  *x = (lon * 1e-6 - v->west) / (v->east - v->west) * TH_MAP_WIDTH;
  *y = (v->north - lat * 1e-6) / (v->north - v->south) * v->height;
}

bool th_map_shows(const th_map_view *v, const th_site_point *p) {
  th_point_request box;
  th_map_limits(v, &box);
  return p->lat >= box.south && p->lat <= box.north && p->lon >= box.west && p->lon <= box.east;
}

void th_map_limits(const th_map_view *v, th_point_request *out) {
  out->west = (int32_t)ceil(v->west * 1e6);
  out->south = (int32_t)ceil(v->south * 1e6);
  out->east = (int32_t)floor(v->east * 1e6);
  out->north = (int32_t)floor(v->north * 1e6);
}

/* ---- clusters ---- */

/* Cells of TH_MAP_REACH: a cluster within reach stands in one of the nine around a point. */
typedef struct cells {
  double reach;
  th_map_cluster *list;
  uint32_t n, columns, rows;
  uint32_t *first, *next; /* + 1 */
} cells;

static uint32_t cell_at(const cells *c, double x, double y) {
  int column = (int)(x / c->reach) + 1, row = (int)(y / c->reach) + 1;
  column = TH_MIN(TH_MAX(column, 0), (int)c->columns - 1);
  row = TH_MIN(TH_MAX(row, 0), (int)c->rows - 1);
  return (uint32_t)row * c->columns + (uint32_t)column;
}

static th_map_cluster *nearest_cluster(const cells *c, double x, double y) {
  th_map_cluster *best = NULL;
  double least = c->reach;
  uint32_t middle = cell_at(c, x, y), row = middle / c->columns, column = middle % c->columns;
  for (uint32_t r = row ? row - 1 : 0; r <= row + 1 && r < c->rows; r++)
    for (uint32_t k = column ? column - 1 : 0; k <= column + 1 && k < c->columns; k++)
      for (uint32_t i = c->first[r * c->columns + k]; i; i = c->next[i - 1]) {
        double d = hypot(c->list[i - 1].x - x, c->list[i - 1].y - y);
        if (d >= least) continue;
        least = d;
        best = &c->list[i - 1];
      }
  return best;
}

static void add_point(cells *c, const th_site_point *p, double x, double y) {
  th_map_cluster *to = nearest_cluster(c, x, y);
  if (!to) {
    uint32_t cell = cell_at(c, x, y);
    to = &c->list[c->n];
    *to = (th_map_cluster){.x = x,
                           .y = y,
                           .seed = p,
                           .west = p->lon,
                           .east = p->lon,
                           .south = p->lat,
                           .north = p->lat};
    c->next[c->n] = c->first[cell];
    c->first[cell] = ++c->n;
  }
  to->n++;
  to->sites += p->sites;
  to->recruiting += p->recruiting;
  to->west = TH_MIN(to->west, p->lon);
  to->east = TH_MAX(to->east, p->lon);
  to->south = TH_MIN(to->south, p->lat);
  to->north = TH_MAX(to->north, p->lat);
}

static int by_sites(const void *a, const void *b) {
  const th_map_cluster *x = a, *y = b;
  if (x->sites != y->sites) return x->sites > y->sites ? -1 : 1;
  if (x->y != y->y) return x->y < y->y ? -1 : 1;
  return (x->x > y->x) - (x->x < y->x);
}

/* Clusters for circles that take up `reach` units. */
static int gather(const th_map_view *view, const th_site_point *points, uint32_t n, double reach,
                  th_arena *arena, th_map_gathering *out, th_err *err) {
  cells c = {.reach = reach,
             .columns = (uint32_t)(TH_MAP_WIDTH / reach) + 3,
             .rows = (uint32_t)(view->height / reach) + 3};
  c.list = th_arena_calloc(arena, (size_t)n + 1, sizeof *c.list);
  c.next = th_arena_calloc(arena, (size_t)n + 1, sizeof *c.next);
  c.first = th_arena_calloc(arena, (size_t)c.columns * c.rows, sizeof *c.first);
  if (!c.list || !c.next || !c.first) return th_err_set(err, TH_ENOMEM, "no memory for a map");
  for (uint32_t i = 0; i < n; i++) {
    double x, y;
    if (!th_map_shows(view, &points[i])) continue;
    th_map_place(view, points[i].lat, points[i].lon, &x, &y);
    add_point(&c, &points[i], x, y);
  }
  if (c.n) qsort(c.list, c.n, sizeof *c.list, by_sites);
  *out = (th_map_gathering){c.n, c.list, c.n ? c.list[0].sites : 0};
  return TH_OK;
}

int th_map_cluster_points(const th_map_view *view, const th_site_point *points, uint32_t n,
                          th_arena *arena, th_map_clusters *out, th_err *err) {
  th_map_gathering wide, narrow;
  int rc = gather(view, points, n, TH_MAP_REACH, arena, &wide, err);
  if (!rc) rc = gather(view, points, n, TH_MAP_REACH * TH_MAP_NARROW, arena, &narrow, err);
  if (!rc) *out = (th_map_clusters){wide.n, wide.list, wide.most, narrow};
  return rc;
}

void th_map_zoom(const th_map_view *view, const th_map_cluster *c, th_map_view *out) {
  double wide = (view->east - view->west) * 0.6, high = (view->north - view->south) * 0.6;
  double x = (c->west + c->east) * 0.5e-6, y = (c->south + c->north) * 0.5e-6;
  wide = fmin(wide, fmax((c->east - c->west) * 1.4e-6, 0.5));
  high = fmin(high, fmax((c->north - c->south) * 1.4e-6, 0.5));
  th_map_box(out, x - wide / 2, y - high / 2, x + wide / 2, y + high / 2);
}

void th_map_name(th_lang lang, const th_site_point *p, th_buf *out) {
  const th_span parts[] = {p->city, p->state, th_words_country(lang, p->country)};
  bool any = false;
  for (size_t i = 0; i < TH_COUNT(parts); i++) {
    if (!parts[i].n || (i && th_span_eq(parts[i], parts[i - 1]))) continue;
    if (any) th_buf_str(out, ", ");
    th_buf_span(out, parts[i]);
    any = true;
  }
}

/* ---- the page ---- */

bool th_map_has_land(void) {
  return th_outlines(TH_OUTLINES_COARSE) > 0;
}

static void attr_number(th_html *h, const char *name, double v) {
  char text[32];
  snprintf(text, sizeof text, "%.1f", v);
  th_html_attr_str(h, name, text);
}

/* "Boston, Massachusetts, United States and 12 towns around: 120 places, 30 recruit". */
static void put_words(th_html *h, const th_map_cluster *c, th_buf *out) {
  th_map_name(h->lang, c->seed, out);
  if (c->n > 1) {
    th_say_put(h->lang, M(tail_and), out);
    th_words_number(h->lang, c->n - 1, out);
    th_say_put(h->lang, c->n == 2 ? M(tail_town_around) : M(tail_towns_around), out);
  }
  th_buf_str(out, ": ");
  th_words_number(h->lang, (int64_t)c->sites, out);
  th_say_put(h->lang, c->sites == 1 ? M(tail_site) : M(tail_sites), out);
  th_buf_str(out, ", ");
  th_words_number(h->lang, (int64_t)c->recruiting, out);
  th_say_put(h->lang, c->recruiting == 1 ? M(tail_site_recruits) : M(tail_sites_recruit), out);
}

/* One of a map's two pictures. */
typedef struct picture {
  const char *class;
  double scale; /* of circles and letters */
  uint64_t most;
  uint32_t n;
  const th_map_cluster *list;
} picture;

/* The circle's area goes with the number of sites, down to what a finger can hit and to the width
 * of its number. */
static double radius_of(const picture *p, uint64_t sites, int digits) {
  enum { LEAST = 11, MOST = 26 };
  double r = MOST * sqrt((double)sites / (double)TH_MAX(p->most, 1));
  return p->scale * fmax(r, fmax(LEAST, 3.7 * digits + 1));
}

static void put_circle(th_html *h, const th_map_drawing *d, const picture *p,
                       const th_map_cluster *c) {
  char digits[32] = "";
  int n = 0;
  th_html_open(h, "a", c->recruiting ? "spot open" : "spot");
  th_buf *s = th_html_scratch(h);
  d->link(d->ctx, c, s);
  (void)th_html_href(h, th_buf_view(s));
  /* The number as the label has it. */
  s = th_html_scratch(h);
  th_words_number(h->lang, (int64_t)c->sites, s);
  n = snprintf(digits, sizeof digits, "%.*s", (int)s->n, s->n ? s->p : "");
  s = th_html_scratch(h);
  put_words(h, c, s);
  th_html_attr(h, "aria-label", th_buf_view(s));
  th_html_open(h, "circle", NULL);
  attr_number(h, "cx", c->x);
  attr_number(h, "cy", c->y);
  attr_number(h, "r", radius_of(p, c->sites, n));
  th_html_close(h);
  th_html_open(h, "text", NULL);
  attr_number(h, "x", c->x);
  attr_number(h, "y", c->y);
  th_html_str(h, digits);
  th_html_close_n(h, 2);
}

static void put_picture(th_html *h, const th_map_drawing *d, const picture *p) {
  char size[64];
  th_html_open(h, "svg", p->class);
  snprintf(size, sizeof size, "0 0 %d %.0f", TH_MAP_WIDTH, d->view->height);
  th_html_attr_str(h, "viewBox", size);
  th_html_attr_str(h, "role", "group");
  th_html_attr_str(h, "aria-label", d->label);
  th_html_open(h, "image", NULL);
  th_buf *s = th_html_scratch(h);
  th_buf_str(s, "/map/land.svg?box=");
  th_map_write(d->view, s);
  th_buf_str(s, "&v=" TH_VERSION);
  th_html_attr(h, "href", th_buf_view(s));
  th_html_attr_u64(h, "width", TH_MAP_WIDTH);
  attr_number(h, "height", d->view->height);
  th_html_attr_str(h, "preserveAspectRatio", "none");
  th_html_close(h);
  for (uint32_t i = 0; i < p->n; i++)
    put_circle(h, d, p, &p->list[i]);
  th_html_close(h);
}

void th_map_put(th_html *h, const th_map_drawing *d) {
  const th_map_clusters *c = d->clusters;
  const picture wide = {"wide", 1, c->most, c->n, c->list};
  const picture narrow = {"narrow", TH_MAP_NARROW, c->narrow.most, c->narrow.n, c->narrow.list};
  if (!th_map_has_land()) return;
  th_html_open(h, "figure", "map");
  th_html_open(h, "div", "map-frame");
  put_picture(h, d, &wide);
  put_picture(h, d, &narrow);
  th_html_close(h);
  th_html_open(h, "figcaption", "credit");
  th_html_str(h, M(map_legend));
  th_html_close_n(h, 2);
}

void th_map_put_list(th_html *h, const th_map_drawing *d, uint32_t most) {
  th_html_open(h, "ul", "counts two");
  for (uint32_t i = 0; i < d->clusters->n && i < most; i++) {
    const th_map_cluster *c = &d->clusters->list[i];
    th_html_open(h, "li", NULL);
    th_html_open(h, "a", NULL);
    th_buf *s = th_html_scratch(h);
    d->link(d->ctx, c, s);
    (void)th_html_href(h, th_buf_view(s));
    s = th_html_scratch(h);
    th_map_name(h->lang, c->seed, s);
    if (c->n > 1) {
      th_say_put(h->lang, M(tail_and), s);
      th_words_number(h->lang, c->n - 1, s);
      th_say_put(h->lang, c->n == 2 ? M(tail_town_around) : M(tail_towns_around), s);
    }
    th_html_scratch_text(h);
    th_html_close(h);
    th_html_str(h, " ");
    th_html_open(h, "span", "n");
    th_html_i64(h, (int64_t)c->sites);
    th_html_element_str(h, "span", "hidden", c->sites == 1 ? M(tail_site) : M(tail_sites));
    th_html_close(h);
    th_html_str(h, " ");
    th_html_open(h, "span", c->recruiting ? "n open" : "n");
    th_html_i64(h, (int64_t)c->recruiting);
    th_html_element_str(h, "span", "hidden", M(tail_recruiting));
    th_html_close_n(h, 2);
  }
  th_html_close(h);
}
