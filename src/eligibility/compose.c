#include "eligibility/compose.h"

#include "eligibility/infections.h"
#include "eligibility/keys.h"
#include "eligibility/lexicon.h"
#include "eligibility/results.h"
#include "eligibility/wide.h"

enum { REACH = 6, MEMBERS = 6 }; /* words before a head; alternatives that share one */

typedef struct composer {
  th_elig_leaf *l;
  th_elig_terms *v;
  uint32_t floor;    /* no name begins before this token */
  bool anti, contra; /* these words may be among the tokens */
} composer;

static th_elig_set anti = TH_ELIG_SET("anti"), contra = TH_ELIG_SET("contra");

/* What diseases, failure and growths of a part of the body are called (MeSH headings). */
typedef struct site {
  th_elig_set words;
  const char *disease, *disease_code;
  const char *failure, *failure_code;
  const char *tumor, *tumor_code;
} site;

static site sites[] = {
    {TH_ELIG_SET("renal|kidney"), "Kidney Diseases", "MESH:D007674", "Renal Insufficiency",
     "MESH:D051437", "Kidney Neoplasms", "MESH:D007680"},
    {TH_ELIG_SET("hepatic|liver"), "Liver Diseases", "MESH:D008107", "Hepatic Insufficiency",
     "MESH:D048550", "Liver Neoplasms", "MESH:D008113"},
    {TH_ELIG_SET("cardiac|heart"), "Heart Diseases", "MESH:D006331", NULL, NULL, NULL, NULL},
    {TH_ELIG_SET("cardiovascular"), "Cardiovascular Diseases", "MESH:D002318", NULL, NULL, NULL,
     NULL},
    {TH_ELIG_SET("cerebrovascular"), "Cerebrovascular Disorders", "MESH:D002561", NULL, NULL, NULL,
     NULL},
    {TH_ELIG_SET("vascular"), "Vascular Diseases", "MESH:D014652", NULL, NULL, NULL, NULL},
    {TH_ELIG_SET("pulmonary|lung"), "Lung Diseases", "MESH:D008171", "Respiratory Insufficiency",
     "MESH:D012131", "Lung Neoplasms", "MESH:D008175"},
    {TH_ELIG_SET("respiratory"), "Respiratory Tract Diseases", "MESH:D012140",
     "Respiratory Insufficiency", "MESH:D012131", NULL, NULL},
    {TH_ELIG_SET("gastrointestinal|gi"), "Gastrointestinal Diseases", "MESH:D005767", NULL, NULL,
     NULL, NULL},
    {TH_ELIG_SET("pancreatic|pancreas"), "Pancreatic Diseases", "MESH:D010182", NULL, NULL,
     "Pancreatic Neoplasms", "MESH:D010190"},
    {TH_ELIG_SET("thyroid"), "Thyroid Diseases", "MESH:D013959", NULL, NULL, "Thyroid Neoplasms",
     "MESH:D013964"},
    {TH_ELIG_SET("adrenal"), "Adrenal Gland Diseases", "MESH:D000307", NULL, NULL, NULL, NULL},
    {TH_ELIG_SET("pituitary"), "Pituitary Diseases", "MESH:D010900", NULL, NULL, NULL, NULL},
    {TH_ELIG_SET("endocrine|endocrinologic|endocrinological"), "Endocrine System Diseases",
     "MESH:D004700", NULL, NULL, NULL, NULL},
    {TH_ELIG_SET("metabolic"), "Metabolic Diseases", "MESH:D008659", NULL, NULL, NULL, NULL},
    {TH_ELIG_SET("hematologic|hematological|blood"), "Hematologic Diseases", "MESH:D006402", NULL,
     NULL, NULL, NULL},
    {TH_ELIG_SET("neurologic|neurological"), "Nervous System Diseases", "MESH:D009422", NULL, NULL,
     NULL, NULL},
    {TH_ELIG_SET("psychiatric|mental"), "Mental Disorders", "MESH:D001523", NULL, NULL, NULL, NULL},
    {TH_ELIG_SET("psychotic"), "Psychotic Disorders", "MESH:D011618", NULL, NULL, NULL, NULL},
    {TH_ELIG_SET("brain"), "Brain Diseases", "MESH:D001927", NULL, NULL, "Brain Neoplasms",
     "MESH:D001932"},
    {TH_ELIG_SET("skin|dermatologic|dermatological"), "Skin Diseases", "MESH:D012871", NULL, NULL,
     "Skin Neoplasms", "MESH:D012878"},
    {TH_ELIG_SET("eye|ocular|ophthalmic"), "Eye Diseases", "MESH:D005128", NULL, NULL, NULL, NULL},
    {TH_ELIG_SET("retinal"), "Retinal Diseases", "MESH:D012164", NULL, NULL, NULL, NULL},
    {TH_ELIG_SET("autoimmune"), "Autoimmune Diseases", "MESH:D001327", NULL, NULL, NULL, NULL},
    {TH_ELIG_SET("rheumatic|rheumatologic"), "Rheumatic Diseases", "MESH:D012216", NULL, NULL, NULL,
     NULL},
    {TH_ELIG_SET("musculoskeletal"), "Musculoskeletal Diseases", "MESH:D009140", NULL, NULL, NULL,
     NULL},
    {TH_ELIG_SET("neuromuscular"), "Neuromuscular Diseases", "MESH:D009468", NULL, NULL, NULL,
     NULL},
    {TH_ELIG_SET("urologic|urological"), "Urologic Diseases", "MESH:D014570", NULL, NULL, NULL,
     NULL},
    {TH_ELIG_SET("breast"), "Breast Diseases", "MESH:D001941", NULL, NULL, "Breast Neoplasms",
     "MESH:D001943"},
    {TH_ELIG_SET("prostate|prostatic"), "Prostatic Diseases", "MESH:D011469", NULL, NULL,
     "Prostatic Neoplasms", "MESH:D011471"},
    {TH_ELIG_SET("ovarian|ovary"), "Ovarian Diseases", "MESH:D010049", NULL, NULL,
     "Ovarian Neoplasms", "MESH:D010051"},
    {TH_ELIG_SET("gastric|stomach"), "Stomach Diseases", "MESH:D013272", NULL, NULL,
     "Stomach Neoplasms", "MESH:D013274"},
    {TH_ELIG_SET("esophageal|oesophageal"), "Esophageal Diseases", "MESH:D004935", NULL, NULL,
     "Esophageal Neoplasms", "MESH:D004938"},
    {TH_ELIG_SET("colorectal"), NULL, NULL, NULL, NULL, "Colorectal Neoplasms", "MESH:D015179"},
    {TH_ELIG_SET("colon|colonic"), NULL, NULL, NULL, NULL, "Colonic Neoplasms", "MESH:D003110"},
    {TH_ELIG_SET("bladder"), NULL, NULL, NULL, NULL, "Urinary Bladder Neoplasms", "MESH:D001749"},
    {TH_ELIG_SET("cervical|cervix"), NULL, NULL, NULL, NULL, "Uterine Cervical Neoplasms",
     "MESH:D002583"},
    {TH_ELIG_SET("endometrial"), NULL, NULL, NULL, NULL, "Endometrial Neoplasms", "MESH:D016889"},
};

