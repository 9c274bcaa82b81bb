/* Verdicts: patients on both sides of every bound, the logic against a slow enumeration, and what
 * must not change when facts come, go or change places. */
#include "../test.h"

#include "../chance.h"

#include <math.h>

#include "../shared.h"
#include "eligibility/attributes.h"
#include "match/verdict.h"

#define AS_OF th_date_days(2026, 6, 15)

/* ---- patients made by hand ---- */

typedef struct person {
  th_patient p;
  th_patient_fact f[40];
} person;

static void nobody(person *x, char sex, double age) {
  memset(x, 0, sizeof *x);
  x->p.as_of = AS_OF;
  x->p.sex = sex;
  x->p.age_low = age;
  x->p.age_high = isnan(age) ? NAN : floor(age) == age ? age + 1 : age;
  x->p.facts = x->f;
}

static void born(person *x, char sex, int year, unsigned month, unsigned day) {
  nobody(x, sex, NAN);
  int32_t d = th_date_days(year, month, day);
  x->p.has_birth = true;
  x->p.birth = (th_date){d, d, 0, TH_DATE_DAY};
}

static th_patient_fact *add(person *x) {
  assert_true(x->p.n_facts < TH_COUNT(x->f));
  th_patient_fact *f = &x->f[x->p.n_facts++];
  *f = (th_patient_fact){.attribute = -1,
                         .high = NAN,
                         .canonical = NAN,
                         .canonical_high = NAN,
                         .normal_low = NAN,
                         .normal_high = NAN,
                         .concept_id = TH_NO_CONCEPT,
                         .from = x->p.n_facts * 10};
  return f;
}

static th_patient_fact *value(person *x, const char *key, double v) {
  int a = th_elig_attribute_find(th_span_of(key));
  if (a < 0) fail_msg("no attribute %s", key);
  th_patient_fact *f = add(x);
  f->type = TH_FACT_VALUE;
  f->attribute = a;
  f->relation = TH_ELIG_EQ;
  f->value = f->canonical = v;
  f->canonical_unit = th_elig_attributes[a].unit;
  return f;
}

static th_patient_fact *concept(person *x, uint8_t category, const char *label) {
  th_patient_fact *f = add(x);
  f->type = TH_FACT_CONCEPT;
  f->category = category;
  f->label = th_span_of(label);
  f->time = TH_ELIG_CURRENT;
  return f;
}

static void on(th_patient_fact *f, int32_t days_ago) {
  f->has_begin = true;
  f->begin = (th_date){AS_OF - days_ago, AS_OF - days_ago, 0, TH_DATE_DAY};
}

/* ---- asking ---- */

static th_arena arena;

static th_verdicts judge(const th_elig_tree *tree, const th_patient *p, th_verdict_presume mode) {
  th_verdict_patient ready;
  th_verdicts v;
  assert_int_equal(th_verdict_prepare(&ready, p, NULL, &arena, NULL), 0);
  assert_int_equal(th_verdict_read(&v, tree, &ready, mode, &arena, NULL), 0);
  return v;
}

/* The verdict of the last node of a text. */
static th_verdict_node ask(const char *text, const th_patient *p, th_verdict_presume mode) {
  th_elig_tree *tree = th_arena_alloc(&arena, sizeof *tree);
  assert_int_equal(th_elig_read(th_span_of(text), &arena, tree, NULL), 0);
  assert_true(tree->n_nodes > 0);
  return judge(tree, p, mode).nodes[tree->n_nodes - 1];
}

static void expect(const char *text, const person *x, uint8_t verdict, uint8_t basis) {
  th_verdict_node n = ask(text, &x->p, TH_PRESUME_NONE);
  if (n.verdict != verdict || n.basis != basis)
    fail_msg("%s: got %s %s, want %s %s", text, th_verdict_name(n.verdict), th_basis_name(n.basis),
             th_verdict_name(verdict), th_basis_name(basis));
}

#define IN "Inclusion Criteria:\n\n* "
#define EX "Exclusion Criteria:\n\n* "

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

/* ---- ages ---- */

static void test_ages(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int year;
    unsigned month, day;
    uint8_t want;
  } cases[] = {
      {IN "Age ≥ 18 years", 2008, 6, 15, TH_MET},
      {IN "Age ≥ 18 years", 2008, 6, 16, TH_NOT_MET},
      {IN "Age 18 to 75 years", 1951, 6, 15, TH_MET},
      {IN "Age 18 to 75 years", 1950, 6, 16, TH_MET}, /* 75 until the day before the birthday */
      {IN "Age 18 to 75 years", 1950, 6, 15, TH_NOT_MET},
      {IN "Age > 75 years", 1950, 6, 16, TH_NOT_MET},
      {IN "Age < 18 years", 2008, 6, 16, TH_MET},
      {IN "Age ≥ 1 month", 2026, 5, 16, TH_NOT_MET},
      {IN "Age ≥ 1 month", 2026, 5, 15, TH_MET},
      {IN "Age ≤ 28 days", 2026, 5, 18, TH_MET},
      {IN "Age ≤ 28 days", 2026, 5, 17, TH_NOT_MET},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    person x;
    born(&x, 'F', cases[i].year, cases[i].month, cases[i].day);
    expect(cases[i].text, &x, cases[i].want, TH_BASIS_DERIVED);
  }
  person x;
  nobody(&x, 0, 58);
  expect(IN "Age ≥ 58 years", &x, TH_MET, TH_BASIS_STATED);
  x.p.age_low = 60, x.p.age_high = 70; /* in his 60s */
  expect(IN "Age ≥ 60 years", &x, TH_MET, TH_BASIS_STATED);
  expect(IN "Age ≥ 65 years", &x, TH_UNKNOWN, TH_BASIS_NONE);
  expect(IN "Age < 70 years", &x, TH_MET, TH_BASIS_STATED);
  nobody(&x, 0, NAN);
  expect(IN "Age ≥ 58 years", &x, TH_UNKNOWN, TH_BASIS_NONE);
}

