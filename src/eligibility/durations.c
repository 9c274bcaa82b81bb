/* How long something has been there, where no name of a duration stands: the word before "for" or
 * behind "history of" tells that it is a disease. */
#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/lexicon.h"
#include "eligibility/numeric.h"
#include "eligibility/phrases.h"

enum { REACH = 12 };

static const uint32_t OTHER = TH_ELIG_W_PROCEDURE | TH_ELIG_W_DRUG | TH_ELIG_W_AGENT |
                              TH_ELIG_W_DOSED | TH_ELIG_W_SUBSTANCE | TH_ELIG_W_REACTION;

static th_elig_set symptom_words =
    TH_ELIG_SET("symptom|sign|pain|cough|fever|itch|itching|headache|diarrhea|complaint");

/* Whether the word is one for a condition: "dysfunction", "asthma", "arthritis". */
static bool is_condition(const th_elig_binder *s, uint32_t i) {
  static th_elig_set also =
      TH_ELIG_SET("asthma|diabete|diabetes|epilepsy|migraine|schizophrenia|"
                  "eczema|psoriasis|parkinsonism|illness|"
                  "sclerosis|obesity|lupus|urticaria|acne|gout|tinnitus|dm|stroke|covid|"
                  "autism|constipation|ed|ibs|ra|t1d|t2d|ms");
  static th_elig_set no_time = TH_ELIG_SET(
      "menopause|postmenopausal|menopausal|perimenopausal|smoker|pregnancy|immunosuppression|"
      "attack|seizure|"
      "episode|infertile|sterile|relapse|recurrence|metastasis|block|withdrawal|febrile");
  uint32_t classes = th_elig_word_classes(s->l->text, &s->t[i]);
  if (th_elig_at(s, i, &no_time)) return false;
  if (th_elig_at(s, i, &symptom_words) || th_elig_at(s, i, &also)) return true;
  return classes & (TH_ELIG_W_HEAD | TH_ELIG_W_TERM) && !(classes & OTHER);
}

/* The condition whose name ends right before token `end`, stepping over what stands in parentheses
 * and a few words of degree; its last token, UINT32_MAX when there is none. */
static uint32_t condition_before(const th_elig_binder *s, uint32_t end) {
  static th_elig_set fill =
      TH_ELIG_SET("type|1|2|mellitu|mellitus|present|lasting|persisting|existing|known|documented|"
                  "diagnosed|of|at|a|duration|is|has|been|have|:|,|ongoing");
  uint32_t i = end;
  for (uint32_t steps = 0; i > 0 && steps < REACH; steps++) {
    i--;
    if (th_elig_sign(&s->t[i], ')')) {
      while (i > 0 && !th_elig_sign(&s->t[i], '(') && steps++ < REACH)
        i--;
      continue;
    }
    if (s->t[i].kind == TH_ELIG_WORD && is_condition(s, i)) return i;
    if (s->t[i].kind != TH_ELIG_NUM && !th_elig_at(s, i, &fill)) return UINT32_MAX;
  }
  return UINT32_MAX;
}

static bool add(th_elig_binder *s, th_elig_quantity *q, int attribute, uint32_t first,
                uint32_t end) {
  if (!th_elig_fits(attribute, q)) return false;
  th_elig_bind_value(s, attribute, q, q->value, first, end);
  s->n_list = 0;
  return true;
}

static int duration_of(const th_elig_binder *s, uint32_t word) {
  static th_elig_set symptoms = TH_ELIG_SET("symptom|sign|complaint");
  return th_elig_at(s, word, &symptoms) ? th_elig_known_attributes.symptom_duration
                                        : th_elig_known_attributes.disease_duration;
}

