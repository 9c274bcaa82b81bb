/* The man page trialhead(1), made from the table of commands, in the man macros that groff and
 * mandoc both read. */
#include "cli/cli.h"

/* Text as roff: backslashes and hyphens escaped; a line that would begin with a control character
 * shielded. */
static void put_text(th_buf *out, const char *text) {
  if (text[0] == '.' || text[0] == '\'') th_buf_str(out, "\\&");
  for (; *text; text++) {
    if (*text == '\\')
      th_buf_str(out, "\\e");
    else if (*text == '-')
      th_buf_str(out, "\\-");
    else if (strncmp(text, "\xE2\x80\xA6", 3) == 0)
      th_buf_str(out, "..."), text += 2;
    else
      th_buf_char(out, *text);
  }
}

static void put_bold(th_buf *out, const char *before, const char *text) {
  th_buf_str(out, "\\fB");
  put_text(out, before);
  put_text(out, text);
  th_buf_str(out, "\\fR");
}

static void put_option(th_buf *out, const th_cli_option *option) {
  char letter[2] = {option->letter, 0};
  th_buf_str(out, ".TP\n");
  if (option->letter) {
    put_bold(out, "-", letter);
    th_buf_str(out, ", ");
  }
  put_bold(out, "--", option->name);
  if (option->value) {
    th_buf_str(out, " \\fI");
    put_text(out, option->value);
    th_buf_str(out, "\\fR");
  }
  th_buf_char(out, '\n');
  put_text(out, option->help);
  th_buf_char(out, '\n');
}

static void put_command(th_buf *out, const th_cli_command *c) {
  th_buf_printf(out, ".SS %s\n", c->name);
  put_bold(out, "trialhead ", c->name);
  if (c->options) th_buf_str(out, " [\\fIoption\\fR ...]");
  if (c->operands) {
    th_buf_str(out, " \\fI");
    put_text(out, c->operands);
    th_buf_str(out, "\\fR");
  }
  th_buf_str(out, "\n.PP\n");
  put_text(out, c->summary);
  th_buf_str(out, ".\n");
  if (c->text) put_text(out, c->text), th_buf_char(out, '\n');
  for (const th_cli_option *o = c->options; o && o->name; o++)
    put_option(out, o);
}

static void put_examples(th_buf *out) {
  th_buf_str(out, ".SH EXAMPLES\n");
  for (const th_cli_command *c = th_cli_commands; c->name; c++)
    for (const th_cli_example *e = c->examples; e && e->line; e++) {
      th_buf_str(out, ".TP\n");
      put_bold(out, "", e->line);
      th_buf_char(out, '\n');
      put_text(out, e->says);
      th_buf_char(out, '\n');
    }
}

void th_cli_man(th_buf *out) {
  th_buf_str(out, ".TH TRIALHEAD 1 2026-11-01 \"Trialhead " TH_VERSION "\" \"User Commands\"\n"
                  ".SH NAME\ntrialhead \\- a registry of clinical trials on one machine\n"
                  ".SH SYNOPSIS\n\\fBtrialhead\\fR \\fIcommand\\fR [\\fIoption\\fR ...] "
                  "[\\fIoperand\\fR ...]\n"
                  ".SH DESCRIPTION\nTrialhead stores the study records of a registry of clinical "
                  "trials in a data directory, indexes them, and serves them to people, to scripts "
                  "and over HTTP.\nAnswers go to standard output, everything else to standard "
                  "error.\n.SH OPTIONS\nEvery command takes:\n");
  for (const th_cli_option *o = th_cli_globals; o->name; o++)
    put_option(out, o);
  th_buf_str(out, ".SH COMMANDS\n");
  for (const th_cli_command *c = th_cli_commands; c->name; c++)
    put_command(out, c);
  th_buf_str(out, ".SH EXIT STATUS\n");
  for (size_t i = 0; th_cli_exits[i]; i++) {
    th_buf_printf(out, ".TP\n%zu\n", i);
    put_text(out, th_cli_exits[i]);
    th_buf_char(out, '\n');
  }
  th_buf_str(out, ".SH ENVIRONMENT\n.TP\n\\fBTRIALHEAD_DATA\\fR\nThe data directory when "
                  "\\fB\\-\\-data\\fR is not given.\n.TP\n\\fBXDG_DATA_HOME\\fR\nWhere the data "
                  "directory \\fItrialhead\\fR is when neither is given; normally "
                  "\\fI~/.local/share\\fR.\n.TP\n\\fBNO_COLOR\\fR\nNo colour on a terminal.\n");
  put_examples(out);
}
