#include "ingest/scan.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

void th_scan_block_plain(const char *p, th_scan_masks *out) {
  *out = (th_scan_masks){0};
  for (int i = 0; i < 64; i++) {
    uint64_t bit = (uint64_t)1 << i;
    switch (p[i]) {
    case '"':
      out->quote |= bit;
      break;
    case '\\':
      out->backslash |= bit;
      break;
    case '{':
      out->brace |= bit; /* fall through */
    case '[':
      out->open |= bit;
      break;
    case '}':
    case ']':
      out->close |= bit;
      break;
    case '\n':
      out->newline |= bit;
      break;
    }
  }
}

#ifdef __SSE2__
static inline uint64_t equal16(__m128i v, char c) {
  return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(c)));
}

/* '{' and '[' differ in bit 0x20 alone, as do '}' and ']'. */
void th_scan_block(const char *p, th_scan_masks *out) {
  th_scan_masks m = {0};
  const __m128i fold = _mm_set1_epi8(0x20);
  for (int i = 0; i < 64; i += 16) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
    __m128i folded = _mm_or_si128(v, fold);
    m.quote |= equal16(v, '"') << i;
    m.backslash |= equal16(v, '\\') << i;
    m.brace |= equal16(v, '{') << i;
    m.open |= equal16(folded, '{') << i;
    m.close |= equal16(folded, '}') << i;
    m.newline |= equal16(v, '\n') << i;
  }
  *out = m;
}
#else
void th_scan_block(const char *p, th_scan_masks *out) {
  th_scan_block_plain(p, out);
}
#endif

void th_scan_begin(th_scan *s, int64_t depth, bool by_lines) {
  *s = (th_scan){.depth = depth, .deepest = depth, .by_lines = by_lines};
}

/* Bytes behind an odd run of backslashes. */
static uint64_t escaped_bytes(uint64_t backslash, uint64_t *carry) {
  const uint64_t even = 0x5555555555555555u;
  if (!backslash) {
    uint64_t r = *carry;
    *carry = 0;
    return r;
  }
  backslash &= ~*carry;
  uint64_t follows = backslash << 1 | *carry, sum;
  uint64_t odd_starts = backslash & ~even & ~follows;
  *carry = __builtin_add_overflow(odd_starts, backslash, &sum);
  return (even ^ (sum << 1)) & follows;
}

static uint64_t prefix_xor(uint64_t v) {
  for (int shift = 1; shift < 64; shift *= 2)
    v ^= v << shift;
  return v;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool th_scan_is_study(const char *p, size_t i, size_t n) {
  static const char key[] = "\"protocolSection\"";
  size_t at = i + 1, stop = TH_MIN(n, i + 1 + 128);
  while (at < stop && is_blank(p[at]))
    at++;
  return n - at >= sizeof key - 1 && memcmp(p + at, key, sizeof key - 1) == 0;
}

/* The last byte before p[i] that is not blank; 0 when none stands near. */
static char before(const char *p, size_t i) {
  size_t stop = i > 192 ? i - 192 : 0;
  while (i > stop)
    if (!is_blank(p[--i])) return p[i];
  return 0;
}

/* Whether the brace at p[i], met inside a record, begins another. A study as the value of a member
 * is none, unless it starts a line: raw text {"protocolSection" cannot stand inside a JSON string.
 * At the start of a line any brace does where JSON would not allow one. */
static bool begins_record(const th_scan *s, const char *p, size_t i, size_t n, bool line_start) {
  char next = i + 1 < n ? p[i + 1] : 0;
  if ((next == '"' || is_blank(next)) && th_scan_is_study(p, i, n))
    return line_start || before(p, i) != ':';
  if (!line_start || !s->by_lines) return false;
  char c = before(p, i);
  return c != ':' && c != ',' && c != '[';
}

/* First bit at which the depth comes to 0, 64 when it does not; depth is brought up to date. */
static unsigned closing_bit(th_scan *s, uint64_t open, uint64_t close) {
  if (!(open | close)) return 64;
  int64_t up = __builtin_popcountll(open), down = __builtin_popcountll(close);
  if (down < s->depth) {
    s->depth += up - down;
    return 64;
  }
  for (uint64_t both = open | close; both; both &= both - 1) {
    s->depth += open & both & (~both + 1) ? 1 : -1;
    if (s->depth == 0) return (unsigned)__builtin_ctzll(both);
  }
  return 64;
}

static uint64_t below(unsigned bit) {
  return bit >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << bit) - 1;
}

/* First brace below `stop` that begins another record, else 64. */
static unsigned starting_bit(const th_scan *s, const char *p, size_t at, size_t n, uint64_t brace,
                             uint64_t line_starts) {
  for (; brace; brace &= brace - 1) {
    unsigned bit = (unsigned)__builtin_ctzll(brace);
    if (begins_record(s, p, at + bit, n, line_starts >> bit & 1)) return bit;
  }
  return 64;
}

/* One block at p[at]; its bytes are at `bytes` (which is p + at, or a padded copy). *bit: where
 * the event is. */
static th_scan_what scan_block(th_scan *s, const char *bytes, const char *p, size_t at, size_t n,
                               unsigned *bit) {
  th_scan_masks m;
  th_scan_block(bytes, &m);
  uint64_t quotes = m.quote & ~escaped_bytes(m.backslash, &s->escape);
  uint64_t inside = prefix_xor(quotes) ^ s->in_string;
  uint64_t line_starts = m.newline << 1 | (s->line_start ? 1 : 0);
  uint64_t bad = m.newline & inside;
  unsigned newline_at = bad ? (unsigned)__builtin_ctzll(bad) : 64;
  unsigned end_at = closing_bit(s, m.open & ~inside, m.close & ~inside);
  unsigned stop = TH_MIN(newline_at, end_at);
  unsigned start_at = m.brace ? starting_bit(s, p, at, n, m.brace & below(stop), line_starts) : 64;
  *bit = TH_MIN(stop, start_at);
  if (m.newline) s->newlines += __builtin_popcountll(m.newline & below(*bit));
  s->in_string = (uint64_t)((int64_t)inside >> 63);
  s->line_start = m.newline >> 63;
  if (s->depth > s->deepest) s->deepest = s->depth;
  if (*bit == 64) return TH_SCAN_MORE;
  if (start_at < stop) return TH_SCAN_START;
  return newline_at < end_at ? TH_SCAN_NEWLINE : TH_SCAN_END;
}

th_scan_what th_scan_run(th_scan *s, const char *p, size_t *at, size_t n, bool ended) {
  while (*at < n) {
    char tail[64];
    const char *bytes = p + *at;
    size_t left = n - *at;
    if (!ended && left < 64 + TH_SCAN_AHEAD) return TH_SCAN_MORE;
    if (left < 64) {
      memset(tail, ' ', sizeof tail);
      memcpy(tail, bytes, left);
      bytes = tail;
    }
    unsigned bit;
    th_scan_what what = scan_block(s, bytes, p, *at, n, &bit);
    *at += TH_MIN((size_t)bit, left);
    if (what == TH_SCAN_END) ++*at;
    if (what != TH_SCAN_MORE) return what;
  }
  return TH_SCAN_MORE;
}
