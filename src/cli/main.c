/* The program: parse, run one command, say what failed. */
#include <locale.h>
#include <signal.h>

#include "cli/cli.h"
#include "cli/tty.h"

int th_cli_exit_code(int code) {
  switch (code) {
  case TH_OK:
    return TH_EXIT_DONE;
  case TH_ENOTFOUND:
    return TH_EXIT_NOTHING;
  case TH_EUSAGE:
    return TH_EXIT_USAGE;
  case TH_EINPUT:
  case TH_ELIMIT:
    return TH_EXIT_INPUT;
  default:
    return TH_EXIT_SYSTEM;
  }
}

int th_cli_fail(const th_cli *cli, const th_err *err) {
  th_buf line;
  th_buf_init(&line, 4096);
  th_buf_printf(&line, "trialhead%s%s: ", cli && cli->command ? " " : "",
                cli && cli->command ? cli->command->name : "");
  th_tty_clean(&line, th_span_of(err->message[0] ? err->message : th_code_text(err->code)));
  if (err->line) th_buf_printf(&line, " (line %lld)", (long long)err->line);
  if (err->has_offset) th_buf_printf(&line, " (byte %lld)", (long long)err->offset);
  th_buf_char(&line, '\n');
  fwrite(line.p, 1, line.n, stderr);
  th_buf_dispose(&line);
  return th_cli_exit_code(err->code);
}

int th_cli_print(const th_buf *out, th_err *err) {
  if (out->error) return th_err_set(err, out->error, "answer: %s", th_code_text(out->error));
  if (out->n && fwrite(out->p, 1, out->n, stdout) != out->n)
    return th_err_sys(err, "cannot write to standard output");
  return 0;
}

int th_cli_answer(const th_cli *cli, th_buf *document, th_cli_say *say, th_err *err) {
  th_json json;
  th_buf out;
  if (document->error) return th_err_set(err, document->error, "the answer is too large");
  if (cli->json) {
    th_buf_char(document, '\n');
    return th_cli_print(document, err);
  }
  th_json_parser *parser = th_json_parser_new(TH_CLI_ANSWER_MAX, 64);
  if (!parser) return th_err_set(err, TH_ENOMEM, "out of memory");
  th_buf_init(&out, 0);
  int rc = th_json_parse(parser, th_buf_view(document), &json, err);
  if (rc == 0) say(&json, &out);
  if (rc == 0) rc = th_cli_print(&out, err);
  th_buf_dispose(&out);
  th_json_parser_free(parser);
  return rc;
}

/* What the program does when a help text or the version was asked for, or no command given. */
static int print_help(const th_cli *cli, th_err *err) {
  th_buf text;
  th_buf_init(&text, 1 << 20);
  th_tty term = th_tty_of(1);
  if (cli->command)
    th_cli_help(&text, cli->command, term.width);
  else
    th_cli_overview(&text, term.width);
  int rc = th_cli_print(&text, err);
  th_buf_dispose(&text);
  return rc < 0 ? th_cli_fail(cli, err) : TH_EXIT_DONE;
}

static int run(th_cli *cli, int argc, char **argv) {
  th_err err = {0};
  if (th_cli_parse(cli, argc, argv, &err) < 0) return th_cli_fail(cli, &err);
  if (cli->version) {
    cli->command = th_cli_find(TH_SPAN("version"));
    return th_cmd_version(cli);
  }
  if (cli->help) return print_help(cli, &err);
  if (!cli->command) {
    th_err_set(&err, TH_EUSAGE, "a command is wanted; 'trialhead help' lists them");
    return th_cli_fail(cli, &err);
  }
  return cli->command->run(cli);
}

int main(int argc, char **argv) {
  setlocale(LC_CTYPE, "C.UTF-8"); /* for the width of characters on a terminal */
  /* A file that may not grow further (ulimit -f) is a failed write, told as a full disk is. */
  signal(SIGXFSZ, SIG_IGN);
  th_cli cli;
  int code = run(&cli, argc, argv);
  if (fflush(stdout) != 0 || ferror(stdout)) {
    th_err err = {0};
    th_err_sys(&err, "cannot write to standard output");
    code = th_cli_fail(&cli, &err);
  }
  th_cli_dispose(&cli);
  return code;
}
