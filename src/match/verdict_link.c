/* Which facts of a leaf belong together. A leaf combines its facts by all or any; "asthma or COPD"
 * in an inclusion, and "asthma with eosinophilia" in an exclusion are one of them all the same. The
 * words between two facts tell. */
#include "match/verdict_private.h"

/* What stands between two facts, parentheses that open and close there left out. */
typedef struct gap {
  bool has_or, has_and, comma, stop, opens, example;
} gap;

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_among(th_span w, const th_span *words, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (w.n == words[i].n && (w.p[0] | 32) == words[i].p[0] && th_span_eq_nocase(w, words[i]))
      return true;
  return false;
}

static void see_word(gap *g, th_span w) {
  static const th_span either[] = {TH_SPAN("or")}, both[] = {TH_SPAN("and")};
  static const th_span breaks[] = {TH_SPAN("except"), TH_SPAN("unless"), TH_SPAN("excluding"),
                                   TH_SPAN("but"),    TH_SPAN("other"),  TH_SPAN("apart")};
  static const th_span examples[] = {TH_SPAN("such"),      TH_SPAN("e"),        TH_SPAN("eg"),
                                     TH_SPAN("including"), TH_SPAN("includes"), TH_SPAN("like"),
                                     TH_SPAN("include")};
  g->has_or |= is_among(w, either, TH_COUNT(either));
  g->has_and |= is_among(w, both, TH_COUNT(both));
  g->stop |= is_among(w, breaks, TH_COUNT(breaks));
  g->example |= is_among(w, examples, TH_COUNT(examples));
}

static void see_sign(gap *g, char c, char next) {
  bool ends = next == ' ' || next == '\n' || next == 0;
  if (c == ',') g->comma = true;
  if (c == '/') g->has_or = true;
  if (c == ';' || c == ':' || c == '\n' || c == '*' || (c == '.' && ends)) g->stop = true;
  if (c == '(' || c == '[') g->opens = true;
}

/* How many bytes there are up to the last ')'. */
static size_t up_to_close(th_span s) {
  size_t n = s.n;
  while (n > 0 && s.p[n - 1] != ')')
    n--;
  return n;
}

static gap look_between(th_span s) {
  gap g = {0};
  unsigned depth = 0;
  for (size_t i = 0, closed = up_to_close(s); i < s.n;) {
    size_t from = i;
    if (s.p[i] == '(' && i < closed) depth++;
    if (s.p[i] == ')' && depth) depth--;
    if (depth || !is_letter(s.p[i])) {
      if (!depth) see_sign(&g, s.p[i], i + 1 < s.n ? s.p[i + 1] : ' ');
      i++;
      continue;
    }
    while (i < s.n && is_letter(s.p[i]))
      i++;
    see_word(&g, (th_span){s.p + from, i - from});
  }
  return g;
}

static bool gap_before(const th_elig_tree *tree, uint32_t i, gap *out) {
  const th_elig_fact *a = &tree->facts[i - 1], *b = &tree->facts[i];
  if (!tree->text.p || a->from >= a->to || b->from < a->to || b->to > tree->text.n) return false;
  *out = look_between((th_span){tree->text.p + a->to, b->from - a->to});
  return true;
}

static bool is_plain(const th_elig_fact *f) {
  return f->type == TH_ELIG_CONCEPT && f->category < TH_ELIG_PREGNANCY;
}

static bool is_of(const th_elig_fact *f, uint8_t category) {
  return f->type == TH_ELIG_CONCEPT && f->category == category;
}

/* "A, B or C": what a comma means is said by the next word that joins. */
static bool list_is_or(const th_elig_tree *tree, const th_elig_node *n, uint32_t i,
                       th_leaf_memo *m) {
  gap g;
  if (i >= m->list_from && i < m->list_end) return m->list_or;
  m->list_from = i;
  m->list_or = false;
  for (; i < n->fact + n->n_facts && gap_before(tree, i, &g); i++) {
    if (g.stop || g.opens || g.has_and || !is_plain(&tree->facts[i])) break;
    m->list_or = g.has_or;
    if (g.has_or || !g.comma) break;
  }
  m->list_end = i + 1;
  return m->list_or;
}

