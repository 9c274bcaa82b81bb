/* Whether a quantity can be a value of an attribute: by its unit, its limit, its size. */
#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/numeric.h"

static bool is_time_unit(const char *unit) {
  static const char *const times[] = {"a", "mo", "wk", "d", "h", "min", "s", "ms"};
  for (size_t i = 0; i < TH_COUNT(times); i++)
    if (!strcmp(unit, times[i])) return true;
  return false;
}

static bool fits_bare(int a, const th_elig_quantity *q) {
  const th_elig_attribute *at = &th_elig_attributes[a];
  double v, high = isnan(q->high) ? q->value : q->high;
  if (q->plus) return a == th_elig_known_attributes.age;
  if (at->scale)
    return th_elig_plausible((uint32_t)a, q->value) && th_elig_plausible((uint32_t)a, high);
  if (!strcmp(at->unit, "1"))
    return q->related && th_elig_plausible((uint32_t)a, q->value) && q->value < 1000;
  if (!q->related && a != th_elig_known_attributes.age) return false;
  bool age = a == th_elig_known_attributes.age || a == th_elig_known_attributes.age_at_diagnosis;
  if (is_time_unit(at->unit) && !age && strcmp(at->unit, "ms") && strcmp(at->unit, "s"))
    return false;
  return th_elig_unit_infer((uint32_t)a, q->value, &v) || th_elig_plausible((uint32_t)a, v) ||
         (!isnan(q->other) && th_elig_unit_infer((uint32_t)a, q->other, &v));
}

/* Of what laboratories give limits of normal for. */
static bool has_normal_range(const th_elig_attribute *at) {
  static const char *const none[] = {"cm", "mm", "kg",  "kg/m2", "a", "mo", "wk",
                                     "d",  "h",  "min", "cm2",   "1", "mL"};
  if (!strcmp(at->key, "inr")) return true;
  for (size_t i = 0; i < TH_COUNT(none); i++)
    if (!strcmp(at->unit, none[i])) return false;
  return !at->scale && at->unit[0] != '{';
}

/* Units as they are often spoilt, beside the unit that the attribute has: a denominator or its
 * slash lost ("2 mg", "1,500 mm3"), billions as "G/L", "m2" for a body surface of 1.73 m2. A
 * beginning of the attribute's own unit that ends with '*' stands for all units with it. */
static const struct {
  const char *of, *written, *meant;
} spoilt[] = {
    {"10*9/L", "g/L", "10*9/L"},
    {"10*9/L", "mm3", "/mm3"},
    {"10*9/L", "uL", "/uL"},
    {"10*9/L", "/ug", "/uL"},
    {"10*9/L", "ug", "/uL"},
    {"10*9/L", "/mm", "/mm3"},
    {"10*9/L", "mm", "/mm3"},
    {"10*9/L", "/mm2", "/mm3"},
    {"10*9/L", "{cells}/mm", "/mm3"},
    {"10*9/L", "{cells}/mm2", "/mm3"},
    {"/uL", "mm3", "/mm3"},
    {"/uL", "uL", "/uL"},
    {"/uL", "/mm", "/mm3"},
    {"/uL", "{cells}/mm", "/mm3"},
    {"/uL", "{cells}/mm2", "/mm3"},
    {"/uL", "/mm2", "/mm3"},
    {"mL/min*", "mL/min/m2", "mL/min/{1.73_m2}"},
    {"mL/min*", "mg/min", "mL/min"},
    {"mL/min*", "/mL/min", "mL/min"},
    {"mL/min*", "mL", "mL/min"},
    {"mL/min*", "%", "mL/min"}, /* "GFR < 50 %": as if of a hundred */
    {"mm[Hg]", "mm", "mm[Hg]"},
    {"ms", "m/s", "ms"},
    {"%", "mmol/L", "mmol/mol"}, /* of haemoglobin A1c, where that is plausible */
    {"mg/dL", "mm/dL", "mg/dL"},
    {"mL/min*", "mg/mL", "mL/min"},
    {"kg/m2", "[lb_av]", "kg/m2"},
    {"{drink}/wk", "U/wk", "{drink}/wk"},
    {"{drink}/wk", "U/d", "{drink}/d"},
    {"{pack}.a", "{pack}/a", "{pack}.a"},
    {"mg/dL", "/mg/dL", "mg/dL"},
    {"mg/dL", "mg", "mg/dL"},
    {"mg/dL", "umol", "umol/L"},
    {"mg/dL", "mmol", "mmol/L"},
    {"g/dL", "g", "g/dL"},
    {"ng/mL", "ng", "ng/mL"},
    {"pg/mL", "pg", "pg/mL"},
    {"U/L", "U", "U/L"},
    {"U/L", "[iU]", "[iU]/L"},
    {"mmol/L", "mmol", "mmol/L"},
    {"mmol/L", "meq", "meq/L"},
    {"Cel", "deg", "Cel"},
    {"mL", "mm3", "mL"},
    {"mL", "/mm3", "mL"},
    {"kg/m2", "kg", "kg/m2"},
    {"kg/m2", "kg/m", "kg/m2"},
    {"kg/m2", "kg/m3", "kg/m2"},
    {"kg/m2", "{score}", "kg/m2"},
    {"/min", "/s", "/min"},
    {"L", "L/s", "L"},
    {"L/min", "L", "L/min"},
    {"L/min", "L/m", "L/min"},
};

