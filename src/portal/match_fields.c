/* The form of a patient: record, fields, which studies; and what to ask next, whose answers go
 * along with all that was sent. */
#include "eligibility/attributes.h"
#include "eligibility/json.h"
#include "portal/match_view.h"

#include <stdio.h>

static void put_label(th_html *h, const char *id, const char *text, const char *hint) {
  th_html_open(h, "label", NULL);
  th_html_attr_str(h, "for", id);
  th_html_str(h, text);
  th_html_close(h);
  if (hint) th_html_element_str(h, "p", "quiet", hint);
}

static void put_text_field(th_html *h, const char *name, const char *label, const char *hint,
                           th_span value) {
  th_html_open(h, "div", "field");
  put_label(h, name, label, hint);
  th_html_open(h, "input", NULL);
  th_html_attr_str(h, "id", name);
  th_html_attr_str(h, "name", name);
  th_html_attr_str(h, "autocomplete", "off");
  if (value.n) th_html_attr(h, "value", value);
  th_html_close_n(h, 2);
}

static void put_area(th_html *h, const char *name, const char *label, const char *hint,
                     const char *rows, th_span value) {
  th_html_open(h, "div", "field");
  put_label(h, name, label, hint);
  th_html_open(h, "textarea", NULL);
  th_html_attr_str(h, "id", name);
  th_html_attr_str(h, "name", name);
  th_html_attr_str(h, "rows", rows);
  th_html_attr_str(h, "autocomplete", "off");
  th_html_attr_str(h, "spellcheck", "false");
  th_html_text(h, value);
  th_html_close_n(h, 2);
}

typedef struct choice {
  const char *value, *label;
} choice;

static void put_select(th_html *h, th_span id, th_span name, const choice *choices, size_t n,
                       th_span value) {
  th_html_open(h, "select", NULL);
  th_html_attr(h, "id", id);
  th_html_attr(h, "name", name);
  for (size_t i = 0; i < n; i++) {
    th_html_open(h, "option", NULL);
    th_html_attr_str(h, "value", choices[i].value);
    if (th_span_eq(value, th_span_of(choices[i].value))) th_html_flag(h, "selected");
    th_html_str(h, choices[i].label);
    th_html_close(h);
  }
  th_html_close(h);
}

static void put_sex(match_view *p) {
  static const choice sexes[] = {
      {"", M(match_not_said)}, {"female", M(match_female)}, {"male", M(match_male)}};
  th_html_open(&p->h, "div", "field");
  put_label(&p->h, "sex", M(match_sex), NULL);
  put_select(&p->h, TH_SPAN("sex"), TH_SPAN("sex"), sexes, TH_COUNT(sexes), p->form.sex);
  th_html_close(&p->h);
}

/* A record that a file brought is kept in the page, not shown: it may be megabytes. */
static bool is_long(const th_match_form *f) {
  th_span t = th_span_trim(f->record);
  return f->record.n > TH_MATCH_TEXT_MAX || (t.n && (t.p[0] == '{' || t.p[0] == '['));
}

static void put_record(match_view *p) {
  th_html *h = &p->h;
  bool hidden = is_long(&p->form);
  if (hidden) {
    th_html_open(h, "input", NULL);
    th_html_attr_str(h, "type", "hidden");
    th_html_attr_str(h, "name", "kept");
    th_html_attr(h, "value", p->form.record);
    th_html_close(h);
    th_html_element_str(h, "p", "quiet", M(match_record_is_kept_here));
  }
  put_area(h, "record", M(match_paste_a_note), M(match_paste_hint), "8",
           hidden ? (th_span){0} : p->form.record);
  th_html_open(h, "div", "field");
  put_label(h, "file", M(match_or_choose_a_file), NULL);
  th_html_open(h, "input", NULL);
  th_html_attr_str(h, "id", "file");
  th_html_attr_str(h, "name", "file");
  th_html_attr_str(h, "type", "file");
  th_html_attr_str(h, "accept",
                   ".txt,.json,.ndjson,text/plain,application/json,application/fhir+json");
  th_html_close_n(h, 2);
}

