#include "query/lex.h"

typedef struct operator_word {
  const char *text;
  th_lexeme_kind kind;
  bool bracket; /* only with '[' right behind it */
} operator_word;

static const operator_word operators[] = {
    {"NOT", TH_T_NOT, false},
    {"AND", TH_T_AND, false},
    {"OR", TH_T_OR, false},
    {"ALL", TH_T_ALL, false},
    {"MISSING", TH_T_MISSING, false},
    {"AREA", TH_T_AREA, true},
    {"SEARCH", TH_T_SEARCH, true},
    {"TILT", TH_T_TILT, true},
    {"COVERAGE", TH_T_COVERAGE, true},
    {"COVER", TH_T_COVERAGE, true},
    {"EXPANSION", TH_T_EXPANSION, true},
    {"RANGE", TH_T_RANGE, true},
    {"DISTANCE", TH_T_DISTANCE, true},
    {"ACCEPTS", TH_T_ACCEPTS, true},
};

static th_lexeme_kind mark_kind(char c) {
  switch (c) {
  case '(':
    return TH_T_LPAREN;
  case ')':
    return TH_T_RPAREN;
  case '[':
    return TH_T_LBRACKET;
  case ']':
    return TH_T_RBRACKET;
  case ',':
    return TH_T_COMMA;
  case '"':
    return TH_T_STRING;
  default:
    return TH_T_WORD;
  }
}

/* Which operator a word is: TH_T_WORD when none. */
static th_lexeme_kind word_kind(th_span source, uint32_t from, uint32_t to) {
  th_span word = {source.p + from, to - from};
  bool bracket = to < source.n && source.p[to] == '[';
  for (size_t i = 0; i < TH_COUNT(operators); i++)
    if (th_span_eq(word, th_span_of(operators[i].text)) && (bracket || !operators[i].bracket))
      return operators[i].kind;
  return TH_T_WORD;
}

bool th_lex_is_operator(th_span word) {
  for (size_t i = 0; i < TH_COUNT(operators); i++)
    if (th_span_eq(word, th_span_of(operators[i].text))) return true;
  return th_span_eq(word, TH_SPAN("MIN")) || th_span_eq(word, TH_SPAN("MAX"));
}

static th_lexeme lex_string(th_span source, uint32_t from) {
  th_lexeme t = {TH_T_BAD, from, (uint32_t)source.n, false};
  for (uint32_t i = from + 1; i < source.n; i++) {
    if (source.p[i] == '\\' && i + 1 < source.n) {
      t.escaped = true;
      i++;
    } else if (source.p[i] == '"') {
      t.kind = TH_T_STRING;
      t.to = i + 1;
      break;
    }
  }
  return t;
}

static th_lexeme lex_word(th_span source, uint32_t from) {
  th_lexeme t = {TH_T_WORD, from, from, false};
  uint32_t i = from;
  while (i < source.n && !th_is_blank(source.p[i]) && mark_kind(source.p[i]) == TH_T_WORD) {
    if (source.p[i] == '\\' && i + 1 < source.n) {
      t.escaped = true;
      i++;
    }
    i++;
  }
  t.to = i;
  if (!t.escaped) t.kind = word_kind(source, from, i);
  return t;
}

th_lexeme th_lex_next(th_span source, uint32_t from) {
  while (from < source.n && th_is_blank(source.p[from]))
    from++;
  if (from >= source.n) return (th_lexeme){TH_T_END, (uint32_t)source.n, (uint32_t)source.n, false};
  th_lexeme_kind kind = mark_kind(source.p[from]);
  if (kind == TH_T_STRING) return lex_string(source, from);
  if (kind == TH_T_WORD) return lex_word(source, from);
  return (th_lexeme){kind, from, from + 1, false};
}

th_span th_lex_text(th_arena *arena, th_span source, const th_lexeme *token) {
  uint32_t from = token->from, to = token->to;
  if (token->kind == TH_T_STRING) from++, to--;
  th_span raw = {source.p + from, to - from};
  if (!token->escaped) return raw;
  char *out = th_arena_alloc(arena, raw.n + 1);
  if (!out) return (th_span){NULL, 0};
  size_t n = 0;
  for (size_t i = 0; i < raw.n; i++) {
    if (raw.p[i] == '\\' && i + 1 < raw.n) i++;
    out[n++] = raw.p[i];
  }
  return (th_span){out, n};
}
