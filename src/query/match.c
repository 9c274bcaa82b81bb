/* A query without scores as a bitmap of one segment. */
#include "index/feed.h"
#include "query/exec.h"
#include "query/limits.h"

uint64_t *th_bitmap_new(th_plan *p, bool ones) {
  uint64_t *bits = th_arena_alloc(p->arena, (p->n_words ? p->n_words : 1) * sizeof *bits);
  if (bits) memset(bits, ones ? 0xFF : 0, p->n_words * sizeof *bits);
  return bits;
}

static bool any_between(const uint64_t *bits, uint32_t from, uint32_t to) {
  uint64_t any = 0;
  if (from / 64 == to / 64)
    return bits[from / 64] >> (from % 64) & (UINT64_MAX >> (63 - (to - from)));
  any = bits[from / 64] >> (from % 64) | bits[to / 64] << (63 - to % 64);
  for (uint32_t w = from / 64 + 1; w < to / 64; w++)
    any |= bits[w];
  return any != 0;
}

bool th_match_any_in_block(const th_plan *p, const th_cursor *c, uint32_t block,
                           const uint64_t *within) {
  uint32_t from = block ? c->p.last_doc[block - 1] + 1 : 0;
  uint32_t to = block < c->p.n_blocks ? c->p.last_doc[block] : p->n_docs - 1;
  return from <= to && to < p->n_docs && any_between(within, from, to);
}

static int match_term(th_plan *p, const th_query *q, const uint64_t *within, uint64_t *out) {
  uint32_t docs[TH_BLOCK + 8], scores[TH_BLOCK + 8];
  th_op op = {.kind = TH_OP_TERM, .query = q, .term = TH_OP_UNSCORED};
  th_cursor c;
  int rc = th_plan_cursor(p, &op, &c);
  if (rc || c.absent) return rc;
  for (;;) {
    while (within && c.next <= c.p.n_blocks && !th_match_any_in_block(p, &c, c.next, within))
      c.next++;
    if (!th_cursor_block(&c, UINT32_MAX, 0)) return 0;
    uint32_t n = th_cursor_scores(&c, c.p.docs, c.p.classes, c.p.n, docs, scores);
    for (uint32_t i = 0; i < n; i++)
      th_bit_set(out, docs[i]);
  }
}

int th_op_unscored(th_plan *p, const th_query *q, th_op *out) {
  *out = (th_op){.kind = q->kind == TH_N_TERM ? TH_OP_TERM : TH_OP_PHRASE,
                 .n = q->n,
                 .query = q,
                 .term = TH_OP_UNSCORED};
  if (q->kind == TH_N_TERM) return 0;
  out->parts = th_arena_calloc(p->arena, q->n, sizeof(th_op *));
  if (!out->parts) return th_plan_no_memory(p);
  for (uint32_t i = 0; i < q->n; i++) {
    th_op *term = out->parts[i] = th_arena_calloc(p->arena, 1, sizeof *term);
    if (!term) return th_plan_no_memory(p);
    *term = (th_op){.kind = TH_OP_TERM, .query = q->parts[i], .term = TH_OP_UNSCORED};
  }
  return 0;
}

/* Of the documents in bits, those in which the phrases stand. */
static int keep_standing(th_plan *p, th_conj *c, uint64_t *bits) {
  for (uint32_t w = 0; w < (p->n_docs + 63) / 64; w++) {
    for (uint64_t left = bits[w]; left; left &= left - 1) {
      bool stands;
      int rc = th_conj_stands(p, c, 64 * w + (uint32_t)__builtin_ctzll(left), &stands);
      if (rc) return rc;
      if (!stands) bits[w] &= ~(left & -left);
    }
  }
  return 0;
}

