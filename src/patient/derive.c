/* What follows from what was read: each is a fact of its own that says so (TH_FACT_DERIVED) and
 * never stands where the record gives the value itself.
 *
 * Body mass index: weight by the square of height, of the weight's date.
 * eGFR: CKD-EPI 2021 without race (Inker LA et al., N Engl J Med 2021;385:1737), adults.
 * Creatinine clearance: Cockcroft DW, Gault MH, Nephron 1976;16:31, adults.
 *   Neither of a creatinine that is not steady (acute kidney injury), on dialysis or in pregnancy.
 * ECOG and Karnofsky: three tables are in use: Buccheri G et al., Eur J Cancer 1996;32A:1135; Ma C
 * et al., Eur J Cancer 2010;46:3175; and that of ECOG-ACRIN, which goes by tens from 90 down. All
 * that any of them allows is a range, so that only what they agree on decides. Cancer stage:
 * distant metastases are stage IV (any M1: AJCC Cancer Staging Manual, 8th edition) of the common
 * growths below; not of the thyroid's and the testis's, which have no such rule.
 * Heart failure: classes II to IV of the New York Heart Association (Criteria Committee, 9th
 * edition, 1994) are of a failing heart where no other disease is told that is classed alike.
 * End-stage renal disease: who is on dialysis and has no acute injury (KDIGO 2012, G5D). */
#include "eligibility/attributes.h"
#include "patient/internal.h"

static bool counts(const th_patient_fact *f) {
  return f->type == TH_FACT_VALUE && f->experiencer == TH_OF_PATIENT &&
         f->certainty == TH_CERTAIN_STATED && !f->absent && isfinite(f->canonical) &&
         !(f->flags & TH_FACT_IMPLAUSIBLE);
}

static const th_patient_fact *newest_of(const th_reading *r, const char *key) {
  int attribute = th_elig_attribute_find(th_span_of(key));
  const th_patient_fact *best = NULL;
  for (uint32_t i = 0; i < r->n_facts; i++) {
    const th_patient_fact *f = &r->facts[i];
    if (f->attribute != attribute || !counts(f)) continue;
    if (!best || (f->has_begin && (!best->has_begin || f->begin.last_day > best->begin.last_day)))
      best = f;
  }
  return best;
}

/* A fact of the attribute; of the time, date and place of `from`. */
static th_patient_fact new_value(const char *key, const char *unit, const char *of,
                                 const th_patient_fact *from) {
  th_patient_fact f = th_patient_fact_new(TH_FACT_VALUE);
  f.attribute = th_elig_attribute_find(th_span_of(key));
  f.unit = th_span_of(unit);
  f.flags = TH_FACT_DERIVED | (from ? from->flags & TH_FACT_HISTORY : 0);
  f.resource = th_span_of(of);
  if (!from) return f;
  f.time = from->time;
  f.has_begin = from->has_begin;
  f.begin = from->begin;
  f.from = from->from, f.to = from->to;
  f.note_from = from->note_from, f.note_to = from->note_to;
  return f;
}

static void add_value(th_reading *r, th_patient_fact *f, double low, double high) {
  if (f->attribute < 0) return;
  f->value = low;
  if (high > low) f->relation = TH_ELIG_BETWEEN, f->high = high;
  th_measure_canonical(f);
  if (!(f->flags & TH_FACT_IMPLAUSIBLE)) th_reading_add(r, f);
}

/* ---- age ---- */

static double years(int32_t from, int32_t to) {
  int whole = th_date_years_between(from, to), y;
  unsigned m, d;
  th_date_civil(from, &y, &m, &d);
  int32_t birthday = th_date_days(y + whole, m, d), next = th_date_days(y + whole + 1, m, d);
  return whole + (double)(to - birthday) / (next - birthday);
}

