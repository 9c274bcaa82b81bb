/* The deep check of a segment: everything is decoded, every promise of format.h held against what
 * stands there. Messages name the section, the term or document, and the place. */
#include <stdarg.h>
#include <stdio.h>

#include "index/score.h"
#include "index/segment_private.h"
#include "study/catalogue.h"

enum { OCCURRENCES = 4096 };

typedef struct checker {
  const th_segment *s;
  th_err *err;
  uint64_t *class_uses;                 /* postings of each class */
  uint64_t *class_tf;                   /* occurrences that a posting of the class stands for */
  float *class_wtf[TH_BOUND_AREAS];     /* weighted tf of a class in each bounded area */
  const uint8_t *norms[TH_BOUND_AREAS]; /* by document */
  float length_part[TH_BOUND_AREAS][256];
  th_occurrence *occurrences;
} checker;

static int wrong(const checker *c, const char *fmt, ...) TH_PRINTF(2, 3);
static int wrong(const checker *c, const char *fmt, ...) {
  char text[200];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  return th_err_set(c->err, TH_ECORRUPT, "segment %s: %s", c->s->name, text);
}

static int state_of(const checker *c) {
  return th_segment_state(c->s, c->err);
}

/* ---- documents ---- */

static int check_by_nct(const checker *c) {
  const th_segment *s = c->s;
  uint64_t least = UINT64_MAX, most = 0;
  for (uint32_t i = 0; i < s->n_docs; i++) {
    uint32_t doc = th_segment_by_nct(s, i), before = i ? th_segment_by_nct(s, i - 1) : 0;
    uint64_t seq = th_segment_seq(s, doc);
    if (i &&
        (th_segment_nct(s, before) > th_segment_nct(s, doc) ||
         (th_segment_nct(s, before) == th_segment_nct(s, doc) && th_segment_seq(s, before) >= seq)))
      return wrong(c, "section DOCS: by_nct is not in order at place %u", i);
    least = TH_MIN(least, seq);
    most = TH_MAX(most, seq);
  }
  if (least != s->first_seq || most != s->last_seq)
    return wrong(c, "section DOCS: the first and last seq are not those of the head");
  return state_of(c);
}

/* Strict order by (nct, seq) over n_docs places lets no document stand twice. */
static int check_lengths(const checker *c, const float (*weights)[TH_F_COUNT]) {
  const th_segment *s = c->s;
  if (s->length_start[0] != 0 || s->length_start[s->n_docs] != s->length_len)
    return wrong(c, "section LENGTHS: the table does not span the section");
  for (uint32_t doc = 0; doc < s->n_docs; doc++) {
    const uint8_t *at, *end;
    uint32_t field = UINT32_MAX, length = 0;
    float weighted[TH_A_COUNT + 1] = {0};
    if (!th_segment_length_bytes(s, doc, &at, &end)) return state_of(c);
    while (th_segment_next_pair(s, TH_SEC_LENGTHS, &at, end, &field, &length))
      for (unsigned area = 0; area < s->n_areas; area++)
        weighted[area] += weights[area][field] * (float)length;
    for (unsigned area = 0; area < s->n_areas; area++) {
      const uint8_t *norms = th_segment_norms(s, area);
      int should = th_norm_encode(weighted[area]), is = norms ? norms[doc] : should;
      if (abs(is - should) > 1) /* sums of floats may fall on either side of a step */
        return wrong(c, "section NORMS: area %u of document %u is %d, its fields give %d", area,
                     doc, is, should);
    }
  }
  return state_of(c);
}

static int check_docs(const checker *c) {
  float(*weights)[TH_F_COUNT] = calloc(TH_A_COUNT + 1, sizeof *weights);
  if (!weights) return th_err_set(c->err, TH_ENOMEM, "out of memory checking a segment");
  for (unsigned area = 0; area <= TH_A_COUNT; area++)
    for (uint16_t f = 0; f < TH_F_COUNT; f++)
      weights[area][f] = th_score_weight(area, f);
  int rc = check_by_nct(c);
  if (!rc) rc = check_lengths(c, (const float(*)[TH_F_COUNT])weights);
  free(weights);
  return rc;
}

/* ---- classes ---- */

