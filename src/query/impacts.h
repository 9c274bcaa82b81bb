/* What words that many documents hold add to a score, a byte a document: a bound that is so close
 * that few documents have to be scored. Made for a word and a scope that were asked for a few
 * times; kept with the segment, within bounds. */
#ifndef TH_QUERY_IMPACTS_H
#define TH_QUERY_IMPACTS_H

#include "index/segment.h"
#include "query/asked.h"

struct th_weights;

typedef struct th_impacts {
  th_asked_table table; /* of a word in a scope */
  /* A document whose byte is b has a saturation of at most base + b * step; 0 = it does not hold
   * the word in the scope. Whole words of 64 documents, and one behind the last. */
  uint8_t *most;
  float base, step; /* not negative */
} th_impacts;

enum { TH_IMPACT_SLOTS = 1024 };

/* Bytes that the tables of a segment may take. */
uint64_t th_impacts_room(const th_segment *s);
/* Whether so many documents of the segment hold a word that it may have a table. */
bool th_impacts_dense(const th_segment *s, const th_term *term);
/* The table of a word of the segment, NULL while there is none: too few documents hold it, it was
 * asked for too seldom, there is no room for it. w: of the scope. */
const th_impacts *th_impacts_find(th_asked *set, const th_segment *s, const th_term *term,
                                  unsigned scope, const struct th_weights *w);
void th_impacts_dispose(th_asked *set);

#endif
