/* Random patients and random studies over a small dictionary: all that a verdict can look at, and
 * much of it at once. */
#ifndef TH_TEST_COHORT_RANDOM_H
#define TH_TEST_COHORT_RANDOM_H

#include "../chance.h"
#include "world.h"

#include <math.h>
#include <stdio.h>

#include "eligibility/attributes.h"

/* ---- patients ---- */

static const char *const attributes[] = {"creatinine", "alt", "hemoglobin", "ecog", "weight"};
static const char *const labels[] = {"Asthma",
                                     "Diabetes Mellitus",
                                     "Type 2 Diabetes Mellitus",
                                     "Heart Diseases",
                                     "Hypertension",
                                     "Lung Diseases",
                                     "Myocardial Infarction",
                                     "something else",
                                     "pregnancy",
                                     "breastfeeding",
                                     "hysterectomy",
                                     "menopause",
                                     "smoking",
                                     "Metformin",
                                     "Warfarin",
                                     "any condition"};

enum { FACTS_MAX = 24 };

typedef struct person {
  th_patient p;
  th_patient_fact f[FACTS_MAX];
} person;

static th_date random_day(int32_t around) {
  int32_t day = around - 40 + (int32_t)below(800) - 400 * (int32_t)chance(60);
  uint32_t more = chance(80) ? 0 : chance(50) ? 29 : 364;
  return (th_date){day, day + (int32_t)more, 0, more ? TH_DATE_MONTH : TH_DATE_DAY};
}

static void random_dates(th_patient_fact *f, int32_t as_of) {
  f->has_begin = chance(60);
  if (f->has_begin) f->begin = random_day(as_of - 200);
  f->has_end = f->type == TH_FACT_CONCEPT && chance(25);
  if (f->has_end) f->end = random_day(as_of);
}

static void random_value(th_patient_fact *f) {
  static const uint8_t relations[] = {TH_ELIG_EQ, TH_ELIG_EQ, TH_ELIG_EQ,     TH_ELIG_LT,
                                      TH_ELIG_GE, TH_ELIG_GT, TH_ELIG_BETWEEN};
  f->type = TH_FACT_VALUE;
  f->attribute = th_elig_attribute_find(th_span_of(attributes[below(TH_COUNT(attributes))]));
  f->relation = relations[below(TH_COUNT(relations))];
  f->value = f->canonical = below(12) / 2.0;
  if (f->relation == TH_ELIG_BETWEEN) f->high = f->canonical_high = f->value + below(4);
  if (chance(20)) f->canonical *= 10;
  if (chance(30)) f->normal_high = 1 + below(3), f->normal_low = below(2);
  if (chance(20)) f->unit = TH_SPAN("%");
  if (chance(8)) f->canonical = NAN, f->unit = chance(60) ? TH_SPAN("%") : f->unit;
}

static void random_concept(th_patient_fact *f) {
  static const uint8_t categories[] = {TH_ELIG_CONDITION, TH_ELIG_CONDITION, TH_ELIG_DRUG,
                                       TH_ELIG_PREGNANCY, TH_ELIG_LACTATION, TH_ELIG_SMOKING,
                                       TH_ELIG_PROCEDURE, TH_ELIG_ALLERGY,   TH_ELIG_CONSENT};
  th_concept c;
  f->type = TH_FACT_CONCEPT;
  f->category = categories[below(TH_COUNT(categories))];
  f->label = th_span_of(labels[below(TH_COUNT(labels))]);
  f->absent = chance(30);
  if (f->category == TH_ELIG_PREGNANCY) f->label = TH_SPAN("pregnancy");
  if (chance(70)) f->concept_id = below(dictionary.dict.n_concepts);
  if (chance(20) && f->concept_id != TH_NO_CONCEPT &&
      th_concepts_get(&dictionary.dict, f->concept_id, &c) && c.n_codes)
    f->code = th_concepts_code(&dictionary.dict, c.first_code, NULL);
  if (chance(15)) f->degree = chance(50) ? TH_SPAN("severe") : TH_SPAN("mild");
}

