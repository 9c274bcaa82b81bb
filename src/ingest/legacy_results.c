/* <clinical_results> of legacy XML as the resultsSection of v2. */
#include "ingest/legacy.h"

#include <stdio.h>

/* "P1", "B2", "O1", "E3" are FG000, BG001, OG000, EG002 in v2. */
static void group_id(th_legacy *x, const char *key, th_span s) {
  char text[32];
  unsigned n = 0;
  size_t i = 1;
  for (; i < s.n && i < 6 && s.p[i] >= '0' && s.p[i] <= '9'; i++)
    n = n * 10 + (unsigned)(s.p[i] - '0');
  char c = s.n ? s.p[0] == 'P' ? 'F' : s.p[0] : 0;
  if (i == s.n && n > 0 && c && strchr("FBOE", c)) {
    snprintf(text, sizeof text, "%cG%03u", c, n - 1);
    s = th_span_of(text);
  }
  th_legacy_text(x, key, s);
}

static void group_of(th_legacy *x, const th_xml_node *e) {
  group_id(x, "groupId", th_xml_attribute(e, "group_id"));
}

static void group(th_legacy *x, const th_xml_node *g) {
  static const th_legacy_row rows[] = {{"title", "title", LX_TEXT, 0},
                                       {"description", "description", LX_TEXT, 0}};
  group_id(x, "id", th_xml_attribute(g, "group_id"));
  th_legacy_rows(x, g, LX_ROWS(rows));
}

typedef void each_fn(th_legacy *x, const th_xml_node *e);

/* The elements of that name inside as a list of objects. */
static void list_of(th_legacy *x, const char *key, const th_xml_node *parent, const char *name,
                    each_fn *each) {
  th_legacy_mark list = th_legacy_open(x, key, '[');
  for (th_xml_each(parent, name, e)) {
    th_legacy_mark o = th_legacy_open(x, NULL, '{');
    each(x, e);
    th_legacy_close(x, o);
  }
  th_legacy_close(x, list);
}

static void groups(th_legacy *x, const char *key, const th_xml_node *parent) {
  list_of(x, key, th_xml_child(parent, "group_list"), "group", group);
}

/* ---- participant flow ---- */

static void achievement(th_legacy *x, const th_xml_node *p) {
  group_of(x, p);
  th_legacy_text(x, "comment", th_span_trim(p->text));
  th_legacy_text(x, "numSubjects", th_xml_attribute(p, "count"));
}

static void milestone(th_legacy *x, const th_xml_node *m) {
  th_legacy_text(x, "type", th_xml_text(m, "title"));
  list_of(x, "achievements", th_xml_child(m, "participants_list"), "participants", achievement);
}

static void withdrawal(th_legacy *x, const th_xml_node *d) {
  th_legacy_text(x, "type", th_xml_text(d, "title"));
  list_of(x, "reasons", th_xml_child(d, "participants_list"), "participants", achievement);
}

static void period(th_legacy *x, const th_xml_node *p) {
  th_legacy_text(x, "title", th_xml_text(p, "title"));
  list_of(x, "milestones", th_xml_child(p, "milestone_list"), "milestone", milestone);
  list_of(x, "dropWithdraws", th_xml_child(p, "drop_withdraw_reason_list"), "drop_withdraw_reason",
          withdrawal);
}

static void flow(th_legacy *x, const th_xml_node *f) {
  static const th_legacy_row rows[] = {
      {"preAssignmentDetails", "pre_assignment_details", LX_TEXT, 0},
      {"recruitmentDetails", "recruitment_details", LX_TEXT, 0}};
  th_legacy_mark m = th_legacy_open(x, "participantFlowModule", '{');
  th_legacy_rows(x, f, LX_ROWS(rows));
  groups(x, "groups", f);
  list_of(x, "periods", th_xml_child(f, "period_list"), "period", period);
  th_legacy_close(x, m);
}

/* ---- measures ---- */

static void count_of(th_legacy *x, const th_xml_node *c) {
  group_of(x, c);
  th_legacy_text(x, "value", th_xml_attribute(c, "value"));
}

static void denominator(th_legacy *x, const th_xml_node *a) {
  th_legacy_text(x, "units", th_xml_text(a, "units"));
  list_of(x, "counts", th_xml_child(a, "count_list"), "count", count_of);
}

static void denominators(th_legacy *x, const th_xml_node *parent) {
  list_of(x, "denoms", th_xml_child(parent, "analyzed_list"), "analyzed", denominator);
}

