/* Which attribute a quantity is about. The nearest mention before it in the sentence, when the
 * words between and the unit allow; else one right behind it; a list of mentions shares it. */
#include <math.h>
#include <pthread.h>

#include "eligibility/attributes.h"
#include "eligibility/lexicon.h"
#include "eligibility/numeric.h"
#include "eligibility/phrases.h"

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
  FIND(snellen, "snellen");
  FIND(pack_years, "pack_years");
  FIND(visual_acuity, "visual_acuity");
  FIND(tumor_count, "tumor_count");
  FIND(brain_metastases_count, "brain_metastases_count");
  FIND(positive_nodes, "positive_nodes");
  FIND(birth_weight, "birth_weight");
  FIND(bmi, "bmi");
  FIND(egfr, "egfr");
  FIND(radiation_dose, "radiation_dose");
  FIND(marrow_irradiated, "marrow_irradiated");
  FIND(bclc, "bclc");
  FIND(tumor_grade, "tumor_grade");
  FIND(bmi_percentile, "bmi_percentile");
  FIND(inhibitor_titer, "inhibitor_titer");
  FIND(intercourse_attempts, "intercourse_attempts");
  FIND(residence_distance, "residence_distance");
  FIND(life_expectancy, "life_expectancy");
  FIND(chemotherapy_cycles, "chemotherapy_cycles");
  FIND(glucose, "glucose");
  FIND(ecog, "ecog");
  FIND(asia, "asia");
  FIND(refraction, "refraction");
  FIND(metavir, "metavir");
  FIND(height, "height");
  FIND(weight, "weight");
#undef FIND
}

/* ---- mentions before the quantity ---- */

