/* The index of a data directory: opening, the readers' side, publishing and merging. */
#include "index/index.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/queue.h"
#include "index/builder.h"
#include "index/index_private.h"
#include "index/merge.h"

#define COUNT_MASK ((UINT64_C(1) << 56) - 1)
enum { LOAD_TRIES = 20 };

/* ---- the readers' side ---- */

static void retire(th_index *index, unsigned slot) {
  th_slot *s = &index->slots[slot];
  th_generation *g = s->generation;
  s->generation = NULL;
  atomic_store_explicit(&s->taken, false, memory_order_release);
  th_generation_free(g);
}

static void give_back(th_index *index, unsigned slot, int64_t change) {
  int64_t left = atomic_fetch_add_explicit(&index->slots[slot].left, change, memory_order_acq_rel);
  if (left + change == 0) retire(index, slot);
}

static th_generation *acquire(th_index *index) {
  uint64_t now = atomic_fetch_add_explicit(&index->current, 1, memory_order_acquire);
  return index->slots[now >> 56].generation;
}

static void release(th_index *index, const th_generation *g) {
  give_back(index, g->slot, -1);
}

const th_snapshot *th_index_acquire(th_index *index) {
  return &acquire(index)->snapshot;
}

void th_index_release(th_index *index, const th_snapshot *snapshot) {
  if (snapshot) release(index, (const th_generation *)(const void *)snapshot);
}

/* A free slot with g in it, not yet current; under the lock. */
static int place_generation(th_index *index, th_generation *g, unsigned *out, th_err *err) {
  for (unsigned i = 0; i < TH_INDEX_SLOTS; i++) {
    th_slot *s = &index->slots[i];
    if (atomic_load_explicit(&s->taken, memory_order_acquire)) continue;
    atomic_store_explicit(&s->left, TH_SLOT_BIAS, memory_order_relaxed);
    atomic_store_explicit(&s->taken, true, memory_order_relaxed);
    s->generation = g;
    g->slot = i;
    *out = i;
    return 0;
  }
  return th_err_set(err, TH_ELIMIT, "readers hold %d generations of the index", TH_INDEX_SLOTS);
}

/* Makes the placed generation current; under the lock. */
static void switch_to(th_index *index, unsigned slot) {
  uint64_t old =
      atomic_exchange_explicit(&index->current, (uint64_t)slot << 56, memory_order_acq_rel);
  give_back(index, old >> 56, (int64_t)(old & COUNT_MASK) - TH_SLOT_BIAS);
}

bool th_snapshot_find(const th_snapshot *snapshot, uint32_t nct, uint32_t *segment, uint32_t *doc) {
  for (uint32_t i = snapshot->n_segments; i-- > 0;) {
    const th_segment *s = snapshot->segments[i];
    const uint64_t *live = snapshot->live[i];
    uint32_t at, end;
    th_segment_find_nct(s, nct, &at, &end);
    for (; at < end; at++) {
      uint32_t d = th_segment_by_nct(s, at);
      if (live && !(live[d / 64] >> (d % 64) & 1)) continue;
      *segment = i;
      *doc = d;
      return true;
    }
  }
  return false;
}

int th_snapshot_state(const th_snapshot *snapshot, th_err *err) {
  int rc = 0;
  for (uint32_t i = 0; !rc && i < snapshot->n_segments; i++)
    rc = th_segment_state(snapshot->segments[i], err);
  return rc;
}

/* ---- opening ---- */

/* The generation that the manifest on disk names. A file may vanish between reading its name and
 * opening it, when a writer has published meanwhile: then the new manifest is tried. */
static int load_current(th_generation **out, const char *dir, const th_generation *current,
                        th_err *err) {
  for (int tries = 0;; tries++) {
    th_manifest m;
    th_err why = {0};
    int rc = th_manifest_read(&m, dir, err);
    if (rc) return rc;
    uint64_t hash = m.hash;
    rc = th_generation_load(out, dir, &m, current, &why);
    if (!rc) return 0;
    if (tries < LOAD_TRIES && th_manifest_peek(dir) != hash) continue;
    /* The index exists but lacks a part, or has one that is not of its version. */
    if (rc == TH_ENOTFOUND || rc == TH_EINPUT) rc = TH_ECORRUPT;
    return th_err_set(err, rc, "%s", why.message);
  }
}

