/* Opening a segment, and its tables by document and by class. The format is at the top of
 * format.h. */
#include "index/class_code.h"
#include "index/segment_private.h"

#include <stdio.h>
#include <xxhash.h>

#include "index/builder.h"
#include "index/score.h"
#include "study/catalogue.h"

static const char *const section_names[TH_SEC_COUNT + 1] = {
    "head",     "DOCS",      "LENGTHS", "NORMS", "CLASSES", "TERMS",
    "POSTINGS", "POSITIONS", "COLUMNS", "SITES", "CHUNKS"};

/* ---- checksums ---- */

/* kind in the top byte, section in the next, place below. */
bool th_segment_damaged(const th_segment *s, th_damage_kind kind, unsigned section,
                        uint64_t place) {
  uint64_t none = 0, what = (uint64_t)kind << 56 | (uint64_t)section << 48 |
                            (place & ((UINT64_C(1) << 48) - 1));
  atomic_compare_exchange_strong(s->damage, &none, what);
  return false;
}

int th_segment_state(const th_segment *s, th_err *err) {
  static const char *const what[] = {"", "does not match its checksum", "points outside itself",
                                     "holds a value that cannot be"};
  uint64_t damage = atomic_load_explicit(s->damage, memory_order_relaxed);
  if (TH_LIKELY(!damage)) return 0;
  unsigned section = damage >> 48 & 0xFF;
  uint64_t place = damage & ((UINT64_C(1) << 48) - 1);
  uint64_t offset = (uint64_t)(s->section[section].p - s->bytes) + place;
  th_err_set(err, TH_ECORRUPT, "segment %s: section %s %s at byte %llu of the file", s->name,
             section_names[section], what[damage >> 56], (unsigned long long)offset);
  th_err_at(err, (int64_t)offset, 0);
  return TH_ECORRUPT;
}

static uint64_t chunks_of(uint64_t len) {
  return len / TH_CHUNK + (len % TH_CHUNK != 0);
}

bool th_segment_hash_chunks(const th_segment *s, unsigned section, uint64_t first, uint64_t last) {
  const th_section *sec = &s->section[section];
  /* Once damaged, no answer counts: bad chunks are not hashed again for each word in them. */
  if (atomic_load_explicit(s->damage, memory_order_relaxed)) return false;
  for (uint64_t k = first; k <= last; k++) {
    uint64_t c = sec->chunk0 + k, from = k * TH_CHUNK, bit = UINT64_C(1) << (c % 64);
    if (atomic_load_explicit(&s->good[c / 64], memory_order_relaxed) & bit) continue;
    uint64_t n = TH_MIN(sec->n - from, (uint64_t)TH_CHUNK);
    if (XXH3_64bits(sec->p + from, n) != th_load64(s->chunk_hash + 8 * c))
      return th_segment_damaged(s, TH_DAMAGE_HASH, section, from);
    atomic_fetch_or_explicit(&s->good[c / 64], bit, memory_order_relaxed);
  }
  return true;
}

static bool all_zero(const uint8_t *p, const uint8_t *end) {
  while (p < end)
    if (*p++) return false;
  return true;
}

/* Also the bytes between sections, which no checksum covers. */
int th_segment_verify(const th_segment *s, th_err *err) {
  const uint8_t *at = s->bytes + TH_SEGMENT_HEAD_LEN;
  for (unsigned i = 1; i <= TH_SEC_COUNT; i++) {
    const th_section *sec = &s->section[i];
    if (!all_zero(at, sec->p))
      return th_err_set(err, TH_ECORRUPT, "segment %s: bytes before section %s are not zero",
                        s->name, section_names[i]);
    at = sec->p + sec->n;
    if (i == TH_SEC_CHUNKS || sec->n == 0) continue;
    if (!th_segment_hash_chunks(s, i, 0, chunks_of(sec->n) - 1)) return th_segment_state(s, err);
  }
  if (!all_zero(at, s->bytes + s->n_bytes))
    return th_err_set(err, TH_ECORRUPT, "segment %s: bytes at the end are not zero", s->name);
  return th_segment_state(s, err);
}

/* ---- opening ---- */

