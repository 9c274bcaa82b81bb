/* Fractions of sight: what is seen from 20 feet or 6 metres that others see from further away. The
 * value is the fraction (20/40 = 0.5), as decimal acuity. */
#include <math.h>

#include "eligibility/scan.h"

/* "20/40", "6/12": what is seen at a distance that others see from further away. The token behind
 * it, i when it is none. */
static uint32_t read_snellen(const th_elig_scan *s, uint32_t i, double *out) {
  static th_elig_set units = TH_ELIG_SET("week|month|day|year|hour|mmhg|mm");
  double at = s->t[i].value;
  bool tight = is(s, i + 1, '/') && is_tight(s, i + 1) && is_number(s, i + 2) && is_tight(s, i + 2);
  if ((at != 20 && at != 6) || !tight || is(s, i + 3, '/') || among(s, i + 3, &units) ||
      !(s->t[i + 2].flags & TH_ELIG_INTEGER) || s->t[i + 2].value < at / 2 ||
      s->t[i + 2].value > at * 100 ||
      (at == 20 && fmod(s->t[i + 2].value, 2) > 0 && s->t[i + 2].value != 25 &&
       s->t[i + 2].value != 15))
    return i;
  *out = at / s->t[i + 2].value;
  return i + 3;
}

/* A fraction of sight, alone or to another one: "20/40 to 20/200". False when it is none. */
bool th_elig_take_snellen(const th_elig_scan *s, uint32_t i, th_elig_quantity *q) {
  static th_elig_set joints = TH_ELIG_SET("-|to|and|through");
  double other = 0;
  uint32_t end = read_snellen(s, i, &q->value);
  if (end == i) return false;
  q->snellen = true;
  q->number = i;
  q->behind = q->end = end;
  uint32_t second = among(s, end, &joints) ? read_snellen(s, end + 1, &other) : end;
  bool range = !q->related || q->relation == TH_ELIG_BETWEEN;
  if (second > end + 1 && range && other != q->value) {
    q->high = fmax(q->value, other);
    q->value = fmin(q->value, other);
    q->end = second;
  }
  q->value_end = q->end;
  return true;
}

/* Sight is worse the smaller its fraction: where "worse" says the relation it is turned. */
void th_elig_turn_worse(const th_elig_scan *s, th_elig_quantity *q) {
  static th_elig_set worse = TH_ELIG_SET("worse");
  static const uint8_t turned[] = {TH_ELIG_GT, TH_ELIG_GE, TH_ELIG_LT,
                                   TH_ELIG_LE, TH_ELIG_EQ, TH_ELIG_BETWEEN};
  if (!q->snellen) return;
  for (uint32_t i = q->first; i < q->end; i++)
    if (among(s, i, &worse)) {
      q->relation = turned[q->relation];
      return;
    }
}
