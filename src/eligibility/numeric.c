/* Which attribute a quantity is about. The nearest mention before it in the sentence, when the
 * words between and the unit allow; else one right behind it; a list of mentions shares it. */
#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/keys.h"
#include "eligibility/leaf.h"
#include "eligibility/phrases.h"

enum { GAP_MAX = 14, LIST_MAX = 10, LINK_MAX = 9 };

/* Attributes that have rules of their own. */
static struct {
  int age, age_at_diagnosis, blood_pressure, systolic, diastolic, child_pugh, cancer_stage, grade,
      visual_acuity, bmi;
} known;

static void find_known(void) {
  static _Thread_local bool done;
  if (done) return;
#define FIND(field, key)                                                                           \
  __atomic_store_n(&known.field, th_elig_attribute_find(TH_SPAN(key)), __ATOMIC_RELAXED)
  FIND(age, "age");
  FIND(age_at_diagnosis, "age_at_diagnosis");
  FIND(blood_pressure, "blood_pressure");
  FIND(systolic, "systolic");
  FIND(diastolic, "diastolic");
  FIND(child_pugh, "child_pugh");
  FIND(cancer_stage, "cancer_stage");
  FIND(grade, "toxicity_grade");
  FIND(visual_acuity, "visual_acuity");
  FIND(bmi, "bmi");
#undef FIND
  done = true;
}

typedef struct state {
  th_elig_leaf *l;
  const th_elig_token *t;
  uint32_t n;
  int list[LIST_MAX]; /* attributes that the last quantity was bound to */
  uint32_t n_list;
  uint32_t list_first; /* first token of their mentions */
  uint32_t last_end;   /* behind the last bound quantity */
  uint32_t mention;    /* mentions before the quantity: index behind the last */
} state;

static bool among(const state *s, uint32_t i, th_elig_set *set) {
  return i < s->n && th_elig_among(set, &s->t[i]);
}

/* ---- does a quantity fit an attribute ---- */

static bool is_time_unit(const char *unit) {
  static const char *const times[] = {"a", "mo", "wk", "d", "h", "min", "s", "ms"};
  for (size_t i = 0; i < TH_COUNT(times); i++)
    if (!strcmp(unit, times[i])) return true;
  return false;
}

static bool fits_bare(int a, const th_elig_quantity *q) {
  const th_elig_attribute *at = &th_elig_attributes[a];
  double v, high = isnan(q->high) ? q->value : q->high;
  if (q->plus) return a == known.age;
  if (at->scale)
    return th_elig_plausible((uint32_t)a, q->value) && th_elig_plausible((uint32_t)a, high);
  if (!strcmp(at->unit, "1"))
    return q->related && th_elig_plausible((uint32_t)a, q->value) && q->value < 1000;
  if (!q->related && a != known.age) return false;
  if (is_time_unit(at->unit) && a != known.age && strcmp(at->unit, "ms") && strcmp(at->unit, "s"))
    return false;
  return th_elig_unit_infer((uint32_t)a, q->value, &v) || th_elig_plausible((uint32_t)a, v) ||
         (!isnan(q->other) && th_elig_unit_infer((uint32_t)a, q->other, &v));
}

/* Of what laboratories give limits of normal for. */
static bool has_normal_range(const th_elig_attribute *at) {
  static const char *const none[] = {"cm", "mm", "kg",  "kg/m2", "a", "mo", "wk",
                                     "d",  "h",  "min", "cm2",   "1", "mL"};
  if (!strcmp(at->key, "inr")) return true;
  for (size_t i = 0; i < TH_COUNT(none); i++)
    if (!strcmp(at->unit, none[i])) return false;
  return !at->scale && at->unit[0] != '{';
}

static bool fits(int a, const th_elig_quantity *q) {
  const th_elig_attribute *at = &th_elig_attributes[a];
  if (!isnan(q->second)) return a == known.blood_pressure || a == known.systolic;
  if (q->reference == TH_ELIG_ULN || q->reference == TH_ELIG_LLN) return has_normal_range(at);
  if (q->age && a != known.age) {
    return th_elig_is_time(q) && is_time_unit(at->unit) && strstr(at->key, "age");
  }
  if (!q->has_unit) return fits_bare(a, q);
  if (at->scale && !strcmp(q->unit.ucum, "{score}"))
    return th_elig_plausible((uint32_t)a, q->value);
  if (!strncmp(q->unit.ucum, "10*", 3) && strchr(q->unit.ucum, '/') == NULL)
    return !strncmp(at->unit, "10*", 3) || strstr(at->unit, "/uL"); /* "100 x 10^9" */
  return th_elig_unit_fits((uint32_t)a, &q->unit);
}

