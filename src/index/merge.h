/* Several segments into one: terms streamed in order, memory independent of their size. */
#ifndef TH_INDEX_MERGE_H
#define TH_INDEX_MERGE_H

#include "index/segment.h"

/* live[i]: bitmap of the documents of segments[i] to keep, or NULL for all. Documents keep their
 * order: segment by segment. stop, when not NULL, is looked at now and then: once true the merge
 * ends with TH_EBUSY and leaves nothing. */
int th_segment_merge(const th_segment *const *segments, const uint64_t *const *live, size_t n,
                     const char *path, const _Atomic bool *stop, th_err *err) TH_MUST_USE;

#endif
