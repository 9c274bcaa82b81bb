#include "eligibility/attributes.h"

#include <pthread.h>

const th_elig_attribute th_elig_attributes[] = {
#define A(key, name, aliases, loinc, unit, units, low, high, question)                             \
  {key, name, aliases, loinc, unit, units, low, high, question, false, false, 0},
#define LAB(key, name, aliases, loinc, unit, units, low, high, limits)                             \
  {key,   name, aliases, loinc, unit, units, low, high, "What was your last " name "?",            \
   false, true, limits},
#define L(...) LAB(__VA_ARGS__, 0)
#define B(...) LAB(__VA_ARGS__, TH_ELIG_LIMIT_LOW | TH_ELIG_LIMIT_HIGH)
#define U(...) LAB(__VA_ARGS__, TH_ELIG_LIMIT_HIGH)
#define S(key, name, aliases, loinc, low, high)                                                    \
  {key, name, aliases, loinc, "{score}", "", low, high, "What is your " name "?", true, true, 0},
#include "eligibility/attributes.def"
#undef A
#undef LAB
#undef L
#undef B
#undef U
#undef S
};
const uint32_t th_elig_n_attributes = TH_COUNT(th_elig_attributes);

const th_elig_conversion th_elig_conversions[] = {
#define C(key, molar, valence, iu, iu_unit, source) {key, molar, valence, iu, iu_unit, source},
#include "eligibility/conversions.def"
#undef C
};
const uint32_t th_elig_n_conversions = TH_COUNT(th_elig_conversions);

int th_elig_attribute_find(th_span key) {
  for (uint32_t i = 0; key.n && i < th_elig_n_attributes; i++) {
    const char *own = th_elig_attributes[i].key;
    if (own[0] == key.p[0] && th_span_eq(key, th_span_of(own))) return (int)i;
  }
  return -1;
}

static const th_elig_conversion *conversion_of[TH_COUNT(th_elig_attributes)];
static pthread_once_t conversions_once = PTHREAD_ONCE_INIT;

static void find_conversions(void) {
  for (uint32_t i = 0; i < th_elig_n_conversions; i++) {
    int a = th_elig_attribute_find(th_span_of(th_elig_conversions[i].key));
    if (a >= 0 && !conversion_of[a]) conversion_of[a] = &th_elig_conversions[i];
  }
}

const th_elig_conversion *th_elig_conversion_of(uint32_t attribute) {
  pthread_once(&conversions_once, find_conversions);
  return attribute < th_elig_n_attributes ? conversion_of[attribute] : NULL;
}
