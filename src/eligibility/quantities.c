#include "eligibility/quantities.h"

#include <math.h>
#include <stdio.h>

#include "eligibility/keys.h"
#include "eligibility/phrases.h"
#include "eligibility/scan.h"

enum { FILLERS_MAX = 7 };

/* ---- powers of ten ---- */

/* "^9", "(9)", a superscript, "e9" behind a 10; the power, 0 when there is none. */
static int power_behind(const th_elig_scan *s, uint32_t i, uint32_t *end) {
  static th_elig_set exponents = TH_ELIG_SET("e3|e4|e5|e6|e9|e12|exp3|exp6|exp9");
  static const int of[] = {3, 4, 5, 6, 9, 12, 3, 6, 9};
  if (i >= s->n) return 0;
  const th_elig_token *t = &s->t[i];
  uint32_t k = i + (is(s, i, '^') || is(s, i, '*') || is(s, i, '('));
  if (is(s, i, '*') && is(s, i + 1, '*')) k++;
  if (is(s, i, '^') && is(s, k, '(')) k++;
  if (k > i && k < s->n && s->t[k].kind == TH_ELIG_NUM && s->t[k].value >= 1 &&
      s->t[k].value <= 15) {
    *end = k + 1 + (is(s, k + 1, ')') && (is(s, i, '(') || is(s, k - 1, '(')));
    return (int)s->t[k].value;
  }
  if (t->kind == TH_ELIG_NUM && t->flags & TH_ELIG_SUPERSCRIPT && t->value >= 1 && t->value <= 15)
    return *end = i + 1, (int)t->value;
  if (t->kind == TH_ELIG_NUM && (t->value == 9 || t->value == 3 || t->value == 6) &&
      is(s, i + 1, '/'))
    return *end = i + 1, (int)t->value;
  if (t->kind == TH_ELIG_WORD && th_elig_among(&exponents, t))
    for (uint32_t p = 0; p < exponents.n; p++)
      if (exponents.keys[p] == t->key) return *end = i + 1, of[p];
  return 0;
}

/* "x 10^9" behind a number; the power, 0 when there is none. */
static int exponent(const th_elig_scan *s, uint32_t i, uint32_t *end) {
  static th_elig_set times = TH_ELIG_SET("x|*|times|.");
  uint32_t k = i;
  if (is(s, k, 'x') || is(s, k, '*') || among(s, k, &times))
    k++;
  else
    return 0;
  if (k >= s->n || s->t[k].kind != TH_ELIG_NUM) return 0;
  double v = s->t[k].value;
  if (v == 10) return power_behind(s, k + 1, end);
  if (!(s->t[k].flags & TH_ELIG_INTEGER)) return 0;
  if (v == 103 || v == 104 || v == 105 || v == 106 || v == 109) return *end = k + 1, (int)v - 100;
  if (v == 1012 || v == 1011) return *end = k + 1, (int)v - 1000;
  return 0;
}

/* ---- parts ---- */

typedef struct value {
  double v, other;
  int power; /* of ten, belongs to the unit */
} value;

/* "37 0/7 weeks", "36+6 weeks": weeks and days. The token behind them, i + 1 when there are none.
 */
static uint32_t read_days(const th_elig_scan *s, uint32_t i, double *weeks) {
  static th_elig_set of_weeks = TH_ELIG_SET("week|wk|gestation|w");
  bool seventh = i + 3 < s->n && s->t[i + 1].kind == TH_ELIG_NUM && is(s, i + 2, '/') &&
                 s->t[i + 3].kind == TH_ELIG_NUM && s->t[i + 3].value == 7;
  bool sum = is(s, i + 1, '+') && is_tight(s, i + 2) && i + 2 < s->n &&
             s->t[i + 2].kind == TH_ELIG_NUM && among(s, i + 3, &of_weeks);
  uint32_t k = i + 1 + sum;
  if ((!seventh && !sum) || s->t[k].value >= 7 || !(s->t[k].flags & TH_ELIG_INTEGER)) return i + 1;
  *weeks += s->t[k].value / 7;
  return seventh ? i + 4 : i + 3;
}

static th_elig_set ordinal_ends = TH_ELIG_SET("st|nd|rd|th|ᵗʰ");

