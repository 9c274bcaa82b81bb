/* The command line: one table of commands (commands.c) drives parsing, help, the man page and the
 * completions; one file a command (cmd_NAME.c) does the work by calling the library.
 *
 * Standard output carries answers only: text for people, or with --json one JSON document for
 * programs. Everything else (progress, notices, errors) goes to standard error. */
#ifndef TH_CLI_CLI_H
#define TH_CLI_CLI_H

#include <stdio.h>

#include "base/buf.h"
#include "base/common.h"
#include "base/json.h"
#include "query/search.h"
#include "registry/registry.h"

/* Exit codes, the same for all commands; documented in the man page. */
enum {
  TH_EXIT_DONE = 0,
  TH_EXIT_NOTHING = 1, /* asked rightly, nothing found */
  TH_EXIT_USAGE = 2,
  TH_EXIT_INPUT = 3,  /* some or all of the input is not what it should be */
  TH_EXIT_SYSTEM = 4, /* the system or our own files failed */
};

#define TH_CLI_MAX_OPTIONS 56 /* of one command */

typedef struct th_cli_option {
  const char *name;  /* long name, without dashes; NULL ends an array */
  char letter;       /* short name; 0 = none */
  const char *value; /* what stands for the value in help; NULL = a switch */
  const char *help;
  const char *choices; /* values to complete, separated by blanks; NULL = any */
} th_cli_option;

typedef struct th_cli_example {
  const char *line, *says; /* line NULL ends an array */
} th_cli_example;

typedef struct th_cli th_cli;

typedef struct th_cli_command {
  const char *name, *summary;
  const char *operands; /* as in the usage line; NULL = none */
  int min, max;         /* how many operands; max < 0: any number */
  const char *text;     /* what help says behind the usage line */
  const th_cli_option *options;
  const th_cli_example *examples;
  bool files;              /* operands are files, for completion */
  int (*run)(th_cli *cli); /* an exit code */
} th_cli_command;

/* One call of the program. Strings are borrowed from argv. */
struct th_cli {
  const th_cli_command *command;
  const char *values[TH_CLI_MAX_OPTIONS]; /* by place in command->options; switches hold "" */
  struct th_cli_given *given;             /* owned array: all options with values in their order */
  int n_given;
  const char **operands; /* owned array */
  int n_operands;
  const char *data; /* --data as given, or NULL */
  bool json, quiet, help, version;
};

/* The table; name NULL at its end. The options that every command takes. */
extern const th_cli_command th_cli_commands[];
extern const th_cli_option th_cli_globals[];
/* The description of the exit codes, one a line of help. */
extern const char *const th_cli_exits[];
const th_cli_command *th_cli_find(th_span name); /* NULL when there is none */

/* Parses argv into *cli. TH_EUSAGE with words that help, among them a near name for an unknown
 * command or option. th_cli_dispose in any case. */
int th_cli_parse(th_cli *cli, int argc, char **argv, th_err *err) TH_MUST_USE;
void th_cli_dispose(th_cli *cli);

/* The candidate nearest to word in edits, NULL when none is near enough to be meant. */
const char *th_cli_nearest(const char *word, const char *const *candidates, size_t n);

/* The option's value, "" for a switch that is given, NULL when absent. The name must be one of the
 * command's. */
const char *th_cli_value(const th_cli *cli, const char *name);
/* Value number i, from 0, of an option that may be given several times; NULL behind the last. */
const char *th_cli_nth(const th_cli *cli, const char *name, int i);
/* A whole number within [min, max], or `fallback` when absent. TH_EUSAGE. */
int th_cli_number(const th_cli *cli, const char *name, uint64_t fallback, uint64_t min,
                  uint64_t max, uint64_t *out, th_err *err) TH_MUST_USE;
/* A time such as "90s", "30m", "24h" or "7d" in seconds, or `fallback` when absent. TH_EUSAGE. */
int th_cli_duration(const th_cli *cli, const char *name, uint64_t fallback, uint64_t *out,
                    th_err *err) TH_MUST_USE;
/* The data directory: --data, else TRIALHEAD_DATA, else trialhead in the XDG data directory. */
int th_cli_data_dir(const th_cli *cli, th_buf *out, th_err *err) TH_MUST_USE;

/* Opens the registry in the data directory. As th_registry_open, with the directory in messages.
 * An index of another version of the program is made anew first, with progress on a terminal. */
int th_cli_open(const th_cli *cli, th_registry_mode mode, th_registry **out,
                th_err *err) TH_MUST_USE;
/* Appends a file, or standard input for "-". TH_EINPUT when there is no such file, since
 * TH_ENOTFOUND would mean that no study was found; TH_ELIMIT when it is longer than the buffer may
 * be. */
int th_cli_read(th_buf *out, const char *path, th_err *err) TH_MUST_USE;
/* The number in an NCT number as a person types it ("NCT00000102", "nct 102", "102"). TH_EUSAGE. */
int th_cli_nct(const char *text, uint32_t *nct, th_err *err) TH_MUST_USE;

/* Prints the error to standard error and gives the exit code that its code means. */
int th_cli_fail(const th_cli *cli, const th_err *err);
int th_cli_exit_code(int code);
/* Writes an answer to standard output; TH_EIO when it does not take it all. */
int th_cli_print(const th_buf *out, th_err *err) TH_MUST_USE;
/* The same of a JSON document, of at most TH_CLI_ANSWER_MAX bytes: as it is, on a line, with
 * --json, else the lines that `say` makes of it. Its buffer may grow. Errors as above, and the
 * buffer's. */
enum { TH_CLI_ANSWER_MAX = 1 << 30 };
typedef void th_cli_say(const th_json *document, th_buf *out);
int th_cli_answer(const th_cli *cli, th_buf *document, th_cli_say *say, th_err *err) TH_MUST_USE;

/* help.c, man.c, complete.c: texts made from the table. */
void th_cli_help(th_buf *out, const th_cli_command *command, unsigned width);
void th_cli_overview(th_buf *out, unsigned width);
void th_cli_man(th_buf *out);
int th_cli_completion(th_buf *out, const char *shell, th_err *err) TH_MUST_USE;

/* The commands, cmd_NAME.c. */
int th_cmd_changes(th_cli *cli);
int th_cmd_check(th_cli *cli);
int th_cmd_cohort(th_cli *cli);
int th_cmd_complete(th_cli *cli);
int th_cmd_demo(th_cli *cli);
int th_cmd_eligibility(th_cli *cli);
int th_cmd_export(th_cli *cli);
int th_cmd_facets(th_cli *cli);
int th_cmd_help(th_cli *cli);
int th_cmd_import(th_cli *cli);
int th_cmd_index(th_cli *cli);
int th_cmd_match(th_cli *cli);
int th_cmd_match_pairs(th_cli *cli); /* match --pairs */
int th_cmd_mcp(th_cli *cli);
int th_cmd_patient(th_cli *cli);
int th_cmd_search(th_cli *cli);
int th_cmd_serve(th_cli *cli);
int th_cmd_show(th_cli *cli);
int th_cmd_stats(th_cli *cli);
int th_cmd_sync(th_cli *cli);
int th_cmd_vocabulary(th_cli *cli);
int th_cmd_version(th_cli *cli);

#endif
