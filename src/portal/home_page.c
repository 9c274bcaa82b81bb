/* Home: the search box, a few ways in, and what this installation holds. */
#include "geo/geo.h"
#include "portal/counts.h"
#include "portal/internal.h"
#include "portal/slug.h"
#include "portal/words.h"
#include "query/params.h"
#include "study/catalogue.h"
#include "study/date.h"
#include "study/view.h"

#include <ctype.h>

enum { STATUS, PHASE, COUNTRY, RESULTS, FACETS };
static const th_facet_request wanted[FACETS] = {[STATUS] = {TH_F_OverallStatus, 14},
                                                [PHASE] = {TH_F_Phase, 6},
                                                [COUNTRY] = {TH_F_LocationCountryCode, 12},
                                                [RESULTS] = {TH_F_HasResults, 2}};

static uint32_t count_of(const th_facet *f, const char *value) {
  for (uint32_t i = 0; i < f->n; i++)
    if (th_span_eq(f->values[i].value, th_span_of(value))) return f->values[i].count;
  return 0;
}

/* ---- search ---- */

static void put_field(th_html *h, const char *name, const char *label, const char *hint) {
  th_html_open(h, "div", "field");
  th_html_open(h, "label", NULL);
  th_html_attr_str(h, "for", name);
  th_html_str(h, label);
  th_html_close(h);
  th_html_open(h, "input", NULL);
  th_html_attr_str(h, "id", name);
  th_html_attr_str(h, "name", name);
  th_html_attr_str(h, "type", "text");
  th_html_attr_str(h, "autocomplete", "off");
  if (hint) th_html_attr_str(h, "placeholder", hint);
  th_page_completes(h, name);
  th_html_close_n(h, 2);
}

static void put_search(th_html *h) {
  th_html_open(h, "form", "search hero");
  th_html_action(h, "/search");
  th_html_attr_str(h, "role", "search");
  th_html_open(h, "div", "search-main");
  put_field(h, "term", M(search_studies), M(condition_treatment_sponsor_nct_number));
  th_html_submit(h, NULL, M(search));
  th_html_close(h);
  th_html_open(h, "div", "search-fields");
  put_field(h, "cond", M(condition_or_disease), NULL);
  put_field(h, "intr", M(treatment), NULL);
  put_field(h, "locn", M(place), NULL);
  th_html_close_n(h, 2);
}

/* ---- ways in ---- */

static void put_way(th_html *h, const char *url, const char *text, int64_t count,
                    const char *note) {
  th_html_open(h, "li", NULL);
  th_html_open(h, "a", "way");
  (void)th_html_href(h, th_span_of(url));
  th_html_element_str(h, "strong", NULL, text);
  th_html_open(h, "span", "quiet");
  if (count >= 0) {
    th_html_i64(h, count);
    th_html_str(h, count == 1 ? M(tail_study) : M(tail_studies));
  }
  if (note) th_html_str(h, note);
  th_html_close_n(h, 3);
}

static void put_ways(th_html *h, const th_facet *facets) {
  uint32_t open = count_of(&facets[STATUS], "RECRUITING");
  uint32_t soon = count_of(&facets[STATUS], "NOT_YET_RECRUITING");
  uint32_t done = count_of(&facets[RESULTS], "true");
  th_html_open(h, "ul", "ways");
  if (open) put_way(h, "/search?status=recruiting", M(recruiting_now), open, NULL);
  if (soon) put_way(h, "/search?status=not_yet_recruiting", M(starting_soon), soon, NULL);
  put_way(h, "/match", M(match_nav), -1, M(match_way_note));
  put_way(h, "/search?sort=newest", M(newest), -1, M(by_the_day_of_first_low));
  if (done) put_way(h, "/search?results=with", M(with_results), done, NULL);
  th_html_close(h);
}

static void put_count_link(th_html *h, const char *name, const th_facet_value *value,
                           uint16_t field) {
  th_buf *s = th_html_scratch(h);
  bool word = field == TH_F_LocationCountryCode;
  th_html_open(h, "li", NULL);
  th_html_open(h, "a", NULL);
  if (word) {
    th_buf_str(s, "/places/");
    (void)th_slug_put(th_geo_country_name(value->value), s);
  } else {
    th_buf_printf(s, "/search?%s=", name);
    for (size_t i = 0; i < value->value.n; i++)
      th_buf_char(s, (char)tolower((unsigned char)value->value.p[i]));
  }
  (void)th_html_href(h, th_buf_view(s));
  s = th_html_scratch(h);
  if (word)
    th_buf_span(s, th_words_country(h->lang, value->value));
  else
    th_words_label(h->lang, field, value->value, s);
  th_html_scratch_text(h);
  th_html_close(h);
  th_html_str(h, " ");
  th_html_open(h, "span", "n");
  th_html_i64(h, value->count);
  th_html_close_n(h, 2);
}

