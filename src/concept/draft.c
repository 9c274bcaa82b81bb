/* Gathering what sources say. */
#include "concept/draft.h"

#include <xxhash.h>

#include "concept/draft_private.h"
#include "concept/label.h"

#define NONE UINT32_MAX

/* ---- distinct strings ---- */

/* Where the slot's text would be looked for first is known without the text. */
static int rehash(th_distinct *s) {
  uint32_t n = s->n_slots ? s->n_slots * 2 : 1024;
  uint64_t *slots = calloc(n, sizeof *slots);
  if (!slots) return TH_ENOMEM;
  for (uint32_t i = 0; i < s->n_slots; i++) {
    uint32_t at = (uint32_t)(s->slots[i] >> 32) & (n - 1);
    if (!s->slots[i]) continue;
    while (slots[at])
      at = (at + 1) & (n - 1);
    slots[at] = s->slots[i];
  }
  free(s->slots);
  s->slots = slots;
  s->n_slots = n;
  return 0;
}

/* The text's slot, or the empty one where it belongs. There are slots. */
static uint64_t *slot_of(const th_distinct *s, th_span text, uint32_t hash) {
  uint32_t at = hash & (s->n_slots - 1);
  for (; s->slots[at]; at = (at + 1) & (s->n_slots - 1))
    if (s->slots[at] >> 32 == hash && th_span_eq(s->items[(uint32_t)s->slots[at] - 1], text)) break;
  return &s->slots[at];
}

static uint32_t hash_of(th_span text) {
  return (uint32_t)XXH3_64bits(text.p, text.n);
}

int th_distinct_add(th_distinct *s, th_span text, uint32_t *out) {
  if (s->n >= UINT32_MAX / 4) return TH_ELIMIT;
  if (s->n * 2 >= s->n_slots && rehash(s)) return TH_ENOMEM;
  uint32_t hash = hash_of(text);
  uint64_t *slot = slot_of(s, text, hash);
  if (*slot) {
    *out = (uint32_t)*slot - 1;
    return 0;
  }
  size_t cap = s->cap;
  th_span *items = th_draft_grown(s->items, &cap, s->n, sizeof *items);
  if (!items) return TH_ENOMEM;
  s->items = items;
  s->cap = (uint32_t)cap;
  th_span copy = th_arena_dup(&s->arena, text);
  if (!copy.p) return TH_ENOMEM;
  s->items[s->n] = copy;
  *slot = (uint64_t)hash << 32 | ++s->n;
  *out = s->n - 1;
  return 0;
}

uint32_t th_distinct_find(const th_distinct *s, th_span text) {
  if (!s->n_slots) return NONE;
  uint64_t *slot = slot_of(s, text, hash_of(text));
  return *slot ? (uint32_t)*slot - 1 : NONE;
}

void th_distinct_dispose(th_distinct *s) {
  th_arena_dispose(&s->arena);
  free(s->items);
  free(s->slots);
  *s = (th_distinct){0};
}

void *th_draft_grown(void *array, size_t *cap, size_t n, size_t size) {
  if (n < *cap) return array;
  size_t wanted = *cap ? *cap * 2 : 64, bytes;
  if (__builtin_mul_overflow(wanted, size, &bytes)) return NULL;
  void *p = realloc(array, bytes);
  if (p) *cap = wanted;
  return p;
}

/* ---- the draft ---- */

th_concept_draft *th_concept_draft_new(void) {
  return calloc(1, sizeof(th_concept_draft));
}

void th_concept_draft_free(th_concept_draft *d) {
  if (!d) return;
  th_distinct_dispose(&d->texts);
  th_distinct_dispose(&d->codes);
  th_distinct_dispose(&d->words);
  th_distinct_dispose(&d->phrases);
  free(d->concepts);
  free(d->labels);
  free(d->xrefs);
  free(d->parents);
  free(d->named);
  free(d);
}

static int no_memory(th_err *err) {
  return th_err_set(err, TH_ENOMEM, "out of memory making the dictionary of concepts");
}

