#include "eligibility/categories.h"

#include "eligibility/keys.h"
#include "eligibility/leaf.h"
#include "eligibility/phrases.h"

const th_elig_category_word th_elig_category_words[] = {
    {TH_ELIG_PREGNANCY, "pregnancy",
     "pregnant|pregnancy|gravid|gravida|positive pregnancy test|pregnancy test positive|positive "
     "serum pregnancy test|positive urine pregnancy test|expectant mother",
     TH_ELIG_IS_CURRENT},
    {TH_ELIG_PREGNANCY, "pregnancy",
     "nonpregnant|non pregnant|negative pregnancy test|negative serum pregnancy test|negative "
     "urine pregnancy test|pregnancy test negative|negative serum or urine pregnancy test|negative "
     "urine or serum pregnancy test|negative beta hcg|negative hcg|negative b hcg",
     TH_ELIG_NEGATED | TH_ELIG_IS_CURRENT},
    {TH_ELIG_PREGNANCY, "pregnancy",
     "planning pregnancy|planning a pregnancy|plan to become pregnant|planning to become "
     "pregnant|plans to become pregnant|intend to become pregnant|intending to become "
     "pregnant|wish to become pregnant|wishing to become pregnant|trying to become "
     "pregnant|attempting to become pregnant|seeking to become pregnant|desire to become "
     "pregnant|planned pregnancy|plan pregnancy|contemplating pregnancy|considering pregnancy|plan "
     "a pregnancy|plans pregnancy|try to become pregnant|desiring pregnancy|intention to become "
     "pregnant|intending pregnancy|plan on becoming pregnant|plan to get pregnant|planning to get "
     "pregnant|planning on becoming pregnant|intend to get pregnant|trying to conceive|planning to "
     "conceive|plan to conceive|desire to conceive|wish to conceive",
     TH_ELIG_IS_PLANNED},
    {TH_ELIG_PREGNANCY, "pregnancy",
     "pregnancy test|pregnancy testing|pregnancy loss|weeks of pregnancy|pregnancy "
     "outcome|pregnancy complication|pregnancy induced|prevent pregnancy|preventing "
     "pregnancy|avoid pregnancy|avoiding pregnancy|avoid becoming pregnant|not become "
     "pregnant|become pregnant|becoming pregnant|pregnancy prevention|prevention of "
     "pregnancy|ectopic pregnancy|molar pregnancy|pregnant partner|pregnancy prevention "
     "program|getting pregnant|get pregnant|of pregnancy|previous pregnancy|prior "
     "pregnancy|previous pregnancies",
     TH_ELIG_BLOCKED},
    {TH_ELIG_LACTATION, "lactation",
     "lactating|lactation|breastfeeding|breast feeding|nursing|breastfeed|breast feed|nursing "
     "mother|lactate mother|breast fed|breastfeeder|breast feeder|puerperal lactation|nursing "
     "women|nursing a child|lactational",
     TH_ELIG_IS_CURRENT},
    {TH_ELIG_LACTATION, "lactation",
     "nonlactating|non lactating|nonbreastfeeding|non breastfeeding|non nursing|nonnursing|non "
     "breast feeding",
     TH_ELIG_NEGATED | TH_ELIG_IS_CURRENT},
    {TH_ELIG_LACTATION, "lactation",
     "nursing home|nursing staff|nursing care|nursing facility|nursing student|nursing "
     "homes|skilled nursing facility|nursing service",
     TH_ELIG_BLOCKED},
    {TH_ELIG_CONTRACEPTION, "contraception",
     "contraception|birth control|contraceptive|contraceptive method|effective "
     "contraception|contraceptive measure|contraceptive method|adequate contraception|reliable "
     "contraception|acceptable contraception|oral contraceptive|family planning|barrier "
     "method|contraceptives|method of contraception|method of birth control|highly effective "
     "contraception|contraceptive precaution|birth control method|contraceptive pill|hormonal "
     "contraceptive|hormonal contraception|methods of contraception|use of contraception|avoid "
     "pregnancy|prevent pregnancy|avoid becoming pregnant",
     0},
    {TH_ELIG_CONSENT, "informed consent",
     "informed consent|written consent|written informed consent|signed consent|consent form|give "
     "consent|provide consent|assent|consent|informed consent form|signed informed consent|sign "
     "informed consent|icf|signed written informed consent|informed assent|informed written "
     "consent|consent document|signed informed consent form|written informed consent form|verbal "
     "consent|hipaa authorization|voluntary participation|patient is voluntary|participate "
     "voluntarily|volunteers to participate|willing to participate",
     0},
    {TH_ELIG_CONSENT, "informed consent", "consent to pregnancy testing|consent to photography",
     TH_ELIG_BLOCKED},
    {TH_ELIG_LANGUAGE, "study language",
     "language barrier|language difficulty|language difficulties|language problem|language "
     "impairment barrier|communication barrier|linguistic barrier|language limitation",
     TH_ELIG_NEGATED},
    {TH_ELIG_LANGUAGE, "English", "english", TH_ELIG_SPOKEN},
    {TH_ELIG_LANGUAGE, "English", "non english speaking|non english speaker|non-english-speaking",
     TH_ELIG_NEGATED},
    {TH_ELIG_LANGUAGE, "Spanish", "spanish", TH_ELIG_SPOKEN},
    {TH_ELIG_LANGUAGE, "French", "french", TH_ELIG_SPOKEN},
    {TH_ELIG_LANGUAGE, "German", "german", TH_ELIG_SPOKEN},
    {TH_ELIG_LANGUAGE, "Dutch", "dutch", TH_ELIG_SPOKEN},
    {TH_ELIG_LANGUAGE, "Danish", "danish", TH_ELIG_SPOKEN},
    {TH_ELIG_LANGUAGE, "Swedish", "swedish", TH_ELIG_SPOKEN},
    {TH_ELIG_LANGUAGE, "Norwegian", "norwegian", TH_ELIG_SPOKEN},
    {TH_ELIG_LANGUAGE, "Finnish", "finnish", TH_ELIG_SPOKEN},
    {TH_ELIG_LANGUAGE, "Italian", "italian", TH_ELIG_SPOKEN},
    {TH_ELIG_LANGUAGE, "Portuguese", "portuguese", TH_ELIG_SPOKEN},
    {TH_ELIG_LANGUAGE, "Chinese", "chinese|mandarin|cantonese", TH_ELIG_SPOKEN},
    {TH_ELIG_LANGUAGE, "Hebrew", "hebrew", TH_ELIG_SPOKEN},
    {TH_ELIG_LANGUAGE, "Arabic", "arabic", TH_ELIG_SPOKEN},
    {TH_ELIG_LANGUAGE, "Turkish", "turkish", TH_ELIG_SPOKEN},
    {TH_ELIG_LANGUAGE, "Korean", "korean", TH_ELIG_SPOKEN},
    {TH_ELIG_LANGUAGE, "Japanese", "japanese", TH_ELIG_SPOKEN},
    {TH_ELIG_LANGUAGE, "Russian", "russian", TH_ELIG_SPOKEN},
    {TH_ELIG_LANGUAGE, "study language",
     "local language|the language|language of the study|native language|official language|study "
     "language",
     TH_ELIG_SPOKEN},
    {TH_ELIG_CAPACITY, "capacity to decide",
     "legal capacity|mental capacity|capacity to consent|decision making capacity|decisional "
     "capacity|competent|legally competent|mentally competent|capable of giving|capable of "
     "understanding|able to understand|ability to understand|ability to comprehend|able to "
     "comprehend|capacity to give|capacity to understand|civil capacity|decision "
     "capacity|cognitively able|full legal capacity|civil conduct capacity|mentally "
     "capable|capacity for civil conduct|capacity to provide|capable of providing|understand and "
     "sign|able to give|capable to give|capable to understand",
     0},
    {TH_ELIG_CAPACITY, "capacity to decide",
     "incompetent|legally incapacitated|incapacitated|legally incompetent|mentally "
     "incompetent|under guardianship|under legal protection|guardianship|curatorship|limited "
     "capacity|limited legal capacity|incapable of giving|unable to understand|unable to "
     "comprehend|under tutelage|tutelage|legal protection|adults protected by law|protected "
     "adult|diminished capacity|inability to understand|inability to comprehend|incapable of "
     "understanding|legal guardianship|unable to give|unable to provide informed|inability to "
     "give|inability to provide informed|deprived of liberty|legal incapacity|restricted legal "
     "capacity|limited civil capacity|impaired decision making capacity|incapacity",
     TH_ELIG_NEGATED},
    {TH_ELIG_CAPACITY, "compliance",
     "comply|comply with|compliance with the protocol|compliance with study|compliance with all "
     "study|compliance with trial|adhere to the protocol|adhere to study|adhere to the "
     "study|adhere to all study|follow the protocol|follow the study|follow study|cooperate with "
     "study|attend study visits|attend all study|attend follow up|participate in follow up|return "
     "for follow up|available for follow up|complete follow up|complete the study|complete all "
     "study|follow study procedures|follow the study protocol|study compliance|protocol compliance",
     0},
    {TH_ELIG_CAPACITY, "compliance",
     "uncooperative|non cooperative|geographically inaccessible|geographical inaccessibility",
     TH_ELIG_NEGATED},
    {TH_ELIG_CAPACITY, "adherence to treatment",
     "non compliance|noncompliance|noncompliant|non compliant|poor compliance|lack of "
     "compliance|non adherence|nonadherence|poor adherence",
     TH_ELIG_NEGATED},
    {TH_ELIG_SMOKING, "smoking",
     "smoker|smoking|smoke|tobacco|tobacco use|cigarette|nicotine|smoked|cigarette smoker|tobacco "
     "user|tobacco product|vaping|e cigarette|cigarette smoking|tobacco smoking|nicotine "
     "product|smoke cigarette|tobacco smoker|use tobacco",
     0},
    {TH_ELIG_SMOKING, "smoking",
     "nonsmoker|non smoker|nonsmoking|non smoking|never smoker|never smoked|tobacco "
     "free|non-tobacco user|never smoking",
     TH_ELIG_NEGATED},
    {TH_ELIG_SMOKING, "smoking",
     "current smoker|currently smoking|currently smoke|active smoker|active smoking|current "
     "smoking|current tobacco use|current cigarette smoker|daily smoker|regular smoker|current "
     "tobacco smoker|heavy smoker|current tobacco user",
     TH_ELIG_IS_CURRENT},
    {TH_ELIG_SMOKING, "smoking",
     "former smoker|ex smoker|past smoker|previous smoker|smoking history|history of "
     "smoking|exsmoker|ex-smokers|history of tobacco use|history of cigarette smoking|previous "
     "smoking",
     TH_ELIG_IS_PAST},
    {TH_ELIG_SMOKING, "smoking",
     "smoking cessation|passive smoking|smoking cessation program|smoke inhalation|secondhand "
     "smoke|environmental tobacco smoke|smoke inhalation injury|smoke exposure",
     TH_ELIG_BLOCKED},
    {TH_ELIG_ALCOHOL, "alcohol",
     "alcohol|alcoholism|alcoholic|alcohol abuse|alcohol dependence|alcohol use|alcohol "
     "consumption|heavy drinker|drinking|alcohol intake|alcohol dependency|alcohol misuse|alcohol "
     "use disorder|alcohol addiction|ethanol abuse|alcohol or drug abuse|alcohol and drug "
     "abuse|drug or alcohol abuse|drug and alcohol abuse|substance or alcohol abuse|alcohol or "
     "substance abuse|alcohol drinking|drink alcohol|etoh abuse|ethanol|etoh|excessive "
     "alcohol|heavy drinking|binge drinking|drinker",
     0},
    {TH_ELIG_ALCOHOL, "alcohol",
     "nonalcoholic|non alcoholic|non alcoholic fatty liver disease|nonalcoholic fatty "
     "liver|nonalcoholic steatohepatitis|alcohol free|benzyl alcohol|alcohol swab|alcoholic "
     "hepatitis|alcoholic liver disease|alcohol based|drinking water|non-alcoholic "
     "steatohepatitis|alcoholic steatohepatitis|isopropyl alcohol|polyvinyl alcohol|alcoholic "
     "cirrhosis|fetal alcohol syndrome|oral drinking",
     TH_ELIG_BLOCKED},
    {TH_ELIG_OTHER_TRIAL, "other trial",
     "another clinical trial|other clinical trial|another clinical study|other clinical "
     "study|another study|other study|other studies|another trial|other trial|another "
     "investigational|other investigational|investigational drug|investigational "
     "agent|investigational product|investigational medication|investigational "
     "therapy|investigational treatment|investigational medicinal product|experimental "
     "drug|experimental agent|experimental treatment|experimental therapy|investigational "
     "device|concurrent participation|concurrently enrolled|investigational "
     "compound|investigational new drug|other interventional study|another interventional "
     "study|another interventional trial|other interventional trial|another research study|other "
     "research study|another therapeutic trial|another drug study|investigational study drug|non "
     "registered drug|participation in a clinical trial|participated in a clinical "
     "trial|participating in a clinical trial|participation in any clinical trial|participated in "
     "any clinical trial|participation in a clinical study|participated in a clinical study|any "
     "other clinical trial|clinical trial of an investigational|investigational "
     "study|investigational trial|investigational vaccine|investigational intervention|different "
     "clinical trial|different clinical study|another experimental|unlicensed product|any other "
     "investigational|other experimental|other clinical research|any other trial|any other "
     "study|participated in another|participation in another|participation in other|enrolled in "
     "another|enrolled in other|enrollment in another|enrolment in another|participating in "
     "another|participating in other|participation in this study|participation in this "
     "trial|enrollment in "
     "this study|enrolled in this study|participated in this study|randomized clinical "
     "trial|interventional clinical trial|interventional trial|interventional study",
     0},
};
const uint32_t th_elig_n_category_words = TH_COUNT(th_elig_category_words);

