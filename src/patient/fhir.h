/* A FHIR record while it is being read. */
#ifndef TH_PATIENT_FHIR_H
#define TH_PATIENT_FHIR_H

#include "patient/internal.h"

/* Where a resource can be found: by fullUrl, by "Type/id", contained by "#id". */
typedef struct th_fhir_entry {
  th_span key;
  uint32_t node;
} th_fhir_entry;

typedef struct th_fhir {
  th_reading *r;
  const th_json *j;
  th_fhir_entry *entries; /* in arena, sorted by key */
  uint32_t n_entries, cap_entries;
  uint32_t *resources; /* nodes, in arena */
  uint32_t n_resources, cap_resources;
  th_span *places;     /* of each resource: its JSON pointer, in arena */
  uint32_t patient;    /* node, 0 = none */
  th_span patient_url; /* fullUrl of the patient's entry; empty = none */
  uint32_t resource;   /* the one being read */
  th_span place, name; /* its pointer and "Type/id", in arena */
} th_fhir;

/* One resource into facts; false when its type is none that is read. */
bool th_fhir_read_resource(th_fhir *f);
bool th_fhir_read_observation(th_fhir *f); /* observation.c; always true */

/* ---- parts of resources (fhir_parts.c) ---- */

/* The resource that a Reference points to within the record or the resource itself; 0 = none. */
uint32_t th_fhir_resolve(const th_fhir *f, uint32_t reference);
/* A fact of the resource being read, with its name and bytes. */
th_patient_fact th_fhir_fact(const th_fhir *f, th_fact_type type, th_elig_category category);
/* Label, code and concept from a CodeableConcept, a Coding or a CodeableReference; false when it
 * says nothing. */
bool th_fhir_concept(th_fhir *f, uint32_t node, th_patient_fact *fact);
/* The code of the first coding whose system ends so; empty = none. */
th_span th_fhir_code(const th_fhir *f, uint32_t concept, const char *system_end);
/* Text of a CodeableConcept: its text, else the first display, else the first code. */
th_span th_fhir_text(const th_fhir *f, uint32_t concept);
/* The first code of a CodeableConcept or the text of a code node: status codes. */
th_span th_fhir_status(const th_fhir *f, uint32_t node, const char *key);
/* A date from member `key`: a date, a dateTime, a Period (its start; end into *end) or a Timing. */
bool th_fhir_date(const th_fhir *f, uint32_t node, const char *key, th_date *out);
bool th_fhir_period(const th_fhir *f, uint32_t node, const char *key, th_patient_fact *fact);
/* Counts what could not be used of the resource being read. */
void th_fhir_skip(th_fhir *f, const char *what);

static inline uint32_t th_fhir_get(const th_fhir *f, uint32_t node, const char *key) {
  return node ? th_json_get(f->j, node, th_span_of(key)) : 0;
}
static inline th_span th_fhir_str(const th_fhir *f, uint32_t node, const char *key) {
  uint32_t at = node ? th_json_get(f->j, node, th_span_of(key)) : 0;
  return at ? th_json_text(f->j, at) : (th_span){0};
}
static inline bool th_span_is(th_span s, const char *text) {
  return th_span_eq(s, th_span_of(text));
}
/* Whether s is one of the words in the list, separated by blanks. */
bool th_span_among(th_span s, const char *words);

#endif
