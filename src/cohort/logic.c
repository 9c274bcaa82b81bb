/* Kleene's logic over planes. Each function here has its twin in match/verdict.c, and says the same
 * of a block that the twin says of one patient. */
#include "cohort/logic.h"

/* ---- two lanes ---- */

static bool is_met(th_co_lane a) {
  return a.met == th_plane_all;
}
static bool is_not_met(th_co_lane a) {
  return a.not_met == th_plane_all;
}
static th_co_lane turned(th_co_lane a) {
  return (th_co_lane){a.not_met, a.met};
}

static th_co_lane both(th_co_work *w, th_co_lane a, th_co_lane b) {
  if (is_met(a) || is_not_met(b)) return b;
  if (is_met(b) || is_not_met(a)) return a;
  uint64_t *met = th_co_pool_plane(&w->brief), *not_met = th_co_pool_plane(&w->brief);
  for (uint32_t i = 0; i < TH_CO_WORDS; i++) {
    met[i] = a.met[i] & b.met[i];
    not_met[i] = a.not_met[i] | b.not_met[i];
  }
  return (th_co_lane){met, not_met};
}

static th_co_lane either(th_co_work *w, th_co_lane a, th_co_lane b) {
  return turned(both(w, turned(a), turned(b)));
}

/* ---- many lanes ---- */

enum { COUNTER = 32 };

/* Bitwise counters: one more where the bit is set. */
static void count_bit(uint64_t counter[COUNTER], uint64_t bits) {
  for (unsigned k = 0; bits && k < COUNTER; k++) {
    uint64_t carry = counter[k] & bits;
    counter[k] ^= bits;
    bits = carry;
  }
}

/* Where the counter is at least so much. */
static uint64_t reaches(const uint64_t counter[COUNTER], uint32_t least) {
  uint64_t more = 0, same = UINT64_MAX;
  for (unsigned k = COUNTER; k-- > 0;) {
    if (!(least >> k & 1)) more |= same & counter[k];
    same &= least >> k & 1 ? counter[k] : ~counter[k];
  }
  return more | same;
}

static th_co_lane at_least(th_co_work *w, const th_co_lane *list, uint32_t n, uint32_t need) {
  uint64_t *met = th_co_pool_plane(&w->brief), *not_met = th_co_pool_plane(&w->brief);
  for (uint32_t i = 0; i < TH_CO_WORDS; i++) {
    uint64_t yes[COUNTER] = {0}, no[COUNTER] = {0};
    for (uint32_t k = 0; k < n; k++) {
      count_bit(yes, list[k].met[i]);
      count_bit(no, list[k].not_met[i]);
    }
    met[i] = reaches(yes, need);
    not_met[i] = reaches(no, n - need + 1);
  }
  return (th_co_lane){met, not_met};
}

static th_co_lane combined(th_co_work *w, const th_co_lane *list, uint32_t n, uint8_t combine,
                           uint32_t least) {
  uint32_t need = combine == TH_ELIG_ALL ? n : combine == TH_ELIG_ANY ? 1 : least;
  if (n == 0 || need == 0 || need > n) return TH_LANE_UNKNOWN;
  if (need > 1 && need < n) return at_least(w, list, n, need);
  th_co_lane out = list[0];
  for (uint32_t i = 1; i < n; i++)
    out = need == 1 ? either(w, out, list[i]) : both(w, out, list[i]);
  return out;
}

/* ---- nodes ---- */

static bool is_idle(const th_elig_fact *f) {
  return f->type == TH_ELIG_CONCEPT && f->category == TH_ELIG_SEX &&
         th_span_eq(f->label, TH_SPAN("all"));
}

static th_co_lane lane_of(const th_co_truth *t, bool presuming) {
  return presuming ? t->presumed : t->plain;
}

static bool has_one_lane(const th_co_truth *t) {
  return t->plain.met == t->presumed.met && t->plain.not_met == t->presumed.not_met;
}

