/* Why a study was found: the tree is walked over one document, leaf by leaf, with the operators
 * that searches use, so that what is told is what was counted. */
#include "query/explain.h"

#include "query/exec.h"

typedef struct explainer {
  const th_snapshot *snapshot;
  uint32_t segment, doc;
  th_arena *arena;
  th_err *err;
  th_explain_part *parts;
  uint32_t n, cap;
} explainer;

static int no_memory(explainer *x) {
  return th_err_set(x->err, TH_ENOMEM, "out of memory");
}

static th_explain_part *add_part(explainer *x) {
  if (x->n == x->cap) {
    uint32_t cap = x->cap ? x->cap * 2 : 16;
    th_explain_part *grown = th_arena_calloc(x->arena, cap, sizeof *grown);
    if (!grown) return NULL;
    if (x->n) memcpy(grown, x->parts, x->n * sizeof *grown);
    x->parts = grown;
    x->cap = cap;
  }
  return &x->parts[x->n++];
}

static th_span scope_name(unsigned scope) {
  if (th_scope_is_field(scope)) return th_span_of(th_fields[th_scope_field(scope)].piece);
  unsigned area = th_scope_area(scope);
  return area < TH_A_COUNT ? th_span_of(th_areas[area].name) : TH_SPAN("AllText");
}

/* ---- words ---- */

static int by_weight(const void *a, const void *b) {
  const th_explain_field *x = a, *y = b;
  if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
  return (x->field > y->field) - (x->field < y->field);
}

static int note_fields(explainer *x, unsigned scope, const th_occurrence *places, uint32_t n,
                       th_explain_part *part) {
  uint32_t fields = 0, at = 0;
  for (uint32_t i = 0; i < n; i++)
    fields += i == 0 || places[i].field != places[i - 1].field;
  th_explain_field *out = th_arena_calloc(x->arena, fields + 1, sizeof *out);
  if (!out) return no_memory(x);
  for (uint32_t i = 0; i < n; i++) {
    if (i && places[i].field == places[i - 1].field) {
      out[at - 1].n++;
      continue;
    }
    out[at++] = (th_explain_field){places[i].field, 1, th_scope_weight(scope, places[i].field)};
  }
  qsort(out, at, sizeof *out, by_weight);
  part->fields = out;
  part->n_fields = at;
  return 0;
}

/* What the words of a place add: each as a posting of its own. */
static uint32_t words_score(const th_phrase_check *check, uint32_t doc) {
  uint32_t sum = 0, one;
  for (uint32_t w = 0; w < check->n; w++) {
    const th_cursor *c = &check->cursors[w];
    if (c->i < c->p.n && c->p.docs[c->i] == doc && th_cursor_score(c, &one)) sum += one;
  }
  return sum;
}

static int explain_words(explainer *x, const th_query *q, bool *matched, uint64_t *score) {
  const th_search_request request = {.scored = q, .size = 1};
  th_plan p = {.snapshot = x->snapshot, .request = &request, .arena = x->arena, .err = x->err};
  th_phrase_check check;
  th_occurrence *places = NULL;
  uint32_t n = 0;
  th_explain_part *part = add_part(x);
  if (!part) return no_memory(x);
  *part = (th_explain_part){.kind = q->kind == TH_N_TERM ? TH_EXPLAIN_WORD : TH_EXPLAIN_PHRASE,
                            .text = q->typed,
                            .area = scope_name(q->scope)};
  if (q->origin) part->instead = q->origin->instead, part->source = q->origin->source;
  p.thread = th_thread_get();
  if (!p.thread) return no_memory(x);
  int rc = th_plan_make(&p);
  th_plan_segment(&p, x->segment);
  if (!rc) rc = th_phrase_make(&p, p.scored, &check);
  if (!rc) rc = th_phrase_places(&p, &check, x->doc, &n, &places);
  if (rc || n == 0) return rc;
  *matched = part->matched = part->counted = true;
  *score = words_score(&check, x->doc);
  part->score = (float)*score / TH_SCORE_ONE;
  return note_fields(x, q->scope, places, n, part);
}

/* ---- what has no score ---- */

