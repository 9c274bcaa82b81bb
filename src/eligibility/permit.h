/* Items that allow something and ask for nothing: "Prior chemotherapy allowed". */
#ifndef TH_ELIGIBILITY_PERMIT_H
#define TH_ELIGIBILITY_PERMIT_H

#include "eligibility/leaf.h"

typedef enum th_elig_permission {
  TH_ELIG_NO_PERMISSION,
  TH_ELIG_PERMITS_IF, /* on conditions: "Brain metastases allowed if treated" */
  TH_ELIG_PERMITS,
} th_elig_permission;

/* Whether all that the leaf says is that something is allowed. Only what cannot be taken for a
 * demand counts: one sentence, nothing denied, nothing asked for before it. The leaf's tokens must
 * be those of the whole item. */
th_elig_permission th_elig_permits(const th_elig_leaf *leaf);

#endif
