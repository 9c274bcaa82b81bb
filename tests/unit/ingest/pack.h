/* Makers of packed inputs for the tests: gzip, zstd, and zips with whatever is wrong in them. */
#ifndef TH_TEST_PACK_H
#define TH_TEST_PACK_H

#include "base/buf.h"

void pack_gzip(th_buf *out, th_span in); /* appends one member */
void pack_zstd(th_buf *out, th_span in); /* appends one frame */

typedef enum pack_flags {
  PACK_DEFLATE = 1,
  PACK_DESCRIPTOR = 2, /* sizes behind the data */
  PACK_ZIP64 = 4,      /* sizes and offset in the extra field */
  PACK_WRONG_CRC = 8,
  PACK_WRONG_SIZE = 16, /* the headers state one byte less */
  PACK_ENCRYPTED = 32,  /* flag only */
  PACK_METHOD_99 = 64,
  PACK_OVERLAP = 128, /* directory only: points at the entry before */
} pack_flags;

typedef struct pack_zip {
  th_buf body, directory;
  unsigned n;
  uint64_t last; /* offset of the last local header */
} pack_zip;

void pack_zip_init(pack_zip *z);
void pack_zip_add(pack_zip *z, const char *name, th_span in, unsigned flags);
/* Appends the archive; directory: with its central directory. Disposes of z. */
void pack_zip_finish(pack_zip *z, bool directory, th_buf *out);

#endif
