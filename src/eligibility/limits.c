/* Laboratory values by a word instead of a number: beside the limits of normal.
 *
 *   limit := high filler* name{list}                  "elevated ALT or AST", "low serum potassium"
 *          | name{list} filler* verb* high            "ALT and AST are within normal limits"
 *   high  := elevated | raised | … | "above normal"   > 1 x the upper limit
 *          | low | decreased | … | "below normal"     < 1 x the lower limit
 *          | normal | "within normal limits"          <= 1 x the upper limit, where that alone
 *                                                     matters
 *
 * A name that a number bounds is bounded by that. What was so once, what is treated and what is the
 * condition of something else is not asked for. */
#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/numeric.h"
#include "eligibility/phrases.h"

typedef enum sense { NO_SENSE, ABOVE, BELOW, NORMAL } sense;

typedef struct told {
  sense sense;
  uint32_t first, end; /* the tokens that say it */
  uint32_t n_facts;    /* what was read before */
} told;

static th_elig_set up = TH_ELIG_SET("elevated|increased|raised|high|heightened");
static th_elig_set down = TH_ELIG_SET("low|decreased|reduced|lowered|diminished");

/* "within the normal limits", "above normal range": behind the first word at token i. */
static bool is_normal_range(const th_elig_binder *s, uint32_t i, uint32_t *end) {
  static th_elig_set fill = TH_ELIG_SET("the|institutional|laboratory|local|institution|reference");
  static th_elig_set normal = TH_ELIG_SET("normal"), of = TH_ELIG_SET("of");
  static th_elig_set range = TH_ELIG_SET("limit|range|value|level|reference|interval");
  uint32_t from = i;
  while (i < from + 3 && th_elig_at(s, i, &fill))
    i++;
  if (th_elig_at(s, i, &range) && th_elig_at(s, i + 1, &of) && th_elig_at(s, i + 2, &normal)) {
    *end = i + 3;
    return true;
  }
  if (!th_elig_at(s, i, &normal)) return false;
  for (i++; i < from + 6 && th_elig_at(s, i, &range);)
    i++;
  *end = i;
  return true;
}

static sense sense_at(const th_elig_binder *s, uint32_t i, uint32_t *end) {
  static th_elig_set normal = TH_ELIG_SET("normal"), within = TH_ELIG_SET("within|in");
  static th_elig_set above = TH_ELIG_SET("above|over|exceeding"),
                     below = TH_ELIG_SET("below|under");
  static th_elig_sets all = TH_ELIG_SETS(&up, &down, &normal, &within, &above, &below);
  *end = i + 1;
  if (!th_elig_maybe(&all, &s->t[i])) return NO_SENSE;
  if (th_elig_at(s, i, &up)) return ABOVE;
  if (th_elig_at(s, i, &down)) return BELOW;
  if (th_elig_at(s, i, &normal)) return NORMAL;
  sense is = th_elig_at(s, i, &within)  ? NORMAL
             : th_elig_at(s, i, &above) ? ABOVE
             : th_elig_at(s, i, &below) ? BELOW
                                        : NO_SENSE;
  return is && is_normal_range(s, i + 1, end) ? is : NO_SENSE;
}

/* ---- the names ---- */

/* The laboratory value that the mention names, -1 when it names none. */
static int lab_of(const th_elig_binder *s, const th_elig_mention *m) {
  const th_elig_token *t = &s->t[m->first];
  for (int p = m->phrase; p >= 0; p = th_elig_phrase_get(p)->next) {
    const th_elig_phrase *ph = th_elig_phrase_get(p);
    bool spelled = !ph->exact || (ph->exact_n == t->to - t->from &&
                                  !memcmp(ph->exact, s->l->text.p + t->from, ph->exact_n));
    if (ph->value >= 0 && spelled && th_elig_attributes[ph->value].limits) return ph->value;
  }
  return -1;
}

/* Whether a number says what is asked of the mention. */
static bool is_bounded(const th_elig_binder *s, const th_elig_mention *m, uint32_t n_facts) {
  const th_elig_facts *v = s->l->facts;
  uint32_t from = s->t[m->first].from, to = s->t[m->end - 1].to;
  for (uint32_t i = s->l->first_fact; i < n_facts; i++)
    if (v->p[i].from < to && from < v->p[i].to) return true;
  return false;
}

bool th_elig_measure_ends(const th_elig_leaf *l, uint32_t end) {
  static th_elig_set behind = TH_ELIG_SET(
      "and|or|in|at|on|of|during|within|with|without|prior|before|after|despite|as|but|by|who|that|"
      "which|due|because|is|are|was|were|must|should|defined|unless|except|if|when|than|not|for|"
      "level|concentration|value|count|test|result|activity|measured|found|documented|determined|"
      "according|including|such|to|from|screening|baseline|secondary|related|requiring|only|"
      "considered|has|have|will|i.e|e.g|ie|eg|associated|per|under|on|while|and/or|assessed");
  return end >= l->tokens.n || l->tokens.p[end].kind != TH_ELIG_WORD ||
         th_elig_among(&behind, &l->tokens.p[end]);
}

