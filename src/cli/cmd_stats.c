/* trialhead stats: what is in the data directory, in figures. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/tty.h"
#include "criteria/book.h"

typedef struct figures {
  th_store_counts store;
  char timestamp[20];
  uint32_t indexed, segments;
  uint64_t generation, applied_seq;
  bool criteria_current;
} figures;

/* Whether all criteria were read by this program's reader; damage is for `check` to tell. */
static bool criteria_current(const th_snapshot *s) {
  th_criteria_book book;
  th_arena arena;
  th_arena_init(&arena, 0);
  bool current = th_criteria_book_open(&book, s, &arena, NULL) == 0 && book.n_missing == 0;
  th_arena_dispose(&arena);
  return current;
}

static int gather(th_registry *registry, figures *f, th_err *err) {
  th_store_reader *reader = th_store_reader_acquire(th_registry_store(registry), err);
  if (!reader) return err->code;
  int rc = th_store_stats(reader, &f->store, err);
  th_store_reader_release(reader);
  if (rc < 0) return rc;
  th_registry_timestamp(registry, f->timestamp);
  const th_snapshot *s = th_index_acquire(th_registry_index(registry));
  f->indexed = s->n_live;
  f->segments = s->n_segments;
  f->generation = s->generation;
  f->applied_seq = s->applied_seq;
  f->criteria_current = criteria_current(s);
  th_index_release(th_registry_index(registry), s);
  return 0;
}

static void put_json(th_buf *out, const figures *f) {
  th_jout w;
  th_jout_init(&w, out, false);
  th_jout_object(&w);
  th_jout_kv_i64(&w, "studies", (int64_t)f->store.studies);
  th_jout_kv_i64(&w, "removed", (int64_t)f->store.removed);
  th_jout_kv_i64(&w, "versions", (int64_t)f->store.versions);
  th_jout_kv_str(&w, "timestamp", f->timestamp);
  th_jout_kv_i64(&w, "jsonBytes", (int64_t)f->store.json_bytes);
  th_jout_kv_i64(&w, "storeBytes", (int64_t)f->store.file_bytes);
  th_jout_kv_i64(&w, "indexedStudies", f->indexed);
  th_jout_kv_i64(&w, "indexSegments", f->segments);
  th_jout_kv_i64(&w, "indexGeneration", (int64_t)f->generation);
  th_jout_kv_bool(&w, "indexCurrent", f->applied_seq == f->store.last_seq);
  th_jout_kv_bool(&w, "criteriaCurrent", f->criteria_current);
  th_jout_end_object(&w);
  th_buf_char(out, '\n');
}

static void put_row(th_buf *out, const char *label, uint64_t n, const char *unit) {
  th_buf_printf(out, "%-18s", label);
  th_tty_count(out, n);
  th_buf_printf(out, "%s\n", unit);
}

static void put_text(th_buf *out, const figures *f) {
  put_row(out, "Studies", f->store.studies, "");
  put_row(out, "Removed", f->store.removed, "");
  put_row(out, "Versions", f->store.versions, "");
  put_row(out, "Records", f->store.json_bytes / 1000, " kB as JSON");
  put_row(out, "Store", f->store.file_bytes / 1000, " kB on disk");
  put_row(out, "Indexed studies", f->indexed, "");
  put_row(out, "Index segments", f->segments, "");
  th_buf_printf(out, "%-18s%s\n", "Index current",
                f->applied_seq == f->store.last_seq ? "yes" : "no");
  th_buf_printf(out, "%-18s%s\n", "Criteria current",
                f->criteria_current ? "yes" : "no; 'trialhead index' reads them anew");
  th_buf_printf(out, "%-18s%s\n", "Last change", f->timestamp);
}

int th_cmd_stats(th_cli *cli) {
  th_err err = {0};
  th_registry *registry = NULL;
  figures f = {0};
  th_buf out;
  th_buf_init(&out, 1 << 16);
  int rc = th_cli_open(cli, TH_REGISTRY_READ, &registry, &err);
  if (rc == 0) rc = gather(registry, &f, &err);
  if (rc == 0) {
    if (cli->json)
      put_json(&out, &f);
    else
      put_text(&out, &f);
    rc = th_cli_print(&out, &err);
  }
  th_registry_close(registry);
  th_buf_dispose(&out);
  return rc < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
