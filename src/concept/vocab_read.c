/* A vocabulary's file: unpacked, told by its content, given to its reader. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/file.h"
#include "concept/vocab_build.h"
#include "ingest/sniff.h"
#include "ingest/stream.h"
#include "ingest/zip.h"

#define UNPACKED_MAX ((uint64_t)1 << 30)

/* ---- telling ---- */

static bool is_obo(th_span s) {
  return th_span_starts(s, TH_SPAN("format-version:")) || th_span_starts(s, TH_SPAN("[Term]")) ||
         th_span_find(s, TH_SPAN("\n[Term]")) >= 0;
}

static int unknown(const th_vocab *v, const char *what, th_err *err) {
  return th_err_set(err, TH_EINPUT,
                    "%s%s%s is %s; vocabularies are read from OBO, OBO Graphs JSON, MeSH XML, MeSH "
                    "trees, SSSOM and tables (CSV, TSV) with a column of names",
                    v->file, v->entry ? ":" : "", v->entry ? v->entry : "", what);
}

static th_span head_of(th_span s) {
  return (th_span){s.p, TH_MIN(s.n, TH_STREAM_PEEK)};
}

static int read_as(th_vocab *v, const char *format,
                   int (*read)(th_vocab *v, th_span text, th_err *err), th_span text, th_err *err) {
  v->out->format = format;
  return read(v, text, err);
}

static int read_text(th_vocab *v, th_span text, th_err *err) {
  th_span head = head_of(text);
  if (is_obo(head)) return read_as(v, "OBO", th_vocab_read_obo, text, err);
  switch (th_sniff(head)) {
  case TH_FORMAT_EMPTY:
    return unknown(v, "empty", err);
  case TH_FORMAT_JSON:
    return read_as(v, "OBO Graphs JSON", th_vocab_read_graphs, text, err);
  case TH_FORMAT_XML:
  case TH_FORMAT_XML_WIDE:
    if (th_span_find(head, TH_SPAN("DescriptorRecord")) >= 0 ||
        th_span_find(head, TH_SPAN("SupplementalRecord")) >= 0)
      return read_as(v, "MeSH XML", th_vocab_read_mesh_xml, text, err);
    return unknown(v,
                   th_span_find(head, TH_SPAN("rdf:RDF")) >= 0 ? "RDF or OWL in XML"
                                                               : "XML of another kind",
                   err);
  default:
    break;
  }
  if (th_vocab_is_sssom(head)) return read_as(v, "SSSOM", th_vocab_read_sssom, text, err);
  if (th_vocab_is_tree(head)) return read_as(v, "MeSH trees", th_vocab_read_tree, text, err);
  if (th_vocab_is_table(head)) return read_as(v, "table", th_vocab_read_table, text, err);
  return unknown(v, "of an unknown format", err);
}

/* ---- unpacking ---- */

static int read_all(th_stream *s, th_buf *out, th_err *err) {
  enum { STEP = 1 << 18 };
  for (size_t got = 1; got > 0;) {
    char *room = th_buf_room(out, STEP);
    if (!room)
      return out->error == TH_ELIMIT
                 ? th_err_set(err, TH_ELIMIT, "it unpacks to more than a gigabyte")
                 : th_err_set(err, TH_ENOMEM, "out of memory");
    int rc = th_stream_read(s, room, STEP, &got, err);
    if (rc) return rc;
    th_buf_added(out, got);
  }
  return 0;
}

/* What the stream holds, unpacked when it is gzip or zstd. */
static int unpack(th_stream *s, th_buf *out, th_err *err) {
  th_span head;
  th_stream *decoder = NULL;
  int rc = th_stream_peek(s, TH_STREAM_PEEK, &head, err);
  if (rc) return rc;
  th_format f = th_sniff(head_of(head));
  if (f == TH_FORMAT_GZIP) decoder = th_stream_gzip(s, UNPACKED_MAX, err);
  if (f == TH_FORMAT_ZSTD) decoder = th_stream_zstd(s, UNPACKED_MAX, err);
  if ((f == TH_FORMAT_GZIP || f == TH_FORMAT_ZSTD) && !decoder) return TH_ENOMEM;
  rc = read_all(decoder ? decoder : s, out, err);
  th_stream_free(decoder);
  return rc;
}

static int read_stream(th_vocab *v, th_stream *s, th_err *err) {
  th_buf text;
  th_err why = {0};
  th_buf_init(&text, UNPACKED_MAX);
  int rc = unpack(s, &text, &why);
  if (rc) rc = th_err_set(err, rc, "%s: %s", v->entry ? v->entry : v->file, why.message);
  if (!rc) rc = read_text(v, th_buf_view(&text), err);
  th_buf_dispose(&text);
  return rc;
}

