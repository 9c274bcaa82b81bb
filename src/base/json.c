#include "base/json.h"

#include <math.h>
#include <stdio.h>

uint32_t th_json_get(const th_json *j, uint32_t i, th_span key) {
  uint32_t found = 0;
  if (j->nodes[i].type != TH_JOBJECT) return 0;
  for (th_json_members(j, i, k))
    if (th_span_eq(th_json_text(j, k), key)) found = k + 1;
  return found;
}

uint32_t th_json_path(const th_json *j, uint32_t i, const char *path) {
  while (*path) {
    size_t n = strcspn(path, ".");
    i = th_json_get(j, i, (th_span){path, n});
    if (!i) return 0;
    path += n;
    if (*path == '.') path++;
  }
  return i;
}

th_span th_json_path_text(const th_json *j, uint32_t i, const char *path) {
  uint32_t at = th_json_path(j, i, path);
  return at ? th_json_text(j, at) : (th_span){0};
}

/* The members in another order. A key that stands twice has no one value: then they are not the
 * same, and so each value is looked at once. */
static bool same_unordered(const th_json *a, uint32_t x, const th_json *b, uint32_t y) {
  if (a->nodes[x].n > TH_JSON_UNORDERED_MAX) return false;
  for (th_json_members(a, x, key))
    if (th_json_get(a, x, th_json_text(a, key)) != key + 1) return false;
  for (th_json_members(a, x, key)) {
    uint32_t value = th_json_get(b, y, th_json_text(a, key));
    if (!value || !th_json_same(a, key + 1, b, value)) return false;
  }
  return true;
}

static bool same_names(const th_json *a, uint32_t x, const th_json *b, uint32_t y) {
  uint32_t other = y + 1;
  for (th_json_members(a, x, key)) {
    if (!th_span_eq(th_json_text(a, key), th_json_text(b, other))) return false;
    other = b->nodes[other + 1].next;
  }
  return true;
}

static bool same_members(const th_json *a, uint32_t x, const th_json *b, uint32_t y) {
  uint32_t other = y + 1;
  if (!same_names(a, x, b, y)) return same_unordered(a, x, b, y);
  for (th_json_members(a, x, key)) {
    if (!th_json_same(a, key + 1, b, other + 1)) return false;
    other = b->nodes[other + 1].next;
  }
  return true;
}

static bool same_elements(const th_json *a, uint32_t x, const th_json *b, uint32_t y) {
  uint32_t other = y + 1;
  for (th_json_each(a, x, element)) {
    if (!th_json_same(a, element, b, other)) return false;
    other = b->nodes[other].next;
  }
  return true;
}

bool th_json_same(const th_json *a, uint32_t x, const th_json *b, uint32_t y) {
  const th_jnode *p = &a->nodes[x], *q = &b->nodes[y];
  if (p->type != q->type || p->n != q->n) return false;
  switch ((th_jtype)p->type) {
  case TH_JSTRING:
    return th_span_eq(th_json_text(a, x), th_json_text(b, y));
  case TH_JINT:
  case TH_JNUMBER:
    return th_span_eq(th_json_raw(a, x), th_json_raw(b, y));
  case TH_JARRAY:
    return same_elements(a, x, b, y);
  case TH_JOBJECT:
    return same_members(a, x, b, y);
  default:
    return true;
  }
}

bool th_json_int(const th_json *j, uint32_t i, int64_t *out) {
  if (j->nodes[i].type != TH_JINT) return false;
  th_span s = th_json_raw(j, i);
  bool negative = s.n && s.p[0] == '-';
  uint64_t v = 0;
  for (size_t k = negative; k < s.n; k++)
    v = v * 10 + (uint64_t)(s.p[k] - '0');
  *out = (int64_t)(negative ? 0 - v : v);
  return true;
}