bool th_elig_category_blocks(int phrase) {
  return th_elig_category_words[th_elig_phrase_get(phrase)->value].flags & TH_ELIG_BLOCKED;
}

typedef struct view {
  th_elig_leaf *l;
  const th_elig_token *t;
  uint32_t n;
} view;

static bool among(const view *v, uint32_t i, th_elig_set *set) {
  return i < v->n && th_elig_among(set, &v->t[i]);
}

static bool has(const view *v, th_elig_set *set) {
  if (!th_elig_leaf_may_have(v->l, set)) return false;
  for (uint32_t i = 0; i < v->n; i++)
    if (among(v, i, set)) return true;
  return false;
}

/* "pregnant, nursing or …": what a comma at token i goes on with, up to token `first`. */
static bool is_of_bearing(const view *v, uint32_t i, uint32_t first) {
  static th_elig_set bearing =
      TH_ELIG_SET("pregnant|lactating|nursing|breastfeeding|breast|feeding|or|,");
  for (uint32_t k = i - 1; k < first; k++)
    if (!among(v, k, &bearing)) return false;
  return true;
}

/* Words before it that say no, up to the last sign. A second one turns the first, unless both say
 * the same: "unwilling or unable". "written, informed consent" is one thing. */
static bool is_negated(const view *v, uint32_t first, uint32_t reach) {
  static th_elig_set no = TH_ELIG_SET(
      "no|not|non|without|never|unable|inability|unwilling|unwillingness|refuse|refusal|refuses|"
      "refusing|cannot|"
      "lack|lacking|absence|deny|denial|decline|incapable|neither|nor|failure|refused|denied|"
      "impossibility|withdrawal|lacks|impossible|withdrawn|limited|withdraw|reject|disagree");
  static th_elig_set stop = TH_ELIG_SET(",|;|.|:|/|but|who|must|unless|except");
  static th_elig_set or = TH_ELIG_SET("or|and|/");
  static th_elig_set written = TH_ELIG_SET("written|signed|voluntary|dated");
  bool negated = false;
  uint32_t last = UINT32_MAX;
  for (uint32_t i = first; i-- > 0 && first - i <= reach;) {
    bool comma = th_elig_sign(&v->t[i], ',') && i > 0;
    if (comma && among(v, i - 1, &written)) continue;
    if (comma && !negated && is_of_bearing(v, i, first)) continue;
    if (among(v, i, & or) && last == i + 1) continue;
    if (among(v, i, &stop)) break;
    if (!among(v, i, &no)) continue;
    bool same = last == i + 2 && among(v, i + 1, & or);
    if (!same) negated = !negated;
    last = i;
  }
  return negated;
}

