/* Numbering the classes of a segment to be: flush and merge count how often each is used, here they
 * are put in order and written. */
#ifndef TH_INDEX_CLASSES_H
#define TH_INDEX_CLASSES_H

#include "index/encode.h"
#include "index/intern.h"

/* Writes the classes that are used, most frequent first, equal ones bytewise. counts: by the
 * caller's numbers; number[c] gets the new number of each that is used. False when memory is
 * exhausted. */
bool th_classes_encode(th_encoder *e, const th_intern *classes, const uint64_t *counts,
                       uint32_t *number);

#endif