/* A first manifest, of nothing. */
static int make_empty(const char *dir, uint64_t generation, uint64_t next_number, th_err *err) {
  th_manifest m = {
      .generation = generation, .fingerprint = th_index_fingerprint(), .next_number = next_number};
  int rc = th_dir_make(dir, err);
  return rc ? rc : th_manifest_write(&m, dir, err);
}

/* Where the old manifest cannot be read the time is a number that no generation has come to. */
int th_index_make_successor(const char *dir, const char *before, th_err *err) {
  th_manifest old;
  uint64_t generation = (uint64_t)th_clock_utc(), number = 1;
  if (th_manifest_read(&old, before, NULL) == 0) {
    generation = old.generation + 1;
    number = old.next_number;
    th_manifest_dispose(&old);
  }
  return make_empty(dir, generation, number, err);
}

static int open_generation(th_index *index, th_err *err) {
  char path[TH_INDEX_PATH_MAX];
  th_generation *g;
  unsigned slot = 0;
  uint64_t highest = 0;
  int rc = 0;
  th_index_manifest_path(index->dir, path);
  if (index->write && !th_file_exists(path)) rc = make_empty(index->dir, 1, 1, err);
  if (!rc) rc = load_current(&g, index->dir, NULL, err);
  if (rc) return rc;
  if (index->write) rc = th_index_sweep(index->dir, &g->manifest, &highest, err);
  atomic_init(&index->next_number, TH_MAX(highest + 1, g->manifest.next_number));
  if (!rc) rc = place_generation(index, g, &slot, err);
  if (rc)
    th_generation_free(g);
  else
    atomic_init(&index->current, (uint64_t)slot << 56);
  return rc;
}

int th_index_open(th_index **out, const char *dir, bool write, th_err *err) {
  *out = NULL;
  if (strlen(dir) + 64 > TH_INDEX_PATH_MAX)
    return th_err_set(err, TH_EUSAGE, "the name of the index folder is too long");
  th_index *index = aligned_alloc(_Alignof(th_index), sizeof *index);
  if (!index) return th_err_set(err, TH_ENOMEM, "out of memory opening the index in %s", dir);
  memset(index, 0, sizeof *index);
  index->write = write;
  memcpy(index->dir, dir, strlen(dir) + 1);
  pthread_mutex_init(&index->lock, NULL);
  pthread_mutex_init(&index->merging, NULL);
  int rc = open_generation(index, err);
  if (rc)
    th_index_close(index);
  else
    *out = index;
  return rc;
}

void th_index_close(th_index *index) {
  if (!index) return;
  for (unsigned i = 0; i < TH_INDEX_SLOTS; i++)
    th_generation_free(index->slots[i].generation);
  pthread_mutex_destroy(&index->lock);
  pthread_mutex_destroy(&index->merging);
  free(index);
}

/* The current generation without counting it; under the lock. */
static const th_generation *current_of(th_index *index) {
  return index->slots[atomic_load_explicit(&index->current, memory_order_acquire) >> 56].generation;
}

void th_index_on_newer(th_index *index, th_index_newer_fn fn, void *ctx) {
  index->newer = fn;
  index->newer_ctx = ctx;
}

int th_index_refresh(th_index *index, bool *changed, th_err *err) {
  th_generation *g = NULL;
  unsigned slot = 0;
  int rc = 0;
  *changed = false;
  pthread_mutex_lock(&index->lock);
  const th_generation *current = current_of(index);
  if (!index->write && th_manifest_peek(index->dir) != current->manifest.hash) {
    rc = load_current(&g, index->dir, current, err);
    if (!rc && index->newer && g->manifest.hash != current->manifest.hash)
      index->newer(index->newer_ctx, &g->snapshot);
    if (!rc && g->manifest.hash == current->manifest.hash)
      th_generation_free(g);
    else if (!rc && (rc = place_generation(index, g, &slot, err)))
      th_generation_free(g);
    else if (!rc)
      switch_to(index, slot), *changed = true;
  }
  pthread_mutex_unlock(&index->lock);
  return rc;
}

