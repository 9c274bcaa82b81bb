/* Inputs into patients, on threads. Texts are read side by side and added in the order of the
 * inputs, so that the cohort does not depend on the threads. */
#include "cohort/load.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/queue.h"
#include "cohort/bulk.h"
#include "cohort/columns.h"
#include "cohort/inputs.h"

enum {
  BATCH_BYTES = 512 << 10,
  BATCH_RECORDS = 256,
  JOINED = 32, /* patients of resources by themselves that a thread takes at once */
  JSON_DEPTH = 128,
  MOST_THREADS = 256,
};

typedef struct loader {
  th_cohort *c;
  const th_cohort_load_options *options;
  th_patient_options patient;
  th_cohort_report *report;
  th_inputs inputs;
  th_bulk bulk;
  pthread_mutex_t taking; /* of work */
  th_source *source;
  uint32_t at_input, at_piece;
  uint64_t done, total; /* bytes of the files */
  uint64_t next;        /* number of the work that is taken next */
  pthread_mutex_t adding;
  pthread_cond_t turn;
  uint64_t added; /* work before this number is added */
  bool again;     /* a pass behind the first: only resources by themselves */
  bool joined;    /* the work is patients of such */
  pthread_mutex_t failing;
  atomic_int rc; /* the first failure of any thread */
  th_err err;
} loader;

/* One text, and what became of it. */
typedef struct text {
  th_span bytes;
  th_raw_record place;
  th_bulk_text look;
  th_patient patient;
  th_verdict_patient ready;
  bool read, orphan;
  uint32_t resources;
  th_err err;
} text;

typedef struct worker {
  loader *l;
  th_batch batch;
  th_json_parser *parser;
  text *texts;
  th_buf *joined; /* JOINED texts */
  uint32_t n;
  uint64_t number;
  th_arena arena; /* of what is made ready */
  th_arena ids;   /* of looks */
  double part;
} worker;

static bool fail(loader *l, int code, const th_err *err) {
  pthread_mutex_lock(&l->failing);
  if (l->rc == 0) {
    l->err = *err;
    l->rc = code;
  }
  pthread_mutex_unlock(&l->failing);
  return false;
}

/* ---- taking work ---- */

static double part_done(const loader *l) {
  uint64_t here = 0, size;
  if (l->source) th_source_progress(l->source, &here, &size);
  return l->total ? TH_MIN(1.0, (double)(l->done + here) / (double)l->total) : -1;
}

/* The next texts of the inputs; false at their end. */
static bool take_batch(worker *w, th_err *err) {
  loader *l = w->l;
  static const th_source_limits limits = {.batch_bytes = BATCH_BYTES,
                                          .batch_records = BATCH_RECORDS};
  for (;;) {
    if (!l->source) {
      if (l->at_input == l->inputs.n) return false;
      l->source = th_source_open(l->inputs.paths[l->at_input], &limits, err);
      if (!l->source) return fail(l, err->code, err);
    }
    if (th_source_next(l->source, &w->batch, err) < 0) return fail(l, err->code, err);
    if (w->batch.n || w->batch.n_rejects) return true;
    l->done += l->inputs.sizes[l->at_input++];
    th_source_close(l->source);
    l->source = NULL;
  }
}

static bool take_joined(worker *w, th_err *err) {
  loader *l = w->l;
  for (w->n = 0; w->n < JOINED; w->n++) {
    text *t = &w->texts[w->n];
    bool has;
    *t = (text){0};
    if (!th_bulk_patient(&l->bulk, &l->at_piece, &w->joined[w->n], &has, &t->resources)) break;
    if (w->joined[w->n].error) {
      th_err_set(err, w->joined[w->n].error, "%s", th_code_text(w->joined[w->n].error));
      return fail(l, err->code, err);
    }
    t->orphan = !has;
    t->bytes = th_buf_view(&w->joined[w->n]);
    t->place.file = "resources of one patient";
  }
  return w->n > 0;
}

static bool take(worker *w) {
  loader *l = w->l;
  th_err err = {0};
  pthread_mutex_lock(&l->taking);
  bool some = l->rc == 0 && (l->joined ? take_joined(w, &err) : take_batch(w, &err));
  if (some) w->number = l->next++;
  w->part = l->joined ? -1 : part_done(l);
  pthread_mutex_unlock(&l->taking);
  return some;
}

/* ---- reading ---- */

