/* Between the files of this room: a record while it is being read. */
#ifndef TH_PATIENT_INTERNAL_H
#define TH_PATIENT_INTERNAL_H

#include <math.h>

#include "patient/patient.h"

/* Sticky: the first failure stays in rc, and what is added behind it is dropped. */
typedef struct th_reading {
  th_patient *p;
  th_arena *arena; /* p's */
  const th_concepts *dict;
  th_patient_fact *facts; /* in arena */
  uint32_t n_facts, cap_facts;
  th_patient_skip *skips; /* in arena */
  uint32_t n_skips, cap_skips;
  th_concept_matcher *matcher;
  uint32_t *own_ids; /* concept of each built-in term, in arena; 0 = not looked for yet, else + 1 */
  int rc;
  th_err *err;
} th_reading;

/* Copies the fact; spans in it must be in arena, static, or of the dictionary (then they are
 * copied when the reading ends). */
void th_reading_add(th_reading *r, const th_patient_fact *fact);
/* Counts what was not read. place may be empty; both are copied the first time. */
void th_reading_skip(th_reading *r, th_span what, th_span place);
/* A copy in the arena; empty on failure, which is remembered. */
th_span th_reading_text(th_reading *r, th_span s);
int th_reading_fail(th_reading *r, int code); /* remembers the code; returns it */

/* A date or date and time as FHIR and forms have it ("2024", "2024-03", "2024-03-01",
 * "2024-03-01T10:00:00+02:00"; the time of day is passed over). */
bool th_patient_date(th_span s, th_date *out);

/* ---- concepts (terms.c) ---- */

/* A term of the built-in table, or of the dictionary, in a text. */
typedef struct th_term {
  uint32_t from, to;   /* bytes */
  th_span label;       /* static, or of the dictionary */
  uint32_t concept_id; /* or TH_NO_CONCEPT */
  uint8_t category;    /* th_elig_category */
  bool absent;         /* the term itself says so: "nonsmoker", "afebrile" */
  bool past;           /* "ex-smoker" */
  bool own;            /* of the built-in table */
} th_term;
typedef void (*th_term_fn)(void *ctx, const th_term *term);
/* All terms of a text from left to right, none overlapping another; the longer one wins, then the
 * built-in one. short_text: a name, not running text (capitals do not decide). */
int th_terms_find(th_reading *r, th_span text, bool short_text, th_term_fn fn,
                  void *ctx) TH_MUST_USE;
/* The concept of a name as a whole ("Type 2 diabetes mellitus (disorder)"), category as given:
 * label, concept and a category that the name shows better. The label is the name itself when it
 * is no term. */
void th_terms_name(th_reading *r, th_span name, th_patient_fact *fact);
/* The concept that a code stands for; TH_NO_CONCEPT when the dictionary knows none. */
uint32_t th_terms_by_code(const th_reading *r, th_span code);
/* A name without the tag that SNOMED CT puts behind it: "(disorder)". */
th_span th_terms_bare(th_span name);

/* ---- numbers (measure.c) ---- */

/* Brings value and unit of the fact to the attribute's unit: canonical, canonical_high,
 * canonical_unit, label and the flags IMPLAUSIBLE and UNIT_GUESSED. fact->unit empty: the likeliest
 * unit that gives a plausible value. */
void th_measure_canonical(th_patient_fact *fact);
/* The same for one number, of the fact's unit: a limit of a reference range. NAN when it cannot be.
 */
double th_measure_other(const th_patient_fact *fact, double value);
/* The attribute with this LOINC code, also the less usual codes of measure.def; -1 = none. */
int th_measure_of_loinc(th_span code);
/* The attribute with this key, name or alias as a whole; -1 = none. */
int th_measure_of_name(th_span name);

/* A note that was copied out of a page: its tags and entities become what they show, with blanks
 * for the rest, so that all bytes keep their places. Other notes stay as they are (html.c). */
void th_note_bare(char *p, size_t n);

/* ---- markers (markers.c) ---- */

/* Genes that the name of a result or a condition speaks of, with the state that `said` gives them,
 * or, when it is empty, the name itself; as facts of the resource, dates and certainty of `like`.
 * False: none. */
bool th_markers_of_name(th_reading *r, th_span name, th_span said, const th_patient_fact *like);
/* The stage of a growth: "Stage IIIB", "IIIB". */
bool th_markers_stage(th_reading *r, th_span said, const th_patient_fact *like);

/* The infection that a test of this name tells by what was answered (serology.c). False: none. */
bool th_serology_of_name(th_reading *r, th_span name, th_span said, const th_patient_fact *like);

/* What follows from the facts that were read (derive.c), as further facts. */
void th_patient_derive(th_reading *r);

/* ---- the three forms ---- */

int th_patient_read_fhir(th_reading *r, const th_json *j) TH_MUST_USE;
int th_patient_read_form(th_reading *r, const th_json *j) TH_MUST_USE;
/* text: bytes of p->source from `base` on; resource: what its facts say of where they stand. */
int th_patient_read_note(th_reading *r, th_span text, uint32_t base, th_span resource) TH_MUST_USE;

#endif
