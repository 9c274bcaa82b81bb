/* Items that speak of some patients only: of minors, whose parents consent; of a second group
 * beside one; of healthy controls in a study of a disease. */
#include "match/verdict_private.h"

enum { GROWN_UP = 21 }; /* years: who is as old consents everywhere */

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

/* "Consent of a parent is required if under 18", "children of 10 to 17 will be asked to assent". */
bool th_verdict_minors(const th_elig_tree *tree, const th_elig_node *leaf, uint32_t fact) {
  static const char *const consents[] = {"consent", "assent", "parent", "guardian", "permission"};
  static const char *const assents[] = {"assent"};
  const th_elig_fact *f = &tree->facts[fact];
  if (!tree->text.p || f->type != TH_ELIG_NUMERIC || !th_is_age(f->attribute)) return false;
  if (!(f->high_canonical <= GROWN_UP)) return false; /* NAN: no upper bound */
  return says_any(between(tree, leaf->from, f->value_from), consents, TH_COUNT(consents)) ||
         says_any(between(tree, f->to, leaf->to), assents, TH_COUNT(assents));
}

/* Beside an age that fits there is a range of another group: "1 year or older with diarrhoea, and
 * children (aged 1-18 years) with abdominal pain". Two open bounds are one range. */
bool th_verdict_second_age(const th_verdict_leaf *l, uint32_t fact) {
  for (uint32_t i = l->n->fact; i < l->n->fact + l->n->n_facts; i++) {
    const th_verdict_fact *other = &l->all[i];
    if (i == fact || !(other->flags & TH_SAYS_AGE) || other->truth != TH_MET) continue;
    if ((other->flags | l->all[fact].flags) & TH_SAYS_RANGE) return true;
  }
  return false;
}

bool th_verdict_controls(const th_elig_tree *tree, const th_elig_node *leaf) {
  static const char *const controls[] = {"controls"};
  th_span text = tree->text.p ? between(tree, leaf->from, leaf->to) : (th_span){0};
  th_span rest = text, first;
  return th_words_next(&rest, &first) && (th_span_eq_nocase(first, TH_SPAN("healthy")) ||
                                          says_any(text, controls, TH_COUNT(controls)));
}
