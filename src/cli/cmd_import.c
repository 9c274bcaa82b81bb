/* trialhead import: records into the data directory. */
#include "base/json.h"
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/tty.h"

typedef struct import {
  th_cli *cli;
  th_progress progress;
  th_buf answer; /* with --json: the list of what was rejected, written as it comes */
  th_jout json;
} import;

/* "file", or "file:entry" of an archive. */
static void put_place(th_buf *out, const th_reject *r) {
  th_tty_clean(out, th_span_of(r->file ? r->file : "-"));
  if (!r->entry) return;
  th_buf_char(out, ':');
  th_tty_clean(out, th_span_of(r->entry));
}

/* FILE:LINE: reason (NCT…, byte N); of a file that is none, the reason alone, which names it */
static void print_reject(import *im, const th_reject *r) {
  th_buf line;
  th_span reason = th_span_of(r->reason), file = th_span_of(r->file ? r->file : "-");
  bool whole = r->line <= 0 && !r->entry && file.n > 1 && th_span_starts(reason, file);
  th_buf_init(&line, 1 << 16);
  if (!whole) {
    put_place(&line, r);
    if (r->line > 0) th_buf_printf(&line, ":%lld", (long long)r->line);
    th_buf_str(&line, ": ");
  }
  th_tty_clean(&line, reason);
  if (!whole)
    th_buf_printf(&line, " (%s%sbyte %lld)", r->id, r->id[0] ? ", " : "", (long long)r->offset);
  th_buf_char(&line, '\n');
  th_progress_end(&im->progress);
  fwrite(line.p, 1, line.n, stderr);
  th_buf_dispose(&line);
}

static void json_reject(import *im, const th_reject *r) {
  th_jout *w = &im->json;
  th_jout_object(w);
  th_jout_kv_str(w, "file", r->file);
  if (r->entry) th_jout_kv_str(w, "entry", r->entry);
  th_jout_key(w, "line");
  if (r->line > 0)
    th_jout_i64(w, r->line);
  else
    th_jout_null(w);
  th_jout_kv_i64(w, "offset", r->offset);
  th_jout_kv_str(w, "id", r->id[0] ? r->id : NULL);
  th_jout_kv_str(w, "reason", r->reason);
  th_jout_end_object(w);
}

static void on_reject(void *ctx, const th_reject *reject) {
  import *im = ctx;
  if (im->cli->json)
    json_reject(im, reject);
  else
    print_reject(im, reject);
}

static void on_progress(void *ctx, const th_import_report *r, uint64_t done, uint64_t total) {
  import *im = ctx;
  th_progress_show(&im->progress, r->read, total ? (double)done / (double)total : -1);
}

static void put_report(th_buf *out, const th_import_report *r) {
  const struct {
    uint64_t n;
    const char *word;
  } parts[] = {{r->read, " read: "},
               {r->added, " new, "},
               {r->changed, " changed, "},
               {r->unchanged, " unchanged, "},
               {r->rejected, " rejected"}};
  for (size_t i = 0; i < TH_COUNT(parts); i++) {
    th_tty_count(out, parts[i].n);
    th_buf_str(out, parts[i].word);
  }
  th_buf_printf(out, " in %.1f s\n", r->seconds);
}

/* {"read":…,"new":…,"changed":…,"unchanged":…,"rejected":[…]}; the list is written already. */
static void put_json_report(th_buf *out, const th_import_report *r, th_span rejected) {
  th_jout w;
  th_jout_init(&w, out, false);
  th_jout_object(&w);
  th_jout_kv_i64(&w, "read", (int64_t)r->read);
  th_jout_kv_i64(&w, "new", (int64_t)r->added);
  th_jout_kv_i64(&w, "changed", (int64_t)r->changed);
  th_jout_kv_i64(&w, "unchanged", (int64_t)r->unchanged);
  th_jout_key(&w, "rejected");
  th_jout_raw(&w, rejected);
  th_jout_kv_double(&w, "seconds", (double)(int64_t)(r->seconds * 1000 + 0.5) / 1000);
  th_jout_end_object(&w);
  th_buf_char(out, '\n');
}

static int print_report(import *im, const th_import_report *r, th_err *err) {
  th_buf out;
  th_buf_init(&out, 0);
  th_jout_end_array(&im->json);
  if (im->cli->json)
    put_json_report(&out, r, th_buf_view(&im->answer));
  else if (!im->cli->quiet)
    put_report(&out, r);
  if (im->answer.error && !out.error) out.error = im->answer.error;
  int rc = th_cli_print(&out, err);
  th_buf_dispose(&out);
  return rc;
}

int th_cmd_import(th_cli *cli) {
  th_err err = {0}, later = {0};
import im = {.cli = cli };
  th_import_report report = {0};
  th_registry *registry = NULL;
  uint64_t threads = 0;
  th_memory_hold();
  th_buf_init(&im.answer, 0);
  th_jout_init(&im.json, &im.answer, false);
  th_jout_array(&im.json);
  int rc = th_cli_number(cli, "threads", 0, 1, 256, &threads, &err);
  if (rc == 0) rc = th_cli_open(cli, TH_REGISTRY_WRITE, &registry, &err);
  if (rc == 0) {
    th_import_options options = {
        .threads = (unsigned)threads, .reject = on_reject, .progress = on_progress, .ctx = &im};
    th_progress_start(&im.progress, "studies", cli->quiet);
    rc = th_registry_import(registry, cli->operands, (size_t)cli->n_operands, &options, &report,
                            &err);
    th_progress_end(&im.progress);
    /* What was stored before a failure is stored, and said. */
    if (print_report(&im, &report, &later) < 0 && rc == 0) rc = later.code, err = later;
  }
  th_registry_close(registry);
  th_buf_dispose(&im.answer);
  if (rc == TH_EINPUT && report.rejected) return TH_EXIT_INPUT; /* each was named already */
  return rc < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
