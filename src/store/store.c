/* The front: opening, the pool of readers, writing. */
#include "store/front.h"

#define NCT_MAX 99999999u

/* ---- readers ---- */

void store_reader_free(th_store_reader *reader) {
  if (!reader) return;
  if (reader->back) reader->store->ops->reader_close(reader->back);
  th_unpacker_free(reader->unpacker);
  th_buf_dispose(&reader->json);
  free(reader);
}

int store_reader_new(th_store_reader **out, th_store *store, th_err *err) {
  int rc = 0;
  th_store_reader *r = calloc(1, sizeof *r);
  if (!r) return th_err_set(err, TH_ENOMEM, "out of memory opening the store");
  r->store = store;
  th_buf_init(&r->json, TH_STORE_RECORD_MAX + TH_PAD);
  r->unpacker = th_unpacker_new(store->dicts, err);
  if (!r->unpacker) rc = TH_ENOMEM;
  if (!rc) rc = store->ops->reader_open(&r->back, store->back, err);
  if (rc)
    store_reader_free(r);
  else
    *out = r;
  return rc;
}

/* Where this thread looks first, so that threads seldom meet. */
static size_t own_slot(void) {
  static _Atomic size_t threads;
  static _Thread_local size_t slot; /* from 1 */
  if (!slot) slot = 1 + atomic_fetch_add(&threads, 1) % READERS_KEPT;
  return slot - 1;
}

th_store_reader *th_store_reader_acquire(th_store *store, th_err *err) {
  th_store_reader *r = NULL;
  size_t slot = own_slot();
  for (size_t i = 0; i < READERS_KEPT; i++) {
    r = atomic_exchange(&store->readers[(slot + i) % READERS_KEPT], NULL);
    if (r) return r;
  }
  return store_reader_new(&r, store, err) ? NULL : r;
}

void th_store_reader_release(th_store_reader *reader) {
  if (!reader) return;
  size_t slot = own_slot();
  for (size_t i = 0; i < READERS_KEPT; i++) {
    th_store_reader *none = NULL;
    if (atomic_compare_exchange_strong(&reader->store->readers[(slot + i) % READERS_KEPT], &none,
                                       reader))
      return;
  }
  store_reader_free(reader);
}

/* ---- opening ---- */

void th_store_close(th_store *store) {
  if (!store) return;
  for (size_t i = 0; i < READERS_KEPT; i++)
    store_reader_free(atomic_load(&store->readers[i]));
  th_packer_free(store->packer);
  if (store->back) store->ops->close(store->back);
  th_dicts_free(store->dicts);
  free(store);
}

/* A writer must know the dictionary in use. */
static int start_writer(th_store *s, th_err *err) {
  uint32_t last = 0;
  th_store_reader *r = NULL;
  int rc = store_reader_new(&r, s, err);
  if (rc) return rc;
  rc = store_load_dicts(r, &last, err);
  store_reader_free(r);
  th_dicts_use(s->dicts, last);
  s->next_dict = last + 1;
  return rc;
}

int th_store_open(th_store **out, const char *dir, th_store_mode mode, th_err *err) {
  *out = NULL;
  int rc = 0;
  th_store *s = calloc(1, sizeof *s);
  if (!s) return th_err_set(err, TH_ENOMEM, "out of memory opening the store");
  s->ops = &th_sqlite_ops;
  s->mode = mode;
  s->dicts = th_dicts_new(err);
  if (!s->dicts) rc = TH_ENOMEM;
  if (!rc) rc = s->ops->open(&s->back, dir, mode, err);
  if (!rc && mode == TH_STORE_WRITE) rc = start_writer(s, err);
  if (rc)
    th_store_close(s);
  else
    *out = s;
  return rc;
}

/* ---- packing ---- */

th_packer *th_store_packer_new(th_store *store, th_err *err) {
  return th_packer_new(store->dicts, err);
}

uint32_t th_store_dict(const th_store *store) {
  return th_dicts_current(store->dicts);
}

static int must_write(const th_store *store, th_err *err) {
  if (store->mode == TH_STORE_WRITE) return 0;
  return th_err_set(err, TH_EUSAGE, "the store is open for reading only");
}

