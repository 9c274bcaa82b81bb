#include "eligibility/leaf.h"

#include "eligibility/keys.h"
#include "eligibility/phrases.h"

enum { FACTS_MAX = 512 }; /* of one item */

static bool make_room(th_elig_leaf *l, uint32_t n) {
  if (n + 1 <= l->cap) return true;
  uint32_t cap = TH_MAX(n + 1, l->cap * 2);
  th_arena *arena = l->tokens.arena;
  l->taken = th_arena_alloc(arena, cap * sizeof *l->taken);
  l->mentions = th_arena_alloc(arena, cap * sizeof *l->mentions);
  l->quantities = th_arena_alloc(arena, cap * sizeof *l->quantities);
  l->whens = th_arena_alloc(arena, cap * sizeof *l->whens);
  if (!l->fact_token) l->fact_token = th_arena_alloc(arena, 2 * FACTS_MAX * sizeof *l->fact_token);
  l->cap = l->taken && l->mentions && l->quantities && l->whens && l->fact_token ? cap : 0;
  l->facts->failed |= l->cap == 0;
  return l->cap > 0;
}

static void find_mentions(th_elig_leaf *l) {
  const th_elig_tokens *v = &l->tokens;
  for (uint32_t i = 0; i < v->n; i++) {
    uint32_t end;
    int p = v->p[i].kind == TH_ELIG_WORD || v->p[i].kind == TH_ELIG_NUM
                ? th_elig_phrase_at(l->text, v->p, v->n, i, TH_ELIG_F_ATTRIBUTE, &end)
                : -1;
    if (p < 0) continue;
    bool glued = end == i + 1 && i > 0 && v->p[i - 1].kind == TH_ELIG_NUM &&
                 !(v->p[i].flags & TH_ELIG_SPACE_BEFORE) && v->p[i].flags & TH_ELIG_ALL_UPPER;
    if (glued) continue; /* "3TC" is no cholesterol */
    for (uint32_t k = i; k < end; k++)
      l->taken[k] = true;
    if (th_elig_phrase_get(p)->value >= 0)
      l->mentions[l->n_mentions++] = (th_elig_mention){i, end, p};
    i = end - 1;
  }
}

static bool ends_sentence(const th_elig_leaf *l, uint32_t i) {
  const th_elig_token *t = &l->tokens.p[i];
  if (th_elig_sign(t, ';') || th_elig_sign(t, '?')) return true;
  if (!th_elig_sign(t, '.') || t->flags & TH_ELIG_SPACE_BEFORE || i + 1 >= l->tokens.n)
    return false;
  uint32_t next = i + 1 + (i + 2 < l->tokens.n && th_elig_sign(&t[1], '('));
  const th_elig_token *begins = &l->tokens.p[next]; /* "… of X. (A week of Y is allowed.)" */
  return t[1].flags & TH_ELIG_SPACE_BEFORE &&
         (begins->flags & TH_ELIG_UPPER || t[1].kind == TH_ELIG_NUM) &&
         (i == 0 || t[-1].to - t[-1].from > 2 || th_elig_sign(t - 1, ')'));
}

/* Counts the sentences, so that whether one ends between two tokens is known at once; notes what
 * words there are. */
static void look_over(th_elig_leaf *l) {
  uint16_t n = 0;
  memset(l->words, 0, sizeof l->words);
  for (uint32_t i = 0; i < l->tokens.n; i++) {
    th_elig_token *t = &l->tokens.p[i];
    unsigned bit = (unsigned)(t->key * 0x9E3779B97F4A7C15u >> 56);
    l->words[bit / 64] |= UINT64_C(1) << bit % 64;
    t->sentence = n;
    if (t->kind == TH_ELIG_SIGN) n = (uint16_t)(n + ends_sentence(l, i));
  }
  l->sentences = n;
}

