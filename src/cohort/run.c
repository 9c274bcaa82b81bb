/* Studies for all patients: in batches of studies, block by block, on threads. */
#include <pthread.h>
#include <stdatomic.h>

#include "base/queue.h"
#include "cohort/logic.h"

enum {
  BATCH_TRIALS = 2048,
  BATCH_FACTS = 40000,
  MOST_THREADS = 256,
  PERSONS_STEP = 256,
  FACTS_STEP = 16,
};

/* Answers by person of one batch are at most about this much. */
#define BATCH_BYTES ((uint64_t)256 << 20)

typedef struct batch {
  const th_cohort *c;
  const th_cohort_options *options;
  unsigned threads;
  th_co_facts facts;
  th_co_plan *plans;
  size_t n;
  th_co_tally *tallies; /* by thread and plan */
  th_co_counts *counts; /* of all tallies */
  atomic_uint next, done;
  double from, to; /* of the whole task */
  int (*step)(struct batch *b, unsigned at, th_err *err);
} batch;

typedef struct thread {
  batch *b;
  unsigned i;
  pthread_t id;
  int rc;
  th_err err;
} thread;

/* ---- threads ---- */

static void *run_thread(void *arg) {
  thread *t = arg;
  t->rc = t->b->step(t->b, t->i, &t->err);
  return NULL;
}

/* Runs the step on all threads, the calling one among them, which is number 0. */
static int on_threads(batch *b, int (*step)(batch *, unsigned, th_err *), th_err *err) {
  thread t[MOST_THREADS];
  unsigned started = 1;
  b->step = step;
  b->next = b->done = 0;
  for (unsigned i = 0; i < b->threads; i++)
    t[i] = (thread){.b = b, .i = i};
  for (; started < b->threads; started++)
    if (pthread_create(&t[started].id, NULL, run_thread, &t[started])) break; /* fewer do it, too */
  run_thread(&t[0]);
  for (unsigned i = 1; i < started; i++)
    pthread_join(t[i].id, NULL);
  for (unsigned i = 0; i < started; i++)
    if (t[i].rc < 0) return th_err_set(err, t[i].rc, "%s", t[i].err.message);
  return 0;
}

static int bear_step(batch *b, unsigned at, th_err *err) {
  th_co_judge j = {0};
  int rc = 0;
  (void)at;
  for (uint32_t from; rc == 0 && (from = atomic_fetch_add(&b->next, FACTS_STEP)) < b->facts.n;)
    for (uint32_t i = from; rc == 0 && i < TH_MIN(from + FACTS_STEP, b->facts.n); i++)
      rc = th_co_facts_bear(&b->facts, i, &j, err);
  th_co_judge_dispose(&j);
  return rc;
}

static int persons_step(batch *b, unsigned at, th_err *err) {
  th_co_judge j = {0};
  int rc = 0;
  uint32_t n = b->c->persons.n;
  (void)at;
  for (uint32_t from; rc == 0 && (from = atomic_fetch_add(&b->next, PERSONS_STEP)) < n;)
    rc = th_co_facts_persons(&b->facts, from, TH_MIN(from + PERSONS_STEP, n), &j, err);
  th_co_judge_dispose(&j);
  return rc;
}

static void show(batch *b, unsigned at) {
  unsigned done = atomic_fetch_add(&b->done, 1) + 1;
  if (at == 0 && b->options->progress)
    b->options->progress(b->options->ctx, b->from + (b->to - b->from) * done / b->c->n_blocks);
}

static int blocks_step(batch *b, unsigned at, th_err *err) {
  th_co_work *w = malloc(sizeof *w);
  th_co_logic l = {.work = w};
  if (!w) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = th_co_work_init(w, &b->facts, err);
  for (uint32_t i; rc == 0 && (i = atomic_fetch_add(&b->next, 1)) < b->c->n_blocks;) {
    th_co_work_begin(w, &b->c->blocks[i]);
    for (size_t k = 0; rc == 0 && k < b->n; k++) {
      rc = th_co_logic_nodes(&l, &b->plans[k], err);
      if (rc == 0) rc = th_co_logic_sum(&l, &b->plans[k], &b->tallies[at * b->n + k], err);
    }
    show(b, at);
  }
  th_co_logic_dispose(&l);
  th_co_work_dispose(w);
  free(w);
  return rc;
}

/* ---- one batch ---- */

