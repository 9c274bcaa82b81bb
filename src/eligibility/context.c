#include "eligibility/context.h"

#include <pthread.h>

#include "eligibility/keys.h"

enum { /* what a word is a cue of */
       NO = 1,
       STOP = 2,
       PAST = 4,
       NOW = 8,
       PLAN = 16,
       FAMILY = 32,
       ALLERGY = 64,
       CONTRA = 128,
       RISK = 256,
       EXCEPT = 512,
       DEGREE = 1024,
       JOINT = 2048,
};

typedef struct row {
  uint16_t cue;
  const char *words;
} row;

static const row rows[] = {
    {NO,
     "no|not|non|without|never|neither|nor|none|deny|denies|denied|denying|absence|lack|lacking|"
     "lacks|free|negative|cannot|devoid|precluding|preclude|precluded|preventing|prevent|instead|"
     "unavailability|ruled|rule|rules|unable|inability|fail|failed|failure|rather|opposed|naive|"
     "exclusion|contraindicating|prohibiting|prohibit|absent|"
     "untreated|t|ineligible|unsuitable"},
    {STOP, "but|however|although|though|who|whom|whose|which|if|when|while|because|secondary|due|"
           "where|whereas|despite"},
    {PAST, "history|past|previous|previously|prior|former|formerly|had|earlier|received|undergone|"
           "underwent|hx|experienced|suffered"},
    {NOW, "current|currently|active|actively|ongoing|present|concurrent|concurrently|concomitant|"
          "receiving|taking|using|coexisting|concomitantly|presently"},
    {PLAN, "planned|planning|plan|scheduled|intend|intended|intending|anticipated|candidate|"
           "upcoming|awaiting|expected"},
    {FAMILY, "family|relative|parent|mother|father|sibling|brother|sister"},
    {ALLERGY, "allergy|allergies|allergic|hypersensitivity|hypersensitive|hypersensitivities|"
              "anaphylaxis|anaphylactic|intolerance|intolerant|sensitivity|sensitive|"
              "intolerability|sensitivities"},
    {CONTRA, "contraindication|contraindicated"},
    {RISK, "risk"},
    {EXCEPT, "except|unless|excepting|excluding|exception|apart"},
    {DEGREE,
     "severe|severely|moderate|moderately|mild|uncontrolled|controlled|poorly|inadequately|"
     "insufficiently|clinically|significant|significantly|serious|major|symptomatic|asymptomatic|"
     "active|unstable|stable|advanced|refractory|recurrent|relapsed|relapsing|resistant|"
     "decompensated|compensated|progressive|untreated|treated|newly|diagnosed|confirmed|"
     "relevant|medically|well|documented|suspected|intractable|persistent|critical|massive|"
     "extensive|localized|metastatic|unresectable|resectable|inoperable|residual|invasive|"
     "chronic|acute|subacute|life|threatening|new|onset|early|late|proven|histologically|"
     "cytologically|previously|concurrent|minor|marked|complicated|uncomplicated"},
    {JOINT, "or|and|to|/|-|,"},
};

