/* Memory of the process that nobody uses any more. */
#ifndef TH_BASE_MEMORY_H
#define TH_BASE_MEMORY_H

#include "base/common.h"

/* Gives freed memory back to the system when the allocator holds more than `most` bytes of it:
 * pages between pieces that are in use, too. Takes some milliseconds then, in which other threads
 * may have to wait for memory; else some microseconds. Returns whether it did. Does nothing where
 * the allocator cannot tell. Any thread. */
bool th_memory_trim(uint64_t most);

/* For a program that does one large piece of work and ends: memory is asked of the system in large
 * pieces and kept until then, and large blocks are mapped by themselves, so that they grow without
 * being copied. Before the first thread starts. */
void th_memory_hold(void);

#endif
