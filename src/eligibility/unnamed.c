/* Quantities whose attribute no words beside them name: what the words above the item ask for, and
 * units that are of one attribute alone. */
#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/numeric.h"
#include "eligibility/phrases.h"

/* A value that no mention names: what stands in its list is of the same attribute. */
static void add_alone(th_elig_binder *s, int a, th_elig_quantity *q) {
  s->n_list = 1;
  s->list[0] = a;
  s->list_first = q->first;
  th_elig_add_facts(s, a, q, q->first, q->end, UINT32_MAX);
  s->last_end = q->end;
}

/* ---- what the words above the item ask for ---- */

/* "Age:" and under it "18 and over". */
bool th_elig_bind_topic(th_elig_binder *s, th_elig_quantity *q) {
  static th_elig_set fill = TH_ELIG_SET("of|is|must|be|score|grade|level|a|an|at");
  if (s->l->topic < 0 || (s->l->n_mentions > 0 && s->l->mentions[0].first < q->end)) return false;
  for (uint32_t i = 0; i < q->first; i++)
    if (!th_elig_at(s, i, &fill)) return false;
  for (int p = s->l->topic; p >= 0; p = th_elig_phrase_get(p)->next) {
    int a = th_elig_phrase_get(p)->value;
    if (a < 0 || !th_elig_fits(a, q)) continue;
    bool age = a == th_elig_known_attributes.age;
    if (!q->related && (!th_elig_attributes[a].scale || q->tied)) continue;
    if (age && th_elig_is_before_event(s, q)) continue;
    add_alone(s, a, q);
    return true;
  }
  return false;
}

/* ---- units that are of one attribute alone ---- */

/* "radiotherapy to more than 25 % of the bone marrow" */
static bool is_of_irradiated_marrow(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set fill =
      TH_ELIG_SET("of|the|their|total|area|active|bone|hematopoietic|red|functioning|functional");
  static th_elig_set marrow = TH_ELIG_SET("marrow|skeleton");
  static th_elig_set radiation =
      TH_ELIG_SET("radiotherapy|radiation|irradiation|irradiated|rt|radiotherapie|xrt");
  uint32_t i = q->end;
  while (i < q->end + 6 && th_elig_at(s, i, &fill))
    i++;
  if (i == q->end || !th_elig_at(s, i, &marrow)) return false;
  for (uint32_t k = i + 1; k < i + 3; k++) /* "> 25 % of functioning bone marrow irradiated" */
    if (th_elig_at(s, k, &radiation)) return true;
  for (i = q->first; i-- > 0 && q->first - i < 12;)
    if (th_elig_at(s, i, &radiation)) return true;
  return false;
}

/* Rays that were had, not those that are planned. */
static bool is_of_earlier_rays(const th_elig_binder *s, uint32_t first, uint32_t end) {
  static th_elig_set words =
      TH_ELIG_SET("prior|previous|previously|received|cumulative|past|earlier");
  for (uint32_t i = first; i-- > 0 && first - i < 14;)
    if (th_elig_at(s, i, &words)) return true;
  for (uint32_t i = end; i < end + 3; i++) /* "no more than 24 Gy of prior irradiation" */
    if (th_elig_at(s, i, &words)) return true;
  return false;
}

/* "uncontrolled diabetes (greater than 175 mg/dL)" */
static bool is_of_diabetes(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set sugar = TH_ELIG_SET("diabetes|diabete|diabetic|hyperglycemia|hypoglycemia");
  static th_elig_set fill = TH_ELIG_SET("mellitu|mellitus|type|1|2|(|i.e|ie|i|e|.|,|e.g|g|is|of|as|"
                                        "defined|with|levels|level|to");
  if (strcmp(q->unit.ucum, "mg/dL") && strcmp(q->unit.ucum, "mmol/L")) return false;
  uint32_t i = q->first;
  while (i > 0 && q->first - i < 8 && th_elig_at(s, i - 1, &fill))
    i--;
  return i > 0 && th_elig_at(s, i - 1, &sugar);
}

/* "infants born at term (≥ 37 and ≤ 42 weeks)", "preterm birth < 34 weeks": weeks that a pregnancy
 * has, behind a word of its end. */
static bool is_of_birth(const th_elig_binder *s, const th_elig_quantity *q) {
  enum { REACH = 7 };
  static th_elig_set birth =
      TH_ELIG_SET("term|preterm|premature|prematurity|prematurely|prematures|"
                  "delivery|delivered|deliver|delivering|labor");
  static th_elig_set born = TH_ELIG_SET("born|birth");
  static th_elig_set then = TH_ELIG_SET("after|before|prior|ago|post|following|of|since|from");
  double high = isnan(q->high) ? q->value : q->high;
  if (strcmp(q->unit.ucum, "wk") || q->value < 20 || high > 44 || th_elig_at(s, q->end, &then) ||
      th_elig_is_introduced_by_time(s, q))
    return false;
  for (uint32_t i = q->first;
       i-- > 0 && q->first - i < REACH && !th_elig_is_broken(s->l, i, i + 1);)
    if (th_elig_at(s, i, &birth) || th_elig_at(s, i, &born)) return true;
  return false;
}

