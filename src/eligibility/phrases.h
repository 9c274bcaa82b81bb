/* Fixed wordings, found by longest match over tokens: one trie of several families. It is built
 * once, from tables in the program, before the first use. */
#ifndef TH_ELIGIBILITY_PHRASES_H
#define TH_ELIGIBILITY_PHRASES_H

#include "eligibility/tokens.h"

typedef enum th_elig_family {
  TH_ELIG_F_ATTRIBUTE, /* value: index of the attribute; -1: none is meant ("childbearing age") */
  TH_ELIG_F_BEFORE,    /* relation before a number; value: th_elig_relation */
  TH_ELIG_F_BEHIND,    /* relation behind it ("or older") */
  TH_ELIG_F_LIMIT,     /* value: th_elig_reference, or TH_ELIG_BEHIND_TIMES */
  TH_ELIG_F_UNIT,      /* value: index in the table of units (units.c) */
  TH_ELIG_F_CATEGORY,  /* value: index in the table of categories (categories.c) */
  TH_ELIG_N_FAMILIES,
} th_elig_family;

enum { TH_ELIG_BEHIND_TIMES = 100 }; /* a limit of normal behind "times" only: "3 x N" */

typedef struct th_elig_phrase {
  int16_t value;
  int16_t next;      /* another one with the same words; -1 = none */
  const char *exact; /* must be spelled just so; NULL = any case */
  uint8_t exact_n;
} th_elig_phrase;

enum { TH_ELIG_BEGINS = 1 << 13 };
/* By hash of a first word, the families that may have a phrase which begins so, a bit each, and
 * behind them those that may have it as a whole phrase. Most words begin none, and the trie is
 * larger than the near memory. */
extern uint16_t th_elig_phrase_begins[TH_ELIG_BEGINS];

/* What a token is to the trie. */
static inline uint64_t th_elig_phrase_key(const th_elig_token *t) {
  uint64_t bits;
  if (t->kind == TH_ELIG_WORD || t->key > 255) return t->key;
  if (t->kind == TH_ELIG_REL) return (uint64_t)(1024 + t->relation);
  if (t->kind != TH_ELIG_NUM) return t->key;
  memcpy(&bits, &t->value, sizeof bits);
  return bits * 0x2545F4914F6CDD1Du ^ 0x5bd1e995;
}

static inline uint16_t *th_elig_phrase_begin(uint64_t key) {
  return &th_elig_phrase_begins[key * 0x9E3779B97F4A7C15u >> (64 - 13)];
}

/* th_elig_phrase_at of a token that may begin a phrase. */
int th_elig_phrase_walk(th_span text, const th_elig_token *t, uint32_t n, uint32_t i,
                        th_elig_family family, uint32_t *end);

/* The longest phrase of the family that starts at token i; its index, -1 when there is none. *end
 * is the token behind it. Hyphens between its words do not count. */
static inline int th_elig_phrase_at(th_span text, const th_elig_token *t, uint32_t n, uint32_t i,
                                    th_elig_family family, uint32_t *end) {
  if (i >= n || !(*th_elig_phrase_begin(th_elig_phrase_key(&t[i])) >> family & 1)) return -1;
  return th_elig_phrase_walk(text, t, n, i, family, end);
}

const th_elig_phrase *th_elig_phrase_get(int index);

/* Builds the trie; TH_ENOMEM when the tables have outgrown its fixed room (a fault of the program,
 * which the unit test finds). Any number of calls from any thread. */
int th_elig_phrases_ready(void) TH_MUST_USE;

#endif
