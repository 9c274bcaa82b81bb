/* trialhead facets: how the studies of a search spread over the values of fields. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/tty.h"
#include "criteria/accepts.h"
#include "native/native.h"
#include "query/params.h"
#include "registry/concepts.h"
#include "study/catalogue.h"

enum { MOST_PARTS = 64 };

typedef struct facets {
  th_cli *cli;
  th_arena arena;
  th_query *parts[MOST_PARTS];
  size_t n;
  th_facet_spec specs[TH_FACETS_MAX];
  unsigned n_specs;
} facets;

static int read_text(facets *f, th_span text, unsigned area, const char *label,
                     const th_expander *expander, th_err *err) {
  const th_parse_options options = {area, label, expander, th_criteria_accepts};
  return th_query_parse_with(&f->parts[f->n++], &f->arena, text, &options, err);
}

/* The operands together are one expression; options as in `search`. */
static int read_query(facets *f, const th_expander *expander, th_err *err) {
  th_buf text;
  int rc = TH_OK;
  f->n = 0;
  th_buf_init(&text, 1 << 16);
  for (int i = 0; i < f->cli->n_operands; i++)
    th_buf_printf(&text, "%s%s", i ? " " : "", f->cli->operands[i]);
  th_span kept = th_arena_dup(&f->arena, th_buf_view(&text));
  th_buf_dispose(&text);
  if (!kept.p) return th_err_set(err, TH_ENOMEM, "out of memory");
  if (kept.n)
    rc = read_text(f, kept, th_area_by_param(TH_SPAN("term")), "Other terms", expander, err);
  for (unsigned i = 0; !rc && i < th_n_text_params; i++) {
    const th_text_param *p = &th_text_params[i];
    const char *value = th_cli_value(f->cli, p->name);
    if (value) rc = read_text(f, th_span_of(value), p->area, p->label, expander, err);
  }
  for (unsigned i = 0; !rc && i < th_n_filter_params; i++) {
    const char *name = th_filter_params[i].name, *value = th_cli_value(f->cli, name);
    if (value) rc = th_cli_filter(&f->parts[f->n++], f->cli, &f->arena, name, value, err);
  }
  const char *pair;
  for (int i = 0; !rc && (pair = th_cli_nth(f->cli, "accepts", i)); i++)
    rc = f->n < MOST_PARTS
             ? th_criteria_accepts_pair(&f->parts[f->n++], &f->arena, th_span_of(pair), err)
             : th_err_set(err, TH_EUSAGE, "more than %d filters", MOST_PARTS);
  return rc;
}

static int count(facets *f, th_registry *registry, th_buf *out, th_err *err) {
  th_index *index = th_registry_index(registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  const th_query *query = NULL;
  th_concepts dict;
  int rc = th_registry_concepts(snapshot, &dict, err);
  const th_expander expander = th_registry_expander(&dict);
  if (!rc) rc = read_query(f, &expander, err);
  if (!rc && f->n && !(query = th_query_and(&f->arena, f->parts, f->n)))
    rc = th_err_set(err, TH_ENOMEM, "out of memory");
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

static int say(th_span document, th_buf *out, th_err *err) {
  th_json j;
  th_json_parser *parser = th_json_parser_new((size_t)1 << 28, 64);
  if (!parser) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = th_json_parse(parser, document, &j, err);
  uint32_t list = rc ? 0 : th_json_get(&j, 0, TH_SPAN("facets"));
  int64_t total = 0;
  if (!rc) (void)th_json_int(&j, th_json_get(&j, 0, TH_SPAN("totalCount")), &total);
  for (uint32_t i = list ? list + 1 : 0; list && i < j.nodes[list].next; i = j.nodes[i].next) {
    th_span field = th_json_path_text(&j, i, "field");
    th_buf_printf(out, "%.*s\n", (int)field.n, field.p);
    uint32_t values = th_json_get(&j, i, TH_SPAN("values"));
    for (th_json_each(&j, values, v))
      say_value(&j, v, out);
  }
  if (!rc) {
    th_tty_count(out, (uint64_t)total);
    th_buf_str(out, total == 1 ? " study\n" : " studies\n");
  }
  th_json_parser_free(parser);
  return rc;
}

int th_cmd_facets(th_cli *cli) {
  th_err err = {0};
  th_registry *registry = NULL;
  th_buf document, out;
  facets *f = calloc(1, sizeof *f);
  th_buf_init(&document, 0);
  th_buf_init(&out, 0);
  int rc = f ? TH_OK : th_err_set(&err, TH_ENOMEM, "out of memory");
  if (f) f->cli = cli, th_arena_init(&f->arena, (size_t)1 << 30);
  if (!rc) rc = read_query(f, NULL, &err); /* what is asked wrongly is said before opening */
  if (!rc)
    rc =
        th_facets_read(f->specs, &f->n_specs, th_span_of(th_cli_value(cli, "by")), &f->arena, &err);
  if (!rc) rc = th_cli_open(cli, TH_REGISTRY_READ, &registry, &err);
  if (!rc) rc = count(f, registry, &document, &err);
  th_buf_char(&document, '\n');
  if (!rc && !cli->json) rc = say(th_buf_view(&document), &out, &err);
  if (!rc) rc = th_cli_print(cli->json ? &document : &out, &err);
  th_registry_close(registry);
  th_buf_dispose(&document);
  th_buf_dispose(&out);
  if (f) th_arena_dispose(&f->arena);
  free(f);
  return rc < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