/* ---- publishing ---- */

void th_index_new_segment_path(th_index *index, char *out, size_t len) {
  char path[TH_INDEX_PATH_MAX];
  uint64_t number = atomic_fetch_add_explicit(&index->next_number, 1, memory_order_relaxed);
  th_index_segment_path(index->dir, number, path);
  snprintf(out, len, "%s", path);
}

void th_index_new_side_path(th_index *index, char *out, size_t len) {
  char path[TH_INDEX_PATH_MAX];
  uint64_t number = atomic_fetch_add_explicit(&index->next_number, 1, memory_order_relaxed);
  th_index_side_path(index->dir, number, path);
  snprintf(out, len, "%s", path);
}

static int write_lives(th_draft *d, const char *dir, th_err *err) {
  int rc = 0;
  for (size_t i = 0; !rc && i < d->n; i++)
    if (d->items[i].live && !d->items[i].live->hash) rc = th_live_write(d->items[i].live, dir, err);
  return rc;
}

/* Files that the old manifest names and the new one does not. Others may still read them: their
 * mappings stay. */
static void remove_dropped(const char *dir, const th_manifest *old, const th_manifest *new) {
  char path[TH_INDEX_PATH_MAX];
  for (uint32_t i = 0; i < old->n; i++) {
    const th_manifest_entry *e = &old->entries[i], *kept = NULL;
    for (uint32_t k = 0; k < new->n && !kept; k++)
      if (new->entries[k].number == e->number) kept = &new->entries[k];
    if (!kept) {
      th_index_segment_path(dir, e->number, path);
      unlink(path);
    }
    if (e->live_generation && (!kept || kept->live_generation != e->live_generation)) {
      th_index_live_path(dir, e->number, e->live_generation, path);
      unlink(path);
    }
  }
}

static void remove_dropped_sides(const char *dir, const th_manifest *old, const th_manifest *new) {
  char path[TH_INDEX_PATH_MAX];
  for (uint32_t i = 0; i < old->n_sides; i++) {
    bool kept = false;
    for (uint32_t k = 0; k < new->n_sides && !kept; k++)
      kept = new->sides[k].number == old->sides[i].number;
    if (kept) continue;
    th_index_side_path(dir, old->sides[i].number, path);
    unlink(path);
  }
}

/* New segments that were dead on arrival: no manifest ever named them. */
static void remove_dead(const char *dir, const th_draft *d) {
  char path[TH_INDEX_PATH_MAX];
  for (size_t i = 0; i < d->n_dropped; i++) {
    th_index_segment_path(dir, d->dropped[i], path);
    unlink(path);
  }
}

/* Bitmaps of a generation that did not come to be. */
static void remove_lives(const th_draft *d, const char *dir) {
  char path[TH_INDEX_PATH_MAX];
  for (size_t i = 0; i < d->n; i++) {
    if (!d->items[i].changed) continue;
    th_index_live_path(dir, d->items[i].part->number, d->generation, path);
    unlink(path);
  }
}

/* The manifest could not be written. Its folder may still hold it (when only the sync behind the
 * rename failed): then other processes see the new generation, and so does this one. When that
 * cannot be told, the old one stays, and no file is removed that either names. */
static void settle_failure(th_index *index, th_draft *d, unsigned slot, bool *kept) {
  uint64_t on_disk = th_manifest_peek(index->dir);
  bool is_new = on_disk == index->slots[slot].generation->manifest.hash;
  *kept = on_disk != current_of(index)->manifest.hash;
  if (is_new) {
    switch_to(index, slot);
    return;
  }
  retire(index, slot);
  if (!*kept) remove_lives(d, index->dir);
}

