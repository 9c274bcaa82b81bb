/* What a test is found to be, by a word: "HBsAg is positive", "abnormal liver function".
 *
 *   finding := test{list} [verb] result     "anti-HCV antibody is positive"
 *            | result ["for"] test{list}    "normal renal and hepatic function", "positive for HIV"
 *   result  := positive | abnormal | … | "within normal limits" | "not detectable"
 *
 * A test for an infection that is positive is the infection, where the dictionary knows it. */
#ifndef TH_ELIGIBILITY_RESULTS_H
#define TH_ELIGIBILITY_RESULTS_H

#include "eligibility/compose.h"

/* The findings that the word of a result at token i belongs to, as terms of their own; no name
 * begins before token floor. Returns the token to go on at. */
uint32_t th_elig_compose_result(th_elig_leaf *leaf, th_elig_terms *v, uint32_t floor, uint32_t i);

/* What is measured and not bounded: "platelet count", "FEV1". Named, not asked for. After all other
 * terms, whose owners are set. */
void th_elig_compose_measures(th_elig_leaf *leaf, th_elig_terms *v);

/* What a result's words come to: "positive" (of "negative" too: the fact is then denied), "normal",
 * "abnormal", "high", "low", "detectable"; the words are a finding's value. */
const char *th_elig_result_name(th_span words);

/* Criteria by name ("Rome III criteria"), by which something is told: named as what is measured. */
void th_elig_compose_criteria(th_elig_leaf *leaf, th_elig_terms *v);
/* Whether the item may name criteria. */
bool th_elig_has_criteria(const th_elig_leaf *leaf);

#endif
