/* The inner loops of scoring. All variants give the same integers: the float operations are the
 * same, each rounded by itself (no fused multiply-add), in the same order. */
#include "query/cursor.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define HAVE_AVX2 1
#endif

static uint32_t score_scalar(const uint32_t *docs, const uint32_t *classes, uint32_t n,
                             const th_weights *w, float idf, uint32_t *out_docs,
                             uint32_t *out_scores) {
  uint32_t m = 0;
  for (uint32_t i = 0; i < n; i++) {
    float wtf = th_class_weight(w->classes, classes[i]);
    out_docs[m] = docs[i];
    out_scores[m] = th_score_contribution(idf, wtf, th_weights_length(w, docs[i]));
    m += wtf > 0;
  }
  return m;
}

static uint32_t scope_scalar(const uint32_t *docs, const uint32_t *classes, uint32_t n,
                             const th_weights *w, uint32_t *out_docs) {
  uint32_t m = 0;
  for (uint32_t i = 0; i < n; i++) {
    out_docs[m] = docs[i];
    m += th_class_weight(w->classes, classes[i]) > 0;
  }
  return m;
}

static uint64_t above_scalar(const uint32_t score[64], uint32_t least) {
  uint64_t bits = 0;
  for (unsigned i = 0; i < 64; i++)
    bits |= (uint64_t)(score[i] >= least) << i;
  return bits;
}

static uint64_t bytes_scalar(const uint8_t byte[64]) {
  uint64_t bits = 0;
  for (unsigned i = 0; i < 64; i++)
    bits |= (uint64_t)(byte[i] != 0) << i;
  return bits;
}

static uint32_t common_scalar(const uint32_t *a, uint32_t n, const uint32_t *b, uint32_t m,
                              uint8_t *at_a, uint8_t *at_b) {
  uint32_t found = 0;
  for (uint32_t i = 0, k = 0; i < n && k < m;) {
    uint32_t x = a[i], y = b[k];
    at_a[found] = (uint8_t)i;
    at_b[found] = (uint8_t)k;
    found += x == y;
    i += x <= y;
    k += y <= x;
  }
  return found;
}

static void sieve_scalar(const uint32_t *docs, uint32_t n, const uint8_t *most, float base,
                         float step, bool all, uint32_t *bound) {
  for (uint32_t i = 0; i < n; i++) {
    unsigned b = most[docs[i]];
    uint32_t sum = bound[i] + (uint32_t)(base + step * (float)b + 0.5f) + 2;
    if (all && !bound[i]) sum = 0;
    bound[i] = b ? sum : all ? 0 : bound[i];
  }
}

static uint16_t bounds_scalar(const th_rough *tables, uint32_t n, bool all, uint32_t from,
                              uint16_t bound[64]) {
  uint16_t largest = 0;
  for (unsigned i = 0; i < 64; i++) {
    uint32_t sum = bound[i];
    bool none = false;
    for (uint32_t k = 0; k < n; k++) {
      uint32_t b = tables[k].most[from + i];
      if (b) sum += tables[k].base + (b * tables[k].step >> 8);
      none |= !b;
    }
    bound[i] = (uint16_t)(all && none ? 0 : sum);
    largest = TH_MAX(largest, bound[i]);
  }
  return largest;
}

static uint64_t reach_scalar(const uint16_t bound[64], uint16_t least) {
  uint64_t bits = 0;
  for (unsigned i = 0; i < 64; i++)
    bits |= (uint64_t)(bound[i] >= least) << i;
  return bits;
}

/* Written so that compilers make vectors of it. */
static inline __attribute__((always_inline)) void
shorten_plain(const uint16_t *of, uint32_t n, uint32_t least, uint32_t factor, uint8_t *out) {
  for (uint32_t i = 0; i < n; i++) {
    uint32_t some = of[i] != 0, part = (of[i] - least) & -some;
    out[i] = (uint8_t)(some + ((part * factor + 65535 * some) >> 16));
  }
}

static void shorten_scalar(const uint16_t *of, uint32_t n, uint16_t least, uint32_t factor,
                           uint8_t *out) {
  shorten_plain(of, n, least, factor, out);
}

