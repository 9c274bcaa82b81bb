/* How far a word that denies reaches: "no", "not treated with", "free of", "instead of". */
#include "eligibility/context.h"
#include "eligibility/keys.h"

enum { CONTRA = 12, UNFIT = 5, SHORT_LIST = 8 };

static const th_elig_token *token(const th_elig_context *c, uint32_t i) {
  static const th_elig_token none = {.kind = TH_ELIG_SIGN};
  return i < c->leaf->tokens.n ? &c->leaf->tokens.p[i] : &none;
}

static bool among(const th_elig_context *c, uint32_t i, th_elig_set *set) {
  return i < c->leaf->tokens.n && th_elig_among(set, token(c, i));
}

/* "controlled", "treated": a verb and no name. */
static bool ends_in_ed(const th_elig_context *c, uint32_t i) {
  const th_elig_token *t = token(c, i);
  return t->to - t->from > 4 && !memcmp(c->leaf->text.p + t->to - 2, "ed", 2);
}

/* "meet DSM-IV criteria for depression" */
static bool meets_criteria(const th_elig_context *c, uint32_t i) {
  static th_elig_set meet = TH_ELIG_SET("meet|meeting|fulfill|fulfilling|fulfil|satisfy");
  static th_elig_set criteria = TH_ELIG_SET("criteria|criterion|definition"),
                     of = TH_ELIG_SET("for|of");
  if (!among(c, i, &meet)) return false;
  for (uint32_t k = i + 1; k < i + 8; k++)
    if (among(c, k, &criteria)) return among(c, k + 1, &of) || th_elig_sign(token(c, k + 1), ':');
  return false;
}

/* "not in the best interest of", "not the only": an opinion of what is named, or its share. */
static bool is_judged(const th_elig_context *c, uint32_t k) {
  static th_elig_set leads = TH_ELIG_SET("in|the|a|an");
  static th_elig_set judged = TH_ELIG_SET("best|interest|only|same|main|sole|primary");
  while (among(c, k, &leads))
    k++;
  return among(c, k, &judged);
}

/* "a count not achieved by transfusion": by what. */
static bool is_reached_by(const th_elig_context *c, uint32_t k) {
  static th_elig_set reached = TH_ELIG_SET("achieved|attained|reached");
  static th_elig_set by = TH_ELIG_SET("by|with|after|in|on");
  return among(c, k, &reached) && among(c, k + 1, &by);
}

/* "Subjects must not have X" among what excludes: a demand that stands in the wrong section, X is
 * what excludes. Not of "who must not take X". */
static bool demands_among_exclusions(const th_elig_context *c, uint32_t i) {
  static th_elig_set must = TH_ELIG_SET("must|should|may|shall"), be = TH_ELIG_SET("are|were");
  static th_elig_set to = TH_ELIG_SET("to"), who = TH_ELIG_SET("who|that|which|whom");
  if (c->leaf->kind != TH_ELIG_EXCLUSION || i == 0) return false;
  bool demand = among(c, i - 1, &must) || (among(c, i - 1, &be) && among(c, i + 1, &to));
  return demand && !(i > 1 && among(c, i - 2, &who));
}

/* "not" turns the verb behind it. Of verbs of having, taking and undergoing that denies what is
 * had; "not stable", "cannot stand", "not requiring" leave the mention as it is. Right before a
 * mention it denies that one. */
