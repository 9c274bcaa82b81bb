#include "api/fhir_put.h"

#include "study/catalogue.h"
#include "study/view.h"

#define P "protocolSection."

const char *th_fhir_code_of(const th_fhir_coding *table, size_t n, th_span value) {
  for (size_t i = 0; i < n; i++)
    if (th_span_eq(value, th_span_of(table[i].value))) return table[i].code;
  return NULL;
}

th_span th_fhir_label_of(uint16_t field, th_span value) {
  const char *label = th_view_label(field, value);
  return label ? th_span_of(label) : value;
}

uint32_t th_fhir_list_at(const th_json *record, const char *path) {
  uint32_t list = th_json_path(record, 0, path);
  return list && record->nodes[list].type == TH_JARRAY && record->nodes[list].n ? list : 0;
}

void th_fhir_put_concept(th_jout *w, const char *system, const char *code, th_span words) {
  th_jout_object(w);
  if (code) {
    th_jout_key(w, "coding");
    th_jout_array(w);
    th_jout_object(w);
    if (system) th_jout_kv_str(w, "system", system);
    th_jout_kv_str(w, "code", code);
    th_jout_end_object(w);
    th_jout_end_array(w);
  }
  if (words.n) th_jout_kv_text(w, "text", words);
  th_jout_end_object(w);
}

void th_fhir_put_age(th_jout *w, const char *key, const th_age *age) {
  static const char *const codes[] = {"min", "h", "d", "wk", "mo", "a"};
  static const char *const units[] = {"minutes", "hours", "days", "weeks", "months", "years"};
  th_jout_key(w, key);
  th_jout_object(w);
  th_jout_kv_i64(w, "value", age->amount);
  th_jout_kv_str(w, "unit", units[age->unit]);
  th_jout_kv_str(w, "system", "http://unitsofmeasure.org");
  th_jout_kv_str(w, "code", codes[age->unit]);
  th_jout_end_object(w);
}

/* Phases of FHIR: one code for one phase, or for the two that follow each other. */
void th_fhir_put_phase(th_jout *w, const th_json *record) {
  static const th_fhir_coding phases[] = {
      {"NA", "n-a"},         {"EARLY_PHASE1", "early-phase-1"},
      {"PHASE1", "phase-1"}, {"PHASE1PHASE2", "phase-1-phase-2"},
      {"PHASE2", "phase-2"}, {"PHASE2PHASE3", "phase-2-phase-3"},
      {"PHASE3", "phase-3"}, {"PHASE4", "phase-4"},
  };
  uint32_t list = th_fhir_list_at(record, P "designModule.phases");
  if (!list) return;
  th_buf joined, words;
  th_buf_init(&joined, 0);
  th_buf_init(&words, 0);
  for (th_json_each(record, list, item))
    th_buf_span(&joined, th_json_text(record, item));
  th_view_phases(record, list, &words);
  th_jout_key(w, "phase");
  th_fhir_put_concept(w, TH_FHIR_TERMS "research-study-phase",
                      th_fhir_code_of(phases, TH_COUNT(phases), th_buf_view(&joined)),
                      th_buf_view(&words));
  th_buf_dispose(&joined);
  th_buf_dispose(&words);
}

void th_fhir_put_purpose(th_jout *w, const th_json *record) {
  static const th_fhir_coding purposes[] = {
      {"TREATMENT", "treatment"},         {"PREVENTION", "prevention"},
      {"DIAGNOSTIC", "diagnostic"},       {"SUPPORTIVE_CARE", "supportive-care"},
      {"SCREENING", "screening"},         {"HEALTH_SERVICES_RESEARCH", "health-services-research"},
      {"BASIC_SCIENCE", "basic-science"}, {"DEVICE_FEASIBILITY", "device-feasibility"},
  };
  th_span value = th_json_path_text(record, 0, P "designModule.designInfo.primaryPurpose");
  if (!value.n) return;
  th_jout_key(w, "primaryPurposeType");
  th_fhir_put_concept(w, TH_FHIR_TERMS "research-study-prim-purp-type",
                      th_fhir_code_of(purposes, TH_COUNT(purposes), value),
                      th_fhir_label_of(TH_F_DesignPrimaryPurpose, value));
}
