/* Measures that the table of attributes does not know: the words before a bound name them.
 *
 *   other := name filler* quantity                    "plaque burden > 70 %", "STOP-Bang score ≥ 3"
 *          | "score" … quantity ("on"|"for") name     "a score of 10 or more on the NAME scale"
 *          | name "score" "of"? number                 "hardness score of 4", "score of 3 or 4 on"
 *   name  := word+ ("of" word+)?                      up to a sign or a word that is no part of
 * names
 *
 * A bound without a unit needs a name that a scale has: "… score", "… index", or an abbreviation.
 * Doses and stretches of time are no measures. The fact keeps its name's words and has no canonical
 * bounds, so that nothing is decided by it. */
#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/lexicon.h"
#include "eligibility/numeric.h"
#include "eligibility/phrases.h"

enum { NAME_MAX_TOKENS = 7, FILL_MAX = 5 };

static th_elig_set scales = TH_ELIG_SET(
    "score|scale|index|grade|stage|level|rating|questionnaire|inventory|ratio|titer|titre|"
    "subscale|category|percentile|factor|test|indice|scores|domain|item|assessment|checklist|"
    "measure|reading|profile|interview|examination|survey|severity");

static bool is_word(const th_elig_binder *s, uint32_t i) {
  return i < s->n && s->t[i].kind == TH_ELIG_WORD;
}

static bool ends_with(const th_elig_binder *s, uint32_t i, const char *tail) {
  size_t n = strlen(tail);
  const th_elig_token *t = &s->t[i];
  th_span end = {s->l->text.p + t->to - n, n};
  return t->to - t->from > n && th_span_eq_nocase(end, th_span_of(tail));
}

/* "ADC", "mSWAT", "OSDI": more than one capital. */
static bool is_abbreviation(const th_elig_binder *s, uint32_t i) {
  static th_elig_set none = TH_ELIG_SET(
      "and|or|not|no|iv|hiv|usa|us|ct|mri|ecg|who|nci|fda|covid|hbv|hcv|cns|bmt|copd|ii|iii|im|sc|"
      "bid|pet|ckd|esrd|all|aml|cml|uk|if|in|of|at|by|with|age|than|the|is|be|must|have|sars|os|"
      "ios|version");
  unsigned capitals = 0;
  const th_elig_token *t = &s->t[i];
  if (!is_word(s, i) || th_elig_at(s, i, &none)) return false;
  for (uint32_t k = t->from; k < t->to; k++)
    capitals += s->l->text.p[k] >= 'A' && s->l->text.p[k] <= 'Z';
  return capitals >= 2 && t->to - t->from <= 10;
}

/* Names of scales that many others have too: "ADC stage". */
static th_elig_set levels = TH_ELIG_SET("stage|grade");

/* Words that stand in no name: what comes before it, and what people do. */
static bool may_stand_in_name(const th_elig_binder *s, uint32_t i) {
  static th_elig_set never = TH_ELIG_SET(
      "with|in|at|by|on|for|from|to|and|or|the|a|an|any|have|has|having|had|patient|subject|"
      "participant|who|whose|that|which|if|when|is|are|was|were|must|be|no|not|without|either|both|"
      "each|every|all|than|more|less|greater|after|before|within|during|per|due|defined|only|least|"
      "most|history|their|his|her|women|men|woman|man|male|female|children|adult|other|such|as|can|"
      "will|should|may|since|until|up|one|two|these|this|those|between|of|about|over|under|above");
  static th_elig_set away = TH_ELIG_SET(
      "below|documented|known|include|includes|including|received|receiving|taking|using|used|use|"
      "requiring|require|needing|involving|showing|exhibiting|presenting|demonstrating|achieving|"
      "scoring|smoked|drinking|consuming|current|currently|criteria|exclusion|inclusion|e.g|eg|ie|"
      "and/or|plus|but|also|then|versus|vs|via|through|following|prior|previous|last|first|cannot|"
      "meet|meets|exhibit|represent|attend|keep|maintain|show|shows|predict|present|provide|range|"
      "allow|permitted|specified|complete|achieve|consistent|considered|weeks|years|days|months|"
      "gender|sex|race|gy|cgy|evidence|evidenced|diagnosed|diagnosis|confirmed|presence|absence|"
      "least|approximately|"
      "about");
  if (!is_word(s, i)) return false;
  if (s->l->taken[i]) /* the name of who made it, not a disease's: "NPUAP stage" */
    return i > 0 && th_elig_at(s, i, &levels) && s->t[i - 1].flags & TH_ELIG_UPPER &&
           !(th_elig_word_classes(s->l->text, &s->t[i - 1]) & (TH_ELIG_W_TERM | TH_ELIG_W_HEAD));
  return !th_elig_at(s, i, &never) && !th_elig_at(s, i, &away);
}