/* ---- asking the tokens ---- */

static const th_elig_token *token(const composer *c, uint32_t i) {
  return &c->l->tokens.p[i];
}

static bool among(const composer *c, uint32_t i, th_elig_set *set) {
  return i < c->l->tokens.n && th_elig_among(set, token(c, i));
}

static bool known_as(const composer *c, uint32_t i, uint32_t categories) {
  const th_elig_term *t = th_elig_term_at(c->l, c->v, i);
  return t && (1u << t->category & categories);
}

bool th_elig_is_symbol(const th_elig_leaf *l, uint32_t i) {
  const th_elig_token *t = &l->tokens.p[i];
  if (t->kind == TH_ELIG_NUM) return t->flags & TH_ELIG_INTEGER && t->value < 100;
  if (t->kind != TH_ELIG_WORD) return false;
  bool digit = false;
  for (uint32_t k = t->from; k < t->to; k++)
    digit |= l->text.p[k] >= '0' && l->text.p[k] <= '9';
  return digit || (t->flags & TH_ELIG_ALL_UPPER && t->to - t->from > 1);
}

enum { AS_CONDITION, AS_DRUG, AS_PROCEDURE };

static bool may_stand_before(const composer *c, uint32_t i, int sort) {
  uint32_t w = th_elig_classes_at(c->l, c->v, i);
  bool plain = w & TH_ELIG_W_PLAIN && !th_elig_term_at(c->l, c->v, i);
  if (plain && !(sort == AS_DRUG && w & TH_ELIG_W_DRUGLIKE)) return false;
  switch (sort) {
  case AS_CONDITION:
    return w & (TH_ELIG_W_SITE | TH_ELIG_W_ADJECTIVE | TH_ELIG_W_TUMOR) ||
           known_as(c, i,
                    1u << TH_ELIG_CONDITION | 1u << TH_ELIG_FINDING | 1u << TH_ELIG_ORGANISM |
                        1u << TH_ELIG_GENE);
  case AS_DRUG:
    return w & (TH_ELIG_W_DRUGLIKE | TH_ELIG_W_DRUG | TH_ELIG_W_AGENT | TH_ELIG_W_SUBSTANCE) ||
           th_elig_is_symbol(c->l, i) || known_as(c, i, 1u << TH_ELIG_DRUG | 1u << TH_ELIG_GENE);
  default:
    return w & (TH_ELIG_W_SITE | TH_ELIG_W_ADJECTIVE) ||
           known_as(c, i, 1u << TH_ELIG_CONDITION | 1u << TH_ELIG_PROCEDURE);
  }
}