static int corrupt(const th_segment *s, unsigned section, th_err *err, const char *what) {
  return th_err_set(err, TH_ECORRUPT, "segment %s: section %s: %s", s->name, section_names[section],
                    what);
}

static int read_head(th_segment *s, bool trust, th_err *err) {
  const uint8_t *p = s->bytes;
  if (s->n_bytes < TH_SEGMENT_HEAD_LEN + TH_PAD || memcmp(p, TH_SEGMENT_MAGIC, 8) != 0)
    return th_err_set(err, TH_ECORRUPT, "%s is not a segment file", s->name);
  if (!trust && th_load32(p + 8) != TH_SEGMENT_VERSION)
    return th_err_set(err, TH_EINPUT, "segment %s has format version %u, this program reads %u",
                      s->name, th_load32(p + 8), TH_SEGMENT_VERSION);
  if (!trust && XXH3_64bits(p, TH_SEGMENT_HEAD_HASH_AT) != th_load64(p + TH_SEGMENT_HEAD_HASH_AT))
    return corrupt(s, 0, err, "does not match its checksum");
  s->n_docs = th_load32(p + 12);
  s->fingerprint = th_load64(p + 16);
  s->first_seq = th_load64(p + 24);
  s->last_seq = th_load64(p + 32);
  if (s->n_docs == 0 || s->n_docs > TH_SEGMENT_MAX_DOCS || th_load32(p + 40) != TH_SEC_COUNT)
    return corrupt(s, 0, err, "holds a count that cannot be");
  if (!trust && s->fingerprint != th_index_fingerprint())
    return th_err_set(err, TH_EINPUT, "segment %s was made by another analysis of the text",
                      s->name);
  return 0;
}

/* Entries in order of their ids, behind each other, the file ending TH_PAD behind the last. */
static int read_entries(th_segment *s, th_err *err) {
  uint64_t least = TH_SEGMENT_HEAD_LEN, limit = s->n_bytes - TH_PAD;
  s->section[0] = (th_section){.p = s->bytes, .n = TH_SEGMENT_HEAD_LEN};
  for (unsigned i = 1; i <= TH_SEC_COUNT; i++) {
    const uint8_t *e = s->bytes + TH_SEGMENT_ENTRIES_AT + (i - 1) * TH_SEGMENT_ENTRY;
    uint64_t offset = th_load64(e + 8), len = th_load64(e + 16);
    if (th_load32(e) != i || offset % 64 || offset < least || offset - least >= 64 ||
        offset > limit || len > limit - offset)
      return corrupt(s, i, err, "does not stand where it should");
    s->section[i] = (th_section){
        .p = s->bytes + offset, .n = len, .hash = th_load64(e + 24), .chunk0 = s->n_chunks};
    if (i != TH_SEC_CHUNKS) s->n_chunks += chunks_of(len);
    least = offset + len;
  }
  return least == limit ? 0 : corrupt(s, TH_SEC_CHUNKS, err, "is not followed by the end");
}

/* The head vouches for the chunk hashes of each section, they for the bytes. */
static int read_chunks(th_segment *s, bool trust, th_err *err) {
  const th_section *chunks = &s->section[TH_SEC_CHUNKS];
  size_t words = s->n_chunks / 64 + 1;
  if (chunks->n != s->n_chunks * 8) return corrupt(s, TH_SEC_CHUNKS, err, "has the wrong length");
  s->chunk_hash = chunks->p;
  s->good = calloc(words, sizeof *s->good);
  if (!s->good) return th_err_set(err, TH_ENOMEM, "out of memory opening segment %s", s->name);
  if (trust) {
    for (size_t i = 0; i < words; i++)
      atomic_init(&s->good[i], UINT64_MAX);
    return 0;
  }
  if (XXH3_64bits(chunks->p, chunks->n) != chunks->hash)
    return corrupt(s, TH_SEC_CHUNKS, err, "does not match its checksum");
  for (unsigned i = 1; i < TH_SEC_CHUNKS; i++) {
    const th_section *sec = &s->section[i];
    if (XXH3_64bits(s->chunk_hash + 8 * sec->chunk0, 8 * chunks_of(sec->n)) != sec->hash)
      return corrupt(s, i, err, "has other checksums than the head says");
  }
  return 0;
}

