/* Results as tables: a column a group, a row a value. */
#include "portal/study_parts.h"

/* Columns shown of a table; a record with more says so. */
enum { MAX_GROUPS = 60 };

typedef struct groups {
  uint32_t n, all;
  th_span id[MAX_GROUPS], title[MAX_GROUPS];
} groups;

static void read_groups(const th_study_view *v, uint32_t list, groups *g) {
  g->n = g->all = 0;
  if (!list) return;
  g->all = v->j->nodes[list].n;
  for (th_json_each(v->j, list, e)) {
    if (g->n == MAX_GROUPS) break;
    g->id[g->n] = th_part_text(v, e, "id");
    g->title[g->n++] = th_part_text(v, e, "title");
  }
}

/* The element of a list that belongs to group i: mostly the i-th, so a walk beside the columns
 * finds it at once. */
static uint32_t of_group(const th_study_view *v, uint32_t list, const groups *g, uint32_t i,
                         uint32_t *hint) {
  if (!list) return 0;
  if (*hint && *hint < v->j->nodes[list].next &&
      th_span_eq(th_part_text(v, *hint, "groupId"), g->id[i])) {
    uint32_t found = *hint;
    *hint = v->j->nodes[found].next;
    return found;
  }
  for (th_json_each(v->j, list, e))
    if (th_span_eq(th_part_text(v, e, "groupId"), g->id[i])) {
      *hint = v->j->nodes[e].next;
      return e;
    }
  return 0;
}

/* ---- tables ---- */

/* A table that scrolls by itself when it is wider than the page, also with the keyboard. */
static void open_table(const th_study_view *v, const char *caption, const groups *g) {
  th_html_open(v->h, "div", "scroll");
  th_html_attr_str(v->h, "role", "group");
  th_html_attr_str(v->h, "aria-label", caption);
  th_html_attr_str(v->h, "tabindex", "0");
  th_html_open(v->h, "table", NULL);
  th_html_element_str(v->h, "caption", "hidden", caption);
  th_html_open(v->h, "thead", NULL);
  th_html_open(v->h, "tr", NULL);
  th_html_open(v->h, "td", NULL);
  th_html_close(v->h);
  for (uint32_t i = 0; i < g->n; i++) {
    th_html_open(v->h, "th", NULL);
    th_html_attr_str(v->h, "scope", "col");
    th_html_words(v->h, g->title[i].n ? g->title[i] : g->id[i]);
    th_html_close(v->h);
  }
  th_html_close_n(v->h, 2);
  th_html_open(v->h, "tbody", NULL);
}

static void close_table(const th_study_view *v, const groups *g) {
  th_html_close_n(v->h, 3);
  if (g->all <= g->n) return;
  th_html_open(v->h, "p", "quiet");
  th_html_str(v->h, M(lead_shown_are_the_first));
  th_html_i64(v->h, g->n);
  th_html_str(v->h, M(tail_of));
  th_html_i64(v->h, g->all);
  th_html_str(v->h, M(tail_groups));
  th_html_close(v->h);
}

static void open_row(const th_study_view *v, const char *class, th_span label) {
  th_html_open(v->h, "tr", class);
  th_html_open(v->h, "th", NULL);
  th_html_attr_str(v->h, "scope", "row");
  th_html_words(v->h, label);
  th_html_close(v->h);
}

/* A row that heads those below it: its cell stays open. */
static void open_head(const th_study_view *v, const groups *g) {
  th_html_open(v->h, "tr", "head");
  th_html_open(v->h, "th", NULL);
  th_html_attr_str(v->h, "scope", "row");
  th_html_attr_u64(v->h, "colspan", g->n + 1);
}

static void head_row(const th_study_view *v, const groups *g, th_span title) {
  open_head(v, g);
  th_html_words(v->h, title);
  th_html_close_n(v->h, 2);
}

