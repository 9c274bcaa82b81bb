/* Bits of the classes that stand in groups (CLASSES of format.h): written by encode.c, read by
 * segment.c. Numbers are small as a rule, so each code takes the fewer bits the smaller they are
 * (R. F. Rice, Some practical universal noiseless coding techniques, 1979; P. Elias, Universal
 * codeword sets and representations of the integers, 1975). */
#ifndef TH_INDEX_CLASS_CODE_H
#define TH_INDEX_CLASS_CODE_H

#include "index/codec.h"

enum { TH_CLASS_COUNT_SHIFT = 1, TH_CLASS_FIELD_SHIFT = 3 };

static inline void th_ones_put(th_bit_writer *w, uint32_t n) {
  for (; n >= 24; n -= 24)
    th_bits_put(w, (1u << 24) - 1, 24);
  th_bits_put(w, (1u << n) - 1, n + 1);
}

/* v >> shift ones, a zero, the low bits. */
static inline void th_rice_put(th_bit_writer *w, uint32_t v, unsigned shift) {
  th_ones_put(w, v >> shift);
  th_bits_put(w, v & ((1u << shift) - 1), shift);
}
static inline uint32_t th_rice_get(th_bit_reader *r, unsigned shift, uint32_t most) {
  uint32_t high = th_bits_unary(r, most);
  return high << shift | th_bits_get(r, shift);
}

/* v >= 1: k = floor(log2 v) ones, a zero, the k bits below the highest. */
static inline void th_gamma_put(th_bit_writer *w, uint32_t v) {
  unsigned k = 31 - (unsigned)__builtin_clz(v);
  th_ones_put(w, k);
  th_bits_put(w, (uint32_t)(v - (UINT64_C(1) << k)), k);
}
static inline uint32_t th_gamma_get(th_bit_reader *r) {
  uint32_t k = th_bits_unary(r, 31);
  if (k == 31) th_bits_skip(r, 1); /* its zero */
  return (uint32_t)(UINT64_C(1) << k) | th_bits_get(r, k);
}

#endif
