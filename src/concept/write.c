/* Laying out a dictionary: labels by concept, codes, links, then the trie of words. */
#define _GNU_SOURCE
#include <math.h>
#include <xxhash.h>

#include "concept/draft_private.h"
#include "concept/modified.h"

#define NONE UINT32_MAX

/* A way down the trie to a label. */
typedef struct path {
  const uint32_t *words;
  uint32_t n, label;
} path;

typedef struct layout {
  th_concept_draft *d;
  th_buf bodies[TH_CONCEPT_SECTIONS];
  d_label *labels; /* sorted, without repetitions */
  size_t n_labels;
  uint32_t *text_at; /* by text: offset in STRINGS, or NONE */
  path *paths;
  size_t n_paths;
} layout;

static void put32(th_buf *b, uint32_t v) {
  th_buf_put(b, &v, sizeof v);
}

static uint32_t put_string(layout *w, th_span s) {
  th_buf *b = &w->bodies[TH_CONCEPT_STRINGS];
  uint32_t at = (uint32_t)b->n;
  uint16_t n = (uint16_t)TH_MIN(s.n, (size_t)UINT16_MAX);
  th_buf_put(b, &n, sizeof n);
  th_buf_put(b, s.p, n);
  return at;
}

static uint32_t put_text(layout *w, uint32_t text) {
  if (w->text_at[text] == NONE) w->text_at[text] = put_string(w, w->d->texts.items[text]);
  return w->text_at[text];
}

/* ---- labels ---- */

static uint32_t cluster_of(const th_concept_draft *d, const d_label *l) {
  return d->concepts[l->concept_id].cluster;
}

static unsigned rank_of(const th_concept_draft *d, const d_label *l) {
  return d->sources[d->concepts[l->concept_id].source].rank;
}

/* By concept; in it the preferred labels first, by the rank of their sources; the same words
 * together. */
static int by_place(const void *a, const void *b, void *draft) {
  const th_concept_draft *d = draft;
  const d_label *x = a, *y = b;
  uint32_t p = cluster_of(d, x), q = cluster_of(d, y);
  if (p != q) return p < q ? -1 : 1;
  if (x->phrase != y->phrase) return x->phrase < y->phrase ? -1 : 1;
  if (x->relation != y->relation) return x->relation < y->relation ? -1 : 1;
  if (rank_of(d, x) != rank_of(d, y)) return rank_of(d, x) < rank_of(d, y) ? -1 : 1;
  if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
  if (x->source != y->source) return x->source < y->source ? -1 : 1;
  return (x->text > y->text) - (x->text < y->text);
}

static int by_preference(const void *a, const void *b, void *draft) {
  const th_concept_draft *d = draft;
  const d_label *x = a, *y = b;
  uint32_t p = cluster_of(d, x), q = cluster_of(d, y);
  if (p != q) return p < q ? -1 : 1;
  bool best = x->relation == TH_LABEL_PREFERRED, also = y->relation == TH_LABEL_PREFERRED;
  if (best != also) return best ? -1 : 1;
  if (best && rank_of(d, x) != rank_of(d, y)) return rank_of(d, x) < rank_of(d, y) ? -1 : 1;
  if (x->n_records != y->n_records) return x->n_records > y->n_records ? -1 : 1;
  if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
  return (x->phrase > y->phrase) - (x->phrase < y->phrase);
}

/* One label of those of a concept with the same words: the best, with what all of them know. */
static void merge_labels(layout *w) {
  const th_concept_draft *d = w->d;
  size_t n = 0;
  for (size_t i = 0; i < w->n_labels; i++) {
    d_label *l = &w->labels[i], *last = n ? &w->labels[n - 1] : NULL;
    if (last && cluster_of(d, last) == cluster_of(d, l) && last->phrase == l->phrase) {
      if (l->n_records > last->n_records) last->n_records = l->n_records;
      if (!last->nct) last->nct = l->nct;
      last->weight = TH_MAX(last->weight, l->weight);
      last->flags &= (uint8_t)(l->flags | ~(TH_LABEL_UPPER | TH_LABEL_COMMON));
      last->flags |= l->flags & TH_LABEL_COMMA;
    } else {
      w->labels[n++] = *l;
    }
  }
  w->n_labels = n;
}

/* ---- ambiguity ---- */

typedef struct claim {
  uint32_t phrase, label, cluster;
  float score;
} claim;