static th_co_lane leaf_lane(th_co_logic *l, const th_co_plan *p, const th_elig_node *n,
                            bool presuming) {
  const th_elig_tree *tree = p->trial->tree;
  th_co_lane some_guard = TH_LANE_NOT_MET;
  bool exclusion = n->kind == TH_ELIG_EXCLUSION;
  bool helps = n->n_facts > 1 ? n->combine != TH_ELIG_ALL : exclusion;
  uint32_t k = 0;
  if (th_verdict_asks_none(tree, n)) return exclusion ? TH_LANE_NOT_MET : TH_LANE_MET;
  for (uint32_t i = n->fact; i < n->fact + n->n_facts; i++) {
    if (is_idle(&tree->facts[i]) && n->n_facts > 1) continue;
    if (p->aside[i]) continue;
    const th_co_said *said = th_co_work_fact(l->work, p->facts[i]);
    th_co_lane truth = lane_of(&said->truth, presuming);
    if (exclusion && th_verdict_ability(&tree->facts[i])) truth.met = th_plane_none;
    truth = helps ? both(l->work, truth, said->guard) : either(l->work, truth, turned(said->guard));
    if (!p->linked[i] || k == 0)
      l->list[k++] = truth;
    else if (n->combine == TH_ELIG_ALL)
      l->list[k - 1] = either(l->work, l->list[k - 1], truth);
    else
      l->list[k - 1] = both(l->work, l->list[k - 1], truth);
    some_guard = either(l->work, some_guard, said->guard);
  }
  if (k == 0) return n->n_facts ? TH_LANE_MET : TH_LANE_UNKNOWN;
  th_co_lane truth =
      combined(l->work, l->list, k, n->n_facts > 1 ? n->combine : TH_ELIG_ALL, n->at_least);
  if (exclusion && !helps) truth = both(l->work, truth, some_guard);
  if (!exclusion && helps) truth = either(l->work, truth, turned(some_guard));
  return truth;
}

static bool leaf_has_one_lane(th_co_logic *l, const th_co_plan *p, const th_elig_node *n) {
  for (uint32_t i = n->fact; i < n->fact + n->n_facts; i++)
    if (!has_one_lane(&th_co_work_fact(l->work, p->facts[i])->truth)) return false;
  return true;
}

static bool is_counted(const th_elig_node *n) {
  return !(n->flags & (TH_ELIG_OPTIONAL | TH_ELIG_COHORT));
}

static bool asks_nothing(const th_elig_node *n) {
  return n->number == 0 && n->n_facts == 0 && !(n->flags & TH_ELIG_GROUP);
}

static th_co_lane group_lane(th_co_logic *l, const th_elig_tree *tree, uint32_t at, bool presuming,
                             bool *one_lane) {
  const th_elig_node *n = &tree->nodes[at];
  th_co_lane beside = TH_LANE_MET; /* what leads say */
  uint32_t k = 0, leads = 0;
  *one_lane = true;
  for (uint32_t i = at + 1; i < n->next; i = tree->nodes[i].next) {
    const th_elig_node *item = &tree->nodes[i];
    if (!is_counted(item) || asks_nothing(item)) continue;
    th_co_lane lane = lane_of(&l->nodes[i], presuming);
    *one_lane &= has_one_lane(&l->nodes[i]);
    if (item->number == 0)
      beside = both(l->work, beside, lane), leads++;
    else
      l->list[k++] = lane;
  }
  if (k == 0) return leads ? beside : TH_LANE_UNKNOWN;
  return both(l->work, beside, combined(l->work, l->list, k, n->combine, n->at_least));
}

static bool room_for(th_co_logic *l, const th_elig_tree *tree) {
  uint32_t n = TH_MAX(tree->n_nodes, tree->n_facts) + 1;
  if (n <= l->cap) return true;
  free(l->nodes);
  free(l->list);
  l->nodes = malloc(n * sizeof *l->nodes);
  l->list = malloc(n * sizeof *l->list);
  l->cap = l->nodes && l->list ? n : 0;
  return l->cap;
}

void th_co_logic_dispose(th_co_logic *l) {
  free(l->nodes);
  free(l->list);
}

int th_co_logic_nodes(th_co_logic *l, const th_co_plan *p, th_err *err) {
  const th_elig_tree *tree = p->trial->tree;
  l->work->brief.used = 0;
  if (!room_for(l, tree)) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (uint32_t i = tree->n_nodes; i-- > 0;) { /* items stand behind their group */
    const th_elig_node *n = &tree->nodes[i];
    bool one_lane, group = n->flags & TH_ELIG_GROUP;
    th_co_truth *out = &l->nodes[i];
    if (!group) one_lane = leaf_has_one_lane(l, p, n);
    out->plain = group ? group_lane(l, tree, i, false, &one_lane) : leaf_lane(l, p, n, false);
    if (one_lane)
      out->presumed = out->plain;
    else
      out->presumed = group ? group_lane(l, tree, i, true, &one_lane) : leaf_lane(l, p, n, true);
  }
  return l->work->failed || l->work->brief.failed ? th_err_set(err, TH_ENOMEM, "out of memory") : 0;
}

/* ---- a study as a whole ---- */