bool th_json_number(const th_json *j, uint32_t i, double *out) {
  if (j->nodes[i].type != TH_JINT && j->nodes[i].type != TH_JNUMBER) return false;
  char text[64];
  th_span s = th_json_raw(j, i);
  if (s.n >= sizeof text) s.n = sizeof text - 1; /* digits beyond a double's reach */
  memcpy(text, s.p, s.n);
  text[s.n] = 0;
  *out = strtod(text, NULL);
  return true;
}

/* ---- the slow checker: finds where a document that simdjson refused breaks off ---- */

typedef struct checker {
  const uint8_t *p, *end;
} checker;

static void skip_blanks(checker *c) {
  while (c->p < c->end && (*c->p == ' ' || *c->p == '\n' || *c->p == '\r' || *c->p == '\t'))
    c->p++;
}

static bool is_hex(uint8_t c) {
  return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

/* One UTF-8 sequence of two to four bytes, without surrogates and overlong forms. */
static bool check_sequence(checker *c) {
  uint8_t lead = *c->p;
  size_t n = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  if (lead < 0xC2 || lead > 0xF4 || (size_t)(c->end - c->p) <= n) return false;
  for (size_t i = 1; i <= n; i++)
    if ((c->p[i] & 0xC0) != 0x80) return false;
  uint8_t second = c->p[1];
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
      (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F))
    return false;
  c->p += n + 1;
  return true;
}

static bool check_escape(checker *c) {
  if (c->end - c->p < 2) return false;
  if (c->p[1] == 'u') {
    if (c->end - c->p < 6) return false;
    for (int i = 2; i < 6; i++)
      if (!is_hex(c->p[i])) return false;
    c->p += 6;
    return true;
  }
  if (!memchr("\"\\/bfnrt", c->p[1], 8)) return false;
  c->p += 2;
  return true;
}

static bool check_string(checker *c) {
  for (c->p++; c->p < c->end;) {
    if (*c->p == '"') return c->p++, true;
    if (*c->p < 0x20) return false;
    if (*c->p == '\\') {
      if (!check_escape(c)) return false;
    } else if (*c->p >= 0x80) {
      if (!check_sequence(c)) return false;
    } else {
      c->p++;
    }
  }
  return false;
}

static bool check_digits(checker *c) {
  const uint8_t *from = c->p;
  while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
    c->p++;
  return c->p > from;
}

static bool check_number(checker *c) {
  if (*c->p == '-') c->p++;
  if (c->p < c->end && *c->p == '0')
    c->p++;
  else if (!check_digits(c))
    return false;
  if (c->p < c->end && *c->p == '.' && (c->p++, !check_digits(c))) return false;
  if (c->p < c->end && (*c->p | 32) == 'e') {
    c->p++;
    if (c->p < c->end && (*c->p == '+' || *c->p == '-')) c->p++;
    return check_digits(c);
  }
  return true;
}

static bool check_word(checker *c, const char *word) {
  size_t n = strlen(word);
  if ((size_t)(c->end - c->p) < n || memcmp(c->p, word, n)) return false;
  c->p += n;
  return true;
}

static bool check_scalar(checker *c) {
  switch (*c->p) {
  case '"':
    return check_string(c);
  case 't':
    return check_word(c, "true");
  case 'f':
    return check_word(c, "false");
  case 'n':
    return check_word(c, "null");
  default:
    return (*c->p == '-' || (*c->p >= '0' && *c->p <= '9')) && check_number(c);
  }
}

enum { CHECK_DEPTH = 4096 };

static bool check_key(checker *c) {
  skip_blanks(c);
  if (c->p >= c->end || *c->p != '"' || !check_string(c)) return false;
  skip_blanks(c);
  return c->p < c->end && *c->p == ':' && (c->p++, true);
}

/* Behind a value: closes brackets, stands behind the comma for the next one. False at an error;
 * *depth is 0 when the document is complete. */
