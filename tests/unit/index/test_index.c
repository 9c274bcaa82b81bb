/* Generations: what is live after any sequence of publishing, removing and merging, against a plain
 * model; damage to manifest and bitmaps; crashes; readers beside a writer. */
#include "../test.h"

#include <assert.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "index/index_private.h"
#include "small_segment.h"

static uint64_t seed;
static char dir[64];

static int fresh_folder(void **state) {
  (void)state;
  snprintf(dir, sizeof dir, "/tmp/th_index_XXXXXX");
  return mkdtemp(dir) ? 0 : -1;
}

static int remove_folder(void **state) {
  DIR *folder = opendir(dir);
  (void)state;
  for (struct dirent *e; folder && (e = readdir(folder));) {
    char path[400];
    snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
    unlink(path);
  }
  if (folder) closedir(folder);
  return rmdir(dir);
}

static th_index *open_index(bool write) {
  th_index *index;
  th_err err = {0};
  if (th_index_open(&index, dir, write, &err)) fail_msg("%s", err.message);
  return index;
}

static size_t files_with(const char *ending) {
  DIR *folder = opendir(dir);
  size_t n = 0, len = strlen(ending);
  for (struct dirent *e; (e = readdir(folder));) {
    size_t have = strlen(e->d_name);
    n += have >= len && strcmp(e->d_name + have - len, ending) == 0;
  }
  closedir(folder);
  return n;
}

/* ---- a model: the newest seq of each study ---- */

enum { STUDIES = 300 };
typedef struct model {
  uint64_t newest[STUDIES]; /* 0 = gone */
  uint64_t seq;
} model;

/* A segment of some versions of random studies, newest last but in any order of numbers. */
static void make_segment(const char *path, model *m, uint32_t n_docs) {
  small_docs d;
  small_random(&d, &seed, n_docs, 6, 1, 1);
  for (uint32_t i = 0; i < n_docs; i++) {
    uint32_t study = small_draw(&seed, STUDIES);
    d.nct[i] = study + 1000;
    d.seq[i] = ++m->seq;
    m->newest[study] = m->seq;
  }
  small_write(&d, path);
  small_dispose(&d);
}

static void check_snapshot(const th_snapshot *s, const model *m) {
  uint32_t live = 0, docs = 0, n_live = 0;
  for (uint32_t study = 0; study < STUDIES; study++) {
    uint32_t segment, doc;
    bool found = th_snapshot_find(s, study + 1000, &segment, &doc);
    assert_int_equal(found, m->newest[study] != 0);
    if (!found) continue;
    live++;
    assert_int_equal(th_segment_nct(s->segments[segment], doc), study + 1000);
    assert_int_equal(th_segment_seq(s->segments[segment], doc), m->newest[study]);
  }
  for (uint32_t i = 0; i < s->n_segments; i++) {
    uint32_t n = th_segment_docs(s->segments[i]), bits = 0;
    docs += n;
    for (uint32_t d = 0; d < n; d++)
      bits += !s->live[i] || (s->live[i][d / 64] >> (d % 64) & 1);
    assert_int_equal(bits, s->live_docs[i]);
    assert_true(bits > 0);
    n_live += bits;
  }
  assert_int_equal(live, s->n_live);
  assert_int_equal(n_live, s->n_live);
  assert_int_equal(docs, s->n_docs);
  assert_int_equal(s->applied_seq, m->seq);
  assert_int_equal(th_snapshot_state(s, NULL), 0);
}

static void fail_on_problem(void *ctx, const char *text) {
  (void)ctx;
  fail_msg("%s", text);
}

static void check_all(th_index *index, const model *m) {
  const th_snapshot *s = th_index_acquire(index);
  th_err err = {0};
  check_snapshot(s, m);
  assert_int_equal(files_with(".seg"), s->n_segments);
  size_t bitmaps = 0;
  for (uint32_t i = 0; i < s->n_segments; i++)
    bitmaps += s->live[i] != NULL;
  assert_int_equal(files_with(".live"), bitmaps);
  assert_int_equal(files_with(".tmp"), 0);
  th_index_release(index, s);
  if (th_index_check(dir, true, fail_on_problem, NULL, &err)) fail_msg("%s", err.message);
}

