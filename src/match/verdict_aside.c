/* Which facts of a leaf are not asked, because they say more of another one. Each looks at what is
 * around it; the memo keeps what the next would find again. */
#include <stdlib.h>

#include "match/verdict_private.h"

enum { FEW = 16 }; /* facts that are compared with each other */

void th_leaf_memo_dispose(th_leaf_memo *m) {
  free(m->windows);
  *m = (th_leaf_memo){0};
}

void th_leaf_memo_begin(th_leaf_memo *m, const th_elig_tree *tree, const th_elig_node *leaf) {
  if (m->leaf == leaf) return;
  th_leaf_memo_dispose(m);
  m->leaf = leaf;
  m->sorted = true;
  for (uint32_t i = leaf->fact + 1; i < leaf->fact + leaf->n_facts; i++)
    m->sorted &= tree->facts[i - 1].from <= tree->facts[i].from;
}

/* ---- minors ---- */

enum { GROWN_UP = 21 }; /* years: who is as old consents everywhere */

static bool starts_nocase(th_span s, th_span with) {
  return s.n >= with.n && th_span_eq_nocase((th_span){s.p, with.n}, with);
}

/* Where the first word of consent of the leaf is told to be one, and where the last of assent
 * begins, plus 1. */
static void find_consent(th_leaf_memo *m, const th_elig_tree *tree, const th_elig_node *leaf) {
  static const th_span consents[] = {TH_SPAN("consent"), TH_SPAN("assent"), TH_SPAN("parent"),
                                     TH_SPAN("guardian"), TH_SPAN("permission")};
  uint32_t to = (uint32_t)TH_MIN((size_t)leaf->to, tree->text.n);
  th_span w, rest = {0};
  if (leaf->from < to) rest = (th_span){tree->text.p + leaf->from, to - leaf->from};
  m->minors_known = true;
  m->consent = TH_NO_FACT;
  m->assent = 0;
  while (th_words_next(&rest, &w)) {
    uint32_t at = (uint32_t)(w.p - tree->text.p);
    for (size_t k = 0; k < TH_COUNT(consents); k++)
      if (starts_nocase(w, consents[k]))
        m->consent = TH_MIN(m->consent, at + (uint32_t)consents[k].n);
    if (starts_nocase(w, TH_SPAN("assent"))) m->assent = at + 1;
  }
}

/* "Consent of a parent is required if under 18", "children of 10 to 17 will be asked to assent":
 * nobody else is asked for that age. */
static bool is_of_minors(const th_elig_tree *tree, const th_elig_node *leaf, const th_elig_fact *f,
                         th_leaf_memo *m) {
  if (f->type != TH_ELIG_NUMERIC || !th_is_age(f->attribute)) return false;
  if (!(f->high_canonical <= GROWN_UP)) return false; /* NAN: no upper bound */
  if (!m->minors_known) find_consent(m, tree, leaf);
  if (m->consent <= f->value_from) return true;
  if (m->assent > f->to) return true;
  uint32_t to = (uint32_t)TH_MIN((size_t)leaf->to, tree->text.n);
  return f->to < to &&
         starts_nocase((th_span){tree->text.p + f->to, to - f->to}, TH_SPAN("assent"));
}

/* ---- within another ---- */

static bool is_habit(const th_elig_fact *f) {
  return f->category == TH_ELIG_SMOKING || f->category == TH_ELIG_ALCOHOL;
}

static bool is_inside(const th_elig_fact *f, const th_elig_fact *o) {
  return o->from <= f->from && f->to <= o->to && o->to - o->from > f->to - f->from;
}

static bool is_window_of(const th_elig_fact *f, const th_elig_fact *o) {
  return o->window.present && f->value_from == o->window.from && f->value_to == o->window.to;
}

/* The plain definition: against each of the others. */
static bool is_within_any(const th_elig_tree *tree, const th_elig_node *leaf, uint32_t fact) {
  const th_elig_fact *f = &tree->facts[fact];
  for (uint32_t i = leaf->fact; i < leaf->fact + leaf->n_facts; i++) {
    const th_elig_fact *o = &tree->facts[i];
    if (i == fact || (o->type != TH_ELIG_CONCEPT && !is_habit(f))) continue;
    if (f->type == TH_ELIG_CONCEPT ? is_inside(f, o) : is_window_of(f, o)) return true;
  }
  return false;
}

/* Facts by their beginnings: those that begin before, by how far they reach; then those that begin
 * at the same place. */
