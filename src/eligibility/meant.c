/* Whether words and a number belong together: what an attribute's name may mean beside a quantity,
 * how far apart they stand, and numbers that are no value of it (scales, changes, times). */
#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/numeric.h"
#include "eligibility/phrases.h"

enum { GAP_MAX = 14 };

/* Words behind a number that it does not count. */
static th_elig_set no_thing = TH_ELIG_SET(
    "or|and|to|at|on|in|with|by|for|if|within|prior|before|after|according|as|score|point|points|"
    "on|using|during|upon|when|while|based|but|per|is|are|was|were|despite|of|from|who|that|"
    "disease|status|performance|unless|except|only|will|must|should|measured|assessed|patient|"
    "through|i|than|due|because|the|a|class|grade|stage|will|defined|heart|failure|tumor|hepatic|"
    "liver|cirrhosis|cancer");

/* "(2 known variants)", "vision of one eye": a number of what the next word names. */
static bool is_of_next_word(const th_elig_binder *s, const th_elig_quantity *q) {
  if (q->end >= s->n || s->t[q->end].kind != TH_ELIG_WORD) return false;
  if (s->t[q->number].flags & TH_ELIG_SPELLED) return true;
  if (q->number > 0 && !th_elig_sign(&s->t[q->number - 1], '(')) return false;
  return !th_elig_at(s, q->end, &no_thing) && !(s->t[q->end].flags & TH_ELIG_UPPER);
}

/* "at least two occasions", "≥ 2 presyncopes", "less than 1+ protein": behind a value of something
 * else the number is of what the next word names. */
bool th_elig_counts_next(const th_elig_binder *s, const th_elig_quantity *q) {
  if (q->has_unit || q->reference || q->age || !isnan(q->second)) return false;
  bool cross = q->end + 1 < s->n && th_elig_sign(&s->t[q->end], '+') &&
               s->t[q->end + 1].kind == TH_ELIG_WORD;
  if (cross || q->end >= s->n || s->t[q->end].kind != TH_ELIG_WORD) return cross;
  if (s->t[q->number].flags & TH_ELIG_SPELLED) return true;
  return q->value <= 10 && q->value == floor(q->value) && !th_elig_at(s, q->end, &no_thing) &&
         !(s->t[q->end].flags & TH_ELIG_UPPER);
}

/* "at any age and at least one relative", "2 SD", "of 1 year duration or more" beside an age. */
static bool is_no_age(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set duration = TH_ELIG_SET("duration|history");
  static th_elig_set goes_on =
      TH_ELIG_SET("and|or|to|at|on|in|with|who|year|month|of|inclusive|but");
  for (uint32_t i = q->behind; i <= q->end; i++)
    if (th_elig_at(s, i, &duration)) return true;
  if (q->has_unit || q->age) return false;
  bool word =
      q->end < s->n && s->t[q->end].kind == TH_ELIG_WORD && !th_elig_at(s, q->end, &goes_on);
  bool spelled = q->number < s->n && s->t[q->number].flags & TH_ELIG_SPELLED;
  return q->value < 1 ? isnan(q->high) && q->value != 0 : word && (spelled || q->value < 4);
}

/* "CTCAE 5.0": an edition, where no word says that it is a grade. */
static bool names_grade(const th_elig_binder *s, const th_elig_mention *m,
                        const th_elig_quantity *q) {
  static th_elig_set grade = TH_ELIG_SET("grade|graded|grading|toxicity|score");
  for (uint32_t i = m->first; i < s->n && i < q->first + (q->first < m->first ? 8 : 0); i++)
    if (th_elig_at(s, i, &grade)) return true;
  for (uint32_t i = m->first; i < q->first; i++)
    if (th_elig_at(s, i, &grade)) return true;
  return q->first < m->first;
}

/* "1.5 to 1.9 times baseline" */
static bool is_of_baseline(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set times = TH_ELIG_SET("x|*|time|fold"), baseline = TH_ELIG_SET("baseline");
  static th_elig_set fill = TH_ELIG_SET("the|above|over|from|higher|than|increase|of");
  uint32_t i = q->end;
  if (i >= s->n || (!th_elig_at(s, i, &times) && !th_elig_sign(&s->t[i], 'x'))) return false;
  for (i++; i < q->end + 5 && th_elig_at(s, i, &fill);)
    i++;
  return th_elig_at(s, i, &baseline);
}

