#define _GNU_SOURCE
#include "../test.h"

#include "folder.h"
#include "registry/registry.h"

#include <xxhash.h>

static void record(th_buf *out, unsigned nct, const char *title) {
  th_buf_printf(
      out,
      "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT%08u\",\"briefTitle\":\"%s\"}"
      ","
      "\"statusModule\":{\"overallStatus\":\"RECRUITING\"},\"conditionsModule\":{\"conditions\":["
      "\"Asthma\"]}}}\n",
      nct, title);
}

typedef struct rejects {
  unsigned n;
  char ids[8][16];
} rejects;

static void note_reject(void *ctx, const th_reject *r) {
  rejects *all = ctx;
  if (all->n < TH_COUNT(all->ids)) snprintf(all->ids[all->n], 16, "%s", r->id);
  all->n++;
}

static th_import_report import(th_registry *r, const char *path, int expected, rejects *seen) {
  th_import_report report;
  th_err err = {0};
  th_import_options options = {.threads = 3, .reject = note_reject, .ctx = seen};
  *seen = (rejects){0};
  int rc = th_registry_import(r, &path, 1, &options, &report, &err);
  if (rc != expected) fail_msg("import: %d (%s), expected %d", rc, err.message, expected);
  return report;
}

static void expect_title(th_registry *r, uint32_t nct, const char *title) {
  th_buf b;
  th_err err = {0};
  th_buf_init(&b, 0);
  assert_int_equal(th_registry_study(r, nct, &b, NULL, NULL, &err), 0);
  if (!memmem(b.p, b.n, title, strlen(title))) fail_msg("%.*s has no %s", (int)b.n, b.p, title);
  th_buf_dispose(&b);
}

static void count_problem(void *ctx, const char *text) {
  printf("problem: %s\n", text);
  ++*(unsigned *)ctx;
}

static void expect_sound(uint32_t live) {
  unsigned problems = 0;
  th_err err = {0};
  th_registry *r;
  char dir[80];
  snprintf(dir, sizeof dir, "%s/data", folder);
  assert_int_equal(th_registry_check(dir, true, count_problem, &problems, &err), 0);
  assert_int_equal(problems, 0);
  assert_int_equal(th_registry_open(&r, dir, TH_REGISTRY_READ, &err), 0);
  const th_snapshot *s = th_index_acquire(th_registry_index(r));
  assert_int_equal(s->n_live, live);
  th_index_release(th_registry_index(r), s);
  th_registry_close(r);
}

/* White space, escapes and the order of keys change nothing; a key more does. */
static void the_same_in_other_bytes(void **state) {
  (void)state;
  static const char other[] =
      "{ \"protocolSection\" : {\"statusModule\": {\"overallStatus\": \"RECRUITING\"},\n"
      "\"conditionsModule\":{\"conditions\":[ \"Asthm\\u0061\" ]},\n"
      "\"identificationModule\":{\"briefTitle\":\"first\", \"nctId\":\"NCT00000001\"%s}}}\n";
  th_buf b;
  rejects seen;
  th_buf_init(&b, 0);
  record(&b, 1, "first");
  th_registry *r = open_data(TH_REGISTRY_WRITE);
  th_import_report report = import(r, write_input("a.json", &b), 0, &seen);
  assert_int_equal(report.added, 1);
  th_buf_clear(&b);
  th_buf_printf(&b, other, "");
  report = import(r, write_input("b.json", &b), 0, &seen);
  assert_int_equal(report.unchanged, 1);
  th_buf_clear(&b);
  th_buf_printf(&b, other, ",\"acronym\":\"A\"");
  report = import(r, write_input("c.json", &b), 0, &seen);
  assert_int_equal(report.changed, 1);
  th_registry_close(r);
  expect_sound(1);
  th_buf_dispose(&b);
}

