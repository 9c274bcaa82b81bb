/* trialhead eligibility: the criteria of a study, or of a text, read into logic. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/tty.h"
#include "eligibility/json.h"
#include "eligibility/question.h"
#include "registry/concepts.h"
#include "registry/criteria.h"
#include "study/markup.h"
#include "study/nct.h"

#define CRITERIA "protocolSection.eligibilityModule.eligibilityCriteria"

enum { FILE_MAX = 64 << 20 };

typedef struct reading {
  th_cli *cli;
  th_tty term;
  th_arena arena;
  th_buf out, words;
  const th_snapshot *snapshot; /* that the dictionary and the criteria book are of */
  th_concepts dict;
} reading;

/* ---- for people ---- */

static void put_styled(reading *r, th_style style, const char *s) {
  th_buf_printf(&r->out, "%s%s%s", th_tty_style(&r->term, style), s,
                th_tty_style(&r->term, TH_PLAIN));
}

static void put_combine(reading *r, const th_elig_node *n) {
  th_buf_clear(&r->words);
  if (n->flags & TH_ELIG_OPTIONAL)
    th_buf_str(&r->words, "examples");
  else if (n->combine == TH_ELIG_AT_LEAST)
    th_buf_printf(&r->words, "at least %u of", n->at_least);
  else
    th_buf_str(&r->words, n->combine == TH_ELIG_ANY ? "any of" : "all of");
  if (n->flags & TH_ELIG_COHORT) th_buf_str(&r->words, ", for some only");
  put_styled(r, TH_CYAN, r->words.p);
}

static void put_item_text(reading *r, th_span text, unsigned first, unsigned indent) {
  th_buf_clear(&r->words);
  th_markup_unescape(text, &r->words);
  th_tty_wrap(&r->out, th_buf_view(&r->words), r->term.width, -(int)first, indent);
}

static void put_facts(reading *r, const th_elig_tree *t, const th_elig_node *n, unsigned indent) {
  for (uint32_t f = n->fact; f < n->fact + n->n_facts; f++) {
    th_buf_clear(&r->words);
    th_elig_fact_words(t, &t->facts[f], &r->words);
    th_buf_printf(&r->out, "%*s%s", (int)indent, "", th_tty_style(&r->term, TH_GREEN));
    th_tty_clean(&r->out, th_buf_view(&r->words));
    th_buf_printf(&r->out, "%s\n", th_tty_style(&r->term, TH_PLAIN));
  }
}

static void put_node(reading *r, const th_elig_tree *t, uint32_t i, const char *id) {
  const th_elig_node *n = &t->nodes[i];
  unsigned indent = 2 + 2u * n->depth;
  th_buf_printf(&r->out, "%*s", (int)indent, "");
  put_styled(r, TH_BOLD, id);
  th_buf_char(&r->out, ' ');
  if (n->flags & TH_ELIG_GROUP) {
    put_combine(r, n);
    th_buf_char(&r->out, '\n');
    return;
  }
  put_item_text(r, th_elig_text(t, i), indent + (unsigned)strlen(id) + 1, indent + 2);
  if (n->flags & TH_ELIG_ALLOWS) {
    th_buf_printf(&r->out, "%*s", (int)indent + 2, "");
    put_styled(r, TH_DIM, "asks for nothing\n");
    return;
  }
  put_facts(r, t, n, indent + 2);
}

/* Nodes [from, to) and what is in them; id: of the group around them, n_id bytes. */
static void put_nodes(reading *r, const th_elig_tree *t, uint32_t from, uint32_t to, char *id,
                      size_t n_id) {
  for (uint32_t i = from; i < to; i = t->nodes[i].next) {
    size_t len = th_elig_id_add(&t->nodes[i], n_id, id);
    put_node(r, t, i, id);
    put_nodes(r, t, i + 1, t->nodes[i].next, id, len);
  }
}

static void put_text(reading *r, const th_elig_tree *t) {
  static const char *const titles[] = {"Criteria of unknown kind", "Inclusion", "Exclusion"};
  char id[TH_ELIG_ID_MAX];
  int kind = -1;
  for (uint32_t i = 0; i < t->n_nodes; i = t->nodes[i].next) {
    if (t->nodes[i].kind != kind) {
      if (kind >= 0) th_buf_char(&r->out, '\n');
      kind = t->nodes[i].kind;
      put_styled(r, TH_BOLD, titles[kind]);
      th_buf_char(&r->out, '\n');
    }
    put_nodes(r, t, i, t->nodes[i].next, id, 0);
  }
}

