/* Asks a segment everything it can answer and sums the answers up in one number: equal answers,
 * equal sums. For tests and for the fuzz target: whatever the bytes are, this must end and stay
 * inside. */
#ifndef TH_TESTS_SEGMENT_WALK_H
#define TH_TESTS_SEGMENT_WALK_H

#include <xxhash.h>

#include "index/segment.h"
#include "study/catalogue.h"

static inline void walk_mix(uint64_t *sum, const void *p, size_t n) {
  *sum = XXH3_64bits_withSeed(p, n, *sum);
}
static inline void walk_number(uint64_t *sum, uint64_t v) {
  walk_mix(sum, &v, sizeof v);
}

static inline void walk_docs(const th_segment *s, uint64_t *sum) {
  for (uint32_t doc = 0; doc < th_segment_docs(s); doc++) {
    uint32_t first, end, nct = th_segment_nct(s, doc);
    walk_number(sum, nct);
    walk_number(sum, th_segment_seq(s, doc));
    walk_number(sum, th_segment_by_nct(s, doc));
    th_segment_find_nct(s, nct, &first, &end);
    walk_number(sum, first + (uint64_t)end);
    for (uint16_t field = 0; field < 400; field += 3)
      walk_number(sum, th_segment_length(s, doc, field));
  }
  walk_mix(sum, th_segment_norms(s, TH_A_BasicSearch), th_segment_docs(s));
  walk_mix(sum, th_segment_norms(s, TH_A_COUNT), th_segment_docs(s));
  uint32_t n_classes = th_segment_classes(s);
  if (n_classes > 100000) n_classes = 100000;
  for (uint32_t c = 0; c < n_classes; c++) {
    th_class_field fields[8] = {{0}};
    walk_number(sum, th_segment_class(s, c, fields, TH_COUNT(fields)));
    walk_mix(sum, fields, sizeof fields);
  }
}

static inline void walk_list(const th_segment *s, const th_term *t, uint64_t *sum,
                             unsigned *budget) {
  th_postings p;
  th_occurrence occurrences[64] = {{0}};
  th_postings_init(&p, t);
  while (*budget && th_postings_next_block(&p)) {
    walk_mix(sum, p.docs, p.n * sizeof *p.docs);
    walk_mix(sum, p.classes, p.n * sizeof *p.classes);
    for (uint32_t i = 0; i < p.n && *budget; i++, --*budget) {
      unsigned n = th_postings_positions(s, &p, i, NULL, occurrences, TH_COUNT(occurrences));
      walk_mix(sum, occurrences, n * sizeof *occurrences);
    }
  }
  th_postings_init(&p, t);
  for (uint32_t target = 0; th_postings_seek_block(&p, target); target = p.docs[p.n - 1] + 300)
    walk_number(sum, p.docs[0]);
}

static inline void walk_terms(const th_segment *s, uint64_t *sum) {
  th_term_cursor c;
  th_term found;
  char text[TH_TERM_MAX];
  unsigned budget = 200000;
  if (!th_term_seek(&c, s, TH_SPAN(""))) return;
  while (budget && th_term_next(&c)) {
    th_span stem = {c.text, c.len};
    walk_mix(sum, c.text, c.len);
    walk_number(sum, c.term.df + c.term.cf);
    for (uint32_t f = 0; f < c.term.n_forms && f < 20; f++) {
      th_span form = th_term_form(&c.term, stem, f, text);
      walk_mix(sum, form.p, form.n);
      if (form.p) walk_number(sum, (uint64_t)th_term_find_form(&c.term, stem, form));
    }
    bool again = th_segment_term(s, stem, &found);
    walk_number(sum, again && found.postings == c.term.postings);
    budget--;
    walk_list(s, &c.term, sum, &budget);
  }
  walk_number(sum, th_term_seek(&c, s, TH_SPAN("word00011")) && th_term_next(&c) ? c.len : 0);
  walk_number(sum, th_segment_term(s, TH_SPAN("nothing"), &found));
}

static inline void walk_columns(const th_segment *s, uint64_t *sum) {
  for (uint16_t field = 0; field < 1000; field++) {
    const th_column *c = th_segment_column(s, field);
    if (!c) continue;
    walk_number(sum, field);
    for (uint32_t doc = 0; doc < th_segment_docs(s); doc++) {
      uint32_t first = 0, end = 0;
      if (c->kind == TH_COL_MASK)
        walk_number(sum, th_column_mask(c, doc));
      else
        th_column_row(c, doc, &first, &end);
      for (; first < end; first++) {
        int64_t v = th_column_value(c, first);
        walk_number(sum, (uint64_t)v);
        if (c->kind != TH_COL_KEYWORD) continue;
        th_span word = th_column_word(c, (uint32_t)v);
        walk_mix(sum, word.p, word.n);
        walk_number(sum, (uint64_t)th_column_find(c, word));
      }
    }
  }
  const th_sites *sites = th_segment_sites(s);
  for (uint32_t doc = 0; sites && doc < th_segment_docs(s); doc++)
    for (uint32_t i = sites->start[doc]; i < sites->start[doc + 1]; i++) {
      walk_number(sum, (uint32_t)sites->lat[i] + ((uint64_t)(uint32_t)sites->lon[i] << 32));
      walk_number(sum, sites->country[i] ^ sites->state[i] ^ sites->city[i]);
      walk_number(sum, sites->facility[i] + sites->status[i]);
    }
}

static inline uint64_t segment_walk(const th_segment *s) {
  uint64_t sum = th_segment_first_seq(s) + th_segment_last_seq(s);
  walk_docs(s, &sum);
  walk_terms(s, &sum);
  walk_columns(s, &sum);
  return sum;
}

#endif
