#include "query/sets.h"

#include "query/exec.h"

static int begin(th_plan *p, const th_snapshot *snapshot, const th_search_request *request,
                 th_arena *arena, th_err *err) {
  *p = (th_plan){.snapshot = snapshot, .request = request, .arena = arena, .err = err};
  p->thread = th_thread_get();
  return p->thread ? th_plan_make(p) : th_plan_no_memory(p);
}

/* Each filter's studies, and in *any those of any filter. */
static int match_filters(th_plan *p, const th_query *const *filters, unsigned n, uint64_t ***sets,
                         uint64_t **any) {
  uint64_t *live;
  int rc = th_match_keep(p, &live);
  *any = rc ? NULL : th_bitmap_new(p, false);
  if (!rc && !*any) rc = th_plan_no_memory(p);
  for (unsigned i = 0; !rc && i < n; i++) {
    uint64_t *bits = NULL;
    if (filters[i])
      rc = th_match_within(p, filters[i], live, &bits);
    else if (!(bits = th_bitmap_new(p, true)))
      rc = th_plan_no_memory(p);
    for (uint32_t w = 0; !rc && w < p->n_words; w++) {
      bits[w] &= live[w];
      (*any)[w] |= bits[w];
    }
    sets[i][p->at] = bits;
  }
  return rc;
}

static int make_in_segment(th_plan *p, const th_query *query, const th_query *const *filters,
                           unsigned n, uint64_t ***sets) {
  uint64_t *any, *found;
  int rc = match_filters(p, filters, n, sets, &any);
  if (rc || !query) return rc;
  rc = th_match_within(p, query, any, &found);
  for (unsigned i = 0; !rc && i < n; i++)
    for (uint32_t w = 0; w < p->n_words; w++)
      sets[i][p->at][w] &= found[w];
  return rc;
}

int th_sets_make(const th_snapshot *snapshot, const th_query *query, const th_query *const *filters,
                 unsigned n, th_arena *arena, uint64_t ***sets, th_err *err) {
  static const th_search_request everything;
  th_plan p;
  if (n == 0 || n > TH_SETS_MOST) return th_err_set(err, TH_ELIMIT, "too many sets at once");
  int rc = begin(&p, snapshot, &everything, arena, err);
  for (unsigned i = 0; !rc && i < n; i++) {
    sets[i] = th_arena_calloc(arena, (size_t)snapshot->n_segments + 1, sizeof *sets[i]);
    if (!sets[i]) rc = th_plan_no_memory(&p);
  }
  for (uint32_t s = 0; !rc && s < snapshot->n_segments; s++) {
    th_plan_segment(&p, s);
    rc = make_in_segment(&p, query, filters, n, sets);
    int state = th_segment_state(p.segment, err);
    rc = state ? state : rc;
  }
  return rc;
}

static uint32_t words_of(const th_segment *s) {
  return (th_segment_docs(s) + 63) / 64;
}

int64_t th_set_size(const th_snapshot *snapshot, uint64_t *const *set) {
  int64_t n = 0;
  for (uint32_t s = 0; s < snapshot->n_segments; s++)
    n += (int64_t)th_kernels_now->count(set[s], words_of(snapshot->segments[s]));
  return n;
}

int th_set_facets(const th_snapshot *snapshot, uint64_t *const *set, const th_facet_request *wanted,
                  unsigned n, th_arena *arena, th_facet *out, th_err *err) {
  th_search_request request = {.facets = wanted, .n_facets = n};
  th_search_result found;
  th_plan p;
  th_facets *facets;
  int rc = begin(&p, snapshot, &request, arena, err);
  if (!rc) rc = th_facets_make(&p, &facets);
  for (uint32_t s = 0; !rc && s < snapshot->n_segments; s++) {
    th_plan_segment(&p, s);
    rc = th_facets_segment(facets, set[s]);
    int state = th_segment_state(p.segment, err);
    rc = state ? state : rc;
  }
  if (!rc) rc = th_facets_finish(facets, &found);
  for (unsigned i = 0; !rc && i < n; i++)
    out[i] = found.facets[i];
  return rc;
}

static int count_in_segment(th_plan *p, const uint64_t *set, const th_query *const *choices,
                            unsigned n, uint32_t *counts) {
  int rc = 0;
  for (unsigned i = 0; !rc && i < n; i++) {
    const uint64_t *bits = set;
    uint64_t *found;
    if (choices[i]) {
      rc = th_match_within(p, choices[i], set, &found);
      bits = found;
    }
    for (uint32_t w = 0; !rc && w < p->n_words; w++)
      counts[i] += th_ones(bits[w] & set[w]);
    th_arena_reset(p->arena, false);
  }
  return rc;
}

int th_set_counts(const th_snapshot *snapshot, uint64_t *const *set, const th_query *const *choices,
                  unsigned n, uint32_t *counts, th_err *err) {
  static const th_search_request everything;
  th_arena scratch;
  th_plan p;
  th_arena_init(&scratch, 0);
  memset(counts, 0, n * sizeof *counts);
  int rc = begin(&p, snapshot, &everything, &scratch, err);
  for (uint32_t s = 0; !rc && s < snapshot->n_segments; s++) {
    th_plan_segment(&p, s);
    rc = count_in_segment(&p, set[s], choices, n, counts);
    int state = th_segment_state(p.segment, err);
    rc = state ? state : rc;
  }
  th_arena_dispose(&scratch);
  return rc;
}
