/* Damage: flipped bits anywhere in the file, a file cut short, and rows that someone changed behind
 * our back. Every read gives the right bytes or an error, and the check always reports. */
#include "store_test.h"

#include "base/file.h"
#include "store/page_vfs.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <time.h>

enum { STUDIES = 300, LEN = 3000, REMOVED = 17, VERSIONED = 20, ALIAS = 900, STRANGER = 777 };

typedef struct fixture {
  char folder[64], path[80];
  th_buf file; /* as it is when sound */
  th_buf text, got;
  size_t problems;
  uint64_t random;
} fixture;

static void expected(fixture *f, uint32_t nct, uint32_t version) {
  th_buf_clear(&f->text);
  test_record(&f->text, nct, version, LEN);
}

static void put_version(fixture *f, th_store *store, uint32_t nct, uint32_t version) {
  static const uint32_t alias = ALIAS;
  th_err err = {0};
  expected(f, nct, version);
  th_put p = {.nct = nct, .json = th_buf_view(&f->text)};
  if (nct == VERSIONED) p.aliases = &alias, p.n_aliases = 1;
  th_store_hash(p.json, p.hash);
  if (th_store_put(store, &p, 1, &err)) fail_msg("%s", err.message);
}

static void train(fixture *f, th_store *store) {
  th_err err = {0};
  th_span samples[400];
  size_t at[401];
  uint32_t id = 0;
  th_buf_clear(&f->text);
  for (uint32_t i = 0; i < 400; i++) {
    at[i] = f->text.n;
    test_record(&f->text, i + 1, 5, f->text.n + LEN);
  }
  at[400] = f->text.n;
  for (size_t i = 0; i < 400; i++)
    samples[i] = (th_span){f->text.p + at[i], at[i + 1] - at[i]};
  assert_int_equal(th_store_train(store, samples, 400, &id, &err), 0);
  assert_int_equal(id, 1);
}

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  th_err err = {0};
  th_store *store;
  const char *given = getenv("TRIALHEAD_SEED");
  uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
  print_message("seed %llu (set TRIALHEAD_SEED to repeat)\n", (unsigned long long)seed);
  f->random = seed * 2 + 1;
  snprintf(f->folder, sizeof f->folder, "/tmp/th-damage-XXXXXX");
  if (!mkdtemp(f->folder)) return -1;
  snprintf(f->path, sizeof f->path, "%s/store.db", f->folder);
  th_buf_init(&f->file, 0);
  th_buf_init(&f->text, 0);
  th_buf_init(&f->got, 0);
  if (th_store_open(&store, f->folder, TH_STORE_WRITE, &err)) return -1;
  for (uint32_t nct = 1; nct <= 10; nct++)
    put_version(f, store, nct, 1);
  train(f, store);
  for (uint32_t nct = 11; nct <= STUDIES; nct++)
    put_version(f, store, nct, 1);
  for (uint32_t version = 2; version <= 4; version++)
    put_version(f, store, VERSIONED, version);
  if (th_store_remove(store, REMOVED, NULL, &err)) return -1;
  if (th_store_meta_set(store, "timestamp", &TH_SPAN("2026"), &err)) return -1;
  th_store_close(store);
  *state = f;
  return th_file_read(&f->file, f->path, &err);
}

static int tear_down(void **state) {
  fixture *f = *state;
  test_remove_folder(f->folder);
  th_buf_dispose(&f->file);
  th_buf_dispose(&f->text);
  th_buf_dispose(&f->got);
  free(f);
  return 0;
}

/* Writes the file anew: n bytes of the sound one, with byte `at` changed by mask. */
static void lay_out(fixture *f, size_t n, size_t at, uint8_t mask) {
  char beside[96];
  th_err err = {0};
  snprintf(beside, sizeof beside, "%s-wal", f->path);
  unlink(beside);
  snprintf(beside, sizeof beside, "%s-shm", f->path);
  unlink(beside);
  int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  f->file.p[at] = (char)(f->file.p[at] ^ mask);
  assert_int_equal(th_fd_write(fd, f->file.p, n, &err), 0);
  f->file.p[at] = (char)(f->file.p[at] ^ mask);
  close(fd);
}