int th_concept_draft_source(th_concept_draft *d, const th_draft_source *source, th_err *err) {
  if (d->n_sources == TH_DRAFT_SOURCES_MAX)
    return th_err_set(err, TH_ELIMIT, "a dictionary takes %d sources at most",
                      TH_DRAFT_SOURCES_MAX);
  d_source *s = &d->sources[d->n_sources];
  *s = (d_source){.rank = source->rank, .records = source->records, .own = source->own};
  if (th_distinct_add(&d->texts, source->name, &s->name) ||
      th_distinct_add(&d->texts, source->detail, &s->detail))
    return no_memory(err);
  return (int)d->n_sources++;
}

static int add_code(th_concept_draft *d, d_code **list, size_t *n, size_t *cap, int concept_id,
                    th_span code, bool own, th_err *err) {
  char clean[96];
  size_t len;
  d_code item = {.concept_id = (uint32_t)concept_id, .own = own};
  if (!th_concept_code_clean(code, clean, sizeof clean, &len)) return 0;
  if (th_distinct_add(&d->codes, (th_span){clean, len}, &item.code)) return no_memory(err);
  d_code *p = th_draft_grown(*list, cap, *n, sizeof *p);
  if (!p) return no_memory(err);
  *list = p;
  p[(*n)++] = item;
  return 0;
}

int th_concept_draft_code(th_concept_draft *d, int concept_id, th_span code, bool own,
                          th_err *err) {
  return add_code(d, &d->xrefs, &d->n_xrefs, &d->cap_xrefs, concept_id, code, own, err);
}

int th_concept_draft_parent(th_concept_draft *d, int concept_id, th_span code, th_err *err) {
  return add_code(d, &d->parents, &d->n_parents, &d->cap_parents, concept_id, code, false, err);
}

int th_concept_draft_concept(th_concept_draft *d, unsigned source, th_concept_kind kind,
                             th_span code, th_err *err) {
  d_concept *p = th_draft_grown(d->concepts, &d->cap_concepts, d->n_concepts, sizeof *p);
  if (!p) return no_memory(err);
  if (d->n_concepts >= INT32_MAX) return th_err_set(err, TH_ELIMIT, "too many concepts");
  d->concepts = p;
  int id = (int)d->n_concepts++;
  p[id] = (d_concept){.source = source, .preferred = NONE, .kind = kind};
  int rc = code.n ? th_concept_draft_code(d, id, code, true, err) : 0;
  return rc ? rc : id;
}

/* ---- labels ---- */

static int phrase_of(th_concept_draft *d, const th_label_words *w, uint32_t *out) {
  uint32_t ids[TH_LABEL_WORDS_MAX];
  for (size_t i = 0; i < w->n; i++)
    if (th_distinct_add(&d->words, w->keys[i], &ids[i])) return TH_ENOMEM;
  return th_distinct_add(&d->phrases, (th_span){(const char *)ids, w->n * sizeof *ids}, out);
}

/* Adds a text that is clean; *phrase is NONE when it cannot be a label. */
static int add_label(th_concept_draft *d, int concept_id, const th_draft_label *given, th_span text,
                     uint32_t *phrase, th_err *err) {
  th_label_words words, other;
  unsigned flags;
  d_concept *c = &d->concepts[concept_id];
  d_label l = {.concept_id = (uint32_t)concept_id,
               .joined = NONE,
               .n_records = given->n_records,
               .nct = given->nct,
               .source = (uint16_t)given->source,
               .weight = given->weight};
  th_label_relation relation = given->relation;
  *phrase = NONE;
  if (!th_label_split(text, false, &words)) return 0;
  if (!th_label_judge(text, &words, c->kind, !d->sources[given->source].records, &relation, &flags))
    return 0;
  l.relation = (uint8_t)relation;
  l.flags = (uint8_t)flags;
  if (phrase_of(d, &words, &l.phrase) || th_distinct_add(&d->texts, text, &l.text))
    return no_memory(err);
  bool again = th_label_split_digits(&words, &other) || th_label_split(text, true, &other);
  if (again && phrase_of(d, &other, &l.joined)) return no_memory(err);
  if (l.joined == l.phrase) l.joined = NONE;
  d_label *p = th_draft_grown(d->labels, &d->cap_labels, d->n_labels, sizeof *p);
  if (!p) return no_memory(err);
  d->labels = p;
  p[d->n_labels++] = l;
  *phrase = l.phrase;
  return 0;
}

