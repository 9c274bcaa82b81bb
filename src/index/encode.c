#include "index/encode.h"

#include "index/builder.h"
#include "index/class_code.h"
#include "index/codec.h"
#include "index/occurrences.h"
#include "index/score.h"
#include "index/sections.h"
#include "study/catalogue.h"

#include <math.h>

enum { SPOOL_BYTES = 16 << 20 };

/* (field, number) pairs of documents or classes, decoded. */
typedef struct pair_table {
  uint32_t *start; /* n + 1 */
  uint16_t *field;
  uint32_t *value;
} pair_table;

struct th_encoder {
  th_sections *out;
  const char *path;
  th_err err;
  uint32_t n_docs, n_classes, n_areas;
  uint64_t first_seq, last_seq;
  pair_table lengths, classes;
  uint8_t *norms;                         /* TH_BOUND_AREAS * n_docs */
  float *class_weight;                    /* n_classes * TH_BOUND_AREAS */
  float length_part[TH_BOUND_AREAS][256]; /* score.h */
  const uint8_t *bound_norms[TH_BOUND_AREAS];

  /* the term being written */
  th_span stem;
  const th_span *forms;
  uint32_t n_forms, df;
  uint64_t cf;
  uint32_t before; /* last document of the block before */
  uint32_t docs[TH_BLOCK], block_classes[TH_BLOCK], held;
  th_buf last_docs, ends, bounds, blocks;
  th_buf position_ends, position_bits;
  /* the spots of the block being written */
  th_buf spots;
  uint64_t bits;
  unsigned n_bits;
  uint64_t group_ends[TH_BLOCK / TH_SPOT_GROUP]; /* in bits */

  /* the dictionary */
  th_spool terms, postings, positions;
  th_buf block_starts, entry;
  char last_stem[TH_TERM_MAX];
  size_t last_stem_len;
  uint32_t n_terms;
  uint64_t postings_before, positions_before; /* where the last term's lists began */
  bool list_before;                           /* the last term has a list in POSITIONS */

  th_spool columns;
  th_buf column_heads;
  uint32_t n_columns;
};

static void fail(th_encoder *e, int code) {
  th_err_set(&e->err, code, "out of memory writing %s", e->path);
}
static void check(th_encoder *e, const th_buf *b) {
  if (b->error) fail(e, b->error);
}
bool th_encoder_failed(const th_encoder *e) {
  return e->err.code || th_sections_state(e->out);
}

/* ---- life ---- */

th_encoder *th_encoder_new(const char *path, uint32_t n_docs, th_err *err) {
  th_encoder *e = calloc(1, sizeof *e);
  if (!e) {
    th_err_set(err, TH_ENOMEM, "out of memory writing %s", path);
    return NULL;
  }
  e->out = th_sections_new(path, err);
  if (!e->out) {
    free(e);
    return NULL;
  }
  e->path = path;
  e->n_docs = n_docs;
  e->n_areas = th_score_areas();
  for (unsigned a = 0; a < e->n_areas; a++) {
    int i = th_score_bound_index(a);
    if (i >= 0) th_score_length_table(a, e->length_part[i]);
  }
  th_spool_init(&e->terms, path, SPOOL_BYTES);
  th_spool_init(&e->postings, path, SPOOL_BYTES);
  th_spool_init(&e->positions, path, SPOOL_BYTES);
  th_spool_init(&e->columns, path, SPOOL_BYTES);
  return e;
}

static void free_pairs(pair_table *t) {
  free(t->start);
  free(t->field);
  free(t->value);
}

static void encoder_free(th_encoder *e) {
  th_buf *const buffers[] = {&e->last_docs,     &e->ends,          &e->bounds,       &e->blocks,
                             &e->position_ends, &e->position_bits, &e->block_starts, &e->entry,
                             &e->column_heads,  &e->spots};
  for (size_t i = 0; i < TH_COUNT(buffers); i++)
    th_buf_dispose(buffers[i]);
  th_spool_dispose(&e->terms);
  th_spool_dispose(&e->postings);
  th_spool_dispose(&e->positions);
  th_spool_dispose(&e->columns);
  free_pairs(&e->lengths);
  free_pairs(&e->classes);
  free(e->norms);
  free(e->class_weight);
  free(e);
}

