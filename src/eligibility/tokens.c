#include "eligibility/tokens.h"

#include <math.h>
#include <pthread.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { FOLD_MAX = 48 };

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
static bool is_letter(char c) {
  return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* ---- words ---- */

/* The hash of a folded word that is padded with zero bytes to a multiple of eight. */
static uint64_t hash_word(const char *p, size_t n) {
  uint64_t h = n * 0x9E3779B97F4A7C15u, eight;
  for (size_t i = 0; i < n; i += sizeof eight) {
    memcpy(&eight, p + i, sizeof eight);
    h = (h ^ eight) * 0xD6E8FEB86659FD93u;
    h ^= h >> 32;
  }
  h *= 0xD6E8FEB86659FD93u;
  return (h ^ h >> 32) | 256; /* never a character's code */
}

static size_t fold_ends(char *w, size_t n) {
  if (n > 3 && w[n - 1] == 's' && w[n - 2] != 's' && w[n - 2] != 'u' && w[n - 2] != 'i') n--;
  if (n > 4 && !memcmp(w + n - 3, "our", 3)) w[n - 2] = 'r', n--;
  if (n > 4 && !memcmp(w + n - 3, "tre", 3)) w[n - 2] = 'e', w[n - 1] = 'r';
  return n;
}

/* The plain case: up to sixteen letters and digits of ASCII, without "ae" and "oe". */
static bool fold_plain(th_span s, char w[16]) {
  enum { FAR = 16 };
  if (s.n > FAR) return false;
  char before = 0;
  unsigned odd = 0;
  memset(w, 0, FAR);
  for (size_t i = 0; i < s.n; i++) {
    unsigned char c = (unsigned char)s.p[i];
    w[i] = (char)(c | (unsigned)((unsigned)c - 'A' < 26u) << 5);
    odd |= (c & 128u) | (unsigned)(w[i] == 'e' && (before == 'a' || before == 'o'));
    before = w[i];
  }
  return odd == 0;
}

uint64_t th_elig_word_key(th_span s) {
  char w[FOLD_MAX];
  size_t n = 0;
  if (fold_plain(s, w)) {
    n = fold_ends(w, s.n);
    memset(w + n, 0, s.n - n);
    return hash_word(w, n);
  }
  for (size_t i = 0; i < s.n && n < FOLD_MAX; i++) {
    char c = s.p[i], next = i + 1 < s.n ? (char)(s.p[i + 1] | 32) : 0;
    if (i + 1 < s.n &&
        ((c == '\xC2' && s.p[i + 1] == '\xB5') || (c == '\xCE' && s.p[i + 1] == '\xBC'))) {
      w[n++] = 'u'; /* both letters mu */
      i++;
    } else if (c == '-') {
      continue; /* contra-indication */
    } else if (s.n > 4 && i > 0 && ((c | 32) == 'a' || (c | 32) == 'o') && next == 'e' &&
               is_letter(c)) {
      continue; /* haemoglobin, oedema */
    } else {
      w[n++] = c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
    }
  }
  n = fold_ends(w, n);
  memset(w + n, 0, (size_t)-n % 8);
  return hash_word(w, n);
}

/* ---- signs of several bytes ---- */

typedef struct wide {
  const char *text;
  char sign;        /* 0: a relation */
  uint8_t relation; /* th_elig_relation */
} wide;

static const wide wides[] = {
    {"≥", 0, TH_ELIG_GE},
    {"≤", 0, TH_ELIG_LE},
    {"⩾", 0, TH_ELIG_GE},
    {"⩽", 0, TH_ELIG_LE},
    {"≧", 0, TH_ELIG_GE},
    {"≦", 0, TH_ELIG_LE},
    {"＞", 0, TH_ELIG_GT},
    {"＜", 0, TH_ELIG_LT},
    {"˃", 0, TH_ELIG_GT},
    {"˂", 0, TH_ELIG_LT},
    {"＝", 0, TH_ELIG_EQ},
    {"﹤", 0, TH_ELIG_LT},
    {"﹥", 0, TH_ELIG_GT},
    {"\uF0B3", 0, TH_ELIG_GE}, /* of the font Symbol */
    {"\uF0A3", 0, TH_ELIG_LE},
    {"\u00E2\u2030\u00A5", 0, TH_ELIG_GE}, /* UTF-8 read as one byte a sign */
    {"\u00E2\u2030\u00A4", 0, TH_ELIG_LE},
    {"\u00C3\u2014", 'x', 0},
    {"×", 'x', 0},
    {"☓", 'x', 0},
    {"ˆ", '^', 0},
    {"‒", '-', 0},
    {"✕", 'x', 0},
    {"–", '-', 0},
    {"—", '-', 0},
    {"−", '-', 0},
    {"‑", '-', 0},
    {"‐", '-', 0},
    {"～", '-', 0},
    {"±", 'P', 0},
    {"°", 'o', 0},
    {"º", 'o', 0},
    {"˚", 'o', 0},
    {"℃", 'C', 0},
    {"％", '%', 0},
    {"·", '.', 0},
    {"•", ';', 0},
    {"（", '(', 0},
    {"）", ')', 0},
    {"，", ',', 0},
    {"；", ';', 0},
    {"：", ':', 0},
    {"∕", '/', 0},
    {"⁄", '/', 0},
    {"’", '\'', 0},
    {"‘", '\'', 0},
    {"“", '"', 0},
    {"”", '"', 0},
    {"\xC2\xA0", ' ', 0},
    {"\u2009", ' ', 0},
    {"\u202F", ' ', 0},
    {"\u200B", ' ', 0},
    {"\u3000", ' ', 0},
    {"…", ';', 0},
    {"\uFEFF", ' ', 0},
    {"&gt;", 0, TH_ELIG_GT},
    {"&lt;", 0, TH_ELIG_LT},
    {"&ge;", 0, TH_ELIG_GE},
    {"&le;", 0, TH_ELIG_LE},
    {"&#8805;", 0, TH_ELIG_GE},
    {"&#8804;", 0, TH_ELIG_LE}};

static const wide *wide_at(th_span s) {
  if (s.n < 2 || (s.p[0] != '&' && (unsigned char)s.p[0] < 0xC2)) return NULL;
  for (size_t i = 0; i < TH_COUNT(wides); i++)
    if (th_span_starts(s, th_span_of(wides[i].text))) return &wides[i];
  return NULL;
}

/* A superscript digit: its bytes, 0 when there is none. */
static size_t superscript(th_span s, int *digit) {
  static const char *const signs[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  if (s.n < 2 || ((unsigned char)s.p[0] != 0xC2 && (unsigned char)s.p[0] != 0xE2)) return 0;
  for (int i = 0; i < 10; i++)
    if (th_span_starts(s, th_span_of(signs[i]))) return *digit = i, strlen(signs[i]);
  return 0;
}

/* "³ 18", "£ 2": what "≥" and "≤" of the font Symbol became; the bytes, 0 when it is none. */
static size_t symbol_relation(th_span s, uint8_t *relation) {
  bool more = th_span_starts(s, TH_SPAN("\u00B3 ")), less = th_span_starts(s, TH_SPAN("\u00A3 "));
  if ((!more && !less) || s.n < 4 || !is_digit(s.p[3])) return 0;
  *relation = more ? TH_ELIG_GE : TH_ELIG_LE;
  return 2;
}

/* ---- tokens ---- */

static th_elig_token *add(th_elig_tokens *v) {
  if (v->failed) return NULL;
  if (v->n == v->cap) {
    uint32_t cap = v->cap ? v->cap * 2 : 256;
    th_elig_token *p = th_arena_alloc(v->arena, cap * sizeof *p);
    if (!p) return v->failed = true, NULL;
    if (v->n) memcpy(p, v->p, v->n * sizeof *p);
    v->p = p;
    v->cap = cap;
  }
  th_elig_token *t = &v->p[v->n++];
  *t = (th_elig_token){.other = NAN};
  return t;
}

typedef struct groups {
  double all;     /* the digits without separators */
  double last;    /* the power of ten of the last group */
  double head;    /* the first group */
  int n, first;   /* separators; digits of the first group */
  int tail;       /* digits of the last group */
  bool thousands; /* every group behind a separator has three digits */
  bool mixed;     /* both signs: the last one is decimal */
  char sep;       /* the last separator */
} groups;

static size_t read_groups(th_span s, size_t i, groups *g) {
  *g = (groups){.thousands = true, .last = 1};
  for (; i < s.n; i++) {
    char c = s.p[i];
    if (is_digit(c)) {
      g->all = g->all * 10 + (c - '0');
      g->last *= 10;
      g->tail++;
      if (g->n == 0) g->head = g->all, g->first++;
      continue;
    }
    bool middle = c == '\xC2' && i + 2 < s.n && s.p[i + 1] == '\xB7' && is_digit(s.p[i + 2]);
    if (middle) c = '.';
    if ((c != '.' && c != ',') || i + 1 + middle >= s.n || !is_digit(s.p[i + 1 + middle])) break;
    if (g->n > 0 && (g->mixed || (c == '.' && g->sep == '.' && g->tail != 3))) break;
    if (g->n > 0 && g->tail != 3 && !(c == ',' && g->tail == 2)) break; /* 1,2,3 */
    g->mixed = g->n > 0 && c != g->sep;
    g->sep = c;
    g->n++;
    g->last = 1;
    g->tail = 0;
    i += middle;
  }
  g->thousands = g->n > 0 && g->tail == 3 && g->first > 0 && g->first <= 3 && g->head > 0;
  return i;
}

/* Digits with separators from i on; the end. "1,500" and "50.000" have two readings. */
static size_t read_number(th_span s, size_t i, th_elig_token *t) {
  groups g;
  size_t end = read_groups(s, i, &g);
  double fraction = g.all / g.last;
  t->value = g.n == 0 ? g.all : fraction;
  if (g.n == 0) t->flags |= TH_ELIG_INTEGER;
  if (g.mixed || g.n == 0 || !g.thousands) return end;
  if (g.n > 1 || g.sep == ',') t->value = g.all;
  if (g.n == 1) t->other = g.sep == ',' ? fraction : g.all;
  return end;
}

/* Spelled numbers by their keys, with room for each at its own place or right behind it. */
enum { NUMBERS = 128 };
static struct {
  uint64_t key;
  double value;
} numbers[NUMBERS];
static pthread_once_t numbers_once = PTHREAD_ONCE_INIT;

static size_t number_place(uint64_t key) {
  size_t i = key * 0x9E3779B97F4A7C15u >> (64 - 7);
  while (numbers[i].key && numbers[i].key != key)
    i = (i + 1) % NUMBERS;
  return i;
}

static void fill_numbers(void) {
  static const char *const names[] = {
      "zero",    "one",       "two",      "three",    "four",   "five",     "six",      "seven",
      "eight",   "nine",      "ten",      "eleven",   "twelve", "thirteen", "fourteen", "fifteen",
      "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty",   "forty",    "fifty",
      "sixty",   "seventy",   "eighty",   "ninety",   "hundred"};
  for (size_t i = 0; i < TH_COUNT(names); i++) {
    uint64_t key = th_elig_word_key(th_span_of(names[i]));
    size_t at = number_place(key);
    numbers[at].key = key;
    numbers[at].value = i <= 20 ? (double)i : (double)(i - 18) * 10;
  }
}

static double spelled(uint64_t key) {
  size_t i = number_place(key);
  return numbers[i].key ? numbers[i].value : NAN;
}
static size_t word_end(th_span s, size_t i) {
  while (i < s.n) {
    unsigned char c = (unsigned char)s.p[i];
    int digit;
    if (is_letter((char)c) || is_digit((char)c)) {
      i++;
      continue;
    }
    th_span rest = {s.p + i, s.n - i};
    if (c < 0xC2 || superscript(rest, &digit) || wide_at(rest)) break;
    i++;
    while (i < s.n && ((unsigned char)s.p[i] & 0xC0) == 0x80)
      i++;
  }
  return i;
}

static void finish_word(th_span s, size_t from, th_elig_tokens *v, th_elig_token *t) {
  bool small = false;
  th_span w = {s.p + from, t->to - from};
  for (size_t i = 0; i < w.n; i++)
    small |= w.p[i] >= 'a' && w.p[i] <= 'z';
  if (w.p[0] >= 'A' && w.p[0] <= 'Z') t->flags |= TH_ELIG_UPPER;
  if (!small) t->flags |= TH_ELIG_ALL_UPPER;
  t->kind = TH_ELIG_WORD;
  t->key = th_elig_word_key(w);
  double n = w.n >= 3 && w.n <= 9 ? spelled(t->key) : NAN;
  if (isnan(n)) return;
  th_elig_token *before = v->n > 1 ? t - 1 : NULL;
  t->kind = TH_ELIG_NUM;
  t->value = n;
  t->flags |= TH_ELIG_SPELLED | TH_ELIG_INTEGER;
  if (before && before->kind == TH_ELIG_SIGN && before->key == '-' && v->n > 2) before--;
  if (before && before != t && before->kind == TH_ELIG_NUM && before->flags & TH_ELIG_SPELLED &&
      before->value >= 20 && n < 10) { /* twenty-one */
    before->value += n;
    before->to = t->to;
    v->n = (uint32_t)(before - v->p) + 1;
  }
}

/* "x10", "xULN" behind a number: the sign of multiplication alone. */
static bool is_times(th_span s, size_t i, size_t end) {
  if ((s.p[i] | 32) != 'x') return false;
  if (end == i + 1) return true;
  th_span rest = {s.p + i + 1, end - i - 1};
  return is_digit(rest.p[0]) || th_span_eq_nocase(rest, TH_SPAN("uln")) ||
         th_span_eq_nocase(rest, TH_SPAN("lln")) || th_span_eq_nocase(rest, TH_SPAN("unl")) ||
         th_span_eq_nocase(rest, TH_SPAN("normal")) || th_span_eq_nocase(rest, TH_SPAN("upper"));
}

/* "over18", "than18", "aged18": the letters of a word that a blank was lost behind; else its end.
 */
static size_t end_before_number(th_span s, size_t i, size_t end) {
  static const char *const words[] = {"over", "than",    "aged",  "under", "above",
                                      "age",  "between", "below", "to",    "from"};
  size_t digits = end;
  while (digits > i && is_digit(s.p[digits - 1]))
    digits--;
  if (digits == end || digits == i) return end;
  for (size_t k = 0; k < TH_COUNT(words); k++)
    if (th_span_eq_nocase((th_span){s.p + i, digits - i}, th_span_of(words[k]))) return digits;
  return end;
}

static size_t take_word(th_span s, size_t i, th_elig_tokens *v, th_elig_token *t) {
  size_t end = word_end(s, i);
  if (end == i) end = i + 1;
  if (is_digit(s.p[end - 1])) end = end_before_number(s, i, end);
  bool contra = end == i + 6 && th_span_eq_nocase((th_span){s.p + i, 6}, TH_SPAN("contra"));
  if (contra && end + 1 < s.n && s.p[end] == '-' && is_letter(s.p[end + 1]))
    end = word_end(s, end + 1); /* one word, as without the hyphen */
  bool behind_number = v->n > 1 && (t[-1].kind == TH_ELIG_NUM || t[-1].key == ')');
  if ((behind_number || end > i + 1) && is_times(s, i, end)) {
    t->kind = TH_ELIG_SIGN;
    t->key = 'x';
    return i + 1;
  }
  t->to = (uint32_t)end;
  finish_word(s, i, v, t);
  if (end + 1 < s.n && s.p[end] == '\'' && (s.p[end + 1] | 32) == 's') end += 2; /* Child's */
  if (end + 3 < s.n && !memcmp(s.p + end, "’s", 4)) end += 4;
  return end;
}

/* The plain word at i: at most fifteen letters and digits of ASCII that nothing behind them binds,
 * without "ae" and "oe", no number and no sign. Most words are; they are found and folded sixteen
 * bytes at a time. Its end; i, and nothing changed, when it is none. readable: bytes of s.p. */
#ifdef __SSE2__
static __m128i bytes_in(__m128i v, char first, char count) {
  return _mm_cmplt_epi8(_mm_add_epi8(v, _mm_set1_epi8((char)(-128 - first))),
                        _mm_set1_epi8((char)(-128 + count)));
}

static unsigned equal_to(__m128i v, char c) {
  return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(c)));
}