static void measurement(th_legacy *x, const th_xml_node *m) {
  group_of(x, m);
  th_legacy_text(x, "value", th_xml_attribute(m, "value"));
  th_legacy_text(x, "spread", th_xml_attribute(m, "spread"));
  th_legacy_text(x, "lowerLimit", th_xml_attribute(m, "lower_limit"));
  th_legacy_text(x, "upperLimit", th_xml_attribute(m, "upper_limit"));
  th_legacy_text(x, "comment", th_span_trim(m->text));
}

static void category(th_legacy *x, const th_xml_node *c) {
  th_legacy_text(x, "title", th_xml_text(c, "title"));
  list_of(x, "measurements", th_xml_child(c, "measurement_list"), "measurement", measurement);
}

static void class_of(th_legacy *x, const th_xml_node *c) {
  th_legacy_text(x, "title", th_xml_text(c, "title"));
  denominators(x, c);
  list_of(x, "categories", th_xml_child(c, "category_list"), "category", category);
}

static void classes(th_legacy *x, const th_xml_node *measure) {
  list_of(x, "classes", th_xml_child(measure, "class_list"), "class", class_of);
}

static void baseline_measure(th_legacy *x, const th_xml_node *m) {
  static const th_legacy_row rows[] = {
      {"title", "title", LX_TEXT, 0},
      {"description", "description", LX_TEXT, 0},
      {"populationDescription", "population", LX_TEXT, 0},
      {"paramType", "param", LX_ENUM, TH_E_MeasureParam},
      {"dispersionType", "dispersion", LX_ENUM, TH_E_MeasureDispersionType},
      {"unitOfMeasure", "units", LX_TEXT, 0},
      {"denomUnitsSelected", "units_analyzed", LX_TEXT, 0}};
  th_legacy_rows(x, m, LX_ROWS(rows));
  denominators(x, m);
  classes(x, m);
}

static void baseline(th_legacy *x, const th_xml_node *b) {
  static const th_legacy_row rows[] = {{"populationDescription", "population", LX_TEXT, 0}};
  th_legacy_mark m = th_legacy_open(x, "baselineCharacteristicsModule", '{');
  th_legacy_rows(x, b, LX_ROWS(rows));
  groups(x, "groups", b);
  denominators(x, b);
  list_of(x, "measures", th_xml_child(b, "measure_list"), "measure", baseline_measure);
  th_legacy_close(x, m);
}

/* ---- outcomes ---- */

static void analysis_groups(th_legacy *x, const th_xml_node *a) {
  th_legacy_mark list = th_legacy_open(x, "groupIds", '[');
  for (th_xml_each(th_xml_child(a, "group_id_list"), "group_id", g))
    group_id(x, NULL, th_span_trim(g->text));
  th_legacy_close(x, list);
}

static void analysis(th_legacy *x, const th_xml_node *a) {
  static const th_legacy_row before[] = {{"groupDescription", "groups_desc", LX_TEXT, 0}};
  static const th_legacy_row rows[] = {
      {"nonInferiorityType", "non_inferiority_type", LX_ENUM, TH_E_NonInferiorityType},
      {"nonInferiorityComment", "non_inferiority_desc", LX_TEXT, 0},
      {"pValue", "p_value", LX_TEXT, 0},
      {"pValueComment", "p_value_desc", LX_TEXT, 0},
      {"statisticalMethod", "method", LX_TEXT, 0},
      {"statisticalComment", "method_desc", LX_TEXT, 0},
      {"paramType", "param_type", LX_TEXT, 0},
      {"paramValue", "param_value", LX_TEXT, 0},
      {"ciPctValue", "ci_percent", LX_TEXT, 0},
      {"ciNumSides", "ci_n_sides", LX_ENUM, TH_E_ConfidenceIntervalNumSides},
      {"ciLowerLimit", "ci_lower_limit", LX_TEXT, 0},
      {"ciUpperLimit", "ci_upper_limit", LX_TEXT, 0},
      {"ciLowerLimitComment", "ci_lower_limit_na_comment", LX_TEXT, 0},
      {"ciUpperLimitComment", "ci_upper_limit_na_comment", LX_TEXT, 0},
      {"dispersionType", "dispersion_type", LX_ENUM, TH_E_AnalysisDispersionType},
      {"dispersionValue", "dispersion_value", LX_TEXT, 0},
      {"estimateComment", "estimate_desc", LX_TEXT, 0},
      {"otherAnalysisDescription", "other_analysis_desc", LX_TEXT, 0}};
  th_span type = th_xml_text(a, "non_inferiority_type");
  analysis_groups(x, a);
  th_legacy_rows(x, a, LX_ROWS(before));
  if (type.n)
    th_legacy_bool(x, "testedNonInferiority",
                   th_span_starts(type, TH_SPAN("Non-Inferiority")) ||
                       th_span_starts(type, TH_SPAN("Equivalence")));
  th_legacy_rows(x, a, LX_ROWS(rows));
}

