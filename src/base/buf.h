/* A growing byte buffer with a stated maximum. Sticky: after the first failure every further put
 * is ignored and error stays set, so callers check once, at the end. TH_PAD cleared bytes always
 * stand readable behind the contents. */
#ifndef TH_BASE_BUF_H
#define TH_BASE_BUF_H

#include "base/common.h"

typedef struct th_buf {
  char *p; /* owned; NULL while empty */
  size_t n;
  size_t cap;  /* without the padding */
  size_t max;  /* 0 = no maximum */
  int error;   /* 0, TH_ENOMEM or TH_ELIMIT */
  bool secret; /* set behind th_buf_init: overwritten wherever it is given back */
} th_buf;

void th_buf_init(th_buf *b, size_t max);
void th_buf_dispose(th_buf *b);
void th_buf_clear(th_buf *b); /* keeps the memory, forgets contents and error */
/* Room for n more bytes; the pointer is where they go, NULL on failure. Follow with th_buf_added.
 */
char *th_buf_make_room(th_buf *b, size_t n);
static inline char *th_buf_room(th_buf *b, size_t n) {
  return TH_LIKELY(b->p && !b->error && n <= b->cap - b->n) ? b->p + b->n : th_buf_make_room(b, n);
}
static inline void th_buf_added(th_buf *b, size_t n) {
  b->n += n;
  memset(b->p + b->n, 0, TH_PAD);
}
void th_buf_put(th_buf *b, const void *p, size_t n);
static inline void th_buf_span(th_buf *b, th_span s) {
  th_buf_put(b, s.p, s.n);
}
static inline void th_buf_str(th_buf *b, const char *s) {
  th_buf_put(b, s, strlen(s));
}
static inline void th_buf_char(th_buf *b, char c) {
  char *to = th_buf_room(b, 1);
  if (!to) return;
  *to = c;
  th_buf_added(b, 1);
}
void th_buf_printf(th_buf *b, const char *fmt, ...) TH_PRINTF(2, 3);
void th_buf_u64(th_buf *b, uint64_t v); /* decimal digits */
void th_buf_i64(th_buf *b, int64_t v);
/* A LEB128 value into memory that has room for it, TH_VARINT_MOST bytes; returns its end. */
enum { TH_VARINT_MOST = 10 };
static inline uint8_t *th_varint_put(uint8_t *at, uint64_t v) {
  for (; v >= 0x80; v >>= 7)
    *at++ = (uint8_t)(v | 0x80);
  *at++ = (uint8_t)v;
  return at;
}
void th_buf_varint_slowly(th_buf *b, uint64_t v);
/* LEB128, for our own file formats. */
static inline void th_buf_varint(th_buf *b, uint64_t v) {
  if (TH_LIKELY(b->p && !b->error && b->cap - b->n >= TH_VARINT_MOST)) {
    uint8_t *to = (uint8_t *)b->p + b->n;
    th_buf_added(b, (size_t)(th_varint_put(to, v) - to));
  } else {
    th_buf_varint_slowly(b, v);
  }
}
/* Contents from byte `from` on are cut off. */
void th_buf_truncate(th_buf *b, size_t from);
static inline th_span th_buf_view(const th_buf *b) {
  return (th_span){b->p, b->n};
}

/* Reads a LEB128 value between *at and end. False when cut off or longer than 64 bits. */
bool th_varint_read(const uint8_t **at, const uint8_t *end, uint64_t *out) TH_MUST_USE;

#endif
