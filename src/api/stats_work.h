/* Inside the statistics: how they are worked out. All functions append JSON objects. */
#ifndef TH_API_STATS_WORK_H
#define TH_API_STATS_WORK_H

#include "api/stats.h"
#include "api/tally.h"

#include <stdatomic.h>

/* What a value of a tally was: for the most frequent ones and the longest. */
typedef struct th_top_value {
  th_tally_entry entry;
  th_span text; /* owned by whoever made the list */
} th_top_value;

/* The object of a field; top: n values with their texts, in any order (ENUM and STRING). n_live:
 * all studies. longest_nct: whose the longest text is, 0 = not known. */
void th_stats_put_values(th_buf *out, uint16_t field, const th_tally *t, uint32_t n_live,
                         th_top_value *top, uint32_t n, uint32_t longest_nct);

/* Whether the values of the field can be had from the index alone. */
bool th_stats_from_column(uint16_t field);
/* Values of such a field; lengths of any list field. */
int th_stats_column_values(const th_snapshot *snapshot, uint16_t field, th_buf *out,
                           th_err *err) TH_MUST_USE;
int th_stats_column_sizes(const th_snapshot *snapshot, uint16_t field, th_buf *out,
                          th_err *err) TH_MUST_USE;
/* Sizes of studies, from the log of changes. */
int th_stats_study_sizes(th_registry *registry, const th_snapshot *snapshot, th_buf *out,
                         const atomic_bool *stop, th_err *err) TH_MUST_USE;
/* Values of all fields that no column has, in one pass; out: TH_F_COUNT buffers, those of other
 * fields stay empty. Error TH_EBUSY: it was stopped. */
int th_stats_pass(th_registry *registry, const th_snapshot *snapshot, th_buf *out,
                  const atomic_bool *stop, th_err *err) TH_MUST_USE;

#endif
