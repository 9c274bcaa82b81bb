/* What the words behind a mention say of it: absent, allowed, excluded. */
#include "eligibility/context.h"
#include "eligibility/keys.h"

static const th_elig_token *token(const th_elig_context *c, uint32_t i) {
  static const th_elig_token none = {.kind = TH_ELIG_SIGN};
  return i < c->leaf->tokens.n ? &c->leaf->tokens.p[i] : &none;
}

static bool among(const th_elig_context *c, uint32_t i, th_elig_set *set) {
  return i < c->leaf->tokens.n && th_elig_among(set, token(c, i));
}

static th_elig_set verbs =
    TH_ELIG_SET("is|are|was|were|be|been|has|have|will|must|should|may|also|do|does|"
                "known|currently|allowed|not|can|being");
static th_elig_set allowed =
    TH_ELIG_SET("allowed|permitted|acceptable|eligible|allowable|permissible|ok");
static th_elig_set exclusion =
    TH_ELIG_SET("excluded|exclusion|exclude|exclusionary|prohibited|ineligible|disqualifying");
static th_elig_set no = TH_ELIG_SET("not");

/* "negative" says it of the mention only when no name follows that it belongs to ("must have a
 * negative pregnancy test"). */
static bool stands_alone(const th_elig_context *c, uint32_t i) {
  static th_elig_set behind = TH_ELIG_SET("or|and|by|on|at|in|for|within|prior|but|is|as|to|from");
  return i + 1 >= c->leaf->tokens.n || token(c, i + 1)->kind != TH_ELIG_WORD ||
         among(c, i + 1, &behind);
}

/* "No X is allowed", "those who had no X are eligible" among those who may join: the lack of X is
 * asked for. */
static bool is_without(const th_elig_context *c, const th_elig_setting *s) {
  return s->negated && c->leaf->kind != TH_ELIG_EXCLUSION;
}

/* "X are eligible", "X are allowed", or not. */
static void allow(const th_elig_context *c, uint32_t i, bool yes, th_elig_setting *s) {
  static th_elig_set eligible = TH_ELIG_SET("eligible");
  s->allowed = yes;
  s->eligible = yes && among(c, i, &eligible);
  s->negated |= !yes && c->leaf->kind != TH_ELIG_EXCLUSION;
}

/* "eligible for surgery": for something else than the study. */
static bool is_for_other(const th_elig_context *c, uint32_t i) {
  static th_elig_set of = TH_ELIG_SET("eligible|ineligible"), to = TH_ELIG_SET("for");
  static th_elig_set study = TH_ELIG_SET(
      "study|trial|this|the|enrollment|enrolment|participation|inclusion|entry|enroll|participate|"
      "our|join|enter|protocol|registration|randomization|participant");
  return among(c, i, &of) && among(c, i + 1, &to) && !among(c, i + 2, &study);
}

static bool is_allowed(const th_elig_context *c, uint32_t i) {
  return among(c, i, &allowed) && !is_for_other(c, i);
}

static bool is_excluding(const th_elig_context *c, uint32_t i) {
  return among(c, i, &exclusion) && !is_for_other(c, i);
}

/* "X may be enrolled" among exclusions: allowed, in words that say who may join. */
static bool is_let_in(const th_elig_context *c, uint32_t i) {
  static th_elig_set in = TH_ELIG_SET("enrolled|included|enroll|participate");
  static th_elig_set may = TH_ELIG_SET("may|can|could"), be = TH_ELIG_SET("be|also|still|not");
  if (c->leaf->kind != TH_ELIG_EXCLUSION || !among(c, i, &in)) return false;
  while (i > 0 && among(c, i - 1, &be))
    i--;
  return i > 0 && among(c, i - 1, &may);
}

/* "… (X and Y are exclusion criteria)" among exclusions is no exception any more. */
static bool is_excluded(const th_elig_context *c, th_elig_setting *s) {
  if (s->role != TH_ELIG_EXCEPTION || c->leaf->kind != TH_ELIG_EXCLUSION) return false;
  s->role = TH_ELIG_PLAIN_ROLE;
  return true;
}

/* "HCV-negative donors", "HIV uninfected infants": such a word needs nothing to end behind it. */
static bool is_bound_negative(const th_elig_context *c, uint32_t i, bool hyphen) {
  static th_elig_set bound = TH_ELIG_SET("negative|seronegative|uninfected");
  static th_elig_set always = TH_ELIG_SET("seronegative|uninfected");
  return among(c, i, hyphen ? &bound : &always);
}

/* The parenthesis that opens at i: the token that closes it, i when none does. */
static uint32_t close_of(const th_elig_context *c, uint32_t i) {
  for (uint32_t k = i + 1; k < i + 40 && k < c->leaf->tokens.n; k++)
    if (th_elig_sign(token(c, k), ')')) return k;
  return i;
}

