#define _GNU_SOURCE
#include "ingest/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

/* ---- what all streams share ---- */

static th_stream *stream_new(size_t size, const th_stream_kind *kind, th_err *err) {
  th_stream *s = calloc(1, size);
  if (s)
    s->kind = kind;
  else
    th_err_set(err, TH_ENOMEM, "out of memory");
  return s;
}

void th_stream_free(th_stream *s) {
  if (!s) return;
  if (s->kind->free) s->kind->free(s);
  if (!s->borrowed) free(s->buf);
  free(s);
}

static int peek_fill(th_stream *s, size_t want, th_err *err) {
  if (!s->buf && !(s->buf = malloc(TH_STREAM_PEEK)))
    return th_err_set(err, TH_ENOMEM, "out of memory");
  memmove(s->buf, s->buf + s->at, s->n - s->at);
  s->n -= s->at;
  s->at = 0;
  while (s->n < want && !s->ended) {
    size_t got = 0;
    int rc = s->kind->read(s, s->buf + s->n, TH_STREAM_PEEK - s->n, &got, err);
    if (rc) return rc;
    s->n += got;
    s->ended = got == 0;
  }
  return 0;
}

int th_stream_peek(th_stream *s, size_t want, th_span *out, th_err *err) {
  int rc = 0;
  if (want > TH_STREAM_PEEK) want = TH_STREAM_PEEK;
  if (!s->borrowed && s->n - s->at < want && !s->ended) {
    th_err mine = {0};
    rc = peek_fill(s, want, &mine);
    /* Damage is told when the bytes before it are used up; the kinds repeat it. */
    if (rc == TH_EINPUT && s->n > s->at)
      rc = 0;
    else if (rc)
      th_err_set(err, rc, "%s", mine.message);
  }
  *out = (th_span){s->buf ? s->buf + s->at : "", s->n - s->at};
  return rc;
}

void th_stream_skip(th_stream *s, size_t n) {
  s->at += n;
  s->pos += n;
}

int th_stream_read(th_stream *s, char *to, size_t cap, size_t *got, th_err *err) {
  *got = 0;
  if (s->n > s->at) {
    *got = TH_MIN(cap, s->n - s->at);
    memcpy(to, s->buf + s->at, *got);
    th_stream_skip(s, *got);
    return 0;
  }
  if (s->ended || s->borrowed) return 0;
  int rc = s->kind->read(s, to, cap, got, err);
  s->pos += *got;
  if (!rc && *got == 0) s->ended = true;
  return rc;
}

/* ---- memory ---- */

static const th_stream_kind memory_kind = {0};

th_stream *th_stream_memory(th_span bytes, th_err *err) {
  th_stream *s = stream_new(sizeof *s, &memory_kind, err);
  if (!s) return NULL;
  s->buf = (char *)(uintptr_t)bytes.p;
  s->n = bytes.n;
  s->borrowed = s->ended = true;
  return s;
}

/* ---- file ---- */

typedef struct file_stream {
  th_stream base;
  int fd;
  size_t chunk;
} file_stream;

static int file_read(th_stream *self, char *to, size_t cap, size_t *got, th_err *err) {
  file_stream *f = (file_stream *)self;
  for (;;) {
    ssize_t n = read(f->fd, to, TH_MIN(cap, f->chunk));
    if (n >= 0) {
      *got = (size_t)n;
      return 0;
    }
    if (errno != EINTR) return th_err_sys(err, "cannot read");
  }
}

static void file_free(th_stream *self) {
  file_stream *f = (file_stream *)self;
  if (f->fd > 0) close(f->fd);
}

static const th_stream_kind file_kind = {file_read, file_free};

th_stream *th_stream_file(int fd, size_t chunk, th_err *err) {
  file_stream *f = (file_stream *)stream_new(sizeof *f, &file_kind, err);
  if (!f) return NULL;
  f->fd = fd;
  f->chunk = chunk;
  return &f->base;
}

