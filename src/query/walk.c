/* Scores of any tree, in windows of TH_WINDOW documents: every operator gives the matches and
 * scores of a window to the one above it.
 *
 * Whether a phrase stands is dear to find out, so it is asked last: a phrase first counts as its
 * words, which gives candidates with scores that are never too low; the best of these are looked at
 * first, and those below what has been found by then never. What must all be counted is looked at
 * unless something else in the tree matches. */
#include "query/rank.h"

static int eval(th_plan *p, th_op *op, const th_docs *v, uint32_t depth);

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
static int eval_phrase(th_plan *p, th_op *op, const th_docs *v, th_level *l) {
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

static int eval_or(th_plan *p, th_op *op, const th_docs *v, uint32_t depth, th_level *l) {
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

static int eval_and(th_plan *p, th_op *op, const th_docs *v, uint32_t depth, th_level *l) {
  int rc = op->n ? eval(p, op->parts[0], v, depth) : 0;
  bool left = true;
  for (uint32_t i = 1; !rc && left && i < op->n; i++) {
    rc = eval(p, op->parts[i], v, depth + 1);
    if (!rc) left = merge_and(l, th_thread_level(p->thread, depth + 1));
  }
  return rc;
}

/* Matches and scores of the operator in the window, into the clean level `depth`. */
static int eval(th_plan *p, th_op *op, const th_docs *v, uint32_t depth) {
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

static int look_at(th_plan *p, th_op *op, th_candidate *c, bool *match);

static int look_at_term(th_plan *p, th_op *op, th_candidate *c, bool *match) {
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

static int look_at_parts(th_plan *p, th_op *op, th_candidate *c, bool *match) {
  uint32_t sum = 0, most = 0;
  *match = op->kind == TH_OP_AND && op->n;
  for (uint32_t i = 0; i < op->n; i++) {
    th_candidate part = {c->doc, 0};
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
static int look_at(th_plan *p, th_op *op, th_candidate *c, bool *match) {
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

static int look_at_tree(th_plan *p, void *op, th_candidate *c, bool *match) {
  return look_at(p, op, c, match);
}

/* Looks at the documents of one word of the window for which it matters: all that may not match
 * when all are counted; those whose score is not known when it is asked for. */
static int settle_word(th_plan *p, th_op *op, const th_docs *v, unsigned w, th_level *l) {
  uint64_t bits = (l->maybe[w] | l->rough[w]) & l->bits[w] & v->keep[w];
  for (; bits; bits &= bits - 1) {
    unsigned at = 64 * w + (unsigned)__builtin_ctzll(bits);
    th_candidate c = {v->base + at, 0};
    bool match;
    int rc = look_at(p, op, &c, &match);
    if (rc) return rc;
    l->acc[at] = c.score;
    if (!match) l->bits[w] &= ~(bits & -bits);
  }
  return 0;
}

/* The window's matches into the sink, everything about them known. */
static int give_all(th_plan *p, th_op *op, const th_docs *v, th_level *l, th_sink *sink) {
  int rc = 0;
  for (unsigned w = 0; !rc && w < v->n_words; w++) {
    rc = settle_word(p, op, v, w, l);
    if (!rc) th_rank_give(sink, v, w, l->bits[w], l->acc);
  }
  return rc;
}

/* The same when the best are wanted: what is known first, then candidates, the best first. When
 * all are counted, those that may not match are looked at anyway. */
static int give_best(th_plan *p, th_op *op, const th_docs *v, th_level *l, th_sink *sink) {
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
        queue[n++] = th_candidate_key(v->base + at, l->acc[at]);
      else
        th_sink_take(sink, v->base + at, l->acc[at]);
    }
  }
  return th_rank_candidates(p, queue, n, look_at_tree, op, sink);
}

int th_rank_tree(th_plan *p, th_op *op, const uint64_t *keep, th_sink *sink) {
  int rc = th_plan_bind(p, op);
  bool best = sink->by_score && !p->request->exhaustive;
  for (uint32_t base = 0; !rc && base < p->n_docs; base += TH_WINDOW) {
    th_docs v;
    if (!th_rank_window(p, keep, base, TH_WINDOW, &v)) continue;
    rc = eval(p, op, &v, 0);
    if (rc) break;
    th_level *l = th_thread_level(p->thread, 0);
    rc = best ? give_best(p, op, &v, l, sink) : give_all(p, op, &v, l, sink);
    memset(l, 0, sizeof *l);
  }
  if (rc) th_thread_wipe(p->thread);
  return rc;
}