static void keep_look(worker *w, text *t) {
  t->look.id = th_arena_dup(&w->ids, t->look.id);
  t->look.drug = th_arena_dup(&w->ids, t->look.drug);
  if (!t->look.id.p || !t->look.drug.p) th_err_set(&t->err, TH_ENOMEM, "out of memory");
}

static void read_text(worker *w, text *t) {
  loader *l = w->l;
  if (!l->joined) {
    th_bulk_look(&t->look, w->parser, t->bytes);
    if (t->look.what != TH_BULK_NONE) {
      keep_look(w, t);
      return;
    }
  }
  if (l->again || t->orphan) return;
  int rc = th_patient_read(&t->patient, t->bytes, &l->patient, &t->err);
  t->read = true;
  if (rc == 0 && !t->patient.deceased)
    rc = th_verdict_prepare(&t->ready, &t->patient, l->patient.dict, &w->arena, &t->err);
  if (rc == 0 && t->patient.form == TH_PATIENT_NOTE)
    th_err_set(&t->err, TH_EINPUT, "neither a FHIR record nor a form");
}

static bool read_batch(worker *w) {
  if (!w->l->joined) {
    w->n = (uint32_t)w->batch.n;
    for (uint32_t i = 0; i < w->n; i++)
      w->texts[i] = (text){.bytes = w->batch.records[i].bytes, .place = w->batch.records[i]};
  }
  for (uint32_t i = 0; i < w->n; i++)
    read_text(w, &w->texts[i]);
  return true;
}

/* ---- adding ---- */

static void reject(loader *l, const th_reject *r) {
  if (l->again) return;
  l->report->rejected++;
  if (l->options->reject) l->options->reject(l->options->ctx, r);
}

static void reject_text(loader *l, const text *t) {
  th_reject r = {.file = t->place.file,
                 .entry = t->place.entry,
                 .line = t->place.line,
                 .offset = t->place.offset};
  size_t n = TH_MIN(strlen(t->err.message), sizeof r.reason - 1);
  while (n && !th_utf8_valid((th_span){t->err.message, n}))
    n--;
  memcpy(r.reason, t->err.message, n);
  reject(l, &r);
}

static void add_text(loader *l, text *t) {
  if (t->err.code && t->err.code != TH_EINPUT && t->err.code != TH_ELIMIT) {
    fail(l, t->err.code, &t->err);
  } else if (t->err.code) {
    reject_text(l, t);
  } else if (t->look.what == TH_BULK_OTHER) {
    l->report->other += !l->again;
  } else if (t->look.what != TH_BULK_NONE) {
    th_err err = {0};
    if (th_bulk_add(&l->bulk, &t->look, t->bytes, &err) < 0) fail(l, err.code, &err);
  } else if (t->orphan) {
    l->report->orphans += t->resources;
  } else if (t->read && t->patient.deceased) {
    l->report->deceased++;
  } else if (t->read) {
    th_err err = {0};
    if (th_cohort_add(l->c, &t->ready, &err) < 0) fail(l, err.code, &err);
    l->report->patients++;
  }
}

static void add_batch(worker *w) {
  loader *l = w->l;
  pthread_mutex_lock(&l->adding);
  while (l->added != w->number)
    pthread_cond_wait(&l->turn, &l->adding);
  for (uint32_t i = 0; i < w->n && l->rc == 0; i++) {
    if (!l->again && !l->joined) l->report->bytes += w->texts[i].bytes.n;
    add_text(l, &w->texts[i]);
  }
  for (size_t i = 0; !l->joined && i < w->batch.n_rejects; i++)
    reject(l, &w->batch.rejects[i]);
  if (l->options->progress) l->options->progress(l->options->ctx, l->report, w->part);
  l->added++;
  pthread_cond_broadcast(&l->turn);
  pthread_mutex_unlock(&l->adding);
}

static void forget(worker *w) {
  for (uint32_t i = 0; i < w->n; i++)
    if (w->texts[i].read) th_patient_dispose(&w->texts[i].patient);
  if (w->texts) explicit_bzero(w->texts, w->n * sizeof *w->texts);
  th_arena_reset(&w->arena, true);
  th_arena_reset(&w->ids, true);
  if (w->batch.window.p) explicit_bzero(w->batch.window.p, w->batch.window.n);
  for (uint32_t i = 0; w->joined && i < JOINED; i++)
    if (w->joined[i].p) explicit_bzero(w->joined[i].p, w->joined[i].n);
  w->n = 0;
}

/* ---- threads ---- */

