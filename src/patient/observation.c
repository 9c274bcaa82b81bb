/* Observations: numbers of attributes, and results in words. */
#include <stdio.h>

#include "eligibility/attributes.h"
#include "patient/fhir.h"

/* What the answer to "do you smoke" and "are you pregnant" means, by code. */
static const struct {
  const char *code;
  uint8_t category, time;
  bool absent;
} answers[] = {{"266919005", TH_ELIG_SMOKING, TH_ELIG_CURRENT, true}, /* never smoked */
               {"8517006", TH_ELIG_SMOKING, TH_ELIG_PAST, false},     /* ex-smoker */
               {"449868002", TH_ELIG_SMOKING, TH_ELIG_CURRENT, false},
               {"428041000124106", TH_ELIG_SMOKING, TH_ELIG_CURRENT, false},
               {"428071000124103", TH_ELIG_SMOKING, TH_ELIG_CURRENT, false},
               {"428061000124105", TH_ELIG_SMOKING, TH_ELIG_CURRENT, false},
               {"77176002", TH_ELIG_SMOKING, TH_ELIG_CURRENT, false},
               {"LA18978-9", TH_ELIG_SMOKING, TH_ELIG_CURRENT, true},
               {"LA15920-4", TH_ELIG_SMOKING, TH_ELIG_PAST, false},
               {"LA18976-3", TH_ELIG_SMOKING, TH_ELIG_CURRENT, false},
               {"LA18977-1", TH_ELIG_SMOKING, TH_ELIG_CURRENT, false},
               {"77386006", TH_ELIG_PREGNANCY, TH_ELIG_CURRENT, false}, /* pregnant */
               {"60001007", TH_ELIG_PREGNANCY, TH_ELIG_CURRENT, true},  /* not pregnant */
               {"LA15173-0", TH_ELIG_PREGNANCY, TH_ELIG_CURRENT, false},
               {"LA26683-5", TH_ELIG_PREGNANCY, TH_ELIG_CURRENT, true}};

static const char *const answer_labels[TH_ELIG_N_CATEGORIES] = {
    [TH_ELIG_SMOKING] = "smoking", [TH_ELIG_PREGNANCY] = "pregnancy"};

/* The observation's name as people say it: "Albumin [Mass/volume] in Serum" is albumin, without
 * invisible blanks. */
static th_span short_name(th_span s) {
  const char *cut = s.n ? memchr(s.p, '[', s.n) : NULL;
  return th_span_trim(cut ? (th_span){s.p, (size_t)(cut - s.p)} : s);
}

static int attribute_of(const th_fhir *f, uint32_t code) {
  int attribute = th_measure_of_loinc(th_fhir_code(f, code, "loinc.org"));
  if (attribute < 0) attribute = th_measure_of_name(th_fhir_text(f, code));
  if (attribute < 0) attribute = th_measure_of_name(short_name(th_fhir_text(f, code)));
  return attribute;
}

static void when(const th_fhir *f, th_patient_fact *fact) {
  static const char *const keys[] = {"effectiveDateTime", "effectivePeriod", "effectiveInstant",
                                     "effectiveTiming", "issued"};
  for (size_t i = 0; i < TH_COUNT(keys) && !fact->has_begin; i++)
    fact->has_begin = th_fhir_date(f, f->resource, keys[i], &fact->begin);
  fact->time = TH_ELIG_CURRENT;
}

static void skip_named(th_fhir *f, const char *what, uint32_t code) {
  char text[200];
  th_span name = th_fhir_text(f, code);
  snprintf(text, sizeof text, "%s: %.*s", what, (int)TH_MIN(name.n, (size_t)120),
           name.p ? name.p : "");
  size_t n = strlen(text);
  while (n && !th_utf8_valid((th_span){text, n}))
    n--;
  th_reading_skip(f->r, (th_span){text, n}, f->place);
}

/* ---- numbers ---- */

static void reference_range(th_fhir *f, uint32_t node, th_patient_fact *fact) {
  uint32_t list = th_fhir_get(f, node, "referenceRange");
  double v;
  if (!list || f->j->nodes[list].type != TH_JARRAY || f->j->nodes[list].n != 1) return;
  uint32_t low = th_fhir_get(f, th_fhir_get(f, list + 1, "low"), "value");
  uint32_t high = th_fhir_get(f, th_fhir_get(f, list + 1, "high"), "value");
  if (low && th_json_number(f->j, low, &v)) fact->normal_low = th_measure_other(fact, v);
  if (high && th_json_number(f->j, high, &v)) fact->normal_high = th_measure_other(fact, v);
}

