/* Numbers of a patient brought to the attributes and units of the criteria. */
#include <stdio.h>

#include "eligibility/attributes.h"
#include "eligibility/phrases.h"
#include "eligibility/units.h"
#include "patient/internal.h"

/* Further LOINC codes of the same attribute: other methods and specimens that laboratories report
 * and criteria do not tell apart. */
static const struct {
  const char *loinc, *key;
} more_loinc[] = {
#define M(loinc, key) {loinc, key},
#include "patient/loinc.def"
#undef M
};

static int by_key(const char *key) {
  return th_elig_attribute_find(th_span_of(key));
}

int th_measure_of_loinc(th_span code) {
  if (code.n == 0) return -1;
  for (uint32_t i = 0; i < th_elig_n_attributes; i++)
    if (th_elig_attributes[i].loinc && th_span_eq(code, th_span_of(th_elig_attributes[i].loinc)))
      return (int)i;
  for (size_t i = 0; i < TH_COUNT(more_loinc); i++)
    if (th_span_eq(code, th_span_of(more_loinc[i].loinc))) return by_key(more_loinc[i].key);
  return -1;
}

int th_measure_of_name(th_span name) {
  th_elig_token room[64];
  th_elig_tokens v = {.p = room, .cap = TH_COUNT(room)};
  uint32_t end;
  name = th_span_trim(name);
  if (name.n == 0 || name.n > TH_COUNT(room) || th_elig_phrases_ready() < 0) return -1;
  int key = th_elig_attribute_find(name);
  if (key >= 0) return key;
  th_elig_tokenize(name, 0, (uint32_t)name.n, &v);
  int p = th_elig_phrase_at(name, v.p, v.n, 0, TH_ELIG_F_ATTRIBUTE, &end);
  return p >= 0 && end == v.n ? th_elig_phrase_get(p)->value : -1;
}

/* ---- units ---- */

static bool copy_unit(th_span s, th_elig_unit *out) {
  if (s.n == 0 || s.n >= TH_ELIG_UNIT_MAX) return false;
  memcpy(out->ucum, s.p, s.n);
  out->ucum[s.n] = 0;
  return true;
}

/* UCUM, or as people write it. "1" and units that are annotations alone ("{score}", "(score)") are
 * numbers. */
static bool unit_of(th_span s, th_elig_unit *out) {
  th_elig_token room[TH_ELIG_UNIT_MAX * 2];
  th_elig_tokens v = {.p = room, .cap = TH_COUNT(room)};
  uint32_t end;
  if (copy_unit(s, out)) {
    bool annotation = (s.p[0] == '{' && s.p[s.n - 1] == '}') || s.p[0] == '(';
    if (annotation || th_span_eq(s, TH_SPAN("1"))) {
      out->m = (th_elig_measure){.factor = 1};
      return true;
    }
    if (th_elig_ucum_read(s, &out->m)) return true;
  }
  if (s.n == 0 || s.n > TH_ELIG_UNIT_MAX || th_elig_phrases_ready() < 0) return false;
  th_elig_tokenize(s, 0, (uint32_t)s.n, &v);
  return th_elig_unit_read(s, v.p, v.n, 0, out, &end) && end == v.n;
}

static bool bring(int attribute, double value, const th_elig_unit *unit, double *out) {
  const th_elig_attribute *a = &th_elig_attributes[attribute];
  bool number = unit->ucum[0] == '{' || unit->ucum[0] == '(' || !strcmp(unit->ucum, "1");
  if (number && (a->scale || !strcmp(a->unit, "1") || a->unit[0] == '{')) return *out = value, true;
  /* eGFR is often sent as plain mL/min: it is of the standard body surface all the same. */
  if (!strcmp(unit->ucum, "mL/min") && strstr(a->unit, "{1.73")) return *out = value, true;
  return th_elig_convert((uint32_t)attribute, value, unit, out);
}

/* The likeliest of the usual units that gives a plausible value. */
static bool guess(int attribute, double value, double *out) {
  const char *list = th_elig_attributes[attribute].units;
  if (th_elig_plausible((uint32_t)attribute, value)) return *out = value, true;
  while (*list) {
    size_t n = strcspn(list, "|");
    th_elig_unit unit;
    if (unit_of((th_span){list, n}, &unit) && bring(attribute, value, &unit, out) &&
        th_elig_plausible((uint32_t)attribute, *out))
      return true;
    list += n + (list[n] == '|');
  }
  return false;
}

/* Per cent of what is predicted for a person, of what is else measured in litres. */
static bool is_of_predicted(const th_patient_fact *f) {
  const th_elig_attribute *a = &th_elig_attributes[f->attribute];
  const char *units = a->units, *at = units ? strchr(units, '%') : NULL;
  return th_span_eq(f->unit, TH_SPAN("%")) && strcmp(a->unit, "%") && at &&
         (at == units || at[-1] == '|') && (at[1] == '|' || at[1] == 0);
}

double th_measure_other(const th_patient_fact *f, double value) {
  th_elig_unit unit;
  double out;
  if (f->attribute < 0 || !isfinite(value)) return NAN;
  if (f->unit.n == 0) return guess(f->attribute, value, &out) ? out : NAN;
  return unit_of(f->unit, &unit) && bring(f->attribute, value, &unit, &out) ? out : NAN;
}

void th_measure_canonical(th_patient_fact *f) {
  if (f->attribute < 0 || !isfinite(f->value)) return;
  const th_elig_attribute *a = &th_elig_attributes[f->attribute];
  f->label = th_span_of(a->name);
  f->canonical_unit = a->unit;
  f->canonical = th_measure_other(f, f->value);
  f->canonical_high = f->relation == TH_ELIG_BETWEEN ? th_measure_other(f, f->high) : NAN;
  bool plain = a->scale || !strcmp(a->unit, "1") || a->unit[0] == '{';
  if (f->unit.n == 0 && !plain) f->flags |= TH_FACT_UNIT_GUESSED;
  if (is_of_predicted(f) && !isfinite(f->canonical)) {
    if (!(f->value >= 0 && f->value <= 300)) f->flags |= TH_FACT_IMPLAUSIBLE;
    return;
  }
  if (!isfinite(f->canonical) || !th_elig_plausible((uint32_t)f->attribute, f->canonical))
    f->flags |= TH_FACT_IMPLAUSIBLE;
}
