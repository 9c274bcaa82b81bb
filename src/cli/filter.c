#include "cli/cli.h"

#include "query/params.h"

int th_cli_filter(th_query **out, const th_cli *cli, th_arena *arena, const char *name,
                  const char *value, th_err *err) {
  th_span text = th_span_of(value);
  const char *within = strcmp(name, "near") == 0 ? th_cli_value(cli, "within") : NULL;
  if (within) text = th_near_within(arena, text, th_span_of(within));
  if (within && !text.n) return th_err_set(err, TH_ENOMEM, "out of memory");
  return th_filter_parse(out, arena, th_span_of(name), text, err);
}
