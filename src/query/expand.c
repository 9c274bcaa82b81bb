/* Words of a query and their synonyms. A phrase is looked up as a whole; of a run of bare words
 * the longest parts that have synonyms, from left to right: "heart attack aspirin" is (heart attack
 * or a synonym of it) and (aspirin or a synonym of it). A synonym is a phrase in those fields of
 * the scope that take synonyms; of a text and its synonyms the best match counts. */
#include "query/expand.h"

#include "query/lex.h"
#include "query/tree.h"

static int no_memory(th_err *err) {
  return th_err_set(err, TH_ENOMEM, "out of memory");
}

/* main or the synonyms of text: an EITHER. found: whether there are any. */
static int with_synonyms(const th_expansion *x, th_span text, const th_words_request *how,
                         const th_query *main, const th_query **out, bool *found, th_err *err) {
  const th_synonym *synonyms;
  const th_query *ways[TH_QUERY_MAX_SYNONYMS + 1];
  size_t n, n_ways = 0;
  int rc = x->expander->expand(x->expander->ctx, text, x->arena, &synonyms, &n, err);
  *out = main;
  *found = !rc && n > 0;
  if (rc || n == 0) return rc;
  if (main) ways[n_ways++] = main;
  for (size_t i = 0; !rc && i < n && n_ways <= TH_QUERY_MAX_SYNONYMS; i++) {
    th_origin *origin = th_arena_calloc(x->arena, 1, sizeof *origin);
    th_words_request request = {.scope = how->scope | TH_SCOPE_SYNONYMS,
                                .anchor = how->anchor,
                                .weight = synonyms[i].weight,
                                .origin = origin};
    if (!origin) return no_memory(err);
    *origin = (th_origin){text, synonyms[i].source};
    rc = th_words_node(&ways[n_ways], x->arena, synonyms[i].text, &request, x->n_synonym_words,
                       TH_QUERY_MAX_SYNONYM_WORDS, err);
    if (rc == TH_EUSAGE) { /* no room for this one and all that are worth less */
      rc = 0;
      break;
    }
    n_ways += !rc && ways[n_ways]->n + (ways[n_ways]->kind == TH_N_TERM) > 0;
  }
  if (rc) return rc;
  *found = n_ways > (main != NULL);
  if (n_ways == 0) return 0;
  *out = th_node_join(x->arena, TH_N_EITHER, ways, n_ways);
  return *out ? 0 : no_memory(err);
}

enum { RUN_WORDS = 6 }; /* words of a part of a run that is looked up as a whole */

/* The words of a run, cut at blanks. */
static size_t cut_words(th_span text, th_span *out, size_t most) {
  size_t n = 0;
  for (size_t i = 0; i < text.n && n < most;) {
    size_t from = i;
    while (i < text.n && !th_is_blank(text.p[i]))
      i++;
    if (i > from) out[n++] = (th_span){text.p + from, i - from};
    while (i < text.n && th_is_blank(text.p[i]))
      i++;
  }
  return n;
}

static th_span from_to(const th_span *words, size_t from, size_t to) {
  const th_span *last = &words[to - 1];
  return (th_span){words[from].p, (size_t)(last->p + last->n - words[from].p)};
}

/* The longest part of the run from word `from` on that has synonyms, as a node; *to: where it ends,
 * from + 1 when nothing has any. */
static int part_of_run(const th_expansion *x, const th_span *words, size_t from, size_t n,
                       const th_words_request *how, const th_query **out, size_t *to, th_err *err) {
  bool found = false;
  for (*to = TH_MIN(from + RUN_WORDS, n);; --*to) {
    th_span part = from_to(words, from, *to);
    const th_query *plain;
    int rc = with_synonyms(x, part, how, NULL, out, &found, err);
    if (rc) return rc;
    if (!found && *to > from + 1) continue;
    rc = th_words_node(&plain, x->arena, part, how, x->n_terms, TH_QUERY_MAX_WORDS, err);
    if (rc) return rc;
    if (found) {
      const th_query *both[2] = {plain, *out};
      *out = th_node_join(x->arena, TH_N_EITHER, both, 2);
    } else {
      *out = plain;
    }
    return *out ? 0 : no_memory(err);
  }
}

enum { RUN_MOST = 64 }; /* longer runs are sentences: they are not looked into */

/* A run of bare words whose parts may have synonyms: "heart attack aspirin". */
static int expand_run(const th_expansion *x, th_span text, const th_words_request *how,
                      const th_query **out, th_err *err) {
  th_span words[RUN_MOST + 1];
  const th_query *parts[RUN_MOST];
  size_t n = cut_words(text, words, RUN_MOST + 1), n_parts = 0;
  if (n == 0 || n > RUN_MOST)
    return th_words_node(out, x->arena, text, how, x->n_terms, TH_QUERY_MAX_WORDS, err);
  for (size_t at = 0; at < n;) {
    int rc = part_of_run(x, words, at, n, how, &parts[n_parts], &at, err);
    if (rc) return rc;
    /* Mere punctuation is no part of a run that has words. */
    n_parts += !(parts[n_parts]->kind == TH_N_OR && parts[n_parts]->n == 0);
  }
  if (n_parts == 0) {
    *out = th_node_join(x->arena, TH_N_OR, NULL, 0);
    return *out ? 0 : no_memory(err);
  }
  *out = th_node_join(x->arena, how->wording == TH_WORDS_ALL ? TH_N_AND : TH_N_OR, parts, n_parts);
  return *out ? 0 : no_memory(err);
}

int th_expand_words(const th_query **out, const th_expansion *x, th_span text,
                    const th_words_request *how, th_err *err) {
  bool found;
  if (x->expander && how->wording != TH_WORDS_PHRASE) return expand_run(x, text, how, out, err);
  int rc = th_words_node(out, x->arena, text, how, x->n_terms, TH_QUERY_MAX_WORDS, err);
  if (!rc && x->expander) rc = with_synonyms(x, text, how, *out, out, &found, err);
  return rc;
}
