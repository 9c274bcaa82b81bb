/* Documents that hold any of several words.
 *
 * When all that are frequent have impacts: dense.c. Otherwise MaxScore: in each window the lists
 * that could not by themselves lift a document over the least wanted score are only asked about
 * documents that the other lists have brought near it; blocks and windows that cannot get there are
 * not decoded. (H. Turtle, J. Flood: Query evaluation: strategies and optimizations, 1995; block
 * bounds after S. Ding, T. Suel: Faster top-k document retrieval using block-max indexes, 2011.) */
#include "query/rank.h"

/* Documents that are judged by one sum of bounds: few, so that the sums differ, but more than the
 * 128 or so that a block of a frequent word spans. */
enum { PRUNED_WINDOW = 512 };

typedef struct any_of {
  th_plan *plan;
  th_cursor **cursors; /* sorted for each window, the most promising first */
  uint32_t *most;      /* of each cursor in the window, same order */
  uint32_t n;
  th_level *level;
} any_of;

static void sort_by_most(any_of *a) {
  for (uint32_t i = 1; i < a->n; i++) {
    th_cursor *c = a->cursors[i];
    uint32_t most = a->most[i], k = i;
    for (; k > 0 && a->most[k - 1] < most; k--) {
      a->cursors[k] = a->cursors[k - 1];
      a->most[k] = a->most[k - 1];
    }
    a->cursors[k] = c;
    a->most[k] = most;
  }
}

static void give_seen(any_of *a, const th_docs *v, th_sink *sink) {
  for (unsigned w = 0; w < v->n_words; w++)
    if (v->keep[w])
      th_rank_give(sink, v, w, th_kernels_now->bytes(a->level->seen + 64 * w), a->level->acc);
}

static void clear_level(th_level *level, const th_docs *v) {
  memset(level->acc, 0, v->n_words * 64 * sizeof level->acc[0]);
  memset(level->seen, 0, v->n_words * 64);
}

static void any_of_everything(any_of *a, const th_docs *v, th_sink *sink) {
  for (uint32_t i = 0; i < a->n; i++)
    th_cursor_window_add(a->cursors[i], v->base, v->end, 0, a->level);
  give_seen(a, v, sink);
  clear_level(a->level, v);
}

/* Offsets of kept documents whose score is at least `need` (>= 1). */
static uint32_t pick(const any_of *a, const th_docs *v, uint32_t need, uint16_t *out) {
  uint32_t n = 0;
  for (unsigned w = 0; w < v->n_words; w++) {
    if (!v->keep[w]) continue;
    uint64_t bits = v->keep[w] & th_kernels_now->above(a->level->acc + 64 * w, need);
    for (; bits; bits &= bits - 1)
      out[n++] = (uint16_t)(64 * w + (unsigned)__builtin_ctzll(bits));
  }
  return n;
}

/* Adds what list i has to say of the picked documents; drops those that cannot reach least any
 * more.
 */
static uint32_t complete(any_of *a, const th_docs *v, uint32_t i, uint32_t rest, uint32_t least,
                         uint16_t *picked, uint32_t n) {
  th_cursor *c = a->cursors[i];
  uint32_t kept = 0, score;
  bool more = true;
  for (uint32_t k = 0; k < n; k++) {
    uint32_t at = picked[k], doc = v->base + at;
    if (more) more = th_cursor_seek(c, doc);
    if (more && c->p.docs[c->i] == doc && th_cursor_score(c, &score)) a->level->acc[at] += score;
    picked[kept] = (uint16_t)at;
    kept += a->level->acc[at] + rest >= least;
  }
  return kept;
}

static void any_of_best(any_of *a, const th_docs *v, uint32_t least, th_sink *sink) {
  uint32_t total = 0, rest, essential, n;
  uint16_t *picked = a->plan->thread->picked;
  for (uint32_t i = 0; i < a->n; i++)
    total += a->most[i] = th_cursor_window_most(a->cursors[i], v->base, v->end);
  if (total < least) return;
  sort_by_most(a);
  /* The essential lists: without them nothing reaches least. */
  for (rest = total, essential = 0; essential < a->n && rest >= least; essential++)
    rest -= a->most[essential];
  for (uint32_t i = 0; i < essential; i++) {
    uint32_t others = total - a->most[i];
    th_cursor_window_add(a->cursors[i], v->base, v->end, least > others ? least - others : 0,
                         a->level);
  }
  n = pick(a, v, least - rest, picked);
  for (uint32_t i = essential; i < a->n && n; i++) {
    rest -= a->most[i];
    n = complete(a, v, i, rest, least, picked, n);
  }
  for (uint32_t k = 0; k < n; k++)
    th_sink_take(sink, v->base + picked[k], a->level->acc[picked[k]]);
  clear_level(a->level, v);
}

