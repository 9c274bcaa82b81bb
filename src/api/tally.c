#include "api/tally.h"

#include <math.h>
#include <xxhash.h>

enum { FIRST_CAP = 64, REGISTER_BITS = 14, REGISTERS = 1 << REGISTER_BITS };

void th_tally_dispose(th_tally *t) {
  free(t->entries);
  free(t->registers);
  th_buf_dispose(&t->longest);
  *t = (th_tally){0};
}

uint64_t th_tally_hash(th_span text) {
  uint64_t hash = XXH3_64bits(text.p, text.n);
  return hash ? hash : 1;
}

/* ---- HyperLogLog ---- */

static void note_distinct(th_tally *t, uint64_t hash) {
  uint64_t mixed = XXH64(&hash, sizeof hash, 0); /* small integers are hashes too */
  uint32_t place = (uint32_t)(mixed >> (64 - REGISTER_BITS));
  uint64_t rest = mixed << REGISTER_BITS;
  uint8_t rank = (uint8_t)(rest ? __builtin_clzll(rest) + 1 : 64 - REGISTER_BITS + 1);
  if (t->registers[place] < rank) t->registers[place] = rank;
}

static uint64_t estimate(const th_tally *t) {
  double sum = 0;
  unsigned zeros = 0;
  for (unsigned i = 0; i < REGISTERS; i++) {
    sum += ldexp(1, -t->registers[i]);
    zeros += t->registers[i] == 0;
  }
  double m = REGISTERS, alpha = 0.7213 / (1 + 1.079 / m), e = alpha * m * m / sum;
  if (e <= 2.5 * m && zeros) e = m * log(m / zeros);
  return (uint64_t)llround(e);
}

/* ---- the table ---- */

static th_tally_entry *slot_of(const th_tally *t, uint64_t hash) {
  uint32_t i = (uint32_t)((hash * 0x9E3779B97F4A7C15u) >> 32) & (t->cap - 1);
  while (t->entries[i].hash && t->entries[i].hash != hash)
    i = (i + 1) & (t->cap - 1);
  return &t->entries[i];
}

/* Moves those above `least` into a table of this size. */
static bool rebuild(th_tally *t, uint32_t cap, uint32_t least) {
  th_tally_entry *old = t->entries;
  uint32_t old_cap = t->cap;
  th_tally_entry *fresh = calloc(cap, sizeof *fresh);
  if (!fresh) {
    t->error = TH_ENOMEM;
    return false;
  }
  t->entries = fresh;
  t->cap = cap;
  t->n = 0;
  for (uint32_t i = 0; i < old_cap; i++) {
    if (!old[i].hash || old[i].count <= least) continue;
    *slot_of(t, old[i].hash) = old[i];
    t->n++;
  }
  free(old);
  return true;
}

/* The table is full: from now on different values are estimated, and rare ones go. */
static bool drop_rare(th_tally *t) {
  if (!t->registers) {
    t->registers = calloc(REGISTERS, 1);
    if (!t->registers) {
      t->error = TH_ENOMEM;
      return false;
    }
    for (uint32_t i = 0; i < t->cap; i++)
      if (t->entries[i].hash) note_distinct(t, t->entries[i].hash);
  }
  do
    t->dropped++;
  while (rebuild(t, t->cap, t->dropped) && t->n > TH_TALLY_VALUES / 2);
  return !t->error;
}

static bool make_room(th_tally *t) {
  if (t->cap == 0) return rebuild(t, FIRST_CAP, 0);
  if (t->n >= TH_TALLY_VALUES) return drop_rare(t);
  return t->n < t->cap / 2 || rebuild(t, t->cap * 2, 0);
}

static void note_study(th_tally *t, uint32_t study) {
  if (t->seen == study) return;
  t->seen = study;
  t->studies++;
}

void th_tally_hashed(th_tally *t, uint32_t study, uint64_t hash) {
  note_study(t, study);
  if (t->error || (t->n + 1 > t->cap / 2 && !make_room(t))) return;
  th_tally_entry *e = slot_of(t, hash);
  if (!e->hash) {
    if (t->registers) note_distinct(t, hash);
    *e = (th_tally_entry){.hash = hash};
    t->n++;
  }
  if (e->last != study) e->count++;
  e->last = study;
}

/* ---- kinds of values ---- */

static size_t characters(th_span s) {
  size_t n = 0;
  for (size_t i = 0; i < s.n; i++)
    n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
  return n;
}

void th_tally_text(th_tally *t, uint32_t study, th_span text) {
  th_tally_hashed(t, study, th_tally_hash(text));
  th_tally_longest(t, study, text);
}

void th_tally_longest(th_tally *t, uint32_t study, th_span text) {
  if (text.n <= t->longest_len) return;
  size_t n = characters(text);
  if (n <= t->longest_len) return;
  th_buf_clear(&t->longest);
  th_buf_span(&t->longest, text);
  if (t->longest.error) t->error = t->longest.error;
  t->longest_len = n;
  t->longest_study = study;
}

void th_tally_bool(th_tally *t, uint32_t study, bool value) {
  uint32_t *seen = value ? &t->true_seen : &t->false_seen;
  note_study(t, study);
  if (*seen == study) return;
  *seen = study;
  if (value)
    t->trues++;
  else
    t->falses++;
}

void th_tally_int(th_tally *t, uint32_t study, int64_t value) {
  note_study(t, study);
  if (!t->numbers || value < t->low_int) t->low_int = value;
  if (!t->numbers || value > t->high_int) t->high_int = value;
  t->numbers++;
  t->sum += (double)value;
}

void th_tally_number(th_tally *t, uint32_t study, double value) {
  note_study(t, study);
  if (!t->numbers || value < t->low) t->low = value;
  if (!t->numbers || value > t->high) t->high = value;
  t->numbers++;
  t->sum += value;
}

/* By first day, then minute; of equal ones the less precise is the earlier. */
static int order_of(const th_date *a, const th_date *b) {
  if (a->first_day != b->first_day) return a->first_day < b->first_day ? -1 : 1;
  if (a->minute != b->minute) return a->minute < b->minute ? -1 : 1;
  return (a->precision > b->precision) - (a->precision < b->precision);
}

void th_tally_date(th_tally *t, uint32_t study, const th_date *date) {
  note_study(t, study);
  if (!t->precisions || order_of(date, &t->first) < 0) t->first = *date;
  if (!t->precisions || order_of(date, &t->last_date) > 0) t->last_date = *date;
  t->precisions |= 1u << date->precision;
}

/* ---- results ---- */

uint64_t th_tally_unique(const th_tally *t) {
  return t->registers ? estimate(t) : t->n;
}

static int by_count(const void *a, const void *b) {
  const th_tally_entry *x = a, *y = b;
  if (x->count != y->count) return x->count > y->count ? -1 : 1;
  return (x->hash > y->hash) - (x->hash < y->hash);
}

uint32_t th_tally_top(const th_tally *t, uint32_t most, th_tally_entry *out) {
  uint32_t n = 0;
  th_tally_entry *all = calloc((size_t)t->n + 1, sizeof *all);
  if (!all) return 0;
  for (uint32_t i = 0; i < t->cap; i++)
    if (t->entries[i].hash) all[n++] = t->entries[i];
  qsort(all, n, sizeof *all, by_count);
  uint32_t take = TH_MIN(n, most);
  while (take && take < n && take < 2 * most && all[take].count == all[take - 1].count)
    take++;
  memcpy(out, all, take * sizeof *out);
  free(all);
  return take;
}