/* The words of n TERMs and PHRASEs together. */
static int look_up_words(th_plan *p, const th_query *const *parts, uint32_t n, th_conj **out) {
  th_op *ops = th_arena_calloc(p->arena, n, sizeof *ops);
  th_op **list = th_arena_calloc(p->arena, n, sizeof(th_op *));
  int rc = ops && list ? 0 : th_plan_no_memory(p);
  for (uint32_t i = 0; !rc && i < n; i++) {
    rc = th_op_unscored(p, parts[i], &ops[i]);
    list[i] = &ops[i];
  }
  return rc ? rc : th_conj_make(p, list, n, out);
}

/* Documents of `within` that hold them all, wherever. */
static void match_words(th_conj *c, const uint64_t *within, uint64_t *out) {
  while (th_conj_candidates(c, within, UINT32_MAX, 0))
    for (uint32_t i = 0; i < c->n_found; i++)
      th_bit_set(out, c->docs[i]);
}

static int match_phrase(th_plan *p, const th_query *q, const uint64_t *within, uint64_t *out) {
  th_conj *c = NULL;
  int rc = look_up_words(p, &q, 1, &c);
  if (rc) return rc;
  if (!c->n_unknown) {
    memcpy(out, c->within, p->n_words * sizeof *out);
    return 0;
  }
  match_words(c, within, out);
  return keep_standing(p, c, out);
}

static int match_ids(th_plan *p, const th_query *q, uint64_t *out) {
  for (uint32_t i = 0; i < q->n; i++) {
    uint32_t at, end;
    th_segment_find_nct(p->segment, q->ncts[i], &at, &end);
    for (; at < end; at++)
      th_bit_set(out, th_segment_by_nct(p->segment, at));
  }
  return 0;
}

static void set_rows(const th_plan *p, const th_column *c, uint64_t *out) {
  for (th_row r = {0}; c && th_column_next(c, &r);)
    if (r.doc < p->n_docs) th_bit_set(out, r.doc);
}

static void set_points(const th_plan *p, uint64_t *out) {
  const th_sites *sites = th_segment_sites(p->segment);
  for (uint32_t d = 0; sites && d < p->n_docs; d++)
    for (uint32_t i = sites->start[d]; i < sites->start[d + 1] && !th_bit(out, d); i++)
      if (sites->lat[i] != TH_NO_POINT) th_bit_set(out, d);
}

/* Documents that have something in a field: a value in its column or words. */
static int present_field(const th_plan *p, uint16_t field, uint64_t *out) {
  const uint64_t *have;
  if (th_match_present(p, field, out)) return 0;
  if (field == TH_F_LocationGeoPoint) {
    set_points(p, out);
  } else if (th_feed_breaks_by_site(field)) {
    set_rows(p, th_segment_column(p->segment, (uint16_t)(TH_COLUMN_BREAKS + field)), out);
  } else if (th_feed_has_text(field)) {
    if (!(have = th_cache_present(p->segment, field))) return TH_ENOMEM;
    for (uint32_t w = 0; w < (p->n_docs + 63) / 64; w++)
      out[w] |= have[w];
  }
  return 0;
}

static int match_missing(th_plan *p, const th_query *q, uint64_t *out) {
  uint64_t fields[(TH_F_COUNT + 63) / 64];
  th_scope_fields(q->scope, fields);
  for (uint16_t f = 0; f < TH_F_COUNT; f++)
    if (fields[f / 64] >> (f % 64) & 1 && present_field(p, f, out)) return th_plan_no_memory(p);
  for (uint32_t w = 0; w < p->n_words; w++)
    out[w] = ~out[w];
  return 0;
}

/* All but those that the limits leave out. A segment without limits, or with another version's,
 * leaves out nobody. */
static int match_limit(th_plan *p, const th_query *q, uint64_t *out) {
  th_side side;
  th_err why = {0};
  memset(out, 0xFF, p->n_words * sizeof *out);
  int rc = th_snapshot_side(p->snapshot, TH_LIMITS_SIDE, p->at, &side, p->err);
  if (rc || !side.p) return rc;
  rc = th_limits_clear(side.p, side.n, q->limit.key, q->limit.value, out, p->n_docs, &why);
  return rc && rc != TH_EINPUT ? th_err_set(p->err, rc, "%s", why.message) : 0;
}

