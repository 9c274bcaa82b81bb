/* Packing of records: zstd with trained dictionaries. Internal to the room; callers see th_packer
 * in store.h.
 *
 * A th_dicts is shared by all threads of a store: dictionaries are added, never removed or changed,
 * so that looking one up is one atomic load. */
#ifndef TH_STORE_PACK_H
#define TH_STORE_PACK_H

#include "store/store.h"

/* Ids go from 1 to TH_DICTS_MAX - 1; 0 stands for "no dictionary". */
#define TH_DICTS_MAX 256
#define TH_DICT_BYTES ((size_t)110 << 10)

typedef struct th_dicts th_dicts;

th_dicts *th_dicts_new(th_err *err) TH_MUST_USE;
/* All packers and unpackers must have been freed. NULL is allowed. */
void th_dicts_free(th_dicts *dicts);
bool th_dicts_has(const th_dicts *dicts, uint32_t id);
/* Copies bytes. Adding an id that is there already changes nothing: ids are never used again. Any
 * thread. TH_ECORRUPT when zstd does not take the bytes. */
int th_dicts_add(th_dicts *dicts, uint32_t id, th_span bytes, th_err *err) TH_MUST_USE;
/* The dictionary for packing from now on; it must have been added (or 0). */
void th_dicts_use(th_dicts *dicts, uint32_t id);
uint32_t th_dicts_current(const th_dicts *dicts);
/* Appends a dictionary of at most TH_DICT_BYTES to out, nothing when the samples are too few or too
 * alike. */
int th_dict_train(const th_span *samples, size_t n, th_buf *out, th_err *err) TH_MUST_USE;

th_packer *th_packer_new(th_dicts *dicts, th_err *err) TH_MUST_USE;

/* A decompressor for one thread. */
typedef struct th_unpacker th_unpacker;
th_unpacker *th_unpacker_new(th_dicts *dicts, th_err *err) TH_MUST_USE;
void th_unpacker_free(th_unpacker *unpacker);
/* Appends exactly len bytes to out. TH_ECORRUPT when packed does not unpack to that many or the
 * dictionary was not added. */
int th_unpacker_unpack(th_unpacker *unpacker, th_span packed, uint32_t dict_id, size_t len,
                       th_buf *out, th_err *err) TH_MUST_USE;

#endif