/* ---- what decoders share ---- */

typedef struct decoder {
  th_stream base;
  th_stream *inner;
  const char *what; /* "gzip", … for messages */
  uint64_t out, max_out;
  th_err damage; /* repeated by every later read */
} decoder;

static int damaged(decoder *d, th_err *err, const char *how, const char *detail) {
  th_err_set(&d->damage, TH_EINPUT, "%s data %s at byte %" PRIu64 "%s%s", d->what, how,
             d->inner->pos, detail ? ": " : "", detail ? detail : "");
  return th_err_set(err, TH_EINPUT, "%s", d->damage.message);
}

/* Every decoder's read begins here: the next packed bytes, or the damage met before. */
static int decoder_input(decoder *d, th_span *in, th_err *err) {
  if (d->damage.code) return th_err_set(err, TH_EINPUT, "%s", d->damage.message);
  th_err mine = {0};
  int rc = th_stream_peek(d->inner, 1, in, &mine);
  if (rc == TH_EINPUT) th_err_set(&d->damage, rc, "%s", mine.message);
  if (rc) return th_err_set(err, rc, "%s", mine.message);
  return 0;
}

static int decoder_count(decoder *d, size_t made, th_err *err) {
  d->out += made;
  if (d->out <= d->max_out) return 0;
  return damaged(d, err, "unpacks to more than is allowed", NULL);
}

/* ---- gzip and raw DEFLATE by zlib ---- */

typedef struct zlib_stream {
  decoder d;
  z_stream z;
  bool raw, live, between; /* live: inflateInit done; between: no member is open */
  bool member;             /* at least one member was there */
} zlib_stream;

/* Between members: true when another begins. Zero bytes of padding are passed over. */
static int gzip_begins(zlib_stream *g, bool *more, th_err *err) {
  th_span in;
  *more = false;
  for (;;) {
    int rc = th_stream_peek(g->d.inner, 2, &in, err);
    if (rc || in.n == 0) return rc;
    if (in.p[0] != 0 || !g->member) break;
    th_stream_skip(g->d.inner, 1);
  }
  if (in.n < 2 || (unsigned char)in.p[0] != 0x1F || (unsigned char)in.p[1] != 0x8B)
    return damaged(&g->d, err, "is followed by something else", NULL);
  inflateReset(&g->z);
  g->between = false;
  g->member = *more = true;
  return 0;
}

static int zlib_step(zlib_stream *g, th_span in, char *to, size_t cap, size_t *got, th_err *err) {
  size_t give = TH_MIN(in.n, (size_t)1 << 30), room = TH_MIN(cap, (size_t)1 << 30);
  g->z.next_in = (Bytef *)(uintptr_t)in.p;
  g->z.avail_in = (uInt)give;
  g->z.next_out = (Bytef *)to;
  g->z.avail_out = (uInt)room;
  int z = inflate(&g->z, Z_NO_FLUSH);
  th_stream_skip(g->d.inner, give - g->z.avail_in);
  *got = room - g->z.avail_out;
  if (z == Z_STREAM_END)
    g->between = true;
  else if (z == Z_MEM_ERROR)
    return th_err_set(err, TH_ENOMEM, "out of memory");
  else if (z != Z_OK && z != Z_BUF_ERROR) {
    damaged(&g->d, NULL, "is damaged", g->z.msg ? g->z.msg : "unusable");
    if (*got == 0) return th_err_set(err, TH_EINPUT, "%s", g->d.damage.message);
  }
  return 0;
}