static int match_leaf(th_plan *p, const th_query *q, const uint64_t *within, uint64_t *out) {
  switch (q->kind) {
  case TH_N_TERM:
    return match_term(p, q, within, out);
  case TH_N_PHRASE:
    return match_phrase(p, q, within, out);
  case TH_N_MASK:
    th_match_mask(p, q->field, q->mask, within, out);
    return 0;
  case TH_N_RANGE:
    th_match_range(p, q, within, out);
    return 0;
  case TH_N_KEYWORD:
    return th_match_keyword(p, q, out);
  case TH_N_NEAR:
    return th_match_near(p, q, out);
  case TH_N_IDS:
    return match_ids(p, q, out);
  case TH_N_SITES:
    return th_match_sites(p, q, within, out);
  case TH_N_LIMIT:
    return match_limit(p, q, out);
  default:
    return match_missing(p, q, out);
  }
}

static bool any_bit(const uint64_t *bits, uint32_t n) {
  uint64_t any = 0;
  for (uint32_t w = 0; w < n; w++)
    any |= bits[w];
  return any != 0;
}

/* What it takes to look at one document. */
typedef enum cost { COST_COLUMN, COST_POINTS, COST_WORD, COST_PHRASE, COST_SITES } cost;

static cost cost_of(const th_query *q) {
  switch (q->kind) {
  case TH_N_NEAR:
  case TH_N_MISSING:
    return COST_POINTS;
  case TH_N_TERM:
    return COST_WORD;
  case TH_N_PHRASE:
    return COST_PHRASE;
  case TH_N_SITES:
    return COST_SITES;
  default:
    break;
  }
  cost most = COST_COLUMN;
  for (uint32_t i = 0; i < q->n && q->kind != TH_N_IDS; i++)
    most = TH_MAX(most, cost_of(q->parts[i]));
  return most;
}

/* A part of an OR, and what stands in for the time that it takes. */
typedef struct turn {
  const th_query *part;
  uint64_t key;
} turn;

/* Documents of the commonest word of a phrase: its places are the dearest to read. */
static uint32_t commonest(const th_plan *p, const th_query *phrase) {
  uint32_t most = 0;
  th_term found;
  for (uint32_t i = 0; i < phrase->n; i++)
    if (th_segment_term(p->segment, phrase->parts[i]->term.stem, &found))
      most = TH_MAX(most, found.df);
  return most;
}

static int by_key(const void *a, const void *b) {
  const turn *x = a, *y = b;
  return (x->key > y->key) - (x->key < y->key);
}

/* The parts of an OR, what is looked up fast first. */
static turn *take_turns(th_plan *p, const th_query *q) {
  turn *turns = th_arena_calloc(p->arena, q->n ? q->n : 1, sizeof *turns);
  for (uint32_t i = 0; turns && i < q->n; i++) {
    const th_query *part = q->parts[i];
    uint64_t common = part->kind == TH_N_PHRASE ? commonest(p, part) : UINT32_MAX;
    turns[i] = (turn){part, (uint64_t)cost_of(part) << 32 | common};
  }
  if (turns) qsort(turns, q->n, sizeof *turns, by_key);
  return turns;
}

/* OR, EITHER: part by part; a part is not asked about what others have found. */
static int match_any_of(th_plan *p, const th_query *q, const uint64_t *within, uint64_t *out) {
  uint64_t *part, *left = th_bitmap_new(p, true);
  turn *turns = take_turns(p, q);
  if (!left || !turns) return th_plan_no_memory(p);
  for (uint32_t i = 0; i < q->n; i++) {
    for (uint32_t w = 0; w < p->n_words; w++)
      left[w] = (within ? within[w] : UINT64_MAX) & ~out[w];
    int rc = th_match_within(p, turns[i].part, left, &part);
    if (rc) return rc;
    for (uint32_t w = 0; w < p->n_words; w++)
      out[w] |= part[w] & left[w];
  }
  return 0;
}

static bool is_words(const th_query *q) {
  return q->kind == TH_N_TERM || q->kind == TH_N_PHRASE;
}

