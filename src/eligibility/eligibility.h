/* Eligibility criteria read into logic: text in, tree out. This header is the room's door.
 *
 * The tree stands in one array in the order of the text, a node before all that is inside it:
 * `next` is the index of the first node behind it and its descendants. Every node has the exact
 * bytes of the source that it was read from, so nodes[i] is source[from, to). Leaves carry facts;
 * a group says how its items combine. The first item of a group may be its lead, the words that
 * introduce it ("Any of the following:"): its number is 0, and it is no alternative among the
 * others. When it has facts of its own they hold beside the rest; a lead without facts asks for
 * nothing.
 *
 * Items at the top belong together by their kind: all inclusions must hold, no exclusion may. Text
 * under no header is of unknown kind; the reader never guesses the kind by position. */
#ifndef TH_ELIGIBILITY_ELIGIBILITY_H
#define TH_ELIGIBILITY_ELIGIBILITY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/common.h"
#include "concept/concept.h"

/* Changes whenever the same text may give another tree: what was read before is then read anew. */
#define TH_ELIG_READER "38"

typedef enum th_elig_kind {
  TH_ELIG_UNKNOWN, /* no header, or one that says neither */
  TH_ELIG_INCLUSION,
  TH_ELIG_EXCLUSION,
} th_elig_kind;

typedef enum th_elig_combine {
  TH_ELIG_ALL,
  TH_ELIG_ANY,
  TH_ELIG_AT_LEAST, /* at_least of them */
} th_elig_combine;

enum {
  TH_ELIG_DEPTH_MAX = 10,              /* groups within groups; deeper items stand at this depth */
  TH_ELIG_TEXT_MAX = 64 * 1024 * 1024, /* longer texts are refused */
};

enum {                    /* th_elig_node.flags */
       TH_ELIG_GROUP = 1, /* has items; otherwise a leaf */
       TH_ELIG_HEADING =
           2,              /* a group made by a heading ("PATIENT CHARACTERISTICS:", "Cohort 2:") */
       TH_ELIG_COHORT = 4, /* its items hold for one arm, cohort or sort of participant only */
       TH_ELIG_OPTIONAL = 8, /* examples, explanations, what is allowed: they decide nothing */
       TH_ELIG_ALLOWS = 16,  /* optional, and asks for nothing: "Prior chemotherapy allowed", "Not
                              * specified"; not where it is allowed on conditions */
};

typedef struct th_elig_node {
  uint32_t from, to;      /* bytes of the source */
  uint32_t next;          /* first node behind this one and its descendants */
  uint32_t fact, n_facts; /* the leaf's facts in th_elig_tree.facts, in the order of the text */
  uint32_t number;        /* place among its siblings from 1 (at the top: among those of its kind);
                           * 0 = the lead of its group */
  uint16_t at_least;      /* with TH_ELIG_AT_LEAST */
  uint8_t kind;           /* th_elig_kind */
  uint8_t combine;        /* th_elig_combine of the items of a group, of the facts of a leaf */
  uint8_t depth;          /* 0 at the top */
  uint8_t flags;
} th_elig_node;

/* ---- facts ---- */

typedef enum th_elig_relation {
  TH_ELIG_LT,
  TH_ELIG_LE,
  TH_ELIG_GT,
  TH_ELIG_GE,
  TH_ELIG_EQ,
  TH_ELIG_BETWEEN, /* value to high, both included */
} th_elig_relation;

typedef enum th_elig_reference {
  TH_ELIG_ABSOLUTE,
  TH_ELIG_ULN,       /* value times the upper limit of normal */
  TH_ELIG_LLN,       /* value times the lower limit of normal */
  TH_ELIG_PREDICTED, /* per cent of what is predicted or normal */
} th_elig_reference;

typedef enum th_elig_fact_type {
  TH_ELIG_NUMERIC,
  TH_ELIG_CONCEPT,
} th_elig_fact_type;

