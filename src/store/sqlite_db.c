#include "store/sqlite_db.h"

#include "store/page_vfs.h"

#include <stdio.h>

#define ROW                                                                                        \
  "l.seq,l.nct,l.version,l.kind,l.prev,l.utc,l.len,l.dict,l.hash_a,l.hash_b,l.packed_len,"         \
  "l.packed_sum,l.sum"

/* The columns of entries: ROW, then the packed bytes, then newest's nct, seq and sum where the row
 * was found through newest. */
static const char *const statements[STMT_COUNT] = {
    [STMT_NEWEST] = "SELECT " ROW ",b.packed,n.nct,n.seq,n.sum FROM newest n"
                    " LEFT JOIN log l ON l.seq=n.seq LEFT JOIN body b ON b.seq=n.seq WHERE n.nct=?",
    [STMT_ENTRY] = "SELECT " ROW ",b.packed FROM log l LEFT JOIN body b ON b.seq=l.seq"
                   " WHERE l.seq=?",
    [STMT_ENTRY_BARE] = "SELECT " ROW ",NULL FROM log l WHERE l.seq=?",
    [STMT_LOG] = "SELECT " ROW ",b.packed FROM log l LEFT JOIN body b ON b.seq=l.seq"
                 " WHERE l.seq>? ORDER BY l.seq LIMIT ?",
    [STMT_LOG_BARE] = "SELECT " ROW ",NULL FROM log l WHERE l.seq>? ORDER BY l.seq LIMIT ?",
    [STMT_SCAN] = "SELECT " ROW ",b.packed,n.nct,n.seq,n.sum FROM newest n"
                  " LEFT JOIN log l ON l.seq=n.seq LEFT JOIN body b ON b.seq=n.seq"
                  " WHERE n.nct BETWEEN ? AND ? ORDER BY n.nct",
    [STMT_SCAN_BARE] = "SELECT " ROW ",NULL,n.nct,n.seq,n.sum FROM newest n"
                       " LEFT JOIN log l ON l.seq=n.seq WHERE n.nct BETWEEN ? AND ? ORDER BY n.nct",
    [STMT_LAST_SEQ] = "SELECT max(seq) FROM log",
    [STMT_NEWEST_PAIRS] = "SELECT nct,seq,sum FROM newest ORDER BY nct",
    [STMT_ALIAS_PAIRS] = "SELECT old,nct,sum FROM alias ORDER BY old",
    [STMT_ALIAS] = "SELECT old,nct,sum FROM alias WHERE old=?",
    [STMT_META] = "SELECT key,value,sum FROM meta WHERE key=?",
    [STMT_META_ALL] = "SELECT key,value,sum FROM meta ORDER BY key",
    [STMT_DICT] = "SELECT id,bytes,sum FROM dict WHERE id=?",
    [STMT_DICT_ALL] = "SELECT id,bytes,sum FROM dict ORDER BY id",
    [STMT_BEGIN] = "BEGIN IMMEDIATE",
    [STMT_COMMIT] = "COMMIT",
    [STMT_PUT_LOG] = "INSERT INTO log VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [STMT_PUT_BODY] = "INSERT INTO body VALUES(?,?)",
    [STMT_PUT_NEWEST] = "INSERT OR REPLACE INTO newest VALUES(?,?,?)",
    [STMT_FORGET_ALIASES] = "DELETE FROM alias WHERE nct=?",
    [STMT_PUT_ALIAS] = "INSERT OR REPLACE INTO alias VALUES(?,?,?)",
    [STMT_PUT_META] = "INSERT OR REPLACE INTO meta VALUES(?,?,?)",
    [STMT_FORGET_META] = "DELETE FROM meta WHERE key=?",
    [STMT_PUT_DICT] = "INSERT INTO dict VALUES(?,?,?)",
};

