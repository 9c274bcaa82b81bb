/* Inside of an open segment, for the files that read it: segment.c, terms.c, postings.c, columns.c,
 * verify.c. */
#ifndef TH_INDEX_SEGMENT_PRIVATE_H
#define TH_INDEX_SEGMENT_PRIVATE_H

#include <stdatomic.h>

#include "index/segment.h"
#include "study/catalogue.h"

enum {
  TH_SEGMENT_FIELDS = TH_F_COUNT, /* fields are below */
  TH_SEGMENT_ENTRY = 32,          /* bytes of a section's entry in the head */
  TH_SEGMENT_ENTRIES_AT = 48,     /* where the entries begin */
  TH_SEGMENT_HEAD_HASH_AT = TH_SEGMENT_ENTRIES_AT + TH_SEC_COUNT * TH_SEGMENT_ENTRY,
  TH_SEGMENT_HEAD_LEN = TH_SEGMENT_HEAD_HASH_AT + 8,
};

typedef struct th_section {
  const uint8_t *p;
  uint64_t n;
  uint64_t hash;   /* of its chunk hashes */
  uint64_t chunk0; /* number of its first chunk among those of the file */
} th_section;

typedef enum th_damage_kind {
  TH_DAMAGE_NONE,
  TH_DAMAGE_HASH,   /* a chunk is not what was written */
  TH_DAMAGE_BOUNDS, /* a place outside the section is named */
  TH_DAMAGE_VALUE,  /* a value that the format does not allow */
} th_damage_kind;

/* The classes of the first groups taken apart (spread.c): class TH_CLASSES_DIRECT + i stands at
 * bytes[start[i]] … bytes[start[i + 1]]. */
typedef struct th_spread {
  uint32_t n;
  uint32_t *start;
  uint8_t *bytes;
} th_spread;
typedef struct th_spread_slot {
  _Atomic(th_spread *) made;
  _Atomic uint32_t asked; /* classes that were looked up in their groups */
} th_spread_slot;

struct th_segment {
  th_map map;           /* n = 0 when the bytes are the caller's */
  const uint8_t *bytes; /* the file */
  uint64_t n_bytes;
  char name[64]; /* of the file, for messages */
  th_section section[TH_SEC_COUNT + 1];
  _Atomic uint64_t *good;    /* bit c: chunk c has been hashed and is right */
  _Atomic uint64_t *damage;  /* the first damage met: kind, section, place; 0 = none */
  const uint8_t *chunk_hash; /* u64 each */
  uint64_t n_chunks;

  uint32_t n_docs;
  uint64_t fingerprint, first_seq, last_seq;
  const th_u32 *nct, *by_nct;
  const th_u32 *length_start;
  const uint8_t *length_bytes;
  uint64_t length_len;
  uint32_t n_areas;
  uint32_t n_classes, n_class_starts;
  const th_u32 *class_start;
  const uint8_t *class_bytes;
  uint64_t class_len;
  uint32_t n_terms, n_term_blocks;
  const uint8_t *term_start; /* u64 each */
  const uint8_t *term_bytes;
  uint64_t term_len;
  uint32_t n_columns;
  th_column *columns;            /* owned */
  _Atomic uint8_t *column_state; /* a th_check_state each */
  th_sites sites;
  _Atomic uint8_t *sites_state;
  _Atomic(th_segment_extra *) *extra; /* the query room's */
  th_spread_slot *spread;
};

/* What the first use of a column or of the sites found. */
typedef enum th_check_state { TH_UNCHECKED, TH_CHECKED_GOOD, TH_CHECKED_BAD } th_check_state;

/* trust: checksums, version and fingerprint are not looked at, so that a fuzzer reaches the
 * decoders. The bytes are borrowed until close; TH_PAD readable bytes must stand behind the last
 * section, as in a file. */
int th_segment_open_bytes(th_segment **out, const uint8_t *bytes, size_t n, const char *name,
                          bool trust, th_err *err) TH_MUST_USE;
/* The heads of the columns and sites, at open. */
int th_segment_open_columns(th_segment *s, th_err *err) TH_MUST_USE;

/* Remembers the first damage; place is an offset in the section. Returns false. */
bool th_segment_damaged(const th_segment *s, th_damage_kind kind, unsigned section, uint64_t place);
bool th_segment_hash_chunks(const th_segment *s, unsigned section, uint64_t first, uint64_t last);