static void put_group_notes(const th_study_view *v, uint32_t list) {
  bool any = false;
  if (!list) return;
  for (th_json_each(v->j, list, e))
    any = any || th_part_text(v, e, "description").n;
  if (!any) return;
  th_html_open(v->h, "details", "notes");
  th_html_element_str(v->h, "summary", NULL, M(about_the_groups));
  th_html_open(v->h, "dl", NULL);
  for (th_json_each(v->j, list, item)) {
    th_span text = th_part_text(v, item, "description");
    if (!text.n) continue;
    th_html_open(v->h, "div", NULL);
    th_html_open(v->h, "dt", NULL);
    th_html_words(v->h, th_part_text(v, item, "title"));
    th_html_close(v->h);
    th_html_open(v->h, "dd", "prose");
    th_html_foreign(v->h);
    th_html_markup(v->h, text);
    th_html_close_n(v->h, 2);
  }
  th_html_close_n(v->h, 2);
}

static void put_prose(const th_study_view *v, th_span markup) {
  if (markup.n == 0) return;
  th_html_open(v->h, "div", "prose");
  th_html_foreign(v->h);
  th_html_markup(v->h, markup);
  th_html_close(v->h);
}

/* A value of a table: most are numbers. */
static void put_value(const th_study_view *v, th_span value) {
  th_words_decimal(v->h->lang, value, th_html_scratch(v->h));
  th_html_scratch_text(v->h);
}

/* ---- participant flow ---- */

