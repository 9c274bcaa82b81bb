/* Import: files in, store and index out, in one pass over each record.
 *
 *   reader ──jobs──▶ workers (one a processor) ──jobs, in input order──▶ writer (the caller's
 * thread) ▲  split           parse, check, hash,                      one transaction for what is
 * ready, │                  analyse into the worker's builder, pack  then each document's seq is
 * known └───────────────────── empty jobs ◀──────────────────────────────┘
 *
 * A job is a batch of records of about a megabyte; their number is fixed, so memory is bounded. The
 * writer takes jobs in the order of the input: a later record of the same study is a later version.
 * A worker writes its builder out as a segment when it has grown large, after the writer has told
 * the seq of every document in it. Segments are published as one generation at the end; when the
 * run dies before, the store has what was reported and the next run indexes it from the change log.
 */
#define _GNU_SOURCE
#include "registry/internal.h"

#include "base/json.h"
#include "base/queue.h"
#include "index/builder.h"
#include "study/nct.h"
#include "study/walk.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum {
  MOST_WORKERS = 16,
  GROUP_RECORDS = 8192,   /* most records of one transaction */
  BATCH_BYTES = 1 << 20,  /* of one job */
  SAMPLE_BYTES = 6 << 20, /* for the dictionary */
  NO_DOC = -1,
};

typedef struct item {
  const th_raw_record *raw;
  th_put put;
  int64_t doc;        /* in the worker's builder, or NO_DOC */
  bool same;          /* the newest version at the start of the run has these bytes */
  size_t packed_from; /* in job.packed */
} item;

typedef struct ack {
  uint32_t doc;
  uint64_t seq;
} ack;

typedef struct job {
  uint64_t index; /* in the order of the input */
  unsigned worker;
  th_batch batch;
  item *items;
  size_t n_items, cap_items;
  th_reject *rejects; /* the worker's */
  size_t n_rejects, cap_rejects;
  th_buf packed;
  th_arena arena; /* aliases */
  uint64_t bytes, consumed, total;
} job;

struct import;

typedef struct worker {
  struct import *run;
  unsigned number;
  pthread_t thread;
  th_json_parser *parser;
  th_builder *builder;
  th_packer *packer;
  uint64_t submitted;   /* documents handed to the writer */
  pthread_mutex_t lock; /* acks, acked */
  pthread_cond_t changed;
  ack *acks;
  size_t n_acks, cap_acks;
  uint64_t acked; /* documents the writer has decided about */
} worker;

typedef struct import {
  th_registry *r;
  const th_import_options *options;
  th_import_report *report;
  const char *const *paths;
  size_t n_paths;
  th_hashes hashes;
  size_t flush_memory;

  worker workers[MOST_WORKERS];
  unsigned n_workers;
  job *jobs;
  size_t n_jobs;
  th_queue *empty, *full;

  pthread_mutex_t lock; /* everything below */
  pthread_cond_t changed;
  job **done;                  /* slot index % n_jobs */
  uint64_t next_index, n_read; /* jobs the writer has taken; jobs the reader has made */
  bool reader_done, sample_ready, dict_ready;
  th_paths segments;
  th_err err; /* the first failure: the run ends */
  _Atomic bool stop;

  uint32_t *touched; /* open addressing: studies that this run writes */
  size_t n_touched, cap_touched;
  th_builder *late; /* documents that only the writer knew to be new */
  double started, last_progress;
} import;

static void fail_run(import *run, const th_err *err) {
  pthread_mutex_lock(&run->lock);
  if (!run->err.code) run->err = *err;
  atomic_store(&run->stop, true);
  pthread_cond_broadcast(&run->changed);
  pthread_mutex_unlock(&run->lock);
  th_queue_close(run->empty);
  th_queue_close(run->full);
  for (unsigned i = 0; i < run->n_workers; i++) {
    pthread_mutex_lock(&run->workers[i].lock);
    pthread_cond_broadcast(&run->workers[i].changed);
    pthread_mutex_unlock(&run->workers[i].lock);
  }
}

/* ---- reader ---- */

