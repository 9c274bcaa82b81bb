#include "store_test.h"

#include <pthread.h>

typedef struct fixture {
  char folder[64];
  th_store *store;
  th_store_reader *reader;
  th_buf out;
} fixture;

static void reopen(fixture *f) {
  th_err err = {0};
  th_store_reader_release(f->reader);
  th_store_close(f->store);
  f->reader = NULL;
  if (th_store_open(&f->store, f->folder, TH_STORE_WRITE, &err)) fail_msg("%s", err.message);
  f->reader = th_store_reader_acquire(f->store, &err);
  assert_non_null(f->reader);
}

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  snprintf(f->folder, sizeof f->folder, "/tmp/th-store-XXXXXX");
  if (!mkdtemp(f->folder)) return -1;
  th_buf_init(&f->out, 0);
  reopen(f);
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  th_store_reader_release(f->reader);
  th_store_close(f->store);
  test_remove_folder(f->folder);
  th_buf_dispose(&f->out);
  free(f);
  return 0;
}

static th_put put_of(uint32_t nct, const char *json) {
  th_put p = {.nct = nct, .json = th_span_of(json)};
  th_store_hash(p.json, p.hash);
  return p;
}

static th_put put_one(fixture *f, uint32_t nct, const char *json) {
  th_err err = {0};
  th_put p = put_of(nct, json);
  if (th_store_put(f->store, &p, 1, &err)) fail_msg("%s", err.message);
  return p;
}

static void expect(fixture *f, uint32_t nct, int version, const char *json) {
  th_err err = {0};
  th_record record;
  int rc = th_store_get(f->reader, nct, version, &f->out, &record, &err);
  if (!json) {
    assert_int_equal(rc, TH_ENOTFOUND);
    assert_int_equal(err.code, TH_ENOTFOUND);
    return;
  }
  if (rc) fail_msg("%s", err.message);
  assert_int_equal(record.nct, nct);
  assert_true(th_span_eq(record.json, th_span_of(json)));
  assert_int_equal(record.len, strlen(json));
}

static void versions_are_kept(void **state) {
  fixture *f = *state;
  th_put p = put_one(f, 102, "{\"a\":1}");
  assert_int_equal(p.outcome, TH_PUT_NEW);
  assert_int_equal(p.version, 1);
  assert_int_equal(p.seq, 1);
  p = put_one(f, 102, "{\"a\":1}");
  assert_int_equal(p.outcome, TH_PUT_UNCHANGED);
  assert_int_equal(p.seq, 1);
  p = put_one(f, 102, "{ \"a\":1}"); /* white space is part of the record */
  assert_int_equal(p.outcome, TH_PUT_CHANGED);
  assert_int_equal(p.version, 2);
  put_one(f, 7, "{}");
  for (int round = 0; round < 2; round++, reopen(f)) {
    expect(f, 102, -1, "{ \"a\":1}");
    expect(f, 102, 2, "{ \"a\":1}");
    expect(f, 102, 1, "{\"a\":1}");
    expect(f, 102, 3, NULL);
    expect(f, 7, -1, "{}");
    expect(f, 8, -1, NULL);
    expect(f, 8, 1, NULL);
  }
}

static void a_batch_may_name_a_study_twice(void **state) {
  fixture *f = *state;
  th_err err = {0};
  th_put p[3] = {put_of(5, "one"), put_of(5, "two"), put_of(5, "two")};
  assert_int_equal(th_store_put(f->store, p, 3, &err), 0);
  assert_int_equal(p[0].outcome, TH_PUT_NEW);
  assert_int_equal(p[1].outcome, TH_PUT_CHANGED);
  assert_int_equal(p[2].outcome, TH_PUT_UNCHANGED);
  expect(f, 5, -1, "two");
  expect(f, 5, 1, "one");
}

