/* The encoder's state, for the files that make it up: encode.c (life, documents, classes),
 * encode_terms.c (postings, positions, dictionary), encode_columns.c (columns and sites). */
#ifndef TH_INDEX_ENCODE_PRIVATE_H
#define TH_INDEX_ENCODE_PRIVATE_H

#include "index/encode.h"
#include "index/sections.h"

/* A number for each bounded area; those behind TH_BOUND_AREAS are 0. Eight of them are handled at
 * once. */
enum { TH_ENCODE_LANES = 8 };
_Static_assert((int)TH_BOUND_AREAS <= (int)TH_ENCODE_LANES, "a lane an area");
typedef float th_lanes[TH_ENCODE_LANES];

/* (field, number) pairs of documents or classes, decoded. */
typedef struct th_pair_table {
  uint32_t *start; /* n + 1 */
  uint16_t *field;
  uint32_t *value;
} th_pair_table;

struct th_encoder {
  th_sections *out;
  const char *path;
  th_err err;
  uint32_t n_docs, n_classes;
  uint64_t first_seq, last_seq;
  th_pair_table classes;
  th_lanes *weights;      /* of each field; owned, as what follows */
  th_lanes *class_weight; /* weighted frequency in each class */
  th_lanes *length_part;  /* of each document, see score.h */

  /* the term being written, when it has blocks */
  uint32_t before; /* last document of the block before */
  th_buf blocks, position_bits;
  th_buf form_bits; /* th_form_bits{n_forms} */

  /* the dictionary */
  th_spool terms, postings, positions;
  th_buf block_starts;
  char last_stem[TH_TERM_MAX];
  size_t last_stem_len;
  uint32_t n_terms;
  uint64_t postings_before, positions_before; /* where the last term's lists began */
  bool list_before;                           /* the last term has a list in POSITIONS */

  th_spool columns;
  th_buf column_heads;
  uint32_t n_columns;
};

void th_encoder_fail(th_encoder *e, int code);
/* Fails when the buffer has. */
void th_encoder_check(th_encoder *e, const th_buf *b);

#endif