static void announce(import *run, bool *flag) {
  pthread_mutex_lock(&run->lock);
  *flag = true;
  pthread_cond_broadcast(&run->changed);
  pthread_mutex_unlock(&run->lock);
}

static void reset_job(job *j) {
  j->n_items = j->n_rejects = 0;
  j->bytes = 0;
  th_buf_clear(&j->packed);
  th_arena_reset(&j->arena, false);
}

static int read_file(import *run, const char *path, size_t *sampled, th_err *err) {
  th_source_limits limits = {.batch_bytes = BATCH_BYTES};
  th_source *source = th_source_open(path, &limits, err);
  if (!source) return err->code;
  int rc = 0;
  for (bool more = true; more && rc == 0;) {
    job *j = th_queue_pop(run->empty);
    if (!j) break;
    reset_job(j);
    rc = th_source_next(source, &j->batch, err);
    if (rc) break;
    th_source_progress(source, &j->consumed, &j->total);
    more = j->batch.n > 0;
    pthread_mutex_lock(&run->lock);
    j->index = run->n_read++;
    pthread_mutex_unlock(&run->lock);
    for (size_t i = 0; i < j->batch.n; i++)
      *sampled += j->batch.records[i].bytes.n;
    if (*sampled >= SAMPLE_BYTES || run->n_read == run->n_jobs / 2)
      announce(run, &run->sample_ready);
    if (!th_queue_push(run->full, j)) break;
  }
  th_source_close(source);
  return rc;
}

/* A file that cannot be opened or read does not end the run: what is broken is named, the rest goes
 * on. It is reported by a job of its own, in its place. */
static int report_file(import *run, const char *path, const th_err *err) {
  job *j = th_queue_pop(run->empty);
  if (!j) return 0;
  reset_job(j);
  j->batch.n = 0;
  j->batch.n_rejects = 0;
  if (j->cap_rejects == 0) {
    j->rejects = calloc(1, sizeof *j->rejects);
    if (!j->rejects) return TH_ENOMEM;
    j->cap_rejects = 1;
  }
  j->rejects[0] = (th_reject){.file = path};
  snprintf(j->rejects[0].reason, sizeof j->rejects[0].reason, "%.199s", err->message);
  j->n_rejects = 1;
  pthread_mutex_lock(&run->lock);
  j->index = run->n_read++;
  pthread_mutex_unlock(&run->lock);
  return th_queue_push(run->full, j) ? 0 : TH_EBUSY;
}

static void *reader_loop(void *arg) {
  import *run = arg;
  size_t sampled = 0;
  for (size_t i = 0; i < run->n_paths && !atomic_load(&run->stop); i++) {
    th_err err = {0};
    int rc = read_file(run, run->paths[i], &sampled, &err);
    if (rc == TH_ENOMEM || (rc && report_file(run, run->paths[i], &err))) fail_run(run, &err);
  }
  th_queue_close(run->full);
  pthread_mutex_lock(&run->lock);
  run->reader_done = run->sample_ready = true;
  pthread_cond_broadcast(&run->changed);
  pthread_mutex_unlock(&run->lock);
  return NULL;
}

/* ---- worker ---- */

static void *grown(void *array, size_t *cap, size_t n, size_t size) {
  if (n < *cap) return array;
  size_t wanted = *cap ? *cap * 2 : 64;
  void *p = realloc(array, wanted * size);
  if (p) *cap = wanted;
  return p;
}

static int add_reject(job *j, const th_raw_record *raw, uint32_t nct, const th_err *why) {
  th_reject *p = grown(j->rejects, &j->cap_rejects, j->n_rejects, sizeof *p);
  if (!p) return TH_ENOMEM;
  j->rejects = p;
  p = &j->rejects[j->n_rejects++];
  *p = (th_reject){.file = raw->file,
                   .entry = raw->entry,
                   .line = raw->line,
                   .offset = raw->offset + (why->has_offset ? why->offset : 0)};
  if (nct)
    snprintf(p->id, sizeof p->id, "NCT%08u", nct);
  else
    th_record_guess_id(raw->bytes, p->id);
  snprintf(p->reason, sizeof p->reason, "%.199s", why->message);
  return 0;
}

