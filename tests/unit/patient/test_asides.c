/* Stretches of a note that do not speak of what the patient has, and where a note's facts stand. */
#include "../test.h"

#include "patient/patient.h"

/* The word that is asked about stands in brackets. */
static void test_asides(void **state) {
  static const struct {
    const char *note;
    bool aside;
  } cases[] = {
      {"She denies [smoking]", true},
      {"She denies smoking, diabetes, or [asthma].", true},
      {"She denies smoking. She has [asthma].", false},
      {"No [fever] was seen", true},
      {"no evidence of [metastasis]", true},
      {"No fever but [cough]", false},
      {"Negative for HIV and [syphilis]", true},
      {"Negative for HIV; [syphilis] was found", false},
      {"[Pneumonia] was ruled out", true},
      {"He has cough. [Pneumonia] was ruled out", true},
      {"He has [cough]. Pneumonia was ruled out", false},
      {"Family history of [cancer]", true},
      {"His father had [gout].", true},
      {"His father brought him with [gout].", false},
      {"without [rash]", true},
      {"Known [diabetes]", false},
      {"A nodule of 3.5 cm, no [pain]", true},
      {"[Hypertension], no diabetes", false},
      {"no pain\n\n[Lungs] clear", false},
  };
  (void)state;
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    char note[200];
    th_patient p;
    size_t at = 0, n = 0;
    for (const char *c = cases[i].note; *c; c++) {
      if (*c == '[') at = n;
      if (*c != '[' && *c != ']') note[n++] = *c;
    }
    assert_int_equal(th_patient_read(&p, (th_span){note, n}, NULL, NULL), 0);
    assert_true(th_span_eq(p.note, (th_span){note, n}));
    for (uint32_t k = 0; k < p.n_asides; k++) {
      assert_true(p.asides[k].from < p.asides[k].to && p.asides[k].to <= n);
      assert_true(k == 0 || p.asides[k - 1].to <= p.asides[k].from);
    }
    if (th_patient_is_aside(&p, (uint32_t)at) != cases[i].aside) fail_msg("%s", cases[i].note);
    th_patient_dispose(&p);
  }
}

/* Facts of a form's note are placed in the note's own bytes, whatever its escapes. */
static void test_form_note(void **state) {
  th_patient p;
  unsigned found = 0;
  (void)state;
  assert_int_equal(th_patient_read(&p, TH_SPAN("{\"notes\":\"He has\\nasthma.\"}"), NULL, NULL), 0);
  assert_true(th_span_eq(p.note, TH_SPAN("He has\nasthma.")));
  for (uint32_t i = 0; i < p.n_facts; i++) {
    const th_patient_fact *f = &p.facts[i];
    if (f->type != TH_FACT_CONCEPT || f->category != TH_ELIG_CONDITION) continue;
    th_span said = {p.note.p + f->note_from, f->note_to - f->note_from};
    assert_true(th_span_eq(said, TH_SPAN("asthma")));
    found++;
  }
  assert_int_equal(found, 1);
  th_patient_dispose(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_asides),
                                     cmocka_unit_test(test_form_note)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