/* A section that begins with a table of n entries of `width` bytes behind `head` bytes. */
static bool table_fits(const th_section *sec, uint64_t head, uint64_t n, uint64_t width) {
  return sec->n >= head && n <= (sec->n - head) / width;
}

static int open_docs(th_segment *s, th_err *err) {
  const th_section *docs = &s->section[TH_SEC_DOCS], *lengths = &s->section[TH_SEC_LENGTHS];
  const th_section *norms = &s->section[TH_SEC_NORMS];
  uint64_t n = s->n_docs;
  if (docs->n != 12 * n) return corrupt(s, TH_SEC_DOCS, err, "has the wrong length");
  s->nct = (const th_u32 *)docs->p;
  s->by_nct = s->nct + n;
  if (!table_fits(lengths, 0, n + 1, 4)) return corrupt(s, TH_SEC_LENGTHS, err, "is too short");
  s->length_start = (const th_u32 *)lengths->p;
  s->length_bytes = lengths->p + 4 * (n + 1);
  s->length_len = lengths->n - 4 * (n + 1);
  s->n_areas = th_score_areas();
  if (norms->n != TH_BOUND_AREAS * n) return corrupt(s, TH_SEC_NORMS, err, "has the wrong length");
  return 0;
}

static int open_classes(th_segment *s, th_err *err) {
  const th_section *sec = &s->section[TH_SEC_CLASSES];
  if (!table_fits(sec, 4, 0, 4)) return corrupt(s, TH_SEC_CLASSES, err, "is too short");
  if (!th_segment_use(s, TH_SEC_CLASSES, 0, 4)) return th_segment_state(s, err);
  s->n_classes = th_load32(sec->p);
  uint32_t direct = TH_MIN(s->n_classes, (uint32_t)TH_CLASSES_DIRECT), rest = s->n_classes - direct;
  s->n_class_starts = direct + rest / TH_CLASS_GROUP + (rest % TH_CLASS_GROUP != 0);
  if (!table_fits(sec, 4, (uint64_t)s->n_class_starts + 1, 4))
    return corrupt(s, TH_SEC_CLASSES, err, "is too short");
  s->class_start = (const th_u32 *)(sec->p + 4);
  s->class_bytes = sec->p + 4 + 4 * ((uint64_t)s->n_class_starts + 1);
  s->class_len = sec->n - (uint64_t)(s->class_bytes - sec->p);
  return 0;
}

static int open_terms(th_segment *s, th_err *err) {
  const th_section *sec = &s->section[TH_SEC_TERMS];
  if (!table_fits(sec, 8, 0, 8)) return corrupt(s, TH_SEC_TERMS, err, "is too short");
  if (!th_segment_use(s, TH_SEC_TERMS, 0, 8)) return th_segment_state(s, err);
  s->n_terms = th_load32(sec->p);
  s->n_term_blocks = th_load32(sec->p + 4);
  uint64_t table = (uint64_t)s->n_term_blocks + 1;
  if (!table_fits(sec, 8, table, 8)) return corrupt(s, TH_SEC_TERMS, err, "is too short");
  if (s->n_term_blocks != s->n_terms / TH_TERM_BLOCK + (s->n_terms % TH_TERM_BLOCK != 0))
    return corrupt(s, TH_SEC_TERMS, err, "has the wrong number of blocks");
  s->term_start = sec->p + 8;
  s->term_bytes = s->term_start + 8 * table;
  s->term_len = sec->n - 8 - 8 * table;
  return 0;
}

static int open_sections(th_segment *s, bool trust, th_err *err) {
  int rc = read_head(s, trust, err);
  if (!rc) rc = read_entries(s, err);
  if (!rc) rc = read_chunks(s, trust, err);
  if (!rc) rc = open_docs(s, err);
  if (!rc) rc = open_classes(s, err);
  if (!rc) rc = open_terms(s, err);
  if (!rc) rc = th_segment_open_columns(s, err);
  return rc;
}

