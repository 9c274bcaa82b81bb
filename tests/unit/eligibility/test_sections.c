/* Headers that name their kind, and trees in sections. */
#include "../test.h"

#include "base/buf.h"
#include "eligibility/headers.h"
#include "eligibility/sections.h"

static void headers_that_name_their_kind(void **state) {
  (void)state;
  enum { NO = -1, OTHER = TH_ELIG_UNKNOWN, IN = TH_ELIG_INCLUSION, EX = TH_ELIG_EXCLUSION };
  static const struct {
    const char *line;
    int kind;
    const char *header, *rest;
  } cases[] = {
      {"Inclusion Criteria:", IN, "Inclusion Criteria", ""},
      {"INCLUSION CRITERIA", IN, "INCLUSION CRITERIA", ""},
      {"Exclusion criteria :", EX, "Exclusion criteria", ""},
      {"Exclusion criteria.", EX, "Exclusion criteria", ""},
      {"Key Inclusion Criteria:", IN, "Key Inclusion Criteria", ""},
      {"* Main Exclusion Criteria", EX, "Main Exclusion Criteria", ""},
      {"- Inclusion", IN, "Inclusion", ""},
      {"\xE2\x80\xA2 Exclusion:", EX, "Exclusion", ""},
      {"**Inclusion Criteria:**", IN, "Inclusion Criteria", ""},
      {"**Exclusion Criteria**:", EX, "Exclusion Criteria", ""},
      {"__INCLUSION CRITERIA__", IN, "INCLUSION CRITERIA", ""},
      {"## Exclusion Criteria", EX, "Exclusion Criteria", ""},
      {"1. Inclusion Criteria:", IN, "Inclusion Criteria", ""},
      {"   2) EXCLUSION CRITERIA:\r", EX, "EXCLUSION CRITERIA", ""},
      {"-INCLUSION CRITERIA:", IN, "INCLUSION CRITERIA", ""},
      {"Non-inclusion criteria:", EX, "Non-inclusion criteria", ""},
      {"The inclusion criteria are:", IN, "The inclusion criteria are", ""},
      {"Exclusion Criteria: none", EX, "Exclusion Criteria", "none"},
      {"* Exclusion criteria: None.", EX, "Exclusion criteria", "None."},
      {"EXCLUSION CRITERIA FOR HEALTHY VOLUNTEERS:", EX,
       "EXCLUSION CRITERIA FOR HEALTHY VOLUNTEERS", ""},
      {"EXCLUSION CRITERIA FOR PATIENTS", EX, "EXCLUSION CRITERIA FOR PATIENTS", ""},
      {"INCLUSION CRITERIA - Donor:", IN, "INCLUSION CRITERIA - Donor", ""},
      {"Inclusion Criteria (Controls):", IN, "Inclusion Criteria (Controls)", ""},
      {"Inclusion Criteria (part A: adults):", IN, "Inclusion Criteria (part A: adults)", ""},
      {"Inclusion criteria 1-4 for all parts plus:", IN,
       "Inclusion criteria 1-4 for all parts plus", ""},
      {"Patient Participant Inclusion Criteria:", IN, "Patient Participant Inclusion Criteria", ""},
      {"Angiographic Exclusion Criteria", EX, "Angiographic Exclusion Criteria", ""},
      {"Exclusions:", EX, "Exclusions", ""},
      {"Other Exclusions", EX, "Other Exclusions", ""},
      {"Patients may be eligible for this study if they:", IN,
       "Patients may be eligible for this study if they", ""},
      {"Your child will not be eligible for this study if he/she:", EX,
       "Your child will not be eligible for this study if he/she", ""},
      {"INCLUSION/EXCLUSION CRITERIA:", OTHER, "INCLUSION/EXCLUSION CRITERIA", ""},
      {"INCLUSION OF VULNERABLE PARTICIPANTS:", OTHER, "INCLUSION OF VULNERABLE PARTICIPANTS", ""},
      {"", NO},
      {"* Failure to meet inclusion criteria.", NO},
      {"Patients not meeting inclusion criteria are excluded.", NO},
      {"18. Who are not suitable to any of inclusion criteria.", NO},
      {"* Does not meet inclusion criteria", NO},
      {"* Not fulfilling inclusion criteria", NO},
      {"No exclusion criteria", NO},
      {"There are no exclusion criteria for this study.", NO},
      {"Other protocol-defined inclusion/exclusion criteria apply", NO},
      {"* Clinical evolution \xE2\x89\xA4 5 days at inclusion;", NO},
      {"* Patient meets the inclusion criteria for trial entry", NO},
      {"Women at inclusion:", NO},
      {"* inclusion body myositis", NO},
      {"* Inclusion criteria of the main study met within 30 days", NO},
      {"6. Subjects who judged ineligible by the investigator.", NO},
      {"* Eligible subtypes:", NO},
      {"DISEASE CHARACTERISTICS:", NO},
      {"PATIENT CHARACTERISTICS: See General Eligibility Criteria", NO},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    uint8_t kind = 0;
    th_span header = {0}, line = th_span_of(cases[i].line);
    size_t rest = 0;
    bool is = th_elig_plain_header(line, &kind, &header, &rest);
    if ((is ? (int)kind : NO) != cases[i].kind) fail_msg("%s", cases[i].line);
    if (!is) continue;
    if (!th_span_eq(header, th_span_of(cases[i].header)))
      fail_msg("%s: %.*s", cases[i].line, (int)header.n, header.p);
    assert_true(th_span_eq((th_span){line.p + rest, line.n - rest}, th_span_of(cases[i].rest)));
  }
}

static void sections_of_a_tree(void **state) {
  (void)state;
  static const struct {
    const char *text, *sections; /* kind[header]{bytes}… */
  } cases[] = {
      {"", ""},
      {"Postmenopausal women.", "0[]{Postmenopausal women.}"},
      {"Inclusion Criteria:\n\n* a b\n\nExclusion Criteria:\n\n* b c\n",
       "1[Inclusion Criteria]{* a b}2[Exclusion Criteria]{* b c}"},
      {"Exclusion:\nbad\nInclusion:\ngood", "2[Exclusion]{bad}1[Inclusion]{good}"},
      {"First.\n\nKey Inclusion Criteria:\r\n\r\n  * one\r\n  * two\r\n",
       "0[]{First.}1[Key Inclusion Criteria]{  * one\r\n  * two}"},
      {"Inclusion Criteria:\n\nExclusion Criteria: none", "2[Exclusion Criteria]{none}"},
      {" \n ", ""},
  };
  th_arena arena;
  th_arena_init(&arena, 0);
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_elig_tree tree;
    th_elig_section s = {0};
    th_buf b = {0};
    assert_int_equal(th_elig_read(th_span_of(cases[i].text), &arena, &tree, NULL), 0);
    while (th_elig_section_next(&tree, &s))
      th_buf_printf(&b, "%d[%.*s]{%.*s}", s.kind, (int)s.header.n, s.header.n ? s.header.p : "",
                    (int)(s.to - s.from), tree.text.p + s.from);
    th_buf_char(&b, 0);
    assert_string_equal(b.p, cases[i].sections);
    th_buf_dispose(&b);
  }
  th_arena_dispose(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(headers_that_name_their_kind),
      cmocka_unit_test(sections_of_a_tree),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
