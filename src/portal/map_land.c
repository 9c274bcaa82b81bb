/* Land: outlines cut to a view, as the path of an SVG picture. */
#include "portal/map.h"

#include "geo/outline.h"

#include <math.h>

/* The picture is drawn in half units: finer than a screen shows. */
enum { SCALE = 2, FINE_BELOW = 70, BORDERS_BELOW = 160, MARGIN = 3 };

typedef struct pen {
  const th_map_view *view;
  th_buf *out;
  int x, y;
  bool down;
} pen;

static void move_to(pen *p, double lon, double lat) {
  const th_map_view *v = p->view;
  int x = (int)lround((lon - v->west) / (v->east - v->west) * TH_MAP_WIDTH * SCALE);
  int y = (int)lround((v->north - lat) / (v->north - v->south) * v->height * SCALE);
  if (p->down && x == p->x && y == p->y) return;
  if (p->down)
    th_buf_printf(p->out, "l%d%s%d", x - p->x, y - p->y < 0 ? "" : " ", y - p->y);
  else
    th_buf_printf(p->out, "M%d %d", x, y);
  p->down = true;
  p->x = x;
  p->y = y;
}

/* ---- cutting ---- */

typedef struct point {
  double x, y;
} point;

/* A side of the box: what is kept has a coordinate on one side of a bound. */
typedef struct side {
  bool vertical, below;
  double bound;
} side;

static bool is_kept(const side *s, point p) {
  double v = s->vertical ? p.x : p.y;
  return s->below ? v <= s->bound : v >= s->bound;
}

static point crossing(const side *s, point a, point b) {
  if (s->vertical) {
    double part = (s->bound - a.x) / (b.x - a.x);
    return (point){s->bound, a.y + part * (b.y - a.y)};
  }
  double part = (s->bound - a.y) / (b.y - a.y);
  return (point){a.x + part * (b.x - a.x), s->bound};
}

/* One side of Sutherland and Hodgman's clipping (1974). At most cap points are written. */
static uint32_t cut(const side *s, const point *in, uint32_t n, point *out, uint32_t cap) {
  uint32_t k = 0;
  for (uint32_t i = 0; i < n; i++) {
    point a = in[i ? i - 1 : n - 1], b = in[i];
    bool from = is_kept(s, a), to = is_kept(s, b);
    if (from != to && k < cap) out[k++] = crossing(s, a, b);
    if (to && k < cap) out[k++] = b;
  }
  return k;
}

static bool ring_overlaps(const th_outline_ring *ring, const th_map_view *v) {
  double west = 1e9, east = -1e9, south = 1e9, north = -1e9;
  for (uint32_t i = 0; i < ring->n; i++) {
    west = fmin(west, ring->points[2 * i]);
    east = fmax(east, ring->points[2 * i]);
    south = fmin(south, ring->points[2 * i + 1]);
    north = fmax(north, ring->points[2 * i + 1]);
  }
  return west <= v->east * 100 && east >= v->west * 100 && south <= v->north * 100 &&
         north >= v->south * 100;
}

/* A stretch of a line cut to the sides; false when nothing of it is left. */
static bool cut_stretch(const side *sides, size_t n, point *a, point *b) {
  for (size_t i = 0; i < n; i++) {
    bool from = is_kept(&sides[i], *a), to = is_kept(&sides[i], *b);
    if (!from && !to) return false;
    if (from == to) continue;
    point at = crossing(&sides[i], *a, *b);
    *(from ? b : a) = at;
  }
  return true;
}

/* ---- drawing ---- */

enum { SIDES = 4 };
static void sides_of(const th_map_view *room, side out[SIDES]) {
  out[0] = (side){true, false, room->west};
  out[1] = (side){true, true, room->east};
  out[2] = (side){false, false, room->south};
  out[3] = (side){false, true, room->north};
}

static point point_at(const th_outline_ring *ring, uint32_t i) {
  return (point){ring->points[2 * i] * 0.01, ring->points[2 * i + 1] * 0.01};
}

static int put_ring(pen *p, const th_outline_ring *ring, const th_map_view *room, th_arena *arena) {
  uint32_t cap = 4 * ring->n + 32, n = ring->n;
  point *a = th_arena_alloc(arena, cap * sizeof *a), *b = th_arena_alloc(arena, cap * sizeof *b);
  side sides[SIDES];
  sides_of(room, sides);
  if (!a || !b) return TH_ENOMEM;
  for (uint32_t i = 0; i < n; i++)
    a[i] = point_at(ring, i);
  for (size_t s = 0; s < TH_COUNT(sides); s++) {
    n = cut(&sides[s], a, n, b, cap);
    point *t = a;
    a = b;
    b = t;
  }
  p->down = false;
  for (uint32_t i = 0; i < n && n > 2; i++)
    move_to(p, a[i].x, a[i].y);
  if (n > 2) th_buf_char(p->out, 'z');
  return TH_OK;
}

/* The view with a margin, so that lines along a cut are not seen. */
static th_map_view room_around(const th_map_view *view) {
  th_map_view room = *view;
  double x = (room.east - room.west) * MARGIN / 100, y = (room.north - room.south) * MARGIN / 100;
  room.west -= x;
  room.east += x;
  room.south -= y;
  room.north += y;
  return room;
}

static bool shape_overlaps(const th_outline *shape, const th_map_view *room) {
  return shape->west <= room->east * 100 && shape->east >= room->west * 100 &&
         shape->south <= room->north * 100 && shape->north >= room->south * 100;
}

