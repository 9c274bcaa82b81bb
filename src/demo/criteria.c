/* The text of the eligibility criteria: a heading, a list in one of the usual styles, some items
 * with a list of their own. */
#include "demo/plan.h"

typedef struct list {
  demo_plan *plan;
  th_buf *out;
  bool numbered;
  unsigned n;
} list;

static void item(list *l, th_span template) {
  if (l->numbered)
    th_buf_printf(l->out, "%u. ", l->n + 1);
  else
    th_buf_str(l->out, "* ");
  l->n++;
  demo_phrase(l->plan, l->out, template);
  th_buf_char(l->out, '\n');
}

/* An item and `most` at most of the lines below it, each as an item one level deeper. */
static void nested(list *l, th_span head, const char *lines, unsigned most) {
  unsigned n = demo_lines(lines), start = demo_below(&l->plan->rng, n);
  item(l, head);
  th_buf_char(l->out, '\n');
  for (unsigned i = 0; i < most && i < n; i++) {
    if (l->numbered)
      th_buf_printf(l->out, "   %u. ", i + 1);
    else
      th_buf_str(l->out, "  * ");
    demo_phrase(l->plan, l->out, demo_line(lines, (start + i) % n));
    th_buf_char(l->out, '\n');
  }
}

/* `most` different lines of the list, in its order from a random place on. */
static void some(list *l, const char *lines, unsigned most) {
  unsigned n = demo_lines(lines), start = demo_below(&l->plan->rng, n);
  for (unsigned i = 0; i < most && i < n; i++)
    item(l, demo_line(lines, (start + i) % n));
}

static void age_item(list *l) {
  const demo_plan *p = l->plan;
  th_buf b;
  th_buf_init(&b, 256);
  if (p->neonates)
    th_buf_str(&b, "Postnatal age of less than 72 hours");
  else if (p->max_age)
    th_buf_printf(&b, "[Age|Aged] %u to %u years[, inclusive| at the time of consent|]", p->min_age,
                  p->max_age);
  else
    th_buf_printf(&b, "[Age \\>= %u years|%u years of age or older|At least %u years old]",
                  p->min_age, p->min_age, p->min_age);
  item(l, th_buf_view(&b));
  th_buf_dispose(&b);
}

static const char organ_function[] =
    "Absolute neutrophil count \\>= {10-15/5}/10 x 10^9/L\n"
    "Platelets \\>= {75-100/25} x 10^9/L\n"
    "Hemoglobin \\>= {80-100/10}/10 g/dL\n"
    "Serum creatinine \\<= {12-20}/10 mg/dL or creatinine clearance \\>= {30-60/10} mL/min\n"
    "Total bilirubin \\<= {15-20/5}/10 times the upper limit of normal\n"
    "AST and ALT \\<= {25-30/5}/10 times the upper limit of normal\n"
    "INR \\<= {13-15}/10";

static const char heart_disease[] =
    "Unstable angina or myocardial infarction within {3-6/3} months\n"
    "New York Heart Association class III or IV heart failure\n"
    "Systolic blood pressure \\> {150-180/10} mmHg or diastolic blood pressure \\> {90-110/10} "
    "mmHg despite treatment\n"
    "Ventricular arrhythmia that needs treatment\n"
    "Stroke or transient ischemic attack within {6-12/6} months";

static const char washout[] =
    "Investigational drugs: {28-30} days or {5-5} half-lives, whichever is longer\n"
    "Systemic corticosteroids (\\> {5-20/5} mg prednisone per day): {7-28/7} days\n"
    "Strong CYP3A4 inhibitors or inducers: {7-14/7} days\n"
    "Live vaccines: {28-30} days\n"
    "Biologic agents: {8-12/4} weeks";

static void inclusion(list *l) {
  demo_plan *p = l->plan;
  const demo_specialty *s = &demo_specialties[p->condition->field];
  age_item(l);
  item(l, TH_SPAN("[Diagnosis of {cond}|Confirmed {cond}|{cond}, diagnosed at least {1-12} months "
                  "before enrollment|Clinical diagnosis of {cond} ({brief})]"));
  some(l, p->condition->inclusion, 2 + demo_below(&p->rng, 3));
  if (p->second && demo_chance(&p->rng, 50)) item(l, TH_SPAN("[Coexisting|Known] {second}"));
  if (p->condition->field == ONCOLOGY || demo_chance(&p->rng, 25))
    nested(l, TH_SPAN("Adequate organ function within {7-28/7} days, defined as:"), organ_function,
           3 + demo_below(&p->rng, 4));
  some(l, s->inclusion, 1 + demo_below(&p->rng, 2));
  if (!p->neonates) some(l, demo_general.inclusion, 1 + demo_below(&p->rng, 3));
}

static void exclusion(list *l) {
  demo_plan *p = l->plan;
  const demo_specialty *s = &demo_specialties[p->condition->field];
  some(l, p->condition->exclusion, 2 + demo_below(&p->rng, 2));
  some(l, s->exclusion, 1 + demo_below(&p->rng, 3));
  if (!p->neonates && demo_chance(&p->rng, 35))
    nested(l, TH_SPAN("Clinically significant cardiovascular disease, including:"), heart_disease,
           2 + demo_below(&p->rng, 3));
  if (!p->neonates && demo_chance(&p->rng, 25))
    nested(l, TH_SPAN("Previous treatment within these times before the first dose:"), washout,
           2 + demo_below(&p->rng, 3));
  if (!p->neonates) some(l, demo_general.exclusion, 2 + demo_below(&p->rng, 4));
}

void demo_criteria(demo_plan *p, th_buf *out) {
  bool numbered = demo_chance(&p->rng, 35);
  list l = {.plan = p, .out = out, .numbered = numbered};
  th_buf_str(out, "Inclusion Criteria:\n\n");
  inclusion(&l);
  th_buf_str(out, "\nExclusion Criteria:\n\n");
  l.n = 0;
  exclusion(&l);
  th_buf_truncate(out, out->n - 1); /* no line end behind the last item */
}