static uint32_t reach_of_not(const th_elig_context *c, uint32_t i) {
  static th_elig_set had = TH_ELIG_SET("have|had"), before = TH_ELIG_SET("but|(");
  static th_elig_set having = TH_ELIG_SET(
      "has|having|receive|received|receiving|take|taken|taking|took|use|used|"
      "using|undergo|undergone|undergoing|underwent|suffer|suffered|suffering|experience|"
      "experienced|smoke|drink|consume|consumed|present|develop|developed|show|exhibit|pregnant|"
      "nursing|lactating|breastfeeding|diabetic|infected|exposed|on|in|with|a|an|any|of|the");
  static th_elig_set asking = TH_ELIG_SET(
      "treated|vaccinated|diagnosed|carry|contain|containing|concomitantly|include|involve|"
      "involved|affected|administered|given|prescribed|initiated|started|demonstrated|showing|"
      "require|required|requiring|need|needing|needed|scheduled|planning|planned|plan|indicated|"
      "suspected|report|reported|complain|reveal|get|become|achieve|achieved|achieving|attain|"
      "attained|reached|transfused");
  static th_elig_set fill = TH_ELIG_SET(
      "previously|currently|ever|to|also|yet|recently|concurrently|otherwise|already|actively|"
      "presently|significantly|known|prior|clinically|acute|active|chronic|be|been|being|have|had");
  static th_elig_set helps = TH_ELIG_SET("previously|currently|ever|to|also|yet|recently|"
                                         "concurrently|otherwise|already|be|been|being");
  static th_elig_set harmless = TH_ELIG_SET(
      "limited|only|necessarily|related|due|attributable|just|merely|simply|solely|through|beyond");
  bool aside = i > 0 && among(c, i - 1, &before); /* "but not X", "(not X)" */
  if (demands_among_exclusions(c, i)) return 0;
  if (aside && token(c, i + 1)->kind == TH_ELIG_WORD && !among(c, i + 1, &harmless) &&
      !among(c, i + 1, &fill) && !among(c, i + 1, &had) && !ends_in_ed(c, i + 1))
    return TH_ELIG_FAR;
  for (uint32_t k = i + 1; k < i + 5; k++) {
    if (is_judged(c, k) || is_reached_by(c, k)) return 0;
    if (among(c, k, &having) || among(c, k, &asking) || meets_criteria(c, k)) return TH_ELIG_FAR;
    if (among(c, k, &had) && !among(c, k + 1, &helps)) return TH_ELIG_FAR;
    if (!among(c, k, &fill)) return k - i;
  }
  return TH_ELIG_FAR; /* "not previously known to be …" */
}

/* "precluding treatment with X", "preventing the placement of X": what cannot be done. What is
 * hindered in general ("preventing participation", "prevention of") is none. */
static uint32_t hinders(const th_elig_context *c, uint32_t i) {
  static th_elig_set done =
      TH_ELIG_SET("treatment|use|administration|placement|insertion|passage|"
                  "performance|clear|safe|therapy|surgery|receipt|continuous|the");
  if (c->mentions == 0) return 0;
  return among(c, i + 1, &done) ? 8 : 0;
}

/* "failed to achieve remission", "rather than surgery", "naive to X", "exclusion of X": cues with
 * their preposition only. 0 when the word is none of them or stands without it. */
static uint32_t reach_of_pair(const th_elig_context *c, uint32_t i) {
  static th_elig_set fail = TH_ELIG_SET("fail|failed|failure"), to = TH_ELIG_SET("to");
  static th_elig_set reach = TH_ELIG_SET("achieve|attain|reach|undergo|receive|have|show");
  static th_elig_set rather = TH_ELIG_SET("rather"), than = TH_ELIG_SET("than");
  static th_elig_set opposed = TH_ELIG_SET("opposed|naive"), of = TH_ELIG_SET("of");
  static th_elig_set exclusion = TH_ELIG_SET("exclusion");
  if (among(c, i, &fail)) return among(c, i + 1, &to) && among(c, i + 2, &reach) ? 8 : 0;
  if (among(c, i, &rather)) return among(c, i + 1, &than) ? 6 : 0;
  if (among(c, i, &opposed)) return among(c, i + 1, &to) ? 6 : 0;
  if (among(c, i, &exclusion))
    return among(c, i + 1, &of) && c->leaf->kind == TH_ELIG_INCLUSION ? TH_ELIG_FAR : 0;
  return 0;
}

