/* What the first visitors of a generation would have to wait for, worked out before they come. */
#include "portal/counts.h"
#include "portal/internal.h"
#include "portal/search_view.h"
#include "portal/topic.h"

void th_portal_ahead(void *ctx, const atomic_bool *stop) {
  th_portal *p = ctx;
  th_err ignored = {0}; /* what fails here fails again, and is said, when somebody asks */
  th_index *index = th_registry_index(p->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  int rc = th_portal_home_ahead(p->known, snapshot, &ignored);
  if (!rc && !atomic_load(stop)) rc = th_portal_count_all_ahead(p->known, snapshot, &ignored);
  if (!rc && !atomic_load(stop)) rc = th_topics_ahead(p->known, snapshot, &ignored);
  if (!rc && !atomic_load(stop)) (void)!th_counts_ahead(p->known, snapshot, stop, &ignored);
  th_index_release(index, snapshot);
}
