/* Between writer.c and encode.c: a tree as bytes. */
#ifndef TH_CRITERIA_ENCODE_H
#define TH_CRITERIA_ENCODE_H

#include "base/buf.h"
#include "eligibility/eligibility.h"

/* The strings and concepts that trees name, each once. Zero-initialise. */
typedef struct th_criteria_names {
  th_buf strings, concepts; /* the sections */
  struct th_criteria_slot *slots;
  size_t n, cap;
  bool failed; /* out of memory, or too many */
} th_criteria_names;

void th_criteria_names_dispose(th_criteria_names *names);
uint32_t th_criteria_name_string(th_criteria_names *names, th_span s);
uint32_t th_criteria_name_concept(th_criteria_names *names, th_span label, th_span code);

/* Appends the tree to out. False when it is none as the reader makes them: groups reaching over
 * what holds them, facts not in the order of the leaves. */
bool th_criteria_encode(const th_elig_tree *tree, th_criteria_names *names,
                        th_buf *out) TH_MUST_USE;

#endif
