/* How many of the studies found have each value of a field. A study counts once for a value,
 * however often it has it.
 *
 * Values of masks are counted in an array, value by value where many studies are found and study by
 * study where few are. Words are counted by their number in the segment's dictionary, over the
 * studies found or, when these are the more, over the others. Of many words few are wanted: the
 * most frequent ones of each segment give a count that is reached by as many words as are wanted,
 * and a word of that count has its share of it in some segment at least; only such words are added
 * up over the segments, by their bytes. */
#include "query/exec.h"

typedef struct counted_words {
  const th_column *column;
  uint32_t *count; /* n_dict */
  uint32_t top;    /* the least count of its most frequent words, as many as are wanted */
} counted_words;

typedef struct facet {
  th_facet_request wanted;
  uint32_t missing;
  uint32_t mask_count[64];
  counted_words *words; /* a segment */
} facet;

struct th_facets {
  th_plan *plan;
  facet *facets;
  unsigned n;
};

int th_facets_make(th_plan *p, th_facets **out) {
  const th_search_request *q = p->request;
  th_facets *f = th_arena_calloc(p->arena, 1, sizeof *f);
  uint32_t segments = p->snapshot->n_segments;
  *out = f;
  if (!f) return th_plan_no_memory(p);
  f->plan = p;
  f->n = q->n_facets;
  f->facets = th_arena_calloc(p->arena, f->n ? f->n : 1, sizeof *f->facets);
  if (!f->facets) return th_plan_no_memory(p);
  for (unsigned i = 0; i < f->n; i++) {
    f->facets[i].wanted = q->facets[i];
    f->facets[i].words =
        th_arena_calloc(p->arena, segments ? segments : 1, sizeof *f->facets[i].words);
    if (!f->facets[i].words) return th_plan_no_memory(p);
  }
  return 0;
}

static void count_each_mask(const th_plan *p, facet *f, const th_column *c, const uint64_t *found) {
  for (uint32_t w = 0; w < p->n_words; w++) {
    for (uint64_t bits = found[w]; bits; bits &= bits - 1) {
      uint64_t mask = th_column_mask(c, 64 * w + (uint32_t)__builtin_ctzll(bits));
      f->missing += mask == 0;
      for (; mask; mask &= mask - 1)
        f->mask_count[__builtin_ctzll(mask)]++;
    }
  }
}

/* Of the studies found, those with one of the values. */
static uint32_t count_mask(const th_plan *p, uint16_t field, uint64_t mask, const uint64_t *found,
                           uint64_t *scratch) {
  uint32_t n = 0;
  memset(scratch, 0, p->n_words * sizeof *scratch);
  th_match_mask(p, field, mask, found, scratch);
  for (uint32_t w = 0; w < p->n_words; w++)
    n += th_ones(scratch[w] & found[w]);
  return n;
}

static int count_masks(th_plan *p, facet *f, const th_column *c, const uint64_t *found,
                       uint32_t n_found) {
  enum { CHEAPER = 96 }; /* documents tested for a value while one is looked at by itself */
  uint16_t enum_id = th_fields[f->wanted.field].enum_id;
  uint32_t values = enum_id == TH_E_NONE ? 2 : (uint32_t)th_enums[enum_id].n;
  if ((uint64_t)n_found * CHEAPER < (uint64_t)values * p->n_docs || c->n_values < p->n_docs) {
    count_each_mask(p, f, c, found);
    return 0;
  }
  uint64_t *scratch = th_bitmap_new(p, false);
  if (!scratch) return th_plan_no_memory(p);
  for (uint32_t i = 0; i < values && i < 64; i++)
    f->mask_count[i] += count_mask(p, f->wanted.field, 1ull << i, found, scratch);
  f->missing += n_found - count_mask(p, f->wanted.field, UINT64_MAX, found, scratch);
  return 0;
}

/* Adds `by` to the words of each of the documents; returns how many have any. */
static uint32_t add_words(const th_plan *p, const th_column *c, const uint64_t *docs, bool others,
                          uint32_t by, uint32_t *count) {
  uint32_t with = 0, from, to, words = (p->n_docs + 63) / 64;
  for (uint32_t w = 0; w < words; w++) {
    uint64_t bits = others ? ~docs[w] : docs[w];
    if (others && w == words - 1 && p->n_docs % 64) bits &= (1ull << (p->n_docs % 64)) - 1;
    for (; bits; bits &= bits - 1) {
      th_column_row(c, 64 * w + (uint32_t)__builtin_ctzll(bits), &from, &to);
      with += from < to;
      for (; from < to; from++) {
        uint64_t ordinal = (uint64_t)th_column_value(c, from);
        if (ordinal < c->n_dict) count[ordinal] += by;
      }
    }
  }
  return with;
}

/* Documents with a word. */
static uint32_t rows_with(const th_plan *p, const th_column *c) {
  uint32_t with = 0;
  for (th_row r = {0}; th_column_next(c, &r);)
    with += r.doc < p->n_docs && r.end > r.first;
  return with;
}

