/* What builder.c gathers and flush.c writes. */
#ifndef TH_INDEX_BUILDER_PRIVATE_H
#define TH_INDEX_BUILDER_PRIVATE_H

#include "index/builder.h"
#include "index/feed.h"
#include "index/intern.h"
#include "index/lexicon.h"
#include "index/log.h"
#include "index/occurrences.h"
#include "text/stem.h"
#include "text/token.h"

#define TH_BUILD_NO_SEQ UINT64_MAX

/* A stem. */
typedef struct th_build_term {
  uint32_t stamp, local; /* its number in the document being staged, when that has the stamp */
  uint32_t n_forms, df;
  uint64_t bytes; /* of its postings in the log */
} th_build_term;

/* Of a form, as values of its lexeme: its stem, and its number among the stem's forms in order of
 * appearance. Of a class: the number of its postings. */
enum { TH_FORM_TERM, TH_FORM_CODE, TH_CLASS_COUNT = 0 };

/* One token of the document being staged. */
typedef struct th_build_token {
  uint32_t word; /* of the document's words; TH_BUILD_JOINED set: a joined form */
  uint32_t position;
} th_build_token;
#define TH_BUILD_JOINED (UINT32_C(1) << 31)

/* The tokens of one field: from where those of the field before end. */
typedef struct th_build_run {
  uint16_t field;
  uint32_t end;
} th_build_run;

/* A word of the document becomes a stem of the document in one of its forms. */
typedef struct th_build_word {
  uint32_t local;
  uint16_t form;
} th_build_word;

/* A stem of the document: its spots, [start, end). */
typedef struct th_build_local {
  uint32_t term, start, end, class_id;
  uint32_t n_bytes; /* of its posting */
} th_build_local;

/* A posting whose class is not known yet: its stem, and where it stands. */
typedef struct th_build_pending {
  uint32_t local;
  size_t at;
} th_build_pending;

typedef struct th_build_column {
  th_buf rows;     /* see stage_row */
  uint32_t before; /* the last document that has a row, + 1 */
  size_t undo;
  bool staged;
} th_build_column;

typedef struct th_build_site {
  int32_t lat, lon;
  uint32_t country, state, city, facility; /* words + 1 */
  uint32_t status;
} th_build_site;

typedef struct th_build_doc {
  uint64_t seq;
  uint64_t postings; /* address of the first in the log */
  uint32_t n_postings;
  uint32_t nct;
  uint32_t lengths_end, sites_end; /* its share ends there */
} th_build_doc;

enum { TH_BUILD_DIRECT_TF = 8 }; /* classes of one field: below it, by a table */

/* The document being staged, see stage.c. */
typedef struct th_build_stage {
  th_doc_words words;
  char *padded; /* the text being read */
  th_build_token *tokens;
  th_build_run *runs;
  th_word *class_words; /* classes of the pending postings */
  th_build_pending *pending;
  th_buf class_texts;
  uint32_t n_pending;
  uint32_t *ids; /* of words: their forms; of class_words: their classes */
  th_build_word *resolved;
  th_build_local *locals;
  /* Spots: where a token's stem stands, with those of the same stem, in the order of fields and
   * positions; field * 65,536 + form of each. */
  uint32_t *positions, *marks;
  int64_t *numbers; /* values of one row, and as much room to sort them */
  size_t cap_numbers, cap_padded, cap_tokens, cap_runs, cap_class_words, cap_pending, cap_ids,
      cap_resolved, cap_locals, cap_positions, cap_marks;
  uint32_t n_tokens, n_runs, n_locals;
  uint32_t stamp;
  uint32_t lengths[TH_F_COUNT]; /* of the fields that have words */
  uint8_t *bytes;               /* its postings as they go into the log */
  size_t n_bytes, cap_bytes;
} th_build_stage;

struct th_builder {
  th_feed feed;
  th_stemmer *stemmer;
  th_lexicon forms, classes;
  th_intern stems, words;
  th_build_term *terms;
  size_t cap_terms;
  uint32_t direct[TH_F_COUNT][TH_BUILD_DIRECT_TF]; /* class + 1 */
  th_log log;
  uint64_t n_postings;
  th_build_column columns[TH_COLUMN_COUNT];
  th_buf lengths, sites;
  th_build_doc *docs;
  size_t cap_docs;
  uint32_t n_docs;
  th_build_stage stage;
};

/* Room for at least n items; false when memory is exhausted. */
bool th_build_grow(void **items, size_t *cap, size_t n, size_t size);
#define TH_BUILD_GROW(owner, name, n)                                                              \
  (TH_LIKELY((n) <= (owner)->cap_##name) ||                                                        \
   th_build_grow((void **)&(owner)->name, &(owner)->cap_##name, (n), sizeof *(owner)->name))

/* ---- stage.c ---- */

void th_build_stage_dispose(th_build_stage *s);
/* The texts of the feed become postings in the stage, and lengths behind b->lengths; room is made
 * in the log. Errors: TH_ENOMEM, TH_ELIMIT. */
int th_build_stage_texts(th_builder *b, th_err *err) TH_MUST_USE;
/* Puts them into the log, for document b->n_docs. Cannot fail. */
void th_build_commit_texts(th_builder *b, th_build_doc *doc);

/* Forgets all documents and words. */
void th_builder_clear(th_builder *b);

#endif