static void random_fact(person *x) {
  th_patient_fact *f = &x->f[x->p.n_facts++];
  *f = (th_patient_fact){.attribute = -1,
                         .high = NAN,
                         .value = NAN,
                         .canonical = NAN,
                         .canonical_high = NAN,
                         .normal_low = NAN,
                         .normal_high = NAN,
                         .concept_id = TH_NO_CONCEPT,
                         .from = x->p.n_facts * 10};
  if (chance(35))
    random_value(f);
  else
    random_concept(f);
  f->time = (uint8_t)(chance(60) ? TH_ELIG_CURRENT : below(4));
  f->certainty = (uint8_t)(chance(85) ? TH_CERTAIN_STATED : below(3));
  f->experiencer = chance(90) ? TH_OF_PATIENT : TH_OF_FAMILY;
  f->flags = chance(10) ? TH_FACT_HISTORY : chance(5) ? TH_FACT_DERIVED : 0;
  random_dates(f, x->p.as_of);
  if (chance(15) && x->p.n_facts < FACTS_MAX) { /* the same again, at another time */
    x->f[x->p.n_facts] = *f;
    random_dates(&x->f[x->p.n_facts++], x->p.as_of);
  }
}

static void random_person(person *x) {
  static const char sexes[] = {'F', 'M', 'F', 'M', 'O', 0};
  memset(x, 0, sizeof *x);
  x->p.as_of = chance(95) ? AS_OF : AS_OF - 30;
  x->p.sex = sexes[below(sizeof sexes)];
  x->p.facts = x->f;
  x->p.age_low = x->p.age_high = NAN;
  if (chance(70)) {
    x->p.has_birth = true;
    x->p.birth.first_day = AS_OF - (int32_t)below(90 * 365) + 20;
    x->p.birth.last_day = x->p.birth.first_day + (chance(90) ? 0 : 364);
  } else if (chance(70)) {
    x->p.age_low = below(180) / 2.0;
    x->p.age_high = x->p.age_low + below(3) * 5;
  }
  for (uint32_t n = below(12); n > 0 && x->p.n_facts < FACTS_MAX; n--)
    random_fact(x);
}

/* ---- studies ---- */

enum { NODES = 30, TREE_FACTS = 24 };

typedef struct study {
  th_elig_node n[NODES];
  th_elig_fact f[TREE_FACTS];
  uint32_t n_nodes, n_facts;
  char text[1024];
  th_elig_tree tree;
  th_verdict_study fields;
} study;

static void random_window(th_elig_window *w) {
  static const char *const units[] = {"d", "wk", "mo", "a", "h", NULL};
  w->present = chance(30);
  w->relation = (uint8_t)below(5);
  w->forward = chance(10);
  w->value = below(30);
  w->high = NAN;
  w->unit = units[below(TH_COUNT(units))];
}

static void random_guard(th_elig_guard *g) {
  if (chance(75)) return;
  g->kind = chance(50) ? TH_ELIG_IF : TH_ELIG_UNLESS;
  if (chance(30)) {
    g->sex = chance(50) ? 'F' : 'M';
  } else if (chance(40)) {
    g->has_age = true;
    g->age_low = below(40);
    g->age_high = chance(50) ? g->age_low + 20 : INFINITY;
  } else {
    g->from = below(200);
    g->to = g->from + below(60);
  }
}

static void random_number(th_elig_fact *f) {
  static const char *const age_units[] = {"a", "mo", "wk", "d", NULL};
  bool age = chance(30);
  double k = 1;
  f->type = TH_ELIG_NUMERIC;
  f->attribute = (uint16_t)th_elig_attribute_find(
      th_span_of(age ? "age" : attributes[below(TH_COUNT(attributes))]));
  f->relation = (uint8_t)below(6);
  f->reference = (uint8_t)(age || chance(60) ? TH_ELIG_ABSOLUTE : below(4));
  f->value = age ? below(80) : below(12) / 2.0;
  f->high = f->relation == TH_ELIG_BETWEEN ? f->value + below(10) : NAN;
  if (age) f->unit = age_units[below(TH_COUNT(age_units))];
  if (age && f->unit && f->unit[0] == 'm') k = 1 / 12.0;
  bool upper = f->relation <= TH_ELIG_LE, lower = !upper && f->relation <= TH_ELIG_GE;
  f->low_canonical = upper ? NAN : f->value * k;
  f->high_canonical = lower ? NAN : (f->relation == TH_ELIG_BETWEEN ? f->high : f->value) * k;
  f->low_inclusive = f->relation != TH_ELIG_GT;
  f->high_inclusive = f->relation != TH_ELIG_LT;
}

