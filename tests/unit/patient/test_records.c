/* FHIR records and forms: facts, order, errors with a place, wiping. */
#include "../test.h"

#include <math.h>
#include <stdio.h>

#include "../shared.h"
#include "eligibility/attributes.h"
#include "patient/internal.h"
#include "patient/patient.h"

#define PATIENT                                                                                    \
  "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p\",\"gender\":\"female\",\"birthDate\":"  \
  "\"1968-03-01\"}}"
#define CREATININE(value, unit, date)                                                              \
  "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"c" date "\",\"status\":\"final\","     \
  "\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"2160-0\"}]},"                 \
  "\"effectiveDateTime\":\"" date "\",\"valueQuantity\":{\"value\":" value ",\"unit\":\"" unit     \
  "\"}}}"
#define CONDITION(text, clinical, verification)                                                    \
  "{\"resource\":{\"resourceType\":\"Condition\",\"id\":\"" text                                   \
  "\",\"clinicalStatus\":{\"coding\":[{"                                                           \
  "\"code\":\"" clinical "\"}]},\"verificationStatus\":{\"coding\":[{\"code\":\"" verification     \
  "\"}]},\"code\":{\"text\":\"" text "\"}}}"
#define DRUG                                                                                       \
  "{\"resource\":{\"resourceType\":\"MedicationRequest\",\"id\":\"m\",\"status\":\"active\","      \
  "\"medicationReference\":{\"reference\":\"#x\"},\"contained\":[{\"resourceType\":"               \
  "\"Medication\","                                                                                \
  "\"id\":\"x\",\"code\":{\"text\":\"Metformin 500 MG Oral Tablet\"}}]}}"
#define FAMILY                                                                                     \
  "{\"resource\":{\"resourceType\":\"FamilyMemberHistory\",\"id\":\"f\",\"status\":\"completed\"," \
  "\"condition\":[{\"code\":{\"text\":\"Breast cancer\"}}]}}"
#define OTHER "{\"resource\":{\"resourceType\":\"Claim\",\"id\":\"q\"}}"
#define BUNDLE(entries) "{\"resourceType\":\"Bundle\",\"entry\":[" entries "]}"

static int read_text(th_patient *p, const char *text, th_err *err) {
  th_patient_options options = {.has_as_of = true, .as_of = th_date_days(2026, 3, 1)};
  return th_patient_read(p, th_span_of(text), &options, err);
}

static const th_patient_fact *find(const th_patient *p, const char *label) {
  for (uint32_t i = 0; i < p->n_facts; i++)
    if (p->facts[i].type == TH_FACT_CONCEPT && th_span_eq(p->facts[i].label, th_span_of(label)))
      return &p->facts[i];
  fail_msg("no %s", label);
  return NULL;
}

static void test_bundle(void **state) {
  (void)state;
  th_patient p;
  assert_int_equal(
      read_text(&p,
                BUNDLE(PATIENT "," CREATININE("120", "umol/L", "2026-01-02") "," CREATININE(
                    "0.9", "mg/dL",
                    "2020-01-02") "," CONDITION("Asthma", "resolved",
                                                "confirmed") "," CONDITION("Gout", "active",
                                                                           "refuted") "," DRUG
                                                                                      "," FAMILY
                                                                                      "," OTHER),
                NULL),
      0);
  assert_int_equal(p.form, TH_PATIENT_FHIR);
  assert_int_equal(p.sex, 'F');
  assert_true(fabs(p.age_low - 58) < 1e-9); /* to the day */
  const th_patient_fact *f = th_patient_newest(&p, th_elig_attribute_find(TH_SPAN("creatinine")));
  assert_non_null(f);
  assert_true(fabs(f->canonical - 1.357) < 0.001);
  uint32_t first;
  assert_int_equal(th_patient_values(&p, f->attribute, &first), 2);
  assert_int_equal(find(&p, "asthma")->time, TH_ELIG_PAST);
  assert_true(find(&p, "gout")->absent);
  assert_int_equal(find(&p, "metformin")->category, TH_ELIG_DRUG);
  assert_int_equal(find(&p, "breast cancer")->experiencer, TH_OF_FAMILY);
  assert_int_equal(p.n_skips, 1);
  assert_true(th_span_eq(p.skips[0].what, TH_SPAN("Claim resources")));
  assert_true(th_span_eq(p.skips[0].place, TH_SPAN("/entry/7/resource")));
  th_patient_dispose(&p);
}