static uint8_t time_of(const view *v, uint32_t first, uint32_t end, uint8_t flags) {
  static th_elig_set past =
      TH_ELIG_SET("history|previous|previously|prior|former|past|formerly|had");
  static th_elig_set current =
      TH_ELIG_SET("current|currently|active|present|actively|ongoing|concurrent|concurrently");
  static th_elig_set planned =
      TH_ELIG_SET("plan|planning|planned|intend|intention|intending|wish|future|desire");
  static th_elig_set stop = TH_ELIG_SET(",|;|.|:");
  bool is_past = flags & TH_ELIG_IS_PAST, is_current = false;
  if (flags & TH_ELIG_IS_PLANNED) return TH_ELIG_PLANNED;
  for (uint32_t i = first; i-- > 0 && first - i <= 4;) {
    if (among(v, i, &stop)) break;
    if (among(v, i, &planned)) return TH_ELIG_PLANNED;
    is_past |= among(v, i, &past);
    is_current |= among(v, i, &current);
  }
  (void)end;
  if (is_past != is_current) return is_past ? TH_ELIG_PAST : TH_ELIG_CURRENT;
  return flags & TH_ELIG_IS_CURRENT ? TH_ELIG_CURRENT : TH_ELIG_TIME_ANY;
}

/* The same thing said twice is one fact: the first stays. */
static bool is_known(const view *v, const th_elig_fact *f) {
  const th_elig_facts *all = v->l->facts;
  for (uint32_t i = v->l->first_fact; i < all->n; i++) {
    const th_elig_fact *o = &all->p[i];
    if (o->type == TH_ELIG_CONCEPT && o->category == f->category &&
        th_span_eq(o->label, f->label) && o->negated == f->negated &&
        (o->time == f->time || f->time == TH_ELIG_TIME_ANY || o->time == TH_ELIG_TIME_ANY))
      return true;
  }
  return false;
}

