/* From the tree to operators, and operators to a segment. */
#include "query/exec.h"

int th_plan_no_memory(th_plan *p) {
  return th_err_set(p->err, TH_ENOMEM, "out of memory");
}

/* ---- terms ---- */

static int look_up(th_plan *p, th_plan_term *t) {
  uint32_t n = p->snapshot->n_segments;
  t->in = th_arena_calloc(p->arena, n ? n : 1, sizeof *t->in);
  if (!t->in) return th_plan_no_memory(p);
  for (uint32_t s = 0; s < n; s++) {
    if (!th_segment_term(p->snapshot->segments[s], t->stem, &t->in[s])) t->in[s].df = 0;
    t->df += t->in[s].df;
  }
  t->idf = t->weight * th_score_idf(p->snapshot->n_docs, t->df);
  return 0;
}

enum {
  /* Scores of so many words stay below 2^31, as the kernels want them: one word is worth less than
   * 2^16 * ln(1 + 2^32 / 0.5). */
  SCORED_WORDS_MAX = 1400,
  LOOK_BACK = 32, /* terms compared with a new one; beyond that a second look-up is cheaper */
};

/* Number of a term, added when it is new. */
static int add_term(th_plan *p, const th_query *q, uint32_t *number) {
  if (++p->n_words_scored > SCORED_WORDS_MAX)
    return th_err_set(p->err, TH_ELIMIT, "more than %d words in one search", SCORED_WORDS_MAX);
  for (uint32_t i = 0; i < TH_MIN(p->n_terms, LOOK_BACK); i++) {
    if (p->terms[i].scope != q->scope || p->terms[i].weight != q->term.weight ||
        !th_span_eq(p->terms[i].stem, q->term.stem))
      continue;
    *number = i;
    return 0;
  }
  if (p->n_terms == p->cap_terms) {
    uint32_t cap = p->cap_terms ? p->cap_terms * 2 : 8;
    th_plan_term *grown = th_arena_calloc(p->arena, cap, sizeof *grown);
    if (!grown) return th_plan_no_memory(p);
    if (p->n_terms) memcpy(grown, p->terms, p->n_terms * sizeof *grown);
    p->terms = grown;
    p->cap_terms = cap;
  }
  th_plan_term *t = &p->terms[p->n_terms];
  *t = (th_plan_term){.stem = q->term.stem, .scope = q->scope, .weight = q->term.weight};
  *number = p->n_terms++;
  return look_up(p, t);
}

int th_plan_cursor(th_plan *p, const th_op *op, th_cursor *out) {
  th_term found;
  const th_term *term = &found;
  float idf = 0;
  if (op->term != TH_OP_UNSCORED) {
    term = &p->terms[op->term].in[p->at];
    idf = p->terms[op->term].idf;
  } else if (!th_segment_term(p->segment, op->query->term.stem, &found)) {
    found.df = 0;
  }
  th_weights w = {0};
  if (term->df && !th_cache_weights(p->segment, op->query->scope, &w)) return th_plan_no_memory(p);
  th_cursor_start(out, term->df ? term : NULL, &w, op->query->scope, idf);
  return 0;
}

/* ---- operators ---- */

static int make_op(th_plan *p, const th_query *q, th_op **out);

/* Whether anything in the tree adds to a score. */
static bool has_score(const th_query *q) {
  switch (q->kind) {
  case TH_N_TERM:
  case TH_N_PHRASE:
    return true;
  case TH_N_AND:
  case TH_N_OR:
  case TH_N_EITHER:
  case TH_N_TILT:
    for (uint32_t i = 0; i < q->n; i++)
      if (has_score(q->parts[i])) return true;
    return false;
  default:
    return false;
  }
}

static int make_parts(th_plan *p, th_op *op) {
  int rc = 0;
  op->n = op->query->n;
  op->parts = th_arena_calloc(p->arena, op->n ? op->n : 1, sizeof(th_op *));
  if (!op->parts) return th_plan_no_memory(p);
  for (uint32_t i = 0; !rc && i < op->n; i++)
    rc = make_op(p, op->query->parts[i], &op->parts[i]);
  return rc;
}

static int make_op(th_plan *p, const th_query *q, th_op **out) {
  th_op *op = th_arena_calloc(p->arena, 1, sizeof *op);
  if (!op) return th_plan_no_memory(p);
  op->query = q;
  *out = op;
  if (!has_score(q)) {
    op->kind = TH_OP_MATCH;
    return 0;
  }
  switch (q->kind) {
  case TH_N_TERM:
    op->kind = TH_OP_TERM;
    return add_term(p, q, &op->term);
  case TH_N_PHRASE:
    op->kind = TH_OP_PHRASE;
    break;
  case TH_N_AND:
    op->kind = TH_OP_AND;
    break;
  case TH_N_EITHER:
    op->kind = TH_OP_EITHER;
    break;
  case TH_N_TILT: {
    int rc = th_tilt_make(p, q->field, &op->tilt);
    if (rc) return rc;
    op->kind = TH_OP_TILT;
    break;
  }
  default:
    op->kind = TH_OP_OR;
  }
  return make_parts(p, op);
}

/* Whether scores order the hits or are given out. If not, what is scored is one filter more. */
static bool wants_scores(const th_search_request *r) {
  bool wants = r->scores || r->n_sort == 0;
  for (unsigned i = 0; i < TH_MIN(r->n_sort, 2); i++)
    wants |= r->sort[i].field == TH_SORT_RELEVANCE;
  return wants && r->size > 0;
}

int th_plan_make(th_plan *p) {
  const th_query *q = p->request->scored;
  return q && wants_scores(p->request) && has_score(q) ? make_op(p, q, &p->scored) : 0;
}

/* ---- binding ---- */

void th_plan_segment(th_plan *p, uint32_t at) {
  p->at = at;
  p->segment = p->snapshot->segments[at];
  p->n_docs = th_segment_docs(p->segment);
  p->n_words = (p->n_docs + TH_WINDOW - 1) / TH_WINDOW * (TH_WINDOW / 64);
}

int th_plan_bind(th_plan *p, th_op *op) {
  int rc = 0;
  switch (op->kind) {
  case TH_OP_TERM:
    op->probe = NULL;
    op->cursor = th_arena_alloc(p->arena, sizeof *op->cursor);
    return op->cursor ? th_plan_cursor(p, op, op->cursor) : th_plan_no_memory(p);
  case TH_OP_PHRASE:
    return th_conj_make(p, &op, 1, &op->conj);
  case TH_OP_MATCH:
    return th_match(p, op->query, &op->bits);
  default:
    if (op->tilt) op->tilt->column = th_segment_column(p->segment, op->tilt->field);
    for (uint32_t i = 0; !rc && i < op->n; i++)
      rc = th_plan_bind(p, op->parts[i]);
    return rc;
  }
}
