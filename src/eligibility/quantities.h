/* Numbers with all that belongs to them: relation, range, unit, limit of normal.
 *
 *   quantity := relation? value ((to | '-' | and) value)? unit? limit? relation-behind?
 *   value    := number exponent?
 *   exponent := x 10 ^ n  |  x 10 superscript  |  x 10n (the superscript lost)
 *   limit    := (x | times | fold)? "upper limit of normal" …
 */
#ifndef TH_ELIGIBILITY_QUANTITIES_H
#define TH_ELIGIBILITY_QUANTITIES_H

#include "eligibility/units.h"

typedef enum th_elig_use {
  TH_ELIG_FREE,
  TH_ELIG_AS_FACT,
  TH_ELIG_AS_WINDOW,
  TH_ELIG_AS_GUARD
} th_elig_use;

typedef struct th_elig_quantity {
  uint32_t first, number, behind, end; /* tokens: the first, its number, behind its values, behind
                                        * all of it */
  uint32_t value_end; /* behind relation, values, unit and limit, without "of age" */
  double value, high; /* high is NAN unless it is a range */
  double other;       /* value by the other reading of its separator, or NAN */
  double second;      /* of "140/90", or NAN */
  uint8_t relation, reference;
  bool related; /* the relation is stated; else = */
  bool age;     /* the words say that it is one: "years old", "or older" */
  bool plus;    /* a lone plus sign behind it: "2+" */
  bool tied;    /* a hyphen ties it to the words around it: "28-day", "17-item" */
  bool has_unit;
  bool spread;     /* ± was read */
  bool snellen;    /* "20/40": a fraction of sight, value 0.5 */
  bool percentile; /* "95th percentile" */
  uint8_t use;     /* th_elig_use */
  th_elig_unit unit;
} th_elig_quantity;

/* The quantity that starts at token i, with its relation. taken[k] marks tokens that belong to
 * other things; a number there is none. False when there is none here. */
bool th_elig_quantity_read(th_span text, const th_elig_token *t, uint32_t n, uint32_t i,
                           const bool *taken, th_elig_quantity *out);

#endif
