/* Inside the results page: what its form, its list and its filters share. */
#ifndef TH_PORTAL_SEARCH_VIEW_H
#define TH_PORTAL_SEARCH_VIEW_H

#include "portal/html.h"
#include "portal/known.h"
#include "portal/search_state.h"

/* Filters whose values are few: counted with the hits. */
typedef struct group {
  const char *name;
  uint16_t field;
  const char *title;
  uint32_t most;
  bool by_enum; /* in the order of the enum, not by count */
} group;

enum { GROUPS = 6 };
extern const group th_portal_groups[GROUPS];

/* Filters by names: the most frequent ones and those chosen are shown, all others can be typed. */
typedef struct name_group {
  const char *name;
  uint16_t field; /* whose most frequent words are proposed; TH_F_NONE: `values` are */
  const char *title, *another;
  uint32_t most;
  bool folded; /* in a <details> */
} name_group;

enum { NAME_GROUPS = 7, NAMES_MOST = 48 };
extern const name_group th_portal_name_groups[NAME_GROUPS];

typedef struct name_list {
  uint32_t n;
  struct {
    th_span value; /* as the address has it */
    int64_t count; /* studies that the choice of it alone would lead to */
    bool chosen;
  } names[NAMES_MOST];
} name_list;

typedef struct search_view {
  th_html *h;
  const portal_state *s;
  th_search_result result;
  th_facet facets[GROUPS];
  name_list names[NAME_GROUPS];
  th_fact *hits, *counts; /* what the above is borrowed from; NULL: nothing. To be given back */
} search_view;

/* The hits of the page and all counts of its filters. A group's counts are those of the search
 * without the group's own filter; they are the same on all pages of a search, in every order, and
 * kept in `known`. Errors: as th_search. */
int th_portal_count(search_view *v, th_known *known, const th_snapshot *snapshot,
                    th_err *err) TH_MUST_USE;
/* Works out ahead what the search for everything shows first. Errors: as th_search. */
int th_portal_count_all_ahead(th_known *known, const th_snapshot *snapshot,
                              th_err *err) TH_MUST_USE;
/* A value of a filter by names without the '|' that ends it: a name that has commas of its own is
 * one name only with a '|'. */
th_span th_portal_one_name(th_span value);

/* A label, an input, and the message about what was typed. `of`: the form's id when the input
 * stands outside of it. */
void th_portal_put_input(const search_view *v, const char *name, const char *label,
                         const char *hint, th_span value, const char *of);
/* All filters, with the counts of v->facets. */
void th_portal_put_filters(const search_view *v);
/* Whether a filter of this name is among them. */
bool th_portal_shows_filter(th_span name);

#endif
