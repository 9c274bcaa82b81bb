/* Stems of English words: Porter's second algorithm (M. F. Porter, The English (Porter2) stemming
 * algorithm, snowballstem.org), by libstemmer. */
#ifndef TH_TEXT_STEM_H
#define TH_TEXT_STEM_H

#include "base/common.h"

/* One belongs to one thread at a time. */
typedef struct th_stemmer th_stemmer;

th_stemmer *th_stemmer_new(void) TH_MUST_USE; /* NULL: out of memory */
void th_stemmer_free(th_stemmer *s);
/* The stem of a folded word; borrowed from the stemmer until the next call, or the word itself.
 * Words with a digit or a byte beyond ASCII, and words shorter than three letters, are their own
 * stems. Error: p is NULL when memory is exhausted. */
th_span th_stem(th_stemmer *s, th_span word);

#endif
