/* Bringing the index up to the change log: what it lacks is read from the store, analysed by
 * several threads, written as segments and published as one generation. A rebuild is the same from
 * nothing. */
#define _GNU_SOURCE
#include "registry/internal.h"

#include "base/json.h"
#include "base/queue.h"
#include "index/builder.h"
#include "registry/criteria.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

/* ---- what the log asks for ---- */

typedef struct change {
  uint32_t nct;
  int kind;
  uint64_t seq;
} change;

typedef struct change_list {
  change *p;
  size_t n, cap;
  uint64_t last_seq;
} change_list;

static int add_change(void *ctx, const th_record *record) {
  change_list *list = ctx;
  if (list->n == list->cap) {
    size_t cap = list->cap ? list->cap * 2 : 1024;
    change *p = realloc(list->p, cap * sizeof *p);
    if (!p) return TH_ENOMEM;
    list->p = p;
    list->cap = cap;
  }
  list->p[list->n++] = (change){record->nct, record->kind, record->seq};
  list->last_seq = record->seq;
  return 0;
}

static int by_nct_then_seq(const void *a, const void *b) {
  const change *x = a, *y = b;
  if (x->nct != y->nct) return x->nct < y->nct ? -1 : 1;
  return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Leaves the newest change of each study. */
static void keep_newest(change_list *list) {
  size_t n = 0;
  if (list->n) qsort(list->p, list->n, sizeof *list->p, by_nct_then_seq);
  for (size_t i = 0; i < list->n; i++)
    if (i + 1 == list->n || list->p[i + 1].nct != list->p[i].nct) list->p[n++] = list->p[i];
  list->n = n;
}

static int read_changes(th_registry *r, uint64_t since, change_list *list, th_err *err) {
  th_store_reader *reader = th_store_reader_acquire(r->store, err);
  if (!reader) return err && err->code ? err->code : TH_EIO;
  list->last_seq = since;
  int rc = th_store_changes(reader, since, SIZE_MAX, add_change, list, err);
  th_store_reader_release(reader);
  if (rc == 0) keep_newest(list);
  return rc;
}

/* ---- the workers ---- */

typedef struct build_job {
  th_registry *r;
  const change_list *list;
  size_t flush_memory;
  th_gather *gathered; /* NULL unless replace */
  bool replace;        /* a rebuild: the index as it was is in use until the new one is whole */
  _Atomic size_t next;
  _Atomic bool stop;
  pthread_mutex_t lock; /* paths, err */
  th_paths paths;
  th_err err;
} build_job;

static void fail_job(build_job *job, const th_err *err) {
  pthread_mutex_lock(&job->lock);
  if (!job->err.code) job->err = *err;
  pthread_mutex_unlock(&job->lock);
  atomic_store(&job->stop, true);
}

static int flush_builder(build_job *job, th_builder *b, th_err *err) {
  char path[PATH_MAX];
  uint32_t n_docs = 0;
  if (th_builder_docs(b) == 0) return 0;
  th_registry_segment_path(job->r, path, sizeof path);
  int rc = th_builder_flush(b, path, &n_docs, err);
  if (rc == 0 && n_docs) {
    pthread_mutex_lock(&job->lock);
    if (th_paths_add(&job->paths, path)) rc = th_err_set(err, TH_ENOMEM, "out of memory");
    pthread_mutex_unlock(&job->lock);
  }
  return rc;
}

typedef struct build_worker {
  build_job *job;
  unsigned number;
  th_builder *builder;
  th_json_parser *parser;
  th_store_reader *reader;
  th_buf json;
  pthread_t thread;
} build_worker;

static int gather_one(build_worker *w, const th_json *json, const th_record *record, th_err *err) {
  th_note note;
  th_gather *g = w->job->gathered;
  int rc = th_gather_record(g, w->number, json, record->nct, true, &note, err);
  return rc ? rc : th_gather_settle(g, &note, record->nct, record->seq, true, record->json, err);
}

static int build_one(build_worker *w, const change *c, th_err *err) {
  th_record record;
  th_json j;
  uint32_t doc;
  if (c->kind != TH_CHANGE_PUT) return 0;
  int rc = th_store_get(w->reader, c->nct, -1, &w->json, &record, err);
  if (rc == TH_ENOTFOUND)
    return th_err_clear(err), 0; /* removed behind our back: the log tells later */
  if (rc == 0) rc = th_json_parse(w->parser, record.json, &j, err);
  if (rc == 0) rc = th_builder_add(w->builder, &j, c->nct, &doc, err);
  if (rc == 0) th_builder_set_seq(w->builder, doc, record.seq);
  if (rc == 0 && w->job->gathered) rc = gather_one(w, &j, &record, err);
  if (rc == 0 && th_builder_memory(w->builder) > w->job->flush_memory)
    rc = flush_builder(w->job, w->builder, err);
  return rc;
}

static void *build_loop(void *arg) {
  enum { STRIDE = 64 };
  build_worker *w = arg;
  build_job *job = w->job;
  th_err err = {0};
  int rc = 0;
  while (rc == 0 && !atomic_load(&job->stop)) {
    size_t from = atomic_fetch_add(&job->next, STRIDE);
    if (from >= job->list->n) break;
    size_t to = TH_MIN(from + STRIDE, job->list->n);
    for (size_t i = from; i < to && rc == 0; i++)
      rc = build_one(w, &job->list->p[i], &err);
  }
  if (rc == 0 && !atomic_load(&job->stop)) rc = flush_builder(job, w->builder, &err);
  if (rc) fail_job(job, &err);
  return NULL;
}

static int start_worker(build_worker *w, build_job *job, th_err *err) {
  w->job = job;
  th_buf_init(&w->json, 0);
  w->builder = th_builder_new();
  w->parser = th_json_parser_new(TH_RECORD_MAX, TH_RECORD_DEPTH);
  if (!w->builder || !w->parser) return th_err_set(err, TH_ENOMEM, "out of memory");
  w->reader = th_store_reader_acquire(job->r->store, err);
  if (!w->reader) return err && err->code ? err->code : TH_EIO;
  if (pthread_create(&w->thread, NULL, build_loop, w) != 0)
    return th_err_set(err, TH_ENOMEM, "cannot start a thread");
  return 0;
}

static void dispose_worker(build_worker *w) {
  th_store_reader_release(w->reader);
  th_json_parser_free(w->parser);
  th_builder_free(w->builder);
  th_buf_dispose(&w->json);
}

static int run_job(build_job *job, void (*progress)(void *, uint64_t, uint64_t), void *ctx,
                   th_err *err) {
  enum { MOST = 16 };
  build_worker workers[MOST] = {0};
  unsigned n = TH_MIN(th_cpu_count(), (unsigned)MOST), started = 0;
  int rc = 0;
  if (job->replace && !(job->gathered = th_gather_new(job->r->dir, n)))
    rc = th_err_set(err, TH_ENOMEM, "out of memory");
  job->flush_memory = TH_FLUSH_MEMORY / n;
  while (rc == 0 && started < n) {
    workers[started].number = started;
    rc = start_worker(&workers[started], job, err);
    if (rc == 0)
      started++;
    else
      dispose_worker(&workers[started]);
  }
  if (rc) atomic_store(&job->stop, true);
  for (struct timespec tick = {0, 200000000}; progress && rc == 0 && !atomic_load(&job->stop);) {
    size_t next = atomic_load(&job->next);
    progress(ctx, TH_MIN(next, job->list->n), job->list->n);
    if (next >= job->list->n) break;
    nanosleep(&tick, NULL);
  }
  for (unsigned i = 0; i < started; i++) {
    pthread_join(workers[i].thread, NULL);
    dispose_worker(&workers[i]);
  }
  if (rc == 0 && job->err.code) rc = th_err_set(err, job->err.code, "%s", job->err.message);
  return rc;
}

/* ---- publishing ---- */

static int collect_removed(const change_list *list, uint32_t **ncts, uint64_t **seqs, size_t *n) {
  *n = 0;
  *ncts = malloc((list->n + 1) * sizeof **ncts);
  *seqs = malloc((list->n + 1) * sizeof **seqs);
  if (!*ncts || !*seqs) return TH_ENOMEM;
  for (size_t i = 0; i < list->n; i++) {
    if (list->p[i].kind != TH_CHANGE_REMOVE) continue;
    (*ncts)[*n] = list->p[i].nct;
    (*seqs)[(*n)++] = list->p[i].seq;
  }
  return 0;
}

static int publish_job(build_job *job, th_err *err) {
  uint32_t *ncts = NULL;
  uint64_t *seqs = NULL, mark = 0;
  size_t n_removed = 0;
  int rc = collect_removed(job->list, &ncts, &seqs, &n_removed)
               ? th_err_set(err, TH_ENOMEM, "out of memory")
               : 0;
  if (rc == 0) rc = th_registry_mark(job->r, job->list->last_seq, &mark, err);
  if (rc == 0) {
    th_index_update update = {.added = (const char *const *)job->paths.p,
                              .n_added = job->paths.n,
                              .removed = ncts,
                              .removed_seq = seqs,
                              .n_removed = n_removed,
                              .applied_seq = job->list->last_seq,
                              .applied_mark = mark,
                              .replace = job->replace};
    rc = th_index_publish(job->r->index, &update, err);
  }
  free(ncts);
  free(seqs);
  return rc;
}

static int apply_changes(th_registry *r, change_list *list, bool replace, th_gather **gathered,
                         void (*progress)(void *, uint64_t, uint64_t), void *ctx, th_err *err) {
  build_job job = {.r = r, .list = list, .replace = replace};
  pthread_mutex_init(&job.lock, NULL);
  int rc = run_job(&job, progress, ctx, err);
  /* Even when publishing fails a manifest may stand on the disk that names the segments: the next
   * writer sweeps what none names. */
  bool given = rc == 0;
  if (given) rc = publish_job(&job, err);
  th_paths_dispose(&job.paths, !given);
  *gathered = job.gathered;
  if (job.gathered) th_gather_seal(job.gathered);
  pthread_mutex_destroy(&job.lock);
  return rc;
}

int th_registry_index_update(th_registry *r, bool rebuild, bool merge_all,
                             void (*progress)(void *, uint64_t, uint64_t), void *ctx, th_err *err) {
  change_list list = {0};
  th_gather *gathered = NULL;
  const th_snapshot *s = th_index_acquire(r->index);
  uint64_t since = rebuild ? 0 : s->applied_seq;
  int rc = read_changes(r, since, &list, err);
  if (rc == 0 && (list.n || rebuild))
    rc = apply_changes(r, &list, rebuild, &gathered, progress, ctx, err);
  if (rc == 0) rc = th_index_merge(r->index, merge_all, NULL, err);
  if (rc == 0) rc = th_registry_derive(r, s, rebuild, gathered, err);
  th_gather_free(gathered);
  th_index_release(r->index, s);
  free(list.p);
  return rc;
}
