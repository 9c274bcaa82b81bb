/* Numbers: intervals of the record against intervals of the criteria. */
#include "eligibility/attributes.h"
#include "match/kin.h"
#include "match/verdict_private.h"

static bool same(double a, double b) {
  return a == b || (isfinite(a) && isfinite(b) && fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b)));
}

/* Whether an upper end lies below a lower end, so that nothing is in both. */
static bool apart(double high, bool high_in, double low, bool low_in) {
  return same(high, low) ? !(high_in && low_in) : high < low;
}

th_verdict_truth th_interval_within(const th_interval *a, const th_interval *b) {
  if (apart(a->high, a->high_in, b->low, b->low_in) ||
      apart(b->high, b->high_in, a->low, a->low_in))
    return TH_NOT_MET;
  bool low = same(a->low, b->low) ? b->low_in || !a->low_in : a->low > b->low;
  bool high = same(a->high, b->high) ? b->high_in || !a->high_in : a->high < b->high;
  return low && high ? TH_MET : TH_UNKNOWN;
}

static bool interval_of(uint8_t relation, double value, double high, th_interval *out) {
  *out = (th_interval){-INFINITY, INFINITY, false, false};
  if (isnan(value)) return false;
  if (relation == TH_ELIG_LT || relation == TH_ELIG_LE) {
    out->high = value, out->high_in = relation == TH_ELIG_LE;
  } else if (relation == TH_ELIG_GT || relation == TH_ELIG_GE) {
    out->low = value, out->low_in = relation == TH_ELIG_GE;
  } else {
    out->low = out->high = value, out->low_in = out->high_in = true;
    if (relation == TH_ELIG_BETWEEN && !isnan(high)) out->high = high;
  }
  return out->low <= out->high;
}

static bool bounds_of(const th_elig_fact *f, th_interval *out) {
  if (isnan(f->low_canonical) && isnan(f->high_canonical)) return false;
  *out = (th_interval){isnan(f->low_canonical) ? -INFINITY : f->low_canonical,
                       isnan(f->high_canonical) ? INFINITY : f->high_canonical, f->low_inclusive,
                       f->high_inclusive};
  return true;
}

/* ---- ages ---- */

static double units_a_year(const char *unit) {
  if (!strcmp(unit, "mo")) return 12;
  if (!strcmp(unit, "wk")) return 365.25 / 7;
  if (!strcmp(unit, "d")) return 365.25;
  return strcmp(unit, "h") ? 1 : 365.25 * 24;
}

/* Whole months between two days: on the 31st a month ends with the first day behind it. */
static int months_between(int32_t from, int32_t to) {
  int y1, y2;
  unsigned m1, m2, d1, d2;
  th_date_civil(from, &y1, &m1, &d1);
  th_date_civil(to, &y2, &m2, &d2);
  return (y2 - y1) * 12 + (int)m2 - (int)m1 - (d2 < d1);
}

static double completed_between(int32_t from, int32_t to, const char *unit) {
  if (!strcmp(unit, "mo")) return months_between(from, to);
  if (!strcmp(unit, "wk")) return floor((to - from) / 7.0);
  if (!strcmp(unit, "d")) return to - from;
  if (!strcmp(unit, "h")) return (to - from) * 24.0;
  return th_date_years_between(from, to);
}

bool th_age_completed(const th_verdict_patient *v, const char *unit, double *low, double *high) {
  const th_patient *p = v->p;
  if (p->has_birth && p->birth.last_day <= p->as_of) {
    *low = completed_between(p->birth.last_day, p->as_of, unit);
    *high = completed_between(p->birth.first_day, p->as_of, unit);
    if (!strcmp(unit, "h")) *high += 24; /* of the day of birth the hour is not known */
    return true;
  }
  if (isnan(p->age_low) || isnan(p->age_high)) return false;
  double k = units_a_year(unit);
  *low = floor(p->age_low * k + 1e-6);
  *high = p->age_high > p->age_low ? ceil(p->age_high * k - 1e-6) - 1 : *low;
  *high = fmax(*high, *low);
  return true;
}