/* "one or more of", "at least one" before the facts: any of them will do, up to the end of the
 * sentence. */
static bool one_of(const th_elig_tree *tree, const th_elig_node *n, uint32_t i, th_leaf_memo *m) {
  static const th_span words[] = {TH_SPAN("one or more"), TH_SPAN("at least one"),
                                  TH_SPAN("any of"), TH_SPAN("one of the")};
  uint32_t to = tree->facts[i - 1].from;
  if (m->one_at == 0 || m->one_at > to + 1) m->one_at = n->from + 1, m->one_end = TH_NO_FACT;
  for (; m->one_at <= to && m->one_at < tree->text.n; m->one_at++) {
    th_span rest = {tree->text.p + m->one_at, tree->text.n - m->one_at};
    char first = (char)(rest.p[0] | 32);
    if (rest.p[0] == ';') m->one_end = TH_NO_FACT;
    if (first != 'o' && first != 'a') continue;
    for (size_t k = 0; k < TH_COUNT(words); k++)
      if (words[k].p[0] == first && words[k].n <= rest.n &&
          th_span_eq_nocase((th_span){rest.p, words[k].n}, words[k]))
        m->one_end = TH_MIN(m->one_end, m->one_at + (uint32_t)words[k].n);
  }
  return m->one_end <= to;
}

/* In an inclusion: alternatives. */
static bool is_alternative(const th_elig_tree *tree, const th_elig_node *n, uint32_t i,
                           const gap *g, th_leaf_memo *m) {
  if (g->example && !g->stop) return true;
  if (g->stop || (g->has_and && !one_of(tree, n, i, m))) return false;
  if (one_of(tree, n, i, m)) return true;
  if (g->opens) return false;
  if (g->has_or) return true;
  return g->comma && is_plain(&tree->facts[i - 1]) && list_is_or(tree, n, i, m);
}

/* In an exclusion: both are asked for at once, joined by a preposition, or in parentheses as what
 * the one before means: "renal disease (creatinine > 3 mg/dL)". */
static bool is_both(const gap *g) {
  if (g->stop || g->has_or || g->has_and || g->comma || g->example) return false;
  return true;
}

bool th_verdict_explains(const th_elig_tree *tree, const th_elig_node *n, uint32_t fact) {
  enum { NEAR = 24 }; /* bytes: "(defined as", "(i.e." */
  if (!tree->text.p || fact <= n->fact || fact >= n->fact + n->n_facts) return false;
  const th_elig_fact *concept = &tree->facts[fact - 1], *bound = &tree->facts[fact];
  if (concept->type != TH_ELIG_CONCEPT || bound->type != TH_ELIG_NUMERIC ||
      concept->category > TH_ELIG_FINDING || bound->from < concept->to ||
      bound->from > concept->to + NEAR || bound->to > tree->text.n)
    return false;
  th_span between = th_span_trim((th_span){tree->text.p + concept->to, bound->from - concept->to});
  return between.n && between.p[0] == '(' && !memchr(between.p, ')', between.n);
}

/* "Unable to give informed consent" names one thing twice. */
static bool is_said_twice(const th_elig_fact *a, const th_elig_fact *b) {
  return is_of(a, TH_ELIG_CAPACITY) && is_of(b, TH_ELIG_CONSENT) && a->negated && b->negated;
}

bool th_verdict_linked(const th_elig_tree *tree, const th_elig_node *n, uint32_t fact,
                       th_leaf_memo *memo) {
  gap g;
  th_leaf_memo_begin(memo, tree, n);
  if (fact <= n->fact || fact >= n->fact + n->n_facts || !gap_before(tree, fact, &g)) return false;
  if (n->combine == TH_ELIG_ALL) return is_alternative(tree, n, fact, &g, memo);
  if (is_said_twice(&tree->facts[fact - 1], &tree->facts[fact])) return false;
  return n->combine == TH_ELIG_ANY && n->kind == TH_ELIG_EXCLUSION && is_both(&g);
}