static void same_changed_and_rejected(void **state) {
  (void)state;
  th_buf b;
  rejects seen;
  th_buf_init(&b, 0);
  for (unsigned i = 1; i <= 3000; i++)
    record(&b, i, "first");
  th_registry *r = open_data(TH_REGISTRY_WRITE);
  th_import_report report = import(r, write_input("a.json", &b), 0, &seen);
  assert_int_equal(report.added, 3000);
  report = import(r, write_input("a.json", &b), 0, &seen);
  assert_int_equal(report.unchanged, 3000);
  th_buf_clear(&b);
  record(&b, 7, "second");
  th_buf_str(&b, "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT00000008\"},}}\n");
  th_buf_str(&b,
             "{\"protocolSection\":{\"identificationModule\":{\"briefTitle\":\"no number\"}}}\n");
  record(&b, 8, "first");
  record(&b, 5000, "new");
  report = import(r, write_input("b.json", &b), TH_EINPUT, &seen);
  assert_int_equal(report.read, 5);
  assert_int_equal(report.added, 1);
  assert_int_equal(report.changed, 1);
  assert_int_equal(report.unchanged, 1);
  assert_int_equal(report.rejected, 2);
  assert_int_equal(seen.n, 2);
  assert_string_equal(seen.ids[0], "NCT00000008");
  assert_string_equal(seen.ids[1], "");
  expect_title(r, 7, "second");
  th_registry_close(r);
  expect_sound(3001);
  th_buf_dispose(&b);
}

/* A, B, A, B … in one file: each a version of its own although the bytes were there before. */
static void order_of_the_input_is_order_of_versions(void **state) {
  (void)state;
  th_buf b;
  rejects seen;
  th_buf_init(&b, 0);
  record(&b, 1, "A");
  th_registry *r = open_data(TH_REGISTRY_WRITE);
  import(r, write_input("a.json", &b), 0, &seen);
  th_buf_clear(&b);
  for (unsigned i = 0; i < 2000; i++) {
    record(&b, 1, i % 2 ? "A" : "B");
    record(&b, 100 + i, "other");
  }
  th_import_report report = import(r, write_input("b.json", &b), 0, &seen);
  assert_int_equal(report.changed, 2000);
  assert_int_equal(report.added, 2000);
  expect_title(r, 1, "\"A\"");
  th_registry_close(r);
  expect_sound(2001);
  th_buf_dispose(&b);
}

static void expect_behind(th_registry *r, uint64_t changes) {
  uint64_t behind = 99;
  th_err err = {0};
  assert_int_equal(th_registry_behind(r, &behind, &err), 0);
  assert_int_equal(behind, changes);
}

static void the_index_follows_the_log(void **state) {
  (void)state;
  th_buf b;
  rejects seen;
  th_err err = {0};
  th_buf_init(&b, 0);
  for (unsigned i = 1; i <= 500; i++)
    record(&b, i, "first");
  th_registry *r = open_data(TH_REGISTRY_WRITE);
  import(r, write_input("a.json", &b), 0, &seen);
  expect_behind(r, 0);
  assert_int_equal(th_store_remove(th_registry_store(r), 17, NULL, &err), 0);
  expect_behind(r, 1);
  assert_int_equal(th_registry_index_update(r, false, false, NULL, NULL, &err), 0);
  expect_behind(r, 0);
  th_registry_close(r);
  expect_sound(499);
  r = open_data(TH_REGISTRY_WRITE);
  assert_int_equal(th_index_clear(th_registry_index(r), &err), 0);
  expect_behind(r, 501);
  th_buf_clear(&b);
  record(&b, 3, "second");
  import(r, write_input("b.json", &b), 0, &seen); /* makes good what the index lost */
  th_registry_close(r);
  expect_sound(499);
  r = open_data(TH_REGISTRY_WRITE);
  assert_int_equal(th_registry_index_update(r, true, true, NULL, NULL, &err), 0);
  const th_snapshot *s = th_index_acquire(th_registry_index(r));
  assert_int_equal(s->n_segments, 1);
  th_index_release(th_registry_index(r), s);
  th_registry_close(r);
  expect_sound(499);
  th_buf_dispose(&b);
}

static void a_missing_file_does_not_end_the_run(void **state) {
  (void)state;
  th_buf b;
  rejects seen = {0};
  th_err err = {0};
  th_import_report report;
  th_import_options options = {.reject = note_reject, .ctx = &seen};
  th_buf_init(&b, 0);
  record(&b, 1, "first");
  const char *paths[] = {"/nonexistent/file", write_input("a.json", &b)};
  th_registry *r = open_data(TH_REGISTRY_WRITE);
  assert_int_equal(th_registry_import(r, paths, 2, &options, &report, &err), TH_EINPUT);
  assert_int_equal(report.added, 1);
  assert_int_equal(seen.n, 1);
  th_registry_close(r);
  th_buf_dispose(&b);
}

