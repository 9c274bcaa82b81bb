/* What a label is made of before it enters a dictionary. */
#ifndef TH_CONCEPT_LABEL_H
#define TH_CONCEPT_LABEL_H

#include "concept/concept.h"
#include "concept/key.h"

enum { TH_LABEL_BYTES_MAX = 240 };

/* Without blanks around and doubled, without "NOS", "(disorder)" and its like. Returns the length,
 * 0 when nothing is left or it is too long. */
size_t th_label_clean(th_span text, char out[TH_LABEL_BYTES_MAX]);
/* "Diabetes Mellitus, Type 2" → "Type 2 Diabetes Mellitus". 0 when the label is not inverted. */
size_t th_label_uninvert(th_span text, char out[TH_LABEL_BYTES_MAX]);

typedef struct th_label_words {
  char text[TH_LABEL_BYTES_MAX * 2];
  th_span keys[TH_LABEL_WORDS_MAX];
  size_t n;
} th_label_words;
/* The keys of a label's words; joined: compounds as one word each. False when there are none or too
 * many. */
bool th_label_split(th_span text, bool joined, th_label_words *out);
/* "PD1", "IL6R" cut where letters and digits meet: pd 1, il 6r. False when the words are not just
 * one of that shape. */
bool th_label_split_digits(const th_label_words *one, th_label_words *out);
/* Whether a label of these words may stand in a dictionary, and its flags. vocabulary: it comes
 * from one. relation may become ABBREVIATION. */
bool th_label_judge(th_span text, const th_label_words *words, th_concept_kind kind,
                    bool vocabulary, th_label_relation *relation, unsigned *flags);

#endif
