#include "eligibility/inline.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "eligibility/lead.h"
#include "eligibility/pdq.h"

enum { MARKS_MAX = 192 };

typedef struct found {
  uint32_t at; /* of the sign */
  th_elig_mark mark;
} found;

typedef struct cutter {
  const char *p;
  uint32_t from, to;
  th_elig_piece *out;
  size_t n;
} cutter;

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
static bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
static bool is_alnum(char c) {
  return ((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

/* A piece without blanks and separators at its ends; nothing when no word is left. */
static void put(cutter *c, uint32_t from, uint32_t to, uint8_t level) {
  while (from < to && (is_blank(c->p[from]) || c->p[from] == ';'))
    from++;
  while (to > from && is_blank(c->p[to - 1]))
    to--;
  uint32_t i = from;
  while (i < to && !is_alnum(c->p[i]))
    i++;
  bool joint = false;
  if (to - from < 10) th_elig_joint_read((th_span){c->p + from, to - from}, &joint);
  if (i == to || joint) {
    if (c->n && to > from) c->out[c->n - 1].to = to; /* signs only: they go with what is before */
    return;
  }
  if (c->n == TH_ELIG_PIECES_MAX) {
    c->out[c->n - 1].to = to;
    return;
  }
  c->out[c->n++] = (th_elig_piece){.from = from, .to = to, .level = level};
}

static void put_head(cutter *c, uint32_t from, uint32_t to) {
  size_t before = c->n;
  put(c, from, to, 0);
  if (c->n == before) return;
  th_elig_piece *p = &c->out[before];
  th_elig_lead lead = th_elig_lead_read((th_span){c->p + p->from, p->to - p->from});
  p->stated = lead.stated;
  p->combine = lead.combine;
  p->at_least = lead.at_least;
  if (lead.optional) p->flags |= TH_ELIG_OPTIONAL;
}

/* ---- lists with signs ---- */

/* What a byte may be; most are none of it. GAP: a sign may stand behind it. */
enum { GAP = 1, PARENTHESIS = 2, OPENS = 4, NUMERAL = 8, END = 16 };

#define BOTH(lower, as) [lower] = as, [lower - 32] = as
static const uint8_t sorts[256] = {
    [' '] = GAP,        ['\t'] = GAP,       ['\n'] = GAP,          ['\r'] = GAP,
    [';'] = GAP,        [':'] = GAP,        [','] = GAP,           ['.'] = GAP | END,
    ['?'] = END,        ['!'] = END,        [')'] = PARENTHESIS,   ['('] = PARENTHESIS | OPENS,
    ['['] = OPENS,      ['#'] = OPENS,      ['*'] = OPENS,         ['+'] = OPENS,
    ['-'] = OPENS,      ['\\'] = OPENS,     ['0' ... '9'] = OPENS, [0x80 ... 0xFF] = OPENS,
    BOTH('i', NUMERAL), BOTH('v', NUMERAL), BOTH('x', NUMERAL)};
#undef BOTH

/* Whether a mark may stand at i: most words are told by their first two letters. */
static bool may_be_mark(const cutter *c, uint32_t i) {
  uint8_t sort = sorts[(unsigned char)c->p[i]];
  char next = i + 1 < c->to ? c->p[i + 1] : 0;
  if (sort & OPENS) return true;
  return next == '.' || next == ')' || next == '\\' ||
         (sort & NUMERAL && (next | 32) >= 'a' && (next | 32) <= 'z');
}

/* The first byte at or behind i that is neither letter nor digit, or at which that is not known. */
static uint32_t skip_word(const cutter *c, uint32_t i) {
#ifdef __SSE2__
  for (; i + 16 <= c->to; i += 16) {
    __m128i v = _mm_loadu_si128((const __m128i *)(c->p + i));
    __m128i above = _mm_cmpgt_epi8(v, _mm_set1_epi8('?')); /* letters, and signs that end nothing */
    __m128i digits = _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8('0' - 1)),
                                   _mm_cmplt_epi8(v, _mm_set1_epi8('9' + 1)));
    unsigned other = 0xFFFFu ^ (unsigned)_mm_movemask_epi8(_mm_or_si128(above, digits));
    if (other) return i + (uint32_t)__builtin_ctz(other);
  }
#endif
  return i;
}

/* *ends: whether a sentence may end within the item. */
static size_t find_marks(const cutter *c, found marks[MARKS_MAX], bool *ends) {
  size_t n = 0;
  int depth = 0;
  th_elig_mark m;
  *ends = false;
  for (uint32_t i = c->from; i < c->to && n < MARKS_MAX;) {
    i = skip_word(c, i);
    if (i >= c->to) break;
    uint8_t sort = sorts[(unsigned char)c->p[i++]];
    if (!(sort & (GAP | PARENTHESIS | END))) continue;
    depth += (c->p[i - 1] == '(') - (c->p[i - 1] == ')' && depth > 0);
    *ends |= sort & END && i < c->to && is_blank(c->p[i]);
    while (sort & GAP && i < c->to && n < MARKS_MAX && depth <= 0 && may_be_mark(c, i) &&
           th_elig_mark_read((th_span){c->p + i, c->to - i}, true, &m) &&
           !(m.form == '.' && m.style != TH_ELIG_BULLET && !is_blank(c->p[i - 1]))) {
      marks[n++] = (found){i, m};
      i += m.len;
      sort = sorts[(unsigned char)c->p[i - 1]];
      *ends = true;
    }
  }
  *ends |= n == MARKS_MAX;
  return n;
}

static bool follows(const th_elig_mark *a, const th_elig_mark *b) {
  if (a->form != b->form) return false;
  if (a->style == b->style && b->value == a->value + 1) return true;
  return a->roman && b->roman == a->roman + 1;
}

/* Keeps of the marks from `first` on those that continue one another, one number left out at most
 * each time; how many. */
static size_t chain(found *marks, size_t n, size_t first) {
  size_t kept = 1;
  found last = marks[first];
  marks[0] = last;
  for (size_t i = first + 1; i < n; i++) {
    const th_elig_mark *m = &marks[i].mark;
    bool gap = m->style == TH_ELIG_NUMBER && last.mark.style == TH_ELIG_NUMBER &&
               m->form == last.mark.form && m->value == last.mark.value + 2;
    if (follows(&last.mark, m) || gap) last = marks[kept++] = marks[i];
  }
  return kept;
}

static void put_list(cutter *c, const found *marks, size_t n, uint8_t level) {
  for (size_t i = 0; i < n; i++)
    put(c, marks[i].at + marks[i].mark.len, i + 1 < n ? marks[i + 1].at : c->to, level);
}

/* "9. A history of transplantation 10. Radiotherapy": the item's own numbers go on. */
static bool split_siblings(cutter *c, const th_elig_mark *own, found *marks, size_t n) {
  if (own->style == TH_ELIG_PLAIN || own->style == TH_ELIG_BULLET) return false;
  for (size_t i = 0; i < n; i++) {
    if (!follows(own, &marks[i].mark)) continue;
    char next = c->p[marks[i].at + marks[i].mark.len];
    if (next >= 'a' && next <= 'z' && own->style == TH_ELIG_NUMBER && own->form == '.')
      return false;
    n = chain(marks, n, i);
    put(c, c->from, marks[0].at, 0);
    put_list(c, marks, n, 0);
    return true;
  }
  return false;
}

/* "… of the following: 1) a, 2) b" */
static bool split_children(cutter *c, found *marks, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const th_elig_mark *m = &marks[i].mark;
    bool first = m->style != TH_ELIG_BULLET && (m->value == 1 || m->roman == 1);
    bool next = false;
    for (size_t k = i + 1; first && k < n && !next; k++)
      next = follows(m, &marks[k].mark);
    if (!next) continue;
    n = chain(marks, n, i);
    size_t before = c->n;
    put_head(c, c->from, marks[0].at);
    put_list(c, marks, n, c->n > before ? 1 : 0);
    return true;
  }
  return false;
}

