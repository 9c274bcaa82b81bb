#include "sync/state.h"

#include "base/json.h"
#include "sync/pace.h"

#include <stdio.h>
#include <xxhash.h>

static const char *const kinds[] = {"", "whole", "changes"};

void th_sync_state_key(const char *from, const char *where, char out[24]) {
  XXH64_hash_t h = XXH3_64bits_withSeed(from, strlen(from), 0);
  h = XXH3_64bits_withSeed(where, strlen(where), h);
  snprintf(out, 24, "sync:%016llx", (unsigned long long)h);
}

/* ---- out ---- */

static void put_text(th_jout *w, const char *key, const char *text) {
  if (text[0]) th_jout_kv_str(w, key, text);
}

static void write_walk(th_jout *w, const th_sync_state *s) {
  th_jout_key(w, "walk");
  th_jout_object(w);
  th_jout_kv_str(w, "kind", kinds[s->walk.kind]);
  put_text(w, "since", s->walk.since);
  put_text(w, "dataTimestamp", s->walk.data_timestamp);
  put_text(w, "token", s->walk.token);
  th_jout_kv_i64(w, "pages", (int64_t)s->walk.pages);
  th_jout_kv_i64(w, "studies", (int64_t)s->walk.studies);
  if (s->walk.total >= 0) th_jout_kv_i64(w, "total", s->walk.total);
  th_jout_end_object(w);
}

static void write_download(th_jout *w, const th_sync_state *s) {
  th_jout_key(w, "download");
  th_jout_object(w);
  put_text(w, "dataTimestamp", s->download.data_timestamp);
  put_text(w, "etag", s->download.etag);
  if (s->download.done) th_jout_kv_bool(w, "done", true);
  th_jout_end_object(w);
}

void th_sync_state_write(const th_sync_state *s, const char *from, const char *where, th_buf *out) {
  th_jout w;
  th_jout_init(&w, out, false);
  th_jout_object(&w);
  th_jout_kv_str(&w, "from", from);
  th_jout_kv_str(&w, "where", where);
  put_text(&w, "dataTimestamp", s->data_timestamp);
  put_text(&w, "etag", s->etag);
  if (s->checked) th_jout_kv_i64(&w, "checked", s->checked);
  if (s->ids_walked) th_jout_kv_i64(&w, "idsWalked", s->ids_walked);
  if (s->gaps) th_jout_kv_bool(&w, "gaps", true);
  if (s->walk.kind) write_walk(&w, s);
  if (s->download.data_timestamp[0]) write_download(&w, s);
  th_jout_end_object(&w);
}

/* ---- in ---- */

static bool take_text(const th_json *j, const char *path, char *out, size_t cap) {
  uint32_t at = th_json_path(j, 0, path);
  th_span s = at ? th_json_text(j, at) : (th_span){0};
  if (s.n >= cap || (s.n && memchr(s.p, 0, s.n))) return false;
  if (s.n) memcpy(out, s.p, s.n);
  out[s.n] = 0;
  return true;
}

static bool take_time(const th_json *j, const char *path, char out[20]) {
  return take_text(j, path, out, 20) && (!out[0] || th_sync_timestamp_ok(th_span_of(out)));
}

static int64_t number_at(const th_json *j, const char *path) {
  int64_t v = 0;
  uint32_t at = th_json_path(j, 0, path);
  return at && th_json_int(j, at, &v) && v > 0 ? v : 0;
}

static bool true_at(const th_json *j, const char *path) {
  uint32_t at = th_json_path(j, 0, path);
  return at && j->nodes[at].type == TH_JTRUE;
}

static bool read_walk(const th_json *j, th_sync_state *s) {
  char kind[10];
  if (!take_text(j, "walk.kind", kind, sizeof kind)) return false;
  for (unsigned k = 0; k < TH_COUNT(kinds); k++)
    if (strcmp(kind, kinds[k]) == 0) s->walk.kind = (th_sync_kind)k;
  uint32_t total = th_json_path(j, 0, "walk.total");
  if (!total || !th_json_int(j, total, &s->walk.total)) s->walk.total = -1;
  s->walk.pages = (uint64_t)number_at(j, "walk.pages");
  s->walk.studies = (uint64_t)number_at(j, "walk.studies");
  return take_text(j, "walk.since", s->walk.since, sizeof s->walk.since) &&
         take_time(j, "walk.dataTimestamp", s->walk.data_timestamp) &&
         take_text(j, "walk.token", s->walk.token, sizeof s->walk.token);
}