static void outcome(th_legacy *x, const th_xml_node *o) {
  static const th_legacy_row head[] = {
      {"type", "type", LX_ENUM, TH_E_OutcomeMeasureType},
      {"title", "title", LX_TEXT, 0},
      {"description", "description|measure/description", LX_TEXT, 0},
      {"populationDescription", "population", LX_TEXT, 0}};
  static const th_legacy_row of_measure[] = {{"paramType", "param", LX_ENUM, TH_E_MeasureParam},
                                             {"dispersionType", "dispersion", LX_TEXT, 0},
                                             {"unitOfMeasure", "units", LX_TEXT, 0}};
  static const th_legacy_row tail[] = {{"timeFrame", "time_frame", LX_TEXT, 0},
                                       {"typeUnitsAnalyzed", "measure/units_analyzed", LX_TEXT, 0}};
  static const th_legacy_row posting[] = {{"anticipatedPostingDate", "posting_date", LX_DATE, 0}};
  const th_xml_node *measure = th_xml_child(o, "measure");
  bool posted = th_xml_child(measure, "class_list") || th_xml_child(measure, "analyzed_list");
  th_legacy_rows(x, o, LX_ROWS(head));
  th_legacy_text(x, "reportingStatus", posted ? TH_SPAN("POSTED") : TH_SPAN("NOT_POSTED"));
  th_legacy_rows(x, o, LX_ROWS(posting));
  th_legacy_rows(x, measure, LX_ROWS(of_measure));
  th_legacy_rows(x, o, LX_ROWS(tail));
  groups(x, "groups", o);
  denominators(x, measure);
  classes(x, measure);
  list_of(x, "analyses", th_xml_child(o, "analysis_list"), "analysis", analysis);
}

static void outcome_measures(th_legacy *x, const th_xml_node *list) {
  th_legacy_mark m = th_legacy_open(x, "outcomeMeasuresModule", '{');
  list_of(x, "outcomeMeasures", list, "outcome", outcome);
  th_legacy_close(x, m);
}

/* ---- adverse events ---- */

static bool is_total(const th_xml_node *category) {
  return th_span_eq_nocase(th_xml_text(category, "title"), TH_SPAN("Total"));
}

static void number(th_legacy *x, const char *key, const th_xml_node *e, const char *attribute) {
  th_span s = th_xml_attribute(e, attribute);
  int64_t v = 0;
  if (s.n == 0 || s.n > 15) return;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] < '0' || s.p[i] > '9') return;
    v = v * 10 + (s.p[i] - '0');
  }
  th_jout_kv_i64(&x->w, key, v);
}

/* The total of a group, from the event whose title begins so. */
static void total(th_legacy *x, const th_xml_node *events, const char *begins, th_span id,
                  const char *affected, const char *at_risk) {
  for (th_xml_each(th_xml_child(events, "category_list"), "category", c)) {
    if (!is_total(c)) continue;
    for (th_xml_each(th_xml_child(c, "event_list"), "event", e)) {
      if (!th_span_starts(th_xml_text(e, "sub_title"), th_span_of(begins))) continue;
      for (th_xml_each(e, "counts", n)) {
        if (!th_span_eq(th_xml_attribute(n, "group_id"), id)) continue;
        number(x, affected, n, "subjects_affected");
        number(x, at_risk, n, "subjects_at_risk");
        return;
      }
    }
  }
}

static void event_groups(th_legacy *x, const th_xml_node *r) {
  const th_xml_node *serious = th_xml_child(r, "serious_events");
  const th_xml_node *other = th_xml_child(r, "other_events");
  th_legacy_mark list = th_legacy_open(x, "eventGroups", '[');
  for (th_xml_each(th_xml_child(r, "group_list"), "group", g)) {
    th_span id = th_xml_attribute(g, "group_id");
    th_legacy_mark o = th_legacy_open(x, NULL, '{');
    group(x, g);
    total(x, serious, "Total, all-cause mortality", id, "deathsNumAffected", "deathsNumAtRisk");
    total(x, serious, "Total, serious", id, "seriousNumAffected", "seriousNumAtRisk");
    total(x, other, "Total, other", id, "otherNumAffected", "otherNumAtRisk");
    th_legacy_close(x, o);
  }
  th_legacy_close(x, list);
}

static void event_stats(th_legacy *x, const th_xml_node *n) {
  group_of(x, n);
  number(x, "numEvents", n, "events");
  number(x, "numAffected", n, "subjects_affected");
  number(x, "numAtRisk", n, "subjects_at_risk");
}

