/* The words of a keyword column from two other sides: by what they are without case and accents,
 * and with the documents that hold them. Both are immutable once made; cache.h keeps them. */
#ifndef TH_QUERY_NAMES_H
#define TH_QUERY_NAMES_H

#include "index/segment.h"

enum { TH_NAME_MAX = 512 }; /* bytes of a folded name; longer ones are cut */
/* A name without case, accents and blanks at its ends; returns its length. */
size_t th_name_fold(th_span name, char out[TH_NAME_MAX]);
uint32_t th_name_hash(const char *folded, size_t n);

/* Words by the hash of their folded form. */
typedef struct th_folded {
  uint32_t mask;
  uint32_t slot[]; /* ordinal + 1; 0 = free */
} th_folded;

/* Owned by the caller (free); NULL when memory is exhausted. */
th_folded *th_folded_make(const th_column *column) TH_MUST_USE;
uint64_t th_folded_bytes(const th_folded *t);
/* Ordinals of the words that equal `word` folded: at most max are written, the true number is
 * returned. column: the one the table was made of. */
unsigned th_folded_find(const th_folded *t, const th_column *column, th_span word, uint32_t *out,
                        unsigned max);

/* Documents by word: those of ordinal o are docs[start[o] … start[o + 1]), ascending, each once. */
typedef struct th_inverted {
  uint32_t n; /* words */
  uint32_t *start, *docs;
} th_inverted;

/* Documents from n_docs on are left out. NULL when memory is exhausted. */
th_inverted *th_inverted_make(const th_column *column, uint32_t n_docs) TH_MUST_USE;
void th_inverted_free(th_inverted *v);
uint64_t th_inverted_bytes(const th_inverted *v);
/* What th_inverted_make can take at most. */
uint64_t th_inverted_most_bytes(const th_column *column);

#endif
