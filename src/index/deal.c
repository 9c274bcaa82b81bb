#include "index/deal.h"

enum {
  BUCKET_BYTES = 384 << 10,
  BUCKETS_MAX = 1024,
  HEAD = 8, /* bytes in the log before the length */
  NEW_HEAD = 12,
  AT_A_TIME = 32,
  PIECE = 32 << 10,
  BLOCK = 2 << 20,
};

void th_deal_dispose(th_deal *d) {
  for (uint32_t i = 0; i < d->n_blocks; i++)
    free(d->blocks[i]);
  free(d->blocks);
  free(d->pieces);
  free(d->buckets);
  free(d->df);
  free(d->places);
  free(d->stems);
}

/* Bytes of a stem's postings when they are dealt out. */
static uint64_t dealt_bytes(const th_build_term *t) {
  return t->bytes + (uint64_t)t->df * (NEW_HEAD - HEAD);
}

/* Where a stem's postings go. */
typedef struct seat {
  uint32_t bucket, stem;
} seat;

/* Makes the buckets, each of neighbouring stems. */
static seat *seat_stems(th_deal *d, const th_builder *b, const th_ordered *order) {
  uint32_t n = b->stems.n;
  uint64_t total = 0;
  for (uint32_t i = 0; i < n; i++)
    total += dealt_bytes(&b->terms[i]);
  uint64_t aim = TH_MAX(total / BUCKETS_MAX + 1, (uint64_t)BUCKET_BYTES);
  seat *seats = th_large_alloc(((size_t)n + 1) * sizeof *seats);
  d->buckets = calloc((size_t)(total / aim) + 2, sizeof *d->buckets);
  d->df = th_large_alloc(((size_t)n + 1) * sizeof *d->df);
  if (!seats || !d->buckets || !d->df) {
    free(seats);
    return NULL;
  }
  uint64_t held = aim; /* of the last bucket */
  for (uint32_t i = 0; i < n; i++) {
    const th_build_term *t = &b->terms[order[i].id];
    if (held >= aim) {
      held = 0;
      d->buckets[d->n++] = (th_bucket){.first_stem = i};
    }
    th_bucket *bucket = &d->buckets[d->n - 1];
    seats[order[i].id] = (seat){d->n - 1, bucket->n_stems++};
    bucket->n_postings += t->df;
    d->df[i] = t->df;
    held += dealt_bytes(t);
  }
  return seats;
}

/* ---- pieces ---- */

static uint8_t *new_block(th_deal *d, size_t n) {
  if (!th_build_grow((void **)&d->blocks, &d->cap_blocks, (size_t)d->n_blocks + 1,
                     sizeof *d->blocks))
    return NULL;
  uint8_t *p = th_large_alloc(n);
  if (p) d->blocks[d->n_blocks++] = p;
  return p;
}

/* Memory for n bytes and what is written beyond them. */
static uint8_t *piece_memory(th_deal *d, size_t n, size_t *cap) {
  *cap = TH_MAX(n + TH_LOG_MARGIN, (size_t)PIECE);
  if (*cap > PIECE) return new_block(d, *cap);
  if (d->free_bytes < PIECE) {
    bool again = d->chunks_taken < d->chunks_read;
    const struct th_log_chunk *chunk = &d->log->chunks[d->chunks_taken];
    d->free_at = again ? chunk->p : new_block(d, BLOCK);
    d->free_bytes = again ? chunk->cap : d->free_at ? BLOCK : 0;
    d->chunks_taken += again;
    if (!d->free_at) return NULL;
  }
  uint8_t *p = d->free_at;
  d->free_at += PIECE;
  d->free_bytes -= PIECE;
  return p;
}

/* A piece with room for n bytes at the end of a bucket. */
static th_piece *add_piece(th_deal *d, th_bucket *bucket, size_t n) {
  size_t cap;
  if (!th_build_grow((void **)&d->pieces, &d->cap_pieces, (size_t)d->n_pieces + 1,
                     sizeof *d->pieces))
    return NULL;
  uint8_t *p = piece_memory(d, n, &cap);
  if (!p) return NULL;
  th_piece *piece = &d->pieces[d->n_pieces++];
  *piece = (th_piece){.p = p, .cap = (uint32_t)cap};
  if (bucket->last_piece)
    d->pieces[bucket->last_piece - 1].next = d->n_pieces;
  else
    bucket->first_piece = d->n_pieces;
  bucket->last_piece = d->n_pieces;
  return piece;
}

