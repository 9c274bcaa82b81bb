/* Abbreviations that a text spells out, and counts that go in, out, through a file and together. */
#include "../test.h"

#include <stdio.h>

#include "concept/evidence.h"

static const struct {
  const char *text, *found;
} cases[] = {
    {"patients with chronic obstructive pulmonary disease (COPD) and",
     "COPD=chronic obstructive pulmonary disease;"},
    {"COPD (chronic obstructive pulmonary disease)", "COPD=chronic obstructive pulmonary disease;"},
    {"forced expiratory volume in 1 second (FEV1)", "FEV1=forced expiratory volume in 1 second;"},
    {"the heart (HF)", ""},
    {"heart failure (HF; see below)", "HF=heart failure;"},
    {"heart failure (the usual)", ""},
    {"It failed. Heart rate (HR)", "HR=Heart rate;"},
    {"a study (n=20) of 5 mg (IV) and (PO)", ""},
    {"randomised (RCT", ""},
    {"", ""},
    {"(AB)", ""},
    {"acute myeloid leukemia (AML) or myelodysplastic syndrome (MDS)",
     "AML=acute myeloid leukemia;MDS=myelodysplastic syndrome;"},
};

static int note(void *ctx, th_span s, th_span l) {
  th_buf *out = ctx;
  th_buf_span(out, s);
  th_buf_char(out, '=');
  th_buf_span(out, l);
  th_buf_char(out, ';');
  return 0;
}

static void abbreviations(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_buf out;
    th_buf_init(&out, 0);
    assert_int_equal(th_abbreviations_each(th_span_of(cases[i].text), note, &out), 0);
    if (!th_span_eq(th_buf_view(&out), th_span_of(cases[i].found)))
      fail_msg("%s: %.*s", cases[i].text, (int)out.n, out.p);
    th_buf_dispose(&out);
  }
}

/* A record about a condition, an intervention and its other name. */
static void count(th_evidence *e, unsigned nct, const char *condition, const char *name,
                  const char *other, int sign) {
  th_buf b;
  th_json j;
  th_err err = {0};
  th_json_parser *parser = th_json_parser_new(1 << 20, 64);
  th_buf_init(&b, 0);
  th_buf_printf(
      &b,
      "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT%08u\"},"
      "\"descriptionModule\":{\"briefSummary\":\"Zeta quux condition (ZQC) is studied.\"},"
      "\"conditionsModule\":{\"conditions\":[\"%s\"],\"keywords\":[\"word\"]},"
      "\"armsInterventionsModule\":{\"interventions\":[{\"type\":\"DRUG\",\"name\":\"%s\","
      "\"otherNames\":[\"%s\"]}]}},\"derivedSection\":{\"conditionBrowseModule\":{\"meshes\":"
      "[{\"id\":\"D001\",\"term\":\"Condition, Zeta Quux\"}]}}}",
      nct, condition, name, other);
  assert_int_equal(th_json_parse(parser, th_buf_view(&b), &j, &err), 0);
  assert_int_equal(th_evidence_count(e, &j, nct, sign, &err), 0);
  th_buf_dispose(&b);
  th_json_parser_free(parser);
}

static void write_counts(th_evidence *e, th_buf *out) {
  th_err err = {0};
  th_evidence_head head = {17, 4711};
  th_buf_init(out, 0);
  assert_int_equal(th_evidence_write(e, &head, out, &err), 0);
}

