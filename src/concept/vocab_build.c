#include "concept/vocab_build.h"

enum { ENTRY_MAX = 1 << 20, BODY_MAX = 1 << 29 };

void th_vocab_init(th_vocab *v, th_vocabulary *out, const th_vocabulary_options *options,
                   const char *file) {
  *v = (th_vocab){.out = out, .options = options, .file = file};
  th_buf_init(&v->id, ENTRY_MAX);
  th_buf_init(&v->name, ENTRY_MAX);
  th_buf_init(&v->labels, ENTRY_MAX);
  th_buf_init(&v->codes, ENTRY_MAX);
  th_buf_init(&v->parents, ENTRY_MAX);
}

void th_vocab_dispose(th_vocab *v) {
  th_buf_dispose(&v->id);
  th_buf_dispose(&v->name);
  th_buf_dispose(&v->labels);
  th_buf_dispose(&v->codes);
  th_buf_dispose(&v->parents);
}

/* ---- an entry ---- */

static void put_str(th_buf *b, th_span s) {
  th_buf_varint(b, s.n);
  th_buf_put(b, s.p, s.n);
}

void th_vocab_begin(th_vocab *v) {
  th_buf_clear(&v->id);
  th_buf_clear(&v->name);
  th_buf_clear(&v->labels);
  th_buf_clear(&v->codes);
  th_buf_clear(&v->parents);
  v->n_labels = v->n_codes = v->n_parents = 0;
  v->kind = v->options->has_kind ? v->options->kind : TH_CONCEPT_OTHER;
  v->skip = false;
}

void th_vocab_id(th_vocab *v, th_span id) {
  th_buf_clear(&v->id);
  th_buf_span(&v->id, th_span_trim(id));
}

void th_vocab_name(th_vocab *v, th_span name) {
  th_buf_clear(&v->name);
  th_buf_span(&v->name, th_span_trim(name));
}

void th_vocab_label(th_vocab *v, th_label_relation relation, th_span text) {
  text = th_span_trim(text);
  if (text.n == 0) return;
  th_buf_char(&v->labels, (char)relation);
  put_str(&v->labels, text);
  v->n_labels++;
}

void th_vocab_code(th_vocab *v, bool own, th_span code) {
  char clean[96];
  size_t n;
  if (!th_concept_code_clean(code, clean, sizeof clean, &n)) return;
  th_buf_char(&v->codes, (char)own);
  put_str(&v->codes, (th_span){clean, n});
  v->n_codes++;
}

void th_vocab_parent(th_vocab *v, th_span code) {
  char clean[96];
  size_t n;
  if (!th_concept_code_clean(code, clean, sizeof clean, &n)) return;
  put_str(&v->parents, (th_span){clean, n});
  v->n_parents++;
}

static bool is_too_long(th_vocab *v) {
  const th_buf *all[] = {&v->id, &v->name, &v->labels, &v->codes, &v->parents};
  bool limit = false;
  for (size_t i = 0; i < TH_COUNT(all); i++) {
    if (all[i]->error == TH_ENOMEM) v->error = TH_ENOMEM;
    limit = limit || all[i]->error == TH_ELIMIT;
  }
  return limit;
}

void th_vocab_end(th_vocab *v) {
  char clean[96];
  size_t n = 0;
  th_vocabulary *o = v->out;
  o->read++;
  if (is_too_long(v)) {
    o->read--;
    th_vocab_reject(v, 0, -1, "an entry of more than a megabyte");
    return;
  }
  bool known = th_concept_code_clean(th_buf_view(&v->id), clean, sizeof clean, &n);
  if (v->skip || v->name.n == 0 || (v->id.n && !known)) {
    o->skipped++;
    return;
  }
  if (v->kind == TH_CONCEPT_OTHER && !v->options->has_kind)
    v->kind = th_vocab_kind_of((th_span){clean, n});
  size_t before = o->body.n;
  th_buf_char(&o->body, (char)v->kind);
  put_str(&o->body, (th_span){clean, n});
  put_str(&o->body, th_buf_view(&v->name));
  th_buf_varint(&o->body, v->n_labels);
  th_buf_span(&o->body, th_buf_view(&v->labels));
  th_buf_varint(&o->body, v->n_codes);
  th_buf_span(&o->body, th_buf_view(&v->codes));
  th_buf_varint(&o->body, v->n_parents);
  th_buf_span(&o->body, th_buf_view(&v->parents));
  if (o->body.n > BODY_MAX || o->body.error) {
    if (!o->body.error) th_buf_truncate(&o->body, before);
    v->error = o->body.error ? o->body.error : TH_ELIMIT;
    return;
  }
  o->kept++;
  o->labels += 1 + v->n_labels;
}

