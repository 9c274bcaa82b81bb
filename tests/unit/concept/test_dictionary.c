/* tests/cases/concept/dictionary.txt: made, written, opened and asked. */
#include "../test.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/file.h"
#include "concept/draft.h"

typedef struct world {
  th_concept_draft *draft;
  unsigned source;
  int concept_id;
  th_buf file;
  th_concepts dict;
  bool open;
  int line, faults;
} world;

static void begin(world *w) {
  th_concept_draft_free(w->draft);
  w->draft = th_concept_draft_new();
  assert_non_null(w->draft);
  w->open = false;
}

static void finish(world *w) {
  th_err err = {0};
  if (w->open) return;
  th_buf_clear(&w->file);
  assert_int_equal(th_concept_draft_write(w->draft, 7, &w->file, &err), 0);
  assert_int_equal(th_concepts_open(&w->dict, w->file.p, w->file.n, true, &err), 0);
  assert_int_equal(w->dict.basis, 7);
  w->open = true;
}

static th_span word_of(th_span *rest) {
  const char *blank = rest->n ? memchr(rest->p, ' ', rest->n) : NULL;
  th_span word = {rest->p, blank ? (size_t)(blank - rest->p) : rest->n};
  *rest = th_span_trim((th_span){rest->p + word.n, rest->n - word.n});
  return word;
}

static void add_source(world *w, th_span name, bool records, bool own) {
  th_err err = {0};
  th_draft_source s = {.name = name, .rank = records ? 9 : 1, .records = records, .own = own};
  int n = th_concept_draft_source(w->draft, &s, &err);
  assert_true(n >= 0);
  w->source = (unsigned)n;
}

static void add_concept(world *w, th_span rest) {
  th_err err = {0};
  th_concept_kind kind;
  assert_true(th_concept_kind_parse(word_of(&rest), &kind));
  th_span code = word_of(&rest);
  if (th_span_eq(code, TH_SPAN("-"))) {
    w->concept_id = th_concept_draft_named(w->draft, w->source, kind, rest, 3, 102, &err);
    assert_true(w->concept_id >= 0);
    return;
  }
  w->concept_id = th_concept_draft_concept(w->draft, w->source, kind, code, &err);
  th_draft_label l = {
      .text = rest, .source = w->source, .relation = TH_LABEL_PREFERRED, .weight = 1};
  assert_int_equal(th_concept_draft_label(w->draft, w->concept_id, &l, &err), 0);
}

static void add_label(world *w, th_span text, th_label_relation relation) {
  th_err err = {0};
  th_draft_label l = {.text = text,
                      .source = w->source,
                      .relation = relation,
                      .weight = relation == TH_LABEL_ABBREVIATION ? 0.8F : 0.9F};
  assert_int_equal(th_concept_draft_label(w->draft, w->concept_id, &l, &err), 0);
}

static bool build(world *w, th_span line) {
  th_err err = {0};
  th_span rest = line, word = word_of(&rest);
  int rc = 0;
  if (th_span_eq(word, TH_SPAN("dictionary")))
    begin(w);
  else if (th_span_eq(word, TH_SPAN("source")))
    add_source(w, rest, false, false);
  else if (th_span_eq(word, TH_SPAN("records")))
    add_source(w, rest, true, false);
  else if (th_span_eq(word, TH_SPAN("own")))
    add_source(w, rest, false, true);
  else if (th_span_eq(word, TH_SPAN("concept")))
    add_concept(w, rest);
  else if (th_span_eq(word, TH_SPAN("also")))
    add_label(w, rest, TH_LABEL_SYNONYM);
  else if (th_span_eq(word, TH_SPAN("short")))
    add_label(w, rest, TH_LABEL_ABBREVIATION);
  else if (th_span_eq(word, TH_SPAN("narrow")))
    add_label(w, rest, TH_LABEL_NARROWER);
  else if (th_span_eq(word, TH_SPAN("code")))
    rc = th_concept_draft_code(w->draft, w->concept_id, rest, false, &err);
  else if (th_span_eq(word, TH_SPAN("id")))
    rc = th_concept_draft_code(w->draft, w->concept_id, rest, true, &err);
  else if (th_span_eq(word, TH_SPAN("under")))
    rc = th_concept_draft_parent(w->draft, w->concept_id, rest, &err);
  else
    return false;
  assert_int_equal(rc, 0);
  return true;
}

