#include "small_segment.h"

#include <stdio.h>
#include <xxhash.h>

#include "../test.h"
#include "index/builder.h"
#include "index/score.h"
#include "study/catalogue.h"

const uint16_t small_fields[SMALL_FIELDS] = {TH_F_BriefTitle, TH_F_BriefSummary, TH_F_Condition,
                                             TH_F_InterventionName, TH_F_EligibilityCriteria};

/* ---- documents ---- */

uint32_t small_draw(uint64_t *seed, uint32_t limit) {
  *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)((*seed >> 33) % limit);
}

void small_init(small_docs *d, uint32_t n_docs, uint32_t n_stems) {
  *d = (small_docs){.n_docs = n_docs, .n_stems = n_stems};
  d->nct = calloc(n_docs + 1, sizeof *d->nct);
  d->seq = calloc(n_docs + 1, sizeof *d->seq);
  assert_non_null(d->nct);
  assert_non_null(d->seq);
}

void small_dispose(small_docs *d) {
  free(d->nct);
  free(d->seq);
  free(d->words);
  *d = (small_docs){0};
}

void small_add(small_docs *d, uint32_t doc, uint8_t field, uint32_t position, uint32_t stem,
               uint16_t form) {
  if (d->n_words == d->cap_words) {
    d->cap_words = d->cap_words ? 2 * d->cap_words : 256;
    d->words = realloc(d->words, d->cap_words * sizeof *d->words);
    assert_non_null(d->words);
  }
  d->words[d->n_words++] = (small_word){doc, field, position, stem, form};
}

static uint32_t draw_stem(uint64_t *seed, uint32_t n) {
  uint32_t r = small_draw(seed, 1 << 20) + 1; /* about 1 / (stem + 1) */
  uint32_t stem = (1 << 20) / r - 1;
  return stem < n ? stem : small_draw(seed, n);
}

void small_random(small_docs *d, uint64_t *seed, uint32_t n_docs, uint32_t n_stems,
                  uint32_t first_nct, uint64_t first_seq) {
  small_init(d, n_docs, n_stems);
  for (uint32_t doc = 0; doc < n_docs; doc++) {
    d->nct[doc] = first_nct + doc;
    d->seq[doc] = first_seq + doc;
    for (uint8_t f = 0; f < SMALL_FIELDS; f++) {
      uint32_t n = small_draw(seed, 3) ? small_draw(seed, f == 4 ? 60 : 9) : 0;
      for (uint32_t p = 0; p < n; p++)
        if (small_draw(seed, 8)) /* else a gap between two values */
          small_add(d, doc, f, p, draw_stem(seed, n_stems), (uint16_t)small_draw(seed, 3));
    }
  }
}

th_span small_stem(uint32_t stem) {
  static char text[TH_TERM_MAX + 1];
  size_t n = (size_t)snprintf(text, sizeof text, "word%05u", stem);
  size_t len = stem == 3 ? TH_TERM_MAX - 8 : n + stem % 7;
  memset(text + n, 'x', len - n);
  return (th_span){text, len};
}

uint32_t small_length(const small_docs *d, uint32_t doc, uint8_t field) {
  uint32_t n = 0;
  for (size_t i = 0; i < d->n_words; i++)
    if (d->words[i].doc == doc && d->words[i].field == field) n = d->words[i].position + 1;
  return n;
}

uint64_t small_mask(uint32_t doc) {
  return UINT64_C(1) << (doc % 11);
}

unsigned small_dates(uint32_t doc, int64_t out[3]) {
  for (unsigned i = 0; i < doc % 3; i++)
    out[i] = 1000 - 7 * (int64_t)doc + i;
  return doc % 3;
}

unsigned small_words(uint32_t doc, uint32_t out[3]) {
  for (unsigned i = 0; i < doc % 4; i++)
    out[i] = (doc * 5 + i) % 17;
  return doc % 4;
}

unsigned small_sites(uint32_t doc) {
  return doc % 5;
}

/* ---- encoding ---- */

static void put8(th_buf *b, unsigned v) {
  th_buf_char(b, (char)v);
}
static void put32(th_buf *b, uint32_t v) {
  th_buf_put(b, &v, 4);
}
static void put64(th_buf *b, uint64_t v) {
  th_buf_put(b, &v, 8);
}
static void align_to(th_buf *b, size_t unit) {
  while (b->n % unit)
    put8(b, 0);
}

typedef struct class_key {
  uint32_t tf[SMALL_FIELDS];
  uint32_t count;
} class_key;

typedef struct posting {
  uint32_t stem, doc, class_id;
  class_key key;
  const small_word *first; /* its words, ascending by field and position */
} posting;

