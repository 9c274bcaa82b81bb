/* Single criteria: the cases of tests/cases/match/verdicts.txt, the lines of --pairs. */
#include "../test.h"

#include <stdio.h>

#include "base/json.h"
#include "cases.h"

typedef struct count {
  int n, wrong;
} count;

static void check_line(void *ctx, const case_line *line) {
  count *c = ctx;
  th_pairs *x = pairs_for(presume_of(line->name, TH_PRESUME_SILENCE));
  th_buf out;
  th_buf_init(&out, 0);
  th_pair_result got = judge(x, line->note, line->kind, line->criterion, &out);
  c->n++;
  if (!th_span_eq(line->want, th_span_of(th_verdict_name(got.verdict)))) {
    printf("%.*s\n  %.*s\n  got %s %s\n  %.*s\n", (int)line->name.n, line->name.p,
           (int)line->line.n, line->line.p, th_verdict_name(got.verdict), th_basis_name(got.basis),
           (int)out.n, out.p);
    c->wrong++;
  }
  th_buf_dispose(&out);
  th_pairs_free(x);
}

static void test_cases(void **state) {
  (void)state;
  count c = {0};
  each_case(check_line, &c);
  if (c.wrong) fail_msg("%d of %d verdicts are wrong", c.wrong, c.n);
  assert_true(c.n >= 60);
}

/* Whatever a line is short of is said, and nothing is written. */
static void test_bad_lines(void **state) {
  (void)state;
  static const struct {
    const char *line, *says;
  } cases[] = {
      {"{\"id\":1,\"note\":\"x\",\"kind\":\"inclusion\"}", "criterion"},
      {"{\"id\":1,\"note\":\"x\",\"kind\":\"inclusion\",\"criterion\":null}", "criterion"},
      {"{\"id\":1,\"note\":7,\"kind\":\"inclusion\",\"criterion\":\"y\"}", "note"},
      {"{\"id\":1,\"note\":\"x\",\"kind\":\"either\",\"criterion\":\"y\"}", "kind"},
      {"{\"id\":[],\"note\":\"x\",\"kind\":\"inclusion\",\"criterion\":\"y\"}", "id"},
      {"[]", "id"},
      {"{\"id\":1", ""},
      {"{\"id\":1,\"note\":\"{\\\"age\\\":[]}\",\"kind\":\"inclusion\",\"criterion\":\"y\"}", ""},
  };
  th_pairs *x = pairs_for(TH_PRESUME_SILENCE);
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_err err = {0};
    th_buf line, out;
    th_buf_init(&line, 0);
    th_buf_init(&out, 0);
    th_buf_str(&line, cases[i].line);
    assert_int_equal(th_pairs_line(x, th_buf_view(&line), &out, NULL, &err), TH_EINPUT);
    if (!strstr(err.message, cases[i].says)) fail_msg("%s: %s", cases[i].line, err.message);
    assert_int_equal(out.n, 0);
    th_buf_dispose(&line);
    th_buf_dispose(&out);
  }
  th_pairs_free(x);
}

/* An answer's spans are those of the note and of the criterion alone. */
static void test_answer(void **state) {
  (void)state;
  static const char note[] = "A 58-year-old woman with bronchial asthma.";
  static const char criterion[] = "Known respiratory disease";
  th_pairs *x = pairs_for(TH_PRESUME_BY_FORM);
  th_buf out;
  th_json j;
  th_json_parser *parser = th_json_parser_new(1 << 20, 32);
  th_buf_init(&out, 0);
  th_pair_result got =
      judge(x, th_span_of(note), TH_SPAN("inclusion"), th_span_of(criterion), &out);
  assert_int_equal(got.verdict, TH_MET);
  assert_int_equal(got.basis, TH_BASIS_DERIVED);
  assert_int_equal(th_json_parse(parser, th_buf_view(&out), &j, NULL), 0);
  uint32_t list = th_json_get(&j, 0, TH_SPAN("evidence"));
  assert_int_equal(j.nodes[list].n, 1);
  uint32_t e = list + 1;
  assert_true(th_span_eq(th_json_path_text(&j, e, "text"), TH_SPAN("bronchial asthma")));
  assert_true(th_span_eq(th_json_path_text(&j, e, "criterion"), TH_SPAN("respiratory disease")));
  assert_true(th_span_eq(th_json_path_text(&j, e, "rule"), TH_SPAN("a kind of it")));
  assert_true(th_span_eq(th_json_raw(&j, th_json_get(&j, e, TH_SPAN("span"))), TH_SPAN("[25,41]")));
  assert_true(
      th_span_eq(th_json_raw(&j, th_json_get(&j, e, TH_SPAN("criterionSpan"))), TH_SPAN("[6,25]")));
  uint32_t reading = th_json_get(&j, 0, TH_SPAN("reading"));
  assert_true(th_span_eq(th_json_path_text(&j, reading + 1, "text"), th_span_of(criterion)));
  th_json_parser_free(parser);
  th_buf_dispose(&out);
  th_pairs_free(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cases),
      cmocka_unit_test(test_bad_lines),
      cmocka_unit_test(test_answer),
  };
  return cmocka_run_group_tests(tests, open_words, close_words);
}
