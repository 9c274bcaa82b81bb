#include "demo/plan.h"

#include <stdio.h>

const char *const demo_phases[] = {"EARLY_PHASE1",  "PHASE1", "PHASE1 PHASE2", "PHASE2",
                                   "PHASE2 PHASE3", "PHASE3", "PHASE4",        "NA"};
enum { PHASE_NA = 7 };

static demo_treatment treatment_of(const demo_condition *c, unsigned i) {
  th_span line = demo_line(c->treatments, i);
  return (demo_treatment){demo_part(line, 0), demo_part(line, 1), demo_part(line, 2),
                          demo_part(line, 3), demo_part(line, 4)};
}

static bool is_drug(const demo_plan *p) {
  th_span type = p->treatment.type;
  return th_span_eq(type, TH_SPAN("DRUG")) || th_span_eq(type, TH_SPAN("BIOLOGICAL")) ||
         th_span_eq(type, TH_SPAN("GENETIC"));
}

static void draw_condition(demo_plan *p) {
  p->condition = &demo_conditions[demo_below(&p->rng, demo_n_conditions)];
  p->second = NULL;
  if (!demo_chance(&p->rng, 22)) return;
  const demo_condition *other = &demo_conditions[demo_below(&p->rng, demo_n_conditions)];
  for (unsigned tries = 0; tries < 8 && other->field != p->condition->field; tries++)
    other = &demo_conditions[demo_below(&p->rng, demo_n_conditions)];
  if (other != p->condition && other->field == p->condition->field) p->second = other;
}

static void draw_control(demo_plan *p) {
  unsigned n = demo_lines(p->condition->treatments), i = demo_below(&p->rng, n);
  p->treatment = treatment_of(p->condition, i);
  p->comparator = treatment_of(p->condition, (i + 1 + demo_below(&p->rng, n - 1)) % n);
  unsigned dice = demo_below(&p->rng, 100);
  p->control = dice < 22   ? DEMO_NO_CONTROL
               : dice < 58 ? DEMO_PLACEBO
               : dice < 82 ? DEMO_ACTIVE
                           : DEMO_USUAL_CARE;
  if (p->control == DEMO_PLACEBO && !is_drug(p)) p->control = DEMO_SHAM;
  bool device = th_span_eq(p->treatment.type, TH_SPAN("DEVICE")) ||
                th_span_eq(p->treatment.type, TH_SPAN("PROCEDURE"));
  if (p->control == DEMO_SHAM && !device) p->control = DEMO_USUAL_CARE;
  if (p->control == DEMO_PLACEBO && demo_chance(&p->rng, 20)) p->control = DEMO_DOSES;
}

static void draw_design(demo_plan *p) {
  unsigned dice = demo_below(&p->rng, 100);
  p->type = dice < 77 ? DEMO_INTERVENTIONAL : dice < 97 ? DEMO_OBSERVATIONAL : DEMO_EXPANDED;
  draw_control(p);
  if (p->type != DEMO_INTERVENTIONAL) p->control = DEMO_NO_CONTROL;
  if (p->type == DEMO_OBSERVATIONAL && demo_chance(&p->rng, 45)) p->control = DEMO_ACTIVE;
  static const unsigned char spread[] = {0, 1, 1, 1, 2, 2, 3, 3, 3, 3,
                                         3, 4, 5, 5, 5, 5, 6, 6, 6, 7};
  p->phase = is_drug(p) ? spread[demo_below(&p->rng, sizeof spread)] : PHASE_NA;
  if (p->phase <= 1 && p->control == DEMO_ACTIVE) p->control = DEMO_NO_CONTROL;
  p->n_arms = p->control == DEMO_NO_CONTROL ? 1 : p->control == DEMO_DOSES ? 3 : 2;
  p->single_group = p->n_arms == 1;
  p->randomized = !p->single_group && demo_chance(&p->rng, 92);
  p->crossover = p->n_arms == 2 && p->randomized && demo_chance(&p->rng, 7);
  p->masking = 0;
  if (p->randomized)
    p->masking = p->control == DEMO_PLACEBO || p->control == DEMO_DOSES || p->control == DEMO_SHAM
                     ? 2 + demo_below(&p->rng, 3)
                     : demo_below(&p->rng, 3);
  static const unsigned char weeks[] = {4, 6, 8, 12, 12, 16, 24, 24, 26, 36, 48, 52, 52, 104};
  p->weeks = weeks[demo_below(&p->rng, sizeof weeks)];
}

