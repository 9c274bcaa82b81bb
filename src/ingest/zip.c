#define _GNU_SOURCE
#include "ingest/zip.h"

#include "base/json.h"
#include "ingest/batch.h"

#include <inttypes.h>
#include <libdeflate.h>
#include <stdio.h>

#define WHOLE_MAX ((uint64_t)16 << 20) /* entries up to this are unpacked in one go */
#define LOCAL_SIZE 30
#define CENTRAL_SIZE 46
#define END_SIZE 22

enum { STORED = 0, DEFLATED = 8 };
enum { FLAG_ENCRYPTED = 1, FLAG_DESCRIPTOR = 8 };

/* What a header says of an entry. */
typedef struct header {
  uint64_t offset, packed, unpacked;
  uint32_t crc;
  uint16_t flags, method;
  bool sizes_known;
  bool zip64;
  uint32_t name_at; /* into th_zip.names */
} header;

/* The bytes of one entry, counted and summed; its end is compared with what the header said. */
typedef struct entry_stream {
  th_stream base;
  struct th_zip *zip;
  th_stream *packed;  /* in: bytes of a stored entry, or */
  th_stream *inflate; /* the decoder over it */
  uint64_t out, left; /* left: of a stored entry */
  uint64_t packed_from;
  uint32_t crc;
  bool done;
  char damage[160]; /* repeated by every later read */
} entry_stream;

struct th_zip {
  th_source_limits limits;
  th_span file; /* central: the archive */
  header *list; /* owned; in the order of their offsets */
  size_t n, at, cap;
  uint64_t covered; /* end of the last entry that was read */
  th_buf names, name;
  th_stream *local;     /* local headers: read from here */
  th_stream *own_local; /* over file, when its directory is damaged */
  bool notice;          /* the damaged directory is still to be told */
  bool ended;           /* local: the stream ends inside a header */
  header now;
  entry_stream *entry;
  th_stream *packed; /* over the packed bytes of one entry of the file */
  th_stream *memory; /* over `whole` */
  char *whole;       /* an entry unpacked in one go */
  size_t whole_cap;
  struct libdeflate_decompressor *deflate;
};

static uint16_t u16(const char *p) {
  const uint8_t *b = (const uint8_t *)p;
  return (uint16_t)(b[0] | b[1] << 8);
}
static uint32_t u32(const char *p) {
  return u16(p) | (uint32_t)u16(p + 2) << 16;
}
static uint64_t u64(const char *p) {
  return u32(p) | (uint64_t)u32(p + 4) << 32;
}

/* ---- opening ---- */

static th_zip *zip_new(const th_source_limits *limits, th_err *err) {
  th_zip *z = calloc(1, sizeof *z);
  if (z && !(z->deflate = libdeflate_alloc_decompressor())) {
    free(z);
    z = NULL;
  }
  if (!z) {
    th_err_set(err, TH_ENOMEM, "out of memory");
    return NULL;
  }
  z->limits = *limits;
  return z;
}

/* Offset of the end record; the comment behind it may hold anything. -1: none. */
static int64_t find_end(th_span f) {
  if (f.n < END_SIZE) return -1;
  size_t first = f.n > END_SIZE + 65535 ? f.n - END_SIZE - 65535 : 0;
  for (size_t i = f.n - END_SIZE + 1; i-- > first;)
    if (memcmp(f.p + i, "PK\5\6", 4) == 0 && u16(f.p + i + 20) <= f.n - i - END_SIZE)
      return (int64_t)i;
  return -1;
}

typedef struct directory {
  uint64_t n, size, offset;
} directory;

static bool read_end64(th_span f, size_t end, directory *d) {
  if (end < 20 || memcmp(f.p + end - 20, "PK\6\7", 4) != 0) return true;
  uint64_t at = u64(f.p + end - 20 + 8);
  if (at > f.n || f.n - at < 56 || memcmp(f.p + at, "PK\6\6", 4) != 0) return false;
  *d = (directory){u64(f.p + at + 32), u64(f.p + at + 40), u64(f.p + at + 48)};
  return true;
}

