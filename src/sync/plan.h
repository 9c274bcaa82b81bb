/* What a run has to do: a pure function of what is known. */
#ifndef TH_SYNC_PLAN_H
#define TH_SYNC_PLAN_H

#include "sync/state.h"
#include "sync/sync.h"

enum {
  TH_SYNC_OVERLAP_DAYS = 2,
  TH_SYNC_IDS_DAYS = 7,       /* all ids are compared when something changed and so long ago */
  TH_SYNC_REMOVALS_FEW = 5,   /* so many may always be removed, */
  TH_SYNC_REMOVALS_SHARE = 50 /* or one in so many of the studies here */
};

typedef struct th_sync_plan {
  th_sync_kind read;
  bool download;  /* with WHOLE: try that first */
  bool resume;    /* the walk in the state goes on */
  bool ids;       /* compare all ids behind it */
  char since[11]; /* with CHANGES */
} th_sync_plan;

/* now: seconds since 1970. timestamp and etag ("" = none): what the upstream's /version says. */
th_sync_plan th_sync_plan_make(const th_sync_state *state, const char *timestamp, const char *etag,
                               const th_sync_options *options, int64_t now);
/* May `vanished` of `studies` be removed without being told so expressly? */
bool th_sync_plan_removals(uint64_t vanished, uint64_t studies);

#endif
