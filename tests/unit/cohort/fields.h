/* Ages and sex of a study's record. */
#ifndef TH_TEST_COHORT_FIELDS_H
#define TH_TEST_COHORT_FIELDS_H

#include "base/json.h"
#include "match/verdict.h"

static th_verdict_study fields_of(const th_json *j) {
  th_verdict_study s = {0};
  uint32_t m = th_json_path(j, 0, "protocolSection.eligibilityModule");
  th_span sex = th_json_path_text(j, m, "sex");
  s.has_min = th_age_parse(th_json_path_text(j, m, "minimumAge"), &s.min);
  s.has_max = th_age_parse(th_json_path_text(j, m, "maximumAge"), &s.max);
  s.sex = th_span_eq(sex, TH_SPAN("MALE")) ? 'M' : th_span_eq(sex, TH_SPAN("FEMALE")) ? 'F' : 0;
  return s;
}

#endif