int th_encoder_finish(th_encoder *e, bool commit, th_err *err) {
  th_sections_head head = {e->n_docs, th_index_fingerprint(), e->first_seq, e->last_seq};
  if (e->err.code) th_sections_fail(e->out, &e->err);
  int rc = th_sections_finish(e->out, commit ? &head : NULL, err);
  encoder_free(e);
  return rc;
}

static void put32(th_buf *b, uint32_t v) {
  th_buf_put(b, &v, sizeof v);
}

static size_t shared_bytes(const char *a, size_t a_len, th_span b) {
  size_t n = 0, most = TH_MIN(a_len, b.n);
  while (n < most && a[n] == b.p[n])
    n++;
  return n;
}

/* ---- documents ---- */

typedef struct study_order {
  uint32_t nct, doc;
  uint64_t seq;
} study_order;

static int by_study(const void *a, const void *b) {
  const study_order *x = a, *y = b;
  if (x->nct != y->nct) return x->nct < y->nct ? -1 : 1;
  return (x->seq > y->seq) - (x->seq < y->seq);
}

void th_encode_docs(th_encoder *e, const uint32_t *nct, const uint64_t *seq) {
  study_order *order = malloc(e->n_docs * sizeof *order);
  if (!order) {
    fail(e, TH_ENOMEM);
    return;
  }
  e->first_seq = UINT64_MAX;
  for (uint32_t d = 0; d < e->n_docs; d++) {
    order[d] = (study_order){nct[d], d, seq[d]};
    e->first_seq = TH_MIN(e->first_seq, seq[d]);
    e->last_seq = TH_MAX(e->last_seq, seq[d]);
  }
  if (e->last_seq - e->first_seq > UINT32_MAX)
    th_err_set(&e->err, TH_ELIMIT, "%s: changes too far apart for one segment", e->path);
  qsort(order, e->n_docs, sizeof *order, by_study);
  th_section_begin(e->out, TH_SEC_DOCS);
  th_section_put(e->out, nct, e->n_docs * sizeof *nct);
  for (uint32_t d = 0; d < e->n_docs; d++)
    th_section_u32(e->out, order[d].doc);
  for (uint32_t d = 0; d < e->n_docs; d++)
    th_section_u32(e->out, (uint32_t)(seq[d] - e->first_seq));
  th_section_end(e->out);
  free(order);
}

static inline uint32_t read_varint(const uint8_t **at) {
  uint32_t v = *(*at)++;
  if (TH_LIKELY(v < 0x80)) return v;
  v &= 0x7F;
  for (unsigned shift = 7;; shift += 7) {
    uint32_t b = *(*at)++;
    v |= (b & 0x7F) << shift;
    if (b < 0x80 || shift > 28) return v;
  }
}

/* The bytes are this program's own: written by th_builder_add or checked by the reader. */
static bool decode_pairs(pair_table *t, uint32_t n, const uint32_t *start, const uint8_t *bytes) {
  size_t most = start[n] / 2 + 1, used = 0; /* a pair takes two bytes or more */
  t->start = malloc(((size_t)n + 1) * sizeof *t->start);
  t->field = malloc(most * sizeof *t->field);
  t->value = malloc(most * sizeof *t->value);
  if (!t->start || !t->field || !t->value) return false;
  for (uint32_t i = 0; i < n; i++) {
    const uint8_t *at = bytes + start[i], *end = bytes + start[i + 1];
    uint32_t field = 0;
    t->start[i] = (uint32_t)used;
    while (at < end) {
      field += read_varint(&at);
      t->field[used] = (uint16_t)TH_MIN(field, TH_F_COUNT - 1u);
      t->value[used++] = read_varint(&at);
    }
  }
  t->start[n] = (uint32_t)used;
  return true;
}

