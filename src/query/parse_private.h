/* Inside of the parser of expressions (parse.c): its state, its messages (parse_fail.c), and what a
 * term means in its area (parse_term.c). */
#ifndef TH_QUERY_PARSE_PRIVATE_H
#define TH_QUERY_PARSE_PRIVATE_H

#include "query/lex.h"
#include "query/tree.h"

typedef enum th_parse_expansion {
  EXPAND_NONE,
  EXPAND_TERM,
  EXPAND_CONCEPT,
  EXPAND_RELAXATION,
  EXPAND_LOSSY
} th_parse_expansion;

/* What the prefix operators around a source say. */
typedef struct th_parse_context {
  unsigned scope;
  uint8_t anchor; /* COVERAGE */
  bool covered;   /* COVERAGE was given */
  bool size;      /* AREA[…:size] */
  bool sites;     /* inside of SEARCH[Location] */
  th_parse_expansion expansion;
} th_parse_context;

typedef struct th_parser {
  th_arena *arena;
  th_span source;
  const char *label;
  th_err *err;
  th_lexeme token;   /* the next one, not yet taken */
  th_lexeme last;    /* the one before */
  uint32_t run_from; /* start of the words that stand before `token`, or of `token` */
  th_parse_context in;
  unsigned depth;
  uint32_t n_terms, n_synonym_words;
  const th_expander *expander;
  th_accepts_fn accepts;
} th_parser;

/* ---- messages: each sets the error and returns its code ---- */

int th_parse_fail(th_parser *p, uint32_t at, const char *text);
int th_parse_fail_named(th_parser *p, uint32_t at, const char *before, th_span name,
                        const char *after);
int th_parse_fail_plain(th_parser *p, uint32_t at, const char *before, th_span name);
int th_parse_fail_memory(th_parser *p);
int th_parse_fail_mismatch(th_parser *p, const char *expecting);
int th_parse_fail_unclosed(th_parser *p);
int th_parse_fail_token(th_parser *p);
int th_parse_fail_too_much(th_parser *p);
/* What a part below the parser says, at this place. */
int th_parse_fail_inner(th_parser *p, int code, const th_err *inner, uint32_t at);
/* One more term of the expression: an error beyond TH_QUERY_MAX_WORDS. */
int th_parse_count_term(th_parser *p);

/* ---- terms ---- */

/* The field that the parser stands in, NULL in a search area. */
const th_field *th_parse_field(const th_parser *p);
/* Whether its values have an order, so that a term is a value or a span. */
bool th_parse_has_range(const th_parser *p, const th_field *f);
/* A value of the field, coded; whole: all that the text spans. */
int th_parse_value(const th_parser *p, const th_field *field, th_span text, bool whole,
                   int64_t *low, int64_t *high, th_err *err);
int th_parse_range_node(th_parser *p, const th_field *field, int64_t low, int64_t high,
                        const th_query **out);
/* A term, by what its area holds; th_parse_text: as words, whatever the area. */
int th_parse_term(th_parser *p, th_span text, bool quoted, uint32_t at, const th_query **out);
int th_parse_text(th_parser *p, th_span text, bool quoted, uint32_t at, const th_query **out);

#endif