typedef struct encoder {
  const small_docs *d;
  uint32_t *lengths; /* n_docs * SMALL_FIELDS */
  uint8_t *norms;    /* areas * n_docs */
  float length_part[TH_A_COUNT + 1][256];
  small_word *words; /* by stem, doc, field, position */
  posting *postings;
  size_t n_postings;
  class_key *classes;
  uint32_t n_classes;
  th_buf section[TH_SEC_COUNT + 1];
} encoder;

static int by_stem(const void *a, const void *b) {
  const small_word *x = a, *y = b;
  if (x->stem != y->stem) return x->stem < y->stem ? -1 : 1;
  if (x->doc != y->doc) return x->doc < y->doc ? -1 : 1;
  if (x->field != y->field) return x->field < y->field ? -1 : 1;
  return x->position < y->position ? -1 : 1;
}
static int by_key(const void *a, const void *b) {
  return memcmp(a, b, SMALL_FIELDS * sizeof(uint32_t));
}
static int by_count(const void *a, const void *b) {
  const class_key *x = a, *y = b;
  if (x->count != y->count) return x->count > y->count ? -1 : 1;
  return by_key(a, b);
}

static void find_postings(encoder *e) {
  size_t n = e->d->n_words;
  e->words = malloc((n + 1) * sizeof *e->words);
  e->postings = calloc(n + 1, sizeof *e->postings);
  if (n) memcpy(e->words, e->d->words, n * sizeof *e->words);
  qsort(e->words, n, sizeof *e->words, by_stem);
  for (size_t i = 0; i < n; i++) {
    const small_word *w = &e->words[i];
    posting *p = e->n_postings ? &e->postings[e->n_postings - 1] : NULL;
    if (!p || p->stem != w->stem || p->doc != w->doc) {
      p = &e->postings[e->n_postings++];
      *p = (posting){.stem = w->stem, .doc = w->doc, .first = w};
    }
    p->key.tf[w->field]++;
  }
}

static void find_classes(encoder *e) {
  class_key *all = malloc((e->n_postings + 1) * sizeof *all);
  for (size_t i = 0; i < e->n_postings; i++)
    all[i] = e->postings[i].key;
  qsort(all, e->n_postings, sizeof *all, by_key);
  for (size_t i = 0; i < e->n_postings; i++) {
    if (!i || by_key(&all[e->n_classes - 1], &all[i])) {
      all[e->n_classes] = all[i];
      all[e->n_classes++].count = 0;
    }
    all[e->n_classes - 1].count++;
  }
  /* By key for the search, the place in the order by count in `count`. */
  class_key *ordered = malloc((e->n_classes + 1) * sizeof *ordered);
  memcpy(ordered, all, e->n_classes * sizeof *ordered);
  qsort(ordered, e->n_classes, sizeof *ordered, by_count);
  for (uint32_t c = 0; c < e->n_classes; c++) {
    class_key *key = bsearch(&ordered[c], all, e->n_classes, sizeof *all, by_key);
    key->count = c;
  }
  for (size_t i = 0; i < e->n_postings; i++) {
    class_key *key = bsearch(&e->postings[i].key, all, e->n_classes, sizeof *all, by_key);
    e->postings[i].class_id = key->count;
  }
  e->classes = ordered;
  free(all);
}

static void put_pairs(th_buf *b, const uint32_t values[SMALL_FIELDS]) {
  uint32_t before = 0;
  for (unsigned f = 0; f < SMALL_FIELDS; f++) {
    if (!values[f]) continue;
    th_buf_varint(b, small_fields[f] - before);
    th_buf_varint(b, values[f]);
    before = small_fields[f];
  }
}

static const small_docs *sorting;
static int by_nct(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  if (sorting->nct[x] != sorting->nct[y]) return sorting->nct[x] < sorting->nct[y] ? -1 : 1;
  return sorting->seq[x] < sorting->seq[y] ? -1 : 1;
}

static void encode_docs(encoder *e) {
  const small_docs *d = e->d;
  th_buf *docs = &e->section[TH_SEC_DOCS], *lengths = &e->section[TH_SEC_LENGTHS], bytes;
  uint32_t *order = malloc((d->n_docs + 1) * sizeof *order);
  th_buf_init(&bytes, 0);
  for (uint32_t i = 0; i < d->n_docs; i++)
    order[i] = i;
  sorting = d;
  qsort(order, d->n_docs, sizeof *order, by_nct);
  th_buf_put(docs, d->nct, 4 * (size_t)d->n_docs);
  th_buf_put(docs, order, 4 * (size_t)d->n_docs);
  uint64_t first = UINT64_MAX;
  for (uint32_t i = 0; i < d->n_docs; i++)
    first = TH_MIN(first, d->seq[i]);
  for (uint32_t i = 0; i < d->n_docs; i++)
    put32(docs, (uint32_t)(d->seq[i] - first));
  free(order);
  for (size_t i = 0; i < d->n_words; i++) {
    const small_word *w = &d->words[i];
    e->lengths[w->doc * SMALL_FIELDS + w->field] = w->position + 1;
  }
  for (uint32_t i = 0; i < d->n_docs; i++) {
    put32(lengths, (uint32_t)bytes.n);
    put_pairs(&bytes, e->lengths + i * SMALL_FIELDS);
  }
  put32(lengths, (uint32_t)bytes.n);
  th_buf_put(lengths, bytes.p, bytes.n);
  th_buf_dispose(&bytes);
}

