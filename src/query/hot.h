/* Where the words that many phrases ask for stand, taken out of the index's bits: a posting's
 * places are found at once, and read several times faster. Made when the index was asked for as
 * many postings of the word as it has; kept with the segment, within bounds. */
#ifndef TH_QUERY_HOT_H
#define TH_QUERY_HOT_H

#include "index/segment.h"
#include "query/asked.h"

/* clang-format off */
/* The places of one word, without forms.
 *   posting   := run*                     posting i: bytes[start[i]] … bytes[start[i + 1]]
 *   run       := varint(field - field of the run before) varint(bytes of the positions)
 *                varint(position - position before)*         both from 0
 */
/* clang-format on */
typedef struct th_flat {
  th_asked_table table; /* of a word */
  uint32_t *start;
  uint8_t *bytes;
} th_flat;

enum { TH_HOT_SLOTS = 256 };
/* Bytes that the lists of a segment may take. */
uint64_t th_hot_room(const th_segment *s);
/* The list of a word of the segment, NULL while there is none. asked: postings of it whose places
 * were read since the last call. */
const th_flat *th_hot_find(th_asked *hot, const th_segment *s, const th_term *term, uint32_t asked);
void th_hot_dispose(th_asked *hot);
/* Places of posting i in the wanted fields, in order, with form 0: at most max are written, their
 * number is returned. */
uint32_t th_flat_places(const th_flat *flat, uint32_t i, const uint64_t *want, th_occurrence *out,
                        uint32_t max);

#endif
