#include "pack.h"

#include <zlib.h>
#include <zstd.h>

static void deflate_with(th_buf *out, th_span in, int window) {
  z_stream z = {0};
  if (deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK) abort();
  size_t bound = deflateBound(&z, in.n) + 64;
  char *to = th_buf_room(out, bound);
  z.next_in = (Bytef *)(uintptr_t)in.p;
  z.avail_in = (uInt)in.n;
  z.next_out = (Bytef *)to;
  z.avail_out = (uInt)bound;
  if (deflate(&z, Z_FINISH) != Z_STREAM_END) abort();
  th_buf_added(out, z.total_out);
  deflateEnd(&z);
}

void pack_gzip(th_buf *out, th_span in) {
  deflate_with(out, in, 15 + 16);
}

void pack_zstd(th_buf *out, th_span in) {
  size_t bound = ZSTD_compressBound(in.n);
  char *to = th_buf_room(out, bound);
  ZSTD_CCtx *c = ZSTD_createCCtx();
  if (!c) abort();
  ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
  size_t n = ZSTD_compress2(c, to, bound, in.p, in.n);
  ZSTD_freeCCtx(c);
  if (ZSTD_isError(n)) abort();
  th_buf_added(out, n);
}

static void put(th_buf *b, uint64_t v, int bytes) {
  for (int i = 0; i < bytes; i++)
    th_buf_char(b, i < 8 ? (char)(v >> 8 * i & 0xFF) : 0);
}

void pack_zip_init(pack_zip *z) {
  *z = (pack_zip){0};
}

typedef struct sizes {
  uint64_t packed, unpacked, offset;
  uint32_t crc;
  unsigned flags;
  size_t name;
} sizes;

/* From "version needed" to "extra length", the same in both headers. */
static void put_common(th_buf *b, const sizes *s, bool hide, size_t extra) {
  bool wide = s->flags & PACK_ZIP64;
  put(b, wide ? 45 : 20, 2);
  put(b, (s->flags & PACK_DESCRIPTOR ? 8 : 0) | (s->flags & PACK_ENCRYPTED ? 1 : 0), 2);
  put(b, s->flags & PACK_METHOD_99 ? 99 : s->flags & PACK_DEFLATE ? 8 : 0, 2);
  put(b, 0, 4);
  put(b, hide ? 0 : s->crc, 4);
  put(b, hide ? 0 : wide ? UINT32_MAX : s->packed, 4);
  put(b, hide ? 0 : wide ? UINT32_MAX : s->unpacked, 4);
  put(b, s->name, 2);
  put(b, extra, 2);
}

static void put_directory(th_buf *b, const sizes *s, const char *name) {
  bool wide = s->flags & PACK_ZIP64;
  th_buf_put(b, "PK\1\2", 4);
  put(b, 45, 2);
  put_common(b, s, false, wide ? 28 : 0);
  put(b, 0, 2 + 2 + 2 + 4);
  put(b, wide ? UINT32_MAX : s->offset, 4);
  th_buf_str(b, name);
  if (!wide) return;
  put(b, 1, 2);
  put(b, 24, 2);
  put(b, s->unpacked, 8);
  put(b, s->packed, 8);
  put(b, s->offset, 8);
}

void pack_zip_add(pack_zip *z, const char *name, th_span in, unsigned flags) {
  th_buf packed;
  th_buf_init(&packed, 0);
  if (flags & PACK_DEFLATE)
    deflate_with(&packed, in, -15);
  else
    th_buf_span(&packed, in);
  sizes s = {packed.n, in.n,        z->body.n, (uint32_t)crc32(0, (const Bytef *)in.p, (uInt)in.n),
             flags,    strlen(name)};
  if (flags & PACK_WRONG_CRC) s.crc ^= 1;
  if (flags & PACK_WRONG_SIZE) s.unpacked--;
  bool hide = flags & PACK_DESCRIPTOR, wide = (flags & PACK_ZIP64) && !hide;
  th_buf_put(&z->body, "PK\3\4", 4);
  put_common(&z->body, &s, hide, wide ? 20 : 0);
  th_buf_str(&z->body, name);
  if (wide) {
    put(&z->body, 1, 2);
    put(&z->body, 16, 2);
    put(&z->body, s.unpacked, 8);
    put(&z->body, s.packed, 8);
  }
  th_buf_span(&z->body, th_buf_view(&packed));
  if (hide) {
    th_buf_put(&z->body, "PK\7\10", 4);
    put(&z->body, s.crc, 4);
    put(&z->body, s.packed, flags & PACK_ZIP64 ? 8 : 4);
    put(&z->body, s.unpacked, flags & PACK_ZIP64 ? 8 : 4);
  }
  uint64_t here = s.offset;
  if (flags & PACK_OVERLAP) s.offset = z->last;
  put_directory(&z->directory, &s, name);
  z->last = here;
  z->n++;
  th_buf_dispose(&packed);
}

void pack_zip_finish(pack_zip *z, bool directory, th_buf *out) {
  size_t at = out->n;
  th_buf_span(out, th_buf_view(&z->body));
  if (directory) {
    th_buf_span(out, th_buf_view(&z->directory));
    th_buf_put(out, "PK\5\6", 4);
    put(out, 0, 4);
    put(out, z->n, 2);
    put(out, z->n, 2);
    put(out, z->directory.n, 4);
    put(out, z->body.n + at, 4);
    put(out, 0, 2);
  }
  th_buf_dispose(&z->body);
  th_buf_dispose(&z->directory);
}
