/* What surely keeps a value out: by hand, the intervals against the definition, values as typed. */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "../chance.h"
#include "../dictionary.h"
#include "../eligibility/cases.h"
#include "criteria/accepts.h"
#include "criteria/sure.h"
#include "eligibility/attributes.h"

static void read_text(th_span text, th_arena *arena, th_elig_tree *tree) {
  th_err err = {0};
  assert_int_equal(th_elig_read(text, arena, tree, &err), 0);
}

#define IN "Inclusion Criteria:\n\n* "
#define OUT "Exclusion Criteria:\n\n* "

static void by_hand(void **state) {
  (void)state;
  static const struct {
    const char *text, *attribute, *value;
    bool refused;
  } cases[] = {
      {IN "Creatinine <= 1.5 mg/dL", "creatinine", "1.8 mg/dL", true},
      {IN "Creatinine <= 1.5 mg/dL", "creatinine", "1.5 mg/dL", false},
      {IN "Creatinine < 1.5 mg/dL", "creatinine", "1.5 mg/dL", true},
      {IN "Creatinine <= 133 umol/L", "creatinine", "1.4 mg/dL", false},
      {IN "Creatinine <= 133 umol/L", "creatinine", "160 umol/L", true},
      {OUT "Creatinine > 1.5 mg/dL", "creatinine", "1.8 mg/dL", true},
      {OUT "Creatinine > 1.5 mg/dL", "creatinine", "1.5 mg/dL", false},
      {"* Creatinine > 1.5 mg/dL", "creatinine", "1.8 mg/dL", false}, /* on which side? */
      {IN "Creatinine <= 1.5 x ULN", "creatinine", "9 mg/dL", false},
      {IN "Creatinine <= 1.5 mg/dL", "ecog", "4", false},
      /* something else may save it */
      {IN "Creatinine <= 1.5 mg/dL or creatinine clearance >= 60 mL/min", "creatinine", "1.8 mg/dL",
       false},
      {IN "Creatinine <= 1.5 mg/dL and creatinine clearance >= 60 mL/min", "creatinine",
       "1.8 mg/dL", true},
      {IN "HbA1c >= 7 % or newly found", "hba1c", "6 %", false},
      {IN "HbA1c >= 7 % at screening", "hba1c", "6 %", true},
      {IN "Any of the following:\n  * Creatinine <= 1.5 mg/dL\n  * ECOG 0-1", "ecog", "2", false},
      {IN "All of the following:\n  * Creatinine <= 1.5 mg/dL\n  * ECOG 0-1", "ecog", "2", true},
      {IN "ECOG 0-1, unless due to pain", "ecog", "2", false},
      {IN "Platelets >= 100 x 10^9/L (>= 50 x 10^9/L if liver metastases)", "platelets",
       "20 10*9/L", false},
      {OUT "Systolic blood pressure > 180 mmHg and diastolic blood pressure > 110 mmHg", "systolic",
       "190 mmHg", false},
      {OUT "Systolic blood pressure > 180 mmHg or diastolic blood pressure > 110 mmHg", "systolic",
       "190 mmHg", true},
      {OUT "BMI < 18 or > 35", "bmi", "40", true},
      {OUT "BMI < 18 or > 35", "bmi", "25", false},
      {"Inclusion Criteria for Cohort 1:\n\n* ECOG 0-1\n\nInclusion Criteria for Cohort 2:\n\n* "
       "ECOG 2",
       "ecog", "3", false},
      /* ages in completed years */
      {IN "Age 18 to 75 years", "age", "17.9", true},
      {IN "Age 18 to 75 years", "age", "18", false},
      {IN "Age 18 to 75 years", "age", "75.5", false},
      {IN "Age 18 to 75 years", "age", "76", true},
      {IN "Age 18 to 75 years", "age", "6 months", true},
      {OUT "Age > 65 years", "age", "65.5", false},
      {OUT "Age > 65 years", "age", "66", true},
      {IN "Infants up to 6 months of age", "age", "0.5 years", false},
      {IN "Age 18-75 years, or age 16-17 years with consent of parents", "age", "16.5", false},
  };
  th_arena arena;
  th_arena_init(&arena, 0);
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_elig_tree tree;
    th_err err = {0};
    double v;
    int attribute = th_criteria_attribute(th_span_of(cases[i].attribute));
    assert_true(attribute >= 0);
    if (th_criteria_value((uint32_t)attribute, th_span_of(cases[i].value), &v, &err))
      fail_msg("%s", err.message);
    th_arena_reset(&arena, false);
    read_text(th_span_of(cases[i].text), &arena, &tree);
    if (th_criteria_refuses(&tree, (uint32_t)attribute, v) != cases[i].refused)
      fail_msg("%s = %s should %sbe refused by: %s", cases[i].attribute, cases[i].value,
               cases[i].refused ? "" : "not ", cases[i].text);
  }
  th_arena_dispose(&arena);
}

/* ---- the intervals against the definition ---- */

enum { MOST_LIMITS = 512 };

typedef struct limits {
  th_limit all[MOST_LIMITS];
  size_t n;
} limits;

