/* In what degree a concept is asked for: "severe", "metastatic", "confirmed", and whether the
 * record's is that. */
#include "eligibility/attributes.h"
#include "match/verdict_private.h"

static int rank_of(th_span degree) {
  static const struct {
    const char *word;
    int rank;
  } rows[] = {{"mild", 0},      {"moderate", 1}, {"severe", 2},          {"decompensated", 2},
              {"end-stage", 2}, {"terminal", 2}, {"life-threatening", 2}};
  for (size_t i = 0; i < TH_COUNT(rows); i++)
    if (th_span_eq_nocase(degree, th_span_of(rows[i].word))) return rows[i].rank;
  return -1;
}

static const struct {
  const char *degree, *labels;
} natures[] = {
#define DEGREE(degree, labels) {degree, labels},
#include "match/degree.def"
};

static const struct {
  const char *one, *other;
} types[] = {
#define APART(one, other) {"TRIALHEAD:" one, "TRIALHEAD:" other},
#include "match/degree.def"
};

_Static_assert(TH_COUNT(types) == TH_VERDICT_TYPES, "a pair a row");

static uint32_t id_of(const th_concepts *dict, const char *code) {
  uint32_t id;
  return th_concepts_by_code(dict, th_span_of(code), &id, 1) ? id : TH_NO_CONCEPT;
}

void th_verdict_types(th_verdict_patient *v) {
  for (size_t i = 0; i < TH_COUNT(types); i++) {
    v->types[i][0] = v->dict ? id_of(v->dict, types[i].one) : TH_NO_CONCEPT;
    v->types[i][1] = v->dict ? id_of(v->dict, types[i].other) : TH_NO_CONCEPT;
  }
}

uint32_t th_other_type(const th_verdict_patient *v, uint32_t id) {
  for (size_t i = 0; id != TH_NO_CONCEPT && i < TH_COUNT(types); i++)
    for (int k = 0; k < 2; k++)
      if (v->types[i][k] == id) return v->types[i][1 - k];
  return TH_NO_CONCEPT;
}

/* Whether what is called so is of the degree by what it is: renal failure in its last stage is
 * severe, a hip's replacement major surgery. */
static bool is_by_nature(th_span label, th_span degree) {
  for (size_t i = 0; i < TH_COUNT(natures); i++) {
    if (!th_span_eq_nocase(degree, th_span_of(natures[i].degree))) continue;
    for (const char *p = natures[i].labels; *p;) {
      size_t n = strcspn(p, "|");
      if (th_span_eq_nocase(label, (th_span){p, n})) return true;
      p += n + (p[n] == '|');
    }
  }
  return false;
}

/* Whether a word stands in a label: "bone" in "bone metastases". */
static bool label_says(th_span label, th_span word) {
  for (size_t i = 0; i + word.n <= label.n; i++) {
    bool starts = i == 0 || label.p[i - 1] == ' ' || label.p[i - 1] == '-';
    bool ends = i + word.n == label.n || label.p[i + word.n] == ' ';
    if (starts && ends && th_span_eq_nocase((th_span){label.p + i, word.n}, word)) return true;
  }
  return false;
}

bool th_degree_metastatic(th_span words) {
  return words.n >= 7 && th_span_eq_nocase((th_span){words.p, 7}, TH_SPAN("metasta"));
}

bool th_degree_metastases(th_span words) {
  for (size_t i = 0; i + 7 <= words.n; i++)
    if (th_degree_metastatic((th_span){words.p + i, words.n - i})) return true;
  return false;
}

/* Growths of which stage IV is that of distant metastases alone (AJCC Cancer Staging Manual, 8th
 * edition); of others it is also one that has grown into what is near. */
static bool is_metastatic_in_stage_four(th_span label) {
  static const char *const growths[] = {"lung",   "breast",   "colorectal", "colon",
                                        "rectal", "melanoma", "pancreatic"};
  for (size_t i = 0; i < TH_COUNT(growths); i++)
    if (label_says(label, th_span_of(growths[i]))) return true;
  return false;
}

static bool has_metastases(const th_verdict_patient *v, const th_patient_fact *growth) {
  int stage = th_elig_attribute_find(TH_SPAN("cancer_stage"));
  uint32_t at = stage < 0 ? TH_NO_FACT : v->value[stage];
  if (at != TH_NO_FACT && v->p->facts[at].canonical >= 4 &&
      is_metastatic_in_stage_four(growth->label))
    return true;
  for (uint32_t i = 0; i < v->n_concepts; i++) {
    const th_patient_fact *p = &v->p->facts[v->concepts[i]];
    if (!p->absent && p->experiencer == TH_OF_PATIENT && p->certainty == TH_CERTAIN_STATED &&
        p->time != TH_ELIG_PLANNED && !th_fact_ended(v->p, p) &&
        (th_degree_metastases(p->label) || th_degree_metastases(p->degree)))
      return true;
  }
  return false;
}

bool th_degree_asks(uint32_t attribute, const th_elig_fact *f) {
  return th_degree_metastatic(f->degree) && attribute < th_elig_n_attributes &&
         !strcmp(th_elig_attributes[attribute].key, "cancer_stage");
}

static bool is_controlled(th_span degree) {
  return th_span_eq_nocase(degree, TH_SPAN("controlled")) ||
         th_span_eq_nocase(degree, TH_SPAN("well-controlled")) ||
         th_span_eq_nocase(degree, TH_SPAN("well controlled"));
}

/* How sure it must be, "histologically confirmed": what a record states is taken as that. */
static bool is_of_proof(th_span degree) {
  static const char *const words[] = {"confirmed", "documented", "diagnosed",
                                      "proven",    "verified",   "established"};
  size_t last = degree.n;
  while (last > 0 && degree.p[last - 1] != ' ' && degree.p[last - 1] != '-')
    last--;
  th_span word = {degree.p + last, degree.n - last};
  for (size_t i = 0; i < TH_COUNT(words); i++)
    if (th_span_eq_nocase(word, th_span_of(words[i]))) return true;
  return false;
}

th_verdict_truth th_degree_fits(const th_verdict_patient *v, const th_elig_fact *f,
                                const th_patient_fact *p) {
  if (f->degree.n == 0 || th_span_eq_nocase(f->degree, p->degree)) return TH_MET;
  if (is_of_proof(f->degree)) return TH_MET;
  if (label_says(p->label, f->degree) || is_by_nature(p->label, f->degree)) return TH_MET;
  bool now = p->time != TH_ELIG_PAST && !(p->flags & TH_FACT_HISTORY) && !th_fact_ended(v->p, p);
  if (th_span_eq_nocase(f->degree, TH_SPAN("active")) && now && !p->degree.n) return TH_MET;
  if (th_degree_metastatic(f->degree)) return has_metastases(v, p) ? TH_MET : TH_UNKNOWN;
  if (th_span_eq_nocase(f->degree, TH_SPAN("uncontrolled")) && is_controlled(p->degree))
    return TH_NOT_MET;
  if (p->degree.n == 0 && th_verdict_says_before(v, f->degree, p)) return TH_MET;
  int a = rank_of(f->degree), b = rank_of(p->degree);
  if (a < 0 || b < 0) return TH_UNKNOWN;
  return a == b ? TH_MET : TH_NOT_MET;
}
