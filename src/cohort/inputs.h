/* Which files the inputs are. */
#ifndef TH_COHORT_INPUTS_H
#define TH_COHORT_INPUTS_H

#include "base/common.h"

typedef struct th_inputs {
  char **paths;    /* owned */
  uint64_t *sizes; /* owned; 0 = not known */
  uint32_t n, cap, cap_sizes;
  bool standard; /* "-" is among them */
} th_inputs;

/* Files and "-" as they are, folders as all regular files in and below them, by name; names that
 * begin with a dot are passed over. Errors: TH_ENOTFOUND, TH_EIO, TH_ENOMEM, TH_ELIMIT (folders
 * within folders). */
int th_inputs_find(th_inputs *out, const char *const *paths, size_t n, th_err *err) TH_MUST_USE;
void th_inputs_dispose(th_inputs *in);

#endif
