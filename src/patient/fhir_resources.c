/* Conditions, drugs, procedures, allergies, relatives and vaccinations of a FHIR record. */
#include "eligibility/attributes.h"
#include "patient/fhir.h"

/* What an International Patient Summary says when a section has nothing: "no-known-allergies" is a
 * fact, "no-allergy-info" is none. True when the concept was such a code. */
static bool take_nothing(th_fhir *f, uint32_t code, th_elig_category category) {
  static const char *const any[TH_ELIG_N_CATEGORIES] = {[TH_ELIG_CONDITION] = "any condition",
                                                        [TH_ELIG_DRUG] = "any drug",
                                                        [TH_ELIG_PROCEDURE] = "any procedure",
                                                        [TH_ELIG_ALLERGY] = "any allergy"};
  th_span said = th_fhir_code(f, code, "absent-unknown-uv-ips");
  if (said.n == 0) return false;
  if (!th_span_starts(said, TH_SPAN("no-known-")) || !any[category]) {
    th_fhir_skip(f, "sections without information");
    return true;
  }
  th_patient_fact fact = th_fhir_fact(f, TH_FACT_CONCEPT, category);
  fact.label = th_span_of(any[category]);
  fact.absent = true;
  fact.time = TH_ELIG_CURRENT;
  th_reading_add(f->r, &fact);
  return true;
}

/* An age at which something began, as a date: the birth date and so much more. */
static bool date_at_age(const th_fhir *f, uint32_t age, th_date *out) {
  const th_patient *p = f->r->p;
  double value, days = 0;
  th_span unit = th_fhir_str(f, age, "code");
  if (!f->patient || !th_json_number(f->j, th_fhir_get(f, age, "value"), &value)) return false;
  th_date birth;
  if (!th_patient_date(th_fhir_str(f, f->patient, "birthDate"), &birth)) return false;
  if (th_span_is(unit, "d"))
    days = 1;
  else if (th_span_is(unit, "wk"))
    days = 7;
  else if (th_span_is(unit, "mo"))
    days = 30.4375;
  else
    days = 365.25;
  if (!(value >= 0 && value < 150 * 366)) return false;
  (void)p;
  *out = (th_date){birth.first_day + (int32_t)(value * days),
                   birth.last_day + (int32_t)((value + 1) * days) - 1, 0,
                   days > 300  ? TH_DATE_YEAR
                   : days > 20 ? TH_DATE_MONTH
                               : TH_DATE_DAY};
  return true;
}

static bool began(th_fhir *f, th_patient_fact *fact, const char *const *keys) {
  for (size_t i = 0; keys[i] && !fact->has_begin; i++)
    fact->has_begin = th_fhir_date(f, f->resource, keys[i], &fact->begin);
  return fact->has_begin;
}

static void verification(const th_fhir *f, th_patient_fact *fact) {
  th_span status = th_fhir_status(f, f->resource, "verificationStatus");
  if (th_span_is(status, "refuted")) fact->absent = true;
  if (th_span_among(status, "unconfirmed provisional differential presumed"))
    fact->certainty = TH_CERTAIN_SUSPECTED;
}

static bool is_growth(th_span name) {
  static const char *const words[] = {"cancer",   "carcinoma", "neoplas",  "tumo",    "melanoma",
                                      "lymphoma", "sarcoma",   "malignan", "blastoma"};
  for (size_t i = 0; i < name.n; i++)
    for (size_t k = 0; k < TH_COUNT(words); k++) {
      size_t n = strlen(words[k]);
      if (i + n <= name.n && th_span_eq_nocase((th_span){name.p + i, n}, th_span_of(words[k])))
        return true;
    }
  return false;
}

/* Condition.stage.summary of a growth. */
static void read_stage(th_fhir *f, const th_patient_fact *fact, th_span name) {
  uint32_t list = th_fhir_get(f, f->resource, "stage");
  if (!list || f->j->nodes[list].type != TH_JARRAY || !is_growth(name) ||
      fact->time == TH_ELIG_PAST)
    return;
  for (th_json_each(f->j, list, at))
    if (th_markers_stage(f->r, th_fhir_text(f, th_fhir_get(f, at, "summary")), fact)) return;
}

