/* Which attribute a quantity is about. The nearest mention before it in the sentence, when the
 * words between and the unit allow; else one right behind it; a list of mentions shares it. */
#include <math.h>
#include <pthread.h>

#include "eligibility/attributes.h"
#include "eligibility/lexicon.h"
#include "eligibility/numeric.h"
#include "eligibility/phrases.h"

enum { GAP_MAX = 14, LINK_MAX = 9 };

th_elig_known th_elig_known_attributes;

static pthread_once_t known_once = PTHREAD_ONCE_INIT;

static void find_known(void) {
#define FIND(field, key) th_elig_known_attributes.field = th_elig_attribute_find(TH_SPAN(key))
  FIND(age, "age");
  FIND(age_at_diagnosis, "age_at_diagnosis");
  FIND(blood_pressure, "blood_pressure");
  FIND(systolic, "systolic");
  FIND(diastolic, "diastolic");
  FIND(child_pugh, "child_pugh");
  FIND(cancer_stage, "cancer_stage");
  FIND(grade, "toxicity_grade");
  FIND(tumor_size, "tumor_size");
  FIND(gestational_age, "gestational_age");
  FIND(gleason, "gleason");
  FIND(ckd_stage, "ckd_stage");
  FIND(gvhd_grade, "gvhd_grade");
  FIND(ige, "ige");
  FIND(specific_ige, "specific_ige");
  FIND(disease_duration, "disease_duration");
  FIND(symptom_duration, "symptom_duration");
  FIND(time_since_diagnosis, "time_since_diagnosis");
  FIND(time_since_transplant, "time_since_transplant");
  FIND(tnm_t, "tnm_t");
  FIND(tnm_n, "tnm_n");
  FIND(tnm_m, "tnm_m");
  FIND(nyha, "nyha");
  FIND(transfusions, "transfusions");
  FIND(bmi, "bmi");
  FIND(egfr, "egfr");
  FIND(radiation_dose, "radiation_dose");
  FIND(marrow_irradiated, "marrow_irradiated");
#undef FIND
}

/* "(2 known variants)", "vision of one eye": a number of what the next word names. */
static bool is_of_next_word(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set goes_on = TH_ELIG_SET(
      "or|and|to|at|on|in|with|by|for|if|within|prior|before|after|according|as|score|point|points|"
      "on|using|during|upon|when|while|based|but|per|is|are|was|were|despite|of|from|who|that|"
      "disease|status|performance|unless|except|only|will|must|should|measured|assessed|patient|"
      "through|i|than|due|because|the|a|class|grade|stage|will|defined|heart|failure|tumor|hepatic|"
      "liver|cirrhosis|cancer");
  if (q->end >= s->n || s->t[q->end].kind != TH_ELIG_WORD) return false;
  if (s->t[q->number].flags & TH_ELIG_SPELLED) return true;
  if (q->number > 0 && !th_elig_sign(&s->t[q->number - 1], '(')) return false;
  return !th_elig_at(s, q->end, &goes_on) && !(s->t[q->end].flags & TH_ELIG_UPPER);
}

/* Whether a word that says more than one thing names the attribute beside this quantity: growths
 * have sizes with a unit or the word for it, numbers before "times" or "units" are counts of those,
 * and who is "pregnant" is so for weeks. */
static bool is_meant(const th_elig_binder *s, const th_elig_mention *m, int a,
                     const th_elig_quantity *q) {
  static th_elig_set sizes = TH_ELIG_SET("size|diameter|dimension|length|axis|thickness");
  static th_elig_set counted = TH_ELIG_SET("time|unit|node|episode|dose|tablet|cycle|course|drug|"
                                           "agent|medication|visit|patient|occasion");
  static th_elig_set pregnant = TH_ELIG_SET("pregnant|pregnancy");
  static th_elig_set then = TH_ELIG_SET("after|before|prior|ago|post|following|of|from");
  const th_elig_attribute *at = &th_elig_attributes[a];
  if (a == th_elig_known_attributes.gestational_age && m->end == m->first + 1 &&
      th_elig_at(s, m->first, &pregnant))
    return th_elig_is_time(q) && !strcmp(q->unit.ucum, "wk") && q->related &&
           !th_elig_at(s, q->end, &then);
  if (q->has_unit || q->reference) return true;
  bool units = a == th_elig_known_attributes.transfusions;
  if (!at->scale && strcmp(at->unit, "1") && !q->age && !units && th_elig_at(s, q->end, &counted))
    return false;
  if (at->scale && !q->related && is_of_next_word(s, q)) return false;
  if (a != th_elig_known_attributes.tumor_size) return true;
  for (uint32_t i = m->first; i < m->end; i++)
    if (th_elig_at(s, i, &sizes)) return true;
  return false;
}

