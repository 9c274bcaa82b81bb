/* A set of NCT numbers: a bit for each that there can be. The 12.5 MB are address space; memory is
 * taken only where bits are set. */
#ifndef TH_SYNC_IDS_H
#define TH_SYNC_IDS_H

#include "base/buf.h"
#include "base/common.h"

typedef struct th_ids {
  uint64_t *bits; /* owned; NULL until th_ids_init */
  size_t n;       /* members */
} th_ids;

int th_ids_init(th_ids *ids, th_err *err) TH_MUST_USE;
void th_ids_dispose(th_ids *ids);
void th_ids_clear(th_ids *ids);
/* True when it was not there. nct must be at most TH_NCT_MAX. */
bool th_ids_add(th_ids *ids, uint32_t nct);
bool th_ids_has(const th_ids *ids, uint32_t nct);
/* The smallest member >= from; 0 when there is none. */
uint32_t th_ids_next(const th_ids *ids, uint32_t from);

/* Appends the set as text of bytes: for each member, ascending, its distance from the one before it
 * (the first: from 0) as LEB128; then XXH3-64 of all that, 8 bytes little-endian. */
void th_ids_write(const th_ids *ids, th_buf *out);
/* Adds what th_ids_write wrote. TH_ECORRUPT when it does not check. */
int th_ids_read(th_ids *ids, th_span bytes, th_err *err) TH_MUST_USE;

#endif
