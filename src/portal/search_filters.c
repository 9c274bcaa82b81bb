/* The filters of the results page, with what each would lead to. */
#include "portal/search_view.h"
#include "portal/words.h"
#include "query/tree.h"
#include "study/catalogue.h"
#include "study/view.h"

#include <ctype.h>
#include <stdio.h>

const group th_portal_groups[GROUPS] = {
    {"status", TH_F_OverallStatus, M(status), 14, false, false},
    {"phase", TH_F_Phase, M(phase), 6, true, false},
    {"type", TH_F_StudyType, M(study_type), 3, false, false},
    {"sex", TH_F_Sex, M(sex), 3, false, true},
    {"healthy", TH_F_HealthyVolunteers, M(healthy_volunteers), 2, false, true},
    {"results", TH_F_HasResults, M(results), 2, false, true},
    {"country", TH_F_LocationCountry, M(country), 12, false, false},
};

/* Filters shown as a field to type into. */
static const struct {
  const char *name, *title, *hint;
} typed[] = {
    {"age", M(age_of_the_participant), M(hint_45_or_6_months)},
    {"near", M(distance), M(latitude_longitude_radius_4236_710650mi_low)},
    {"start", M(study_start), M(hint_2024_or_20222024_06)},
};

bool th_portal_shows_filter(th_span name) {
  for (unsigned i = 0; i < GROUPS; i++)
    if (th_span_eq(name, th_span_of(th_portal_groups[i].name))) return true;
  for (size_t i = 0; i < TH_COUNT(typed); i++)
    if (th_span_eq(name, th_span_of(typed[i].name))) return true;
  return false;
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
  if (th_portal_state_error(v->s, name)) {
    th_html_attr_str(v->h, "aria-invalid", "true");
    th_html_attr_str(v->h, "aria-describedby", message);
  }
  th_html_close(v->h);
  put_message(v, name, message);
  th_html_close(v->h);
}

/* ---- filters ---- */

static bool is_word_chosen(const search_view *v, const char *name, th_span word) {
  for (unsigned i = 0; i < v->s->rq->n_params; i++) {
    const th_param *p = &v->s->rq->params[i];
    th_span rest = p->value;
    if (!th_span_eq(p->name, th_span_of(name))) continue;
    if (th_span_eq_nocase(th_span_trim(rest), word)) return true;
    for (size_t at = 0, n = 0; at <= rest.n; at += n + 1) {
      for (n = 0; at + n < rest.n && rest.p[at + n] != '|' && rest.p[at + n] != ',';)
        n++;
      if (th_span_eq_nocase(th_span_trim((th_span){rest.p + at, n}), word)) return true;
    }
  }
  return false;
}

static bool is_chosen(const search_view *v, const group *g, th_span value) {
  const th_query *q = v->s->filters[th_portal_filter_place(g->name)];
  uint16_t enum_id = th_fields[g->field].enum_id;
  if (!q) return false;
  if (enum_id == TH_E_NONE) return is_word_chosen(v, g->name, value);
  int i = th_enum_value(enum_id, value);
  return q->kind == TH_N_MASK && i >= 0 && (q->mask >> i & 1);
}

static void put_box(const search_view *v, const group *g, th_span value, uint32_t count) {
  bool word = th_fields[g->field].enum_id == TH_E_NONE;
  th_html_open(v->h, "label", "box");
  th_html_open(v->h, "input", NULL);
  th_html_attr_str(v->h, "type", "checkbox");
  th_html_attr_str(v->h, "form", "search");
  th_html_attr_str(v->h, "name", g->name);
  th_buf *s = th_html_scratch(v->h);
  for (size_t i = 0; i < value.n; i++)
    th_buf_char(s, word ? value.p[i] : (char)tolower((unsigned char)value.p[i]));
  th_html_attr(v->h, "value", th_buf_view(s));
  if (is_chosen(v, g, value)) th_html_flag(v->h, "checked");
  th_html_close(v->h);
  s = th_html_scratch(v->h);
  if (word)
    th_buf_span(s, value);
  else
    th_words_label(v->h->lang, g->field, value, s);
  th_html_scratch_element(v->h, "span", NULL);
  th_html_open(v->h, "span", "n");
  th_html_i64(v->h, count);
  th_html_close_n(v->h, 2);
}

