/* The counts of the funnel beside a slow count, over more than one block, on one thread and on
 * several. */
#include "count.h"
#include "random.h"

enum { MANY = TH_CO_BLOCK + 500, DIFFERENT = 3000, STUDIES = 12 };

static void test_funnel(void **state) {
  (void)state;
  seed = 99;
  person *people = calloc(MANY, sizeof *people);
  const th_patient **patients = calloc(MANY, sizeof *patients);
  study *studies = calloc(STUDIES, sizeof *studies);
  th_cohort_trial trials[STUDIES];
  th_cohort_result got[STUDIES];
  th_arena arena;
  th_arena_init(&arena, 0);
  for (uint32_t i = 0; i < MANY; i++) {
    if (i < DIFFERENT)
      random_person(&people[i]);
    else
      people[i] = people[below(DIFFERENT)];
    people[i].p.facts = people[i].f;
    patients[i] = &people[i].p;
  }
  for (uint32_t i = 0; i < STUDIES; i++) {
    random_study(&studies[i]);
    trials[i] = (th_cohort_trial){&studies[i].tree, studies[i].fields};
  }
  th_cohort *c = cohort_of(patients, MANY);
  assert_int_equal(c->n_blocks, 2);
  for (unsigned threads = 1; threads <= 3; threads += 2) {
    th_cohort_options options = {.presume = TH_PRESUME_SILENCE, .threads = threads};
    assert_int_equal(th_cohort_run(c, trials, STUDIES, &options, got, &arena, NULL), 0);
    for (uint32_t i = 0; i < STUDIES && (threads == 1 || i < 3); i++)
      check_result(&got[i], &trials[i], patients, MANY, TH_PRESUME_SILENCE);
  }
  th_cohort_free(c);
  free(people);
  free(patients);
  free(studies);
  th_arena_dispose(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_funnel)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