/* Publishes n_segments new segments and some removals. */
static int publish(th_index *index, model *m, unsigned n_segments, unsigned n_removed,
                   th_err *err) {
  char paths[4][TH_INDEX_PATH_MAX];
  const char *added[4];
  uint32_t removed[8];
  uint64_t removed_seq[8];
  for (unsigned i = 0; i < n_segments; i++) {
    th_index_new_segment_path(index, paths[i], sizeof paths[i]);
    make_segment(paths[i], m, 1 + small_draw(&seed, 40));
    added[i] = paths[i];
  }
  for (unsigned i = 0; i < n_removed; i++) {
    uint32_t study = small_draw(&seed, STUDIES);
    removed[i] = study + 1000;
    removed_seq[i] = ++m->seq;
    m->newest[study] = 0;
  }
  th_index_update u = {added, n_segments, removed, removed_seq, n_removed, m->seq};
  return th_index_publish(index, &u, err);
}

static void must_publish(th_index *index, model *m, unsigned n_segments, unsigned n_removed) {
  th_err err = {0};
  if (publish(index, m, n_segments, n_removed, &err)) fail_msg("%s", err.message);
}

static void must_merge(th_index *index, bool all) {
  th_err err = {0};
  if (th_index_merge(index, all, NULL, &err)) fail_msg("%s", err.message);
}

/* ---- tests ---- */

static void an_empty_index_answers(void **state) {
  th_index *index = NULL;
  th_err err = {0};
  model m = {{0}, 0};
  (void)state;
  assert_int_equal(th_index_open(&index, dir, false, &err), TH_ENOTFOUND);
  assert_null(index);
  index = open_index(true);
  check_all(index, &m);
  const th_snapshot *s = th_index_acquire(index);
  assert_int_equal(s->n_segments, 0);
  th_index_release(index, s);
  must_merge(index, true);
  th_index_close(index);
  index = open_index(false);
  th_err_clear(&err);
  assert_int_equal(th_index_clear(index, &err), TH_EUSAGE);
  th_index_close(index);
}

static void the_newest_version_is_live(void **state) {
  model m = {{0}, 0};
  th_index *index = open_index(true);
  (void)state;
  for (int round = 0; round < 60; round++) {
    must_publish(index, &m, small_draw(&seed, 4), small_draw(&seed, 3));
    if (small_draw(&seed, 4) == 0) must_merge(index, small_draw(&seed, 4) == 0);
    if (round % 5 == 0) check_all(index, &m);
    if (small_draw(&seed, 8)) continue;
    th_index_close(index); /* and what is on disk says the same */
    index = open_index(true);
    check_all(index, &m);
  }
  must_merge(index, true);
  check_all(index, &m);
  const th_snapshot *s = th_index_acquire(index);
  assert_int_equal(s->n_segments, 1);
  assert_int_equal(s->n_docs, s->n_live);
  th_index_release(index, s);
  th_err err = {0};
  assert_int_equal(th_index_clear(index, &err), 0);
  m = (model){{0}, 0};
  check_all(index, &m);
  th_index_close(index);
}

static void a_change_published_twice_is_live_once(void **state) {
  model m = {{0}, 0};
  th_index *index = open_index(true);
  uint64_t again = seed;
  (void)state;
  must_publish(index, &m, 2, 0);
  m.seq = 0;
  seed = again;
  must_publish(index, &m, 2, 0);
  check_all(index, &m);
  th_index_close(index);
}

static void readers_of_another_process_follow(void **state) {
  model m = {{0}, 0};
  th_index *writer = open_index(true), *reader = open_index(false);
  bool changed = true;
  th_err err = {0};
  (void)state;
  assert_int_equal(th_index_refresh(reader, &changed, &err), 0);
  assert_false(changed);
  const th_snapshot *old = th_index_acquire(reader);
  for (int round = 0; round < 12; round++) {
    must_publish(writer, &m, 2, 1);
    if (round % 4 == 3) must_merge(writer, false);
    assert_int_equal(th_index_refresh(reader, &changed, &err), 0);
    assert_true(changed);
    const th_snapshot *s = th_index_acquire(reader);
    check_snapshot(s, &m);
    th_index_release(reader, s);
    assert_int_equal(th_index_refresh(reader, &changed, &err), 0);
    assert_false(changed);
  }
  assert_int_equal(old->n_segments, 0); /* what was acquired stays what it was */
  th_index_release(reader, old);
  th_index_close(reader);
  th_index_close(writer);
}