/* ---- numbers ---- */

static void test_bounds(void **state) {
  (void)state;
  static const struct {
    const char *text, *key;
    double value;
    uint8_t relation, want;
  } cases[] = {
      {IN "PaO2 < 65 mmHg", "pao2", 64, TH_ELIG_EQ, TH_MET},
      {IN "PaO2 < 65 mmHg", "pao2", 65, TH_ELIG_EQ, TH_NOT_MET},
      {IN "PaO2 < 65 mmHg", "pao2", 66, TH_ELIG_EQ, TH_NOT_MET},
      {IN "PaO2 ≤ 65 mmHg", "pao2", 65, TH_ELIG_EQ, TH_MET},
      {IN "PaO2 < 65 mmHg", "pao2", 65, TH_ELIG_LT, TH_MET},
      {IN "PaO2 < 65 mmHg", "pao2", 65, TH_ELIG_LE, TH_UNKNOWN},
      {IN "PaO2 < 65 mmHg", "pao2", 70, TH_ELIG_LT, TH_UNKNOWN},
      {IN "PaO2 < 65 mmHg", "pao2", 65, TH_ELIG_GE, TH_NOT_MET},
      {IN "Creatinine ≤ 133 umol/L", "creatinine", 1.5, TH_ELIG_EQ, TH_MET},
      {IN "Creatinine ≤ 132 umol/L", "creatinine", 1.5, TH_ELIG_EQ, TH_NOT_MET},
      {IN "No creatinine > 2 mg/dL", "creatinine", 2.5, TH_ELIG_EQ, TH_NOT_MET},
      {IN "No creatinine > 2 mg/dL", "creatinine", 2, TH_ELIG_EQ, TH_MET},
      {IN "PaO2 < 65 mmHg", "weight", 64, TH_ELIG_EQ, TH_UNKNOWN},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    person x;
    nobody(&x, 'M', 50);
    value(&x, cases[i].key, cases[i].value)->relation = cases[i].relation;
    expect(cases[i].text, &x, cases[i].want,
           cases[i].want == TH_UNKNOWN ? TH_BASIS_NONE : TH_BASIS_STATED);
  }
}

static void test_limits_of_normal(void **state) {
  (void)state;
  static const struct {
    double times;
    uint8_t want;
  } cases[] = {{1.4, TH_NOT_MET}, {1.5, TH_NOT_MET}, {1.6, TH_MET}};
  static const char text[] = EX "Serum creatinine > 1.5 times the upper limit of normal";
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    person x;
    nobody(&x, 'F', 50);
    th_patient_fact *f = value(&x, "creatinine", cases[i].times * 1.23);
    f->normal_high = 1.23;
    expect(text, &x, cases[i].want, TH_BASIS_STATED);
    f->normal_high = NAN; /* the usual limit for women: 1.1 */
    f->canonical = cases[i].times * 1.1;
    expect(text, &x, cases[i].want, TH_BASIS_DERIVED);
  }
  person x;
  nobody(&x, 0, 50); /* sex unknown: from 1.5 × 1.1 to 1.5 × 1.3 it is open */
  th_patient_fact *f = value(&x, "creatinine", 1.6);
  expect(text, &x, TH_NOT_MET, TH_BASIS_DERIVED);
  f->canonical = 1.8;
  expect(text, &x, TH_UNKNOWN, TH_BASIS_NONE);
  f->canonical = 2;
  expect(text, &x, TH_MET, TH_BASIS_DERIVED);
  nobody(&x, 'F', 9); /* a child has other limits */
  value(&x, "creatinine", 3);
  expect(text, &x, TH_UNKNOWN, TH_BASIS_NONE);
  nobody(&x, 'F', 50);
  f = value(&x, "fev1", 45);
  expect(IN "FEV1 < 50% predicted", &x, TH_UNKNOWN, TH_BASIS_NONE);
  f->unit = TH_SPAN("%");
  expect(IN "FEV1 < 50% predicted", &x, TH_MET, TH_BASIS_STATED);
}

