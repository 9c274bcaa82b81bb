/* What a test is found to be, by a word: "HBsAg is positive", "abnormal liver function".
 *
 *   finding := test{list} [verb] result     "anti-HCV antibody is positive"
 *            | test sign                     "HBsAg+" (signs.h)
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

/* The same of a sign at token i, "HBsAg+"; i + 1 and no term when there is none. */
uint32_t th_elig_compose_sign(th_elig_leaf *leaf, th_elig_terms *v, uint32_t floor, uint32_t i);

/* What is measured and not bounded: "platelet count", "FEV1". Named, not asked for. After all other
 * terms, whose owners are set. */
void th_elig_compose_measures(th_elig_leaf *leaf, th_elig_terms *v);

/* The measure that mention k of the leaf names, as a term of its own; false when it names none or
 * too little ("calcium" alone). */
bool th_elig_measure_of(const th_elig_leaf *leaf, uint32_t k, th_elig_term *out);

/* What a result's words come to: "positive" (of "negative" too: the fact is then denied), "normal",
 * "abnormal", "high", "low", "detectable"; the words are a finding's value. */
const char *th_elig_result_name(th_span words);

/* Whether token i is a word of an infection that blood is tested for ("HIV", "hepatitis"). */
bool th_elig_names_infection(const th_elig_leaf *leaf, uint32_t i);

/* Criteria by name ("Rome III criteria"), by which something is told: named as what is measured. */
void th_elig_compose_criteria(th_elig_leaf *leaf, th_elig_terms *v);
/* Whether the item may name criteria. */
bool th_elig_has_criteria(const th_elig_leaf *leaf);

#endif
