/* The slow obvious way: match/verdict.h, patient by patient. */
#ifndef TH_TEST_COHORT_SLOW_H
#define TH_TEST_COHORT_SLOW_H

#include "world.h"

#include "cohort/logic.h"

typedef struct slow {
  th_verdicts v;
  th_verdict_trial t;
} slow;

__attribute__((unused)) static slow judge_slowly(const th_cohort_trial *trial, const th_patient *p,
                                                 th_verdict_presume mode, th_arena *arena) {
  slow out;
  th_verdict_patient ready;
  assert_int_equal(th_verdict_prepare(&ready, p, &dictionary.dict, arena, NULL), 0);
  assert_int_equal(th_verdict_read(&out.v, trial->tree, &ready, mode, arena, NULL), 0);
  th_verdict_sum(&out.t, &out.v, &ready, &trial->study);
  return out;
}

static th_cohort *fill_cohort(th_cohort *c, const th_patient *const *patients, uint32_t n) {
  th_arena arena;
  th_arena_init(&arena, 0);
  assert_non_null(c);
  for (uint32_t i = 0; i < n; i++) {
    th_verdict_patient v;
    th_arena_reset(&arena, false);
    assert_int_equal(th_verdict_prepare(&v, patients[i], &dictionary.dict, &arena, NULL), 0);
    assert_int_equal(th_cohort_add(c, &v, NULL), 0);
  }
  assert_int_equal(th_cohort_seal(c, NULL), 0);
  assert_int_equal(th_cohort_size(c), n);
  th_arena_dispose(&arena);
  return c;
}

__attribute__((unused)) static th_cohort *cohort_of(const th_patient *const *patients, uint32_t n) {
  return fill_cohort(th_cohort_new(&dictionary.dict), patients, n);
}

__attribute__((unused)) static th_cohort *cohort_with_ids(const th_patient *const *patients,
                                                          uint32_t n) {
  th_cohort *c = th_cohort_new(&dictionary.dict);
  assert_non_null(c);
  th_cohort_keep_ids(c);
  return fill_cohort(c, patients, n);
}

#endif
