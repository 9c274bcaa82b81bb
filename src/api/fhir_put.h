/* Pieces of FHIR that the record of a study (R5, fhir.h) and the answers about patients (R4) share.
 */
#ifndef TH_API_FHIR_PUT_H
#define TH_API_FHIR_PUT_H

#include "base/json.h"
#include "study/age.h"

#define TH_FHIR_TERMS "http://terminology.hl7.org/CodeSystem/"

/* A value of the record and the code of FHIR for it. */
typedef struct th_fhir_coding {
  const char *value, *code;
} th_fhir_coding;

/* NULL: the table of n has none. */
const char *th_fhir_code_of(const th_fhir_coding *table, size_t n, th_span value);
/* The words of an enum's value in a field; the value itself when there are none. */
th_span th_fhir_label_of(uint16_t field, th_span value);
/* The list at the path of a record; 0 when there is none or it is empty. */
uint32_t th_fhir_list_at(const th_json *record, const char *path);
/* A CodeableConcept: the code, when there is one (system may be NULL), and the words. */
void th_fhir_put_concept(th_jout *w, const char *system, const char *code, th_span words);
/* Member `key`: an age as a Quantity; FHIR's units are those of UCUM. */
void th_fhir_put_age(th_jout *w, const char *key, const th_age *age);
/* Members `phase` and `primaryPurposeType` of a ResearchStudy, where the record has them. */
void th_fhir_put_phase(th_jout *w, const th_json *record);
void th_fhir_put_purpose(th_jout *w, const th_json *record);
/* Member `key`: the arms, as R4 (`arm`) and R5 (`comparisonGroup`) alike have them. */
void th_fhir_put_arms(th_jout *w, const th_json *record, const char *key);
/* Member `period`: from the start to the completion of the study, as far as they are known. */
void th_fhir_put_period(th_jout *w, const th_json *record);
/* Members `address` (use may be NULL) and `position` of a Location; site: its node in the record.
 */
void th_fhir_put_address(th_jout *w, const th_json *record, uint32_t site, const char *use);
void th_fhir_put_position(th_jout *w, const th_json *record, uint32_t site);
/* Member `characteristic` of a Group: ages, one sex, healthy volunteers, from the record's own
 * fields. */
void th_fhir_put_characteristics(th_jout *w, const th_json *record);

#endif
