#include "sync/pace.h"

#include "study/date.h"

#include <curl/curl.h>
#include <stdio.h>

uint64_t th_sync_backoff_ms(unsigned base_ms, unsigned failures, uint64_t random) {
  uint64_t most = base_ms;
  for (unsigned i = 1; i < failures && most < TH_SYNC_BACKOFF_MAX_MS; i++)
    most *= 2;
  most = TH_MIN(most, (uint64_t)TH_SYNC_BACKOFF_MAX_MS);
  return most / 2 + (most ? random % (most - most / 2 + 1) : 0);
}

bool th_sync_retry_after(const char *value, int64_t now_utc, uint64_t *ms) {
  size_t digits = strspn(value, "0123456789");
  if (digits && value[digits] == 0) {
    /* More than nine digits are more than thirty years: as good as never. */
    *ms = digits > 9 ? UINT64_MAX : strtoull(value, NULL, 10) * 1000;
    return true;
  }
  time_t when = digits ? -1 : curl_getdate(value, NULL);
  if (when == -1) return false;
  *ms = when > now_utc ? (uint64_t)(when - now_utc) * 1000 : 0;
  return true;
}

static unsigned two(const char *p) {
  return (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
}

bool th_sync_timestamp_ok(th_span s) {
  static const char form[] = "dddd-dd-ddTdd:dd:dd";
  th_date date;
  if (s.n != sizeof form - 1) return false;
  for (size_t i = 0; i < s.n; i++)
    if (form[i] == 'd' ? s.p[i] < '0' || s.p[i] > '9' : s.p[i] != form[i]) return false;
  return th_date_parse((th_span){s.p, 10}, &date) && two(s.p + 11) < 24 && two(s.p + 14) < 60 &&
         two(s.p + 17) < 61;
}

void th_sync_day_before(const char *timestamp, unsigned days, char out[11]) {
  th_date date = {0};
  int year = 1;
  unsigned month = 1, day = 1;
  if (th_date_parse((th_span){timestamp, 10}, &date))
    th_date_civil(date.first_day - (int32_t)days, &year, &month, &day);
  if (year < 1) year = 1, month = 1, day = 1;
  snprintf(out, 11, "%04u-%02u-%02u", (unsigned)year % 10000, month % 100, day % 100);
}
