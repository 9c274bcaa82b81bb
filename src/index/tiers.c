/* Which segments to merge: those of similar size together, so that a document is copied once a tier
 * (about log8 of the corpus times), and those with many dead documents first. */
#include "index/format.h"
#include "index/index_private.h"

enum {
  TIER_WIDTH = 8,             /* segments of a tier that are merged, and the step between tiers */
  TIER_FLOOR = 1 << 20,       /* bytes; smaller ones are all of tier 0 */
  MERGE_MAX = 4 * TIER_WIDTH, /* segments in one merge */
  MERGE_DOCS = 1 << 17,       /* documents of one merge: its memory and its time stay bounded */
};

/* Bytes that would be left of it. */
static uint64_t weight(const th_tier_segment *s) {
  return s->n_docs ? (uint64_t)((double)s->bytes * s->n_live / s->n_docs) : 0;
}

static unsigned tier_of(const th_tier_segment *s) {
  unsigned tier = 0;
  for (uint64_t w = weight(s) / TIER_FLOOR; w; w /= TIER_WIDTH)
    tier++;
  return tier;
}

static bool many_dead(const th_tier_segment *s) {
  return (uint64_t)(s->n_docs - s->n_live) * 3 >= s->n_docs;
}

/* Copying a segment that is large already gains little. */
static bool grown_up(const th_tier_segment *s) {
  return s->n_live > MERGE_DOCS / 2;
}

/* Takes those of the tier until documents or places run out; of any (UINT_MAX) all that fit. */
static size_t take(const th_tier_segment *segments, size_t n, unsigned tier, bool only_dead,
                   size_t most, size_t *chosen) {
  uint64_t docs = 0, limit = tier == UINT_MAX ? TH_SEGMENT_MAX_DOCS : MERGE_DOCS;
  size_t k = 0;
  for (size_t i = 0; i < n && k < most; i++) {
    if (tier != UINT_MAX && tier_of(&segments[i]) != tier) continue;
    if (only_dead ? !many_dead(&segments[i]) : tier != UINT_MAX && grown_up(&segments[i])) continue;
    if (k && docs + segments[i].n_live > limit) continue;
    docs += segments[i].n_live;
    chosen[k++] = i;
  }
  return k;
}

size_t th_tiers_choose(const th_tier_segment *segments, size_t n, bool all, size_t *chosen) {
  unsigned count[64] = {0}, tier;
  if (all) {
    size_t k = take(segments, n, UINT_MAX, false, n, chosen);
    bool whole = k == 1 && segments[chosen[0]].n_live == segments[chosen[0]].n_docs;
    return whole ? 0 : k;
  }
  for (size_t i = 0; i < n; i++) {
    tier = tier_of(&segments[i]);
    if (many_dead(&segments[i])) return take(segments, n, tier, true, MERGE_MAX, chosen);
    count[tier] += !grown_up(&segments[i]);
  }
  for (tier = 0; tier < TH_COUNT(count); tier++) {
    if (count[tier] < TIER_WIDTH) continue;
    size_t k = take(segments, n, tier, false, MERGE_MAX, chosen);
    if (k > 1) return k;
  }
  return 0;
}
