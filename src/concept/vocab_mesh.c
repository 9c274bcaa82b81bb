/* MeSH as NLM gives it: descriptors and supplementary records in XML
 * (nlm.nih.gov/mesh/xml_data_elements.html), and the trees as lines. */
#include <expat.h>
#include <stdio.h>

#include "concept/vocab_build.h"

/* ---- XML ---- */

enum { DEPTH_MAX = 64, TEXT_MAX = 1 << 16 };

typedef struct mesh {
  th_vocab *v;
  XML_Parser parser;
  th_buf text;      /* of the element under way */
  th_buf term;      /* of the Term under way */
  int depth, names; /* inside …Name of the record itself */
  bool in_record, in_term, preferred_concept, permuted, short_form, refused, skip_text;
  th_label_relation relation; /* of the Concept under way */
  char path[DEPTH_MAX];       /* the first letter says little; kinds of elements below */
} mesh;

static bool is(const char *name, const char *wanted) {
  return strcmp(name, wanted) == 0;
}

static const char *attribute(const char **attrs, const char *name) {
  for (; *attrs; attrs += 2)
    if (is(attrs[0], name)) return attrs[1];
  return "";
}

static bool is_record(const char *name) {
  return is(name, "DescriptorRecord") || is(name, "SupplementalRecord");
}

static void on_start(void *ctx, const char *name, const char **attrs) {
  mesh *m = ctx;
  if (++m->depth >= DEPTH_MAX) {
    m->refused = true;
    XML_StopParser(m->parser, XML_FALSE);
    return;
  }
  th_buf_clear(&m->text);
  if (is_record(name)) {
    th_vocab_begin(m->v);
    m->in_record = true;
    m->names = m->depth + 1;
  } else if (is(name, "Concept")) {
    m->preferred_concept = is(attribute(attrs, "PreferredConceptYN"), "Y");
    m->relation = m->preferred_concept ? TH_LABEL_SYNONYM : TH_LABEL_RELATED;
  } else if (is(name, "ConceptRelation") && !m->preferred_concept) {
    const char *relation = attribute(attrs, "RelationName");
    m->relation = is(relation, "NRW")   ? TH_LABEL_NARROWER
                  : is(relation, "BRD") ? TH_LABEL_BROADER
                                        : TH_LABEL_RELATED;
  } else if (is(name, "Term")) {
    const char *tag = attribute(attrs, "LexicalTag");
    m->in_term = true;
    m->permuted = is(attribute(attrs, "IsPermutedTermYN"), "Y");
    m->short_form = is(tag, "ABB") || is(tag, "ACR");
    th_buf_clear(&m->term);
  }
}

static void on_text(void *ctx, const char *text, int n) {
  mesh *m = ctx;
  if (m->in_record && m->text.n < TEXT_MAX) th_buf_put(&m->text, text, (size_t)n);
}

/* A tree number is a code of its own; what is above it is its beginning. */
static void add_tree_number(th_vocab *v, th_span number) {
  char code[80];
  size_t cut = number.n;
  if (number.n == 0 || number.n > 64) return;
  snprintf(code, sizeof code, "MESHTREE:%.*s", (int)number.n, number.p);
  th_vocab_code(v, true, th_span_of(code));
  if (v->kind == TH_CONCEPT_OTHER) v->kind = th_vocab_kind_of_tree(number);
  while (cut > 0 && number.p[cut - 1] != '.')
    cut--;
  if (cut <= 1) return;
  snprintf(code, sizeof code, "MESHTREE:%.*s", (int)cut - 1, number.p);
  th_vocab_parent(v, th_span_of(code));
}

static void end_record(mesh *m) {
  char place[64];
  if (m->v->id.n == 0 || m->v->name.n == 0) {
    snprintf(place, sizeof place, "a record without %s", m->v->id.n ? "a name" : "a number");
    th_vocab_reject(m->v, (int64_t)XML_GetCurrentLineNumber(m->parser),
                    XML_GetCurrentByteIndex(m->parser), place);
  } else {
    th_vocab_end(m->v);
  }
  m->in_record = false;
}

static void on_end(void *ctx, const char *name) {
  mesh *m = ctx;
  th_span text = th_span_trim(th_buf_view(&m->text));
  char code[80];
  int depth = m->depth--;
  if (!m->in_record) return;
  if (is_record(name)) {
    end_record(m);
  } else if (depth == m->names && (is(name, "DescriptorUI") || is(name, "SupplementalRecordUI"))) {
    if (text.n < 64) {
      snprintf(code, sizeof code, "MESH:%.*s", (int)text.n, text.p);
      th_vocab_id(m->v, th_span_of(code));
    }
  } else if (is(name, "String") && m->in_term) {
    th_buf_clear(&m->term);
    th_buf_span(&m->term, text);
  } else if (is(name, "String") && depth == m->names + 1 && m->v->name.n == 0) {
    th_vocab_name(m->v, text);
  } else if (is(name, "Term")) {
    m->in_term = false;
    th_label_relation relation =
        m->short_form && m->preferred_concept ? TH_LABEL_ABBREVIATION : m->relation;
    if (!m->permuted) th_vocab_label(m->v, relation, th_buf_view(&m->term));
  } else if (is(name, "TreeNumber")) {
    add_tree_number(m->v, text);
  }
  th_buf_clear(&m->text);
}

static void on_entity(void *ctx, const char *name, int is_parameter, const char *value, int n,
                      const char *base, const char *system, const char *public, const char *note) {
  mesh *m = ctx;
  (void)name, (void)is_parameter, (void)value, (void)n, (void)base, (void)system, (void)public,
      (void)note;
  m->refused = true;
  XML_StopParser(m->parser, XML_FALSE);
}

