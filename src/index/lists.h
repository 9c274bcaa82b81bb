/* One term's postings, decoded: what flush and merge gather before the encoder writes them. And
 * the rows of one column likewise. Reused from term to term, from column to column. Errors are
 * sticky until the next clear: th_lists_encode and th_rows_encode tell. */
#ifndef TH_INDEX_LISTS_H
#define TH_INDEX_LISTS_H

#include "index/encode.h"
#include "index/intern.h"

typedef struct th_lists {
  th_encode_posting *postings; /* owned */
  size_t n, cap;
  uint16_t *forms; /* owned; of the postings that list theirs: numbers of the caller's forms */
  size_t n_listed, cap_forms;
  th_buf counts, codes, spans, order;
  uint32_t n_forms;
} th_lists;

void th_lists_init(th_lists *l);
void th_lists_dispose(th_lists *l);
/* Begins a term whose forms the caller numbers 0 … n_forms - 1. */
void th_lists_clear(th_lists *l, uint32_t n_forms);
/* Room for n postings more and for n_forms listed ones; false when memory is exhausted. */
bool th_lists_reserve(th_lists *l, size_t n, size_t n_forms);

/* One posting; its bits are borrowed until th_lists_encode. Returns room for the forms of its
 * occurrences, which the caller fills when the posting lists them; NULL when memory is exhausted.
 */
static inline uint16_t *th_lists_posting(th_lists *l, const th_encode_posting *posting) {
  size_t listed = posting->form == TH_FORMS_LISTED ? posting->n : 0;
  if (TH_UNLIKELY(l->n == l->cap || l->cap_forms - l->n_listed <= listed) &&
      !th_lists_reserve(l, 1, listed + 1))
    return NULL;
  uint16_t *forms = l->forms + l->n_listed;
  l->postings[l->n++] = *posting;
  l->n_listed += listed;
  return forms;
}

/* Orders the forms by frequency and writes the term; none when there are no postings. texts: by the
 * caller's numbers. False when memory is exhausted. */
bool th_lists_encode(th_lists *l, th_encoder *e, th_span stem, const th_span *texts);

typedef struct th_rows {
  th_buf docs, starts; /* u32 */
  th_buf values;       /* i64 */
  th_buf used, spans, scratch;
  uint32_t n_rows, n_values;
} th_rows;

void th_rows_init(th_rows *r);
void th_rows_dispose(th_rows *r);
void th_rows_clear(th_rows *r);
/* A value of the row that th_rows_end will end. MASK: one a row; KEYWORD: a number of words. */
static inline void th_rows_value(th_rows *r, int64_t value) {
  char *to = th_buf_room(&r->values, sizeof value);
  if (!to) return;
  memcpy(to, &value, sizeof value);
  th_buf_added(&r->values, sizeof value);
  r->n_values++;
}
void th_rows_end(th_rows *r, uint32_t doc); /* no row without values */
/* Writes the column. KEYWORD: words gives the texts; ordinals (all 0, one a word) gets each used
 * word's place in the column's dictionary + 1. False when memory is exhausted. */
bool th_rows_encode(th_rows *r, th_encoder *e, uint16_t field, uint8_t kind, const th_intern *words,
                    uint32_t *ordinals);
/* Makes ordinals all 0 again. */
void th_rows_forget(const th_rows *r, uint32_t *ordinals);

#endif
