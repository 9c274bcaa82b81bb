#define _GNU_SOURCE
#include "ingest/source.h"

#include "base/file.h"
#include "base/json.h"
#include "ingest/batch.h"
#include "ingest/legacy_xml.h"
#include "ingest/sniff.h"
#include "ingest/split.h"
#include "ingest/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAYERS 2 /* compressed within compressed, at most */

/* Input is taken apart in units: the whole unpacked stream, or one entry of a zip. */
struct th_source {
  th_source_limits limits;
  char *name;
  th_map map;
  uint64_t size; /* of the file, 0 when not known */
  th_stream *raw;
  th_stream *layer[LAYERS + 1]; /* layer[n_layers] is what is read */
  int n_layers;
  th_zip *zip;
  bool begun, ended, given_up;

  bool in_unit;
  th_stream *unit;
  th_stream *unit_layer[LAYERS]; /* decoders over an entry */
  int n_unit_layers;
  th_format format;
  th_json_split json;
  th_xml_split xml;
  th_legacy_xml *legacy;
  bool unit_ended;
  char damage[200]; /* why the unit ended before its end */
  size_t at;        /* index in the batch's window of the byte at `base` */
  int64_t base;
  bool in_window; /* a record of this batch lies in its window */
  size_t n_rejects;
  th_buf carry;      /* bytes of the unit that the last batch left over */
  const char *entry; /* in the batch's arena, or NULL */
  const char *file;
  char *entry_name; /* owned: the same for the batches to come */
};

static void set_default(size_t *v, size_t d) {
  if (!*v) *v = d;
}

static th_source_limits with_defaults(const th_source_limits *given) {
  th_source_limits l = given ? *given : (th_source_limits){0};
  set_default(&l.max_record, (size_t)64 << 20);
  set_default(&l.max_rejects, 100000);
  set_default(&l.batch_bytes, (size_t)4 << 20);
  set_default(&l.batch_records, 8192);
  set_default(&l.read_chunk, (size_t)1 << 20);
  if (!l.max_depth) l.max_depth = 256;
  if (!l.max_unpacked) l.max_unpacked = (uint64_t)256 << 30;
  if (!l.max_ratio) l.max_ratio = 200;
  return l;
}

/* ---- opening and closing ---- */

static th_source *source_new(const char *name, const th_source_limits *limits, th_err *err) {
  th_source *s = calloc(1, sizeof *s);
  if (s) {
    s->limits = with_defaults(limits);
    s->name = strdup(name);
    s->legacy = th_legacy_xml_new(s->limits.max_depth);
  }
  if (s && s->name && s->legacy) return s;
  th_source_close(s);
  th_err_set(err, TH_ENOMEM, "out of memory");
  return NULL;
}

static int open_file(th_source *s, const char *path, th_err *err) {
  int fd = 0;
  struct stat st;
  if (strcmp(path, "-") != 0) {
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return th_err_set(err, TH_ENOTFOUND, "%s does not exist", path);
    if (fd < 0) return th_err_sys(err, "cannot open %s", path);
  }
  if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
    if (fd) close(fd);
    return th_err_set(err, TH_EUSAGE, "%s is a folder", path);
  }
  if (S_ISREG(st.st_mode)) s->size = (uint64_t)st.st_size;
  posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  s->raw = th_stream_file(fd, s->limits.read_chunk, err);
  if (!s->raw && fd) close(fd);
  return s->raw ? 0 : TH_ENOMEM;
}

th_source *th_source_open(const char *path, const th_source_limits *limits, th_err *err) {
  th_source *s = source_new(path, limits, err);
  if (s && open_file(s, path, err) == 0) return s;
  th_source_close(s);
  return NULL;
}

th_source *th_source_open_memory(const char *name, th_span bytes, const th_source_limits *limits,
                                 th_err *err) {
  th_source *s = source_new(name, limits, err);
  if (s) s->raw = th_stream_memory(bytes, err);
  if (s && s->raw) {
    s->size = bytes.n;
    return s;
  }
  th_source_close(s);
  return NULL;
}

static void unit_close(th_source *s) {
  while (s->n_unit_layers)
    th_stream_free(s->unit_layer[--s->n_unit_layers]);
  s->in_unit = false;
  s->unit = NULL;
}

void th_source_close(th_source *s) {
  if (!s) return;
  unit_close(s);
  th_zip_close(s->zip);
  for (int i = s->n_layers; i > 0; i--)
    th_stream_free(s->layer[i]);
  th_stream_free(s->raw);
  th_map_close(&s->map);
  th_legacy_xml_free(s->legacy);
  th_buf_dispose(&s->carry);
  free(s->entry_name);
  free(s->name);
  free(s);
}

