/* Parts that FHIR's resources share: codes, references, dates. */
#include <stdio.h>

#include "patient/fhir.h"

bool th_span_among(th_span s, const char *words) {
  while (*words) {
    size_t n = strcspn(words, " ");
    if (th_span_eq(s, (th_span){words, n})) return true;
    words += n + (words[n] == ' ');
  }
  return false;
}

void th_fhir_skip(th_fhir *f, const char *what) {
  th_reading_skip(f->r, th_span_of(what), f->place);
}

th_patient_fact th_fhir_fact(const th_fhir *f, th_fact_type type, th_elig_category category) {
  th_patient_fact fact = th_patient_fact_new(type);
  fact.category = (uint8_t)(type == TH_FACT_CONCEPT ? category : 0);
  fact.resource = f->name;
  fact.from = f->j->nodes[f->resource].off;
  fact.to = f->j->nodes[f->resource].end;
  return fact;
}

/* ---- references ---- */

static uint32_t find_entry(const th_fhir *f, th_span key) {
  uint32_t low = 0, high = f->n_entries;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    int c = th_span_cmp(f->entries[mid].key, key);
    if (c == 0) return f->entries[mid].node;
    if (c < 0)
      low = mid + 1;
    else
      high = mid;
  }
  return 0;
}

static uint32_t find_contained(const th_fhir *f, th_span id) {
  uint32_t list = th_fhir_get(f, f->resource, "contained");
  if (!list || f->j->nodes[list].type != TH_JARRAY) return 0;
  for (th_json_each(f->j, list, at))
    if (th_span_eq(th_fhir_str(f, at, "id"), id)) return at;
  return 0;
}

uint32_t th_fhir_resolve(const th_fhir *f, uint32_t reference) {
  th_span to = th_fhir_str(f, reference, "reference");
  if (to.n == 0) return 0;
  if (to.p[0] == '#') return find_contained(f, (th_span){to.p + 1, to.n - 1});
  uint32_t node = find_entry(f, to);
  for (size_t i = to.n, slashes = 0; !node && i-- > 0;) /* an address: its last two parts */
    if (to.p[i] == '/' && ++slashes == 2)
      node = find_entry(f, (th_span){to.p + i + 1, to.n - i - 1});
  return node;
}

/* ---- codes ---- */

static const struct {
  const char *end, *prefix;
} systems[] = {{"snomed.info/sct", "SNOMEDCT"},
               {"loinc.org", "LOINC"},
               {"umls/rxnorm", "RXNORM"},
               {"sid/icd-10-cm", "ICD10CM"},
               {"sid/icd-10", "ICD10"},
               {"sid/icd-9-cm", "ICD9CM"},
               {"sid/cvx", "CVX"},
               {"sid/ndc", "NDC"},
               {"orpha.net", "ORPHA"},
               {"whocc.no/atc", "ATC"},
               {"MSH", "MESH"},
               {"urn:oid:2.16.840.1.113883.6.96", "SNOMEDCT"},
               {"urn:oid:2.16.840.1.113883.6.1", "LOINC"},
               {"urn:oid:2.16.840.1.113883.6.88", "RXNORM"},
               {"urn:oid:2.16.840.1.113883.6.90", "ICD10CM"}};

static bool ends_with(th_span s, const char *end) {
  size_t n = strlen(end);
  return s.n >= n && !memcmp(s.p + s.n - n, end, n);
}

static const char *prefix_of(th_span system) {
  for (size_t i = 0; i < TH_COUNT(systems); i++)
    if (ends_with(system, systems[i].end)) return systems[i].prefix;
  return NULL;
}

/* Its codings: those of a CodeableConcept; a CodeableReference's concept; a Coding is its own. */
static uint32_t concept_of(const th_fhir *f, uint32_t node) {
  uint32_t inner = th_fhir_get(f, node, "concept");
  return inner ? inner : node;
}

static uint32_t codings_of(const th_fhir *f, uint32_t concept) {
  uint32_t list = th_fhir_get(f, concept, "coding");
  return list && f->j->nodes[list].type == TH_JARRAY ? list : 0;
}