/* "HER2 (ERBB2) negative", "(… HER2) negative": behind the parenthesis. */
static bool is_negative_behind(const th_elig_context *c, uint32_t end) {
  enum { SHORT = 3 };
  uint32_t close = th_elig_sign(token(c, end), '(') ? close_of(c, end) : end;
  return th_elig_sign(token(c, close), ')') && close < end + SHORT &&
         is_bound_negative(c, close + 1, true) && stands_alone(c, close + 1);
}

/* Whether anything in the leaf is said to be allowed or excluded; looked for once. */
static bool judges(th_elig_context *c) {
  if (!th_elig_leaf_may_have(c->leaf, &allowed) && !th_elig_leaf_may_have(c->leaf, &exclusion))
    c->judges = 0;
  for (uint32_t i = 0; c->judges < 0 && i < c->leaf->tokens.n; i++)
    if (token(c, i)->kind == TH_ELIG_WORD && (among(c, i, &allowed) || among(c, i, &exclusion)))
      c->judges = 1;
  if (c->judges < 0) c->judges = 0;
  return c->judges;
}

static th_elig_set verb_fill = TH_ELIG_SET("be|been|considered|an|the|also|not|still|in|-|to");

static th_elig_set relative = TH_ELIG_SET("who|which|that|whose");
static th_elig_set people = TH_ELIG_SET("patient|subject|participant|individual|person|those");

/* Whether the sentence of token i begins with those it is about: "Note: subjects with …". */
static bool is_about_people(const th_elig_context *c, uint32_t i) {
  uint32_t begin = i;
  while (begin > 0 && !th_elig_is_broken(c->leaf, begin - 1, begin) &&
         !th_elig_sign(token(c, begin - 1), ':'))
    begin--;
  return among(c, begin, &people) || among(c, begin + 1, &people);
}

/* Whether the verb at i says what is allowed or excluded. */
static bool says_judgement(const th_elig_context *c, uint32_t i) {
  for (i++; among(c, i, &verb_fill);)
    i++;
  return is_allowed(c, i) || is_excluding(c, i) || is_let_in(c, i);
}

/* "X are of that sort and are allowed": the second verb of the same subject where that one judges,
 * else the first, at i. */
static uint32_t shared_verb(const th_elig_context *c, uint32_t i, uint32_t stop) {
  static th_elig_set and = TH_ELIG_SET("and"), be = TH_ELIG_SET("is|are|was|were|will|may|can");
  if (says_judgement(c, i)) return i;
  for (uint32_t k = i + 1; k + 1 < stop && !th_elig_is_broken(c->leaf, k, k + 1) &&
                           !th_elig_sign(token(c, k), ',') && !among(c, k, &relative);
       k++)
    if (among(c, k, &and) && among(c, k + 1, &be)) return says_judgement(c, k + 1) ? k + 1 : i;
  return i;
}

/* What the verb at i says of the mention. */
static void judge(const th_elig_context *c, uint32_t i, th_elig_setting *s) {
  bool denied = false;
  for (i++; among(c, i, &verb_fill); i++)
    denied |= among(c, i, &no);
  if (is_let_in(c, i)) {
    s->allowed = s->eligible = !denied;
  } else if (is_allowed(c, i)) {
    allow(c, i, !denied, s);
  } else if (is_excluding(c, i)) {
    s->allowed = denied;
    if (!denied) (void)is_excluded(c, s);
    s->negated |= !denied && c->leaf->kind == TH_ELIG_INCLUSION;
  }
}

/* "X is no systemic treatment and is allowed": behind a verb right behind the mention. */
static bool look_at_second(th_elig_context *c, uint32_t end, th_elig_setting *s) {
  enum { NEAR = 22 };
  uint32_t second = judges(c) && !is_without(c, s) ? shared_verb(c, end, end + NEAR) : end;
  if (second != end) judge(c, second, s);
  return true;
}