static void test_newest_and_stale(void **state) {
  (void)state;
  person x;
  nobody(&x, 'M', 50);
  on(value(&x, "hba1c", 10), 100);
  on(value(&x, "hba1c", 8), 30);
  expect(IN "HbA1c > 9%", &x, TH_NOT_MET, TH_BASIS_STATED);
  x.f[0].begin.first_day = x.f[0].begin.last_day = AS_OF - 3;
  expect(IN "HbA1c > 9%", &x, TH_MET, TH_BASIS_STATED);
  nobody(&x, 'M', 50);
  on(value(&x, "creatinine", 1), 14);
  expect(IN "Creatinine ≤ 1.5 mg/dL within 14 days before enrollment", &x, TH_MET, TH_BASIS_STATED);
  x.f[0].begin.first_day = x.f[0].begin.last_day = AS_OF - 15;
  expect(IN "Creatinine ≤ 1.5 mg/dL within 14 days before enrollment", &x, TH_UNKNOWN,
         TH_BASIS_NONE);
  x.f[0].experiencer = TH_OF_FAMILY;
  expect(IN "Creatinine ≤ 1.5 mg/dL", &x, TH_UNKNOWN, TH_BASIS_NONE);
}

static void test_guards(void **state) {
  (void)state;
  static const char by_sex[] = IN "Hemoglobin ≥ 13 g/dL for men and ≥ 12 g/dL for women";
  static const char unless[] =
      EX "Total bilirubin > 2 mg/dL except in patients with Gilbert syndrome";
  person x;
  nobody(&x, 'F', 50);
  value(&x, "hemoglobin", 12.5);
  expect(by_sex, &x, TH_MET, TH_BASIS_STATED);
  x.p.sex = 'M';
  expect(by_sex, &x, TH_NOT_MET, TH_BASIS_STATED);
  x.p.sex = 0;
  expect(by_sex, &x, TH_UNKNOWN, TH_BASIS_NONE);
  x.f[0].canonical = 14;
  expect(by_sex, &x, TH_MET, TH_BASIS_STATED);
  nobody(&x, 'F', 50);
  value(&x, "bilirubin", 3);
  expect(unless, &x, TH_UNKNOWN, TH_BASIS_NONE);
  concept(&x, TH_ELIG_CONDITION, "Gilbert syndrome");
  expect(unless, &x, TH_NOT_MET, TH_BASIS_STATED);
  x.f[1].absent = true;
  expect(unless, &x, TH_MET, TH_BASIS_STATED);
  x.f[0].canonical = 1;
  x.p.n_facts = 1;
  expect(unless, &x, TH_NOT_MET, TH_BASIS_STATED);
}

/* ---- concepts ---- */

static void test_pregnancy(void **state) {
  (void)state;
  static const char text[] = EX "Pregnant women";
  person x;
  nobody(&x, 'M', 40);
  expect(text, &x, TH_NOT_MET, TH_BASIS_DERIVED);
  nobody(&x, 'F', 30);
  expect(text, &x, TH_UNKNOWN, TH_BASIS_NONE);
  assert_int_equal(ask(text, &x.p, TH_PRESUME_CONSENT).verdict, TH_UNKNOWN);
  assert_int_equal(ask(text, &x.p, TH_PRESUME_SILENCE).verdict, TH_UNKNOWN); /* it is tested */
  /* nothing presumed makes an inclusion met, or fails it */
  assert_int_equal(ask(IN "Not pregnant", &x.p, TH_PRESUME_SILENCE).verdict, TH_UNKNOWN);
  assert_int_equal(ask(IN "Pregnant", &x.p, TH_PRESUME_SILENCE).verdict, TH_UNKNOWN);
  concept(&x, TH_ELIG_PROCEDURE, "Hysterectomy");
  expect(text, &x, TH_NOT_MET, TH_BASIS_DERIVED);
  concept(&x, TH_ELIG_PREGNANCY, "pregnancy");
  expect(text, &x, TH_MET, TH_BASIS_STATED);
  assert_int_equal(ask(text, &x.p, TH_PRESUME_SILENCE).verdict, TH_MET);
  x.f[1].absent = true;
  expect(text, &x, TH_NOT_MET, TH_BASIS_STATED);
  nobody(&x, 'F', 61);
  expect(text, &x, TH_NOT_MET, TH_BASIS_DERIVED);
  nobody(&x, 'F', 6);
  expect(text, &x, TH_NOT_MET, TH_BASIS_DERIVED);
}

static void test_consent(void **state) {
  (void)state;
  person x;
  nobody(&x, 'F', 30);
  expect(EX "Refuse to sign the informed consent.", &x, TH_UNKNOWN, TH_BASIS_NONE);
  th_verdict_node n = ask(EX "Refuse to sign the informed consent.", &x.p, TH_PRESUME_CONSENT);
  assert_int_equal(n.verdict, TH_NOT_MET);
  assert_int_equal(n.basis, TH_BASIS_PRESUMED);
  n = ask(IN "Signed informed consent", &x.p, TH_PRESUME_SILENCE);
  assert_int_equal(n.verdict, TH_UNKNOWN);
  assert_int_equal(n.basis, TH_BASIS_PRESUMED);
  concept(&x, TH_ELIG_CONSENT, "informed consent");
  expect(IN "Signed informed consent", &x, TH_MET, TH_BASIS_STATED);
}