th_verdict_truth th_age_within(const th_verdict_patient *v, const char *unit,
                               const th_interval *bounds) {
  th_interval age = {0, 0, true, true};
  if (!th_age_completed(v, unit, &age.low, &age.high)) return TH_UNKNOWN;
  return th_interval_within(&age, bounds);
}

static void judge_age(const th_verdict_patient *v, const th_elig_fact *f, th_verdict_fact *out) {
  th_interval b;
  const char *unit = f->unit ? f->unit : "a";
  if (f->reference != TH_ELIG_ABSOLUTE || !bounds_of(f, &b)) return;
  double k = units_a_year(unit);
  b.low *= k, b.high *= k;
  th_verdict_truth t = th_age_within(v, unit, &b);
  if (t != TH_UNKNOWN)
    th_decide(out, t == TH_MET, v->p->has_birth ? TH_BASIS_DERIVED : TH_BASIS_STATED, TH_RULE_AGE,
              TH_NO_FACT);
}

/* ---- times ---- */

bool th_fact_days_ago(const th_patient *p, const th_patient_fact *f, double *least, double *most) {
  if (!f->has_begin) return false;
  *least = p->as_of - f->begin.last_day;
  *most = p->as_of - f->begin.first_day;
  return true;
}

double th_window_days(const th_elig_window *w) {
  static const struct {
    const char *unit;
    double days;
  } units[] = {{"a", 365.25}, {"mo", 30.4375}, {"wk", 7}, {"d", 1}, {"h", 1 / 24.0}};
  for (size_t i = 0; w->unit && i < TH_COUNT(units); i++)
    if (!strcmp(units[i].unit, w->unit)) return units[i].days * w->value;
  return 0;
}

/* Whether a value is recent enough for the criterion. One without a date is taken for today's,
 * unless it is told as history. */
static bool is_fresh(const th_patient *p, const th_patient_fact *m, const th_elig_window *w) {
  double least, most, days = th_window_days(w);
  if (!w->present) return true;
  if (w->forward || days <= 0 || (w->relation != TH_ELIG_LE && w->relation != TH_ELIG_LT))
    return false;
  if (!th_fact_days_ago(p, m, &least, &most))
    return m->time != TH_ELIG_PAST && !(m->flags & TH_FACT_HISTORY);
  return least >= 0 && ceil(days) >= most;
}

/* ---- values ---- */

/* Times a limit that lies somewhere from least to most. An end between what it could be at one and
 * at the other limit: so both the narrowest and the widest bounds are asked. */
static th_verdict_truth within_limits(const th_interval *value, const th_interval *bounds,
                                      double least, double most) {
  th_interval a = *bounds, b = *bounds;
  a.low *= least, a.high *= least;
  b.low *= most, b.high *= most;
  th_verdict_truth x = th_interval_within(value, &a), y = th_interval_within(value, &b);
  return x == y ? x : TH_UNKNOWN;
}

static void judge_limit(const th_verdict_patient *v, const th_elig_fact *f,
                        const th_patient_fact *m, const th_interval *value, th_verdict_fact *out) {
  bool upper = f->reference == TH_ELIG_ULN;
  double own = upper ? m->normal_high : m->normal_low, least = own, most = own;
  th_interval bounds;
  th_limits usual;
  if (!interval_of(f->relation, f->value, f->high, &bounds)) return;
  if (!(own > 0)) {
    if (!v->adult || !th_limits_usual(f->attribute, v->p->sex, &usual)) return;
    least = upper ? usual.high_least : usual.low_least;
    most = upper ? usual.high_most : usual.low_most;
  }
  th_verdict_truth t = within_limits(value, &bounds, least, most);
  if (t == TH_UNKNOWN) return;
  th_decide(out, t == TH_MET, own > 0 ? TH_BASIS_STATED : TH_BASIS_DERIVED,
            own > 0 ? TH_RULE_NUMBER : TH_RULE_LIMITS, out->patient);
}

