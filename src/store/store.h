/* The durable truth: every record in every version, and one ordered log of changes.
 *
 * A store lives in one folder. One process at a time may write (one th_store in mode WRITE, used by
 * one thread at a time); any number of threads and processes read beside it, each thread through a
 * th_store_reader of its own. Nothing here takes a lock on the read path.
 *
 * What th_store_put (or _remove, _meta_set, _train) returned 0 for is on the disk: it survives a
 * killed process and a lost power supply. What it returned an error for has not happened at all,
 * and the store stays usable.
 *
 * The original bytes of a record come back exactly. Each read verifies checksums from the row up to
 * the unpacked bytes; what does not check is TH_ECORRUPT with the NCT number in the message, never
 * a wrong answer.
 *
 * Errors that every function here may return: TH_ENOMEM; TH_EIO for what the system refuses (disk
 * full, a read error); TH_ECORRUPT for what does not check; TH_EBUSY when another process holds the
 * database for longer than a few seconds. */
#ifndef TH_STORE_STORE_H
#define TH_STORE_STORE_H

#include "base/buf.h"
#include "base/common.h"

/* The longest record, unpacked. */
#define TH_STORE_RECORD_MAX ((size_t)256 << 20)

typedef struct th_store th_store;
typedef struct th_store_reader th_store_reader;
typedef struct th_packer th_packer;

typedef enum th_store_mode { TH_STORE_READ, TH_STORE_WRITE } th_store_mode;

/* Opens the store in folder dir. WRITE makes folder and store when there are none; TH_EBUSY when
 * another th_store holds it for writing. READ: TH_ENOTFOUND when there is no store. TH_EUSAGE when
 * it was written by a newer version of the program. *out is owned by the caller. */
int th_store_open(th_store **out, const char *dir, th_store_mode mode, th_err *err) TH_MUST_USE;
/* All readers must have been released. NULL is allowed. */
void th_store_close(th_store *store);

/* ---- packing: many threads beside the writer ---- */

/* XXH3-128 of the record's bytes: the hash of th_put and of th_hashes. */
void th_store_hash(th_span json, uint64_t hash[2]);

/* A compressor for one thread. It follows the store's newest dictionary. Free it before the store
 * is closed. NULL on TH_ENOMEM. */
th_packer *th_store_packer_new(th_store *store, th_err *err) TH_MUST_USE;
void th_packer_free(th_packer *packer);
/* Appends json, packed, to out and says in *dict_id with which dictionary. TH_ELIMIT when json is
 * longer than TH_STORE_RECORD_MAX. */
int th_packer_pack(th_packer *packer, th_span json, th_buf *out, uint32_t *dict_id,
                   th_err *err) TH_MUST_USE;

/* Trains a dictionary from sample records (a few thousand whole records, 5 to 15 MB in all, are
 * right), stores it and makes it the one that packers use from now on. *dict_id is 0, and nothing
 * is stored, when the samples are too few or too alike to help: not an error. Records already
 * stored stay as they are. At most 255 dictionaries in a store (TH_ELIMIT). */
int th_store_train(th_store *store, const th_span *samples, size_t n, uint32_t *dict_id,
                   th_err *err) TH_MUST_USE;
/* The dictionary in use, 0 for none. Any thread. */
uint32_t th_store_dict(const th_store *store);

/* ---- writing ---- */

enum {
  TH_PUT_NEW = 1,   /* no such study so far, or it had been removed */
  TH_PUT_CHANGED,   /* a further version */
  TH_PUT_UNCHANGED, /* the newest version has these very bytes; nothing was written */
};

typedef struct th_put {
  uint32_t nct;
  th_span json;            /* the record's original bytes */
  uint64_t hash[2];        /* th_store_hash(json) */
  th_span packed;          /* from th_packer_pack; p NULL: the store packs it itself */
  uint32_t dict_id;        /* as th_packer_pack said */
  const uint32_t *aliases; /* nctIdAliases: obsolete numbers of this study; replaces those known */
  size_t n_aliases;
  /* out, valid when th_store_put returned 0: */
  int outcome;      /* TH_PUT_… */
  uint32_t version; /* of the newest version now, from 1 */
  uint64_t seq;     /* of its entry in the log */
} th_put;

/* Stores n records in one transaction, in their order (a later one of the same number is a later
 * version); durable on return, all or nothing. All spans borrowed until return. */
int th_store_put(th_store *store, th_put *puts, size_t n, th_err *err) TH_MUST_USE;
/* Writes a tombstone into the log; versions are kept, aliases forgotten. *seq may be NULL.
 * TH_ENOTFOUND when there is no such study or it is removed already. */
int th_store_remove(th_store *store, uint32_t nct, uint64_t *seq, th_err *err) TH_MUST_USE;
/* Small named values: the data's timestamp, the mark of a demo registry, … The key is text of 1 to
 * 200 bytes; a value of NULL removes it. */
int th_store_meta_set(th_store *store, const char *key, const th_span *value,
                      th_err *err) TH_MUST_USE;
/* Copies the log of pending writes into the database file, as far as readers allow. Happens by
 * itself while writing and on close. */
int th_store_checkpoint(th_store *store, th_err *err) TH_MUST_USE;

/* ---- reading ---- */

