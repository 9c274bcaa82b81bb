/* Items that speak of some patients only: of a second group beside one; of healthy controls in a
 * study of a disease. */
#include "match/verdict_private.h"

static bool says_any(th_span text, const char *const *stems, size_t n) {
  th_span word;
  while (th_words_next(&text, &word))
    for (size_t i = 0; i < n; i++)
      if (word.n >= strlen(stems[i]) &&
          th_span_eq_nocase((th_span){word.p, strlen(stems[i])}, th_span_of(stems[i])))
        return true;
  return false;
}

static th_span between(const th_elig_tree *tree, uint32_t from, uint32_t to) {
  to = (uint32_t)TH_MIN((size_t)to, tree->text.n);
  return from < to ? (th_span){tree->text.p + from, to - from} : (th_span){0};
}

/* Beside an age that fits there is a range of another group: "1 year or older with diarrhoea, and
 * children (aged 1-18 years) with abdominal pain". Two open bounds are one range. */
bool th_verdict_second_age(const th_verdict_leaf *l, uint32_t fact) {
  th_leaf_seen *s = l->seen;
  for (uint32_t i = l->n->fact; !s->ages_known && i < l->n->fact + l->n->n_facts; i++) {
    const th_verdict_fact *other = &l->all[i];
    if (!(other->flags & TH_SAYS_AGE) || other->truth != TH_MET) continue;
    s->age_fits = true;
    s->range_fits |= (other->flags & TH_SAYS_RANGE) != 0;
  }
  s->ages_known = true;
  return l->all[fact].flags & TH_SAYS_RANGE ? s->age_fits : s->range_fits;
}

static bool asks_controls(const th_elig_tree *tree, const th_elig_node *leaf) {
  static const char *const controls[] = {"controls"};
  th_span text = tree->text.p ? between(tree, leaf->from, leaf->to) : (th_span){0};
  th_span rest = text, first;
  return th_words_next(&rest, &first) && (th_span_eq_nocase(first, TH_SPAN("healthy")) ||
                                          says_any(text, controls, TH_COUNT(controls)));
}

bool th_verdict_controls(const th_verdict_leaf *l) {
  th_leaf_seen *s = l->seen;
  if (!s->controls_known) s->controls = asks_controls(l->tree, l->n);
  s->controls_known = true;
  return s->controls;
}
