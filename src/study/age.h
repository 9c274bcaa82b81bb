/* Ages as the registry writes them: a whole number and a unit, "18 Years", "6 Weeks".
 *
 * They compare in minutes: 1 year = 365.25 days = 525,960 minutes, 1 month = 1/12 year = 43,830
 * minutes, so that every unit is a whole number of minutes and 12 months are exactly a year.
 *
 *   age = digits [ blanks ] unit       unit in any case, singular or plural, or short:
 *                                      year y yr, month m mo, week w wk, day d, hour h hr, minute
 * min
 */
#ifndef TH_STUDY_AGE_H
#define TH_STUDY_AGE_H

#include "base/buf.h"
#include "base/common.h"

#define TH_AGE_YEAR_MIN 525960
#define TH_AGE_MONTH_MIN 43830

typedef enum th_age_unit {
  TH_AGE_MINUTES,
  TH_AGE_HOURS,
  TH_AGE_DAYS,
  TH_AGE_WEEKS,
  TH_AGE_MONTHS,
  TH_AGE_YEARS,
} th_age_unit;

typedef struct th_age {
  int64_t minutes; /* exact */
  uint32_t amount; /* as written */
  uint8_t unit;    /* th_age_unit */
} th_age;

/* Blanks around the text are allowed. False, and *out untouched, when it is no age; "N/A" and empty
 * text are none either (th_age_is_none tells them from mistakes). Amounts up to 999,999,999. */
bool th_age_parse(th_span s, th_age *out) TH_MUST_USE;
/* Empty, "N/A", "NA" or "None", any case: the record sets no limit. */
bool th_age_is_none(th_span s);
/* "18 years", "1 month". */
void th_age_text(const th_age *age, th_buf *out);
/* Limits of age in the words of a study page; NULL = no limit: "1 month to 18 years old", "18 to 75
 * years old", "18 years old", "18 years and older", "up to 17 years old", "All ages". */
void th_age_range_text(const th_age *min, const th_age *max, th_buf *out);

#endif