static void rank_windows(any_of *a, const uint64_t *keep, bool all, th_sink *sink) {
  const th_plan *p = a->plan;
  uint32_t size = all ? TH_WINDOW : PRUNED_WINDOW;
  for (uint32_t base = 0; base < p->n_docs && a->n; base += size) {
    th_docs v;
    if (!th_rank_window(p, keep, base, size, &v)) continue;
    uint32_t least = all ? 0 : th_sink_least(sink);
    if (least)
      any_of_best(a, &v, least, sink);
    else
      any_of_everything(a, &v, sink);
  }
}

/* ---- frequent words by their impacts ---- */

/* The words, those with tables behind the others. */
typedef struct by_impacts {
  any_of *words;
  const th_impacts **of; /* of each word, NULL = it has none */
  uint32_t n_lists;      /* words that have none */
  uint32_t lists_most, tables_most;
  uint64_t *left; /* documents that are in none of the lists */
} by_impacts;

/* False: some word is frequent and has none, or none is. */
static bool find_impacts(by_impacts *b) {
  any_of *a = b->words;
  uint32_t tables = a->n;
  for (uint32_t i = 0; i < tables;) {
    th_cursor *c = a->cursors[i];
    const th_impacts *t = th_cache_impacts(a->plan->segment, &c->p.term, c->scope, &c->w);
    if (!t && th_impacts_dense(a->plan->segment, &c->p.term)) return false;
    if (t) {
      a->cursors[i] = a->cursors[--tables];
      a->cursors[tables] = c;
      b->of[tables] = t;
      b->tables_most += c->most;
    } else {
      b->lists_most += c->most;
      i++;
    }
  }
  b->n_lists = tables;
  return tables < a->n;
}

/* Adds what the frequent words have to say of n documents, ascending, and offers them. */
static void finish(by_impacts *b, const uint32_t *docs, uint32_t n, uint32_t *scores,
                   th_sink *sink) {
  uint32_t score;
  for (uint32_t k = b->n_lists; k < b->words->n; k++) {
    th_cursor *c = b->words->cursors[k];
    for (uint32_t i = 0; i < n && th_cursor_goto(c, docs[i]); i++)
      if (c->p.docs[c->i] == docs[i] && th_cursor_score(c, &score)) scores[i] += score;
  }
  for (uint32_t i = 0; i < n; i++)
    th_sink_take(sink, docs[i], scores[i]);
}

static void empty_pool(by_impacts *b, th_pool *pool, th_sink *sink) {
  uint32_t docs[TH_BLOCK], scores[TH_BLOCK], n;
  bool rewind;
  th_pool_sort_out(pool);
  while (th_pool_next(pool, th_sink_least(sink), docs, scores, &n, &rewind))
    finish(b, docs, n, scores, sink);
}

/* At most 64 documents of the lists, scored by these, into the pool if they can enter. */
static void pool_word(by_impacts *b, th_pool *pool, uint32_t base, uint64_t bits,
                      const uint32_t *acc, th_sink *sink) {
  uint32_t docs[64], scores[64], bound[64], n = 0, kept = 0;
  for (; bits; bits &= bits - 1) {
    unsigned at = (unsigned)__builtin_ctzll(bits);
    docs[n] = base + at;
    scores[n] = bound[n] = acc[at];
    n++;
  }
  for (uint32_t k = b->n_lists; k < b->words->n; k++) {
    float one = b->words->cursors[k]->idf * TH_SCORE_ONE;
    const th_impacts *t = b->of[k];
    th_kernels_now->sieve(docs, n, t->most, one * t->base, one * t->step, false, bound);
  }
  for (uint32_t i = 0; i < n; i++) {
    docs[kept] = docs[i];
    scores[kept] = scores[i];
    bound[kept] = bound[i];
    kept += bound[i] >= th_sink_least(sink);
  }
  if (th_pool_room(pool) < kept) empty_pool(b, pool, sink);
  th_pool_add(pool, docs, scores, bound, kept);
}