static int by_claim(const void *a, const void *b) {
  const claim *x = a, *y = b;
  if (x->phrase != y->phrase) return x->phrase < y->phrase ? -1 : 1;
  if (x->score != y->score) return x->score > y->score ? -1 : 1;
  return (x->label > y->label) - (x->label < y->label);
}

static bool is_name_of_vocabulary(const th_concept_draft *d, const d_label *l) {
  return !d->sources[l->source].records && l->relation <= TH_LABEL_SYNONYM;
}

/* What a record calls a thing otherwise: "corticosteroids" for a drug that is given with them. */
static bool is_hearsay(const th_concept_draft *d, const d_label *l) {
  return d->sources[l->source].records && l->relation == TH_LABEL_SYNONYM;
}

/* Whether the concept has the phrase among its labels, which are sorted by concept. */
static bool has_phrase(const layout *w, uint32_t cluster, uint32_t phrase) {
  size_t from = 0, to = w->n_labels;
  while (from < to) {
    size_t mid = from + (to - from) / 2;
    if (cluster_of(w->d, &w->labels[mid]) < cluster)
      from = mid + 1;
    else
      to = mid;
  }
  for (; from < w->n_labels && cluster_of(w->d, &w->labels[from]) == cluster; from++)
    if (w->labels[from].phrase == phrase) return true;
  return false;
}

/* The claim of a vocabulary of known kind: the one of our own, else the only one; n when there is
 * none. */
static size_t of_vocabulary(const layout *w, const claim *c, size_t n) {
  const th_concept_draft *d = w->d;
  size_t known = n;
  bool own = false, several = false;
  for (size_t i = 0; i < n; i++) {
    const d_label *l = &w->labels[c[i].label];
    const d_source *s = &d->sources[l->source];
    if (s->records || d->concepts[l->concept_id].kind == TH_CONCEPT_OTHER || (own && !s->own))
      continue;
    several = own == s->own && known < n && (several || c[known].cluster != c[i].cluster);
    own = s->own;
    known = i;
  }
  return several ? n : known;
}

/* The meaning that nothing contests, when it is a vocabulary's: what records spell out without
 * saying what it is does not, nor do their conditions that go by one of its own names ("Hiv"). n
 * when there is none. */
static size_t undisputed(const layout *w, const claim *c, size_t n) {
  const th_concept_draft *d = w->d;
  size_t known = of_vocabulary(w, c, n);
  for (size_t i = 0; i < n && known < n; i++) {
    const d_label *l = &w->labels[c[i].label];
    const d_concept *x = &d->concepts[l->concept_id];
    if (d->sources[l->source].records && c[i].cluster != c[known].cluster &&
        x->kind != TH_CONCEPT_OTHER && !has_phrase(w, c[known].cluster, x->preferred))
      return n;
  }
  return known;
}

/* Of several concepts that one wording names. What a vocabulary has a name for is no other name
 * that records give to another thing. An abbreviation is ambiguous unless one meaning leads
 * clearly; a name that more than four concepts share says too little about each. */
static void judge_group(layout *w, const claim *c, size_t n) {
  enum { NAMES_MAX = 4 };
  const float lead = 1.5F;
  bool clear = n == 1 || c[0].score >= lead * c[1].score, taken = false;
  size_t known = undisputed(w, c, n);
  for (size_t i = 0; i < n && n > 1; i++)
    taken |= is_name_of_vocabulary(w->d, &w->labels[c[i].label]);
  for (size_t i = 0; i < n; i++) {
    d_label *l = &w->labels[c[i].label];
    bool is_short = l->relation == TH_LABEL_ABBREVIATION || (l->flags & TH_LABEL_UPPER);
    bool loses = known < n ? i != known : i > 0 || !clear;
    if (is_short ? n > 1 && loses : n > NAMES_MAX && l->relation != TH_LABEL_PREFERRED)
      l->flags |= TH_LABEL_AMBIGUOUS;
    if (taken && is_hearsay(w->d, l)) l->flags |= TH_LABEL_AMBIGUOUS;
  }
}

static int judge_ambiguity(layout *w) {
  claim *c = malloc((w->n_labels + 1) * sizeof *c);
  if (!c) return TH_ENOMEM;
  for (uint32_t i = 0; i < w->n_labels; i++) {
    const d_label *l = &w->labels[i];
    c[i] = (claim){l->phrase, i, cluster_of(w->d, l),
                   l->weight * (1.0F + log2f(1.0F + (float)l->n_records))};
  }
  if (w->n_labels) qsort(c, w->n_labels, sizeof *c, by_claim);
  for (size_t i = 0, end; i < w->n_labels; i = end) {
    for (end = i + 1; end < w->n_labels && c[end].phrase == c[i].phrase;)
      end++;
    judge_group(w, c + i, end - i);
  }
  free(c);
  return 0;
}

