#define _GNU_SOURCE
#include "registry/internal.h"

#include "base/file.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

static int hash_entry(void *ctx, const th_record *record) {
  const uint64_t told[] = {record->seq,
                           record->nct,
                           record->version,
                           (uint64_t)record->kind,
                           (uint64_t)record->stored_utc,
                           record->hash[0],
                           record->hash[1]};
  *(uint64_t *)ctx = XXH3_64bits(told, sizeof told) | 1;
  return 0;
}

int th_registry_mark(th_registry *r, uint64_t seq, uint64_t *mark, th_err *err) {
  *mark = 0;
  if (seq == 0) return 0;
  th_store_reader *reader = th_store_reader_acquire(r->store, err);
  if (!reader) return err && err->code ? err->code : TH_EIO;
  int rc = th_store_changes(reader, seq - 1, 1, hash_entry, mark, err);
  th_store_reader_release(reader);
  if (rc == 0 && *mark == 0)
    rc = th_err_set(err, TH_ECORRUPT, "the store has no change %llu", (unsigned long long)seq);
  return rc;
}

/* Is this the index of this store? An older copy of the store put in the place of a newer one, a
 * store of another directory, a log that went another way since: each is told here. */
static int match_index(th_registry *r, th_err *err) {
  th_err local = {0};
  uint64_t mark;
  const th_snapshot *s = th_index_acquire(r->index);
  int rc = th_registry_mark(r, s->applied_seq, &mark, &local);
  if (rc == TH_ECORRUPT || (rc == 0 && mark != s->applied_mark))
    rc = th_err_set(err, TH_ECORRUPT, "the index is not that of this store%s%s",
                    local.code ? ": " : "", local.message);
  else if (rc)
    th_err_set(err, rc, "%s", local.message);
  th_index_release(r->index, s);
  return rc;
}

static int last_seq(th_registry *r, uint64_t *seq, th_err *err) {
  th_err local = {0};
  th_store_reader *reader = th_store_reader_acquire(r->store, &local);
  int rc = reader ? th_store_last_seq(reader, seq, &local) : local.code;
  th_store_reader_release(reader);
  return rc ? th_err_set(err, rc, "%s", local.message) : 0;
}

int th_registry_behind(th_registry *r, uint64_t *changes, th_err *err) {
  uint64_t seq = 0;
  const th_snapshot *s = th_index_acquire(r->index);
  int rc = last_seq(r, &seq, err); /* read after the index: never before it */
  *changes = rc == 0 && seq > s->applied_seq ? seq - s->applied_seq : 0;
  th_index_release(r->index, s);
  return rc;
}

static int holds_studies(th_registry *r, th_err *err) {
  uint64_t seq = 0;
  int rc = last_seq(r, &seq, err);
  if (rc == 0 && seq == 0) rc = th_err_set(err, TH_ENOTFOUND, "there are no studies in %s", r->dir);
  return rc;
}

/* A reader of a store without an index: nothing was imported yet, or the index was taken away. */
static int lacks_index(th_registry *r, th_err *err) {
  int rc = holds_studies(r, err);
  return rc ? rc : th_err_set(err, TH_ECORRUPT, "the store in %s has no index", r->dir);
}

static int open_matching(th_registry *r, const char *path, th_err *err) {
  int rc = th_index_open(&r->index, path, r->mode != TH_REGISTRY_READ, err);
  if (rc == 0) rc = match_index(r, err);
  if (rc) {
    th_index_close(r->index);
    r->index = NULL;
  }
  return rc;
}

static bool reads_only(const th_registry *r) {
  return r->mode == TH_REGISTRY_READ || r->mode == TH_REGISTRY_READ_STORE;
}

int th_registry_index_path(const char *dir, bool beside, char out[PATH_MAX], th_err *err) {
  if (snprintf(out, PATH_MAX, "%s/index%s", dir, beside ? ".new" : "") >= PATH_MAX)
    return th_err_set(err, TH_EUSAGE, "the name of the data directory is too long");
  return 0;
}

