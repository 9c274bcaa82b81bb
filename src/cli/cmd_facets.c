/* trialhead facets: how the studies of a search spread over the values of fields. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/tty.h"
#include "cli/where.h"
#include "native/native.h"
#include "registry/concepts.h"
#include "study/catalogue.h"

typedef struct facets {
  th_cli *cli;
  th_arena arena;
  th_facet_spec specs[TH_FACETS_MAX];
  unsigned n_specs;
} facets;

/* Options as in `search`; what is found is counted and not ranked. */
static int read_query(facets *f, const th_expander *expander, const th_query **out, th_err *err) {
  th_where w = {.cli = f->cli, .arena = &f->arena, .expander = expander};
  int rc = th_where_words(&w, err);
  if (rc == 0) rc = th_where_texts(&w, err);
  if (rc == 0) rc = th_where_filters(&w, err);
  return rc < 0 ? rc : th_where_end(&w, out, err);
}

static int count(facets *f, th_registry *registry, th_buf *out, th_err *err) {
  th_index *index = th_registry_index(registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  const th_query *query = NULL;
  th_concepts dict;
  int rc = th_registry_concepts(snapshot, &dict, err);
  const th_expander expander = th_registry_expander(&dict);
  if (!rc) rc = read_query(f, &expander, &query, err);
  if (!rc) rc = th_facets_put(snapshot, query, f->specs, f->n_specs, &f->arena, out, err);
  th_index_release(index, snapshot);
  return rc;
}

static void say_value(const th_json *j, uint32_t v, th_buf *out) {
  uint32_t from = th_json_get(j, v, TH_SPAN("from")), to = th_json_get(j, v, TH_SPAN("to"));
  th_span value = th_json_path_text(j, v, "value");
  th_span count = th_json_raw(j, th_json_get(j, v, TH_SPAN("count")));
  th_buf_printf(out, "  %9.*s  ", (int)count.n, count.p);
  if (from) {
    th_buf_span(out, th_json_raw(j, from));
    th_buf_str(out, j->nodes[to].type == TH_JNULL ? " and more" : " to below ");
    if (j->nodes[to].type != TH_JNULL) th_buf_span(out, th_json_raw(j, to));
  }
  th_buf_span(out, value);
  th_buf_char(out, '\n');
}

static void say(const th_json *j, th_buf *out) {
  uint32_t list = th_json_get(j, 0, TH_SPAN("facets"));
  int64_t total = 0;
  (void)th_json_int(j, th_json_get(j, 0, TH_SPAN("totalCount")), &total);
  for (uint32_t i = list ? list + 1 : 0; list && i < j->nodes[list].next; i = j->nodes[i].next) {
    th_span field = th_json_path_text(j, i, "field");
    th_buf_printf(out, "%.*s\n", (int)field.n, field.p);
    uint32_t values = th_json_get(j, i, TH_SPAN("values"));
    for (th_json_each(j, values, v))
      say_value(j, v, out);
  }
  th_tty_count(out, (uint64_t)total);
  th_buf_str(out, total == 1 ? " study\n" : " studies\n");
}

int th_cmd_facets(th_cli *cli) {
  th_err err = {0};
  th_registry *registry = NULL;
  const th_query *query;
  th_buf document;
  facets *f = calloc(1, sizeof *f);
  th_buf_init(&document, TH_CLI_ANSWER_MAX);
  int rc = f ? TH_OK : th_err_set(&err, TH_ENOMEM, "out of memory");
  if (f) f->cli = cli, th_arena_init(&f->arena, (size_t)1 << 30);
  if (!rc)
    rc = read_query(f, NULL, &query, &err); /* what is asked wrongly is said before opening */
  if (!rc)
    rc =
        th_facets_read(f->specs, &f->n_specs, th_span_of(th_cli_value(cli, "by")), &f->arena, &err);
  if (!rc) rc = th_cli_open(cli, TH_REGISTRY_READ, &registry, &err);
  if (!rc) rc = count(f, registry, &document, &err);
  if (!rc) rc = th_cli_answer(cli, &document, say, &err);
  th_registry_close(registry);
  th_buf_dispose(&document);
  if (f) th_arena_dispose(&f->arena);
  free(f);
  return rc < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
