/* Abbreviations that a text spells out: "chronic obstructive pulmonary disease (COPD)" and "COPD
 * (chronic obstructive pulmonary disease)", by the algorithm of Schwartz and Hearst (evidence.h).
 */
#include "concept/evidence.h"

enum { SHORT_MIN = 2, SHORT_MAX = 10, LONG_MAX = 120 };

static bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
static char lower(char c) {
  return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

/* Two to ten characters, at most two words, two capitals at least: what is written so on purpose.
 */
static bool is_short_form(th_span s) {
  size_t capitals = 0, blanks = 0;
  if (s.n < SHORT_MIN || s.n > SHORT_MAX || !is_alnum(s.p[0])) return false;
  for (size_t i = 0; i < s.n; i++) {
    capitals += s.p[i] >= 'A' && s.p[i] <= 'Z';
    blanks += s.p[i] == ' ';
    if ((unsigned char)s.p[i] >= 0x80 || s.p[i] == '=' || s.p[i] == '%') return false;
  }
  return capitals >= 2 && blanks <= 1;
}

/* From right to left each letter of the short form is looked for in the long one; the first letter
 * must begin a word. Returns where the long form begins, or -1. */
static ptrdiff_t best_start(th_span s, th_span text) {
  ptrdiff_t at = (ptrdiff_t)text.n - 1;
  for (ptrdiff_t i = (ptrdiff_t)s.n - 1; i >= 0; i--) {
    char c = lower(s.p[i]);
    if (!is_alnum(c)) continue;
    while (at >= 0 && (lower(text.p[at]) != c || (i == 0 && at > 0 && is_alnum(text.p[at - 1]))))
      at--;
    if (at < 0) return -1;
    at--;
  }
  at++;
  while (at > 0 && text.p[at - 1] != ' ')
    at--;
  return at;
}

static size_t count_words(th_span s) {
  size_t n = 0;
  for (size_t i = 0; i < s.n; i++)
    n += s.p[i] != ' ' && (i == 0 || s.p[i - 1] == ' ');
  return n;
}

/* The words in front of `end`, at most as many as a short form of n letters can stand for; they do
 * not reach over the end of a sentence. */
static th_span window(th_span text, size_t end, size_t n) {
  size_t words = TH_MIN(n + 5, n * 2), from = end;
  while (end > 0 && text.p[end - 1] == ' ')
    end--;
  from = end;
  while (from > 0 && end - from < LONG_MAX) {
    char c = text.p[from - 1];
    if (c == '\n' || c == ';' || c == ':' || c == '(' || c == ')') break;
    if (c == '.' && from < end && text.p[from] == ' ') break;
    if (c == ' ' && --words == 0) break;
    from--;
  }
  return (th_span){text.p + from, end - from};
}

static bool is_long_form(th_span s, th_span l) {
  if (l.n <= s.n || count_words(l) > TH_MIN(s.n + 5, s.n * 2) || count_words(l) < 2) return false;
  return th_span_find(l, s) < 0;
}

static int try_pair(th_span s, th_span text, th_abbreviation_fn fn, void *ctx) {
  ptrdiff_t at = best_start(s, text);
  if (at < 0) return 0;
  th_span l = th_span_trim((th_span){text.p + at, text.n - (size_t)at});
  while (l.n && !is_alnum(l.p[0]) && (unsigned char)l.p[0] < 0x80)
    l.p++, l.n--;
  return is_long_form(s, l) ? fn(ctx, s, l) : 0;
}

/* Inside of a parenthesis; what stands in front of it ends at `open`. */
static int look_at(th_span text, size_t open, size_t close, th_abbreviation_fn fn, void *ctx) {
  th_span in = {text.p + open + 1, close - open - 1};
  for (size_t i = 0; i < in.n; i++)
    if (in.p[i] == ',' || in.p[i] == ';') in.n = i;
  in = th_span_trim(in);
  if (is_short_form(in)) return try_pair(in, window(text, open, in.n), fn, ctx);
  if (in.n <= SHORT_MAX || in.n > LONG_MAX) return 0;
  size_t end = open;
  while (end > 0 && text.p[end - 1] == ' ')
    end--;
  size_t from = end;
  while (from > 0 && text.p[from - 1] != ' ' && text.p[from - 1] != '\n' && end - from <= SHORT_MAX)
    from--;
  th_span s = {text.p + from, end - from};
  return is_short_form(s) && lower(s.p[0]) == lower(in.p[0]) ? try_pair(s, in, fn, ctx) : 0;
}

int th_abbreviations_each(th_span text, th_abbreviation_fn fn, void *ctx) {
  int rc = 0;
  for (size_t at = 0; !rc && at < text.n;) {
    const char *p = memchr(text.p + at, '(', text.n - at);
    if (!p) break;
    size_t open = (size_t)(p - text.p), most = TH_MIN(text.n - open - 1, (size_t)LONG_MAX + 1);
    const char *q = memchr(p + 1, ')', most);
    if (q) rc = look_at(text, open, (size_t)(q - text.p), fn, ctx);
    at = open + 1;
  }
  return rc;
}
