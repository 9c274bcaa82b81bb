/* Counting names beside the index, and making the dictionary of them. The counts follow the change
 * log: a study that changed is taken out in the version that was counted and counted in its new
 * one. */
#define _GNU_SOURCE
#include "registry/concepts.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/json.h"
#include "base/queue.h"
#include "concept/common.h"
#include "concept/evidence.h"
#include "concept/vocabulary.h"
#include "registry/internal.h"

enum { MOST_WORKERS = 16, STRIDE = 64 };

/* ---- reading a dictionary ---- */

int th_registry_concepts(const th_snapshot *snapshot, th_concepts *out, th_err *err) {
  th_side side;
  *out = (th_concepts){0};
  int rc = th_snapshot_side(snapshot, TH_CONCEPTS_SIDE, TH_SIDE_WHOLE, &side, err);
  if (rc || !side.p) return rc;
  th_err why = {0};
  rc = th_concepts_open(out, side.p, side.n, false, &why);
  if (rc == TH_EINPUT)
    return 0; /* of another version of the program: the next writer makes it anew */
  return rc ? th_err_set(err, rc, "%s", why.message) : 0;
}

static int expand(void *ctx, th_span text, th_arena *arena, const th_synonym **out, size_t *n,
                  th_err *err) {
  th_alternative *found;
  *out = NULL;
  int rc = th_concepts_expand(ctx, text, NULL, arena, &found, n, err);
  if (rc || *n == 0) return rc;
  th_synonym *s = th_arena_calloc(arena, *n, sizeof *s);
  if (!s) return th_err_set(err, TH_ENOMEM, "out of memory expanding a term");
  for (size_t i = 0; i < *n; i++)
    s[i] = (th_synonym){found[i].text, found[i].source, found[i].weight};
  *out = s;
  return 0;
}

th_expander th_registry_expander(const th_concepts *dict) {
  return (th_expander){expand, (void *)(uintptr_t)dict};
}

/* ---- what has changed since the names were counted ---- */

/* An entry of the log; later, of one for each study. */
typedef struct entry {
  uint32_t nct;
  bool first; /* of its study */
} entry;

typedef struct studies {
  entry *p; /* by number */
  size_t n, cap;
  uint64_t until; /* the last entry of the log to look at */
} studies;

static int add_study(void *ctx, const th_record *record) {
  studies *s = ctx;
  if (record->seq > s->until) return 0;
  if (s->n == s->cap) {
    size_t cap = s->cap ? s->cap * 2 : 1024;
    entry *p = realloc(s->p, cap * sizeof *p);
    if (!p) return TH_ENOMEM;
    s->p = p;
    s->cap = cap;
  }
  s->p[s->n++] = (entry){record->nct, record->kind == TH_CHANGE_PUT && record->version == 1};
  return 0;
}

static int by_number(const void *a, const void *b) {
  const entry *x = a, *y = b;
  return (x->nct > y->nct) - (x->nct < y->nct);
}

/* Leaves one entry of each study, and none of those that are new, did not change since, and have
 * been counted. */
static void keep_uncounted(studies *s, const th_gather *gathered) {
  size_t n = 0;
  for (size_t i = 0, end; i < s->n; i = end) {
    for (end = i + 1; end < s->n && s->p[end].nct == s->p[i].nct;)
      end++;
    bool done = end == i + 1 && s->p[i].first && th_gather_counted(gathered, s->p[i].nct);
    if (!done) s->p[n++] = s->p[i];
  }
  s->n = n;
}

static int read_changed(th_registry *r, uint64_t since, const th_gather *gathered, studies *s,
                        th_err *err) {
  th_store_reader *reader = th_store_reader_acquire(r->store, err);
  if (!reader) return err && err->code ? err->code : TH_EIO;
  int rc = th_store_changes(reader, since, s->until - since, add_study, s, err);
  th_store_reader_release(reader);
  if (s->n) qsort(s->p, s->n, sizeof *s->p, by_number);
  keep_uncounted(s, gathered);
  return rc;
}

/* ---- counting ---- */

typedef struct counting {
  th_registry *r;
  const studies *changed;
  const th_gather *gathered;
  uint64_t since;
  _Atomic size_t next;
  _Atomic bool stop;
} counting;

