/* A data directory: store and index together.
 *
 *   DIR/store.db      the truth (store/)
 *   DIR/index/        derived from it (index/), thrown away and rebuilt at will
 *   DIR/index.new/    an index on its way to take that one's place (th_registry_rebuild)
 *
 * Readers: any number of threads and processes. One writer process at a time. */
#ifndef TH_REGISTRY_REGISTRY_H
#define TH_REGISTRY_REGISTRY_H

#include "base/buf.h"
#include "base/common.h"
#include "index/index.h"
#include "ingest/source.h"
#include "store/store.h"

typedef struct th_registry th_registry;

typedef enum th_registry_mode {
  TH_REGISTRY_READ,
  TH_REGISTRY_READ_STORE, /* READ without the index: what needs only records works when it is
                             damaged */
  TH_REGISTRY_WRITE,
  TH_REGISTRY_BESIDE, /* WRITE with an empty index in DIR/index.new, the one there untouched */
} th_registry_mode;

/* WRITE makes the directory when absent. READ on an absent or empty one: TH_ENOTFOUND. TH_ECORRUPT
 * when the store is there without its index, the index without its store, or the index is another
 * store's: what it has applied must be in the store's log. TH_EINPUT: the index was made by another
 * version of the program (th_registry_renew). */
int th_registry_open(th_registry **out, const char *dir, th_registry_mode mode,
                     th_err *err) TH_MUST_USE;
void th_registry_close(th_registry *r);
th_store *th_registry_store(th_registry *r);
th_index *th_registry_index(th_registry *r); /* NULL after READ_STORE */

/* ---- import ---- */
typedef struct th_import_report {
  uint64_t read, added, changed, unchanged, rejected;
  uint64_t bytes; /* of JSON read */
  double seconds;
} th_import_report;
typedef struct th_import_options {
  unsigned threads; /* 0 = a worker a processor */
  /* Called from one thread, for each record that was not taken. */
  void (*reject)(void *ctx, const th_reject *reject);
  /* Called now and then: done and total bytes of the input (total 0 = unknown). */
  void (*progress)(void *ctx, const th_import_report *so_far, uint64_t done, uint64_t total);
  void *ctx;
} th_import_options;
/* Reads all files into the store and brings the index up to it. Returns 0 when every record was
 * taken, TH_EINPUT when some were rejected (the rest is stored), else the failure that ended it. */
int th_registry_import(th_registry *r, const char *const *paths, size_t n_paths,
                       const th_import_options *options, th_import_report *report,
                       th_err *err) TH_MUST_USE;

/* ---- index ---- */
/* Applies what the change log has beyond the index; rebuild: from nothing. merge_all: to one
 * segment.
 */
int th_registry_index_update(th_registry *r, bool rebuild, bool merge_all,
                             void (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx,
                             th_err *err) TH_MUST_USE;
/* Makes the index anew from the store, beside the one there, which readers go on using until the
 * new one is whole: then one exchange of names puts it in that one's place, whatever state that one
 * is in. Who is killed on the way leaves the old one. merge_all: to one segment. TH_EBUSY: another
 * process writes. */
int th_registry_rebuild(const char *dir, bool merge_all,
                        void (*progress)(void *ctx, uint64_t done, uint64_t total), void *ctx,
                        th_err *err) TH_MUST_USE;
/* The same for an index that another version of the program made; does nothing when it can be read
 * by now. */
int th_registry_renew(const char *dir, void (*progress)(void *ctx, uint64_t done, uint64_t total),
                      void *ctx, th_err *err) TH_MUST_USE;
/* How many changes of the store the index does not show yet: an import is under way or was ended
 * before it could publish. The next import or index update brings it up. */
int th_registry_behind(th_registry *r, uint64_t *changes, th_err *err) TH_MUST_USE;
/* Store, index, and that they agree. Calls back for each problem; TH_ECORRUPT when there was one.
 */
int th_registry_check(const char *dir, bool deep, void (*problem)(void *ctx, const char *text),
                      void *ctx, th_err *err) TH_MUST_USE;

/* ---- reading ---- */
/* For a reader that stays open: takes over a newer index. TH_ECORRUPT when another store stands in
 * the place of the one that is open (it was restored or deleted): the reader goes on with what it
 * has, and must be opened anew to see the other. */
int th_registry_refresh(th_registry *r, bool *changed, th_err *err) TH_MUST_USE;
/* The newest record of a study, appended to out. TH_ENOTFOUND; *current is set when the number is
 * an alias of another study (else 0). */
int th_registry_study(th_registry *r, uint32_t nct, th_buf *out, th_record *record,
                      uint32_t *current, th_err *err) TH_MUST_USE;
/* "2026-08-14T09:00:05": when the last change was stored that the index shows; the epoch when there
 * is none. */
void th_registry_timestamp(th_registry *r, char out[20]);

#endif
