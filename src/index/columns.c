/* Columns and sites: tables of numbers by document. Their places are checked at open; their bytes
 * are hashed and what they hold is checked when they are first asked for. */
#include "index/feed.h"
#include "index/segment_private.h"

enum { COLUMN_HEAD = 64 };

/* ---- opening ---- */

static int corrupt(const th_segment *s, unsigned section, th_err *err, unsigned field,
                   const char *what) {
  if (section == TH_SEC_SITES)
    return th_err_set(err, TH_ECORRUPT, "segment %s: section SITES: %s", s->name, what);
  return th_err_set(err, TH_ECORRUPT, "segment %s: column of field %u: %s", s->name, field, what);
}

/* A table of n entries of `width` bytes at an offset of the section; NULL when it does not fit. */
static const void *table_at(const th_section *sec, uint64_t offset, uint64_t n, uint64_t width) {
  uint64_t len;
  if (offset % 8 || offset > sec->n || __builtin_mul_overflow(n, width, &len) ||
      len > sec->n - offset)
    return NULL;
  return sec->p + offset;
}

static bool open_dict(th_column *c, const th_section *sec, uint64_t offset, uint64_t len) {
  const uint8_t *p = table_at(sec, offset, len, 1);
  if (!p || len < 8) return false;
  c->n_dict = th_load32(p);
  uint64_t table = 4 + 4 * ((uint64_t)c->n_dict + 1);
  if (table > len || len - table > UINT32_MAX) return false;
  c->dict_start = (const uint32_t *)(const void *)(p + 4);
  c->dict = (const char *)p + table;
  c->dict_len = (uint32_t)(len - table);
  return true;
}

static bool right_width(unsigned width) {
  return width == 1 || width == 2 || width == 4 || width == 8;
}

static uint64_t set_words(uint32_t n_docs) {
  return ((uint64_t)n_docs + 63) / 64;
}
static uint64_t set_groups(uint32_t n_docs) {
  return ((uint64_t)n_docs + TH_SET_GROUP - 1) / TH_SET_GROUP;
}
static uint64_t start_groups(uint32_t n_rows) {
  return (uint64_t)n_rows / TH_START_GROUP + 1;
}

/* The two parts of a set, or of narrow starts: false when they do not fit. */
static bool open_set(th_column *c, const th_section *sec, uint64_t offset) {
  uint64_t words = set_words(c->n_docs), n = 8 * words + 4 * set_groups(c->n_docs);
  c->set = table_at(sec, offset, n, 1);
  if (c->set) c->before = (const uint32_t *)(const void *)(c->set + words);
  return c->set;
}
static bool open_narrow(th_column *c, const th_section *sec, uint64_t offset) {
  uint64_t groups = start_groups(c->n_rows), n = 4 * groups + 2 * ((uint64_t)c->n_rows + 1);
  c->start = table_at(sec, offset, n, 1);
  if (c->start) c->low = (const uint16_t *)(const void *)(c->start + groups);
  return c->start;
}

static bool open_docs(th_column *c, const th_section *sec, uint64_t offset, unsigned flags) {
  if (offset == 0) return !(flags & TH_COLUMN_SET);
  if (flags & TH_COLUMN_SET) return open_set(c, sec, offset);
  return (c->listed = table_at(sec, offset, c->n_rows, 4));
}
static bool open_starts(th_column *c, const th_section *sec, uint64_t offset, unsigned flags) {
  if (offset == 0) return !(flags & TH_COLUMN_NARROW);
  if (flags & TH_COLUMN_NARROW) return open_narrow(c, sec, offset);
  return (c->start = table_at(sec, offset, (uint64_t)c->n_rows + 1, 4));
}