int th_store_train(th_store *store, const th_span *samples, size_t n, uint32_t *dict_id,
                   th_err *err) {
  th_buf bytes;
  th_buf_init(&bytes, 0);
  *dict_id = 0;
  int rc = must_write(store, err);
  uint32_t id = store->next_dict;
  if (!rc && id >= TH_DICTS_MAX)
    rc = th_err_set(err, TH_ELIMIT, "the store has %d dictionaries already", TH_DICTS_MAX - 1);
  if (!rc) rc = th_dict_train(samples, n, &bytes, err);
  if (rc || bytes.n == 0) goto done;
  store->next_dict++;
  if ((rc = th_dicts_add(store->dicts, id, th_buf_view(&bytes), err))) goto done;
  if ((rc = store->ops->dict_add(store->back, id, th_buf_view(&bytes), err))) goto done;
  th_dicts_use(store->dicts, id);
  *dict_id = id;
done:
  th_buf_dispose(&bytes);
  return rc;
}

/* ---- writing ---- */

static int verify_put(const th_store *store, const th_put *put, th_err *err) {
  if (put->nct == 0 || put->nct > NCT_MAX)
    return th_err_set(err, TH_EUSAGE, "%u is no NCT number", put->nct);
  if (put->json.n == 0 || put->json.n > TH_STORE_RECORD_MAX)
    return th_err_set(err, TH_ELIMIT, "NCT%08u: a record of %zu bytes", put->nct, put->json.n);
  if (put->packed.p && !th_dicts_has(store->dicts, put->dict_id))
    return th_err_set(err, TH_EUSAGE, "NCT%08u: no dictionary %u", put->nct, put->dict_id);
  return 0;
}

/* Packs those that come unpacked, into out. Their spans are set when out has ceased to move. */
static int pack_missing(th_store *store, th_put *puts, size_t n, th_buf *out, th_err *err) {
  int rc = 0;
  if (!store->packer && !(store->packer = th_packer_new(store->dicts, err))) return TH_ENOMEM;
  for (size_t i = 0; !rc && i < n; i++) {
    if (puts[i].packed.p) continue;
    size_t at = out->n;
    rc = th_packer_pack(store->packer, puts[i].json, out, &puts[i].dict_id, err);
    puts[i].packed.n = out->n - at;
  }
  if (rc) return rc;
  const char *at = out->p;
  for (size_t i = 0; i < n; i++) {
    if (puts[i].packed.p) continue;
    puts[i].packed.p = at;
    at += puts[i].packed.n;
  }
  return 0;
}

/* The spans into our own buffer are taken back. */
static void unset_packed(th_put *puts, size_t n, const th_buf *packed) {
  for (size_t i = 0; i < n; i++) {
    const char *p = puts[i].packed.p;
    if (!p || (packed->p && p >= packed->p && p < packed->p + packed->n))
      puts[i].packed = (th_span){0};
  }
}

int th_store_put(th_store *store, th_put *puts, size_t n, th_err *err) {
  th_buf packed;
  th_buf_init(&packed, 0);
  bool missing = false;
  int rc = must_write(store, err);
  for (size_t i = 0; !rc && i < n; i++) {
    rc = verify_put(store, &puts[i], err);
    missing |= !puts[i].packed.p;
  }
  if (!rc && missing) rc = pack_missing(store, puts, n, &packed, err);
  if (!rc && n) rc = store->ops->put(store->back, puts, n, err);
  if (missing) unset_packed(puts, n, &packed);
  th_buf_dispose(&packed);
  return rc;
}

int th_store_remove(th_store *store, uint32_t nct, uint64_t *seq, th_err *err) {
  uint64_t unused;
  int rc = must_write(store, err);
  return rc ? rc : store->ops->remove(store->back, nct, seq ? seq : &unused, err);
}

int th_store_meta_set(th_store *store, const char *key, const th_span *value, th_err *err) {
  size_t n = strlen(key);
  int rc = must_write(store, err);
  if (!rc && (n == 0 || n > 200)) rc = th_err_set(err, TH_EUSAGE, "a key of %zu bytes", n);
  return rc ? rc : store->ops->meta_set(store->back, key, value, err);
}

int th_store_checkpoint(th_store *store, th_err *err) {
  int rc = must_write(store, err);
  return rc ? rc : store->ops->checkpoint(store->back, err);
}
