/* Unpacked records of the studies asked for most, in one thread, bounded in bytes.
 *
 * Sets of four places by number; in a full set the one longest not asked for gives way, and when
 * the bytes are used up some by chance. An entry stays readable while someone holds it, also after
 * it has given way. Holding and dropping may happen in any thread; all else belongs to one. */
#ifndef TH_API_CACHE_H
#define TH_API_CACHE_H

#include "base/common.h"

#include <stdatomic.h>

typedef struct th_cache_entry {
  atomic_uint holders;
  uint32_t nct;
  bool one_line; /* no line breaks between its tokens */
  uint64_t last_use;
  th_span json;   /* owned; TH_PAD readable bytes behind it */
  th_span packed; /* its gzip form; p NULL until th_cache_pack made it; n 0: it does not pack */
} th_cache_entry;

typedef struct th_cache th_cache;

th_cache *th_cache_new(size_t max_bytes) TH_MUST_USE;
void th_cache_free(th_cache *cache);
void th_cache_clear(th_cache *cache);
/* NULL when it is not there. */
th_cache_entry *th_cache_find(th_cache *cache, uint32_t nct);
/* Copies json into a new entry in place of an older one of that number; NULL when it is too large
 * to keep or memory is exhausted: never an error. */
th_cache_entry *th_cache_put(th_cache *cache, uint32_t nct, th_span json);
/* Takes over packed (malloc) as the entry's gzip form; n 0 and p any owned byte: it has none. */
void th_cache_set_packed(th_cache *cache, th_cache_entry *entry, th_span packed);
size_t th_cache_bytes(const th_cache *cache);

void th_cache_hold(th_cache_entry *entry);
void th_cache_drop(void *entry);

#endif