/* Age by the birth date at as_of. A birth year alone gives a range. */
static void derive_age(th_reading *r) {
  th_patient *p = r->p;
  if (!p->has_birth || p->birth.first_day > p->as_of) return;
  th_patient_fact f = new_value("age", "a", "birth date", NULL);
  double low = years(p->birth.last_day > p->as_of ? p->as_of : p->birth.last_day, p->as_of);
  double high = low;
  if (p->birth.last_day != p->birth.first_day) high = years(p->birth.first_day, p->as_of);
  p->age_low = low, p->age_high = high;
  f.value = low;
  if (high > low) f.relation = TH_ELIG_BETWEEN, f.high = high;
  f.time = TH_ELIG_CURRENT;
  f.has_begin = true;
  f.begin = (th_date){p->as_of, p->as_of, 0, TH_DATE_DAY};
  th_measure_canonical(&f);
  th_reading_add(r, &f);
}

/* In whole years; false when it is not known to the year, or no adult's. */
static bool adult_age(const th_reading *r, double *out) {
  double low = r->p->age_low, high = r->p->age_high;
  int attribute = th_elig_attribute_find(TH_SPAN("age"));
  for (uint32_t i = 0; isnan(low) && i < r->n_facts; i++)
    if (r->facts[i].attribute == attribute && counts(&r->facts[i]))
      low = r->facts[i].canonical,
      high = r->facts[i].relation == TH_ELIG_BETWEEN ? r->facts[i].canonical_high : low;
  *out = floor(low);
  return low >= 18 && high - low <= 1;
}

/* ---- body and kidneys ---- */

static void derive_bmi(th_reading *r) {
  const th_patient_fact *height = newest_of(r, "height"), *weight = newest_of(r, "weight");
  if (!height || !weight || newest_of(r, "bmi")) return;
  double m = height->canonical / 100;
  th_patient_fact f = new_value("bmi", "kg/m2", "height and weight", weight);
  add_value(r, &f, round(weight->canonical / (m * m) * 10) / 10, NAN);
}

/* Whether a word, in small letters, stands in a label in any case. */
static bool names(th_span label, const char *word) {
  size_t n = strlen(word);
  for (size_t i = 0; i + n <= label.n; i++)
    if (th_span_eq_nocase((th_span){label.p + i, n}, (th_span){word, n})) return true;
  return false;
}

/* Whether creatinine says how the kidneys work. */
static bool is_steady(const th_reading *r) {
  static const char *const against[] = {"acute kidney", "acute renal", "dialysis", "pregnancy"};
  for (uint32_t i = 0; i < r->n_facts; i++) {
    const th_patient_fact *f = &r->facts[i];
    if (f->type != TH_FACT_CONCEPT || f->absent || f->experiencer != TH_OF_PATIENT ||
        f->certainty != TH_CERTAIN_STATED || f->time == TH_ELIG_PAST || f->time == TH_ELIG_PLANNED)
      continue;
    for (size_t k = 0; k < TH_COUNT(against); k++)
      if (names(f->label, against[k])) return false;
  }
  return true;
}

static double ckd_epi_2021(double creatinine, double age, bool woman) {
  double k = woman ? 0.7 : 0.9, a = woman ? -0.241 : -0.302, x = creatinine / k;
  return 142 * pow(fmin(x, 1), a) * pow(fmax(x, 1), -1.2) * pow(0.9938, age) * (woman ? 1.012 : 1);
}

static void derive_kidneys(th_reading *r) {
  const th_patient_fact *c = newest_of(r, "creatinine"), *weight = newest_of(r, "weight");
  bool woman = r->p->sex == 'F';
  double age;
  if (!c || c->relation != TH_ELIG_EQ || !(c->canonical > 0) || (!woman && r->p->sex != 'M') ||
      !adult_age(r, &age) || !is_steady(r))
    return;
  th_patient_fact creatinine = *c; /* adding may move the facts */
  double kg = weight ? weight->canonical : NAN;
  if (!newest_of(r, "egfr")) {
    th_patient_fact f =
        new_value("egfr", "mL/min/{1.73_m2}", "creatinine, age and sex", &creatinine);
    add_value(r, &f, round(ckd_epi_2021(creatinine.canonical, age, woman)), NAN);
  }
  if (!newest_of(r, "crcl") && kg > 0 && age < 140) {
    th_patient_fact f = new_value("crcl", "mL/min", "creatinine, age, weight and sex", &creatinine);
    add_value(r, &f, round((140 - age) * kg / (72 * creatinine.canonical) * (woman ? 0.85 : 1)),
              NAN);
  }
}