typedef struct counter {
  counting *job;
  th_evidence *evidence;
  th_json_parser *parser;
  th_store_reader *reader;
  th_buf json;
  pthread_t thread;
  th_err err;
  int rc;
} counter;

/* The versions of a study: the last one that was counted, the one that was gathered, and the last
 * one now; 0 for none. */
typedef struct versions {
  uint64_t since, gathered_seq, until;
  uint32_t counted, gathered, now;
  bool seen_now, seen_counted;
} versions;

static int see_version(void *ctx, const th_record *record) {
  versions *v = ctx;
  bool put = record->kind == TH_CHANGE_PUT;
  if (!v->seen_now && record->seq <= v->until) {
    v->seen_now = true;
    v->now = put ? record->version : 0;
  }
  if (put && record->seq == v->gathered_seq) v->gathered = record->version;
  if (!v->seen_counted && record->seq <= v->since) {
    v->seen_counted = true;
    v->counted = put ? record->version : 0;
  }
  return 0;
}

static int count_version(counter *c, uint32_t nct, uint32_t version, int sign) {
  th_record record;
  th_json j;
  if (version == 0) return 0;
  int rc = th_store_get(c->reader, nct, (int)version, &c->json, &record, &c->err);
  if (!rc) rc = th_json_parse(c->parser, record.json, &j, &c->err);
  return rc ? rc : th_evidence_count(c->evidence, &j, nct, sign, &c->err);
}

static int count_study(counter *c, uint32_t nct) {
  versions v = {.since = c->job->since,
                .gathered_seq = th_gather_counted(c->job->gathered, nct),
                .until = c->job->changed->until};
  int rc = th_store_history(c->reader, nct, see_version, &v, &c->err);
  uint32_t *had = v.gathered ? &v.gathered : &v.counted; /* what cancels with the last one */
  if (*had == v.now) *had = v.now = 0;
  if (!rc) rc = count_version(c, nct, v.counted, -1);
  if (!rc) rc = count_version(c, nct, v.gathered, -1);
  return rc ? rc : count_version(c, nct, v.now, 1);
}

static void *count_loop(void *arg) {
  counter *c = arg;
  counting *job = c->job;
  while (c->rc == 0 && !atomic_load(&job->stop)) {
    size_t from = atomic_fetch_add(&job->next, STRIDE);
    if (from >= job->changed->n) break;
    size_t to = TH_MIN(from + STRIDE, job->changed->n);
    for (size_t i = from; i < to && c->rc == 0; i++)
      c->rc = count_study(c, job->changed->p[i].nct);
  }
  if (c->rc) atomic_store(&job->stop, true);
  return NULL;
}

static int prepare_counter(counter *c, counting *job, th_err *err) {
  *c = (counter){.job = job, .evidence = th_evidence_new()};
  th_buf_init(&c->json, 0);
  c->parser = th_json_parser_new(TH_RECORD_MAX, TH_RECORD_DEPTH);
  if (!c->evidence || !c->parser) return th_err_set(err, TH_ENOMEM, "out of memory");
  c->reader = th_store_reader_acquire(job->r->store, err);
  return c->reader ? 0 : err && err->code ? err->code : TH_EIO;
}

static void dispose_counter(counter *c) {
  th_store_reader_release(c->reader);
  th_json_parser_free(c->parser);
  th_evidence_free(c->evidence);
  th_buf_dispose(&c->json);
}

static int count_changed(th_registry *r, const studies *changed, const th_gather *gathered,
                         uint64_t since, th_evidence *into, th_err *err) {
  counting job = {.r = r, .changed = changed, .gathered = gathered, .since = since};
  counter counters[MOST_WORKERS] = {0};
  unsigned wanted = TH_MIN(th_cpu_count(), (unsigned)MOST_WORKERS), ready = 0, started = 0;
  int rc = 0;
  if (changed->n < STRIDE * 4) wanted = 1;
  while (rc == 0 && ready < wanted)
    rc = prepare_counter(&counters[ready++], &job, err);
  while (rc == 0 && started < wanted) {
    if (pthread_create(&counters[started].thread, NULL, count_loop, &counters[started]) != 0)
      rc = th_err_set(err, TH_ENOMEM, "cannot start a thread");
    else
      started++;
  }
  if (rc) atomic_store(&job.stop, true);
  for (unsigned i = 0; i < started; i++)
    pthread_join(counters[i].thread, NULL);
  for (unsigned i = 0; i < ready; i++) {
    if (rc == 0 && counters[i].rc)
      rc = th_err_set(err, counters[i].rc, "%s", counters[i].err.message);
    if (rc == 0) rc = th_evidence_merge(into, counters[i].evidence, err);
    dispose_counter(&counters[i]);
  }
  return rc;
}