int th_concept_draft_label(th_concept_draft *d, int concept_id, const th_draft_label *label,
                           th_err *err) {
  char clean[TH_LABEL_BYTES_MAX], turned[TH_LABEL_BYTES_MAX];
  uint32_t phrase, natural = NONE;
  size_t n = th_label_clean(label->text, clean), m = 0;
  if (n == 0) return 0;
  int rc = add_label(d, concept_id, label, (th_span){clean, n}, &phrase, err);
  if (!rc && !d->sources[label->source].records) m = th_label_uninvert((th_span){clean, n}, turned);
  if (!rc && m) {
    th_draft_label other = *label;
    if (other.relation == TH_LABEL_PREFERRED) other.relation = TH_LABEL_SYNONYM;
    rc = add_label(d, concept_id, &other, (th_span){turned, m}, &natural, err);
  }
  d_concept *c = &d->concepts[concept_id];
  if (!rc && label->relation == TH_LABEL_PREFERRED && c->preferred == NONE)
    c->preferred = natural != NONE ? natural : phrase;
  return rc;
}

static int remember_named(th_concept_draft *d, uint32_t phrase, uint32_t id) {
  if (phrase >= d->cap_named) {
    size_t cap = TH_MAX((size_t)phrase + 1, d->cap_named * 2);
    uint32_t *p = realloc(d->named, cap * sizeof *p);
    if (!p) return TH_ENOMEM;
    memset(p + d->cap_named, 0, (cap - d->cap_named) * sizeof *p);
    d->named = p;
    d->cap_named = cap;
  }
  d->named[phrase] = id + 1;
  return 0;
}

/* The concept of the records with this preferred phrase. */
static int find_named(th_concept_draft *d, th_span label, int *out) {
  char clean[TH_LABEL_BYTES_MAX];
  th_label_words words;
  uint32_t phrase;
  size_t n = th_label_clean(label, clean);
  *out = TH_DRAFT_NONE;
  if (n == 0 || !th_label_split((th_span){clean, n}, false, &words)) return 0;
  if (phrase_of(d, &words, &phrase)) return TH_ENOMEM;
  if (phrase < d->cap_named && d->named[phrase]) *out = (int)d->named[phrase] - 1;
  return 0;
}

int th_concept_draft_named(th_concept_draft *d, unsigned source, th_concept_kind kind,
                           th_span label, uint32_t n_records, uint32_t nct, th_err *err) {
  int id;
  th_draft_label l = {.text = label,
                      .source = source,
                      .relation = TH_LABEL_PREFERRED,
                      .weight = 0.9F,
                      .n_records = n_records,
                      .nct = nct};
  if (find_named(d, label, &id)) return no_memory(err);
  bool fresh = id == TH_DRAFT_NONE;
  if (fresh) id = th_concept_draft_concept(d, source, kind, (th_span){0}, err);
  if (id < 0) return id;
  int rc = th_concept_draft_label(d, id, &l, err);
  if (rc) return rc;
  uint32_t phrase = d->concepts[id].preferred;
  if (fresh && phrase == NONE) {
    d->n_concepts--; /* nothing refers to it */
    return TH_DRAFT_NONE;
  }
  if (fresh && remember_named(d, phrase, (uint32_t)id)) return no_memory(err);
  if (d->concepts[id].kind == TH_CONCEPT_OTHER) d->concepts[id].kind = kind;
  return id;
}

/* ---- codes ---- */

