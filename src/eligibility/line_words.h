/* The words of a line that may be a header: letters and digits, with the sign before each. */
#ifndef TH_ELIGIBILITY_LINE_WORDS_H
#define TH_ELIGIBILITY_LINE_WORDS_H

#include "base/common.h"

enum { TH_LINE_WORDS_MAX = 40 };

typedef struct th_line_words {
  th_span w[TH_LINE_WORDS_MAX];       /* of the line */
  uint8_t sort[TH_LINE_WORDS_MAX];    /* a bit of th_line_list.sorts for each */
  uint64_t sorts;                     /* of all of them */
  char before[TH_LINE_WORDS_MAX + 1]; /* the sign, if any, before the word; last: at the end.
                                       * Spaces and marks of emphasis are none. */
  int n;
} th_line_words;

/* Words with spaces between. Their first and last letters and lengths are a bit each of `sorts`,
 * filled in when first asked for, by which most words are told from them. */
typedef struct th_line_list {
  const char *words;
  uint64_t sorts;
} th_line_list;

#define TH_LINE_LIST(list)                                                                         \
  { .words = list }

/* False when there are none, or more than `most` (at most TH_LINE_WORDS_MAX). */
bool th_line_words_split(th_span line, int most, th_line_words *out);
/* Whether word i is one of the list, in any case. */
bool th_line_word_is(const th_line_words *w, int i, th_line_list *list);
/* The first word at or behind `from` that is one of the list; -1: none. */
int th_line_words_find(const th_line_words *w, th_line_list *list, int from);

static inline bool th_is_line_letter(char c) {
  return ((c | 32) >= 'a' && (c | 32) <= 'z') || (unsigned char)c >= 0x80;
}
static inline bool th_is_line_digit(char c) {
  return c >= '0' && c <= '9';
}

#endif
