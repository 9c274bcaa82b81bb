/* trialhead demo: made-up studies or patients as NDJSON. */
#include <errno.h>

#include "base/json.h"
#include "base/queue.h"
#include "cli/cli.h"
#include "cli/tty.h"
#include "demo/demo.h"
#include "demo/patient.h"

/* What is written: studies of a generator, or without one patients. */
typedef struct kind {
  th_demo *demo;
  uint64_t seed;
  bool fhir;
} kind;

static void put_record(const kind *k, uint32_t i, th_buf *out) {
  if (k->demo)
    th_demo_record(k->demo, i, out);
  else
    th_demo_patient(k->seed, i, k->fhir, out);
}

static int write_records(th_cli *cli, FILE *to, const kind *k, uint64_t n, uint64_t *bytes,
                         th_err *err) {
  th_buf out;
  th_progress progress;
  int rc = 0;
  th_buf_init(&out, 0);
  th_progress_start(&progress, k->demo ? "studies" : "patients", cli->quiet);
  *bytes = 0;
  for (uint64_t i = 0; rc == 0 && i < n; i++) {
    put_record(k, (uint32_t)i, &out);
    th_buf_char(&out, '\n');
    if (out.n < (1 << 18) && i + 1 < n) continue;
    if (out.error)
      rc = th_err_set(err, out.error, "%s", th_code_text(out.error));
    else if (fwrite(out.p, 1, out.n, to) != out.n)
      rc = th_err_sys(err, "cannot write the records");
    *bytes += out.n;
    th_buf_clear(&out);
    th_progress_show(&progress, i + 1, (double)(i + 1) / (double)n);
  }
  th_progress_end(&progress);
  th_buf_dispose(&out);
  return rc;
}

static int print_summary(const kind *k, uint64_t n, uint64_t bytes, const char *file, th_err *err) {
  th_buf out;
  th_jout w;
  th_buf_init(&out, 1 << 16);
  th_jout_init(&w, &out, false);
  th_jout_object(&w);
  th_jout_kv_i64(&w, k->demo ? "studies" : "patients", (int64_t)n);
  th_jout_kv_i64(&w, "bytes", (int64_t)bytes);
  th_jout_kv_str(&w, "file", file);
  th_jout_end_object(&w);
  th_buf_char(&out, '\n');
  int rc = th_cli_print(&out, err);
  th_buf_dispose(&out);
  return rc;
}

/* What to write, and how many. */
static int what_of(const th_cli *cli, kind *k, uint64_t *n, th_err *err) {
  bool patients = th_cli_value(cli, "patients"), studies = th_cli_value(cli, "studies");
  k->fhir = th_cli_value(cli, "fhir");
  if (patients && studies) return th_err_set(err, TH_EUSAGE, "either --studies or --patients");
  if (k->fhir && !patients) return th_err_set(err, TH_EUSAGE, "--fhir goes with --patients");
  int rc = th_cli_number(cli, "seed", 1, 0, UINT64_MAX, &k->seed, err);
  if (rc == 0 && patients)
    return th_cli_number(cli, "patients", 0, 1, TH_DEMO_MOST_PATIENTS, n, err);
  if (rc == 0) rc = th_cli_number(cli, "studies", 2000, 1, TH_DEMO_MOST, n, err);
  if (rc < 0) return rc;
  k->demo = th_demo_new(k->seed);
  return k->demo ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
}

static int demo(th_cli *cli, th_err *err) {
  uint64_t n = 0, bytes = 0;
  const char *file = th_cli_value(cli, "output");
  FILE *to = stdout;
  kind k = {0};
  int rc = what_of(cli, &k, &n, err);
  if (rc == 0 && file && !(to = fopen(file, "wb"))) rc = th_err_sys(err, "cannot write %s", file);
  if (rc == 0) rc = write_records(cli, to, &k, n, &bytes, err);
  if (to && to != stdout && fclose(to) != 0 && rc == 0)
    rc = th_err_sys(err, "cannot write %s", file);
  if (rc == 0 && file && cli->json) rc = print_summary(&k, n, bytes, file, err);
  th_demo_free(k.demo);
  return rc;
}

int th_cmd_demo(th_cli *cli) {
  th_err err = {0};
  return demo(cli, &err) < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