static void encode_norms(encoder *e) {
  uint32_t n = e->d->n_docs;
  e->norms = malloc((size_t)n * th_score_areas() + 1);
  for (unsigned area = 0; area < th_score_areas(); area++)
    for (uint32_t doc = 0; doc < n; doc++) {
      float length = 0;
      for (unsigned f = 0; f < SMALL_FIELDS; f++)
        length +=
            th_score_weight(area, small_fields[f]) * (float)e->lengths[doc * SMALL_FIELDS + f];
      e->norms[(size_t)area * n + doc] = th_norm_encode(length);
    }
  for (int bound = 0; bound < TH_BOUND_AREAS; bound++)
    for (unsigned area = 0; area < th_score_areas(); area++)
      if (th_score_bound_index(area) == bound)
        th_buf_put(&e->section[TH_SEC_NORMS], e->norms + (size_t)area * n, n);
}

/* ---- bits ---- */

static unsigned bits_of(uint32_t v) {
  unsigned n = 0;
  while (n < 32 && v >> n)
    n++;
  return n;
}

typedef struct bit_string {
  th_buf *out;
  unsigned used; /* bits of the last byte */
} bit_string;

static void put_bits(bit_string *s, uint32_t value, unsigned bits) {
  for (unsigned k = 0; k < bits; k++) {
    if (s->used % 8 == 0) put8(s->out, 0);
    if (value >> k & 1) s->out->p[s->out->n - 1] |= (char)(1 << (s->used % 8));
    s->used++;
  }
}

/* ---- classes, as they are written ---- */

/* v ones and a zero. */
static void put_ones(bit_string *s, uint32_t v) {
  for (; v > 0; v--)
    put_bits(s, 1, 1);
  put_bits(s, 0, 1);
}

static void put_count(bit_string *s, uint32_t v) {
  put_ones(s, v / 2);
  put_bits(s, v % 2, 1);
}

static void put_gamma(bit_string *s, uint32_t v) {
  unsigned k = bits_of(v) - 1;
  put_ones(s, k);
  put_bits(s, v - (1u << k), k);
}

/* A class of a group, beside the one before it (NULL at the start of the group). */
static void put_grouped(bit_string *s, const uint32_t *tf, const uint32_t *before) {
  unsigned n = 0, shared = 0, same = 1, next = 0, seen = 0;
  for (unsigned f = 0; f < SMALL_FIELDS; f++)
    n += tf[f] != 0;
  for (unsigned f = 0; f < SMALL_FIELDS && before; f++) {
    same = same && tf[f] == before[f];
    shared += same && tf[f];
  }
  put_count(s, shared);
  put_count(s, n - shared);
  for (unsigned f = 0; f < SMALL_FIELDS; f++) {
    if (!tf[f]) continue;
    unsigned field = small_fields[f];
    if (seen++ >= shared) {
      put_gamma(s, (field - next) / 8 + 1);
      put_bits(s, (field - next) % 8, 3);
      put_gamma(s, tf[f]);
    }
    next = field + 1;
  }
}

static void encode_classes(encoder *e) {
  th_buf *out = &e->section[TH_SEC_CLASSES], bytes;
  th_buf_init(&bytes, 0);
  bit_string s = {&bytes, 0};
  put32(out, e->n_classes);
  for (uint32_t c = 0; c < e->n_classes; c++) {
    bool grouped = c >= TH_CLASSES_DIRECT, first = (c - TH_CLASSES_DIRECT) % TH_CLASS_GROUP == 0;
    if (!grouped || first) {
      put32(out, (uint32_t)bytes.n);
      s.used = 0;
    }
    if (grouped)
      put_grouped(&s, e->classes[c].tf, first ? NULL : e->classes[c - 1].tf);
    else
      put_pairs(&bytes, e->classes[c].tf);
  }
  put32(out, (uint32_t)bytes.n);
  th_buf_put(out, bytes.p, bytes.n);
  th_buf_dispose(&bytes);
}

/* ---- lists ---- */

/* codec.h: value i in lane i % 4 at row i / 4; word w of lane l is the (4 w + l)-th. */
static void put_packed(th_buf *b, const uint32_t values[TH_BLOCK], unsigned bits) {
  uint8_t out[TH_BLOCK * 4] = {0};
  for (unsigned i = 0; i < TH_BLOCK; i++)
    for (unsigned k = 0; k < bits; k++) {
      unsigned in_lane = i / 4 * bits + k, byte = (4 * (in_lane / 32) + i % 4) * 4;
      if (values[i] >> k & 1) out[byte + in_lane % 32 / 8] |= (uint8_t)(1u << (in_lane % 8));
    }
  th_buf_put(b, out, bits * TH_BLOCK / 8);
}

