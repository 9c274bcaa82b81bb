/* Counting the values of one field over all studies, one study after the other.
 *
 * Different values are told apart by 64-bit hashes (XXH3); their texts are found again afterwards
 * in the study that had them last. Memory is bounded: at most TH_TALLY_VALUES values are counted
 * exactly. Beyond that the rarest are dropped as they come (lossy counting: Manku and Motwani,
 * VLDB 2002), so the frequent ones stay right to within a small number, and how many different
 * values there are is estimated by HyperLogLog (Flajolet et al. 2007, 2^14 registers: 0.8 %). */
#ifndef TH_API_TALLY_H
#define TH_API_TALLY_H

#include "base/buf.h"
#include "base/common.h"
#include "study/date.h"

enum { TH_TALLY_VALUES = 1 << 17, TH_TALLY_TOP = 250 };

typedef struct th_tally_entry {
  uint64_t hash;  /* 0 = free */
  uint32_t count; /* studies */
  uint32_t last;  /* the study that had it last, from 1 */
} th_tally_entry;

/* Zero-initialise. */
typedef struct th_tally {
  th_tally_entry *entries; /* owned; open addressing */
  uint32_t n, cap;
  uint8_t *registers; /* owned; HyperLogLog, NULL as long as nothing was dropped */
  uint32_t dropped;   /* values of so few studies are dropped now */
  uint32_t studies;   /* that have the field */
  uint32_t seen;      /* the study noted last */
  uint32_t trues, falses;
  uint32_t true_seen, false_seen;
  uint64_t numbers; /* how many of them */
  double sum, low, high;
  int64_t low_int, high_int;
  th_date first, last_date;
  unsigned precisions; /* bit a th_date_precision */
  th_buf longest;
  size_t longest_len; /* characters */
  uint32_t longest_study;
  int error;
} th_tally;

void th_tally_dispose(th_tally *t);
uint64_t th_tally_hash(th_span text);
/* Values of study number `study` (from 1, rising). Errors stay in t->error. */
void th_tally_text(th_tally *t, uint32_t study, th_span text);
void th_tally_hashed(th_tally *t, uint32_t study, uint64_t hash);
/* Keeps the text when it is longer than those so far (th_tally_text does so itself). */
void th_tally_longest(th_tally *t, uint32_t study, th_span text);
void th_tally_bool(th_tally *t, uint32_t study, bool value);
void th_tally_int(th_tally *t, uint32_t study, int64_t value);
void th_tally_number(th_tally *t, uint32_t study, double value);
void th_tally_date(th_tally *t, uint32_t study, const th_date *date);
/* How many different values; estimated when some were dropped. */
uint64_t th_tally_unique(const th_tally *t);
/* Copies the most frequent values, at most `most`, by falling count, then by hash; one that shares
 * its count with others behind the cut comes along too, at most 2 * most in all. Returns how many;
 * none although there are values: memory is exhausted. */
uint32_t th_tally_top(const th_tally *t, uint32_t most, th_tally_entry *out);

#endif