static void see_class(void *ctx, uint32_t id, uint16_t field, uint32_t tf) {
  checker *c = ctx;
  c->class_tf[id] += tf;
  for (unsigned area = 0; area < c->s->n_areas; area++) {
    int a = th_score_bound_index(area);
    if (a >= 0) c->class_wtf[a][id] += th_score_weight(area, field) * (float)tf;
  }
}

static int check_classes(checker *c) {
  const th_segment *s = c->s;
  int rc = 0;
  if (s->class_start[0] != 0 || s->class_start[s->n_class_starts] != s->class_len)
    return wrong(c, "section CLASSES: the table does not span the section");
  if (!th_segment_each_class(s, see_class, c)) rc = state_of(c);
  for (uint32_t id = 0; !rc && id < s->n_classes; id++)
    if (c->class_tf[id] == 0) rc = wrong(c, "section CLASSES: class %u is empty", id);
  return rc;
}

static int check_class_order(const checker *c) {
  for (uint32_t id = 1; id < c->s->n_classes; id++)
    if (c->class_uses[id] > c->class_uses[id - 1])
      return wrong(c, "section CLASSES: class %u is used more often than class %u", id, id - 1);
  return 0;
}

/* ---- lists ---- */

static int wrong_term(const checker *c, const th_term_cursor *t, const char *section,
                      const char *what, uint64_t place) {
  return wrong(c, "section %s, term %.*s: %s at %llu", section, (int)TH_MIN(t->len, 60u), t->text,
               what, (unsigned long long)place);
}

/* The bounds of a full block are the largest saturations in it, rounded up: not less, or a search
 * would lose hits; not more than one step above. */
static int check_bounds(const checker *c, const th_term_cursor *t, const th_postings *p) {
  for (unsigned a = 0; a < TH_BOUND_AREAS; a++) {
    float most = 0;
    for (uint32_t i = 0; i < p->n; i++) {
      float wtf = c->class_wtf[a][p->classes[i]];
      float sat = wtf / (wtf + c->length_part[a][c->norms[a][p->docs[i]]]);
      most = TH_MAX(most, sat);
    }
    float bound = p->bounds[(size_t)p->block * TH_BOUND_AREAS + a];
    if (bound + 1e-3f < most * 255 || bound > most * 255 + 1.01f)
      return wrong_term(c, t, "POSTINGS", "a bound is not that of its block, block", p->block);
  }
  return 0;
}

/* Bits between the last position of a block and the next byte are zero, and no byte follows. */
static int check_position_end(const checker *c, const th_term_cursor *t, const th_postings *p) {
  const th_u32 *ends = (const th_u32 *)t->term.positions;
  const uint8_t *data = t->term.positions + 4 * (uint64_t)p->n_blocks, *end = t->term.positions_end;
  if (p->n_blocks == 0) data = p->data, end = t->term.postings_end;
  uint64_t from = p->block ? ends[p->block - 1] : 0;
  uint64_t to = p->block < p->n_blocks ? ends[p->block] : (uint64_t)(end - data);
  if (p->pos_next != p->n || p->pos_bit / 8 + (p->pos_bit % 8 != 0) != to - from)
    return wrong_term(c, t, "POSITIONS", "the block has the wrong length, block", p->block);
  if (p->pos_bit % 8 && data[to - 1] >> (p->pos_bit % 8))
    return wrong_term(c, t, "POSITIONS", "bits behind the last position are set, block", p->block);
  return 0;
}

static int check_block(const checker *c, const th_term_cursor *t, th_postings *p, uint64_t *cf) {
  int rc = p->block < p->n_blocks ? check_bounds(c, t, p) : 0;
  for (uint32_t i = 0; !rc && i < p->n; i++) {
    uint64_t tf = c->class_tf[p->classes[i]], from = p->pos_bit;
    c->class_uses[p->classes[i]]++;
    unsigned n = th_postings_positions(c->s, p, i, NULL, c->occurrences, OCCURRENCES);
    rc = state_of(c);
    if (!rc && n != TH_MIN(tf, (uint64_t)OCCURRENCES))
      rc = wrong_term(c, t, "POSITIONS", "not as many as the class says, document", p->docs[i]);
    if (!rc && i && p->pos_from != from)
      rc = wrong_term(c, t, "POSITIONS",
                      "a group does not begin where the one before it ends, block", p->block);
    *cf += tf;
  }
  return rc ? rc : check_position_end(c, t, p);
}

