/* The room's door: structure first, then the facts of every leaf. */
#include "eligibility/internal.h"

#include <stdio.h>

#include "eligibility/concepts.h"
#include "eligibility/keys.h"
#include "eligibility/leaf.h"
#include "eligibility/pdq.h"
#include "eligibility/permit.h"
#include "eligibility/phrases.h"
#include "eligibility/plain_html.h"
#include "eligibility/units.h"

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

enum { DEPTHS = TH_ELIG_DEPTH_MAX + 3 };

/* The phrase of the attribute that the leaf's words end in ("Age:"), when they say no value; -1. */
static int topic_of(const th_elig_leaf *l) {
  static th_elig_set tail = TH_ELIG_SET(":|)|.|level|score");
  uint32_t end = l->tokens.n;
  if (l->n_mentions == 0 || l->n_quantities > 0) return -1;
  while (end > 0 && th_elig_among(&tail, &l->tokens.p[end - 1]))
    end--;
  const th_elig_mention *m = &l->mentions[l->n_mentions - 1];
  if (m->end < end || m->first > 6) return -1;
  const th_elig_token *t = &l->tokens.p[m->first];
  for (int p = m->phrase; p >= 0; p = th_elig_phrase_get(p)->next) {
    const th_elig_phrase *ph = th_elig_phrase_get(p);
    if (!ph->exact ||
        (ph->exact_n == t->to - t->from && !memcmp(ph->exact, l->text.p + t->from, ph->exact_n)))
      return p;
  }
  return -1;
}

/* Facts are read of so many bytes of an item at once, so that time and memory stay linear however
 * long it is. The longest item of 14,504 records has 3,187. */
enum { STRETCH = 8192, STRETCH_LEAST = STRETCH / 2 };

/* The end of the stretch that begins at `from`: behind a blank, when one stands in its second half.
 */
static uint32_t stretch_end(th_span text, uint32_t from, uint32_t to) {
  uint32_t end = from + STRETCH;
  if (to - from <= STRETCH) return to;
  while (end > from + STRETCH_LEAST && (unsigned char)text.p[end - 1] > ' ')
    end--;
  if (end > from + STRETCH_LEAST) return end;
  for (end = from + STRETCH;
       end > from + STRETCH - 4 && ((unsigned char)text.p[end] & 0xC0) == 0x80;)
    end--;
  return end;
}

static int read_stretch(th_elig_leaf *leaf, uint32_t from, uint32_t to, th_elig_lexicon *lexicon,
                        uint8_t *combine, th_err *err) {
  th_elig_leaf_scan(leaf, from, to);
  th_elig_read_numbers(leaf);
  th_elig_leaf_sort(leaf);
  th_elig_read_windows(leaf);
  th_elig_turn_numbers(leaf);
  th_elig_read_guards(leaf);
  th_elig_read_categories(leaf);
  th_elig_leaf_sort(leaf);
  int rc = lexicon ? th_elig_read_concepts_of(leaf, lexicon, combine, err) : 0;
  th_elig_read_links(leaf);
  return rc;
}

static int read_leaf(th_elig_leaf *leaf, th_elig_lexicon *lexicon, th_elig_node *n, th_err *err) {
  int rc = 0;
  leaf->kind = n->kind;
  n->fact = leaf->facts->n;
  for (uint32_t from = n->from, to; rc == 0 && from < n->to && !leaf->facts->failed; from = to) {
    to = stretch_end(leaf->text, from, n->to);
    rc = read_stretch(leaf, from, to, lexicon, &n->combine, err);
  }
  n->n_facts = leaf->facts->n - n->fact;
  return rc;
}

/* Of a list whose lead denies what follows every item is turned; "any of" of an inclusion then asks
 * for all of them. */
static void deny_items(th_elig_nodes *nodes, uint32_t group, th_elig_leaf *leaf,
                       const th_elig_node *n) {
  for (uint32_t k = n->fact; k < n->fact + n->n_facts; k++)
    leaf->facts->p[k].negated = !leaf->facts->p[k].negated;
  th_elig_node *g = &nodes->p[group];
  if (n->kind == TH_ELIG_INCLUSION && g->combine == TH_ELIG_ANY) g->combine = TH_ELIG_ALL;
}

/* Headings within a list ask for nothing, nor do items that only allow something or refer to
 * another. */
static void settle_demand(th_elig_leaf *leaf, th_elig_node *n) {
  th_span words = {leaf->text.p + n->from, n->to - n->from};
  bool topic = th_elig_pdq_topic(words);
  if (topic) {
    leaf->facts->n = n->fact;
    n->n_facts = 0;
  }
  if (n->number == 0) return;
  bool nothing = topic || th_elig_pdq_nothing(words);
  th_elig_permission may = leaf->from == n->from ? th_elig_permits(leaf) : TH_ELIG_NO_PERMISSION;
  if (nothing || may != TH_ELIG_NO_PERMISSION) n->flags |= TH_ELIG_OPTIONAL;
  if (nothing || may == TH_ELIG_PERMITS) n->flags |= TH_ELIG_ALLOWS;
}

