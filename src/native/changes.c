/* The log of changes, for those who follow along. */
#include "native/internal.h"
#include "study/nct.h"

#include <stdio.h>
#include <time.h>

typedef struct walk {
  th_jout w;
  th_store_reader *reader;
  th_buf record; /* one; used when records are wanted */
  bool records;
  uint64_t last;
  size_t n;
  th_err *err;
} walk;

static void put_time(th_jout *w, int64_t utc) {
  time_t t = (time_t)utc;
  struct tm tm;
  char text[32];
  gmtime_r(&t, &tm);
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
  th_jout_kv_str(w, "storedAt", text);
}

static int put_change(void *ctx, const th_record *r) {
  walk *k = ctx;
  char number[TH_NCT_LEN + 1], hash[33];
  th_jout_object(&k->w);
  th_jout_kv_i64(&k->w, "seq", (int64_t)r->seq);
  th_jout_kv_str(&k->w, "nctId", th_nct_format(r->nct, number));
  th_jout_kv_str(&k->w, "kind", r->kind == TH_CHANGE_PUT ? "version" : "removal");
  put_time(&k->w, r->stored_utc);
  k->last = r->seq;
  k->n++;
  if (r->kind == TH_CHANGE_PUT) {
    snprintf(hash, sizeof hash, "%016llx%016llx", (unsigned long long)r->hash[1],
             (unsigned long long)r->hash[0]);
    th_jout_kv_i64(&k->w, "version", r->version);
    th_jout_kv_i64(&k->w, "bytes", (int64_t)r->len);
    th_jout_kv_str(&k->w, "hash", hash);
  }
  return TH_OK;
}

static int on_change(void *ctx, const th_record *r) {
  walk *k = ctx;
  int rc = put_change(k, r);
  th_jout_end_object(&k->w);
  return rc ? rc : k->w.out->error;
}

/* Which versions to fetch: the log's walk gives no records, and one state is read after the other.
 */
typedef struct entries {
  th_record *all;
  size_t n;
} entries;

static int keep_entry(void *ctx, const th_record *r) {
  entries *e = ctx;
  e->all[e->n++] = *r;
  return TH_OK;
}

static int put_with_records(walk *k, uint64_t since, size_t limit) {
  entries e = {calloc(limit ? limit : 1, sizeof *e.all), 0};
  if (!e.all) return th_err_set(k->err, TH_ENOMEM, "out of memory");
  int rc = th_store_changes(k->reader, since, limit, keep_entry, &e, k->err);
  for (size_t i = 0; !rc && i < e.n; i++) {
    put_change(k, &e.all[i]);
    if (e.all[i].kind == TH_CHANGE_PUT) {
      rc = th_store_get(k->reader, e.all[i].nct, (int)e.all[i].version, &k->record, NULL, k->err);
      th_jout_key(&k->w, "record");
      th_buf line;
      th_buf_init(&line, 0);
      if (!rc) th_json_compact(&line, th_buf_view(&k->record));
      th_jout_raw(&k->w, rc ? TH_SPAN("null") : th_buf_view(&line));
      if (line.error) rc = th_err_set(k->err, line.error, "out of memory");
      th_buf_dispose(&line);
    }
    th_jout_end_object(&k->w);
    if (!rc && k->w.out->error) rc = th_err_set(k->err, k->w.out->error, "The answer is too large");
  }
  free(e.all);
  return rc;
}

static int put_all(walk *k, uint64_t since, size_t limit, uint64_t last) {
  th_jout_object(&k->w);
  th_jout_kv_i64(&k->w, "since", (int64_t)since);
  th_jout_kv_i64(&k->w, "lastSeq", (int64_t)last);
  th_jout_key(&k->w, "changes");
  th_jout_array(&k->w);
  k->last = since;
  int rc = k->records ? put_with_records(k, since, limit)
                      : th_store_changes(k->reader, since, limit, on_change, k, k->err);
  th_jout_end_array(&k->w);
  th_jout_kv_i64(&k->w, "nextSince", (int64_t)k->last);
  th_jout_kv_bool(&k->w, "more", k->last < last);
  th_jout_end_object(&k->w);
  return rc;
}

int th_changes_put(th_registry *registry, uint64_t since, size_t limit, bool records, th_buf *out,
                   th_err *err) {
  walk k = {.records = records, .err = err};
  uint64_t last = 0;
  th_buf_init(&k.record, 0);
  th_jout_init(&k.w, out, false);
  k.reader = th_store_reader_acquire(th_registry_store(registry), err);
  if (!k.reader) return err && err->code ? err->code : TH_EIO;
  int rc = th_store_last_seq(k.reader, &last, err);
  if (!rc && since > last)
    rc = th_err_set(err, TH_EUSAGE,
                    "`since` %llu is beyond the last change, %llu: this log is another one, begin "
                    "again with 0",
                    (unsigned long long)since, (unsigned long long)last);
  if (!rc) rc = put_all(&k, since, limit, last);
  th_store_reader_release(k.reader);
  th_buf_dispose(&k.record);
  return rc;
}

static int last_seq(th_native *native, uint64_t *out, th_err *err) {
  th_store_reader *reader = th_store_reader_acquire(th_registry_store(native->registry), err);
  if (!reader) return err->code ? err->code : TH_EIO;
  int rc = th_store_last_seq(reader, out, err);
  th_store_reader_release(reader);
  return rc;
}

int th_native_changes(th_call *call, th_err *err) {
  uint64_t since = th_call_number(call, "since"), limit = th_call_number(call, "limit"), last;
  bool records = th_request_value(call->rq, "include").n > 0;
  int rc = last_seq(call->native, &last, err);
  if (rc) return rc;
  if (since > last) {
    call->code = "since_beyond_end";
    call->parameter = "since";
  } else if (th_call_holds(call, last, 0)) {
    return TH_OK;
  }
  if (records) limit = TH_MIN(limit, (uint64_t)1000);
  return th_changes_put(call->native->registry, since, limit, records, &call->rs->body, err);
}
