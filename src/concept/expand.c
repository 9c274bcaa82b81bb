/* Other wordings of what was typed. */
#define _GNU_SOURCE
#include <stdio.h>

#include "concept/file.h"
#include "concept/key.h"
#include "text/token.h"

typedef struct expansion {
  const th_concepts *d;
  th_expand_options options;
  th_arena *arena;
  bool upper;     /* typed in capitals */
  uint32_t typed; /* node of what was typed */
  th_alternative *out;
  size_t n, cap;
} expansion;

/* ---- the node of a run of words ---- */

typedef struct run {
  th_span words[TH_LABEL_WORDS_MAX * 2];
  char keys[TH_LABEL_WORDS_MAX * 2][TH_KEY_MAX];
  size_t n;
} run;

static uint32_t walk_words(const th_concepts *d, const run *r) {
  uint32_t node = 0, word;
  for (size_t i = 0; i < r->n; i++) {
    if (!th_concepts_word(d, r->words[i], &word)) return 0;
    node = th_concepts_step(d, node, word);
    if (node == 0) return 0;
  }
  return node;
}

static bool add_key(run *r, th_span word) {
  th_span before = r->n ? r->words[r->n - 1] : (th_span){0};
  if (r->n == TH_COUNT(r->words)) return false;
  size_t n = th_concept_key(before, word, r->keys[r->n]);
  r->words[r->n] = (th_span){r->keys[r->n], n};
  r->n++;
  return true;
}

/* The words of a text; joined: compounds as one word each. False when they are too many. */
static bool read_run(run *r, th_span text, bool joined) {
  th_tokens tokens;
  th_token tok;
  size_t parts = 0;
  r->n = 0;
  th_tokens_init(&tokens, text);
  while (th_token_next(&tokens, &tok)) {
    if (tok.flags & TH_TOKEN_JOINED) {
      if (!joined) continue;
      r->n -= TH_MIN(parts, r->n);
    }
    parts = tok.flags & TH_TOKEN_PART ? parts + 1 : 0;
    if (!add_key(r, tok.text)) return false;
  }
  return r->n > 0;
}

static bool in_capitals(th_span s) {
  bool capital = false;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] >= 'a' && s.p[i] <= 'z') return false;
    capital = capital || (s.p[i] >= 'A' && s.p[i] <= 'Z');
  }
  return capital;
}

/* ---- gathering ---- */

static bool takes(const expansion *x, const th_file_label *l) {
  if (l->relation > TH_LABEL_ABBREVIATION || (l->flags & TH_LABEL_AMBIGUOUS)) return false;
  return x->upper || !(l->flags & TH_LABEL_COMMON);
}

static int add(expansion *x, th_alternative a) {
  if (x->n == x->cap) {
    size_t cap = x->cap ? x->cap * 2 : 32;
    th_alternative *p = th_arena_alloc(x->arena, cap * sizeof *p);
    if (!p) return TH_ENOMEM;
    if (x->n) memcpy(p, x->out, x->n * sizeof *p);
    x->out = p;
    x->cap = cap;
  }
  x->out[x->n++] = a;
  return 0;
}

/* The labels of a concept as alternatives for a label that was typed. */
static int add_labels(expansion *x, uint32_t concept_id, uint32_t typed, float factor,
                      bool narrower) {
  th_concept c;
  th_label l, t;
  int rc = 0;
  if (!th_concepts_get(x->d, concept_id, &c) || !th_concepts_label(x->d, typed, &t)) return 0;
  for (uint32_t i = 0; !rc && i < c.n_labels; i++) {
    uint32_t at = c.first_label + i;
    if (at == typed || !th_concepts_label(x->d, at, &l)) continue;
    if (l.relation > TH_LABEL_ABBREVIATION || l.text.n == 0) continue;
    if (l.flags & (TH_LABEL_COMMON | TH_LABEL_AMBIGUOUS)) continue;
    float weight = TH_MIN(l.weight, t.weight) * factor;
    if (weight < x->options.least) continue;
    th_label_relation relation = narrower                              ? TH_LABEL_NARROWER
                                 : l.relation == TH_LABEL_ABBREVIATION ? TH_LABEL_ABBREVIATION
                                                                       : TH_LABEL_SYNONYM;
    rc = add(x, (th_alternative){.text = l.text,
                                 .relation = relation,
                                 .weight = weight,
                                 .concept_id = concept_id,
                                 .label = at,
                                 .typed = typed});
  }
  return rc;
}

