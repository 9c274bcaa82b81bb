/* The best of an AND of words that many documents hold, from their impacts (impacts.h).
 *
 * A pass over all documents, 64 at a time, finds the largest bound of each 64: two bytes a word
 * and document, added up in 16 bits. The documents of the largest bounds are scored first, in the
 * order of documents; then those that can still reach what has been found by then, which are few.
 */
#include "query/exec.h"

enum {
  BUCKETS = 1024,
  BUCKET_SHIFT = 6, /* of a bound */
  SPARE = 5,        /* documents that are looked at first beyond those wanted */
};

/* Weights such that sums of bounds just fit 16 bits. False when they do not. */
static bool weigh(th_dense *d, th_cursor *const *words) {
  float sum = 0;
  for (uint32_t k = 0; k < d->n; k++)
    sum += words[k]->idf;
  if (d->n > 64 || !(sum > 0)) return false;
  d->units = (65534.0f - 3 * (float)d->n) / sum;
  for (uint32_t k = 0; k < d->n; k++)
    d->weight[k] = (uint16_t)(words[k]->idf * d->units + 1);
  return true;
}

/* The bounds of a word of documents of which any is kept; others are 0. */
static uint16_t bounds_of(const th_dense *d, const uint64_t *keep, uint32_t word,
                          uint16_t bound[64]) {
  uint16_t most = th_kernels_now->bounds(d->most, d->weight, d->n, word * 64, bound);
  if (keep[word] == UINT64_MAX) return most;
  most = 0;
  for (unsigned i = 0; i < 64; i++) {
    if (!(keep[word] >> i & 1)) bound[i] = 0;
    most = TH_MAX(most, bound[i]);
  }
  return most;
}

/* A bound that at least `best` documents reach, 1 when there are not so many words of documents. */
static uint16_t cut_of(const th_dense *d, uint32_t best) {
  uint32_t count[BUCKETS] = {0}, n = 0;
  for (uint32_t w = 0; w < d->n_words; w++)
    count[d->word_most[w] >> BUCKET_SHIFT]++;
  for (unsigned b = BUCKETS; b-- > 1;)
    if ((n += count[b]) >= best) return (uint16_t)(b << BUCKET_SHIFT);
  return 1;
}

int th_dense_make(th_plan *p, const th_impacts *const *tables, th_cursor *const *words, uint32_t n,
                  const uint64_t *keep, uint32_t best, th_dense **out) {
  uint16_t bound[64];
  th_dense *d = th_arena_calloc(p->arena, 1, sizeof *d);
  *out = NULL;
  if (!d) return th_plan_no_memory(p);
  d->n = n;
  d->n_words = (p->n_docs + 63) / 64;
  d->most = th_arena_calloc(p->arena, n, sizeof *d->most);
  d->weight = th_arena_calloc(p->arena, n, sizeof *d->weight);
  d->word_most = th_arena_calloc(p->arena, d->n_words + 1, sizeof *d->word_most);
  if (!d->most || !d->weight || !d->word_most) return th_plan_no_memory(p);
  if (!weigh(d, words)) return 0;
  for (uint32_t k = 0; k < n; k++)
    d->most[k] = tables[k]->most;
  for (uint32_t w = 0; w < d->n_words; w++)
    if (keep[w]) d->word_most[w] = bounds_of(d, keep, w, bound);
  d->cut = cut_of(d, best + SPARE);
  *out = d;
  return 0;
}

/* The least bound of a document that may reach a score of `least`. A word's contribution is rounded
 * to the nearest, that is by half; its bound is short of the contribution by less than one unit. */
static uint16_t needed(const th_dense *d, uint32_t least) {
  float sum = (float)least - 0.51f * (float)d->n;
  float units = sum / TH_SCORE_ONE * d->units * 0.99999f - (float)d->n;
  return (uint16_t)TH_MAX(TH_MIN(units, 65535.0f), 1.0f);
}

static uint32_t pick(const uint16_t bound[64], uint32_t base, uint32_t from, uint32_t to,
                     uint32_t *docs) {
  uint32_t n = 0;
  for (unsigned i = 0; i < 64; i++) {
    docs[n] = base + i;
    n += bound[i] >= from && bound[i] < to;
  }
  return n;
}

bool th_dense_next(th_dense *d, const uint64_t *keep, uint32_t least, uint32_t *docs, uint32_t *n,
                   bool *rewind) {
  uint16_t bound[64];
  *n = 0;
  *rewind = false;
  if (!d->second && d->at == d->n_words) {
    d->second = *rewind = true;
    d->at = 0;
  }
  if (d->at == d->n_words) return false;
  uint32_t from = d->second ? needed(d, least) : d->cut, to = d->second ? d->cut : 65536;
  for (; d->at < d->n_words && *n + 64 <= TH_BLOCK; d->at++) {
    if (d->word_most[d->at] < from) continue;
    bounds_of(d, keep, d->at, bound);
    *n += pick(bound, d->at * 64, from, to, docs + *n);
  }
  return true;
}
