/* How a request runs. Compiled once a query into operators (plan.c), bound to each segment in turn,
 * evaluated there (match.c: bitmaps of filters; rank.c: scores), what survives put into a sink
 * (sink.c). Everything is in the request's arena. */
#ifndef TH_QUERY_EXEC_H
#define TH_QUERY_EXEC_H

#include "geo/distance.h"
#include "query/cache.h"
#include "query/cursor.h"
#include "query/tree.h"

typedef struct th_op th_op;

/* The terms of one phrase, for checking a document that holds them all. */
typedef struct th_phrase_check {
  th_cursor *cursors;    /* n, its own: they stand where the document last checked is */
  uint32_t *order;       /* n words, the rarest first */
  const th_flat **flats; /* a word: its places, NULL as long as it is not hot */
  uint32_t *asked;       /* a word: postings read since that was last looked up */
  const th_query *query; /* a PHRASE or a TERM */
  uint32_t n;            /* words */
  uint32_t width;        /* positions that the phrase takes */
  /* Documents in which it stands, and maybe dead ones, where a list says so; NULL: to be looked at.
   */
  uint64_t *stands;
  uint64_t key;   /* without a list: what it is counted as, where, … */
  unsigned slot;  /* TH_ASKED_NO_SLOT: not counted */
  uint32_t looks; /* … and documents looked at since */
  int *forms;     /* exact: the code of each word's form, -1 = the segment has none */
  uint64_t fields[(TH_F_COUNT + 63) / 64];
} th_phrase_check;

/* How much a TILT leaves of a score: by the rank of a document's value among all values of the
 * field. */
typedef struct th_tilt {
  uint16_t field;
  int64_t low;             /* the smallest value */
  uint64_t step;           /* values in a bucket */
  uint32_t n;              /* buckets */
  uint32_t *factor;        /* of a bucket, in 1/65536: 32768 for the smallest values … 65536 */
  const th_column *column; /* of the segment at hand */
} th_tilt;

enum { TH_DENSE_WORDS = 64 };

/* Words that all have impacts, all of them or any (dense.c). */
typedef struct th_dense {
  th_rough *tables; /* n */
  uint32_t n;
  bool all;    /* an AND */
  float units; /* rough units in one of a score */
  const uint64_t *keep;
  uint32_t best, n_docs;
  /* The stretch at hand; the tables are the thread's. */
  uint32_t base, next;         /* its first document; that of the next one */
  uint32_t n_words;            /* of 64 documents */
  uint16_t *bound, *word_most; /* of a document; the largest of a word of them */
  uint16_t cut;                /* documents from here on are looked at first */
  bool second;                 /* they were */
  uint32_t at;                 /* the next word of documents */
} th_dense;

/* Candidates that are looked at the most promising first (pool.c). */
typedef struct th_pool {
  th_pooled *of; /* the thread's, TH_POOL; n of them, documents ascending */
  uint32_t n, best;
  uint32_t cut; /* those whose bound is not below come first */
  bool second;  /* they did */
  uint32_t at;
} th_pool;

/* Documents that hold all of several terms, a batch at a time, ascending within it; batches ascend
 * but for dense words, whose most promising documents come first. */
typedef struct th_conj {
  const struct th_plan *plan;
  th_cursor **cursors; /* n, rarest first */
  uint32_t *rest;      /* rest[i]: what cursors i, i + 1, … can add at most */
  uint32_t *rest_here; /* the same among the documents of the batch */
  uint32_t n;
  th_phrase_check *checks;
  uint32_t n_checks;
  uint32_t n_unknown; /* of these without a list: to be looked at */
  uint64_t *within;   /* where the others all stand; NULL: there is none */
  /* Only the best are wanted: */
  const th_impacts **impacts; /* of each cursor, NULL = it has none; NULL: all are wanted */
  th_dense *dense;            /* all have; NULL = not so */
  th_pool *pool;              /* some have; NULL = not so */
  uint32_t pool_most;         /* candidates that it takes */
  bool pooled;                /* what comes next is in the pool */
  const struct th_sink *sink;
  uint32_t docs[TH_BLOCK + 8], scores[TH_BLOCK + 8], n_found; /* the batch */
} th_conj;

typedef enum th_op_kind {
  TH_OP_TERM,
  TH_OP_PHRASE,
  TH_OP_AND,
  TH_OP_OR,
  TH_OP_EITHER,
  TH_OP_TILT,
  TH_OP_MATCH
} th_op_kind;

#define TH_OP_UNSCORED UINT32_MAX

