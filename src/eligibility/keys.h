/* Sets of words, asked of tokens. A set is a string of words separated by '|'. */
#ifndef TH_ELIGIBILITY_KEYS_H
#define TH_ELIGIBILITY_KEYS_H

#include "eligibility/tokens.h"

enum { TH_ELIG_SET_MAX = 96 };

typedef struct th_elig_set {
  const char *words;
  uint64_t keys[TH_ELIG_SET_MAX];
  /* A bit a key: most tokens are told apart by it. All bits until the keys are known. */
  uint64_t mask[4];
  uint32_t n; /* 0 until first asked; written last */
} th_elig_set;

#define TH_ELIG_SET(list)                                                                          \
  {                                                                                                \
    .words = list, .mask = { ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0) }              \
  }

bool th_elig_is_key(th_elig_set *set, uint64_t key);

/* Whether the token is a word or number word of the set, or, for one character, that sign. */
static inline bool th_elig_among(th_elig_set *set, const th_elig_token *t) {
  unsigned bit = (unsigned)(t->key * 0x9E3779B97F4A7C15u >> 56);
  uint64_t part = __atomic_load_n(&set->mask[bit / 64], __ATOMIC_RELAXED);
  return t->key && (part >> bit % 64 & 1) && th_elig_is_key(set, t->key);
}

/* The words of several sets, to pass over a token that is in none of them with one look. */
typedef struct th_elig_sets {
  th_elig_set *sets[12]; /* NULL behind the last */
  uint64_t mask[4];      /* all bits until the sets are known */
  bool known;
} th_elig_sets;

#define TH_ELIG_SETS(...)                                                                          \
  {                                                                                                \
    .sets = {__VA_ARGS__}, .mask = { ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0) }      \
  }

void th_elig_sets_fill(th_elig_sets *sets);

/* False when the token is in none of the sets. */
static inline bool th_elig_maybe(th_elig_sets *sets, const th_elig_token *t) {
  unsigned bit = (unsigned)(t->key * 0x9E3779B97F4A7C15u >> 56);
  if (!__atomic_load_n(&sets->known, __ATOMIC_RELAXED)) th_elig_sets_fill(sets);
  return __atomic_load_n(&sets->mask[bit / 64], __ATOMIC_RELAXED) >> bit % 64 & 1;
}

static inline bool th_elig_sign(const th_elig_token *t, char c) {
  return t->kind == TH_ELIG_SIGN && t->key == (unsigned char)c;
}

#endif