static int read_facts(th_span text, th_elig_lexicon *lexicon, th_elig_nodes *nodes,
                      th_elig_facts *facts, th_elig_names *names, th_err *err) {
  th_elig_leaf leaf = {.text = text, .tokens.arena = nodes->arena, .facts = facts, .names = names};
  int rc = th_elig_phrases_ready(), topics[DEPTHS]; /* what the lead of each open list asks for */
  uint8_t opened[DEPTHS] = {0};                     /* th_elig_under: what it begins */
  uint32_t groups[DEPTHS] = {0};
  if (rc == 0 && !th_elig_conversions_ready()) rc = TH_ENOMEM;
  for (uint32_t d = 0; d < DEPTHS; d++)
    topics[d] = -1;
  for (uint32_t i = 0; rc == 0 && i < nodes->n && !facts->failed; i++) {
    th_elig_node *n = &nodes->p[i];
    uint32_t depth = TH_MIN(n->depth, DEPTHS - 2u);
    if (n->flags & TH_ELIG_GROUP) {
      topics[depth + 1] = -1;
      opened[depth + 1] = TH_ELIG_UNDER_NOTHING;
      groups[depth + 1] = i;
      continue;
    }
    leaf.node = i;
    leaf.topic = n->number ? topics[depth] : -1;
    leaf.under = n->number ? opened[depth] : TH_ELIG_UNDER_NOTHING;
    leaf.open = TH_ELIG_UNDER_NOTHING;
    rc = read_leaf(&leaf, lexicon, n, err);
    if (leaf.under == TH_ELIG_UNDER_DENIAL) deny_items(nodes, groups[depth], &leaf, n);
    if (leaf.under == TH_ELIG_UNDER_EXCEPTION) n->flags |= TH_ELIG_OPTIONAL;
    settle_demand(&leaf, n);
    if (n->number) continue;
    topics[depth] = topic_of(&leaf);
    opened[depth] = leaf.open;
    if (leaf.open == TH_ELIG_UNDER_DENIAL && n->n_facts) opened[depth] = TH_ELIG_UNDER_NOTHING;
  }
  return rc < 0 ? rc : facts->failed ? TH_ENOMEM : 0;
}

static int read_all(th_span text, th_elig_lexicon *lexicon, th_arena *arena, th_elig_tree *out,
                    th_err *err) {
  th_elig_nodes nodes = {.arena = arena};
  *out = (th_elig_tree){.text = text};
  if (text.n > TH_ELIG_TEXT_MAX)
    return th_err_set(err, TH_ELIMIT, "eligibility criteria of %zu bytes: at most %d are read",
                      text.n, TH_ELIG_TEXT_MAX);
  th_span plain = th_elig_plain_html(text, arena);
  if (text.n && !plain.p) return th_err_set(err, TH_ENOMEM, "eligibility criteria: out of memory");
  th_elig_structure(plain, &nodes);
  th_elig_facts facts = {.arena = arena};
  th_elig_names names = {0};
  if (nodes.failed || read_facts(plain, lexicon, &nodes, &facts, &names, err) < 0)
    return th_err_set(err, TH_ENOMEM, "eligibility criteria: out of memory");
  out->facts = facts.p;
  out->n_facts = facts.n;
  out->names = names.p;
  out->n_names = names.n;
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

/* Names stand in the order of the leaves. */
uint32_t th_elig_first_name(const th_elig_tree *tree, uint32_t node) {
  uint32_t low = 0, high = tree->n_names;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (tree->names[middle].node < node)
      low = middle + 1;
    else
      high = middle;
  }
  return low < tree->n_names && tree->names[low].node == node ? low : tree->n_names;
}

size_t th_elig_id_add(const th_elig_node *node, size_t n, char *out) {
  char digits[10];
  size_t k = sizeof digits;
  uint32_t v = node->number;
  if (n + 2 + sizeof digits > TH_ELIG_ID_MAX) return n;
  out[n] = n ? '.' : "UIE"[node->kind];
  n++;
  do
    digits[--k] = (char)('0' + v % 10);
  while (v /= 10);
  memcpy(out + n, digits + k, sizeof digits - k);
  n += sizeof digits - k;
  out[n] = 0;
  return n;
}

/* The chain of groups around a node: walked from the top, stepping over what does not hold it. */
void th_elig_id(const th_elig_tree *tree, uint32_t node, char *out) {
  size_t n = 0;
  out[0] = 0;
  for (uint32_t i = 0, end = tree->n_nodes; i < end;) {
    const th_elig_node *p = &tree->nodes[i];
    if (node >= p->next) {
      i = p->next;
      continue;
    }
    n = th_elig_id_add(p, n, out);
    if (i == node) return;
    end = p->next;
    i++;
  }
}
