#include "ingest/sniff.h"

#include "ingest/source.h"

static bool begins(th_span s, const char *magic, size_t n) {
  return s.n >= n && memcmp(s.p, magic, n) == 0;
}

static bool is_zstd(th_span s) {
  if (begins(s, "\x28\xB5\x2F\xFD", 4)) return true;
  return s.n >= 4 && ((unsigned char)s.p[0] & 0xF0) == 0x50 &&
         memcmp(s.p + 1, "\x2A\x4D\x18", 3) == 0;
}

static bool is_zip(th_span s) {
  return begins(s, "PK\3\4", 4) || begins(s, "PK\5\6", 4) || begins(s, "PK\7\10PK\3\4", 8);
}

/* With a mark, or by the zero bytes beside the first "<" or bracket. */
static th_format wide(th_span s) {
  bool big = begins(s, "\xFE\xFF", 2), little = begins(s, "\xFF\xFE", 2);
  if (big || little) {
    char c = s.n >= 4 ? s.p[big ? 3 : 2] : 0;
    return c == '<' ? TH_FORMAT_XML_WIDE : TH_FORMAT_UTF16;
  }
  if (begins(s, "<\0", 2) || begins(s, "\0<", 2)) return TH_FORMAT_XML_WIDE;
  if (begins(s, "{\0", 2) || begins(s, "\0{", 2) || begins(s, "[\0", 2) || begins(s, "\0[", 2))
    return TH_FORMAT_UTF16;
  return TH_FORMAT_UNKNOWN;
}

/* NDJSON whose first line is broken: a later line begins with a brace, and there is no zero byte.
 */
static bool has_json_line(th_span s) {
  if (memchr(s.p, 0, s.n)) return false;
  return th_span_find(s, TH_SPAN("\n{")) >= 0;
}

th_format th_sniff(th_span s) {
  if (begins(s, "\x1F\x8B", 2)) return TH_FORMAT_GZIP;
  if (is_zstd(s)) return TH_FORMAT_ZSTD;
  if (is_zip(s)) return TH_FORMAT_ZIP;
  th_format f = wide(s);
  if (f != TH_FORMAT_UNKNOWN) return f;
  if (begins(s, "\xEF\xBB\xBF", 3)) s.p += 3, s.n -= 3;
  size_t i = 0;
  while (i < s.n && (s.p[i] == ' ' || (s.p[i] >= '\t' && s.p[i] <= '\r') || s.p[i] == '\x1E'))
    i++;
  if (i == s.n) return s.n < 65000 ? TH_FORMAT_EMPTY : TH_FORMAT_JSON;
  if (s.p[i] == '{' || s.p[i] == '[') return TH_FORMAT_JSON;
  if (s.p[i] == '<') return TH_FORMAT_XML;
  return has_json_line(s) ? TH_FORMAT_JSON : TH_FORMAT_UNKNOWN;
}

/* ---- the NCT number of a record that may be broken ---- */

static bool take_id(const char *p, const char *end, char out[16]) {
  if (end - p < 11 || memcmp(p, "NCT", 3) != 0) return false;
  for (int i = 3; i < 11; i++)
    if (p[i] < '0' || p[i] > '9') return false;
  memcpy(out, p, 11);
  out[11] = 0;
  return true;
}

static const char *pass(const char *p, const char *end, const char *what) {
  while (p < end && *p && strchr(what, *p))
    p++;
  return p;
}

/* The number behind the first `key` that has one; between them only the bytes of `between`. */
static bool find_id(th_span s, th_span key, const char *between, char out[16]) {
  const char *end = s.p + s.n;
  for (;;) {
    ptrdiff_t at = th_span_find(s, key);
    if (at < 0) return false;
    s.p += at + (ptrdiff_t)key.n;
    s.n = (size_t)(end - s.p);
    if (take_id(pass(s.p, end, between), end, out)) return true;
  }
}

void th_record_guess_id(th_span s, char out[16]) {
  out[0] = 0;
  if (s.n > (size_t)256 << 10) s.n = (size_t)256 << 10;
  if (s.n == 0) return;
  if (!find_id(s, TH_SPAN("\"nctId\""), " \t\r\n:\"", out))
    (void)find_id(s, TH_SPAN("<nct_id>"), " \t\r\n", out);
}
