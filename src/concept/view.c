/* Opening a dictionary and what stands in it. Every index that comes out of the file is checked
 * where it is used: bytes that do not check give empty answers, never a read outside. */
#include <stdatomic.h>
#include <xxhash.h>

#include "concept/file.h"

static const char *const kinds[TH_CONCEPT_KINDS] = {
    "other", "condition", "drug", "drug class", "procedure", "device", "organism", "gene"};
static const char *const relations[TH_LABEL_RELATIONS] = {"preferred", "synonym", "abbreviation",
                                                          "narrower",  "broader", "related"};

const char *th_concept_kind_text(th_concept_kind kind) {
  return (unsigned)kind < TH_CONCEPT_KINDS ? kinds[kind] : kinds[0];
}

bool th_concept_kind_parse(th_span text, th_concept_kind *out) {
  for (unsigned i = 0; i < TH_CONCEPT_KINDS; i++) {
    if (!th_span_eq_nocase(text, th_span_of(kinds[i]))) continue;
    *out = (th_concept_kind)i;
    return true;
  }
  return false;
}

const char *th_label_relation_text(th_label_relation relation) {
  return (unsigned)relation < TH_LABEL_RELATIONS ? relations[relation] : relations[1];
}

/* ---- opening ---- */

static uint64_t get64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

static int corrupt(th_err *err, const char *what) {
  return th_err_set(err, TH_ECORRUPT, "the dictionary of concepts %s", what);
}

typedef struct body {
  const void *p;
  uint32_t n; /* items */
} body;

/* The body of a section as whole items of a size. */
static int section(const uint8_t *file, size_t n, unsigned which, size_t size, body *out,
                   th_err *err) {
  const uint8_t *at = file + TH_CONCEPT_HEAD + (size_t)which * 16;
  uint64_t offset = get64(at), bytes = get64(at + 8);
  if (offset % 8 || offset > n || bytes > n - offset || bytes % size || bytes / size > UINT32_MAX)
    return corrupt(err, "has a section that does not fit");
  out->p = file + offset;
  out->n = (uint32_t)(bytes / size);
  return 0;
}

static int read_sections(th_concepts *d, const uint8_t *file, size_t n, th_err *err) {
  static const uint8_t sizes[TH_CONCEPT_SECTIONS] = {1,
                                                     sizeof(th_file_source),
                                                     sizeof(th_file_concept),
                                                     sizeof(th_file_label),
                                                     sizeof(th_file_code),
                                                     4,
                                                     4,
                                                     4,
                                                     4,
                                                     8,
                                                     4,
                                                     sizeof(th_file_node),
                                                     4};
  body b[TH_CONCEPT_SECTIONS];
  int rc = 0;
  for (unsigned i = 0; !rc && i < TH_CONCEPT_SECTIONS; i++)
    rc = section(file, n, i, sizes[i], &b[i], err);
  if (rc) return rc;
  if (b[TH_CONCEPT_CONCEPTS].n == 0 || b[TH_CONCEPT_NODES].n < 2 ||
      b[TH_CONCEPT_SLOTS].n & (b[TH_CONCEPT_SLOTS].n - 1) || b[TH_CONCEPT_SLOTS].n == 0 ||
      b[TH_CONCEPT_ROOTS].n != b[TH_CONCEPT_WORDS].n ||
      b[TH_CONCEPT_ORDER].n != b[TH_CONCEPT_CODES].n)
    return corrupt(err, "has sections that do not agree");
  *d = (th_concepts){
      .strings = b[TH_CONCEPT_STRINGS].p,
      .n_strings = b[TH_CONCEPT_STRINGS].n,
      .sources = b[TH_CONCEPT_SOURCES].p,
      .n_sources = b[TH_CONCEPT_SOURCES].n,
      .concepts = b[TH_CONCEPT_CONCEPTS].p,
      .n_concepts = b[TH_CONCEPT_CONCEPTS].n - 1,
      .labels = b[TH_CONCEPT_LABELS].p,
      .n_labels = b[TH_CONCEPT_LABELS].n,
      .codes = b[TH_CONCEPT_CODES].p,
      .n_codes = b[TH_CONCEPT_CODES].n,
      .code_order = b[TH_CONCEPT_ORDER].p,
      .parents = b[TH_CONCEPT_PARENTS].p,
      .n_parents = b[TH_CONCEPT_PARENTS].n,
      .children = b[TH_CONCEPT_CHILDREN].p,
      .n_children = b[TH_CONCEPT_CHILDREN].n,
      .words = b[TH_CONCEPT_WORDS].p,
      .n_words = b[TH_CONCEPT_WORDS].n,
      .slots = b[TH_CONCEPT_SLOTS].p,
      .n_slots = b[TH_CONCEPT_SLOTS].n,
      .roots = b[TH_CONCEPT_ROOTS].p,
      .nodes = b[TH_CONCEPT_NODES].p,
      .n_nodes = b[TH_CONCEPT_NODES].n - 1,
      .hits = b[TH_CONCEPT_HITS].p,
      .n_hits = b[TH_CONCEPT_HITS].n,
      .basis = get64(file + 32),
  };
  return 0;
}

