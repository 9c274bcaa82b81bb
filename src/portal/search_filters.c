/* The filters of the results page, with what each would lead to. */
#include "portal/page.h"
#include "portal/search_place.h"
#include "portal/search_view.h"
#include "portal/words.h"
#include "query/tree.h"
#include "study/catalogue.h"
#include "study/view.h"

#include <ctype.h>
#include <stdio.h>

const group th_portal_groups[GROUPS] = {
    {"status", TH_F_OverallStatus, M(status), 14, false},
    {"sex", TH_F_Sex, M(sex), 3, false},
    {"healthy", TH_F_HealthyVolunteers, M(healthy_volunteers), 2, false},
    {"phase", TH_F_Phase, M(phase), 6, true},
    {"type", TH_F_StudyType, M(study_type), 3, false},
    {"results", TH_F_HasResults, M(results), 2, false},
};

const name_group th_portal_name_groups[NAME_GROUPS] = {
    {"country", TH_F_LocationCountryCode, M(country), M(another_country), 8, false},
    {"state", TH_F_LocationState, M(state), M(another_state), 8, false},
    {"city", TH_F_LocationCity, M(city), M(another_city), 8, false},
    {"condition", TH_F_ConditionMeshTerm, M(condition), M(another_condition), 6, true},
    {"intervention", TH_F_InterventionMeshTerm, M(treatment), M(another_treatment), 6, true},
    {"sponsor", TH_F_LeadSponsorName, M(sponsor), M(another_sponsor), 6, true},
    {"funder", TH_F_NONE, M(funder_type), NULL, 4, true},
};

/* Filters shown as a field to type into. */
typedef struct typed_filter {
  const char *name, *title, *hint;
} typed_filter;
static const typed_filter age = {"age", M(age_of_the_participant), M(hint_45_or_6_months)};
static const typed_filter dates[] = {
    {"start", M(study_start), M(hint_2024_or_20222024_06)},
    {"completion", M(study_completion), NULL},
    {"posted", M(first_posted), NULL},
    {"updated", M(last_updated), NULL},
};

bool th_portal_shows_filter(th_span name) {
  for (unsigned i = 0; i < GROUPS; i++)
    if (th_span_eq(name, th_span_of(th_portal_groups[i].name))) return true;
  for (unsigned i = 0; i < NAME_GROUPS; i++)
    if (th_span_eq(name, th_span_of(th_portal_name_groups[i].name))) return true;
  for (size_t i = 0; i < TH_COUNT(dates); i++)
    if (th_span_eq(name, th_span_of(dates[i].name))) return true;
  return th_span_eq(name, TH_SPAN("age")) || th_span_eq(name, TH_SPAN("near"));
}

/* ---- fields to type into ---- */

static void put_message(const search_view *v, const char *name, const char *id) {
  const char *message = th_portal_state_error(v->s, name);
  if (!message) return;
  th_html_open(v->h, "p", "message");
  th_html_attr_str(v->h, "id", id);
  th_html_str(v->h, message);
  th_html_close(v->h);
}

void th_portal_put_input(const search_view *v, const char *name, const char *label,
                         const char *hint, th_span value, const char *of) {
  char id[32], message[40];
  snprintf(id, sizeof id, "in-%s", name);
  snprintf(message, sizeof message, "in-%s-message", name);
  th_html_open(v->h, "div", "field");
  th_html_open(v->h, "label", NULL);
  th_html_attr_str(v->h, "for", id);
  th_html_str(v->h, label);
  if (hint && of) th_html_element_str(v->h, "small", NULL, hint);
  th_html_close(v->h);
  th_html_open(v->h, "input", NULL);
  th_html_attr_str(v->h, "id", id);
  th_html_attr_str(v->h, "name", name);
  th_html_attr_str(v->h, "type", strcmp(name, "term") == 0 ? "search" : "text");
  th_html_attr_str(v->h, "autocomplete", "off");
  if (value.n) th_html_attr(v->h, "value", value);
  if (hint && !of) th_html_attr_str(v->h, "placeholder", hint);
  if (of) th_html_attr_str(v->h, "form", of);
  th_page_completes(v->h, name);
  if (th_portal_state_error(v->s, name)) {
    th_html_attr_str(v->h, "aria-invalid", "true");
    th_html_attr_str(v->h, "aria-describedby", message);
  }
  th_html_close(v->h);
  put_message(v, name, message);
  th_html_close(v->h);
}

/* ---- filters ---- */

static bool is_chosen(const search_view *v, const group *g, th_span value) {
  const th_query *q = v->s->filters[th_portal_filter_place(g->name)];
  uint16_t enum_id = th_fields[g->field].enum_id;
  int i = th_enum_value(enum_id, value);
  return q && q->kind == TH_N_MASK && i >= 0 && (q->mask >> i & 1);
}