static int code_of(int rc) {
  switch (rc & 0xFF) {
  case SQLITE_NOMEM:
    return TH_ENOMEM;
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
  case SQLITE_CONSTRAINT:
  case SQLITE_MISMATCH:
    return TH_ECORRUPT;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return TH_EBUSY;
  case SQLITE_TOOBIG:
    return TH_ELIMIT;
  case SQLITE_IOERR:
    if (rc == SQLITE_IOERR_DATA) return TH_ECORRUPT;
    return rc == SQLITE_IOERR_NOMEM ? TH_ENOMEM : TH_EIO;
  /* A table or column that is not there: someone, or a flipped bit, changed the schema. */
  case SQLITE_ERROR:
    return TH_ECORRUPT;
  default:
    return TH_EIO;
  }
}

int sqlite_db_fail(sqlite_db *c, int rc, const char *doing, th_err *err) {
  const char *text = rc == SQLITE_IOERR_DATA ? "a page of the file does not check"
                     : c->db && sqlite3_extended_errcode(c->db) == rc ? sqlite3_errmsg(c->db)
                                                                      : sqlite3_errstr(rc);
  return th_err_set(err, code_of(rc), "%s: %s: %s", doing, c->path, text);
}

int sqlite_db_exec(sqlite_db *c, const char *sql, const char *doing, th_err *err) {
  int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);
  return rc == SQLITE_OK ? 0 : sqlite_db_fail(c, rc, doing, err);
}

/* What decides about a connection before the first page is read or written. */
static int connect_file(sqlite_db *c, bool create, th_err *err) {
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
              (create ? SQLITE_OPEN_CREATE : 0);
  int rc = sqlite3_open_v2(c->path, &c->db, flags, TH_STORE_VFS);
  if (rc != SQLITE_OK) {
    if (c->db) rc = sqlite3_extended_errcode(c->db);
    return sqlite_db_fail(c, rc, "opening the store", err);
  }
  int reserved = TH_STORE_PAGE_SUM_BYTES;
  sqlite3_extended_result_codes(c->db, 1);
  sqlite3_busy_timeout(c->db, 5000);
  sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config(c->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  if (create) sqlite3_file_control(c->db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
  return 0;
}

int sqlite_db_open(sqlite_db *c, const char *path, bool create, th_err *err) {
  int n = snprintf(c->path, sizeof c->path, "%s", path);
  if (n < 0 || (size_t)n >= sizeof c->path)
    return th_err_set(err, TH_EUSAGE, "the name %s is too long", path);
  int rc = th_page_vfs_start(err);
  if (!rc) rc = connect_file(c, create, err);
  /* The connection's own cache holds the inner pages of the trees; the rest is the system's. */
  if (!rc)
    rc = sqlite_db_exec(c,
                        "PRAGMA cache_size=-2000;PRAGMA temp_store=MEMORY;"
                        "PRAGMA cell_size_check=ON;PRAGMA mmap_size=0",
                        "opening the store", err);
  return rc;
}

void sqlite_db_close(sqlite_db *c) {
  for (size_t i = 0; i < STMT_COUNT; i++)
    sqlite3_finalize(c->stmts[i]);
  sqlite3_close(c->db);
  memset(c->stmts, 0, sizeof c->stmts);
  c->db = NULL;
}

int sqlite_db_stmt(sqlite_db *c, int which, sqlite3_stmt **out, th_err *err) {
  if (!c->stmts[which]) {
    int rc = sqlite3_prepare_v3(c->db, statements[which], -1, SQLITE_PREPARE_PERSISTENT,
                                &c->stmts[which], NULL);
    if (rc != SQLITE_OK) return sqlite_db_fail(c, rc, "reading the store", err);
  }
  *out = c->stmts[which];
  return 0;
}

int sqlite_db_run(sqlite_db *c, sqlite3_stmt *stmt, const char *doing, th_err *err) {
  int rc = sqlite3_step(stmt), result = 0;
  if (rc != SQLITE_DONE && rc != SQLITE_ROW) result = sqlite_db_fail(c, rc, doing, err);
  sqlite3_reset(stmt);
  sqlite3_clear_bindings(stmt);
  return result;
}