static void a_batch_is_all_or_nothing(void **state) {
  fixture *f = *state;
  th_err err = {0};
  th_put p[2] = {put_of(5, "one"), put_of(0, "no number")};
  assert_int_equal(th_store_put(f->store, p, 2, &err), TH_EUSAGE);
  expect(f, 5, -1, NULL);
  p[1] = put_of(100000000, "too large a number");
  assert_int_equal(th_store_put(f->store, p, 2, NULL), TH_EUSAGE);
  p[1] = put_of(6, "");
  assert_int_equal(th_store_put(f->store, p, 2, NULL), TH_ELIMIT);
  p[1] = put_of(6, "x");
  p[1].packed = TH_SPAN("packed with an unknown dictionary");
  p[1].dict_id = 9;
  assert_int_equal(th_store_put(f->store, p, 2, NULL), TH_EUSAGE);
  expect(f, 5, -1, NULL);
  assert_int_equal(put_one(f, 5, "one").seq, 1);
}

typedef struct entry_list {
  size_t n;
  th_record entries[32];
} entry_list;

static int collect(void *ctx, const th_record *record) {
  entry_list *list = ctx;
  list->entries[list->n++] = *record;
  return list->n == 32 ? 99 : 0;
}

static void removal_is_an_entry(void **state) {
  fixture *f = *state;
  th_err err = {0};
  uint64_t seq = 0;
  put_one(f, 5, "one");
  assert_int_equal(th_store_remove(f->store, 5, &seq, &err), 0);
  assert_int_equal(seq, 2);
  assert_int_equal(th_store_remove(f->store, 5, NULL, &err), TH_ENOTFOUND);
  expect(f, 5, -1, NULL);
  expect(f, 5, 1, "one");
  th_put p = put_one(f, 5, "one");
  assert_int_equal(p.outcome, TH_PUT_NEW);
  assert_int_equal(p.version, 2);
  expect(f, 5, -1, "one");

  entry_list list = {0};
  th_err_clear(&err);
  assert_int_equal(th_store_history(f->reader, 5, collect, &list, &err), 0);
  assert_int_equal(list.n, 3);
  assert_int_equal(list.entries[0].version, 2);
  assert_int_equal(list.entries[1].kind, TH_CHANGE_REMOVE);
  assert_int_equal(list.entries[2].seq, 1);
  assert_true(list.entries[2].stored_utc > 1700000000);
  assert_int_equal(th_store_history(f->reader, 6, collect, &list, &err), TH_ENOTFOUND);
}

static void the_log_is_in_order(void **state) {
  fixture *f = *state;
  th_err err = {0};
  for (uint32_t i = 0; i < 10; i++)
    put_one(f, 100 - i, "x");
  assert_int_equal(th_store_remove(f->store, 95, NULL, &err), 0);
  entry_list list = {0};
  assert_int_equal(th_store_changes(f->reader, 3, 4, collect, &list, &err), 0);
  assert_int_equal(list.n, 4);
  assert_int_equal(list.entries[0].seq, 4);
  assert_int_equal(list.entries[3].nct, 94);
  list.n = 0;
  assert_int_equal(th_store_changes(f->reader, 10, 100, collect, &list, &err), 0);
  assert_int_equal(list.n, 1);
  assert_int_equal(list.entries[0].kind, TH_CHANGE_REMOVE);
  assert_int_equal(list.entries[0].nct, 95);
  list.n = 0;
  assert_int_equal(th_store_changes(f->reader, 11, 100, collect, &list, &err), 0);
  assert_int_equal(list.n, 0);
  uint64_t last = 0;
  assert_int_equal(th_store_last_seq(f->reader, &last, &err), 0);
  assert_int_equal(last, 11);
  list.n = 31; /* the next makes it full: its callback ends the walk */
  assert_int_equal(th_store_changes(f->reader, 0, 100, collect, &list, &err), 99);
}

