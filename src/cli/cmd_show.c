/* trialhead show: a study as a page, as its exact record, or its history. */
#include <time.h>

#include "cli/cli.h"
#include "cli/page.h"
#include "study/nct.h"

typedef struct show {
  th_cli *cli;
  th_store_reader *reader;
  th_tty term;
  th_json_parser *parser;
  th_buf record, out;
} show;

/* An obsolete number shows the study it became, and says so. */
static int fetch(show *s, uint32_t nct, int version, th_record *record, th_err *err) {
  th_err first = {0};
  uint32_t current = 0;
  int rc = th_store_get(s->reader, nct, version, &s->record, record, &first);
  if (rc == TH_ENOTFOUND && th_store_alias(s->reader, nct, &current, &(th_err){0}) == 0) {
    char from[TH_NCT_LEN + 1], to[TH_NCT_LEN + 1];
    rc = th_store_get(s->reader, current, version, &s->record, record, err);
    if (rc == 0 && !s->cli->quiet)
      fprintf(stderr, "trialhead show: %s is now %s\n", th_nct_format(nct, from),
              th_nct_format(current, to));
    return rc;
  }
  if (rc == TH_ENOTFOUND) {
    char name[TH_NCT_LEN + 1];
    th_nct_format(nct, name);
    return version > 0 ? th_err_set(err, rc, "%s has no version %d", name, version)
                       : th_err_set(err, rc, "there is no study %s", name);
  }
  if (rc < 0) *err = first;
  return rc;
}

static int show_study(show *s, uint32_t nct, int version, th_err *err) {
  th_record record;
  th_json json;
  int rc = fetch(s, nct, version, &record, err);
  if (rc < 0) return rc;
  if (s->cli->json) {
    th_buf_span(&s->out, record.json);
    th_buf_char(&s->out, '\n');
    return 0;
  }
  rc = th_json_parse(s->parser, record.json, &json, err);
  return rc < 0 ? rc : th_cli_page(&json, &s->term, &s->out, err);
}

/* ---- history: newest first ---- */

static void format_time(int64_t utc, char out[24]) {
  time_t t = (time_t)utc;
  struct tm tm;
  if (!gmtime_r(&t, &tm) || !strftime(out, 24, "%Y-%m-%dT%H:%M:%SZ", &tm)) out[0] = 0;
}

static int text_version(void *ctx, const th_record *r) {
  char when[24];
  format_time(r->stored_utc, when);
  if (r->kind == TH_CHANGE_REMOVE)
    th_buf_printf(ctx, "%5s  %s  removed\n", "-", when);
  else
    th_buf_printf(ctx, "%5u  %s  %zu bytes\n", r->version, when, r->len);
  return 0;
}

static int json_version(void *ctx, const th_record *r) {
  char when[24];
  format_time(r->stored_utc, when);
  th_jout *w = ctx;
  th_jout_object(w);
  th_jout_kv_i64(w, "version", r->version);
  th_jout_kv_str(w, "stored", when);
  th_jout_kv_bool(w, "removed", r->kind == TH_CHANGE_REMOVE);
  th_jout_kv_i64(w, "bytes", (int64_t)r->len);
  th_jout_end_object(w);
  return 0;
}

static int show_history(show *s, uint32_t nct, th_err *err) {
  char name[TH_NCT_LEN + 1];
  th_jout w;
  int rc;
  th_nct_format(nct, name);
  if (s->cli->json) {
    th_jout_init(&w, &s->out, false);
    th_jout_object(&w);
    th_jout_kv_str(&w, "nctId", name);
    th_jout_key(&w, "versions");
    th_jout_array(&w);
    rc = th_store_history(s->reader, nct, json_version, &w, err);
    th_jout_end_array(&w);
    th_jout_end_object(&w);
    th_buf_char(&s->out, '\n');
    return rc;
  }
  th_buf_printf(&s->out, "%s\n", name);
  return th_store_history(s->reader, nct, text_version, &s->out, err);
}

static int show_all(show *s, th_err *err) {
  uint64_t version = 0;
  int rc = th_cli_number(s->cli, "at", 0, 1, INT32_MAX, &version, err);
  for (int i = 0; rc == 0 && i < s->cli->n_operands; i++) {
    uint32_t nct;
    rc = th_cli_nct(s->cli->operands[i], &nct, err);
    if (rc < 0) break;
    th_buf_clear(&s->out);
    if (i && !s->cli->json) th_buf_char(&s->out, '\n');
    rc = th_cli_value(s->cli, "history") ? show_history(s, nct, err)
                                         : show_study(s, nct, version ? (int)version : -1, err);
    if (rc == 0) rc = th_cli_print(&s->out, err);
  }
  return rc;
}

int th_cmd_show(th_cli *cli) {
  th_err err = {0};
  show s = {.cli = cli, .term = th_tty_of(1)};
  th_registry *registry = NULL;
  th_buf_init(&s.record, 0);
  th_buf_init(&s.out, 0);
  int rc = th_cli_open(cli, TH_REGISTRY_READ_STORE, &registry, &err);
  if (rc == 0 && !(s.parser = th_json_parser_new(TH_STORE_RECORD_MAX, 256)))
    rc = th_err_set(&err, TH_ENOMEM, "out of memory");
  if (rc == 0 && !(s.reader = th_store_reader_acquire(th_registry_store(registry), &err)))
    rc = err.code;
  if (rc == 0) rc = show_all(&s, &err);
  th_store_reader_release(s.reader);
  th_json_parser_free(s.parser);
  th_registry_close(registry);
  th_buf_dispose(&s.record);
  th_buf_dispose(&s.out);
  return rc < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
