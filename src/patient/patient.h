/* A patient's record read into facts: a FHIR bundle, a small form or a clinical note in, one list
 * of facts out. This header is the room's door; it knows nothing of trials.
 *
 * Numbers are of the attributes that criteria use (eligibility/attributes.h), in the same canonical
 * units; all else is a concept with one of the same categories (th_elig_category). Nothing that was
 * read is dropped: contradictions and old values stand beside each other, and th_patient_newest
 * says which one counts. What could not be read is counted and named (th_patient_skip).
 *
 * A patient is a guest: all that was read, and all memory used on the way, is overwritten by
 * th_patient_dispose. Nothing here logs or writes. */
#ifndef TH_PATIENT_PATIENT_H
#define TH_PATIENT_PATIENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/common.h"
#include "base/json.h"
#include "concept/concept.h"
#include "eligibility/eligibility.h"
#include "study/date.h"

typedef enum th_patient_form {
  TH_PATIENT_AUTO, /* by content: JSON with a resourceType is FHIR, other JSON a form, else a note
                    */
  TH_PATIENT_FHIR, /* R4 or R5: a Bundle (also an International Patient Summary), a lone resource,
                    * or resources one a line (NDJSON) */
  TH_PATIENT_JSON, /* docs/formats/patient.md */
  TH_PATIENT_NOTE, /* plain text, English */
} th_patient_form;

typedef enum th_fact_type {
  TH_FACT_VALUE,   /* a number of an attribute */
  TH_FACT_CONCEPT, /* a condition, drug, procedure, finding … */
} th_fact_type;

typedef enum th_certainty {
  TH_CERTAIN_STATED,
  TH_CERTAIN_SUSPECTED,    /* probable, provisional, to be ruled out */
  TH_CERTAIN_HYPOTHETICAL, /* "return if fever": says nothing of the patient */
} th_certainty;

typedef enum th_experiencer {
  TH_OF_PATIENT,
  TH_OF_FAMILY, /* relatives and others */
} th_experiencer;

enum { /* th_patient_fact.flags */
       TH_FACT_IMPLAUSIBLE =
           1, /* outside the attribute's plausible values, or a unit that is not its */
       TH_FACT_UNIT_GUESSED = 2, /* none was written: the likeliest that gives a plausible value */
       TH_FACT_DERIVED = 4,      /* worked out from other facts: age from birth date, BMI, … */
       TH_FACT_HISTORY = 8,      /* said as history: "h/o", a section of past history */
       TH_FACT_STATED_NOW = 16,  /* the time is said, not presumed */
};

#define TH_NO_CONCEPT UINT32_MAX

typedef struct th_patient_fact {
  uint8_t type;        /* th_fact_type */
  uint8_t category;    /* concept: th_elig_category */
  uint8_t certainty;   /* th_certainty */
  uint8_t experiencer; /* th_experiencer */
  uint8_t time;        /* th_elig_time: CURRENT, PAST, PLANNED; ANY = not said (a note's plain
                        * mention, which most readers take for current) */
  uint8_t relation; /* value: th_elig_relation; EQ, or LT GT … for "< 0.5", BETWEEN for ranges */
  bool absent;      /* the record says that it is not so: "denies", refuted, status "no" */
  uint8_t flags;
  int32_t attribute;  /* value: index in th_elig_attributes; concept: -1 */
  double value, high; /* value, as written; high is NAN unless BETWEEN */
  double canonical,
      canonical_high; /* in the attribute's unit; NAN when they cannot be brought there */
  double normal_low, normal_high; /* reference range in the canonical unit; NAN = not given */
  th_span unit;                   /* as written, empty = none; in arena */
  const char *canonical_unit;     /* static; NULL for concepts */
  uint32_t concept_id;            /* in the dictionary, or TH_NO_CONCEPT */
  th_span label;                  /* preferred name, or the words; value: the attribute's name */
  th_span code;                   /* "SNOMEDCT:44054006", "MESH:D003924"; empty = none; in arena */
  th_span degree;                 /* "severe", "stage IIIB", as written; empty = none */
  bool has_begin, has_end;
  th_date begin, end; /* onset and end, or for a measurement begin alone: when it was taken.
                       * An end in the future, or none, is still so */
  th_span resource;   /* FHIR: "Observation/123"; JSON: the pointer "/values/0"; note: the
                       * section's name or empty; in arena */
  uint32_t from, to;  /* bytes of the source that say it */
  uint32_t note_from, note_to; /* bytes of th_patient.note that say it; equal: not of a note */
} th_patient_fact;

/* A fact of the kind, all else unknown: not absent, stated, of the patient, no dates. */
th_patient_fact th_patient_fact_new(th_fact_type type);