static void scan_and_hashes_leave_out_the_removed(void **state) {
  fixture *f = *state;
  th_err err = {0};
  for (uint32_t i = 10; i < 20; i++)
    put_one(f, i, "x");
  put_one(f, 12, "y");
  assert_int_equal(th_store_remove(f->store, 13, NULL, &err), 0);
  entry_list list = {0};
  assert_int_equal(th_store_scan(f->reader, 12, 15, collect, &list, &err), 0);
  assert_int_equal(list.n, 3);
  assert_int_equal(list.entries[0].nct, 12);
  assert_int_equal(list.entries[0].version, 2);
  assert_int_equal(list.entries[1].nct, 14);

  th_hashes h;
  uint64_t x[2], y[2];
  th_store_hash(TH_SPAN("x"), x);
  th_store_hash(TH_SPAN("y"), y);
  assert_int_equal(th_store_hashes(f->reader, &h, &err), 0);
  assert_int_equal(h.n, 9);
  assert_memory_equal(th_hashes_find(&h, 19), x, sizeof x);
  assert_memory_equal(th_hashes_find(&h, 12), y, sizeof y);
  assert_null(th_hashes_find(&h, 13));
  assert_null(th_hashes_find(&h, 9));
  assert_null(th_hashes_find(&h, 20));
  th_hashes_dispose(&h);

  th_store_counts c;
  assert_int_equal(th_store_stats(f->reader, &c, &err), 0);
  assert_int_equal(c.studies, 9);
  assert_int_equal(c.removed, 1);
  assert_int_equal(c.versions, 11);
  assert_int_equal(c.last_seq, 12);
  assert_int_equal(c.json_bytes, 11);
  assert_true(c.file_bytes > 0 && c.last_utc > 0);
}

static void aliases_follow_the_record(void **state) {
  fixture *f = *state;
  th_err err = {0};
  uint32_t current = 0;
  const uint32_t first[] = {1, 2, 50, 0}, second[] = {2, 3};
  th_put p = put_of(50, "one");
  p.aliases = first;
  p.n_aliases = 4;
  assert_int_equal(th_store_put(f->store, &p, 1, &err), 0);
  assert_int_equal(th_store_alias(f->reader, 1, &current, &err), 0);
  assert_int_equal(current, 50);
  assert_int_equal(th_store_alias(f->reader, 50, &current, NULL), TH_ENOTFOUND);
  p = put_of(50, "two");
  p.aliases = second;
  p.n_aliases = 2;
  assert_int_equal(th_store_put(f->store, &p, 1, &err), 0);
  assert_int_equal(th_store_alias(f->reader, 1, &current, NULL), TH_ENOTFOUND);
  assert_int_equal(th_store_alias(f->reader, 3, &current, &err), 0);
  assert_int_equal(current, 50);
  assert_int_equal(th_store_remove(f->store, 50, NULL, &err), 0);
  assert_int_equal(th_store_alias(f->reader, 3, &current, NULL), TH_ENOTFOUND);
}

static void values_are_kept(void **state) {
  fixture *f = *state;
  th_err err = {0};
  th_span value = TH_SPAN("2026-01-02T03:04:05"), empty = TH_SPAN("");
  assert_int_equal(th_store_meta_get(f->reader, "dataTimestamp", &f->out, NULL), TH_ENOTFOUND);
  assert_int_equal(th_store_meta_set(f->store, "dataTimestamp", &value, &err), 0);
  assert_int_equal(th_store_meta_set(f->store, "demo", &empty, &err), 0);
  reopen(f);
  assert_int_equal(th_store_meta_get(f->reader, "dataTimestamp", &f->out, &err), 0);
  assert_true(th_span_eq(th_buf_view(&f->out), value));
  assert_int_equal(th_store_meta_get(f->reader, "demo", &f->out, &err), 0);
  assert_int_equal(f->out.n, 0);
  assert_int_equal(th_store_meta_set(f->store, "demo", NULL, &err), 0);
  assert_int_equal(th_store_meta_get(f->reader, "demo", &f->out, NULL), TH_ENOTFOUND);
  assert_int_equal(th_store_meta_set(f->store, "", &value, NULL), TH_EUSAGE);
}