static void count_problem(void *ctx, uint32_t nct, const char *text) {
  (void)nct, (void)text;
  ((fixture *)ctx)->problems++;
}

/* The right bytes or an error other than "not found". Counts the errors. */
static size_t read_one(fixture *f, th_store_reader *r, uint32_t nct, int version, uint32_t want) {
  int rc = th_store_get(r, nct, version, &f->got, NULL, NULL);
  if (rc) {
    assert_int_not_equal(rc, TH_ENOTFOUND);
    assert_int_equal(f->got.n, 0);
    return 1;
  }
  expected(f, nct, want);
  assert_true(th_span_eq(th_buf_view(&f->got), th_buf_view(&f->text)));
  return 0;
}

static int count_change(void *ctx, const th_record *record) {
  size_t *n = ctx;
  assert_int_equal(record->seq, ++*n);
  return 0;
}

static size_t read_all(fixture *f, th_store_reader *r) {
  size_t errors = 0, changes = 0;
  uint32_t current = 0;
  for (uint32_t nct = 1; nct <= STUDIES; nct++)
    if (nct != REMOVED) errors += read_one(f, r, nct, -1, nct == VERSIONED ? 4 : 1);
  for (int version = 1; version <= 4; version++)
    errors += read_one(f, r, VERSIONED, version, (uint32_t)version);
  errors += read_one(f, r, REMOVED, 1, 1);
  assert_true(th_store_get(r, REMOVED, -1, &f->got, NULL, NULL) < 0);
  assert_true(th_store_get(r, STRANGER, -1, &f->got, NULL, NULL) < 0);
  if (th_store_changes(r, 0, SIZE_MAX, count_change, &changes, NULL))
    errors++;
  else
    assert_int_equal(changes, STUDIES + 4);
  int rc = th_store_alias(r, ALIAS, &current, NULL);
  assert_int_not_equal(rc, TH_ENOTFOUND);
  if (rc)
    errors++;
  else
    assert_int_equal(current, VERSIONED);
  rc = th_store_meta_get(r, "timestamp", &f->got, NULL);
  assert_int_not_equal(rc, TH_ENOTFOUND);
  if (rc)
    errors++;
  else
    assert_true(th_span_eq(th_buf_view(&f->got), TH_SPAN("2026")));
  return errors;
}

/* True when the damage was reported, by the opening or by the check. */
static bool inspect(fixture *f, size_t *errors) {
  th_store *store;
  th_err err = {0};
  f->problems = 0;
  *errors = 0;
  if (th_store_open(&store, f->folder, TH_STORE_READ, &err)) return true;
  th_store_reader *r = th_store_reader_acquire(store, &err);
  bool reported = !r;
  if (r) {
    *errors = read_all(f, r);
    th_err_clear(&err);
    int rc = th_store_check(r, false, count_problem, f, &err);
    assert_int_equal(rc == 0, f->problems == 0);
    reported = rc != 0;
  }
  th_store_reader_release(r);
  th_store_close(store);
  return reported;
}

static void sound(void **state) {
  fixture *f = *state;
  size_t errors;
  lay_out(f, f->file.n, 0, 0);
  assert_false(inspect(f, &errors));
  assert_int_equal(errors, 0);
}

static void flipped_bits(void **state) {
  fixture *f = *state;
  size_t errors, pages = f->file.n / TH_STORE_PAGE_BYTES;
  int rounds = getenv("TH_FULL") ? 20000 : 250;
  for (int i = 0; i < rounds; i++) {
    /* Half of them in the first 100 bytes of a page, where its structure stands. */
    size_t at = test_random(&f->random) % f->file.n;
    if (i % 2) at = at % pages * TH_STORE_PAGE_BYTES + test_random(&f->random) % 100;
    lay_out(f, f->file.n, at, (uint8_t)(1 << (test_random(&f->random) % 8)));
    if (!inspect(f, &errors)) fail_msg("a flip at byte %zu was not reported", at);
  }
}

