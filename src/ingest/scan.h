/* A structural scan of JSON text: where does the object that begins here end?
 *
 * 64 bytes at a time become bit masks (after Langdale and Lemire, "Parsing gigabytes of JSON per
 * second", VLDB Journal 28, 2019): quotes that no backslash escapes, the inside of strings by a
 * prefix xor, brackets outside of strings. Depth is counted and not checked: kinds of brackets,
 * literals and UTF-8 are the parser's affair. */
#ifndef TH_INGEST_SCAN_H
#define TH_INGEST_SCAN_H

#include "base/common.h"

/* Bytes that must stand behind a block before it is looked at, unless the input ends: enough to
 * see the first key behind an opening brace. */
#define TH_SCAN_AHEAD 192

typedef struct th_scan_masks {
  uint64_t quote, backslash, open, close, brace, newline; /* bit i: byte i; brace: '{' alone */
} th_scan_masks;

typedef enum th_scan_what {
  TH_SCAN_MORE,    /* the bytes are used up */
  TH_SCAN_END,     /* the object is closed; at stands behind it */
  TH_SCAN_NEWLINE, /* a line ends inside a string; at stands on the newline */
  TH_SCAN_START,   /* a record begins inside this one; at stands on its brace */
} th_scan_what;

typedef struct th_scan {
  int64_t depth;
  int64_t deepest; /* seen at the ends of blocks */
  int64_t newlines;
  uint64_t in_string, escape; /* carried from block to block */
  bool line_start;            /* the byte before is a newline */
  bool by_lines;              /* a brace at the start of a line may begin a record */
} th_scan;

/* depth: brackets open already. */
void th_scan_begin(th_scan *s, int64_t depth, bool by_lines);
/* Scans p[*at, n) on; ended: nothing comes behind n. p[0, *at) may be looked back at. */
th_scan_what th_scan_run(th_scan *s, const char *p, size_t *at, size_t n, bool ended);
/* True when the brace at p[i] is followed by the first key of a study. */
bool th_scan_is_study(const char *p, size_t i, size_t n);

/* The masks of 64 bytes; the plain version is the reference. */
void th_scan_block_plain(const char *p, th_scan_masks *out);
void th_scan_block(const char *p, th_scan_masks *out);

#endif
