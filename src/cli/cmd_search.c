/* trialhead search: ranked studies for what is asked and filtered. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/tty.h"
#include "cli/where.h"
#include "query/params.h"
#include "query/search.h"
#include "query/suggest.h"
#include "registry/concepts.h"
#include "study/nct.h"
#include "study/view.h"

typedef struct search {
  th_cli *cli;
  th_registry *registry;
  th_arena arena;
  th_search_request request;
  th_search_result result;
  bool numbers; /* study numbers were asked for: filters do not count, as in the registry */
} search;

/* ---- the request ---- */

static int read_scored(search *s, const th_expander *expander, th_err *err) {
  th_where w = {.cli = s->cli, .arena = &s->arena, .expander = expander};
  int rc = th_where_words(&w, err);
  if (rc == 0) rc = th_where_texts(&w, err);
  s->numbers = w.numbers;
  return rc < 0 ? rc : th_where_end(&w, &s->request.scored, err);
}

static int read_filters(search *s, th_err *err) {
  th_where w = {.cli = s->cli, .arena = &s->arena};
  int rc = th_where_filters(&w, err);
  return rc < 0 || s->numbers ? rc : th_where_end(&w, &s->request.filter, err);
}

/* Sorting by distance starts from the point of --near. */
static int read_sort(search *s, th_err *err) {
  const char *text = th_cli_value(s->cli, "sort"), *near = th_cli_value(s->cli, "near");
  if (!text) return 0;
  int rc = th_sort_parse(&s->request.sort[0], th_span_of(text), err);
  if (rc < 0) return rc;
  s->request.n_sort = 1;
  if (s->request.sort[0].field != TH_SORT_DISTANCE) return 0;
  if (!near) return th_err_set(err, TH_EUSAGE, "sorting by distance needs --near");
  th_near point;
  rc = th_near_parse(&point, th_span_of(near), err);
  s->request.point_lat = point.lat;
  s->request.point_lon = point.lon;
  s->request.placed = true;
  return rc;
}

static int read_request(search *s, th_err *err) {
  uint64_t size = 0, from = 0;
  int rc = th_cli_number(s->cli, "count", 10, 0, 100000, &size, err);
  if (rc == 0) rc = th_cli_number(s->cli, "from", 0, 0, 10000000, &from, err);
  if (rc == 0) rc = read_scored(s, NULL, err);
  if (rc == 0) rc = read_filters(s, err);
  if (rc == 0) rc = read_sort(s, err);
  s->request.size = (uint32_t)size;
  s->request.from = (uint32_t)from;
  s->request.count = true;
  s->request.scores = true;
  return rc;
}

/* ---- the answer ---- */

/* What a hit shows of its record; spans are borrowed from the parsed record. */
typedef struct shown {
  char nct[TH_NCT_LEN + 1];
  th_span title, status;
} shown;

static void put_json_hit(th_jout *w, const shown *h, const th_hit *hit) {
  th_jout_object(w);
  th_jout_kv_str(w, "nctId", h->nct);
  th_jout_kv_text(w, "briefTitle", h->title);
  th_jout_kv_text(w, "overallStatus", h->status);
  th_jout_kv_double(w, "score", (double)hit->score);
  if (hit->distance_km >= 0) th_jout_kv_double(w, "distanceKm", hit->distance_km);
  th_jout_end_object(w);
}

static void put_text_hit(th_buf *out, const th_tty *term, const shown *h, const th_hit *hit) {
  th_buf line;
  th_buf_init(&line, 1 << 16);
  th_buf_printf(out, "%s%s%s  ", th_tty_style(term, TH_CYAN), h->nct, th_tty_style(term, TH_PLAIN));
  th_tty_wrap(out, h->title, term->width, -13, 13);
  th_view_put_label(TH_F_OverallStatus, h->status, &line);
  if (hit->distance_km >= 0) th_buf_printf(&line, ", %.0f km", hit->distance_km);
  th_buf_str(out,
             th_tty_style(term, th_span_eq(h->status, TH_SPAN("RECRUITING")) ? TH_GREEN : TH_DIM));
  th_tty_wrap(out, th_buf_view(&line), term->width, 13, 13);
  th_buf_str(out, th_tty_style(term, TH_PLAIN));
  th_buf_dispose(&line);
}

