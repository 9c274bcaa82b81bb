#include "query/weights.h"

enum {
  LONG_MOST = 32, /* codes take one byte when at most one of them in so many is long then */
};

/* Distinct weights, or pairs of them, by their bits. */
typedef struct distinct {
  float wide, narrow;
  uint32_t classes, number; /* number: in the order in which they were met */
} distinct;

typedef struct distinct_set {
  distinct *list;
  uint32_t n, cap;
  uint32_t *slot; /* 2 * cap, a power of two: number + 1, 0 = free */
  uint32_t *of;   /* of a class that has a code: the number of its weights */
} distinct_set;

/* What a table is made of. */
typedef struct scopes {
  const float *wide, *narrow; /* narrow: NULL when there is one scope */
} scopes;

static distinct distinct_of(const scopes *w, uint32_t c) {
  return (distinct){.wide = w->wide[c], .narrow = w->narrow ? w->narrow[c] : 0};
}

static uint64_t bits_of(const distinct *d) {
  uint32_t wide, narrow;
  memcpy(&wide, &d->wide, sizeof wide);
  memcpy(&narrow, &d->narrow, sizeof narrow);
  return (uint64_t)narrow << 32 | wide;
}

static uint32_t *slot_of(const distinct_set *s, const distinct *d) {
  uint32_t mask = 2 * s->cap - 1;
  uint32_t at = (uint32_t)(bits_of(d) * UINT64_C(0x9E3779B97F4A7C15) >> 32) & mask;
  while (s->slot[at] && bits_of(&s->list[s->slot[at] - 1]) != bits_of(d))
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
    *slot_of(s, &list[i]) = i + 1;
  return true;
}