static size_t take_plain(th_span s, size_t readable, size_t i, th_elig_token *t) {
  const __m128i places = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  if (i + 16 > readable || (s.p[i] | 32) == 'x') return i;
  __m128i v = _mm_loadu_si128((const __m128i *)(s.p + i));
  __m128i upper = bytes_in(v, 'A', 26), lower = bytes_in(v, 'a', 26);
  __m128i of_word = _mm_or_si128(_mm_or_si128(upper, lower), bytes_in(v, '0', 10));
  unsigned len = (unsigned)__builtin_ctz(~(unsigned)_mm_movemask_epi8(of_word));
  if (len > 15 || i + len > s.n || (i + len < s.n && (unsigned char)s.p[i + len] >= 0x80)) return i;
  if (len == 6 && s.p[i + len] == '-') return i; /* "contra-" */
  if (is_digit(s.p[i + len - 1])) return i;      /* "over18" */
  unsigned in_word = (1u << len) - 1;
  char w[16];
  v = _mm_or_si128(v, _mm_and_si128(upper, _mm_set1_epi8(32)));
  v = _mm_and_si128(v, _mm_cmplt_epi8(places, _mm_set1_epi8((char)len)));
  if (equal_to(v, 'e') & (equal_to(v, 'a') | equal_to(v, 'o')) << 1) return i;
  _mm_storeu_si128((__m128i *)w, v);
  size_t n = fold_ends(w, len);
  for (size_t k = n; k < len; k++)
    w[k] = 0;
  uint64_t key = hash_word(w, n);
  if (len >= 3 && len <= 9 && !isnan(spelled(key))) return i;
  t->to = (uint32_t)(i + len);
  t->kind = TH_ELIG_WORD;
  t->key = key;
  if (!((unsigned)_mm_movemask_epi8(lower) & in_word)) t->flags |= TH_ELIG_ALL_UPPER;
  if ((unsigned)_mm_movemask_epi8(upper) & 1) t->flags |= TH_ELIG_UPPER;
  size_t end = i + len;
  return end + 1 < s.n && s.p[end] == '\'' && (s.p[end + 1] | 32) == 's' ? end + 2 : end;
}
#else
static size_t take_plain(th_span s, size_t readable, size_t i, th_elig_token *t) {
  (void)s, (void)readable, (void)t;
  return i;
}
#endif

