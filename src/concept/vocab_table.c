/* Tables: SSSOM mappings (mapping-commons.github.io/sssom) and anything with a heading line that
 * names a column of names: DrugBank's open vocabulary, lists of codes and terms. Quoting after RFC
 * 4180; lists within a cell are separated by '|'. */
#include <stdio.h>

#include "concept/vocab_build.h"

enum { COLUMNS_MAX = 64, CELL_MAX = 1 << 16 };

/* ---- rows ---- */

typedef struct table {
  th_span text;
  size_t at;
  char separator;
  int64_t line, row_line; /* of the reader, of the row given */
  size_t row_at;
  th_buf cells; /* the row's text */
  size_t from[COLUMNS_MAX + 1];
  size_t n;
  const char *fault;
} table;

/* One cell into cells; stands behind its separator or the line's end. True at the row's end. */
static bool read_cell(table *t) {
  bool quoted = t->separator != '\t' && t->at < t->text.n && t->text.p[t->at] == '"';
  t->at += quoted;
  for (; t->at < t->text.n; t->at++) {
    char c = t->text.p[t->at];
    if (quoted && c == '"') {
      if (t->at + 1 < t->text.n && t->text.p[t->at + 1] == '"') {
        t->at++;
      } else {
        quoted = false;
        continue;
      }
    } else if (!quoted && c == t->separator) {
      t->at++;
      return false;
    } else if (c == '\n') {
      t->line++;
      if (!quoted) {
        t->at++;
        return true;
      }
    } else if (c == '\r' && !quoted) {
      continue;
    }
    th_buf_char(&t->cells, c);
  }
  if (quoted) t->fault = "a quotation mark that is never closed";
  return true;
}

/* False at the end. A row that cannot be read has a fault. */
static bool next_row(table *t) {
  while (t->at < t->text.n && (t->text.p[t->at] == '\n' || t->text.p[t->at] == '\r')) {
    t->line += t->text.p[t->at] == '\n';
    t->at++;
  }
  if (t->at >= t->text.n) return false;
  th_buf_clear(&t->cells);
  t->n = 0;
  t->fault = NULL;
  t->row_at = t->at;
  t->row_line = t->line;
  for (bool end = false; !end;) {
    if (t->n < COLUMNS_MAX) t->from[t->n] = t->cells.n;
    end = read_cell(t);
    t->n++;
    if (t->n <= COLUMNS_MAX) t->from[t->n] = t->cells.n;
  }
  if (t->n > COLUMNS_MAX) t->fault = "more than 64 columns", t->n = COLUMNS_MAX;
  if (t->cells.error) t->fault = "a row of more than 64 KB";
  return true;
}

static th_span cell(const table *t, int column) {
  if (column < 0 || (size_t)column >= t->n || t->cells.error) return (th_span){0};
  size_t from = t->from[column], to = t->from[column + 1];
  return th_span_trim((th_span){t->cells.p + from, to - from});
}

static table open_table(th_span text, size_t at, int64_t line, char separator) {
  table t = {.text = text, .at = at, .line = line, .separator = separator};
  th_buf_init(&t.cells, CELL_MAX);
  return t;
}

static int find_column(const table *t, const char *const *names, size_t n) {
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; i < t->n; i++)
      if (th_span_eq_nocase(cell(t, (int)i), th_span_of(names[k]))) return (int)i;
  return -1;
}

static bool check_row(th_vocab *v, const table *t, size_t columns) {
  const char *fault = t->fault;
  char text[80];
  if (!fault && t->n != columns) {
    snprintf(text, sizeof text, "%zu columns instead of %zu", t->n, columns);
    fault = text;
  }
  if (fault) th_vocab_reject(v, t->row_line, (int64_t)t->row_at, fault);
  return !fault;
}

/* ---- SSSOM ---- */

/* Behind the lines of '#' that SSSOM begins with. */
static size_t skip_comments(th_span text, int64_t *line) {
  size_t at = 0, begin = 0;
  th_span l;
  while (begin = at, th_vocab_line(text, &at, &l)) {
    if (!th_span_starts(l, TH_SPAN("#"))) break;
    ++*line;
  }
  return begin;
}

bool th_vocab_is_sssom(th_span text) {
  int64_t line = 1;
  size_t at = skip_comments(text, &line);
  th_span head;
  return th_vocab_line(text, &at, &head) && th_span_find(head, TH_SPAN("subject_id")) >= 0 &&
         th_span_find(head, TH_SPAN("object_id")) >= 0 && memchr(head.p, '\t', head.n);
}

static void read_sssom_head(th_vocab *v, th_span text, size_t end) {
  th_span line;
  for (size_t at = 0; at < end && th_vocab_line(text, &at, &line);) {
    const char *colon = memchr(line.p, ':', line.n);
    if (!colon || line.n < 2) continue;
    th_span key = th_span_trim((th_span){line.p + 1, (size_t)(colon - line.p) - 1});
    th_span value = th_span_trim((th_span){colon + 1, (size_t)(line.p + line.n - colon) - 1});
    if (value.n > 1 && value.p[0] == '"') value = (th_span){value.p + 1, value.n - 2};
    if (th_span_eq(key, TH_SPAN("mapping_set_id"))) th_vocab_called(v, value);
    if (th_span_eq(key, TH_SPAN("mapping_set_version"))) th_vocab_version(v, value);
    if (th_span_eq(key, TH_SPAN("license"))) th_vocab_licence(v, value);
  }
}

