/* Case files: "== name", the criteria, a line "--", what must come of them. Lines that start with
 * '#' before the first case are comment. */
#ifndef TH_TEST_CASES_H
#define TH_TEST_CASES_H

#include <stdio.h>

#include "../test.h"
#include "base/file.h"

typedef struct th_case {
  th_span name, text, want;
  int line;
} th_case;

static inline void cases_load(th_buf *file, const char *name) {
  char path[4096];
  th_err err = {0};
  snprintf(path, sizeof path, "%s/tests/cases/eligibility/%s", TH_SOURCE_ROOT, name);
  th_buf_init(file, 0);
  if (th_file_read(file, path, &err)) fail_msg("%s", err.message);
}

/* The case that starts at or behind *at; false at the end. */
static inline bool cases_next(const th_buf *file, size_t *at, th_case *out) {
  th_span *part = NULL;
  *out = (th_case){0};
  for (size_t i = 0, line = 1; i < file->n; line++) {
    char *p = file->p + i;
    char *eol = memchr(p, '\n', file->n - i);
    size_t n = eol ? (size_t)(eol - p) : file->n - i, next = i + n + 1;
    if (i >= *at) {
      if (n > 3 && !memcmp(p, "== ", 3)) {
        if (out->name.p) break;
        out->name = (th_span){p + 3, n - 3};
        out->line = (int)line;
        out->text = (th_span){p + n + 1, 0};
        part = &out->text;
      } else if (n == 2 && !memcmp(p, "--", 2)) {
        out->want = (th_span){p + 3, 0};
        part = &out->want;
      } else if (part) {
        part->n = (size_t)(p + n - part->p);
      }
      *at = next;
    }
    i = next;
  }
  if (out->name.p) assert_non_null(out->want.p); /* a case without "--" would say nothing */
  while (out->text.n && out->text.p[out->text.n - 1] == '\n')
    out->text.n--;
  while (out->want.n && out->want.p[out->want.n - 1] == '\n')
    out->want.n--;
  return out->name.p != NULL;
}

#endif