/* The parts of an AND that cost from..to and are no words by themselves; out is narrowed down. */
static int match_parts(th_plan *p, const th_query *q, cost from, cost to, uint64_t *out) {
  for (cost at = from; at <= to; at++) {
    for (uint32_t i = 0; i < q->n; i++) {
      uint64_t *part;
      if (is_words(q->parts[i]) || cost_of(q->parts[i]) != at) continue;
      if (!any_bit(out, p->n_words)) return 0;
      int rc = th_match_within(p, q->parts[i], out, &part);
      if (rc) return rc;
      for (uint32_t w = 0; w < p->n_words; w++)
        out[w] &= part[w];
    }
  }
  return 0;
}

enum { RARE = 32 }; /* a word in less than one document in so many is looked up before columns */

static bool is_rare(const th_plan *p, const th_conj *c) {
  const th_cursor *rarest = c->cursors[0];
  return rarest->absent || rarest->p.term.df < p->n_docs / RARE;
}

/* Of out, the documents that hold all the words. */
static int narrow_by_words(th_plan *p, th_conj *c, uint64_t *out) {
  uint64_t *found = th_bitmap_new(p, false);
  if (!found) return th_plan_no_memory(p);
  match_words(c, out, found);
  memcpy(out, found, p->n_words * sizeof *out);
  return 0;
}

/* AND: what is read fast narrows down what else is asked about. The words of the phrases are
 * looked up with the other words; where they stand is asked of what is left by then. */
static int match_all_of(th_plan *p, const th_query *q, const uint64_t *within, uint64_t *out) {
  const th_query **words = th_arena_calloc(p->arena, q->n + 1, sizeof(th_query *));
  th_conj *c = NULL;
  uint32_t n = 0;
  int rc = 0;
  if (!words) return th_plan_no_memory(p);
  for (uint32_t i = 0; i < q->n; i++)
    if (is_words(q->parts[i])) words[n++] = q->parts[i];
  if (n) rc = look_up_words(p, words, n, &c);
  if (rc) return rc;
  if (within)
    memcpy(out, within, p->n_words * sizeof *out);
  else
    memset(out, 0xFF, p->n_words * sizeof *out);
  for (uint32_t w = 0; c && c->within && w < p->n_words; w++)
    out[w] &= c->within[w];
  bool words_first = c && is_rare(p, c);
  if (words_first) rc = narrow_by_words(p, c, out);
  if (!rc) rc = match_parts(p, q, COST_COLUMN, COST_POINTS, out);
  if (!rc && c && !words_first) rc = narrow_by_words(p, c, out);
  if (!rc) rc = match_parts(p, q, COST_WORD, COST_WORD, out);
  if (!rc && c && c->n_unknown) rc = keep_standing(p, c, out);
  return rc ? rc : match_parts(p, q, COST_PHRASE, COST_SITES, out);
}

int th_match_within(th_plan *p, const th_query *q, const uint64_t *within, uint64_t **out) {
  int rc;
  switch (q->kind) {
  case TH_N_ALL:
    *out = th_bitmap_new(p, true);
    return *out ? 0 : th_plan_no_memory(p);
  case TH_N_TILT:
    return th_match_within(p, q->parts[0], within, out);
  case TH_N_NOT:
    rc = th_match_within(p, q->parts[0], within, out);
    for (uint32_t w = 0; !rc && w < p->n_words; w++)
      (*out)[w] = ~(*out)[w];
    return rc;
  default:
    break;
  }
  *out = th_bitmap_new(p, false);
  if (!*out) return th_plan_no_memory(p);
  if (q->kind == TH_N_AND) return match_all_of(p, q, within, *out);
  if (q->kind == TH_N_OR || q->kind == TH_N_EITHER) return match_any_of(p, q, within, *out);
  return match_leaf(p, q, within, *out);
}

int th_match(th_plan *p, const th_query *q, uint64_t **out) {
  return th_match_within(p, q, NULL, out);
}