/* Whether a word that says more than one thing names the attribute beside this quantity: growths
 * have sizes with a unit or the word for it, numbers before "times" or "units" are counts of those,
 * and who is "pregnant" is so for weeks. */
static bool is_meant(const th_elig_binder *s, const th_elig_mention *m, int a,
                     const th_elig_quantity *q) {
  static th_elig_set sizes = TH_ELIG_SET("size|diameter|dimension|length|axis|thickness");
  static th_elig_set counted = TH_ELIG_SET("time|unit|node|episode|dose|tablet|cycle|course|drug|"
                                           "agent|medication|visit|patient|occasion|"
                                           "instance|symptom|sign|criterion|criteria|marker|"
                                           "measurement|test");
  static th_elig_set pregnant = TH_ELIG_SET("pregnant|pregnancy");
  static th_elig_set parts = TH_ELIG_SET("item|question|domain|subscale");
  static th_elig_set then = TH_ELIG_SET("after|before|prior|ago|post|following|of|from");
  const th_elig_attribute *at = &th_elig_attributes[a];
  if (a == th_elig_known_attributes.gestational_age && m->end == m->first + 1 &&
      th_elig_at(s, m->first, &pregnant))
    return th_elig_is_time(q) && !strcmp(q->unit.ucum, "wk") && q->related &&
           !th_elig_at(s, q->end, &then);
  const th_elig_known *known = &th_elig_known_attributes;
  if (a == known->grade && !q->related && !names_grade(s, m, q)) return false;
  if (is_of_baseline(s, q)) return false;
  if (a == known->age && is_no_age(s, q)) return false;
  static th_elig_set away = TH_ELIG_SET("from|above|below|away|proximal|distal");
  if (a == known->tumor_size && th_elig_at(s, q->end, &away)) return false; /* where it lies */
  if (q->has_unit || q->reference) return true;
  bool spelled = q->number < s->n && s->t[q->number].flags & TH_ELIG_SPELLED;
  if (spelled && !at->scale && strcmp(at->unit, "1") && a != known->age && isnan(q->high))
    return false; /* "recessions, at least one with a depth of" */
  static th_elig_set course = TH_ELIG_SET("course"),
                     other_drugs = TH_ELIG_SET("antibiotic|antibiotics|steroid|corticosteroid|"
                                               "prednisone|antifungal|radiotherapy|radiation");
  if (a == known->chemotherapy_cycles && th_elig_at(s, m->end - 1, &course))
    for (uint32_t i = m->first > 3 ? m->first - 3 : 0; i < s->n && i < m->end + 12; i++)
      if (th_elig_at(s, i, &other_drugs)) return false;
  static th_elig_set bethesda = TH_ELIG_SET("bu|bethesda");
  if (a == known->inhibitor_titer) /* "protease inhibitors (at least 2)" */
    return q->first > 0 && th_elig_at(s, q->first - 1, &bethesda);
  static th_elig_set sex = TH_ELIG_SET("intercourse|sexual|sexually|coital|coitus");
  if (a == known->intercourse_attempts && m->end == m->first + 1) {
    bool told = false;
    for (uint32_t i = 0; i < s->n; i++)
      told |= th_elig_at(s, i, &sex);
    if (!told) return false;
  }
  if (at->scale && th_elig_at(s, q->end, &parts)) return false; /* "a scale with 24 items" */
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
int th_elig_fitting(const th_elig_binder *s, const th_elig_mention *m, const th_elig_quantity *q) {
  for (int p = m->phrase; p >= 0; p = th_elig_phrase_get(p)->next) {
    const th_elig_phrase *ph = th_elig_phrase_get(p);
    const th_elig_token *t = &s->t[m->first];
    if (ph->value < 0) continue;
    if (ph->exact &&
        (ph->exact_n != t->to - t->from || memcmp(ph->exact, s->l->text.p + t->from, ph->exact_n)))
      continue;
    if (q->percentile && ph->value == th_elig_known_attributes.bmi)
      return th_elig_known_attributes.bmi_percentile;
    if (th_elig_fits(ph->value, q) && is_meant(s, m, ph->value, q)) return ph->value;
  }
  return -1;
}

bool th_elig_only_link_words(const th_elig_binder *s, uint32_t from, uint32_t to) {
  static th_elig_set words = TH_ELIG_SET(
      "of|is|was|score|statu|status|class|grade|stage|level|value|(|)|[|]|:|-|the|a|index|scale|"
      "type|"
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
uint32_t th_elig_distance(const th_elig_binder *s, uint32_t from, uint32_t to) {
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

bool th_elig_is_introduced_by_time(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set words = TH_ELIG_SET(
      "within|last|past|previous|prior|every|since|preceding|next|during|in|for|over|first");
  static th_elig_set the = TH_ELIG_SET("the");
  uint32_t i = q->first;
  if (i > 1 && th_elig_at(s, i - 1, &the)) i--; /* "in the 2 months before" */
  return i > 0 && th_elig_at(s, i - 1, &words);
}

/* "at least 2 of the following", "1 of 3 counts", "more than 1/3 of the liver", "on days 21 to 42":
 * how many, what part or which one, and no value of anything. */
bool th_elig_is_count_of(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set of = TH_ELIG_SET("of"), out = TH_ELIG_SET("out");
  static th_elig_set whole = TH_ELIG_SET("the|these|those|which|following|our|them|this|its|at|"
                                         "common|:|their|below|such");
  static th_elig_set numbered =
      TH_ELIG_SET("tier|day|visit|cycle|phase|arm|cohort|part|course|type|"
                  "study|table|appendix|section|version");
  if (q->has_unit || q->reference || q->age) return false;
  bool known_day =
      q->first > 0 && s->t[q->first].kind == TH_ELIG_NUM && th_elig_at(s, q->first - 1, &numbered);
  if (known_day) return true;
  uint32_t i = q->end;
  bool part = i + 1 < s->n && th_elig_sign(&s->t[i], '/') && s->t[i + 1].kind == TH_ELIG_NUM &&
              q->value < s->t[i + 1].value && s->t[i + 1].value <= 8;
  if (part) return th_elig_at(s, i + 2, &of);
  if (!isnan(q->high)) return false;
  i += th_elig_at(s, i, &out);
  if (!th_elig_at(s, i, &of)) return false;
  if (th_elig_at(s, i + 1, &whole)) return true;
  return q->related && i + 1 < s->n && s->t[i + 1].kind == TH_ELIG_NUM &&
         q->value <= s->t[i + 1].value && s->t[i + 1].value <= 9;
}

/* "on a scale of 0 to 10", "0-10 NRS": says how the scale runs. */
bool th_elig_is_scale_range(const th_elig_binder *s, const th_elig_quantity *q) {
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

/* "peanut-specific blood IgE" */
bool th_elig_is_specific(const th_elig_binder *s, uint32_t first) {
  static th_elig_set specific = TH_ELIG_SET("specific");
  for (uint32_t i = first; i-- > 0 && first - i <= 3;)
    if (th_elig_at(s, i, &specific)) return true;
  return false;
}

/* "increase in creatinine of 0.3 mg/dL", "FEV1 improvement of 12 %": how much it changes, which is
 * no value of it. */
bool th_elig_is_change(const th_elig_binder *s, const th_elig_mention *m,
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
  static th_elig_set in = TH_ELIG_SET("in|of");
  /* "creatinine: ≥ 0.3 mg/dL increase"; "LDH > 200 U/L, increase in troponin" is of another */
  bool another = m->end <= number && th_elig_at(s, q->end + 1, &in);
  if (!another && th_elig_at(s, q->end, &changes)) return true;
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

/* "over 40 years, COPD with symptoms for at least 2 years" goes on with no age. */
bool th_elig_is_of_other_time(const th_elig_binder *s, uint32_t from, const th_elig_quantity *q) {
  static th_elig_set words = TH_ELIG_SET(
      "symptom|history|duration|disease|diagnosed|diagnosis|therapy|treatment|since|lasting");
  if (q->age || !th_elig_is_time(q)) return false;
  for (uint32_t i = from; i < q->first; i++)
    if (th_elig_at(s, i, &words)) return true;
  return false;
}