static void put_box(const search_view *v, const char *name, th_span value, th_span label,
                    bool chosen, int64_t count) {
  th_html_open(v->h, "label", "box");
  th_html_open(v->h, "input", NULL);
  th_html_attr_str(v->h, "type", "checkbox");
  th_html_attr_str(v->h, "form", "search");
  th_html_attr_str(v->h, "name", name);
  th_html_attr(v->h, "value", value);
  if (chosen) th_html_flag(v->h, "checked");
  th_html_close(v->h);
  th_html_element(v->h, "span", NULL, label);
  th_html_open(v->h, "span", "n");
  th_html_i64(v->h, count);
  th_html_close_n(v->h, 2);
}

static void put_enum_box(const search_view *v, const group *g, th_span value, uint32_t count) {
  char small[64];
  size_t n = TH_MIN(value.n, sizeof small);
  for (size_t i = 0; i < n; i++)
    small[i] = (char)tolower((unsigned char)value.p[i]);
  th_buf *s = th_html_scratch(v->h);
  th_words_label(v->h->lang, g->field, value, s);
  put_box(v, g->name, (th_span){small, n}, th_buf_view(s), is_chosen(v, g, value), count);
}

static uint32_t count_of(const th_facet *f, th_span value) {
  for (uint32_t i = 0; i < f->n; i++)
    if (th_span_eq(f->values[i].value, value)) return f->values[i].count;
  return 0;
}

/* Statuses in the order in which they matter to who wants to join; the others as they come. */
static const char *const open_first[] = {"RECRUITING", "NOT_YET_RECRUITING",
                                         "ENROLLING_BY_INVITATION", "AVAILABLE",
                                         "ACTIVE_NOT_RECRUITING"};

static bool is_open_first(const group *g, th_span value) {
  for (size_t i = 0; g->field == TH_F_OverallStatus && i < TH_COUNT(open_first); i++)
    if (th_span_eq(value, th_span_of(open_first[i]))) return true;
  return false;
}

static void put_open_first(const search_view *v, const group *g, const th_facet *f) {
  for (size_t i = 0; g->field == TH_F_OverallStatus && i < TH_COUNT(open_first); i++) {
    th_span value = th_span_of(open_first[i]);
    uint32_t count = count_of(f, value);
    if (count) put_enum_box(v, g, value, count);
  }
}

static void put_enum_boxes(const search_view *v, const group *g, const th_facet *f) {
  uint16_t id = th_fields[g->field].enum_id;
  if (!f->n && !v->s->filters[th_portal_filter_place(g->name)]) return;
  th_html_open(v->h, "fieldset", NULL);
  th_html_element_str(v->h, "legend", NULL, g->title);
  put_open_first(v, g, f);
  if (!g->by_enum)
    for (uint32_t i = 0; i < f->n; i++)
      if (!is_open_first(g, f->values[i].value))
        put_enum_box(v, g, f->values[i].value, f->values[i].count);
  for (int i = 0; i < th_enums[id].n; i++) {
    th_span value = th_span_of(th_enum_name(id, i));
    uint32_t count = count_of(f, value);
    if (g->by_enum ? count || is_chosen(v, g, value) : !count && is_chosen(v, g, value))
      put_enum_box(v, g, value, count);
  }
  th_html_close(v->h);
}

static const char *funder_label(th_span value) {
  static const struct {
    const char *value, *label;
  } labels[] = {{"nih", "NIH"},
                {"fed", M(funder_fed)},
                {"industry", M(funder_industry)},
                {"other", M(funder_other)}};
  for (size_t i = 0; i < TH_COUNT(labels); i++)
    if (th_span_eq(value, th_span_of(labels[i].value))) return labels[i].label;
  return NULL;
}

/* The boxes of the names, and a field for another. */
static void put_names(const search_view *v, unsigned at) {
  const name_group *g = &th_portal_name_groups[at];
  const name_list *l = &v->names[at];
  for (uint32_t i = 0; i < l->n; i++) {
    th_span value = l->names[i].value;
    const char *label = g->another ? NULL : funder_label(value);
    th_span name = label ? th_span_of(label) : th_portal_one_name(value);
    if (g->field == TH_F_LocationCountryCode) name = th_words_country(v->h->lang, name);
    put_box(v, g->name, value, name, l->names[i].chosen, l->names[i].count);
  }
  if (g->another)
    th_portal_put_input(v, g->name, l->n ? g->another : g->title, NULL,
                        th_portal_state_error(v->s, g->name)
                            ? v->s->filter[th_portal_filter_place(g->name)]
                            : (th_span){0},
                        "search");
}

static void open_folded(const search_view *v, const char *title, bool open) {
  th_html_open(v->h, "details", NULL);
  if (open) th_html_flag(v->h, "open");
  th_html_element_str(v->h, "summary", NULL, title);
  th_html_open(v->h, "div", NULL);
  th_html_attr_str(v->h, "role", "group");
  th_html_attr_str(v->h, "aria-label", title);
}

static void put_name_group(const search_view *v, const char *name) {
  unsigned at = 0;
  while (strcmp(th_portal_name_groups[at].name, name) != 0)
    at++;
  const name_group *g = &th_portal_name_groups[at];
  if (g->folded) {
    open_folded(v, g->title, v->s->filter[th_portal_filter_place(name)].n > 0);
    put_names(v, at);
    th_html_close_n(v->h, 2);
    return;
  }
  if (!v->names[at].n) { /* a field alone */
    put_names(v, at);
    return;
  }
  th_html_open(v->h, "fieldset", NULL);
  th_html_element_str(v->h, "legend", NULL, g->title);
  put_names(v, at);
  th_html_close(v->h);
}

