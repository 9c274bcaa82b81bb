/* trialhead demo: made-up records as NDJSON. */
#include <errno.h>

#include "base/json.h"
#include "base/queue.h"
#include "cli/cli.h"
#include "cli/tty.h"
#include "demo/demo.h"

static int write_records(th_cli *cli, FILE *to, th_demo *demo, uint64_t studies, uint64_t *bytes,
                         th_err *err) {
  th_buf out;
  th_progress progress;
  int rc = 0;
  th_buf_init(&out, 0);
  th_progress_start(&progress, "studies", cli->quiet);
  *bytes = 0;
  for (uint64_t i = 0; rc == 0 && i < studies; i++) {
    th_demo_record(demo, (uint32_t)i, &out);
    th_buf_char(&out, '\n');
    if (out.n < (1 << 18) && i + 1 < studies) continue;
    if (out.error)
      rc = th_err_set(err, out.error, "%s", th_code_text(out.error));
    else if (fwrite(out.p, 1, out.n, to) != out.n)
      rc = th_err_sys(err, "cannot write the records");
    *bytes += out.n;
    th_buf_clear(&out);
    th_progress_show(&progress, i + 1, (double)(i + 1) / (double)studies);
  }
  th_progress_end(&progress);
  th_buf_dispose(&out);
  return rc;
}

static int print_summary(uint64_t studies, uint64_t bytes, const char *file, th_err *err) {
  th_buf out;
  th_jout w;
  th_buf_init(&out, 1 << 16);
  th_jout_init(&w, &out, false);
  th_jout_object(&w);
  th_jout_kv_i64(&w, "studies", (int64_t)studies);
  th_jout_kv_i64(&w, "bytes", (int64_t)bytes);
  th_jout_kv_str(&w, "file", file);
  th_jout_end_object(&w);
  th_buf_char(&out, '\n');
  int rc = th_cli_print(&out, err);
  th_buf_dispose(&out);
  return rc;
}

static int demo(th_cli *cli, th_err *err) {
  uint64_t studies, seed, bytes = 0;
  const char *file = th_cli_value(cli, "output");
  FILE *to = stdout;
  th_demo *demo = NULL;
  int rc = th_cli_number(cli, "studies", 2000, 1, TH_DEMO_MOST, &studies, err);
  if (rc == 0) rc = th_cli_number(cli, "seed", 1, 0, UINT64_MAX, &seed, err);
  if (rc < 0) return rc;
  demo = th_demo_new(seed);
  if (!demo) rc = th_err_set(err, TH_ENOMEM, "out of memory");
  if (rc == 0 && file && !(to = fopen(file, "wb"))) rc = th_err_sys(err, "cannot write %s", file);
  if (rc == 0) rc = write_records(cli, to, demo, studies, &bytes, err);
  if (to && to != stdout && fclose(to) != 0 && rc == 0)
    rc = th_err_sys(err, "cannot write %s", file);
  if (rc == 0 && file && cli->json) rc = print_summary(studies, bytes, file, err);
  th_demo_free(demo);
  return rc;
}

int th_cmd_demo(th_cli *cli) {
  th_err err = {0};
  return demo(cli, &err) < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
