#include "eligibility/lead.h"

enum { LEAD_BYTES = 240 }; /* only the last ones of a long lead say how its items combine */

static bool is_letter(char c) {
  return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* The next word or number from i on, folded into low; 0 at the end. A sign ≥ stands as ">=". */
static size_t next_word(th_span s, size_t *i, char low[24]) {
  while (*i < s.n) {
    char c = s.p[*i];
    if (s.n - *i >= 3 && !memcmp(s.p + *i, "≥", 3)) return *i += 3, memcpy(low, ">=", 3), 2;
    if (c == '>' && *i + 1 < s.n && s.p[*i + 1] == '=') return *i += 2, memcpy(low, ">=", 3), 2;
    if (is_letter(c) || (c >= '0' && c <= '9')) break;
    ++*i;
  }
  size_t n = 0;
  while (*i < s.n && (is_letter(s.p[*i]) || (s.p[*i] >= '0' && s.p[*i] <= '9'))) {
    if (n < 23) low[n++] = is_letter(s.p[*i]) ? (char)(s.p[*i] | 32) : s.p[*i];
    ++*i;
  }
  low[n] = 0;
  return n;
}

static unsigned count_of(const char *w) {
  static const char *const names[] = {"zero", "one",   "two",   "three", "four", "five",
                                      "six",  "seven", "eight", "nine",  "ten"};
  if (w[0] >= '0' && w[0] <= '9') return !w[1] ? (unsigned)(w[0] - '0') : 0;
  for (unsigned i = 0; i < TH_COUNT(names); i++)
    if (!strcmp(w, names[i])) return i;
  return 0;
}

static bool among(const char *w, const char *const *list) {
  for (; *list; list++)
    if (!strcmp(w, *list)) return true;
  return false;
}

static bool ends_with(th_span s, const char *end) {
  size_t n = strlen(end);
  return s.n >= n && !memcmp(s.p + s.n - n, end, n);
}

static void state(th_elig_lead *l, uint8_t combine, unsigned n) {
  l->combine = n > 1 ? TH_ELIG_AT_LEAST : combine;
  l->at_least = n > 1 ? (uint8_t)n : 0;
  l->stated = true;
}

static th_span without_end(th_span s) {
  s = th_span_trim(s);
  while (s.n && memchr("*_ ", s.p[s.n - 1], 3))
    s.n--;
  return s;
}

bool th_elig_lead_follows(th_span s) {
  s = without_end(s);
  return ends_with(s, ":") || ends_with(s, "following") || ends_with(s, "as follows");
}

th_elig_lead th_elig_lead_read(th_span s) {
  static const char *const of_words[] = {
      "of", "the", "these", "criterion", "criteria", "following", "condition", "conditions", NULL};
  th_elig_lead l = {.combine = TH_ELIG_ALL};
  l.follows = th_elig_lead_follows(s);
  s = without_end(s);
  if (s.n > LEAD_BYTES) s.p += s.n - LEAD_BYTES, s.n = LEAD_BYTES;
  char w[4][24] = {{0}}; /* the last four words, w[0] the newest */
  for (size_t i = 0; next_word(s, &i, w[0]);) {
    bool of = among(w[0], of_words);
    unsigned n = count_of(w[1]);
    if (of && !strcmp(w[1], "any"))
      state(&l, TH_ELIG_ANY, 0);
    else if (of && (!strcmp(w[1], "all") || !strcmp(w[1], "both") || !strcmp(w[1], "each")))
      state(&l, TH_ELIG_ALL, 0);
    else if (!strcmp(w[0], "either"))
      state(&l, TH_ELIG_ANY, 0);
    else if (of && !strcmp(w[1], "more") && !strcmp(w[2], "or") && count_of(w[3]))
      state(&l, TH_ELIG_ANY, count_of(w[3]));
    else if (of && n && strcmp(w[0], "the"))
      state(&l, TH_ELIG_ANY, !strcmp(w[2], "than") ? n + 1 : n);
    else if (!strcmp(w[0], "following") && count_of(w[1]) && !strcmp(w[2], "the"))
      state(&l, TH_ELIG_ALL, 0); /* "the two following" */
    else if ((!strcmp(w[0], "as") && !strcmp(w[1], "such")) || !strcmp(w[0], "examples") ||
             !strcmp(w[0], "including") || !strcmp(w[0], "include") || !strcmp(w[0], "includes"))
      l.optional = true;
    if (l.stated) l.optional = false;
    memmove(w[1], w[0], sizeof w - sizeof w[0]);
  }
  return l;
}

th_elig_joint th_elig_joint_read(th_span s, bool *alone) {
  while (s.n && memchr(" \t\r\n*_:;,.", s.p[s.n - 1], 10))
    s.n--;
  char end = s.n ? (char)(s.p[s.n - 1] | 32) : 0;
  if (end != 'r' && end != 'd') {
    if (alone) *alone = false;
    return TH_ELIG_NO_JOINT;
  }
  size_t from = s.n;
  while (from > 0 && (is_letter(s.p[from - 1]) || s.p[from - 1] == '/'))
    from--;
  th_span word = {s.p + from, s.n - from};
  th_elig_joint joint = TH_ELIG_NO_JOINT;
  if (th_span_eq_nocase(word, TH_SPAN("or")) || th_span_eq_nocase(word, TH_SPAN("and/or")))
    joint = TH_ELIG_JOINT_OR;
  else if (th_span_eq_nocase(word, TH_SPAN("and")))
    joint = TH_ELIG_JOINT_AND;
  if (alone) {
    *alone = joint != TH_ELIG_NO_JOINT;
    for (size_t i = 0; i < from && *alone; i++)
      *alone = !is_letter(s.p[i]) && !(s.p[i] >= '0' && s.p[i] <= '9');
  }
  return joint;
}
