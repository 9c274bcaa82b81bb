/* What must hold of a source for any input: it ends, every byte it gives can be read with its
 * padding, records parse or are refused, and neither the sizes of reads nor those of batches change
 * what it gives. */
#ifndef TH_FUZZ_SOURCE_CHECK_H
#define TH_FUZZ_SOURCE_CHECK_H

#include "base/json.h"
#include "ingest/source.h"

static inline uint64_t fold_bytes(uint64_t h, const void *p, size_t n) {
  const unsigned char *b = p;
  for (size_t i = 0; i < n; i++)
    h = (h ^ b[i]) * 1099511628211u;
  return h;
}

static inline uint64_t fold_text(uint64_t h, const char *s) {
  return s ? fold_bytes(h, s, strlen(s) + 1) : h * 31;
}

static inline uint64_t fold_batch(uint64_t h[2], const th_batch *b, th_json_parser *parser) {
  for (size_t i = 0; i < b->n; i++) {
    const th_raw_record *r = &b->records[i];
    th_json doc;
    h[0] = fold_bytes(h[0], r->bytes.p, r->bytes.n);
    h[0] = fold_bytes(h[0], &r->line, sizeof r->line);
    h[0] = fold_bytes(h[0], &r->offset, sizeof r->offset);
    h[0] = fold_text(fold_text(h[0], r->entry), r->file);
    if (parser) (void)!th_json_parse(parser, r->bytes, &doc, NULL);
  }
  for (size_t i = 0; i < b->n_rejects; i++) {
    const th_reject *r = &b->rejects[i];
    h[1] = fold_bytes(h[1], &r->line, sizeof r->line);
    h[1] = fold_bytes(h[1], &r->offset, sizeof r->offset);
    h[1] = fold_text(fold_text(fold_text(h[1], r->entry), r->id), r->reason);
    if (!r->reason[0]) abort();
  }
  return h[0];
}

static inline void read_source(th_span in, const th_source_limits *limits, th_json_parser *parser,
                               uint64_t h[2]) {
  th_err err = {0};
  th_batch b;
  h[0] = h[1] = 14695981039346656037u;
  th_source *s = th_source_open_memory("input", in, limits, &err);
  if (!s) abort();
  th_batch_init(&b);
  do {
    if (th_source_next(s, &b, &err)) abort();
    fold_batch(h, &b, parser);
  } while (b.n);
  th_batch_dispose(&b);
  th_source_close(s);
}

/* chunk: size of reads of the second pass. */
static inline void check_source(th_span in, size_t chunk) {
  static th_json_parser *parser;
  uint64_t whole[2], pieces[2];
  if (!parser) parser = th_json_parser_new(1 << 20, 256);
  th_source_limits one = {.max_record = 1 << 16, .max_unpacked = 1 << 24, .batch_bytes = 1 << 16};
  th_source_limits two = one;
  two.read_chunk = chunk;
  two.batch_records = 1 + chunk % 3;
  two.batch_bytes = 1500;
  read_source(in, &one, parser, whole);
  read_source(in, &two, NULL, pieces);
  if (whole[0] != pieces[0] || whole[1] != pieces[1]) abort();
}

#endif