/* Documents of the rarer words; those of a block that cannot enter count as if they were not. */
static void rank_lists(by_impacts *b, const uint64_t *keep, th_sink *sink) {
  any_of *a = b->words;
  th_pool pool;
  th_docs v;
  th_pool_begin(&pool, a->plan, sink->cap);
  for (uint32_t base = 0; base < a->plan->n_docs; base += TH_WINDOW) {
    if (!th_rank_window(a->plan, keep, base, TH_WINDOW, &v)) continue;
    for (uint32_t i = 0; i < b->n_lists; i++) {
      uint32_t others = b->lists_most + b->tables_most - a->cursors[i]->most;
      uint32_t least = th_sink_least(sink);
      th_cursor_window_add(a->cursors[i], v.base, v.end, least > others ? least - others : 0,
                           a->level);
    }
    for (unsigned w = 0; w < v.n_words; w++) {
      uint64_t seen = th_kernels_now->bytes(a->level->seen + 64 * w), kept = seen & v.keep[w];
      if (!seen) continue;
      b->left[v.base / 64 + w] &= ~seen;
      if (kept) pool_word(b, &pool, v.base + 64 * w, kept, a->level->acc + 64 * w, sink);
      memset(a->level->acc + 64 * w, 0, 64 * sizeof a->level->acc[0]);
      memset(a->level->seen + 64 * w, 0, 64);
    }
  }
  empty_pool(b, &pool, sink);
}

/* Documents of the frequent words alone. */
static int rank_tables(by_impacts *b, const uint64_t *keep, th_sink *sink) {
  uint32_t docs[TH_BLOCK], scores[TH_BLOCK], n, from = b->n_lists;
  th_dense *d;
  bool rewind;
  if (b->tables_most < th_sink_least(sink)) return 0;
  int rc = th_dense_make(b->words->plan, b->of + from, b->words->cursors + from, b->words->n - from,
                         false, keep, sink->cap, &d);
  while (!rc && th_dense_next(d, th_sink_least(sink), docs, &n, &rewind)) {
    memset(scores, 0, n * sizeof *scores);
    finish(b, docs, n, scores, sink);
  }
  return rc;
}

/* *done: it was possible. */
static int rank_by_impacts(any_of *a, const uint64_t *keep, th_sink *sink, bool *done) {
  th_plan *p = a->plan;
  by_impacts b = {.words = a};
  b.of = th_arena_calloc(p->arena, a->n, sizeof(th_impacts *));
  if (!b.of) return th_plan_no_memory(p);
  *done = a->n <= TH_DENSE_WORDS && find_impacts(&b);
  if (!*done) return 0;
  if (!b.n_lists) return rank_tables(&b, keep, sink);
  b.left = th_bitmap_new(p, false);
  if (!b.left) return th_plan_no_memory(p);
  memcpy(b.left, keep, p->n_words * sizeof *keep);
  rank_lists(&b, keep, sink);
  return rank_tables(&b, b.left, sink);
}

int th_rank_any(th_plan *p, th_op *const *terms, uint32_t n, const uint64_t *keep, th_sink *sink) {
  any_of a = {.plan = p};
  bool all = sink->want_all || p->request->exhaustive;
  bool done = false;
  int rc = 0;
  a.cursors = th_arena_calloc(p->arena, n, sizeof *a.cursors);
  a.most = th_arena_calloc(p->arena, n, sizeof *a.most);
  a.level = th_thread_level(p->thread, 0);
  if (!a.cursors || !a.most || !a.level) return th_plan_no_memory(p);
  for (uint32_t i = 0; i < n; i++) {
    if ((rc = th_plan_bind(p, terms[i]))) return rc;
    if (!terms[i]->cursor->absent) a.cursors[a.n++] = terms[i]->cursor;
  }
  if (!all && sink->by_score && a.n) rc = rank_by_impacts(&a, keep, sink, &done);
  if (!rc && !done) rank_windows(&a, keep, all, sink);
  return rc;
}
