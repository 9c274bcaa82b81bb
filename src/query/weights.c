#include "query/weights.h"

enum {
  RARE_MOST = 8, /* codes take one byte when at most one of them in so many is rare then */
};

/* Distinct weights, by their bits. */
typedef struct distinct {
  float weight;
  uint32_t classes, number; /* number: in the order in which they were met */
} distinct;

typedef struct distinct_set {
  distinct *list;
  uint32_t n, cap;
  uint32_t *slot; /* 2 * cap, a power of two: number + 1, 0 = free */
  uint32_t *of;   /* of a class that has a code: the number of its weight */
} distinct_set;

static uint32_t bits_of(float weight) {
  uint32_t bits;
  memcpy(&bits, &weight, sizeof bits);
  return bits;
}

static uint32_t *slot_of(const distinct_set *s, float weight) {
  uint32_t mask = 2 * s->cap - 1, at = (bits_of(weight) * 0x9E3779B1u >> 7) & mask;
  while (s->slot[at] && bits_of(s->list[s->slot[at] - 1].weight) != bits_of(weight))
    at = (at + 1) & mask;
  return &s->slot[at];
}

static bool grow(distinct_set *s) {
  uint32_t cap = s->cap ? s->cap * 2 : 1024;
  distinct *list = realloc(s->list, cap * sizeof *list);
  if (!list) return false;
  s->list = list;
  uint32_t *slot = calloc(2 * (size_t)cap, sizeof *slot);
  if (!slot) return false;
  free(s->slot);
  s->slot = slot;
  s->cap = cap;
  for (uint32_t i = 0; i < s->n; i++)
    *slot_of(s, list[i].weight) = i + 1;
  return true;
}

/* Of the classes that are not frequent and weigh something; their number is n_codes. */
static bool count_weights(th_class_weights *t, distinct_set *s, const float *weight) {
  for (uint32_t c = t->n_direct; c < t->n_classes; c++) {
    if (weight[c] <= 0) continue;
    if (s->n == s->cap && !grow(s)) return false;
    uint32_t *slot = slot_of(s, weight[c]);
    if (!*slot) {
      s->list[s->n] = (distinct){.weight = weight[c], .number = s->n};
      *slot = ++s->n;
    }
    s->of[t->n_codes++] = *slot - 1;
    s->list[*slot - 1].classes++;
  }
  return true;
}

static int by_count(const void *a, const void *b) {
  const distinct *x = a, *y = b;
  if (x->classes != y->classes) return x->classes > y->classes ? -1 : 1;
  return (x->weight > y->weight) - (x->weight < y->weight);
}

/* Orders by count and chooses the width: sets t->width, n_values, n_rare. */
static void choose_width(th_class_weights *t, distinct_set *s) {
  uint32_t covered = 0;
  if (s->n) qsort(s->list, s->n, sizeof *s->list, by_count);
  for (uint32_t i = 0; i < TH_MIN(s->n, 255u); i++)
    covered += s->list[i].classes;
  t->width = t->n_codes - covered <= t->n_codes / RARE_MOST ? 1 : 2;
  t->n_values = TH_MIN(s->n, t->width == 1 ? 255u : 65535u);
  for (uint32_t i = 255; i < t->n_values; i++)
    covered += s->list[i].classes;
  t->n_rare = t->n_codes - covered;
  for (uint32_t i = 0; i < s->n; i++) /* the numbers changed places: n is at most 2 * cap */
    s->slot[s->list[i].number] = i;
}

static uint32_t words_of(const th_class_weights *t) { /* of 64 classes */
  return t->n_classes / 64 + 1;
}

static void fill_codes(th_class_weights *t, const distinct_set *s, const float *weight,
                       uint8_t *code) {
  uint32_t rare = 0, k = 0;
  for (uint32_t c = t->n_direct; c < t->n_classes; c++) {
    if (c % 64 == 0) t->before[(c - t->n_direct) / 64] = k;
    if (weight[c] <= 0) continue;
    uint32_t i = TH_MIN(s->slot[s->of[k]], t->n_values);
    if (i == t->n_values) {
      t->rare_class[rare] = c;
      t->rare_weight[rare++] = weight[c];
    }
    if (t->width == 1)
      code[k++] = (uint8_t)i;
    else
      ((uint16_t *)(void *)code)[k++] = (uint16_t)i;
  }
}

static bool fill(th_class_weights *t, const distinct_set *s, const float *weight) {
  uint8_t *code = calloc((size_t)t->n_codes * t->width + 1, 1);
  float *value = calloc((size_t)t->n_values + 1, sizeof *value);
  t->code = code;
  t->value = value;
  t->direct = calloc((size_t)t->n_direct + 1, sizeof *t->direct);
  t->in = calloc((size_t)words_of(t) * 2, sizeof *t->in);
  t->before = calloc(words_of(t), sizeof *t->before);
  t->rare_class = calloc((size_t)t->n_rare + 1, sizeof *t->rare_class);
  t->rare_weight = calloc((size_t)t->n_rare + 1, sizeof *t->rare_weight);
  if (!code || !value || !t->direct || !t->in || !t->before || !t->rare_class || !t->rare_weight)
    return false;
  for (uint32_t i = 0; i < t->n_values; i++)
    value[i] = s->list[i].weight;
  value[t->n_values] = -1; /* fits: n_values is at most 255 or 65,535 */
  if (t->n_direct) memcpy(t->direct, weight, t->n_direct * sizeof *weight);
  t->direct[t->n_direct] = -1;
  t->all = true;
  for (uint32_t c = 0; c < t->n_classes; c++) {
    if (weight[c] > 0)
      t->in[c / 32] |= 1u << (c % 32);
    else
      t->all = false;
  }
  fill_codes(t, s, weight, code);
  return true;
}

th_class_weights *th_class_weights_make(const float *weight, uint32_t n, uint32_t n_frequent) {
  distinct_set s = {0};
  th_class_weights *t = calloc(1, sizeof *t);
  s.of = malloc(((size_t)n + 1) * sizeof *s.of);
  if (t) {
    t->n_classes = n;
    t->n_direct = TH_MIN(n, n_frequent);
  }
  bool good = t && s.of && grow(&s) && count_weights(t, &s, weight);
  if (good) {
    choose_width(t, &s);
    good = fill(t, &s, weight);
  }
  free(s.list);
  free(s.slot);
  free(s.of);
  if (good) return t;
  th_class_weights_free(t);
  return NULL;
}

void th_class_weights_free(th_class_weights *t) {
  if (!t) return;
  free((void *)(uintptr_t)t->code);
  free((void *)(uintptr_t)t->value);
  free(t->direct);
  free(t->in);
  free(t->before);
  free(t->rare_class);
  free(t->rare_weight);
  free(t);
}

uint64_t th_class_weights_bytes(const th_class_weights *t) {
  return sizeof *t + (uint64_t)t->n_codes * t->width + 1 +
         (uint64_t)words_of(t) * (2 * sizeof *t->in + sizeof *t->before) +
         ((uint64_t)t->n_values + t->n_direct + 2) * sizeof *t->value +
         ((uint64_t)t->n_rare + 1) * (sizeof *t->rare_class + sizeof *t->rare_weight);
}

float th_class_weight_rare(const th_class_weights *t, uint32_t c) {
  uint32_t low = 0, high = t->n_rare;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (t->rare_class[middle] < c)
      low = middle + 1;
    else
      high = middle;
  }
  return low < t->n_rare && t->rare_class[low] == c ? t->rare_weight[low] : 0;
}
