#include "store/pack.h"

#include <stdatomic.h>

#define ZDICT_STATIC_LINKING_ONLY
#include <zdict.h>
#include <zstd.h>
#include <zstd_errors.h>

/* Exported by the library of Debian 12 and 13, but not promised by zstd: without it the promised
 * function does the same, several times slower. */
#pragma weak ZDICT_trainFromBuffer_fastCover

/* Level 3 packs records a tenth smaller and takes a third longer: of an import that is more than
 * what the log of changes costs. */
#define LEVEL 1
/* Fewer samples than this make no dictionary that is worth its place. */
#define TRAIN_MIN_SAMPLES 100
#define TRAIN_MIN_BYTES (8 * TH_DICT_BYTES)

typedef struct dict {
  ZSTD_DDict *ddict;
  ZSTD_CDict *_Atomic cdict; /* made when it is first packed with */
  size_t n;
  char bytes[]; /* borrowed by ddict and cdict */
} dict;

struct th_dicts {
  _Atomic uint32_t current;
  dict *_Atomic slots[TH_DICTS_MAX];
};

th_dicts *th_dicts_new(th_err *err) {
  th_dicts *dicts = calloc(1, sizeof *dicts);
  if (!dicts) th_err_set(err, TH_ENOMEM, "out of memory opening the store");
  return dicts;
}

static void dict_free(dict *d) {
  if (!d) return;
  ZSTD_freeDDict(d->ddict);
  ZSTD_freeCDict(atomic_load(&d->cdict));
  free(d);
}

void th_dicts_free(th_dicts *dicts) {
  if (!dicts) return;
  for (size_t i = 0; i < TH_DICTS_MAX; i++)
    dict_free(atomic_load(&dicts->slots[i]));
  free(dicts);
}

static dict *dict_of(const th_dicts *dicts, uint32_t id) {
  if (id >= TH_DICTS_MAX) return NULL;
  return atomic_load_explicit(&dicts->slots[id], memory_order_acquire);
}

bool th_dicts_has(const th_dicts *dicts, uint32_t id) {
  return id == 0 || dict_of(dicts, id);
}

int th_dicts_add(th_dicts *dicts, uint32_t id, th_span bytes, th_err *err) {
  if (id == 0 || id >= TH_DICTS_MAX)
    return th_err_set(err, TH_ECORRUPT, "dictionary number %u is out of range", id);
  if (dict_of(dicts, id)) return 0;
  if (ZDICT_getDictID(bytes.p, bytes.n) == 0)
    return th_err_set(err, TH_ECORRUPT, "dictionary %u is damaged", id);
  dict *d = malloc(sizeof *d + bytes.n);
  if (!d) return th_err_set(err, TH_ENOMEM, "out of memory for dictionary %u", id);
  memcpy(d->bytes, bytes.p, bytes.n);
  d->n = bytes.n;
  atomic_init(&d->cdict, NULL);
  d->ddict = ZSTD_createDDict(d->bytes, d->n);
  if (!d->ddict) {
    free(d);
    return th_err_set(err, TH_ENOMEM, "out of memory for dictionary %u", id);
  }
  dict *none = NULL;
  if (!atomic_compare_exchange_strong(&dicts->slots[id], &none, d)) dict_free(d);
  return 0;
}

void th_dicts_use(th_dicts *dicts, uint32_t id) {
  atomic_store(&dicts->current, id);
}
uint32_t th_dicts_current(const th_dicts *dicts) {
  return atomic_load(&dicts->current);
}

/* Copies the samples end to end, as the trainer wants them. */
static int gather(const th_span *samples, size_t n, th_buf *all, size_t *sizes) {
  for (size_t i = 0; i < n; i++) {
    th_buf_span(all, samples[i]);
    sizes[i] = samples[i].n;
  }
  return all->error;
}

/* The promised function tries several segment lengths k; on study records 200 packs as well as the
 * best of them. A table of frequencies that fits the near memory, and looking at every fourth
 * place, take less than half the time of f 20 and accel 2 for packed records .3 % larger. */
static size_t run_trainer(char *to, const char *all, const size_t *sizes, unsigned n) {
  ZDICT_fastCover_params_t how = {.k = 200, .d = 8, .f = 18, .splitPoint = 1.0, .accel = 4};
  how.zParams.compressionLevel = LEVEL;
  if (ZDICT_trainFromBuffer_fastCover)
    return ZDICT_trainFromBuffer_fastCover(to, TH_DICT_BYTES, all, sizes, n, how);
  return ZDICT_trainFromBuffer(to, TH_DICT_BYTES, all, sizes, n);
}

int th_dict_train(const th_span *samples, size_t n, th_buf *out, th_err *err) {
  int rc = 0;
  size_t total = 0, *sizes = NULL;
  th_buf all;
  th_buf_init(&all, 0);
  for (size_t i = 0; i < n; i++)
    total += samples[i].n;
  if (n < TRAIN_MIN_SAMPLES || n > UINT32_MAX || total < TRAIN_MIN_BYTES) goto done;
  sizes = malloc(n * sizeof *sizes);
  char *to = th_buf_room(out, TH_DICT_BYTES);
  if (!sizes || !to || gather(samples, n, &all, sizes)) {
    rc = th_err_set(err, TH_ENOMEM, "out of memory training a dictionary");
    goto done;
  }
  size_t got = run_trainer(to, all.p, sizes, (unsigned)n);
  if (!ZDICT_isError(got)) th_buf_added(out, got);
done:
  th_buf_dispose(&all);
  free(sizes);
  return rc;
}

