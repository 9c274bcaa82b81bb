/* The writer of an import: jobs in the order of the input become transactions. */
#include "registry/import_private.h"

static size_t touched_slot(const th_import *run, uint32_t nct) {
  size_t at = (nct * 2654435761u) & (run->cap_touched - 1);
  while (run->touched[at] && run->touched[at] != nct)
    at = (at + 1) & (run->cap_touched - 1);
  return at;
}

static bool is_touched(const th_import *run, uint32_t nct) {
  return run->cap_touched && run->touched[touched_slot(run, nct)] == nct;
}

static int touch(th_import *run, uint32_t nct) {
  if (run->n_touched * 2 >= run->cap_touched) {
    th_import next = {.cap_touched = run->cap_touched ? run->cap_touched * 2 : 4096};
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
static int train(th_import *run, th_err *err) {
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
    const th_import_job *j = &run->jobs[k];
    if (k >= jobs) break; /* jobs are first used in their order */
    for (size_t i = 0; i < j->batch.n && len < TH_IMPORT_SAMPLE_BYTES && rc == 0; i++) {
      th_span *p = th_import_grown(samples, &cap, n, sizeof *p);
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
static th_import_job *next_job(th_import *run, bool wait) {
  th_import_job *j = NULL;
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

static int index_late(th_import *run, const th_import_item *it, th_err *err) {
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
static int settle_item(th_import *run, const th_import_job *j, const th_import_item *it,
                       th_err *err) {
  bool written = it->put.outcome == TH_PUT_NEW || it->put.outcome == TH_PUT_CHANGED;
  run->report->added += it->put.outcome == TH_PUT_NEW;
  run->report->changed += it->put.outcome == TH_PUT_CHANGED;
  run->report->unchanged += it->put.outcome == TH_PUT_UNCHANGED;
  if (it->doc == TH_IMPORT_NO_DOC) return written ? index_late(run, it, err) : 0;
  int rc = th_gather_settle(run->gathered, &it->note, it->put.nct, written ? it->put.seq : 0,
                            it->put.outcome == TH_PUT_NEW, it->put.json, err);
  th_import_worker *w = &run->workers[j->worker];
  pthread_mutex_lock(&w->lock);
  if (written) {
    th_import_ack *p = th_import_grown(w->acks, &w->cap_acks, w->n_acks, sizeof *p);
    if (p) {
      w->acks = p;
      w->acks[w->n_acks++] = (th_import_ack){(uint32_t)it->doc, it->put.seq};
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
  th_import_item **items;
  size_t n, cap, cap_items;
} group;

static int gather(th_import *run, group *g, th_import_job *j, th_err *err) {
  for (size_t i = 0; i < j->n_items; i++) {
    th_import_item *it = &j->items[i];
    if (it->same && !is_touched(run, it->put.nct)) {
      it->put.outcome = TH_PUT_UNCHANGED;
      continue;
    }
    if (touch(run, it->put.nct)) return th_err_set(err, TH_ENOMEM, "out of memory");
    th_put *puts = th_import_grown(g->puts, &g->cap, g->n, sizeof *puts);
    if (puts) g->puts = puts;
    th_import_item **items =
        puts ? th_import_grown(g->items, &g->cap_items, g->n, sizeof *items) : NULL;
    if (!items) return th_err_set(err, TH_ENOMEM, "out of memory");
    g->items = items;
    g->puts[g->n] = it->put;
    g->items[g->n++] = it;
  }
  return 0;
}

static void report_rejects(th_import *run, const th_reject *rejects, size_t n) {
  run->report->rejected += n;
  for (size_t i = 0; i < n && run->options->reject; i++)
    run->options->reject(run->options->ctx, &rejects[i]);
}

static int settle_job(th_import *run, th_import_job *j, th_err *err) {
  int rc = 0;
  for (size_t i = 0; i < j->n_items && rc == 0; i++)
    rc = settle_item(run, j, &j->items[i], err);
  run->report->read += j->n_items + j->batch.n_rejects + j->n_rejects;
  run->report->bytes += j->bytes;
  report_rejects(run, j->batch.rejects, j->batch.n_rejects);
  report_rejects(run, j->rejects, j->n_rejects);
  return rc;
}

static void show_progress(th_import *run, const th_import_job *j) {
  double now = th_clock_mono();
  if (!run->options->progress || now - run->last_progress < 0.2) return;
  run->last_progress = now;
  run->report->seconds = now - run->started;
  run->options->progress(run->options->ctx, run->report, j->consumed, j->total);
}

/* All jobs that are ready become one transaction; only when it is on the disk are they counted. */
static int write_ready(th_import *run, group *g, bool *end, th_err *err) {
  th_import_job *jobs[64];
  size_t n = 0;
  int rc = 0;
  g->n = 0;
  for (th_import_job *j = next_job(run, true); j && rc == 0;) {
    rc = gather(run, g, j, err);
    jobs[n++] = j;
    j = n < TH_COUNT(jobs) && g->n < TH_IMPORT_GROUP_RECORDS ? next_job(run, false) : NULL;
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

int th_import_write(th_import *run, th_err *err) {
  group g = {0};
  int rc = th_store_dict(run->r->store) || run->hashes.n ? 0 : train(run, err);
  th_import_announce(run, &run->dict_ready);
  for (bool end = false; rc == 0 && !end;)
    rc = write_ready(run, &g, &end, err);
  free(g.puts);
  free(g.items);
  return rc;
}