static bool check_behind(checker *c, char *stack, unsigned *depth) {
  while (*depth) {
    skip_blanks(c);
    if (c->p >= c->end) return false;
    char open = stack[*depth - 1];
    if (*c->p == ',') return c->p++, open == '{' ? check_key(c) : true;
    if (*c->p != (open == '{' ? '}' : ']')) return false;
    c->p++;
    --*depth;
  }
  return true;
}

static bool check_value(checker *c, char *stack, unsigned *depth) {
  skip_blanks(c);
  if (c->p >= c->end) return false;
  if (*c->p != '{' && *c->p != '[') return check_scalar(c) && check_behind(c, stack, depth);
  if (*depth == CHECK_DEPTH) return false;
  char open = (char)*c->p++;
  stack[(*depth)++] = open;
  skip_blanks(c);
  if (c->p < c->end && *c->p == (open == '{' ? '}' : ']')) {
    c->p++;
    --*depth;
    return check_behind(c, stack, depth);
  }
  return open == '{' ? check_key(c) : true;
}

int64_t th_json_error_offset(th_span src) {
  char stack[CHECK_DEPTH];
  unsigned depth = 0;
  checker c = {(const uint8_t *)src.p, (const uint8_t *)src.p + src.n};
  bool good;
  do
    good = check_value(&c, stack, &depth);
  while (good && depth);
  return c.p - (const uint8_t *)src.p;
}

/* ---- quoting ---- */

static void quote_byte(th_buf *out, uint8_t c) {
  static const char hex[] = "0123456789abcdef";
  switch (c) {
  case '"':
    th_buf_str(out, "\\\"");
    break;
  case '\\':
    th_buf_str(out, "\\\\");
    break;
  case '\n':
    th_buf_str(out, "\\n");
    break;
  case '\r':
    th_buf_str(out, "\\r");
    break;
  case '\t':
    th_buf_str(out, "\\t");
    break;
  case '\b':
    th_buf_str(out, "\\b");
    break;
  case '\f':
    th_buf_str(out, "\\f");
    break;
  default:
    th_buf_str(out, "\\u00");
    th_buf_char(out, hex[c >> 4]);
    th_buf_char(out, hex[c & 15]);
  }
}

/* A bit where one of eight bytes does not go into a string as it is. */
static inline uint64_t others(uint64_t v) {
  const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
  uint64_t quote = v ^ ones * '"', slash = v ^ ones * '\\';
  return (v | (v - ones * 0x20) | (quote - ones) | (slash - ones)) & tops;
}

