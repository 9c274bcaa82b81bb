/* The slow and obvious meaning of an expression: asked of the record itself, its JSON and the
 * catalogue, without an index. */
#ifndef TH_TEST_RECORDS_H
#define TH_TEST_RECORDS_H

#include "base/arena.h"
#include "base/json.h"
#include "study/catalogue.h"

/* A word of a value: forms and stems, several at one position when it is a compound. */
typedef struct rec_word {
  th_span stem, form;
  uint32_t position;
} rec_word;

/* A text, number, … of the record; lists of values come one by one. */
typedef struct rec_leaf {
  uint16_t field;
  int site; /* index in locations, -1 outside */
  th_span text;
  th_jtype type;
  double number, lat, lon;
  rec_word *words; /* of the text, when its words can be searched */
  uint32_t n_words, length;
  bool searched; /* a text whose words can be searched */
} rec_leaf;

typedef struct rec_count {
  uint16_t list;
  uint32_t n;
} rec_count;

typedef struct record {
  uint32_t nct;
  rec_leaf *leaves;
  uint32_t n_leaves, cap_leaves;
  rec_count *counts; /* each list that stands in it */
  uint32_t n_counts, cap_counts;
  uint32_t n_sites;
} record;

/* From a parsed record; everything in the arena. */
void record_read(record *r, const th_json *json, th_arena *arena);

/* ---- expressions ---- */

typedef enum expr_kind {
  E_OR,
  E_AND,
  E_NOT,
  E_AREA,
  E_SITES,
  E_COVERAGE,
  E_EXPANSION,
  E_TILT,
  E_WORDS,
  E_PHRASE,
  E_RANGE,
  E_NEAR,
  E_MISSING,
  E_ALL,
} expr_kind;

typedef enum expr_level { L_NONE, L_TERM, L_CONCEPT, L_RELAXATION, L_LOSSY } expr_level;
enum { C_CONTAINS, C_STARTS, C_ENDS, C_FULL }; /* bit 0: start, bit 1: end */

typedef struct expr {
  expr_kind kind;
  struct expr *parts[4];
  unsigned n;
  uint16_t area, field; /* AREA: one of the two, the other is NONE */
  bool size;            /* AREA[…:size] */
  unsigned coverage;
  expr_level level;
  th_span text;      /* words, phrases, values */
  th_span low, high; /* RANGE, as written */
  double lat, lon, km;
} expr;

/* Whether the record satisfies the expression; area: where words without another are looked for. */
bool record_matches(const record *r, const expr *e, uint16_t area);

#endif
