/* Generations and what they are made of: open segments, live bitmaps, and the draft of the next. */
#include <stdio.h>

#include "index/index_private.h"
#include "index/segment_private.h"

/* ---- open segments ---- */

int th_part_open(th_part **out, const char *dir, uint64_t number, bool verify, th_err *err) {
  char path[TH_INDEX_PATH_MAX];
  th_segment *segment;
  *out = NULL;
  th_index_segment_path(dir, number, path);
  int rc = th_segment_open(&segment, path, verify, err);
  if (rc) return rc;
  th_part *part = calloc(1, sizeof *part);
  if (!part) {
    th_segment_close(segment);
    return th_err_set(err, TH_ENOMEM, "out of memory opening %s", path);
  }
  atomic_init(&part->refs, 1);
  part->number = number;
  part->segment = segment;
  part->head_hash = th_load64(segment->bytes + TH_SEGMENT_HEAD_HASH_AT);
  *out = part;
  return 0;
}

th_part *th_part_hold(th_part *part) {
  atomic_fetch_add_explicit(&part->refs, 1, memory_order_relaxed);
  return part;
}

void th_part_release(th_part *part) {
  if (!part || atomic_fetch_sub_explicit(&part->refs, 1, memory_order_acq_rel) != 1) return;
  th_segment_close(part->segment);
  free(part);
}

/* ---- drafts ---- */

int th_draft_init(th_draft *d, const th_generation *from, size_t more, th_err *err) {
  const th_manifest *m = &from->manifest;
  *d = (th_draft){.generation = m->generation + 1,
                  .applied_seq = m->applied_seq,
                  .applied_mark = m->applied_mark,
                  .next_number = m->next_number,
                  .cap = m->n + more};
  if (d->cap > TH_INDEX_SEGMENTS_MAX)
    return th_err_set(err, TH_ELIMIT, "the index would hold more than %d segments",
                      TH_INDEX_SEGMENTS_MAX);
  d->items = calloc(d->cap + 1, sizeof *d->items);
  d->dropped = calloc(d->cap + 1, sizeof *d->dropped);
  if (!d->items || !d->dropped)
    return th_err_set(err, TH_ENOMEM, "out of memory changing the index");
  for (; d->n < m->n; d->n++)
    d->items[d->n] = (th_draft_item){.part = th_part_hold(from->parts[d->n]),
                                     .live = th_live_hold(from->lives[d->n])};
  int rc = 0;
  for (uint32_t i = 0; !rc && i < m->n_sides; i++)
    rc = th_draft_add_side(d, th_side_hold(from->sides[i]), err);
  return rc;
}

void th_draft_dispose(th_draft *d) {
  while (d->n)
    th_draft_remove(d, d->n - 1);
  th_draft_drop_sides(d, true);
  free(d->sides);
  free(d->items);
  free(d->dropped);
  *d = (th_draft){0};
}

void th_draft_insert(th_draft *d, size_t at, th_part *part, th_live *live) {
  memmove(&d->items[at + 1], &d->items[at], (d->n - at) * sizeof *d->items);
  d->items[at] = (th_draft_item){.part = part, .live = live, .changed = live != NULL};
  d->n++;
}

void th_draft_remove(th_draft *d, size_t at) {
  th_part_release(d->items[at].part);
  th_live_release(d->items[at].live);
  d->n--;
  memmove(&d->items[at], &d->items[at + 1], (d->n - at) * sizeof *d->items);
}

bool th_draft_is_live(const th_draft *d, size_t item, uint32_t doc) {
  const th_live *live = d->items[item].live;
  return !live || (live->words[doc / 64] >> (doc % 64) & 1);
}

int th_draft_kill(th_draft *d, size_t item, uint32_t doc, th_err *err) {
  th_draft_item *it = &d->items[item];
  if (!th_draft_is_live(d, item, doc)) return 0;
  if (!it->changed) {
    th_live *own =
        th_live_new(it->part->number, d->generation, th_segment_docs(it->part->segment), it->live);
    if (!own) return th_err_set(err, TH_ENOMEM, "out of memory changing the index");
    th_live_release(it->live);
    it->live = own;
    it->changed = true;
  }
  it->live->words[doc / 64] &= ~(UINT64_C(1) << (doc % 64));
  it->live->n_live--;
  return 0;
}

static uint32_t nct_at(const th_segment *s, uint32_t place) {
  return th_segment_nct(s, th_segment_by_nct(s, place));
}

/* First place from `from` on whose study number is not below nct: steps that double, then halves.
 */
