/* Between the files that make verdicts. */
#ifndef TH_MATCH_VERDICT_PRIVATE_H
#define TH_MATCH_VERDICT_PRIVATE_H

#include <math.h>

#include "match/verdict.h"

/* Values with their ends in or out; a point is [v, v]. */
typedef struct th_interval {
  double low, high; /* -INFINITY, INFINITY: open */
  bool low_in, high_in;
} th_interval;

#include "match/rules.h"

/* Met: all of inner lies in outer; not met: nothing of it does. Bounds that differ by less than
 * rounding are equal. */
th_verdict_truth th_interval_within(const th_interval *inner, const th_interval *outer);

/* The patient's age in completed units ("a", "mo", "wk", "d", "h"): whole numbers from *low to
 * *high. False when it is not known. */
bool th_age_completed(const th_verdict_patient *v, const char *unit, double *low, double *high);
/* Whether the age lies in an interval of completed units. */
th_verdict_truth th_age_within(const th_verdict_patient *v, const char *unit,
                               const th_interval *bounds);

/* How long ago a fact began, in days, least to most. False: not dated. */
bool th_fact_days_ago(const th_patient *p, const th_patient_fact *f, double *least, double *most);
/* Whether what the record tells is over. */
bool th_fact_ended(const th_patient *p, const th_patient_fact *f);
/* A window in days; 0 when it has no such length. */
double th_window_days(const th_elig_window *w);

/* Judge one fact of the criteria as if it were not negated: truth, presumed, basis, rule and
 * patient. */
void th_judge_number(const th_verdict_patient *v, const th_elig_fact *f, th_verdict_presume mode,
                     th_verdict_fact *out);
/* A finding of the criteria that is a value by definition, against the record's value. */
void th_judge_by_value(const th_verdict_patient *v, const th_elig_fact *f, th_verdict_fact *out);
void th_judge_concept(const th_verdict_patient *v, const th_elig_fact *f, th_verdict_presume mode,
                      th_verdict_fact *out);
bool th_is_age(uint32_t attribute);

/* ---- degrees (verdict_degree.c) ---- */

/* Whether the record's fact is what the criterion asks for in the degree that it asks for. */
th_verdict_truth th_degree_fits(const th_verdict_patient *v, const th_elig_fact *f,
                                const th_patient_fact *p);
/* Whether a value of the attribute may decide the degree that a concept is asked for in. */
bool th_degree_asks(uint32_t attribute, const th_elig_fact *f);
/* The other type of a concept; TH_NO_CONCEPT: it is none of them. */
uint32_t th_other_type(const th_verdict_patient *v, uint32_t id);
bool th_degree_metastatic(th_span degree);
bool th_degree_metastases(th_span words); /* names them somewhere */

/* th_verdict_bears for the concepts among the facts. */
void th_concepts_bear(bool *out, const th_concepts *dict, const th_elig_tree *tree,
                      const th_elig_fact *f, const th_patient_fact *facts, uint32_t n);
/* Whether words name a label, from word to word. */
bool th_words_name(th_span words, th_span label);
/* Whether the fact's guard lets it count (verdict_guard.c). */
th_verdict_truth th_judge_guard(const th_verdict_patient *v, const th_elig_tree *tree,
                                const th_elig_guard *g);
/* The guard of a fact that was judged: an exception of which nothing is known counts no further
 * where it names other concepts than the one that is met. */
th_verdict_truth th_judge_exception(const th_verdict_patient *v, const th_elig_tree *tree,
                                    const th_elig_fact *f, const th_verdict_fact *r);

/* ---- genes (verdict_gene.c) ---- */
typedef enum th_gene_kin {
  TH_GENE_OTHER,
  TH_GENE_SAME,
  TH_GENE_NARROWER, /* the record's is a kind of the criterion's */
  TH_GENE_BROADER,
} th_gene_kin;
th_gene_kin th_gene_relate(th_span criterion, th_span record);
/* The name without the variant; the i-th other name that is a family or a member of it, empty when
 * that one is neither, without bytes behind the last. */