/* "ineligible for surgery", "not a candidate for surgery" among those who may join: they have none.
 * `i` is the token behind which "for" stands. */
static uint32_t reach_of_unfit(const th_elig_context *c, uint32_t i) {
  static th_elig_set to = TH_ELIG_SET("for|to");
  return c->leaf->kind == TH_ELIG_INCLUSION && among(c, i + 1, &to) ? UNFIT : 0;
}

/* "negative cytologic evidence for X", "negative biopsy for X". */
static bool finds_none(const th_elig_context *c, uint32_t i) {
  static th_elig_set found = TH_ELIG_SET("evidence|finding|findings|result|results|test|tests|"
                                         "testing|screen|screening|serology|biopsy|culture");
  static th_elig_set for_ = TH_ELIG_SET("for|of");
  static th_elig_set whom = TH_ELIG_SET("women|female|all|those|patient|subject|participant|a|the");
  for (uint32_t k = i + 1; k < i + 5; k++)
    if (among(c, k, &found)) return among(c, k + 1, &for_) && !among(c, k + 2, &whom);
  return false;
}

/* "no evidence that X is harmful": nothing is said of X itself. */
static bool is_no_evidence_that(const th_elig_context *c, uint32_t i) {
  static th_elig_set evidence = TH_ELIG_SET("evidence|doubt|proof|suspicion|concern");
  static th_elig_set that = TH_ELIG_SET("that");
  return among(c, i + 1, &evidence) && among(c, i + 2, &that);
}

/* "must be off X for four weeks"; not "off-label", "2 weeks off". */
static uint32_t reach_of_off(const th_elig_context *c, uint32_t i) {
  static th_elig_set state = TH_ELIG_SET("be|been|is|are|was|were|being|taken|come|stay|remain|"
                                         "completely|and|weaned|tapered|stayed|remained");
  static th_elig_set of = TH_ELIG_SET("-|of|label|the|and|or");
  return i > 0 && among(c, i - 1, &state) && !among(c, i + 1, &of) ? SHORT_LIST : 0;
}

/* Words that deny in one place only: "don't", "absent reflexes", "untreated with X". */
static uint32_t reach_of_lone(const th_elig_context *c, uint32_t i) {
  static th_elig_set not_ = TH_ELIG_SET("t"), absent = TH_ELIG_SET("absent");
  static th_elig_set untreated = TH_ELIG_SET("untreated");
  static th_elig_set with = TH_ELIG_SET("with|by"), earlier = TH_ELIG_SET("previously");
  static th_elig_set off = TH_ELIG_SET("off"), o = TH_ELIG_SET("o"), w = TH_ELIG_SET("w");
  static th_elig_set behind = TH_ELIG_SET("by|on|at|in|or|and|from|for|during|of|to|with");
  if (among(c, i, &not_)) {
    bool apostrophe =
        i > 1 && th_elig_sign(token(c, i - 1), '\'') && token(c, i - 1)->to == token(c, i)->from;
    return apostrophe ? reach_of_not(c, i) : 0;
  }
  if (among(c, i, &absent)) /* before a name, not behind one */
    return (i == 0 || c->last != i) && !among(c, i + 1, &behind) ? SHORT_LIST : 0;
  if (among(c, i, &untreated)) /* not "untreated, with localized disease" */
    return i > 0 && among(c, i - 1, &earlier) && among(c, i + 1, &with) ? SHORT_LIST : 0;
  if (among(c, i, &off)) return reach_of_off(c, i);
  if (among(c, i, &o)) /* "w/o X" */
    return i > 1 && th_elig_sign(token(c, i - 1), '/') && among(c, i - 2, &w) ? TH_ELIG_FAR : 0;
  return reach_of_unfit(c, i);
}

/* "not more than", "no later than", "whether or not", "not limited to" deny nothing that follows;
 * "free", "negative", "absence" do with their preposition only. */
