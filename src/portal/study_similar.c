/* Studies like this one: by its conditions, their MeSH terms, its treatments and the words of its
 * title. Of all these words the few that say most are searched for, any of them: rare ones that
 * other studies have too, those of conditions before those of treatments and titles. So the search
 * is one of a handful of lists, of which only the best documents are looked at. */
#include "portal/study_similar.h"

#include <math.h>

#include "query/tree.h"

enum { NAMES = 4, WORDS = 6, SHORTEST = 5, MOST_SAID = 96, MOST_ASKED = 12 };

/* A word that the record says in one of the areas. */
typedef struct said {
  const th_query *term;
  double worth;
} said;

typedef struct asker {
  th_arena *arena;
  said said[MOST_SAID];
  size_t n;
  th_err *err;
  int rc;
} asker;

/* A word said twice is worth more. */
static void note_term(asker *a, const th_query *term, double worth) {
  for (size_t i = 0; i < a->n; i++) {
    const th_query *t = a->said[i].term;
    if (t->scope != term->scope || !th_span_eq(t->term.stem, term->term.stem)) continue;
    a->said[i].worth += worth / 2;
    return;
  }
  if (a->n < MOST_SAID) a->said[a->n++] = (said){term, worth};
}

/* The single words of a text's tree. Of the spellings of a compound those in one word. */
static void note_terms(asker *a, const th_query *q, double worth) {
  bool one_word = false;
  if (q->kind == TH_N_TERM) note_term(a, q, worth);
  if (q->kind != TH_N_AND && q->kind != TH_N_OR && q->kind != TH_N_PHRASE && q->kind != TH_N_EITHER)
    return;
  for (uint32_t i = 0; i < q->n && q->kind == TH_N_EITHER; i++)
    one_word = one_word || q->parts[i]->kind == TH_N_TERM;
  for (uint32_t i = 0; i < q->n; i++)
    if (!one_word || q->parts[i]->kind == TH_N_TERM) note_terms(a, q->parts[i], worth);
}

static void ask(asker *a, th_span text, unsigned area, double worth) {
  th_query *q = NULL;
  if (a->rc || text.n == 0 || text.n > 200) return;
  a->rc = th_query_typed(&q, a->arena, text, area, a->err);
  if (!a->rc) note_terms(a, q, worth);
}

static void ask_list(asker *a, const th_json *j, const char *path, const char *key, unsigned area,
                     double worth) {
  uint32_t list = th_json_path(j, 0, path), n = 0;
  if (!list || j->nodes[list].type != TH_JARRAY) return;
  for (th_json_each(j, list, e)) {
    if (n++ == NAMES) break;
    ask(a, key ? th_json_path_text(j, e, key) : th_json_text(j, e), area, worth);
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
      ask(a, (th_span){title.p + from, at - from}, TH_A_TitleSearch, 1);
      asked++;
    }
    at++;
  }
}

static void weigh(asker *a, const th_snapshot *snapshot) {
  for (size_t i = 0; i < a->n; i++) {
    uint64_t df = 0;
    th_term term;
    for (uint32_t s = 0; s < snapshot->n_segments; s++)
      if (th_segment_term(snapshot->segments[s], a->said[i].term->term.stem, &term)) df += term.df;
    a->said[i].worth *= df > 1 ? log(1 + (double)snapshot->n_docs / (double)df) : 0;
  }
}

static int by_worth(const void *a, const void *b) {
  const said *x = a, *y = b;
  if (x->worth != y->worth) return x->worth > y->worth ? -1 : 1;
  if (x->term->scope != y->term->scope) return x->term->scope < y->term->scope ? -1 : 1;
  return th_span_cmp(x->term->term.stem, y->term->term.stem);
}

/* Any of the words that say most; NULL when there are none. Error: memory. */
static int make_query(asker *a, const th_snapshot *snapshot, const th_query **out) {
  const th_query *parts[MOST_ASKED];
  size_t n = 0;
  *out = NULL;
  weigh(a, snapshot);
  if (a->n) qsort(a->said, a->n, sizeof *a->said, by_worth);
  for (; n < a->n && n < MOST_ASKED && a->said[n].worth > 0; n++)
    parts[n] = a->said[n].term;
  if (n == 0) return TH_OK;
  *out = th_node_join(a->arena, TH_N_OR, parts, (uint32_t)n);
  return *out ? TH_OK : th_err_set(a->err, TH_ENOMEM, "no memory for a query");
}

static int find(const th_json *j, uint32_t nct, const th_snapshot *snapshot, th_arena *arena,
                th_search_result *out, th_err *err) {
  asker a = {.arena = arena, .err = err};
  th_search_request rq = {.size = TH_SIMILAR};
  *out = (th_search_result){0};
  ask_list(&a, j, "protocolSection.conditionsModule.conditions", NULL, TH_A_ConditionSearch, 1.5);
  ask_list(&a, j, "derivedSection.conditionBrowseModule.meshes", "term", TH_A_ConditionSearch, 1.5);
  if (a.n == 0) return a.rc;
  ask_list(&a, j, "protocolSection.armsInterventionsModule.interventions", "name",
           TH_A_InterventionSearch, 1.25);
  ask_title(&a, th_json_path_text(j, 0, "protocolSection.identificationModule.briefTitle"));
  int rc = a.rc ? a.rc : make_query(&a, snapshot, &rq.scored);
  if (rc || !rq.scored) return rc;
  th_query *self = th_query_ids(arena, &nct, 1);
  rq.filter = self ? th_query_not(arena, self) : NULL;
  if (!rq.filter) return th_err_set(err, TH_ENOMEM, "no memory for a query");
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