static void one_writer_many_readers(void **state) {
  fixture *f = *state;
  th_err err = {0};
  th_store *other = NULL;
  assert_int_equal(th_store_open(&other, f->folder, TH_STORE_WRITE, &err), TH_EBUSY);
  assert_null(other);
  th_err_clear(&err);
  assert_int_equal(th_store_open(&other, f->folder, TH_STORE_READ, &err), 0);
  th_put p = put_of(5, "one");
  assert_int_equal(th_store_put(other, &p, 1, NULL), TH_EUSAGE);
  put_one(f, 5, "one");
  th_store_reader *r = th_store_reader_acquire(other, &err);
  assert_int_equal(th_store_get(r, 5, -1, &f->out, NULL, &err), 0);
  put_one(f, 5, "two"); /* the next statement sees the newest state */
  assert_int_equal(th_store_get(r, 5, -1, &f->out, NULL, &err), 0);
  assert_true(th_span_eq(th_buf_view(&f->out), TH_SPAN("two")));
  th_store_reader_release(r);
  th_store_close(other);
  assert_int_equal(th_store_open(&other, "/tmp/th-no-such-folder", TH_STORE_READ, &err),
                   TH_ENOTFOUND);
}

enum { MANY = 600 };

/* Records of one kind, so that a dictionary is worth it. */
static void make_many(th_buf *text, th_span *spans) {
  size_t at[MANY + 1];
  for (uint32_t i = 0; i < MANY; i++) {
    at[i] = text->n;
    test_record(text, i + 1, 0, text->n + 3000);
  }
  at[MANY] = text->n;
  assert_int_equal(text->error, 0);
  for (size_t i = 0; i < MANY; i++)
    spans[i] = (th_span){text->p + at[i], at[i + 1] - at[i]};
}

static void dictionaries_live_side_by_side(void **state) {
  fixture *f = *state;
  th_err err = {0};
  th_buf text, packed;
  th_span json[MANY];
  uint32_t id = 7, used = 7;
  th_buf_init(&text, 0);
  th_buf_init(&packed, 0);
  make_many(&text, json);
  assert_int_equal(th_store_train(f->store, json, 10, &id, &err), 0);
  assert_int_equal(id, 0); /* too few */
  th_packer *packer = th_store_packer_new(f->store, &err);
  for (uint32_t round = 0; round < 3; round++) {
    if (round) assert_int_equal(th_store_train(f->store, json, MANY, &id, &err), 0);
    assert_int_equal(id, round);
    assert_int_equal(th_store_dict(f->store), round);
    th_put p = {.nct = round + 1, .json = json[round]};
    th_store_hash(p.json, p.hash);
    th_buf_clear(&packed);
    assert_int_equal(th_packer_pack(packer, p.json, &packed, &p.dict_id, &err), 0);
    assert_int_equal(p.dict_id, round);
    used = p.dict_id;
    p.packed = th_buf_view(&packed);
    assert_int_equal(th_store_put(f->store, &p, 1, &err), 0);
  }
  th_packer_free(packer);
  assert_int_equal(used, 2);
  reopen(f);
  assert_int_equal(th_store_dict(f->store), 2);
  th_store *other;
  assert_int_equal(th_store_open(&other, f->folder, TH_STORE_READ, &err), 0);
  th_store_reader *r = th_store_reader_acquire(other, &err);
  for (uint32_t i = 0; i < 3; i++) {
    if (th_store_get(r, i + 1, -1, &f->out, NULL, &err)) fail_msg("%s", err.message);
    assert_true(th_span_eq(th_buf_view(&f->out), json[i]));
  }
  th_store_reader_release(r);
  th_store_close(other);
  th_buf_dispose(&text);
  th_buf_dispose(&packed);
}

