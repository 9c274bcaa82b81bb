/* Which studies a query matches, as bitmaps: for rankings of their own. */
#include "query/exec.h"

int th_search_matches(const th_snapshot *snapshot, const th_query *query, th_arena *arena,
                      uint64_t ***out, th_err *err) {
  th_search_request request = {.filter = query};
  th_plan p = {.snapshot = snapshot, .request = &request, .arena = arena, .err = err};
  p.thread = th_thread_get();
  *out = th_arena_calloc(arena, (size_t)snapshot->n_segments + 1, sizeof **out);
  if (!p.thread || !*out) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = th_plan_make(&p);
  for (uint32_t s = 0; rc == 0 && s < snapshot->n_segments; s++) {
    th_plan_segment(&p, s);
    rc = th_match_keep(&p, &(*out)[s]);
    int state = th_segment_state(p.segment, err);
    rc = state ? state : rc;
  }
  return rc;
}