static int prepare_labels(layout *w) {
  th_concept_draft *d = w->d;
  w->labels = malloc((d->n_labels + 1) * sizeof *w->labels);
  if (!w->labels) return TH_ENOMEM;
  if (d->n_labels) memcpy(w->labels, d->labels, d->n_labels * sizeof *w->labels);
  w->n_labels = d->n_labels;
  if (w->n_labels) qsort_r(w->labels, w->n_labels, sizeof *w->labels, by_place, d);
  merge_labels(w);
  if (w->n_labels) qsort_r(w->labels, w->n_labels, sizeof *w->labels, by_preference, d);
  return judge_ambiguity(w);
}

static void put_labels(layout *w) {
  for (size_t i = 0; i < w->n_labels; i++) {
    const d_label *l = &w->labels[i];
    bool first = i == 0 || cluster_of(w->d, &w->labels[i - 1]) != cluster_of(w->d, l);
    bool preferred = l->relation == TH_LABEL_PREFERRED;
    th_file_label f = {.text = put_text(w, l->text),
                       .concept_id = cluster_of(w->d, l),
                       .n_records = l->n_records,
                       .nct = l->nct,
                       .source = l->source,
                       .weight = (uint16_t)(l->weight * 1000.0F + 0.5F),
                       .relation = preferred && !first ? TH_LABEL_SYNONYM : l->relation,
                       .flags = l->flags};
    th_buf_put(&w->bodies[TH_CONCEPT_LABELS], &f, sizeof f);
  }
}

/* ---- codes and links ---- */

typedef th_draft_link link;

static int by_link(const void *a, const void *b) {
  const link *x = a, *y = b;
  if (x->from != y->from) return x->from < y->from ? -1 : 1;
  return (x->to > y->to) - (x->to < y->to);
}

static int by_cluster_code(const void *a, const void *b, void *draft) {
  const th_concept_draft *d = draft;
  const d_code *x = a, *y = b;
  uint32_t p = d->concepts[x->concept_id].cluster, q = d->concepts[y->concept_id].cluster;
  if (p != q) return p < q ? -1 : 1;
  if (x->own != y->own) return x->own ? -1 : 1;
  return th_concept_code_cmp(d->codes.items[x->code], d->codes.items[y->code]);
}

/* The codes by concept, each once, own ones first; firsts[cluster] is where they begin. */
static void put_codes(layout *w, uint32_t *firsts, uint32_t *n_codes) {
  th_concept_draft *d = w->d;
  uint32_t n = 0, next = 0, from = 0;
  if (d->n_xrefs) qsort_r(d->xrefs, d->n_xrefs, sizeof *d->xrefs, by_cluster_code, d);
  for (size_t i = 0; i < d->n_xrefs; i++) {
    const d_code *c = &d->xrefs[i];
    uint32_t cluster = d->concepts[c->concept_id].cluster;
    while (next <= cluster)
      firsts[next++] = from = n;
    bool known = false;
    for (size_t k = i; k-- > 0 && !known;) {
      if (d->concepts[d->xrefs[k].concept_id].cluster != cluster) break;
      known = d->xrefs[k].code == c->code;
    }
    if (known) continue;
    th_file_code f = {put_string(w, d->codes.items[c->code]), cluster, c->own};
    th_buf_put(&w->bodies[TH_CONCEPT_CODES], &f, sizeof f);
    n++;
  }
  (void)from;
  while (next <= d->n_clusters)
    firsts[next++] = n;
  *n_codes = n;
}

typedef struct code_order {
  const th_file_code *codes;
  const th_buf *strings;
} code_order;

static th_span code_text(const code_order *o, uint32_t code) {
  uint16_t n;
  uint32_t at = o->codes[code].text;
  memcpy(&n, o->strings->p + at, sizeof n);
  return (th_span){o->strings->p + at + sizeof n, n};
}

static int by_code_text(const void *a, const void *b, void *ctx) {
  const code_order *o = ctx;
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  int c = th_concept_code_cmp(code_text(o, x), code_text(o, y));
  if (c) return c;
  if (o->codes[x].own != o->codes[y].own) return o->codes[x].own ? -1 : 1;
  return (x > y) - (x < y);
}