/* ---- readers beside the writer ---- */

typedef struct race {
  th_store *store;
  _Atomic bool stop;
  _Atomic size_t wrong;
} race;

/* Whatever a reader sees is a whole record of the study it asked for. */
static void *read_all_the_time(void *arg) {
  race *r = arg;
  th_buf out, want;
  th_buf_init(&out, 0);
  th_buf_init(&want, 0);
  uint64_t state = (uintptr_t)&out;
  for (size_t round = 0; !r->stop; round++) {
    th_store_reader *reader = th_store_reader_acquire(r->store, NULL);
    uint32_t nct = 1 + (uint32_t)(test_random(&state) % 50);
    th_record record;
    int rc = th_store_get(reader, nct, -1, &out, &record, NULL);
    if (rc == 0) {
      th_buf_clear(&want);
      test_record(&want, nct, record.version, 2000);
      if (!th_span_eq(th_buf_view(&want), record.json)) r->wrong++;
    } else if (rc != TH_ENOTFOUND) {
      r->wrong++;
    }
    th_store_reader_release(reader);
  }
  th_buf_dispose(&out);
  th_buf_dispose(&want);
  return NULL;
}

static void readers_see_whole_records(void **state) {
  fixture *f = *state;
  race r = {.store = f->store};
  pthread_t t[3];
  th_buf text;
  th_err err = {0};
  th_buf_init(&text, 0);
  for (size_t i = 0; i < 3; i++)
    assert_int_equal(pthread_create(&t[i], NULL, read_all_the_time, &r), 0);
  for (uint32_t version = 1; version <= 8; version++) {
    for (uint32_t nct = 1; nct <= 50; nct++) {
      th_buf_clear(&text);
      test_record(&text, nct, version, 2000);
      th_put p = {.nct = nct, .json = th_buf_view(&text)};
      th_store_hash(p.json, p.hash);
      assert_int_equal(th_store_put(f->store, &p, 1, &err), 0);
      assert_int_equal(p.version, version);
    }
    assert_int_equal(th_store_checkpoint(f->store, &err), 0);
  }
  r.stop = true;
  for (size_t i = 0; i < 3; i++)
    pthread_join(t[i], NULL);
  assert_int_equal(r.wrong, 0);
  th_buf_dispose(&text);
}

static void print_problem(void *ctx, uint32_t nct, const char *text) {
  (void)ctx;
  print_message("NCT%08u: %s\n", nct, text);
}

static void check_of_a_sound_store_is_silent(void **state) {
  fixture *f = *state;
  th_err err = {0};
  assert_int_equal(th_store_check(f->reader, true, print_problem, NULL, &err), 0);
  const uint32_t alias = 99;
  for (uint32_t i = 1; i < 30; i++)
    put_one(f, i % 10 + 1, i % 3 ? "x" : "y");
  th_put p = put_of(40, "z");
  p.aliases = &alias;
  p.n_aliases = 1;
  assert_int_equal(th_store_put(f->store, &p, 1, &err), 0);
  assert_int_equal(th_store_remove(f->store, 3, NULL, &err), 0);
  assert_int_equal(th_store_meta_set(f->store, "a", &TH_SPAN("b"), &err), 0);
  assert_int_equal(th_store_check(f->reader, false, print_problem, NULL, &err), 0);
  assert_int_equal(th_store_check(f->reader, true, print_problem, NULL, &err), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(versions_are_kept),         TEST(a_batch_may_name_a_study_twice),
      TEST(a_batch_is_all_or_nothing), TEST(removal_is_an_entry),
      TEST(the_log_is_in_order),       TEST(scan_and_hashes_leave_out_the_removed),
      TEST(aliases_follow_the_record), TEST(values_are_kept),
      TEST(one_writer_many_readers),   TEST(dictionaries_live_side_by_side),
      TEST(readers_see_whole_records), TEST(check_of_a_sound_store_is_silent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