static int parse(mesh *m, th_span text) {
  enum { STEP = 1 << 20 };
  XML_SetUserData(m->parser, m);
  XML_SetElementHandler(m->parser, on_start, on_end);
  XML_SetCharacterDataHandler(m->parser, on_text);
  XML_SetEntityDeclHandler(m->parser, on_entity);
  for (size_t at = 0; at < text.n; at += STEP) {
    size_t n = TH_MIN(text.n - at, (size_t)STEP);
    if (XML_Parse(m->parser, text.p + at, (int)n, at + n == text.n) == XML_STATUS_ERROR)
      return TH_EINPUT;
    if (m->v->error) return m->v->error;
  }
  return 0;
}

int th_vocab_read_mesh_xml(th_vocab *v, th_span text, th_err *err) {
  mesh m = {.v = v, .parser = XML_ParserCreate(NULL)};
  if (!m.parser) return th_err_set(err, TH_ENOMEM, "out of memory reading %s", v->file);
  th_buf_init(&m.text, 0);
  th_buf_init(&m.term, 0);
  th_vocab_called(v, TH_SPAN("mesh"));
  th_vocab_licence(v, TH_SPAN("U.S. National Library of Medicine, MeSH terms and conditions"));
  int rc = parse(&m, text);
  if (rc == TH_EINPUT) {
    /* What came before the damage is good and stays. */
    const char *why = m.refused ? "entities, or elements too deep within one another"
                                : XML_ErrorString(XML_GetErrorCode(m.parser));
    th_vocab_reject(v, (int64_t)XML_GetCurrentLineNumber(m.parser),
                    XML_GetCurrentByteIndex(m.parser), why);
    rc = 0;
  }
  if (!rc && (m.text.error || m.term.error)) rc = TH_ENOMEM;
  XML_ParserFree(m.parser);
  th_buf_dispose(&m.text);
  th_buf_dispose(&m.term);
  return rc ? th_err_set(err, rc, "out of memory reading %s", v->file) : 0;
}

/* ---- trees ---- */

/* A letter and two digits, then groups of three digits. */
static bool is_tree_number(th_span s) {
  if (s.n < 3 || s.n > 64 || (s.n - 3) % 4 || s.p[0] < 'A' || s.p[0] > 'Z') return false;
  for (size_t i = 1; i < s.n; i++) {
    bool point = i >= 3 && (i - 3) % 4 == 0;
    if (point ? s.p[i] != '.' : s.p[i] < '0' || s.p[i] > '9') return false;
  }
  return true;
}

/* "C08.127.108<TAB>Asthma" or "Asthma;C08.127.108". */
static bool split_tree_line(th_span line, th_span *number, th_span *term) {
  const char *tab = line.n ? memchr(line.p, '\t', line.n) : NULL;
  if (tab) {
    *number = (th_span){line.p, (size_t)(tab - line.p)};
    *term = th_span_trim((th_span){tab + 1, line.n - number->n - 1});
  } else {
    size_t at = line.n;
    while (at > 0 && line.p[at - 1] != ';')
      at--;
    if (at == 0) return false;
    *term = th_span_trim((th_span){line.p, at - 1});
    *number = th_span_trim((th_span){line.p + at, line.n - at});
  }
  return term->n > 0 && is_tree_number(*number);
}

bool th_vocab_is_tree(th_span text) {
  enum { LINES = 5 };
  th_span line, number, term;
  int good = 0;
  size_t at = 0;
  for (int i = 0; i < LINES && th_vocab_line(text, &at, &line); i++)
    good += split_tree_line(line, &number, &term);
  return good > 0 && (good >= LINES - 1 || at >= text.n);
}

typedef struct tree_line {
  th_span number, term;
} tree_line;

static int by_term(const void *a, const void *b) {
  const tree_line *x = a, *y = b;
  int c = th_span_cmp(x->term, y->term);
  return c ? c : th_span_cmp(x->number, y->number);
}

/* One term stands at several places of the trees: its lines become one entry. */
static void put_terms(th_vocab *v, tree_line *lines, size_t n) {
  if (n) qsort(lines, n, sizeof *lines, by_term);
  for (size_t i = 0, end; i < n && !v->error; i = end) {
    th_vocab_begin(v);
    th_vocab_name(v, lines[i].term);
    for (end = i; end < n && th_span_eq(lines[end].term, lines[i].term); end++)
      add_tree_number(v, lines[end].number);
    th_vocab_end(v);
  }
}

int th_vocab_read_tree(th_vocab *v, th_span text, th_err *err) {
  tree_line *lines = NULL;
  size_t n = 0, cap = 0;
  int64_t number = 0;
  th_span line;
  int rc = 0;
  th_vocab_called(v, TH_SPAN("mesh-trees"));
  for (size_t at = 0; !rc && th_vocab_line(text, &at, &line);) {
    tree_line t;
    number++;
    if (th_span_trim(line).n == 0) continue;
    if (!split_tree_line(line, &t.number, &t.term)) {
      th_vocab_reject(v, number, line.p - text.p, "not a tree number and a term");
      continue;
    }
    if (n == cap) {
      cap = cap ? cap * 2 : 1024;
      tree_line *p = realloc(lines, cap * sizeof *p);
      if (!p) {
        rc = TH_ENOMEM;
        break;
      }
      lines = p;
    }
    lines[n++] = t;
  }
  if (!rc) put_terms(v, lines, n);
  free(lines);
  if (!rc) rc = v->error;
  return rc ? th_err_set(err, rc, "out of memory reading %s", v->file) : 0;
}