static void put_person(match_view *p) {
  th_html *h = &p->h;
  th_html_open(h, "details", "match-fields");
  if (!p->form.record.n) th_html_flag(h, "open");
  th_html_element_str(h, "summary", NULL, M(match_or_fill_in));
  th_html_open(h, "div", "two");
  put_text_field(h, "age", M(match_age), M(match_age_hint), p->form.age);
  put_sex(p);
  put_area(h, "conditions", M(match_conditions), M(match_one_a_line), "3", p->form.conditions);
  put_area(h, "medications", M(match_medications), M(match_one_a_line), "3", p->form.medications);
  th_html_close(h);
  put_area(h, "values", M(match_values), M(match_values_hint), "3", p->form.values);
  th_html_close(h);
}

static void put_which(match_view *p) {
  static const choice orders[] = {{"eligible", M(match_by_eligible)},
                                  {"relevance", M(match_by_relevance)}};
  th_html *h = &p->h;
  th_html_open(h, "div", "two");
  put_text_field(h, "near", M(match_near), M(match_near_hint), p->form.near);
  th_html_open(h, "div", "field");
  put_label(h, "order", M(match_order), NULL);
  put_select(h, TH_SPAN("order"), TH_SPAN("order"), orders, TH_COUNT(orders), p->form.order);
  th_html_close_n(h, 2);
  th_html_open(h, "p", "check");
  th_html_open(h, "input", NULL);
  th_html_attr_str(h, "type", "checkbox");
  th_html_attr_str(h, "id", "open");
  th_html_attr_str(h, "name", "open");
  th_html_attr_str(h, "value", "1");
  if (p->form.open_only) th_html_flag(h, "checked");
  th_html_close(h);
  th_html_str(h, " ");
  th_html_open(h, "label", NULL);
  th_html_attr_str(h, "for", "open");
  th_html_str(h, M(match_open_only));
  th_html_close_n(h, 2);
}

/* ---- questions ---- */

/* In English the question as it was made; else a sentence of the category with the label in it. */
static void put_question_words(th_html *h, int category, int32_t attribute, th_span label,
                               th_span english) {
  static const char *const asks[TH_ELIG_N_CATEGORIES] = {
      [TH_ELIG_CONDITION] = M(match_ask_condition),
      [TH_ELIG_DRUG] = M(match_ask_drug),
      [TH_ELIG_PROCEDURE] = M(match_ask_procedure),
      [TH_ELIG_FINDING] = M(match_ask_condition),
      [TH_ELIG_ALLERGY] = M(match_ask_allergy),
      [TH_ELIG_ORGANISM] = M(match_ask_condition),
      [TH_ELIG_GENE] = M(match_ask_gene),
      [TH_ELIG_PREGNANCY] = M(match_ask_pregnant),
      [TH_ELIG_LACTATION] = M(match_ask_breastfeeding),
      [TH_ELIG_CONTRACEPTION] = M(match_ask_contraception),
      [TH_ELIG_CONSENT] = M(match_ask_consent),
      [TH_ELIG_LANGUAGE] = M(match_ask_language),
      [TH_ELIG_CAPACITY] = M(match_ask_capacity),
      [TH_ELIG_SMOKING] = M(match_ask_smoking),
      [TH_ELIG_ALCOHOL] = M(match_ask_alcohol),
      [TH_ELIG_OTHER_TRIAL] = M(match_ask_other_trial),
      [TH_ELIG_SEX] = M(match_sex),
  };
  if (english.n && h->lang == TH_LANG_EN) {
    th_html_text(h, english);
    return;
  }
  th_html_str(h, category >= 0 ? asks[category] : M(match_ask_value));
  if (category < 0) label = th_span_of(th_elig_attributes[attribute].name);
  if (!label.n) return;
  th_html_str(h, " ");
  th_html_text(h, label);
}

static void put_answer_field(th_html *h, th_span id, th_span name, int category, int32_t attribute,
                             th_span value) {
  static const choice yes_no[] = {
      {"", M(match_do_not_know)}, {"yes", M(match_yes)}, {"no", M(match_no)}};
  static const choice sexes[] = {
      {"", M(match_not_said)}, {"female", M(match_female)}, {"male", M(match_male)}};
  if (category == TH_ELIG_SEX) {
    put_select(h, id, name, sexes, TH_COUNT(sexes), value);
  } else if (category >= 0) {
    put_select(h, id, name, yes_no, TH_COUNT(yes_no), value);
  } else {
    th_html_open(h, "input", "short");
    th_html_attr(h, "id", id);
    th_html_attr(h, "name", name);
    th_html_attr_str(h, "autocomplete", "off");
    if (value.n) th_html_attr(h, "value", value);
    th_html_close(h);
    const char *unit = th_elig_attributes[attribute].unit;
    if (unit[0] != '{' && unit[0] != '1') {
      th_html_str(h, " ");
      th_html_element_str(h, "span", "quiet", unit);
    }
  }
}