static void flow_row(const th_study_view *v, const groups *g, th_span label, uint32_t stats) {
  uint32_t hint = stats ? stats + 1 : 0;
  open_row(v, NULL, label);
  for (uint32_t i = 0; i < g->n; i++) {
    uint32_t cell = of_group(v, stats, g, i, &hint);
    th_span units = th_part_value(v, cell, "numUnits");
    th_html_open(v->h, "td", NULL);
    put_value(v, th_part_value(v, cell, "numSubjects"));
    if (units.n) {
      th_html_str(v->h, " (");
      put_value(v, units);
      th_html_str(v->h, M(tail_units));
    }
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

static th_span milestone_label(th_span type) {
  if (th_span_eq(type, TH_SPAN("STARTED"))) return th_span_of(M(started));
  if (th_span_eq(type, TH_SPAN("COMPLETED"))) return th_span_of(M(completed));
  if (th_span_eq(type, TH_SPAN("NOT COMPLETED"))) return th_span_of(M(not_completed));
  return type;
}

static void put_period(const th_study_view *v, const groups *g, uint32_t period) {
  uint32_t list = th_part_array(v, period, "milestones");
  uint32_t drops = th_part_array(v, period, "dropWithdraws");
  head_row(v, g, th_part_text(v, period, "title"));
  if (list)
    for (th_json_each(v->j, list, e))
      flow_row(v, g, milestone_label(th_part_text(v, e, "type")),
               th_part_array(v, e, "achievements"));
  if (!drops) return;
  head_row(v, g, th_span_of(M(reasons_for_not_completing)));
  for (th_json_each(v->j, drops, d))
    flow_row(v, g, th_part_text(v, d, "type"), th_part_array(v, d, "reasons"));
}

static void put_flow(const th_study_view *v, uint32_t module) {
  groups g;
  uint32_t list = th_part_array(v, module, "groups");
  uint32_t periods = th_part_array(v, module, "periods");
  if (!module) return;
  th_part_heading(v, M(participant_flow));
  put_prose(v, th_part_text(v, module, "recruitmentDetails"));
  put_prose(v, th_part_text(v, module, "preAssignmentDetails"));
  if (!list || !periods) return;
  read_groups(v, list, &g);
  open_table(v, M(participant_flow), &g);
  for (th_json_each(v->j, periods, e))
    put_period(v, &g, e);
  close_table(v, &g);
  put_group_notes(v, list);
}

/* ---- measures: baseline and outcomes have one shape ---- */

static void put_measurement(const th_study_view *v, uint32_t cell) {
  th_span low = th_part_value(v, cell, "lowerLimit"), high = th_part_value(v, cell, "upperLimit");
  th_span spread = th_part_value(v, cell, "spread"), note = th_part_text(v, cell, "comment");
  put_value(v, th_part_value(v, cell, "value"));
  if (low.n || high.n) {
    th_html_str(v->h, " (");
    put_value(v, low);
    th_html_str(v->h, M(tail_to));
    put_value(v, high);
    th_html_str(v->h, ")");
  } else if (spread.n) {
    th_html_str(v->h, " (");
    put_value(v, spread);
    th_html_str(v->h, ")");
  }
  if (note.n) {
    th_html_open(v->h, "div", "prose small");
    th_html_foreign(v->h);
    th_html_markup(v->h, note);
    th_html_close(v->h);
  }
}

static void measurement_row(const th_study_view *v, const groups *g, th_span label, uint32_t list) {
  uint32_t hint = list ? list + 1 : 0;
  open_row(v, NULL, label.n ? label : th_span_of(M(all)));
  for (uint32_t i = 0; i < g->n; i++) {
    uint32_t cell = of_group(v, list, g, i, &hint);
    th_html_open(v->h, "td", NULL);
    if (cell) put_measurement(v, cell);
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

static void denom_rows(const th_study_view *v, const groups *g, uint32_t denoms) {
  if (!denoms) return;
  for (th_json_each(v->j, denoms, d)) {
    uint32_t counts = th_part_array(v, d, "counts"), hint = counts ? counts + 1 : 0;
    th_html_open(v->h, "tr", "denom");
    th_html_open(v->h, "th", NULL);
    th_html_attr_str(v->h, "scope", "row");
    th_html_str(v->h, M(lead_number_analyzed));
    th_part_words(v, th_part_text(v, d, "units"));
    th_html_close(v->h);
    for (uint32_t i = 0; i < g->n; i++) {
      th_html_open(v->h, "td", NULL);
      put_value(v, th_part_value(v, of_group(v, counts, g, i, &hint), "value"));
      th_html_close(v->h);
    }
    th_html_close(v->h);
  }
}

/* countries: the classes are named by countries. */
static void put_classes(const th_study_view *v, const groups *g, uint32_t classes, bool countries) {
  if (!classes) return;
  for (th_json_each(v->j, classes, c)) {
    th_span title = th_part_text(v, c, "title");
    if (countries) title = th_words_country(v->h->lang, title);
    uint32_t list = th_part_array(v, c, "categories");
    bool one = list && v->j->nodes[list].n == 1;
    if (title.n && !one) head_row(v, g, title);
    if (!list) continue;
    for (th_json_each(v->j, list, e)) {
      th_span label = th_part_text(v, e, "title");
      if (one && title.n && label.n) {
        th_buf *s = th_html_scratch(v->h);
        th_buf_span(s, title);
        th_buf_str(s, ": ");
        th_buf_span(s, label);
        label = th_buf_view(s);
      } else if (one && title.n) {
        label = title;
      }
      measurement_row(v, g, label, th_part_array(v, e, "measurements"));
    }
  }
}

/* "Mean (Standard Deviation), years". */
static void put_measure_kind(const th_study_view *v, uint32_t measure) {
  th_span param = th_part_text(v, measure, "paramType");
  th_span spread = th_part_text(v, measure, "dispersionType");
  th_span unit = th_part_text(v, measure, "unitOfMeasure");
  th_buf *s = th_html_scratch(v->h);
  if (param.n) th_words_label(v->h->lang, TH_F_BaselineMeasureParamType, param, s);
  if (spread.n && !th_span_eq(spread, TH_SPAN("NA"))) {
    th_buf_str(s, " (");
    th_words_label(v->h->lang, TH_F_BaselineMeasureDispersionType, spread, s);
    th_buf_char(s, ')');
  }
  if (unit.n && s->n) th_buf_str(s, ", ");
  th_html_scratch_text(v->h);
  if (unit.n) th_part_words(v, unit);
}

static bool has_measure_kind(const th_study_view *v, uint32_t measure) {
  return th_part_text(v, measure, "paramType").n || th_part_text(v, measure, "unitOfMeasure").n;
}

static void put_baseline(const th_study_view *v, uint32_t module) {
  groups g;
  uint32_t list = th_part_array(v, module, "groups");
  uint32_t measures = th_part_array(v, module, "measures");
  if (!module) return;
  th_part_heading(v, M(baseline_characteristics));
  put_prose(v, th_part_text(v, module, "populationDescription"));
  if (!list || !measures) return;
  read_groups(v, list, &g);
  open_table(v, M(baseline_characteristics), &g);
  denom_rows(v, &g, th_part_array(v, module, "denoms"));
  for (th_json_each(v->j, measures, m)) {
    th_span title = th_part_text(v, m, "title");
    open_head(v, &g);
    th_part_words(v, title);
    th_html_str(v->h, " ");
    th_html_open(v->h, "small", NULL);
    put_measure_kind(v, m);
    th_html_close_n(v->h, 3);
    denom_rows(v, &g, th_part_array(v, m, "denoms"));
    put_classes(v, &g, th_part_array(v, m, "classes"),
                th_span_eq(title, TH_SPAN("Region of Enrollment")));
  }
  close_table(v, &g);
  put_group_notes(v, list);
}

/* ---- outcomes ---- */

static void put_interval(const th_study_view *v, uint32_t a) {
  th_span low = th_part_value(v, a, "ciLowerLimit"), high = th_part_value(v, a, "ciUpperLimit");
  th_span percent = th_part_value(v, a, "ciPctValue"), sides = th_part_text(v, a, "ciNumSides");
  if (!low.n && !high.n) return;
  th_buf *s = th_html_scratch(v->h);
  th_buf_span(s, th_say(v->h->lang, low.n ? low : th_span_of(M(no_lower_limit_low))));
  th_say_put(v->h->lang, M(tail_to), s);
  th_buf_span(s, th_say(v->h->lang, high.n ? high : th_span_of(M(no_upper_limit_low))));
  if (percent.n || sides.n) th_buf_str(s, " (");
  if (percent.n) th_buf_printf(s, "%.*s%%", (int)percent.n, percent.p);
  if (percent.n && sides.n) th_buf_str(s, ", ");
  if (sides.n) th_words_label(v->h->lang, TH_F_OutcomeAnalysisCINumSides, sides, s);
  if (percent.n || sides.n) th_buf_char(s, ')');
  th_part_fact(v, M(confidence_interval));
  th_html_scratch_element(v->h, "dd", NULL);
  th_part_fact_end(v);
}

static void put_analysis(const th_study_view *v, uint32_t a) {
  th_span param = th_part_text(v, a, "paramType"), value = th_part_value(v, a, "paramValue");
  th_html_open(v->h, "li", NULL);
  put_prose(v, th_part_text(v, a, "groupDescription"));
  th_html_open(v->h, "dl", "grid");
  th_part_fact_words(v, M(method), th_part_text(v, a, "statisticalMethod"));
  th_part_fact_text(v, M(p_value), th_part_value(v, a, "pValue"));
  if (value.n) {
    th_part_fact(v, M(estimate));
    th_html_open(v->h, "dd", NULL);
    if (param.n) {
      th_part_words(v, param);
      th_html_str(v->h, ": ");
    }
    put_value(v, value);
    th_html_close(v->h);
    th_part_fact_end(v);
  }
  put_interval(v, a);
  th_part_fact_enum(v, M(kind_of_test), TH_F_OutcomeAnalysisNonInferiorityType,
                    th_part_text(v, a, "nonInferiorityType"));
  th_html_close(v->h);
  put_prose(v, th_part_text(v, a, "statisticalComment"));
  put_prose(v, th_part_text(v, a, "pValueComment"));
  put_prose(v, th_part_text(v, a, "estimateComment"));
  put_prose(v, th_part_text(v, a, "nonInferiorityComment"));
  put_prose(v, th_part_text(v, a, "otherAnalysisDescription"));
  th_html_close(v->h);
}

static void put_analyses(const th_study_view *v, uint32_t list) {
  if (!list) return;
  th_html_element_str(v->h, "h5", NULL, M(statistical_analyses));
  th_html_open(v->h, "ol", "analyses");
  for (th_json_each(v->j, list, e))
    put_analysis(v, e);
  th_html_close(v->h);
}

static void put_outcome_table(const th_study_view *v, uint32_t outcome, uint32_t list) {
  groups g;
  if (!list) return;
  read_groups(v, list, &g);
  open_table(v, M(values_of_this_outcome), &g);
  denom_rows(v, &g, th_part_array(v, outcome, "denoms"));
  if (has_measure_kind(v, outcome)) {
    open_head(v, &g);
    put_measure_kind(v, outcome);
    th_html_close_n(v->h, 2);
  }
  put_classes(v, &g, th_part_array(v, outcome, "classes"), false);
  close_table(v, &g);
  put_group_notes(v, list);
}

static void put_outcome(const th_study_view *v, uint32_t outcome) {
  th_span type = th_part_text(v, outcome, "type"), when = th_part_text(v, outcome, "timeFrame");
  th_html_open(v->h, "details", "outcome");
  th_html_open(v->h, "summary", NULL);
  th_html_open(v->h, "h4", NULL);
  if (type.n) {
    th_words_label(v->h->lang, TH_F_OutcomeMeasureType, type, th_html_scratch(v->h));
    th_html_scratch_element(v->h, "span", "kind");
    th_html_str(v->h, " ");
  }
  th_part_words(v, th_part_text(v, outcome, "title"));
  th_html_close_n(v->h, 2);
  put_prose(v, th_part_text(v, outcome, "description"));
  if (when.n) {
    th_html_open(v->h, "p", "quiet");
    th_html_str(v->h, M(lead_time_frame));
    th_part_words(v, when);
    th_html_close(v->h);
  }
  put_prose(v, th_part_text(v, outcome, "populationDescription"));
  put_outcome_table(v, outcome, th_part_array(v, outcome, "groups"));
  put_analyses(v, th_part_array(v, outcome, "analyses"));
  th_html_close(v->h);
}

static void put_outcomes(const th_study_view *v, uint32_t module) {
  uint32_t list = th_part_array(v, module, "outcomeMeasures");
  if (!list) return;
  th_part_heading(v, M(outcome_measures));
  for (th_json_each(v->j, list, e))
    put_outcome(v, e);
}

/* ---- adverse events ---- */

static void affected(const th_study_view *v, uint32_t node, const char *n, const char *of,
                     bool bar) {
  th_span count = th_part_value(v, node, n), risk = th_part_value(v, node, of);
  th_html_open(v->h, "td", NULL);
  put_value(v, count);
  if (count.n && risk.n) th_html_str(v->h, M(tail_of));
  put_value(v, risk);
  double share = th_part_share(v, node, n, of);
  if (share >= 0) {
    th_html_str(v->h, " ");
    th_html_open(v->h, "small", NULL);
    th_html_str(v->h, "(");
    th_part_percent(v, share);
    th_html_str(v->h, ")");
    th_html_close(v->h);
    if (bar) th_part_bar(v, share, 1);
  }
  th_html_close(v->h);
}

static void put_event_sums(const th_study_view *v, const groups *g, uint32_t list) {
  static const char *const rows[][3] = {
      {M(deaths_from_any_cause), "deathsNumAffected", "deathsNumAtRisk"},
      {M(serious_events), "seriousNumAffected", "seriousNumAtRisk"},
      {M(other_events), "otherNumAffected", "otherNumAtRisk"}};
  for (size_t i = 0; i < TH_COUNT(rows); i++) {
    bool any = false;
    uint32_t shown = 0;
    for (th_json_each(v->j, list, e))
      any = any || th_part_value(v, e, rows[i][1]).n || th_part_value(v, e, rows[i][2]).n;
    if (!any) continue;
    open_row(v, NULL, th_span_of(rows[i][0]));
    for (th_json_each(v->j, list, group))
      if (shown++ < g->n) affected(v, group, rows[i][1], rows[i][2], true);
    th_html_close(v->h);
  }
}

static void put_events(const th_study_view *v, const groups *g, const char *title, uint32_t list) {
  th_span system = {0};
  if (!list) return;
  th_html_open(v->h, "details", NULL);
  th_html_open(v->h, "summary", NULL);
  th_html_open(v->h, "h4", NULL);
  th_html_str(v->h, title);
  th_html_str(v->h, " ");
  th_html_open(v->h, "span", "n");
  th_html_i64(v->h, v->j->nodes[list].n);
  th_html_close_n(v->h, 3);
  open_table(v, title, g);
  for (th_json_each(v->j, list, e)) {
    th_span its = th_part_text(v, e, "organSystem");
    uint32_t stats = th_part_array(v, e, "stats"), hint = stats ? stats + 1 : 0;
    if (!th_span_eq(its, system)) head_row(v, g, its);
    system = its;
    open_row(v, NULL, th_part_text(v, e, "term"));
    for (uint32_t i = 0; i < g->n; i++)
      affected(v, of_group(v, stats, g, i, &hint), "numAffected", "numAtRisk", false);
    th_html_close(v->h);
  }
  close_table(v, g);
  th_html_close(v->h);
}

static void put_adverse(const th_study_view *v, uint32_t module) {
  groups g;
  uint32_t list = th_part_array(v, module, "eventGroups");
  if (!module) return;
  th_part_heading(v, M(adverse_events));
  th_html_open(v->h, "dl", NULL);
  th_part_fact_words(v, M(time_frame), th_part_text(v, module, "timeFrame"));
  th_part_fact_text(v, M(reported_from_a_frequency_of),
                    th_part_value(v, module, "frequencyThreshold"));
  th_html_close(v->h);
  put_prose(v, th_part_text(v, module, "description"));
  put_prose(v, th_part_text(v, module, "allCauseMortalityComment"));
  if (!list) return;
  read_groups(v, list, &g);
  open_table(v, M(participants_affected), &g);
  put_event_sums(v, &g, list);
  close_table(v, &g);
  uint32_t serious = th_part_array(v, module, "seriousEvents");
  uint32_t other = th_part_array(v, module, "otherEvents");
  th_part_event_chart(v, list, serious, other);
  put_events(v, &g, M(serious_adverse_events), serious);
  put_events(v, &g, M(other_adverse_events), other);
  put_group_notes(v, list);
}

/* ---- the rest ---- */

static void put_limits(const th_study_view *v, uint32_t module) {
  uint32_t contact = th_part_object(v, module, "pointOfContact");
  uint32_t agreement = th_part_object(v, module, "certainAgreement");
  th_part_markup(v, M(limitations_and_caveats),
                 th_part_text(v, module, "limitationsAndCaveats.description"));
  if (agreement) {
    th_html_element_str(v->h, "h3", NULL, M(agreements_with_investigators));
    th_html_open(v->h, "dl", "grid");
    th_part_fact_bool(v, M(investigators_employed_by_the_sponsor),
                      th_part_bool(v, agreement, "piSponsorEmployee"));
    th_part_fact_bool(v, M(publication_is_restricted),
                      th_part_bool(v, agreement, "restrictiveAgreement"));
    th_html_close(v->h);
    put_prose(v, th_part_text(v, agreement, "otherDetails"));
  }
  if (!contact) return;
  th_html_element_str(v->h, "h3", NULL, M(contact_for_the_results));
  th_html_open(v->h, "dl", "grid");
  th_part_fact_text(v, M(person), th_part_text(v, contact, "title"));
  th_part_fact_text(v, M(organization), th_part_text(v, contact, "organization"));
  th_part_fact_text(v, M(telephone), th_part_text(v, contact, "phone"));
  th_part_fact_text(v, M(e_mail), th_part_text(v, contact, "email"));
  th_html_close(v->h);
}

void th_part_results(const th_study_view *v) {
  if (!v->results) return;
  th_part_section(v, "results", M(results));
  put_flow(v, th_part_object(v, v->results, "participantFlowModule"));
  put_baseline(v, th_part_object(v, v->results, "baselineCharacteristicsModule"));
  put_outcomes(v, th_part_object(v, v->results, "outcomeMeasuresModule"));
  put_adverse(v, th_part_object(v, v->results, "adverseEventsModule"));
  put_limits(v, th_part_object(v, v->results, "moreInfoModule"));
  th_part_section_end(v);
}
