#include "eligibility/headers.h"
#include "eligibility/line_words.h"

enum { MAX_LINE = 220 };

static th_line_list following = TH_LINE_LIST("any following criteria");
static th_line_list denials = TH_LINE_LIST("not cannot");
static th_line_list verbs = TH_LINE_LIST("are is was were will include");
static th_line_list every = TH_LINE_LIST("all");
static th_line_list eligibility = TH_LINE_LIST("eligible ineligible eligibility");
static th_line_list whole_study = TH_LINE_LIST("all study enrollment enrolment");
static th_line_list eligible = TH_LINE_LIST("eligible ineligible");
static th_line_list states =
    TH_LINE_LIST("eligible ineligible excluded exclude eligibility included enrolled");
static th_line_list starts = TH_LINE_LIST("key main major general patient the study subject non");
static th_line_list non_word = TH_LINE_LIST("non");
static th_line_list ineligible = TH_LINE_LIST("ineligible excluded exclude");
static th_line_list criteria_words = TH_LINE_LIST("criteria criterion requirements");
static th_line_list criteria_only = TH_LINE_LIST("criteria criterion");
static th_line_list several = TH_LINE_LIST("exclusions inclusions");
static th_line_list of_the_whole =
    TH_LINE_LIST("key main major general patient subject study the participant");
static th_line_list neutral = TH_LINE_LIST("eligibility criteria eligibilty eligiblity");
static th_line_list choices = TH_LINE_LIST("eligibility selection entry enrollment enrolment");

/* One letter missing, doubled, wrong or two exchanged: a typo of the word. */
static bool is_near(th_span w, const char *word) {
  size_t n = strlen(word), i = 0, j = 0;
  if (w.n + 1 < n || w.n > n + 1) return false;
  while (i < w.n && i < n && (w.p[i] | 32) == word[i])
    i++;
  while (j < w.n - i && j < n - i && (w.p[w.n - 1 - j] | 32) == word[n - 1 - j])
    j++;
  size_t left = w.n - i - j, want = n - i - j;
  if (left <= 1 && want <= 1) return true;
  return left == 2 && want == 2 && (w.p[i] | 32) == word[i + 1] && (w.p[i + 1] | 32) == word[i];
}

static bool is_inclusion(th_span w) {
  return w.n > 7 && w.n < 12 && (w.p[0] | 32) == 'i' &&
         (is_near(w, "inclusion") || is_near(w, "inclusions"));
}
static bool is_exclusion(th_span w) {
  return w.n > 6 && w.n < 12 && (w.p[0] | 32) == 'e' &&
         (is_near(w, "exclusion") || is_near(w, "exclusions"));
}

static th_line_list group_words = TH_LINE_LIST(
    "cohort cohorts arm arms group groups part parts phase stage step substudy module subproject");
static th_line_list sort_words = TH_LINE_LIST(
    "donor donors recipient recipients control controls volunteers healthy caregivers caregiver "
    "parents children infants mothers for");

/* ---- typos: "Eclusion criteria:", "Inclusion critieria" ---- */

/* A few words that would be a header but for a typo in "inclusion" or "exclusion". */
static bool is_misspelled(th_span line, const th_line_words *w, bool colon, uint8_t *kind) {
  if (w->n > 5) return false;
  for (int i = 0; i < w->n && i < 3; i++) {
    bool in = is_inclusion(w->w[i]), ex = is_exclusion(w->w[i]);
    if (!in && !ex) continue;
    bool criteria = i + 1 < w->n && (w->w[i + 1].p[0] | 32) == 'c' &&
                    (is_near(w->w[i + 1], "criteria") || is_near(w->w[i + 1], "criterion") ||
                     is_near(w->w[i + 1], "criterias"));
    bool start = i == 0 || th_line_word_is(w, 0, &starts);
    if (!start || (!criteria && w->n > i + 1) || (!criteria && !colon)) return false;
    if (criteria && w->n > i + 2 && !colon) return false;
    if (!criteria && line.n > 24) return false;
    bool non = i > 0 && th_line_word_is(w, i - 1, &non_word);
    *kind = in && !non ? TH_ELIG_INCLUSION : TH_ELIG_EXCLUSION;
    return true;
  }
  return false;
}

/* ---- sentences that serve as headers: "Patients will not be eligible if they:" ---- */

static th_line_list people = TH_LINE_LIST(
    "patient patients subject subjects participant participants volunteer volunteers you child "
    "children women woman men man people person persons infant infants individual individuals "
    "mother mothers baby donors donor they candidates candidate the your to in any a all male "
    "males female females veterans students adults following those healthy please general "
    "potential for");
static th_line_list asks = TH_LINE_LIST("following if criteria criterion below unless");
/* What makes the sentence one about some of them only. */
static th_line_list some_words =
    TH_LINE_LIST("with having had has without provided undergoing receiving");

