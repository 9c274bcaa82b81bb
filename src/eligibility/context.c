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
     "untreated|t|ineligible|unsuitable|off|o"},
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
    {EXCEPT, "except|unless|excepting|excluding|exception|apart|besides|aside|excludes"},
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

enum { SLOTS = 1024, LIST = 16, NEXT = 8 };
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

static void set(th_elig_cue *cue, uint32_t at, uint32_t reach, uint8_t value) {
  *cue = (th_elig_cue){.at = at, .until = at + reach, .value = value, .on = true};
}

/* ---- each sort of cue ---- */

static void see_negation(th_elig_context *c, uint32_t i) {
  uint32_t reach = th_elig_reach_of_denial(c, i);
  if (reach == 0) return;
  bool held = c->negation.on && c->negation.value && i <= c->negation.until;
  bool twice = held && c->mentions == 0 && i < c->negation.at + 8;
  static th_elig_set nor = TH_ELIG_SET("nor"), joint = TH_ELIG_SET("and|or|,|/");
  static th_elig_set unable = TH_ELIG_SET("unable|inability|off");
  static th_elig_set limits = TH_ELIG_SET("limitation|restriction|limit");
  bool again = among(c, i, &nor) || (i > 0 && among(c, i - 1, &joint)); /* "no X and no Y" */
  if ((reach < TH_ELIG_FAR || reach == TH_ELIG_ONE) && held) return;
  uint8_t denies = among(c, i, &unable) ? TH_ELIG_INTAKE : 1;
  set(&c->negation, i, reach == TH_ELIG_ONE ? 2 : reach,
      reach == TH_ELIG_ONE ? TH_ELIG_ONE
      : !twice || again    ? denies
                           : 0);
  c->mentions = c->seen = 0;
  c->clause = among(c, i + 1, &limits); /* "no restriction on X" */
  c->means = 0;
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
  if (th_elig_in_window(c->leaf, i)) return;
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

/* "other than those associated with X": what is excepted has no name, X only qualifies it. */
static bool excepts_those(const th_elig_context *c, uint32_t at) {
  static th_elig_set those = TH_ELIG_SET("those|that");
  static th_elig_set of = TH_ELIG_SET("associated|related|caused|required|due|secondary|targeting|"
                                      "used|needed|described|listed|specified|for|directly");
  for (uint32_t k = at + 1; k < at + 4; k++)
    if (among(c, k, &those)) return among(c, k + 1, &of);
  return false;
}

static void except(th_elig_context *c, uint32_t at, uint32_t reach) {
  set(&c->role, at, reach, TH_ELIG_EXCEPTION);
  c->excepted = 0;
  c->timed = false;
  c->tail = excepts_those(c, at) ? TH_ELIG_TAIL_WHOLE : TH_ELIG_NO_TAIL;
}

static void see_role(th_elig_context *c, uint32_t i, uint16_t cue) {
  static th_elig_set to = TH_ELIG_SET("to|for|against|of|in");
  static th_elig_set than = TH_ELIG_SET("from|of|are|is|include|including|such|being|to|for|:");
  static th_elig_set loose = TH_ELIG_SET("exception|apart|aside");
  static th_elig_set excludes = TH_ELIG_SET("excludes"); /* "but excludes X" */
  static th_elig_set what = TH_ELIG_SET("but|this|which|it");
  if (cue & ALLERGY) see_allergy(c, i);
  if (cue & CONTRA && among(c, i + 1, &to)) set(&c->role, i, 12, TH_ELIG_CONTRAINDICATION);
  bool excepts = c->role.on && c->role.value == TH_ELIG_EXCEPTION; /* "except at low risk of" */
  if (cue & RISK && among(c, i + 1, &to) && !excepts) set(&c->role, i, 5, TH_ELIG_RISK);
  if (cue & EXCEPT && (!among(c, i, &loose) || among(c, i + 1, &than)) &&
      (!among(c, i, &excludes) || (i > 0 && among(c, i - 1, &what))))
    except(c, i, 40);
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

/* "including but not limited to X": no new thought. */
static bool is_not_limited(const th_elig_context *c, uint32_t i) {
  static th_elig_set but = TH_ELIG_SET("but"), deny = TH_ELIG_SET("not|never");
  static th_elig_set limited = TH_ELIG_SET("limited|restricted|only|exclusively|necessarily");
  return among(c, i, &but) && among(c, i + 1, &deny) && among(c, i + 2, &limited);
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

static th_elig_set open = TH_ELIG_SET(
    "of|with|or|and|to|the|a|an|in|for|by|on|any|prior|other|no|not|without|than|as|such|from|"
    "at|is|are|be|have|has|/|(|-|:|including|following|against|within|into|both|either|known|"
    "that");

/* A new line that begins like a thought of its own, behind one that does not end in the middle of
 * one: in texts without list signs such lines may be of one item. */
static bool is_new_line(const th_elig_context *c, uint32_t i) {
  const th_elig_token *t = token(c, i), *next = token(c, i + 1);
  if (i + 1 >= c->leaf->tokens.n || !(next->flags & TH_ELIG_UPPER) || among(c, i, &open))
    return false;
  if (th_elig_sign(t, ',') && next->flags & TH_ELIG_ALL_UPPER) return false;
  return memchr(c->leaf->text.p + t->to, '\n', next->from - t->to) != NULL;
}

/* "… on the CT scan History of X": items that lost the line break between them. Token i begins the
 * second. */
static bool is_run_on(const th_elig_context *c, uint32_t i) {
  static th_elig_set begins = TH_ELIG_SET(
      "any|history|known|patient|subject|participant|women|men|individual|presence|current|prior|"
      "previous|have|has|must|able|unable|diagnosis|evidence|received|receiving|concurrent|active");
  const th_elig_token *t = token(c, i), *last = token(c, i - (i > 0)), *next = token(c, i + 1);
  if (i == 0 || !(t->flags & TH_ELIG_UPPER) || t->flags & TH_ELIG_ALL_UPPER) return false;
  return among(c, i, &begins) && last->kind == TH_ELIG_WORD && !(last->flags & TH_ELIG_UPPER) &&
         !among(c, i - 1, &open) && !(cue_of(last) & (STOP | NO | EXCEPT)) &&
         next->kind == TH_ELIG_WORD && !(next->flags & TH_ELIG_UPPER);
}

bool th_elig_begins_anew(const th_elig_context *c, uint32_t i) {
  return is_new_line(c, i) || is_run_on(c, i);
}

bool th_elig_ends_thought(const th_elig_context *c, uint32_t i) {
  return cue_of(token(c, i)) & (STOP | EXCEPT) && !is_not_limited(c, i);
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

/* "No plans of that sort, and agrees to": a demand that a denial does not reach, also where nothing
 * was named yet. */
static bool is_demand(const th_elig_context *c, uint32_t i) {
  static th_elig_set demands = TH_ELIG_SET(
      "agree|agrees|agreement|must|should|will|willing|willingness|able|ability|includes|with");
  static th_elig_set joint = TH_ELIG_SET(",|and"), then = TH_ELIG_SET("then");
  if (among(c, i, &then)) return true; /* "without any cause, then …" */
  return i > 0 && among(c, i, &demands) && among(c, i - 1, &joint);
}

/* "without oxygen, respiratory rate > 25": the number of another thing that is listed. */
static bool is_next_bound(const th_elig_context *c, uint32_t i) {
  if (token(c, i)->kind != TH_ELIG_NUM || c->seen || th_elig_in_window(c->leaf, i)) return false;
  uint32_t comma = i;
  while (comma > c->negation.at && !th_elig_sign(token(c, comma), ','))
    comma--;
  return comma > c->negation.at;
}

/* "no X and normal Y": what is as it should be is not denied with X. */
static bool is_as_it_should(const th_elig_context *c, uint32_t first) {
  static th_elig_set well = TH_ELIG_SET("normal|adequate|stable|sufficient");
  static th_elig_set joint = TH_ELIG_SET(",|and");
  return first > 0 && among(c, first, &well) && among(c, first - 1, &joint);
}

/* "must not be X, have Y or require Z": one denial of all the verbs. */
static bool is_denied_verb(const th_elig_context *c, uint32_t i) {
  static th_elig_set verbs = TH_ELIG_SET("have|receive|require|take|use");
  static th_elig_set joint = TH_ELIG_SET(",|or");
  static th_elig_set modal = TH_ELIG_SET("must|should|may|will|can|shall|would");
  static th_elig_set cannot = TH_ELIG_SET("cannot");
  uint32_t at = c->negation.at;
  return among(c, i, &verbs) && i > 0 && among(c, i - 1, &joint) &&
         (among(c, at, &cannot) || (at > 0 && among(c, at - 1, &modal)));
}

/* "treated" behind what is excepted qualifies it; before the next of a list it is its degree. */
static bool begins_tail(const th_elig_context *c, uint32_t i) {
  static th_elig_set tail = TH_ELIG_SET("with|by|on|following|from|secondary|due|for|treated|"
                                        "requiring|associated|caused|that|which|who|within|prior");
  static th_elig_set treated = TH_ELIG_SET("treated"), by = TH_ELIG_SET("with|by");
  if (among(c, i, &treated) && i != c->last && !among(c, i + 1, &by)) return false;
  return among(c, i, &tail);
}

/* "by either X or Y": the "or" at i is of the tail. */
static bool is_of_either(const th_elig_context *c, uint32_t i) {
  static th_elig_set either = TH_ELIG_SET("either|both");
  enum { NEAR = 8 };
  for (uint32_t k = i; k-- > c->role.at && i - k < NEAR;)
    if (among(c, k, &either)) return true;
  return false;
}

/* "illness other than X (e.g. Y": Y is an example of what X is taken from, unless X is a sort. */
static bool gives_others(const th_elig_context *c, uint32_t i) {
  static th_elig_set than = TH_ELIG_SET("than|besides"), eg = TH_ELIG_SET("e|eg|i|ie|such|like");
  static th_elig_set sort = TH_ELIG_SET("malignancy|malignancie|cancer|tumor|inhibitor|agent|drug|"
                                        "medication|therapy|treatment|condition|disorder");
  return c->parenthesis == i && c->last > 0 && !among(c, c->last - 1, &sort) &&
         among(c, c->role.at, &than) && among(c, i + 1, &eg);
}

/* Where an exception ends that named something: at examples of what stands before it, at a clause
 * of its own, and at the next joint or parenthesis when a time was said of it. With a preposition
 * its tail begins, which qualifies what is excepted and is itself none. One that named nothing ends
 * where a time is said: "other than the study drug, within 30 days of X". */
static void see_exception(th_elig_context *c, uint32_t i) {
  static th_elig_set such = TH_ELIG_SET("such"), as = TH_ELIG_SET("as");
  static th_elig_set example = TH_ELIG_SET("including|includes");
  static th_elig_set joint = TH_ELIG_SET(",|and|or|;"), other = TH_ELIG_SET("other");
  static th_elig_set than = TH_ELIG_SET("than");
  if (!c->role.on || c->role.value != TH_ELIG_EXCEPTION) return;
  if (!c->excepted) {
    c->role.on = !among(c, c->role.at, &than) || i == c->role.at || !th_elig_in_window(c->leaf, i);
    return;
  }
  bool opens = c->parenthesis == i, inside = c->parenthesis != UINT32_MAX && !opens;
  bool comma = i > 0 && th_elig_sign(token(c, i - 1), ',');
  bool such_as = among(c, i, &such) && among(c, i + 1, &as);
  bool examples = gives_others(c, i) || (comma && (such_as || among(c, i, &example))) ||
                  (among(c, i, &example) && among(c, i + 1, &other));
  c->timed |= th_elig_in_window(c->leaf, i);
  if (!inside && (examples || begins_clause(c, i) || (c->timed && (opens || among(c, i, &joint)))))
    c->role.on = false;
  else if (such_as)
    c->tail = TH_ELIG_NO_TAIL;
  else if (begins_tail(c, i))
    c->tail = TH_MAX(c->tail, TH_ELIG_TAIL);
  else if (among(c, i, &joint) && c->tail == TH_ELIG_TAIL && !is_of_either(c, i))
    c->tail = TH_ELIG_NO_TAIL;
}

static void forget(th_elig_context *c) {
  c->negation.on = c->time.on = c->family.on = c->role.on = c->purpose = false;
}

/* What stands behind a denied mention and is not denied with it: "no abnormality in X", "as
 * determined by X", which would find it, and "no condition that would interfere with X". Examples
 * are denied again. */
static void see_qualified(th_elig_context *c, uint32_t i) {
  static th_elig_set in = TH_ELIG_SET("in|upon|on"), joint = TH_ELIG_SET(",|or|and|(");
  static th_elig_set means = TH_ELIG_SET("determined|assessed|judged|evidenced|based|according|"
                                         "confirmed|via|through|shown|detected");
  static th_elig_set that = TH_ELIG_SET("that");
  static th_elig_set effect = TH_ELIG_SET("would|could|may|might|can|interfere|interferes|preclude|"
                                          "precludes|affect|affects|impair|impairs|limit|limits");
  static th_elig_set example = TH_ELIG_SET("(|such|including|eg");
  if (!c->negation.on) return;
  if (among(c, i, &that) && among(c, i + 1, &effect)) c->clause = true;
  if (among(c, i, &example)) c->clause = false;
  if (c->seen && among(c, i, &means))
    c->means = 2;
  else if (c->seen && among(c, i, &in))
    c->means = TH_MAX(c->means, 1);
  else if (c->means == 1 && among(c, i, &joint))
    c->means = 0;
}

/* Whether a denial ends at token i: with what qualifies the denied mention, at a clause or a demand
 * of its own, at what comes after something. */
static bool ends_denial(const th_elig_context *c, uint32_t i) {
  static th_elig_set with = TH_ELIG_SET("with|have|has|are|is|by|on|following|after|:|from|post");
  static th_elig_set purpose = TH_ELIG_SET("for|during|despite");
  static th_elig_set after = TH_ELIG_SET("after|following|post|since");
  static th_elig_set joint = TH_ELIG_SET("or|and|/|,|to|on|prior|before|during|the|of|any|all");
  static th_elig_set including = TH_ELIG_SET("including"), that = TH_ELIG_SET("that|which");
  uint32_t no = c->negation.at;
  if (is_demand(c, i) || is_next_bound(c, i)) return true;
  if (among(c, i, &after) && i > no + 1 && !among(c, i - 1, &joint)) return true;
  if (!c->mentions || is_denied_verb(c, i)) return false;
  if (among(c, i, &including) && no > 2 && (among(c, no - 2, &that) || among(c, no - 1, &that)))
    return true; /* "disorders that did not require surgery, including …": disorders */
  return among(c, i, &with) || begins_clause(c, i) || (i == c->last && among(c, i, &purpose));
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
  static th_elig_set apply = TH_ELIG_SET("apply"), to = TH_ELIG_SET("to");
  static th_elig_sets looked_for = TH_ELIG_SETS(&than, &deny, &apply, &indication);
  const th_elig_token *t = token(c, i);
  if (i > 0 && t->flags & TH_ELIG_UPPER && (is_new_line(c, i - 1) || is_run_on(c, i))) forget(c);
  if (th_elig_is_broken(c->leaf, i, i + 1)) {
    forget(c);
    return;
  }
  bool purpose_before = c->purpose; /* "no treatment for X | with Y" */
  see_purpose(c, i);
  uint16_t cue = cue_of(t);
  bool excepts = (c->role.on && c->role.value == TH_ELIG_EXCEPTION) || c->negation.on;
  if (!cue && t->kind != TH_ELIG_SIGN && !excepts && !th_elig_maybe(&looked_for, t)) return;
  see_parenthesis(c, i);
  if (among(c, i, &apply) && i > 0 && among(c, i - 1, &deny) && among(c, i + 1, &to))
    except(c, i + 1, 30);
  if (among(c, i, &deny) && among(c, i + 1, &including)) except(c, i + 1, 30);
  if (among(c, i, &than) && i > 0)
    for (uint32_t k = i; k-- > 0 && i - k <= 4;) /* "other than", "other type of tumour than" */
      if (among(c, k, &other)) except(c, i, 30);
  see_exception(c, i);
  see_qualified(c, i);
  if (c->negation.on && !purpose_before && ends_denial(c, i)) c->negation.on = false;
  if (ends_clause(c, i)) c->negation.on = false;
  if (cue & STOP && !is_not_limited(c, i)) see_stop(c);
  if (cue & NO) see_negation(c, i);
  if (cue & (PAST | NOW | PLAN)) see_time(c, i, cue);
  if (cue & FAMILY) see_family(c, i);
  if (is_contra(c, i)) cue |= CONTRA;
  if (cue & (ALLERGY | CONTRA | RISK | EXCEPT)) see_role(c, i, cue);
}

/* ---- at the mention ---- */

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

/* "bone scan negative | for metastases", "negative results | of HIV tests": the result of a test
 * denies what it is negative for. */
static void see_result(th_elig_context *c, uint32_t first, uint32_t end) {
  static th_elig_set negative = TH_ELIG_SET("negative"), for_ = TH_ELIG_SET("for");
  static th_elig_set of = TH_ELIG_SET("of|for"), result = TH_ELIG_SET("result|finding");
  if (end == 0) return;
  if (among(c, end - 1, &negative) && among(c, end, &for_)) see_negation(c, end - 1);
  if (among(c, first, &negative) && among(c, end - 1, &result) && among(c, end, &of))
    see_negation(c, first);
}

/* "not HIV positive or pregnant": "not" right before a name denies it and the next joined to it. */
static void reach_name(th_elig_context *c, uint32_t first, uint32_t end) {
  static th_elig_set deny = TH_ELIG_SET("not");
  if (c->negation.on && c->negation.value == 1 && c->negation.until == first &&
      among(c, c->negation.at, &deny))
    c->negation.until = end + 2;
}

th_elig_setting th_elig_context_at(th_elig_context *c, uint32_t first, uint32_t end) {
  th_elig_setting s = {0};
  for (; c->at < first; c->at++)
    see(c, c->at);
  if (first > 0 && (is_new_line(c, first - 1) || is_heading(c, first, end))) forget(c);
  reach_name(c, first, end);
  if (is_as_it_should(c, first)) c->negation.on = false;
  s.negated = holds(&c->negation, first) && c->negation.value &&
              (c->negation.value != TH_ELIG_ONE || end == first + 1);
  bool denied = s.negated;
  s.family = holds(&c->family, first);
  s.time = holds(&c->time, first) ? c->time.value : TH_ELIG_TIME_ANY;
  s.role = holds(&c->role, first) ? c->role.value : TH_ELIG_PLAIN_ROLE;
  s.role_at = c->role.at;
  th_elig_look_behind(c, end, &s);
  look_for_degree(c, first, &s);
  s.tail = s.role == TH_ELIG_EXCEPTION && c->tail;
  s.purpose = c->purpose;
  s.intake = denied && c->negation.value == TH_ELIG_INTAKE;
  s.means = denied && c->means;
  s.clause = denied && c->clause;
  c->excepted += s.role == TH_ELIG_EXCEPTION;
  if (s.role == TH_ELIG_EXCEPTION && !c->tail && is_next_of_list(c, first))
    c->role.until = TH_MAX(c->role.until, TH_MIN(end, UINT32_MAX - NEXT) + NEXT);
  if (s.negated && holds(&c->negation, first) && c->negation.value == 1 &&
      c->negation.until >= c->negation.at + TH_ELIG_FAR && is_next_of_list(c, first))
    c->negation.until = TH_MAX(c->negation.until, end + LIST); /* a long list goes on */
  c->mentions++;
  c->seen++;
  c->last = end;
  c->at = TH_MAX(c->at, end);
  see_result(c, first, end);
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