/* "95th percentile", "5th and 85th percentiles": the token of that word, 0 when none follows the
 * number at token i. */
static uint32_t percentile_behind(const th_elig_scan *s, uint32_t i) {
  static th_elig_set word = TH_ELIG_SET("percentile|centile|percentil|%ile");
  static th_elig_set fill = TH_ELIG_SET("-|and|to|the|or");
  for (uint32_t k = i + 1; k < s->n && k < i + 8; k++) {
    if (among(s, k, &word)) return k;
    if (!among(s, k, &ordinal_ends) && !among(s, k, &fill) && s->t[k].kind != TH_ELIG_NUM) return 0;
  }
  return 0;
}

/* "8 log10 copies/mL": the number at token i is the power of ten of what is counted. The token
 * behind "log10", 0 when it is none. */
static uint32_t read_log(const th_elig_scan *s, uint32_t i, double *v) {
  static th_elig_set logs = TH_ELIG_SET("log10|log|log10s|logs");
  static th_elig_set counted =
      TH_ELIG_SET("copy|copie|cop|cp|c|iu|cfu|genome|rna|dna|hiv|viral|tcid50|pfu|vp|gc");
  if (!among(s, i + 1, &logs) || *v > 12 || *v <= 0) return 0;
  uint32_t k = i + 2;
  bool ten = k < s->n && s->t[k].kind == TH_ELIG_NUM && s->t[k].value == 10;
  k += ten;
  if (!among(s, k, &counted)) return 0;
  *v = pow(10, *v);
  return k;
}

/* The number at token i with its exponent; the token behind it. */
static uint32_t read_value(const th_elig_scan *s, uint32_t i, value *out) {
  static th_elig_set thousand = TH_ELIG_SET("thousand"), million = TH_ELIG_SET("million"),
                     billion = TH_ELIG_SET("billion"), hundred = TH_ELIG_SET("hundred");
  uint32_t end;
  *out = (value){.v = s->t[i].value, .other = s->t[i].other};
  /* 100 000 */
  if (i + 1 < s->n && s->t[i + 1].kind == TH_ELIG_NUM && s->t[i].flags & TH_ELIG_INTEGER &&
      s->t[i + 1].flags & TH_ELIG_INTEGER && s->t[i + 1].to - s->t[i + 1].from == 3 &&
      s->t[i].to - s->t[i].from <= 3 && s->t[i + 1].from - s->t[i].to <= 3 && out->v >= 1 &&
      !(s->t[i].flags & TH_ELIG_SPELLED)) {
    out->v = out->v * 1000 + s->t[i + 1].value;
    return i + 2;
  }
  if (s->ordinals && among(s, i + 1, &ordinal_ends)) return i + 2;
  uint32_t log = read_log(s, i, &out->v);
  if (log) return log;
  uint32_t days = read_days(s, i, &out->v);
  if (days > i + 1) return days;
  int power = 0;
  if (out->v == 10 && is_tight(s, i + 1) && (power = power_behind(s, i + 1, &end)) > 0) {
    out->v = pow(10, power);
    return end;
  }
  if ((power = exponent(s, i + 1, &end)) > 0) {
    out->power = power;
    return end;
  }
  if (is(s, i + 2, '/')) return i + 1; /* million/uL is a unit */
  if (among(s, i + 1, &thousand)) return out->v *= 1e3, i + 2;
  if (among(s, i + 1, &million)) return out->v *= 1e6, i + 2;
  if (among(s, i + 1, &billion)) return out->v *= 1e9, i + 2;
  if (among(s, i + 1, &hundred)) return out->v *= 100, i + 2;
  return i + 1;
}

