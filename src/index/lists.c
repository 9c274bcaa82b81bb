#include "index/lists.h"

#include "index/order.h"

enum { FEW = 32 }; /* so many are sorted by insertion */

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
  l->n = l->n_listed = 0;
  l->n_forms = n_forms;
}

bool th_lists_reserve(th_lists *l, size_t n, size_t n_forms) {
  if (l->cap - l->n < n) {
    size_t cap = TH_MAX(l->n + n, l->cap * 2 + 64);
    th_encode_posting *p = realloc(l->postings, cap * sizeof *p);
    if (!p) return false;
    l->postings = p;
    l->cap = cap;
  }
  if (l->cap_forms - l->n_listed < n_forms) {
    size_t cap = TH_MAX(l->n_listed + n_forms, l->cap_forms * 2 + 64);
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

static void count_forms(const th_lists *l, uint32_t *counts) {
  for (size_t i = 0; i < l->n; i++)
    if (l->postings[i].form != TH_FORMS_LISTED) counts[l->postings[i].form] += l->postings[i].n;
  for (size_t i = 0; i < l->n_listed; i++)
    counts[l->forms[i]]++;
}

static void recode_forms(th_lists *l, const uint16_t *codes) {
  for (size_t i = 0; i < l->n; i++)
    if (l->postings[i].form != TH_FORMS_LISTED) l->postings[i].form = codes[l->postings[i].form];
  for (size_t i = 0; i < l->n_listed; i++)
    l->forms[i] = codes[l->forms[i]];
}

/* Forms come nearly in order, as the frequent ones are met first. */
static void sort_counted(counted *items, uint32_t n) {
  if (n > FEW) {
    qsort(items, n, sizeof *items, by_count);
    return;
  }
  for (uint32_t i = 1; i < n; i++) {
    counted item = items[i];
    uint32_t at = i;
    for (; at > 0 && by_count(&items[at - 1], &item) > 0; at--)
      items[at] = items[at - 1];
    items[at] = item;
  }
}

/* Kept forms by frequency: spans gets their texts, the postings their new codes. */
static bool order_forms(th_lists *l, const th_span *texts, uint32_t *n_kept) {
  uint32_t *counts = room_for(&l->counts, l->n_forms, sizeof *counts), kept = 0;
  uint16_t *codes = room_for(&l->codes, l->n_forms, sizeof *codes);
  th_span *spans = room_for(&l->spans, l->n_forms, sizeof *spans);
  counted *order = room_for(&l->order, l->n_forms, sizeof *order);
  if (!counts || !codes || !spans || !order) return false;
  memset(counts, 0, l->n_forms * sizeof *counts);
  count_forms(l, counts);
  for (uint32_t i = 0; i < l->n_forms; i++)
    if (counts[i]) order[kept++] = (counted){counts[i], i, texts[i]};
  sort_counted(order, kept);
  bool moved = false;
  for (uint32_t i = 0; i < kept; i++) {
    codes[order[i].id] = (uint16_t)i;
    spans[i] = order[i].text;
    moved |= order[i].id != i;
  }
  if (moved) recode_forms(l, codes);
  *n_kept = kept;
  return true;
}

bool th_lists_encode(th_lists *l, th_encoder *e, th_span stem, const th_span *texts) {
  th_encode_term term = {.stem = stem,
                         .forms = texts,
                         .n_forms = l->n_forms,
                         .n = (uint32_t)l->n,
                         .postings = l->postings,
                         .codes = l->forms};
  if (l->n == 0) return true;
  if (l->n_forms > 1) { /* else every occurrence has form 0 already */
    if (!order_forms(l, texts, &term.n_forms)) return false;
    term.forms = (const th_span *)(const void *)l->spans.p;
  }
  th_encode_term_put(e, &term);
  return true;
}

/* ---- rows ---- */

void th_rows_init(th_rows *r) {
  memset(r, 0, sizeof *r);
}

void th_rows_dispose(th_rows *r) {
  th_buf *const all[] = {&r->docs, &r->starts, &r->values, &r->used, &r->spans, &r->scratch};
  for (size_t i = 0; i < TH_COUNT(all); i++)
    th_buf_dispose(all[i]);
}

void th_rows_clear(th_rows *r) {
  th_buf *const all[] = {&r->docs, &r->starts, &r->values, &r->used, &r->spans, &r->scratch};
  for (size_t i = 0; i < TH_COUNT(all); i++)
    th_buf_clear(all[i]);
  r->n_rows = r->n_values = 0;
  put32(&r->starts, 0);
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

/* The words that the rows use, in the order of their texts; *order gets them. False when memory is
 * exhausted. */
static bool order_words(const th_rows *r, const th_intern *words, uint32_t *ordinals,
                        th_ordered **order, uint32_t *n_words) {
  const int64_t *values = (const int64_t *)(const void *)r->values.p;
  uint32_t n = 0;
  th_ordered *scratch = calloc((size_t)r->n_values + 1, sizeof *scratch);
  *order = calloc((size_t)r->n_values + 1, sizeof **order);
  for (uint32_t i = 0; scratch && *order && i < r->n_values; i++) {
    uint32_t word = (uint32_t)values[i];
    if (ordinals[word]) continue;
    ordinals[word] = 1;
    th_span text = th_intern_text(words, word);
    (*order)[n++] = (th_ordered){0, text.p, (uint32_t)text.n, word};
  }
  if (n) th_order_texts(*order, n, scratch);
  free(scratch);
  *n_words = n;
  return scratch && *order;
}

/* Values become places in the order of words, ascending in each row. */
static bool sort_words(th_rows *r, const th_intern *words, uint32_t *ordinals, uint32_t *n_words) {
  int64_t *values = (int64_t *)(void *)r->values.p;
  const uint32_t *starts = (const uint32_t *)(const void *)r->starts.p;
  th_ordered *order = NULL;
  if (!order_words(r, words, ordinals, &order, n_words)) {
    free(order);
    return false;
  }
  for (uint32_t i = 0; i < *n_words; i++) {
    const th_span text = {order[i].text, order[i].len};
    ordinals[order[i].id] = i + 1;
    put32(&r->used, order[i].id);
    th_buf_put(&r->spans, &text, sizeof text);
  }
  free(order);
  for (uint32_t i = 0; i < r->n_values; i++)
    values[i] = ordinals[values[i]] - 1;
  int64_t *scratch = room_for(&r->scratch, r->n_values, sizeof *scratch);
  for (uint32_t i = 0; scratch && i < r->n_rows; i++)
    th_order_numbers(values + starts[i], starts[i + 1] - starts[i], scratch);
  return scratch && !r->used.error && !r->spans.error;
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
