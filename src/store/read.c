/* The front's reading half: rows become records, and every checksum is compared on the way. */
#include "store/front.h"

#include <endian.h>

/* ---- dictionaries ---- */

typedef struct dict_walk {
  th_dicts *dicts;
  uint32_t last;
  th_err *err;
} dict_walk;

static int take_dict(void *ctx, th_span name, th_span value, uint64_t sum) {
  dict_walk *w = ctx;
  uint32_t id = 0;
  if (name.n == sizeof id) memcpy(&id, name.p, sizeof id);
  id = le32toh(id);
  if (sum != th_named_sum(name, value))
    return th_err_set(w->err, TH_ECORRUPT, "dictionary %u does not check", id);
  w->last = TH_MAX(w->last, id);
  return th_dicts_add(w->dicts, id, value, w->err);
}

int store_load_dicts(th_store_reader *reader, uint32_t *last, th_err *err) {
  dict_walk w = {.dicts = reader->store->dicts, .err = err};
  int rc = reader->store->ops->dict(reader->back, 0, take_dict, &w, err);
  *last = w.last;
  return rc;
}

static int need_dict(th_store_reader *reader, uint32_t id, th_err *err) {
  dict_walk w = {.dicts = reader->store->dicts, .err = err};
  if (th_dicts_has(w.dicts, id)) return 0;
  int rc = reader->store->ops->dict(reader->back, id, take_dict, &w, err);
  return rc == TH_ENOTFOUND ? th_err_set(err, TH_ECORRUPT, "dictionary %u is missing", id) : rc;
}

/* ---- one record ---- */

/* Rows come with their own checksum compared. The packed bytes are compared before zstd sees them,
 * the JSON after. */
int store_unpack(th_store_reader *reader, const th_row *row, th_span packed, th_buf *out,
                 th_err *err) {
  uint64_t hash[2];
  th_err why = {0};
  size_t at = out->n;
  if (packed.n != row->packed_len || th_bytes_sum(packed) != row->packed_sum)
    return th_row_corrupt(row, "the packed record does not check", err);
  int rc = need_dict(reader, row->dict, &why);
  if (!rc) rc = th_unpacker_unpack(reader->unpacker, packed, row->dict, row->len, out, &why);
  if (rc == TH_ECORRUPT) return th_row_corrupt(row, why.message, err);
  if (rc) return th_err_set(err, rc, "NCT%08u: %s", row->nct, why.message);
  th_store_hash((th_span){out->p + at, out->n - at}, hash);
  if (hash[0] != row->hash[0] || hash[1] != row->hash[1])
    return th_row_corrupt(row, "the record does not have the hash it was stored with", err);
  return 0;
}

static th_record record_of(const th_row *row, th_span json) {
  return (th_record){.nct = row->nct,
                     .version = row->version,
                     .seq = row->seq,
                     .stored_utc = row->utc,
                     .kind = row->kind,
                     .len = row->len,
                     .hash = {row->hash[0], row->hash[1]},
                     .json = json};
}

typedef struct get_state {
  th_store_reader *reader;
  th_buf *out;
  th_row row;
  th_err *err;
} get_state;

static int take_record(void *ctx, const th_row *row, th_span packed) {
  get_state *g = ctx;
  g->row = *row;
  if (row->kind != TH_CHANGE_PUT) return 0;
  return store_unpack(g->reader, row, packed, g->out, g->err);
}

static int take_row(void *ctx, const th_row *row, th_span packed) {
  (void)packed;
  *(th_row *)ctx = *row;
  return 0;
}

static int not_found(uint32_t nct, th_err *err) {
  return th_err_set(err, TH_ENOTFOUND, "NCT%08u is not in the store", nct);
}

/* The study's last entry, without its record. */
static int last_entry(th_store_reader *r, uint32_t nct, th_row *row, th_err *err) {
  *row = (th_row){0};
  int rc = r->store->ops->scan(r->back, nct, nct, false, take_row, row, err);
  return rc || row->seq ? rc : not_found(nct, err);
}

/* From an entry to the study's entry before it. Entries point backwards only, so this ends. */
static int step_back(th_store_reader *r, th_row *row, th_err *err) {
  th_row here = *row;
  int rc = r->store->ops->entry(r->back, here.prev, false, take_row, row, err);
  if (rc && rc != TH_ENOTFOUND) return rc;
  if (rc || row->nct != here.nct || row->seq >= here.seq)
    return th_row_corrupt(&here, "the entry before it is missing", err);
  return 0;
}

static int get_version(get_state *g, uint32_t nct, uint32_t version) {
  th_store_reader *r = g->reader;
  int rc = last_entry(r, nct, &g->row, g->err);
  while (!rc && (g->row.version != version || g->row.kind != TH_CHANGE_PUT)) {
    if (g->row.prev == 0 || g->row.version < version)
      return th_err_set(g->err, TH_ENOTFOUND, "NCT%08u has no version %u", nct, version);
    rc = step_back(r, &g->row, g->err);
  }
  return rc ? rc : r->store->ops->entry(r->back, g->row.seq, true, take_record, g, g->err);
}

