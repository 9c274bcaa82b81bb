/* Random patients and random studies: a cohort says of each pair what match/verdict.h says. */
#include "compare.h"
#include "random.h"

enum { PATIENTS = 400, ROUNDS = 4, STUDIES = 40 };

static void one_round(int round) {
  person *people = calloc(PATIENTS, sizeof *people);
  const th_patient *patients[PATIENTS];
  for (uint32_t i = 0; i < PATIENTS; i++) {
    random_person(&people[i]);
    patients[i] = &people[i].p;
  }
  th_cohort *c = cohort_of(patients, PATIENTS);
  for (int k = 0; k < STUDIES; k++) {
    study *s = malloc(sizeof *s);
    char what[60];
    random_study(s);
    snprintf(what, sizeof what, "round %d, study %d", round, k);
    th_cohort_trial trial = {&s->tree, s->fields};
    compare(c, patients, PATIENTS, &trial, (th_verdict_presume)below(3), what);
    free(s);
  }
  th_cohort_free(c);
  free(people);
}

static void test_random(void **state) {
  (void)state;
  seed = random_start(UINT64_C(0x1d872b41a3f05c77));
  for (int round = 0; round < ROUNDS; round++)
    one_round(round);
}

static void test_nobody(void **state) {
  (void)state;
  th_cohort *c = th_cohort_new(NULL);
  study s;
  th_cohort_result got;
  th_arena arena;
  th_err err = {0};
  th_arena_init(&arena, 0);
  seed = 5;
  random_study(&s);
  th_cohort_trial trial = {&s.tree, s.fields};
  assert_int_equal(th_cohort_run(c, &trial, 1, NULL, &got, &arena, &err), TH_EUSAGE);
  assert_int_equal(th_cohort_seal(c, NULL), 0);
  assert_int_equal(th_cohort_run(c, &trial, 1, NULL, &got, &arena, NULL), 0);
  assert_int_equal(got.likely + got.possible + got.excluded, 0);
  th_cohort_free(c);
  th_arena_dispose(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_random), cmocka_unit_test(test_nobody)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
