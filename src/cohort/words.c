#include "cohort/words.h"

const th_cohort_step *th_cohort_costliest(const th_cohort_result *r) {
  const th_cohort_step *best = NULL;
  for (uint32_t i = 0; i < r->n_steps; i++)
    if (r->steps[i].alone > (best ? best->alone : 0)) best = &r->steps[i];
  return best;
}

void th_cohort_step_words(const th_cohort_trial *trial, const th_cohort_step *s, char *id,
                          th_buf *out) {
  const th_verdict_study *study = &trial->study;
  id[0] = 0;
  if (s->field == TH_FIELD_AGE) {
    th_buf_str(out, "Age ");
    th_age_range_text(study->has_min ? &study->min : NULL, study->has_max ? &study->max : NULL,
                      out);
  } else if (s->field == TH_FIELD_SEX) {
    th_buf_str(out, study->sex == 'F' ? "Female" : "Male");
  } else if (s->cohorts) {
    th_buf_str(out, "Fits into none of the study's cohorts");
  } else {
    th_elig_id(trial->tree, s->node, id);
    th_buf_span(out, th_span_trim(th_elig_text(trial->tree, s->node)));
  }
}

static const char *kind_of(const th_cohort_trial *trial, const th_cohort_step *s) {
  static const char *const kinds[] = {"unknown", "inclusion", "exclusion"};
  if (s->field == TH_FIELD_AGE) return "age";
  if (s->field == TH_FIELD_SEX) return "sex";
  return s->cohorts ? "cohorts" : kinds[trial->tree->nodes[s->node].kind];
}

static void step_json(const th_cohort_trial *trial, const th_cohort_step *s, th_buf *words,
                      th_jout *w) {
  char id[TH_ELIG_ID_MAX];
  th_buf_clear(words);
  th_cohort_step_words(trial, s, id, words);
  th_jout_object(w);
  th_jout_kv_str(w, "id", id[0] ? id : NULL);
  th_jout_kv_str(w, "kind", kind_of(trial, s));
  th_jout_kv_text(w, "text", th_buf_view(words));
  th_jout_kv_i64(w, "excluded", (int64_t)s->against);
  th_jout_kv_i64(w, "left", (int64_t)s->left);
  th_jout_kv_i64(w, "alone", (int64_t)s->alone);
  th_jout_kv_i64(w, "open", (int64_t)s->open);
  th_jout_kv_i64(w, "asks", (int64_t)s->asks);
  th_jout_end_object(w);
}

void th_cohort_result_json(const th_cohort_trial *trial, const th_cohort_result *r, th_jout *w) {
  th_buf words;
  th_buf_init(&words, 0);
  th_jout_kv_i64(w, "patients", (int64_t)(r->likely + r->possible + r->excluded));
  th_jout_kv_i64(w, "likely", (int64_t)r->likely);
  th_jout_kv_i64(w, "possible", (int64_t)r->possible);
  th_jout_kv_i64(w, "excluded", (int64_t)r->excluded);
  const th_cohort_step *most = th_cohort_costliest(r);
  th_jout_key(w, "costliest");
  if (most)
    th_jout_i64(w, most - r->steps);
  else
    th_jout_null(w);
  th_jout_key(w, "steps");
  th_jout_array(w);
  for (uint32_t i = 0; i < r->n_steps; i++)
    step_json(trial, &r->steps[i], &words, w);
  th_jout_end_array(w);
  if (words.error && !w->out->error) w->out->error = words.error;
  th_buf_dispose(&words);
}

void th_cohort_member_json(const th_cohort_member *m, th_jout *w) {
  th_jout_object(w);
  th_jout_kv_i64(w, "number", (int64_t)m->number);
  th_jout_key(w, "id");
  if (m->id.n)
    th_jout_text(w, m->id);
  else
    th_jout_null(w);
  th_jout_kv_str(w, "grade", th_grade_name(m->grade));
  th_jout_key(w, "open");
  th_jout_array(w);
  for (uint32_t i = 0; i < m->n_open; i++)
    th_jout_i64(w, m->open[i]);
  th_jout_end_array(w);
  th_jout_end_object(w);
}
