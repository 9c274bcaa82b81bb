/* Which values of what is measured keep a patient surely out of a study: the intervals that a
 * filter by a value asks (query/limits.h).
 *
 * A criterion at the top of the text keeps out whoever has a value when it alone decides: an
 * inclusion that is then not met, an exclusion that is then met, whatever else is so. Kleene's
 * logic over the tree with everything else unknown, and more careful than a verdict: what has a
 * guard, what holds for one cohort, what is given in limits of normal, and what an "or" outside of
 * all that was read could save decides nothing. */
#ifndef TH_CRITERIA_SURE_H
#define TH_CRITERIA_SURE_H

#include "eligibility/eligibility.h"
#include "query/limits.h"

/* By what the attribute goes in the limits: a hash of its key, the same whatever the table holds.
 */
uint32_t th_criteria_limit_key(uint32_t attribute);

/* Whether the value (in the attribute's canonical unit) is surely refused: the plain definition. */
bool th_criteria_refuses(const th_elig_tree *tree, uint32_t attribute, double value);

/* Longer trees give no limits: the work is that of each attribute's facts times the tree. */
enum { TH_CRITERIA_LIMITS_MOST = 4096 };

/* All limits of a study, by attribute as facts name them, each attribute's ascending and apart.
 * Anything but 0 from fn ends the walk and is returned. */
typedef int (*th_criteria_limit_fn)(void *ctx, const th_limit *limit);
int th_criteria_limits(const th_elig_tree *tree, th_criteria_limit_fn fn, void *ctx);

#endif
