/* What the classes of a segment weigh in a scope (index/score.h: wtf), in about a byte a class: few
 * weights are distinct, so each class has a code of one, and the codes are small where the weights
 * are those of most classes. Weights are exact. Immutable once made; cache.h keeps them. */
#ifndef TH_QUERY_WEIGHTS_H
#define TH_QUERY_WEIGHTS_H

#include "base/common.h"

typedef struct th_class_weights {
  const void *code;   /* a class: u8 or u16, and 4 bytes that may be read behind the last */
  const float *value; /* a code: its weight, >= 0; the highest code, for all others: -1 */
  float *direct;      /* a frequent class: its weight; one more entry: -1 */
  uint32_t n_direct;  /* frequent classes */
  uint32_t *in;       /* bit c: class c weighs something */
  bool all;           /* and so does every class */
  unsigned width;     /* bytes of a code: 1 or 2 */
  uint32_t n_classes, n_values;
  /* Classes with the highest code, ascending, and their weights. */
  uint32_t n_rare;
  uint32_t *rare_class;
  float *rare_weight;
} th_class_weights;

/* weight: of each class, n of them, >= 0. Classes below n_frequent are met so much more often that
 * their weights get codes first and also stand in a table of their own. NULL when memory is
 * exhausted. */
th_class_weights *th_class_weights_make(const float *weight, uint32_t n,
                                        uint32_t n_frequent) TH_MUST_USE;
void th_class_weights_free(th_class_weights *t);
uint64_t th_class_weights_bytes(const th_class_weights *t);
/* Of a class that has the highest code. */
float th_class_weight_rare(const th_class_weights *t, uint32_t c);

static inline float th_class_weight(const th_class_weights *t, uint32_t c) {
  if (c < t->n_direct) return t->direct[c];
  uint32_t code = t->width == 1 ? ((const uint8_t *)t->code)[c] : ((const uint16_t *)t->code)[c];
  float weight = t->value[code];
  return TH_UNLIKELY(weight < 0) ? th_class_weight_rare(t, c) : weight;
}

#endif
