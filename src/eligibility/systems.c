/* Stages, grades and classes of systems that are no attribute: "Wagner stage 4", "grade II or III
 * hemorrhoids", "lupus nephritis (class III-IV)".
 *
 *   step  := name? relation? level (of | : | = | relation)? class (joint level? class)* relation?
 *   class := digit letter? | roman letter?
 *
 * What no attribute has read becomes a measure of its own (other.c). A level without a name needs
 * the words of a disease or of harm near it: "stage 2" alone may be of a study, "grade 5" of a
 * school, "class III" of drugs. */
#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/lexicon.h"
#include "eligibility/numeric.h"
#include "eligibility/phrases.h"

enum { NEAR = 6, CLASS_MAX = 9 };

static th_elig_set levels = TH_ELIG_SET("stage|grade|class|classe|category|categorie|level|degree");

typedef struct step {
  uint32_t level, first, at, end; /* tokens: the level's word; of the fact; the first class; behind
                                   * the last */
  uint32_t asked;                 /* the relation behind the level, else the first class */
  double low, high;
  bool listed, related;
  uint8_t relation;
} step;

static th_span word_at(const th_elig_binder *s, uint32_t i) {
  return (th_span){s->l->text.p + s->t[i].from, s->t[i].to - s->t[i].from};
}

/* "2", "2B", "3+", "IIIa"; the token behind it, i when there is none. A letter is left out. */
static uint32_t read_class(const th_elig_binder *s, uint32_t i, double *out) {
  if (i >= s->n) return i;
  const th_elig_token *t = &s->t[i];
  th_span w = word_at(s, i);
  if (t->kind == TH_ELIG_NUM) {
    if (t->flags & (TH_ELIG_SPELLED | TH_ELIG_SUPERSCRIPT) || w.n != 1 || t->value > CLASS_MAX)
      return i;
    *out = t->value;
    bool tight = i + 1 < s->n && !(s->t[i + 1].flags & TH_ELIG_SPACE_BEFORE);
    if (!tight) return i + 1;
    th_span letter = word_at(s, i + 1);
    bool small = s->t[i + 1].kind == TH_ELIG_WORD && letter.n == 1 && (*letter.p | 32) <= 'd';
    return i + 1 + (small || th_elig_sign(&s->t[i + 1], '+'));
  }
  if (t->kind != TH_ELIG_WORD) return i;
  if (w.n > 1 && (w.p[w.n - 1] | 32) >= 'a' && (w.p[w.n - 1] | 32) <= 'd') w.n--;
  int n = th_elig_roman(w);
  if (n <= 0 || (w.n == 1 && *w.p == 'i')) return i; /* "i.e." */
  *out = n;
  return i + 1;
}

/* The classes from token c->at on; false when none stands there. */
static bool read_classes(const th_elig_binder *s, step *c) {
  static th_elig_set joints = TH_ELIG_SET("-|to|or|and|/|,|through|&|~");
  double v;
  uint32_t end = read_class(s, c->at, &v);
  if (end == c->at) return false;
  c->low = c->high = v;
  for (uint32_t k = end; th_elig_at(s, k, &joints); k = end) {
    k++;
    for (uint32_t fill = 0; fill < 2 && (th_elig_at(s, k, &joints) || th_elig_at(s, k, &levels));
         fill++)
      k++;
    uint32_t next = read_class(s, k, &v);
    if (next == k) break;
    if (v < c->low) c->low = v;
    if (v > c->high) c->high = v;
    c->listed = true;
    end = next;
  }
  c->end = end;
  return true;
}

/* Goes from the level to its first class, over linking signs and a relation. */
static bool find_class(const th_elig_binder *s, step *c) {
  static th_elig_set fill = TH_ELIG_SET("of|is|was|:|(|=|a|-");
  uint32_t i = c->level + 1, end;
  while (i < c->level + 3 && th_elig_at(s, i, &fill))
    i++;
  c->asked = i;
  int p = i < s->n ? th_elig_phrase_at(s->l->text, s->t, s->n, i, TH_ELIG_F_BEFORE, &end) : -1;
  if (p >= 0) {
    c->relation = (uint8_t)th_elig_phrase_get(p)->value;
    c->related = c->relation != TH_ELIG_BETWEEN && c->relation != TH_ELIG_EQ;
    i = end;
  }
  c->at = i;
  return read_classes(s, c) && (c->listed || c->relation != TH_ELIG_BETWEEN); /* "from 2 tests" */
}

/* A relation before the level ("≥ grade 2") or behind the class ("II or higher"). */
static void find_relation(const th_elig_binder *s, step *c) {
  uint32_t first, behind;
  if (c->related) return;
  if (th_elig_relation_before(s, c->level, &c->relation, &first)) {
    c->related = c->relation != TH_ELIG_EQ;
    c->first = first;
    return;
  }
  int p = th_elig_phrase_at(s->l->text, s->t, s->n, c->end, TH_ELIG_F_BEHIND, &behind);
  if (c->listed || p < 0 || (behind < s->n && s->t[behind].kind == TH_ELIG_NUM)) return;
  c->relation = th_elig_turn_better(s, TH_ELIG_ATTRIBUTE_OTHER, c->end, behind,
                                    (uint8_t)th_elig_phrase_get(p)->value);
  c->related = true;
  c->end = behind;
}

