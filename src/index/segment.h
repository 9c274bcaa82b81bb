/* A segment opened for reading: every accessor works on the mapping, allocates nothing and may be
 * used by many threads at once.
 *
 * Bytes are hashed before they are used: the first accessor that reads in a chunk of the file
 * compares its checksum. An accessor that finds damage marks the segment for good and answers as if
 * there were nothing (false, 0, no rows); it never runs outside the mapping and never loops. So
 * whoever has computed an answer asks th_segment_state before passing it on, and throws the answer
 * away when that is an error (docs/decisions/0005-index-checksums.md). */
#ifndef TH_INDEX_SEGMENT_H
#define TH_INDEX_SEGMENT_H

#include "base/common.h"
#include "base/file.h"
#include "index/format.h"
#include "index/occurrences.h"

typedef struct th_segment th_segment;

/* A u32 of a table that may stand at any byte. */
typedef uint32_t th_u32 __attribute__((aligned(1), may_alias));

/* verify: also compare the checksums of the whole file. Without it the head, the table of checksums
 * and the heads of all sections are; the rest is when it is first used. Errors: TH_ENOTFOUND,
 * TH_ECORRUPT (which section, why), TH_EINPUT (another fingerprint: rebuild), TH_ENOMEM, TH_EIO. */
int th_segment_open(th_segment **out, const char *path, bool verify, th_err *err) TH_MUST_USE;
/* Gives back the pages of a segment that was read whole (th_map_forget). */
void th_segment_forget(const th_segment *s);
void th_segment_close(th_segment *s);
/* 0 as long as nothing that was read so far is damaged, else TH_ECORRUPT with section and place. */
int th_segment_state(const th_segment *s, th_err *err) TH_MUST_USE;
/* Hashes whatever has not been hashed yet; about 10 GB/s. */
int th_segment_verify(const th_segment *s, th_err *err) TH_MUST_USE;
/* Decodes everything and checks every promise of format.h (order, counts, bounds, positions). */
int th_segment_verify_deep(const th_segment *s, th_err *err) TH_MUST_USE;

uint32_t th_segment_docs(const th_segment *s);
uint64_t th_segment_bytes(const th_segment *s);
uint32_t th_segment_nct(const th_segment *s, uint32_t doc);
uint64_t th_segment_seq(const th_segment *s, uint32_t doc);
uint64_t th_segment_first_seq(const th_segment *s);
uint64_t th_segment_last_seq(const th_segment *s);
/* Which documents are versions of nct: *first and *end bound their places in the order of study
 * numbers, th_segment_by_nct gives the document at a place (ascending by nct, seq). */
void th_segment_find_nct(const th_segment *s, uint32_t nct, uint32_t *first, uint32_t *end);
uint32_t th_segment_by_nct(const th_segment *s, uint32_t place);
/* n_docs bytes of a bounded area (th_score_bound_index), NULL of another; th_segment_state tells
 * whether they are right. */
const uint8_t *th_segment_norms(const th_segment *s, unsigned area);
/* The weighted lengths of all documents in any area, as norms, into n_docs bytes. Those of areas
 * that are not bounded are worked out from the lengths. */
void th_segment_copy_norms(const th_segment *s, unsigned area, uint8_t *out);
/* Positions in field of doc; 0 when the field has no text. */
uint32_t th_segment_length(const th_segment *s, uint32_t doc, uint16_t field);

/* ---- classes ---- */
typedef struct th_class_field {
  uint16_t field;
  uint32_t tf;
} th_class_field;
uint32_t th_segment_classes(const th_segment *s);
/* The fields of a class, ascending, all < TH_F_COUNT: at most max are written, the true number
 * returned. */
unsigned th_segment_class(const th_segment *s, uint32_t c, th_class_field *out, unsigned max);
/* Sets the bits of the fields of a class, in a set of TH_F_COUNT bits. */
void th_segment_class_fields(const th_segment *s, uint32_t c, uint64_t *set);
/* All of them in order, each (class, field, tf): cheaper than asking for one after the other. False
 * when damaged. */