typedef enum th_elig_category {
  TH_ELIG_CONDITION,
  TH_ELIG_DRUG,
  TH_ELIG_PROCEDURE,
  TH_ELIG_FINDING,
  TH_ELIG_ALLERGY,
  TH_ELIG_ORGANISM,
  TH_ELIG_GENE,
  TH_ELIG_PREGNANCY,
  TH_ELIG_LACTATION,
  TH_ELIG_CONTRACEPTION,
  TH_ELIG_CONSENT,
  TH_ELIG_LANGUAGE,
  TH_ELIG_CAPACITY,
  TH_ELIG_SMOKING,
  TH_ELIG_ALCOHOL,
  TH_ELIG_OTHER_TRIAL,
  TH_ELIG_SEX,
  TH_ELIG_N_CATEGORIES,
} th_elig_category;

typedef enum th_elig_time {
  TH_ELIG_TIME_ANY,
  TH_ELIG_CURRENT,
  TH_ELIG_PAST,
  TH_ELIG_PLANNED,
} th_elig_time;

typedef enum th_elig_guard_kind {
  TH_ELIG_NO_GUARD,
  TH_ELIG_IF,     /* the fact counts only when the guard holds */
  TH_ELIG_UNLESS, /* the fact does not count when the guard holds */
} th_elig_guard_kind;

/* Whom or when a fact is about. sex and the ages are what was read of the words, when they say no
 * more than that; else only the words stand. */
typedef struct th_elig_guard {
  uint8_t kind; /* th_elig_guard_kind */
  char sex;     /* 'F', 'M', or 0 */
  bool has_age;
  double age_low, age_high; /* years, [low, high); high is INFINITY when open */
  uint32_t from, to;        /* the words */
} th_elig_guard;

/* A stretch of time, as written: within (<=) 6 months, for at least (>=) 4 weeks. */
typedef struct th_elig_window {
  bool present;
  uint8_t relation; /* th_elig_relation */
  bool forward;     /* behind the reference point: during the trial, after the last dose */
  bool since;       /* "at least 4 weeks since X": whoever never had X has waited long enough */
  double value, high;
  const char *unit; /* UCUM: h, d, wk, mo, a */
  uint32_t from, to;
} th_elig_window;

/* Words that join what stands around a fact in its sentence: "or", "and" between it and the fact
 * before (or the item's start), and between it and the next (or the end), outside of all facts,
 * guards and windows. */
enum {
  TH_ELIG_OR_BEFORE = 1,
  TH_ELIG_AND_BEFORE = 2,
  TH_ELIG_OR_BEHIND = 4,
  TH_ELIG_AND_BEHIND = 8,
};

typedef struct th_elig_fact {
  uint8_t type;     /* th_elig_fact_type */
  uint8_t relation; /* numeric: th_elig_relation */
  uint8_t reference;
  uint8_t category; /* concept: th_elig_category */
  uint8_t time;     /* concept: th_elig_time */
  bool negated;     /* "no", "not", "without": the fact must not be so */
  bool family;      /* concept: of relatives, not of the patient */
  bool low_inclusive, high_inclusive;
  uint8_t links;      /* TH_ELIG_OR_BEFORE …: how the item goes on around the fact */
  uint16_t attribute; /* numeric: index in th_elig_attributes */
  double value, high; /* numeric, as written; high is NAN unless a range is written */
  const char *unit;   /* numeric: UCUM of the unit as written; NULL = none written */
  double low_canonical, high_canonical; /* in the attribute's unit; NAN = open. Both NAN when the
                                         * value cannot be brought to that unit */
  const char *canonical_unit;           /* NULL when both are NAN */
  th_elig_guard guard;
  th_elig_window window;
  th_span label, code; /* concept: preferred name and code; in arena or static */
  th_span degree;      /* concept: "severe", "NYHA III", as written; empty = none */
  uint32_t from, to;   /* bytes of the source */
  /* numeric, both inside [from, to): what is measured ("serum creatinine level"), and what of it is
   * asked (">= 2 mg/dL"); empty where no words say it. concept: name, where it has more words than
   * [from, to): the sort before it ("acute"), the words that it shares with the next name ("liver
   * or renal disease": of the liver's up to "disease"); else empty. Of the result of a test ("HBsAg
   * | positive"): name what is tested, value what it is found to be, which may stand with the first
   * of a list */
  uint32_t name_from, name_to, value_from, value_to;
} th_elig_fact;