static int zlib_read(th_stream *self, char *to, size_t cap, size_t *got, th_err *err) {
  zlib_stream *g = (zlib_stream *)self;
  while (*got == 0) {
    th_span in;
    int rc = decoder_input(&g->d, &in, err);
    if (rc) return rc;
    if (g->between) {
      bool more = false;
      if (g->raw) return 0;
      rc = gzip_begins(g, &more, err);
      if (rc || !more) return rc;
      continue;
    }
    if (in.n == 0) return damaged(&g->d, err, "is cut off", NULL);
    rc = zlib_step(g, in, to, cap, got, err);
    if (!rc) rc = decoder_count(&g->d, *got, err);
    if (rc) return rc;
  }
  return 0;
}

static void zlib_free(th_stream *self) {
  zlib_stream *g = (zlib_stream *)self;
  if (g->live) inflateEnd(&g->z);
}

static const th_stream_kind zlib_kind = {zlib_read, zlib_free};

static th_stream *zlib_new(th_stream *inner, uint64_t max_out, bool raw, th_err *err) {
  zlib_stream *g = (zlib_stream *)stream_new(sizeof *g, &zlib_kind, err);
  if (!g) return NULL;
  g->d.inner = inner;
  g->d.max_out = max_out;
  g->d.what = raw ? "deflate" : "gzip";
  g->raw = raw;
  g->between = !raw;
  g->live = inflateInit2(&g->z, raw ? -15 : 15 + 16) == Z_OK;
  if (g->live) return &g->d.base;
  th_err_set(err, TH_ENOMEM, "out of memory");
  th_stream_free(&g->d.base);
  return NULL;
}

th_stream *th_stream_gzip(th_stream *inner, uint64_t max_out, th_err *err) {
  return zlib_new(inner, max_out, false, err);
}

th_stream *th_stream_inflate(th_stream *inner, uint64_t max_out, th_err *err) {
  return zlib_new(inner, max_out, true, err);
}

/* ---- zstd ---- */

typedef struct zstd_stream {
  decoder d;
  ZSTD_DStream *z;
  bool open;    /* inside a frame */
  bool pending; /* the last call filled its room: there may be more without new input */
} zstd_stream;

static int zstd_step(zstd_stream *g, th_span in, char *to, size_t cap, size_t *got, th_err *err) {
  ZSTD_inBuffer from = {in.p, in.n, 0};
  ZSTD_outBuffer out = {to, cap, 0};
  size_t z = ZSTD_decompressStream(g->z, &out, &from);
  th_stream_skip(g->d.inner, from.pos);
  *got = out.pos;
  if (ZSTD_isError(z)) {
    damaged(&g->d, NULL, "is damaged", ZSTD_getErrorName(z));
    return out.pos ? 0 : th_err_set(err, TH_EINPUT, "%s", g->d.damage.message);
  }
  g->open = z != 0;
  g->pending = out.pos == cap;
  return 0;
}

static int zstd_read(th_stream *self, char *to, size_t cap, size_t *got, th_err *err) {
  zstd_stream *g = (zstd_stream *)self;
  while (*got == 0) {
    th_span in;
    int rc = decoder_input(&g->d, &in, err);
    if (rc) return rc;
    if (in.n == 0 && !g->pending) return g->open ? damaged(&g->d, err, "is cut off", NULL) : 0;
    rc = zstd_step(g, in, to, cap, got, err);
    if (!rc) rc = decoder_count(&g->d, *got, err);
    if (rc) return rc;
  }
  return 0;
}

static void zstd_free(th_stream *self) {
  ZSTD_freeDStream(((zstd_stream *)self)->z);
}

static const th_stream_kind zstd_kind = {zstd_read, zstd_free};

th_stream *th_stream_zstd(th_stream *inner, uint64_t max_out, th_err *err) {
  zstd_stream *g = (zstd_stream *)stream_new(sizeof *g, &zstd_kind, err);
  if (!g) return NULL;
  g->d.inner = inner;
  g->d.max_out = max_out;
  g->d.what = "zstd";
  g->z = ZSTD_createDStream();
  if (g->z) return &g->d.base;
  th_err_set(err, TH_ENOMEM, "out of memory");
  th_stream_free(&g->d.base);
  return NULL;
}