static int read_aliases(const th_json *j, th_arena *arena, th_put *put) {
  uint32_t list = th_json_path(j, 0, "protocolSection.identificationModule.nctIdAliases");
  if (!list || j->nodes[list].type != TH_JARRAY || j->nodes[list].n == 0) return 0;
  uint32_t *aliases = th_arena_calloc(arena, j->nodes[list].n, sizeof *aliases);
  if (!aliases) return TH_ENOMEM;
  for (th_json_each(j, list, e))
    if (th_nct_parse(th_json_text(j, e), &aliases[put->n_aliases])) put->n_aliases++;
  put->aliases = aliases;
  return 0;
}

static void wait_for_dictionary(import *run) {
  pthread_mutex_lock(&run->lock);
  while (!run->dict_ready && !atomic_load(&run->stop))
    pthread_cond_wait(&run->changed, &run->lock);
  pthread_mutex_unlock(&run->lock);
}

/* One record: checked, and unless it is the same as before analysed. A record that is refused is
 * listed; only a failure of the machine is an error. */
static int take_record(worker *w, job *j, const th_raw_record *raw, th_err *err) {
  th_err why = {0};
  th_json json;
  item *it = grown(j->items, &j->cap_items, j->n_items, sizeof *it);
  if (!it) return th_err_set(err, TH_ENOMEM, "out of memory");
  j->items = it;
  it = &j->items[j->n_items];
  *it = (item){.raw = raw, .doc = NO_DOC, .put.json = raw->bytes};
  int rc = th_json_parse(w->parser, raw->bytes, &json, &why);
  if (rc == 0) rc = th_study_check(&json, &it->put.nct, &why);
  if (rc == 0) {
    th_store_hash(raw->bytes, it->put.hash);
    const uint64_t *known = th_hashes_find(&w->run->hashes, it->put.nct);
    it->same = known && known[0] == it->put.hash[0] && known[1] == it->put.hash[1];
    rc = read_aliases(&json, &j->arena, &it->put);
  }
  if (rc == 0 && !it->same) {
    uint32_t doc;
    rc = th_builder_add(w->builder, &json, it->put.nct, &doc, &why);
    if (rc == 0) it->doc = doc;
  }
  if (rc == TH_ENOMEM) return th_err_set(err, rc, "out of memory");
  if (rc)
    return add_reject(j, raw, it->put.nct, &why) ? th_err_set(err, TH_ENOMEM, "out of memory") : 0;
  if (it->doc != NO_DOC) w->submitted++;
  j->n_items++;
  return 0;
}

static int pack_items(worker *w, job *j, th_err *err) {
  for (size_t i = 0; i < j->n_items; i++) {
    item *it = &j->items[i];
    if (it->same) continue;
    it->packed_from = j->packed.n;
    int rc = th_packer_pack(w->packer, it->put.json, &j->packed, &it->put.dict_id, err);
    if (rc) return rc;
    it->put.packed.n = j->packed.n - it->packed_from;
  }
  for (size_t i = 0; i < j->n_items; i++) /* the buffer does not move any more */
    if (!j->items[i].same) j->items[i].put.packed.p = j->packed.p + j->items[i].packed_from;
  return 0;
}

/* Writes the builder out once the writer has decided about all its documents. */
static int flush_worker(worker *w, th_err *err) {
  char path[PATH_MAX];
  uint32_t n_docs = 0;
  import *run = w->run;
  pthread_mutex_lock(&w->lock);
  while (w->acked < w->submitted && !atomic_load(&run->stop))
    pthread_cond_wait(&w->changed, &w->lock);
  for (size_t i = 0; i < w->n_acks; i++)
    th_builder_set_seq(w->builder, w->acks[i].doc, w->acks[i].seq);
  w->n_acks = 0;
  pthread_mutex_unlock(&w->lock);
  if (atomic_load(&run->stop) || th_builder_docs(w->builder) == 0) return 0;
  th_registry_segment_path(run->r, path, sizeof path);
  int rc = th_builder_flush(w->builder, path, &n_docs, err);
  if (rc == 0 && n_docs) {
    pthread_mutex_lock(&run->lock);
    if (th_paths_add(&run->segments, path)) rc = th_err_set(err, TH_ENOMEM, "out of memory");
    pthread_mutex_unlock(&run->lock);
  }
  return rc;
}