/* The attribute of the mention that the quantity fits, -1 when none does. */
static int fitting(const state *s, const th_elig_mention *m, const th_elig_quantity *q) {
  for (int p = m->phrase; p >= 0; p = th_elig_phrase_get(p)->next) {
    const th_elig_phrase *ph = th_elig_phrase_get(p);
    const th_elig_token *t = &s->t[m->first];
    if (ph->value < 0) continue;
    if (ph->exact &&
        (ph->exact_n != t->to - t->from || memcmp(ph->exact, s->l->text.p + t->from, ph->exact_n)))
      continue;
    if (fits(ph->value, q)) return ph->value;
  }
  return -1;
}

/* ---- words between ---- */

/* Words that may stand between a score and its number when no relation does. */
static bool only_link_words(const state *s, uint32_t from, uint32_t to) {
  static th_elig_set words = TH_ELIG_SET(
      "of|is|was|score|statu|status|class|grade|stage|level|value|(|)|:|-|the|a|index|scale|type|"
      "functional|"
      "total|at|in|should|must|be|has|have|classification|category|performance|ps|group|who|ecog|"
      "zubrod|,|with|or|to|range|ranging|classe|classes|=|screening|baseline|functional|ranked|"
      "rated|"
      "symptom|only|either|system|criteria|physical|current|disease|point|version|i|as|by|points|"
      "heart|failure|who|according|from|for|an|iii|'|than|being|equal|kps|nyha|asa|patient|general|"
      "risk|part|all|swog|gog|been|scale|years|liver|chronic|kidney|ckd|between|score|range|"
      "preoperative|entry|study|cirrhosis|grading|copd|symptom|preoperative|karnofsky");
  for (uint32_t i = from; i < to; i++)
    if (!among(s, i, &words)) return false;
  return true;
}

/* How far apart; UINT32_MAX when something between forbids it. */
static uint32_t distance(const state *s, uint32_t from, uint32_t to) {
  static th_elig_set away = TH_ELIG_SET(
      "within|every|after|before|prior|since|during|last|past|previous|following|until|than");
  uint32_t d = 0;
  if (to < from) return 0;
  if (to - from > GAP_MAX || th_elig_is_broken(s->l, from, to)) return UINT32_MAX;
  for (uint32_t i = from; i < to; i++) {
    if (th_elig_sign(&s->t[i], '(') || th_elig_sign(&s->t[i], ')') || th_elig_sign(&s->t[i], '-'))
      continue;
    d++;
    if (th_elig_sign(&s->t[i], ',')) d += 2;
    if (among(s, i, &away)) d += 4;
  }
  return d;
}

static bool is_introduced_by_time(const state *s, const th_elig_quantity *q) {
  static th_elig_set words = TH_ELIG_SET(
      "within|last|past|previous|prior|every|since|preceding|next|during|in|for|over|first");
  return q->first > 0 && among(s, q->first - 1, &words);
}

/* "on a scale of 0 to 10", "0-10 NRS": says how the scale runs. */
static bool is_scale_range(const state *s, const th_elig_quantity *q) {
  static th_elig_set words = TH_ELIG_SET("scale|point|nrs|vas|numeric|numerical|visual|likert");
  static th_elig_set scale = TH_ELIG_SET("scale|scaled|ranging|ranges|rang");
  if (isnan(q->high) || (q->value != 0 && q->value != 1) || q->high < 3) return false;
  if (among(s, q->end, &words) ||
      (q->end < s->n && th_elig_sign(&s->t[q->end], '-') && among(s, q->end + 1, &words)))
    return true;
  for (uint32_t i = q->first > 3 ? q->first - 3 : 0; i < q->first; i++)
    if (among(s, i, &scale)) return true;
  return false;
}

/* ---- facts ---- */

static void set_bounds(th_elig_fact *f, double low, bool low_in, double high, bool high_in) {
  f->low_canonical = low;
  f->low_inclusive = !isnan(low) && low_in;
  f->high_canonical = high;
  f->high_inclusive = !isnan(high) && high_in;
}

static void put_bounds(th_elig_fact *f, double a, double b) {
  switch (f->relation) {
  case TH_ELIG_LT:
  case TH_ELIG_LE:
    set_bounds(f, NAN, false, isnan(b) ? a : b, f->relation == TH_ELIG_LE);
    break;
  case TH_ELIG_GT:
  case TH_ELIG_GE:
    set_bounds(f, a, f->relation == TH_ELIG_GE, NAN, false);
    break;
  case TH_ELIG_EQ:
    set_bounds(f, a, true, a, true);
    break;
  default:
    set_bounds(f, TH_MIN(a, b), true, TH_MAX(a, b), true);
  }
}

/* One value in the canonical unit; NAN when it does not come there, or not plausibly. */
static double canonical(uint32_t attribute, const th_elig_quantity *q, double v) {
  double out;
  if (isnan(v)) return NAN;
  if (q->has_unit) {
    th_elig_unit u = q->unit;
    const char *unit = th_elig_attributes[attribute].unit;
    if (!strncmp(u.ucum, "10*", 3) && !strchr(u.ucum, '/')) { /* "100 x 10^9": per litre */
      if (u.ucum[3] == '3' || u.ucum[3] == '6')
        u.m.factor *= 1e9, u.m.d[1] = -3;
      else
        u.m.factor *= 1e3, u.m.d[1] = -3;
      (void)unit;
    }
    if (!th_elig_convert(attribute, v, &u, &out)) return NAN;
  } else if (!th_elig_unit_infer(attribute, v, &out)) {
    return NAN;
  }
  return th_elig_plausible(attribute, out) ? out : NAN;
}

