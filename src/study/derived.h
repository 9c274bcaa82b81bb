/* The indexed-only fields of the catalogue: in no record, but counted or computed from it. */
#ifndef TH_STUDY_DERIVED_H
#define TH_STUDY_DERIVED_H

#include "study/catalogue.h"

/* The field that holds how many elements a list field has: its Num… field. A list of structs that
 * has none is its own counter. TH_F_NONE when `list` is no list. */
uint16_t th_derived_count_field(uint16_t list);
/* The field that holds the year of a date field (LastUpdatePostDate: LastUpdatePostYear);
 * TH_F_NONE when there is none. */
uint16_t th_derived_year_field(uint16_t date);

/* A field that is the sum of counts. */
typedef struct th_derived_sum {
  uint16_t sum;
  uint16_t parts[3]; /* counting fields; TH_F_NONE behind the last */
} th_derived_sum;
extern const th_derived_sum th_derived_sums[];
extern const unsigned th_n_derived_sums;

/* The two letters of ISO 3166-1 of a country as records name it; empty when it is not known. */
th_span th_country_code(th_span name);

#endif
