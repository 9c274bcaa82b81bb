/* Documents that hold all of several terms, and phrases.
 *
 * The rarest list drives: a block of it is decoded, scored and thinned out by each further list in
 * turn, so that the next list is only asked for what is left. A document whose score so far and the
 * best of the lists to come cannot reach the least wanted score is dropped on the way. What is left
 * of the batch is checked for phrases with cursors of their own, which follow only there. */
#include "query/exec.h"

static const th_query *word_of(const th_phrase_check *check, uint32_t i) {
  return check->query->kind == TH_N_TERM ? check->query : check->query->parts[i];
}

/* The words of an exact phrase count only in their own forms. */
static int find_forms(th_plan *p, th_phrase_check *check) {
  if (!check->query->exact) return 0;
  check->forms = th_arena_calloc(p->arena, check->n, sizeof *check->forms);
  if (!check->forms) return th_plan_no_memory(p);
  for (uint32_t i = 0; i < check->n; i++) {
    const th_query *word = word_of(check, i);
    const th_cursor *c = &check->cursors[i];
    check->forms[i] =
        c->absent ? -1 : th_term_find_form(&c->p.term, word->term.stem, word->term.form);
  }
  return 0;
}

int th_phrase_make(th_plan *p, const th_op *op, th_phrase_check *out) {
  int rc = 0;
  bool term = op->kind == TH_OP_TERM;
  *out = (th_phrase_check){.query = op->query, .n = term ? 1 : op->n};
  out->cursors = th_arena_calloc(p->arena, out->n, sizeof *out->cursors);
  if (!out->cursors) return th_plan_no_memory(p);
  th_scope_fields(op->query->scope, out->fields);
  for (uint32_t i = 0; !rc && i < out->n; i++) {
    rc = th_plan_cursor(p, term ? op : op->parts[i], &out->cursors[i]);
    out->width = TH_MAX(out->width, word_of(out, i)->term.at + 1);
  }
  return rc ? rc : find_forms(p, out);
}

static int add_check(th_plan *p, th_conj *c, const th_op *phrase) {
  return th_phrase_make(p, phrase, &c->checks[c->n_checks++]);
}

static int add_cursor(th_plan *p, th_conj *c, const th_op *term) {
  th_cursor *cursor = th_arena_alloc(p->arena, sizeof *cursor);
  if (!cursor) return th_plan_no_memory(p);
  c->cursors[c->n++] = cursor;
  return th_plan_cursor(p, term, cursor);
}

static int by_length(const void *a, const void *b) {
  const th_cursor *x = *(th_cursor *const *)a, *y = *(th_cursor *const *)b;
  uint32_t dx = x->absent ? 0 : x->p.term.df, dy = y->absent ? 0 : y->p.term.df;
  return (dx > dy) - (dx < dy);
}

int th_conj_make(th_plan *p, th_op *const *parts, uint32_t n, th_conj **out) {
  uint32_t terms = 0, phrases = 0;
  int rc = 0;
  for (uint32_t i = 0; i < n; i++) {
    terms += parts[i]->kind == TH_OP_PHRASE ? parts[i]->n : 1;
    phrases += parts[i]->kind == TH_OP_PHRASE;
  }
  th_conj *c = th_arena_alloc(p->arena, sizeof *c);
  if (!c) return th_plan_no_memory(p);
  c->n = c->n_checks = c->n_found = 0;
  c->cursors = th_arena_calloc(p->arena, terms, sizeof *c->cursors);
  c->rest = th_arena_calloc(p->arena, terms + 1, sizeof *c->rest);
  c->checks = th_arena_calloc(p->arena, phrases ? phrases : 1, sizeof *c->checks);
  if (!c->cursors || !c->rest || !c->checks) return th_plan_no_memory(p);
  for (uint32_t i = 0; !rc && i < n; i++) {
    if (parts[i]->kind == TH_OP_TERM) {
      rc = add_cursor(p, c, parts[i]);
      continue;
    }
    for (uint32_t k = 0; !rc && k < parts[i]->n; k++)
      rc = add_cursor(p, c, parts[i]->parts[k]);
    if (!rc) rc = add_check(p, c, parts[i]);
  }
  if (rc) return rc;
  qsort(c->cursors, c->n, sizeof *c->cursors, by_length);
  for (uint32_t i = c->n; i-- > 0;)
    c->rest[i] = c->rest[i + 1] + c->cursors[i]->most;
  *out = c;
  return 0;
}

/* ---- phrases ---- */

/* Where a phrase may begin: the field and the position of its first word. */
static int phrase_starts(th_plan *p, th_phrase_check *check, uint32_t word, uint32_t *n,
                         th_occurrence **out) {
  th_cursor *c = &check->cursors[word];
  th_thread *t = p->thread;
  for (;;) {
    *n = th_postings_positions(p->segment, &c->p, c->i, check->fields, t->places[word > 0],
                               t->n_places[word > 0]);
    if (*n < t->n_places[word > 0]) break;
    if (!th_thread_more_places(t, word > 0)) return th_plan_no_memory(p);
  }
  *out = t->places[word > 0];
  uint32_t at = word_of(check, word)->term.at, kept = 0;
  for (uint32_t i = 0; i < *n; i++) {
    if ((*out)[i].position < at) continue;
    if (check->forms && (*out)[i].form != check->forms[word]) continue;
    (*out)[kept] = (*out)[i];
    (*out)[kept++].position -= at;
  }
  *n = kept;
  return 0;
}

