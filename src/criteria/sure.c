#include "criteria/sure.h"

#include <math.h>
#include <xxhash.h>

#include "eligibility/attributes.h"

typedef enum truth { NO, UNKNOWN, YES } truth;

typedef struct asked {
  const th_elig_tree *tree;
  uint32_t attribute;
  double value;

} asked;

uint32_t th_criteria_limit_key(uint32_t attribute) {
  const char *key = th_elig_attributes[attribute].key;
  return (uint32_t)XXH3_64bits(key, strlen(key));
}

static bool is_age(uint32_t attribute) {
  return strcmp(th_elig_attributes[attribute].key, "age") == 0;
}

/* ---- one fact ---- */

/* A window that reaches back from now holds for today's value; any other is about another time. */
static bool is_now(const th_elig_window *w) {
  return !w->present || (!w->forward && (w->relation == TH_ELIG_LE || w->relation == TH_ELIG_LT));
}

static bool can_decide(const th_elig_fact *f, uint32_t attribute) {
  return f->type == TH_ELIG_NUMERIC && f->attribute == attribute &&
         f->reference == TH_ELIG_ABSOLUTE && f->guard.kind == TH_ELIG_NO_GUARD &&
         is_now(&f->window) && f->canonical_unit &&
         strcmp(f->canonical_unit, th_elig_attributes[attribute].unit) == 0 &&
         (!isnan(f->low_canonical) || !isnan(f->high_canonical));
}

/* The unit in which an age is counted, in years. */
static double unit_years(const th_elig_fact *f) {
  static const struct {
    const char *unit;
    double years;
  } units[] = {{"mo", 1 / 12.0}, {"wk", 7 / 365.25}, {"d", 1 / 365.25}, {"h", 1 / 8766.0}};
  for (size_t i = 0; f->unit && i < TH_COUNT(units); i++)
    if (strcmp(units[i].unit, f->unit) == 0) return units[i].years;
  return 1;
}

static th_limit bounds(const th_elig_fact *f) {
  return (th_limit){.low = isnan(f->low_canonical) ? -INFINITY : f->low_canonical,
                    .high = isnan(f->high_canonical) ? INFINITY : f->high_canonical,
                    .low_in = f->low_inclusive,
                    .high_in = f->high_inclusive};
}

/* An age as people count it stays the same for a whole unit: "up to 75 years" may mean until the
 * 76th birthday or until the 75th, "over 65" from the 66th. Both are asked. */
static th_limit bounds_of_completed(const th_elig_fact *f) {
  th_limit b = bounds(f);
  double unit = unit_years(f);
  if (isfinite(b.high) && b.high_in) b.high += unit, b.high_in = false;
  if (isfinite(b.low) && !b.low_in) b.low += unit, b.low_in = true;
  return b;
}

static truth fact_truth(const asked *a, const th_elig_fact *f) {
  if (!can_decide(f, a->attribute)) return UNKNOWN;
  th_limit plain = bounds(f), completed = is_age(a->attribute) ? bounds_of_completed(f) : plain;
  bool one = th_limit_holds(&plain, a->value), other = th_limit_holds(&completed, a->value);
  if (one != other) return UNKNOWN;
  return one != f->negated ? YES : NO;
}

/* ---- logic ---- */

typedef struct tally {
  uint32_t n, yes, no;
} tally;

static void count(tally *t, truth v) {
  t->n++;
  t->yes += v == YES;
  t->no += v == NO;
}

static truth combined(const tally *t, unsigned combine, uint32_t at_least) {
  uint32_t need = combine == TH_ELIG_ALL ? t->n : combine == TH_ELIG_ANY ? 1 : at_least;
  if (t->n == 0 || need == 0 || need > t->n) return UNKNOWN;
  if (t->yes >= need) return YES;
  return t->n - t->no < need ? NO : UNKNOWN;
}

/* How the facts of a leaf stand together, as far as its words say; *more: something that was not
 * read goes on with an "or" (in an inclusion it may save who fails the rest) or an "and" (in an
 * exclusion it may be missing). */
static unsigned how_combined(const th_elig_tree *t, const th_elig_node *n, bool *more) {
  uint8_t inner = 0;
  const th_elig_fact *first = &t->facts[n->fact], *last = first + n->n_facts - 1;
  bool exclusion = n->kind == TH_ELIG_EXCLUSION;
  for (const th_elig_fact *f = first; f < last; f++)
    inner |= f[0].links >> 2 | f[1].links;
  uint8_t outer = first->links | last->links >> 2;
  *more = outer & (exclusion ? TH_ELIG_AND_BEFORE : TH_ELIG_OR_BEFORE);
  if (exclusion)
    return inner & TH_ELIG_OR_BEFORE && !(inner & TH_ELIG_AND_BEFORE) ? TH_ELIG_ANY : TH_ELIG_ALL;
  return inner & TH_ELIG_OR_BEFORE ? TH_ELIG_ANY : n->combine;
}

static truth leaf_truth(const asked *a, const th_elig_node *n) {
  tally t = {0};
  bool more;
  if (n->n_facts == 0) return UNKNOWN;
  unsigned combine = how_combined(a->tree, n, &more);
  for (uint32_t i = n->fact; i < n->fact + n->n_facts; i++)
    count(&t, fact_truth(a, &a->tree->facts[i]));
  return more ? UNKNOWN : combined(&t, n->n_facts > 1 ? combine : TH_ELIG_ALL, n->at_least);
}