static int put_order(layout *w, uint32_t n) {
  const code_order o = {(const void *)w->bodies[TH_CONCEPT_CODES].p,
                        &w->bodies[TH_CONCEPT_STRINGS]};
  uint32_t *order = malloc(((size_t)n + 1) * sizeof *order);
  if (!order || w->bodies[TH_CONCEPT_CODES].error || o.strings->error) {
    free(order);
    return TH_ENOMEM;
  }
  for (uint32_t i = 0; i < n; i++)
    order[i] = i;
  if (n) qsort_r(order, n, sizeof *order, by_code_text, (void *)(uintptr_t)&o);
  th_buf_put(&w->bodies[TH_CONCEPT_ORDER], order, n * sizeof *order);
  free(order);
  return 0;
}

/* Writes the links that are sorted, each once; firsts as above. */
static void put_links(layout *w, link *links, size_t n, unsigned body, uint32_t *firsts) {
  uint32_t next = 0, count = 0;
  if (n) qsort(links, n, sizeof *links, by_link);
  for (size_t i = 0; i < n; i++) {
    while (next <= links[i].from)
      firsts[next++] = count;
    if (i && links[i].from == links[i - 1].from && links[i].to == links[i - 1].to) continue;
    put32(&w->bodies[body], links[i].to);
    count++;
  }
  while (next <= w->d->n_clusters)
    firsts[next++] = count;
}

/* The parents whose code a concept has as its own, and those that its name says; the same turned
 * round for children. */
static int put_relatives(layout *w, uint32_t *parents_at, uint32_t *children_at) {
  th_concept_draft *d = w->d;
  size_t n = 0, n_said = 0;
  link *said, *links = NULL;
  uint32_t *owner = malloc(((size_t)d->codes.n + 1) * sizeof *owner);
  int rc = th_draft_modified(d, w->labels, w->n_labels, &said, &n_said);
  if (!rc) links = malloc((d->n_parents + n_said + 1) * sizeof *links);
  if (!rc && (!owner || !links)) rc = TH_ENOMEM;
  if (!rc) memset(owner, 0xFF, ((size_t)d->codes.n + 1) * sizeof *owner);
  for (size_t i = 0; !rc && i < d->n_xrefs; i++)
    if (d->xrefs[i].own) owner[d->xrefs[i].code] = d->concepts[d->xrefs[i].concept_id].cluster;
  for (size_t i = 0; !rc && i < d->n_parents; i++) {
    uint32_t from = d->concepts[d->parents[i].concept_id].cluster;
    uint32_t to = owner[d->parents[i].code];
    if (to != NONE && to != from) links[n++] = (link){from, to};
  }
  for (size_t i = 0; !rc && i < n_said; i++)
    links[n++] = said[i];
  if (!rc) put_links(w, links, n, TH_CONCEPT_PARENTS, parents_at);
  for (size_t i = 0; !rc && i < n; i++)
    links[i] = (link){links[i].to, links[i].from};
  if (!rc) put_links(w, links, n, TH_CONCEPT_CHILDREN, children_at);
  free(owner);
  free(links);
  free(said);
  return rc;
}

static int put_concepts(layout *w) {
  th_concept_draft *d = w->d;
  size_t n = (size_t)d->n_clusters + 2;
  uint32_t *at = calloc(n * 4, sizeof *at), n_codes = 0, label = 0;
  uint8_t *kinds = calloc(n, 1);
  int rc = at && kinds ? 0 : TH_ENOMEM;
  uint32_t *codes = at, *parents = at + n, *children = at + 2 * n;
  for (size_t i = 0; !rc && i < d->n_concepts; i++)
    kinds[d->concepts[i].cluster] = (uint8_t)d->concepts[i].kind;
  if (!rc) put_codes(w, codes, &n_codes);
  if (!rc) rc = put_order(w, n_codes);
  if (!rc) rc = put_relatives(w, parents, children);
  for (uint32_t i = 0; !rc && i <= d->n_clusters; i++) {
    th_file_concept f = {.first_label = label,
                         .first_code = codes[i],
                         .first_parent = parents[i],
                         .first_child = children[i],
                         .kind = kinds[i]};
    if (label < w->n_labels && cluster_of(d, &w->labels[label]) == i)
      f.label = put_text(w, w->labels[label].text);
    else
      f.label = put_string(w, (th_span){0});
    for (; label < w->n_labels && cluster_of(d, &w->labels[label]) == i; label++)
      f.n_records = TH_MAX(f.n_records, w->labels[label].n_records);
    th_buf_put(&w->bodies[TH_CONCEPT_CONCEPTS], &f, sizeof f);
  }
  free(at);
  free(kinds);
  return rc;
}