static bool is_inside_any(const th_elig_tree *tree, const th_elig_node *leaf, uint32_t fact,
                          th_leaf_memo *m) {
  const th_elig_fact *all = tree->facts, *f = &all[fact];
  uint32_t end = leaf->fact + leaf->n_facts;
  if (m->reach_end <= leaf->fact || m->reach_end > fact || all[m->reach_end - 1].from >= f->from)
    m->reach_end = leaf->fact, m->reach = m->reach_concept = 0;
  for (; m->reach_end < fact && all[m->reach_end].from < f->from; m->reach_end++) {
    const th_elig_fact *o = &all[m->reach_end];
    m->reach = TH_MAX(m->reach, o->to);
    if (o->type == TH_ELIG_CONCEPT) m->reach_concept = TH_MAX(m->reach_concept, o->to);
  }
  if ((is_habit(f) ? m->reach : m->reach_concept) >= f->to) return true;
  for (uint32_t i = m->reach_end; i < end && all[i].from == f->from; i++)
    if ((all[i].type == TH_ELIG_CONCEPT || is_habit(f)) && is_inside(f, &all[i])) return true;
  return false;
}

static int by_value(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* Without memory there is no list. */
static void list_windows(th_leaf_memo *m, const th_elig_tree *tree, const th_elig_node *leaf) {
  m->windows_known = true;
  m->windows = malloc(leaf->n_facts * sizeof *m->windows);
  for (uint32_t i = leaf->fact; m->windows && i < leaf->fact + leaf->n_facts; i++) {
    const th_elig_fact *o = &tree->facts[i];
    if (o->type == TH_ELIG_CONCEPT && o->window.present)
      m->windows[m->n_windows++] = (uint64_t)o->window.from << 32 | o->window.to;
  }
  if (m->n_windows > 1) qsort(m->windows, m->n_windows, sizeof *m->windows, by_value);
}

/* "Pregnancy" of "multiple pregnancy", the duration that is the window of the concept before it,
 * and the habit of which an amount is asked: "smoking history of more than 10 pack-years". */
static bool is_within_another(const th_elig_tree *tree, const th_elig_node *leaf, uint32_t fact,
                              th_leaf_memo *m) {
  const th_elig_fact *f = &tree->facts[fact];
  bool number = f->type == TH_ELIG_NUMERIC;
  uint64_t value = (uint64_t)f->value_from << 32 | f->value_to;
  if (leaf->n_facts <= FEW || !m->sorted || (number && is_habit(f)))
    return is_within_any(tree, leaf, fact);
  if (!number) return is_inside_any(tree, leaf, fact, m);
  if (!m->windows_known) list_windows(m, tree, leaf);
  if (!m->windows) return is_within_any(tree, leaf, fact);
  return m->n_windows && bsearch(&value, m->windows, m->n_windows, sizeof value, by_value);
}

/* ---- a second bound in parentheses ---- */

static uint32_t next_close(const th_elig_tree *tree, const th_elig_node *leaf, uint32_t at,
                           th_leaf_memo *m) {
  if (at >= m->close_from && at <= m->close) return m->close;
  m->close_from = m->close = at;
  while (m->close < leaf->to && tree->text.p[m->close] != ')')
    m->close++;
  return m->close;
}

/* Whether a word of three letters begins before `to`, in front of a sign that is none. */
static bool has_words(const th_elig_tree *tree, const th_elig_node *leaf, uint32_t from,
                      uint32_t to, th_leaf_memo *m) {
  if (from >= m->word_from && from <= m->word) return m->word < to;
  th_span w, rest = {tree->text.p + from, leaf->to - from};
  m->word_from = from;
  m->word = leaf->to;
  while (m->word == leaf->to && th_words_next(&rest, &w))
    if (w.n >= 3) m->word = (uint32_t)(w.p - tree->text.p);
  return m->word < to;
}

static bool is_second_bound(const th_elig_tree *tree, const th_elig_node *leaf, uint32_t fact,
                            th_leaf_memo *m) {
  if (fact <= leaf->fact) return false;
  const th_elig_fact *f = &tree->facts[fact], *before = f - 1;
  if (f->type != TH_ELIG_NUMERIC || before->type != TH_ELIG_NUMERIC ||
      before->attribute != f->attribute)
    return false;
  uint32_t open = before->from;
  while (open < f->to && tree->text.p[open] != '(')
    open++;
  if (open >= f->to || open <= before->from) return false;
  uint32_t close = next_close(tree, leaf, f->from, m);
  return close < leaf->to && close > f->to && has_words(tree, leaf, f->to, close, m);
}

bool th_verdict_aside(const th_elig_tree *tree, const th_elig_node *leaf, uint32_t fact,
                      th_leaf_memo *memo) {
  if (!tree->text.p) return false;
  th_leaf_memo_begin(memo, tree, leaf);
  return is_of_minors(tree, leaf, &tree->facts[fact], memo) ||
         is_within_another(tree, leaf, fact, memo) || is_second_bound(tree, leaf, fact, memo);
}