static bool split_bullets(cutter *c, found *marks, size_t n) {
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    const found *f = &marks[i];
    if (f->mark.style != TH_ELIG_BULLET || (kept && marks[0].mark.form != f->mark.form)) continue;
    bool dash = c->p[f->at] == '-' || (unsigned char)c->p[f->at] == 0xE2;
    bool wide = (unsigned char)c->p[f->at] == 0xE2 && (unsigned char)c->p[f->at + 1] == 0x80 &&
                (unsigned char)c->p[f->at + 2] == 0xA2; /* • */
    char prev = c->p[f->at - 1 - (f->at - 1 > c->from && is_blank(c->p[f->at - 1]))];
    if (dash && !wide && !memchr(".;:,", prev, 4)) continue;
    marks[kept++] = *f;
  }
  if (kept < 2) return false;
  size_t before = c->n;
  put_head(c, c->from, marks[0].at);
  bool head =
      c->n > before && th_elig_lead_follows((th_span){c->p + c->from, marks[0].at - c->from});
  put_list(c, marks, kept, head ? 1 : 0);
  return true;
}

/* ---- semicolons ---- */

static size_t count_semicolons(const cutter *c, uint32_t *colon) {
  size_t n = 0;
  int depth = 0;
  uint32_t behind = c->from;
  *colon = 0;
  if (!memchr(c->p + c->from, ';', c->to - c->from)) return 0;
  for (uint32_t i = c->from; i < c->to; i++) {
    char ch = c->p[i];
    depth += (ch == '(' || ch == '[') - ((ch == ')' || ch == ']') && depth > 0);
    if (ch == '&' && i + 3 < c->to && (c->p[i + 3] == ';' || c->p[i + 2] == ';')) i += 3;
    if (ch == ':' && n == 0 && depth == 0 && !*colon) *colon = i + 1;
    if (ch != ';' || depth > 0) continue;
    if (i - behind < 4) return 0; /* too short for an item: a list of values */
    uint32_t k = i + 1;
    while (k < c->to && !is_alnum(c->p[k]))
      k++;
    bool joint = false; /* "…; or" at the end joins, it is no item */
    if (c->to - i < 10) th_elig_joint_read((th_span){c->p + i, c->to - i}, &joint);
    if (k < c->to && !joint) n++;
    behind = i;
  }
  return depth == 0 ? n : 0;
}

