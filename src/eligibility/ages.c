/* Ages: whose, and of when. */
#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/lexicon.h"
#include "eligibility/numeric.h"

/* "over 1 year at diagnosis", "18 years of age at the time of first diagnosis" */
bool th_elig_is_at_diagnosis(const th_elig_binder *s, uint32_t end) {
  static th_elig_set at = TH_ELIG_SET("at");
  static th_elig_set fill =
      TH_ELIG_SET("the|time|of|their|his|initial|first|symptom|disease|ad|original|primary");
  static th_elig_set found = TH_ELIG_SET("diagnosis|onset");
  uint32_t i = end + (end < s->n && th_elig_sign(&s->t[end], '(')); /* "2-25 (at diagnosis)" */
  if (!th_elig_at(s, i++, &at)) return false;
  while (i < end + 5 && th_elig_at(s, i, &fill))
    i++;
  return th_elig_at(s, i, &found);
}

/* "diagnosed with … at an age of", "onset before the age of", "first symptoms from … years of age"
 */
bool th_elig_is_of_diagnosis(const th_elig_binder *s, uint32_t first) {
  static th_elig_set at =
      TH_ELIG_SET("at|before|after|by|from|prior|under|between|below|over|above");
  static th_elig_set fill = TH_ELIG_SET("an|the|to|age|ages");
  static th_elig_set found = TH_ELIG_SET("diagnosed|diagnosis|onset|began|started|manifestation");
  static th_elig_set leading = TH_ELIG_SET("first|initial|symptom");
  uint32_t i = first + th_elig_at(s, first, &at);
  while (i > 0 && first - i < 3 && i <= first && th_elig_at(s, i - 1, &fill))
    i--;
  if (i == 0 || !th_elig_at(s, i - 1, &at)) return false;
  for (uint32_t k = i - 1; k-- > 0 && i - k < 12 && !th_elig_sign(&s->t[k], ',');) {
    if (th_elig_is_broken(s->l, k, k + 1)) return false;
    if (th_elig_at(s, k, &found)) return true;
    uint32_t named = TH_ELIG_W_HEAD | TH_ELIG_W_TERM; /* "first seizures" */
    if (th_elig_at(s, k, &leading) &&
        (th_elig_at(s, k + 1, &leading) || th_elig_word_classes(s->l->text, &s->t[k + 1]) & named))
      return true;
  }
  return false;
}

/* "mothers of a child aged 6 to 12": whose age it is does not join. `first` is the token of the age
 * or of its word. */
static bool is_of_another(const th_elig_binder *s, uint32_t first) {
  static th_elig_set young = TH_ELIG_SET("child|children|infant|baby|babie|son|daughter|newborn|"
                                         "offspring|sibling|toddler|adolescent|kid|teenager");
  static th_elig_set adults =
      TH_ELIG_SET("mother|father|parent|caregiver|caretaker|guardian|women|woman|"
                  "families|family|couple|carer|dyad");
  static th_elig_set has =
      TH_ELIG_SET("with|of|have|has|having|for|to|whose|a|an|least|one|one's|"
                  "non|adopted|-|biological|at|their|caring|who|must|be|the|are|"
                  "in|live|living|and|care|primary|is|or|healthy|young");
  static th_elig_set owners = TH_ELIG_SET("donor|partner|spouse|husband|wife|informant|companion");
  static th_elig_set link =
      TH_ELIG_SET("is|are|who|between|,|'|s|age|aged|of|the|be|must|(|from|ages|include|should");
  static th_elig_set with = TH_ELIG_SET("with|of|have|has|having|whose|caring|for");
  uint32_t i = first;
  while (i > 0 && first - i < 4 && th_elig_at(s, i - 1, &link))
    i--;
  if (i == 0) return false;
  i--;
  if (th_elig_at(s, i, &owners)) return i > 0;
  if (!th_elig_at(s, i, &young)) return false;
  bool owned = false;
  while (i > 0 && th_elig_at(s, i - 1, &has)) {
    i--;
    owned |= th_elig_at(s, i, &with);
  }
  return owned && i > 0 && th_elig_at(s, i - 1, &adults);
}