/* An event without a vocabulary or assessment of its own has the default of its list. */
static void event(th_legacy *x, const th_xml_node *events, th_span system, const th_xml_node *e) {
  const th_xml_node *name = th_xml_child(e, "sub_title");
  th_span vocabulary = th_xml_attribute(name, "vocab"), assessment = th_xml_text(e, "assessment");
  if (!vocabulary.n) vocabulary = th_xml_text(events, "default_vocab");
  if (!assessment.n) assessment = th_xml_text(events, "default_assessment");
  th_legacy_mark o = th_legacy_open(x, NULL, '{');
  th_legacy_text(x, "term", th_xml_text(e, "sub_title"));
  th_legacy_text(x, "organSystem", system);
  th_legacy_text(x, "sourceVocabulary", vocabulary);
  th_legacy_enum(x, "assessmentType", TH_E_EventAssessment, assessment);
  th_legacy_text(x, "notes", th_xml_text(e, "description"));
  list_of(x, "stats", e, "counts", event_stats);
  th_legacy_close(x, o);
}

static void event_list(th_legacy *x, const char *key, const th_xml_node *events) {
  th_legacy_mark list = th_legacy_open(x, key, '[');
  for (th_xml_each(th_xml_child(events, "category_list"), "category", c)) {
    if (is_total(c)) continue;
    for (th_xml_each(th_xml_child(c, "event_list"), "event", e))
      event(x, events, th_xml_text(c, "title"), e);
  }
  th_legacy_close(x, list);
}

static void adverse_events(th_legacy *x, const th_xml_node *r) {
  static const th_legacy_row rows[] = {
      {"frequencyThreshold", "other_events/frequency_threshold", LX_TEXT, 0},
      {"timeFrame", "time_frame", LX_TEXT, 0},
      {"description", "desc", LX_TEXT, 0}};
  th_legacy_mark m = th_legacy_open(x, "adverseEventsModule", '{');
  th_legacy_rows(x, r, LX_ROWS(rows));
  event_groups(x, r);
  event_list(x, "seriousEvents", th_xml_child(r, "serious_events"));
  event_list(x, "otherEvents", th_xml_child(r, "other_events"));
  th_legacy_close(x, m);
}

/* ---- more ---- */

/* The XML has the agreement in words: one sentence for none, two for the usual embargoes, and
 * anything else is the restriction itself. */
static void agreement(th_legacy *x, const th_xml_node *a) {
  th_span employee = th_xml_text(a, "pi_employee"), text = th_xml_text(a, "restrictive_agreement");
  if (!a) return;
  bool none = th_span_starts(text, TH_SPAN("There is NOT an agreement")) ||
              th_span_starts(text, TH_SPAN("There IS NOT an agreement"));
  bool usual = th_span_starts(text, TH_SPAN("The only disclosure restriction on the PI is that"));
  const char *type = !usual                                                  ? "OTHER"
                     : th_span_find(text, TH_SPAN("more than 60 days")) >= 0 ? "GT60"
                                                                             : "LTE60";
  th_legacy_mark m = th_legacy_open(x, "certainAgreement", '{');
  if (employee.n)
    th_legacy_bool(x, "piSponsorEmployee", th_span_find(employee, TH_SPAN("ARE employed")) >= 0);
  if (text.n && !none) th_legacy_text(x, "restrictionType", th_span_of(type));
  if (text.n) th_legacy_bool(x, "restrictiveAgreement", !none);
  if (!none && !usual) th_legacy_text(x, "otherDetails", text);
  th_legacy_close(x, m);
}

static void more(th_legacy *x, const th_xml_node *r) {
  static const th_legacy_row caveats[] = {{"description", "limitations_and_caveats", LX_TEXT, 0}};
  static const th_legacy_row point[] = {{"title", "name_or_title", LX_TEXT, 0},
                                        {"organization", "organization", LX_TEXT, 0},
                                        {"email", "email", LX_TEXT, 0},
                                        {"phone", "phone", LX_TEXT, 0},
                                        {"phoneExt", "phone_ext", LX_TEXT, 0}};
  th_legacy_mark m = th_legacy_open(x, "moreInfoModule", '{');
  th_legacy_object(x, "limitationsAndCaveats", r, LX_ROWS(caveats));
  agreement(x, th_xml_child(r, "certain_agreements"));
  th_legacy_object(x, "pointOfContact", th_xml_child(r, "point_of_contact"), LX_ROWS(point));
  th_legacy_close(x, m);
}

void th_legacy_results(th_legacy *x, const th_xml_node *r) {
  th_legacy_mark m = th_legacy_open(x, "resultsSection", '{');
  flow(x, th_xml_child(r, "participant_flow"));
  baseline(x, th_xml_child(r, "baseline"));
  outcome_measures(x, th_xml_child(r, "outcome_list"));
  adverse_events(x, th_xml_child(r, "reported_events"));
  more(x, r);
  th_legacy_close(x, m);
}
