/* How an item goes on around its facts: the "or" and "and" that stand outside of them. Who wants to
 * be sure that a value alone decides about an item asks this. */
#include "eligibility/keys.h"
#include "eligibility/leaf.h"

static bool lies_in(uint32_t at, uint32_t from, uint32_t to) {
  return from <= at && at < to;
}

/* Whether a token belongs to what was read of any fact. */
static bool is_read(const th_elig_leaf *l, uint32_t token) {
  uint32_t at = l->tokens.p[token].from;
  for (uint32_t k = l->first_fact; k < l->facts->n; k++) {
    const th_elig_fact *f = &l->facts->p[k];
    if (lies_in(at, f->from, f->to) || (f->guard.kind && lies_in(at, f->guard.from, f->guard.to)) ||
        (f->window.present && lies_in(at, f->window.from, f->window.to)))
      return true;
  }
  return false;
}

/* 1 for an "or", 2 for an "and" in tokens [first, end); "and/or" is an "or". */
static uint8_t joins(const th_elig_leaf *l, uint32_t first, uint32_t end) {
  static th_elig_set or = TH_ELIG_SET("or|nor|alternatively");
  static th_elig_set and = TH_ELIG_SET("and|plus|&");
  bool has_or = false, has_and = false;
  if (!th_elig_leaf_may_have(l, & or) && !th_elig_leaf_may_have(l, &and)) return 0;
  for (uint32_t i = first; i < end; i++) {
    const th_elig_token *t = &l->tokens.p[i];
    bool an_or = th_elig_among(& or, t), an_and = th_elig_among(&and, t);
    if ((!an_or && !an_and) || is_read(l, i)) continue;
    has_or |= an_or;
    has_and |= an_and;
  }
  return has_or ? TH_ELIG_OR_BEFORE : has_and ? TH_ELIG_AND_BEFORE : 0;
}

/* The tokens before and behind the fact in its sentence, up to the next facts. */
void th_elig_read_links(th_elig_leaf *l) {
  uint32_t n = l->facts->n - l->first_fact;
  for (uint32_t k = 0; k < n; k++) {
    uint32_t first = k ? l->fact_token[2 * k - 1] : 0;
    uint32_t end = k + 1 < n ? l->fact_token[2 * k + 2] : l->tokens.n;
    uint32_t from = l->fact_token[2 * k], to = l->fact_token[2 * k + 1];
    for (uint32_t i = first; i < from; i++)
      if (th_elig_is_broken(l, i, i + 1)) first = i + 1;
    for (uint32_t i = to; i < end; i++)
      if (th_elig_is_broken(l, i, i + 1)) end = i;
    l->facts->p[l->first_fact + k].links =
        (uint8_t)(joins(l, first, from) | joins(l, to, end) << 2);
  }
}
