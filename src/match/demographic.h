/* Age and sex as notes write them: "45-year-old man", "48 M", "67F", "a 6-month-old girl", "in her
 * 60s", "aged 30"; without a word for it, the first he or she. Until the note is read into facts
 * (patient/patient.h), this is what ranking knows of a patient's age. */
#ifndef TH_MATCH_DEMOGRAPHIC_H
#define TH_MATCH_DEMOGRAPHIC_H

#include "base/common.h"

typedef struct th_demographic {
  char sex;         /* 'F', 'M', 0 = not said */
  double low, high; /* years, [low, high); NAN = not said */
} th_demographic;

void th_demographic_read(th_demographic *out, th_span note);

#endif
