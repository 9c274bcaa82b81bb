/* What the classes of a segment weigh in a scope (index/score.h: wtf). Frequent classes have a
 * table of their own. Of the others most scopes know few: a bit says which weigh anything, and
 * these have a code, of one byte if most fit, for few weights are distinct. Weights are exact. A
 * scope and the same scope less some of its fields share their codes, which then stand for two
 * weights. Immutable once made; cache.h keeps them. */
#ifndef TH_QUERY_WEIGHTS_H
#define TH_QUERY_WEIGHTS_H

#include "base/common.h"
#include "query/ones.h"

typedef struct th_class_weights {
  float *direct;     /* a frequent class: its weight; one more entry: -1 */
  uint32_t n_direct; /* frequent classes: all, or a multiple of 64 */
  uint32_t *in;      /* bit c: class c weighs something; whole words of 64 */
  bool all;          /* and so does every class */
  const uint32_t
      *coded;         /* bits as in `in`, of classes that have a code; those below n_direct, too */
  uint32_t *before;   /* a word of 64 classes, from the first rare ones: codes before its own */
  const void *code;   /* u8 or u16: of the other classes with a code, in their order */
  const float *value; /* a code: its weight; TH_CODE_LONG of one byte, and `none`: -1 */
  unsigned width;     /* bytes of a code: 1 or 2 */
  uint32_t n_classes, n_codes, n_values, none;
  /* Of codes of one byte that are TH_CODE_LONG, in their order: the true one; how many come before
   * each word of 64 classes. */
  uint16_t *long_code;
  uint32_t *long_before, n_long;
  /* Classes whose code is `none`, ascending, and their weights. */
  uint32_t n_rare;
  uint32_t *rare_class;
  float *rare_weight;
} th_class_weights;
enum { TH_CODE_LONG = 255 };

typedef struct th_class_pair {
  th_class_weights wide, narrow;
  struct th_class_pair *apart; /* the narrow scope, as its wide one, when it has its own codes */
} th_class_pair;

/* wide, narrow: the weight of each class in both scopes, n of each; narrow[c] > 0 only where
 * wide[c] > 0. narrow NULL: there is but one scope. Classes below
 * n_frequent, a multiple of 64, are met so much more often that their weights stand in a table.
 * NULL when memory is exhausted. */
th_class_pair *th_class_pair_make(const float *wide, const float *narrow, uint32_t n,
                                  uint32_t n_frequent) TH_MUST_USE;
void th_class_pair_free(th_class_pair *pair);
uint64_t th_class_pair_bytes(const th_class_pair *pair);
/* Of class c, whose code, number `at`, is TH_CODE_LONG or `none`. */
float th_class_weight_long(const th_class_weights *t, uint32_t c, uint32_t at);

static inline const th_class_weights *th_class_pair_narrow(const th_class_pair *p) {
  return p->apart ? &p->apart->wide : p->narrow.in ? &p->narrow : &p->wide;
}

static inline float th_class_weight(const th_class_weights *t, uint32_t c) {
  uint64_t in, one = UINT64_C(1) << c % 64;
  if (c < t->n_direct) return t->direct[c];
  memcpy(&in, t->coded + c / 64 * 2, sizeof in);
  if (!(in & one)) return 0;
  uint32_t at = t->before[(c - t->n_direct) / 64] + th_ones(in & (one - 1));
  uint32_t code = t->width == 1 ? ((const uint8_t *)t->code)[at] : ((const uint16_t *)t->code)[at];
  float weight = t->value[code];
  return TH_UNLIKELY(weight < 0) ? th_class_weight_long(t, c, at) : weight;
}

#endif
