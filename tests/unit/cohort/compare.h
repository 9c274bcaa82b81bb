/* A study for a block of patients, both ways beside each other: every lane of every node, and the
 * grade. */
#ifndef TH_TEST_COHORT_COMPARE_H
#define TH_TEST_COHORT_COMPARE_H

#include "slow.h"

static unsigned bit(const uint64_t *plane, uint32_t i) {
  return plane[i / 64] >> (i % 64) & 1;
}
static uint8_t truth_at(th_co_lane lane, uint32_t i) {
  assert_false(bit(lane.met, i) && bit(lane.not_met, i));
  return bit(lane.met, i) ? TH_MET : bit(lane.not_met, i) ? TH_NOT_MET : TH_UNKNOWN;
}

static void compare_patient(th_co_logic *l, const th_co_plan *plan, uint32_t i, const slow *s,
                            const char *what) {
  const th_elig_tree *tree = plan->trial->tree;
  for (uint32_t k = 0; k < tree->n_nodes; k++) {
    const th_verdict_node *want = &s->v.nodes[k];
    uint8_t plain = truth_at(l->nodes[k].plain, i), presumed = truth_at(l->nodes[k].presumed, i);
    if (plain == want->plain && presumed == want->presumed) continue;
    fail_msg("%s, patient %u, node %u: %s, presuming %s; slowly %s, presuming %s. When match/ "
             "changed what a fact asks of a patient, th_verdict_needs and th_verdict_bears must "
             "say so; when it changed how nodes combine, cohort/logic.c must follow",
             what, i, k, th_verdict_name(plain), th_verdict_name(presumed),
             th_verdict_name(want->plain), th_verdict_name(want->presumed));
  }
  uint8_t grade = bit(l->excluded, i) ? TH_GRADE_EXCLUDED
                  : bit(l->likely, i) ? TH_GRADE_LIKELY
                                      : TH_GRADE_POSSIBLE;
  if (grade != s->t.grade)
    fail_msg("%s, patient %u: %s; slowly %s", what, i, th_grade_name(grade),
             th_grade_name(s->t.grade));
}

static void compare_verdicts(th_co_logic *l, const th_co_plan *plan, uint32_t i, const slow *s,
                             const char *what) {
  for (uint32_t k = 0; k < plan->n_steps; k++) {
    uint32_t node = plan->steps[k].node;
    if (plan->steps[k].field != TH_FIELD_TEXT || plan->steps[k].cohorts) continue;
    uint8_t got = truth_at(th_co_logic_verdict(l, plan, node), i), want = s->v.nodes[node].verdict;
    if (got != want)
      fail_msg("%s, patient %u, node %u: verdict %s; slowly %s", what, i, node,
               th_verdict_name(got), th_verdict_name(want));
  }
}

/* patients all stand in the first block of c. */
static void compare(const th_cohort *c, const th_patient *const *patients, uint32_t n,
                    const th_cohort_trial *trial, th_verdict_presume mode, const char *what) {
  th_co_facts facts;
  th_co_plan plan;
  th_co_judge j = {0};
  th_co_work *w = malloc(sizeof *w);
  th_co_logic l = {.work = w};
  th_arena arena;
  th_arena_init(&arena, 0);
  assert_int_equal(th_co_facts_init(&facts, c, mode, NULL), 0);
  assert_int_equal(th_co_plan_make(&plan, trial, &facts, NULL), 0);
  for (uint32_t i = 0; i < facts.n; i++)
    assert_int_equal(th_co_facts_bear(&facts, i, &j, NULL), 0);
  assert_int_equal(th_co_facts_persons(&facts, 0, c->persons.n, &j, NULL), 0);
  th_co_judge_dispose(&j);
  assert_int_equal(th_co_work_init(w, &facts, NULL), 0);
  th_co_work_begin(w, &c->blocks[0]);
  th_co_tally tally = {.steps = calloc(plan.n_steps + 1, sizeof(th_co_counts))};
  assert_int_equal(th_co_logic_nodes(&l, &plan, NULL), 0);
  assert_int_equal(th_co_logic_sum(&l, &plan, &tally, NULL), 0);
  for (uint32_t i = 0; i < n; i++) {
    slow s = judge_slowly(trial, patients[i], mode, &arena);
    compare_patient(&l, &plan, i, &s, what);
    if (i % 8 == 0) compare_verdicts(&l, &plan, i, &s, what);
    th_arena_reset(&arena, false);
  }
  free(tally.steps);
  th_co_logic_dispose(&l);
  th_co_work_dispose(w);
  free(w);
  th_co_plan_dispose(&plan);
  th_co_facts_dispose(&facts);
  th_arena_dispose(&arena);
}

#endif
