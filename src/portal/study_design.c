#include "portal/study_parts.h"

/* ---- design ---- */

static void put_flags(const th_study_view *v, const char *label, uint32_t node,
                      const char *const names[][2], size_t n) {
  bool any = false;
  for (size_t i = 0; i < n; i++)
    any = any || th_part_bool(v, node, names[i][0]) == 1;
  if (!any) return;
  th_part_fact(v, label);
  for (size_t i = 0; i < n; i++)
    if (th_part_bool(v, node, names[i][0]) == 1) th_html_element_str(v->h, "dd", NULL, names[i][1]);
  th_part_fact_end(v);
}

static void put_masking(const th_study_view *v, uint32_t info) {
  th_span masking = th_part_text(v, info, "maskingInfo.masking");
  if (masking.n == 0) return;
  th_part_fact(v, M(masking));
  th_html_open(v->h, "dd", NULL);
  th_words_masking(v->h->lang, v->j, masking, th_part_array(v, info, "maskingInfo.whoMasked"),
                   th_html_scratch(v->h));
  th_html_scratch_text(v->h);
  th_glossary_value_hint(v->h, TH_F_DesignMasking, masking);
  th_html_close(v->h);
  th_part_fact_end(v);
}

static void put_design_facts(const th_study_view *v) {
  static const char *const access[][2] = {{"individual", M(individual_patients)},
                                          {"intermediate", M(intermediate_size_population)},
                                          {"treatment", M(treatment_indprotocol)}};
  uint32_t info = th_part_object(v, v->design, "designInfo");
  th_html_open(v->h, "dl", "grid");
  th_part_fact_enum(v, M(primary_purpose), TH_F_DesignPrimaryPurpose,
                    th_part_text(v, info, "primaryPurpose"));
  th_part_fact_enum(v, M(allocation), TH_F_DesignAllocation, th_part_text(v, info, "allocation"));
  th_part_fact_enum(v, M(interventional_model), TH_F_DesignInterventionModel,
                    th_part_text(v, info, "interventionModel"));
  put_masking(v, info);
  th_part_fact_enum(v, M(observational_model), TH_F_DesignObservationalModel,
                    th_part_text(v, info, "observationalModel"));
  th_part_fact_enum(v, M(time_perspective), TH_F_DesignTimePerspective,
                    th_part_text(v, info, "timePerspective"));
  th_part_fact_bool(v, M(patient_registry), th_part_bool(v, v->design, "patientRegistry"));
  th_part_fact_words(v, M(target_follow_up), th_part_text(v, v->design, "targetDuration"));
  th_part_fact_enum(v, M(biospecimens), TH_F_BioSpecRetention,
                    th_part_text(v, v->design, "bioSpec.retention"));
  put_flags(v, M(expanded_access), th_part_object(v, v->design, "expandedAccessTypes"), access,
            TH_COUNT(access));
  th_html_close(v->h);
  th_part_markup(v, M(about_the_model), th_part_text(v, info, "interventionModelDescription"));
  th_part_markup(v, M(about_the_masking), th_part_text(v, info, "maskingInfo.maskingDescription"));
  th_part_markup(v, M(about_the_biospecimens), th_part_text(v, v->design, "bioSpec.description"));
}

static bool has_design_facts(const th_study_view *v) {
  return th_part_object(v, v->design, "designInfo") || th_part_object(v, v->design, "bioSpec") ||
         th_part_object(v, v->design, "expandedAccessTypes") ||
         th_part_bool(v, v->design, "patientRegistry") >= 0 ||
         th_part_text(v, v->design, "targetDuration").n;
}

/* ---- arms and interventions ---- */

/* "Drug: Placebo": the type in the reader's language. */
static void put_typed_name(const th_study_view *v, th_span name) {
  char type[40];
  const char *colon = name.n ? memchr(name.p, ':', name.n) : NULL;
  size_t n = colon ? (size_t)(colon - name.p) : 0;
  th_html_open(v->h, "dd", NULL);
  if (n && n < sizeof type) {
    memcpy(type, name.p, n);
    type[n] = 0;
    th_html_str(v->h, th_say_label(v->h->lang, type));
    th_html_str(v->h, ": ");
    name = th_span_trim((th_span){name.p + n + 1, name.n - n - 1});
  }
  th_part_words(v, name);
  th_html_close(v->h);
}