/* Every entry of an archive goes into the one vocabulary. An entry that is none is reported. */
static int read_zip(th_vocab *v, th_span file, th_err *err) {
  th_zip_entry e;
  th_source_limits limits = {.max_unpacked = UNPACKED_MAX, .max_ratio = 200};
  th_zip *zip = th_zip_open(file, &limits, err);
  bool more = true;
  int rc = zip ? 0 : TH_EINPUT;
  while (!rc && more && !(rc = th_zip_next(zip, &e, &more, err)) && more) {
    th_err why = {0};
    v->entry = e.name;
    if (!e.stream) {
      th_vocab_reject(v, 0, e.offset, e.problem);
      continue;
    }
    rc = read_stream(v, e.stream, &why);
    if (rc == TH_EINPUT || rc == TH_ELIMIT) {
      th_vocab_reject(v, 0, e.offset, why.message);
      rc = 0;
    } else if (rc) {
      th_err_set(err, rc, "%s", why.message);
    }
  }
  v->entry = NULL;
  th_zip_close(zip);
  return rc;
}

/* ---- the front ---- */

/* The file's name without folder and endings. */
static void name_after_file(th_vocab *v) {
  const char *slash = strrchr(v->file, '/');
  th_span name = th_span_of(slash ? slash + 1 : v->file);
  const char *dot = name.n > 1 ? memchr(name.p + 1, '.', name.n - 1) : NULL;
  if (dot) name.n = (size_t)(dot - name.p);
  th_vocab_called(v, name);
  if (!v->out->name[0]) th_vocab_called(v, TH_SPAN("vocabulary"));
}

static void begin(th_vocab *v, th_vocabulary *out, const th_vocabulary_options *options,
                  const char *file) {
  static const th_vocabulary_options none = {0};
  *out = (th_vocabulary){.format = "unknown"};
  th_buf_init(&out->body, 0);
  th_vocab_init(v, out, options ? options : &none, file);
  if (v->options->name) th_vocab_called(v, th_span_of(v->options->name));
  if (v->options->version) th_vocab_version(v, th_span_of(v->options->version));
  if (v->options->licence) th_vocab_licence(v, th_span_of(v->options->licence));
}

static int finish(th_vocab *v, int rc, th_err *err) {
  th_vocabulary *o = v->out;
  if (!rc && o->kept == 0)
    rc = th_err_set(err, TH_EINPUT, "%s holds nothing that could be kept", v->file);
  th_vocab_dispose(v);
  return rc;
}

/* Tables and zips name themselves after their file, before ids are made of the name. */
int th_vocabulary_read_bytes(th_vocabulary *out, const char *name, th_span bytes,
                             const th_vocabulary_options *options, th_err *err) {
  th_vocab v;
  begin(&v, out, options, name);
  bool table = th_vocab_is_table(head_of(bytes)) && !th_vocab_is_sssom(head_of(bytes));
  if (table) name_after_file(&v);
  int rc = read_text(&v, bytes, err);
  name_after_file(&v);
  XXH128_hash_t h = XXH3_128bits(bytes.p, bytes.n);
  out->hash[0] = h.high64;
  out->hash[1] = h.low64;
  return finish(&v, rc, err);
}

static int read_mapped(th_vocab *v, th_span file, th_err *err) {
  th_buf text;
  th_err why = {0};
  if (th_sniff(head_of(file)) == TH_FORMAT_ZIP) {
    name_after_file(v);
    return read_zip(v, file, err);
  }
  th_stream *s = th_stream_memory(file, err);
  if (!s) return TH_ENOMEM;
  th_buf_init(&text, UNPACKED_MAX);
  int rc = unpack(s, &text, &why);
  if (rc) th_err_set(err, rc, "%s: %s", v->file, why.message);
  th_span head = head_of(th_buf_view(&text));
  if (!rc && th_vocab_is_table(head) && !th_vocab_is_sssom(head)) name_after_file(v);
  if (!rc) rc = read_text(v, th_buf_view(&text), err);
  th_buf_dispose(&text);
  th_stream_free(s);
  return rc;
}

int th_vocabulary_read(th_vocabulary *out, const char *path, const th_vocabulary_options *options,
                       th_err *err) {
  th_vocab v;
  th_map map = {0};
  struct stat st;
  begin(&v, out, options, path);
  int rc = 0;
  if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
    rc = th_err_set(err, TH_EUSAGE, "%s is a folder", path);
  if (!rc) rc = th_map_open(&map, path, err);
  if (!rc) {
    th_span file = {(const char *)map.p, map.n};
    XXH128_hash_t h = XXH3_128bits(file.p, file.n);
    out->hash[0] = h.high64;
    out->hash[1] = h.low64;
    rc = read_mapped(&v, file, err);
    name_after_file(&v);
  }
  th_map_close(&map);
  return finish(&v, rc, err);
}

void th_vocabulary_dispose(th_vocabulary *v) {
  th_buf_dispose(&v->body);
}
