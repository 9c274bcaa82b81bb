/* What the files of this room share: one run. */
#ifndef TH_SYNC_INTERNAL_H
#define TH_SYNC_INTERNAL_H

#include "base/arena.h"
#include "registry/registry.h"
#include "sync/client.h"
#include "sync/ids.h"
#include "sync/page.h"
#include "sync/plan.h"
#include "sync/state.h"
#include "sync/sync.h"

enum {
  TH_SYNC_RECORD_MAX = 64 << 20, /* longest record taken, as the import has it */
  TH_SYNC_RECORD_DEPTH = 64,
  TH_SYNC_PAGE_MAX = 512 << 20, /* longest answer of a page */
  TH_SYNC_PUBLISH = 50000,      /* records stored after which the index is brought up */
};

typedef struct th_sync {
  const th_sync_options *options;
  th_sync_report *report;
  const char *dir;
  char from[1000];
  const char *where; /* "" = all */
  th_sync_client *client;
  th_sync_reply reply;
  th_registry *registry; /* NULL in a dry run of an empty directory */
  th_json_parser *pages, *records;
  th_sync_state state;
  th_ids seen;    /* of the walk under way */
  th_ids refused; /* rejected in this run */
  th_put *puts;   /* of one page */
  size_t cap_puts;
  th_arena arena; /* their aliases */
  uint64_t unpublished;
  bool doubted;
} th_sync;

/* Tells a sentence. */
void th_sync_notice(th_sync *s, const char *fmt, ...) TH_PRINTF(2, 3);
/* The same, and the mirror does not count as complete. */
void th_sync_doubt(th_sync *s, const char *fmt, ...) TH_PRINTF(2, 3);
int th_sync_save(th_sync *s, th_err *err) TH_MUST_USE;
/* Brings the index up to what was stored. */
int th_sync_publish(th_sync *s, th_err *err) TH_MUST_USE;

/* Stores the studies of a page: each is new, changed, unchanged or rejected; all of them join
 * s->seen. *fresh: how many were not in it. place names the page in rejects. */
int th_sync_take(th_sync *s, const th_sync_page *page, const char *place, size_t *fresh,
                 th_err *err) TH_MUST_USE;

typedef struct th_sync_walk {
  const char *unit;  /* "studies", "ids" */
  const char *query; /* without paging, escaped: "filter.advanced=…&sort=…" */
  bool ids;          /* only numbers are read, and nothing is stored */
  bool keep;         /* how far it came stands in s->state.walk, and it goes on from there */
  /* out */
  uint64_t studies;  /* different ones; of a walk that went on, in all its parts */
  uint64_t repeated; /* came again */
  int64_t total;     /* what the upstream counts, -1 = it did not say */
  bool resumed;      /* s->seen does not hold all of them */
} th_sync_walk;

/* Walks all pages. s->seen is cleared before. TH_EINPUT for an upstream that goes round in a
 * circle. */
int th_sync_walk_run(th_sync *s, th_sync_walk *walk, th_err *err) TH_MUST_USE;
/* What the upstream counts for the query, without reading it. */
int th_sync_count(th_sync *s, const char *query, int64_t *total, th_err *err) TH_MUST_USE;
/* One page of the query. *page is borrowed until the next. */
int th_sync_page_get(th_sync *s, const char *query, th_span token, unsigned size,
                     th_sync_page *page, th_err *err) TH_MUST_USE;
/* "filter.advanced=…" for s->where, and studies updated since a day (NULL = all); "" for all. */
void th_sync_query(const th_sync *s, const char *since, th_buf *out);

/* Compares s->seen, which holds all ids of the upstream, with the store: fetches what is missing,
 * and of the mirror's own studies removes what the upstream says is gone. */
int th_sync_reconcile(th_sync *s, th_err *err) TH_MUST_USE;

/* s->seen becomes all studies of the store. */
int th_sync_see_store(th_sync *s, th_err *err) TH_MUST_USE;

/* The mirror's own studies: those that this upstream and expression brought. Only they are ever
 * removed; what else was imported into the directory is not the mirror's affair. *out is
 * initialised by the call and owned by the caller, also on failure. */
int th_sync_members_load(th_sync *s, th_ids *out, th_err *err) TH_MUST_USE;
/* s->seen become members; keep: beside those that are. */
int th_sync_members_save(th_sync *s, bool keep, th_err *err) TH_MUST_USE;

/* The whole by /studies/download: into a file, then imported. *available false: the upstream has no
 * such thing, and nothing has happened. */
int th_sync_download(th_sync *s, const char *timestamp, bool *available, th_err *err) TH_MUST_USE;

#endif