/* The attribute of the mention that the quantity fits, -1 when none does. */
static int fitting(const th_elig_binder *s, const th_elig_mention *m, const th_elig_quantity *q) {
  for (int p = m->phrase; p >= 0; p = th_elig_phrase_get(p)->next) {
    const th_elig_phrase *ph = th_elig_phrase_get(p);
    const th_elig_token *t = &s->t[m->first];
    if (ph->value < 0) continue;
    if (ph->exact &&
        (ph->exact_n != t->to - t->from || memcmp(ph->exact, s->l->text.p + t->from, ph->exact_n)))
      continue;
    if (th_elig_fits(ph->value, q) && is_meant(s, m, ph->value, q)) return ph->value;
  }
  return -1;
}

/* ---- words between ---- */

bool th_elig_only_link_words(const th_elig_binder *s, uint32_t from, uint32_t to) {
  static th_elig_set words = TH_ELIG_SET(
      "of|is|was|score|statu|status|class|grade|stage|level|value|(|)|:|-|the|a|index|scale|type|"
      "functional|"
      "total|at|in|should|must|be|has|have|classification|category|performance|ps|group|who|ecog|"
      "zubrod|,|with|or|to|range|ranging|classe|classes|=|screening|baseline|functional|ranked|"
      "rated|"
      "symptom|only|either|system|criteria|physical|current|disease|point|version|i|as|by|points|"
      "heart|failure|who|according|from|for|an|iii|'|than|being|equal|kps|nyha|asa|patient|general|"
      "risk|part|all|swog|gog|been|scale|years|liver|chronic|kidney|ckd|between|score|range|"
      "preoperative|entry|study|cirrhosis|grading|copd|symptom|preoperative|karnofsky");
  for (uint32_t i = from; i < to; i++)
    if (!th_elig_at(s, i, &words)) return false;
  return true;
}

/* How far apart; UINT32_MAX when something between forbids it. */
static uint32_t distance(const th_elig_binder *s, uint32_t from, uint32_t to) {
  static th_elig_set away = TH_ELIG_SET(
      "within|every|after|before|prior|since|during|last|past|previous|following|until|than");
  uint32_t d = 0;
  if (to < from) return 0;
  if (to - from > GAP_MAX || th_elig_is_broken(s->l, from, to)) return UINT32_MAX;
  for (uint32_t i = from; i < to; i++) {
    if (th_elig_sign(&s->t[i], '(') || th_elig_sign(&s->t[i], ')') || th_elig_sign(&s->t[i], '-'))
      continue;
    d++;
    if (th_elig_sign(&s->t[i], ',')) d += 2;
    if (th_elig_at(s, i, &away)) d += 4;
  }
  return d;
}

static bool is_introduced_by_time(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set words = TH_ELIG_SET(
      "within|last|past|previous|prior|every|since|preceding|next|during|in|for|over|first");
  static th_elig_set the = TH_ELIG_SET("the");
  uint32_t i = q->first;
  if (i > 1 && th_elig_at(s, i - 1, &the)) i--; /* "in the 2 months before" */
  return i > 0 && th_elig_at(s, i - 1, &words);
}

/* "on a scale of 0 to 10", "0-10 NRS": says how the scale runs. */
static bool is_scale_range(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set words = TH_ELIG_SET("scale|point|nrs|vas|numeric|numerical|visual|likert");
  static th_elig_set scale = TH_ELIG_SET("scale|scaled|ranging|ranges|rang");
  if (isnan(q->high) || (q->value != 0 && q->value != 1) || q->high < 3) return false;
  if (th_elig_at(s, q->end, &words) ||
      (q->end < s->n && th_elig_sign(&s->t[q->end], '-') && th_elig_at(s, q->end + 1, &words)))
    return true;
  for (uint32_t i = q->first > 3 ? q->first - 3 : 0; i < q->first; i++)
    if (!s->l->taken[i] && th_elig_at(s, i, &scale)) return true;
  return false;
}