/* Equal ones: the larger, so that the order of a record decides nothing. */
static bool is_newer(const th_patient_fact *a, const th_patient_fact *b) {
  if (a->has_begin != b->has_begin) return a->has_begin;
  if (a->has_begin && a->begin.last_day != b->begin.last_day)
    return a->begin.last_day > b->begin.last_day;
  if (a->has_begin && a->begin.minute != b->begin.minute) return a->begin.minute > b->begin.minute;
  if (a->value != b->value) return a->value > b->value;
  return a->relation > b->relation;
}

uint32_t th_verdict_percent(const th_verdict_patient *v, uint32_t attribute) {
  uint32_t best = TH_NO_FACT;
  for (uint32_t i = 0; i < v->p->n_facts; i++) {
    const th_patient_fact *m = &v->p->facts[i];
    if (m->type != TH_FACT_VALUE || m->attribute != (int32_t)attribute || m->absent ||
        m->experiencer != TH_OF_PATIENT || m->certainty != TH_CERTAIN_STATED ||
        m->flags & TH_FACT_IMPLAUSIBLE || !isnan(m->canonical) ||
        !th_span_eq(m->unit, TH_SPAN("%")) || !isfinite(m->value))
      continue;
    if (best == TH_NO_FACT || is_newer(m, &v->p->facts[best])) best = i;
  }
  return best;
}

/* Per cent of what is predicted counts only when the record gives per cent. */
static bool predicted(const th_elig_fact *f, const th_patient_fact *m, th_interval *value,
                      th_interval *bounds) {
  return m->unit.n > 0 && m->unit.p[0] == '%' &&
         interval_of(m->relation, m->value, m->high, value) &&
         interval_of(f->relation, f->value, f->high, bounds);
}

/* By which rule a value was worked out that the record does not give (patient/derive.c). */
static uint8_t rule_of(const th_patient_fact *m) {
  static const struct {
    const char *key;
    uint8_t rule;
  } rows[] = {{"bmi", TH_RULE_BMI},
              {"egfr", TH_RULE_EGFR},
              {"crcl", TH_RULE_CRCL},
              {"ecog", TH_RULE_PERFORMANCE},
              {"karnofsky", TH_RULE_PERFORMANCE},
              {"cancer_stage", TH_RULE_METASTASES}};
  if (!(m->flags & TH_FACT_DERIVED)) return TH_RULE_NUMBER;
  for (size_t i = 0; i < TH_COUNT(rows); i++)
    if (!strcmp(rows[i].key, th_elig_attributes[m->attribute].key)) return rows[i].rule;
  return TH_RULE_NUMBER;
}

static void judge_value(const th_verdict_patient *v, const th_elig_fact *f, th_verdict_fact *out) {
  th_interval value, bounds;
  const th_patient_fact *m = &v->p->facts[out->patient];
  if (m->certainty != TH_CERTAIN_STATED) return;
  if (!is_fresh(v->p, m, &f->window)) {
    out->rule = TH_RULE_STALE;
    return;
  }
  bool percent = f->reference == TH_ELIG_PREDICTED;
  if (!percent && !interval_of(m->relation, m->canonical, m->canonical_high, &value)) return;
  if (f->reference == TH_ELIG_ULN || f->reference == TH_ELIG_LLN) {
    judge_limit(v, f, m, &value, out);
    return;
  }
  bool ok = percent ? predicted(f, m, &value, &bounds) : bounds_of(f, &bounds);
  th_verdict_truth t = ok ? th_interval_within(&value, &bounds) : TH_UNKNOWN;
  if (t != TH_UNKNOWN)
    th_decide(out, t == TH_MET, m->flags & TH_FACT_DERIVED ? TH_BASIS_DERIVED : TH_BASIS_STATED,
              rule_of(m), out->patient);
}