typedef struct sssom_columns {
  int subject, subject_label, object, object_label, predicate, modifier;
} sssom_columns;

/* The subject, its label, and the object as a cross reference; the object's label is a synonym. Of
 * the mappings only exact ones say that two things are one. */
static void read_mapping(th_vocab *v, const table *t, const sssom_columns *c) {
  th_span predicate = cell(t, c->predicate), object = cell(t, c->object);
  if (cell(t, c->subject).n == 0 || object.n == 0) {
    th_vocab_reject(v, t->row_line, (int64_t)t->row_at, "a mapping without subject or object");
    return;
  }
  th_vocab_begin(v);
  th_vocab_id(v, cell(t, c->subject));
  th_vocab_name(v, cell(t, c->subject_label));
  th_vocab_code(v, false, object);
  th_vocab_label(v, TH_LABEL_SYNONYM, cell(t, c->object_label));
  bool exact = th_span_find(predicate, TH_SPAN("exactMatch")) >= 0 ||
               th_span_find(predicate, TH_SPAN("equivalentClass")) >= 0;
  v->skip = !exact || cell(t, c->modifier).n > 0;
  th_vocab_end(v);
}

int th_vocab_read_sssom(th_vocab *v, th_span text, th_err *err) {
  static const char *const names[][1] = {{"subject_id"},   {"subject_label"},
                                         {"object_id"},    {"object_label"},
                                         {"predicate_id"}, {"predicate_modifier"}};
  int64_t line = 1;
  size_t at = skip_comments(text, &line);
  table t = open_table(text, at, line, '\t');
  int found[TH_COUNT(names)], rc = 0;
  read_sssom_head(v, text, at);
  if (!next_row(&t)) t.n = 0;
  size_t columns = t.n;
  for (size_t i = 0; i < TH_COUNT(names); i++)
    found[i] = find_column(&t, names[i], 1);
  sssom_columns c = {found[0], found[1], found[2], found[3], found[4], found[5]};
  if (c.subject < 0 || c.object < 0 || c.predicate < 0)
    rc = th_err_set(err, TH_EINPUT, "%s is SSSOM without a subject, object or predicate", v->file);
  while (!rc && !v->error && next_row(&t))
    if (check_row(v, &t, columns)) read_mapping(v, &t, &c);
  th_buf_dispose(&t.cells);
  if (rc) return rc;
  return v->error ? th_err_set(err, v->error, "out of memory reading %s", v->file) : 0;
}

/* ---- tables with names ---- */

static const char *const id_names[] = {"drugbank id", "mesh_id", "id",    "code",     "concept_id",
                                       "curie",       "cui",     "rxcui", "loinc_num"};
static const char *const name_names[] = {"common name",     "mesh_name",       "name", "label",
                                         "preferred_label", "preferred label", "term", "display",
                                         "title",           "concept_name"};
static const char *const synonym_names[] = {"synonyms",    "synonym",     "aliases",
                                            "alias",       "other names", "other_names",
                                            "brand names", "entry_terms"};
static const char *const abbreviation_names[] = {"abbreviation", "abbreviations", "acronym"};
static const char *const parent_names[] = {"parent", "parents", "parent_id", "is_a"};
static const char *const code_names[] = {"xrefs", "xref", "codes", "mappings"};

/* Columns whose values are codes without a prefix, and the prefix. */
static const char *const coded[][2] = {{"cas", "CAS"},     {"cas number", "CAS"},
                                       {"unii", "UNII"},   {"rxnorm", "RXNORM"},
                                       {"atc", "ATC"},     {"mesh", "MESH"},
                                       {"umls", "UMLS"},   {"snomed", "SNOMEDCT"},
                                       {"icd10", "ICD10"}, {"standard inchi key", "INCHIKEY"}};

typedef struct columns {
  size_t n;
  int id, name, synonyms, abbreviations, parents, codes;
  const char *id_prefix; /* of ids without one, or NULL */
  const char *prefix[COLUMNS_MAX];
} columns;

static char find_separator(th_span head) {
  static const char candidates[] = {'\t', ',', ';'};
  for (size_t i = 0; i < sizeof candidates; i++)
    if (head.n && memchr(head.p, candidates[i], head.n)) return candidates[i];
  return 0;
}

#define FIND(t, names) find_column((t), (names), TH_COUNT(names))

