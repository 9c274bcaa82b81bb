/* How far a mirror has come: one small JSON document in the store's named values, one for each pair
 * of upstream and expression.
 *
 *   key   = "sync:" 16 hex digits: XXH3-64 of from, a line end, where
 *   value = { "from": text, "where": text,
 *             "dataTimestamp": time,   the upstream's state that is wholly here; absent at first
 *             "etag": text,            of /version in that state
 *             "checked": seconds,      when it was last seen to be so
 *             "idsWalked": seconds,    when all ids were last compared
 *             "gaps": true,            some may have been missed: all ids are to be compared
 *             "walk": { "kind": "whole" | "changes", "since": day, "dataTimestamp": time,
 *                       "token": text, "pages": n, "studies": n, "total": n },    a walk under way
 *             "download": { "dataTimestamp": time, "etag": text, "done": true } }
 *
 * The studies that the mirror brought stand beside it:
 *
 *   key   = "sync-ids:" the same 16 hex digits
 *   value = th_ids_write's bytes
 *
 * time is "2026-08-14T09:00:05", day "2026-08-12", seconds count from 1970. What cannot be read as
 * this is as if it were absent: the mirror then begins anew, which costs time and loses nothing. */
#ifndef TH_SYNC_STATE_H
#define TH_SYNC_STATE_H

#include "store/store.h"
#include "sync/ids.h"
#include "sync/page.h"

typedef enum th_sync_kind { TH_SYNC_NONE, TH_SYNC_WHOLE, TH_SYNC_CHANGES } th_sync_kind;

typedef struct th_sync_state {
  char data_timestamp[20]; /* "" = never finished */
  char etag[200];
  int64_t checked, ids_walked; /* 0 = never */
  bool gaps;
  struct {
    th_sync_kind kind; /* NONE: no walk under way */
    char since[11], data_timestamp[20];
    char token[TH_SYNC_TOKEN_MAX + 1];
    uint64_t pages, studies;
    int64_t total; /* -1 = not told */
  } walk;
  struct {
    char data_timestamp[20]; /* "" = no download under way */
    char etag[200];
    bool done; /* the file is whole and waits to be imported */
  } download;
} th_sync_state;

/* The key of an upstream and an expression, "sync:0123456789abcdef". */
void th_sync_state_key(const char *from, const char *where, char out[24]);
/* Appends the document. */
void th_sync_state_write(const th_sync_state *state, const char *from, const char *where,
                         th_buf *out);
/* False when the text is not such a document of this upstream; *out is then all zero. */
bool th_sync_state_read(th_span text, const char *from, const char *where, th_sync_state *out);

/* From and into the store. Load: a state that is not there or cannot be read is all zero. */
int th_sync_state_load(th_store *store, const char *from, const char *where, th_sync_state *out,
                       th_err *err) TH_MUST_USE;
int th_sync_state_save(th_store *store, const char *from, const char *where,
                       const th_sync_state *state, th_err *err) TH_MUST_USE;

/* The same for the mirror's own studies. Load adds to out; none stored: adds nothing. */
int th_sync_members_read(th_store *store, const char *from, const char *where, th_ids *out,
                         th_err *err) TH_MUST_USE;
int th_sync_members_write(th_store *store, const char *from, const char *where, const th_ids *ids,
                          th_err *err) TH_MUST_USE;

#endif