/* A reader for the calling thread, from a pool without locks; NULL with err set on failure. Each
 * call below sees one consistent state of the store. Release it soon, or keep it as long as the
 * thread lives. */
th_store_reader *th_store_reader_acquire(th_store *store, th_err *err) TH_MUST_USE;
void th_store_reader_release(th_store_reader *reader); /* NULL is allowed */

enum { TH_CHANGE_PUT = 1, TH_CHANGE_REMOVE = 2 };

typedef struct th_record {
  uint32_t nct;
  uint32_t version;
  uint64_t seq;
  int64_t stored_utc; /* seconds since 1970 */
  int kind;           /* TH_CHANGE_…; json is empty for a removal */
  size_t len;         /* bytes of the record's JSON, also where json is not given */
  uint64_t hash[2];
  th_span json;
} th_record;

/* The record of a study, exactly as it came. version: a number from 1, or -1 for the newest. out is
 * cleared and holds the bytes, padded for the JSON parser; record (may be NULL) describes them and
 * its json points into out. TH_ENOTFOUND: no such study or version, or (for -1) it was removed. */
int th_store_get(th_store_reader *reader, uint32_t nct, int version, th_buf *out, th_record *record,
                 th_err *err) TH_MUST_USE;

/* Called for each; anything but 0 ends the walk and is returned from it. *record is borrowed until
 * the callback returns. */
typedef int (*th_record_fn)(void *ctx, const th_record *record);

/* The entries of one study, newest first, removals included; json is not given. TH_ENOTFOUND: no
 * such study. */
int th_store_history(th_store_reader *reader, uint32_t nct, th_record_fn fn, void *ctx,
                     th_err *err) TH_MUST_USE;
/* The log in order: up to limit entries with seq > since, json not given. Sequence numbers have no
 * gaps. */
int th_store_changes(th_store_reader *reader, uint64_t since, size_t limit, th_record_fn fn,
                     void *ctx, th_err *err) TH_MUST_USE;
/* The newest version of every study that is not removed, with first <= nct <= last, by ascending
 * number, json given (padded). Several threads may share the work by ranges; each range is one
 * consistent state. */
int th_store_scan(th_store_reader *reader, uint32_t first, uint32_t last, th_record_fn fn,
                  void *ctx, th_err *err) TH_MUST_USE;

/* The hashes of all studies' newest versions, so that import workers can tell "unchanged" without
 * the database: 20 bytes a study, immutable, for any number of threads. */
typedef struct th_hashes {
  size_t n;
  uint32_t *nct;       /* owned, ascending */
  uint64_t (*hash)[2]; /* owned */
} th_hashes;

int th_store_hashes(th_store_reader *reader, th_hashes *out, th_err *err) TH_MUST_USE;
void th_hashes_dispose(th_hashes *hashes);
/* NULL when there is no such study (or it was removed). */
const uint64_t *th_hashes_find(const th_hashes *hashes, uint32_t nct);

/* The study that an obsolete number now belongs to; TH_ENOTFOUND when it is no alias. */
int th_store_alias(th_store_reader *reader, uint32_t old, uint32_t *current,
                   th_err *err) TH_MUST_USE;
/* Clears out and fills it with the value; TH_ENOTFOUND when there is none. */
int th_store_meta_get(th_store_reader *reader, const char *key, th_buf *out,
                      th_err *err) TH_MUST_USE;
/* All values whose key begins with the prefix, by key; anything but 0 from fn ends the walk and is
 * returned. */
typedef int (*th_value_fn)(void *ctx, th_span key, th_span value);
int th_store_meta_each(th_store_reader *reader, const char *prefix, th_value_fn fn, void *ctx,
                       th_err *err) TH_MUST_USE;
/* The sequence number of the last entry in the log, 0 for an empty store. */
int th_store_last_seq(th_store_reader *reader, uint64_t *out, th_err *err) TH_MUST_USE;

typedef struct th_store_counts {
  uint64_t studies;      /* not removed */
  uint64_t removed;      /* studies removed */
  uint64_t versions;     /* records kept, old ones too */
  uint64_t last_seq;     /* entries in the log */
  int64_t last_utc;      /* when the last entry was written; 0 for an empty store */
  uint64_t json_bytes;   /* of all versions, unpacked */
  uint64_t packed_bytes; /* of all versions, packed */
  uint64_t file_bytes;   /* on disk, the log of pending writes included */
  uint32_t dictionaries;
} th_store_counts;

/* Reads the whole log (not the records): about 0.1 s for 600,000 entries. */
int th_store_stats(th_store_reader *reader, th_store_counts *out, th_err *err) TH_MUST_USE;

/* ---- verification ---- */

/* nct is 0 where the problem is not one study's. */
typedef void (*th_problem_fn)(void *ctx, uint32_t nct, const char *text);

/* Verifies the database's structure, every page's and every row's checksum, that the log has no
 * gaps and each study's chain of versions is whole; deep: also unpacks every record and compares
 * its hash. Calls fn for each problem and goes on where it can. 0 when all is well, TH_ECORRUPT
 * when problems were reported; another error when the check itself could not be done. */
int th_store_check(th_store_reader *reader, bool deep, th_problem_fn fn, void *ctx,
                   th_err *err) TH_MUST_USE;

#endif