/* The unit behind a value, with the power of ten that stands before it. */
static uint32_t read_unit(const th_elig_scan *s, uint32_t i, int power, th_elig_quantity *q) {
  uint32_t end = i, at = i;
  th_elig_unit u;
  if (is(s, i, '-') && is_tight(s, i) && i + 1 < s->n && s->t[i + 1].kind == TH_ELIG_WORD &&
      is_tight(s, i + 1)) {
    if (!th_elig_unit_read(s->text, s->t, s->n, i + 1, &u, &end)) return i;
    q->tied = true;
    at = i + 1;
  }
  static th_elig_set cells = TH_ELIG_SET("cell|platelet|neutrophil|leukocyte|lymphocyte|copy");
  static th_elig_set full = TH_ELIG_SET("completed|complete|full|consecutive|calendar|whole");
  static th_elig_set times = TH_ELIG_SET("week|year|month|day|wk|hour");
  if (among(s, at, &full) && among(s, at + 1, &times)) at++;
  if (power && among(s, at, &cells) && is(s, at + 1, '/')) at++;
  if (!th_elig_unit_read(s->text, s->t, s->n, at, &u, &end)) {
    if (!power) return q->tied = false, i;
    u.ucum[0] = 0;
    end = i;
  }
  q->has_unit = true;
  q->unit = u;
  if (power) {
    char text[TH_ELIG_UNIT_MAX];
    const char *rest = u.ucum[0] == '{' ? strchr(u.ucum, '/') : u.ucum;
    if (!rest) rest = "";
    snprintf(text, sizeof text, "10*%d%s%.30s", power, *rest && *rest != '/' ? "." : "", rest);
    memcpy(q->unit.ucum, text, sizeof text);
    if (!th_elig_ucum_read(th_span_of(text), &q->unit.m)) q->has_unit = false;
  }
  return end;
}

/* "x ULN", "times the institutional upper limit of normal". */
static uint32_t read_limit(const th_elig_scan *s, uint32_t i, th_elig_quantity *q) {
  static th_elig_set times = TH_ELIG_SET("x|*|time|fold|multiple|xs");
  static th_elig_set fillers = TH_ELIG_SET(
      "the|la|of|a|institution|institutional|institution's|local|laboratory|lab|central|age|"
      "adjusted|site|study|its|their|our|(|-|above|higher|over|than|greater|respective|"
      "specific|sex|and|range|corresponding|gender|applicable|reference|hospital|to|s|site|center|"
      "centre|on|for|that|each|specified|current|'|according|baseline|standard|testing|established|"
      "clinical|normal");
  uint32_t k = i, end, behind_times = 0;
  if (is(s, k, '-') && (is(s, k + 1, 'x') || among(s, k + 1, &times))) k++;
  if (is(s, k, '(') && (is(s, k + 1, 'x') || among(s, k + 1, &times))) k++;
  if (is(s, k, 'x') || among(s, k, &times)) behind_times = ++k;
  static th_elig_set more = TH_ELIG_SET("above|higher|greater|over");
  bool above = behind_times && !q->related && among(s, k, &more); /* "3 times higher than normal" */
  for (uint32_t fill = 0; k < s->n && fill <= FILLERS_MAX; fill++, k++) {
    int p = th_elig_phrase_at(s->text, s->t, s->n, k, TH_ELIG_F_LIMIT, &end);
    int r = p >= 0 ? th_elig_phrase_get(p)->value : -1;
    if (r == TH_ELIG_PREDICTED && q->has_unit && !strcmp(q->unit.ucum, "%") && !behind_times) {
      q->reference = TH_ELIG_PREDICTED;
      return end;
    }
    bool percent = q->has_unit && !strcmp(q->unit.ucum, "%");
    if ((r == TH_ELIG_ULN || r == TH_ELIG_LLN) && (!q->has_unit || percent) &&
        (behind_times || fill <= 3)) {
      if (percent) q->value /= 100, q->high /= 100, q->has_unit = false;
      q->reference = (uint8_t)r;
      if (above) q->relation = TH_ELIG_GT, q->related = true;
      return end;
    }
    if ((r == TH_ELIG_ABSOLUTE || r == TH_ELIG_BEHIND_TIMES) && behind_times && !q->has_unit) {
      q->reference = TH_ELIG_ULN;
      if (above) q->relation = TH_ELIG_GT, q->related = true;
      return end;
    }
    if (r == TH_ELIG_ABSOLUTE && percent && fill > 0) {
      q->reference = TH_ELIG_PREDICTED;
      return end;
    }
    if (!among(s, k, &fillers)) break;
  }
  return i;
}