/* ---- cancer ---- */

static void derive_performance(th_reading *r) {
  static const struct {
    double karnofsky, low, high;
  } rows[] = {{100, 0, 0}, {80, 0, 1}, {70, 1, 2}, {60, 2, 2}, {50, 2, 4}, {10, 3, 4}};
  static const struct {
    double low, high;
  } back[] = {{80, 100}, {70, 100}, {50, 70}, {10, 50}, {10, 50}};
  const th_patient_fact *ecog = newest_of(r, "ecog"), *karnofsky = newest_of(r, "karnofsky");
  if (ecog && !karnofsky && ecog->relation == TH_ELIG_EQ) {
    double v = ecog->canonical;
    if (!(v >= 0 && v <= 4) || v != floor(v)) return;
    th_patient_fact f = new_value("karnofsky", "", "ECOG performance status", ecog);
    add_value(r, &f, back[(int)v].low, back[(int)v].high);
  } else if (karnofsky && !ecog && karnofsky->relation == TH_ELIG_EQ) {
    th_patient_fact f = new_value("ecog", "", "Karnofsky performance status", karnofsky);
    for (size_t i = 0; i < TH_COUNT(rows); i++)
      if (karnofsky->canonical >= rows[i].karnofsky) {
        add_value(r, &f, rows[i].low, rows[i].high);
        return;
      }
  }
}

static bool is_now(const th_patient_fact *f) {
  return f->type == TH_FACT_CONCEPT && f->category == TH_ELIG_CONDITION && !f->absent &&
         f->experiencer == TH_OF_PATIENT && f->certainty == TH_CERTAIN_STATED &&
         f->time != TH_ELIG_PAST && f->time != TH_ELIG_PLANNED && !(f->has_end);
}

/* Metastases that are not those of the next nodes. */
static bool is_distant(const th_reading *r, const th_patient_fact *f) {
  if (!names(f->label, "metasta") && !names(f->degree, "metasta")) return false;
  if (names(f->label, "node") || names(f->label, "nodal")) return false;
  if (f->note_to == f->note_from) return true;
  th_span note = r->p->note;
  uint32_t to = f->note_to;
  while (to < note.n && to < f->note_to + 40 && note.p[to] != '.' && note.p[to] != ';')
    to++;
  th_span behind = {note.p + f->note_to, to - f->note_to};
  return !names(behind, "node") && !names(behind, "nodal");
}

static bool has_usual_growth(const th_reading *r) {
  static const char *const growths[] = {"lung",    "breast", "colo",    "rect",    "melanoma",
                                        "pancrea", "prosta", "kidney",  "renal c", "gastric",
                                        "stomach", "esoph",  "bladder", "urothel", "endometr"};
  for (uint32_t i = 0; i < r->n_facts; i++) {
    const th_patient_fact *f = &r->facts[i];
    bool growth = names(f->label, "cancer") || names(f->label, "carcinoma") ||
                  names(f->label, "neoplasm") || names(f->label, "tumo") ||
                  names(f->label, "melanoma");
    for (size_t k = 0; is_now(f) && growth && k < TH_COUNT(growths); k++)
      if (names(f->label, growths[k])) return true;
  }
  return false;
}

static void derive_stage(th_reading *r) {
  if (newest_of(r, "cancer_stage") || !has_usual_growth(r)) return;
  for (uint32_t i = 0; i < r->n_facts; i++) {
    if (!is_now(&r->facts[i]) || !is_distant(r, &r->facts[i])) continue;
    th_patient_fact from = r->facts[i];
    th_patient_fact f = new_value("cancer_stage", "", "distant metastases", &from);
    f.has_begin = false;
    f.time = TH_ELIG_CURRENT;
    add_value(r, &f, 4, 4.9);
    return;
  }
}

