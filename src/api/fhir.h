/* A record as FHIR R5 resources (https://hl7.org/fhir/R5/researchstudy.html): a Bundle (collection)
 * of a ResearchStudy, the Group that it may enrol, its Organizations and its Locations. They refer
 * to each other by the addresses that the entries carry (urn:uuid:…, the same at every time).
 *
 * What the record says is written as codes where FHIR has one for it and as text where it has not;
 * markup stays as it is (markdown). Results are not part of it. */
#ifndef TH_API_FHIR_H
#define TH_API_FHIR_H

#include "base/json.h"

/* Appends the bundle. Errors show in out; a part that the record lacks is left out. */
void th_fhir_put(th_buf *out, const th_json *j, uint32_t nct);

#endif
