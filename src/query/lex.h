/* Tokens of the expression language (see parse.c for the grammar). */
#ifndef TH_QUERY_LEX_H
#define TH_QUERY_LEX_H

#include "base/arena.h"
#include "base/common.h"

typedef enum th_lexeme_kind {
  TH_T_END,
  TH_T_LPAREN,
  TH_T_RPAREN,
  TH_T_LBRACKET,
  TH_T_RBRACKET,
  TH_T_COMMA,
  TH_T_NOT,
  TH_T_AND,
  TH_T_OR,
  TH_T_AREA,
  TH_T_SEARCH,
  TH_T_TILT,
  TH_T_COVERAGE,
  TH_T_EXPANSION,
  TH_T_RANGE,
  TH_T_DISTANCE,
  TH_T_ACCEPTS, /* our own */
  TH_T_ALL,
  TH_T_MISSING,
  TH_T_STRING, /* "…", quotes off */
  TH_T_WORD,
  TH_T_BAD, /* a quote that is never closed */
} th_lexeme_kind;

typedef struct th_lexeme {
  th_lexeme_kind kind;
  uint32_t from, to; /* place in the source */
  bool escaped;      /* a word or string with backslashes */
} th_lexeme;

static inline bool th_is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The token at or behind byte `from`. Operators are words in upper case that stand alone: `NOT`,
 * not `not` and not `\NOT`; those that take brackets are operators only when the `[` touches them.
 * Linear in the token's length. */
th_lexeme th_lex_next(th_span source, uint32_t from);
/* Text of a word or string with its escapes undone: borrowed from the source when it has none, else
 * in the arena (p NULL when that is exhausted). */
th_span th_lex_text(th_arena *arena, th_span source, const th_lexeme *token) TH_MUST_USE;

/* Whether a word is one that the language uses, with a bracket behind it or without. */
bool th_lex_is_operator(th_span word);

#endif