/* Ranges and masks over values of one width. */
#define VALUE_KERNELS(type, bytes)                                                                 \
  static uint64_t range##bytes##_scalar(const void *values, const th_value_test *t) {              \
    const type *v = values, low = (type)t->low, span = (type)t->span, a = (type)t->a,              \
               b = (type)t->b;                                                                     \
    uint64_t bits = 0;                                                                             \
    for (unsigned i = 0; i < 64; i++)                                                              \
      bits |= (uint64_t)(((type)(v[i] - low) <= span) | (v[i] == a) | (v[i] == b)) << i;           \
    return bits;                                                                                   \
  }                                                                                                \
  static uint64_t mask##bytes##_scalar(const void *values, const th_value_test *t) {               \
    const type *v = values;                                                                        \
    uint64_t bits = 0;                                                                             \
    for (unsigned i = 0; i < 64; i++)                                                              \
      bits |= (uint64_t)((v[i] & t->mask) != 0) << i;                                              \
    return bits;                                                                                   \
  }
VALUE_KERNELS(uint8_t, 1)
VALUE_KERNELS(uint16_t, 2)
VALUE_KERNELS(uint32_t, 4)

static uint64_t count_scalar(const uint64_t *words, uint32_t n) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < n; i++)
    sum += (uint64_t)__builtin_popcountll(words[i]);
  return sum;
}

/* The bits, the lowest first, to where `in` has ones. */
static uint64_t deposit_scalar(uint64_t bits, uint64_t in) {
  uint64_t out = 0;
  if (in == UINT64_MAX) return bits;
  for (; in && bits; in &= in - 1, bits >>= 1)
    out |= (in & -in) & -(bits & 1);
  return out;
}

static const th_kernels scalar = {score_scalar,
                                  scope_scalar,
                                  above_scalar,
                                  bytes_scalar,
                                  common_scalar,
                                  sieve_scalar,
                                  bounds_scalar,
                                  reach_scalar,
                                  shorten_scalar,
                                  {range1_scalar, range2_scalar, range4_scalar},
                                  {mask1_scalar, mask2_scalar, mask4_scalar},
                                  count_scalar,
                                  deposit_scalar};
const th_kernels *th_kernels_now = &scalar;

#ifdef HAVE_AVX2
/* Weights of eight classes: of those that are frequent, nearly all, by one gather; others one by
 * one. */
__attribute__((target("avx2,popcnt"))) static inline __m256 weight8(__m256i class,
                                                                    const th_class_weights *t) {
  __m256i at = _mm256_min_epu32(class, _mm256_set1_epi32((int)t->n_direct));
  __m256 weight = _mm256_i32gather_ps(t->direct, at, 4);
  unsigned other = (unsigned)_mm256_movemask_ps(weight); /* negative */
  if (TH_LIKELY(!other)) return weight;
  uint32_t classes[8];
  float weights[8];
  _mm256_storeu_si256((__m256i *)(void *)classes, class);
  _mm256_storeu_ps(weights, weight);
  for (; other; other &= other - 1) {
    unsigned k = (unsigned)__builtin_ctz(other);
    weights[k] = th_class_weight(t, classes[k]);
  }
  return _mm256_loadu_ps(weights);
}

/* Length parts of eight documents: by one gather, or one by one. */
__attribute__((target("avx2"))) static inline __m256 length8(const uint32_t *d,
                                                             const th_weights *w) {
  const uint8_t *norms = w->norms;
  const float *of = w->of_norm;
  if (w->length)
    return _mm256_i32gather_ps(w->length, _mm256_loadu_si256((const __m256i *)(const void *)d), 4);
  if (!norms) return _mm256_set1_ps(TH_SCORE_K1);
  return _mm256_setr_ps(of[norms[d[0]]], of[norms[d[1]]], of[norms[d[2]]], of[norms[d[3]]],
                        of[norms[d[4]]], of[norms[d[5]]], of[norms[d[6]]], of[norms[d[7]]]);
}