/* A registry of its own in a folder beside `data`, with studies from first to last. */
static void fill(const char *name, unsigned first, unsigned last, const char *title) {
  char dir[80];
  th_buf b;
  th_err err = {0};
  th_registry *r;
  rejects seen;
  th_buf_init(&b, 0);
  for (unsigned i = first; i <= last; i++)
    record(&b, i, title);
  snprintf(dir, sizeof dir, "%s/%s", folder, name);
  assert_int_equal(th_registry_open(&r, dir, TH_REGISTRY_WRITE, &err), 0);
  import(r, write_input("fill.json", &b), 0, &seen);
  th_registry_close(r);
  th_buf_dispose(&b);
}

static void move(const char *from, const char *to) {
  char a[96], b[96];
  snprintf(a, sizeof a, "%s/%s", folder, from);
  snprintf(b, sizeof b, "%s/%s", folder, to);
  assert_int_equal(rename(a, b), 0);
}

static int try_open(th_registry_mode mode) {
  char dir[80];
  th_registry *r;
  th_err err = {0};
  snprintf(dir, sizeof dir, "%s/data", folder);
  int rc = th_registry_open(&r, dir, mode, &err);
  if (rc == 0) th_registry_close(r);
  return rc;
}

/* The check must find it, readers and writers refuse it, a rebuild mend it. */
static void expect_mended(uint32_t live) {
  char dir[80];
  unsigned problems = 0;
  th_err err = {0};
  snprintf(dir, sizeof dir, "%s/data", folder);
  assert_int_equal(th_registry_check(dir, true, count_problem, &problems, NULL), TH_ECORRUPT);
  assert_true(problems > 0);
  assert_int_equal(try_open(TH_REGISTRY_READ), TH_ECORRUPT);
  assert_int_equal(try_open(TH_REGISTRY_WRITE), TH_ECORRUPT);
  assert_int_equal(th_registry_rebuild(dir, false, NULL, NULL, &err), 0);
  expect_sound(live);
}

static void an_index_of_another_store_is_refused(void **state) {
  (void)state;
  fill("data", 1, 40, "one");
  fill("other", 1, 40, "two");
  move("data/index", "data/kept");
  move("other/index", "data/index");
  expect_mended(40);
}

static void an_older_store_is_told_from_the_newer(void **state) {
  (void)state;
  fill("data", 1, 20, "one");
  fill("other", 1, 30, "one");
  move("data/index", "data/kept");
  move("other/index", "data/index");
  expect_mended(20);
}

static void a_damaged_manifest_is_mended_by_a_rebuild(void **state) {
  (void)state;
  th_buf b;
  fill("data", 1, 20, "one");
  th_buf_init(&b, 0);
  th_buf_str(&b, "THMAN, or what was one");
  write_input("data/index/manifest", &b);
  expect_mended(20);
  th_buf_dispose(&b);
}

/* ---- an index of another version ---- */

static void read_manifest(th_buf *out) {
  char path[96];
  th_err err = {0};
  snprintf(path, sizeof path, "%s/data/index/manifest", folder);
  th_buf_init(out, 0);
  assert_int_equal(th_file_read(out, path, &err), 0);
}

/* The manifest of an index whose format is one older, its checksum right. */
static void make_older(void) {
  enum { HASH_AT = 8, VERSION_AT = 16 };
  th_buf b;
  read_manifest(&b);
  b.p[VERSION_AT]--;
  uint64_t hash = XXH3_64bits(b.p + VERSION_AT, b.n - VERSION_AT);
  memcpy(b.p + HASH_AT, &hash, sizeof hash);
  write_input("data/index/manifest", &b);
  th_buf_dispose(&b);
}

typedef struct renewal {
  th_buf before; /* the manifest */
  unsigned seen; /* times that it was still there */
} renewal;

/* While the new index is made the old one stands, and nobody else writes. */
static void look_at_old(void *ctx, uint64_t done, uint64_t total) {
  renewal *r = ctx;
  th_buf now;
  (void)done, (void)total;
  read_manifest(&now);
  assert_true(th_span_eq(th_buf_view(&now), th_buf_view(&r->before)));
  th_buf_dispose(&now);
  if (!r->seen++) assert_int_equal(try_open(TH_REGISTRY_WRITE), TH_EBUSY);
}

