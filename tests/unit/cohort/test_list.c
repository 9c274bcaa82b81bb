/* Who could join, by id: as the single-patient matcher says, over more than one block, in memory
 * and from a file. */
#include "count.h"
#include "random.h"

#include <unistd.h>

enum { MANY = TH_CO_BLOCK + 300, DIFFERENT = 2000, STUDIES = 6 };

typedef struct crowd {
  person people[MANY];
  char ids[MANY][12];
  const th_patient *patients[MANY];
} crowd;

static crowd *make_crowd(void) {
  crowd *c = calloc(1, sizeof *c);
  for (uint32_t i = 0; i < MANY; i++) {
    if (i < DIFFERENT)
      random_person(&c->people[i]);
    else
      c->people[i] = c->people[below(DIFFERENT)];
    snprintf(c->ids[i], sizeof c->ids[i], "p%u", i);
    c->people[i].p.facts = c->people[i].f;
    c->people[i].p.id = i % 5 ? th_span_of(c->ids[i]) : (th_span){0};
    c->patients[i] = &c->people[i].p;
  }
  return c;
}

/* What is expected next, and how much of it came. */
typedef struct reader {
  const crowd *crowd;
  const th_cohort_trial *trial;
  const th_cohort_result *result;
  bool named;
  uint64_t n, stop, last;
  uint8_t grade;
  uint64_t likely, possible;
  th_arena arena;
} reader;

static bool on_member(void *ctx, const th_cohort_member *m) {
  reader *r = ctx;
  uint32_t at = (uint32_t)m->number - 1, open = 0;
  assert_in_range(m->number, 1, MANY);
  if (m->grade != r->grade) { /* the others come behind all who are likely to */
    assert_int_equal(r->grade, TH_GRADE_LIKELY);
    assert_int_equal(r->likely, r->result->likely);
    r->grade = m->grade;
    r->last = 0;
  }
  assert_true(m->number > r->last);
  r->last = m->number;
  assert_true(th_span_eq(m->id, r->named ? r->crowd->patients[at]->id : (th_span){0}));
  slow s = judge_slowly(r->trial, r->crowd->patients[at], TH_PRESUME_CONSENT, &r->arena);
  assert_int_equal(m->grade, s.t.grade);
  for (uint32_t k = 0; k < r->result->n_steps; k++) {
    bool is = open < m->n_open && m->open[open] == k;
    if (is != is_open(&r->result->steps[k], &s))
      fail_msg("patient %u, step %u: %s", at, k, is ? "open" : "settled");
    open += is;
  }
  assert_int_equal(open, m->n_open);
  *(m->grade == TH_GRADE_LIKELY ? &r->likely : &r->possible) += 1;
  th_arena_reset(&r->arena, false);
  return ++r->n != r->stop;
}

static reader read_list(const th_cohort *c, const crowd *people, const th_cohort_trial *trial,
                        const th_cohort_result *result, uint64_t most, uint64_t stop) {
  th_cohort_options options = {.presume = TH_PRESUME_CONSENT};
  reader r = {.crowd = people,
              .trial = trial,
              .result = result,
              .named = th_cohort_has_ids(c),
              .stop = stop,
              .grade = TH_GRADE_LIKELY};
  th_arena_init(&r.arena, 0);
  assert_int_equal(th_cohort_list(c, trial, &options, most, on_member, &r, NULL), 0);
  th_arena_dispose(&r.arena);
  return r;
}

static void check_study(const th_cohort *c, const crowd *people, const th_cohort_trial *trial,
                        uint64_t *listed) {
  th_cohort_options options = {.presume = TH_PRESUME_CONSENT, .threads = 1};
  th_cohort_result result;
  th_arena arena;
  th_arena_init(&arena, 0);
  assert_int_equal(th_cohort_run(c, trial, 1, &options, &result, &arena, NULL), 0);
  uint64_t all = result.likely + result.possible;
  reader r = read_list(c, people, trial, &result, MANY, 0);
  assert_int_equal(r.likely, result.likely);
  assert_int_equal(r.possible, result.possible);
  *listed += all;
  static const uint64_t bounds[] = {0, 1, 7, 5000};
  for (size_t i = 0; i < TH_COUNT(bounds); i++) {
    assert_int_equal(read_list(c, people, trial, &result, bounds[i], 0).n, TH_MIN(bounds[i], all));
    if (bounds[i])
      assert_int_equal(read_list(c, people, trial, &result, MANY, bounds[i]).n,
                       TH_MIN(bounds[i], all));
  }
  th_arena_dispose(&arena);
}

static void test_list(void **state) {
  (void)state;
  char path[] = "/tmp/trialhead-list-XXXXXX";
  int fd = mkstemp(path);
  seed = 31;
  crowd *people = make_crowd();
  study *studies = calloc(STUDIES, sizeof *studies);
  th_cohort *cohorts[3] = {cohort_with_ids(people->patients, MANY), NULL,
                           cohort_of(people->patients, MANY)};
  uint64_t listed = 0;
  th_err err = {0};
  assert_true(fd >= 0);
  close(fd);
  assert_int_equal(th_cohort_save(cohorts[0], path, NULL), 0);
  if (th_cohort_open(&cohorts[1], path, &dictionary.dict, &err)) fail_msg("%s", err.message);
  unlink(path);
  assert_true(th_cohort_has_ids(cohorts[0]) && th_cohort_has_ids(cohorts[1]));
  assert_false(th_cohort_has_ids(cohorts[2]));
  for (uint32_t i = 0; i < STUDIES; i++) {
    random_study(&studies[i]);
    th_cohort_trial trial = {&studies[i].tree, studies[i].fields};
    check_study(cohorts[i % 3], people, &trial, &listed);
  }
  assert_true(listed > MANY / 4);
  for (size_t i = 0; i < TH_COUNT(cohorts); i++)
    th_cohort_free(cohorts[i]);
  free(people);
  free(studies);
}

static bool nobody(void *ctx, const th_cohort_member *m) {
  (void)ctx, (void)m;
  fail_msg("nobody was to be named");
  return true;
}

static void test_ids(void **state) {
  (void)state;
  static char longer[TH_COHORT_ID_MAX + 2];
  th_patient p = {.age_low = NAN, .age_high = NAN};
  th_verdict_patient ready;
  th_arena arena;
  th_arena_init(&arena, 0);
  memset(longer, 'x', sizeof longer);
  th_cohort *c = th_cohort_new(NULL);
  static const th_elig_tree nothing;
  th_cohort_trial trial = {.tree = &nothing};
  assert_int_equal(th_cohort_list(c, &trial, NULL, 5, nobody, NULL, NULL), TH_EUSAGE);
  th_cohort_keep_ids(c);
  for (size_t n = TH_COHORT_ID_MAX - 1; n < TH_COHORT_ID_MAX + 2; n++) {
    p.id = (th_span){longer, n};
    assert_int_equal(th_verdict_prepare(&ready, &p, NULL, &arena, NULL), 0);
    assert_int_equal(th_cohort_add(c, &ready, NULL), 0);
  }
  assert_int_equal(th_cohort_seal(c, NULL), 0);
  assert_int_equal(c->blocks[0].ids[0].n, TH_COHORT_ID_MAX - 1);
  assert_int_equal(c->blocks[0].ids[1].n, TH_COHORT_ID_MAX);
  assert_int_equal(c->blocks[0].ids[2].n, 0); /* too long to be kept */
  th_cohort_free(c);
  th_arena_dispose(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_list), cmocka_unit_test(test_ids)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
