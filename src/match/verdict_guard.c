/* Guards: for whom and when a fact of the criteria counts. */
#include "match/verdict_private.h"

static bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Whether the words name the label, from word to word. */
bool th_words_name(th_span words, th_span label) {
  char first = label.n ? lower(label.p[0]) : 0;
  for (size_t i = 0; label.n >= 3 && i + label.n <= words.n; i++) {
    size_t k = 1;
    if (lower(words.p[i]) != first || (i > 0 && is_word(words.p[i - 1]))) continue;
    while (k < label.n && lower(words.p[i + k]) == lower(label.p[k]))
      k++;
    if (k == label.n && (i + k == words.n || !is_word(words.p[i + k]))) return true;
  }
  return false;
}

/* "no", "without" in front turns what the words name: then nothing is read from them. */
static bool is_turned(th_span words) {
  return th_words_name(words, TH_SPAN("not")) || th_words_name(words, TH_SPAN("without")) ||
         th_words_name(words, TH_SPAN("absence")) || th_span_starts(words, TH_SPAN("no ")) ||
         th_words_name(words, TH_SPAN("history"));
}

/* Words of a condition against what the record states: said of the patient now, or ruled out. */
static th_verdict_truth words_hold(const th_verdict_patient *v, th_span words) {
  th_verdict_truth best = TH_UNKNOWN;
  if (is_turned(words)) return TH_UNKNOWN;
  for (uint32_t i = 0; i < v->n_concepts; i++) {
    const th_patient_fact *p = &v->p->facts[v->concepts[i]];
    if (p->experiencer != TH_OF_PATIENT || p->certainty != TH_CERTAIN_STATED ||
        p->time == TH_ELIG_PAST || p->time == TH_ELIG_PLANNED || !th_words_name(words, p->label))
      continue;
    if (th_fact_ended(v->p, p)) continue;
    if (!p->absent) return TH_MET;
    /* what is ruled out must be all that the words say */
    if (th_span_eq_nocase(th_span_trim(words), p->label)) best = TH_NOT_MET;
  }
  return best;
}

th_verdict_truth th_judge_guard(const th_verdict_patient *v, const th_elig_tree *tree,
                                const th_elig_guard *g) {
  th_verdict_truth t = TH_UNKNOWN;
  if (g->kind == TH_ELIG_NO_GUARD) return TH_MET;
  if (g->sex) {
    if (v->p->sex == 'M' || v->p->sex == 'F') t = v->p->sex == g->sex ? TH_MET : TH_NOT_MET;
  } else if (g->has_age) {
    th_interval ages = {g->age_low, g->age_high, true, false};
    t = th_age_within(v, "a", &ages);
  } else if (g->to <= tree->text.n) { /* a tree out of the book has no text */
    t = words_hold(v, (th_span){tree->text.p + g->from, g->to - g->from});
  }
  return g->kind == TH_ELIG_UNLESS ? th_not(t) : t;
}

/* ---- exceptions ---- */

/* What stands before the name of what is excepted, and says how it is. */
static bool is_manner(th_span w) {
  static const char *const words[] = {
      "a",          "an",           "the",        "any",        "for",         "of",
      "adequately", "curatively",   "treated",    "completely", "resected",    "excised",
      "successful", "successfully", "localized",  "localised",  "superficial", "early",
      "stage",      "stable",       "controlled", "well",       "history",     "prior",
      "previous",   "patients",     "with"};
  for (size_t i = 0; i < TH_COUNT(words); i++)
    if (th_span_eq_nocase(w, th_span_of(words[i]))) return true;
  return false;
}

static th_span without_manner(th_span part) {
  th_span rest = part, word;
  while (th_words_next(&rest, &word) && is_manner(word))
    part = rest;
  return th_span_trim(part);
}

static size_t joint_at(th_span s, size_t i) {
  static const char *const joints[] = {", and ", ", or ", " and/or ", " and ", " or ", ","};
  for (size_t k = 0; k < TH_COUNT(joints); k++) {
    size_t n = strlen(joints[k]);
    if (i + n <= s.n && th_span_eq_nocase((th_span){s.p + i, n}, (th_span){joints[k], n})) return n;
  }
  return 0;
}

/* The next of a list of exceptions. */
static th_span next_part(th_span *list) {
  size_t i = 0, joint = 0;
  while (i < list->n && !(joint = joint_at(*list, i)))
    i++;
  th_span part = {list->p, i};
  *list = (th_span){list->p + i + joint, list->n - i - joint};
  return without_manner(part);
}

/* Whether a part is the name of concepts that have nothing to do with the patient's. */
static bool is_another(const th_concepts *dict, th_span part, uint32_t id) {
  enum { CONCEPTS = 16 };
  uint32_t ids[CONCEPTS];
  size_t n = th_concepts_named(dict, part, ids, CONCEPTS);
  bool another = n > 0 && n <= CONCEPTS;
  for (size_t i = 0; another && i < n; i++)
    another = ids[i] != id && !th_concept_is_below(dict, ids[i], id) &&
              !th_concept_is_below(dict, id, ids[i]);
  return another;
}

/* "Autoimmune disease other than rheumatoid arthritis": of somebody with lupus the exception says
 * nothing. Only where all of it is names of concepts. */
static bool is_beside(const th_verdict_patient *v, th_span words, const th_patient_fact *p) {
  if (!v->dict || p->concept_id == TH_NO_CONCEPT || is_turned(words)) return false;
  bool beside = words.n > 0;
  while (beside && words.n)
    beside = is_another(v->dict, next_part(&words), p->concept_id);
  return beside;
}

th_verdict_truth th_judge_exception(const th_verdict_patient *v, const th_elig_tree *tree,
                                    const th_elig_fact *f, const th_verdict_fact *r) {
  const th_elig_guard *g = &f->guard;
  bool worded = !g->sex && !g->has_age && g->to <= tree->text.n;
  if (g->kind != TH_ELIG_UNLESS || !worded || f->type != TH_ELIG_CONCEPT || f->negated ||
      r->guard != TH_UNKNOWN || r->truth != TH_MET || r->patient == TH_NO_FACT)
    return (th_verdict_truth)r->guard;
  th_span words = {tree->text.p + g->from, g->to - g->from};
  return is_beside(v, words, &v->p->facts[r->patient]) ? TH_MET : TH_UNKNOWN;
}
