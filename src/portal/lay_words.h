/* What patients call conditions and treatments in a language of the pages, in the words of the
 * registry, which speaks English: "cáncer de mama" is "breast cancer" (web/words). */
#ifndef TH_PORTAL_LAY_WORDS_H
#define TH_PORTAL_LAY_WORDS_H

#include "base/arena.h"
#include "base/common.h"

/* All in plain words; ours folded. Tables are sorted by ours. */
typedef struct th_lay_word {
  const char *ours, *theirs;
  const char *shown; /* ours as it is spelled */
} th_lay_word;
extern const th_lay_word th_lay_words_es[];
extern const unsigned th_n_lay_words_es;

/* The text with all names of the table in the registry's words, longer names before shorter ones;
 * words that join names ("de", "con", "y" …) go when they stand beside one. All else stays as it
 * was typed. True, and *out in arena, when that says something else than the text; false when it
 * has no such name, is longer than 200 bytes, or memory is out. */
bool th_lay_translate(th_span text, th_arena *arena, th_span *out);

/* Names of which a word begins with the text, for completion: those that begin with it first,
 * shorter ones before longer ones. At most max are written; returns how many. */
unsigned th_lay_complete(th_span text, const th_lay_word **out, unsigned max);

#endif
