/* Expressions and filters against the case files of tests/cases/query, and the limits of the
 * parser. */
#include "../test.h"

#include "../chance.h"

#include <stdio.h>

#include "base/file.h"
#include "base/json.h"
#include "query/expand.h"
#include "query/params.h"
#include "query/tree.h"

typedef struct test_case {
  th_span name, input, text;
  char expected[4096]; /* lines joined by '\n' */
  bool is_error;
  unsigned line;
} test_case;

static th_span next_line(th_span *rest) {
  const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
  th_span line = {rest->p, end ? (size_t)(end - rest->p) : rest->n};
  size_t taken = end ? line.n + 1 : line.n;
  rest->p += taken;
  rest->n -= taken;
  return line;
}

static void add_expected(test_case *c, th_span text) {
  size_t n = strlen(c->expected);
  snprintf(c->expected + n, sizeof c->expected - n, "%s%.*s", n ? "\n" : "", (int)text.n, text.p);
}

static void split_question(test_case *c, th_span text) {
  const char *blank = text.n ? memchr(text.p, ' ', text.n) : NULL;
  size_t n = blank ? (size_t)(blank - text.p) : text.n;
  c->name = (th_span){text.p, n};
  c->input = blank ? (th_span){blank + 1, text.n - n - 1} : (th_span){"", 0};
}

/* The next case of a file; false at the end. */
static bool next_case(th_span *rest, unsigned *line_no, test_case *c) {
  *c = (test_case){0};
  while (rest->n) {
    th_span before = *rest, line = next_line(rest);
    ++*line_no;
    if (line.n == 0 || line.p[0] == '#') continue;
    char kind = line.p[0];
    th_span text = line.n > 2 ? (th_span){line.p + 2, line.n - 2} : (th_span){"", 0};
    if (kind == '?' && c->name.p) {
      *rest = before;
      --*line_no;
      return true;
    }
    if (kind == '?') {
      split_question(c, text);
      c->line = *line_no;
    } else if (kind == ':') {
      c->text = text;
    } else {
      assert_true(kind == '=' || kind == '!');
      c->is_error = kind == '!';
      add_expected(c, text);
    }
  }
  return c->name.p != NULL;
}

static unsigned check(const test_case *c, const char *file, int rc, const char *got) {
  if ((rc != 0) == c->is_error && strcmp(got, c->expected) == 0) return 0;
  fprintf(stderr, "%s:%u: %.*s %.*s\n  expected %s\n  got      %s\n", file, c->line, (int)c->name.n,
          c->name.p, (int)c->input.n, c->input.p, c->expected, got);
  return 1;
}

/* The synonyms of the case files. */
static int fake_expand(void *ctx, th_span text, th_arena *arena, const th_synonym **out, size_t *n,
                       th_err *err) {
  static const struct {
    const char *text;
    th_synonym synonyms[2];
  } known[] = {
      {"heart attack",
       {{{"myocardial infarction", 21}, {"fake", 4}, 0.95f}, {{"MI", 2}, {"fake", 4}, 0.5f}}},
      {"aspirin", {{{"acetylsalicylic acid", 20}, {"fake", 4}, 0.75f}, {{0}, {0}, 0}}},
      {"none", {{{"---", 3}, {"fake", 4}, 0.75f}, {{0}, {0}, 0}}},
  };
  (void)ctx, (void)err;
  *n = 0;
  for (size_t i = 0; i < TH_COUNT(known); i++) {
    if (!th_span_eq_nocase(text, th_span_of(known[i].text))) continue;
    th_synonym *copy = th_arena_calloc(arena, 2, sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, known[i].synonyms, sizeof known[i].synonyms);
    *out = copy;
    *n = copy[1].text.n ? 2 : 1;
  }
  return 0;
}

static int read_with_synonyms(th_query **q, th_arena *arena, const test_case *c, th_err *err) {
  const th_expander expander = {fake_expand, NULL};
  th_parse_options options = {TH_A_ConditionSearch, "Conditions or disease", &expander};
  return th_query_parse_with(q, arena, c->input, &options, err);
}