static void an_index_of_another_version_is_renewed(void **state) {
  (void)state;
  char dir[80], beside[96];
  th_err err = {0};
  renewal r = {0};
  th_buf stray;
  fill("data", 1, 400, "one");
  snprintf(dir, sizeof dir, "%s/data", folder);
  snprintf(beside, sizeof beside, "%s/data/index.new", folder);
  make_older();
  assert_int_equal(try_open(TH_REGISTRY_READ), TH_EINPUT);
  assert_int_equal(try_open(TH_REGISTRY_WRITE), TH_EINPUT);
  /* What an attempt left behind that was killed is in nobody's way. */
  th_buf_init(&stray, 0);
  th_buf_str(&stray, "half a segment");
  assert_int_equal(th_dir_make(beside, &err), 0);
  write_input("data/index.new/000001.seg", &stray);
  read_manifest(&r.before);
  assert_int_equal(th_registry_renew(dir, look_at_old, &r, &err), 0);
  assert_true(r.seen > 0);
  assert_false(th_file_exists(beside));
  expect_sound(400);
  r.seen = 0;
  assert_int_equal(th_registry_renew(dir, look_at_old, &r, &err), 0); /* nothing to do */
  assert_int_equal(r.seen, 0);
  expect_sound(400);
  th_buf_dispose(&r.before);
  th_buf_dispose(&stray);
}

/* A reader that stays takes the new index over: its generation is a later one, though it began from
 * nothing. */
static void a_rebuild_stands_beside_until_it_is_whole(void **state) {
  (void)state;
  char dir[80], beside[96];
  th_err err = {0};
  renewal r = {0};
  th_registry *reader;
  bool changed = false;
  th_buf stray;
  fill("data", 1, 400, "one");
  snprintf(dir, sizeof dir, "%s/data", folder);
  snprintf(beside, sizeof beside, "%s/data/index.new", folder);
  th_buf_init(&stray, 0);
  th_buf_str(&stray, "half a segment");
  assert_int_equal(th_dir_make(beside, &err), 0);
  write_input("data/index.new/000001.seg", &stray);
  assert_int_equal(try_open(TH_REGISTRY_WRITE), 0); /* clears what a killed one left */
  assert_false(th_file_exists(beside));
  read_manifest(&r.before);
  assert_int_equal(th_registry_open(&reader, dir, TH_REGISTRY_READ, &err), 0);
  const th_snapshot *old = th_index_acquire(th_registry_index(reader));
  uint64_t generation = old->generation;
  assert_int_equal(th_registry_rebuild(dir, true, look_at_old, &r, &err), 0);
  assert_true(r.seen > 0);
  assert_false(th_file_exists(beside));
  assert_int_equal(th_registry_refresh(reader, &changed, &err), 0);
  assert_true(changed);
  const th_snapshot *now = th_index_acquire(th_registry_index(reader));
  assert_true(now->generation > generation);
  assert_int_equal(now->n_segments, 1);
  assert_int_equal(now->n_live, 400);
  assert_int_equal(old->n_live, 400);
  assert_int_equal(th_snapshot_state(old, &err), 0);
  th_index_release(th_registry_index(reader), now);
  th_index_release(th_registry_index(reader), old);
  th_registry_close(reader);
  expect_sound(400);
  th_buf_dispose(&r.before);
  th_buf_dispose(&stray);
}

static void a_store_without_index_and_an_index_without_store(void **state) {
  (void)state;
  fill("data", 1, 20, "one");
  move("data/index", "kept");
  assert_int_equal(try_open(TH_REGISTRY_READ), TH_ECORRUPT);
  move("kept", "data/index");
  move("data/store.db", "kept");
  assert_int_equal(try_open(TH_REGISTRY_READ), TH_ECORRUPT);
  assert_int_equal(try_open(TH_REGISTRY_WRITE), TH_ECORRUPT);
}

/* ---- the store's log of pending writes ---- */

static void read_bytes(const char *name, th_buf *out) {
  char path[96];
  th_err err = {0};
  snprintf(path, sizeof path, "%s/%s", folder, name);
  th_buf_init(out, 0);
  assert_int_equal(th_file_read(out, path, &err), 0);
}

static void write_bytes(const char *name, const th_buf *b) {
  char path[96];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(b->p, 1, b->n, f), b->n);
  assert_int_equal(fclose(f), 0);
}

/* Whether damage is told: when the registry is opened, or when a study is read. What is read
 * without a word must be what was stored. */
