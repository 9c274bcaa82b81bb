#include "match/explain.h"

#include "eligibility/attributes.h"
#include "eligibility/json.h"
#include "study/nct.h"

const char *const th_demotion_words[] = {"younger than the study takes",
                                         "older than the study takes",
                                         "not of the sex that the study takes", NULL};

const char *th_field_name(uint8_t field) {
  static const char *const names[TH_N_FIELDS] = {"text", "age", "sex", "healthyVolunteers",
                                                 "status"};
  return field < TH_N_FIELDS ? names[field] : "";
}

/* ---- evidence ---- */

const th_patient_fact *th_explain_evidence(const th_verdict_patient *v, const th_verdict_fact *f) {
  uint32_t i = f->patient;
  int age = th_elig_attribute_find(TH_SPAN("age"));
  if (i == TH_NO_FACT && f->rule == TH_RULE_AGE && age >= 0) i = v->value[age];
  return i == TH_NO_FACT ? NULL : &v->p->facts[i];
}

bool th_explain_is_told(const th_verdict_fact *f) {
  return f->basis != TH_BASIS_NONE || f->rule != TH_RULE_NONE || f->patient != TH_NO_FACT;
}

static void put_span(th_jout *w, uint32_t from, uint32_t to) {
  th_jout_kv_range(w, TH_SPAN("span"), from, to);
}

static void kv_word(th_jout *w, const char *key, const char *word) {
  th_jout_kv_str(w, key, *word ? word : NULL);
}

static void put_evidence(th_jout *w, const th_patient *p, const th_patient_fact *f) {
  th_buf words;
  th_buf_init(&words, 0);
  th_patient_fact_words(p, f, &words);
  th_jout_object(w);
  th_jout_kv_text(w, "fact", th_buf_view(&words));
  if (f->resource.n) th_jout_kv_text(w, "resource", f->resource);
  if (f->from < f->to) put_span(w, f->from, f->to);
  if (p->form == TH_PATIENT_NOTE && f->from < f->to)
    th_jout_kv_text(w, "text", th_patient_words(p, f));
  th_jout_end_object(w);
  if (words.p) explicit_bzero(words.p, words.n);
  th_buf_dispose(&words);
}

/* ---- criteria ---- */

static void put_fact(th_jout *w, const th_find_result *r, const th_verdicts *v, uint32_t i) {
  const th_verdict_fact *f = &v->facts[i];
  const th_patient_fact *evidence = th_explain_evidence(&r->ready, f);
  bool presumed = f->basis == TH_BASIS_PRESUMED;
  th_jout_object(w);
  th_jout_kv_text(w, "text", (th_span){v->tree->text.p + f->from, f->to - f->from});
  put_span(w, f->from, f->to);
  th_jout_kv_str(w, "verdict", th_verdict_name(presumed ? f->presumed : f->truth));
  kv_word(w, "basis", th_basis_name(f->basis));
  kv_word(w, "rule", th_rule_name(f->rule));
  if (f->guard != TH_MET) th_jout_kv_str(w, "applies", f->guard == TH_UNKNOWN ? "unknown" : "no");
  th_jout_key(w, "evidence");
  if (evidence)
    put_evidence(w, r->ready.p, evidence);
  else
    th_jout_null(w);
  th_jout_end_object(w);
}

static void put_facts(th_jout *w, const th_find_result *r, const th_verdicts *v,
                      const th_elig_node *n) {
  th_jout_key(w, "facts");
  th_jout_array(w);
  for (uint32_t i = n->fact; i < n->fact + n->n_facts; i++)
    put_fact(w, r, v, i);
  th_jout_end_array(w);
}