static int count_words(th_plan *p, facet *f, const th_column *c, const uint64_t *found,
                       uint32_t n_found) {
  counted_words *words = &f->words[p->at];
  uint32_t with, *count = th_arena_calloc(p->arena, c->n_dict ? c->n_dict : 1, sizeof *count);
  const th_inverted *all = n_found > p->n_docs / 2 ? th_cache_inverted(p->segment, c) : NULL;
  if (!count) return th_plan_no_memory(p);
  if (all) {
    for (uint32_t o = 0; o < c->n_dict; o++)
      count[o] = all->start[o + 1] - all->start[o];
    with = rows_with(p, c) - add_words(p, c, found, true, UINT32_MAX, count);
  } else {
    with = add_words(p, c, found, false, 1, count);
  }
  words->column = c;
  words->count = count;
  f->missing += n_found - with;
  return 0;
}

int th_facets_segment(th_facets *fs, const uint64_t *found) {
  th_plan *p = fs->plan;
  uint32_t n_found = (uint32_t)th_kernels_now->count(found, p->n_words);
  for (unsigned i = 0; i < fs->n && n_found; i++) {
    facet *f = &fs->facets[i];
    const th_column *c = th_segment_column(p->segment, f->wanted.field);
    int rc = 0;
    if (c && c->kind == TH_COL_MASK)
      rc = count_masks(p, f, c, found, n_found);
    else if (c && c->kind == TH_COL_KEYWORD)
      rc = count_words(p, f, c, found, n_found);
    else
      f->missing += n_found;
    if (rc) return rc;
  }
  return 0;
}

/* ---- results ---- */

typedef struct value_list {
  th_facet_value *values;
  uint32_t n, cap;
} value_list;

static bool add_value(th_arena *arena, value_list *l, th_span value, uint32_t count) {
  if (l->n == l->cap) {
    uint32_t cap = l->cap ? l->cap * 2 : 32;
    th_facet_value *grown = th_arena_calloc(arena, cap, sizeof *grown);
    if (!grown) return false;
    if (l->n) memcpy(grown, l->values, l->n * sizeof *grown);
    l->values = grown;
    l->cap = cap;
  }
  l->values[l->n++] = (th_facet_value){value, count};
  return true;
}

static bool list_masks(th_arena *arena, const facet *f, value_list *l) {
  const th_field *field = &th_fields[f->wanted.field];
  for (int i = 0; i < 64; i++) {
    const char *name = field->enum_id != TH_E_NONE ? th_enum_name(field->enum_id, i)
                       : i == 0                    ? "false"
                       : i == 1                    ? "true"
                                                   : NULL;
    if (!f->mask_count[i]) continue;
    if (!add_value(arena, l, th_span_of(name ? name : "(unknown)"), f->mask_count[i])) return false;
  }
  return true;
}

static int by_count(const void *a, const void *b) {
  const th_facet_value *x = a, *y = b;
  if (x->count != y->count) return x->count > y->count ? -1 : 1;
  return th_span_cmp(x->value, y->value);
}

/* ---- the most frequent words of all segments ---- */

typedef struct word_sum {
  th_span word;
  uint32_t hash, count;
  uint64_t added; /* bit s: the count of segment s is in it; from the 65th on none is */
} word_sum;

typedef struct word_sums {
  th_arena *arena;
  word_sum *sums;
  uint32_t n, cap;
  uint32_t *slot; /* 2 * cap, a power of two: place + 1, 0 = free */
} word_sums;

static void put_slot(word_sums *t, uint32_t i) {
  uint32_t at = t->sums[i].hash & (2 * t->cap - 1);
  while (t->slot[at])
    at = (at + 1) & (2 * t->cap - 1);
  t->slot[at] = i + 1;
}

static bool grow_sums(word_sums *t) {
  uint32_t cap = t->cap ? t->cap * 2 : 256;
  word_sum *sums = th_arena_alloc(t->arena, cap * sizeof *sums);
  uint32_t *slot = th_arena_calloc(t->arena, 2 * (size_t)cap, sizeof *slot);
  if (!sums || !slot) return false;
  if (t->n) memcpy(sums, t->sums, t->n * sizeof *sums);
  *t = (word_sums){t->arena, sums, t->n, cap, slot};
  for (uint32_t i = 0; i < t->n; i++)
    put_slot(t, i);
  return true;
}

/* The sum of a word, made when it is new; NULL when memory is out. */
static word_sum *sum_of(word_sums *t, th_span word) {
  uint32_t hash = th_name_hash(word.p, word.n);
  if (t->n == t->cap && !grow_sums(t)) return NULL;
  for (uint32_t at = hash & (2 * t->cap - 1); t->slot[at]; at = (at + 1) & (2 * t->cap - 1)) {
    word_sum *s = &t->sums[t->slot[at] - 1];
    if (s->hash == hash && th_span_eq(s->word, word)) return s;
  }
  t->sums[t->n] = (word_sum){.word = word, .hash = hash};
  put_slot(t, t->n);
  return &t->sums[t->n++];
}

