/* A small dictionary of a text file, one concept a line: kind|code|name|synonym|<parent … */
#ifndef TH_TEST_DICTIONARY_H
#define TH_TEST_DICTIONARY_H

#include "test.h"

#include "base/file.h"
#include "concept/common.h"
#include "concept/draft.h"

typedef struct words {
  th_buf bytes;
  th_concepts dict;
  th_concept_matcher *matcher;
} words;

static inline th_span next_part(th_span *line) {
  const char *bar = memchr(line->p, '|', line->n);
  size_t n = bar ? (size_t)(bar - line->p) : line->n;
  th_span part = {line->p, n};
  line->p += n + (bar != NULL);
  line->n -= n + (bar != NULL);
  return part;
}

static inline void add_line(th_concept_draft *d, th_span line) {
  th_concept_kind kind;
  assert_true(th_concept_kind_parse(next_part(&line), &kind));
  int c = th_concept_draft_concept(d, 0, kind, next_part(&line), NULL);
  assert_true(c >= 0);
  for (bool first = true; line.n; first = false) {
    th_span part = next_part(&line);
    if (part.p[0] == '<') {
      assert_int_equal(th_concept_draft_parent(d, c, (th_span){part.p + 1, part.n - 1}, NULL), 0);
      continue;
    }
    th_draft_label label = {
        .text = part, .relation = first ? TH_LABEL_PREFERRED : TH_LABEL_SYNONYM, .weight = 1};
    assert_int_equal(th_concept_draft_label(d, c, &label, NULL), 0);
  }
}

/* The draft is used up. */
static inline void words_of_draft(words *w, th_concept_draft *d) {
  th_err err = {0};
  th_buf_init(&w->bytes, 0);
  assert_int_equal(th_concept_draft_write(d, 1, &w->bytes, &err), 0);
  th_concept_draft_free(d);
  assert_int_equal(th_concepts_open(&w->dict, w->bytes.p, w->bytes.n, true, &err), 0);
  w->matcher = th_concept_matcher_new();
  assert_non_null(w->matcher);
}

static inline void words_open(words *w, const char *path) {
  th_buf file;
  th_err err = {0};
  th_concept_draft *d = th_concept_draft_new();
  th_draft_source source = {.name = TH_SPAN("cases"), .rank = 1};
  th_buf_init(&file, 0);
  assert_int_equal(th_concept_draft_source(d, &source, &err), 0);
  if (th_file_read(&file, path, &err)) fail_msg("%s", err.message);
  for (size_t i = 0; i < file.n;) {
    char *eol = memchr(file.p + i, '\n', file.n - i);
    size_t n = eol ? (size_t)(eol - (file.p + i)) : file.n - i;
    if (n && file.p[i] != '#') add_line(d, (th_span){file.p + i, n});
    i += n + 1;
  }
  words_of_draft(w, d);
  th_buf_dispose(&file);
}

/* The vocabulary that comes with the program. */
static inline void words_open_common(words *w) {
  th_concept_draft *d = th_concept_draft_new();
  assert_non_null(d);
  assert_int_equal(th_concept_common_add(d, NULL), 0);
  words_of_draft(w, d);
}

static inline void words_close(words *w) {
  th_concept_matcher_free(w->matcher);
  th_buf_dispose(&w->bytes);
}

#endif
