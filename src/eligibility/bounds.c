/* What a bound value becomes: the fact with its relation, its value as written and in the
 * attribute's own unit, and the words that name it. */
#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/numeric.h"

void th_elig_set_bounds(th_elig_fact *f, double low, bool low_in, double high, bool high_in) {
  f->low_canonical = low;
  f->low_inclusive = !isnan(low) && low_in;
  f->high_canonical = high;
  f->high_inclusive = !isnan(high) && high_in;
}

void th_elig_put_bounds(th_elig_fact *f, double a, double b) {
  switch (f->relation) {
  case TH_ELIG_LT:
  case TH_ELIG_LE:
    th_elig_set_bounds(f, NAN, false, isnan(b) ? a : b, f->relation == TH_ELIG_LE);
    break;
  case TH_ELIG_GT:
  case TH_ELIG_GE:
    th_elig_set_bounds(f, a, f->relation == TH_ELIG_GE, NAN, false);
    break;
  case TH_ELIG_EQ:
    th_elig_set_bounds(f, a, true, a, true);
    break;
  default:
    th_elig_set_bounds(f, TH_MIN(a, b), true, TH_MAX(a, b), true);
  }
}

/* One value in the canonical unit; NAN when it does not come there, or not plausibly. */
double th_elig_canonical(uint32_t attribute, const th_elig_quantity *q, double v) {
  double out;
  if (isnan(v)) return NAN;
  bool counted = (int)attribute == th_elig_known_attributes.transfusions; /* in units of blood */
  if (q->has_unit && !(counted && !strcmp(q->unit.ucum, "U"))) {
    th_elig_unit u = q->unit;
    const char *unit = th_elig_attributes[attribute].unit;
    if (!strncmp(u.ucum, "10*", 3) && !strchr(u.ucum, '/')) { /* "100 x 10^9": per litre */
      if (u.ucum[3] == '3' || u.ucum[3] == '6')
        u.m.factor *= 1e9, u.m.d[1] = -3;
      else
        u.m.factor *= 1e3, u.m.d[1] = -3;
      (void)unit;
    }
    if (!th_elig_convert(attribute, v, &u, &out)) return NAN;
  } else if (!th_elig_unit_infer(attribute, v, &out)) {
    return NAN;
  }
  return th_elig_plausible(attribute, out) ? out : NAN;
}

static void make_canonical(th_elig_fact *f, const th_elig_quantity *q) {
  f->low_canonical = f->high_canonical = NAN;
  if (f->reference == TH_ELIG_ULN || f->reference == TH_ELIG_LLN) return;
  if (f->reference == TH_ELIG_PREDICTED) {
    th_elig_put_bounds(f, f->value, f->high);
    f->canonical_unit = "%";
    return;
  }
  double low = th_elig_canonical(f->attribute, q, f->value),
         high = th_elig_canonical(f->attribute, q, f->high);
  if (isnan(low) && !isnan(q->other) && f->value == q->value && isnan(f->high)) {
    double other = th_elig_canonical(f->attribute, q, q->other);
    if (!isnan(other)) f->value = q->other, low = other;
  }
  if (isnan(low) || (isnan(high) && !isnan(f->high))) return;
  th_elig_put_bounds(f, low, high);
  f->canonical_unit = th_elig_attributes[f->attribute].unit;
}

bool th_elig_is_negated(const th_elig_binder *s, uint32_t first) {
  static th_elig_set other = TH_ELIG_SET("specified|greater|more|less|lower|higher|older|younger|"
                                         "above|exceed|limited|only|over|below|applicable");
  static th_elig_set no = TH_ELIG_SET("no|not|without|never|absence|nor|cannot");
  for (uint32_t i = first; i-- > 0 && first - i <= 4;) {
    if (s->t[i].kind == TH_ELIG_SIGN && s->t[i].key != '-') return false;
    if (s->t[i].kind == TH_ELIG_NUM) return false;
    if (th_elig_at(s, i, &no)) return !th_elig_at(s, i + 1, &other);
  }
  return false;
}

static const char *keep_unit(const th_elig_binder *s, const char *ucum) {
  const th_elig_facts *v = s->l->facts;
  for (uint32_t i = v->n; i-- > 0 && v->n - i < 8;)
    if (v->p[i].type == TH_ELIG_NUMERIC && v->p[i].unit && !strcmp(v->p[i].unit, ucum))
      return v->p[i].unit;
  th_span kept = th_arena_dup(v->arena, th_span_of(ucum));
  if (!kept.p) s->l->facts->failed = true;
  return kept.p;
}

/* How many words before token `first` belong to the name that starts there: "fasting serum". */
uint32_t th_elig_words_before_name(const th_elig_binder *s, uint32_t first) {
  static th_elig_set words =
      TH_ELIG_SET("serum|plasma|blood|fasting|mean|average|total|resting|peak|"
                  "absolute|supine|urinary|urine");
  uint32_t n = 0;
  while (n < 3 && n < first && !s->l->taken[first - n - 1] && th_elig_at(s, first - n - 1, &words))
    n++;
  return n;
}

/* Whether the token is of the words that say what is asked. */
static bool is_of_value(const th_elig_binder *s, const th_elig_fact *f, uint32_t i) {
  return f->value_from <= s->t[i].from && s->t[i].to <= f->value_to;
}