static void every_bit_of_the_file_header(void **state) {
  fixture *f = *state;
  size_t errors;
  for (size_t bit = 0; bit < 800; bit += getenv("TH_FULL") ? 1 : 7) {
    lay_out(f, f->file.n, bit / 8, (uint8_t)(1 << (bit % 8)));
    if (!inspect(f, &errors)) fail_msg("a flip of bit %zu was not reported", bit);
  }
}

static void files_cut_short(void **state) {
  fixture *f = *state;
  size_t errors;
  for (int i = 0; i < (getenv("TH_FULL") ? 2000 : 60); i++) {
    size_t n = test_random(&f->random) % f->file.n;
    if (i % 2) n -= n % TH_STORE_PAGE_BYTES;
    lay_out(f, n, 0, 0);
    if (!inspect(f, &errors)) fail_msg("a file cut to %zu bytes was not reported", n);
  }
}

/* Pages that check, with contents that do not. reads: whether reads notice too; what no read looks
 * at (a further alias) only the check can find. */
static const struct lie {
  const char *sql;
  bool reads;
} lies[] = {
    {"UPDATE log SET nct=nct+1000 WHERE seq=9", true},
    {"UPDATE log SET version=7 WHERE seq=9", true},
    {"UPDATE log SET kind=2 WHERE seq=9", true},
    {"UPDATE log SET kind=1 WHERE kind=2", true},
    {"UPDATE log SET prev=0 WHERE prev<>0", true},
    {"UPDATE log SET utc=utc+1 WHERE seq=9", true},
    {"UPDATE log SET len=len-1 WHERE seq=9", true},
    {"UPDATE log SET dict=0 WHERE seq=100", true},
    {"UPDATE log SET hash_a=hash_a+1 WHERE seq=9", true},
    {"UPDATE log SET packed_sum=1 WHERE seq=9", true},
    {"UPDATE log SET seq=5000 WHERE seq=9", true},
    {"UPDATE log SET len='text' WHERE seq=9", true},
    {"DELETE FROM log WHERE seq=9", true},
    {"DELETE FROM body WHERE seq=9", true},
    {"UPDATE body SET packed=(SELECT packed FROM body WHERE seq=8) WHERE seq=9", true},
    {"UPDATE body SET packed=packed||x'00' WHERE seq=9", true},
    {"UPDATE body SET packed=x'' WHERE seq=9", true},
    {"UPDATE newest SET seq=8 WHERE nct=9", true},
    {"UPDATE newest SET nct=5000 WHERE nct=9", false},
    {"UPDATE alias SET nct=9", true},
    {"INSERT INTO alias VALUES(901,9,0)", false},
    {"UPDATE meta SET value='2025'", true},
    {"UPDATE dict SET bytes=zeroblob(length(bytes))", true},
    {"DELETE FROM dict", true},
    {"DROP TABLE body", true},
};

static void rows_changed_behind_our_back(void **state) {
  fixture *f = *state;
  size_t errors;
  for (size_t i = 0; i < TH_COUNT(lies); i++) {
    sqlite3 *db;
    char *message = NULL;
    lay_out(f, f->file.n, 0, 0);
    assert_int_equal(sqlite3_open_v2(f->path, &db, SQLITE_OPEN_READWRITE, TH_STORE_VFS), SQLITE_OK);
    if (sqlite3_exec(db, lies[i].sql, NULL, NULL, &message)) fail_msg("%s", message);
    sqlite3_close(db);
    /* A pointer that is gone cannot be told from a study that never was, but for the check. */
    if (!lies[i].reads) {
      th_store *store;
      th_err err = {0};
      assert_int_equal(th_store_open(&store, f->folder, TH_STORE_READ, &err), 0);
      th_store_reader *r = th_store_reader_acquire(store, &err);
      assert_int_equal(th_store_check(r, false, count_problem, f, &err), TH_ECORRUPT);
      th_store_reader_release(r);
      th_store_close(store);
      continue;
    }
    if (!inspect(f, &errors)) fail_msg("not reported: %s", lies[i].sql);
    if (!errors) fail_msg("reads did not notice: %s", lies[i].sql);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound),           cmocka_unit_test(rows_changed_behind_our_back),
      cmocka_unit_test(flipped_bits),    cmocka_unit_test(every_bit_of_the_file_header),
      cmocka_unit_test(files_cut_short),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
