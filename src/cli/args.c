/* From argv to th_cli, by the table of commands. */
#include "cli/cli.h"
#include "cli/tty.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/file.h"
#include "study/nct.h"

static size_t option_count(const th_cli_option *options) {
  size_t n = 0;
  while (options && options[n].name)
    n++;
  return n;
}

const th_cli_command *th_cli_find(th_span name) {
  for (const th_cli_command *c = th_cli_commands; c->name; c++)
    if (th_span_eq(th_span_of(c->name), name)) return c;
  return NULL;
}

/* Edits between two words (insert, delete, replace, swap of neighbours); long words are far. */
static unsigned edit_distance(const char *a, const char *b) {
  enum { LONGEST = 32 };
  size_t n = strlen(a), m = strlen(b);
  if (n > LONGEST || m > LONGEST) return LONGEST;
  unsigned d[LONGEST + 1][LONGEST + 1];
  for (size_t i = 0; i <= n; i++)
    d[i][0] = (unsigned)i;
  for (size_t j = 0; j <= m; j++)
    d[0][j] = (unsigned)j;
  for (size_t i = 1; i <= n; i++)
    for (size_t j = 1; j <= m; j++) {
      unsigned best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      best = TH_MIN(best, d[i - 1][j] + 1);
      best = TH_MIN(best, d[i][j - 1] + 1);
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        best = TH_MIN(best, d[i - 2][j - 2] + 1);
      d[i][j] = best;
    }
  return d[n][m];
}

const char *th_cli_nearest(const char *word, const char *const *candidates, size_t n) {
  const char *nearest = NULL;
  unsigned best = (unsigned)strlen(word) / 3 + 1;
  for (size_t i = 0; i < n; i++) {
    unsigned d = edit_distance(word, candidates[i]);
    bool begins = strlen(word) >= 2 && strncmp(candidates[i], word, strlen(word)) == 0;
    if (begins) d = 1;
    if (d <= best && (!nearest || d < best)) nearest = candidates[i], best = d;
  }
  return nearest;
}

static int unknown_command(const char *word, th_err *err) {
  const char *names[64];
  size_t n = 0;
  for (const th_cli_command *c = th_cli_commands; c->name && n < TH_COUNT(names); c++)
    names[n++] = c->name;
  const char *near = th_cli_nearest(word, names, n);
  if (near)
    return th_err_set(err, TH_EUSAGE, "unknown command '%s'; did you mean '%s'?", word, near);
  return th_err_set(err, TH_EUSAGE, "unknown command '%s'; 'trialhead help' lists them", word);
}

static int unknown_option(const th_cli *cli, const char *word, th_err *err) {
  const char *names[2 * TH_CLI_MAX_OPTIONS];
  size_t n = 0;
  const th_cli_option *lists[] = {cli->command ? cli->command->options : NULL, th_cli_globals};
  for (size_t l = 0; l < TH_COUNT(lists); l++)
    for (size_t i = 0; i < option_count(lists[l]) && n < TH_COUNT(names); i++)
      names[n++] = lists[l][i].name;
  const char *near = strncmp(word, "--", 2) == 0 ? th_cli_nearest(word + 2, names, n) : NULL;
  if (near)
    return th_err_set(err, TH_EUSAGE, "unknown option '%s'; did you mean '--%s'?", word, near);
  return th_err_set(err, TH_EUSAGE, "unknown option '%s'; '--help' lists them", word);
}

/* The option of a list by long name or letter. */
static const th_cli_option *find_option(const th_cli_option *options, th_span name, char letter) {
  for (size_t i = 0; i < option_count(options); i++)
    if (letter ? options[i].letter == letter : th_span_eq(th_span_of(options[i].name), name))
      return &options[i];
  return NULL;
}

static void set_global(th_cli *cli, const th_cli_option *option, const char *value) {
  switch (option->name[0]) {
  case 'd':
    cli->data = value;
    break;
  case 'j':
    cli->json = true;
    break;
  case 'q':
    cli->quiet = true;
    break;
  case 'h':
    cli->help = true;
    break;
  case 'v':
    cli->version = true;
    break;
  }
}

typedef struct th_cli_given {
  unsigned option; /* place in command->options */
  const char *value;
} th_cli_given;