uint32_t th_elig_name_from(const th_elig_binder *s, uint32_t end, uint32_t floor) {
  static th_elig_set of = TH_ELIG_SET("of");
  static th_elig_set the = TH_ELIG_SET("the");
  uint32_t first = end, i = end;
  while (i > floor && end - i < NAME_MAX_TOKENS) {
    const th_elig_token *t = &s->t[i - 1];
    bool tight = i < end && !(s->t[i].flags & TH_ELIG_SPACE_BEFORE);
    if (may_stand_in_name(s, i - 1)) {
      first = --i;
      bool begins = s->t[i].flags & TH_ELIG_UPPER && !(s->t[i].flags & TH_ELIG_ALL_UPPER);
      if (begins && i > floor && is_word(s, i - 1) && !(s->t[i - 1].flags & TH_ELIG_UPPER))
        break; /* a sentence without a full stop before it */
    } else if (t->kind == TH_ELIG_NUM && (t->flags & TH_ELIG_GLUED || tight)) {
      first = --i; /* PHQ-9 */
    } else if (tight && i > floor + 1 && (th_elig_sign(t, '-') || th_elig_sign(t, '/'))) {
      i--;
    } else if (first < end && i > floor + 1 && th_elig_at(s, i - 1, &of) &&
               may_stand_in_name(s, i - 2)) {
      i--;
    } else if (first < end && i > floor + 2 && th_elig_at(s, i - 1, &the) &&
               th_elig_at(s, i - 2, &of) && may_stand_in_name(s, i - 3)) {
      i -= 2;
    } else {
      break;
    }
  }
  return first;
}

/* Whether the unit is one of a measure: no dose, no stretch of time, no count of things. */
static bool is_unit_of_measure(const th_elig_quantity *q) {
  static const char *const doses[] = {"mg",    "g",    "ug", "kg",   "ng",   "[iU]", "U",
                                      "mL",    "L",    "h",  "10*6", "10*3", "10*9", "mg/m2",
                                      "ug/m2", "g/m2", "Gy", "cGy",  "L/min"};
  const char *unit = q->unit.ucum;
  if (!q->has_unit) return true;
  if (th_elig_is_time(q)) return !strcmp(unit, "s") || !strcmp(unit, "ms");
  for (size_t i = 0; i < TH_COUNT(doses); i++)
    if (!strcmp(unit, doses[i])) return false;
  if (strstr(unit, "/d") || strstr(unit, "/wk") || strstr(unit, "/mo") || strstr(unit, "/kg") ||
      strstr(unit, "/a"))
    return !strncmp(unit + strcspn(unit, "/"), "/dL", 3) &&
           !strchr(unit + 1 + strcspn(unit, "/"), '/');
  return unit[0] != '{' || !strcmp(unit, "{score}") || !strcmp(unit, "{letters}");
}

