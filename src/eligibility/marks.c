#include "eligibility/marks.h"

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
static bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
static bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

static size_t skip_blanks(th_span s, size_t i) {
  while (i < s.n && is_blank(s.p[i]))
    i++;
  return i;
}

/* Bullets beyond ASCII; the first byte tells most texts at once. */
static size_t wide_bullet(th_span s) {
  static const char *const signs[] = {"•", "·", "–", "—", "▪", "■", "●", "○", "◦", "‣", "□",
                                      "✓", "➢", "▸", "►", "",  "",  "∙", "⁃", "◆", "−"};
  if ((unsigned char)s.p[0] < 0x80) return 0;
  for (size_t i = 0; i < TH_COUNT(signs); i++)
    if (th_span_starts(s, th_span_of(signs[i]))) return strlen(signs[i]);
  return 0;
}

static bool read_bullet(th_span s, bool inside, th_elig_mark *out) {
  size_t i = s.p[0] == '\\' && s.n > 1 && memchr("*-+", s.p[1], 3) ? 1 : 0, n = 0;
  if (i == 1 || s.p[0] == '*' || s.p[0] == '-' || s.p[0] == '+')
    n = i + 1;
  else if (s.p[0] == 'o' && s.n > 2 && is_blank(s.p[1]) && !inside)
    n = 1;
  else
    n = wide_bullet(s);
  if (n == 0 || n >= s.n) return false;
  char sign = s.p[i], next = s.p[n];
  bool ascii = (unsigned char)sign < 0x80;
  if (ascii && sign == '*' && next == '*') return false; /* emphasis */
  if ((inside || sign == '+') && !is_blank(next)) return false;
  if (ascii && (is_digit(next) || next == sign || memchr(".,/)=", next, 5))) return false;
  if (sign == '-' && next == '>') return false;
  if (!ascii && n == 3 && (unsigned char)s.p[1] == 0x88 && !is_blank(next))
    return false; /* minus */
  *out = (th_elig_mark){.style = TH_ELIG_BULLET, .form = (uint8_t)s.p[n - 1]};
  out->len = (uint32_t)skip_blanks(s, n);
  return true;
}

static bool is_numeral(char c) {
  return (c | 32) == 'i' || (c | 32) == 'v' || (c | 32) == 'x';
}

static uint32_t roman_value(const char *p, size_t n) {
  static const char *const names[] = {"i",    "ii",  "iii",  "iv",    "v",   "vi",   "vii",
                                      "viii", "ix",  "x",    "xi",    "xii", "xiii", "xiv",
                                      "xv",   "xvi", "xvii", "xviii", "xix", "xx"};
  if (n > 5) return 0;
  for (size_t i = 0; i < n; i++)
    if (!is_numeral(p[i])) return 0;
  for (uint32_t i = 0; i < TH_COUNT(names); i++)
    if (th_span_eq_nocase((th_span){p, n}, th_span_of(names[i]))) return i + 1;
  return 0;
}

enum { PARTS_MOST = 6 };

/* Digits with dots between them: how many parts, and the last of them. */
static size_t read_digits(th_span s, size_t i, th_elig_mark *out) {
  for (uint8_t dots = 0; dots < PARTS_MOST; dots++, i++) {
    size_t from = i;
    out->value = 0;
    for (; i < s.n && is_digit(s.p[i]) && i - from < 3; i++)
      out->value = out->value * 10 + (uint32_t)(s.p[i] - '0');
    if (i == from || (i < s.n && is_digit(s.p[i]))) return 0;
    if (i + 1 < s.n && s.p[i] == '.' && is_digit(s.p[i + 1])) continue;
    out->style = TH_ELIG_NUMBER;
    out->dots = dots;
    return i;
  }
  return 0;
}