uint32_t th_elig_reach_of_denial(const th_elig_context *c, uint32_t i) {
  static th_elig_set without = TH_ELIG_SET("without");
  static th_elig_set not_ = TH_ELIG_SET("not|cannot");
  static th_elig_set non = TH_ELIG_SET("non");
  static th_elig_set harmless = TH_ELIG_SET(
      "more|less|greater|only|limited|longer|necessarily|older|younger|later|longer|fewer|exceed|"
      "exceeding|controlled|adequately|well|responding|sufficiently|optimally|responsive|amenable|"
      "suitable|eligible|candidate|able|willing|related|attributable|because|due|qualify|meet|"
      "meeting|change|restricted|higher|lower|tolerate|respond|fully|completely");
  static th_elig_set with_of = TH_ELIG_SET("free|negative|absence|lack|lacking|devoid|instead|"
                                           "unavailability");
  static th_elig_set contra = TH_ELIG_SET("contraindication");
  static th_elig_set hindered = TH_ELIG_SET("precluding|preclude|precluded|preventing|prevent|"
                                            "contraindicating|prohibiting|prohibit");
  static th_elig_set paired = TH_ELIG_SET("fail|failed|failure|rather|opposed|naive|exclusion");
  static th_elig_set rule = TH_ELIG_SET("ruled|rule|rules"), out = TH_ELIG_SET("out");
  static th_elig_set unable = TH_ELIG_SET("unable|inability"), to = TH_ELIG_SET("to");
  static th_elig_set have_done = TH_ELIG_SET("undergo|receive|take|have");
  static th_elig_set whether = TH_ELIG_SET("whether|or");
  static th_elig_set effect = TH_ELIG_SET(
      "response|efficacy|access|improvement|benefit|effect|availability|adherence|"
      "compliance|willingness|ability|interest|experience|knowledge|insurance|tolerance|"
      "contraindication|control|data|information|preference|doubt");
  static th_elig_set lone = TH_ELIG_SET("t|absent|untreated|ineligible|unsuitable|off|o");
  static th_elig_set history = TH_ELIG_SET("history|family"), neg = TH_ELIG_SET("negative");
  if (among(c, i, &lone)) return reach_of_lone(c, i);
  static th_elig_set lacks = TH_ELIG_SET("lack|lacking");
  static th_elig_set what = TH_ELIG_SET("any|a|an|prior|previous|history|evidence|known");
  static th_elig_set who =
      TH_ELIG_SET("who|that|which|they|patient|subject|participant|individual");
  static th_elig_set of = TH_ELIG_SET("of|from|for");
  if (among(c, i, &lacks) &&
      (among(c, i + 1, &what) || (i > 0 && among(c, i - 1, &who) && !among(c, i + 1, &of))))
    return TH_ELIG_FAR;
  if (among(c, i, &neg) && (among(c, i + 1, &history) || finds_none(c, i))) return TH_ELIG_FAR;
  if (is_no_evidence_that(c, i)) return 0;
  if (among(c, i, &hindered)) return hinders(c, i);
  if (among(c, i, &paired)) return reach_of_pair(c, i);
  if (among(c, i, &rule)) return among(c, i + 1, &out) ? TH_ELIG_FAR : 0;
  if (among(c, i, &unable)) return among(c, i + 1, &to) && among(c, i + 2, &have_done) ? 8 : 0;
  if (among(c, i + 1, &contra)) return CONTRA; /* also what further it is to */
  if (among(c, i, &with_of))
    return among(c, i + 1, &of) && !among(c, i + 2, &effect) ? TH_ELIG_FAR : 0;
  if (i > 1 && among(c, i - 1, &whether) && among(c, i - 2, &whether)) return 0;
  if (i > 1 && among(c, i, &without) && among(c, i - 1, &whether)) return 0;
  if (among(c, i, &not_)) return reach_of_not(c, i);
  if (among(c, i, &non)) return TH_ELIG_ONE;
  return among(c, i + 1, &harmless) || among(c, i + 1, &effect) ? 0 : TH_ELIG_FAR;
}
