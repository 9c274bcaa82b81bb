/* What is asked next: answers that settle most before those that settle little, and what everybody
 * answers alike at the end. */
#include "../test.h"

#include <stdio.h>

#include "eligibility/attributes.h"
#include "match/ask.h"

enum { STUDIES = 24 };

static th_arena arena;

static int setup(void **state) {
  (void)state;
  th_arena_init(&arena, 0);
  return 0;
}
static int teardown(void **state) {
  (void)state;
  th_arena_dispose(&arena);
  return 0;
}

/* Every study wants consent and contraception; of the rest the one more often than the other. */
static const char *criteria_of(int i) {
  static char text[600];
  snprintf(
      text, sizeof text,
      "Inclusion Criteria:\n- Signed informed consent\n- Able to understand the study\n- Use of "
      "reliable contraception\n- Age 18 to 75 years\n%s%s%s",
      i % 3 ? "- ECOG 0 to 1\n" : "", i % 4 == 0 ? "- Hemoglobin > 10 g/dL\n" : "",
      i % 8 == 0 ? "- Platelets > 100,000/uL\n" : "");
  return text;
}

/* A person of 50, and one value when a key is given. */
static void read_person(th_patient *p, const char *key, double value) {
  char form[200] = "{\"age\":50,\"sex\":\"female\"}";
  th_patient_options o = {.has_as_of = true, .as_of = th_date_days(2026, 6, 15)};
  if (key)
    snprintf(form, sizeof form,
             "{\"age\":50,\"sex\":\"female\",\"values\":[{\"attribute\":\"%s\",\"value\":%g}]}",
             key, value);
  assert_int_equal(th_patient_read(p, th_span_of(form), &o, NULL), 0);
}

/* Judges all studies; the criteria that are open, and what to ask. */
static uint32_t ask(const th_patient *p, const th_question **out, uint32_t *n) {
  th_verdict_patient ready;
  th_verdict_study none = {0};
  th_asker asker;
  uint32_t open = 0;
  assert_int_equal(th_verdict_prepare(&ready, p, NULL, &arena, NULL), 0);
  assert_int_equal(th_asker_init(&asker, &arena, NULL), 0);
  for (int i = 0; i < STUDIES; i++) {
    th_elig_tree tree;
    th_verdicts v;
    th_verdict_trial t;
    th_span text = th_arena_dup(&arena, th_span_of(criteria_of(i)));
    assert_int_equal(th_elig_read(text, &arena, &tree, NULL), 0);
    assert_int_equal(th_verdict_read(&v, &tree, &ready, TH_PRESUME_CONSENT, &arena, NULL), 0);
    th_verdict_sum(&t, &v, &ready, &none);
    open += t.open;
    th_asker_add(&asker, &v, &t, (uint32_t)i + 1);
  }
  assert_int_equal(th_asker_best(&asker, 20, out, n, NULL), 0);
  return open;
}

static uint32_t place_of(const th_question *q, uint32_t n, const char *key, uint8_t category) {
  for (uint32_t i = 0; i < n; i++) {
    bool named = q[i].attribute >= 0 && key && !strcmp(th_elig_attributes[q[i].attribute].key, key);
    if (named || (!key && q[i].attribute < 0 && q[i].category == category)) return i;
  }
  fail_msg("nobody asks for %s", key ? key : "a category");
  return 0;
}

static void test_order(void **state) {
  (void)state;
  static const char *const keys[] = {"ecog", "hemoglobin", "platelets"};
  th_patient p;
  const th_question *q;
  uint32_t n, settled[TH_COUNT(keys)], at[TH_COUNT(keys)];
  read_person(&p, NULL, 0);
  uint32_t open = ask(&p, &q, &n);
  for (size_t i = 0; i < TH_COUNT(keys); i++)
    at[i] = place_of(q, n, keys[i], 0);
  uint32_t contraception = place_of(q, n, NULL, TH_ELIG_CONTRACEPTION);
  uint32_t consent = place_of(q, n, NULL, TH_ELIG_CONSENT);
  assert_true(contraception > at[2]);
  assert_true(consent > contraception);
  assert_int_equal(q[consent].n_studies, STUDIES); /* in all studies, and asked last all the same */
  th_patient_dispose(&p);
  for (size_t i = 0; i < TH_COUNT(keys); i++) {
    const th_question *later;
    read_person(&p, keys[i], i == 0 ? 1 : 200);
    settled[i] = open - ask(&p, &later, &n);
    assert_true(settled[i] > 0);
    for (uint32_t k = 0; k < n; k++) /* what was answered is not asked again */
      assert_true(later[k].attribute < 0 || later[k].attribute != q[at[i]].attribute);
    th_patient_dispose(&p);
  }
  assert_true(settled[0] > settled[1] && settled[1] > settled[2]);
  assert_true(at[0] < at[1] && at[1] < at[2]); /* those that settle more come first */
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_order)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