static void draw_numbers(demo_plan *p) {
  static const unsigned char by_phase[] = {12, 18, 24, 45, 80, 220, 120, 60};
  unsigned base = by_phase[p->phase];
  if (p->type == DEMO_OBSERVATIONAL) base = 160;
  p->enrolled = 0;
  for (unsigned i = 0; i < p->n_arms; i++) {
    p->n[i] = i && p->control != DEMO_ACTIVE
                  ? (uint32_t)((int)p->n[0] + demo_between(&p->rng, -3, 3))
                  : base / 3 + demo_below(&p->rng, base * 2) + 4;
    p->enrolled += p->n[i];
  }
}

/* Dates first, the status from them: what "today" makes of the study. */
static void draw_dates(demo_plan *p) {
  demo_rng *r = &p->rng;
  int first = 10957, span = DEMO_TODAY + 200 - first; /* from 2000 on, more of late */
  int a = demo_between(r, 0, span), b = demo_between(r, 0, span);
  p->start = first + TH_MAX(a, b);
  p->primary_end = p->start + 120 + (int)p->weeks * 7 + demo_between(r, 0, 1100);
  p->end = p->primary_end + (demo_chance(r, 40) ? 0 : demo_between(r, 20, 500));
  p->first_submit = p->start + demo_between(r, -150, 60);
  p->begun = p->start <= DEMO_TODAY;
  p->over = p->end <= DEMO_TODAY;
  p->withdrawn = false;
  if (!p->begun) p->first_submit = DEMO_TODAY - demo_between(r, 5, 200);
  p->first_submit = TH_MIN(p->first_submit, DEMO_TODAY - 8);
  unsigned dice = demo_below(r, 100);
  if (p->type == DEMO_EXPANDED) {
    p->status =
        p->over ? (dice < 50 ? "APPROVED_FOR_MARKETING" : "NO_LONGER_AVAILABLE") : "AVAILABLE";
  } else if (!p->begun) {
    p->status = "NOT_YET_RECRUITING";
  } else if (!p->over) {
    p->status = dice < 62   ? "RECRUITING"
                : dice < 84 ? "ACTIVE_NOT_RECRUITING"
                : dice < 94 ? "ENROLLING_BY_INVITATION"
                            : "SUSPENDED";
  } else {
    p->status = dice < 72   ? "COMPLETED"
                : dice < 82 ? "TERMINATED"
                : dice < 87 ? "WITHDRAWN"
                            : "UNKNOWN";
    p->withdrawn = strcmp(p->status, "WITHDRAWN") == 0;
  }
  bool done = strcmp(p->status, "COMPLETED") == 0 || strcmp(p->status, "TERMINATED") == 0;
  p->results_submit = p->primary_end + demo_between(r, 250, 500);
  p->has_results = done && p->type == DEMO_INTERVENTIONAL && p->results_submit + 60 < DEMO_TODAY &&
                   demo_chance(r, 45);
  int newest = p->has_results ? p->results_submit + 45 : TH_MAX(p->first_submit, p->start);
  int idle = demo_between(r, 10, 600);
  p->last_update = TH_MIN(TH_MAX(newest, p->over ? p->end : 0) + idle, DEMO_TODAY - 5);
  if (strcmp(p->status, "UNKNOWN") == 0)
    p->last_update = TH_MIN(TH_MAX(p->first_submit, p->start), DEMO_TODAY - 5);
  p->last_update = TH_MAX(p->last_update, p->first_submit);
  if (p->withdrawn) p->enrolled = 0;
}

static void draw_people(demo_plan *p) {
  static const unsigned char low[] = {18, 18, 18, 18, 18, 20, 21, 40, 50, 65, 12};
  static const unsigned char high[] = {0, 0, 65, 70, 75, 75, 80, 85};
  const char *name = p->condition->name;
  p->min_age = low[demo_below(&p->rng, sizeof low)];
  p->max_age = high[demo_below(&p->rng, sizeof high)];
  p->neonates = strcmp(name, "Preterm Birth") == 0;
  if (p->condition->field == PEDIATRICS && !p->neonates)
    p->min_age = (unsigned)demo_between(&p->rng, 1, 8),
    p->max_age = (unsigned)demo_between(&p->rng, 12, 17);
  if (p->condition->field == WOMEN)
    p->min_age = 18, p->max_age = (unsigned)demo_between(&p->rng, 40, 50);
  if (p->max_age && p->max_age <= p->min_age) p->max_age = p->min_age + 15;
  bool female = p->condition->field == WOMEN || strcmp(name, "Ovarian Cancer") == 0 ||
                strcmp(name, "Breast Cancer") == 0 || strcmp(name, "Osteoporosis") == 0;
  bool male = strcmp(name, "Prostate Cancer") == 0 || strcmp(name, "Hemophilia A") == 0;
  p->sex = female ? "FEMALE" : male ? "MALE" : "ALL";
}

