/* The door for registry files: bytes from outside, one candidate record after another.
 *
 * What is understood, told apart by content and never by name (docs/formats/sources.md): API v2
 * JSON as one record, an array, a page, NDJSON or records behind one another; the registry's legacy
 * XML; each of these plain, gzip (many members) or zstd (many frames), and in a zip archive.
 *
 * Splitting finds where records begin and end and goes no further: whether a candidate is valid
 * JSON, UTF-8 and a study is for the caller's workers to say. What cannot be split is a reject with
 * its place; reading goes on with the next record that can be found. Memory is bounded by
 * the limits and not by the input. */
#ifndef TH_INGEST_SOURCE_H
#define TH_INGEST_SOURCE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/common.h"

/* 0 in any field means its default. */
typedef struct th_source_limits {
  size_t max_record;     /* longest record in bytes, JSON or XML: 64 MiB */
  unsigned max_depth;    /* deepest nesting of a JSON record or an XML element: 256 */
  uint64_t max_unpacked; /* most bytes one zip entry or one compressed stream unpacks to: 256 GiB */
  unsigned max_ratio;    /* unpacked : packed of a zip entry once it exceeds 16 MiB: 200 */
  size_t max_rejects;    /* broken pieces after which the rest of an input is given up: 100,000 */
  size_t batch_bytes;    /* a batch ends at about so many bytes: 4 MiB */
  size_t batch_records;  /* or so many records: 8,192 */
  size_t read_chunk;     /* most bytes asked of the file at once (tests): 1 MiB */
} th_source_limits;

/* One candidate. bytes has TH_PAD readable bytes behind it. All pointers are borrowed until the
 * batch is disposed of or filled again. */
typedef struct th_raw_record {
  th_span bytes;     /* JSON text; of a legacy XML record: the converted text */
  const char *file;  /* as given to open; "-" for standard input */
  int64_t line;      /* where it begins, from 1, in the unpacked stream or entry; 0 = n/a */
  int64_t offset;    /* byte where it begins, in the unpacked stream or entry */
  const char *entry; /* name inside a zip, or NULL */
} th_raw_record;

/* A piece that is no record, and why. Pointers as in th_raw_record. */
typedef struct th_reject {
  const char *file, *entry;
  int64_t line, offset;
  char id[16];      /* "NCT…" when it could be read, else "" */
  char reason[200]; /* one sentence without a full stop */
} th_reject;

/* Some records and rejects in the order of the input, each list by itself. A batch owns its memory:
 * it may go to another thread and outlive the source. */
typedef struct th_batch {
  th_raw_record *records;
  size_t n;
  th_reject *rejects;
  size_t n_rejects;
  /* private */
  size_t cap, cap_rejects;
  th_buf window, made;
  th_arena names;
} th_batch;

typedef struct th_source th_source;

void th_batch_init(th_batch *batch);
void th_batch_dispose(th_batch *batch);

/* path: a file, or "-" for standard input. limits may be NULL. NULL on failure: TH_ENOTFOUND,
 * TH_EIO, TH_ENOMEM. A file of an unknown format opens; it yields a reject. */
th_source *th_source_open(const char *path, const th_source_limits *limits,
                          th_err *err) TH_MUST_USE;
/* The same over bytes in memory, borrowed until close; name stands in records and rejects. */
th_source *th_source_open_memory(const char *name, th_span bytes, const th_source_limits *limits,
                                 th_err *err) TH_MUST_USE;
/* Fills out (initialised, or used before: then its memory is used again) with the next records.
 * out->n is 0 only at the end, and then rejects may still be there. Errors: TH_EIO, TH_ENOMEM;
 * after an error only close is allowed. */
int th_source_next(th_source *source, th_batch *out, th_err *err) TH_MUST_USE;
void th_source_close(th_source *source);
/* Bytes of the file (as it is on disk) consumed so far, and its size, 0 when not known. */
void th_source_progress(const th_source *source, uint64_t *consumed, uint64_t *total);

/* The NCT number of a record that may be broken: what stands behind the first "nctId" : " or, in
 * XML, <nct_id>; only the first 256 KiB are looked at. out is "" when there is none. */
void th_record_guess_id(th_span record, char out[16]);

#endif