static void make_canonical(th_elig_fact *f, const th_elig_quantity *q) {
  f->low_canonical = f->high_canonical = NAN;
  if (f->reference == TH_ELIG_ULN || f->reference == TH_ELIG_LLN) return;
  if (f->reference == TH_ELIG_PREDICTED) {
    put_bounds(f, f->value, f->high);
    f->canonical_unit = "%";
    return;
  }
  double low = canonical(f->attribute, q, f->value), high = canonical(f->attribute, q, f->high);
  if (isnan(low) && !isnan(q->other) && f->value == q->value && isnan(f->high)) {
    double other = canonical(f->attribute, q, q->other);
    if (!isnan(other)) f->value = q->other, low = other;
  }
  if (isnan(low) || (isnan(high) && !isnan(f->high))) return;
  put_bounds(f, low, high);
  f->canonical_unit = th_elig_attributes[f->attribute].unit;
}

static bool is_negated(const state *s, uint32_t first) {
  static th_elig_set no = TH_ELIG_SET("no|not|without|never|absence|nor|cannot");
  for (uint32_t i = first; i-- > 0 && first - i <= 4;) {
    if (s->t[i].kind == TH_ELIG_SIGN && s->t[i].key != '-') return false;
    if (s->t[i].kind == TH_ELIG_NUM) return false;
    if (among(s, i, &no)) return true;
  }
  return false;
}

static const char *keep_unit(const state *s, const char *ucum) {
  const th_elig_facts *v = s->l->facts;
  for (uint32_t i = v->n; i-- > 0 && v->n - i < 8;)
    if (v->p[i].type == TH_ELIG_NUMERIC && v->p[i].unit && !strcmp(v->p[i].unit, ucum))
      return v->p[i].unit;
  th_span kept = th_arena_dup(v->arena, th_span_of(ucum));
  if (!kept.p) s->l->facts->failed = true;
  return kept.p;
}

static th_elig_fact *add_fact(state *s, int attribute, const th_elig_quantity *q, double value,
                              uint32_t first, uint32_t end) {
  first = TH_MIN(first, q->first);
  end = TH_MIN(TH_MAX(end, q->end), s->n);
  th_elig_fact *f = th_elig_leaf_add(s->l, first, end);
  if (!f) return NULL;
  f->type = TH_ELIG_NUMERIC;
  f->attribute = (uint16_t)attribute;
  f->relation = q->relation;
  f->reference = q->reference;
  f->value = value;
  f->high = q->high;
  f->negated = is_negated(s, first);
  uint32_t index = s->l->facts->n - 1;
  const char *unit = q->has_unit ? keep_unit(s, q->unit.ucum) : NULL;
  f = &s->l->facts->p[index];
  f->unit = unit;
  make_canonical(f, q);
  return f;
}

static void add_facts(state *s, int attribute, th_elig_quantity *q, uint32_t first, uint32_t end) {
  q->use = TH_ELIG_AS_FACT;
  if (!isnan(q->second)) {
    double second = q->second;
    add_fact(s, known.systolic, q, q->value, first, end);
    add_fact(s, known.diastolic, q, second, first, end);
    return;
  }
  add_fact(s, attribute, q, q->value, first, end);
}

/* ---- mentions before the quantity ---- */

/* Only signs and words that join the members of a list. */
static bool joins(const state *s, uint32_t from, uint32_t to) {
  static th_elig_set words =
      TH_ELIG_SET(",|/"
                  "|&|and|or|(|)|level|serum|total|the|both|either|count|value|plasma|blood|-|plus|"
                  "+|:|concentration|as|well|enzyme|liver|'|test|of|levels|function|hepatic|result|"
                  "estimated|calculated|a|measured|direct|baseline|corrected|absolute|s");
  if (to - from > 7) return false;
  for (uint32_t i = from; i < to; i++)
    if (!among(s, i, &words)) return false;
  return true;
}

static bool has_quantity_between(const state *s, uint32_t from, uint32_t to) {
  const th_elig_leaf *l = s->l;
  for (uint32_t i = 0; i < l->n_quantities; i++) {
    if (l->quantities[i].number >= to) break;
    if (l->quantities[i].number >= from && l->quantities[i].number < to) return true;
  }
  return false;
}

static bool has_attribute(const state *s, int a) {
  for (uint32_t i = 0; i < s->n_list; i++)
    if (s->list[i] == a) return true;
  return false;
}

/* "Blood pressure: systolic > 160": the first names no third one. */
static void drop_blood_pressure(state *s) {
  uint32_t kept = 0;
  bool parts = has_attribute(s, known.systolic) || has_attribute(s, known.diastolic);
  for (uint32_t i = 0; i < s->n_list; i++)
    if (!parts || s->list[i] != known.blood_pressure) s->list[kept++] = s->list[i];
  s->n_list = kept;
}