static bool compute_norms(th_encoder *e) {
  float(*weight)[TH_BOUND_AREAS] = calloc(TH_F_COUNT, sizeof *weight);
  if (!weight) return false;
  for (unsigned area = 0; area < e->n_areas; area++) {
    int a = th_score_bound_index(area);
    for (unsigned f = 0; a >= 0 && f < TH_F_COUNT; f++)
      weight[f][a] = th_score_weight(area, (uint16_t)f);
  }
  for (uint32_t d = 0; d < e->n_docs; d++) {
    float length[TH_BOUND_AREAS] = {0};
    for (uint32_t i = e->lengths.start[d]; i < e->lengths.start[d + 1]; i++)
      for (unsigned a = 0; a < TH_BOUND_AREAS; a++)
        length[a] += weight[e->lengths.field[i]][a] * (float)e->lengths.value[i];
    for (unsigned a = 0; a < TH_BOUND_AREAS; a++)
      e->norms[(size_t)a * e->n_docs + d] = th_norm_encode(length[a]);
  }
  free(weight);
  return true;
}

void th_encode_lengths(th_encoder *e, const uint32_t *start, const uint8_t *bytes) {
  e->norms = malloc((size_t)TH_BOUND_AREAS * e->n_docs);
  if (!e->norms || !decode_pairs(&e->lengths, e->n_docs, start, bytes) || !compute_norms(e)) {
    fail(e, TH_ENOMEM);
    return;
  }
  th_section_begin(e->out, TH_SEC_LENGTHS);
  th_section_put(e->out, start, ((size_t)e->n_docs + 1) * sizeof *start);
  th_section_put(e->out, bytes, start[e->n_docs]);
  th_section_end(e->out);
  th_section_begin(e->out, TH_SEC_NORMS);
  th_section_put(e->out, e->norms, (size_t)TH_BOUND_AREAS * e->n_docs);
  th_section_end(e->out);
  for (unsigned a = 0; a < TH_BOUND_AREAS; a++)
    e->bound_norms[a] = e->norms + (size_t)a * e->n_docs;
}

static void weigh_classes(th_encoder *e) {
  for (unsigned area = 0; area < e->n_areas; area++) {
    int b = th_score_bound_index(area);
    if (b < 0) continue;
    for (uint32_t c = 0; c < e->n_classes; c++) {
      float sum = 0;
      for (uint32_t i = e->classes.start[c]; i < e->classes.start[c + 1]; i++)
        sum += th_score_weight(area, e->classes.field[i]) * (float)e->classes.value[i];
      e->class_weight[(size_t)c * TH_BOUND_AREAS + (unsigned)b] = sum;
    }
  }
}

/* Class c of a group; `before` is the one before it, or c itself at the start of the group. */
static void put_class(th_bit_writer *w, const pair_table *t, uint32_t c, uint32_t before) {
  uint32_t from = t->start[c], n = t->start[c + 1] - from, other = t->start[before], shared = 0;
  uint32_t most = before == c ? 0 : TH_MIN(n, t->start[before + 1] - other);
  while (shared < most && t->field[from + shared] == t->field[other + shared] &&
         t->value[from + shared] == t->value[other + shared])
    shared++;
  th_rice_put(w, shared, TH_CLASS_COUNT_SHIFT);
  th_rice_put(w, n - shared, TH_CLASS_COUNT_SHIFT);
  for (uint32_t i = shared; i < n; i++) {
    uint32_t delta = t->field[from + i] - (i ? t->field[from + i - 1] + 1u : 0);
    th_gamma_put(w, (delta >> TH_CLASS_FIELD_SHIFT) + 1);
    th_bits_put(w, delta & ((1u << TH_CLASS_FIELD_SHIFT) - 1), TH_CLASS_FIELD_SHIFT);
    th_gamma_put(w, t->value[from + i]);
  }
}

/* The frequent ones as they are, the others in groups that write down what differs. */
static void write_classes(th_encoder *e, uint32_t n, const uint32_t *start, const char *bytes) {
  uint32_t direct = TH_MIN(n, (uint32_t)TH_CLASSES_DIRECT);
  th_buf starts, packed;
  th_buf_init(&starts, 0);
  th_buf_init(&packed, UINT32_MAX);
  th_buf_put(&packed, bytes, start[direct]);
  th_buf_put(&starts, start, (size_t)direct * sizeof *start);
  th_bit_writer w = {.out = &packed};
  for (uint32_t c = direct; c < n; c++) {
    bool first = (c - direct) % TH_CLASS_GROUP == 0;
    if (first) th_bits_flush(&w);
    if (first) put32(&starts, (uint32_t)packed.n);
    put_class(&w, &e->classes, c, c - !first);
  }
  th_bits_flush(&w);
  put32(&starts, (uint32_t)packed.n);
  check(e, &starts);
  check(e, &packed);
  th_section_begin(e->out, TH_SEC_CLASSES);
  th_section_u32(e->out, n);
  if (!e->err.code) th_section_put(e->out, starts.p, starts.n);
  if (!e->err.code) th_section_put(e->out, packed.p, packed.n);
  th_section_end(e->out);
  th_buf_dispose(&starts);
  th_buf_dispose(&packed);
}