static int open_column(th_segment *s, unsigned i, th_err *err) {
  const th_section *sec = &s->section[TH_SEC_COLUMNS];
  const uint8_t *h = sec->p + 4 + (uint64_t)i * COLUMN_HEAD;
  th_column *c = &s->columns[i];
  uint64_t docs = th_load64(h + 24), starts = th_load64(h + 32), values = th_load64(h + 40);
  uint64_t dict = th_load64(h + 48), dict_len = th_load64(h + 56);
  *c = (th_column){.field = (uint16_t)(h[0] | h[1] << 8),
                   .kind = h[2],
                   .width = h[3],
                   .base = (int64_t)th_load64(h + 8),
                   .n_rows = th_load32(h + 16),
                   .n_values = th_load32(h + 20),
                   .n_docs = s->n_docs};
  if (c->field >= TH_COLUMN_COUNT || (i && c->field <= s->columns[i - 1].field))
    return corrupt(s, TH_SEC_COLUMNS, err, c->field, "is out of order");
  if (c->kind < TH_COL_MASK || c->kind > TH_COL_KEYWORD || !right_width(c->width) ||
      h[4] > (TH_COLUMN_SET | TH_COLUMN_NARROW))
    return corrupt(s, TH_SEC_COLUMNS, err, c->field, "is of an unknown kind or width");
  uint32_t rows = docs && c->kind != TH_COL_MASK ? c->n_rows : s->n_docs;
  if (c->n_rows != rows || rows > s->n_docs || (!starts && c->n_values != rows))
    return corrupt(s, TH_SEC_COLUMNS, err, c->field, "has the wrong number of rows");
  if (c->kind == TH_COL_MASK && (docs || starts))
    return corrupt(s, TH_SEC_COLUMNS, err, c->field, "has tables that a mask has not");
  if (!open_docs(c, sec, docs, h[4]) || !open_starts(c, sec, starts, h[4]) ||
      !(c->values = table_at(sec, values, c->n_values, c->width)))
    return corrupt(s, TH_SEC_COLUMNS, err, c->field, "points outside its section");
  if (c->kind == TH_COL_KEYWORD) {
    const void *head = table_at(sec, dict, dict_len, 1);
    if (!head || dict_len < 8 || !th_segment_use(s, TH_SEC_COLUMNS, dict, 8) ||
        !open_dict(c, sec, dict, dict_len))
      return th_segment_state(s, err)
                 ? TH_ECORRUPT
                 : corrupt(s, TH_SEC_COLUMNS, err, c->field, "has no dictionary");
  }
  return 0;
}

static int open_sites(th_segment *s, th_err *err) {
  const th_section *sec = &s->section[TH_SEC_SITES];
  uint64_t starts = 4 * ((uint64_t)s->n_docs + 1);
  if (sec->n < 4 + starts) return corrupt(s, TH_SEC_SITES, err, 0, "is too short");
  if (!th_segment_use(s, TH_SEC_SITES, 0, 4)) return th_segment_state(s, err);
  uint64_t n = th_load32(sec->p);
  if (sec->n != 4 + starts + n * 25)
    return corrupt(s, TH_SEC_SITES, err, 0, "has the wrong length");
  const uint32_t *table = (const uint32_t *)(const void *)(sec->p + 4 + starts);
  s->sites = (th_sites){.n = (uint32_t)n,
                        .start = (const uint32_t *)(const void *)(sec->p + 4),
                        .lat = (const int32_t *)table,
                        .lon = (const int32_t *)table + n,
                        .country = table + 2 * n,
                        .state = table + 3 * n,
                        .city = table + 4 * n,
                        .facility = table + 5 * n,
                        .status = (const uint8_t *)(table + 6 * n)};
  return 0;
}

int th_segment_open_columns(th_segment *s, th_err *err) {
  const th_section *sec = &s->section[TH_SEC_COLUMNS];
  int rc = 0;
  if (sec->n < 4 || !th_segment_use(s, TH_SEC_COLUMNS, 0, 4))
    return th_segment_state(s, err)
               ? TH_ECORRUPT
               : th_err_set(err, TH_ECORRUPT, "segment %s: section COLUMNS is too short", s->name);
  uint32_t n = th_load32(sec->p);
  if (n > TH_COLUMN_COUNT || (sec->n - 4) / COLUMN_HEAD < n)
    return th_err_set(err, TH_ECORRUPT, "segment %s: section COLUMNS holds too many columns",
                      s->name);
  if (!th_segment_use(s, TH_SEC_COLUMNS, 4, (uint64_t)n * COLUMN_HEAD))
    return th_segment_state(s, err);
  s->columns = calloc(n + 1, sizeof *s->columns);
  s->column_state = calloc(n + 1, sizeof *s->column_state);
  if (!s->columns || !s->column_state)
    return th_err_set(err, TH_ENOMEM, "out of memory opening segment %s", s->name);
  for (s->n_columns = 0; !rc && s->n_columns < n; s->n_columns++)
    rc = open_column(s, s->n_columns, err);
  return rc ? rc : open_sites(s, err);
}