/* One leaf of one concept, made by hand. */
static th_verdict_node ask_concept(th_elig_fact f, uint8_t kind, const person *x,
                                   th_verdict_presume mode) {
  th_elig_node *n = th_arena_calloc(&arena, 1, sizeof *n);
  th_elig_fact *copy = th_arena_alloc(&arena, sizeof f);
  th_elig_tree *tree = th_arena_alloc(&arena, sizeof *tree);
  f.type = TH_ELIG_CONCEPT;
  *copy = f;
  *n = (th_elig_node){.next = 1, .n_facts = 1, .kind = kind, .number = 1};
  *tree = (th_elig_tree){TH_SPAN(""), n, 1, copy, 1};
  return judge(tree, &x->p, mode).nodes[0];
}

static void test_concepts(void **state) {
  (void)state;
  th_elig_fact asthma = {.category = TH_ELIG_CONDITION, .label = TH_SPAN("Asthma")};
  person x;
#define ASK(fact) ask_concept(fact, TH_ELIG_EXCLUSION, &x, TH_PRESUME_NONE).verdict
#define SILENT(fact) ask_concept(fact, TH_ELIG_EXCLUSION, &x, TH_PRESUME_SILENCE).verdict
  nobody(&x, 'F', 30);
  assert_int_equal(ASK(asthma), TH_UNKNOWN);
  assert_int_equal(SILENT(asthma), TH_NOT_MET);
  th_patient_fact *f = concept(&x, TH_ELIG_FINDING, "asthma");
  assert_int_equal(ASK(asthma), TH_MET);
  f->certainty = TH_CERTAIN_SUSPECTED; /* spoken of: silence has nothing to say */
  assert_int_equal(ASK(asthma), TH_UNKNOWN);
  assert_int_equal(SILENT(asthma), TH_UNKNOWN);
  f->certainty = TH_CERTAIN_STATED;
  f->experiencer = TH_OF_FAMILY;
  assert_int_equal(ASK(asthma), TH_UNKNOWN);
  assert_int_equal(SILENT(asthma), TH_NOT_MET);
  th_elig_fact family = asthma;
  family.family = true;
  assert_int_equal(ASK(family), TH_MET);
  f->experiencer = TH_OF_PATIENT;
  th_elig_fact severe = asthma;
  severe.degree = TH_SPAN("severe");
  assert_int_equal(ASK(severe), TH_UNKNOWN);
  f->degree = TH_SPAN("mild");
  assert_int_equal(ASK(severe), TH_NOT_MET);
  f->degree = TH_SPAN("Severe");
  assert_int_equal(ASK(severe), TH_MET);
  f->time = TH_ELIG_PAST;
  th_elig_fact active = asthma, past = asthma;
  active.time = TH_ELIG_CURRENT, past.time = TH_ELIG_PAST;
  assert_int_equal(ASK(active), TH_NOT_MET);
  assert_int_equal(ASK(past), TH_MET);
  f->category = TH_ELIG_ALLERGY;
  assert_int_equal(ASK(asthma), TH_UNKNOWN);
}

static void test_windows(void **state) {
  (void)state;
  static const struct {
    uint8_t category;
    int32_t began, ended; /* days ago, ended -1: not */
    uint8_t relation, want;
  } cases[] = {
      {TH_ELIG_PROCEDURE, 27, 27, TH_ELIG_LE, TH_MET},
      {TH_ELIG_PROCEDURE, 28, 28, TH_ELIG_LE, TH_MET},
      {TH_ELIG_PROCEDURE, 29, 29, TH_ELIG_LE, TH_NOT_MET},
      {TH_ELIG_DRUG, 400, -1, TH_ELIG_LE, TH_MET}, /* still taken */
      {TH_ELIG_DRUG, 400, 20, TH_ELIG_LE, TH_MET},
      {TH_ELIG_DRUG, 400, 29, TH_ELIG_LE, TH_NOT_MET},
      {TH_ELIG_DRUG, 27, -1, TH_ELIG_GE, TH_NOT_MET},
      {TH_ELIG_DRUG, 28, -1, TH_ELIG_GE, TH_MET},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    person x;
    nobody(&x, 'F', 30);
    th_patient_fact *f = concept(&x, cases[i].category, "it");
    on(f, cases[i].began);
    if (cases[i].ended >= 0) {
      f->time = TH_ELIG_PAST;
      f->has_end = true;
      f->end = (th_date){AS_OF - cases[i].ended, AS_OF - cases[i].ended, 0, TH_DATE_DAY};
    }
    th_elig_fact c = {.category = cases[i].category, .label = TH_SPAN("it")};
    c.window = (th_elig_window){
        .present = true, .relation = cases[i].relation, .value = 4, .high = NAN, .unit = "wk"};
    if (ASK(c) != cases[i].want) fail_msg("window %zu", i);
    f->has_begin = f->has_end = false;
    if (cases[i].ended >= 0) assert_int_equal(ASK(c), TH_UNKNOWN);
  }
}

/* ---- how sure, and what a study asks that is not there ---- */

