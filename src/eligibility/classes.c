/* Classes and stages: "NYHA class III or IV", "stage IIIB", "Child-Pugh B7", "ECOG 0, 1 or 2". */
#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/lexicon.h"
#include "eligibility/numeric.h"
#include "eligibility/phrases.h"

enum { NEAR = 6 };

typedef struct class_value {
  double low, high;
} class_value;

int th_elig_roman(th_span w) {
  static const char *const names[] = {"0", "I", "II", "III", "IV", "V", "VI"};
  static const char *const signs[] = {"", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "Ⅵ"};
  for (int i = 1; i < (int)TH_COUNT(names); i++)
    if (th_span_eq(w, th_span_of(names[i])) ||
        (w.n > 0 && th_span_eq_nocase(w, th_span_of(names[i])) && w.p[0] == 'i') ||
        th_span_eq(w, th_span_of(signs[i])))
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

/* Stages of liver cancer by letter: 0, A, B, C, D are 0 to 4. */
static bool read_bclc(th_span w, class_value *out) {
  char c = w.n ? (char)(w.p[0] & ~32) : 0;
  if (w.n == 0 || w.n > 2 || c < 'A' || c > 'D' || (w.n == 2 && (w.p[1] < '0' || w.p[1] > '9')))
    return false;
  *out = (class_value){c - 'A' + 1, c - 'A' + 1};
  return true;
}

/* Stages with letters stand a tenth apart: IIIA 3.1, IIIB 3.2; a plain III reaches to 3.9. */
static bool read_class(const th_elig_binder *s, uint32_t i, int a, class_value *out) {
  if (i >= s->n) return false;
  const th_elig_token *t = &s->t[i];
  th_span w = {s->l->text.p + t->from, t->to - t->from};
  bool stage = a == th_elig_known_attributes.cancer_stage;
  if (t->kind == TH_ELIG_NUM && !(t->flags & TH_ELIG_SPELLED) &&
      (!stage || (t->flags & TH_ELIG_INTEGER && w.n == 1))) {
    if (!th_elig_plausible((uint32_t)a, t->value)) return false;
    *out = (class_value){t->value, t->value + (stage && t->value > 0 ? 0.9 : 0)};
    return true;
  }
  if (t->kind != TH_ELIG_WORD) return false;
  if (a == th_elig_known_attributes.child_pugh) return read_letter_class(w, out);
  if (a == th_elig_known_attributes.bclc) return t->flags & TH_ELIG_UPPER && read_bclc(w, out);
  if (a == th_elig_known_attributes.metavir) { /* "F2" */
    if (w.n != 2 || w.p[0] != 'F' || w.p[1] < '0' || w.p[1] > '6') return false;
    *out = (class_value){w.p[1] - '0', w.p[1] - '0'};
    return true;
  }
  if (a == th_elig_known_attributes.asia) {
    if (w.n != 1 || w.p[0] < 'A' || w.p[0] > 'E') return false;
    *out = (class_value){w.p[0] - 'A' + 1, w.p[0] - 'A' + 1};
    return true;
  }
  double fraction = 0;
  if (a == th_elig_known_attributes.tumor_grade && w.n > 1 && (w.p[w.n - 1] | 32) >= 'a' &&
      (w.p[w.n - 1] | 32) <= 'b')
    w.n--; /* "IIIa" */
  if (a == th_elig_known_attributes.cancer_stage) {
    while (w.n > 1 && w.p[w.n - 1] >= '0' && w.p[w.n - 1] <= '9')
      w.n--; /* IA1 */
    char c = w.n > 1 ? (char)(w.p[w.n - 1] | 32) : 0;
    if (c >= 'a' && c <= 'e' && th_elig_roman((th_span){w.p, w.n - 1}) > 0)
      fraction = (c - 'a' + 1) / 10.0, w.n--;
  }
  int n = th_elig_roman(w);
  if (n < 0 || !th_elig_plausible((uint32_t)a, n)) return false;
  out->low = n + fraction;
  out->high = a == th_elig_known_attributes.cancer_stage && fraction == 0 ? n + 0.9 : out->low;
  return true;
}

/* A list of classes from token i on: "III", "II-IV", "0, 1 or 2", "A or B". */
static uint32_t read_classes(const th_elig_binder *s, uint32_t i, int a, class_value *out,
                             bool *listed) {
  static th_elig_set joints = TH_ELIG_SET("-|to|or|and|/|,|through|&|~");
  static th_elig_set again = TH_ELIG_SET("class|stage|grade|or|and|score|child|pugh|-");
  class_value v;
  uint32_t end = i + 1;
  if (!read_class(s, i, a, out)) return i;
  *listed = false;
  for (uint32_t k = end; th_elig_at(s, k, &joints); k = end) {
    k++;
    for (uint32_t fill = 0; fill < 3 && th_elig_at(s, k, &again); fill++)
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

static bool is_plain_word(const th_elig_binder *s, const th_elig_mention *m, const char *word) {
  const th_elig_token *t = &s->t[m->first];
  return m->end == m->first + 1 && t->key == th_elig_word_key(th_span_of(word));
}

static bool leaf_has(const th_elig_binder *s, th_elig_set *set) {
  if (!th_elig_leaf_may_have(s->l, set)) return false;
  for (uint32_t i = 0; i < s->n; i++)
    if (th_elig_at(s, i, set)) return true;
  return false;
}

/* "neurotoxicity", "toxicities" */
static bool names_toxicity(const th_elig_binder *s) {
  for (uint32_t i = 0; i < s->n; i++) {
    uint32_t n = s->t[i].to - s->t[i].from;
    const char *end = s->l->text.p + s->t[i].to;
    if (s->t[i].kind != TH_ELIG_WORD) continue;
    if (n > 8 && th_span_eq_nocase((th_span){end - 8, 8}, TH_SPAN("toxicity"))) return true;
    if (n >= 10 && th_span_eq_nocase((th_span){end - 10, 10}, TH_SPAN("toxicities"))) return true;
  }
  return false;
}

/* "grade III or IV glioma", "astrocytoma, grade 3" */
static bool is_near_growth(const th_elig_binder *s, const th_elig_mention *m, uint32_t reach) {
  static th_elig_set early = TH_ELIG_SET("intraepithelial|dysplasia|covid|severity");
  if (leaf_has(s, &early)) return false;
  static th_elig_set none = TH_ELIG_SET("hematoma|coma|glaucoma|trachoma|granuloma|scotoma");
  for (uint32_t i = m->first > 3 ? m->first - 3 : 0; i < s->n && i < m->end + reach; i++) {
    const th_elig_token *t = &s->t[i];
    th_span end = {s->l->text.p + t->to - 3, 3};
    bool oma = t->kind == TH_ELIG_WORD && t->to - t->from > 5 &&
               th_span_eq_nocase(end, TH_SPAN("oma")) && !th_elig_at(s, i, &none);
    if (oma || th_elig_word_classes(s->l->text, t) & TH_ELIG_W_TUMOR) return true;
  }
  return false;
}

/* "grade 4 neutropenia", "toxic effects to grade 1 or less": what treatment does, right beside. */
static bool is_of_harm(const th_elig_binder *s, const th_elig_mention *m) {
  static th_elig_set harm =
      TH_ELIG_SET("neutropenia|thrombocytopenia|anemia|cytopenia|cytopenias|lymphopenia|leukopenia|"
                  "pancytopenia|infection|nausea|vomiting|mucositis|fatigue|hypersensitivity|"
                  "colitis|hyperbilirubinemia|arrhythmia|dysrhythmia|myelosuppression|dyspnea|"
                  "stomatitis");
  static th_elig_set toxic = TH_ELIG_SET("toxic|effect|cytopenia");
  for (uint32_t i = m->end; i < m->end + NEAR && !th_elig_is_broken(s->l, m->first, i); i++) {
    if (i < s->n && th_elig_sign(&s->t[i], ',')) break;
    if (th_elig_at(s, i, &harm)) return true;
  }
  for (uint32_t i = m->first; i-- > 0 && m->first - i <= 2 * NEAR;)
    if (th_elig_at(s, i, &toxic) || (m->first - i <= 3 && th_elig_at(s, i, &harm))) return true;
  return false;
}

bool th_elig_scale_is_meant(const th_elig_binder *s, const th_elig_mention *m, int a) {
  static th_elig_set toxic =
      TH_ELIG_SET("toxicity|toxicitie|ctcae|adverse|neuropathy|ctc|nci|aes|ae|irae|edema|"
                  "pneumonitis|hemorrhage|bleeding|qtc|proteinuria|hearing|diarrhea|mucositis");
  static th_elig_set other = TH_ELIG_SET(
      "kidney|ckd|renal|hypertension|pressure|hypertensive|retinopathy|endometriosis|sarcoidosis|"
      "prolapse|copd|fibrosis|keratoconus|labor|dementia|sleep|parkinson|periodontitis|lymphedema|"
      "cirrhosis|nash|chagas|hiv|aids|encephalopathy|hemorrhoid|rop|prematurity|ulcer|"
      "osteonecrosis|gold|acute|glaucoma|failure|macular|open|hip|necrosis|covid|sars|ards");
  if (a == th_elig_known_attributes.grade && is_plain_word(s, m, "grade"))
    return leaf_has(s, &toxic) || names_toxicity(s) || is_of_harm(s, m);
  if (a == th_elig_known_attributes.cancer_stage &&
      (is_plain_word(s, m, "stage") || is_plain_word(s, m, "rai")))
    return !leaf_has(s, &other) || is_near_growth(s, m, 2 * NEAR);
  return true;
}

static void mark_used(th_elig_binder *s, uint32_t from, uint32_t to, bool *related,
                      uint8_t *relation) {
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
bool th_elig_relation_before(const th_elig_binder *s, uint32_t at, uint8_t *relation,
                             uint32_t *first) {
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

/* Whether a fact was read from the token. */
bool th_elig_is_read(const th_elig_binder *s, uint32_t token) {
  const th_elig_leaf *l = s->l;
  for (uint32_t k = 0; k < l->facts->n - l->first_fact; k++)
    if (l->fact_token[2 * k] <= token && token < l->fact_token[2 * k + 1]) return true;
  return false;
}

static bool names_growth(const th_elig_binder *s) {
  for (uint32_t i = 0; i < s->n; i++)
    if (th_elig_word_classes(s->l->text, &s->t[i]) & TH_ELIG_W_TUMOR) return true;
  return false;
}

/* "Gleason 4+3=7": the sum is the score. False when no sum stands behind the mention. */
static bool read_sum(th_elig_binder *s, const th_elig_mention *m, int a) {
  uint32_t i = m->end;
  while (i < s->n && i < m->end + 4 && s->t[i].kind != TH_ELIG_NUM &&
         th_elig_only_link_words(s, i, i + 1))
    i++;
  if (i + 2 >= s->n || s->t[i].kind != TH_ELIG_NUM || !th_elig_sign(&s->t[i + 1], '+') ||
      s->t[i + 2].kind != TH_ELIG_NUM)
    return false;
  double sum = s->t[i].value + s->t[i + 2].value;
  if (!th_elig_plausible((uint32_t)a, sum)) return false;
  uint32_t end = i + 3;
  bool equal = end < s->n && s->t[end].kind == TH_ELIG_REL && s->t[end].relation == TH_ELIG_EQ;
  if (equal && end + 1 < s->n && s->t[end + 1].value == sum) end += 2;
  bool related = false;
  uint8_t relation = 0;
  mark_used(s, i, end, &related, &relation);
  th_elig_fact *f = th_elig_leaf_add(s->l, m->first, end);
  if (!f) return true;
  f->type = TH_ELIG_NUMERIC;
  f->attribute = (uint16_t)a;
  f->relation = TH_ELIG_EQ;
  f->value = sum;
  f->high = NAN;
  f->negated = th_elig_is_negated(s, m->first);
  f->canonical_unit = th_elig_attributes[a].unit;
  th_elig_put_bounds(f, sum, NAN);
  th_elig_set_name(s, f, m);
  th_elig_set_value(s, f, i, end);
  return true;
}

enum { REACH = 12 };

/* "chronic kidney disease, stage 3", "stage 2, 3 or 4 CKD", not "renal impairment, dementia, stage
 * 2": a comma parts them but for the one right before the stage and those between stages. */
static bool is_of_kidney(const th_elig_binder *s, const th_elig_mention *m) {
  static th_elig_set kidney = TH_ELIG_SET("ckd|kidney|renal");
  for (uint32_t i = m->first; i-- > 0 && m->first - i <= REACH;) {
    if (th_elig_at(s, i, &kidney)) return true;
    if (th_elig_sign(&s->t[i], ',') && i + 1 < m->first) break;
  }
  for (uint32_t i = m->end; i < s->n && i < m->end + REACH; i++) {
    if (th_elig_at(s, i, &kidney)) return true;
    bool listed = i + 1 < s->n && (s->t[i + 1].kind == TH_ELIG_NUM ||
                                   th_elig_roman((th_span){s->l->text.p + s->t[i + 1].from,
                                                           s->t[i + 1].to - s->t[i + 1].from}) > 0);
    if (th_elig_sign(&s->t[i], ',') && !listed) break;
  }
  return false;
}

static bool is_near(const th_elig_binder *s, const th_elig_mention *m, th_elig_set *set) {
  for (uint32_t i = m->first > REACH ? m->first - REACH : 0; i < m->end + REACH && i < s->n; i++)
    if (th_elig_at(s, i, set)) return true;
  return false;
}

/* The attribute that "stage" or "grade" alone stands for beside the words of a disease. */
static int scale_of_disease(const th_elig_binder *s, const th_elig_mention *m, int a) {
  static th_elig_set others = TH_ELIG_SET("metabolic|aki|akin|kdigo"); /* of more than kidneys */
  static th_elig_set graft = TH_ELIG_SET("gvhd|agvhd|graft");
  static th_elig_set toxic = TH_ELIG_SET("toxicity|toxicitie|ctcae|adverse|ctc|event|ae|effect");
  const th_elig_known *known = &th_elig_known_attributes;
  if (a == known->grade && is_plain_word(s, m, "grade") && is_near_growth(s, m, NEAR) &&
      !leaf_has(s, &toxic) && !names_toxicity(s))
    return known->tumor_grade;
  if (a == known->cancer_stage && is_plain_word(s, m, "stage") && is_of_kidney(s, m) &&
      !leaf_has(s, &others) && !names_growth(s))
    return known->ckd_stage;
  if (a == known->grade && is_plain_word(s, m, "grade") && leaf_has(s, &graft) &&
      !is_near(s, m, &toxic))
    return known->gvhd_grade;
  return a;
}

typedef struct scale {
  int attribute;
  uint32_t first, at, end; /* tokens: of the fact; the first class; behind the last */
  uint32_t asked;          /* the relation behind the name, else the first class */
  class_value v;
  bool listed, related; /* "II or III"; a relation stands with it */
  uint8_t relation;
} scale;

/* Goes from the mention to its first class, over a relation and linking words; false when other
 * words stand between. */
static bool find_class(th_elig_binder *s, const th_elig_mention *m, scale *c) {
  static th_elig_set stop = TH_ELIG_SET("or|and|,|to|/|-");
  class_value any;
  uint32_t i = m->end, end;
  bool dash = i + 1 < s->n && th_elig_sign(&s->t[i], '-'); /* "stage - 5" */
  if (dash && s->t[i].flags & s->t[i + 1].flags & TH_ELIG_SPACE_BEFORE) i++;
  for (; i < s->n && i - m->end < 8; i++) {
    if (!th_elig_at(s, i, &stop) && read_class(s, i, c->attribute, &any)) break;
    int p = th_elig_phrase_at(s->l->text, s->t, s->n, i, TH_ELIG_F_BEFORE, &end);
    if (p >= 0) {
      if (!th_elig_only_link_words(s, m->end, i)) return false;
      c->relation = (uint8_t)th_elig_phrase_get(p)->value;
      c->related = c->relation != TH_ELIG_BETWEEN && c->relation != TH_ELIG_EQ;
      c->asked = i;
      i = end;
      while (i < s->n && th_elig_only_link_words(s, i, i + 1) &&
             !read_class(s, i, c->attribute, &any))
        i++;
      break;
    }
    if (!th_elig_only_link_words(s, i, i + 1)) return false;
  }
  c->at = i;
  c->asked = TH_MIN(c->asked, i);
  return true;
}

/* "NYHA ≥ grade 3": a word between keeps the relation from the number's quantity. */
static bool is_apart(const th_elig_binder *s, const scale *c) {
  const th_elig_leaf *l = s->l;
  for (uint32_t i = 0; i < l->n_quantities; i++)
    if (l->quantities[i].number == c->at) return !l->quantities[i].related;
  return false;
}

/* Whether the name is of a system of stages of tumors, and more than "stage", "disease stage". */
static bool names_system(const th_elig_binder *s, const th_elig_mention *m) {
  static th_elig_set wide = TH_ELIG_SET("stage|clinical|disease|pathologic|pathological");
  bool part = m->first > 0 && th_elig_sign(&s->t[m->first - 1], '-'); /* "HD-ISS" is another */
  return !part && !th_elig_at(s, m->first, &wide);
}

/* Plain numbers are read as quantities, but for lists of them and for a relation before the name.
 */
static bool may_be_numbers(th_elig_binder *s, const th_elig_mention *m, scale *c, bool redirected) {
  if (redirected) return true;
  if (!c->listed) {
    uint32_t first;
    if (c->related && is_apart(s, c)) return true;
    if (c->related || !th_elig_relation_before(s, m->first, &c->relation, &first)) return false;
    c->first = first;
    return c->related = true;
  }
  uint32_t numbers = 0;
  for (uint32_t k = c->at; k < c->end; k++)
    numbers += s->t[k].kind == TH_ELIG_NUM;
  bool range = numbers == 2 && c->end - c->at == 3 && th_elig_sign(&s->t[c->at + 1], '-');
  return !((range && !redirected) || c->related);
}

/* A relation before the name, or behind the class ("II or higher"). */
static void find_relation(th_elig_binder *s, const th_elig_mention *m, scale *c) {
  uint32_t first, behind;
  if (!c->related && th_elig_relation_before(s, m->first, &c->relation, &first)) {
    c->related = true;
    c->first = first;
  }
  int p = th_elig_phrase_at(s->l->text, s->t, s->n, c->end, TH_ELIG_F_BEHIND, &behind);
  if (c->related || c->listed || p < 0 || (behind < s->n && s->t[behind].kind == TH_ELIG_NUM))
    return;
  c->relation =
      th_elig_turn_better(s, c->attribute, c->end, behind, (uint8_t)th_elig_phrase_get(p)->value);
  c->related = true;
  c->end = behind;
}

static void set_class(th_elig_fact *f, const scale *c) {
  bool stage = c->attribute == th_elig_known_attributes.cancer_stage;
  bool whole = stage && c->v.high - c->v.low > 0.85 && c->v.high - c->v.low < 0.95; /* "III" */
  if (c->related && c->relation != TH_ELIG_EQ && !c->listed) {
    bool up = c->relation == TH_ELIG_GE || c->relation == TH_ELIG_LT;
    bool high = c->relation == TH_ELIG_GT || c->relation == TH_ELIG_LE;
    f->relation = c->relation;
    f->value = !up && c->attribute == th_elig_known_attributes.child_pugh ? c->v.high : c->v.low;
    f->low_canonical = f->high_canonical = NAN;
    th_elig_put_bounds(f, high ? c->v.high : c->v.low, NAN);
    return;
  }
  f->relation = (c->v.low != c->v.high && !whole) || c->listed ? TH_ELIG_BETWEEN : TH_ELIG_EQ;
  f->value = c->v.low;
  if (f->relation == TH_ELIG_BETWEEN)
    f->high = stage && c->v.high - (int)c->v.high > 0.85 ? (int)c->v.high : c->v.high;
  th_elig_set_bounds(f, c->v.low, true, c->v.high, true);
}

/* redirected: the mention's own attribute is another, so nothing else reads its numbers. */
static void read_scale(th_elig_binder *s, const th_elig_mention *m, int a, bool redirected) {
  scale c = {.attribute = a, .first = m->first, .asked = UINT32_MAX, .relation = TH_ELIG_EQ};
  if (!find_class(s, m, &c)) return;
  c.end = read_classes(s, c.at, a, &c.v, &c.listed);
  if (c.end == c.at || th_elig_is_read(s, c.at)) return;
  bool digits = s->t[c.at].kind == TH_ELIG_NUM, stage = a == th_elig_known_attributes.cancer_stage;
  if (digits && stage && !names_system(s, m) && !names_growth(s)) return;
  bool sight = a == th_elig_known_attributes.visual_acuity; /* letters, "73 to 24", no fraction */
  if (sight && (!c.listed || th_elig_sign(&s->t[c.at + 1], '/') ||
                (c.end < s->n && th_elig_sign(&s->t[c.end], '/'))))
    return;
  if (stage || a == th_elig_known_attributes.child_pugh) digits = false; /* no plain numbers */
  if (digits && !may_be_numbers(s, m, &c, redirected)) return;
  find_relation(s, m, &c);
  bool from_quantity = false;
  uint8_t ignored = 0;
  mark_used(s, c.at, c.end, &from_quantity, &ignored);
  th_elig_fact *f = th_elig_leaf_add(s->l, c.first, c.end);
  if (!f) return;
  f->type = TH_ELIG_NUMERIC;
  f->attribute = (uint16_t)a;
  f->negated = th_elig_is_negated(s, c.first);
  f->high = NAN;
  set_class(f, &c);
  f->canonical_unit = th_elig_attributes[a].unit;
  th_elig_set_name(s, f, m);
  th_elig_set_value(s, f, c.first < m->first ? c.first : c.asked, c.end);
  s->n_list = 0;
}

/* "Class II or III by the New York Heart Association": the fact that was read last takes its name
 * from the scale that stands behind its classes. */
static void name_behind(th_elig_binder *s) {
  static th_elig_set by = TH_ELIG_SET("by|of|per|according|to|the|(|on|in|symptom|as|defined");
  th_elig_fact *f = &s->l->facts->p[s->l->facts->n - 1];
  uint32_t *behind = &s->l->fact_token[2 * (s->l->facts->n - 1 - s->l->first_fact) + 1],
           end = *behind;
  for (uint32_t i = 0; i < s->l->n_mentions; i++) {
    const th_elig_mention *m = &s->l->mentions[i];
    if (m->first < end || th_elig_phrase_get(m->phrase)->value != f->attribute) continue;
    for (uint32_t k = end; k < m->first; k++)
      if (!th_elig_at(s, k, &by)) return;
    f->name_from = s->t[m->first].from;
    f->to = f->name_to = s->t[m->end - 1].to;
    *behind = m->end;
    return;
  }
}

/* "Child B or C", "heart failure (class III)": words that name the scale only beside its classes.
 */
static void read_unnamed(th_elig_binder *s) {
  static th_elig_set child = TH_ELIG_SET("child|childs"), classes = TH_ELIG_SET("class|functional");
  static th_elig_set heart = TH_ELIG_SET("failure|chf|hf"), of_heart = TH_ELIG_SET("heart|cardiac");
  const th_elig_known *known = &th_elig_known_attributes;
  static th_elig_set nyha = TH_ELIG_SET("nyha|york");
  bool failing = (leaf_has(s, &of_heart) && leaf_has(s, &heart)) || leaf_has(s, &nyha);
  if (!failing && !th_elig_leaf_may_have(s->l, &child)) return;
  for (uint32_t i = 0; i + 1 < s->n; i++) {
    if (s->l->taken[i] || s->t[i].kind != TH_ELIG_WORD) continue;
    const th_elig_token *next = &s->t[i + 1];
    th_elig_mention m = {.first = i, .end = i + 1, .phrase = -1};
    bool letter =
        next->kind == TH_ELIG_WORD && next->to - next->from <= 2 && next->flags & TH_ELIG_UPPER;
    class_value any;
    if (th_elig_at(s, i, &child) && s->t[i].flags & TH_ELIG_UPPER && letter &&
        read_class(s, i + 1, known->child_pugh, &any))
      read_scale(s, &m, known->child_pugh, true);
    else if (failing && th_elig_at(s, i, &classes) && next->kind == TH_ELIG_WORD &&
             read_class(s, i + 1, known->nyha, &any) && !th_elig_is_read(s, i + 1)) {
      uint32_t n = s->l->facts->n;
      read_scale(s, &m, known->nyha, true);
      if (s->l->facts->n > n) name_behind(s);
    }
  }
}

void th_elig_read_classes(th_elig_binder *s) {
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
    int own = a;
    if (a >= 0) a = scale_of_disease(s, m, a);
    if (a < 0 || !th_elig_scale_is_meant(s, m, a)) continue;
    if (a != th_elig_known_attributes.gleason || !read_sum(s, m, a)) read_scale(s, m, a, a != own);
  }
  read_unnamed(s);
}
