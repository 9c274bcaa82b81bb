/* The room's door: structure first, then the facts of every leaf. */
#include "eligibility/internal.h"

#include <stdio.h>

#include "eligibility/concepts.h"
#include "eligibility/leaf.h"
#include "eligibility/phrases.h"

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

static int read_leaf(th_elig_leaf *leaf, th_elig_lexicon *lexicon, th_elig_node *n, th_err *err) {
  th_elig_leaf_scan(leaf, n->from, n->to);
  leaf->kind = n->kind;
  th_elig_read_numbers(leaf);
  th_elig_leaf_sort(leaf);
  th_elig_read_windows(leaf);
  th_elig_read_guards(leaf);
  th_elig_read_categories(leaf);
  th_elig_leaf_sort(leaf);
  int rc = lexicon ? th_elig_read_concepts_of(leaf, lexicon, &n->combine, err) : 0;
  th_elig_read_links(leaf);
  n->fact = leaf->first_fact;
  n->n_facts = leaf->facts->n - leaf->first_fact;
  return rc;
}

static int read_facts(th_span text, th_elig_lexicon *lexicon, th_elig_nodes *nodes,
                      th_elig_facts *facts, th_err *err) {
  th_elig_leaf leaf = {.text = text, .tokens.arena = nodes->arena, .facts = facts};
  int rc = th_elig_phrases_ready();
  for (uint32_t i = 0; rc == 0 && i < nodes->n && !facts->failed; i++)
    if (!(nodes->p[i].flags & TH_ELIG_GROUP)) rc = read_leaf(&leaf, lexicon, &nodes->p[i], err);
  return rc < 0 ? rc : facts->failed ? TH_ENOMEM : 0;
}

static int read_all(th_span text, th_elig_lexicon *lexicon, th_arena *arena, th_elig_tree *out,
                    th_err *err) {
  th_elig_nodes nodes = {.arena = arena};
  *out = (th_elig_tree){.text = text};
  if (text.n > TH_ELIG_TEXT_MAX)
    return th_err_set(err, TH_ELIMIT, "eligibility criteria of %zu bytes: at most %d are read",
                      text.n, TH_ELIG_TEXT_MAX);
  th_elig_structure(text, &nodes);
  th_elig_facts facts = {.arena = arena};
  if (nodes.failed || read_facts(text, lexicon, &nodes, &facts, err) < 0)
    return th_err_set(err, TH_ENOMEM, "eligibility criteria: out of memory");
  out->facts = facts.p;
  out->n_facts = facts.n;
  out->nodes = nodes.p;
  out->n_nodes = nodes.n;
  return 0;
}

int th_elig_read(th_span text, th_arena *arena, th_elig_tree *out, th_err *err) {
  return read_all(text, NULL, arena, out, err);
}

int th_elig_read_concepts(th_span text, const th_concepts *dict, th_concept_matcher *matcher,
                          th_arena *arena, th_elig_tree *out, th_err *err) {
  th_elig_lexicon lexicon;
  if (!dict || dict->n_nodes == 0) return read_all(text, NULL, arena, out, err);
  th_concept_matcher *own = matcher ? NULL : th_concept_matcher_new();
  if (!matcher && !own) return th_err_set(err, TH_ENOMEM, "eligibility criteria: out of memory");
  th_elig_lexicon_init(&lexicon, dict, matcher ? matcher : own);
  int rc = read_all(text, &lexicon, arena, out, err);
  th_concept_matcher_free(own);
  return rc;
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