/* The mentions that end at index `last` and belong together, as attributes that q fits. */
static void collect(state *s, uint32_t last, const th_elig_quantity *q) {
  const th_elig_mention *m = s->l->mentions;
  s->n_list = 0;
  s->list_first = m[last].first;
  for (uint32_t i = last + 1; i-- > 0 && s->n_list < LIST_MAX;) {
    if (i < last &&
        (!joins(s, m[i].end, m[i + 1].first) || th_elig_is_broken(s->l, m[i].end, m[i + 1].first)))
      break;
    int a = fitting(s, &m[i], q);
    if (a < 0) {
      if (i == last) return;
      continue;
    }
    if (!has_attribute(s, a)) s->list[s->n_list++] = a;
    s->list_first = m[i].first;
  }
  drop_blood_pressure(s);
  for (uint32_t i = 0; i < s->n_list / 2; i++) { /* into the order of the text */
    int a = s->list[i];
    s->list[i] = s->list[s->n_list - 1 - i];
    s->list[s->n_list - 1 - i] = a;
  }
}

/* "diagnosed with … at an age of", "onset before the age of" */
static bool is_of_diagnosis(const state *s, uint32_t first) {
  static th_elig_set at = TH_ELIG_SET("at|before|after");
  static th_elig_set article = TH_ELIG_SET("an|the");
  static th_elig_set found = TH_ELIG_SET("diagnosed|diagnosis|onset");
  uint32_t i = first > 0 && among(s, first - 1, &article) ? first - 1 : first;
  if (i == 0 || !among(s, i - 1, &at)) return false;
  for (uint32_t k = i; k-- > 0 && i - k < 12;)
    if (among(s, k, &found)) return true;
  return false;
}

/* Attributes that count from an onset: "within" bounds them and is no window. */
static bool is_onset(int a) {
  const char *key = th_elig_attributes[a].key;
  return !strcmp(key, "symptom_duration") || !strcmp(key, "stroke_onset_time");
}

static bool needs_class_words(int a) {
  return th_elig_attributes[a].scale;
}

/* The quantity by the mention before it. */
static bool bind_before(state *s, th_elig_quantity *q, uint32_t gap, uint32_t m_index) {
  const th_elig_mention *m = &s->l->mentions[m_index];
  if (gap == UINT32_MAX) return false;
  int a = fitting(s, m, q);
  if (a < 0) return false;
  bool onset = is_onset(a) && m->end + 1 == q->first; /* "onset of symptoms within 7 days" */
  if (gap > 2 && !onset && !q->age && th_elig_is_time(q) && is_introduced_by_time(s, q))
    return false;
  if (a == known.cancer_stage && !q->has_unit) return false; /* roman numbers only */
  if (!q->related && !onset) {
    bool link = only_link_words(s, m->end, q->first);
    if (needs_class_words(a) && !link) return false;
    if (a == known.age && !q->age && (gap > 5 || q->tied)) return false;
    if (!needs_class_words(a) && a != known.age && (!q->has_unit || !link)) return false;
    if (q->tied) return false;
    if (!strcmp(th_elig_attributes[a].unit, "1")) return false;
  }
  if (th_elig_is_time(q) && q->tied) return false;
  if (th_elig_is_time(q) && is_introduced_by_time(s, q) && !q->related) {
    static th_elig_set within = TH_ELIG_SET("within");
    if (!among(s, q->first - 1, &within) || !onset) return false;
    q->relation = TH_ELIG_LE;
    q->related = true;
  }
  collect(s, m_index, q);
  if (s->n_list == 1 && s->list[0] == known.age && is_of_diagnosis(s, m->first))
    s->list[0] = known.age_at_diagnosis;
  uint32_t first = s->list_first;
  for (uint32_t i = 0; i < s->n_list; i++)
    add_facts(s, s->list[i], q, first, q->end);
  s->last_end = q->end;
  return s->n_list > 0;
}

/* ---- a mention behind the quantity ---- */

static bool has_own_quantity(const state *s, const th_elig_mention *m) {
  const th_elig_leaf *l = s->l;
  for (uint32_t i = 0; i < l->n_quantities; i++) {
    const th_elig_quantity *q = &l->quantities[i];
    if (q->first < m->end) continue;
    return q->first - m->end <= 4 && (q->related || q->first == m->end) &&
           !th_elig_is_broken(l, m->end, q->first) && fitting(s, m, q) >= 0;
  }
  return false;
}

static bool is_countable(int a) {
  const char *unit = th_elig_attributes[a].unit;
  return !strcmp(unit, "1") || unit[0] == '/' || unit[0] == '{';
}