/* The plain lane counts; where it is silent, presumption may clear an exclusion. */
th_co_lane th_co_logic_verdict(th_co_logic *l, const th_co_plan *p, uint32_t node) {
  const th_co_truth *t = &l->nodes[node];
  if (p->trial->tree->nodes[node].kind != TH_ELIG_EXCLUSION || has_one_lane(t)) return t->plain;
  uint64_t *not_met = th_co_pool_plane(&l->work->brief);
  for (uint32_t i = 0; i < TH_CO_WORDS; i++)
    not_met[i] = t->plain.not_met[i] | (t->presumed.not_met[i] & ~t->plain.met[i]);
  return (th_co_lane){t->plain.met, not_met};
}

static bool is_cohort(const th_elig_node *n) {
  return (n->flags & TH_ELIG_COHORT) && n->kind == TH_ELIG_INCLUSION;
}

/* Cohorts are alternatives: only who fits into none of several is kept out. */
static th_co_lane no_cohort(th_co_logic *l, const th_co_plan *p) {
  const th_elig_tree *tree = p->trial->tree;
  th_co_lane all = {th_plane_none, th_plane_all};
  for (uint32_t i = 0; i < tree->n_nodes; i = tree->nodes[i].next) {
    if (!is_cohort(&tree->nodes[i])) continue;
    uint64_t *none = th_co_pool_plane(&l->work->brief);
    for (uint32_t k = 0; k < TH_CO_WORDS; k++)
      none[k] = all.not_met[k] & l->nodes[i].plain.not_met[k];
    all.not_met = none;
  }
  return all;
}

/* One step's words: whom it keeps out, for whom it is open, and who meets an inclusion of the text.
 */
typedef struct step_view {
  const uint64_t *against, *met, *not_met;
  bool inclusion, counts;
} step_view;

static step_view view_of(th_co_logic *l, const th_co_plan *p, const th_cohort_step *s) {
  step_view v = {.counts = true};
  th_co_lane lane;
  if (s->cohorts) {
    lane = no_cohort(l, p);
    return (step_view){.against = lane.not_met, .met = th_plane_all, .not_met = th_plane_none};
  }
  if (s->field != TH_FIELD_TEXT) {
    const th_co_truth *t = &th_co_work_field(l->work, p->field)->truth;
    lane = s->field == TH_FIELD_AGE ? t->plain : t->presumed;
    v.against = lane.not_met;
  } else {
    uint8_t kind = p->trial->tree->nodes[s->node].kind;
    lane = kind == TH_ELIG_UNKNOWN ? TH_LANE_UNKNOWN : th_co_logic_verdict(l, p, s->node);
    v.inclusion = kind == TH_ELIG_INCLUSION;
    v.against = kind == TH_ELIG_EXCLUSION ? lane.met : lane.not_met;
  }
  v.met = lane.met;
  v.not_met = lane.not_met;
  return v;
}

th_co_lane th_co_logic_step(th_co_logic *l, const th_co_plan *p, uint32_t step) {
  step_view v = view_of(l, p, &p->steps[step]);
  return (th_co_lane){v.met, v.not_met};
}

static inline __attribute__((always_inline)) void sum_words(const step_view *v, uint32_t n,
                                                            uint32_t patients, uint64_t *likely,
                                                            uint64_t *excluded,
                                                            th_co_tally *tally) {
  uint32_t asking = 0;
  for (uint32_t s = 0; s < n; s++)
    asking += v[s].counts;
  for (uint32_t i = 0; i < TH_CO_WORDS && i * 64 < patients; i++) {
    uint64_t here = patients - i * 64 < 64 ? (UINT64_C(1) << (patients - i * 64)) - 1 : UINT64_MAX;
    uint64_t once = 0, twice = 0, included = 0, left = here, open[COUNTER] = {0};
    for (uint32_t s = 0; s < n; s++) {
      uint64_t against = v[s].against[i];
      twice |= once & against;
      once |= against;
      if (v[s].inclusion) included |= v[s].met[i];
      if (v[s].counts) count_bit(open, ~(v[s].met[i] | v[s].not_met[i]));
    }
    excluded[i] = once & here;
    likely[i] = here & ~once & included & ~reaches(open, asking / 4 + 1);
    tally->excluded += (uint64_t)__builtin_popcountll(excluded[i]);
    tally->likely += (uint64_t)__builtin_popcountll(likely[i]);
    tally->possible += (uint64_t)__builtin_popcountll(here & ~once & ~likely[i]);
    for (uint32_t s = 0; s < n; s++) {
      uint64_t against = v[s].against[i] & here, unknown = ~(v[s].met[i] | v[s].not_met[i]) & here;
      th_co_counts *c = &tally->steps[s];
      left &= ~against;
      c->against += (uint64_t)__builtin_popcountll(against);
      c->open += (uint64_t)__builtin_popcountll(unknown);
      c->left += (uint64_t)__builtin_popcountll(left);
      c->alone += (uint64_t)__builtin_popcountll(against & ~twice);
      c->asks += (uint64_t)__builtin_popcountll(unknown & ~once);
    }
  }
}