static int add_concept(expansion *x, uint32_t typed) {
  th_concept c;
  uint32_t concept_id = x->d->labels[typed].concept_id;
  int rc = add_labels(x, concept_id, typed, 1.0F, false);
  if (rc || !x->options.narrower || !th_concepts_get(x->d, concept_id, &c)) return rc;
  for (uint32_t i = 0; !rc && i < c.n_children; i++)
    rc = add_labels(x, c.children[i], typed, 0.6F, true);
  return rc;
}

/* Best first; then what more records say, then by the place in the file. */
static int by_weight(const void *a, const void *b, void *dict) {
  const th_alternative *x = a, *y = b;
  const th_concepts *d = dict;
  if (x->weight != y->weight) return x->weight < y->weight ? 1 : -1;
  uint32_t nx = d->labels[x->label].n_records, ny = d->labels[y->label].n_records;
  if (nx != ny) return nx < ny ? 1 : -1;
  return (x->label > y->label) - (x->label < y->label);
}

static bool same_run(const run *a, const run *b) {
  if (a->n != b->n) return false;
  for (size_t i = 0; i < a->n; i++)
    if (!th_span_eq(a->words[i], b->words[i])) return false;
  return true;
}

/* "doid 2018-07-05", or "abbreviations of the records, NCT00000102 and 11 more". */
static th_span source_text(const expansion *x, uint32_t label) {
  th_label l;
  th_concept_source s;
  if (!th_concepts_label(x->d, label, &l) || !th_concepts_source(x->d, l.source, &s))
    return TH_SPAN("");
  char *text;
  if (!s.records || !l.nct)
    text = th_arena_printf(x->arena, "%.*s%s%.*s", (int)s.name.n, s.name.p, s.detail.n ? " " : "",
                           (int)s.detail.n, s.detail.p);
  else if (l.n_records > 1)
    text = th_arena_printf(x->arena, "%.*s, NCT%08u and %u more", (int)s.name.n, s.name.p, l.nct,
                           l.n_records - 1);
  else
    text = th_arena_printf(x->arena, "%.*s, NCT%08u", (int)s.name.n, s.name.p, l.nct);
  return th_span_of(text);
}

/* Leaves the best of equal wordings, none that is the typed one, and as many as are asked for. */
static int finish(expansion *x) {
  size_t n = 0;
  run *runs = th_arena_alloc(x->arena, (x->options.most + 1) * sizeof *runs);
  if (!runs) return TH_ENOMEM;
  if (x->n) qsort_r(x->out, x->n, sizeof *x->out, by_weight, (void *)(uintptr_t)x->d);
  for (size_t i = 0; i < x->n && n < x->options.most; i++) {
    if (!read_run(&runs[n], x->out[i].text, false)) continue;
    if (walk_words(x->d, &runs[n]) == x->typed) continue;
    size_t k = 0;
    while (k < n && !same_run(&runs[k], &runs[n]))
      k++;
    if (k < n) continue;
    x->out[n] = x->out[i];
    x->out[n].source = source_text(x, x->out[n].label);
    if (!x->out[n].source.p) return TH_ENOMEM;
    n++;
  }
  x->n = n;
  return 0;
}

static int expand_node(expansion *x, uint32_t node, th_err *err) {
  uint32_t n;
  int rc = 0;
  const uint32_t *hits = th_concepts_hits(x->d, node, &n);
  x->typed = node;
  if (x->options.most == 0) x->options.most = 24;
  if (x->options.least == 0) x->options.least = 0.3F;
  for (uint32_t i = 0; !rc && i < n; i++)
    if (hits[i] < x->d->n_labels && takes(x, &x->d->labels[hits[i]])) rc = add_concept(x, hits[i]);
  if (!rc && x->n) rc = finish(x);
  return rc ? th_err_set(err, rc, "out of memory expanding a term") : 0;
}

