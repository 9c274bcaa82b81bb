/* Why a study was found: what of a query stands where in it, and what each part adds to its score.
 */
#ifndef TH_QUERY_EXPLAIN_H
#define TH_QUERY_EXPLAIN_H

#include "query/search.h"

/* A field in which the words of a part stand. */
typedef struct th_explain_field {
  uint16_t field;
  uint32_t n;   /* times; of a phrase: whole phrases */
  float weight; /* of the field in the part's scope */
} th_explain_field;

typedef enum th_explain_kind {
  TH_EXPLAIN_WORD,
  TH_EXPLAIN_PHRASE,
  TH_EXPLAIN_FILTER, /* a value, a range, a place …: no score */
} th_explain_kind;

/* A leaf of the query, in its order. */
typedef struct th_explain_part {
  th_explain_kind kind;
  th_span text; /* the word or phrase as it was asked for; of a filter as th_query_dump says it */
  th_span area; /* where it was looked for: name of a search area or a field */
  th_span instead; /* a synonym: what was typed; else empty */
  th_span source;  /* a synonym: where it comes from; else empty */
  bool matched;
  bool counted; /* its score is part of the study's: of spellings of one thing, the best is */
  float score;  /* 0 when it did not match or has none */
  uint32_t n_fields;
  const th_explain_field *fields; /* by falling weight; empty for filters */
} th_explain_part;

typedef struct th_explanation {
  bool matched; /* the study is a match of the whole query */
  float score;  /* as th_search gives it, before any decay */
  uint32_t n;
  const th_explain_part *parts;
} th_explanation;

/* Explains the match of one document with a query (what search.h calls `scored` or `filter`). In
 * the arena; borrowed texts live as long as the query. Errors: TH_ENOMEM, TH_ECORRUPT, TH_EUSAGE
 * (no such segment or document). */
int th_query_explain(const th_snapshot *snapshot, const th_query *query, uint32_t segment,
                     uint32_t doc, th_arena *arena, th_explanation *out, th_err *err) TH_MUST_USE;

#endif
