/* The filters that command line, API and portal share, as one table: name, field, how a value is
 * read. `trialhead search --status recruiting --age 45 --near 42.36,-71.06,50mi`, the portal's form
 * and the API all build their filter here. */
#ifndef TH_QUERY_PARAMS_H
#define TH_QUERY_PARAMS_H

#include "geo/geo.h"
#include "query/search.h"

/* cond intr term titles locn spons outc id lead patient: a text parameter of the registry. */
typedef struct th_text_param {
  const char *name;  /* "cond" */
  const char *label; /* "Conditions or disease" */
  unsigned area;
} th_text_param;
extern const th_text_param th_text_params[];
extern const unsigned th_n_text_params;

typedef struct th_filter_param {
  const char *name;    /* "status" */
  const char *label;   /* "Status" */
  const char *values;  /* for help: "recruiting, completed, …" */
  const char *example; /* "recruiting,not_yet_recruiting" */
} th_filter_param;
/* status phase type age sex healthy near country state city condition intervention sponsor funder
 * results start completion posted updated ids */
extern const th_filter_param th_filter_params[];
extern const unsigned th_n_filter_params;

/* Reads one filter by name: several values separated by comma or '|' are alternatives. Errors:
 * TH_EUSAGE naming the parameter, the value and what is allowed. TH_ENOTFOUND: no such filter. */
int th_filter_parse(th_query **out, th_arena *arena, th_span name, th_span value,
                    th_err *err) TH_MUST_USE;

#define TH_NEAR_VALUES "a place (Boston, MA) or latitude,longitude, and a radius in mi or km"
/* The value of the filter "near": a place by name or a point, and how far from it. */
typedef struct th_near {
  double lat, lon, km;
  bool has_km, named; /* the distance was said; the place is known by name */
  th_span where;      /* as asked, without the distance */
  th_geo_place place; /* when named */
} th_near;
/* "Boston, MA", "Boston, MA, 50km", "42.36,-71.06,50mi", "42.36,-71.06"; 50 km when nothing is
 * said. A bare number behind a point is miles. Errors: TH_EUSAGE. */
int th_near_parse(th_near *out, th_span value, th_err *err) TH_MUST_USE;
/* The value with a distance given beside it: "Boston, MA" and "50km" are "Boston, MA,50km". near as
 * it is when it has a distance of its own, or within is empty; a bare number is miles. In arena;
 * empty when memory is exhausted. */
th_span th_near_within(th_arena *arena, th_span near, th_span within);

/* "relevance", "newest", "updated", "start", "enrollment", "distance", or a piece name with
 * ":asc" / ":desc". */
int th_sort_parse(th_sort *out, th_span text, th_err *err) TH_MUST_USE;

#endif
