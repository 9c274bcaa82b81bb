#include "portal/search_hit.h"

#include "portal/search_place.h"
#include "portal/slug.h"
#include "portal/words.h"
#include "query/names.h"
#include "study/catalogue.h"
#include "study/markup.h"
#include "study/nct.h"
#include "study/view.h"

#include <stdio.h>

enum { PASSAGE = 260, CONDITIONS = 4, COUNTRIES = 3, MOST_COUNTRIES = 64, SITES_HERE = 3 };

typedef struct hit_view {
  th_html *h;
  const th_json *j;
  const portal_state *s;
  th_arena *arena;
  const th_hit *hit;
} hit_view;

static th_span text_at(const hit_view *v, const char *path) {
  return th_span_trim(th_json_path_text(v->j, 0, path));
}

static uint32_t array_at(const hit_view *v, const char *path) {
  uint32_t node = th_json_path(v->j, 0, path);
  return node && v->j->nodes[node].type == TH_JARRAY && v->j->nodes[node].n ? node : 0;
}

/* ---- words that were searched for ---- */

static void put_marked(const hit_view *v, uint16_t field, th_span text) {
  const th_mark *marks = NULL;
  unsigned n = 0;
  if (v->s->scored) n = th_query_highlight(v->s->scored, field, text, v->arena, &marks);
  th_html_marked(v->h, text, marks, n);
}

static bool is_inside(th_span part, th_span whole) {
  return part.p >= whole.p && part.p + part.n <= whole.p + whole.n;
}

/* About PASSAGE bytes of the first of these fields that the query's words match; else the summary's
 * beginning. The marks are those of the passage. */
static void put_passage(const hit_view *v) {
  static const uint16_t fields[] = {TH_F_BriefSummary, TH_F_DetailedDescription,
                                    TH_F_EligibilityCriteria};
  th_span passage = {0}, whole = {0};
  uint16_t shown = TH_F_BriefSummary;
  for (size_t i = 0; i < TH_COUNT(fields) && !passage.n; i++) {
    const th_mark *marks;
    th_buf *s = th_html_scratch(v->h);
    th_markup_unescape(text_at(v, th_fields[fields[i]].path), s);
    th_span text = th_arena_dup(v->arena, th_buf_view(s));
    if (i == 0) whole = text;
    if (!v->s->scored || !text.p) break;
    if (!th_query_highlight(v->s->scored, fields[i], text, v->arena, &marks)) continue;
    whole = text;
    shown = fields[i];
    passage = th_query_passage(v->s->scored, shown, text, PASSAGE, v->arena);
  }
  if (!passage.n && whole.p) {
    passage = (th_span){whole.p, TH_MIN(whole.n, (size_t)PASSAGE)};
    while (passage.n < whole.n && passage.n && passage.p[passage.n - 1] != ' ')
      passage.n--;
  }
  passage = th_span_trim(passage);
  if (!passage.n || !is_inside(passage, whole)) return;
  th_html_open(v->h, "p", "passage");
  th_html_foreign(v->h);
  if (passage.p > whole.p) th_html_str(v->h, "\xE2\x80\xA6 ");
  put_marked(v, shown, passage);
  if (passage.p + passage.n < whole.p + whole.n) th_html_str(v->h, " \xE2\x80\xA6");
  th_html_close(v->h);
}

/* ---- facts ---- */

static void put_status(const hit_view *v, th_span nct) {
  th_span status = text_at(v, "protocolSection.statusModule.overallStatus");
  th_span type = text_at(v, "protocolSection.designModule.studyType");
  th_html_open(v->h, "p", "hit-line");
  if (status.n) th_page_status(v->h, "span", TH_F_OverallStatus, status);
  th_buf *s = th_html_scratch(v->h);
  th_words_phases(v->h->lang, v->j, array_at(v, "protocolSection.designModule.phases"), s);
  if (s->n == 0 || th_span_eq(th_buf_view(s), TH_SPAN("Not Applicable"))) {
    s = th_html_scratch(v->h);
    if (type.n) th_words_label(v->h->lang, TH_F_StudyType, type, s);
  }
  if (s->n) {
    th_html_str(v->h, " ");
    th_html_scratch_element(v->h, "span", NULL);
  }
  th_html_str(v->h, " ");
  th_html_element(v->h, "span", "quiet", nct);
  th_page_save_button(v->h, nct);
  th_html_close(v->h);
}

static void put_pick(const hit_view *v, th_span nct) {
  th_html_open(v->h, "label", "box pick");
  th_html_open(v->h, "input", NULL);
  th_html_attr_str(v->h, "type", "checkbox");
  th_html_attr_str(v->h, "name", "ids");
  th_html_attr(v->h, "value", nct);
  th_html_close(v->h);
  th_html_open(v->h, "span", NULL);
  th_html_str(v->h, M(compare_this));
  th_html_str(v->h, " ");
  th_html_element(v->h, "span", "hidden", nct);
  th_html_close_n(v->h, 2);
}

static void open_fact(const hit_view *v, const char *label) {
  th_html_open(v->h, "div", NULL);
  th_html_element_str(v->h, "dt", NULL, label);
  th_html_open(v->h, "dd", NULL);
}

