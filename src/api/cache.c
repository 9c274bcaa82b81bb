#include "api/cache.h"

#include <stdatomic.h>

/* More places than records of usual length have room in 100 MB. */
enum { SHARDS = 32, SETS = 16, WAYS = 16, PLACES = SETS * WAYS, RECENT = PLACES / 16 };

struct th_cache_entry {
  atomic_uint holders;
  uint64_t last_use; /* of the shard's clock */
  th_span json;      /* owned */
  th_span packed;    /* owned; set once, under the shard's lock */
  bool one_line;
};

typedef struct shard {
  atomic_flag busy;
  uint64_t state, clock;
  size_t bytes, max_bytes;
  uint32_t chance;       /* which place is looked at next when bytes are used up */
  uint32_t ncts[PLACES]; /* of the entries, so that a set is looked through in one cache line */
  th_cache_entry *places[PLACES];
} shard;

struct th_cache {
  shard shards[SHARDS];
};

static bool enter(shard *s) {
  return !atomic_flag_test_and_set_explicit(&s->busy, memory_order_acquire);
}
static void leave(shard *s) {
  atomic_flag_clear_explicit(&s->busy, memory_order_release);
}

th_cache *th_cache_new(size_t max_bytes) {
  th_cache *cache = calloc(1, sizeof *cache);
  for (unsigned i = 0; cache && i < SHARDS; i++) {
    atomic_flag_clear(&cache->shards[i].busy);
    cache->shards[i].max_bytes = max_bytes / SHARDS;
    cache->shards[i].chance = i;
  }
  return cache;
}

static void hold(th_cache_entry *entry) {
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

static void vacate(shard *s, unsigned place) {
  th_cache_entry *entry = s->places[place];
  if (!entry) return;
  s->places[place] = NULL;
  s->bytes -= cost(entry);
  th_cache_drop(entry);
}

static void clear(shard *s) {
  for (unsigned i = 0; i < PLACES; i++)
    vacate(s, i);
}

void th_cache_free(th_cache *cache) {
  for (unsigned i = 0; cache && i < SHARDS; i++)
    clear(&cache->shards[i]);
  free(cache);
}

/* Numbers of neighbours go to different sets. */
static uint32_t spread(uint32_t nct) {
  uint64_t h = nct * 0x9E3779B97F4A7C15u;
  h = (h ^ h >> 32) * 0xD6E8FEB86659FD93u;
  return (uint32_t)(h >> 32);
}
static shard *shard_of(th_cache *cache, uint32_t nct) {
  return &cache->shards[spread(nct) % SHARDS];
}
static unsigned set_of(uint32_t nct) {
  return spread(nct) / SHARDS % SETS * WAYS;
}

/* Brings the shard to a state; false when it is ahead of it. */
static bool reach(shard *s, uint64_t state) {
  if (s->state < state) {
    clear(s);
    s->state = state;
  }
  return s->state == state;
}

static th_cache_entry *find(shard *s, uint32_t nct) {
  unsigned set = set_of(nct);
  for (unsigned i = set; i < set + WAYS; i++)
    if (s->ncts[i] == nct && s->places[i]) return s->places[i];
  return NULL;
}

static void show(th_cache_entry *entry, th_cached *out) {
  *out = (th_cached){entry, entry->json, entry->packed, entry->one_line};
}

bool th_cache_find(th_cache *cache, uint32_t nct, uint64_t state, th_cached *out) {
  shard *s = shard_of(cache, nct);
  if (!enter(s)) return false;
  th_cache_entry *entry = reach(s, state) ? find(s, nct) : NULL;
  if (entry) {
    hold(entry);
    entry->last_use = ++s->clock;
    show(entry, out);
  }
  leave(s);
  return entry != NULL;
}

/* The place of this number, a free one, or the one longest not used. */
static unsigned choose_place(const shard *s, uint32_t nct) {
  unsigned set = set_of(nct), best = set;
  for (unsigned i = set; i < set + WAYS; i++) {
    const th_cache_entry *entry = s->places[i], *oldest = s->places[best];
    if (entry && s->ncts[i] == nct) return i;
    if (oldest && (!entry || entry->last_use < oldest->last_use)) best = i;
  }
  return best;
}

/* Throws out by chance until there is room, sparing at first what was used lately: by age, a walk
 * over a few more records than fit would never find one again. */
static void make_room(shard *s, size_t need) {
  for (unsigned step = 0; s->bytes + need > s->max_bytes && step < 8 * PLACES; step++) {
    s->chance = s->chance * 1664525u + 1013904223u;
    unsigned place = step < 4 * PLACES ? (s->chance >> 12) % PLACES : step % PLACES;
    const th_cache_entry *entry = s->places[place];
    bool recent = entry && s->clock - entry->last_use < RECENT;
    if (entry && (!recent || step >= 2 * PLACES)) vacate(s, place);
  }
}

static th_cache_entry *make_entry(th_span json) {
  th_cache_entry *entry = calloc(1, sizeof *entry);
  char *copy = entry ? malloc(json.n + TH_PAD) : NULL;
  if (!copy) {
    free(entry);
    return NULL;
  }
  memcpy(copy, json.p, json.n);
  memset(copy + json.n, 0, TH_PAD);
  entry->json = (th_span){copy, json.n};
  entry->one_line = !memchr(json.p, '\n', json.n) && !memchr(json.p, '\r', json.n);
  atomic_init(&entry->holders, 1);
  return entry;
}

bool th_cache_put(th_cache *cache, uint32_t nct, uint64_t state, th_span json, th_cached *out) {
  shard *s = shard_of(cache, nct);
  if (json.n > s->max_bytes / 8) return false;
  th_cache_entry *entry = make_entry(json);
  if (!entry) return false;
  show(entry, out);
  if (!enter(s)) return true; /* held by the caller alone */
  if (reach(s, state)) {
    unsigned place = choose_place(s, nct);
    vacate(s, place);
    make_room(s, cost(entry));
    hold(entry);
    s->places[place] = entry;
    s->ncts[place] = nct;
    s->bytes += cost(entry);
    entry->last_use = ++s->clock;
  }
  leave(s);
  return true;
}

void th_cache_set_packed(th_cache *cache, uint32_t nct, const th_cached *of, th_span packed) {
  shard *s = shard_of(cache, nct);
  char *copy = malloc(packed.n + 1);
  if (!copy || !enter(s)) {
    free(copy);
    return;
  }
  if (packed.n) memcpy(copy, packed.p, packed.n);
  if (find(s, nct) == of->entry && !of->entry->packed.p) {
    of->entry->packed = (th_span){copy, packed.n};
    s->bytes += packed.n;
    make_room(s, 0);
    copy = NULL;
  }
  leave(s);
  free(copy);
}

size_t th_cache_bytes(th_cache *cache) {
  size_t bytes = 0;
  for (unsigned i = 0; i < SHARDS; i++) {
    while (!enter(&cache->shards[i])) {
    }
    bytes += cache->shards[i].bytes;
    leave(&cache->shards[i]);
  }
  return bytes;
}