/* A stretch of time before or behind something: no age. */
bool th_elig_is_of_assent(const th_elig_binder *s, uint32_t first) {
  static th_elig_set if_ = TH_ELIG_SET("if|when");
  static th_elig_set people = TH_ELIG_SET("is|are|age|aged|patient|subject|participant|child|the|"
                                          "they|he|she|who");
  static th_elig_set consent = TH_ELIG_SET("consent|guardian|parental");
  uint32_t lead = first;
  while (lead > 0 && first - lead < 3 && th_elig_at(s, lead - 1, &people))
    lead--;
  if (lead > 0 && th_elig_at(s, lead - 1, &if_)) /* "parent's consent if under 18" */
    for (uint32_t i = 0; i < s->n; i++)
      if (th_elig_at(s, i, &consent)) return true;
  static th_elig_set assent = TH_ELIG_SET("assent|assenting|assents");
  static th_elig_set new_thought = TH_ELIG_SET("and|;|,|who|but");
  for (uint32_t i = first; i-- > 0 && first - i <= 10;) {
    if (th_elig_at(s, i, &assent)) return true;
    if (th_elig_at(s, i, &new_thought) || th_elig_is_broken(s->l, i, i + 1)) return false;
  }
  return false;
}

/* Whether the item asks women for a test or for contraception. */
static bool asks_of_women(const th_elig_binder *s) {
  static th_elig_set topic = TH_ELIG_SET("contraception|contraceptive|pregnancy|pregnant|hcg|"
                                         "abstinence|condom|birth|sterile|sterilization");
  static th_elig_set duty =
      TH_ELIG_SET("must|should|shall|agree|agrees|agreed|agreement|required|require|negative|"
                  "documentation|test|tested|willing|adequate|effective|reliable|unless|if");
  bool about = false, asks = false;
  if (!th_elig_leaf_may_have(s->l, &topic) || !th_elig_leaf_may_have(s->l, &duty)) return false;
  for (uint32_t i = 0; i < s->n; i++) {
    about |= th_elig_at(s, i, &topic);
    asks |= th_elig_at(s, i, &duty);
  }
  return about && asks;
}

/* "women of childbearing age (15-49 years) must use contraception": of whom that is asked, and not
 * who may join. Where an inclusion asks nothing of them it is: "women of reproductive age, 18-45
 * years". An exclusion keeps out such women, and no others of their age. */
static bool is_of_fertility(const th_elig_binder *s, uint32_t first, uint32_t end) {
  enum { BEFORE = 6, BEHIND = 5 };
  static th_elig_set bearing = TH_ELIG_SET("childbearing|bearing|reproductive|fertile");
  static th_elig_set age = TH_ELIG_SET("age|potential"), non = TH_ELIG_SET("non|no|not");
  static th_elig_set fill =
      TH_ELIG_SET("(|[|between|aged|from|i.e|ie|i|e|.|g|eg|,|:|defined|as|of|is|are|who");
  static th_elig_set joint = TH_ELIG_SET("old|of|age|,|(|who|are|and|women|female|with|child|-");
  static th_elig_set hyphen = TH_ELIG_SET("-|child");
  if (!th_elig_leaf_may_have(s->l, &bearing)) return false;
  uint32_t i = first, behind = end;
  bool opened = false;
  while (i > 0 && first - i < BEFORE && th_elig_at(s, i - 1, &fill))
    opened |= th_elig_sign(&s->t[--i], '(');
  bool before = i > 0 && th_elig_at(s, i - 1, &age);
  i -= before;
  while (before && i > 0 && th_elig_at(s, i - 1, &hyphen))
    i--;
  before = before && i > 0 && th_elig_at(s, i - 1, &bearing);
  if (before) {
    for (i--; i > 0 && th_elig_at(s, i - 1, &hyphen);)
      i--;
    if (i > 0 && th_elig_at(s, i - 1, &non)) return opened;
  }
  while (behind < s->n && behind < end + BEHIND && th_elig_at(s, behind, &joint))
    behind++;
  if (!before && !th_elig_at(s, behind, &bearing)) return false;
  return s->l->kind == TH_ELIG_EXCLUSION || asks_of_women(s);
}