static bool bind_behind(state *s, th_elig_quantity *q, uint32_t m_index, uint32_t before_gap) {
  static th_elig_set conditions = TH_ELIG_SET("if|unless|when|except|and|but|with");
  if (m_index >= s->l->n_mentions) return false;
  const th_elig_mention *m = &s->l->mentions[m_index];
  uint32_t gap = m->first <= q->end ? 0 : distance(s, q->end, m->first);
  bool reversed = !q->related && m->first == q->end + 1 && s->t[q->end].kind == TH_ELIG_REL;
  if (gap > 3 || gap + 1 > before_gap || (!reversed && has_own_quantity(s, m))) return false;
  for (uint32_t i = q->end; i < m->first; i++)
    if (th_elig_sign(&s->t[i], ',') || th_elig_sign(&s->t[i], ')') || among(s, i, &conditions))
      return false;
  if (reversed) { /* "18 ≤ age" */
    static const uint8_t turned[] = {TH_ELIG_GT, TH_ELIG_GE, TH_ELIG_LT, TH_ELIG_LE, TH_ELIG_EQ};
    q->relation = turned[s->t[q->end].relation];
    q->related = true;
  }
  int a = fitting(s, m, q);
  if (a < 0 || !q->related || (th_elig_is_time(q) && is_introduced_by_time(s, q))) return false;
  if (!reversed && !q->has_unit && q->reference == TH_ELIG_ABSOLUTE &&
      (!is_countable(a) || th_elig_attributes[a].scale))
    return false;
  if (!q->has_unit && is_countable(a) && has_quantity_between(s, q->end, m->first)) return false;
  s->n_list = 1;
  s->list[0] = a;
  s->list_first = q->first;
  add_facts(s, a, q, q->first, m->end);
  s->last_end = TH_MAX(q->end, m->end);
  return true;
}

/* ---- ages without the word ---- */

static bool bind_age(state *s, th_elig_quantity *q) {
  static th_elig_set persons =
      TH_ELIG_SET("adult|patient|subject|child|children|men|man|women|woman|male|female|"
                  "participant|volunteer|boy|girl|"
                  "person|infant|adolescent|individual|people|neonate|toddler|newborn|gender|sex|"
                  "outpatient|inpatient|baby|babie|resident|teenager|age|both|healthy|genders|sexe|"
                  "recipient|youth|caregiver|)|those|aged");
  static th_elig_set on =
      TH_ELIG_SET("with|and|who|or|inclusive|of|at|(|)|,|.|;|male|female|men|women|patient|subject|"
                  "adult|children|undergoing|"
                  "admitted|diagnosed|scheduled|presenting|having|in|attending|planned|requiring|"
                  "receiving|being|child|will|when|on|suffering|boy|girl|volunteer|participant|"
                  "whose|that|regardless|:|seeking|hospitalized|to|healthy|were|are|individual|"
                  "referred|at|enrolled|can|eligible|treated|living|for|both|any|from|inclusively|"
                  "without|is|who's|able|infant|people|person|willing|adolescent");
  static th_elig_set not_age =
      TH_ELIG_SET("prior|before|after|of|ago|from|for|since|follow|history|at|in");
  double years = NAN;
  bool time = th_elig_is_time(q);
  if (q->has_unit && !time) return false;
  if (!isnan(q->second) || q->reference) return false;
  double v = canonical((uint32_t)known.age, q, q->value);
  (void)years;
  if (isnan(v) || !q->related) {
    if (!(q->age && !isnan(v))) return false;
  }
  if (!q->age) {
    if (!time || q->tied || is_introduced_by_time(s, q) ||
        (strcmp(q->unit.ucum, "a") && strcmp(q->unit.ucum, "mo")))
      return false;
    bool start = q->first == 0;
    bool person = q->first > 0 && among(s, q->first - 1, &persons);
    if (q->first > 1 && th_elig_sign(&s->t[q->first - 1], '('))
      person = among(s, q->first - 2, &persons);
    if (q->first > 1 && th_elig_sign(&s->t[q->first - 1], ','))
      person = among(s, q->first - 2, &persons);
    if (!start && !person) return false;
    if (strcmp(q->unit.ucum, "a") && !person) return false;
    if (q->end < s->n && !among(s, q->end, &on)) return false;
    if (start && q->end < s->n && among(s, q->end, &not_age)) return false;
  } else if (!q->has_unit && !q->related) {
    return false;
  }
  s->n_list = 1;
  s->list[0] = known.age;
  s->list_first = q->first;
  add_facts(s, known.age, q, q->first, q->end);
  s->last_end = q->end;
  return true;
}

/* ---- a further quantity of what the one before was about ---- */

