/* Dates of a record: often only a month or a year is known, so a date is a span of days.
 *
 * Days count from 1970-01-01 in the Gregorian calendar, also before its introduction. Years 1 to
 * 9999. Text is accepted whole, without blanks around it:
 *
 *   date    = year [ "-" month [ "-" day [ "T" hour ":" minute ] ] ]   two digits each, year four
 *           | month "/" day "/" year                                    one or two digits
 *           | name [ " " day [ "," ] ] " " year                         "January 5, 2004", any
 * case, or its first three letters
 */
#ifndef TH_STUDY_DATE_H
#define TH_STUDY_DATE_H

#include "base/buf.h"
#include "base/common.h"

typedef enum th_date_precision {
  TH_DATE_YEAR,
  TH_DATE_MONTH,
  TH_DATE_DAY,
  TH_DATE_MINUTE,
} th_date_precision;

typedef struct th_date {
  int32_t first_day, last_day; /* inclusive; equal from TH_DATE_DAY on */
  uint16_t minute;             /* of the day, with TH_DATE_MINUTE, else 0 */
  uint8_t precision;           /* th_date_precision */
} th_date;

/* False, and *out untouched, when the text is no date of the calendar. */
bool th_date_parse(th_span s, th_date *out) TH_MUST_USE;
/* As precise as the date is: "2004-01", "2004-01-05", "2004-01-05T13:45". */
void th_date_iso(const th_date *d, th_buf *out);
/* "2004", "January 2004", "January 5, 2004", "January 5, 2004, 13:45". */
void th_date_english(const th_date *d, th_buf *out);

/* The proleptic Gregorian calendar, by the method of Howard Hinnant ("chrono-compatible low-level
 * date algorithms"). month 1 to 12, day 1 to 31. */
int32_t th_date_days(int year, unsigned month, unsigned day);
void th_date_civil(int32_t days, int *year, unsigned *month, unsigned *day);
/* Whole years between two days, as ages are counted: 29 February completes its year on 1 March. */
int th_date_years_between(int32_t from, int32_t to);

#endif