void th_source_progress(const th_source *s, uint64_t *consumed, uint64_t *total) {
  *total = s->size;
  *consumed = s->ended ? s->size : s->zip && s->map.p ? th_zip_consumed(s->zip) : s->raw->pos;
}

/* ---- rejects ---- */

static int add_reject(th_source *s, th_batch *b, const th_piece *piece, const char *reason) {
  th_reject r = {.file = s->file, .entry = s->entry, .line = piece->line, .offset = piece->start};
  memcpy(r.id, piece->id, sizeof r.id);
  th_reason_copy(r.reason, sizeof r.reason, reason);
  s->n_rejects++;
  return th_batch_add_reject(b, &r);
}

/* A unit, or the whole input, that cannot be read. */
static int reject_unit(th_source *s, th_batch *b, int64_t offset, const char *reason) {
  th_piece piece = {.start = offset};
  return add_reject(s, b, &piece, reason);
}

static int set_entry(th_source *s, th_batch *b, const char *name) {
  free(s->entry_name);
  s->entry_name = name ? strdup(name) : NULL;
  if (name && !s->entry_name) return TH_ENOMEM;
  s->entry = name ? th_arena_dup(&b->names, th_span_of(name)).p : NULL;
  return name && !s->entry ? TH_ENOMEM : 0;
}

/* ---- from bytes to units ---- */

static int decoder_over(th_source *s, th_format f, th_stream *inner, th_stream **out, th_err *err) {
  *out = f == TH_FORMAT_GZIP ? th_stream_gzip(inner, s->limits.max_unpacked, err)
                             : th_stream_zstd(inner, s->limits.max_unpacked, err);
  return *out ? 0 : TH_ENOMEM;
}

static int sniff(th_stream *stream, th_format *out, th_err *err) {
  th_span head;
  int rc = th_stream_peek(stream, TH_STREAM_PEEK, &head, err);
  if (!rc) *out = th_sniff(head);
  return rc;
}

static bool is_packed(th_format f) {
  return f == TH_FORMAT_GZIP || f == TH_FORMAT_ZSTD;
}

/* A plain file that is a zip is mapped: its directory is at its end. */
static int open_zip(th_source *s, th_err *err) {
  bool file = s->n_layers == 0 && s->size > 0;
  if (file && s->raw->borrowed) {
    s->zip = th_zip_open((th_span){s->raw->buf, s->raw->n}, &s->limits, err);
  } else if (file && strcmp(s->name, "-") != 0) {
    int rc = th_map_open(&s->map, s->name, err);
    if (rc) return rc;
    s->zip = th_zip_open((th_span){(const char *)s->map.p, s->map.n}, &s->limits, err);
  } else {
    s->zip = th_zip_open_stream(s->layer[s->n_layers], &s->limits, err);
  }
  return s->zip ? 0 : TH_ENOMEM;
}

static void unit_begin(th_source *s, th_batch *b, th_stream *stream, th_format format) {
  s->unit = stream;
  s->format = format;
  s->in_unit = true;
  s->unit_ended = false;
  s->damage[0] = 0;
  s->at = b->window.n;
  s->base = 0;
  th_json_split_init(&s->json, &s->limits);
  th_xml_split_init(&s->xml, &s->limits, format == TH_FORMAT_XML_WIDE);
}

/* Layers of compression off stream; *format is what is inside. */
static int unwrap(th_source *s, th_stream *stream, th_stream **layers, int *n, th_stream **out,
                  th_format *format, th_err *err) {
  for (;;) {
    *out = stream;
    int rc = sniff(stream, format, err);
    if (rc || !is_packed(*format) || *n == LAYERS) return rc;
    rc = decoder_over(s, *format, stream, &layers[*n], err);
    if (rc) return rc;
    stream = layers[(*n)++];
  }
}

static const char *refusal(th_format f, bool in_zip) {
  switch (f) {
  case TH_FORMAT_GZIP:
  case TH_FORMAT_ZSTD:
    return "compressed more than twice over";
  case TH_FORMAT_ZIP:
    return in_zip ? "a zip archive inside a zip archive is not read" : NULL;
  case TH_FORMAT_UTF16:
    return "the text is UTF-16; JSON must be UTF-8";
  case TH_FORMAT_UNKNOWN:
    return in_zip ? "the entry is no study record (neither JSON nor XML)"
                  : "the format is not known (neither JSON, XML, gzip, zstd nor zip)";
  default:
    return NULL;
  }
}

