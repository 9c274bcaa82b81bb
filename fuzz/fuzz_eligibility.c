/* Criteria from outside: any bytes give a tree whose nodes and facts lie inside the text, and which
 * is JSON when written. */
#include <math.h>

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  th_arena arena;
  th_buf out;
  th_jout w;
  th_elig_tree t;
  char *copy = malloc(len + 1); /* its end is the end of what may be read */
  check(copy != NULL);
  memcpy(copy, data, len);
  th_arena_init(&arena, 0);
  th_buf_init(&out, 0);
  check(th_elig_read((th_span){copy, len}, &arena, &t, NULL) == 0);
  for (uint32_t i = 0; i < t.n_nodes; i++) {
    check(t.nodes[i].from < t.nodes[i].to && t.nodes[i].to <= len);
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
  free(copy);
  return 0;
}
