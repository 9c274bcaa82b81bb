/* trialhead vocabulary: what things are called, from files that a user brings; and what the
 * dictionary made of them and of the records knows. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/tty.h"
#include "concept/vocabulary.h"
#include "registry/concepts.h"
#include "registry/criteria.h"

typedef struct vocabulary {
  th_cli *cli;
  th_registry *registry;
  th_buf out;
  th_jout json;
  uint64_t rejected; /* entries */
  unsigned failed;   /* files */
} vocabulary;

/* ---- import ---- */

/* FILE:LINE: reason */
static void on_reject(void *ctx, const th_vocabulary_reject *r) {
  vocabulary *v = ctx;
  th_buf line;
  th_buf_init(&line, 1 << 16);
  th_tty_clean(&line, th_span_of(r->file));
  if (r->entry) th_buf_char(&line, ':'), th_tty_clean(&line, th_span_of(r->entry));
  if (r->line > 0) th_buf_printf(&line, ":%lld", (long long)r->line);
  th_buf_str(&line, ": ");
  th_tty_clean(&line, th_span_of(r->reason));
  if (r->offset >= 0) th_buf_printf(&line, " (byte %lld)", (long long)r->offset);
  th_buf_char(&line, '\n');
  fwrite(line.p, 1, line.n, stderr);
  th_buf_dispose(&line);
  v->rejected++;
}

static void put_imported(vocabulary *v, const char *file, const th_vocabulary *f, bool replaced) {
  if (v->cli->json) {
    th_jout *w = &v->json;
    th_jout_object(w);
    th_jout_kv_str(w, "file", file);
    th_jout_kv_str(w, "name", f->name);
    th_jout_kv_str(w, "version", f->version[0] ? f->version : NULL);
    th_jout_kv_str(w, "licence", f->licence[0] ? f->licence : NULL);
    th_jout_kv_str(w, "format", f->format);
    th_jout_kv_i64(w, "read", (int64_t)f->read);
    th_jout_kv_i64(w, "kept", (int64_t)f->kept);
    th_jout_kv_i64(w, "skipped", (int64_t)f->skipped);
    th_jout_kv_i64(w, "rejected", (int64_t)f->rejected);
    th_jout_kv_i64(w, "labels", (int64_t)f->labels);
    th_jout_kv_bool(w, "replaced", replaced);
    th_jout_end_object(w);
  } else if (!v->cli->quiet) {
    th_buf *b = &v->out;
    th_tty_clean(b, th_span_of(f->name));
    if (f->version[0]) th_buf_char(b, ' '), th_tty_clean(b, th_span_of(f->version));
    th_buf_printf(b, " (%s%s): ", f->format, replaced ? ", replaces the one before" : "");
    th_tty_count(b, f->read);
    th_buf_str(b, " read, ");
    th_tty_count(b, f->kept);
    th_buf_str(b, " kept, ");
    th_tty_count(b, f->skipped);
    th_buf_str(b, " skipped, ");
    th_tty_count(b, f->rejected);
    th_buf_str(b, " rejected; ");
    th_tty_count(b, f->labels);
    th_buf_str(b, " names\n");
  }
}

/* A file that cannot be read is said, the others go on. */
static int import_file(vocabulary *v, const char *file, const th_vocabulary_options *options,
                       th_err *err) {
  th_vocabulary f;
  th_err why = {0};
  bool replaced = false;
  int rc = th_vocabulary_read(&f, file, options, &why);
  if (rc == 0) rc = th_vocabulary_put(th_registry_store(v->registry), &f, &replaced, err);
  if (rc == 0) put_imported(v, file, &f, replaced);
  th_vocabulary_dispose(&f);
  bool input = rc == TH_EINPUT || rc == TH_ENOTFOUND || rc == TH_ELIMIT || rc == TH_EUSAGE;
  if (!why.code) return rc;
  if (!input) return th_err_set(err, rc, "%s", why.message);
  fprintf(stderr, "trialhead: %s\n", why.message);
  v->failed++;
  return 0;
}