/* "substance use disorder (except nicotine)", "other than tobacco": not asked for. */
static bool is_excepted(const view *v, uint32_t first) {
  static th_elig_set except = TH_ELIG_SET("except|excepting|excluding"),
                     than = TH_ELIG_SET("than|of");
  static th_elig_set other = TH_ELIG_SET("other|exception");
  static th_elig_set stop = TH_ELIG_SET("(|)|;|:|.");
  for (uint32_t i = first; i-- > 0 && first - i <= 4 && !among(v, i, &stop);)
    if (among(v, i, &except) || (i > 0 && among(v, i, &than) && among(v, i - 1, &other)))
      return true;
  return false;
}

static void add_category(view *v, uint32_t first, uint32_t end, const th_elig_category_word *c) {
  static th_elig_set speaking =
      TH_ELIG_SET("speak|speaking|speaker|read|reading|understand|fluent|fluency|fluently|language|"
                  "literate|proficient|proficiency|communicate|write|converse|literacy|comprehend|"
                  "understanding|comprehension");
  if (c->flags & TH_ELIG_BLOCKED || (c->flags & TH_ELIG_SPOKEN && !has(v, &speaking))) return;
  th_elig_fact f = {
      .type = TH_ELIG_CONCEPT, .category = c->category, .label = th_span_of(c->label)};
  bool no = c->flags & TH_ELIG_NEGATED; /* only what stands right before turns it */
  f.negated = is_negated(v, first, no ? 2 : c->category == TH_ELIG_CONSENT ? 12 : 7) != no;
  f.time = time_of(v, first, end, c->flags);
  if (is_excepted(v, first)) {
    th_elig_leaf_name(v->l, &(th_elig_name){.from = v->t[first].from,
                                            .to = v->t[end - 1].to,
                                            .category = f.category,
                                            .why = TH_ELIG_NAMED_EXCEPTION,
                                            .negated = true,
                                            .label = f.label});
    return;
  }
  if (is_known(v, &f)) return;
  th_elig_fact *to = th_elig_leaf_add(v->l, first, end);
  if (!to) return;
  f.from = to->from;
  f.to = to->to;
  *to = f;
  bool timed = c->category == TH_ELIG_SMOKING || c->category == TH_ELIG_ALCOHOL ||
               c->category == TH_ELIG_OTHER_TRIAL;
  const th_elig_when *w = timed ? th_elig_window_near(v->l, first, end) : NULL;
  if (w) to->window = w->window;
}

