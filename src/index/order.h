/* Putting many texts in order. */
#ifndef TH_INDEX_ORDER_H
#define TH_INDEX_ORDER_H

#include "base/common.h"

typedef struct th_ordered {
  uint64_t key;     /* th_order_texts uses it; th_order_keys sorts by it */
  const char *text; /* borrowed */
  uint32_t len, id; /* id: the caller's */
} th_ordered;

/* Bytewise. scratch: n items. */
void th_order_texts(th_ordered *items, uint32_t n, th_ordered *scratch);
/* By key, ascending; items of one key keep their order. */
void th_order_keys(th_ordered *items, uint32_t n, th_ordered *scratch);
/* Numbers, ascending. scratch: n of them. */
void th_order_numbers(int64_t *numbers, size_t n, int64_t *scratch);

#endif
