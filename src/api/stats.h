/* Statistics over the whole registry: sizes of studies, values of fields, lengths of lists.
 *
 * They are worked out when somebody asks, once for each state of the data, by one thread of its
 * own; those who ask wait at a gate (http.h). What the index has a column for comes from the
 * column, and each field alone: milliseconds. All other fields come from one pass over the store:
 * 0.1 ms a study. When a pass took longer than TH_STATS_PATIENCE seconds, those who ask after the
 * data have changed get the state before while the newer one is worked out. */
#ifndef TH_API_STATS_H
#define TH_API_STATS_H

#include "http/http.h"
#include "registry/registry.h"
#include "study/catalogue.h"

#define TH_STATS_PATIENCE 2.0

typedef struct th_stats th_stats;

/* NULL: no memory. The registry must outlive it. */
th_stats *th_stats_new(th_registry *registry) TH_MUST_USE;
/* Ends what is being worked out. NULL is allowed. */
void th_stats_free(th_stats *stats);

/* What is asked for; fields: of the catalogue, in the order of the answer. */
typedef enum th_stats_what { TH_STATS_VALUES, TH_STATS_SIZES, TH_STATS_STUDIES } th_stats_what;
typedef struct th_stats_ask {
  th_stats_what what;
  const uint16_t *fields; /* none for STUDIES */
  size_t n;
  bool one; /* the only object without the brackets of a list */
} th_stats_ask;

/* Appends the JSON of what is asked, in the state seq of the data or, while that is not there yet,
 * possibly an older one: *state says of which. When it is not there yet *ready is false and nothing
 * was appended: wait at th_stats_gate with the count taken before this call. Errors: what went
 * wrong working it out (the next one who asks starts anew); TH_ENOMEM. */
int th_stats_get(th_stats *stats, const th_stats_ask *ask, uint64_t seq, th_buf *out, bool *ready,
                 uint64_t *state, th_err *err) TH_MUST_USE;
th_gate *th_stats_gate(th_stats *stats);

/* Whether a field has values to count: a leaf, but for points. Whether it is a list. */
bool th_stats_has_values(uint16_t field);
bool th_stats_has_sizes(uint16_t field);
/* "ENUM", "STRING", "DATE", "INTEGER", "NUMBER", "BOOLEAN". */
const char *th_stats_type(uint16_t field);

#endif