static void add_number(th_fhir *f, uint32_t node, int attribute, double value, double high,
                       th_span unit, uint8_t relation) {
  th_patient_fact fact = th_fhir_fact(f, TH_FACT_VALUE, 0);
  fact.attribute = attribute;
  fact.value = value;
  fact.high = high;
  fact.relation = isfinite(high) ? TH_ELIG_BETWEEN : relation;
  fact.unit = th_reading_text(f->r, unit);
  when(f, &fact);
  th_measure_canonical(&fact);
  reference_range(f, node, &fact);
  th_reading_add(f->r, &fact);
}

static th_span unit_of(const th_fhir *f, uint32_t quantity) {
  th_span code = th_fhir_str(f, quantity, "code"), unit = th_fhir_str(f, quantity, "unit");
  th_span system = th_fhir_str(f, quantity, "system");
  bool ucum = th_span_find(system, TH_SPAN("unitsofmeasure")) >= 0;
  return code.n && (ucum || unit.n == 0) ? code : unit;
}

static uint8_t relation_of(th_span comparator) {
  if (th_span_is(comparator, "<")) return TH_ELIG_LT;
  if (th_span_is(comparator, "<=")) return TH_ELIG_LE;
  if (th_span_is(comparator, ">")) return TH_ELIG_GT;
  if (th_span_is(comparator, ">=")) return TH_ELIG_GE;
  return TH_ELIG_EQ;
}

static bool take_quantity(th_fhir *f, uint32_t node, uint32_t quantity, uint32_t code) {
  double value;
  int attribute = attribute_of(f, code);
  if (!th_json_number(f->j, th_fhir_get(f, quantity, "value"), &value)) return false;
  if (attribute < 0)
    skip_named(f, "Observation that no attribute stands for", code);
  else
    add_number(f, node, attribute, value, NAN, unit_of(f, quantity),
               relation_of(th_fhir_str(f, quantity, "comparator")));
  return true;
}

static bool take_range(th_fhir *f, uint32_t node, uint32_t range, uint32_t code) {
  uint32_t low = th_fhir_get(f, range, "low"), high = th_fhir_get(f, range, "high");
  double a, b;
  int attribute = attribute_of(f, code);
  if (!low || !high || !th_json_number(f->j, th_fhir_get(f, low, "value"), &a) ||
      !th_json_number(f->j, th_fhir_get(f, high, "value"), &b))
    return false;
  if (attribute < 0)
    skip_named(f, "Observation that no attribute stands for", code);
  else
    add_number(f, node, attribute, a, b, unit_of(f, low), TH_ELIG_EQ);
  return true;
}

/* ---- words ---- */

static void add_result(th_fhir *f, th_patient_fact *fact) {
  when(f, fact);
  fact->label = th_reading_text(f->r, fact->label);
  th_reading_add(f->r, fact);
}

static bool known_answer(th_fhir *f, uint32_t value) {
  uint32_t list = th_fhir_get(f, value, "coding");
  if (!list || f->j->nodes[list].type != TH_JARRAY) return false;
  for (th_json_each(f->j, list, at))
    for (size_t i = 0; i < TH_COUNT(answers); i++) {
      if (!th_span_is(th_fhir_str(f, at, "code"), answers[i].code)) continue;
      th_patient_fact fact = th_fhir_fact(f, TH_FACT_CONCEPT, answers[i].category);
      fact.label = th_span_of(answer_labels[answers[i].category]);
      fact.absent = answers[i].absent;
      add_result(f, &fact);
      f->r->facts[f->r->n_facts - 1].time = answers[i].time;
      return true;
    }
  return false;
}

static bool is_word(th_span s, const char *const *words) {
  for (; *words; words++)
    if (th_span_eq_nocase(s, th_span_of(*words))) return true;
  return false;
}

/* A number at the beginning: "1 - restricted in strenuous activity", "< 0.5 ng/mL". */
static bool leading_number(th_span s, double *out, th_span *unit, uint8_t *relation) {
  char text[40];
  *relation = TH_ELIG_EQ;
  if (s.n && (s.p[0] == '<' || s.p[0] == '>')) {
    *relation = s.p[0] == '<' ? TH_ELIG_LT : TH_ELIG_GT;
    s = th_span_trim((th_span){s.p + 1, s.n - 1});
  }
  size_t n = 0;
  while (n < s.n && n + 1 < sizeof text &&
         ((s.p[n] >= '0' && s.p[n] <= '9') || (n && s.p[n] == '.')))
    n++;
  if (n == 0) return false;
  memcpy(text, s.p, n);
  text[n] = 0;
  *out = strtod(text, NULL);
  *unit = th_span_trim((th_span){s.p + n, s.n - n});
  return true;
}

/* "HER2 [Presence] in breast cancer: positive", "EGFR gene mutation: negative", "Stage group:
 * IIIB". */