static uint8_t bound_of(const encoder *e, const posting *p, unsigned area) {
  float wtf = 0;
  for (unsigned f = 0; f < SMALL_FIELDS; f++)
    wtf += th_score_weight(area, small_fields[f]) * (float)p->key.tf[f];
  float part = e->length_part[area][e->norms[(size_t)area * e->d->n_docs + p->doc]];
  float sat = wtf / (wtf + part) * 255;
  return (uint8_t)((uint32_t)sat + ((float)(uint32_t)sat < sat));
}

static void put_bounds(const encoder *e, th_buf *b, const posting *block) {
  uint8_t most[TH_BOUND_AREAS] = {0};
  for (unsigned area = 0; area < th_score_areas(); area++) {
    int a = th_score_bound_index(area);
    for (unsigned i = 0; a >= 0 && i < TH_BLOCK; i++) {
      uint8_t bound = bound_of(e, &block[i], area);
      if (bound > most[a]) most[a] = bound;
    }
  }
  th_buf_put(b, most, sizeof most);
}

static void put_block(th_buf *b, const posting *p, uint32_t before) {
  uint32_t deltas[TH_BLOCK], low[TH_BLOCK], widest = 0;
  unsigned class_bits = 32, exceptions = 0;
  for (unsigned i = 0; i < TH_BLOCK; i++) {
    deltas[i] = p[i].doc - (i ? p[i - 1].doc : before) - 1;
    if (deltas[i] > widest) widest = deltas[i];
  }
  while (class_bits > 0) { /* the narrowest that leaves at most 7 exceptions */
    unsigned n = 0;
    for (unsigned i = 0; i < TH_BLOCK; i++)
      n += p[i].class_id >> (class_bits - 1) != 0;
    if (n > 7) break;
    exceptions = n;
    class_bits--;
  }
  for (unsigned i = 0; i < TH_BLOCK; i++)
    low[i] = p[i].class_id & (uint32_t)((UINT64_C(1) << class_bits) - 1);
  put8(b, bits_of(widest));
  put8(b, class_bits);
  put8(b, exceptions);
  put_packed(b, deltas, bits_of(widest));
  put_packed(b, low, class_bits);
  unsigned high_bits = 0;
  bit_string s = {b, 0};
  for (unsigned i = 0; i < TH_BLOCK; i++)
    if (bits_of(p[i].class_id >> class_bits) > high_bits)
      high_bits = bits_of(p[i].class_id >> class_bits);
  if (exceptions) put8(b, high_bits);
  for (unsigned i = 0; i < TH_BLOCK; i++)
    if (p[i].class_id >> class_bits) {
      put_bits(&s, i, 7);
      put_bits(&s, p[i].class_id >> class_bits, high_bits);
    }
}

/* The tail's document delta and class, see format.h. */
static void put_tail_posting(const encoder *e, bit_string *s, uint32_t delta, uint32_t class_id,
                             uint32_t df) {
  unsigned k = 0;
  while (e->d->n_docs / df >> (k + 1))
    k++;
  for (uint32_t ones = (delta - 1) >> k; ones > 0; ones--)
    put_bits(s, 1, 1);
  put_bits(s, 0, 1);
  put_bits(s, (delta - 1) & ((1u << k) - 1), k);
  unsigned kind = class_id < 16 ? 0 : class_id < 272 ? 1 : class_id < 272 + 8192 ? 2 : 3;
  const uint32_t first[4] = {0, 16, 272, 0};
  const unsigned width[4] = {4, 8, 13, bits_of(e->n_classes - 1)};
  put_bits(s, kind, 2);
  put_bits(s, class_id - first[kind], width[kind]);
}

/* Phased-in binary, from its definition: the first u numbers in k bits, the others in k + 1. */
static void put_below(bit_string *s, uint64_t v, uint64_t range) {
  unsigned k = 0;
  if (range <= 1) return;
  while (UINT64_C(2) << k <= range)
    k++;
  uint64_t u = (UINT64_C(2) << k) - range;
  v = (v + range - (range - u) / 2) % range; /* the middle ones first */
  if (v < u) {
    put_bits(s, (uint32_t)v, k);
  } else {
    put_bits(s, (uint32_t)((v + u) / 2), k);
    put_bits(s, (v + u) % 2, 1);
  }
}

static void put_between(bit_string *s, const small_word *w, uint32_t n, uint32_t low,
                        uint32_t high) {
  uint32_t middle = n / 2;
  if (n == 0 || n == high - low) return;
  uint32_t at = w[middle].position;
  put_below(s, at - (low + middle), (high - (n - middle - 1)) - (low + middle));
  put_between(s, w, middle, low, at);
  put_between(s, w + middle + 1, n - middle - 1, at + 1, high);
}