static int begin(th_source *s, th_batch *b, th_err *err) {
  th_stream *stream;
  th_format format;
  th_err mine = {0};
  s->begun = true;
  s->layer[0] = s->raw;
  int rc = unwrap(s, s->raw, s->layer + 1, &s->n_layers, &stream, &format, &mine);
  if (rc == TH_EINPUT) {
    s->ended = true;
    return reject_unit(s, b, 0, mine.message);
  }
  if (rc) return th_err_set(err, rc, "%s: %s", s->name, mine.message);
  const char *why = refusal(format, false);
  if (why || format == TH_FORMAT_EMPTY) {
    s->ended = true;
    return why ? reject_unit(s, b, 0, why) : 0;
  }
  if (format == TH_FORMAT_ZIP) return open_zip(s, err);
  unit_begin(s, b, stream, format);
  return 0;
}

static int begin_entry(th_source *s, th_batch *b, const th_zip_entry *e, th_err *err) {
  th_stream *stream = NULL;
  th_format format = TH_FORMAT_UNKNOWN;
  th_err mine = {0};
  if (e->problem[0]) return reject_unit(s, b, e->offset, e->problem);
  int rc = unwrap(s, e->stream, s->unit_layer, &s->n_unit_layers, &stream, &format, &mine);
  const char *why = rc == TH_EINPUT             ? mine.message
                    : format == TH_FORMAT_EMPTY ? "the entry is empty"
                                                : refusal(format, true);
  if (rc && rc != TH_EINPUT) return th_err_set(err, rc, "%s: %s", s->name, mine.message);
  if (!why) {
    unit_begin(s, b, stream, format);
    return 0;
  }
  rc = reject_unit(s, b, 0, why);
  unit_close(s);
  return rc;
}

/* The next unit, or the end. */
static int next_unit(th_source *s, th_batch *b, th_err *err) {
  if (!s->begun) return begin(s, b, err);
  if (!s->zip) {
    s->ended = true;
    return 0;
  }
  th_zip_entry e;
  bool more;
  th_err mine = {0};
  int rc = th_zip_next(s->zip, &e, &more, &mine);
  if (rc == TH_EINPUT) {
    s->ended = true;
    rc = set_entry(s, b, NULL);
    return rc ? rc : reject_unit(s, b, (int64_t)s->layer[s->n_layers]->pos, mine.message);
  }
  if (rc) return th_err_set(err, rc, "%s: %s", s->name, mine.message);
  s->ended = !more;
  if (!more) return 0;
  rc = set_entry(s, b, e.name[0] ? e.name : NULL);
  return rc ? rc : begin_entry(s, b, &e, err);
}

/* ---- from a unit to records ---- */

static int64_t keep_of(const th_source *s) {
  return s->format == TH_FORMAT_JSON ? s->json.keep : s->xml.keep;
}

/* Bytes of the unit that nobody looks at again go, when no record lies in the window. */
static void compact(th_source *s, th_batch *b) {
  size_t drop = (size_t)(keep_of(s) - s->base);
  size_t from = s->at + drop;
  memmove(b->window.p, b->window.p + from, b->window.n - from);
  th_buf_truncate(&b->window, b->window.n - from);
  s->at = 0;
  s->base += (int64_t)drop;
}

/* More bytes of the unit into the window. *full: the batch must be given out first. */
static int refill(th_source *s, th_batch *b, bool *full, th_err *err) {
  size_t got = 0, near = s->limits.batch_bytes - TH_MIN(s->limits.batch_bytes, 1024);
  if (b->window.n > near && !s->in_window) compact(s, b);
  *full = b->window.n > near && s->in_window;
  if (*full) return 0;
  size_t room = b->window.n > near ? b->window.n + s->limits.batch_bytes
                                   : s->limits.batch_bytes - b->window.n;
  char *to = th_buf_room(&b->window, room);
  if (!to) return th_err_set(err, b->window.error, "out of memory");
  th_err mine = {0};
  int rc = th_stream_read(s->unit, to, TH_MIN(room, s->limits.read_chunk), &got, &mine);
  if (rc && rc != TH_EINPUT) return th_err_set(err, rc, "%s: %s", s->name, mine.message);
  if (rc) th_reason_copy(s->damage, sizeof s->damage, mine.message);
  th_buf_added(&b->window, got);
  s->unit_ended = rc || got == 0;
  return 0;
}

