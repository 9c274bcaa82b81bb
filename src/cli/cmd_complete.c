/* trialhead complete: names and words of the studies that begin so, and spellings that were meant.
 */
#include "cli/cli.h"
#include "cli/tty.h"
#include "cli/where.h"
#include "native/native.h"

static int put_text(th_suggester *s, th_span text, uint32_t kinds, unsigned n, th_arena *arena,
                    th_buf *out, bool *found, th_err *err) {
  th_completions names;
  int rc = th_complete(s, text, kinds, n, arena, &names, err);
  if (rc) return rc;
  for (uint32_t i = 0; i < names.n; i++)
    th_buf_printf(out, "%-13s%7u  %s\n", th_name_kinds[names.items[i].kind], names.items[i].count,
                  names.items[i].text.p);
  *found = names.n > 0;
  return TH_OK;
}

static int put_spelling(th_suggester *s, th_span text, th_arena *arena, th_buf *out, bool *found,
                        th_err *err) {
  th_spelling better;
  int rc = th_suggest(s, text, arena, &better, err);
  if (rc) return rc;
  *found = better.n > 0;
  if (better.n) th_buf_printf(out, "%s\n", better.text.p);
  return TH_OK;
}

static int answer(th_cli *cli, th_suggester *s, th_span text, th_arena *arena, th_buf *out,
                  bool *found, th_err *err) {
  const char *list = th_cli_value(cli, "kinds");
  bool spelling = th_cli_value(cli, "spelling") != NULL;
  uint64_t n;
  uint32_t kinds;
  int rc = th_cli_number(cli, "count", 10, 1, TH_COMPLETIONS_MAX, &n, err);
  if (!rc) rc = th_name_kinds_read(&kinds, th_span_of(list), err);
  if (rc) return rc;
  *found = true;
  if (cli->json) {
    rc = spelling ? th_spelling_put(s, text, arena, out, err)
                  : th_completions_put(s, text, kinds, (unsigned)n, arena, out, err);
    th_buf_char(out, '\n');
    return rc;
  }
  return spelling ? put_spelling(s, text, arena, out, found, err)
                  : put_text(s, text, kinds, (unsigned)n, arena, out, found, err);
}

int th_cmd_complete(th_cli *cli) {
  th_err err = {0};
  th_registry *registry = NULL;
  th_suggester *s = NULL;
  th_arena arena;
  th_span text;
  th_buf out;
  bool found = false;
  th_arena_init(&arena, (size_t)64 << 20);
  th_buf_init(&out, 0);
  int rc = th_where_operands(cli, &arena, &text, &err);
  if (!rc) rc = th_cli_open(cli, TH_REGISTRY_READ, &registry, &err);
  if (!rc) s = th_suggester_new(th_registry_index(registry));
  if (!rc && !s) rc = th_err_set(&err, TH_ENOMEM, "out of memory");
  if (!rc) rc = answer(cli, s, text, &arena, &out, &found, &err);
  if (!rc) rc = th_cli_print(&out, &err);
  th_suggester_free(s);
  th_registry_close(registry);
  th_buf_dispose(&out);
  th_arena_dispose(&arena);
  if (rc < 0) return th_cli_fail(cli, &err);
  return found ? TH_EXIT_DONE : TH_EXIT_NOTHING;
}