static void read_condition(th_fhir *f) {
  static const char *const onsets[] = {"onsetDateTime", "onsetPeriod", NULL};
  uint32_t code = th_fhir_get(f, f->resource, "code");
  th_span clinical = th_fhir_status(f, f->resource, "clinicalStatus");
  if (take_nothing(f, code, TH_ELIG_CONDITION)) return;
  th_patient_fact fact = th_fhir_fact(f, TH_FACT_CONCEPT, TH_ELIG_CONDITION);
  if (!th_fhir_concept(f, code, &fact)) {
    th_fhir_skip(f, "Condition without a code");
    return;
  }
  verification(f, &fact);
  uint32_t age = th_fhir_get(f, f->resource, "onsetAge");
  if (!began(f, &fact, onsets) && age) fact.has_begin = date_at_age(f, age, &fact.begin);
  fact.has_end = th_fhir_date(f, f->resource, "abatementDateTime", &fact.end) ||
                 th_fhir_date(f, f->resource, "abatementPeriod", &fact.end);
  age = th_fhir_get(f, f->resource, "abatementAge");
  if (!fact.has_end && age) fact.has_end = date_at_age(f, age, &fact.end);
  bool over = th_span_among(clinical, "inactive remission resolved") ||
              (clinical.n == 0 && (fact.has_end || th_fhir_get(f, f->resource, "abatementString")));
  if (fact.time == TH_ELIG_TIME_ANY) fact.time = over ? TH_ELIG_PAST : TH_ELIG_CURRENT;
  fact.flags |= clinical.n ? TH_FACT_STATED_NOW : 0;
  fact.degree = th_reading_text(f->r, th_fhir_text(f, th_fhir_get(f, f->resource, "severity")));
  th_reading_add(f->r, &fact);
  (void)th_markers_of_name(f->r, th_fhir_text(f, code), (th_span){0}, &fact);
  read_stage(f, &fact, th_fhir_text(f, code));
}

/* ---- drugs ---- */

static uint32_t drug_of(const th_fhir *f) {
  uint32_t code = th_fhir_get(f, f->resource, "medicationCodeableConcept");
  uint32_t reference = th_fhir_get(f, f->resource, "medicationReference");
  uint32_t both = th_fhir_get(f, f->resource, "medication"); /* R5: CodeableReference */
  if (code) return code;
  if (!reference) reference = th_fhir_get(f, both, "reference");
  if (reference && th_fhir_get(f, reference, "reference")) {
    uint32_t medication = th_fhir_resolve(f, reference);
    if (medication) return th_fhir_get(f, medication, "code");
    return th_fhir_get(f, reference, "display") ? reference : 0;
  }
  return th_fhir_get(f, both, "concept") ? both : 0;
}

static uint8_t drug_time(th_span status) {
  if (th_span_among(status, "active recorded in-progress on-hold unknown")) return TH_ELIG_CURRENT;
  if (th_span_among(status, "draft intended")) return TH_ELIG_PLANNED;
  return TH_ELIG_PAST;
}

static void read_drug(th_fhir *f) {
  static const char *const dates[] = {"effectiveDateTime",
                                      "effectivePeriod",
                                      "occurenceDateTime",
                                      "occurencePeriod",
                                      "authoredOn",
                                      "dateAsserted",
                                      NULL};
  th_span status = th_fhir_status(f, f->resource, "status");
  uint32_t code = drug_of(f), no = th_fhir_get(f, f->resource, "doNotPerform");
  if (th_span_among(status, "cancelled")) {
    th_fhir_skip(f, "cancelled orders");
    return;
  }
  if (take_nothing(f, code, TH_ELIG_DRUG)) return;
  th_patient_fact fact = th_fhir_fact(f, TH_FACT_CONCEPT, TH_ELIG_DRUG);
  if (!th_fhir_concept(f, code, &fact)) {
    th_fhir_skip(f, "drugs without a name or with a reference to nothing");
    return;
  }
  fact.time = drug_time(status);
  fact.absent =
      th_span_among(status, "not-taken not-done") || (no && f->j->nodes[no].type == TH_JTRUE);
  if (fact.absent) fact.time = TH_ELIG_CURRENT;
  if (th_span_among(th_fhir_str(f, f->resource, "intent"), "proposal plan") &&
      fact.time == TH_ELIG_CURRENT)
    fact.time = TH_ELIG_PLANNED;
  fact.flags |= status.n ? TH_FACT_STATED_NOW : 0;
  if (!th_fhir_period(f, f->resource, "effectivePeriod", &fact)) began(f, &fact, dates);
  th_reading_add(f->r, &fact);
}

static void read_vaccine(th_fhir *f) {
  static const char *const dates[] = {"occurrenceDateTime", "recorded", NULL};
  th_span status = th_fhir_status(f, f->resource, "status");
  th_patient_fact fact = th_fhir_fact(f, TH_FACT_CONCEPT, TH_ELIG_DRUG);
  uint32_t code = th_fhir_get(f, f->resource, "vaccineCode");
  if (take_nothing(f, code, TH_ELIG_DRUG)) return;
  if (!th_fhir_concept(f, code, &fact)) {
    th_fhir_skip(f, "Immunization without a code");
    return;
  }
  fact.time = TH_ELIG_PAST;
  fact.absent = th_span_is(status, "not-done");
  fact.flags |= TH_FACT_STATED_NOW;
  began(f, &fact, dates);
  th_reading_add(f->r, &fact);
}

/* ---- procedures ---- */

