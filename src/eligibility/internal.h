/* Between the files of this room. */
#ifndef TH_ELIGIBILITY_INTERNAL_H
#define TH_ELIGIBILITY_INTERNAL_H

#include "eligibility/eligibility.h"

/* A growing array in the arena; what is given up when it doubles stays there until reset. */
typedef struct th_elig_nodes {
  th_arena *arena;
  th_elig_node *p;
  uint32_t n, cap;
  bool failed;
} th_elig_nodes;

/* Cuts the text into nodes, without facts (structure.c). */
void th_elig_structure(th_span text, th_elig_nodes *nodes);

/* One more node at the end; NULL when memory is exhausted (then failed is set). */
th_elig_node *th_elig_node_add(th_elig_nodes *nodes);

#endif