/* ---- the trie ---- */

static int by_path(const void *a, const void *b, void *ctx) {
  const path *x = a, *y = b;
  const layout *w = ctx;
  uint32_t n = TH_MIN(x->n, y->n);
  for (uint32_t i = 0; i < n; i++)
    if (x->words[i] != y->words[i]) return x->words[i] < y->words[i] ? -1 : 1;
  if (x->n != y->n) return x->n < y->n ? -1 : 1;
  const d_label *p = &w->labels[x->label], *q = &w->labels[y->label];
  if ((p->flags ^ q->flags) & TH_LABEL_AMBIGUOUS) return q->flags & TH_LABEL_AMBIGUOUS ? -1 : 1;
  if (p->relation != q->relation) return p->relation < q->relation ? -1 : 1;
  if (p->weight != q->weight) return p->weight > q->weight ? -1 : 1;
  if (p->n_records != q->n_records) return p->n_records > q->n_records ? -1 : 1;
  return (x->label > y->label) - (x->label < y->label);
}

static void add_path(layout *w, uint32_t phrase, uint32_t label) {
  th_span p = w->d->phrases.items[phrase];
  w->paths[w->n_paths++] =
      (path){(const uint32_t *)(const void *)p.p, (uint32_t)(p.n / sizeof(uint32_t)), label};
}

static int gather_paths(layout *w) {
  w->paths = malloc((w->n_labels * 2 + 1) * sizeof *w->paths);
  if (!w->paths) return TH_ENOMEM;
  for (uint32_t i = 0; i < w->n_labels; i++) {
    add_path(w, w->labels[i].phrase, i);
    if (w->labels[i].joined != NONE) add_path(w, w->labels[i].joined, i);
  }
  if (w->n_paths) qsort_r(w->paths, w->n_paths, sizeof *w->paths, by_path, w);
  return 0;
}

typedef struct branch {
  uint32_t word, from, to, depth; /* paths[from, to) share their first `depth` words */
} branch;

/* Breadth first, so that the children of a node stand together. */
static int put_nodes(layout *w) {
  th_buf *nodes = &w->bodies[TH_CONCEPT_NODES], *hits = &w->bodies[TH_CONCEPT_HITS];
  branch *queue = NULL;
  size_t n = 0, cap = 0;
  uint32_t *roots = calloc((size_t)w->d->words.n + 1, sizeof *roots);
  int rc = roots ? 0 : TH_ENOMEM;
  if (!rc && !(queue = th_draft_grown(NULL, &cap, 0, sizeof *queue))) rc = TH_ENOMEM;
  if (!rc) queue[n++] = (branch){NONE, 0, (uint32_t)w->n_paths, 0};
  for (size_t i = 0; !rc && i < n; i++) {
    branch b = queue[i];
    th_file_node f = {b.word, (uint32_t)n, (uint32_t)(hits->n / sizeof(uint32_t))};
    uint32_t at = b.from;
    for (; at < b.to && w->paths[at].n == b.depth; at++)
      put32(hits, w->paths[at].label);
    while (!rc && at < b.to) {
      uint32_t word = w->paths[at].words[b.depth], from = at;
      while (at < b.to && w->paths[at].words[b.depth] == word)
        at++;
      branch *p = th_draft_grown(queue, &cap, n, sizeof *queue);
      if (!p) {
        rc = TH_ENOMEM;
        break;
      }
      queue = p;
      if (i == 0) roots[word] = (uint32_t)n;
      queue[n++] = (branch){word, from, at, b.depth + 1};
    }
    th_buf_put(nodes, &f, sizeof f);
  }
  th_file_node last = {NONE, (uint32_t)n, (uint32_t)(hits->n / sizeof(uint32_t))};
  th_buf_put(nodes, &last, sizeof last);
  if (roots) th_buf_put(&w->bodies[TH_CONCEPT_ROOTS], roots, w->d->words.n * sizeof *roots);
  free(queue);
  free(roots);
  return rc;
}

