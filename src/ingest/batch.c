#define _DEFAULT_SOURCE
#include "ingest/batch.h"

/* While a batch is filled, bytes.p of a record is its offset times two, plus one for converted
 * text. */
void th_batch_init(th_batch *b) {
  *b = (th_batch){0};
  th_arena_init(&b->names, 0);
}

void th_batch_dispose(th_batch *b) {
  free(b->records);
  free(b->rejects);
  th_buf_dispose(&b->window);
  th_buf_dispose(&b->made);
  th_arena_dispose(&b->names);
  *b = (th_batch){0};
}

void th_batch_clear(th_batch *b) {
  b->n = b->n_rejects = 0;
  th_buf_clear(&b->window);
  th_buf_clear(&b->made);
  th_arena_reset(&b->names, false);
}

static void *grown(void *list, size_t n, size_t *cap, size_t size) {
  if (n < *cap) return list;
  size_t want = *cap ? *cap * 2 : 64;
  void *more = reallocarray(list, want, size);
  if (more) *cap = want;
  return more;
}

int th_batch_add(th_batch *b, size_t at, size_t n, bool made, th_raw_record place) {
  th_raw_record *list = grown(b->records, b->n, &b->cap, sizeof *list);
  if (!list) return TH_ENOMEM;
  b->records = list;
  place.bytes = (th_span){(const char *)(uintptr_t)(at * 2 + made), n};
  list[b->n++] = place;
  return 0;
}

int th_batch_add_reject(th_batch *b, const th_reject *r) {
  th_reject *list = grown(b->rejects, b->n_rejects, &b->cap_rejects, sizeof *list);
  if (!list) return TH_ENOMEM;
  b->rejects = list;
  list[b->n_rejects++] = *r;
  return 0;
}

void th_batch_finish(th_batch *b) {
  for (size_t i = 0; i < b->n; i++) {
    uintptr_t at = (uintptr_t)b->records[i].bytes.p;
    b->records[i].bytes.p = (at & 1 ? b->made.p : b->window.p) + at / 2;
  }
}

void th_reason_copy(char *to, size_t cap, const char *from) {
  size_t n = strlen(from);
  if (n >= cap)
    for (n = cap - 1; n && ((unsigned char)from[n] & 0xC0) == 0x80;)
      n--;
  memcpy(to, from, n);
  to[n] = 0;
}