static uint32_t gallop(const th_segment *s, uint32_t from, uint32_t nct) {
  uint32_t n = th_segment_docs(s), low = from, high = from, step = 1;
  while (high < n && nct_at(s, high) < nct) {
    low = high + 1;
    high = n - high > step ? high + step : n;
    step *= 2;
  }
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (nct_at(s, mid) < nct)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

/* doc of item i against the versions of the same study in item j from a place on. Of two with one
 * seq (the same change twice) the one in the later segment stays. */
static int contend(th_draft *d, size_t i, uint32_t doc, size_t j, uint32_t place, th_err *err) {
  const th_segment *a = d->items[i].part->segment, *b = d->items[j].part->segment;
  uint32_t nct = th_segment_nct(a, doc), n = th_segment_docs(b);
  uint64_t seq = th_segment_seq(a, doc);
  int rc = 0;
  for (; !rc && place < n; place++) {
    uint32_t other = th_segment_by_nct(b, place);
    if (th_segment_nct(b, other) != nct) break;
    if ((i == j && other == doc) || !th_draft_is_live(d, j, other)) continue;
    uint64_t other_seq = th_segment_seq(b, other);
    bool older = other_seq < seq || (other_seq == seq && j <= i);
    rc = older ? th_draft_kill(d, j, other, err) : th_draft_kill(d, i, doc, err);
  }
  return rc;
}

int th_draft_supersede(th_draft *d, size_t i, th_err *err) {
  const th_segment *a = d->items[i].part->segment;
  uint32_t n = th_segment_docs(a);
  int rc = 0;
  for (size_t j = 0; !rc && j < d->n; j++) {
    const th_segment *b = d->items[j].part->segment;
    for (uint32_t k = 0, place = 0; !rc && k < n && place < th_segment_docs(b); k++) {
      uint32_t doc = th_segment_by_nct(a, k);
      place = gallop(b, place, th_segment_nct(a, doc));
      if (th_draft_is_live(d, i, doc)) rc = contend(d, i, doc, j, place, err);
    }
    if (!rc) rc = th_segment_state(b, err);
  }
  return rc ? rc : th_segment_state(a, err);
}

int th_draft_forget(th_draft *d, uint32_t nct, uint64_t seq, th_err *err) {
  int rc = 0;
  for (size_t i = 0; !rc && i < d->n; i++) {
    const th_segment *s = d->items[i].part->segment;
    uint32_t at, end;
    th_segment_find_nct(s, nct, &at, &end);
    for (; !rc && at < end; at++) {
      uint32_t doc = th_segment_by_nct(s, at);
      if (th_segment_seq(s, doc) < seq) rc = th_draft_kill(d, i, doc, err);
    }
    if (!rc) rc = th_segment_state(s, err);
  }
  return rc;
}

void th_draft_drop_dead(th_draft *d) {
  for (size_t i = d->n; i-- > 0;) {
    if (!d->items[i].live || d->items[i].live->n_live > 0) continue;
    d->dropped[d->n_dropped++] = d->items[i].part->number;
    th_draft_remove(d, i);
  }
}

/* ---- generations ---- */

static th_generation *alloc_generation(size_t n, size_t n_sides) {
  th_generation *g = calloc(1, sizeof *g);
  if (!g) return NULL;
  g->parts = calloc(n + 1, sizeof *g->parts);
  g->lives = calloc(n + 1, sizeof *g->lives);
  g->sides = calloc(n_sides + 1, sizeof *g->sides);
  th_segment **segments = calloc(n + 1, sizeof *segments);
  const uint64_t **live = calloc(n + 1, sizeof *live);
  uint32_t *live_docs = calloc(n + 1, sizeof *live_docs);
  g->snapshot.segments = segments;
  g->snapshot.live = live;
  g->snapshot.live_docs = live_docs;
  if (g->parts && g->lives && g->sides && segments && live && live_docs) return g;
  th_generation_free(g);
  return NULL;
}

void th_generation_free(th_generation *g) {
  if (!g) return;
  for (uint32_t i = 0; i < g->snapshot.n_segments; i++) {
    th_part_release(g->parts[i]);
    th_live_release(g->lives[i]);
  }
  for (uint32_t i = 0; g->sides && i < g->manifest.n_sides; i++)
    th_side_release(g->sides[i]);
  th_manifest_dispose(&g->manifest);
  free(g->sides);
  free((void *)(uintptr_t)g->snapshot.segments);
  free((void *)(uintptr_t)g->snapshot.live);
  free((void *)(uintptr_t)g->snapshot.live_docs);
  free(g->parts);
  free(g->lives);
  free(g);
}

/* Takes over both references as the generation's next segment. */
static void add_part(th_generation *g, th_part *part, th_live *live) {
  th_snapshot *s = &g->snapshot;
  uint32_t i = s->n_segments++, docs = th_segment_docs(part->segment);
  g->parts[i] = part;
  g->lives[i] = live;
  ((th_segment **)(uintptr_t)s->segments)[i] = part->segment;
  ((const uint64_t **)(uintptr_t)s->live)[i] = live ? live->words : NULL;
  ((uint32_t *)(uintptr_t)s->live_docs)[i] = live ? live->n_live : docs;
  s->n_docs += docs;
  s->n_live += s->live_docs[i];
}

static th_manifest_entry entry_of(const th_part *part, const th_live *live) {
  uint32_t docs = th_segment_docs(part->segment);
  return (th_manifest_entry){.number = part->number,
                             .bytes = th_segment_bytes(part->segment),
                             .head_hash = part->head_hash,
                             .n_docs = docs,
                             .n_live = live ? live->n_live : docs,
                             .live_generation = live ? live->generation : 0,
                             .live_hash = live ? live->hash : 0};
}

int th_generation_new(th_generation **out, const th_draft *d, th_err *err) {
  th_generation *g = alloc_generation(d->n, d->n_sides);
  *out = NULL;
  if (g) g->manifest.entries = calloc(d->n + 1, sizeof *g->manifest.entries);
  if (g) g->manifest.sides = calloc(d->n_sides + 1, sizeof *g->manifest.sides);
  if (!g || !g->manifest.entries || !g->manifest.sides) {
    th_generation_free(g);
    return th_err_set(err, TH_ENOMEM, "out of memory changing the index");
  }
  g->manifest.generation = g->snapshot.generation = d->generation;
  g->manifest.applied_seq = g->snapshot.applied_seq = d->applied_seq;
  g->manifest.applied_mark = g->snapshot.applied_mark = d->applied_mark;
  g->manifest.next_number = d->next_number;
  for (size_t i = 0; i < d->n; i++) {
    const th_draft_item *it = &d->items[i];
    add_part(g, th_part_hold(it->part), th_live_hold(it->live));
    g->manifest.entries[g->manifest.n++] = entry_of(it->part, it->live);
  }
  for (size_t i = 0; i < d->n_sides; i++) {
    g->manifest.sides[g->manifest.n_sides] = d->sides[i]->entry;
    g->sides[g->manifest.n_sides++] = th_side_hold(d->sides[i]);
  }
  *out = g;
  return 0;
}

/* The same segment and bitmap in the current generation, if it has them. */
static void reuse(const th_generation *current, const th_manifest_entry *e, th_part **part,
                  th_live **live) {
  *part = NULL;
  *live = NULL;
  for (uint32_t i = 0; current && i < current->manifest.n; i++) {
    const th_manifest_entry *have = &current->manifest.entries[i];
    if (have->number != e->number || have->head_hash != e->head_hash) continue;
    *part = th_part_hold(current->parts[i]);
    if (have->live_generation == e->live_generation && have->live_hash == e->live_hash)
      *live = th_live_hold(current->lives[i]);
  }
}

static int load_part(th_generation *g, const char *dir, const th_manifest_entry *e,
                     const th_generation *current, th_err *err) {
  th_part *part;
  th_live *live;
  int rc = 0;
  reuse(current, e, &part, &live);
  if (!part) rc = th_part_open(&part, dir, e->number, false, err);
  if (!rc && (part->head_hash != e->head_hash || th_segment_bytes(part->segment) != e->bytes ||
              th_segment_docs(part->segment) != e->n_docs || e->n_live > e->n_docs ||
              (!e->live_generation && e->n_live != e->n_docs)))
    rc = th_err_set(err, TH_ECORRUPT, "%s/%06llu.seg is not the segment that the manifest names",
                    dir, (unsigned long long)e->number);
  if (!rc && !live && e->live_generation) rc = th_live_read(&live, dir, e, err);
  if (rc) {
    th_part_release(part);
    th_live_release(live);
    return rc;
  }
  add_part(g, part, live);
  return 0;
}

static int load_side(th_generation *g, uint32_t i, const char *dir, const th_generation *current,
                     th_err *err) {
  const th_manifest_side *e = &g->manifest.sides[i];
  for (uint32_t k = 0; current && k < current->manifest.n_sides; k++) {
    th_side_file *have = current->sides[k];
    if (have->entry.number != e->number || have->entry.hash != e->hash) continue;
    if (have->entry.kind != e->kind || have->entry.owner != e->owner) continue;
    g->sides[i] = th_side_hold(have);
    return 0;
  }
  return th_side_open(&g->sides[i], dir, e, err);
}

int th_generation_load(th_generation **out, const char *dir, th_manifest *m,
                       const th_generation *current, th_err *err) {
  th_generation *g = alloc_generation(m->n, m->n_sides);
  int rc = g ? 0 : th_err_set(err, TH_ENOMEM, "out of memory opening the index in %s", dir);
  *out = NULL;
  if (rc) {
    th_manifest_dispose(m);
    return rc;
  }
  g->manifest = *m;
  *m = (th_manifest){0};
  g->snapshot.generation = g->manifest.generation;
  g->snapshot.applied_seq = g->manifest.applied_seq;
  g->snapshot.applied_mark = g->manifest.applied_mark;
  for (uint32_t i = 0; !rc && i < g->manifest.n; i++)
    rc = load_part(g, dir, &g->manifest.entries[i], current, err);
  for (uint32_t i = 0; !rc && i < g->manifest.n_sides; i++)
    rc = load_side(g, i, dir, current, err);
  if (rc)
    th_generation_free(g);
  else
    *out = g;
  return rc;
}
