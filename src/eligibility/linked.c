/* A further quantity of what the one before it was about: "≥ 9 g/dL and < 12", "for women > 470
 * ms".
 */
#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/numeric.h"

enum { LINK_MAX = 9 };

static bool in_mention(const th_elig_binder *s, uint32_t token) {
  for (uint32_t i = 0; i < s->mention; i++)
    if (s->l->mentions[i].first <= token && token < s->l->mentions[i].end) return true;
  return false;
}

/* "male > 450 ms; female > 470 ms": the sign between ends no sentence. */
static bool is_of_other_sex(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set sexes = TH_ELIG_SET("men|man|women|woman|male|female|boy|girl");
  static th_elig_set fill = TH_ELIG_SET(";|.|,|(|)|or|and|for|in|:|patient|subject");
  bool sex = false;
  for (uint32_t i = s->last_end; i < q->first; i++) {
    sex |= th_elig_at(s, i, &sexes);
    if (!th_elig_at(s, i, &sexes) && !th_elig_at(s, i, &fill)) return false;
  }
  return sex;
}

/* "2 swollen and 3 tender joints", "2 units a day or 10 units a week":
 * a number without a relation, joined to one that was read, has that one's. True
 * when what it counts stands behind it. */
bool th_elig_share_relation(const th_elig_binder *s, th_elig_quantity *q, uint32_t m_index) {
  static th_elig_set joints = TH_ELIG_SET("and|or|&|,|in|for|(|)|men|women|male|female|boy|girl");
  static th_elig_set sexes = TH_ELIG_SET("men|women|male|female|boy|girl");
  const th_elig_leaf *l = s->l;
  const th_elig_quantity *before = q - 1;
  if (q == l->quantities || s->n_list == 0 || q->related || q->tied || q->age || !isnan(q->high) ||
      !isnan(q->second) || q->reference || before->use != TH_ELIG_AS_FACT || !before->related ||
      before->relation > TH_ELIG_GE || q->first < s->last_end || q->first - s->last_end > 5 ||
      q->first == s->last_end || q->percentile)
    return false;
  static th_elig_set sign = TH_ELIG_SET("(|)|in|for");
  bool sex = false, apart = false;
  for (uint32_t i = s->last_end; i < q->first; i++) {
    if (!th_elig_at(s, i, &joints)) return false;
    sex |= th_elig_at(s, i, &sexes);
    apart |= th_elig_at(s, i, &sign);
  }
  if (!sex && (apart || q->first - s->last_end > 2)) return false;
  bool counted = !q->has_unit && !before->has_unit && m_index < l->n_mentions &&
                 l->mentions[m_index].first == q->end;
  bool again = q->has_unit && before->has_unit &&
               (!th_elig_is_time(q) || !strcmp(q->unit.ucum, "ms")) && s->n_list == 1 &&
               (th_elig_fits(s->list[0], q) || th_elig_mend_unit(s, s->list[0], q));
  if (!counted && !again) return false;
  q->relation = before->relation;
  q->related = true;
  return counted;
}

bool th_elig_bind_linked(th_elig_binder *s, th_elig_quantity *q) {
  if (s->n_list == 0 || q->first < s->last_end || q->first - s->last_end > LINK_MAX + 4)
    return false;
  if (!q->related && !q->reference) return false;
  if (s->list[0] == th_elig_known_attributes.age && th_elig_is_of_assent(s, q->first))
    return q->use = TH_ELIG_AS_GUARD, true;
  bool spelled = q->number < s->n && s->t[q->number].flags & TH_ELIG_SPELLED;
  if (spelled && !q->has_unit && q->first > s->last_end + 2)
    return false; /* "at least one sibling" */
  if (th_elig_counts_next(s, q)) return false;
  if (s->list[0] == th_elig_known_attributes.age && th_elig_is_of_other_time(s, s->last_end, q))
    return false;
  uint32_t gap = th_elig_distance(s, s->last_end, q->first);
  if (gap == UINT32_MAX && is_of_other_sex(s, q)) gap = 2;
  if (gap == UINT32_MAX) return false;
  for (uint32_t i = s->last_end; i < q->first; i++) /* words that look like a name and are none */
    if (s->l->taken[i] && s->t[i].kind == TH_ELIG_WORD && !in_mention(s, i)) return false;
  const char *unit = th_elig_attributes[s->list[0]].unit;
  bool short_time = !strcmp(unit, "ms") || !strcmp(unit, "s");
  if (th_elig_is_time(q) && (th_elig_is_introduced_by_time(s, q) || (gap > 4 && !short_time)))
    return false;
  uint32_t bound = 0;
  if (!q->has_unit && q->reference == TH_ELIG_ABSOLUTE && gap > 3 &&
      !th_elig_attributes[s->list[0]].scale) {
    static th_elig_set sexes =
        TH_ELIG_SET("men|man|women|woman|male|female|boy|girl|or|and|asian|caucasian|white|black");
    bool sex = false;
    for (uint32_t i = s->last_end; i < q->first; i++)
      sex |= th_elig_at(s, i, &sexes);
    if (!sex) return false;
  }
  for (uint32_t i = 0; i < s->n_list && (bound == 0 || isnan(q->second)); i++) {
    bool mended = s->n_list == 1 && !th_elig_fits(s->list[0], q);
    if (mended ? !th_elig_mend_unit(s, s->list[0], q) : !th_elig_fits(s->list[i], q)) continue;
    th_elig_add_facts(s, s->list[i], q, q->first, q->end, UINT32_MAX);
    bound++;
  }
  if (bound) s->last_end = q->end;
  return bound > 0;
}