static void test_grounds(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint8_t ground;
  } cases[] = {
      {IN "Age 55 to 75 years", TH_GROUND_PERSON},
      {IN "Age 18 years or older and no older than 30 years", TH_GROUND_PERSON},
      {IN "Aged 1 year or older with diarrhea and children (aged 1-18 years) with asthma",
       TH_GROUND_LOOSE},
      {IN "Age 75 years", TH_GROUND_LOOSE},
      {IN "Healthy men and women aged 18 to 30 years", TH_GROUND_LOOSE},
      {IN "Controls: non-smokers aged 18 to 30 years", TH_GROUND_LOOSE},
      {IN "Serum creatinine < 1 mg/dL", TH_GROUND_NUMBER},
      {EX "Smokers", TH_GROUND_SAME},
      {EX "Age over 40 years", TH_GROUND_PERSON},
  };
  person x;
  nobody(&x, 'M', 51);
  concept(&x, TH_ELIG_SMOKING, "smoking");
  value(&x, "creatinine", 2);
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_verdict_node n = ask(cases[i].text, &x.p, TH_PRESUME_NONE);
    uint8_t against = cases[i].text[0] == 'E' ? TH_MET : TH_NOT_MET;
    if (n.verdict != against || n.ground != cases[i].ground)
      fail_msg("%s: %s, ground %d", cases[i].text, th_verdict_name(n.verdict), n.ground);
  }
}

static void test_lacking(void **state) {
  (void)state;
  const char *text =
      IN "Smokers\n* Alcohol abuse\n* Hemoglobin above 10 g/dL\n* Age 18 or more\n\n" EX
         "Stroke\n* Diabetes mellitus";
  th_verdict_study any = {0};
  th_verdict_trial sum;
  th_elig_tree tree;
  person x;
  nobody(&x, 'M', 51);
  concept(&x, TH_ELIG_SMOKING, "smoking");
  assert_int_equal(th_elig_read(th_span_of(text), &arena, &tree, NULL), 0);
  th_verdicts v = judge(&tree, &x.p, TH_PRESUME_SILENCE);
  th_verdict_patient ready = {.p = &x.p};
  th_verdict_sum(&sum, &v, &ready, &any);
  assert_int_equal(sum.inclusions, 4);
  assert_int_equal(sum.had, 2);
  assert_int_equal(sum.lacking, 1); /* the hemoglobin is not told in every record */
  v = judge(&tree, &x.p, TH_PRESUME_NONE);
  th_verdict_sum(&sum, &v, &ready, &any);
  assert_int_equal(sum.lacking, 0);
}

/* ---- the seed studies ---- */

typedef struct seed_study {
  th_elig_tree tree;
  th_verdict_study study;
} seed_study;

static bool seed_of(const th_json *j, const char *nct, seed_study *out) {
  static const char at[] = "protocolSection.eligibilityModule.";
  char path[128];
  th_span v;
  if (!th_span_eq(th_json_path_text(j, 0, "protocolSection.identificationModule.nctId"),
                  th_span_of(nct)))
    return false;
  snprintf(path, sizeof path, "%seligibilityCriteria", at);
  th_span text = th_arena_dup(&arena, th_json_path_text(j, 0, path));
  assert_int_equal(th_elig_read(text, &arena, &out->tree, NULL), 0);
  snprintf(path, sizeof path, "%sminimumAge", at);
  v = th_json_path_text(j, 0, path);
  out->study.has_min = th_age_parse(v, &out->study.min);
  snprintf(path, sizeof path, "%smaximumAge", at);
  v = th_json_path_text(j, 0, path);
  out->study.has_max = th_age_parse(v, &out->study.max);
  return true;
}

static bool load_seed(const char *nct, seed_study *out) {
  const char *path = shared_path("data/seeds/seeds.ndjson");
  th_buf file, line;
  bool found = false;
  memset(out, 0, sizeof *out);
  if (!path) return false;
  th_buf_init(&file, 0);
  th_buf_init(&line, 0);
  assert_int_equal(th_file_read(&file, path, NULL), 0);
  th_json_parser *parser = th_json_parser_new(1 << 20, 64);
  for (size_t at = 0; at < file.n && !found;) {
    const char *end = memchr(file.p + at, '\n', file.n - at);
    size_t n = end ? (size_t)(end - file.p) - at : file.n - at;
    th_json j;
    th_buf_clear(&line);
    th_buf_put(&line, file.p + at, n);
    assert_non_null(th_buf_room(&line, TH_PAD));
    assert_int_equal(th_json_parse(parser, th_buf_view(&line), &j, NULL), 0);
    found = seed_of(&j, nct, out);
    at += n + 1;
  }
  assert_true(found);
  th_json_parser_free(parser);
  th_buf_dispose(&line);
  th_buf_dispose(&file);
  return true;
}

static th_verdict_trial sum(const seed_study *s, const person *x, th_verdict_presume mode,
                            th_verdicts *v) {
  th_verdict_patient ready;
  th_verdict_trial t;
  assert_int_equal(th_verdict_prepare(&ready, &x->p, NULL, &arena, NULL), 0);
  assert_int_equal(th_verdict_read(v, &s->tree, &ready, mode, &arena, NULL), 0);
  th_verdict_sum(&t, v, &ready, &s->study);
  return t;
}

/* The verdict of the node with this number. */
static uint8_t verdict_of(const th_verdicts *v, const char *id) {
  char got[TH_ELIG_ID_MAX];
  for (uint32_t i = 0; i < v->tree->n_nodes; i++) {
    th_elig_id(v->tree, i, got);
    if (!strcmp(got, id)) return v->nodes[i].verdict;
  }
  fail_msg("no %s", id);
  return 0;
}