/* "less than 1000 g at birth", "born weighing < 1.5 kg" */
static bool is_weight_at_birth(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set at = TH_ELIG_SET("at"), birth = TH_ELIG_SET("birth|birthweight");
  static th_elig_set born = TH_ELIG_SET("born|birth"), weighing = TH_ELIG_SET("weighing|weight|of");
  if (strcmp(q->unit.ucum, "g") && strcmp(q->unit.ucum, "kg")) return false;
  if (th_elig_at(s, q->end, &at) && th_elig_at(s, q->end + 1, &birth)) return true;
  return q->first > 1 && th_elig_at(s, q->first - 1, &weighing) &&
         th_elig_at(s, q->first - 2, &born);
}

/* "hypertension (≥ 180/110 mmHg)": two pressures joined by a slash are of the blood. */
static bool is_pressures(const th_elig_quantity *q) {
  return !isnan(q->second) && !strcmp(q->unit.ucum, "mm[Hg]");
}

/* "uncontrolled hypertension (> 160/90)": the same without a unit, behind a word of pressure. */
static bool is_bare_pressures(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set words = TH_ELIG_SET("hypertension|hypotension|hypertensive|hypotensive");
  if (isnan(q->second) || q->has_unit || !q->related || q->value < 60 || q->second < 30)
    return false;
  for (uint32_t i = q->first; i-- > 0 && q->first - i < 10;)
    if (th_elig_at(s, i, &words)) return !th_elig_is_broken(s->l, i, q->first);
  return false;
}

/* "WHO 0-2": WHO alone before such numbers is how somebody gets on; its grades and classes have a
 * word between, its scale of illness one behind. */
static bool is_performance(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set who = TH_ELIG_SET("who"), fill = TH_ELIG_SET(":|of|ps|=");
  static th_elig_set other = TH_ELIG_SET("point|-|ordinal|on|scale|score|grade|class|stage|group");
  double high = isnan(q->high) ? q->value : q->high;
  uint32_t i = q->first;
  if (q->has_unit || !q->related || q->reference || q->age || q->plus || q->tied || high > 3 ||
      (q->value > 0 && isnan(q->high) && q->relation != TH_ELIG_LE && q->relation != TH_ELIG_LT) ||
      (!isnan(q->high) && q->value > 1) || th_elig_at(s, q->end, &other))
    return false;
  while (i > 1 && q->first - i < 2 && th_elig_at(s, i - 1, &fill))
    i--;
  return i > 0 && th_elig_at(s, i - 1, &who) && s->t[i - 1].flags & TH_ELIG_ALL_UPPER;
}

/* Values without a unit whose words beside them are of one attribute alone. */
static bool bind_bare(th_elig_binder *s, th_elig_quantity *q) {
  const th_elig_known *known = &th_elig_known_attributes;
  int a = is_performance(s, q) ? known->ecog : is_bare_pressures(s, q) ? known->blood_pressure : -1;
  if (a < 0 || !th_elig_fits(a, q)) return false;
  add_alone(s, a, q);
  return true;
}

/* "40-120 kg, inclusive": an item that is nothing but so many kilograms or centimetres is about the
 * body of who joins. */
static bool is_all_of_item(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set behind = TH_ELIG_SET(".|;|,|in|total|body|weight|tall");
  static th_elig_set sex = TH_ELIG_SET("male|female|men|women|man|woman"); /* "male ≥ 50 kg" */
  static th_elig_set joint = TH_ELIG_SET(":|for");
  uint32_t end = q->end, first = q->first;
  while (first > 0 && th_elig_at(s, first - 1, &joint))
    first--;
  if (first > 0 && th_elig_at(s, first - 1, &sex) && q->value >= 25) return true;
  if (th_elig_at(s, end, &joint) && th_elig_at(s, end + 1, &sex) && q->value >= 25) return true;
  while (th_elig_at(s, end, &behind))
    end++;
  return q->first == 0 && end >= s->n && q->value >= 25;
}

bool th_elig_bind_by_unit(th_elig_binder *s, th_elig_quantity *q) {
  const th_elig_known *known = &th_elig_known_attributes;
  if (!q->has_unit) return bind_bare(s, q);
  if (!q->related || q->reference || q->tied) return false;
  bool rays = is_of_earlier_rays(s, q->first, q->end);
  const struct {
    const char *unit;
    int attribute;
  } of[] = {{"kg/m2", known->bmi},
            {"mL/min/{1.73_m2}", known->egfr},
            {"kg", is_all_of_item(s, q) ? known->weight : -1},
            {"cm", is_all_of_item(s, q) && q->value >= 80 ? known->height : -1},
            {"Gy", rays ? known->radiation_dose : -1},
            {"cGy", rays ? known->radiation_dose : -1},
            {"wk", is_of_birth(s, q) ? known->gestational_age : -1},
            {q->unit.ucum, is_weight_at_birth(s, q) ? known->birth_weight : -1},
            {"{pack}.a", known->pack_years},
            {q->unit.ucum, is_of_diabetes(s, q) ? known->glucose : -1},
            {"mm[Hg]", is_pressures(q) ? known->blood_pressure : -1},
            {"%", is_of_irradiated_marrow(s, q) ? known->marrow_irradiated : -1}};
  for (size_t i = 0; i < TH_COUNT(of); i++) {
    if (of[i].attribute < 0 || strcmp(q->unit.ucum, of[i].unit) ||
        !th_elig_fits(of[i].attribute, q))
      continue;
    s->n_list = 1;
    s->list[0] = of[i].attribute;
    s->list_first = q->first;
    th_elig_add_facts(s, s->list[0], q, q->first, q->end, UINT32_MAX);
    s->last_end = q->end;
    return true;
  }
  return false;
}
