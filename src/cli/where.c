#include "cli/where.h"

#include "criteria/accepts.h"
#include "query/params.h"
#include "study/catalogue.h"

int th_where_operands(const th_cli *cli, th_arena *arena, th_span *out, th_err *err) {
  th_buf text;
  th_buf_init(&text, 1 << 16);
  for (int i = 0; i < cli->n_operands; i++) {
    if (i) th_buf_char(&text, ' ');
    th_buf_str(&text, cli->operands[i]);
  }
  *out = th_arena_dup(arena, th_buf_view(&text));
  int rc =
      text.error == TH_ELIMIT ? th_err_set(err, TH_EUSAGE, "the query is too long") : text.error;
  if (rc == TH_ENOMEM || (rc == 0 && !out->p)) rc = th_err_set(err, TH_ENOMEM, "out of memory");
  th_buf_dispose(&text);
  return rc;
}

/* Where the next part goes; NULL when there are too many. */
static th_query **next_part(th_where *w, th_err *err) {
  if (w->n < TH_WHERE_PARTS) return &w->parts[w->n++];
  (void)th_err_set(err, TH_EUSAGE, "more than %d conditions", TH_WHERE_PARTS);
  return NULL;
}

static int add_text(th_where *w, th_span text, unsigned area, const char *label, th_err *err) {
  const th_parse_options options = {area, label, w->expander, th_criteria_accepts};
  uint32_t *ncts;
  size_t n;
  th_query **part = next_part(w, err);
  int rc = part ? th_query_numbers(text, w->arena, &ncts, &n, err) : TH_EUSAGE;
  if (rc == 0 && n) w->numbers = true;
  return rc < 0 ? rc : th_query_parse_with(part, w->arena, text, &options, err);
}

int th_where_words(th_where *w, th_err *err) {
  th_span text;
  if (!w->cli->n_operands) return 0;
  int rc = th_where_operands(w->cli, w->arena, &text, err);
  return rc < 0 ? rc : add_text(w, text, th_area_by_param(TH_SPAN("term")), "Other terms", err);
}

int th_where_texts(th_where *w, th_err *err) {
  int rc = 0;
  for (unsigned i = 0; rc == 0 && i < th_n_text_params; i++) {
    const th_text_param *p = &th_text_params[i];
    const char *value = th_cli_value(w->cli, p->name);
    if (value) rc = add_text(w, th_span_of(value), p->area, p->label, err);
  }
  return rc;
}

/* --within goes along with --near. */
static int add_filter(th_where *w, const char *name, const char *value, th_err *err) {
  th_span text = th_span_of(value);
  const char *within = strcmp(name, "near") == 0 ? th_cli_value(w->cli, "within") : NULL;
  if (within) text = th_near_within(w->arena, text, th_span_of(within));
  if (within && !text.n) return th_err_set(err, TH_ENOMEM, "out of memory");
  th_query **part = next_part(w, err);
  return part ? th_filter_parse(part, w->arena, th_span_of(name), text, err) : TH_EUSAGE;
}

int th_where_filters(th_where *w, th_err *err) {
  const char *pair;
  int rc = 0;
  if (th_cli_value(w->cli, "within") && !th_cli_value(w->cli, "near"))
    return th_err_set(err, TH_EUSAGE, "--within needs --near");
  for (unsigned i = 0; rc == 0 && i < th_n_filter_params; i++) {
    const char *name = th_filter_params[i].name, *value = th_cli_value(w->cli, name);
    if (value) rc = add_filter(w, name, value, err);
  }
  for (int i = 0; rc == 0 && (pair = th_cli_nth(w->cli, "accepts", i)); i++) {
    th_query **part = next_part(w, err);
    rc = part ? th_criteria_accepts_pair(part, w->arena, th_span_of(pair), err) : TH_EUSAGE;
  }
  return rc;
}

int th_where_end(th_where *w, const th_query **out, th_err *err) {
  size_t n = w->n;
  *out = NULL;
  w->n = 0;
  if (n == 0) return 0;
  *out = th_query_and(w->arena, w->parts, n);
  return *out ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
}

int th_cli_where(const th_cli *cli, const th_expander *expander, th_arena *arena,
                 const th_query **out, th_err *err) {
  th_where w = {.cli = cli, .arena = arena, .expander = expander};
  *out = NULL;
  int rc = th_where_texts(&w, err);
  if (rc == 0) rc = th_where_filters(&w, err);
  return rc < 0 ? rc : th_where_end(&w, out, err);
}
