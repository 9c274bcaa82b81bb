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
 */
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

/* ---- all of the words ---- */

static int rank_all_of(th_plan *p, th_op *const *parts, uint32_t n, const uint64_t *keep,
                       th_sink *sink) {
  th_conj *c;
  int rc = th_conj_make(p, parts, n, &c);
  bool all = sink->want_all || p->request->exhaustive;
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
    for (uint64_t bits = from->bits[w]; bits; bits &= bits - 1) {
      unsigned at = 64 * w + (unsigned)__builtin_ctzll(bits);
      uint32_t score = from->acc[at];
      if (!larger)
        into->acc[at] += score;
      else if (score > into->acc[at])
        into->acc[at] = score;
      from->acc[at] = 0;
    }
    into->bits[w] |= from->bits[w];
    from->bits[w] = 0;
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
    from->bits[w] = 0;
    left |= both;
  }
  return left != 0;
}

static int eval_phrase(th_plan *p, th_op *op, const window *v, th_level *l) {
  int rc = 0;
  th_conj_seek(op->conj, v->base);
  while (th_conj_next(p, op->conj, NULL, v->end, 0, &rc)) {
    for (uint32_t i = 0; i < op->conj->n_found; i++) {
      uint32_t at = op->conj->docs[i] - v->base;
      l->acc[at] = op->conj->scores[i];
      th_bit_set(l->bits, at);
    }
  }
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

static int rank_tree(th_plan *p, th_op *op, const uint64_t *keep, th_sink *sink) {
  int rc = th_plan_bind(p, op);
  for (uint32_t base = 0; !rc && base < p->n_docs; base += TH_WINDOW) {
    window v;
    if (!window_at(p, keep, base, TH_WINDOW, &v)) continue;
    rc = eval(p, op, &v, 0);
    if (rc) break;
    th_level *l = th_thread_level(p->thread, 0);
    for (unsigned w = 0; w < v.n_words; w++)
      give_word(sink, &v, w, l->bits[w], l->acc);
    memset(l->acc, 0, sizeof l->acc);
    memset(l->bits, 0, sizeof l->bits);
  }
  if (rc) th_thread_wipe(p->thread);
  return rc;
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
    int rc = th_plan_bind(p, part);
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
  if (op->kind == TH_OP_TERM) return rank_any(p, &op, 1, keep, sink);
  if (op->kind == TH_OP_PHRASE) return rank_all_of(p, &op, 1, keep, sink);
  if (op->kind == TH_OP_OR && only(op->parts, op->n, TH_OP_TERM, TH_OP_TERM))
    return rank_any(p, op->parts, op->n, keep, sink);
  if (op->kind == TH_OP_AND && only(op->parts, op->n, TH_OP_TERM, TH_OP_PHRASE))
    return rank_all_of(p, op->parts, op->n, keep, sink);
  return rank_tree(p, op, keep, sink);
}