static inline uint8_t *room_in(th_deal *d, th_bucket *bucket, size_t n) {
  th_piece *piece = bucket->last_piece ? &d->pieces[bucket->last_piece - 1] : NULL;
  if (TH_UNLIKELY(!piece || piece->cap - piece->used < n + TH_LOG_MARGIN) &&
      !(piece = add_piece(d, bucket, n)))
    return NULL;
  uint8_t *at = piece->p + piece->used;
  piece->used += (uint32_t)n;
  return at;
}

/* ---- dealing ---- */

/* rest: with the length in front of it */
typedef struct held {
  uint32_t term, class_and_coded, len;
  const uint8_t *rest;
} held;

static inline const uint8_t *hold(const uint8_t *at, held *h) {
  uint32_t head[2];
  memcpy(head, at, sizeof head);
  at += HEAD;
  const uint8_t *end = th_log_end(at);
  *h = (held){head[0], head[1], (uint32_t)(end - at), at};
  return end;
}

/* 16 bytes behind the rest are readable, and writable behind the place where it goes: what is
 * written there too much is written over, or is the margin of a piece. */
static inline void put(uint8_t *to, const held *h, uint32_t stem, uint32_t doc, uint32_t class_id) {
  const uint32_t head[3] = {stem, doc, class_id << 1 | (h->class_and_coded & 1)};
  memcpy(to, head, sizeof head);
  if (TH_LIKELY(h->len <= 16))
    memcpy(to + NEW_HEAD, h->rest, 16);
  else
    memcpy(to + NEW_HEAD, h->rest, h->len);
}

/* A document's postings, some at a time, so that the memory's latency is paid for them at once. */
static bool deal_doc(th_deal *d, const seat *seats, const uint8_t *at, uint32_t n, uint32_t doc,
                     const uint32_t *new_class) {
  held some[AT_A_TIME];
  for (uint32_t from = 0, many; from < n; from += many) {
    many = TH_MIN(n - from, (uint32_t)AT_A_TIME);
    for (uint32_t i = 0; i < many; i++) {
      at = hold(at, &some[i]);
      __builtin_prefetch(&seats[some[i].term]);
      __builtin_prefetch(&new_class[some[i].class_and_coded >> 1]);
    }
    for (uint32_t i = 0; i < many; i++) {
      seat s = seats[some[i].term];
      uint8_t *to = room_in(d, &d->buckets[s.bucket], NEW_HEAD + (size_t)some[i].len);
      if (!to) return false;
      put(to, &some[i], s.stem, doc, new_class[some[i].class_and_coded >> 1]);
    }
  }
  return true;
}

bool th_deal_make(th_deal *d, th_builder *b, const th_ordered *order, const uint32_t *new_doc,
                  const uint32_t *new_class) {
  seat *seats = seat_stems(d, b, order);
  bool good = seats;
  d->log = &b->log;
  for (uint32_t doc = 0; good && doc < b->n_docs; doc++) {
    const th_build_doc *from = &b->docs[doc];
    d->chunks_read = (uint32_t)(from->postings >> TH_LOG_OFFSET_BITS);
    if (new_doc[doc] != UINT32_MAX)
      good = deal_doc(d, seats, th_log_at(&b->log, from->postings), from->n_postings, new_doc[doc],
                      new_class);
  }
  free(seats);
  return good;
}

/* ---- a bucket ---- */

static void put_places(th_deal *d, const th_bucket *k) {
  for (uint32_t next = k->first_piece; next; next = d->pieces[next - 1].next) {
    const uint8_t *at = d->pieces[next - 1].p, *end = at + d->pieces[next - 1].used;
    while (at < end) {
      uint32_t stem;
      memcpy(&stem, at, sizeof stem);
      d->places[d->stems[stem]++] = at;
      at = th_log_end(at + NEW_HEAD);
    }
  }
}

/* stems[i] goes from the start to the end of its places. */
bool th_deal_open(th_deal *d, uint32_t bucket) {
  const th_bucket *k = &d->buckets[bucket];
  uint32_t sum = 0;
  if (!th_build_grow((void **)&d->places, &d->cap_places, k->n_postings, sizeof *d->places) ||
      !th_build_grow((void **)&d->stems, &d->cap_stems, (size_t)k->n_stems + 1, sizeof *d->stems))
    return false;
  for (uint32_t i = 0; i < k->n_stems; i++) {
    d->stems[i] = sum;
    sum += d->df[k->first_stem + i];
  }
  put_places(d, k);
  return true;
}
