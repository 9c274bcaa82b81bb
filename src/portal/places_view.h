/* Pages of places: what their files share. places_page.c answers; places_find.c finds places and
 * counts their studies, places_list.c and places_map.c write lists and maps. */
#ifndef TH_PORTAL_PLACES_VIEW_H
#define TH_PORTAL_PLACES_VIEW_H

#include "portal/counts.h"
#include "portal/internal.h"

enum { TH_PLACES_FACTS = 16 };

typedef struct places_view {
  const th_portal *p;
  portal_worker *w;
  th_html *h;
  th_request *rq;
  const th_snapshot *snapshot;
  th_span country, state, city; /* as asked; then as most sites spell them */
  th_query *there;              /* studies with such a site; NULL = all */
  th_place_counts counts;       /* of the level below */
  uint32_t studies, recruiting; /* in the place itself */
  th_fact **facts;              /* TH_PLACES_FACTS, in use until the page is written */
} places_view;

/* Where what is in use until the page is written stands next; the last place is used again. */
th_fact **th_places_fact(const places_view *v);
/* Counts of all studies: state and city are those of sites in the country and state of the view. */
int th_places_count(const places_view *v, th_place_level level, th_place_counts *out,
                    th_err *err) TH_MUST_USE;
/* Sets v->there. */
int th_places_make_query(places_view *v, th_err *err) TH_MUST_USE;
/* The place's own counts and spelling. Nothing is found: its counts stay 0. */
int th_places_look(places_view *v, th_err *err) TH_MUST_USE;
/* The country of a slug or of a name. Not known as one, it is what records call so. */
int th_places_read_country(const places_view *v, th_span asked, th_span *out,
                           th_err *err) TH_MUST_USE;
/* Reads "/places/…" into country, state, city. *known: false when there is no such place. */
int th_places_read_path(places_view *v, bool *known, th_err *err) TH_MUST_USE;
/* The page asked for, 1 and more. */
unsigned th_places_asked_page(const th_request *rq);
/* The page's one address, when it was asked for by another: NULL when it was not. In the arena. */
int th_places_find_address(const places_view *v, bool by_path, const char **out,
                           th_err *err) TH_MUST_USE;
/* Appends "?key=value", or "&…" behind others; nothing for no value. */
void th_places_put_key(th_buf *out, const char *key, th_span value);
/* The address of a place's page: by slugs, else by names. Appended to s, all of which is returned.
 */
th_span th_places_path(th_buf *s, th_span country, th_span state, th_span city);
/* What readers call the place: its country in their language. */
th_span th_places_shown(const places_view *v, th_span name, bool country);

void th_places_put_legend(const places_view *v);
/* At most `most` places, those with most studies, in the order of their names; by letters when
 * there are many. */
int th_places_put_list(const places_view *v, const th_place_counts *counts, th_place_level level,
                       uint32_t most, th_err *err) TH_MUST_USE;
/* The same below a heading; nothing for no places. */
int th_places_put_section(const places_view *v, const char *title, const th_place_counts *counts,
                          th_place_level level, uint32_t most, th_err *err) TH_MUST_USE;

/* Countries, shaded by what recruits there, each a link. */
void th_places_put_world(const places_view *v);
/* The same of a country's states where there is a picture of them (the USA); else false, and
 * nothing is written. */
bool th_places_put_states(const places_view *v, const th_place_counts *states);
/* Circles where the sites of the place are. */
int th_places_put_map(const places_view *v, const char *label, th_err *err) TH_MUST_USE;

#endif