void th_elig_set_name(const th_elig_binder *s, th_elig_fact *f, const th_elig_mention *m) {
  static th_elig_set behind = TH_ELIG_SET("level|concentration|count|score|class|stage|grade");
  static th_elig_set to = TH_ELIG_SET("in|of");
  uint32_t first = m->first - th_elig_words_before_name(s, m->first), end = m->end;
  while (first + 1 < end && (th_elig_at(s, first, &to) || is_of_value(s, f, first)))
    first++; /* "< 2 cm in size", "30 to 32 weeks of gestation" */
  if (end < s->n && !s->l->taken[end] && th_elig_at(s, end, &behind)) end++;
  while (first < m->first && s->t[first].from < f->from)
    first++;
  while (end > m->end && s->t[end - 1].to > f->to)
    end--;
  if (s->t[first].from < f->from || s->t[end - 1].to > f->to) return;
  f->name_from = s->t[first].from;
  f->name_to = s->t[end - 1].to;
}

void th_elig_set_value(const th_elig_binder *s, th_elig_fact *f, uint32_t first, uint32_t end) {
  if (first >= end || end > s->n) return;
  f->value_from = s->t[first].from;
  f->value_to = s->t[end - 1].to;
}

/* Parts of what is breathed out or in, in per cent, are so of what is expected of the person. */
static bool is_of_predicted(int attribute, const th_elig_quantity *q) {
  const char *unit = th_elig_attributes[attribute].unit;
  return !q->reference && q->has_unit && !strcmp(q->unit.ucum, "%") &&
         (!strcmp(unit, "L") || !strcmp(unit, "L/min"));
}

th_elig_fact *th_elig_bind_value(th_elig_binder *s, int attribute, const th_elig_quantity *q,
                                 double value, uint32_t first, uint32_t end) {
  first = TH_MIN(first, q->first);
  end = TH_MIN(TH_MAX(end, q->end), s->n);
  th_elig_fact *f = th_elig_leaf_add(s->l, first, end);
  if (!f) return NULL;
  f->type = TH_ELIG_NUMERIC;
  f->attribute = (uint16_t)attribute;
  f->relation = q->relation;
  f->reference = is_of_predicted(attribute, q) ? TH_ELIG_PREDICTED : q->reference;
  f->value = value;
  f->high = q->high;
  f->negated = th_elig_is_negated(s, first);
  uint32_t index = s->l->facts->n - 1;
  const char *unit = q->has_unit ? keep_unit(s, q->unit.ucum) : NULL;
  f = &s->l->facts->p[index];
  f->unit = unit;
  th_elig_set_value(s, f, q->first, q->value_end);
  make_canonical(f, q);
  return f;
}

static void name_fact(th_elig_binder *s, th_elig_fact *f, uint32_t mention) {
  if (f && mention != UINT32_MAX) th_elig_set_name(s, f, &s->l->mentions[mention]);
}

/* Scales on which less is better. */
static bool is_worse_upward(int attribute) {
  static const char *const keys[] = {
      "ecog",         "asa",        "nyha",      "ccs_angina",  "killip",         "rutherford",
      "fontaine",     "child_pugh", "metavir",   "ckd_stage",   "gold",           "mrc_dyspnea",
      "cancer_stage", "gvhd_grade", "edss",      "tumor_grade", "toxicity_grade", "mrs",
      "hoehn_yahr",   "gmfcs",      "hurley",    "who_fc",      "wagner",         "hunt_hess",
      "wfns",         "mg_class",   "west_haven"};
  for (size_t i = 0; i < TH_COUNT(keys); i++)
    if (!strcmp(th_elig_attributes[attribute].key, keys[i])) return true;
  return false;
}

uint8_t th_elig_turn_better(const th_elig_binder *s, int attribute, uint32_t first, uint32_t end,
                            uint8_t relation) {
  static th_elig_set better = TH_ELIG_SET("better");
  static const uint8_t turned[] = {TH_ELIG_GT, TH_ELIG_GE, TH_ELIG_LT,
                                   TH_ELIG_LE, TH_ELIG_EQ, TH_ELIG_BETWEEN};
  bool told = false;
  for (uint32_t i = first; i < end; i++)
    told |= th_elig_at(s, i, &better);
  bool down = told && (attribute == TH_ELIG_ATTRIBUTE_OTHER || is_worse_upward(attribute));
  return down ? turned[relation] : relation;
}

void th_elig_add_facts(th_elig_binder *s, int attribute, th_elig_quantity *q, uint32_t first,
                       uint32_t end, uint32_t mention) {
  q->use = TH_ELIG_AS_FACT;
  q->relation = th_elig_turn_better(s, attribute, q->first, q->end, q->relation);
  if (!isnan(q->second)) {
    const th_elig_known *known = &th_elig_known_attributes;
    double second = q->second;
    name_fact(s, th_elig_bind_value(s, known->systolic, q, q->value, first, end), mention);
    name_fact(s, th_elig_bind_value(s, known->diastolic, q, second, first, end), mention);
    return;
  }
  name_fact(s, th_elig_bind_value(s, attribute, q, q->value, first, end), mention);
}