/* "consent of a parent for patients less than 18 years of age": whose consent is asked for up to
 * which age. */
static bool is_of_guardian(const th_elig_binder *s, const th_elig_quantity *q) {
  enum { REACH = 10 };
  static th_elig_set for_ = TH_ELIG_SET("for|if|of|in|when"), consent = TH_ELIG_SET("consent");
  static th_elig_set parent = TH_ELIG_SET("parent|guardian|parental|representative|tutor");
  static th_elig_set people = TH_ELIG_SET(
      "those|the|patient|subject|minor|children|child|participant|individual|who|are|is|"
      "aged|age|ages|adolescent|all|any|person|volunteer");
  if (!th_elig_leaf_may_have(s->l, &consent) || !q->related || q->value > 21 ||
      (q->relation != TH_ELIG_LT && q->relation != TH_ELIG_LE))
    return false;
  uint32_t i = q->first;
  while (i > 0 && q->first - i < 5 && th_elig_at(s, i - 1, &people))
    i--;
  if (i == 0 || i == q->first || !th_elig_at(s, i - 1, &for_)) return false;
  bool told = false, asked = false;
  for (uint32_t k = i - 1; k-- > 0 && i - k < REACH;)
    told |= th_elig_at(s, k, &parent);
  for (uint32_t k = 0; k < i; k++)
    asked |= th_elig_at(s, k, &consent);
  return told && asked;
}

bool th_elig_is_of_no_joiner(const th_elig_binder *s, uint32_t word, const th_elig_quantity *q) {
  return is_of_another(s, word) || th_elig_is_of_assent(s, word) ||
         (word != q->first && th_elig_is_of_assent(s, q->first)) || is_of_guardian(s, q) ||
         is_of_fertility(s, q->first, q->end);
}

bool th_elig_is_before_event(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set then = TH_ELIG_SET("before|prior"); /* "not older than 60 days before" */
  if (q->has_unit && strcmp(q->unit.ucum, "a") && th_elig_is_time(q) &&
      th_elig_at(s, q->end, &then))
    return true;
  static th_elig_set words =
      TH_ELIG_SET("after|before|prior|post|following|ago|since|postoperatively");
  return !q->age && th_elig_is_time(q) && th_elig_at(s, q->end, &words);
}

/* ---- ages without the word ---- */

/* "children (< 18)": years without their word, alone in parentheses behind who is of that age. */
static bool is_bare_of_group(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set groups =
      TH_ELIG_SET("adult|child|children|minor|elderly|adolescent|teenager|pediatric|age");
  return !q->has_unit && !q->reference && q->related && q->first > 1 &&
         th_elig_sign(&s->t[q->first - 1], '(') && th_elig_at(s, q->first - 2, &groups) &&
         q->end < s->n && th_elig_sign(&s->t[q->end], ')') && q->value >= 1 && q->value <= 100;
}

/* "patients under 18", "no children younger than 12,": years without their word behind who joins,
 * with nothing behind them that they could count. */
static bool is_bare_of_people(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set people =
      TH_ELIG_SET("patient|subject|children|child|adult|individual|people|person|participant|"
                  "men|women|minor|anyone|male|female|volunteer|adolescent|those|everyone");
  static th_elig_set who = TH_ELIG_SET("who|are|is|be|aged|must");
  static th_elig_set on = TH_ELIG_SET("and|or|with|who|at|on|will|are|is|inclusive");
  if (q->has_unit || q->reference || !q->related || q->value < 10 || q->value > 100 ||
      q->value != floor(q->value) || s->t[q->number].flags & TH_ELIG_SPELLED)
    return false;
  uint32_t i = q->first;
  while (i > 0 && q->first - i < 3 && th_elig_at(s, i - 1, &who))
    i--;
  if (i == 0 || !th_elig_at(s, i - 1, &people)) return false;
  if (q->end >= s->n) return true;
  const th_elig_token *t = &s->t[q->end];
  bool ends =
      th_elig_sign(t, '.') || th_elig_sign(t, ',') || th_elig_sign(t, ';') || th_elig_sign(t, ')');
  return ends || th_elig_at(s, q->end, &on);
}