/* ---- facts ---- */

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
static double canonical(uint32_t attribute, const th_elig_quantity *q, double v) {
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
  double low = canonical(f->attribute, q, f->value), high = canonical(f->attribute, q, f->high);
  if (isnan(low) && !isnan(q->other) && f->value == q->value && isnan(f->high)) {
    double other = canonical(f->attribute, q, q->other);
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
static uint32_t words_before_name(const th_elig_binder *s, uint32_t first) {
  static th_elig_set words =
      TH_ELIG_SET("serum|plasma|blood|fasting|mean|average|total|resting|peak|"
                  "absolute|supine|urinary|urine");
  uint32_t n = 0;
  while (n < 3 && n < first && !s->l->taken[first - n - 1] && th_elig_at(s, first - n - 1, &words))
    n++;
  return n;
}

void th_elig_set_name(const th_elig_binder *s, th_elig_fact *f, const th_elig_mention *m) {
  static th_elig_set behind = TH_ELIG_SET("level|concentration|count|score|class|stage|grade");
  uint32_t first = m->first - words_before_name(s, m->first), end = m->end;
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

/* mention: what names the attribute in the item, UINT32_MAX when nothing near does. */
static void add_facts(th_elig_binder *s, int attribute, th_elig_quantity *q, uint32_t first,
                      uint32_t end, uint32_t mention) {
  q->use = TH_ELIG_AS_FACT;
  if (!isnan(q->second)) {
    const th_elig_known *known = &th_elig_known_attributes;
    double second = q->second;
    name_fact(s, th_elig_bind_value(s, known->systolic, q, q->value, first, end), mention);
    name_fact(s, th_elig_bind_value(s, known->diastolic, q, second, first, end), mention);
    return;
  }
  name_fact(s, th_elig_bind_value(s, attribute, q, q->value, first, end), mention);
}

/* ---- mentions before the quantity ---- */

/* Only signs and words that join the members of a list. */
static bool joins(const th_elig_binder *s, uint32_t from, uint32_t to) {
  static th_elig_set words =
      TH_ELIG_SET(",|/"
                  "|&|and|or|(|)|level|serum|total|the|both|either|count|value|plasma|blood|-|plus|"
                  "+|:|concentration|as|well|enzyme|liver|'|test|of|levels|function|hepatic|result|"
                  "estimated|calculated|a|measured|direct|baseline|corrected|absolute|s");
  if (to - from > 7) return false;
  for (uint32_t i = from; i < to; i++)
    if (!th_elig_at(s, i, &words)) return false;
  return true;
}

static bool has_quantity_between(const th_elig_binder *s, uint32_t from, uint32_t to) {
  const th_elig_leaf *l = s->l;
  for (uint32_t i = 0; i < l->n_quantities; i++) {
    if (l->quantities[i].number >= to) break;
    if (l->quantities[i].number >= from && l->quantities[i].number < to) return true;
  }
  return false;
}

static bool has_attribute(const th_elig_binder *s, int a) {
  for (uint32_t i = 0; i < s->n_list; i++)
    if (s->list[i] == a) return true;
  return false;
}

/* "Blood pressure: systolic > 160": the first names no third one. */
static void drop_blood_pressure(th_elig_binder *s) {
  uint32_t kept = 0;
  bool parts = has_attribute(s, th_elig_known_attributes.systolic) ||
               has_attribute(s, th_elig_known_attributes.diastolic);
  for (uint32_t i = 0; i < s->n_list; i++) {
    if (parts && s->list[i] == th_elig_known_attributes.blood_pressure) continue;
    s->mentions[kept] = s->mentions[i];
    s->list[kept++] = s->list[i];
  }
  s->n_list = kept;
}

/* The mentions that end at index `last` and belong together, as attributes that q fits. */
static void collect(th_elig_binder *s, uint32_t last, const th_elig_quantity *q) {
  const th_elig_mention *m = s->l->mentions;
  s->n_list = 0;
  s->list_first = m[last].first;
  for (uint32_t i = last + 1; i-- > 0 && s->n_list < TH_ELIG_LIST_MAX;) {
    if (i < last &&
        (!joins(s, m[i].end, m[i + 1].first) || th_elig_is_broken(s->l, m[i].end, m[i + 1].first)))
      break;
    int a = fitting(s, &m[i], q);
    if (a < 0) {
      if (i == last) return;
      continue;
    }
    uint32_t k = 0;
    while (k < s->n_list && s->list[k] != a)
      k++;
    if (k == s->n_list) s->list[s->n_list++] = a;
    s->mentions[k] = i; /* of a name and its abbreviation the name */
    s->list_first = m[i].first;
  }
  s->list_first -= words_before_name(s, s->list_first);
  drop_blood_pressure(s);
  for (uint32_t i = 0; i < s->n_list / 2; i++) { /* into the order of the text */
    uint32_t other = s->n_list - 1 - i, m_own = s->mentions[i];
    int a = s->list[i];
    s->list[i] = s->list[other];
    s->mentions[i] = s->mentions[other];
    s->list[other] = a;
    s->mentions[other] = m_own;
  }
}

/* "over 1 year at diagnosis", "18 years of age at the time of first diagnosis" */
static bool is_at_diagnosis(const th_elig_binder *s, uint32_t end) {
  static th_elig_set at = TH_ELIG_SET("at");
  static th_elig_set fill =
      TH_ELIG_SET("the|time|of|their|his|initial|first|symptom|disease|ad|original|primary");
  static th_elig_set found = TH_ELIG_SET("diagnosis|onset");
  uint32_t i = end + (end < s->n && th_elig_sign(&s->t[end], '(')); /* "2-25 (at diagnosis)" */
  if (!th_elig_at(s, i++, &at)) return false;
  while (i < end + 5 && th_elig_at(s, i, &fill))
    i++;
  return th_elig_at(s, i, &found);
}

/* "diagnosed with … at an age of", "onset before the age of", "first symptoms from … years of age"
 */
static bool is_of_diagnosis(const th_elig_binder *s, uint32_t first) {
  static th_elig_set at =
      TH_ELIG_SET("at|before|after|by|from|prior|under|between|below|over|above");
  static th_elig_set fill = TH_ELIG_SET("an|the|to|age|ages");
  static th_elig_set found = TH_ELIG_SET("diagnosed|diagnosis|onset|began|started|manifestation");
  static th_elig_set leading = TH_ELIG_SET("first|initial|symptom");
  uint32_t i = first + th_elig_at(s, first, &at);
  while (i > 0 && first - i < 3 && i <= first && th_elig_at(s, i - 1, &fill))
    i--;
  if (i == 0 || !th_elig_at(s, i - 1, &at)) return false;
  for (uint32_t k = i - 1; k-- > 0 && i - k < 12 && !th_elig_sign(&s->t[k], ',');) {
    if (th_elig_is_broken(s->l, k, k + 1)) return false;
    if (th_elig_at(s, k, &found)) return true;
    uint32_t named = TH_ELIG_W_HEAD | TH_ELIG_W_TERM; /* "first seizures" */
    if (th_elig_at(s, k, &leading) &&
        (th_elig_at(s, k + 1, &leading) || th_elig_word_classes(s->l->text, &s->t[k + 1]) & named))
      return true;
  }
  return false;
}

/* "mothers of a child aged 6 to 12": whose age it is does not join. `first` is the token of the age
 * or of its word. */
static bool is_of_another(const th_elig_binder *s, uint32_t first) {
  static th_elig_set young = TH_ELIG_SET("child|children|infant|baby|babie|son|daughter|newborn|"
                                         "offspring|sibling|toddler|adolescent|kid|teenager");
  static th_elig_set adults =
      TH_ELIG_SET("mother|father|parent|caregiver|caretaker|guardian|women|woman|"
                  "families|family|couple|carer|dyad");
  static th_elig_set has =
      TH_ELIG_SET("with|of|have|has|having|for|to|whose|a|an|least|one|one's|"
                  "non|adopted|-|biological|at|their|caring|who|must|be|the|are|"
                  "in|live|living|and|care|primary|is|or|healthy|young");
  static th_elig_set owners = TH_ELIG_SET("donor|partner|spouse|husband|wife");
  static th_elig_set link =
      TH_ELIG_SET("is|are|who|between|,|'|s|age|aged|of|the|be|must|(|from|ages");
  static th_elig_set with = TH_ELIG_SET("with|of|have|has|having|whose|caring|for");
  uint32_t i = first;
  while (i > 0 && first - i < 4 && th_elig_at(s, i - 1, &link))
    i--;
  if (i == 0) return false;
  i--;
  if (th_elig_at(s, i, &owners)) return i > 0;
  if (!th_elig_at(s, i, &young)) return false;
  bool owned = false;
  while (i > 0 && th_elig_at(s, i - 1, &has)) {
    i--;
    owned |= th_elig_at(s, i, &with);
  }
  return owned && i > 0 && th_elig_at(s, i - 1, &adults);
}

/* "peanut-specific blood IgE" */
static bool is_specific(const th_elig_binder *s, uint32_t first) {
  static th_elig_set specific = TH_ELIG_SET("specific");
  for (uint32_t i = first; i-- > 0 && first - i <= 3;)
    if (th_elig_at(s, i, &specific)) return true;
  return false;
}

/* "increase in creatinine of 0.3 mg/dL", "FEV1 improvement of 12 %": how much it changes, which is
 * no value of it. */
static bool is_change(const th_elig_binder *s, const th_elig_mention *m,
                      const th_elig_quantity *q) {
  static th_elig_set changes =
      TH_ELIG_SET("increase|decrease|decline|reduction|rise|drop|fall|change|difference|variation|"
                  "fluctuation|doubling|"
                  "improvement|reversibility|elevation|deterioration|increment|increasing");
  static th_elig_set joints =
      TH_ELIG_SET("in|of|the|serum|between|mean|their|absolute|from|baseline");
  static th_elig_set limits = TH_ELIG_SET("above|over|to|as|defined|is|equal");
  static th_elig_set by = TH_ELIG_SET("of|by");
  uint32_t i = m->first, number = q->first;
  bool percent = q->has_unit && !strcmp(q->unit.ucum, "%"), told = percent;
  for (uint32_t k = m->end; k < number; k++)
    told |= th_elig_at(s, k, &by);
  /* "increase in respiratory rate >= 30/min": the value that it has then */
  if (!told && (number == 0 || s->t[number].kind == TH_ELIG_REL)) return false;
  for (uint32_t back = 0; back < 3 && i > 0 && th_elig_at(s, i - 1, &joints); back++)
    i--;
  if (i < m->first && i > 0 && th_elig_at(s, i - 1, &changes)) {
    for (uint32_t k = m->end; k < number; k++) /* "elevation of ALT above 2 x ULN" */
      if (th_elig_at(s, k, &limits)) return false;
    return true;
  }
  return m->end + 1 < number && th_elig_at(s, m->end, &changes) &&
         (s->t[m->end + 1].kind == TH_ELIG_REL || th_elig_at(s, m->end + 1, &joints));
}

/* A stretch of time before or behind something: no age. */
static bool is_before_event(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set words =
      TH_ELIG_SET("after|before|prior|post|following|ago|since|postoperatively");
  return !q->age && th_elig_is_time(q) && th_elig_at(s, q->end, &words);
}

static bool needs_class_words(int a) {
  return th_elig_attributes[a].scale;
}

/* The quantity by the mention before it. */
static bool bind_before(th_elig_binder *s, th_elig_quantity *q, uint32_t gap, uint32_t m_index) {
  const th_elig_mention *m = &s->l->mentions[m_index];
  if (gap == UINT32_MAX) return false;
  int a = fitting(s, m, q);
  if (a < 0) return false;
  bool apart = gap > 2 || (m->end < s->n && th_elig_sign(&s->t[m->end], ')'));
  if (a == th_elig_known_attributes.age && apart && is_before_event(s, q)) return false;
  if (is_change(s, m, q)) return q->use = TH_ELIG_AS_GUARD, true;
  bool onset =
      th_elig_is_onset(a) && m->end + 1 == q->first; /* "onset of symptoms within 7 days" */
  static th_elig_set lasting = TH_ELIG_SET("for");
  bool lasts =
      th_elig_is_onset(a) && q->related && q->first > 0 && th_elig_at(s, q->first - 1, &lasting);
  if (gap > 2 && !lasts && !onset && !q->age && th_elig_is_time(q) && is_introduced_by_time(s, q))
    return false;
  if (a == th_elig_known_attributes.cancer_stage && !q->has_unit)
    return false; /* roman numbers only */
  if (!q->related && !onset) {
    bool link = th_elig_only_link_words(s, m->end, q->first);
    if (needs_class_words(a) && !link) return false;
    if (a == th_elig_known_attributes.age && !q->age && (gap > 5 || q->tied)) return false;
    if (!needs_class_words(a) && a != th_elig_known_attributes.age && (!q->has_unit || !link))
      return false;
    if (q->tied) return false;
    if (!strcmp(th_elig_attributes[a].unit, "1")) return false;
  }
  if (th_elig_is_time(q) && q->tied) return false;
  if (th_elig_is_time(q) && is_introduced_by_time(s, q) && !q->related) {
    static th_elig_set within = TH_ELIG_SET("within");
    if (!th_elig_at(s, q->first - 1, &within) || !onset) return false;
    q->relation = TH_ELIG_LE;
    q->related = true;
  }
  const th_elig_known *known = &th_elig_known_attributes;
  if (a == known->age && is_of_another(s, m->first)) return q->use = TH_ELIG_AS_GUARD, true;
  collect(s, m_index, q);
  if (s->n_list == 1 && s->list[0] == known->age &&
      (is_of_diagnosis(s, m->first) || is_at_diagnosis(s, q->end)))
    s->list[0] = known->age_at_diagnosis;
  if (s->n_list == 1 && s->list[0] == known->ige && is_specific(s, m->first))
    s->list[0] = known->specific_ige;
  uint32_t first = s->list_first;
  for (uint32_t i = 0; i < s->n_list; i++)
    add_facts(s, s->list[i], q, first, q->end, s->mentions[i]);
  s->last_end = q->end;
  return s->n_list > 0;
}

/* ---- a mention behind the quantity ---- */

static bool has_own_quantity(const th_elig_binder *s, const th_elig_mention *m) {
  const th_elig_leaf *l = s->l;
  for (uint32_t i = 0; i < l->n_quantities; i++) {
    const th_elig_quantity *q = &l->quantities[i];
    if (q->first < m->end) continue;
    return q->first - m->end <= 4 && (q->related || q->first == m->end) &&
           !th_elig_is_broken(l, m->end, q->first) && fitting(s, m, q) >= 0;
  }
  return false;
}

static bool is_countable(int a) {
  const char *unit = th_elig_attributes[a].unit;
  return !strcmp(unit, "1") || unit[0] == '/' || unit[0] == '{';
}

static bool bind_behind(th_elig_binder *s, th_elig_quantity *q, uint32_t m_index,
                        uint32_t before_gap) {
  static th_elig_set conditions = TH_ELIG_SET("if|unless|when|except|and|but|with");
  if (m_index >= s->l->n_mentions) return false;
  const th_elig_mention *m = &s->l->mentions[m_index];
  uint32_t gap = m->first <= q->end ? 0 : distance(s, q->end, m->first);
  bool reversed = !q->related && m->first == q->end + 1 && s->t[q->end].kind == TH_ELIG_REL;
  bool beside = gap == 0 && m->first == q->end && !q->has_unit && q->related; /* "6 courses" */
  if (gap > 3 || gap + 1 > before_gap || (!reversed && !beside && has_own_quantity(s, m)))
    return false;
  for (uint32_t i = q->end; i < m->first; i++)
    if (th_elig_sign(&s->t[i], ',') || th_elig_sign(&s->t[i], ')') || th_elig_at(s, i, &conditions))
      return false;
  if (reversed) { /* "18 ≤ age" */
    static const uint8_t turned[] = {TH_ELIG_GT, TH_ELIG_GE, TH_ELIG_LT, TH_ELIG_LE, TH_ELIG_EQ};
    q->relation = turned[s->t[q->end].relation];
    q->related = true;
  }
  int a = fitting(s, m, q);
  if (a == th_elig_known_attributes.age &&
      (is_of_diagnosis(s, q->first) || is_at_diagnosis(s, TH_MAX(q->end, m->end))))
    a = th_elig_known_attributes.age_at_diagnosis;
  bool inside = m->first < q->end; /* "in 30 to 32 weeks of gestation" */
  if (a < 0 || !q->related) return false;
  if (!inside && th_elig_is_time(q) && is_introduced_by_time(s, q)) return false;
  if (!reversed && !q->has_unit && q->reference == TH_ELIG_ABSOLUTE &&
      (!is_countable(a) || th_elig_attributes[a].scale))
    return false;
  if (!q->has_unit && is_countable(a) && has_quantity_between(s, q->end, m->first)) return false;
  s->n_list = 1;
  s->list[0] = a;
  s->list_first = q->first;
  s->mentions[0] = m_index;
  add_facts(s, a, q, q->first, m->end, m_index);
  s->last_end = TH_MAX(q->end, m->end);
  return true;
}

/* "at least 1 but no more than 3 prior regimens": the first is of what the second counts. */
static bool bind_with_next(th_elig_binder *s, th_elig_quantity *q, uint32_t m_index) {
  static th_elig_set joints = TH_ELIG_SET("but|and|or|to|,|up");
  const th_elig_quantity *next = q + 1;
  if (m_index >= s->l->n_mentions || next >= s->l->quantities + s->l->n_quantities) return false;
  const th_elig_mention *m = &s->l->mentions[m_index];
  if (!q->related || q->has_unit || q->reference || q->age || !next->related || next->has_unit ||
      next->use != TH_ELIG_FREE || m->first < next->end || m->first - next->end > 1 ||
      next->first - q->end > 3)
    return false;
  for (uint32_t i = q->end; i < next->first; i++)
    if (!th_elig_at(s, i, &joints)) return false;
  int a = fitting(s, m, q);
  if (a < 0 || !is_countable(a) || th_elig_attributes[a].scale) return false;
  add_facts(s, a, q, q->first, q->end, UINT32_MAX);
  return true;
}

/* ---- ages without the word ---- */

static bool bind_age(th_elig_binder *s, th_elig_quantity *q) {
  static th_elig_set persons =
      TH_ELIG_SET("adult|patient|subject|child|children|men|man|women|woman|male|female|"
                  "participant|volunteer|boy|girl|"
                  "person|infant|adolescent|individual|people|neonate|toddler|newborn|gender|sex|"
                  "outpatient|inpatient|baby|babie|resident|teenager|age|both|healthy|genders|sexe|"
                  "recipient|youth|caregiver|)|those|aged");
  static th_elig_set on =
      TH_ELIG_SET("with|and|who|or|inclusive|of|at|(|)|,|.|;|male|female|men|women|patient|subject|"
                  "adult|children|undergoing|"
                  "admitted|diagnosed|scheduled|presenting|having|in|attending|planned|requiring|"
                  "receiving|being|child|will|when|on|suffering|boy|girl|volunteer|participant|"
                  "whose|that|regardless|:|seeking|hospitalized|to|healthy|were|are|individual|"
                  "referred|at|enrolled|can|eligible|treated|living|for|both|any|from|inclusively|"
                  "without|is|who's|able|infant|people|person|willing|adolescent");
  static th_elig_set not_age =
      TH_ELIG_SET("prior|before|after|of|ago|from|for|since|follow|history|at|in");
  bool time = th_elig_is_time(q);
  if (q->has_unit && !time) return false;
  if (!isnan(q->second) || q->reference) return false;
  double v = canonical((uint32_t)th_elig_known_attributes.age, q, q->value);
  if (isnan(v) || !q->related) return false;
  if (!q->age) {
    if (!time || q->tied || is_introduced_by_time(s, q) ||
        (strcmp(q->unit.ucum, "a") && strcmp(q->unit.ucum, "mo")))
      return false;
    bool start = q->first == 0;
    bool person = q->first > 0 && th_elig_at(s, q->first - 1, &persons);
    if (q->first > 1 && th_elig_sign(&s->t[q->first - 1], '('))
      person = th_elig_at(s, q->first - 2, &persons);
    if (q->first > 1 && th_elig_sign(&s->t[q->first - 1], ','))
      person = th_elig_at(s, q->first - 2, &persons);
    if (!start && !person) return false;
    if (strcmp(q->unit.ucum, "a") && !person) return false;
    if (q->end < s->n && !th_elig_at(s, q->end, &on)) return false;
    if (start && q->end < s->n && th_elig_at(s, q->end, &not_age)) return false;
  } else if (!q->has_unit && !q->related) {
    return false;
  }
  if (is_of_another(s, q->first)) return q->use = TH_ELIG_AS_GUARD, true;
  s->n_list = 1;
  s->list[0] = is_of_diagnosis(s, q->first) || is_at_diagnosis(s, q->end)
                   ? th_elig_known_attributes.age_at_diagnosis
                   : th_elig_known_attributes.age;
  s->list_first = q->first;
  add_facts(s, s->list[0], q, q->first, q->end, UINT32_MAX);
  s->last_end = q->end;
  return true;
}

/* ---- a further quantity of what the one before was about ---- */

static bool in_mention(const th_elig_binder *s, uint32_t token) {
  for (uint32_t i = 0; i < s->mention; i++)
    if (s->l->mentions[i].first <= token && token < s->l->mentions[i].end) return true;
  return false;
}

static bool bind_linked(th_elig_binder *s, th_elig_quantity *q) {
  if (s->n_list == 0 || q->first < s->last_end || q->first - s->last_end > LINK_MAX + 4)
    return false;
  if (!q->related && !q->reference) return false;
  bool spelled = q->number < s->n && s->t[q->number].flags & TH_ELIG_SPELLED;
  if (spelled && !q->has_unit && q->first > s->last_end + 2)
    return false; /* "at least one sibling" */
  uint32_t gap = distance(s, s->last_end, q->first);
  if (gap == UINT32_MAX) return false;
  for (uint32_t i = s->last_end; i < q->first; i++) /* words that look like a name and are none */
    if (s->l->taken[i] && s->t[i].kind == TH_ELIG_WORD && !in_mention(s, i)) return false;
  const char *unit = th_elig_attributes[s->list[0]].unit;
  bool short_time = !strcmp(unit, "ms") || !strcmp(unit, "s");
  if (th_elig_is_time(q) && (is_introduced_by_time(s, q) || (gap > 4 && !short_time))) return false;
  uint32_t bound = 0;
  if (!q->has_unit && q->reference == TH_ELIG_ABSOLUTE && gap > 3 &&
      !th_elig_attributes[s->list[0]].scale) {
    static th_elig_set sexes = TH_ELIG_SET("men|man|women|woman|male|female|boy|girl|or|and");
    bool sex = false;
    for (uint32_t i = s->last_end; i < q->first; i++)
      sex |= th_elig_at(s, i, &sexes);
    if (!sex) return false;
  }
  for (uint32_t i = 0; i < s->n_list; i++) {
    if (!th_elig_fits(s->list[i], q)) continue;
    add_facts(s, s->list[i], q, q->first, q->end, UINT32_MAX);
    bound++;
  }
  if (bound) s->last_end = q->end;
  return bound > 0;
}

/* ---- what the words above the item ask for ---- */

/* "Age:" and under it "18 and over". */
static bool bind_topic(th_elig_binder *s, th_elig_quantity *q) {
  static th_elig_set fill = TH_ELIG_SET("of|is|must|be|score|grade|level|a|an|at");
  if (s->l->topic < 0 || (s->l->n_mentions > 0 && s->l->mentions[0].first < q->end)) return false;
  for (uint32_t i = 0; i < q->first; i++)
    if (!th_elig_at(s, i, &fill)) return false;
  for (int p = s->l->topic; p >= 0; p = th_elig_phrase_get(p)->next) {
    int a = th_elig_phrase_get(p)->value;
    if (a < 0 || !th_elig_fits(a, q)) continue;
    bool age = a == th_elig_known_attributes.age;
    if (!q->related && (!th_elig_attributes[a].scale || q->tied)) continue;
    if (age && is_before_event(s, q)) continue;
    s->n_list = 1;
    s->list[0] = a;
    s->list_first = q->first;
    add_facts(s, a, q, q->first, q->end, UINT32_MAX);
    s->last_end = q->end;
    return true;
  }
  return false;
}

/* ---- units that are of one attribute alone ---- */

/* "radiotherapy to more than 25 % of the bone marrow" */
static bool is_of_irradiated_marrow(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set fill = TH_ELIG_SET("of|the|their|total|active|bone|hematopoietic");
  static th_elig_set marrow = TH_ELIG_SET("marrow");
  static th_elig_set radiation =
      TH_ELIG_SET("radiotherapy|radiation|irradiation|irradiated|rt|radiotherapie|xrt");
  uint32_t i = q->end;
  while (i < q->end + 4 && th_elig_at(s, i, &fill))
    i++;
  if (i == q->end || !th_elig_at(s, i, &marrow)) return false;
  for (i = q->first; i-- > 0 && q->first - i < 12;)
    if (th_elig_at(s, i, &radiation)) return true;
  return false;
}

/* Rays that were had, not those that are planned. */
static bool is_of_earlier_rays(const th_elig_binder *s, uint32_t first) {
  static th_elig_set words =
      TH_ELIG_SET("prior|previous|previously|received|cumulative|past|earlier");
  for (uint32_t i = first; i-- > 0 && first - i < 14;)
    if (th_elig_at(s, i, &words)) return true;
  return false;
}

static bool bind_by_unit(th_elig_binder *s, th_elig_quantity *q) {
  const th_elig_known *known = &th_elig_known_attributes;
  bool rays = is_of_earlier_rays(s, q->first);
  const struct {
    const char *unit;
    int attribute;
  } of[] = {{"kg/m2", known->bmi},
            {"mL/min/{1.73_m2}", known->egfr},
            {"Gy", rays ? known->radiation_dose : -1},
            {"cGy", rays ? known->radiation_dose : -1},
            {"%", is_of_irradiated_marrow(s, q) ? known->marrow_irradiated : -1}};
  if (!q->has_unit || !q->related || q->reference || q->tied) return false;
  for (size_t i = 0; i < TH_COUNT(of); i++) {
    if (of[i].attribute < 0 || strcmp(q->unit.ucum, of[i].unit) ||
        !th_elig_fits(of[i].attribute, q))
      continue;
    s->n_list = 1;
    s->list[0] = of[i].attribute;
    s->list_first = q->first;
    add_facts(s, s->list[0], q, q->first, q->end, UINT32_MAX);
    s->last_end = q->end;
    return true;
  }
  return false;
}

/* ---- the whole leaf ---- */

/* When the unit fits nothing that the mention names: the one that is meant. */
static void mend(const th_elig_binder *s, th_elig_quantity *q, uint32_t m_index) {
  const th_elig_mention *m = &s->l->mentions[m_index];
  if (!q->has_unit || q->reference || fitting(s, m, q) >= 0) return;
  for (int p = m->phrase; p >= 0; p = th_elig_phrase_get(p)->next) {
    int a = th_elig_phrase_get(p)->value;
    if (a >= 0 && th_elig_mend_unit(a, q)) return;
  }
}

static void bind(th_elig_binder *s, th_elig_quantity *q) {
  static th_elig_set within = TH_ELIG_SET("within");
  bool limit = q->reference == TH_ELIG_ULN || q->reference == TH_ELIG_LLN;
  if (!q->related && limit && q->first > 0 && th_elig_at(s, q->first - 1, &within)) {
    q->relation = TH_ELIG_LE; /* "within 2 times the upper limit of normal" */
    q->related = true;
  }
  const th_elig_leaf *l = s->l;
  while (s->mention < l->n_mentions && l->mentions[s->mention].end <= q->first)
    s->mention++;
  uint32_t behind = s->mention;
  while (behind < l->n_mentions && l->mentions[behind].first <= q->number)
    behind++;
  if (q->use != TH_ELIG_FREE || is_scale_range(s, q)) return;
  bool has_before =
      s->mention > 0 && !has_quantity_between(s, l->mentions[s->mention - 1].end, q->first);
  uint32_t gap = has_before ? distance(s, l->mentions[s->mention - 1].end, q->first) : UINT32_MAX;
  if (has_before &&
      !th_elig_scale_is_meant(s, &l->mentions[s->mention - 1],
                              th_elig_phrase_get(l->mentions[s->mention - 1].phrase)->value))
    gap = UINT32_MAX;
  if (gap <= 3) mend(s, q, s->mention - 1);
  if (gap != UINT32_MAX && gap <= 1 && bind_before(s, q, gap, s->mention - 1)) return;
  if (th_elig_bind_onset(s, q) || bind_behind(s, q, behind, gap)) return;
  if (q->age && bind_age(s, q)) return;
  if (bind_with_next(s, q, behind)) return;
  if (bind_before(s, q, gap, has_before ? s->mention - 1 : 0) && gap != UINT32_MAX) return;
  if (bind_linked(s, q)) return;
  if (has_before && s->mention > 1 && q->related && gap != UINT32_MAX) {
    /* "Hb in patients with …": the mention before may be of no use, the one before it is */
    uint32_t second = s->mention - 2;
    uint32_t far = has_quantity_between(s, l->mentions[second].end, q->first)
                       ? UINT32_MAX
                       : distance(s, l->mentions[second].end, q->first);
    if (bind_before(s, q, far, second)) return;
  }
  if (!bind_age(s, q) && !bind_topic(s, q) && !bind_by_unit(s, q) && !th_elig_bind_duration(s, q))
    th_elig_bind_other(s, q);
}

/* "≥ 50 and ≤ 70 % of predicted": what stands behind the second is of the first too. */
static void share_units(th_elig_binder *s) {
  static th_elig_set joints = TH_ELIG_SET("and|to|but|,|&|-");
  th_elig_leaf *l = s->l;
  for (uint32_t i = 0; i + 1 < l->n_quantities; i++) {
    th_elig_quantity *q = &l->quantities[i], *next = q + 1;
    bool bare = !q->has_unit && !q->reference && q->related && !q->plus && isnan(q->second);
    if (!bare || !next->related || isnan(next->value) || next->first - q->end > 2) continue;
    static th_elig_set either = TH_ELIG_SET("or|and|,");
    bool joined = next->first > q->end;
    bool outside =
        q->relation <= TH_ELIG_LE && (next->relation == TH_ELIG_GT || next->relation == TH_ELIG_GE);
    for (uint32_t k = q->end; k < next->first; k++)
      joined &= th_elig_at(s, k, outside ? &either : &joints); /* "under 18 or over 65 years" */
    if (!joined || next->value <= q->value) continue;
    q->has_unit = next->has_unit;
    q->unit = next->unit;
    q->reference = next->reference;
    q->age |= next->age;
  }
}

void th_elig_read_numbers(th_elig_leaf *l) {
  pthread_once(&known_once, find_known);
  th_elig_binder s = {.l = l, .t = l->tokens.p, .n = l->tokens.n};
  th_elig_read_tnm(&s);
  th_elig_read_classes(&s);
  if (l->n_quantities == 0) return;
  share_units(&s);
  for (uint32_t i = 0; i < l->n_quantities; i++)
    bind(&s, &l->quantities[i]);
}
