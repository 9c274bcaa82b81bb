/* Up to four studies side by side: "/compare?ids=NCT…,NCT…". A table with a study a column; a row
 * stands when any of them has something to say. */
#include "portal/internal.h"
#include "portal/slug.h"
#include "portal/study_parts.h"
#include "store/store.h"
#include "study/nct.h"

typedef void (*cell_fn)(const th_study_view *v);

typedef struct comparison {
  unsigned n, n_missing;
  th_json json[PORTAL_COMPARED];
  th_study_view view[PORTAL_COMPARED];
  uint32_t nct[PORTAL_COMPARED], missing[PORTAL_COMPARED];
} comparison;

/* ---- cells: each writes what its study has, or nothing ---- */

static void put_list(const th_study_view *v, uint32_t node, const char *list, const char *key) {
  enum { MOST = 8 };
  uint32_t found = th_part_array(v, node, list), n = 0;
  if (!found) return;
  th_html_open(v->h, "ul", NULL);
  for (th_json_each(v->j, found, e)) {
    th_span text = key ? th_part_text(v, e, key) : th_json_text(v->j, e);
    if (!text.n || n++ >= MOST) continue;
    th_html_element(v->h, "li", NULL, text);
  }
  if (n > MOST) {
    th_html_open(v->h, "li", "quiet");
    th_html_i64(v->h, n - MOST);
    th_html_str(v->h, M(tail_more));
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

static void put_enum(const th_study_view *v, uint32_t node, const char *path, uint16_t field) {
  th_span value = th_part_text(v, node, path);
  if (!value.n) return;
  th_words_label(v->h->lang, field, value, th_html_scratch(v->h));
  th_html_scratch_text(v->h);
}

static void put_date(const th_study_view *v, const char *path) {
  th_span date = th_part_text(v, v->status, path);
  if (!date.n) return;
  th_words_date(v->h->lang, date, th_html_scratch(v->h));
  th_html_scratch_text(v->h);
}

static void cell_status(const th_study_view *v) {
  th_span status = th_part_text(v, v->status, "overallStatus");
  if (status.n) th_page_status(v->h, "span", TH_F_OverallStatus, status);
}
static void cell_type(const th_study_view *v) {
  put_enum(v, v->design, "studyType", TH_F_StudyType);
}
static void cell_phase(const th_study_view *v) {
  uint32_t phases = th_part_array(v, v->design, "phases");
  if (!phases) return;
  th_words_phases(v->h->lang, v->j, phases, th_html_scratch(v->h));
  th_html_scratch_text(v->h);
}
static void cell_conditions(const th_study_view *v) {
  put_list(v, v->conditions, "conditions", NULL);
}
static void cell_treatments(const th_study_view *v) {
  put_list(v, v->arms, "interventions", "name");
}
static void cell_arms(const th_study_view *v) {
  put_list(v, v->arms, "armGroups", "label");
}
static void cell_ages(const th_study_view *v) {
  if (!v->eligibility) return;
  th_words_ages(v->h->lang, th_part_text(v, v->eligibility, "minimumAge"),
                th_part_text(v, v->eligibility, "maximumAge"), th_html_scratch(v->h));
  th_html_scratch_text(v->h);
}
static void cell_sex(const th_study_view *v) {
  put_enum(v, v->eligibility, "sex", TH_F_Sex);
}
static void cell_volunteers(const th_study_view *v) {
  int accepts = th_part_bool(v, v->eligibility, "healthyVolunteers");
  if (accepts >= 0)
    th_html_str(v->h,
                accepts ? M(accepts_healthy_volunteers_title) : M(no_healthy_volunteers_title));
}
static void cell_enrollment(const th_study_view *v) {
  int64_t count;
  uint32_t node = v->design ? th_json_path(v->j, v->design, "enrollmentInfo.count") : 0;
  if (!node || !th_json_int(v->j, node, &count)) return;
  th_words_enrollment(v->h->lang, count, th_part_text(v, v->design, "enrollmentInfo.type"),
                      th_html_scratch(v->h));
  th_html_scratch_text(v->h);
}
static void cell_allocation(const th_study_view *v) {
  put_enum(v, v->design, "designInfo.allocation", TH_F_DesignAllocation);
}
static void cell_masking(const th_study_view *v) {
  put_enum(v, v->design, "designInfo.maskingInfo.masking", TH_F_DesignMasking);
}
static void cell_purpose(const th_study_view *v) {
  put_enum(v, v->design, "designInfo.primaryPurpose", TH_F_DesignPrimaryPurpose);
}
static void cell_primary(const th_study_view *v) {
  put_list(v, v->outcomes, "primaryOutcomes", "measure");
}
static void cell_places(const th_study_view *v) {
  uint32_t list = th_part_array(v, v->places, "locations"), open = 0;
  if (!list) return;
  for (th_json_each(v->j, list, e))
    open += th_span_eq(th_part_text(v, e, "status"), TH_SPAN("RECRUITING"));
  th_html_i64(v->h, v->j->nodes[list].n);
  th_html_str(v->h, v->j->nodes[list].n == 1 ? M(tail_place) : M(tail_places));
  if (!open) return;
  th_html_str(v->h, ", ");
  th_html_i64(v->h, open);
  th_html_str(v->h, M(tail_recruiting));
}
static void cell_start(const th_study_view *v) {
  put_date(v, "startDateStruct.date");
}
static void cell_completion(const th_study_view *v) {
  put_date(v, "completionDateStruct.date");
}
static void cell_results(const th_study_view *v) {
  th_html_str(v->h, v->results ? M(yes) : M(no));
}
static void cell_sponsor(const th_study_view *v) {
  th_html_text(v->h, th_part_text(v, v->sponsors, "leadSponsor.name"));
}

static const struct {
  const char *label;
  cell_fn put;
} rows[] = {
    {M(status), cell_status},
    {M(study_type), cell_type},
    {M(phase), cell_phase},
    {M(conditions), cell_conditions},
    {M(treatments), cell_treatments},
    {M(arms), cell_arms},
    {M(ages), cell_ages},
    {M(sex), cell_sex},
    {M(volunteers), cell_volunteers},
    {M(primary_outcomes), cell_primary},
    {M(enrollment), cell_enrollment},
    {M(allocation), cell_allocation},
    {M(masking), cell_masking},
    {M(primary_purpose), cell_purpose},
    {M(places_of_study), cell_places},
    {M(study_start), cell_start},
    {M(study_completion), cell_completion},
    {M(results), cell_results},
    {M(sponsor), cell_sponsor},
};

/* ---- the table ---- */

static void put_row(const comparison *c, th_html *h, const char *label, cell_fn put) {
  size_t before = h->out->n;
  bool any = false;
  th_html_open(h, "tr", NULL);
  th_html_open(h, "th", NULL);
  th_html_attr_str(h, "scope", "row");
  th_html_str(h, label);
  th_html_close(h);
  for (unsigned i = 0; i < c->n; i++) {
    th_html_open(h, "td", NULL);
    th_html_str(h, "");
    size_t empty = h->out->n;
    put(&c->view[i]);
    any = any || h->out->n > empty;
    if (h->out->n == empty) th_html_element_str(h, "span", "quiet", M(no_value));
    th_html_close(h);
  }
  th_html_close(h);
  if (!any) h->out->n = before;
}

static void put_heads(const comparison *c, th_html *h) {
  char number[TH_NCT_LEN + 1];
  th_html_open(h, "thead", NULL);
  th_html_open(h, "tr", NULL);
  th_html_open(h, "th", NULL);
  th_html_attr_str(h, "scope", "col");
  th_html_element_str(h, "span", "hidden", M(feature));
  th_html_close(h);
  for (unsigned i = 0; i < c->n; i++) {
    const th_study_view *v = &c->view[i];
    th_span title = th_part_text(v, v->id, "briefTitle");
    th_nct_format(c->nct[i], number);
    th_html_open(h, "th", NULL);
    th_html_attr_str(h, "scope", "col");
    th_html_open(h, "a", NULL);
    th_buf *s = th_html_scratch(h);
    th_slug_study_path(c->nct[i], title, s);
    (void)th_html_href(h, th_buf_view(s));
    th_html_text(h, title.n ? title : th_span_of(number));
    th_html_close(h);
    th_html_element_str(h, "small", "quiet", number);
    th_page_save_button(h, th_span_of(number));
    th_html_close(h);
  }
  th_html_close_n(h, 2);
}

static void put_table(const comparison *c, th_html *h) {
  th_html_open(h, "section", "scroll");
  th_html_attr_str(h, "aria-label", M(compare_studies));
  th_html_attr_str(h, "tabindex", "0");
  th_html_open(h, "table", "compare");
  put_heads(c, h);
  th_html_open(h, "tbody", NULL);
  for (size_t i = 0; i < TH_COUNT(rows); i++)
    put_row(c, h, rows[i].label, rows[i].put);
  th_html_close_n(h, 3);
}

/* Numbers can be typed, too: the page works without the saved list. */
static void put_form(th_html *h, const th_request *rq) {
  th_html_open(h, "form", "search");
  th_html_action(h, "/compare");
  th_html_open(h, "div", "search-main");
  th_html_open(h, "div", "field");
  th_html_open(h, "label", NULL);
  th_html_attr_str(h, "for", "compare-ids");
  th_html_str(h, M(up_to_four_studies));
  th_html_close(h);
  th_html_open(h, "input", NULL);
  th_html_attr_str(h, "id", "compare-ids");
  th_html_attr_str(h, "name", "ids");
  th_html_attr_str(h, "type", "text");
  th_html_attr_str(h, "autocomplete", "off");
  th_buf *s = th_html_scratch(h);
  for (unsigned i = 0; i < rq->n_params; i++) {
    if (!th_span_eq(rq->params[i].name, TH_SPAN("ids"))) continue;
    if (s->n) th_buf_str(s, ", ");
    th_buf_span(s, rq->params[i].value);
  }
  th_html_attr(h, "value", th_buf_view(s));
  th_html_close_n(h, 2);
  th_html_submit(h, NULL, M(compare));
  th_html_close_n(h, 2);
}

static void put_missing(const comparison *c, th_html *h) {
  char number[TH_NCT_LEN + 1];
  if (!c->n_missing) return;
  th_html_open(h, "p", "hint");
  th_html_str(h, M(lead_not_here));
  for (unsigned i = 0; i < c->n_missing; i++) {
    th_html_str(h, i ? ", " : "");
    th_html_str(h, th_nct_format(c->missing[i], number));
  }
  th_html_close(h);
}

/* ---- reading ---- */

static int read_one(const th_portal *p, portal_worker *w, comparison *c, uint32_t nct, th_html *h,
                    const th_study_context *context, th_err *err) {
  th_record record;
  uint32_t current = 0;
  th_err local = {0};
  th_buf *bytes = &w->compared[c->n].record;
  th_json_parser **parser = &w->compared[c->n].parser;
  th_buf_clear(bytes);
  int rc = th_registry_study(p->registry, nct, bytes, &record, &current, &local);
  if (rc == TH_ENOTFOUND && current) {
    th_err_clear(&local);
    nct = current;
    rc = th_registry_study(p->registry, nct, bytes, &record, &current, &local);
  }
  if (rc == TH_ENOTFOUND) {
    c->missing[c->n_missing++] = nct;
    return TH_OK;
  }
  if (rc) return th_err_set(err, rc, "%s", local.message);
  if (!*parser) *parser = th_json_parser_new(TH_STORE_RECORD_MAX, 256);
  if (!*parser) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  rc = th_json_parse(*parser, record.json, &c->json[c->n], err);
  if (rc) return rc == TH_EINPUT ? TH_ECORRUPT : rc;
  th_study_view_init(&c->view[c->n], h, &c->json[c->n], context);
  c->nct[c->n++] = nct;
  return TH_OK;
}

static int write_page(const th_portal *p, portal_worker *w, th_request *rq, th_response *rs,
                      const th_page_frame *frame, th_err *err) {
  uint32_t ids[PORTAL_COMPARED + 1];
  unsigned n = th_portal_ids(rq, ids, PORTAL_COMPARED + 1);
  comparison c = {0};
  th_html h;
  const th_study_context context = {.arena = rq->arena};
  int rc = TH_OK;
  th_portal_begin(&h, w, rq, rs);
  for (unsigned i = 0; !rc && i < TH_MIN(n, PORTAL_COMPARED); i++)
    rc = read_one(p, w, &c, ids[i], &h, &context, err);
  if (rc) return rc;
  th_page_begin(&h, frame);
  th_html_open(&h, "div", "saved");
  th_html_element_str(&h, "h1", NULL, M(compare_studies));
  th_html_element_str(&h, "p", "lead", M(compare_about));
  put_form(&h, rq);
  if (n > PORTAL_COMPARED) th_html_element_str(&h, "p", "hint", M(only_four_are_shown));
  put_missing(&c, &h);
  if (c.n) put_table(&c, &h);
  th_html_open(&h, "p", "tools");
  th_html_link_str(&h, NULL, "/saved", M(saved_studies));
  th_page_copy_button(&h);
  th_html_close_n(&h, 2);
  th_page_end(&h, frame);
  return th_portal_end(&h, rs, 200, err);
}

int th_portal_compare(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  const th_portal *p = ctx;
  portal_worker *w = th_portal_worker(p, rq);
  th_page_frame frame = {.title = th_span_of(M(compare_studies)), .no_index = true};
  if (!w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  th_index *index = th_registry_index(p->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  int rc = th_portal_frame(p, w, snapshot, rq->arena, &frame, err);
  th_index_release(index, snapshot);
  return rc ? rc : write_page(p, w, rq, rs, &frame, err);
}