void th_encode_classes(th_encoder *e, uint32_t n, const uint32_t *start, const uint8_t *bytes) {
  e->n_classes = n;
  e->class_weight = malloc(((size_t)n + 1) * TH_BOUND_AREAS * sizeof *e->class_weight);
  if (!e->class_weight || !decode_pairs(&e->classes, n, start, bytes)) {
    fail(e, TH_ENOMEM);
    return;
  }
  weigh_classes(e);
  write_classes(e, n, start, (const char *)bytes);
}

/* ---- positions ---- */

static void encode_occurrences(th_encoder *e, const th_encode_spots *spots) {
  size_t room_for = spots->n_bits / 8 + th_occurrences_room(spots->n);
  char *room = th_buf_room(&e->spots, room_for);
  if (!room) {
    fail(e, TH_ENOMEM);
    return;
  }
  th_bit_sink sink = {(uint8_t *)room, e->bits, e->n_bits};
  th_sink_copy(&sink, spots->bits, spots->first_bit, spots->n_bits);
  th_forms_write(&sink, spots->forms, spots->n, e->n_forms);
  th_buf_added(&e->spots, (size_t)(sink.p - (uint8_t *)room));
  e->bits = sink.held;
  e->n_bits = sink.n;
  e->cf += spots->n;
  if (e->held % TH_SPOT_GROUP == 0)
    e->group_ends[e->held / TH_SPOT_GROUP - 1] = (uint64_t)e->spots.n * 8 + e->n_bits;
}

/* Bytes that put_spots needs at most. */
static size_t spots_room(const th_encoder *e) {
  return e->spots.n + 5 * (TH_BLOCK / TH_SPOT_GROUP) + 32;
}

/* Where the groups of the block's postings begin. */
static void put_skip(th_encoder *e, th_bit_sink *s) {
  uint64_t longest = 0;
  unsigned n = (e->held - 1) / TH_SPOT_GROUP, width = 0;
  for (unsigned g = 0; g < n; g++)
    longest = TH_MAX(longest, e->group_ends[g] - (g ? e->group_ends[g - 1] : 0));
  while (longest >> width)
    width++;
  if (width > 31) {
    th_err_set(&e->err, TH_ELIMIT, "%s: a document with too many occurrences of a word", e->path);
    return;
  }
  th_sink_put(s, width, 5);
  for (unsigned g = 0; g < n; g++)
    th_sink_put(s, e->group_ends[g] - (g ? e->group_ends[g - 1] : 0), width);
}

/* The spots gathered since the last block, and where their groups begin. */
static void put_spots(th_encoder *e, th_bit_sink *s) {
  uint64_t n = (uint64_t)e->spots.n * 8 + e->n_bits;
  if (e->held > TH_SPOT_GROUP) put_skip(e, s);
  char *room = th_buf_room(&e->spots, 16); /* what is held, and what th_sink_copy may read */
  if (!room) {
    fail(e, TH_ENOMEM);
    return;
  }
  memcpy(room, &e->bits, sizeof e->bits);
  th_sink_copy(s, (const uint8_t *)e->spots.p, 0, n);
  th_buf_clear(&e->spots);
  e->bits = 0;
  e->n_bits = 0;
}

/* Each block of positions starts at a byte. */
static void end_position_bits(th_encoder *e) {
  char *room = th_buf_room(&e->position_bits, spots_room(e));
  if (!room) {
    fail(e, TH_ENOMEM);
    return;
  }
  th_bit_sink s = {(uint8_t *)room, 0, 0};
  put_spots(e, &s);
  th_buf_added(&e->position_bits, (size_t)(s.p - (uint8_t *)room) + (s.n > 0));
}

/* ---- postings ---- */

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

