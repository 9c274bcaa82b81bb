/* Values as people type them into units of the index: dates in days, ages in minutes, numbers as
 * order-preserving keys, distances in kilometres. */
#include <errno.h>
#include <stdio.h>

#include "index/codec.h"
#include "query/tree.h"
#include "study/age.h"
#include "study/date.h"

bool th_decimal_parse(th_span text, double *out) {
  char digits[64], *end;
  text = th_span_trim(text);
  if (text.n == 0 || text.n >= sizeof digits) return false;
  for (size_t i = 0; i < text.n; i++) /* strtod would also take "inf", "nan" and "0x1p3" */
    if (!((text.p[i] >= '0' && text.p[i] <= '9') || strchr("+-.eE", text.p[i]))) return false;
  memcpy(digits, text.p, text.n);
  digits[text.n] = 0;
  double v = strtod(digits, &end);
  if (*end || v > 1e300 || v < -1e300) return false;
  *out = v;
  return true;
}

static bool whole_number(th_span text, int64_t *out) {
  char digits[32], *end;
  text = th_span_trim(text);
  if (text.n == 0 || text.n >= sizeof digits) return false;
  memcpy(digits, text.p, text.n);
  digits[text.n] = 0;
  errno = 0;
  long long v = strtoll(digits, &end, 10);
  if (*end || errno || !strchr("+-0123456789", digits[0])) return false;
  *out = v;
  return true;
}

bool th_distance_parse(th_span text, double plain_km, double *km) {
  static const struct {
    const char *name;
    double km;
  } units[] = {{"miles", 1.609344}, {"mile", 1.609344},  {"mi", 1.609344},
               {"km", 1.0},         {"kilometers", 1.0}, {"m", 0.001}};
  double value, unit = plain_km;
  text = th_span_trim(text);
  for (size_t i = 0; i < TH_COUNT(units); i++) {
    th_span name = th_span_of(units[i].name);
    if (text.n <= name.n) continue;
    th_span tail = {text.p + text.n - name.n, name.n};
    if (!th_span_eq_nocase(tail, name)) continue;
    unit = units[i].km;
    text.n -= name.n;
    break;
  }
  if (!th_decimal_parse(text, &value) || value < 0 || unit <= 0) return false;
  *km = value * unit;
  return true;
}

static int bad_value(const th_field *field, th_span text, const char *what, th_err *err) {
  return th_err_set(err, TH_EUSAGE, "`%.*s` is not %s (field %s)", (int)TH_MIN(text.n, 60), text.p,
                    what, field->piece);
}

static int number_value(const th_field *field, th_span text, int64_t *low, int64_t *high,
                        th_err *err) {
  double v;
  if (!th_decimal_parse(text, &v)) return bad_value(field, text, "a number", err);
  *low = *high = th_double_key(v);
  return 0;
}

/* A decimal in the area of whole numbers: 2.5 lies between 2 and 3 and equals none. */
static int int_value(const th_field *field, th_span text, int64_t *low, int64_t *high,
                     th_err *err) {
  double v;
  if (whole_number(text, low)) {
    *high = *low;
    return 0;
  }
  if (!th_decimal_parse(text, &v) || v > 9e18 || v < -9e18)
    return bad_value(field, text, "a number", err);
  int64_t down = (int64_t)v;
  if ((double)down > v) down--;
  *low = (double)down == v ? down : down + 1;
  *high = down;
  return 0;
}

static int date_value(const th_field *field, th_span text, bool whole, int64_t *low, int64_t *high,
                      th_err *err) {
  th_date date;
  if (!th_date_parse(text, &date))
    return bad_value(field, text, "a date (yyyy-MM-dd, yyyy-MM, yyyy or MM/dd/yyyy)", err);
  *low = (int64_t)date.first_day * 4 + (whole ? date.precision : 0);
  *high = (int64_t)date.last_day * 4 + 3;
  return 0;
}

static int age_value(const th_field *field, th_span text, int64_t *low, int64_t *high,
                     th_err *err) {
  th_age age;
  if (!th_age_parse(text, &age))
    return bad_value(field, text,
                     "an age such as `18 years` or `6m`: No enum constant TimeParts.Unit", err);
  *low = *high = age.minutes;
  return 0;
}

int th_value_parse(const th_field *field, th_span text, bool whole, int64_t *low, int64_t *high,
                   th_err *err) {
  text = th_span_trim(text);
  if (th_span_eq(text, TH_SPAN("MIN"))) {
    *low = *high = INT64_MIN;
    return 0;
  }
  if (th_span_eq(text, TH_SPAN("MAX"))) {
    *low = *high = INT64_MAX;
    return 0;
  }
  switch (field->type) {
  case TH_FT_INT:
    return int_value(field, text, low, high, err);
  case TH_FT_NUMBER:
    return number_value(field, text, low, high, err);
  case TH_FT_DATE:
  case TH_FT_PARTIAL_DATE:
  case TH_FT_DATETIME:
    return date_value(field, text, whole, low, high, err);
  case TH_FT_AGE:
    return age_value(field, text, low, high, err);
  default:
    return bad_value(field, text, "a value that can be compared", err);
  }
}
