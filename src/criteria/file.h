/* The foot of a file of the book (book.h), for writer.c and book.c. */
#ifndef TH_CRITERIA_FILE_H
#define TH_CRITERIA_FILE_H

#include "criteria/book.h"

typedef struct th_criteria_place {
  uint64_t offset, bytes;
} th_criteria_place;

typedef struct th_criteria_foot {
  uint32_t version, n_docs;
  th_criteria_basis basis;
  th_criteria_place places[TH_CRITERIA_SECTIONS];
  uint64_t hash;
} th_criteria_foot;
_Static_assert(sizeof(th_criteria_foot) ==
                   8 + TH_CRITERIA_READER_MAX + 32 + 16 * TH_CRITERIA_SECTIONS + 8,
               "the foot has no gaps");

enum { TH_CRITERIA_HEAD = 8 };

#endif
