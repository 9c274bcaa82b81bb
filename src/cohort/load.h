/* Patients out of files: what th_cohort_add is given.
 *
 * An input is a file, a folder (all files in it and below, by name) or "-". What a file holds is
 * told by content (ingest/source.h), plain, gzip, zstd or zip: one JSON text or many. Each text is
 *
 *   - a FHIR Bundle, or an array of resources: one patient;
 *   - a form (docs/formats/patient.md): one patient;
 *   - a FHIR resource by itself, as bulk exports have them: it goes to the patient that its subject
 *     names, wherever in all inputs that one stands.
 *
 * Resources by themselves are kept in memory until their patients are whole; when they are more
 * than the limit, the inputs are read several times, each time for a part of the patients. */
#ifndef TH_COHORT_LOAD_H
#define TH_COHORT_LOAD_H

#include "cohort/cohort.h"
#include "ingest/source.h"

typedef struct th_cohort_report {
  uint64_t patients; /* added */
  uint64_t deceased; /* read and passed over: they join nothing */
  uint64_t rejected; /* texts that are none of the above, or broken */
  uint64_t orphans;  /* resources by themselves whose patient is nowhere */
  uint64_t other;    /* resources by themselves of types that say nothing here */
  uint64_t bytes;    /* of JSON read */
  unsigned passes;   /* how often the inputs were read */
} th_cohort_report;

typedef struct th_cohort_load_options {
  bool has_as_of;
  int32_t as_of;     /* days; without has_as_of: today. A form's own day goes before */
  unsigned threads;  /* 0 = one a processor */
  size_t memory_max; /* of resources by themselves, bytes; 0 = 1 GiB */
  /* Called for each rejected text, by one thread at a time. */
  void (*reject)(void *ctx, const th_reject *reject);
  /* Called now and then, by one thread at a time: the part of the input that is behind us,
   * negative when that is not known. */
  void (*progress)(void *ctx, const th_cohort_report *so_far, double part);
  void *ctx;
} th_cohort_load_options;

/* Adds all patients of the inputs to c, in the order of the inputs (those of resources by
 * themselves at the end). What is rejected is counted, and the rest goes on. options may be NULL.
 * Errors: TH_ENOTFOUND, TH_EIO, TH_ENOMEM; TH_EUSAGE when standard input would have to be read
 * again. */
int th_cohort_load(th_cohort *c, const char *const *paths, size_t n,
                   const th_cohort_load_options *options, th_cohort_report *report,
                   th_err *err) TH_MUST_USE;

#endif
