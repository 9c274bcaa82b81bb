/* /match: studies for a patient, with a light for each criterion.
 *
 * Nothing of a patient stays here: what was sent goes back into the form of the answer, which is a
 * secret (http.h). The page works without a script, and prints for a talk with the doctor. */
#include "eligibility/attributes.h"
#include "eligibility/json.h"
#include "match/explain.h"
#include "native/desk.h"
#include "portal/internal.h"
#include "portal/match_form.h"
#include "portal/slug.h"
#include "query/params.h"
#include "study/catalogue.h"
#include "study/nct.h"

#include <stdio.h>

enum { SHOWN = 20, QUESTIONS = 6, EVIDENCE_MAX = 200 };

typedef struct page {
  const th_portal *portal;
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
  unsigned n_asked;    /* for ids */
  const char *trouble; /* NUL-terminated, in arena, or NULL */
} page;

/* ---- the form ---- */

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

static void put_sex(page *p) {
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

static void put_record(page *p) {
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

static void put_person(page *p) {
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

static void put_which(page *p) {
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

static void put_ask(page *p, th_span name, int category, int32_t attribute, th_span label,
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

static void put_next(page *p) {
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
static void put_answered(page *p) {
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

static void put_questions(page *p) {
  th_html *h = &p->h;
  if (!p->found.n_questions && !p->form.n_answers) return;
  th_html_open(h, "fieldset", "match-asks");
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

/* ---- a study ---- */

typedef struct light {
  const char *class, *sign, *word;
} light;

static light light_of(uint8_t kind, const th_verdict_node *n) {
  static const light met = {"light good", "\xE2\x9C\x93", M(match_met)};
  static const light not_met = {"light bad", "\xE2\x9C\x97", M(match_not_met)};
  static const light clear = {"light good", "\xE2\x9C\x93", M(match_no_obstacle)};
  static const light presumed = {"light good", "\xE2\x9C\x93", M(match_presumed)};
  static const light in_the_way = {"light bad", "\xE2\x9C\x97", M(match_in_the_way)};
  static const light open = {"light open", "?", M(match_open)};
  static const light applies = {"light", "\xE2\x80\xA2", M(match_applies)};
  static const light applies_not = {"light", "\xE2\x80\xA2", M(match_applies_not)};
  if (n->verdict == TH_UNKNOWN) return open;
  if (kind == TH_ELIG_UNKNOWN) return n->verdict == TH_MET ? applies : applies_not;
  if (kind == TH_ELIG_EXCLUSION) {
    if (n->verdict == TH_MET) return in_the_way;
    return n->basis == TH_BASIS_PRESUMED ? presumed : clear;
  }
  return n->verdict == TH_MET ? met : not_met;
}

static void put_light(th_html *h, light l) {
  th_html_open(h, "span", l.class);
  th_html_open(h, "span", NULL);
  th_html_attr_str(h, "aria-hidden", "true");
  th_html_str(h, l.sign);
  th_html_str(h, " ");
  th_html_close(h);
  th_html_str(h, l.word);
  th_html_close(h);
}

/* What of the record a leaf rests on: the first that decides. */
static void put_evidence(page *p, const th_verdicts *v, const th_elig_node *n) {
  th_html *h = &p->h;
  for (uint32_t i = n->fact; i < n->fact + n->n_facts; i++) {
    const th_verdict_fact *f = &v->facts[i];
    const th_patient_fact *e = th_explain_evidence(&p->found.ready, f);
    if (!e || (f->basis != TH_BASIS_STATED && f->basis != TH_BASIS_DERIVED)) continue;
    th_html_open(h, "span", "evidence");
    th_html_str(h, M(match_lead_record));
    th_buf *s = th_html_scratch(h);
    th_patient_fact_words(&p->patient, e, s);
    while (s->n > EVIDENCE_MAX && (s->p[s->n - 1] & 0x80))
      th_buf_truncate(s, s->n - 1);
    if (s->n > EVIDENCE_MAX) th_buf_truncate(s, EVIDENCE_MAX);
    th_html_scratch_text(h);
    th_html_close(h);
    return;
  }
}

/* The words without the backslashes of the registry's markup. */
static void put_words(th_html *h, th_span text) {
  th_buf *s = th_html_scratch(h);
  for (size_t i = 0; i < text.n; i++)
    if (text.p[i] != '\\' || i + 1 == text.n) th_buf_char(s, text.p[i]);
  th_html_scratch_text(h);
}

static void put_nodes(page *p, const th_verdicts *v, uint32_t from, uint32_t to, int kind) {
  th_html *h = &p->h;
  th_html_open(h, "ul", "criteria");
  for (uint32_t i = from; i < to; i = v->tree->nodes[i].next) {
    const th_elig_node *n = &v->tree->nodes[i];
    bool group = n->flags & TH_ELIG_GROUP;
    if (kind >= 0 && n->kind != kind) continue;
    th_html_open(h, "li", NULL);
    put_light(h, light_of(n->kind, &v->nodes[i]));
    th_html_str(h, " ");
    if (!group) put_words(h, th_span_trim(th_elig_text(v->tree, i)));
    if (!group) put_evidence(p, v, n);
    if (group && h->depth + 8 < TH_HTML_DEPTH) put_nodes(p, v, i + 1, n->next, -1);
    th_html_close(h);
  }
  th_html_close(h);
}

static bool has_kind(const th_verdicts *v, int kind) {
  for (uint32_t i = 0; i < v->tree->n_nodes; i = v->tree->nodes[i].next)
    if (v->tree->nodes[i].kind == kind) return true;
  return false;
}

static void put_criteria(page *p, const th_found *s) {
  static const struct {
    int kind;
    const char *label;
  } kinds[] = {{TH_ELIG_INCLUSION, M(match_inclusion)},
               {TH_ELIG_EXCLUSION, M(match_exclusion)},
               {TH_ELIG_UNKNOWN, M(match_other_criteria)}};
  th_html *h = &p->h;
  if (!s->verdicts.tree || !s->verdicts.tree->n_nodes) return;
  th_html_open(h, "details", "criteria-list");
  th_html_element_str(h, "summary", NULL, M(match_criterion_by_criterion));
  for (size_t i = 0; i < TH_COUNT(kinds); i++) {
    if (!has_kind(&s->verdicts, kinds[i].kind)) continue;
    th_html_element_str(h, "h4", NULL, kinds[i].label);
    put_nodes(p, &s->verdicts, 0, s->verdicts.tree->n_nodes, kinds[i].kind);
  }
  th_html_close(h);
}

static void put_count(th_html *h, uint32_t n, const char *one, const char *many, bool *any) {
  if (!n) return;
  th_html_str(h, *any ? ", " : " ");
  if (!*any) th_html_str(h, M(match_lead_criteria));
  if (!*any) th_html_str(h, " ");
  th_html_i64(h, n);
  th_html_str(h, " ");
  th_html_str(h, n == 1 ? one : many);
  *any = true;
}

static void put_grade(page *p, const th_found *s) {
  static const light grades[] = {
      [TH_GRADE_EXCLUDED] = {"light bad", "\xE2\x9C\x97", M(match_grade_excluded)},
      [TH_GRADE_POSSIBLE] = {"light open", "?", M(match_grade_possible)},
      [TH_GRADE_LIKELY] = {"light good", "\xE2\x9C\x93", M(match_grade_likely)}};
  const th_verdict_trial *t = &s->trial;
  th_html *h = &p->h;
  bool any = false;
  th_html_open(h, "p", "grade");
  put_light(h, grades[t->grade]);
  put_count(h, t->met, M(match_met), M(match_many_met), &any);
  put_count(h, t->passed, M(match_no_obstacle), M(match_many_no_obstacle), &any);
  put_count(h, t->presumed, M(match_presumed), M(match_many_presumed), &any);
  put_count(h, t->violated, M(match_in_the_way), M(match_many_in_the_way), &any);
  put_count(h, t->open, M(match_open), M(match_many_open), &any);
  th_html_close(h);
}

static void put_excluded(page *p, const th_found *s) {
  const th_verdict_trial *t = &s->trial;
  th_html *h = &p->h;
  if (t->grade != TH_GRADE_EXCLUDED) return;
  th_html_open(h, "p", "excluded");
  if (t->by != TH_FIELD_TEXT || t->node == TH_NO_FACT || !s->verdicts.tree) {
    th_html_str(h, t->by == TH_FIELD_SEX ? M(match_other_sex) : M(match_other_age));
  } else {
    th_span text = th_span_trim(th_elig_text(s->verdicts.tree, t->node));
    bool cut = text.n > 400;
    while (cut && (text.n > 400 || (text.p[text.n] & 0xC0) == 0x80))
      text.n--;
    th_html_str(h, M(match_lead_because));
    put_words(h, text);
    if (cut) th_html_str(h, "\xE2\x80\xA6");
  }
  th_html_close(h);
}

static void put_study(page *p, const th_found *s) {
  th_html *h = &p->h;
  char nct[TH_NCT_LEN + 1];
  th_nct_format(s->ranked.nct, nct);
  th_html_open(h, "li", "hit");
  th_html_open(h, "h3", NULL);
  th_buf *path = th_html_scratch(h);
  th_slug_study_path(s->ranked.nct, s->shown.title, path);
  char *kept = th_arena_printf(p->rq->arena, "%.*s", (int)path->n, path->p ? path->p : "");
  th_html_link(h, NULL, th_span_of(kept), s->shown.title.n ? s->shown.title : th_span_of(nct));
  th_html_close(h);
  th_html_open(h, "p", "hit-line");
  if (s->shown.status.n) th_page_status(h, "span", TH_F_OverallStatus, s->shown.status);
  th_html_str(h, " ");
  th_html_element_str(h, "span", "quiet", nct);
  th_page_save_button(h, th_span_of(nct));
  th_html_close(h);
  put_grade(p, s);
  put_excluded(p, s);
  put_criteria(p, s);
  th_html_close(h);
}

static void put_results(page *p) {
  th_html *h = &p->h;
  th_html_open(h, "section", "match-results");
  th_html_attr_str(h, "aria-labelledby", "results");
  th_html_open(h, "h2", NULL);
  th_html_attr_str(h, "id", "results");
  th_html_str(h, M(match_studies_for_this_patient));
  th_html_close(h);
  if (!p->found.n) {
    th_html_element_str(h, "p", NULL, M(match_nothing_found));
  } else {
    th_html_element_str(h, "p", "quiet", M(match_no_grade_is_a_promise));
    th_html_open(h, "ol", "hits");
    for (uint32_t i = 0; i < p->found.n; i++)
      put_study(p, &p->found.studies[i]);
    th_html_close(h);
  }
  th_html_close(h);
}

/* ---- the page ---- */

static void put_trouble(page *p) {
  if (!p->trouble) return;
  th_html_open(&p->h, "p", "alert");
  th_html_attr_str(&p->h, "role", "alert");
  th_html_str(&p->h, p->trouble);
  th_html_close(&p->h);
}

static void put_form(page *p) {
  th_html *h = &p->h;
  th_html_open(h, "form", "match-form");
  th_html_action(h, "/match");
  th_html_attr_str(h, "method", "post");
  th_html_attr_str(h, "enctype", "multipart/form-data");
  if (p->searched) put_questions(p);
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

static void put_page(page *p) {
  th_html *h = &p->h;
  th_page_begin(h, &p->frame);
  th_html_open(h, "article", "match");
  th_html_element_str(h, "h1", NULL, M(match_title));
  th_html_element_str(h, "p", "lead", M(match_lead));
  th_html_element_str(h, "p", "privacy", M(match_nothing_is_kept));
  put_trouble(p);
  if (p->searched) put_results(p);
  put_form(p);
  th_html_close(h);
  th_page_end(h, &p->frame);
}

static int begin(page *p, const th_portal *portal, th_request *rq, th_response *rs, th_err *err) {
  portal_worker *w = th_portal_worker(portal, rq);
  if (!w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  p->portal = portal;
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
  page p = {0};
  int rc = begin(&p, ctx, rq, rs, err);
  if (rc == 0) {
    put_page(&p);
    rc = th_portal_end(&p.h, rs, 200, err);
  }
  th_buf_dispose(&p.scratch);
  return rc;
}

/* ---- sent ---- */

static int read_filter(page *p, th_query **out, th_err *err) {
  th_query *parts[2] = {0};
  th_arena *arena = p->rq->arena;
  int rc = 0;
  if (p->form.open_only)
    rc = th_filter_parse(&parts[0], arena, TH_SPAN("status"), TH_SPAN("open"), err);
  if (rc == 0 && p->form.near.n) {
    th_span near = th_near_within(arena, p->form.near, (th_span){0});
    if (!near.n) return th_err_set(err, TH_ENOMEM, "out of memory");
    rc = th_filter_parse(&parts[1], arena, TH_SPAN("near"), near, err);
  }
  if (rc < 0 || (!parts[0] && !parts[1])) return rc;
  *out = th_query_and(arena, parts, TH_COUNT(parts));
  return *out ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
}

static int search(page *p, th_err *err) {
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
  page p = {0};
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
    put_page(&p);
    rc = th_portal_end(&p.h, rs, p.trouble ? 400 : 200, err);
  }
  th_find_dispose(&p.found);
  th_patient_dispose(&p.patient);
  th_patient_dispose(&p.other);
  if (p.seat) th_desk_give(p.portal->desk, p.seat);
  th_buf_dispose(&p.scratch);
  return rc;
}