static void put_conditions(const hit_view *v) {
  uint32_t list = array_at(v, "protocolSection.conditionsModule.conditions"), n = 0;
  if (!list) return;
  open_fact(v, M(conditions));
  for (th_json_each(v->j, list, e)) {
    if (n++ == CONDITIONS) break;
    if (n > 1) th_html_str(v->h, "; ");
    put_marked(v, TH_F_Condition, th_json_text(v->j, e));
  }
  if (v->j->nodes[list].n > CONDITIONS) {
    th_html_str(v->h, M(tail_and));
    th_html_i64(v->h, v->j->nodes[list].n - CONDITIONS);
    th_html_str(v->h, M(tail_more));
  }
  th_html_close_n(v->h, 2);
}

static void put_who(const hit_view *v) {
  th_span sex = text_at(v, "protocolSection.eligibilityModule.sex");
  uint32_t healthy = th_json_path(v->j, 0, "protocolSection.eligibilityModule.healthyVolunteers");
  if (!th_json_path(v->j, 0, "protocolSection.eligibilityModule")) return;
  open_fact(v, M(who_may_join));
  th_buf *s = th_html_scratch(v->h);
  th_words_ages(v->h->lang, text_at(v, "protocolSection.eligibilityModule.minimumAge"),
                text_at(v, "protocolSection.eligibilityModule.maximumAge"), s);
  if (th_span_eq(sex, TH_SPAN("FEMALE"))) th_say_put(v->h->lang, M(and_women_only), s);
  if (th_span_eq(sex, TH_SPAN("MALE"))) th_say_put(v->h->lang, M(and_men_only), s);
  if (healthy && v->j->nodes[healthy].type == TH_JTRUE)
    th_say_put(v->h->lang, M(and_healthy_volunteers_too), s);
  th_html_scratch_text(v->h);
  th_html_close_n(v->h, 2);
}

/* ---- places ---- */

/* The element of the list of sites; 0 when the record has become another since it was indexed. */
static uint32_t site_at(const hit_view *v, uint32_t list, uint32_t at) {
  for (th_json_each(v->j, list, e))
    if (at-- == 0) return e;
  return 0;
}

/* The nearest site that takes people now; when there is none, the nearest of all. */
static void put_nearest(const hit_view *v, uint32_t list) {
  th_near_site near;
  const portal_state *s = v->s;
  bool open =
      th_nearest_site(s->snapshot, v->hit->segment, v->hit->doc, s->lat, s->lon, true, &near);
  if (!open &&
      !th_nearest_site(s->snapshot, v->hit->segment, v->hit->doc, s->lat, s->lon, false, &near))
    return;
  uint32_t site = site_at(v, list, near.at);
  th_span facility = th_span_trim(th_json_path_text(v->j, site, "facility"));
  if (!site) return;
  open_fact(v, open ? M(nearest_recruiting_place) : M(nearest_place));
  th_buf *out = th_html_scratch(v->h);
  if (facility.n) th_buf_printf(out, "%.*s, ", (int)facility.n, facility.p);
  th_buf_span(out, th_json_path_text(v->j, site, "city"));
  th_html_scratch_text(v->h);
  th_html_str(v->h, ", ");
  out = th_html_scratch(v->h);
  th_portal_words_km(v->h->lang, near.km, out);
  th_html_scratch_element(v->h, "strong", NULL);
  th_html_close_n(v->h, 2);
}

static uint32_t list_countries(const hit_view *v, uint32_t list, th_span out[MOST_COUNTRIES]) {
  uint32_t n = 0;
  th_span last = {0};
  for (th_json_each(v->j, list, e)) {
    th_span name = th_json_path_text(v->j, e, "country");
    uint32_t i = 0;
    if (th_span_eq(name, last)) continue; /* sites of a country stand together */
    last = name;
    th_span country = th_words_country(v->h->lang, name);
    while (i < n && !th_span_eq(out[i], country))
      i++;
    if (i == n && country.n && n < MOST_COUNTRIES) out[n++] = country;
  }
  return n;
}

static bool is_named(th_span name, th_span wanted) {
  char a[TH_NAME_MAX], b[TH_NAME_MAX];
  size_t n = th_name_fold(name, a);
  return wanted.n == 0 || (th_name_fold(wanted, b) == n && memcmp(a, b, n) == 0);
}

static bool is_here(const hit_view *v, uint32_t site) {
  th_span country = th_json_path_text(v->j, site, "country");
  return is_named(th_words_country(TH_LANG_EN, country), v->s->at_country) &&
         is_named(th_json_path_text(v->j, site, "state"), v->s->at_state) &&
         is_named(th_json_path_text(v->j, site, "city"), v->s->at_city);
}

