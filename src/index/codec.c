#include "index/codec.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the index format is read in place: little-endian machines only"
#endif

enum { ROWS = TH_BLOCK / 4 };

typedef void (*unpack_fn)(const uint8_t *, unsigned, uint32_t[TH_BLOCK]);
typedef void (*unpack_sum_fn)(const uint8_t *, unsigned, uint32_t, uint32_t[TH_BLOCK]);

unsigned th_bits_of(const uint32_t *values, size_t n) {
  uint32_t all = 0;
  for (size_t i = 0; i < n; i++)
    all |= values[i];
  return all ? 32 - (unsigned)__builtin_clz(all) : 0;
}

/* Four lanes, as the format has them. */
typedef uint32_t lanes __attribute__((vector_size(16)));

void th_pack(const uint32_t values[TH_BLOCK], unsigned bits, uint8_t *out) {
  lanes word = {0}, row;
  unsigned held = 0; /* bits of each lane of word */
  for (unsigned r = 0; r < ROWS && bits; r++) {
    memcpy(&row, values + 4 * r, sizeof row);
    word |= row << held;
    held += bits;
    if (held < 32) continue;
    memcpy(out, &word, sizeof word);
    out += sizeof word;
    held -= 32;
    word = held ? row >> (bits - held) : (lanes){0};
  }
}

/* ---- the scalar reference ---- */

static void unpack_scalar(const uint8_t *in, unsigned bits, uint32_t values[TH_BLOCK]) {
  uint32_t mask = bits >= 32 ? UINT32_MAX : (1u << bits) - 1;
  for (unsigned i = 0; i < TH_BLOCK; i++) {
    unsigned at = i / 4 * bits, shift = at % 32;
    uint32_t low = 0, high = 0;
    const uint8_t *word = in + 4 * (at / 32 * 4 + i % 4);
    if (bits) memcpy(&low, word, 4);
    if (shift + bits > 32) memcpy(&high, word + 16, 4);
    values[i] = (uint32_t)(((uint64_t)high << 32 | low) >> shift) & mask;
  }
}

static void unpack_sum_scalar(const uint8_t *in, unsigned bits, uint32_t before,
                              uint32_t out[TH_BLOCK]) {
  unpack_scalar(in, bits, out);
  for (unsigned i = 0; i < TH_BLOCK; i++)
    out[i] = before += out[i] + 1;
}

/* ---- four lanes ---- */

#ifdef __x86_64__
/* clang-format off */
#define EACH_WIDTH(X) \
  X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) \
  X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) \
  X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) \
  X(25) X(26) X(27) X(28) X(29) X(30) X(31) X(32)
/* clang-format on */

/* Row r of a block whose width is known when compiling: shifts and words become constants. */
#define ROW(in, r, bits)                                                                           \
  ({                                                                                               \
    const __m128i *word_ = (const __m128i *)(in) + (r) * (bits) / 32;                              \
    unsigned shift_ = (r) * (bits) % 32;                                                           \
    __m128i v_ = _mm_srli_epi32(_mm_loadu_si128(word_), (int)shift_);                              \
    if (shift_ + (bits) > 32)                                                                      \
      v_ = _mm_or_si128(v_, _mm_slli_epi32(_mm_loadu_si128(word_ + 1), (int)(32 - shift_)));       \
    (bits) == 32 ? v_ : _mm_and_si128(v_, _mm_set1_epi32((int)((1ull << (bits)) - 1)));            \
  })

/* Sums of four values on their own. */
static inline __m128i sum_row(__m128i v) {
  v = _mm_add_epi32(v, _mm_set1_epi32(1));
  v = _mm_add_epi32(v, _mm_slli_si128(v, 4));
  return _mm_add_epi32(v, _mm_slli_si128(v, 8));
}

/* A function a width: one with all widths in a switch takes a compiler a minute. In sums only one
 * addition a row waits for the row before. */
