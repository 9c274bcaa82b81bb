/* /match: studies for a patient, with a light for each criterion.
 *
 * Nothing of a patient stays here: what was sent goes back into the form of the answer, which is a
 * secret (http.h). The page works without a script, and prints for a talk with the doctor. */
#include "geo/geo.h"
#include "portal/match_view.h"
#include "query/params.h"

enum { SHOWN = 20, QUESTIONS = 6 };

/* ---- the page ---- */

static void put_trouble(match_view *p) {
  if (!p->trouble) return;
  th_html_open(&p->h, "p", "alert");
  th_html_attr_str(&p->h, "role", "alert");
  th_html_str(&p->h, p->trouble);
  th_html_close(&p->h);
}

static int put_page(match_view *p, th_err *err) {
  th_html *h = &p->h;
  int rc = TH_OK;
  th_page_begin(h, &p->frame);
  th_html_open(h, "article", "match");
  th_html_element_str(h, "h1", NULL, M(match_title));
  if (!p->searched) th_html_element_str(h, "p", "lead", M(match_lead));
  if (!p->searched) th_html_element_str(h, "p", "privacy", M(match_nothing_is_kept));
  put_trouble(p);
  if (p->searched) th_match_put_understood(p);
  th_html_open(h, "div", th_match_has_questions(p) ? "match-body asked" : "match-body");
  if (p->searched) {
    rc = th_match_put_results(p, err);
    th_html_element_str(h, "p", "privacy", M(match_nothing_is_kept));
  }
  th_match_put_form(p);
  th_html_close_n(h, 2);
  th_page_end(h, &p->frame);
  return rc;
}

static int begin(match_view *p, const th_portal *portal, th_request *rq, th_response *rs,
                 th_err *err) {
  portal_worker *w = th_portal_worker(portal, rq);
  if (!w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  p->portal = portal;
  p->worker = w;
  p->rq = rq;
  p->rs = rs;
  p->frame = (th_page_frame){.title = th_span_of(M(match_title)),
                             .canonical = "/match",
                             .here = "/match",
                             .description = th_span_of(M(match_lead))};
  p->form.open_only = true;
  const th_snapshot *snapshot = th_index_acquire(th_registry_index(portal->registry));
  int rc = th_portal_frame(portal, w, snapshot, rq->arena, &p->frame, err);
  th_index_release(th_registry_index(portal->registry), snapshot);
  th_buf_init(&p->scratch, 0);
  p->scratch.secret = true;
  th_html_init(&p->h, th_lang_of_path(rq->path), &rs->body, &p->scratch);
  p->h.here = TH_SPAN("/match");
  return rc;
}

int th_portal_match(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  match_view p = {0};
  int rc = begin(&p, ctx, rq, rs, err);
  if (rc == 0) {
    rc = put_page(&p, err);
    if (rc == 0) rc = th_portal_end(&p.h, rs, 200, err);
  }
  th_buf_dispose(&p.scratch);
  return rc;
}

/* ---- sent ---- */

/* The point of the place that is asked for, so that results say how far they are. */
static void find_spot(match_view *p) {
  th_geo_place place;
  if (!th_geo_find(p->form.near, &place, 1)) return;
  p->has_spot = true;
  p->lat = place.lat;
  p->lon = place.lon;
}

static int read_filter(match_view *p, th_query **out, th_err *err) {
  th_query *parts[2] = {0};
  th_arena *arena = p->rq->arena;
  int rc = 0;
  if (p->form.open_only)
    rc = th_filter_parse(&parts[0], arena, TH_SPAN("status"), TH_SPAN("open"), err);
  if (rc == 0 && p->form.near.n) {
    th_span near = th_near_within(arena, p->form.near, (th_span){0});
    if (!near.n) return th_err_set(err, TH_ENOMEM, "out of memory");
    rc = th_filter_parse(&parts[1], arena, TH_SPAN("near"), near, err);
    find_spot(p);
  }
  if (rc < 0 || (!parts[0] && !parts[1])) return rc;
  *out = th_query_and(arena, parts, TH_COUNT(parts));
  return *out ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
}

static int search(match_view *p, th_err *err) {
  th_query *filter = NULL;
  int rc = th_match_form_read(&p->form, p->rq, err);
  if (rc < 0) return rc;
  if (!th_match_form_says(&p->form)) {
    p->trouble = M(match_say_something);
    return 0;
  }
  rc = th_desk_take(p->portal->desk, &p->seat, err);
  if (rc < 0) return rc;
  th_patient_options options = th_seat_options(p->seat);
  rc = th_match_form_patient(&p->form, &options, &p->patient, &p->other, err);
  if (rc == 0) rc = read_filter(p, &filter, err);
  th_find_request request = {.patient = &p->patient,
                             .filter = filter,
                             .order = th_span_eq(p->form.order, TH_SPAN("relevance"))
                                          ? TH_BY_RELEVANCE
                                          : TH_ELIGIBLE_FIRST,
                             .presume = th_find_presume(&p->patient),
                             .n = SHOWN,
                             .explain = true,
                             .questions = QUESTIONS + p->form.n_answers};
  if (rc == 0)
    rc = th_find(p->seat->ranker, th_registry_store(p->portal->registry), &request, p->rq->arena,
                 &p->found, err);
  p->searched = rc == 0;
  return rc;
}

/* What was asked wrongly is said on the page, with all that was sent. */
static bool is_theirs(int rc) {
  return rc == TH_EINPUT || rc == TH_EUSAGE || rc == TH_ELIMIT;
}

int th_portal_match_sent(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  match_view p = {0};
  th_err own = {0};
  th_response_secret(rs);
  int rc = begin(&p, ctx, rq, rs, err);
  p.frame.no_index = true;
  if (rc == 0) rc = search(&p, &own);
  if (is_theirs(rc)) {
    p.trouble = th_arena_printf(rq->arena, "%s", own.message);
    rc = 0;
  } else if (rc < 0 && own.code) {
    th_err_set(err, rc, "%s", own.message);
  }
  if (rc == 0) {
    rc = put_page(&p, err);
    if (rc == 0) rc = th_portal_end(&p.h, rs, p.trouble ? 400 : 200, err);
  }
  th_find_dispose(&p.found);
  th_patient_dispose(&p.patient);
  th_patient_dispose(&p.other);
  if (p.seat) th_desk_give(p.portal->desk, p.seat);
  th_buf_dispose(&p.scratch);
  return rc;
}