/* Why an item names what it does not ask for. */
typedef enum th_elig_naming {
  TH_ELIG_NAMED_EXCEPTION, /* "cancer, except X", "unless X": said to be otherwise for X */
  TH_ELIG_NAMED_ALLOWED,   /* "X is allowed": does no harm */
  TH_ELIG_NAMED_GUARD,     /* "if X": when another fact holds */
  TH_ELIG_NAMED_PART,      /* in the words of a measurement, "duration of X > 3 years", or of a
                            * therapy that is denied, "no treatment for X" */
  TH_ELIG_NAMED_PEOPLE,    /* "women of childbearing potential": whom the item is about */
  TH_ELIG_NAMED_WIDE,      /* "other disease", "medication": too wide to decide by */
  TH_ELIG_NAMED_MEASURE,   /* "platelet count": measured, with no bound */
  TH_ELIG_N_NAMINGS,
} th_elig_naming;

/* A concept that an item names without asking for it. */
typedef struct th_elig_name {
  uint32_t node;       /* the leaf */
  uint32_t from, to;   /* bytes of the source, inside the leaf */
  uint8_t category;    /* th_elig_category */
  uint8_t why;         /* th_elig_naming */
  bool negated;        /* what the words say of it: of exceptions and of what is allowed always, but
                        * for "patients with X are eligible" */
  th_span label, code; /* in arena or static */
} th_elig_name;

typedef struct th_elig_tree {
  th_span text; /* borrowed from the caller */
  const th_elig_node *nodes;
  uint32_t n_nodes;
  const th_elig_fact *facts;
  uint32_t n_facts;
  const th_elig_name *names; /* in the order of the leaves, then of the text */
  uint32_t n_names;
} th_elig_tree;

/* Reads the criteria of one study. Any bytes give a tree, in time linear in their length; what is
 * not understood stands as a leaf without facts. All of the tree is in the arena. Errors:
 * TH_ENOMEM (or the arena's limit), TH_ELIMIT (longer than TH_ELIG_TEXT_MAX). */
int th_elig_read(th_span text, th_arena *arena, th_elig_tree *out, th_err *err) TH_MUST_USE;

/* The same, and with a dictionary the concepts that the items mention: conditions, drugs,
 * procedures, findings, allergies, organisms, genes. dict: borrowed during the call; NULL or an
 * empty one reads as th_elig_read does. matcher: memory that the thread uses again, NULL for one
 * call's own. */
int th_elig_read_concepts(th_span text, const th_concepts *dict, th_concept_matcher *matcher,
                          th_arena *arena, th_elig_tree *out, th_err *err) TH_MUST_USE;

/* The first of the names (tree->names) of a leaf, which stand one behind another; tree->n_names
 * when it has none. */
uint32_t th_elig_first_name(const th_elig_tree *tree, uint32_t node);

/* The node's number in the whole ("I3.2", "E1", "U4.0"), NUL-terminated; out holds at least
 * TH_ELIG_ID_MAX bytes. */
enum { TH_ELIG_ID_MAX = 2 + 11 * (TH_ELIG_DEPTH_MAX + 1) };
void th_elig_id(const th_elig_tree *tree, uint32_t node, char *out);
/* The same for who walks the tree: adds a node to the id of the group around it, which has n bytes
 * (0: none); returns the new length. */
size_t th_elig_id_add(const th_elig_node *node, size_t n, char *out);

static inline th_span th_elig_text(const th_elig_tree *tree, uint32_t node) {
  const th_elig_node *n = &tree->nodes[node];
  return (th_span){tree->text.p + n->from, n->to - n->from};
}

#endif