static void hand_over(import *run, job *j) {
  pthread_mutex_lock(&run->lock);
  run->done[j->index % run->n_jobs] = j;
  pthread_cond_broadcast(&run->changed);
  pthread_mutex_unlock(&run->lock);
}

static int work_on(worker *w, job *j, th_err *err) {
  int rc = 0;
  j->worker = w->number;
  for (size_t i = 0; i < j->batch.n && rc == 0; i++) {
    j->bytes += j->batch.records[i].bytes.n;
    rc = take_record(w, j, &j->batch.records[i], err);
  }
  if (rc == 0) {
    wait_for_dictionary(w->run);
    rc = pack_items(w, j, err);
  }
  return rc;
}

static void *worker_loop(void *arg) {
  worker *w = arg;
  th_err err = {0};
  int rc = 0;
  for (job *j; rc == 0 && (j = th_queue_pop(w->run->full));) {
    rc = work_on(w, j, &err);
    if (rc == 0) hand_over(w->run, j);
    if (rc == 0 && th_builder_memory(w->builder) > w->run->flush_memory) rc = flush_worker(w, &err);
  }
  if (rc == 0) rc = flush_worker(w, &err);
  if (rc) fail_run(w->run, &err);
  return NULL;
}

/* ---- writer ---- */

static size_t touched_slot(const import *run, uint32_t nct) {
  size_t at = (nct * 2654435761u) & (run->cap_touched - 1);
  while (run->touched[at] && run->touched[at] != nct)
    at = (at + 1) & (run->cap_touched - 1);
  return at;
}

static bool is_touched(const import *run, uint32_t nct) {
  return run->cap_touched && run->touched[touched_slot(run, nct)] == nct;
}

static int touch(import *run, uint32_t nct) {
  if (run->n_touched * 2 >= run->cap_touched) {
import next = {.cap_touched = run->cap_touched ? run->cap_touched * 2 : 4096 };
    next.touched = calloc(next.cap_touched, sizeof *next.touched);
    if (!next.touched) return TH_ENOMEM;
    for (size_t i = 0; i < run->cap_touched; i++)
      if (run->touched[i]) next.touched[touched_slot(&next, run->touched[i])] = run->touched[i];
    free(run->touched);
    run->touched = next.touched;
    run->cap_touched = next.cap_touched;
  }
  size_t at = touched_slot(run, nct);
  run->n_touched += run->touched[at] == 0;
  run->touched[at] = nct;
  return 0;
}

/* The dictionary of a new store, from the first records of the run. */
static int train(import *run, th_err *err) {
  size_t n = 0, cap = 0, len = 0;
  th_span *samples = NULL;
  int rc = 0;
  uint32_t dict_id;
  pthread_mutex_lock(&run->lock);
  while (!run->sample_ready && !atomic_load(&run->stop))
    pthread_cond_wait(&run->changed, &run->lock);
  uint64_t jobs = run->n_read;
  pthread_mutex_unlock(&run->lock);
  for (size_t k = 0; k < run->n_jobs && rc == 0; k++) {
    const job *j = &run->jobs[k];
    if (k >= jobs) break; /* jobs are first used in their order */
    for (size_t i = 0; i < j->batch.n && len < SAMPLE_BYTES && rc == 0; i++) {
      th_span *p = grown(samples, &cap, n, sizeof *p);
      if (!p)
        rc = th_err_set(err, TH_ENOMEM, "out of memory");
      else {
        samples = p;
        samples[n++] = j->batch.records[i].bytes;
        len += j->batch.records[i].bytes.n;
      }
    }
  }
  if (rc == 0 && n) rc = th_store_train(run->r->store, samples, n, &dict_id, err);
  free(samples);
  return rc;
}

/* Waits for the next job in order; NULL at the end. wait false: only if it is there already. */
static job *next_job(import *run, bool wait) {
  job *j = NULL;
  pthread_mutex_lock(&run->lock);
  for (;;) {
    size_t slot = run->next_index % run->n_jobs;
    j = run->done[slot];
    bool end = run->reader_done && run->next_index == run->n_read;
    if (j) {
      run->done[slot] = NULL;
      run->next_index++;
    }
    if (j || end || !wait || atomic_load(&run->stop)) break;
    pthread_cond_wait(&run->changed, &run->lock);
  }
  pthread_mutex_unlock(&run->lock);
  return atomic_load(&run->stop) ? NULL : j;
}