/* ---- first use ---- */

/* start[0] = 0, never falling, start[n] = end. */
static bool rises_to(const uint32_t *start, uint64_t n, uint64_t end) {
  uint32_t falls = start[0] != 0;
  for (uint64_t i = 0; i < n; i++)
    falls |= start[i] > start[i + 1];
  return !falls && start[n] == end;
}

static bool strictly_rising_below(const uint32_t *v, uint32_t n, uint32_t limit) {
  uint32_t falls = 0;
  for (uint32_t i = 1; i < n; i++)
    falls |= v[i - 1] >= v[i];
  return !falls && (n == 0 || v[n - 1] < limit);
}

static bool starts_rise(const th_column *c) {
  if (!c->low) return rises_to(c->start, c->n_rows, c->n_values);
  uint32_t falls = th_column_start(c, 0) != 0;
  for (uint32_t i = 0; i < c->n_rows; i++)
    falls |= th_column_start(c, i) > th_column_start(c, i + 1);
  return !falls && th_column_start(c, c->n_rows) == c->n_values;
}

static bool set_counts(const th_column *c) {
  uint32_t n = 0, wrong = 0, words = (uint32_t)set_words(c->n_docs);
  for (uint32_t w = 0; w < words; w++) {
    if (w % (TH_SET_GROUP / 64) == 0) wrong |= c->before[w / (TH_SET_GROUP / 64)] ^ n;
    n += (uint32_t)__builtin_popcountll(c->set[w]);
  }
  bool beyond = c->n_docs % 64 && c->set[words - 1] >> c->n_docs % 64;
  return !wrong && !beyond && n == c->n_rows;
}

static bool ordinals_fit(const th_column *c) {
  if (c->base != 0) return false;
  for (uint32_t i = 0; i < c->n_values; i++)
    if ((uint64_t)th_column_value(c, i) >= c->n_dict) return false;
  return true;
}

static bool use_table(const th_segment *s, const void *p, uint64_t n, uint64_t width) {
  return !p || th_segment_use_at(s, TH_SEC_COLUMNS, p, n * width);
}

static bool column_holds(const th_segment *s, const th_column *c) {
  if (!use_table(s, c->listed, c->n_rows, 4) || !use_table(s, c->set, set_words(c->n_docs), 8) ||
      !use_table(s, c->before, set_groups(c->n_docs), 4) ||
      !use_table(s, c->start, c->low ? start_groups(c->n_rows) : (uint64_t)c->n_rows + 1, 4) ||
      !use_table(s, c->low, (uint64_t)c->n_rows + 1, 2) ||
      !use_table(s, c->values, c->n_values, c->width) ||
      !use_table(s, c->dict_start, (uint64_t)c->n_dict + 1, 4) ||
      !use_table(s, c->dict, c->dict_len, 1))
    return false;
  bool good =
      (!c->listed || strictly_rising_below(c->listed, c->n_rows, c->n_docs)) &&
      (!c->set || set_counts(c)) && (!c->start || starts_rise(c)) &&
      (!c->dict_start || (rises_to(c->dict_start, c->n_dict, c->dict_len) && ordinals_fit(c)));
  return good || th_segment_damaged(s, TH_DAMAGE_VALUE, TH_SEC_COLUMNS,
                                    (uint64_t)(c->values - s->section[TH_SEC_COLUMNS].p));
}

const th_column *th_segment_column(const th_segment *s, uint16_t field) {
  uint32_t low = 0, high = s->n_columns;
  while (low < high) {
    uint32_t mid = (low + high) / 2;
    if (s->columns[mid].field < field)
      low = mid + 1;
    else
      high = mid;
  }
  if (low == s->n_columns || s->columns[low].field != field) return NULL;
  uint8_t state = atomic_load_explicit(&s->column_state[low], memory_order_relaxed);
  if (TH_UNLIKELY(state == TH_UNCHECKED)) {
    state = column_holds(s, &s->columns[low]) ? TH_CHECKED_GOOD : TH_CHECKED_BAD;
    atomic_store_explicit(&s->column_state[low], state, memory_order_relaxed);
  }
  return state == TH_CHECKED_GOOD ? &s->columns[low] : NULL;
}