typedef void th_class_seen(void *ctx, uint32_t c, uint16_t field, uint32_t tf);
bool th_segment_each_class(const th_segment *s, th_class_seen *seen, void *ctx);
/* out[c]: the sum of weight[field] * tf of class c, added up in the order of its fields; weight:
 * one of each field. False when damaged. */
bool th_segment_weigh_classes(const th_segment *s, const float *weight, float *out);

/* ---- terms ---- */
typedef struct th_term {
  const th_segment *s;
  uint32_t df;
  uint64_t cf; /* occurrences */
  const uint8_t *postings, *postings_end;
  const uint8_t *positions, *positions_end;
  uint32_t n_forms;
  bool stem_first;                  /* form 0 is the stem itself */
  const uint8_t *forms, *forms_end; /* as coded; th_term_form reads them */
} th_term;
/* Surface form number `form` of the term with this stem, written to text (at least TH_TERM_MAX
 * bytes), most frequent first. p is NULL when there is none. */
th_span th_term_form(const th_term *t, th_span stem, uint32_t form, char *text);
/* The code of a surface form, -1 when the term never stands in that form. */
int th_term_find_form(const th_term *t, th_span stem, th_span form);

/* False when the segment does not hold the term. */
bool th_segment_term(const th_segment *s, th_span stem, th_term *out);
/* Terms in order from the first that is >= from; text is borrowed until the next step. */
typedef struct th_term_cursor {
  const th_segment *s;
  uint32_t block, in_block;
  const uint8_t *at;
  uint64_t postings, positions;
  bool list_before; /* the term before has a list in POSITIONS, or there is none in the block */
  char text[TH_TERM_MAX + 1];
  uint32_t len;
  th_term term;
} th_term_cursor;
/* False when there is none; else the cursor stands before that term: step with th_term_next, which
 * is false behind the last one. */
bool th_term_seek(th_term_cursor *c, const th_segment *s, th_span from);
bool th_term_next(th_term_cursor *c);

/* ---- postings ---- */
/* How far a posting's positions were read when only its first fields were wanted. */
typedef struct th_part_read {
  bool read; /* posting pos_next was read in part; all below describes that */
  uint32_t class_bytes, field;
  const uint8_t *length_at;
  uint32_t length_field, length;
} th_part_read;

/* Steps through a term's list a block at a time. docs[]/classes[] hold n decoded postings: docs
 * ascending and < n_docs, classes < th_segment_classes. */
typedef struct th_postings {
  th_term term;
  const th_u32 *last_doc, *block_end;
  const uint8_t *bounds; /* TH_BOUND_AREAS bytes a block; the tail has none */
  const uint8_t *data;
  uint32_t n_blocks; /* full blocks */
  uint32_t block;    /* the one decoded; n_blocks = the tail */
  uint32_t n;        /* postings decoded; 0 = none yet or at the end */
  /* Where the bits of posting pos_next of block pos_block begin, for th_postings_positions. */
  uint32_t pos_block, pos_next;
  uint64_t pos_bit;
  uint32_t pos_total; /* positions of that posting read so far */
  th_part_read part;
  uint64_t tail_bits; /* of the tail that was decoded: how many stand before what follows it */
  /* The coded positions of the posting read last: bits [pos_from, pos_to) of pos_bytes. */
  const uint8_t *pos_bytes;
  uint64_t pos_from, pos_to;
  uint32_t docs[TH_BLOCK];
  uint32_t classes[TH_BLOCK];
} th_postings;

void th_postings_init(th_postings *p, const th_term *term);
/* Decodes the next block (or the tail); false at the end. */
bool th_postings_next_block(th_postings *p);
/* Decodes the block that may hold the first doc >= target (skipping by last_doc); false at the end.
 */
bool th_postings_seek_block(th_postings *p, uint32_t target);

