/* What a reader wants to know first, below the title: whether the study recruits, who may join, and
 * where it takes place. Each leads to the section that says all of it. */
#include "portal/study_parts.h"

enum { COUNTRIES = 2, MOST_COUNTRIES = 48 };

typedef struct where {
  int64_t sites, recruiting;
  uint32_t n; /* countries */
  th_span countries[MOST_COUNTRIES];
} where;

static void add_country(where *w, th_span country) {
  uint32_t i = 0;
  while (i < w->n && !th_span_eq(w->countries[i], country))
    i++;
  if (i == w->n && country.n && i < MOST_COUNTRIES) w->countries[w->n++] = country;
}

/* A site without a status of its own recruits when the study does. */
static void look_at_sites(const th_study_view *v, uint32_t list, where *out) {
  const th_span open = TH_SPAN("RECRUITING");
  bool recruits = th_span_eq(th_part_text(v, v->status, "overallStatus"), open);
  *out = (where){0};
  for (th_json_each(v->j, list, e)) {
    th_span status = th_part_text(v, e, "status");
    out->sites++;
    out->recruiting += status.n ? th_span_eq(status, open) : recruits;
    add_country(out, th_words_country(v->h->lang, th_part_text(v, e, "country")));
  }
}

static void open_link(const th_study_view *v, const char *to) {
  th_html_open(v->h, "li", NULL);
  th_html_open(v->h, "a", NULL);
  (void)th_html_href(v->h, th_span_of(to));
}

/* "18 to 75 years old, women only" */
static void put_who(const th_study_view *v) {
  th_span sex = th_part_text(v, v->eligibility, "sex");
  if (!v->eligibility) return;
  open_link(v, "#details");
  th_buf *s = th_html_scratch(v->h);
  th_words_ages(v->h->lang, th_part_text(v, v->eligibility, "minimumAge"),
                th_part_text(v, v->eligibility, "maximumAge"), s);
  if (th_span_eq(sex, TH_SPAN("FEMALE"))) th_say_put(v->h->lang, M(and_women_only), s);
  if (th_span_eq(sex, TH_SPAN("MALE"))) th_say_put(v->h->lang, M(and_men_only), s);
  if (th_part_bool(v, v->eligibility, "healthyVolunteers") == 1)
    th_say_put(v->h->lang, M(and_healthy_volunteers_too), s);
  th_html_scratch_text(v->h);
  th_html_close_n(v->h, 2);
}

/* "12 places in France, Spain and 3 more: 5 recruit" */
static void put_where(const th_study_view *v) {
  uint32_t list = th_part_array(v, v->places, "locations");
  where w;
  if (!list) return;
  look_at_sites(v, list, &w);
  open_link(v, "#places");
  th_html_i64(v->h, w.sites);
  th_html_str(v->h, w.sites == 1 ? M(tail_place) : M(tail_places));
  for (uint32_t i = 0; i < w.n && i < COUNTRIES; i++) {
    th_html_str(v->h, i ? ", " : M(tail_in));
    th_html_text(v->h, w.countries[i]);
  }
  if (w.n > COUNTRIES) {
    th_html_str(v->h, M(tail_and));
    th_html_i64(v->h, w.n - COUNTRIES);
    th_html_str(v->h, M(tail_more));
  }
  if (w.recruiting) {
    th_html_str(v->h, ": ");
    th_html_open(v->h, "strong", NULL);
    th_html_i64(v->h, w.recruiting);
    th_html_str(v->h, w.recruiting == 1 ? M(tail_site_recruits) : M(tail_sites_recruit));
    th_html_close(v->h);
  }
  th_html_close_n(v->h, 2);
}

void th_part_glance(const th_study_view *v) {
  th_span status = th_part_text(v, v->status, "overallStatus");
  if (!status.n && !v->eligibility && !th_part_array(v, v->places, "locations")) return;
  th_html_open(v->h, "ul", "glance");
  if (status.n) {
    th_html_open(v->h, "li", NULL);
    th_page_badge(v->h, TH_F_OverallStatus, status);
    th_html_close(v->h);
  }
  put_who(v);
  put_where(v);
  th_html_close(v->h);
}
