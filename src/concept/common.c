#include "concept/common.h"

#include <stdio.h>

typedef struct row {
  th_concept_kind kind;
  const char *name, *others, *above, *descriptor;
} row;

static const row rows[] = {
#define K(kind, name, others, above, descriptor)                                                   \
  {TH_CONCEPT_##kind, name, others, above, descriptor},
#include "concept/common.def"
#include "concept/common_drugs.def"
#undef K
};

enum { CODE_MAX = 96, RANK = 3 };

static th_span code_of(th_span name, char out[CODE_MAX]) {
  int n = snprintf(out, CODE_MAX, "TRIALHEAD:%.*s", (int)name.n, name.p);
  for (char *p = out; *p; p++)
    if (*p == ' ') *p = '_';
  return (th_span){out, (size_t)TH_MIN(n, CODE_MAX - 1)};
}

/* The next of a list, which is cut off from it; empty at its end. */
static th_span next_of(const char **list) {
  size_t n = strcspn(*list, "|");
  th_span s = {*list, n};
  *list += n + ((*list)[n] == '|');
  return s;
}

/* A name that is written in capitals counts only in capitals. */
static bool is_short(th_span s) {
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] >= 'a' && s.p[i] <= 'z') return false;
  return true;
}

static int add_label(th_concept_draft *d, int id, unsigned source, th_span text, bool first,
                     th_err *err) {
  th_draft_label l = {.text = text,
                      .source = source,
                      .relation = first            ? TH_LABEL_PREFERRED
                                  : is_short(text) ? TH_LABEL_ABBREVIATION
                                                   : TH_LABEL_SYNONYM,
                      .weight = first ? 1.0F : 0.95F};
  return th_concept_draft_label(d, id, &l, err);
}

static int add_row(th_concept_draft *d, unsigned source, const row *r, th_err *err) {
  char code[CODE_MAX];
  const char *others = r->others, *above = r->above;
  int id = th_concept_draft_concept(d, source, r->kind, code_of(th_span_of(r->name), code), err);
  int rc = id < 0 ? id : add_label(d, id, source, th_span_of(r->name), true, err);
  while (!rc && *others)
    rc = add_label(d, id, source, next_of(&others), false, err);
  while (!rc && *above)
    rc = th_concept_draft_parent(d, id, code_of(next_of(&above), code), err);
  if (!rc && *r->descriptor) {
    snprintf(code, sizeof code, "MESH:%s", r->descriptor);
    rc = th_concept_draft_code(d, id, th_span_of(code), false, err);
  }
  return rc;
}

int th_concept_common_add(th_concept_draft *d, th_err *err) {
  th_draft_source s = {.name = TH_SPAN("Trialhead"), .rank = RANK, .own = true};
  int source = th_concept_draft_source(d, &s, err);
  int rc = source < 0 ? source : 0;
  for (size_t i = 0; !rc && i < TH_COUNT(rows); i++)
    rc = add_row(d, (unsigned)source, &rows[i], err);
  return rc;
}