/* "pain for 3 months or longer", "depression lasting at least 2 weeks", "symptoms > 3 months" */
static bool bind_lasting(th_elig_binder *s, th_elig_quantity *q) {
  static th_elig_set leads = TH_ELIG_SET("for|lasting|persisting|since");
  static th_elig_set not_had = TH_ELIG_SET(
      "no|not|without|free|treatment|therapy|treated|absence|controlled|"
      "remission|resolved|stable|stabilized|within|risk|screening|inactive|interval|between|"
      "prevention|prophylaxis|off|expected|develop|following|if|episode|attack");
  static th_elig_set event = TH_ELIG_SET("prior|before|ago|after|following|post|apart|interval|of|"
                                         "preceding|earlier|previously|from|since");
  static th_elig_set duration = TH_ELIG_SET("duration|long|in");
  bool led = q->first > 0 && th_elig_at(s, q->first - 1, &leads);
  if (!led && th_elig_at(s, q->end, &event)) return false;
  static th_elig_set of = TH_ELIG_SET("of"), given = TH_ELIG_SET("treatment|therapy|use");
  if (th_elig_at(s, q->end, &of) && th_elig_at(s, q->end + 1, &given)) return false;
  uint32_t word = condition_before(s, q->first - led);
  if (word == UINT32_MAX || !strcmp(q->unit.ucum, "min") || !strcmp(q->unit.ucum, "s"))
    return false;
  /* "stroke < 1 year": since when, not how long */
  bool upward = q->relation == TH_ELIG_GE || q->relation == TH_ELIG_GT;
  bool told = led || th_elig_at(s, word, &symptom_words);
  for (uint32_t i = q->behind; i <= q->end && !told; i++)
    told = th_elig_at(s, i, &duration);
  if (!upward && !told) return false;
  for (uint32_t i = word; i-- > 0 && word - i < 10 && !th_elig_sign(&s->t[i], ',') &&
                          !th_elig_is_broken(s->l, i, i + 1);)
    if (th_elig_at(s, i, &not_had)) return false;
  return add(s, q, duration_of(s, word), q->first - led, q->end);
}

/* "at least a 1-year history of migraine" */
static bool bind_history(th_elig_binder *s, th_elig_quantity *q) {
  static th_elig_set history = TH_ELIG_SET("history");
  static th_elig_set of = TH_ELIG_SET("of");
  static th_elig_set other =
      TH_ELIG_SET("smoking|treatment|alcohol|drug|use|tobacco|cigarette|stable");
  uint32_t i = q->end + (q->end < s->n && th_elig_sign(&s->t[q->end], '-'));
  static th_elig_set fill = TH_ELIG_SET("documented|clinical|medical|reported|or|more");
  while (i < q->end + 3 && th_elig_at(s, i, &fill))
    i++;
  if (!th_elig_at(s, i, &history) || !th_elig_at(s, i + 1, &of)) return false;
  for (uint32_t k = i + 2; k < i + 5; k++)
    if (th_elig_at(s, k, &other)) return false;
  return add(s, q, th_elig_known_attributes.disease_duration, q->first, i + 2);
}

/* "at least 6 months since prior bone marrow transplant" */
static bool bind_since_transplant(th_elig_binder *s, th_elig_quantity *q) {
  static th_elig_set since = TH_ELIG_SET("since|from|after|post|following");
  static th_elig_set fill =
      TH_ELIG_SET("the|prior|previous|last|their|a|an|any|bone|marrow|stem|cell|organ|allogeneic|"
                  "autologous|hematopoietic|liver|kidney|renal|heart|lung|blood|or|peripheral");
  static th_elig_set transplant = TH_ELIG_SET("transplant|transplantation");
  uint32_t i = q->end;
  if (q->relation != TH_ELIG_GE && q->relation != TH_ELIG_GT) return false;
  if (!th_elig_at(s, i++, &since)) return false;
  while (i < q->end + 9 && th_elig_at(s, i, &fill))
    i++;
  return th_elig_at(s, i, &transplant) &&
         add(s, q, th_elig_known_attributes.time_since_transplant, q->first, i + 1);
}

/* "diagnosed with … at least 6 months ago", "transplantation at least 5 years before" */
static bool bind_since(th_elig_binder *s, th_elig_quantity *q) {
  static th_elig_set ago = TH_ELIG_SET("ago|prior|before|earlier|previously");
  static th_elig_set diagnosis = TH_ELIG_SET("diagnosed|diagnosis");
  static th_elig_set transplant = TH_ELIG_SET("transplant|transplantation|transplanted");
  static th_elig_set stop = TH_ELIG_SET("no|not|without|or|treatment|therapy");
  static th_elig_set for_ = TH_ELIG_SET("for");
  bool lasting = q->first > 0 && th_elig_at(s, q->first - 1, &for_);
  bool upward = q->relation == TH_ELIG_GE || q->relation == TH_ELIG_GT;
  if (!upward || (!lasting && !th_elig_at(s, q->end, &ago))) return false;
  for (uint32_t i = q->first; i-- > 0 && q->first - i < REACH;) {
    if (th_elig_is_broken(s->l, i, i + 1) || s->t[i].kind == TH_ELIG_REL || th_elig_at(s, i, &stop))
      return false;
    if (th_elig_at(s, i, &diagnosis))
      return add(s, q, th_elig_known_attributes.time_since_diagnosis, q->first, q->end);
    if (!lasting && th_elig_at(s, i, &transplant))
      return add(s, q, th_elig_known_attributes.time_since_transplant, q->first, q->end);
  }
  return false;
}