/* "above the normal range", "below normal": one times the limit on that side. */
static uint32_t read_normal(const th_elig_scan *s, uint32_t i, th_elig_quantity *q) {
  static th_elig_set fillers = TH_ELIG_SET("the|of|institutional|laboratory|lab|local|reference");
  uint32_t k = i, end;
  if (q->relation == TH_ELIG_EQ) return i;
  while (k < i + 4 && among(s, k, &fillers))
    k++;
  int p = th_elig_phrase_at(s->text, s->t, s->n, k, TH_ELIG_F_LIMIT, &end);
  if (p < 0 || th_elig_phrase_get(p)->value != TH_ELIG_ABSOLUTE || is_number(s, end)) return i;
  bool up = q->relation == TH_ELIG_GT || q->relation == TH_ELIG_GE;
  q->reference = up ? TH_ELIG_ULN : TH_ELIG_LLN;
  return end;
}

/* A stretch of words in parentheses that only explains: "(inclusive)", "(18 incl.)". */
static uint32_t skip_inclusive(const th_elig_scan *s, uint32_t i) {
  static th_elig_set words = TH_ELIG_SET("inclusive|incl|included|including");
  if (is(s, i, '(') && among(s, i + 1, &words)) return is(s, i + 2, ')') ? i + 3 : i + 2;
  if (is(s, i, ',') && among(s, i + 1, &words)) return i + 2;
  return among(s, i, &words) ? i + 1 : i;
}

/* ", inclusive" is of the value's words; "(inclusive)" only explains them. */
static void step_over_inclusive(const th_elig_scan *s, th_elig_quantity *q) {
  uint32_t end = skip_inclusive(s, q->end);
  if (end > q->end && q->value_end == q->end && !is(s, q->end, '(')) q->value_end = end;
  q->end = end;
}

/* "greater than or equal to (>=)": the relation once more as a sign. */
static uint32_t skip_sign_again(const th_elig_scan *s, uint32_t i) {
  bool open = is(s, i, '(') || is(s, i, '[');
  bool again = open && i + 2 < s->n && s->t[i + 1].kind == TH_ELIG_REL &&
               (is(s, i + 2, ')') || is(s, i + 2, ']'));
  return again ? i + 3 : i;
}

static bool is_time(const th_elig_unit *u) {
  static const int8_t time[TH_ELIG_DIMENSIONS] = {0, 0, 1};
  return !memcmp(u->m.d, time, sizeof time);
}

/* "of age", "old" behind years. */
static uint32_t read_age(const th_elig_scan *s, uint32_t i, th_elig_quantity *q) {
  static th_elig_set old = TH_ELIG_SET("old|o|yo|oold");
  static th_elig_set of = TH_ELIG_SET("of|in|if|og");
  static th_elig_set age = TH_ELIG_SET("age|life");
  if (!q->has_unit || !is_time(&q->unit)) return i;
  uint32_t k = i + (is(s, i, '-') || is(s, i, '/') || is(s, i, '\''));
  if (among(s, k, &old)) return q->age = true, k + 1;
  if (among(s, i, &of) && among(s, i + 1, &age)) return q->age = true, i + 2;
  static th_elig_set bare = TH_ELIG_SET("age|aged");
  if (among(s, i, &bare)) return q->age = true, i + 1;
  return i;
}

static bool says_age(const th_elig_scan *s, uint32_t from, uint32_t to) {
  static th_elig_set words = TH_ELIG_SET("older|younger|elder|aged|old|age");
  for (uint32_t i = from; i < to; i++)
    if (among(s, i, &words)) return true;
  return false;
}

static bool is_upward(uint8_t r) {
  return r == TH_ELIG_GE || r == TH_ELIG_GT;
}

