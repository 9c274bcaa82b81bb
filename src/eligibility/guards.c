/* When a fact holds and for whom: stretches of time, conditions ("if liver metastases", "unless"),
 * sexes, ages. */
#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/keys.h"
#include "eligibility/leaf.h"

enum { GUARD_TOKENS = 28, NEAR = 5 };

typedef struct view {
  th_elig_leaf *l;
  const th_elig_token *t;
  uint32_t n;
  th_elig_fact *f; /* of the leaf, in the order of the text */
  uint32_t n_facts;
} view;

static view look(th_elig_leaf *l) {
  return (view){l, l->tokens.p, l->tokens.n, l->facts->p + l->first_fact,
                l->facts->n - l->first_fact};
}

static uint32_t first_of(const view *v, uint32_t k) {
  return v->l->fact_token[2 * k];
}
static uint32_t end_of(const view *v, uint32_t k) {
  return v->l->fact_token[2 * k + 1];
}
static bool among(const view *v, uint32_t i, th_elig_set *set) {
  return i < v->n && th_elig_among(set, &v->t[i]);
}
static bool is(const view *v, uint32_t i, char c) {
  return i < v->n && th_elig_sign(&v->t[i], c);
}

/* ---- windows ---- */

static th_elig_set back_words =
    TH_ELIG_SET("before|prior|preceding|previous|past|last|ago|earlier");
static th_elig_set forward_words =
    TH_ELIG_SET("after|following|post|next|later|thereafter|subsequent");
static th_elig_set within_words =
    TH_ELIG_SET("within|last|past|previous|preceding|during|prior|in|over|recent");

static const char *static_unit(const char *ucum) {
  static const char *const units[] = {"a", "mo", "wk", "d", "h", "min", "s"};
  for (size_t i = 0; i < TH_COUNT(units); i++)
    if (!strcmp(ucum, units[i])) return units[i];
  return NULL;
}

static void add_window(th_elig_leaf *l, uint32_t first, uint32_t end, th_elig_window w) {
  w.present = true;
  w.from = l->tokens.p[first].from;
  w.to = l->tokens.p[end - 1].to;
  l->whens[l->n_whens++] = (th_elig_when){first, end, w};
}

/* "At least 4 weeks [must have elapsed] since" */
static bool is_since(const view *v, uint32_t behind) {
  static th_elig_set words = TH_ELIG_SET("since");
  static th_elig_set fill = TH_ELIG_SET("must|should|have|has|had|elapsed|passed|or|more|of|time");
  uint32_t i = behind;
  while (i < v->n && i < behind + 5 && among(v, i, &fill))
    i++;
  return i < v->n && among(v, i, &words);
}

static void window_of(view *v, th_elig_quantity *q) {
  const char *unit = th_elig_is_time(q) ? static_unit(q->unit.ucum) : NULL;
  if (!unit || q->reference || q->age || !isnan(q->second)) return;
  th_elig_window w = {.value = q->value, .high = q->high, .unit = unit, .relation = q->relation};
  uint32_t first = q->first;
  bool within = false;
  static th_elig_set fill = TH_ELIG_SET("the|a|an");
  for (uint32_t back = 1; back <= 3 && first > 0; back++) {
    if (among(v, first - 1, &within_words) || among(v, first - 1, &forward_words)) {
      within |= among(v, first - 1, &within_words);
      w.forward |= among(v, first - 1, &forward_words);
      first--;
    } else if (among(v, first - 1, &fill)) {
      first--;
    } else {
      break;
    }
  }
  if (!q->related && within) w.relation = TH_ELIG_LE;
  for (uint32_t i = q->end; i < v->n && i < q->end + 2; i++) {
    if (among(v, i, &back_words)) break;
    if (among(v, i, &forward_words)) w.forward = true;
  }
  bool at_least = w.relation == TH_ELIG_GE || w.relation == TH_ELIG_GT;
  w.since = at_least && !w.forward && is_since(v, q->end);
  q->use = TH_ELIG_AS_WINDOW;
  add_window(v->l, first, q->end, w);
}

/* "in the past year", "last month": one of the unit. */
static void bare_windows(view *v) {
  static th_elig_set past = TH_ELIG_SET("past|last|previous|preceding|prior");
  static th_elig_set units = TH_ELIG_SET("year|month|week|day");
  if (!th_elig_leaf_may_have(v->l, &past)) return;
  for (uint32_t i = 0; i + 1 < v->n; i++) {
    th_elig_unit u;
    uint32_t end;
    if (!among(v, i, &past) || !among(v, i + 1, &units)) continue;
    if (!th_elig_unit_read(v->l->text, v->t, v->n, i + 1, &u, &end)) continue;
    const char *unit = static_unit(u.ucum);
    if (unit && v->l->n_whens + 1 < v->l->cap)
      add_window(v->l, i, end,
                 (th_elig_window){.value = 1, .high = NAN, .unit = unit, .relation = TH_ELIG_LE});
  }
}