static bool took_marker(th_fhir *f, th_span words, uint32_t code) {
  th_patient_fact like = th_fhir_fact(f, TH_FACT_CONCEPT, TH_ELIG_GENE);
  th_span name = th_fhir_text(f, code);
  when(f, &like);
  if (th_markers_of_name(f->r, name, words, &like)) return true;
  if (th_serology_of_name(f->r, name, words, &like)) return true;
  return th_span_find(name, TH_SPAN("tage")) >= 0 && th_span_find(name, TH_SPAN("ancer")) >= 0 &&
         th_markers_stage(f->r, words, &like);
}

/* Positive and negative results are of what was looked for; any other answer is the finding
 * itself. */
static void take_words(th_fhir *f, uint32_t node, th_span words, uint32_t value, uint32_t code) {
  static const char *const yes[] = {
      "positive", "detected",  "present", "reactive", "yes", "true", "positive (qualifier value)",
      "abnormal", "confirmed", NULL};
  static const char *const no[] = {"negative",
                                   "not detected",
                                   "absent",
                                   "nonreactive",
                                   "non-reactive",
                                   "no",
                                   "false",
                                   "none",
                                   "normal",
                                   "none detected",
                                   "negative (qualifier value)",
                                   "not present",
                                   NULL};
  static const char *const open[] = {"unknown",   "indeterminate", "not performed",
                                     "equivocal", "inconclusive",  "pending",
                                     "not asked", "refused",       NULL};
  int attribute = attribute_of(f, code);
  double number;
  th_span unit;
  uint8_t relation;
  if (attribute >= 0 && leading_number(words, &number, &unit, &relation)) {
    bool scale = th_elig_attributes[attribute].scale;
    add_number(f, node, attribute, number, NAN, scale ? (th_span){0} : unit, relation);
    return;
  }
  if (is_word(words, open) || words.n == 0) {
    skip_named(f, "Observation without a result", code);
    return;
  }
  th_patient_fact fact = th_fhir_fact(f, TH_FACT_CONCEPT, TH_ELIG_FINDING);
  if (took_marker(f, words, code)) return;
  bool said_yes = is_word(words, yes), said_no = is_word(words, no);
  if (said_yes || said_no) {
    th_fhir_concept(f, code, &fact);
    fact.label = fact.label.n ? fact.label : words;
    fact.absent ^= said_no;
  } else if (value && f->j->nodes[value].type == TH_JOBJECT) {
    th_fhir_concept(f, value, &fact);
  } else {
    th_terms_name(f->r, words, &fact);
  }
  uint8_t said = fact.time;
  add_result(f, &fact);
  if (said != TH_ELIG_TIME_ANY && f->r->n_facts) f->r->facts[f->r->n_facts - 1].time = said;
}

/* Value of an observation or one of its components; false when it has none. */
static bool take_value(th_fhir *f, uint32_t node) {
  uint32_t code = th_fhir_get(f, node, "code"), at;
  if ((at = th_fhir_get(f, node, "valueQuantity"))) return take_quantity(f, node, at, code);
  if ((at = th_fhir_get(f, node, "valueRange"))) return take_range(f, node, at, code);
  if ((at = th_fhir_get(f, node, "valueCodeableConcept"))) {
    if (!known_answer(f, at)) take_words(f, node, th_fhir_text(f, at), at, code);
    return true;
  }
  if ((at = th_fhir_get(f, node, "valueString"))) {
    take_words(f, node, th_span_trim(th_json_text(f->j, at)), 0, code);
    return true;
  }
  if ((at = th_fhir_get(f, node, "valueBoolean"))) {
    take_words(f, node, f->j->nodes[at].type == TH_JTRUE ? TH_SPAN("yes") : TH_SPAN("no"), 0, code);
    return true;
  }
  if ((at = th_fhir_get(f, node, "valueInteger"))) {
    double v;
    int attribute = attribute_of(f, code);
    if (!th_json_number(f->j, at, &v)) return false;
    if (attribute < 0)
      skip_named(f, "Observation that no attribute stands for", code);
    else
      add_number(f, node, attribute, v, NAN, (th_span){0}, TH_ELIG_EQ);
    return true;
  }
  return false;
}

bool th_fhir_read_observation(th_fhir *f) {
  th_span status = th_fhir_str(f, f->resource, "status");
  if (th_span_among(status, "entered-in-error cancelled registered")) {
    th_fhir_skip(f, "observations that were cancelled or entered in error");
    return true;
  }
  bool any = take_value(f, f->resource);
  uint32_t list = th_fhir_get(f, f->resource, "component");
  if (list && f->j->nodes[list].type == TH_JARRAY) {
    for (th_json_each(f->j, list, at))
      any |= take_value(f, at);
  }
  if (!any) skip_named(f, "Observation without a value", th_fhir_get(f, f->resource, "code"));
  return true;
}
