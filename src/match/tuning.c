#include "match/tuning.h"

const th_match_tuning th_match_tuning_default = {
#define W(name, value, says) .name = value,
#include "match/tuning.def"
#undef W
};

const char *const th_match_tuning_names[] = {
#define W(name, value, says) #name,
#include "match/tuning.def"
#undef W
    NULL};

bool th_match_tuning_set(th_match_tuning *t, th_span name, float value) {
#define W(field, default_value, says)                                                              \
  if (th_span_eq(name, TH_SPAN(#field))) {                                                         \
    t->field = value;                                                                              \
    return true;                                                                                   \
  }
#include "match/tuning.def"
#undef W
  return false;
}