/* Lungs full of protein, 50 years old, all values on the right side. */
static void candidate(person *x, char sex) {
  born(x, sex, 1976, 1, 10);
  value(x, "anti_gm_csf", 20);
  value(x, "pao2", 64);
  value(x, "aa_gradient", 45);
  value(x, "shunt", 14);
  value(x, "creatinine", 1.4)->normal_high = 1;
  value(x, "alt", 30)->normal_high = 40;
  value(x, "ast", 30)->normal_high = 40;
  value(x, "bilirubin", 0.6)->normal_high = 1.2;
}

static void test_seed_papl(void **state) {
  (void)state;
  seed_study s;
  person x;
  th_verdicts v;
  if (!load_seed("NCT05640687", &s)) return;
  candidate(&x, 'M');
  th_verdict_trial t = sum(&s, &x, TH_PRESUME_CONSENT, &v);
  assert_int_not_equal(t.grade, TH_GRADE_EXCLUDED);
  assert_int_equal(verdict_of(&v, "I2"), TH_MET);
  assert_int_equal(verdict_of(&v, "I1"), TH_UNKNOWN);
  assert_int_equal(verdict_of(&v, "E8"), TH_NOT_MET);
  assert_int_equal(verdict_of(&v, "E11"), TH_NOT_MET);
  assert_int_equal(t.met + t.passed + t.presumed + t.open + t.violated, t.n);
  static const struct {
    unsigned fact;
    double value;
    const char *node;
    uint8_t want, grade;
  } cases[] = {
      {1, 64, "I3.2", TH_MET, TH_GRADE_POSSIBLE},
      {1, 65, "I3.2", TH_NOT_MET, TH_GRADE_EXCLUDED},
      {1, 66, "I3.2", TH_NOT_MET, TH_GRADE_EXCLUDED},
      {2, 40, "I3.3", TH_NOT_MET, TH_GRADE_EXCLUDED},
      {0, 5, "I3.1", TH_NOT_MET, TH_GRADE_EXCLUDED},
      {4, 1.4, "E7", TH_NOT_MET, TH_GRADE_POSSIBLE},
      {4, 1.5, "E7", TH_NOT_MET, TH_GRADE_POSSIBLE},
      {4, 1.6, "E7", TH_MET, TH_GRADE_EXCLUDED},
      {5, 80, "E8", TH_NOT_MET, TH_GRADE_POSSIBLE},
      {5, 81, "E8", TH_MET, TH_GRADE_EXCLUDED},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    candidate(&x, 'F');
    x.f[cases[i].fact].canonical = x.f[cases[i].fact].value = cases[i].value;
    t = sum(&s, &x, TH_PRESUME_NONE, &v);
    if (verdict_of(&v, cases[i].node) != cases[i].want ||
        (t.grade == TH_GRADE_EXCLUDED) != (cases[i].grade == TH_GRADE_EXCLUDED))
      fail_msg("%s at %g: %s, %s", cases[i].node, cases[i].value,
               th_verdict_name(verdict_of(&v, cases[i].node)), th_grade_name(t.grade));
    if (t.grade == TH_GRADE_EXCLUDED) assert_int_not_equal(t.node, TH_NO_FACT);
  }
  static const struct {
    int year;
    unsigned day;
    bool in;
  } births[] = {{2008, 15, true}, {2008, 16, false}, {1950, 16, true}, {1950, 15, false}};
  for (size_t i = 0; i < TH_COUNT(births); i++) {
    candidate(&x, 'F');
    x.p.birth.first_day = x.p.birth.last_day = th_date_days(births[i].year, 6, births[i].day);
    t = sum(&s, &x, TH_PRESUME_NONE, &v);
    assert_int_equal(t.grade != TH_GRADE_EXCLUDED, births[i].in);
    assert_int_equal(verdict_of(&v, "I2"), births[i].in ? TH_MET : TH_NOT_MET);
    if (!births[i].in) assert_int_equal(t.by, TH_FIELD_AGE);
  }
}

static void test_seed_children(void **state) {
  (void)state;
  seed_study s;
  person x;
  th_verdicts v;
  if (!load_seed("NCT09990001", &s)) return;
  born(&x, 'F', 2026, 5, 19); /* 27 days */
  assert_int_equal(sum(&s, &x, TH_PRESUME_NONE, &v).by, TH_FIELD_AGE);
  born(&x, 'F', 2026, 5, 15); /* one month to the day */
  assert_int_equal(sum(&s, &x, TH_PRESUME_NONE, &v).grade, TH_GRADE_POSSIBLE);
  born(&x, 'F', 2007, 6, 16); /* the last day of being 18 */
  assert_int_equal(sum(&s, &x, TH_PRESUME_NONE, &v).grade, TH_GRADE_POSSIBLE);
  value(&x, "age_at_diagnosis", 17);
  sum(&s, &x, TH_PRESUME_NONE, &v);
  assert_int_equal(verdict_of(&v, "I1"), TH_MET);
  x.f[0].canonical = 18;
  assert_int_equal(sum(&s, &x, TH_PRESUME_NONE, &v).grade, TH_GRADE_EXCLUDED);
  born(&x, 'F', 2007, 6, 15);
  assert_int_equal(sum(&s, &x, TH_PRESUME_NONE, &v).by, TH_FIELD_AGE);
}