/* Phases in their order, as the enum has it. */
static void put_phases(th_html *h, const th_facet *f) {
  if (!f->n) return;
  th_html_open(h, "section", NULL);
  th_html_element_str(h, "h2", NULL, M(by_phase));
  th_html_open(h, "ul", "counts");
  for (int i = 1; i <= th_enums[TH_E_Phase].n; i++) {
    const char *name = th_enum_name(TH_E_Phase, i % th_enums[TH_E_Phase].n); /* the first last */
    th_facet_value value = {th_span_of(name), count_of(f, name)};
    if (value.count) put_count_link(h, "phase", &value, TH_F_Phase);
  }
  th_html_close_n(h, 2);
}

static void put_countries(th_html *h, const th_facet *f) {
  if (!f->n) return;
  th_html_open(h, "section", NULL);
  th_html_element_str(h, "h2", NULL, M(by_country));
  th_html_open(h, "ul", "counts");
  for (uint32_t i = 0; i < f->n; i++)
    put_count_link(h, "country", &f->values[i], TH_F_LocationCountryCode);
  th_html_close(h);
  th_html_open(h, "p", NULL);
  th_html_link_str(h, NULL, "/places", M(all_countries));
  th_html_close_n(h, 2);
}

/* ---- what is here ---- */

static void put_holdings(const th_portal *p, th_html *h, int64_t total) {
  char stamp[20];
  th_registry_timestamp(p->registry, stamp);
  th_html_open(h, "p", "lead");
  if (total == 0) {
    th_html_str(h, M(this_installation_holds_no_studies));
  } else {
    th_html_str(h, M(lead_search));
    th_html_open(h, "strong", NULL);
    th_html_i64(h, total);
    th_html_close(h);
    th_html_str(h, total == 1 ? M(tail_study) : M(tail_studies));
    if (strncmp(stamp, "1970", 4) != 0) {
      th_html_str(h, M(and_data_of));
      th_words_date(h->lang, (th_span){stamp, 10}, th_html_scratch(h));
      th_html_scratch_text(h);
    }
    th_html_str(h, ".");
  }
  th_html_close(h);
}

static void put_home(const th_portal *p, th_html *h, const th_search_result *found) {
  static const th_facet none[FACETS];
  const th_facet *facets = found->n_facets == FACETS ? found->facets : none;
  th_html_open(h, "div", "home");
  th_html_element_str(h, "h1", NULL, M(find_a_clinical_trial));
  put_holdings(p, h, found->total);
  put_search(h);
  if (found->total > 0) {
    put_ways(h, facets);
    th_html_open(h, "div", "columns");
    put_phases(h, &facets[PHASE]);
    put_countries(h, &facets[COUNTRY]);
    th_html_close(h);
  }
  th_html_close(h);
}

static int make_facts(void *ctx, const th_snapshot *snapshot, th_arena *scratch, th_arena *keep,
                      const void **value, th_err *err) {
  (void)ctx;
  th_search_request wish = {.count = true, .facets = wanted, .n_facets = FACETS};
  th_search_result *found = th_arena_alloc(keep, sizeof *found);
  th_facet *facets = th_arena_calloc(keep, FACETS, sizeof *facets);
  if (!found || !facets) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  int rc = th_search(snapshot, &wish, scratch, found, err);
  if (rc) return rc;
  memcpy(facets, found->facets, found->n_facets * sizeof *facets);
  if (!th_counts_keep_facets(facets, found->n_facets, keep))
    return th_err_set(err, TH_ENOMEM, "no memory for a page");
  found->facets = facets;
  found->hits = NULL;
  *value = found;
  return TH_OK;
}

static int get_facts(th_known *known, const th_snapshot *snapshot, th_arena *scratch,
                     th_fact **hold, th_err *err) {
  return th_known_get(known, snapshot, TH_SPAN("home"), make_facts, NULL, scratch, hold, err);
}

int th_portal_home_ahead(th_known *known, const th_snapshot *snapshot, th_err *err) {
  th_fact *hold = NULL;
  th_arena scratch;
  th_arena_init(&scratch, 0);
  int rc = get_facts(known, snapshot, &scratch, &hold, err);
  th_fact_release(hold);
  th_arena_dispose(&scratch);
  return rc;
}

int th_portal_home(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  const th_portal *p = ctx;
  portal_worker *w = th_portal_worker(p, rq);
  th_html h;
  th_fact *hold = NULL;
  th_page_frame frame = {
      .no_box = true, .canonical = "/", .description = th_span_of(M(about_home))};
  if (!w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  const th_snapshot *snapshot = th_index_acquire(th_registry_index(p->registry));
  int rc = th_portal_frame(p, w, snapshot, rq->arena, &frame, err);
  if (!rc) rc = get_facts(p->known, snapshot, rq->arena, &hold, err);
  th_index_release(th_registry_index(p->registry), snapshot);
  if (rc) return rc;
  th_portal_begin(&h, w, rq, rs);
  h.here = TH_SPAN("/"); /* whatever the query */
  th_page_begin(&h, &frame);
  put_home(p, &h, th_fact_value(hold));
  th_page_end(&h, &frame);
  th_fact_release(hold);
  rs->cache = "no-cache";
  return th_portal_end(&h, rs, 200, err);
}