struct th_op {
  th_op_kind kind;
  uint32_t n;
  th_op **parts;         /* AND, OR, EITHER, TILT; TERMs of a PHRASE */
  const th_query *query; /* MATCH: evaluated without scores; TERM, PHRASE: itself */
  uint32_t term;         /* TERM: index in the plan's terms, TH_OP_UNSCORED */
  th_tilt *tilt;
  /* For the segment that the plan is bound to: */
  th_cursor *cursor; /* TERM */
  th_cursor *probe;  /* TERM: looks at single documents; made when needed, NULL until then */
  th_conj *conj;     /* PHRASE */
  uint64_t *bits;    /* MATCH */
};

typedef struct th_plan_term {
  th_span stem;
  unsigned scope;
  float weight;
  uint64_t df;
  float idf;   /* times the weight */
  th_term *in; /* of each segment; df 0 = absent */
} th_plan_term;

typedef struct th_sink th_sink;

typedef struct th_plan {
  const th_snapshot *snapshot;
  const th_search_request *request;
  th_arena *arena;
  th_err *err;
  th_thread *thread;
  th_plan_term *terms;
  uint32_t n_terms, cap_terms, n_words_scored;
  th_op *scored; /* NULL = nothing to score */
  /* The segment at hand. */
  uint32_t at;
  const th_segment *segment;
  uint32_t n_docs, n_words; /* words of a bitmap: whole windows */
  /* Lists of phrases are made ahead: */
  th_asked *hot; /* places of words, for that alone; NULL: the segment's */
  bool ahead;    /* phrases that have no list get one at first sight */
} th_plan;

/* ---- plan.c ---- */
int th_plan_make(th_plan *p) TH_MUST_USE;
/* Goes to segment `at`. */
void th_plan_segment(th_plan *p, uint32_t at);
/* Cursors and bitmaps of an operator and what it holds, for the segment at hand. */
int th_plan_bind(th_plan *p, th_op *op) TH_MUST_USE;
/* A cursor at the start of the list of a TERM in the segment at hand. */
int th_plan_cursor(th_plan *p, const th_op *term, th_cursor *out) TH_MUST_USE;
int th_plan_no_memory(th_plan *p);

/* ---- match.c: a filter as a bitmap of the segment at hand, in arena; bits beyond the last
 * document have no meaning. ---- */
int th_match(th_plan *p, const th_query *q, uint64_t **out) TH_MUST_USE;
/* The same when only the documents of `within` are asked about (NULL: all); other bits have no
 * meaning. Cheaper the fewer there are. */
int th_match_within(th_plan *p, const th_query *q, const uint64_t *within,
                    uint64_t **out) TH_MUST_USE;
/* Whether any of `within` may stand in block `block` of the list (n_blocks: the tail). */
bool th_match_any_in_block(const th_plan *p, const th_cursor *c, uint32_t block,
                           const uint64_t *within);
/* A TERM or PHRASE as an operator without a score. */
int th_op_unscored(th_plan *p, const th_query *q, th_op *out) TH_MUST_USE;
uint64_t *th_bitmap_new(th_plan *p, bool ones);
static inline bool th_bit(const uint64_t *bits, uint32_t i) {
  return bits[i / 64] >> (i % 64) & 1;
}
static inline void th_bit_set(uint64_t *bits, uint32_t i) {
  bits[i / 64] |= 1ull << (i % 64);
}

/* ---- search.c ---- */
/* Documents that may be found at all in the segment at hand: live, and passing the filter and what
 * is asked for without adding to a score. Bits beyond the last document are 0. */
int th_match_keep(th_plan *p, uint64_t **out) TH_MUST_USE;

/* ---- columns.c: the leaves of th_match over columns and sites, into a cleared bitmap; within as
 * in th_match_within ---- */
void th_match_mask(const th_plan *p, uint16_t field, uint64_t mask, const uint64_t *within,
                   uint64_t *out);
void th_match_range(const th_plan *p, const th_query *q, const uint64_t *within, uint64_t *out);
int th_match_keyword(th_plan *p, const th_query *q, uint64_t *out) TH_MUST_USE;
/* Documents with any of n words of a keyword column, 1 or more, from the column itself: where there
 * are no lists of its words (th_cache_inverted). */
void th_match_ordinals(const th_plan *p, const th_column *c, const uint32_t *set, unsigned n,
                       uint64_t *out);