static int keep_limit(void *ctx, const th_limit *l) {
  limits *all = ctx;
  assert_true(all->n < MOST_LIMITS);
  assert_true(l->low <= l->high && (l->low < l->high || (l->low_in && l->high_in)));
  all->all[all->n++] = *l;
  return 0;
}

static bool is_left_out(const limits *all, uint32_t key, double v) {
  for (size_t i = 0; i < all->n; i++)
    if (all->all[i].key == key && th_limit_holds(&all->all[i], v)) return true;
  return false;
}

/* At the bounds that stand in the text, beside them, and anywhere. */
static double some_value(const th_elig_tree *t, uint64_t *state) {
  const th_elig_fact *f = &t->facts[random_next(state) % t->n_facts];
  double base = random_next(state) % 2 ? f->low_canonical : f->high_canonical;
  if (!isfinite(base)) base = (double)(random_next(state) % 200) / 4;
  switch (random_next(state) % 4) {
  case 0:
    return base;
  case 1:
    return base + 1;
  case 2:
    return base - .5;
  default:
    return base * (double)(random_next(state) % 300) / 100;
  }
}

static size_t compare(const th_elig_tree *t, uint64_t *state) {
  limits all = {.n = 0};
  size_t refused = 0;
  assert_int_equal(th_criteria_limits(t, keep_limit, &all), 0);
  for (int round = 0; round < 40 && t->n_facts; round++) {
    uint32_t attribute = t->facts[random_next(state) % t->n_facts].attribute;
    double v = some_value(t, state);
    bool want = th_criteria_refuses(t, attribute, v);
    if (is_left_out(&all, th_criteria_limit_key(attribute), v) != want)
      fail_msg("%s = %.17g: %.*s", th_elig_attributes[attribute].key, v, (int)t->text.n, t->text.p);
    refused += want;
  }
  return refused;
}

static void intervals_are_the_definition(void **state) {
  (void)state;
  static const char *const names[] = {"numbers.txt", "people.txt", "guards.txt", "structure.txt",
                                      "concepts.txt"};
  seed = random_start((uint64_t)time(NULL));
  size_t refused = 0;
  th_arena arena;
  th_arena_init(&arena, 0);
  for (size_t i = 0; i < TH_COUNT(names); i++) {
    th_buf file;
    th_case c;
    size_t at = 0;
    cases_load(&file, names[i]);
    while (cases_next(&file, &at, &c)) {
      th_elig_tree tree;
      char *text = th_arena_printf(&arena, "%s%.*s\n\n%s%.*s", IN, (int)c.text.n, c.text.p, OUT,
                                   (int)c.text.n, c.text.p);
      read_text(c.text, &arena, &tree);
      refused += compare(&tree, &seed);
      read_text(th_span_of(text), &arena, &tree);
      refused += compare(&tree, &seed);
      th_arena_reset(&arena, false);
    }
    th_buf_dispose(&file);
  }
  assert_true(refused > 500);
  th_arena_dispose(&arena);
}

/* ---- values as typed ---- */

static void values_as_typed(void **state) {
  (void)state;
  static const struct {
    const char *pair;
    double want; /* NAN: refused */
  } cases[] = {
      {"creatinine=1.8 mg/dL", 1.8},
      {"Creatinine = 1.8mg/dL", 1.8},
      {"serum creatinine=1.8", 1.8},
      {"creatinine=1.8 kg", NAN},
      {"creatinine=", NAN},
      {"creatinine=high", NAN},
      {"ecog=2", 2},
      {"ECOG=2 points", 2},
      {"age=0.5", .5},
      {"age=6 months", .5},
      {"age=-1", NAN},
      {"age=18 years", 18},
      {"hba1c=9 %", 9},
      {"platelets=50000/uL", 50},
      {"nonsense=1", NAN},
      {"creatinine 1.8", NAN},
      {"", NAN},
      {"creatinine=1.8 mg/dL and more", NAN},
  };
  th_arena arena;
  th_arena_init(&arena, 0);
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_query *q;
    th_err err = {0};
    int rc = th_criteria_accepts_pair(&q, &arena, th_span_of(cases[i].pair), &err);
    if (isnan(cases[i].want)) {
      if (rc != TH_EUSAGE) fail_msg("%s is taken", cases[i].pair);
      continue;
    }
    if (rc) fail_msg("%s: %s", cases[i].pair, err.message);
    double v;
    const char *sign = strchr(cases[i].pair, '=');
    int a = th_criteria_attribute((th_span){cases[i].pair, (size_t)(sign - cases[i].pair)});
    assert_int_equal(th_criteria_value((uint32_t)a, th_span_of(sign + 1), &v, &err), 0);
    if (!(fabs(v - cases[i].want) < 1e-9)) fail_msg("%s is %g", cases[i].pair, v);
  }
  th_arena_dispose(&arena);
}

static void keys_are_distinct(void **state) {
  (void)state;
  for (uint32_t i = 0; i < th_elig_n_attributes; i++)
    for (uint32_t k = 0; k < i; k++)
      assert_int_not_equal(th_criteria_limit_key(i), th_criteria_limit_key(k));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_hand),
      cmocka_unit_test(intervals_are_the_definition),
      cmocka_unit_test(values_as_typed),
      cmocka_unit_test(keys_are_distinct),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