/* Nodes [from, to); id: of the group that holds them, n_id bytes, with room for theirs. */
static void put_nodes(th_jout *w, const th_find_result *r, const th_verdicts *v, uint32_t from,
                      uint32_t to, char *id, size_t n_id) {
  th_jout_array(w);
  for (uint32_t i = from; i < to; i = v->tree->nodes[i].next) {
    const th_elig_node *n = &v->tree->nodes[i];
    size_t len = th_elig_id_add(n, n_id, id);
    th_jout_object(w);
    th_jout_kv_text(w, "id", (th_span){id, len});
    th_jout_kv_str(w, "kind", th_elig_kind_name(n->kind));
    th_jout_kv_text(w, "text", th_elig_text(v->tree, i));
    put_span(w, n->from, n->to);
    th_jout_kv_str(w, "verdict", th_verdict_name(v->nodes[i].verdict));
    kv_word(w, "basis", th_basis_name(v->nodes[i].basis));
    if (n->flags & TH_ELIG_GROUP) {
      th_jout_kv_str(w, "combine", th_elig_combine_name(n->combine));
      th_jout_key(w, "items");
      put_nodes(w, r, v, i + 1, n->next, id, len);
    } else {
      put_facts(w, r, v, n);
    }
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
}

void th_explain_criteria(const th_find_result *r, const th_found *s, th_jout *w) {
  char id[TH_ELIG_ID_MAX];
  th_jout_key(w, "criteria");
  put_nodes(w, r, &s->verdicts, 0, s->verdicts.tree ? s->verdicts.tree->n_nodes : 0, id, 0);
}

/* ---- a study ---- */

static void put_excluded(th_jout *w, const th_found *s) {
  const th_verdict_trial *t = &s->trial;
  char id[TH_ELIG_ID_MAX];
  if (t->grade != TH_GRADE_EXCLUDED) return;
  th_jout_key(w, "excludedBy");
  th_jout_object(w);
  th_jout_kv_str(w, "field", th_field_name(t->by));
  if (t->by == TH_FIELD_TEXT && t->node != TH_NO_FACT && s->verdicts.tree) {
    th_elig_id(s->verdicts.tree, t->node, id);
    th_jout_kv_str(w, "criterion", id);
    th_jout_kv_text(w, "text", th_elig_text(s->verdicts.tree, t->node));
  }
  th_jout_end_object(w);
}

static void put_counts(th_jout *w, const th_verdict_trial *t) {
  th_jout_key(w, "counts");
  th_jout_object(w);
  th_jout_kv_i64(w, "criteria", t->n);
  th_jout_kv_i64(w, "met", t->met);
  th_jout_kv_i64(w, "passed", t->passed);
  th_jout_kv_i64(w, "presumed", t->presumed);
  th_jout_kv_i64(w, "violated", t->violated);
  th_jout_kv_i64(w, "open", t->open);
  th_jout_end_object(w);
  th_jout_key(w, "fields");
  th_jout_object(w);
  for (uint8_t f = TH_FIELD_AGE; f < TH_N_FIELDS; f++)
    th_jout_kv_str(w, th_field_name(f), th_verdict_name(t->field[f]));
  th_jout_end_object(w);
}

static void put_why(th_jout *w, const th_find_result *r, const th_ranked *s) {
  th_jout_key(w, "why");
  th_jout_array(w);
  for (uint32_t i = 0; i < s->n_why; i++)
    th_jout_text(w, r->topic.concepts[s->why[i]].said);
  th_jout_end_array(w);
  if (!s->demoted) return;
  th_jout_key(w, "demoted");
  th_jout_array(w);
  for (unsigned i = 0; th_demotion_words[i]; i++)
    if (s->demoted >> i & 1) th_jout_str(w, th_demotion_words[i]);
  th_jout_end_array(w);
}

void th_explain_study(const th_find_result *r, const th_found *s, bool criteria, th_jout *w) {
  char nct[TH_NCT_LEN + 1];
  th_jout_object(w);
  th_jout_kv_str(w, "nctId", th_nct_format(s->ranked.nct, nct));
  th_jout_kv_text(w, "briefTitle", s->shown.title);
  th_jout_kv_text(w, "overallStatus", s->shown.status);
  th_jout_kv_double(w, "score", (double)s->ranked.score);
  put_why(w, r, &s->ranked);
  th_jout_kv_str(w, "grade", th_grade_name(s->trial.grade));
  put_excluded(w, s);
  put_counts(w, &s->trial);
  if (criteria) th_explain_criteria(r, s, w);
  th_jout_end_object(w);
}

/* ---- the whole ---- */

void th_explain_question(const th_question *q, th_jout *w) {
  th_jout_object(w);
  th_jout_kv_text(w, "question", q->words);
  if (q->attribute >= 0) {
    th_jout_kv_str(w, "attribute", th_elig_attributes[q->attribute].key);
    th_jout_kv_str(w, "unit", th_elig_attributes[q->attribute].unit);
  } else {
    th_jout_kv_str(w, "category", th_elig_category_name(q->category));
    if (q->label.n) th_jout_kv_text(w, "label", q->label);
    if (q->code.n) th_jout_kv_text(w, "code", q->code);
  }
  th_jout_kv_double(w, "weight", (double)q->weight);
  th_jout_kv_i64(w, "studies", q->n_studies);
  th_jout_kv_i64(w, "criteria", q->n_criteria);
  th_jout_end_object(w);
}

static void put_patient(th_jout *w, const th_patient *p) {
  th_date day = {p->as_of, p->as_of, 0, TH_DATE_DAY};
  th_buf iso;
  th_buf_init(&iso, 32);
  th_date_iso(&day, &iso);
  th_jout_key(w, "patient");
  th_jout_object(w);
  th_jout_kv_str(w, "form", th_patient_form_name(p->form));
  th_jout_kv_text(w, "asOf", th_buf_view(&iso));
  th_jout_kv_str(w, "sex",
                 p->sex == 'F'   ? "female"
                 : p->sex == 'M' ? "male"
                 : p->sex        ? "other"
                                 : NULL);
  th_jout_key(w, "age");
  if (p->age_low == p->age_low) {
    th_jout_object(w);
    th_jout_kv_double(w, "low", p->age_low);
    th_jout_kv_double(w, "high", p->age_high);
    th_jout_end_object(w);
  } else {
    th_jout_null(w);
  }
  th_jout_kv_i64(w, "facts", p->n_facts);
  th_jout_end_object(w);
  th_buf_dispose(&iso);
}

void th_explain_result(const th_find_result *r, const th_find_request *request, th_jout *w) {
  static const uint8_t grades[] = {TH_GRADE_LIKELY, TH_GRADE_POSSIBLE, TH_GRADE_EXCLUDED};
  put_patient(w, request->patient);
  th_jout_kv_str(w, "order", th_find_order_name(request->order));
  th_jout_kv_str(w, "presume", th_find_presume_name(r->presume));
  th_jout_kv_i64(w, "judged", r->n_judged);
  th_jout_key(w, "grades");
  th_jout_object(w);
  for (size_t i = 0; i < TH_COUNT(grades); i++)
    th_jout_kv_i64(w, th_grade_name(grades[i]), r->grades[grades[i]]);
  th_jout_end_object(w);
  th_jout_key(w, "studies");
  th_jout_array(w);
  for (uint32_t i = 0; i < r->n; i++)
    th_explain_study(r, &r->studies[i], request->explain && !request->brief, w);
  th_jout_end_array(w);
  th_jout_key(w, "nextQuestions");
  th_jout_array(w);
  for (uint32_t i = 0; i < r->n_questions; i++)
    th_explain_question(&r->questions[i], w);
  th_jout_end_array(w);
}
