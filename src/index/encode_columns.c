/* The sections COLUMNS and SITES. */
#include "index/encode_private.h"

typedef struct column_head {
  uint16_t field;
  uint8_t kind, width, flags, reserved[3];
  int64_t base;
  uint32_t n_rows, n_values;
  uint64_t docs_off, starts_off, values_off, dict_off, dict_len;
} column_head;
_Static_assert(sizeof(column_head) == 64, "as format.h has it");

static unsigned width_of(uint64_t most) {
  return most <= UINT8_MAX ? 1 : most <= UINT16_MAX ? 2 : most <= UINT32_MAX ? 4 : 8;
}

/* A table at the next multiple of 8; returns its offset + 1 for now, as 0 means absent. */
static uint64_t put_table(th_encoder *e, const void *p, size_t n) {
  th_spool_align(&e->columns, 8);
  uint64_t at = e->columns.n + 1;
  th_spool_put(&e->columns, p, n);
  return at;
}

static void pack16(const uint64_t *v, size_t n, char *out) {
  for (size_t i = 0; i < n; i++, out += 2) {
    uint16_t low = (uint16_t)v[i];
    memcpy(out, &low, sizeof low);
  }
}
static void pack32(const uint64_t *v, size_t n, char *out) {
  for (size_t i = 0; i < n; i++, out += 4) {
    uint32_t low = (uint32_t)v[i];
    memcpy(out, &low, sizeof low);
  }
}

/* Numbers of `width` bytes: the low bytes of each. */
static uint64_t put_numbers(th_encoder *e, const uint64_t *v, size_t n, unsigned width) {
  uint64_t at = put_table(e, NULL, 0);
  char *out = th_spool_room(&e->columns, n * width);
  if (!out) return at;
  if (width == 8)
    memcpy(out, v, n * width);
  else if (width == 4)
    pack32(v, n, out);
  else if (width == 2)
    pack16(v, n, out);
  else
    for (size_t i = 0; i < n; i++)
      out[i] = (char)v[i];
  th_spool_added(&e->columns, n * width);
  return at;
}

static void put_mask(th_encoder *e, const th_encode_column_rows *c, column_head *head) {
  uint64_t *dense = calloc(e->n_docs, sizeof *dense), most = 0;
  if (!dense) {
    th_encoder_fail(e, TH_ENOMEM);
    return;
  }
  for (uint32_t i = 0; i < c->n_rows; i++) {
    dense[c->docs[i]] = (uint64_t)c->values[i];
    most |= (uint64_t)c->values[i];
  }
  head->width = (uint8_t)width_of(most);
  head->n_rows = head->n_values = e->n_docs;
  head->values_off = put_numbers(e, dense, e->n_docs, head->width);
  free(dense);
}

static void put_dict(th_encoder *e, const th_encode_column_rows *c, column_head *head) {
  uint32_t at = 0;
  head->dict_off = put_table(e, &c->n_words, sizeof c->n_words);
  uint64_t from = e->columns.n;
  th_spool_put(&e->columns, &at, sizeof at);
  for (uint32_t i = 0; i < c->n_words; i++) {
    at += (uint32_t)c->words[i].n;
    th_spool_put(&e->columns, &at, sizeof at);
  }
  for (uint32_t i = 0; i < c->n_words; i++)
    th_spool_put(&e->columns, c->words[i].p, c->words[i].n);
  head->dict_len = e->columns.n - from + sizeof c->n_words;
}

/* The documents as a list, or as a set where that is shorter. */
static void put_docs(th_encoder *e, const th_encode_column_rows *c, column_head *head) {
  size_t words = (e->n_docs + 63u) / 64, groups = (e->n_docs + TH_SET_GROUP - 1u) / TH_SET_GROUP;
  if (c->n_rows == e->n_docs) return;
  if (8 * words + 4 * groups >= 4 * (size_t)c->n_rows) {
    head->docs_off = put_table(e, c->docs, (size_t)c->n_rows * 4);
    return;
  }
  uint64_t *set = calloc(words, sizeof *set);
  uint32_t *before = calloc(groups, sizeof *before);
  if (set && before) {
    for (uint32_t i = 0; i < c->n_rows; i++) {
      set[c->docs[i] / 64] |= UINT64_C(1) << c->docs[i] % 64;
      if (c->docs[i] / TH_SET_GROUP + 1 < groups) before[c->docs[i] / TH_SET_GROUP + 1]++;
    }
    for (size_t g = 1; g < groups; g++)
      before[g] += before[g - 1];
    head->flags |= TH_COLUMN_SET;
    head->docs_off = put_table(e, set, words * sizeof *set);
    th_spool_put(&e->columns, before, groups * sizeof *before);
  } else {
    th_encoder_fail(e, TH_ENOMEM);
  }
  free(set);
  free(before);
}

