/* The postings of a builder, from the order of documents to that of stems.
 *
 * To jump from posting to posting in so much memory takes longer than all else that flush does. So
 * they are dealt out first: read in their order, each is written behind the others of its bucket, a
 * run of neighbouring stems whose postings fit the processor's cache. Only then, bucket by bucket,
 * the postings of one stem are looked for.
 *
 *   bucket := (u32 stem, counted from the bucket's first  u32 doc  u32 class * 2 + coded
 *              varint len  rest)*
 *             doc and class as the segment numbers them; coded, len, rest: as in the log (stage.c)
 */
#ifndef TH_INDEX_DEAL_H
#define TH_INDEX_DEAL_H

#include "index/builder_private.h"
#include "index/order.h"

/* A bucket's postings stand in pieces, none in two of them. */
typedef struct th_piece {
  uint8_t *p;
  uint32_t used, cap, next; /* next: place in pieces + 1, 0 for none */
} th_piece;

typedef struct th_bucket {
  uint32_t first_piece, last_piece; /* places in pieces + 1, 0 for none */
  uint32_t first_stem, n_stems;     /* places in the order */
  uint32_t n_postings;
} th_bucket;

typedef struct th_deal {
  th_bucket *buckets; /* owned */
  uint32_t n;
  th_piece *pieces; /* owned */
  uint32_t n_pieces;
  size_t cap_pieces;
  const th_log *log;
  uint32_t chunks_read, chunks_taken; /* chunks of the log that were read serve for pieces */
  uint8_t *free_at;                   /* memory for further pieces */
  size_t free_bytes;
  void **blocks; /* owned: memory of pieces that is not the log's */
  uint32_t n_blocks;
  size_t cap_blocks;
  uint32_t *df; /* owned; postings of each stem, in the order */
  /* The bucket that th_deal_open opened. */
  const uint8_t **places; /* owned; its postings, by stem, then by document */
  uint32_t *stems;        /* owned; of each stem the end of its postings among the places */
  size_t cap_places, cap_stems;
} th_deal;

/* A posting of the open bucket, its forms still coded. */
typedef struct th_dealt {
  uint32_t doc, class_id;
  bool coded;
  uint32_t n, n_bits;          /* occurrences; bits of their positions */
  const uint8_t *bits, *forms; /* forms: when coded, a varint an occurrence */
} th_dealt;

/* order: the builder's stems; new_doc (UINT32_MAX: left out) and new_class: by the builder's
 * numbers. Writes over the log as it is read. False when memory is exhausted. Dispose of it in any
 * case. */
bool th_deal_make(th_deal *d, th_builder *b, const th_ordered *order, const uint32_t *new_doc,
                  const uint32_t *new_class);
void th_deal_dispose(th_deal *d);
/* False when memory is exhausted. */
bool th_deal_open(th_deal *d, uint32_t bucket);

static inline uint32_t th_log_varint(const uint8_t **at) {
  uint32_t v = *(*at)++;
  if (TH_LIKELY(v < 0x80)) return v;
  v &= 0x7F;
  for (unsigned shift = 7;; shift += 7) {
    uint32_t b = *(*at)++;
    v |= (b & 0x7F) << shift;
    if (b < 0x80) return v;
  }
}

/* The end of a posting; at: behind its head, where its length stands. */
static inline const uint8_t *th_log_end(const uint8_t *at) {
  uint32_t len = th_log_varint(&at);
  return at + len;
}

/* The posting at a place. */
static inline void th_deal_posting(const uint8_t *at, th_dealt *p) {
  uint32_t head[3];
  memcpy(head, at, sizeof head);
  *p = (th_dealt){.doc = head[1], .class_id = head[2] >> 1, .coded = head[2] & 1};
  at += sizeof head;
  th_log_varint(&at);
  p->n = th_log_varint(&at);
  p->n_bits = th_log_varint(&at);
  p->bits = at;
  p->forms = at + (p->n_bits + 7) / 8;
}

#endif