/* The zip64 extra field stands in for the fields that are all ones, in this order. */
static bool read_extra(const char *p, size_t n, header *h, bool unpacked, bool packed,
                       bool offset) {
  while (n >= 4) {
    size_t len = u16(p + 2);
    if (len > n - 4) return false;
    if (u16(p) == 1) {
      const char *v = p + 4, *end = v + len;
      uint64_t *to[3] = {unpacked ? &h->unpacked : NULL, packed ? &h->packed : NULL,
                         offset ? &h->offset : NULL};
      for (int i = 0; i < 3; i++) {
        if (!to[i]) continue;
        if (end - v < 8) return false;
        *to[i] = u64(v);
        v += 8;
      }
      h->zip64 = true;
      return true;
    }
    p += 4 + len;
    n -= 4 + len;
  }
  return !unpacked && !packed && !offset;
}

static int list_add(th_zip *z, const header *h, th_span name) {
  if (z->n == z->cap) {
    size_t cap = z->cap ? z->cap * 2 : 1024;
    header *list = reallocarray(z->list, cap, sizeof *list);
    if (!list) return TH_ENOMEM;
    z->list = list;
    z->cap = cap;
  }
  z->list[z->n] = *h;
  z->list[z->n++].name_at = (uint32_t)z->names.n;
  if (name.n > UINT32_MAX - 1 - z->names.n) return TH_ELIMIT;
  th_buf_span(&z->names, name);
  th_buf_char(&z->names, 0);
  return z->names.error;
}

/* One central header at p; 0 and its length, or TH_EINPUT. */
static int read_central(th_zip *z, const char *p, size_t n, size_t *len) {
  if (n < CENTRAL_SIZE || memcmp(p, "PK\1\2", 4) != 0) return TH_EINPUT;
  size_t name = u16(p + 28), extra = u16(p + 30), comment = u16(p + 32);
  *len = CENTRAL_SIZE + name + extra + comment;
  if (*len > n) return TH_EINPUT;
  header h = {.offset = u32(p + 42),
              .packed = u32(p + 20),
              .unpacked = u32(p + 24),
              .crc = u32(p + 16),
              .flags = u16(p + 8),
              .method = u16(p + 10),
              .sizes_known = true};
  if (!read_extra(p + CENTRAL_SIZE + name, extra, &h, h.unpacked == UINT32_MAX,
                  h.packed == UINT32_MAX, h.offset == UINT32_MAX))
    return TH_EINPUT;
  return list_add(z, &h, (th_span){p + CENTRAL_SIZE, name});
}

static int by_offset(const void *a, const void *b) {
  const header *x = a, *y = b;
  if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
  return (x->name_at > y->name_at) - (x->name_at < y->name_at);
}

/* TH_EINPUT when the directory does not check. */
static int read_directory(th_zip *z) {
  th_span f = z->file;
  int64_t end = find_end(f);
  if (end < 0) return TH_EINPUT;
  const char *e = f.p + end;
  directory d = {u16(e + 10), u32(e + 12), u32(e + 16)};
  if (!read_end64(f, (size_t)end, &d)) return TH_EINPUT;
  if (d.offset > f.n || d.size > f.n - d.offset || d.n > d.size / CENTRAL_SIZE) return TH_EINPUT;
  const char *p = f.p + d.offset;
  size_t left = d.size;
  for (uint64_t i = 0; i < d.n; i++) {
    size_t len;
    int rc = read_central(z, p, left, &len);
    if (rc) return rc;
    p += len;
    left -= len;
  }
  if (z->n) qsort(z->list, z->n, sizeof *z->list, by_offset);
  return 0;
}

