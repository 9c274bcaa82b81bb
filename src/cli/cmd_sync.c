/* trialhead sync: mirrors an upstream that speaks API v2. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/tty.h"
#include "study/nct.h"
#include "sync/sync.h"

typedef struct sync {
  th_cli *cli;
  th_progress progress;
  const char *unit;
  th_buf rejected, removals, notices; /* with --json: lists, written as they come */
  th_jout rejected_json, removals_json, notices_json;
} sync;

static void begin_list(th_buf *b, th_jout *w) {
  th_buf_init(b, 0);
  th_jout_init(w, b, false);
  th_jout_array(w);
}

/* ---- as it goes ---- */

static void print_line(sync *s, const th_buf *line) {
  th_progress_end(&s->progress);
  fwrite(line->p, 1, line->n, stderr);
}

static void on_notice(void *ctx, const char *text) {
  sync *s = ctx;
  if (s->cli->json) th_jout_str(&s->notices_json, text);
  if (s->cli->json || s->cli->quiet) return;
  th_buf line;
  th_buf_init(&line, 1 << 16);
  th_buf_str(&line, "trialhead sync: ");
  th_tty_clean(&line, th_span_of(text));
  th_buf_char(&line, '\n');
  print_line(s, &line);
  th_buf_dispose(&line);
}

/* PLACE: reason (NCT…, byte N) */
static void on_reject(void *ctx, const th_reject *r) {
  sync *s = ctx;
  if (s->cli->json) {
    th_jout_object(&s->rejected_json);
    th_jout_kv_str(&s->rejected_json, "file", r->file);
    if (r->entry) th_jout_kv_str(&s->rejected_json, "entry", r->entry);
    th_jout_kv_i64(&s->rejected_json, "offset", r->offset);
    th_jout_kv_str(&s->rejected_json, "id", r->id[0] ? r->id : NULL);
    th_jout_kv_str(&s->rejected_json, "reason", r->reason);
    th_jout_end_object(&s->rejected_json);
    return;
  }
  th_buf line;
  th_buf_init(&line, 1 << 16);
  th_tty_clean(&line, th_span_of(r->file));
  th_buf_str(&line, ": ");
  th_tty_clean(&line, th_span_of(r->reason));
  th_buf_printf(&line, " (%s%sbyte %lld)\n", r->id, r->id[0] ? ", " : "", (long long)r->offset);
  print_line(s, &line);
  th_buf_dispose(&line);
}

static void on_removed(void *ctx, uint32_t nct, uint32_t current) {
  sync *s = ctx;
  char name[TH_NCT_LEN + 1], other[TH_NCT_LEN + 1];
  th_nct_format(nct, name);
  if (current) th_nct_format(current, other);
  if (s->cli->json) {
    th_jout_object(&s->removals_json);
    th_jout_kv_str(&s->removals_json, "id", name);
    if (current) th_jout_kv_str(&s->removals_json, "mergedInto", other);
    th_jout_end_object(&s->removals_json);
    return;
  }
  th_progress_end(&s->progress);
  fprintf(stderr, current ? "%s: removed, it is %s now\n" : "%s: removed, it is gone upstream\n",
          name, other);
}

static void on_progress(void *ctx, const char *unit, uint64_t done, double part) {
  sync *s = ctx;
  if (!s->unit || strcmp(s->unit, unit) != 0) {
    th_progress_end(&s->progress);
    th_progress_start(&s->progress, unit, s->cli->quiet);
    s->unit = unit;
  }
  th_progress_show(&s->progress, done, part);
}

/* ---- the report ---- */

static void put_dry(th_buf *out, const th_sync_report *r) {
  if (strcmp(r->plan, "whole") == 0)
    th_buf_str(out, "would read everything: ");
  else if (strcmp(r->plan, "changes") == 0)
    th_buf_printf(out, "would read what was updated since %s: ", r->since);
  else
    th_buf_str(out, "nothing has changed: ");
  th_tty_count(out, r->expected);
  th_buf_printf(out, " studies%s; data of %s\n", r->ids ? ", and compare all ids" : "",
                r->data_timestamp);
}

static void put_report(th_buf *out, const th_sync_report *r) {
  const struct {
    uint64_t n;
    const char *word;
  } parts[] = {{r->read, " read: "},          {r->added, " new, "},
               {r->changed, " changed, "},    {r->unchanged, " unchanged, "},
               {r->rejected, " rejected; "},  {r->removed, " removed; "},
               {r->requests, " requests in "}};
  for (size_t i = 0; i < TH_COUNT(parts); i++) {
    th_tty_count(out, parts[i].n);
    th_buf_str(out, parts[i].word);
  }
  th_buf_printf(out, "%.1f s; data of %s\n", r->seconds,
                r->data_timestamp[0] ? r->data_timestamp : "an unknown time");
}

static void put_lists(sync *s, th_jout *w) {
  th_jout_end_array(&s->rejected_json);
  th_jout_end_array(&s->removals_json);
  th_jout_end_array(&s->notices_json);
  th_jout_key(w, "rejected");
  th_jout_raw(w, th_buf_view(&s->rejected));
  th_jout_key(w, "removals");
  th_jout_raw(w, th_buf_view(&s->removals));
  th_jout_key(w, "notices");
  th_jout_raw(w, th_buf_view(&s->notices));
}

