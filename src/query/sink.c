/* What becomes of matches: the best of an order in a heap, counts, marks for facets. */
#include <math.h>

#include "query/exec.h"

static bool better(const th_entry *a, const th_entry *b) {
  if (a->key[0] != b->key[0]) return a->key[0] > b->key[0];
  if (a->key[1] != b->key[1]) return a->key[1] > b->key[1];
  return a->nct < b->nct;
}

/* ---- the heap: nothing is worse than heap[0] ---- */

static void sift_up(th_entry *heap, uint32_t i) {
  th_entry e = heap[i];
  for (uint32_t up; i && better(&heap[up = (i - 1) / 2], &e); i = up)
    heap[i] = heap[up];
  heap[i] = e;
}

static void sift_down(th_entry *heap, uint32_t i, uint32_t n) {
  th_entry e = heap[i];
  for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
    if (child + 1 < n && better(&heap[child], &heap[child + 1])) child++;
    if (!better(&e, &heap[child])) break;
    heap[i] = heap[child];
  }
  heap[i] = e;
}

static bool make_room(th_sink *s) {
  if (s->n < s->room) return true;
  uint32_t room = TH_MIN(s->cap, s->room ? s->room * 2 : 64);
  th_entry *grown = th_arena_alloc(s->plan->arena, room * sizeof *grown);
  if (!grown) {
    s->rc = th_err_set(s->plan->err, TH_ENOMEM, "out of memory");
    return false;
  }
  if (s->n) memcpy(grown, s->heap, s->n * sizeof *grown);
  s->heap = grown;
  s->room = room;
  return true;
}

static void offer(th_sink *s, const th_entry *e) {
  if (s->n < s->cap) {
    if (!make_room(s)) return;
    s->heap[s->n++] = *e;
    sift_up(s->heap, s->n - 1);
  } else if (better(e, &s->heap[0])) {
    s->heap[0] = *e;
    sift_down(s->heap, 0, s->n);
  }
}

/* Its place in the heap; n when it is not there. */
static uint32_t place_of(const th_sink *s, uint32_t segment, uint32_t doc) {
  uint32_t i = 0;
  while (i < s->n && !(s->heap[i].doc == doc && s->heap[i].segment == segment))
    i++;
  return i;
}

/* A document that may be in the heap with another score; false: it is to be offered. */
static bool offer_again(th_sink *s, const th_entry *e) {
  if (s->n == s->cap && !better(e, &s->heap[0])) return true;
  uint32_t at = place_of(s, e->segment, e->doc);
  if (at == s->n) return false;
  if (better(e, &s->heap[at])) {
    s->heap[at] = *e;
    sift_down(s->heap, at, s->n);
  }
  return true;
}

/* ---- keys ---- */

#define NO_KEY INT64_MIN /* missing: last both ways */

static int64_t ordered(int64_t value, bool descending) {
  int64_t key = descending ? value : ~value;
  return key == NO_KEY ? NO_KEY + 1 : key;
}

/* The value of a list that stands first in the order. */
static int64_t column_key(th_sort_reader *r, uint32_t doc) {
  const th_column *c = r->column;
  int64_t best = NO_KEY;
  if (!c || c->kind != TH_COL_VALUES) return NO_KEY;
  uint32_t from, to;
  th_column_row(c, doc, &from, &to);
  for (uint32_t i = from; i < to && i < c->n_values; i++) {
    int64_t key = ordered(th_column_value(c, i), r->sort.descending);
    best = TH_MAX(best, key);
  }
  return best;
}

static int64_t distance_key(th_sink *s, const th_sort_reader *r, uint32_t doc) {
  double km = th_distances_nearest(&s->distances, doc);
  return km < 0 ? NO_KEY : ordered(llround(km * 1000), r->sort.descending);
}

static int64_t key_of(th_sink *s, th_sort_reader *r, uint32_t doc, uint32_t score) {
  if (r->sort.field == TH_SORT_RELEVANCE) return ordered(score, r->sort.descending);
  if (r->sort.field == TH_SORT_DISTANCE) return distance_key(s, r, doc);
  return column_key(r, doc);
}

