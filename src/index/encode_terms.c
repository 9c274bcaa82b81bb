/* The sections TERMS, POSTINGS and POSITIONS: a term at a time, its lists written where they stay.
 * Only those of terms with blocks are gathered first, as their index stands in front of them. */
#include "index/encode_private.h"
#include "index/occurrences.h"

#include <math.h>

/* Postings in a row, [0, n), and the codes of those that list their forms. */
typedef struct run {
  const th_encode_posting *p;
  uint32_t n;
  const uint16_t *codes;
  const th_form_bits *forms; /* NULL when the term has one form */
} run;

/* ---- forms ---- */

/* The term's forms as bits; NULL for a single one, which takes none. */
static const th_form_bits *form_bits(th_encoder *e, const th_encode_term *t) {
  if (t->n_forms <= 1) return NULL;
  th_buf_clear(&e->form_bits);
  th_form_bits *forms =
      (th_form_bits *)(void *)th_buf_room(&e->form_bits, t->n_forms * sizeof *forms);
  if (!forms) th_encoder_fail(e, TH_ENOMEM);
  for (uint32_t i = 0; forms && i < t->n_forms; i++)
    forms[i] = th_form_bits_of(i, t->n_forms);
  return forms;
}

static inline bool any_other(const uint16_t *codes, uint32_t n) {
  unsigned any = 0;
  for (uint32_t i = 0; i < n; i++)
    any |= codes[i];
  return any;
}

/* Bits of a posting's forms; *codes steps over those it lists. */
static inline uint64_t forms_length(const th_form_bits *forms, const th_encode_posting *p,
                                    const uint16_t **codes) {
  uint64_t sum = p->n > 1;
  if (p->form != TH_FORMS_LISTED)
    return p->n > 1 && !p->form ? 1 : sum + (uint64_t)p->n * forms[p->form].n;
  const uint16_t *own = *codes;
  *codes += p->n;
  if (p->n > 1 && !any_other(own, p->n)) return 1;
  for (uint32_t i = 0; i < p->n; i++)
    sum += forms[own[i]].n;
  return sum;
}

static inline void put_forms(th_bit_sink *s, const th_form_bits *forms, const th_encode_posting *p,
                             const uint16_t **codes) {
  bool listed = p->form == TH_FORMS_LISTED;
  const uint16_t *own = *codes;
  if (listed) *codes += p->n;
  if (p->n > 1) {
    bool other = listed ? any_other(own, p->n) : p->form;
    th_sink_put(s, other, 1);
    if (!other) return;
  }
  for (uint32_t i = 0; i < p->n; i++) {
    th_form_bits form = forms[listed ? own[i] : p->form];
    th_sink_put(s, form.bits, form.n);
  }
}

/* ---- positions ---- */

/* Bits of all the run's spots; of each of its whole groups in `groups`, when it has several. */
static uint64_t measure(const run *r, uint64_t groups[TH_BLOCK / TH_SPOT_GROUP]) {
  const uint16_t *codes = r->codes;
  uint64_t sum = 0, before = 0;
  for (uint32_t i = 0; i < r->n; i++) {
    sum += r->p[i].n_bits;
    if (r->forms) sum += forms_length(r->forms, &r->p[i], &codes);
    if ((i + 1) % TH_SPOT_GROUP) continue;
    groups[i / TH_SPOT_GROUP] = sum - before;
    before = sum;
  }
  return sum;
}

/* Bytes that they take with what put_skip writes and what th_sink_put writes beyond. */
static size_t spots_room(uint64_t n_bits) {
  return (size_t)(n_bits / 8) + 4 * (TH_BLOCK / TH_SPOT_GROUP) + 32;
}

/* Where the groups of the block's postings begin. */
static void put_skip(th_encoder *e, th_bit_sink *s, const uint64_t *groups, uint32_t n) {
  uint64_t longest = 0;
  unsigned width = 0;
  for (uint32_t g = 0; g < n; g++)
    longest = TH_MAX(longest, groups[g]);
  while (longest >> width)
    width++;
  if (width > 31) {
    th_err_set(&e->err, TH_ELIMIT, "%s: a document with too many occurrences of a word", e->path);
    return;
  }
  th_sink_put(s, width, 5);
  for (uint32_t g = 0; g < n; g++)
    th_sink_put(s, groups[g], width);
}

/* The spots of a block or tail. Returns the codes behind those of the run. */
static const uint16_t *put_spots(th_encoder *e, th_bit_sink *out, const run *r,
                                 const uint64_t *groups) {
  const uint16_t *codes = r->codes;
  if (r->n > TH_SPOT_GROUP) put_skip(e, out, groups, (r->n - 1) / TH_SPOT_GROUP);
  th_bit_sink s = *out;
  for (uint32_t i = 0; i < r->n; i++) {
    th_sink_copy(&s, r->p[i].bits, r->p[i].first_bit, r->p[i].n_bits);
    if (r->forms) put_forms(&s, r->forms, &r->p[i], &codes);
  }
  *out = s;
  return codes;
}

