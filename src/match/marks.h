/* What the words of a study's criteria say for the logic of its leaves whoever the patient is, a
 * byte for each node and each fact: found once, kept with the text (shelf.h). */
#ifndef TH_MATCH_MARKS_H
#define TH_MATCH_MARKS_H

#include "base/arena.h"
#include "eligibility/eligibility.h"

enum {
  /* of a node */
  TH_MARK_ASKS_NONE = 1, /* th_verdict_asks_none */
  TH_MARK_RESULTS = 2,   /* an exclusion that speaks of results of a laboratory */
  /* of a fact */
  TH_MARK_LINKED = 1,    /* th_verdict_linked */
  TH_MARK_ASIDE = 2,     /* th_verdict_aside */
  TH_MARK_TURNS = 4,     /* the group that begins with it, in an exclusion, has words beside it that
                          * turn what it says: "contraindication to" */
  TH_MARK_EXPLAINS = 16, /* th_verdict_explains */
  TH_MARK_TURNED = 8,    /* th_verdict_turn: judged with the text each time */
};

/* Bytes of a tree's marks: its nodes, then its facts. */
static inline size_t th_marks_bytes(const th_elig_tree *tree) {
  return (size_t)tree->n_nodes + tree->n_facts;
}
/* In arena; all zero for a tree without its text. NULL when memory is exhausted. */
const uint8_t *th_marks_read(const th_elig_tree *tree, th_arena *arena);

#endif
