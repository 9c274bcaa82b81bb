/* Numbers that the words around them turn.
 *
 *   refused  := fact "are excluded" | fact "is not allowed"        among inclusions
 *   demanded := "must have" fact | name "should be" value          among exclusions
 *   failed   := "unable to maintain" fact | "failure to have" fact
 *   outside  := "outside" (fact | range) | name "not between" range
 *
 * What is refused or failed is denied, and so is what an exclusion demands: who does not have it is
 * kept out. */
#include "eligibility/attributes.h"
#include "eligibility/keys.h"
#include "eligibility/leaf.h"

static bool at(const th_elig_leaf *l, uint32_t i, th_elig_set *set) {
  return i < l->tokens.n && th_elig_among(set, &l->tokens.p[i]);
}

/* "not be allowed", but not "not eligible for a transplant". */
static bool is_not_asked(const th_elig_leaf *l, uint32_t i) {
  static th_elig_set asked = TH_ELIG_SET("eligible|allowed|permitted|acceptable|enrolled");
  static th_elig_set no = TH_ELIG_SET("not|never"), be = TH_ELIG_SET("be");
  static th_elig_set for_ = TH_ELIG_SET("for|to"), this_ = TH_ELIG_SET("this|the|study|trial");
  if (!at(l, i, &asked) || i < 2) return false;
  bool denied = at(l, i - 1, &no) || (at(l, i - 1, &be) && at(l, i - 2, &no));
  return denied && (!at(l, i + 1, &for_) || at(l, i + 2, &this_));
}

static bool is_refusal(const th_elig_leaf *l, uint32_t i) {
  static th_elig_set refused =
      TH_ELIG_SET("excluded|exclusionary|ineligible|disqualified|prohibited");
  static th_elig_set be = TH_ELIG_SET("is|are|be|was|were|automatically");
  static th_elig_set by = TH_ELIG_SET("by|for"), must = TH_ELIG_SET("must|should");
  if (!at(l, i, &refused)) return is_not_asked(l, i);
  bool task = i > 1 && at(l, i - 2, &must); /* "other causes must be excluded" */
  return i > 0 && at(l, i - 1, &be) && !task && !at(l, i + 1, &by);
}

/* Whether what ends before token `end` is refused right behind it: no other thought, number or name
 * stands between. */
static bool is_refused(const th_elig_leaf *l, uint32_t end) {
  enum { REACH = 9 };
  static th_elig_set other = TH_ELIG_SET("but|if|unless|who|which|whose|and|or|because|(|:");
  for (uint32_t i = end; i < end + REACH && i < l->tokens.n; i++) {
    const th_elig_token *t = &l->tokens.p[i];
    bool name = t->flags & TH_ELIG_UPPER && !(t->flags & TH_ELIG_ALL_UPPER);
    if (th_elig_is_broken(l, end - 1, i) || t->kind == TH_ELIG_NUM || name) return false;
    if (is_refusal(l, i)) return true;
    if (at(l, i, &other)) return false;
  }
  return false;
}

/* "A or B": only joints between what ends before token a and what begins at b. */
static bool are_joined(const th_elig_leaf *l, uint32_t a, uint32_t b) {
  static th_elig_set joint = TH_ELIG_SET(",|or|and|/");
  uint32_t i = a;
  while (i < b && at(l, i, &joint))
    i++;
  return i == b && a < b;
}

static th_elig_set modal = TH_ELIG_SET("must|should|shall");

/* "must have a", "should be": the modal before token `first`, UINT32_MAX when there is none. */
static uint32_t modal_before(const th_elig_leaf *l, uint32_t first) {
  enum { REACH = 4 };
  static th_elig_set fill =
      TH_ELIG_SET("a|an|the|of|with|adequate|documented|baseline|screening|at|"
                  "least|serum|resting|minimum|weight");
  static th_elig_set verb = TH_ELIG_SET("have|be|show|demonstrate|maintain|weigh|score");
  uint32_t i = first;
  while (i > 0 && first - i < REACH && at(l, i - 1, &fill))
    i--;
  if (i < 2 || !at(l, i - 1, &verb)) return UINT32_MAX;
  return at(l, i - 2, &modal) ? i - 2 : UINT32_MAX;
}

