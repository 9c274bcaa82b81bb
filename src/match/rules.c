#include "match/rules.h"

#include "eligibility/attributes.h"

typedef struct limit {
  const char *key;
  char sex;
  double low, high;
} limit;

static const limit limits[] = {
#define RULE(id, name, words)
#define PRESUME(category, mode, so)
#define LIMIT(key, sex, low, high) {key, sex, low, high},
#include "match/rules.def"
#undef LIMIT
#undef PRESUME
};

static const struct {
  uint8_t category, mode;
  bool so;
} presumptions[] = {
#define LIMIT(key, sex, low, high)
#define PRESUME(category, mode, so) {category, mode, so},
#include "match/rules.def"
#undef PRESUME
#undef RULE
};

static const struct {
  const char *name, *words;
} rules[] = {
#define PRESUME(category, mode, so)
#define RULE(id, name, words) {name, words},
#include "match/rules.def"
#undef RULE
#undef PRESUME
#undef LIMIT
};

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
