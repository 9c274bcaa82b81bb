/* Records as the body of an answer, unpacked one after the other as the client takes them. Held are
 * the list of numbers, one record and a piece of output; no generation of the index, and no reader
 * between two pieces, so a slow client costs nobody anything. */
#ifndef TH_API_RECORD_STREAM_H
#define TH_API_RECORD_STREAM_H

#include "base/buf.h"
#include "http/http.h"
#include "registry/registry.h"

/* What becomes of the records. ctx is the caller's, and drop gives it back. Failures of memory may
 * stand in out alone. */
typedef struct th_record_form {
  size_t piece; /* bytes made at once, about, before the thread turns to others */
  void (*begin)(void *ctx, th_buf *out); /* NULL: nothing */
  int (*put)(void *ctx, uint32_t nct, th_span json, th_buf *out, th_err *err);
  /* A number without a record: puts another one into record (TH_OK), or says TH_ENOTFOUND. NULL:
   * it is left out, as one that was removed since the search. */
  int (*missing)(void *ctx, th_store_reader *reader, uint32_t nct, th_buf *record, th_buf *out,
                 th_err *err);
  /* Behind the last record, until it returns true. NULL: nothing. */
  bool (*end)(void *ctx, th_buf *out);
  void (*drop)(void *ctx);
} th_record_form;

/* Makes the answer a stream of these n records, in this order. Takes over ncts (malloced) and ctx,
 * also when it fails. Errors: TH_ENOMEM. */
int th_record_stream(th_response *rs, th_registry *registry, uint32_t *ncts, size_t n,
                     const th_record_form *form, void *ctx, th_err *err) TH_MUST_USE;

#endif
