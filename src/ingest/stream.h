/* Pull streams: bytes of a file, of memory, or out of a decoder over another stream.
 *
 * TH_EINPUT from a read means that the input is damaged or cut off, with a message that names the
 * place; what was read before it is good. Other errors are the machine's. */
#ifndef TH_INGEST_STREAM_H
#define TH_INGEST_STREAM_H

#include "base/common.h"

typedef struct th_stream th_stream;

/* What a kind of stream does; self is the whole struct, which begins with its th_stream. */
typedef struct th_stream_kind {
  /* Up to cap bytes to `to`; *got == 0 only at the end. */
  int (*read)(th_stream *self, char *to, size_t cap, size_t *got, th_err *err);
  void (*free)(th_stream *self);
} th_stream_kind;

struct th_stream {
  const th_stream_kind *kind;
  char *buf; /* owned unless borrowed */
  size_t at, n;
  bool borrowed; /* buf is the whole stream, in memory */
  bool ended;
  uint64_t pos; /* bytes handed out */
};

#define TH_STREAM_PEEK ((size_t)64 << 10)

/* fd is owned unless it is 0. chunk: most bytes a read asks for. */
th_stream *th_stream_file(int fd, size_t chunk, th_err *err) TH_MUST_USE;
/* bytes borrowed until the stream is freed. */
th_stream *th_stream_memory(th_span bytes, th_err *err) TH_MUST_USE;
/* Decoders; inner stays the caller's and must live longer. max_out: most bytes to unpack. */
th_stream *th_stream_gzip(th_stream *inner, uint64_t max_out, th_err *err) TH_MUST_USE;
th_stream *th_stream_zstd(th_stream *inner, uint64_t max_out, th_err *err) TH_MUST_USE;
/* Raw DEFLATE; ends with its last block, inner stands behind it. */
th_stream *th_stream_inflate(th_stream *inner, uint64_t max_out, th_err *err) TH_MUST_USE;
void th_stream_free(th_stream *s);

/* At least `want` (at most TH_STREAM_PEEK) bytes that come next, fewer only at the end; *out may be
 * more. Borrowed until the next call. A damaged stream gives what it can and its error comes with
 * the read that reaches it. */
int th_stream_peek(th_stream *s, size_t want, th_span *out, th_err *err) TH_MUST_USE;
void th_stream_skip(th_stream *s, size_t n); /* n of the peeked bytes are consumed */
int th_stream_read(th_stream *s, char *to, size_t cap, size_t *got, th_err *err) TH_MUST_USE;

#endif