static void read_procedure(th_fhir *f) {
  static const char *const dates[] = {"performedDateTime", "occurrenceDateTime", "performedPeriod",
                                      "occurrencePeriod", NULL};
  th_span status = th_fhir_status(f, f->resource, "status");
  uint32_t code = th_fhir_get(f, f->resource, "code");
  if (take_nothing(f, code, TH_ELIG_PROCEDURE)) return;
  th_patient_fact fact = th_fhir_fact(f, TH_FACT_CONCEPT, TH_ELIG_PROCEDURE);
  if (!th_fhir_concept(f, code, &fact)) {
    th_fhir_skip(f, "Procedure without a code");
    return;
  }
  fact.time = th_span_is(status, "preparation")              ? TH_ELIG_PLANNED
              : th_span_among(status, "in-progress on-hold") ? TH_ELIG_CURRENT
                                                             : TH_ELIG_PAST;
  fact.absent |= th_span_is(status, "not-done");
  fact.flags |= status.n ? TH_FACT_STATED_NOW : 0;
  if (!th_fhir_period(f, f->resource, "performedPeriod", &fact) &&
      !th_fhir_period(f, f->resource, "occurrencePeriod", &fact))
    began(f, &fact, dates);
  th_reading_add(f->r, &fact);
}

/* ---- allergies ---- */

/* "Allergy to penicillin", "Penicillin allergy" → penicillin. */
static th_span allergen(th_span s) {
  static const char *const before[] = {"Allergy to ", "allergy to ", "Allergic to ",
                                       "Intolerance to "};
  static const char *const behind[] = {" allergy", " Allergy", " intolerance"};
  s = th_terms_bare(s);
  for (size_t i = 0; i < TH_COUNT(before); i++)
    if (th_span_starts(s, th_span_of(before[i])))
      return (th_span){s.p + strlen(before[i]), s.n - strlen(before[i])};
  for (size_t i = 0; i < TH_COUNT(behind); i++) {
    size_t n = strlen(behind[i]);
    if (s.n > n && !memcmp(s.p + s.n - n, behind[i], n)) return (th_span){s.p, s.n - n};
  }
  return s;
}

static void read_allergy(th_fhir *f) {
  static const char *const dates[] = {"onsetDateTime", "recordedDate", NULL};
  uint32_t code = th_fhir_get(f, f->resource, "code");
  th_span clinical = th_fhir_status(f, f->resource, "clinicalStatus");
  if (take_nothing(f, code, TH_ELIG_ALLERGY)) return;
  th_patient_fact fact = th_fhir_fact(f, TH_FACT_CONCEPT, TH_ELIG_ALLERGY);
  if (!th_fhir_concept(f, code, &fact)) {
    th_fhir_skip(f, "AllergyIntolerance without a code");
    return;
  }
  verification(f, &fact);
  fact.label = allergen(fact.label);
  fact.time = th_span_among(clinical, "inactive resolved") ? TH_ELIG_PAST : TH_ELIG_CURRENT;
  fact.flags |= clinical.n ? TH_FACT_STATED_NOW : 0;
  began(f, &fact, dates);
  th_reading_add(f->r, &fact);
}

/* ---- relatives ---- */

static void read_family(th_fhir *f) {
  uint32_t list = th_fhir_get(f, f->resource, "condition");
  th_span status = th_fhir_str(f, f->resource, "status");
  bool none = !list || f->j->nodes[list].type != TH_JARRAY || f->j->nodes[list].n == 0;
  if (none || th_span_is(status, "health-unknown")) {
    th_fhir_skip(f, "FamilyMemberHistory without conditions");
    return;
  }
  for (th_json_each(f->j, list, at)) {
    th_patient_fact fact = th_fhir_fact(f, TH_FACT_CONCEPT, TH_ELIG_CONDITION);
    if (!th_fhir_concept(f, th_fhir_get(f, at, "code"), &fact)) {
      th_fhir_skip(f, "FamilyMemberHistory condition without a code");
      continue;
    }
    fact.experiencer = TH_OF_FAMILY;
    fact.degree =
        th_reading_text(f->r, th_fhir_text(f, th_fhir_get(f, f->resource, "relationship")));
    th_reading_add(f->r, &fact);
  }
}

static const struct {
  const char *type;
  void (*read)(th_fhir *f);
} readers[] = {{"Condition", read_condition},           {"MedicationRequest", read_drug},
               {"MedicationStatement", read_drug},      {"MedicationUsage", read_drug},
               {"MedicationAdministration", read_drug}, {"MedicationDispense", read_drug},
               {"Immunization", read_vaccine},          {"Procedure", read_procedure},
               {"AllergyIntolerance", read_allergy},    {"FamilyMemberHistory", read_family}};

bool th_fhir_read_resource(th_fhir *f) {
  th_span type = th_fhir_str(f, f->resource, "resourceType");
  bool observation = th_span_is(type, "Observation");
  if (th_span_is(type, "Medication")) return true; /* read where it is referred to */
  for (size_t i = 0; i < TH_COUNT(readers) && !observation; i++) {
    if (!th_span_is(type, readers[i].type)) continue;
    if (th_span_is(th_fhir_str(f, f->resource, "status"), "entered-in-error") ||
        th_span_is(th_fhir_status(f, f->resource, "verificationStatus"), "entered-in-error"))
      th_fhir_skip(f, "resources entered in error");
    else
      readers[i].read(f);
    return true;
  }
  return observation && th_fhir_read_observation(f);
}
