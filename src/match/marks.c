#include "match/marks.h"

#include "match/verdict_private.h"

/* A fact that the logic of a leaf passes over, whoever the patient is. */
static bool is_passed(const th_elig_tree *tree, const th_elig_node *n, uint32_t i, uint8_t mark) {
  return mark & TH_MARK_ASIDE || (n->n_facts > 1 && th_verdict_idle(&tree->facts[i]));
}

/* Groups as the logic of a leaf makes them (verdict.c). */
static void mark_turns(const th_elig_tree *tree, const th_elig_node *n, uint8_t *facts) {
  uint32_t from = TH_NO_FACT, end = n->fact + n->n_facts;
  for (uint32_t i = n->fact; i <= end; i++) {
    if (i < end && is_passed(tree, n, i, facts[i])) continue;
    if (from != TH_NO_FACT && (i == end || !(facts[i] & TH_MARK_LINKED))) {
      if (th_words_turn(tree, n, from, i)) facts[from] |= TH_MARK_TURNS;
      from = TH_NO_FACT;
    }
    if (from == TH_NO_FACT) from = i;
  }
}

static void mark_leaf(const th_elig_tree *tree, uint32_t node, uint8_t *nodes, uint8_t *facts) {
  const th_elig_node *n = &tree->nodes[node];
  th_leaf_memo memo = {0};
  if (th_verdict_asks_none(tree, n)) nodes[node] |= TH_MARK_ASKS_NONE;
  if (n->n_facts && n->kind == TH_ELIG_EXCLUSION && th_words_results(tree, n))
    nodes[node] |= TH_MARK_RESULTS;
  for (uint32_t i = n->fact; i < n->fact + n->n_facts; i++) {
    if (th_verdict_linked(tree, n, i, &memo)) facts[i] |= TH_MARK_LINKED;
    if (th_verdict_aside(tree, n, i, &memo)) facts[i] |= TH_MARK_ASIDE;
    if (th_verdict_explains(tree, n, i)) facts[i] |= TH_MARK_EXPLAINS;
    if (th_verdict_turn(tree, &tree->facts[i])) facts[i] |= TH_MARK_TURNED;
  }
  th_leaf_memo_dispose(&memo);
  if (n->kind == TH_ELIG_EXCLUSION) mark_turns(tree, n, facts);
}

const uint8_t *th_marks_read(const th_elig_tree *tree, th_arena *arena) {
  uint8_t *out = th_arena_calloc(arena, th_marks_bytes(tree), 1);
  for (uint32_t i = 0; out && tree->text.p && i < tree->n_nodes; i++)
    if (!(tree->nodes[i].flags & TH_ELIG_GROUP)) mark_leaf(tree, i, out, out + tree->n_nodes);
  return out;
}
