#include "study/date.h"

static const char *const month_names[] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};

/* ---- the calendar ---- */

int32_t th_date_days(int year, unsigned month, unsigned day) {
  int y = year - (month <= 2);
  int era = (y >= 0 ? y : y - 399) / 400;
  unsigned yoe = (unsigned)(y - era * 400);
  unsigned doy = (153 * (month + (month > 2 ? -3u : 9u)) + 2) / 5 + day - 1;
  unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + (int32_t)doe - 719468;
}

void th_date_civil(int32_t days, int *year, unsigned *month, unsigned *day) {
  int64_t z = (int64_t)days + 719468;
  int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  unsigned doe = (unsigned)(z - era * 146097);
  unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  unsigned mp = (5 * doy + 2) / 153;
  *day = doy - (153 * mp + 2) / 5 + 1;
  *month = mp < 10 ? mp + 3 : mp - 9;
  *year = (int)((int64_t)yoe + era * 400) + (*month <= 2);
}

int th_date_years_between(int32_t from, int32_t to) {
  int y0, y1;
  unsigned m0, d0, m1, d1;
  th_date_civil(from, &y0, &m0, &d0);
  th_date_civil(to, &y1, &m1, &d1);
  return y1 - y0 - (m1 < m0 || (m1 == m0 && d1 < d0));
}

static unsigned month_days(int year, unsigned month) {
  static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return days[month - 1] + (month == 2 && leap);
}

/* ---- reading ---- */

typedef struct reader {
  const char *p, *end;
} reader;

static bool take_char(reader *r, char c) {
  return r->p < r->end && *r->p == c ? (r->p++, true) : false;
}

/* Between min and max digits. */
static bool take_number(reader *r, int min, int max, unsigned *out) {
  unsigned v = 0;
  int n = 0;
  while (n < max && r->p < r->end && *r->p >= '0' && *r->p <= '9') {
    v = v * 10 + (unsigned)(*r->p++ - '0');
    n++;
  }
  *out = v;
  return n >= min;
}

static bool take_month_name(reader *r, unsigned *month) {
  const char *from = r->p;
  while (r->p < r->end && (*r->p | 32) >= 'a' && (*r->p | 32) <= 'z')
    r->p++;
  th_span word = {from, (size_t)(r->p - from)};
  for (*month = 1; *month <= 12; ++*month) {
    th_span name = th_span_of(month_names[*month - 1]), first = {name.p, 3};
    if (th_span_eq_nocase(word, name) || th_span_eq_nocase(word, first)) return true;
  }
  return false;
}

/* What was read, before the calendar has its say. */
typedef struct parts {
  unsigned year, month, day, hour, minute;
  th_date_precision precision;
} parts;

static bool read_iso(reader r, parts *d) {
  d->precision = TH_DATE_YEAR;
  if (!take_number(&r, 4, 4, &d->year)) return false;
  if (take_char(&r, '-')) {
    d->precision = TH_DATE_MONTH;
    if (!take_number(&r, 2, 2, &d->month)) return false;
    if (take_char(&r, '-')) {
      d->precision = TH_DATE_DAY;
      if (!take_number(&r, 2, 2, &d->day)) return false;
      if (take_char(&r, 'T')) {
        d->precision = TH_DATE_MINUTE;
        if (!take_number(&r, 2, 2, &d->hour) || !take_char(&r, ':') ||
            !take_number(&r, 2, 2, &d->minute))
          return false;
      }
    }
  }
  return r.p == r.end;
}

static bool read_slashes(reader r, parts *d) {
  d->precision = TH_DATE_DAY;
  return take_number(&r, 1, 2, &d->month) && take_char(&r, '/') && take_number(&r, 1, 2, &d->day) &&
         take_char(&r, '/') && take_number(&r, 4, 4, &d->year) && r.p == r.end;
}

static bool read_words(reader r, parts *d) {
  d->precision = TH_DATE_MONTH;
  if (!take_month_name(&r, &d->month) || !take_char(&r, ' ')) return false;
  reader before = r;
  if (take_number(&r, 4, 4, &d->year) && r.p == r.end) return true;
  r = before;
  d->precision = TH_DATE_DAY;
  if (!take_number(&r, 1, 2, &d->day)) return false;
  (void)take_char(&r, ',');
  return take_char(&r, ' ') && take_number(&r, 4, 4, &d->year) && r.p == r.end;
}

static bool in_calendar(const parts *d) {
  if (d->year < 1 || d->year > 9999) return false;
  if (d->precision >= TH_DATE_MONTH && (d->month < 1 || d->month > 12)) return false;
  if (d->precision >= TH_DATE_DAY && (d->day < 1 || d->day > month_days((int)d->year, d->month)))
    return false;
  return d->hour < 24 && d->minute < 60;
}

bool th_date_parse(th_span s, th_date *out) {
  parts d = {0};
  reader r = {s.p, s.p + s.n};
  if (s.n < 4 || s.n > 24) return false;
  if (!read_iso(r, &d)) {
    d = (parts){0};
    if (!read_slashes(r, &d)) {
      d = (parts){0};
      if (!read_words(r, &d)) return false;
    }
  }
  if (!in_calendar(&d)) return false;
  int year = (int)d.year;
  unsigned last_month = d.precision == TH_DATE_YEAR ? 12 : d.month;
  unsigned last_day = d.precision <= TH_DATE_MONTH ? month_days(year, last_month) : d.day;
  out->first_day = th_date_days(year, d.month ? d.month : 1, d.day ? d.day : 1);
  out->last_day = th_date_days(year, last_month, last_day);
  out->minute = (uint16_t)(d.hour * 60 + d.minute);
  out->precision = (uint8_t)d.precision;
  return true;
}

/* ---- writing ---- */

void th_date_iso(const th_date *date, th_buf *out) {
  int y;
  unsigned m, d;
  th_date_civil(date->first_day, &y, &m, &d);
  th_buf_printf(out, "%04d", y);
  if (date->precision >= TH_DATE_MONTH) th_buf_printf(out, "-%02u", m);
  if (date->precision >= TH_DATE_DAY) th_buf_printf(out, "-%02u", d);
  if (date->precision >= TH_DATE_MINUTE)
    th_buf_printf(out, "T%02u:%02u", date->minute / 60u, date->minute % 60u);
}

void th_date_english(const th_date *date, th_buf *out) {
  int y;
  unsigned m, d;
  th_date_civil(date->first_day, &y, &m, &d);
  if (date->precision >= TH_DATE_MONTH) th_buf_printf(out, "%s ", month_names[m - 1]);
  if (date->precision >= TH_DATE_DAY) th_buf_printf(out, "%u, ", d);
  th_buf_printf(out, "%d", y);
  if (date->precision >= TH_DATE_MINUTE)
    th_buf_printf(out, ", %02u:%02u", date->minute / 60u, date->minute % 60u);
}
