/* What is measured and has no bound: the name of an attribute that no value was read of. */
#include "eligibility/attributes.h"
#include "eligibility/keys.h"
#include "eligibility/numeric.h"
#include "eligibility/phrases.h"
#include "eligibility/results.h"

/* Whether mention k is an analyte that is as often given as measured, beside one that is measured:
 * "potassium, magnesium and calcium". */
static bool is_in_list(const th_elig_leaf *l, uint32_t k) {
  static th_elig_set analytes = TH_ELIG_SET("calcium|zinc|copper|folate|iron|ammonia");
  static th_elig_set joints = TH_ELIG_SET(",|and|or|/|&|and/or");
  const th_elig_mention *m = &l->mentions[k],
                        *other[2] = {k ? m - 1 : NULL, k + 1 < l->n_mentions ? m + 1 : NULL};
  if (!th_elig_among(&analytes, &l->tokens.p[m->first])) return false;
  for (size_t n = 0; n < TH_COUNT(other); n++) {
    if (!other[n] || th_elig_phrase_get(other[n]->phrase)->value < 0) continue;
    uint32_t from = TH_MIN(m->end, other[n]->end), to = TH_MAX(m->first, other[n]->first), i = from;
    bool lab = th_elig_attributes[th_elig_phrase_get(other[n]->phrase)->value].limits;
    while (i < to && th_elig_among(&joints, &l->tokens.p[i]))
      i++;
    if (lab && i == to && from < to && to - from <= 2) return true;
  }
  return false;
}

/* What is measured of a body without a laboratory. */
static bool is_of_body(int attribute) {
  const th_elig_known *known = &th_elig_known_attributes;
  return attribute == known->bmi || attribute == known->height || attribute == known->weight;
}

bool th_elig_measure_of(const th_elig_leaf *l, uint32_t k, th_elig_term *out) {
  static th_elig_set none = TH_ELIG_SET(
      "tb|pd|na|acr|svc|aspect|met|mass|lesion|inhibitor|regimen|vision|letter|stage|grade|clas|"
      "class|node|ulcer|culture|systolic|diastolic|lymphocyte|oxygen|infiltrate|tumor|metastase|"
      "metastasis|burn|pregnancy|pregnant|fever|febrile|cd34|blast|platelet|erythrocyte|stenosis|"
      "stenose|shunt|reversibility|insulin|iron|calcium|zinc|copper|folate|ammonia|testosterone|"
      "estradiol|progesterone|cortisol|pulse|diameter|nas|cat|act|gold|cap|pt|ph|ef");
  const th_elig_mention *m = &l->mentions[k];
  const th_elig_phrase *ph = th_elig_phrase_get(m->phrase);
  const th_elig_token *t = &l->tokens.p[m->first];
  while (ph->exact && ph->next >= 0 &&
         (ph->exact_n != t->to - t->from || memcmp(ph->exact, l->text.p + t->from, ph->exact_n)))
    ph = th_elig_phrase_get(ph->next);
  bool vague = m->end == m->first + 1 && th_elig_among(&none, t) && !is_in_list(l, k);
  if (vague || !th_elig_measure_ends(l, m->end) || ph->value < 0 ||
      (!th_elig_attributes[ph->value].measured && !is_of_body(ph->value)))
    return false;
  *out = (th_elig_term){.first = m->first,
                        .end = m->end,
                        .head = m->first,
                        .from = t->from,
                        .to = l->tokens.p[m->end - 1].to,
                        .category = TH_ELIG_FINDING,
                        .aside = 1 + TH_ELIG_NAMED_MEASURE,
                        .label = th_span_of(th_elig_attributes[ph->value].name)};
  return true;
}

void th_elig_compose_measures(th_elig_leaf *l, th_elig_terms *v) {
  for (uint32_t k = 0; k < l->n_mentions && !v->failed; k++) {
    th_elig_term measure;
    bool free = true;
    for (uint32_t i = l->mentions[k].first; i < l->mentions[k].end; i++)
      free &= !v->owner[i];
    if (!free || !th_elig_measure_of(l, k, &measure)) continue;
    th_elig_term *term = th_elig_terms_add(v, l->facts->arena);
    if (!term) return;
    *term = measure;
  }
}