static void put_form(bit_string *s, unsigned form, uint32_t n_forms) {
  unsigned most = n_forms - 1 < 7 ? n_forms - 1 : 7;
  for (unsigned i = 0; i < most && i < form; i++)
    put_bits(s, 1, 1);
  if (form < most) put_bits(s, 0, 1);
  if (most == 7 && form >= 7) put_below(s, form - 7, n_forms - 7);
}

static void put_positions(const encoder *e, bit_string *s, const posting *p, const uint16_t *codes,
                          uint32_t n_forms) {
  const small_word *w = p->first;
  uint32_t n = 0, other = 0;
  for (unsigned f = 0; f < SMALL_FIELDS; f++) {
    uint32_t tf = p->key.tf[f];
    put_between(s, w, tf, 0, e->lengths[p->doc * SMALL_FIELDS + f]);
    for (uint32_t i = 0; i < tf; i++)
      other |= codes[w[i].form] != 0;
    n += tf;
    w += tf;
  }
  if (n_forms > 1 && n > 1) put_bits(s, other, 1);
  for (uint32_t i = 0; i < n && n_forms > 1 && (other || n == 1); i++)
    put_form(s, codes[p->first[i].form], n_forms);
}

/* n postings of a block or tail; before them the lengths of all whole groups but the last. They are
 * written twice: the first time to see how long they are. */
static void put_spots(const encoder *e, bit_string *s, const posting *p, uint32_t n,
                      const uint16_t *codes, uint32_t n_forms) {
  uint32_t length[TH_BLOCK / TH_SPOT_GROUP] = {0}, longest = 0;
  th_buf trial;
  th_buf_init(&trial, 0);
  for (uint32_t i = 0; i < n; i++) {
    bit_string one = {&trial, 0};
    put_positions(e, &one, &p[i], codes, n_forms);
    length[i / TH_SPOT_GROUP] += one.used;
  }
  uint32_t groups = n ? (n - 1) / TH_SPOT_GROUP : 0;
  for (uint32_t g = 0; g < groups; g++)
    longest = length[g] > longest ? length[g] : longest;
  if (groups) put_bits(s, bits_of(longest), 5);
  for (uint32_t g = 0; g < groups; g++)
    put_bits(s, length[g], bits_of(longest));
  for (uint32_t i = 0; i < n; i++)
    put_positions(e, s, &p[i], codes, n_forms);
  th_buf_dispose(&trial);
}

static void put_postings(const encoder *e, th_buf *out, const posting *p, uint32_t df,
                         const uint16_t *codes, uint32_t n_forms) {
  uint32_t blocks = df / TH_BLOCK, before = UINT32_MAX;
  th_buf data;
  th_buf_init(&data, 0);
  for (uint32_t i = 0; i < blocks; i++)
    put32(out, p[i * TH_BLOCK + TH_BLOCK - 1].doc);
  for (uint32_t i = 0; i < blocks; i++) {
    put_block(&data, p + i * TH_BLOCK, before);
    before = p[i * TH_BLOCK + TH_BLOCK - 1].doc;
    put32(out, (uint32_t)data.n);
  }
  for (uint32_t i = 0; i < blocks; i++)
    put_bounds(e, out, p + i * TH_BLOCK);
  bit_string s = {&data, 0};
  for (uint32_t i = blocks * TH_BLOCK; i < df; i++) {
    put_tail_posting(e, &s, p[i].doc - before, p[i].class_id, df);
    before = p[i].doc;
  }
  if (df < TH_BLOCK) put_spots(e, &s, p, df, codes, n_forms);
  th_buf_put(out, data.p, data.n);
  th_buf_dispose(&data);
}

static void put_poslist(const encoder *e, th_buf *out, const posting *p, uint32_t df,
                        const uint16_t *codes, uint32_t n_forms) {
  th_buf data;
  th_buf_init(&data, 0);
  for (uint32_t i = 0; i < df; i += TH_BLOCK) {
    uint32_t n = df - i < TH_BLOCK ? df - i : TH_BLOCK;
    bit_string s = {&data, 0};
    put_spots(e, &s, p + i, n, codes, n_forms);
    if (n == TH_BLOCK) put32(out, (uint32_t)data.n);
  }
  th_buf_put(out, data.p, data.n);
  th_buf_dispose(&data);
}

/* ---- the dictionary ---- */

enum { FORMS = 16 };