/* The first token of the words before `at` that may belong to a name which ends there. */
static uint32_t run_before(const composer *c, uint32_t at, int sort) {
  uint32_t first = at;
  for (uint32_t n = 0; n < REACH && first > c->floor; n++) {
    uint32_t p = first - 1;
    if (th_elig_sign(token(c, p), '-') && p > c->floor &&
        !(token(c, first)->flags & TH_ELIG_SPACE_BEFORE))
      p--;
    if (!may_stand_before(c, p, sort)) break;
    const th_elig_term *t = th_elig_term_at(c->l, c->v, p);
    first = t && t->first >= c->floor ? t->first : p;
  }
  return first;
}

/* "of the skin" behind a head: the token behind it, `at` when there is none. */
static uint32_t place_behind(const composer *c, uint32_t at) {
  static th_elig_set of = TH_ELIG_SET("of|in");
  static th_elig_set the = TH_ELIG_SET("the|a|an");
  uint32_t i = at, end = at;
  if (!among(c, i, &of)) return at;
  i += among(c, i + 1, &the) ? 2 : 1;
  for (uint32_t n = 0; n < 4; n++, i++) {
    uint32_t w = th_elig_classes_at(c->l, c->v, i);
    if (!(w & TH_ELIG_W_SITE) || w & TH_ELIG_W_HEAD || known_as(c, i, 1u << TH_ELIG_CONDITION))
      break;
    end = i + 1;
  }
  return th_elig_classes_at(c->l, c->v, end) & TH_ELIG_W_HEAD ? at : end;
}

/* ---- adding ---- */

static const site *site_of(const composer *c, uint32_t i) {
  for (size_t k = 0; k < TH_COUNT(sites); k++)
    if (among(c, i, &sites[k].words)) return &sites[k];
  return NULL;
}

static void name_it(const composer *c, th_elig_term *t, uint32_t site_at, uint32_t head) {
  static th_elig_set diseases = TH_ELIG_SET("disease|disorder|illness|pathology|condition");
  static th_elig_set failures = TH_ELIG_SET("insufficiency|impairment|failure|dysfunction");
  static th_elig_set tumors = TH_ELIG_SET("cancer|carcinoma|neoplasm|malignancy");
  const site *s = site_of(c, site_at);
  const char *label = NULL, *code = NULL;
  if (!s) return;
  if (among(c, head, &diseases)) label = s->disease, code = s->disease_code;
  if (among(c, head, &failures)) label = s->failure, code = s->failure_code;
  if (among(c, head, &tumors)) label = s->tumor, code = s->tumor_code;
  if (!label) return;
  t->label = th_span_of(label);
  t->code = th_span_of(code);
}

