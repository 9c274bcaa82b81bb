/* Headers that name what they head: "Key inclusion criteria for part 2:", "Exclusions". It believes
 * words only, never order or position. */
#include "eligibility/headers.h"
#include "eligibility/line_words.h"

enum { MAX_HEADER = 120, MAX_WORDS = 20 };

static th_line_list eligible = TH_LINE_LIST("eligible ineligible");
static th_line_list if_word = TH_LINE_LIST("if");
static th_line_list not_word = TH_LINE_LIST("not");
static th_line_list ineligible = TH_LINE_LIST("ineligible");
static th_line_list for_word = TH_LINE_LIST("for");
static th_line_list non_word = TH_LINE_LIST("non");
static th_line_list the_word = TH_LINE_LIST("the");
static th_line_list of_word = TH_LINE_LIST("of");
static th_line_list starts = TH_LINE_LIST("key main major other general");

/* ---- one header ---- */

static th_line_list inclusion_words = TH_LINE_LIST("inclusion inclusions");
static th_line_list exclusion_words = TH_LINE_LIST("exclusion exclusions");
static th_line_list criteria_words = TH_LINE_LIST("criteria criterion criterium criterias");

/* Words that make a sentence of "… inclusion criteria", where a header would have "Key …". */
static th_line_list sentence_words = TH_LINE_LIST(
    "no not none any meet meets meeting met fulfil fulfill fulfils fulfills fulfilling fulfilled "
    "of to does do did failure fail fails per with without there who which that if satisfy "
    "satisfies satisfying at before after on during by from based following additionally must "
    "should may apply");

/* What may follow "Inclusion criteria" in a header: a group that it holds for. */
static th_line_list tail_words = TH_LINE_LIST(
    "for are is was were related include includes of in phase part parts cohort cohorts "
    "group groups arm arms all specific only stage step");

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
  int at = th_line_words_find(w, &eligible, 0);
  if (!colon || at < 0 || at > 8 || th_line_words_find(w, &if_word, at) < 0) return false;
  bool negated = th_line_word_is(w, at, &ineligible) || th_line_words_find(w, &not_word, 0) >= 0;
  *kind = negated ? TH_ELIG_EXCLUSION : TH_ELIG_INCLUSION;
  return true;
}

/* Words i and following are no more than a header has behind "criteria". */
static bool is_tail(const th_line_words *w, int i, bool colon, bool short_start) {
  if (i == w->n) return true;
  char sign = w->before[i];
  bool open = sign == '(' || sign == '-' || sign == ',' || (unsigned char)sign >= 0x80;
  if (!open && !th_line_word_is(w, i, &tail_words) && !th_is_line_digit(w->w[i].p[0])) return false;
  return colon ? w->n - i <= 10
               : short_start && w->n - i <= 6 && (open || th_line_word_is(w, i, &for_word));
}

static bool is_header(const th_line_words *w, bool colon, uint8_t *kind) {
  int in = th_line_words_find(w, &inclusion_words, 0),
      ex = th_line_words_find(w, &exclusion_words, 0);
  if (in < 0 && ex < 0) return is_eligible_phrase(w, colon, kind);
  *kind = TH_ELIG_UNKNOWN;
  if (in >= 0 && ex >= 0) return colon && w->n <= 5;
  int at = in >= 0 ? in : ex, first = 0;
  bool non = in > 0 && th_line_word_is(w, at - 1, &non_word);
  int before = at - non;
  if (w->n > 0 && th_line_word_is(w, 0, &the_word)) first = 1;
  if (before - first > 4) return false;
  for (int i = first; i < before; i++)
    if (th_line_word_is(w, i, &sentence_words)) return false;
  bool criteria = at + 1 < w->n && th_line_word_is(w, at + 1, &criteria_words);
  if (!criteria) {
    /* "Inclusion:", and "INCLUSION OF MINORITIES:", which is about something else */
    if (at + 1 < w->n) return colon && before == 0 && th_line_word_is(w, at + 1, &of_word);
    if (before > first && !colon && !th_line_word_is(w, first, &starts)) return false;
  } else if (!is_tail(w, at + 2, colon, before - first <= 2)) {
    return false;
  }
  *kind = in >= 0 && !non ? TH_ELIG_INCLUSION : TH_ELIG_EXCLUSION;
  return true;
}

/* The colon that ends a header; outside of parentheses. */
static size_t find_colon(th_span s) {
  int depth = 0;
  if (!s.n || !memchr(s.p, ':', TH_MIN(s.n, (size_t)MAX_HEADER))) return s.n;
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
