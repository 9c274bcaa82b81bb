/* Making the criteria book. Workers read studies in batches, each into an arena of its batch; the
 * caller's thread writes the batches in their order, so a file is the same whatever thread read
 * what. The batches are a fixed number, and so is the memory. */
#define _GNU_SOURCE
#include "registry/criteria.h"

#include <pthread.h>

#include "base/file.h"
#include "base/json.h"
#include "base/queue.h"
#include "criteria/sure.h"
#include "criteria/writer.h"
#include "query/limits.h"
#include "registry/concepts.h"
#include "registry/internal.h"

enum {
  BATCH = 32, /* documents */
  MOST_WORKERS = 16,
  SLOTS_A_WORKER = 4,
};

/* ---- what has to be read ---- */

/* Below the first number one record may add names to the dictionary (concept/derive.c), and reading
 * all costs nothing to speak of. Above it the dictionary changes a little with every import: what
 * was read stays until the records have grown by a sixteenth. */
static bool has_drifted(const th_criteria_basis *book, const th_criteria_basis *now) {
  enum { SMALL = 2000, SHARE = 16 };
  uint64_t n = book->n_studies;
  if (book->dictionary == now->dictionary) return false;
  if (!book->dictionary || !now->dictionary || book->vocabularies != now->vocabularies) return true;
  return now->n_studies < SMALL || now->n_studies > n + n / SHARE || now->n_studies < n - n / SHARE;
}

typedef struct piece {
  uint32_t segment;
  uint32_t first_batch, n_batches;
} piece;

typedef struct plan {
  const th_snapshot *snapshot;
  th_criteria_book books[2]; /* of the snapshot and of the one before: what may be taken over */
  unsigned n_books;
  const th_gather *gathered;
  th_concepts dict;
  th_criteria_basis basis; /* of what is written */
  piece *pieces;           /* segments to write */
  uint32_t n_pieces, n_batches;
} plan;

/* A damaged file counts as none. */
static int open_book(th_criteria_book *book, const th_snapshot *s, th_arena *arena, th_err *err) {
  *book = (th_criteria_book){.snapshot = s};
  th_criteria_file *files = th_arena_calloc(arena, s->n_segments + 1, sizeof *files);
  if (!files) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (uint32_t i = 0; i < s->n_segments; i++)
    if (th_criteria_file_of(&files[i], s, i, NULL)) files[i] = (th_criteria_file){0};
  book->files = files;
  return 0;
}

/* Whether what a book says no longer counts; else *oldest is brought down to the least number of
 * studies that any of its files was read with. */
static bool book_has_drifted(const th_criteria_book *book, const th_criteria_basis *now,
                             uint64_t *oldest) {
  for (uint32_t i = 0; i < book->snapshot->n_segments; i++) {
    const th_criteria_file *f = &book->files[i];
    if (!f->bytes) continue;
    if (has_drifted(&f->basis, now)) return true;
    *oldest = TH_MIN(*oldest, f->basis.n_studies);
  }
  return false;
}

static bool has_limits(const th_snapshot *s, uint32_t segment) {
  th_side side;
  return th_snapshot_side(s, TH_LIMITS_SIDE, segment, &side, NULL) == 0 && side.p &&
         th_limits_fit(side.p, side.n, th_segment_docs(s->segments[segment]));
}

static int make_plan(plan *p, th_registry *r, const th_snapshot *before, bool rebuild,
                     th_arena *arena, th_err *err) {
  const th_snapshot *all[2] = {p->snapshot, before};
  uint64_t vocabularies = 0, oldest = UINT64_MAX;
  int rc = th_registry_concepts(p->snapshot, &p->dict, err);
  if (rc == 0) rc = th_registry_vocabulary_mark(r, &vocabularies, err);
  if (rc) return rc;
  th_criteria_basis_now(&p->basis, &p->dict);
  p->basis.vocabularies = vocabularies;
  p->basis.n_studies = p->snapshot->n_live;
  bool fresh = rebuild;
  for (unsigned i = 0; i < 2 && all[i] && !fresh; i++) {
    rc = open_book(&p->books[i], all[i], arena, err);
    if (rc) return rc;
    fresh = book_has_drifted(&p->books[i], &p->basis, &oldest);
    p->n_books = i + 1;
  }
  if (fresh) p->n_books = 0;
  if (p->n_books && oldest != UINT64_MAX) p->basis.n_studies = oldest;
  p->pieces = th_arena_calloc(arena, p->snapshot->n_segments + 1, sizeof *p->pieces);
  if (!p->pieces) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (uint32_t i = 0; i < p->snapshot->n_segments; i++) {
    if (p->n_books && p->books[0].files[i].bytes && has_limits(p->snapshot, i)) continue;
    uint32_t docs = th_segment_docs(p->snapshot->segments[i]);
    piece *one = &p->pieces[p->n_pieces++];
    *one = (piece){i, p->n_batches, (docs + BATCH - 1) / BATCH};
    p->n_batches += one->n_batches;
  }
  return 0;
}