/* ---- sex ---- */

static th_elig_set men = TH_ELIG_SET("men|man|male|boy");
static th_elig_set women = TH_ELIG_SET("women|woman|female|girl");

static void add_sex(view *v, uint32_t first, uint32_t end, const char *label) {
  th_elig_fact *f = th_elig_leaf_add(v->l, first, end);
  if (!f) return;
  f->type = TH_ELIG_CONCEPT;
  f->category = TH_ELIG_SEX;
  f->label = th_span_of(label);
  f->time = TH_ELIG_TIME_ANY;
}

/* "both genders", "no gender restrictions", "Gender: all" */
static bool says_all(view *v) {
  static th_elig_set gender = TH_ELIG_SET("gender|sex|sexe");
  static th_elig_set all = TH_ELIG_SET("both|either|any|all|no|regardless|unlimited|irrespective|"
                                       "unrestricted|restriction|limit|limitation");
  for (uint32_t i = 0; i < v->n; i++) {
    if (!among(v, i, &gender)) continue;
    for (uint32_t k = i > 3 ? i - 3 : 0; k < i + 4 && k < v->n; k++) {
      if (!among(v, k, &all)) continue;
      add_sex(v, TH_MIN(i, k), TH_MAX(i, k) + 1, "all");
      return true;
    }
  }
  return false;
}

