/* Outlines in the program itself: countries, from Natural Earth; states of the USA, from the Census
 * Bureau (both public domain). A build without them has none. Made by tools/make_outlines.py:
 *
 *   outlines = head layer{4}               in the order of th_outline_layer
 *   head     = "THMAP\0\0\2" (n_shapes:u32 n_rings:u32 n_points:u32){4}
 *   layer    = ring{n_rings} point{n_points} shape{n_shapes} padding to 4 bytes
 *   ring     = first:u32 n:u32             points of a closed line, the last joined to the first
 *                                          (of borders: of a line, not joined)
 *   point    = lon:i16 lat:i16             1/100 degree (of the picture: x:i16 y:i16)
 *   shape    = code:char[2] west:i16 south:i16 east:i16 north:i16 first:u16 n:u16   its rings
 *
 * A shape's code is that of a country (ISO 3166-1), of borders that of the country they divide, in
 * the picture the two letters of a state. Outer rings and holes are told apart by the even-odd
 * rule. Shapes by code; "\0\0": no country of ISO 3166-1. */
#ifndef TH_GEO_OUTLINE_H
#define TH_GEO_OUTLINE_H

#include "base/common.h"

typedef enum th_outline_layer {
  TH_OUTLINES_COARSE,  /* countries, 1:110 million */
  TH_OUTLINES_FINE,    /* countries, 1:50 million */
  TH_OUTLINES_BORDERS, /* lines between the states of a country: the USA */
  TH_OUTLINES_STATES,  /* the USA's states as a picture of TH_STATES_WIDTH x TH_STATES_HEIGHT:
                          Albers'  projection, Alaska and Hawaii moved in */
} th_outline_layer;
/* Units of the picture of states. */
enum { TH_STATES_WIDTH = 9750, TH_STATES_HEIGHT = 6100 };

typedef struct th_outline {
  char code[3]; /* "" when it is no country of ISO 3166-1 */
  int16_t west, south, east, north;
  uint32_t first, n; /* rings */
} th_outline;
typedef struct th_outline_ring {
  const int16_t *points; /* lon, lat, … in 1/100 degree; x, y in the picture */
  uint32_t n;            /* points */
} th_outline_ring;

uint32_t th_outlines(th_outline_layer layer);
/* i must be below th_outlines(layer). */
void th_outline_at(th_outline_layer layer, uint32_t i, th_outline *out);
/* ring: of th_outline.first and those behind it, n of them. */
th_outline_ring th_outline_ring_at(th_outline_layer layer, uint32_t ring);
/* The outline with this code. */
bool th_outline_find(th_outline_layer layer, th_span code, th_outline *out);

#endif
