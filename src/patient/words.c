/* Facts as JSON for programs, and in short lines for people. */
#include <stdio.h>

#include "eligibility/attributes.h"
#include "eligibility/json.h"
#include "patient/internal.h"

const char *th_patient_form_name(uint8_t form) {
  static const char *const names[] = {"auto", "fhir", "json", "note"};
  return form < TH_COUNT(names) ? names[form] : "";
}

const char *th_certainty_name(uint8_t certainty) {
  static const char *const names[] = {"stated", "suspected", "hypothetical"};
  return certainty < TH_COUNT(names) ? names[certainty] : "";
}

/* ---- JSON ---- */

static void kv_date(th_jout *w, const char *key, bool has, const th_date *d) {
  th_buf b;
  if (!has) return;
  th_buf_init(&b, 64);
  th_date_iso(d, &b);
  th_jout_kv_text(w, key, th_buf_view(&b));
  th_buf_dispose(&b);
}

static void kv_number(th_jout *w, const char *key, double v) {
  if (isfinite(v)) th_jout_kv_double(w, key, v);
}

static void value_json(const th_patient_fact *f, th_jout *w) {
  th_jout_kv_str(w, "type", "value");
  th_jout_kv_str(w, "attribute", th_elig_attributes[f->attribute].key);
  th_jout_kv_text(w, "label", f->label);
  th_jout_kv_str(w, "relation", th_elig_relation_name(f->relation));
  th_jout_kv_double(w, "value", f->value);
  kv_number(w, "high", f->high);
  if (f->unit.n) th_jout_kv_text(w, "unit", f->unit);
  th_jout_key(w, "canonical");
  if (isfinite(f->canonical)) {
    th_jout_object(w);
    th_jout_kv_double(w, "value", f->canonical);
    kv_number(w, "high", f->canonical_high);
    th_jout_kv_str(w, "unit", f->canonical_unit);
    kv_number(w, "normalLow", f->normal_low);
    kv_number(w, "normalHigh", f->normal_high);
    th_jout_end_object(w);
  } else {
    th_jout_null(w);
  }
}

static void concept_json(const th_patient_fact *f, th_jout *w) {
  th_jout_kv_str(w, "type", "concept");
  th_jout_kv_str(w, "category", th_elig_category_name(f->category));
  th_jout_kv_text(w, "label", f->label);
  if (f->code.n) th_jout_kv_text(w, "code", f->code);
  if (f->degree.n) th_jout_kv_text(w, "degree", f->degree);
  th_jout_kv_bool(w, "known", f->concept_id != TH_NO_CONCEPT);
}

void th_patient_fact_json(const th_patient *p, const th_patient_fact *f, th_jout *w) {
  th_jout_object(w);
  if (f->type == TH_FACT_VALUE)
    value_json(f, w);
  else
    concept_json(f, w);
  th_jout_kv_bool(w, "absent", f->absent);
  th_jout_kv_str(w, "time", th_elig_time_name(f->time));
  th_jout_kv_str(w, "certainty", th_certainty_name(f->certainty));
  th_jout_kv_str(w, "of", f->experiencer == TH_OF_FAMILY ? "family" : "patient");
  kv_date(w, "date", f->has_begin, &f->begin);
  kv_date(w, "end", f->has_end, &f->end);
  static const char *const flags[] = {"implausible", "unitGuessed", "derived", "history"};
  for (size_t i = 0; i < TH_COUNT(flags); i++)
    if (f->flags & 1u << i) th_jout_kv_bool(w, flags[i], true);
  if (f->resource.n) th_jout_kv_text(w, "resource", f->resource);
  th_jout_key(w, "span");
  th_jout_array(w);
  th_jout_i64(w, f->from);
  th_jout_i64(w, f->to);
  th_jout_end_array(w);
  if (p->form == TH_PATIENT_NOTE) th_jout_kv_text(w, "text", th_patient_words(p, f));
  th_jout_end_object(w);
}

