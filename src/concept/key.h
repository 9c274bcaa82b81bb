/* The key of a word: what two wordings of a label are compared by. On top of the tokenizer's
 * folding: singular for plural (D. Harman, "How effective is suffixing?", JASIS 42, 1991, the S
 * stemmer, with the plurals of -sis, -us, -ss and -x), American for British spelling (ae, oe, -our,
 * -isation, -tre), letters of the Greek alphabet by name, and Roman numbers behind words like
 * "type". A key is no stem: "organ" and "organic" stay apart. */
#ifndef TH_CONCEPT_KEY_H
#define TH_CONCEPT_KEY_H

#include "base/common.h"
#include "text/token.h"

enum { TH_KEY_MAX = TH_TOKEN_MAX + 8 };

/* Writes the key of a folded word; before is the key of the word in front of it or empty. */
size_t th_concept_key(th_span before, th_span word, char out[TH_KEY_MAX]);
/* A word of everyday English, by its key: no abbreviation may pass for it. */
bool th_concept_is_common(th_span key);

#endif
