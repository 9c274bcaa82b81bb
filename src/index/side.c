/* Side files: what other rooms derive and want published with a generation. The index knows their
 * bytes and their hash, not what they mean. */
#include <stdio.h>
#include <unistd.h>
#include <xxhash.h>

#include "index/index_private.h"

void th_index_side_path(const char *dir, uint64_t number, char out[TH_INDEX_PATH_MAX]) {
  snprintf(out, TH_INDEX_PATH_MAX, "%s/%06llu.side", dir, (unsigned long long)number);
}

/* Maps the file that the entry names; its bytes are hashed when they are first asked for. */
int th_side_open(th_side_file **out, const char *dir, const th_manifest_side *entry, th_err *err) {
  char path[TH_INDEX_PATH_MAX];
  *out = NULL;
  th_side_file *s = calloc(1, sizeof *s);
  if (!s) return th_err_set(err, TH_ENOMEM, "out of memory opening the index in %s", dir);
  atomic_init(&s->refs, 1);
  atomic_init(&s->state, 0);
  s->entry = *entry;
  th_index_side_path(dir, entry->number, path);
  int rc = th_map_open(&s->map, path, err);
  if (!rc && s->map.n != entry->bytes)
    rc = th_err_set(err, TH_ECORRUPT, "%s is not the file that the manifest names", path);
  if (rc)
    th_side_release(s);
  else
    *out = s;
  return rc;
}

/* A new file: its length and hash become the entry's. */
int th_side_adopt(th_side_file **out, const char *dir, th_manifest_side entry, th_err *err) {
  char path[TH_INDEX_PATH_MAX];
  th_map map;
  *out = NULL;
  th_index_side_path(dir, entry.number, path);
  int rc = th_map_open(&map, path, err);
  if (rc) return rc;
  entry.bytes = map.n;
  entry.hash = XXH3_64bits(map.p, map.n);
  th_map_close(&map);
  return th_side_open(out, dir, &entry, err);
}

th_side_file *th_side_hold(th_side_file *s) {
  atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
  return s;
}

void th_side_release(th_side_file *s) {
  if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1) return;
  th_map_close(&s->map);
  free(s);
}

int th_side_verify(th_side_file *s, th_err *err) {
  enum { NEW, GOOD, BAD };
  int state = atomic_load_explicit(&s->state, memory_order_acquire);
  if (state == NEW) {
    state = XXH3_64bits(s->map.p, s->map.n) == s->entry.hash ? GOOD : BAD;
    atomic_store_explicit(&s->state, state, memory_order_release);
  }
  return state == GOOD
             ? 0
             : th_err_set(err, TH_ECORRUPT, "side file %06llu does not match its checksum",
                          (unsigned long long)s->entry.number);
}

/* ---- in a generation ---- */

static const th_generation *generation_of(const th_snapshot *snapshot) {
  return (const th_generation *)(const void *)snapshot;
}

int th_snapshot_side(const th_snapshot *snapshot, uint32_t kind, uint32_t segment, th_side *out,
                     th_err *err) {
  const th_generation *g = generation_of(snapshot);
  uint64_t owner = segment < snapshot->n_segments ? g->parts[segment]->number : 0;
  *out = (th_side){0};
  if (segment != TH_SIDE_WHOLE && segment >= snapshot->n_segments) return 0;
  for (uint32_t i = 0; i < g->manifest.n_sides; i++) {
    th_side_file *s = g->sides[i];
    if (s->entry.kind != kind || s->entry.owner != owner) continue;
    int rc = th_side_verify(s, err);
    if (rc) return rc;
    *out =
        (th_side){.p = s->map.p, .n = s->map.n, .basis = s->entry.basis, .number = s->entry.number};
    return 0;
  }
  return 0;
}

void th_index_path_of(const th_index *index, const th_snapshot *snapshot, uint32_t segment,
                      char *out, size_t len) {
  char path[TH_INDEX_PATH_MAX];
  th_index_segment_path(index->dir, generation_of(snapshot)->parts[segment]->number, path);
  snprintf(out, len, "%s", path);
}

/* ---- in a draft ---- */

static void remove_side(th_draft *d, size_t at) {
  th_side_release(d->sides[at]);
  d->n_sides--;
  memmove(&d->sides[at], &d->sides[at + 1], (d->n_sides - at) * sizeof *d->sides);
}

int th_draft_add_side(th_draft *d, th_side_file *side, th_err *err) {
  for (size_t i = d->n_sides; i-- > 0;)
    if (d->sides[i]->entry.kind == side->entry.kind &&
        d->sides[i]->entry.owner == side->entry.owner)
      remove_side(d, i);
  th_side_file **p = NULL;
  if (d->n_sides < TH_INDEX_SIDES_MAX) p = realloc(d->sides, (d->n_sides + 1) * sizeof *p);
  if (!p) {
    th_side_release(side);
    return th_err_set(err, TH_ENOMEM, "out of memory changing the index");
  }
  d->sides = p;
  d->sides[d->n_sides++] = side;
  return 0;
}

/* Whether the segment of that number is one of the draft's. */
static bool has_part(const th_draft *d, uint64_t number) {
  for (size_t i = 0; i < d->n; i++)
    if (d->items[i].part->number == number) return true;
  return false;
}

void th_draft_drop_sides(th_draft *d, bool all) {
  for (size_t i = d->n_sides; i-- > 0;) {
    uint64_t owner = d->sides[i]->entry.owner;
    if (all || (owner && !has_part(d, owner))) remove_side(d, i);
  }
}
