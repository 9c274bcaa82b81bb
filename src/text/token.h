/* Words of a text: the one tokenizer of index, query and highlights.
 *
 *   token    := run of letters and digits, folded (fold.h), at most TH_TOKEN_MAX bytes: what is
 *               longer is cut (TH_TOKEN_CUT), the run still takes one position
 *             | one Han or Kana character
 *   number   := digits ('.' digits)*: kept whole. ".5" is "0.5". A comma before groups of just
 * three digits is dropped: "100,000" is "100000" 's       at the end of a word is dropped compound
 * := part (connector part)+ without blanks; connector := '-' '/' and their like,
 *               '(' and the ')' that belongs to it, each also behind a backslash (markup escapes).
 *               GM-CSF, HER2/neu, P(A-a)O2. Parts stand at p, p+1, …; a compound of 2 to 4 parts
 *               and at most TH_TOKEN_JOINED_MAX bytes also gives its joined form ("gmcsf"), at the
 *               position of its last part, behind it (TH_TOKEN_JOINED). Parts that hold a '.' are
 *               not joined.
 *
 * All else separates. Positions count from 0. */
#ifndef TH_TEXT_TOKEN_H
#define TH_TEXT_TOKEN_H

#include "base/common.h"

enum {
  TH_TOKEN_MAX = 64,
  TH_TOKEN_JOINED_MAX = 40,
  TH_TOKEN_PARTS_MAX = 4,
  TH_TOKENS_WINDOW = 64,
};

enum {
  TH_TOKEN_JOINED = 1,   /* the joined form of the parts just given */
  TH_TOKEN_DIGIT = 2,    /* holds a digit */
  TH_TOKEN_NONASCII = 4, /* holds a byte beyond ASCII, after folding */
  TH_TOKEN_CUT = 8,
  TH_TOKEN_PART = 16, /* a part of a compound whose joined form follows */
};

typedef struct th_token {
  th_span text;      /* folded; borrowed from the iterator until the next step */
  uint32_t from, to; /* bytes in the source, without a dropped 's */
  uint32_t position;
  uint32_t flags;
} th_token;

/* An iterator; a plain value without anything to free. The source is borrowed while it runs. */
typedef struct th_tokens {
  const uint8_t *src;
  uint32_t n, at;
  uint32_t fast_end; /* before it, wide loads are safe */
  uint32_t position; /* positions used so far */
  uint32_t chain_at; /* a compound too long to be joined goes on here */
  uint32_t queued, given;
  uint32_t window;       /* of the 64 bytes from here on is known: (plain.h) */
  uint64_t words, stops; /* those of ASCII words; those that may begin a word */
  th_token queue[TH_TOKEN_PARTS_MAX + 2];
  char text[(TH_TOKEN_PARTS_MAX + 1) * TH_TOKEN_MAX + 16];
} th_tokens;

/* Texts of 4 GiB and more are read up to there. */
void th_tokens_init(th_tokens *t, th_span text);
/* The same for a text with TH_PAD blanks behind its end: short texts are read faster so. */
void th_tokens_init_padded(th_tokens *t, th_span text);
/* False at the end. */
bool th_token_next(th_tokens *t, th_token *tok);

#endif
