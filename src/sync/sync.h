/* Mirroring an upstream that speaks API v2: ClinicalTrials.gov, or another Trialhead.
 *
 * The first time everything is read, by /studies/download or page by page; afterwards what
 * /version and LastUpdatePostDate say has changed, and now and then all ids, to find studies that
 * vanished, were merged or were missed. What was read is stored before the next request goes out,
 * and how far a walk came stands in the store, so that a run that was killed goes on where it
 * was. docs/internals/sync.md tells it in order. */
#ifndef TH_SYNC_SYNC_H
#define TH_SYNC_SYNC_H

#include "base/common.h"
#include "ingest/source.h"

#include <stdatomic.h>

#define TH_SYNC_UPSTREAM "https://clinicaltrials.gov/api/v2"

typedef struct th_sync_report {
  char data_timestamp[20]; /* of the upstream, "2026-08-14T09:00:05"; "" when it was not learned */
  uint64_t requests;       /* sent, repeated ones too */
  uint64_t read, added, changed, unchanged, rejected; /* records */
  uint64_t removed; /* studies removed here, merged ones too; in a dry run always 0 */
  uint64_t merged;  /* of these, those whose number now belongs to another study */
  uint64_t bytes;   /* of answers, unpacked */
  double seconds;
  bool complete; /* nothing is known to be lacking or contradictory */
  /* What there was to do when the run began: "nothing", "whole" or "changes" since a day, and
   * whether all ids are compared; expected: studies to read as the upstream counts them, only in a
   * dry run. */
  const char *plan;
  char since[11];
  bool ids;
  uint64_t expected;
} th_sync_report;

/* 0 and NULL mean the default in brackets. Strings are borrowed until the run ends. */
typedef struct th_sync_options {
  const char *from;        /* base address of the upstream's API v2 [TH_SYNC_UPSTREAM] */
  const char *contact;     /* address of who runs this, for the User-Agent [TH_HOMEPAGE or none] */
  const char *ca;          /* file of certificates (PEM) to trust instead [the system's] */
  const char *where;       /* an expression that studies must match; "" = all [all] */
  bool dry_run;            /* ask how much there is to do, write nothing */
  bool full;               /* walk all ids, too */
  bool whole;              /* read everything again as the first time */
  bool paging;             /* never by download */
  bool allow_removals;     /* also when many vanished (plan.h) */
  bool hasty;              /* pause_ms 0 means no pause at all */
  unsigned pause_ms;       /* between the beginnings of two requests [1000] */
  unsigned timeout_s;      /* for a whole answer; for a download: without progress [300] */
  unsigned connect_s;      /* for a connection [20] */
  unsigned tries;          /* of one request before the run is given up [6] */
  unsigned page_size;      /* records a page, at most 1000 [1000] */
  const atomic_bool *stop; /* looked at often; true ends the run with TH_EBUSY [never] */
  /* All called from the thread that runs; each may be NULL. */
  void (*reject)(void *ctx, const th_reject *reject);
  void (*notice)(void *ctx, const char *text); /* one sentence without a full stop */
  /* A study was removed here; current is the one its number belongs to now, 0 = it is gone. */
  void (*removed)(void *ctx, uint32_t nct, uint32_t current);
  /* done of unit ("studies", "ids", "MB"); part of the whole in [0, 1], negative when unknown */
  void (*progress)(void *ctx, const char *unit, uint64_t done, double part);
  void *ctx;
} th_sync_options;

/* Mirrors the upstream into the data directory dir (made when absent, but not in a dry run).
 * report is filled in whatever happens, and what it counts is stored. Returns 0 when all went well;
 * TH_EINPUT when records were rejected or the upstream's answers are not what they should be or
 * contradict each other (the words are in err or came as notices; complete says which); TH_EUSAGE
 * for options; TH_EIO when the upstream cannot be reached or refuses; TH_EBUSY when stopped or when
 * another process writes; or what the store says. */
int th_sync_run(const char *dir, const th_sync_options *options, th_sync_report *report,
                th_err *err) TH_MUST_USE;

/* ---- beside a server ---- */

typedef struct th_sync_daemon th_sync_daemon;

/* Starts a thread that runs a sync every `every_s` seconds, the first at once unless the last
 * complete one is younger. A run that fails is told to `log` and tried again, sooner than the next
 * is due; nothing that happens ends the thread but th_sync_daemon_stop. Options are borrowed until
 * then; their stop and callbacks are not used. log is called from the thread. */
int th_sync_daemon_start(th_sync_daemon **out, const char *dir, const th_sync_options *options,
                         uint64_t every_s, void (*log)(void *ctx, const char *line), void *ctx,
                         th_err *err) TH_MUST_USE;
/* Ends the run under way at its next request, waits for the thread at most wait_s seconds, frees.
 * False when it did not end in time: then nothing is freed, and the process must end without
 * cleaning up (the store is safe at any moment). NULL is allowed. */
bool th_sync_daemon_stop(th_sync_daemon *daemon, unsigned wait_s);

#endif