/* There is room for one a word of the command line; letters without values come once. */
static void keep_value(th_cli *cli, unsigned option, const char *value) {
  cli->values[option] = value;
  if (*value) cli->given[cli->n_given++] = (th_cli_given){option, value};
}

/* Where parsing stands. */
typedef struct cursor {
  int argc, at;
  char **argv;
} cursor;

/* One option word: --name, --name=value, -l, -lVALUE, -lmn for switches. */
static int take_option(th_cli *cli, cursor *c, th_err *err) {
  const char *word = c->argv[c->at++];
  bool is_long = word[1] == '-';
  const char *equals = is_long ? strchr(word, '=') : NULL;
  th_span name = is_long ? th_span_of(word + 2) : (th_span){0, 0};
  if (equals) name.n = (size_t)(equals - word - 2);
  const char *letters = is_long ? NULL : word + 1;
  do {
    char letter = letters ? *letters++ : 0;
    const th_cli_option *own = cli->command ? cli->command->options : NULL;
    const th_cli_option *option = find_option(own, name, letter);
    bool global = !option;
    if (global) option = find_option(th_cli_globals, name, letter);
    if (!option) return unknown_option(cli, word, err);
    const char *value = "";
    if (option->value) {
      if (equals)
        value = equals + 1;
      else if (letters && *letters)
        value = letters, letters = NULL;
      else if (c->at < c->argc)
        value = c->argv[c->at++];
      else
        return th_err_set(err, TH_EUSAGE, "option '%s' wants a value: %s", word, option->value);
    } else if (equals) {
      return th_err_set(err, TH_EUSAGE, "option '--%s' takes no value", option->name);
    }
    if (global)
      set_global(cli, option, value);
    else
      keep_value(cli, (unsigned)(option - own), value);
    if (option->value) return 0;
  } while (letters && *letters);
  return 0;
}

static int check_operands(const th_cli *cli, th_err *err) {
  const th_cli_command *c = cli->command;
  if (cli->help || cli->version || !c) return 0;
  if (cli->n_operands < c->min)
    return th_err_set(err, TH_EUSAGE, "%s wants %s", c->name, c->operands);
  if (c->max >= 0 && cli->n_operands > c->max)
    return th_err_set(err, TH_EUSAGE, "%s does not take '%s'", c->name, cli->operands[c->max]);
  return 0;
}

int th_cli_parse(th_cli *cli, int argc, char **argv, th_err *err) {
  *cli = (th_cli){0};
  cursor c = {argc, 1, argv};
  bool only_operands = false;
  int rc = 0;
  cli->operands = calloc((size_t)argc + 1, sizeof *cli->operands);
  cli->given = calloc((size_t)argc + 1, sizeof *cli->given);
  if (!cli->operands || !cli->given) return th_err_set(err, TH_ENOMEM, "out of memory");
  while (rc == 0 && c.at < argc) {
    const char *word = argv[c.at];
    if (!only_operands && strcmp(word, "--") == 0) {
      only_operands = true;
      c.at++;
    } else if (!only_operands && word[0] == '-' && word[1]) {
      rc = take_option(cli, &c, err);
    } else if (!cli->command) {
      cli->command = th_cli_find(th_span_of(word));
      if (!cli->command) rc = unknown_command(word, err);
      c.at++;
    } else {
      cli->operands[cli->n_operands++] = word;
      c.at++;
    }
  }
  if (rc == 0) rc = check_operands(cli, err);
  return rc;
}

void th_cli_dispose(th_cli *cli) {
  free(cli->operands);
  free(cli->given);
  *cli = (th_cli){0};
}

const char *th_cli_value(const th_cli *cli, const char *name) {
  const th_cli_option *option = find_option(cli->command->options, th_span_of(name), 0);
  return option ? cli->values[option - cli->command->options] : NULL;
}

const char *th_cli_nth(const th_cli *cli, const char *name, int i) {
  for (int k = 0; k < cli->n_given; k++)
    if (strcmp(cli->command->options[cli->given[k].option].name, name) == 0 && i-- == 0)
      return cli->given[k].value;
  return NULL;
}