static int place_cmp(const th_occurrence *a, const th_occurrence *b) {
  if (a->field != b->field) return a->field < b->field ? -1 : 1;
  return (a->position > b->position) - (a->position < b->position);
}

/* Keeps of a what stands in b; both ascending. */
static uint32_t intersect(th_occurrence *a, uint32_t n, const th_occurrence *b, uint32_t m) {
  uint32_t kept = 0;
  for (uint32_t i = 0, k = 0; i < n && k < m;) {
    int order = place_cmp(&a[i], &b[k]);
    if (order == 0) a[kept++] = a[i];
    i += order <= 0;
    k += order >= 0;
  }
  return kept;
}

int th_phrase_places(th_plan *p, th_phrase_check *check, uint32_t doc, uint32_t *n,
                     th_occurrence **out) {
  th_occurrence *other = NULL;
  uint32_t m = 0;
  *n = 0;
  *out = NULL;
  for (uint32_t w = 0; w < check->n; w++) {
    th_cursor *c = &check->cursors[w];
    if (!th_cursor_seek(c, doc) || c->p.docs[c->i] != doc) return 0;
  }
  int rc = phrase_starts(p, check, 0, n, out);
  for (uint32_t w = 1; !rc && *n && w < check->n; w++) {
    rc = phrase_starts(p, check, w, &m, &other);
    if (!rc) *n = intersect(*out, *n, other, m);
  }
  if (!rc && *n && check->query->anchor)
    *n = th_anchor_keep(p, doc, check->query->anchor, check->width, *out, *n);
  return rc;
}

static int phrase_stands(th_plan *p, th_phrase_check *check, uint32_t doc, bool *stands) {
  th_occurrence *places;
  uint32_t n;
  int rc = th_phrase_places(p, check, doc, &n, &places);
  *stands = n > 0;
  return rc;
}

static int check_phrases(th_plan *p, th_conj *c) {
  for (uint32_t k = 0; k < c->n_checks; k++) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < c->n_found; i++) {
      bool stands;
      int rc = phrase_stands(p, &c->checks[k], c->docs[i], &stands);
      if (rc) return rc;
      if (!stands) continue;
      c->docs[kept] = c->docs[i];
      c->scores[kept++] = c->scores[i];
    }
    c->n_found = kept;
  }
  return 0;
}

/* ---- batches ---- */

/* The next block of the driving list, or what is left of it below end, into the batch. */
static bool drive(th_conj *c, const uint64_t *keep, uint32_t end, uint32_t least) {
  th_cursor *d = c->cursors[0];
  uint32_t from, to, kept = 0;
  if (d->i >= d->p.n && !th_cursor_block(d, end, least > c->rest[1] ? least - c->rest[1] : 0))
    return false;
  if (d->p.docs[d->i] >= end) return false;
  from = d->i;
  to = d->p.n;
  if (d->p.docs[to - 1] >= end) {
    to = from;
    while (d->p.docs[to] < end)
      to++;
  }
  d->i = to;
  uint32_t n = th_kernels_now->score(d->p.docs + from, d->p.classes + from, to - from, &d->w,
                                     d->idf, c->docs, c->scores);
  for (uint32_t i = 0; i < n; i++) {
    c->docs[kept] = c->docs[i];
    c->scores[kept] = c->scores[i];
    kept += (!keep || th_bit(keep, c->docs[i])) && c->scores[i] + c->rest[1] >= least;
  }
  c->n_found = kept;
  return true;
}

/* Keeps what list k holds, too. */
static void thin_out(th_conj *c, uint32_t k, uint32_t least) {
  th_cursor *list = c->cursors[k];
  uint32_t kept = 0;
  for (uint32_t i = 0; i < c->n_found; i++) {
    uint32_t doc = c->docs[i], score;
    if (!th_cursor_seek(list, doc)) break;
    if (list->p.docs[list->i] != doc || !th_cursor_score(list, &score)) continue;
    score += c->scores[i];
    if (score + c->rest[k + 1] < least) continue;
    c->docs[kept] = doc;
    c->scores[kept++] = score;
  }
  c->n_found = kept;
}

void th_conj_seek(th_conj *c, uint32_t from) {
  if (c->n) th_cursor_seek(c->cursors[0], from);
}

bool th_conj_next(th_plan *p, th_conj *c, const uint64_t *keep, uint32_t end, uint32_t least,
                  int *rc) {
  c->n_found = 0;
  if (*rc || c->n == 0 || c->cursors[0]->absent || c->rest[0] < least) return false;
  if (!drive(c, keep, end, least)) return false;
  for (uint32_t k = 1; k < c->n && c->n_found; k++)
    thin_out(c, k, least);
  if (c->n_checks && c->n_found) *rc = check_phrases(p, c);
  return *rc == 0;
}
