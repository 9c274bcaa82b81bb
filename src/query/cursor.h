/* A term's list in one segment, scored in one scope. */
#ifndef TH_QUERY_CURSOR_H
#define TH_QUERY_CURSOR_H

#include "index/score.h"
#include "query/cache.h"
#include "query/thread.h"

typedef struct th_cursor {
  th_postings p;
  th_weights w;
  float idf;
  unsigned scope;
  uint32_t most;      /* no contribution of the list is larger */
  uint32_t tail_most; /* nor of its tail; 0 = not known yet */
  uint32_t i;         /* next posting of the decoded block; p.n when it is used up */
  uint32_t ahead;     /* block that th_cursor_range_most looked at last */
  uint32_t next;      /* block not yet decoded or passed over; n_blocks = the tail, + 1 = none */
  bool absent;        /* the segment does not hold the term */
} th_cursor;

/* At the start of the list. term NULL: absent. */
void th_cursor_start(th_cursor *c, const th_term *term, const th_weights *w, unsigned scope,
                     float idf);
/* Back to the start. */
void th_cursor_rewind(th_cursor *c);

/* Goes to the first posting with a document >= doc (p.docs[i]); false when there is none. Never
 * goes back. The posting need not be of the scope. */
bool th_cursor_seek(th_cursor *c, uint32_t doc);
/* For a list whose decoded block is used up: decodes the next block that begins below end, passing
 * over blocks for good in which no contribution reaches floor. False when there is none. */
bool th_cursor_block(th_cursor *c, uint32_t end, uint32_t floor);
/* Contribution of the posting at the cursor; false when it is not of the scope. */
static inline bool th_cursor_score(const th_cursor *c, uint32_t *score) {
  float wtf = th_class_weight(c->w.classes, c->p.classes[c->i]);
  *score = th_score_contribution(c->idf, wtf, th_weights_length(&c->w, c->p.docs[c->i]));
  return wtf > 0;
}

/* The same, but it may go back. */
bool th_cursor_goto(th_cursor *c, uint32_t doc);
/* Keeps of n ascending documents those that stand in the list and are of the scope, adds their
 * contributions to the scores, and drops sums below least. Returns how many are left. */
uint32_t th_cursor_thin(th_cursor *c, uint32_t *docs, uint32_t *scores, uint32_t n, uint32_t least);
/* No contribution of a posting in [base, last] is larger; nothing is decoded. base must not fall.
 */
uint32_t th_cursor_range_most(th_cursor *c, uint32_t base, uint32_t last);
/* A saturation of at most `part` as a bound of the contribution; the 2 is more than what rounding
 * of floats and of the contribution itself can add. */
static inline uint32_t th_cursor_most(float idf, float part) {
  return (uint32_t)(idf * part * TH_SCORE_ONE + 0.5f) + 2;
}
/* Bound of block `block`: nothing in it is larger. */
uint32_t th_cursor_block_most(const th_cursor *c, uint32_t block);

/* No contribution of a posting in [base, end) is larger; 0 = no posting there. base must not fall.
 */
uint32_t th_cursor_window_most(th_cursor *c, uint32_t base, uint32_t end);
/* Adds the contributions of all postings of the scope in [base, end) to the level (document -
 * base), and marks them as seen. Blocks all of whose contributions are below `floor` may be left
 * out. */
void th_cursor_window_add(th_cursor *c, uint32_t base, uint32_t end, uint32_t floor,
                          th_level *level);

/* ---- kernels, each with a scalar twin ---- */

/* Contributions of n postings: those of the scope are written together, their number returned.
 * Room for n + 8 in both. */
typedef uint32_t th_score_kernel(const uint32_t *docs, const uint32_t *classes, uint32_t n,
                                 const th_weights *w, float idf, uint32_t *out_docs,
                                 uint32_t *out_scores);
/* The same without scores: the postings of the scope. */
typedef uint32_t th_scope_kernel(const uint32_t *docs, const uint32_t *classes, uint32_t n,
                                 const th_weights *w, uint32_t *out_docs);
