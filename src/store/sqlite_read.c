/* The reading half of the SQLite back. Each function is one statement, so one snapshot. */
#include "store/sqlite_db.h"

#include <endian.h>
#include <sys/stat.h>

#define READING "reading the store"

enum { COL_PACKED = 13, COL_PAIR = 14 };

static uint64_t column_u64(sqlite3_stmt *s, int i) {
  return (uint64_t)sqlite3_column_int64(s, i);
}

static th_span column_blob(sqlite3_stmt *s, int i) {
  const char *p = sqlite3_column_blob(s, i);
  int n = sqlite3_column_bytes(s, i);
  return p ? (th_span){p, (size_t)n} : (th_span){0};
}

/* Values too large for their field are cut here and then fail the row's checksum. */
static void read_row(sqlite3_stmt *s, th_row *row) {
  *row = (th_row){.seq = column_u64(s, 0),
                  .nct = (uint32_t)column_u64(s, 1),
                  .version = (uint32_t)column_u64(s, 2),
                  .kind = (int)column_u64(s, 3),
                  .prev = column_u64(s, 4),
                  .utc = sqlite3_column_int64(s, 5),
                  .len = column_u64(s, 6),
                  .dict = (uint32_t)column_u64(s, 7),
                  .hash = {column_u64(s, 8), column_u64(s, 9)},
                  .packed_len = column_u64(s, 10),
                  .packed_sum = column_u64(s, 11),
                  .sum = column_u64(s, 12)};
}

/* The row found through newest: that pair must check and lead to a row of the same study. */
static int verify_pair(sqlite3_stmt *s, const th_row *row, th_err *err) {
  uint64_t nct = column_u64(s, COL_PAIR), seq = column_u64(s, COL_PAIR + 1);
  th_row named = {.nct = (uint32_t)nct, .seq = seq};
  if (column_u64(s, COL_PAIR + 2) != th_pair_sum(TH_PAIR_NEWEST, nct, seq))
    return th_row_corrupt(&named, "the pointer to it does not check", err);
  if (sqlite3_column_type(s, 0) == SQLITE_NULL)
    return th_row_corrupt(&named, "it is missing from the log", err);
  if (row->nct != nct || row->seq != seq)
    return th_row_corrupt(&named, "it belongs to another study", err);
  return 0;
}

/* One row of a result to fn. A blob that memory was too short for reads as NULL and shows in the
 * connection's error code. */
static int give_row(sqlite_db *c, sqlite3_stmt *s, bool packed, bool paired, th_row_fn fn,
                    void *ctx, th_err *err) {
  th_row row;
  read_row(s, &row);
  int rc = paired ? verify_pair(s, &row, err) : 0;
  if (!rc) rc = th_row_verify(&row, err);
  if (rc) return rc;
  th_span bytes = packed ? column_blob(s, COL_PACKED) : (th_span){0};
  if (packed && !bytes.p && sqlite3_errcode(c->db) == SQLITE_NOMEM)
    return sqlite_db_fail(c, SQLITE_NOMEM, READING, err);
  if (packed && row.kind == TH_CHANGE_PUT && sqlite3_column_type(s, COL_PACKED) == SQLITE_NULL)
    return th_row_corrupt(&row, "its record is missing", err);
  return fn(ctx, &row, bytes);
}

static int each_row(sqlite_db *c, sqlite3_stmt *s, bool packed, bool paired, size_t *n,
                    th_row_fn fn, void *ctx, th_err *err) {
  int rc = 0, step;
  *n = 0;
  while ((step = sqlite3_step(s)) == SQLITE_ROW) {
    ++*n;
    if ((rc = give_row(c, s, packed, paired, fn, ctx, err))) break;
  }
  if (!rc && step != SQLITE_DONE) rc = sqlite_db_fail(c, step, READING, err);
  sqlite3_reset(s);
  return rc;
}