static _Atomic uint64_t openings = 1;

int th_concepts_open(th_concepts *out, const void *bytes, size_t n, bool verify, th_err *err) {
  const uint8_t *p = bytes;
  uint32_t head[2];
  *out = (th_concepts){0};
  if (n < TH_CONCEPT_HEAD + TH_CONCEPT_SECTIONS * 16 || memcmp(p, TH_CONCEPT_MAGIC, 8) != 0)
    return corrupt(err, "is none");
  if ((uintptr_t)p % 8) return th_err_set(err, TH_EUSAGE, "a dictionary must be aligned");
  memcpy(head, p + 16, sizeof head);
  if (head[0] != TH_CONCEPT_VERSION)
    return th_err_set(err, TH_EINPUT, "the dictionary of concepts is of another version");
  if (head[1] != TH_CONCEPT_SECTIONS || get64(p + 24) != n)
    return corrupt(err, "has the wrong length");
  if (verify && XXH3_64bits(p + TH_CONCEPT_HASHED_FROM, n - TH_CONCEPT_HASHED_FROM) != get64(p + 8))
    return corrupt(err, "does not match its checksum");
  int rc = read_sections(out, p, n, err);
  out->opened = atomic_fetch_add_explicit(&openings, 1, memory_order_relaxed);
  if (rc) *out = (th_concepts){0};
  return rc;
}

/* ---- what it holds ---- */

th_span th_concepts_string(const th_concepts *d, uint32_t at) {
  th_span s = {0};
  uint16_t n;
  if (at > d->n_strings || d->n_strings - at < sizeof n) return s;
  memcpy(&n, d->strings + at, sizeof n);
  if (n > d->n_strings - at - sizeof n) return s;
  s.p = d->strings + at + sizeof n;
  s.n = n;
  return s;
}

/* [from, to) cut to what there is. */
static uint32_t range(uint32_t from, uint32_t to, uint32_t n) {
  return from <= to && to <= n ? to - from : 0;
}

bool th_concepts_get(const th_concepts *d, uint32_t concept_id, th_concept *out) {
  *out = (th_concept){0};
  if (concept_id >= d->n_concepts) return false;
  const th_file_concept *c = &d->concepts[concept_id], *next = c + 1;
  *out = (th_concept){
      .label = th_concepts_string(d, c->label),
      .kind = c->kind < TH_CONCEPT_KINDS ? (th_concept_kind)c->kind : TH_CONCEPT_OTHER,
      .n_records = c->n_records,
      .first_label = c->first_label,
      .n_labels = range(c->first_label, next->first_label, d->n_labels),
      .first_code = c->first_code,
      .n_codes = range(c->first_code, next->first_code, d->n_codes),
      .n_parents = range(c->first_parent, next->first_parent, d->n_parents),
      .n_children = range(c->first_child, next->first_child, d->n_children),
  };
  if (out->n_parents) out->parents = d->parents + c->first_parent;
  if (out->n_children) out->children = d->children + c->first_child;
  return true;
}

