/* The room's door: structure first, then the facts of every leaf. */
#include "eligibility/internal.h"

#include <stdio.h>

th_elig_node *th_elig_node_add(th_elig_nodes *v) {
  if (v->failed) return NULL;
  if (v->n == v->cap) {
    uint32_t cap = v->cap ? v->cap * 2 : 32;
    th_elig_node *p = th_arena_calloc(v->arena, cap, sizeof *p);
    if (!p) return v->failed = true, NULL;
    if (v->n) memcpy(p, v->p, v->n * sizeof *p);
    v->p = p;
    v->cap = cap;
  }
  th_elig_node *n = &v->p[v->n++];
  *n = (th_elig_node){0};
  return n;
}

int th_elig_read(th_span text, th_arena *arena, th_elig_tree *out, th_err *err) {
  th_elig_nodes nodes = {.arena = arena};
  *out = (th_elig_tree){.text = text};
  if (text.n > TH_ELIG_TEXT_MAX)
    return th_err_set(err, TH_ELIMIT, "eligibility criteria of %zu bytes: at most %d are read",
                      text.n, TH_ELIG_TEXT_MAX);
  th_elig_structure(text, &nodes);
  if (nodes.failed) return th_err_set(err, TH_ENOMEM, "eligibility criteria: out of memory");
  out->nodes = nodes.p;
  out->n_nodes = nodes.n;
  return 0;
}

/* The chain of groups around a node: walked from the top, stepping over what does not hold it. */
void th_elig_id(const th_elig_tree *tree, uint32_t node, char *out) {
  static const char letters[] = "UIE";
  size_t n = 0;
  for (uint32_t i = 0, end = tree->n_nodes; i < end;) {
    const th_elig_node *p = &tree->nodes[i];
    if (node >= p->next) {
      i = p->next;
      continue;
    }
    n += n ? (size_t)snprintf(out + n, TH_ELIG_ID_MAX - n, ".%u", p->number)
           : (size_t)snprintf(out, TH_ELIG_ID_MAX, "%c%u", letters[p->kind], p->number);
    if (i == node) return;
    end = p->next;
    i++;
  }
  out[n] = 0;
}
