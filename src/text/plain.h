/* The plain word: at most 15 ASCII letters and digits that nothing behind them binds. Most words
 * are plain ones; they are found sixteen bytes at a time, and folded into two numbers. */
#ifndef TH_TEXT_PLAIN_H
#define TH_TEXT_PLAIN_H

#include "text/token.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What an ASCII byte is. Behind a word, PLAIN ends it at once; every other class is looked at. */
typedef enum th_token_class {
  TH_TC_PLAIN,
  TH_TC_ALPHA,
  TH_TC_DIGIT,
  TH_TC_HIGH,
  TH_TC_CONNECT,
  TH_TC_OPEN,
  TH_TC_CLOSE,
  TH_TC_QUOTE,
  TH_TC_ESCAPE,
  TH_TC_POINT,
} th_token_class;
extern const uint8_t th_token_classes[256];

typedef struct th_plain_word {
  uint64_t a, b; /* the folded text, zeros behind it */
  uint32_t len, from, position;
  bool digit;
} th_plain_word;

#ifdef __SSE2__
/* Bytes of v that lie in [first, first + count). */
static inline __m128i th_bytes_in(__m128i v, char first, char count) {
  return _mm_cmplt_epi8(_mm_add_epi8(v, _mm_set1_epi8((char)(-128 - first))),
                        _mm_set1_epi8((char)(-128 + count)));
}

/* Looks at the 64 bytes from t->at on: which belong to ASCII words, which may begin a word. */
static inline void th_plain_look(th_tokens *t) {
  t->window = t->at;
  t->words = t->stops = 0;
  for (unsigned i = 0; i < TH_TOKENS_WINDOW; i += 16) {
    __m128i v = _mm_loadu_si128((const __m128i *)(t->src + t->at + i));
    __m128i word = _mm_or_si128(th_bytes_in(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 26),
                                th_bytes_in(v, '0', 10));
    t->words |= (uint64_t)(uint32_t)_mm_movemask_epi8(word) << i;
    t->stops |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_or_si128(word, v)) << i;
  }
}

/* Steps to the next byte that may begin a word while there are enough bytes behind it. */
static inline bool th_plain_skip(th_tokens *t) {
  for (;;) {
    uint32_t in = t->at - t->window;
    if (TH_LIKELY(in < TH_TOKENS_WINDOW)) {
      uint64_t stops = t->stops >> in;
      if (TH_LIKELY(stops)) {
        t->at += (uint32_t)__builtin_ctzll(stops);
        return true;
      }
      t->at = t->window + TH_TOKENS_WINDOW;
    }
    if (t->at >= t->fast_end) return false;
    th_plain_look(t);
  }
}

/* Bytes of the word that begins at t->at, inside the window. One that reaches the window's end is
 * looked at from its beginning. */
static inline unsigned th_plain_len(th_tokens *t) {
  uint32_t in = t->at - t->window;
  unsigned len = (unsigned)__builtin_ctzll(~(t->words >> in) | UINT64_C(1) << 63);
  if (TH_LIKELY(in + len < TH_TOKENS_WINDOW)) return len;
  if (in == 0 || t->at >= t->fast_end) return TH_TOKENS_WINDOW;
  th_plain_look(t);
  return (unsigned)__builtin_ctzll(~t->words | UINT64_C(1) << 63);
}

/* Ones, then zeros: from its place 16 - n on stands what keeps n bytes. */
extern const uint8_t th_plain_keep[32];

/* The word at t->at when it is a plain one, and nothing else changes when it is not. */
static inline bool th_plain_scan(th_tokens *t, th_plain_word *w) {
  unsigned len = th_plain_len(t);
  if (len == 0 || len > 15) return false;
  const uint8_t *p = t->src + t->at;
  bool number = (uint8_t)(p[0] - '0') < 10;
  uint8_t end = th_token_classes[p[len]];
  if (TH_UNLIKELY(end != TH_TC_PLAIN)) {
    if (end == TH_TC_POINT ? number
                           : end != TH_TC_CLOSE && !(end <= TH_TC_OPEN &&
                                                     th_token_classes[p[len + 1]] == TH_TC_PLAIN))
      return false;
  }
  if (number && t->at > 0 && p[-1] == '.') return false;
  __m128i v = _mm_loadu_si128((const __m128i *)p);
  __m128i text = _mm_and_si128(_mm_or_si128(v, _mm_set1_epi8(0x20)),
                               _mm_loadu_si128((const __m128i *)(th_plain_keep + 16 - len)));
  unsigned digits = (unsigned)_mm_movemask_epi8(th_bytes_in(v, '0', 10));
  w->a = (uint64_t)_mm_cvtsi128_si64(text);
  w->b = (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(text, text));
  w->len = len;
  w->from = t->at;
  w->position = t->position++;
  w->digit = digits & ((1u << len) - 1);
  t->at += len;
  return true;
}
#else
static inline bool th_plain_skip(th_tokens *t) {
  (void)t;
  return false;
}
static inline bool th_plain_scan(th_tokens *t, th_plain_word *w) {
  (void)t, (void)w;
  return false;
}
#endif

/* The next word of the text when it is a plain one; when it is not, th_token_next gives what is
 * next. */
static inline bool th_token_plain(th_tokens *t, th_plain_word *w) {
  return t->given == t->queued && th_plain_skip(t) && t->chain_at != t->at && th_plain_scan(t, w);
}

#endif
