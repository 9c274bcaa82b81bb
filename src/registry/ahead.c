#include "registry/ahead.h"

#include "query/search.h"
#include "query/warm.h"
#include "registry/concepts.h"
#include "study/catalogue.h"

/* Whose values are names that people search for, where they do, and how many of them. */
typedef struct source {
  uint16_t field, area;
  uint32_t most;
} source;

static const source sources[] = {
    {TH_F_Condition, TH_A_ConditionSearch, 1500},
    {TH_F_InterventionName, TH_A_InterventionSearch, 300},
};

typedef struct names {
  const th_facet *facets; /* of each source */
  th_expander expander;
  th_arena scratch;  /* the expression at hand */
  size_t from, most; /* of each source, this time */
} names;

/* Those that are searched most are ready in all segments before the others in any. */
enum { SOON = 100 };

/* Name number i of all sources, the most frequent first; false: there is none. */
static bool name_at(const names *n, size_t i, th_span *name, const source **s) {
  for (size_t k = 0; k < TH_COUNT(sources); k++) {
    *s = &sources[k];
    size_t all = n->facets[k].n, here = TH_MIN(all - TH_MIN(n->from, all), n->most);
    if (i < here) {
      *name = n->facets[k].values[n->from + i].value;
      return true;
    }
    i -= here;
  }
  return false;
}

/* Each name in the box for everything, and in its own: what is found there stands here as well. */
static int next_name(void *ctx, size_t i, const th_query **q, th_err *err) {
  names *n = ctx;
  const source *s;
  th_span name;
  th_query *made = NULL;
  th_err local = {0};
  if (!name_at(n, i / 2, &name, &s)) return TH_ENOTFOUND;
  const th_parse_options options = {i % 2 ? s->area : TH_A_BasicSearch, "name", &n->expander, NULL};
  th_arena_reset(&n->scratch, false);
  int rc = th_query_parse_with(&made, &n->scratch, name, &options, &local);
  if (rc == TH_EUSAGE) return 0; /* no expression: nobody can search it so */
  *q = made;
  return rc ? th_err_set(err, rc, "%s", local.message) : 0;
}

static int make_all(names *n, const th_snapshot *snapshot, const atomic_bool *stop, th_arena *arena,
                    th_err *err) {
  th_facet_request wanted[TH_COUNT(sources)];
  th_search_result found;
  for (size_t i = 0; i < TH_COUNT(sources); i++)
    wanted[i] = (th_facet_request){sources[i].field, sources[i].most};
  const th_search_request all = {.facets = wanted, .n_facets = TH_COUNT(sources)};
  int rc = th_search(snapshot, &all, arena, &found, err);
  n->facets = found.facets;
  n->most = SOON;
  if (!rc) rc = th_warm_phrases(snapshot, next_name, n, stop, err);
  n->from = SOON;
  n->most = SIZE_MAX;
  return rc ? rc : th_warm_phrases(snapshot, next_name, n, stop, err);
}

int th_registry_searches_ahead(th_registry *r, const atomic_bool *stop, th_err *err) {
  th_index *index = th_registry_index(r);
  const th_snapshot *snapshot = th_index_acquire(index);
  names n = {0};
  th_concepts dict;
  th_arena arena;
  th_arena_init(&arena, 0);
  th_arena_init(&n.scratch, 0);
  int rc = th_registry_concepts(snapshot, &dict, err);
  n.expander = th_registry_expander(&dict);
  if (!rc) rc = make_all(&n, snapshot, stop, &arena, err);
  th_arena_dispose(&n.scratch);
  th_arena_dispose(&arena);
  th_index_release(index, snapshot);
  return rc;
}