static uint32_t read_behind(const th_elig_scan *s, uint32_t i, th_elig_quantity *q) {
  uint32_t at = i, end;
  if (is(s, i, '+') && !is_number(s, i + 1) && isnan(q->high) && !q->related) {
    q->relation = TH_ELIG_GE;
    q->related = true;
    q->plus = !q->has_unit;
    return i + 1;
  }
  if ((is(s, at, '(') || is(s, at, ',')) && at + 1 < s->n) at++;
  int p = th_elig_phrase_at(s->text, s->t, s->n, at, TH_ELIG_F_BEHIND, &end);
  static th_elig_set than = TH_ELIG_SET("than|then");
  static th_elig_set whole = TH_ELIG_SET("more|greater|higher|longer|older|younger|fewer|less");
  bool alone = p >= 0 && th_elig_among(&whole, &s->t[end - 1]); /* "50 or more 14 days before" */
  if (p < 0 || (is_number(s, end) && !alone) || (end < s->n && s->t[end].kind == TH_ELIG_REL))
    return i;
  if (among(s, end, &than) && is_number(s, end + 1)) return i; /* "18 and less than 80" */
  uint8_t r = (uint8_t)th_elig_phrase_get(p)->value;
  if (!isnan(q->high)) return i;
  if (q->related && q->relation != TH_ELIG_EQ && is_upward(q->relation) != is_upward(r)) return i;
  if (q->relation == TH_ELIG_GT) q->relation = TH_ELIG_GE; /* "over 18 or older" */
  if (!q->related || q->relation == TH_ELIG_EQ) q->relation = r;
  q->related = true;
  q->age |= says_age(s, at, end) && (!q->has_unit || is_time(&q->unit));
  if (is(s, end, ')') && at > i && is(s, i, '(')) end++;
  return end;
}

/* "- 75", "to 75", "and 75": the second value of a range. */
static uint32_t read_high(const th_elig_scan *s, uint32_t i, th_elig_quantity *q, int *power) {
  static th_elig_set joints = TH_ELIG_SET("-|~|to|through|until|thru|till");
  static th_elig_set both = TH_ELIG_SET("and|&");
  static th_elig_set fill = TH_ELIG_SET("up|the|age|of|-|ages|a|maximum");
  uint32_t k = i;
  bool joined =
      among(s, k, &joints) || (q->relation == TH_ELIG_BETWEEN && q->related && among(s, k, &both));
  if (!joined) return i;
  bool hyphen = is(s, k, '-') || is(s, k, '~');
  if (hyphen && !is_tight(s, k) && is_tight(s, k + 1) && k + 1 < s->n && q->tied) return i;
  for (k++; !hyphen && among(s, k, &fill); k++) {
  }
  bool glued = k < s->n && s->t[k].flags & TH_ELIG_GLUED;
  if (!is_number(s, k) || (glued && !s->ordinals && !(q->has_unit && is_time(&q->unit))))
    return i; /* 18 years-65 */
  value high;
  uint32_t end = read_value(s, k, &high);
  bool descends = q->relation == TH_ELIG_BETWEEN && q->related && isfinite(q->value) &&
                  high.v < q->value && high.v > 0 && !high.power && !*power;
  if (high.v <= q->value) {
    if (!isnan(q->other) && high.v > q->other)
      q->value = q->other; /* 1,000-3.500? */
    else if (descends)
      return q->high = q->value, q->value = high.v, end; /* "between 140 and 90" */
    else
      return i;
  }
  q->high = high.v;
  if (high.power) *power = high.power;
  return end;
}

static bool is_plus_minus(const th_elig_scan *s, uint32_t i, uint32_t *end) {
  if (is(s, i, 'P')) return *end = i + 1, true;
  if (is(s, i, '+') && is(s, i + 1, '/') && is(s, i + 2, '-')) return *end = i + 3, true;
  return false;
}

static uint32_t read_spread(const th_elig_scan *s, uint32_t i, th_elig_quantity *q) {
  uint32_t k;
  if (!is_plus_minus(s, i, &k) || !is_number(s, k)) return i;
  double by = s->t[k].value, middle = q->value;
  if (is(s, k + 1, '%')) by = middle * by / 100, k++;
  q->value = middle - by;
  q->high = middle + by;
  q->spread = true;
  return k + 1;
}

/* "not" before a relation turns it. */
static uint8_t turned(const th_elig_scan *s, uint32_t i, uint8_t relation) {
  static th_elig_set no = TH_ELIG_SET("not|no|never|nor");
  static th_elig_set be = TH_ELIG_SET("be|been|have|is|are");
  static const uint8_t opposite[] = {TH_ELIG_GE, TH_ELIG_GT, TH_ELIG_LE,
                                     TH_ELIG_LT, TH_ELIG_EQ, TH_ELIG_BETWEEN};
  bool word = s->t[i].kind == TH_ELIG_WORD;
  bool negated = i > 0 && th_elig_among(&no, &s->t[i - 1]);
  negated |= word && i > 1 && th_elig_among(&be, &s->t[i - 1]) && th_elig_among(&no, &s->t[i - 2]);
  return negated ? opposite[relation] : relation;
}

