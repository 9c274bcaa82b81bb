/* The table of what criteria measure: one row an attribute (attributes.def), and what its values
 * need to be brought to one unit (conversions.def). */
#ifndef TH_ELIGIBILITY_ATTRIBUTES_H
#define TH_ELIGIBILITY_ATTRIBUTES_H

#include "base/common.h"

enum { TH_ELIG_LIMIT_LOW = 1, TH_ELIG_LIMIT_HIGH = 2 }; /* th_elig_attribute.limits */

/* All strings are static. */
typedef struct th_elig_attribute {
  const char *key;      /* stable: creatinine, ecog, age */
  const char *name;     /* in a sentence: "serum creatinine" */
  const char *aliases;  /* other spellings, separated by '|' */
  const char *loinc;    /* NULL when there is none that is surely right */
  const char *unit;     /* canonical, UCUM */
  const char *units;    /* other usual units, UCUM, separated by '|', the likeliest first */
  double low, high;     /* plausible values in the canonical unit, both included */
  const char *question; /* to a patient */
  bool scale;           /* points or classes: numbers without a unit */
  bool measured;        /* by a laboratory, an instrument or a scale; no age, count or duration */
  uint8_t limits;       /* laboratory values: which limits of normal matter */
} th_elig_attribute;

/* The row of measures that are in none of the others: what it is stands in a fact's name. */
enum { TH_ELIG_ATTRIBUTE_OTHER = 0 };

typedef struct th_elig_conversion {
  const char *key;     /* of the attribute */
  double molar;        /* g/mol, 0 = none */
  int valence;         /* charges of one particle: equivalents to moles; 0 = none */
  double iu;           /* what one [iU] of it is … */
  const char *iu_unit; /* … in this UCUM unit; "" = none */
  const char *source;
} th_elig_conversion;

extern const th_elig_attribute th_elig_attributes[];
extern const uint32_t th_elig_n_attributes;
extern const th_elig_conversion th_elig_conversions[];
extern const uint32_t th_elig_n_conversions;

/* Index of the attribute with this key, -1 when there is none. Linear in their number. */
int th_elig_attribute_find(th_span key);
/* The row of conversions.def for an attribute, NULL when it has none. */
const th_elig_conversion *th_elig_conversion_of(uint32_t attribute);

#endif