bool th_elig_joins(const th_elig_binder *s, uint32_t from, uint32_t to) {
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

/* time: whether the quantity behind is itself a stretch of time. */
static bool has_quantity_between(const th_elig_binder *s, uint32_t from, uint32_t to, bool time) {
  const th_elig_leaf *l = s->l;
  for (uint32_t i = 0; i < l->n_quantities; i++) {
    if (l->quantities[i].number >= to) break;
    static th_elig_set parts = TH_ELIG_SET("item|question"); /* "scale with 17 items >= 20" */
    static th_elig_set named = TH_ELIG_SET("visit|day|screening|cycle");
    const th_elig_quantity *other = &l->quantities[i];
    bool name = !other->related && !other->has_unit && other->first > 0 && /* "at visit 1" */
                th_elig_at(s, other->first - 1, &named);
    bool a_day = !other->related && other->has_unit && !strcmp(other->unit.ucum, "h") &&
                 other->value == 24; /* "by 24-hour urine" */
    bool count = s->t[other->number].flags & TH_ELIG_SPELLED && !other->has_unit &&
                 other->use != TH_ELIG_AS_FACT; /* "recessions, at least one with ≥ 2 mm" */
    if (name || a_day || count ||
        (!time && !other->related && !other->age && th_elig_is_time(other)))
      continue; /* "PSA 45 days after surgery < 0.2" */
    bool inside = l->quantities[i].number >= from && l->quantities[i].number < to;
    if (inside && !th_elig_at(s, l->quantities[i].end, &parts)) return true;
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

/* "mm Hg" is no haemoglobin. */
static bool is_of_unit(const th_elig_binder *s, const th_elig_mention *m) {
  const th_elig_leaf *l = s->l;
  for (uint32_t i = 0; i < l->n_quantities && l->quantities[i].first < m->first; i++)
    if (l->quantities[i].has_unit && m->end <= l->quantities[i].value_end &&
        m->first > l->quantities[i].number)
      return true;
  return false;
}

/* The mentions that end at index `last` and belong together, as attributes that q fits. */
static void collect(th_elig_binder *s, uint32_t last, const th_elig_quantity *q) {
  const th_elig_mention *m = s->l->mentions;
  s->n_list = 0;
  s->list_first = m[last].first;
  for (uint32_t i = last + 1; i-- > 0 && s->n_list < TH_ELIG_LIST_MAX;) {
    if (i < last && (!th_elig_joins(s, m[i].end, m[i + 1].first) ||
                     th_elig_is_broken(s->l, m[i].end, m[i + 1].first) || is_of_unit(s, &m[i])))
      break;
    int a = th_elig_fitting(s, &m[i], q);
    if (a < 0) {
      if (i == last) return;
      continue;
    }
    uint32_t k = 0;
    while (k < s->n_list && s->list[k] != a)
      k++;
    s->list_first = m[i].first;
    bool ill = k < s->n_list && /* "neutropenia (neutrophils < 1)" */
               th_elig_word_classes(s->l->text, &s->t[m[i].first]) & TH_ELIG_W_TERM;
    if (k == s->n_list) s->list[s->n_list++] = a;
    if (!ill) s->mentions[k] = i; /* of a name and its abbreviation the name */
  }
  s->list_first -= th_elig_words_before_name(s, s->list_first);
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

static bool needs_class_words(int a) {
  return th_elig_attributes[a].scale;
}

/* "minimum weight of 40 kg", "maximum age for females is 49": a word before the name bounds it. */
static void take_bound(const th_elig_binder *s, uint32_t name, th_elig_quantity *q) {
  static th_elig_set least = TH_ELIG_SET("minimum|minimal|min");
  static th_elig_set most = TH_ELIG_SET("maximum|maximal|max");
  static th_elig_set fill = TH_ELIG_SET("allowed|required|body|serum|permitted|acceptable|of|.");
  uint32_t i = name;
  while (i > 0 && name - i < 2 && th_elig_at(s, i - 1, &fill))
    i--;
  if (q->related || i == 0 || !isnan(q->high) || q->tied) return;
  bool up = th_elig_at(s, i - 1, &least);
  if (!up && !th_elig_at(s, i - 1, &most)) return;
  q->relation = up ? TH_ELIG_GE : TH_ELIG_LE;
  q->related = true;
}

/* "a fall of ≥ 20 mmHg (systolic) or ≥ 10 mmHg (diastolic)": the second is a change as well. */
static bool is_of_change(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set fill =
      TH_ELIG_SET("(|)|systolic|diastolic|or|and|,|in|bp|pressure|sbp|dbp|blood");
  if (s->change_end == 0 || q->first < s->change_end || q->first - s->change_end > 6) return false;
  for (uint32_t i = s->change_end; i < q->first; i++)
    if (!th_elig_at(s, i, &fill)) return false;
  return true;
}

/* The quantity by the mention before it. */
static bool bind_before(th_elig_binder *s, th_elig_quantity *q, uint32_t gap, uint32_t m_index) {
  const th_elig_mention *m = &s->l->mentions[m_index];
  if (gap == UINT32_MAX) return false;
  const th_elig_known *known = &th_elig_known_attributes;
  int a = th_elig_fitting(s, m, q);
  if (a < 0) return false;
  take_bound(s, m->first, q);
  static th_elig_set within = TH_ELIG_SET("within");
  if (a == known->residence_distance && !q->related && q->has_unit && gap <= 6 && q->first > 0 &&
      th_elig_at(s, q->first - 1, &within)) { /* "live within 50 km of" */
    q->relation = TH_ELIG_LE;
    q->related = true;
  }
  if (a == known->age && th_elig_is_of_other_time(s, m->end, q)) return false;
  if (gap > 4 && th_elig_attributes[a].scale && th_elig_counts_next(s, q)) return false;
  bool minus = q->first > 0 && th_elig_sign(&s->t[q->first - 1], '-');
  if (a == known->refraction && minus) return false;  /* "- 6 D or more": whether in size? */
  bool part = minus && !q->related && q->first > 1 && /* "[IIEF]-5" is a name */
              (th_elig_sign(&s->t[q->first - 2], ']') || th_elig_sign(&s->t[q->first - 2], ')'));
  if (part && !(s->t[q->first - 1].flags & TH_ELIG_SPACE_BEFORE) &&
      !(s->t[q->first].flags & TH_ELIG_SPACE_BEFORE))
    return false;
  bool apart = gap > 2 || (m->end < s->n && th_elig_sign(&s->t[m->end], ')'));
  if (a == th_elig_known_attributes.age && apart && th_elig_is_before_event(s, q)) return false;
  if (th_elig_is_change(s, m, q) || is_of_change(s, q))
    return s->change_end = q->end, q->use = TH_ELIG_AS_GUARD, true;
  bool onset =
      th_elig_is_onset(a) && m->end + 1 == q->first; /* "onset of symptoms within 7 days" */
  static th_elig_set lasting = TH_ELIG_SET("for");
  bool lasts =
      th_elig_is_onset(a) && q->related && q->first > 0 && th_elig_at(s, q->first - 1, &lasting);
  if (gap > 2 && !lasts && !onset && !q->age && th_elig_is_time(q) &&
      th_elig_is_introduced_by_time(s, q))
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
  bool whole = q->end >= s->n || s->t[q->end].kind == TH_ELIG_SIGN;
  if (th_elig_is_time(q) && q->tied && !(q->related && whole && a == known->life_expectancy))
    return false;
  if (th_elig_is_time(q) && th_elig_is_introduced_by_time(s, q) && !q->related) {
    if (!th_elig_at(s, q->first - 1, &within) || !onset) return false;
    q->relation = TH_ELIG_LE;
    q->related = true;
  }
  if (a == known->age && th_elig_is_of_no_joiner(s, m->first, q))
    return q->use = TH_ELIG_AS_GUARD, true;
  collect(s, m_index, q);
  if (s->n_list == 1 && s->list[0] == known->age &&
      (th_elig_is_of_diagnosis(s, m->first) || th_elig_is_at_diagnosis(s, q->end)))
    s->list[0] = known->age_at_diagnosis;
  if (s->n_list == 1 && s->list[0] == known->ige && th_elig_is_specific(s, m->first))
    s->list[0] = known->specific_ige;
  uint32_t first = s->list_first;
  for (uint32_t i = 0; i < s->n_list && (i == 0 || isnan(q->second)); i++)
    th_elig_add_facts(s, s->list[i], q, first, q->end, s->mentions[i]);
  s->last_end = q->end;
  return s->n_list > 0;
}

/* ---- a mention behind the quantity ---- */

static bool has_own_quantity(const th_elig_binder *s, const th_elig_mention *m) {
  const th_elig_leaf *l = s->l;
  for (uint32_t i = 0; i < l->n_quantities; i++) {
    const th_elig_quantity *q = &l->quantities[i];
    if (q->first < m->end) continue;
    static th_elig_set but = TH_ELIG_SET("but"); /* "1 regimen, but no more than 2" */
    for (uint32_t k = m->end; k < q->first && k < m->end + 5; k++)
      if (th_elig_at(s, k, &but)) return false;
    return q->first - m->end <= 4 && (q->related || q->first == m->end) &&
           !th_elig_is_broken(l, m->end, q->first) && th_elig_fitting(s, m, q) >= 0;
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
  uint32_t gap = m->first <= q->end ? 0 : th_elig_distance(s, q->end, m->first);
  bool reversed = !q->related && m->first == q->end + 1 && s->t[q->end].kind == TH_ELIG_REL;
  bool beside = gap == 0 && m->first == q->end && !q->has_unit && q->related; /* "6 courses" */
  static th_elig_set of = TH_ELIG_SET("of");
  beside |= q->has_unit && q->related && m->first == q->end + 1 && th_elig_at(s, q->end, &of);
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
  int a = th_elig_fitting(s, m, q);
  if (a == th_elig_known_attributes.age &&
      (th_elig_is_of_diagnosis(s, q->first) || th_elig_is_at_diagnosis(s, TH_MAX(q->end, m->end))))
    a = th_elig_known_attributes.age_at_diagnosis;
  if (a == th_elig_known_attributes.age && th_elig_is_of_no_joiner(s, q->first, q))
    return q->use = TH_ELIG_AS_GUARD, true;
  bool joined = s->n_list > 0 && q->first == s->last_end + 1;
  if (joined && q->has_unit && !strcmp(q->unit.ucum, "%") && th_elig_at(s, q->end, &of))
    return false;                  /* "CD4 ≤ 300 or ≤ 20 % of the lymphocytes" */
  bool inside = m->first < q->end; /* "in 30 to 32 weeks of gestation" */
  if (a < 0 || !q->related) return false;
  if (!inside && th_elig_is_time(q) && th_elig_is_introduced_by_time(s, q)) return false;
  bool ages = a == th_elig_known_attributes.age && !isnan(q->high); /* "18-50 ages" */
  if (!reversed && !q->has_unit && q->reference == TH_ELIG_ABSOLUTE && !ages &&
      (!is_countable(a) || th_elig_attributes[a].scale))
    return false;
  if (!q->has_unit && is_countable(a) && has_quantity_between(s, q->end, m->first, true))
    return false;
  s->n_list = 1;
  s->list[0] = a;
  s->list_first = q->first;
  s->mentions[0] = m_index;
  th_elig_add_facts(s, a, q, q->first, m->end, m_index);
  s->last_end = TH_MAX(q->end, m->end);
  return true;
}

/* The value is of attribute a, whose mention stands behind it. */
static bool take_from_behind(th_elig_binder *s, int a, th_elig_quantity *q, uint32_t m_index) {
  const th_elig_mention *m = &s->l->mentions[m_index];
  s->n_list = 1;
  s->list[0] = a;
  s->list_first = q->first;
  s->mentions[0] = m_index;
  th_elig_add_facts(s, a, q, q->first, m->end, m_index);
  s->last_end = m->end;
  return true;
}

/* "BP > 140 mm Hg systolic or > 90 mm Hg diastolic": which of the two pressures stands right behind
 * its value, and no value follows there. */
static bool bind_pressure(th_elig_binder *s, th_elig_quantity *q, uint32_t m_index) {
  static th_elig_set name = TH_ELIG_SET("bp|blood|pressure"), joint = TH_ELIG_SET("and|or|,|/");
  const th_elig_known *known = &th_elig_known_attributes;
  while (m_index < s->l->n_mentions && s->l->mentions[m_index].end <= q->end)
    m_index++; /* "mm Hg" */
  if (m_index >= s->l->n_mentions || !isnan(q->second)) return false;
  const th_elig_mention *m = &s->l->mentions[m_index];
  int a = th_elig_phrase_get(m->phrase)->value;
  if (m->first != q->end || (a != known->systolic && a != known->diastolic)) return false;
  const th_elig_quantity *before = q > s->l->quantities ? q - 1 : NULL;
  bool follows = before && !q->related && before->use == TH_ELIG_AS_FACT && before->related &&
                 q->has_unit && q->first - before->end == 2 &&
                 th_elig_at(s, q->first - 1, &joint) && (s->list[0] == known->systolic);
  uint32_t i = m->end, end;
  while (th_elig_at(s, i, &name))
    i++;
  bool valued =
      i < s->n && (s->t[i].kind == TH_ELIG_NUM || s->t[i].kind == TH_ELIG_REL ||
                   th_elig_phrase_at(s->l->text, s->t, s->n, i, TH_ELIG_F_BEFORE, &end) >= 0);
  if (valued || !(q->related || follows) || !th_elig_fits(a, q)) return false;
  if (follows) q->relation = before->relation, q->related = true;
  return take_from_behind(s, a, q, m_index);
}

/* "a score of 4-6 on the Clinical Frailty Scale", "≥ 6 on the WHO ordinal scale" */
static bool bind_scale_behind(th_elig_binder *s, th_elig_quantity *q, uint32_t m_index) {
  static th_elig_set on = TH_ELIG_SET("on|in|by|using|with|according|for|from");
  static th_elig_set fill =
      TH_ELIG_SET("the|a|to|of|covid|-|19|who|modified|baseline|total|(|at|point|item|points");
  static th_elig_set score =
      TH_ELIG_SET("score|scored|scores|scoring|rating|rated|severity|class|grade|points|point");
  bool share = q->has_unit && !strcmp(q->unit.ucum, "%"); /* "60 % on the Karnofsky scale" */
  if (m_index >= s->l->n_mentions || (q->has_unit && !share) || q->reference || q->age || q->tied)
    return false;
  const th_elig_mention *m = &s->l->mentions[m_index];
  bool told = q->related && !(s->t[q->number].flags & TH_ELIG_SPELLED);
  for (uint32_t i = q->first; i-- > 0 && q->first - i <= 3;)
    told |= th_elig_at(s, i, &score);
  uint32_t i = q->end + th_elig_at(s, q->end, &score);
  if (!told || m->first <= i || m->first - i > 6 || !th_elig_at(s, i, &on)) return false;
  for (i++; i < m->first; i++)
    if (!th_elig_at(s, i, &fill) && s->t[i].kind != TH_ELIG_NUM) return false;
  int a = th_elig_fitting(s, m, q);
  if (a < 0 || !th_elig_attributes[a].scale || has_own_quantity(s, m)) return false;
  return take_from_behind(s, a, q, m_index);
}

/* "at least 1 but no more than 3 prior regimens": the first is of what the second counts. */
static bool bind_with_next(th_elig_binder *s, th_elig_quantity *q, uint32_t m_index) {
  static th_elig_set joints = TH_ELIG_SET("but|and|or|to|,|up|a");
  const th_elig_quantity *next = q + 1;
  if (m_index >= s->l->n_mentions || next >= s->l->quantities + s->l->n_quantities) return false;
  const th_elig_mention *m = &s->l->mentions[m_index];
  if (!q->related || q->has_unit || q->reference || q->age || !next->related || next->has_unit ||
      next->use != TH_ELIG_FREE || m->first < next->end || m->first - next->end > 1 ||
      next->first - q->end > 3)
    return false;
  for (uint32_t i = q->end; i < next->first; i++)
    if (!th_elig_at(s, i, &joints)) return false;
  int a = th_elig_fitting(s, m, q);
  if (a < 0 || !is_countable(a) || th_elig_attributes[a].scale) return false;
  th_elig_add_facts(s, a, q, q->first, q->end, UINT32_MAX);
  return true;
}

/* ---- the whole leaf ---- */

/* When the unit fits nothing that the mention names: the one that is meant. */
static void mend(const th_elig_binder *s, th_elig_quantity *q, uint32_t m_index) {
  const th_elig_mention *m = &s->l->mentions[m_index];
  if (!q->has_unit || q->reference || th_elig_fitting(s, m, q) >= 0) return;
  for (int p = m->phrase; p >= 0; p = th_elig_phrase_get(p)->next) {
    int a = th_elig_phrase_get(p)->value;
    if (a >= 0 && th_elig_mend_unit(s, a, q)) return;
  }
}

/* "AST 3 x ULN": what keeps somebody out is at least that, what lets somebody in at most. */
static void relate_limit(const th_elig_binder *s, th_elig_quantity *q, const th_elig_mention *m) {
  uint8_t kind = s->l->kind;
  bool told = kind == TH_ELIG_INCLUSION || kind == TH_ELIG_EXCLUSION;
  if (!told || q->reference != TH_ELIG_ULN || !isnan(q->high) || m->end > q->first ||
      q->first - m->end > 4 || !th_elig_only_link_words(s, m->end, q->first))
    return;
  q->relation = kind == TH_ELIG_INCLUSION ? TH_ELIG_LE : TH_ELIG_GE;
  q->related = true;
}

/* "CEAP classification stage 6": the mention before "stage" or "grade" where that is a scale, and
 * only the words of one stand between; else the last one. */
static uint32_t scale_before(const th_elig_binder *s, uint32_t last) {
  static th_elig_set words = TH_ELIG_SET("stage|grade");
  const th_elig_mention *m = s->l->mentions;
  if (last == 0 || m[last].end != m[last].first + 1 || !th_elig_at(s, m[last].first, &words) ||
      m[last].first - m[last - 1].end > 3 ||
      !th_elig_only_link_words(s, m[last - 1].end, m[last].first))
    return last;
  int a = th_elig_phrase_get(m[last - 1].phrase)->value;
  return a >= 0 && th_elig_attributes[a].scale ? last - 1 : last;
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
  if (!q->related && limit && s->mention > 0) relate_limit(s, q, &l->mentions[s->mention - 1]);
  uint32_t behind = s->mention;
  while (behind < l->n_mentions && l->mentions[behind].first <= q->number)
    behind++;
  bool turned = !q->related && q->end < s->n && s->t[q->end].kind == TH_ELIG_REL;
  while (turned && behind < l->n_mentions && l->mentions[behind].end <= q->end)
    behind++; /* "18 years old ≤ age" */
  bool same = q->relation == TH_ELIG_EQ && s->t[q->first].kind == TH_ELIG_REL;
  if (same && q > l->quantities && q[-1].end == q->first) return; /* "1 mmHg = 0.133 kPa" */
  if (q->use != TH_ELIG_FREE || th_elig_is_scale_range(s, q) || th_elig_is_count_of(s, q)) return;
  if (th_elig_share_relation(s, q, behind) && bind_behind(s, q, behind, UINT32_MAX)) return;
  uint32_t last = s->mention > 0 ? scale_before(s, s->mention - 1) : 0;
  bool has_before = s->mention > 0 &&
                    !has_quantity_between(s, l->mentions[last].end, q->first, th_elig_is_time(q));
  uint32_t gap = has_before ? th_elig_distance(s, l->mentions[last].end, q->first) : UINT32_MAX;
  if (has_before && !th_elig_scale_is_meant(s, &l->mentions[last],
                                            th_elig_phrase_get(l->mentions[last].phrase)->value))
    gap = UINT32_MAX;
  if (bind_pressure(s, q, behind)) return;
  if (gap <= 3) mend(s, q, last);
  if (gap != UINT32_MAX && gap <= 1 && bind_before(s, q, gap, last)) return;
  if (th_elig_bind_onset(s, q) || bind_behind(s, q, behind, gap)) return;
  if (q->has_unit && behind + 1 < l->n_mentions && /* "10 % tumor-related weight loss" */
      th_elig_fitting(s, &l->mentions[behind], q) < 0 &&
      l->mentions[behind + 1].first - l->mentions[behind].end <= 2 &&
      bind_behind(s, q, behind + 1, gap))
    return;
  if (q->age && th_elig_bind_age(s, q)) return;
  if (bind_with_next(s, q, behind) || bind_scale_behind(s, q, behind)) return;
  if (bind_before(s, q, gap, last) && gap != UINT32_MAX) return;
  if (th_elig_bind_linked(s, q)) return;
  if (has_before && s->mention > 1 && q->related && gap != UINT32_MAX) {
    /* "Hb in patients with …": the mention before may be of no use, the one before it is */
    uint32_t second = s->mention - 2;
    uint32_t far = has_quantity_between(s, l->mentions[second].end, q->first, true)
                       ? UINT32_MAX
                       : th_elig_distance(s, l->mentions[second].end, q->first);
    if (bind_before(s, q, far, second)) return;
  }
  if (!th_elig_bind_age(s, q) && !th_elig_bind_topic(s, q) && !th_elig_bind_by_unit(s, q) &&
      !th_elig_bind_duration(s, q) && !th_elig_bind_other(s, q))
    th_elig_bind_count(s, q);
}

/* "18 years and less than 80": the first is where the ages begin. */
static void begin_range(const th_elig_binder *s, th_elig_quantity *q,
                        const th_elig_quantity *next) {
  static th_elig_set joints = TH_ELIG_SET("and|but|to");
  bool upper = next->related && (next->relation == TH_ELIG_LT || next->relation == TH_ELIG_LE);
  if (q->relation != TH_ELIG_EQ || !upper || !(q->age || th_elig_is_time(q)) || q->tied ||
      next->first != q->end + 1 || !th_elig_at(s, q->end, &joints) || q->value >= next->value)
    return;
  q->relation = TH_ELIG_GE;
  q->related = true;
}

/* "≥ 50 and ≤ 70 % of predicted": what stands behind the second is of the first too. */
static void share_units(th_elig_binder *s) {
  static th_elig_set joints = TH_ELIG_SET("and|to|but|,|&|-");
  th_elig_leaf *l = s->l;
  for (uint32_t i = 0; i + 1 < l->n_quantities; i++) {
    th_elig_quantity *q = &l->quantities[i], *next = q + 1;
    begin_range(s, q, next);
    th_elig_join_ages(s, q, next);
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
  if (l->n_quantities) share_units(&s);
  for (uint32_t i = 0; i < l->n_quantities; i++)
    bind(&s, &l->quantities[i]);
  th_elig_read_systems(&s);
  th_elig_read_limits(&s);
}
