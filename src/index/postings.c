/* A term's postings, block by block, and the positions behind them. Widths and places in a list are
 * checked before they are followed, decoded numbers before they are handed out. */
#include "index/codec.h"
#include "index/segment_private.h"
#include "study/catalogue.h"

enum {
  /* No delta of a segment needs more; and sums of TH_BLOCK such deltas cannot wrap around. */
  DOC_BITS_MAX = 24,
  INDEX_ENTRY = 8 + TH_BOUND_AREAS, /* bytes of a list's index for each block */
};

static bool bad_list(th_postings *p, unsigned section, const uint8_t *at) {
  p->n = 0;
  p->block = p->n_blocks + 1; /* at the end */
  const th_segment *s = p->term.s;
  return th_segment_damaged(s, TH_DAMAGE_VALUE, section, (uint64_t)(at - s->section[section].p));
}

void th_postings_init(th_postings *p, const th_term *term) {
  uint32_t blocks = term->df / TH_BLOCK;
  uint64_t index = (uint64_t)blocks * INDEX_ENTRY;
  p->term = *term;
  p->n_blocks = blocks;
  p->block = p->pos_block = UINT32_MAX;
  p->pos_next = 0;
  p->pos_bit = 0;
  p->part.read = false;
  p->tail_bits = 0;
  p->n = 0;
  p->last_doc = (const th_u32 *)term->postings;
  p->block_end = p->last_doc + blocks;
  p->bounds = (const uint8_t *)(p->block_end + blocks);
  p->data = term->postings + index;
  if (index > (uint64_t)(term->postings_end - term->postings)) {
    p->n_blocks = 0;
    bad_list(p, TH_SEC_POSTINGS, term->postings);
  } else if (!th_segment_use_at(term->s, TH_SEC_POSTINGS, term->postings, index)) {
    p->n_blocks = 0;
    p->block = 1;
  }
}

static uint32_t largest(const uint32_t v[TH_BLOCK]) {
  uint32_t most = 0;
  for (unsigned i = 0; i < TH_BLOCK; i++)
    most = TH_MAX(most, v[i]);
  return most;
}

/* High bits of the few classes that are wider than the rest. */
static bool read_exceptions(th_postings *p, const uint8_t *at, const uint8_t *end, unsigned n,
                            unsigned bits) {
  if (n == 0) return at == end;
  unsigned high_bits = at < end ? *at++ : 0;
  if (n > TH_BLOCK || high_bits == 0 || high_bits + bits > 32 ||
      (size_t)(end - at) != (n * (7 + high_bits) + 7) / 8)
    return false;
  th_bit_reader r = th_bits_open(at, end);
  for (unsigned i = 0; i < n; i++) {
    unsigned index = th_bits_get(&r, 7);
    p->classes[index] |= th_bits_get(&r, high_bits) << bits;
    if (p->classes[index] >= p->term.s->n_classes) return false;
  }
  return true;
}

static bool decode_block(th_postings *p, uint32_t block) {
  const th_segment *s = p->term.s;
  uint32_t from = block ? p->block_end[block - 1] : 0, to = p->block_end[block];
  uint32_t before = block ? p->last_doc[block - 1] : UINT32_MAX;
  const uint8_t *at = p->data + from, *end = p->data + to;
  if (from > to || to > (uint64_t)(p->term.postings_end - p->data) || to - from < 3 ||
      (block && before >= s->n_docs))
    return bad_list(p, TH_SEC_POSTINGS, p->term.postings);
  if (!th_segment_use_at(s, TH_SEC_POSTINGS, at, to - from)) {
    p->block = p->n_blocks + 1;
    p->n = 0;
    return false;
  }
  unsigned doc_bits = at[0], class_bits = at[1], n_exceptions = at[2];
  at += 3;
  if (doc_bits > DOC_BITS_MAX || class_bits > 32 ||
      th_packed_size(doc_bits) + th_packed_size(class_bits) > (size_t)(end - at))
    return bad_list(p, TH_SEC_POSTINGS, at);
  th_unpack_sum(at, doc_bits, before, p->docs);
  at += th_packed_size(doc_bits);
  th_unpack(at, class_bits, p->classes);
  bool all_fit = UINT64_C(1) << class_bits <= s->n_classes; /* but for exceptions */
  at += th_packed_size(class_bits);
  if (!read_exceptions(p, at, end, n_exceptions, class_bits) ||
      p->docs[TH_BLOCK - 1] != p->last_doc[block] || p->docs[TH_BLOCK - 1] >= s->n_docs ||
      (!all_fit && largest(p->classes) >= s->n_classes))
    return bad_list(p, TH_SEC_POSTINGS, at);
  p->block = block;
  p->n = TH_BLOCK;
  return true;
}