static bool is_sentence(const th_line_words *w, uint8_t *kind) {
  int el = th_line_words_find(w, &states, 0);
  int in = -1, ex = -1;
  for (int i = 0; i < w->n; i++) {
    if (in < 0 && is_inclusion(w->w[i])) in = i;
    if (ex < 0 && is_exclusion(w->w[i])) ex = i;
  }
  if (in >= 0 && ex >= 0) return false;
  int at = ex >= 0 ? ex : in >= 0 ? in : el;
  if (at < 0 || !th_line_word_is(w, 0, &people) || th_line_words_find(w, &asks, 0) < 0)
    return false;
  int some = th_line_words_find(w, &some_words, 0);
  if (some >= 0 && some < at && th_line_words_find(w, &following, 0) < 0) return false;
  if (ex >= 0) {
    *kind = TH_ELIG_EXCLUSION;
  } else {
    bool not_in = el >= 0 && th_line_word_is(w, el, &ineligible);
    bool negated =
        th_line_words_find(w, &denials, 0) >= 0 && th_line_words_find(w, &denials, 0) < at;
    *kind = not_in || negated ? TH_ELIG_EXCLUSION : TH_ELIG_INCLUSION;
  }
  return true;
}

/* What makes a sentence of "… inclusion criteria …", where a header would have the name of a group.
 */
static th_line_list sentence_words = TH_LINE_LIST(
    "no not none may apply applied applies reflect according accordance without absence fail fails "
    "failure meet meets meeting fulfil fulfill fulfils fulfills fulfilling see same");

/* "Part 2: expansion cohort, specific inclusion criteria:", "Exclusion criteria stage 2". whole:
 * all words of the line. */
static bool is_headline(const th_line_words *w, bool ends, uint8_t *kind) {
  int in = -1, ex = -1, at;
  for (int i = 0; i < w->n; i++) {
    if (in < 0 && is_inclusion(w->w[i])) in = i;
    if (ex < 0 && is_exclusion(w->w[i])) ex = i;
  }
  at = in >= 0 ? in : ex;
  if (at < 0 || w->n > 20) return false;
  bool criteria = at + 1 < w->n && th_line_word_is(w, at + 1, &criteria_words);
  if (in >= 0 && ex >= 0) {
    *kind = TH_ELIG_UNKNOWN;
    return in + ex == 1 && w->n == 3 && th_line_word_is(w, 2, &criteria_only);
  }
  if (th_line_words_find(w, &sentence_words, 0) >= 0) return false;
  if (!criteria && !(ends && th_line_word_is(w, at, &several) && w->n < 6)) return false;
  if (!ends && (at > 0 || w->n > 10 || th_line_words_find(w, &verbs, 0) >= 0)) return false;
  bool non = at > 0 && th_line_word_is(w, at - 1, &non_word);
  *kind = in >= 0 && !non ? TH_ELIG_INCLUSION : TH_ELIG_EXCLUSION;
  return true;
}

/* "Eligibility:", "Eligibility criteria:", "Selection criteria": names the whole, says neither. */
static bool is_neutral(const th_line_words *w, bool colon) {
  int i = 0;
  if (w->n > i && th_line_word_is(w, i, &of_the_whole)) i++;
  if (w->n == i + 1) return colon && th_line_word_is(w, i, &neutral);
  return w->n == i + 2 && th_line_word_is(w, i, &choices) &&
         th_line_word_is(w, i + 1, &criteria_words);
}

/* ---- the line ---- */

static bool may_be_header(th_span s) {
  static const bool begins[256] = {['c'] = true, ['C'] = true, ['l'] = true, ['L'] = true};
  for (size_t i = 0; i + 4 < s.n; i++) {
    if (!begins[(unsigned char)s.p[i]]) continue;
    char c = s.p[i] | 32, d = s.p[i + 1] | 32;
    if ((c == 'c' && (d == 'l' || d == 'r' || d == 'u')) || (c == 'l' && (d == 'i' || d == 'u')) ||
        (c == 'l' && d == 'c'))
      return true;
  }
  return false;
}

static uint32_t skip_rest(th_span line, size_t i) {
  while (i < line.n && memchr(" \t*_\r:", line.p[i], 6))
    i++;
  return (uint32_t)i;
}

/* Whether the header names a group; "for all participants" names none. */
static bool is_cohort(const th_line_words *w) {
  if (w->n <= 2) return false;
  if (th_line_words_find(w, &group_words, 0) >= 0) return th_line_words_find(w, &every, 0) < 0;
  if (th_line_words_find(w, &eligibility, 0) >= 0) return false;
  return th_line_words_find(w, &sort_words, 0) >= 0 && th_line_words_find(w, &whole_study, 0) < 0;
}

static bool take(th_elig_header *out, th_span line, th_span words_of, uint32_t rest) {
  th_line_words w;
  out->from = (uint32_t)(words_of.p - line.p);
  out->to = out->from + (uint32_t)words_of.n;
  out->rest = skip_rest(line, rest);
  if (th_line_words_split(words_of, TH_LINE_WORDS_MAX, &w)) out->cohort = is_cohort(&w);
  return true;
}