int sqlite_newest(void *reader, uint32_t nct, th_row_fn fn, void *ctx, th_err *err) {
  sqlite_db *c = reader;
  sqlite3_stmt *s;
  size_t n;
  int rc = sqlite_db_stmt(c, STMT_NEWEST, &s, err);
  if (rc) return rc;
  sqlite3_bind_int64(s, 1, nct);
  rc = each_row(c, s, true, true, &n, fn, ctx, err);
  return rc || n ? rc : TH_ENOTFOUND;
}

int sqlite_entry(void *reader, uint64_t seq, bool packed, th_row_fn fn, void *ctx, th_err *err) {
  sqlite_db *c = reader;
  sqlite3_stmt *s;
  size_t n;
  int rc = sqlite_db_stmt(c, packed ? STMT_ENTRY : STMT_ENTRY_BARE, &s, err);
  if (rc) return rc;
  sqlite3_bind_int64(s, 1, (sqlite3_int64)seq);
  rc = each_row(c, s, packed, false, &n, fn, ctx, err);
  return rc || n ? rc : TH_ENOTFOUND;
}

int sqlite_log(void *reader, uint64_t since, size_t limit, bool packed, th_row_fn fn, void *ctx,
               th_err *err) {
  sqlite_db *c = reader;
  sqlite3_stmt *s;
  size_t n;
  int rc = sqlite_db_stmt(c, packed ? STMT_LOG : STMT_LOG_BARE, &s, err);
  if (rc) return rc;
  sqlite3_bind_int64(s, 1, (sqlite3_int64)TH_MIN(since, (uint64_t)INT64_MAX));
  sqlite3_bind_int64(s, 2, (sqlite3_int64)TH_MIN(limit, (size_t)INT64_MAX));
  return each_row(c, s, packed, false, &n, fn, ctx, err);
}

int sqlite_scan(void *reader, uint32_t first, uint32_t last, bool packed, th_row_fn fn, void *ctx,
                th_err *err) {
  sqlite_db *c = reader;
  sqlite3_stmt *s;
  size_t n;
  int rc = sqlite_db_stmt(c, packed ? STMT_SCAN : STMT_SCAN_BARE, &s, err);
  if (rc) return rc;
  sqlite3_bind_int64(s, 1, first);
  sqlite3_bind_int64(s, 2, last);
  return each_row(c, s, packed, true, &n, fn, ctx, err);
}

int sqlite_last_seq(void *reader, uint64_t *out, th_err *err) {
  sqlite_db *c = reader;
  sqlite3_stmt *s;
  int rc = sqlite_db_stmt(c, STMT_LAST_SEQ, &s, err);
  if (rc) return rc;
  int step = sqlite3_step(s);
  if (step == SQLITE_ROW)
    *out = column_u64(s, 0);
  else
    rc = sqlite_db_fail(c, step, READING, err);
  sqlite3_reset(s);
  return rc;
}

static int each_pair(sqlite_db *c, sqlite3_stmt *s, size_t *n, th_pair_fn fn, void *ctx,
                     th_err *err) {
  int rc = 0, step;
  *n = 0;
  while ((step = sqlite3_step(s)) == SQLITE_ROW) {
    ++*n;
    if ((rc = fn(ctx, column_u64(s, 0), column_u64(s, 1), column_u64(s, 2)))) break;
  }
  if (!rc && step != SQLITE_DONE) rc = sqlite_db_fail(c, step, READING, err);
  sqlite3_reset(s);
  return rc;
}

int sqlite_pairs(void *reader, int which, th_pair_fn fn, void *ctx, th_err *err) {
  sqlite_db *c = reader;
  sqlite3_stmt *s;
  size_t n;
  int rc =
      sqlite_db_stmt(c, which == TH_PAIR_ALIAS ? STMT_ALIAS_PAIRS : STMT_NEWEST_PAIRS, &s, err);
  return rc ? rc : each_pair(c, s, &n, fn, ctx, err);
}

int sqlite_alias(void *reader, uint32_t old, th_pair_fn fn, void *ctx, th_err *err) {
  sqlite_db *c = reader;
  sqlite3_stmt *s;
  size_t n;
  int rc = sqlite_db_stmt(c, STMT_ALIAS, &s, err);
  if (rc) return rc;
  sqlite3_bind_int64(s, 1, old);
  rc = each_pair(c, s, &n, fn, ctx, err);
  return rc || n ? rc : TH_ENOTFOUND;
}

