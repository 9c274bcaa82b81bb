/* Made-up patients, for trying cohorts and matching without anybody's data.
 *
 * Ages, sexes, illnesses with what goes with them, drugs, laboratory values, operations: plausible,
 * and of nobody. Each says so: "madeUp" and an id of a form; in FHIR the tag HTEST, the name and
 * the ids. Patient `index` of a seed is always the same bytes, on every machine. */
#ifndef TH_DEMO_PATIENT_H
#define TH_DEMO_PATIENT_H

#include "base/buf.h"
#include "base/common.h"

#define TH_DEMO_MOST_PATIENTS 9999999u

/* Appends patient index (from 0, below TH_DEMO_MOST_PATIENTS) without a line end: a form
 * (docs/formats/patient.md) or a FHIR R4 Bundle. Days are up to 1 June 2026. What can go wrong is
 * memory: see out->error. Any number of threads. */
void th_demo_patient(uint64_t seed, uint32_t index, bool fhir, th_buf *out);

#endif
