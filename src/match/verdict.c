#include "match/verdict.h"

#include "criteria/book.h"
#include "eligibility/attributes.h"
#include "match/kin.h"
#include "match/marks.h"
#include "match/verdict_private.h"

/* ---- the patient made ready ---- */

/* Whether a value counts before another of its attribute: stated before suspected, then the newest,
 * dated before undated, then the later one in the text; of FHIR resources, whose order says
 * nothing, the one with the lesser id. What is left decides by the value, so that the order of
 * facts never does. */
static bool counts_before(const th_patient *p, const th_patient_fact *a, const th_patient_fact *b) {
  int by_id = p->form == TH_PATIENT_FHIR ? th_span_cmp(a->resource, b->resource) : 0;
  if (a->certainty != b->certainty) return a->certainty < b->certainty;
  if (a->has_begin != b->has_begin) return a->has_begin;
  if (a->has_begin && a->begin.last_day != b->begin.last_day)
    return a->begin.last_day > b->begin.last_day;
  if (a->has_begin && a->begin.minute != b->begin.minute) return a->begin.minute > b->begin.minute;
  if (by_id) return by_id < 0;
  if (p->form != TH_PATIENT_FHIR && a->from != b->from) return a->from > b->from;
  if (a->canonical != b->canonical) return a->canonical > b->canonical;
  return a->relation > b->relation;
}

static bool may_count(const th_patient_fact *f) {
  return f->attribute >= 0 && (uint32_t)f->attribute < th_elig_n_attributes && !f->absent &&
         f->experiencer == TH_OF_PATIENT && f->certainty != TH_CERTAIN_HYPOTHETICAL &&
         !(f->flags & TH_FACT_IMPLAUSIBLE) && !isnan(f->canonical);
}

int th_verdict_prepare(th_verdict_patient *out, const th_patient *p, const th_concepts *dict,
                       th_arena *arena, th_err *err) {
  double low, high;
  *out = (th_verdict_patient){.p = p, .dict = dict};
  out->value = th_arena_alloc(arena, th_elig_n_attributes * sizeof *out->value);
  out->concepts = th_arena_calloc(arena, (size_t)p->n_facts + 1, sizeof *out->concepts);
  if (!out->value || !out->concepts) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (uint32_t i = 0; i < th_elig_n_attributes; i++)
    out->value[i] = TH_NO_FACT;
  for (uint32_t i = 0; i < p->n_facts; i++) {
    const th_patient_fact *f = &p->facts[i];
    if (f->type == TH_FACT_CONCEPT) {
      out->concepts[out->n_concepts++] = i;
    } else if (may_count(f)) {
      uint32_t *best = &out->value[f->attribute];
      if (*best == TH_NO_FACT || counts_before(p, f, &p->facts[*best])) *best = i;
    }
  }
  th_verdict_types(out);
  out->adult = th_age_completed(out, "a", &low, &high) && low >= 18;
  return 0;
}

/* ---- logic ---- */

/* How many of what is combined are met and not met, and the weakest basis of each in both lanes. */
typedef struct tally {
  uint32_t n, met, not_met;
  uint8_t basis_met, basis_not;
} tally;

static void count(tally *t, uint8_t truth, uint8_t basis) {
  t->n++;
  if (truth == TH_MET) t->met++, t->basis_met = TH_MAX(t->basis_met, basis);
  if (truth == TH_NOT_MET) t->not_met++, t->basis_not = TH_MAX(t->basis_not, basis);
}

/* Of a list that is shorter than what is asked of it something was not read: unknown. */
static uint8_t combined(const tally *t, uint8_t combine, uint32_t at_least) {
  uint32_t need = combine == TH_ELIG_ALL ? t->n : combine == TH_ELIG_ANY ? 1 : at_least;
  if (t->n == 0 || need == 0 || need > t->n) return TH_UNKNOWN;
  if (t->met >= need) return TH_MET;
  return t->n - t->not_met < need ? TH_NOT_MET : TH_UNKNOWN;
}

static uint8_t basis_for(const tally *t, uint8_t truth) {
  return truth == TH_MET ? t->basis_met : truth == TH_NOT_MET ? t->basis_not : TH_BASIS_NONE;
}

/* The plain lane counts; where it is silent, presumption may clear an exclusion. */
static void settle(th_verdict_node *out, uint8_t kind, uint8_t basis) {
  out->verdict = out->plain;
  out->basis = out->plain == TH_UNKNOWN ? TH_BASIS_NONE : basis;
  if (out->plain != TH_UNKNOWN || out->presumed == TH_UNKNOWN) return;
  out->basis = TH_BASIS_PRESUMED;
  if (kind == TH_ELIG_EXCLUSION && out->presumed == TH_NOT_MET) out->verdict = TH_NOT_MET;
}