/* "hepatitis C infection", "HIV disease": a wide word behind the dictionary's name of an illness
 * says nothing more. */
static const th_elig_term *illness_before(const composer *c, const th_elig_term *last) {
  static th_elig_set wide = TH_ELIG_SET("infection|disease|disorder|illness");
  if (last->end != last->first + 1 || last->first <= c->floor || !among(c, last->first, &wide))
    return last;
  const th_elig_term *before = th_elig_term_at(c->l, c->v, last->first - 1);
  return before && before->category == TH_ELIG_CONDITION && before->code.n ? before : last;
}

/* Adds the name of tokens [first, end) unless the dictionary has as much or more there. */
static th_elig_term *add(composer *c, uint32_t first, uint32_t end, uint8_t category) {
  const th_elig_term *last = th_elig_term_at(c->l, c->v, end - 1),
                     *begin = th_elig_term_at(c->l, c->v, first);
  if (begin && begin->first < first) first = TH_MAX(begin->first, c->floor);
  if (last && (last->end > end || last->first <= first)) return NULL;
  th_elig_term with = last && last->end == end ? *illness_before(c, last) : (th_elig_term){0};
  th_elig_term *t = th_elig_terms_add(c->v, c->l->facts->arena);
  if (!t) return NULL;
  *t = (th_elig_term){.first = first, .end = end, .head = first, .category = category};
  t->from = token(c, first)->from;
  t->to = token(c, end - 1)->to;
  t->label = th_elig_words_of(c->l, first, end);
  if (with.label.n) {
    t->label = with.label;
    t->code = with.code;
    t->head = with.first;
    t->category = with.category;
  }
  for (uint32_t i = first; i < end; i++)
    if (c->v->owner[i]) c->v->p[c->v->owner[i] - 1].drop = true;
  return t;
}

/* "liver or renal disease": names of their own from the words before "or". behind: token behind
 * the head. */
static void add_members(composer *c, uint32_t first, uint32_t head, uint32_t behind) {
  static th_elig_set joint = TH_ELIG_SET("or|and|,|/");
  for (uint32_t n = 0; n < MEMBERS && first > c->floor + 1; n++) {
    uint32_t end = first;
    while (end > c->floor && among(c, end - 1, &joint))
      end--;
    if (end == first || end == c->floor) return;
    uint32_t w = th_elig_classes_at(c->l, c->v, end - 1);
    if (w & (TH_ELIG_W_HEAD | TH_ELIG_W_TERM | TH_ELIG_W_PLAIN) ||
        th_elig_term_at(c->l, c->v, end - 1))
      return;
    first = run_before(c, end, AS_CONDITION);
    if (first == end) return;
    th_elig_term *t = add(c, first, end, TH_ELIG_CONDITION);
    if (!t) return;
    th_span before = th_elig_words_of(c->l, first, end),
            name = th_elig_words_of(c->l, head, behind);
    const char *label = th_arena_printf(c->l->facts->arena, "%.*s %.*s", (int)before.n, before.p,
                                        (int)name.n, name.p);
    if (!label) {
      c->v->failed = true;
      return;
    }
    t->label = th_span_of(label);
    t->head = first;
    t->whole_to = token(c, behind - 1)->to;
    if (end == first + 1) name_it(c, t, first, head);
  }
}