/* "diabetic, hypertensive and more than 50 years": an age at the end of what is said of people. */
static bool is_last_of_list(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set joint = TH_ELIG_SET("and|or|,");
  bool ends = q->end >= s->n || th_elig_sign(&s->t[q->end], ')');
  return ends && q->first > 1 && th_elig_at(s, q->first - 1, &joint) && q->value >= 18 &&
         !strcmp(q->unit.ucum, "a");
}

/* "adults 18 years of age": of who may join, the years from which one is an adult are where their
 * ages begin. */
static void begin_at_majority(const th_elig_binder *s, th_elig_quantity *q) {
  static th_elig_set not_there = TH_ELIG_SET("at|by|until|before|after|to|than|not|under|including|"
                                             "and|-|since|when|turned|turn|for|of");
  bool majority = q->value >= 18 && q->value <= 21 && q->value == floor(q->value);
  bool years = q->has_unit && !strcmp(q->unit.ucum, "a");
  if (q->related || !q->age || q->tied || !majority || !years || !isnan(q->high) ||
      s->l->kind != TH_ELIG_INCLUSION || (q->first > 0 && th_elig_at(s, q->first - 1, &not_there)))
    return;
  q->relation = TH_ELIG_GE;
  q->related = true;
}

/* "18 and 75 years of age", "outpatients 18 75 years of age": a range that lost its word. */
void th_elig_join_ages(const th_elig_binder *s, th_elig_quantity *q, th_elig_quantity *next) {
  static th_elig_set both = TH_ELIG_SET("and|&");
  static th_elig_set leads = TH_ELIG_SET("age|aged|ages|is|are|patient|subject|outpatient|adult|"
                                         "volunteer|participant|male|female|men|women|of");
  bool plain = !q->has_unit && !q->related && !q->tied && !q->reference && isnan(q->high) &&
               isnan(q->second) && !q->plus;
  bool years = next->has_unit && !strcmp(next->unit.ucum, "a");
  uint32_t between = next->first - q->end;
  if (!plain || !years || next->related || !isnan(next->high) || next->tied ||
      next->value <= q->value + 1 || between > 1 || q->value != floor(q->value))
    return;
  if (between == 1 ? !th_elig_at(s, q->end, &both) : !next->age) return;
  if (q->first > 0 && !th_elig_at(s, q->first - 1, &leads)) return;
  bool named = q->first > 0 && th_elig_among(&leads, &s->t[q->first - 1]);
  if (!next->age && !named) return;
  q->high = next->value;
  q->has_unit = q->related = q->age = true;
  q->unit = next->unit;
  q->relation = TH_ELIG_BETWEEN;
  q->end = q->value_end = next->end;
  next->use = TH_ELIG_AS_GUARD;
}

/* "Patients with asthma, above 18 years,", "men with hair loss between 18 and 60 years": years that
 * can only be ages, since adults begin there or they span half a life, of whom the item is about.
 */
static bool is_of_all(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set persons =
      TH_ELIG_SET("patient|subject|participant|adult|men|women|male|female|volunteer|people|child|"
                  "children|individual|person");
  static th_elig_set ends = TH_ELIG_SET(",|.|;|)|and");
  static th_elig_set lasts = TH_ELIG_SET("for|duration|since|history|lasting|last|diagnosis|ago|"
                                         "within|onset|every|during|past|follow|survival|smoker");
  bool adults = q->relation <= TH_ELIG_GE && q->value >= 18 && q->value <= 21 && isnan(q->high);
  bool whole = adults && q->first > 0 && th_elig_sign(&s->t[q->first - 1], ',');
  bool span = !isnan(q->high) && q->value >= 12 && q->high - q->value >= 20;
  bool person = false;
  if (!(whole || span) || strcmp(q->unit.ucum, "a") ||
      (q->end < s->n && !th_elig_at(s, q->end, &ends)))
    return false;
  for (uint32_t i = 0; i < q->first; i++) {
    if (th_elig_at(s, i, &lasts)) return false;
    person |= th_elig_at(s, i, &persons);
  }
  return person;
}