static void put_option(const search_view *v, const char *value, const char *label, bool chosen,
                       int64_t count) {
  th_html_open(v->h, "option", NULL);
  th_html_attr_str(v->h, "value", value);
  if (chosen) th_html_flag(v->h, "selected");
  th_html_str(v->h, label);
  if (count >= 0) {
    th_html_str(v->h, " (");
    th_html_i64(v->h, count);
    th_html_str(v->h, ")");
  }
  th_html_close(v->h);
}

/* The values of a choice: a woman may join what is open to women or to all. */
static void put_choice(const search_view *v, const group *g, const th_facet *f) {
  static const struct {
    const char *group, *value, *label, *counted, *also;
  } options[] = {
      {"sex", "female", M(women_may_join), "FEMALE", "ALL"},
      {"sex", "male", M(men_may_join), "MALE", "ALL"},
      {"healthy", "yes", M(accepts_healthy_volunteers), "true", NULL},
      {"healthy", "no", M(no_healthy_volunteers), "false", NULL},
      {"results", "with", M(with_results), "true", NULL},
      {"results", "without", M(without_results), "false", NULL},
  };
  int place = th_portal_filter_place(g->name);
  th_err ignored = {0};
  char id[32];
  snprintf(id, sizeof id, "in-%s", g->name);
  th_html_open(v->h, "div", "field");
  th_html_open(v->h, "label", NULL);
  th_html_attr_str(v->h, "for", id);
  th_html_str(v->h, g->title);
  th_html_close(v->h);
  th_html_open(v->h, "select", NULL);
  th_html_attr_str(v->h, "id", id);
  th_html_attr_str(v->h, "name", g->name);
  th_html_attr_str(v->h, "form", "search");
  put_option(v, "", M(any), false, -1);
  for (size_t i = 0; i < TH_COUNT(options); i++) {
    th_query *q = NULL;
    const th_query *now = v->s->filters[place];
    if (strcmp(options[i].group, g->name) != 0) continue;
    int rc = th_filter_parse(&q, v->s->rq->arena, th_span_of(g->name), th_span_of(options[i].value),
                             &ignored);
    bool chosen = !rc && now && now->kind == TH_N_MASK && q->mask == now->mask;
    int64_t count = count_of(f, th_span_of(options[i].counted));
    if (options[i].also) count += count_of(f, th_span_of(options[i].also));
    put_option(v, options[i].value, options[i].label, chosen, count);
  }
  th_html_close_n(v->h, 2);
}

static void put_group(const search_view *v, const char *name) {
  unsigned at = 0;
  while (strcmp(th_portal_groups[at].name, name) != 0)
    at++;
  if (th_fields[th_portal_groups[at].field].enum_id != TH_E_NONE && strcmp(name, "sex") != 0)
    put_enum_boxes(v, &th_portal_groups[at], &v->facets[at]);
  else
    put_choice(v, &th_portal_groups[at], &v->facets[at]);
}

static void put_typed(const search_view *v, const typed_filter *t) {
  th_portal_put_input(v, t->name, t->title, t->hint, v->s->filter[th_portal_filter_place(t->name)],
                      "search");
}

static void put_dates(const search_view *v) {
  bool open = false;
  for (size_t i = 0; i < TH_COUNT(dates); i++)
    open = open || v->s->filter[th_portal_filter_place(dates[i].name)].n;
  open_folded(v, M(dates), open);
  for (size_t i = 0; i < TH_COUNT(dates); i++)
    put_typed(v, &dates[i]);
  th_html_close_n(v->h, 2);
}

void th_portal_put_filters(const search_view *v) {
  th_html_open(v->h, "aside", "filters");
  th_html_attr_str(v->h, "id", "filters");
  th_html_attr_str(v->h, "aria-labelledby", "filters-title");
  th_html_open(v->h, "h2", NULL);
  th_html_attr_str(v->h, "id", "filters-title");
  th_html_str(v->h, M(filters));
  th_html_close(v->h);
  put_group(v, "status");
  put_typed(v, &age);
  put_group(v, "sex");
  put_group(v, "healthy");
  th_portal_put_near(v);
  put_name_group(v, "country");
  if (v->s->filter[th_portal_filter_place("country")].n ||
      v->s->filter[th_portal_filter_place("state")].n)
    put_name_group(v, "state");
  put_name_group(v, "city");
  put_group(v, "phase");
  put_group(v, "type");
  put_name_group(v, "condition");
  put_name_group(v, "intervention");
  put_name_group(v, "sponsor");
  put_name_group(v, "funder");
  put_group(v, "results");
  put_dates(v);
  th_html_open(v->h, "button", "apply");
  th_html_attr_str(v->h, "type", "submit");
  th_html_attr_str(v->h, "form", "search");
  th_html_attr_str(v->h, "data-show", M(show)); /* for web/filter.js */
  th_html_str(v->h, M(apply_filters));
  th_html_close_n(v->h, 2);
}
