/* Text that people type, made safe to stand in an expression. */
#include "query/lex.h"
#include "query/search.h"

static bool is_mark(char c) {
  return c == '(' || c == ')' || c == '[' || c == ']' || c == ',' || c == '"' || c == '\\';
}

/* Whether the word at the start of s would be an operator; *n: its length. */
static bool operator_at(th_span s, size_t *n) {
  size_t i = 0;
  while (i < s.n && !th_is_blank(s.p[i]) && !is_mark(s.p[i]))
    i++;
  *n = i;
  return i && th_lex_is_operator((th_span){s.p, i});
}

th_span th_query_escape(th_arena *arena, th_span text) {
  char *out = text.n <= SIZE_MAX / 2 - 1 ? th_arena_alloc(arena, 2 * text.n + 1) : NULL;
  size_t n = 0, word;
  if (!out) return (th_span){NULL, 0};
  for (size_t i = 0; i < text.n; i++) {
    bool begins = i == 0 || th_is_blank(text.p[i - 1]) || is_mark(text.p[i - 1]);
    if (is_mark(text.p[i]) || (begins && operator_at((th_span){text.p + i, text.n - i}, &word)))
      out[n++] = '\\';
    out[n++] = text.p[i];
  }
  return (th_span){out, n};
}
