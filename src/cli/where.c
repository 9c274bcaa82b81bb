#include "cli/where.h"

#include "query/params.h"

enum { MOST_PARTS = 64 };

int th_cli_where(const th_cli *cli, const th_expander *expander, th_arena *arena, th_query **out,
                 th_err *err) {
  th_query *parts[MOST_PARTS];
  size_t n = 0;
  int rc = 0;
  *out = NULL;
  for (unsigned i = 0; rc == 0 && i < th_n_text_params && n < MOST_PARTS; i++) {
    const th_text_param *p = &th_text_params[i];
    const char *value = th_cli_value(cli, p->name);
    th_parse_options options = {p->area, p->label, expander};
    if (value) rc = th_query_parse_with(&parts[n++], arena, th_span_of(value), &options, err);
  }
  for (unsigned i = 0; rc == 0 && i < th_n_filter_params && n < MOST_PARTS; i++) {
    const char *name = th_filter_params[i].name, *value = th_cli_value(cli, name);
    if (value) rc = th_cli_filter(&parts[n++], cli, arena, name, value, err);
  }
  if (rc < 0 || n == 0) return rc;
  *out = th_query_and(arena, parts, n);
  return *out ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
}