static void put_json(sync *s, th_buf *out, const char *from, const th_sync_report *r, bool dry) {
  th_jout w;
  th_jout_init(&w, out, false);
  th_jout_object(&w);
  th_jout_kv_str(&w, "from", from);
  th_jout_kv_str(&w, "dataTimestamp", r->data_timestamp[0] ? r->data_timestamp : NULL);
  th_jout_kv_str(&w, "plan", r->plan);
  th_jout_kv_str(&w, "since", r->since[0] ? r->since : NULL);
  th_jout_kv_bool(&w, "ids", r->ids);
  th_jout_kv_bool(&w, "dryRun", dry);
  if (dry) th_jout_kv_i64(&w, "expected", (int64_t)r->expected);
  th_jout_kv_i64(&w, "requests", (int64_t)r->requests);
  th_jout_kv_i64(&w, "read", (int64_t)r->read);
  th_jout_kv_i64(&w, "new", (int64_t)r->added);
  th_jout_kv_i64(&w, "changed", (int64_t)r->changed);
  th_jout_kv_i64(&w, "unchanged", (int64_t)r->unchanged);
  th_jout_kv_i64(&w, "removed", (int64_t)r->removed);
  th_jout_kv_i64(&w, "merged", (int64_t)r->merged);
  put_lists(s, &w);
  th_jout_kv_bool(&w, "complete", r->complete);
  th_jout_kv_double(&w, "seconds", (double)(int64_t)(r->seconds * 1000 + 0.5) / 1000);
  th_jout_end_object(&w);
  th_buf_char(out, '\n');
}

static int print_report(sync *s, const th_sync_options *o, const th_sync_report *r, th_err *err) {
  th_buf out;
  th_buf_init(&out, 0);
  if (s->cli->json)
    put_json(s, &out, o->from ? o->from : TH_SYNC_UPSTREAM, r, o->dry_run);
  else if (!s->cli->quiet && o->dry_run && r->data_timestamp[0])
    put_dry(&out, r);
  else if (!s->cli->quiet && !o->dry_run)
    put_report(&out, r);
  if (s->rejected.error || s->removals.error || s->notices.error) out.error = TH_ENOMEM;
  int rc = th_cli_print(&out, err);
  th_buf_dispose(&out);
  return rc;
}

static int read_options(const th_cli *cli, th_sync_options *o, th_err *err) {
  uint64_t pause = 0, timeout = 0, tries = 0, size = 0;
  *o = (th_sync_options){.from = th_cli_value(cli, "from"),
                         .where = th_cli_value(cli, "where"),
                         .contact = th_cli_value(cli, "contact"),
                         .ca = th_cli_value(cli, "ca"),
                         .dry_run = th_cli_value(cli, "dry-run") != NULL,
                         .full = th_cli_value(cli, "full") != NULL,
                         .whole = th_cli_value(cli, "whole") != NULL,
                         .paging = th_cli_value(cli, "paging") != NULL,
                         .allow_removals = th_cli_value(cli, "allow-removals") != NULL};
  int rc = th_cli_number(cli, "pause", 1000, 0, 3600000, &pause, err);
  if (rc == 0) rc = th_cli_number(cli, "timeout", 300, 1, 86400, &timeout, err);
  if (rc == 0) rc = th_cli_number(cli, "tries", 6, 1, 100, &tries, err);
  if (rc == 0) rc = th_cli_number(cli, "page-size", 1000, 1, 1000, &size, err);
  o->pause_ms = (unsigned)pause;
  o->hasty = pause == 0;
  o->timeout_s = (unsigned)timeout;
  o->tries = (unsigned)tries;
  o->page_size = (unsigned)size;
  return rc;
}

int th_cmd_sync(th_cli *cli) {
  th_err err = {0}, later = {0};
  sync s = {.cli = cli};
  th_sync_options options;
  th_sync_report report = {0};
  th_buf dir;
  th_buf_init(&dir, 4096);
  begin_list(&s.rejected, &s.rejected_json);
  begin_list(&s.removals, &s.removals_json);
  begin_list(&s.notices, &s.notices_json);
  int rc = read_options(cli, &options, &err);
  if (rc == 0) rc = th_cli_data_dir(cli, &dir, &err);
  if (rc == 0) {
    options.reject = on_reject;
    options.notice = on_notice;
    options.removed = on_removed;
    options.progress = on_progress;
    options.ctx = &s;
    rc = th_sync_run(dir.p, &options, &report, &err);
    th_progress_end(&s.progress);
    /* What was stored before a failure is stored, and said; wrong usage has nothing to say. */
    if (rc != TH_EUSAGE && print_report(&s, &options, &report, &later) < 0 && rc == 0)
      rc = later.code, err = later;
  }
  th_buf_dispose(&s.rejected);
  th_buf_dispose(&s.removals);
  th_buf_dispose(&s.notices);
  th_buf_dispose(&dir);
  return rc < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
