/* Does a patient meet the criteria of a study? A criteria tree and a patient's facts in, a verdict
 * for each node out, with what it rests on.
 *
 * The verdict of a node says whether its words are true of the patient: an inclusion that is met
 * speaks for the study, an exclusion that is met against it. Logic is that of Kleene (Introduction
 * to Metamathematics, 1952, § 64): met, not met, unknown; what is not known stays unknown unless
 * all else decides.
 *
 * Each fact is judged in two lanes. The plain lane knows what the record states and what named
 * rules derive from it (rules.def). The presuming lane adds what a reader takes for granted
 * (th_verdict_presume; PRESUME rows of rules.def). Both go through the same logic; the plain one
 * counts, and where it leaves an exclusion unknown the presuming one may call it not met. So
 * nothing that is presumed ever meets a criterion of either kind or fails an inclusion. */
#ifndef TH_MATCH_VERDICT_H
#define TH_MATCH_VERDICT_H

#include "eligibility/eligibility.h"
#include "patient/patient.h"
#include "study/age.h"

struct th_criteria_outline; /* criteria/book.h */

typedef enum th_verdict_truth {
  TH_NOT_MET, /* in this order: "and" is the least, "or" the greatest */
  TH_UNKNOWN,
  TH_MET,
} th_verdict_truth;

typedef enum th_verdict_basis {
  TH_BASIS_NONE,     /* unknown */
  TH_BASIS_STATED,   /* the record says so */
  TH_BASIS_DERIVED,  /* by a named rule */
  TH_BASIS_PRESUMED, /* a reader would take it for granted; the verdict may be unknown all the same
                      */
} th_verdict_basis;

typedef enum th_verdict_presume {
  TH_PRESUME_NONE,
  TH_PRESUME_CONSENT, /* that the patient can and will consent */
  TH_PRESUME_SILENCE, /* also that a full record would have mentioned what it does not */
} th_verdict_presume;

typedef enum th_verdict_rule {
#define RULE(id, name, words) TH_RULE_##id,
#include "match/rules.def"
  TH_N_RULES
} th_verdict_rule;

#define TH_NO_FACT UINT32_MAX

/* How sure a criterion stands against the patient, surest first. Not a matter of logic, which takes
 * them alike, but of how often such a reading is wrong: find.h orders by it. */
typedef enum th_verdict_ground {
  TH_GROUND_FIELD,  /* age or sex of the record's own fields */
  TH_GROUND_PERSON, /* age or sex, as the text asks for it */
  TH_GROUND_NUMBER, /* a stated value against a bound */
  TH_GROUND_SAME,   /* the very concept that the record states or denies */
  TH_GROUND_KIND,   /* a kind of it, or by another rule */
  TH_GROUND_LOOSE, /* something may be meant otherwise: a history where the record tells of today, a
                    * part of what was written, pregnancy where the patient is a man */
  TH_N_GROUNDS
} th_verdict_ground;

/* What a verdict rests on: one fact of the criteria and what was held against it. */
typedef struct th_verdict_fact {
  uint8_t truth;     /* th_verdict_truth in the plain lane, negation applied, without its guard */
  uint8_t presumed;  /* in the presuming lane */
  uint8_t guard;     /* th_verdict_truth: whether the fact counts for this patient */
  uint8_t basis;     /* of truth; TH_BASIS_PRESUMED when presumed alone is decided */
  uint8_t rule;      /* th_verdict_rule; why it is derived or, TH_RULE_STALE, unknown */
  uint8_t ground;    /* th_verdict_ground, if it stands against the patient */
  uint16_t flags;    /* for the logic of its leaf (verdict_private.h) */
  uint32_t patient;  /* index in th_patient.facts, TH_NO_FACT: none, or the patient's age or sex.
                      * Its span and resource stand there */
  uint32_t from, to; /* bytes of the criteria */
} th_verdict_fact;

typedef struct th_verdict_node {
  uint8_t verdict;         /* th_verdict_truth */
  uint8_t basis;           /* the weakest of what decided it: presumed, derived, stated */
  uint8_t plain, presumed; /* the two lanes */
  uint8_t rule;   /* th_verdict_rule by which the node as a whole was judged, not its facts */
  uint8_t ground; /* th_verdict_ground, where the verdict stands against the patient */
} th_verdict_node;

typedef struct th_verdicts {
  const th_elig_tree *tree;     /* borrowed */
  const th_verdict_node *nodes; /* one for each node of the tree; in arena */
  const th_verdict_fact *facts; /* one for each fact of the tree; in arena */
} th_verdicts;

