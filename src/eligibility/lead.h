/* What the words that introduce a list say of it: all of them, any, at least n; and whether they
 * ask for something themselves. */
#ifndef TH_ELIGIBILITY_LEAD_H
#define TH_ELIGIBILITY_LEAD_H

#include "eligibility/eligibility.h"

typedef struct th_elig_lead {
  uint8_t combine; /* th_elig_combine */
  uint8_t at_least;
  bool stated;   /* the words say how; otherwise combine is all */
  bool optional; /* examples or explanations follow ("such as:", "e.g.") */
  bool follows;  /* a list must follow: ends with a colon, or "the following" */
} th_elig_lead;

th_elig_lead th_elig_lead_read(th_span words);
/* lead.follows alone: the last words say it. */
bool th_elig_lead_follows(th_span words);

typedef enum th_elig_joint { TH_ELIG_NO_JOINT, TH_ELIG_JOINT_AND, TH_ELIG_JOINT_OR } th_elig_joint;

/* The word that an item ends with to join it to the next one ("…; or"), and whether it is nothing
 * else but that word. */
th_elig_joint th_elig_joint_read(th_span item, bool *alone);

#endif
