#include "eligibility/permit.h"

#include "eligibility/keys.h"

/* What may stand behind "allowed": the end, or what it depends on. */
static th_elig_permission grade(const th_elig_leaf *l, uint32_t i) {
  static th_elig_set on = TH_ELIG_SET("if|provided|providing|when|unless|for|at|during|with|until|"
                                      "as|only|on|after|before|prior|while|except|in|within|but");
  const th_elig_token *t = &l->tokens.p[i];
  if (i >= l->tokens.n || (th_elig_sign(t, '.') && i + 1 == l->tokens.n)) return TH_ELIG_PERMITS;
  if (th_elig_sign(t, ',') || th_elig_sign(t, ';') || th_elig_sign(t, '(') || th_elig_among(&on, t))
    return TH_ELIG_PERMITS_IF;
  return TH_ELIG_NO_PERMISSION;
}

/* A comma inside a list that "or" ends: "chemotherapy, radiotherapy, or surgery allowed". */
static bool is_listed(const th_elig_leaf *l, uint32_t comma, uint32_t at) {
  static th_elig_set join = TH_ELIG_SET("or|and");
  for (uint32_t i = comma + 1; i < at && !th_elig_sign(&l->tokens.p[i], ','); i++)
    if (th_elig_among(&join, &l->tokens.p[i])) return true;
  return false;
}

/* Whether words before the permission ask for something, or deny. */
static bool asks_before(const th_elig_leaf *l, uint32_t at) {
  static th_elig_set asks =
      TH_ELIG_SET("no|not|none|without|never|nor|neither|cannot|must|should|required|require|need|"
                  "unless|except|than|only");
  static th_elig_set more = TH_ELIG_SET("more|greater|less|fewer"), than = TH_ELIG_SET("than");
  uint32_t last_comma = UINT32_MAX;
  for (uint32_t i = 0; i < at; i++) {
    const th_elig_token *t = &l->tokens.p[i];
    bool compared = i > 0 && th_elig_among(&than, t) && th_elig_among(&more, t - 1);
    if ((th_elig_among(&asks, t) && !compared) || th_elig_sign(t, '(') || th_elig_sign(t, ')') ||
        th_elig_sign(t, ':') || th_elig_is_broken(l, i, i + 1))
      return true;
    if (th_elig_sign(t, ',')) last_comma = i;
  }
  return last_comma != UINT32_MAX && !is_listed(l, last_comma, at);
}

/* Whether a second sentence, or a demand, stands behind it. */
static bool asks_behind(const th_elig_leaf *l, uint32_t at) {
  static th_elig_set asks = TH_ELIG_SET("must|required|should|not|no");
  for (uint32_t i = at; i < l->tokens.n; i++)
    if ((i + 1 < l->tokens.n && th_elig_is_broken(l, i, i + 1)) ||
        th_elig_among(&asks, &l->tokens.p[i]))
      return true;
  return false;
}

th_elig_permission th_elig_permits(const th_elig_leaf *l) {
  static th_elig_set allowed = TH_ELIG_SET("allowed|permitted|acceptable|allowable|permissible");
  static th_elig_set eligible = TH_ELIG_SET("eligible");
  static th_elig_set be = TH_ELIG_SET("is|are|be|remain");
  if (!th_elig_leaf_may_have(l, &allowed) && !th_elig_leaf_may_have(l, &eligible))
    return TH_ELIG_NO_PERMISSION;
  for (uint32_t i = 1; i < l->tokens.n; i++) {
    const th_elig_token *t = &l->tokens.p[i];
    bool says =
        th_elig_among(&allowed, t) || (th_elig_among(&eligible, t) && th_elig_among(&be, t - 1));
    if (says)
      return asks_before(l, i) || asks_behind(l, i + 1) ? TH_ELIG_NO_PERMISSION : grade(l, i + 1);
  }
  return TH_ELIG_NO_PERMISSION;
}