/* Whether the starts of each group are near that of its first. */
static bool are_near(const uint32_t *starts, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    if (starts[i] - starts[i - i % TH_START_GROUP] > UINT16_MAX) return false;
  return true;
}

static void put_starts(th_encoder *e, const th_encode_column_rows *c, column_head *head) {
  uint32_t n = c->n_rows + 1;
  if (c->n_values == c->n_rows) return;
  if (!are_near(c->starts, n)) {
    head->starts_off = put_table(e, c->starts, (size_t)n * 4);
    return;
  }
  head->flags |= TH_COLUMN_NARROW;
  head->starts_off = put_table(e, NULL, 0);
  for (uint32_t i = 0; i < n; i += TH_START_GROUP)
    th_spool_put(&e->columns, &c->starts[i], 4);
  for (uint32_t i = 0; i < n; i++) {
    uint16_t low = (uint16_t)(c->starts[i] - c->starts[i - i % TH_START_GROUP]);
    th_spool_put(&e->columns, &low, sizeof low);
  }
}

static void put_values(th_encoder *e, const th_encode_column_rows *c, column_head *head) {
  int64_t low = INT64_MAX, high = INT64_MIN;
  for (uint32_t i = 0; i < c->n_values; i++) {
    low = TH_MIN(low, c->values[i]);
    high = TH_MAX(high, c->values[i]);
  }
  if (c->kind == TH_COL_KEYWORD) low = 0;
  uint64_t *values = malloc(((size_t)c->n_values + 1) * sizeof *values);
  if (!values) {
    th_encoder_fail(e, TH_ENOMEM);
    return;
  }
  for (uint32_t i = 0; i < c->n_values; i++)
    values[i] = (uint64_t)c->values[i] - (uint64_t)low;
  head->width = (uint8_t)width_of((uint64_t)high - (uint64_t)low);
  head->base = low;
  put_docs(e, c, head);
  put_starts(e, c, head);
  head->values_off = put_numbers(e, values, c->n_values, head->width);
  free(values);
}

void th_encode_column(th_encoder *e, const th_encode_column_rows *c) {
  column_head head = {
      .field = c->field, .kind = c->kind, .n_rows = c->n_rows, .n_values = c->n_values};
  if (c->n_rows == 0 || e->err.code) return;
  if (c->kind == TH_COL_MASK)
    put_mask(e, c, &head);
  else
    put_values(e, c, &head);
  if (c->kind == TH_COL_KEYWORD) put_dict(e, c, &head);
  th_buf_put(&e->column_heads, &head, sizeof head);
  th_encoder_check(e, &e->column_heads);
  e->n_columns++;
}

static void write_columns(th_encoder *e) {
  uint64_t base = (4 + e->n_columns * sizeof(column_head) + 7) / 8 * 8;
  static const char zeros[8];
  if (e->err.code) return;
  th_section_begin(e->out, TH_SEC_COLUMNS);
  th_section_u32(e->out, e->n_columns);
  for (uint32_t i = 0; i < e->n_columns; i++) {
    column_head head;
    memcpy(&head, e->column_heads.p + i * sizeof head, sizeof head);
    uint64_t *const offsets[] = {&head.docs_off, &head.starts_off, &head.values_off,
                                 &head.dict_off};
    for (size_t k = 0; k < TH_COUNT(offsets); k++)
      if (*offsets[k]) *offsets[k] += base - 1;
    th_section_put(e->out, &head, sizeof head);
  }
  th_section_put(e->out, zeros, base - 4 - e->n_columns * sizeof(column_head));
  th_section_spool(e->out, &e->columns);
  th_section_end(e->out);
}

void th_encode_sites(th_encoder *e, const th_sites *s) {
  const size_t n = s->n;
  write_columns(e);
  if (e->err.code) return;
  th_section_begin(e->out, TH_SEC_SITES);
  th_section_u32(e->out, s->n);
  th_section_put(e->out, s->start, ((size_t)e->n_docs + 1) * 4);
  th_section_put(e->out, s->lat, n * 4);
  th_section_put(e->out, s->lon, n * 4);
  th_section_put(e->out, s->country, n * 4);
  th_section_put(e->out, s->state, n * 4);
  th_section_put(e->out, s->city, n * 4);
  th_section_put(e->out, s->facility, n * 4);
  th_section_put(e->out, s->status, n);
  th_section_end(e->out);
}