/* Eight postings: weights by class, lengths by document. */
__attribute__((target("avx2,popcnt"))) static inline __m256i
score8(const uint32_t *docs, __m256i class, const th_weights *w, __m256 idf, __m256 *wtf) {
  const __m256 one = _mm256_set1_ps(TH_SCORE_ONE), half = _mm256_set1_ps(0.5f);
  __m256 length = length8(docs, w);
  *wtf = weight8(class, w->classes);
  __m256 sat = _mm256_div_ps(*wtf, _mm256_add_ps(*wtf, length));
  __m256 score = _mm256_add_ps(_mm256_mul_ps(_mm256_mul_ps(idf, sat), one), half);
  return _mm256_cvttps_epi32(score);
}

/* lanes[bits]: a byte for each of the bits that are set, its number. */
static uint64_t lanes[256];

static void fill_lanes(void) {
  for (unsigned bits = 0; bits < 256; bits++) {
    uint64_t packed = 0;
    for (unsigned k = 0, to = 0; k < 8; k++)
      if (bits >> k & 1) packed |= (uint64_t)k << (8 * to++);
    lanes[bits] = packed;
  }
}

/* The lanes of v whose bits are set, together in front. */
__attribute__((target("avx2"))) static inline __m256i together8(__m256i v, unsigned bits) {
  __m256i from = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)lanes[bits]));
  return _mm256_permutevar8x32_epi32(v, from);
}

__attribute__((target("avx2,popcnt"))) static uint32_t
score_avx2(const uint32_t *docs, const uint32_t *classes, uint32_t n, const th_weights *w,
           float idf, uint32_t *out_docs, uint32_t *out_scores) {
  uint32_t m = 0, i = 0;
  const __m256 idf8 = _mm256_set1_ps(idf), zero = _mm256_setzero_ps();
  for (; i + 8 <= n; i += 8) {
    __m256 wtf;
    __m256i doc = _mm256_loadu_si256((const __m256i *)(const void *)(docs + i));
    __m256i class = _mm256_loadu_si256((const __m256i *)(const void *)(classes + i));
    __m256i score = score8(docs + i, class, w, idf8, &wtf);
    unsigned in = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(wtf, zero, _CMP_GT_OQ));
    _mm256_storeu_si256((__m256i *)(void *)(out_docs + m), together8(doc, in));
    _mm256_storeu_si256((__m256i *)(void *)(out_scores + m), together8(score, in));
    m += (unsigned)__builtin_popcount(in);
  }
  return m + score_scalar(docs + i, classes + i, n - i, w, idf, out_docs + m, out_scores + m);
}

/* Eight classes as bits, which are in the scope. */
__attribute__((target("avx2"))) static inline unsigned in8(__m256i class, const uint32_t *in) {
  __m256i word =
      _mm256_i32gather_epi32((const int *)(const void *)in, _mm256_srli_epi32(class, 5), 4);
  __m256i last =
      _mm256_sub_epi32(_mm256_set1_epi32(31), _mm256_and_si256(class, _mm256_set1_epi32(31)));
  return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_sllv_epi32(word, last)));
}

__attribute__((target("avx2,popcnt"))) static uint32_t scope_avx2(const uint32_t *docs,
                                                                  const uint32_t *classes,
                                                                  uint32_t n, const th_weights *w,
                                                                  uint32_t *out_docs) {
  uint32_t m = 0, i = 0;
  for (; i + 8 <= n; i += 8) {
    __m256i doc = _mm256_loadu_si256((const __m256i *)(const void *)(docs + i));
    __m256i class = _mm256_loadu_si256((const __m256i *)(const void *)(classes + i));
    unsigned in = in8(class, w->classes->in);
    _mm256_storeu_si256((__m256i *)(void *)(out_docs + m), together8(doc, in));
    m += (unsigned)__builtin_popcount(in);
  }
  return m + scope_scalar(docs + i, classes + i, n - i, w, out_docs + m);
}

__attribute__((target("avx2"))) static uint64_t above_avx2(const uint32_t score[64],
                                                           uint32_t least) {
  const __m256i below = _mm256_set1_epi32((int)(least - 1));
  uint64_t bits = 0;
  for (unsigned i = 0; i < 64; i += 8) {
    __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(score + i));
    __m256 above = _mm256_castsi256_ps(_mm256_cmpgt_epi32(v, below));
    bits |= (uint64_t)(unsigned)_mm256_movemask_ps(above) << i;
  }
  return bits;
}

