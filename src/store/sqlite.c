/* The SQLite back: opening, the schema, writing.
 *
 * Files in the store's folder:
 *   store.db       the database; pages as page_vfs.h says
 *   store.db-wal   pending writes, store.db-shm their index: SQLite's, gone after a clean close
 *   store.lock     empty; the writing process holds flock(2) on it
 *
 * Schema, version 1 (PRAGMA user_version), application id "TRLH". Numbers without a sign are stored
 * as the signed 64-bit number of the same bits.
 *
 *   log     one row an entry, in order; never changed or deleted
 *     seq         from 1, no gaps
 *     nct         the study's number without "NCT"
 *     version     from 1 within the study; of a removal: the version removed
 *     kind        1 put, 2 removal
 *     prev        seq of the study's entry before this one, 0 for its first
 *     utc         seconds since 1970
 *     len         bytes of the record's JSON; 0 for a removal, as in all below
 *     dict        dictionary that it is packed with, 0 for none
 *     hash_a, _b  XXH3-128 of the JSON, high and low half
 *     packed_len, packed_sum   length and XXH3-64 of the packed bytes
 *     sum         th_row_sum: XXH3-64 of all columns before it
 *   body    the packed record (a zstd frame without content size and dictionary id) of a put, by
 *           seq: apart from the log, so that reading the log does not read the records
 *   newest  of each study the seq of its last entry; sum = th_pair_sum
 *   alias   an obsolete number, the study it belongs to now; sum = th_pair_sum
 *   dict    dictionaries for zstd; the one with the highest id is in use; sum = th_named_sum
 *   meta    small named values; sum = th_named_sum
 */
#include "store/page_vfs.h"
#include "store/sqlite_db.h"

#include "base/file.h"
#include "base/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#define SCHEMA_VERSION 1
#define APPLICATION_ID 0x54524C48 /* "TRLH" */
/* Pages of pending writes before they are copied into the database: 64 MB. */
#define CHECKPOINT_PAGES 8192

#define WRITING "writing to the store"
#define OPENING "opening the store"

typedef struct sqlite_back {
  th_store_mode mode;
  int lock; /* descriptor, -1 for none */
  char path[PATH_MAX];
  sqlite_db writer; /* db NULL in mode READ */
} sqlite_back;

/* ---- the schema ---- */

/* Step i brings version i to version i + 1, in one transaction with those after it. */
static const char *const upgrades[SCHEMA_VERSION] = {
    "CREATE TABLE log(seq INTEGER PRIMARY KEY,nct INTEGER NOT NULL,version INTEGER NOT NULL,"
    " kind INTEGER NOT NULL,prev INTEGER NOT NULL,utc INTEGER NOT NULL,len INTEGER NOT NULL,"
    " dict INTEGER NOT NULL,hash_a INTEGER NOT NULL,hash_b INTEGER NOT NULL,"
    " packed_len INTEGER NOT NULL,packed_sum INTEGER NOT NULL,sum INTEGER NOT NULL);"
    "CREATE TABLE body(seq INTEGER PRIMARY KEY,packed BLOB NOT NULL);"
    "CREATE TABLE newest(nct INTEGER PRIMARY KEY,seq INTEGER NOT NULL,sum INTEGER NOT NULL);"
    "CREATE TABLE alias(old INTEGER PRIMARY KEY,nct INTEGER NOT NULL,sum INTEGER NOT NULL);"
    "CREATE INDEX alias_nct ON alias(nct);"
    "CREATE TABLE dict(id INTEGER PRIMARY KEY,bytes BLOB NOT NULL,sum INTEGER NOT NULL);"
    "CREATE TABLE meta(key TEXT PRIMARY KEY,value BLOB NOT NULL,sum INTEGER NOT NULL)"
    " WITHOUT ROWID;",
};

