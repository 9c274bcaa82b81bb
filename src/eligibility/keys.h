/* Sets of words, asked of tokens. A set is a string of words separated by '|'. */
#ifndef TH_ELIGIBILITY_KEYS_H
#define TH_ELIGIBILITY_KEYS_H

#include "eligibility/tokens.h"

enum { TH_ELIG_SET_MAX = 96 };

typedef struct th_elig_set {
  const char *words;
  uint64_t keys[TH_ELIG_SET_MAX];
  uint64_t mask; /* a bit a key: most tokens are told apart by it */
  uint32_t n;    /* 0 until first asked; written last */
} th_elig_set;

#define TH_ELIG_SET(list)                                                                          \
  { .words = list }

/* Whether the token is a word or number word of the set, or, for one character, that sign. */
bool th_elig_among(th_elig_set *set, const th_elig_token *t);

static inline bool th_elig_sign(const th_elig_token *t, char c) {
  return t->kind == TH_ELIG_SIGN && t->key == (unsigned char)c;
}

#endif
