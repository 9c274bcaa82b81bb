/* How many of the studies found have each value of a field. A study counts once for a value,
 * however often it has it.
 *
 * Values of masks are counted in an array. Words are counted by their number in the segment's
 * dictionary; at the end the dictionaries of all segments, which are in bytewise order, are merged.
 */
#include "query/exec.h"

typedef struct counted_words {
  const th_column *column;
  uint32_t *count; /* n_dict */
  uint32_t at;     /* while merging */
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

static uint32_t count_bits(const uint64_t *bits, uint32_t n) {
  uint32_t total = 0;
  for (uint32_t w = 0; w < n; w++)
    total += (uint32_t)__builtin_popcountll(bits[w]);
  return total;
}

static void count_masks(const th_plan *p, facet *f, const th_column *c, const uint64_t *found) {
  for (uint32_t w = 0; w < p->n_words; w++) {
    for (uint64_t bits = found[w]; bits; bits &= bits - 1) {
      uint64_t mask = th_column_mask(c, 64 * w + (uint32_t)__builtin_ctzll(bits));
      f->missing += mask == 0;
      for (; mask; mask &= mask - 1)
        f->mask_count[__builtin_ctzll(mask)]++;
    }
  }
}

static int count_words(th_plan *p, facet *f, const th_column *c, const uint64_t *found) {
  counted_words *words = &f->words[p->at];
  uint32_t with = 0;
  uint32_t *count = th_arena_calloc(p->arena, c->n_dict ? c->n_dict : 1, sizeof *count);
  uint32_t *last_row = th_arena_calloc(p->arena, c->n_dict ? c->n_dict : 1, sizeof *last_row);
  if (!count || !last_row) return th_plan_no_memory(p);
  for (uint32_t r = 0; r < c->n_rows; r++) {
    uint32_t doc = c->docs ? c->docs[r] : r;
    uint32_t from = c->starts ? c->starts[r] : r, to = c->starts ? c->starts[r + 1] : r + 1;
    if (doc >= p->n_docs || !th_bit(found, doc)) continue;
    with += to > from;
    for (uint32_t i = from; i < to && i < c->n_values; i++) {
      uint64_t ordinal = (uint64_t)th_column_value(c, i);
      if (ordinal >= c->n_dict || last_row[ordinal] == r + 1) continue;
      last_row[ordinal] = r + 1;
      count[ordinal]++;
    }
  }
  words->column = c;
  words->count = count;
  f->missing += count_bits(found, p->n_words) - with;
  return 0;
}

int th_facets_segment(th_facets *fs, const uint64_t *found) {
  th_plan *p = fs->plan;
  for (unsigned i = 0; i < fs->n; i++) {
    facet *f = &fs->facets[i];
    const th_column *c = th_segment_column(p->segment, f->wanted.field);
    int rc = 0;
    if (c && c->kind == TH_COL_MASK)
      count_masks(p, f, c, found);
    else if (c && c->kind == TH_COL_KEYWORD)
      rc = count_words(p, f, c, found);
    else
      f->missing += count_bits(found, p->n_words);
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

/* The next word that was counted at least once, in any segment, and its count. */
static bool next_word(facet *f, uint32_t n_segments, th_span *word, uint32_t *count) {
  bool have = false;
  for (uint32_t s = 0; s < n_segments; s++) {
    counted_words *w = &f->words[s];
    while (w->column && w->at < w->column->n_dict && !w->count[w->at])
      w->at++;
    if (!w->column || w->at >= w->column->n_dict) continue;
    th_span here = th_column_word(w->column, w->at);
    if (!have || th_span_cmp(here, *word) < 0) *word = here;
    have = true;
  }
  *count = 0;
  for (uint32_t s = 0; have && s < n_segments; s++) {
    counted_words *w = &f->words[s];
    if (!w->column || w->at >= w->column->n_dict) continue;
    if (th_span_cmp(th_column_word(w->column, w->at), *word) == 0) *count += w->count[w->at++];
  }
  return have;
}

static int by_count(const void *a, const void *b) {
  const th_facet_value *x = a, *y = b;
  if (x->count != y->count) return x->count > y->count ? -1 : 1;
  return th_span_cmp(x->value, y->value);
}

/* The words that were counted most, of any number of them: the list is cut back to them whenever it
 * has grown to twice as many. Words come ascending, so of those that are as frequent as the last
 * one kept none goes before it. */
static int list_words(th_plan *p, facet *f, value_list *l) {
  uint32_t most = f->wanted.most, count, least = 0;
  th_span word;
  if (!most) return 0;
  while (next_word(f, p->snapshot->n_segments, &word, &count)) {
    if (count <= least) continue;
    if (!add_value(p->arena, l, word, count)) return th_plan_no_memory(p);
    if (l->n / 2 < most || l->n < 64) continue;
    qsort(l->values, l->n, sizeof *l->values, by_count);
    l->n = most;
    least = l->values[most - 1].count;
  }
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