static void a_snapshot_outlives_its_files(void **state) {
  model m = {{0}, 0};
  th_index *index = open_index(true);
  (void)state;
  must_publish(index, &m, 3, 0);
  model then = m;
  const th_snapshot *s = th_index_acquire(index);
  must_publish(index, &m, 3, 5);
  must_merge(index, true);
  check_all(index, &m);
  check_snapshot(s, &then);
  th_index_release(index, s);
  th_index_close(index);
}

static void what_no_generation_names_is_swept(void **state) {
  static const char *const left[] = {"000900.seg", "000900.seg.tmp", "000001-000077.live",
                                     "manifest.tmp"};
  static const char *const kept[] = {"notes.txt", "12.seg"};
  model m = {{0}, 0};
  char path[TH_INDEX_PATH_MAX];
  th_index *index = open_index(true);
  (void)state;
  must_publish(index, &m, 2, 0);
  th_index_close(index);
  for (size_t i = 0; i < TH_COUNT(left) + TH_COUNT(kept); i++) {
    const char *name = i < TH_COUNT(left) ? left[i] : kept[i - TH_COUNT(left)];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(th_file_replace(path, TH_SPAN("x"), NULL), 0);
  }
  index = open_index(true);
  for (size_t i = 0; i < TH_COUNT(left); i++) {
    snprintf(path, sizeof path, "%s/%s", dir, left[i]);
    assert_false(th_file_exists(path));
  }
  for (size_t i = 0; i < TH_COUNT(kept); i++) {
    snprintf(path, sizeof path, "%s/%s", dir, kept[i]);
    assert_true(th_file_exists(path));
    unlink(path);
  }
  check_all(index, &m);
  th_index_new_segment_path(index, path, sizeof path); /* no number is given out twice */
  assert_non_null(strstr(path, "/000901.seg"));
  th_index_close(index);
}

static void wrong_updates_change_nothing(void **state) {
  model m = {{0}, 0};
  char path[TH_INDEX_PATH_MAX], elsewhere[TH_INDEX_PATH_MAX];
  th_index *index = open_index(true);
  (void)state;
  must_publish(index, &m, 1, 0);
  th_index_new_segment_path(index, path, sizeof path);
  snprintf(elsewhere, sizeof elsewhere, "/tmp/000044.seg");
  const struct {
    const char *path;
    const char *bytes;
    int rc;
  } cases[] = {{path, NULL, TH_ENOTFOUND},
               {path, "THSEG\r\n\x01 and no more", TH_ECORRUPT},
               {elsewhere, NULL, TH_EUSAGE},
               {"000001.seg", NULL, TH_EUSAGE}};
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_err err = {0};
    if (cases[i].bytes)
      assert_int_equal(th_file_replace(path, th_span_of(cases[i].bytes), NULL), 0);
    th_index_update u = {.added = &cases[i].path, .n_added = 1, .applied_seq = 999};
    assert_int_equal(th_index_publish(index, &u, &err), cases[i].rc);
    assert_true(err.message[0] != 0);
  }
  unlink(path);
  check_all(index, &m);
  snprintf(path, sizeof path, "%s/000001.seg", dir); /* published already */
  const char *again = path;
  th_index_update u = {.added = &again, .n_added = 1, .applied_seq = 999};
  assert_int_equal(th_index_publish(index, &u, NULL), TH_EUSAGE);
  check_all(index, &m);
  th_index_close(index);
}

/* ---- damage ---- */

static void count_problem(void *ctx, const char *text) {
  assert_true(text[0] != 0);
  ++*(unsigned *)ctx;
}

/* Each byte of a file changed in turn: opening fails or the answers are the right ones; the check
 * always finds it. */
