#include "index/occurrences.h"

static inline uint32_t get_below(th_bit_reader *r, uint32_t range) {
  uint64_t word;
  if (range <= 1) return 0;
  unsigned k = 31 - (unsigned)__builtin_clz(range);
  memcpy(&word, r->p + r->at / 8, 8); /* 57 bits at least, of which 32 are needed at most */
  word >>= r->at % 8;
  uint64_t u = (UINT64_C(2) << k) - range, x = word & ((UINT64_C(1) << k) - 1);
  bool longer = x >= u;
  x = longer ? (x << 1 | (word >> k & 1)) - u : x;
  th_bits_skip(r, k + longer);
  x += (range - u) / 2;
  return (uint32_t)(x >= range ? x - range : x);
}

/* Ones, at most `most` of them (below 32): unless there are so many, a zero ends them. */
static inline uint32_t get_ones(th_bit_reader *r, uint32_t most) {
  uint64_t word;
  memcpy(&word, r->p + r->at / 8, 8);
  uint32_t n = (uint32_t)__builtin_ctzll(~(word >> r->at % 8) | UINT64_C(1) << most);
  th_bits_skip(r, n + (n < most));
  return n;
}

static inline uint32_t get_form(th_bit_reader *r, uint32_t n_forms) {
  uint32_t most = TH_MIN(n_forms - 1, (uint32_t)TH_FORM_UNARY), form = get_ones(r, most);
  return form < TH_FORM_UNARY ? form : form + get_below(r, n_forms - TH_FORM_UNARY);
}

/* What lies behind a middle waits here while what lies before it is written. As halves are halved,
 * there are never more than log2 n of them. */
typedef struct between {
  const uint32_t *p;
  uint32_t n, low, high;
} between;

void th_positions_write_many(th_bit_sink *sink, const uint32_t *positions, uint32_t tf,
                             uint32_t length) {
  between waiting[33], now = {positions, tf, 0, length};
  unsigned n_waiting = 0;
  th_bit_sink s = *sink;
  for (;;) {
    while (now.n && now.n < now.high - now.low) { /* as many as there are places: nothing to say */
      uint32_t middle = now.n / 2, at = now.p[middle], behind = now.n - middle - 1;
      th_below_put(&s, at - now.low - middle, now.high - now.low - now.n + 1);
      if (behind) waiting[n_waiting++] = (between){now.p + middle + 1, behind, at + 1, now.high};
      now.n = middle;
      now.high = at;
    }
    if (n_waiting == 0) break;
    now = waiting[--n_waiting];
  }
  *sink = s;
}

th_form_bits th_form_bits_of(uint32_t form, uint32_t n_forms) {
  uint8_t room[16];
  uint64_t bits = 0;
  th_bit_sink s = {room, 0, 0};
  uint32_t most = TH_MIN(n_forms - 1, (uint32_t)TH_FORM_UNARY), ones = TH_MIN(form, most);
  th_sink_put(&s, (1u << ones) - 1, ones + (form < most));
  if (form >= TH_FORM_UNARY) th_below_put(&s, form - TH_FORM_UNARY, n_forms - TH_FORM_UNARY);
  unsigned n = (unsigned)(s.p - room) * 8 + s.n;
  memcpy(&bits, room, 4);
  return (th_form_bits){(uint32_t)(bits & ((UINT64_C(1) << n) - 1)), n};
}

static inline void put_position(th_occurrence *out, uint32_t max, uint32_t i, uint32_t at) {
  if (i < max) out[i].position = at;
}

/* One to three positions, number `first` …: most fields hold a word no more often. A place that is
 * the only one possible takes no bits, so it need not be told apart. */
static inline void read_few(th_bit_reader *r, th_occurrence *out, uint32_t max, uint32_t first,
                            uint32_t n, uint32_t low, uint32_t high) {
  if (n == 1) {
    put_position(out, max, first, low + get_below(r, high - low));
    return;
  }
  uint32_t middle = low + 1 + get_below(r, high - low - n + 1);
  put_position(out, max, first, low + get_below(r, middle - low));
  put_position(out, max, first + 1, middle);
  if (n == 3) put_position(out, max, first + 2, middle + 1 + get_below(r, high - middle - 1));
}

/* Positions number `first` … of the field; stored below max. */
static void read_between(th_bit_reader *r, th_occurrence *out, uint32_t max, uint32_t first,
                         uint32_t n, uint32_t low, uint32_t high) {
  while (n > 3 && n < high - low) {
    if (r->over) return;
    uint32_t middle = n / 2, at = low + middle + get_below(r, high - low - n + 1);
    put_position(out, max, first + middle, at);
    read_between(r, out, max, first, middle, low, at);
    first += middle + 1;
    n -= middle + 1;
    low = at + 1;
  }
  if (n - 1 < 3) { /* 1 to 3 */
    read_few(r, out, max, first, n, low, high);
    return;
  }
  for (uint32_t i = 0; i < n && first + i < max; i++)
    out[first + i].position = low + i;
}

bool th_positions_read(th_bit_reader *bits, uint16_t field, uint32_t tf, uint32_t length,
                       th_occurrence *out, uint32_t max) {
  if (tf > length) return false;
  read_between(bits, out, max, 0, tf, 0, length);
  for (uint32_t i = 0; i < tf && i < max; i++)
    out[i].field = field, out[i].form = 0;
  return !bits->over;
}

bool th_forms_begin(th_bit_reader *bits, uint32_t n, uint32_t n_forms) {
  return n_forms > 1 && n > 0 && (n == 1 || th_bits_get(bits, 1));
}

bool th_forms_read(th_bit_reader *bits, uint32_t n, uint32_t n_forms, th_occurrence *out,
                   uint32_t max) {
  for (uint32_t i = 0; i < n && !bits->over; i++) {
    uint32_t form = get_form(bits, n_forms);
    if (i < max) out[i].form = (uint16_t)form;
  }
  return !bits->over;
}