int th_cli_number(const th_cli *cli, const char *name, uint64_t fallback, uint64_t min,
                  uint64_t max, uint64_t *out, th_err *err) {
  const char *text = th_cli_value(cli, name);
  *out = fallback;
  if (!text) return 0;
  char *end = NULL;
  errno = 0;
  unsigned long long v = text[0] >= '0' && text[0] <= '9' ? strtoull(text, &end, 10) : 0;
  if (!end || *end || errno || v < min || v > max)
    return th_err_set(err, TH_EUSAGE,
                      "--%s wants a whole number from %" PRIu64 " to %" PRIu64 ", not '%s'", name,
                      min, max, text);
  *out = v;
  return 0;
}

int th_cli_duration(const th_cli *cli, const char *name, uint64_t fallback, uint64_t *out,
                    th_err *err) {
  static const struct {
    char letter;
    uint64_t seconds;
  } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
  const char *text = th_cli_value(cli, name);
  *out = fallback;
  if (!text) return 0;
  size_t digits = strspn(text, "0123456789");
  uint64_t n = digits && digits <= 6 ? strtoull(text, NULL, 10) : 0;
  for (size_t i = 0; n && i < TH_COUNT(units); i++)
    if (text[digits] == units[i].letter && text[digits + 1] == 0) {
      *out = n * units[i].seconds;
      return 0;
    }
  return th_err_set(err, TH_EUSAGE, "--%s wants a time such as 30m, 24h or 7d, not '%s'", name,
                    text);
}

int th_cli_data_dir(const th_cli *cli, th_buf *out, th_err *err) {
  const char *own = cli->data ? cli->data : getenv("TRIALHEAD_DATA");
  const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
  th_buf_clear(out);
  if (own && own[0])
    th_buf_str(out, own);
  else if (xdg && xdg[0] == '/')
    th_buf_printf(out, "%s/trialhead", xdg);
  else if (home && home[0])
    th_buf_printf(out, "%s/.local/share/trialhead", home);
  else
    return th_err_set(err, TH_EUSAGE, "no data directory: give --data DIR");
  th_buf_char(out, 0);
  return out->error ? th_err_set(err, out->error, "data directory: %s", th_code_text(out->error))
                    : 0;
}

static void on_studies(void *ctx, uint64_t done, uint64_t total) {
  th_progress_show(ctx, done, total ? (double)done / (double)total : -1);
}

/* An index of another version of the program is derived from the store like any other. */
static int renew_index(const th_cli *cli, const char *dir, th_err *err) {
  th_progress progress;
  if (!cli->quiet)
    fprintf(stderr, "trialhead: another version made the index; it is made anew, once\n");
  th_progress_start(&progress, "studies", cli->quiet);
  int rc = th_registry_renew(dir, on_studies, &progress, err);
  th_progress_end(&progress);
  return rc;
}

int th_cli_open(const th_cli *cli, th_registry_mode mode, th_registry **out, th_err *err) {
  th_buf dir;
  th_buf_init(&dir, 4096);
  *out = NULL;
  int rc = th_cli_data_dir(cli, &dir, err);
  if (rc == 0) rc = th_registry_open(out, dir.p, mode, err);
  if (rc == TH_EINPUT) {
    th_err_clear(err);
    rc = renew_index(cli, dir.p, err);
    if (rc == 0) rc = th_registry_open(out, dir.p, mode, err);
  }
  if (rc == TH_ENOTFOUND) {
    th_err_clear(err);
    th_err_set(err, rc, "no studies in %s; 'trialhead import' puts some there", dir.p);
  }
  th_buf_dispose(&dir);
  return rc;
}

int th_cli_read(th_buf *out, const char *path, th_err *err) {
  th_err why = {0};
  int rc = strcmp(path, "-") ? th_file_read(out, path, &why)
                             : th_fd_read(STDIN_FILENO, "standard input", out, &why);
  if (rc == TH_ENOTFOUND) why.code = rc = TH_EINPUT;
  if (rc < 0 && err) *err = why;
  return rc;
}

int th_cli_nct(const char *text, uint32_t *nct, th_err *err) {
  th_span s = th_span_trim(th_span_of(text)), match;
  size_t digits = 0;
  while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
    digits++;
  if (digits && digits == s.n && digits <= 8) {
    *nct = (uint32_t)strtoul(s.p, NULL, 10);
    if (*nct) return 0;
  }
  if (th_nct_find(s, 0, &match, nct) && match.n == s.n) return 0;
  return th_err_set(err, TH_EUSAGE, "'%.60s' is no NCT number; they look like NCT00000102", text);
}