/* The node of a text that is a label as a whole; 0: it is none. */
static uint32_t node_of(const th_concepts *d, th_span text) {
  run r;
  uint32_t node = read_run(&r, text, false) ? walk_words(d, &r) : 0;
  if (!node && read_run(&r, text, true)) node = walk_words(d, &r);
  return node;
}

size_t th_concepts_named(const th_concepts *d, th_span text, uint32_t *out, size_t cap) {
  uint32_t n_hits = 0, node = node_of(d, text);
  const uint32_t *hits = node ? th_concepts_hits(d, node, &n_hits) : NULL;
  th_label label;
  size_t n = 0;
  for (uint32_t i = 0; i < n_hits; i++) {
    if (!th_concepts_label(d, hits[i], &label)) continue;
    if (n < cap) out[n] = label.concept_id;
    n++;
  }
  return n;
}

int th_concepts_expand(const th_concepts *d, th_span typed, const th_expand_options *options,
                       th_arena *arena, th_alternative **out, size_t *n, th_err *err) {
  expansion x = {.d = d, .arena = arena, .upper = in_capitals(typed)};
  if (options) x.options = *options;
  *out = NULL;
  *n = 0;
  uint32_t node = node_of(d, typed);
  int rc = node ? expand_node(&x, node, err) : 0;
  *out = x.out;
  *n = rc ? 0 : x.n;
  return rc;
}

int th_concepts_expand_words(const th_concepts *d, const th_span *words, size_t n_words, bool upper,
                             const th_expand_options *options, th_arena *arena,
                             th_alternative **out, size_t *n, th_err *err) {
  run r = {.n = 0};
  expansion x = {.d = d, .arena = arena, .upper = upper};
  if (options) x.options = *options;
  *out = NULL;
  *n = 0;
  for (size_t i = 0; i < n_words; i++)
    if (!add_key(&r, words[i])) return 0;
  uint32_t node = r.n ? walk_words(d, &r) : 0;
  int rc = node ? expand_node(&x, node, err) : 0;
  *out = x.out;
  *n = rc ? 0 : x.n;
  return rc;
}

/* ---- why ---- */

static void put_source(const th_concepts *d, const th_label *l, th_buf *out) {
  th_concept_source s;
  if (!th_concepts_source(d, l->source, &s)) return;
  th_buf_str(out, " (");
  th_buf_span(out, s.name);
  if (s.detail.n) th_buf_char(out, ' '), th_buf_span(out, s.detail);
  if (l->nct) th_buf_printf(out, ", NCT%08u", l->nct);
  if (l->nct && l->n_records > 1) th_buf_printf(out, " and %u more", l->n_records - 1);
  th_buf_char(out, ')');
}

void th_concepts_why(const th_concepts *d, const th_alternative *a, th_buf *out) {
  static const char *const links[TH_LABEL_RELATIONS] = {
      [TH_LABEL_PREFERRED] = "is another name of", [TH_LABEL_SYNONYM] = "is a synonym of",
      [TH_LABEL_ABBREVIATION] = "is short for",    [TH_LABEL_NARROWER] = "is narrower than",
      [TH_LABEL_BROADER] = "is broader than",      [TH_LABEL_RELATED] = "is related to"};
  th_label l, typed;
  if (!th_concepts_label(d, a->label, &l) || !th_concepts_label(d, a->typed, &typed)) return;
  th_buf_char(out, '"');
  th_buf_span(out, l.text);
  th_buf_printf(out, "\" %s \"", links[a->relation]);
  th_buf_span(out, typed.text);
  th_buf_char(out, '"');
  put_source(d, &l, out);
  if (typed.source == l.source && !typed.nct) return;
  th_buf_str(out, "; \"");
  th_buf_span(out, typed.text);
  th_buf_char(out, '"');
  put_source(d, &typed, out);
}
