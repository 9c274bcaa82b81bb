/* What was found for a patient, as JSON (docs/guide/match.md has the members). */
#ifndef TH_MATCH_EXPLAIN_H
#define TH_MATCH_EXPLAIN_H

#include "base/json.h"
#include "match/find.h"

/* "criteria": a verdict for each node, with its facts and what of the patient they rest on. Needs
 * th_find_request.explain. */
void th_explain_criteria(const th_find_result *r, const th_found *s, th_jout *w);
/* One study as an object. criteria: with the member above. */
void th_explain_study(const th_find_result *r, const th_found *s, bool criteria, th_jout *w);
/* Members of the object that holds the answer: patient, order, presume, judged, grades, studies and
 * nextQuestions. The caller opens and closes it. */
void th_explain_result(const th_find_result *r, const th_find_request *request, th_jout *w);
void th_explain_question(const th_question *q, th_jout *w);

/* The fact of the patient's record behind a verdict on a fact, NULL when there is none (sex,
 * silence). */
const th_patient_fact *th_explain_evidence(const th_verdict_patient *v, const th_verdict_fact *f);
/* Whether a fact is worth showing: it is decided, or something of the patient bears on it. */
bool th_explain_is_told(const th_verdict_fact *f);
const char *th_field_name(uint8_t field); /* "text", "age", "sex", "healthyVolunteers", "status" */
/* Why the score was lowered, in the order of th_demotion's bits; NULL at the end. */
extern const char *const th_demotion_words[];

#endif
