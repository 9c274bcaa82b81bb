/* How many of something, and what share of it, where no attribute says so: the words behind the
 * number name it.
 *
 *   count := relation number word* thing     "at least 3 cutaneous lesions", "≥ 2 flares"
 *          | relation number "%" ("of" "the"?)? word* part   "more than 10 % clonal cells"
 *
 * Like all measures of no attribute (other.c) such a fact decides nothing. */
#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/numeric.h"

enum { WORDS_MAX = 8 };

static th_elig_set growths = TH_ELIG_SET("lesion|tumor|metastase|metastasis|metastases|nodule");
static th_elig_set nodes = TH_ELIG_SET("node");

static th_elig_set things = TH_ELIG_SET(
    "lesion|tumor|metastase|metastasis|metastases|nodule|node|polyp|plaque|ulcer|joint|tooth|"
    "fracture|episode|attack|bout|crisis|crise|crises|relapse|recurrence|exacerbation|flare|"
    "adenoma|hospitalization|admission|infection|fall|stone|calculi|vessel|aneurysm|fibroid|myoma|"
    "cyst|"
    "nevi|mole|wart|keratose|transfusion|regimen|therapy|therapie|therapies|failure|surgery|"
    "surgerie|pregnancy|pregnancie|delivery|deliverie|abortion|embryo|follicle|beat|erosion|"
    "migraine|headache|cigarette|caries|implant|vertebra|vertebrae|gallstone|foci|focus|stroke|"
    "transplant|transplantation|graft|injection|infusion|vaccination|infarct|concussion|apnea|"
    "hypopnea|awakening");

static th_elig_set parts = TH_ELIG_SET(
    "cell|cells|involvement|necrosis|necrotic|staining|expression|positivity|cellularity|"
    "component|content|infiltration|fibrosis|mosaicism|dysplasia|chimerism|viability|"
    "coverage|collapse|lymphocyte|neutrophil|blast|"
    "attachment|intake");

static bool is_word(const th_elig_binder *s, uint32_t i) {
  return i < s->n && s->t[i].kind == TH_ELIG_WORD;
}

/* Words that no name goes on behind. */
static bool ends_name(const th_elig_binder *s, uint32_t i) {
  static th_elig_set away = TH_ELIG_SET(
      "in|with|at|by|on|for|from|to|per|that|which|who|if|when|is|are|was|were|must|be|not|than|"
      "after|before|within|during|due|the|a|an|between|every|each|will|should|may|can|have|has|"
      "had|following|based|despite|unless|except|while|since|as|over|under|up|no|without|years|"
      "year|months|month|weeks|week|days|day|hours|hour|times|time|point|points|requiring|"
      "receiving|containing|having|showing|expressing|considered");
  return !is_word(s, i) || th_elig_at(s, i, &away);
}

/* "3 tumor tissue sections" are no tumors. */
static bool is_of_sample(const th_elig_binder *s, uint32_t end) {
  static th_elig_set samples = TH_ELIG_SET("tissue|section|sample|specimen|biopsy|biopsie|block|"
                                           "slide|marker|size|site|cell|board|stage|grade|type");
  return th_elig_at(s, end, &samples);
}

/* The token behind the last one of `heads` in the words from token i on; i when there is none. */
static uint32_t name_end(const th_elig_binder *s, uint32_t i, th_elig_set *heads) {
  static th_elig_set joints = TH_ELIG_SET("-|/|or|and|of");
  uint32_t end = i, words = 0;
  for (uint32_t k = i; k < s->n && words < WORDS_MAX; k++) {
    if (k > i && th_elig_at(s, k, &joints)) {
      if (end > i && !th_elig_sign(&s->t[k], '-')) break;
      continue;
    }
    if (ends_name(s, k)) break;
    words++;
    if (th_elig_at(s, k, heads)) end = k + 1;
  }
  return end;
}

static bool is_percent(const th_elig_quantity *q) {
  return q->has_unit && !strcmp(q->unit.ucum, "%");
}

/* "at least one": whether there is any, and no count. */
static bool is_any(const th_elig_quantity *q) {
  return q->value <= 1 && isnan(q->high) && q->relation == TH_ELIG_GE;
}

static uint32_t step_over_of(const th_elig_binder *s, uint32_t i) {
  static th_elig_set of = TH_ELIG_SET("of"), the = TH_ELIG_SET("the|their|all|total|a");
  if (!th_elig_at(s, i, &of)) return i;
  i++;
  return i + th_elig_at(s, i, &the);
}

/* The attribute that counts what the words [first, end) name; other_measure when none does, -1 when
 * it is no count of the patient's. */
static int counted_by(const th_elig_binder *s, uint32_t first, uint32_t end) {
  static th_elig_set brain = TH_ELIG_SET("brain|intracranial|cerebral|cns|intraparenchymal");
  static th_elig_set ill = TH_ELIG_SET("positive|involved|metastatic");
  const th_elig_known *known = &th_elig_known_attributes;
  bool in_brain = false, positive = false;
  for (uint32_t i = first; i < end; i++) {
    in_brain |= th_elig_at(s, i, &brain);
    positive |= th_elig_at(s, i, &ill);
  }
  if (th_elig_at(s, end - 1, &growths))
    return in_brain ? known->brain_metastases_count : known->tumor_count;
  bool last = th_elig_at(s, end - 1, &nodes) || (end > first + 1 && th_elig_at(s, end - 2, &nodes));
  if (last) return positive ? known->positive_nodes : -1;
  return TH_ELIG_ATTRIBUTE_OTHER;
}

static bool add_count(th_elig_binder *s, th_elig_quantity *q, int attribute, uint32_t first,
                      uint32_t end) {
  if (attribute == TH_ELIG_ATTRIBUTE_OTHER) return th_elig_add_other(s, q, first, end);
  if (attribute < 0 || !th_elig_fits(attribute, q)) return false;
  th_elig_fact *f = th_elig_bind_value(s, attribute, q, q->value, q->first, end);
  if (!f) return false;
  f->name_from = s->t[first].from;
  f->name_to = s->t[end - 1].to;
  q->use = TH_ELIG_AS_FACT;
  s->n_list = 1;
  s->list[0] = attribute;
  s->list_first = q->first;
  s->last_end = end;
  return true;
}

bool th_elig_bind_count(th_elig_binder *s, th_elig_quantity *q) {
  if (!q->related || q->use != TH_ELIG_FREE || q->age || q->tied || q->plus || q->percentile ||
      q->reference || !isnan(q->second) || th_elig_is_broken(s->l, q->first, q->end))
    return false;
  uint32_t first = q->end, end = first;
  if (is_percent(q)) {
    first = step_over_of(s, first);
    end = name_end(s, first, &parts);
    return end > first && th_elig_add_other(s, q, first, end);
  }
  if (q->has_unit || q->value < 0 || q->value >= 1000 || q->value != floor(q->value) || is_any(q))
    return false;
  end = name_end(s, first, &things);
  static th_elig_set ill = TH_ELIG_SET("positive|involved"); /* "7 or more nodes positive" */
  end += end > first && th_elig_at(s, end - 1, &nodes) && th_elig_at(s, end, &ill);
  return end > first && !is_of_sample(s, end) &&
         add_count(s, q, counted_by(s, first, end), first, end);
}
