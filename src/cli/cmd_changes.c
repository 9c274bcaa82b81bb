/* trialhead changes: the store's log, from a number on. */
#include "base/json.h"
#include "cli/cli.h"
#include "native/native.h"

/* The lines for people, from the document for programs. */
static void say(const th_json *j, th_buf *out) {
  uint32_t list = th_json_get(j, 0, TH_SPAN("changes"));
  for (uint32_t i = list ? list + 1 : 0; list && i < j->nodes[list].next; i = j->nodes[i].next) {
    th_span id = th_json_path_text(j, i, "nctId"), kind = th_json_path_text(j, i, "kind");
    th_span when = th_json_path_text(j, i, "storedAt");
    uint32_t version = th_json_get(j, i, TH_SPAN("version"));
    th_span seq = th_json_raw(j, th_json_get(j, i, TH_SPAN("seq")));
    th_buf_printf(out, "%8.*s  %.*s  %.*s  %.*s", (int)seq.n, seq.p, (int)when.n, when.p, (int)id.n,
                  id.p, (int)kind.n, kind.p);
    if (version) {
      th_buf_char(out, ' ');
      th_buf_span(out, th_json_raw(j, version));
    }
    th_buf_char(out, '\n');
  }
}

int th_cmd_changes(th_cli *cli) {
  th_err err = {0};
  th_registry *registry = NULL;
  th_buf document;
  uint64_t since, limit;
  bool records = th_cli_value(cli, "records") != NULL;
  th_buf_init(&document, TH_CLI_ANSWER_MAX);
  int rc = th_cli_number(cli, "since", 0, 0, INT64_MAX, &since, &err);
  if (!rc) rc = th_cli_number(cli, "count", 100, 1, 100000, &limit, &err);
  if (!rc) rc = th_cli_open(cli, TH_REGISTRY_READ, &registry, &err);
  if (!rc) rc = th_changes_put(registry, since, limit, records, &document, &err);
  if (!rc) rc = th_cli_answer(cli, &document, say, &err);
  th_registry_close(registry);
  th_buf_dispose(&document);
  return rc < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