/* The store alone is wanted: an index that cannot be read is no hindrance, but one that can be read
 * and is another store's says that this store is not the one that belongs here. */
static int open_store_only(th_registry *r, th_err *err) {
  char path[PATH_MAX];
  int rc = holds_studies(r, err);
  if (rc == 0) rc = th_registry_index_path(r->dir, false, path, err);
  if (rc) return rc;
  if (th_index_open(&r->index, path, false, NULL) == 0) rc = match_index(r, err);
  th_index_close(r->index);
  r->index = NULL;
  return rc;
}

static bool is_damage(int rc) {
  return rc == TH_EINPUT || rc == TH_ECORRUPT;
}

/* An empty index beside the one that it is to follow. */
static int make_beside(const char *dir, const char *path, th_err *err) {
  char before[PATH_MAX];
  int rc = th_registry_index_path(dir, false, before, err);
  if (rc == 0) rc = th_index_discard(path, err);
  return rc ? rc : th_index_make_successor(path, before, err);
}

/* What a rebuild left that was killed takes room. */
static void remove_beside(const char *dir) {
  char path[PATH_MAX];
  if (th_registry_index_path(dir, true, path, NULL) || !th_file_exists(path)) return;
  if (th_index_discard(path, NULL) == 0) rmdir(path);
}

static int open_index(th_registry *r, th_err *err) {
  char path[PATH_MAX];
  th_err local = {0};
  bool beside = r->mode == TH_REGISTRY_BESIDE;
  int rc = th_registry_index_path(r->dir, beside, path, err);
  if (rc) return rc;
  if (beside) rc = make_beside(r->dir, path, &local);
  if (rc == 0) rc = open_matching(r, path, &local);
  if (rc == 0 && r->mode == TH_REGISTRY_WRITE) remove_beside(r->dir);
  if (rc == TH_ENOTFOUND && r->mode == TH_REGISTRY_READ) {
    th_err_clear(&local);
    rc = lacks_index(r, &local);
  }
  if (is_damage(rc))
    return th_err_set(err, rc, "%s (%s it with: trialhead index --rebuild)", local.message,
                      rc == TH_EINPUT ? "renew" : "mend");
  return rc ? th_err_set(err, rc, "%s", local.message) : 0;
}

/* Whoever lost the store must not be told that there was none. */
static int lost_store(const char *dir, th_err *err) {
  char path[PATH_MAX];
  int n = snprintf(path, sizeof path, "%s/index/manifest", dir);
  if (n >= (int)sizeof path || !th_file_exists(path))
    return th_err_set(err, TH_ENOTFOUND, "there is no store in %s", dir);
  return th_err_set(err, TH_ECORRUPT, "%s has an index, but the store is missing or empty", dir);
}

static int store_identity(const th_registry *r, dev_t *device, ino_t *file, th_err *err) {
  char path[PATH_MAX];
  struct stat st;
  if (snprintf(path, sizeof path, "%s/store.db", r->dir) >= (int)sizeof path)
    return th_err_set(err, TH_EUSAGE, "the name of the data directory is too long");
  if (stat(path, &st) != 0) return th_err_sys(err, "cannot look at %s", path);
  *device = st.st_dev;
  *file = st.st_ino;
  return 0;
}

static int remember_store(th_registry *r, th_err *err) {
  return store_identity(r, &r->store_device, &r->store_file, err);
}

int th_registry_refresh(th_registry *r, bool *changed, th_err *err) {
  dev_t device;
  ino_t file;
  *changed = false;
  int rc = store_identity(r, &device, &file, err);
  if (rc) return rc;
  if (device != r->store_device || file != r->store_file)
    return th_err_set(err, TH_ECORRUPT, "another store stands in %s: start again to read it",
                      r->dir);
  return th_index_refresh(r->index, changed, err);
}