bool th_concepts_label(const th_concepts *d, uint32_t label, th_label *out) {
  *out = (th_label){0};
  if (label >= d->n_labels) return false;
  const th_file_label *l = &d->labels[label];
  *out = (th_label){
      .text = th_concepts_string(d, l->text),
      .concept_id = l->concept_id,
      .relation =
          l->relation < TH_LABEL_RELATIONS ? (th_label_relation)l->relation : TH_LABEL_RELATED,
      .flags = l->flags,
      .weight = (float)TH_MIN(l->weight, 1000) / 1000.0F,
      .n_records = l->n_records,
      .nct = l->nct,
      .source = l->source,
  };
  return true;
}

bool th_concepts_source(const th_concepts *d, uint32_t source, th_concept_source *out) {
  *out = (th_concept_source){0};
  if (source >= d->n_sources) return false;
  const th_file_source *s = &d->sources[source];
  *out = (th_concept_source){.name = th_concepts_string(d, s->name),
                             .detail = th_concepts_string(d, s->detail),
                             .records = s->flags & 1};
  return true;
}

/* ---- codes ---- */

th_span th_concepts_code(const th_concepts *d, uint32_t code, bool *own) {
  if (own) *own = code < d->n_codes && d->codes[code].own;
  return code < d->n_codes ? th_concepts_string(d, d->codes[code].text) : (th_span){0};
}

static unsigned char upper(char c) {
  return (unsigned char)(c >= 'a' && c <= 'z' ? c - 32 : c);
}

int th_concept_code_cmp(th_span a, th_span b) {
  bool prefix = true;
  for (size_t i = 0; i < a.n && i < b.n; i++) {
    int x = prefix ? upper(a.p[i]) : (unsigned char)a.p[i];
    int y = prefix ? upper(b.p[i]) : (unsigned char)b.p[i];
    if (x != y) return x - y;
    if (x == ':') prefix = false;
  }
  return (a.n > b.n) - (a.n < b.n);
}

size_t th_concepts_by_code(const th_concepts *d, th_span code, uint32_t *out, size_t cap) {
  uint32_t low = 0, high = d->n_codes;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (th_concept_code_cmp(th_concepts_code(d, d->code_order[mid], NULL), code) < 0)
      low = mid + 1;
    else
      high = mid;
  }
  size_t n = 0;
  for (; low < d->n_codes; low++, n++) {
    uint32_t at = d->code_order[low];
    if (th_concept_code_cmp(th_concepts_code(d, at, NULL), code) != 0) break;
    if (n < cap) out[n] = at < d->n_codes ? d->codes[at].concept_id : UINT32_MAX;
  }
  return n;
}

/* ---- words ---- */

bool th_concepts_word(const th_concepts *d, th_span key, uint32_t *word) {
  if (d->n_slots == 0) return false;
  uint64_t hash = XXH3_64bits(key.p, key.n);
  uint32_t mask = d->n_slots - 1, at = (uint32_t)hash & mask;
  for (uint32_t steps = 0; steps <= mask; steps++, at = (at + 1) & mask) {
    uint64_t slot = d->slots[at];
    if (slot == 0) return false;
    if (slot >> 32 != hash >> 32) continue;
    uint32_t id = (uint32_t)slot - 1;
    if (id >= d->n_words || !th_span_eq(th_concepts_string(d, d->words[id]), key)) continue;
    *word = id;
    return true;
  }
  return false;
}

uint32_t th_concepts_step(const th_concepts *d, uint32_t node, uint32_t word) {
  if (node == 0) return word < d->n_words && d->roots[word] < d->n_nodes ? d->roots[word] : 0;
  if (node >= d->n_nodes) return 0;
  uint32_t low = d->nodes[node].first_child, high = d->nodes[node + 1].first_child;
  if (high > d->n_nodes) return 0;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (d->nodes[mid].word < word)
      low = mid + 1;
    else if (d->nodes[mid].word > word)
      high = mid;
    else
      return mid;
  }
  return 0;
}

const uint32_t *th_concepts_hits(const th_concepts *d, uint32_t node, uint32_t *n) {
  *n = 0;
  if (node >= d->n_nodes) return NULL;
  uint32_t from = d->nodes[node].first_hit;
  *n = range(from, d->nodes[node + 1].first_hit, d->n_hits);
  return *n ? d->hits + from : NULL;
}