/* "11 years and 11 months", "36 weeks, 6 days": the second, smaller number belongs to `whole`,
 * which is in q's unit. The token behind it, i when there is none. */
static uint32_t read_rest(const th_elig_scan *s, uint32_t i, const th_elig_quantity *q,
                          double *whole) {
  static th_elig_set joints = TH_ELIG_SET("and|,|&|plus|+");
  th_elig_unit u;
  uint32_t end, k = i + among(s, i, &joints);
  if (!q->has_unit || q->tied || !is_number(s, k) || !(s->t[k].flags & TH_ELIG_INTEGER)) return i;
  bool years = !strcmp(q->unit.ucum, "a"), weeks = !strcmp(q->unit.ucum, "wk");
  if ((!years && !weeks) || !th_elig_unit_read(s->text, s->t, s->n, k + 1, &u, &end)) return i;
  double least = !strcmp(u.ucum, "d") ? 1 : years && !strcmp(u.ucum, "mo") ? 12 : 0;
  if (least == 1) least = years ? 366 : 7;
  static th_elig_set apart = TH_ELIG_SET("after|before|prior|ago|post|following|since|of|from");
  if (s->t[k].value >= least || among(s, end, &apart)) return i;
  *whole += s->t[k].value * (u.m.factor / q->unit.m.factor);
  return end;
}

/* Behind a first value with a unit: "6 months to 2 years", both then in the unit of the second. The
 * token behind the second, i when there is none. */
static uint32_t read_second(const th_elig_scan *s, uint32_t i, th_elig_quantity *q) {
  th_elig_quantity first = *q;
  int power = 0;
  q->value = -INFINITY;
  uint32_t high = read_high(s, i, q, &power);
  q->value = first.value;
  if (high == i) {
    *q = first;
    return read_spread(s, i, q);
  }
  q->has_unit = false;
  uint32_t end = read_unit(s, high, power, q);
  if (end == high) {
    q->unit = first.unit;
    q->has_unit = true;
  } else if (!strcmp(q->unit.ucum, first.unit.ucum)) {
    end = read_rest(s, end, q, &q->high);
  } else {
    bool same = !memcmp(q->unit.m.d, first.unit.m.d, sizeof first.unit.m.d);
    end = read_rest(s, end, q, &q->high);
    q->value = same ? q->value * (first.unit.m.factor / q->unit.m.factor) : INFINITY;
  }
  if (q->value < q->high) return end;
  *q = first;
  return i;
}

static void finish_values(const th_elig_scan *s, uint32_t i, th_elig_quantity *q) {
  value low;
  uint32_t k = read_value(s, i, &low);
  int power = low.power;
  q->value = low.v;
  q->other = low.other;
  if (is(s, k, '/') && is_number(s, k + 1) && is_tight(s, k) && is_tight(s, k + 1) &&
      !is(s, k + 2, '/') && q->value >= 10 && s->t[k + 1].value >= 10 && s->t[k + 1].value < 200 &&
      q->value < 300 && q->value > s->t[k + 1].value) { /* not "30/100" */
    q->second = s->t[k + 1].value;
    k += 2;
  }
  q->behind = k;
  uint32_t high = read_high(s, k, q, &power);
  if (high == k) high = read_spread(s, k, q);
  if (high > k) {
    q->end = read_unit(s, high, power, q);
    q->end = read_rest(s, q->end, q, &q->high);
    return;
  }
  bool plus = is(s, k, '+') && !is_number(s, k + 1); /* "18+ years" */
  uint32_t unit = read_unit(s, k + plus, power, q);
  if (unit == k + plus) {
    q->end = k;
    return;
  }
  if (plus && !q->related) q->relation = TH_ELIG_GE, q->related = true;
  unit = read_rest(s, unit, q, &q->value);
  q->end = read_age(s, unit, q);
  q->value_end = unit;
  uint32_t explained = is_time(&q->unit) ? skip_inclusive(s, q->end) : q->end;
  uint32_t second = q->tied ? q->end : read_second(s, explained, q);
  if (second > explained) q->end = q->value_end = second;
}