/* name: column 0 as bytes when it is text, else as a number of 4 bytes. */
static int each_named(sqlite_db *c, sqlite3_stmt *s, size_t *n, th_named_fn fn, void *ctx,
                      th_err *err) {
  int rc = 0, step;
  *n = 0;
  while ((step = sqlite3_step(s)) == SQLITE_ROW) {
    uint32_t id = htole32((uint32_t)column_u64(s, 0));
    bool number = sqlite3_column_type(s, 0) == SQLITE_INTEGER;
    th_span name = number ? (th_span){(char *)&id, sizeof id} : column_blob(s, 0);
    th_span value = column_blob(s, 1);
    ++*n;
    if (!value.p && sqlite3_errcode(c->db) == SQLITE_NOMEM)
      rc = sqlite_db_fail(c, SQLITE_NOMEM, READING, err);
    else
      rc = fn(ctx, name, value, column_u64(s, 2));
    if (rc) break;
  }
  if (!rc && step != SQLITE_DONE) rc = sqlite_db_fail(c, step, READING, err);
  sqlite3_reset(s);
  sqlite3_clear_bindings(s);
  return rc;
}

int sqlite_meta(void *reader, const char *key, th_named_fn fn, void *ctx, th_err *err) {
  sqlite_db *c = reader;
  sqlite3_stmt *s;
  size_t n;
  int rc = sqlite_db_stmt(c, key ? STMT_META : STMT_META_ALL, &s, err);
  if (rc) return rc;
  if (key && sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC) != SQLITE_OK)
    return sqlite_db_fail(c, sqlite3_errcode(c->db), READING, err);
  rc = each_named(c, s, &n, fn, ctx, err);
  return rc || n || !key ? rc : TH_ENOTFOUND;
}

int sqlite_dict(void *reader, uint32_t id, th_named_fn fn, void *ctx, th_err *err) {
  sqlite_db *c = reader;
  sqlite3_stmt *s;
  size_t n;
  int rc = sqlite_db_stmt(c, id ? STMT_DICT : STMT_DICT_ALL, &s, err);
  if (rc) return rc;
  if (id) sqlite3_bind_int64(s, 1, id);
  rc = each_named(c, s, &n, fn, ctx, err);
  return rc || n || !id ? rc : TH_ENOTFOUND;
}

int sqlite_snapshot(void *reader, bool on, th_err *err) {
  return sqlite_db_exec(reader, on ? "BEGIN" : "COMMIT", READING, err);
}

int sqlite_file_bytes(void *reader, uint64_t *out, th_err *err) {
  sqlite_db *c = reader;
  char path[PATH_MAX + 8];
  struct stat st;
  if (stat(c->path, &st) != 0) return th_err_sys(err, "cannot read the size of %s", c->path);
  *out = (uint64_t)st.st_size;
  size_t n = strlen(c->path);
  memcpy(path, c->path, n);
  memcpy(path + n, "-wal", 5);
  if (stat(path, &st) == 0) *out += (uint64_t)st.st_size;
  return 0;
}

/* SQLite's own check of its trees; it reads every page, and so compares every page's checksum. */
int sqlite_check(void *reader, bool deep, th_problem_fn fn, void *ctx, th_err *err) {
  sqlite_db *c = reader;
  sqlite3_stmt *s = NULL;
  int step = sqlite3_prepare_v2(c->db, deep ? "PRAGMA integrity_check" : "PRAGMA quick_check", -1,
                                &s, NULL);
  if (step != SQLITE_OK) return sqlite_db_fail(c, step, "checking the store", err);
  while ((step = sqlite3_step(s)) == SQLITE_ROW) {
    const char *text = (const char *)sqlite3_column_text(s, 0);
    if (text && strcmp(text, "ok") != 0) fn(ctx, 0, text);
  }
  int rc = step == SQLITE_DONE ? 0 : sqlite_db_fail(c, step, "checking the store", err);
  sqlite3_finalize(s);
  return rc;
}
