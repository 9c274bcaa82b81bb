/* Between quantities.c and sight.c: the tokens of one item while its quantities are read. */
#ifndef TH_ELIGIBILITY_SCAN_H
#define TH_ELIGIBILITY_SCAN_H

#include "eligibility/keys.h"
#include "eligibility/quantities.h"

typedef struct th_elig_scan {
  th_span text;
  const th_elig_token *t;
  uint32_t n;
  const bool *taken;
  bool ordinals; /* "95th" is a number: a percentile follows */
} th_elig_scan;

static inline bool is(const th_elig_scan *s, uint32_t i, char c) {
  return i < s->n && th_elig_sign(&s->t[i], c);
}

static inline bool among(const th_elig_scan *s, uint32_t i, th_elig_set *set) {
  return i < s->n && th_elig_among(set, &s->t[i]);
}

static inline bool is_number(const th_elig_scan *s, uint32_t i) {
  return i < s->n && s->t[i].kind == TH_ELIG_NUM && !s->taken[i] &&
         !(s->t[i].flags & TH_ELIG_SUPERSCRIPT);
}

static inline bool is_tight(const th_elig_scan *s, uint32_t i) {
  return i < s->n && !(s->t[i].flags & TH_ELIG_SPACE_BEFORE);
}

/* sight.c */

/* A fraction of sight at token i, alone or to another one: "20/40 to 20/200". False when it is
 * none.
 */
bool th_elig_take_snellen(const th_elig_scan *s, uint32_t i, th_elig_quantity *q);
/* Sight is worse the smaller its fraction: where "worse" says the relation it is turned. */
void th_elig_turn_worse(const th_elig_scan *s, th_elig_quantity *q);

#endif