int th_match_near(th_plan *p, const th_query *q, uint64_t *out) TH_MUST_USE;
/* Documents with anything in the field's column. False when the field has no column. */
bool th_match_present(const th_plan *p, uint16_t field, uint64_t *out);
/* Kilometres from the point to the nearest site of the document, -1 when none has a point. */
double th_nearest_site_km(const th_sites *sites, uint32_t doc, double lat, double lon);
/* The same, also by the points of cities; for many documents each point is looked at once. */
typedef struct th_distances {
  const th_sites *sites;
  const th_spots *spots; /* NULL: damaged, which the segment's state says, or no memory */
  double lat, lon;
  bool placed; /* a site without a point counts as at its city's */
  double *km;  /* a point; below 0: not worked out yet; NULL: none is kept */
} th_distances;
void th_distances_begin(th_distances *d, const th_segment *s, double lat, double lon, bool placed);
/* Keeps what is worked out from here on. False when memory is exhausted. */
bool th_distances_keep(th_distances *d, th_arena *arena) TH_MUST_USE;
double th_distances_point(th_distances *d, uint32_t point);
double th_distances_nearest(th_distances *d, uint32_t doc);

/* ---- places.c ---- */
/* Which words of a keyword column are asked for, by ordinal + 1, for the segment at hand. */
typedef struct th_wanted {
  uint8_t *has; /* NULL = all are */
  uint32_t n;
} th_wanted;
/* The words that equal `word` folded, all when it is empty; absent: only what lacks the field. */
int th_wanted_make(const th_plan *p, uint16_t field, th_span word, bool absent,
                   th_wanted *out) TH_MUST_USE;
static inline bool th_wanted_has(const th_wanted *s, uint32_t value) {
  return !s->has || (value < s->n && s->has[value]);
}

/* ---- sites.c ---- */
/* Documents of `within` (NULL: all) with a site that satisfies the part of a TH_N_SITES, into a
 * cleared bitmap. */
int th_match_sites(th_plan *p, const th_query *q, const uint64_t *within,
                   uint64_t *out) TH_MUST_USE;

/* ---- anchors.c ---- */
/* Keeps of n places of a phrase in a document those that stand at the ends of a value that the
 * anchor asks for; width: positions of the phrase. Returns their number. */
uint32_t th_anchor_keep(const th_plan *p, uint32_t doc, uint8_t anchor, uint32_t width,
                        th_occurrence *places, uint32_t n);

/* ---- tilt.c ---- */
int th_tilt_make(th_plan *p, uint16_t field, th_tilt **out) TH_MUST_USE;
/* A document's score lowered; a larger score stays the larger one. */
uint32_t th_tilt_score(const th_tilt *t, uint32_t doc, uint32_t score);
/* The scores of the matches of a level; base: its first document. */
void th_tilt_level(const th_tilt *t, uint32_t base, th_level *level);

/* ---- conj.c ---- */
/* For the places of a TERM or PHRASE operator in documents of the segment at hand. */
int th_phrase_make(th_plan *p, const th_op *op, th_phrase_check *out) TH_MUST_USE;
/* Where the phrase begins in the document, ascending: a thread's scratch, until the next call.
 * Rising documents are cheapest. */
int th_phrase_places(th_plan *p, th_phrase_check *check, uint32_t doc, uint32_t *n,
                     th_occurrence **out) TH_MUST_USE;
/* The terms of TERM and PHRASE operators as one conjunction for the segment at hand. */
int th_conj_make(th_plan *p, th_op *const *parts, uint32_t n, th_conj **out) TH_MUST_USE;
/* Documents below `from` are passed over. */
void th_conj_seek(th_conj *c, uint32_t from);
/* The next documents below `end` that hold everything: docs[], scores[], n_found, which may be 0.
 * keep: bitmap of documents that count, NULL = all. Documents whose score cannot reach `least` may
 * be left out. False when there are no more below end. Error (memory): *rc. */
bool th_conj_next(th_plan *p, th_conj *c, const uint64_t *keep, uint32_t end, uint32_t least,
                  int *rc);
/* The same without looking whether phrases stand; keep leaves out what c->within does. */
bool th_conj_candidates(th_conj *c, const uint64_t *keep, uint32_t end, uint32_t least);
/* From now on only documents with the best scores are wanted, in any order: batches may come from
 * impacts, without those that cannot enter the sink. To be called before the first batch. */
int th_conj_want_best(th_plan *p, th_conj *c, const uint64_t *keep,
                      const struct th_sink *sink) TH_MUST_USE;
/* Whether all phrases stand in a candidate. Rising documents are cheapest. */
int th_conj_stands(th_plan *p, th_conj *c, uint32_t doc, bool *stands) TH_MUST_USE;
/* Of a PHRASE alone: whether it stands in any document, and its score there. */
int th_conj_score(th_plan *p, th_conj *c, uint32_t doc, bool *stands, uint32_t *score) TH_MUST_USE;

/* ---- dense.c ---- */
/* The n words, all of them or any; impacts[k]: of word k. Only one at a time in a thread. *out
 * NULL: nothing can be found so, since they are too many or weigh nothing. */
int th_dense_make(th_plan *p, const th_impacts *const *impacts, th_cursor *const *words, uint32_t n,
                  bool all, const uint64_t *keep, uint32_t best, th_dense **out) TH_MUST_USE;