__attribute__((target("avx2"))) static uint64_t bytes_avx2(const uint8_t byte[64]) {
  const __m256i zero = _mm256_setzero_si256();
  __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)byte);
  __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(byte + 32));
  uint32_t no_a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, zero));
  uint32_t no_b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, zero));
  return ~((uint64_t)no_a | (uint64_t)no_b << 32);
}

/* Eight of b at a time: those that lie below are passed over, what is equal among them is found by
 * one comparison. The last eight overlap the ones before. */
__attribute__((target("avx2"))) static uint32_t common_avx2(const uint32_t *a, uint32_t n,
                                                            const uint32_t *b, uint32_t m,
                                                            uint8_t *at_a, uint8_t *at_b) {
  uint32_t found = 0, base = 0;
  if (m < 8) return common_scalar(a, n, b, m, at_a, at_b);
  for (uint32_t i = 0; i < n; i++) {
    while (b[base + 7] < a[i])
      base = TH_MIN(base + 8, m - 8); /* b[m - 1] is not below a[i] */
    __m256i eight = _mm256_loadu_si256((const __m256i *)(const void *)(b + base));
    __m256i equal = _mm256_cmpeq_epi32(eight, _mm256_set1_epi32((int)a[i]));
    unsigned bits = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(equal));
    at_a[found] = (uint8_t)i;
    at_b[found] = (uint8_t)(base + (unsigned)__builtin_ctz(bits | 1u << 8));
    found += bits != 0;
  }
  return found;
}

__attribute__((target("avx2"))) static void sieve_avx2(const uint32_t *docs, uint32_t n,
                                                       const uint8_t *most, float base, float step,
                                                       bool all, uint32_t *bound) {
  const __m256 base8 = _mm256_set1_ps(base), step8 = _mm256_set1_ps(step),
               half = _mm256_set1_ps(0.5f);
  const __m256i low = _mm256_set1_epi32(0xFF), zero = _mm256_setzero_si256();
  uint32_t i = 0;
  for (; i + 8 <= n; i += 8) {
    __m256i doc = _mm256_loadu_si256((const __m256i *)(const void *)(docs + i));
    __m256i b = _mm256_i32gather_epi32((const int *)(const void *)most, doc, 1);
    __m256i sum = _mm256_loadu_si256((const __m256i *)(const void *)(bound + i));
    b = _mm256_and_si256(b, low);
    __m256 more = _mm256_add_ps(base8, _mm256_mul_ps(step8, _mm256_cvtepi32_ps(b)));
    more = _mm256_add_ps(more, half);
    __m256i add = _mm256_add_epi32(_mm256_cvttps_epi32(more), _mm256_set1_epi32(2));
    __m256i none = _mm256_cmpeq_epi32(b, zero);
    if (all) {
      none = _mm256_or_si256(none, _mm256_cmpeq_epi32(sum, zero));
      sum = _mm256_andnot_si256(none, _mm256_add_epi32(sum, add));
    } else {
      sum = _mm256_add_epi32(sum, _mm256_andnot_si256(none, add));
    }
    _mm256_storeu_si256((__m256i *)(void *)(bound + i), sum);
  }
  sieve_scalar(docs + i, n - i, most, base, step, all, bound + i);
}

/* What one table adds for 16 documents, whose bytes stand in the upper halves. */
__attribute__((target("avx2"))) static inline __m256i rough16(__m256i b, const th_rough *t) {
  __m256i sum = _mm256_add_epi16(_mm256_mulhi_epu16(b, _mm256_set1_epi16((short)t->step)),
                                 _mm256_set1_epi16((short)t->base));
  return _mm256_andnot_si256(_mm256_cmpeq_epi16(b, _mm256_setzero_si256()), sum);
}

/* 32 documents at a time: their bytes are unpacked within the halves of a vector, and the sums put
 * in order at the end. */
