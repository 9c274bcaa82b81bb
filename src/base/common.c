#define _GNU_SOURCE
#include "base/common.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>
#include <sys/mman.h>

bool th_span_eq_nocase(th_span a, th_span b) {
  if (a.n != b.n) return false;
  if (a.n == 0) return true;
  return ((a.p[0] ^ b.p[0]) & ~0x20) == 0 && strncasecmp(a.p, b.p, a.n) == 0;
}

bool th_span_starts(th_span s, th_span prefix) {
  return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

th_span th_span_trim(th_span s) {
  while (s.n && is_blank(s.p[0]))
    s.p++, s.n--;
  while (s.n && is_blank(s.p[s.n - 1]))
    s.n--;
  return s;
}

ptrdiff_t th_span_find(th_span s, th_span needle) {
  if (needle.n == 0) return 0;
  if (s.n < needle.n) return -1;
  const char *at = memmem(s.p, s.n, needle.p, needle.n);
  return at ? at - s.p : -1;
}

/* Cuts a UTF-8 sequence that the end of the buffer broke. */
static void trim_broken_tail(char *s) {
  size_t n = strlen(s), back = 0;
  while (back < 4 && back < n && ((unsigned char)s[n - 1 - back] & 0xC0) == 0x80)
    back++;
  if (back == n) return;
  unsigned char lead = (unsigned char)s[n - 1 - back];
  size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  if (need != back + 1) s[n - 1 - back] = 0;
}

static int set_v(th_err *err, int code, const char *fmt, va_list ap, const char *tail) {
  if (!err || err->code) return code;
  err->code = code;
  int n = vsnprintf(err->message, sizeof err->message, fmt, ap);
  size_t used = n < 0 ? 0 : (size_t)n;
  if (tail && used < sizeof err->message - 1)
    n = snprintf(err->message + used, sizeof err->message - used, ": %s", tail);
  if (used >= sizeof err->message - 1) trim_broken_tail(err->message);
  return code;
}

int th_err_set(th_err *err, int code, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  set_v(err, code, fmt, ap, NULL);
  va_end(ap);
  return code;
}

int th_err_sys(th_err *err, const char *fmt, ...) {
  int number = errno, code = number == ENOMEM ? TH_ENOMEM : TH_EIO;
  char text[96];
  va_list ap;
  va_start(ap, fmt);
  set_v(err, code, fmt, ap, strerror_r(number, text, sizeof text));
  va_end(ap);
  return code;
}

void th_err_at(th_err *err, int64_t offset, int64_t line) {
  if (!err || !err->code || err->has_offset) return;
  err->offset = offset;
  err->has_offset = true;
  err->line = line;
}

void th_err_clear(th_err *err) {
  if (err) *err = (th_err){0};
}

const char *th_code_text(int code) {
  static const char *const text[] = {"done",        "out of memory", "system error",
                                     "bad input",   "corrupt file",  "limit passed",
                                     "wrong usage", "not found",     "in use"};
  int i = -code;
  return i >= 0 && i < (int)TH_COUNT(text) ? text[i] : "unknown error";
}

void *th_large_alloc(size_t n) {
  const size_t page = (size_t)2 << 20;
  if (n < page) return malloc(n ? n : 1);
  if (n > SIZE_MAX - page) return NULL;
  n = (n + page - 1) / page * page;
  void *p = aligned_alloc(page, n);
  if (p) madvise(p, n, MADV_HUGEPAGE); /* only an advice: a system without them refuses it */
  return p;
}
