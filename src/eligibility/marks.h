/* List signs: bullets, numbers, letters, roman numbers, at the start of a line or inside it.
 *
 *   bullet  := '*' | '-' | '–' | '•' | '·' | 'o' blank | … each also behind a backslash
 *   number  := form of 1–3 digits; dotted := digits ('.' digits)+ '.'?
 *   letter  := form of one letter;  roman := form of [ivx]+
 *   form of x := x '.' | x ')' | '(' x ')' | '[' x ']'
 *
 * A decimal number ("1.5 × ULN"), a relation ("> 18"), a negative number and an abbreviated genus
 * ("E. coli") are no signs. */
#ifndef TH_ELIGIBILITY_MARKS_H
#define TH_ELIGIBILITY_MARKS_H

#include "base/common.h"

typedef enum th_elig_style {
  TH_ELIG_PLAIN, /* no sign */
  TH_ELIG_BULLET,
  TH_ELIG_NUMBER,
  TH_ELIG_DOTTED, /* 1.1 */
  TH_ELIG_LOWER,
  TH_ELIG_UPPER,
  TH_ELIG_ROMAN,
  TH_ELIG_N_STYLES,
} th_elig_style;

typedef struct th_elig_mark {
  uint8_t style;  /* th_elig_style */
  uint8_t form;   /* for a bullet: which one; else '.' , ')' or '(' */
  uint8_t dots;   /* of a dotted number */
  uint32_t value; /* from 1; a bullet has 0. Of a dotted number the last part */
  uint32_t roman; /* a letter that may be a roman number as well: that value, else 0 */
  uint32_t len;   /* bytes to the words behind it */
} th_elig_mark;

/* The sign at the start of s (no blanks before it). False when there is none. inside: s starts
 * within a line, where fewer signs are believed. */
bool th_elig_mark_read(th_span s, bool inside, th_elig_mark *out);

#endif