int th_store_get(th_store_reader *reader, uint32_t nct, int version, th_buf *out, th_record *record,
                 th_err *err) {
  get_state g = {.reader = reader, .out = out, .err = err};
  int rc;
  th_buf_clear(out);
  if (version > 0) {
    rc = get_version(&g, nct, (uint32_t)version);
  } else {
    rc = reader->store->ops->newest(reader->back, nct, take_record, &g, err);
    if (rc == TH_ENOTFOUND)
      rc = not_found(nct, err);
    else if (!rc && g.row.kind != TH_CHANGE_PUT)
      rc = th_err_set(err, TH_ENOTFOUND, "NCT%08u was removed", nct);
  }
  if (rc) th_buf_clear(out);
  if (record) *record = record_of(&g.row, th_buf_view(out));
  return rc;
}

/* ---- walks ---- */

int th_store_history(th_store_reader *reader, uint32_t nct, th_record_fn fn, void *ctx,
                     th_err *err) {
  th_row row;
  int rc = last_entry(reader, nct, &row, err);
  while (!rc) {
    th_record record = record_of(&row, (th_span){0});
    if ((rc = fn(ctx, &record)) || row.prev == 0) break;
    rc = step_back(reader, &row, err);
  }
  return rc;
}

typedef struct walk_state {
  th_store_reader *reader;
  th_record_fn fn;
  void *ctx;
  uint64_t expected;
  th_err *err;
} walk_state;

static int pass_change(void *ctx, const th_row *row, th_span packed) {
  (void)packed;
  walk_state *w = ctx;
  if (row->seq != w->expected)
    return th_err_set(w->err, TH_ECORRUPT, "entry %llu is missing from the store's log",
                      (unsigned long long)w->expected);
  w->expected++;
  th_record record = record_of(row, (th_span){0});
  return w->fn(w->ctx, &record);
}

int th_store_changes(th_store_reader *reader, uint64_t since, size_t limit, th_record_fn fn,
                     void *ctx, th_err *err) {
  walk_state w = {.reader = reader, .fn = fn, .ctx = ctx, .expected = since + 1, .err = err};
  return reader->store->ops->log(reader->back, since, limit, false, pass_change, &w, err);
}

static int pass_record(void *ctx, const th_row *row, th_span packed) {
  walk_state *w = ctx;
  th_buf *json = &w->reader->json;
  if (row->kind != TH_CHANGE_PUT) return 0;
  th_buf_clear(json);
  int rc = store_unpack(w->reader, row, packed, json, w->err);
  if (rc) return rc;
  th_record record = record_of(row, th_buf_view(json));
  return w->fn(w->ctx, &record);
}

int th_store_scan(th_store_reader *reader, uint32_t first, uint32_t last, th_record_fn fn,
                  void *ctx, th_err *err) {
  walk_state w = {.reader = reader, .fn = fn, .ctx = ctx, .err = err};
  return reader->store->ops->scan(reader->back, first, last, true, pass_record, &w, err);
}

/* ---- hashes ---- */

typedef struct hash_walk {
  th_hashes *out;
  size_t cap;
} hash_walk;

static int grow_hashes(hash_walk *w) {
  size_t cap = w->cap ? w->cap * 2 : 1024;
  uint32_t *nct = reallocarray(w->out->nct, cap, sizeof *nct);
  if (nct) w->out->nct = nct;
  uint64_t(*hash)[2] = nct ? reallocarray(w->out->hash, cap, sizeof *hash) : NULL;
  if (!hash) return TH_ENOMEM;
  w->out->hash = hash;
  w->cap = cap;
  return 0;
}

static int take_hash(void *ctx, const th_row *row, th_span packed) {
  (void)packed;
  hash_walk *w = ctx;
  th_hashes *out = w->out;
  if (row->kind != TH_CHANGE_PUT) return 0;
  if (out->n == w->cap && grow_hashes(w)) return TH_ENOMEM;
  out->nct[out->n] = row->nct;
  memcpy(out->hash[out->n++], row->hash, sizeof row->hash);
  return 0;
}

int th_store_hashes(th_store_reader *reader, th_hashes *out, th_err *err) {
  *out = (th_hashes){0};
  hash_walk w = {.out = out};
  int rc = reader->store->ops->scan(reader->back, 0, UINT32_MAX, false, take_hash, &w, err);
  if (rc == TH_ENOMEM) th_err_set(err, rc, "out of memory for the table of hashes");
  if (rc) th_hashes_dispose(out);
  return rc;
}

void th_hashes_dispose(th_hashes *hashes) {
  free(hashes->nct);
  free(hashes->hash);
  *hashes = (th_hashes){0};
}