static uint8_t truth_in(const th_verdict_fact *f, bool presuming) {
  return presuming ? f->presumed : f->truth;
}

/* A guarded fact: in "all", what does not apply stands in nobody's way; in "any" and "at least" it
 * does not help. */
static uint8_t guarded(uint8_t truth, uint8_t guard, bool helps) {
  uint8_t not_applying = TH_MET - guard;
  return helps ? TH_MIN(truth, guard) : TH_MAX(truth, not_applying);
}

/* What a fact says in a lane. Nobody is excluded for being able to consent or to comply: an item
 * that seems to say so speaks of what interferes with it. And of a single disease an exclusion of
 * all of its organ system does not say whether it matters. */
static uint8_t said_by(const th_elig_node *n, const th_verdict_fact *r, bool presuming) {
  uint8_t truth = truth_in(r, presuming);
  if (n->kind != TH_ELIG_EXCLUSION || truth != TH_MET) return truth;
  return r->flags & (TH_SAYS_ABILITY | TH_SAYS_WIDE) ? TH_UNKNOWN : truth;
}

/* What a fact says beside a bound that explains it (TH_MARK_EXPLAINS): where only the degree is not
 * told the bound decides, and silence is none when the bound is met. Of a note alone. */
static uint8_t said_with(const th_verdict_leaf *l, uint32_t i, bool presuming) {
  const th_verdict_fact *r = &l->all[i];
  uint8_t truth = said_by(l->n, r, presuming);
  bool exclusion = l->n->kind == TH_ELIG_EXCLUSION, last = i + 1 == l->n->fact + l->n->n_facts;
  if (!l->v->words || last || r->flags & TH_SAYS_NEGATED ||
      !(th_leaf_mark(l, i + 1) & TH_MARK_EXPLAINS) ||
      (exclusion && !(th_leaf_mark(l, i + 1) & TH_MARK_LINKED)))
    return truth;
  if (truth == TH_UNKNOWN && r->flags & TH_SAYS_DEGREE) return TH_MET;
  bool silent = truth == TH_NOT_MET && r->basis == TH_BASIS_PRESUMED;
  return silent && truth_in(r + 1, presuming) == TH_MET ? TH_UNKNOWN : truth;
}

/* A leaf in one lane. */
typedef struct lane {
  th_verdict_leaf *of;
  bool presuming;
  tally leaf, group;
  uint32_t group_from; /* its first fact */
} lane;

static bool is_untested(const th_verdict_leaf *l, uint32_t from, uint32_t end) {
  for (uint32_t i = from; i < end; i++)
    if (l->all[i].flags & TH_SAYS_UNTESTED) return true;
  return false;
}

/* What the words beside the group say is no matter of silence; of a note alone. */
static bool is_beside(const th_verdict_leaf *l, uint32_t from) {
  return l->v->words && (l->mark & TH_MARK_RESULTS || th_leaf_mark(l, from) & TH_MARK_TURNS);
}

/* The group of linked facts before fact `end` into the leaf's own tally. Of an exclusion it counts
 * as met only when the words around it that were not read are in the note, too: "traumatic cause of
 * dyspnea" is not dyspnea. */
static void close_group(lane *l, uint32_t end) {
  if (l->group.n == 0) return;
  th_verdict_leaf *of = l->of;
  bool exclusion = of->n->kind == TH_ELIG_EXCLUSION;
  uint8_t truth = combined(&l->group, of->n->combine == TH_ELIG_ALL ? TH_ELIG_ANY : TH_ELIG_ALL, 0);
  if (l->presuming && truth == TH_NOT_MET && exclusion &&
      (is_untested(of, l->group_from, end) || is_beside(of, l->group_from)))
    truth = TH_UNKNOWN;
  if (truth == TH_MET && exclusion) {
    th_verdict_truth rest = th_verdict_rest(of, l->group_from, end);
    if (rest != TH_MET) truth = l->presuming ? (uint8_t)rest : TH_UNKNOWN;
  }
  count(&l->leaf, truth, truth == TH_NOT_MET ? l->group.basis_not : basis_for(&l->group, truth));
  l->group = (tally){0};
}