/* "Women between the ages of 18 and 45 years, who …": the age behind token i says that it is about
 * who may join, unless words tell what they must do. */
static bool is_of_age(view *v, uint32_t i) {
  static th_elig_set duty = TH_ELIG_SET("must|agree|should|if|unless|potential|childbearing|"
                                        "bearing|contraception|contraceptive|wocbp|"
                                        "pregnancy|partner|condom|fertile|sterile|or");
  static th_elig_set fill = TH_ELIG_SET("patient|subject|participant|volunteer|,|(|who|are|adult");
  static th_elig_set aged = TH_ELIG_SET("age|aged|aging|between|from|older|over|ages|18");
  while (among(v, i, &fill))
    i++;
  if (has(v, &duty)) return false;
  return among(v, i, &aged) ||
         (i < v->n && (v->t[i].kind == TH_ELIG_REL || v->t[i].kind == TH_ELIG_NUM));
}

/* "M/F ages 21-50" */
static bool says_letters(view *v) {
  static th_elig_set m = TH_ELIG_SET("m"), f = TH_ELIG_SET("f");
  static th_elig_set on = TH_ELIG_SET("age|aged|ages|between|patient|subject|,");
  bool man = among(v, 0, &m), woman = among(v, 0, &f);
  if (v->n < 4 || (!man && !woman) || !th_elig_sign(&v->t[1], '/') || !among(v, 2, man ? &f : &m) ||
      !(v->t[0].flags & v->t[2].flags & TH_ELIG_UPPER) || !among(v, 3, &on))
    return false;
  add_sex(v, 0, 3, "all");
  return true;
}

/* "male or female" anywhere, but where it says for whom a value or a duty holds. */
static bool says_both(view *v) {
  static th_elig_set joints = TH_ELIG_SET("and|or|&|/|and/or");
  static th_elig_set not_behind =
      TH_ELIG_SET("for|in|between|from|to|than|by|with|all|number|both");
  static th_elig_set on = TH_ELIG_SET(
      "age|aged|aging|ages|between|over|above|older|at|of|who|with|from|,|.|;|)|(|patient|subject|"
      "participant|adult|volunteer|individual|child|children|in|undergoing|diagnosed|outpatient|"
      "inpatient|having|can|will|are|admitted|aging|adolescent|18|year");
  static th_elig_set duty = TH_ELIG_SET(
      "contraception|contraceptive|pregnancy|pregnant|condom|abstinence|childbearing|wocbp|fertile|"
      "potential|reproductive|sterile|must|agree|control|bearing|should|partner|breastfeeding|"
      "procreative|conceive|sexually|sperm");
  if (says_letters(v)) return true;
  for (uint32_t i = 0; i + 2 < v->n; i++) {
    bool man = among(v, i, &men), woman = among(v, i, &women);
    if ((!man && !woman) || !among(v, i + 1, &joints) || !among(v, i + 2, man ? &women : &men))
      continue;
    bool end = i + 3 == v->n;
    if (i > 0 && among(v, i - 1, &not_behind)) continue;
    if (has(v, &duty) ? !is_of_age(v, i + 3) : !end && !among(v, i + 3, &on)) continue;
    add_sex(v, i, i + 3, "all");
    return true;
  }
  return false;
}