/* Bytes [from, to) of a note that do not speak of what the patient has: denied, of relatives, or
 * only what may come. */
typedef struct th_patient_aside {
  uint32_t from, to;
} th_patient_aside;

/* Something that was not turned into facts, and how often. what: "Claim resources", "Observation
 * without a value". place: the first one's JSON pointer, empty for notes. In arena. */
typedef struct th_patient_skip {
  th_span what, place;
  uint32_t n;
} th_patient_skip;

typedef struct th_patient {
  th_arena arena; /* owned; wiped */
  th_patient_form form;
  th_span source; /* a copy, in arena, with TH_PAD bytes behind it */
  th_span id;     /* what the sender calls the patient: Patient.id, or "id" of a form; empty = not
                   * said; in arena */
  int32_t as_of;  /* days from 1970-01-01 (study/date.h) */
  char sex;       /* 'F', 'M', 'O' for other, 0 = not said */
  bool has_birth;
  th_date birth;
  bool deceased;
  double age_low, age_high;     /* years at as_of, [low, high): "in his 60s" is [60, 70), 58 is
                                 * [58, 59), an exact birth date has low == high; NAN = not said */
  const th_patient_fact *facts; /* sorted: values by attribute, then concepts by category and
                                 * label, newest first; in arena */
  uint32_t n_facts;
  const th_patient_skip *skips;
  uint32_t n_skips;
  th_span note; /* the words of a note: the source itself, or a form's; in arena */
  const th_patient_aside *asides; /* of the note, ascending, apart; in arena */
  uint32_t n_asides;
} th_patient;

typedef struct th_patient_options {
  th_patient_form form;
  bool has_as_of;
  int32_t as_of;           /* days; without has_as_of: today, UTC */
  const th_concepts *dict; /* may be NULL: then the built-in terms alone are known. Facts' labels
                            * and codes are copied: the dictionary may go */
  size_t memory_max;       /* of the arena, bytes; 0 = TH_PATIENT_MEMORY_MAX */
} th_patient_options;

enum {
  TH_PATIENT_SOURCE_MAX = 64 << 20, /* longer records are refused */
  TH_PATIENT_MEMORY_MAX = 512 << 20,
};

/* Reads a record. *out is always left so that th_patient_dispose may be called, also after an
 * error. source is not kept. options may be NULL. The order of resources in a bundle makes no
 * difference but to from and to. Time is linear in the length, up to sorting the facts. Errors:
 * TH_EINPUT (with the byte, and the JSON pointer in the message), TH_ELIMIT, TH_ENOMEM. Messages
 * may hold words of the record: they are for the person who sent it, not for a log. */
int th_patient_read(th_patient *out, th_span source, const th_patient_options *options,
                    th_err *err) TH_MUST_USE;
/* Overwrites and frees all. A zeroed patient is allowed. */
void th_patient_dispose(th_patient *p);

/* The fact that counts for an attribute: of the patient, not hypothetical, with a canonical value
 * that is plausible; stated before suspected, then the newest, dated before undated, then the later
 * one in the note. NULL when there is none. */
const th_patient_fact *th_patient_newest(const th_patient *p, int attribute);
/* The facts of an attribute are facts[*first, *first + n), those that count less behind. */
uint32_t th_patient_values(const th_patient *p, int attribute, uint32_t *first);
/* How long ago the fact began or was measured, in days before as_of, as [*least, *most] by the
 * precision of its date; negative = in the future. False when it has no date. */
bool th_patient_days_ago(const th_patient *p, const th_patient_fact *f, int32_t *least,
                         int32_t *most);
/* Whether a byte of th_patient.note stands in an aside. */
bool th_patient_is_aside(const th_patient *p, uint32_t at);
/* The words of the source that the fact rests on. */
th_span th_patient_words(const th_patient *p, const th_patient_fact *f);

/* The preferred label of the built-in term that a name as a whole is, in any case: "obese" is
 * "obesity". Static; empty when it is none. */
th_span th_patient_term(th_span name);

/* ---- for people and programs ---- */

/* docs/formats/patient.md, "What comes out". */
void th_patient_json(const th_patient *p, th_jout *w);
void th_patient_fact_json(const th_patient *p, const th_patient_fact *f, th_jout *w);
/* "creatinine 2.1 mg/dL, 2026-03-01", "no diabetes mellitus", "family: breast cancer". */
void th_patient_fact_words(const th_patient *p, const th_patient_fact *f, th_buf *out);
const char *th_patient_form_name(uint8_t form);
const char *th_certainty_name(uint8_t certainty);

#endif