static bool bind_linked(state *s, th_elig_quantity *q) {
  if (s->n_list == 0 || q->first < s->last_end || q->first - s->last_end > LINK_MAX + 4)
    return false;
  if (!q->related && !q->reference) return false;
  uint32_t gap = distance(s, s->last_end, q->first);
  if (gap == UINT32_MAX) return false;
  bool time = is_time_unit(th_elig_attributes[s->list[0]].unit);
  if (th_elig_is_time(q) && (is_introduced_by_time(s, q) || (gap > 4 && !time))) return false;
  uint32_t bound = 0;
  if (!q->has_unit && q->reference == TH_ELIG_ABSOLUTE && gap > 3 &&
      !th_elig_attributes[s->list[0]].scale) {
    static th_elig_set sexes = TH_ELIG_SET("men|man|women|woman|male|female|boy|girl|or|and");
    bool sex = false;
    for (uint32_t i = s->last_end; i < q->first; i++)
      sex |= among(s, i, &sexes);
    if (!sex) return false;
  }
  for (uint32_t i = 0; i < s->n_list; i++) {
    if (!fits(s->list[i], q)) continue;
    add_facts(s, s->list[i], q, q->first, q->end);
    bound++;
  }
  if (bound) s->last_end = q->end;
  return bound > 0;
}

/* ---- classes: "NYHA class III or IV", "stage IIIB", "Child-Pugh B7" ---- */

typedef struct class_value {
  double low, high;
} class_value;

static int roman(th_span w) {
  static const char *const names[] = {"0", "I", "II", "III", "IV", "V", "VI"};
  for (int i = 1; i < (int)TH_COUNT(names); i++)
    if (th_span_eq(w, th_span_of(names[i])) ||
        (w.n > 0 && th_span_eq_nocase(w, th_span_of(names[i])) && w.p[0] == 'i'))
      return i;
  return -1;
}

static bool read_letter_class(th_span w, class_value *out) {
  static const double low[] = {5, 7, 10}, high[] = {6, 9, 15};
  char c = w.n ? (char)(w.p[0] & ~32) : 0;
  if (w.n == 0 || c < 'A' || c > 'C') return false;
  *out = (class_value){low[c - 'A'], high[c - 'A']};
  if (w.n == 1) return true;
  double points = 0;
  for (size_t i = 1; i < w.n; i++) {
    if (w.p[i] < '0' || w.p[i] > '9') return false;
    points = points * 10 + (w.p[i] - '0');
  }
  *out = (class_value){points, points};
  return points >= 5 && points <= 15;
}

/* Stages with letters stand a tenth apart: IIIA 3.1, IIIB 3.2; a plain III reaches to 3.9. */
static bool read_class(const state *s, uint32_t i, int a, class_value *out) {
  if (i >= s->n) return false;
  const th_elig_token *t = &s->t[i];
  th_span w = {s->l->text.p + t->from, t->to - t->from};
  if (t->kind == TH_ELIG_NUM && !(t->flags & TH_ELIG_SPELLED) && a != known.cancer_stage) {
    if (!th_elig_plausible((uint32_t)a, t->value)) return false;
    *out = (class_value){t->value, t->value};
    return true;
  }
  if (t->kind != TH_ELIG_WORD) return false;
  if (a == known.child_pugh) return read_letter_class(w, out);
  double fraction = 0;
  if (a == known.cancer_stage) {
    while (w.n > 1 && w.p[w.n - 1] >= '0' && w.p[w.n - 1] <= '9')
      w.n--; /* IA1 */
    char c = w.n > 1 ? (char)(w.p[w.n - 1] | 32) : 0;
    if (c >= 'a' && c <= 'e' && roman((th_span){w.p, w.n - 1}) > 0)
      fraction = (c - 'a' + 1) / 10.0, w.n--;
  }
  int n = roman(w);
  if (n < 0 || !th_elig_plausible((uint32_t)a, n)) return false;
  out->low = n + fraction;
  out->high = a == known.cancer_stage && fraction == 0 ? n + 0.9 : out->low;
  return true;
}

/* A list of classes from token i on: "III", "II-IV", "0, 1 or 2", "A or B". */
static uint32_t read_classes(const state *s, uint32_t i, int a, class_value *out, bool *listed) {
  static th_elig_set joints = TH_ELIG_SET("-|to|or|and|/|,|through|&|~");
  static th_elig_set again = TH_ELIG_SET("class|stage|grade|or|and|score|child|pugh|-");
  class_value v;
  uint32_t end = i + 1;
  if (!read_class(s, i, a, out)) return i;
  *listed = false;
  for (uint32_t k = end; among(s, k, &joints); k = end) {
    k++;
    for (uint32_t fill = 0; fill < 3 && among(s, k, &again); fill++)
      k++;
    if (!read_class(s, k, a, &v)) break;
    if (v.low < out->low - 0.95 && v.low < out->low) out->low = v.low;
    if (v.low < out->low) out->low = v.low;
    if (v.high > out->high) out->high = v.high;
    *listed = true;
    end = k + 1;
  }
  return end;
}

static bool is_plain_word(const state *s, const th_elig_mention *m, const char *word) {
  const th_elig_token *t = &s->t[m->first];
  return m->end == m->first + 1 && t->key == th_elig_word_key(th_span_of(word));
}

static bool leaf_has(const state *s, th_elig_set *set) {
  for (uint32_t i = 0; i < s->n; i++)
    if (among(s, i, set)) return true;
  return false;
}