void th_vocab_reject(th_vocab *v, int64_t line, int64_t offset, const char *reason) {
  th_vocabulary_reject r = {v->file, v->entry, line, offset, reason};
  v->out->read++;
  v->out->rejected++;
  if (v->options->reject) v->options->reject(v->options->ctx, &r);
}

/* ---- what a file says of itself ---- */

static void set_text(char *to, size_t cap, th_span s) {
  s = th_span_trim(s);
  if (to[0] || s.n == 0) return;
  size_t n = TH_MIN(s.n, cap - 1);
  while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xC0) == 0x80)
    n--;
  for (size_t i = 0; i < n; i++)
    to[i] = (char)((unsigned char)s.p[i] < 0x20 ? ' ' : s.p[i]);
  to[n] = 0;
}

/* The last part of an IRI, without its ending; small letters, digits, '-', '_' and '.'. */
void th_vocab_called(th_vocab *v, th_span name) {
  static const char *const endings[] = {".owl", ".obo", ".json", ".sssom.tsv", ".tsv"};
  char clean[64];
  size_t n = 0;
  name = th_span_trim(name);
  for (size_t i = name.n; i-- > 0;)
    if (name.p[i] == '/' || name.p[i] == '#') {
      name = (th_span){name.p + i + 1, name.n - i - 1};
      break;
    }
  for (size_t i = 0; i < TH_COUNT(endings); i++) {
    size_t len = strlen(endings[i]);
    if (name.n > len && memcmp(name.p + name.n - len, endings[i], len) == 0) name.n -= len;
  }
  for (size_t i = 0; i < name.n && n + 1 < sizeof clean; i++) {
    char c = name.p[i];
    if (c >= 'A' && c <= 'Z') c = (char)(c + 32);
    bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    clean[n++] = plain ? c : '_';
  }
  set_text(v->out->name, sizeof v->out->name, (th_span){clean, n});
}

/* "…/releases/2018-07-05/doid.owl" is the date in it. */
void th_vocab_version(th_vocab *v, th_span version) {
  for (size_t i = 0; i + 10 <= version.n; i++) {
    bool date = true;
    for (size_t k = 0; k < 10 && date; k++) {
      char c = version.p[i + k];
      date = k == 4 || k == 7 ? c == '-' : c >= '0' && c <= '9';
    }
    if (!date) continue;
    version = (th_span){version.p + i, 10};
    break;
  }
  set_text(v->out->version, sizeof v->out->version, version);
}

void th_vocab_licence(th_vocab *v, th_span licence) {
  set_text(v->out->licence, sizeof v->out->licence, licence);
}

th_concept_kind th_vocab_kind_of(th_span code) {
  static const struct {
    const char *prefix;
    th_concept_kind kind;
  } kinds[] = {
      {"DOID:", TH_CONCEPT_CONDITION},     {"ORPHA:", TH_CONCEPT_CONDITION},
      {"MONDO:", TH_CONCEPT_CONDITION},    {"OMIM:", TH_CONCEPT_CONDITION},
      {"HP:", TH_CONCEPT_CONDITION},       {"DRUGBANK:", TH_CONCEPT_DRUG},
      {"CHEBI:", TH_CONCEPT_DRUG},         {"RXNORM:", TH_CONCEPT_DRUG},
      {"NCBITAXON:", TH_CONCEPT_ORGANISM}, {"HGNC:", TH_CONCEPT_GENE},
      {"NCBIGENE:", TH_CONCEPT_GENE},      {"ICD10CM:", TH_CONCEPT_CONDITION},
      {"ICD10:", TH_CONCEPT_CONDITION},    {"ICD9CM:", TH_CONCEPT_CONDITION},
      {"ATC:", TH_CONCEPT_DRUG_CLASS},
  };
  for (size_t i = 0; i < TH_COUNT(kinds); i++)
    if (th_span_starts(code, th_span_of(kinds[i].prefix))) return kinds[i].kind;
  return TH_CONCEPT_OTHER;
}

/* The categories of MeSH: A anatomy, B organisms, C diseases, D chemicals and drugs (D27: their
 * actions and uses, which are classes), E techniques (E07: equipment), F03 mental disorders. */