/* ---- what is told by what is done for it, or by its class ---- */

static const th_patient_fact *told(const th_reading *r, const char *const *words, size_t n) {
  for (uint32_t i = 0; i < r->n_facts; i++)
    for (size_t k = 0; r->facts[i].type == TH_FACT_CONCEPT && k < n; k++)
      if (r->facts[i].experiencer == TH_OF_PATIENT && names(r->facts[i].label, words[k]))
        return &r->facts[i];
  return NULL;
}

static void add_fact(th_reading *r, uint8_t category, const char *name,
                     const th_patient_fact *from) {
  th_patient_fact f = th_patient_fact_new(TH_FACT_CONCEPT);
  f.category = category;
  f.flags = TH_FACT_DERIVED;
  f.time = TH_ELIG_CURRENT;
  f.from = from->from, f.to = from->to;
  f.note_from = from->note_from, f.note_to = from->note_to;
  f.resource = from->resource;
  th_terms_name(r, th_span_of(name), &f);
  th_reading_add(r, &f);
}

/* What is told of it in words, yes or no, stands. */
static void derive_heart_failure(th_reading *r) {
  static const char *const others[] = {"heart failure", "cardiac failure", "pulmonary hypertension",
                                       "pulmonary arterial hypertension",
                                       "ventricular dysfunction"};
  const th_patient_fact *nyha = newest_of(r, "nyha");
  if (!nyha || !(nyha->canonical >= 2) || told(r, others, TH_COUNT(others))) return;
  th_patient_fact from = *nyha;
  add_fact(r, TH_ELIG_CONDITION, "heart failure", &from);
}

static void derive_renal_failure(th_reading *r) {
  static const char *const others[] = {"acute kidney", "acute renal", "end-stage renal",
                                       "kidney failure", "renal failure"};
  if (told(r, others, TH_COUNT(others))) return;
  for (uint32_t i = 0; i < r->n_facts; i++) {
    const th_patient_fact *f = &r->facts[i];
    if (f->type != TH_FACT_CONCEPT || f->category != TH_ELIG_PROCEDURE || f->absent ||
        f->experiencer != TH_OF_PATIENT || f->certainty != TH_CERTAIN_STATED ||
        f->time != TH_ELIG_CURRENT || f->has_end || !names(f->label, "dialysis"))
      continue;
    th_patient_fact from = *f; /* adding may move the facts */
    add_fact(r, TH_ELIG_CONDITION, "end-stage renal disease", &from);
    return;
  }
}

/* A woman's note that gives weeks of gestation, and tells of no birth, is of one who is pregnant.
 */
static void derive_pregnancy(th_reading *r) {
  static const char *const over[] = {
      "deliver", "birth",  "born", "postpartum", "post-partum", "cesarea", "section", "miscarriage",
      "abort",   "stillb", "loss", "demise",     "baby",        "infant",  "newborn"};
  const th_patient_fact *weeks = newest_of(r, "gestational_age");
  double age;
  if (!weeks || r->p->form != TH_PATIENT_NOTE || r->p->sex != 'F' || !adult_age(r, &age) ||
      age > 55 || weeks->flags & TH_FACT_HISTORY)
    return;
  for (uint32_t i = 0; i < r->n_facts; i++)
    if (r->facts[i].category == TH_ELIG_PREGNANCY && r->facts[i].type == TH_FACT_CONCEPT) return;
  for (size_t i = 0; i < TH_COUNT(over); i++)
    if (names(r->p->note, over[i])) return;
  th_patient_fact from = *weeks;
  add_fact(r, TH_ELIG_PREGNANCY, "pregnancy", &from);
}

void th_patient_derive(th_reading *r) {
  derive_age(r);
  derive_bmi(r);
  derive_kidneys(r);
  derive_performance(r);
  derive_stage(r);
  derive_heart_failure(r);
  derive_renal_failure(r);
  derive_pregnancy(r);
}
