/* trialhead help: the overview, one command, or a text for the system made from the same table. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/tty.h"

static void options_json(th_jout *w, const char *key, const th_cli_option *options) {
  th_jout_key(w, key);
  th_jout_array(w);
  for (; options && options->name; options++) {
    th_jout_object(w);
    th_jout_kv_str(w, "name", options->name);
    if (options->letter) th_jout_kv_text(w, "letter", (th_span){&options->letter, 1});
    if (options->value) th_jout_kv_str(w, "value", options->value);
    th_jout_kv_str(w, "help", options->help);
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
}

/* The whole table for programs. */
static void overview_json(th_buf *out) {
  th_jout w;
  th_jout_init(&w, out, true);
  th_jout_object(&w);
  options_json(&w, "options", th_cli_globals);
  th_jout_key(&w, "commands");
  th_jout_array(&w);
  for (const th_cli_command *c = th_cli_commands; c->name; c++) {
    th_jout_object(&w);
    th_jout_kv_str(&w, "name", c->name);
    th_jout_kv_str(&w, "summary", c->summary);
    th_jout_kv_str(&w, "operands", c->operands);
    options_json(&w, "options", c->options);
    th_jout_end_object(&w);
  }
  th_jout_end_array(&w);
  th_jout_end_object(&w);
  th_buf_char(out, '\n');
}

static int help_text(th_cli *cli, th_buf *out, th_err *err) {
  const char *shell = th_cli_value(cli, "completion");
  if (th_cli_value(cli, "man")) {
    th_cli_man(out);
  } else if (shell) {
    return th_cli_completion(out, shell, err);
  } else if (cli->n_operands) {
    const th_cli_command *c = th_cli_find(th_span_of(cli->operands[0]));
    if (!c) return th_err_set(err, TH_EUSAGE, "no command '%s'", cli->operands[0]);
    th_cli_help(out, c, th_tty_of(1).width);
  } else if (cli->json) {
    overview_json(out);
  } else {
    th_cli_overview(out, th_tty_of(1).width);
  }
  return 0;
}

int th_cmd_help(th_cli *cli) {
  th_err err = {0};
  th_buf out;
  th_buf_init(&out, 1 << 20);
  int rc = help_text(cli, &out, &err);
  if (rc == 0) rc = th_cli_print(&out, &err);
  th_buf_dispose(&out);
  return rc < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
