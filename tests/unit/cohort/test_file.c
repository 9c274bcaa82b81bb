/* A saved cohort says what the one it was saved from says; damage is found, also when the hash
 * covers it up. */
#include "random.h"
#include "slow.h"

#include <unistd.h>
#include <xxhash.h>

enum { PATIENTS = 250, STUDIES = 5, FLIPS = 240, CUTS = 30 };

static char path[64];

static bool look(void *ctx, const th_cohort_member *m) {
  *(uint64_t *)ctx += th_span_find(m->id, TH_SPAN("?")) + (ptrdiff_t)m->number;
  return true;
}

static th_cohort *random_cohort(bool with_ids) {
  person *people = calloc(PATIENTS, sizeof *people);
  const th_patient *patients[PATIENTS];
  for (uint32_t i = 0; i < PATIENTS; i++) {
    random_person(&people[i]);
    people[i].p.id = th_span_of(labels[below(TH_COUNT(labels))]);
    patients[i] = &people[i].p;
  }
  th_cohort *c = with_ids ? cohort_with_ids(patients, PATIENTS) : cohort_of(patients, PATIENTS);
  free(people);
  return c;
}

static void ask(const th_cohort *c, study *studies, th_cohort_result *out, th_arena *arena) {
  th_cohort_trial trials[STUDIES];
  for (uint32_t i = 0; i < STUDIES; i++)
    trials[i] = (th_cohort_trial){&studies[i].tree, studies[i].fields};
  assert_int_equal(th_cohort_run(c, trials, STUDIES, NULL, out, arena, NULL), 0);
}

static void write_bytes(const uint8_t *p, size_t n) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(p, 1, n, f), n);
  assert_int_equal(fclose(f), 0);
}

static void make_path(void) {
  snprintf(path, sizeof path, "/tmp/trialhead-cohort-XXXXXX");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
}

static void test_saved(void **state) {
  (void)state;
  study *studies = calloc(STUDIES, sizeof *studies);
  th_cohort_result want[STUDIES], got[STUDIES];
  th_arena arena;
  th_cohort *d;
  th_err err = {0};
  seed = 4711;
  th_arena_init(&arena, 0);
  for (uint32_t i = 0; i < STUDIES; i++)
    random_study(&studies[i]);
  th_cohort *c = random_cohort(false);
  make_path();
  assert_int_equal(th_cohort_save(c, path, NULL), 0);
  assert_true(th_cohort_is_file(path));
  if (th_cohort_open(&d, path, &dictionary.dict, &err)) fail_msg("%s", err.message);
  assert_int_equal(th_cohort_size(d), PATIENTS);
  ask(c, studies, want, &arena);
  ask(d, studies, got, &arena);
  for (uint32_t i = 0; i < STUDIES; i++) {
    assert_int_equal(got[i].likely, want[i].likely);
    assert_int_equal(got[i].excluded, want[i].excluded);
    assert_int_equal(got[i].n_steps, want[i].n_steps);
    assert_memory_equal(got[i].steps, want[i].steps, want[i].n_steps * sizeof *want[i].steps);
  }
  th_cohort_free(d);
  assert_int_equal(th_cohort_open(&d, path, NULL, &err), TH_EINPUT); /* another dictionary */
  th_cohort_free(c);
  unlink(path);
  free(studies);
  th_arena_dispose(&arena);
}

/* Opens and asks; a file whose hash is right may open with other numbers, and must do no harm. */
static int try_open(study *studies) {
  th_cohort *c;
  th_arena arena;
  th_cohort_result out[STUDIES];
  int rc = th_cohort_open(&c, path, &dictionary.dict, NULL);
  if (rc < 0) return rc;
  uint64_t sum = 0;
  th_cohort_trial first = {&studies[0].tree, studies[0].fields};
  th_arena_init(&arena, 0);
  ask(c, studies, out, &arena);
  assert_int_equal(th_cohort_list(c, &first, NULL, PATIENTS, look, &sum, NULL), 0);
  th_arena_dispose(&arena);
  th_cohort_free(c);
  return 0;
}

static void test_damage(void **state) {
  (void)state;
  study *studies = calloc(STUDIES, sizeof *studies);
  th_buf file;
  seed = 12;
  th_buf_init(&file, 0);
  for (uint32_t i = 0; i < STUDIES; i++)
    random_study(&studies[i]);
  th_cohort *c = random_cohort(true);
  make_path();
  assert_int_equal(th_cohort_save(c, path, NULL), 0);
  th_cohort_free(c);
  assert_int_equal(th_file_read(&file, path, NULL), 0);
  uint8_t *bytes = (uint8_t *)file.p;
  size_t n = file.n, opened = 0;
  for (unsigned i = 0; i < FLIPS; i++) {
    size_t at = i < 120 ? i : below((uint32_t)(n - 8));
    uint8_t old = bytes[at];
    uint64_t right = XXH3_64bits(bytes, n - 8), hash;
    bytes[at] ^= (uint8_t)(1 + below(255));
    write_bytes(bytes, n);
    assert_true(try_open(studies) < 0);
    hash = XXH3_64bits(bytes, n - 8);
    memcpy(bytes + n - 8, &hash, 8);
    write_bytes(bytes, n);
    opened += try_open(studies) == 0;
    bytes[at] = old;
    memcpy(bytes + n - 8, &right, 8);
  }
  assert_true(opened < FLIPS);
  for (unsigned i = 0; i < CUTS; i++) {
    write_bytes(bytes, below((uint32_t)n));
    assert_true(try_open(studies) < 0);
  }
  unlink(path);
  th_buf_dispose(&file);
  free(studies);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_saved), cmocka_unit_test(test_damage)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
