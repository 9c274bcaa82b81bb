/* Postings in the order in which they come: document after document, each document's in one piece.
 * What flush reads is laid out by stage.c; here are bytes and their addresses. Bytes do not move.
 */
#ifndef TH_INDEX_LOG_H
#define TH_INDEX_LOG_H

#include "base/common.h"

enum {
  TH_LOG_CHUNK = 2 << 20, /* at least; a piece longer than that has a chunk of its own */
  TH_LOG_CHUNKS = 4096,
  TH_LOG_OFFSET_BITS = 28,
  TH_LOG_ADDRESS_BITS = 40,
  TH_LOG_MARGIN = 16, /* readable behind every piece */
};

typedef struct th_log {
  struct th_log_chunk {
    uint8_t *p; /* owned */
    uint32_t used, cap;
  } chunks[TH_LOG_CHUNKS];
  uint32_t n_chunks, chunk; /* the next piece goes into chunks[chunk], or behind it */
} th_log;

void th_log_init(th_log *log);
void th_log_dispose(th_log *log);
/* Forgets all pieces; keeps the chunks. */
void th_log_clear(th_log *log);
/* Room for a piece of n bytes, which th_log_added makes part of the log. Errors: TH_ENOMEM;
 * TH_ELIMIT for a piece of 256 MB or when the log is full, at 8 GB. */
int th_log_room(th_log *log, size_t n) TH_MUST_USE;
/* Copies the piece that room was made for; returns its address, below 2^TH_LOG_ADDRESS_BITS.
 * Addresses of bytes in a piece follow each other. */
uint64_t th_log_put(th_log *log, const uint8_t *bytes, size_t n);
size_t th_log_memory(const th_log *log);

static inline const uint8_t *th_log_at(const th_log *log, uint64_t address) {
  return log->chunks[address >> TH_LOG_OFFSET_BITS].p +
         (address & ((1u << TH_LOG_OFFSET_BITS) - 1));
}

#endif