int th_registry_open(th_registry **out, const char *dir, th_registry_mode mode, th_err *err) {
  int rc;
  th_err local = {0};
  *out = NULL;
  th_registry *r = calloc(1, sizeof *r);
  if (!r) return th_err_set(err, TH_ENOMEM, "out of memory");
  r->mode = mode;
  pthread_mutex_init(&r->paths_lock, NULL);
  if (snprintf(r->dir, sizeof r->dir, "%s", dir) >= (int)sizeof r->dir)
    rc = th_err_set(&local, TH_EUSAGE, "the name of the data directory is too long");
  else
    rc = th_store_open(&r->store, dir, reads_only(r) ? TH_STORE_READ : TH_STORE_WRITE, &local);
  if (rc == TH_ENOTFOUND)
    rc = lost_store(dir, err);
  else if (rc)
    th_err_set(err, rc, "%s", local.message);
  if (rc == 0) rc = remember_store(r, err);
  if (rc == 0) rc = mode == TH_REGISTRY_READ_STORE ? open_store_only(r, err) : open_index(r, err);
  if (rc == 0)
    *out = r;
  else
    th_registry_close(r);
  return rc;
}

void th_registry_close(th_registry *r) {
  if (!r) return;
  th_index_close(r->index);
  th_store_close(r->store);
  pthread_mutex_destroy(&r->paths_lock);
  free(r);
}

th_store *th_registry_store(th_registry *r) {
  return r->store;
}
th_index *th_registry_index(th_registry *r) {
  return r->index;
}

int th_registry_study(th_registry *r, uint32_t nct, th_buf *out, th_record *record,
                      uint32_t *current, th_err *err) {
  th_err local = {0};
  if (current) *current = 0;
  th_store_reader *reader = th_store_reader_acquire(r->store, err);
  if (!reader) return err && err->code ? err->code : TH_EIO;
  int rc = th_store_get(reader, nct, -1, out, record, &local);
  if (rc == TH_ENOTFOUND && current) {
    th_err ignored = {0};
    if (th_store_alias(reader, nct, current, &ignored) != 0) *current = 0;
  }
  if (rc) th_err_set(err, rc, "%s", local.message);
  th_store_reader_release(reader);
  return rc;
}

static void format_time(int64_t utc, char out[20]) {
  time_t t = (time_t)utc;
  struct tm tm;
  gmtime_r(&t, &tm);
  strftime(out, 20, "%Y-%m-%dT%H:%M:%S", &tm);
}

static int take_time(void *ctx, const th_record *record) {
  *(int64_t *)ctx = record->stored_utc;
  return 0;
}

/* Read off the log and not written down, so that it never runs ahead of the index that answers. */
void th_registry_timestamp(th_registry *r, char out[20]) {
  th_err err = {0};
  int64_t utc = 0;
  const th_snapshot *s = th_index_acquire(r->index);
  uint64_t seq = s ? s->applied_seq : 0;
  if (s) th_index_release(r->index, s);
  th_store_reader *reader = seq ? th_store_reader_acquire(r->store, &err) : NULL;
  if (reader && th_store_changes(reader, seq - 1, 1, take_time, &utc, &err) != 0) utc = 0;
  th_store_reader_release(reader);
  format_time(utc, out);
}

void th_registry_segment_path(th_registry *r, char *out, size_t len) {
  pthread_mutex_lock(&r->paths_lock);
  th_index_new_segment_path(r->index, out, len);
  pthread_mutex_unlock(&r->paths_lock);
}

/* ---- lists of segment files ---- */

int th_paths_add(th_paths *paths, const char *path) {
  if (paths->n == paths->cap) {
    size_t cap = paths->cap ? paths->cap * 2 : 8;
    char **p = realloc(paths->p, cap * sizeof *p);
    if (!p) return TH_ENOMEM;
    paths->p = p;
    paths->cap = cap;
  }
  char *copy = strdup(path);
  if (!copy) return TH_ENOMEM;
  paths->p[paths->n++] = copy;
  return 0;
}

void th_paths_dispose(th_paths *paths, bool unlink_files) {
  for (size_t i = 0; i < paths->n; i++) {
    if (unlink_files) unlink(paths->p[i]);
    free(paths->p[i]);
  }
  free(paths->p);
  *paths = (th_paths){0};
}
