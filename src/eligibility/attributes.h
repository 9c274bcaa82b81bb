/* The table of what criteria measure: one row an attribute (attributes.def). */
#ifndef TH_ELIGIBILITY_ATTRIBUTES_H
#define TH_ELIGIBILITY_ATTRIBUTES_H

#include "base/common.h"

/* All strings are static. */
typedef struct th_elig_attribute {
  const char *key;      /* stable: creatinine, ecog, age */
  const char *name;     /* in a sentence: "serum creatinine" */
  const char *aliases;  /* other spellings, separated by '|', lower case */
  const char *loinc;    /* NULL when there is none that is surely right */
  const char *unit;     /* canonical, UCUM */
  const char *units;    /* other usual units, UCUM, separated by '|', the likeliest first */
  double low, high;     /* plausible values in the canonical unit, both included */
  double molar;         /* g/mol of the analyte, 0 when unknown: mass to amount of substance */
  double per_unit;      /* amount in the canonical unit that one [iU] in its place is; 0 = none */
  const char *question; /* to a patient */
} th_elig_attribute;

extern const th_elig_attribute th_elig_attributes[];
extern const uint32_t th_elig_n_attributes;

/* Index of the attribute with this key, -1 when there is none. */
int th_elig_attribute_find(th_span key);

#endif