static size_t take_relation(th_span s, size_t i, th_elig_token *t) {
  bool less = s.p[i] == '<', greater = s.p[i] == '>', equal = s.p[i] == '=';
  t->kind = TH_ELIG_REL;
  for (i++; i < s.n; i++) {
    char c = s.p[i];
    if (c == '=')
      equal = true;
    else if (c == '<' && !greater)
      less = true;
    else if (c == '>' && !less)
      greater = true;
    else if (c == '/' && i + 1 < s.n && s.p[i + 1] == '=')
      continue;
    else if (c == '\\' && i + 1 < s.n && memchr("<>=/", s.p[i + 1], 4))
      continue;
    else if (c == ' ' && i + 1 < s.n && s.p[i + 1] == '=')
      continue;
    else
      break;
  }
  t->relation = less      ? (equal ? TH_ELIG_LE : TH_ELIG_LT)
                : greater ? (equal ? TH_ELIG_GE : TH_ELIG_GT)
                          : TH_ELIG_EQ;
  return i;
}

static bool is_glued(th_span s, size_t from, size_t i) {
  if (i < from + 2 || s.p[i - 1] != '-') return false;
  return is_letter(s.p[i - 2]);
}

static size_t take_digits(th_span s, size_t i, size_t from, th_elig_token *t) {
  t->kind = TH_ELIG_NUM;
  if (is_glued(s, from, i)) t->flags |= TH_ELIG_GLUED;
  return read_number(s, i, t);
}