void th_elig_leaf_scan(th_elig_leaf *l, uint32_t from, uint32_t to) {
  l->from = from;
  l->to = to;
  l->n_mentions = l->n_quantities = l->n_whens = 0;
  l->first_fact = l->facts->n;
  th_elig_tokenize(l->text, from, to, &l->tokens);
  uint32_t n = l->tokens.n;
  if (l->tokens.failed || !make_room(l, n)) {
    l->facts->failed = true;
    l->tokens.n = 0;
    return;
  }
  memset(l->taken, 0, n * sizeof *l->taken);
  look_over(l);
  find_mentions(l);
  for (uint32_t i = 0; i < n;) {
    th_elig_quantity *q = &l->quantities[l->n_quantities];
    if (th_elig_quantity_read(l->text, l->tokens.p, n, i, l->taken, q)) {
      l->n_quantities++;
      i = TH_MAX(q->end, i + 1);
    } else {
      i++;
    }
  }
}

th_elig_fact *th_elig_leaf_add(th_elig_leaf *l, uint32_t first, uint32_t end) {
  th_elig_facts *v = l->facts;
  if (v->failed || v->n - l->first_fact >= FACTS_MAX || first >= end || end > l->tokens.n)
    return NULL;
  if (v->n == v->cap) {
    uint32_t cap = v->cap ? v->cap * 2 : 16;
    th_elig_fact *p = th_arena_alloc(v->arena, cap * sizeof *p);
    if (!p) return v->failed = true, NULL;
    if (v->n) memcpy(p, v->p, v->n * sizeof *p);
    v->p = p;
    v->cap = cap;
  }
  uint32_t own = v->n - l->first_fact;
  l->fact_token[2 * own] = first;
  l->fact_token[2 * own + 1] = end;
  th_elig_fact *f = &v->p[v->n++];
  *f = (th_elig_fact){.from = l->tokens.p[first].from, .to = l->tokens.p[end - 1].to};
  f->name_from = f->name_to = f->value_from = f->value_to = f->from;
  return f;
}

void th_elig_leaf_name(th_elig_leaf *l, const th_elig_name *name) {
  th_elig_names *v = l->names;
  th_arena *arena = l->facts->arena;
  uint32_t at = v->n;
  while (at > 0 && v->p[at - 1].node == l->node && v->p[at - 1].from > name->from)
    at--;
  bool over_last = at > 0 && v->p[at - 1].node == l->node && v->p[at - 1].to > name->from;
  bool over_next = at < v->n && v->p[at].from < name->to;
  if (l->facts->failed || over_last || over_next) return;
  if (v->n == v->cap) {
    uint32_t cap = v->cap ? v->cap * 2 : 16;
    th_elig_name *p = th_arena_alloc(arena, cap * sizeof *p);
    if (!p) {
      l->facts->failed = true;
      return;
    }
    if (v->n) memcpy(p, v->p, v->n * sizeof *p);
    v->p = p;
    v->cap = cap;
  }
  th_elig_name *n = &v->p[at];
  memmove(n + 1, n, (v->n - at) * sizeof *n);
  v->n++;
  *n = *name;
  n->node = l->node;
  n->label = th_arena_dup(arena, name->label);
  n->code = th_arena_dup(arena, name->code);
}

bool th_elig_is_time(const th_elig_quantity *q) {
  static const int8_t time[TH_ELIG_DIMENSIONS] = {0, 0, 1};
  return q->has_unit && !memcmp(q->unit.m.d, time, sizeof time);
}

void th_elig_leaf_sort(th_elig_leaf *l) {
  uint32_t n = l->facts->n - l->first_fact;
  th_elig_fact *f = l->facts->p + l->first_fact;
  for (uint32_t i = 1; i < n; i++) {
    for (uint32_t k = i; k > 0 && f[k].from < f[k - 1].from; k--) {
      th_elig_fact swap = f[k];
      uint32_t a = l->fact_token[2 * k], b = l->fact_token[2 * k + 1];
      f[k] = f[k - 1];
      f[k - 1] = swap;
      l->fact_token[2 * k] = l->fact_token[2 * k - 2];
      l->fact_token[2 * k + 1] = l->fact_token[2 * k - 1];
      l->fact_token[2 * k - 2] = a;
      l->fact_token[2 * k - 1] = b;
    }
  }
}
