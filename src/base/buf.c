#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

void th_buf_init(th_buf *b, size_t max) {
  *b = (th_buf){.max = max};
}

static void release(th_buf *b) {
  if (b->secret && b->p) explicit_bzero(b->p, b->cap + TH_PAD);
  free(b->p);
}

void th_buf_dispose(th_buf *b) {
  release(b);
  *b = (th_buf){.max = b->max, .secret = b->secret};
}

void th_buf_clear(th_buf *b) {
  b->n = 0;
  b->error = 0;
}

static int grow(th_buf *b, size_t need) {
  if (b->max && need > b->max) return TH_ELIMIT;
  size_t cap = b->cap ? b->cap : 256;
  while (cap < need) {
    if (cap > SIZE_MAX / 2 - TH_PAD) return TH_ENOMEM;
    cap *= 2;
  }
  if (b->max && cap > b->max) cap = b->max;
  char *p = b->secret ? malloc(cap + TH_PAD) : realloc(b->p, cap + TH_PAD);
  if (!p) return TH_ENOMEM;
  if (b->secret) {
    if (b->p) memcpy(p, b->p, b->n);
    release(b);
  }
  b->p = p;
  b->cap = cap;
  return 0;
}

char *th_buf_make_room(th_buf *b, size_t n) {
  if (b->error) return NULL;
  if (n > SIZE_MAX - b->n) {
    b->error = TH_ELIMIT;
    return NULL;
  }
  if (!b->p || b->n + n > b->cap) {
    b->error = grow(b, b->n + n);
    if (b->error) return NULL;
  }
  return b->p + b->n;
}

void th_buf_put(th_buf *b, const void *p, size_t n) {
  char *to = th_buf_room(b, n);
  if (!to) return;
  if (n) memcpy(to, p, n);
  th_buf_added(b, n);
}

void th_buf_printf(th_buf *b, const char *fmt, ...) {
  va_list ap, again;
  va_start(ap, fmt);
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, fmt, ap);
  va_end(ap);
  char *to = n < 0 ? NULL : th_buf_room(b, (size_t)n + 1);
  if (to) {
    vsnprintf(to, (size_t)n + 1, fmt, again);
    th_buf_added(b, (size_t)n);
  }
  va_end(again);
}

void th_buf_u64(th_buf *b, uint64_t v) {
  char digits[20];
  size_t i = sizeof digits;
  do
    digits[--i] = (char)('0' + v % 10);
  while (v /= 10);
  th_buf_put(b, digits + i, sizeof digits - i);
}

void th_buf_i64(th_buf *b, int64_t v) {
  if (v < 0) th_buf_char(b, '-');
  th_buf_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void th_buf_varint_slowly(th_buf *b, uint64_t v) {
  uint8_t bytes[TH_VARINT_MOST];
  th_buf_put(b, bytes, (size_t)(th_varint_put(bytes, v) - bytes));
}

void th_buf_truncate(th_buf *b, size_t from) {
  if (from < b->n) {
    b->n = from;
    memset(b->p + b->n, 0, TH_PAD);
  }
}

bool th_varint_read(const uint8_t **at, const uint8_t *end, uint64_t *out) {
  uint64_t v = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (*at >= end) return false;
    uint8_t byte = *(*at)++;
    if (shift == 63 && byte > 1) return false;
    v |= (uint64_t)(byte & 0x7F) << shift;
    if (byte < 0x80) {
      *out = v;
      return true;
    }
  }
  return false;
}