/* Whether the words [first, end) can name what the quantity bounds. */
static bool is_name(const th_elig_binder *s, uint32_t first, uint32_t end,
                    const th_elig_quantity *q) {
  static th_elig_set also =
      TH_ELIG_SET("rating|bleeding|swelling|staging|filling|refilling|staining|thickening|reading|"
                  "speed|need|opening|spacing|anxiety|quality|disability|ability|family");
  static th_elig_set alone =
      TH_ELIG_SET("score|scale|index|grade|stage|level|rating|test|item|"
                  "category|severity|factor|ratio|size|total|disease|"
                  "domain|assessment|value|result|risk|dose|dosage|average|mean|time");
  uint32_t last = end - 1, words = 0;
  bool scale = false, list = !isnan(q->high) && s->t[q->first].kind == TH_ELIG_NUM; /* "43-9006" */
  if (first >= end || !is_word(s, first)) return false;
  for (uint32_t i = first; i < end; i++) {
    words += is_word(s, i);
    scale |= th_elig_at(s, i, &scales);
  }
  while (last > first && !is_word(s, last))
    last--;
  if (words == 1 && th_elig_at(s, last, &alone)) return false;
  uint32_t letters = s->t[last].to - s->t[last].from;
  bool verb = (letters > 4 && ends_with(s, last, "ed")) || ends_with(s, last, "ing") ||
              ends_with(s, last, "ly");
  if (verb && !th_elig_at(s, last, &also)) return false;
  if (letters < 2 && words < 2) return false;
  scale |= is_abbreviation(s, last) && !list;
  return scale || q->has_unit || q->reference;
}

bool th_elig_add_other(th_elig_binder *s, th_elig_quantity *q, uint32_t first, uint32_t end) {
  uint32_t low = TH_MIN(first, q->first), high = TH_MAX(end, q->end);
  th_elig_fact *f = th_elig_bind_value(s, TH_ELIG_ATTRIBUTE_OTHER, q, q->value, low, high);
  if (!f) return false;
  f->canonical_unit = NULL;
  f->low_canonical = f->high_canonical = NAN;
  f->low_inclusive = f->high_inclusive = false;
  f->name_from = s->t[first].from;
  f->name_to = s->t[end - 1].to;
  q->use = TH_ELIG_AS_FACT;
  s->other_first = first;
  s->other_end = end;
  s->other_last = q->end;
  s->n_list = 0;
  return true;
}

/* "… and ≤ 5" behind a bound of the same measure. */
static bool goes_on(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set joints = TH_ELIG_SET("and|or|but|,|to|;");
  if (s->other_last == 0 || q->first < s->other_last || q->first - s->other_last > 2) return false;
  for (uint32_t i = s->other_last; i < q->first; i++)
    if (!th_elig_at(s, i, &joints)) return false;
  return true;
}

/* "a score of 10 or more on the NAME": behind the quantity. */
static bool bind_name_behind(th_elig_binder *s, th_elig_quantity *q) {
  static th_elig_set score = TH_ELIG_SET("score|scored|scores|scoring|rating|rated|reading");
  static th_elig_set on = TH_ELIG_SET("on|in|for|by|from");
  static th_elig_set fill = TH_ELIG_SET("the|a|an|their|of|at|points|point");
  bool told = false;
  for (uint32_t i = q->first; i-- > 0 && q->first - i <= 3;)
    told |= th_elig_at(s, i, &score);
  uint32_t first = q->end;
  bool points = q->has_unit && !strcmp(q->unit.ucum, "{score}");
  if (!told || (q->has_unit && !points) || !th_elig_at(s, first, &on)) return false;
  for (first++; th_elig_at(s, first, &fill);)
    first++;
  uint32_t end = first, words = 0;
  while (end < s->n && end - first < NAME_MAX_TOKENS) {
    const th_elig_token *t = &s->t[end];
    bool tight = !(t->flags & TH_ELIG_SPACE_BEFORE);
    if (may_stand_in_name(s, end))
      words++;
    else if (!(end > first && tight && (th_elig_sign(t, '-') || t->kind == TH_ELIG_NUM)))
      break;
    end++;
  }
  while (end > first && !is_word(s, end - 1) && s->t[end - 1].kind != TH_ELIG_NUM)
    end--;
  return words > 0 && is_name(s, first, end, q) && th_elig_add_other(s, q, first, end);
}