th_zip *th_zip_open(th_span file, const th_source_limits *limits, th_err *err) {
  th_zip *z = zip_new(limits, err);
  if (!z) return NULL;
  z->file = file;
  int rc = read_directory(z);
  if (rc == TH_EINPUT) {
    z->own_local = z->local = th_stream_memory(file, err);
    z->notice = true;
    rc = z->local ? 0 : TH_ENOMEM;
  }
  if (!rc) return z;
  th_err_set(err, rc, "the zip directory cannot be read: %s", th_code_text(rc));
  th_zip_close(z);
  return NULL;
}

th_zip *th_zip_open_stream(th_stream *stream, const th_source_limits *limits, th_err *err) {
  th_zip *z = zip_new(limits, err);
  if (z) z->local = stream;
  return z;
}

static void close_entry(th_zip *z) {
  th_stream_free(z->memory);
  z->memory = NULL;
  if (z->entry) {
    th_stream_free(z->entry->inflate);
    th_stream_free(&z->entry->base);
    z->entry = NULL;
  }
  th_stream_free(z->packed);
  z->packed = NULL;
}

void th_zip_close(th_zip *z) {
  if (!z) return;
  close_entry(z);
  th_stream_free(z->own_local);
  libdeflate_free_decompressor(z->deflate);
  free(z->list);
  free(z->whole);
  th_buf_dispose(&z->names);
  th_buf_dispose(&z->name);
  free(z);
}

uint64_t th_zip_consumed(const th_zip *z) {
  if (z->own_local) return z->own_local->pos;
  return z->at < z->n ? z->list[z->at].offset : z->file.n;
}

/* ---- the bytes of one entry ---- */

static const char *beyond_limits(const th_zip *z, uint64_t out, uint64_t packed) {
  if (out > z->limits.max_unpacked) return "the entry unpacks to more than is allowed";
  if (out > WHOLE_MAX && packed < out / z->limits.max_ratio)
    return "the entry unpacks to too many times its size (a zip bomb?)";
  return NULL;
}

/* Reads the data descriptor behind an entry, with or without signature, into the header. */
static int read_descriptor(th_zip *z, th_stream *in, const entry_stream *e, th_err *err) {
  th_span s;
  int rc = th_stream_peek(in, 24, &s, err);
  if (rc) return rc;
  size_t at = s.n >= 4 && memcmp(s.p, "PK\7\10", 4) == 0 ? 4 : 0;
  uint64_t packed = in->pos - e->packed_from;
  bool small = s.n >= at + 12 && u32(s.p + at + 4) == (uint32_t)packed &&
               u32(s.p + at + 8) == (uint32_t)e->out;
  bool large = s.n >= at + 20 && u64(s.p + at + 4) == packed && u64(s.p + at + 12) == e->out;
  if (!small && !large)
    return th_err_set(err, TH_EINPUT, "the entry has another length than stated");
  z->now.crc = u32(s.p + at);
  z->now.unpacked = e->out;
  /* Sizes of 64 bits under 4 GiB match both ways in their lower halves only when the high ones are
   * 0. */
  bool wide = large && (z->now.zip64 || !small);
  th_stream_skip(in, at + (wide ? 20 : 12));
  return 0;
}

static int entry_end(entry_stream *e, th_err *err) {
  th_zip *z = e->zip;
  e->done = true; /* an error below is repeated all the same */
  if (!z->now.sizes_known) {
    int rc = read_descriptor(z, e->packed, e, err);
    if (rc) return rc;
  }
  if (e->out != z->now.unpacked ||
      (e->inflate && z->now.sizes_known && e->packed->pos - e->packed_from != z->now.packed))
    return th_err_set(err, TH_EINPUT, "the entry has another length than stated");
  if (e->crc != z->now.crc)
    return th_err_set(err, TH_EINPUT, "the entry does not match its checksum");
  return 0;
}

