/* Whether the words of a query stand in a short text, by the same analysis as the index: for names
 * that are looked at one by one. */
#ifndef TH_QUERY_SHORT_TEXT_H
#define TH_QUERY_SHORT_TEXT_H

#include "query/tree.h"
#include "text/stem.h"

typedef struct th_text_word {
  uint32_t stem, stem_n, form, form_n; /* in bytes */
  uint32_t position;
} th_text_word;

/* Scratch, used again from text to text. */
typedef struct th_short_text {
  th_stemmer *stemmer; /* borrowed */
  th_buf bytes;
  th_text_word *words;
  uint32_t n, cap, length; /* length: positions of the text */
  bool failed;             /* memory */
} th_short_text;

void th_short_text_init(th_short_text *w, th_stemmer *stemmer);
void th_short_text_dispose(th_short_text *w);
/* q: a TERM or PHRASE; its scope does not matter. False also when memory is exhausted (failed). */
bool th_short_text_holds(th_short_text *w, th_span text, const th_query *q);
/* In two steps, for several queries on one text. */
bool th_short_text_read(th_short_text *w, th_span text);
bool th_short_text_find(const th_short_text *w, const th_query *q);

#endif
