/* Patients' records in all three forms: the first byte says which ('F' FHIR, 'J' the JSON form, 'N'
 * a note, else by content), the rest is the record. */
#include "patient/patient.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static th_patient_form form_of(uint8_t c) {
  return c == 'F'   ? TH_PATIENT_FHIR
         : c == 'J' ? TH_PATIENT_JSON
         : c == 'N' ? TH_PATIENT_NOTE
                    : TH_PATIENT_AUTO;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  th_patient p;
  th_buf out;
  th_jout w;
  th_err err = {0};
  if (len == 0) return 0;
  th_patient_options options = {
      .form = form_of(data[0]), .has_as_of = true, .as_of = 20000, .memory_max = 64 << 20};
  int rc = th_patient_read(&p, (th_span){(const char *)data + 1, len - 1}, &options, &err);
  if (rc < 0 && !err.message[0]) abort();
  th_buf_init(&out, 0);
  for (uint32_t i = 0; rc == 0 && i < p.n_facts; i++) {
    if (p.facts[i].from > p.facts[i].to || p.facts[i].to > p.source.n) abort();
    th_patient_fact_words(&p, &p.facts[i], &out);
  }
  th_jout_init(&w, &out, false);
  if (rc == 0) th_patient_json(&p, &w);
  th_patient_dispose(&p);
  th_buf_dispose(&out);
  return 0;
}
