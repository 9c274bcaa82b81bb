/* The workers of an import: each record of a job is parsed, checked, hashed, analysed and packed.
 */
#define _GNU_SOURCE
#include "registry/import_private.h"

#include "study/nct.h"
#include "study/walk.h"

#include <limits.h>
#include <stdio.h>

static int add_reject(th_import_job *j, const th_raw_record *raw, uint32_t nct, const th_err *why) {
  th_reject *p = th_import_grown(j->rejects, &j->cap_rejects, j->n_rejects, sizeof *p);
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

static void wait_for_dictionary(th_import *run) {
  pthread_mutex_lock(&run->lock);
  while (!run->dict_ready && !atomic_load(&run->stop))
    pthread_cond_wait(&run->changed, &run->lock);
  pthread_mutex_unlock(&run->lock);
}

/* The number of the study. A record that goes into the index is checked there, in the same walk;
 * one that has no number is checked here, for the message. */
static int read_number(const th_json *json, uint32_t *nct, th_err *why) {
  uint32_t node = th_json_path(json, 0, th_fields[TH_F_NCTId].path);
  if (node && th_nct_parse(th_json_text(json, node), nct)) return 0;
  return th_study_check(json, nct, why);
}

/* Whether the stored record of the study says the same in other bytes: from another file, with
 * other white space, escapes or order of keys. Then it has not changed, and stays as it came first.
 * What cannot be read is not the same. */
static bool says_as_stored(th_import_worker *w, const th_json *json, uint32_t nct) {
  th_json before;
  th_record record;
  if (!w->older) w->older = th_json_parser_new(TH_RECORD_MAX, TH_RECORD_DEPTH);
  th_store_reader *reader = w->older ? th_store_reader_acquire(w->run->r->store, NULL) : NULL;
  int rc = reader ? th_store_get(reader, nct, -1, &w->stored, &record, NULL) : TH_ENOMEM;
  if (rc == 0) rc = th_json_parse(w->older, record.json, &before, NULL);
  th_store_reader_release(reader);
  return rc == 0 && th_json_same(json, 0, &before, 0);
}

/* One record: checked, and unless it is the same as before analysed. A record that is refused is
 * listed; only a failure of the machine is an error. */
static int take_record(th_import_worker *w, th_import_job *j, const th_raw_record *raw,
                       th_err *err) {
  th_err why = {0};
  th_json json;
  th_import_item *it = th_import_grown(j->items, &j->cap_items, j->n_items, sizeof *it);
  if (!it) return th_err_set(err, TH_ENOMEM, "out of memory");
  j->items = it;
  it = &j->items[j->n_items];
  *it = (th_import_item){.raw = raw, .doc = TH_IMPORT_NO_DOC, .put.json = raw->bytes};
  int rc = th_json_parse(w->parser, raw->bytes, &json, &why);
  if (rc == 0) rc = read_number(&json, &it->put.nct, &why);
  if (rc == 0) {
    th_store_hash(raw->bytes, it->put.hash);
    const uint64_t *known = th_hashes_find(&w->run->hashes, it->put.nct);
    it->known = known;
    it->same = known && known[0] == it->put.hash[0] && known[1] == it->put.hash[1];
    it->same = it->same || (known && says_as_stored(w, &json, it->put.nct));
    rc = read_aliases(&json, &j->arena, &it->put);
  }
  if (rc == 0 && !it->same) {
    uint32_t doc;
    rc = th_builder_add(w->builder, &json, it->put.nct, &doc, &why);
    if (rc == 0) it->doc = doc;
    if (rc == 0)
      rc = th_gather_record(w->run->gathered, w->number, &json, it->put.nct, !it->known, &it->note,
                            &why);
  }
  if (rc == TH_ENOMEM) return th_err_set(err, rc, "out of memory");
  if (rc)
    return add_reject(j, raw, it->put.nct, &why) ? th_err_set(err, TH_ENOMEM, "out of memory") : 0;
  if (it->doc != TH_IMPORT_NO_DOC) w->submitted++;
  j->n_items++;
  return 0;
}

static int pack_items(th_import_worker *w, th_import_job *j, th_err *err) {
  for (size_t i = 0; i < j->n_items; i++) {
    th_import_item *it = &j->items[i];
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
static int flush_worker(th_import_worker *w, th_err *err) {
  char path[PATH_MAX];
  uint32_t n_docs = 0;
  th_import *run = w->run;
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

static void hand_over(th_import *run, th_import_job *j) {
  pthread_mutex_lock(&run->lock);
  run->done[j->index % run->n_jobs] = j;
  pthread_cond_broadcast(&run->changed);
  pthread_mutex_unlock(&run->lock);
}

static int analyse(th_import_worker *w, th_import_job *j, th_err *err) {
  int rc = 0;
  j->worker = w->number;
  for (size_t i = 0; i < j->batch.n && rc == 0; i++) {
    j->bytes += j->batch.records[i].bytes.n;
    rc = take_record(w, j, &j->batch.records[i], err);
  }
  w->waiting[w->n_waiting++] = j;
  return rc;
}

static bool dictionary_is_ready(th_import *run) {
  pthread_mutex_lock(&run->lock);
  bool ready = run->dict_ready;
  pthread_mutex_unlock(&run->lock);
  return ready;
}

/* While the dictionary of a new store is made, there is other work for some time. */
static int pack_waiting(th_import_worker *w, th_err *err) {
  int rc = 0;
  if (w->n_waiting) wait_for_dictionary(w->run);
  for (unsigned i = 0; i < w->n_waiting && rc == 0; i++) {
    rc = pack_items(w, w->waiting[i], err);
    if (rc == 0) hand_over(w->run, w->waiting[i]);
  }
  w->n_waiting = 0;
  return rc;
}

static int work_on(th_import_worker *w, th_import_job *j, th_err *err) {
  int rc = analyse(w, j, err);
  bool full = th_builder_memory(w->builder) > w->run->flush_memory;
  if (rc == 0 && (full || w->n_waiting == TH_IMPORT_WAITING || dictionary_is_ready(w->run)))
    rc = pack_waiting(w, err);
  return rc == 0 && full ? flush_worker(w, err) : rc;
}

/* What only this thread used is given back by it, to be used by those who read criteria. */
static void release(th_import_worker *w) {
  th_builder_free(w->builder);
  th_json_parser_free(w->parser);
  th_json_parser_free(w->older);
  th_packer_free(w->packer);
  w->builder = NULL;
  w->parser = w->older = NULL;
  w->packer = NULL;
}

void *th_import_work(void *arg) {
  th_import_worker *w = arg;
  th_err err = {0};
  int rc = 0;
  for (th_import_job *j; rc == 0 && (j = th_queue_pop(w->run->full));)
    rc = work_on(w, j, &err);
  if (rc == 0) rc = pack_waiting(w, &err);
  if (rc == 0) rc = flush_worker(w, &err);
  if (rc) th_import_fail(w->run, &err);
  release(w);
  return NULL;
}