int th_segment_open_bytes(th_segment **out, const uint8_t *bytes, size_t n, const char *name,
                          bool trust, th_err *err) {
  const char *slash = strrchr(name, '/');
  *out = NULL;
  th_segment *s = calloc(1, sizeof *s);
  if (!s) return th_err_set(err, TH_ENOMEM, "out of memory opening segment %s", name);
  s->bytes = bytes;
  s->n_bytes = n;
  snprintf(s->name, sizeof s->name, "%s", slash ? slash + 1 : name);
  int rc = TH_ENOMEM;
  s->damage = calloc(1, sizeof *s->damage);
  s->sites_state = calloc(1, sizeof *s->sites_state);
  s->extra = calloc(1, sizeof *s->extra);
  s->spread = calloc(1, sizeof *s->spread);
  if (!s->damage || !s->sites_state || !s->extra || !s->spread)
    th_err_set(err, rc, "out of memory opening segment %s", name);
  else
    rc = open_sections(s, trust, err);
  if (rc)
    th_segment_close(s);
  else
    *out = s;
  return rc;
}

int th_segment_open(th_segment **out, const char *path, bool verify, th_err *err) {
  th_map map;
  *out = NULL;
  int rc = th_map_open(&map, path, err);
  if (rc) return rc;
  rc = th_segment_open_bytes(out, map.p, map.n, path, false, err);
  if (rc) {
    th_map_close(&map);
    return rc;
  }
  (*out)->map = map;
  if (verify) {
    rc = th_segment_verify(*out, err);
    th_map_forget(&map);
  }
  if (rc) {
    th_segment_close(*out);
    *out = NULL;
  }
  return rc;
}

void th_segment_forget(const th_segment *s) {
  th_map_forget(&s->map);
}

void th_segment_close(th_segment *s) {
  if (!s) return;
  th_map_close(&s->map);
  free(s->good);
  free(s->damage);
  free(s->columns);
  free(s->column_state);
  free(s->sites_state);
  th_segment_extra *extra = s->extra ? atomic_load(s->extra) : NULL;
  if (extra) extra->free(extra);
  free(s->extra);
  if (s->spread) th_spread_free(atomic_load(&s->spread->made));
  free(s->spread);
  free(s);
}

_Atomic(th_segment_extra *) *th_segment_extra_slot(const th_segment *s) {
  return s->extra;
}

/* ---- documents ---- */

uint32_t th_segment_docs(const th_segment *s) {
  return s->n_docs;
}
uint64_t th_segment_bytes(const th_segment *s) {
  return s->n_bytes;
}
uint64_t th_segment_first_seq(const th_segment *s) {
  return s->first_seq;
}
uint64_t th_segment_last_seq(const th_segment *s) {
  return s->last_seq;
}

uint32_t th_segment_nct(const th_segment *s, uint32_t doc) {
  if (doc >= s->n_docs || !th_segment_use(s, TH_SEC_DOCS, 4 * (uint64_t)doc, 4)) return 0;
  return s->nct[doc];
}

uint64_t th_segment_seq(const th_segment *s, uint32_t doc) {
  uint64_t at = 4 * (2 * (uint64_t)s->n_docs + doc);
  if (doc >= s->n_docs || !th_segment_use(s, TH_SEC_DOCS, at, 4)) return 0;
  return s->first_seq + th_load32(s->section[TH_SEC_DOCS].p + at);
}

uint32_t th_segment_by_nct(const th_segment *s, uint32_t place) {
  uint64_t at = 4 * ((uint64_t)s->n_docs + place);
  if (place >= s->n_docs || !th_segment_use(s, TH_SEC_DOCS, at, 4)) return 0;
  uint32_t doc = s->by_nct[place];
  if (doc < s->n_docs) return doc;
  th_segment_damaged(s, TH_DAMAGE_VALUE, TH_SEC_DOCS, at);
  return 0;
}