/* Reads each hit's record and lets it be shown in the form asked for. */
static int put_hits(search *s, th_buf *out, th_jout *w, const th_tty *term, th_err *err) {
  th_buf record;
  th_json json;
  int rc = 0;
  th_json_parser *parser = th_json_parser_new(TH_STORE_RECORD_MAX, 256);
  if (!parser) return th_err_set(err, TH_ENOMEM, "out of memory");
  th_buf_init(&record, 0);
  for (uint32_t i = 0; rc == 0 && i < s->result.n_hits; i++) {
    const th_hit *hit = &s->result.hits[i];
    shown h;
    th_buf_clear(&record);
    rc = th_registry_study(s->registry, hit->nct, &record, NULL, NULL, err);
    if (rc == 0) rc = th_json_parse(parser, th_buf_view(&record), &json, err);
    if (rc < 0) break;
    th_nct_format(hit->nct, h.nct);
    h.title = th_json_path_text(&json, 0, "protocolSection.identificationModule.briefTitle");
    h.status = th_json_path_text(&json, 0, "protocolSection.statusModule.overallStatus");
    if (s->cli->json)
      put_json_hit(w, &h, hit);
    else
      put_text_hit(out, term, &h, hit);
  }
  th_buf_dispose(&record);
  th_json_parser_free(parser);
  return rc;
}

static int put_json(search *s, th_buf *out, th_err *err) {
  th_jout w;
  th_jout_init(&w, out, false);
  th_jout_object(&w);
  th_jout_kv_i64(&w, "total", s->result.total);
  th_jout_key(&w, "studies");
  th_jout_array(&w);
  int rc = put_hits(s, out, &w, NULL, err);
  th_jout_end_array(&w);
  th_jout_end_object(&w);
  th_buf_char(out, '\n');
  return rc;
}

static int put_text(search *s, th_buf *out, th_err *err) {
  th_tty term = th_tty_of(1);
  int rc = put_hits(s, out, NULL, &term, err);
  if (s->cli->quiet) return rc;
  if (s->result.n_hits) th_buf_char(out, '\n');
  th_tty_count(out, (uint64_t)s->result.total);
  th_buf_str(out, s->result.total == 1 ? " study" : " studies");
  if (s->result.n_hits && (uint64_t)s->result.total > s->result.n_hits)
    th_buf_printf(out, ", %u to %u shown", s->request.from + 1, s->request.from + s->result.n_hits);
  th_buf_char(out, '\n');
  return rc;
}

/* Who searches beside or behind an unfinished import is told that not all can be found yet. */
static int tell_behind(search *s, th_err *err) {
  uint64_t changes;
  int rc = th_registry_behind(s->registry, &changes, err);
  if (rc == 0 && changes && !s->cli->quiet)
    fprintf(stderr,
            "trialhead search: the index lacks the last %llu changes of the store; "
            "'trialhead index' brings it up\n",
            (unsigned long long)changes);
  return rc;
}

/* Nothing was found: what may have been meant, for people. */
static int tell_spelling(search *s, th_err *err) {
  if (s->result.total || !s->cli->n_operands || s->cli->quiet || s->cli->json) return 0;
  th_span text;
  th_spelling better = {0};
  th_suggester *suggester = th_suggester_new(th_registry_index(s->registry));
  int rc = suggester ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
  if (rc == 0) rc = th_where_operands(s->cli, &s->arena, &text, err);
  if (rc == 0) rc = th_suggest(suggester, text, &s->arena, &better, err);
  if (rc == 0 && better.n)
    fprintf(stderr, "did you mean: %.*s\n", (int)better.text.n, better.text.p);
  th_suggester_free(suggester);
  return rc;
}

/* The texts once more, now with the synonyms of the generation that is searched. */
static int read_expanded(search *s, const th_snapshot *snapshot, th_err *err) {
  th_concepts dict;
  int rc = th_registry_concepts(snapshot, &dict, err);
  if (rc < 0) return rc;
  const th_expander expander = th_registry_expander(&dict);
  return read_scored(s, &expander, err);
}

static int run(search *s, th_err *err) {
  th_buf out;
  int rc = read_request(s, err); /* what is asked wrongly is said before anything is opened */
  if (rc == 0) rc = th_cli_open(s->cli, TH_REGISTRY_READ, &s->registry, err);
  if (rc == 0) rc = tell_behind(s, err);
  if (rc < 0) return rc;
  const th_snapshot *snapshot = th_index_acquire(th_registry_index(s->registry));
  th_buf_init(&out, 0);
  rc = read_expanded(s, snapshot, err);
  if (rc == 0) rc = th_search(snapshot, &s->request, &s->arena, &s->result, err);
  if (rc == 0) rc = s->cli->json ? put_json(s, &out, err) : put_text(s, &out, err);
  if (rc == 0) rc = th_cli_print(&out, err);
  if (rc == 0) rc = tell_spelling(s, err);
  th_buf_dispose(&out);
  th_index_release(th_registry_index(s->registry), snapshot);
  return rc;
}

int th_cmd_search(th_cli *cli) {
  th_err err = {0};
  search s = {.cli = cli};
  th_arena_init(&s.arena, (size_t)1 << 30);
  int rc = run(&s, &err);
  int64_t total = s.result.total;
  th_registry_close(s.registry);
  th_arena_dispose(&s.arena);
  if (rc < 0) return th_cli_fail(cli, &err);
  return total == 0 ? TH_EXIT_NOTHING : TH_EXIT_DONE;
}
