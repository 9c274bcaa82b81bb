/* Where the sites of a segment lie. Tables that are immutable once made; cache.h keeps them.
 *
 * Thousands of sites share their country, state, city and point: such sites are one spot, and what
 * is asked of sites is asked of spots. A site without a point has that of its city, when country,
 * state and city name one (th_geo_site). */
#ifndef TH_QUERY_POINTS_H
#define TH_QUERY_POINTS_H

#include "index/segment.h"

typedef struct th_spot {
  uint32_t country, state, city; /* ordinals + 1; 0 = none */
  uint32_t point;                /* 1 + its point, 0 = it has none */
  uint32_t placed;               /* 1: the point is that of its city, not the records' */
} th_spot;

/* The studies at a point: doc[from … placed), the records say so; doc[placed … from of the next
 * point), by their city. Each part is ascending, and has a study once. */
typedef struct th_point {
  int32_t lat, lon; /* 1e-6 degrees */
  uint32_t from, placed;
} th_point;

/* Points by cells of one degree: cell(lat, lon) = row * 360 + column, rows from the south pole,
 * columns from longitude -180. */
enum { TH_GRID_ROWS = 180, TH_GRID_COLUMNS = 360 };
#define TH_SITE_RECRUITS 0x80000000u
typedef struct th_spots {
  /* A site: its spot; with TH_SITE_RECRUITS when it recruits, by its own status, or by its study's
   * when it has none. */
  uint32_t *of;
  uint32_t n_sites, n_spots, n_points, n_listed;
  th_spot *spot;
  uint32_t *start; /* TH_GRID_ROWS * TH_GRID_COLUMNS + 1: a cell's first point */
  th_point *point; /* cell by cell, and one more */
  uint32_t *doc;   /* n_listed */
} th_spots;

/* Owned by the caller; NULL when memory is exhausted or the segment's sites are damaged. */
th_spots *th_spots_make(const th_segment *s) TH_MUST_USE;
void th_spots_free(th_spots *t);
uint64_t th_spots_bytes(const th_spots *t);

static inline const th_spot *th_spots_of(const th_spots *t, uint32_t site) {
  return &t->spot[t->of[site] & ~TH_SITE_RECRUITS];
}
/* The number of a site's point + 1; 0 when it has none. placed: that of its city will do. */
static inline uint32_t th_spots_point(const th_spots *t, uint32_t site, bool placed) {
  const th_spot *s = th_spots_of(t, site);
  return s->placed && !placed ? 0 : s->point;
}

#endif
