#include "eligibility/signs.h"

static const th_elig_token *token(const th_elig_leaf *l, uint32_t i) {
  return &l->tokens.p[i];
}

static bool among(const th_elig_leaf *l, uint32_t i, th_elig_set *set) {
  return i < l->tokens.n && th_elig_among(set, token(l, i));
}

static bool sign(const th_elig_leaf *l, uint32_t i, char c) {
  return i < l->tokens.n && th_elig_sign(token(l, i), c);
}

static bool is_apart(const th_elig_leaf *l, uint32_t i) {
  return token(l, i)->flags & TH_ELIG_SPACE_BEFORE;
}

/* "HIV- and HCV-infected": the hyphen stands for the rest of the word. */
static bool is_suspended(const th_elig_leaf *l, uint32_t behind) {
  enum { REACH = 8 };
  static th_elig_set joints = TH_ELIG_SET("and|or|,|/|and/or|&");
  static th_elig_set ends = TH_ELIG_SET(
      "infected|coinfected|infection|positive|positivity|targeted|targeting|directed|related|"
      "associated|seropositive|mutated|mutant|specific|based|amplified|driven|receptor|treated|"
      "exposed|naive|binding|blocking|expressing|overexpressing|co|containing|dependent");
  if (!among(l, behind, &joints)) return false;
  for (uint32_t i = behind; i < behind + REACH && !th_elig_is_broken(l, behind, i + 1); i++)
    if (sign(l, i, '-') && !is_apart(l, i) && among(l, i + 1, &ends)) return true;
  return false;
}

/* What may stand behind a minus and a blank. Any other word may be what the minus joins. */
static bool goes_on_behind_minus(const th_elig_leaf *l, uint32_t i) {
  static th_elig_set words = TH_ELIG_SET(
      "and|or|but|with|in|by|on|at|for|disease|cancer|carcinoma|tumor|breast|lymphoma|leukemia|"
      "patient|subject|participant|women|men|individual|mbc|gastric|metastatic|advanced|status|is|"
      "are|who|must|at|within|as|all|aml|mds|nsclc|adenocarcinoma|locally|invasive|recurrent|"
      "early");
  return among(l, i, &words);
}

static bool may_follow(const th_elig_leaf *l, uint32_t i, bool minus) {
  static th_elig_set closing = TH_ELIG_SET(",|;|)|]|.|:");
  if (i >= l->tokens.n || among(l, i, &closing)) return !minus || !is_suspended(l, i);
  if (sign(l, i, '/')) /* "+/-" is neither */
    return !sign(l, i + 1, '-') && !sign(l, i + 1, '+') && !(minus && is_suspended(l, i));
  if (!is_apart(l, i)) return false;
  if (minus) return goes_on_behind_minus(l, i) && !is_suspended(l, i);
  return token(l, i)->kind != TH_ELIG_REL && !sign(l, i, '/');
}

bool th_elig_sign_of_result(const th_elig_leaf *l, uint32_t i, uint32_t *end, bool *absent) {
  static th_elig_set ve = TH_ELIG_SET("ve");
  bool open = sign(l, i, '(');
  uint32_t at = i + open;
  if (i == 0 || !(sign(l, at, '+') || sign(l, at, '-')) || (l->taken && l->taken[at])) return false;
  uint32_t behind = at + 1;
  bool spelled = among(l, behind, &ve) && !is_apart(l, behind); /* "+ve" */
  behind += spelled;
  *absent = sign(l, at, '-');
  *end = behind + open;
  if (open) return sign(l, behind, ')');
  if (spelled) return true;
  return !is_apart(l, at) && may_follow(l, behind, *absent);
}
