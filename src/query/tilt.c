/* TILT: of two studies with the same score the one with the larger value (the later date) comes
 * first. A score keeps between a half and all of itself, rising with the rank of the study's value
 * among all values of the field; a study without one keeps a half. Ranks are counted in buckets of
 * equal width, so that they cost one pass over the column. */
#include "query/exec.h"

enum { BUCKETS = 1 << 16, HALF = 1 << 15, WHOLE = 1 << 16 };

/* The largest value of a document; false when it has none. */
static bool value_of(const th_column *c, uint32_t doc, int64_t *out) {
  uint32_t first, end;
  th_column_row(c, doc, &first, &end);
  for (uint32_t i = first; i < end; i++) {
    int64_t v = th_column_value(c, i);
    if (i == first || v > *out) *out = v;
  }
  return first < end;
}

static const th_column *column_of(const th_plan *p, uint32_t segment, uint16_t field) {
  const th_column *c = th_segment_column(p->snapshot->segments[segment], field);
  return c && c->kind == TH_COL_VALUES ? c : NULL;
}

static void find_limits(const th_plan *p, th_tilt *t) {
  int64_t low = INT64_MAX, high = INT64_MIN;
  for (uint32_t s = 0; s < p->snapshot->n_segments; s++) {
    const th_column *c = column_of(p, s, t->field);
    for (uint32_t i = 0; c && i < c->n_values; i++) {
      int64_t v = th_column_value(c, i);
      low = TH_MIN(low, v);
      high = TH_MAX(high, v);
    }
  }
  if (low > high) return;
  uint64_t span = (uint64_t)high - (uint64_t)low;
  t->low = low;
  t->step = span / BUCKETS + 1;
  t->n = (uint32_t)(span / t->step) + 1;
}

static uint32_t bucket_of(const th_tilt *t, int64_t value) {
  uint64_t b = value <= t->low ? 0 : ((uint64_t)value - (uint64_t)t->low) / t->step;
  return (uint32_t)TH_MIN(b, (uint64_t)t->n - 1);
}

int th_tilt_make(th_plan *p, uint16_t field, th_tilt **out) {
  th_tilt *t = th_arena_calloc(p->arena, 1, sizeof *t);
  if (!t) return th_plan_no_memory(p);
  *out = t;
  t->field = field;
  find_limits(p, t);
  if (t->n == 0) return 0;
  t->factor = th_arena_calloc(p->arena, t->n, sizeof *t->factor);
  if (!t->factor) return th_plan_no_memory(p);
  uint64_t total = 0, sum = 0;
  for (uint32_t s = 0; s < p->snapshot->n_segments; s++) {
    const th_column *c = column_of(p, s, field);
    for (uint32_t i = 0; c && i < c->n_values; i++, total++)
      t->factor[bucket_of(t, th_column_value(c, i))]++;
  }
  for (uint32_t b = 0; b < t->n; b++) {
    sum += t->factor[b];
    t->factor[b] = HALF + (uint32_t)(sum * HALF / total);
  }
  return 0;
}

uint32_t th_tilt_score(const th_tilt *t, uint32_t doc, uint32_t score) {
  int64_t value = 0;
  bool known =
      t->column && t->column->kind == TH_COL_VALUES && t->n && value_of(t->column, doc, &value);
  uint32_t factor = known ? t->factor[bucket_of(t, value)] : HALF;
  return (uint32_t)((uint64_t)score * factor / WHOLE);
}

void th_tilt_level(const th_tilt *t, uint32_t base, th_level *l) {
  for (unsigned w = 0; w < TH_WINDOW / 64; w++) {
    for (uint64_t bits = l->bits[w]; bits; bits &= bits - 1) {
      unsigned at = 64 * w + (unsigned)__builtin_ctzll(bits);
      l->acc[at] = th_tilt_score(t, base + at, l->acc[at]);
    }
  }
}