static void draw_places(demo_plan *p) {
  unsigned dice = demo_below(&p->rng, 100);
  p->n_sites = dice < 8    ? 0
               : dice < 55 ? 1
               : dice < 85 ? 2 + demo_below(&p->rng, 6)
                           : 8 + demo_below(&p->rng, DEMO_SITES - 7);
  if (p->withdrawn && dice < 40) p->n_sites = 0;
  unsigned first = demo_below(&p->rng, demo_n_cities);
  for (unsigned i = 0; i < p->n_sites; i++) /* near one another in the table, or anywhere */
    p->sites[i] =
        demo_chance(&p->rng, 60) ? (first + i) % demo_n_cities : demo_below(&p->rng, demo_n_cities);
}

static void draw_names(demo_plan *p) {
  p->sponsor = &demo_sponsors[demo_below(&p->rng, demo_n_sponsors)];
  p->collaborator =
      demo_chance(&p->rng, 30) ? &demo_sponsors[demo_below(&p->rng, demo_n_sponsors)] : NULL;
  if (p->collaborator == p->sponsor) p->collaborator = NULL;
  static const char *const heads[] = {"STAR", "AUR", "NOV", "VER", "BRI",
                                      "COM",  "ECL", "HOR", "LUM", "PIO"};
  static const char *const tails[] = {"", "-1", "-2", "-3", "IA", "IS", "ON", "ET", "US", "EX"};
  p->acronym[0] = 0;
  if (demo_chance(&p->rng, 35))
    snprintf(p->acronym, sizeof p->acronym, "%s%s", heads[demo_below(&p->rng, 10)],
             tails[demo_below(&p->rng, 10)]);
  snprintf(p->org_id, sizeof p->org_id, "DEMO-%04u-%03u", demo_below(&p->rng, 10000),
           demo_below(&p->rng, 1000));
  p->n_outcomes = 0;
  p->outcome[p->n_outcomes++] =
      demo_line(p->condition->outcomes, demo_below(&p->rng, demo_lines(p->condition->outcomes)));
  const char *special = demo_specialties[p->condition->field].outcomes;
  p->outcome[p->n_outcomes++] = demo_line(special, demo_below(&p->rng, demo_lines(special)));
  p->outcome[p->n_outcomes++] =
      demo_line(demo_general.outcomes, demo_below(&p->rng, demo_lines(demo_general.outcomes)));
  for (unsigned i = 1; i < p->n_outcomes; i++) /* a field's outcome may be the condition's too */
    if (th_span_eq(demo_part(p->outcome[i], 0), demo_part(p->outcome[0], 0)))
      p->outcome[i] = p->outcome[--p->n_outcomes];
}

static void name_arms(demo_plan *p) {
  static const char *const control[] = {"",       "Placebo",    "Sham {drug}",
                                        "{comp}", "Usual care", "Placebo"};
  for (unsigned i = 0; i < DEMO_ARMS; i++)
    th_buf_clear(&p->arm[i]);
  if (p->type == DEMO_OBSERVATIONAL) {
    demo_phrase(p, &p->arm[0], TH_SPAN("{cond}[| cohort| treated with {drug}]"));
    if (p->n_arms > 1)
      demo_phrase(p, &p->arm[1],
                  TH_SPAN("[Healthy controls|Comparison cohort|Not treated with {drug}]"));
    return;
  }
  demo_phrase(p, &p->arm[0],
              p->control == DEMO_DOSES ? TH_SPAN("{drug}, high dose") : TH_SPAN("{drug}"));
  if (p->control == DEMO_DOSES) demo_phrase(p, &p->arm[1], TH_SPAN("{drug}, low dose"));
  if (p->n_arms > 1) demo_phrase(p, &p->arm[p->n_arms - 1], th_span_of(control[p->control]));
}

void demo_plan_draw(demo_plan *p, uint64_t seed, uint32_t index) {
  p->rng.state = seed * 0xD1342543DE82EF95u + (uint64_t)index * 0x9E3779B97F4A7C15u;
  p->rng.state = demo_next(&p->rng) ^ index; /* neighbours in number are strangers in content */
  p->nct = TH_DEMO_FIRST_NCT + index;
  draw_condition(p);
  draw_design(p);
  draw_numbers(p);
  draw_dates(p);
  draw_people(p);
  draw_places(p);
  draw_names(p);
  name_arms(p);
}
