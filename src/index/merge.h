/* Several segments into one. Terms are streamed in order: memory grows with the documents' tables,
 * the classes, and the largest single list or column, not with the postings. */
#ifndef TH_INDEX_MERGE_H
#define TH_INDEX_MERGE_H

#include "index/segment.h"

/* live[i]: bitmap of the documents of segments[i] to keep, or NULL for all. Documents keep their
 * order: segment by segment; the file is byte for byte what a builder would have written that was
 * given just these documents. stop, when not NULL, is looked at now and then: once true the merge
 * ends with TH_EBUSY and leaves nothing. Errors: TH_ENOTFOUND when no document is live; TH_ECORRUPT
 * when a source is damaged; TH_ELIMIT for more than TH_SEGMENT_MAX_DOCS; TH_ENOMEM, TH_EIO. */
int th_segment_merge(const th_segment *const *segments, const uint64_t *const *live, size_t n,
                     const char *path, const _Atomic bool *stop, th_err *err) TH_MUST_USE;

#endif
