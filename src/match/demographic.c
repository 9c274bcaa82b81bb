#include "match/demographic.h"

#include <math.h>

#include "text/token.h"

enum { AHEAD = 6, AGE_YEARS_MAX = 125 };

/* The words that stand next, in a ring: w[0] is the one at hand. */
typedef struct look {
  char text[AHEAD][16];
  uint32_t n[AHEAD];
  uint32_t have;
} look;

static bool is(const look *l, uint32_t i, const char *word) {
  return i < l->have && l->n[i] == strlen(word) && memcmp(l->text[i], word, l->n[i]) == 0;
}

static bool is_any(const look *l, uint32_t i, const char *const *words) {
  for (; *words; words++)
    if (is(l, i, *words)) return true;
  return false;
}

static void push(look *l, th_span word) {
  if (l->have == AHEAD) {
    memmove(l->text[0], l->text[1], sizeof l->text - sizeof l->text[0]);
    memmove(l->n, l->n + 1, sizeof l->n - sizeof l->n[0]);
    l->have--;
  }
  uint32_t n = (uint32_t)TH_MIN(word.n, sizeof l->text[0]);
  memcpy(l->text[l->have], word.p, n);
  l->n[l->have++] = n;
}

static void shift(look *l) {
  if (!l->have) return;
  memmove(l->text[0], l->text[1], sizeof l->text - sizeof l->text[0]);
  memmove(l->n, l->n + 1, sizeof l->n - sizeof l->n[0]);
  l->have--;
}

/* Digits at the start of word i: their value and what stands behind them. */
static bool leading_number(const look *l, uint32_t i, unsigned *value, th_span *rest) {
  uint32_t at = 0;
  if (i >= l->have) return false;
  *value = 0;
  for (; at < l->n[i] && at < 4 && l->text[i][at] >= '0' && l->text[i][at] <= '9'; at++)
    *value = *value * 10 + (unsigned)(l->text[i][at] - '0');
  *rest = (th_span){l->text[i] + at, l->n[i] - at};
  return at > 0 && at < 4;
}

static char sex_of(th_span w) {
  static const char *const male[] = {"m", "man", "male", "boy", "gentleman", "men", "males"};
  static const char *const female[] = {"f", "woman", "female", "girl", "lady", "women", "females"};
  for (size_t i = 0; i < TH_COUNT(male); i++) {
    if (th_span_eq(w, th_span_of(male[i]))) return 'M';
    if (th_span_eq(w, th_span_of(female[i]))) return 'F';
  }
  return 0;
}

static char sex_at(const look *l, uint32_t i) {
  return i < l->have ? sex_of((th_span){l->text[i], l->n[i]}) : 0;
}

/* Years in one of the unit that the word names; 0 when it names none. */
static double unit_years(th_span w) {
  static const struct {
    const char *word;
    double years;
  } units[] = {{"year", 1},
               {"years", 1},
               {"yr", 1},
               {"yrs", 1},
               {"yo", 1},
               {"y", 1},
               {"month", 1 / 12.},
               {"months", 1 / 12.},
               {"mo", 1 / 12.},
               {"week", 7 / 365.25},
               {"weeks", 7 / 365.25},
               {"wk", 7 / 365.25},
               {"day", 1 / 365.25},
               {"days", 1 / 365.25}};
  for (size_t i = 0; i < TH_COUNT(units); i++)
    if (th_span_eq(w, th_span_of(units[i].word))) return units[i].years;
  return 0;
}

static bool set_age(th_demographic *out, double low, double width) {
  if (low + width > AGE_YEARS_MAX) return false;
  if (isnan(out->low)) out->low = low, out->high = low + width;
  return true;
}

/* "60s" behind "in his", "in the" */
static bool read_decade(th_demographic *out, const look *l) {
  static const char *const whose[] = {"his", "her", "their", "the", "early", "mid", "late", NULL};
  unsigned value;
  th_span rest;
  for (uint32_t i = 2; i < 4; i++)
    if (is(l, 0, "in") && is_any(l, 1, whose) && leading_number(l, i, &value, &rest) &&
        th_span_eq(rest, TH_SPAN("s")) && value % 10 == 0 && value >= 10)
      return set_age(out, value, 10);
  return false;
}

/* An age that begins with the word at hand. */
static bool read_age(th_demographic *out, const look *l) {
  static const char *const old[] = {"old", "o", "of", "aged", NULL};
  static const char *const aged[] = {"age", "aged", NULL};
  unsigned value;
  th_span rest;
  if (read_decade(out, l)) return true;
  if (is_any(l, 0, aged) && leading_number(l, 1, &value, &rest) && rest.n == 0)
    return set_age(out, value, 1);
  if (!leading_number(l, 0, &value, &rest)) return false;
  uint32_t next = rest.n == 0 ? 1 : 0; /* the word that holds the unit */
  th_span unit = next ? (next < l->have ? (th_span){l->text[1], l->n[1]} : (th_span){0, 0}) : rest;
  double years = unit_years(unit);
  if (years > 0) {
    bool yo = th_span_eq(unit, TH_SPAN("yo"));
    bool said = yo || is_any(l, next + 1, old) || sex_at(l, next + 1);
    if (!said || !set_age(out, value * years, years)) return false;
    for (uint32_t i = next + 1; i < AHEAD && !out->sex; i++)
      out->sex = sex_at(l, i);
    return true;
  }
  char sex = sex_of(unit); /* "67F", "48 M": only in a note's first words would a bare letter do */
  if (!sex || value < 1 || value > 110) return false;
  if (!set_age(out, value, 1)) return false;
  if (!out->sex) out->sex = sex;
  return true;
}

void th_demographic_read(th_demographic *out, th_span note) {
  static const char *const he[] = {"he", "his", "him", "himself", "mr", NULL};
  static const char *const she[] = {"she", "her", "herself", "mrs", "ms", "pregnant", NULL};
  th_tokens tokens;
  th_token t;
  look l = {0};
  char noun = 0, pronoun = 0;
  bool more = true;
  *out = (th_demographic){0, NAN, NAN};
  th_tokens_init(&tokens, note);
  while (more || l.have) {
    while (more && l.have < AHEAD)
      if ((more = th_token_next(&tokens, &t)) && !(t.flags & TH_TOKEN_JOINED)) push(&l, t.text);
    if (!l.have) break;
    if (isnan(out->low)) read_age(out, &l);
    if (!noun && l.n[0] > 1) noun = sex_at(&l, 0);
    if (!pronoun) pronoun = is_any(&l, 0, he) ? 'M' : is_any(&l, 0, she) ? 'F' : 0;
    shift(&l);
  }
  if (!out->sex) out->sex = noun ? noun : pronoun;
  explicit_bzero(&l, sizeof l);
  explicit_bzero(&tokens, sizeof tokens);
}