static int index_late(import *run, const item *it, th_err *err) {
  uint32_t doc;
  th_json json;
  th_json_parser *parser = th_json_parser_new(TH_RECORD_MAX, TH_RECORD_DEPTH);
  if (!run->late) run->late = th_builder_new();
  int rc = run->late && parser ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
  if (rc == 0) rc = th_json_parse(parser, it->put.json, &json, err);
  if (rc == 0) rc = th_builder_add(run->late, &json, it->put.nct, &doc, err);
  if (rc == 0) th_builder_set_seq(run->late, doc, it->put.seq);
  th_json_parser_free(parser);
  return rc;
}

/* Counts what became of an item and remembers what its worker must know. */
static int settle_item(import *run, const job *j, const item *it, th_err *err) {
  bool written = it->put.outcome == TH_PUT_NEW || it->put.outcome == TH_PUT_CHANGED;
  run->report->added += it->put.outcome == TH_PUT_NEW;
  run->report->changed += it->put.outcome == TH_PUT_CHANGED;
  run->report->unchanged += it->put.outcome == TH_PUT_UNCHANGED;
  if (it->doc == NO_DOC) return written ? index_late(run, it, err) : 0;
  int rc = 0;
  worker *w = &run->workers[j->worker];
  pthread_mutex_lock(&w->lock);
  if (written) {
    ack *p = grown(w->acks, &w->cap_acks, w->n_acks, sizeof *p);
    if (p) {
      w->acks = p;
      w->acks[w->n_acks++] = (ack){(uint32_t)it->doc, it->put.seq};
    } else {
      rc = th_err_set(err, TH_ENOMEM, "out of memory");
    }
  }
  w->acked++;
  pthread_cond_broadcast(&w->changed);
  pthread_mutex_unlock(&w->lock);
  return rc;
}

typedef struct group {
  th_put *puts;
  item **items;
  size_t n, cap, cap_items;
} group;

static int gather(import *run, group *g, job *j, th_err *err) {
  for (size_t i = 0; i < j->n_items; i++) {
    item *it = &j->items[i];
    if (it->same && !is_touched(run, it->put.nct)) {
      it->put.outcome = TH_PUT_UNCHANGED;
      continue;
    }
    if (touch(run, it->put.nct)) return th_err_set(err, TH_ENOMEM, "out of memory");
    th_put *puts = grown(g->puts, &g->cap, g->n, sizeof *puts);
    if (puts) g->puts = puts;
    item **items = puts ? grown(g->items, &g->cap_items, g->n, sizeof *items) : NULL;
    if (!items) return th_err_set(err, TH_ENOMEM, "out of memory");
    g->items = items;
    g->puts[g->n] = it->put;
    g->items[g->n++] = it;
  }
  return 0;
}

static void report_rejects(import *run, const th_reject *rejects, size_t n) {
  run->report->rejected += n;
  for (size_t i = 0; i < n && run->options->reject; i++)
    run->options->reject(run->options->ctx, &rejects[i]);
}

static int settle_job(import *run, job *j, th_err *err) {
  int rc = 0;
  for (size_t i = 0; i < j->n_items && rc == 0; i++)
    rc = settle_item(run, j, &j->items[i], err);
  run->report->read += j->n_items + j->batch.n_rejects + j->n_rejects;
  run->report->bytes += j->bytes;
  report_rejects(run, j->batch.rejects, j->batch.n_rejects);
  report_rejects(run, j->rejects, j->n_rejects);
  return rc;
}

static void show_progress(import *run, const job *j) {
  double now = th_clock_mono();
  if (!run->options->progress || now - run->last_progress < 0.2) return;
  run->last_progress = now;
  run->report->seconds = now - run->started;
  run->options->progress(run->options->ctx, run->report, j->consumed, j->total);
}

