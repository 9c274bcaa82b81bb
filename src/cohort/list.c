/* Who could join a study, block by block in the order in which they were added. */
#include "cohort/logic.h"

typedef struct lister {
  const th_cohort *c;
  th_co_facts facts;
  th_co_plan plan;
  th_co_work *work; /* owned */
  th_co_logic logic;
  th_co_tally tally; /* of no interest, but the sum wants one */
  th_co_lane *lanes; /* by step, of the block; owned */
  uint32_t *open;    /* owned */
  uint64_t left;
  bool stopped;
  bool (*each)(void *ctx, const th_cohort_member *member);
  void *ctx;
} lister;

static int prepare(lister *l, const th_cohort_trial *trial, th_verdict_presume presume,
                   th_err *err) {
  th_co_judge judge = {0};
  int rc = th_co_facts_init(&l->facts, l->c, presume, err);
  if (rc == 0) rc = th_co_plan_make(&l->plan, trial, &l->facts, err);
  for (uint32_t i = 0; rc == 0 && i < l->facts.n; i++)
    rc = th_co_facts_bear(&l->facts, i, &judge, err);
  if (rc == 0) rc = th_co_facts_persons(&l->facts, 0, l->c->persons.n, &judge, err);
  th_co_judge_dispose(&judge);
  if (rc < 0) return rc;
  l->work = calloc(1, sizeof *l->work);
  l->lanes = calloc((size_t)l->plan.n_steps + 1, sizeof *l->lanes);
  l->open = calloc((size_t)l->plan.n_steps + 1, sizeof *l->open);
  l->tally.steps = calloc((size_t)l->plan.n_steps + 1, sizeof *l->tally.steps);
  if (!l->work || !l->lanes || !l->open || !l->tally.steps)
    return th_err_set(err, TH_ENOMEM, "out of memory");
  l->logic.work = l->work;
  return th_co_work_init(l->work, &l->facts, err);
}

static void dispose(lister *l) {
  th_co_logic_dispose(&l->logic);
  if (l->work) th_co_work_dispose(l->work);
  free(l->work);
  free(l->lanes);
  free(l->open);
  free(l->tally.steps);
  th_co_plan_dispose(&l->plan);
  th_co_facts_dispose(&l->facts);
}

static void tell(lister *l, uint32_t block, uint32_t i, uint8_t grade) {
  const th_co_block *b = &l->c->blocks[block];
  uint64_t bit = UINT64_C(1) << (i % 64);
  /* All blocks but the last are full. */
  th_cohort_member m = {
      .number = (uint64_t)block * TH_CO_BLOCK + i + 1, .grade = grade, .open = l->open};
  if (b->ids) m.id = (th_span){(const char *)b->names + b->ids[i].at, b->ids[i].n};
  for (uint32_t s = 0; s < l->plan.n_steps; s++)
    if (!((l->lanes[s].met[i / 64] | l->lanes[s].not_met[i / 64]) & bit)) l->open[m.n_open++] = s;
  l->left--;
  l->stopped = !l->each(l->ctx, &m) || l->left == 0;
}

static uint64_t those_of(const lister *l, uint32_t word, uint32_t n, uint8_t grade) {
  uint64_t here = n - word * 64 < 64 ? (UINT64_C(1) << (n - word * 64)) - 1 : UINT64_MAX;
  uint64_t likely = l->logic.likely[word];
  return here & (grade == TH_GRADE_LIKELY ? likely : ~(likely | l->logic.excluded[word]));
}

static int list_block(lister *l, uint32_t block, uint8_t grade, th_err *err) {
  uint32_t n = l->c->blocks[block].n;
  bool ready = false;
  th_co_work_begin(l->work, &l->c->blocks[block]);
  int rc = th_co_logic_nodes(&l->logic, &l->plan, err);
  if (rc == 0) rc = th_co_logic_sum(&l->logic, &l->plan, &l->tally, err);
  for (uint32_t word = 0; rc == 0 && word * 64 < n; word++) {
    uint64_t bits = those_of(l, word, n, grade);
    for (uint32_t s = 0; bits && !ready && s < l->plan.n_steps; s++)
      l->lanes[s] = th_co_logic_step(&l->logic, &l->plan, s);
    ready |= bits != 0;
    if (l->work->failed || l->work->brief.failed) rc = th_err_set(err, TH_ENOMEM, "out of memory");
    for (; rc == 0 && bits && !l->stopped; bits &= bits - 1)
      tell(l, block, word * 64 + (uint32_t)__builtin_ctzll(bits), grade);
  }
  return rc;
}

int th_cohort_list(const th_cohort *c, const th_cohort_trial *trial,
                   const th_cohort_options *options, uint64_t most,
                   bool (*each)(void *ctx, const th_cohort_member *member), void *ctx,
                   th_err *err) {
  static const uint8_t grades[] = {TH_GRADE_LIKELY, TH_GRADE_POSSIBLE};
  lister l = {.c = c, .left = most, .stopped = most == 0, .each = each, .ctx = ctx};
  if (!c->sealed) return th_err_set(err, TH_EUSAGE, "the cohort is not complete");
  int rc = prepare(&l, trial, options ? options->presume : TH_PRESUME_NONE, err);
  for (size_t g = 0; g < TH_COUNT(grades); g++)
    for (uint32_t i = 0; rc == 0 && !l.stopped && i < c->n_blocks; i++)
      rc = list_block(&l, i, grades[g], err);
  dispose(&l);
  return rc;
}
