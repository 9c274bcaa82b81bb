#include "../test.h"

#include "extract.h"
#include "portal/study_diff.h"
#include "study/catalogue.h"

#include <stdio.h>

static th_json_parser *parsers[2];
static th_arena arena;
static th_buf padded[2], page, scratch;

/* The difference, as HTML in `page`; returns the number of changes. */
static unsigned compare(const char *a, const char *b, th_lang lang) {
  const char *texts[2] = {a, b};
  th_json j[2];
  th_html h;
  unsigned changes = 0;
  for (int i = 0; i < 2; i++) {
    th_buf_clear(&padded[i]);
    th_buf_str(&padded[i], texts[i]);
    for (size_t k = 0; k < TH_PAD; k++)
      th_buf_char(&padded[i], 0);
    assert_int_equal(
        th_json_parse(parsers[i], (th_span){padded[i].p, strlen(texts[i])}, &j[i], NULL), 0);
  }
  th_buf_clear(&page);
  th_html_init(&h, lang, &page, &scratch);
  assert_int_equal(th_study_diff(&h, &j[0], &j[1], &arena, &changes, NULL), 0);
  assert_int_equal(th_html_finish(&h, NULL), 0);
  return changes;
}

#define STUDY(modules) "{\"protocolSection\":{" modules "}}"
#define SITES(list) STUDY("\"contactsLocationsModule\":{\"locations\":[" list "]}")
#define A "{\"facility\":\"A\",\"city\":\"X\",\"status\":\"RECRUITING\"}"
#define B "{\"facility\":\"B\",\"city\":\"X\"}"

static const struct {
  const char *a, *b;
  unsigned changes;
  const char *shown[6]; /* in this order */
} cases[] = {
    {STUDY(""), STUDY(""), 0, {0}},
    {STUDY("\"statusModule\":{\"overallStatus\":\"RECRUITING\"}"),
     STUDY("\"statusModule\":{\"overallStatus\":\"COMPLETED\"}"),
     1,
     {"Status and dates</h2>", "Status</dt>", "<del>Recruiting</del>", "<ins>Completed</ins>"}},
    {STUDY("\"statusModule\":{\"startDateStruct\":{\"date\":\"2024-01\",\"type\":\"ESTIMATED\"}}"),
     STUDY("\"statusModule\":{\"startDateStruct\":{\"date\":\"2024-02-03\",\"type\":\"ACTUAL\"}}"),
     2,
     {"Study start</dt>", "<del>January 2024</del>", "<ins>February 3, 2024</ins>",
      "<ins>Actual</ins>"}},
    {STUDY("\"eligibilityModule\":{\"eligibilityCriteria\":\"Age \\\\> 18 years\"}"),
     STUDY("\"eligibilityModule\":{\"eligibilityCriteria\":\"Age \\\\> 21 years\"}"),
     1,
     {"Who may join", "Eligibility criteria", "Age &gt; <del>18</del> <ins>21</ins> years"}},
    {STUDY("\"conditionsModule\":{\"conditions\":[\"Asthma\",\"Cough\"]}"),
     STUDY("\"conditionsModule\":{\"conditions\":[\"Asthma\",\"COPD\"]}"),
     1,
     {"Conditions</dt>", "Asthma; <del>Cough</del>", "<ins>COPD</ins>"}},
    /* The same, spelt otherwise. */
    {STUDY("\"conditionsModule\":{\"conditions\":[\"A\",\"B\"]}"),
     STUDY("\"conditionsModule\":{\"conditions\" : [\"A\", \"\\u0042\"]}"),
     0,
     {0}},
    {STUDY("\"descriptionModule\":{\"briefSummary\":\"A b\"}"),
     STUDY("\"descriptionModule\":{\"briefSummary\":\"A\\nb \"}"),
     0,
     {0}},
    /* Order alone is no change; the changed member is found by its name. */
    {SITES(A "," B), SITES(B "," A), 0, {0}},
    {SITES(A "," B),
     SITES(B ",{\"facility\":\"A\",\"city\":\"X\",\"status\":\"COMPLETED\"}"),
     1,
     {"Place \xE2\x80\xBA A, X \xE2\x80\xBA Status", "<del>Recruiting</del>"}},
    {SITES(A), SITES(A "," B), 1, {"Place \xE2\x80\xBA B, X</dt>", "<ins>B; X</ins>"}},
    {SITES(A "," B), SITES(A), 1, {"Place \xE2\x80\xBA B, X</dt>", "<del>B; X</del>"}},
    /* What came as a whole, and what the catalogue does not know. */
    {STUDY(""),
     STUDY("\"designModule\":{\"phases\":[\"PHASE1\",\"PHASE2\"]}"),
     1,
     {"Trial design", "Phase</dt>", "<ins>Phase 1</ins>", "<ins>Phase 2</ins>"}},
    {STUDY("\"designModule\":{\"novel\":[1]}"),
     STUDY("\"designModule\":{\"novel\":[2]}"),
     1,
     {"novel", "<del>[1]</del>", "<ins>[2]</ins>"}},
    /* Foreign text is text, in names too. */
    {SITES("{\"facility\":\"<i>\",\"zip\":\"<b>\"}"),
     SITES("{\"facility\":\"<i>\",\"zip\":\"&\"}"),
     1,
     {"&lt;i&gt;", "&lt;b&gt;", "&amp;"}},
    /* Values of types that the catalogue does not have. */
    {STUDY("\"statusModule\":7"), STUDY("\"statusModule\":{\"overallStatus\":[3]}"), 1, {"<del>7"}},
};