/* A patient made ready to be asked often. Borrows the patient and the dictionary. */
enum { TH_VERDICT_TYPES = 2 };
typedef struct th_verdict_patient {
  const th_patient *p;
  const th_concepts *dict; /* may be NULL */
  uint32_t *value;         /* by attribute: the fact that counts, or TH_NO_FACT; in arena */
  uint32_t *concepts;      /* indexes of all facts that are concepts; in arena */
  uint32_t n_concepts;
  bool adult;                          /* surely 18 years old */
  uint32_t types[TH_VERDICT_TYPES][2]; /* concepts of which nobody has both (degree.def) */
  /* By fact the bit of `subject` + 1 that it stands for, 0: none; NULL: all 0. The caller's, set
   * before a study is judged: of what it is about something else than the words say must be meant
   * by an exclusion that it seems to meet. Only grounds depend on it. */
  const uint8_t *about;
  uint64_t subject;
  const struct th_verdict_words *words; /* th_verdict_listen; NULL: of what was not read silence
                                         * says nothing */
  struct th_lore *lore;                 /* for th_kin_make (lore.h); NULL: none */
  const struct th_kin *kin; /* th_kin_make, for many trees; NULL: all is compared with all */
} th_verdict_patient;

/* Errors: TH_ENOMEM, TH_ELIMIT of the arena. Time is linear in the facts. The order of facts makes
 * no difference to any verdict. */
int th_verdict_prepare(th_verdict_patient *out, const th_patient *p, const th_concepts *dict,
                       th_arena *arena, th_err *err) TH_MUST_USE;
/* A part of it: looks the types up of which nobody has two, for who makes a patient ready himself.
 */
void th_verdict_types(th_verdict_patient *patient);
/* Reads the words of a note (nothing of other records), behind th_verdict_prepare: then silence
 * also speaks for exclusions of which too little was read, when none of their words, and no disease
 * of the organs that they name, is in the note. That needs the text of the tree: one without it is
 * judged as without this call. Errors as above. */
int th_verdict_listen(th_verdict_patient *patient, th_arena *arena, th_err *err) TH_MUST_USE;
/* Judges all nodes. Time is that of nodes plus facts times the patient's concepts. Errors as
 * above. */
int th_verdict_read(th_verdicts *out, const th_elig_tree *tree, const th_verdict_patient *patient,
                    th_verdict_presume presume, th_arena *arena, th_err *err) TH_MUST_USE;
/* The same for an outline of the criteria book, or for its tree when that has facts and text. What
 * is said of a fact is kept with the patient (th_kin_make) for the other studies that ask for the
 * same, so most facts need not be read. The facts of *out have no place when the tree has none.
 * Errors: also TH_ECORRUPT. */
int th_verdict_read_outline(th_verdicts *out, const struct th_criteria_outline *outline,
                            const th_verdict_patient *patient, th_verdict_presume presume,
                            th_arena *arena, th_err *err) TH_MUST_USE;

/* The newest value of an attribute that is given in per cent of what is predicted, and has no
 * canonical value: index in th_patient.facts, or TH_NO_FACT. It alone answers criteria of per cent,
 * unless the attribute's own unit is per cent. */
uint32_t th_verdict_percent(const th_verdict_patient *v, uint32_t attribute);

/* ---- one fact at a time, for many patients (cohort/) ---- */

/* Judges one fact of the tree as th_verdict_read does. */
void th_verdict_judge(th_verdict_fact *out, const th_elig_tree *tree, const th_elig_fact *f,
                      const th_verdict_patient *patient, th_verdict_presume mode);

/* What a fact's verdict asks of a patient beside the facts that bear on it. Where only one bears on
 * it and TH_NEEDS_DATES is not set, all that counts of its dates is whether it has them, begins
 * after or ends before as_of. */
enum {
  TH_NEEDS_SEX = 1,
  TH_NEEDS_ADULT = 2, /* whether the patient is surely 18 */
  TH_NEEDS_AGE = 4,
  TH_NEEDS_DATES = 8,
};
unsigned th_verdict_needs(const th_elig_tree *tree, const th_elig_fact *f);
/* What the words right beside the fact do to its verdict: another number, another verdict. */
unsigned th_verdict_turn(const th_elig_tree *tree, const th_elig_fact *f);
/* Which of n facts of records may bear on the fact of the criteria or on its guard: without those
 * that do not, its truth in both lanes and its guard are the same. Of a fact of a record only
 * type, attribute, category, label, code and concept_id are looked at. */
void th_verdict_bears(bool *out, const th_concepts *dict, const th_elig_tree *tree,
                      const th_elig_fact *f, const th_patient_fact *facts, uint32_t n);

/* What the two below found on their way through a leaf, so that a leaf of many thousand facts asked
 * in their order costs no more than its length (its windows: times the logarithm). Zero at first;
 * for one tree; what it says is the same without. Dispose of it. */
