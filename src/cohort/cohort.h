/* Cohorts: how many of many patients could join a study, and which criterion keeps how many out.
 *
 * Patients become columns: what a verdict can ask of a patient, every distinct thing once, and for
 * each attribute and concept the patients that have it. A criteria tree is then judged for 16,384
 * patients at a time, three-valued logic as two bits a patient. What a fact of the criteria says of
 * a patient comes from match/verdict.h itself, once for all patients that are alike in what it
 * asks; only all, any, at least and the sum of a study are done here a second time, for bits, and
 * a test holds them to match/verdict.c patient by patient.
 *
 * A patient is a guest: all memory that held one is overwritten by th_cohort_free, nothing is
 * logged, and nothing is written but by th_cohort_save. What a patient is called is kept only when
 * that is asked for (th_cohort_keep_ids). */
#ifndef TH_COHORT_COHORT_H
#define TH_COHORT_COHORT_H

#include "match/verdict.h"

typedef struct th_cohort th_cohort;

/* dict: of the patients' concepts and later of the criteria; borrowed, may be NULL. NULL: out of
 * memory. */
th_cohort *th_cohort_new(const th_concepts *dict) TH_MUST_USE;
void th_cohort_free(th_cohort *c); /* NULL is allowed */
/* Also keeps th_patient.id of those added from now on: call it before the first. */
void th_cohort_keep_ids(th_cohort *c);
bool th_cohort_has_ids(const th_cohort *c);
enum { TH_COHORT_ID_MAX = 256 }; /* bytes; longer ids are not kept */
/* Adds a patient; nothing of it is borrowed. For one thread at a time. Errors: TH_ENOMEM, TH_ELIMIT
 * (2^32 distinct things of a kind). */
int th_cohort_add(th_cohort *c, const th_verdict_patient *patient, th_err *err) TH_MUST_USE;
/* Ends the adding; only then may the cohort be asked, by any number of threads. */
int th_cohort_seal(th_cohort *c, th_err *err) TH_MUST_USE;
uint64_t th_cohort_size(const th_cohort *c);  /* patients */
uint64_t th_cohort_bytes(const th_cohort *c); /* of memory or of the mapped file */

/* ---- as a file (file.c) ---- */

/* Writes a sealed cohort, readable for its owner alone: the only thing here that leaves anything of
 * patients behind. Errors: TH_EIO, TH_ENOMEM, TH_EUSAGE (not sealed). */
int th_cohort_save(const th_cohort *c, const char *path, th_err *err) TH_MUST_USE;
/* Maps a saved cohort, sealed; all of it is checked. Its patients keep the day that they were read
 * as of. Errors: TH_EINPUT (no such file, another version, or saved with another dictionary than
 * dict), TH_ECORRUPT, TH_EIO, TH_ENOMEM. */
int th_cohort_open(th_cohort **out, const char *path, const th_concepts *dict,
                   th_err *err) TH_MUST_USE;
/* Whether the file begins as a saved cohort does. */
bool th_cohort_is_file(const char *path);

/* ---- asking ---- */

/* A study to ask for; all of it borrowed. */
typedef struct th_cohort_trial {
  const th_elig_tree *tree;
  th_verdict_study study;
} th_cohort_trial;

/* One criterion of the funnel: a field of the record, an item at the top of the text, or that the
 * patient fits into none of the study's cohorts. Counts are of patients. */
typedef struct th_cohort_step {
  uint8_t field;    /* th_verdict_field: AGE, SEX or TEXT */
  bool cohorts;     /* "fits into none of the cohorts"; node is the first of them */
  uint32_t node;    /* TEXT: the item, else TH_NO_FACT */
  uint64_t against; /* it excludes them */
  uint64_t open;    /* it cannot be settled for them */
  uint64_t left;    /* excluded neither by it nor by a step before it */
  uint64_t alone;   /* excluded by it and by nothing else: so many more could join without it */
  uint64_t asks;    /* could join, and it is open: so many would have to be asked */
} th_cohort_step;

typedef struct th_cohort_result {
  uint64_t likely, possible, excluded; /* th_verdict_grade; who could join is likely or possible */
  const th_cohort_step *steps;         /* in the order of the study; in arena */
  uint32_t n_steps;
} th_cohort_result;

typedef struct th_cohort_options {
  th_verdict_presume presume;
  unsigned threads; /* 0 = one a processor */
  /* Called by the calling thread now and then. */
  void (*progress)(void *ctx, double part);
  void *ctx;
} th_cohort_options;

/* Judges n studies for all patients: out[i] for trials[i]. The cohort is sealed. Equal to
 * th_verdict_read and th_verdict_sum for each patient and study. Time is about that of facts that
 * differ times the patients that have what they ask for, plus nodes times patients / 64. Errors:
 * TH_ENOMEM, TH_ELIMIT of the arena. */
int th_cohort_run(const th_cohort *c, const th_cohort_trial *trials, size_t n,
                  const th_cohort_options *options, th_cohort_result *out, th_arena *arena,
                  th_err *err) TH_MUST_USE;

/* ---- who it is (list.c) ---- */

/* A patient who could join. Borrowed until the callback returns. */
typedef struct th_cohort_member {
  uint64_t number;      /* from 1, in the order in which they were added */
  th_span id;           /* empty: not known, or not kept */
  uint8_t grade;        /* th_verdict_grade: LIKELY or POSSIBLE */
  const uint32_t *open; /* the steps that cannot be settled, by their place in the funnel */
  uint32_t n_open;
} th_cohort_member;

/* Calls `each` for at most `most` patients who could join: those who are likely to, in the order in
 * which they were added, then the others. It goes block by block and stops as soon as there are
 * enough; `each` may stop it, too, by returning false. Works on the calling thread; of the options
 * only presume counts. Errors: TH_ENOMEM, TH_EUSAGE (not sealed). */
int th_cohort_list(const th_cohort *c, const th_cohort_trial *trial,
                   const th_cohort_options *options, uint64_t most,
                   bool (*each)(void *ctx, const th_cohort_member *member), void *ctx,
                   th_err *err) TH_MUST_USE;

#endif
