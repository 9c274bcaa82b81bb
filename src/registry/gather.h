/* What is noted of records while they are parsed for the index, so that what follows from them
 * (dictionary, criteria book) need not read them again: counts of names, and the texts of criteria.
 * It is a help and no more: what is not in it is read from the store. */
#ifndef TH_REGISTRY_GATHER_H
#define TH_REGISTRY_GATHER_H

#include "base/arena.h"
#include "base/json.h"
#include "concept/evidence.h"

typedef struct th_gather th_gather;

/* Of one record. */
typedef struct th_note {
  uint64_t at; /* its criteria, in the worker's file */
  uint32_t len;
  uint16_t worker;
  bool kept, counted;
} th_note;

/* The texts go into files without a name in the folder dir. NULL when memory is exhausted. */
th_gather *th_gather_new(const char *dir, unsigned n_workers) TH_MUST_USE;
void th_gather_free(th_gather *g);

/* A worker has taken a record. count: its names are counted, as those of a study that is likely to
 * be new. One thread a worker. Errors: TH_ENOMEM. */
int th_gather_record(th_gather *g, unsigned worker, const th_json *json, uint32_t nct, bool count,
                     th_note *note, th_err *err) TH_MUST_USE;
/* What became of it: entry seq of the log (0: none), fresh: the study's first. json: its bytes, for
 * taking its names out again when it is not. Any thread. Errors: TH_ENOMEM. */
int th_gather_settle(th_gather *g, const th_note *note, uint32_t nct, uint64_t seq, bool fresh,
                     th_span json, th_err *err) TH_MUST_USE;

/* ---- when all workers are done ---- */

/* Before what stands below. */
void th_gather_seal(th_gather *g);
/* Adds the counts; g may be NULL, as below. */
int th_gather_evidence(const th_gather *g, th_evidence *into, th_err *err) TH_MUST_USE;
/* The entry of a study whose names are in the counts; 0: none is. */
uint64_t th_gather_counted(const th_gather *g, uint32_t nct);
/* The criteria of an entry, in arena. TH_ENOTFOUND: not kept. Any thread. */
int th_gather_text(const th_gather *g, uint64_t seq, th_arena *arena, th_span *out) TH_MUST_USE;

#endif
