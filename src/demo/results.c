/* resultsSection: every number follows from the plan, so that what starts equals what completes
 * plus what leaves, and totals are sums. */
#include "demo/plan.h"

/* "FG000": groups of the flow (F), baseline (B), outcomes (O), events (E). */
static void group_id(th_jout *w, const char *key, char kind, unsigned i) {
  char id[] = {kind, 'G', '0', '0', (char)('0' + i), 0};
  if (key)
    th_jout_kv_str(w, key, id);
  else
    th_jout_str(w, id);
}

static void kv_count(th_demo *d, const char *key, uint64_t v) {
  th_buf_clear(&d->text);
  th_buf_u64(&d->text, v);
  th_jout_kv_text(&d->out, key, th_buf_view(&d->text));
}

static void kv_tenths(th_demo *d, const char *key, int v) {
  th_buf_clear(&d->text);
  demo_tenths(&d->text, v);
  th_jout_kv_text(&d->out, key, th_buf_view(&d->text));
}

static void group(th_demo *d, char kind, unsigned i) {
  const demo_plan *p = &d->plan;
  group_id(&d->out, "id", kind, i);
  if (i == p->n_arms) { /* the column of totals */
    th_jout_kv_str(&d->out, "title", "Total");
    th_jout_kv_str(&d->out, "description", "Total of all reporting groups");
    return;
  }
  th_jout_kv_text(&d->out, "title", th_buf_view(&p->arm[i]));
  demo_text(d, "description",
            i && i + 1 == p->n_arms ? "Participants of the control group."
                                    : "Participants who received {drug}, {dose}.");
}

static void groups(th_demo *d, char kind, unsigned n) {
  th_jout_key(&d->out, "groups");
  th_jout_array(&d->out);
  for (unsigned i = 0; i < n; i++) {
    th_jout_object(&d->out);
    group(d, kind, i);
    th_jout_end_object(&d->out);
  }
  th_jout_end_array(&d->out);
}

/* ---- participant flow ---- */