/* Bit i of the result = score[i] >= least (least >= 1, scores below 2^31). */
typedef uint64_t th_above_kernel(const uint32_t score[64], uint32_t least);
/* Bit i = byte[i] != 0. */
typedef uint64_t th_bytes_kernel(const uint8_t byte[64]);
/* Numbers of n ascending a that also stand among m ascending b, whose last is not below the last of
 * a: a[at_a[k]] = b[at_b[k]]. n and m at most TH_BLOCK. Returns how many. */
typedef uint32_t th_common_kernel(const uint32_t *a, uint32_t n, const uint32_t *b, uint32_t m,
                                  uint8_t *at_a, uint8_t *at_b);

/* What a word adds at most (query/impacts.h: idf times the table's base and step, as scores), to
 * bounds of n documents. all: a bound of 0, and that of a document that does not hold the word,
 * becomes 0. most may be read 3 bytes further. */
typedef void th_sieve_kernel(const uint32_t *docs, uint32_t n, const uint8_t *most, float base,
                             float step, bool all, uint32_t *bound);
/* A table in rough units: a document whose byte is b > 0 counts base + b * step / 256. */
typedef struct th_rough {
  const uint8_t *most;
  uint16_t base, step;
} th_rough;
/* Adds to bound[i] what n tables say of document from + i, of 64 neighbours; all: it becomes 0 when
 * any of these is 0. No sum is above 65,535. The largest is returned. */
typedef uint16_t th_bounds_kernel(const th_rough *tables, uint32_t n, bool all, uint32_t from,
                                  uint16_t bound[64]);
/* out[i] = 0 where of[i] is 0, else 1 + ceil((of[i] - least) * factor / 65536), at most 255. */
typedef void th_shorten_kernel(const uint16_t *of, uint32_t n, uint16_t least, uint32_t factor,
                               uint8_t *out);
/* Bit i = bound[i] >= least. */
typedef uint64_t th_reach_kernel(const uint16_t bound[64], uint16_t least);

/* What is asked of the values of a column, as the unsigned integers that they are there. */
typedef struct th_value_test {
  uint32_t low, span; /* low <= v <= low + span */
  uint32_t a, b;      /* or one of these */
  uint32_t mask;      /* th_mask_kernel: any of these bits */
} th_value_test;
/* Bit i = value[i] passes; 64 values of 1, 2 or 4 bytes (index 0, 1, 2 of the tables). */
typedef uint64_t th_value_kernel(const void *values, const th_value_test *t);
/* Bits that are set in n words. */
typedef uint64_t th_count_kernel(const uint64_t *words, uint32_t n);

/* The bits of a number, the lowest first, go to where `in` has ones; there are no more of them. */
typedef uint64_t th_deposit_kernel(uint64_t bits, uint64_t in);

typedef struct th_kernels {
  th_score_kernel *score;
  th_scope_kernel *scope;
  th_above_kernel *above;
  th_bytes_kernel *bytes;
  th_common_kernel *common;
  th_sieve_kernel *sieve;
  th_bounds_kernel *bounds;
  th_reach_kernel *reach;
  th_shorten_kernel *shorten;
  th_value_kernel *range[3], *mask[3];
  th_count_kernel *count;
  th_deposit_kernel *deposit;
} th_kernels;
extern const th_kernels *th_kernels_now; /* the best of this machine */
/* For tests, while no query runs: the scalar ones or the best. */
void th_kernels_force_scalar(bool scalar);

/* Documents of the scope among n postings, and what they add to a score (0 where nothing is
 * scored). Room for n + 8 in both. */
static inline uint32_t th_cursor_scores(const th_cursor *c, const uint32_t *docs,
                                        const uint32_t *classes, uint32_t n, uint32_t *out_docs,
                                        uint32_t *out_scores) {
  if (c->idf != 0)
    return th_kernels_now->score(docs, classes, n, &c->w, c->idf, out_docs, out_scores);
  memset(out_scores, 0, n * sizeof *out_scores);
  if (!c->w.classes->all) return th_kernels_now->scope(docs, classes, n, &c->w, out_docs);
  memcpy(out_docs, docs, n * sizeof *docs);
  return n;
}

#endif