__attribute__((target("avx2"))) static uint16_t
bounds_avx2(const th_rough *tables, uint32_t n, bool all, uint32_t from, uint16_t bound[64]) {
  const __m256i zero = _mm256_setzero_si256();
  __m256i largest = zero;
  for (unsigned i = 0; i < 64; i += 32) {
    __m256i low = zero, high = zero, none = zero;
    for (uint32_t k = 0; k < n; k++) {
      __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(tables[k].most + from + i));
      none = _mm256_or_si256(none, _mm256_cmpeq_epi8(b, zero));
      low = _mm256_add_epi16(low, rough16(_mm256_unpacklo_epi8(zero, b), &tables[k]));
      high = _mm256_add_epi16(high, rough16(_mm256_unpackhi_epi8(zero, b), &tables[k]));
    }
    __m256i *to = (__m256i *)(void *)(bound + i);
    __m256i first =
        _mm256_add_epi16(_mm256_permute2x128_si256(low, high, 0x20), _mm256_loadu_si256(to));
    __m256i second =
        _mm256_add_epi16(_mm256_permute2x128_si256(low, high, 0x31), _mm256_loadu_si256(to + 1));
    if (all) {
      first = _mm256_andnot_si256(_mm256_cvtepi8_epi16(_mm256_castsi256_si128(none)), first);
      second = _mm256_andnot_si256(_mm256_cvtepi8_epi16(_mm256_extracti128_si256(none, 1)), second);
    }
    _mm256_storeu_si256(to, first);
    _mm256_storeu_si256(to + 1, second);
    largest = _mm256_max_epu16(largest, _mm256_max_epu16(first, second));
  }
  __m128i eight =
      _mm_max_epu16(_mm256_castsi256_si128(largest), _mm256_extracti128_si256(largest, 1));
  eight = _mm_minpos_epu16(_mm_xor_si128(eight, _mm_set1_epi16(-1)));
  return (uint16_t)~_mm_extract_epi16(eight, 0);
}

#define LOAD(at) _mm256_loadu_si256((const __m256i *)(const void *)(at))

/* All ones in each lane of the width that passes. */
#define PASSES(bits)                                                                               \
  __attribute__((target("avx2"))) static inline __m256i in_range##bits(                            \
      __m256i v, __m256i low, __m256i span, __m256i a, __m256i b) {                                \
    __m256i from = _mm256_sub_epi##bits(v, low);                                                   \
    __m256i in = _mm256_cmpeq_epi##bits(_mm256_min_epu##bits(from, span), from);                   \
    __m256i other = _mm256_or_si256(_mm256_cmpeq_epi##bits(v, a), _mm256_cmpeq_epi##bits(v, b));   \
    return _mm256_or_si256(in, other);                                                             \
  }                                                                                                \
  __attribute__((target("avx2"))) static inline __m256i none_of##bits(__m256i v, __m256i mask) {   \
    return _mm256_cmpeq_epi##bits(_mm256_and_si256(v, mask), _mm256_setzero_si256());              \
  }
PASSES(8)
PASSES(16)
PASSES(32)

/* Lanes of all ones or zeros to bits: of 32, of 16 in each of two, of 8. */
__attribute__((target("avx2"))) static inline uint64_t bits32(__m256i v) {
  return (uint32_t)_mm256_movemask_epi8(v);
}
__attribute__((target("avx2"))) static inline uint64_t bits16(__m256i low, __m256i high) {
  return bits32(_mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xD8));
}
__attribute__((target("avx2"))) static inline uint64_t bits8(__m256i v) {
  return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(v));
}

__attribute__((target("avx2"))) static uint64_t reach_avx2(const uint16_t bound[64],
                                                           uint16_t least) {
  const __m256i from = _mm256_set1_epi16((short)least);
  uint64_t bits = 0;
  for (unsigned i = 0; i < 64; i += 32) {
    __m256i a = LOAD(bound + i), b = LOAD(bound + i + 16);
    bits |= bits16(_mm256_cmpeq_epi16(_mm256_max_epu16(a, from), a),
                   _mm256_cmpeq_epi16(_mm256_max_epu16(b, from), b))
            << i;
  }
  return bits;
}

