/* What matching needs of a study: who may join by the record's fields, its criteria as a tree, and
 * what is shown of it. */
#ifndef TH_MATCH_STUDY_H
#define TH_MATCH_STUDY_H

#include "criteria/book.h"
#include "index/index.h"
#include "match/shelf.h"
#include "match/verdict.h"
#include "store/store.h"

/* Ages, sex, healthy volunteers and status of a document, from the index's columns. */
void th_study_limits(th_verdict_study *out, const th_segment *segment, uint32_t doc);

/* Memory that goes from study to study; one thread. */
typedef struct th_study_reader th_study_reader;
/* All are borrowed until th_study_reader_free; dict and shelf may be NULL, and a shelf is of that
 * snapshot alone. NULL with err set on failure. */
th_study_reader *th_study_reader_new(const th_snapshot *snapshot, const th_concepts *dict,
                                     th_store *store, th_shelf *shelf, th_err *err) TH_MUST_USE;
void th_study_reader_free(th_study_reader *r); /* NULL is allowed */

typedef enum th_study_depth {
  TH_STUDY_OUTLINE, /* from the book, the facts unread */
  TH_STUDY_FACTS,   /* from the book */
  TH_STUDY_TEXT,    /* with the text, from the record: guards that are words, and what the words
                     * between facts say, are not known without */
} th_study_depth;

/* The criteria of a document, in arena. A study that the book does not have is read from its text
 * at any depth; *with_text says so. One without criteria, or gone from the store, has an empty
 * tree. Errors: TH_ENOMEM, TH_ECORRUPT, TH_EIO. */
int th_study_criteria(th_study_reader *r, uint32_t segment, uint32_t doc, th_study_depth depth,
                      th_arena *arena, th_criteria_outline *out, bool *with_text,
                      th_err *err) TH_MUST_USE;

/* Has what the book has of a document brought near, ahead of asking for it. */
void th_study_fetch(const th_study_reader *r, uint32_t segment, uint32_t doc);

/* All in arena. */
typedef struct th_study_shown {
  th_span title, status;        /* status as in the record: "RECRUITING" */
  th_criteria_outline criteria; /* its tree has facts and text */
} th_study_shown;
/* Reads the record, or the shelf when that has the version of the index. One that is gone from the
 * store meanwhile is empty. Errors as above. */
int th_study_show(th_study_reader *r, uint32_t segment, uint32_t doc, th_arena *arena,
                  th_study_shown *out, th_err *err) TH_MUST_USE;

#endif
