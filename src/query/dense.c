/* The best of words that many documents hold, all of them or any, from their impacts (impacts.h).
 *
 * A stretch of documents at a time: a bound of each, in 16 bits, a byte a word and document. The
 * documents of the largest bounds are scored first, in the order of documents; then those that can
 * still reach what has been found by then, which are few. */
#include "query/exec.h"

enum {
  BUCKETS = 1024,
  BUCKET_SHIFT = 6, /* of a bound */
  SPARE = 5,        /* documents that are looked at first beyond those wanted */
};

/* Units such that sums of bounds just fit 16 bits: a table may count 4 more, by rounding up. False
 * when they do not. */
static bool find_units(th_dense *d, const th_impacts *const *impacts, th_cursor *const *words,
                       uint32_t n) {
  float sum = 0;
  for (uint32_t k = 0; k < n; k++)
    sum += words[k]->idf * (impacts[k]->base + 255 * impacts[k]->step);
  d->units = (65000.0f - 5 * (float)n) / sum;
  return sum > 0 && n <= TH_DENSE_WORDS;
}

/* Rounded up, and as much above as the least bit that the kernel drops. */
static th_rough rough_table(const th_impacts *t, float idf, float units) {
  return (th_rough){t->most, (uint16_t)(idf * t->base * units + 2),
                    (uint16_t)(idf * t->step * units * 256 + 1)};
}

int th_dense_make(th_plan *p, const th_impacts *const *impacts, th_cursor *const *words, uint32_t n,
                  bool all, const uint64_t *keep, uint32_t best, th_dense **out) {
  th_dense *d = th_arena_calloc(p->arena, 1, sizeof *d);
  *out = NULL;
  if (!d) return th_plan_no_memory(p);
  d->tables = th_arena_calloc(p->arena, n, sizeof *d->tables);
  if (!d->tables) return th_plan_no_memory(p);
  if (!find_units(d, impacts, words, n)) return 0;
  for (uint32_t k = 0; k < n; k++)
    d->tables[d->n++] = rough_table(impacts[k], words[k]->idf, d->units);
  d->all = all;
  d->keep = keep;
  d->best = best;
  d->n_docs = p->n_docs;
  d->bound = p->thread->bound;
  d->word_most = p->thread->word_most;
  *out = d;
  return 0;
}

/* ---- a stretch ---- */

/* The bounds of word w of documents, of which any is kept; others become 0. */
static uint16_t bounds_of(th_dense *d, uint32_t w, uint64_t keep) {
  uint16_t *bound = d->bound + 64 * w, most = 0;
  most = th_kernels_now->bounds(d->tables, d->n, d->all, d->base + 64 * w, bound);
  if (keep == UINT64_MAX) return most;
  most = 0;
  for (unsigned i = 0; i < 64; i++) {
    if (!(keep >> i & 1)) bound[i] = 0;
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

static void begin_stretch(th_dense *d) {
  uint32_t end = TH_MIN(d->next + TH_STRETCH, d->n_docs);
  d->base = d->next;
  d->next = end;
  const uint64_t *keep = d->keep + d->base / 64;
  d->n_words = (end - d->base + 63) / 64;
  memset(d->bound, 0, d->n_words * 64 * sizeof *d->bound);
  for (uint32_t w = 0; w < d->n_words; w++)
    d->word_most[w] = keep[w] ? bounds_of(d, w, keep[w]) : 0;
  d->cut = cut_of(d, d->best + SPARE);
  d->second = false;
  d->at = 0;
}

/* ---- candidates ---- */

/* The least bound of a document that may reach a score of `least`. A word's contribution is rounded
 * to the nearest, that is by half. */
static uint16_t needed(const th_dense *d, uint32_t least) {
  float sum = (float)least - 0.51f * (float)d->n;
  float units = sum / TH_SCORE_ONE * d->units * 0.99999f - 1;
  return (uint16_t)TH_MAX(TH_MIN(units, 65535.0f), 1.0f);
}

static uint32_t write_docs(uint64_t bits, uint32_t base, uint32_t *docs) {
  uint32_t n = 0;
  for (; bits; bits &= bits - 1)
    docs[n++] = base + (uint32_t)__builtin_ctzll(bits);
  return n;
}

/* Those of the stretch that are left, below the cut or not. */
static uint32_t pick(th_dense *d, uint32_t least, uint32_t *docs) {
  uint16_t from = needed(d, least);
  uint32_t n = 0;
  if (!d->second) from = TH_MAX(from, d->cut);
  if (d->second && from >= d->cut) d->at = d->n_words;
  for (; d->at < d->n_words && n + 64 <= TH_BLOCK; d->at++) {
    if (d->word_most[d->at] < from) continue;
    const uint16_t *bound = d->bound + 64 * d->at;
    uint64_t bits = th_kernels_now->reach(bound, from);
    if (d->second) bits &= ~th_kernels_now->reach(bound, d->cut);
    n += write_docs(bits, d->base + 64 * d->at, docs + n);
  }
  return n;
}

bool th_dense_next(th_dense *d, uint32_t least, uint32_t *docs, uint32_t *n, bool *rewind) {
  *n = 0;
  *rewind = false;
  if (d->at < d->n_words) {
  } else if (d->n_words && !d->second) {
    d->second = *rewind = true;
    d->at = 0;
  } else if (d->next < d->n_docs) {
    begin_stretch(d);
  } else {
    return false;
  }
  *n = pick(d, least, docs);
  return true;
}
