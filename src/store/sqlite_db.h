/* What the files of the SQLite back share. */
#ifndef TH_STORE_SQLITE_DB_H
#define TH_STORE_SQLITE_DB_H

#include "store/ops.h"

#include <limits.h>
#include <sqlite3.h>

/* Statements are prepared when first used and kept. */
enum {
  STMT_NEWEST,
  STMT_ENTRY,
  STMT_ENTRY_BARE,
  STMT_LOG,
  STMT_LOG_BARE,
  STMT_SCAN,
  STMT_SCAN_BARE,
  STMT_LAST_SEQ,
  STMT_NEWEST_PAIRS,
  STMT_ALIAS_PAIRS,
  STMT_ALIAS,
  STMT_META,
  STMT_META_ALL,
  STMT_DICT,
  STMT_DICT_ALL,
  STMT_BEGIN,
  STMT_COMMIT,
  STMT_PUT_LOG,
  STMT_PUT_BODY,
  STMT_PUT_NEWEST,
  STMT_FORGET_ALIASES,
  STMT_PUT_ALIAS,
  STMT_PUT_META,
  STMT_FORGET_META,
  STMT_PUT_DICT,
  STMT_COUNT
};

/* A connection, used by one thread at a time; the reader of this back, and the writer's hand. */
typedef struct sqlite_db {
  sqlite3 *db;
  sqlite3_stmt *stmts[STMT_COUNT];
  char path[PATH_MAX];
} sqlite_db;

/* Opens path with the settings of every connection. Not cleaned up on failure: sqlite_db_close. */
int sqlite_db_open(sqlite_db *c, const char *path, bool create, th_err *err) TH_MUST_USE;
void sqlite_db_close(sqlite_db *c);
/* The error of SQLite's code rc, in words that name the file. */
int sqlite_db_fail(sqlite_db *c, int rc, const char *doing, th_err *err);
int sqlite_db_exec(sqlite_db *c, const char *sql, const char *doing, th_err *err) TH_MUST_USE;
/* The prepared statement, reset and without bound values left over. */
int sqlite_db_stmt(sqlite_db *c, int which, sqlite3_stmt **out, th_err *err) TH_MUST_USE;
/* Runs a statement that returns no rows, and resets it. */
int sqlite_db_run(sqlite_db *c, sqlite3_stmt *stmt, const char *doing, th_err *err) TH_MUST_USE;

/* The reading half of th_sqlite_ops, in sqlite_read.c. */
int sqlite_entry(void *reader, uint64_t seq, bool packed, th_row_fn fn, void *ctx, th_err *err);
int sqlite_newest(void *reader, uint32_t nct, th_row_fn fn, void *ctx, th_err *err);
int sqlite_log(void *reader, uint64_t since, size_t limit, bool packed, th_row_fn fn, void *ctx,
               th_err *err);
int sqlite_scan(void *reader, uint32_t first, uint32_t last, bool packed, th_row_fn fn, void *ctx,
                th_err *err);
int sqlite_last_seq(void *reader, uint64_t *out, th_err *err);
int sqlite_pairs(void *reader, int which, th_pair_fn fn, void *ctx, th_err *err);
int sqlite_alias(void *reader, uint32_t old, th_pair_fn fn, void *ctx, th_err *err);
int sqlite_meta(void *reader, const char *key, th_named_fn fn, void *ctx, th_err *err);
int sqlite_dict(void *reader, uint32_t id, th_named_fn fn, void *ctx, th_err *err);
int sqlite_file_bytes(void *reader, uint64_t *out, th_err *err);
int sqlite_snapshot(void *reader, bool on, th_err *err);
int sqlite_check(void *reader, bool deep, th_problem_fn fn, void *ctx, th_err *err);

#endif
