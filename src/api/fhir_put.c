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

/* ---- arms, time, places ---- */

static void arm(th_jout *w, const th_json *record, uint32_t item) {
  static const th_fhir_coding types[] = {
      {"EXPERIMENTAL", "experimental"},
      {"ACTIVE_COMPARATOR", "active-comparator"},
      {"PLACEBO_COMPARATOR", "placebo-comparator"},
      {"SHAM_COMPARATOR", "sham-comparator"},
      {"NO_INTERVENTION", "no-intervention"},
  };
  th_span type = th_json_path_text(record, item, "type");
  th_span label = th_json_path_text(record, item, "label");
  th_span description = th_json_path_text(record, item, "description");
  th_jout_object(w);
  th_jout_kv_text(w, "name", label.n ? label : TH_SPAN("Arm"));
  if (type.n) {
    th_jout_key(w, "type");
    th_fhir_put_concept(w, TH_FHIR_TERMS "research-study-arm-type",
                        th_fhir_code_of(types, TH_COUNT(types), type),
                        th_fhir_label_of(TH_F_ArmGroupType, type));
  }
  if (description.n) th_jout_kv_text(w, "description", description);
  th_jout_end_object(w);
}

void th_fhir_put_arms(th_jout *w, const th_json *record, const char *key) {
  uint32_t list = th_fhir_list_at(record, P "armsInterventionsModule.armGroups");
  if (!list) return;
  th_jout_key(w, key);
  th_jout_array(w);
  for (th_json_each(record, list, item))
    arm(w, record, item);
  th_jout_end_array(w);
}

void th_fhir_put_period(th_jout *w, const th_json *record) {
  th_span start = th_json_path_text(record, 0, P "statusModule.startDateStruct.date");
  th_span end = th_json_path_text(record, 0, P "statusModule.completionDateStruct.date");
  if (!start.n && !end.n) return;
  th_jout_key(w, "period");
  th_jout_object(w);
  if (start.n) th_jout_kv_text(w, "start", start);
  if (end.n) th_jout_kv_text(w, "end", end);
  th_jout_end_object(w);
}

void th_fhir_put_address(th_jout *w, const th_json *record, uint32_t site, const char *use) {
  static const th_fhir_coding parts[] = {
      {"city", "city"}, {"state", "state"}, {"zip", "postalCode"}, {"country", "country"}};
  bool any = false;
  for (size_t i = 0; i < TH_COUNT(parts); i++) {
    th_span words = th_json_path_text(record, site, parts[i].value);
    if (!words.n) continue;
    if (!any) {
      th_jout_key(w, "address");
      th_jout_object(w);
      if (use) th_jout_kv_str(w, "use", use);
    }
    any = true;
    th_jout_kv_text(w, parts[i].code, words);
  }
  if (any) th_jout_end_object(w);
}

void th_fhir_put_position(th_jout *w, const th_json *record, uint32_t site) {
  uint32_t point = th_json_get(record, site, TH_SPAN("geoPoint"));
  double lat, lon;
  if (!point || !th_json_number(record, th_json_get(record, point, TH_SPAN("lon")), &lon) ||
      !th_json_number(record, th_json_get(record, point, TH_SPAN("lat")), &lat))
    return;
  th_jout_key(w, "position");
  th_jout_object(w);
  th_jout_kv_double(w, "longitude", lon);
  th_jout_kv_double(w, "latitude", lat);
  th_jout_end_object(w);
}

/* ---- who may join ---- */

static void open_characteristic(th_jout *w, const char *what, const char *value) {
  th_jout_object(w);
  th_jout_key(w, "code");
  th_fhir_put_concept(w, NULL, NULL, th_span_of(what));
  th_jout_key(w, value);
}

static void close_characteristic(th_jout *w) {
  th_jout_kv_bool(w, "exclude", false);
  th_jout_end_object(w);
}

static void ages(th_jout *w, const th_age *low, const th_age *high) {
  open_characteristic(w, "Age", "valueRange");
  th_jout_object(w);
  if (low) th_fhir_put_age(w, "low", low);
  if (high) th_fhir_put_age(w, "high", high);
  th_jout_end_object(w);
  close_characteristic(w);
}

static void one_sex(th_jout *w, th_span sex, bool female) {
  open_characteristic(w, "Sex", "valueCodeableConcept");
  th_fhir_put_concept(w, "http://hl7.org/fhir/administrative-gender", female ? "female" : "male",
                      th_fhir_label_of(TH_F_Sex, sex));
  close_characteristic(w);
}

void th_fhir_put_characteristics(th_jout *w, const th_json *record) {
  th_age low, high;
  bool from = th_age_parse(th_json_path_text(record, 0, P "eligibilityModule.minimumAge"), &low);
  bool to = th_age_parse(th_json_path_text(record, 0, P "eligibilityModule.maximumAge"), &high);
  th_span sex = th_json_path_text(record, 0, P "eligibilityModule.sex");
  bool female = th_span_eq(sex, TH_SPAN("FEMALE")), male = th_span_eq(sex, TH_SPAN("MALE"));
  uint32_t healthy = th_json_path(record, 0, P "eligibilityModule.healthyVolunteers");
  if (!from && !to && !female && !male && !healthy) return;
  th_jout_key(w, "characteristic");
  th_jout_array(w);
  if (from || to) ages(w, from ? &low : NULL, to ? &high : NULL);
  if (female || male) one_sex(w, sex, female);
  if (healthy) {
    open_characteristic(w, "Accepts healthy volunteers", "valueBoolean");
    th_jout_bool(w, record->nodes[healthy].type == TH_JTRUE);
    close_characteristic(w);
  }
  th_jout_end_array(w);
}