static bool sorts_by_distance(const th_search_request *q) {
  for (unsigned i = 0; i < TH_MIN(q->n_sort, 2); i++)
    if (q->sort[i].field == TH_SORT_DISTANCE) return true;
  return false;
}

/* ---- doors ---- */

int th_sink_make(th_sink *s, th_plan *p) {
  const th_search_request *q = p->request;
  *s = (th_sink){.plan = p};
  uint64_t wanted = q->size ? (uint64_t)q->from + q->size + 1 : 0;
  s->cap = (uint32_t)TH_MIN(wanted, (uint64_t)p->snapshot->n_docs + 1);
  s->n_keys = TH_MIN(q->n_sort, 2);
  for (unsigned i = 0; i < s->n_keys; i++)
    s->keys[i].sort = q->sort[i];
  bool relevance = s->n_keys == 1 && q->sort[0].field == TH_SORT_RELEVANCE && q->sort[0].descending;
  if (s->n_keys == 0 || (relevance && !p->scored)) {
    s->by_score = p->scored;
    s->by_number = !p->scored;
  } else {
    s->by_score = relevance;
  }
  s->want_all = q->count || q->n_facets || !(s->by_score || s->by_number);
  return 0;
}

int th_sink_segment(th_sink *s) {
  const th_plan *p = s->plan;
  for (unsigned i = 0; i < s->n_keys; i++) {
    uint16_t field = s->keys[i].sort.field;
    s->keys[i].column = field < TH_F_COUNT ? th_segment_column(p->segment, field) : NULL;
  }
  if (sorts_by_distance(p->request)) {
    const th_search_request *q = p->request;
    th_distances_begin(&s->distances, p->segment, q->point_lat, q->point_lon, q->placed);
    if (!th_distances_keep(&s->distances, p->arena))
      return th_err_set(p->err, TH_ENOMEM, "out of memory");
  }
  if (p->request->n_facets) {
    s->found = th_arena_calloc(p->arena, p->n_words ? p->n_words : 1, sizeof *s->found);
    if (!s->found) return th_err_set(p->err, TH_ENOMEM, "out of memory");
  }
  return 0;
}

void th_sink_take(th_sink *s, uint32_t doc, uint32_t score) {
  if (s->cap == 0 || (s->by_score && score < th_sink_least(s))) return;
  th_entry e = {.nct = th_segment_nct(s->plan->segment, doc),
                .segment = s->plan->at,
                .doc = doc,
                .score = score};
  if (s->by_score) {
    e.key[0] = score;
    if (s->several && offer_again(s, &e)) return;
  } else if (s->by_number)
    e.key[0] = e.nct;
  else
    for (unsigned i = 0; i < s->n_keys; i++)
      e.key[i] = key_of(s, &s->keys[i], doc, score);
  offer(s, &e);
}

void th_sink_count(th_sink *s, uint32_t word, uint64_t bits) {
  s->total += th_ones(bits);
  if (s->found) s->found[word] |= bits;
}

void th_sink_count_doc(th_sink *s, uint32_t doc) {
  s->total++;
  if (s->found) th_bit_set(s->found, doc);
}

/* The newest study numbers first, by the segment's own order of numbers, until there are enough. */
static void take_by_number(th_sink *s, const uint64_t *keep) {
  uint32_t taken = 0;
  for (uint32_t place = s->plan->n_docs; place-- > 0 && taken < s->cap;) {
    uint32_t doc = th_segment_by_nct(s->plan->segment, place);
    if (doc >= s->plan->n_docs || !th_bit(keep, doc)) continue;
    th_sink_take(s, doc, 0);
    taken++;
  }
}

/* ---- by a column ---- */

enum { TAKEN_FIRST = 256 }; /* documents, before those that cannot enter are told by their values */

/* Of keep, the documents whose value may enter a full heap, into `may`. False when all may. */
static bool narrow_by_value(const th_sink *s, const uint64_t *keep, uint64_t *may) {
  const th_column *c = s->keys[0].column;
  if (s->n < s->cap || s->heap[0].key[0] == NO_KEY || !c || c->kind != TH_COL_VALUES) return false;
  int64_t key = s->heap[0].key[0];
  bool descending = s->keys[0].sort.descending;
  const th_query range = {
      .kind = TH_N_RANGE,
      .field = c->field,
      .coded = true,
      .range = {.low = descending ? key : INT64_MIN + 1, .high = descending ? INT64_MAX : ~key}};
  memset(may, 0, s->plan->n_words * sizeof *may);
  th_match_range(s->plan, &range, keep, may);
  return true;
}

