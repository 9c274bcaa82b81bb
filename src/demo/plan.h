/* The facts of one made-up study, drawn first and all at once, so that everything written from them
 * agrees: arms with participants, dates with status, results with enrolment. */
#ifndef TH_DEMO_PLAN_H
#define TH_DEMO_PLAN_H

#include "base/json.h"
#include "demo/demo.h"

/* ---- chance ---- */

typedef struct demo_rng {
  uint64_t state;
} demo_rng;

/* SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. */
static inline uint64_t demo_next(demo_rng *r) {
  uint64_t z = (r->state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}
/* 0 to n - 1; n > 0 and small, so that the skew of the product does not show. */
static inline uint32_t demo_below(demo_rng *r, uint32_t n) {
  return (uint32_t)(((demo_next(r) >> 32) * n) >> 32);
}
static inline int demo_between(demo_rng *r, int low, int high) {
  return high <= low ? low : low + (int)demo_below(r, (uint32_t)(high - low + 1));
}
static inline bool demo_chance(demo_rng *r, unsigned percent) {
  return demo_below(r, 100) < percent;
}

/* ---- tables ---- */

typedef enum demo_field {
  ENDOCRINE,
  CARDIO,
  NEURO,
  RESPIRATORY,
  INFECTION,
  ONCOLOGY,
  PSYCHIATRY,
  RHEUM,
  DERMA,
  GASTRO,
  RENAL,
  HEMA,
  WOMEN,
  PEDIATRICS,
  EYE,
  PAIN,
  DEMO_FIELDS
} demo_field;

/* Lists are lines; see conditions.def. */
typedef struct demo_condition {
  const char *name, *brief, *keywords, *mesh, *ancestors;
  demo_field field;
  const char *inclusion, *exclusion, *outcomes, *treatments;
} demo_condition;

typedef struct demo_city {
  const char *name, *state, *zip, *country;
  double lat, lon;
} demo_city;

/* What the conditions of one field of medicine share. events: term|organ system. */
typedef struct demo_specialty {
  const char *inclusion, *exclusion, *outcomes, *events;
} demo_specialty;

typedef struct demo_sponsor {
  const char *name, *type;
} demo_sponsor;

extern const demo_condition demo_conditions[];
extern const unsigned demo_n_conditions;
extern const demo_city demo_cities[];
extern const unsigned demo_n_cities;
extern const demo_specialty demo_specialties[DEMO_FIELDS];
extern const demo_specialty demo_general; /* for every field */
extern const demo_sponsor demo_sponsors[];
extern const unsigned demo_n_sponsors;

/* Line i of a list, and how many there are. Part i of a line, parts are separated by '|'. */
th_span demo_line(const char *list, unsigned i);
unsigned demo_lines(const char *list);
th_span demo_part(th_span line, unsigned i);

/* ---- one study ---- */

typedef enum demo_type { DEMO_INTERVENTIONAL, DEMO_OBSERVATIONAL, DEMO_EXPANDED } demo_type;
typedef enum demo_control {
  DEMO_NO_CONTROL,
  DEMO_PLACEBO,
  DEMO_SHAM,
  DEMO_ACTIVE,
  DEMO_USUAL_CARE,
  DEMO_DOSES, /* two doses of the same */
} demo_control;

typedef struct demo_treatment {
  th_span type, name, other, dose, class;
} demo_treatment;

enum { DEMO_ARMS = 4, DEMO_SITES = 24, DEMO_OUTCOMES = 3 };

typedef struct demo_plan {
  demo_rng rng;
  uint32_t nct;
  const demo_condition *condition, *second; /* second: NULL or another of the same field */
  demo_type type;
  demo_treatment treatment, comparator;
  demo_control control;
  unsigned n_arms, phase; /* phase: index of demo_phases */
  unsigned masking;       /* 0 none … 4 quadruple */
  bool randomized, crossover, single_group;
  unsigned weeks; /* of treatment and of the primary outcome */
  uint32_t n[DEMO_ARMS], enrolled;
  const char *status;
  bool over, begun, has_results, withdrawn;
  /* Days since 1970. */
  int first_submit, start, primary_end, end, last_update, results_submit;
  unsigned min_age, max_age; /* years; max 0 = none */
  bool neonates;             /* ages in days and weeks */
  const char *sex;
  const demo_sponsor *sponsor, *collaborator; /* collaborator may be NULL */
  unsigned sites[DEMO_SITES], n_sites;
  char acronym[10], org_id[24];
  th_span outcome[DEMO_OUTCOMES]; /* primary first */
  unsigned n_outcomes;
  th_buf arm[DEMO_ARMS]; /* labels */
} demo_plan;

extern const char *const demo_phases[]; /* "EARLY_PHASE1" … as blank-separated enum values */
#define DEMO_TODAY 20605                /* 1 June 2026: what "now" is in the made-up registry */

/* Draws everything; the arms' buffers are reused. */
void demo_plan_draw(demo_plan *p, uint64_t seed, uint32_t index);

/* ---- writing ---- */

/* The generator: the plan, and buffers that live from record to record. */
struct th_demo {
  uint64_t seed;
  demo_plan plan;
  th_buf text; /* of one field */
  th_jout out;
};

/* Appends the template to out: [a|b] is one of them, {5-10} a number, {5-10/5} one of its steps,
 * {n-m}/10 and /100 a decimal, {word} a fact of the study (phrase.c lists them). */
void demo_phrase(demo_plan *p, th_buf *out, th_span template);
/* A member whose value is the template, filled in. */
void demo_text(th_demo *d, const char *key, const char *template);
/* "2021-03-04"; month only when `month`. */
void demo_date(th_buf *out, int day, bool month);
/* 123 → "12.3", without ".0" when `plain`. */
void demo_tenths(th_buf *out, int v);

void demo_protocol(th_demo *d);                /* protocolSection */
void demo_criteria(demo_plan *p, th_buf *out); /* the text of the eligibility criteria */
void demo_results(th_demo *d);                 /* resultsSection */

#endif