static int explain_filter(explainer *x, const th_query *q, bool *matched) {
  const th_search_request request = {0};
  th_plan p = {.snapshot = x->snapshot, .request = &request, .arena = x->arena, .err = x->err};
  uint64_t *bits;
  th_buf text;
  th_explain_part *part = add_part(x);
  p.thread = th_thread_get();
  if (!part || !p.thread) return no_memory(x);
  th_plan_segment(&p, x->segment);
  int rc = th_match(&p, q, &bits);
  if (rc) return rc;
  th_buf_init(&text, 0);
  th_query_dump(q, &text);
  *matched = th_bit(bits, x->doc);
  *part = (th_explain_part){.kind = TH_EXPLAIN_FILTER,
                            .text = th_arena_dup(x->arena, th_buf_view(&text)),
                            .matched = *matched};
  rc = text.error || !part->text.p ? no_memory(x) : 0;
  th_buf_dispose(&text);
  return rc;
}

/* ---- the tree ---- */

static int explain(explainer *x, const th_query *q, bool *matched, uint64_t *score);

static void uncount(explainer *x, uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; i++)
    x->parts[i].counted = false;
}

/* Of spellings of one thing only the best counts. */
static int explain_either(explainer *x, const th_query *q, bool *matched, uint64_t *score) {
  uint32_t best_from = 0, best_to = 0;
  for (uint32_t i = 0; i < q->n; i++) {
    uint32_t from = x->n;
    bool one = false;
    uint64_t part = 0;
    int rc = explain(x, q->parts[i], &one, &part);
    if (rc) return rc;
    if (one && (!*matched || part > *score)) {
      uncount(x, best_from, best_to);
      *score = part;
      best_from = from;
      best_to = x->n;
    } else {
      uncount(x, from, x->n);
    }
    *matched |= one;
  }
  return 0;
}

static int explain_parts(explainer *x, const th_query *q, bool *matched, uint64_t *score) {
  uint32_t from = x->n;
  bool all = true, any = false;
  for (uint32_t i = 0; i < q->n; i++) {
    bool one = false;
    uint64_t part = 0;
    int rc = explain(x, q->parts[i], &one, &part);
    if (rc) return rc;
    if (one) *score += part;
    all &= one;
    any |= one;
  }
  *matched = q->kind == TH_N_AND ? all : any;
  if (!*matched) uncount(x, from, x->n);
  return 0;
}

static int explain_tilt(explainer *x, const th_query *q, bool *matched, uint64_t *score) {
  const th_search_request request = {0};
  th_plan p = {.snapshot = x->snapshot, .request = &request, .arena = x->arena, .err = x->err};
  th_tilt *tilt;
  int rc = explain(x, q->parts[0], matched, score);
  if (!rc) rc = th_tilt_make(&p, q->field, &tilt);
  if (rc) return rc;
  tilt->column = th_segment_column(x->snapshot->segments[x->segment], q->field);
  *score = th_tilt_score(tilt, x->doc, (uint32_t)*score);
  return 0;
}

static int explain(explainer *x, const th_query *q, bool *matched, uint64_t *score) {
  int rc;
  *matched = false;
  *score = 0;
  switch (q->kind) {
  case TH_N_TERM:
  case TH_N_PHRASE:
    return explain_words(x, q, matched, score);
  case TH_N_AND:
  case TH_N_OR:
    return explain_parts(x, q, matched, score);
  case TH_N_EITHER:
    return explain_either(x, q, matched, score);
  case TH_N_NOT: {
    uint32_t from = x->n;
    uint64_t unused;
    rc = explain(x, q->parts[0], matched, &unused);
    x->n = from; /* what must not stand there explains nothing */
    *matched = !*matched;
    return rc;
  }
  case TH_N_TILT:
    return explain_tilt(x, q, matched, score);
  default:
    return explain_filter(x, q, matched);
  }
}

int th_query_explain(const th_snapshot *snapshot, const th_query *query, uint32_t segment,
                     uint32_t doc, th_arena *arena, th_explanation *out, th_err *err) {
  explainer x = {.snapshot = snapshot, .segment = segment, .doc = doc, .arena = arena, .err = err};
  uint64_t score = 0;
  *out = (th_explanation){0};
  if (segment >= snapshot->n_segments || doc >= th_segment_docs(snapshot->segments[segment]))
    return th_err_set(err, TH_EUSAGE, "there is no such document");
  int rc = explain(&x, query, &out->matched, &score);
  int state = th_segment_state(snapshot->segments[segment], err);
  if (state) rc = state;
  if (rc) {
    *out = (th_explanation){0};
    return rc;
  }
  out->score = out->matched ? (float)score / TH_SCORE_ONE : 0;
  out->n = x.n;
  out->parts = x.parts;
  return 0;
}
