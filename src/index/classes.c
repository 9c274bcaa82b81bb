#include "index/classes.h"

/* Most classes are used once: their order is decided by the first bytes, which stand here. */
typedef struct used_class {
  uint64_t count, prefix;
  uint32_t id, len;
  const char *text;
} used_class;

static uint64_t prefix_of(th_span s) {
  uint64_t v = 0;
  memcpy(&v, s.p, TH_MIN(s.n, sizeof v));
  return __builtin_bswap64(v);
}

static int by_use(const void *a, const void *b) {
  const used_class *x = a, *y = b;
  if (x->count != y->count) return x->count > y->count ? -1 : 1;
  if (x->prefix != y->prefix) return x->prefix < y->prefix ? -1 : 1;
  return th_span_cmp((th_span){x->text, x->len}, (th_span){y->text, y->len});
}

static uint32_t gather(const th_intern *classes, const uint64_t *counts, used_class *order) {
  uint32_t n = 0;
  for (uint32_t c = 0; c < classes->n; c++) {
    th_span text = th_intern_text(classes, c);
    if (counts[c])
      order[n++] = (used_class){counts[c], prefix_of(text), c, (uint32_t)text.n, text.p};
  }
  return n;
}

bool th_classes_encode(th_encoder *e, const th_intern *classes, const uint64_t *counts,
                       uint32_t *number) {
  used_class *order = calloc((size_t)classes->n + 1, sizeof *order);
  uint32_t *start = calloc((size_t)classes->n + 1, sizeof *start);
  th_buf bytes;
  th_buf_init(&bytes, UINT32_MAX);
  bool good = order && start;
  uint32_t n = good ? gather(classes, counts, order) : 0;
  if (n > 1) qsort(order, n, sizeof *order, by_use);
  for (uint32_t i = 0; i < n; i++) {
    number[order[i].id] = i;
    th_buf_put(&bytes, order[i].text, order[i].len);
    start[i + 1] = (uint32_t)bytes.n;
  }
  good = good && !bytes.error;
  if (good) th_encode_classes(e, n, start, (const uint8_t *)bytes.p);
  free(order);
  free(start);
  th_buf_dispose(&bytes);
  return good;
}