static size_t take_superscript(th_span s, size_t i, th_elig_token *t) {
  int digit = 0;
  t->kind = TH_ELIG_NUM;
  t->flags |= TH_ELIG_SUPERSCRIPT | TH_ELIG_INTEGER;
  for (size_t n; i < s.n && (n = superscript((th_span){s.p + i, s.n - i}, &digit)); i += n)
    t->value = t->value * 10 + digit;
  return i;
}

/* Whether a number begins here: a digit, or a point in front of one. */
static bool begins_number(th_span s, size_t i, const th_elig_tokens *v) {
  const th_elig_token *t = &v->p[v->n - 1];
  if (is_digit(s.p[i])) return true;
  return s.p[i] == '.' && i + 1 < s.n && is_digit(s.p[i + 1]) &&
         (t->flags & TH_ELIG_SPACE_BEFORE || (v->n > 1 && t[-1].kind == TH_ELIG_REL));
}

/* The last token of v, which its first byte tells. The byte behind it. */
static size_t take_by_letter(th_span s, size_t i, size_t from, th_elig_tokens *v) {
  th_elig_token *t = &v->p[v->n - 1];
  char c = s.p[i];
  if (begins_number(s, i, v)) return take_digits(s, i, from, t);
  if (is_letter(c) || (unsigned char)c >= 0xC2) return take_word(s, i, v, t);
  if (c == '<' || c == '>' || c == '=') return take_relation(s, i, t);
  t->kind = TH_ELIG_SIGN;
  t->key = (unsigned char)c;
  return i + 1;
}

