#include "http/http.h"

#include <libdeflate.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

/* Below this a packed body saves no packet; the level is where JSON still packs faster than it is
 * made (about 150 MB/s). */
enum { GZIP_LEAST = 1024, GZIP_LEVEL = 3 };

static const char NO_STORE[] = "no-store";

void th_response_init(th_response *rs, size_t max_body) {
  *rs = (th_response){.status = 200};
  th_buf_init(&rs->body, max_body);
}

/* The bodies that are not in rs->body. */
static void drop_fixed(th_response *rs) {
  if (rs->release) rs->release(rs->release_ctx);
  rs->release = NULL;
  rs->fixed = rs->fixed_gzip = (th_span){0};
  if (rs->stream_drop) rs->stream_drop(rs->stream_ctx);
  rs->stream_drop = NULL;
  rs->stream = NULL;
}

void th_response_dispose(th_response *rs) {
  th_buf_dispose(&rs->body);
  drop_fixed(rs);
}

void th_response_header(th_response *rs, const char *name, const char *value) {
  unsigned i = 0;
  while (i < rs->n_headers && !th_span_eq_nocase(th_span_of(rs->headers[i].name), th_span_of(name)))
    i++;
  if (i == TH_RESPONSE_HEADERS) return;
  if (i == rs->n_headers) rs->n_headers++;
  rs->headers[i] = (th_header){name, value};
}

void th_response_text(th_response *rs, unsigned status, const char *fmt, ...) {
  char text[2048];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  drop_fixed(rs);
  th_buf_clear(&rs->body);
  th_buf_str(&rs->body, text);
  rs->status = status;
  rs->type = "text/plain; charset=UTF-8";
  rs->etag = NULL;
  rs->cache = rs->secret ? NO_STORE : NULL;
}

void th_response_secret(th_response *rs) {
  rs->secret = rs->no_gzip = rs->body.secret = true;
  rs->cache = NO_STORE;
  th_response_header(rs, "Referrer-Policy", "no-referrer");
}

void th_response_redirect(th_response *rs, unsigned status, const char *location) {
  th_response_text(rs, status, "%s", "");
  rs->type = NULL;
  th_response_header(rs, "Location", location);
}

unsigned th_response_status_of(int code) {
  switch (code) {
  case TH_OK:
    return 200;
  case TH_EUSAGE:
  case TH_EINPUT:
    return 400;
  case TH_ENOTFOUND:
    return 404;
  case TH_ELIMIT:
    return 413;
  case TH_EBUSY:
    return 503;
  default:
    return 500;
  }
}

th_span th_response_body(const th_response *rs) {
  return rs->fixed.p ? rs->fixed : th_buf_view(&rs->body);
}

/* ---- conditional requests ---- */

/* Takes the next element off a comma-separated list, blanks trimmed; commas inside quotes count as
 * text. False at the end. */
static bool next_element(th_span *list, th_span *out) {
  if (list->n == 0) return false;
  size_t i = 0;
  bool quoted = false;
  for (; i < list->n && (quoted || list->p[i] != ','); i++)
    if (list->p[i] == '"') quoted = !quoted;
  *out = th_span_trim((th_span){list->p, i});
  size_t step = i < list->n ? i + 1 : i;
  *list = (th_span){list->p + step, list->n - step};
  return true;
}

static bool tag_is(th_span listed, th_span etag) {
  if (th_span_starts(listed, TH_SPAN("W/"))) listed = (th_span){listed.p + 2, listed.n - 2};
  if (listed.n < 2 || listed.p[0] != '"' || listed.p[listed.n - 1] != '"') return false;
  listed = (th_span){listed.p + 1, listed.n - 2};
  if (th_span_eq(listed, etag)) return true;
  th_span packed = TH_SPAN("-gzip");
  return listed.n == etag.n + packed.n && th_span_starts(listed, etag) &&
         memcmp(listed.p + etag.n, packed.p, packed.n) == 0;
}

bool th_request_holds(const th_request *rq, const char *etag) {
  th_span list = rq->if_none_match, one;
  if (!etag || list.n == 0) return false;
  if (th_span_eq(th_span_trim(list), TH_SPAN("*"))) return true;
  while (next_element(&list, &one))
    if (tag_is(one, th_span_of(etag))) return true;
  return false;
}

/* ---- compression ---- */

/* "gzip;q=0.5" → name and whether q is above 0. */
static bool coding_admitted(th_span element, th_span *name) {
  const char *semicolon = memchr(element.p, ';', element.n);
  size_t n = semicolon ? (size_t)(semicolon - element.p) : element.n;
  *name = th_span_trim((th_span){element.p, n});
  if (!semicolon) return true;
  th_span rest = th_span_trim((th_span){semicolon + 1, element.n - n - 1});
  if (rest.n < 3 || (rest.p[0] | 32) != 'q' || rest.p[1] != '=') return true;
  for (size_t i = 2; i < rest.n; i++)
    if (rest.p[i] >= '1' && rest.p[i] <= '9') return true;
  return false;
}