th_span th_gene_name(th_span label);
th_span th_gene_family(th_span name, size_t i);
/* The gene that a result is of: "Estrogen receptor positive"; empty: none. */
th_span th_gene_result(th_span label);

/* The i-th name of allergies to whatever; empty behind the last. */
th_span th_any_allergy(size_t i);

/* The last words of a label that are the name of something wider, from the i-th blank on: "hip
 * fracture" is a fracture. Empty: there is none from there on; *i is set behind the blank. */
enum { TH_HEADS = 4 }; /* that are looked at */
th_span th_label_head(th_span label, size_t *i);

/* Whether the record tells what rules a pregnancy out: the menopause, no uterus. */
bool th_verdict_barren(const th_verdict_patient *v);

/* What happens on a day, and does not last. */
bool th_is_event(uint8_t category, th_span label);

/* What words beside a fact do to it (verdict_turn.c): bits; 0 for nearly all. They depend on the
 * text, so that what was judged for other studies does not hold. */
enum { TH_TURN_NAIVE = 1, TH_TURN_RECENT = 2 };
void th_verdict_take_turn(const th_verdict_patient *v, unsigned turn, th_verdict_fact *out);

/* th_verdict_fact.flags: what the logic of a leaf asks of its facts, so that it does without them
 * where the tree has none. */
enum {
  TH_SAYS_IDLE = 1,      /* "no restriction of sex": nothing beside other facts */
  TH_SAYS_ABILITY = 2,   /* th_verdict_ability */
  TH_SAYS_NEGATED = 4,   /* the fact is */
  TH_SAYS_WIDE = 8,      /* true by a kind of it, and it is too wide to exclude by */
  TH_SAYS_UNTESTED = 16, /* told by a test that the note does not speak of */
  TH_SAYS_DOUBTED = 32,  /* a note's silence is no denial of it */
  TH_SAYS_AGE = 64,
  TH_SAYS_ONE_VALUE = 128, /* an age: not a bound */
  TH_SAYS_RANGE = 256,     /* an age with both bounds */
  TH_SAYS_DEGREE = 512,    /* it is there, and of what degree is not told */
};

/* "No restriction of sex" says nothing beside other facts. */
bool th_verdict_idle(const th_elig_fact *f);

/* A fact of an outline, in its place where the tree has its facts. Errors: TH_ECORRUPT. */
int th_verdict_judge_outlined(th_verdict_fact *out, const struct th_criteria_outline *o, uint32_t i,
                              const th_verdict_patient *v, th_verdict_presume mode,
                              th_err *err) TH_MUST_USE;

/* What a leaf's facts are asked for again and again while it is judged, found once. Zero at first.
 */
typedef struct th_leaf_seen {
  bool spans_known, formal_known, ages_known, controls_known;
  bool formal, age_fits, range_fits, controls;
  struct th_leaf_span *read, *numbers; /* verdict_silence.c; NULL: few facts, or no memory */
  uint32_t n_read, n_numbers;
} th_leaf_seen;
void th_leaf_seen_dispose(th_leaf_seen *seen);

/* The memo is about this leaf from now on. */
void th_leaf_memo_begin(th_leaf_memo *memo, const th_elig_tree *tree, const th_elig_node *leaf);

/* A leaf while it is judged. */
typedef struct th_verdict_leaf {
  const th_verdict_patient *v;
  const th_elig_tree *tree;
  const th_elig_node *n;
  const th_verdict_fact *all; /* of the tree */
  const uint8_t *marks;       /* of the tree's facts (marks.h); NULL: none */
  uint8_t mark;               /* its own */
  th_leaf_seen *seen;
} th_verdict_leaf;

static inline uint8_t th_leaf_mark(const th_verdict_leaf *l, uint32_t fact) {
  return l->marks ? l->marks[fact] : 0;
}
/* Whether a leaf that is open asks for what the note has no word of (verdict_silence.c). */
bool th_verdict_unsaid(const th_verdict_leaf *l);
/* Of a leaf's facts [from, end) that are met: whether the words around them that were not read are
 * met as well. Met: there are none, they are in the note, or it was not listened to. Not met:
 * silence speaks. In an exclusion the words of the facts' own alternative count, else those of the
 * leaf. */
