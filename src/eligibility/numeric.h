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
  uint32_t change_end;                         /* behind the last change of a value; 0 = none */
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
  int bclc, tumor_grade, bmi_percentile, inhibitor_titer, intercourse_attempts, residence_distance;
  int life_expectancy, birth_weight, snellen, visual_acuity, pack_years, asia, height, weight,
      metavir, refraction;
  int chemotherapy_cycles, glucose, ecog;
  int tumor_count, brain_metastases_count, positive_nodes;
} th_elig_known;
extern th_elig_known th_elig_known_attributes;

static inline bool th_elig_at(const th_elig_binder *s, uint32_t i, th_elig_set *set) {
  return i < s->n && th_elig_among(set, &s->t[i]);
}

/* meant.c */

/* The attribute of the mention that the quantity fits, -1 when none does. */
int th_elig_fitting(const th_elig_binder *s, const th_elig_mention *m, const th_elig_quantity *q);
/* Words that may stand between a score and its number when no relation does. */
bool th_elig_only_link_words(const th_elig_binder *s, uint32_t from, uint32_t to);
/* How far apart; UINT32_MAX when something between forbids that they belong together. */
uint32_t th_elig_distance(const th_elig_binder *s, uint32_t from, uint32_t to);
/* "within", "in the last" before the quantity. */
bool th_elig_is_introduced_by_time(const th_elig_binder *s, const th_elig_quantity *q);
/* Whether the words from token `from` to the quantity say that its stretch of time is no age. */
bool th_elig_is_of_other_time(const th_elig_binder *s, uint32_t from, const th_elig_quantity *q);
/* Whether the number behind another value counts what the next word names: "on at least two
 * occasions". */
bool th_elig_counts_next(const th_elig_binder *s, const th_elig_quantity *q);
/* "at least 2 of the following", "more than 1/3 of the liver": how many, or what part. */
bool th_elig_is_count_of(const th_elig_binder *s, const th_elig_quantity *q);
/* "on a scale of 0 to 10", "0-10 NRS": says how the scale runs. */
bool th_elig_is_scale_range(const th_elig_binder *s, const th_elig_quantity *q);
/* "peanut-specific" before token `first`. */
bool th_elig_is_specific(const th_elig_binder *s, uint32_t first);
/* Whether the quantity is how much the value changes. */
bool th_elig_is_change(const th_elig_binder *s, const th_elig_mention *m,
                       const th_elig_quantity *q);

/* bounds.c */

/* Whether the words before token `first` say no to what starts there. */
bool th_elig_is_negated(const th_elig_binder *s, uint32_t first);
/* How many words before token `first` belong to the name that starts there: "fasting serum". */
uint32_t th_elig_words_before_name(const th_elig_binder *s, uint32_t first);
/* Says which tokens of the fact name what is measured, and which its value. */
void th_elig_set_name(const th_elig_binder *s, th_elig_fact *f, const th_elig_mention *m);
void th_elig_set_value(const th_elig_binder *s, th_elig_fact *f, uint32_t first, uint32_t end);
void th_elig_set_bounds(th_elig_fact *f, double low, bool low_in, double high, bool high_in);
/* The bounds that the fact's relation makes of its one or two values. */
void th_elig_put_bounds(th_elig_fact *f, double a, double b);
/* One value in the attribute's unit; NAN when it does not come there, or not plausibly. */
double th_elig_canonical(uint32_t attribute, const th_elig_quantity *q, double v);
/* "ECOG 2 or better" is at most 2: the relation, turned where tokens [first, end) say "better" of a
 * scale on which less is better (other_measure: of classes). */
uint8_t th_elig_turn_better(const th_elig_binder *s, int attribute, uint32_t first, uint32_t end,
                            uint8_t relation);
/* A fact of the attribute from the quantity's value, with its canonical bounds. */
th_elig_fact *th_elig_bind_value(th_elig_binder *s, int attribute, const th_elig_quantity *q,
                                 double value, uint32_t first, uint32_t end);
/* The facts of the quantity, two of "140/90", from tokens [first, end); it is then used. mention:
 * what names the attribute in the item, UINT32_MAX when nothing near does. */
void th_elig_add_facts(th_elig_binder *s, int attribute, th_elig_quantity *q, uint32_t first,
                       uint32_t end, uint32_t mention);

/* ages.c */

