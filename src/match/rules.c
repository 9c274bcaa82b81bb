#include "match/verdict_private.h"

#include "eligibility/attributes.h"

typedef struct limit {
  const char *key;
  char sex;
  double low, high;
} limit;

static const limit limits[] = {
#define LIMIT(key, sex, low, high) {key, sex, low, high},
#include "match/rules.def"
};

static const struct definition {
  const char *name, *key;
  char sex;
  uint8_t relation;
  double bound;
  bool adults;
} definitions[] = {
#define DEFINE(name, key, sex, relation, bound, adults) {name, key, sex, relation, bound, adults},
#include "match/rules.def"
};

static const struct {
  const char *key;
  uint8_t relation;
} scales[] = {
#define SCALE(key, relation) {key, relation},
#include "match/rules.def"
};

static const struct {
  uint8_t category, mode;
  bool so;
} presumptions[] = {
#define PRESUME(category, mode, so) {category, mode, so},
#include "match/rules.def"
};

static const struct {
  const char *name, *words;
} rules[] = {
#define RULE(id, name, words) {name, words},
#include "match/rules.def"
};

static bool in_bounds(const struct definition *d, th_interval *out) {
  bool up = d->relation == TH_ELIG_GT || d->relation == TH_ELIG_GE;
  bool in = d->relation == TH_ELIG_GE || d->relation == TH_ELIG_LE;
  *out = (th_interval){up ? d->bound : -INFINITY, up ? INFINITY : d->bound, up && in, !up && in};
  return true;
}

static bool is_for(const struct definition *d, const th_verdict_patient *v) {
  return (!d->adults || v->adult) && (!d->sex || d->sex == v->p->sex);
}

bool th_definition_names(uint32_t attribute, th_span label) {
  if (attribute >= th_elig_n_attributes) return false;
  for (size_t i = 0; i < TH_COUNT(definitions); i++)
    if (!strcmp(definitions[i].key, th_elig_attributes[attribute].key) &&
        th_span_eq_nocase(label, th_span_of(definitions[i].name)))
      return true;
  return false;
}

bool th_definition_exists(uint32_t attribute, th_span label) {
  for (size_t i = 0; i < TH_COUNT(definitions); i++) {
    bool here = attribute < th_elig_n_attributes &&
                !strcmp(definitions[i].key, th_elig_attributes[attribute].key);
    if (here || th_span_eq_nocase(label, th_span_of(definitions[i].name))) return true;
  }
  return false;
}

/* Most names are none of the few that are defined, and differ in the first letter. */
static bool is_named(const struct definition *d, th_span label) {
  return label.n && (label.p[0] | 32) == (d->name[0] | 32) &&
         th_span_eq_nocase(label, th_span_of(d->name));
}

bool th_definition_of(const th_verdict_patient *v, th_span label, uint32_t *attribute,
                      th_interval *out) {
  for (size_t i = 0; i < TH_COUNT(definitions); i++) {
    const struct definition *d = &definitions[i];
    if (!is_named(d, label) || !is_for(d, v)) continue;
    int a = th_elig_attribute_find(th_span_of(d->key));
    if (a < 0) continue;
    *attribute = (uint32_t)a;
    return in_bounds(d, out);
  }
  return false;
}

bool th_scale_is_extreme(uint32_t attribute, uint8_t relation) {
  bool up = relation == TH_ELIG_GT || relation == TH_ELIG_GE || relation == TH_ELIG_EQ;
  bool down = relation == TH_ELIG_LT || relation == TH_ELIG_LE || relation == TH_ELIG_EQ;
  if (attribute >= th_elig_n_attributes) return false;
  for (size_t i = 0; i < TH_COUNT(scales); i++)
    if (!strcmp(scales[i].key, th_elig_attributes[attribute].key))
      return scales[i].relation == TH_ELIG_GT ? up : down;
  return false;
}

bool th_limits_usual(uint32_t attribute, char sex, th_limits *out) {
  bool found = false;
  if (attribute >= th_elig_n_attributes) return false;
  const char *key = th_elig_attributes[attribute].key;
  for (size_t i = 0; i < TH_COUNT(limits); i++) {
    const limit *l = &limits[i];
    if (strcmp(l->key, key)) continue;
    if (l->sex && (sex == 'F' || sex == 'M') && l->sex != sex) continue;
    if (!found) *out = (th_limits){l->low, l->low, l->high, l->high};
    out->low_least = TH_MIN(out->low_least, l->low);
    out->low_most = TH_MAX(out->low_most, l->low);
    out->high_least = TH_MIN(out->high_least, l->high);
    out->high_most = TH_MAX(out->high_most, l->high);
    found = true;
  }
  return found;
}

th_verdict_truth th_presumed(uint8_t category, th_verdict_presume mode) {
  for (size_t i = 0; i < TH_COUNT(presumptions); i++)
    if (presumptions[i].category == category && (int)mode >= presumptions[i].mode &&
        mode != TH_PRESUME_NONE)
      return presumptions[i].so ? TH_MET : TH_NOT_MET;
  return TH_UNKNOWN;
}

const char *th_rule_name(uint8_t rule) {
  return rule < TH_COUNT(rules) ? rules[rule].name : "";
}
const char *th_rule_words(uint8_t rule) {
  return rule < TH_COUNT(rules) ? rules[rule].words : "";
}
const char *th_verdict_name(uint8_t truth) {
  static const char *const names[] = {"not met", "unknown", "met"};
  return truth < TH_COUNT(names) ? names[truth] : "";
}
const char *th_basis_name(uint8_t basis) {
  static const char *const names[] = {"", "stated", "derived", "presumed"};
  return basis < TH_COUNT(names) ? names[basis] : "";
}
const char *th_grade_name(uint8_t grade) {
  static const char *const names[] = {"excluded", "possible", "likely"};
  return grade < TH_COUNT(names) ? names[grade] : "";
}