/* Adds the words of a segment whose counts lie in [least, below). */
static bool add_between(word_sums *t, const counted_words *w, uint32_t segment, uint32_t least,
                        uint32_t below) {
  for (uint32_t o = 0; w->column && o < w->column->n_dict; o++) {
    if (w->count[o] < least || w->count[o] >= below) continue;
    word_sum *s = sum_of(t, th_column_word(w->column, o));
    if (!s) return false;
    if (segment >= 64) continue;
    s->count += w->count[o];
    s->added |= 1ull << segment;
  }
  return true;
}

static void sift_down(uint32_t *heap, uint32_t n, uint32_t value) {
  uint32_t i = 0;
  for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
    child += child + 1 < n && heap[child + 1] < heap[child];
    if (heap[child] >= value) break;
    heap[i] = heap[child];
  }
  heap[i] = value;
}

/* The most-th largest of n numbers, at least 1. heap: room for `most`. */
static uint32_t nth_largest(const uint32_t *numbers, size_t n, size_t stride, uint32_t most,
                            uint32_t *heap) {
  memset(heap, 0, most * sizeof *heap);
  for (size_t i = 0; i < n; i++)
    if (numbers[i * stride] > heap[0]) sift_down(heap, most, numbers[i * stride]);
  return TH_MAX(1, heap[0]);
}

/* Counts of the segments that are not in the sum yet. */
static void complete_sum(const facet *f, uint32_t n_segments, word_sum *s) {
  for (uint32_t i = 0; i < n_segments; i++) {
    const counted_words *w = &f->words[i];
    if (!w->column || (i < 64 && s->added >> i & 1)) continue;
    int64_t o = th_column_find(w->column, s->word);
    if (o >= 0) s->count += w->count[o];
  }
}

/* Makes the sums of all words that may be among the `most` most frequent ones: complete, or 0 for
 * those that turn out not to be. */
static bool sum_words(word_sums *t, facet *f, uint32_t n_segments, uint32_t most, uint32_t *heap) {
  uint32_t reached, share;
  for (uint32_t s = 0; s < n_segments; s++) {
    counted_words *w = &f->words[s];
    if (!w->column) continue;
    w->top = nth_largest(w->count, w->column->n_dict, 1, most, heap);
    if (!add_between(t, w, s, w->top, UINT32_MAX)) return false;
  }
  reached =
      t->n ? nth_largest(&t->sums->count, t->n, sizeof *t->sums / sizeof reached, most, heap) : 1;
  share = (reached + n_segments - 1) / n_segments;
  for (uint32_t s = 0; s < n_segments; s++)
    if (!add_between(t, &f->words[s], s, share, f->words[s].top)) return false;
  for (uint32_t i = 0; i < t->n; i++) {
    word_sum *sum = &t->sums[i];
    uint32_t open = n_segments - th_ones(sum->added);
    if (n_segments <= 64 && (uint64_t)sum->count + (uint64_t)open * (share - 1) < reached)
      sum->count = 0;
    else if (open && (share > 1 || n_segments > 64))
      complete_sum(f, n_segments, sum);
  }
  return true;
}

/* The words that were counted most, of any number of them. */
static int list_words(th_plan *p, facet *f, value_list *l) {
  word_sums t = {.arena = p->arena};
  uint32_t most = f->wanted.most, in_dictionaries = 0;
  for (uint32_t s = 0; s < p->snapshot->n_segments; s++)
    if (f->words[s].column) in_dictionaries += f->words[s].column->n_dict;
  most = TH_MIN(most, in_dictionaries);
  if (!most) return 0;
  uint32_t *heap = th_arena_alloc(p->arena, most * sizeof *heap);
  if (!heap || !sum_words(&t, f, p->snapshot->n_segments, most, heap)) return th_plan_no_memory(p);
  for (uint32_t i = 0; i < t.n; i++)
    if (t.sums[i].count && !add_value(p->arena, l, t.sums[i].word, t.sums[i].count))
      return th_plan_no_memory(p);
  return 0;
}

int th_facets_finish(th_facets *fs, th_search_result *out) {
  th_plan *p = fs->plan;
  th_facet *facets = th_arena_calloc(p->arena, fs->n ? fs->n : 1, sizeof *facets);
  if (!facets) return th_plan_no_memory(p);
  for (unsigned i = 0; i < fs->n; i++) {
    facet *f = &fs->facets[i];
    value_list l = {0};
    if (!list_masks(p->arena, f, &l)) return th_plan_no_memory(p);
    int rc = list_words(p, f, &l);
    if (rc) return rc;
    if (l.n) qsort(l.values, l.n, sizeof *l.values, by_count);
    facets[i] = (th_facet){.field = f->wanted.field,
                           .n = TH_MIN(l.n, f->wanted.most),
                           .missing = f->missing,
                           .values = l.values};
  }
  out->facets = facets;
  out->n_facets = fs->n;
  return 0;
}