bool th_elig_is_onset(int a) {
  const char *key = th_elig_attributes[a].key;
  return !strcmp(key, "symptom_duration") || !strcmp(key, "stroke_onset_time");
}

/* Whether what stands before token `first` is what the patient has or comes with, and no drug that
 * was given then. */
static bool is_of_patient(const th_elig_binder *s, uint32_t first) {
  static th_elig_set joins = TH_ELIG_SET(
      "enrolled|enrollment|randomized|randomization|presenting|presentation|presented|"
      "admitted|admission|hospitalized|hospitalization|included|inclusion|recruited|"
      "arrival|patient|subject|participant|is|are|seen|thrombectomy|thrombolysis|puncture|"
      "screened|screening|dosed|diagnosed|be|treatable");
  static th_elig_set fill = TH_ELIG_SET("(|)|,|and|who|can|be|to|-");
  uint32_t i = first;
  while (i > 0 && first - i < 3 &&
         (th_elig_at(s, i - 1, &fill) || s->t[i - 1].flags & TH_ELIG_GLUED)) /* COVID-19 */
    i--;
  return i == 0 || th_elig_at(s, i - 1, &joins) || is_condition(s, i - 1);
}

/* "… between initial diagnosis and randomization" behind token i. */
static bool is_since_diagnosis(const th_elig_binder *s, uint32_t i) {
  static th_elig_set between = TH_ELIG_SET("between|from|since");
  static th_elig_set fill = TH_ELIG_SET("the|initial|first|date|of|their");
  static th_elig_set diagnosis = TH_ELIG_SET("diagnosis");
  static th_elig_set until = TH_ELIG_SET("and|to");
  uint32_t k = i + 1;
  if (!th_elig_at(s, i, &between)) return false;
  while (k < i + 5 && th_elig_at(s, k, &fill))
    k++;
  return th_elig_at(s, k, &diagnosis) && th_elig_at(s, k + 1, &until);
}

bool th_elig_bind_onset(th_elig_binder *s, th_elig_quantity *q) {
  static th_elig_set from = TH_ELIG_SET("of|after|from|since|following");
  static th_elig_set fill = TH_ELIG_SET("the|first|their|initial|covid|-|19");
  static th_elig_set within = TH_ELIG_SET("within");
  if (!th_elig_is_time(q) || q->reference || q->age || q->tied) return false;
  bool inside = q->first > 0 && th_elig_at(s, q->first - 1, &within);
  if (!q->related && !inside) return false;
  if (q->related && is_since_diagnosis(s, q->end))
    return add(s, q, th_elig_known_attributes.time_since_diagnosis, q->first, q->end);
  uint32_t i = q->end, first = q->first - inside;
  if (!th_elig_at(s, i, &from)) return false;
  for (i++; i < q->end + 4 && th_elig_at(s, i, &fill);)
    i++;
  const th_elig_leaf *l = s->l;
  for (uint32_t k = s->mention; k < l->n_mentions && l->mentions[k].first <= i; k++) {
    const th_elig_mention *m = &l->mentions[k];
    int a = th_elig_phrase_get(m->phrase)->value;
    if (m->first > i || m->end <= i || a < 0 || !th_elig_is_onset(a)) continue;
    if (!is_of_patient(s, first) || !th_elig_fits(a, q)) return false;
    if (!q->related) q->relation = TH_ELIG_LE, q->related = true;
    th_elig_fact *f = th_elig_bind_value(s, a, q, q->value, first, m->end);
    if (f) th_elig_set_name(s, f, m);
    q->use = TH_ELIG_AS_FACT;
    s->n_list = 0;
    return true;
  }
  return false;
}

bool th_elig_bind_duration(th_elig_binder *s, th_elig_quantity *q) {
  if (!th_elig_is_time(q) || q->reference || q->age || !isnan(q->second)) return false;
  if (bind_history(s, q)) return true;
  if (!q->related) return false;
  return bind_since(s, q) || bind_since_transplant(s, q) || bind_lasting(s, q);
}
