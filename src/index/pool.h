/* Many byte streams that grow at the same time, without an allocation for each: slices of growing
 * size in a few large chunks, the way M. Busch et al. describe for real-time postings (Earlybird:
 * Real-Time Search at Twitter, ICDE 2012). */
#ifndef TH_INDEX_POOL_H
#define TH_INDEX_POOL_H

#include "base/buf.h"
#include "base/common.h"

enum { TH_POOL_CHUNK = 1 << 20, TH_POOL_CHUNKS = 4096 };

typedef struct th_pool {
  uint8_t *chunks[TH_POOL_CHUNKS]; /* owned */
  uint32_t n_chunks;
  uint32_t chunk, used; /* the next slice goes here */
} th_pool;

/* A stream; all zero is an empty one. */
typedef struct th_stream {
  uint32_t first; /* address of the first slice */
  uint32_t at;    /* where the next byte goes */
  uint32_t room;  /* bytes left in this slice */
  uint32_t n;     /* bytes so far */
  uint8_t level;  /* 0: no slice yet */
} th_stream;

void th_pool_init(th_pool *p);
void th_pool_dispose(th_pool *p);
/* Forgets all streams; keeps the chunks. */
void th_pool_clear(th_pool *p);
/* Makes sure that puts of n bytes in all to n_streams streams succeed. Errors: TH_ENOMEM; TH_ELIMIT
 * at 4 GB. */
int th_pool_reserve(th_pool *p, size_t n, size_t n_streams) TH_MUST_USE;
/* Only within what was reserved. */
void th_pool_put(th_pool *p, th_stream *s, const uint8_t *bytes, size_t n);
/* Appends the stream's bytes to out. */
void th_pool_read(const th_pool *p, const th_stream *s, th_buf *out);
size_t th_pool_memory(const th_pool *p);

#endif
