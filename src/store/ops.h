/* What a store is made of inside the room: the functions that a database behind it implements, and
 * the row that both sides speak of. SQLite is in sqlite*.c.
 *
 * The front (store.c) owns packing, dictionaries, the pool of readers and every checksum; a back
 * keeps rows, in order and durably, and returns them as it finds them. */
#ifndef TH_STORE_OPS_H
#define TH_STORE_OPS_H

#include "store/pack.h"
#include "store/store.h"

/* One entry of the log. */
typedef struct th_row {
  uint64_t seq; /* from 1, no gaps */
  uint32_t nct;
  uint32_t version; /* of a removal: of the version removed */
  int kind;         /* TH_CHANGE_… */
  uint64_t prev;    /* seq of the study's entry before this one, 0 for the first */
  int64_t utc;
  uint64_t len;        /* of the JSON */
  uint32_t dict;       /* dictionary of packed */
  uint64_t hash[2];    /* XXH3-128 of the JSON */
  uint64_t packed_len; /* of the packed bytes */
  uint64_t packed_sum; /* XXH3-64 of the packed bytes */
  uint64_t sum;        /* th_row_sum of all of the above */
} th_row;

/* XXH3-64 of the row's fields but sum, each as 8 bytes little-endian, in the order of th_row. */
uint64_t th_row_sum(const th_row *row);
/* The checksum of a pair of numbers: seed 2 for (nct, its newest seq), 3 for (alias, nct). */
enum { TH_PAIR_NEWEST = 2, TH_PAIR_ALIAS = 3 };
uint64_t th_pair_sum(int seed, uint64_t a, uint64_t b);
uint64_t th_bytes_sum(th_span bytes); /* XXH3-64 */
/* The checksum of a meta value under its key, or of a dictionary under its id (4 bytes,
 * little-endian): the pair, seed 4, of both XXH3-64. */
uint64_t th_named_sum(th_span name, th_span value);

/* Fills in the row that a put makes, after last (all zero: none yet) as the study's last entry.
 * False when the put changes nothing. Sets the put's outcome, version and seq. */
bool th_row_plan(th_row *row, const th_row *last, th_put *put, uint64_t seq, int64_t utc);
void th_row_plan_removal(th_row *row, const th_row *last, uint64_t seq, int64_t utc);

/* packed is borrowed until the callback returns. */
typedef int (*th_row_fn)(void *ctx, const th_row *row, th_span packed);
typedef int (*th_pair_fn)(void *ctx, uint64_t a, uint64_t b, uint64_t sum);
typedef int (*th_named_fn)(void *ctx, th_span name, th_span value, uint64_t sum);

/* Errors as in store.h. A back's functions for writing are called by one thread at a time, those
 * with a reader by the thread that holds the reader. */
typedef struct th_store_ops {
  const char *name;
  int (*open)(void **back, const char *dir, th_store_mode mode, th_err *err);
  void (*close)(void *back);

  /* Each is one transaction, durable on return; on failure nothing has happened. */
  int (*put)(void *back, th_put *puts, size_t n, th_err *err);
  int (*remove)(void *back, uint32_t nct, uint64_t *seq, th_err *err);
  int (*meta_set)(void *back, const char *key, const th_span *value, th_err *err);
  int (*dict_add)(void *back, uint32_t id, th_span bytes, th_err *err);
  int (*checkpoint)(void *back, th_err *err);

  int (*reader_open)(void **reader, void *back, th_err *err);
  void (*reader_close)(void *reader);
  /* From on to off all calls with this reader see one state. */
  int (*snapshot)(void *reader, bool on, th_err *err);
  /* The study's newest entry and its packed bytes, through its pair (nct, seq). TH_ENOTFOUND
   * without a message when there is none. */
  int (*newest)(void *reader, uint32_t nct, th_row_fn fn, void *ctx, th_err *err);
  /* The entry seq, packed bytes only when wanted; TH_ENOTFOUND as above. */
  int (*entry)(void *reader, uint64_t seq, bool packed, th_row_fn fn, void *ctx, th_err *err);
  /* Entries since < seq, at most limit, in order. */
  int (*log)(void *reader, uint64_t since, size_t limit, bool packed, th_row_fn fn, void *ctx,
             th_err *err);
  /* The newest entries of all studies first <= nct <= last in order, removals too. */
  int (*scan)(void *reader, uint32_t first, uint32_t last, bool packed, th_row_fn fn, void *ctx,
              th_err *err);
  int (*last_seq)(void *reader, uint64_t *out, th_err *err);
  /* The pairs of TH_PAIR_NEWEST or TH_PAIR_ALIAS, in order of a. */
  int (*pairs)(void *reader, int which, th_pair_fn fn, void *ctx, th_err *err);
  int (*alias)(void *reader, uint32_t old, th_pair_fn fn, void *ctx, th_err *err);
  /* The value of one key, or with NULL all. */
  int (*meta)(void *reader, const char *key, th_named_fn fn, void *ctx, th_err *err);
  /* The dictionary id, or with 0 all; the name is the id as 4 bytes, little-endian. */
  int (*dict)(void *reader, uint32_t id, th_named_fn fn, void *ctx, th_err *err);
  int (*file_bytes)(void *reader, uint64_t *out, th_err *err);
  /* The database's own structure. */
  int (*check)(void *reader, bool deep, th_problem_fn fn, void *ctx, th_err *err);
} th_store_ops;

extern const th_store_ops th_sqlite_ops;

/* "row 17 of NCT00000123 does not check" and its like: TH_ECORRUPT. */
int th_row_corrupt(const th_row *row, const char *why, th_err *err);
/* Compares the row's own checksum. */
int th_row_verify(const th_row *row, th_err *err) TH_MUST_USE;

#endif
