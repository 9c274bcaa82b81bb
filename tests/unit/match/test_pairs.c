/* Single criteria: the cases of tests/cases/match/verdicts.txt, the lines of --pairs. */
#include "../test.h"

#include <stdio.h>

#include "base/json.h"
#include "dictionary.h"
#include "match/pairs.h"

#define CASES TH_SOURCE_ROOT "/tests/cases/match/"

static words w;

static int setup(void **state) {
  (void)state;
  words_open(&w, CASES "dictionary.txt");
  return 0;
}
static int teardown(void **state) {
  (void)state;
  words_close(&w);
  return 0;
}

static th_pairs *pairs_for(th_verdict_presume presume) {
  th_pairs_options o = {
      .dict = &w.dict, .presume = presume, .has_as_of = true, .as_of = th_date_days(2026, 3, 1)};
  th_pairs *x = th_pairs_new(&o);
  assert_non_null(x);
  return x;
}

static void put_member(th_buf *out, const char *key, th_span text) {
  th_buf_printf(out, ",\"%s\":", key);
  th_json_quote(out, text);
}

/* "\n" of a case file is a line end. */
static void put_criterion(th_buf *out, th_span text) {
  th_buf plain;
  th_buf_init(&plain, 0);
  for (size_t i = 0; i < text.n; i++) {
    bool end = text.p[i] == '\\' && i + 1 < text.n && text.p[i + 1] == 'n';
    th_buf_char(&plain, end ? '\n' : text.p[i]);
    i += end;
  }
  put_member(out, "criterion", th_buf_view(&plain));
  th_buf_dispose(&plain);
}

static th_pair_result judge(th_pairs *x, th_span note, th_span kind, th_span criterion,
                            th_buf *out) {
  th_buf line;
  th_err err = {0};
  th_pair_result got = {0};
  th_buf_init(&line, 0);
  th_buf_str(&line, "{\"id\":1");
  put_member(&line, "note", note);
  put_member(&line, "kind", kind);
  put_criterion(&line, criterion);
  th_buf_char(&line, '}');
  if (th_pairs_line(x, th_buf_view(&line), out, &got, &err)) fail_msg("%s", err.message);
  th_buf_dispose(&line);
  return got;
}

static th_span cut(th_span *rest, const char *at) {
  const char *p = rest->p, *end = p + rest->n;
  size_t n = strlen(at);
  while (p + n <= end && memcmp(p, at, n))
    p++;
  bool found = p + n <= end;
  th_span part = {rest->p, found ? (size_t)(p - rest->p) : rest->n};
  size_t skip = part.n + (found ? n : 0);
  *rest = (th_span){rest->p + skip, rest->n - skip};
  return part;
}

static bool ends(th_span s, const char *with) {
  size_t n = strlen(with);
  return s.n >= n && !memcmp(s.p + s.n - n, with, n);
}

static th_verdict_presume mode_of(th_span name) {
  return ends(name, "(none)")      ? TH_PRESUME_NONE
         : ends(name, "(consent)") ? TH_PRESUME_CONSENT
                                   : TH_PRESUME_SILENCE;
}

/* One case; how many of its lines are wrong. */
static int run_case(th_span text, int *n) {
  th_span name = cut(&text, "\n"), note = cut(&text, "\n--\n");
  th_pairs *x = pairs_for(mode_of(name));
  int wrong = 0;
  while (text.n) {
    th_span line = th_span_trim(cut(&text, "\n")), rest = line;
    if (!line.n || line.p[0] == '#') continue;
    th_span kind = th_span_trim(cut(&rest, "|")), want = th_span_trim(cut(&rest, "|"));
    th_buf out;
    th_buf_init(&out, 0);
    th_pair_result got = judge(x, note, kind, th_span_trim(rest), &out);
    ++*n;
    if (!th_span_eq(want, th_span_of(th_verdict_name(got.verdict)))) {
      printf("%.*s\n  %.*s\n  got %s %s\n  %.*s\n", (int)name.n, name.p, (int)line.n, line.p,
             th_verdict_name(got.verdict), th_basis_name(got.basis), (int)out.n, out.p);
      wrong++;
    }
    th_buf_dispose(&out);
  }
  th_pairs_free(x);
  return wrong;
}

static void test_cases(void **state) {
  (void)state;
  th_buf file;
  th_err err = {0};
  int n = 0, wrong = 0;
  th_buf_init(&file, 0);
  if (th_file_read(&file, CASES "verdicts.txt", &err)) fail_msg("%s", err.message);
  th_span all = th_buf_view(&file);
  cut(&all, "\n== ");
  while (all.n)
    wrong += run_case(cut(&all, "\n== "), &n);
  th_buf_dispose(&file);
  if (wrong) fail_msg("%d of %d verdicts are wrong", wrong, n);
  assert_true(n >= 10);
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
  return cmocka_run_group_tests(tests, setup, teardown);
}