/* Positions of posting i of the decoded block, in the fields for which want(field) — a bit set of
 * TH_F_COUNT bits, NULL = all. Written as (field, position, form) triples in order; returns their
 * number, at most max. Asking for rising i is cheapest: to reach i, the postings of its group
 * (TH_SPOT_GROUP) before it are decoded, from the one asked for last. */
unsigned th_postings_positions(const th_segment *s, th_postings *p, uint32_t i,
                               const uint64_t *want, th_occurrence *out, unsigned max);
/* The same without forms (0), only of wanted fields: what stands behind the last of them in the
 * posting is not read. */
unsigned th_postings_places(const th_segment *s, th_postings *p, uint32_t i, const uint64_t *want,
                            th_occurrence *out, unsigned max);
/* The coded positions (occurrences.h) of the posting that th_postings_positions read last; borrowed
 * from the mapping. */
const uint8_t *th_postings_bits(const th_postings *p, uint64_t *first_bit, uint64_t *n_bits);

/* ---- columns ---- */
typedef struct th_column {
  uint16_t field;
  uint8_t kind, width;
  int64_t base;
  uint32_t n_rows, n_values, n_docs, n_dict, dict_len;
  const uint32_t *listed; /* by row; NULL: `set` tells, or every document has a row */
  const uint64_t *set;    /* a bit a document; NULL as listed */
  const uint32_t *before; /* rows before each TH_SET_GROUP documents of the set */
  const uint32_t *start;  /* see th_column_start; NULL: one value a row */
  const uint16_t *low;
  const uint32_t *dict_start;
  const uint8_t *values;
  const char *dict;
} th_column;
/* NULL when no document has the field (or when it is damaged: th_segment_state). The first call for
 * a field checks its whole column: rows ascending, ordinals < n_dict. */
const th_column *th_segment_column(const th_segment *s, uint16_t field);
/* The value at an index below n_values, as it stands there. */
static inline uint64_t th_column_load(const th_column *c, uint32_t i) {
  switch (c->width) {
  case 1:
    return c->values[i];
  case 2:
    return ((const uint16_t *)(const void *)c->values)[i];
  case 4:
    return ((const uint32_t *)(const void *)c->values)[i];
  default:
    return ((const uint64_t *)(const void *)c->values)[i];
  }
}
/* MASK */
static inline uint64_t th_column_mask(const th_column *c, uint32_t doc) {
  return doc < c->n_values ? th_column_load(c, doc) : 0;
}
/* Where the values of a row begin, row <= n_rows. */
static inline uint32_t th_column_start(const th_column *c, uint32_t row) {
  if (c->low) return c->start[row / TH_START_GROUP] + c->low[row];
  return c->start ? c->start[row] : row;
}
/* Rows in the order of documents: for (th_row r = {0}; th_column_next(c, &r);) */
typedef struct th_row {
  uint32_t n;          /* rows given so far, with this one */
  uint32_t doc;        /* below n_docs */
  uint32_t first, end; /* value indexes */
} th_row;
bool th_column_next(const th_column *c, th_row *r);
/* Range of value indexes of doc; empty when it has none. */
void th_column_row(const th_column *c, uint32_t doc, uint32_t *first, uint32_t *end);
static inline int64_t th_column_value(const th_column *c, uint32_t value_index) {
  if (value_index >= c->n_values) return c->base;
  return (int64_t)((uint64_t)c->base + th_column_load(c, value_index));
}
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
/* NULL only when damaged (th_segment_state). */
const th_sites *th_segment_sites(const th_segment *s);

/* ---- what readers keep with a segment ---- */
/* One pointer for tables that the query room works out from the segment (query/cache.c). The
 * segment never looks inside; when it is closed it calls free. */
typedef struct th_segment_extra {
  void (*free)(struct th_segment_extra *extra);
} th_segment_extra;
/* NULL at first; set by compare-and-exchange, never changed after that. */
_Atomic(th_segment_extra *) *th_segment_extra_slot(const th_segment *s);

#endif
