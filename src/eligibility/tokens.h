/* An item's words, numbers and signs.
 *
 *   word   := letter (letter | digit)*       folded: lower case, singular, American spelling
 *   number := digits, with separators of thousands and a decimal sign
 *   sign   := a relation (<, ≤, >=, …) or one character
 *
 * Superscript digits are numbers of their own. A backslash before a sign (the registry's markup)
 * is passed over; so are quotation marks. */
#ifndef TH_ELIGIBILITY_TOKENS_H
#define TH_ELIGIBILITY_TOKENS_H

#include "eligibility/eligibility.h"

enum { TH_ELIG_WORD, TH_ELIG_NUM, TH_ELIG_REL, TH_ELIG_SIGN };

enum {                           /* th_elig_token.flags */
       TH_ELIG_SPACE_BEFORE = 1, /* a blank stands before it */
       TH_ELIG_SUPERSCRIPT = 2,  /* number: of superscript digits */
       TH_ELIG_GLUED = 4,        /* number: a hyphen ties it to a word before ("COVID-19") */
       TH_ELIG_UPPER = 8,        /* word: its first letter is a capital */
       TH_ELIG_SPELLED = 16,     /* number: as a word */
       TH_ELIG_ALL_UPPER = 32,   /* word: no small letters */
       TH_ELIG_INTEGER = 64
}; /* number: digits only */

typedef struct th_elig_token {
  uint32_t from, to; /* bytes of the text */
  uint64_t key;      /* word: hash of the folded spelling; sign: the character */
  double value;      /* number */
  double other;      /* number: the other reading of its separator ("50.000", "1,500"), or NAN */
  uint8_t kind;
  uint8_t flags;
  uint8_t relation;  /* with TH_ELIG_REL: th_elig_relation */
  uint16_t sentence; /* of an item (leaf.h): sentences that end before it */
} th_elig_token;

typedef struct th_elig_tokens {
  th_arena *arena;
  th_elig_token *p;
  uint32_t n, cap;
  bool failed;
} th_elig_tokens;

/* Replaces what v holds by the tokens of text[from, to); failed is set when memory is exhausted. */
void th_elig_tokenize(th_span text, uint32_t from, uint32_t to, th_elig_tokens *v);

/* Key of a folded word, as tokens have it. */
uint64_t th_elig_word_key(th_span word);

#endif