/* Writes the draft's bitmaps and manifest and switches to it; under the lock. *kept: the manifest
 * on disk names the new generation, or may. */
static int commit(th_index *index, th_draft *d, bool *kept, th_err *err) {
  th_generation *g = NULL;
  unsigned slot = 0;
  int rc = 0;
  const th_generation *old = current_of(index);
  *kept = false;
  th_draft_drop_dead(d);
  th_draft_drop_sides(d, false);
  index->last_generation = d->generation;
  d->next_number = atomic_load_explicit(&index->next_number, memory_order_relaxed);
  rc = write_lives(d, index->dir, err);
  if (!rc) rc = th_generation_new(&g, d, err);
  if (!rc) rc = place_generation(index, g, &slot, err);
  if (rc) {
    th_generation_free(g);
    remove_lives(d, index->dir);
    return rc;
  }
  g->manifest.fingerprint = th_index_fingerprint();
  rc = th_manifest_write(&g->manifest, index->dir, err);
  if (rc) {
    settle_failure(index, d, slot, kept);
    return rc;
  }
  remove_dropped(index->dir, &old->manifest, &g->manifest);
  remove_dropped_sides(index->dir, &old->manifest, &g->manifest);
  remove_dead(index->dir, d);
  switch_to(index, slot);
  *kept = true;
  return 0;
}

/* The draft of the generation behind the current one. Its number is above all that were tried, so
 * that no file of theirs is written again. */
static int begin(th_index *index, th_draft *d, size_t more, th_err *err) {
  int rc = th_draft_init(d, current_of(index), more, err);
  d->generation = TH_MAX(d->generation, index->last_generation + 1);
  return rc;
}

/* The name of a path that this index has given out; NULL when it is none. */
static const char *own_name(const th_index *index, const char *path) {
  const char *slash = strrchr(path, '/');
  size_t n = strlen(index->dir);
  bool own = slash && (size_t)(slash - path) == n && memcmp(path, index->dir, n) == 0;
  return own ? slash + 1 : NULL;
}

static int number_of(const th_index *index, const char *path, uint64_t *number, th_err *err) {
  const char *name = own_name(index, path);
  uint64_t generation;
  if (name && th_index_file_number(name, number, &generation) && generation == 0) return 0;
  return th_err_set(err, TH_EUSAGE, "%s is no path of th_index_new_segment_path", path);
}

static bool holds_number(const th_draft *d, uint64_t number) {
  for (size_t i = 0; i < d->n; i++)
    if (d->items[i].part->number == number) return true;
  return false;
}

/* Every byte of a new segment is hashed before a generation names it. */
static int add_segment(th_index *index, th_draft *d, const char *path, th_err *err) {
  th_part *part;
  uint64_t number;
  int rc = number_of(index, path, &number, err);
  if (!rc && holds_number(d, number))
    rc = th_err_set(err, TH_EUSAGE, "segment %s is published already", path);
  if (!rc) rc = th_part_open(&part, index->dir, number, true, err);
  if (rc) return rc;
  th_draft_insert(d, d->n, part, NULL);
  return th_draft_supersede(d, d->n - 1, err);
}

static int add_side(th_index *index, th_draft *d, const th_index_side *side, th_err *err) {
  th_side_file *file;
  th_manifest_side entry = {.kind = side->kind, .basis = side->basis};
  const char *name = own_name(index, side->path);
  if (!name || !th_index_side_number(name, &entry.number))
    return th_err_set(err, TH_EUSAGE, "%s is no path of th_index_new_side_path", side->path);
  int rc = side->segment ? number_of(index, side->segment, &entry.owner, err) : 0;
  if (!rc) rc = th_side_adopt(&file, index->dir, entry, err);
  return rc ? rc : th_draft_add_side(d, file, err);
}

static int need_writer(const th_index *index, th_err *err) {
  return index->write ? 0 : th_err_set(err, TH_EUSAGE, "the index is open for reading only");
}

