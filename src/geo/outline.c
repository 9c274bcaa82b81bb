#include "geo/outline.h"

extern const char th_outline_data[] __attribute__((visibility("hidden")));

enum { HEAD = 56, RING = 8, POINT = 4, SHAPE = 14 };

typedef struct layer {
  uint32_t n_shapes, n_rings, n_points;
  const char *rings, *points, *shapes;
} layer;

static layer open_layer(th_outline_layer which) {
  layer l = {0};
  const char *at = th_outline_data + HEAD;
  for (unsigned i = 0; i <= which; i++) {
    uint32_t n[3];
    memcpy(n, th_outline_data + 8 + (size_t)12 * i, sizeof n);
    l = (layer){.n_shapes = n[0], .n_rings = n[1], .n_points = n[2], .rings = at};
    l.points = l.rings + (size_t)RING * l.n_rings;
    l.shapes = l.points + (size_t)POINT * l.n_points;
    at = l.shapes + ((size_t)SHAPE * l.n_shapes + 3) / 4 * 4;
  }
  return l;
}

uint32_t th_outlines(th_outline_layer which) {
  return open_layer(which).n_shapes;
}

void th_outline_at(th_outline_layer which, uint32_t i, th_outline *out) {
  layer l = open_layer(which);
  const char *shape = l.shapes + (size_t)SHAPE * i;
  int16_t box[4];
  uint16_t rings[2];
  memcpy(box, shape + 2, sizeof box);
  memcpy(rings, shape + 10, sizeof rings);
  *out = (th_outline){.code = {shape[0], shape[1]},
                      .west = box[0],
                      .south = box[1],
                      .east = box[2],
                      .north = box[3],
                      .first = rings[0],
                      .n = rings[1]};
}

th_outline_ring th_outline_ring_at(th_outline_layer which, uint32_t ring) {
  layer l = open_layer(which);
  uint32_t at[2];
  memcpy(at, l.rings + (size_t)RING * ring, sizeof at);
  return (th_outline_ring){(const int16_t *)(const void *)(l.points + (size_t)POINT * at[0]),
                           at[1]};
}

bool th_outline_find(th_outline_layer which, th_span code, th_outline *out) {
  for (uint32_t i = 0; i < th_outlines(which); i++) {
    th_outline_at(which, i, out);
    if (code.n == 2 && memcmp(out->code, code.p, 2) == 0) return true;
  }
  return false;
}