bool th_elig_header_read(th_span line, bool marked, th_elig_header *out) {
  uint8_t kind;
  th_span head;
  size_t rest;
  th_line_words w;
  *out = (th_elig_header){0};
  th_span start = {line.p, TH_MIN(line.n, (size_t)MAX_LINE)};
  if (!may_be_header(start)) return false;
  if (th_elig_plain_header(line, &kind, &head, &rest) &&
      (!marked || !memchr(head.p, ' ', head.n) || head.n < 60)) {
    out->kind = kind;
    take(out, line, head, (uint32_t)rest);
    if (th_line_words_split(head, TH_LINE_WORDS_MAX, &w))
      out->following = th_line_words_find(&w, &eligible, 0) >= 0;
    return true;
  }
  th_span s = th_span_trim(line);
  while (s.n && memchr("*_#: ", s.p[0], 5))
    s.p++, s.n--;
  const char *colon = memchr(s.p, ':', s.n);
  th_span before = {s.p, colon ? (size_t)(colon - s.p) : s.n};
  if (!th_line_words_split((th_span){before.p, TH_MIN(before.n, (size_t)MAX_LINE)},
                           TH_LINE_WORDS_MAX, &w))
    return false;
  uint32_t behind = (uint32_t)(colon ? colon + 1 - line.p : (ptrdiff_t)line.n);
  if (is_misspelled(before, &w, colon != NULL, &out->kind)) return take(out, line, before, behind);
  if (is_neutral(&w, colon != NULL)) {
    out->keeps = true;
    return take(out, line, before, behind);
  }
  bool last = s.n && s.p[s.n - 1] == ':';
  th_line_words all;
  if (!marked && s.n <= 120 && th_line_words_split(s, TH_LINE_WORDS_MAX, &all) &&
      is_headline(&all, last, &out->kind))
    return take(out, line, (th_span){s.p, s.n - last}, (uint32_t)(s.p + s.n - line.p));
  bool ends =
      colon && th_span_trim((th_span){colon + 1, (size_t)(line.p + line.n - colon - 1)}).n < 3;
  if (marked || !ends || before.n > MAX_LINE || !is_sentence(&w, &out->kind)) return false;
  out->following = true;
  take(out, line, before, behind);
  out->cohort = false;
  return true;
}

/* ---- headers inside a line ---- */

static bool starts_word(th_span line, size_t i, const char *word) {
  size_t n = strlen(word);
  return i + n <= line.n && th_span_eq_nocase((th_span){line.p + i, n}, (th_span){word, n});
}

/* "Exclusion Criteria:" or "Exclusion:" at i, with the first letter a capital. */
static bool is_inside(th_span line, size_t i) {
  if (line.p[i] != 'E' && line.p[i] != 'I') return false;
  if (!starts_word(line, i, "exclusion") && !starts_word(line, i, "inclusion")) return false;
  i += 9;
  size_t j = i;
  while (j < line.n && line.p[j] == ' ')
    j++;
  if (starts_word(line, j, "criteria") || starts_word(line, j, "criterion")) {
    j += starts_word(line, j, "criteria") ? 8 : 9;
    if (j == line.n) return true;
    while (j < line.n && line.p[j] == ' ')
      j++;
  }
  return j < line.n && line.p[j] == ':';
}

/* The letter at or behind i; the end when there is none. */
static size_t next_of(th_span line, size_t i, char letter) {
  const char *p = i < line.n ? memchr(line.p + i, letter, line.n - i) : NULL;
  return p ? (size_t)(p - line.p) : line.n;
}

size_t th_elig_header_inside(th_span line) {
  size_t next[2] = {next_of(line, 2, 'E'), next_of(line, 2, 'I')};
  for (size_t i = TH_MIN(next[0], next[1]), at = i; at + 10 < line.n;
       i = at = TH_MIN(next[0], next[1])) {
    bool letter = next[1] < next[0];
    next[letter] = next_of(line, at + 1, letter ? 'I' : 'E');
    if (!is_inside(line, i)) continue;
    size_t b = i;
    while (b > 0 && memchr(" \t*_", line.p[b - 1], 4))
      b--;
    if (b == i || b == 0) continue;
    static const char *const before[] = {"key", "main", "major"};
    for (size_t k = 0; k < TH_COUNT(before); k++) {
      size_t n = strlen(before[k]);
      if (b > n && starts_word(line, b - n, before[k]) && line.p[b - n] < 'a') {
        i = b - n;
        for (b -= n; b > 0 && line.p[b - 1] == ' ';)
          b--;
        break;
      }
    }
    if (b > 0 && (memchr(".;:)!", line.p[b - 1], 5) || i - b >= 2)) return i;
  }
  return line.n;
}
