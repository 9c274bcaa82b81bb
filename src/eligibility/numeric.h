/* Between numeric.c and classes.c: the pass over one item's quantities. */
#ifndef TH_ELIGIBILITY_NUMERIC_H
#define TH_ELIGIBILITY_NUMERIC_H

#include "eligibility/keys.h"
#include "eligibility/leaf.h"

enum { TH_ELIG_LIST_MAX = 10 };

typedef struct th_elig_binder {
  th_elig_leaf *l;
  const th_elig_token *t;
  uint32_t n;
  int list[TH_ELIG_LIST_MAX]; /* attributes that the last quantity was bound to */
  uint32_t n_list;
  uint32_t list_first; /* first token of their mentions */
  uint32_t last_end;   /* behind the last bound quantity */
  uint32_t mention;    /* mentions before the quantity: index behind the last */
} th_elig_binder;

/* Attributes with rules of their own, by index; filled before the first item is read. */
typedef struct th_elig_known {
  int age, age_at_diagnosis, blood_pressure, systolic, diastolic, child_pugh, cancer_stage, grade;
} th_elig_known;
extern th_elig_known th_elig_known_attributes;

static inline bool th_elig_at(const th_elig_binder *s, uint32_t i, th_elig_set *set) {
  return i < s->n && th_elig_among(set, &s->t[i]);
}

/* Words that may stand between a score and its number when no relation does. */
bool th_elig_only_link_words(const th_elig_binder *s, uint32_t from, uint32_t to);
/* Whether the words before token `first` say no to what starts there. */
bool th_elig_is_negated(const th_elig_binder *s, uint32_t first);
void th_elig_set_bounds(th_elig_fact *f, double low, bool low_in, double high, bool high_in);
/* The bounds that the fact's relation makes of its one or two values. */
void th_elig_put_bounds(th_elig_fact *f, double a, double b);

/* classes.c */

/* Whether a scale that is named by a common word ("stage", "grade") is meant here. */
bool th_elig_scale_is_meant(const th_elig_binder *s, const th_elig_mention *m, int attribute);
/* Facts of classes that are no plain numbers; the quantities inside them are then used. */
void th_elig_read_classes(th_elig_binder *s);

#endif