static uint32_t read_tail_class(th_bit_reader *r, uint32_t n_classes) {
  switch (th_bits_get(r, 2)) {
  case 0:
    return th_bits_get(r, TH_TAIL_WIDTH_0);
  case 1:
    return TH_TAIL_FIRST_1 + th_bits_get(r, TH_TAIL_WIDTH_1);
  case 2:
    return TH_TAIL_FIRST_2 + th_bits_get(r, TH_TAIL_WIDTH_2);
  default:
    return th_bits_get(r, th_bits_for(n_classes));
  }
}

/* A delta and a class read from one word, when they fit it: nearly always. */
static inline bool read_tail_word(th_bit_reader *r, unsigned shift, unsigned last_width,
                                  uint32_t *delta, uint32_t *class_id) {
  const uint8_t width[4] = {TH_TAIL_WIDTH_0, TH_TAIL_WIDTH_1, TH_TAIL_WIDTH_2, (uint8_t)last_width};
  static const uint16_t first[4] = {0, TH_TAIL_FIRST_1, TH_TAIL_FIRST_2, 0};
  uint64_t word;
  memcpy(&word, r->p + r->at / 8, 8);
  word >>= r->at % 8;
  unsigned high = (unsigned)__builtin_ctzll(~word | UINT64_C(1) << 20);
  unsigned rest = (unsigned)(word >> (high + 1) >> shift & 3);
  unsigned bits = high + 1 + shift + 2 + width[rest];
  if (high == 20 || bits > 57 || bits > r->n - r->at) return false;
  word >>= high + 1;
  *delta = (uint32_t)(high << shift | (word & ((UINT64_C(1) << shift) - 1)));
  word >>= shift + 2;
  *class_id = first[rest] + (uint32_t)(word & ((UINT64_C(1) << width[rest]) - 1));
  r->at += bits;
  return true;
}

static bool decode_tail(th_postings *p) {
  const th_segment *s = p->term.s;
  uint32_t n = p->term.df % TH_BLOCK, from = p->n_blocks ? p->block_end[p->n_blocks - 1] : 0;
  uint64_t doc = p->n_blocks ? p->last_doc[p->n_blocks - 1] : UINT64_MAX;
  const uint8_t *at = p->data + from, *end = p->term.postings_end;
  if (from > (uint64_t)(end - p->data)) return bad_list(p, TH_SEC_POSTINGS, p->term.postings);
  p->block = p->n_blocks;
  p->n = 0;
  if (n == 0) return false;
  if (!th_segment_use_at(s, TH_SEC_POSTINGS, at, (uint64_t)(end - at))) return false;
  th_bit_reader r = th_bits_open(at, end);
  unsigned shift = th_tail_shift(s->n_docs, p->term.df), width = th_bits_for(s->n_classes);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t delta, class_id;
    if (read_tail_word(&r, shift, width, &delta, &class_id)) {
      doc += 1 + (uint64_t)delta;
    } else {
      uint64_t high = th_bits_unary(&r, s->n_docs);
      doc += 1 + (high << shift | th_bits_get(&r, shift));
      class_id = read_tail_class(&r, s->n_classes);
    }
    if (r.over || doc >= s->n_docs || class_id >= s->n_classes)
      return bad_list(p, TH_SEC_POSTINGS, at);
    p->docs[i] = (uint32_t)doc;
    p->classes[i] = class_id;
  }
  if (p->n_blocks && (r.at + 7) / 8 != (uint64_t)(end - at))
    return bad_list(p, TH_SEC_POSTINGS, at);
  p->tail_bits = r.at;
  p->n = n;
  return true;
}

bool th_postings_next_block(th_postings *p) {
  uint32_t next = p->block + 1; /* from UINT32_MAX to 0 */
  if (next < p->n_blocks) return decode_block(p, next);
  if (next == p->n_blocks) return decode_tail(p);
  p->block = p->n_blocks + 1;
  p->n = 0;
  return false;
}

/* First block in [low, n_blocks) whose last document is not below target: steps that double, then
 * halves. */
