/* The encoder's life; documents, lengths, norms and classes. Postings and the dictionary are in
 * encode_terms.c, columns and sites in encode_columns.c. */
#include "index/builder.h"
#include "index/class_code.h"
#include "index/encode_private.h"
#include "index/score.h"
#include "study/catalogue.h"

enum { SPOOL_BYTES = 16 << 20 };

void th_encoder_fail(th_encoder *e, int code) {
  th_err_set(&e->err, code, "out of memory writing %s", e->path);
}
void th_encoder_check(th_encoder *e, const th_buf *b) {
  if (b->error) th_encoder_fail(e, b->error);
}
bool th_encoder_failed(const th_encoder *e) {
  return e->err.code || th_sections_state(e->out);
}

/* ---- life ---- */

static bool weigh_fields(th_encoder *e) {
  e->weights = calloc(TH_F_COUNT, sizeof *e->weights);
  if (!e->weights) return false;
  for (unsigned area = 0; area < th_score_areas(); area++) {
    int a = th_score_bound_index(area);
    for (uint16_t f = 0; a >= 0 && f < TH_F_COUNT; f++)
      e->weights[f][a] = th_score_weight(area, f);
  }
  return true;
}

th_encoder *th_encoder_new(const char *path, uint32_t n_docs, th_err *err) {
  th_encoder *e = calloc(1, sizeof *e);
  if (!e || !weigh_fields(e)) {
    th_err_set(err, TH_ENOMEM, "out of memory writing %s", path);
    free(e);
    return NULL;
  }
  e->out = th_sections_new(path, err);
  if (!e->out) {
    free(e->weights);
    free(e);
    return NULL;
  }
  e->path = path;
  e->n_docs = n_docs;
  th_spool_init(&e->terms, path, SPOOL_BYTES);
  th_spool_init(&e->postings, path, SPOOL_BYTES);
  th_spool_init(&e->positions, path, SPOOL_BYTES);
  th_spool_init(&e->columns, path, SPOOL_BYTES);
  return e;
}

static void encoder_free(th_encoder *e) {
  th_buf *const buffers[] = {&e->blocks, &e->position_bits, &e->form_bits, &e->block_starts,
                             &e->column_heads};
  for (size_t i = 0; i < TH_COUNT(buffers); i++)
    th_buf_dispose(buffers[i]);
  th_spool_dispose(&e->terms);
  th_spool_dispose(&e->postings);
  th_spool_dispose(&e->positions);
  th_spool_dispose(&e->columns);
  free(e->classes.start);
  free(e->classes.field);
  free(e->classes.value);
  free(e->weights);
  free(e->class_weight);
  free(e->length_part);
  free(e);
}