enum { SLOTS = 1024, LIST = 16 };
static struct {
  uint64_t key;
  uint16_t cue;
} slots[SLOTS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static size_t slot_of(uint64_t key) {
  size_t i = (key * 0x9E3779B97F4A7C15u) >> 54;
  while (slots[i].key && slots[i].key != key)
    i = (i + 1) % SLOTS;
  return i;
}

static void build(void) {
  for (size_t r = 0; r < TH_COUNT(rows); r++) {
    for (const char *p = rows[r].words; *p;) {
      size_t n = strcspn(p, "|");
      bool sign = n == 1 && (*p < 'a' || *p > 'z');
      uint64_t key = sign ? (unsigned char)*p : th_elig_word_key((th_span){p, n});
      size_t i = slot_of(key);
      slots[i].key = key;
      slots[i].cue |= rows[r].cue;
      p += n + (p[n] == '|');
    }
  }
}

static uint16_t cue_of(const th_elig_token *t) {
  return t->kind == TH_ELIG_WORD || t->kind == TH_ELIG_SIGN ? slots[slot_of(t->key)].cue : 0;
}

/* ---- asking the tokens ---- */

static const th_elig_token *token(const th_elig_context *c, uint32_t i) {
  static const th_elig_token none = {.kind = TH_ELIG_SIGN};
  return i < c->leaf->tokens.n ? &c->leaf->tokens.p[i] : &none;
}
static bool among(const th_elig_context *c, uint32_t i, th_elig_set *set) {
  return i < c->leaf->tokens.n && th_elig_among(set, token(c, i));
}

static bool in_window(const th_elig_leaf *l, uint32_t i) {
  for (uint32_t k = 0; k < l->n_whens; k++)
    if (i >= l->whens[k].first && i < l->whens[k].end) return true;
  return false;
}

static void set(th_elig_cue *cue, uint32_t at, uint32_t reach, uint8_t value) {
  *cue = (th_elig_cue){.at = at, .until = at + reach, .value = value, .on = true};
}

/* ---- each sort of cue ---- */

static void see_negation(th_elig_context *c, uint32_t i) {
  uint32_t reach = th_elig_reach_of_denial(c, i);
  if (reach == 0) return;
  bool held = c->negation.on && c->negation.value && i <= c->negation.until;
  bool twice = held && c->mentions == 0 && i < c->negation.at + 8;
  static th_elig_set nor = TH_ELIG_SET("nor");
  if ((reach < TH_ELIG_FAR || reach == TH_ELIG_ONE) && held) return;
  set(&c->negation, i, reach == TH_ELIG_ONE ? 2 : reach,
      reach == TH_ELIG_ONE ? TH_ELIG_ONE : !twice || among(c, i, &nor));
  c->mentions = 0;
}

static bool is_between_cues(const th_elig_context *c, uint32_t a, uint32_t b) {
  bool joined = false;
  for (uint32_t i = a; i < b; i++) {
    if (!(cue_of(token(c, i)) & JOINT)) return false;
    joined = true;
  }
  return joined;
}

static void see_time(th_elig_context *c, uint32_t i, uint16_t cue) {
  static th_elig_set to = TH_ELIG_SET("to|for");
  static th_elig_set with_to = TH_ELIG_SET("prior|previous|candidate|earlier");
  if (in_window(c->leaf, i)) return;
  bool candidate = among(c, i, &with_to) && among(c, i + 1, &to);
  if (candidate && !(cue & PLAN)) return;
  uint8_t value = cue & PAST ? TH_ELIG_PAST : cue & PLAN ? TH_ELIG_PLANNED : TH_ELIG_CURRENT;
  if (c->time.on && c->time.value != value && is_between_cues(c, c->time.at + 1, i))
    value = TH_ELIG_TIME_ANY; /* "current or past" */
  if (c->time.on && c->time.value == TH_ELIG_TIME_ANY && i == c->time.at + 1)
    value = TH_ELIG_TIME_ANY; /* "… past history" */
  set(&c->time, i, 30, value);
}

static void see_family(th_elig_context *c, uint32_t i) {
  static th_elig_set family = TH_ELIG_SET("family");
  static th_elig_set behind = TH_ELIG_SET("history|member|of|with|who|has|had|having|affected");
  static th_elig_set member = TH_ELIG_SET("history|member");
  static th_elig_set relative = TH_ELIG_SET("relative|parent|mother|father");
  if (among(c, i, &family) && !among(c, i + 1, &member)) return;
  if (among(c, i, &relative) && !among(c, i + 1, &behind)) return;
  set(&c->family, i, 25, 1);
}

/* "allergy or hypersensitivity to …": the words between cue and "to" are few. */
static void see_allergy(th_elig_context *c, uint32_t i) {
  static th_elig_set to = TH_ELIG_SET("to|against");
  static th_elig_set fill = TH_ELIG_SET(
      "or|and|/|,|reaction|known|severe|adverse|history|of|a|previous|serious|(|)|"
      "immediate|type|intolerance|allergy|hypersensitivity|contraindication|anaphylaxis|"
      "intolerant|allergic|hypersensitive|response|idiosyncratic");
  for (uint32_t k = i + 1; k < i + 8; k++) {
    if (among(c, k, &to)) {
      set(&c->role, k, 40, TH_ELIG_ALLERGEN);
      return;
    }
    if (!among(c, k, &fill)) return;
  }
}

static void except(th_elig_context *c, uint32_t at, uint32_t reach) {
  set(&c->role, at, reach, TH_ELIG_EXCEPTION);
  c->excepted = 0;
  c->tail = c->timed = false;
}

static void see_role(th_elig_context *c, uint32_t i, uint16_t cue) {
  static th_elig_set to = TH_ELIG_SET("to|for|against|of|in");
  static th_elig_set than = TH_ELIG_SET("from|of|are|is|include|to|for|:");
  static th_elig_set loose = TH_ELIG_SET("exception|apart");
  if (cue & ALLERGY) see_allergy(c, i);
  if (cue & CONTRA && among(c, i + 1, &to)) set(&c->role, i, 12, TH_ELIG_CONTRAINDICATION);
  if (cue & RISK && among(c, i + 1, &to)) set(&c->role, i, 5, TH_ELIG_RISK);
  if (cue & EXCEPT && (!among(c, i, &loose) || among(c, i + 1, &than))) except(c, i, 40);
}

static th_elig_set indication = TH_ELIG_SET("indication|indicated");

/* "contra-indicated". */
static bool is_contra(const th_elig_context *c, uint32_t i) {
  static th_elig_set contra = TH_ELIG_SET("contra");
  return i > 1 && th_elig_sign(token(c, i - 1), '-') && among(c, i, &indication) &&
         among(c, i - 2, &contra);
}

/* A word that begins a thought of its own; "with" does so once something was denied. */
static void see_stop(th_elig_context *c) {
  c->negation.on = c->family.on = false;
  if (c->role.value != TH_ELIG_EXCEPTION) c->role.on = false;
}

/* What begins inside a parenthesis ends with it. */
static void see_parenthesis(th_elig_context *c, uint32_t i) {
  if (th_elig_sign(token(c, i), '(')) c->parenthesis = i;
  if (!th_elig_sign(token(c, i), ')')) return;
  bool inside = c->parenthesis == UINT32_MAX || c->role.at >= c->parenthesis;
  if (c->role.value == TH_ELIG_EXCEPTION && inside) c->role.on = false;
  th_elig_cue *cues[] = {&c->negation, &c->time, &c->family};
  for (size_t k = 0; k < TH_COUNT(cues); k++)
    cues[k]->on &= c->parenthesis == UINT32_MAX || cues[k]->at < c->parenthesis;
  c->parenthesis = UINT32_MAX;
}

/* "for which there is no standard therapy, or …": what is denied inside the clause ends with it. */
static bool ends_clause(const th_elig_context *c, uint32_t i) {
  static th_elig_set there = TH_ELIG_SET("is|are"), of = TH_ELIG_SET("which|that|whom");
  uint32_t no = c->negation.at;
  return c->negation.on && c->mentions == 0 && th_elig_sign(token(c, i), ',') && no > 2 &&
         among(c, no - 1, &there) && among(c, no - 3, &of);
}

/* A new line that begins like a thought of its own, behind one that does not end in the middle of
 * one: in texts without list signs such lines may be of one item. */
static bool is_new_line(const th_elig_context *c, uint32_t i) {
  static th_elig_set open = TH_ELIG_SET(
      "of|with|or|and|to|the|a|an|in|for|by|on|any|prior|other|no|not|without|than|as|such|from|"
      "at|is|are|be|have|has|/|(|-|:|including|following|against|within|into|both|either|known");
  const th_elig_token *t = token(c, i), *next = token(c, i + 1);
  if (i + 1 >= c->leaf->tokens.n || !(next->flags & TH_ELIG_UPPER) || among(c, i, &open))
    return false;
  if (th_elig_sign(t, ',') && next->flags & TH_ELIG_ALL_UPPER) return false;
  return memchr(c->leaf->text.p + t->to, '\n', next->from - t->to) != NULL;
}

static th_elig_set clause_verbs =
    TH_ELIG_SET("have|has|had|is|are|was|were|requires|require|receives|"
                "received|receiving|undergone|undergoing|taking|takes|"
                "presence|willing|able|must|should|will|may|agree|agrees|"
                "includes");

/* "…, and has a history of": behind a comma or "or" a verb begins a clause of its own. */
static bool begins_clause(const th_elig_context *c, uint32_t i) {
  static th_elig_set joint = TH_ELIG_SET(",|and|or|that|which|who|/");
  return i > 0 && among(c, i, &clause_verbs) && among(c, i - 1, &joint);
}

/* Where an exception ends that named something: at examples of what stands before it, at a clause
 * of its own, and at the next joint when a time was said of it. With a preposition its tail begins,
 * which qualifies what is excepted and is itself none. */
static void see_exception(th_elig_context *c, uint32_t i) {
  static th_elig_set such = TH_ELIG_SET("such"), as = TH_ELIG_SET("as");
  static th_elig_set example = TH_ELIG_SET("including|includes");
  static th_elig_set joint = TH_ELIG_SET(",|and|or|;");
  static th_elig_set tail = TH_ELIG_SET("with|by|on|following|from|secondary|due|for|treated|"
                                        "requiring|associated|caused|that|which|who|within|prior");
  if (!c->role.on || c->role.value != TH_ELIG_EXCEPTION || !c->excepted) return;
  bool inside = c->parenthesis != UINT32_MAX;
  bool comma = i > 0 && th_elig_sign(token(c, i - 1), ',');
  bool examples = comma && ((among(c, i, &such) && among(c, i + 1, &as)) || among(c, i, &example));
  c->timed |= in_window(c->leaf, i);
  if (!inside && (examples || begins_clause(c, i) || (c->timed && among(c, i, &joint))))
    c->role.on = false;
  else if (among(c, i, &tail))
    c->tail = true;
  else if (among(c, i, &joint))
    c->tail = false;
}

static void forget(th_elig_context *c) {
  c->negation.on = c->time.on = c->family.on = c->role.on = c->purpose = false;
}

/* "no treatment for X", "no surgery for X with Y": what a therapy is for is not denied with it. */
static void see_purpose(th_elig_context *c, uint32_t i) {
  static th_elig_set therapy = TH_ELIG_SET(
      "treatment|therapy|medication|drug|surgery|chemotherapy|radiotherapy|agent|medicine|remedy|"
      "operation|hospitalization|prophylaxis|immunotherapy");
  static th_elig_set for_ = TH_ELIG_SET("for"), with = TH_ELIG_SET("with|using|by|,|;|including");
  if (i > 0 && among(c, i, &for_) && among(c, i - 1, &therapy))
    c->purpose = true;
  else if (among(c, i, &with) || cue_of(token(c, i)) & (STOP | NO))
    c->purpose = false;
}

static void see(th_elig_context *c, uint32_t i) {
  static th_elig_set other = TH_ELIG_SET("other");
  static th_elig_set than = TH_ELIG_SET("than");
  static th_elig_set deny = TH_ELIG_SET("not");
  static th_elig_set including = TH_ELIG_SET("including|include|counting");
  static th_elig_set with = TH_ELIG_SET("with|have|has|are|is|by|on|following|after|:|from");
  static th_elig_set apply = TH_ELIG_SET("apply"), to = TH_ELIG_SET("to");
  static th_elig_set purpose = TH_ELIG_SET("for|during|despite");
  static th_elig_sets looked_for =
      TH_ELIG_SETS(&than, &deny, &with, &apply, &purpose, &clause_verbs, &indication);
  const th_elig_token *t = token(c, i);
  if (i > 0 && t->flags & TH_ELIG_UPPER && is_new_line(c, i - 1)) forget(c);
  if (th_elig_is_broken(c->leaf, i, i + 1)) {
    forget(c);
    return;
  }
  bool purpose_before = c->purpose; /* "no treatment for X | with Y" */
  see_purpose(c, i);
  uint16_t cue = cue_of(t);
  bool excepts = c->role.on && c->role.value == TH_ELIG_EXCEPTION && c->excepted;
  if (!cue && t->kind != TH_ELIG_SIGN && !excepts && !th_elig_maybe(&looked_for, t)) return;
  see_parenthesis(c, i);
  if (among(c, i, &apply) && i > 0 && among(c, i - 1, &deny) && among(c, i + 1, &to))
    except(c, i + 1, 30);
  if (among(c, i, &deny) && among(c, i + 1, &including)) except(c, i + 1, 30);
  if (among(c, i, &than) && i > 0)
    for (uint32_t k = i; k-- > 0 && i - k <= 4;) /* "other than", "other type of tumour than" */
      if (among(c, k, &other)) except(c, i, 30);
  see_exception(c, i);
  if (c->mentions && !purpose_before &&
      (among(c, i, &with) || begins_clause(c, i) || (i == c->last && among(c, i, &purpose))))
    c->negation.on = false;
  if (ends_clause(c, i)) c->negation.on = false;
  if (cue & STOP) see_stop(c);
  if (cue & NO) see_negation(c, i);
  if (cue & (PAST | NOW | PLAN)) see_time(c, i, cue);
  if (cue & FAMILY) see_family(c, i);
  if (is_contra(c, i)) cue |= CONTRA;
  if (cue & (ALLERGY | CONTRA | RISK | EXCEPT)) see_role(c, i, cue);
}

/* ---- behind the mention ---- */

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

/* "X are eligible", "X are allowed", or not. */
static void allow(const th_elig_context *c, uint32_t i, bool yes, th_elig_setting *s) {
  static th_elig_set eligible = TH_ELIG_SET("eligible");
  s->allowed = yes;
  s->eligible = yes && among(c, i, &eligible);
  s->negated |= !yes && c->leaf->kind != TH_ELIG_EXCLUSION;
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

/* What is said right behind the mention; true when something was. */
static bool look_right_behind(const th_elig_context *c, uint32_t end, th_elig_setting *s) {
  static th_elig_set absent =
      TH_ELIG_SET("absent|excluded|negative|prohibited|ineligible|seronegative|uninfected");
  static th_elig_set found_none = TH_ELIG_SET("absent|negative|seronegative|uninfected");
  static th_elig_set in = TH_ELIG_SET("in|the|an|considered|-");
  static th_elig_set naive = TH_ELIG_SET("naive"), free_ = TH_ELIG_SET("free");
  static th_elig_set ruled = TH_ELIG_SET("ruled"), out = TH_ELIG_SET("out");
  static th_elig_set found = TH_ELIG_SET("detected|detectable|found|seen|observed|identified|"
                                         "indicated|demonstrated|evident|diagnosed|performed");
  static th_elig_set past = TH_ELIG_SET("past");
  bool verb = false, denied = false;
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
    if (verb && among(c, i, &allowed)) {
      allow(c, i, !denied, s);
      return true;
    }
    if (verb && among(c, i, &exclusion) && (denied || is_excluded(c, s))) {
      s->allowed = denied;
      return true;
    }
    if (among(c, i, &absent) && (verb || i == end) && stands_alone(c, i)) {
      s->negated |= c->leaf->kind != TH_ELIG_EXCLUSION || among(c, i, &found_none);
      return true;
    }
    if (among(c, i, &past) && i > end && among(c, i - 1, &in) && !in_window(c->leaf, i)) {
      s->time = TH_ELIG_PAST;
      return true;
    }
    denied |= among(c, i, &no);
    if (among(c, i, &verbs))
      verb = true;
    else if (!among(c, i, &in))
      return verb;
  }
  return verb;
}

/* The parenthesis that opens at i: the token that closes it, i when none does. */
static uint32_t close_of(const th_elig_context *c, uint32_t i) {
  for (uint32_t k = i + 1; k < i + 40 && k < c->leaf->tokens.n; k++)
    if (th_elig_sign(token(c, k), ')')) return k;
  return i;
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

/* "Patients with X or Y of any sort are eligible": the first verb behind the mention, and whether
 * it says that what stands before it is allowed, or left out. Over a comma only in a list. */
static void look_ahead(th_elig_context *c, uint32_t end, th_elig_setting *s) {
  enum { AHEAD = 22 };
  static th_elig_set be = TH_ELIG_SET("is|are|was|were|will|may|should|must|can|has|have|had|need|"
                                      "needs|requires|require|receive|received");
  static th_elig_set fill = TH_ELIG_SET("be|been|considered|an|the|also|not|still|in|-|to");
  static th_elig_set join = TH_ELIG_SET("and|or|/");
  bool comma = false, joined = false, denied = false;
  uint32_t i = end;
  if (!judges(c)) return;
  for (; i < end + AHEAD && i < c->leaf->tokens.n && !among(c, i, &be); i++) {
    const th_elig_token *t = token(c, i);
    if (th_elig_sign(t, '(')) i = close_of(c, i);
    if (th_elig_is_broken(c->leaf, i, i + 1) || is_new_line(c, i) || th_elig_sign(t, ')') ||
        th_elig_sign(t, ':') || in_window(c->leaf, i) || cue_of(t) & (STOP | EXCEPT))
      return;
    comma |= th_elig_sign(t, ',');
    joined |= among(c, i, &join);
  }
  if (i == end || i >= c->leaf->tokens.n || !among(c, i, &be) || (comma && !joined)) return;
  for (i++; among(c, i, &fill); i++)
    denied |= among(c, i, &no);
  if (among(c, i, &allowed)) {
    allow(c, i, !denied, s);
  } else if (among(c, i, &exclusion)) {
    s->allowed = denied;
    if (!denied) (void)is_excluded(c, s);
    s->negated |= !denied && c->leaf->kind == TH_ELIG_INCLUSION;
  }
}

static void look_for_degree(const th_elig_context *c, uint32_t first, th_elig_setting *s) {
  uint32_t i = first, begin = first;
  while (i > 0 && first - i < 8) {
    uint16_t cue = cue_of(token(c, i - 1));
    if (!(cue & (DEGREE | JOINT))) break;
    i--;
    if (cue & DEGREE)
      begin = i;
    else if (i + 1 == first)
      break; /* a joint right before the mention */
  }
  s->degree = begin;
  s->degree_end = first;
}

static bool holds(const th_elig_cue *cue, uint32_t i) {
  return cue->on && i <= cue->until;
}

void th_elig_context_start(th_elig_context *c, const th_elig_leaf *leaf) {
  pthread_once(&once, build);
  *c = (th_elig_context){.leaf = leaf, .parenthesis = UINT32_MAX, .judges = -1};
}

/* "Surgery: see below" behind other things: a heading, which no cue before it reaches. */
static bool is_heading(const th_elig_context *c, uint32_t first, uint32_t end) {
  static th_elig_set joint = TH_ELIG_SET("or|and|of|,|/|(");
  return c->mentions > 0 && first > 0 && token(c, first)->flags & TH_ELIG_UPPER &&
         th_elig_sign(token(c, end), ':') && !among(c, first - 1, &joint);
}

/* Whether no number stands between the mention before and token `first`, and few words do. */
static bool is_next_of_list(const th_elig_context *c, uint32_t first) {
  if (c->mentions == 0) return true;
  if (first > c->last + 6) return false;
  for (uint32_t i = c->last; i < first; i++)
    if (token(c, i)->kind == TH_ELIG_NUM) return false;
  return true;
}

/* "bone scan negative | for metastases": the result of a test denies what it is negative for. */
static void see_result(th_elig_context *c, uint32_t end) {
  static th_elig_set negative = TH_ELIG_SET("negative"), for_ = TH_ELIG_SET("for");
  if (among(c, end - 1, &negative) && among(c, end, &for_)) see_negation(c, end - 1);
}

th_elig_setting th_elig_context_at(th_elig_context *c, uint32_t first, uint32_t end) {
  th_elig_setting s = {0};
  for (; c->at < first; c->at++)
    see(c, c->at);
  if (first > 0 && (is_new_line(c, first - 1) || is_heading(c, first, end))) forget(c);
  s.negated = holds(&c->negation, first) && c->negation.value &&
              (c->negation.value != TH_ELIG_ONE || end == first + 1);
  s.family = holds(&c->family, first);
  s.time = holds(&c->time, first) ? c->time.value : TH_ELIG_TIME_ANY;
  s.role = holds(&c->role, first) ? c->role.value : TH_ELIG_PLAIN_ROLE;
  s.role_at = c->role.at;
  if (!look_right_behind(c, end, &s)) look_ahead(c, end, &s);
  look_for_degree(c, first, &s);
  s.tail = s.role == TH_ELIG_EXCEPTION && c->tail;
  s.purpose = c->purpose;
  c->excepted += s.role == TH_ELIG_EXCEPTION;
  if (s.negated && holds(&c->negation, first) && c->negation.value == 1 &&
      c->negation.until >= c->negation.at + TH_ELIG_FAR && is_next_of_list(c, first))
    c->negation.until = TH_MAX(c->negation.until, end + LIST); /* a long list goes on */
  c->mentions++;
  c->last = end;
  c->at = TH_MAX(c->at, end);
  see_result(c, end);
  return s;
}

void th_elig_context_except(th_elig_context *c) {
  except(c, 0, UINT32_MAX);
}

uint8_t th_elig_context_open(th_elig_context *c) {
  uint32_t n = c->leaf->tokens.n;
  if (n == 0 || !th_elig_sign(token(c, n - 1), ':')) return TH_ELIG_UNDER_NOTHING;
  for (; c->at < n; c->at++)
    see(c, c->at);
  if (c->role.on && c->role.value == TH_ELIG_EXCEPTION && !c->excepted)
    return TH_ELIG_UNDER_EXCEPTION;
  bool denied = holds(&c->negation, n) && c->negation.value == 1 && c->mentions == 0;
  return denied ? TH_ELIG_UNDER_DENIAL : TH_ELIG_UNDER_NOTHING;
}