/* ---- the workers ---- */

typedef struct slot {
  th_arena arena;
  th_elig_tree trees[BATCH];
  bool there[BATCH];
  uint32_t n;
  bool done;
} slot;

typedef struct work {
  const plan *p;
  th_registry *r;
  pthread_mutex_t lock; /* everything below */
  pthread_cond_t changed;
  slot *slots;
  uint32_t n_slots, next, written; /* batches */
  bool stop;
  th_err err;
} work;

typedef struct worker {
  work *w;
  th_json_parser *parser;
  th_store_reader *reader;
  th_concept_matcher *matcher;
  th_buf json;
  pthread_t thread;
} worker;

static void fail(work *w, const th_err *err) {
  pthread_mutex_lock(&w->lock);
  if (!w->err.code) w->err = *err;
  w->stop = true;
  pthread_cond_broadcast(&w->changed);
  pthread_mutex_unlock(&w->lock);
}

/* What a book has of the very record; spans without text are all that writing needs. */
static int take_over(const plan *p, uint32_t nct, uint64_t seq, th_arena *arena, th_elig_tree *out,
                     th_err *err) {
  for (unsigned i = 0; i < p->n_books; i++) {
    uint32_t segment, doc;
    th_err why = {0};
    const th_criteria_book *book = &p->books[i];
    if (!th_snapshot_find(book->snapshot, nct, &segment, &doc) ||
        th_segment_seq(book->snapshot->segments[segment], doc) != seq)
      continue;
    int rc = th_criteria_file_tree(&book->files[segment], doc, arena, out, &why);
    if (rc == TH_ENOTFOUND || rc == TH_ECORRUPT) continue;
    return rc ? th_err_set(err, rc, "%s", why.message) : 0;
  }
  return TH_ENOTFOUND;
}

/* The criteria of an entry of the log, in arena. */
static int find_text(worker *k, uint32_t nct, uint64_t seq, th_arena *arena, th_span *out,
                     th_err *err) {
  th_record record;
  th_json j;
  th_err why = {0};
  int rc = th_gather_text(k->w->p->gathered, seq, arena, out);
  if (rc == TH_ENOMEM) return th_err_set(err, rc, "out of memory");
  if (rc == 0) return 0;
  rc = th_store_get(k->reader, nct, -1, &k->json, &record, &why);
  if (rc == TH_ENOTFOUND || (rc == 0 && record.seq != seq))
    return TH_ENOTFOUND; /* the store has gone on: the log tells the index of it */
  if (rc) return th_err_set(err, rc, "%s", why.message);
  rc = th_json_parse(k->parser, record.json, &j, err);
  if (rc) return rc;
  /* The parser's memory is used again. */
  *out = th_arena_dup(arena, th_json_path_text(&j, 0, TH_CRITERIA_PATH));
  return out->p ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
}

static int read_record(worker *k, uint32_t nct, uint64_t seq, th_arena *arena, th_elig_tree *out,
                       th_err *err) {
  th_span text;
  int rc = find_text(k, nct, seq, arena, &text, err);
  return rc ? rc : th_elig_read_concepts(text, &k->w->p->dict, k->matcher, arena, out, err);
}

static bool is_live(const th_snapshot *s, uint32_t segment, uint32_t doc) {
  return !s->live[segment] || (s->live[segment][doc / 64] >> (doc % 64) & 1);
}

static int read_batch(worker *k, uint32_t batch, slot *out, th_err *err) {
  const plan *p = k->w->p;
  const piece *at = p->pieces;
  while (batch >= at->first_batch + at->n_batches)
    at++;
  const th_segment *s = p->snapshot->segments[at->segment];
  uint32_t first = (batch - at->first_batch) * BATCH;
  int rc = 0;
  out->n = TH_MIN(th_segment_docs(s) - first, (uint32_t)BATCH);
  th_arena_reset(&out->arena, false);
  for (uint32_t i = 0; i < out->n && rc == 0; i++) {
    uint32_t nct = th_segment_nct(s, first + i);
    uint64_t seq = th_segment_seq(s, first + i);
    out->there[i] = is_live(p->snapshot, at->segment, first + i);
    if (!out->there[i]) continue;
    rc = take_over(p, nct, seq, &out->arena, &out->trees[i], err);
    if (rc == TH_ENOTFOUND) rc = read_record(k, nct, seq, &out->arena, &out->trees[i], err);
    if (rc == TH_ENOTFOUND) out->there[i] = false, rc = 0;
  }
  return rc;
}