static void put_bounds(th_encoder *e) {
  float most[TH_BOUND_AREAS] = {0};
  for (unsigned i = 0; i < TH_BLOCK; i++) {
    const float *w = e->class_weight + (size_t)e->block_classes[i] * TH_BOUND_AREAS;
    for (unsigned a = 0; a < TH_BOUND_AREAS; a++) {
      float sat = w[a] / (w[a] + e->length_part[a][e->bound_norms[a][e->docs[i]]]);
      if (sat > most[a]) most[a] = sat;
    }
  }
  /* A little more than the largest, so that rounding elsewhere never makes a score pass it. */
  for (unsigned a = 0; a < TH_BOUND_AREAS; a++)
    th_buf_char(&e->bounds, (char)(uint8_t)TH_MIN(255.0f, ceilf(most[a] * 255.0f + 0.001f)));
}

static void put_exceptions(th_encoder *e, unsigned class_bits, unsigned high_bits) {
  uint8_t bytes[TH_BLOCK * 5 + 8];
  th_bit_sink s = {bytes, 0, 0};
  for (unsigned i = 0; i < TH_BLOCK; i++) {
    uint32_t high = (uint32_t)((uint64_t)e->block_classes[i] >> class_bits);
    if (high) th_sink_put(&s, (uint64_t)high << 7 | i, 7 + high_bits);
  }
  th_buf_char(&e->blocks, (char)high_bits);
  th_buf_put(&e->blocks, bytes, (size_t)(s.p - bytes) + (s.n > 0));
}

static void put_block(th_encoder *e) {
  uint32_t deltas[TH_BLOCK], low[TH_BLOCK], before = e->before;
  uint8_t packed[2 * TH_BLOCK * 4];
  unsigned high_bits, n_exceptions, class_bits;
  for (unsigned i = 0; i < TH_BLOCK; i++) {
    deltas[i] = e->docs[i] - before - 1;
    before = e->docs[i];
  }
  unsigned doc_bits = th_bits_of(deltas, TH_BLOCK);
  class_bits = class_width(e->block_classes, &high_bits, &n_exceptions);
  uint32_t mask = class_bits == 32 ? UINT32_MAX : (1u << class_bits) - 1;
  for (unsigned i = 0; i < TH_BLOCK; i++)
    low[i] = e->block_classes[i] & mask;
  const char head[3] = {(char)doc_bits, (char)class_bits, (char)n_exceptions};
  th_pack(deltas, doc_bits, packed);
  th_pack(low, class_bits, packed + th_packed_size(doc_bits));
  th_buf_put(&e->blocks, head, sizeof head);
  th_buf_put(&e->blocks, packed, th_packed_size(doc_bits) + th_packed_size(class_bits));
  if (n_exceptions) put_exceptions(e, class_bits, high_bits);
  e->before = before;
}

static void end_block(th_encoder *e) {
  put_block(e);
  put_bounds(e);
  put32(&e->last_docs, e->before);
  put32(&e->ends, (uint32_t)e->blocks.n);
  end_position_bits(e);
  put32(&e->position_ends, (uint32_t)e->position_bits.n);
  if (e->blocks.n > UINT32_MAX || e->position_bits.n > UINT32_MAX)
    th_err_set(&e->err, TH_ELIMIT, "%s: a posting list of more than 4 GB", e->path);
  e->held = 0;
}

void th_encode_posting(th_encoder *e, uint32_t doc, uint32_t class_id,
                       const th_encode_spots *spots) {
  if (e->err.code) return;
  e->docs[e->held] = doc;
  e->block_classes[e->held++] = class_id;
  e->df++;
  encode_occurrences(e, spots);
  if (e->held == TH_BLOCK) end_block(e);
}

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
static void put_tail(th_encoder *e) {
  unsigned k = th_tail_shift(e->n_docs, e->df), widest = th_bits_for(e->n_classes);
  uint32_t before = e->before;
  char *room =
      th_buf_room(&e->blocks, (size_t)e->held * 16 + (e->n_docs >> k) / 8 + 16 + spots_room(e));
  if (!room) {
    fail(e, TH_ENOMEM);
    return;
  }
  th_bit_sink s = {(uint8_t *)room, 0, 0};
  for (uint32_t i = 0; i < e->held; i++) {
    uint32_t v = e->docs[i] - before - 1, ones = v >> k;
    for (; ones >= 32; ones -= 32)
      th_sink_put(&s, UINT32_MAX, 32);
    th_sink_put(&s, (UINT64_C(1) << ones) - 1, ones + 1);
    th_sink_put(&s, v & ((1u << k) - 1), k);
    put_tail_class(&s, e->block_classes[i], widest);
    before = e->docs[i];
  }
  if (e->df < TH_BLOCK) put_spots(e, &s);
  th_buf_added(&e->blocks, (size_t)(s.p - (uint8_t *)room) + (s.n > 0));
  if (e->df >= TH_BLOCK && e->held) end_position_bits(e);
}

