/* Writing a file of the criteria book (book.h): trees in the order of documents. Memory is that of
 * the distinct labels and 4 bytes a document; trees go to the disk as they come. */
#ifndef TH_CRITERIA_WRITER_H
#define TH_CRITERIA_WRITER_H

#include "criteria/book.h"

typedef struct th_criteria_writer th_criteria_writer;

/* NULL with err set on failure. */
th_criteria_writer *th_criteria_writer_new(const char *path, const th_criteria_basis *basis,
                                           th_err *err) TH_MUST_USE;
/* The next document's tree, NULL when it has none. Nothing of it is borrowed. Sticky: the first
 * failure is kept and told by finish. TH_EUSAGE: not a tree as the reader makes them. */
int th_criteria_writer_add(th_criteria_writer *w, const th_elig_tree *tree,
                           th_err *err) TH_MUST_USE;
/* Frees w in any case; on failure, or when commit is false, nothing is left behind. */
int th_criteria_writer_finish(th_criteria_writer *w, bool commit, th_err *err) TH_MUST_USE;

#endif
