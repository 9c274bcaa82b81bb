/* A tree as JSON, and its facts in words. */
#ifndef TH_ELIGIBILITY_JSON_H
#define TH_ELIGIBILITY_JSON_H

#include "base/json.h"
#include "eligibility/eligibility.h"

/* {"nctId":…,"reader":…,"criteria":[…]} as docs/internals/eligibility.md gives it. nct_id NULL
 * writes null. */
void th_elig_json(const th_elig_tree *tree, const char *nct_id, th_jout *w);
/* "criteria" alone. */
void th_elig_nodes_json(const th_elig_tree *tree, th_jout *w);
/* One fact alone, as it stands in "facts". */
void th_elig_fact_json(const th_elig_tree *tree, const th_elig_fact *fact, th_jout *w);

/* Short names, as in JSON: "inclusion", "atleast", "<=", "uln", "pregnancy", "past". */
const char *th_elig_kind_name(uint8_t kind);
const char *th_elig_combine_name(uint8_t combine);
const char *th_elig_relation_name(uint8_t relation);
const char *th_elig_reference_name(uint8_t reference);
const char *th_elig_category_name(uint8_t category);
const char *th_elig_naming_name(uint8_t why);
const char *th_elig_time_name(uint8_t time);

/* The fact in a short line for people: "creatinine <= 1.5 × ULN, unless liver metastases". */
void th_elig_fact_words(const th_elig_tree *tree, const th_elig_fact *fact, th_buf *out);
/* A number as people write it: no trailing zeros. */
void th_elig_number_words(double v, th_buf *out);

/* What a numeric fact measures: the attribute's name, or the words of the text when it is in no
 * table. */
th_span th_elig_measure_name(const th_elig_tree *t, const th_elig_fact *f);

#endif