static uint32_t add_condition(composer *c, uint32_t i, uint32_t w) {
  static th_elig_set wide = TH_ELIG_SET("disease|illness|infection");
  static th_elig_set sorts = TH_ELIG_SET(
      "chronic|acute|intercurrent|concurrent|residual|progressive|refractory|relapsed|recurrent|"
      "terminal|underlying|serious|life-threatening");
  th_elig_infection_test test;
  if (th_elig_infection_at(c->l->tokens.p, c->l->tokens.n, i, &test) && test.tests)
    return test.end; /* "hepatitis C antibody": what it is found to be tells (results.h) */
  uint32_t first = run_before(c, i, AS_CONDITION), end = i + 1;
  if (w & TH_ELIG_W_HEAD) end = place_behind(c, i + 1);
  if (first == i && end == i + 1 && w & TH_ELIG_W_VAGUE) {
    if (i == c->floor || !among(c, i, &wide) || !among(c, i - 1, &sorts)) return i + 1;
    first = i - 1;
  }
  th_elig_term *t = add(c, first, end, TH_ELIG_CONDITION);
  if (t && w & TH_ELIG_W_HEAD && t->head == t->first) {
    if (end == i + 1 && first + 1 == i) name_it(c, t, first, i);
    if (end > i + 1 && first == i) name_it(c, t, end - 1, i);
  }
  if (w & TH_ELIG_W_HEAD && first < i) add_members(c, first, i, i + 1);
  return end;
}

/* Whether one of the words says by itself that a drug is meant. */
static bool has_strong(const composer *c, uint32_t first, uint32_t end, bool for_disease) {
  for (uint32_t i = first; i < end; i++) {
    uint32_t w = th_elig_classes_at(c->l, c->v, i);
    if (w & (TH_ELIG_W_DRUG | TH_ELIG_W_AGENT | TH_ELIG_W_SUBSTANCE)) return true;
    if (w & TH_ELIG_W_DRUGLIKE && !(w & TH_ELIG_W_WEAK)) return true;
    if (known_as(c, i, 1u << TH_ELIG_DRUG)) return true;
    if (for_disease && known_as(c, i, 1u << TH_ELIG_CONDITION)) return true;
  }
  return false;
}

/* Behind a number that only counts or sorts: "1 anticoagulant", "class III antiarrhythmic drugs".
 */
static uint32_t behind_number(const composer *c, uint32_t first, uint32_t i) {
  static th_elig_set roman = TH_ELIG_SET("i|ii|iii|iv|v");
  while (first < i && (token(c, first)->kind == TH_ELIG_NUM || among(c, first, &roman)) &&
         !th_elig_sign(token(c, first + 1), '-'))
    first++;
  return first;
}

/* "HCV antibody", "anti-HIV antibodies": what blood is tested for, and nothing that is given. */
static bool is_of_infection(const composer *c, uint32_t first, uint32_t i) {
  static th_elig_set antibody = TH_ELIG_SET("antibody|antibodie");
  bool found = false;
  if (!among(c, i, &antibody)) return false;
  for (uint32_t k = first; k < i; k++)
    found |= th_elig_names_infection(c->l, k);
  return found;
}

static void add_drug(composer *c, uint32_t i, uint32_t w) {
  static th_elig_set given = TH_ELIG_SET("drug|medication|medicine|agent|drop|pill|killer");
  static th_elig_set therapy = TH_ELIG_SET(
      "therapy|treatment|regimen|replacement|injection|infusion|class|product|substance");
  uint32_t first = behind_number(c, run_before(c, i, AS_DRUG), i);
  if (w & (TH_ELIG_W_DRUG | TH_ELIG_W_SUBSTANCE)) {
    if (first == i || first < i) add(c, first, i + 1, TH_ELIG_DRUG);
    return;
  }
  bool for_disease = w & TH_ELIG_W_DOSED && among(c, i, &given);
  if (for_disease && first == i && i > c->floor && known_as(c, i - 1, 1u << TH_ELIG_CONDITION))
    first = TH_MAX(th_elig_term_at(c->l, c->v, i - 1)->first, c->floor);
  if (first == i || is_of_infection(c, first, i)) return;
  if (w & TH_ELIG_W_DOSED && !has_strong(c, first, i, for_disease)) return;
  const th_elig_term *drug = th_elig_term_at(c->l, c->v, i - 1);
  bool treats = w & TH_ELIG_W_DOSED && among(c, i, &therapy);
  uint32_t before = th_elig_classes_at(c->l, c->v, i - 1);
  if (treats && (before & (TH_ELIG_W_DRUG | TH_ELIG_W_AGENT | TH_ELIG_W_SUBSTANCE) ||
                 (drug && drug->category == TH_ELIG_DRUG))) {
    add(c, first, i, TH_ELIG_DRUG);
    return;
  }
  th_elig_term of = drug && drug->category == TH_ELIG_DRUG ? *drug : (th_elig_term){0};
  th_elig_term *t = add(c, first, i + 1, TH_ELIG_DRUG);
  if (!t) return;
  t->category = treats ? TH_ELIG_PROCEDURE : TH_ELIG_DRUG;
  if (w & TH_ELIG_W_DOSED && of.label.n) {
    t->label = of.label;
    t->code = of.code;
    t->head = of.first;
  }
}

