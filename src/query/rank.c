/* Scores over one segment: which way, and what the ways share.
 *
 * Three ways, with the same result:
 *   - words any of which may stand (a flat OR): any.c
 *   - words all of which must stand, and phrases (a flat AND): conj.c; the best of any of several
 *     such ways are found one by one
 *   - any other tree: walk.c
 *
 * Phrases first count as their words; candidates that this gives are looked at the best first. */
#include "query/rank.h"

bool th_rank_window(const th_plan *p, const uint64_t *keep, uint32_t base, uint32_t size,
                    th_docs *v) {
  uint64_t any = 0;
  v->base = base;
  v->end = TH_MIN(base + size, p->n_docs);
  v->n_words = (v->end - base + 63) / 64;
  v->keep = keep + base / 64;
  for (unsigned w = 0; w < v->n_words; w++)
    any |= v->keep[w];
  return any != 0;
}

void th_rank_give(th_sink *sink, const th_docs *v, unsigned word, uint64_t matches,
                  const uint32_t *acc) {
  uint32_t least = th_sink_least(sink);
  matches &= v->keep[word];
  if (!matches) return;
  if (sink->want_all) th_sink_count(sink, v->base / 64 + word, matches);
  if (least) matches &= th_kernels_now->above(acc + 64 * word, least);
  for (; matches; matches &= matches - 1) {
    uint32_t at = 64 * word + (uint32_t)__builtin_ctzll(matches);
    th_sink_take(sink, v->base + at, acc[at]);
  }
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

int th_rank_candidates(th_plan *p, uint64_t *queue, uint32_t n, th_look_fn *look, void *ctx,
                       th_sink *sink) {
  uint32_t m, together = TOGETHER;
  int rc = 0;
  for (uint32_t i = n / 2; i-- > 0;)
    queue_down(queue, n, i);
  while (!rc && (m = queue_take(queue, &n, th_sink_least(sink), together)) > 0) {
    for (uint32_t i = 0; !rc && i < m; i++) {
      th_candidate c = {~(uint32_t)queue[n + i], (uint32_t)(queue[n + i] >> 32)};
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

static int look_at_phrases(th_plan *p, void *conj, th_candidate *c, bool *match) {
  return th_conj_stands(p, conj, c->doc, match);
}

/* Phrases among them, and only the best wanted. */
static int rank_phrases(th_plan *p, th_conj *c, const uint64_t *keep, th_sink *sink) {
  uint64_t *queue = p->thread->queue;
  uint32_t n = 0;
  int rc = 0;
  while (!rc && th_conj_candidates(c, keep, UINT32_MAX, th_sink_least(sink))) {
    for (uint32_t i = 0; i < c->n_found; i++)
      queue[n++] = th_candidate_key(c->docs[i], c->scores[i]);
    if (n + TH_BLOCK <= TH_WINDOW) continue;
    rc = th_rank_candidates(p, queue, n, look_at_phrases, c, sink);
    n = 0;
  }
  return rc ? rc : th_rank_candidates(p, queue, n, look_at_phrases, c, sink);
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
  return th_rank_tree(p, op, keep, sink);
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
    return th_rank_any(p, op->parts, op->n, keep, sink);
  if (op->kind == TH_OP_AND && only(op->parts, op->n, TH_OP_TERM, TH_OP_PHRASE))
    return rank_all_of(p, op->parts, op->n, keep, sink);
  if (sink->want_all && sink->by_score && !p->request->exhaustive && has_phrase(op))
    return count_then_rank(p, op, keep, sink);
  return rank_best(p, op, keep, sink);
}
