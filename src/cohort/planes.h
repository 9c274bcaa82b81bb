/* Truth of a block of patients in planes of bits, and the answers of facts in them. */
#ifndef TH_COHORT_PLANES_H
#define TH_COHORT_PLANES_H

#include "cohort/facts.h"

/* A truth value for each patient of a block: two planes of TH_CO_WORDS words; neither bit:
 * unknown. */
typedef struct th_co_lane {
  const uint64_t *met, *not_met;
} th_co_lane;

typedef struct th_co_truth {
  th_co_lane plain, presumed; /* the same pointers when the lanes are the same */
} th_co_truth;

/* What a fact says in a block. */
typedef struct th_co_said {
  th_co_truth truth;
  th_co_lane guard;
} th_co_said;

extern const uint64_t th_plane_none[TH_CO_WORDS], th_plane_all[TH_CO_WORDS];
#define TH_LANE_MET ((th_co_lane){th_plane_all, th_plane_none})
#define TH_LANE_NOT_MET ((th_co_lane){th_plane_none, th_plane_all})
#define TH_LANE_UNKNOWN ((th_co_lane){th_plane_none, th_plane_none})

/* Planes that are given back all at once and used again. */
typedef struct th_co_pool {
  uint64_t **chunks; /* owned */
  uint32_t n_chunks, cap;
  uint32_t used; /* planes */
  bool failed;   /* out of memory: planes handed out since are one and the same */
  uint64_t spare[TH_CO_WORDS];
} th_co_pool;
uint64_t *th_co_pool_plane(th_co_pool *p); /* contents undefined */
void th_co_pool_dispose(th_co_pool *p);    /* overwritten */

/* One thread's work on one block after another. */
typedef struct th_co_work {
  const th_co_facts *facts;
  const th_co_block *block;
  th_co_judge judge;
  th_co_pool kept;    /* of this block */
  th_co_pool brief;   /* of one study */
  th_co_said *said;   /* by fact; truth.plain.met NULL: not worked out in this block */
  th_co_said *fields; /* likewise; truth.plain is age, truth.presumed sex */
  uint8_t answers[TH_CO_BLOCK];
  uint64_t once[TH_CO_WORDS], twice[TH_CO_WORDS];
  struct th_co_bearer *bearers; /* owned */
  uint32_t cap_bearers;
  bool failed;
} th_co_work;

int th_co_work_init(th_co_work *w, const th_co_facts *facts, th_err *err) TH_MUST_USE;
void th_co_work_dispose(th_co_work *w);
void th_co_work_begin(th_co_work *w, const th_co_block *block);
/* What fact i, or field i, says in the block; borrowed until the next begins. Out of memory shows
 * in w->failed. */
const th_co_said *th_co_work_fact(th_co_work *w, uint32_t i);
const th_co_said *th_co_work_field(th_co_work *w, uint32_t i);

#endif