static void put_ask(match_view *p, th_span name, int category, int32_t attribute, th_span label,
                    th_span english, th_span value) {
  th_html *h = &p->h;
  char id[24];
  snprintf(id, sizeof id, "ask-%u", p->n_asked++);
  th_html_open(h, "li", NULL);
  th_html_open(h, "label", NULL);
  th_html_attr_str(h, "for", id);
  put_question_words(h, category, attribute, label, english);
  th_html_close(h);
  th_html_str(h, " ");
  put_answer_field(h, th_span_of(id), name, category, attribute, value);
  th_html_close(h);
}

static bool is_answered(const th_match_form *f, th_span name) {
  for (uint32_t i = 0; i < f->n_answers; i++)
    if (th_span_eq(f->answers[i].name, name) && f->answers[i].value.n) return true;
  return false;
}

static void put_next(match_view *p) {
  for (uint32_t i = 0; i < p->found.n_questions; i++) {
    const th_question *q = &p->found.questions[i];
    int category = q->attribute >= 0 ? -1 : q->category;
    char *name =
        category < 0
            ? th_arena_printf(p->rq->arena, "v.%s", th_elig_attributes[q->attribute].key)
            : th_arena_printf(p->rq->arena, "q.%s.%.*s", th_elig_category_name(q->category),
                              (int)q->label.n, q->label.p ? q->label.p : "");
    if (!name || is_answered(&p->form, th_span_of(name))) continue;
    put_ask(p, th_span_of(name), category, q->attribute, q->label, q->words, (th_span){0});
  }
}

/* What was answered before stands in the form again, to be changed or sent along. */
static void put_answered(match_view *p) {
  bool any = false;
  for (uint32_t i = 0; i < p->form.n_answers; i++) {
    const th_match_answer *a = &p->form.answers[i];
    if (!a->value.n) continue;
    if (!any) {
      th_html_element_str(&p->h, "h3", NULL, M(match_your_answers));
      th_html_open(&p->h, "ul", "asks");
    }
    any = true;
    put_ask(p, a->name, a->category, a->category < 0 ? th_elig_attribute_find(a->what) : -1,
            a->category < 0 ? (th_span){0} : a->what, (th_span){0}, a->value);
  }
  if (any) th_html_close(&p->h);
}

bool th_match_has_questions(const match_view *p) {
  return p->searched && (p->found.n_questions || p->form.n_answers);
}

static void put_questions(match_view *p) {
  th_html *h = &p->h;
  if (!th_match_has_questions(p)) return;
  th_html_open(h, "fieldset", "match-asks");
  th_html_attr_str(h, "id", "asks");
  th_html_element_str(h, "legend", NULL, M(match_what_to_ask_next));
  th_html_element_str(h, "p", "quiet", M(match_asks_hint));
  th_html_open(h, "ul", "asks");
  put_next(p);
  th_html_close(h);
  put_answered(p);
  th_html_open(h, "p", NULL);
  th_html_open(h, "button", NULL);
  th_html_attr_str(h, "type", "submit");
  th_html_str(h, M(match_again));
  th_html_close_n(h, 3);
}

/* ---- the whole ---- */

void th_match_put_form(match_view *p) {
  th_html *h = &p->h;
  th_html_open(h, "form", "match-form");
  th_html_action(h, "/match");
  th_html_attr_str(h, "method", "post");
  th_html_attr_str(h, "enctype", "multipart/form-data");
  put_questions(p);
  th_html_open(h, "fieldset", NULL);
  th_html_element_str(h, "legend", NULL, M(match_the_patient));
  put_record(p);
  put_person(p);
  th_html_close(h);
  th_html_open(h, "fieldset", NULL);
  th_html_element_str(h, "legend", NULL, M(match_which_studies));
  put_which(p);
  th_html_close(h);
  th_html_open(h, "p", NULL);
  th_html_open(h, "button", NULL);
  th_html_attr_str(h, "type", "submit");
  th_html_str(h, M(match_find_studies));
  th_html_close_n(h, 3);
}