static bool is_unit_of(const char *unit, const char *of) {
  size_t n = strlen(of);
  return of[n - 1] == '*' ? !strncmp(unit, of, n - 1) : !strcmp(unit, of);
}

/* "An average weekly consumption of at least 24 drinks": another word says how often. */
static bool mend_drinks(const th_elig_binder *s, th_elig_quantity *q) {
  static th_elig_set weekly = TH_ELIG_SET("weekly|week"), daily = TH_ELIG_SET("daily|day");
  bool a_week = false, a_day = false;
  for (uint32_t i = 0; i < s->n; i++) {
    a_week |= th_elig_at(s, i, &weekly);
    a_day |= th_elig_at(s, i, &daily);
  }
  if (a_week == a_day) return false;
  memcpy(q->unit.ucum, a_week ? "{drink}/wk" : "{drink}/d", a_week ? 11 : 10);
  return th_elig_ucum_read(th_span_of(q->unit.ucum), &q->unit.m);
}

bool th_elig_mend_unit(const th_elig_binder *s, int a, th_elig_quantity *q) {
  const char *unit = th_elig_attributes[a].unit;
  double low, high;
  if (!q->has_unit || q->reference) return false;
  bool drinks = !strcmp(q->unit.ucum, "{drink}") || !strcmp(q->unit.ucum, "U");
  if (drinks && !strcmp(unit, "{drink}/wk")) return mend_drinks(s, q);
  for (size_t i = 0; i < TH_COUNT(spoilt); i++) {
    if (strcmp(q->unit.ucum, spoilt[i].written) || !is_unit_of(unit, spoilt[i].of)) continue;
    th_elig_unit u = {.ucum = ""};
    memcpy(u.ucum, spoilt[i].meant, strlen(spoilt[i].meant) + 1);
    if (!th_elig_ucum_read(th_span_of(u.ucum), &u.m)) return false;
    if (!th_elig_convert((uint32_t)a, q->value, &u, &low)) return false;
    if (!th_elig_plausible((uint32_t)a, low)) return false;
    if (!isnan(q->high) && (!th_elig_convert((uint32_t)a, q->high, &u, &high) ||
                            !th_elig_plausible((uint32_t)a, high)))
      return false;
    q->unit = u;
    return true;
  }
  return false;
}

/* "More than 5 years ago" is no time to fall asleep, cells are no copies of a virus. */
static bool is_of_other_order(const th_elig_attribute *at, const th_elig_quantity *q) {
  if (!q->has_unit) return false;
  const char *unit = q->unit.ucum, *of = at->unit;
  bool hours = !strcmp(of, "h"), minutes = !strcmp(of, "min") || !strcmp(of, "s");
  bool long_ = !strcmp(unit, "wk") || !strcmp(unit, "mo") || !strcmp(unit, "a");
  if ((minutes || hours) && strstr(at->key, "sleep")) return long_ || (minutes && *unit == 'd');
  if (minutes) return long_;
  return strstr(unit, "{cells}") && strstr(of, "{copies}");
}

bool th_elig_fits(int a, const th_elig_quantity *q) {
  const th_elig_attribute *at = &th_elig_attributes[a];
  if (is_of_other_order(at, q)) return false;
  if (q->snellen) return a == th_elig_known_attributes.snellen;
  if (a == th_elig_known_attributes.snellen) return false;
  if (q->percentile) return a == th_elig_known_attributes.bmi_percentile;
  if (!isnan(q->second))
    return a == th_elig_known_attributes.blood_pressure || a == th_elig_known_attributes.systolic ||
           a == th_elig_known_attributes.diastolic;
  if (q->reference == TH_ELIG_ULN || q->reference == TH_ELIG_LLN) return has_normal_range(at);
  if (q->reference == TH_ELIG_PREDICTED && !strcmp(at->unit, "cm[H2O]")) return true;
  if (q->age && a != th_elig_known_attributes.age) {
    return th_elig_is_time(q) && is_time_unit(at->unit) && strstr(at->key, "age");
  }
  if (!q->has_unit) return fits_bare(a, q);
  if (!strncmp(at->unit, "mL/min", 6) && !strcmp(q->unit.ucum, "%"))
    return true; /* of what a clearance should be: "GFR < 50 %" */
  if (a == th_elig_known_attributes.transfusions && !strcmp(q->unit.ucum, "U")) return q->related;
  if (at->scale && !strcmp(q->unit.ucum, "{score}"))
    return th_elig_plausible((uint32_t)a, q->value);
  if (!strncmp(q->unit.ucum, "10*", 3) && strchr(q->unit.ucum, '/') == NULL)
    return !strncmp(at->unit, "10*", 3) || strstr(at->unit, "/uL"); /* "100 x 10^9" */
  return th_elig_unit_fits((uint32_t)a, &q->unit);
}
