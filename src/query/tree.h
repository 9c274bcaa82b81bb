/* The expression tree, as the parser and the builders of search.h make it and the planner reads it.
 * Immutable once made; everything in it is in the arena that it was built in.
 */
#ifndef TH_QUERY_TREE_H
#define TH_QUERY_TREE_H

#include "query/expand.h"
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
  TH_N_SITES,   /* part{1}: what one site of the study satisfies; no score */
  TH_N_LIMIT,   /* studies that do not leave out a value (limits.h); no score */
  TH_N_TILT,    /* part{1}: its score, less for documents with a smaller value in field */
} th_node_kind;

/* Where words are looked for: an area (index of the scored areas of index/score.h), or one field of
 * the catalogue with everything inside it; with TH_SCOPE_SYNONYMS only those fields of it that take
 * synonyms (TH_FF_SYNONYMS). */
#define TH_SCOPE_FIELD 0x8000u
#define TH_SCOPE_SYNONYMS 0x4000u
static inline bool th_scope_is_field(unsigned scope) {
  return scope & TH_SCOPE_FIELD;
}
static inline uint16_t th_scope_field(unsigned scope) {
  return (uint16_t)(scope & 0x3FFF);
}
static inline unsigned th_scope_area(unsigned scope) {
  return scope & 0x3FFF;
}

/* Where in a value a phrase must stand; bits. */
enum { TH_ANCHOR_START = 1, TH_ANCHOR_END = 2 };

/* A way in which a part came into the tree, when it was not typed. */
typedef struct th_origin {
  th_span instead, source; /* what was typed; whose synonym it is */
} th_origin;

struct th_query {
  uint8_t kind;   /* th_node_kind */
  bool missing;   /* TH_N_RANGE: also those without a value */
  bool coded;     /* TH_N_RANGE: low and high are as the column holds its values (format.h) */
  uint8_t anchor; /* TH_N_PHRASE */
  bool exact;     /* TH_N_PHRASE: the words in just these forms, not others of their stems */
  uint16_t scope;
  uint16_t field; /* filters */
  uint32_t n;     /* parts, words of a text, numbers of TH_N_IDS */
  const th_query *const *parts;
  const th_origin *origin; /* TERM, PHRASE: not NULL for synonyms */
  th_span typed;           /* TERM, PHRASE outside of a phrase: its words as they were typed */
  union {
    struct {
      th_span stem, form; /* form: the folded word as typed */
      uint32_t at;        /* TH_N_TERM inside a phrase: position from the phrase's first word */
      float weight;       /* of its contribution, 1 unless it is a synonym */
    } term;
    uint64_t mask;
    struct {
      int64_t low, high;
    } range;
    th_span word;
    struct {
      double lat, lon, km;
      uint64_t site_status;
      bool placed; /* sites without a point count as at their city's */
    } near;
    const uint32_t *ncts; /* ascending */
    struct {
      uint32_t key;
      double value;
    } limit;
  };
};

/* Limits of one expression; what is longer or deeper is TH_EUSAGE, never a crash. */
enum {
  TH_QUERY_MAX_BYTES = 256 * 1024,
  TH_QUERY_MAX_DEPTH = 200, /* parentheses and prefix operators around a word */
  /* Words, phrases, ranges …: the scores of so many words cannot run over 31 bits (score.h). */
  TH_QUERY_MAX_WORDS = 1024,
  /* Words of synonyms in one expression; the alternatives that do not fit are left out. */
  TH_QUERY_MAX_SYNONYM_WORDS = 256,
  TH_QUERY_MAX_SYNONYMS = 16, /* of one text */
};

/* A cleared node, but for a TERM's weight, which is 1; NULL when the arena is exhausted. */
th_query *th_node_new(th_arena *arena, th_node_kind kind);
/* A node over copies of the part pointers; flattens parts of its own kind (AND, OR). One part: that
 * part itself. */
const th_query *th_node_join(th_arena *arena, th_node_kind kind, const th_query *const *parts,
                             size_t n);

/* How the words of a text stand together. */
typedef enum th_wording {
  TH_WORDS_PHRASE, /* next to each other */
  TH_WORDS_ALL,    /* all of them, anywhere */
  TH_WORDS_ANY,    /* any of them */
} th_wording;

typedef struct th_words_request {
  th_wording wording;
  unsigned scope;
  uint8_t anchor; /* PHRASE */
  bool exact;     /* PHRASE */
  float weight;
  const th_origin *origin;
} th_words_request;

/* The words of a text in a scope as TERM, PHRASE, EITHER, an AND or an OR of these: words.c. A text
 * without any word matches nothing: an OR of no parts. *n_terms counts the words of the whole
 * expression; beyond `most` the error is TH_EUSAGE. */
int th_words_node(const th_query **out, th_arena *arena, th_span text, const th_words_request *how,
                  uint32_t *n_terms, uint32_t most, th_err *err) TH_MUST_USE;

/* What words are made into a tree with. The counts are of the whole expression. */
typedef struct th_expansion {
  th_arena *arena;
  const th_expander *expander; /* NULL: no synonyms */
  uint32_t *n_terms, *n_synonym_words;
} th_expansion;
/* th_words_node with synonyms: expand.c. */
int th_expand_words(const th_query **out, const th_expansion *expansion, th_span text,
                    const th_words_request *how, th_err *err) TH_MUST_USE;

/* One value or a [low, high] of an integer, number, date or age field as typed, as the columns of
 * the index code it (format.h). A date: from its first day to its last; whole: only dates that are
 * at least as precise, so that 2022-01 is not 2022. Open sides: "MIN", "MAX". Errors: TH_EUSAGE.
 * values.c */
int th_value_parse(const th_field *field, th_span text, bool whole, int64_t *low, int64_t *high,
                   th_err *err) TH_MUST_USE;
/* "25mi", "40km", "800m", "12" (unit: km per unit for numbers without one). False when it is not
 * that. */
bool th_distance_parse(th_span text, double plain_km, double *km);
/* A decimal number with nothing behind it. */
bool th_decimal_parse(th_span text, double *out);

/* The tree as an S-expression, for tests and `explain`. */
void th_query_dump(const th_query *q, th_buf *out);

#endif