static int put_words(layout *w) {
  const th_distinct *words = &w->d->words;
  uint32_t n_slots = 16;
  while (n_slots < words->n * 2)
    n_slots *= 2;
  uint64_t *slots = calloc(n_slots, sizeof *slots);
  if (!slots) return TH_ENOMEM;
  for (uint32_t i = 0; i < words->n; i++) {
    put32(&w->bodies[TH_CONCEPT_WORDS], put_string(w, words->items[i]));
    uint64_t hash = XXH3_64bits(words->items[i].p, words->items[i].n);
    uint32_t at = (uint32_t)hash & (n_slots - 1);
    while (slots[at])
      at = (at + 1) & (n_slots - 1);
    slots[at] = (hash >> 32 << 32) | (i + 1);
  }
  th_buf_put(&w->bodies[TH_CONCEPT_SLOTS], slots, n_slots * sizeof *slots);
  free(slots);
  return 0;
}

/* ---- the file ---- */

static void put_sources(layout *w) {
  for (unsigned i = 0; i < w->d->n_sources; i++) {
    const d_source *s = &w->d->sources[i];
    th_file_source f = {put_text(w, s->name), put_text(w, s->detail), s->records};
    th_buf_put(&w->bodies[TH_CONCEPT_SOURCES], &f, sizeof f);
  }
}

static void put64(th_buf *b, uint64_t v) {
  th_buf_put(b, &v, sizeof v);
}

static void pad(th_buf *b, size_t from) {
  static const char zero[8];
  th_buf_put(b, zero, (8 - (b->n - from) % 8) % 8);
}

/* Everything behind the magic and the hash, then those two in front. */
static int put_file(layout *w, uint64_t basis, th_buf *out) {
  const uint32_t head[2] = {TH_CONCEPT_VERSION, TH_CONCEPT_SECTIONS};
  uint64_t offset = TH_CONCEPT_HEAD + TH_CONCEPT_SECTIONS * 16, bytes = 0, hash = 0;
  size_t from = out->n;
  th_buf_put(out, TH_CONCEPT_MAGIC, 8);
  put64(out, 0);
  th_buf_put(out, head, sizeof head);
  put64(out, 0);
  put64(out, basis);
  for (unsigned i = 0; i < TH_CONCEPT_SECTIONS; i++) {
    if (w->bodies[i].error) return w->bodies[i].error;
    put64(out, offset);
    put64(out, w->bodies[i].n);
    offset += (w->bodies[i].n + 7) / 8 * 8;
  }
  pad(out, from);
  for (unsigned i = 0; i < TH_CONCEPT_SECTIONS; i++) {
    th_buf_put(out, w->bodies[i].p, w->bodies[i].n);
    pad(out, from);
    th_buf_dispose(&w->bodies[i]);
  }
  if (out->error) return out->error;
  bytes = out->n - from;
  memcpy(out->p + from + 24, &bytes, 8);
  hash = XXH3_64bits(out->p + from + TH_CONCEPT_HASHED_FROM, bytes - TH_CONCEPT_HASHED_FROM);
  memcpy(out->p + from + 8, &hash, 8);
  return 0;
}

static int lay_out(layout *w, uint64_t basis, th_buf *out) {
  size_t n = w->d->texts.n;
  w->text_at = malloc((n + 1) * sizeof *w->text_at);
  if (!w->text_at) return TH_ENOMEM;
  memset(w->text_at, 0xFF, (n + 1) * sizeof *w->text_at);
  int rc = prepare_labels(w);
  if (!rc) put_sources(w);
  if (!rc) put_labels(w);
  if (!rc) rc = put_concepts(w);
  if (!rc) rc = gather_paths(w);
  if (!rc) rc = put_nodes(w);
  if (!rc) rc = put_words(w);
  if (!rc && w->bodies[TH_CONCEPT_STRINGS].n > UINT32_MAX) rc = TH_ELIMIT;
  return rc ? rc : put_file(w, basis, out);
}

int th_concept_draft_write(th_concept_draft *d, uint64_t basis, th_buf *out, th_err *err) {
  layout w = {.d = d};
  for (unsigned i = 0; i < TH_CONCEPT_SECTIONS; i++)
    th_buf_init(&w.bodies[i], UINT32_MAX);
  int rc = th_draft_cluster(d, err);
  if (rc) return rc;
  rc = lay_out(&w, basis, out);
  for (unsigned i = 0; i < TH_CONCEPT_SECTIONS; i++)
    th_buf_dispose(&w.bodies[i]);
  free(w.labels);
  free(w.text_at);
  free(w.paths);
  if (rc == TH_ELIMIT) return th_err_set(err, rc, "the dictionary of concepts becomes too large");
  return rc ? th_err_set(err, rc, "out of memory making the dictionary of concepts") : 0;
}