void th_elig_tokenize(th_span text, uint32_t from, uint32_t to, th_elig_tokens *v) {
  th_span s = {text.p, to};
  bool space = true;
  v->n = 0;
  pthread_once(&numbers_once, fill_numbers);
  for (size_t i = from; i < to;) {
    char c = s.p[i];
    int digit;
    th_span rest = {s.p + i, to - i};
    const wide *w = NULL;
    if ((unsigned char)c <= ' ' || c == '"' || (c == '\\' && i + 1 < to)) {
      space |= (unsigned char)c <= ' ';
      i++;
      continue;
    }
    if (is_letter(c)) {
      th_elig_token *plain = add(v);
      if (!plain) return;
      plain->from = (uint32_t)i;
      plain->flags = space ? TH_ELIG_SPACE_BEFORE : 0;
      size_t end = take_plain(s, text.n, i, plain);
      if (end > i) {
        i = end;
        space = false;
        continue;
      }
      v->n--;
    }
    uint8_t relation = 0;
    size_t symbol = space && (unsigned char)c == 0xC2 ? symbol_relation(rest, &relation) : 0;
    bool super = !symbol && (unsigned char)c >= 0xC2 && superscript(rest, &digit);
    if (!super && !symbol) w = wide_at(rest);
    if (w && (w->sign == ' ' || w->sign == '"')) {
      space |= w->sign == ' ';
      i += strlen(w->text);
      continue;
    }
    th_elig_token *t = add(v);
    if (!t) return;
    t->from = (uint32_t)i;
    t->flags = space ? TH_ELIG_SPACE_BEFORE : 0;
    space = false;
    if (symbol) {
      t->kind = TH_ELIG_REL;
      t->relation = relation;
      i += symbol;
    } else if (super) {
      i = take_superscript(s, i, t);
    } else if (w) {
      t->kind = w->sign ? TH_ELIG_SIGN : TH_ELIG_REL;
      t->key = (unsigned char)w->sign;
      t->relation = w->relation;
      i += strlen(w->text);
    } else {
      i = take_by_letter(s, i, from, v);
      t = &v->p[v->n - 1]; /* a spelled number may have joined the one before */
    }
    if (t->to < i && t->kind != TH_ELIG_WORD && !(t->flags & TH_ELIG_SPELLED)) t->to = (uint32_t)i;
  }
}