static int run_import(vocabulary *v, th_err *err) {
  th_cli *cli = v->cli;
  th_vocabulary_options o = {.name = th_cli_value(cli, "name"),
                             .licence = th_cli_value(cli, "licence"),
                             .version = th_cli_value(cli, "edition"),
                             .reject = on_reject,
                             .ctx = v};
  const char *kind = th_cli_value(cli, "kind");
  if (cli->n_operands < 2) return th_err_set(err, TH_EUSAGE, "vocabulary import: which files?");
  if (o.name && cli->n_operands > 2)
    return th_err_set(err, TH_EUSAGE, "--name is for one file at a time");
  o.has_kind = kind != NULL;
  if (kind && !th_concept_kind_parse(th_span_of(kind), &o.kind))
    return th_err_set(err, TH_EUSAGE, "%s is no kind of concept", kind);
  int rc = th_cli_open(cli, TH_REGISTRY_WRITE, &v->registry, err);
  for (int i = 1; rc == 0 && i < cli->n_operands; i++)
    rc = import_file(v, cli->operands[i], &o, err);
  return rc ? rc : th_registry_derive(v->registry, NULL, false, NULL, err);
}

/* ---- list, remove ---- */

static int put_info(void *ctx, const th_vocabulary_info *info, th_span body) {
  vocabulary *v = ctx;
  (void)body;
  if (v->cli->json) {
    th_jout *w = &v->json;
    th_jout_object(w);
    th_jout_kv_text(w, "name", info->name);
    th_jout_kv_text(w, "version", info->version);
    th_jout_kv_text(w, "licence", info->licence);
    th_jout_kv_text(w, "format", info->format);
    th_jout_kv_i64(w, "kept", (int64_t)info->kept);
    th_jout_kv_i64(w, "labels", (int64_t)info->labels);
    th_jout_kv_i64(w, "importedUtc", info->imported_utc);
    th_jout_end_object(w);
    return 0;
  }
  th_tty_clean(&v->out, info->name);
  if (info->version.n) th_buf_char(&v->out, ' '), th_tty_clean(&v->out, info->version);
  th_buf_str(&v->out, ": ");
  th_tty_count(&v->out, info->kept);
  th_buf_str(&v->out, " concepts, ");
  th_tty_count(&v->out, info->labels);
  th_buf_str(&v->out, " names");
  if (info->licence.n) th_buf_str(&v->out, "; "), th_tty_clean(&v->out, info->licence);
  th_buf_char(&v->out, '\n');
  return 0;
}

static int run_list(vocabulary *v, th_err *err) {
  int rc = th_cli_open(v->cli, TH_REGISTRY_READ, &v->registry, err);
  if (rc) return rc;
  th_store_reader *reader = th_store_reader_acquire(th_registry_store(v->registry), err);
  rc = reader ? th_vocabularies_each(reader, false, put_info, v, err) : TH_EIO;
  th_store_reader_release(reader);
  return rc;
}

static int run_remove(vocabulary *v, th_err *err) {
  if (v->cli->n_operands < 2) return th_err_set(err, TH_EUSAGE, "vocabulary remove: which one?");
  int rc = th_cli_open(v->cli, TH_REGISTRY_WRITE, &v->registry, err);
  for (int i = 1; rc == 0 && i < v->cli->n_operands; i++)
    rc = th_vocabulary_remove(th_registry_store(v->registry), v->cli->operands[i], err);
  return rc ? rc : th_registry_derive(v->registry, NULL, false, NULL, err);
}

/* ---- lookup ---- */

enum { CONCEPTS_SHOWN = 20, CODES_SHOWN = 12 };

