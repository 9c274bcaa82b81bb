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
  int list[TH_ELIG_LIST_MAX];          /* attributes that the last quantity was bound to */
  uint32_t mentions[TH_ELIG_LIST_MAX]; /* what names them; UINT32_MAX: nothing in the item */
  uint32_t n_list;
  uint32_t list_first;                         /* first token of their mentions */
  uint32_t last_end;                           /* behind the last bound quantity */
  uint32_t other_first, other_end, other_last; /* name of the last measure that is in no table, and
                                                * the token behind its bound; 0 = none */
  uint32_t mention; /* mentions before the quantity: index behind the last */
} th_elig_binder;

/* Attributes with rules of their own, by index; filled before the first item is read. */
typedef struct th_elig_known {
  int age, age_at_diagnosis, blood_pressure, systolic, diastolic, child_pugh, cancer_stage, grade;
  int tumor_size, gestational_age, gleason, ckd_stage, gvhd_grade, ige, specific_ige;
  int disease_duration, symptom_duration, time_since_diagnosis, time_since_transplant;
  int tnm_t, tnm_n, tnm_m;
  int nyha, transfusions, bmi, egfr, radiation_dose, marrow_irradiated;
} th_elig_known;
extern th_elig_known th_elig_known_attributes;

static inline bool th_elig_at(const th_elig_binder *s, uint32_t i, th_elig_set *set) {
  return i < s->n && th_elig_among(set, &s->t[i]);
}

/* Words that may stand between a score and its number when no relation does. */
bool th_elig_only_link_words(const th_elig_binder *s, uint32_t from, uint32_t to);
/* Whether the words before token `first` say no to what starts there. */
bool th_elig_is_negated(const th_elig_binder *s, uint32_t first);
/* Says which tokens of the fact name what is measured, and which its value. */
void th_elig_set_name(const th_elig_binder *s, th_elig_fact *f, const th_elig_mention *m);
void th_elig_set_value(const th_elig_binder *s, th_elig_fact *f, uint32_t first, uint32_t end);
void th_elig_set_bounds(th_elig_fact *f, double low, bool low_in, double high, bool high_in);
/* A fact of the attribute from the quantity's value, with its canonical bounds. */
th_elig_fact *th_elig_bind_value(th_elig_binder *s, int attribute, const th_elig_quantity *q,
                                 double value, uint32_t first, uint32_t end);
/* The bounds that the fact's relation makes of its one or two values. */
void th_elig_put_bounds(th_elig_fact *f, double a, double b);

/* fit.c */

/* Whether the quantity can be a value of the attribute. */
bool th_elig_fits(int attribute, const th_elig_quantity *q);
/* Gives the quantity the unit that is meant when its own is one that is often written wrongly for
 * the attribute ("2 mg" of creatinine), and the value is then plausible; false when it is not. */
bool th_elig_mend_unit(int attribute, th_elig_quantity *q);
/* durations.c */

/* How long a disease or symptoms have been there: "pain for 3 months or longer". A fact when that
 * is what the quantity says; the stretch of time stays free to be a window as well. */
bool th_elig_bind_duration(th_elig_binder *s, th_elig_quantity *q);
/* Whether the attribute counts from an onset: "within" bounds it and is no window. */
bool th_elig_is_onset(int attribute);
/* "Enrolled within 72 hours of symptom onset", "no more than 63 days between diagnosis and …". */
bool th_elig_bind_onset(th_elig_binder *s, th_elig_quantity *q);

/* other.c */

/* A bound of a measure that is no attribute: "plaque burden > 70 %". False when it is none. */
bool th_elig_bind_other(th_elig_binder *s, th_elig_quantity *q);

/* tnm.c */

/* "T2b-T3, N0, M0". */
void th_elig_read_tnm(th_elig_binder *s);

/* classes.c */

/* Whether a scale that is named by a common word ("stage", "grade") is meant here. */
bool th_elig_scale_is_meant(const th_elig_binder *s, const th_elig_mention *m, int attribute);
/* Facts of classes that are no plain numbers; the quantities inside them are then used. */
void th_elig_read_classes(th_elig_binder *s);

#endif
