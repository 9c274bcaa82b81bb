/* trialhead check: does the data directory hold together? */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/tty.h"

typedef struct check {
  th_cli *cli;
  th_buf out;
  th_jout json;
  uint64_t n;
} check;

static void on_problem(void *ctx, const char *text) {
  check *c = ctx;
  c->n++;
  if (c->cli->json) {
    th_jout_str(&c->json, text);
  } else {
    th_tty_clean(&c->out, th_span_of(text));
    th_buf_char(&c->out, '\n');
  }
}

/* Whole, but not up to date: the store has what the index does not show. */
static int find_behind(check *c, uint64_t *changes, th_err *err) {
  th_registry *registry;
  *changes = 0;
  int rc = th_cli_open(c->cli, TH_REGISTRY_READ, &registry, err);
  if (rc == 0) rc = th_registry_behind(registry, changes, err);
  th_registry_close(registry);
  return rc;
}

static int print_result(check *c, bool good, uint64_t behind, th_err *err) {
  if (c->cli->json) {
    th_jout_end_array(&c->json);
    th_jout_kv_bool(&c->json, "ok", good);
    if (good) th_jout_kv_i64(&c->json, "behind", (int64_t)behind);
    th_jout_end_object(&c->json);
    th_buf_char(&c->out, '\n');
  } else if (good && !c->cli->quiet) {
    th_buf_str(&c->out, "store and index are whole\n");
    if (behind)
      th_buf_printf(&c->out,
                    "the index is %llu changes behind the store: 'trialhead index' brings it up\n",
                    (unsigned long long)behind);
  } else if (!good) {
    th_buf_printf(&c->out, "%llu problem%s found\n", (unsigned long long)c->n,
                  c->n == 1 ? "" : "s");
  }
  return th_cli_print(&c->out, err);
}

int th_cmd_check(th_cli *cli) {
  th_err err = {0}, print_err = {0};
  check c = {.cli = cli};
  uint64_t behind = 0;
  th_buf dir;
  th_buf_init(&dir, 4096);
  th_buf_init(&c.out, 0);
  th_jout_init(&c.json, &c.out, false);
  if (cli->json) {
    th_jout_object(&c.json);
    th_jout_key(&c.json, "problems");
    th_jout_array(&c.json);
  }
  int rc = th_cli_data_dir(cli, &dir, &err);
  if (rc == 0)
    rc = th_registry_check(dir.p, th_cli_value(cli, "deep") != NULL, on_problem, &c, &err);
  if (rc == 0) rc = find_behind(&c, &behind, &err);
  if (rc == 0 || (rc == TH_ECORRUPT && c.n)) {
    if (print_result(&c, rc == 0, behind, &print_err) < 0)
      rc = print_err.code, err = print_err, c.n = 0;
  }
  th_buf_dispose(&dir);
  th_buf_dispose(&c.out);
  if (rc == TH_ECORRUPT && c.n) return TH_EXIT_SYSTEM;
  return rc < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
