/* What the parts of an import share; how they work together is in import.c. */
#ifndef TH_REGISTRY_IMPORT_PRIVATE_H
#define TH_REGISTRY_IMPORT_PRIVATE_H

#include "registry/concepts.h"
#include "registry/gather.h"
#include "registry/internal.h"

#include "base/json.h"
#include "base/queue.h"
#include "index/builder.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
  TH_IMPORT_MOST_WORKERS = 16,
  TH_IMPORT_GROUP_RECORDS = 8192,   /* most records of one transaction */
  TH_IMPORT_BATCH_BYTES = 1 << 20,  /* of one th_import_job */
  TH_IMPORT_SAMPLE_BYTES = 6 << 20, /* for the dictionary */
  TH_IMPORT_WAITING = 5,            /* most jobs of a worker that wait for the dictionary */
  TH_IMPORT_NO_DOC = -1,
};

typedef struct th_import_item {
  const th_raw_record *raw;
  th_put put;
  int64_t doc;        /* in the worker's builder, or TH_IMPORT_NO_DOC */
  bool known, same;   /* the study was there at the start of the run, with these very bytes or what
                         they say */
  size_t packed_from; /* in job.packed */
  th_note note;       /* when it has a doc */
} th_import_item;

typedef struct th_import_ack {
  uint32_t doc;
  uint64_t seq;
} th_import_ack;

typedef struct th_import_job {
  uint64_t index; /* in the order of the input */
  unsigned worker;
  th_batch batch;
  th_import_item *items;
  size_t n_items, cap_items;
  th_reject *rejects; /* the worker's */
  size_t n_rejects, cap_rejects;
  th_buf packed;
  th_arena arena; /* aliases */
  uint64_t bytes, consumed, total;
} th_import_job;

struct th_import;

typedef struct th_import_worker {
  struct th_import *run;
  unsigned number;
  pthread_t thread;
  th_json_parser *parser;
  th_json_parser *older; /* of records as they are stored; NULL until one is looked at */
  th_buf stored;
  th_builder *builder;
  th_packer *packer;
  th_import_job *waiting[TH_IMPORT_WAITING]; /* analysed, not packed */
  unsigned n_waiting;
  uint64_t submitted;   /* documents handed to the writer */
  pthread_mutex_t lock; /* acks, acked */
  pthread_cond_t changed;
  th_import_ack *acks;
  size_t n_acks, cap_acks;
  uint64_t acked; /* documents the writer has decided about */
} th_import_worker;

typedef struct th_import {
  th_registry *r;
  const th_import_options *options;
  th_import_report *report;
  const char *const *paths;
  size_t n_paths;
  th_hashes hashes;
  th_gather *gathered;
  size_t flush_memory;

  th_import_worker workers[TH_IMPORT_MOST_WORKERS];
  unsigned n_workers;
  th_import_job *jobs;
  size_t n_jobs;
  th_queue *empty, *full;

  pthread_mutex_t lock; /* everything below */
  pthread_cond_t changed;
  th_import_job **done;        /* slot index % n_jobs */
  uint64_t next_index, n_read; /* jobs the writer has taken; jobs the reader has made */
  bool reader_done, sample_ready, dict_ready;
  th_paths segments;
  th_err err; /* the first failure: the run ends */
  _Atomic bool stop;

  uint32_t *touched; /* open addressing: studies that this run writes */
  size_t n_touched, cap_touched;
  uint64_t applied_seq, applied_mark; /* the log's end; its mark */
  th_concepts_made concepts;          /* of the log up to there */
  th_err later;                       /* why there are none */
  th_builder *late;                   /* documents that only the writer knew to be new */
  double started, last_progress;
} th_import;

/* ---- import.c ---- */

/* The first failure ends the run: it is kept, and all that wait are woken. */
void th_import_fail(th_import *run, const th_err *err);
/* Sets a flag under the run's lock and wakes those that wait for it. */
void th_import_announce(th_import *run, bool *flag);
/* The array with room for item n; NULL when memory is exhausted. */
void *th_import_grown(void *array, size_t *cap, size_t n, size_t size);

/* ---- the threads ---- */

void *th_import_reader(void *run);  /* import_read.c */
void *th_import_work(void *worker); /* import_work.c */
/* import_write.c: the caller's thread; returns when all is written. */
int th_import_write(th_import *run, th_err *err) TH_MUST_USE;

#endif