/* Of the classes that are not frequent and weigh something; their number is n_codes. */
static bool count_weights(th_class_weights *t, distinct_set *s, const scopes *w) {
  for (uint32_t c = t->n_direct; c < t->n_classes; c++) {
    if (w->wide[c] <= 0) continue;
    if (s->n == s->cap && !grow(s)) return false;
    distinct d = distinct_of(w, c);
    uint32_t *slot = slot_of(s, &d);
    if (!*slot) {
      d.number = s->n;
      s->list[s->n] = d;
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
  return (x->number > y->number) - (x->number < y->number);
}

/* Orders by count and chooses the width: sets t->width, n_long, n_values, none, n_rare. */
static void choose_width(th_class_weights *t, distinct_set *s) {
  uint32_t covered = 0;
  if (s->n) qsort(s->list, s->n, sizeof *s->list, by_count);
  for (uint32_t i = 0; i < TH_MIN(s->n, (uint32_t)TH_CODE_LONG); i++)
    covered += s->list[i].classes;
  t->width = t->n_codes - covered <= t->n_codes / LONG_MOST ? 1 : 2;
  t->n_long = t->width == 1 ? t->n_codes - covered : 0;
  t->n_values = TH_MIN(s->n, t->width == 1 ? 65534u : 65535u);
  t->none = t->n_values + (t->width == 1); /* fits in 16 bits */
  for (uint32_t i = TH_CODE_LONG; i < t->n_values; i++)
    covered += s->list[i].classes;
  t->n_rare = t->n_codes - covered;
  for (uint32_t i = 0; i < s->n; i++) /* the numbers changed places: n is at most 2 * cap */
    s->slot[s->list[i].number] = i;
}

/* The code of the i-th weight: TH_CODE_LONG of one byte stands for none. */
static uint32_t code_of(const th_class_weights *t, uint32_t i) {
  if (i >= t->n_values) return t->none;
  return i + (t->width == 1 && i >= TH_CODE_LONG);
}

static uint32_t words_of(const th_class_weights *t) { /* of 64 classes */
  return t->n_classes / 64 + 1;
}

typedef struct places {
  uint32_t code, lengthy, rare;
} places;

static void put_code(th_class_weights *t, uint8_t *codes, uint32_t code, places *at) {
  if (t->width == 1) {
    codes[at->code++] = (uint8_t)TH_MIN(code, (uint32_t)TH_CODE_LONG);
    if (code >= TH_CODE_LONG) t->long_code[at->lengthy++] = (uint16_t)code;
  } else {
    ((uint16_t *)(void *)codes)[at->code++] = (uint16_t)code;
  }
}

/* What the scopes share, but for the bits: codes, and which classes are rare. */
static void fill_codes(th_class_pair *p, const distinct_set *s, const scopes *w, uint8_t *codes) {
  th_class_weights *t = &p->wide;
  places at = {0};
  for (uint32_t c = t->n_direct; c < t->n_classes; c++) {
    if (c % 64 == 0) {
      t->before[(c - t->n_direct) / 64] = at.code;
      if (t->long_before) t->long_before[(c - t->n_direct) / 64] = at.lengthy;
    }
    if (w->wide[c] <= 0) continue;
    uint32_t code = code_of(t, s->slot[s->of[at.code]]);
    if (code == t->none) {
      t->rare_class[at.rare] = c;
      if (w->narrow) p->narrow.rare_weight[at.rare] = w->narrow[c];
      t->rare_weight[at.rare++] = w->wide[c];
    }
    put_code(t, codes, code, &at);
  }
}

static size_t values_of(const th_class_weights *t) {
  return TH_MAX(t->none, (uint32_t)TH_CODE_LONG) + (size_t)1;
}

/* What a scope has for itself. */
static bool fill_own(th_class_weights *t, const distinct_set *s, const float *weight, bool narrow) {
  float *value = calloc(values_of(t), sizeof *value);
  t->value = value;
  t->direct = calloc((size_t)t->n_direct + 1, sizeof *t->direct);
  t->in = calloc((size_t)words_of(t) * 2, sizeof *t->in);
  t->rare_weight = calloc((size_t)t->n_rare + 1, sizeof *t->rare_weight);
  if (!value || !t->direct || !t->in || !t->rare_weight) return false;
  for (uint32_t i = 0; i < t->n_values; i++)
    value[code_of(t, i)] = narrow ? s->list[i].narrow : s->list[i].wide;
  value[t->none] = -1;
  if (t->width == 1) value[TH_CODE_LONG] = -1;
  if (t->n_direct) memcpy(t->direct, weight, t->n_direct * sizeof *weight);
  t->direct[t->n_direct] = -1;
  t->all = true;
  for (uint32_t c = 0; c < t->n_classes; c++) {
    if (weight[c] > 0)
      t->in[c / 32] |= 1u << (c % 32);
    else
      t->all = false;
  }
  return true;
}

static bool fill(th_class_pair *p, const distinct_set *s, const scopes *w) {
  th_class_weights *t = &p->wide;
  uint8_t *code = calloc((size_t)t->n_codes * t->width + 1, 1);
  t->code = code;
  t->before = calloc(words_of(t), sizeof *t->before);
  t->rare_class = calloc((size_t)t->n_rare + 1, sizeof *t->rare_class);
  if (!code || !t->before || !t->rare_class) return false;
  if (t->n_long) {
    t->long_code = calloc(t->n_long, sizeof *t->long_code);
    t->long_before = calloc(words_of(t), sizeof *t->long_before);
    if (!t->long_code || !t->long_before) return false;
  }
  if (w->narrow) {
    p->narrow = *t;
    if (!fill_own(&p->narrow, s, w->narrow, true)) return false;
  }
  if (!fill_own(t, s, w->wide, false)) return false;
  t->coded = t->in;
  if (w->narrow) p->narrow.coded = t->in;
  fill_codes(p, s, w, code);
  return true;
}

static th_class_pair *make(const scopes *w, uint32_t n, uint32_t n_frequent) {
  distinct_set s = {0};
  th_class_pair *p = calloc(1, sizeof *p);
  s.of = malloc(((size_t)n + 1) * sizeof *s.of);
  if (p) {
    p->wide.n_classes = n;
    p->wide.n_direct = TH_MIN(n, n_frequent);
  }
  bool good = p && s.of && grow(&s) && count_weights(&p->wide, &s, w);
  if (good) {
    choose_width(&p->wide, &s);
    good = fill(p, &s, w);
  }
  free(s.list);
  free(s.slot);
  free(s.of);
  if (good) return p;
  th_class_pair_free(p);
  return NULL;
}

/* Shared codes of two bytes take as much room as two times one byte, and are slower. */
th_class_pair *th_class_pair_make(const float *wide, const float *narrow, uint32_t n,
                                  uint32_t n_frequent) {
  const scopes both = {wide, narrow}, one = {wide, NULL}, other = {narrow, NULL};
  th_class_pair *p = make(&both, n, n_frequent);
  if (!p || !narrow || p->wide.width == 1) return p;
  th_class_pair *single = make(&one, n, n_frequent);
  if (single && single->wide.width == 1) single->apart = make(&other, n, n_frequent);
  if (single && single->apart) {
    th_class_pair_free(p);
    return single;
  }
  th_class_pair_free(single);
  return p;
}

static void free_own(th_class_weights *t) {
  free((void *)(uintptr_t)t->value);
  free(t->direct);
  free(t->in);
  free(t->rare_weight);
}

void th_class_pair_free(th_class_pair *p) {
  if (!p) return;
  th_class_pair_free(p->apart);
  free((void *)(uintptr_t)p->wide.code);
  free(p->wide.before);
  free(p->wide.long_code);
  free(p->wide.long_before);
  free(p->wide.rare_class);
  free_own(&p->wide);
  free_own(&p->narrow);
  free(p);
}

static uint64_t own_bytes(const th_class_weights *t) {
  return (uint64_t)words_of(t) * 2 * sizeof *t->in +
         (values_of(t) + t->n_direct + 1) * sizeof *t->value +
         ((uint64_t)t->n_rare + 1) * sizeof *t->rare_weight;
}

uint64_t th_class_pair_bytes(const th_class_pair *p) {
  const th_class_weights *t = &p->wide;
  return sizeof *p + (uint64_t)t->n_codes * t->width + 1 +
         words_of(t) * sizeof *t->before * (t->n_long ? 2 : 1) +
         (uint64_t)t->n_long * sizeof *t->long_code +
         ((uint64_t)t->n_rare + 1) * sizeof *t->rare_class + own_bytes(t) +
         (p->narrow.in ? own_bytes(&p->narrow) : 0) +
         (p->apart ? th_class_pair_bytes(p->apart) : 0);
}

static float rare_weight(const th_class_weights *t, uint32_t c) {
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

/* How many of n bytes, at most 63, are TH_CODE_LONG. */
static uint32_t count_long(const uint8_t *code, uint32_t n) {
  const uint64_t low = UINT64_C(0x7F7F7F7F7F7F7F7F), ones = UINT64_C(0x0101010101010101);
  uint32_t count = 0, i = 0;
  for (; i + 8 <= n; i += 8) {
    uint64_t eight;
    memcpy(&eight, code + i, sizeof eight);
    count += th_ones(eight & ((eight & low) + ones) & ~low);
  }
  for (; i < n; i++)
    count += code[i] == TH_CODE_LONG;
  return count;
}

float th_class_weight_long(const th_class_weights *t, uint32_t c, uint32_t at) {
  if (t->width == 2) return rare_weight(t, c);
  uint32_t word = (c - t->n_direct) / 64, first = t->before[word];
  uint32_t i = t->long_before[word] + count_long((const uint8_t *)t->code + first, at - first);
  float weight = t->value[t->long_code[i]];
  return weight < 0 ? rare_weight(t, c) : weight;
}
