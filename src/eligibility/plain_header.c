/* Headers that name what they head: "Key inclusion criteria for part 2:", "Exclusions". It believes
 * words only, never order or position. */
#include "eligibility/headers.h"

enum { MAX_HEADER = 120, MAX_WORDS = 20 };

/* ---- the words of a line ---- */

typedef struct words {
  th_span w[MAX_WORDS];
  char before[MAX_WORDS + 1]; /* the sign, if any, that stands before the word; last: at the end */
  int n;
} words;

static bool is_letter(char c) {
  return ((c | 32) >= 'a' && (c | 32) <= 'z') || (unsigned char)c >= 0x80;
}
static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool split_words(th_span s, words *out) {
  *out = (words){0};
  for (size_t i = 0; i < s.n;) {
    size_t from = i;
    while (i < s.n && (is_letter(s.p[i]) || is_digit(s.p[i])))
      i++;
    if (i > from) {
      if (out->n == MAX_WORDS) return false;
      out->w[out->n++] = (th_span){s.p + from, i - from};
    } else {
      if (s.p[i] != ' ' && s.p[i] != '*' && s.p[i] != '_') out->before[out->n] = s.p[i];
      i++;
    }
  }
  return out->n > 0;
}

static bool is_word(th_span w, const char *list) {
  for (const char *p = list; *p;) {
    size_t n = strcspn(p, " ");
    if (th_span_eq_nocase(w, (th_span){p, n})) return true;
    p += n + (p[n] == ' ');
  }
  return false;
}

static int find_word(const words *w, const char *list, int from) {
  for (int i = from; i < w->n; i++)
    if (is_word(w->w[i], list)) return i;
  return -1;
}

/* ---- one header ---- */

static const char inclusion_words[] = "inclusion inclusions";
static const char exclusion_words[] = "exclusion exclusions";
static const char criteria_words[] = "criteria criterion criterium criterias";

/* Words that make a sentence of "… inclusion criteria", where a header would have "Key …". */
static const char sentence_words[] =
    "no not none any meet meets meeting met fulfil fulfill fulfils fulfills fulfilling fulfilled "
    "of to does do did failure fail fails per with without there who which that if satisfy "
    "satisfies satisfying at before after on during by from based following additionally must "
    "should may apply";

/* What may follow "Inclusion criteria" in a header: a group that it holds for. */
static const char tail_words[] =
    "for are is was were related include includes of in phase part parts cohort cohorts "
    "group groups arm arms all specific only stage step";

/* White space, list signs, numbers of items and marks of emphasis before the words. */
static size_t skip_marks(th_span s) {
  size_t i = 0;
  for (;;) {
    while (i < s.n && (memchr(" \t*_#-+>\\", s.p[i], 9) != NULL))
      i++;
    if (i + 3 <= s.n && !memcmp(s.p + i, "\xE2\x80\xA2", 3)) { /* • */
      i += 3;
      continue;
    }
    size_t d = i;
    while (d < s.n && d < i + 3 && is_digit(s.p[d]))
      d++;
    if (d == i || d >= s.n || (s.p[d] != '.' && s.p[d] != ')')) return i;
    i = d + 1;
  }
}

/* "Patients will not be eligible for this study if they:" */
static bool is_eligible_phrase(const words *w, bool colon, uint8_t *kind) {
  int at = find_word(w, "eligible ineligible", 0);
  if (!colon || at < 0 || at > 8 || find_word(w, "if", at) < 0) return false;
  bool negated = is_word(w->w[at], "ineligible") || find_word(w, "not", 0) >= 0;
  *kind = negated ? TH_ELIG_EXCLUSION : TH_ELIG_INCLUSION;
  return true;
}

/* Words i and following are no more than a header has behind "criteria". */
static bool is_tail(const words *w, int i, bool colon, bool short_start) {
  if (i == w->n) return true;
  char sign = w->before[i];
  bool open = sign == '(' || sign == '-' || sign == ',' || (unsigned char)sign >= 0x80;
  if (!open && !is_word(w->w[i], tail_words) && !is_digit(w->w[i].p[0])) return false;
  return colon ? w->n - i <= 10 : short_start && w->n - i <= 6 && (open || is_word(w->w[i], "for"));
}

static bool is_header(const words *w, bool colon, uint8_t *kind) {
  int in = find_word(w, inclusion_words, 0), ex = find_word(w, exclusion_words, 0);
  if (in < 0 && ex < 0) return is_eligible_phrase(w, colon, kind);
  *kind = TH_ELIG_UNKNOWN;
  if (in >= 0 && ex >= 0) return colon && w->n <= 5;
  int at = in >= 0 ? in : ex, first = 0;
  bool non = in > 0 && is_word(w->w[at - 1], "non");
  int before = at - non;
  if (w->n > 0 && is_word(w->w[0], "the")) first = 1;
  if (before - first > 4) return false;
  for (int i = first; i < before; i++)
    if (is_word(w->w[i], sentence_words)) return false;
  bool criteria = at + 1 < w->n && is_word(w->w[at + 1], criteria_words);
  if (!criteria) {
    /* "Inclusion:", and "INCLUSION OF MINORITIES:", which is about something else */
    if (at + 1 < w->n) return colon && before == 0 && is_word(w->w[at + 1], "of");
    if (before > first && !colon && !is_word(w->w[first], "key main major other general"))
      return false;
  } else if (!is_tail(w, at + 2, colon, before - first <= 2)) {
    return false;
  }
  *kind = in >= 0 && !non ? TH_ELIG_INCLUSION : TH_ELIG_EXCLUSION;
  return true;
}

/* The colon that ends a header; outside of parentheses. */
static size_t find_colon(th_span s) {
  int depth = 0;
  for (size_t i = 0; i < s.n && i < MAX_HEADER; i++) {
    depth += (s.p[i] == '(') - (s.p[i] == ')');
    if (s.p[i] == ':' && depth <= 0) return i;
  }
  return s.n;
}

bool th_elig_plain_header(th_span line, uint8_t *kind, th_span *header, size_t *rest) {
  words w;
  size_t from = skip_marks(line);
  th_span s = {line.p + from, line.n - from};
  size_t colon = find_colon(s);
  bool has_colon = colon < s.n;
  s.n = colon;
  if (s.n > MAX_HEADER || !split_words(s, &w) || !is_header(&w, has_colon, kind)) return false;
  *rest = from + colon + has_colon;
  while (*rest < line.n && memchr(" \t*_\r", line.p[*rest], 5))
    ++*rest;
  while (s.n && memchr(" \t*_.;\r\\", s.p[s.n - 1], 8))
    s.n--;
  *header = s;
  return true;
}
