/* Differences between two sequences, and between two texts word by word.
 *
 * Method: E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986),
 * with the linear-space refinement of its section 4b: the shortest script of deletions and
 * insertions. A budget bounds the time: where it is used up, the rest counts as replaced, which is
 * still a true difference, only not the shortest. */
#ifndef TH_PORTAL_DIFF_H
#define TH_PORTAL_DIFF_H

#include "base/arena.h"
#include "base/common.h"

typedef enum th_diff_kind { TH_DIFF_SAME, TH_DIFF_DELETE, TH_DIFF_INSERT } th_diff_kind;

/* n elements alike, or only in a, or only in b; from: place in a for a deletion, else in b. */
typedef struct th_diff_run {
  th_diff_kind kind;
  size_t from, n;
} th_diff_run;

/* Elements are equal when their numbers are. Runs come in order, in a stretch of change deletions
 * first; together they are all of a and all of b. *budget is counted down by the steps taken, a
 * step being a few nanoseconds. *out is in the arena. Errors: TH_ENOMEM; TH_ELIMIT for more than
 * 2^30 elements. */
int th_diff_ids(const uint32_t *a, size_t n, const uint32_t *b, size_t m, size_t *budget,
                th_arena *arena, th_diff_run **out, size_t *n_out, th_err *err) TH_MUST_USE;

typedef struct th_diff_part {
  th_diff_kind kind;
  th_span text; /* borrowed from a (deletions) or b */
  size_t words;
} th_diff_part;

/* Words and signs, each with the white space behind it; white space alone makes no difference. */
int th_diff_words(th_span a, th_span b, size_t *budget, th_arena *arena, th_diff_part **out,
                  size_t *n_out, th_err *err) TH_MUST_USE;
/* The end of the first `words` words of a text, and the beginning of the last, as byte offsets. */
size_t th_diff_words_end(th_span text, size_t words);
size_t th_diff_words_begin(th_span text, size_t words);

#endif
