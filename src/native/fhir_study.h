/* A study as a FHIR R4 ResearchStudy (https://hl7.org/fhir/R4/researchstudy.html), whole in itself:
 * what it refers to (eligibility, sponsor, investigator, sites) is contained in it.
 *
 * The answers to a match are of R4 because their readers are: clinical-trial-matching-service and
 * what is built on it. The registry's own FHIR (api/fhir.h) is of R5. Codes are FHIR's where it has
 * one, words where it has not; the status of a study follows the table of that service. */
#ifndef TH_NATIVE_FHIR_STUDY_H
#define TH_NATIVE_FHIR_STUDY_H

#include "base/json.h"

/* Puts the resource, an object. Errors show in w->out; what the record lacks is left out. */
void th_fhir_study_put(th_jout *w, const th_json *record, uint32_t nct);

#endif
