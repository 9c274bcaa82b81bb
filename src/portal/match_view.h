/* The page of a patient's studies: what its files share. match_page.c answers, match_fields.c
 * writes the form and the questions, match_study.c what was found. */
#ifndef TH_PORTAL_MATCH_VIEW_H
#define TH_PORTAL_MATCH_VIEW_H

#include "native/desk.h"
#include "portal/internal.h"
#include "portal/match_form.h"

typedef struct match_view {
  const th_portal *portal;
  portal_worker *worker;
  th_request *rq;
  th_response *rs;
  th_html h;
  th_buf scratch; /* secret */
  th_page_frame frame;
  th_match_form form;
  const th_seat *seat;
  th_patient patient, other;
  th_find_result found;
  bool searched;
  bool has_spot; /* near a place that is known */
  double lat, lon;
  unsigned n_asked;    /* for ids */
  const char *trouble; /* NUL-terminated, in arena, or NULL */
} match_view;

/* The form with what was sent, and behind a search what to ask next. */
void th_match_put_form(match_view *p);
/* Whether there is something to ask, or was. */
bool th_match_has_questions(const match_view *p);
/* What was understood of the record: each fact in words. Nothing for no fact. */
void th_match_put_understood(match_view *p);
/* The studies, each with its grade, where it takes place and a light for each criterion. Errors:
 * those of th_portal_hit_facts. */
int th_match_put_results(match_view *p, th_err *err) TH_MUST_USE;

#endif
