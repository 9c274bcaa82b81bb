/* The cases of single criteria, tests/cases/match/verdicts.txt, and asking for one of them. */
#ifndef TH_TEST_MATCH_CASES_H
#define TH_TEST_MATCH_CASES_H

#include "../dictionary.h"

#include "base/json.h"
#include "match/pairs.h"

#define CASES TH_SOURCE_ROOT "/tests/cases/match/"

/* The dictionary that the cases are judged with, between open_words and close_words. */
static words w;

static inline int open_words(void **state) {
  (void)state;
  words_open(&w, CASES "dictionary.txt");
  return 0;
}
static inline int close_words(void **state) {
  (void)state;
  words_close(&w);
  return 0;
}

/* What is presumed in a case, by the end of its name: "(none)", "(consent)", "(silence)"; else
 * `otherwise`. */
static inline th_verdict_presume presume_of(th_span name, th_verdict_presume otherwise) {
  static const char *const ends[] = {[TH_PRESUME_NONE] = "(none)",
                                     [TH_PRESUME_CONSENT] = "(consent)",
                                     [TH_PRESUME_SILENCE] = "(silence)"};
  for (size_t i = 0; i < TH_COUNT(ends); i++) {
    size_t n = strlen(ends[i]);
    if (name.n >= n && !memcmp(name.p + name.n - n, ends[i], n)) return (th_verdict_presume)i;
  }
  return otherwise;
}

typedef struct case_line {
  th_span name, note; /* of the case */
  th_span line, kind, want, criterion;
} case_line;

static inline th_pairs *pairs_for(th_verdict_presume presume) {
  th_pairs_options o = {
      .dict = &w.dict, .presume = presume, .has_as_of = true, .as_of = th_date_days(2026, 3, 1)};
  th_pairs *x = th_pairs_new(&o);
  assert_non_null(x);
  return x;
}

static inline void put_member(th_buf *out, const char *key, th_span text) {
  th_buf_printf(out, ",\"%s\":", key);
  th_json_quote(out, text);
}

/* "\n" of a case file is a line end. */
static inline void put_criterion(th_buf *out, th_span text) {
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

static inline th_pair_result judge(th_pairs *x, th_span note, th_span kind, th_span criterion,
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

static inline th_span cut(th_span *rest, const char *at) {
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

static inline void each_line(th_span text, void (*fn)(void *ctx, const case_line *line),
                             void *ctx) {
  case_line l = {.name = cut(&text, "\n")};
  l.note = cut(&text, "\n--\n");
  while (text.n) {
    th_span rest = l.line = th_span_trim(cut(&text, "\n"));
    if (!rest.n || rest.p[0] == '#') continue;
    l.kind = th_span_trim(cut(&rest, "|"));
    l.want = th_span_trim(cut(&rest, "|"));
    l.criterion = th_span_trim(rest);
    fn(ctx, &l);
  }
}

/* Calls fn for each line of each case. */
static inline void each_case(void (*fn)(void *ctx, const case_line *line), void *ctx) {
  th_buf file;
  th_err err = {0};
  th_buf_init(&file, 0);
  if (th_file_read(&file, CASES "verdicts.txt", &err)) fail_msg("%s", err.message);
  th_span all = th_buf_view(&file);
  cut(&all, "\n== ");
  while (all.n)
    each_line(cut(&all, "\n== "), fn, ctx);
  th_buf_dispose(&file);
}

#endif