static void add_procedure(composer *c, uint32_t i, uint32_t w) {
  uint32_t first = run_before(c, i, AS_PROCEDURE);
  if (first == i && w & TH_ELIG_W_VAGUE) return;
  th_elig_term *t = add(c, first, i + 1, TH_ELIG_PROCEDURE);
  if (t) t->category = TH_ELIG_PROCEDURE;
}

/* "anti-inflammatories", "anti-platelet". */
static bool is_anti(const composer *c, uint32_t i) {
  return c->anti && i > c->floor + 1 && th_elig_sign(token(c, i - 1), '-') &&
         among(c, i - 2, &anti) &&
         th_elig_classes_at(c->l, c->v, i) & (TH_ELIG_W_DRUGLIKE | TH_ELIG_W_ADJECTIVE);
}

/* "contra-indication". */
static bool is_hyphenated(const composer *c, uint32_t i) {
  static th_elig_set indication = TH_ELIG_SET("indication|indicated");
  return c->contra && i > c->floor + 1 && among(c, i, &indication) && among(c, i - 2, &contra) &&
         th_elig_sign(token(c, i - 1), '-');
}

/* "allergic reaction", "milk allergy", "hypersensitivity to": to what it is, context.c tells. */
static void add_reaction(composer *c, uint32_t i) {
  static th_elig_set nouns = TH_ELIG_SET(
      "allergy|allergie|alergy|hypersensitivity|hypersensibility|hypersensitivitie|anaphylaxis|"
      "intolerance|contraindication|indication");
  static th_elig_set against = TH_ELIG_SET("contraindication|contraindicated|indication");
  static th_elig_set to = TH_ELIG_SET("to|against");
  static th_elig_set reaction = TH_ELIG_SET("reaction|response");
  uint32_t end = i + (among(c, i + 1, &reaction) ? 2 : 1), first = i;
  if (th_elig_term_at(c->l, c->v, i) ||
      (end == i + 1 && !among(c, i, &nouns) && !among(c, end, &to)))
    return;
  if (is_hyphenated(c, i)) first = i - 2;
  if (end == i + 1 && !among(c, i, &against))
    while (first > c->floor && first + 3 > i &&
           known_as(c, first - 1, 1u << TH_ELIG_DRUG | 1u << TH_ELIG_ORGANISM))
      first = th_elig_term_at(c->l, c->v, first - 1)->first;
  th_elig_term *t = add(c, first, end, TH_ELIG_ALLERGY);
  if (!t) return;
  if (among(c, i, &against)) t->category = TH_ELIG_FINDING;
  t->reaction = first == i || is_hyphenated(c, i);
}

/* ---- from word to word ---- */

/* "opioid analgesic", "bleeding disorder": the name goes on with its head. */
static bool goes_on(const composer *c, uint32_t i, uint32_t w) {
  uint32_t behind = th_elig_classes_at(c->l, c->v, i + 1);
  if (i + 1 < c->l->tokens.n && th_elig_sign(token(c, i + 1), '-')) return false;
  if (w & (TH_ELIG_W_DRUG | TH_ELIG_W_AGENT | TH_ELIG_W_SUBSTANCE))
    return behind & (TH_ELIG_W_AGENT | TH_ELIG_W_DRUG | TH_ELIG_W_DOSED);
  if (w & TH_ELIG_W_TERM && behind & TH_ELIG_W_TEST && !th_elig_term_at(c->l, c->v, i))
    return true; /* "HBV DNA" */
  return w & (TH_ELIG_W_HEAD | TH_ELIG_W_TERM) && behind & (TH_ELIG_W_HEAD | TH_ELIG_W_TERM);
}