static size_t read_letters(th_span s, size_t i, th_elig_mark *out) {
  size_t from = i;
  bool word = i + 1 < s.n && (is_lower(s.p[i + 1]) || is_upper(s.p[i + 1]));
  if (word && !is_numeral(s.p[i])) return 0;
  while (i < s.n && i - from < 6 && (is_lower(s.p[i]) || is_upper(s.p[i])))
    i++;
  size_t n = i - from;
  uint32_t roman = n ? roman_value(s.p + from, n) : 0;
  if (n == 1) {
    bool lower = is_lower(s.p[from]);
    *out = (th_elig_mark){.style = lower ? TH_ELIG_LOWER : TH_ELIG_UPPER, .roman = roman};
    out->value = (uint32_t)((s.p[from] | 32) - 'a' + 1);
    return i;
  }
  if (roman == 0) return 0;
  *out = (th_elig_mark){.style = TH_ELIG_ROMAN, .value = roman, .roman = roman};
  return i;
}

/* What must follow a sign for it to be one. */
static bool is_followed(th_span s, size_t i, const th_elig_mark *m, bool inside) {
  if (i >= s.n) return false;
  bool blank = is_blank(s.p[i]);
  size_t w = skip_blanks(s, i);
  if (w >= s.n) return false;
  char next = s.p[w];
  bool letter = m->style == TH_ELIG_LOWER || m->style == TH_ELIG_UPPER || m->style == TH_ELIG_ROMAN;
  if (m->form == '.' && letter) {
    if (!blank && !is_upper(next) && !inside) return false;
    /* "E. coli", "a.m.", "i.v." */
    if (m->style == TH_ELIG_UPPER && is_lower(next)) return inside && !blank;
    if (!blank && next != 0 && w + 1 < s.n && s.p[w + 1] == '.') return false;
  }
  if (m->form == '.' && !blank && is_digit(next)) return false;
  if (m->style == TH_ELIG_DOTTED && !blank) return false;
  if (m->style == TH_ELIG_DOTTED && is_lower(next)) return false; /* "1.5 mg" */
  if (m->form == ')' && !blank && (next == ',' || next == '.' || next == ';')) return false;
  return true;
}

bool th_elig_mark_read(th_span s, bool inside, th_elig_mark *out) {
  if (s.n < 2) return false;
  if (read_bullet(s, inside, out)) return true;
  *out = (th_elig_mark){0};
  bool open = s.p[0] == '(' || s.p[0] == '[';
  size_t i = open, end;
  if (s.p[i] == '#' && i + 1 < s.n && is_digit(s.p[i + 1])) i++;
  end = i < s.n && is_digit(s.p[i]) ? read_digits(s, i, out) : read_letters(s, i, out);
  if (end == 0 || end >= s.n) return false;
  if (out->dots) out->style = TH_ELIG_DOTTED;
  i = end;
  if (s.p[i] == '\\' && i + 1 < s.n) i++;
  char sign = s.p[i];
  if (open) {
    if (sign != ')' && sign != ']') return false;
    out->form = '(';
    i++;
    if (i < s.n && s.p[i] == '.') i++;
  } else if (sign == '.' || sign == ')') {
    out->form = (uint8_t)sign;
    i++;
    while (i < s.n && (s.p[i] == '.' || s.p[i] == ')' || s.p[i] == '-') && !inside)
      i++;
  } else if (out->style == TH_ELIG_DOTTED && is_blank(sign) && !inside) {
    out->form = '.';
  } else if (out->style == TH_ELIG_NUMBER && sign == '-' && !inside && i + 1 < s.n &&
             is_blank(s.p[i + 1]) && out->value < 40) {
    size_t w = skip_blanks(s, i + 1); /* "1- Patients", not "18 - 75 years" */
    if (w >= s.n || is_digit(s.p[w])) return false;
    out->form = '-';
    i++;
  } else {
    return false;
  }
  if (!is_followed(s, i, out, inside)) return false;
  out->len = (uint32_t)skip_blanks(s, i);
  return out->value > 0;
}
