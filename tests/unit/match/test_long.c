/* Items of very many facts: judged in time proportional to their length, and with what was kept on
 * the way through as without. */
#include "../test.h"

#include <stdlib.h>
#include <time.h>

#include "../chance.h"
#include "../dictionary.h"
#include "match/verdict.h"

#define CASES TH_SOURCE_ROOT "/tests/cases/match/"

enum {
  SHORT = 100,
  LONG = 60000, /* facts of an item */
  RUNS = 30,    /* the least of them counts */
  MORE = 20,    /* times as long a fact of the long item may take; quadratic work took 200 */
  TRIES = 3,
};

static const th_span note =
    TH_SPAN("A 58-year-old woman with asthma and hypertension. Creatinine 1.2 mg/dL. No cough.");

static words dictionary;

/* ---- long items ---- */

static const struct {
  const char *head, *before, *behind; /* a number between the two */
  const char *join;
  unsigned first, numbers; /* from the first on, so many */
} items[] = {
    {"Inclusion Criteria:\n\n* ", "age > ", "", ", ", 1, 90},
    {"Inclusion Criteria:\n\n* ", "age < ", "", ", ", 1, 20},
    {"Exclusion Criteria:\n\n* ", "age > ", "", ", ", 1, 90},
    {"Inclusion Criteria:\n\n* ", "creatinine <= ", " mg/dL", ", ", 1, 9},
    {"Exclusion Criteria:\n\n* ", "creatinine >= ", " mg/dL", ", ", 5, 9},
    {"Inclusion Criteria:\n\n* ", "creatinine <= ", " mg/dL", " and ", 1, 9},
    {"Exclusion Criteria:\n\n* ", "( age > ", "", " ", 1, 90},
    {"Inclusion Criteria:\n\n* one or more of: ", "asthma ", "", " and ", 1, 9},
    {"Inclusion Criteria:\n\n* ", "asthma ", "", ", ", 1, 9},
    {"Exclusion Criteria:\n\n* ", "zzyzx asthma > ", "", ", ", 1, 9},
    {"Exclusion Criteria:\n\n* ", "stroke ", "", " with ", 1, 9},
    {"Exclusion Criteria:\n\n* any of:\n", "   * stroke within ", " months", "\n", 1, 9},
};