static int read_expression(th_query **q, th_arena *arena, const test_case *c, th_err *err) {
  if (th_span_eq(c->name, TH_SPAN("typed")))
    return th_query_typed(q, arena, c->input, TH_A_BasicSearch, err);
  if (th_span_eq(c->name, TH_SPAN("synonyms"))) return read_with_synonyms(q, arena, c, err);
  if (th_span_eq(c->name, TH_SPAN("escaped")))
    return th_query_parse(q, arena, th_query_escape(arena, c->input), TH_A_BasicSearch,
                          "Other terms", err);
  for (unsigned i = 0; i < th_n_text_params; i++)
    if (th_span_eq(c->name, th_span_of(th_text_params[i].name)))
      return th_query_parse(q, arena, c->input, th_text_params[i].area, th_text_params[i].label,
                            err);
  assert_true(th_span_eq(c->name, TH_SPAN("advanced")));
  return th_query_parse(q, arena, c->input, TH_A_BasicSearch, "advanced filter", err);
}

static int read_filter(th_query **q, th_arena *arena, const test_case *c, th_buf *out,
                       th_err *err) {
  th_sort sort;
  if (!th_span_eq(c->name, TH_SPAN("sort")))
    return th_filter_parse(q, arena, c->name, c->input, err);
  int rc = th_sort_parse(&sort, c->input, err);
  if (rc) return rc;
  th_buf_printf(out, "%s %s",
                sort.field == TH_SORT_RELEVANCE  ? "relevance"
                : sort.field == TH_SORT_DISTANCE ? "distance"
                                                 : th_fields[sort.field].piece,
                sort.descending ? "desc" : "asc");
  return 0;
}

/* The text of the case with brackets round what is marked. */
static int read_marked(th_arena *arena, const test_case *c, th_buf *out, th_err *err) {
  th_query *q;
  const th_mark *marks;
  uint32_t at = 0;
  int rc = read_expression(&q, arena, c, err);
  if (rc) return rc;
  unsigned n = th_query_highlight(q, TH_F_BriefTitle, c->text, arena, &marks);
  for (unsigned i = 0; i < n; i++) {
    assert_true(marks[i].from >= at && marks[i].from < marks[i].to && marks[i].to <= c->text.n);
    th_buf_put(out, c->text.p + at, marks[i].from - at);
    th_buf_printf(out, "[%.*s]", (int)(marks[i].to - marks[i].from), c->text.p + marks[i].from);
    at = marks[i].to;
  }
  th_buf_put(out, c->text.p + at, c->text.n - at);
  return 0;
}

enum { EXPRESSIONS, FILTERS, MARKS };

static int read_case(int kind, th_query **q, th_arena *arena, const test_case *c, th_buf *out,
                     th_err *err) {
  if (kind == EXPRESSIONS) return read_expression(q, arena, c, err);
  return kind == FILTERS ? read_filter(q, arena, c, out, err) : read_marked(arena, c, out, err);
}

static void run_file(const char *file, int kind, unsigned least) {
  char path[4096];
  th_buf text, got;
  th_arena arena;
  th_err err = {0};
  test_case c;
  unsigned line = 0, failed = 0, n = 0;
  snprintf(path, sizeof path, "%s/%s", CASES_DIR, file);
  th_buf_init(&text, 1 << 20);
  th_buf_init(&got, 1 << 20);
  th_arena_init(&arena, 0);
  assert_int_equal(th_file_read(&text, path, &err), 0);
  th_span rest = th_buf_view(&text);
  while (next_case(&rest, &line, &c)) {
    th_query *q = NULL;
    th_err e = {0};
    th_buf_clear(&got);
    int rc = read_case(kind, &q, &arena, &c, &got, &e);
    if (rc)
      th_buf_str(&got, e.message);
    else if (q)
      th_query_dump(q, &got);
    th_buf_char(&got, 0);
    failed += check(&c, file, rc, got.p);
    th_arena_reset(&arena, false);
    n++;
  }
  assert_int_equal(failed, 0);
  assert_true(n >= least);
  th_arena_dispose(&arena);
  th_buf_dispose(&got);
  th_buf_dispose(&text);
}