static void flow_numbers(th_demo *d, const char *type, const char *list, const uint32_t *n) {
  th_jout *w = &d->out;
  th_jout_object(w);
  th_jout_kv_str(w, "type", type);
  th_jout_key(w, list);
  th_jout_array(w);
  for (unsigned i = 0; i < d->plan.n_arms; i++) {
    th_jout_object(w);
    group_id(w, "groupId", 'F', i);
    kv_count(d, "numSubjects", n[i]);
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
  th_jout_end_object(w);
}

static void participant_flow(th_demo *d, const uint32_t *completed) {
  static const char *const reasons[] = {"Lost to Follow-up", "Withdrawal by Subject",
                                        "Adverse Event"};
  th_jout *w = &d->out;
  demo_plan *p = &d->plan;
  uint32_t left[DEMO_ARMS], why[3][DEMO_ARMS];
  for (unsigned i = 0; i < p->n_arms; i++) {
    left[i] = p->n[i] - completed[i];
    why[0][i] = left[i] / 2;
    why[1][i] = (left[i] - why[0][i]) / 2;
    why[2][i] = left[i] - why[0][i] - why[1][i];
  }
  th_jout_key(w, "participantFlowModule");
  th_jout_object(w);
  demo_text(d, "recruitmentDetails",
            "Participants were recruited at [hospitals|outpatient clinics|academic centers] of the "
            "made-up sponsor.");
  groups(d, 'F', p->n_arms);
  th_jout_key(w, "periods");
  th_jout_array(w);
  th_jout_object(w);
  th_jout_kv_str(w, "title", "Overall Study");
  th_jout_key(w, "milestones");
  th_jout_array(w);
  flow_numbers(d, "STARTED", "achievements", p->n);
  flow_numbers(d, "COMPLETED", "achievements", completed);
  flow_numbers(d, "NOT COMPLETED", "achievements", left);
  th_jout_end_array(w);
  th_jout_key(w, "dropWithdraws");
  th_jout_array(w);
  for (unsigned r = 0; r < 3; r++)
    flow_numbers(d, reasons[r], "reasons", why[r]);
  th_jout_end_array(w);
  th_jout_end_object(w);
  th_jout_end_array(w);
  th_jout_end_object(w);
}

/* ---- tables of baseline and outcomes ---- */

static void denoms(th_demo *d, char kind, const uint32_t *n, unsigned columns) {
  th_jout *w = &d->out;
  th_jout_key(w, "denoms");
  th_jout_array(w);
  th_jout_object(w);
  th_jout_kv_str(w, "units", "Participants");
  th_jout_key(w, "counts");
  th_jout_array(w);
  for (unsigned i = 0; i < columns; i++) {
    th_jout_object(w);
    group_id(w, "groupId", kind, i);
    kv_count(d, "value", n[i]);
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
  th_jout_end_object(w);
  th_jout_end_array(w);
}

/* One row of a table: counts (spread NULL) or tenths with their spread. */
typedef struct row {
  const char *title; /* NULL = none */
  const int *value, *spread, *low, *high;
  bool counts;
} row;

static void category(th_demo *d, char kind, const row *r, unsigned columns) {
  th_jout *w = &d->out;
  th_jout_object(w);
  if (r->title) th_jout_kv_str(w, "title", r->title);
  th_jout_key(w, "measurements");
  th_jout_array(w);
  for (unsigned i = 0; i < columns; i++) {
    th_jout_object(w);
    group_id(w, "groupId", kind, i);
    if (r->counts)
      kv_count(d, "value", (uint64_t)r->value[i]);
    else
      kv_tenths(d, "value", r->value[i]);
    if (r->spread) kv_tenths(d, "spread", r->spread[i]);
    if (r->low) kv_tenths(d, "lowerLimit", r->low[i]);
    if (r->high) kv_tenths(d, "upperLimit", r->high[i]);
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
  th_jout_end_object(w);
}

static void classes(th_demo *d, char kind, const row *rows, unsigned n, unsigned columns) {
  th_jout *w = &d->out;
  th_jout_key(w, "classes");
  th_jout_array(w);
  th_jout_object(w);
  th_jout_key(w, "categories");
  th_jout_array(w);
  for (unsigned i = 0; i < n; i++)
    category(d, kind, &rows[i], columns);
  th_jout_end_array(w);
  th_jout_end_object(w);
  th_jout_end_array(w);
}

static void baseline_age(th_demo *d, const uint32_t *n) {
  th_jout *w = &d->out;
  demo_plan *p = &d->plan;
  unsigned k = p->n_arms, high = p->max_age ? p->max_age : 85;
  int mean[DEMO_ARMS + 1], sd[DEMO_ARMS + 1];
  int64_t sum = 0;
  for (unsigned i = 0; i < k; i++) {
    mean[i] = (int)(p->min_age + high) * 5 + demo_between(&p->rng, -20, 20);
    sd[i] = (int)(high - p->min_age) * 2 + demo_between(&p->rng, 1, 9);
    sum += (int64_t)mean[i] * n[i];
  }
  mean[k] = (int)(sum / TH_MAX(n[k], 1u));
  sd[k] = sd[0];
  th_jout_object(w);
  th_jout_kv_str(w, "title", "Age, Continuous");
  th_jout_kv_str(w, "paramType", "MEAN");
  th_jout_kv_str(w, "dispersionType", "STANDARD_DEVIATION");
  th_jout_kv_str(w, "unitOfMeasure", p->neonates ? "hours" : "years");
  row r = {.value = mean, .spread = sd};
  classes(d, 'B', &r, 1, k + 1);
  th_jout_end_object(w);
}

static void baseline_sex(th_demo *d, const uint32_t *n) {
  th_jout *w = &d->out;
  demo_plan *p = &d->plan;
  unsigned k = p->n_arms;
  int female[DEMO_ARMS + 1], male[DEMO_ARMS + 1];
  female[k] = male[k] = 0;
  for (unsigned i = 0; i < k; i++) {
    int percent = strcmp(p->sex, "FEMALE") == 0 ? 100
                  : strcmp(p->sex, "MALE") == 0 ? 0
                                                : demo_between(&p->rng, 30, 65);
    female[i] = (int)(n[i] * (unsigned)percent / 100);
    male[i] = (int)n[i] - female[i];
    female[k] += female[i];
    male[k] += male[i];
  }
  th_jout_object(w);
  th_jout_kv_str(w, "title", "Sex: Female, Male");
  th_jout_kv_str(w, "paramType", "COUNT_OF_PARTICIPANTS");
  th_jout_kv_str(w, "unitOfMeasure", "Participants");
  row r[] = {{.title = "Female", .value = female, .counts = true},
             {.title = "Male", .value = male, .counts = true}};
  classes(d, 'B', r, 2, k + 1);
  th_jout_end_object(w);
}

static void baseline(th_demo *d) {
  th_jout *w = &d->out;
  const demo_plan *p = &d->plan;
  uint32_t n[DEMO_ARMS + 1];
  n[p->n_arms] = 0;
  for (unsigned i = 0; i < p->n_arms; i++)
    n[i] = p->n[i], n[p->n_arms] += p->n[i];
  th_jout_key(w, "baselineCharacteristicsModule");
  th_jout_object(w);
  groups(d, 'B', p->n_arms + 1);
  denoms(d, 'B', n, p->n_arms + 1);
  th_jout_key(w, "measures");
  th_jout_array(w);
  baseline_age(d, n);
  baseline_sex(d, n);
  th_jout_end_array(w);
  th_jout_end_object(w);
}

/* ---- outcomes ---- */

static int number(th_span s) {
  bool minus = s.n && s.p[0] == '-';
  int v = 0;
  for (size_t i = minus; i < s.n; i++)
    v = v * 10 + (s.p[i] - '0');
  return minus ? -v : v;
}

/* Base and effect as the table has them; the control group is the last, or the only one. */
static void outcome_values(demo_plan *p, th_span line, char kind, const uint32_t *n, int *value,
                           int *spread) {
  int base = number(demo_part(line, 4)), effect = number(demo_part(line, 5)),
      sd = number(demo_part(line, 6));
  for (unsigned i = 0; i < p->n_arms; i++) {
    bool treated = p->n_arms == 1 || i + 1 < p->n_arms;
    int noise = demo_between(&p->rng, -8, 8), share = p->control == DEMO_DOSES && i == 1 ? 60 : 100;
    int v = base + (treated ? effect * share / 100 : 0);
    v += (v < 0 ? -v : v) * noise / 100;
    if (kind == 'P')
      v = (int)((uint64_t)TH_MIN(TH_MAX(v, 0), 1000) * n[i] / 1000); /* participants */
    if (kind == 'S') v = TH_MAX(v, 5);
    value[i] = v;
    spread[i] = TH_MAX(sd + sd * noise / 100, 1);
  }
}

static void analysis(th_demo *d, char kind, const int *value) {
  static const char *const p_values[] = {"<0.001", "0.002", "0.014", "0.031",
                                         "0.048",  "0.07",  "0.21",  "0.46"};
  th_jout *w = &d->out;
  demo_plan *p = &d->plan;
  unsigned last = p->n_arms - 1;
  int difference = value[0] - value[last],
      half = (difference < 0 ? -difference : difference) * demo_between(&p->rng, 4, 13) / 10 + 2;
  th_jout_key(w, "analyses");
  th_jout_array(w);
  th_jout_object(w);
  if (kind == 'M') {
    th_jout_kv_str(w, "paramType", "Mean Difference (Final Values)");
    kv_tenths(d, "paramValue", difference);
  }
  th_jout_kv_str(w, "statisticalMethod",
                 kind == 'M'   ? "Mixed Models Analysis"
                 : kind == 'S' ? "Log Rank"
                               : "Cochran-Mantel-Haenszel");
  th_jout_kv_str(w, "pValue", p_values[demo_below(&p->rng, TH_COUNT(p_values))]);
  if (kind == 'M') {
    th_jout_kv_str(w, "ciNumSides", "TWO_SIDED");
    th_jout_kv_str(w, "ciPctValue", "95");
    kv_tenths(d, "ciLowerLimit", difference - half);
    kv_tenths(d, "ciUpperLimit", difference + half);
  }
  th_jout_kv_bool(w, "testedNonInferiority", false);
  th_jout_kv_str(w, "nonInferiorityType", "SUPERIORITY");
  th_jout_key(w, "groupIds");
  th_jout_array(w);
  group_id(w, NULL, 'O', 0);
  group_id(w, NULL, 'O', last);
  th_jout_end_array(w);
  th_jout_end_object(w);
  th_jout_end_array(w);
}

static void outcome(th_demo *d, unsigned which, const uint32_t *completed) {
  th_jout *w = &d->out;
  demo_plan *p = &d->plan;
  th_span line = p->outcome[which];
  char kind = demo_part(line, 3).p[0];
  int value[DEMO_ARMS] = {0}, spread[DEMO_ARMS] = {0}, low[DEMO_ARMS] = {0}, high[DEMO_ARMS] = {0};
  outcome_values(p, line, kind, completed, value, spread);
  for (unsigned i = 0; i < p->n_arms; i++)
    low[i] = value[i] * 7 / 10, high[i] = value[i] * 14 / 10;
  th_jout_object(w);
  th_jout_kv_str(w, "type", which ? "SECONDARY" : "PRIMARY");
  th_jout_kv_text(w, "title", demo_part(line, 0));
  th_jout_kv_text(w, "description", demo_part(line, 1));
  th_jout_kv_str(w, "populationDescription", "Participants who completed the study.");
  th_jout_kv_str(w, "reportingStatus", "POSTED");
  th_jout_kv_str(w, "paramType",
                 kind == 'M'   ? "MEAN"
                 : kind == 'S' ? "MEDIAN"
                               : "COUNT_OF_PARTICIPANTS");
  if (kind != 'P')
    th_jout_kv_str(w, "dispersionType",
                   kind == 'M' ? "Standard Deviation" : "95% Confidence Interval");
  if (kind == 'P')
    th_jout_kv_str(w, "unitOfMeasure", "Participants");
  else
    th_jout_kv_text(w, "unitOfMeasure", demo_part(line, 2));
  demo_text(d, "timeFrame", "Week {weeks}");
  groups(d, 'O', p->n_arms);
  denoms(d, 'O', completed, p->n_arms);
  row r = {.value = value,
           .counts = kind == 'P',
           .spread = kind == 'M' ? spread : NULL,
           .low = kind == 'S' ? low : NULL,
           .high = kind == 'S' ? high : NULL};
  classes(d, 'O', &r, 1, p->n_arms);
  if (p->n_arms > 1) analysis(d, kind, value);
  th_jout_end_object(w);
}

/* ---- adverse events ---- */

enum { EVENTS = 12 };

/* affected[e][i]; in any group at least as many participants have some event as have each one. */
typedef struct events {
  th_span line[EVENTS];
  uint32_t affected[EVENTS][DEMO_ARMS];
  unsigned n, n_serious; /* the first n_serious are serious */
  uint32_t any[DEMO_ARMS], any_serious[DEMO_ARMS], deaths[DEMO_ARMS];
} events;

static void draw_events(demo_plan *p, events *e) {
  const char *lists[] = {demo_specialties[p->condition->field].events, demo_general.events};
  *e = (events){0};
  for (unsigned l = 0; l < 2; l++)
    for (unsigned i = 0; i < demo_lines(lists[l]) && e->n < EVENTS; i++)
      if (demo_chance(&p->rng, 70)) e->line[e->n++] = demo_line(lists[l], i);
  e->n_serious = 1 + demo_below(&p->rng, 2);
  if (e->n_serious > e->n) e->n_serious = e->n;
  for (unsigned i = 0; i < p->n_arms; i++) {
    uint32_t most = 0, most_serious = 0;
    for (unsigned k = 0; k < e->n; k++) {
      unsigned percent = k < e->n_serious ? demo_below(&p->rng, 4) : 3 + demo_below(&p->rng, 25);
      e->affected[k][i] = p->n[i] * percent / 100;
      if (k < e->n_serious)
        most_serious = TH_MAX(most_serious, e->affected[k][i]);
      else
        most = TH_MAX(most, e->affected[k][i]);
    }
    e->any[i] = TH_MIN(p->n[i], most + p->n[i] / 5);
    e->any_serious[i] = TH_MIN(p->n[i], most_serious + p->n[i] / 50);
    e->deaths[i] = p->condition->field == ONCOLOGY ? p->n[i] * demo_below(&p->rng, 30) / 100
                                                   : p->n[i] * demo_below(&p->rng, 2) / 100;
  }
}

static void event_rows(th_demo *d, const events *e, bool serious) {
  th_jout *w = &d->out;
  unsigned from = serious ? 0 : e->n_serious, to = serious ? e->n_serious : e->n;
  if (from == to) return;
  th_jout_key(w, serious ? "seriousEvents" : "otherEvents");
  th_jout_array(w);
  for (unsigned k = from; k < to; k++) {
    th_jout_object(w);
    th_jout_kv_text(w, "term", demo_part(e->line[k], 0));
    th_jout_kv_text(w, "organSystem", demo_part(e->line[k], 1));
    th_jout_kv_str(w, "sourceVocabulary", "MedDRA (made-up data)");
    th_jout_kv_str(w, "assessmentType", "SYSTEMATIC_ASSESSMENT");
    th_jout_key(w, "stats");
    th_jout_array(w);
    for (unsigned i = 0; i < d->plan.n_arms; i++) {
      th_jout_object(w);
      group_id(w, "groupId", 'E', i);
      th_jout_kv_i64(w, "numEvents", e->affected[k][i] + e->affected[k][i] / 4);
      th_jout_kv_i64(w, "numAffected", e->affected[k][i]);
      th_jout_kv_i64(w, "numAtRisk", d->plan.n[i]);
      th_jout_end_object(w);
    }
    th_jout_end_array(w);
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
}

static void adverse_events(th_demo *d) {
  th_jout *w = &d->out;
  const demo_plan *p = &d->plan;
  events e;
  draw_events(&d->plan, &e);
  th_jout_key(w, "adverseEventsModule");
  th_jout_object(w);
  th_jout_kv_str(w, "frequencyThreshold", "0");
  demo_text(d, "timeFrame", "From the first dose to {2-8/2} weeks after week {weeks}");
  th_jout_key(w, "eventGroups");
  th_jout_array(w);
  for (unsigned i = 0; i < p->n_arms; i++) {
    th_jout_object(w);
    group(d, 'E', i);
    th_jout_kv_i64(w, "deathsNumAffected", e.deaths[i]);
    th_jout_kv_i64(w, "deathsNumAtRisk", p->n[i]);
    th_jout_kv_i64(w, "seriousNumAffected", e.any_serious[i]);
    th_jout_kv_i64(w, "seriousNumAtRisk", p->n[i]);
    th_jout_kv_i64(w, "otherNumAffected", e.any[i]);
    th_jout_kv_i64(w, "otherNumAtRisk", p->n[i]);
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
  event_rows(d, &e, true);
  event_rows(d, &e, false);
  th_jout_end_object(w);
}

static void more_info(th_demo *d) {
  th_jout *w = &d->out;
  th_jout_key(w, "moreInfoModule");
  th_jout_object(w);
  th_jout_key(w, "certainAgreement");
  th_jout_object(w);
  th_jout_kv_bool(w, "piSponsorEmployee", false);
  th_jout_kv_bool(w, "restrictiveAgreement", false);
  th_jout_end_object(w);
  th_jout_key(w, "pointOfContact");
  th_jout_object(w);
  demo_text(d, "title", "Example Investigator {10-99}");
  th_jout_kv_str(w, "organization", d->plan.sponsor->name);
  th_jout_kv_str(w, "email", "contact@example.org");
  th_jout_kv_str(w, "phone", "+1 555 0100");
  th_jout_end_object(w);
  th_jout_end_object(w);
}

void demo_results(th_demo *d) {
  demo_plan *p = &d->plan;
  uint32_t completed[DEMO_ARMS];
  for (unsigned i = 0; i < p->n_arms; i++)
    completed[i] = p->n[i] - p->n[i] * (2 + demo_below(&p->rng, 18)) / 100;
  th_jout_key(&d->out, "resultsSection");
  th_jout_object(&d->out);
  participant_flow(d, completed);
  baseline(d);
  th_jout_key(&d->out, "outcomeMeasuresModule");
  th_jout_object(&d->out);
  th_jout_key(&d->out, "outcomeMeasures");
  th_jout_array(&d->out);
  for (unsigned i = 0; i < p->n_outcomes; i++)
    outcome(d, i, completed);
  th_jout_end_array(&d->out);
  th_jout_end_object(&d->out);
  adverse_events(d);
  more_info(d);
  th_jout_end_object(&d->out);
}
