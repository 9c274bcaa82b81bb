/* Scores over one segment, in windows of TH_WINDOW documents.
 *
 * Three ways, with the same result:
 *   - words any of which may stand (a flat OR): MaxScore. In each window the lists that could not
 * by themselves lift a document over the least wanted score are only asked about documents that the
 *     other lists have brought near it; blocks and windows that cannot get there are not decoded.
 *     (H. Turtle, J. Flood: Query evaluation: strategies and optimizations, 1995; block bounds
 * after S. Ding, T. Suel: Faster top-k document retrieval using block-max indexes, 2011.)
 *   - words all of which must stand, and phrases (a flat AND): conj.c
 *   - any other tree: every operator gives the matches and scores of a window to the one above it.
 *
 * Whether a phrase stands is dear to find out, so it is asked last: a phrase first counts as its
 * words, which gives candidates with scores that are never too low; the best of these are looked at
 * first, and those below what has been found by then never. What must all be counted is looked at
 * unless something else in the tree matches. */
#include "query/exec.h"

/* At most TH_WINDOW documents, a multiple of 64 but for the last. */
typedef struct window {
  uint32_t base, end; /* documents */
  uint32_t n_words;   /* of 64 documents */
  const uint64_t *keep;
} window;

/* The window of `size` from base on; false when nothing is kept in it. */
static bool window_at(const th_plan *p, const uint64_t *keep, uint32_t base, uint32_t size,
                      window *v) {
  uint64_t any = 0;
  v->base = base;
  v->end = TH_MIN(base + size, p->n_docs);
  v->n_words = (v->end - base + 63) / 64;
  v->keep = keep + base / 64;
  for (unsigned w = 0; w < v->n_words; w++)
    any |= v->keep[w];
  return any != 0;
}

/* Matches with their scores into the sink: counts if asked for, offers what may enter. */
static void give_word(th_sink *sink, const window *v, unsigned w, uint64_t matches,
                      const uint32_t *acc) {
  uint32_t least = th_sink_least(sink);
  matches &= v->keep[w];
  if (!matches) return;
  if (sink->want_all) th_sink_count(sink, v->base / 64 + w, matches);
  if (least) matches &= th_kernels_now->above(acc + 64 * w, least);
  for (; matches; matches &= matches - 1) {
    uint32_t at = 64 * w + (uint32_t)__builtin_ctzll(matches);
    th_sink_take(sink, v->base + at, acc[at]);
  }
}

/* ---- any of the words ---- */

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

static void give_seen(any_of *a, const window *v, th_sink *sink) {
  for (unsigned w = 0; w < v->n_words; w++)
    if (v->keep[w])
      give_word(sink, v, w, th_kernels_now->bytes(a->level->seen + 64 * w), a->level->acc);
}

static void clear_level(th_level *level, const window *v) {
  memset(level->acc, 0, v->n_words * 64 * sizeof level->acc[0]);
  memset(level->seen, 0, v->n_words * 64);
}

static void any_of_everything(any_of *a, const window *v, th_sink *sink) {
  for (uint32_t i = 0; i < a->n; i++)
    th_cursor_window_add(a->cursors[i], v->base, v->end, 0, a->level);
  give_seen(a, v, sink);
  clear_level(a->level, v);
}