/* "No other cause of stroke": not failed by a stroke. */
static bool fails_by_presence(const th_verdict_leaf *l, bool presuming) {
  for (uint32_t i = l->n->fact; i < l->n->fact + l->n->n_facts; i++)
    if (l->all[i].flags & TH_SAYS_NEGATED && truth_in(&l->all[i], presuming) == TH_NOT_MET)
      return true;
  return false;
}

/* One lane of a leaf. What applies to nobody like the patient is neither in the way of an inclusion
 * nor an exclusion. */
static uint8_t leaf_lane(th_verdict_leaf *of, bool presuming, uint8_t *basis) {
  lane l = {.of = of, .presuming = presuming};
  const th_elig_node *n = of->n;
  uint8_t some_guard = TH_NOT_MET;
  bool exclusion = n->kind == TH_ELIG_EXCLUSION;
  bool helps = n->n_facts > 1 ? n->combine != TH_ELIG_ALL : exclusion;
  for (uint32_t i = n->fact; i < n->fact + n->n_facts; i++) {
    const th_verdict_fact *f = &of->all[i];
    if (f->flags & TH_SAYS_IDLE && n->n_facts > 1) continue;
    const uint8_t mark = th_leaf_mark(of, i);
    if (mark & TH_MARK_ASIDE) continue;
    if (!(mark & TH_MARK_LINKED)) close_group(&l, i);
    if (l.group.n == 0) l.group_from = i;
    count(&l.group, guarded(said_with(of, i, presuming), f->guard, helps), f->basis);
    some_guard = TH_MAX(some_guard, f->guard);
  }
  close_group(&l, n->fact + n->n_facts);
  uint8_t truth = combined(&l.leaf, n->n_facts > 1 ? n->combine : TH_ELIG_ALL, n->at_least);
  if (l.leaf.n == 0) return n->n_facts ? TH_MET : TH_UNKNOWN;
  *basis = basis_for(&l.leaf, truth);
  if (exclusion && !helps) truth = TH_MIN(truth, some_guard);
  if (!exclusion && helps) truth = TH_MAX(truth, TH_MET - some_guard);
  if (!exclusion && (truth == TH_MET || fails_by_presence(of, presuming)) &&
      th_verdict_rest(of, n->fact, n->fact + n->n_facts) != TH_MET)
    truth = TH_UNKNOWN;
  if (truth != TH_UNKNOWN && *basis == TH_BASIS_NONE) *basis = TH_BASIS_STATED;
  return truth;
}

bool th_verdict_asks_none(const th_elig_tree *tree, const th_elig_node *leaf) {
  static const char *const none[] = {
      "none",  "n/a",        "not applicable",        "nil",
      "none.", "none known", "no exclusion criteria", "none specified"};
  if (leaf->flags & TH_ELIG_ALLOWS) return true;
  if (leaf->n_facts || !tree->text.p || leaf->to > tree->text.n) return false;
  th_span text = th_span_trim((th_span){tree->text.p + leaf->from, leaf->to - leaf->from});
  for (size_t i = 0; i < TH_COUNT(none); i++)
    if (th_span_eq_nocase(text, th_span_of(none[i]))) return true;
  return false;
}

/* ---- how sure ---- */

static bool is_subject(const th_verdict_patient *v, const th_verdict_fact *r) {
  uint8_t bit = v->about && r->patient != TH_NO_FACT ? v->about[r->patient] : 0;
  return bit && v->subject >> (bit - 1) & 1;
}

/* A single age is no bound, one of two groups shuts nobody out, and healthy controls are not what a
 * patient is asked to be. */
static bool is_loose(const th_verdict_leaf *l, uint32_t i) {
  const uint16_t flags = l->all[i].flags;
  if (l->n->kind != TH_ELIG_INCLUSION) return false;
  if (flags & TH_SAYS_AGE && (flags & TH_SAYS_ONE_VALUE || th_verdict_second_age(l, i)))
    return true;
  return th_verdict_controls(l);
}

/* The surest of the facts that are against the patient where one is enough, else the least sure. */
static uint8_t leaf_ground(const th_verdict_leaf *l) {
  const th_elig_node *n = l->n;
  bool exclusion = n->kind == TH_ELIG_EXCLUSION;
  bool one = n->n_facts < 2 || exclusion == (n->combine != TH_ELIG_ALL);
  uint8_t against = exclusion ? TH_MET : TH_NOT_MET, out = one ? TH_GROUND_LOOSE : TH_GROUND_FIELD;
  for (uint32_t i = n->fact; i < n->fact + n->n_facts; i++) {
    const th_verdict_fact *r = &l->all[i];
    if (r->truth != against) continue;
    bool loose = (exclusion && is_subject(l->v, r)) || is_loose(l, i);
    uint8_t g = loose ? (uint8_t)TH_GROUND_LOOSE : r->ground;
    out = one ? TH_MIN(out, g) : TH_MAX(out, g);
  }
  return out;
}