/* The study's sites in the place that the page is about: those that take people come first. */
static void put_here(const hit_view *v, uint32_t list) {
  unsigned shown = 0, left = 0;
  open_fact(v, M(sites_here));
  for (int recruiting = 1; recruiting >= 0; recruiting--) {
    for (th_json_each(v->j, list, e)) {
      th_span status = th_json_path_text(v->j, e, "status");
      th_span facility = th_span_trim(th_json_path_text(v->j, e, "facility"));
      if (th_span_eq(status, TH_SPAN("RECRUITING")) != recruiting || !is_here(v, e)) continue;
      if (!facility.n || shown == SITES_HERE) {
        left++;
        continue;
      }
      if (shown++) th_html_str(v->h, "; ");
      th_html_text(v->h, facility);
      if (!status.n) continue;
      th_html_str(v->h, " ");
      th_page_status(v->h, "span", TH_F_LocationStatus, status);
    }
  }
  if (left) {
    th_html_str(v->h, shown ? M(tail_and) : "");
    th_html_i64(v->h, left);
    th_html_str(v->h, shown ? M(tail_more) : left == 1 ? M(tail_place) : M(tail_places));
  }
  th_html_close_n(v->h, 2);
}

static void put_places(const hit_view *v) {
  th_span countries[MOST_COUNTRIES];
  uint32_t list = array_at(v, "protocolSection.contactsLocationsModule.locations");
  if (!list) return;
  if (v->s->at_city.n) put_here(v, list);
  uint32_t n = list_countries(v, list, countries), sites = v->j->nodes[list].n;
  open_fact(v, M(where));
  th_html_i64(v->h, sites);
  th_html_str(v->h, sites == 1 ? M(tail_place) : M(tail_places));
  if (n > COUNTRIES) {
    th_html_str(v->h, M(tail_in));
    th_html_i64(v->h, n);
    th_html_str(v->h, M(tail_countries));
  }
  for (uint32_t i = 0; i < n && i < COUNTRIES; i++) {
    th_html_str(v->h, i ? ", " : n > COUNTRIES ? M(and_among_them) : M(tail_in));
    th_html_text(v->h, countries[i]);
  }
  th_html_close_n(v->h, 2);
  if (v->s->has_near && v->s->snapshot) put_nearest(v, list);
}

/* ---- the whole ---- */

static void put_hit(const hit_view *v, uint32_t nct) {
  char number[TH_NCT_LEN + 1];
  th_span title = text_at(v, "protocolSection.identificationModule.briefTitle");
  th_nct_format(nct, number);
  th_html_open(v->h, "li", "hit");
  th_html_open(v->h, v->s->heading ? v->s->heading : "h2", NULL);
  th_html_open(v->h, "a", NULL);
  th_buf *path = th_html_scratch(v->h);
  th_slug_study_path(nct, title, path);
  if (v->s->n_spots) { /* so that the study's page shows the nearest sites first */
    th_buf label;
    th_buf_init(&label, 1 << 10);
    th_geo_label(&v->s->spots[0], &label);
    th_buf_str(path, "?near=");
    th_url_encode(path, th_buf_view(&label));
    th_buf_dispose(&label);
  }
  (void)th_html_href(v->h, th_buf_view(path));
  th_html_foreign(v->h);
  put_marked(v, TH_F_BriefTitle, title.n ? title : th_span_of(number));
  th_html_close_n(v->h, 2);
  put_status(v, th_span_of(number));
  if (v->s->pick) put_pick(v, th_span_of(number));
  th_html_open(v->h, "dl", NULL);
  put_conditions(v);
  put_who(v);
  put_places(v);
  th_html_close(v->h);
  put_passage(v);
  th_html_close(v->h);
}

void th_portal_hit_of(th_html *h, const th_json *record, const portal_state *s, const th_hit *hit) {
  hit_view v = {.h = h, .j = record, .s = s, .arena = s->rq->arena, .hit = hit};
  put_hit(&v, hit->nct);
}

/* 0 and *found false when the study has gone meanwhile. */
static int read_record(const th_portal *portal, portal_worker *w, const th_hit *hit, th_json *out,
                       bool *found, th_err *err) {
  th_record record;
  th_err local = {0};
  uint32_t current = 0;
  int rc = th_registry_study(portal->registry, hit->nct, &w->record, &record, &current, &local);
  *found = rc == TH_OK;
  if (rc == TH_ENOTFOUND) return TH_OK;
  if (rc) return th_err_set(err, rc, "%s", local.message);
  rc = th_json_parse(w->parser, record.json, out, err);
  return rc == TH_EINPUT ? TH_ECORRUPT : rc;
}

int th_portal_hit(const th_portal *portal, portal_worker *w, th_html *h, const portal_state *s,
                  const th_hit *hit, th_err *err) {
  th_json j;
  bool found;
  int rc = read_record(portal, w, hit, &j, &found, err);
  if (!rc && found) th_portal_hit_of(h, &j, s, hit);
  return rc;
}

int th_portal_hit_facts(const th_portal *portal, portal_worker *w, th_html *h,
                        const portal_state *s, const th_hit *hit, th_err *err) {
  th_json j;
  bool found;
  int rc = read_record(portal, w, hit, &j, &found, err);
  if (rc || !found) return rc;
  const hit_view v = {.h = h, .j = &j, .s = s, .arena = s->rq->arena, .hit = hit};
  th_html_open(h, "dl", NULL);
  put_who(&v);
  put_places(&v);
  th_html_close(h);
  return TH_OK;
}
