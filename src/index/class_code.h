/* Bits of the classes that stand in groups (CLASSES of format.h): written by encode.c, read by
 * segment.c. Numbers are small as a rule, so each code takes the fewer bits the smaller they are
 * (R. F. Rice, Some practical universal noiseless coding techniques, 1979; P. Elias, Universal
 * codeword sets and representations of the integers, 1975). */
#ifndef TH_INDEX_CLASS_CODE_H
#define TH_INDEX_CLASS_CODE_H

#include "index/codec.h"

enum { TH_CLASS_COUNT_SHIFT = 1, TH_CLASS_FIELD_SHIFT = 3 };

static inline void th_ones_put(th_bit_sink *s, uint32_t n) {
  for (; n >= 48; n -= 48)
    th_sink_put(s, (UINT64_C(1) << 48) - 1, 48);
  th_sink_put(s, (UINT64_C(1) << n) - 1, n + 1);
}

/* v >> shift ones, a zero, the low bits. */
static inline void th_rice_put(th_bit_sink *s, uint32_t v, unsigned shift) {
  th_ones_put(s, v >> shift);
  th_sink_put(s, v & ((1u << shift) - 1), shift);
}
static inline uint32_t th_rice_get(th_bit_reader *r, unsigned shift, uint32_t most) {
  uint32_t high = th_bits_unary(r, most);
  return high << shift | th_bits_get(r, shift);
}

/* v >= 1: k = floor(log2 v) ones, a zero, the k bits below the highest. */
static inline void th_gamma_put(th_bit_sink *s, uint32_t v) {
  unsigned k = 31 - (unsigned)__builtin_clz(v);
  th_ones_put(s, k);
  th_sink_put(s, v - (UINT64_C(1) << k), k);
}
static inline uint32_t th_gamma_get(th_bit_reader *r) {
  uint32_t k = th_bits_unary(r, 31);
  if (k == 31) th_bits_skip(r, 1); /* its zero */
  return (uint32_t)(UINT64_C(1) << k) | th_bits_get(r, k);
}

/* The same read from one word when they fit it, as nearly all do: a class is met for each posting
 * whose positions are read. */
static inline uint64_t th_class_word(const th_bit_reader *r) {
  uint64_t word;
  memcpy(&word, r->p + r->at / 8, 8);
  return word >> r->at % 8;
}
enum { TH_CLASS_WORD = 56 }; /* bits of a word that are always there */

static inline bool th_class_took(th_bit_reader *r, unsigned bits) {
  if (bits > TH_CLASS_WORD || bits > r->n - r->at) return false;
  r->at += bits;
  return true;
}

/* Both counts before a class. */
static inline void th_class_counts(th_bit_reader *r, uint32_t most, uint32_t *shared,
                                   uint32_t *more) {
  uint64_t word = th_class_word(r);
  unsigned a = (unsigned)__builtin_ctzll(~word | UINT64_C(1) << 40);
  word >>= a + 1;
  *shared = a << 1 | (word & 1);
  word >>= 1;
  unsigned b = (unsigned)__builtin_ctzll(~word | UINT64_C(1) << 40);
  *more = b << 1 | (word >> (b + 1) & 1);
  if (TH_LIKELY(a < 40 && b < 40 && th_class_took(r, a + b + 4))) return;
  *shared = th_rice_get(r, TH_CLASS_COUNT_SHIFT, most);
  *more = th_rice_get(r, TH_CLASS_COUNT_SHIFT, most);
}

/* A field's distance from the least that may come, and tf. */
static inline void th_class_pair(th_bit_reader *r, uint64_t *field, uint32_t *tf) {
  uint64_t word = th_class_word(r);
  unsigned a = (unsigned)__builtin_ctzll(~word | UINT64_C(1) << 20);
  word >>= a + 1;
  *field = ((UINT64_C(1) << a | (word & ((UINT64_C(1) << a) - 1))) - 1) << TH_CLASS_FIELD_SHIFT;
  word >>= a;
  *field |= word & ((1 << TH_CLASS_FIELD_SHIFT) - 1);
  word >>= TH_CLASS_FIELD_SHIFT;
  unsigned b = (unsigned)__builtin_ctzll(~word | UINT64_C(1) << 30);
  word >>= b + 1;
  *tf = (uint32_t)(UINT64_C(1) << b | (word & ((UINT64_C(1) << b) - 1)));
  if (TH_LIKELY(a < 20 && b < 30 && th_class_took(r, 2 * (a + b + 1) + TH_CLASS_FIELD_SHIFT)))
    return;
  *field = (uint64_t)(th_gamma_get(r) - 1) << TH_CLASS_FIELD_SHIFT;
  *field |= th_bits_get(r, TH_CLASS_FIELD_SHIFT);
  *tf = th_gamma_get(r);
}

#endif