static uint32_t count_of(const th_facet *f, th_span value) {
  for (uint32_t i = 0; i < f->n; i++)
    if (th_span_eq(f->values[i].value, value)) return f->values[i].count;
  return 0;
}

static void put_enum_boxes(const search_view *v, const group *g, const th_facet *f) {
  uint16_t id = th_fields[g->field].enum_id;
  if (!g->by_enum)
    for (uint32_t i = 0; i < f->n; i++)
      put_box(v, g, f->values[i].value, f->values[i].count);
  for (int i = 0; i < th_enums[id].n; i++) {
    th_span value = th_span_of(th_enum_name(id, i));
    uint32_t count = count_of(f, value);
    if (g->by_enum ? count || is_chosen(v, g, value) : !count && is_chosen(v, g, value))
      put_box(v, g, value, count);
  }
}

/* The most frequent, then those chosen that are not among them. */
static void put_word_boxes(const search_view *v, const group *g, const th_facet *f) {
  for (uint32_t i = 0; i < f->n; i++)
    put_box(v, g, f->values[i].value, f->values[i].count);
  for (unsigned i = 0; i < v->s->rq->n_params; i++) {
    const th_param *p = &v->s->rq->params[i];
    bool listed = !th_span_eq(p->name, th_span_of(g->name)) || th_span_trim(p->value).n == 0;
    for (uint32_t k = 0; !listed && k < f->n; k++)
      listed = th_span_eq_nocase(f->values[k].value, th_span_trim(p->value));
    if (listed) continue;
    th_html_open(v->h, "label", "box");
    th_html_open(v->h, "input", NULL);
    th_html_attr_str(v->h, "type", "checkbox");
    th_html_attr_str(v->h, "form", "search");
    th_html_attr_str(v->h, "name", g->name);
    th_html_attr(v->h, "value", p->value);
    th_html_flag(v->h, "checked");
    th_html_close(v->h);
    th_html_element(v->h, "span", NULL, p->value);
    th_html_close(v->h);
  }
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

static void put_boxes(const search_view *v, const group *g, const th_facet *f) {
  th_html_open(v->h, "fieldset", NULL);
  th_html_element_str(v->h, "legend", NULL, g->title);
  if (th_fields[g->field].enum_id != TH_E_NONE)
    put_enum_boxes(v, g, f);
  else
    put_word_boxes(v, g, f);
  th_html_close(v->h);
}

void th_portal_put_filters(const search_view *v) {
  th_html_open(v->h, "aside", "filters");
  th_html_attr_str(v->h, "id", "filters");
  th_html_attr_str(v->h, "aria-labelledby", "filters-title");
  th_html_open(v->h, "h2", NULL);
  th_html_attr_str(v->h, "id", "filters-title");
  th_html_str(v->h, M(filters));
  th_html_close(v->h);
  for (size_t i = 0; i < TH_COUNT(typed); i++) {
    int place = th_portal_filter_place(typed[i].name);
    th_portal_put_input(v, typed[i].name, typed[i].title, typed[i].hint, v->s->filter[place],
                        "search");
  }
  for (unsigned i = 0; i < GROUPS; i++) {
    const th_facet *f = &v->facets[i];
    if (th_portal_groups[i].choice)
      put_choice(v, &th_portal_groups[i], f);
    else if (f->n || v->s->filters[th_portal_filter_place(th_portal_groups[i].name)])
      put_boxes(v, &th_portal_groups[i], f);
  }
  th_html_open(v->h, "button", "apply");
  th_html_attr_str(v->h, "form", "search");
  th_html_str(v->h, M(apply_filters));
  th_html_close_n(v->h, 2);
}
