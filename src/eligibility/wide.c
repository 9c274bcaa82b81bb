#include "eligibility/wide.h"

#include "eligibility/keys.h"
#include "eligibility/lexicon.h"

typedef struct composer {
  th_elig_leaf *l;
  th_elig_terms *v;
} composer;

static const th_elig_token *token(const composer *c, uint32_t i) {
  return &c->l->tokens.p[i];
}

static bool among(const composer *c, uint32_t i, th_elig_set *set) {
  return i < c->l->tokens.n && th_elig_among(set, token(c, i));
}

/* "first dose of study medication", "before the study drug": when something is, and no drug that is
 * asked for. */
static bool is_time_mark(const composer *c, uint32_t i) {
  static th_elig_set between = TH_ELIG_SET("the|any|of|a|each|this|study|trial|to|investigational");
  static th_elig_set mark = TH_ELIG_SET("dose|dosing|start|initiation|administration|day|intake|"
                                        "discontinuation|beginning|half-life|live");
  static th_elig_set before = TH_ELIG_SET("before|after|since|until|prior|off");
  uint32_t k = i;
  while (k > 0 && i - k < 5 && among(c, k - 1, &between))
    k--;
  return k > 0 && (among(c, k - 1, &before) || (k < i && among(c, k - 1, &mark)));
}

/* "within 14 days prior to the first dose of pembrolizumab": named, and nobody is asked for it. */
static bool is_trials_own(const composer *c, uint32_t i) {
  static th_elig_set article = TH_ELIG_SET("the|a"), of = TH_ELIG_SET("of"), to = TH_ELIG_SET("to");
  static th_elig_set begins = TH_ELIG_SET("dose|start|initiation|administration");
  static th_elig_set first = TH_ELIG_SET("first|initial"), prior = TH_ELIG_SET("prior");
  static th_elig_set before = TH_ELIG_SET("before|until");
  if (i > 0 && among(c, i - 1, &article)) i--;
  if (i < 3 || !among(c, i - 1, &of) || !among(c, i - 2, &begins)) return false;
  for (i -= 2; i > 0 && (among(c, i - 1, &first) || among(c, i - 1, &article));)
    i--;
  return i > 0 &&
         (among(c, i - 1, &before) || (i > 1 && among(c, i - 1, &to) && among(c, i - 2, &prior)));
}

/* Nothing behind the word that it belongs to: "medication" but not "medication history". */
static bool ends_name(const composer *c, uint32_t end) {
  static th_elig_set behind = TH_ELIG_SET(
      "or|and|within|in|during|for|that|which|known|with|to|at|on|of|is|are|was|were|has|have|must|"
      "will|should|may|can|could|would|prior|other|such|including|unless|except|who|if|when|by|"
      "from|before|after|as|administration|used|given|use|requiring|affecting|containing|"
      "interfering|administered|intended|taken|required|likely|while|but|not|than|because|due");
  if (end >= c->l->tokens.n || among(c, end, &behind)) return true;
  bool joins = th_elig_sign(token(c, end), '-') && !(token(c, end)->flags & TH_ELIG_SPACE_BEFORE);
  return token(c, end)->kind == TH_ELIG_SIGN && !joins; /* "drug-related" */
}

static void add_wide(composer *c, uint32_t first, uint32_t end, uint8_t category, uint8_t why) {
  for (uint32_t i = first; i < end; i++)
    if (th_elig_term_at(c->l, c->v, i)) return;
  th_elig_term *t = th_elig_terms_add(c->v, c->l->facts->arena);
  if (!t) return;
  *t = (th_elig_term){.first = first,
                      .end = end,
                      .head = first,
                      .from = token(c, first)->from,
                      .to = token(c, end - 1)->to,
                      .category = category,
                      .aside = (uint8_t)(1 + why),
                      .label = th_elig_words_of(c->l, first, end)};
}

/* "childbearing potential", "healthy": whom the item is about. The token to go on at. */
static uint32_t add_people(composer *c, uint32_t i) {
  static th_elig_set child = TH_ELIG_SET("child"), bearing = TH_ELIG_SET("bearing");
  static th_elig_set one = TH_ELIG_SET("childbearing"), potential = TH_ELIG_SET("potential");
  static th_elig_set healthy = TH_ELIG_SET("healthy"), short_form = TH_ELIG_SET("wocbp");
  uint32_t k = i + 1;
  if (among(c, i, &healthy) || among(c, i, &short_form)) {
    add_wide(c, i, k, TH_ELIG_FINDING, TH_ELIG_NAMED_PEOPLE);
    return k;
  }
  if (among(c, i, &child)) {
    if (k < c->l->tokens.n && th_elig_sign(token(c, k), '-')) k++;
    if (!among(c, k, &bearing)) return i + 1;
    k++;
  } else if (!among(c, i, &one)) {
    return i + 1;
  }
  if (!among(c, k, &potential)) return i + 1;
  static th_elig_set non = TH_ELIG_SET("non");
  bool absent = i > 1 && th_elig_sign(token(c, i - 1), '-') && among(c, i - 2, &non);
  uint32_t n = c->v->n;
  add_wide(c, i, k + 1, TH_ELIG_FINDING, TH_ELIG_NAMED_PEOPLE);
  if (c->v->n > n) c->v->p[n].absent = absent;
  return k + 1;
}

static uint32_t add_wide_at(composer *c, uint32_t i) {
  static th_elig_set ills = TH_ELIG_SET(
      "disease|disorder|illness|illnesse|condition|complication|lesion|abnormality|abnormalitie|"
      "problem|comorbidity|comorbiditie|mass|dysfunction|remission|syndrome|deficiency");
  static th_elig_set happens = TH_ELIG_SET("event|reaction"), adverse = TH_ELIG_SET("adverse");
  static th_elig_set drugs = TH_ELIG_SET("drug|medication|medicine|durg");
  static th_elig_set things = TH_ELIG_SET("product|agent|substance|material|compound");
  static th_elig_set of_trial = TH_ELIG_SET("study|trial|tested|test|investigational|experimental|"
                                            "used|active|related|prohibited|contraindicated");
  if (!(th_elig_classes_at(c->l, c->v, i) & TH_ELIG_W_ASIDE)) return i + 1;
  uint32_t end = i + 1, people = add_people(c, i);
  if (people > i + 1) return people;
  if (among(c, i, &ills) && ends_name(c, end))
    add_wide(c, i, end, TH_ELIG_CONDITION, TH_ELIG_NAMED_WIDE);
  if (among(c, i, &happens) && i > 0 && among(c, i - 1, &adverse))
    add_wide(c, i - 1, end, TH_ELIG_FINDING, TH_ELIG_NAMED_WIDE);
  bool named = i > 0 && among(c, i - 1, &of_trial);
  if (ends_name(c, end) && !is_time_mark(c, named ? i - 1 : i) &&
      (among(c, i, &drugs) || (named && among(c, i, &things))))
    add_wide(c, named ? i - 1 : i, end, TH_ELIG_DRUG, TH_ELIG_NAMED_WIDE);
  return end;
}

void th_elig_add_wide(th_elig_leaf *l, th_elig_terms *v) {
  composer c = {l, v};
  for (uint32_t i = 0; i < l->tokens.n && !v->failed;)
    i = token(&c, i)->kind == TH_ELIG_WORD ? add_wide_at(&c, i) : i + 1;
  for (uint32_t k = 0; k < v->n; k++)
    if (v->p[k].category == TH_ELIG_DRUG && !v->p[k].aside && is_trials_own(&c, v->p[k].first))
      v->p[k].aside = 1 + TH_ELIG_NAMED_PART;
}
