#include "api/cache.h"

/* More places than records of usual length have room in a cache of 48 MB. */
enum { SETS = 2048, WAYS = 4, PLACES = SETS * WAYS, RECENT = 512 };

struct th_cache {
  th_cache_entry *places[PLACES];
  size_t bytes, max_bytes;
  uint64_t clock;
  uint32_t chance; /* which place is looked at next when bytes are used up */
};

th_cache *th_cache_new(size_t max_bytes) {
  th_cache *cache = calloc(1, sizeof *cache);
  if (cache) cache->max_bytes = max_bytes, cache->chance = 1;
  return cache;
}

void th_cache_hold(th_cache_entry *entry) {
  atomic_fetch_add_explicit(&entry->holders, 1, memory_order_relaxed);
}

void th_cache_drop(void *p) {
  th_cache_entry *entry = p;
  if (!entry || atomic_fetch_sub_explicit(&entry->holders, 1, memory_order_acq_rel) != 1) return;
  free((void *)(uintptr_t)entry->json.p);
  free((void *)(uintptr_t)entry->packed.p);
  free(entry);
}

static size_t cost(const th_cache_entry *entry) {
  return sizeof *entry + entry->json.n + TH_PAD + entry->packed.n;
}

static void vacate(th_cache *cache, unsigned place) {
  th_cache_entry *entry = cache->places[place];
  if (!entry) return;
  cache->places[place] = NULL;
  cache->bytes -= cost(entry);
  th_cache_drop(entry);
}

void th_cache_clear(th_cache *cache) {
  for (unsigned i = 0; i < PLACES; i++)
    vacate(cache, i);
}

void th_cache_free(th_cache *cache) {
  if (!cache) return;
  th_cache_clear(cache);
  free(cache);
}

static unsigned set_of(uint32_t nct) {
  return (nct * 2654435761u >> 16) % SETS * WAYS;
}

th_cache_entry *th_cache_find(th_cache *cache, uint32_t nct) {
  unsigned set = set_of(nct);
  for (unsigned i = set; i < set + WAYS; i++) {
    th_cache_entry *entry = cache->places[i];
    if (!entry || entry->nct != nct) continue;
    entry->last_use = ++cache->clock;
    return entry;
  }
  return NULL;
}

/* The place of this number, a free one, or the one longest not used. */
static unsigned choose_place(const th_cache *cache, uint32_t nct) {
  unsigned set = set_of(nct), best = set;
  for (unsigned i = set; i < set + WAYS; i++) {
    const th_cache_entry *entry = cache->places[i], *oldest = cache->places[best];
    if (entry && entry->nct == nct) return i;
    if (oldest && (!entry || entry->last_use < oldest->last_use)) best = i;
  }
  return best;
}

/* Throws out by chance until there is room, sparing what was used lately: by age, a walk over a few
 * more records than fit would never find one again. */
static void make_room(th_cache *cache, size_t need) {
  for (unsigned step = 0; cache->bytes + need > cache->max_bytes && step < 8 * PLACES; step++) {
    cache->chance = cache->chance * 1664525u + 1013904223u;
    unsigned place = step < 4 * PLACES ? (cache->chance >> 12) % PLACES : step % PLACES;
    const th_cache_entry *entry = cache->places[place];
    bool recent = entry && cache->clock - entry->last_use < RECENT;
    if (entry && (!recent || step >= 2 * PLACES)) vacate(cache, place);
  }
}

static th_cache_entry *make_entry(uint32_t nct, th_span json) {
  th_cache_entry *entry = calloc(1, sizeof *entry);
  char *copy = entry ? malloc(json.n + TH_PAD) : NULL;
  if (!copy) {
    free(entry);
    return NULL;
  }
  memcpy(copy, json.p, json.n);
  memset(copy + json.n, 0, TH_PAD);
  entry->nct = nct;
  entry->json = (th_span){copy, json.n};
  entry->one_line = !memchr(json.p, '\n', json.n) && !memchr(json.p, '\r', json.n);
  atomic_init(&entry->holders, 1);
  return entry;
}

th_cache_entry *th_cache_put(th_cache *cache, uint32_t nct, th_span json) {
  if (json.n > cache->max_bytes / 8) return NULL;
  th_cache_entry *entry = make_entry(nct, json);
  if (!entry) return NULL;
  unsigned place = choose_place(cache, nct);
  vacate(cache, place);
  make_room(cache, cost(entry));
  cache->places[place] = entry;
  cache->bytes += cost(entry);
  entry->last_use = ++cache->clock;
  return entry;
}

void th_cache_set_packed(th_cache *cache, th_cache_entry *entry, th_span packed) {
  cache->bytes += packed.n;
  entry->packed = packed;
}

size_t th_cache_bytes(const th_cache *cache) {
  return cache->bytes;
}
