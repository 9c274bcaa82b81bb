#include "index/lists.h"

/* A text with what it is sorted by. */
typedef struct counted {
  uint32_t count, id;
  th_span text;
} counted;

/* Most frequent first, then bytewise. */
static int by_count(const void *a, const void *b) {
  const counted *x = a, *y = b;
  if (x->count != y->count) return x->count > y->count ? -1 : 1;
  return th_span_cmp(x->text, y->text);
}
static int by_text(const void *a, const void *b) {
  return th_span_cmp(((const counted *)a)->text, ((const counted *)b)->text);
}
static int by_number(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void put32(th_buf *b, uint32_t v) {
  th_buf_put(b, &v, sizeof v);
}

/* ---- postings ---- */

void th_lists_init(th_lists *l) {
  memset(l, 0, sizeof *l);
}

void th_lists_dispose(th_lists *l) {
  th_buf *const all[] = {&l->counts, &l->codes, &l->spans, &l->order};
  for (size_t i = 0; i < TH_COUNT(all); i++)
    th_buf_dispose(all[i]);
  free(l->postings);
  free(l->forms);
}

void th_lists_clear(th_lists *l, uint32_t n_forms) {
  l->n = l->n_occurrences = 0;
  l->n_forms = n_forms;
}

bool th_lists_reserve(th_lists *l, size_t n, size_t n_occurrences) {
  if (l->cap - l->n < n) {
    size_t cap = TH_MAX(l->n + n, l->cap * 2 + 64);
    struct th_listed *p = realloc(l->postings, cap * sizeof *p);
    if (!p) return false;
    l->postings = p;
    l->cap = cap;
  }
  if (l->cap_forms - l->n_occurrences < n_occurrences || !l->forms) {
    size_t cap = TH_MAX(l->n_occurrences + n_occurrences, l->cap_forms * 2 + 64);
    uint16_t *p = realloc(l->forms, cap * sizeof *p);
    if (!p) return false;
    l->forms = p;
    l->cap_forms = cap;
  }
  return true;
}

/* Room for n things of one size, emptied first. */
static void *room_for(th_buf *b, size_t n, size_t size) {
  th_buf_clear(b);
  return th_buf_room(b, (n + 1) * size);
}

/* Kept forms by frequency: spans gets their texts, the occurrences their new codes. */
static bool order_forms(th_lists *l, const th_span *texts, uint32_t *n_kept) {
  uint16_t *forms = l->forms;
  size_t n_occurrences = l->n_occurrences;
  uint32_t *counts = room_for(&l->counts, l->n_forms, sizeof *counts), kept = 0;
  uint16_t *codes = room_for(&l->codes, l->n_forms, sizeof *codes);
  th_span *spans = room_for(&l->spans, l->n_forms, sizeof *spans);
  counted *order = room_for(&l->order, l->n_forms, sizeof *order);
  if (!counts || !codes || !spans || !order) return false;
  memset(counts, 0, l->n_forms * sizeof *counts);
  for (size_t i = 0; i < n_occurrences; i++)
    counts[forms[i]]++;
  for (uint32_t i = 0; i < l->n_forms; i++)
    if (counts[i]) order[kept++] = (counted){counts[i], i, texts[i]};
  if (kept > 1) qsort(order, kept, sizeof *order, by_count);
  for (uint32_t i = 0; i < kept; i++) {
    codes[order[i].id] = (uint16_t)i;
    spans[i] = order[i].text;
  }
  for (size_t i = 0; i < n_occurrences; i++)
    forms[i] = codes[forms[i]];
  *n_kept = kept;
  return true;
}

bool th_lists_encode(th_lists *l, th_encoder *e, th_span stem, const th_span *texts) {
  const uint16_t *forms = l->forms;
  const th_span *kept = texts;
  uint32_t n_forms = l->n_forms;
  if (l->n == 0) return true;
  if (n_forms > 1) { /* else every occurrence has form 0 already */
    if (!order_forms(l, texts, &n_forms)) return false;
    kept = (const th_span *)(const void *)l->spans.p;
  }
  th_encode_term_begin(e, stem, kept, n_forms);
  for (size_t i = 0; i < l->n; i++) {
    struct th_listed *p = &l->postings[i];
    p->spots.forms = forms;
    th_encode_posting(e, p->doc, p->class_id, &p->spots);
    if (l->n_forms > 1) forms += p->spots.n;
  }
  th_encode_term_end(e);
  return true;
}

/* ---- rows ---- */

void th_rows_init(th_rows *r) {
  memset(r, 0, sizeof *r);
}

void th_rows_dispose(th_rows *r) {
  th_buf *const all[] = {&r->docs, &r->starts, &r->values, &r->used, &r->spans};
  for (size_t i = 0; i < TH_COUNT(all); i++)
    th_buf_dispose(all[i]);
}

void th_rows_clear(th_rows *r) {
  th_buf *const all[] = {&r->docs, &r->starts, &r->values, &r->used, &r->spans};
  for (size_t i = 0; i < TH_COUNT(all); i++)
    th_buf_clear(all[i]);
  r->n_rows = r->n_values = 0;
  put32(&r->starts, 0);
}

void th_rows_value(th_rows *r, int64_t value) {
  th_buf_put(&r->values, &value, sizeof value);
  r->n_values++;
}

void th_rows_end(th_rows *r, uint32_t doc) {
  uint32_t n;
  if (r->starts.error || r->docs.error || r->values.error) return;
  memcpy(&n, r->starts.p + r->n_rows * sizeof n, sizeof n);
  if (n == r->n_values) return;
  put32(&r->docs, doc);
  put32(&r->starts, r->n_values);
  r->n_rows++;
}

/* The words that the rows use, sorted; values become places in that order, ascending in each row.
 */
static bool sort_words(th_rows *r, const th_intern *words, uint32_t *ordinals, uint32_t *n_words) {
  int64_t *values = (int64_t *)(void *)r->values.p;
  const uint32_t *starts = (const uint32_t *)(const void *)r->starts.p;
  uint32_t n = 0;
  counted *order = calloc((size_t)r->n_values + 1, sizeof *order);
  if (!order) return false;
  for (uint32_t i = 0; i < r->n_values; i++) {
    uint32_t word = (uint32_t)values[i];
    if (ordinals[word]) continue;
    ordinals[word] = 1;
    order[n++] = (counted){0, word, th_intern_text(words, word)};
  }
  qsort(order, n, sizeof *order, by_text);
  for (uint32_t i = 0; i < n; i++) {
    ordinals[order[i].id] = i + 1;
    put32(&r->used, order[i].id);
    th_buf_put(&r->spans, &order[i].text, sizeof order[i].text);
  }
  free(order);
  for (uint32_t i = 0; i < r->n_values; i++)
    values[i] = ordinals[values[i]] - 1;
  for (uint32_t i = 0; i < r->n_rows; i++)
    if (starts[i + 1] - starts[i] > 1)
      qsort(values + starts[i], starts[i + 1] - starts[i], sizeof *values, by_number);
  *n_words = n;
  return !r->used.error && !r->spans.error;
}

bool th_rows_encode(th_rows *r, th_encoder *e, uint16_t field, uint8_t kind, const th_intern *words,
                    uint32_t *ordinals) {
  uint32_t n_words = 0;
  if (r->docs.error || r->starts.error || r->values.error) return false;
  if (kind == TH_COL_KEYWORD && !sort_words(r, words, ordinals, &n_words)) return false;
  const th_encode_column_rows rows = {.field = field,
                                      .kind = kind,
                                      .n_rows = r->n_rows,
                                      .n_values = r->n_values,
                                      .docs = (const uint32_t *)(const void *)r->docs.p,
                                      .starts = (const uint32_t *)(const void *)r->starts.p,
                                      .values = (const int64_t *)(const void *)r->values.p,
                                      .words = (const th_span *)(const void *)r->spans.p,
                                      .n_words = n_words};
  th_encode_column(e, &rows);
  return true;
}

void th_rows_forget(const th_rows *r, uint32_t *ordinals) {
  const uint32_t *used = (const uint32_t *)(const void *)r->used.p;
  for (size_t i = 0; i < r->used.n / sizeof *used; i++)
    ordinals[used[i]] = 0;
}