/* The same with the machine's own counting of bits, where it has it. */
#if defined(__x86_64__)
__attribute__((target("popcnt"))) static void sum_popcnt(const step_view *v, uint32_t n,
                                                         uint32_t patients, uint64_t *likely,
                                                         uint64_t *excluded, th_co_tally *tally) {
  sum_words(v, n, patients, likely, excluded, tally);
}
#endif

int th_co_logic_sum(th_co_logic *l, const th_co_plan *p, th_co_tally *tally, th_err *err) {
  step_view *views = malloc((p->n_steps + 1) * sizeof *views);
  if (!views) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (uint32_t i = 0; i < p->n_steps; i++)
    views[i] = view_of(l, p, &p->steps[i]);
  l->likely = th_co_pool_plane(&l->work->brief);
  l->excluded = th_co_pool_plane(&l->work->brief);
  bool ok = !l->work->failed && !l->work->brief.failed;
#if defined(__x86_64__)
  if (ok && __builtin_cpu_supports("popcnt")) {
    sum_popcnt(views, p->n_steps, l->work->block->n, l->likely, l->excluded, tally);
    free(views);
    return 0;
  }
#endif
  if (ok) sum_words(views, p->n_steps, l->work->block->n, l->likely, l->excluded, tally);
  free(views);
  return ok ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
}

/* ---- the plan ---- */

static void add_step(th_co_plan *p, uint8_t field, uint32_t node, bool cohorts) {
  p->steps[p->n_steps++] = (th_cohort_step){.field = field, .node = node, .cohorts = cohorts};
}

static void make_steps(th_co_plan *p) {
  const th_elig_tree *tree = p->trial->tree;
  const th_verdict_study *study = &p->trial->study;
  uint32_t cohorts = 0, first = TH_NO_FACT;
  if (study->has_min || study->has_max) add_step(p, TH_FIELD_AGE, TH_NO_FACT, false);
  if (study->sex) add_step(p, TH_FIELD_SEX, TH_NO_FACT, false);
  for (uint32_t i = 0; i < tree->n_nodes; i = tree->nodes[i].next) {
    const th_elig_node *n = &tree->nodes[i];
    if (is_counted(n) && !asks_nothing(n)) add_step(p, TH_FIELD_TEXT, i, false);
    if (is_cohort(n) && !cohorts++) first = i;
  }
  if (cohorts > 1) add_step(p, TH_FIELD_TEXT, first, true);
}

int th_co_plan_make(th_co_plan *p, const th_cohort_trial *trial, th_co_facts *facts, th_err *err) {
  const th_elig_tree *tree = trial->tree;
  *p = (th_co_plan){.trial = trial, .field = th_co_fields_put(facts, &trial->study)};
  p->facts = malloc(((size_t)tree->n_facts + 1) * sizeof *p->facts);
  p->steps = malloc(((size_t)tree->n_nodes + 3) * sizeof *p->steps);
  p->linked = calloc((size_t)tree->n_facts + 1, sizeof *p->linked);
  p->aside = calloc((size_t)tree->n_facts + 1, sizeof *p->aside);
  bool ok = p->facts && p->steps && p->linked && p->aside && p->field != UINT32_MAX;
  for (uint32_t i = 0; ok && i < tree->n_facts; i++) {
    p->facts[i] = th_co_facts_put(facts, tree, &tree->facts[i]);
    ok = p->facts[i] != UINT32_MAX;
  }
  if (!ok) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (uint32_t i = 0; i < tree->n_nodes; i++) {
    const th_elig_node *n = &tree->nodes[i];
    th_leaf_memo memo = {0};
    if (n->flags & TH_ELIG_GROUP) continue;
    for (uint32_t k = n->fact; k < n->fact + n->n_facts; k++) {
      p->linked[k] = th_verdict_linked(tree, n, k, &memo);
      p->aside[k] = th_verdict_aside(tree, n, k, &memo);
    }
    th_leaf_memo_dispose(&memo);
  }
  make_steps(p);
  return 0;
}

void th_co_plan_dispose(th_co_plan *p) {
  free(p->facts);
  free(p->linked);
  free(p->aside);
  free(p->steps);
}
