#include "index/log.h"

void th_log_init(th_log *log) {
  memset(log, 0, sizeof *log);
}

void th_log_dispose(th_log *log) {
  for (uint32_t i = 0; i < log->n_chunks; i++)
    free(log->chunks[i].p);
  th_log_init(log);
}

void th_log_clear(th_log *log) {
  for (uint32_t i = 0; i < log->n_chunks; i++)
    log->chunks[i].used = 0;
  log->chunk = 0;
}

size_t th_log_memory(const th_log *log) {
  size_t n = 0;
  for (uint32_t i = 0; i < log->n_chunks && i <= log->chunk; i++)
    n += log->chunks[i].cap;
  return n;
}

static bool fits(const struct th_log_chunk *c, size_t n) {
  return c->p && c->cap - c->used >= n + TH_LOG_MARGIN;
}

/* A chunk that is kept from before, but too small for this piece, gives way to a larger one. */
static int make_chunk(struct th_log_chunk *c, size_t n) {
  size_t cap = TH_MAX(n + TH_LOG_MARGIN, (size_t)TH_LOG_CHUNK);
  uint8_t *p = th_large_alloc(cap);
  if (!p) return TH_ENOMEM;
  free(c->p);
  *c = (struct th_log_chunk){p, 0, (uint32_t)cap};
  return 0;
}

int th_log_room(th_log *log, size_t n) {
  if (n >= (1u << TH_LOG_OFFSET_BITS) - TH_LOG_MARGIN) return TH_ELIMIT;
  uint32_t at = log->chunk;
  if (log->chunks[at].used && !fits(&log->chunks[at], n)) at++;
  if (at == TH_LOG_CHUNKS) return TH_ELIMIT;
  if (!fits(&log->chunks[at], n)) {
    int rc = make_chunk(&log->chunks[at], n);
    if (rc) return rc;
    log->n_chunks = TH_MAX(log->n_chunks, at + 1);
  }
  log->chunk = at;
  return 0;
}

uint64_t th_log_put(th_log *log, const uint8_t *bytes, size_t n) {
  struct th_log_chunk *c = &log->chunks[log->chunk];
  uint64_t address = (uint64_t)log->chunk << TH_LOG_OFFSET_BITS | c->used;
  if (n) memcpy(c->p + c->used, bytes, n);
  c->used += (uint32_t)n;
  return address;
}