bool th_accepts_gzip(th_span list) {
  bool star = false, named = false, gzip = false;
  th_span element, name;
  while (next_element(&list, &element)) {
    if (element.n == 0) continue;
    bool admitted = coding_admitted(element, &name);
    if (th_span_eq_nocase(name, TH_SPAN("gzip")) || th_span_eq_nocase(name, TH_SPAN("x-gzip")))
      named = true, gzip = gzip || admitted;
    else if (th_span_eq(name, TH_SPAN("*")))
      star = admitted;
  }
  return named ? gzip : star;
}

static void drop_compressor(void *p) {
  libdeflate_free_compressor(p);
}

static int gzip_slot = -1;
static void take_gzip_slot(void) {
  gzip_slot = th_worker_slot(drop_compressor);
}

/* The thread's compressor; *own is set when the caller has to free it (no worker to keep it). */
static struct libdeflate_compressor *compressor_of(th_worker *worker, bool *own) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, take_gzip_slot);
  struct libdeflate_compressor *c = th_worker_get(worker, gzip_slot);
  *own = false;
  if (c) return c;
  c = libdeflate_alloc_compressor(GZIP_LEVEL);
  *own = !worker || gzip_slot < 0;
  if (c && !*own) th_worker_put(worker, gzip_slot, c);
  return c;
}

static bool type_packs(const char *type) {
  static const char *const kinds[] = {"text/",
                                      "application/json",
                                      "application/javascript",
                                      "application/fhir+json",
                                      "application/x-ndjson",
                                      "application/xml",
                                      "application/rss+xml",
                                      "image/svg"};
  for (size_t i = 0; type && i < TH_COUNT(kinds); i++)
    if (strncmp(type, kinds[i], strlen(kinds[i])) == 0) return true;
  return false;
}

int th_gzip(th_worker *worker, th_span text, th_buf *out, th_err *err) {
  bool own;
  struct libdeflate_compressor *c = compressor_of(worker, &own);
  if (!c) return th_err_set(err, TH_ENOMEM, "no memory for a compressor");
  char *to = th_buf_room(out, text.n);
  size_t n = to ? libdeflate_gzip_compress(c, text.p, text.n, to, text.n) : 0;
  if (own) libdeflate_free_compressor(c);
  if (!to) return th_err_set(err, TH_ENOMEM, "no memory for an answer");
  th_buf_added(out, n);
  return TH_OK;
}

/* Packs the body in place of the plain one; leaves it as it is when it would not shrink. */
static int pack_body(th_response *rs, const th_request *rq, bool *packed, th_err *err) {
  th_buf out;
  th_buf_init(&out, 0);
  int rc = th_gzip(rq->worker, th_response_body(rs), &out, err);
  *packed = rc == TH_OK && out.n > 0;
  if (*packed) {
    drop_fixed(rs);
    th_buf_dispose(&rs->body);
    rs->body = out;
  } else {
    th_buf_dispose(&out);
  }
  return rc;
}

static int encode_body(th_response *rs, const th_request *rq, bool *packed, th_err *err) {
  *packed = false;
  if (rs->no_gzip || (!rs->stream && th_response_body(rs).n < GZIP_LEAST)) return TH_OK;
  if (!rs->fixed_gzip.p && !type_packs(rs->type)) return TH_OK;
  th_response_header(rs, "Vary", "Accept-Encoding");
  if (!th_accepts_gzip(rq->accept_encoding)) return TH_OK;
  int rc = TH_OK;
  if (rs->fixed_gzip.p) {
    rs->fixed = rs->fixed_gzip;
    *packed = true;
  } else if (rs->stream) {
    rc = th_stream_body_gzip(rs, err);
    *packed = rc == TH_OK;
  } else {
    rc = pack_body(rs, rq, packed, err);
  }
  if (*packed) th_response_header(rs, "Content-Encoding", "gzip");
  return rc;
}

int th_response_finish(th_response *rs, const th_request *rq, th_err *err) {
  if (rs->body.error) return th_err_set(err, rs->body.error, "the answer does not fit");
  bool packed = false;
  if (rs->status == 200 && th_request_holds(rq, rs->etag)) {
    drop_fixed(rs);
    th_buf_clear(&rs->body);
    rs->status = 304;
    rs->type = NULL;
  } else {
    int rc = encode_body(rs, rq, &packed, err);
    if (rc) return rc;
  }
  if (!rs->etag) return TH_OK;
  const char *quoted = th_arena_printf(rq->arena, "\"%s%s\"", rs->etag, packed ? "-gzip" : "");
  if (!quoted) return th_err_set(err, TH_ENOMEM, "no memory for an answer");
  th_response_header(rs, "ETag", quoted);
  return TH_OK;
}
