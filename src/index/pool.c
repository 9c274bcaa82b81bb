#include "index/pool.h"

enum { LINK = 4 /* bytes at a slice's end that hold the next one's address */ };

/* Bytes of the slices of a stream, one after the other; the last size stays. */
static const uint16_t slice_size[] = {0, 16, 24, 40, 64, 104, 168, 272, 440, 712, 1152, 2048};
enum { LEVELS = TH_COUNT(slice_size) - 1 };

void th_pool_init(th_pool *p) {
  memset(p, 0, sizeof *p);
}

void th_pool_dispose(th_pool *p) {
  for (uint32_t i = 0; i < p->n_chunks; i++)
    free(p->chunks[i]);
  th_pool_init(p);
}

void th_pool_clear(th_pool *p) {
  p->chunk = p->used = 0;
}

size_t th_pool_memory(const th_pool *p) {
  return sizeof *p + (size_t)p->n_chunks * TH_POOL_CHUNK;
}

/* At worst each stream opens a slice that it hardly fills, growing ones are no more than twice what
 * they take in, and each chunk loses less than the largest slice at its end. */
int th_pool_reserve(th_pool *p, size_t n, size_t n_streams) {
  size_t need = 2 * n + n_streams * slice_size[LEVELS];
  size_t chunks = need / (TH_POOL_CHUNK - slice_size[LEVELS]) + 2 + p->chunk;
  if (need < n || chunks > TH_POOL_CHUNKS) return TH_ELIMIT;
  while (p->n_chunks < chunks) {
    uint8_t *chunk = malloc(TH_POOL_CHUNK);
    if (!chunk) return TH_ENOMEM;
    p->chunks[p->n_chunks++] = chunk;
  }
  return 0;
}

static inline uint8_t *place(const th_pool *p, uint32_t address) {
  return p->chunks[address / TH_POOL_CHUNK] + address % TH_POOL_CHUNK;
}

static void open_slice(th_pool *p, th_stream *s) {
  uint8_t level = s->level < LEVELS ? (uint8_t)(s->level + 1) : LEVELS;
  uint32_t size = slice_size[level];
  if (p->used + size > TH_POOL_CHUNK) p->chunk++, p->used = 0;
  uint32_t address = p->chunk * TH_POOL_CHUNK + p->used;
  p->used += size;
  if (s->level)
    memcpy(place(p, s->at), &address, LINK);
  else
    s->first = address;
  s->level = level;
  s->at = address;
  s->room = size - LINK;
}

void th_pool_put(th_pool *p, th_stream *s, const uint8_t *bytes, size_t n) {
  while (n) {
    if (s->room == 0) open_slice(p, s);
    uint32_t part = (uint32_t)TH_MIN(n, s->room);
    memcpy(place(p, s->at), bytes, part);
    s->at += part;
    s->room -= part;
    s->n += part;
    bytes += part;
    n -= part;
  }
}

void th_pool_read(const th_pool *p, const th_stream *s, th_buf *out) {
  uint32_t left = s->n, at = s->first;
  for (unsigned level = 1; left; level += level < LEVELS) {
    uint32_t part = TH_MIN(left, (uint32_t)slice_size[level] - LINK);
    th_buf_put(out, place(p, at), part);
    left -= part;
    if (left) memcpy(&at, place(p, at + part), LINK);
  }
}