/* "hemoglobin must be ≥ 10", "should have LVEF of at least 50 %"; not what must not be. */
static bool is_demanded(const th_elig_leaf *l, uint32_t first, uint32_t end) {
  static th_elig_set be = TH_ELIG_SET("be|remain|exceed");
  if (modal_before(l, first) != UINT32_MAX) return true;
  for (uint32_t i = first; i + 1 < end; i++)
    if (at(l, i, &modal) && at(l, i + 1, &be)) return true;
  return false;
}

/* "unable to maintain", "failure to have a". */
static bool is_failed(const th_elig_leaf *l, uint32_t first) {
  enum { REACH = 4 };
  static th_elig_set verb = TH_ELIG_SET("maintain|achieve|have|reach|attain|sustain|keep|walk");
  static th_elig_set fill = TH_ELIG_SET("a|an|the|of|at|least|adequate|mean|sustained|sufficient");
  static th_elig_set to = TH_ELIG_SET("to");
  static th_elig_set fails = TH_ELIG_SET("unable|inability|fail|failed|failure");
  uint32_t i = first;
  while (i > 0 && first - i < REACH && at(l, i - 1, &fill))
    i--;
  return i > 2 && at(l, i - 1, &verb) && at(l, i - 2, &to) && at(l, i - 3, &fails);
}

/* Whether words that end before token `end` turn what stands there: "outside the", "not between".
 */
static bool is_turned(const th_elig_leaf *l, uint32_t end) {
  enum { REACH = 8 };
  static th_elig_set fill =
      TH_ELIG_SET("of|the|a|range|normal|reference|acceptable|limit|from|between|within|in|:|(|=|"
                  "defined|as");
  static th_elig_set outside = TH_ELIG_SET("outside"), out = TH_ELIG_SET("out");
  static th_elig_set behind_out = TH_ELIG_SET("of"), no = TH_ELIG_SET("not");
  uint32_t i = end;
  while (i > 0 && end - i < REACH && at(l, i - 1, &fill))
    i--;
  bool turned = i > 0 && (at(l, i - 1, &outside) || (at(l, i - 1, &out) && at(l, i, &behind_out)));
  i -= turned;
  return turned != (i > 0 && at(l, i - 1, &no));
}

/* "potassium outside the range of 3.5 to 5.5", "outside a heart rate of 50 to 90"; not what is
 * denied before its name already. */
static bool is_outside(const th_elig_leaf *l, const th_elig_fact *f, uint32_t first, uint32_t end) {
  uint32_t value = first;
  if (f->relation != TH_ELIG_BETWEEN) return false;
  while (value < end &&
         (l->tokens.p[value].from < f->value_from || l->tokens.p[value].kind != TH_ELIG_NUM))
    value++;
  bool before = !f->negated && first < value && is_turned(l, first);
  return (value < end && is_turned(l, value)) != before;
}

/* "must be postmenopausal for at least 1 year to be considered so": says who is, and demands
 * nothing of the others. */
static bool defines(const th_elig_fact *f) {
  return f->attribute < th_elig_n_attributes &&
         !strcmp(th_elig_attributes[f->attribute].key, "menopause_duration");
}

void th_elig_turn_numbers(th_elig_leaf *l) {
  static th_elig_set looked_for =
      TH_ELIG_SET("outside|out|not|excluded|exclusionary|ineligible|disqualified|prohibited|"
                  "eligible|allowed|"
                  "permitted|acceptable|enrolled|must|should|shall|unable|inability|fail|failed|"
                  "failure");
  bool refused = false;
  if (!th_elig_leaf_may_have(l, &looked_for)) return;
  for (uint32_t k = l->facts->n - l->first_fact, next = 0; k-- > 0;) {
    th_elig_fact *f = &l->facts->p[l->first_fact + k];
    uint32_t first = l->fact_token[2 * k], end = l->fact_token[2 * k + 1];
    if (f->type != TH_ELIG_NUMERIC) continue;
    refused = l->kind == TH_ELIG_INCLUSION &&
              (is_refused(l, end) || (refused && are_joined(l, end, next)));
    bool demanded = l->kind == TH_ELIG_EXCLUSION && is_demanded(l, first, end) && !defines(f);
    bool turned = refused || demanded || is_failed(l, first);
    if (turned != is_outside(l, f, first, end)) f->negated = !f->negated;
    next = first;
  }
}