static void write_item(th_buf *out, size_t kind, uint32_t n) {
  th_buf_init(out, 0);
  th_buf_str(out, items[kind].head);
  for (uint32_t i = 0; i < n; i++)
    th_buf_printf(out, "%s%s%u%s", i ? items[kind].join : "", items[kind].before,
                  items[kind].first + i % items[kind].numbers, items[kind].behind);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Seconds of the processor that judging an item takes for each of its facts, the least of runs. */
static double cost_of(const th_verdict_patient *v, size_t kind, uint32_t n, int runs) {
  th_buf text;
  th_arena read, judged;
  th_elig_tree tree;
  th_verdicts out;
  double least = 1e9;
  write_item(&text, kind, n);
  th_arena_init(&read, 0);
  th_arena_init(&judged, 0);
  assert_int_equal(th_elig_read_concepts(th_buf_view(&text), &dictionary.dict, dictionary.matcher,
                                         &read, &tree, NULL),
                   0);
  assert_true(tree.n_facts >= n / 2);
  while (runs-- > 0) {
    th_arena_reset(&judged, false);
    double from = now();
    assert_int_equal(th_verdict_read(&out, &tree, v, TH_PRESUME_SILENCE, &judged, NULL), 0);
    least = TH_MIN(least, now() - from);
  }
  least /= tree.n_facts;
  th_arena_dispose(&judged);
  th_arena_dispose(&read);
  th_buf_dispose(&text);
  return least;
}

static void test_long_items(void **state) {
  (void)state;
  th_patient p;
  th_arena own;
  th_verdict_patient v;
  th_patient_options options = {.form = TH_PATIENT_NOTE, .dict = &dictionary.dict};
  assert_int_equal(th_patient_read(&p, note, &options, NULL), 0);
  th_arena_init(&own, 0);
  assert_int_equal(th_verdict_prepare(&v, &p, &dictionary.dict, &own, NULL), 0);
  assert_int_equal(th_verdict_listen(&v, &own, NULL), 0);
  for (size_t k = 0; k < TH_COUNT(items); k++) {
    double few = 0, many = 1;
    for (int i = 0; i < TRIES && many > MORE * few; i++)
      few = cost_of(&v, k, SHORT, RUNS), many = cost_of(&v, k, LONG, 1);
    if (many > MORE * few)
      fail_msg("item %zu: %.2f us a fact of %d, %.2f us of %d", k, many * 1e6, LONG, few * 1e6,
               SHORT);
  }
  th_arena_dispose(&own);
  th_patient_dispose(&p);
}

/* ---- what is kept on the way ---- */

static void write_any(uint64_t *chance, th_buf *out) {
  static const char *const phrases[] = {
      "age > 18",
      "age < 12",
      "smoking history of more than 10 pack-years",
      "asthma",
      "severe asthma",
      "diabetes for more than 5 years",
      "stroke",
      "hypertension",
      "creatinine < 2 mg/dL",
      "pregnancy",
      "heart failure",
      "(18 years onward in Cambodia)",
      "consent",
      "parental assent",
      "one or more of",
      "at least",
      "any of the",
      "(",
      ")",
      ";",
      "who are under 16 years",
  };
  static const char *const joins[] = {", ", " or ", " and ", " with ", " (", ") ", " ", ", ", ", "};
  th_buf_init(out, 0);
  th_buf_str(out,
             random_below(chance, 2) ? "Inclusion Criteria:\n\n* " : "Exclusion Criteria:\n\n* ");
  for (uint32_t i = 0, n = 1 + random_below(chance, 80); i < n; i++)
    th_buf_printf(out, "%s%s", phrases[random_below(chance, TH_COUNT(phrases))],
                  joins[random_below(chance, TH_COUNT(joins))]);
}

/* The plain definition of what stands within another fact (verdict_aside.c). */
static bool is_within(const th_elig_tree *tree, const th_elig_node *leaf, uint32_t fact) {
  const th_elig_fact *f = &tree->facts[fact];
  bool habit = f->category == TH_ELIG_SMOKING || f->category == TH_ELIG_ALCOHOL;
  for (uint32_t i = leaf->fact; i < leaf->fact + leaf->n_facts; i++) {
    const th_elig_fact *o = &tree->facts[i];
    bool inside = o->from <= f->from && f->to <= o->to && o->to - o->from > f->to - f->from;
    if (i == fact || (o->type != TH_ELIG_CONCEPT && !habit)) continue;
    if (inside && f->type == TH_ELIG_CONCEPT) return true;
    if (o->window.present && f->type == TH_ELIG_NUMERIC && f->value_from == o->window.from &&
        f->value_to == o->window.to)
      return true;
  }
  return false;
}

static void check_leaf(const th_elig_tree *tree, const th_elig_node *leaf, uint32_t *found) {
  th_leaf_memo kept = {0}, fresh;
  for (uint32_t k = 0; k < 2 * leaf->n_facts; k++) { /* on the way there, and on the way back */
    uint32_t i = leaf->fact + (k < leaf->n_facts ? k : 2 * leaf->n_facts - 1 - k);
    fresh = (th_leaf_memo){0};
    bool linked = th_verdict_linked(tree, leaf, i, &fresh);
    bool aside = th_verdict_aside(tree, leaf, i, &fresh);
    th_leaf_memo_dispose(&fresh);
    assert_int_equal(th_verdict_linked(tree, leaf, i, &kept), linked);
    assert_int_equal(th_verdict_aside(tree, leaf, i, &kept), aside);
    if (is_within(tree, leaf, i)) assert_true(aside);
    found[0] += linked;
    found[1] += aside;
    found[2] += is_within(tree, leaf, i);
  }
  th_leaf_memo_dispose(&kept);
}

static void test_memo(void **state) {
  (void)state;
  uint64_t chance = random_start(19);
  uint32_t found[3] = {0};
  th_arena arena;
  th_arena_init(&arena, 0);
  for (int i = 0; i < 600; i++) {
    th_buf text;
    th_elig_tree tree;
    th_arena_reset(&arena, false);
    write_any(&chance, &text);
    assert_int_equal(th_elig_read_concepts(th_buf_view(&text), &dictionary.dict, dictionary.matcher,
                                           &arena, &tree, NULL),
                     0);
    for (uint32_t n = 0; n < tree.n_nodes; n++)
      if (!(tree.nodes[n].flags & TH_ELIG_GROUP)) check_leaf(&tree, &tree.nodes[n], found);
    th_buf_dispose(&text);
  }
  for (int i = 0; i < 3; i++)
    assert_true(found[i] > 0);
  th_arena_dispose(&arena);
}

static int setup(void **state) {
  (void)state;
  words_open(&dictionary, CASES "dictionary.txt");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  words_close(&dictionary);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_long_items),
      cmocka_unit_test(test_memo),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