/* What is said right behind the mention; true when something was. */
static bool look_right_behind(th_elig_context *c, uint32_t end, th_elig_setting *s) {
  static th_elig_set absent =
      TH_ELIG_SET("absent|excluded|negative|prohibited|ineligible|seronegative|uninfected");
  static th_elig_set found_none = TH_ELIG_SET("absent|negative|seronegative|uninfected");
  static th_elig_set in = TH_ELIG_SET("in|the|an|considered|-");
  static th_elig_set naive = TH_ELIG_SET("naive"), free_ = TH_ELIG_SET("free");
  static th_elig_set ruled = TH_ELIG_SET("ruled"), out = TH_ELIG_SET("out");
  static th_elig_set found = TH_ELIG_SET("detected|detectable|found|seen|observed|identified|"
                                         "indicated|demonstrated|evident|diagnosed|performed");
  static th_elig_set past = TH_ELIG_SET("past");
  bool verb = false, denied = false, without = is_without(c, s);
  if (is_negative_behind(c, end)) return s->negated = true;
  for (uint32_t i = end; i < end + 6 && !th_elig_is_broken(c->leaf, i, i + 1); i++) {
    bool hyphen = i == end + 1 && th_elig_sign(token(c, end), '-');
    if (((hyphen || i == end) && among(c, i, &naive)) ||
        ((hyphen || i == end) && is_bound_negative(c, i, hyphen)) ||
        (hyphen && among(c, i, &free_) && stands_alone(c, i)) ||
        (verb && denied && among(c, i, &found) && stands_alone(c, i)) ||
        (among(c, i, &ruled) && among(c, i + 1, &out) && !denied)) {
      s->negated = true;
      return true;
    }
    if (verb && is_allowed(c, i)) {
      if (!without || denied) allow(c, i, !denied, s);
      return true;
    }
    if (verb && is_let_in(c, i)) {
      s->allowed = s->eligible = !denied;
      return true;
    }
    if (verb && among(c, i, &exclusion) && (denied || is_excluded(c, s))) {
      s->allowed = denied;
      return true;
    }
    if (among(c, i, &absent) && (verb || i == end) && stands_alone(c, i) && !is_for_other(c, i)) {
      s->negated |= c->leaf->kind != TH_ELIG_EXCLUSION || among(c, i, &found_none);
      return true;
    }
    if (among(c, i, &past) && i > end && among(c, i - 1, &in) && !th_elig_in_window(c->leaf, i)) {
      s->time = TH_ELIG_PAST;
      return true;
    }
    denied |= among(c, i, &no);
    if (among(c, i, &verbs))
      verb = true;
    else if (!among(c, i, &in))
      return verb && look_at_second(c, end, s);
  }
  return verb && look_at_second(c, end, s);
}

/* "who are eligible for surgery": the verb at i is that of the clause that the word before begins.
 */
static bool is_verb_of_clause(const th_elig_context *c, uint32_t i) {
  return i > 0 && among(c, i - 1, &relative);
}

/* "X (such as Y, Z) is allowed": the parenthesis that a mention stands in holds examples. */
static bool is_in_examples(const th_elig_context *c) {
  static th_elig_set example = TH_ELIG_SET("eg|e|i|ie|such|including|like");
  return c->parenthesis != UINT32_MAX && among(c, c->parenthesis + 1, &example);
}

/* "A, B 6 weeks C is allowed": a time ends what a list says; behind one name it is passed over. */
static bool ends_with_window(const th_elig_context *c, uint32_t i, uint32_t commas) {
  return th_elig_in_window(c->leaf, i) && (commas || token(c, i + 1)->flags & TH_ELIG_UPPER);
}

/* "Patients with X or Y of any sort are eligible": the first verb behind the mention, and whether
 * it says that what stands before it is allowed, or left out. Over a comma only in a list. */
static void look_ahead(th_elig_context *c, uint32_t end, th_elig_setting *s) {
  enum { NEAR = 22, FAR = 60 };
  static th_elig_set be = TH_ELIG_SET("is|are|was|were|will|may|should|must|can|has|have|had|need|"
                                      "needs|requires|require|receive|received|does|do|could");
  static th_elig_set join = TH_ELIG_SET("and|or|/"), due = TH_ELIG_SET("due|secondary");
  bool joined = false;
  uint32_t i = end, clauses = 0, commas = 0;
  if (!judges(c) || is_without(c, s)) return;
  bool examples = is_in_examples(c), closed = false;
  bool whole = is_about_people(c, end);
  uint32_t stop = TH_MIN(end + (whole ? FAR : NEAR), c->leaf->tokens.n);
  for (; i < stop; i++) {
    const th_elig_token *t = token(c, i);
    if (among(c, i, &be)) {
      if (clauses == 0 || (!is_verb_of_clause(c, i) && says_judgement(c, i))) break;
      clauses--; /* the verb of "who …" */
      while (among(c, i + 1, &be) || among(c, i + 1, &verb_fill))
        i++;
      continue;
    }
    if (th_elig_sign(t, '(')) {
      if (clauses && !whole) return;
      i = close_of(c, i);
    }
    if (i > end && among(c, i, &people) && among(c, i - 1, &join)) return;
    bool who = among(c, i, &relative);
    clauses += who;
    bool closes = th_elig_sign(t, ')') && !(examples && !closed);
    closed |= th_elig_sign(t, ')');
    if (th_elig_is_broken(c->leaf, i, i + 1) || th_elig_begins_anew(c, i) || closes ||
        th_elig_sign(t, ':') || ends_with_window(c, i, commas) ||
        (th_elig_ends_thought(c, i) && !who && !among(c, i, &due)))
      return;
    commas += th_elig_sign(t, ',') && (!examples || closed);
    joined |= among(c, i, &join);
  }
  bool aside = commas == 2 && i > 0 && th_elig_sign(token(c, i - 1), ','); /* "X, if mild, is" */
  if (i == end || i >= stop || (commas && !joined && !aside)) return;
  judge(c, shared_verb(c, i, stop), s);
}

void th_elig_look_behind(th_elig_context *c, uint32_t end, th_elig_setting *s) {
  if (!look_right_behind(c, end, s)) look_ahead(c, end, s);
}
