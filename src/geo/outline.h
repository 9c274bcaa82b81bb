/* Outlines of countries, from Natural Earth (public domain), in the program itself. A build without
 * them has none. Made by tools/make_outlines.py:
 *
 *   outlines = head layer layer            the coarse one (1:110 million), the fine one (1:50)
 *   head     = "THMAP\0\0\1" (n_shapes:u32 n_rings:u32 n_points:u32){2}
 *   layer    = ring{n_rings} point{n_points} shape{n_shapes} padding to 4 bytes
 *   ring     = first:u32 n:u32             points of a closed line, the last joined to the first
 *   point    = lon:i16 lat:i16             1/100 degree
 *   shape    = code:char[2] west:i16 south:i16 east:i16 north:i16 first:u16 n:u16   its rings
 *
 * Outer rings and holes are told apart by the even-odd rule. Shapes by code; "\0\0": no country of
 * ISO 3166-1. */
#ifndef TH_GEO_OUTLINE_H
#define TH_GEO_OUTLINE_H

#include "base/common.h"

typedef struct th_outline {
  char code[3]; /* "" when it is no country of ISO 3166-1 */
  int16_t west, south, east, north;
  uint32_t first, n; /* rings */
} th_outline;
typedef struct th_outline_ring {
  const int16_t *points; /* lon, lat, … in 1/100 degree */
  uint32_t n;            /* points */
} th_outline_ring;

uint32_t th_outlines(bool fine);
/* i must be below th_outlines(fine). */
void th_outline_at(bool fine, uint32_t i, th_outline *out);
/* ring: of th_outline.first and those behind it, n of them. */
th_outline_ring th_outline_ring_at(bool fine, uint32_t ring);
/* The outline of a country by its two letters. */
bool th_outline_find(bool fine, th_span code, th_outline *out);

#endif
