/* The options of WHERE_OPTIONS (commands.c), and words as operands, as queries: one reading for all
 * commands that search. */
#ifndef TH_CLI_WHERE_H
#define TH_CLI_WHERE_H

#include "cli/cli.h"
#include "query/search.h"

enum { TH_WHERE_PARTS = 64 };

/* Parts that are gathered until th_where_end makes one query of them. */
typedef struct th_where {
  const th_cli *cli;
  th_arena *arena;
  const th_expander *expander; /* NULL: without synonyms */
  th_query *parts[TH_WHERE_PARTS];
  size_t n;
  bool numbers; /* a text was nothing but study numbers */
} th_where;

/* The operands with blanks between them, in arena; empty when there are none. TH_ENOMEM, TH_EUSAGE:
 * too long. */
int th_where_operands(const th_cli *cli, th_arena *arena, th_span *out, th_err *err) TH_MUST_USE;

/* Each adds parts: the operands as one expression, like the registry's "other terms"; the options
 * that take TEXT; the filters, --accepts among them. TH_EUSAGE names the option; TH_ENOMEM. */
int th_where_words(th_where *w, th_err *err) TH_MUST_USE;
int th_where_texts(th_where *w, th_err *err) TH_MUST_USE;
int th_where_filters(th_where *w, th_err *err) TH_MUST_USE;
/* *out in arena: all parts must hold; NULL when there are none. w can gather anew. TH_ENOMEM. */
int th_where_end(th_where *w, const th_query **out, th_err *err) TH_MUST_USE;

/* Texts and filters as one query, for commands whose order is their own; *out is NULL when none of
 * the options is given. expander may be NULL. Errors as above. */
int th_cli_where(const th_cli *cli, const th_expander *expander, th_arena *arena,
                 const th_query **out, th_err *err) TH_MUST_USE;

#endif
