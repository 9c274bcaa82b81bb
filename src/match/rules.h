/* The tables of rules.def. */
#ifndef TH_MATCH_RULES_H
#define TH_MATCH_RULES_H

#include "match/verdict.h"

/* Usual limits of normal for adults of a sex (0: not known, then the union of both, as the least
 * and the most that each limit may be). False when there are none. */
typedef struct th_limits {
  double low_least, low_most, high_least, high_most;
} th_limits;
bool th_limits_usual(uint32_t attribute, char sex, th_limits *out);

/* Whether a finding is a value of the attribute by definition. */
bool th_definition_names(uint32_t attribute, th_span label);
/* Whether there is a definition of the finding or on the attribute. */
bool th_definition_exists(uint32_t attribute, th_span label);
/* The attribute that a finding is a value of, and the values that it means for this patient. False
 * when there is no such definition. */
bool th_definition_of(const th_verdict_patient *v, th_span label, uint32_t *attribute,
                      struct th_interval *out);
/* Whether a bound asks for the end of a scale that nobody would leave unsaid. */
bool th_scale_is_extreme(uint32_t attribute, uint8_t relation);

/* What is presumed of a category in a mode: whether it is so. TH_UNKNOWN when nothing is. */
th_verdict_truth th_presumed(uint8_t category, th_verdict_presume mode);

#endif
