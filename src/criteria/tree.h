/* Between book.c and tree.c. */
#ifndef TH_CRITERIA_TREE_H
#define TH_CRITERIA_TREE_H

#include "criteria/book.h"

/* A tree of the file; bytes may have up to 3 behind it. Errors: TH_ECORRUPT, TH_ENOMEM. */
int th_criteria_decode(const th_criteria_file *file, th_span bytes, th_arena *arena,
                       th_elig_tree *out, th_err *err) TH_MUST_USE;
/* The same bytes as an outline. */
int th_criteria_outline_read(const th_criteria_file *file, th_span bytes, uint32_t segment,
                             th_arena *arena, th_criteria_outline *out, th_err *err) TH_MUST_USE;

#endif