static int check_list(const checker *c, const th_term_cursor *t) {
  th_postings p;
  uint64_t df = 0, cf = 0;
  int rc = 0;
  th_postings_init(&p, &t->term);
  while (!rc && th_postings_next_block(&p)) {
    df += p.n;
    rc = check_block(c, t, &p, &cf);
  }
  if (!rc) rc = state_of(c);
  if (rc) return rc;
  if (df != t->term.df) return wrong_term(c, t, "POSTINGS", "the list ends too early, posting", df);
  if (cf != t->term.cf) return wrong_term(c, t, "TERMS", "cf is not the sum, which ends", cf);
  uint64_t full = p.n_blocks ? p.block_end[p.n_blocks - 1] : 0;
  if (df % TH_BLOCK == 0 && p.data + full != t->term.postings_end)
    return wrong_term(c, t, "POSTINGS", "bytes follow the last block, document count", df);
  if (df % TH_BLOCK == 0 &&
      (uint64_t)(t->term.positions_end - t->term.positions) !=
          4 * (uint64_t)p.n_blocks + ((const th_u32 *)t->term.positions)[p.n_blocks - 1])
    return wrong_term(c, t, "POSITIONS", "bytes follow the last block, document count", df);
  return 0;
}

/* ---- terms ---- */

static int check_forms(const checker *c, const th_term_cursor *t) {
  th_span stem = {t->text, t->len};
  char text[TH_TERM_MAX];
  for (uint32_t i = 0; i < t->term.n_forms; i++) {
    th_span form = th_term_form(&t->term, stem, i, text);
    if (!form.p) return state_of(c);
    if (th_term_find_form(&t->term, stem, form) != (int)i)
      return wrong_term(c, t, "TERMS", "a surface form stands twice, form", i);
  }
  return 0;
}

static int check_term_blocks(const checker *c) {
  const th_segment *s = c->s;
  if (!th_segment_use(s, TH_SEC_TERMS, 0, s->section[TH_SEC_TERMS].n)) return state_of(c);
  if (th_load64(s->term_start) != 0 ||
      th_load64(s->term_start + 8 * (uint64_t)s->n_term_blocks) != s->term_len)
    return wrong(c, "section TERMS: the table of blocks does not span the section");
  return 0;
}

static int check_terms(const checker *c) {
  const th_segment *s = c->s;
  th_term_cursor t;
  char before[TH_TERM_MAX];
  uint32_t before_len = 0, n = 0;
  const uint8_t *postings = s->section[TH_SEC_POSTINGS].p,
                *positions = s->section[TH_SEC_POSITIONS].p;
  int rc = check_term_blocks(c);
  if (rc || !th_term_seek(&t, s, TH_SPAN(""))) return rc ? rc : state_of(c);
  for (; !rc && th_term_next(&t); n++) {
    if (n && th_span_cmp((th_span){before, before_len}, (th_span){t.text, t.len}) >= 0)
      return wrong_term(c, &t, "TERMS", "is not behind the term before, term", n);
    if (t.term.postings != postings || t.term.positions != positions)
      return wrong_term(c, &t, "TERMS", "its lists do not follow those before, term", n);
    postings = t.term.postings_end;
    positions = t.term.positions_end;
    memcpy(before, t.text, t.len);
    before_len = t.len;
    const uint8_t *block_end =
        s->term_bytes + th_load64(s->term_start + 8 * ((uint64_t)t.block + 1));
    if ((t.in_block == TH_TERM_BLOCK || n + 1 == s->n_terms) && t.at != block_end)
      return wrong_term(c, &t, "TERMS", "bytes follow the last term of block", t.block);
    rc = check_forms(c, &t);
    if (!rc) rc = check_list(c, &t);
  }
  if (!rc) rc = state_of(c);
  if (!rc && n != s->n_terms) rc = wrong(c, "section TERMS: %u terms of %u", n, s->n_terms);
  return rc;
}

/* ---- columns and sites ---- */

