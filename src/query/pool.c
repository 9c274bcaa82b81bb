/* Candidates, the most promising first.
 *
 * Documents that have been scored in part, each with a bound of its whole score. Those of the
 * largest bounds come first, in the order of documents, then those that can still reach what has
 * been found by then. */
#include "query/exec.h"

enum {
  BUCKETS = 256,
  SPARE = 5, /* documents that come first beyond those wanted */
};

void th_pool_begin(th_pool *pool, const th_plan *p, uint32_t best) {
  *pool = (th_pool){.of = p->thread->candidates, .best = best + SPARE};
}

void th_pool_add(th_pool *pool, const uint32_t *docs, const uint32_t *scores,
                 const uint32_t *bounds, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    pool->of[pool->n++] = (th_pooled){docs[i], scores[i], bounds[i]};
}

/* A bound that about `best` reach, or a little more of them. */
static uint32_t cut_of(const th_pool *pool) {
  uint32_t count[BUCKETS] = {0}, least = UINT32_MAX, most = 0, n = 0;
  for (uint32_t i = 0; i < pool->n; i++) {
    least = TH_MIN(least, pool->of[i].bound);
    most = TH_MAX(most, pool->of[i].bound);
  }
  if (pool->n <= pool->best || most == least) return least;
  uint64_t factor = ((uint64_t)BUCKETS << 32) / (most - least + 1);
  for (uint32_t i = 0; i < pool->n; i++)
    count[(pool->of[i].bound - least) * factor >> 32]++;
  for (unsigned b = BUCKETS; b-- > 0;)
    if ((n += count[b]) >= pool->best) /* rounded up: the first that falls into the bucket */
      return least + (uint32_t)((((uint64_t)b << 32) + factor - 1) / factor);
  return least;
}

void th_pool_sort_out(th_pool *pool) {
  pool->cut = pool->n ? cut_of(pool) : 0;
  pool->at = 0;
  pool->second = false;
}

bool th_pool_next(th_pool *pool, uint32_t least, uint32_t *docs, uint32_t *scores, uint32_t *n,
                  bool *rewind) {
  *n = 0;
  *rewind = false;
  if (pool->at == pool->n) {
    if (pool->second || least >= pool->cut) {
      pool->n = pool->at = 0;
      return false;
    }
    pool->second = *rewind = true;
    pool->at = 0;
  }
  uint32_t from = pool->second ? least : TH_MAX(least, pool->cut);
  uint32_t to = pool->second ? pool->cut - 1 : UINT32_MAX;
  for (; pool->at < pool->n && *n < TH_BLOCK; pool->at++) {
    const th_pooled *c = &pool->of[pool->at];
    docs[*n] = c->doc;
    scores[*n] = c->score;
    *n += c->bound >= from && c->bound <= to;
  }
  return true;
}