th_concept_kind th_vocab_kind_of_tree(th_span number) {
  if (th_span_starts(number, TH_SPAN("D27"))) return TH_CONCEPT_DRUG_CLASS;
  if (th_span_starts(number, TH_SPAN("E07"))) return TH_CONCEPT_DEVICE;
  if (th_span_starts(number, TH_SPAN("F03"))) return TH_CONCEPT_CONDITION;
  switch (number.n ? number.p[0] : 0) {
  case 'B':
    return TH_CONCEPT_ORGANISM;
  case 'C':
    return TH_CONCEPT_CONDITION;
  case 'D':
    return TH_CONCEPT_DRUG;
  case 'E':
    return TH_CONCEPT_PROCEDURE;
  default:
    return TH_CONCEPT_OTHER;
  }
}

bool th_vocab_line(th_span text, size_t *at, th_span *line) {
  if (*at >= text.n) return false;
  const char *end = memchr(text.p + *at, '\n', text.n - *at);
  size_t n = end ? (size_t)(end - text.p) - *at : text.n - *at;
  *line = (th_span){text.p + *at, n};
  *at += n + 1;
  if (line->n && line->p[line->n - 1] == '\r') line->n--;
  return true;
}

/* ---- into a draft ---- */

typedef struct cursor {
  const uint8_t *at, *end;
  bool bad;
} cursor;

static uint64_t get_varint(cursor *c) {
  uint64_t v = 0;
  if (!c->bad && !th_varint_read(&c->at, c->end, &v)) c->bad = true;
  return c->bad ? 0 : v;
}

static uint8_t get_byte(cursor *c) {
  if (c->at == c->end) c->bad = true;
  return c->bad ? 0 : *c->at++;
}

static th_span get_str(cursor *c) {
  uint64_t n = get_varint(c);
  if (n > (uint64_t)(c->end - c->at)) c->bad = true;
  if (c->bad) return (th_span){0};
  th_span s = {(const char *)c->at, n};
  c->at += n;
  return s;
}

/* How far a label of each relation may be trusted. */
static const float weights[TH_LABEL_RELATIONS] = {
    [TH_LABEL_PREFERRED] = 1.0F, [TH_LABEL_SYNONYM] = 0.95F, [TH_LABEL_ABBREVIATION] = 0.8F,
    [TH_LABEL_NARROWER] = 0.5F,  [TH_LABEL_BROADER] = 0.4F,  [TH_LABEL_RELATED] = 0.4F,
};

static int add_entry(th_concept_draft *d, unsigned source, cursor *c, th_err *err) {
  uint8_t kind = get_byte(c);
  th_span id = get_str(c);
  th_draft_label l = {.text = get_str(c), .source = source, .relation = TH_LABEL_PREFERRED};
  l.weight = weights[l.relation];
  if (c->bad || kind >= TH_CONCEPT_KINDS) return TH_ECORRUPT;
  int concept_id = th_concept_draft_concept(d, source, (th_concept_kind)kind, id, err);
  int rc = concept_id < 0 ? concept_id : th_concept_draft_label(d, concept_id, &l, err);
  for (uint64_t n = get_varint(c); !rc && n > 0; n--) {
    uint8_t relation = get_byte(c);
    l.text = get_str(c);
    if (c->bad || relation >= TH_LABEL_RELATIONS) return TH_ECORRUPT;
    l.relation = (th_label_relation)relation;
    l.weight = weights[relation];
    rc = th_concept_draft_label(d, concept_id, &l, err);
  }
  for (uint64_t n = rc ? 0 : get_varint(c); !rc && n > 0; n--) {
    bool own = get_byte(c);
    th_span code = get_str(c);
    if (c->bad) return TH_ECORRUPT;
    rc = th_concept_draft_code(d, concept_id, code, own, err);
  }
  for (uint64_t n = rc ? 0 : get_varint(c); !rc && n > 0; n--) {
    th_span parent = get_str(c);
    if (c->bad) return TH_ECORRUPT;
    rc = th_concept_draft_parent(d, concept_id, parent, err);
  }
  return rc ? rc : c->bad ? TH_ECORRUPT : 0;
}

int th_vocabulary_add(th_concept_draft *d, unsigned source, th_span body, th_err *err) {
  cursor c = {(const uint8_t *)body.p, (const uint8_t *)body.p + body.n, false};
  int rc = 0;
  while (!rc && c.at < c.end)
    rc = add_entry(d, source, &c, err);
  if (rc == TH_ECORRUPT) return th_err_set(err, rc, "a vocabulary of the store does not read back");
  return rc;
}
