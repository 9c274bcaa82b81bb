/* One patient and one criterion: how the verdict on it comes about. For judging the reader of
 * criteria and the matcher on single criteria; a study is judged by verdict.h.
 *
 *   pair   := {"id": text or number, "note": text, "kind": "inclusion"|"exclusion",
 *              "criterion": text}                       further members are passed over
 *   answer := {"id", "verdict": "met"|"not met"|"unknown",
 *              "basis": "stated"|"derived"|"presumed"|null,
 *              "evidence": [evidence], "reading": [node]}
 *   evidence := {"text", "span", "criterion", "criterionSpan", "verdict", "basis", "rule"}
 *
 * note is any form of a patient (patient/patient.h), told apart by content. text and span are the
 * patient's words and their bytes in the note (null when the evidence is not in words: sex,
 * silence), criterion and criterionSpan those of the criterion. verdict and basis of an evidence
 * are of that one fact as it stands in the criterion. node is as in eligibility/json.h. */
#ifndef TH_MATCH_PAIRS_H
#define TH_MATCH_PAIRS_H

#include "base/buf.h"
#include "concept/concept.h"
#include "match/verdict.h"

/* Of th_pairs_options.presume: silence for notes, consent for structured records. */
#define TH_PRESUME_BY_FORM ((th_verdict_presume)(TH_PRESUME_SILENCE + 1))

typedef struct th_pairs_options {
  const th_concepts *dict; /* borrowed; NULL or empty: the built-in terms alone */
  th_verdict_presume presume;
  bool has_as_of;
  int32_t as_of; /* days; without has_as_of today */
} th_pairs_options;

/* Memory that goes from pair to pair. A note that is the same as in the pair before is not read
 * again. Belongs to one thread. All that held a note is overwritten when it is given back. */
typedef struct th_pairs th_pairs;
th_pairs *th_pairs_new(const th_pairs_options *options) TH_MUST_USE; /* NULL: out of memory */
void th_pairs_free(th_pairs *x);

/* What became of a pair, beside the answer. id is borrowed until the next one. */
typedef struct th_pair_result {
  th_span id;
  uint8_t verdict, basis;
} th_pair_result;

/* Judges the pair of one line (with TH_PAD readable bytes behind it). out: the answer is appended
 * as one JSON object without a line end; NULL: none is written. result may be NULL. Errors:
 * TH_EINPUT, TH_ELIMIT (the line is no such pair; nothing is appended), TH_ENOMEM. Messages hold
 * nothing of the note. */
int th_pairs_line(th_pairs *x, th_span line, th_buf *out, th_pair_result *result,
                  th_err *err) TH_MUST_USE;

#endif
