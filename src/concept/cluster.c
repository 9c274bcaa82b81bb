/* What is one concept in several sources becomes one: see draft.h for the rules. Sets are joined by
 * union-find; a set remembers its sources as bits, and two sets with a source in common stay apart.
 */
#define _GNU_SOURCE
#include "concept/draft_private.h"

#define NONE UINT32_MAX

typedef struct sets {
  th_concept_draft *d;
  uint32_t *up;
  uint64_t *sources;
  uint8_t *kinds;
} sets;

static uint32_t find(sets *s, uint32_t i) {
  while (s->up[i] != i) {
    s->up[i] = s->up[s->up[i]];
    i = s->up[i];
  }
  return i;
}

static bool kinds_agree(unsigned a, unsigned b) {
  if (a == b || a == TH_CONCEPT_OTHER || b == TH_CONCEPT_OTHER) return true;
  bool drugs = (a == TH_CONCEPT_DRUG || a == TH_CONCEPT_DRUG_CLASS) &&
               (b == TH_CONCEPT_DRUG || b == TH_CONCEPT_DRUG_CLASS);
  return drugs;
}

static void unite(sets *s, uint32_t a, uint32_t b) {
  a = find(s, a);
  b = find(s, b);
  if (a == b || (s->sources[a] & s->sources[b]) || !kinds_agree(s->kinds[a], s->kinds[b])) return;
  uint32_t low = TH_MIN(a, b), high = TH_MAX(a, b);
  s->up[high] = low;
  s->sources[low] |= s->sources[high];
  if (s->kinds[low] == TH_CONCEPT_OTHER) s->kinds[low] = s->kinds[high];
}

/* ---- by codes ---- */

static int by_code(const void *a, const void *b) {
  const d_code *x = a, *y = b;
  if (x->code != y->code) return x->code < y->code ? -1 : 1;
  if (x->own != y->own) return x->own ? -1 : 1;
  return (x->concept_id > y->concept_id) - (x->concept_id < y->concept_id);
}

static size_t prefix_length(th_span code) {
  const char *colon = memchr(code.p, ':', code.n);
  return colon ? (size_t)(colon - code.p) : code.n;
}

static bool same_prefix(const th_concept_draft *d, uint32_t a, uint32_t b) {
  th_span x = d->codes.items[a], y = d->codes.items[b];
  x.n = prefix_length(x);
  y.n = prefix_length(y);
  return th_span_eq(x, y);
}

/* Classes of classifications hold many diseases: that two things are in one says nothing. */
static bool is_coarse(th_span code) {
  return th_span_starts(code, TH_SPAN("ICD")) || th_span_starts(code, TH_SPAN("MEDDRA"));
}

static int by_concept(const void *a, const void *b, void *draft) {
  const th_concept_draft *d = draft;
  const d_code *x = a, *y = b;
  if (x->concept_id != y->concept_id) return x->concept_id < y->concept_id ? -1 : 1;
  return th_span_cmp(d->codes.items[x->code], d->codes.items[y->code]);
}

/* Leaves of the cross references those that are a concept's only one of their prefix. */
static size_t keep_single(const th_concept_draft *d, const d_code *sorted, size_t n, d_code *out) {
  size_t kept = 0;
  for (size_t i = 0, end; i < n; i = end) {
    for (end = i + 1; end < n && sorted[end].concept_id == sorted[i].concept_id &&
                      same_prefix(d, sorted[i].code, sorted[end].code);)
      end++;
    if (sorted[i].own) {
      for (size_t k = i; k < end; k++)
        if (sorted[k].own) out[kept++] = sorted[k];
    } else if (end == i + 1 && !is_coarse(d->codes.items[sorted[i].code])) {
      out[kept++] = sorted[i];
    }
  }
  return kept;
}

/* Whether another concept of the same source refers to the same code, within [from, to). */
static bool is_shared(const th_concept_draft *d, const d_code *list, size_t from, size_t to,
                      size_t i) {
  for (size_t k = from; k < to; k++)
    if (list[k].concept_id != list[i].concept_id && !list[k].own &&
        d->concepts[list[k].concept_id].source == d->concepts[list[i].concept_id].source)
      return true;
  return false;
}

