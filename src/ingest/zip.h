/* Entries of a zip archive, one after another, unpacked and checked.
 *
 * Over a mapped file the central directory leads; without one that checks, and over a stream, the
 * local headers do. Stored and deflated entries, zip64, data descriptors. (PKWARE APPNOTE 6.3.) */
#ifndef TH_INGEST_ZIP_H
#define TH_INGEST_ZIP_H

#include "ingest/source.h"
#include "ingest/stream.h"

typedef struct th_zip th_zip;

typedef struct th_zip_entry {
  const char *name;  /* UTF-8 made clean, borrowed until the next entry; "" when unknown */
  th_stream *stream; /* unpacked bytes, borrowed likewise; NULL when there is a problem instead.
                        Its read gives TH_EINPUT for damage, wrong sizes or checksum, a bomb. */
  int64_t offset;    /* of the local header in the archive */
  char problem[160]; /* why this entry cannot be read */
} th_zip_entry;

/* file: the whole archive, borrowed. */
th_zip *th_zip_open(th_span file, const th_source_limits *limits, th_err *err) TH_MUST_USE;
/* stream: stands on the first header; stays the caller's. */
th_zip *th_zip_open_stream(th_stream *stream, const th_source_limits *limits,
                           th_err *err) TH_MUST_USE;
void th_zip_close(th_zip *zip);
/* *more is false at the end. Folders are passed over. Errors: TH_EIO, TH_ENOMEM, and TH_EINPUT when
 * the stream below is damaged. */
int th_zip_next(th_zip *zip, th_zip_entry *out, bool *more, th_err *err) TH_MUST_USE;
/* Bytes of the file passed, when it was opened over one. */
uint64_t th_zip_consumed(const th_zip *zip);

#endif
