/* Writes the sections of a segment from decoded contents: the one encoder, for new documents and
 * for merges. Sticky: the first failure stays and shows in th_encoder_finish.
 *
 * Calls in this order: docs, lengths, classes; then the terms in bytewise order, terms_end, columns
 * ascending by field, sites, finish. */
#ifndef TH_INDEX_ENCODE_H
#define TH_INDEX_ENCODE_H

#include "base/common.h"
#include "index/segment.h"

typedef struct th_encoder th_encoder;

/* path: where the segment goes, borrowed until finish. n_docs at least 1. */
th_encoder *th_encoder_new(const char *path, uint32_t n_docs, th_err *err) TH_MUST_USE;

/* n_docs numbers each. */
void th_encode_docs(th_encoder *e, const uint32_t *nct, const uint64_t *seq);
/* start[n_docs + 1] and bytes as in LENGTHS; also makes NORMS. */
void th_encode_lengths(th_encoder *e, const uint32_t *start, const uint8_t *bytes);
/* start[n + 1] and bytes as in CLASSES, most frequent first. */
void th_encode_classes(th_encoder *e, uint32_t n, const uint32_t *start, const uint8_t *bytes);

enum { TH_FORMS_LISTED = UINT16_MAX }; /* no form: there are at most TH_FORMS_MAX */

/* A posting of a term: its positions coded (occurrences.h), its forms as places in the term's list.
 * 8 bytes behind the bits must be readable. */
typedef struct th_encode_posting {
  uint32_t doc, class_id;
  const uint8_t *bits;
  uint64_t first_bit, n_bits;
  uint32_t n;    /* occurrences */
  uint16_t form; /* of all of them; TH_FORMS_LISTED: they stand among the term's codes */
} th_encode_posting;

typedef struct th_encode_term {
  th_span stem;
  const th_span *forms; /* most frequent first */
  uint32_t n_forms;
  uint32_t n;                        /* postings; one at least */
  const th_encode_posting *postings; /* documents ascending */
  const uint16_t *codes;             /* forms of the occurrences of those postings that list them */
} th_encode_term;
void th_encode_term_put(th_encoder *e, const th_encode_term *t);
void th_encode_terms_end(th_encoder *e);

/* The rows of one column, documents ascending. */
typedef struct th_encode_column_rows {
  uint16_t field;
  uint8_t kind;
  uint32_t n_rows, n_values;
  const uint32_t *docs;
  const uint32_t *starts; /* n_rows + 1 */
  const int64_t *values;  /* MASK: one a row; KEYWORD: places in words */
  const th_span *words;   /* bytewise order */
  uint32_t n_words;
} th_encode_column_rows;
/* Nothing is written for a column without rows. */
void th_encode_column(th_encoder *e, const th_encode_column_rows *rows);
/* start has n_docs + 1 entries. */
void th_encode_sites(th_encoder *e, const th_sites *sites);

/* Whether anything has failed so far: a reason to stop early. */
bool th_encoder_failed(const th_encoder *e);
/* Makes the file appear, whole and synced. Frees e in any case; on failure, or without commit,
 * nothing is left behind. */
int th_encoder_finish(th_encoder *e, bool commit, th_err *err) TH_MUST_USE;

#endif
