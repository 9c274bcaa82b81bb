/* Tables behind suggest.h: complete.c makes and keeps them, suggest.c looks for near words. */
#ifndef TH_QUERY_SUGGEST_PRIVATE_H
#define TH_QUERY_SUGGEST_PRIVATE_H

#include "query/suggest.h"

enum { TH_NAME_BLOCK = 64, TH_KEY_MAX = 256 };

/* Names of one kind. An entry is a key, NUL-terminated in the pool, from one of its words on;
 * entries are in bytewise order of that text. */
typedef struct th_names {
  char *pool;
  uint32_t n;          /* entries */
  uint32_t *at;        /* offset of the text in the pool */
  uint32_t *name;      /* offset of the name as people write it */
  uint32_t *count;     /* studies */
  uint32_t *block_max; /* largest count of each TH_NAME_BLOCK entries */
} th_names;

typedef struct th_lexicon {
  uint64_t applied_seq;
  uint32_t n_live;
  unsigned users; /* under the suggester's lock */
  th_names of[TH_NAME_KINDS];
} th_lexicon;

/* A name as it is compared: folded, a blank for each run of what is no letter or digit, apostrophes
 * dropped, no blank at the beginning; at the end one only when the text ends so. */
size_t th_name_key(th_span text, char out[TH_KEY_MAX]);
/* Entries that begin with the key: [*from, *to). */
void th_names_range(const th_names *names, th_span key, uint32_t *from, uint32_t *to);

/* The tables of a recent state; give them back soon. */
int th_lexicon_acquire(th_suggester *s, th_lexicon **out, th_err *err) TH_MUST_USE;
void th_lexicon_release(th_suggester *s, th_lexicon *lexicon);
th_index *th_suggester_index(th_suggester *s);

#endif