/* The same behind the positions of the term's earlier blocks: each begins at a byte. */
static void put_position_bits(th_encoder *e, run *r) {
  uint64_t groups[TH_BLOCK / TH_SPOT_GROUP];
  char *room = th_buf_room(&e->position_bits, spots_room(measure(r, groups)));
  if (!room) {
    th_encoder_fail(e, TH_ENOMEM);
    return;
  }
  th_bit_sink s = {(uint8_t *)room, 0, 0};
  r->codes = put_spots(e, &s, r, groups);
  th_buf_added(&e->position_bits, (size_t)(th_sink_end(&s) - (uint8_t *)room));
}

/* ---- blocks ---- */

static size_t exception_bytes(unsigned n, unsigned high_bits) {
  return n ? 1 + (n * (7 + high_bits) + 7) / 8 : 0;
}

/* The width that makes classes and exceptions smallest together; *high_bits: what the exceptions
 * have beyond it, *n their number. */
static unsigned class_width(const uint32_t *classes, unsigned *high_bits, unsigned *n) {
  unsigned count[33] = {0}, widest = th_bits_of(classes, TH_BLOCK), best = widest;
  size_t least = th_packed_size(widest);
  *n = 0;
  for (unsigned i = 0; i < TH_BLOCK; i++)
    count[classes[i] ? 32 - (unsigned)__builtin_clz(classes[i]) : 0]++;
  for (unsigned bits = widest, over = 0; bits-- > 0;) {
    over += count[bits + 1];
    size_t size = th_packed_size(bits) + exception_bytes(over, widest - bits);
    if (size < least) least = size, best = bits, *n = over;
  }
  *high_bits = widest - best;
  return best;
}

static void put_bounds(const th_encoder *e, const th_encode_posting *p,
                       uint8_t bounds[TH_BOUND_AREAS]) {
  th_lanes most = {0};
  for (unsigned i = 0; i < TH_BLOCK; i++) {
    const float *w = e->class_weight[p[i].class_id], *part = e->length_part[p[i].doc];
    for (unsigned a = 0; a < TH_ENCODE_LANES; a++) {
      float sat = w[a] / (w[a] + part[a]);
      most[a] = sat > most[a] ? sat : most[a];
    }
  }
  /* A little more than the largest, so that rounding elsewhere never makes a score pass it. */
  for (unsigned a = 0; a < TH_BOUND_AREAS; a++)
    bounds[a] = (uint8_t)TH_MIN(255.0f, ceilf(most[a] * 255.0f + 0.001f));
}

static void put_exceptions(th_encoder *e, const uint32_t *classes, unsigned class_bits,
                           unsigned high_bits) {
  uint8_t bytes[TH_BLOCK * 5 + 8];
  th_bit_sink s = {bytes, 0, 0};
  for (unsigned i = 0; i < TH_BLOCK; i++) {
    uint32_t high = (uint32_t)((uint64_t)classes[i] >> class_bits);
    if (high) th_sink_put(&s, (uint64_t)high << 7 | i, 7 + high_bits);
  }
  th_buf_char(&e->blocks, (char)high_bits);
  th_buf_put(&e->blocks, bytes, (size_t)(th_sink_end(&s) - bytes));
}

static void put_block(th_encoder *e, const th_encode_posting *p) {
  uint32_t deltas[TH_BLOCK], classes[TH_BLOCK], low[TH_BLOCK], before = e->before;
  uint8_t packed[2 * TH_BLOCK * 4];
  unsigned high_bits, n_exceptions, class_bits;
  for (unsigned i = 0; i < TH_BLOCK; i++) {
    deltas[i] = p[i].doc - before - 1;
    classes[i] = p[i].class_id;
    before = p[i].doc;
  }
  unsigned doc_bits = th_bits_of(deltas, TH_BLOCK);
  class_bits = class_width(classes, &high_bits, &n_exceptions);
  uint32_t mask = class_bits == 32 ? UINT32_MAX : (1u << class_bits) - 1;
  for (unsigned i = 0; i < TH_BLOCK; i++)
    low[i] = classes[i] & mask;
  const char head[3] = {(char)doc_bits, (char)class_bits, (char)n_exceptions};
  th_pack(deltas, doc_bits, packed);
  th_pack(low, class_bits, packed + th_packed_size(doc_bits));
  th_buf_put(&e->blocks, head, sizeof head);
  th_buf_put(&e->blocks, packed, th_packed_size(doc_bits) + th_packed_size(class_bits));
  if (n_exceptions) put_exceptions(e, classes, class_bits, high_bits);
  e->before = before;
}

