/* Search by what criteria say of a value: "creatinine", "1.8 mg/dL". */
#ifndef TH_CRITERIA_ACCEPTS_H
#define TH_CRITERIA_ACCEPTS_H

#include "query/search.h"

/* The attribute of a name as a person types it: its key, its name or one of its other spellings, in
 * any case; -1 when there is none. */
int th_criteria_attribute(th_span name);
/* A value with its unit ("1.8 mg/dL", "160 umol/L", "0.5", "6 months") in the attribute's canonical
 * unit. Without a unit: years for an age, points for a scale, else the attribute's own unit when
 * the number is plausible in it, or the only other usual one in which it is. Error: TH_EUSAGE with
 * a sentence. */
int th_criteria_value(uint32_t attribute, th_span text, double *out, th_err *err) TH_MUST_USE;

/* th_accepts_fn of query/search.h. An age also asks the record's own limits of age. */
int th_criteria_accepts(th_query **out, th_arena *arena, th_span name, th_span value,
                        th_err *err) TH_MUST_USE;
/* The same for "creatinine=1.8 mg/dL". */
int th_criteria_accepts_pair(th_query **out, th_arena *arena, th_span pair,
                             th_err *err) TH_MUST_USE;

#endif