static void put_labels(vocabulary *v, const th_concepts *d, const th_concept *c) {
  for (uint32_t i = 0; i < c->n_labels; i++) {
    th_label l;
    th_concept_source s;
    if (!th_concepts_label(d, c->first_label + i, &l) || !th_concepts_source(d, l.source, &s))
      continue;
    if (v->cli->json) {
      th_jout *w = &v->json;
      th_jout_object(w);
      th_jout_kv_text(w, "text", l.text);
      th_jout_kv_str(w, "relation", th_label_relation_text(l.relation));
      th_jout_kv_double(w, "weight", (double)(int)(l.weight * 1000 + 0.5F) / 1000);
      th_jout_kv_text(w, "source", s.name);
      th_jout_kv_i64(w, "records", l.n_records);
      th_jout_kv_bool(w, "capitalsOnly", l.flags & TH_LABEL_UPPER);
      th_jout_kv_bool(w, "ambiguous", l.flags & TH_LABEL_AMBIGUOUS);
      th_jout_end_object(w);
    } else {
      th_buf_printf(&v->out, "  %s: ", th_label_relation_text(l.relation));
      th_tty_clean(&v->out, l.text);
      th_buf_str(&v->out, " (");
      th_tty_clean(&v->out, s.name);
      if (l.nct) th_buf_printf(&v->out, ", NCT%08u", l.nct);
      th_buf_str(&v->out, l.flags & TH_LABEL_AMBIGUOUS ? ", ambiguous)\n" : ")\n");
    }
  }
}

static void put_codes(vocabulary *v, const th_concepts *d, const th_concept *c) {
  if (!v->cli->json && c->n_codes) th_buf_str(&v->out, "  codes:");
  for (uint32_t i = 0; i < c->n_codes; i++) {
    th_span code = th_concepts_code(d, c->first_code + i, NULL);
    if (v->cli->json)
      th_jout_text(&v->json, code);
    else if (i < CODES_SHOWN)
      th_buf_char(&v->out, ' '), th_tty_clean(&v->out, code);
  }
  if (!v->cli->json && c->n_codes > CODES_SHOWN)
    th_buf_printf(&v->out, " and %u more", c->n_codes - CODES_SHOWN);
  if (!v->cli->json && c->n_codes) th_buf_char(&v->out, '\n');
}

static void put_concept(vocabulary *v, const th_concepts *d, uint32_t id) {
  th_concept c, parent;
  th_jout *w = &v->json;
  if (!th_concepts_get(d, id, &c)) return;
  if (v->cli->json) {
    th_jout_object(w);
    th_jout_kv_text(w, "label", c.label);
    th_jout_kv_str(w, "kind", th_concept_kind_text(c.kind));
    th_jout_key(w, "labels");
    th_jout_array(w);
  } else {
    th_tty_clean(&v->out, c.label);
    th_buf_printf(&v->out, " (%s)\n", th_concept_kind_text(c.kind));
  }
  put_labels(v, d, &c);
  if (v->cli->json) th_jout_end_array(w), th_jout_key(w, "codes"), th_jout_array(w);
  put_codes(v, d, &c);
  if (v->cli->json) th_jout_end_array(w), th_jout_key(w, "parents"), th_jout_array(w);
  for (uint32_t i = 0; i < c.n_parents; i++) {
    if (!th_concepts_get(d, c.parents[i], &parent)) continue;
    if (v->cli->json)
      th_jout_text(w, parent.label);
    else
      th_buf_str(&v->out, "  under: "), th_tty_clean(&v->out, parent.label),
          th_buf_char(&v->out, '\n');
  }
  if (v->cli->json) th_jout_end_array(w), th_jout_end_object(w);
}

typedef struct found {
  const th_concepts *d;
  size_t length; /* of the text: only a mention of all of it counts */
  uint32_t ids[CONCEPTS_SHOWN];
  size_t n;
} found;