static bool is_told(uint32_t n, uint32_t n_second) {
  char dir[80], title[32];
  th_registry *r;
  th_err err = {0};
  bool told = false;
  th_buf b;
  snprintf(dir, sizeof dir, "%s/data", folder);
  if (th_registry_open(&r, dir, TH_REGISTRY_READ, &err)) return true;
  th_buf_init(&b, 0);
  for (uint32_t nct = 1; nct <= n && !told; nct++) {
    th_buf_clear(&b);
    snprintf(title, sizeof title, "%s", nct <= n_second ? "\"second\"" : "\"first\"");
    told = th_registry_study(r, nct, &b, NULL, NULL, &err) != 0;
    if (!told && !memmem(b.p, b.n, title, strlen(title)))
      fail_msg("study %u is not as it was stored", nct);
  }
  th_buf_dispose(&b);
  th_registry_close(r);
  return told;
}

/* An import whose writes are still in the log: with any bit of the log flipped the newest versions
 * are there, or the damage is told. SQLite itself would leave out the writes from the flip on. */
static void a_flipped_bit_in_pending_writes_is_told_or_harmless(void **state) {
  (void)state;
  enum { FIRST = 30, SECOND = 12 };
  char shm[96];
  th_buf records, db, wal;
  unsigned told = 0, tried = 0;
  fill("data", 1, FIRST, "first");
  read_bytes("data/store.db", &db); /* as if nothing of the log had come to it yet */
  th_registry *r = open_data(TH_REGISTRY_WRITE);
  th_buf_init(&records, 0);
  for (unsigned i = 1; i <= SECOND; i++)
    record(&records, i, "second");
  import_all(r, &records);
  read_bytes("data/store.db-wal", &wal);
  th_registry_close(r);
  assert_true(wal.n > 4096);
  snprintf(shm, sizeof shm, "%s/data/store.db-shm", folder);
  size_t step = getenv("TH_FULL") ? 1 : TH_MAX(wal.n / 400, (size_t)1) | 1;
  for (size_t i = 0; i <= wal.n; i += step, tried++) {
    bool flip = i < wal.n && tried; /* the first and the last are whole */
    if (flip) wal.p[i] ^= (char)(1 << i % 8);
    unlink(shm);
    write_bytes("data/store.db", &db);
    write_bytes("data/store.db-wal", &wal);
    bool found = is_told(FIRST, SECOND);
    assert_true(flip || !found);
    told += found;
    if (flip) wal.p[i] ^= (char)(1 << i % 8);
  }
  assert_true(told > 0 && told < tried);
  printf("%u of %u flips are told\n", told, tried);
  th_buf_dispose(&records);
  th_buf_dispose(&db);
  th_buf_dispose(&wal);
}

static void a_rebuild_reaches_open_readers(void **state) {
  (void)state;
  char dir[80];
  th_registry *reader, *writer;
  th_err err = {0};
  bool changed;
  fill("data", 1, 500, "one");
  snprintf(dir, sizeof dir, "%s/data", folder);
  assert_int_equal(th_registry_open(&reader, dir, TH_REGISTRY_READ, &err), 0);
  writer = open_data(TH_REGISTRY_WRITE);
  const th_snapshot *s = th_index_acquire(th_registry_index(reader));
  uint64_t before = s->generation;
  th_index_release(th_registry_index(reader), s);
  assert_int_equal(th_registry_index_update(writer, true, false, NULL, NULL, &err), 0);
  s = th_index_acquire(th_registry_index(writer));
  assert_true(s->generation > before);
  assert_int_equal(s->n_live, 500);
  th_index_release(th_registry_index(writer), s);
  assert_int_equal(th_index_refresh(th_registry_index(reader), &changed, &err), 0);
  assert_true(changed);
  th_registry_close(writer);
  th_registry_close(reader);
  expect_sound(500);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_FOLDER(same_changed_and_rejected),
      IN_FOLDER(the_same_in_other_bytes),
      IN_FOLDER(order_of_the_input_is_order_of_versions),
      IN_FOLDER(the_index_follows_the_log),
      IN_FOLDER(a_missing_file_does_not_end_the_run),
      IN_FOLDER(an_index_of_another_store_is_refused),
      IN_FOLDER(an_older_store_is_told_from_the_newer),
      IN_FOLDER(a_damaged_manifest_is_mended_by_a_rebuild),
      IN_FOLDER(an_index_of_another_version_is_renewed),
      IN_FOLDER(a_rebuild_stands_beside_until_it_is_whole),
      IN_FOLDER(a_flipped_bit_in_pending_writes_is_told_or_harmless),
      IN_FOLDER(a_store_without_index_and_an_index_without_store),
      IN_FOLDER(a_rebuild_reaches_open_readers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