static void test_expressions(void **state) {
  (void)state;
  run_file("parse.txt", EXPRESSIONS, 100);
}

static void test_filters(void **state) {
  (void)state;
  run_file("filters.txt", FILTERS, 30);
}

static void test_marks(void **state) {
  (void)state;
  run_file("highlight.txt", MARKS, 9);
}

/* A passage is a piece of the text, about as long as asked for, whole words, and shows what can be
 * shown of the query's words. */
static void test_passages(void **state) {
  static const char text[] =
      "Start of it with asthma. Then much that is of no use to anyone who reads on and on until "
      "the middle, where lung cancer and asthma are named together, and then once more a long "
      "Müller-Öztürk tail of words that nobody searched for until it ends with lung.";
  static const struct {
    const char *query, *shows;
    size_t width;
  } cases[] = {
      {"asthma lung cancer", "lung cancer and asthma", 60},
      {"asthma", "asthma", 20},
      {"nothing", "Start", 30},
      {"tail words", "tail of words", 40},
      {"lung", "lung", 5},
      {"asthma", "Start of it", 4000},
      {"oztürk", "Öztürk", 12},
  };
  (void)state;
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_arena arena;
    th_query *q;
    th_err err = {0};
    th_arena_init(&arena, 0);
    assert_int_equal(
        th_query_parse(&q, &arena, th_span_of(cases[i].query), TH_A_BasicSearch, "x", &err), 0);
    th_span p = th_query_passage(q, TH_F_BriefSummary, TH_SPAN(text), cases[i].width, &arena);
    if (th_span_find(p, th_span_of(cases[i].shows)) < 0)
      fail_msg("%s: %.*s", cases[i].query, (int)p.n, p.p);
    assert_true(p.p >= text && p.p + p.n <= text + sizeof text);
    assert_true(p.n <= cases[i].width + 16);
    assert_true(th_utf8_valid(p));
    th_arena_dispose(&arena);
  }
}

static void repeat(th_buf *out, const char *s, size_t n) {
  for (size_t i = 0; i < n; i++)
    th_buf_str(out, s);
}

/* Too deep, too long, too many: an error that says so, soon. */
static void test_limits(void **state) {
  static const struct {
    const char *piece, *tail, *message;
    size_t n;
    int rc;
  } cases[] = {
      {"(", "", "longer than 262144 bytes", 10 << 20, TH_EUSAGE},
      {"(", "", "nested deeper than 200 levels", 200000, TH_EUSAGE},
      {"NOT ", "a", "nested deeper than 200 levels", 60000, TH_EUSAGE},
      {"AREA[Phase]", "NA", "nested deeper than 200 levels", 20000, TH_EUSAGE},
      {"a OR ", "a", "more than 1024 words", 50000, TH_EUSAGE},
      {"a ", "", "more than 1024 words", 100000, TH_EUSAGE},
      {"\"a\" ", "", "more than 1024 words", 50000, TH_EUSAGE},
      {"ALL,", "ALL", "more than 1024 words", 50000, TH_EUSAGE},
      {"NCT1 ", "", "more than 1024 words", 40000, TH_EUSAGE},
      {"(", "", "missing ')'", 150, TH_EUSAGE},
      {"a OR ", "a", NULL, 1000, 0},
      {"NOT ", "a", NULL, 190, 0},
  };
  (void)state;
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_buf text;
    th_arena arena;
    th_err err = {0};
    th_query *q;
    th_buf_init(&text, 0);
    th_arena_init(&arena, 64 << 20);
    repeat(&text, cases[i].piece, cases[i].n);
    if (i == 9) th_buf_str(&text, "a");
    th_buf_str(&text, cases[i].tail);
    int rc = th_query_parse(&q, &arena, th_buf_view(&text), TH_A_BasicSearch, "x", &err);
    assert_int_equal(rc, cases[i].rc);
    if (cases[i].message && !strstr(err.message, cases[i].message))
      fail_msg("case %zu: %s", i, err.message);
    if (rc) assert_true(err.has_offset);
    th_buf_dispose(&text);
    th_arena_dispose(&arena);
  }
}

