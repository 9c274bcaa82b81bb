#include "text/plain_html.h"

enum { TAG_MAX = 400, DEPTH_MAX = 8, STEP = 2 };

/* What a run of tags, one behind the other, comes to. */
typedef struct run {
  bool item, ends_line;
  int depth; /* of lists, behind it */
} run;

static bool is_name(th_span tag, const char *name) {
  size_t n = strlen(name);
  return tag.n >= n && th_span_eq_nocase((th_span){tag.p, n}, th_span_of(name)) &&
         (tag.n == n || tag.p[n] == ' ' || tag.p[n] == '/');
}

/* "<…>" at the start of s, on one line: its length, and what is between; 0: none. */
static size_t tag_at(th_span s, th_span *inside) {
  size_t n = 1;
  if (s.n < 3 || s.p[0] != '<') return 0;
  while (n < s.n && n < TAG_MAX && s.p[n] != '>' && s.p[n] != '<' && s.p[n] != '\n')
    n++;
  if (n == s.n || s.p[n] != '>') return 0;
  *inside = (th_span){s.p + 1, n - 1};
  return n + 1;
}

/* Whether it is a tag of HTML, and what it does. */
static bool take_tag(th_span tag, run *r) {
  static const char *const blocks[] = {"p", "br", "div", "h1", "h2", "h3", "h4", "table", "tr"};
  static const char *const others[] = {"b",  "i",  "u", "strong", "em",    "span",  "sup", "sub",
                                       "td", "th", "a", "tbody",  "thead", "small", "font"};
  bool closes = tag.n && tag.p[0] == '/';
  if (closes) tag.p++, tag.n--;
  if (is_name(tag, "ul") || is_name(tag, "ol")) {
    r->depth = TH_MAX(0, TH_MIN(r->depth + (closes ? -1 : 1), (int)DEPTH_MAX));
    r->ends_line = true;
    return true;
  }
  if (is_name(tag, "li")) {
    r->item |= !closes;
    r->ends_line = true;
    return true;
  }
  for (size_t i = 0; i < TH_COUNT(blocks); i++)
    if (is_name(tag, blocks[i])) return r->ends_line = true;
  for (size_t i = 0; i < TH_COUNT(others); i++)
    if (is_name(tag, others[i])) return true;
  return false;
}

/* The bytes of a run: blanks, then a line end, the indentation and the bullet as far as they fit.
 */
static void write_run(char *to, size_t n, const run *r) {
  size_t bullet = r->item ? 2 : 0, indent = r->item ? (size_t)(STEP * TH_MAX(r->depth - 1, 0)) : 0;
  memset(to, ' ', n);
  if (!r->ends_line) return;
  indent = TH_MIN(indent, n - 1 - bullet);
  to[n - bullet - indent - 1] = '\n';
  if (bullet) to[n - bullet] = '*';
}

static size_t write_entity(char *to, th_span s) {
  static const char *const entities[][2] = {
      {"&lt;", "<"},   {"&gt;", ">"},    {"&le;", "≤"},   {"&ge;", "≥"},   {"&amp;", "&"},
      {"&nbsp;", " "}, {"&quot;", "\""}, {"&#39;", "'"},  {"&#x27;", "'"}, {"&#x2F;", "/"},
      {"&#160;", " "}, {"&deg;", "°"},   {"&micro;", "µ"}};
  for (size_t i = 0; i < TH_COUNT(entities); i++) {
    size_t n = strlen(entities[i][0]), sign = strlen(entities[i][1]);
    if (s.n < n || memcmp(s.p, entities[i][0], n)) continue;
    memset(to, ' ', n);
    memcpy(to + n - sign, entities[i][1], sign);
    return n;
  }
  return 0;
}

void th_plain_html(char *p, size_t length) {
  run r = {0};
  th_span inside;
  for (size_t i = 0; i < length;) {
    size_t from = i, n;
    r.item = r.ends_line = false;
    while (i < length && (n = tag_at((th_span){p + i, length - i}, &inside)) &&
           take_tag(inside, &r))
      i += n;
    if (i > from) {
      write_run(p + from, i - from, &r);
    } else {
      n = write_entity(p + i, (th_span){p + i, length - i});
      i += n ? n : 1; /* the sign itself begins no tag */
    }
  }
}
