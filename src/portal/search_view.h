/* Inside the results page: what its form, its list and its filters share. */
#ifndef TH_PORTAL_SEARCH_VIEW_H
#define TH_PORTAL_SEARCH_VIEW_H

#include "portal/html.h"
#include "portal/search_state.h"

/* Filters shown with counts. */
typedef struct group {
  const char *name;
  uint16_t field;
  const char *title;
  uint32_t most;
  bool by_enum; /* in the order of the enum, not by count */
  bool choice;  /* one of a few: a select */
} group;

enum { GROUPS = 7 };
extern const group th_portal_groups[GROUPS];

typedef struct search_view {
  th_html *h;
  const portal_state *s;
  th_search_result result;
  th_facet facets[GROUPS];
} search_view;

/* A label, an input, and the message about what was typed. `of`: the form's id when the input
 * stands outside of it. */
void th_portal_put_input(const search_view *v, const char *name, const char *label,
                         const char *hint, th_span value, const char *of);
/* All filters, with the counts of v->facets. */
void th_portal_put_filters(const search_view *v);
/* Whether a filter of this name is among them. */
bool th_portal_shows_filter(th_span name);

#endif