/* ---- asking ---- */

static void join(th_buf *out, th_span s) {
  if (out->n) th_buf_str(out, " | ");
  th_buf_span(out, s);
}

static void expand(world *w, th_span typed, bool narrower, th_buf *out) {
  th_arena arena;
  th_alternative *list;
  size_t n;
  th_err err = {0};
  th_expand_options options = {.narrower = narrower};
  th_arena_init(&arena, 0);
  assert_int_equal(th_concepts_expand(&w->dict, typed, &options, &arena, &list, &n, &err), 0);
  for (size_t i = 0; i < n; i++) {
    th_buf why;
    th_buf_init(&why, 0);
    if (w->open) assert_true(list[i].source.n > 0);
    th_concepts_why(&w->dict, &list[i], &why);
    if (w->open) assert_true(why.n > 0);
    th_buf_dispose(&why);
    join(out, list[i].text);
  }
  th_arena_dispose(&arena);
}

typedef struct marking {
  th_span text;
  size_t at;
  th_buf *out;
} marking;

static int mark(void *ctx, const th_mention *m) {
  marking *k = ctx;
  assert_true(m->n_labels > 0 && m->from >= k->at && m->to <= k->text.n && m->from < m->to);
  th_buf_put(k->out, k->text.p + k->at, m->from - k->at);
  th_buf_char(k->out, '[');
  th_buf_put(k->out, k->text.p + m->from, m->to - m->from);
  th_buf_char(k->out, ']');
  k->at = m->to;
  return 0;
}

static void match(world *w, th_span text, th_buf *out) {
  th_err err = {0};
  th_concept_matcher *m = th_concept_matcher_new();
  marking k = {.text = text, .out = out};
  assert_int_equal(th_concepts_match(&w->dict, m, text, 0, mark, &k, &err), 0);
  th_buf_put(out, text.p + k.at, text.n - k.at);
  th_concept_matcher_free(m);
}

static void by_code(world *w, th_span code, th_buf *out) {
  uint32_t found[8];
  th_concept c;
  size_t n = th_concepts_by_code(&w->dict, code, found, TH_COUNT(found));
  for (size_t i = 0; i < n; i++) {
    bool good = th_concepts_get(&w->dict, found[i], &c);
    assert_true(good || !w->open);
    join(out, c.label);
  }
}

/* "\n" in a case is a line's end. */
static void unescape(th_span s, th_buf *out) {
  for (size_t i = 0; i < s.n; i++) {
    bool end = s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] == 'n';
    th_buf_char(out, end ? '\n' : s.p[i]);
    i += end;
  }
}

static void ask(world *w, th_span question, th_span answer, bool narrower) {
  th_buf text, got, wanted;
  th_buf_init(&text, 0);
  th_buf_init(&got, 0);
  th_buf_init(&wanted, 0);
  unescape(th_span_trim((th_span){question.p + 1, question.n - 1}), &text);
  unescape(answer, &wanted);
  finish(w);
  if (question.p[0] == '?')
    expand(w, th_buf_view(&text), narrower, &got);
  else if (question.p[0] == ':')
    match(w, th_buf_view(&text), &got);
  else
    by_code(w, th_buf_view(&text), &got);
  if (!th_span_eq(th_buf_view(&got), th_buf_view(&wanted))) {
    print_error("line %d: %.*s\n  wanted %.*s\n  got    %.*s\n", w->line, (int)question.n,
                question.p, (int)wanted.n, wanted.p, (int)got.n, got.p);
    w->faults++;
  }
  th_buf_dispose(&text);
  th_buf_dispose(&got);
  th_buf_dispose(&wanted);
}

