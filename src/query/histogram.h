/* How the studies found spread over the values of a number, an age or a date. */
#ifndef TH_QUERY_HISTOGRAM_H
#define TH_QUERY_HISTOGRAM_H

#include "query/search.h"

typedef struct th_histogram_request {
  uint16_t field;        /* number, age or date */
  const int64_t *bounds; /* n + 1, ascending: bucket i is [bounds[i], bounds[i + 1]) */
  uint32_t n;            /* in units of the index: days, minutes, whole numbers, th_double_key */
} th_histogram_request;

typedef struct th_histogram {
  uint32_t *counts; /* n, in arena: studies with a value in the bucket, each once a bucket */
  uint32_t missing; /* studies found that have no value */
} th_histogram;

/* For each of n requests, over the live studies that the query matches (NULL: all); a partial date
 * stands on its first day. Errors: as th_search; TH_EUSAGE for a field of another type. */
int th_histogram_count(const th_snapshot *snapshot, const th_query *query,
                       const th_histogram_request *requests, unsigned n, th_arena *arena,
                       th_histogram *out, th_err *err) TH_MUST_USE;
/* Whether the field's values can be counted so. */
bool th_histogram_field(uint16_t field);
bool th_histogram_is_date(uint16_t field);

#endif
