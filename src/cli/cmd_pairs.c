/* trialhead match --pairs: a verdict for each pair of a note and one criterion (match/pairs.h).
 *
 * Without --json a line a pair: id, verdict and basis, separated by tabs. A line that is no pair is
 * named on standard error, the rest goes on, and the exit code is 3. Notes are guests (guest.h). */
#include <stdio.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/guest.h"
#include "match/pairs.h"
#include "registry/concepts.h"
#include "study/date.h"

enum { INPUT_MAX = 1 << 30, OUTPUT_STEP = 1 << 16 };

typedef struct run {
  th_cli *cli;
  th_registry *registry; /* NULL: no data directory */
  const th_snapshot *index;
  th_concepts dict;
  th_pairs_options options;
  th_pairs *pairs;
  th_buf input, out;
  size_t bad;
} run;

static int read_options(run *r, th_err *err) {
  r->options.presume = TH_PRESUME_BY_FORM;
  if (r->cli->n_operands || th_cli_value(r->cli, "note") || th_cli_value(r->cli, "notes"))
    return th_err_set(err, TH_EUSAGE, "--pairs goes without another patient");
  int rc = th_guest_presume(r->cli, &r->options.presume, err);
  return rc < 0 ? rc : th_guest_day(r->cli, &r->options.has_as_of, &r->options.as_of, err);
}

/* The dictionary of the data directory. Without one the built-in terms are known, and that is said:
 * criteria then have values and the usual categories, but no conditions or drugs. */
static int open_dict(run *r, th_err *err) {
  th_buf dir;
  th_buf_init(&dir, 4096);
  int rc = th_cli_data_dir(r->cli, &dir, err);
  bool there = rc == 0 && th_file_exists(dir.p);
  if (rc == 0 && (there || r->cli->data)) {
    rc = th_cli_open(r->cli, TH_REGISTRY_READ, &r->registry, err);
    if (rc == 0) r->index = th_index_acquire(th_registry_index(r->registry));
    if (rc == 0 && r->index) rc = th_registry_concepts(r->index, &r->dict, err);
  }
  th_buf_dispose(&dir);
  if (rc == 0 && r->dict.n_concepts == 0)
    fputs("trialhead: no dictionary of concepts (no data directory, or an empty one): conditions "
          "and drugs of criteria are not read\n",
          stderr);
  r->options.dict = &r->dict;
  return rc;
}

static int judge_line(run *r, th_span line, size_t number, th_err *err) {
  th_pair_result got;
  th_err bad = {0};
  int rc = th_pairs_line(r->pairs, line, r->cli->json ? &r->out : NULL, &got, &bad);
  if (rc == TH_EINPUT || rc == TH_ELIMIT) {
    fprintf(stderr, "trialhead: line %zu: %s\n", number, bad.message);
    r->bad++;
    return 0;
  }
  if (rc < 0) {
    *err = bad;
    return rc;
  }
  if (!r->cli->json) {
    th_buf_span(&r->out, got.id);
    th_buf_printf(&r->out, "\t%s\t%s", th_verdict_name(got.verdict), th_basis_name(got.basis));
  }
  th_buf_char(&r->out, '\n');
  return r->out.error ? th_err_set(err, r->out.error, "out of memory") : 0;
}

static int flush(run *r, th_err *err) {
  int rc = th_cli_print(&r->out, err);
  th_buf_clear(&r->out);
  return rc;
}

static int judge_all(run *r, th_err *err) {
  int rc = 0;
  size_t number = 0;
  for (size_t at = 0, end; rc == 0 && at < r->input.n; at = end + 1) {
    char *nl = memchr(r->input.p + at, '\n', r->input.n - at);
    end = nl ? (size_t)(nl - r->input.p) : r->input.n;
    th_span line = th_span_trim((th_span){r->input.p + at, end - at});
    number++;
    if (line.n) rc = judge_line(r, line, number, err);
    if (rc == 0 && r->out.n > OUTPUT_STEP) rc = flush(r, err);
  }
  return rc == 0 ? flush(r, err) : rc;
}

int th_cmd_match_pairs(th_cli *cli) {
  th_err err = {0};
  run r = {.cli = cli};
  th_guest_keep_private(true);
  th_guest_buf(&r.input, INPUT_MAX);
  th_guest_buf(&r.out, 0);
  int rc = read_options(&r, &err);
  if (rc == 0) rc = open_dict(&r, &err);
  if (rc == 0) rc = th_cli_read(&r.input, th_cli_value(cli, "pairs"), &err);
  if (rc == 0 && !(r.pairs = th_pairs_new(&r.options)))
    rc = th_err_set(&err, TH_ENOMEM, "out of memory");
  if (rc == 0) rc = judge_all(&r, &err);
  th_pairs_free(r.pairs);
  th_buf_dispose(&r.input);
  th_buf_dispose(&r.out);
  if (r.index) th_index_release(th_registry_index(r.registry), r.index);
  th_registry_close(r.registry);
  if (rc < 0) return th_cli_fail(cli, &err);
  return r.bad ? TH_EXIT_INPUT : TH_EXIT_DONE;
}