/* An arena that ends at any point gives TH_ENOMEM, never a half tree. */
static void test_bytes(void **state) {
  static const th_span cases[] = {TH_SPAN("heart\0attack"), TH_SPAN("\0"), TH_SPAN("heart\xff"),
                                  TH_SPAN("\xc3"), TH_SPAN("\"\xed\xa0\x80\"")};
  (void)state;
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_arena arena;
    th_err err = {0};
    th_query *q;
    th_arena_init(&arena, 0);
    assert_int_equal(th_query_parse(&q, &arena, cases[i], TH_A_BasicSearch, "x", &err), TH_EUSAGE);
    assert_non_null(strstr(err.message, "Error parsing query in x: token recognition error"));
    assert_null(q);
    th_arena_dispose(&arena);
  }
}

/* Whatever is typed, escaped it is just words: an AND of terms and phrases without an error. */
static void test_escape(void **state) {
  static const char *const pieces[] = {
      "(",   ")",           "[",      "]",       ",",     "\"", "\\",     " ",   "AND", "OR", "NOT",
      "ALL", "AREA[Phase]", "RANGE[", "MISSING", "heart", "é",  "COVER[", "MIN", "\n",  "x"};
  (void)state;
  seed = random_start(20261122);
  for (int round = 0; round < 20000; round++) {
    th_arena arena;
    th_buf text, got, want;
    th_query *q, *typed;
    th_err err = {0};
    th_arena_init(&arena, 0);
    th_buf_init(&text, 0), th_buf_init(&got, 0), th_buf_init(&want, 0);
    th_buf_str(&text, "w ");
    for (int i = 0; i < 8; i++) {
      th_buf_str(&text, PICK(pieces));
    }
    th_span escaped = th_query_escape(&arena, th_buf_view(&text));
    if (th_query_parse(&q, &arena, escaped, TH_A_BasicSearch, "x", &err))
      fail_msg("%.*s: %s", (int)text.n, text.p, err.message);
    for (size_t i = 0; i < text.n; i++) /* as it is typed, with quotes that mean nothing */
      if (text.p[i] == '"') text.p[i] = '\'';
    assert_int_equal(th_query_typed(&typed, &arena, th_buf_view(&text), TH_A_BasicSearch, &err), 0);
    if (memchr(escaped.p, '"', escaped.n) == NULL) { /* a quote separates, an apostrophe may not */
      th_query_dump(q, &got);
      th_query_dump(typed, &want);
      th_buf_char(&got, 0), th_buf_char(&want, 0);
      assert_string_equal(got.p, want.p);
    }
    th_buf_dispose(&text), th_buf_dispose(&got), th_buf_dispose(&want);
    th_arena_dispose(&arena);
  }
}

static void test_no_memory(void **state) {
  static const char text[] = "AREA[Phase]PHASE2 AND (GM-CSF OR \"a b-c\" x\\y) NOT nct1, MISSING";
  (void)state;
  int rc = -1;
  for (size_t limit = 16; rc; limit += 64) {
    th_arena arena;
    th_query *q;
    th_err err = {0};
    th_arena_init(&arena, limit);
    rc = th_query_parse(&q, &arena, TH_SPAN(text), TH_A_BasicSearch, "x", &err);
    if (rc) assert_int_equal(rc, TH_ENOMEM);
    if (rc) assert_null(q);
    th_arena_dispose(&arena);
    assert_true(limit < 1 << 20);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_expressions), cmocka_unit_test(test_filters),
      cmocka_unit_test(test_marks),       cmocka_unit_test(test_passages),
      cmocka_unit_test(test_limits),      cmocka_unit_test(test_no_memory),
      cmocka_unit_test(test_bytes),       cmocka_unit_test(test_escape),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
