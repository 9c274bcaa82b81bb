#include "index/deal.h"

enum {
  BUCKET_BYTES = 384 << 10,
  BUCKETS_MAX = 1024,
  HEAD = 8, /* bytes in the log before the rest */
  NEW_HEAD = 12,
  AT_A_TIME = 32,
};

void th_deal_dispose(th_deal *d) {
  free(d->bytes);
  free(d->buckets);
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
  size_t most = (size_t)(total / aim) + 2;
  d->buckets = calloc(most, sizeof *d->buckets);
  d->bytes = th_large_alloc((size_t)total + (most + 1) * TH_LOG_MARGIN);
  if (!seats || !d->buckets || !d->bytes) {
    free(seats);
    return NULL;
  }
  uint64_t at = 0;
  for (uint32_t i = 0; i < n; i++) {
    const th_build_term *t = &b->terms[order[i].id];
    if (i == 0 || at - d->buckets[d->n - 1].start >= aim) {
      at += TH_LOG_MARGIN;
      d->buckets[d->n++] = (th_bucket){.start = at, .first_stem = i};
    }
    th_bucket *bucket = &d->buckets[d->n - 1];
    seats[order[i].id] = (seat){d->n - 1, bucket->n_stems++};
    bucket->n_postings += t->df;
    at += dealt_bytes(t);
  }
  return seats;
}

typedef struct held {
  uint32_t term, class_and_coded, len;
  const uint8_t *rest;
} held;

static const uint8_t *hold(const uint8_t *at, held *h) {
  uint32_t head[2];
  memcpy(head, at, sizeof head);
  th_dealt p = {.coded = head[1] & 1};
  const uint8_t *end = th_log_rest(at + HEAD, &p);
  *h = (held){head[0], head[1], (uint32_t)(end - at) - HEAD, at + HEAD};
  return end;
}

/* 16 bytes behind the rest are readable, and writable behind the place where it goes: what is
 * written there too much is written over, or is the margin between two buckets. */
static inline void put(uint8_t *to, const held *h, uint32_t stem, uint32_t doc, uint32_t class_id) {
  const uint32_t head[3] = {stem, doc, class_id << 1 | (h->class_and_coded & 1)};
  memcpy(to, head, sizeof head);
  if (TH_LIKELY(h->len <= 16))
    memcpy(to + NEW_HEAD, h->rest, 16);
  else
    memcpy(to + NEW_HEAD, h->rest, h->len);
}

/* A document's postings, some at a time, so that the memory's latency is paid for them at once. */
static void deal_doc(const seat *seats, uint8_t **ends, const uint8_t *at, uint32_t n, uint32_t doc,
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
      put(ends[s.bucket], &some[i], s.stem, doc, new_class[some[i].class_and_coded >> 1]);
      ends[s.bucket] += NEW_HEAD + some[i].len;
    }
  }
}

bool th_deal_make(th_deal *d, th_builder *b, const th_ordered *order, const uint32_t *new_doc,
                  const uint32_t *new_class) {
  seat *seats = seat_stems(d, b, order);
  uint8_t **ends = calloc((size_t)d->n + 1, sizeof *ends);
  uint32_t chunk = 0;
  for (uint32_t i = 0; seats && ends && i < d->n; i++)
    ends[i] = d->bytes + d->buckets[i].start;
  for (uint32_t doc = 0; seats && ends && doc < b->n_docs; doc++) {
    const th_build_doc *from = &b->docs[doc];
    while (chunk < from->postings >> TH_LOG_OFFSET_BITS)
      th_log_forget(&b->log, chunk++);
    if (new_doc[doc] != UINT32_MAX)
      deal_doc(seats, ends, th_log_at(&b->log, from->postings), from->n_postings, new_doc[doc],
               new_class);
  }
  bool good = seats && ends;
  free(seats);
  free(ends);
  return good;
}

/* Counts, adds up, fills: stems[i] goes from the start to the end of its places. */
bool th_deal_open(th_deal *d, uint32_t bucket) {
  const th_bucket *k = &d->buckets[bucket];
  if (!th_build_grow((void **)&d->places, &d->cap_places, k->n_postings, sizeof *d->places) ||
      !th_build_grow((void **)&d->stems, &d->cap_stems, (size_t)k->n_stems + 1, sizeof *d->stems))
    return false;
  const uint8_t *start = d->bytes + k->start, *at = start;
  uint32_t head[3], sum = 0;
  memset(d->stems, 0, ((size_t)k->n_stems + 1) * sizeof *d->stems);
  for (int pass = 0; pass < 2; pass++, at = start) {
    for (uint32_t i = 0; i < k->n_postings; i++) {
      memcpy(head, at, sizeof head);
      th_dealt p = {.coded = head[2] & 1};
      if (pass == 0)
        d->stems[head[0]]++;
      else
        d->places[d->stems[head[0]]++] = (uint32_t)(at - start);
      at = th_log_rest(at + NEW_HEAD, &p);
    }
    for (uint32_t i = 0; pass == 0 && i < k->n_stems; i++) {
      uint32_t n = d->stems[i];
      d->stems[i] = sum;
      sum += n;
    }
  }
  return true;
}