int th_index_publish(th_index *index, const th_index_update *update, th_err *err) {
  th_draft d = {0};
  bool kept = false;
  int rc = need_writer(index, err);
  if (rc) return rc;
  pthread_mutex_lock(&index->lock);
  rc = begin(index, &d, update->n_added, err);
  if (!rc) {
    d.applied_seq = update->applied_seq;
    d.applied_mark = update->applied_mark;
  }
  while (!rc && update->replace && d.n)
    th_draft_remove(&d, d.n - 1);
  for (size_t i = 0; !rc && i < update->n_added; i++)
    rc = add_segment(index, &d, update->added[i], err);
  for (size_t i = 0; !rc && i < update->n_removed; i++)
    rc = th_draft_forget(&d, update->removed[i], update->removed_seq[i], err);
  for (size_t i = 0; !rc && i < update->n_sides; i++)
    rc = add_side(index, &d, &update->sides[i], err);
  if (!rc) rc = commit(index, &d, &kept, err);
  th_draft_dispose(&d);
  pthread_mutex_unlock(&index->lock);
  return rc;
}

int th_index_publish_sides(th_index *index, const th_index_side *sides, size_t n, th_err *err) {
  th_draft d = {0};
  bool kept = false;
  int rc = need_writer(index, err);
  if (rc) return rc;
  pthread_mutex_lock(&index->lock);
  rc = begin(index, &d, 0, err);
  for (size_t i = 0; !rc && i < n; i++)
    rc = add_side(index, &d, &sides[i], err);
  if (!rc) rc = commit(index, &d, &kept, err);
  th_draft_dispose(&d);
  pthread_mutex_unlock(&index->lock);
  return rc;
}

int th_index_clear(th_index *index, th_err *err) {
  th_draft d = {0};
  bool kept = false;
  int rc = need_writer(index, err);
  if (rc) return rc;
  pthread_mutex_lock(&index->lock);
  rc = begin(index, &d, 0, err);
  while (d.n)
    th_draft_remove(&d, d.n - 1);
  d.applied_seq = d.applied_mark = 0;
  th_draft_drop_sides(&d, true);
  if (!rc) rc = commit(index, &d, &kept, err);
  th_draft_dispose(&d);
  pthread_mutex_unlock(&index->lock);
  return rc;
}

int th_index_discard(const char *dir, th_err *err) {
  char path[TH_INDEX_PATH_MAX];
  uint64_t highest;
  if (!th_file_exists(dir)) return 0;
  th_index_manifest_path(dir, path);
  unlink(path);
  int rc = th_dir_sync(dir, err);
  return rc ? rc : th_index_sweep(dir, NULL, &highest, err);
}

/* ---- merging ---- */

typedef struct merge_job {
  size_t n;
  size_t *chosen; /* indexes in the generation that the merge began with */
  const th_segment **segments;
  const uint64_t **live;
  char path[TH_INDEX_PATH_MAX];
} merge_job;

static void dispose_job(merge_job *job) {
  free(job->chosen);
  free(job->segments);
  free(job->live);
}

static int choose(merge_job *job, const th_generation *g, bool all, th_err *err) {
  uint32_t n = g->snapshot.n_segments;
  th_tier_segment *t = calloc(n + 1, sizeof *t);
  job->chosen = calloc(n + 1, sizeof *job->chosen);
  job->segments = calloc(n + 1, sizeof *job->segments);
  job->live = calloc(n + 1, sizeof *job->live);
  job->n = 0;
  if (!t || !job->chosen || !job->segments || !job->live) {
    free(t);
    return th_err_set(err, TH_ENOMEM, "out of memory merging the index");
  }
  for (uint32_t i = 0; i < n; i++) {
    const th_manifest_entry *e = &g->manifest.entries[i];
    t[i] = (th_tier_segment){e->bytes, e->n_docs, e->n_live};
  }
  job->n = th_tiers_choose(t, n, all, job->chosen);
  for (size_t k = 0; k < job->n; k++) {
    job->segments[k] = g->snapshot.segments[job->chosen[k]];
    job->live[k] = g->snapshot.live[job->chosen[k]];
  }
  free(t);
  return 0;
}