static int put_land(pen *p, th_outline_layer layer, th_arena *arena) {
  th_map_view room = room_around(p->view);
  int rc = TH_OK;
  for (uint32_t i = 0; i < th_outlines(layer) && !rc; i++) {
    th_outline shape;
    th_outline_at(layer, i, &shape);
    if (!shape_overlaps(&shape, &room)) continue;
    for (uint32_t k = 0; k < shape.n && !rc; k++) {
      th_outline_ring ring = th_outline_ring_at(layer, shape.first + k);
      if (ring_overlaps(&ring, &room)) rc = put_ring(p, &ring, &room, arena);
    }
  }
  return rc;
}

static void put_line(pen *p, const th_outline_ring *line, const th_map_view *room) {
  side sides[SIDES];
  sides_of(room, sides);
  p->down = false;
  for (uint32_t i = 1; i < line->n; i++) {
    point a = point_at(line, i - 1), b = point_at(line, i), end = b;
    if (!cut_stretch(sides, SIDES, &a, &b)) {
      p->down = false;
      continue;
    }
    if (!p->down) move_to(p, a.x, a.y);
    move_to(p, b.x, b.y);
    if (b.x != end.x || b.y != end.y) p->down = false;
  }
}

/* Lines between the parts of countries that the view shows. */
static void put_borders(pen *p) {
  th_map_view room = room_around(p->view);
  for (uint32_t i = 0; i < th_outlines(TH_OUTLINES_BORDERS); i++) {
    th_outline shape;
    th_outline_at(TH_OUTLINES_BORDERS, i, &shape);
    if (!shape_overlaps(&shape, &room)) continue;
    for (uint32_t k = 0; k < shape.n; k++) {
      th_outline_ring line = th_outline_ring_at(TH_OUTLINES_BORDERS, shape.first + k);
      if (ring_overlaps(&line, &room)) put_line(p, &line, &room);
    }
  }
}

int th_map_land(const th_map_view *view, th_arena *arena, th_buf *out, th_err *err) {
  pen p = {.view = view, .out = out};
  th_buf_printf(out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" "
                "viewBox=\"0 0 %d %.0f\"><style>path{fill:#dfe5da;stroke:#fff;stroke-width:1.5}"
                "path+path{fill:none;stroke-width:1}"
                "@media(prefers-color-scheme:dark){path{fill:#33423f;stroke:#1a2225}}</style>"
                "<path fill-rule=\"evenodd\" d=\"",
                TH_MAP_WIDTH, view->height, TH_MAP_WIDTH * SCALE, view->height * SCALE);
  double wide = view->east - view->west;
  int rc = put_land(&p, wide < FINE_BELOW ? TH_OUTLINES_FINE : TH_OUTLINES_COARSE, arena);
  th_buf_str(out, "\"/>");
  size_t before = out->n;
  th_buf_str(out, "<path d=\"");
  size_t empty = out->n;
  if (wide < BORDERS_BELOW) put_borders(&p);
  if (out->n == empty)
    th_buf_truncate(out, before);
  else
    th_buf_str(out, "\"/>");
  th_buf_str(out, "</svg>");
  if (!rc && out->error) rc = out->error;
  return rc ? th_err_set(err, rc, "no memory for a map") : TH_OK;
}

bool th_map_outline(const th_map_view *view, th_span code, th_buf *out) {
  th_outline shape;
  pen p = {.view = view, .out = out};
  if (!th_outline_find(TH_OUTLINES_COARSE, code, &shape)) return false;
  for (uint32_t k = 0; k < shape.n; k++) {
    th_outline_ring ring = th_outline_ring_at(TH_OUTLINES_COARSE, shape.first + k);
    p.down = false;
    for (uint32_t i = 0; i < ring.n; i++)
      move_to(&p, ring.points[2 * i] * 0.01, ring.points[2 * i + 1] * 0.01);
    th_buf_char(out, 'z');
  }
  return true;
}

/* Whether "CODE" is one of "Massachusetts|MA|Mass.". */
static bool is_among(th_span names, th_span code) {
  while (names.n) {
    const char *bar = memchr(names.p, '|', names.n);
    th_span name = {names.p, bar ? (size_t)(bar - names.p) : names.n};
    if (th_span_eq(name, code)) return true;
    size_t used = name.n + (bar != NULL);
    names = (th_span){names.p + used, names.n - used};
  }
  return false;
}

static void put_picture_ring(const th_outline_ring *ring, th_buf *out) {
  enum { UNIT = TH_STATES_WIDTH / TH_MAP_STATES_WIDTH };
  int x = 0, y = 0;
  for (uint32_t i = 0; i < ring->n; i++) {
    int to_x = ring->points[2 * i] / UNIT, to_y = ring->points[2 * i + 1] / UNIT;
    if (i)
      th_buf_printf(out, "l%d%s%d", to_x - x, to_y - y < 0 ? "" : " ", to_y - y);
    else
      th_buf_printf(out, "M%d %d", to_x, to_y);
    x = to_x;
    y = to_y;
  }
  th_buf_char(out, 'z');
}

bool th_map_state(th_span names, th_buf *out) {
  for (uint32_t i = 0; i < th_outlines(TH_OUTLINES_STATES); i++) {
    th_outline shape;
    th_outline_at(TH_OUTLINES_STATES, i, &shape);
    if (!is_among(names, th_span_of(shape.code))) continue;
    for (uint32_t k = 0; k < shape.n; k++) {
      th_outline_ring ring = th_outline_ring_at(TH_OUTLINES_STATES, shape.first + k);
      put_picture_ring(&ring, out);
    }
    return true;
  }
  return false;
}