/* ---- the tail ---- */

static void put_tail_class(th_bit_sink *s, uint32_t class_id, unsigned widest) {
  if (class_id < TH_TAIL_FIRST_1)
    th_sink_put(s, class_id << 2, 2 + TH_TAIL_WIDTH_0);
  else if (class_id < TH_TAIL_FIRST_2)
    th_sink_put(s, (class_id - TH_TAIL_FIRST_1) << 2 | 1, 2 + TH_TAIL_WIDTH_1);
  else if (class_id < TH_TAIL_FIRST_3)
    th_sink_put(s, (class_id - TH_TAIL_FIRST_2) << 2 | 2, 2 + TH_TAIL_WIDTH_2);
  else
    th_sink_put(s, (uint64_t)class_id << 2 | 3, 2 + widest);
}

/* The ones of all document deltas together are no more than twice df and a few: k sees to it. */
static size_t tail_room(const th_encoder *e, uint32_t n, unsigned k) {
  return (size_t)n * 16 + (e->n_docs >> k) / 8 + 16;
}

static void put_tail(const th_encoder *e, th_bit_sink *out, const run *r, unsigned k) {
  unsigned widest = th_bits_for(e->n_classes);
  uint32_t before = e->before;
  th_bit_sink s = *out;
  for (uint32_t i = 0; i < r->n; i++) {
    uint32_t v = r->p[i].doc - before - 1, ones = v >> k;
    for (; ones >= 32; ones -= 32)
      th_sink_put(&s, UINT32_MAX, 32);
    th_sink_put(&s, (UINT64_C(1) << ones) - 1, ones + 1);
    th_sink_put(&s, v & ((1u << k) - 1), k);
    put_tail_class(&s, r->p[i].class_id, widest);
    before = r->p[i].doc;
  }
  *out = s;
}

/* ---- lists ---- */

/* The list of a term with fewer postings than a block has: it goes straight to its place. */
static void put_small(th_encoder *e, const run *r) {
  uint64_t groups[TH_BLOCK / TH_SPOT_GROUP];
  unsigned k = th_tail_shift(e->n_docs, r->n);
  char *room = th_spool_room(&e->postings, tail_room(e, r->n, k) + spots_room(measure(r, groups)));
  if (!room) return;
  th_bit_sink s = {(uint8_t *)room, 0, 0};
  put_tail(e, &s, r, k);
  put_spots(e, &s, r, groups);
  th_spool_added(&e->postings, (size_t)(th_sink_end(&s) - (uint8_t *)room));
}

static void put_large_tail(th_encoder *e, run *r, uint32_t df) {
  unsigned k = th_tail_shift(e->n_docs, df);
  char *room = th_buf_room(&e->blocks, tail_room(e, r->n, k));
  if (!room) {
    th_encoder_fail(e, TH_ENOMEM);
    return;
  }
  th_bit_sink s = {(uint8_t *)room, 0, 0};
  put_tail(e, &s, r, k);
  th_buf_added(&e->blocks, (size_t)(th_sink_end(&s) - (uint8_t *)room));
  put_position_bits(e, r);
}

/* The lists of a term with blocks. Room for their index is taken where it goes, and filled block by
 * block. */
static void put_large(th_encoder *e, run *r) {
  uint32_t df = r->n, n_blocks = df / TH_BLOCK;
  size_t index_len = (size_t)n_blocks * (2 * sizeof(uint32_t) + TH_BOUND_AREAS);
  char *index = th_spool_room(&e->postings, index_len);
  char *position_ends = th_spool_room(&e->positions, n_blocks * sizeof(uint32_t));
  th_buf_clear(&e->blocks);
  th_buf_clear(&e->position_bits);
  if (!index || !position_ends) return;
  r->n = TH_BLOCK;
  for (uint32_t b = 0; b < n_blocks && !e->err.code; b++, r->p += TH_BLOCK) {
    put_block(e, r->p);
    put_bounds(e, r->p, (uint8_t *)index + (size_t)8 * n_blocks + (size_t)b * TH_BOUND_AREAS);
    put_position_bits(e, r);
    const uint32_t ends[2] = {(uint32_t)e->blocks.n, (uint32_t)e->position_bits.n};
    memcpy(index + (size_t)4 * b, &e->before, 4);
    memcpy(index + (size_t)4 * (n_blocks + b), &ends[0], 4);
    memcpy(position_ends + (size_t)4 * b, &ends[1], 4);
    if (e->blocks.n > UINT32_MAX || e->position_bits.n > UINT32_MAX)
      th_err_set(&e->err, TH_ELIMIT, "%s: a posting list of more than 4 GB", e->path);
  }
  r->n = df % TH_BLOCK;
  if (r->n && !e->err.code) put_large_tail(e, r, df);
  th_encoder_check(e, &e->blocks);
  th_encoder_check(e, &e->position_bits);
  th_spool_added(&e->postings, index_len);
  th_spool_put(&e->postings, e->blocks.p, e->blocks.n);
  th_spool_added(&e->positions, n_blocks * sizeof(uint32_t));
  th_spool_put(&e->positions, e->position_bits.p, e->position_bits.n);
}

