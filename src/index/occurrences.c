#include "index/occurrences.h"

static inline void put_below(th_bit_sink *s, uint32_t v, uint32_t range) {
  if (range <= 1) return;
  unsigned k = 31 - (unsigned)__builtin_clz(range);
  uint64_t u = (UINT64_C(2) << k) - range, shift = (range - u) / 2;
  uint64_t x = v >= shift ? v - shift : v + range - shift;
  if (x < u)
    th_sink_put(s, x, k);
  else
    th_sink_put(s, (x + u) >> 1 | ((x + u) & 1) << k, k + 1);
}

static inline uint32_t get_below(th_bit_reader *r, uint32_t range) {
  if (range <= 1) return 0;
  unsigned k = 31 - (unsigned)__builtin_clz(range);
  uint64_t u = (UINT64_C(2) << k) - range, x = th_bits_get(r, k);
  if (x >= u) x = (x << 1 | th_bits_get(r, 1)) - u;
  x += (range - u) / 2;
  return (uint32_t)(x >= range ? x - range : x);
}

/* Ones, at most `most` of them: unless there are so many, a zero ends them. */
static inline uint32_t get_ones(th_bit_reader *r, uint32_t most) {
  uint32_t n = 0;
  while (n < most && th_bits_get(r, 1))
    n++;
  return n;
}

static inline void put_form(th_bit_sink *s, uint32_t form, uint32_t n_forms) {
  uint32_t most = TH_MIN(n_forms - 1, (uint32_t)TH_FORM_UNARY), ones = TH_MIN(form, most);
  th_sink_put(s, (1u << ones) - 1, ones + (form < most));
  if (form >= TH_FORM_UNARY) put_below(s, form - TH_FORM_UNARY, n_forms - TH_FORM_UNARY);
}

static inline uint32_t get_form(th_bit_reader *r, uint32_t n_forms) {
  uint32_t most = TH_MIN(n_forms - 1, (uint32_t)TH_FORM_UNARY), form = get_ones(r, most);
  return form < TH_FORM_UNARY ? form : form + get_below(r, n_forms - TH_FORM_UNARY);
}

/* Recursion goes as deep as log2 n. */
static void write_between(th_bit_sink *s, const uint32_t *p, uint32_t n, uint32_t low,
                          uint32_t high) {
  while (n && n < high - low) { /* as many as there are places: nothing to say */
    uint32_t middle = n / 2, at = p[middle];
    put_below(s, at - low - middle, high - low - n + 1);
    write_between(s, p, middle, low, at);
    p += middle + 1;
    n -= middle + 1;
    low = at + 1;
  }
}

void th_occurrences_write(th_bit_sink *sink, const uint32_t *positions, const uint16_t *forms,
                          uint32_t tf, uint32_t length, uint32_t n_forms) {
  write_between(sink, positions, tf, 0, length);
  if (n_forms <= 1) return;
  if (tf > 1) {
    bool other = false;
    for (uint32_t i = 0; i < tf; i++)
      other |= forms[i] != 0;
    th_sink_put(sink, other, 1);
    if (!other) return;
  }
  for (uint32_t i = 0; i < tf; i++)
    put_form(sink, forms[i], n_forms);
}

/* Positions number `first` … of the field; stored below max. */
static void read_between(th_bit_reader *r, th_occurrence *out, uint32_t max, uint32_t first,
                         uint32_t n, uint32_t low, uint32_t high) {
  while (n && n < high - low) {
    if (r->over) return;
    uint32_t middle = n / 2, at = low + middle + get_below(r, high - low - n + 1);
    if (first + middle < max) out[first + middle].position = at;
    read_between(r, out, max, first, middle, low, at);
    first += middle + 1;
    n -= middle + 1;
    low = at + 1;
  }
  for (uint32_t i = 0; i < n && first + i < max; i++)
    out[first + i].position = low + i;
}

bool th_occurrences_read(th_bit_reader *bits, uint16_t field, uint32_t tf, uint32_t length,
                         uint32_t n_forms, th_occurrence *out, uint32_t max) {
  if (tf > length) return false;
  read_between(bits, out, max, 0, tf, 0, length);
  bool other = n_forms > 1 && (tf == 1 || th_bits_get(bits, 1));
  for (uint32_t i = 0; i < tf && !bits->over; i++) {
    uint32_t form = other ? get_form(bits, n_forms) : 0;
    if (i < max)
      out[i].field = field, out[i].form = (uint16_t)form;
    else if (!other)
      break;
  }
  return !bits->over;
}
