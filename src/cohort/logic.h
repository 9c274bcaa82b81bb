/* All, any, at least and the sum of a study, for a block of patients: match/verdict.c in planes. */
#ifndef TH_COHORT_LOGIC_H
#define TH_COHORT_LOGIC_H

#include "cohort/planes.h"

/* A study made ready: its facts and fields by number, and the steps of its funnel. */
typedef struct th_co_plan {
  const th_cohort_trial *trial;
  uint32_t *facts; /* by fact of the tree; owned */
  bool *linked;    /* by fact of the tree: th_verdict_linked; owned */
  bool *aside;     /* th_verdict_aside; owned */
  uint32_t field;
  th_cohort_step *steps; /* field, cohorts and node are set; owned */
  uint32_t n_steps;
} th_co_plan;

int th_co_plan_make(th_co_plan *p, const th_cohort_trial *trial, th_co_facts *facts,
                    th_err *err) TH_MUST_USE;
void th_co_plan_dispose(th_co_plan *p);

/* What blocks add up to. */
typedef struct th_co_counts {
  uint64_t against, open, left, alone, asks;
} th_co_counts;
typedef struct th_co_tally {
  uint64_t likely, possible, excluded;
  th_co_counts *steps; /* of the plan; the caller's */
} th_co_tally;

/* Memory of a thread, from study to study. */
typedef struct th_co_logic {
  th_co_work *work;
  th_co_truth *nodes; /* by node of the last tree; owned */
  th_co_lane *list;   /* owned */
  uint32_t cap;
  uint64_t *likely, *excluded; /* planes of the last study, borrowed from work->brief */
} th_co_logic;
void th_co_logic_dispose(th_co_logic *l);

/* Judges all nodes of the plan's tree in the work's block: l->nodes. */
int th_co_logic_nodes(th_co_logic *l, const th_co_plan *p, th_err *err) TH_MUST_USE;
/* Sums the study up behind th_co_logic_nodes and adds to the tally. */
int th_co_logic_sum(th_co_logic *l, const th_co_plan *p, th_co_tally *tally,
                    th_err *err) TH_MUST_USE;
/* What a step of the plan says of the block, behind th_co_logic_nodes: where it is settled. */
th_co_lane th_co_logic_step(th_co_logic *l, const th_co_plan *p, uint32_t step);
/* The verdict of a node at the top (th_verdict_node.verdict). */
th_co_lane th_co_logic_verdict(th_co_logic *l, const th_co_plan *p, uint32_t node);

#endif
