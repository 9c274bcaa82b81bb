/* The filters that command line, API and portal share, as one table: name, field, how a value is
 * read. `trialhead search --status recruiting --age 45 --near 42.36,-71.06,50mi`, the portal's form
 * and the API all build their filter here. */
#ifndef TH_QUERY_PARAMS_H
#define TH_QUERY_PARAMS_H

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
/* "relevance", "newest", "updated", "start", "enrollment", "distance", or a piece name with
 * ":asc" / ":desc". */
int th_sort_parse(th_sort *out, th_span text, th_err *err) TH_MUST_USE;

#endif
