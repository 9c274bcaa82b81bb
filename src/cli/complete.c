/* Completions for bash, zsh and fish, made from the table of commands. */
#include "cli/cli.h"

/* Help text inside single quotes of a shell; zsh also wants brackets and colons shielded. */
static void put_quoted(th_buf *out, const char *text, bool zsh) {
  for (; *text; text++) {
    if (*text == '\'')
      th_buf_str(out, zsh ? "'\\''" : "\\'");
    else if (zsh && (*text == '[' || *text == ']' || *text == ':' || *text == '\\'))
      th_buf_char(out, '\\'), th_buf_char(out, *text);
    else
      th_buf_char(out, *text);
  }
}

/* ---- bash ---- */

static void bash_words(th_buf *out, const th_cli_option *options) {
  for (; options && options->name; options++)
    th_buf_printf(out, " --%s", options->name);
}

static void bash_values(th_buf *out, const th_cli_command *c) {
  for (const th_cli_option *o = c->options; o && o->name; o++)
    if (o->choices)
      th_buf_printf(out, "    %s:--%s) COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return ;;\n",
                    c->name, o->name, o->choices);
}

static void complete_bash(th_buf *out) {
  th_buf_str(out, "# bash completion for trialhead; made by 'trialhead help --completion bash'\n"
                  "_trialhead() {\n"
                  "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                  "  local command= word options= files=\n"
                  "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
                  "    case $word in\n");
  for (const th_cli_command *c = th_cli_commands; c->name; c++)
    th_buf_printf(out, "    %s%s", c->name, c[1].name ? "|\\\n" : ") command=$word; break ;;\n");
  th_buf_str(out, "    esac\n  done\n  if [[ $prev == --data ]]; then\n"
                  "    COMPREPLY=($(compgen -d -- \"$cur\")); return\n  fi\n"
                  "  case $command:$prev in\n");
  for (const th_cli_command *c = th_cli_commands; c->name; c++)
    bash_values(out, c);
  th_buf_str(out, "  esac\n  case $command in\n  '') COMPREPLY=($(compgen -W '");
  for (const th_cli_command *c = th_cli_commands; c->name; c++)
    th_buf_printf(out, "%s ", c->name);
  bash_words(out, th_cli_globals);
  th_buf_str(out, "' -- \"$cur\")); return ;;\n");
  for (const th_cli_command *c = th_cli_commands; c->name; c++) {
    th_buf_printf(out, "  %s) options='", c->name);
    bash_words(out, c->options);
    bash_words(out, th_cli_globals);
    th_buf_printf(out, "'%s ;;\n", c->files ? "; files=1" : "");
  }
  th_buf_str(out, "  esac\n  if [[ $cur == -* || -z $files ]]; then\n"
                  "    COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n  else\n"
                  "    COMPREPLY=($(compgen -f -- \"$cur\"))\n  fi\n}\n"
                  "complete -o filenames -F _trialhead trialhead\n");
}

/* ---- zsh ---- */

static void zsh_option(th_buf *out, const th_cli_option *o) {
  th_buf_printf(out, " \\\n      '--%s%s[", o->name, o->value ? "=" : "");
  put_quoted(out, o->help, true);
  th_buf_char(out, ']');
  if (o->value) {
    th_buf_char(out, ':');
    put_quoted(out, o->value, true);
    th_buf_char(out, ':');
    if (o->choices)
      th_buf_printf(out, "(%s)", o->choices);
    else if (strcmp(o->name, "data") == 0)
      th_buf_str(out, "_files -/");
  }
  th_buf_char(out, '\'');
}

static void complete_zsh(th_buf *out) {
  th_buf_str(out,
             "#compdef trialhead\n# made by 'trialhead help --completion zsh'\n_trialhead() {\n"
             "  local -a commands\n  commands=(\n");
  for (const th_cli_command *c = th_cli_commands; c->name; c++) {
    th_buf_printf(out, "    '%s:", c->name);
    put_quoted(out, c->summary, true);
    th_buf_str(out, "'\n");
  }
  th_buf_str(out, "  )\n  local command=${words[(r)(");
  for (const th_cli_command *c = th_cli_commands; c->name; c++)
    th_buf_printf(out, "%s%s", c == th_cli_commands ? "" : "|", c->name);
  th_buf_str(out, ")]}\n  if [[ -z $command ]]; then\n    _describe command commands\n    return\n"
                  "  fi\n  case $command in\n");
  for (const th_cli_command *c = th_cli_commands; c->name; c++) {
    th_buf_printf(out, "  %s)\n    _arguments", c->name);
    for (const th_cli_option *o = c->options; o && o->name; o++)
      zsh_option(out, o);
    for (const th_cli_option *o = th_cli_globals; o->name; o++)
      zsh_option(out, o);
    th_buf_printf(out, "%s ;;\n", c->files ? " \\\n      '*:file:_files'" : "");
  }
  th_buf_str(out, "  esac\n}\n_trialhead \"$@\"\n");
}

/* ---- fish ---- */

static void fish_options(th_buf *out, const th_cli_option *options, const char *command) {
  for (const th_cli_option *o = options; o && o->name; o++) {
    th_buf_str(out, "complete -c trialhead");
    if (command) th_buf_printf(out, " -n '__fish_seen_subcommand_from %s'", command);
    if (o->letter) th_buf_printf(out, " -s %c", o->letter);
    th_buf_printf(out, " -l %s%s", o->name, o->value ? " -x" : "");
    if (o->choices) th_buf_printf(out, " -a '%s'", o->choices);
    if (strcmp(o->name, "data") == 0) th_buf_str(out, " -a '(__fish_complete_directories)'");
    th_buf_str(out, " -d '");
    put_quoted(out, o->help, false);
    th_buf_str(out, "'\n");
  }
}

static void complete_fish(th_buf *out) {
  th_buf_str(out, "# fish completion for trialhead; made by 'trialhead help --completion fish'\n"
                  "complete -c trialhead -f\n");
  fish_options(out, th_cli_globals, NULL);
  for (const th_cli_command *c = th_cli_commands; c->name; c++) {
    th_buf_printf(out, "complete -c trialhead -n __fish_use_subcommand -a %s -d '", c->name);
    put_quoted(out, c->summary, false);
    th_buf_str(out, "'\n");
    if (c->files)
      th_buf_printf(out, "complete -c trialhead -n '__fish_seen_subcommand_from %s' -F\n", c->name);
    fish_options(out, c->options, c->name);
  }
}

int th_cli_completion(th_buf *out, const char *shell, th_err *err) {
  if (strcmp(shell, "bash") == 0)
    complete_bash(out);
  else if (strcmp(shell, "zsh") == 0)
    complete_zsh(out);
  else if (strcmp(shell, "fish") == 0)
    complete_fish(out);
  else
    return th_err_set(err, TH_EUSAGE, "no completion for '%s'; there is bash, zsh, fish", shell);
  return 0;
}