/* In parentheses stands the abbreviation of what is before them. */
static uint32_t step_over_abbreviation(const th_elig_binder *s, uint32_t end) {
  uint32_t i = end;
  if (i == 0 || !th_elig_sign(&s->t[i - 1], ')')) return end;
  for (i--; i > 0 && end - i < 6; i--)
    if (th_elig_sign(&s->t[i - 1], '(')) return i - 1;
  return end;
}

/* "Orientation Test (GOAT) score": where the name begins whose last word alone says too little. */
static uint32_t name_of_score(const th_elig_binder *s, uint32_t first, uint32_t end,
                              uint32_t floor) {
  if (first + 1 != end || first <= floor || !th_elig_at(s, first, &scales)) return first;
  uint32_t open = step_over_abbreviation(s, first);
  return open < first ? TH_MIN(first, th_elig_name_from(s, open, floor)) : first;
}

/* Whether the bound is of what the name says: "at least one of the following", "50 % of the lung",
 * "30 % risk", "2 drugs", "1:20" are of what stands behind them. */
static bool is_whole(const th_elig_binder *s, const th_elig_quantity *q) {
  static th_elig_set goes_on = TH_ELIG_SET(
      "or|and|at|on|in|with|by|for|if|within|prior|before|after|according|as|point|points|using|"
      "during|upon|when|while|based|but|is|are|was|were|despite|who|that|unless|except|only|will|"
      "must|should|measured|assessed|through|than|due|because|the|per|inclusive|regardless|to|"
      "between|beyond|requiring|following|over|under|despite|about|no|not|without|respectively|"
      "then|where");
  static th_elig_set of = TH_ELIG_SET("of");
  uint32_t i = q->end;
  if (i >= s->n) return true;
  if (th_elig_sign(&s->t[i], ':') && i + 1 < s->n && s->t[i + 1].kind == TH_ELIG_NUM) return false;
  bool share = q->has_unit && !strcmp(q->unit.ucum, "%"); /* "CNV ≥ 50 % of the lesion" */
  if (th_elig_at(s, i, &of)) return share || (i + 1 < s->n && s->t[i + 1].kind == TH_ELIG_NUM);
  return s->t[i].kind != TH_ELIG_WORD || th_elig_at(s, i, &goes_on) ||
         s->t[i].flags & TH_ELIG_UPPER;
}

/* "height below the 5th percentile": of what is measured the mention before, with only such words
 * between. */
static bool bind_percentile(th_elig_binder *s, th_elig_quantity *q) {
  static th_elig_set fill = TH_ELIG_SET("of|is|was|are|be|in|at|the|range|must|should|between|(|)|"
                                        "with|on|for|within|for|a|values|value|percentile");
  if (!q->percentile || !q->related || s->mention == 0) return false;
  const th_elig_mention *m = &s->l->mentions[s->mention - 1];
  bool age = th_elig_phrase_get(m->phrase)->value == th_elig_known_attributes.age;
  if (age || q->first - m->end > 6) return false;
  for (uint32_t i = m->end; i < q->first; i++)
    if (!th_elig_at(s, i, &fill)) return false;
  return th_elig_add_other(s, q, m->first, m->end);
}

/* "a score of 2, 3 or 4": the next numbers are of the same value, as a range. */
static void take_listed(th_elig_binder *s, th_elig_quantity *q) {
  static th_elig_set joints = TH_ELIG_SET("or|and|,|/");
  uint32_t k = q->end;
  double high = isnan(q->high) ? q->value : q->high;
  while (th_elig_at(s, k, &joints)) {
    k += 1 + th_elig_at(s, k + 1, &joints);
    if (k >= s->n || s->t[k].kind != TH_ELIG_NUM || s->t[k].value != high + 1) break;
    high++;
    q->end = q->value_end = ++k;
  }
  if (high == q->value || high == q->high) return;
  q->high = high;
  q->relation = TH_ELIG_BETWEEN;
  th_elig_leaf *l = s->l;
  for (th_elig_quantity *next = q + 1; next < l->quantities + l->n_quantities; next++)
    if (next->number < q->end) next->use = TH_ELIG_AS_FACT;
}