static bool worker_init(worker *w, loader *l) {
  uint32_t most = BATCH_RECORDS > JOINED ? BATCH_RECORDS : JOINED;
  *w = (worker){.l = l};
  th_batch_init(&w->batch);
  th_arena_init(&w->arena, 0);
  th_arena_init(&w->ids, 0);
  w->parser = th_json_parser_new(TH_PATIENT_SOURCE_MAX, JSON_DEPTH);
  w->texts = calloc(most, sizeof *w->texts);
  w->joined = calloc(JOINED, sizeof *w->joined);
  for (uint32_t i = 0; w->joined && i < JOINED; i++)
    th_buf_init(&w->joined[i], TH_PATIENT_SOURCE_MAX);
  return w->parser && w->texts && w->joined;
}

static void worker_dispose(worker *w) {
  forget(w);
  th_batch_dispose(&w->batch);
  th_arena_dispose(&w->arena);
  th_arena_dispose(&w->ids);
  th_json_parser_free_wiped(w->parser);
  for (uint32_t i = 0; w->joined && i < JOINED; i++)
    th_buf_dispose(&w->joined[i]);
  free(w->joined);
  free(w->texts);
}

static void *work(void *arg) {
  loader *l = arg;
  worker w;
  if (worker_init(&w, l)) {
    while (take(&w)) {
      read_batch(&w);
      add_batch(&w);
      forget(&w);
    }
  } else {
    th_err err = {0};
    fail(l, th_err_set(&err, TH_ENOMEM, "out of memory"), &err);
  }
  worker_dispose(&w);
  return NULL;
}

static int on_threads(loader *l) {
  pthread_t ids[MOST_THREADS];
  unsigned want = l->options->threads ? l->options->threads : th_cpu_count(), started = 0;
  l->next = l->added = 0;
  for (; started + 1 < TH_MIN(want, (unsigned)MOST_THREADS); started++)
    if (pthread_create(&ids[started], NULL, work, l)) break;
  work(l);
  for (unsigned i = 0; i < started; i++)
    pthread_join(ids[i], NULL);
  th_source_close(l->source);
  l->source = NULL;
  return l->rc;
}

/* All inputs once: patients that stand whole, and the resources of one part of the others. */
static int one_pass(loader *l, uint32_t part) {
  l->again = part > 0;
  l->joined = false;
  l->at_input = 0;
  l->done = 0;
  if (part) th_bulk_next(&l->bulk, part);
  int rc = on_threads(l);
  l->report->passes++;
  if (rc < 0 || !l->bulk.any) return rc;
  th_bulk_order(&l->bulk);
  l->joined = true;
  l->at_piece = 0;
  l->again = false;
  return on_threads(l);
}

static int load(loader *l) {
  int rc = one_pass(l, 0);
  if (rc == 0 && l->bulk.parts > 1 && l->inputs.standard)
    return th_err_set(&l->err, TH_EUSAGE,
                      "standard input holds more resources by themselves than fit into memory at "
                      "once, and cannot be read again: put them into files");
  for (uint32_t part = 1; rc == 0 && part < l->bulk.parts; part++)
    rc = one_pass(l, part);
  return rc;
}

int th_cohort_load(th_cohort *c, const char *const *paths, size_t n,
                   const th_cohort_load_options *options, th_cohort_report *report, th_err *err) {
  static const th_cohort_load_options none;
  if (!options) options = &none;
  *report = (th_cohort_report){0};
  loader l = {.c = c,
              .options = options,
              .report = report,
              .taking = PTHREAD_MUTEX_INITIALIZER,
              .adding = PTHREAD_MUTEX_INITIALIZER,
              .failing = PTHREAD_MUTEX_INITIALIZER,
              .turn = PTHREAD_COND_INITIALIZER};
  l.patient = (th_patient_options){
      .has_as_of = options->has_as_of, .as_of = options->as_of, .dict = c->dict};
  th_bulk_init(&l.bulk, options->memory_max ? options->memory_max : (size_t)1 << 30);
  int rc = th_inputs_find(&l.inputs, paths, n, err);
  for (uint32_t i = 0; rc == 0 && i < l.inputs.n; i++)
    l.total += l.inputs.sizes[i];
  if (rc == 0) {
    rc = load(&l);
    if (rc < 0) th_err_set(err, rc, "%s", l.err.message);
  }
  th_inputs_dispose(&l.inputs);
  th_bulk_dispose(&l.bulk);
  return rc;
}