static void flip_file(const char *name, const model *m) {
  char path[TH_INDEX_PATH_MAX];
  th_buf b;
  snprintf(path, sizeof path, "%s/%s", dir, name);
  th_buf_init(&b, 0);
  assert_int_equal(th_file_read(&b, path, NULL), 0);
  for (size_t at = 0; at < b.n; at++) {
    char was = b.p[at];
    unsigned problems = 0;
    th_index *index;
    b.p[at] ^= (char)(1 << small_draw(&seed, 8));
    FILE *file = fopen(path, "wb");
    fwrite(b.p, 1, b.n, file);
    fclose(file);
    th_err err = {0};
    if (th_index_check(dir, false, count_problem, &problems, &err) != TH_ECORRUPT || !problems)
      fail_msg("%s: flip of byte %zu not found", name, at);
    err = (th_err){0};
    int rc = th_index_open(&index, dir, false, &err);
    if (rc == 0) {
      const th_snapshot *s = th_index_acquire(index);
      check_snapshot(s, m);
      th_index_release(index, s);
      th_index_close(index);
    } else {
      assert_int_equal(rc, TH_ECORRUPT);
      assert_true(err.message[0] != 0);
    }
    b.p[at] = was;
  }
  assert_int_equal(th_file_replace(path, th_buf_view(&b), NULL), 0);
  th_buf_dispose(&b);
}

static void flips_in_manifest_and_bitmaps_are_found(void **state) {
  model m = {{0}, 0};
  th_index *index = open_index(true);
  (void)state;
  while (files_with(".live") == 0)
    must_publish(index, &m, 2, 1);
  check_all(index, &m);
  th_index_close(index);
  flip_file("manifest", &m);
  DIR *folder = opendir(dir);
  char name[300] = "";
  for (struct dirent *e; (e = readdir(folder));)
    if (strstr(e->d_name, ".live")) snprintf(name, sizeof name, "%s", e->d_name);
  closedir(folder);
  flip_file(name, &m);
  index = open_index(true);
  check_all(index, &m);
  th_index_close(index);
}

/* ---- side files ---- */

static void publish_side(th_index *index, uint32_t kind, const char *segment, const char *text) {
  char path[TH_INDEX_PATH_MAX];
  th_err err = {0};
  th_index_new_side_path(index, path, sizeof path);
  assert_int_equal(th_file_replace(path, th_span_of(text), &err), 0);
  th_index_side side = {.kind = kind, .path = path, .segment = segment, .basis = strlen(text)};
  if (th_index_publish_sides(index, &side, 1, &err)) fail_msg("%s", err.message);
}

static void expect_side(const th_snapshot *s, uint32_t kind, uint32_t segment, const char *text) {
  th_side side;
  th_err err = {0};
  assert_int_equal(th_snapshot_side(s, kind, segment, &side, &err), 0);
  assert_int_equal(side.p != NULL, text != NULL);
  if (!text) return;
  assert_true(th_span_eq((th_span){side.p, side.n}, th_span_of(text)));
  assert_int_equal(side.basis, strlen(text));
}

static void side_files_come_and_go_with_generations(void **state) {
  model m = {{0}, 0};
  char path[TH_INDEX_PATH_MAX];
  th_err err = {0};
  th_index *index = open_index(true);
  (void)state;
  must_publish(index, &m, 2, 0);
  const th_snapshot *first = th_index_acquire(index);
  expect_side(first, 1, TH_SIDE_WHOLE, NULL);
  publish_side(index, 1, NULL, "one");
  publish_side(index, 2, NULL, "two");
  th_index_segment_path(dir, 2, path);
  publish_side(index, 1, path, "of the second");
  expect_side(first, 1, TH_SIDE_WHOLE, NULL);
  const th_snapshot *s = th_index_acquire(index);
  assert_int_equal(s->applied_seq, m.seq);
  expect_side(s, 1, TH_SIDE_WHOLE, "one");
  expect_side(s, 2, TH_SIDE_WHOLE, "two");
  expect_side(s, 1, 0, NULL);
  expect_side(s, 1, 1, "of the second");
  expect_side(s, 1, 9, NULL);
  publish_side(index, 1, NULL, "another");
  expect_side(s, 1, TH_SIDE_WHOLE, "one"); /* the file is gone, the mapping stays */
  assert_int_equal(files_with(".side"), 3);
  must_merge(index, true);
  check_all(index, &m);
  assert_int_equal(files_with(".side"), 2);
  th_index_release(index, s);
  th_index_release(index, first);
  snprintf(path, sizeof path, "%s/000099.side", dir);
  assert_int_equal(th_file_replace(path, TH_SPAN("nobody's"), NULL), 0);
  th_index_side wrong = {.kind = 1, .path = "/elsewhere/000100.side"};
  assert_int_equal(th_index_publish_sides(index, &wrong, 1, &err), TH_EUSAGE);
  th_index_close(index);
  index = open_index(true);
  assert_int_equal(files_with(".side"), 2);
  s = th_index_acquire(index);
  expect_side(s, 1, TH_SIDE_WHOLE, "another");
  expect_side(s, 2, TH_SIDE_WHOLE, "two");
  th_index_release(index, s);
  th_index_close(index);
  flip_file("manifest", &m);
}