/* The next batch that there is a slot for; false when there are no more. */
static bool next_batch(work *w, uint32_t *batch) {
  pthread_mutex_lock(&w->lock);
  *batch = w->next++;
  while (!w->stop && *batch < w->p->n_batches && *batch >= w->written + w->n_slots)
    pthread_cond_wait(&w->changed, &w->lock);
  bool more = !w->stop && *batch < w->p->n_batches;
  pthread_mutex_unlock(&w->lock);
  return more;
}

static void *work_loop(void *arg) {
  worker *k = arg;
  work *w = k->w;
  th_err err = {0};
  uint32_t batch;
  while (next_batch(w, &batch)) {
    slot *s = &w->slots[batch % w->n_slots];
    if (read_batch(k, batch, s, &err)) {
      fail(w, &err);
      break;
    }
    pthread_mutex_lock(&w->lock);
    s->done = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
  }
  return NULL;
}

static int start_worker(worker *k, work *w, th_err *err) {
  k->w = w;
  th_buf_init(&k->json, 0);
  k->parser = th_json_parser_new(TH_RECORD_MAX, TH_RECORD_DEPTH);
  k->matcher = th_concept_matcher_new();
  if (!k->parser || !k->matcher) return th_err_set(err, TH_ENOMEM, "out of memory");
  k->reader = th_store_reader_acquire(w->r->store, err);
  if (!k->reader) return err && err->code ? err->code : TH_EIO;
  if (pthread_create(&k->thread, NULL, work_loop, k) != 0)
    return th_err_set(err, TH_ENOMEM, "cannot start a thread");
  return 0;
}

static void dispose_worker(worker *k) {
  th_store_reader_release(k->reader);
  th_json_parser_free(k->parser);
  th_concept_matcher_free(k->matcher);
  th_buf_dispose(&k->json);
}

/* ---- the writer ---- */

/* What is written for one segment. */
typedef struct output {
  char book_path[PATH_MAX], limits_path[PATH_MAX], segment[PATH_MAX];
  th_criteria_writer *book;
  th_limits_writer *limits;
  uint32_t n_docs;
  th_err *err;
} output;

static int add_limit(void *ctx, const th_limit *limit) {
  output *o = ctx;
  return th_limits_add(o->limits, o->n_docs, limit, o->err);
}

static int write_doc(output *o, const th_elig_tree *tree) {
  int rc = th_criteria_writer_add(o->book, tree, o->err);
  if (rc == 0 && tree) rc = th_criteria_limits(tree, add_limit, o);
  o->n_docs++;
  return rc;
}

/* Waits for the batch and writes it; its slot is then free. */
static int write_batch(work *w, uint32_t batch, output *o) {
  slot *s = &w->slots[batch % w->n_slots];
  pthread_mutex_lock(&w->lock);
  while (!s->done && !w->stop)
    pthread_cond_wait(&w->changed, &w->lock);
  int rc = w->stop ? th_err_set(o->err, w->err.code, "%s", w->err.message) : 0;
  pthread_mutex_unlock(&w->lock);
  for (uint32_t i = 0; rc == 0 && i < s->n; i++)
    rc = write_doc(o, s->there[i] ? &s->trees[i] : NULL);
  pthread_mutex_lock(&w->lock);
  s->done = false;
  w->written++;
  pthread_cond_broadcast(&w->changed);
  pthread_mutex_unlock(&w->lock);
  return rc;
}

static void name_output(th_registry *r, const plan *p, uint32_t segment, output *o) {
  pthread_mutex_lock(&r->paths_lock);
  th_index_new_side_path(r->index, o->book_path, sizeof o->book_path);
  th_index_new_side_path(r->index, o->limits_path, sizeof o->limits_path);
  pthread_mutex_unlock(&r->paths_lock);
  th_index_path_of(r->index, p->snapshot, segment, o->segment, sizeof o->segment);
}

static int write_piece(work *w, const piece *one, output *o) {
  name_output(w->r, w->p, one->segment, o);
  o->book = th_criteria_writer_new(o->book_path, &w->p->basis, o->err);
  o->limits = th_limits_writer_new();
  int rc = !o->book ? o->err->code : o->limits ? 0 : th_err_set(o->err, TH_ENOMEM, "out of memory");
  for (uint32_t i = 0; rc == 0 && i < one->n_batches; i++)
    rc = write_batch(w, one->first_batch + i, o);
  if (o->book) {
    int closed = th_criteria_writer_finish(o->book, rc == 0, rc ? NULL : o->err);
    rc = rc ? rc : closed;
  }
  if (rc == 0) rc = th_limits_write(o->limits, o->limits_path, o->n_docs, o->err);
  th_limits_writer_free(o->limits);
  return rc;
}