/* Everything said but the bytes, as one text. */
static void say(const th_patient *p, th_buf *out) {
  for (uint32_t i = 0; i < p->n_facts; i++) {
    th_patient_fact_words(p, &p->facts[i], out);
    th_buf_char(out, ' ');
    th_buf_span(out, p->facts[i].resource);
    th_buf_char(out, '\n');
  }
}

static void test_order(void **state) {
  (void)state;
  static const char *const texts[] = {
      BUNDLE(PATIENT "," CREATININE("120", "umol/L", "2026-01-02") "," DRUG "," FAMILY
                                                                   "," CONDITION("Gout", "active",
                                                                                 "confirmed")),
      BUNDLE(
          CONDITION("Gout", "active", "confirmed") "," FAMILY "," DRUG "," PATIENT
                                                   "," CREATININE("120", "umol/L", "2026-01-02"))};
  th_buf said[2];
  for (int i = 0; i < 2; i++) {
    th_patient p;
    th_buf_init(&said[i], 0);
    assert_int_equal(read_text(&p, texts[i], NULL), 0);
    say(&p, &said[i]);
    th_patient_dispose(&p);
  }
  assert_true(th_span_eq(th_buf_view(&said[0]), th_buf_view(&said[1])));
  th_buf_dispose(&said[0]);
  th_buf_dispose(&said[1]);
}

/* Records as they come: what each says in short words, one a line; "-": nothing. */
static void test_odd_records(void **state) {
  (void)state;
#define ENTRY(resource) "{\"resource\":" resource "}"
#define RESULT(code, value)                                                                        \
  "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":" code "," value "}"