static void a_damaged_side_file_is_found(void **state) {
  model m = {{0}, 0};
  unsigned problems = 0;
  th_side side;
  char path[TH_INDEX_PATH_MAX];
  th_index *index = open_index(true);
  (void)state;
  must_publish(index, &m, 1, 0);
  publish_side(index, 1, NULL, "as it was");
  th_index_close(index);
  th_index_side_path(dir, 2, path);
  assert_true(th_file_exists(path));
  assert_int_equal(th_file_replace(path, TH_SPAN("as it wos"), NULL), 0);
  index = open_index(false);
  const th_snapshot *s = th_index_acquire(index);
  assert_int_equal(th_snapshot_side(s, 1, TH_SIDE_WHOLE, &side, NULL), TH_ECORRUPT);
  assert_int_equal(th_snapshot_side(s, 1, TH_SIDE_WHOLE, &side, NULL), TH_ECORRUPT);
  assert_null(side.p);
  th_index_release(index, s);
  th_index_close(index);
  assert_int_equal(th_index_check(dir, false, count_problem, &problems, NULL), TH_ECORRUPT);
  assert_int_equal(problems, 1);
}

static void missing_files_are_said(void **state) {
  model m = {{0}, 0};
  char path[TH_INDEX_PATH_MAX];
  unsigned problems = 0;
  th_err err = {0};
  th_index *index = open_index(true);
  (void)state;
  must_publish(index, &m, 2, 0);
  th_index_close(index);
  snprintf(path, sizeof path, "%s/000002.seg", dir);
  unlink(path);
  assert_int_equal(th_index_open(&index, dir, false, &err), TH_ECORRUPT);
  assert_int_equal(th_index_check(dir, false, count_problem, &problems, NULL), TH_ECORRUPT);
  assert_int_equal(problems, 1);
  assert_int_equal(th_index_discard(dir, NULL), 0);
  assert_int_equal(files_with("manifest"), 0);
  index = open_index(true);
  m = (model){{0}, 0};
  check_all(index, &m);
  th_index_close(index);
}

/* ---- readers beside a writer ---- */

typedef struct race {
  th_index *index;
  _Atomic bool stop;
  _Atomic uint64_t seen;
} race;

static void *read_along(void *ctx) {
  race *r = ctx;
  uint64_t last = 0;
  while (!atomic_load(&r->stop)) {
    const th_snapshot *s = th_index_acquire(r->index);
    uint32_t live = 0, segment, doc;
    assert(s->generation >= last);
    last = s->generation;
    for (uint32_t i = 0; i < s->n_segments; i++)
      live += s->live_docs[i];
    assert(live == s->n_live);
    for (uint32_t study = 0; study < STUDIES; study += 7)
      if (th_snapshot_find(s, study + 1000, &segment, &doc))
        assert(th_segment_seq(s->segments[segment], doc) <= s->applied_seq);
    assert(th_snapshot_state(s, NULL) == 0);
    th_index_release(r->index, s);
    atomic_fetch_add(&r->seen, 1);
  }
  return NULL;
}

static void *merge_along(void *ctx) {
  race *r = ctx;
  while (!atomic_load(&r->stop))
    if (th_index_merge(r->index, false, NULL, NULL)) abort();
  return NULL;
}