/* Forms by falling frequency; codes: from form to its place. */
static uint32_t order_forms(const posting *p, uint32_t df, uint64_t *cf, uint16_t *forms,
                            uint16_t *codes) {
  uint32_t count[FORMS] = {0}, n = 0;
  *cf = 0;
  for (uint32_t i = 0; i < df; i++) {
    uint32_t words = 0;
    for (unsigned f = 0; f < SMALL_FIELDS; f++)
      words += p[i].key.tf[f];
    for (uint32_t k = 0; k < words; k++)
      count[p[i].first[k].form]++;
    *cf += words;
  }
  for (;;) {
    uint16_t best = 0;
    for (uint16_t f = 1; f < FORMS; f++)
      if (count[f] > count[best]) best = f;
    if (!count[best]) return n;
    count[best] = 0;
    codes[best] = (uint16_t)n;
    forms[n++] = best;
  }
}

static void put_text(th_buf *b, th_span text, size_t shared) {
  size_t rest = text.n - shared;
  put8(b, (unsigned)((rest < 15 ? rest : 15) * 16 + (shared < 15 ? shared : 15)));
  if (shared >= 15) th_buf_varint(b, shared - 15);
  if (rest >= 15) th_buf_varint(b, rest - 15);
  th_buf_put(b, text.p + shared, rest);
}

/* positions_delta: NULL when the term before has no list there. */
static void put_term(th_buf *b, th_span text, size_t shared, uint32_t df, uint64_t cf, bool more,
                     uint64_t postings_delta, const uint64_t *positions_delta) {
  put_text(b, text, shared);
  th_buf_varint(b, (df - 1) * UINT64_C(4) + (cf > df ? 2 : 0) + more);
  if (cf > df) th_buf_varint(b, cf - df - 1);
  th_buf_varint(b, postings_delta);
  if (positions_delta) th_buf_varint(b, *positions_delta);
}

static void encode_terms(encoder *e) {
  th_buf *out = &e->section[TH_SEC_TERMS], *postings = &e->section[TH_SEC_POSTINGS];
  th_buf *positions = &e->section[TH_SEC_POSITIONS], bytes, starts;
  char before[TH_TERM_MAX];
  size_t before_n = 0, last_postings = 0, last_positions = 0;
  uint32_t n_terms = 0, df_before = 0;
  th_buf_init(&bytes, 0);
  th_buf_init(&starts, 0);
  for (size_t i = 0; i < e->n_postings; n_terms++) {
    const posting *p = &e->postings[i];
    uint16_t forms[FORMS], codes[FORMS];
    uint64_t cf;
    uint32_t df = 0;
    while (i + df < e->n_postings && p[df].stem == p->stem)
      df++;
    uint32_t n_forms = order_forms(p, df, &cf, forms, codes);
    th_span text = small_stem(p->stem);
    size_t shared = 0;
    if (n_terms % TH_TERM_BLOCK == 0) {
      put64(&starts, bytes.n);
      last_postings = last_positions = 0;
    } else {
      while (shared < before_n && shared < text.n && before[shared] == text.p[shared])
        shared++;
    }
    bool stem_first = forms[0] == 0, more = n_forms > 1 || !stem_first;
    uint64_t delta = positions->n - last_positions;
    bool needed = n_terms % TH_TERM_BLOCK == 0 || df_before >= TH_BLOCK;
    put_term(&bytes, text, shared, df, cf, more, postings->n - last_postings,
             needed ? &delta : NULL);
    df_before = df;
    if (more) th_buf_varint(&bytes, n_forms * 2 + stem_first);
    for (uint32_t k = stem_first; k < n_forms; k++) {
      char form[TH_TERM_MAX];
      memcpy(form, text.p, text.n);
      memset(form + text.n, 's', forms[k]);
      put_text(&bytes, (th_span){form, text.n + forms[k]}, text.n);
    }
    last_postings = postings->n;
    last_positions = positions->n;
    memcpy(before, text.p, text.n);
    before_n = text.n;
    put_postings(e, postings, p, df, codes, n_forms);
    if (df >= TH_BLOCK) put_poslist(e, positions, p, df, codes, n_forms);
    i += df;
  }
  put64(&starts, bytes.n);
  put32(out, n_terms);
  put32(out, n_terms / TH_TERM_BLOCK + (n_terms % TH_TERM_BLOCK != 0));
  th_buf_put(out, starts.p, starts.n);
  th_buf_put(out, bytes.p, bytes.n);
  th_buf_dispose(&bytes);
  th_buf_dispose(&starts);
}

/* ---- columns and sites ---- */

typedef struct column_head {
  uint16_t field;
  uint8_t kind, width, flags, reserved[3];
  int64_t base;
  uint32_t n_rows, n_values;
  uint64_t docs_off, starts_off, values_off, dict_off, dict_len;
} column_head;

static void put_table(th_buf *b, uint64_t *offset, const th_buf *table) {
  align_to(b, 8);
  *offset = b->n;
  th_buf_put(b, table->p, table->n);
}