/* "EHS score of 4", "a score of 4 or 5 on the NAME scale": a number that "score" stands before
 * needs no relation. */
static bool relate_score(th_elig_binder *s, th_elig_quantity *q) {
  static th_elig_set score = TH_ELIG_SET("score");
  static th_elig_set fill = TH_ELIG_SET("of|is|was|:|=|(");
  static th_elig_set then = TH_ELIG_SET("on|at|in|or|and|for|according|by|,");
  uint32_t i = q->first, end = q->end;
  bool bare = !q->has_unit && !q->reference && !q->tied && !q->plus && !q->age &&
              !(s->t[q->number].flags & TH_ELIG_SPELLED) && q->value < 200;
  if (!bare || i == 0) return false;
  while (i > 1 && q->first - i < 2 && th_elig_at(s, i - 1, &fill))
    i--;
  if (!th_elig_at(s, i - 1, &score)) return false;
  bool whole = end >= s->n || th_elig_sign(&s->t[end], '.') || th_elig_sign(&s->t[end], ';') ||
               th_elig_sign(&s->t[end], ')') || th_elig_at(s, end, &then);
  static th_elig_set standing = TH_ELIG_SET("positive|standard|normal"); /* "standard score" */
  if (!whole || (i > 1 && th_elig_at(s, i - 2, &standing))) return false;
  take_listed(s, q);
  if (q->end < s->n && th_elig_sign(&s->t[q->end], '+')) return false; /* "0, 1+" */
  return q->related = true;
}

bool th_elig_bind_other(th_elig_binder *s, th_elig_quantity *q) {
  static th_elig_set fill =
      TH_ELIG_SET("of|is|was|are|be|been|must|should|shall|has|have|:|with|as|"
                  "that|being|to|(|value|values|measured|at|baseline|a|equal");
  if (q->use == TH_ELIG_FREE && bind_percentile(s, q)) return true;
  if (q->use == TH_ELIG_FREE && !q->related) relate_score(s, q);
  if (!q->related || q->use != TH_ELIG_FREE || q->age || q->tied || q->plus || q->percentile ||
      !isnan(q->second) || !is_unit_of_measure(q) || !is_whole(s, q))
    return false;
  bool years = !q->has_unit && q->value >= 1900 && q->value < 2100 && q->high < 2100;
  if (years) return false; /* "from 2015 to 2018" */
  if (goes_on(s, q)) return th_elig_add_other(s, q, s->other_first, s->other_end);
  uint32_t end = q->first, floor = s->last_end < end ? s->last_end : 0;
  for (uint32_t n = 0; n < FILL_MAX && end > floor && th_elig_at(s, end - 1, &fill); n++)
    end--;
  static th_elig_set of = TH_ELIG_SET("of"), to = TH_ELIG_SET("to"); /* "rays to > 50 % of the" */
  if (th_elig_at(s, q->end, &of) && end < q->first && th_elig_at(s, q->first - 1, &to))
    return false;
  uint32_t name_end = step_over_abbreviation(s, end);
  uint32_t first = th_elig_name_from(s, name_end, floor);
  if (first == name_end && name_end != end) { /* "(OSDI) > 12" with nothing before */
    name_end = end - 1;
    first = th_elig_name_from(s, name_end, floor);
  }
  first = name_of_score(s, first, name_end, floor);
  if (first < name_end && !th_elig_is_broken(s->l, first, q->first) &&
      is_name(s, first, name_end, q))
    return th_elig_add_other(s, q, first, name_end);
  return bind_name_behind(s, q);
}