static uint8_t group_ground(const th_elig_tree *tree, uint32_t at, const th_verdict_node *nodes) {
  const th_elig_node *n = &tree->nodes[at];
  bool exclusion = n->kind == TH_ELIG_EXCLUSION, one = exclusion == (n->combine != TH_ELIG_ALL);
  uint8_t against = exclusion ? TH_MET : TH_NOT_MET, out = one ? TH_GROUND_LOOSE : TH_GROUND_FIELD;
  for (uint32_t i = at + 1; i < n->next; i = tree->nodes[i].next)
    if (nodes[i].verdict == against)
      out = one ? TH_MIN(out, nodes[i].ground) : TH_MAX(out, nodes[i].ground);
  return out;
}

static void judge_leaf(th_verdict_leaf *l, th_verdict_presume mode, th_verdict_node *out) {
  uint8_t basis = TH_BASIS_STATED, ignored = TH_BASIS_NONE, kind = l->n->kind;
  if (l->mark & TH_MARK_ASKS_NONE) {
    out->plain = out->presumed = kind == TH_ELIG_EXCLUSION ? TH_NOT_MET : TH_MET;
    out->rule = TH_RULE_NOTHING_ASKED;
    settle(out, kind, TH_BASIS_DERIVED);
    return;
  }
  out->plain = leaf_lane(l, false, &basis);
  out->presumed = leaf_lane(l, true, &ignored);
  bool open = out->plain == TH_UNKNOWN && mode == TH_PRESUME_SILENCE;
  if (open && out->presumed == TH_UNKNOWN && th_verdict_unsaid(l)) {
    out->presumed = TH_NOT_MET;
    out->rule = TH_RULE_UNSAID;
  }
  settle(out, kind, basis);
  out->ground = leaf_ground(l);
}

static bool is_counted(const th_elig_node *n) {
  return !(n->flags & (TH_ELIG_OPTIONAL | TH_ELIG_COHORT));
}

/* What only allows something stands in nobody's way; by itself that is an answer. */
static bool allows(const th_elig_node *n) {
  return n->flags & TH_ELIG_ALLOWS;
}

static bool asks_nothing(const th_elig_node *n) {
  return n->number == 0 && n->n_facts == 0 && !(n->flags & TH_ELIG_GROUP);
}

/* One lane of a group whose items are judged. */
static uint8_t group_lane(const th_elig_tree *tree, uint32_t at, const th_verdict_node *nodes,
                          bool presuming, uint8_t *basis) {
  const th_elig_node *n = &tree->nodes[at];
  tally items = {0}, both = {0};
  for (uint32_t i = at + 1; i < n->next; i = tree->nodes[i].next) {
    const th_elig_node *item = &tree->nodes[i];
    if (!is_counted(item) || asks_nothing(item)) continue;
    count(item->number == 0 ? &both : &items, presuming ? nodes[i].presumed : nodes[i].plain,
          nodes[i].basis);
  }
  uint8_t truth = combined(&items, n->combine, n->at_least);
  if (items.n) count(&both, truth, basis_for(&items, truth));
  truth = combined(&both, TH_ELIG_ALL, 0);
  *basis = basis_for(&both, truth);
  return truth;
}

static void judge_group(const th_elig_tree *tree, uint32_t at, th_verdict_node *nodes) {
  uint8_t basis = TH_BASIS_NONE, ignored = TH_BASIS_NONE;
  nodes[at].plain = group_lane(tree, at, nodes, false, &basis);
  nodes[at].presumed = group_lane(tree, at, nodes, true, &ignored);
  settle(&nodes[at], tree->nodes[at].kind, basis);
  nodes[at].ground = group_ground(tree, at, nodes);
}

/* ---- a tree ---- */

/* Items stand behind their group. */
static void judge_nodes(const th_elig_tree *tree, const uint8_t *marks, const th_verdict_patient *v,
                        th_verdict_presume mode, const th_verdict_fact *facts,
                        th_verdict_node *nodes) {
  const uint8_t *of_facts = marks ? marks + tree->n_nodes : NULL;
  for (uint32_t i = tree->n_nodes; i-- > 0;) {
    const th_elig_node *n = &tree->nodes[i];
    th_leaf_seen seen = {0};
    th_verdict_leaf leaf = {v, tree, n, facts, of_facts, marks ? marks[i] : 0, &seen};
    if (n->flags & TH_ELIG_GROUP)
      judge_group(tree, i, nodes);
    else
      judge_leaf(&leaf, mode, &nodes[i]);
    th_leaf_seen_dispose(&seen);
  }
}