void th_elig_read_windows(th_elig_leaf *l) {
  view v = look(l);
  for (uint32_t i = 0; i < l->n_quantities; i++)
    if (l->quantities[i].use == TH_ELIG_FREE) window_of(&v, &l->quantities[i]);
  bare_windows(&v);
}

const th_elig_when *th_elig_window_near(const th_elig_leaf *l, uint32_t first, uint32_t end) {
  const th_elig_when *best = NULL;
  uint32_t least = 24;
  for (uint32_t i = 0; i < l->n_whens; i++) {
    const th_elig_when *w = &l->whens[i];
    uint32_t a = w->first >= end ? end : w->end, b = w->first >= end ? w->first : first;
    uint32_t gap = b > a ? b - a : 0;
    if (w->first < end) gap += 2; /* what stands behind is likelier */
    if (gap < least && !th_elig_is_broken(l, TH_MIN(a, b), TH_MAX(a, b))) least = gap, best = w;
  }
  return best;
}

/* ---- conditions ---- */

static th_elig_set if_words = TH_ELIG_SET("if|when");
static th_elig_set unless_words = TH_ELIG_SET("unless|except");

/* Where the words of a condition end that start at token i. */
static uint32_t guard_end(const view *v, uint32_t i, uint32_t limit) {
  int depth = 0;
  uint32_t from = i;
  for (; i < limit && i - from < GUARD_TOKENS; i++) {
    if (is(v, i, '(')) depth++;
    if (is(v, i, ')') && depth-- == 0) break;
    if (is(v, i, ';') || (is(v, i, ',') && depth == 0) || th_elig_is_broken(v->l, i, i + 1)) break;
    if (is(v, i, '.') && i + 1 == v->n) break;
    if (i > from && v->t[i].flags & TH_ELIG_UPPER && is(v, i + 1, ':')) break; /* "Hepatic:" */
  }
  static th_elig_set loose =
      TH_ELIG_SET("or|and|then|,|(|:|in|which|case|-|for|must|be|is|are|value|alt|ast|level");
  while (i > from + 1 && i == limit && among(v, i - 1, &loose))
    i--;
  return i;
}

static void set_guard(const view *v, th_elig_fact *f, uint8_t kind, uint32_t from, uint32_t to) {
  if (to <= from) return;
  f->guard.kind = kind;
  f->guard.from = v->t[from].from;
  f->guard.to = v->t[to - 1].to;
}

/* "in patients with liver metastases", "for subjects with …": the token of what follows "with". */
static uint32_t group_of_patients(const view *v, uint32_t i) {
  static th_elig_set prepositions = TH_ELIG_SET("for|in|among");
  static th_elig_set people =
      TH_ELIG_SET("patient|subject|participant|those|case|individual|person|people|the|setting|"
                  "presence|of|a|known|men|women");
  static th_elig_set with = TH_ELIG_SET("with|having|whose|who|presence|of");
  if (!among(v, i, &prepositions)) return 0;
  uint32_t k = i + 1;
  while (k < v->n && k < i + 5 && among(v, k, &people))
    k++;
  if (k == i + 1) return 0;
  if (among(v, k, &with)) return k + 1;
  static th_elig_set of = TH_ELIG_SET("of");
  return among(v, k - 1, &of) ? k : 0;
}

/* The conditions between fact k and the next. */
static void conditions_behind(view *v, uint32_t k) {
  uint32_t from = end_of(v, k), next = k + 1 < v->n_facts ? first_of(v, k + 1) : v->n;
  bool or_before = false;
  static th_elig_set joints = TH_ELIG_SET("or|and");
  static th_elig_set only = TH_ELIG_SET("only|case");
  for (uint32_t i = from; i < next && !th_elig_is_broken(v->l, from, i + 1); i++) {
    if (is(v, i, '(') || among(v, i, &joints)) or_before = true;
    bool yes = among(v, i, &if_words), no = among(v, i, &unless_words);
    uint32_t words = i + 1;
    if (!yes && !no) {
      uint32_t group = group_of_patients(v, i);
      if (!group) continue;
      yes = true;
      words = group;
    }
    while (no &&
           (among(v, words, &if_words) || among(v, words, &only) || group_of_patients(v, words)))
      words = group_of_patients(v, words) ? group_of_patients(v, words) : words + 1;
    if (i > from + 6) return;
    uint32_t end = guard_end(v, words, next);
    bool of_next = yes && or_before && k + 1 < v->n_facts && end + 6 >= next;
    th_elig_fact *f = &v->f[of_next ? k + 1 : k];
    if (!f->guard.kind) set_guard(v, f, yes ? TH_ELIG_IF : TH_ELIG_UNLESS, words, end);
    return;
  }
}

