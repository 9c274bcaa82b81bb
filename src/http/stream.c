#include "http/http.h"

#include <zlib.h>

/* Streams are packed with zlib: libdeflate packs only what it sees whole, and several gzip members
 * one after the other are more than some browsers read. The level is where it is fastest. */
enum { STREAM_LEVEL = 1, STREAM_BLOCK = 64 << 10, GZIP_BITS = 15 + 16 };

typedef struct packer {
  th_stream_fn inner;
  void *ctx;
  void (*drop)(void *ctx);
  z_stream z;
  bool ended; /* the inner stream */
  unsigned char in[STREAM_BLOCK];
} packer;

static void packer_drop(void *p) {
  packer *k = p;
  deflateEnd(&k->z);
  if (k->drop) k->drop(k->ctx);
  free(k);
}

static ptrdiff_t packer_read(void *p, char *to, size_t max) {
  packer *k = p;
  int rc = Z_OK;
  k->z.next_out = (unsigned char *)to;
  k->z.avail_out = (unsigned)TH_MIN(max, (size_t)1 << 30);
  unsigned room = k->z.avail_out;
  while (rc == Z_OK && k->z.avail_out == room) {
    if (k->z.avail_in == 0 && !k->ended) {
      ptrdiff_t n = k->inner(k->ctx, (char *)k->in, sizeof k->in);
      if (n < 0) return n;
      k->ended = n == 0;
      k->z.next_in = k->in;
      k->z.avail_in = (unsigned)n;
    }
    rc = deflate(&k->z, k->ended ? Z_FINISH : Z_NO_FLUSH);
    if (rc == Z_BUF_ERROR) rc = Z_OK; /* no input was there: more is fetched */
  }
  if (rc != Z_OK && rc != Z_STREAM_END) return TH_ECORRUPT;
  return (ptrdiff_t)(room - k->z.avail_out);
}

int th_stream_body_gzip(th_response *rs, th_err *err) {
  packer *k = malloc(sizeof *k);
  if (!k) return th_err_set(err, TH_ENOMEM, "no memory for a compressor");
  k->inner = rs->stream;
  k->ctx = rs->stream_ctx;
  k->drop = rs->stream_drop;
  k->ended = false;
  memset(&k->z, 0, sizeof k->z);
  if (deflateInit2(&k->z, STREAM_LEVEL, Z_DEFLATED, GZIP_BITS, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
    free(k);
    return th_err_set(err, TH_ENOMEM, "no memory for a compressor");
  }
  rs->stream = packer_read;
  rs->stream_ctx = k;
  rs->stream_drop = packer_drop;
  return TH_OK;
}
