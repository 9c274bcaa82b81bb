/* Memory that is overwritten before it is given back. */
#ifndef TH_COHORT_MEMORY_H
#define TH_COHORT_MEMORY_H

#include "base/common.h"

void th_wiped_free(void *p, size_t n);
/* n bytes that begin with the old ones; NULL when there is no memory, then the old ones stay. */
void *th_wiped_grow(void *p, size_t old, size_t n) TH_MUST_USE;
/* Room for one more in an array of n. */
bool th_wiped_room(void **p, uint32_t n, uint32_t *cap, size_t size) TH_MUST_USE;

/* Room for one more of n things in a table by hash, at most half full: slots hold 0 or the thing's
 * number + 1, and a thing stands in the first that was free from its hash on. bytes_of: what is
 * hashed of a thing. */
typedef th_span th_slot_bytes(const void *things, uint32_t i);
bool th_slots_room(uint32_t **slots, uint32_t *n_slots, uint32_t n, th_slot_bytes *bytes_of,
                   const void *things) TH_MUST_USE;

#endif
