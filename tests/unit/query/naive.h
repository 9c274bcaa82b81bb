/* The slow and obvious search that th_search is held to: every document as plain lists of words,
 * every query tried on every document, all matches sorted. And small registries to try it on. */
#ifndef TH_TEST_NAIVE_H
#define TH_TEST_NAIVE_H

#include "base/buf.h"
#include "index/builder.h"
#include "index/feed.h"
#include "query/exec.h"

typedef struct naive_word {
  uint16_t field;
  uint32_t position;
  th_span stem;
} naive_word;

typedef struct naive_doc {
  uint32_t nct, segment, doc;
  bool live;
  naive_word *words;
  uint32_t n_words;
  uint32_t length[TH_F_COUNT];
  uint8_t *norms; /* a scored area */
  th_feed_value *values;
  uint32_t n_values;
  th_feed_site *sites;
  uint32_t n_sites;
} naive_doc;

typedef struct naive_df {
  th_span stem;
  uint32_t df;
} naive_df;

typedef struct corpus {
  char dir[64];
  th_arena arena;
  naive_doc *docs;
  uint32_t n_docs, cap_docs, n_live;
  naive_df *dfs; /* sorted by stem */
  uint32_t n_dfs;
  th_builder *builder;
  th_json_parser *parser;
  th_feed feed;
  th_segment *segments[16];
  uint64_t *live[16];
  uint32_t live_docs[16];
  uint32_t n_segments;
  th_snapshot snapshot;
} corpus;

void corpus_init(corpus *c);
/* Adds a record (JSON text) to the segment being made; false when it is not taken. */
bool corpus_add(corpus *c, th_span json, uint32_t nct);
/* Ends the segment, if there is anything in it. */
void corpus_flush(corpus *c);
/* Ends the last segment; only the newest version of each study is live, and of these each dies with
 * the probability dead in 100. */
void corpus_finish(corpus *c, uint64_t *state, unsigned dead);
/* A corpus of random records, some of which replace others. */
typedef struct corpus_plan {
  uint32_t n_docs, segments;                  /* at most so many segments; */
  bool even;                                  /* just so many, of the same size */
  unsigned dead;                              /* as in corpus_finish */
  void (*put_record)(th_buf *, uint32_t nct); /* writes one as JSON */
} corpus_plan;
void corpus_make(corpus *c, const corpus_plan *plan, uint64_t *state);
void corpus_dispose(corpus *c);

/* The whole answer: entries sorted, from the arena. */
typedef struct naive_hit {
  const naive_doc *doc;
  uint64_t score; /* contributions summed */
  int64_t key[2];
} naive_hit;
uint32_t naive_search(const corpus *c, const th_search_request *request, th_arena *arena,
                      naive_hit **out);
/* Fails the test, with `what` in the message, when th_search gives anything else. */
void corpus_compare(const corpus *c, const th_search_request *request, const char *what);

#endif