/* Whether a scale that is named by a common word ("stage", "grade") is meant here. */
static bool is_meant(const state *s, const th_elig_mention *m, int a) {
  static th_elig_set toxic =
      TH_ELIG_SET("toxicity|toxicitie|ctcae|adverse|neuropathy|ctc|nci|aes|ae|irae|edema|"
                  "pneumonitis|hemorrhage|bleeding|qtc|proteinuria|hearing|diarrhea|mucositis");
  static th_elig_set other = TH_ELIG_SET(
      "kidney|ckd|renal|hypertension|pressure|hypertensive|retinopathy|endometriosis|sarcoidosis|"
      "prolapse|copd|fibrosis|keratoconus|labor|dementia|sleep|parkinson|periodontitis|lymphedema|"
      "cirrhosis|nash|chagas|hiv|aids|encephalopathy|hemorrhoid|rop|prematurity|ulcer|"
      "osteonecrosis|gold|acute|glaucoma|failure|macular|open|hip|necrosis");
  if (a == known.grade && is_plain_word(s, m, "grade")) return leaf_has(s, &toxic);
  if (a == known.cancer_stage && (is_plain_word(s, m, "stage") || is_plain_word(s, m, "rai")))
    return !leaf_has(s, &other);
  return true;
}

static void mark_used(state *s, uint32_t from, uint32_t to, bool *related, uint8_t *relation) {
  th_elig_leaf *l = s->l;
  for (uint32_t i = 0; i < l->n_quantities; i++) {
    th_elig_quantity *q = &l->quantities[i];
    if (q->end <= from) continue;
    if (q->first >= to) break;
    q->use = TH_ELIG_AS_FACT;
    if (q->related && q->relation != TH_ELIG_BETWEEN && !*related)
      *related = true, *relation = q->relation;
  }
}

/* A relation right before the mention ("≥ grade 2", "> NYHA class II"), or before token `at`. */
static bool relation_before(const state *s, uint32_t at, uint8_t *relation, uint32_t *first) {
  for (uint32_t back = 1; back <= 5 && back <= at; back++) {
    uint32_t end;
    int p = th_elig_phrase_at(s->l->text, s->t, s->n, at - back, TH_ELIG_F_BEFORE, &end);
    if (p < 0 || end != at) continue;
    uint8_t r = (uint8_t)th_elig_phrase_get(p)->value;
    if (r == TH_ELIG_BETWEEN || s->t[at - back].kind == TH_ELIG_NUM) continue;
    *relation = r;
    *first = at - back;
    uint32_t wider;
    for (uint32_t more = back + 1; more <= 6 && more <= at; more++) {
      int w = th_elig_phrase_at(s->l->text, s->t, s->n, at - more, TH_ELIG_F_BEFORE, &wider);
      if (w >= 0 && wider == at)
        *relation = (uint8_t)th_elig_phrase_get(w)->value, *first = at - more;
    }
    return true;
  }
  return false;
}

static void read_scale(state *s, const th_elig_mention *m, int a) {
  uint32_t i = m->end, first = m->first, relation_first;
  bool listed = false, related = false;
  uint8_t relation = TH_ELIG_EQ;
  class_value v;
  static th_elig_set stop = TH_ELIG_SET("or|and|,|to|/|-");
  while (i < s->n && i - m->end < 8) {
    class_value any;
    uint32_t end;
    if (!among(s, i, &stop) && read_class(s, i, a, &any)) break;
    int p = th_elig_phrase_at(s->l->text, s->t, s->n, i, TH_ELIG_F_BEFORE, &end);
    if (p >= 0) {
      if (!only_link_words(s, m->end, i)) return;
      relation = (uint8_t)th_elig_phrase_get(p)->value;
      related = relation != TH_ELIG_BETWEEN && relation != TH_ELIG_EQ;
      i = end;
      while (i < s->n && only_link_words(s, i, i + 1) && !read_class(s, i, a, &any))
        i++;
      break;
    }
    if (!only_link_words(s, i, i + 1)) return;
    i++;
  }
  uint32_t end = read_classes(s, i, a, &v, &listed);
  if (end == i) return;
  const th_elig_token *t = &s->t[i];
  bool digits = t->kind == TH_ELIG_NUM, plain = true;
  for (uint32_t k = i; k < end; k++)
    plain &= s->t[k].kind != TH_ELIG_WORD || s->t[k].to - s->t[k].from > 5 ||
             read_class(s, k, a, &(class_value){0});
  if (digits && !listed && a != known.child_pugh) {
    /* plain numbers are read as quantities, but for a relation before the name */
    if (related || !relation_before(s, m->first, &relation, &relation_first)) return;
    static th_elig_set dash = TH_ELIG_SET("or|and");
    (void)dash;
    related = true;
    first = relation_first;
  } else if (digits && a != known.child_pugh) {
    uint32_t only_numbers = 0;
    for (uint32_t k = i; k < end; k++)
      only_numbers += s->t[k].kind == TH_ELIG_NUM;
    bool range = only_numbers == 2 && end - i == 3 && (th_elig_sign(&s->t[i + 1], '-'));
    if (range || related) return;
  }
  if (!related && relation_before(s, m->first, &relation, &relation_first))
    related = true, first = relation_first;
  uint32_t behind;
  int p = th_elig_phrase_at(s->l->text, s->t, s->n, end, TH_ELIG_F_BEHIND, &behind);
  if (!related && !listed && p >= 0 && !(behind < s->n && s->t[behind].kind == TH_ELIG_NUM)) {
    relation = (uint8_t)th_elig_phrase_get(p)->value;
    related = true;
    end = behind;
  }
  bool from_quantity = false;
  uint8_t ignored = 0;
  mark_used(s, i, end, &from_quantity, &ignored);
  th_elig_fact *f = th_elig_leaf_add(s->l, first, end);
  if (!f) return;
  f->type = TH_ELIG_NUMERIC;
  f->attribute = (uint16_t)a;
  f->negated = is_negated(s, first);
  f->high = NAN;
  bool wide = v.low != v.high &&
              !(a == known.cancer_stage && v.high - v.low > 0.85 && v.high - v.low < 0.95);
  if (related && relation != TH_ELIG_EQ && !listed) {
    f->relation = relation;
    bool up = relation == TH_ELIG_GE || relation == TH_ELIG_LT;
    f->value = up ? v.low : (a == known.child_pugh ? v.high : v.low);
    f->low_canonical = f->high_canonical = NAN;
    put_bounds(f, relation == TH_ELIG_GT || relation == TH_ELIG_LE ? v.high : v.low, NAN);
  } else {
    f->relation = wide || listed ? TH_ELIG_BETWEEN : TH_ELIG_EQ;
    f->value = v.low;
    double top = a == known.cancer_stage && v.high - (int)v.high > 0.85 ? (int)v.high : v.high;
    if (f->relation == TH_ELIG_BETWEEN) f->high = top;
    set_bounds(f, v.low, true, v.high, true);
  }
  f->canonical_unit = th_elig_attributes[a].unit;
  s->n_list = 0;
}

