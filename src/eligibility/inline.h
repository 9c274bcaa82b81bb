/* Several items in the line of one: "… : 1) a 2) b", "a; b; c", sentence after sentence. */
#ifndef TH_ELIGIBILITY_INLINE_H
#define TH_ELIGIBILITY_INLINE_H

#include "eligibility/eligibility.h"
#include "eligibility/marks.h"

enum { TH_ELIG_PIECES_MAX = 160 };

typedef struct th_elig_piece {
  uint32_t from, to;
  uint8_t level; /* 0: an item beside the others; 1: inside the piece of level 0 before it */
  bool bare;     /* a group without words of its own */
  bool stated;   /* combine and at_least are stated by its words */
  uint8_t combine, at_least;
  uint8_t flags; /* of th_elig_node */
} th_elig_piece;

/* Cuts the item text[from, to), whose sign was `mark`, into at least one piece, in the order of
 * the text; all of it but signs and separators is in the pieces. Linear. */
size_t th_elig_inline_split(th_span text, uint32_t from, uint32_t to, const th_elig_mark *mark,
                            th_elig_piece out[TH_ELIG_PIECES_MAX]);

#endif