static int add_converted(th_source *s, th_batch *b, th_span xml, const th_piece *piece,
                         th_raw_record place, th_err *err) {
  size_t from = b->made.n;
  th_err mine = {0};
  int rc = th_legacy_xml_convert(s->legacy, xml, &b->made, &mine);
  if (!rc) return th_batch_add(b, from, b->made.n - from, true, place);
  if (rc != TH_EINPUT && rc != TH_ELIMIT)
    return th_err_set(err, rc, "%s: %s", s->name, mine.message);
  th_piece broken = *piece;
  th_record_guess_id(xml, broken.id);
  if (mine.line > 1) broken.line += mine.line - 1;
  if (mine.has_offset) broken.start += mine.offset;
  return add_reject(s, b, &broken, mine.message);
}

static int add_record(th_source *s, th_batch *b, const th_piece *piece, th_err *err) {
  size_t at = s->at + (size_t)(piece->start - s->base), n = (size_t)(piece->end - piece->start);
  th_raw_record place = {
      .file = s->file, .line = piece->line, .offset = piece->start, .entry = s->entry};
  if (s->format == TH_FORMAT_JSON) {
    s->in_window = true;
    return th_batch_add(b, at, n, false, place);
  }
  return add_converted(s, b, (th_span){b->window.p + at, n}, piece, place, err);
}

static int end_unit(th_source *s, th_batch *b) {
  int rc = 0;
  if (s->damage[0]) rc = reject_unit(s, b, s->base + (int64_t)(b->window.n - s->at), s->damage);
  unit_close(s);
  return rc;
}

/* A piece that broke because the input ended early is told with the reason of that. */
static int add_broken(th_source *s, th_batch *b, const th_piece *piece) {
  if (!piece->at_end || !s->damage[0]) return add_reject(s, b, piece, piece->reason);
  int rc = add_reject(s, b, piece, s->damage);
  s->damage[0] = 0;
  return rc;
}

static int step(th_source *s, th_batch *b, bool *full, th_err *err) {
  th_window w = {b->window.p + s->at, s->base, b->window.n - s->at, s->unit_ended};
  th_piece piece = {0};
  if (!b->window.p) w.p = "";
  th_split_what what = s->format == TH_FORMAT_JSON ? th_json_split_next(&s->json, &w, &piece)
                                                   : th_xml_split_next(&s->xml, &w, &piece);
  switch (what) {
  case TH_SPLIT_RECORD:
    return add_record(s, b, &piece, err);
  case TH_SPLIT_REJECT:
    return add_broken(s, b, &piece);
  case TH_SPLIT_END:
    return end_unit(s, b);
  default:
    return refill(s, b, full, err);
  }
}

/* ---- batches ---- */

/* Bytes left over by the last batch come first in this one. */
static int take_carry(th_source *s, th_batch *b) {
  th_batch_clear(b);
  s->file = th_arena_dup(&b->names, th_span_of(s->name)).p;
  s->entry = s->entry_name ? th_arena_dup(&b->names, th_span_of(s->entry_name)).p : NULL;
  if (!s->file || (s->entry_name && !s->entry)) return TH_ENOMEM;
  s->at = 0;
  s->in_window = false;
  th_buf_span(&b->window, th_buf_view(&s->carry));
  th_buf_clear(&s->carry);
  return b->window.error;
}

static int leave_carry(th_source *s, th_batch *b) {
  if (!s->in_unit) return 0;
  size_t drop = (size_t)(keep_of(s) - s->base), from = s->at + drop;
  th_buf_put(&s->carry, b->window.p ? b->window.p + from : "", b->window.n - from);
  s->base += (int64_t)drop;
  return s->carry.error;
}

static bool is_full(const th_source *s, const th_batch *b) {
  return b->n >= s->limits.batch_records || b->made.n >= s->limits.batch_bytes ||
         (!s->in_unit && b->n && b->window.n >= s->limits.batch_bytes);
}

static int give_up(th_source *s, th_batch *b) {
  s->ended = true;
  unit_close(s);
  return reject_unit(s, b, 0, "too many broken pieces; the rest of this input is not read");
}

int th_source_next(th_source *s, th_batch *out, th_err *err) {
  int rc = take_carry(s, out);
  bool full = false;
  while (!rc && !full && !s->ended && !is_full(s, out)) {
    if (s->n_rejects > s->limits.max_rejects)
      rc = give_up(s, out);
    else
      rc = s->in_unit ? step(s, out, &full, err) : next_unit(s, out, err);
  }
  if (!rc) rc = leave_carry(s, out);
  th_batch_finish(out);
  return rc ? th_err_set(err, rc, "%s: %s", s->name, th_code_text(rc)) : 0;
}
