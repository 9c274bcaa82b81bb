/* The weights of the ranking, by name. The defaults in tuning.def are those that `bench/match fit`
 * found on the two public collections; a caller that measures gives others. */
#ifndef TH_MATCH_TUNING_H
#define TH_MATCH_TUNING_H

#include "base/common.h"

typedef struct th_match_tuning {
#define W(name, value, says) float name;
#include "match/tuning.def"
#undef W
} th_match_tuning;

extern const th_match_tuning th_match_tuning_default;

/* Sets the weight of that name. False when there is none. */
bool th_match_tuning_set(th_match_tuning *t, th_span name, float value);
/* Names in the order of tuning.def, NULL at the end. */
extern const char *const th_match_tuning_names[];

#endif