/* ---- terms ---- */

void th_encode_term_begin(th_encoder *e, th_span stem, const th_span *forms, uint32_t n_forms) {
  e->stem = stem;
  e->forms = forms;
  e->n_forms = n_forms;
  e->df = 0;
  e->cf = 0;
  e->before = UINT32_MAX;
  e->held = 0;
  th_buf *const buffers[] = {&e->last_docs,     &e->ends,          &e->bounds, &e->blocks,
                             &e->position_ends, &e->position_bits, &e->spots};
  for (size_t i = 0; i < TH_COUNT(buffers); i++)
    th_buf_clear(buffers[i]);
}

/* `before` is the text that the new one may share its beginning with. */
static void put_head(th_buf *b, const char *before, size_t before_len, th_span text) {
  size_t shared = shared_bytes(before, before_len, text), rest = text.n - shared;
  th_buf_char(b, (char)(TH_MIN(rest, 15u) << 4 | TH_MIN(shared, 15u)));
  if (shared >= 15) th_buf_varint(b, shared - 15);
  if (rest >= 15) th_buf_varint(b, rest - 15);
  th_buf_put(b, text.p + shared, rest);
}

static void put_entry(th_encoder *e, uint64_t postings, uint64_t positions) {
  bool first = e->n_terms % TH_TERM_BLOCK == 0;
  th_buf_clear(&e->entry);
  if (first) th_buf_put(&e->block_starts, &e->terms.n, sizeof e->terms.n);
  bool stem_first = th_span_eq(e->forms[0], e->stem);
  put_head(&e->entry, e->last_stem, first ? 0 : e->last_stem_len, e->stem);
  bool more = e->n_forms > 1 || !stem_first;
  th_buf_varint(&e->entry, (uint64_t)(e->df - 1) << 2 | (e->cf > e->df) << 1 | more);
  if (e->cf > e->df) th_buf_varint(&e->entry, e->cf - e->df - 1);
  th_buf_varint(&e->entry, first ? postings : postings - e->postings_before);
  if (first || e->list_before)
    th_buf_varint(&e->entry, first ? positions : positions - e->positions_before);
  if (more) th_buf_varint(&e->entry, (uint64_t)e->n_forms << 1 | stem_first);
  for (uint32_t i = stem_first; i < e->n_forms; i++)
    put_head(&e->entry, e->stem.p, e->stem.n, e->forms[i]);
  check(e, &e->entry);
  check(e, &e->block_starts);
  th_spool_put(&e->terms, e->entry.p, e->entry.n);
  memcpy(e->last_stem, e->stem.p, e->stem.n);
  e->last_stem_len = e->stem.n;
  e->postings_before = postings;
  e->positions_before = positions;
  e->list_before = e->df >= TH_BLOCK;
  e->n_terms++;
}