static int unite_by_codes(sets *s) {
  th_concept_draft *d = s->d;
  d_code *list = malloc((d->n_xrefs + 1) * sizeof *list);
  if (!list) return TH_ENOMEM;
  if (d->n_xrefs) qsort_r(d->xrefs, d->n_xrefs, sizeof *d->xrefs, by_concept, d);
  size_t n = keep_single(d, d->xrefs, d->n_xrefs, list);
  if (n) qsort(list, n, sizeof *list, by_code);
  for (size_t i = 0, end; i < n; i = end) {
    for (end = i + 1; end < n && list[end].code == list[i].code;)
      end++;
    if (end - i > TH_DRAFT_SOURCES_MAX) continue; /* nothing that many share is one thing */
    uint32_t first = NONE;
    for (size_t k = i; k < end; k++) {
      if (!list[k].own && is_shared(d, list, i, end, k)) continue;
      if (first == NONE)
        first = list[k].concept_id;
      else
        unite(s, first, list[k].concept_id);
    }
  }
  free(list);
  return 0;
}

/* ---- by names ---- */

static int by_preferred(const void *a, const void *b, void *draft) {
  const th_concept_draft *d = draft;
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  uint32_t p = d->concepts[x].preferred, q = d->concepts[y].preferred;
  if (p != q) return p < q ? -1 : 1;
  return (x > y) - (x < y);
}

static int unite_by_preferred(sets *s) {
  const th_concept_draft *d = s->d;
  uint32_t *order = malloc((d->n_concepts + 1) * sizeof *order);
  if (!order) return TH_ENOMEM;
  for (uint32_t i = 0; i < d->n_concepts; i++)
    order[i] = i;
  if (d->n_concepts) qsort_r(order, d->n_concepts, sizeof *order, by_preferred, s->d);
  for (size_t i = 1; i < d->n_concepts; i++) {
    uint32_t phrase = d->concepts[order[i]].preferred;
    for (size_t k = i; phrase != NONE && k-- > 0 && i - k < TH_DRAFT_SOURCES_MAX;) {
      if (d->concepts[order[k]].preferred != phrase) break;
      unite(s, order[k], order[i]);
    }
  }
  free(order);
  return 0;
}

/* A concept of the records whose name is a synonym of just one vocabulary concept is that one. */
static int unite_by_synonym(sets *s) {
  const th_concept_draft *d = s->d;
  uint32_t *owner = malloc(((size_t)d->phrases.n + 1) * sizeof *owner);
  if (!owner) return TH_ENOMEM;
  enum { MANY = 1 };
  memset(owner, 0xFF, ((size_t)d->phrases.n + 1) * sizeof *owner);
  for (size_t i = 0; i < d->n_labels; i++) {
    const d_label *l = &d->labels[i];
    if (d->sources[l->source].records || l->relation > TH_LABEL_SYNONYM) continue;
    uint32_t set = find(s, l->concept_id), *o = &owner[l->phrase];
    *o = *o == NONE || *o == set ? set : NONE - MANY;
  }
  for (uint32_t i = 0; i < d->n_concepts; i++) {
    const d_concept *c = &d->concepts[i];
    if (!d->sources[c->source].records || c->preferred == NONE) continue;
    uint32_t o = owner[c->preferred];
    if (o < NONE - MANY) unite(s, o, i);
  }
  free(owner);
  return 0;
}

int th_draft_cluster(th_concept_draft *d, th_err *err) {
  size_t n = d->n_concepts;
  sets s = {.d = d,
            .up = malloc((n + 1) * sizeof *s.up),
            .sources = malloc((n + 1) * sizeof *s.sources),
            .kinds = malloc(n + 1)};
  int rc = s.up && s.sources && s.kinds ? 0 : TH_ENOMEM;
  for (uint32_t i = 0; !rc && i < n; i++) {
    s.up[i] = i;
    s.sources[i] = UINT64_C(1) << d->concepts[i].source;
    s.kinds[i] = (uint8_t)d->concepts[i].kind;
  }
  if (!rc) rc = unite_by_codes(&s);
  if (!rc) rc = unite_by_preferred(&s);
  if (!rc) rc = unite_by_synonym(&s);
  d->n_clusters = 0;
  for (uint32_t i = 0; !rc && i < n; i++) {
    uint32_t top = find(&s, i); /* the lowest of its set, numbered already */
    d->concepts[i].cluster = top == i ? d->n_clusters++ : d->concepts[top].cluster;
    d->concepts[i].kind = (th_concept_kind)s.kinds[top];
  }
  free(s.up);
  free(s.sources);
  free(s.kinds);
  return rc ? th_err_set(err, rc, "out of memory making the dictionary of concepts") : 0;
}