static void cases(void **state) {
  (void)state;
  th_buf all;
  th_err err = {0};
  world w = {0};
  th_span question = {0};
  int asked = 0;
  th_buf_init(&all, 0);
  th_buf_init(&w.file, 0);
  assert_int_equal(th_file_read(&all, CASES_DIR "/dictionary.txt", &err), 0);
  for (size_t at = 0; at < all.n;) {
    const char *end = memchr(all.p + at, '\n', all.n - at);
    th_span line = {all.p + at, end ? (size_t)(end - all.p) - at : all.n - at};
    at += line.n + 1;
    w.line++;
    line = th_span_trim(line);
    bool comment =
        line.n == 0 || th_span_starts(line, TH_SPAN("//")) || (line.p[0] == '#' && !w.draft);
    if (comment) continue;
    if (strchr("?:#", line.p[0])) {
      question = line;
    } else if (line.p[0] == '=') {
      ask(&w, question, th_span_trim((th_span){line.p + 1, line.n - 1}), false);
      asked++;
    } else if (line.p[0] == '>') {
      ask(&w, question, th_span_trim((th_span){line.p + 2, line.n - 2}), true);
    } else {
      assert_true(build(&w, line));
    }
  }
  th_concept_draft_free(w.draft);
  th_buf_dispose(&w.file);
  th_buf_dispose(&all);
  assert_true(asked > 30);
  assert_int_equal(w.faults, 0);
}

/* A damaged file is refused or gives answers; it never makes a read outside. */
static void damage(void **state) {
  (void)state;
  th_err err = {0};
  world w = {0};
  th_buf_init(&w.file, 0);
  begin(&w);
  add_source(&w, TH_SPAN("x"), false, false);
  add_concept(&w, TH_SPAN("condition X:1 myocardial infarction"));
  add_label(&w, TH_SPAN("heart attack"), TH_LABEL_SYNONYM);
  assert_int_equal(th_concept_draft_write(w.draft, 0, &w.file, &err), 0);
  uint64_t *copy = malloc(w.file.n + 8);
  assert_non_null(copy);
  for (size_t i = 0; i < w.file.n; i++) {
    for (int flip = 1; flip < 256; flip = flip * 2 + 1) {
      th_buf out;
      th_buf_init(&out, 0);
      memcpy(copy, w.file.p, w.file.n);
      ((uint8_t *)copy)[i] ^= (uint8_t)flip;
      th_err why = {0};
      assert_int_not_equal(th_concepts_open(&w.dict, copy, w.file.n, true, &why), 0);
      th_err_clear(&why);
      if (th_concepts_open(&w.dict, copy, w.file.n, false, &why) == 0) {
        expand(&w, TH_SPAN("heart attack"), true, &out);
        by_code(&w, TH_SPAN("X:1"), &out);
      }
      th_buf_dispose(&out);
    }
    th_err why = {0};
    assert_int_not_equal(th_concepts_open(&w.dict, w.file.p, i, false, &why), 0);
  }
  free(copy);
  th_concept_draft_free(w.draft);
  th_buf_dispose(&w.file);
}

static void empty(void **state) {
  (void)state;
  th_concepts none = {0};
  world w = {.dict = none};
  th_buf out;
  th_buf_init(&out, 0);
  expand(&w, TH_SPAN("heart attack"), false, &out);
  by_code(&w, TH_SPAN("X:1"), &out);
  assert_int_equal(out.n, 0);
  match(&w, TH_SPAN("heart attack"), &out);
  assert_true(th_span_eq(th_buf_view(&out), TH_SPAN("heart attack")));
  th_buf_dispose(&out);
  begin(&w);
  th_buf_init(&w.file, 0);
  finish(&w);
  th_concept_draft_free(w.draft);
  th_buf_dispose(&w.file);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(cases), cmocka_unit_test(damage),
                                     cmocka_unit_test(empty)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