#define CREATININE_CODE "{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"2160-0\"}]}"
  static const struct {
    const char *record, *says;
  } cases[] = {
      /* a bundle within a bundle, and one of nothing */
      {BUNDLE("{\"resource\":" BUNDLE(CONDITION("Asthma", "active", "confirmed")) "}"),
       "condition: asthma, now\n"},
      {BUNDLE(ENTRY("{\"resourceType\":\"Bundle\"}")), ""},
      /* values that say nothing, and that cannot be */
      {BUNDLE(ENTRY(RESULT(CREATININE_CODE, "\"dataAbsentReason\":{\"text\":\"unknown\"}"))), ""},
      {BUNDLE(ENTRY(
           RESULT(CREATININE_CODE, "\"valueQuantity\":{\"value\":1e308,\"unit\":\"mg/dL\"}"))),
       "serum creatinine 1e+308 mg/dL, implausible: not used\n"},
      {BUNDLE(ENTRY(RESULT(CREATININE_CODE, "\"valueRatio\":{\"numerator\":{\"value\":3}}"))), ""},
      {BUNDLE(ENTRY(RESULT(CREATININE_CODE, "\"valueString\":\"1.3 mg/dL\""))),
       "serum creatinine 1.3 mg/dL\n"},
      {BUNDLE(ENTRY(RESULT(CREATININE_CODE, "\"valueQuantity\":{\"value\":0.3,\"comparator\":\"<\","
                                            "\"unit\":\"mg/dL\"}"))),
       "serum creatinine < 0.3 mg/dL\n"},
      {BUNDLE(ENTRY(RESULT(CREATININE_CODE, "\"valueQuantity\":{\"value\":1.2,\"unit\":\"mg/dL\"},"
                                            "\"effectivePeriod\":{\"start\":\"2026-01-01\"}"))),
       "serum creatinine 1.2 mg/dL, 2026-01-01\n"},
      /* markers and stages */
      {BUNDLE(ENTRY(RESULT("{\"text\":\"HER2 [Presence] in Breast cancer specimen\"}",
                           "\"valueCodeableConcept\":{\"text\":\"Positive (qualifier value)\"}"))),
       "gene: ERBB2 (HER2), now\n"},
      {BUNDLE(
           ENTRY(RESULT("{\"text\":\"EGFR gene mutation\"}", "\"valueString\":\"Not detected\""))),
       "no gene: EGFR, now\n"},
      {BUNDLE(ENTRY(RESULT("{\"text\":\"HER2 by immune stain\"}", "\"valueString\":\"2+\""))),
       "suspected: gene: ERBB2 (HER2), now\n"},
      {BUNDLE(ENTRY("{\"resourceType\":\"Condition\",\"code\":{\"text\":\"Melanoma\"},\"stage\":[{"
                    "\"summary\":{\"text\":\"Stage IIIB\"}}]}")),
       "cancer stage 3.2\ncondition: melanoma, now\n"},
      {BUNDLE(ENTRY("{\"resourceType\":\"Condition\",\"code\":{\"text\":\"Gout\"},\"stage\":[{"
                    "\"summary\":{\"text\":\"Stage 2\"}}]}")),
       "condition: gout, now\n"},
      /* a page, and what a page is not */
      {"<p>A man of&nbsp;58 &amp; a smoker.</p><ul><li>No diabetes</li><li>LVEF &lt; 40%</li></ul>",
       "age 58 a\n"
       "left ventricular ejection fraction < 40 %\nno condition: diabetes mellitus\n"
       "smoking: smoking\n"},
      {"Hemoglobin <10 and platelets >80.",
       "hemoglobin < 10 (10 g/dL), unit presumed\nplatelet count > 80 (80 10*9/L), unit "
       "presumed\n"},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_patient p;
    th_buf said;
    th_buf_init(&said, 0);
    if (read_text(&p, cases[i].record, NULL)) fail_msg("not read: %s", cases[i].record);
    for (uint32_t k = 0; k < p.n_facts; k++) {
      th_patient_fact_words(&p, &p.facts[k], &said);
      th_buf_char(&said, '\n');
    }
    if (!th_span_eq(th_buf_view(&said), th_span_of(cases[i].says)))
      fail_msg("%s\n-- got\n%.*s-- want\n%s", cases[i].record, (int)said.n, said.n ? said.p : "",
               cases[i].says);
    th_buf_dispose(&said);
    th_patient_dispose(&p);
  }
}

static void test_errors(void **state) {
  (void)state;
  static const struct {
    const char *text, *says;
  } cases[] = {{"{\"resourceType\":\"Bundle\"}", "/entry"},
               {BUNDLE("{\"resource\":[]}"), "/entry/0/resource"},
               {BUNDLE(PATIENT ",{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"z\"}}"),
                "a second patient"},
               {"{\"aeg\":5}", "not known"},
               {"{\"age\":\"old\"}", "/age"},
               {"{\"values\":[{\"name\":\"creatinine\"}]}", "/values/0"},
               {"{\"values\":[{\"name\":\"creatinine\",\"value\":1,\"unit\":\"km\"}]}", "unit"},
               {"{\"conditions\":[{\"name\":\"asthma\",\"date\":\"soon\"}]}", "/conditions/0"},
               {"{\"age\":5", ""}};
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_patient p;
    th_err err = {0};
    int rc = read_text(&p, cases[i].text, &err);
    if (rc != TH_EINPUT || !strstr(err.message, cases[i].says) || !err.has_offset)
      fail_msg("%s: %d %s", cases[i].text, rc, err.message);
    th_patient_dispose(&p);
  }
}