static inline uint64_t eight_at(const char *p) {
  uint64_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

/* Up to seven bytes as eight, filled with what does no harm. */
static inline uint64_t few_at(const char *p, size_t n) {
  uint32_t low, high;
  if (n >= 4) {
    memcpy(&low, p, sizeof low);
    memcpy(&high, p + n - 4, sizeof high);
    return (uint64_t)high << 32 | low;
  }
  const uint64_t blanks = 0x2020202020202020u;
  if (n == 0) return blanks;
  return blanks << 24 | (uint64_t)(uint8_t)p[n - 1] << 16 | (uint64_t)(uint8_t)p[n / 2] << 8 |
         (uint8_t)p[0];
}

/* Whether all of it goes into a string as it is. */
static inline bool is_plain(th_span s) {
  if (s.n < 8) return !others(few_at(s.p, s.n));
  const char *p = s.p, *last = s.p + s.n - 8;
  for (; last - p >= 32; p += 32)
    if (others(eight_at(p)) | others(eight_at(p + 8)) | others(eight_at(p + 16)) |
        others(eight_at(p + 24)))
      return false;
  for (; p < last; p += 8)
    if (others(eight_at(p))) return false;
  return !others(eight_at(last));
}

static inline char *put_plain(char *to, th_span s) {
  *to++ = '"';
  if (s.n) memcpy(to, s.p, s.n);
  to[s.n] = '"';
  return to + s.n + 1;
}

/* Bytes from p on that go into a string as they are. */
static size_t plain_run(const uint8_t *p, const uint8_t *end) {
  const uint8_t *at = p;
  while (end - at >= 8) {
    uint64_t found = others(eight_at((const char *)at));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    /* the lowest bit is right; borrowing may set others above it */
    if (found) return (size_t)(at - p) + (size_t)__builtin_ctzll(found) / 8;
#else
    if (found) break;
#endif
    at += 8;
  }
  while (at < end && *at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\')
    at++;
  return (size_t)(at - p);
}

static void quote_run(th_buf *out, const uint8_t *p, const uint8_t *end) {
  checker c = {p, end};
  const uint8_t *from = p;
  while ((c.p += plain_run(c.p, end)) < end) {
    const uint8_t *here = c.p;
    if (*here >= 0x80 && check_sequence(&c)) continue;
    th_buf_put(out, from, (size_t)(here - from));
    if (*here >= 0x80)
      th_buf_str(out, "\xEF\xBF\xBD");
    else
      quote_byte(out, *here);
    from = c.p = here + 1;
  }
  th_buf_put(out, from, (size_t)(end - from));
}

void th_json_quote(th_buf *out, th_span s) {
  const uint8_t *p = (const uint8_t *)s.p;
  if (is_plain(s)) {
    char *to = th_buf_room(out, s.n + 2);
    if (to) th_buf_added(out, (size_t)(put_plain(to, s) - to));
    return;
  }
  th_buf_char(out, '"');
  quote_run(out, p, p + s.n);
  th_buf_char(out, '"');
}

/* ---- out ---- */

void th_jout_init(th_jout *w, th_buf *out, bool pretty) {
  *w = (th_jout){.out = out, .pretty = pretty};
}

static void new_line(th_jout *w) {
  if (!w->pretty) return;
  th_buf_char(w->out, '\n');
  for (unsigned i = 0; i < w->depth; i++)
    th_buf_str(w->out, "  ");
}

static void before_value(th_jout *w) {
  if (w->after_key) {
    w->after_key = false;
    return;
  }
  if (w->need_comma) th_buf_char(w->out, ',');
  if (w->depth) new_line(w);
}

static void open_bracket(th_jout *w, char c) {
  before_value(w);
  th_buf_char(w->out, c);
  w->depth++;
  w->need_comma = false;
}

static void close_bracket(th_jout *w, char c) {
  w->depth--;
  if (w->need_comma) new_line(w);
  th_buf_char(w->out, c);
  w->need_comma = true;
}

void th_jout_object(th_jout *w) {
  open_bracket(w, '{');
}
void th_jout_end_object(th_jout *w) {
  close_bracket(w, '}');
}
void th_jout_array(th_jout *w) {
  open_bracket(w, '[');
}
void th_jout_end_array(th_jout *w) {
  close_bracket(w, ']');
}

void th_jout_key_span(th_jout *w, th_span key) {
  before_value(w);
  th_json_quote(w->out, key);
  th_buf_str(w->out, w->pretty ? ": " : ":");
  w->after_key = true;
  w->need_comma = false;
}

static void put_value(th_jout *w, th_span s) {
  before_value(w);
  th_buf_span(w->out, s);
  w->need_comma = true;
}

void th_jout_text(th_jout *w, th_span s) {
  before_value(w);
  th_json_quote(w->out, s);
  w->need_comma = true;
}

void th_jout_str(th_jout *w, const char *s) {
  if (s)
    th_jout_text(w, th_span_of(s));
  else
    th_jout_null(w);
}

void th_jout_i64(th_jout *w, int64_t v) {
  before_value(w);
  th_buf_i64(w->out, v);
  w->need_comma = true;
}

static int put_digits(char *out, size_t size, int digits, double v, bool *same) {
  int n = snprintf(out, size, "%.*g", digits, v);
  *same = strtod(out, NULL) == v;
  return n;
}

/* Each number of digits from 6 on is tried. */
static int shortest_tried(char *out, size_t size, double v) {
  bool same = false;
  int n = 0;
  for (int digits = 6; digits <= 17 && !same; digits++)
    n = put_digits(out, size, digits, v, &same);
  return n;
}

/* As %g writes it with so many digits, from 6 on, as give the same number again. Of powers of two,
 * whose neighbours are not equally far, other digits may be fewer than those of %g. */
static size_t shortest(char out[static TH_JSON_DIGITS + 8], double v) {
  char text[TH_JSON_DIGITS], digits[TH_JSON_DIGITS];
  int exponent, n = 0;
  size_t len, at = 0, mark = 0;
  if (fabs(frexp(v, &exponent)) == 0.5) return (size_t)shortest_tried(out, TH_JSON_DIGITS + 8, v);
  len = th_json_digits(v, text);
  for (mark = text[0] == '-'; text[mark] != 'e'; mark++)
    if (text[mark] != '.') digits[n++] = text[mark];
  text[len] = 0;
  exponent = (int)strtol(text + mark + 1, NULL, 10);
  if (exponent < -4 || exponent >= TH_MAX(n, 6)) return memcpy(out, text, len), len;
  if (text[0] == '-') out[at++] = '-';
  if (exponent < 0) out[at++] = '0', out[at++] = '.';
  for (int i = exponent; i < -1; i++)
    out[at++] = '0';
  for (int i = 0; i < n || i <= exponent; i++) {
    if (i == exponent + 1 && exponent >= 0) out[at++] = '.';
    out[at++] = i < n ? digits[i] : '0';
  }
  return at;
}

void th_jout_double(th_jout *w, double v) {
  char text[TH_JSON_DIGITS + 8];
  if (!isfinite(v)) {
    th_jout_null(w);
    return;
  }
  put_value(w, (th_span){text, shortest(text, v)});
}

void th_jout_bool(th_jout *w, bool v) {
  put_value(w, v ? TH_SPAN("true") : TH_SPAN("false"));
}
void th_jout_null(th_jout *w) {
  put_value(w, TH_SPAN("null"));
}
void th_jout_raw(th_jout *w, th_span json) {
  put_value(w, json);
}

/* Lengths that are added up for room: memory ends before they overflow. */
void th_jout_kv_span(th_jout *w, th_span key, th_span s) {
  enum { SIGNS = 6 }; /* a comma, a colon, four quotes */
  char *from = w->pretty ? NULL : th_buf_room(w->out, key.n + s.n + SIGNS), *to = from;
  if (!from || !is_plain(key) || !is_plain(s)) {
    th_jout_key_span(w, key);
    th_jout_text(w, s);
    return;
  }
  if (w->need_comma) *to++ = ',';
  to = put_plain(to, key);
  *to++ = ':';
  to = put_plain(to, s);
  th_buf_added(w->out, (size_t)(to - from));
  w->need_comma = true;
}
void th_jout_kv_range(th_jout *w, th_span key, uint32_t from, uint32_t to) {
  th_jout_key_span(w, key);
  th_jout_array(w);
  th_jout_i64(w, from);
  th_jout_i64(w, to);
  th_jout_end_array(w);
}
void th_jout_kv_words(th_jout *w, const char *key, const char *words) {
  th_jout_key(w, key);
  th_jout_array(w);
  while (*words) {
    size_t n = strcspn(words, " ");
    th_jout_text(w, (th_span){words, n});
    words += n + (words[n] == ' ');
  }
  th_jout_end_array(w);
}
void th_jout_kv_i64(th_jout *w, const char *key, int64_t v) {
  th_jout_key(w, key);
  th_jout_i64(w, v);
}
void th_jout_kv_double(th_jout *w, const char *key, double v) {
  th_jout_key(w, key);
  th_jout_double(w, v);
}
void th_jout_kv_bool(th_jout *w, const char *key, bool v) {
  th_jout_key(w, key);
  th_jout_bool(w, v);
}
