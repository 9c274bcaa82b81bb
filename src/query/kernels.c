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
    out_scores[m] = th_score_contribution(idf, wtf, w->length ? w->length[docs[i]] : TH_SCORE_K1);
    m += wtf > 0;
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

static const th_kernels scalar = {score_scalar, above_scalar, bytes_scalar, common_scalar};
const th_kernels *th_kernels_now = &scalar;

#ifdef HAVE_AVX2
/* Weights of eight classes: their codes, the values of these; rare ones one by one. */
__attribute__((target("avx2"))) static inline __m256
weight8_coded(__m256i class, const th_class_weights *t, bool narrow) {
  const int *code = t->code;
  __m256i at =
      narrow ? _mm256_and_si256(_mm256_i32gather_epi32(code, class, 1), _mm256_set1_epi32(0xFF))
             : _mm256_and_si256(_mm256_i32gather_epi32(code, class, 2), _mm256_set1_epi32(0xFFFF));
  __m256 weight = _mm256_i32gather_ps(t->value, at, 4);
  unsigned rare = (unsigned)_mm256_movemask_ps(weight); /* negative */
  if (TH_LIKELY(!rare)) return weight;
  uint32_t classes[8];
  float weights[8];
  _mm256_storeu_si256((__m256i *)(void *)classes, class);
  _mm256_storeu_ps(weights, weight);
  for (; rare; rare &= rare - 1) {
    unsigned k = (unsigned)__builtin_ctz(rare);
    weights[k] = th_class_weight_rare(t, classes[k]);
  }
  return _mm256_loadu_ps(weights);
}

/* Of eight classes that are frequent, as a rule. */
__attribute__((target("avx2"))) static inline __m256
weight8(__m256i class, const th_class_weights *t, bool narrow) {
  __m256i at = _mm256_min_epu32(class, _mm256_set1_epi32((int)t->n_direct));
  __m256 weight = _mm256_i32gather_ps(t->direct, at, 4);
  return _mm256_movemask_ps(weight) ? weight8_coded(class, t, narrow) : weight;
}

/* Eight postings: weights by class, lengths by document. */
__attribute__((target("avx2"))) static inline __m256i
score8(__m256i doc, __m256i class, const th_weights *w, bool narrow, __m256 idf, __m256 *wtf) {
  const __m256 one = _mm256_set1_ps(TH_SCORE_ONE), half = _mm256_set1_ps(0.5f);
  __m256 length = _mm256_set1_ps(TH_SCORE_K1);
  *wtf = weight8(class, w->classes, narrow);
  if (w->length) length = _mm256_i32gather_ps(w->length, doc, 4);
  __m256 sat = _mm256_div_ps(*wtf, _mm256_add_ps(*wtf, length));
  __m256 score = _mm256_add_ps(_mm256_mul_ps(_mm256_mul_ps(idf, sat), one), half);
  return _mm256_cvttps_epi32(score);
}

__attribute__((target("avx2"))) static uint32_t
score_avx2(const uint32_t *docs, const uint32_t *classes, uint32_t n, const th_weights *w,
           float idf, uint32_t *out_docs, uint32_t *out_scores) {
  uint32_t m = 0, i = 0, held[8];
  const bool narrow = w->classes->width == 1;
  const __m256 idf8 = _mm256_set1_ps(idf), zero = _mm256_setzero_ps();
  for (; i + 8 <= n; i += 8) {
    __m256 wtf;
    __m256i doc = _mm256_loadu_si256((const __m256i *)(const void *)(docs + i));
    __m256i class = _mm256_loadu_si256((const __m256i *)(const void *)(classes + i));
    __m256i score = score8(doc, class, w, narrow, idf8, &wtf);
    unsigned in = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(wtf, zero, _CMP_GT_OQ));
    if (in == 0xFF) {
      _mm256_storeu_si256((__m256i *)(void *)(out_docs + m), doc);
      _mm256_storeu_si256((__m256i *)(void *)(out_scores + m), score);
      m += 8;
      continue;
    }
    _mm256_storeu_si256((__m256i *)(void *)held, score);
    for (; in; in &= in - 1, m++) {
      unsigned k = (unsigned)__builtin_ctz(in);
      out_docs[m] = docs[i + k];
      out_scores[m] = held[k];
    }
  }
  return m + score_scalar(docs + i, classes + i, n - i, w, idf, out_docs + m, out_scores + m);
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

static const th_kernels avx2 = {score_avx2, above_avx2, bytes_avx2, common_avx2};
#endif

__attribute__((constructor)) static void choose(void) {
  th_kernels_force_scalar(false);
}

void th_kernels_force_scalar(bool wanted) {
  th_kernels_now = &scalar;
#ifdef HAVE_AVX2
  __builtin_cpu_init();
  if (!wanted && __builtin_cpu_supports("avx2")) th_kernels_now = &avx2;
#else
  (void)wanted;
#endif
}