/* ---- the dictionary ---- */

static int hash_vocabulary(void *ctx, const th_vocabulary_info *info, th_span body) {
  uint64_t *hash = ctx;
  struct {
    uint64_t before, name, file[2], kept;
  } all = {
      *hash, XXH3_64bits(info->name.p, info->name.n), {info->hash[0], info->hash[1]}, info->kept};
  (void)body;
  *hash = XXH3_64bits(&all, sizeof all);
  return 0;
}

typedef struct adding {
  th_concept_draft *draft;
  th_err *err;
} adding;

static int add_vocabulary(void *ctx, const th_vocabulary_info *info, th_span body) {
  adding *a = ctx;
  th_draft_source s = {.name = info->name, .detail = info->version, .rank = 2};
  int source = th_concept_draft_source(a->draft, &s, a->err);
  return source < 0 ? source : th_vocabulary_add(a->draft, (unsigned)source, body, a->err);
}

static int each_vocabulary(th_registry *r, bool with_body, th_vocabulary_fn fn, void *ctx,
                           th_err *err) {
  th_store_reader *reader = th_store_reader_acquire(r->store, err);
  if (!reader) return err && err->code ? err->code : TH_EIO;
  int rc = th_vocabularies_each(reader, with_body, fn, ctx, err);
  th_store_reader_release(reader);
  return rc;
}

int th_registry_vocabulary_mark(th_registry *r, uint64_t *mark, th_err *err) {
  *mark = 0;
  return each_vocabulary(r, false, hash_vocabulary, mark, err);
}

static int make_dictionary(th_registry *r, th_evidence *evidence, uint64_t basis, th_buf *out,
                           th_err *err) {
  adding a = {.draft = th_concept_draft_new(), .err = err};
  int rc = a.draft ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
  if (rc == 0) rc = th_evidence_add(evidence, a.draft, err);
  if (rc == 0) rc = th_concept_common_add(a.draft, err);
  if (rc == 0) rc = each_vocabulary(r, true, add_vocabulary, &a, err);
  if (rc == 0) rc = th_concept_draft_write(a.draft, basis, out, err);
  th_concept_draft_free(a.draft);
  return rc;
}

/* ---- the files ---- */

static int write_side(th_registry *r, th_concepts_made *out, uint32_t kind, uint64_t basis,
                      const th_buf *bytes, th_err *err) {
  char *path = out->paths[out->n];
  pthread_mutex_lock(&r->paths_lock);
  th_index_new_side_path(r->index, path, PATH_MAX);
  pthread_mutex_unlock(&r->paths_lock);
  out->sides[out->n++] = (th_index_side){.kind = kind, .path = path, .basis = basis};
  return th_file_replace(path, th_buf_view(bytes), err);
}

void th_registry_concepts_drop(th_concepts_made *made) {
  for (size_t i = 0; i < made->n; i++)
    unlink(made->paths[i]);
  made->n = 0;
}

typedef struct update {
  th_registry *r;
  uint64_t applied_seq, applied_mark, basis;
  th_evidence_head counted; /* what the counts at hand are of */
  bool fresh;               /* they are of nothing */
} update;

static int write_both(const update *u, th_evidence *evidence, th_concepts_made *out, th_err *err) {
  th_buf counts, dict;
  th_evidence_head head = {u->applied_seq, u->applied_mark};
  th_buf_init(&counts, 0);
  th_buf_init(&dict, 0);
  int rc = th_evidence_write(evidence, &head, &counts, err);
  if (rc == 0) rc = make_dictionary(u->r, evidence, u->basis, &dict, err);
  if (rc == 0) rc = write_side(u->r, out, TH_EVIDENCE_SIDE, u->applied_seq, &counts, err);
  if (rc == 0) rc = write_side(u->r, out, TH_CONCEPTS_SIDE, u->basis, &dict, err);
  th_buf_dispose(&counts);
  th_buf_dispose(&dict);
  return rc;
}

