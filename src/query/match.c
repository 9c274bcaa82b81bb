/* A query without scores as a bitmap of one segment. */
#include "index/feed.h"
#include "query/exec.h"

uint64_t *th_bitmap_new(th_plan *p, bool ones) {
  uint64_t *bits = th_arena_alloc(p->arena, (p->n_words ? p->n_words : 1) * sizeof *bits);
  if (bits) memset(bits, ones ? 0xFF : 0, p->n_words * sizeof *bits);
  return bits;
}

static int match_term(th_plan *p, const th_query *q, uint64_t *out) {
  uint32_t docs[TH_BLOCK + 8], scores[TH_BLOCK + 8];
  th_op op = {.kind = TH_OP_TERM, .query = q, .term = TH_OP_UNSCORED};
  th_cursor c;
  int rc = th_plan_cursor(p, &op, &c);
  if (rc || c.absent) return rc;
  while (th_postings_next_block(&c.p)) {
    uint32_t n = th_kernels_now->score(c.p.docs, c.p.classes, c.p.n, &c.w, 0, docs, scores);
    for (uint32_t i = 0; i < n; i++)
      th_bit_set(out, docs[i]);
  }
  return 0;
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

static int match_phrase(th_plan *p, const th_query *q, uint64_t *out) {
  th_op op, *self = &op;
  th_conj *c = NULL;
  int rc = th_op_unscored(p, q, &op);
  if (!rc) rc = th_conj_make(p, &self, 1, &c);
  if (rc) return rc;
  while (th_conj_next(p, c, NULL, UINT32_MAX, 0, &rc))
    for (uint32_t i = 0; i < c->n_found; i++)
      th_bit_set(out, c->docs[i]);
  return rc;
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
  for (uint32_t r = 0; c && r < c->n_rows; r++) {
    uint32_t doc = c->docs ? c->docs[r] : r;
    if (doc < p->n_docs) th_bit_set(out, doc);
  }
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

static int match_leaf(th_plan *p, const th_query *q, uint64_t *out) {
  switch (q->kind) {
  case TH_N_TERM:
    return match_term(p, q, out);
  case TH_N_PHRASE:
    return match_phrase(p, q, out);
  case TH_N_MASK:
    th_match_mask(p, q->field, q->mask, out);
    return 0;
  case TH_N_RANGE:
    th_match_range(p, q, out);
    return 0;
  case TH_N_KEYWORD:
    return th_match_keyword(p, q, out);
  case TH_N_NEAR:
    return th_match_near(p, q, out);
  case TH_N_IDS:
    return match_ids(p, q, out);
  case TH_N_SITES:
    return th_match_sites(p, q, out);
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

/* AND, OR, EITHER: part by part into out. */
static int match_parts(th_plan *p, const th_query *q, uint64_t *out) {
  bool and = q->kind == TH_N_AND;
  uint64_t *part;
  if (and) memset(out, 0xFF, p->n_words * sizeof *out);
  for (uint32_t i = 0; i < q->n; i++) {
    if (and&&!any_bit(out, p->n_words)) return 0;
    int rc = th_match(p, q->parts[i], &part);
    if (rc) return rc;
    for (uint32_t w = 0; w < p->n_words; w++)
      out[w] = and? out[w] & part[w] : out[w] | part[w];
  }
  return 0;
}

int th_match(th_plan *p, const th_query *q, uint64_t **out) {
  int rc;
  switch (q->kind) {
  case TH_N_ALL:
    *out = th_bitmap_new(p, true);
    return *out ? 0 : th_plan_no_memory(p);
  case TH_N_TILT:
    return th_match(p, q->parts[0], out);
  case TH_N_NOT:
    rc = th_match(p, q->parts[0], out);
    for (uint32_t w = 0; !rc && w < p->n_words; w++)
      (*out)[w] = ~(*out)[w];
    return rc;
  case TH_N_AND:
  case TH_N_OR:
  case TH_N_EITHER:
    *out = th_bitmap_new(p, false);
    return *out ? match_parts(p, q, *out) : th_plan_no_memory(p);
  default:
    *out = th_bitmap_new(p, false);
    return *out ? match_leaf(p, q, *out) : th_plan_no_memory(p);
  }
}
