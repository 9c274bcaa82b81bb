/* Where the sites of a segment lie. Tables that are immutable once made; cache.h keeps them. */
#ifndef TH_QUERY_POINTS_H
#define TH_QUERY_POINTS_H

#include "index/segment.h"

/* Sites where those that lack a point have that of their city, when country, state and city name
 * one (th_geo_site). All else is the segment's own. A city is looked up once. */
typedef struct th_placed {
  th_sites sites; /* its lat and lon are those below */
  int32_t *lat, *lon;
} th_placed;
/* Owned by the caller; NULL when memory is exhausted or the segment's sites are damaged. */
th_placed *th_placed_make(const th_segment *s) TH_MUST_USE;
void th_placed_free(th_placed *p);
uint64_t th_placed_bytes(const th_placed *p);

/* The sites with a point, by cells of one degree: cell(lat, lon) = row * 360 + column, rows from
 * the south pole, columns from longitude -180. */
enum { TH_GRID_ROWS = 180, TH_GRID_COLUMNS = 360 };
typedef struct th_point {
  int32_t lat, lon; /* 1e-6 degrees */
  uint32_t from;    /* its first site; the next point's is its end */
} th_point;
typedef struct th_site_grid {
  uint32_t *start;    /* TH_GRID_ROWS * TH_GRID_COLUMNS + 1: a cell's first point */
  th_point *point;    /* cell by cell, and one more; sites of a city share theirs */
  uint32_t *site;     /* numbers of sites, point by point */
  uint32_t *doc;      /* the document of each of these */
  uint32_t *point_of; /* a site: 1 + its point, 0 = it has none */
  uint32_t n_points, n_sites;
} th_site_grid;
/* Owned by the caller; NULL when memory is exhausted. sites NULL: none. */
th_site_grid *th_site_grid_make(const th_sites *sites, uint32_t n_docs) TH_MUST_USE;
void th_site_grid_free(th_site_grid *g);
uint64_t th_site_grid_bytes(const th_site_grid *g);

#endif