/* Where a part stands in the draft; d->n when it is gone. */
static size_t find_part(const th_draft *d, const th_part *part) {
  size_t i = 0;
  while (i < d->n && d->items[i].part != part)
    i++;
  return i;
}

static bool bit(const uint64_t *words, uint32_t i) {
  return !words || (words[i / 64] >> (i % 64) & 1);
}

/* What was pushed out of the sources while they were merged is dead in the outcome too: its
 * documents are those that were live at the start, in order. A source that is gone was dropped, as
 * all of it was dead. */
static int carry_deaths(th_draft *d, size_t merged, const merge_job *job, const th_generation *g,
                        th_err *err) {
  uint32_t out = 0, n = th_segment_docs(d->items[merged].part->segment);
  int rc = 0;
  for (size_t k = 0; !rc && k < job->n; k++) {
    size_t source = find_part(d, g->parts[job->chosen[k]]);
    uint32_t docs = th_segment_docs(job->segments[k]);
    for (uint32_t doc = 0; !rc && doc < docs; doc++) {
      if (!bit(job->live[k], doc)) continue;
      bool dead = source == d->n || !th_draft_is_live(d, source, doc);
      if (out < n && dead) rc = th_draft_kill(d, merged, out, err);
      out++;
    }
  }
  if (!rc && out != n)
    rc = th_err_set(err, TH_ECORRUPT, "a merge made %u documents out of %u", n, out);
  return rc;
}

/* Puts the merged segment in the place of its sources, in whatever generation is current now.
 * *kept is false when none of the sources is there any more (the index was cleared). */
static int apply_merge(th_index *index, const merge_job *job, const th_generation *g, bool *kept,
                       th_err *err) {
  th_draft d = {0};
  th_part *part = NULL;
  uint64_t number;
  *kept = false;
  int rc = number_of(index, job->path, &number, err);
  if (!rc) rc = th_part_open(&part, index->dir, number, true, err);
  if (rc) return rc;
  pthread_mutex_lock(&index->lock);
  rc = begin(index, &d, 1, err);
  if (rc) goto done;
  size_t at = d.n;
  for (size_t k = 0; k < job->n; k++)
    at = TH_MIN(at, find_part(&d, g->parts[job->chosen[k]]));
  if (at == d.n) goto done;
  th_draft_insert(&d, at, part, NULL);
  part = NULL;
  rc = carry_deaths(&d, at, job, g, err);
  for (size_t k = 0; !rc && k < job->n; k++) {
    size_t source = find_part(&d, g->parts[job->chosen[k]]);
    if (source < d.n) th_draft_remove(&d, source);
  }
  if (!rc) rc = commit(index, &d, kept, err);
done:
  th_part_release(part);
  th_draft_dispose(&d);
  pthread_mutex_unlock(&index->lock);
  return rc;
}

static int merge_once(th_index *index, bool all, const _Atomic bool *stop, bool *more,
                      th_err *err) {
  merge_job job = {0};
  bool kept = false;
  th_generation *g = acquire(index);
  int rc = choose(&job, g, all, err);
  *more = !rc && job.n > 0;
  if (*more) {
    th_index_new_segment_path(index, job.path, sizeof job.path);
    rc = th_segment_merge(job.segments, job.live, job.n, job.path, stop, err);
    for (size_t i = 0; i < job.n; i++)
      th_segment_forget(job.segments[i]);
    if (!rc) rc = apply_merge(index, &job, g, &kept, err);
    if (!kept) unlink(job.path);
  }
  dispose_job(&job);
  release(index, g);
  return rc;
}

int th_index_merge(th_index *index, bool all, const _Atomic bool *stop, th_err *err) {
  bool more = true;
  int rc = need_writer(index, err);
  if (rc) return rc;
  pthread_mutex_lock(&index->merging);
  while (!rc && more) {
    if (stop && atomic_load(stop)) break;
    rc = merge_once(index, all, stop, &more, err);
  }
  pthread_mutex_unlock(&index->merging);
  return rc;
}