static void counts_go_in_and_out(void **state) {
  (void)state;
  th_buf a, b;
  th_err err = {0};
  th_evidence *once = th_evidence_new(), *changed = th_evidence_new(), *half = th_evidence_new();
  count(once, 1, "Zeta Quux", "alphamab", "Brandix", 1);
  count(once, 2, "Zeta Quux", "alphamab", "AB-17", 1);
  /* The same by another way: a version that is taken out again, and two counts merged. */
  count(changed, 2, "Something else", "betamab", "Other", 1);
  count(changed, 2, "Something else", "betamab", "Other", -1);
  count(changed, 2, "Zeta Quux", "alphamab", "AB-17", 1);
  count(half, 1, "Zeta Quux", "alphamab", "Brandix", 1);
  assert_int_equal(th_evidence_merge(changed, half, &err), 0);
  write_counts(once, &a);
  write_counts(changed, &b);
  assert_true(th_span_eq(th_buf_view(&a), th_buf_view(&b)));
  assert_int_equal(th_evidence_records(changed), 2);

  th_evidence *again = th_evidence_new();
  th_evidence_head head;
  assert_int_equal(th_evidence_read(again, th_buf_view(&a), &head, &err), 0);
  assert_int_equal(head.applied_seq, 17);
  assert_int_equal(head.applied_mark, 4711);
  th_buf_dispose(&b);
  write_counts(again, &b);
  assert_true(th_span_eq(th_buf_view(&a), th_buf_view(&b)));
  for (size_t i = 0; i < a.n; i++) {
    th_evidence *damaged = th_evidence_new();
    th_err why = {0};
    a.p[i] ^= 0x10;
    assert_int_equal(th_evidence_read(damaged, th_buf_view(&a), &head, &why), TH_ECORRUPT);
    a.p[i] ^= 0x10;
    th_evidence_free(damaged);
  }
  th_evidence_free(once);
  th_evidence_free(changed);
  th_evidence_free(half);
  th_evidence_free(again);
  th_buf_dispose(&a);
  th_buf_dispose(&b);
}

static void expect(const th_concepts *d, const char *typed, const char *wanted, bool there) {
  th_arena arena;
  th_alternative *list;
  size_t n;
  th_err err = {0};
  bool found = false;
  th_arena_init(&arena, 0);
  assert_int_equal(th_concepts_expand(d, th_span_of(typed), NULL, &arena, &list, &n, &err), 0);
  for (size_t i = 0; i < n; i++)
    found = found || th_span_eq(list[i].text, th_span_of(wanted));
  if (found != there) fail_msg("%s: %s %s", typed, wanted, there ? "is missing" : "is there");
  th_arena_dispose(&arena);
}

static void records_become_concepts(void **state) {
  (void)state;
  th_buf file;
  th_concepts d;
  th_err err = {0};
  th_evidence *e = th_evidence_new();
  th_concept_draft *draft = th_concept_draft_new();
  for (unsigned i = 1; i <= 5; i++)
    count(e, i, "Zeta Quux", "alphamab", i == 1 ? "Brandix" : "AB-17", 1);
  count(e, 6, "Healthy Volunteers", "Placebo 5 mg", "Sugar", 1);
  assert_int_equal(th_evidence_add(e, draft, &err), 0);
  th_buf_init(&file, 0);
  assert_int_equal(th_concept_draft_write(draft, 1, &file, &err), 0);
  assert_int_equal(th_concepts_open(&d, file.p, file.n, true, &err), 0);
  expect(&d, "brandix", "alphamab", true);
  expect(&d, "alphamab", "AB-17", true);
  expect(&d, "AB17", "Brandix", true);
  expect(&d, "ZQC", "Condition, Zeta Quux", true);
  expect(&d, "zeta quux", "Condition, Zeta Quux", true);
  expect(&d, "zeta quux condition", "ZQC", true);
  expect(&d, "placebo 5 mg", "Sugar", false);
  expect(&d, "healthy volunteers", "Condition, Zeta Quux", false);
  uint32_t id;
  assert_int_equal(th_concepts_by_code(&d, TH_SPAN("MESH:D001"), &id, 1), 1);
  th_evidence_free(e);
  th_concept_draft_free(draft);
  th_buf_dispose(&file);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(abbreviations),
                                     cmocka_unit_test(counts_go_in_and_out),
                                     cmocka_unit_test(records_become_concepts)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
