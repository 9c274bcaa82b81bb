#include "index/classes.h"

#include "index/order.h"

static uint32_t gather(const th_class_use *classes, uint32_t n, th_ordered *order) {
  uint32_t used = 0;
  for (uint32_t c = 0; c < n; c++)
    if (classes[c].count)
      order[used++] = (th_ordered){0, classes[c].text.p, (uint32_t)classes[c].text.n, c};
  return used;
}

bool th_classes_encode(th_encoder *e, const th_class_use *classes, uint32_t n, uint32_t *number) {
  th_ordered *order = th_large_alloc(((size_t)n + 1) * sizeof *order);
  th_ordered *scratch = th_large_alloc(((size_t)n + 1) * sizeof *scratch);
  uint32_t *start = th_large_alloc(((size_t)n + 1) * sizeof *start);
  th_buf bytes;
  th_buf_init(&bytes, UINT32_MAX);
  bool good = order && scratch && start;
  uint32_t used = good ? gather(classes, n, order) : 0;
  if (good) start[0] = 0;
  if (used) {
    th_order_texts(order, used, scratch);
    for (uint32_t i = 0; i < used; i++)
      order[i].key = UINT64_MAX - classes[order[i].id].count;
    th_order_keys(order, used, scratch);
  }
  for (uint32_t i = 0; i < used; i++) {
    number[order[i].id] = i;
    th_buf_put(&bytes, order[i].text, order[i].len);
    start[i + 1] = (uint32_t)bytes.n;
  }
  good = good && !bytes.error;
  if (good) th_encode_classes(e, used, start, (const uint8_t *)bytes.p);
  free(order);
  free(scratch);
  free(start);
  th_buf_dispose(&bytes);
  return good;
}