static int read_number(sqlite_db *c, const char *sql, int64_t *out, th_err *err) {
  sqlite3_stmt *s = NULL;
  int step = sqlite3_prepare_v2(c->db, sql, -1, &s, NULL);
  if (step == SQLITE_OK) step = sqlite3_step(s);
  if (step == SQLITE_ROW) *out = sqlite3_column_int64(s, 0);
  int rc = step == SQLITE_ROW ? 0 : sqlite_db_fail(c, step, OPENING, err);
  sqlite3_finalize(s);
  return rc;
}

/* The schema's version; 0 for a database with nothing in it yet. */
static int read_version(sqlite_db *c, int64_t *version, th_err *err) {
  int64_t page = 0, application = 0;
  int rc = read_number(c, "PRAGMA user_version", version, err);
  if (!rc) rc = read_number(c, "PRAGMA page_size", &page, err);
  if (!rc) rc = read_number(c, "PRAGMA application_id", &application, err);
  if (rc || *version == 0) return rc;
  if (application != APPLICATION_ID || page != TH_STORE_PAGE_BYTES)
    return th_err_set(err, TH_ECORRUPT, "%s is not a store of this program", c->path);
  if (*version > SCHEMA_VERSION)
    return th_err_set(err, TH_EUSAGE, "%s was written by a newer version of this program", c->path);
  return 0;
}

static void roll_back(sqlite_db *c) {
  /* SQLite may have done it itself; then there is nothing left to do. */
  if (!sqlite3_get_autocommit(c->db)) sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
}

/* Makes the tables, or brings those of an older version up to date. */
static int upgrade(sqlite_db *c, th_err *err) {
  char mark[96];
  int64_t version = 0;
  int rc = read_version(c, &version, err);
  if (rc || version == SCHEMA_VERSION) return rc;
  snprintf(mark, sizeof mark, "PRAGMA user_version=%d;PRAGMA application_id=%d;COMMIT",
           SCHEMA_VERSION, APPLICATION_ID);
  rc = sqlite_db_exec(c, "BEGIN IMMEDIATE", OPENING, err);
  for (int64_t i = version; !rc && i < SCHEMA_VERSION; i++)
    rc = sqlite_db_exec(c, upgrades[i], OPENING, err);
  if (!rc) rc = sqlite_db_exec(c, mark, OPENING, err);
  if (rc) roll_back(c);
  return rc;
}

/* ---- opening ---- */

static int take_lock(sqlite_back *b, const char *dir, th_err *err) {
  char path[PATH_MAX];
  int n = snprintf(path, sizeof path, "%s/store.lock", dir);
  if (n < 0 || (size_t)n >= sizeof path) return th_err_set(err, TH_EUSAGE, "the name is too long");
  b->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (b->lock < 0) return th_err_sys(err, "cannot open %s", path);
  if (flock(b->lock, LOCK_EX | LOCK_NB) == 0) return 0;
  if (errno == EWOULDBLOCK)
    return th_err_set(err, TH_EBUSY, "another process is writing to the store in %s", dir);
  return th_err_sys(err, "cannot lock %s", path);
}

static int open_writer(sqlite_back *b, const char *dir, th_err *err) {
  char settings[256];
  bool fresh = !th_file_exists(b->path);
  snprintf(settings, sizeof settings,
           "PRAGMA page_size=%d;PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;"
           "PRAGMA wal_autocheckpoint=%d;PRAGMA journal_size_limit=%d;PRAGMA cache_size=-16000",
           TH_STORE_PAGE_BYTES, CHECKPOINT_PAGES, 2 * CHECKPOINT_PAGES * TH_STORE_PAGE_BYTES);
  int rc = sqlite_db_open(&b->writer, b->path, true, err);
  if (!rc) rc = sqlite_db_exec(&b->writer, settings, OPENING, err);
  if (!rc) rc = upgrade(&b->writer, err);
  /* SQLite syncs the folder for its log, not for the database itself. */
  if (!rc && fresh) rc = th_dir_sync(dir, err);
  return rc;
}