static int write_all(work *w, th_err *err) {
  const plan *p = w->p;
  th_err why = {0};
  output *outputs = calloc(p->n_pieces + 1, sizeof *outputs);
  th_index_side *sides = calloc(2 * (size_t)p->n_pieces + 1, sizeof *sides);
  int rc = outputs && sides ? 0 : th_err_set(&why, TH_ENOMEM, "out of memory");
  uint32_t n = 0;
  for (uint32_t i = 0; rc == 0 && i < p->n_pieces; i++) {
    output *o = &outputs[i];
    o->err = &why;
    rc = write_piece(w, &p->pieces[i], o);
    sides[n++] = (th_index_side){.kind = TH_CRITERIA_SIDE, .path = o->book_path};
    sides[n++] = (th_index_side){.kind = TH_LIMITS_SIDE, .path = o->limits_path};
    sides[n - 2].segment = sides[n - 1].segment = o->segment;
    sides[n - 2].basis = sides[n - 1].basis = p->basis.dictionary;
  }
  /* Files of a run that failed are the next writer's to sweep. */
  if (rc == 0) rc = th_index_publish_sides(w->r->index, sides, n, &why);
  free(outputs);
  free(sides);
  return rc ? th_err_set(err, rc, "%s", why.message) : 0;
}

static int run_work(th_registry *r, const plan *p, th_err *err) {
  worker workers[MOST_WORKERS] = {0};
  unsigned wanted = TH_MIN(th_cpu_count(), (unsigned)MOST_WORKERS), started = 0;
  wanted = TH_MAX(1u, TH_MIN(wanted, p->n_batches));
  work w = {.p = p, .r = r, .n_slots = wanted * SLOTS_A_WORKER};
  pthread_mutex_init(&w.lock, NULL);
  pthread_cond_init(&w.changed, NULL);
  w.slots = calloc(w.n_slots, sizeof *w.slots);
  int rc = w.slots ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
  for (uint32_t i = 0; rc == 0 && i < w.n_slots; i++)
    th_arena_init(&w.slots[i].arena, 0);
  while (rc == 0 && started < wanted) {
    rc = start_worker(&workers[started], &w, err);
    if (rc == 0)
      started++;
    else
      dispose_worker(&workers[started]);
  }
  if (rc == 0) rc = write_all(&w, err);
  if (rc) fail(&w, &(th_err){.code = rc});
  for (unsigned i = 0; i < started; i++) {
    pthread_join(workers[i].thread, NULL);
    dispose_worker(&workers[i]);
  }
  for (uint32_t i = 0; w.slots && i < w.n_slots; i++)
    th_arena_dispose(&w.slots[i].arena);
  free(w.slots);
  pthread_cond_destroy(&w.changed);
  pthread_mutex_destroy(&w.lock);
  return rc;
}

int th_registry_criteria_update(th_registry *r, const th_snapshot *before, bool rebuild,
                                const th_gather *gathered, th_err *err) {
  th_arena arena;
  th_arena_init(&arena, 0);
  const th_snapshot *s = th_index_acquire(r->index);
  plan p = {.snapshot = s, .gathered = gathered};
  int rc = make_plan(&p, r, before, rebuild, &arena, err);
  if (rc == 0 && p.n_pieces) rc = run_work(r, &p, err);
  th_index_release(r->index, s);
  th_arena_dispose(&arena);
  return rc;
}

int th_registry_derive(th_registry *r, const th_snapshot *before, bool rebuild,
                       const th_gather *gathered, th_err *err) {
  int rc = th_registry_concepts_update(r, rebuild, gathered, err);
  return rc ? rc : th_registry_criteria_update(r, before, rebuild, gathered, err);
}

/* ---- reading ---- */

int th_registry_criteria(const th_snapshot *snapshot, const th_record *record, th_span text,
                         th_arena *arena, th_elig_tree *out, th_err *err) {
  uint32_t segment, doc;
  th_criteria_file file;
  th_concepts dict;
  th_err why = {0};
  int rc = TH_ENOTFOUND;
  if (th_snapshot_find(snapshot, record->nct, &segment, &doc) &&
      th_segment_seq(snapshot->segments[segment], doc) == record->seq) {
    rc = th_criteria_file_of(&file, snapshot, segment, &why);
    if (rc == 0) rc = th_criteria_file_tree(&file, doc, arena, out, &why);
  }
  if (rc == 0) return th_criteria_set_text(out, text, err);
  if (rc != TH_ENOTFOUND) return th_err_set(err, rc, "%s", why.message);
  rc = th_registry_concepts(snapshot, &dict, err);
  return rc ? rc : th_elig_read_concepts(text, &dict, NULL, arena, out, err);
}