const uint64_t *th_hashes_find(const th_hashes *hashes, uint32_t nct) {
  size_t low = 0, high = hashes->n;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (hashes->nct[middle] < nct)
      low = middle + 1;
    else
      high = middle;
  }
  return low < hashes->n && hashes->nct[low] == nct ? hashes->hash[low] : NULL;
}

/* ---- small things ---- */

typedef struct alias_state {
  uint32_t current;
  th_err *err;
} alias_state;

static int take_alias(void *ctx, uint64_t old, uint64_t nct, uint64_t sum) {
  alias_state *a = ctx;
  if (sum != th_pair_sum(TH_PAIR_ALIAS, old, nct))
    return th_err_set(a->err, TH_ECORRUPT, "the alias NCT%08u does not check", (uint32_t)old);
  a->current = (uint32_t)nct;
  return 0;
}

int th_store_alias(th_store_reader *reader, uint32_t old, uint32_t *current, th_err *err) {
  alias_state a = {.err = err};
  int rc = reader->store->ops->alias(reader->back, old, take_alias, &a, err);
  *current = a.current;
  return rc == TH_ENOTFOUND ? th_err_set(err, rc, "NCT%08u is no alias", old) : rc;
}

typedef struct meta_state {
  th_buf *out;
  th_err *err;
} meta_state;

static int take_meta(void *ctx, th_span name, th_span value, uint64_t sum) {
  meta_state *m = ctx;
  if (sum != th_named_sum(name, value))
    return th_err_set(m->err, TH_ECORRUPT, "the value of %.*s does not check",
                      (int)TH_MIN(name.n, (size_t)200), name.p);
  th_buf_span(m->out, value);
  return m->out->error ? th_err_set(m->err, m->out->error, "reading a value of the store") : 0;
}

int th_store_meta_get(th_store_reader *reader, const char *key, th_buf *out, th_err *err) {
  meta_state m = {.out = out, .err = err};
  th_buf_clear(out);
  int rc = reader->store->ops->meta(reader->back, key, take_meta, &m, err);
  return rc == TH_ENOTFOUND ? th_err_set(err, rc, "the store has no value for %s", key) : rc;
}

typedef struct meta_walk {
  th_span prefix;
  th_value_fn fn;
  void *ctx;
  th_err *err;
} meta_walk;

static int walk_meta(void *ctx, th_span name, th_span value, uint64_t sum) {
  meta_walk *w = ctx;
  if (!th_span_starts(name, w->prefix)) return 0;
  if (sum != th_named_sum(name, value))
    return th_err_set(w->err, TH_ECORRUPT, "the value of %.*s does not check",
                      (int)TH_MIN(name.n, (size_t)200), name.p);
  return w->fn(w->ctx, name, value);
}

int th_store_meta_each(th_store_reader *reader, const char *prefix, th_value_fn fn, void *ctx,
                       th_err *err) {
  meta_walk w = {th_span_of(prefix), fn, ctx, err};
  return reader->store->ops->meta(reader->back, NULL, walk_meta, &w, err);
}

int th_store_last_seq(th_store_reader *reader, uint64_t *out, th_err *err) {
  *out = 0;
  return reader->store->ops->last_seq(reader->back, out, err);
}

static int count_entry(void *ctx, const th_row *row, th_span packed) {
  (void)packed;
  th_store_counts *c = ctx;
  c->versions += row->kind == TH_CHANGE_PUT;
  c->last_seq = row->seq;
  c->last_utc = row->utc;
  c->json_bytes += row->len;
  c->packed_bytes += row->packed_len;
  return 0;
}

static int count_study(void *ctx, const th_row *row, th_span packed) {
  (void)packed;
  th_store_counts *c = ctx;
  if (row->kind == TH_CHANGE_PUT)
    c->studies++;
  else
    c->removed++;
  return 0;
}

static int count_dict(void *ctx, th_span name, th_span value, uint64_t sum) {
  (void)name, (void)value, (void)sum;
  ((th_store_counts *)ctx)->dictionaries++;
  return 0;
}

int th_store_stats(th_store_reader *reader, th_store_counts *out, th_err *err) {
  const th_store_ops *ops = reader->store->ops;
  *out = (th_store_counts){0};
  int rc = ops->snapshot(reader->back, true, err);
  if (rc) return rc;
  rc = ops->log(reader->back, 0, SIZE_MAX, false, count_entry, out, err);
  if (!rc) rc = ops->scan(reader->back, 0, UINT32_MAX, false, count_study, out, err);
  if (!rc) rc = ops->dict(reader->back, 0, count_dict, out, err);
  if (!rc) rc = ops->file_bytes(reader->back, &out->file_bytes, err);
  int ended = ops->snapshot(reader->back, false, rc ? NULL : err);
  return rc ? rc : ended;
}