static int entry_step(entry_stream *e, char *to, size_t cap, size_t *got, th_err *err) {
  int rc;
  if (e->inflate) {
    rc = th_stream_read(e->inflate, to, cap, got, err);
  } else {
    rc = th_stream_read(e->packed, to, (size_t)TH_MIN((uint64_t)cap, e->left), got, err);
    e->left -= *got;
    if (!rc && *got == 0 && e->left > 0) rc = th_err_set(err, TH_EINPUT, "the entry is cut off");
  }
  if (rc) return rc;
  if (*got == 0) return entry_end(e, err);
  e->out += *got;
  e->crc = libdeflate_crc32(e->crc, to, *got);
  const char *beyond = beyond_limits(e->zip, e->out, e->packed->pos - e->packed_from);
  return beyond ? th_err_set(err, TH_EINPUT, "%s", beyond) : 0;
}

static int entry_read(th_stream *self, char *to, size_t cap, size_t *got, th_err *err) {
  entry_stream *e = (entry_stream *)self;
  if (e->damage[0]) return th_err_set(err, TH_EINPUT, "%s", e->damage);
  if (e->done) return 0;
  th_err mine = {0};
  int rc = entry_step(e, to, cap, got, &mine);
  if (rc == 0) return 0;
  *got = 0;
  if (rc == TH_EINPUT) th_reason_copy(e->damage, sizeof e->damage, mine.message);
  return th_err_set(err, rc, "%s", mine.message);
}

static const th_stream_kind entry_kind = {entry_read, NULL};

static int open_entry(th_zip *z, th_stream *packed, th_zip_entry *out, th_err *err) {
  entry_stream *e = calloc(1, sizeof *e);
  if (!e) return th_err_set(err, TH_ENOMEM, "out of memory");
  z->entry = e;
  e->base.kind = &entry_kind;
  e->zip = z;
  e->packed = packed;
  e->packed_from = packed->pos;
  e->left = z->now.packed;
  if (z->now.method == DEFLATED) {
    e->inflate = th_stream_inflate(packed, UINT64_MAX, err);
    if (!e->inflate) return TH_ENOMEM;
  }
  out->stream = &e->base;
  return 0;
}

static void set_problem(th_zip_entry *out, const char *text) {
  th_reason_copy(out->problem, sizeof out->problem, text);
}

static bool usable(const header *h, th_zip_entry *out) {
  char text[96];
  if (h->flags & FLAG_ENCRYPTED)
    set_problem(out, "the entry is encrypted");
  else if (h->method != STORED && h->method != DEFLATED) {
    snprintf(text, sizeof text, "the entry is packed by method %u, which is not understood",
             h->method);
    set_problem(out, text);
  } else
    return true;
  return false;
}

/* Names come from outside: control bytes and what is not UTF-8 are shown as '?'. */
static int set_name(th_zip *z, const char *p, size_t n, th_zip_entry *out) {
  th_buf_clear(&z->name);
  th_buf_put(&z->name, p, n);
  th_buf_char(&z->name, 0);
  if (z->name.error) return TH_ENOMEM;
  bool text = true;
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)z->name.p[i];
    if (c < ' ' || c == 127) z->name.p[i] = '?';
    if (c >= 0x80) text = false;
  }
  if (!text && !th_utf8_valid((th_span){z->name.p, n}))
    for (size_t i = 0; i < n; i++)
      if ((unsigned char)z->name.p[i] >= 0x80) z->name.p[i] = '?';
  out->name = z->name.p;
  return 0;
}

/* ---- by the central directory ---- */

