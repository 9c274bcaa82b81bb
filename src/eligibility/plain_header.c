/* Headers that name what they head: "Key inclusion criteria for part 2:", "Exclusions". It believes
 * words only, never order or position. */
#include "eligibility/headers.h"
#include "eligibility/line_words.h"

enum { MAX_HEADER = 120, MAX_WORDS = 20 };

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
    while (d < s.n && d < i + 3 && th_is_line_digit(s.p[d]))
      d++;
    if (d == i || d >= s.n || (s.p[d] != '.' && s.p[d] != ')')) return i;
    i = d + 1;
  }
}

/* "Patients will not be eligible for this study if they:" */
static bool is_eligible_phrase(const th_line_words *w, bool colon, uint8_t *kind) {
  int at = th_line_words_find(w, "eligible ineligible", 0);
  if (!colon || at < 0 || at > 8 || th_line_words_find(w, "if", at) < 0) return false;
  bool negated = th_line_word_is(w->w[at], "ineligible") || th_line_words_find(w, "not", 0) >= 0;
  *kind = negated ? TH_ELIG_EXCLUSION : TH_ELIG_INCLUSION;
  return true;
}

/* Words i and following are no more than a header has behind "criteria". */
static bool is_tail(const th_line_words *w, int i, bool colon, bool short_start) {
  if (i == w->n) return true;
  char sign = w->before[i];
  bool open = sign == '(' || sign == '-' || sign == ',' || (unsigned char)sign >= 0x80;
  if (!open && !th_line_word_is(w->w[i], tail_words) && !th_is_line_digit(w->w[i].p[0]))
    return false;
  return colon ? w->n - i <= 10
               : short_start && w->n - i <= 6 && (open || th_line_word_is(w->w[i], "for"));
}

static bool is_header(const th_line_words *w, bool colon, uint8_t *kind) {
  int in = th_line_words_find(w, inclusion_words, 0),
      ex = th_line_words_find(w, exclusion_words, 0);
  if (in < 0 && ex < 0) return is_eligible_phrase(w, colon, kind);
  *kind = TH_ELIG_UNKNOWN;
  if (in >= 0 && ex >= 0) return colon && w->n <= 5;
  int at = in >= 0 ? in : ex, first = 0;
  bool non = in > 0 && th_line_word_is(w->w[at - 1], "non");
  int before = at - non;
  if (w->n > 0 && th_line_word_is(w->w[0], "the")) first = 1;
  if (before - first > 4) return false;
  for (int i = first; i < before; i++)
    if (th_line_word_is(w->w[i], sentence_words)) return false;
  bool criteria = at + 1 < w->n && th_line_word_is(w->w[at + 1], criteria_words);
  if (!criteria) {
    /* "Inclusion:", and "INCLUSION OF MINORITIES:", which is about something else */
    if (at + 1 < w->n) return colon && before == 0 && th_line_word_is(w->w[at + 1], "of");
    if (before > first && !colon && !th_line_word_is(w->w[first], "key main major other general"))
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
  th_line_words w;
  size_t from = skip_marks(line);
  th_span s = {line.p + from, line.n - from};
  size_t colon = find_colon(s);
  bool has_colon = colon < s.n;
  s.n = colon;
  if (s.n > MAX_HEADER || !th_line_words_split(s, MAX_WORDS, &w) || !is_header(&w, has_colon, kind))
    return false;
  *rest = from + colon + has_colon;
  while (*rest < line.n && memchr(" \t*_\r", line.p[*rest], 5))
    ++*rest;
  while (s.n && memchr(" \t*_.;\r\\", s.p[s.n - 1], 8))
    s.n--;
  *header = s;
  return true;
}