/* All jobs that are ready become one transaction; only when it is on the disk are they counted. */
static int write_ready(import *run, group *g, bool *end, th_err *err) {
  job *jobs[64];
  size_t n = 0;
  int rc = 0;
  g->n = 0;
  for (job *j = next_job(run, true); j && rc == 0;) {
    rc = gather(run, g, j, err);
    jobs[n++] = j;
    j = n < TH_COUNT(jobs) && g->n < GROUP_RECORDS ? next_job(run, false) : NULL;
  }
  *end = n == 0;
  if (rc == 0 && g->n) rc = th_store_put(run->r->store, g->puts, g->n, err);
  for (size_t i = 0; i < g->n && rc == 0; i++)
    g->items[i]->put = g->puts[i];
  for (size_t i = 0; i < n; i++) {
    if (rc == 0) rc = settle_job(run, jobs[i], err);
    if (rc == 0) show_progress(run, jobs[i]);
    if (rc == 0 && !th_queue_push(run->empty, jobs[i])) break;
  }
  return rc;
}

static int writer_loop(import *run, th_err *err) {
  group g = {0};
  int rc = th_store_dict(run->r->store) || run->hashes.n ? 0 : train(run, err);
  announce(run, &run->dict_ready);
  for (bool end = false; rc == 0 && !end;)
    rc = write_ready(run, &g, &end, err);
  free(g.puts);
  free(g.items);
  return rc;
}

/* ---- the run ---- */

static int prepare_worker(import *run, worker *w, th_err *err) {
  w->run = run;
  pthread_mutex_init(&w->lock, NULL);
  pthread_cond_init(&w->changed, NULL);
  w->parser = th_json_parser_new(TH_RECORD_MAX, TH_RECORD_DEPTH);
  w->builder = th_builder_new();
  if (!w->parser || !w->builder) return th_err_set(err, TH_ENOMEM, "out of memory");
  w->packer = th_store_packer_new(run->r->store, err);
  return w->packer ? 0 : err->code;
}

static void dispose_run(import *run) {
  for (unsigned i = 0; i < run->n_workers; i++) {
    worker *w = &run->workers[i];
    th_json_parser_free(w->parser);
    th_builder_free(w->builder);
    th_packer_free(w->packer);
    free(w->acks);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
  }
  for (size_t i = 0; run->jobs && i < run->n_jobs; i++) {
    job *j = &run->jobs[i];
    th_batch_dispose(&j->batch);
    th_buf_dispose(&j->packed);
    th_arena_dispose(&j->arena);
    free(j->items);
    free(j->rejects);
  }
  free(run->jobs);
  free(run->done);
  free(run->touched);
  th_builder_free(run->late);
  th_hashes_dispose(&run->hashes);
  th_queue_free(run->empty);
  th_queue_free(run->full);
  pthread_cond_destroy(&run->changed);
  pthread_mutex_destroy(&run->lock);
}

static int read_hashes(import *run, th_err *err) {
  th_store_reader *reader = th_store_reader_acquire(run->r->store, err);
  if (!reader) return err->code;
  int rc = th_store_hashes(reader, &run->hashes, err);
  th_store_reader_release(reader);
  return rc;
}

static int prepare_run(import *run, th_err *err) {
  unsigned n = run->options->threads ? run->options->threads : th_cpu_count();
  unsigned wanted = TH_MIN(n, (unsigned)MOST_WORKERS);
  run->n_jobs = 4 * wanted + 8;
  run->flush_memory = TH_FLUSH_MEMORY / wanted;
  run->jobs = calloc(run->n_jobs, sizeof *run->jobs);
  run->done = calloc(run->n_jobs, sizeof *run->done);
  run->empty = th_queue_new(run->n_jobs);
  run->full = th_queue_new(run->n_jobs);
  if (!run->jobs || !run->done || !run->empty || !run->full)
    return th_err_set(err, TH_ENOMEM, "out of memory");
  for (size_t i = 0; i < run->n_jobs; i++) {
    th_batch_init(&run->jobs[i].batch);
    th_buf_init(&run->jobs[i].packed, 0);
    th_arena_init(&run->jobs[i].arena, 0);
    if (!th_queue_push(run->empty, &run->jobs[i])) return TH_EBUSY;
  }
  int rc = read_hashes(run, err);
  for (; run->n_workers < wanted && rc == 0; run->n_workers++) {
    run->workers[run->n_workers].number = run->n_workers;
    rc = prepare_worker(run, &run->workers[run->n_workers], err);
  }
  return rc;
}

