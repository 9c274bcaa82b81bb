/* What a thread keeps between queries, so that a warm query allocates nothing but its arena's. */
#ifndef TH_QUERY_THREAD_H
#define TH_QUERY_THREAD_H

#include "base/common.h"
#include "index/segment.h"
#include "text/stem.h"

enum {
  TH_WINDOW = 4096,   /* documents evaluated together */
  TH_STRETCH = 16384, /* documents whose bounds are found together (dense.c) */
  TH_POOL = 4096      /* candidates sorted out together (pool.c) */
};

/* A document: its score so far, and a bound of its whole score. */
typedef struct th_pooled {
  uint32_t doc, score, bound;
} th_pooled;

/* Scores and matches of one window at one level of the tree. Where `bits` is 0, all others are 0;
 * seen is 0 everywhere between two uses. Of phrases not looked at yet: maybe marks documents that
 * match only if one stands, rough those whose score is too high if one does not. */
typedef struct th_level {
  uint32_t acc[TH_WINDOW];
  uint8_t seen[TH_WINDOW];
  uint64_t bits[TH_WINDOW / 64], maybe[TH_WINDOW / 64], rough[TH_WINDOW / 64];
} th_level;

typedef struct th_thread {
  th_stemmer *stemmer;
  th_level **levels; /* made when first needed */
  uint32_t n_levels;
  uint16_t *picked;         /* TH_WINDOW offsets */
  uint64_t *queue;          /* TH_WINDOW candidates, see rank.c */
  uint16_t *bound;          /* TH_STRETCH bounds, see dense.c, … */
  uint16_t *word_most;      /* … and the largest of each 64 */
  th_pooled *candidates;    /* TH_POOL, see pool.c */
  th_occurrence *places[2]; /* positions of two words of a phrase */
  uint32_t n_places[2];     /* room in each */
  uint32_t share;           /* random, see conj.c */
} th_thread;

/* This thread's; freed when the thread ends. NULL when memory is exhausted. */
th_thread *th_thread_get(void);
/* Level i, clean; NULL when memory is exhausted. */
th_level *th_thread_level(th_thread *t, uint32_t i);

/* Cleans all levels: after an evaluation that failed half way. */
void th_thread_wipe(th_thread *t);
/* Twice the room for places[which]; false when memory is exhausted. */
bool th_thread_more_places(th_thread *t, unsigned which);

#endif