/* ---- random trees against enumeration ---- */

enum { NODES = 24, FACTS = 10 };
typedef struct forest {
  th_elig_node n[NODES];
  th_elig_fact f[FACTS];
  uint32_t n_nodes, n_facts;
} forest;

/* Each fact asks of another concept, so that all are independent. */
static const char *const names[FACTS] = {"a1", "b2", "c3", "d4", "e5",
                                         "f6", "g7", "h8", "i9", "k0"};

static void grow(forest *t, unsigned depth, uint32_t number, uint8_t kind) {
  if (t->n_nodes >= NODES - 1) return;
  uint32_t at = t->n_nodes++;
  th_elig_node *n = &t->n[at];
  *n = (th_elig_node){.kind = kind, .number = number, .combine = (uint8_t)below(3)};
  n->at_least = (uint16_t)(1 + below(3));
  n->fact = t->n_facts;
  if (depth < 3 && below(3)) {
    n->flags = TH_ELIG_GROUP;
    if (below(8) == 0) n->flags |= TH_ELIG_OPTIONAL;
    bool lead = below(3) == 0;
    for (uint32_t i = 0, k = below(4); i <= k; i++)
      grow(t, depth + 1, lead ? i : i + 1, kind);
  } else {
    for (uint32_t k = below(4); k > 0 && t->n_facts < FACTS; k--) {
      t->f[t->n_facts] = (th_elig_fact){.type = TH_ELIG_CONCEPT,
                                        .category = TH_ELIG_CONDITION,
                                        .negated = below(3) == 0,
                                        .label = th_span_of(names[t->n_facts])};
      t->n_facts++;
    }
    n->n_facts = t->n_facts - n->fact;
  }
  t->n[at].next = t->n_nodes;
}

/* In one possible world every fact is so or not so; a node is 0, 1, or -1 for one that asks
 * nothing that can be known. */
static int world_counts(int n, int met, uint8_t combine, int at_least) {
  if (combine == TH_ELIG_ALL) return met == n;
  if (combine == TH_ELIG_ANY) return met > 0;
  return met >= at_least;
}

static int world(const forest *t, uint32_t at, const bool *so, const bool *blank_is) {
  const th_elig_node *n = &t->n[at];
  int items = 0, met = 0, lead = 1;
  bool has_lead = false;
  if (!(n->flags & TH_ELIG_GROUP)) {
    if (n->n_facts == 0) return blank_is[at];
    for (uint32_t i = n->fact; i < n->fact + n->n_facts; i++, items++)
      met += so[i] != t->f[i].negated;
    if (n->n_facts > 1 && n->combine == TH_ELIG_AT_LEAST && n->at_least > items)
      return blank_is[at];
    return n->n_facts == 1 ? met : world_counts(items, met, n->combine, n->at_least);
  }
  for (uint32_t i = at + 1; i < n->next; i = t->n[i].next) {
    const th_elig_node *c = &t->n[i];
    bool group = c->flags & TH_ELIG_GROUP;
    if (c->flags & TH_ELIG_OPTIONAL) continue;
    if (c->number == 0 && c->n_facts == 0 && !group) continue;
    int w = world(t, i, so, blank_is);
    if (c->number == 0)
      lead = w, has_lead = true;
    else
      items++, met += w;
  }
  if (items == 0) return has_lead ? lead : blank_is[at];
  if (n->combine == TH_ELIG_AT_LEAST && n->at_least > items) return lead && blank_is[at];
  return lead && world_counts(items, met, n->combine, n->at_least);
}

/* What holds in every world that the patient's facts leave possible. */
static uint8_t slow(const forest *t, uint32_t at, const int *known) {
  bool seen[2] = {false, false}, so[FACTS], blank[NODES];
  for (uint32_t w = 0; w < 1u << (t->n_facts + 0); w++) {
    bool possible = true;
    for (uint32_t i = 0; i < t->n_facts; i++) {
      so[i] = w >> i & 1;
      possible &= known[i] < 0 || known[i] == so[i];
    }
    /* what cannot be known is one way or the other everywhere; the logic has no "not" above facts,
     * so all of one kind give the extremes */
    for (int b = 0; possible && b < 2; b++) {
      memset(blank, b, sizeof blank);
      seen[world(t, at, so, blank)] = true;
    }
  }
  return seen[0] && seen[1] ? TH_UNKNOWN : seen[1] ? TH_MET : TH_NOT_MET;
}

static void random_patient(const forest *t, person *x, int *known) {
  nobody(x, 'F', 30);
  for (uint32_t i = 0; i < t->n_facts; i++) {
    known[i] = (int)below(3) - 1;
    if (known[i] >= 0)
    concept(x, TH_ELIG_CONDITION, names[i])->absent = !known[i];
    else if (below(4) == 0) concept(x, TH_ELIG_CONDITION, names[i])->certainty =
        TH_CERTAIN_SUSPECTED;
  }
}