static truth node_truth(const asked *a, uint32_t at);

static bool is_counted(const th_elig_node *n) {
  return !(n->flags & (TH_ELIG_OPTIONAL | TH_ELIG_COHORT));
}

/* A lead without facts asks for nothing; one with facts holds beside the rest. */
static truth group_truth(const asked *a, uint32_t at) {
  const th_elig_node *n = &a->tree->nodes[at];
  tally items = {0}, both = {0};
  for (uint32_t i = at + 1; i < n->next; i = a->tree->nodes[i].next) {
    const th_elig_node *item = &a->tree->nodes[i];
    bool lead = item->number == 0;
    if (!is_counted(item) || (lead && item->n_facts == 0 && !(item->flags & TH_ELIG_GROUP)))
      continue;
    count(lead ? &both : &items, node_truth(a, i));
  }
  if (items.n) count(&both, combined(&items, n->combine, n->at_least));
  return combined(&both, TH_ELIG_ALL, 0);
}

static truth node_truth(const asked *a, uint32_t at) {
  const th_elig_node *n = &a->tree->nodes[at];
  return n->flags & TH_ELIG_GROUP ? group_truth(a, at) : leaf_truth(a, n);
}

bool th_criteria_refuses(const th_elig_tree *tree, uint32_t attribute, double value) {
  asked a = {.tree = tree, .attribute = attribute, .value = value};
  for (uint32_t i = 0; i < tree->n_nodes; i = tree->nodes[i].next) {
    const th_elig_node *n = &tree->nodes[i];
    if (!is_counted(n) || n->kind == TH_ELIG_UNKNOWN) continue;
    if (node_truth(&a, i) == (n->kind == TH_ELIG_EXCLUSION ? YES : NO)) return true;
  }
  return false;
}

/* ---- intervals ---- */

/* Between two values at which the answer may change it is one and the same; so it is asked at them
 * and between them. */
enum { MOST_POINTS = 64 };

typedef struct points {
  double p[MOST_POINTS];
  uint32_t n;
  bool full;
} points;

static void add_point(points *s, double v) {
  uint32_t i = 0;
  if (!isfinite(v)) return;
  while (i < s->n && s->p[i] < v)
    i++;
  if (i < s->n && s->p[i] == v) return;
  s->full |= s->n == MOST_POINTS;
  if (s->full) return;
  memmove(&s->p[i + 1], &s->p[i], (s->n - i) * sizeof *s->p);
  s->p[i] = v;
  s->n++;
}

static void add_points(points *s, const th_elig_fact *f) {
  th_limit b = bounds(f), c = is_age(f->attribute) ? bounds_of_completed(f) : b;
  add_point(s, b.low);
  add_point(s, b.high);
  add_point(s, c.low);
  add_point(s, c.high);
}

/* The pieces of the line: below the first point, the point, between it and the next, … */
static th_limit piece(const points *s, uint32_t i) {
  if (i % 2)
    return (th_limit){.low = s->p[i / 2], .high = s->p[i / 2], .low_in = true, .high_in = true};
  return (th_limit){.low = i ? s->p[i / 2 - 1] : -INFINITY,
                    .high = i / 2 < s->n ? s->p[i / 2] : INFINITY};
}

static double inside(const th_limit *l) {
  if (l->low == l->high) return l->low;
  if (isinf(l->low)) return l->high - fabs(l->high) - 1;
  if (isinf(l->high)) return l->low + fabs(l->low) + 1;
  return l->low + (l->high - l->low) / 2;
}

static int limits_of(const th_elig_tree *tree, uint32_t attribute, const points *s,
                     th_criteria_limit_fn fn, void *ctx) {
  th_limit run = {0};
  bool open = false;
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < 2 * s->n + 1; i++) {
    th_limit l = piece(s, i);
    if (th_criteria_refuses(tree, attribute, inside(&l))) {
      if (!open) run = l;
      run.high = l.high;
      run.high_in = l.high_in;
      open = true;
    } else if (open) {
      open = false;
      rc = fn(ctx, &run);
    }
    run.key = th_criteria_limit_key(attribute);
  }
  return rc == 0 && open ? fn(ctx, &run) : rc;
}

int th_criteria_limits(const th_elig_tree *tree, th_criteria_limit_fn fn, void *ctx) {
  uint64_t seen[16] = {0};
  int rc = 0;
  if (tree->n_facts > TH_CRITERIA_LIMITS_MOST || tree->n_nodes > TH_CRITERIA_LIMITS_MOST) return 0;
  for (uint32_t i = 0; rc == 0 && i < tree->n_facts; i++) {
    points s = {.n = 0};
    uint32_t a = tree->facts[i].attribute;
    if (!can_decide(&tree->facts[i], a) || a / 64 >= TH_COUNT(seen) || (seen[a / 64] >> a % 64 & 1))
      continue;
    seen[a / 64] |= UINT64_C(1) << a % 64;
    for (uint32_t k = i; k < tree->n_facts; k++)
      if (can_decide(&tree->facts[k], a)) add_points(&s, &tree->facts[k]);
    if (!s.full) rc = limits_of(tree, a, &s, fn, ctx);
  }
  return rc;
}
