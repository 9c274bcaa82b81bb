/* Texts are sorted by eight bytes at a time, as numbers: all by their first eight, then those that
 * are alike in them by the next eight, and so on. */
#include "index/order.h"

enum { FEW = 48 }; /* so many are sorted by insertion */

static void insert_by_key(th_ordered *items, uint32_t n) {
  for (uint32_t i = 1; i < n; i++) {
    th_ordered item = items[i];
    uint32_t at = i;
    for (; at > 0 && items[at - 1].key > item.key; at--)
      items[at] = items[at - 1];
    items[at] = item;
  }
}

/* A pass for each byte of the key in which items differ, the lowest first. */
static void radix_by_key(th_ordered *items, uint32_t n, th_ordered *scratch) {
  uint32_t count[8][256] = {0};
  th_ordered *from = items, *to = scratch;
  for (uint32_t i = 0; i < n; i++)
    for (unsigned k = 0; k < 8; k++)
      count[k][items[i].key >> 8 * k & 255]++;
  for (unsigned k = 0; k < 8; k++) {
    uint32_t sum = 0;
    if (count[k][items[0].key >> 8 * k & 255] == n) continue;
    for (unsigned v = 0; v < 256; v++) {
      uint32_t here = count[k][v];
      count[k][v] = sum;
      sum += here;
    }
    for (uint32_t i = 0; i < n; i++)
      to[count[k][from[i].key >> 8 * k & 255]++] = from[i];
    th_ordered *other = from;
    from = to;
    to = other;
  }
  if (from != items) memcpy(items, from, n * sizeof *items);
}

void th_order_keys(th_ordered *items, uint32_t n, th_ordered *scratch) {
  if (n <= FEW)
    insert_by_key(items, n);
  else
    radix_by_key(items, n, scratch);
}

/* Eight bytes of the text as a number in their order, zeros behind its end. */
static inline uint64_t key_at(const th_ordered *item, size_t depth) {
  uint64_t v = 0;
  if (item->len >= depth + 8)
    memcpy(&v, item->text + depth, 8);
  else
    for (size_t i = depth; i < item->len; i++)
      v |= (uint64_t)(uint8_t)item->text[i] << 8 * (i - depth);
  return __builtin_bswap64(v);
}

/* Of texts that are alike up to `end`, those that end before it come first, by their length; how
 * many they are. */
static uint32_t short_first(th_ordered *run, uint32_t n, size_t end) {
  uint32_t n_short = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (run[i].len > end) continue;
    th_ordered item = run[i];
    uint32_t at = i;
    for (; at > n_short; at--)
      run[at] = run[at - 1];
    for (; at > 0 && run[at - 1].len > item.len; at--)
      run[at] = run[at - 1];
    run[at] = item;
    n_short++;
  }
  return n_short;
}

/* Texts that are alike in their first `depth` bytes. Recursion goes as deep as an eighth of the
 * longest text. */
static void order_from(th_ordered *items, uint32_t n, size_t depth, th_ordered *scratch) {
  for (uint32_t i = 0; i < n; i++)
    items[i].key = key_at(&items[i], depth);
  th_order_keys(items, n, scratch);
  for (uint32_t i = 0, end; i < n; i = end) {
    for (end = i + 1; end < n && items[end].key == items[i].key; end++) {
    }
    if (end - i == 1) continue;
    uint32_t first = i + short_first(items + i, end - i, depth + 8);
    if (end - first > 1) order_from(items + first, end - first, depth + 8, scratch);
  }
}

void th_order_texts(th_ordered *items, uint32_t n, th_ordered *scratch) {
  order_from(items, n, 0, scratch);
}

/* ---- numbers ---- */

static void insert_numbers(int64_t *v, size_t n) {
  for (size_t i = 1; i < n; i++) {
    int64_t number = v[i];
    size_t at = i;
    for (; at > 0 && v[at - 1] > number; at--)
      v[at] = v[at - 1];
    v[at] = number;
  }
}

/* The byte of a number, those below 0 first. */
static inline unsigned byte_of(int64_t v, unsigned k) {
  return ((uint64_t)v ^ UINT64_C(1) << 63) >> 8 * k & 255;
}

static void pass_by_byte(const int64_t *from, size_t n, unsigned k, int64_t *to) {
  size_t start[257] = {0};
  for (size_t i = 0; i < n; i++)
    start[byte_of(from[i], k) + 1]++;
  for (unsigned i = 0; i < 256; i++)
    start[i + 1] += start[i];
  for (size_t i = 0; i < n; i++)
    to[start[byte_of(from[i], k)]++] = from[i];
}

void th_order_numbers(int64_t *numbers, size_t n, int64_t *scratch) {
  uint64_t differ = 0;
  int64_t *from = numbers, *to = scratch;
  if (n <= FEW) {
    insert_numbers(numbers, n);
    return;
  }
  for (size_t i = 1; i < n; i++)
    differ |= (uint64_t)numbers[i] ^ (uint64_t)numbers[0];
  for (unsigned k = 0; k < 8; k++) {
    if ((differ >> 8 * k & 255) == 0) continue;
    pass_by_byte(from, n, k, to);
    int64_t *other = from;
    from = to;
    to = other;
  }
  if (from != numbers) memcpy(numbers, from, n * sizeof *numbers);
}
