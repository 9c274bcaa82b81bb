/* What builder.c gathers and flush.c writes. */
#ifndef TH_INDEX_BUILDER_PRIVATE_H
#define TH_INDEX_BUILDER_PRIVATE_H

#include "index/builder.h"
#include "index/feed.h"
#include "index/intern.h"
#include "index/occurrences.h"
#include "index/pool.h"
#include "text/stem.h"
#include "text/token.h"

#define TH_BUILD_NO_SEQ UINT64_MAX

typedef struct th_build_form {
  uint32_t term;
  uint32_t code; /* among the forms of its term, in order of appearance */
} th_build_form;

/* A stem. */
typedef struct th_build_term {
  th_stream stream;  /* postings so far, see stage_posting */
  uint32_t next_doc; /* the last document that has it, + 1 */
  uint32_t n_forms;
  uint32_t stamp, head, tail; /* its chain of occurrences in the document being staged */
} th_build_term;

typedef struct th_build_occurrence {
  uint32_t next, position;
  uint16_t field, form;
} th_build_occurrence;

typedef struct th_build_touched {
  uint32_t term, class_id, n; /* n: bytes staged */
} th_build_touched;

typedef struct th_build_column {
  th_buf rows;     /* see stage_row */
  uint32_t before; /* the last document that has a row, + 1 */
  size_t undo;
  bool staged;
} th_build_column;

typedef struct th_build_site {
  int32_t lat, lon;
  uint32_t country, state, city, facility; /* words + 1 */
  uint32_t status;
} th_build_site;

typedef struct th_build_doc {
  uint64_t seq;
  uint32_t nct;
  uint32_t lengths_end, sites_end; /* its share ends there */
} th_build_doc;

struct th_builder {
  th_feed feed;
  th_stemmer *stemmer;
  th_intern forms, stems, classes, words;
  th_build_form *form_infos;
  th_build_term *terms;
  uint64_t *class_counts;
  size_t cap_form_infos, cap_terms, cap_class_counts;
  th_pool pool;
  th_build_column columns[TH_COLUMN_COUNT];
  th_buf lengths, sites;
  th_build_doc *docs;
  size_t cap_docs;
  uint32_t n_docs;

  /* the document being staged */
  uint32_t stamp;
  th_build_occurrence *occurrences;
  th_build_touched *touched;
  size_t cap_occurrences, cap_touched;
  uint32_t n_occurrences, n_touched;
  uint32_t field_lengths[TH_F_COUNT]; /* of the fields that have words */
  uint32_t *spots;                    /* positions of one posting */
  uint16_t *spot_forms;
  uint8_t *spot_bits;
  size_t cap_spots, cap_spot_forms, cap_spot_bits;
  uint32_t n_spots;
  th_buf stage;
};

/* Forgets all documents and words. */
void th_builder_clear(th_builder *b);

#endif