bool th_elig_bind_age(th_elig_binder *s, th_elig_quantity *q) {
  static th_elig_set persons = TH_ELIG_SET(
      "adult|patient|subject|child|children|men|man|women|woman|male|female|"
      "participant|volunteer|boy|girl|"
      "person|infant|adolescent|individual|people|neonate|toddler|newborn|gender|sex|"
      "outpatient|inpatient|baby|babie|resident|teenager|age|both|healthy|genders|sexe|"
      "recipient|youth|caregiver|)|those|aged|giver|parent|student|worker|minor|elderly");
  static th_elig_set of = TH_ELIG_SET("of|since|from");
  static th_elig_set on = TH_ELIG_SET(
      "with|and|who|or|inclusive|of|at|(|)|,|.|;|male|female|men|women|patient|subject|"
      "adult|children|undergoing|"
      "admitted|diagnosed|scheduled|presenting|having|in|attending|planned|requiring|"
      "receiving|being|child|will|when|on|suffering|boy|girl|volunteer|participant|"
      "whose|that|regardless|:|seeking|hospitalized|to|healthy|were|are|individual|"
      "referred|at|enrolled|can|eligible|treated|living|for|both|any|from|inclusively|"
      "without|is|who's|able|infant|people|person|willing|adolescent|must|should|shall|may|if|have|"
      "had|but|not|as|attending|presented|affected|meeting|capable|suspected|visiting");
  static th_elig_set not_age =
      TH_ELIG_SET("prior|before|after|of|ago|from|for|since|follow|history|at|in");
  bool time = th_elig_is_time(q);
  if (q->has_unit && !time) return false;
  if (!isnan(q->second) || q->reference) return false;
  begin_at_majority(s, q);
  if (th_elig_is_before_event(s, q)) return false;
  double v = th_elig_canonical((uint32_t)th_elig_known_attributes.age, q, q->value);
  if (isnan(v) || !q->related) return false;
  bool bare = is_bare_of_group(s, q) || is_bare_of_people(s, q);
  bool found = th_elig_is_at_diagnosis(s, q->end);
  if (!q->age && !bare && !(found && time && q->related)) {
    if (!time || q->tied || th_elig_is_introduced_by_time(s, q) ||
        (strcmp(q->unit.ucum, "a") && strcmp(q->unit.ucum, "mo")))
      return false;
    bool start = q->first == 0;
    bool person = q->first > 0 && th_elig_at(s, q->first - 1, &persons);
    if (q->first > 1 && th_elig_sign(&s->t[q->first - 1], '('))
      person = th_elig_at(s, q->first - 2, &persons);
    if (q->first > 1 && th_elig_sign(&s->t[q->first - 1], ','))
      person = th_elig_at(s, q->first - 2, &persons);
    bool of_person = q->first > 1 && th_elig_at(s, q->first - 1, &of) &&
                     th_elig_at(s, q->first - 2, &persons); /* "adults of 18 years and above" */
    person |= of_person || is_of_all(s, q) || is_last_of_list(s, q);
    if (!start && !person) return false;
    if (strcmp(q->unit.ucum, "a") && !person) return false;
    if (q->end < s->n && !th_elig_at(s, q->end, &on)) return false;
    if (start && q->end < s->n && th_elig_at(s, q->end, &not_age)) return false;
  } else if (!q->has_unit && !q->related) {
    return false;
  }
  if (th_elig_is_of_no_joiner(s, q->first, q)) return q->use = TH_ELIG_AS_GUARD, true;
  s->n_list = 1;
  s->list[0] = th_elig_is_of_diagnosis(s, q->first) || th_elig_is_at_diagnosis(s, q->end)
                   ? th_elig_known_attributes.age_at_diagnosis
                   : th_elig_known_attributes.age;
  s->list_first = q->first;
  th_elig_add_facts(s, s->list[0], q, q->first, q->end, UINT32_MAX);
  s->last_end = q->end;
  return true;
}