/* ---- the dictionary ---- */

static size_t shared_bytes(const char *a, size_t a_len, th_span b) {
  size_t n = 0, most = TH_MIN(a_len, b.n);
  while (n < most && a[n] == b.p[n])
    n++;
  return n;
}

/* `before` is the text that the new one may share its beginning with. */
static uint8_t *put_head(uint8_t *at, const char *before, size_t before_len, th_span text) {
  size_t shared = shared_bytes(before, before_len, text), rest = text.n - shared;
  *at++ = (uint8_t)(TH_MIN(rest, 15u) << 4 | TH_MIN(shared, 15u));
  if (shared >= 15) at = th_varint_put(at, shared - 15);
  if (rest >= 15) at = th_varint_put(at, rest - 15);
  if (rest) memcpy(at, text.p + shared, rest);
  return at + rest;
}

enum { HEAD_ROOM = 11, NUMBERS_ROOM = 5 * 10 };

static size_t entry_room(const th_encode_term *t) {
  size_t n = NUMBERS_ROOM + HEAD_ROOM + t->stem.n;
  for (uint32_t i = 0; i < t->n_forms; i++)
    n += HEAD_ROOM + t->forms[i].n;
  return n;
}

/* postings, positions: where the term's lists begin; cf: its occurrences. */
static void put_entry(th_encoder *e, const th_encode_term *t, uint64_t postings, uint64_t positions,
                      uint64_t cf) {
  bool first = e->n_terms % TH_TERM_BLOCK == 0, stem_first = th_span_eq(t->forms[0], t->stem);
  bool more = t->n_forms > 1 || !stem_first;
  if (first) th_buf_put(&e->block_starts, &e->terms.n, sizeof e->terms.n);
  th_encoder_check(e, &e->block_starts);
  uint8_t *room = (uint8_t *)th_spool_room(&e->terms, entry_room(t)), *at = room;
  if (!room) return;
  at = put_head(at, e->last_stem, first ? 0 : e->last_stem_len, t->stem);
  at = th_varint_put(at, (uint64_t)(t->n - 1) << 2 | (cf > t->n) << 1 | more);
  if (cf > t->n) at = th_varint_put(at, cf - t->n - 1);
  at = th_varint_put(at, first ? postings : postings - e->postings_before);
  if (first || e->list_before)
    at = th_varint_put(at, first ? positions : positions - e->positions_before);
  if (more) at = th_varint_put(at, (uint64_t)t->n_forms << 1 | stem_first);
  for (uint32_t i = stem_first; i < t->n_forms; i++)
    at = put_head(at, t->stem.p, t->stem.n, t->forms[i]);
  th_spool_added(&e->terms, (size_t)(at - room));
  memcpy(e->last_stem, t->stem.p, t->stem.n);
  e->last_stem_len = t->stem.n;
  e->postings_before = postings;
  e->positions_before = positions;
  e->list_before = t->n >= TH_BLOCK;
  e->n_terms++;
}

void th_encode_term_put(th_encoder *e, const th_encode_term *t) {
  uint64_t postings = e->postings.n, positions = e->positions.n, cf = 0;
  if (e->err.code) return;
  run r = {t->postings, t->n, t->codes, form_bits(e, t)};
  if (e->err.code) return;
  for (uint32_t i = 0; i < t->n; i++)
    cf += t->postings[i].n;
  e->before = UINT32_MAX;
  if (t->n < TH_BLOCK)
    put_small(e, &r);
  else
    put_large(e, &r);
  put_entry(e, t, postings, positions, cf);
}

void th_encode_terms_end(th_encoder *e) {
  uint32_t n_blocks = (uint32_t)(e->block_starts.n / 8);
  if (e->err.code) return;
  th_section_begin(e->out, TH_SEC_TERMS);
  th_section_u32(e->out, e->n_terms);
  th_section_u32(e->out, n_blocks);
  th_section_put(e->out, e->block_starts.p, e->block_starts.n);
  th_section_u64(e->out, e->terms.n);
  th_section_spool(e->out, &e->terms);
  th_section_end(e->out);
  th_section_begin(e->out, TH_SEC_POSTINGS);
  th_section_spool(e->out, &e->postings);
  th_section_end(e->out);
  th_section_begin(e->out, TH_SEC_POSITIONS);
  th_section_spool(e->out, &e->positions);
  th_section_end(e->out);
}