const th_sites *th_segment_sites(const th_segment *s) {
  uint8_t state = atomic_load_explicit(s->sites_state, memory_order_relaxed);
  if (TH_UNLIKELY(state == TH_UNCHECKED)) {
    bool good = th_segment_use(s, TH_SEC_SITES, 0, s->section[TH_SEC_SITES].n);
    if (good && !rises_to(s->sites.start, s->n_docs, s->sites.n))
      good = th_segment_damaged(s, TH_DAMAGE_VALUE, TH_SEC_SITES, 4);
    state = good ? TH_CHECKED_GOOD : TH_CHECKED_BAD;
    atomic_store_explicit(s->sites_state, state, memory_order_relaxed);
  }
  return state == TH_CHECKED_GOOD ? &s->sites : NULL;
}

/* ---- reading ---- */

static bool listed_row(const th_column *c, uint32_t doc, uint32_t *row) {
  uint32_t low = 0, high = c->n_rows;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (c->listed[mid] < doc)
      low = mid + 1;
    else
      high = mid;
  }
  *row = low;
  return low < c->n_rows && c->listed[low] == doc;
}

static bool set_row(const th_column *c, uint32_t doc, uint32_t *row) {
  if (doc >= c->n_docs || !(c->set[doc / 64] >> doc % 64 & 1)) return false;
  uint32_t n = c->before[doc / TH_SET_GROUP];
  for (uint32_t w = doc / TH_SET_GROUP * (TH_SET_GROUP / 64); w < doc / 64; w++)
    n += (uint32_t)__builtin_popcountll(c->set[w]);
  *row = n + (uint32_t)__builtin_popcountll(c->set[doc / 64] & ((UINT64_C(1) << doc % 64) - 1));
  return true;
}

void th_column_row(const th_column *c, uint32_t doc, uint32_t *first, uint32_t *end) {
  uint32_t row = doc;
  *first = *end = 0;
  if (c->listed ? !listed_row(c, doc, &row) : c->set && !set_row(c, doc, &row)) return;
  if (row >= c->n_rows) return;
  *first = th_column_start(c, row);
  *end = th_column_start(c, row + 1);
}

/* The first document of the set from doc on; n_docs when there is none. */
static uint32_t next_in_set(const th_column *c, uint32_t doc) {
  uint32_t w = doc / 64, words = (uint32_t)set_words(c->n_docs);
  uint64_t bits = w < words ? c->set[w] >> doc % 64 << doc % 64 : 0;
  while (bits == 0 && ++w < words)
    bits = c->set[w];
  return bits ? w * 64 + (uint32_t)__builtin_ctzll(bits) : c->n_docs;
}

bool th_column_next(const th_column *c, th_row *r) {
  uint32_t row = r->n;
  if (row >= c->n_rows) return false;
  if (c->set)
    r->doc = next_in_set(c, row ? r->doc + 1 : 0);
  else
    r->doc = c->listed ? c->listed[row] : row;
  if (r->doc >= c->n_docs) return false;
  r->n++;
  r->first = th_column_start(c, row);
  r->end = TH_MIN(th_column_start(c, row + 1), c->n_values);
  return true;
}

th_span th_column_word(const th_column *c, uint32_t ordinal) {
  if (ordinal >= c->n_dict) return (th_span){0};
  uint32_t from = c->dict_start[ordinal];
  return (th_span){c->dict + from, c->dict_start[ordinal + 1] - from};
}

int64_t th_column_find(const th_column *c, th_span word) {
  uint32_t low = 0, high = c->n_dict;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (th_span_cmp(th_column_word(c, mid), word) < 0)
      low = mid + 1;
    else
      high = mid;
  }
  bool found = low < c->n_dict && th_span_eq(th_column_word(c, low), word);
  return found ? (int64_t)low : -1;
}
