/* The vocabulary that comes with the program: that the table is sound, and what follows from it. */
#include "../test.h"

#include "base/buf.h"
#include "concept/common.h"

static th_buf file;
static th_concepts dict;

static int open_common(void **state) {
  (void)state;
  th_err err = {0};
  th_concept_draft *d = th_concept_draft_new();
  assert_non_null(d);
  th_buf_init(&file, 0);
  assert_int_equal(th_concept_common_add(d, &err), 0);
  assert_int_equal(th_concept_draft_write(d, 1, &file, &err), 0);
  th_concept_draft_free(d);
  return th_concepts_open(&dict, file.p, file.n, true, &err);
}

static int close_common(void **state) {
  (void)state;
  th_buf_dispose(&file);
  return 0;
}

static int take_first(void *ctx, const th_mention *m) {
  *(uint32_t *)ctx = m->labels[0];
  return 1;
}

/* The concept that the whole text names, or UINT32_MAX. */
static uint32_t concept_of(const char *text) {
  uint32_t label = UINT32_MAX;
  th_label l;
  th_concept_matcher *m = th_concept_matcher_new();
  assert_non_null(m);
  (void)!th_concepts_match(&dict, m, th_span_of(text), 0, take_first, &label, NULL);
  th_concept_matcher_free(m);
  return label != UINT32_MAX && th_concepts_label(&dict, label, &l) ? l.concept_id : UINT32_MAX;
}

static bool is_above(uint32_t above, uint32_t below, unsigned depth) {
  th_concept c;
  assert_true(depth < 12); /* the table goes round in a circle */
  if (above == below) return true;
  assert_true(th_concepts_get(&dict, below, &c));
  for (uint32_t i = 0; i < c.n_parents; i++)
    if (is_above(above, c.parents[i], depth + 1)) return true;
  return false;
}

static void the_table_is_sound(void **state) {
  (void)state;
  static const struct {
    const char *name, *above;
  } rows[] = {
#define K(kind, name, others, above, descriptor) {name, above},
#include "concept/common.def"
#include "concept/common_drugs.def"
#undef K
  };
  assert_int_equal(dict.n_concepts, TH_COUNT(rows));
  for (size_t i = 0; i < TH_COUNT(rows); i++) {
    unsigned wanted = rows[i].above[0] != 0;
    th_concept c;
    for (const char *p = rows[i].above; *p; p++)
      wanted += *p == '|';
    assert_true(th_concepts_get(&dict, (uint32_t)i, &c));
    if (!th_span_eq(c.label, th_span_of(rows[i].name)) || c.n_parents != wanted)
      fail_msg("row of %s: %.*s, %u above", rows[i].name, (int)c.label.n, c.label.p, c.n_parents);
    (void)is_above(UINT32_MAX, (uint32_t)i, 0);
  }
}

/* No wording stands in two rows. */
static void each_wording_means_one_thing(void **state) {
  (void)state;
  th_label l;
  for (uint32_t i = 0; i < dict.n_labels; i++) {
    assert_true(th_concepts_label(&dict, i, &l));
    if (l.flags & TH_LABEL_AMBIGUOUS) fail_msg("ambiguous: %.*s", (int)l.text.n, l.text.p);
  }
}

static void what_is_a_kind_of_what(void **state) {
  (void)state;
  static const struct {
    const char *below, *above;
    bool is;
  } rows[] = {
      {"T2DM", "diabetes", true},
      {"type 2 diabetes", "endocrine disorder", true},
      {"diabetes", "type 2 diabetes", false},
      {"heart attack", "cardiovascular disease", true},
      {"NSCLC", "malignancy", true},
      {"lung adenocarcinoma", "lung cancer", true},
      {"Crohn's disease", "autoimmune disorder", true},
      {"seizure disorder", "neurologic disease", true},
      {"ESRD", "renal insufficiency", true},
      {"schizophrenia", "psychiatric illness", true},
      {"lisinopril", "ACE inhibitors", true},
      {"Lantus", "oral hypoglycemic agents", true},
      {"warfarin", "NSAIDs", false},
      {"aspirin", "NSAIDs", true},
      {"prednisone", "systemic corticosteroids", true},
      {"budesonide", "systemic corticosteroids", false},
      {"HIV positive", "viral infection", true},
      {"obstructive sleep apnea", "sleep apnea", true},
      {"gastric bypass", "bariatric surgery", true},
      {"kidney transplantation", "organ transplant", true},
      {"TKA", "surgery", true},
      {"brain metastases", "metastatic disease", true},
      {"cephalosporin", "beta-lactams", true},
      {"latent TB", "tuberculosis", false},
      {"sleep apnea", "obstructive sleep apnea", false},
      {"hepatitis C", "liver disease", true},
      {"Humira", "anti-TNF therapy", true},
      {"Humira", "bDMARDs", true},
      {"Eliquis", "DOAC", true},
      {"Coumadin", "DOAC", false},
      {"Advair", "inhaled corticosteroids", true},
      {"Advair", "beta agonists", true},
      {"Tagrisso", "anticancer therapy", true},
      {"Keytruda", "cytotoxic chemotherapy", false},
      {"Taxol", "taxanes", true},
      {"Truvada", "antiretroviral therapy", true},
      {"Xeljanz", "TNF blockers", false},
      {"Entresto", "ARBs", true},
  };
  for (size_t i = 0; i < TH_COUNT(rows); i++) {
    uint32_t below = concept_of(rows[i].below), above = concept_of(rows[i].above);
    assert_int_not_equal(below, UINT32_MAX);
    assert_int_not_equal(above, UINT32_MAX);
    if (is_above(above, below, 0) != rows[i].is)
      fail_msg("%s is%s a kind of %s", rows[i].below, rows[i].is ? " not" : "", rows[i].above);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_table_is_sound),
                                     cmocka_unit_test(each_wording_means_one_thing),
                                     cmocka_unit_test(what_is_a_kind_of_what)};
  return cmocka_run_group_tests(tests, open_common, close_common);
}