/* Prefixes in the spellings of the sources, without version: the first of each pair as found. */
static const char *const prefixes[][2] = {
    {"MSH", "MESH"},        {"MESH", "MESH"},         {"SNOMEDCT", "SNOMEDCT"},
    {"SNOMED", "SNOMEDCT"}, {"SCTID", "SNOMEDCT"},    {"SNOMED_CT", "SNOMEDCT"},
    {"UMLS_CUI", "UMLS"},   {"UMLS", "UMLS"},         {"NCI", "NCIT"},
    {"NCIT", "NCIT"},       {"ICD10CM", "ICD10CM"},   {"ICD10", "ICD10"},
    {"ICD9CM", "ICD9CM"},   {"ICD9", "ICD9CM"},       {"ORPHA", "ORPHA"},
    {"ORPHANET", "ORPHA"},  {"ORDO", "ORPHA"},        {"OMIM", "OMIM"},
    {"MIM", "OMIM"},        {"OMIMPS", "OMIMPS"},     {"DOID", "DOID"},
    {"MONDO", "MONDO"},     {"DRUGBANK", "DRUGBANK"}, {"EFO", "EFO"},
    {"HP", "HP"},           {"MEDDRA", "MEDDRA"},     {"RXNORM", "RXNORM"},
};

static size_t prefix_of(const char *p, size_t n, char *out, size_t cap) {
  size_t stem = n;
  /* SNOMEDCT_US_2018_03_01, SNOMEDCT_2010_1_31, MSH2018_2018_03_05: the rest is a version. */
  if (n > 8 && th_span_eq_nocase((th_span){p, 8}, TH_SPAN("SNOMEDCT"))) stem = 8;
  if (n > 3 && th_span_eq_nocase((th_span){p, 3}, TH_SPAN("MSH"))) stem = 3;
  for (size_t i = 0; i < TH_COUNT(prefixes); i++) {
    if (!th_span_eq_nocase((th_span){p, stem}, th_span_of(prefixes[i][0]))) continue;
    size_t len = strlen(prefixes[i][1]);
    if (len <= cap) memcpy(out, prefixes[i][1], len);
    return len <= cap ? len : 0;
  }
  if (n > cap) return 0;
  for (size_t i = 0; i < n; i++)
    out[i] = (char)(p[i] >= 'a' && p[i] <= 'z' ? p[i] - 32 : p[i]);
  return n;
}

/* The last part of an IRI: DOID_8718, Orphanet_124, D003924 of …/mesh/D003924. */
static bool split_iri(th_span s, th_span *prefix, th_span *local) {
  size_t slash = s.n;
  while (slash > 0 && s.p[slash - 1] != '/' && s.p[slash - 1] != '#')
    slash--;
  th_span last = {s.p + slash, s.n - slash};
  const char *mark = last.n ? memchr(last.p, '_', last.n) : NULL;
  if (mark) {
    *prefix = (th_span){last.p, (size_t)(mark - last.p)};
    *local = (th_span){mark + 1, last.n - prefix->n - 1};
    return true;
  }
  size_t folder = slash > 0 ? slash - 1 : 0, end = folder;
  while (folder > 0 && s.p[folder - 1] != '/')
    folder--;
  *prefix = (th_span){s.p + folder, end - folder};
  *local = last;
  return prefix->n > 0;
}

bool th_concept_code_clean(th_span code, char *out, size_t cap, size_t *n) {
  th_span prefix, local;
  code = th_span_trim(code);
  *n = 0;
  if (th_span_starts(code, TH_SPAN("http://")) || th_span_starts(code, TH_SPAN("https://"))) {
    if (!split_iri(code, &prefix, &local)) return false;
  } else {
    const char *colon = code.n ? memchr(code.p, ':', code.n) : NULL;
    if (!colon) return false;
    prefix = (th_span){code.p, (size_t)(colon - code.p)};
    local = th_span_trim((th_span){colon + 1, code.n - prefix.n - 1});
  }
  if (prefix.n == 0 || local.n == 0 || cap < 2) return false;
  size_t len = prefix_of(prefix.p, prefix.n, out, cap - 1);
  if (len == 0 || local.n > cap - 1 - len) return false;
  for (size_t i = 0; i < local.n; i++)
    if ((unsigned char)local.p[i] <= ' ') return false;
  out[len] = ':';
  memcpy(out + len + 1, local.p, local.n);
  *n = len + 1 + local.n;
  return true;
}
