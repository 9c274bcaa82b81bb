/* clang-format off */
/* How the occurrences of one posting are written in bits (POSITIONS of format.h).
 *
 *   posting   := field{fields of the class} forms
 *   field     := between(0, length, tf)
 *   between(low, high, n): n positions in [low, high), ascending; nothing when n is 0 or high - low,
 *                else the middle one, number n / 2, as below(its distance from low + n / 2,
 *                high - low - n + 1), then those before it, then those behind it
 *   below(v, r): phased-in binary of v < r, the values in the middle being the short ones: with
 *                k = floor(log2 r), u = 2^(k+1) - r and x = (v - (r - u) / 2) mod r: x in k bits when
 *                x < u, else the upper k bits of x + u, then its lowest bit
 *   forms     := nothing when the term has one form; form when the posting has one occurrence; else a
 *                bit, 0 when all have form 0, 1 with form{occurrences} behind it
 *   form      := with m = min(n_forms - 1, TH_FORM_UNARY): min(form, m) ones, and a zero when
 *                form < m; a form >= m = TH_FORM_UNARY is followed by below(form - m, n_forms - m)
 *
 * Binary interpolative coding: A. Moffat, L. Stuiver, Binary interpolative coding for effective index
 * compression, 2000. It costs about log2 of the number of ways to choose n of high - low places,
 * whatever n. The bits of the positions depend on the document alone, not on the segment: builder and
 * merge carry them over as they are. */
/* clang-format on */
#ifndef TH_INDEX_OCCURRENCES_H
#define TH_INDEX_OCCURRENCES_H

#include "index/codec.h"

enum { TH_FORM_UNARY = 7 };

/* Most bytes that n positions (or n forms) take, the sink's margin included. */
static inline size_t th_occurrences_room(uint32_t n) {
  return (size_t)n * 5 + 16;
}
/* Phased-in binary of v < range. */
static inline void th_below_put(th_bit_sink *s, uint32_t v, uint32_t range) {
  if (TH_UNLIKELY(range <= 1)) return;
  unsigned k = 31 - (unsigned)__builtin_clz(range);
  uint64_t u = (UINT64_C(2) << k) - range, shift = (range - u) / 2;
  uint64_t x = v - shift + (v < shift ? range : 0), longer = x >= u, y = x + u;
  th_sink_put(s, longer ? y >> 1 | (y & 1) << k : x, k + (unsigned)longer);
}

/* tf positions, ascending, each below length. */
void th_positions_write_many(th_bit_sink *sink, const uint32_t *positions, uint32_t tf,
                             uint32_t length);
static inline void th_positions_write(th_bit_sink *sink, const uint32_t *positions, uint32_t tf,
                                      uint32_t length) {
  if (tf == 1) {
    th_below_put(sink, positions[0], length);
  } else if (tf == 2 && length > 2) {
    th_below_put(sink, positions[1] - 1, length - 1);
    th_below_put(sink, positions[0], positions[1]);
  } else {
    th_positions_write_many(sink, positions, tf, length);
  }
}
/* A form as its bits, at most 24. */
typedef struct th_form_bits {
  uint32_t bits, n;
} th_form_bits;
th_form_bits th_form_bits_of(uint32_t form, uint32_t n_forms);

/* One occurrence as it is read. */
typedef struct th_occurrence {
  uint16_t field;
  uint16_t form;
  uint32_t position;
} th_occurrence;

/* Reads tf positions; the first `max` of them are stored in out (which may be NULL when max is 0).
 * False when they cannot be: tf > length, or the bits end. */
bool th_positions_read(th_bit_reader *bits, uint16_t field, uint32_t tf, uint32_t length,
                       th_occurrence *out, uint32_t max) TH_MUST_USE;
/* Whether forms stand behind the positions of a posting with n occurrences; else all have form 0.
 */
bool th_forms_begin(th_bit_reader *bits, uint32_t n, uint32_t n_forms);
/* Reads n of them; the first `max` are stored. */
bool th_forms_read(th_bit_reader *bits, uint32_t n, uint32_t n_forms, th_occurrence *out,
                   uint32_t max) TH_MUST_USE;

#endif
