/* Unpacked records of the studies asked for most, bounded in bytes, for all threads.
 *
 * Shards of sets of sixteen by number. In a full set the record longest not asked for gives way,
 * and when a shard's bytes are used up some by chance. Nobody waits here: who finds a shard busy
 * goes on as if the record were not there. What was found is held until it is dropped, also after
 * it has given way.
 *
 * state names the data that a record was read from. A newer one empties a shard; an older one finds
 * nothing. */
#ifndef TH_API_CACHE_H
#define TH_API_CACHE_H

#include "base/common.h"

typedef struct th_cache th_cache;
typedef struct th_cache_entry th_cache_entry;

/* A record found; its spans are borrowed until entry is dropped. */
typedef struct th_cached {
  th_cache_entry *entry;
  th_span json;   /* TH_PAD readable bytes behind it */
  th_span packed; /* its gzip form; p NULL when nobody made it yet, n 0 when it has none */
  bool one_line;  /* no line breaks between its tokens */
} th_cached;

th_cache *th_cache_new(size_t max_bytes) TH_MUST_USE;
/* Entries that are held stay until they are dropped. */
void th_cache_free(th_cache *cache);
/* False when it is not to be had here. True: drop out->entry afterwards. */
bool th_cache_find(th_cache *cache, uint32_t nct, uint64_t state, th_cached *out) TH_MUST_USE;
/* Copies json into a new entry and, where there is room for it, into the cache. False when memory
 * is exhausted or it is too large to keep: never an error. True: drop out->entry afterwards. */
bool th_cache_put(th_cache *cache, uint32_t nct, uint64_t state, th_span json,
                  th_cached *out) TH_MUST_USE;
/* Gives a found record its gzip form, by copy, for those who find it later. */
void th_cache_set_packed(th_cache *cache, uint32_t nct, const th_cached *of, th_span packed);
void th_cache_drop(void *entry); /* any thread; NULL is allowed */
size_t th_cache_bytes(th_cache *cache);

#endif