/* "6 months to less than 13 years": from the first on; the second is read by itself. */
static bool starts_range(const th_elig_scan *s, const th_elig_quantity *q) {
  static th_elig_set to = TH_ELIG_SET("to|until|up");
  uint32_t end;
  if (q->related || !isnan(q->high) || !among(s, q->end, &to)) return false;
  int p = th_elig_phrase_at(s->text, s->t, s->n, q->end + 1, TH_ELIG_F_BEFORE, &end);
  if (p < 0 || !is_number(s, end)) return false;
  int relation = th_elig_phrase_get(p)->value;
  return relation == TH_ELIG_LT || relation == TH_ELIG_LE;
}

/* "before the age of 12", "after 30 years of age": relations of ages alone. The token behind them,
 * i when there are none; the caller must see that it is an age. */
static th_elig_set before = TH_ELIG_SET("before"), after = TH_ELIG_SET("after");

static uint32_t read_age_lead(const th_elig_scan *s, uint32_t i, th_elig_quantity *q) {
  static th_elig_set fill = TH_ELIG_SET("the|an|age|of");
  if (!among(s, i, &before) && !among(s, i, &after)) return i;
  uint32_t k = i + 1;
  while (k < i + 4 && among(s, k, &fill))
    k++;
  if (!is_number(s, k)) return i;
  q->relation = among(s, i, &before) ? TH_ELIG_LT : TH_ELIG_GT;
  q->related = true;
  q->age = says_age(s, i, k);
  return k;
}

/* The words of relation that end before token *end, and what stands between them and the number:
 * where that should be. */
static uint32_t read_relation(const th_elig_scan *s, uint32_t i, int phrase, uint32_t *end,
                              th_elig_quantity *q) {
  static th_elig_set fillers =
      TH_ELIG_SET("a|an|the|of|approximately|about|around|than|ca|age|ages|approx|being|only|is|"
                  "value|score|total|then|over|level|or|either|normal");
  q->relation = turned(s, i, (uint8_t)th_elig_phrase_get(phrase)->value);
  q->related = true;
  q->age = says_age(s, i, *end);
  *end = skip_sign_again(s, *end);
  uint32_t k = *end;
  for (; k < s->n && k < *end + 4 && !is_number(s, k) && among(s, k, &fillers); k++)
    q->age |= says_age(s, k, k + 1);
  return k;
}

/* "the upper limit of normal by 2 times": how many times the limit that q is one time. The token
 * behind, i when nothing is said. */
static uint32_t read_times_behind(const th_elig_scan *s, uint32_t i, th_elig_quantity *q) {
  static th_elig_set links = TH_ELIG_SET("by|of|for"), times = TH_ELIG_SET("time|fold");
  uint32_t k = i + among(s, i, &links);
  if (!is_number(s, k)) return i;
  uint32_t end = k + 1 + (is(s, k + 1, '-') && is_tight(s, k + 2));
  if (!among(s, end, &times)) return i;
  q->value = s->t[k].value;
  return end + 1;
}

/* "> ULN": a limit without a number, behind the words of relation. */
static bool read_bare_limit(const th_elig_scan *s, uint32_t end, th_elig_quantity *q) {
  q->value = 1;
  q->number = q->behind = q->end = end;
  q->end = read_limit(s, end, q);
  if (q->end == end) q->end = read_normal(s, end, q);
  if (q->end != end) q->end = read_times_behind(s, q->end, q);
  q->value_end = q->end;
  return q->end != end && q->reference != TH_ELIG_PREDICTED;
}

/* The number at token k, with its sign; false when there is none. */
static bool take_value(th_elig_scan *s, uint32_t k, th_elig_quantity *q) {
  if (k < s->n && q->related && (is(s, k, '-') || is(s, k, '+')) && is_number(s, k + 1) &&
      is_tight(s, k + 1)) {
    q->number = k + 1;
    finish_values(s, k + 1, q);
    if (is(s, k, '-') && isnan(q->high)) q->value = -q->value;
    return true;
  }
  static th_elig_set named = TH_ELIG_SET("covid");
  if (!is_number(s, k) || (!q->related && s->t[k].flags & TH_ELIG_GLUED)) return false;
  if (!q->related && k > 0 && th_elig_among(&named, &s->t[k - 1])) return false; /* COVID 19 */
  if (th_elig_take_snellen(s, k, q)) return true;
  uint32_t percentile = percentile_behind(s, k);
  s->ordinals = percentile > 0;
  if (!s->ordinals && k + 1 < s->n && is_tight(s, k + 1) &&
      th_elig_among(&ordinal_ends, &s->t[k + 1]))
    return false;
  q->number = k;
  finish_values(s, k, q);
  if (percentile > 0 && q->end <= percentile && percentile - q->end <= 1 && !q->has_unit) {
    memcpy(q->unit.ucum, "%", 2);
    q->percentile = q->has_unit = th_elig_ucum_read(TH_SPAN("%"), &q->unit.m);
    q->end = percentile + 1;
  }
  return true;
}

