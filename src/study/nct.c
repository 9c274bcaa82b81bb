#include "study/nct.h"

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
static bool is_word(char c) {
  return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'z') || (unsigned char)c >= 0x80;
}

static bool has_prefix(th_span s) {
  return s.n >= 3 && (s.p[0] | 32) == 'n' && (s.p[1] | 32) == 'c' && (s.p[2] | 32) == 't';
}

/* Zeros in front may be many; what follows them has at most eight digits. */
static bool read_digits(const char *p, size_t n, uint32_t *out) {
  uint32_t v = 0;
  while (n && *p == '0')
    p++, n--;
  if (n == 0 || n > 8) return false;
  for (size_t i = 0; i < n; i++) {
    if (!is_digit(p[i])) return false;
    v = v * 10 + (uint32_t)(p[i] - '0');
  }
  *out = v;
  return true;
}

bool th_nct_parse(th_span s, uint32_t *out) {
  return has_prefix(s) && read_digits(s.p + 3, s.n - 3, out);
}

char *th_nct_format(uint32_t nct, char out[TH_NCT_LEN + 1]) {
  memcpy(out, "NCT", 3);
  for (int i = TH_NCT_LEN - 1; i >= 3; i--, nct /= 10)
    out[i] = (char)('0' + nct % 10);
  out[TH_NCT_LEN] = 0;
  return out;
}

/* Length of what people put between "NCT" and the digits: a few blanks, one sign. */
static size_t gap(const char *p, size_t n) {
  size_t i = 0;
  while (i < n && i < 4 && memchr(" \t-#:_", p[i], 6))
    i++;
  return i;
}

bool th_nct_find(th_span text, size_t from, th_span *match, uint32_t *nct) {
  for (size_t at = from; at + 4 <= text.n; at++) {
    if ((text.p[at] | 32) != 'n' || (at > 0 && is_word(text.p[at - 1]))) continue;
    th_span s = {text.p + at, text.n - at};
    if (!has_prefix(s)) continue;
    size_t digits = 3 + gap(s.p + 3, s.n - 3), end = digits;
    while (end < s.n && is_digit(s.p[end]) && end - digits < 10)
      end++;
    if (end - digits > 9 || (end < s.n && is_word(s.p[end]))) continue;
    if (!read_digits(s.p + digits, end - digits, nct)) continue;
    *match = (th_span){s.p, end};
    return true;
  }
  return false;
}
