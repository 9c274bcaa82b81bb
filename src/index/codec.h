/* Packed integers: blocks of TH_BLOCK at a fixed width, and bit streams for positions.
 *
 * A packed block of width b is 16 * b bytes: four lanes of 32 values each; value i stands in lane
 * i % 4 at row i / 4, a lane is a stream of b 32-bit words filled from the low bits up, and word w
 * of lane l is the (4 w + l)-th of the block (D. Lemire, L. Boytsov: Decoding billions of integers
 * per second through vectorization, 2015). So one vector load, shift and mask gives four values in
 * their order. Any alignment. */
#ifndef TH_INDEX_CODEC_H
#define TH_INDEX_CODEC_H

#include "base/buf.h"
#include "base/common.h"
#include "index/format.h"

static inline size_t th_packed_size(unsigned bits) {
  return (size_t)bits * (TH_BLOCK / 8);
}

/* Writes th_packed_size(bits) bytes; values must fit into bits (0 to 32). */
void th_pack(const uint32_t values[TH_BLOCK], unsigned bits, uint8_t *out);
/* Reads th_packed_size(bits) bytes. bits above 32 count as 32. */
void th_unpack(const uint8_t *in, unsigned bits, uint32_t values[TH_BLOCK]);
/* Deltas less one back to what they lie between: out[i] = out[i-1] + value[i] + 1, with `before`
 * (UINT32_MAX at the start of a list) in front. Sums wrap around. */
void th_unpack_sum(const uint8_t *in, unsigned bits, uint32_t before, uint32_t out[TH_BLOCK]);

/* The variants of th_unpack and th_unpack_sum. The best that the processor has is chosen at start.
 */
typedef enum th_codec { TH_CODEC_BEST, TH_CODEC_SCALAR, TH_CODEC_SSE2, TH_CODEC_AVX2 } th_codec;
/* For tests and benchmarks, while no other thread decodes. False when this machine has it not. */
bool th_codec_force(th_codec variant);

/* Width of the largest of n values. */
unsigned th_bits_of(const uint32_t *values, size_t n);
/* ceil(log2(range)): bits of a number below range. */
static inline unsigned th_bits_for(uint32_t range) {
  return range <= 1 ? 0 : 32 - (unsigned)__builtin_clz(range - 1);
}

/* ---- bit streams, low bits first ---- */

/* Bits on their way to memory: 8 bytes beyond what is written must be writable. Begins as
 * {p, 0, 0}. */
typedef struct th_bit_sink {
  uint8_t *p;
  uint64_t held;
  unsigned n; /* bits in held, below 8 between calls */
} th_bit_sink;

/* At most 56 bits; those of value beyond are 0. */
static inline void th_sink_put(th_bit_sink *s, uint64_t value, unsigned bits) {
  s->held |= value << s->n;
  s->n += bits;
  memcpy(s->p, &s->held, 8); /* little-endian hosts only, as the whole format */
  s->p += s->n / 8;
  s->held >>= s->n / 8 * 8 % 64;
  s->n %= 8;
}
/* The end of what was written, the last byte filled with zeros. */
static inline uint8_t *th_sink_end(const th_bit_sink *s) {
  return s->p + (s->n > 0);
}
/* n bits from p on, from bit `from` of it; 8 bytes behind must be readable. */
static inline void th_sink_copy(th_bit_sink *s, const uint8_t *p, uint64_t from, uint64_t n) {
  while (n) {
    unsigned bits = (unsigned)TH_MIN(n, UINT64_C(56));
    uint64_t word;
    memcpy(&word, p + from / 8, 8);
    word >>= from % 8;
    th_sink_put(s, word & ((UINT64_C(1) << bits) - 1), bits);
    from += bits;
    n -= bits;
  }
}

/* Reads between p and end; 8 bytes behind end must be readable. What lies behind the end reads as 0
 * and sets over. */
typedef struct th_bit_reader {
  const uint8_t *p;
  uint64_t at, n; /* bits */
  bool over;
} th_bit_reader;

static inline th_bit_reader th_bits_open(const uint8_t *p, const uint8_t *end) {
  th_bit_reader r = {p, 0, p < end ? (uint64_t)(end - p) * 8 : 0, false};
  return r;
}
/* bits at most 32. */
static inline uint32_t th_bits_get(th_bit_reader *r, unsigned bits) {
  uint64_t word;
  if (TH_UNLIKELY(bits > r->n - r->at)) {
    r->over = true;
    r->at = r->n;
    return 0;
  }
  memcpy(&word, r->p + r->at / 8, 8);
  word >>= r->at % 8;
  r->at += bits;
  return (uint32_t)(word & (((uint64_t)1 << bits) - 1));
}
static inline void th_bits_skip(th_bit_reader *r, uint64_t bits) {
  if (bits > r->n - r->at) r->over = true, bits = r->n - r->at;
  r->at += bits;
}

/* Ones up to the next zero, which is read too; at most `most`, behind which no zero stands. */
static inline uint32_t th_bits_unary(th_bit_reader *r, uint32_t most) {
  for (uint32_t n = 0;;) {
    uint64_t word;
    uint32_t whole = 64 - r->at % 8, ones; /* bits of word that have been loaded */
    memcpy(&word, r->p + r->at / 8, 8);
    word = ~(word >> r->at % 8);
    ones = word ? (uint32_t)__builtin_ctzll(word) : 64;
    ones = TH_MIN(ones, whole);
    if (ones >= most - n) {
      th_bits_skip(r, most - n);
      return most;
    }
    n += ones;
    th_bits_skip(r, ones + (ones < whole));
    if (ones < whole || r->over) return n;
  }
}

/* Rice parameter of the document deltas in a tail. */
static inline unsigned th_tail_shift(uint32_t n_docs, uint32_t df) {
  return n_docs > df ? 31 - (unsigned)__builtin_clz(n_docs / df) : 0;
}
/* Classes in a tail: the widths of the first three selectors and the first class of each. */
enum { TH_TAIL_WIDTH_0 = 4, TH_TAIL_WIDTH_1 = 8, TH_TAIL_WIDTH_2 = 13 };
enum {
  TH_TAIL_FIRST_1 = 1 << TH_TAIL_WIDTH_0,
  TH_TAIL_FIRST_2 = TH_TAIL_FIRST_1 + (1 << TH_TAIL_WIDTH_1)
};
enum { TH_TAIL_FIRST_3 = TH_TAIL_FIRST_2 + (1 << TH_TAIL_WIDTH_2) };
/* ---- order-preserving bits of a double ---- */
static inline int64_t th_double_key(double v) {
  int64_t bits;
  v += 0.0; /* -0 becomes 0 */
  memcpy(&bits, &v, 8);
  return bits < 0 ? (int64_t)((uint64_t)bits ^ INT64_MAX) : bits;
}
static inline double th_double_of_key(int64_t key) {
  double v;
  if (key < 0) key = (int64_t)((uint64_t)key ^ INT64_MAX);
  memcpy(&v, &key, 8);
  return v;
}

#endif