/* First place whose number is not below nct. */
static uint32_t place_of(const th_segment *s, uint64_t nct) {
  uint32_t low = 0, high = s->n_docs;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (th_segment_nct(s, th_segment_by_nct(s, mid)) < nct)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

void th_segment_find_nct(const th_segment *s, uint32_t nct, uint32_t *first, uint32_t *end) {
  *first = place_of(s, nct);
  *end = *first;
  while (*end < s->n_docs && th_segment_nct(s, th_segment_by_nct(s, *end)) == nct)
    ++*end;
}

const uint8_t *th_segment_norms(const th_segment *s, unsigned area) {
  int bound = th_score_bound_index(area);
  if (bound < 0) return NULL;
  uint64_t at = (uint64_t)bound * s->n_docs;
  (void)th_segment_use(s, TH_SEC_NORMS, at, s->n_docs);
  return s->section[TH_SEC_NORMS].p + at;
}

void th_segment_copy_norms(const th_segment *s, unsigned area, uint8_t *out) {
  const uint8_t *norms = th_segment_norms(s, area), *at, *end;
  float weight[TH_F_COUNT];
  if (norms) memcpy(out, norms, s->n_docs);
  for (uint16_t f = 0; !norms && f < TH_F_COUNT; f++)
    weight[f] = th_score_weight(area, f);
  for (uint32_t doc = 0; !norms && doc < s->n_docs; doc++) {
    uint32_t field = UINT32_MAX, n;
    float length = 0;
    if (th_segment_length_bytes(s, doc, &at, &end))
      while (th_segment_next_pair(s, TH_SEC_LENGTHS, &at, end, &field, &n))
        length += weight[field] * (float)n;
    out[doc] = th_norm_encode(length);
  }
}

/* ---- pairs of field and number ---- */

bool th_varint_long(const uint8_t **at, const uint8_t *end, uint64_t *out) {
  uint64_t v = 0;
  const uint8_t *p = *at;
  for (unsigned shift = 0; p < end && shift < 64; shift += 7) {
    uint8_t b = *p++;
    v |= (uint64_t)(b & 0x7F) << shift;
    if (shift == 63 && b > 1) return false;
    if (b < 0x80) {
      *out = v;
      *at = p;
      return true;
    }
  }
  return false;
}

/* Bytes [start[i], start[i+1]) behind a table of u32. */
static bool slice(const th_segment *s, unsigned section, const th_u32 *start, uint32_t i,
                  const uint8_t *bytes, uint64_t len, const uint8_t **at, const uint8_t **end) {
  const uint8_t *entry = (const uint8_t *)(start + i);
  if (!th_segment_use_at(s, section, entry, 8)) return false;
  uint32_t from = start[i], to = start[i + 1];
  if (from > to || to > len)
    return th_segment_damaged(s, TH_DAMAGE_VALUE, section,
                              (uint64_t)(entry - s->section[section].p));
  *at = bytes + from;
  *end = bytes + to;
  return th_segment_use_at(s, section, *at, to - from);
}

bool th_segment_length_bytes(const th_segment *s, uint32_t doc, const uint8_t **at,
                             const uint8_t **end) {
  if (doc >= s->n_docs) return false;
  return slice(s, TH_SEC_LENGTHS, s->length_start, doc, s->length_bytes, s->length_len, at, end);
}

/* One step through a group: the class before, in scratch, becomes the next, whose first *kept pairs
 * are its. */
static inline bool next_in_group(th_bit_reader *r, th_class_scratch *scratch, uint32_t *kept) {
  uint32_t shared, more;
  th_class_counts(r, TH_F_COUNT, &shared, &more);
  *kept = shared;
  if (r->over || shared > scratch->n || more > TH_F_COUNT - shared || shared + more == 0)
    return false;
  uint64_t next = shared ? scratch->field[shared - 1] + 1u : 0; /* the least field that may come */
  for (uint32_t i = shared; i < shared + more; i++) {
    uint64_t distance;
    th_class_pair(r, &distance, &scratch->tf[i]);
    next += distance;
    if (next >= TH_F_COUNT || r->over) return false;
    scratch->field[i] = (uint16_t)next++;
  }
  scratch->n = shared + more;
  return !r->over;
}

static uint8_t *put_varint(uint8_t *at, uint32_t v) {
  for (; v >= 0x80; v >>= 7)
    *at++ = (uint8_t)(v | 0x80);
  *at++ = (uint8_t)v;
  return at;
}

/* The pairs as the classes that are not in groups have them. */
static const uint8_t *pairs_to_bytes(th_class_scratch *scratch) {
  uint8_t *at = scratch->bytes;
  for (uint32_t i = 0; i < scratch->n; i++) {
    at = put_varint(at, scratch->field[i] - (i ? scratch->field[i - 1] : 0u));
    at = put_varint(at, scratch->tf[i]);
  }
  return at;
}

/* The bytes of a class that has a start of its own, or of a group. */
static bool class_slot(const th_segment *s, uint32_t slot, const uint8_t **at,
                       const uint8_t **end) {
  return slice(s, TH_SEC_CLASSES, s->class_start, slot, s->class_bytes, s->class_len, at, end);
}

static bool bad_class(const th_segment *s, const uint8_t *at) {
  return th_segment_damaged(s, TH_DAMAGE_VALUE, TH_SEC_CLASSES,
                            (uint64_t)(at - s->section[TH_SEC_CLASSES].p));
}

bool th_segment_class_bytes(const th_segment *s, uint32_t c, th_class_scratch *scratch,
                            const uint8_t **at, const uint8_t **end) {
  if (c >= s->n_classes) return false;
  if (c < TH_CLASSES_DIRECT) return class_slot(s, c, at, end);
  const th_spread *spread = th_spread_of(s);
  if (TH_LIKELY(spread && c - TH_CLASSES_DIRECT < spread->n)) {
    const uint32_t *start = spread->start + (c - TH_CLASSES_DIRECT);
    *at = spread->bytes + start[0];
    *end = spread->bytes + start[1];
    return true;
  }
  if (!spread) th_spread_count(s);
  uint32_t in_group = (c - TH_CLASSES_DIRECT) % TH_CLASS_GROUP;
  if (!class_slot(s, TH_CLASSES_DIRECT + (c - TH_CLASSES_DIRECT) / TH_CLASS_GROUP, at, end))
    return false;
  th_bit_reader r = th_bits_open(*at, *end);
  scratch->n = 0;
  for (uint32_t i = 0, kept; i <= in_group; i++)
    if (!next_in_group(&r, scratch, &kept)) return bad_class(s, *at);
  *end = pairs_to_bytes(scratch);
  *at = scratch->bytes;
  return true;
}

/* The classes of one group; false when they do not fill its bytes. */
static bool scan_group(const th_segment *s, uint32_t c, th_class_scratch *scratch,
                       th_class_scan *seen, void *ctx) {
  const uint8_t *at, *end;
  uint32_t last = TH_MIN(c + TH_CLASS_GROUP, s->n_classes), kept;
  if (!class_slot(s, TH_CLASSES_DIRECT + (c - TH_CLASSES_DIRECT) / TH_CLASS_GROUP, &at, &end))
    return false;
  th_bit_reader r = th_bits_open(at, end);
  scratch->n = 0;
  for (; c < last; c++) {
    if (!next_in_group(&r, scratch, &kept)) return bad_class(s, at);
    if (!seen(ctx, c, scratch->bytes, pairs_to_bytes(scratch))) return false;
  }
  if ((r.at + 7) / 8 != (uint64_t)(end - at) || (r.at % 8 && end[-1] >> (r.at % 8)))
    return bad_class(s, at);
  return true;
}

bool th_segment_scan_classes(const th_segment *s, th_class_scan *seen, void *ctx) {
  th_class_scratch scratch;
  uint32_t c = 0;
  for (; c < TH_MIN(s->n_classes, (uint32_t)TH_CLASSES_DIRECT); c++) {
    const uint8_t *at, *end;
    if (!class_slot(s, c, &at, &end) || !seen(ctx, c, at, end)) return false;
  }
  for (; c < s->n_classes; c += TH_CLASS_GROUP)
    if (!scan_group(s, c, &scratch, seen, ctx)) return false;
  return true;
}

typedef struct each_pair {
  const th_segment *s;
  th_class_seen *seen;
  void *ctx;
} each_pair;

static bool see_pairs(void *ctx, uint32_t c, const uint8_t *at, const uint8_t *end) {
  const each_pair *each = ctx;
  uint32_t field = UINT32_MAX, tf;
  while (th_segment_next_pair(each->s, TH_SEC_CLASSES, &at, end, &field, &tf))
    each->seen(each->ctx, c, (uint16_t)field, tf);
  return at == end;
}

bool th_segment_each_class(const th_segment *s, th_class_seen *seen, void *ctx) {
  each_pair each = {s, seen, ctx};
  return th_segment_scan_classes(s, see_pairs, &each);
}

/* The sums of the classes of one group. Those of a class's first pairs are those of the class
 * before. */
static bool weigh_group(const th_segment *s, uint32_t c, const float *weight, float *out) {
  const uint8_t *at, *end;
  uint32_t last = TH_MIN(c + TH_CLASS_GROUP, s->n_classes), kept;
  th_class_scratch scratch;
  float sum[TH_F_COUNT + 1]; /* of the first pairs */
  if (!class_slot(s, TH_CLASSES_DIRECT + (c - TH_CLASSES_DIRECT) / TH_CLASS_GROUP, &at, &end))
    return false;
  th_bit_reader r = th_bits_open(at, end);
  scratch.n = 0;
  sum[0] = 0;
  for (; c < last; c++) {
    if (!next_in_group(&r, &scratch, &kept)) return bad_class(s, at);
    for (uint32_t i = kept; i < scratch.n; i++)
      sum[i + 1] = sum[i] + weight[scratch.field[i]] * (float)scratch.tf[i];
    out[c] = sum[scratch.n];
  }
  return true;
}

bool th_segment_weigh_classes(const th_segment *s, const float *weight, float *out) {
  uint32_t c = 0;
  for (; c < TH_MIN(s->n_classes, (uint32_t)TH_CLASSES_DIRECT); c++) {
    const uint8_t *at, *end;
    uint32_t field = UINT32_MAX, tf;
    if (!class_slot(s, c, &at, &end)) return false;
    out[c] = 0;
    while (th_segment_next_pair(s, TH_SEC_CLASSES, &at, end, &field, &tf))
      out[c] += weight[field] * (float)tf;
  }
  for (; c < s->n_classes; c += TH_CLASS_GROUP)
    if (!weigh_group(s, c, weight, out)) return false;
  return true;
}

bool th_segment_bad_pair(const th_segment *s, unsigned section, const uint8_t **at,
                         const uint8_t *end) {
  const th_section *sec = &s->section[section];
  bool inside = *at >= sec->p && *at <= sec->p + sec->n; /* not in a scratch */
  th_segment_damaged(s, TH_DAMAGE_VALUE, section, inside ? (uint64_t)(*at - sec->p) : 0);
  *at = end;
  return false;
}

uint32_t th_segment_length(const th_segment *s, uint32_t doc, uint16_t field) {
  const uint8_t *at, *end;
  uint32_t f = UINT32_MAX, n;
  if (!th_segment_length_bytes(s, doc, &at, &end)) return 0;
  while (th_segment_next_pair(s, TH_SEC_LENGTHS, &at, end, &f, &n))
    if (f >= field) return f == field ? n : 0;
  return 0;
}

uint32_t th_segment_classes(const th_segment *s) {
  return s->n_classes;
}

unsigned th_segment_class(const th_segment *s, uint32_t c, th_class_field *out, unsigned max) {
  const uint8_t *at, *end;
  th_class_scratch scratch;
  uint32_t f = UINT32_MAX, tf;
  unsigned n = 0;
  if (!th_segment_class_bytes(s, c, &scratch, &at, &end)) return 0;
  for (; th_segment_next_pair(s, TH_SEC_CLASSES, &at, end, &f, &tf); n++)
    if (n < max) out[n] = (th_class_field){(uint16_t)f, tf};
  return n;
}

void th_segment_class_fields(const th_segment *s, uint32_t c, uint64_t *set) {
  const uint8_t *at, *end;
  th_class_scratch scratch;
  uint32_t f = UINT32_MAX, tf;
  if (!th_segment_class_bytes(s, c, &scratch, &at, &end)) return;
  while (th_segment_next_pair(s, TH_SEC_CLASSES, &at, end, &f, &tf))
    set[f / 64] |= UINT64_C(1) << (f % 64);
}
