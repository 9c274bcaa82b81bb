/* Maps drawn by the server: circles where sites are, each a link, over outlines of countries.
 *
 * A view is a box of degrees in the equirectangular projection whose standard parallel is the mean
 * latitude of the box: x grows with the longitude, y falls with the latitude, and at that latitude
 * shapes are right. Land is a picture of its own (/map/land.svg), which browsers keep; circles
 * stand in the page as links, so that a map works without a script, by keyboard, and read aloud.
 */
#ifndef TH_PORTAL_MAP_H
#define TH_PORTAL_MAP_H

#include "portal/html.h"
#include "query/search.h"

enum {
  TH_MAP_WIDTH = 600,         /* units; the height follows from the box */
  TH_MAP_STATES_WIDTH = 1950, /* the picture of states */
  TH_MAP_STATES_HEIGHT = 1220,
  TH_MAP_REACH = 34, /* what is nearer than this to a circle's middle belongs to it */
};
/* On a phone a unit is about half a pixel: circles, letters and reach are so much larger there. */
#define TH_MAP_NARROW 2.2

typedef struct th_map_view {
  double west, south, east, north; /* degrees, west < east, south < north */
  double height;                   /* units */
} th_map_view;

/* All of the inhabited world. */
void th_map_world(th_map_view *out);
/* The smallest view that shows all points, with room around them; the world for none of them. */
void th_map_fit(th_map_view *out, const th_site_point *points, uint32_t n);
/* A box of degrees, brought to a shape that a map has, within the world. */
void th_map_box(th_map_view *out, double west, double south, double east, double north);
/* "west,south,east,north" in degrees; false when it is not of this form. */
bool th_map_read(th_map_view *out, th_span text);
void th_map_write(const th_map_view *view, th_buf *out);
/* The view `times` as wide around its middle (1: none), moved by parts of its size. */
void th_map_move(const th_map_view *view, double times, double right, double up, th_map_view *out);
/* Where a point (1e-6 degrees) stands, in units from the top left. */
void th_map_place(const th_map_view *view, int32_t lat, int32_t lon, double *x, double *y);
bool th_map_shows(const th_map_view *view, const th_site_point *point);
/* The box in 1e-6 degrees, for th_points_count. */
void th_map_limits(const th_map_view *view, th_point_request *out);

typedef struct th_map_cluster {
  double x, y; /* where its first and largest point stands */
  uint64_t sites, recruiting;
  uint32_t n;                       /* points */
  const th_site_point *seed;        /* the largest of them */
  int32_t west, south, east, north; /* of its points, 1e-6 degrees */
} th_map_cluster;
typedef struct th_map_gathering {
  uint32_t n;
  const th_map_cluster *list; /* by falling number of sites */
  uint64_t most;              /* sites of the largest */
} th_map_gathering;
/* The same points twice: for a wide screen, and in fewer, larger circles for a phone's. */
typedef struct th_map_clusters {
  uint32_t n;
  const th_map_cluster *list;
  uint64_t most;
  th_map_gathering narrow;
} th_map_clusters;
/* Puts every point that the view shows into exactly one cluster: points come by falling number of
 * sites, as th_points_count gives them; each joins the nearest cluster within TH_MAP_REACH or
 * begins one. Linear for points that lie apart. In arena. Error: TH_ENOMEM. */
int th_map_cluster_points(const th_map_view *view, const th_site_point *points, uint32_t n,
                          th_arena *arena, th_map_clusters *out, th_err *err) TH_MUST_USE;

/* "Boston, Massachusetts, United States"; the parts that the record has. */
void th_map_name(th_lang lang, const th_site_point *point, th_buf *out);
/* The view that shows the cluster's points apart. */
void th_map_zoom(const th_map_view *view, const th_map_cluster *cluster, th_map_view *out);

/* What a circle leads to: appends the address. */
typedef void (*th_map_link_fn)(const void *ctx, const th_map_cluster *cluster, th_buf *out);
typedef struct th_map_drawing {
  const th_map_view *view;
  const th_map_clusters *clusters;
  const char *label; /* what the map shows, a message */
  th_map_link_fn link;
  const void *ctx;
} th_map_drawing;
/* A <figure> with the map, drawn for a wide screen and for a narrow one, of which the stylesheet
 * shows one; nothing when the build has no outlines. */
void th_map_put(th_html *h, const th_map_drawing *drawing);
/* The same as a list of links; at most `most`. */
void th_map_put_list(th_html *h, const th_map_drawing *drawing, uint32_t most);
bool th_map_has_land(void);

/* The land of a view as an SVG picture of TH_MAP_WIDTH units. `arena`: scratch. Errors: TH_ENOMEM.
 */
int th_map_land(const th_map_view *view, th_arena *arena, th_buf *out, th_err *err) TH_MUST_USE;
/* Appends the outline of a country in the coarse layer, as the value of a path's "d"; false when
 * there is none. */
bool th_map_outline(const th_map_view *view, th_span code, th_buf *out);
/* The same of a state in the picture of states; names: of th_geo_region_names. */
bool th_map_state(th_span names, th_buf *out);

#endif
