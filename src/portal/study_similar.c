/* Studies like this one: by its conditions, their MeSH terms, and the words of its title. */
#include "portal/study_similar.h"

#include "query/search.h"
#include "study/catalogue.h"
#include "text/fold.h"

enum { NAMES = 4, WORDS = 6, SHORTEST = 5, PARTS = 3 * NAMES + WORDS };

typedef struct asker {
  th_arena *arena;
  th_query *parts[PARTS];
  size_t n;
  th_err *err;
  int rc;
} asker;

static void ask(asker *a, th_span text, unsigned area) {
  if (a->rc || text.n == 0 || text.n > 200 || a->n == PARTS) return;
  a->rc = th_query_typed(&a->parts[a->n], a->arena, text, area, a->err);
  a->n += !a->rc;
}

static void ask_list(asker *a, const th_json *j, const char *path, const char *key, unsigned area) {
  uint32_t list = th_json_path(j, 0, path), n = 0;
  if (!list || j->nodes[list].type != TH_JARRAY) return;
  for (th_json_each(j, list, e)) {
    if (n++ == NAMES) break;
    ask(a, key ? th_json_path_text(j, e, key) : th_json_text(j, e), area);
  }
}

/* The longer words of the title say what it is about. */
static void ask_title(asker *a, th_span title) {
  size_t asked = 0;
  for (size_t at = 0; at < title.n && asked < WORDS;) {
    size_t from = at;
    while (at < title.n && title.p[at] != ' ')
      at++;
    if (at - from >= SHORTEST) {
      ask(a, (th_span){title.p + from, at - from}, TH_A_TitleSearch);
      asked++;
    }
    at++;
  }
}

static int find(const th_json *j, uint32_t nct, const th_snapshot *snapshot, th_arena *arena,
                th_search_result *out, th_err *err) {
  asker a = {.arena = arena, .err = err};
  th_search_request rq = {.size = TH_SIMILAR};
  *out = (th_search_result){0};
  ask_list(&a, j, "protocolSection.conditionsModule.conditions", NULL, TH_A_ConditionSearch);
  ask_list(&a, j, "derivedSection.conditionBrowseModule.meshes", "term", TH_A_ConditionSearch);
  if (a.n == 0) return a.rc;
  ask_list(&a, j, "protocolSection.armsInterventionsModule.interventions", "name",
           TH_A_InterventionSearch);
  ask_title(&a, th_json_path_text(j, 0, "protocolSection.identificationModule.briefTitle"));
  if (a.rc) return a.rc;
  th_query *self = th_query_ids(arena, &nct, 1);
  rq.scored = th_query_or(arena, a.parts, a.n);
  rq.filter = self ? th_query_not(arena, self) : NULL;
  if (!rq.scored || !rq.filter) return th_err_set(err, TH_ENOMEM, "no memory for a query");
  return th_search(snapshot, &rq, arena, out, err);
}

static int read_one(th_registry *registry, uint32_t nct, th_buf *buf, th_json_parser *parser,
                    th_arena *arena, th_similar *out, th_err *err) {
  th_json j;
  th_record record;
  uint32_t current;
  th_buf_clear(buf);
  int rc = th_registry_study(registry, nct, buf, &record, &current, err);
  if (rc == TH_ENOTFOUND) {
    th_err_clear(err);
    return TH_OK;
  }
  if (!rc) rc = th_json_parse(parser, record.json, &j, err);
  if (rc) return rc == TH_EINPUT ? TH_ECORRUPT : rc;
  out->nct = nct;
  out->title = th_arena_dup(
      arena, th_json_path_text(&j, 0, "protocolSection.identificationModule.briefTitle"));
  out->status =
      th_arena_dup(arena, th_json_path_text(&j, 0, "protocolSection.statusModule.overallStatus"));
  return TH_OK;
}

int th_similar_find(th_registry *registry, const th_json *j, uint32_t nct, th_buf *buf,
                    th_json_parser *parser, th_arena *arena, th_similar_list *out, th_err *err) {
  th_search_result found;
  th_index *index = th_registry_index(registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  *out = (th_similar_list){0};
  int rc = find(j, nct, snapshot, arena, &found, err);
  for (uint32_t i = 0; !rc && i < found.n_hits; i++) {
    rc = read_one(registry, found.hits[i].nct, buf, parser, arena, &out->of[out->n], err);
    if (!rc && out->of[out->n].title.n) out->n++;
  }
  th_index_release(index, snapshot);
  return rc;
}