static void test_random_trees(void **state) {
  (void)state;
  uint32_t decided = 0, all = 0;
  seed = random_start(0x9E3779B97F4A7C15u);
  for (int round = 0; round < 3000; round++) {
    forest t = {0};
    person x;
    int known[FACTS];
    for (uint32_t i = 1; i <= 2; i++)
      grow(&t, 0, i, i == 1 ? TH_ELIG_INCLUSION : TH_ELIG_EXCLUSION);
    th_elig_tree tree = {TH_SPAN(""), t.n, t.n_nodes, t.f, t.n_facts};
    random_patient(&t, &x, known);
    th_arena_reset(&arena, false);
    th_verdicts v = judge(&tree, &x.p, TH_PRESUME_NONE);
    for (uint32_t i = 0; i < t.n_nodes; i++) {
      uint8_t want = slow(&t, i, known);
      if (v.nodes[i].verdict != want)
        fail_msg("round %d node %u: got %s, want %s", round, i, th_verdict_name(v.nodes[i].verdict),
                 th_verdict_name(want));
      if ((want == TH_UNKNOWN) != (v.nodes[i].basis == TH_BASIS_NONE)) fail_msg("basis");
      decided += want != TH_UNKNOWN;
      all++;
    }
  }
  print_message("%u of %u nodes decided\n", decided, all);
  assert_true(decided > all / 4 && decided < all - all / 10);
}

/* ---- what must not change ---- */

static bool same_verdicts(const th_verdicts *a, const th_verdicts *b) {
  return !memcmp(a->nodes, b->nodes, a->tree->n_nodes * sizeof *a->nodes);
}

static void check_changes(const forest *t, person *x) {
  th_elig_tree tree = {TH_SPAN(""), t->n, t->n_nodes, t->f, t->n_facts};
  person y = *x;
  y.p.facts = y.f;
  for (int mode = 0; mode <= TH_PRESUME_SILENCE; mode++) {
    th_verdicts before = judge(&tree, &x->p, (th_verdict_presume)mode);
    y = *x, y.p.facts = y.f;
    concept(&y, TH_ELIG_CONDITION, "something else");
    value(&y, "height", 170);
    th_verdicts v = judge(&tree, &y.p, (th_verdict_presume)mode);
    assert_true(same_verdicts(&before, &v)); /* what is not asked for */
    y = *x, y.p.facts = y.f;
    for (uint32_t i = y.p.n_facts; i > 1; i--) {
      uint32_t k = below(i);
      th_patient_fact swap = y.f[k];
      y.f[k] = y.f[i - 1], y.f[i - 1] = swap;
    }
    v = judge(&tree, &y.p, (th_verdict_presume)mode);
    assert_true(same_verdicts(&before, &v)); /* order */
    if (mode == TH_PRESUME_SILENCE || x->p.n_facts == 0) continue;
    y = *x, y.p.facts = y.f;
    y.f[below(y.p.n_facts)] = y.f[y.p.n_facts - 1];
    y.p.n_facts--;
    v = judge(&tree, &y.p, (th_verdict_presume)mode);
    for (uint32_t i = 0; i < t->n_nodes; i++) /* less is known, so no more is decided */
      if (v.nodes[i].verdict != TH_UNKNOWN)
        assert_int_equal(v.nodes[i].verdict, before.nodes[i].verdict);
  }
}

/* Presumption: the plain verdicts stand, inclusions are untouched, exclusions are cleared alone. */
static void check_presumed(const forest *t, const person *x) {
  th_elig_tree tree = {TH_SPAN(""), t->n, t->n_nodes, t->f, t->n_facts};
  th_verdicts plain = judge(&tree, &x->p, TH_PRESUME_NONE);
  th_verdicts v = judge(&tree, &x->p, TH_PRESUME_SILENCE);
  for (uint32_t i = 0; i < t->n_nodes; i++) {
    if (v.nodes[i].verdict == plain.nodes[i].verdict) continue;
    assert_int_equal(plain.nodes[i].verdict, TH_UNKNOWN);
    assert_int_equal(v.nodes[i].verdict, TH_NOT_MET);
    assert_int_equal(v.nodes[i].basis, TH_BASIS_PRESUMED);
    assert_int_equal(t->n[i].kind, TH_ELIG_EXCLUSION);
  }
}

static void test_changes(void **state) {
  (void)state;
  seed = random_start(0xD1B54A32D192ED03u);
  for (int round = 0; round < 2000; round++) {
    forest t = {0};
    person x;
    int known[FACTS];
    grow(&t, 0, 1, round & 1 ? TH_ELIG_INCLUSION : TH_ELIG_EXCLUSION);
    random_patient(&t, &x, known);
    th_arena_reset(&arena, false);
    check_changes(&t, &x);
    check_presumed(&t, &x);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_grounds),
      cmocka_unit_test(test_lacking),
      cmocka_unit_test(test_ages),
      cmocka_unit_test(test_bounds),
      cmocka_unit_test(test_limits_of_normal),
      cmocka_unit_test(test_newest_and_stale),
      cmocka_unit_test(test_guards),
      cmocka_unit_test(test_pregnancy),
      cmocka_unit_test(test_consent),
      cmocka_unit_test(test_concepts),
      cmocka_unit_test(test_windows),
      cmocka_unit_test(test_seed_papl),
      cmocka_unit_test(test_seed_children),
      cmocka_unit_test(test_random_trees),
      cmocka_unit_test(test_changes),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