static void differences(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    unsigned changes = compare(cases[i].a, cases[i].b, TH_LANG_EN);
    th_span rest = th_buf_view(&page);
    if (changes != cases[i].changes)
      fail_msg("case %zu: %u changes: %.*s", i, changes, (int)rest.n, rest.p);
    for (size_t k = 0; k < TH_COUNT(cases[i].shown) && cases[i].shown[k]; k++) {
      ptrdiff_t at = th_span_find(rest, th_span_of(cases[i].shown[k]));
      if (at < 0) fail_msg("case %zu lacks %s: %.*s", i, cases[i].shown[k], (int)page.n, page.p);
      rest = (th_span){rest.p + at, rest.n - (size_t)at};
    }
    assert_int_equal(compare(cases[i].b, cases[i].a, TH_LANG_ES), cases[i].changes);
    assert_int_equal(compare(cases[i].a, cases[i].a, TH_LANG_EN), 0);
    th_arena_reset(&arena, false);
  }
}

/* More changes than are shown are counted. */
static void many_changes(void **state) {
  (void)state;
  th_buf a = {0}, b = {0};
  th_buf_str(&a, "{\"protocolSection\":{\"contactsLocationsModule\":{\"locations\":[");
  th_buf_span(&b, th_buf_view(&a));
  for (int i = 0; i < 1000; i++) {
    th_buf_printf(&a, "%s{\"facility\":\"F%d\",\"city\":\"old\"}", i ? "," : "", i);
    th_buf_printf(&b, "%s{\"facility\":\"F%d\",\"city\":\"old\",\"zip\":\"1\"}", i ? "," : "", i);
  }
  th_buf_str(&a, "]}}}");
  th_buf_str(&b, "]}}}");
  th_buf_char(&a, 0);
  th_buf_char(&b, 0);
  assert_int_equal(compare(a.p, b.p, TH_LANG_EN), 1000);
  size_t shown = 0;
  th_span rest = th_buf_view(&page);
  for (ptrdiff_t at; (at = th_span_find(rest, TH_SPAN("<ins>"))) >= 0; shown++)
    rest = (th_span){rest.p + at + 5, rest.n - (size_t)at - 5};
  assert_int_equal(shown, TH_STUDY_DIFF_SHOWN);
  th_buf_dispose(&a);
  th_buf_dispose(&b);
}

/* Every module of the sections that are compared has a heading of the interface's. */
static void modules_have_labels(void **state) {
  (void)state;
  static const uint16_t sections[] = {TH_F_ProtocolSection, TH_F_ResultsSection,
                                      TH_F_AnnotationSection, TH_F_DocumentSection};
  for (size_t i = 0; i < TH_COUNT(sections); i++)
    for (uint16_t m = th_fields[sections[i]].first_child; m != TH_F_NONE;
         m = th_fields[m].next_sibling)
      if (!th_study_diff_label(m)) fail_msg("%s has no label", th_fields[m].piece);
}

static int setup(void **state) {
  (void)state;
  th_arena_init(&arena, 0);
  for (int i = 0; i < 2; i++)
    parsers[i] = th_json_parser_new(1u << 24, 64);
  return parsers[0] && parsers[1] ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  th_arena_dispose(&arena);
  for (int i = 0; i < 2; i++) {
    th_json_parser_free(parsers[i]);
    th_buf_dispose(&padded[i]);
  }
  th_buf_dispose(&page);
  th_buf_dispose(&scratch);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(differences),
      cmocka_unit_test(many_changes),
      cmocka_unit_test(modules_have_labels),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
