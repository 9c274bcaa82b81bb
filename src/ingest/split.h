/* Where records begin and end in a stream of JSON or XML text.
 *
 * A splitter sees a window of the stream and says what comes next; it asks for more bytes when the
 * window does not decide it. Offsets count from the start of the stream. Bytes before `keep` are
 * not looked at again. */
#ifndef TH_INGEST_SPLIT_H
#define TH_INGEST_SPLIT_H

#include "ingest/scan.h"
#include "ingest/source.h"

typedef enum th_split_what {
  TH_SPLIT_MORE,   /* needs further bytes; never when the window is ended */
  TH_SPLIT_RECORD, /* [start, end) is a candidate */
  TH_SPLIT_REJECT, /* [start, …) is none; id and reason are set */
  TH_SPLIT_END,
} th_split_what;

typedef struct th_window {
  const char *p;
  int64_t base; /* offset in the stream of p[0] */
  size_t n;
  bool ended; /* nothing comes behind */
} th_window;

typedef struct th_piece {
  int64_t start, end, line;
  char id[16], reason[200];
  bool at_end; /* the piece is broken because the input ended */
} th_piece;

#define TH_SPLIT_LEVELS 8

typedef struct th_json_split {
  size_t max_record;
  unsigned max_depth;
  int state, n_levels;
  uint8_t level[TH_SPLIT_LEVELS]; /* what each open list is: an array, or a page's "studies" */
  int64_t at, keep;
  int64_t line;              /* of `at` */
  int64_t start, start_line; /* of the value being looked at */
  th_scan scan;
  bool dropping;    /* the value is over a limit: its bytes are let go while its end is sought */
  bool broken_tail; /* what follows may be the rest of a broken, pretty-printed value */
  bool lost;        /* an open list may have been closed unseen */
  bool any;         /* something was found in this stream */
  char id[16], reason[200];
} th_json_split;

void th_json_split_init(th_json_split *s, const th_source_limits *limits);
th_split_what th_json_split_next(th_json_split *s, const th_window *w, th_piece *out);

typedef struct th_xml_split {
  size_t max_record;
  bool whole; /* not in an ASCII-compatible encoding: the stream is one document */
  int state;
  int64_t at, keep, line, start, start_line;
  int64_t seek; /* the end tag was sought up to here */
  char id[16], reason[200];
} th_xml_split;

void th_xml_split_init(th_xml_split *s, const th_source_limits *limits, bool whole);
th_split_what th_xml_split_next(th_xml_split *s, const th_window *w, th_piece *out);

#endif