#define DEFINE_WIDTH(name, target_, b)                                                             \
  target_ static void unpack_##name##_##b(const uint8_t *in, uint32_t values[TH_BLOCK]) {          \
    _Pragma("GCC unroll 32") for (unsigned r = 0; r < ROWS; r++)                                   \
        _mm_storeu_si128((__m128i *)values + r, ROW(in, r, b));                                    \
  }                                                                                                \
  target_ static void unpack_sum_##name##_##b(const uint8_t *in, uint32_t before,                  \
                                              uint32_t out[TH_BLOCK]) {                            \
    __m128i sum = _mm_set1_epi32((int)before);                                                     \
    _Pragma("GCC unroll 32") for (unsigned r = 0; r < ROWS; r++) {                                 \
      __m128i row = sum_row(ROW(in, r, b));                                                        \
      _mm_storeu_si128((__m128i *)out + r, _mm_add_epi32(row, sum));                               \
      sum = _mm_add_epi32(sum, _mm_shuffle_epi32(row, 0xFF));                                      \
    }                                                                                              \
  }

/* The AVX2 variant has the same rows with three-operand instructions. Rows of eight values were
 * measured and are slower: halves that lie apart cost more to bring together than the wider sums
 * save. */
#define SSE2_WIDTH(b) DEFINE_WIDTH(sse2, , b)
#define AVX2_WIDTH(b) DEFINE_WIDTH(avx2, __attribute__((target("avx2"))), b)
EACH_WIDTH(SSE2_WIDTH)
EACH_WIDTH(AVX2_WIDTH)

typedef void (*width_fn)(const uint8_t *, uint32_t[TH_BLOCK]);
typedef void (*sum_width_fn)(const uint8_t *, uint32_t, uint32_t[TH_BLOCK]);

#define DEFINE_VARIANT(name)                                                                       \
  static void unpack_##name(const uint8_t *in, unsigned bits, uint32_t values[TH_BLOCK]) {         \
    static const width_fn by_width[33] = {NULL, EACH_WIDTH(NAME_##name)};                          \
    if (bits)                                                                                      \
      by_width[bits](in, values);                                                                  \
    else                                                                                           \
      memset(values, 0, TH_BLOCK * sizeof *values);                                                \
  }                                                                                                \
  static void unpack_sum_##name(const uint8_t *in, unsigned bits, uint32_t before,                 \
                                uint32_t out[TH_BLOCK]) {                                          \
    static const sum_width_fn by_width[33] = {NULL, EACH_WIDTH(NAME_SUM_##name)};                  \
    if (bits)                                                                                      \
      by_width[bits](in, before, out);                                                             \
    else                                                                                           \
      unpack_sum_scalar(in, 0, before, out);                                                       \
  }
#define NAME_sse2(b) unpack_sse2_##b,
#define NAME_avx2(b) unpack_avx2_##b,
#define NAME_SUM_sse2(b) unpack_sum_sse2_##b,
#define NAME_SUM_avx2(b) unpack_sum_avx2_##b,
DEFINE_VARIANT(sse2)
DEFINE_VARIANT(avx2)
#endif

/* ---- dispatch ---- */

static struct {
  unpack_fn unpack;
  unpack_sum_fn unpack_sum;
} chosen = {unpack_scalar, unpack_sum_scalar};

bool th_codec_force(th_codec variant) {
#ifdef __x86_64__
  bool avx2 = __builtin_cpu_supports("avx2");
  if (variant == TH_CODEC_BEST) variant = avx2 ? TH_CODEC_AVX2 : TH_CODEC_SSE2;
  if (variant == TH_CODEC_AVX2 && !avx2) return false;
  if (variant == TH_CODEC_AVX2) {
    chosen.unpack = unpack_avx2;
    chosen.unpack_sum = unpack_sum_avx2;
    return true;
  }
  if (variant == TH_CODEC_SSE2) {
    chosen.unpack = unpack_sse2;
    chosen.unpack_sum = unpack_sum_sse2;
    return true;
  }
#endif
  if (variant != TH_CODEC_SCALAR && variant != TH_CODEC_BEST) return false;
  chosen.unpack = unpack_scalar;
  chosen.unpack_sum = unpack_sum_scalar;
  return true;
}

__attribute__((constructor)) static void choose_codec(void) {
  th_codec_force(TH_CODEC_BEST);
}

void th_unpack(const uint8_t *in, unsigned bits, uint32_t values[TH_BLOCK]) {
  chosen.unpack(in, bits > 32 ? 32 : bits, values);
}

void th_unpack_sum(const uint8_t *in, unsigned bits, uint32_t before, uint32_t out[TH_BLOCK]) {
  chosen.unpack_sum(in, bits > 32 ? 32 : bits, before, out);
}
