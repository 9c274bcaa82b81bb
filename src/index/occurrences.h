/* How the occurrences of one posting in one field are written in bits (POSITIONS of format.h).
 *
 *   field     := between(0, length, tf) forms
 *   between(low, high, n): n positions in [low, high), ascending; nothing when n is 0 or high -
 * low, else the middle one, number n / 2, as below(its distance from low + n / 2, high - low - n +
 * 1), then those before it, then those behind it (binary interpolative coding: A. Moffat, L.
 * Stuiver, Binary interpolative coding for effective index compression, 2000). It costs about log2
 * of the number of ways to choose n of high - low places, whatever n. below(v, r) : phased-in
 * binary of v < r, the values in the middle being the short ones: with k = floor(log2 r), u =
 * 2^(k+1) - r and x = (v - (r - u) / 2) mod r: x in k bits when x < u, else the upper k bits of x +
 * u, then its lowest bit forms     := nothing when the term has one form; form when tf = 1; else a
 * bit, 0 when all have form 0, 1 with form{tf} behind it form      := with m = min(n_forms - 1,
 * TH_FORM_UNARY): min(form, m) ones, and a zero when form < m; a form >= m = TH_FORM_UNARY is
 * followed by below(form - m, n_forms - m) */
#ifndef TH_INDEX_OCCURRENCES_H
#define TH_INDEX_OCCURRENCES_H

#include "index/codec.h"

enum { TH_FORM_UNARY = 7 };

/* Bits on their way to memory: 8 bytes beyond what is written must be writable. */
typedef struct th_bit_sink {
  uint8_t *p;
  uint64_t held;
  unsigned n;
} th_bit_sink;

/* At most 56 bits. */
static inline void th_sink_put(th_bit_sink *s, uint64_t value, unsigned bits) {
  s->held |= value << s->n;
  s->n += bits;
  memcpy(s->p, &s->held, 8);
  s->p += s->n / 8;
  s->held >>= s->n / 8 * 8 % 64;
  s->n %= 8;
}

/* Most bytes that a field with tf occurrences takes, the sink's margin included. */
static inline size_t th_occurrences_room(uint32_t tf) {
  return (size_t)tf * 8 + 16;
}
/* positions: tf of them, ascending, each below length. */
void th_occurrences_write(th_bit_sink *sink, const uint32_t *positions, const uint16_t *forms,
                          uint32_t tf, uint32_t length, uint32_t n_forms);

/* One occurrence as it is read. */
typedef struct th_occurrence {
  uint16_t field;
  uint16_t form;
  uint32_t position;
} th_occurrence;

/* Reads tf occurrences; the first `max` of them are stored in out (which may be NULL when max is
 * 0). False when they cannot be: tf > length, or the bits end. */
bool th_occurrences_read(th_bit_reader *bits, uint16_t field, uint32_t tf, uint32_t length,
                         uint32_t n_forms, th_occurrence *out, uint32_t max) TH_MUST_USE;

#endif
