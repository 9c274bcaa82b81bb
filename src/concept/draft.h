/* A dictionary in the making: concepts as their sources have them, brought together and written as
 * the file that concept.h reads.
 *
 * What is one concept in several sources becomes one in the dictionary: when they share a code,
 * when one names the other's code as its only cross reference of that kind and no other of its
 * source does, or when their preferred labels have the same key and their kinds agree. Two concepts
 * of one vocabulary never become one, however the others refer to them: chains of loose references
 * would make everything one thing.
 *
 * Labels are cleaned on the way in: marks of old classifications ("NOS", "(disorder)") go, inverted
 * entries ("Diabetes Mellitus, Type 2") also get their natural order, what is too short, too long,
 * without letters, or a word of everyday English is left out or kept for capitals only. */
#ifndef TH_CONCEPT_DRAFT_H
#define TH_CONCEPT_DRAFT_H

#include "concept/concept.h"

typedef struct th_concept_draft th_concept_draft;

enum {
  TH_DRAFT_SOURCES_MAX = 64,
  TH_DRAFT_NONE = -1, /* a concept that is none */
};

th_concept_draft *th_concept_draft_new(void) TH_MUST_USE; /* NULL: out of memory */
void th_concept_draft_free(th_concept_draft *d);

typedef struct th_draft_source {
  th_span name, detail;
  unsigned rank; /* the lowest gives a concept its preferred label */
  bool records;  /* concepts with equal preferred labels are one, and labels are not inverted */
  bool own;      /* of the program itself: no other vocabulary contests its short forms */
} th_draft_source;
/* The number of the source; TH_ELIMIT when there are too many. All text given to a draft is copied.
 */
int th_concept_draft_source(th_concept_draft *d, const th_draft_source *source,
                            th_err *err) TH_MUST_USE;
/* The number of a new concept. code: its own code, may be empty. */
int th_concept_draft_concept(th_concept_draft *d, unsigned source, th_concept_kind kind,
                             th_span code, th_err *err) TH_MUST_USE;
/* Of a source of records: the concept whose preferred label has these words, made when there is
 * none. TH_DRAFT_NONE when the text cannot be a label. */
int th_concept_draft_named(th_concept_draft *d, unsigned source, th_concept_kind kind,
                           th_span label, uint32_t n_records, uint32_t nct,
                           th_err *err) TH_MUST_USE;

typedef struct th_draft_label {
  th_span text;
  unsigned source; /* of the label, may be another than the concept's */
  th_label_relation relation;
  float weight; /* (0, 1] */
  uint32_t n_records, nct;
} th_draft_label;
/* A text that cannot be a label is left out: no error. */
int th_concept_draft_label(th_concept_draft *d, int concept_id, const th_draft_label *label,
                           th_err *err) TH_MUST_USE;
/* own: a further code of the concept itself (an alternative id, a tree number), else a cross
 * reference. "MSH:D003924", "SNOMEDCT_US_2018_03_01:44054006" are brought to one form. */
int th_concept_draft_code(th_concept_draft *d, int concept_id, th_span code, bool own,
                          th_err *err) TH_MUST_USE;
/* The concept right above, by its code; one that never comes is left out. */
int th_concept_draft_parent(th_concept_draft *d, int concept_id, th_span code,
                            th_err *err) TH_MUST_USE;

/* Appends the file to out. basis stands in its head. The draft is used up. The same calls give the
 * same bytes. */
int th_concept_draft_write(th_concept_draft *d, uint64_t basis, th_buf *out,
                           th_err *err) TH_MUST_USE;

/* One form of a code: "MESH:D003924". False when it has no prefix or is too long for cap. */
bool th_concept_code_clean(th_span code, char *out, size_t cap, size_t *n);

#endif