/* "≤ 2.5 × ULN (≤ 5 × ULN if liver metastases)": the first holds unless the second does. */
static void complete_pairs(view *v) {
  for (uint32_t k = 0; k + 1 < v->n_facts; k++) {
    th_elig_fact *a = &v->f[k], *b = &v->f[k + 1];
    for (uint32_t m = k + 1; m < v->n_facts && v->f[m].attribute != a->attribute; m++)
      b = &v->f[TH_MIN(m + 1, v->n_facts - 1)];
    if (a->attribute != b->attribute || a->relation != b->relation || a->from == b->from) continue;
    if (b->guard.kind == TH_ELIG_IF && !b->guard.sex && !b->guard.has_age && !a->guard.kind) {
      a->guard = b->guard;
      a->guard.kind = TH_ELIG_UNLESS;
    } else if (a->guard.kind == TH_ELIG_UNLESS && !b->guard.kind && !a->guard.sex) {
      b->guard = a->guard;
      b->guard.kind = TH_ELIG_IF;
    }
  }
}

/* Facts that were read from one list share what is said behind it. */
static void share_in_lists(view *v) {
  for (uint32_t k = v->n_facts; k-- > 1;) {
    th_elig_fact *a = &v->f[k - 1], *b = &v->f[k];
    if (a->from != b->from || a->to != b->to) continue;
    if (!a->guard.kind) a->guard = b->guard;
  }
  for (uint32_t k = 1; k < v->n_facts; k++) {
    th_elig_fact *a = &v->f[k - 1], *b = &v->f[k];
    if (a->from == b->from && a->to == b->to && !b->guard.kind) b->guard = a->guard;
  }
}

/* ---- sexes ---- */

static th_elig_set men = TH_ELIG_SET("men|man|male|boy");
static th_elig_set women = TH_ELIG_SET("women|woman|female|girl");

static char sex_at(const view *v, uint32_t i) {
  return among(v, i, &women) ? 'F' : among(v, i, &men) ? 'M' : 0;
}

/* "for men", "(females)", "in male patients" right behind the fact; the token of the word. */
static uint32_t sex_behind(const view *v, uint32_t k, char *sex) {
  static th_elig_set lead = TH_ELIG_SET("for|in|if|among|when|(|,|adult|a|the|is|-|[");
  uint32_t i = end_of(v, k);
  uint32_t limit = i + 4;
  bool lead_seen = false;
  for (; i < limit && among(v, i, &lead); i++)
    lead_seen = true;
  static th_elig_set closing = TH_ELIG_SET(",|)|;|or|and|.");
  *sex = lead_seen || i + 1 == v->n || among(v, i + 1, &closing) ? sex_at(v, i) : 0;
  static th_elig_set both = TH_ELIG_SET("and|or|/");
  if (*sex && among(v, i + 1, &both) && sex_at(v, i + 2)) *sex = 0;
  /* ", women ≥ 12": what the next fact follows at once is its own */
  static th_elig_set of_this = TH_ELIG_SET("for|in|if|among|when");
  bool own = among(v, end_of(v, k), &of_this) || among(v, end_of(v, k) + 1, &of_this);
  if (*sex && !own && k + 1 < v->n_facts && first_of(v, k + 1) <= i + 1) *sex = 0;
  if (*sex && is(v, i + 1, ':')) *sex = 0;
  return i;
}

/* "men:", "males ≥", "(women" right before the fact. */
static uint32_t sex_before(const view *v, uint32_t k, char *sex, bool *plain) {
  static th_elig_set fill =
      TH_ELIG_SET(":|(|,|-|patient|subject|adult|=|with|participant|and|if|)");
  uint32_t from = k ? end_of(v, k - 1) : 0, i = first_of(v, k);
  *sex = 0;
  *plain = true;
  for (uint32_t back = 0; back < 4 && i > from; back++) {
    i--;
    *plain &= !is(v, i, ':');
    if ((*sex = sex_at(v, i))) break;
    if (!among(v, i, &fill)) break;
  }
  if (!*sex) return i;
  static th_elig_set explicit = TH_ELIG_SET("for|in|if|(");
  if (i > from && among(v, i - 1, &explicit)) *plain = false;
  for (uint32_t other = from; other < i; other++)
    if (sex_at(v, other) && sex_at(v, other) != *sex && i - other <= 3) *sex = 0;
  return i;
}

