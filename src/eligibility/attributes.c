#include "eligibility/attributes.h"

const th_elig_attribute th_elig_attributes[] = {
#define A(key, name, aliases, loinc, unit, units, low, high, molar, per_unit, question)            \
  {key, name, aliases, loinc, unit, units, low, high, molar, per_unit, question},
#include "eligibility/attributes.def"
#undef A
};
const uint32_t th_elig_n_attributes = TH_COUNT(th_elig_attributes);

int th_elig_attribute_find(th_span key) {
  for (uint32_t i = 0; i < th_elig_n_attributes; i++)
    if (th_span_eq(key, th_span_of(th_elig_attributes[i].key))) return (int)i;
  return -1;
}
