#include "../test.h"

#include "../chance.h"

#include "base/buf.h"
#include "portal/diff.h"

#include <stdio.h>

static th_arena arena;

static void *text_of(const th_diff_part *parts, size_t n, th_buf *out) {
  static const char *const signs[] = {"", "-", "+"};
  th_buf_clear(out);
  for (size_t i = 0; i < n; i++) {
    th_span t = th_span_trim(parts[i].text);
    th_buf_str(out, i ? "|" : "");
    th_buf_str(out, signs[parts[i].kind]);
    th_buf_span(out, t);
  }
  th_buf_char(out, 0);
  return out->p;
}

static void words(void **state) {
  (void)state;
  static const struct {
    const char *a, *b, *wanted;
  } cases[] = {
      {"", "", ""},
      {"a b c", "a b c", "a b c"},
      {"a  b\nc", "a b c ", "a b c"},
      {"", "new text", "+new text"},
      {"old text", " ", "-old text"},
      {"18 years and older", "21 years and older", "-18|+21|years and older"},
      {"Age 18 to 75.", "Age 18 to 80, or more.", "Age 18 to|-75|+80, or more|."},
      {"one two three", "one three", "one|-two|three"},
      {"caf\xC3\xA9 noir", "caf\xC3\xA9 au lait", "caf\xC3\xA9|-noir|+au lait"},
      {"PaO2 <65", "PaO2 >65", "PaO2|-<|+>|65"},
  };
  th_buf out = {0};
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_diff_part *parts;
    size_t n, budget = 100000;
    assert_int_equal(th_diff_words(th_span_of(cases[i].a), th_span_of(cases[i].b), &budget, &arena,
                                   &parts, &n, NULL),
                     0);
    assert_string_equal(text_of(parts, n, &out), cases[i].wanted);
  }
  th_buf_dispose(&out);
}

/* The length of a shortest script by the longest common subsequence: slow and obvious. */
static size_t shortest(const uint32_t *a, size_t n, const uint32_t *b, size_t m) {
  size_t row[64] = {0};
  for (size_t i = 0; i < n; i++) {
    size_t before = 0;
    for (size_t j = 0; j < m; j++) {
      size_t above = row[j + 1];
      row[j + 1] = a[i] == b[j] ? before + 1 : TH_MAX(row[j], above);
      before = above;
    }
  }
  return n + m - 2 * row[m];
}

/* The runs are all of both, in order; alike where they say so. Returns the edits. */
static size_t verify(const uint32_t *a, size_t n, const uint32_t *b, size_t m,
                     const th_diff_run *runs, size_t k) {
  size_t i = 0, j = 0, edits = 0;
  for (size_t r = 0; r < k; r++) {
    assert_true(runs[r].n > 0);
    assert_int_equal(runs[r].from, runs[r].kind == TH_DIFF_DELETE ? i : j);
    if (runs[r].kind == TH_DIFF_SAME)
      for (size_t e = 0; e < runs[r].n; e++)
        assert_int_equal(a[i + e], b[j + e]);
    else
      edits += runs[r].n;
    if (runs[r].kind != TH_DIFF_INSERT) i += runs[r].n;
    if (runs[r].kind != TH_DIFF_DELETE) j += runs[r].n;
  }
  assert_int_equal(i, n);
  assert_int_equal(j, m);
  return edits;
}

static void against_the_obvious(void **state) {
  (void)state;
  seed = random_start(20261122);
  for (int round = 0; round < 20000; round++) {
    uint32_t a[40], b[40], kinds = 1 + below(6);
    size_t n = below(30), m = below(30), k, budget = 1000000;
    th_diff_run *runs;
    for (size_t i = 0; i < n; i++)
      a[i] = below(kinds);
    for (size_t i = 0; i < m; i++)
      b[i] = below(kinds);
    assert_int_equal(th_diff_ids(a, n, b, m, &budget, &arena, &runs, &k, NULL), 0);
    assert_int_equal(verify(a, n, b, m, runs, k), shortest(a, n, b, m));
    budget = below(40);
    assert_int_equal(th_diff_ids(a, n, b, m, &budget, &arena, &runs, &k, NULL), 0);
    assert_true(verify(a, n, b, m, runs, k) >= shortest(a, n, b, m));
    th_arena_reset(&arena, false);
  }
}

/* Two long texts without a common word: the budget ends it, and the answer is still true. */
static void time_is_bounded(void **state) {
  (void)state;
  enum { N = 200000 };
  uint32_t *a = malloc(N * sizeof *a), *b = malloc(N * sizeof *b);
  size_t k, budget = 100000;
  th_diff_run *runs;
  assert_non_null(a);
  assert_non_null(b);
  seed = 7;
  for (size_t i = 0; i < N; i++)
    a[i] = below(1000), b[i] = 500 + below(1000);
  assert_int_equal(th_diff_ids(a, N, b, N, &budget, &arena, &runs, &k, NULL), 0);
  verify(a, N, b, N, runs, k);
  assert_int_equal(budget, 0);
  free(a);
  free(b);
}

static void ends_of_words(void **state) {
  (void)state;
  th_span text = TH_SPAN("one two, three");
  assert_int_equal(th_diff_words_end(text, 2), 7);
  assert_int_equal(th_diff_words_end(text, 9), text.n);
  assert_int_equal(th_diff_words_begin(text, 1), 9);
  assert_int_equal(th_diff_words_begin(text, 9), 0);
}

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words),
      cmocka_unit_test(against_the_obvious),
      cmocka_unit_test(time_is_bounded),
      cmocka_unit_test(ends_of_words),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