void th_encode_term_end(th_encoder *e) {
  if (e->df == 0 || e->err.code) return;
  uint64_t postings = e->postings.n, positions = e->positions.n;
  th_buf *const postings_parts[] = {&e->last_docs, &e->ends, &e->bounds, &e->blocks};
  th_buf *const position_parts[] = {&e->position_ends, &e->position_bits};
  put_tail(e);
  for (size_t i = 0; i < TH_COUNT(postings_parts); i++) {
    check(e, postings_parts[i]);
    th_spool_put(&e->postings, postings_parts[i]->p, postings_parts[i]->n);
  }
  for (size_t i = 0; i < TH_COUNT(position_parts); i++) {
    check(e, position_parts[i]);
    th_spool_put(&e->positions, position_parts[i]->p, position_parts[i]->n);
  }
  put_entry(e, postings, positions);
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

/* ---- columns ---- */

typedef struct column_head {
  uint16_t field;
  uint8_t kind, width, flags, reserved[3];
  int64_t base;
  uint32_t n_rows, n_values;
  uint64_t docs_off, starts_off, values_off, dict_off, dict_len;
} column_head;
_Static_assert(sizeof(column_head) == 64, "as format.h has it");

static unsigned width_of(uint64_t most) {
  return most <= UINT8_MAX ? 1 : most <= UINT16_MAX ? 2 : most <= UINT32_MAX ? 4 : 8;
}

/* A table at the next multiple of 8; returns its offset + 1 for now, as 0 means absent. */
static uint64_t put_table(th_encoder *e, const void *p, size_t n) {
  th_spool_align(&e->columns, 8);
  uint64_t at = e->columns.n + 1;
  th_spool_put(&e->columns, p, n);
  return at;
}

/* Numbers of `width` bytes: little-endian, so the low bytes of each. */
static uint64_t put_numbers(th_encoder *e, const uint64_t *v, size_t n, unsigned width) {
  uint64_t at = put_table(e, NULL, 0);
  for (size_t i = 0; i < n; i++)
    th_spool_put(&e->columns, &v[i], width);
  return at;
}

static void put_mask(th_encoder *e, const th_encode_column_rows *c, column_head *head) {
  uint64_t *dense = calloc(e->n_docs, sizeof *dense), most = 0;
  if (!dense) {
    fail(e, TH_ENOMEM);
    return;
  }
  for (uint32_t i = 0; i < c->n_rows; i++) {
    dense[c->docs[i]] = (uint64_t)c->values[i];
    most |= (uint64_t)c->values[i];
  }
  head->width = (uint8_t)width_of(most);
  head->n_rows = head->n_values = e->n_docs;
  head->values_off = put_numbers(e, dense, e->n_docs, head->width);
  free(dense);
}

static void put_dict(th_encoder *e, const th_encode_column_rows *c, column_head *head) {
  uint32_t at = 0;
  head->dict_off = put_table(e, &c->n_words, sizeof c->n_words);
  uint64_t from = e->columns.n;
  th_spool_put(&e->columns, &at, sizeof at);
  for (uint32_t i = 0; i < c->n_words; i++) {
    at += (uint32_t)c->words[i].n;
    th_spool_put(&e->columns, &at, sizeof at);
  }
  for (uint32_t i = 0; i < c->n_words; i++)
    th_spool_put(&e->columns, c->words[i].p, c->words[i].n);
  head->dict_len = e->columns.n - from + sizeof c->n_words;
}

/* The documents as a list, or as a set where that is shorter. */
static void put_docs(th_encoder *e, const th_encode_column_rows *c, column_head *head) {
  size_t words = (e->n_docs + 63u) / 64, groups = (e->n_docs + TH_SET_GROUP - 1u) / TH_SET_GROUP;
  if (c->n_rows == e->n_docs) return;
  if (8 * words + 4 * groups >= 4 * (size_t)c->n_rows) {
    head->docs_off = put_table(e, c->docs, (size_t)c->n_rows * 4);
    return;
  }
  uint64_t *set = calloc(words, sizeof *set);
  uint32_t *before = calloc(groups, sizeof *before);
  if (set && before) {
    for (uint32_t i = 0; i < c->n_rows; i++) {
      set[c->docs[i] / 64] |= UINT64_C(1) << c->docs[i] % 64;
      if (c->docs[i] / TH_SET_GROUP + 1 < groups) before[c->docs[i] / TH_SET_GROUP + 1]++;
    }
    for (size_t g = 1; g < groups; g++)
      before[g] += before[g - 1];
    head->flags |= TH_COLUMN_SET;
    head->docs_off = put_table(e, set, words * sizeof *set);
    th_spool_put(&e->columns, before, groups * sizeof *before);
  } else {
    fail(e, TH_ENOMEM);
  }
  free(set);
  free(before);
}

/* Whether the starts of each group are near that of its first. */
static bool are_near(const uint32_t *starts, uint32_t n) {
  for (uint32_t i = 0; i < n; i++)
    if (starts[i] - starts[i - i % TH_START_GROUP] > UINT16_MAX) return false;
  return true;
}

static void put_starts(th_encoder *e, const th_encode_column_rows *c, column_head *head) {
  uint32_t n = c->n_rows + 1;
  if (c->n_values == c->n_rows) return;
  if (!are_near(c->starts, n)) {
    head->starts_off = put_table(e, c->starts, (size_t)n * 4);
    return;
  }
  head->flags |= TH_COLUMN_NARROW;
  head->starts_off = put_table(e, NULL, 0);
  for (uint32_t i = 0; i < n; i += TH_START_GROUP)
    th_spool_put(&e->columns, &c->starts[i], 4);
  for (uint32_t i = 0; i < n; i++) {
    uint16_t low = (uint16_t)(c->starts[i] - c->starts[i - i % TH_START_GROUP]);
    th_spool_put(&e->columns, &low, sizeof low);
  }
}

static void put_values(th_encoder *e, const th_encode_column_rows *c, column_head *head) {
  int64_t low = INT64_MAX, high = INT64_MIN;
  for (uint32_t i = 0; i < c->n_values; i++) {
    low = TH_MIN(low, c->values[i]);
    high = TH_MAX(high, c->values[i]);
  }
  if (c->kind == TH_COL_KEYWORD) low = 0;
  uint64_t *values = malloc(((size_t)c->n_values + 1) * sizeof *values);
  if (!values) {
    fail(e, TH_ENOMEM);
    return;
  }
  for (uint32_t i = 0; i < c->n_values; i++)
    values[i] = (uint64_t)c->values[i] - (uint64_t)low;
  head->width = (uint8_t)width_of((uint64_t)high - (uint64_t)low);
  head->base = low;
  put_docs(e, c, head);
  put_starts(e, c, head);
  head->values_off = put_numbers(e, values, c->n_values, head->width);
  free(values);
}

void th_encode_column(th_encoder *e, const th_encode_column_rows *c) {
  column_head head = {
      .field = c->field, .kind = c->kind, .n_rows = c->n_rows, .n_values = c->n_values};
  if (c->n_rows == 0 || e->err.code) return;
  if (c->kind == TH_COL_MASK)
    put_mask(e, c, &head);
  else
    put_values(e, c, &head);
  if (c->kind == TH_COL_KEYWORD) put_dict(e, c, &head);
  th_buf_put(&e->column_heads, &head, sizeof head);
  check(e, &e->column_heads);
  e->n_columns++;
}

static void write_columns(th_encoder *e) {
  uint64_t base = (4 + e->n_columns * sizeof(column_head) + 7) / 8 * 8;
  static const char zeros[8];
  if (e->err.code) return;
  th_section_begin(e->out, TH_SEC_COLUMNS);
  th_section_u32(e->out, e->n_columns);
  for (uint32_t i = 0; i < e->n_columns; i++) {
    column_head head;
    memcpy(&head, e->column_heads.p + i * sizeof head, sizeof head);
    uint64_t *const offsets[] = {&head.docs_off, &head.starts_off, &head.values_off,
                                 &head.dict_off};
    for (size_t k = 0; k < TH_COUNT(offsets); k++)
      if (*offsets[k]) *offsets[k] += base - 1;
    th_section_put(e->out, &head, sizeof head);
  }
  th_section_put(e->out, zeros, base - 4 - e->n_columns * sizeof(column_head));
  th_section_spool(e->out, &e->columns);
  th_section_end(e->out);
}

void th_encode_sites(th_encoder *e, const th_sites *s) {
  const size_t n = s->n;
  write_columns(e);
  if (e->err.code) return;
  th_section_begin(e->out, TH_SEC_SITES);
  th_section_u32(e->out, s->n);
  th_section_put(e->out, s->start, ((size_t)e->n_docs + 1) * 4);
  th_section_put(e->out, s->lat, n * 4);
  th_section_put(e->out, s->lon, n * 4);
  th_section_put(e->out, s->country, n * 4);
  th_section_put(e->out, s->state, n * 4);
  th_section_put(e->out, s->city, n * 4);
  th_section_put(e->out, s->facility, n * 4);
  th_section_put(e->out, s->status, n);
  th_section_end(e->out);
}
