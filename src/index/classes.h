/* Numbering the classes of a segment to be: flush and merge count how often each is used, here they
 * are put in order and written. */
#ifndef TH_INDEX_CLASSES_H
#define TH_INDEX_CLASSES_H

#include "index/encode.h"

/* A class as the caller numbers it; the text is borrowed. */
typedef struct th_class_use {
  th_span text;
  uint64_t count; /* of postings; 0: it is left out */
} th_class_use;

/* Writes the classes that are used, most frequent first, equal ones bytewise. number[c] gets the
 * new number of each that is used. False when memory is exhausted. */
bool th_classes_encode(th_encoder *e, const th_class_use *classes, uint32_t n, uint32_t *number);

#endif