/* How many studies from `from` on one batch takes; their facts are put. */
static int fill(batch *b, const th_cohort_trial *trials, size_t n, th_err *err) {
  int rc = 0;
  b->n = 0;
  b->plans = calloc(TH_MIN(n, (size_t)BATCH_TRIALS), sizeof *b->plans);
  if (!b->plans) return th_err_set(err, TH_ENOMEM, "out of memory");
  while (rc == 0 && b->n < n && b->n < BATCH_TRIALS && b->facts.n < BATCH_FACTS) {
    uint64_t by_person = b->facts.n_fields;
    rc = th_co_plan_make(&b->plans[b->n], &trials[b->n], &b->facts, err);
    b->n++;
    for (uint32_t i = 0; i < b->facts.n; i++)
      by_person += (b->facts.facts[i].needs & TH_NEEDS_AGE) != 0;
    if (by_person * b->c->persons.n > BATCH_BYTES) break;
  }
  return rc;
}

static int make_tallies(batch *b, th_err *err) {
  size_t steps = 0, at = 0;
  for (size_t i = 0; i < b->n; i++)
    steps += b->plans[i].n_steps;
  b->tallies = calloc(b->threads * b->n, sizeof *b->tallies);
  b->counts = calloc(b->threads * steps + 1, sizeof *b->counts);
  if (!b->tallies || !b->counts) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (unsigned t = 0; t < b->threads; t++)
    for (size_t i = 0; i < b->n; at += b->plans[i++].n_steps)
      b->tallies[t * b->n + i].steps = b->counts + at;
  return 0;
}

static int collect(const batch *b, size_t i, th_cohort_result *out, th_arena *arena, th_err *err) {
  const th_co_plan *p = &b->plans[i];
  th_cohort_step *steps = th_arena_calloc(arena, (size_t)p->n_steps + 1, sizeof *steps);
  if (!steps) return th_err_set(err, TH_ENOMEM, "out of memory");
  *out = (th_cohort_result){.steps = steps, .n_steps = p->n_steps};
  if (p->n_steps) memcpy(steps, p->steps, p->n_steps * sizeof *steps);
  for (unsigned t = 0; t < b->threads; t++) {
    const th_co_tally *tally = &b->tallies[t * b->n + i];
    out->likely += tally->likely;
    out->possible += tally->possible;
    out->excluded += tally->excluded;
    for (uint32_t s = 0; s < p->n_steps; s++) {
      steps[s].against += tally->steps[s].against;
      steps[s].open += tally->steps[s].open;
      steps[s].left += tally->steps[s].left;
      steps[s].alone += tally->steps[s].alone;
      steps[s].asks += tally->steps[s].asks;
    }
  }
  return 0;
}

static int run_batch(batch *b, const th_cohort_trial *trials, size_t n, th_cohort_result *out,
                     th_arena *arena, th_err *err) {
  int rc = th_co_facts_init(&b->facts, b->c, b->options->presume, err);
  if (rc == 0) rc = fill(b, trials, n, err);
  if (rc == 0) rc = make_tallies(b, err);
  if (rc == 0) rc = on_threads(b, bear_step, err);
  if (rc == 0) rc = on_threads(b, persons_step, err);
  if (rc == 0) rc = on_threads(b, blocks_step, err);
  for (size_t i = 0; rc == 0 && i < b->n; i++)
    rc = collect(b, i, &out[i], arena, err);
  for (size_t i = 0; b->plans && i < b->n; i++)
    th_co_plan_dispose(&b->plans[i]);
  free(b->plans);
  free(b->tallies);
  free(b->counts);
  b->plans = NULL, b->tallies = NULL, b->counts = NULL;
  th_co_facts_dispose(&b->facts);
  return rc;
}

int th_cohort_run(const th_cohort *c, const th_cohort_trial *trials, size_t n,
                  const th_cohort_options *options, th_cohort_result *out, th_arena *arena,
                  th_err *err) {
  static const th_cohort_options none;
  batch b = {.c = c, .options = options ? options : &none};
  int rc = 0;
  b.threads = b.options->threads ? b.options->threads : th_cpu_count();
  b.threads = TH_MIN(b.threads, (unsigned)MOST_THREADS);
  if (!c->sealed) return th_err_set(err, TH_EUSAGE, "the cohort is not complete");
  for (size_t at = 0; rc == 0 && at < n; at += b.n) {
    b.from = (double)at / (double)n;
    b.to = (double)TH_MIN(at + BATCH_TRIALS, n) / (double)n;
    rc = run_batch(&b, trials + at, n - at, out + at, arena, err);
  }
  return rc;
}