static void read_scales(state *s) {
  const th_elig_leaf *l = s->l;
  for (uint32_t i = 0; i < l->n_mentions; i++) {
    const th_elig_mention *m = &l->mentions[i];
    int a = -1;
    for (int p = m->phrase; p >= 0 && a < 0; p = th_elig_phrase_get(p)->next) {
      const th_elig_phrase *ph = th_elig_phrase_get(p);
      const th_elig_token *t = &s->t[m->first];
      if (ph->value < 0 || !th_elig_attributes[ph->value].scale) continue;
      if (ph->exact && memcmp(ph->exact, l->text.p + t->from, TH_MIN(ph->exact_n, t->to - t->from)))
        continue;
      a = ph->value;
    }
    if (a >= 0 && is_meant(s, m, a)) read_scale(s, m, a);
  }
}

/* ---- the whole leaf ---- */

static void bind(state *s, th_elig_quantity *q) {
  const th_elig_leaf *l = s->l;
  while (s->mention < l->n_mentions && l->mentions[s->mention].end <= q->first)
    s->mention++;
  uint32_t behind = s->mention;
  while (behind < l->n_mentions && l->mentions[behind].first <= q->number)
    behind++;
  if (q->use != TH_ELIG_FREE || is_scale_range(s, q)) return;
  bool has_before =
      s->mention > 0 && !has_quantity_between(s, l->mentions[s->mention - 1].end, q->first);
  uint32_t gap = has_before ? distance(s, l->mentions[s->mention - 1].end, q->first) : UINT32_MAX;
  if (has_before && !is_meant(s, &l->mentions[s->mention - 1],
                              th_elig_phrase_get(l->mentions[s->mention - 1].phrase)->value))
    gap = UINT32_MAX;
  if (gap != UINT32_MAX && gap <= 1 && bind_before(s, q, gap, s->mention - 1)) return;
  if (bind_behind(s, q, behind, gap)) return;
  if (q->age && bind_age(s, q)) return;
  if (bind_before(s, q, gap, has_before ? s->mention - 1 : 0) && gap != UINT32_MAX) return;
  if (bind_linked(s, q)) return;
  if (has_before && s->mention > 1 && q->related && gap != UINT32_MAX) {
    /* "Hb in patients with …": the mention before may be of no use, the one before it is */
    uint32_t second = s->mention - 2;
    uint32_t far = has_quantity_between(s, l->mentions[second].end, q->first)
                       ? UINT32_MAX
                       : distance(s, l->mentions[second].end, q->first);
    if (bind_before(s, q, far, second)) return;
  }
  bind_age(s, q);
}

void th_elig_read_numbers(th_elig_leaf *l) {
  if (l->n_quantities == 0 && l->n_mentions == 0) return;
  find_known();
  state s = {.l = l, .t = l->tokens.p, .n = l->tokens.n};
  read_scales(&s);
  for (uint32_t i = 0; i < l->n_quantities; i++)
    bind(&s, &l->quantities[i]);
}
