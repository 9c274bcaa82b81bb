#include "../test.h"

#include "concept/draft.h"
#include "concept/key.h"
#include "concept/label.h"

static void keys(void **state) {
  (void)state;
  /* Words that must have one key, and words that must not. */
  static const char *const same[][2] = {
      {"tumours", "tumor"},
      {"oedema", "edema"},
      {"anaemias", "anemia"},
      {"biopsies", "biopsy"},
      {"metastases", "metastasis"},
      {"viruses", "virus"},
      {"diagnoses", "diagnosis"},
      {"reflexes", "reflex"},
      {"abscesses", "abscess"},
      {"diseases", "disease"},
      {"sulphate", "sulfate"},
      {"leucocytes", "leukocyte"},
      {"immunisation", "immunization"},
      {"fibres", "fiber"},
      {"centre", "center"},
      {"\u03B2", "beta"},
      {"haemorrhages", "hemorrhage"},
      {"paediatric", "pediatric"},
  };
  static const char *const different[][2] = {
      {"organ", "organic"}, {"iv", "4"}, {"virus", "viru"}, {"mass", "mas"}, {"il6s", "il6"}};
  char a[TH_KEY_MAX], b[TH_KEY_MAX];
  const th_span none = {0};
  for (size_t i = 0; i < TH_COUNT(same); i++) {
    size_t n = th_concept_key(none, th_span_of(same[i][0]), a);
    size_t m = th_concept_key(none, th_span_of(same[i][1]), b);
    if (n != m || memcmp(a, b, n) != 0) fail_msg("%s and %s differ", same[i][0], same[i][1]);
  }
  for (size_t i = 0; i < TH_COUNT(different); i++) {
    size_t n = th_concept_key(none, th_span_of(different[i][0]), a);
    size_t m = th_concept_key(none, th_span_of(different[i][1]), b);
    if (n == m && memcmp(a, b, n) == 0) fail_msg("%s", different[i][0]);
  }
  assert_int_equal(th_concept_key(TH_SPAN("type"), TH_SPAN("ii"), a), 1);
  assert_int_equal(a[0], '2');
  assert_int_equal(th_concept_key(none, TH_SPAN("ii"), a), 2);
  assert_int_equal(th_concept_key(none, none, a), 0);
}

static void everyday(void **state) {
  (void)state;
  static const char *const yes[] = {"a", "all", "was", "your", "pain", "aid", "cat"};
  static const char *const no[] = {"asthma", "zzz", "aardvark", ""};
  for (size_t i = 0; i < TH_COUNT(yes); i++)
    assert_true(th_concept_is_common(th_span_of(yes[i])));
  for (size_t i = 0; i < TH_COUNT(no); i++)
    assert_false(th_concept_is_common(th_span_of(no[i])));
}

static void labels(void **state) {
  (void)state;
  static const char *const cleaned[][2] = {
      {"  Chronic   bronchitis (disorder) ", "Chronic bronchitis"},
      {"Bronchitis, NOS", "Bronchitis"},
      {"Thing (finding) NOS", "Thing"},
      {"plain.", "plain"},
      {"", ""},
      {" , ", ""},
  };
  static const char *const turned[][2] = {
      {"Diabetes Mellitus, Type 2", "Type 2 Diabetes Mellitus"},
      {"Leukemia, Lymphocytic, Chronic, B-Cell", "B-Cell Chronic Lymphocytic Leukemia"},
      {"Ear, Nose, and Throat Diseases", ""},
      {"Asthma", ""},
      {"1,2-dichloroethane", ""},
      {"Abnormalities, ", ""},
      {", Type 2", ""},
  };
  char out[TH_LABEL_BYTES_MAX];
  for (size_t i = 0; i < TH_COUNT(cleaned); i++) {
    size_t n = th_label_clean(th_span_of(cleaned[i][0]), out);
    assert_true(th_span_eq((th_span){out, n}, th_span_of(cleaned[i][1])));
  }
  for (size_t i = 0; i < TH_COUNT(turned); i++) {
    size_t n = th_label_uninvert(th_span_of(turned[i][0]), out);
    if (!th_span_eq((th_span){out, n}, th_span_of(turned[i][1])))
      fail_msg("%s: %.*s", turned[i][0], (int)n, out);
  }
}

static void codes(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"MSH:D003924", "MESH:D003924"},
      {"mesh:D003924", "MESH:D003924"},
      {"SNOMEDCT_US_2018_03_01:44054006", "SNOMEDCT:44054006"},
      {"UMLS_CUI:C0011860", "UMLS:C0011860"},
      {"http://purl.obolibrary.org/obo/DOID_9352", "DOID:9352"},
      {"http://www.orpha.net/ORDO/Orphanet_124", "ORPHA:124"},
      {"http://id.nlm.nih.gov/mesh/D003924", "MESH:D003924"},
      {"ICD10CM:E11", "ICD10CM:E11"},
      {"no prefix", ""},
      {":x", ""},
      {"x:", ""},
      {"X: with blank in", ""},
      {"http://", ""},
  };
  char out[64];
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    size_t n;
    bool good = th_concept_code_clean(th_span_of(cases[i][0]), out, sizeof out, &n);
    if (good != (cases[i][1][0] != 0) ||
        (good && !th_span_eq((th_span){out, n}, th_span_of(cases[i][1]))))
      fail_msg("%s: %.*s", cases[i][0], (int)n, out);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(keys), cmocka_unit_test(everyday),
                                     cmocka_unit_test(labels), cmocka_unit_test(codes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
