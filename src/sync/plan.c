#include "sync/plan.h"

#include "sync/pace.h"

/* The walk that was under way goes on if it is the one we would begin now. */
static bool goes_on(const th_sync_state *s, const th_sync_plan *plan, const char *timestamp) {
  return s->walk.kind == plan->read && s->walk.token[0] &&
         strcmp(s->walk.data_timestamp, timestamp) == 0 && strcmp(s->walk.since, plan->since) == 0;
}

static bool is_time_for_ids(const th_sync_state *s, int64_t now) {
  return now - s->ids_walked >= (int64_t)TH_SYNC_IDS_DAYS * 86400;
}

/* A tag that is another while the time is the same tells of two changes within a second; or of
 * nothing, and then asking costs a page. */
static bool has_moved(const th_sync_state *s, const char *timestamp, const char *etag) {
  return strcmp(s->data_timestamp, timestamp) != 0 ||
         (s->etag[0] && etag[0] && strcmp(s->etag, etag) != 0);
}

th_sync_plan th_sync_plan_make(const th_sync_state *s, const char *timestamp, const char *etag,
                               const th_sync_options *options, int64_t now) {
  th_sync_plan plan = {0};
  bool all = !options->where || !options->where[0];
  if (options->whole || !s->data_timestamp[0]) {
    plan.read = TH_SYNC_WHOLE;
  } else if (has_moved(s, timestamp, etag)) {
    plan.read = TH_SYNC_CHANGES;
    /* An upstream that went back in time is read from where it is now. */
    bool back = strcmp(timestamp, s->data_timestamp) < 0;
    th_sync_day_before(back ? timestamp : s->data_timestamp, TH_SYNC_OVERLAP_DAYS, plan.since);
    plan.ids = back || is_time_for_ids(s, now);
  }
  plan.ids |= options->full || s->gaps;
  plan.resume = plan.read != TH_SYNC_NONE && goes_on(s, &plan, timestamp);
  plan.download = plan.read == TH_SYNC_WHOLE && all && !options->paging && !plan.resume;
  return plan;
}

bool th_sync_plan_removals(uint64_t vanished, uint64_t studies) {
  return vanished <= TH_SYNC_REMOVALS_FEW || vanished <= studies / TH_SYNC_REMOVALS_SHARE;
}
