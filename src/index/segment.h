/* A segment opened for reading: every accessor works on the mapping, allocates nothing and may be
 * used by many threads at once. */
#ifndef TH_INDEX_SEGMENT_H
#define TH_INDEX_SEGMENT_H

#include "base/common.h"
#include "base/file.h"
#include "index/format.h"

typedef struct th_segment th_segment;

/* verify: also compare every section's checksum (reads the whole file). Without it the head, the
 * bounds of all tables and the small sections are checked; a large section is hashed by a
 * background call of th_segment_verify. Errors: TH_ENOTFOUND, TH_ECORRUPT (which section, why),
 * TH_EINPUT (another fingerprint: rebuild). */
int th_segment_open(th_segment **out, const char *path, bool verify, th_err *err) TH_MUST_USE;
void th_segment_close(th_segment *s);
int th_segment_verify(const th_segment *s, th_err *err) TH_MUST_USE;
/* Decodes everything and checks every promise of format.h (order, counts, bounds, positions). */
int th_segment_verify_deep(const th_segment *s, th_err *err) TH_MUST_USE;

uint32_t th_segment_docs(const th_segment *s);
uint64_t th_segment_bytes(const th_segment *s);
uint32_t th_segment_nct(const th_segment *s, uint32_t doc);
uint64_t th_segment_seq(const th_segment *s, uint32_t doc);
const uint8_t *th_segment_norms(const th_segment *s, unsigned area); /* n_docs bytes */
/* Positions in field of doc; 0 when the field has no text. */
uint32_t th_segment_length(const th_segment *s, uint32_t doc, uint16_t field);

/* ---- classes ---- */
typedef struct th_class_field {
  uint16_t field;
  uint32_t tf;
} th_class_field;
uint32_t th_segment_classes(const th_segment *s);
/* The fields of a class: at most max are written, the true number returned. */
unsigned th_segment_class(const th_segment *s, uint32_t c, th_class_field *out, unsigned max);

/* ---- terms ---- */
typedef struct th_term {
  uint32_t df;
  uint64_t cf; /* occurrences */
  const uint8_t *postings, *postings_end;
  const uint8_t *positions, *positions_end;
  uint32_t n_forms;
  const uint8_t *forms; /* as coded; th_term_form reads them */
} th_term;

/* False when the segment does not hold the term. */
bool th_segment_term(const th_segment *s, th_span stem, th_term *out);
/* Terms in order from the first that is >= from; text is borrowed until the next step. */
typedef struct th_term_cursor {
  const th_segment *s;
  uint32_t block, in_block;
  const uint8_t *at;
  uint64_t postings, positions;
  char text[256];
  uint32_t len;
  th_term term;
} th_term_cursor;
bool th_term_seek(th_term_cursor *c, const th_segment *s, th_span from);
bool th_term_next(th_term_cursor *c);

/* ---- postings ---- */
/* Steps through a term's list a block at a time. docs[]/classes[] hold n decoded postings. */
typedef struct th_postings {
  th_term term;
  const uint32_t *last_doc, *block_end;
  const uint8_t *bounds; /* TH_BOUND_AREAS bytes a block; the tail has none */
  const uint8_t *data;
  uint32_t n_blocks; /* full blocks */
  uint32_t block;    /* the one decoded; n_blocks = the tail */
  uint32_t n;        /* postings decoded; 0 = none yet or at the end */
  uint32_t docs[TH_BLOCK];
  uint32_t classes[TH_BLOCK];
} th_postings;

void th_postings_init(th_postings *p, const th_term *term);
/* Decodes the next block (or the tail); false at the end. */
bool th_postings_next_block(th_postings *p);
/* Decodes the block that may hold the first doc >= target (skipping by last_doc); false at the end. */
bool th_postings_seek_block(th_postings *p, uint32_t target);

/* Positions of posting i of the decoded block, in the fields for which want(field) — a bit set of
 * TH_F_COUNT bits, NULL = all. Written as (field, position, form) triples in order; returns their
 * number, at most max. */
typedef struct th_occurrence {
  uint16_t field;
  uint16_t form;
  uint32_t position;
} th_occurrence;
unsigned th_postings_positions(const th_segment *s, const th_postings *p, uint32_t i,
                               const uint64_t *want, th_occurrence *out, unsigned max);

/* ---- columns ---- */
typedef struct th_column {
  uint16_t field;
  uint8_t kind, width;
  int64_t base;
  uint32_t n_rows, n_values, n_docs, n_dict;
  const uint32_t *docs, *starts, *dict_start;
  const uint8_t *values;
  const char *dict;
} th_column;
/* NULL when no document has the field. */
const th_column *th_segment_column(const th_segment *s, uint16_t field);
uint64_t th_column_mask(const th_column *c, uint32_t doc); /* MASK */
/* Range of value indexes of doc; empty when it has none. */
void th_column_row(const th_column *c, uint32_t doc, uint32_t *first, uint32_t *end);
int64_t th_column_value(const th_column *c, uint32_t value_index);
th_span th_column_word(const th_column *c, uint32_t ordinal); /* KEYWORD */
/* Ordinal of a word; -1 when absent. */
int64_t th_column_find(const th_column *c, th_span word);

/* ---- sites ---- */
typedef struct th_sites {
  uint32_t n;
  const uint32_t *start; /* n_docs + 1 */
  const int32_t *lat, *lon;
  const uint32_t *country, *state, *city, *facility;
  const uint8_t *status;
} th_sites;
const th_sites *th_segment_sites(const th_segment *s);

#endif