/* Offsets of kept documents whose score is at least `need` (>= 1). */
static uint32_t pick(const any_of *a, const window *v, uint32_t need, uint16_t *out) {
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
static uint32_t complete(any_of *a, const window *v, uint32_t i, uint32_t rest, uint32_t least,
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

static void any_of_best(any_of *a, const window *v, uint32_t least, th_sink *sink) {
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

static int rank_any(th_plan *p, th_op *const *terms, uint32_t n, const uint64_t *keep,
                    th_sink *sink) {
  any_of a = {.plan = p, .n = 0};
  int rc = 0;
  a.cursors = th_arena_calloc(p->arena, n, sizeof *a.cursors);
  a.most = th_arena_calloc(p->arena, n, sizeof *a.most);
  a.level = th_thread_level(p->thread, 0);
  if (!a.cursors || !a.most || !a.level) return th_plan_no_memory(p);
  for (uint32_t i = 0; i < n; i++) {
    if ((rc = th_plan_bind(p, terms[i]))) return rc;
    if (!terms[i]->cursor->absent) a.cursors[a.n++] = terms[i]->cursor;
  }
  bool all = sink->want_all || p->request->exhaustive;
  for (uint32_t base = 0; base < p->n_docs && a.n; base += all ? TH_WINDOW : PRUNED_WINDOW) {
    window v;
    if (!window_at(p, keep, base, all ? TH_WINDOW : PRUNED_WINDOW, &v)) continue;
    uint32_t least = all ? 0 : th_sink_least(sink);
    if (least)
      any_of_best(&a, &v, least, sink);
    else
      any_of_everything(&a, &v, sink);
  }
  return 0;
}

/* ---- candidates ---- */

/* The best first: a heap of score << 32 | ~document. */
static void queue_down(uint64_t *queue, uint32_t n, uint32_t i) {
  uint64_t key = queue[i];
  if (n == 0) return;
  for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
    child += child + 1 < n && queue[child + 1] > queue[child];
    if (queue[child] <= key) break;
    queue[i] = queue[child];
  }
  queue[i] = key;
}

enum {
  TOGETHER = 16
}; /* candidates that are first looked at together, later twice as many each time */

typedef struct candidate {
  uint32_t doc, score;
} candidate;

static uint64_t key_of(uint32_t doc, uint32_t score) {
  return (uint64_t)score << 32 | (uint32_t)~doc;
}

static int by_doc(const void *a, const void *b) {
  uint32_t x = ~*(const uint32_t *)a, y = ~*(const uint32_t *)b; /* low half of a key */
  return (x > y) - (x < y);
}

/* Takes up to `most` of the best, in the order of documents: they stand behind the n that are left.
 * The first below least ends it. */
static uint32_t queue_take(uint64_t *queue, uint32_t *n, uint32_t least, uint32_t most) {
  uint32_t taken = 0;
  while (*n && taken < most && queue[0] >> 32 >= least) {
    uint64_t best = queue[0];
    queue[0] = queue[--*n];
    queue_down(queue, *n, 0);
    queue[*n] = best;
    taken++;
  }
  qsort(queue + *n, taken, sizeof *queue, by_doc);
  return taken;
}

/* Whether a candidate matches after all; sets its score when the candidate's is too high. */
typedef int look_fn(th_plan *p, void *ctx, candidate *c, bool *match);

/* Offers what matches to the sink, which prunes by score. */
static int look_at_best(th_plan *p, uint64_t *queue, uint32_t n, look_fn *look, void *ctx,
                        th_sink *sink) {
  uint32_t m, together = TOGETHER;
  int rc = 0;
  for (uint32_t i = n / 2; i-- > 0;)
    queue_down(queue, n, i);
  while (!rc && (m = queue_take(queue, &n, th_sink_least(sink), together)) > 0) {
    for (uint32_t i = 0; !rc && i < m; i++) {
      candidate c = {~(uint32_t)queue[n + i], (uint32_t)(queue[n + i] >> 32)};
      bool match = true;
      if (c.score < th_sink_least(sink)) continue; /* risen since */
      rc = look(p, ctx, &c, &match);
      if (!rc && match) th_sink_take(sink, c.doc, c.score);
    }
    together *= 2; /* positions of neighbours are cheap, and few seem to match */
  }
  return rc;
}

/* ---- all of the words ---- */

static int look_at_phrases(th_plan *p, void *conj, candidate *c, bool *match) {
  return th_conj_stands(p, conj, c->doc, match);
}

/* Phrases among them, and only the best wanted. */
static int rank_phrases(th_plan *p, th_conj *c, const uint64_t *keep, th_sink *sink) {
  uint64_t *queue = p->thread->queue;
  uint32_t n = 0;
  int rc = 0;
  while (!rc && th_conj_candidates(c, keep, UINT32_MAX, th_sink_least(sink))) {
    for (uint32_t i = 0; i < c->n_found; i++)
      queue[n++] = key_of(c->docs[i], c->scores[i]);
    if (n + TH_BLOCK <= TH_WINDOW) continue;
    rc = look_at_best(p, queue, n, look_at_phrases, c, sink);
    n = 0;
  }
  return rc ? rc : look_at_best(p, queue, n, look_at_phrases, c, sink);
}

static int rank_all_of(th_plan *p, th_op *const *parts, uint32_t n, const uint64_t *keep,
                       th_sink *sink) {
  th_conj *c;
  int rc = th_conj_make(p, parts, n, &c);
  bool all = sink->want_all || p->request->exhaustive;
  if (!rc && c->within) {
    for (uint32_t w = 0; w < p->n_words; w++)
      c->within[w] &= keep[w];
    keep = c->within;
  }
  if (!rc && !all && sink->by_score) rc = th_conj_want_best(p, c, keep, sink);
  if (!rc && !all && c->n_unknown) return rank_phrases(p, c, keep, sink);
  while (!rc && th_conj_next(p, c, keep, UINT32_MAX, all ? 0 : th_sink_least(sink), &rc)) {
    for (uint32_t i = 0; i < c->n_found; i++) {
      if (sink->want_all) th_sink_count_doc(sink, c->docs[i]);
      th_sink_take(sink, c->docs[i], c->scores[i]);
    }
  }
  return rc;
}

/* ---- any tree ---- */

static int eval(th_plan *p, th_op *op, const window *v, uint32_t depth);

/* Marks of th_cursor_window_add become bits. */
static void settle(th_level *l) {
  for (unsigned w = 0; w < TH_WINDOW / 64; w++)
    l->bits[w] |= th_kernels_now->bytes(l->seen + 64 * w);
  memset(l->seen, 0, sizeof l->seen);
}

/* into := into OR from; scores added, or the larger one kept. from is left clean. */
static void merge_or(th_level *into, th_level *from, bool larger) {
  for (unsigned w = 0; w < TH_WINDOW / 64; w++) {
    uint64_t rough = larger ? 0 : from->rough[w];
    for (uint64_t bits = from->bits[w]; bits; bits &= bits - 1) {
      unsigned at = 64 * w + (unsigned)__builtin_ctzll(bits);
      uint32_t score = from->acc[at];
      if (!larger) {
        into->acc[at] += score;
      } else if (score > into->acc[at]) {
        into->acc[at] = score;
        into->rough[w] &= ~(bits & -bits);
        rough |= from->rough[w] & bits & -bits;
      }
      from->acc[at] = 0;
    }
    uint64_t sure = (into->bits[w] & ~into->maybe[w]) | (from->bits[w] & ~from->maybe[w]);
    into->bits[w] |= from->bits[w];
    into->maybe[w] = into->bits[w] & ~sure;
    into->rough[w] |= rough;
    from->bits[w] = from->maybe[w] = from->rough[w] = 0;
  }
}

/* into := into AND from; scores added. from is left clean. False when nothing is left. */
static bool merge_and(th_level *into, th_level *from) {
  uint64_t left = 0;
  for (unsigned w = 0; w < TH_WINDOW / 64; w++) {
    uint64_t both = into->bits[w] & from->bits[w];
    for (uint64_t bits = into->bits[w] & ~both; bits; bits &= bits - 1)
      into->acc[64 * w + (unsigned)__builtin_ctzll(bits)] = 0;
    for (uint64_t bits = from->bits[w]; bits; bits &= bits - 1) {
      unsigned at = 64 * w + (unsigned)__builtin_ctzll(bits);
      if (both >> (at % 64) & 1) into->acc[at] += from->acc[at];
      from->acc[at] = 0;
    }
    into->bits[w] = both;
    into->maybe[w] = (into->maybe[w] | from->maybe[w]) & both;
    into->rough[w] = (into->rough[w] | from->rough[w]) & both;
    from->bits[w] = from->maybe[w] = from->rough[w] = 0;
    left |= both;
  }
  return left != 0;
}

/* Documents that hold the words of the phrase; `exhaustive` looks at all of them. */
static int eval_phrase(th_plan *p, th_op *op, const window *v, th_level *l) {
  int rc = 0;
  bool look = p->request->exhaustive;
  th_conj_seek(op->conj, v->base);
  while (look ? th_conj_next(p, op->conj, NULL, v->end, 0, &rc)
              : th_conj_candidates(op->conj, op->conj->within, v->end, 0)) {
    for (uint32_t i = 0; i < op->conj->n_found; i++) {
      uint32_t at = op->conj->docs[i] - v->base;
      l->acc[at] = op->conj->scores[i];
      th_bit_set(l->bits, at);
    }
  }
  if (look || !op->conj->n_unknown) return rc;
  memcpy(l->maybe, l->bits, sizeof l->bits);
  memcpy(l->rough, l->bits, sizeof l->bits);
  return rc;
}

static int eval_or(th_plan *p, th_op *op, const window *v, uint32_t depth, th_level *l) {
  bool larger = op->kind == TH_OP_EITHER;
  for (uint32_t i = 0; i < op->n; i++)
    if (!larger && op->parts[i]->kind == TH_OP_TERM)
      th_cursor_window_add(op->parts[i]->cursor, v->base, v->end, 0, l);
  settle(l);
  for (uint32_t i = 0; i < op->n; i++) {
    if (!larger && op->parts[i]->kind == TH_OP_TERM) continue;
    int rc = eval(p, op->parts[i], v, depth + 1);
    if (rc) return rc;
    merge_or(l, th_thread_level(p->thread, depth + 1), larger);
  }
  return 0;
}

static int eval_and(th_plan *p, th_op *op, const window *v, uint32_t depth, th_level *l) {
  int rc = op->n ? eval(p, op->parts[0], v, depth) : 0;
  bool left = true;
  for (uint32_t i = 1; !rc && left && i < op->n; i++) {
    rc = eval(p, op->parts[i], v, depth + 1);
    if (!rc) left = merge_and(l, th_thread_level(p->thread, depth + 1));
  }
  return rc;
}

/* Matches and scores of the operator in the window, into the clean level `depth`. */
static int eval(th_plan *p, th_op *op, const window *v, uint32_t depth) {
  th_level *l = th_thread_level(p->thread, depth);
  if (!l) return th_plan_no_memory(p);
  switch (op->kind) {
  case TH_OP_TERM:
    th_cursor_window_add(op->cursor, v->base, v->end, 0, l);
    settle(l);
    return 0;
  case TH_OP_PHRASE:
    return eval_phrase(p, op, v, l);
  case TH_OP_MATCH:
    memcpy(l->bits, op->bits + v->base / 64, sizeof l->bits);
    return 0;
  case TH_OP_AND:
    return eval_and(p, op, v, depth, l);
  case TH_OP_TILT: {
    int rc = eval(p, op->parts[0], v, depth);
    if (!rc) th_tilt_level(op->tilt, v->base, l);
    return rc;
  }
  default:
    return eval_or(p, op, v, depth, l);
  }
}

/* ---- one document against the tree ---- */

static int look_at(th_plan *p, th_op *op, candidate *c, bool *match);

static int look_at_term(th_plan *p, th_op *op, candidate *c, bool *match) {
  c->score = 0;
  if (!op->probe) {
    op->probe = th_arena_alloc(p->arena, sizeof *op->probe);
    if (!op->probe) return th_plan_no_memory(p);
    int rc = th_plan_cursor(p, op, op->probe);
    if (rc) return rc;
  }
  *match = th_cursor_goto(op->probe, c->doc) && op->probe->p.docs[op->probe->i] == c->doc &&
           th_cursor_score(op->probe, &c->score);
  return 0;
}

static int look_at_parts(th_plan *p, th_op *op, candidate *c, bool *match) {
  uint32_t sum = 0, most = 0;
  *match = op->kind == TH_OP_AND && op->n;
  for (uint32_t i = 0; i < op->n; i++) {
    candidate part = {c->doc, 0};
    bool one;
    int rc = look_at(p, op->parts[i], &part, &one);
    if (rc) return rc;
    if (one) {
      sum += part.score;
      most = TH_MAX(most, part.score);
    }
    if (op->kind != TH_OP_AND)
      *match |= one;
    else if (!(*match = one))
      break;
  }
  c->score = op->kind == TH_OP_EITHER ? most : sum;
  return 0;
}

/* Whether the document matches, and its score, phrases looked at. */
static int look_at(th_plan *p, th_op *op, candidate *c, bool *match) {
  switch (op->kind) {
  case TH_OP_TERM:
    return look_at_term(p, op, c, match);
  case TH_OP_PHRASE:
    return th_conj_score(p, op->conj, c->doc, match, &c->score);
  case TH_OP_MATCH:
    *match = th_bit(op->bits, c->doc);
    c->score = 0;
    return 0;
  case TH_OP_TILT: {
    int rc = look_at(p, op->parts[0], c, match);
    c->score = th_tilt_score(op->tilt, c->doc, c->score);
    return rc;
  }
  default:
    return look_at_parts(p, op, c, match);
  }
}

static int look_at_tree(th_plan *p, void *op, candidate *c, bool *match) {
  return look_at(p, op, c, match);
}

/* Looks at the documents of one word of the window for which it matters: all that may not match
 * when all are counted; those whose score is not known when it is asked for. */
static int settle_word(th_plan *p, th_op *op, const window *v, unsigned w, th_level *l) {
  uint64_t bits = (l->maybe[w] | l->rough[w]) & l->bits[w] & v->keep[w];
  for (; bits; bits &= bits - 1) {
    unsigned at = 64 * w + (unsigned)__builtin_ctzll(bits);
    candidate c = {v->base + at, 0};
    bool match;
    int rc = look_at(p, op, &c, &match);
    if (rc) return rc;
    l->acc[at] = c.score;
    if (!match) l->bits[w] &= ~(bits & -bits);
  }
  return 0;
}

/* The window's matches into the sink, everything about them known. */
static int give_all(th_plan *p, th_op *op, const window *v, th_level *l, th_sink *sink) {
  int rc = 0;
  for (unsigned w = 0; !rc && w < v->n_words; w++) {
    rc = settle_word(p, op, v, w, l);
    if (!rc) give_word(sink, v, w, l->bits[w], l->acc);
  }
  return rc;
}

/* The same when the best are wanted: what is known first, then candidates, the best first. When
 * all are counted, those that may not match are looked at anyway. */
static int give_best(th_plan *p, th_op *op, const window *v, th_level *l, th_sink *sink) {
  uint64_t *queue = p->thread->queue;
  uint32_t n = 0;
  for (unsigned w = 0; w < v->n_words; w++) {
    if (sink->want_all) {
      uint64_t rough = l->rough[w];
      l->rough[w] = 0;
      int rc = settle_word(p, op, v, w, l);
      if (rc) return rc;
      l->rough[w] = rough & ~l->maybe[w];
      th_sink_count(sink, v->base / 64 + w, l->bits[w] & v->keep[w]);
    }
    uint32_t least = th_sink_least(sink);
    uint64_t bits = l->bits[w] & v->keep[w];
    if (least && bits) bits &= th_kernels_now->above(l->acc + 64 * w, least);
    for (; bits; bits &= bits - 1) {
      uint32_t at = 64 * w + (uint32_t)__builtin_ctzll(bits);
      if (l->rough[w] & bits & -bits)
        queue[n++] = key_of(v->base + at, l->acc[at]);
      else
        th_sink_take(sink, v->base + at, l->acc[at]);
    }
  }
  return look_at_best(p, queue, n, look_at_tree, op, sink);
}

static int rank_tree(th_plan *p, th_op *op, const uint64_t *keep, th_sink *sink) {
  int rc = th_plan_bind(p, op);
  bool best = sink->by_score && !p->request->exhaustive;
  for (uint32_t base = 0; !rc && base < p->n_docs; base += TH_WINDOW) {
    window v;
    if (!window_at(p, keep, base, TH_WINDOW, &v)) continue;
    rc = eval(p, op, &v, 0);
    if (rc) break;
    th_level *l = th_thread_level(p->thread, 0);
    rc = best ? give_best(p, op, &v, l, sink) : give_all(p, op, &v, l, sink);
    memset(l, 0, sizeof *l);
  }
  if (rc) th_thread_wipe(p->thread);
  return rc;
}

/* ---- any of several ways ---- */

/* A sum of words and maxima of them is the maximum of sums of words: each document's score is that
 * of the best way, a way is a flat AND, and what a way cannot bring among the best is passed over.
 */
enum {
  WAYS_MOST = 24,
  WAY_PARTS = 64,   /* words and phrases of a way */
  WAYS_HITS = 2048, /* more are not looked through again and again */
};

typedef struct way {
  th_op **parts;
  uint32_t n;
} way;

typedef struct ways {
  way list[WAYS_MOST];
  uint32_t n;
} ways;

/* Each way of a with each way of b. */
static bool cross(th_plan *p, const ways *a, const ways *b, ways *out) {
  out->n = 0;
  if (a->n * b->n > WAYS_MOST) return false;
  for (uint32_t i = 0; i < a->n; i++) {
    for (uint32_t k = 0; k < b->n; k++) {
      way *w = &out->list[out->n++];
      w->n = a->list[i].n + b->list[k].n;
      w->parts = w->n > WAY_PARTS ? NULL : th_arena_calloc(p->arena, w->n, sizeof(th_op *));
      if (!w->parts) return false;
      memcpy(w->parts, a->list[i].parts, a->list[i].n * sizeof(th_op *));
      memcpy(w->parts + a->list[i].n, b->list[k].parts, b->list[k].n * sizeof(th_op *));
    }
  }
  return true;
}

/* The ways of an operator; false: it is of another shape, has too many, or there is no memory, and
 * the tree must be gone through. */
static bool find_ways(th_plan *p, th_op *op, ways *out) {
  ways part, both;
  if (op->kind == TH_OP_TERM || op->kind == TH_OP_PHRASE) {
    out->n = 1;
    out->list[0] = (way){th_arena_calloc(p->arena, 1, sizeof(th_op *)), 1};
    if (out->list[0].parts) out->list[0].parts[0] = op;
    return out->list[0].parts;
  }
  if ((op->kind != TH_OP_AND && op->kind != TH_OP_EITHER) || op->n == 0) return false;
  if (!find_ways(p, op->parts[0], out)) return false;
  for (uint32_t i = 1; i < op->n; i++) {
    if (!find_ways(p, op->parts[i], &part)) return false;
    if (op->kind == TH_OP_AND) {
      if (!cross(p, out, &part, &both)) return false;
      *out = both;
      continue;
    }
    if (out->n + part.n > WAYS_MOST) return false;
    memcpy(out->list + out->n, part.list, part.n * sizeof(way));
    out->n += part.n;
  }
  return true;
}

/* The best of any way. */
static int rank_ways(th_plan *p, const ways *w, const uint64_t *keep, th_sink *sink) {
  int rc = 0;
  sink->several = true;
  for (uint32_t i = 0; !rc && i < w->n; i++)
    rc = rank_all_of(p, w->list[i].parts, w->list[i].n, keep, sink);
  sink->several = false;
  return rc;
}

static int rank_best(th_plan *p, th_op *op, const uint64_t *keep, th_sink *sink) {
  ways w;
  bool best = sink->by_score && !sink->want_all && !p->request->exhaustive;
  if (best && sink->cap <= WAYS_HITS && find_ways(p, op, &w)) return rank_ways(p, &w, keep, sink);
  return rank_tree(p, op, keep, sink);
}

/* ---- which way ---- */

/* Parts of an AND that have no score narrow down what is kept; the others are left. */
static int take_filters(th_plan *p, const th_op *op, th_op **rest, uint32_t *n, uint64_t *keep) {
  *n = 0;
  for (uint32_t i = 0; i < op->n; i++) {
    th_op *part = op->parts[i];
    if (part->kind != TH_OP_MATCH) {
      rest[(*n)++] = part;
      continue;
    }
    int rc = th_match_within(p, part->query, keep, &part->bits);
    if (rc) return rc;
    for (uint32_t w = 0; w < p->n_words; w++)
      keep[w] &= part->bits[w];
  }
  return 0;
}

static bool only(th_op *const *parts, uint32_t n, th_op_kind a, th_op_kind b) {
  for (uint32_t i = 0; i < n; i++)
    if (parts[i]->kind != a && parts[i]->kind != b) return false;
  return true;
}

static bool has_phrase(const th_op *op) {
  bool has = op->kind == TH_OP_PHRASE;
  if (op->kind == TH_OP_TERM || op->kind == TH_OP_MATCH) return false;
  for (uint32_t i = 0; i < op->n && !has; i++)
    has = has_phrase(op->parts[i]);
  return has;
}

/* Counting asks of each document whether a phrase stands, scoring which of them do. So what matches
 * is found first, without scores, and the best are then looked for among that. */
static int count_then_rank(th_plan *p, th_op *op, uint64_t *keep, th_sink *sink) {
  uint64_t *bits;
  int rc = th_match_within(p, p->request->scored, keep, &bits);
  if (rc) return rc;
  for (uint32_t w = 0; w < p->n_words; w++) {
    keep[w] &= bits[w];
    th_sink_count(sink, w, keep[w]);
  }
  sink->want_all = false;
  if (sink->cap) rc = rank_best(p, op, keep, sink);
  sink->want_all = true;
  return rc;
}

int th_rank_segment(th_plan *p, uint64_t *keep, th_sink *sink) {
  th_op *op = p->scored;
  if (!op) {
    th_sink_all(sink, keep);
    return 0;
  }
  th_op and = {.kind = TH_OP_AND};
  if (op->kind == TH_OP_AND) {
    and.parts = th_arena_calloc(p->arena, op->n, sizeof(th_op *));
    if (!and.parts) return th_plan_no_memory(p);
    int rc = take_filters(p, op, and.parts, &and.n, keep);
    if (rc) return rc;
    op = and.n == 1 ? and.parts[0] : &and;
  }
  if (op->kind == TH_OP_TERM || op->kind == TH_OP_PHRASE) return rank_all_of(p, &op, 1, keep, sink);
  if (op->kind == TH_OP_OR && only(op->parts, op->n, TH_OP_TERM, TH_OP_TERM))
    return rank_any(p, op->parts, op->n, keep, sink);
  if (op->kind == TH_OP_AND && only(op->parts, op->n, TH_OP_TERM, TH_OP_PHRASE))
    return rank_all_of(p, op->parts, op->n, keep, sink);
  if (sink->want_all && sink->by_score && !p->request->exhaustive && has_phrase(op))
    return count_then_rank(p, op, keep, sink);
  return rank_best(p, op, keep, sink);
}
