/* A slow, obvious writer of segments for tests: it follows the grammar of format.h word by word and
 * shares no code with the builder, so that each checks the other through the reader. */
#ifndef TH_TESTS_SMALL_SEGMENT_H
#define TH_TESTS_SMALL_SEGMENT_H

#include "base/buf.h"
#include "index/segment.h"

enum { SMALL_FIELDS = 5 };
/* Catalogue ids of the fields that small documents have, ascending. */
extern const uint16_t small_fields[SMALL_FIELDS];

/* One word of a document: the surface form is the stem and then as many 's' as form says. */
typedef struct small_word {
  uint32_t doc;
  uint8_t field; /* among small_fields */
  uint32_t position;
  uint32_t stem; /* number of the stem; its text: small_stem */
  uint16_t form;
} small_word;

typedef struct small_docs {
  uint32_t n_docs, n_stems;
  uint32_t *nct;
  uint64_t *seq;
  small_word *words; /* ascending by doc, field, position */
  size_t n_words, cap_words;
} small_docs;

void small_init(small_docs *d, uint32_t n_docs, uint32_t n_stems);
void small_dispose(small_docs *d);
void small_add(small_docs *d, uint32_t doc, uint8_t field, uint32_t position, uint32_t stem,
               uint16_t form);
/* Random documents: stem s is in about one of s + 1 documents, the first in all. Study numbers and
 * seqs rise from first_nct and first_seq. */
void small_random(small_docs *d, uint64_t *seed, uint32_t n_docs, uint32_t n_stems,
                  uint32_t first_nct, uint64_t first_seq);
uint32_t small_draw(uint64_t *seed, uint32_t limit);

/* Text of a stem, in bytewise order of their numbers; borrowed until the next call. */
th_span small_stem(uint32_t stem);
uint32_t small_length(const small_docs *d, uint32_t doc, uint8_t field);

/* What the columns of document d hold. */
uint64_t small_mask(uint32_t doc);                   /* OverallStatus: MASK */
unsigned small_dates(uint32_t doc, int64_t out[3]);  /* StartDate: VALUES, 0 to 2 of them */
unsigned small_words(uint32_t doc, uint32_t out[3]); /* Condition: KEYWORD, numbers of stems */
unsigned small_sites(uint32_t doc);

/* The bytes of the file, in out. */
void small_encode(const small_docs *d, th_buf *out);
void small_write(const small_docs *d, const char *path);

#endif
