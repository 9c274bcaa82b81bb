/* Vocabularies in the store.
 *
 *   value := u8 1 str name str version str licence str format varint kept varint labels
 *            u64 hash{2} varint imported_utc varint body_bytes zstd-frame */
#include <stdio.h>
#include <zstd.h>

#include "base/queue.h"
#include "concept/vocabulary.h"

#define PREFIX "vocabulary/"

enum { VALUE_VERSION = 1, LEVEL = 6 };
#define BODY_MAX ((uint64_t)1 << 30)

static void put_str(th_buf *b, th_span s) {
  th_buf_varint(b, s.n);
  th_buf_span(b, s);
}

static int pack_body(th_buf *b, th_span body, th_err *err) {
  size_t bound = ZSTD_compressBound(body.n);
  char *room = th_buf_room(b, bound);
  size_t n = room ? ZSTD_compress(room, bound, body.p, body.n, LEVEL) : 0;
  if (!room || ZSTD_isError(n)) return th_err_set(err, TH_ENOMEM, "out of memory packing");
  th_buf_added(b, n);
  return 0;
}

static int encode(const th_vocabulary *v, th_buf *b, th_err *err) {
  th_buf_char(b, VALUE_VERSION);
  put_str(b, th_span_of(v->name));
  put_str(b, th_span_of(v->version));
  put_str(b, th_span_of(v->licence));
  put_str(b, th_span_of(v->format));
  th_buf_varint(b, v->kept);
  th_buf_varint(b, v->labels);
  th_buf_put(b, v->hash, sizeof v->hash);
  th_buf_varint(b, (uint64_t)th_clock_utc());
  th_buf_varint(b, v->body.n);
  return pack_body(b, th_buf_view(&v->body), err);
}

static int key_of(const char *name, char key[128], th_err *err) {
  int n = snprintf(key, 128, PREFIX "%s", name);
  return n < 128 ? 0 : th_err_set(err, TH_EUSAGE, "%s is too long for a name", name);
}

/* Whether there is a value under the key. */
static int is_there(th_store *store, const char *key, bool *out, th_err *err) {
  th_buf b;
  th_err why = {0};
  th_buf_init(&b, 0);
  th_store_reader *reader = th_store_reader_acquire(store, err);
  int rc = reader ? th_store_meta_get(reader, key, &b, &why) : TH_EIO;
  th_store_reader_release(reader);
  th_buf_dispose(&b);
  *out = rc == 0;
  return rc == 0 || rc == TH_ENOTFOUND || !reader ? (reader ? 0 : rc)
                                                  : th_err_set(err, rc, "%s", why.message);
}

int th_vocabulary_put(th_store *store, const th_vocabulary *v, bool *replaced, th_err *err) {
  char key[128];
  th_buf b;
  th_buf_init(&b, 0);
  int rc = key_of(v->name, key, err);
  if (!rc) rc = is_there(store, key, replaced, err);
  if (!rc) rc = encode(v, &b, err);
  th_span value = th_buf_view(&b);
  if (!rc && b.error) rc = th_err_set(err, b.error, "out of memory storing a vocabulary");
  if (!rc) rc = th_store_meta_set(store, key, &value, err);
  th_buf_dispose(&b);
  return rc;
}

int th_vocabulary_remove(th_store *store, const char *name, th_err *err) {
  char key[128];
  bool there = false;
  int rc = key_of(name, key, err);
  if (!rc) rc = is_there(store, key, &there, err);
  if (!rc && !there) rc = th_err_set(err, TH_ENOTFOUND, "there is no vocabulary %s", name);
  return rc ? rc : th_store_meta_set(store, key, NULL, err);
}

/* ---- reading ---- */

typedef struct walk {
  bool with_body;
  th_vocabulary_fn fn;
  void *ctx;
  th_err *err;
} walk;

static bool get_str(const uint8_t **at, const uint8_t *end, th_span *out) {
  uint64_t n;
  if (!th_varint_read(at, end, &n) || n > (uint64_t)(end - *at)) return false;
  *out = (th_span){(const char *)*at, n};
  *at += n;
  return true;
}

static bool decode(th_span value, th_vocabulary_info *info, uint64_t *bytes, th_span *packed) {
  const uint8_t *at = (const uint8_t *)value.p, *end = at + value.n;
  uint64_t utc;
  if (value.n < 1 || *at++ != VALUE_VERSION) return false;
  if (!get_str(&at, end, &info->name) || !get_str(&at, end, &info->version)) return false;
  if (!get_str(&at, end, &info->licence) || !get_str(&at, end, &info->format)) return false;
  if (!th_varint_read(&at, end, &info->kept) || !th_varint_read(&at, end, &info->labels))
    return false;
  if ((size_t)(end - at) < sizeof info->hash) return false;
  memcpy(info->hash, at, sizeof info->hash);
  at += sizeof info->hash;
  if (!th_varint_read(&at, end, &utc) || !th_varint_read(&at, end, bytes)) return false;
  info->imported_utc = (int64_t)utc;
  *packed = (th_span){(const char *)at, (size_t)(end - at)};
  return *bytes <= BODY_MAX;
}

static int unpack(th_span packed, uint64_t bytes, th_buf *out, th_err *err) {
  char *room = th_buf_room(out, bytes);
  if (!room) return th_err_set(err, TH_ENOMEM, "out of memory reading a vocabulary");
  size_t n = ZSTD_decompress(room, bytes, packed.p, packed.n);
  if (ZSTD_isError(n) || n != bytes) return TH_ECORRUPT;
  th_buf_added(out, n);
  return 0;
}

static int take_value(void *ctx, th_span key, th_span value) {
  walk *w = ctx;
  th_vocabulary_info info = {0};
  uint64_t bytes;
  th_span packed;
  th_buf body;
  th_buf_init(&body, 0);
  int rc = decode(value, &info, &bytes, &packed) ? 0 : TH_ECORRUPT;
  if (!rc && w->with_body) rc = unpack(packed, bytes, &body, w->err);
  if (rc == TH_ECORRUPT)
    th_err_set(w->err, rc, "%.*s in the store does not read back", (int)key.n, key.p);
  if (!rc) rc = w->fn(w->ctx, &info, th_buf_view(&body));
  th_buf_dispose(&body);
  return rc;
}

int th_vocabularies_each(th_store_reader *reader, bool with_body, th_vocabulary_fn fn, void *ctx,
                         th_err *err) {
  walk w = {with_body, fn, ctx, err};
  return th_store_meta_each(reader, PREFIX, take_value, &w, err);
}