/* "18 years of age at the time of first diagnosis": behind token `end`. */
bool th_elig_is_at_diagnosis(const th_elig_binder *s, uint32_t end);
/* "diagnosed with … at an age of", "onset before the age of": before token `first`. */
bool th_elig_is_of_diagnosis(const th_elig_binder *s, uint32_t first);
/* Whether the age q is of someone else than who joins: "mothers of a child aged 6 to 12", "assent
 * of children aged 7 to 17", "women of childbearing age (15-49 years) must use contraception".
 * word: the token of the age or of its word. */
bool th_elig_is_of_no_joiner(const th_elig_binder *s, uint32_t word, const th_elig_quantity *q);
/* "Assent of children aged 7 to 17": who is asked for it, and no limit of those who join. */
bool th_elig_is_of_assent(const th_elig_binder *s, uint32_t first);
/* A stretch of time before or behind something: no age. */
bool th_elig_is_before_event(const th_elig_binder *s, const th_elig_quantity *q);
/* An age without the word; false when the quantity is none. */
bool th_elig_bind_age(th_elig_binder *s, th_elig_quantity *q);
/* "18 and 75 years of age": makes one range of q and the next, where they are one. */
void th_elig_join_ages(const th_elig_binder *s, th_elig_quantity *q, th_elig_quantity *next);

/* unnamed.c */

/* "Age:" and under it "18 and over"; false when the words above the item ask for nothing that the
 * quantity fits. */
bool th_elig_bind_topic(th_elig_binder *s, th_elig_quantity *q);
/* "25 kg/m2" can be of one thing alone; false when the unit says no such thing. */
bool th_elig_bind_by_unit(th_elig_binder *s, th_elig_quantity *q);

/* linked.c */

/* A number without a relation that "and" or "or" joins to one that was read takes that one's. True
 * when what it counts stands behind it, at mention m_index. */
bool th_elig_share_relation(const th_elig_binder *s, th_elig_quantity *q, uint32_t m_index);
/* A further bound of the attributes that the quantity before was bound to. */
bool th_elig_bind_linked(th_elig_binder *s, th_elig_quantity *q);

/* numeric.c */

/* Only signs and words that join the members of a list stand in tokens [from, to). */
bool th_elig_joins(const th_elig_binder *s, uint32_t from, uint32_t to);

/* limits.c */

/* Laboratory values by a word, behind all that numbers say: "elevated ALT". */
void th_elig_read_limits(th_elig_binder *s);

/* fit.c */

/* Whether the quantity can be a value of the attribute. */
bool th_elig_fits(int attribute, const th_elig_quantity *q);
/* Gives the quantity the unit that is meant when its own is one that is often written wrongly for
 * the attribute ("2 mg" of creatinine), and the value is then plausible; false when it is not. */
bool th_elig_mend_unit(const th_elig_binder *s, int attribute, th_elig_quantity *q);
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
/* The fact of such a measure that tokens [first, end) name; false when there is no room for it. */
bool th_elig_add_other(th_elig_binder *s, th_elig_quantity *q, uint32_t first, uint32_t end);
/* The first token of a measure's name that ends before token `end` and begins at `floor` or later;
 * `end` when there is none. */
uint32_t th_elig_name_from(const th_elig_binder *s, uint32_t end, uint32_t floor);

/* counts.c */

/* "At least 3 cutaneous lesions", "more than 10 % clonal cells": what the words behind count. False
 * when they count nothing that is known to be counted. */
bool th_elig_bind_count(th_elig_binder *s, th_elig_quantity *q);

/* tnm.c */

/* "T2b-T3, N0, M0". */
void th_elig_read_tnm(th_elig_binder *s);

/* classes.c */

/* Whether a scale that is named by a common word ("stage", "grade") is meant here. */
bool th_elig_scale_is_meant(const th_elig_binder *s, const th_elig_mention *m, int attribute);
/* Facts of classes that are no plain numbers; the quantities inside them are then used. */
void th_elig_read_classes(th_elig_binder *s);
/* 1 to 6 of "I" to "VI"; -1 when it is none. */
int th_elig_roman(th_span w);
/* A relation whose words end before token `at`; *first is where they begin. */
bool th_elig_relation_before(const th_elig_binder *s, uint32_t at, uint8_t *relation,
                             uint32_t *first);
/* Whether a fact was read from the token. */
bool th_elig_is_read(const th_elig_binder *s, uint32_t token);

/* systems.c */

/* Stages, grades and classes that no attribute has: "Wagner stage 4". */
void th_elig_read_systems(th_elig_binder *s);

#endif