static uint32_t compose_at(composer *c, uint32_t i) {
  uint32_t w = th_elig_classes_at(c->l, c->v, i), next = i + 1;
  if (goes_on(c, i, w)) return next;
  if (w & TH_ELIG_W_RESULT) {
    uint32_t before = c->v->n;
    next = th_elig_compose_result(c->l, c->v, c->floor, i);
    if (c->v->n > before) return next;
  }
  if (w & (TH_ELIG_W_AGENT | TH_ELIG_W_DOSED | TH_ELIG_W_DRUG | TH_ELIG_W_SUBSTANCE))
    add_drug(c, i, w);
  else if (is_anti(c, i) && !(th_elig_classes_at(c->l, c->v, i + 1) & TH_ELIG_W_DOSED))
    add_drug(c, i, TH_ELIG_W_DRUG);
  else if (w & TH_ELIG_W_PROCEDURE)
    add_procedure(c, i, w);
  else if (w & TH_ELIG_W_REACTION || is_hyphenated(c, i))
    add_reaction(c, i);
  else if (w & (TH_ELIG_W_HEAD | TH_ELIG_W_TERM))
    next = add_condition(c, i, w);
  return next;
}

/* ---- short forms ---- */

static bool is_short(const composer *c, uint32_t i) {
  const th_elig_token *t = token(c, i);
  uint32_t capitals = 0;
  if (t->kind != TH_ELIG_WORD || t->to - t->from < 2 || t->to - t->from > 7) return false;
  for (uint32_t k = t->from; k < t->to; k++)
    capitals += c->l->text.p[k] >= 'A' && c->l->text.p[k] <= 'Z';
  return capitals >= 2;
}

/* Whether a word of the name begins as its short form does. */
static bool shortens(const composer *c, const th_elig_term *t, uint32_t i) {
  for (uint32_t k = t->first; k < t->end; k++)
    if ((c->l->text.p[token(c, k)->from] | 32) == (c->l->text.p[token(c, i)->from] | 32))
      return true;
  return false;
}

static const th_elig_short *short_of(const th_elig_terms *v, uint64_t key) {
  for (uint32_t k = 0; k < v->n_shorts; k++)
    if (v->shorts[k].key == key) return &v->shorts[k];
  return NULL;
}

static void add_short(composer *c, uint32_t i, uint8_t category, th_span label, th_span code) {
  th_elig_term *t = th_elig_terms_add(c->v, c->l->facts->arena);
  if (!t) return;
  *t = (th_elig_term){.first = i,
                      .end = i + 1,
                      .head = i,
                      .from = token(c, i)->from,
                      .to = token(c, i)->to,
                      .category = category,
                      .label = label,
                      .code = code};
}

/* "bladder outlet obstruction (BOO)": the short form is a name of its own, here and later on. */
static void learn_shorts(composer *c, uint32_t n) {
  for (uint32_t k = 0; k < n; k++) {
    const th_elig_term t = c->v->p[k];
    uint32_t i = t.end + 1;
    if (t.end == t.first + 1 || t.category > TH_ELIG_FINDING || i + 1 >= c->l->tokens.n) continue;
    if (!th_elig_sign(token(c, t.end), '(') || !th_elig_sign(token(c, i + 1), ')')) continue;
    if (!is_short(c, i) || !shortens(c, &t, i) || short_of(c->v, token(c, i)->key)) continue;
    if (c->v->n_shorts < TH_ELIG_SHORTS_MAX)
      c->v->shorts[c->v->n_shorts++] =
          (th_elig_short){token(c, i)->key, t.category, t.label, t.code};
  }
}

