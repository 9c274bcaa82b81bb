/* Made-up patients: readable whole in both forms, marked, and the same bytes everywhere. */
#include "../test.h"

#include <math.h>
#include <xxhash.h>

#include "demo/patient.h"
#include "patient/patient.h"

enum { PATIENTS = 600, TODAY = 20605 };

static void read_one(uint32_t i, bool fhir, th_patient *out, th_buf *text) {
  th_patient_options options = {.has_as_of = true, .as_of = TODAY};
  th_err err = {0};
  th_buf_clear(text);
  th_demo_patient(3, i, fhir, text);
  assert_int_equal(text->error, 0);
  if (th_patient_read(out, th_buf_view(text), &options, &err))
    fail_msg("patient %u: %s", i, err.message);
  for (uint32_t k = 0; k < out->n_skips; k++)
    fail_msg("patient %u: %.*s", i, (int)out->skips[k].what.n, out->skips[k].what.p);
  for (uint32_t k = 0; k < out->n_facts; k++) {
    const th_patient_fact *f = &out->facts[k];
    if (f->flags & (TH_FACT_IMPLAUSIBLE | TH_FACT_UNIT_GUESSED) && f->unit.n)
      fail_msg("patient %u: %.*s %g %.*s", i, (int)f->label.n, f->label.p, f->value, (int)f->unit.n,
               f->unit.p);
    if (f->has_begin && f->begin.last_day > TODAY) fail_msg("patient %u: in the future", i);
  }
}

/* Both forms tell the same values and as many facts. */
static void test_both_forms(void **state) {
  (void)state;
  th_buf text;
  uint32_t adults = 0, women = 0, facts = 0;
  th_buf_init(&text, 0);
  for (uint32_t i = 0; i < PATIENTS; i++) {
    th_patient a, b;
    read_one(i, false, &a, &text);
    assert_true(th_span_find(th_buf_view(&text), TH_SPAN("\"madeUp\":true")) > 0);
    read_one(i, true, &b, &text);
    assert_true(th_span_find(th_buf_view(&text), TH_SPAN("HTEST")) > 0);
    assert_int_equal(a.sex, b.sex);
    assert_true(a.has_birth && b.has_birth && a.birth.first_day == b.birth.first_day);
    if (a.n_facts != b.n_facts) fail_msg("patient %u: %u and %u facts", i, a.n_facts, b.n_facts);
    for (uint32_t k = 0; k < a.n_facts; k++)
      if (a.facts[k].type == TH_FACT_VALUE && (a.facts[k].attribute != b.facts[k].attribute ||
                                               a.facts[k].canonical != b.facts[k].canonical))
        fail_msg("patient %u: another value", i);
    adults += a.age_low >= 18;
    women += a.sex == 'F';
    facts += a.n_facts;
    th_patient_dispose(&a);
    th_patient_dispose(&b);
  }
  assert_in_range(adults, PATIENTS * 7 / 10, PATIENTS * 9 / 10);
  assert_in_range(women, PATIENTS * 4 / 10, PATIENTS * 6 / 10);
  assert_in_range(facts, PATIENTS * 8, PATIENTS * 30);
  th_buf_dispose(&text);
}

/* Changes whenever the tables do: then put the new value here. */
#define HASH_OF_SEED_1 UINT64_C(0xfc32e3324c5cb57a)

static void test_known_bytes(void **state) {
  (void)state;
  th_buf text, one;
  th_buf_init(&text, 0);
  th_buf_init(&one, 0);
  for (uint32_t i = 0; i < 300; i++)
    th_demo_patient(1, i, i % 3 == 0, &text);
  uint64_t hash = XXH3_64bits(text.p, text.n);
  if (hash != HASH_OF_SEED_1) fail_msg("hash is now UINT64_C(0x%016llx)", (unsigned long long)hash);
  th_buf_clear(&text);
  th_demo_patient(1, 5, false, &text);
  th_demo_patient(2, 5, false, &one);
  assert_false(th_span_eq(th_buf_view(&text), th_buf_view(&one)));
  th_buf_dispose(&text);
  th_buf_dispose(&one);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_both_forms),
                                     cmocka_unit_test(test_known_bytes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