static bool is_set_aside(const th_elig_binder *s, uint32_t first) {
  static th_elig_set once = TH_ELIG_SET(
      "history|prior|previous|previously|past|family|if|unless|when|except|risk|due|cause|caused|"
      "causing|causes|because|treat|treated|treatment|treating|lowering|despite|until|"
      "associated|secondary|result|resulting|stop|than|effect|normalization");
  static th_elig_set at_once = TH_ELIG_SET("for|to|from|by");
  if (first > 0 && th_elig_at(s, first - 1, &at_once)) return true;
  for (uint32_t i = first; i-- > 0 && first - i <= 5;) {
    if (th_elig_is_broken(s->l, i, i + 1)) return false;
    if (th_elig_at(s, i, &once)) return true;
  }
  return false;
}

/* ---- facts ---- */

static void add_limit(th_elig_binder *s, const told *w, uint32_t mention, bool negated) {
  const th_elig_mention *m = &s->l->mentions[mention];
  int a = lab_of(s, m);
  uint8_t limits = a >= 0 ? th_elig_attributes[a].limits : 0;
  uint8_t wanted = w->sense == BELOW ? TH_ELIG_LIMIT_LOW : TH_ELIG_LIMIT_HIGH;
  if (!(limits & wanted) || (w->sense == NORMAL && limits != TH_ELIG_LIMIT_HIGH)) return;
  if (is_bounded(s, m, w->n_facts)) return;
  th_elig_quantity q = {.first = w->first,
                        .number = w->first,
                        .end = w->end,
                        .value_end = w->end,
                        .value = 1,
                        .high = NAN,
                        .other = NAN,
                        .second = NAN,
                        .relation = w->sense == ABOVE   ? TH_ELIG_GT
                                    : w->sense == BELOW ? TH_ELIG_LT
                                                        : TH_ELIG_LE,
                        .reference = w->sense == BELOW ? TH_ELIG_LLN : TH_ELIG_ULN};
  th_elig_fact *f = th_elig_bind_value(s, a, &q, 1, TH_MIN(w->first, m->first), m->end);
  if (!f) return;
  f->negated ^= negated;
  th_elig_set_name(s, f, m);
}

/* "elevated ALT or AST": the names from the mention at token `at` on. False when there is none. */
static bool bind_behind(th_elig_binder *s, const told *w) {
  static th_elig_set fill = TH_ELIG_SET(
      "serum|plasma|blood|total|the|level|of|fasting|baseline|concentration|amount|value|"
      "screening|absolute|any|or|result|for|in|\"");
  const th_elig_leaf *l = s->l;
  uint32_t at = w->end, k = s->mention;
  while (at < w->end + 4 && at < s->n && !l->taken[at] && th_elig_at(s, at, &fill))
    at++;
  while (k < l->n_mentions && l->mentions[k].first < at)
    k++;
  if (k >= l->n_mentions || l->mentions[k].first != at || lab_of(s, &l->mentions[k]) < 0)
    return false;
  uint32_t last = k;
  while (last + 1 < l->n_mentions && lab_of(s, &l->mentions[last + 1]) >= 0 &&
         th_elig_joins(s, l->mentions[last].end, l->mentions[last + 1].first))
    last++;
  if (!th_elig_measure_ends(l, l->mentions[last].end) || is_set_aside(s, w->first)) return true;
  for (uint32_t i = k; i <= last; i++)
    add_limit(s, w, i, false);
  return true;
}

/* "ALT and AST are within normal limits": the names before the words. */
static void bind_before(th_elig_binder *s, const told *w) {
  static th_elig_set fill = TH_ELIG_SET(
      "is|are|was|were|be|been|must|should|level|value|concentration|count|result|test|activity|"
      "all|both|:|(|)|,|not|has|have|remain|which|that|to|measured|clinically|significantly|"
      "serum|at|baseline|screening");
  static th_elig_set no = TH_ELIG_SET("not");
  const th_elig_leaf *l = s->l;
  uint32_t at = w->first, k = s->mention;
  bool negated = false;
  while (at > 0 && w->first - at < 5 && !l->taken[at - 1] && th_elig_at(s, at - 1, &fill))
    negated ^= th_elig_at(s, --at, &no);
  if (k == 0 || l->mentions[k - 1].end != at || lab_of(s, &l->mentions[k - 1]) < 0) return;
  uint32_t first = k - 1;
  while (first > 0 && lab_of(s, &l->mentions[first - 1]) >= 0 &&
         th_elig_joins(s, l->mentions[first - 1].end, l->mentions[first].first))
    first--;
  if (!th_elig_measure_ends(l, w->end) || is_set_aside(s, l->mentions[first].first)) return;
  for (uint32_t i = first; i < k; i++)
    add_limit(s, w, i, negated);
}

/* Whether the token is part of a number's words: "the upper limit of normal". */
static bool is_in_quantity(const th_elig_leaf *l, uint32_t i, uint32_t *next) {
  while (*next < l->n_quantities && l->quantities[*next].end <= i)
    ++*next;
  return *next < l->n_quantities && l->quantities[*next].first <= i;
}

void th_elig_read_limits(th_elig_binder *s) {
  const th_elig_leaf *l = s->l;
  uint32_t next = 0;
  s->mention = 0;
  if (l->n_mentions == 0) return;
  for (uint32_t i = 0; i < s->n; i++) {
    told w = {.first = i, .n_facts = l->facts->n};
    if (l->taken[i] || s->t[i].kind != TH_ELIG_WORD || !(w.sense = sense_at(s, i, &w.end)) ||
        is_in_quantity(l, i, &next))
      continue;
    while (s->mention < l->n_mentions && l->mentions[s->mention].end <= i)
      s->mention++;
    if (!bind_behind(s, &w)) bind_before(s, &w);
    i = w.end - 1;
  }
}