static void add_found(found *f, uint32_t id) {
  for (size_t i = 0; i < f->n; i++)
    if (f->ids[i] == id) return;
  if (f->n < CONCEPTS_SHOWN) f->ids[f->n++] = id;
}

static int on_mention(void *ctx, const th_mention *m) {
  found *f = ctx;
  th_label l;
  if (m->from != 0 || m->to != f->length) return 0;
  for (uint32_t i = 0; i < m->n_labels; i++)
    if (th_concepts_label(f->d, m->labels[i], &l)) add_found(f, l.concept_id);
  return 0;
}

static int find_concepts(const th_concepts *d, th_span text, found *f, th_err *err) {
  uint32_t ids[CONCEPTS_SHOWN];
  size_t n = th_concepts_by_code(d, text, ids, CONCEPTS_SHOWN);
  for (size_t i = 0; i < TH_MIN(n, (size_t)CONCEPTS_SHOWN); i++)
    add_found(f, ids[i]);
  th_concept_matcher *m = th_concept_matcher_new();
  int rc =
      m ? th_concepts_match(d, m, text, TH_MATCH_ANY_CASE | TH_MATCH_AMBIGUOUS, on_mention, f, err)
        : th_err_set(err, TH_ENOMEM, "out of memory");
  th_concept_matcher_free(m);
  return rc;
}

static int run_lookup(vocabulary *v, th_err *err) {
  th_concepts d;
  th_buf words;
  th_buf_init(&words, 1 << 16);
  for (int i = 1; i < v->cli->n_operands; i++) {
    if (words.n) th_buf_char(&words, ' ');
    th_buf_str(&words, v->cli->operands[i]);
  }
  int rc =
      words.n && !words.error ? 0 : th_err_set(err, TH_EUSAGE, "vocabulary lookup: which words?");
  if (rc == 0) rc = th_cli_open(v->cli, TH_REGISTRY_READ, &v->registry, err);
  if (rc == 0) {
    th_span text = th_span_trim(th_buf_view(&words));
    const th_snapshot *s = th_index_acquire(th_registry_index(v->registry));
    found f = {.d = &d, .length = text.n};
    rc = th_registry_concepts(s, &d, err);
    if (rc == 0) rc = find_concepts(&d, text, &f, err);
    for (size_t i = 0; rc == 0 && i < f.n; i++)
      put_concept(v, &d, f.ids[i]);
    if (rc == 0 && f.n == 0) rc = TH_EXIT_NOTHING;
    th_index_release(th_registry_index(v->registry), s);
  }
  th_buf_dispose(&words);
  return rc;
}

/* ---- the command ---- */

int th_cmd_vocabulary(th_cli *cli) {
  static const struct {
    const char *name;
    int (*run)(vocabulary *v, th_err *err);
  } actions[] = {
      {"import", run_import}, {"list", run_list}, {"remove", run_remove}, {"lookup", run_lookup}};
  th_err err = {0};
  vocabulary v = {.cli = cli};
  int rc = TH_EUSAGE;
  th_buf_init(&v.out, 0);
  th_jout_init(&v.json, &v.out, false);
  if (cli->json) th_jout_array(&v.json);
  size_t i = 0;
  while (i < TH_COUNT(actions) && strcmp(actions[i].name, cli->operands[0]) != 0)
    i++;
  if (i < TH_COUNT(actions))
    rc = actions[i].run(&v, &err);
  else
    th_err_set(&err, rc, "vocabulary %s: it is import, list, remove or lookup", cli->operands[0]);
  if (cli->json) th_jout_end_array(&v.json), th_buf_char(&v.out, '\n');
  int printed = rc >= 0 ? th_cli_print(&v.out, &err) : 0;
  if (printed < 0) rc = printed;
  th_registry_close(v.registry);
  th_buf_dispose(&v.out);
  if (rc < 0) return th_cli_fail(cli, &err);
  return v.failed || v.rejected ? TH_EXIT_INPUT : rc;
}
