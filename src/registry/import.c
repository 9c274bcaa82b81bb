/* clang-format off */
/* Import: files in, store and index out, in one pass over each record.
 *
 *   reader ──jobs──▶ workers (one a processor) ──jobs, in input order──▶ writer (the caller's thread)
 *     ▲  split         parse, check, hash,                      one transaction for what is ready,
 *     │                analyse into the worker's builder, pack  then each document's seq is known
 *     └───────────────────── empty jobs ◀──────────────────────────────┘
 *
 * A job is a batch of records of about a megabyte; their number is fixed, so memory is bounded. The
 * writer takes jobs in the order of the input: a later record of the same study is a later version.
 * A worker writes its builder out as a segment when it has grown large, after the writer has told
 * the seq of every document in it. Segments are published as one generation at the end; when the
 * run dies before, the store has what was reported and the next run indexes it from the change log. */
/* clang-format on */
#define _GNU_SOURCE
#include "registry/import_private.h"

#include "registry/criteria.h"

#include <stdio.h>
#include <unistd.h>

void th_import_fail(th_import *run, const th_err *err) {
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

void th_import_announce(th_import *run, bool *flag) {
  pthread_mutex_lock(&run->lock);
  *flag = true;
  pthread_cond_broadcast(&run->changed);
  pthread_mutex_unlock(&run->lock);
}

void *th_import_grown(void *array, size_t *cap, size_t n, size_t size) {
  if (n < *cap) return array;
  size_t wanted = *cap ? *cap * 2 : 64;
  void *p = realloc(array, wanted * size);
  if (p) *cap = wanted;
  return p;
}

/* ---- the run ---- */

static int prepare_worker(th_import *run, th_import_worker *w, th_err *err) {
  w->run = run;
  pthread_mutex_init(&w->lock, NULL);
  pthread_cond_init(&w->changed, NULL);
  th_buf_init(&w->stored, 0);
  w->parser = th_json_parser_new(TH_RECORD_MAX, TH_RECORD_DEPTH);
  w->builder = th_builder_new();
  if (!w->parser || !w->builder) return th_err_set(err, TH_ENOMEM, "out of memory");
  w->packer = th_store_packer_new(run->r->store, err);
  return w->packer ? 0 : err->code;
}

static void dispose_run(th_import *run) {
  for (unsigned i = 0; i < run->n_workers; i++) {
    th_import_worker *w = &run->workers[i];
    th_json_parser_free(w->parser);
    th_json_parser_free(w->older);
    th_buf_dispose(&w->stored);
    th_builder_free(w->builder);
    th_packer_free(w->packer);
    free(w->acks);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
  }
  for (size_t i = 0; run->jobs && i < run->n_jobs; i++) {
    th_import_job *j = &run->jobs[i];
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
  th_gather_free(run->gathered);
  th_queue_free(run->empty);
  th_queue_free(run->full);
  pthread_cond_destroy(&run->changed);
  pthread_mutex_destroy(&run->lock);
}

static int read_hashes(th_import *run, th_err *err) {
  th_store_reader *reader = th_store_reader_acquire(run->r->store, err);
  if (!reader) return err->code;
  int rc = th_store_hashes(reader, &run->hashes, err);
  th_store_reader_release(reader);
  return rc;
}

static int prepare_run(th_import *run, th_err *err) {
  unsigned n = run->options->threads ? run->options->threads : th_cpu_count();
  unsigned wanted = TH_MIN(n, (unsigned)TH_IMPORT_MOST_WORKERS);
  run->n_jobs = (TH_IMPORT_WAITING + 1) * wanted + 8; /* some are left to read into */
  run->flush_memory = TH_FLUSH_MEMORY / wanted;
  run->jobs = calloc(run->n_jobs, sizeof *run->jobs);
  run->done = calloc(run->n_jobs, sizeof *run->done);
  run->empty = th_queue_new(run->n_jobs);
  run->full = th_queue_new(run->n_jobs);
  run->gathered = th_gather_new(run->r->dir, wanted);
  if (!run->jobs || !run->done || !run->empty || !run->full || !run->gathered)
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

static int flush_late(th_import *run, th_err *err) {
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

/* How far the log has got, which nothing changes any more. */
static int note_position(th_import *run, th_err *err) {
  int rc = last_seq(run->r, &run->applied_seq, err);
  return rc ? rc : th_registry_mark(run->r, run->applied_seq, &run->applied_mark, err);
}

/* What can be done while the workers still write their segments: the dictionary, which the reading
 * of criteria waits for, and the store's log of pending writes, which closing the store would copy
 * otherwise. A checkpoint that fails is tried again there; a dictionary that fails is told of once
 * the segments are published. */
static void follow_log(th_import *run, const th_snapshot *before) {
  th_err ignored = {0};
  th_gather_seal(run->gathered);
  if (th_registry_concepts_make(run->r, before, run->applied_seq, run->applied_mark, false,
                                run->gathered, &run->concepts, &run->later))
    run->concepts.n = 0;
  if (run->report->added + run->report->changed && th_store_checkpoint(run->r->store, &ignored))
    th_err_clear(&ignored);
}

/* One generation of what is new, the dictionary with it. */
static int publish(th_import *run, th_err *err) {
  int rc = flush_late(run, err);
  th_index_update update = {.added = (const char *const *)run->segments.p,
                            .n_added = run->segments.n,
                            .sides = run->concepts.sides,
                            .n_sides = run->concepts.n,
                            .applied_seq = run->applied_seq,
                            .applied_mark = run->applied_mark};
  bool given = rc == 0 && (update.n_added > 0 || update.n_sides > 0);
  if (given) rc = th_index_publish(run->r->index, &update, err);
  /* A manifest that could not be synced may stand on the disk and name them: what is given to the
   * index is the next writer's to sweep. */
  if (given) run->concepts.n = 0;
  th_paths_dispose(&run->segments, !given);
  return rc;
}

/* Starts the threads, writes until all is read, and waits for them. */
static int run_threads(th_import *run, const th_snapshot *before, th_err *err) {
  pthread_t reader;
  unsigned started = 0;
  th_err local = {0};
  bool reading = pthread_create(&reader, NULL, th_import_reader, run) == 0;
  while (reading && started < run->n_workers) {
    th_import_worker *w = &run->workers[started];
    if (pthread_create(&w->thread, NULL, th_import_work, w) != 0) break;
    started++;
  }
  int rc = started == run->n_workers ? th_import_write(run, &local)
                                     : th_err_set(&local, TH_ENOMEM, "cannot start a thread");
  if (rc == 0) th_queue_close(run->empty);
  if (rc == 0) rc = note_position(run, &local);
  if (rc)
    th_import_fail(run, &local);
  else
    follow_log(run, before);
  if (reading) pthread_join(reader, NULL);
  for (unsigned i = 0; i < started; i++)
    pthread_join(run->workers[i].thread, NULL);
  if (run->err.code) rc = th_err_set(err, run->err.code, "%s", run->err.message);
  return rc;
}

/* The rest: one generation, and what is read of the records with the dictionary in it. */
static int finish(th_import *run, const th_snapshot *before, th_err *err) {
  int rc = publish(run, err);
  if (rc == 0) rc = th_index_merge(run->r->index, false, NULL, err);
  if (rc == 0 && run->later.code) rc = th_err_set(err, run->later.code, "%s", run->later.message);
  return rc ? rc : th_registry_criteria_update(run->r, before, false, run->gathered, err);
}

int th_registry_import(th_registry *r, const char *const *paths, size_t n_paths,
                       const th_import_options *options, th_import_report *report, th_err *err) {
  static const th_import_options none = {0};
  th_err local = {0};
  *report = (th_import_report){0};
  th_import run = {.r = r,
                   .options = options ? options : &none,
                   .report = report,
                   .paths = paths,
                   .n_paths = n_paths,
                   .started = th_clock_mono()};
  run.last_progress = run.started;
  pthread_mutex_init(&run.lock, NULL);
  pthread_cond_init(&run.changed, NULL);
  int rc =
      th_registry_index_update(r, false, false, NULL, NULL, &local); /* an earlier run's rest */
  const th_snapshot *before = th_index_acquire(r->index);
  if (rc == 0) rc = prepare_run(&run, &local);
  if (rc == 0) rc = run_threads(&run, before, &local);
  if (rc == 0) rc = finish(&run, before, &local);
  th_index_release(r->index, before);
  th_paths_dispose(&run.segments, true); /* of a run that failed, as these */
  th_registry_concepts_drop(&run.concepts);
  dispose_run(&run);
  report->seconds = th_clock_mono() - run.started;
  if (rc) return th_err_set(err, rc, "%s", local.message);
  return report->rejected ? th_err_set(err, TH_EINPUT, "%llu records were not taken",
                                       (unsigned long long)report->rejected)
                          : 0;
}
