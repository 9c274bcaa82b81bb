/* The expression tree, as the parser and the builders of search.h make it and the planner reads it.
 * Immutable once made; everything in it is in the arena that it was built in.
 *
 * The kinds behind TH_N_LAST_WHOLE belong to the expression language but are not evaluated yet: the
 * parser refuses them with a message that names them. */
#ifndef TH_QUERY_TREE_H
#define TH_QUERY_TREE_H

#include "query/search.h"
#include "study/catalogue.h"

typedef enum th_node_kind {
  TH_N_ALL,    /* every study */
  TH_N_AND,    /* part{n}: all of them; the score is the sum */
  TH_N_OR,     /* part{n}: any of them; the score is the sum of those that match */
  TH_N_EITHER, /* part{n}: spellings of one thing; the score is the largest of those that match */
  TH_N_NOT,    /* part{1}; no score */
  TH_N_TERM,   /* a stem in a scope */
  TH_N_PHRASE, /* part{n} TH_N_TERMs of one scope, next to each other in one field */
  TH_N_MASK,   /* the filters of search.h: no score */
  TH_N_RANGE,
  TH_N_KEYWORD,
  TH_N_NEAR,
  TH_N_IDS,
  TH_N_MISSING, /* nothing stands in any field of the scope; no score */
  TH_N_LAST_WHOLE = TH_N_MISSING,
  TH_N_SEARCH,   /* SEARCH[Location]: the part within one element of a nested list */
  TH_N_COVERAGE, /* COVERAGE[…]: how much of a value a term must cover */
  TH_N_EXPANSION,
  TH_N_TILT,
} th_node_kind;

/* Where words are looked for: an area (index of the scored areas of index/score.h), or one field of
 * the catalogue with everything inside it. */
#define TH_SCOPE_FIELD 0x8000u
static inline bool th_scope_is_field(unsigned scope) {
  return scope & TH_SCOPE_FIELD;
}
static inline uint16_t th_scope_field(unsigned scope) {
  return (uint16_t)(scope & 0x7FFF);
}

struct th_query {
  uint8_t kind; /* th_node_kind */
  bool missing; /* TH_N_RANGE: also those without a value */
  uint16_t scope;
  uint16_t field; /* filters */
  uint32_t n;     /* parts, words of a text, numbers of TH_N_IDS */
  const th_query *const *parts;
  union {
    struct {
      th_span stem;
      uint32_t at; /* TH_N_TERM inside a phrase: position from the phrase's first word */
    } term;
    uint64_t mask;
    struct {
      int64_t low, high;
    } range;
    th_span word;
    struct {
      double lat, lon, km;
      uint64_t site_status;
    } near;
    const uint32_t *ncts; /* ascending */
  };
};

/* Limits of one expression; what is longer or deeper is TH_EUSAGE, never a crash. */
enum {
  TH_QUERY_MAX_BYTES = 256 * 1024,
  TH_QUERY_MAX_DEPTH = 200, /* parentheses and prefix operators around a word */
  /* Words, phrases, ranges …: the scores of so many words cannot run over 31 bits (score.h). */
  TH_QUERY_MAX_WORDS = 1024,
};

/* A cleared node; NULL when the arena is exhausted. */
th_query *th_node_new(th_arena *arena, th_node_kind kind);
/* A node over copies of the part pointers; flattens parts of its own kind (AND, OR). One part: that
 * part itself. */
const th_query *th_node_join(th_arena *arena, th_node_kind kind, const th_query *const *parts,
                             size_t n);

/* The words of a text in a scope as TERM, PHRASE, EITHER or an AND of these: words.c. quoted: one
 * phrase. A text without any word matches nothing: an OR of no parts. *n_terms counts the words of
 * the whole expression; beyond TH_QUERY_MAX_WORDS the error is TH_EUSAGE. */
int th_words_node(const th_query **out, th_arena *arena, th_span text, bool quoted, unsigned scope,
                  uint32_t *n_terms, th_err *err) TH_MUST_USE;

/* One value or a [low, high] of an integer, number, date or age field as typed, in the units of the
 * index. Open sides: "MIN", "MAX". Errors: TH_EUSAGE. values.c */
int th_value_parse(const th_field *field, th_span text, int64_t *low, int64_t *high,
                   th_err *err) TH_MUST_USE;
/* "25mi", "40km", "800m", "12" (unit: km per unit for numbers without one). False when it is not
 * that. */
bool th_distance_parse(th_span text, double plain_km, double *km);
/* A decimal number with nothing behind it. */
bool th_decimal_parse(th_span text, double *out);

/* The tree as an S-expression, for tests and `explain`. */
void th_query_dump(const th_query *q, th_buf *out);

#endif