static void read_heading(const table *t, columns *c) {
  *c = (columns){.n = t->n,
                 .id = FIND(t, id_names),
                 .name = FIND(t, name_names),
                 .synonyms = FIND(t, synonym_names),
                 .abbreviations = FIND(t, abbreviation_names),
                 .parents = FIND(t, parent_names),
                 .codes = FIND(t, code_names)};
  th_span id = cell(t, c->id);
  if (th_span_eq_nocase(id, TH_SPAN("drugbank id"))) c->id_prefix = "DRUGBANK";
  if (th_span_eq_nocase(id, TH_SPAN("mesh_id"))) c->id_prefix = "MESH";
  if (th_span_eq_nocase(id, TH_SPAN("rxcui"))) c->id_prefix = "RXNORM";
  if (th_span_eq_nocase(id, TH_SPAN("cui"))) c->id_prefix = "UMLS";
  if (th_span_eq_nocase(id, TH_SPAN("loinc_num"))) c->id_prefix = "LOINC";
  for (size_t i = 0; i < t->n; i++)
    for (size_t k = 0; k < TH_COUNT(coded); k++)
      if ((int)i != c->id && th_span_eq_nocase(cell(t, (int)i), th_span_of(coded[k][0])))
        c->prefix[i] = coded[k][1];
}

bool th_vocab_is_table(th_span text) {
  size_t at = 0;
  th_span head;
  columns c = {.name = -1};
  if (th_span_starts(text, TH_SPAN("\xEF\xBB\xBF"))) at = 3;
  if (!th_vocab_line(text, &at, &head) || !find_separator(head)) return false;
  table t = open_table(head, 0, 1, find_separator(head));
  if (next_row(&t) && !t.fault) read_heading(&t, &c);
  th_buf_dispose(&t.cells);
  return c.name >= 0 && c.n >= 2;
}

typedef void (*take_fn)(th_vocab *v, th_span item, const char *prefix);

static void take_synonym(th_vocab *v, th_span item, const char *prefix) {
  (void)prefix;
  th_vocab_label(v, TH_LABEL_SYNONYM, item);
}
static void take_abbreviation(th_vocab *v, th_span item, const char *prefix) {
  (void)prefix;
  th_vocab_label(v, TH_LABEL_ABBREVIATION, item);
}
static void take_parent(th_vocab *v, th_span item, const char *prefix) {
  char code[96];
  if (prefix && item.n < 64 && !memchr(item.p, ':', item.n)) {
    snprintf(code, sizeof code, "%s:%.*s", prefix, (int)item.n, item.p);
    item = th_span_of(code);
  }
  th_vocab_parent(v, item);
}
static void take_code(th_vocab *v, th_span item, const char *prefix) {
  char code[96];
  if (prefix && item.n < 64) {
    snprintf(code, sizeof code, "%s:%.*s", prefix, (int)item.n, item.p);
    item = th_span_of(code);
  }
  th_vocab_code(v, false, item);
}

/* Items of a cell, separated by '|'. */
static void each_item(th_vocab *v, th_span s, const char *prefix, take_fn take) {
  for (size_t at = 0; at < s.n;) {
    const char *bar = memchr(s.p + at, '|', s.n - at);
    size_t n = bar ? (size_t)(bar - s.p) - at : s.n - at;
    th_span item = th_span_trim((th_span){s.p + at, n});
    if (item.n) take(v, item, prefix);
    at += n + 1;
  }
}

static void read_entry(th_vocab *v, const table *t, const columns *c) {
  char code[96];
  th_span id = cell(t, c->id), name = cell(t, c->name);
  if (name.n == 0) {
    th_vocab_reject(v, t->row_line, (int64_t)t->row_at, "a row without a name");
    return;
  }
  if (id.n > 64) {
    th_vocab_reject(v, t->row_line, (int64_t)t->row_at, "a code of more than 64 bytes");
    return;
  }
  th_vocab_begin(v);
  bool bare = id.n && !memchr(id.p, ':', id.n);
  if (bare) {
    snprintf(code, sizeof code, "%s:%.*s", c->id_prefix ? c->id_prefix : v->out->name, (int)id.n,
             id.p);
    id = th_span_of(code);
  }
  th_vocab_id(v, id);
  th_vocab_name(v, name);
  each_item(v, cell(t, c->synonyms), NULL, take_synonym);
  each_item(v, cell(t, c->abbreviations), NULL, take_abbreviation);
  each_item(v, cell(t, c->parents), c->id_prefix ? c->id_prefix : v->out->name, take_parent);
  each_item(v, cell(t, c->codes), NULL, take_code);
  for (size_t i = 0; i < c->n; i++)
    if (c->prefix[i]) each_item(v, cell(t, (int)i), c->prefix[i], take_code);
  th_vocab_end(v);
}

int th_vocab_read_table(th_vocab *v, th_span text, th_err *err) {
  size_t at = th_span_starts(text, TH_SPAN("\xEF\xBB\xBF")) ? 3 : 0, peek = at;
  th_span head = {0};
  columns c;
  if (!th_vocab_line(text, &peek, &head)) head = (th_span){0};
  table t = open_table(text, at, 1, find_separator(head));
  if (!next_row(&t)) t.n = 0;
  read_heading(&t, &c);
  while (!v->error && next_row(&t))
    if (check_row(v, &t, c.n)) read_entry(v, &t, &c);
  th_buf_dispose(&t.cells);
  return v->error ? th_err_set(err, v->error, "out of memory reading %s", v->file) : 0;
}
