/* The options of WHERE_OPTIONS (commands.c) as one query: which studies count. For commands whose
 * order is their own; `search` takes the same options apart into what ranks and what filters. */
#ifndef TH_CLI_WHERE_H
#define TH_CLI_WHERE_H

#include "cli/cli.h"
#include "query/search.h"

/* *out in arena, NULL when none of the options is given. expander may be NULL. Errors: TH_EUSAGE
 * names the option, TH_ENOMEM. */
int th_cli_where(const th_cli *cli, const th_expander *expander, th_arena *arena, th_query **out,
                 th_err *err) TH_MUST_USE;

#endif