/* Must be true before bytes [from, from + n) of a section are used: they are inside and hashed. */
static inline bool th_segment_use(const th_segment *s, unsigned section, uint64_t from,
                                  uint64_t n) {
  const th_section *sec = &s->section[section];
  if (TH_UNLIKELY(from > sec->n || n > sec->n - from))
    return th_segment_damaged(s, TH_DAMAGE_BOUNDS, section, from);
  if (TH_UNLIKELY(n == 0)) return true;
  uint64_t first = sec->chunk0 + from / TH_CHUNK, last = sec->chunk0 + (from + n - 1) / TH_CHUNK;
  for (uint64_t c = first; c <= last; c++) {
    uint64_t word = atomic_load_explicit(&s->good[c / 64], memory_order_relaxed);
    if (TH_UNLIKELY(!(word >> (c % 64) & 1)))
      return th_segment_hash_chunks(s, section, c - sec->chunk0, last - sec->chunk0);
  }
  return true;
}
static inline bool th_segment_use_at(const th_segment *s, unsigned section, const void *p,
                                     uint64_t n) {
  return th_segment_use(s, section, (uint64_t)((const uint8_t *)p - s->section[section].p), n);
}

static inline uint32_t th_load32(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, sizeof v);
  return v;
}
static inline uint64_t th_load64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

/* LEB128 of at most 64 bits; false when it runs over end. Most are one byte. */
bool th_varint_long(const uint8_t **at, const uint8_t *end, uint64_t *out);
static inline bool th_varint(const uint8_t **at, const uint8_t *end, uint64_t *out) {
  if (TH_LIKELY(*at < end && **at < 0x80)) {
    *out = *(*at)++;
    return true;
  }
  return th_varint_long(at, end, out);
}
/* The same for a value that must fit 32 bits. */
static inline bool th_varint32(const uint8_t **at, const uint8_t *end, uint32_t *out) {
  uint64_t v = 0;
  if (TH_UNLIKELY(!th_varint(at, end, &v) || v > UINT32_MAX)) return false;
  *out = (uint32_t)v;
  return true;
}

/* The bytes of a document's (field, length) pairs; false when damaged. */
bool th_segment_length_bytes(const th_segment *s, uint32_t doc, const uint8_t **at,
                             const uint8_t **end);
/* Room for the pairs of one class, and for its bytes: every field, each in at most 7. */
typedef struct th_class_scratch {
  uint32_t n;
  uint16_t field[TH_F_COUNT];
  uint32_t tf[TH_F_COUNT];
  uint8_t bytes[7 * TH_F_COUNT];
} th_class_scratch;
/* The bytes of a class's (field, tf) pairs, in the mapping, in scratch or in the table; false when
 * damaged. */
bool th_segment_class_bytes(const th_segment *s, uint32_t c, th_class_scratch *scratch,
                            const uint8_t **at, const uint8_t **end);
/* All classes in order, as bytes; stops when told to. False when stopped or damaged. */
typedef bool th_class_scan(void *ctx, uint32_t c, const uint8_t *at, const uint8_t *end);
bool th_segment_scan_classes(const th_segment *s, th_class_scan *seen, void *ctx);
/* Counts a class that was looked up in its group; makes the table once there were many. */
void th_spread_count(const th_segment *s);
void th_spread_free(th_spread *t);
static inline const th_spread *th_spread_of(const th_segment *s) {
  return atomic_load_explicit(&s->spread->made, memory_order_acquire);
}
bool th_segment_bad_pair(const th_segment *s, unsigned section, const uint8_t **at,
                         const uint8_t *end);
/* Reads one pair of either: *field comes in as the field before, or UINT32_MAX at the start. False
 * at the end (*at == end) and when damaged (then it is noted). */
static inline bool th_segment_next_pair(const th_segment *s, unsigned section, const uint8_t **at,
                                        const uint8_t *end, uint32_t *field, uint32_t *value) {
  const uint8_t *p = *at;
  *value = 0;
  uint32_t delta = 0, n = 0, first = *field == UINT32_MAX;
  if (p >= end) return false;
  if (TH_LIKELY(end - p >= 2 && (p[0] | p[1]) < 0x80)) {
    delta = p[0];
    n = p[1];
    *at = p + 2;
  } else if (!th_varint32(at, end, &delta) || !th_varint32(at, end, &n)) {
    return th_segment_bad_pair(s, section, at, end);
  }
  uint64_t next = (uint64_t)(first ? 0 : *field) + delta;
  if (TH_UNLIKELY(delta + first == 0 || n == 0 || next >= TH_SEGMENT_FIELDS))
    return th_segment_bad_pair(s, section, at, end);
  *field = (uint32_t)next;
  *value = n;
  return true;
}

#endif
