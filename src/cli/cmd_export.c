/* trialhead export: the newest version of every study, or of some, as NDJSON. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/tty.h"

typedef struct export {
  FILE *to;
  bool exact;
  uint64_t records, bytes, reflowed;
  th_progress progress;
  th_err *err;
  th_buf line;
}
export;

/* The record on one line. Line ends can stand only between the tokens of a JSON text, so blanks in
 * their place change nothing but the layout. */
static int write_record(export *e, th_span json) {
  bool broken = !e->exact && (memchr(json.p, '\n', json.n) || memchr(json.p, '\r', json.n));
  if (broken) {
    th_buf_clear(&e->line);
    th_buf_span(&e->line, json);
    if (e->line.error) return th_err_set(e->err, e->line.error, "out of memory");
    for (size_t i = 0; i < e->line.n; i++)
      if (e->line.p[i] == '\n' || e->line.p[i] == '\r') e->line.p[i] = ' ';
    json = th_buf_view(&e->line);
    e->reflowed++;
  }
  if (fwrite(json.p, 1, json.n, e->to) != json.n || putc('\n', e->to) == EOF)
    return th_err_sys(e->err, "cannot write the records");
  e->records++;
  e->bytes += json.n + 1;
  return 0;
}

static int on_record(void *ctx, const th_record *record) {
  export *e = ctx;
  int rc = write_record(e, record->json);
  th_progress_show(&e->progress, e->records, -1);
  return rc;
}

static int export_some(th_cli *cli, th_store_reader *reader, export *e, th_err *err) {
  th_buf json;
  int rc = 0;
  th_buf_init(&json, 0);
  for (int i = 0; rc == 0 && i < cli->n_operands; i++) {
    uint32_t nct;
    rc = th_cli_nct(cli->operands[i], &nct, err);
    if (rc == 0) rc = th_store_get(reader, nct, -1, &json, NULL, err);
    if (rc == 0) rc = write_record(e, th_buf_view(&json));
  }
  th_buf_dispose(&json);
  return rc;
}

static int export_records(th_cli *cli, th_registry *registry, export *e, th_err *err) {
  th_store_reader *reader = th_store_reader_acquire(th_registry_store(registry), err);
  if (!reader) return err->code;
  int rc = cli->n_operands ? export_some(cli, reader, e, err)
                           : th_store_scan(reader, 0, UINT32_MAX, on_record, e, err);
  th_store_reader_release(reader);
  return rc;
}

static int print_summary(const export *e, const char *file, th_err *err) {
  th_buf out;
  th_jout w;
  th_buf_init(&out, 1 << 16);
  th_jout_init(&w, &out, false);
  th_jout_object(&w);
  th_jout_kv_i64(&w, "studies", (int64_t)e->records);
  th_jout_kv_i64(&w, "bytes", (int64_t)e->bytes);
  th_jout_kv_str(&w, "file", file);
  th_jout_end_object(&w);
  th_buf_char(&out, '\n');
  int rc = th_cli_print(&out, err);
  th_buf_dispose(&out);
  return rc;
}

static int run(th_cli *cli, th_err *err) {
  const char *file = th_cli_value(cli, "output");
  export e = {.to = stdout, .exact = th_cli_value(cli, "exact") != NULL, .err = err};
  th_registry *registry = NULL;
  th_buf_init(&e.line, 0);
  int rc = th_cli_open(cli, TH_REGISTRY_READ_STORE, &registry, err);
  if (rc == 0 && file && !(e.to = fopen(file, "wb"))) rc = th_err_sys(err, "cannot write %s", file);
  th_progress_start(&e.progress, "studies", cli->quiet);
  if (rc == 0) rc = export_records(cli, registry, &e, err);
  th_progress_end(&e.progress);
  if (e.to && e.to != stdout && fclose(e.to) != 0 && rc == 0)
    rc = th_err_sys(err, "cannot write %s", file);
  if (rc == 0 && e.reflowed && !cli->quiet)
    fprintf(stderr,
            "trialhead export: %llu records had line ends inside; they are blanks here "
            "(--exact keeps them)\n",
            (unsigned long long)e.reflowed);
  if (rc == 0 && file && cli->json) rc = print_summary(&e, file, err);
  th_registry_close(registry);
  th_buf_dispose(&e.line);
  return rc;
}

int th_cmd_export(th_cli *cli) {
  th_err err = {0};
  return run(cli, &err) < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
