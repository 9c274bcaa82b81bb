/* The counts of a funnel, patient by patient. */
#ifndef TH_TEST_COHORT_COUNT_H
#define TH_TEST_COHORT_COUNT_H

#include "slow.h"

static bool fits_no_cohort(const slow *s) {
  const th_elig_tree *tree = s->v.tree;
  for (uint32_t i = 0; i < tree->n_nodes; i = tree->nodes[i].next)
    if (tree->nodes[i].flags & TH_ELIG_COHORT && tree->nodes[i].kind == TH_ELIG_INCLUSION &&
        s->v.nodes[i].verdict != TH_NOT_MET)
      return false;
  return true;
}

static bool is_against(const th_cohort_step *step, const slow *s) {
  if (step->field != TH_FIELD_TEXT) return s->t.field[step->field] == TH_NOT_MET;
  if (step->cohorts) return fits_no_cohort(s);
  uint8_t kind = s->v.tree->nodes[step->node].kind;
  return kind != TH_ELIG_UNKNOWN &&
         s->v.nodes[step->node].verdict == (kind == TH_ELIG_EXCLUSION ? TH_MET : TH_NOT_MET);
}

static bool is_open(const th_cohort_step *step, const slow *s) {
  if (step->cohorts) return false;
  if (step->field != TH_FIELD_TEXT) return s->t.field[step->field] == TH_UNKNOWN;
  return s->v.tree->nodes[step->node].kind == TH_ELIG_UNKNOWN ||
         s->v.nodes[step->node].verdict == TH_UNKNOWN;
}

static void count_slowly(th_cohort_result *want, th_cohort_step *steps, const slow *s) {
  uint32_t against = 0;
  bool left = true;
  for (uint32_t i = 0; i < want->n_steps; i++)
    against += is_against(&steps[i], s);
  for (uint32_t i = 0; i < want->n_steps; i++) {
    bool mine = is_against(&steps[i], s), open = is_open(&steps[i], s);
    left &= !mine;
    steps[i].against += mine;
    steps[i].open += open;
    steps[i].left += left;
    steps[i].alone += mine && against == 1;
    steps[i].asks += open && against == 0;
  }
  want->likely += s->t.grade == TH_GRADE_LIKELY;
  want->possible += s->t.grade == TH_GRADE_POSSIBLE;
  want->excluded += s->t.grade == TH_GRADE_EXCLUDED;
}

static void check_step(const th_cohort_step *got, const th_cohort_step *want, uint32_t i) {
  const struct {
    const char *name;
    uint64_t got, want;
  } counts[] = {{"against", got->against, want->against},
                {"open", got->open, want->open},
                {"left", got->left, want->left},
                {"alone", got->alone, want->alone},
                {"asks", got->asks, want->asks}};
  for (size_t k = 0; k < TH_COUNT(counts); k++)
    if (counts[k].got != counts[k].want)
      fail_msg("step %u: %s %llu, slowly %llu", i, counts[k].name,
               (unsigned long long)counts[k].got, (unsigned long long)counts[k].want);
}

/* Counts n patients one by one and fails where the cohort counted otherwise. */
__attribute__((unused)) static void check_result(const th_cohort_result *got,
                                                 const th_cohort_trial *trial,
                                                 const th_patient *const *patients, uint32_t n,
                                                 th_verdict_presume mode) {
  th_arena arena;
  th_cohort_result want = {.n_steps = got->n_steps};
  th_cohort_step *steps = calloc(got->n_steps + 1, sizeof *steps);
  th_arena_init(&arena, 0);
  for (uint32_t i = 0; i < got->n_steps; i++)
    steps[i] = (th_cohort_step){
        .field = got->steps[i].field, .cohorts = got->steps[i].cohorts, .node = got->steps[i].node};
  for (uint32_t i = 0; i < n; i++) {
    slow s = judge_slowly(trial, patients[i], mode, &arena);
    count_slowly(&want, steps, &s);
    th_arena_reset(&arena, false);
  }
  assert_int_equal(got->likely, want.likely);
  assert_int_equal(got->possible, want.possible);
  assert_int_equal(got->excluded, want.excluded);
  for (uint32_t i = 0; i < got->n_steps; i++)
    check_step(&got->steps[i], &steps[i], i);
  free(steps);
  th_arena_dispose(&arena);
}

#endif