static bool read_members(const th_json *j, const char *from, const char *where, th_sync_state *s) {
  if (!th_span_eq(th_json_path_text(j, 0, "from"), th_span_of(from)) ||
      !th_span_eq(th_json_path_text(j, 0, "where"), th_span_of(where)))
    return false;
  s->checked = number_at(j, "checked");
  s->ids_walked = number_at(j, "idsWalked");
  s->gaps = true_at(j, "gaps");
  s->download.done = true_at(j, "download.done");
  return take_time(j, "dataTimestamp", s->data_timestamp) &&
         take_text(j, "etag", s->etag, sizeof s->etag) && read_walk(j, s) &&
         take_time(j, "download.dataTimestamp", s->download.data_timestamp) &&
         take_text(j, "download.etag", s->download.etag, sizeof s->download.etag);
}

bool th_sync_state_read(th_span text, const char *from, const char *where, th_sync_state *out) {
  th_buf padded;
  th_json j;
  *out = (th_sync_state){0};
  th_buf_init(&padded, 1 << 20);
  th_buf_span(&padded, text);
  th_json_parser *parser = th_json_parser_new(1 << 20, 8);
  bool ok = parser && !padded.error && th_json_parse(parser, th_buf_view(&padded), &j, NULL) == 0 &&
            read_members(&j, from, where, out);
  if (!ok) *out = (th_sync_state){0};
  th_json_parser_free(parser);
  th_buf_dispose(&padded);
  return ok;
}

/* ---- the store ---- */

static int read_value(th_store *store, const char *key, th_buf *out, th_err *err) {
  th_err local = {0};
  th_store_reader *reader = th_store_reader_acquire(store, &local);
  int rc = reader ? th_store_meta_get(reader, key, out, &local) : local.code;
  th_store_reader_release(reader);
  return rc ? th_err_set(err, rc, "%s", local.message) : 0;
}

int th_sync_state_load(th_store *store, const char *from, const char *where, th_sync_state *out,
                       th_err *err) {
  char key[24];
  th_buf text;
  th_err local = {0};
  *out = (th_sync_state){0};
  th_buf_init(&text, 1 << 20);
  th_sync_state_key(from, where, key);
  int rc = read_value(store, key, &text, &local);
  if (rc == 0) (void)th_sync_state_read(th_buf_view(&text), from, where, out);
  if (rc == TH_ENOTFOUND) rc = 0;
  th_buf_dispose(&text);
  return rc ? th_err_set(err, rc, "%s", local.message) : 0;
}

int th_sync_state_save(th_store *store, const char *from, const char *where,
                       const th_sync_state *state, th_err *err) {
  char key[24];
  th_buf text;
  th_buf_init(&text, 1 << 20);
  th_sync_state_key(from, where, key);
  th_sync_state_write(state, from, where, &text);
  th_span value = th_buf_view(&text);
  int rc = text.error ? th_err_set(err, text.error, "out of memory")
                      : th_store_meta_set(store, key, &value, err);
  th_buf_dispose(&text);
  return rc;
}

static void members_key(const char *from, const char *where, char out[32]) {
  char key[24];
  th_sync_state_key(from, where, key);
  snprintf(out, 32, "sync-ids:%s", key + 5);
}

int th_sync_members_read(th_store *store, const char *from, const char *where, th_ids *out,
                         th_err *err) {
  char key[32];
  th_buf bytes;
  th_err local = {0};
  th_buf_init(&bytes, 0);
  members_key(from, where, key);
  int rc = read_value(store, key, &bytes, &local);
  if (rc == 0) rc = th_ids_read(out, th_buf_view(&bytes), &local);
  if (rc == TH_ENOTFOUND) rc = 0;
  th_buf_dispose(&bytes);
  return rc ? th_err_set(err, rc, "%s", local.message) : 0;
}

int th_sync_members_write(th_store *store, const char *from, const char *where, const th_ids *ids,
                          th_err *err) {
  char key[32];
  th_buf bytes;
  th_buf_init(&bytes, 0);
  members_key(from, where, key);
  th_ids_write(ids, &bytes);
  th_span value = th_buf_view(&bytes);
  int rc = bytes.error ? th_err_set(err, bytes.error, "out of memory")
                       : th_store_meta_set(store, key, &value, err);
  th_buf_dispose(&bytes);
  return rc;
}