int th_verdict_read_outline(th_verdicts *out, const th_criteria_outline *outline,
                            const th_verdict_patient *patient, th_verdict_presume presume,
                            th_arena *arena, th_err *err) {
  const th_elig_tree *tree = &outline->tree;
  th_criteria_outline marked = *outline;
  th_verdict_node *nodes = th_arena_calloc(arena, (size_t)tree->n_nodes + 1, sizeof *nodes);
  th_verdict_fact *facts = th_arena_calloc(arena, (size_t)tree->n_facts + 1, sizeof *facts);
  bool marks = !tree->text.p || marked.marks || (marked.marks = th_marks_read(tree, arena));
  int rc = nodes && facts && marks ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
  if (patient->kin && outline->refs) th_kin_fetch(patient->kin, outline);
  for (uint32_t i = 0; rc == 0 && i < tree->n_facts; i++)
    rc = th_verdict_judge_outlined(&facts[i], &marked, i, patient, presume, err);
  if (rc < 0) return rc;
  judge_nodes(tree, marked.marks, patient, presume, facts, nodes);
  *out = (th_verdicts){tree, nodes, facts};
  return 0;
}

int th_verdict_read(th_verdicts *out, const th_elig_tree *tree, const th_verdict_patient *patient,
                    th_verdict_presume presume, th_arena *arena, th_err *err) {
  const th_criteria_outline outline = {.tree = *tree};
  int rc = th_verdict_read_outline(out, &outline, patient, presume, arena, err);
  if (rc == 0) out->tree = tree;
  return rc;
}

th_verdict_node th_verdict_whole(const th_verdicts *v, th_elig_kind kind) {
  tally t = {0};
  th_verdict_node out = {TH_UNKNOWN, TH_BASIS_NONE, TH_UNKNOWN, TH_UNKNOWN};
  for (uint32_t i = 0; i < v->tree->n_nodes; i = v->tree->nodes[i].next) {
    const th_elig_node *n = &v->tree->nodes[i];
    if (asks_nothing(n) || (!is_counted(n) && !allows(n))) continue;
    uint8_t truth = v->nodes[i].verdict;
    if (n->kind == TH_ELIG_UNKNOWN) truth = TH_UNKNOWN;
    count(&t, n->kind == kind ? truth : TH_MET - truth, v->nodes[i].basis);
  }
  out.verdict = combined(&t, kind == TH_ELIG_EXCLUSION ? TH_ELIG_ANY : TH_ELIG_ALL, 0);
  out.basis = basis_for(&t, out.verdict);
  return out;
}

/* ---- a study as a whole ---- */

static const char *unit_of(const th_age *a) {
  static const char *const units[] = {
      [TH_AGE_MINUTES] = "h", [TH_AGE_HOURS] = "h",   [TH_AGE_DAYS] = "d",
      [TH_AGE_WEEKS] = "wk",  [TH_AGE_MONTHS] = "mo", [TH_AGE_YEARS] = "a"};
  return a->unit < TH_COUNT(units) ? units[a->unit] : "a";
}

static double amount_of(const th_age *a) {
  return a->unit == TH_AGE_MINUTES ? a->amount / 60.0 : a->amount;
}

static uint8_t age_field(const th_verdict_patient *v, const th_verdict_study *s) {
  uint8_t low = TH_MET, high = TH_MET;
  if (s->has_min) {
    th_interval from = {amount_of(&s->min), INFINITY, true, false};
    low = (uint8_t)th_age_within(v, unit_of(&s->min), &from);
  }
  if (s->has_max) {
    th_interval to = {-INFINITY, amount_of(&s->max), false, true};
    high = (uint8_t)th_age_within(v, unit_of(&s->max), &to);
  }
  return TH_MIN(low, high);
}

static uint8_t sex_field(const th_verdict_patient *v, const th_verdict_study *s) {
  if (s->sex != 'F' && s->sex != 'M') return TH_MET;
  if (v->p->sex != 'F' && v->p->sex != 'M') return TH_UNKNOWN;
  return v->p->sex == s->sex ? TH_MET : TH_NOT_MET;
}