int th_encoder_finish(th_encoder *e, bool commit, th_err *err) {
  th_sections_head head = {e->n_docs, th_index_fingerprint(), e->first_seq, e->last_seq};
  if (e->err.code) th_sections_fail(e->out, &e->err);
  int rc = th_sections_finish(e->out, commit ? &head : NULL, err);
  encoder_free(e);
  return rc;
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
    th_encoder_fail(e, TH_ENOMEM);
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

/* ---- lengths and norms ---- */

/* The bytes read here are this program's own: written by th_builder_add or checked by the reader.
 */
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

static inline uint16_t read_field(const uint8_t **at, uint32_t *field) {
  *field += read_varint(at);
  return (uint16_t)TH_MIN(*field, TH_F_COUNT - 1u);
}

/* Weighted sums of (field, number) pairs, area by area. */
static inline void add_weighted(th_lanes sum, const th_lanes weight, uint32_t value) {
  for (unsigned a = 0; a < TH_ENCODE_LANES; a++)
    sum[a] += weight[a] * (float)value;
}

/* norms: TH_BOUND_AREAS * n_docs. */
static void weigh_lengths(th_encoder *e, const uint32_t *start, const uint8_t *bytes,
                          uint8_t *norms) {
  const float *parts[TH_BOUND_AREAS] = {0};
  for (unsigned area = 0; area < th_score_areas(); area++) {
    int a = th_score_bound_index(area);
    if (a >= 0) parts[a] = th_score_lengths(area);
  }
  for (uint32_t d = 0; d < e->n_docs; d++) {
    th_lanes length = {0};
    uint32_t field = 0;
    for (const uint8_t *at = bytes + start[d]; at < bytes + start[d + 1];) {
      uint16_t f = read_field(&at, &field);
      add_weighted(length, e->weights[f], read_varint(&at));
    }
    for (unsigned a = 0; a < TH_ENCODE_LANES; a++)
      e->length_part[d][a] = 1; /* where there is no area: anything but 0 */
    for (unsigned a = 0; a < TH_BOUND_AREAS; a++) {
      uint8_t norm = th_norm_encode(length[a]);
      norms[(size_t)a * e->n_docs + d] = norm;
      e->length_part[d][a] = parts[a][norm];
    }
  }
}

void th_encode_lengths(th_encoder *e, const uint32_t *start, const uint8_t *bytes) {
  uint8_t *norms = malloc((size_t)TH_BOUND_AREAS * e->n_docs);
  e->length_part = malloc(e->n_docs * sizeof *e->length_part);
  if (!norms || !e->length_part) {
    th_encoder_fail(e, TH_ENOMEM);
    goto done;
  }
  weigh_lengths(e, start, bytes, norms);
  th_section_begin(e->out, TH_SEC_LENGTHS);
  th_section_put(e->out, start, ((size_t)e->n_docs + 1) * sizeof *start);
  th_section_put(e->out, bytes, start[e->n_docs]);
  th_section_end(e->out);
  th_section_begin(e->out, TH_SEC_NORMS);
  th_section_put(e->out, norms, (size_t)TH_BOUND_AREAS * e->n_docs);
  th_section_end(e->out);
done:
  free(norms);
}

/* ---- classes ---- */

static bool decode_classes(th_encoder *e, const uint32_t *start, const uint8_t *bytes) {
  th_pair_table *t = &e->classes;
  uint32_t n = e->n_classes;
  size_t most = start[n] / 2 + 1, used = 0; /* a pair takes two bytes or more */
  t->start = th_large_alloc(((size_t)n + 1) * sizeof *t->start);
  t->field = th_large_alloc(most * sizeof *t->field);
  t->value = th_large_alloc(most * sizeof *t->value);
  e->class_weight = th_large_alloc(((size_t)n + 1) * sizeof *e->class_weight);
  if (!t->start || !t->field || !t->value || !e->class_weight) return false;
  for (uint32_t c = 0; c < n; c++) {
    uint32_t field = 0;
    th_lanes weight = {0};
    t->start[c] = (uint32_t)used;
    for (const uint8_t *at = bytes + start[c]; at < bytes + start[c + 1]; used++) {
      t->field[used] = read_field(&at, &field);
      t->value[used] = read_varint(&at);
      add_weighted(weight, e->weights[t->field[used]], t->value[used]);
    }
    memcpy(e->class_weight[c], weight, sizeof weight);
  }
  t->start[n] = (uint32_t)used;
  return true;
}

/* Class c of a group; `before` is the one before it, or c itself at the start of the group. */
static void put_class(th_bit_sink *s, const th_pair_table *t, uint32_t c, uint32_t before) {
  uint32_t from = t->start[c], n = t->start[c + 1] - from, other = t->start[before], shared = 0;
  uint32_t most = before == c ? 0 : TH_MIN(n, t->start[before + 1] - other);
  while (shared < most && t->field[from + shared] == t->field[other + shared] &&
         t->value[from + shared] == t->value[other + shared])
    shared++;
  th_rice_put(s, shared, TH_CLASS_COUNT_SHIFT);
  th_rice_put(s, n - shared, TH_CLASS_COUNT_SHIFT);
  for (uint32_t i = shared; i < n; i++) {
    uint32_t delta = t->field[from + i] - (i ? t->field[from + i - 1] + 1u : 0);
    th_gamma_put(s, (delta >> TH_CLASS_FIELD_SHIFT) + 1);
    th_sink_put(s, delta & ((1u << TH_CLASS_FIELD_SHIFT) - 1), TH_CLASS_FIELD_SHIFT);
    th_gamma_put(s, t->value[from + i]);
  }
}

/* Classes [first, end). A class takes at most 14 bytes a pair and a bit for each of the pairs. */
static void put_group(const th_pair_table *t, uint32_t first, uint32_t end, th_buf *packed) {
  size_t pairs = t->start[end] - t->start[first];
  char *room = th_buf_room(packed, 16 * pairs + 16 * TH_CLASS_GROUP);
  if (!room) return;
  th_bit_sink s = {(uint8_t *)room, 0, 0};
  for (uint32_t c = first; c < end; c++)
    put_class(&s, t, c, c - (c > first));
  th_buf_added(packed, (size_t)(th_sink_end(&s) - (uint8_t *)room));
}

static void put_start(th_buf *starts, const th_buf *packed) {
  uint32_t at = (uint32_t)packed->n;
  th_buf_put(starts, &at, sizeof at);
}

/* The frequent ones as they are, the others in groups that write down what differs. */
static void write_classes(th_encoder *e, uint32_t n, const uint32_t *start, const char *bytes) {
  uint32_t direct = TH_MIN(n, (uint32_t)TH_CLASSES_DIRECT);
  th_buf starts, packed;
  th_buf_init(&starts, 0);
  th_buf_init(&packed, UINT32_MAX);
  th_buf_put(&packed, bytes, start[direct]);
  th_buf_put(&starts, start, (size_t)direct * sizeof *start);
  for (uint32_t c = direct, end; c < n; c = end) {
    end = c + TH_MIN(n - c, (uint32_t)TH_CLASS_GROUP);
    put_start(&starts, &packed);
    put_group(&e->classes, c, end, &packed);
  }
  put_start(&starts, &packed);
  th_encoder_check(e, &starts);
  th_encoder_check(e, &packed);
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
  if (decode_classes(e, start, bytes))
    write_classes(e, n, start, (const char *)bytes);
  else
    th_encoder_fail(e, TH_ENOMEM);
}