typedef struct th_leaf_memo {
  const th_elig_node *leaf; /* that it is about; NULL: none */
  bool sorted;              /* the leaf's facts are by their beginnings */
  bool minors_known, windows_known;
  bool list_or;                 /* the answer for the facts [list_from, list_end) */
  uint32_t list_from, list_end; /* (verdict_link.c) */
  uint32_t one_at, one_end;     /* looked through so far; where "one of" first ends there */
  uint32_t consent, assent;   /* where a word of consent is first told, one of assent last begins */
  uint32_t close_from, close; /* between them no ')' */
  uint32_t word_from, word;   /* between them no word of three letters */
  uint32_t reach_end;         /* how far facts before this one reach: all, and concepts */
  uint32_t reach, reach_concept;
  uint64_t *windows; /* of concepts, sorted: from << 32 | to; owned */
  uint32_t n_windows;
} th_leaf_memo;
void th_leaf_memo_dispose(th_leaf_memo *memo);

/* How the facts of a leaf combine: neighbours that are linked are one group, and groups combine as
 * the leaf says. A group of a leaf that asks for all is met by any of its facts ("asthma or COPD,
 * and smoking"), one of a leaf that asks for any by all of them ("asthma with eosinophilia"). Says
 * whether a fact of the tree, which is one of the leaf's, is linked to the one before it. It
 * depends on the criteria alone. */
bool th_verdict_linked(const th_elig_tree *tree, const th_elig_node *leaf, uint32_t fact,
                       th_leaf_memo *memo);

/* Whether a fact of a leaf is a second bound on the value of the one before it, in parentheses and
 * for some others: "5 years or older (18 years onward in Cambodia)", or the age of minors whose
 * consent is spoken of. Such a one is not asked. It depends on the criteria alone. */
bool th_verdict_aside(const th_elig_tree *tree, const th_elig_node *leaf, uint32_t fact,
                      th_leaf_memo *memo);
/* Whether a fact asks for consent or for being able to something. Nobody is excluded for that: in
 * an exclusion it is never met. */
bool th_verdict_ability(const th_elig_fact *f);

/* Whether a leaf asks for nothing: it says that there is no criterion ("None", "N/A"), only allows
 * something or refers to another: then everybody meets it as an inclusion and
 * nobody as an exclusion, derived. It depends on the criteria alone. */
bool th_verdict_asks_none(const th_elig_tree *tree, const th_elig_node *leaf);

/* The tree as one criterion of a kind: an inclusion is met when all at its top are, an exclusion
 * when any is. What stands at the top as the other kind counts turned. */
th_verdict_node th_verdict_whole(const th_verdicts *v, th_elig_kind kind);

/* ---- a study as a whole ---- */

/* What the record says of who may join beside the text. Zero: nothing. */
typedef struct th_verdict_study {
  bool has_min, has_max;
  th_age min, max; /* both included, in completed units */
  char sex;        /* 'F', 'M', 0 = all */
  bool no_healthy; /* healthy volunteers are not accepted */
  bool closed;     /* its status takes nobody any more */
} th_verdict_study;

typedef enum th_verdict_grade {
  TH_GRADE_EXCLUDED,
  TH_GRADE_POSSIBLE,
  TH_GRADE_LIKELY, /* nothing against it, some inclusion of the text met, and three quarters of all
                    * criteria settled */
} th_verdict_grade;

typedef enum th_verdict_field {
  TH_FIELD_TEXT, /* a node */
  TH_FIELD_AGE,
  TH_FIELD_SEX,
  TH_FIELD_HEALTHY,
  TH_FIELD_STATUS,
  TH_N_FIELDS
} th_verdict_field;

typedef struct th_verdict_trial {
  uint8_t grade;              /* th_verdict_grade */
  uint8_t by;                 /* excluded: th_verdict_field */
  uint32_t node;              /* excluded by the text: the first node at the top, else TH_NO_FACT */
  uint8_t field[TH_N_FIELDS]; /* th_verdict_truth of the fields; met also when nothing is asked */
  /* criteria at the top of the text, and the fields that ask something */
  uint32_t n, met, violated, passed; /* passed: exclusions that are not met */
  uint32_t presumed;                 /* settled by presumption alone */
  uint32_t open;                     /* not settled */
  /* inclusions at the top of the text; those that are met; those that are open, and that a reader
   * who takes the record for complete would say are not met */
  uint32_t inclusions, had, lacking;
  uint16_t against[TH_N_GROUNDS]; /* the violated ones by how sure they are */
} th_verdict_trial;

/* The grade takes all grounds alike. A closed study is not an excluded one: field[TH_FIELD_STATUS]
 * says it, the grade does not. */
void th_verdict_sum(th_verdict_trial *out, const th_verdicts *v, const th_verdict_patient *patient,
                    const th_verdict_study *study);

const char *th_verdict_name(uint8_t truth); /* "met", "not met", "unknown" */
const char *th_basis_name(uint8_t basis);   /* "stated", "derived", "presumed", "" */
const char *th_grade_name(uint8_t grade);   /* "excluded", "possible", "likely" */
const char *th_rule_name(uint8_t rule);     /* "a man is not pregnant"; "" for none */
const char *th_rule_words(uint8_t rule);    /* a sentence about it */

#endif
