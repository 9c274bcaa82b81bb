/* Which stretches of a note do not speak of what the patient has: denied, or of relatives.
 *
 * After the ConText method (Harkema et al., J Biomed Inform 42, 2009): a cue reaches forward (or,
 * for some, back) to the end of its sentence, a semicolon, or a word that turns ("but", "however").
 * A small list of cues, enough for ranking; reading a note into facts (patient/) is the thorough
 * one. */
#ifndef TH_MATCH_POLARITY_H
#define TH_MATCH_POLARITY_H

#include "base/arena.h"
#include "base/common.h"

/* Bytes [from, to) of the note, ascending, apart. */
typedef struct th_stretch {
  uint32_t from, to;
} th_stretch;

/* *out in arena. Errors: TH_ENOMEM. */
int th_polarity_absent(th_span note, th_arena *arena, const th_stretch **out, uint32_t *n,
                       th_err *err) TH_MUST_USE;
/* Whether the byte lies in one; stretches as above. */
bool th_stretch_holds(const th_stretch *stretches, uint32_t n, uint32_t at);

#endif
