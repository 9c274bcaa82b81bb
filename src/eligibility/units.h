/* Units: as people write them, as UCUM has them, and from one to another.
 *
 *   written := atom ('/' | "per") part …  |  ('/' | "per") part …
 *   part    := number? atom               a number of its own: /24h, /1.73 m2, /100 mL
 *
 * UCUM is read as far as the tables of this room need it: components joined by '.' and '/',
 * parentheses, powers of ten (10*9), exponents, annotations in braces, metric prefixes. */
#ifndef TH_ELIGIBILITY_UNITS_H
#define TH_ELIGIBILITY_UNITS_H

#include "eligibility/tokens.h"

enum { TH_ELIG_UNIT_MAX = 48, TH_ELIG_DIMENSIONS = 7 };

/* A unit as a factor to g, m, s, mol, [iU], K; the last dimension keeps kinds apart that have no
 * physical one (pH, dB, dioptres). */
typedef struct th_elig_measure {
  double factor, offset; /* base = value × factor + offset */
  int8_t d[TH_ELIG_DIMENSIONS];
  bool equivalents; /* eq counts charges: the valence makes moles of them */
} th_elig_measure;

typedef struct th_elig_unit {
  char ucum[TH_ELIG_UNIT_MAX]; /* "" = none */
  th_elig_measure m;
} th_elig_unit;

typedef struct th_elig_unit_word {
  const char *words; /* spellings, separated by '|' */
  const char *ucum;
  uint8_t how; /* where it may stand: units.c */
} th_elig_unit_word;

extern const th_elig_unit_word th_elig_unit_words[];
extern const uint32_t th_elig_n_unit_words;

/* m becomes m × (factor in the dimensions d)^power; d NULL: a number. */
void th_elig_measure_multiply(th_elig_measure *m, double factor, const int8_t *d, int power);

/* False when the text is no UCUM unit that is known here. */
bool th_elig_ucum_read(th_span ucum, th_elig_measure *out);

/* The unit that is written from token i on; *end is the token behind it. False, with nothing
 * changed, when there is none. */
bool th_elig_unit_read(th_span text, const th_elig_token *t, uint32_t n, uint32_t i,
                       th_elig_unit *out, uint32_t *end);

/* ---- conversion.c ---- */

/* False when the rows of attributes have outgrown the room for their units (a fault of the program,
 * which the unit test finds). */
bool th_elig_conversions_ready(void);
/* The value in the attribute's canonical unit; false when the unit does not lead there. */
bool th_elig_convert(uint32_t attribute, double value, const th_elig_unit *unit, double *out);
/* Whether the unit is one that the attribute is given in: it converts, or is of the kind of one of
 * its usual units. */
bool th_elig_unit_fits(uint32_t attribute, const th_elig_unit *unit);
/* For a value without a unit: the one of the attribute's units that it is plausible in, when it is
 * the only one; the value in the canonical unit. */
bool th_elig_unit_infer(uint32_t attribute, double value, double *out);
bool th_elig_plausible(uint32_t attribute, double canonical);

#endif