static bool split_semicolons(cutter *c, const th_elig_mark *own) {
  uint32_t colon, at = c->from;
  if (count_semicolons(c, &colon) == 0) return false;
  uint8_t level = 0;
  if (colon) {
    put_head(c, c->from, colon);
    at = colon;
    level = 1;
  } else if (own->style != TH_ELIG_PLAIN) {
    c->out[c->n++] = (th_elig_piece){.from = c->from, .to = c->to, .bare = true};
    level = 1;
  }
  int depth = 0;
  for (uint32_t i = at; i < c->to; i++) {
    char ch = c->p[i];
    depth += (ch == '(' || ch == '[') - ((ch == ')' || ch == ']') && depth > 0);
    if (ch == '&' && i + 3 < c->to && (c->p[i + 3] == ';' || c->p[i + 2] == ';')) i += 3;
    if (ch != ';' || depth > 0) continue;
    put(c, at, i + 1, level);
    at = i + 1;
  }
  put(c, at, c->to, level);
  return true;
}

/* ---- sentences ---- */

static bool is_abbreviation(const cutter *c, uint32_t dot) {
  static const char *const names[] = {"e.g",  "i.e",  "vs",  "dr", "approx", "etc", "no",  "inc",
                                      "resp", "incl", "esp", "ca", "st",     "sp",  "spp", "cf",
                                      "max",  "min",  "eg",  "ie", "al",     "fig"};
  uint32_t from = dot;
  while (from > c->from && !is_blank(c->p[from - 1]) && c->p[from - 1] != '(')
    from--;
  th_span w = {c->p + from, dot - from};
  if (w.n == 1 && is_upper(w.p[0])) return true;
  for (size_t i = 0; i < TH_COUNT(names); i++)
    if (th_span_eq_nocase(w, th_span_of(names[i]))) return true;
  return false;
}

static void split_sentences(cutter *c) {
  uint32_t at = c->from;
  int depth = 0;
  for (uint32_t i = c->from; i + 2 < c->to; i++) {
    char ch = c->p[i];
    uint8_t sort = sorts[(unsigned char)ch];
    if (!(sort & (PARENTHESIS | END))) continue;
    depth += (ch == '(') - (ch == ')' && depth > 0);
    if (!(sort & END) || depth > 0 || !is_blank(c->p[i + 1])) continue;
    uint32_t k = i + 1;
    while (k < c->to && is_blank(c->p[k]))
      k++;
    if (k == c->to || !(is_upper(c->p[k]) || c->p[k] == '\\' || (unsigned char)c->p[k] == 0xE2))
      continue;
    if (ch == '.' && is_abbreviation(c, i)) continue;
    put(c, at, i + 1, 0);
    at = k;
  }
  put(c, at, c->to, 0);
}

size_t th_elig_inline_split(th_span text, uint32_t from, uint32_t to, const th_elig_mark *mark,
                            th_elig_piece out[TH_ELIG_PIECES_MAX]) {
  found marks[MARKS_MAX];
  cutter c = {.p = text.p, .from = from, .to = to, .out = out};
  size_t n = mark->style == TH_ELIG_PLAIN ? th_elig_pdq_split(text, from, to, out) : 0;
  if (n > 0) return n;
  bool ends;
  n = find_marks(&c, marks, &ends);
  bool done = n > 0 && split_siblings(&c, mark, marks, n);
  if (!done && n > 1) done = split_children(&c, marks, n) || split_bullets(&c, marks, n);
  if (!done) done = split_semicolons(&c, mark);
  if (!done && mark->style == TH_ELIG_PLAIN && ends) split_sentences(&c);
  if (!done && mark->style == TH_ELIG_PLAIN && !ends) put(&c, from, to, 0);
  if (c.n == 0) out[c.n++] = (th_elig_piece){.from = from, .to = to};
  return c.n;
}