/* Who has a condition is no healthy volunteer; who has none on record may be one. */
static uint8_t healthy_field(const th_verdict_patient *v, const th_verdict_study *s) {
  if (!s->no_healthy) return TH_MET;
  for (uint32_t i = 0; i < v->n_concepts; i++) {
    const th_patient_fact *f = &v->p->facts[v->concepts[i]];
    if (f->category == TH_ELIG_CONDITION && !f->absent && f->experiencer == TH_OF_PATIENT &&
        f->certainty == TH_CERTAIN_STATED && f->time != TH_ELIG_PAST && f->time != TH_ELIG_PLANNED)
      return TH_MET;
  }
  return TH_UNKNOWN;
}

static void sum_field(th_verdict_trial *out, uint8_t field, uint8_t truth, bool asks) {
  out->field[field] = truth;
  if (!asks) return;
  out->n++;
  out->met += truth == TH_MET;
  out->open += truth == TH_UNKNOWN;
  if (truth != TH_NOT_MET) return;
  out->violated++;
  out->against[TH_GROUND_FIELD]++;
  if (out->by == TH_FIELD_TEXT) out->by = field;
}

static void exclude(th_verdict_trial *out, uint32_t node) {
  if (out->node == TH_NO_FACT) out->node = node;
}

/* One criterion at the top that counts. */
static void sum_node(th_verdict_trial *out, const th_verdicts *v, uint32_t i) {
  const th_elig_node *n = &v->tree->nodes[i];
  const th_verdict_node *r = &v->nodes[i];
  bool exclusion = n->kind == TH_ELIG_EXCLUSION;
  if (n->kind == TH_ELIG_UNKNOWN) {
    out->n++, out->open++; /* on which side it stands is not known */
    return;
  }
  out->n++;
  out->inclusions += !exclusion;
  if (r->verdict == (exclusion ? TH_MET : TH_NOT_MET)) {
    out->violated++;
    out->against[r->ground]++;
    exclude(out, i);
  } else if (r->verdict == TH_MET) {
    out->met++;
    out->had++;
  } else if (r->verdict == TH_NOT_MET) {
    out->passed += r->basis != TH_BASIS_PRESUMED;
    out->presumed += r->basis == TH_BASIS_PRESUMED;
  } else {
    out->open++;
    out->lacking += !exclusion && r->presumed == TH_NOT_MET;
  }
}

/* Cohorts are alternatives: only when the patient fits into none of them are they in the way. */
static void sum_cohorts(th_verdict_trial *out, const th_verdicts *v) {
  uint32_t n = 0, closed = 0, first = TH_NO_FACT;
  for (uint32_t i = 0; i < v->tree->n_nodes; i = v->tree->nodes[i].next) {
    const th_elig_node *c = &v->tree->nodes[i];
    if (!(c->flags & TH_ELIG_COHORT) || c->kind != TH_ELIG_INCLUSION) continue;
    if (first == TH_NO_FACT) first = i;
    n++;
    closed += v->nodes[i].verdict == TH_NOT_MET;
  }
  if (n < 2 || closed < n) return;
  out->n++, out->violated++;
  out->against[TH_GROUND_KIND]++;
  exclude(out, first);
}

void th_verdict_sum(th_verdict_trial *out, const th_verdicts *v, const th_verdict_patient *patient,
                    const th_verdict_study *study) {
  *out = (th_verdict_trial){.node = TH_NO_FACT};
  sum_field(out, TH_FIELD_AGE, age_field(patient, study), study->has_min || study->has_max);
  sum_field(out, TH_FIELD_SEX, sex_field(patient, study), study->sex != 0);
  sum_field(out, TH_FIELD_HEALTHY, healthy_field(patient, study), false);
  out->field[TH_FIELD_STATUS] = study->closed ? TH_NOT_MET : TH_MET;
  out->field[TH_FIELD_TEXT] = TH_UNKNOWN;
  for (uint32_t i = 0; i < v->tree->n_nodes; i = v->tree->nodes[i].next)
    if (is_counted(&v->tree->nodes[i]) && !asks_nothing(&v->tree->nodes[i])) sum_node(out, v, i);
  sum_cohorts(out, v);
  if (out->node != TH_NO_FACT) out->field[TH_FIELD_TEXT] = TH_NOT_MET;
  if (out->violated)
    out->grade = TH_GRADE_EXCLUDED;
  else
    out->grade = out->had && out->open * 4 <= out->n ? TH_GRADE_LIKELY : TH_GRADE_POSSIBLE;
}