static int put_tree(reading *r, const char *nct, const th_elig_tree *tree, th_err *err) {
  th_jout w;
  th_buf_clear(&r->out);
  if (r->cli->json) {
    th_jout_init(&w, &r->out, false);
    th_elig_json(tree, nct, &w);
    th_buf_char(&r->out, '\n');
  } else {
    if (nct) th_buf_printf(&r->out, "%s\n\n", nct);
    put_text(r, tree);
  }
  return th_cli_print(&r->out, err);
}

/* ---- one text ---- */

static int read_file(reading *r, const char *path, th_err *err) {
  th_buf text;
  th_elig_tree tree;
  th_buf_init(&text, FILE_MAX);
  int rc = th_cli_read(&text, path, err);
  if (rc == 0)
    rc = th_elig_read_concepts(th_buf_view(&text), &r->dict, NULL, &r->arena, &tree, err);
  if (rc == 0) rc = put_tree(r, NULL, &tree, err);
  th_buf_dispose(&text);
  return rc;
}

/* ---- studies ---- */

static int read_study(reading *r, th_store_reader *reader, th_json_parser *parser, th_buf *record,
                      uint32_t nct, th_err *err) {
  th_record found;
  th_json json;
  th_elig_tree tree;
  char name[TH_NCT_LEN + 1];
  th_err first = {0};
  uint32_t current;
  int rc = th_store_get(reader, nct, -1, record, &found, &first);
  if (rc == TH_ENOTFOUND && th_store_alias(reader, nct, &current, &(th_err){0}) == 0) {
    nct = current;
    th_err_clear(&first);
    rc = th_store_get(reader, nct, -1, record, &found, &first);
  }
  th_nct_format(nct, name);
  if (rc == TH_ENOTFOUND) return th_err_set(err, rc, "there is no study %s", name);
  if (rc < 0) return *err = first, rc;
  th_arena_reset(&r->arena, false);
  rc = th_json_parse(parser, found.json, &json, err);
  if (rc == 0)
    rc = th_registry_criteria(r->snapshot, &found, th_json_path_text(&json, 0, CRITERIA), &r->arena,
                              &tree, err);
  return rc < 0 ? rc : put_tree(r, name, &tree, err);
}

static int read_studies(reading *r, th_registry *registry, th_err *err) {
  th_buf record;
  th_buf_init(&record, 0);
  th_json_parser *parser = th_json_parser_new(TH_STORE_RECORD_MAX, 256);
  th_store_reader *reader = th_store_reader_acquire(th_registry_store(registry), err);
  int rc = !reader ? err->code : !parser ? th_err_set(err, TH_ENOMEM, "out of memory") : 0;
  for (int i = 0; rc == 0 && i < r->cli->n_operands; i++) {
    uint32_t nct;
    rc = th_cli_nct(r->cli->operands[i], &nct, err);
    if (rc == 0) rc = read_study(r, reader, parser, &record, nct, err);
  }
  th_store_reader_release(reader);
  th_json_parser_free(parser);
  th_buf_dispose(&record);
  return rc;
}

/* A text can do without a dictionary, and so without a data directory. */
static int open_registry(reading *r, bool needed, th_registry **out, th_err *err) {
  th_err why = {0};
  int rc = th_cli_open(r->cli, TH_REGISTRY_READ, out, &why);
  if (rc == TH_ENOTFOUND && !needed) return 0;
  if (rc < 0) return *err = why, rc;
  r->snapshot = th_index_acquire(th_registry_index(*out));
  return th_registry_concepts(r->snapshot, &r->dict, err);
}

static void close_registry(reading *r, th_registry *registry) {
  if (r->snapshot) th_index_release(th_registry_index(registry), r->snapshot);
  th_registry_close(registry);
}

int th_cmd_eligibility(th_cli *cli) {
  th_err err = {0};
  reading r = {.cli = cli, .term = th_tty_of(1)};
  th_registry *registry = NULL;
  const char *file = th_cli_value(cli, "file");
  th_arena_init(&r.arena, 0);
  th_buf_init(&r.out, 0);
  th_buf_init(&r.words, 0);
  int rc = 0;
  if ((file != NULL) == (cli->n_operands > 0))
    rc = th_err_set(&err, TH_EUSAGE, "name studies, or a text with --file");
  else if ((rc = open_registry(&r, !file, &registry, &err)) == 0)
    rc = file ? read_file(&r, file, &err) : read_studies(&r, registry, &err);
  close_registry(&r, registry);
  th_arena_dispose(&r.arena);
  th_buf_dispose(&r.out);
  th_buf_dispose(&r.words);
  return rc < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