/* ---- packing ---- */

struct th_packer {
  th_dicts *dicts;
  ZSTD_CCtx *context;
  uint32_t dict_id; /* what the context now refers to */
};

th_packer *th_packer_new(th_dicts *dicts, th_err *err) {
  th_packer *p = calloc(1, sizeof *p);
  if (p) p->context = ZSTD_createCCtx();
  if (!p || !p->context) {
    th_err_set(err, TH_ENOMEM, "out of memory for a packer");
    free(p);
    return NULL;
  }
  p->dicts = dicts;
  /* The row knows length, dictionary and hash. */
  ZSTD_CCtx_setParameter(p->context, ZSTD_c_compressionLevel, LEVEL);
  ZSTD_CCtx_setParameter(p->context, ZSTD_c_contentSizeFlag, 0);
  ZSTD_CCtx_setParameter(p->context, ZSTD_c_dictIDFlag, 0);
  return p;
}

void th_packer_free(th_packer *packer) {
  if (!packer) return;
  ZSTD_freeCCtx(packer->context);
  free(packer);
}

static ZSTD_CDict *cdict_of(dict *d) {
  ZSTD_CDict *have = atomic_load(&d->cdict);
  if (have) return have;
  ZSTD_CDict *made = ZSTD_createCDict(d->bytes, d->n, LEVEL);
  if (!made || atomic_compare_exchange_strong(&d->cdict, &have, made)) return made;
  ZSTD_freeCDict(made); /* another thread was first */
  return have;
}

/* Points the context to the dictionary now in use. */
static int follow_dict(th_packer *p, th_err *err) {
  uint32_t id = th_dicts_current(p->dicts);
  if (id == p->dict_id) return 0;
  ZSTD_CDict *cdict = id ? cdict_of(dict_of(p->dicts, id)) : NULL;
  if ((id && !cdict) || ZSTD_isError(ZSTD_CCtx_refCDict(p->context, cdict)))
    return th_err_set(err, TH_ENOMEM, "out of memory for dictionary %u", id);
  p->dict_id = id;
  return 0;
}

int th_packer_pack(th_packer *packer, th_span json, th_buf *out, uint32_t *dict_id, th_err *err) {
  if (json.n > TH_STORE_RECORD_MAX)
    return th_err_set(err, TH_ELIMIT, "a record of %zu bytes is too long", json.n);
  int rc = follow_dict(packer, err);
  if (rc) return rc;
  size_t bound = ZSTD_compressBound(json.n);
  char *to = th_buf_room(out, bound);
  if (!to) return th_err_set(err, out->error, "packing: %s", th_code_text(out->error));
  size_t n = ZSTD_compress2(packer->context, to, bound, json.p, json.n);
  /* With room for the worst case there is nothing but memory that can be short. */
  if (ZSTD_isError(n)) return th_err_set(err, TH_ENOMEM, "packing: %s", ZSTD_getErrorName(n));
  th_buf_added(out, n);
  *dict_id = packer->dict_id;
  return 0;
}

/* ---- unpacking ---- */

struct th_unpacker {
  th_dicts *dicts;
  ZSTD_DCtx *context;
};

th_unpacker *th_unpacker_new(th_dicts *dicts, th_err *err) {
  th_unpacker *u = calloc(1, sizeof *u);
  if (u) u->context = ZSTD_createDCtx();
  if (!u || !u->context) {
    th_err_set(err, TH_ENOMEM, "out of memory for an unpacker");
    free(u);
    return NULL;
  }
  u->dicts = dicts;
  return u;
}

void th_unpacker_free(th_unpacker *unpacker) {
  if (!unpacker) return;
  ZSTD_freeDCtx(unpacker->context);
  free(unpacker);
}

int th_unpacker_unpack(th_unpacker *unpacker, th_span packed, uint32_t dict_id, size_t len,
                       th_buf *out, th_err *err) {
  dict *d = dict_of(unpacker->dicts, dict_id);
  if (dict_id && !d) return th_err_set(err, TH_ECORRUPT, "there is no dictionary %u", dict_id);
  if (len > TH_STORE_RECORD_MAX)
    return th_err_set(err, TH_ECORRUPT, "a length of %zu bytes cannot be", len);
  char *to = th_buf_room(out, len);
  if (!to) return th_err_set(err, out->error, "unpacking: %s", th_code_text(out->error));
  size_t n =
      d ? ZSTD_decompress_usingDDict(unpacker->context, to, len, packed.p, packed.n, d->ddict)
        : ZSTD_decompressDCtx(unpacker->context, to, len, packed.p, packed.n);
  if (ZSTD_isError(n) && ZSTD_getErrorCode(n) == ZSTD_error_memory_allocation)
    return th_err_set(err, TH_ENOMEM, "unpacking: %s", ZSTD_getErrorName(n));
  if (ZSTD_isError(n) || n != len)
    return th_err_set(err, TH_ECORRUPT, "it does not unpack (%s)",
                      ZSTD_isError(n) ? ZSTD_getErrorName(n) : "too short");
  th_buf_added(out, n);
  return 0;
}
