/* A sign instead of the word of a result.
 *
 *   signed := name sign                        "HBsAg+", "HER2- breast cancer", "HCV +ve"
 *           | name "(" sign ")"                "anti-HCV (+)"
 *   sign   := ("+" | "-") ["ve"]
 *
 * A minus is one only where nothing follows that it could join to the name: not in "HER2-targeted",
 * "COVID- 19" or "HIV- and HCV-infected". */
#ifndef TH_ELIGIBILITY_SIGNS_H
#define TH_ELIGIBILITY_SIGNS_H

#include "eligibility/leaf.h"

/* Whether a result's sign begins at token i, behind the name that ends before it. *end is then the
 * token behind it, *absent whether it says negative. Whether that name has results, the caller
 * knows.
 */
bool th_elig_sign_of_result(const th_elig_leaf *leaf, uint32_t i, uint32_t *end, bool *absent);

#endif