static void read_sexes(view *v) {
  char found[512];
  bool any_behind = false, differ = false;
  uint32_t n = TH_MIN(v->n_facts, 512u);
  for (uint32_t k = 0; k < n; k++) {
    uint32_t at = sex_behind(v, k, &found[k]);
    if (!found[k] || v->f[k].guard.kind) continue;
    set_guard(v, &v->f[k], TH_ELIG_IF, at, at + 1);
    v->f[k].guard.sex = found[k];
    any_behind = true;
  }
  if (any_behind) return;
  uint32_t at[512];
  bool plain[512];
  for (uint32_t k = 0; k < n; k++)
    at[k] = sex_before(v, k, &found[k], &plain[k]);
  for (uint32_t k = 1; k < n; k++)
    differ |= found[k] && found[k - 1] && found[k] != found[k - 1] &&
              v->f[k].attribute == v->f[k - 1].attribute;
  for (uint32_t k = 0; k < n; k++) {
    if (!found[k] || v->f[k].guard.kind || (plain[k] && !differ)) continue;
    set_guard(v, &v->f[k], TH_ELIG_IF, at[k], at[k] + 1);
    v->f[k].guard.sex = found[k];
  }
}

/* ---- ages ---- */

/* "≥ 60 mL/min for patients ≥ 65 years": the age says whom the one before it is about. */
static void read_ages(view *v) {
  static th_elig_set words = TH_ELIG_SET(
      "for|in|if|(|patient|subject|those|children|child|aged|age|who|are|participant|"
      "adult|when|is|infant|men|women|individual|,|adolescent|with|an|of|person|the|unless|except");
  static th_elig_set lead = TH_ELIG_SET("for|in|if|(|when|unless|except");
  int age = -1;
  for (uint32_t k = 0; k + 1 < v->n_facts; k++) {
    th_elig_fact *a = &v->f[k], *b = &v->f[k + 1];
    if (a->type != TH_ELIG_NUMERIC || b->type != TH_ELIG_NUMERIC || !b->canonical_unit) continue;
    if (age < 0) age = th_elig_attribute_find(TH_SPAN("age"));
    if (b->attribute != age || a->attribute == age || a->guard.kind) continue;
    bool only = true, led = false, unless = false;
    for (uint32_t i = end_of(v, k); i < first_of(v, k + 1); i++) {
      only &= among(v, i, &words);
      led |= among(v, i, &lead);
      unless |= among(v, i, &unless_words);
    }
    if (!only || !led || th_elig_is_broken(v->l, end_of(v, k), first_of(v, k + 1))) continue;
    set_guard(v, a, unless ? TH_ELIG_UNLESS : TH_ELIG_IF, first_of(v, k + 1), end_of(v, k + 1));
    a->guard.has_age = true;
    a->guard.age_low = isnan(b->low_canonical) ? 0 : b->low_canonical;
    a->guard.age_high = isnan(b->high_canonical) ? INFINITY : b->high_canonical;
    for (uint32_t m = k + 1; m + 1 < v->n_facts; m++) {
      v->f[m] = v->f[m + 1];
      v->l->fact_token[2 * m] = v->l->fact_token[2 * m + 2];
      v->l->fact_token[2 * m + 1] = v->l->fact_token[2 * m + 3];
    }
    v->n_facts--;
    v->l->facts->n--;
  }
}

/* Nothing but a few words stands between the fact and the window. */
static bool is_near(const view *v, const th_elig_when *w, uint32_t k) {
  uint32_t a = w->first >= end_of(v, k) ? end_of(v, k) : w->end;
  uint32_t b = w->first >= end_of(v, k) ? w->first : first_of(v, k);
  for (uint32_t i = a; i < b; i++)
    if (is(v, i, ':')) return false;
  for (uint32_t m = 0; m < v->n_facts; m++)
    if (first_of(v, m) >= a && first_of(v, m) < b && first_of(v, m) != first_of(v, k)) return false;
  return b < a + 10;
}

static void attach_windows(view *v) {
  int age = th_elig_attribute_find(TH_SPAN("age"));
  for (uint32_t k = 0; k < v->n_facts && v->l->n_whens; k++) {
    if (v->f[k].attribute == age) continue;
    const th_elig_when *w = th_elig_window_near(v->l, first_of(v, k), end_of(v, k));
    if (w && first_of(v, k) <= w->first && w->end <= end_of(v, k)) w = NULL; /* itself a duration */
    if (w && is_near(v, w, k)) v->f[k].window = w->window;
  }
}

void th_elig_read_guards(th_elig_leaf *l) {
  view v = look(l);
  if (v.n_facts == 0) return;
  read_ages(&v);
  for (uint32_t k = 0; k < v.n_facts; k++)
    conditions_behind(&v, k);
  read_sexes(&v);
  share_in_lists(&v);
  complete_pairs(&v);
  attach_windows(&v);
}
