#include "query/parse_private.h"

#include <stdio.h>

enum { SHOWN = 80 };

/* The source from..to for a message: at most SHOWN bytes, whole characters. */
static th_span shown(const th_parser *p, uint32_t from, uint32_t to) {
  th_span s = {p->source.p + from, to - from};
  if (s.n > SHOWN) {
    s.n = SHOWN;
    while (s.n && ((unsigned char)s.p[s.n] & 0xC0) == 0x80)
      s.n--;
  }
  return s;
}

int th_parse_fail(th_parser *p, uint32_t at, const char *text) {
  th_err_set(p->err, TH_EUSAGE, "Error parsing query in %s: %s", p->label, text);
  th_err_at(p->err, at, 0);
  return TH_EUSAGE;
}

int th_parse_fail_named(th_parser *p, uint32_t at, const char *before, th_span name,
                        const char *after) {
  char text[512];
  snprintf(text, sizeof text, "%s`%.*s`%s", before, (int)TH_MIN(name.n, SHOWN), name.p, after);
  return th_parse_fail(p, at, text);
}

int th_parse_fail_plain(th_parser *p, uint32_t at, const char *before, th_span name) {
  char text[160];
  snprintf(text, sizeof text, "%s%.*s", before, (int)TH_MIN(name.n, SHOWN), name.p);
  return th_parse_fail(p, at, text);
}

int th_parse_fail_memory(th_parser *p) {
  return th_err_set(p->err, TH_ENOMEM, "out of memory");
}

/* Whether the run of words that was read is what an operator in front of it holds for:
 * AREA[…]word. */
static bool run_has_prefix(const th_parser *p) {
  uint32_t at = p->run_from;
  while (at && (unsigned char)p->source.p[at - 1] <= ' ')
    at--;
  return at && p->source.p[at - 1] == ']';
}

/* "mismatched input": the next token cannot stand here. After a run of words that no operator
 * precedes the registry's parser says first that it found no way to go on from them. */
int th_parse_fail_mismatch(th_parser *p, const char *expecting) {
  char text[640];
  size_t n = 0;
  th_span input = TH_SPAN("<EOF>");
  bool after_words = p->last.kind == TH_T_WORD && !run_has_prefix(p);
  if (p->token.kind != TH_T_END) input = shown(p, p->token.from, p->token.to);
  if (after_words && p->token.kind != TH_T_END) {
    th_span run = shown(p, p->run_from, p->token.to);
    n = (size_t)snprintf(text, sizeof text, "no viable alternative at input '%.*s'\n", (int)run.n,
                         run.p);
  }
  snprintf(text + n, sizeof text - n, "mismatched input '%.*s' expecting %s", (int)input.n, input.p,
           expecting);
  return th_parse_fail(p, p->token.from, text);
}

int th_parse_fail_unclosed(th_parser *p) {
  char text[256];
  th_span last = shown(p, p->last.from, p->last.to);
  snprintf(text, sizeof text, "no viable alternative at input '%.*s'\nmissing ')' at '<EOF>'",
           (int)last.n, last.p);
  return th_parse_fail(p, p->token.from, text);
}

int th_parse_fail_token(th_parser *p) {
  char text[160];
  th_span s = shown(p, p->token.from, p->token.to);
  snprintf(text, sizeof text, "token recognition error at: '%.*s'", (int)s.n, s.p);
  return th_parse_fail(p, p->token.from, text);
}

int th_parse_fail_too_much(th_parser *p) {
  char text[96];
  snprintf(text, sizeof text, "more than %d words, phrases and ranges", TH_QUERY_MAX_WORDS);
  return th_parse_fail(p, p->last.from, text);
}

/* An error of a part that knows nothing of the parameter: its text behind ours. */
int th_parse_fail_inner(th_parser *p, int code, const th_err *inner, uint32_t at) {
  if (code != TH_EUSAGE) return th_err_set(p->err, code, "%s", inner->message);
  return th_parse_fail(p, at, inner->message);
}

int th_parse_count_term(th_parser *p) {
  return ++p->n_terms > TH_QUERY_MAX_WORDS ? th_parse_fail_too_much(p) : 0;
}