/* "45 kilogram (kg) or above": the unit once more in parentheses. */
static uint32_t skip_unit_again(const th_elig_scan *s, const th_elig_quantity *q) {
  th_elig_unit u;
  uint32_t end;
  if (!q->has_unit || !is(s, q->end, '(') ||
      !th_elig_unit_read(s->text, s->t, s->n, q->end + 1, &u, &end) || !is(s, end, ')'))
    return q->end;
  return strcmp(u.ucum, q->unit.ucum) ? q->end : end + 1;
}

/* What stands behind the value: an age, a limit of normal, a relation. */
static void take_rest(const th_elig_scan *s, th_elig_quantity *q) {
  static th_elig_set duration = TH_ELIG_SET("duration");
  if (!q->value_end) q->value_end = q->end;
  q->end = skip_unit_again(s, q);
  q->end = read_age(s, q->end, q);
  uint32_t limit = read_limit(s, q->end, q);
  if (limit > q->end) q->end = q->value_end = limit;
  step_over_inclusive(s, q);
  uint32_t behind_duration = q->end + (q->has_unit && among(s, q->end, &duration));
  uint32_t behind = read_behind(s, behind_duration, q);
  if (behind == behind_duration) behind = q->end;
  if (behind > q->end) q->end = q->value_end = behind;
  if (!q->age) q->end = read_age(s, q->end, q);
  step_over_inclusive(s, q);
}

/* The relation, once all of it is known. in_words: words before the number say it. */
static void settle_relation(const th_elig_scan *s, th_elig_quantity *q, bool in_words) {
  if (!isnan(q->high) && (q->relation == TH_ELIG_EQ || q->spread)) q->relation = TH_ELIG_BETWEEN;
  if (q->relation == TH_ELIG_BETWEEN && isnan(q->high))
    q->relation = TH_ELIG_GE, q->related = in_words;
  if (q->relation == TH_ELIG_BETWEEN) q->related = true;
  if (starts_range(s, q)) q->relation = TH_ELIG_GE, q->related = true;
}

bool th_elig_quantity_read(th_span text, const th_elig_token *t, uint32_t n, uint32_t i,
                           const bool *taken, th_elig_quantity *out) {
  static th_elig_sets leads = TH_ELIG_SETS(&before, &after);
  th_elig_scan s = {text, t, n, taken, false};
  uint32_t end = i;
  if (taken[i]) return false;
  int p = th_elig_phrase_at(text, t, n, i, TH_ELIG_F_BEFORE, &end);
  if (p < 0 && !is_number(&s, i) && !th_elig_maybe(&leads, &t[i])) return false;
  th_elig_quantity q = {.first = i, .high = NAN, .second = NAN, .relation = TH_ELIG_EQ};
  uint32_t k = p >= 0 ? read_relation(&s, i, p, &end, &q) : read_age_lead(&s, i, &q);
  if (q.relation == TH_ELIG_BETWEEN && k < n && t[k].kind == TH_ELIG_REL) return false;
  bool must_be_age = p < 0 && k > i;
  if (take_value(&s, k, &q)) {
    take_rest(&s, &q);
    settle_relation(&s, &q, p >= 0 && t[i].kind == TH_ELIG_WORD);
    th_elig_turn_worse(&s, &q);
    bool pregnancy = q.has_unit && !strcmp(q.unit.ucum, "wk") && q.value >= 20 && q.value <= 42;
    if (must_be_age && ((!q.age && !pregnancy) || !isnan(q.high))) return false;
  } else if (p < 0 || is_number(&s, k) || q.relation == TH_ELIG_BETWEEN ||
             !read_bare_limit(&s, end, &q)) {
    return false;
  }
  *out = q;
  return true;
}
