/* A request over a generation, segment by segment. */
#include "query/decay.h"
#include "query/exec.h"

/* keep := keep AND what matches q. */
static int narrow(th_plan *p, const th_query *q, uint64_t *keep) {
  uint64_t *bits;
  int rc = th_match_within(p, q, keep, &bits);
  for (uint32_t w = 0; !rc && w < p->n_words; w++)
    keep[w] &= bits[w];
  return rc;
}

int th_match_keep(th_plan *p, uint64_t **out) {
  const th_search_request *r = p->request;
  const uint64_t *live = p->snapshot->live ? p->snapshot->live[p->at] : NULL;
  uint64_t *keep = th_bitmap_new(p, true);
  int rc = keep ? 0 : th_plan_no_memory(p);
  if (rc) return rc;
  uint32_t whole = p->n_docs / 64;
  for (uint32_t w = 0; live && w < (p->n_docs + 63) / 64; w++)
    keep[w] &= live[w];
  if (p->n_docs % 64) keep[whole++] &= (1ull << (p->n_docs % 64)) - 1;
  for (; whole < p->n_words; whole++)
    keep[whole] = 0;
  for (uint32_t w = 0; r->within && w < p->n_words; w++)
    keep[w] &= r->within[p->at][w];
  if (r->filter) rc = narrow(p, r->filter, keep);
  if (!rc && r->scored && !p->scored) rc = narrow(p, r->scored, keep);
  *out = keep;
  return rc;
}

static int search_segment(th_plan *p, th_sink *sink, th_facets *facets) {
  uint64_t *keep;
  int rc = th_sink_segment(sink);
  if (!rc) rc = th_match_keep(p, &keep);
  if (!rc) rc = th_rank_segment(p, keep, sink);
  if (!rc) rc = sink->rc;
  if (!rc && facets) rc = th_facets_segment(facets, sink->found);
  /* Whatever was read while it was computed must have been whole. */
  int state = th_segment_state(p->segment, p->err);
  return state ? state : rc;
}

int th_search(const th_snapshot *snapshot, const th_search_request *request, th_arena *arena,
              th_search_result *out, th_err *err) {
  th_plan plan = {.snapshot = snapshot, .request = request, .arena = arena, .err = err};
  th_sink sink;
  th_facets *facets = NULL;
  if (th_decay_applies(request)) return th_decay_search(snapshot, request, arena, out, err);
  *out = (th_search_result){.total = -1};
  plan.thread = th_thread_get();
  if (!plan.thread) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = th_plan_make(&plan);
  if (!rc) rc = th_sink_make(&sink, &plan);
  if (!rc && request->n_facets) rc = th_facets_make(&plan, &facets);
  for (uint32_t s = 0; !rc && s < snapshot->n_segments; s++) {
    th_plan_segment(&plan, s);
    rc = search_segment(&plan, &sink, facets);
  }
  if (!rc) rc = th_sink_finish(&sink, out);
  if (!rc && facets) rc = th_facets_finish(facets, out);
  if (rc) *out = (th_search_result){.total = -1};
  return rc;
}
