/* Tables that queries work out from a segment and keep with it: made when first asked for, by
 * whichever thread comes first, and freed when the segment is closed. Readers take no lock. */
#ifndef TH_QUERY_CACHE_H
#define TH_QUERY_CACHE_H

#include "index/score.h"
#include "index/segment.h"
#include "query/hot.h"
#include "query/impacts.h"
#include "query/names.h"
#include "query/phrases.h"
#include "query/points.h"
#include "query/tree.h"
#include "query/weights.h"

/* What a posting is worth in a scope (index/score.h). A scope that is one field has no norms: all
 * its texts count as of average length. */
typedef struct th_weights {
  const th_class_weights *classes; /* a class: weighted frequency, 0 = not in the scope */
  const float *length;             /* a document: k1 * (1 - b + b * dl / avgdl); NULL: of_norm */
  const uint8_t *norms; /* a document: its norm; NULL, too: the length part is k1 for all */
  const float *of_norm; /* a norm: the same as length */
  int bound;            /* index among the bounded areas, -1 = none */
} th_weights;

static inline float th_weights_length(const th_weights *w, uint32_t doc) {
  if (w->length) return w->length[doc];
  return w->norms ? w->of_norm[w->norms[doc]] : TH_SCORE_K1;
}

/* False when memory is exhausted. */
bool th_cache_weights(const th_segment *s, unsigned scope, th_weights *out) TH_MUST_USE;

/* Ordinals of the words of a keyword column that equal `word` when case, accents and blanks at the
 * ends are left out. At most max are written; the true number is returned, -1 when memory is
 * exhausted. */
int th_cache_find_folded(const th_segment *s, uint16_t field, th_span word, uint32_t *out,
                         unsigned max);
/* The same words of a column of kind KEYWORD as a table. NULL when memory is exhausted. */
const th_folded *th_cache_folded(const th_segment *s, const th_column *column);

/* The documents of each word of a column of kind KEYWORD. NULL when there is no room for it (the
 * lists of a segment may take 64 bytes a document and 512 KiB) or no memory: the column must be
 * read row by row then. */
const th_inverted *th_cache_inverted(const th_segment *s, const th_column *column);

/* The places of a word that phrases ask for, or NULL (hot.h). asked: postings of it whose places
 * were read since the last call. */
const th_flat *th_cache_flat(const th_segment *s, const th_term *term, uint32_t asked);

/* What a word adds to scores, a byte a document, or NULL (impacts.h). w: of the scope. */
const th_impacts *th_cache_impacts(const th_segment *s, const th_term *term, unsigned scope,
                                   const th_weights *w);

/* The lists of phrases (phrases.h). NULL when memory is exhausted. */
th_asked *th_cache_phrases(const th_segment *s);

/* Bit d: document d has words in a text field. NULL when memory is exhausted. */
const uint64_t *th_cache_present(const th_segment *s, uint16_t field);

/* Bytes of all tables that are kept with the segment. */
uint64_t th_cache_kept_bytes(const th_segment *s);

/* Where the segment's sites lie. NULL when damaged or memory is exhausted. */
const th_spots *th_cache_spots(const th_segment *s);

/* Fields of a scope as a bit set of TH_F_COUNT bits, for th_postings_positions. */
void th_scope_fields(unsigned scope, uint64_t out[(TH_F_COUNT + 63) / 64]);

/* A scope of the same fields and weights: that without synonyms when all fields take them. */
unsigned th_scope_shared(unsigned scope);

/* Weight of a field in a scope, 0 when it is not part of it. */
float th_scope_weight(unsigned scope, uint16_t field);

#endif