static void test_form(void **state) {
  (void)state;
  th_patient p;
  assert_int_equal(
      read_text(&p,
                "{\"age\":\"6 months\",\"sex\":\"m\",\"pregnant\":false,\"smoking\":\"former\","
                "\"values\":[{\"name\":\"Hb\",\"value\":\"< 10.2\",\"unit\":\"g/dL\"},"
                "{\"name\":\"blood of dragons\",\"value\":1}],\"notes\":\"No fever.\"}",
                NULL),
      0);
  assert_true(fabs(p.age_low - 0.5) < 1e-9);
  assert_int_equal(p.sex, 'M');
  assert_true(find(&p, "pregnancy")->absent);
  assert_int_equal(find(&p, "smoking")->time, TH_ELIG_PAST);
  const th_patient_fact *fever = find(&p, "fever");
  assert_true(fever->absent);
  assert_true(th_span_eq(th_patient_words(&p, fever), TH_SPAN("fever")));
  const th_patient_fact *hb = th_patient_newest(&p, th_elig_attribute_find(TH_SPAN("hemoglobin")));
  assert_non_null(hb);
  assert_int_equal(hb->relation, TH_ELIG_LT);
  assert_int_equal(p.n_skips, 1);
  th_patient_dispose(&p);
}

static void test_loinc_keys(void **state) {
  (void)state;
#define M(loinc, key)                                                                              \
  if (th_elig_attribute_find(TH_SPAN(key)) < 0) fail_msg("%s: no attribute %s", loinc, key);
#include "patient/loinc.def"
#undef M
}

/* The bytes of the record and of its facts are gone before the memory is given back. */
static void test_wiping(void **state) {
  (void)state;
  th_arena a;
  th_arena_init(&a, 0);
  th_span secret = th_arena_dup(&a, TH_SPAN("a rare disease"));
  assert_non_null(secret.p);
  th_arena_reset(&a,
                 true); /* as th_patient_dispose does; the block is kept, so it may be looked at */
  for (size_t i = 0; i < secret.n; i++)
    assert_int_equal(secret.p[i], 0);
  th_arena_dispose(&a);
  th_patient p;
  assert_int_equal(read_text(&p, "A 58-year-old woman with gout.", NULL), 0);
  assert_int_equal(p.n_facts, 2);
  th_patient_dispose(&p);
  assert_int_equal(p.n_facts, 0);
  assert_null(p.facts);
  assert_int_equal(p.sex, 0);
}

/* Age and sex stand in every note of the two collections. */
static void test_shared_notes(void **state) {
  (void)state;
  static const char *const files[] = {"data/trec/ct2021-topics.jsonl",
                                      "data/trec/sigir2016-topics.jsonl"};
  th_json_parser *parser = th_json_parser_new(1 << 20, 16);
  int n = 0, missing = 0;
  for (size_t i = 0; i < TH_COUNT(files); i++) {
    const char *path = shared_path(files[i]);
    if (!path) continue;
    th_buf file, line;
    th_err err = {0};
    th_buf_init(&file, 0);
    th_buf_init(&line, 0);
    if (th_file_read(&file, path, &err)) fail_msg("%s", err.message);
    for (char *p = file.p, *end = file.p + file.n; p < end;) {
      char *eol = memchr(p, '\n', (size_t)(end - p));
      size_t len = eol ? (size_t)(eol - p) : (size_t)(end - p);
      th_json j;
      th_patient patient;
      th_patient_options options = {.form = TH_PATIENT_NOTE};
      th_buf_clear(&line);
      th_buf_put(&line, p, len);
      assert_int_equal(th_json_parse(parser, th_buf_view(&line), &j, NULL), 0);
      assert_int_equal(th_patient_read(&patient, th_json_path_text(&j, 0, "text"), &options, NULL),
                       0);
      n++;
      if (!patient.sex || isnan(patient.age_low)) {
        missing++;
        print_message("%.80s\n", patient.source.p);
      }
      th_patient_dispose(&patient);
      p += len + 1;
    }
    th_buf_dispose(&file);
    th_buf_dispose(&line);
  }
  assert_true(missing * 50 <= n);
  th_json_parser_free_wiped(parser);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bundle),      cmocka_unit_test(test_order),
      cmocka_unit_test(test_odd_records), cmocka_unit_test(test_errors),
      cmocka_unit_test(test_form),        cmocka_unit_test(test_loinc_keys),
      cmocka_unit_test(test_wiping),      cmocka_unit_test(test_shared_notes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
