/* When to ask again, and from which day on: pure functions. */
#ifndef TH_SYNC_PACE_H
#define TH_SYNC_PACE_H

#include "base/common.h"

enum {
  TH_SYNC_BACKOFF_MAX_MS = 60 * 1000,
  TH_SYNC_RETRY_AFTER_MAX_MS = 10 * 60 * 1000, /* an upstream that asks for more is left alone */
};

/* Milliseconds to wait behind failure number `failures` (from 1) of the same request:
 * base_ms * 2^(failures - 1), at most TH_SYNC_BACKOFF_MAX_MS, of which the upper half is chance:
 * "equal jitter" (M. Brooker, "Exponential Backoff And Jitter", 2015). random: any number. */
uint64_t th_sync_backoff_ms(unsigned base_ms, unsigned failures, uint64_t random);

/* Reads a Retry-After: seconds, or an HTTP-date (RFC 9110, 10.2.3) against now_utc; a date gone by
 * is 0. False, and *ms untouched, for anything else. */
bool th_sync_retry_after(const char *value, int64_t now_utc, uint64_t *ms) TH_MUST_USE;

/* "2026-08-14T09:00:05", only digits where digits belong and a date of the calendar. */
bool th_sync_timestamp_ok(th_span s);
/* The day `days` before the timestamp's (which is ok), "2026-08-12". */
void th_sync_day_before(const char *timestamp, unsigned days, char out[11]);

#endif