/* "only women with …", "males only" */
static bool says_only(view *v) {
  static th_elig_set only = TH_ELIG_SET("only");
  for (uint32_t i = 0; i + 1 < v->n && i < 3; i++) {
    uint32_t sex = among(v, i, &only) ? i + 1 : i;
    bool man = among(v, sex, &men), woman = among(v, sex, &women);
    if ((!man && !woman) || (sex == i && !among(v, i + 1, &only))) continue;
    add_sex(v, i, i + 2, man ? "male" : "female");
    return true;
  }
  return false;
}

/* Only an item that is about the sex of those who may join, in its first words: one about
 * pregnancy or contraception limits some of them and makes no study one sex. */
static void read_sex(view *v) {
  static th_elig_set other = TH_ELIG_SET(
      "pregnant|pregnancy|lactating|breastfeeding|nursing|contraception|contraceptive|childbearing|"
      "menopausal|postmenopausal|"
      "premenopausal|fertile|menopause|partner|potential|lactation|menstruating|"
      "hysterectomy|abstinence|condom|reproductive|bearing|control|must|agree|fertility|sperm|"
      "wocbp|sterile|sterilized|sterilization|should|if|feeding|who|wives|whose|unless");
  static th_elig_set start = TH_ELIG_SET(
      "adult|healthy|a|an|the|any|all|or|and|/"
      "|,|patient|subject|participant|gender|sex|:|is|are|postmenopausal|only|elderly|young|"
      "hospitalized|ambulatory|of|either|outpatient|must|be|consenting|volunteer|white|caucasian|"
      "japanese|chinese|non|smoking|pediatric|adolescent|heterosexual|infertile|obese|overweight|"
      "hypertensive|diabetic|nulliparous|sexually|active|normal|-|(|inpatient|non-smoking|=|he|she|"
      "both|individual|eligible|biological|will|between|phenotypic|genetic|postpubertal|sedentary|"
      "married|unmarried|lean|premenopausal|older|physically|inactive");
  uint32_t first_sex = UINT32_MAX, last = 0;
  bool m = false, w = false;
  if (says_all(v)) return;
  if (v->l->kind == TH_ELIG_EXCLUSION && v->n > 3) return;
  if (v->l->kind != TH_ELIG_EXCLUSION && says_only(v)) return;
  for (uint32_t i = 0; i < v->n && i < 8; i++) {
    bool man = among(v, i, &men), woman = among(v, i, &women);
    if (man || woman) {
      if (first_sex == UINT32_MAX) first_sex = i;
      m |= man;
      w |= woman;
      last = i + 1;
      continue;
    }
    if (!among(v, i, &start) &&
        !(i == 0 && v->n > 1 && v->t[0].kind == TH_ELIG_NUM && v->t[1].kind == TH_ELIG_WORD))
      break;
  }
  static th_elig_set joints = TH_ELIG_SET("and|or|&|/");
  for (uint32_t i = last + 1; i < v->n && m != w; i++) /* "male >= 18 and female >= 55" */
    if (among(v, i - 1, &joints) && among(v, i, m ? &women : &men)) m = w = true;
  if (v->l->kind != TH_ELIG_EXCLUSION && (first_sex == UINT32_MAX || (m && w)) && says_both(v))
    return;
  if (first_sex == UINT32_MAX || (has(v, &other) && !is_of_age(v, last))) return;
  add_sex(v, first_sex, last, m && w ? "all" : m ? "male" : "female");
}

void th_elig_read_categories(th_elig_leaf *l) {
  view v = {l, l->tokens.p, l->tokens.n};
  read_sex(&v);
  for (uint32_t i = 0; i < v.n; i++) {
    uint32_t end;
    if (v.t[i].kind != TH_ELIG_WORD) continue;
    int p = th_elig_phrase_at(l->text, v.t, v.n, i, TH_ELIG_F_CATEGORY, &end);
    if (p < 0) continue;
    /* of several with the same words the one that blocks comes last and wins */
    add_category(&v, i, end, &th_elig_category_words[th_elig_phrase_get(p)->value]);
    i = end - 1;
  }
}