/* What a word adds at most: its contribution, nearly. */
static inline uint32_t th_dense_most(float idf, const th_impacts *t, uint32_t doc) {
  float part = t->base + (float)t->most[doc] * t->step;
  return (uint32_t)(idf * part * (TH_SCORE_ONE * 1.000001f) + 0.501f);
}
/* The next documents that may reach `least`, ascending, at most TH_BLOCK. False when there are no
 * more. *rewind: they may lie before those that came last. */
bool th_dense_next(th_dense *d, uint32_t least, uint32_t *docs, uint32_t *n, bool *rewind);

/* ---- pool.c ---- */
/* Only one at a time in a thread. best: candidates that are to come first. */
void th_pool_begin(th_pool *pool, const th_plan *p, uint32_t best);
/* Room for so many more. */
static inline uint32_t th_pool_room(const th_pool *pool) {
  return TH_POOL - pool->n;
}
/* n candidates behind those that are there: scores so far, bounds of what they may come to. */
void th_pool_add(th_pool *pool, const uint32_t *docs, const uint32_t *scores,
                 const uint32_t *bounds, uint32_t n);
/* Then: which are the most promising. */
void th_pool_sort_out(th_pool *pool);
/* The next candidates that may reach `least`, at most TH_BLOCK, ascending; *rewind: they may lie
 * before those that came last. False when there are none left, and the pool is empty. */
bool th_pool_next(th_pool *pool, uint32_t least, uint32_t *docs, uint32_t *scores, uint32_t *n,
                  bool *rewind);

/* ---- any.c ---- */
/* Any of the words, n TERMs, over the documents of keep. */
int th_rank_any(th_plan *p, th_op *const *terms, uint32_t n, const uint64_t *keep,
                th_sink *sink) TH_MUST_USE;

/* ---- rank.c ---- */
/* Evaluates the scored part over the documents of `keep` into the sink; keep is used up. */
int th_rank_segment(th_plan *p, uint64_t *keep, th_sink *sink) TH_MUST_USE;

/* ---- sink.c ---- */
typedef struct th_entry {
  int64_t key[2]; /* larger is better */
  uint32_t nct;   /* then smaller is better */
  uint32_t segment, doc, score;
} th_entry;

typedef struct th_sort_reader {
  th_sort sort;
  const th_column *column; /* of the segment at hand */
} th_sort_reader;

struct th_sink {
  const th_plan *plan;
  th_entry *heap;        /* the worst on top; in arena */
  uint32_t n, cap, room; /* room: entries allocated; grows to cap */
  th_sort_reader keys[2];
  unsigned n_keys;
  th_distances distances; /* of the segment at hand, when they make the order */
  bool by_score;          /* one key: the score, falling */
  bool by_number;         /* one key: the study number, falling */
  bool several;           /* a document may come several times: its best score counts */
  bool want_all;   /* every match must be seen: counted, facetted or sorted by something else */
  uint64_t *found; /* facets: matches of the segment at hand, else NULL */
  int64_t total;
  int rc;
};

int th_sink_make(th_sink *sink, th_plan *p) TH_MUST_USE;
int th_sink_segment(th_sink *sink) TH_MUST_USE; /* the plan is at a new segment */
/* Offers one match to the heap; within a segment in ascending order when there are sort columns. */
void th_sink_take(th_sink *sink, uint32_t doc, uint32_t score);
/* Counts 64 documents' matches, and marks them for the facets. */
void th_sink_count(th_sink *sink, uint32_t word, uint64_t bits);
/* Counts one. */
void th_sink_count_doc(th_sink *sink, uint32_t doc);
/* Everything in keep matches, with score 0. */
void th_sink_all(th_sink *sink, const uint64_t *keep);
/* A match with a lower score cannot enter; 0 = anything may. */
static inline uint32_t th_sink_least(const th_sink *sink) {
  if (!sink->by_score || sink->n < sink->cap || sink->cap == 0) return 0;
  return (uint32_t)sink->heap[0].key[0];
}
/* When there is such a score: the study number of the hit that would go next. One with its score
 * and a larger number cannot enter. */
static inline uint32_t th_sink_worst(const th_sink *sink) {
  return sink->heap[0].nct;
}
/* Empties the heap into hits, best first. */
int th_sink_finish(th_sink *sink, th_search_result *out) TH_MUST_USE;

/* ---- facet.c ---- */
typedef struct th_facets th_facets;
int th_facets_make(th_plan *p, th_facets **out) TH_MUST_USE;
int th_facets_segment(th_facets *f, const uint64_t *found) TH_MUST_USE;
int th_facets_finish(th_facets *f, th_search_result *out) TH_MUST_USE;

#endif