bool th_is_age(uint32_t attribute) {
  return attribute < th_elig_n_attributes && !strcmp(th_elig_attributes[attribute].key, "age");
}

/* A finding of the record that is a value of the attribute by definition: "tachycardia". */
static void judge_finding(const th_verdict_patient *v, const th_elig_fact *f,
                          th_verdict_fact *out) {
  th_interval means, bounds;
  uint32_t attribute;
  if (f->reference != TH_ELIG_ABSOLUTE || f->window.present || !bounds_of(f, &bounds)) return;
  uint32_t n = v->n_concepts;
  const uint32_t *list = v->kin ? th_kin_defined(v->kin, &n) : v->concepts;
  for (uint32_t i = 0; i < n; i++) {
    const th_patient_fact *p = &v->p->facts[list[i]];
    bool now = !p->absent && p->experiencer == TH_OF_PATIENT && p->certainty == TH_CERTAIN_STATED &&
               p->time != TH_ELIG_PAST && p->time != TH_ELIG_PLANNED && !p->has_end &&
               !(p->flags & TH_FACT_HISTORY);
    if (!now || !th_definition_of(v, p->label, &attribute, &means) || attribute != f->attribute)
      continue;
    th_verdict_truth t = th_interval_within(&means, &bounds);
    if (t != TH_UNKNOWN) th_decide(out, t == TH_MET, TH_BASIS_DERIVED, TH_RULE_DEFINITION, list[i]);
  }
}

void th_judge_by_value(const th_verdict_patient *v, const th_elig_fact *f, th_verdict_fact *out) {
  th_interval means, value;
  uint32_t attribute;
  if (f->time == TH_ELIG_PAST || f->time == TH_ELIG_PLANNED || f->family || f->degree.n ||
      f->window.present || !th_definition_of(v, f->label, &attribute, &means))
    return;
  uint32_t at = v->value[attribute];
  if (at == TH_NO_FACT) return;
  const th_patient_fact *m = &v->p->facts[at];
  if (m->certainty != TH_CERTAIN_STATED || m->time == TH_ELIG_PAST ||
      !interval_of(m->relation, m->canonical, m->canonical_high, &value))
    return;
  th_verdict_truth t = th_interval_within(&value, &means);
  if (t != TH_UNKNOWN) th_decide(out, t == TH_MET, TH_BASIS_DERIVED, TH_RULE_DEFINITION, at);
}

/* "Elevated ALT", "low platelets": a finding, which a full record would mention. */
static bool is_beyond_normal(const th_elig_fact *f) {
  bool above = f->reference == TH_ELIG_ULN && f->relation == TH_ELIG_GT;
  bool below = f->reference == TH_ELIG_LLN && f->relation == TH_ELIG_LT;
  return (above || below) && f->value == 1;
}

void th_judge_number(const th_verdict_patient *v, const th_elig_fact *f, th_verdict_presume mode,
                     th_verdict_fact *out) {
  double low, high;
  if (f->attribute >= th_elig_n_attributes) return;
  if (th_is_age(f->attribute) && th_age_completed(v, "a", &low, &high)) {
    judge_age(v, f, out);
    return;
  }
  out->patient =
      f->reference == TH_ELIG_PREDICTED ? th_verdict_percent(v, f->attribute) : TH_NO_FACT;
  if (out->patient == TH_NO_FACT) out->patient = v->value[f->attribute];
  if (out->patient != TH_NO_FACT) {
    judge_value(v, f, out);
    return;
  }
  judge_finding(v, f, out);
  if (out->truth == TH_UNKNOWN && mode == TH_PRESUME_SILENCE &&
      (th_scale_is_extreme(f->attribute, f->relation) || is_beyond_normal(f))) {
    out->presumed = TH_NOT_MET;
    out->basis = TH_BASIS_PRESUMED;
    out->rule = TH_RULE_SILENCE;
  }
}