/* Unpacks a small entry in one go. */
static int unpack_whole(th_zip *z, const char *packed, th_zip_entry *out, th_err *err) {
  const header *h = &z->now;
  if (h->unpacked > z->whole_cap) {
    char *p = realloc(z->whole, h->unpacked);
    if (!p) return th_err_set(err, TH_ENOMEM, "out of memory");
    z->whole = p;
    z->whole_cap = h->unpacked;
  }
  size_t used = 0, made = 0;
  enum libdeflate_result r = libdeflate_deflate_decompress_ex(z->deflate, packed, h->packed,
                                                              z->whole, h->unpacked, &used, &made);
  if (r == LIBDEFLATE_BAD_DATA)
    set_problem(out, "the packed data is damaged or cut off");
  else if (r != LIBDEFLATE_SUCCESS || made != h->unpacked || used != h->packed)
    set_problem(out, "the entry has another length than stated");
  else if (libdeflate_crc32(0, z->whole, made) != h->crc)
    set_problem(out, "the entry does not match its checksum");
  if (out->problem[0]) return 0;
  z->memory = th_stream_memory((th_span){z->whole, made}, err);
  out->stream = z->memory;
  return z->memory ? 0 : TH_ENOMEM;
}

/* Where the packed bytes stand; false, with the problem, when header and file do not agree. */
static bool locate(th_zip *z, th_span *packed, th_zip_entry *out) {
  const header *h = &z->now;
  th_span f = z->file;
  if (h->offset > f.n || f.n - h->offset < LOCAL_SIZE ||
      memcmp(f.p + h->offset, "PK\3\4", 4) != 0) {
    set_problem(out, "no entry stands where the directory says");
    return false;
  }
  if (h->offset < z->covered) {
    set_problem(out, "the entry overlaps another one");
    return false;
  }
  const char *p = f.p + h->offset;
  uint64_t at = h->offset + LOCAL_SIZE + u16(p + 26) + u16(p + 28);
  if (at > f.n || h->packed > f.n - at) {
    set_problem(out, "the entry reaches beyond the end of the file");
    return false;
  }
  z->covered = at + h->packed;
  *packed = (th_span){f.p + at, h->packed};
  return true;
}

static int next_central(th_zip *z, th_zip_entry *out, bool *more, th_err *err) {
  th_span packed;
  const char *name = "";
  do {
    if (z->at == z->n) return 0;
    z->now = z->list[z->at++];
    name = z->names.p + z->now.name_at;
  } while (name[0] && name[strlen(name) - 1] == '/' && z->now.unpacked == 0);
  *more = true;
  out->offset = (int64_t)z->now.offset;
  int rc = set_name(z, name, strlen(name), out);
  if (rc) return th_err_set(err, rc, "out of memory");
  if (!locate(z, &packed, out) || !usable(&z->now, out)) return 0;
  const char *beyond = beyond_limits(z, z->now.unpacked, z->now.packed);
  if (beyond) {
    set_problem(out, beyond);
    return 0;
  }
  if (z->now.method == DEFLATED && z->now.unpacked <= WHOLE_MAX)
    return unpack_whole(z, packed.p, out, err);
  z->packed = th_stream_memory(packed, err);
  return z->packed ? open_entry(z, z->packed, out, err) : TH_ENOMEM;
}

/* ---- by local headers ---- */

/* To the next local header: what stands between is skipped. *found is false at the directory or the
 * end. */
static int seek_local(th_zip *z, bool *found, th_err *err) {
  *found = false;
  for (;;) {
    th_span s;
    int rc = th_stream_peek(z->local, 4, &s, err);
    if (rc || s.n < 4) return rc;
    if (memcmp(s.p, "PK\3\4", 4) == 0) *found = true;
    if (*found || memcmp(s.p, "PK\1\2", 4) == 0 || memcmp(s.p, "PK\5\6", 4) == 0 ||
        memcmp(s.p, "PK\6\6", 4) == 0)
      return 0;
    const char *next = memchr(s.p + 1, 'P', s.n - 1);
    th_stream_skip(z->local, next ? (size_t)(next - s.p) : s.n);
  }
}

