#include "criteria/accepts.h"

#include <math.h>
#include <stdio.h>

#include "criteria/sure.h"
#include "eligibility/attributes.h"
#include "eligibility/phrases.h"
#include "eligibility/units.h"
#include "study/age.h"
#include "study/catalogue.h"

/* ---- names ---- */

static bool among(const char *list, th_span name) {
  for (const char *p = list; *p;) {
    size_t n = strcspn(p, "|");
    if (th_span_eq_nocase(name, (th_span){p, n})) return true;
    p += n + (p[n] == '|');
  }
  return false;
}

int th_criteria_attribute(th_span name) {
  name = th_span_trim(name);
  for (uint32_t i = TH_ELIG_ATTRIBUTE_OTHER + 1; i < th_elig_n_attributes; i++)
    if (th_span_eq_nocase(name, th_span_of(th_elig_attributes[i].key))) return (int)i;
  for (uint32_t i = 0; i < th_elig_n_attributes; i++)
    if (th_span_eq_nocase(name, th_span_of(th_elig_attributes[i].name)) ||
        among(th_elig_attributes[i].aliases, name))
      return (int)i;
  return -1;
}

/* ---- values ---- */

/* A decimal number at the start of the text; how many bytes it takes, 0 when there is none. */
static size_t read_number(th_span text, double *out) {
  char digits[40];
  size_t n = 0;
  while (
      n < text.n && n + 1 < sizeof digits &&
      ((text.p[n] >= '0' && text.p[n] <= '9') || text.p[n] == '.' || (n == 0 && text.p[n] == '-')))
    digits[n] = text.p[n], n++;
  digits[n] = 0;
  char *end;
  *out = strtod(digits, &end);
  return end == digits + n && isfinite(*out) ? n : 0;
}

/* A unit as UCUM or as people write it; all of the text must be one. */
static bool read_unit(th_span text, th_elig_unit *out) {
  th_arena arena;
  th_arena_init(&arena, 1 << 20);
  *out = (th_elig_unit){.ucum = ""};
  bool found = text.n < TH_ELIG_UNIT_MAX && th_elig_ucum_read(text, &out->m);
  if (found) {
    memcpy(out->ucum, text.p, text.n);
    out->ucum[text.n] = 0;
  } else if (text.n < 200) {
    th_elig_tokens tokens = {.arena = &arena};
    uint32_t end = 0;
    if (th_elig_phrases_ready() == 0) th_elig_tokenize(text, 0, (uint32_t)text.n, &tokens);
    found = th_elig_unit_read(text, tokens.p, tokens.n, 0, out, &end) && end == tokens.n;
  }
  th_arena_dispose(&arena);
  return found;
}

static int bad_value(const th_elig_attribute *a, th_span text, const char *why, th_err *err) {
  return th_err_set(err, TH_EUSAGE, "\"%.*s\" is no value of %s: %s", (int)TH_MIN(text.n, 60u),
                    text.p, a->key, why);
}

int th_criteria_value(uint32_t attribute, th_span text, double *out, th_err *err) {
  const th_elig_attribute *a = &th_elig_attributes[attribute];
  th_elig_unit unit;
  double v;
  text = th_span_trim(text);
  size_t n = read_number(text, &v);
  th_span rest = th_span_trim((th_span){text.p + n, text.n - n});
  if (n == 0) return bad_value(a, text, "it must begin with a number", err);
  if (rest.n == 0) {
    bool own = a->scale || strcmp(a->unit, "1") == 0 || strcmp(a->unit, "a") == 0;
    *out = v;
    if (own || th_elig_plausible(attribute, v) || th_elig_unit_infer(attribute, v, out)) return 0;
    return bad_value(a, text, "it needs a unit", err);
  }
  if (!read_unit(rest, &unit)) return bad_value(a, text, "the unit is not known", err);
  if (!th_elig_convert(attribute, v, &unit, out)) {
    char why[96];
    snprintf(why, sizeof why, "it is measured in %s", a->unit);
    return bad_value(a, text, why, err);
  }
  return 0;
}

/* ---- filters ---- */

/* A limit above holds to the end of its unit (75 years: until the 76th birthday), and the column
 * does not tell which unit that is: so the age counts in completed years, or months of an infant.
 */
static int64_t completed_minutes(double years) {
  if (years >= 1) return (int64_t)floor(years + 1e-9) * TH_AGE_YEAR_MIN;
  if (years >= 1 / 12.0) return (int64_t)floor(years * 12 + 1e-9) * TH_AGE_MONTH_MIN;
  return (int64_t)(years * TH_AGE_YEAR_MIN);
}

static th_query *age_fields(th_arena *arena, double years) {
  int64_t minutes = (int64_t)(years * TH_AGE_YEAR_MIN + .5);
  th_query *both[2] = {
      th_query_range(arena, TH_F_MinimumAge, INT64_MIN, minutes, true),
      th_query_range(arena, TH_F_MaximumAge, completed_minutes(years), INT64_MAX, true)};
  return both[0] && both[1] ? th_query_and(arena, both, 2) : NULL;
}

int th_criteria_accepts(th_query **out, th_arena *arena, th_span name, th_span value, th_err *err) {
  double v;
  th_query *both[2] = {NULL, NULL};
  *out = NULL;
  int attribute = th_criteria_attribute(name);
  if (attribute < 0)
    return th_err_set(err, TH_EUSAGE, "\"%.*s\" is nothing that criteria are known to measure",
                      (int)TH_MIN(name.n, 60u), name.p);
  int rc = th_criteria_value((uint32_t)attribute, value, &v, err);
  if (rc) return rc;
  both[0] = th_query_limit(arena, th_criteria_limit_key((uint32_t)attribute), v);
  bool age = strcmp(th_elig_attributes[attribute].key, "age") == 0;
  if (age && (v < 0 || v > 200))
    return bad_value(&th_elig_attributes[attribute], value, "no age", err);
  if (age) both[1] = age_fields(arena, v);
  if (both[0] && (both[1] || !age)) *out = th_query_and(arena, both, 2);
  return *out ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
}

int th_criteria_accepts_pair(th_query **out, th_arena *arena, th_span pair, th_err *err) {
  const char *sign = pair.n ? memchr(pair.p, '=', pair.n) : NULL;
  if (!sign)
    return th_err_set(err, TH_EUSAGE, "what a study accepts is written as creatinine=1.8 mg/dL");
  size_t n = (size_t)(sign - pair.p);
  return th_criteria_accepts(out, arena, (th_span){pair.p, n}, (th_span){sign + 1, pair.n - n - 1},
                             err);
}