/* Levels of schools, of drugs, of tissue types, of evidence, of doses. */
static bool is_of_other_things(const th_elig_binder *s, const step *c) {
  static th_elig_set around = TH_ELIG_SET(
      "school|student|pupil|kindergarten|grader|classroom|teacher|hla|mhc|allele|allelic|antigen|"
      "antiarrhythmic|antiarrhythmics|antiarrythmic|antiarrhythmia|anti|arrhythmic|drug|agent|"
      "medication|recommendation|evidence|topical|steroid|corticosteroid|corticosteroids|"
      "analgesic|laser|hospital|center|"
      "trauma|dose|sonogram|ultrasound|surgery|biosafety|vertebra|vertebral|spinal|lumbar|"
      "cervical|disc|fusion|interspace|furacation|loop|driver|certificate");
  for (uint32_t i = c->level > NEAR ? c->level - NEAR : 0; i < c->end + 3 && i < s->n; i++)
    if (th_elig_at(s, i, &around)) return true;
  return false;
}

/* Whether the words before the level name a system: "INSS", "Wagner". */
static bool is_system(const th_elig_binder *s, uint32_t first, uint32_t level) {
  static th_elig_set none =
      TH_ELIG_SET("clinical|disease|patient|subject|study|trial|dose|cohort|part|group|criteria");
  if (first >= level || th_elig_at(s, level - 1, &none)) return false;
  const th_elig_token *t = &s->t[level - 1];
  static th_elig_set words = TH_ELIG_SET("classification|system|staging|grading|scale");
  if (first + 1 < level && th_elig_at(s, level - 1, &words)) return true;
  bool begins = level - 1 == 0 || s->t[level - 1].sentence != s->t[level - 2].sentence;
  return t->kind == TH_ELIG_WORD && t->flags & TH_ELIG_UPPER &&
         (!begins || t->flags & TH_ELIG_ALL_UPPER);
}

/* Whether words of a disease, of harm or of a reaction stand near. */
static bool is_near_disease(const th_elig_binder *s, const step *c) {
  uint32_t from = c->first > NEAR ? c->first - NEAR : 0, to = TH_MIN(c->end + NEAR, s->n);
  for (uint32_t i = from; i < to; i++) {
    if (th_elig_is_broken(s->l, TH_MIN(i, c->level), TH_MAX(i, c->level))) continue;
    if (th_elig_word_classes(s->l->text, &s->t[i]) &
        (TH_ELIG_W_HEAD | TH_ELIG_W_TERM | TH_ELIG_W_TUMOR | TH_ELIG_W_REACTION))
      return true;
  }
  return false;
}

/* What may have no system's name before it: all but words of many other uses. */
static bool may_be_nameless(const th_elig_binder *s, uint32_t level) {
  static th_elig_set wide = TH_ELIG_SET("level|category|categorie|degree");
  return !th_elig_at(s, level, &wide);
}

static void use_quantities(th_elig_binder *s, uint32_t from, uint32_t to) {
  th_elig_leaf *l = s->l;
  for (uint32_t i = 0; i < l->n_quantities && l->quantities[i].first < to; i++)
    if (l->quantities[i].end > from) l->quantities[i].use = TH_ELIG_AS_FACT;
}

static void add(th_elig_binder *s, const step *c, uint32_t name) {
  uint32_t first = TH_MIN(c->first, name);
  th_elig_quantity q = {.first = c->asked,
                        .number = c->at,
                        .behind = c->end,
                        .end = c->end,
                        .value_end = c->end,
                        .value = c->low,
                        .high = NAN,
                        .second = NAN,
                        .other = NAN,
                        .relation = TH_ELIG_EQ,
                        .related = true};
  if (c->listed && c->high > c->low)
    q.relation = TH_ELIG_BETWEEN, q.high = c->high;
  else if (c->related)
    q.relation = c->relation;
  if (c->first < c->level) q.first = c->first;
  use_quantities(s, c->at, c->end);
  th_elig_add_other(s, &q, TH_MAX(name, first), c->level + 1);
  s->other_last = 0;
}

void th_elig_read_systems(th_elig_binder *s) {
  if (!th_elig_leaf_may_have(s->l, &levels)) return;
  uint32_t floor = 0;
  for (uint32_t i = 0; i + 1 < s->n; i++) {
    if (!th_elig_at(s, i, &levels)) continue;
    step c = {.level = i, .first = i, .relation = TH_ELIG_EQ};
    if (!find_class(s, &c) || th_elig_is_read(s, c.at) || th_elig_is_read(s, i)) continue;
    find_relation(s, &c);
    uint32_t name = th_elig_name_from(s, i, TH_MAX(floor, c.first < i ? i : 0));
    bool named = is_system(s, name, i);
    if (!named) name = i;
    if (named && !c.related && th_elig_relation_before(s, name, &c.relation, &c.first))
      c.related = c.relation != TH_ELIG_EQ;
    if (is_of_other_things(s, &c) ||
        !(named || (may_be_nameless(s, i) && (c.related || is_near_disease(s, &c)))))
      continue;
    add(s, &c, name);
    floor = c.end;
    i = c.end - 1;
  }
}
