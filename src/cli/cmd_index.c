/* trialhead index: brings the index up to the store, or makes it anew. */
#include "base/json.h"
#include "base/memory.h"
#include "base/queue.h"
#include "cli/cli.h"
#include "cli/tty.h"

static void on_progress(void *ctx, uint64_t done, uint64_t total) {
  th_progress_show(ctx, done, total ? (double)done / (double)total : -1);
}

static int print_result(th_cli *cli, th_registry *registry, double seconds, th_err *err) {
  th_buf out;
  th_buf_init(&out, 4096);
  const th_snapshot *s = th_index_acquire(th_registry_index(registry));
  if (cli->json) {
    th_jout w;
    th_jout_init(&w, &out, false);
    th_jout_object(&w);
    th_jout_kv_i64(&w, "studies", s->n_live);
    th_jout_kv_i64(&w, "segments", s->n_segments);
    th_jout_kv_i64(&w, "generation", (int64_t)s->generation);
    th_jout_kv_double(&w, "seconds", (double)(int64_t)(seconds * 1000 + 0.5) / 1000);
    th_jout_end_object(&w);
    th_buf_char(&out, '\n');
  } else if (!cli->quiet) {
    th_tty_count(&out, s->n_live);
    th_buf_printf(&out, " studies in %u segment%s, %.1f s\n", s->n_segments,
                  s->n_segments == 1 ? "" : "s", seconds);
  }
  th_index_release(th_registry_index(registry), s);
  int rc = th_cli_print(&out, err);
  th_buf_dispose(&out);
  return rc;
}

/* Makes the index anew beside the one there, and opens it: for its numbers, reading is enough. */
static int rebuild(th_cli *cli, th_progress *progress, th_registry **out, th_err *err) {
  th_buf dir;
  th_buf_init(&dir, 4096);
  int rc = th_cli_data_dir(cli, &dir, err);
  if (rc == 0)
    rc = th_registry_rebuild(dir.p, th_cli_value(cli, "merge") != NULL, on_progress, progress, err);
  th_buf_dispose(&dir);
  return rc ? rc : th_cli_open(cli, TH_REGISTRY_READ, out, err);
}

static int bring_up(th_cli *cli, th_progress *progress, th_registry **out, th_err *err) {
  int rc = th_cli_open(cli, TH_REGISTRY_WRITE, out, err);
  return rc ? rc
            : th_registry_index_update(*out, false, th_cli_value(cli, "merge") != NULL, on_progress,
                                       progress, err);
}

int th_cmd_index(th_cli *cli) {
  th_err err = {0};
  th_registry *registry = NULL;
  th_progress progress;
  double start = th_clock_mono();
  th_memory_hold();
  th_progress_start(&progress, "studies", cli->quiet);
  int rc = th_cli_value(cli, "rebuild") ? rebuild(cli, &progress, &registry, &err)
                                        : bring_up(cli, &progress, &registry, &err);
  th_progress_end(&progress);
  if (rc == 0) rc = print_result(cli, registry, th_clock_mono() - start, &err);
  th_registry_close(registry);
  return rc < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
