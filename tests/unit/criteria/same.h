/* Two trees, field by field. */
#ifndef TH_TEST_SAME_H
#define TH_TEST_SAME_H

#include <math.h>

#include "eligibility/eligibility.h"

static inline bool same_number(double a, double b) {
  return isnan(a) ? isnan(b) : memcmp(&a, &b, sizeof a) == 0;
}

static inline bool same_string(const char *a, const char *b) {
  return a && b ? strcmp(a, b) == 0 : a == b;
}

static inline bool same_node(const th_elig_node *a, const th_elig_node *b) {
  bool facts = a->n_facts == 0 || a->fact == b->fact;
  return a->from == b->from && a->to == b->to && a->next == b->next && facts &&
         a->n_facts == b->n_facts && a->number == b->number && a->at_least == b->at_least &&
         a->kind == b->kind && a->combine == b->combine && a->depth == b->depth &&
         a->flags == b->flags;
}

static inline bool same_guard(const th_elig_guard *a, const th_elig_guard *b) {
  if (a->kind == 0 || b->kind == 0) return a->kind == b->kind;
  bool age = a->has_age == b->has_age;
  if (a->has_age)
    age &= same_number(a->age_low, b->age_low) && same_number(a->age_high, b->age_high);
  return a->kind == b->kind && a->sex == b->sex && age && a->from == b->from && a->to == b->to;
}

static inline bool same_window(const th_elig_window *a, const th_elig_window *b) {
  if (!a->present || !b->present) return a->present == b->present;
  return a->relation == b->relation && a->forward == b->forward &&
         same_number(a->value, b->value) && same_number(a->high, b->high) &&
         same_string(a->unit, b->unit) && a->from == b->from && a->to == b->to;
}

static inline bool same_values(const th_elig_fact *a, const th_elig_fact *b) {
  return same_number(a->value, b->value) && same_number(a->high, b->high) &&
         same_number(a->low_canonical, b->low_canonical) &&
         same_number(a->high_canonical, b->high_canonical) && a->relation == b->relation &&
         a->reference == b->reference && a->attribute == b->attribute &&
         a->low_inclusive == b->low_inclusive && a->high_inclusive == b->high_inclusive &&
         same_string(a->unit, b->unit) && same_string(a->canonical_unit, b->canonical_unit);
}

static inline bool same_concept(const th_elig_fact *a, const th_elig_fact *b) {
  return a->category == b->category && a->time == b->time && a->family == b->family &&
         th_span_eq(a->label, b->label) && th_span_eq(a->code, b->code) &&
         th_span_eq(a->degree, b->degree) && a->name_to - a->name_from == b->name_to - b->name_from;
}

static inline bool same_fact(const th_elig_fact *a, const th_elig_fact *b) {
  return a->type == b->type && a->negated == b->negated && a->links == b->links &&
         a->from == b->from && a->to == b->to && same_guard(&a->guard, &b->guard) &&
         same_window(&a->window, &b->window) &&
         (a->type == TH_ELIG_NUMERIC ? same_values(a, b) : same_concept(a, b));
}

static inline bool same_name(const th_elig_name *a, const th_elig_name *b) {
  return a->node == b->node && a->from == b->from && a->to == b->to && a->category == b->category &&
         a->why == b->why && a->negated == b->negated && th_span_eq(a->label, b->label) &&
         th_span_eq(a->code, b->code);
}

static inline bool same_tree(const th_elig_tree *a, const th_elig_tree *b) {
  bool same = a->n_nodes == b->n_nodes && a->n_facts == b->n_facts;
  for (uint32_t i = 0; same && i < a->n_nodes; i++)
    same = same_node(&a->nodes[i], &b->nodes[i]);
  for (uint32_t i = 0; same && i < a->n_facts; i++)
    same = same_fact(&a->facts[i], &b->facts[i]);
  same &= a->n_names == b->n_names;
  for (uint32_t i = 0; same && i < a->n_names; i++)
    same = same_name(&a->names[i], &b->names[i]);
  return same;
}

#endif
