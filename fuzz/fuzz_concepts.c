/* A dictionary's file that need not check, and a file of counts: whatever the bytes are, answers
 * come without a read outside. */
#include "concept/evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int look(void *ctx, const th_mention *m) {
  th_label l;
  for (uint32_t i = 0; i < m->n_labels; i++)
    if (!th_concepts_label(ctx, m->labels[i], &l)) abort();
  return 0;
}

static void ask(th_concepts *d) {
  static const char *const texts[] = {"heart attack", "MI", "AIDS", "GM-CSF and asthma, type 2"};
  th_arena arena;
  th_buf why;
  th_concept_matcher *m = th_concept_matcher_new();
  th_arena_init(&arena, 1 << 24);
  th_buf_init(&why, 1 << 20);
  for (size_t i = 0; m && i < TH_COUNT(texts); i++) {
    th_alternative *list;
    th_err err = {0};
    size_t n = 0;
    th_expand_options o = {.narrower = true};
    if (th_concepts_expand(d, th_span_of(texts[i]), &o, &arena, &list, &n, &err)) n = 0;
    for (size_t k = 0; k < n; k++)
      th_concepts_why(d, &list[k], &why);
    if (th_concepts_match(d, m, th_span_of(texts[i]), 0, look, d, &err)) break;
  }
  uint32_t ids[4];
  th_concept c;
  size_t n = th_concepts_by_code(d, TH_SPAN("X:1"), ids, 4);
  for (size_t i = 0; i < TH_MIN(n, (size_t)4); i++)
    (void)th_concepts_get(d, ids[i], &c);
  th_concept_matcher_free(m);
  th_arena_dispose(&arena);
  th_buf_dispose(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  th_concepts d;
  th_err err = {0};
  th_evidence_head head;
  uint64_t *copy = malloc(len + 8);
  th_evidence *e = th_evidence_new();
  if (!copy || !e) abort();
  memcpy(copy, data, len);
  if (th_concepts_open(&d, copy, len, false, &err) == 0) ask(&d);
  th_err_clear(&err);
  (void)!th_evidence_read(e, (th_span){(const char *)copy, len}, &head, &err);
  th_evidence_free(e);
  free(copy);
  return 0;
}