__attribute__((target("avx2"))) static void
shorten_avx2(const uint16_t *of, uint32_t n, uint16_t least, uint32_t factor, uint8_t *out) {
  shorten_plain(of, n, least, factor, out);
}

#define SET_UP(bits, type)                                                                         \
  const type *v = values;                                                                          \
  const __m256i low = _mm256_set1_epi##bits((type)t->low),                                         \
                span = _mm256_set1_epi##bits((type)t->span),                                       \
                a = _mm256_set1_epi##bits((type)t->a), b = _mm256_set1_epi##bits((type)t->b)

__attribute__((target("avx2"))) static uint64_t range1_avx2(const void *values,
                                                            const th_value_test *t) {
  SET_UP(8, char);
  return bits32(in_range8(LOAD(v), low, span, a, b)) |
         bits32(in_range8(LOAD(v + 32), low, span, a, b)) << 32;
}
__attribute__((target("avx2"))) static uint64_t range2_avx2(const void *values,
                                                            const th_value_test *t) {
  SET_UP(16, short);
  return bits16(in_range16(LOAD(v), low, span, a, b), in_range16(LOAD(v + 16), low, span, a, b)) |
         bits16(in_range16(LOAD(v + 32), low, span, a, b),
                in_range16(LOAD(v + 48), low, span, a, b))
             << 32;
}
__attribute__((target("avx2"))) static uint64_t range4_avx2(const void *values,
                                                            const th_value_test *t) {
  SET_UP(32, int);
  uint64_t bits = 0;
  for (unsigned i = 0; i < 64; i += 8)
    bits |= bits8(in_range32(LOAD(v + i), low, span, a, b)) << i;
  return bits;
}
__attribute__((target("avx2"))) static uint64_t mask1_avx2(const void *values,
                                                           const th_value_test *t) {
  const char *v = values;
  const __m256i mask = _mm256_set1_epi8((char)t->mask);
  return ~(bits32(none_of8(LOAD(v), mask)) | bits32(none_of8(LOAD(v + 32), mask)) << 32);
}
__attribute__((target("avx2"))) static uint64_t mask2_avx2(const void *values,
                                                           const th_value_test *t) {
  const short *v = values;
  const __m256i mask = _mm256_set1_epi16((short)t->mask);
  return ~(bits16(none_of16(LOAD(v), mask), none_of16(LOAD(v + 16), mask)) |
           bits16(none_of16(LOAD(v + 32), mask), none_of16(LOAD(v + 48), mask)) << 32);
}
__attribute__((target("avx2"))) static uint64_t mask4_avx2(const void *values,
                                                           const th_value_test *t) {
  const int *v = values;
  const __m256i mask = _mm256_set1_epi32((int)t->mask);
  uint64_t bits = 0;
  for (unsigned i = 0; i < 64; i += 8)
    bits |= bits8(none_of32(LOAD(v + i), mask)) << i;
  return ~bits;
}

__attribute__((target("popcnt"))) static uint64_t count_popcnt(const uint64_t *words, uint32_t n) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < n; i++)
    sum += (uint64_t)__builtin_popcountll(words[i]);
  return sum;
}

__attribute__((target("bmi2"))) static uint64_t deposit_bmi2(uint64_t bits, uint64_t in) {
  return _pdep_u64(bits, in);
}

static const th_kernels avx2 = {score_avx2,
                                scope_avx2,
                                above_avx2,
                                bytes_avx2,
                                common_avx2,
                                sieve_avx2,
                                bounds_avx2,
                                reach_avx2,
                                shorten_avx2,
                                {range1_avx2, range2_avx2, range4_avx2},
                                {mask1_avx2, mask2_avx2, mask4_avx2},
                                count_popcnt,
                                deposit_bmi2};
#endif

__attribute__((constructor)) static void choose(void) {
  th_kernels_force_scalar(false);
}

void th_kernels_force_scalar(bool wanted) {
  th_kernels_now = &scalar;
#ifdef HAVE_AVX2
  __builtin_cpu_init();
  if (!wanted && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") &&
      __builtin_cpu_supports("bmi2")) {
    fill_lanes();
    th_kernels_now = &avx2;
  }
#else
  (void)wanted;
#endif
}