/* The counts that the generation has, when they are of this course of the log. */
static int load_counts(update *u, const th_side *side, th_evidence *evidence, th_err *err) {
  uint64_t mark;
  th_err why = {0};
  u->fresh = true;
  if (!side->p) return 0;
  int rc = th_evidence_read(evidence, (th_span){side->p, side->n}, &u->counted, err);
  if (rc) return rc;
  u->fresh = u->counted.applied_seq > u->applied_seq ||
             th_registry_mark(u->r, u->counted.applied_seq, &mark, &why) != 0 ||
             mark != u->counted.applied_mark;
  return 0;
}

static int bring_up(update *u, const th_side *counts, const th_gather *gathered,
                    th_concepts_made *out, th_err *err) {
  studies changed = {.until = u->applied_seq};
  th_evidence *evidence = th_evidence_new();
  int rc = evidence ? load_counts(u, counts, evidence, err)
                    : th_err_set(err, TH_ENOMEM, "out of memory");
  if (rc == 0 && u->fresh) {
    th_evidence_free(evidence);
    evidence = th_evidence_new();
    u->counted = (th_evidence_head){0};
    if (!evidence) rc = th_err_set(err, TH_ENOMEM, "out of memory");
  }
  if (rc == 0) rc = th_gather_evidence(gathered, evidence, err);
  if (rc == 0) rc = read_changed(u->r, u->counted.applied_seq, gathered, &changed, err);
  if (rc == 0 && changed.n)
    rc = count_changed(u->r, &changed, gathered, u->counted.applied_seq, evidence, err);
  if (rc == 0) rc = write_both(u, evidence, out, err);
  th_evidence_free(evidence);
  free(changed.p);
  return rc;
}

/* What a dictionary is made from: the maker's version, the course of the log and the vocabularies.
 */
static int compute_basis(update *u, th_err *err) {
  enum { MAKER = 6 };
  uint64_t vocabularies = 0;
  int rc = th_registry_vocabulary_mark(u->r, &vocabularies, err);
  const uint64_t all[] = {MAKER, TH_CONCEPT_FILE_VERSION, u->applied_seq, u->applied_mark,
                          vocabularies};
  u->basis = XXH3_64bits(all, sizeof all);
  if (rc == 0 && u->applied_seq == 0 && vocabularies == 0) u->basis = 0;
  return rc;
}

int th_registry_concepts_make(th_registry *r, const th_snapshot *s, uint64_t applied_seq,
                              uint64_t applied_mark, bool rebuild, const th_gather *gathered,
                              th_concepts_made *out, th_err *err) {
  th_side counts = {0}, dict = {0};
  th_err why = {0};
  update u = {.r = r, .applied_seq = applied_seq, .applied_mark = applied_mark};
  out->n = 0;
  int rc = compute_basis(&u, err);
  /* A side file that is damaged is made anew. */
  if (th_snapshot_side(s, TH_CONCEPTS_SIDE, TH_SIDE_WHOLE, &dict, &why)) dict = (th_side){0};
  if (rebuild || th_snapshot_side(s, TH_EVIDENCE_SIDE, TH_SIDE_WHOLE, &counts, &why))
    counts = (th_side){0};
  bool current = dict.p ? dict.basis == u.basis : u.basis == 0;
  if (rc == 0 && (rebuild ? u.basis != 0 || dict.p : !current))
    rc = bring_up(&u, &counts, gathered, out, err);
  if (rc) th_registry_concepts_drop(out);
  return rc;
}

int th_registry_concepts_update(th_registry *r, bool rebuild, const th_gather *gathered,
                                th_err *err) {
  th_concepts_made made;
  const th_snapshot *s = th_index_acquire(r->index);
  int rc = th_registry_concepts_make(r, s, s->applied_seq, s->applied_mark, rebuild, gathered,
                                     &made, err);
  if (rc == 0 && made.n) rc = th_index_publish_sides(r->index, made.sides, made.n, err);
  th_index_release(r->index, s);
  return rc;
}
