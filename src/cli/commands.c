/* The table of commands: everything the program can do stands here once, and parsing, help, the man
 * page and the completions are made from it. */
#include "cli/cli.h"

const th_cli_option th_cli_globals[] = {
    {"data", 0, "DIR",
     "data directory (default: $TRIALHEAD_DATA, else trialhead in the XDG data directory)", NULL},
    {"json", 0, NULL, "answer as JSON, for programs", NULL},
    {"quiet", 'q', NULL, "no progress and no notices", NULL},
    {"help", 'h', NULL, "what the command does, with examples", NULL},
    {"version", 'V', NULL, "the program's version", NULL},
    {0},
};

const char *const th_cli_exits[] = {
    "done",
    "nothing found",
    "wrong usage",
    "some or all of the input is not what it should be",
    "the system or the data directory failed",
    NULL,
};

static const th_cli_option demo_options[] = {
    {"studies", 0, "N", "how many records (default: 2000)", NULL},
    {"seed", 0, "S", "other numbers give other records (default: 1)", NULL},
    {"output", 'o', "FILE", "write to FILE instead of standard output", NULL},
    {0},
};
static const th_cli_example demo_examples[] = {
    {"trialhead demo --studies 500 --seed 7 | trialhead import -", "Try the program without data"},
    {0},
};

static const th_cli_option help_options[] = {
    {"man", 0, NULL, "the man page, as roff", NULL},
    {"completion", 0, "SHELL", "the completion script of a shell: bash, zsh or fish",
     "bash zsh fish"},
    {0},
};
static const th_cli_example help_examples[] = {
    {"trialhead help --man | man -l -", "Read the man page"},
    {"source <(trialhead help --completion bash)", "Complete commands and options in this bash"},
    {0},
};

const th_cli_command th_cli_commands[] = {
    {"demo", "Write made-up study records", NULL, 0, 0,
     "The records look like those of a registry but are invented, and say so in their "
     "sponsor, summary and keywords. They come as NDJSON, one record a line. The same number and "
     "seed give the same bytes on every machine; study I of a seed does not depend on how many are "
     "asked for.",
     demo_options, demo_examples, false, th_cmd_demo},
    {"version", "Say which version this is", NULL, 0, 0, NULL, NULL, NULL, false, th_cmd_version},
    {"help", "Explain a command, or list them all", "[COMMAND]", 0, 1, NULL, help_options,
     help_examples, false, th_cmd_help},
    {0},
};