static void readers_run_beside_publishing_and_merging(void **state) {
  model m = {{0}, 0};
  race r = {.index = open_index(true)};
  pthread_t readers[3], merger;
  (void)state;
  for (size_t i = 0; i < TH_COUNT(readers); i++)
    assert_int_equal(pthread_create(&readers[i], NULL, read_along, &r), 0);
  assert_int_equal(pthread_create(&merger, NULL, merge_along, &r), 0);
  for (int round = 0; round < 60; round++)
    must_publish(r.index, &m, 2, 1);
  atomic_store(&r.stop, true);
  for (size_t i = 0; i < TH_COUNT(readers); i++)
    pthread_join(readers[i], NULL);
  pthread_join(merger, NULL);
  assert_true(atomic_load(&r.seen) > 0);
  check_all(r.index, &m);
  th_index_close(r.index);
}

/* ---- merge policy ---- */

static void tiers(void **state) {
  th_tier_segment s[40];
  size_t chosen[40];
  (void)state;
  for (size_t i = 0; i < 7; i++)
    s[i] = (th_tier_segment){1000, 10, 10};
  assert_int_equal(th_tiers_choose(s, 7, false, chosen), 0);
  assert_int_equal(th_tiers_choose(s, 7, true, chosen), 7);
  assert_int_equal(th_tiers_choose(s, 0, true, chosen), 0);
  assert_int_equal(th_tiers_choose(s, 1, true, chosen), 0);
  s[7] = (th_tier_segment){UINT64_C(3) << 30, 100000, 100000}; /* a large one does not count */
  assert_int_equal(th_tiers_choose(s, 8, false, chosen), 0);
  s[8] = s[0];
  assert_int_equal(th_tiers_choose(s, 9, false, chosen), 8);
  assert_int_equal(chosen[6], 6);
  assert_int_equal(chosen[7], 8);
  s[3].n_live = 6; /* many dead go first, alone */
  assert_int_equal(th_tiers_choose(s, 9, false, chosen), 1);
  assert_int_equal(chosen[0], 3);
  s[0].n_live = 6;
  assert_int_equal(th_tiers_choose(s, 1, true, chosen), 1);
  for (size_t i = 0; i < 10; i++) /* never more documents than a segment holds */
    s[i] = (th_tier_segment){UINT64_C(3) << 30, TH_SEGMENT_MAX_DOCS / 3, TH_SEGMENT_MAX_DOCS / 3};
  assert_int_equal(th_tiers_choose(s, 10, false, chosen), 0); /* grown up: only asked for */
  assert_int_equal(th_tiers_choose(s, 10, true, chosen), 3);
  for (size_t i = 0; i < 10; i++) /* a merge has at most 131,072 documents */
    s[i] = (th_tier_segment){70 << 20, 30000, 30000};
  assert_int_equal(th_tiers_choose(s, 7, false, chosen), 0);
  assert_int_equal(th_tiers_choose(s, 10, false, chosen), 4);
  s[4] = (th_tier_segment){70 << 20, 120000, 120000}; /* the outcome is not merged again */
  assert_int_equal(th_tiers_choose(s + 4, 6, false, chosen), 0);
  s[4].n_live = 60000; /* until half of it is dead */
  assert_int_equal(th_tiers_choose(s + 4, 6, false, chosen), 1);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, fresh_folder, remove_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_FOLDER(an_empty_index_answers),
      IN_FOLDER(the_newest_version_is_live),
      IN_FOLDER(a_change_published_twice_is_live_once),
      IN_FOLDER(readers_of_another_process_follow),
      IN_FOLDER(a_snapshot_outlives_its_files),
      IN_FOLDER(what_no_generation_names_is_swept),
      IN_FOLDER(wrong_updates_change_nothing),
      IN_FOLDER(flips_in_manifest_and_bitmaps_are_found),
      IN_FOLDER(side_files_come_and_go_with_generations),
      IN_FOLDER(a_damaged_side_file_is_found),
      IN_FOLDER(missing_files_are_said),
      IN_FOLDER(readers_run_beside_publishing_and_merging),
      cmocka_unit_test(tiers),
  };
  const char *given = getenv("TH_TEST_SEED");
  seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
  print_message("seed %llu (set TH_TEST_SEED to repeat)\n", (unsigned long long)seed);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
