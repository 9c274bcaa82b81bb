/* What the classes of a segment weigh in a scope (index/score.h: wtf). Frequent classes have a
 * table of their own. Of the others most scopes know few: a bit says which weigh anything, and
 * these have a code of one byte or two, for few weights are distinct. Weights are exact. Immutable
 * once made; cache.h keeps them. */
#ifndef TH_QUERY_WEIGHTS_H
#define TH_QUERY_WEIGHTS_H

#include "base/common.h"

typedef struct th_class_weights {
  float *direct;      /* a frequent class: its weight; one more entry: -1 */
  uint32_t n_direct;  /* frequent classes: all, or a multiple of 64 */
  uint32_t *in;       /* bit c: class c weighs something; whole words of 64 */
  bool all;           /* and so does every class */
  uint32_t *before;   /* a word of 64 classes, from the first rare ones: codes before its own */
  const void *code;   /* u8 or u16: of the other classes that weigh something, in their order */
  const float *value; /* a code: its weight, > 0; the highest code, for all others: -1 */
  unsigned width;     /* bytes of a code: 1 or 2 */
  uint32_t n_classes, n_codes, n_values;
  /* Classes with the highest code, ascending, and their weights. */
  uint32_t n_rare;
  uint32_t *rare_class;
  float *rare_weight;
} th_class_weights;

/* weight: of each class, n of them, >= 0. Classes below n_frequent, a multiple of 64, are met so
 * much more often that their weights stand in a table. NULL when memory is exhausted. */
th_class_weights *th_class_weights_make(const float *weight, uint32_t n,
                                        uint32_t n_frequent) TH_MUST_USE;
void th_class_weights_free(th_class_weights *t);
uint64_t th_class_weights_bytes(const th_class_weights *t);
/* Of a class that has the highest code. */
float th_class_weight_rare(const th_class_weights *t, uint32_t c);

static inline float th_class_weight(const th_class_weights *t, uint32_t c) {
  uint64_t in, one = UINT64_C(1) << c % 64;
  if (c < t->n_direct) return t->direct[c];
  memcpy(&in, t->in + c / 64 * 2, sizeof in);
  if (!(in & one)) return 0;
  uint32_t at = t->before[(c - t->n_direct) / 64] + (uint32_t)__builtin_popcountll(in & (one - 1));
  uint32_t code = t->width == 1 ? ((const uint8_t *)t->code)[at] : ((const uint16_t *)t->code)[at];
  float weight = t->value[code];
  return TH_UNLIKELY(weight < 0) ? th_class_weight_rare(t, c) : weight;
}

#endif
