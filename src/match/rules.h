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

/* What is presumed of a category in a mode: whether it is so. TH_UNKNOWN when nothing is. */
th_verdict_truth th_presumed(uint8_t category, th_verdict_presume mode);

#endif
