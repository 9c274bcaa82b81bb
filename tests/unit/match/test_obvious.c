/* Verdicts that any nurse gives: the pairs of tests/cases/match/obvious.txt, with no vocabulary but
 * the program's own. */
#include "../test.h"

#include <stdio.h>

#include "cases.h"

enum { LEAST = 300 };

typedef struct pair {
  th_span patient, kind, want, criterion;
  bool open; /* decided by a nurse, and left unknown as yet */
} pair;

static pair pair_of(th_span line) {
  static const th_span mark = TH_SPAN(" (open)");
  pair p = {.patient = th_span_trim(cut(&line, "|"))};
  p.kind = th_span_trim(cut(&line, "|"));
  p.want = th_span_trim(cut(&line, "|"));
  p.criterion = th_span_trim(line);
  size_t rest = p.want.n > mark.n ? p.want.n - mark.n : 0;
  p.open = rest && th_span_eq((th_span){p.want.p + rest, mark.n}, mark);
  if (p.open) p.want.n = rest;
  return p;
}

/* What is wrong with the verdict; NULL: nothing. */
static const char *fault_of(const pair *p, uint8_t verdict) {
  bool right = th_span_eq(p->want, th_span_of(th_verdict_name(verdict)));
  if (p->open)
    return right ? "decided now: take the mark off" : verdict != TH_UNKNOWN ? "wrong" : NULL;
  return right ? NULL : "wrong";
}

static bool passes(th_pairs *x, th_span line) {
  pair p = pair_of(line);
  th_buf out;
  th_buf_init(&out, 0);
  uint8_t got = judge(x, p.patient, p.kind, p.criterion, &out).verdict;
  const char *fault = fault_of(&p, got);
  if (fault)
    printf("%.*s\n  %s: got %s\n  %.*s\n", (int)line.n, line.p, fault, th_verdict_name(got),
           (int)out.n, out.p);
  th_buf_dispose(&out);
  return !fault;
}

static void test_obvious(void **state) {
  (void)state;
  th_buf file;
  th_err err = {0};
  int n = 0, wrong = 0;
  th_pairs *x = pairs_for(TH_PRESUME_SILENCE);
  th_buf_init(&file, 0);
  if (th_file_read(&file, CASES "obvious.txt", &err)) fail_msg("%s", err.message);
  for (th_span all = th_buf_view(&file); all.n;) {
    th_span line = th_span_trim(cut(&all, "\n"));
    if (!line.n || line.p[0] == '#' || line.p[0] == '=') continue;
    wrong += !passes(x, line);
    n++;
  }
  if (wrong) fail_msg("%d of %d verdicts are wrong", wrong, n);
  assert_true(n >= LEAST);
  th_buf_dispose(&file);
  th_pairs_free(x);
}

static int open_common(void **state) {
  (void)state;
  words_open_common(&w);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_obvious)};
  return cmocka_run_group_tests(tests, open_common, close_words);
}
