/* Criteria from outside, read with a small dictionary and without: any bytes give a tree whose
 * nodes and facts lie inside the text, and which is JSON when written. */
#include <math.h>
#include <stdio.h>

#include "concept/draft.h"
#include "eligibility/json.h"
#include "eligibility/question.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool holds) {
  if (!holds) abort();
}

static void check_facts(const th_elig_tree *t, const th_elig_node *n) {
  for (uint32_t k = n->fact; k < n->fact + n->n_facts; k++) {
    const th_elig_fact *f = &t->facts[k];
    check(f->from >= n->from && f->from < f->to && f->to <= n->to);
    check(!f->guard.kind || (f->guard.from >= n->from && f->guard.to <= n->to));
    check(!f->window.present || (f->window.from >= n->from && f->window.to <= n->to));
    if (f->type != TH_ELIG_NUMERIC) continue;
    check(isfinite(f->value));
    check(!f->canonical_unit || isfinite(f->low_canonical) || isfinite(f->high_canonical));
    if (isfinite(f->low_canonical) && isfinite(f->high_canonical))
      check(f->low_canonical <= f->high_canonical);
  }
}

/* ---- the dictionary ---- */

static const struct {
  th_concept_kind kind;
  const char *name;
} names[] = {
    {TH_CONCEPT_CONDITION, "Asthma"},       {TH_CONCEPT_CONDITION, "Heart Failure"},
    {TH_CONCEPT_CONDITION, "Infection"},    {TH_CONCEPT_CONDITION, "Carcinoma of the Skin"},
    {TH_CONCEPT_CONDITION, "Hepatitis B"},  {TH_CONCEPT_DRUG, "Warfarin"},
    {TH_CONCEPT_DRUG, "Interferon"},        {TH_CONCEPT_DRUG_CLASS, "Beta Blockers"},
    {TH_CONCEPT_PROCEDURE, "Biopsy"},       {TH_CONCEPT_ORGANISM, "Escherichia coli"},
    {TH_CONCEPT_CONDITION, "Drug Allergy"},
};

static const th_concepts *dictionary(void) {
  static th_concepts dict;
  static th_buf bytes;
  if (bytes.n) return &dict;
  th_draft_source source = {.name = TH_SPAN("fuzz"), .rank = 1};
  th_concept_draft *d = th_concept_draft_new();
  check(d && th_concept_draft_source(d, &source, NULL) == 0);
  for (size_t i = 0; i < TH_COUNT(names); i++) {
    char code[16];
    int n = snprintf(code, sizeof code, "MESH:D%zu", i);
    int c = th_concept_draft_concept(d, 0, names[i].kind, (th_span){code, (size_t)n}, NULL);
    th_draft_label label = {
        .text = th_span_of(names[i].name), .relation = TH_LABEL_PREFERRED, .weight = 1};
    check(c >= 0 && th_concept_draft_label(d, c, &label, NULL) == 0);
  }
  th_buf_init(&bytes, 0);
  check(th_concept_draft_write(d, 1, &bytes, NULL) == 0);
  th_concept_draft_free(d);
  check(th_concepts_open(&dict, bytes.p, bytes.n, true, NULL) == 0);
  return &dict;
}

static void read_one(th_span text, const th_concepts *dict) {
  th_arena arena;
  th_buf out;
  th_jout w;
  th_elig_tree t;
  th_arena_init(&arena, 0);
  th_buf_init(&out, 0);
  check(th_elig_read_concepts(text, dict, NULL, &arena, &t, NULL) == 0);
  for (uint32_t i = 0; i < t.n_nodes; i++) {
    check(t.nodes[i].from < t.nodes[i].to && t.nodes[i].to <= text.n);
    check_facts(&t, &t.nodes[i]);
    th_elig_check(&t, i, &out);
  }
  th_buf_clear(&out);
  th_jout_init(&w, &out, false);
  th_elig_json(&t, NULL, &w);
  size_t n = out.n;
  th_buf_put(&out, "\0", 1);
  check(!out.error && th_json_error_offset((th_span){out.p, n}) >= (int64_t)n);
  th_buf_dispose(&out);
  th_arena_dispose(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  char *copy = malloc(len + 1); /* its end is the end of what may be read */
  check(copy != NULL);
  memcpy(copy, data, len);
  read_one((th_span){copy, len}, NULL);
  read_one((th_span){copy, len}, dictionary());
  free(copy);
  return 0;
}