th_span th_fhir_code(const th_fhir *f, uint32_t concept, const char *system_end) {
  uint32_t list = codings_of(f, concept_of(f, concept));
  if (!list) return (th_span){0};
  for (th_json_each(f->j, list, at))
    if (ends_with(th_fhir_str(f, at, "system"), system_end)) return th_fhir_str(f, at, "code");
  return (th_span){0};
}

th_span th_fhir_text(const th_fhir *f, uint32_t node) {
  uint32_t concept = concept_of(f, node), list = codings_of(f, concept);
  th_span text = th_span_trim(th_fhir_str(f, concept, "text"));
  if (text.n || !list) return text.n ? text : th_fhir_str(f, concept, "display");
  for (th_json_each(f->j, list, at)) {
    text = th_span_trim(th_fhir_str(f, at, "display"));
    if (text.n) return text;
  }
  for (th_json_each(f->j, list, at)) {
    text = th_fhir_str(f, at, "code");
    if (text.n) return text;
  }
  return text;
}

th_span th_fhir_status(const th_fhir *f, uint32_t node, const char *key) {
  uint32_t at = th_fhir_get(f, node, key);
  if (!at) return (th_span){0};
  if (f->j->nodes[at].type == TH_JSTRING) return th_json_text(f->j, at);
  uint32_t list = codings_of(f, at);
  return list && f->j->nodes[list].n ? th_fhir_str(f, list + 1, "code") : (th_span){0};
}

/* The first code with a known system goes with the fact; the first that the dictionary knows gives
 * its concept. */
static void take_codes(th_fhir *f, uint32_t list, th_patient_fact *fact) {
  char text[96];
  for (th_json_each(f->j, list, at)) {
    th_span code = th_fhir_str(f, at, "code");
    const char *prefix = prefix_of(th_fhir_str(f, at, "system"));
    if (!prefix || code.n == 0 || code.n > 64) continue;
    int n = snprintf(text, sizeof text, "%s:%.*s", prefix, (int)code.n, code.p);
    th_span whole = {text, (size_t)n};
    if (fact->code.n == 0) fact->code = th_reading_text(f->r, whole);
    if (fact->concept_id == TH_NO_CONCEPT) fact->concept_id = th_terms_by_code(f->r, whole);
  }
}

bool th_fhir_concept(th_fhir *f, uint32_t node, th_patient_fact *fact) {
  if (!node) return false;
  uint32_t list = codings_of(f, concept_of(f, node));
  th_span text = th_fhir_text(f, node);
  if (text.n == 0) return false;
  if (list) take_codes(f, list, fact);
  th_terms_name(f->r, text, fact);
  fact->label = th_reading_text(f->r, fact->label);
  return true;
}

/* ---- dates ---- */

bool th_fhir_date(const th_fhir *f, uint32_t node, const char *key, th_date *out) {
  uint32_t at = th_fhir_get(f, node, key);
  if (!at) return false;
  if (f->j->nodes[at].type == TH_JSTRING) return th_patient_date(th_json_text(f->j, at), out);
  if (f->j->nodes[at].type == TH_JARRAY) /* Timing.event */
    return f->j->nodes[at].n && th_patient_date(th_json_text(f->j, at + 1), out);
  if (f->j->nodes[at].type != TH_JOBJECT) return false;
  return th_patient_date(th_fhir_str(f, at, "start"), out) || th_fhir_date(f, at, "event", out);
}

bool th_fhir_period(const th_fhir *f, uint32_t node, const char *key, th_patient_fact *fact) {
  uint32_t at = th_fhir_get(f, node, key);
  if (!at) return false;
  if (th_fhir_date(f, node, key, &fact->begin)) fact->has_begin = true;
  th_span end = th_fhir_str(f, at, "end");
  if (end.n && th_patient_date(end, &fact->end)) fact->has_end = true;
  return fact->has_begin || fact->has_end;
}