static int flush_late(import *run, th_err *err) {
  char path[PATH_MAX];
  uint32_t n_docs = 0;
  if (!run->late || th_builder_docs(run->late) == 0) return 0;
  th_registry_segment_path(run->r, path, sizeof path);
  int rc = th_builder_flush(run->late, path, &n_docs, err);
  if (rc == 0 && n_docs && th_paths_add(&run->segments, path))
    rc = th_err_set(err, TH_ENOMEM, "out of memory");
  return rc;
}

static int last_seq(th_registry *r, uint64_t *seq, th_err *err) {
  th_store_reader *reader = th_store_reader_acquire(r->store, err);
  if (!reader) return err->code;
  int rc = th_store_last_seq(reader, seq, err);
  th_store_reader_release(reader);
  return rc;
}

static int publish(import *run, th_err *err) {
  th_index_update update = {.added = (const char *const *)run->segments.p,
                            .n_added = run->segments.n};
  int rc = flush_late(run, err);
  update.added = (const char *const *)run->segments.p;
  update.n_added = run->segments.n;
  if (rc == 0) rc = last_seq(run->r, &update.applied_seq, err);
  if (rc == 0) rc = th_registry_mark(run->r, update.applied_seq, &update.applied_mark, err);
  bool given = rc == 0 && update.n_added > 0;
  if (given) rc = th_index_publish(run->r->index, &update, err);
  /* A manifest that could not be synced may stand on the disk and name them: what is given to the
   * index is the next writer's to sweep. */
  th_paths_dispose(&run->segments, !given);
  return rc;
}

/* Starts the threads, writes until all is read, and waits for them. */
static int run_threads(import *run, th_err *err) {
  pthread_t reader;
  unsigned started = 0;
  th_err local = {0};
  bool reading = pthread_create(&reader, NULL, reader_loop, run) == 0;
  while (reading && started < run->n_workers) {
    worker *w = &run->workers[started];
    if (pthread_create(&w->thread, NULL, worker_loop, w) != 0) break;
    started++;
  }
  int rc = started == run->n_workers ? writer_loop(run, &local)
                                     : th_err_set(&local, TH_ENOMEM, "cannot start a thread");
  if (rc)
    fail_run(run, &local);
  else
    th_queue_close(run->empty);
  if (reading) pthread_join(reader, NULL);
  for (unsigned i = 0; i < started; i++)
    pthread_join(run->workers[i].thread, NULL);
  if (run->err.code) rc = th_err_set(err, run->err.code, "%s", run->err.message);
  return rc;
}

int th_registry_import(th_registry *r, const char *const *paths, size_t n_paths,
                       const th_import_options *options, th_import_report *report, th_err *err) {
  static const th_import_options none = {0};
  th_err local = {0};
  *report = (th_import_report){0};
import run = {.r = r, .options = options ? options: & none, .report = report, .paths = paths, .n_paths = n_paths, .started = th_clock_mono() };
  run.last_progress = run.started;
  pthread_mutex_init(&run.lock, NULL);
  pthread_cond_init(&run.changed, NULL);
  int rc =
      th_registry_index_update(r, false, false, NULL, NULL, &local); /* an earlier run's rest */
  if (rc == 0) rc = prepare_run(&run, &local);
  if (rc == 0) rc = run_threads(&run, &local);
  if (rc == 0) rc = publish(&run, &local);
  if (rc == 0) rc = th_index_merge(r->index, false, NULL, &local);
  th_paths_dispose(&run.segments, true); /* of a run that failed */
  dispose_run(&run);
  report->seconds = th_clock_mono() - run.started;
  if (rc) return th_err_set(err, rc, "%s", local.message);
  return report->rejected ? th_err_set(err, TH_EINPUT, "%llu records were not taken",
                                       (unsigned long long)report->rejected)
                          : 0;
}