static int check_columns(const checker *c) {
  const th_segment *s = c->s;
  for (uint32_t i = 0; i < s->n_columns; i++) {
    const th_column *col = th_segment_column(s, s->columns[i].field);
    if (!col) return state_of(c);
    const char *name = th_fields[col->field % TH_F_COUNT].piece;
    for (uint32_t k = 1; k < col->n_dict; k++)
      if (th_span_cmp(th_column_word(col, k - 1), th_column_word(col, k)) >= 0)
        return wrong(c, "section COLUMNS, %s: word %u is not in order", name, k);
    for (uint32_t row = 0; col->start && row < col->n_rows; row++)
      if ((col->listed || col->set) && th_column_start(col, row) == th_column_start(col, row + 1))
        return wrong(c, "section COLUMNS, %s: row %u is empty", name, row);
  }
  return 0;
}

static int check_places(const checker *c, const uint32_t *ordinals, uint32_t n, uint16_t field) {
  const th_column *col = th_segment_column(c->s, field);
  uint32_t limit = col ? col->n_dict : 0;
  for (uint32_t i = 0; i < n; i++)
    if (ordinals[i] > limit)
      return wrong(c, "section SITES: %s of site %u is not in its column", th_fields[field].piece,
                   i);
  return state_of(c);
}

static int check_sites(const checker *c) {
  const th_sites *sites = th_segment_sites(c->s);
  int rc = sites ? 0 : state_of(c);
  if (rc) return rc;
  uint16_t status_enum = th_fields[TH_F_LocationStatus].enum_id;
  for (uint32_t i = 0; i < sites->n; i++) {
    bool none = sites->lat[i] == TH_NO_POINT;
    if (none ? sites->lon[i] != TH_NO_POINT
             : abs(sites->lat[i]) > 90000000 || sites->lon[i] < -180000000 ||
                   sites->lon[i] > 180000000)
      return wrong(c, "section SITES: the point of site %u is none on earth", i);
    if (sites->status[i] > th_enums[status_enum].n + 1)
      return wrong(c, "section SITES: the status of site %u is unknown", i);
  }
  rc = check_places(c, sites->country, sites->n, TH_F_LocationCountry);
  if (!rc) rc = check_places(c, sites->state, sites->n, TH_F_LocationState);
  if (!rc) rc = check_places(c, sites->city, sites->n, TH_F_LocationCity);
  if (!rc) rc = check_places(c, sites->facility, sites->n, TH_F_LocationFacility);
  return rc;
}

/* ---- all ---- */

static int init_checker(checker *c, const th_segment *s, th_err *err) {
  size_t n = (size_t)s->n_classes + 1;
  *c = (checker){.s = s, .err = err};
  c->class_uses = calloc(n, sizeof *c->class_uses);
  c->class_tf = calloc(n, sizeof *c->class_tf);
  c->occurrences = calloc(OCCURRENCES, sizeof *c->occurrences);
  bool good = c->class_uses && c->class_tf && c->occurrences;
  for (unsigned a = 0; a < TH_BOUND_AREAS; a++) {
    c->class_wtf[a] = calloc(n, sizeof *c->class_wtf[a]);
    good = good && c->class_wtf[a];
  }
  for (unsigned area = 0; area < s->n_areas; area++) {
    int a = th_score_bound_index(area);
    if (a < 0) continue;
    c->norms[a] = th_segment_norms(s, area);
    th_score_length_table(area, c->length_part[a]);
  }
  return good ? 0 : th_err_set(err, TH_ENOMEM, "out of memory checking segment %s", s->name);
}

static void dispose_checker(checker *c) {
  free(c->class_uses);
  free(c->class_tf);
  free(c->occurrences);
  for (unsigned a = 0; a < TH_BOUND_AREAS; a++)
    free(c->class_wtf[a]);
}

int th_segment_verify_deep(const th_segment *s, th_err *err) {
  checker c;
  int rc = th_segment_verify(s, err);
  if (rc) return rc;
  rc = init_checker(&c, s, err);
  if (!rc) rc = check_docs(&c);
  if (!rc) rc = check_classes(&c);
  if (!rc) rc = check_terms(&c);
  if (!rc) rc = check_class_order(&c);
  if (!rc) rc = check_columns(&c);
  if (!rc) rc = check_sites(&c);
  dispose_checker(&c);
  return rc;
}