static void random_asking(th_elig_fact *f) {
  static const char *const sexes[] = {"male", "female", "all"};
  th_concept c;
  f->type = TH_ELIG_CONCEPT;
  f->category = (uint8_t)(chance(60) ? below(3) : below(TH_ELIG_N_CATEGORIES));
  f->label = th_span_of(labels[below(TH_COUNT(labels))]);
  if (f->category == TH_ELIG_PREGNANCY) f->label = TH_SPAN("pregnancy");
  if (chance(70) && th_concepts_get(&dictionary.dict, below(dictionary.dict.n_concepts), &c) &&
      c.n_codes) {
    f->label = c.label;
    f->code = th_concepts_code(&dictionary.dict, c.first_code, NULL);
  }
  if (f->category == TH_ELIG_SEX) f->label = th_span_of(sexes[below(3)]);
  f->time = (uint8_t)(chance(60) ? TH_ELIG_TIME_ANY : below(4));
  f->family = chance(5);
  if (chance(10)) f->degree = chance(50) ? TH_SPAN("severe") : TH_SPAN("mild");
}

static void random_ask(study *s) {
  th_elig_fact *f = &s->f[s->n_facts++];
  *f = (th_elig_fact){.negated = chance(20)};
  if (chance(45))
    random_number(f);
  else
    random_asking(f);
  random_guard(&f->guard);
  random_window(&f->window);
  f->from = s->n_facts * 30;
  f->to = f->from + 8;
}

static void grow(study *s, unsigned depth, uint32_t number, uint8_t kind) {
  if (s->n_nodes >= NODES - 1) return;
  uint32_t at = s->n_nodes++;
  th_elig_node *n = &s->n[at];
  *n = (th_elig_node){.kind = kind,
                      .number = number,
                      .combine = (uint8_t)below(3),
                      .at_least = (uint16_t)below(4),
                      .depth = (uint8_t)depth,
                      .fact = s->n_facts};
  if (depth < 3 && chance(35)) {
    bool lead = chance(30);
    n->flags = TH_ELIG_GROUP;
    if (chance(10)) n->flags |= TH_ELIG_OPTIONAL;
    if (depth == 0 && chance(25)) n->flags |= TH_ELIG_COHORT;
    for (uint32_t i = 0, k = below(4); i <= k; i++)
      grow(s, depth + 1, lead ? i : i + 1, kind);
  } else {
    for (uint32_t k = chance(50) ? 1 : below(4); k > 0 && s->n_facts < TREE_FACTS; k--)
      random_ask(s);
    n->n_facts = s->n_facts - n->fact;
  }
  s->n[at].next = s->n_nodes;
}

/* The text is words that guards name, and words that join facts. */
static void random_study(study *s) {
  static const char *const joins[] = {" or ", ", ", " with ", " and ", "; ", " (", " "};
  memset(s, 0, sizeof *s);
  for (size_t n = 0; n + 40 < sizeof s->text;)
    n += (size_t)snprintf(s->text + n, 40, "%s%s", labels[below(TH_COUNT(labels))],
                          joins[below(TH_COUNT(joins))]);
  for (uint32_t i = 1, n = 1 + below(6); i <= n; i++)
    grow(s, 0, i, (uint8_t)(chance(10) ? TH_ELIG_UNKNOWN : 1 + below(2)));
  s->tree = (th_elig_tree){th_span_of(s->text), s->n, s->n_nodes, s->f, s->n_facts};
  s->fields.has_min = chance(50);
  s->fields.min = (th_age){0, below(30), (uint8_t)(chance(70) ? TH_AGE_YEARS : below(6))};
  s->fields.has_max = chance(40);
  s->fields.max = (th_age){0, 30 + below(60), (uint8_t)(chance(70) ? TH_AGE_YEARS : below(6))};
  s->fields.sex = "\0FM"[below(3)];
}

#endif
