/* Help for people, made from the table of commands. */
#include "cli/cli.h"
#include "cli/tty.h"

/* "-n, --count N" as it stands in help. */
static void option_head(th_buf *out, const th_cli_option *option) {
  if (option->letter)
    th_buf_printf(out, "-%c, ", option->letter);
  else
    th_buf_str(out, "    ");
  th_buf_printf(out, "--%s", option->name);
  if (option->value) th_buf_printf(out, " %s", option->value);
}

/* One entry of a list: the head, then the text in its column, on a line of its own behind a head
 * that is too long. */
static void put_entry(th_buf *out, th_span head, const char *text, unsigned column,
                      unsigned width) {
  th_buf_str(out, "  ");
  th_buf_span(out, head);
  unsigned used = 2 + th_tty_cells(head);
  if (used + 2 > column) {
    th_buf_char(out, '\n');
    used = 0;
  }
  for (; used < column; used++)
    th_buf_char(out, ' ');
  th_tty_wrap(out, th_span_of(text), width, -(int)column, column);
}

static void put_options(th_buf *out, const th_cli_option *options, unsigned width) {
  th_buf head;
  th_buf_init(&head, 4096);
  for (; options && options->name; options++) {
    th_buf_clear(&head);
    option_head(&head, options);
    put_entry(out, th_buf_view(&head), options->help, 30, width);
  }
  th_buf_dispose(&head);
}

static void put_examples(th_buf *out, const th_cli_example *examples, unsigned width) {
  if (!examples || !examples->line) return;
  th_buf_str(out, "\nExamples:\n");
  for (; examples->line; examples++) {
    th_tty_wrap(out, th_span_of(examples->says), width, 2, 2);
    th_buf_printf(out, "    %s\n", examples->line);
  }
}

static void put_exits(th_buf *out, unsigned width) {
  th_buf_str(out, "\nExit codes:\n");
  for (size_t i = 0; th_cli_exits[i]; i++) {
    char code[2] = {(char)('0' + i), 0};
    put_entry(out, th_span_of(code), th_cli_exits[i], 5, width);
  }
}

static void put_usage(th_buf *out, const th_cli_command *command, unsigned width) {
  th_buf line;
  th_buf_init(&line, 1 << 10);
  th_buf_printf(&line, "usage: trialhead %s%s%s%s", command->name,
                command->options ? " [OPTION\xE2\x80\xA6]" : "", command->operands ? " " : "",
                command->operands ? command->operands : "");
  th_tty_wrap(out, th_buf_view(&line), width, 0, 8);
  th_buf_char(out, '\n');
  th_buf_dispose(&line);
}

void th_cli_help(th_buf *out, const th_cli_command *command, unsigned width) {
  put_usage(out, command, width);
  th_tty_wrap(out, th_span_of(command->summary), width, 0, 0);
  if (command->text) {
    th_buf_char(out, '\n');
    th_tty_wrap(out, th_span_of(command->text), width, 0, 0);
  }
  if (command->options) {
    th_buf_str(out, "\nOptions:\n");
    put_options(out, command->options, width);
  }
  th_buf_str(out, "\nOptions of every command:\n");
  put_options(out, th_cli_globals, width);
  put_examples(out, command->examples, width);
  put_exits(out, width);
}

void th_cli_overview(th_buf *out, unsigned width) {
  th_buf_str(out, "usage: trialhead COMMAND [OPTION\xE2\x80\xA6] [OPERAND\xE2\x80\xA6]\n\n");
  th_tty_wrap(out,
              TH_SPAN("A registry of clinical trials on your own machine: it stores study records, "
                      "indexes, searches and serves them."),
              width, 0, 0);
  th_buf_str(out, "\nCommands:\n");
  for (const th_cli_command *c = th_cli_commands; c->name; c++)
    put_entry(out, th_span_of(c->name), c->summary, 15, width);
  th_buf_str(out, "\nOptions of every command:\n");
  put_options(out, th_cli_globals, width);
  put_exits(out, width);
  th_buf_str(out, "\n'trialhead COMMAND --help' says more, with examples.\n");
}
