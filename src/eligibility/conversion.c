/* From a unit to an attribute's own, and what is meant where none is written. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>

#include "eligibility/attributes.h"
#include "eligibility/units.h"

enum { ATTRIBUTES = 1024, USUAL = 4096 };

/* The units of an attribute's row, read once: its own, and its usual ones in `units`. */
typedef struct row {
  th_elig_measure own;
  bool known; /* its own unit is a UCUM unit */
  bool hba1c, age;
  uint16_t first, n;
} row;

static row rows[ATTRIBUTES];
static th_elig_unit units[USUAL];
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool failed;

/* The next of a list of units; false at its end and at what is none. */
static bool next_unit(const char **list, th_elig_unit *out) {
  size_t n = strcspn(*list, "|");
  if (n == 0 || n >= TH_ELIG_UNIT_MAX) return false;
  memcpy(out->ucum, *list, n);
  out->ucum[n] = 0;
  *list += n + ((*list)[n] == '|');
  if (strcmp(out->ucum, "1")) return th_elig_ucum_read(th_span_of(out->ucum), &out->m);
  out->m = (th_elig_measure){.factor = 1};
  return true;
}

static void read_rows(void) {
  uint16_t n = 0;
  failed = th_elig_n_attributes > ATTRIBUTES;
  for (uint32_t i = 0; !failed && i < th_elig_n_attributes; i++) {
    const th_elig_attribute *a = &th_elig_attributes[i];
    const char *list = a->units;
    row *r = &rows[i];
    *r = (row){.first = n, .hba1c = !strcmp(a->key, "hba1c"), .age = !strcmp(a->key, "age")};
    r->known = th_elig_ucum_read(th_span_of(a->unit), &r->own);
    while (n < USUAL && next_unit(&list, &units[n]))
      n++;
    failed = n == USUAL;
    r->n = (uint16_t)(n - r->first);
  }
}

static const row *row_of(uint32_t attribute) {
  static const row none;
  pthread_once(&once, read_rows);
  return attribute < ATTRIBUTES ? &rows[attribute] : &none;
}

bool th_elig_conversions_ready(void) {
  pthread_once(&once, read_rows);
  return !failed;
}

static bool same_dimensions(const th_elig_measure *a, const th_elig_measure *b) {
  return !memcmp(a->d, b->d, sizeof a->d);
}

/* Amounts as masses, and [iU] as what one of them is. */
static th_elig_measure in_mass(th_elig_measure m, const th_elig_conversion *c) {
  th_elig_measure one;
  int moles = m.d[3], counted = m.d[4];
  if (counted && c->iu > 0 && th_elig_ucum_read(th_span_of(c->iu_unit), &one)) {
    m.d[4] = 0;
    th_elig_measure_multiply(&m, c->iu * one.factor, one.d, counted);
    moles = m.d[3];
  }
  if (moles && c->molar > 0) {
    m.d[3] = 0;
    m.d[0] = (int8_t)(m.d[0] + moles);
    th_elig_measure_multiply(&m, c->molar, NULL, moles);
  }
  return m;
}

/* The value in another measure, not rounded; false when the one does not lead to the other. */
static bool convert(const th_elig_conversion *c, th_elig_measure from, th_elig_measure to,
                    double value, double *exact) {
  if (from.equivalents != to.equivalents) {
    if (!c || c->valence == 0) return false;
    if (from.equivalents) from.factor /= c->valence;
    if (to.equivalents) to.factor /= c->valence;
  }
  if (!same_dimensions(&from, &to)) {
    if (!c) return false;
    from = in_mass(from, c);
    to = in_mass(to, c);
    if (!same_dimensions(&from, &to)) return false;
  }
  *exact = value * (from.factor / to.factor) + (from.offset - to.offset) / to.factor;
  return true;
}

/* To twelve digits: 6 months are half a year, not 0.49999999999999994. Whole numbers have no more
 * of them. */
static double rounded(double exact) {
  char text[32];
  if (fabs(exact) < 1e12 && exact == floor(exact)) return exact;
  snprintf(text, sizeof text, "%.12g", exact);
  return strtod(text, NULL);
}

/* What a value comes to: nothing, the value as it stands, or a converted one to be rounded. */
typedef enum outcome { NONE, AS_IT_IS, CONVERTED } outcome;

static outcome bring(uint32_t attribute, double value, const th_elig_unit *unit, double *out) {
  const th_elig_attribute *a = &th_elig_attributes[attribute];
  const row *r = row_of(attribute);
  bool percent = unit->ucum[0] == '%' && unit->ucum[1] == 0;
  *out = value;
  if (r->hba1c && !strncmp(unit->ucum, "mmol/mol", 8))
    return *out = 0.09148 * value + 2.152, AS_IT_IS;
  if (!strcmp(unit->ucum, a->unit) || (a->scale && percent && a->high == 100)) return AS_IT_IS;
  if (!r->known || (a->scale && (percent || unit->m.d[2]))) return NONE;
  if (percent && a->high > 2 && !strcmp(a->unit, "1")) return NONE;
  return convert(th_elig_conversion_of(attribute), unit->m, r->own, value, out) ? CONVERTED : NONE;
}

bool th_elig_convert(uint32_t attribute, double value, const th_elig_unit *unit, double *out) {
  double brought;
  outcome way = bring(attribute, value, unit, &brought);
  if (way == NONE) return false;
  *out = way == CONVERTED ? rounded(brought) : brought;
  return true;
}

bool th_elig_unit_fits(uint32_t attribute, const th_elig_unit *unit) {
  double v;
  if (bring(attribute, 1, unit, &v) != NONE) return true;
  const row *r = row_of(attribute);
  for (uint32_t i = r->first; i < (uint32_t)r->first + r->n; i++)
    if (same_dimensions(&units[i].m, &unit->m) && strcmp(units[i].ucum, "1")) return true;
  return false;
}

static bool in_range(uint32_t attribute, double v, double room) {
  const th_elig_attribute *a = &th_elig_attributes[attribute];
  return v >= a->low - room && v <= a->high + room;
}

bool th_elig_plausible(uint32_t attribute, double v) {
  return in_range(attribute, v, 1e-9 * (fabs(v) + 1));
}

bool th_elig_unit_infer(uint32_t attribute, double value, double *out) {
  const row *r = row_of(attribute);
  int found = th_elig_plausible(attribute, value);
  double best = value;
  if (r->age) return *out = value, found; /* years */
  for (uint32_t i = r->first; i < (uint32_t)r->first + r->n; i++) {
    double v;
    outcome way = bring(attribute, value, &units[i], &v);
    if (way == NONE || !in_range(attribute, v, 2e-9 * (fabs(v) + 1))) continue; /* not by far */
    if (way == CONVERTED) v = rounded(v);
    if (th_elig_plausible(attribute, v) && (found == 0 || fabs(v - best) > 1e-9 * fabs(best)))
      found++, best = v;
  }
  *out = best;
  return found == 1;
}