static void encode_mask(const small_docs *d, th_buf *b, column_head *h) {
  th_buf values;
  th_buf_init(&values, 0);
  for (uint32_t doc = 0; doc < d->n_docs; doc++) {
    uint16_t v = (uint16_t)small_mask(doc);
    th_buf_put(&values, &v, 2);
  }
  *h = (column_head){.field = TH_F_OverallStatus,
                     .kind = TH_COL_MASK,
                     .width = 2,
                     .n_rows = d->n_docs,
                     .n_values = d->n_docs};
  put_table(b, &h->values_off, &values);
  th_buf_dispose(&values);
}

/* The other forms of documents and starts: a set with counts, differences from groups. */
static void put_set(const small_docs *d, th_buf *b, column_head *h) {
  th_buf set, before;
  int64_t dates[3];
  uint32_t rows = 0;
  th_buf_init(&set, 0);
  th_buf_init(&before, 0);
  for (uint32_t from = 0; from < d->n_docs; from += 64) {
    uint64_t bits = 0;
    if (from % 256 == 0) put32(&before, rows);
    for (uint32_t doc = from; doc < d->n_docs && doc < from + 64; doc++)
      if (small_dates(doc, dates)) bits |= UINT64_C(1) << (doc - from), rows++;
    put64(&set, bits);
  }
  th_buf_put(&set, before.p, before.n);
  put_table(b, &h->docs_off, &set);
  h->flags |= 1;
  th_buf_dispose(&set);
  th_buf_dispose(&before);
}

static void put_narrow(th_buf *b, column_head *h, const th_buf *starts) {
  th_buf table;
  const uint32_t *start = (const uint32_t *)(const void *)starts->p;
  th_buf_init(&table, 0);
  for (uint32_t i = 0; i <= h->n_rows; i += 64)
    put32(&table, start[i]);
  for (uint32_t i = 0; i <= h->n_rows; i++) {
    put8(&table, (start[i] - start[i / 64 * 64]) & 255);
    put8(&table, (start[i] - start[i / 64 * 64]) >> 8);
  }
  put_table(b, &h->starts_off, &table);
  h->flags |= 2;
  th_buf_dispose(&table);
}

/* Both forms of both tables come up, by the number of documents. */
static void encode_dates(const small_docs *d, th_buf *b, column_head *h) {
  th_buf docs, starts, values;
  int64_t dates[3], base = 1000 - 7 * (int64_t)d->n_docs;
  *h = (column_head){.field = TH_F_StartDate, .kind = TH_COL_VALUES, .width = 4, .base = base};
  th_buf_init(&docs, 0);
  th_buf_init(&starts, 0);
  th_buf_init(&values, 0);
  for (uint32_t doc = 0; doc < d->n_docs; doc++) {
    unsigned n = small_dates(doc, dates);
    if (!n) continue;
    put32(&docs, doc);
    put32(&starts, h->n_values);
    for (unsigned i = 0; i < n; i++)
      put32(&values, (uint32_t)(dates[i] - base));
    h->n_values += n;
    h->n_rows++;
  }
  put32(&starts, h->n_values);
  if (d->n_docs % 2)
    put_set(d, b, h);
  else
    put_table(b, &h->docs_off, &docs);
  if (d->n_docs / 2 % 2)
    put_narrow(b, h, &starts);
  else
    put_table(b, &h->starts_off, &starts);
  put_table(b, &h->values_off, &values);
  th_buf_dispose(&docs);
  th_buf_dispose(&starts);
  th_buf_dispose(&values);
}

static void encode_keywords(const small_docs *d, th_buf *b, column_head *h) {
  th_buf starts, values, dict, bytes;
  uint32_t words[3];
  *h = (column_head){
      .field = TH_F_Condition, .kind = TH_COL_KEYWORD, .width = 1, .n_rows = d->n_docs};
  th_buf_init(&starts, 0);
  th_buf_init(&values, 0);
  th_buf_init(&dict, 0);
  th_buf_init(&bytes, 0);
  for (uint32_t doc = 0; doc < d->n_docs; doc++) {
    unsigned n = small_words(doc, words);
    put32(&starts, h->n_values);
    for (unsigned i = 0; i < n; i++)
      put8(&values, words[i]);
    h->n_values += n;
  }
  put32(&starts, h->n_values);
  put32(&dict, 17);
  for (uint32_t i = 0; i <= 17; i++) {
    put32(&dict, (uint32_t)bytes.n);
    if (i < 17) th_buf_span(&bytes, small_stem(i));
  }
  th_buf_put(&dict, bytes.p, bytes.n);
  put_table(b, &h->starts_off, &starts);
  put_table(b, &h->values_off, &values);
  put_table(b, &h->dict_off, &dict);
  h->dict_len = dict.n;
  th_buf_dispose(&starts);
  th_buf_dispose(&values);
  th_buf_dispose(&dict);
  th_buf_dispose(&bytes);
}

