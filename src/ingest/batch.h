/* Inside of a batch: how the source fills it. */
#ifndef TH_INGEST_BATCH_H
#define TH_INGEST_BATCH_H

#include "ingest/source.h"

/* Forgets the contents, keeps the memory. */
void th_batch_clear(th_batch *b);
/* A record whose bytes are [at, at + n) of the window, or of `made` when converted. Pointers are
 * offsets until th_batch_finish. */
int th_batch_add(th_batch *b, size_t at, size_t n, bool made, th_raw_record place) TH_MUST_USE;
int th_batch_add_reject(th_batch *b, const th_reject *r) TH_MUST_USE;
/* Offsets become pointers: the buffers do not move any more. */
void th_batch_finish(th_batch *b);
/* Copies text, cut to fit and never in the middle of a UTF-8 sequence. cap > 0. */
void th_reason_copy(char *to, size_t cap, const char *from);

#endif