static void add_shorts(composer *c) {
  for (uint32_t i = 0; c->v->n_shorts && i < c->l->tokens.n; i++) {
    if (th_elig_term_at(c->l, c->v, i) || !is_short(c, i)) continue;
    const th_elig_short *s = short_of(c->v, token(c, i)->key);
    if (s) add_short(c, i, s->category, s->label, s->code);
  }
}

/* ---- all of a leaf ---- */

th_elig_term *th_elig_terms_add(th_elig_terms *v, th_arena *arena) {
  if (v->n == v->cap) {
    uint32_t cap = v->cap ? v->cap * 2 : 32;
    th_elig_term *p = th_arena_alloc(arena, cap * sizeof *p);
    if (!p) return v->failed = true, NULL;
    if (v->n) memcpy(p, v->p, v->n * sizeof *p);
    v->p = p;
    v->cap = cap;
  }
  return &v->p[v->n++];
}

bool th_elig_classify(th_elig_leaf *l, th_elig_terms *v) {
  uint32_t n = l->tokens.n;
  if (n > v->cap_owner) {
    uint32_t cap = TH_MAX(n, v->cap_owner * 2);
    v->owner = th_arena_alloc(l->facts->arena, cap * sizeof *v->owner);
    v->classes = th_arena_alloc(l->facts->arena, cap * sizeof *v->classes);
    v->cap_owner = v->owner && v->classes ? cap : 0;
    if (!v->cap_owner) return v->failed = true, false;
  }
  for (uint32_t i = 0; i < n; i++)
    v->classes[i] =
        l->tokens.p[i].kind == TH_ELIG_WORD ? th_elig_word_classes(l->text, &l->tokens.p[i]) : 0;
  return true;
}

/* Which terms of the dictionary hold each token. */
static void set_owners(th_elig_terms *v, uint32_t n_tokens) {
  memset(v->owner, 0, n_tokens * sizeof *v->owner);
  for (uint32_t k = 0; k < v->n; k++)
    for (uint32_t i = v->p[k].first; i < v->p[k].end; i++)
      v->owner[i] = k + 1;
}

static int by_place(const void *a, const void *b) {
  const th_elig_term *x = a, *y = b;
  if (x->first != y->first) return x->first < y->first ? -1 : 1;
  return x->end > y->end ? -1 : x->end < y->end;
}

/* Drops what is covered and sorts the rest; a name composed twice over stands once. */
static void settle(th_elig_terms *v) {
  uint32_t n = 0;
  for (uint32_t k = 0; k < v->n; k++)
    if (!v->p[k].drop) v->p[n++] = v->p[k];
  if (n > 1) qsort(v->p, n, sizeof *v->p, by_place);
  uint32_t kept = 0;
  for (uint32_t k = 0; k < n; k++)
    if (kept == 0 || v->p[k].first >= v->p[kept - 1].end) v->p[kept++] = v->p[k];
  v->n = kept;
}

void th_elig_compose(th_elig_leaf *l, th_elig_terms *v) {
  composer c = {.l = l,
                .v = v,
                .anti = th_elig_leaf_may_have(l, &anti),
                .contra = th_elig_leaf_may_have(l, &contra)};
  if (l->tokens.n == 0) return;
  set_owners(v, l->tokens.n);
  for (uint32_t i = 0; i < l->tokens.n && !v->failed;) {
    uint32_t before = v->n;
    uint8_t kind = token(&c, i)->kind;
    i = kind == TH_ELIG_WORD   ? compose_at(&c, i)
        : kind == TH_ELIG_SIGN ? th_elig_compose_sign(l, v, c.floor, i)
                               : i + 1;
    if (v->n > before) c.floor = TH_MAX(c.floor, i);
  }
  settle(v);
  set_owners(v, l->tokens.n);
  learn_shorts(&c, v->n);
  add_shorts(&c);
  th_elig_add_wide(l, v);
  settle(v);
  if (v->failed || (l->n_mentions == 0 && !th_elig_has_criteria(l))) return;
  set_owners(v, l->tokens.n);
  th_elig_compose_measures(l, v);
  th_elig_compose_criteria(l, v);
  settle(v);
}