/* Reads a local header; *whole is false when the stream ends inside it. */
static int read_local(th_zip *z, th_zip_entry *out, bool *whole, th_err *err) {
  th_span s;
  *whole = false;
  int rc = th_stream_peek(z->local, LOCAL_SIZE, &s, err);
  if (rc || s.n < LOCAL_SIZE) return rc;
  size_t name = u16(s.p + 26), extra = u16(s.p + 28);
  header h = {.offset = z->local->pos,
              .packed = u32(s.p + 18),
              .unpacked = u32(s.p + 22),
              .crc = u32(s.p + 14),
              .flags = u16(s.p + 6),
              .method = u16(s.p + 8)};
  th_stream_skip(z->local, LOCAL_SIZE);
  rc = th_stream_peek(z->local, name, &s, err);
  if (rc || s.n < name) return rc;
  rc = set_name(z, s.p, name, out);
  if (rc) return th_err_set(err, rc, "out of memory");
  th_stream_skip(z->local, name);
  rc = th_stream_peek(z->local, extra, &s, err);
  if (rc || s.n < extra) return rc;
  *whole = true;
  h.sizes_known = !(h.flags & FLAG_DESCRIPTOR);
  bool wide = h.sizes_known && h.unpacked == UINT32_MAX;
  if (!read_extra(s.p, extra, &h, wide, h.sizes_known && h.packed == UINT32_MAX, false))
    set_problem(out, "the header of the entry is damaged");
  th_stream_skip(z->local, extra);
  z->now = h;
  return 0;
}

/* What the consumer left of an entry is read, so that the next header stands in front. */
static int drain(th_zip *z, th_err *err) {
  if (!z->entry || !z->local) return 0;
  char *scratch = malloc(TH_STREAM_PEEK);
  if (!scratch) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = 0;
  size_t got = 1;
  th_err mine = {0};
  while (!rc && got)
    rc = th_stream_read(&z->entry->base, scratch, TH_STREAM_PEEK, &got, &mine);
  free(scratch);
  if (rc && rc != TH_EINPUT) return th_err_set(err, rc, "%s", mine.message);
  return 0;
}

/* Passes over the bytes of an entry that is not read. */
static int pass_entry(th_zip *z, th_err *err) {
  uint64_t left = z->now.sizes_known ? z->now.packed : 0;
  while (left) {
    th_span s;
    int rc = th_stream_peek(z->local, 1, &s, err);
    if (rc || s.n == 0) return rc;
    size_t n = (size_t)TH_MIN((uint64_t)s.n, left);
    th_stream_skip(z->local, n);
    left -= n;
  }
  return 0;
}

static int next_local(th_zip *z, th_zip_entry *out, bool *more, th_err *err) {
  bool found = false, whole = false;
  for (;;) {
    int rc = z->ended ? 0 : seek_local(z, &found, err);
    if (rc) return rc;
    if (!found) return 0;
    out->offset = (int64_t)z->local->pos;
    *more = true;
    rc = read_local(z, out, &whole, err);
    if (rc) return rc;
    if (!whole) {
      z->ended = true;
      set_problem(out, "the archive is cut off inside the header of an entry");
      return 0;
    }
    size_t n = strlen(out->name);
    if (n == 0 || out->name[n - 1] != '/' || z->now.packed) break;
    *more = false;
  }
  if (out->problem[0] || !usable(&z->now, out)) return pass_entry(z, err);
  if (z->now.method == STORED && !z->now.sizes_known) {
    set_problem(out, "the entry is stored without its length; give the archive as a file");
    return 0;
  }
  return open_entry(z, z->local, out, err);
}

int th_zip_next(th_zip *z, th_zip_entry *out, bool *more, th_err *err) {
  *out = (th_zip_entry){.name = "", .offset = -1};
  *more = false;
  int rc = drain(z, err);
  close_entry(z);
  if (rc) return rc;
  if (z->notice) {
    z->notice = false;
    *more = true;
    set_problem(out,
                "the archive has no directory that checks (cut off?); its entries are read one "
                "after another");
    return 0;
  }
  return z->local ? next_local(z, out, more, err) : next_central(z, out, more, err);
}