th_verdict_truth th_verdict_rest(const th_verdict_leaf *l, uint32_t from, uint32_t end);
/* Whether the words beside a leaf's facts [from, end) take silence its say: "contraindication to"
 * a drug is not the drug; and whether a leaf speaks of results, which are measured. Trees with
 * their text. */
bool th_words_turn(const th_elig_tree *tree, const th_elig_node *leaf, uint32_t from, uint32_t end);
/* Whether a fact is a bound in parentheses behind a concept, which it explains: "uncontrolled
 * diabetes (HbA1c > 9%)". */
bool th_verdict_explains(const th_elig_tree *tree, const th_elig_node *leaf, uint32_t fact);
bool th_words_results(const th_elig_tree *tree, const th_elig_node *leaf);
/* Whether the note has the words right before what it says of the fact: "cryptogenic" stroke. */
bool th_verdict_says_before(const th_verdict_patient *v, th_span words, const th_patient_fact *p);
/* Whether a fact of the criteria is told by a test that the note does not speak of: "atrial
 * fibrillation on telemetry". */
bool th_verdict_untested(const th_verdict_patient *v, const th_elig_fact *f);
bool th_words_test(th_span label); /* names a test */
/* Of some patients only (verdict_some.c). Whether beside an age that does not fit one fits that is
 * of another group; whether an item asks for healthy controls. */
bool th_verdict_second_age(const th_verdict_leaf *l, uint32_t fact);
bool th_verdict_controls(const th_verdict_leaf *l);

/* Words of a note and of criteria (verdict_silence.c): the next word of *rest; its first letters as
 * one number; whether it says nothing of what is asked for, names an organ, is asked for when a
 * trial begins, or stands in the note;
 * whether the patient has, or may have, a disease of the organs that it names. */
bool th_words_next(th_span *rest, th_span *word);
uint64_t th_words_stem(th_span word);
bool th_words_idle(uint64_t stem);
bool th_words_organ(uint64_t stem);
bool th_words_asked(uint64_t stem);
bool th_words_said(const th_verdict_patient *v, uint64_t stem);
bool th_words_ill(const th_verdict_patient *v, uint64_t stem);
uint64_t th_words_hints(const th_verdict_patient *v); /* th_doubt_hints of a note listened to */

/* Which HINT rows of doubt.def a note's words set off, a bit each. */
uint64_t th_doubt_hints(const th_verdict_patient *v);
/* Whether a note's silence about a fact of the criteria is no denial of it. */
bool th_doubt_silence(const th_verdict_patient *v, const th_elig_fact *f);
/* Whether such silence is doubted for the label's own sake, in some patient, and whether a HINT row
 * may raise it: without either th_doubt_silence is false of all facts of that label. */
bool th_doubt_always(th_span label);
bool th_doubt_by_hint(th_span label);
/* Whether the fact names all diseases of an organ system. */
bool th_doubt_wide(const th_elig_fact *f);
/* Whether the note speaks of the test, perhaps by another of its names. */
bool th_doubt_done(const th_verdict_patient *v, th_span test);
/* The code by which a dictionary knows a common condition, of the name of a fact that some
 * vocabulary has as a symptom: "renal failure" stands twice, and only the condition has others
 * above and below it. Empty: none. */
enum { TH_COMMON_CODE_MAX = 96 };
th_span th_common_code(const th_elig_fact *f, char out[TH_COMMON_CODE_MAX]);
/* Whether the dictionary has a concept somewhere below another. */
bool th_concept_is_below(const th_concepts *dict, uint32_t below, uint32_t above);

/* Decides, with what it rests on. */
static inline void th_decide(th_verdict_fact *out, bool so, uint8_t basis, uint8_t rule,
                             uint32_t patient) {
  out->truth = out->presumed = so ? TH_MET : TH_NOT_MET;
  out->basis = basis;
  out->rule = rule;
  out->patient = patient;
}

static inline th_verdict_truth th_not(th_verdict_truth t) {
  return (th_verdict_truth)(TH_MET - t);
}

#endif