static void encode_columns(encoder *e) {
  th_buf *b = &e->section[TH_SEC_COLUMNS];
  column_head heads[3] = {{0}};
  put32(b, 3);
  th_buf_put(b, heads, sizeof heads);
  encode_mask(e->d, b, &heads[0]);
  encode_dates(e->d, b, &heads[1]);
  encode_keywords(e->d, b, &heads[2]);
  memcpy(b->p + 4, heads, sizeof heads);
}

static void encode_sites(encoder *e) {
  th_buf *b = &e->section[TH_SEC_SITES];
  uint32_t n = 0;
  for (uint32_t doc = 0; doc < e->d->n_docs; doc++)
    n += small_sites(doc);
  put32(b, n);
  for (uint32_t doc = 0, at = 0; doc <= e->d->n_docs; at += small_sites(doc++))
    put32(b, at);
  for (uint32_t i = 0; i < n; i++)
    put32(b, i % 3 ? i * 1000 : (uint32_t)TH_NO_POINT);
  for (uint32_t i = 0; i < n; i++)
    put32(b, i % 3 ? -i * 1000 : (uint32_t)TH_NO_POINT);
  for (unsigned table = 0; table < 4; table++) /* no columns of places: all absent */
    for (uint32_t i = 0; i < n; i++)
      put32(b, 0);
  for (uint32_t i = 0; i < n; i++)
    put8(b, i % 4);
}

/* ---- the frame ---- */

static void put_chunk_hashes(th_buf *out, const th_buf *section) {
  for (size_t from = 0; from < section->n; from += TH_CHUNK)
    put64(out, XXH3_64bits(section->p + from, TH_MIN(section->n - from, (size_t)TH_CHUNK)));
}

static void put_head(const encoder *e, th_buf *out) {
  const small_docs *d = e->d;
  uint64_t first = UINT64_MAX, last = 0;
  for (uint32_t i = 0; i < d->n_docs; i++) {
    first = TH_MIN(first, d->seq[i]);
    last = TH_MAX(last, d->seq[i]);
  }
  th_buf_put(out, TH_SEGMENT_MAGIC, 8);
  put32(out, TH_SEGMENT_VERSION);
  put32(out, d->n_docs);
  put64(out, th_index_fingerprint());
  put64(out, first);
  put64(out, last);
  put32(out, TH_SEC_COUNT);
  put32(out, 0);
}

static void frame(encoder *e, th_buf *out) {
  th_buf *chunks = &e->section[TH_SEC_CHUNKS], body, own;
  size_t head = 48 + TH_SEC_COUNT * 32 + 8;
  th_buf_init(&body, 0);
  put_head(e, out);
  for (unsigned i = 1; i <= TH_SEC_COUNT; i++) {
    uint64_t hash;
    if (i < TH_SEC_CHUNKS) {
      th_buf_init(&own, 0);
      put_chunk_hashes(&own, &e->section[i]);
      hash = XXH3_64bits(own.p, own.n);
      th_buf_put(chunks, own.p, own.n);
      th_buf_dispose(&own);
    } else {
      hash = XXH3_64bits(chunks->p, chunks->n);
    }
    while ((head + body.n) % 64)
      put8(&body, 0);
    put32(out, i);
    put32(out, 0);
    put64(out, head + body.n);
    put64(out, e->section[i].n);
    put64(out, hash);
    th_buf_put(&body, e->section[i].p, e->section[i].n);
  }
  put64(out, XXH3_64bits(out->p, out->n));
  th_buf_put(out, body.p, body.n);
  for (unsigned i = 0; i < TH_PAD; i++)
    put8(out, 0);
  th_buf_dispose(&body);
}

void small_encode(const small_docs *d, th_buf *out) {
  encoder e = {.d = d};
  for (unsigned i = 0; i <= TH_SEC_COUNT; i++)
    th_buf_init(&e.section[i], 0);
  e.lengths = calloc((size_t)d->n_docs * SMALL_FIELDS + 1, sizeof *e.lengths);
  for (unsigned area = 0; area < th_score_areas(); area++)
    th_score_length_table(area, e.length_part[area]);
  find_postings(&e);
  find_classes(&e);
  encode_docs(&e);
  encode_norms(&e);
  encode_classes(&e);
  encode_terms(&e);
  encode_columns(&e);
  encode_sites(&e);
  frame(&e, out);
  assert_int_equal(out->error, 0);
  for (unsigned i = 0; i <= TH_SEC_COUNT; i++)
    th_buf_dispose(&e.section[i]);
  free(e.lengths);
  free(e.norms);
  free(e.words);
  free(e.postings);
  free(e.classes);
}

void small_write(const small_docs *d, const char *path) {
  th_buf b;
  th_buf_init(&b, 0);
  small_encode(d, &b);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(b.p, 1, b.n, file), b.n);
  assert_int_equal(fclose(file), 0);
  th_buf_dispose(&b);
}
