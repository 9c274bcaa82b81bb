/* What a search page is asked for: the parameters of its address, read once. The address is the
 * whole state; every link of the page is this state with something added or taken away.
 *
 *   /search?TEXT=words&FILTER=value&sort=order&page=n
 *
 * TEXT: the names of th_text_params; FILTER: those of th_filter_params, several of one name are
 * alternatives. "near" takes a place by name, and "within" how far around it. "words" says in whose
 * words the texts are: "es" people's in Spanish, "typed" the registry's; on Spanish pages they are
 * the former when nothing is said. Parameters without a
 * value count as absent; unknown ones are passed over. A link of the registry may leave check boxes
 * that have no filter here in "aggFilters". */
#ifndef TH_PORTAL_SEARCH_STATE_H
#define TH_PORTAL_SEARCH_STATE_H

#include "http/http.h"
#include "portal/html.h"
#include "portal/known.h"
#include "query/params.h"

enum {
  PORTAL_TEXTS = 16,
  PORTAL_FILTERS = 32,
  PORTAL_ERRORS = 12,
  PORTAL_PAGE_SIZE = 10,
  PORTAL_LAST_PAGE = 1000,
  PORTAL_SPOTS = 6,
};

typedef struct portal_error {
  const char *name; /* of the parameter */
  const char *message;
} portal_error;

/* Everything is in the request's arena. */
typedef struct portal_state {
  const th_request *rq;
  const th_snapshot *snapshot; /* that the hits are of; NULL: no distances are shown */
  th_span text[PORTAL_TEXTS];  /* by place in th_text_params */
  th_span
      said[PORTAL_TEXTS]; /* a text in the registry's words, see lay_words.h; empty = as it is */
  th_span filter[PORTAL_FILTERS];    /* by place in th_filter_params; several joined by '|' */
  th_query *filters[PORTAL_FILTERS]; /* NULL where there is none */
  th_query *boxes;                   /* of "aggFilters", the registry's check boxes; NULL = none */
  th_query *scored;                  /* of all texts; NULL = everything */
  th_span sort;                      /* as asked; empty = by default */
  th_sort order;
  unsigned page; /* from 1 */
  bool has_text, has_filter, has_near;
  double lat, lon;  /* where distances are from: the filter "near", or a place in "term" */
  th_near near;     /* the same with its reach, when has_near */
  th_span within;   /* how far around it, as asked; empty = as the language has it */
  unsigned n_spots; /* places of the name that distances are from, the one meant first */
  th_geo_place spots[PORTAL_SPOTS];
  th_span words;          /* what of "term" is searched for, when its last words name a place */
  th_span place;          /* the last words of "term" when they name a place; else empty */
  th_query *place_filter; /* NULL when there is none */
  /* A page of one place: studies show their sites there. Empty elsewhere. */
  th_span at_country, at_state, at_city;
  const char *heading; /* of a study in a list; NULL = "h2" */
  bool pick;           /* each study has a box to be compared by */
  bool plain_words;    /* an expression could not be read: searched as plain words */
  bool bad;            /* something that is asked for cannot be searched */
  unsigned n_errors;
  portal_error errors[PORTAL_ERRORS];
} portal_state;

/* snapshot: where places in the words are looked up; known: keeps what was found of them. What a
 * person asked wrongly goes into errors. Errors: TH_ENOMEM, TH_ECORRUPT. */
int th_portal_state_read(portal_state *out, const th_request *rq, const th_snapshot *snapshot,
                         th_known *known, th_err *err) TH_MUST_USE;
/* Studies of which one and the same site satisfies all of n parts. NULL when memory is out. */
th_query *th_portal_same_site(th_arena *arena, th_query *const *parts, size_t n);
/* All filters but those at the places whose bits are set in `without`. Country, state and city are
 * those of one site. */
th_query *th_portal_state_filter(const portal_state *s, uint32_t without);
/* What is searched for: the text in the registry's words, else as typed. */
th_span th_portal_state_text(const portal_state *s, unsigned at);
/* Place of a filter in th_filter_params, -1 when there is none. */
int th_portal_filter_place(const char *name);
const char *th_portal_state_error(const portal_state *s, const char *name); /* NULL = none */

/* Appends "/search?…" of the state: without the parameters named `drop` (NULL: none) and without
 * parameter number `drop_at` (-1: none), with one added (name NULL: none), on the page given (1:
 * the first). */
void th_portal_state_url(const portal_state *s, const char *drop, int drop_at, const char *name,
                         th_span value, unsigned page, th_buf *out);
/* Appends the address of the map of this search. */
void th_portal_map_url(const portal_state *s, th_buf *out);
/* Links to the list and the map of a search; map: the map is here. */
void th_portal_put_views(th_html *h, const portal_state *s, bool map);
/* Whether the parameter stands for something: known, and with a value. */
bool th_portal_state_counts(const th_param *p);

#endif
