/* The reader of an import: files become jobs, batches of records. */
#include "registry/import_private.h"

#include <stdio.h>

static void reset_job(th_import_job *j) {
  j->n_items = j->n_rejects = 0;
  j->bytes = 0;
  th_buf_clear(&j->packed);
  th_arena_reset(&j->arena, false);
}

static int read_file(th_import *run, const char *path, size_t *sampled, th_err *err) {
  th_source_limits limits = {.batch_bytes = TH_IMPORT_BATCH_BYTES};
  th_source *source = th_source_open(path, &limits, err);
  if (!source) return err->code;
  int rc = 0;
  for (bool more = true; more && rc == 0;) {
    th_import_job *j = th_queue_pop(run->empty);
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
    if (*sampled >= TH_IMPORT_SAMPLE_BYTES || run->n_read == run->n_jobs / 2)
      th_import_announce(run, &run->sample_ready);
    if (!th_queue_push(run->full, j)) break;
  }
  th_source_close(source);
  return rc;
}

/* A file that cannot be opened or read does not end the run: what is broken is named, the rest goes
 * on. It is reported by a job of its own, in its place. */
static int report_file(th_import *run, const char *path, const th_err *err) {
  th_import_job *j = th_queue_pop(run->empty);
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

void *th_import_reader(void *arg) {
  th_import *run = arg;
  size_t sampled = 0;
  for (size_t i = 0; i < run->n_paths && !atomic_load(&run->stop); i++) {
    th_err err = {0};
    int rc = read_file(run, run->paths[i], &sampled, &err);
    if (rc == TH_ENOMEM || (rc && report_file(run, run->paths[i], &err))) th_import_fail(run, &err);
  }
  th_queue_close(run->full);
  pthread_mutex_lock(&run->lock);
  run->reader_done = run->sample_ready = true;
  pthread_cond_broadcast(&run->changed);
  pthread_mutex_unlock(&run->lock);
  return NULL;
}