static void person_json(const th_patient *p, th_jout *w) {
  th_date today = {p->as_of, p->as_of, 0, TH_DATE_DAY};
  th_jout_kv_str(w, "form", th_patient_form_name(p->form));
  kv_date(w, "asOf", true, &today);
  th_jout_kv_str(w, "sex",
                 p->sex == 'F'   ? "female"
                 : p->sex == 'M' ? "male"
                 : p->sex == 'O' ? "other"
                                 : NULL);
  th_jout_key(w, "age");
  if (isnan(p->age_low)) {
    th_jout_null(w);
  } else {
    th_jout_object(w);
    th_jout_kv_double(w, "low", p->age_low);
    th_jout_kv_double(w, "high", p->age_high);
    th_jout_end_object(w);
  }
  kv_date(w, "birthDate", p->has_birth, &p->birth);
  th_jout_kv_bool(w, "deceased", p->deceased);
}

void th_patient_json(const th_patient *p, th_jout *w) {
  th_jout_object(w);
  person_json(p, w);
  th_jout_key(w, "facts");
  th_jout_array(w);
  for (uint32_t i = 0; i < p->n_facts; i++)
    th_patient_fact_json(p, &p->facts[i], w);
  th_jout_end_array(w);
  th_jout_key(w, "skipped");
  th_jout_array(w);
  for (uint32_t i = 0; i < p->n_skips; i++) {
    th_jout_object(w);
    th_jout_kv_text(w, "what", p->skips[i].what);
    th_jout_kv_i64(w, "count", p->skips[i].n);
    if (p->skips[i].place.n) th_jout_kv_text(w, "first", p->skips[i].place);
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
  th_jout_end_object(w);
}

/* ---- for people ---- */

static void put_value(const th_patient_fact *f, th_buf *out) {
  th_buf_span(out, f->label);
  th_buf_char(out, ' ');
  if (f->relation != TH_ELIG_EQ && f->relation != TH_ELIG_BETWEEN)
    th_buf_printf(out, "%s ", th_elig_relation_name(f->relation));
  th_elig_number_words(f->value, out);
  if (f->relation == TH_ELIG_BETWEEN) th_buf_str(out, " to "), th_elig_number_words(f->high, out);
  if (f->unit.n) th_buf_char(out, ' '), th_buf_span(out, f->unit);
  bool same = f->unit.n && f->canonical_unit && th_span_eq(f->unit, th_span_of(f->canonical_unit));
  if (isfinite(f->canonical) && !same && f->canonical_unit && f->canonical_unit[0] != '{' &&
      strcmp(f->canonical_unit, "1")) {
    th_buf_str(out, " (");
    th_elig_number_words(f->canonical, out);
    if (isfinite(f->canonical_high))
      th_buf_str(out, " to "), th_elig_number_words(f->canonical_high, out);
    th_buf_printf(out, " %s)", f->canonical_unit);
  }
}

void th_patient_fact_words(const th_patient *p, const th_patient_fact *f, th_buf *out) {
  static const char *const times[] = {"", ", now", ", past", ", planned"};
  (void)p;
  if (f->experiencer == TH_OF_FAMILY) th_buf_str(out, "family: ");
  if (f->absent) th_buf_str(out, "no ");
  if (f->certainty == TH_CERTAIN_SUSPECTED) th_buf_str(out, "suspected: ");
  if (f->certainty == TH_CERTAIN_HYPOTHETICAL) th_buf_str(out, "hypothetical: ");
  if (f->type == TH_FACT_VALUE) {
    put_value(f, out);
  } else {
    th_buf_printf(out, "%s: ", th_elig_category_name(f->category));
    th_buf_span(out, f->label);
    if (f->degree.n) th_buf_str(out, ", "), th_buf_span(out, f->degree);
    th_buf_str(out, times[f->time & 3]);
  }
  if (f->flags & TH_FACT_HISTORY) th_buf_str(out, ", history");
  if (f->flags & TH_FACT_DERIVED) th_buf_str(out, ", derived");
  if (f->flags & TH_FACT_IMPLAUSIBLE) th_buf_str(out, ", implausible: not used");
  if (f->flags & TH_FACT_UNIT_GUESSED) th_buf_str(out, ", unit presumed");
  if (f->has_begin) th_buf_str(out, ", "), th_date_iso(&f->begin, out);
  if (f->has_end) th_buf_str(out, " to "), th_date_iso(&f->end, out);
}
