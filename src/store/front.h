/* The front's own structures, shared by store.c, read.c and check.c. */
#ifndef TH_STORE_FRONT_H
#define TH_STORE_FRONT_H

#include "store/ops.h"

#include <stdatomic.h>

/* More readers than this at the same time work too; they are opened and closed each time. */
#define READERS_KEPT 64

struct th_store {
  const th_store_ops *ops;
  void *back;
  th_store_mode mode;
  th_dicts *dicts;
  uint32_t next_dict; /* also past ids whose storing failed: an id is never used twice */
  th_packer *packer;  /* for puts that come unpacked; made when first needed */
  th_store_reader *_Atomic readers[READERS_KEPT];
};

struct th_store_reader {
  th_store *store;
  void *back;
  th_unpacker *unpacker;
  th_buf json; /* of th_store_scan */
};

int store_reader_new(th_store_reader **out, th_store *store, th_err *err) TH_MUST_USE;
void store_reader_free(th_store_reader *reader);
/* Appends the record's JSON to out, every checksum compared. */
int store_unpack(th_store_reader *reader, const th_row *row, th_span packed, th_buf *out,
                 th_err *err) TH_MUST_USE;
/* Makes all dictionaries of the store known; *last is the highest id. */
int store_load_dicts(th_store_reader *reader, uint32_t *last, th_err *err) TH_MUST_USE;

#endif