/* A reader never moves pending writes: that is the writer's work. */
static int open_reader(sqlite_db *c, const char *path, th_err *err) {
  int rc = sqlite_db_open(c, path, false, err);
  if (rc) return rc;
  sqlite3_db_config(c->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  return sqlite_db_exec(c, "PRAGMA query_only=ON", OPENING, err);
}

/* There must be a store, of a version that we read. */
static int probe(sqlite_back *b, const char *dir, th_err *err) {
  sqlite_db c = {0};
  int64_t version = 0;
  if (!th_file_exists(b->path))
    return th_err_set(err, TH_ENOTFOUND, "there is no store in %s", dir);
  int rc = open_reader(&c, b->path, err);
  if (!rc) rc = read_version(&c, &version, err);
  if (!rc && version == 0) rc = th_err_set(err, TH_ENOTFOUND, "the store in %s is not made", dir);
  if (!rc && version < SCHEMA_VERSION)
    rc = th_err_set(err, TH_EUSAGE, "the store in %s is of an older version; open it for writing",
                    dir);
  sqlite_db_close(&c);
  return rc;
}

static void back_close(void *back) {
  sqlite_back *b = back;
  if (b->writer.db && b->mode == TH_STORE_WRITE)
    sqlite3_wal_checkpoint_v2(b->writer.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  sqlite_db_close(&b->writer);
  if (b->lock >= 0) close(b->lock);
  free(b);
}

static int back_open(void **back, const char *dir, th_store_mode mode, th_err *err) {
  int rc = 0;
  sqlite_back *b = calloc(1, sizeof *b);
  if (!b) return th_err_set(err, TH_ENOMEM, "out of memory opening the store");
  b->mode = mode;
  b->lock = -1;
  int n = snprintf(b->path, sizeof b->path, "%s/store.db", dir);
  if (n < 0 || (size_t)n >= sizeof b->path)
    rc = th_err_set(err, TH_EUSAGE, "the name of the folder is too long");
  else if (mode == TH_STORE_READ)
    rc = probe(b, dir, err);
  else if (!(rc = th_dir_make(dir, err)) && !(rc = take_lock(b, dir, err)))
    rc = open_writer(b, dir, err);
  if (rc)
    back_close(b);
  else
    *back = b;
  return rc;
}

static void reader_close(void *reader) {
  sqlite_db_close(reader);
  free(reader);
}

static int reader_open(void **reader, void *back, th_err *err) {
  sqlite_back *b = back;
  sqlite_db *c = calloc(1, sizeof *c);
  if (!c) return th_err_set(err, TH_ENOMEM, "out of memory opening the store");
  int rc = open_reader(c, b->path, err);
  if (rc)
    reader_close(c);
  else
    *reader = c;
  return rc;
}

/* ---- writing ---- */

static int begin(sqlite_db *c, th_err *err) {
  sqlite3_stmt *s;
  int rc = sqlite_db_stmt(c, STMT_BEGIN, &s, err);
  return rc ? rc : sqlite_db_run(c, s, WRITING, err);
}

/* Commits when rc is 0; otherwise, and when that fails, undoes everything. */
static int end(sqlite_db *c, int rc, th_err *err) {
  sqlite3_stmt *s;
  if (!rc) rc = sqlite_db_stmt(c, STMT_COMMIT, &s, err);
  if (!rc) rc = sqlite_db_run(c, s, WRITING, err);
  if (rc) roll_back(c);
  return rc;
}

static int bind_u64(sqlite3_stmt *s, int i, uint64_t v) {
  return sqlite3_bind_int64(s, i, (sqlite3_int64)v);
}

/* Inserts up to 13 numbers. */
static int insert_numbers(sqlite_db *c, int which, const uint64_t *numbers, int n, th_err *err) {
  sqlite3_stmt *s;
  int rc = sqlite_db_stmt(c, which, &s, err);
  if (rc) return rc;
  for (int i = 0; i < n; i++)
    bind_u64(s, i + 1, numbers[i]);
  return sqlite_db_run(c, s, WRITING, err);
}

static int insert_row(sqlite_db *c, const th_row *row, th_err *err) {
  const uint64_t entry[] = {row->seq,     row->nct,           row->version,    (uint64_t)row->kind,
                            row->prev,    (uint64_t)row->utc, row->len,        row->dict,
                            row->hash[0], row->hash[1],       row->packed_len, row->packed_sum,
                            row->sum};
  const uint64_t pair[] = {row->nct, row->seq, th_pair_sum(TH_PAIR_NEWEST, row->nct, row->seq)};
  int rc = insert_numbers(c, STMT_PUT_LOG, entry, (int)TH_COUNT(entry), err);
  return rc ? rc : insert_numbers(c, STMT_PUT_NEWEST, pair, (int)TH_COUNT(pair), err);
}

static int insert_body(sqlite_db *c, uint64_t seq, th_span packed, th_err *err) {
  sqlite3_stmt *s;
  int rc = sqlite_db_stmt(c, STMT_PUT_BODY, &s, err);
  if (rc) return rc;
  bind_u64(s, 1, seq);
  int bound = sqlite3_bind_blob64(s, 2, packed.p, packed.n, SQLITE_STATIC);
  if (bound != SQLITE_OK) return sqlite_db_fail(c, bound, WRITING, err);
  return sqlite_db_run(c, s, WRITING, err);
}

static int forget_aliases(sqlite_db *c, uint32_t nct, th_err *err) {
  const uint64_t number = nct;
  return insert_numbers(c, STMT_FORGET_ALIASES, &number, 1, err);
}

static int insert_aliases(sqlite_db *c, const th_put *put, th_err *err) {
  int rc = 0;
  for (size_t i = 0; !rc && i < put->n_aliases; i++) {
    uint32_t old = put->aliases[i];
    const uint64_t pair[] = {old, put->nct, th_pair_sum(TH_PAIR_ALIAS, old, put->nct)};
    if (old && old != put->nct) rc = insert_numbers(c, STMT_PUT_ALIAS, pair, 3, err);
  }
  return rc;
}

static int keep_row(void *ctx, const th_row *row, th_span packed) {
  (void)packed;
  *(th_row *)ctx = *row;
  return 0;
}

/* The study's last entry; all zero when there is none. */
static int find_last(sqlite_db *c, uint32_t nct, th_row *last, th_err *err) {
  *last = (th_row){.nct = nct};
  return sqlite_scan(c, nct, nct, false, keep_row, last, err);
}

static int put_one(sqlite_db *c, th_put *put, uint64_t *seq, int64_t utc, th_err *err) {
  th_row last, row;
  int rc = find_last(c, put->nct, &last, err);
  if (rc || !th_row_plan(&row, &last, put, *seq + 1, utc)) return rc;
  ++*seq;
  rc = insert_row(c, &row, err);
  if (!rc) rc = insert_body(c, row.seq, put->packed, err);
  if (!rc && row.prev) rc = forget_aliases(c, put->nct, err);
  return rc ? rc : insert_aliases(c, put, err);
}

static int back_put(void *back, th_put *puts, size_t n, th_err *err) {
  sqlite_db *c = &((sqlite_back *)back)->writer;
  int64_t utc = th_clock_utc();
  uint64_t seq = 0;
  int rc = begin(c, err);
  if (rc) return rc;
  rc = sqlite_last_seq(c, &seq, err);
  for (size_t i = 0; !rc && i < n; i++)
    rc = put_one(c, &puts[i], &seq, utc, err);
  return end(c, rc, err);
}

static int remove_one(sqlite_db *c, uint32_t nct, uint64_t *out, th_err *err) {
  th_row last, row;
  uint64_t seq = 0;
  int rc = find_last(c, nct, &last, err);
  if (!rc && last.kind != TH_CHANGE_PUT)
    rc = th_err_set(err, TH_ENOTFOUND, "NCT%08u is not in the store", nct);
  if (!rc) rc = sqlite_last_seq(c, &seq, err);
  if (rc) return rc;
  th_row_plan_removal(&row, &last, seq + 1, th_clock_utc());
  *out = row.seq;
  rc = insert_row(c, &row, err);
  return rc ? rc : forget_aliases(c, nct, err);
}

static int back_remove(void *back, uint32_t nct, uint64_t *seq, th_err *err) {
  sqlite_db *c = &((sqlite_back *)back)->writer;
  int rc = begin(c, err);
  return rc ? rc : end(c, remove_one(c, nct, seq, err), err);
}

static int set_meta(sqlite_db *c, const char *key, const th_span *value, th_err *err) {
  sqlite3_stmt *s;
  int rc = sqlite_db_stmt(c, value ? STMT_PUT_META : STMT_FORGET_META, &s, err);
  if (rc) return rc;
  int bound = sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
  if (value && bound == SQLITE_OK)
    bound = sqlite3_bind_blob64(s, 2, value->n ? value->p : "", value->n, SQLITE_STATIC);
  if (bound != SQLITE_OK) return sqlite_db_fail(c, bound, WRITING, err);
  if (value) bind_u64(s, 3, th_named_sum(th_span_of(key), *value));
  return sqlite_db_run(c, s, WRITING, err);
}

static int back_meta_set(void *back, const char *key, const th_span *value, th_err *err) {
  sqlite_db *c = &((sqlite_back *)back)->writer;
  int rc = begin(c, err);
  return rc ? rc : end(c, set_meta(c, key, value, err), err);
}

static int insert_dict(sqlite_db *c, uint32_t id, th_span bytes, th_err *err) {
  sqlite3_stmt *s;
  const uint8_t name[4] = {(uint8_t)id, (uint8_t)(id >> 8), (uint8_t)(id >> 16),
                           (uint8_t)(id >> 24)};
  int rc = sqlite_db_stmt(c, STMT_PUT_DICT, &s, err);
  if (rc) return rc;
  bind_u64(s, 1, id);
  int bound = sqlite3_bind_blob64(s, 2, bytes.p, bytes.n, SQLITE_STATIC);
  if (bound != SQLITE_OK) return sqlite_db_fail(c, bound, WRITING, err);
  bind_u64(s, 3, th_named_sum((th_span){(const char *)name, sizeof name}, bytes));
  return sqlite_db_run(c, s, WRITING, err);
}

static int back_dict_add(void *back, uint32_t id, th_span bytes, th_err *err) {
  sqlite_db *c = &((sqlite_back *)back)->writer;
  int rc = begin(c, err);
  return rc ? rc : end(c, insert_dict(c, id, bytes, err), err);
}

static int back_checkpoint(void *back, th_err *err) {
  sqlite_db *c = &((sqlite_back *)back)->writer;
  int rc = sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  return rc == SQLITE_OK ? 0 : sqlite_db_fail(c, rc, WRITING, err);
}

const th_store_ops th_sqlite_ops = {
    .name = "sqlite",
    .open = back_open,
    .close = back_close,
    .put = back_put,
    .remove = back_remove,
    .meta_set = back_meta_set,
    .dict_add = back_dict_add,
    .checkpoint = back_checkpoint,
    .reader_open = reader_open,
    .reader_close = reader_close,
    .snapshot = sqlite_snapshot,
    .newest = sqlite_newest,
    .entry = sqlite_entry,
    .log = sqlite_log,
    .scan = sqlite_scan,
    .last_seq = sqlite_last_seq,
    .pairs = sqlite_pairs,
    .alias = sqlite_alias,
    .meta = sqlite_meta,
    .dict = sqlite_dict,
    .file_bytes = sqlite_file_bytes,
    .check = sqlite_check,
};