static void put_arm(const th_study_view *v, uint32_t arm) {
  th_span type = th_part_text(v, arm, "type"), text = th_part_text(v, arm, "description");
  uint32_t names = th_part_array(v, arm, "interventionNames");
  th_html_open(v->h, "li", "arm");
  th_html_open(v->h, "h4", NULL);
  th_html_words(v->h, th_part_text(v, arm, "label"));
  th_html_close(v->h);
  if (type.n) {
    th_words_arm_type(v->h->lang, type, th_html_scratch(v->h));
    th_html_open(v->h, "div", "arm-type");
    th_html_scratch_text(v->h);
    th_glossary_value_hint(v->h, TH_F_ArmGroupType, type);
    th_html_close(v->h);
  }
  if (text.n || names) {
    th_html_open(v->h, "dl", NULL);
    th_part_fact_markup(v, M(description_colon), text);
    if (names) {
      th_part_fact(v, M(treatment_colon));
      for (th_json_each(v->j, names, e))
        put_typed_name(v, th_json_text(v->j, e));
      th_part_fact_end(v);
    }
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

static void put_arms(const th_study_view *v) {
  uint32_t arms = th_part_array(v, v->arms, "armGroups");
  uint32_t node = v->design ? th_json_path(v->j, v->design, "enrollmentInfo.count") : 0;
  int64_t count = -1;
  if (node && !th_json_int(v->j, node, &count)) count = -1;
  if (!arms && count < 0) return;
  th_words_participants(v->h->lang, count, arms ? v->j->nodes[arms].n : 0, th_html_scratch(v->h));
  th_html_scratch_element(v->h, "h3", NULL);
  if (!arms) return;
  th_html_open(v->h, "ul", "arms");
  for (th_json_each(v->j, arms, e))
    put_arm(v, e);
  th_html_close(v->h);
}

static void put_other_names(const th_study_view *v, uint32_t names) {
  if (!names) return;
  th_part_fact(v, M(also_known_as));
  th_buf *s = th_html_scratch(v->h);
  for (th_json_each(v->j, names, e)) {
    if (s->n) th_buf_str(s, ", ");
    th_buf_span(s, th_json_text(v->j, e));
  }
  th_html_scratch_element(v->h, "dd", NULL);
  th_part_fact_end(v);
}

static bool arm_has(const th_study_view *v, uint32_t item, th_span arm) {
  uint32_t labels = th_part_array(v, item, "armGroupLabels");
  if (labels)
    for (th_json_each(v->j, labels, e))
      if (th_span_eq(th_span_trim(th_json_text(v->j, e)), arm)) return true;
  return false;
}

static void put_arm_row(const th_study_view *v, uint32_t item, uint32_t arms) {
  th_html_open(v->h, "tr", NULL);
  th_html_open(v->h, "th", NULL);
  th_html_attr_str(v->h, "scope", "row");
  th_html_words(v->h, th_part_text(v, item, "name"));
  th_html_close(v->h);
  for (th_json_each(v->j, arms, arm)) {
    th_html_open(v->h, "td", NULL);
    if (arm_has(v, item, th_part_text(v, arm, "label"))) {
      th_html_open(v->h, "span", NULL);
      th_html_attr_str(v->h, "aria-hidden", "true");
      th_html_str(v->h, "\xE2\x97\x8F ");
      th_html_close(v->h);
      th_html_str(v->h, M(given));
    }
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

/* Which treatment goes with which arm, side by side; worth it from two of each, and only as far as
 * a screen is wide. The list of arms says the same. */
static void put_arm_table(const th_study_view *v) {
  enum { MOST_ARMS = 6 };
  uint32_t arms = th_part_array(v, v->arms, "armGroups");
  uint32_t items = th_part_array(v, v->arms, "interventions");
  if (!arms || !items || v->j->nodes[arms].n < 2 || v->j->nodes[arms].n > MOST_ARMS ||
      v->j->nodes[items].n < 2)
    return;
  th_html_open(v->h, "section", "scroll arm-table");
  th_html_attr_str(v->h, "aria-label", M(treatments_of_each_arm));
  th_html_attr_str(v->h, "tabindex", "0");
  th_html_open(v->h, "table", NULL);
  th_html_open(v->h, "thead", NULL);
  th_html_open(v->h, "tr", NULL);
  th_html_open(v->h, "th", NULL);
  th_html_attr_str(v->h, "scope", "col");
  th_html_str(v->h, M(treatment));
  th_html_close(v->h);
  for (th_json_each(v->j, arms, arm)) {
    th_html_open(v->h, "th", NULL);
    th_html_attr_str(v->h, "scope", "col");
    th_html_words(v->h, th_part_text(v, arm, "label"));
    th_html_close(v->h);
  }
  th_html_close_n(v->h, 2);
  th_html_open(v->h, "tbody", NULL);
  for (th_json_each(v->j, items, item))
    put_arm_row(v, item, arms);
  th_html_close_n(v->h, 3);
}

/* What the treatments are, where the record says more than their names. */
static void put_treatments(const th_study_view *v) {
  uint32_t list = th_part_array(v, v->arms, "interventions");
  bool any = false;
  if (!list) return;
  for (th_json_each(v->j, list, e))
    any = any || th_part_text(v, e, "description").n || th_part_array(v, e, "otherNames");
  if (!any) return;
  th_html_open(v->h, "details", NULL);
  th_html_open(v->h, "summary", NULL);
  th_html_element_str(v->h, "h3", NULL, M(about_the_treatments));
  th_html_close(v->h);
  for (th_json_each(v->j, list, item)) {
    th_span text = th_part_text(v, item, "description"), type = th_part_text(v, item, "type");
    uint32_t names = th_part_array(v, item, "otherNames");
    th_buf *s = th_html_scratch(v->h);
    if (type.n) {
      th_words_label(v->h->lang, TH_F_InterventionType, type, s);
      th_buf_str(s, ": ");
    }
    th_buf_span(s, th_part_text(v, item, "name"));
    th_html_scratch_element(v->h, "h4", NULL);
    if (text.n) {
      th_html_open(v->h, "div", "prose");
      th_html_foreign(v->h);
      th_html_markup(v->h, text);
      th_html_close(v->h);
    }
    if (names) {
      th_html_open(v->h, "dl", NULL);
      put_other_names(v, names);
      th_html_close(v->h);
    }
  }
  th_html_close(v->h);
}

bool th_part_has_design(const th_study_view *v) {
  return has_design_facts(v) || th_part_array(v, v->arms, "armGroups") ||
         th_part_array(v, v->arms, "interventions") ||
         th_part_object(v, v->design, "enrollmentInfo");
}

void th_part_design(const th_study_view *v) {
  if (!th_part_has_design(v)) return;
  th_part_section(v, "design", M(trial_design));
  if (has_design_facts(v)) put_design_facts(v);
  put_arms(v);
  put_arm_table(v);
  put_treatments(v);
  th_part_section_end(v);
}

/* ---- outcomes ---- */

static void put_outcome_list(const th_study_view *v, const char *heading, uint32_t list) {
  if (!list) return;
  th_part_heading(v, heading);
  th_html_open(v->h, "ul", "outcomes");
  for (th_json_each(v->j, list, e)) {
    th_span text = th_part_text(v, e, "description"), when = th_part_text(v, e, "timeFrame");
    th_html_open(v->h, "li", NULL);
    th_html_open(v->h, "p", "measure");
    th_html_words(v->h, th_part_text(v, e, "measure"));
    th_html_close(v->h);
    if (text.n) {
      th_html_open(v->h, "div", "prose");
      th_html_foreign(v->h);
      th_html_markup(v->h, text);
      th_html_close(v->h);
    }
    if (when.n) {
      th_html_open(v->h, "p", "quiet");
      th_html_str(v->h, M(lead_time_frame));
      th_part_words(v, when);
      th_html_close(v->h);
    }
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

void th_part_outcomes(const th_study_view *v) {
  if (!v->outcomes) return;
  th_part_section(v, "outcomes", M(what_the_study_measures));
  put_outcome_list(v, M(primary_outcomes), th_part_array(v, v->outcomes, "primaryOutcomes"));
  put_outcome_list(v, M(secondary_outcomes), th_part_array(v, v->outcomes, "secondaryOutcomes"));
  put_outcome_list(v, M(other_outcomes), th_part_array(v, v->outcomes, "otherOutcomes"));
  th_part_section_end(v);
}