/* Orders by a column's values: once the heap is full, a range over the column tells which documents
 * may enter at all; asked again as the heap rises, after twice as many each time. */
static void take_by_column(th_sink *s, const uint64_t *keep) {
  uint32_t taken = 0, next = TAKEN_FIRST;
  uint64_t *may = th_arena_alloc(s->plan->arena, (s->plan->n_words + 1) * sizeof *may);
  bool narrowed = may && narrow_by_value(s, keep, may);
  for (uint32_t w = 0; w < s->plan->n_words; w++) {
    uint64_t bits = narrowed ? keep[w] & may[w] : keep[w];
    for (; bits; bits &= bits - 1, taken++)
      th_sink_take(s, 64 * w + (uint32_t)__builtin_ctzll(bits), 0);
    if (taken < next || !may) continue;
    narrowed = narrow_by_value(s, keep, may);
    next *= 2;
    taken = 0;
  }
}

void th_sink_all(th_sink *s, const uint64_t *keep) {
  uint64_t n = th_kernels_now->count(keep, s->plan->n_words);
  s->total += (int64_t)n;
  if (s->found) memcpy(s->found, keep, s->plan->n_words * sizeof *keep);
  if (s->cap == 0) return;
  /* Walking down the numbers looks at about cap * n_docs / n of them. */
  if (s->by_number && (uint64_t)s->cap * s->plan->n_docs < n * n) {
    take_by_number(s, keep);
    return;
  }
  if (s->n_keys && s->keys[0].sort.field < TH_F_COUNT) {
    take_by_column(s, keep);
    return;
  }
  for (uint32_t w = 0; w < s->plan->n_words; w++)
    for (uint64_t bits = keep[w]; bits; bits &= bits - 1)
      th_sink_take(s, 64 * w + (uint32_t)__builtin_ctzll(bits), 0);
}

static int by_rank(const void *a, const void *b) {
  return better(a, b) ? -1 : better(b, a) ? 1 : 0;
}

static th_hit hit_of(const th_entry *e) {
  return (th_hit){.nct = e->nct,
                  .segment = e->segment,
                  .doc = e->doc,
                  .score = (float)e->score / TH_SCORE_ONE,
                  .distance_km = -1};
}

static double distance_of(const th_plan *p, const th_hit *hit) {
  const th_search_request *q = p->request;
  th_distances d;
  th_distances_begin(&d, p->snapshot->segments[hit->segment], q->point_lat, q->point_lon,
                     q->placed);
  return th_distances_nearest(&d, hit->doc);
}

int th_sink_finish(th_sink *s, th_search_result *out) {
  const th_search_request *q = s->plan->request;
  bool distance = sorts_by_distance(q);
  if (s->rc) return s->rc;
  if (s->n) qsort(s->heap, s->n, sizeof *s->heap, by_rank);
  uint64_t end = (uint64_t)q->from + q->size;
  out->total = q->count ? s->total : -1;
  out->more = s->n > end;
  out->n_hits = s->n > q->from ? (uint32_t)(TH_MIN(s->n, end) - q->from) : 0;
  th_hit *hits = th_arena_calloc(s->plan->arena, out->n_hits ? out->n_hits : 1, sizeof *hits);
  if (!hits) return th_err_set(s->plan->err, TH_ENOMEM, "out of memory");
  for (uint32_t i = 0; i < out->n_hits; i++)
    hits[i] = hit_of(&s->heap[q->from + i]);
  for (uint32_t i = 0; distance && i < out->n_hits; i++)
    hits[i].distance_km = distance_of(s->plan, &hits[i]);
  out->hits = hits;
  /* Study numbers and sites were read since a segment was asked last. */
  return th_snapshot_state(s->plan->snapshot, s->plan->err);
}