static uint32_t gallop(const th_postings *p, uint32_t low, uint32_t target) {
  uint32_t step = 1, high = low;
  while (high < p->n_blocks && p->last_doc[high] < target) {
    low = high + 1;
    high = p->n_blocks - high > step ? high + step : p->n_blocks;
    step *= 2;
  }
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (p->last_doc[mid] < target)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

bool th_postings_seek_block(th_postings *p, uint32_t target) {
  if (p->n && p->docs[p->n - 1] >= target) return true;
  uint32_t next = p->block + 1;
  if (next > p->n_blocks) return th_postings_next_block(p);
  uint32_t block = gallop(p, next, target);
  if (block < p->n_blocks) return decode_block(p, block);
  return decode_tail(p) && p->docs[p->n - 1] >= target;
}

/* ---- positions ---- */

typedef struct position_sink {
  const uint64_t *want;
  th_occurrence *out;
  unsigned n, max;
} position_sink;

static bool is_wanted(const position_sink *sink, uint32_t field) {
  return !sink->want || (sink->want[field / 64] >> (field % 64) & 1);
}

enum { EVERY_FIELD = UINT16_MAX };

/* Where a reader is within one posting: the fields of its class, along the fields of the document.
 */
typedef struct posting_walk {
  th_class_scratch scratch;
  const uint8_t *class_first, *class_at, *class_end, *length_at, *length_end;
  uint32_t field, length_field, length;
} posting_walk;

static bool begin_posting(const th_segment *s, const th_postings *p, uint32_t i, posting_walk *w) {
  w->field = w->length_field = UINT32_MAX;
  w->length = 0;
  if (!th_segment_class_bytes(s, p->classes[i], &w->scratch, &w->class_at, &w->class_end) ||
      !th_segment_length_bytes(s, p->docs[i], &w->length_at, &w->length_end))
    return false;
  w->class_first = w->class_at;
  return true;
}

/* Goes on along the lengths to a field; false when the document has no such text. */
static inline bool find_length(const th_segment *s, posting_walk *w, uint32_t field) {
  const uint8_t *at = w->length_at;
  if (w->length_field == UINT32_MAX) {
    if (!th_segment_next_pair(s, TH_SEC_LENGTHS, &w->length_at, w->length_end, &w->length_field,
                              &w->length))
      return false;
    at = w->length_at;
  }
  /* Most pairs take two bytes, and most are of fields that are not wanted. */
  while (w->length_field < field && w->length_end - at >= 2 && (at[0] | at[1]) < 0x80 && at[0]) {
    w->length_field += at[0];
    w->length = at[1];
    at += 2;
  }
  w->length_at = at;
  while (w->length_field < field)
    if (!th_segment_next_pair(s, TH_SEC_LENGTHS, &w->length_at, w->length_end, &w->length_field,
                              &w->length))
      return false;
  return w->length_field == field && w->length > 0;
}

/* The positions of one posting, field by field. Stops behind field `last`. */
static bool read_positions(const th_segment *s, th_postings *p, posting_walk *w, uint32_t last,
                           th_bit_reader *bits, position_sink *sink) {
  uint32_t tf = 0;
  while ((w->field == UINT32_MAX || w->field < last) &&
         th_segment_next_pair(s, TH_SEC_CLASSES, &w->class_at, w->class_end, &w->field, &tf)) {
    uint32_t room = sink->out && is_wanted(sink, w->field) ? sink->max - sink->n : 0;
    if (!find_length(s, w, w->field) || !th_positions_read(bits, (uint16_t)w->field, tf, w->length,
                                                           room ? sink->out + sink->n : NULL, room))
      return false;
    sink->n += TH_MIN(tf, room);
    p->pos_total += tf;
  }
  return true;
}

/* The forms of the occurrences that read_positions has read, field by field. */
static bool read_forms(const th_segment *s, const th_postings *p, const posting_walk *w,
                       th_bit_reader *bits, position_sink *sink) {
  const uint8_t *class_at = w->class_first;
  uint32_t field = UINT32_MAX, tf = 0, n = 0;
  if (!th_forms_begin(bits, p->pos_total, p->term.n_forms)) return !bits->over;
  if (!sink->out) return th_forms_read(bits, p->pos_total, p->term.n_forms, NULL, 0);
  while (th_segment_next_pair(s, TH_SEC_CLASSES, &class_at, w->class_end, &field, &tf)) {
    uint32_t stored = is_wanted(sink, field) ? TH_MIN(tf, sink->n - n) : 0;
    if (!th_forms_read(bits, tf, p->term.n_forms, stored ? sink->out + n : NULL, stored))
      return false;
    n += stored;
  }
  return true;
}

/* The posting that was read as far as some field, from there on. */
static void resume(const th_postings *p, posting_walk *w) {
  w->class_at = w->class_first + p->part.class_bytes;
  w->field = p->part.field;
  w->length_at = p->part.length_at;
  w->length_field = p->part.length_field;
  w->length = p->part.length;
}

static void remember(th_postings *p, const posting_walk *w) {
  p->part.read = true;
  p->part.class_bytes = (uint32_t)(w->class_at - w->class_first);
  p->part.field = w->field;
  p->part.length_at = w->length_at;
  p->part.length_field = w->length_field;
  p->part.length = w->length;
}

/* Posting pos_next: all occurrences, or what is not read yet of them. With `last` only the
 * positions up to that field; the posting stays the next one then. */
static bool read_posting(const th_segment *s, th_postings *p, uint32_t last, th_bit_reader *bits,
                         position_sink *sink) {
  posting_walk w;
  if (!begin_posting(s, p, p->pos_next, &w)) return false;
  if (p->part.read) {
    resume(p, &w);
  } else {
    p->pos_from = bits->at;
    p->pos_total = 0;
  }
  if (!read_positions(s, p, &w, last, bits, sink)) return false;
  if (last != EVERY_FIELD) {
    remember(p, &w);
    return true;
  }
  p->part.read = false;
  p->pos_to = bits->at;
  p->pos_next++;
  return read_forms(s, p, &w, bits, sink);
}

/* The bytes of the decoded block's positions. Those of a list without blocks stand behind it. */
static bool position_bytes(th_postings *p, const uint8_t **at, const uint8_t **end) {
  const th_term *t = &p->term;
  if (p->n_blocks == 0) {
    *at = p->data;
    *end = t->postings_end;
    return true; /* hashed when the list was decoded */
  }
  const th_u32 *ends = (const th_u32 *)t->positions;
  uint64_t table = 4 * (uint64_t)p->n_blocks, len = (uint64_t)(t->positions_end - t->positions);
  if (table > len) return bad_list(p, TH_SEC_POSITIONS, t->positions);
  if (!th_segment_use_at(t->s, TH_SEC_POSITIONS, t->positions, table)) return false;
  uint64_t from = p->block ? ends[p->block - 1] : 0;
  uint64_t to = p->block < p->n_blocks ? ends[p->block] : len - table;
  if (from > to || to > len - table) return bad_list(p, TH_SEC_POSITIONS, t->positions);
  *at = t->positions + table + from;
  *end = t->positions + table + to;
  return th_segment_use_at(t->s, TH_SEC_POSITIONS, *at, to - from);
}

/* To the first posting of the group that holds posting i. */
static void seek_group(th_postings *p, th_bit_reader *bits, uint32_t i) {
  uint32_t groups = (p->n - 1) / TH_SPOT_GROUP, group = i / TH_SPOT_GROUP;
  uint64_t skipped = 0;
  p->pos_block = p->block;
  p->pos_next = group * TH_SPOT_GROUP;
  p->part.read = false;
  th_bits_skip(bits, p->n_blocks ? 0 : p->tail_bits);
  if (groups == 0) return;
  unsigned width = th_bits_get(bits, 5);
  for (uint32_t g = 0; g < group; g++)
    skipped += th_bits_get(bits, width);
  th_bits_skip(bits, (uint64_t)width * (groups - group) + skipped);
}

/* Whether reading goes on from where it ended: what lies before posting i of its group is read. */
static bool is_ahead(const th_postings *p, uint32_t i) {
  return p->pos_block == p->block && p->pos_next / TH_SPOT_GROUP == i / TH_SPOT_GROUP &&
         (p->pos_next < i || (p->pos_next == i && !p->part.read));
}

static unsigned read_up_to(const th_segment *s, th_postings *p, uint32_t i, uint32_t last,
                           position_sink *sink) {
  const uint8_t *at = NULL, *end = NULL;
  position_sink skipped = {0};
  if (i >= p->n || !position_bytes(p, &at, &end)) return 0;
  p->pos_bytes = at;
  th_bit_reader bits = th_bits_open(at, end);
  if (is_ahead(p, i))
    th_bits_skip(&bits, p->pos_bit);
  else
    seek_group(p, &bits, i);
  bool good = true;
  while (good && p->pos_next < i)
    good = read_posting(s, p, EVERY_FIELD, &bits, &skipped);
  if (!good || !read_posting(s, p, last, &bits, sink)) {
    bad_list(p, TH_SEC_POSITIONS, at);
    return 0;
  }
  p->pos_bit = bits.at;
  return sink->n;
}

unsigned th_postings_positions(const th_segment *s, th_postings *p, uint32_t i,
                               const uint64_t *want, th_occurrence *out, unsigned max) {
  position_sink sink = {want, out, 0, max};
  return read_up_to(s, p, i, EVERY_FIELD, &sink);
}

unsigned th_postings_places(const th_segment *s, th_postings *p, uint32_t i, const uint64_t *want,
                            th_occurrence *out, unsigned max) {
  position_sink sink = {want, out, 0, max};
  uint32_t last = 0;
  for (uint32_t w = 0; w < (TH_F_COUNT + 63) / 64; w++)
    if (want[w]) last = 64 * w + 63 - (uint32_t)__builtin_clzll(want[w]);
  return read_up_to(s, p, i, last, &sink);
}

const uint8_t *th_postings_bits(const th_postings *p, uint64_t *first_bit, uint64_t *n_bits) {
  *first_bit = p->pos_from;
  *n_bits = p->pos_to - p->pos_from;
  return p->pos_bytes;
}
