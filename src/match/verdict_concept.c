/* Concepts: what the record says of conditions, drugs and the like against what criteria name. */
#include "match/kin.h"
#include "match/verdict_private.h"

enum { CODES = 8, ABOVE = 256 };

/* What a fact of the record is to a fact of the criteria. */
typedef enum relation {
  OTHER,
  SAME,
  NARROWER, /* the record's is a kind of the criterion's */
  BROADER,
  APART, /* another type of it: nobody has both */
} relation;

/* ---- sameness ---- */

bool th_concept_is_below(const th_concepts *dict, uint32_t below, uint32_t above) {
  uint32_t queue[ABOVE], n = 1;
  th_concept c;
  queue[0] = below;
  for (uint32_t i = 0; i < n; i++) {
    if (!th_concepts_get(dict, queue[i], &c)) continue;
    for (uint32_t k = 0; k < c.n_parents; k++) {
      if (c.parents[k] == above) return true;
      bool known = n == ABOVE;
      for (uint32_t m = 0; m < n && !known; m++)
        known = queue[m] == c.parents[k];
      if (!known) queue[n++] = c.parents[k];
    }
  }
  return false;
}

static bool has_own_code(const th_concepts *dict, uint32_t id, th_span code) {
  th_concept c;
  bool own;
  if (!th_concepts_get(dict, id, &c)) return false;
  for (uint32_t i = 0; i < c.n_codes; i++)
    if (th_span_eq_nocase(th_concepts_code(dict, c.first_code + i, &own), code) && own) return true;
  return false;
}

th_span th_common_code(const th_elig_fact *f, char out[TH_COMMON_CODE_MAX]) {
  static const char first[] = "TRIALHEAD:";
  size_t n = sizeof first - 1;
  bool symptom =
      th_span_starts(f->code, TH_SPAN("SYMP:")) || th_span_starts(f->code, TH_SPAN("HP:"));
  if (!symptom) return (th_span){0};
  th_span term = th_patient_term(f->label), label = term.n ? term : f->label;
  if (label.n == 0 || n + label.n > TH_COMMON_CODE_MAX) return (th_span){0};
  memcpy(out, first, n);
  for (size_t i = 0; i < label.n; i++) {
    char c = label.p[i];
    out[n++] = (char)(c == ' ' ? '_' : c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  return (th_span){out, n};
}

/* Whether the concept is called so: records call operations drugs, too, beside those of the
 * vocabulary that knows what they are a kind of. */
static bool has_label(const th_concepts *d, uint32_t id, th_span text) {
  th_concept c;
  th_label label;
  if (!th_concepts_get(d, id, &c)) return false;
  for (uint32_t i = 0; i < c.n_labels; i++)
    if (th_concepts_label(d, c.first_label + i, &label) && th_span_eq_nocase(label.text, text))
      return true;
  return false;
}

/* The concepts that the criterion's code stands for. A cross reference counts only where the code
 * is nobody's own, as vocabularies refer to wider concepts, too, or of what is called the same. */
static size_t ids_of(const th_verdict_patient *v, const th_elig_fact *f, uint32_t ids[CODES]) {
  if (!v->dict || f->code.n == 0) return 0;
  size_t n = th_concepts_by_code(v->dict, f->code, ids, CODES), own = 0;
  n = TH_MIN(n, (size_t)CODES);
  for (size_t i = 0; i < n; i++)
    if (has_own_code(v->dict, ids[i], f->code) || has_label(v->dict, ids[i], f->label))
      ids[own++] = ids[i];
  n = own ? own : n;
  char bytes[TH_COMMON_CODE_MAX];
  th_span common = th_common_code(f, bytes);
  if (common.n && n < CODES)
    n += TH_MIN(th_concepts_by_code(v->dict, common, ids + n, 1), (size_t)1);
  return n;
}

/* What a fact of the criteria is called: concepts of the dictionary, or, when it has no code, the
 * built-in term of notes that its label is another name of, or the gene that it is a result of. */
typedef struct asked {
  uint32_t ids[CODES];
  size_t n;
  th_span term, gene;
} asked;

static asked asked_of(const th_verdict_patient *v, const th_elig_fact *f) {
  asked a = {.n = ids_of(v, f, a.ids)};
  if (f->code.n == 0) a.term = th_patient_term(f->label);
  if (f->code.n == 0) a.gene = th_gene_result(f->label);
  return a;
}

static bool is_plain_category(uint8_t category) {
  return category <= TH_ELIG_GENE && category != TH_ELIG_ALLERGY;
}

/* "penicillin allergy" of an allergy to penicillin. */
static bool names_allergen(const th_elig_fact *f, th_span allergen) {
  static const char allergy[] = " allergy";
  size_t n = f->label.n - (sizeof allergy - 1);
  return f->category == TH_ELIG_ALLERGY && f->label.n > sizeof allergy &&
         th_span_eq_nocase((th_span){f->label.p, n}, allergen) &&
         th_span_eq_nocase((th_span){f->label.p + n, f->label.n - n}, th_span_of(allergy));
}

/* The pressure of another vessel or organ is no hypertension of the arteries. */
static bool is_other_pressure(th_span label) {
  static const char *const places[] = {"pulmonary", "portal", "ocular", "intracranial"};
  static const th_span last = TH_SPAN(" hypertension");
  if (label.n <= last.n || !th_span_eq_nocase((th_span){label.p + label.n - last.n, last.n}, last))
    return false;
  for (size_t i = 0; i < TH_COUNT(places); i++) {
    th_span start = {label.p, TH_MIN(strlen(places[i]), label.n)};
    if (th_span_eq_nocase(start, th_span_of(places[i]))) return true;
  }
  return false;
}

th_span th_label_head(th_span label, size_t *i) {
  enum { SHORTEST = 5 };
  static const char *const turns[] = {"non",  "no",      "not", "pre", "pseudo",
                                      "anti", "without", "of",  "in",  "latent"};
  if (*i == 0 && is_other_pressure(label)) return (th_span){0};
  for (; *i + SHORTEST < label.n; ++*i) {
    if (label.p[*i] != ' ') continue;
    size_t from = *i;
    while (from > 0 && label.p[from - 1] != ' ')
      from--;
    th_span before = {label.p + from, *i - from}, head = {label.p + *i + 1, label.n - *i - 1};
    ++*i;
    bool turned = false;
    for (size_t k = 0; k < TH_COUNT(turns); k++)
      turned |= th_span_eq_nocase(before, th_span_of(turns[k]));
    if (!turned && !th_span_starts(head, TH_SPAN("of ")) && !th_span_starts(head, TH_SPAN("(")))
      return head;
  }
  return (th_span){0};
}

/* The same words, or one with an "s" more. */
static bool same_number(th_span a, th_span b) {
  th_span more = a.n > b.n ? a : b, less = a.n > b.n ? b : a;
  if (more.n == less.n) return th_span_eq_nocase(a, b);
  return more.n == less.n + 1 && (more.p[less.n] | 32) == 's' &&
         th_span_eq_nocase((th_span){more.p, less.n}, less);
}

/* "Implantable cardioverter defibrillator" of defibrillators. */
static bool is_called_narrower(th_span criterion, th_span record) {
  th_span head;
  for (size_t i = 0, n = 0; n < TH_HEADS && (head = th_label_head(record, &i)).n; n++)
    if (same_number(head, criterion)) return true;
  return false;
}

th_span th_any_allergy(size_t i) {
  static const th_span names[] = {TH_SPAN("allergy"),
                                  TH_SPAN("allergies"),
                                  TH_SPAN("hypersensitivity"),
                                  TH_SPAN("allergic"),
                                  TH_SPAN("drug hypersensitivity"),
                                  TH_SPAN("drug allergy")};
  return i < TH_COUNT(names) ? names[i] : (th_span){0};
}

/* An allergy of which only the words beside it say to what. */
static bool is_any_allergy(const th_elig_fact *f) {
  th_span name;
  bool any = false;
  for (size_t i = 0; f->category == TH_ELIG_ALLERGY && (name = th_any_allergy(i)).n; i++)
    any |= th_span_eq_nocase(f->label, name);
  return any;
}

/* Criteria ask for allergies to drugs; of one to food, or to what is touched, it is not said
 * whether it is meant. */
static relation relate_allergy(const th_patient_fact *p) {
  static const th_span end = TH_SPAN(" allergy");
  bool named = p->label.n > end.n &&
               th_span_eq_nocase((th_span){p->label.p + p->label.n - end.n, end.n}, end);
  bool drug = !named || th_span_eq_nocase(p->label, TH_SPAN("drug allergy")) ||
              th_span_eq_nocase(p->label, TH_SPAN("contrast allergy"));
  return drug ? NARROWER : BROADER;
}

static relation relate_genes(const th_elig_fact *f, const th_patient_fact *p) {
  static const relation as[] = {[TH_GENE_OTHER] = OTHER,
                                [TH_GENE_SAME] = SAME,
                                [TH_GENE_NARROWER] = NARROWER,
                                [TH_GENE_BROADER] = BROADER};
  return as[th_gene_relate(f->label, p->label)];
}

/* Criteria ask for alcohol when they mean its abuse; who drinks none does not abuse it. */
static bool says_of_alcohol(const th_elig_fact *f, const th_patient_fact *p) {
  return f->category == TH_ELIG_ALCOHOL && th_span_eq(f->label, TH_SPAN("alcohol")) &&
         (p->absent ? th_span_eq(p->label, TH_SPAN("alcohol use"))
                    : th_span_eq(p->label, TH_SPAN("alcohol abuse")));
}

static relation relate(const th_verdict_patient *v, const th_elig_fact *f, const asked *a,
                       const th_patient_fact *p) {
  /* an allergy to a drug is not the drug; smoking is not alcohol */
  if (p->category != f->category &&
      !(is_plain_category(p->category) && is_plain_category(f->category)))
    return OTHER;
  if (th_span_eq_nocase(p->label, f->label) || says_of_alcohol(f, p)) return SAME;
  if (p->code.n && th_span_eq_nocase(p->code, f->code)) return SAME;
  if (a->term.n && th_span_eq_nocase(p->label, a->term)) return SAME;
  if (names_allergen(f, p->label)) return SAME;
  if (is_any_allergy(f)) return relate_allergy(p);
  if (f->category == TH_ELIG_GENE && p->category == TH_ELIG_GENE) return relate_genes(f, p);
  if (p->category == TH_ELIG_GENE && a->gene.n && th_span_eq(p->label, a->gene)) return SAME;
  uint32_t other = th_other_type(v, p->concept_id);
  for (size_t i = 0; i < a->n && p->concept_id != TH_NO_CONCEPT; i++) {
    uint32_t id = a->ids[i];
    if (p->concept_id == id) return SAME;
    if (other == id) return APART;
    if ((!v->kin || th_kin_is_above(v->kin, id)) && th_concept_is_below(v->dict, p->concept_id, id))
      return NARROWER;
    if ((!v->kin || th_kin_is_below(v->kin, id)) && th_concept_is_below(v->dict, id, p->concept_id))
      return BROADER;
  }
  return is_plain_category(f->category) && is_called_narrower(f->label, p->label) ? NARROWER
                                                                                  : OTHER;
}

/* ---- time ---- */

bool th_fact_ended(const th_patient *p, const th_patient_fact *f) {
  return f->time == TH_ELIG_PAST || (f->has_end && f->end.last_day < p->as_of);
}

/* What happens on a day, and does not last: a date far back is no recent one. */
bool th_is_event(uint8_t category, th_span label) {
  static const char *const ends[] = {"infarction",  "stroke",       "attack",
                                     "embolism",    "hemorrhage",   "fracture",
                                     "trauma",      "injury",       "arrest",
                                     "surgery",     "injuries",     "seizure",
                                     "birth",       "exacerbation", "ketoacidosis",
                                     "haemorrhage", "bleeding",     "acute coronary syndrome",
                                     "overdose",    "perforation",  "concussion"};
  if (category == TH_ELIG_PROCEDURE) return true;
  for (size_t i = 0; i < TH_COUNT(ends); i++) {
    size_t n = strlen(ends[i]);
    if (label.n >= n && th_span_eq_nocase((th_span){label.p + label.n - n, n}, th_span_of(ends[i])))
      return true;
  }
  return false;
}

/* What lasts: a window asks whether it was so at any day of it. */
static bool is_lasting(uint8_t category) {
  return category == TH_ELIG_DRUG || category == TH_ELIG_SMOKING || category == TH_ELIG_ALCOHOL ||
         category == TH_ELIG_OTHER_TRIAL;
}

/* "within 6 months": days back at which it was so, from newest to oldest. */
static th_verdict_truth fits_within(const th_patient *p, const th_patient_fact *f, double days) {
  double least, most;
  bool dated = th_fact_days_ago(p, f, &least, &most), ended = th_fact_ended(p, f);
  bool now = !ended && (f->time == TH_ELIG_CURRENT || is_lasting(f->category));
  if (now && (!dated || least >= 0)) return TH_MET;
  if (dated && most <= days) return least >= 0 ? TH_MET : TH_UNKNOWN;
  if (ended && f->has_end) {
    if (p->as_of - f->end.first_day <= days) return is_lasting(f->category) ? TH_MET : TH_UNKNOWN;
    return p->as_of - f->end.last_day > days ? TH_NOT_MET : TH_UNKNOWN;
  }
  return dated && least > days && th_is_event(f->category, f->label) ? TH_NOT_MET : TH_UNKNOWN;
}

static th_verdict_truth window_fits(const th_patient *p, const th_elig_window *w,
                                    const th_patient_fact *f) {
  double least, most, days = th_window_days(w);
  if (!w->present) return TH_MET;
  if (w->forward || days <= 0) return TH_UNKNOWN;
  if (w->relation == TH_ELIG_LE || w->relation == TH_ELIG_LT) return fits_within(p, f, ceil(days));
  if (w->relation != TH_ELIG_GE && w->relation != TH_ELIG_GT) return TH_UNKNOWN;
  if (!th_fact_days_ago(p, f, &least, &most)) return TH_UNKNOWN;
  if (least >= floor(days)) return TH_MET;
  return most < floor(days) ? TH_NOT_MET : TH_UNKNOWN;
}

static th_verdict_truth time_fits(const th_patient *p, const th_elig_fact *f,
                                  const th_patient_fact *r) {
  if (f->time == TH_ELIG_PLANNED) return r->time == TH_ELIG_PLANNED ? TH_MET : TH_UNKNOWN;
  if (r->time == TH_ELIG_PLANNED) return TH_UNKNOWN;
  bool still = f->time == TH_ELIG_CURRENT || f->category == TH_ELIG_PREGNANCY ||
               f->category == TH_ELIG_LACTATION;
  if (still && f->time != TH_ELIG_PAST && th_fact_ended(p, r)) return TH_NOT_MET;
  return window_fits(p, &f->window, r);
}

/* ---- the record's word ---- */

/* A denial reaches down to the kinds of what is denied; but who has no heart disease, or no
 * significant history of it, may have an infarction today. */
static bool reaches_down(const th_elig_fact *f, const th_patient_fact *p) {
  bool today = f->time != TH_ELIG_PAST && th_is_event(f->category, f->label) &&
               !th_is_event(p->category, p->label);
  return !p->degree.n && !(p->flags & TH_FACT_HISTORY) && !today;
}

/* What one fact of the record says of the criterion's: met, not met, or that it touches it without
 * deciding (unknown). False: nothing to do with it. */
static bool says(const th_verdict_patient *v, const th_elig_fact *f, relation rel,
                 const th_patient_fact *p, th_verdict_truth *out) {
  if (p->certainty == TH_CERTAIN_HYPOTHETICAL) return false;
  if ((p->experiencer == TH_OF_FAMILY) != f->family) return false;
  if (rel == OTHER || (p->absent && (rel == NARROWER || rel == APART))) return false;
  if (p->absent && rel == BROADER && !reaches_down(f, p)) return false;
  /* who has coronary disease need not have had an infarction: a note would tell that */
  bool told = th_is_event(f->category, f->label) && !th_is_event(p->category, p->label);
  if (rel == BROADER && !p->absent && told) return false;
  *out = TH_UNKNOWN;
  if (p->certainty != TH_CERTAIN_STATED) return true;
  if (p->absent) {
    /* "does not smoke" leaves open what was, "no plans" what is */
    bool planned = f->time == TH_ELIG_PLANNED;
    bool fits = planned == (p->time == TH_ELIG_PLANNED) && p->time != TH_ELIG_PAST;
    if (f->time == TH_ELIG_PAST) fits = p->time == TH_ELIG_PAST || p->time == TH_ELIG_TIME_ANY;
    if (fits) *out = f->window.since ? TH_MET : TH_NOT_MET;
    return true;
  }
  if (rel == APART) return *out = TH_NOT_MET, true;
  if (rel == BROADER) return true;
  th_verdict_truth d = th_degree_fits(v, f, p), t = time_fits(v->p, f, p);
  *out = TH_MIN(d, t);
  return true;
}

/* The day of the newest denial, INT32_MIN when none is dated. */
static int32_t denied_on(const th_verdict_patient *v, const th_elig_fact *f, const asked *a) {
  int32_t day = INT32_MIN;
  for (uint32_t i = 0; i < v->n_concepts; i++) {
    const th_patient_fact *p = &v->p->facts[v->concepts[i]];
    th_verdict_truth t;
    if (!p->absent || !p->has_begin || p->begin.last_day <= day) continue;
    relation rel = relate(v, f, a, p);
    if (rel != OTHER && says(v, f, rel, p, &t) && t != TH_UNKNOWN) day = p->begin.last_day;
  }
  return day;
}

/* Decided before undecided, yes before no. */
static bool outweighs(th_verdict_truth a, th_verdict_truth b) {
  if ((a == TH_UNKNOWN) != (b == TH_UNKNOWN)) return b == TH_UNKNOWN;
  return a != b && a == TH_MET;
}

static uint8_t rule_of(const th_elig_fact *f, relation rel, const th_patient_fact *p) {
  const bool absent = p->absent;
  if (absent && f->window.since) return TH_RULE_NEVER;
  if (rel == NARROWER) return TH_RULE_NARROWER;
  if (rel == APART) return TH_RULE_APART;
  if (rel == BROADER && absent) return TH_RULE_BROADER_ABSENT;
  return p->flags & TH_FACT_DERIVED ? TH_RULE_IMPLIED : TH_RULE_NONE;
}

/* It is there, and only of what degree is not told. */
static bool lacks_degree(const th_verdict_patient *v, const th_elig_fact *f, relation rel,
                         const th_patient_fact *p) {
  return (rel == SAME || rel == NARROWER) && !p->absent && f->degree.n &&
         p->certainty == TH_CERTAIN_STATED && th_degree_fits(v, f, p) == TH_UNKNOWN &&
         time_fits(v->p, f, p) == TH_MET;
}

/* A yes that is older than a denial counts no longer, so that the order of facts decides nothing.
 * Sets *touched when the record speaks of it at all. */
static void judge_record(const th_verdict_patient *v, const th_elig_fact *f, th_verdict_fact *out,
                         bool *touched) {
  *touched = false;
  if (v->kin && !th_kin_may(v->kin, f)) return;
  asked a = asked_of(v, f);
  int32_t denied = denied_on(v, f, &a);
  th_verdict_truth best = TH_UNKNOWN;
  for (uint32_t i = 0; i < v->n_concepts; i++) {
    const th_patient_fact *p = &v->p->facts[v->concepts[i]];
    th_verdict_truth t;
    relation rel = relate(v, f, &a, p);
    if (rel == OTHER || !says(v, f, rel, p, &t)) continue;
    if (t == TH_UNKNOWN && lacks_degree(v, f, rel, p)) out->flags |= TH_SAYS_DEGREE;
    bool first = !*touched;
    *touched = true;
    if (t == TH_MET && p->has_begin && p->begin.last_day < denied) t = TH_UNKNOWN;
    if (!first && !outweighs(t, best)) continue;
    best = t;
    out->patient = v->concepts[i];
    out->rule = rule_of(f, rel, p);
  }
  if (best != TH_UNKNOWN)
    th_decide(out, best == TH_MET, out->rule ? TH_BASIS_DERIVED : TH_BASIS_STATED, out->rule,
              out->patient);
}

/* ---- rules ---- */

static bool names_menopause(th_span label) {
  static const char *const labels[] = {"menopause", "postmenopausal", "post-menopausal",
                                       "postmenopause"};
  for (size_t i = 0; i < TH_COUNT(labels); i++)
    if (th_span_eq_nocase(label, th_span_of(labels[i]))) return true;
  return false;
}

static bool names_no_uterus(th_span label) {
  static const char *const labels[] = {"hysterectomy", "total hysterectomy",
                                       "bilateral oophorectomy", "surgical menopause"};
  for (size_t i = 0; i < TH_COUNT(labels); i++)
    if (th_span_eq_nocase(label, th_span_of(labels[i]))) return true;
  return names_menopause(label);
}

static bool is_without_uterus(const th_patient *p, const th_patient_fact *f, bool menopause) {
  if (f->absent || f->experiencer != TH_OF_PATIENT || f->certainty != TH_CERTAIN_STATED ||
      f->time == TH_ELIG_PLANNED || (f->has_begin && f->begin.last_day > p->as_of))
    return false;
  return menopause ? names_menopause(f->label) : names_no_uterus(f->label);
}

/* The fact that rules pregnancy out; of nursing the menopause alone does. */
static uint32_t no_uterus(const th_verdict_patient *v, bool menopause) {
  for (uint32_t i = 0; i < v->n_concepts; i++)
    if (is_without_uterus(v->p, &v->p->facts[v->concepts[i]], menopause)) return v->concepts[i];
  return TH_NO_FACT;
}

bool th_verdict_barren(const th_verdict_patient *v) {
  return no_uterus(v, false) != TH_NO_FACT;
}

/* Pregnancy and nursing that the record does not speak of. */
static void judge_pregnancy(const th_verdict_patient *v, const th_elig_fact *f,
                            th_verdict_fact *out) {
  double low, high;
  uint8_t rule = TH_RULE_NONE;
  uint32_t fact = TH_NO_FACT;
  if (f->family) return;
  if (v->p->sex == 'M') {
    rule = TH_RULE_MAN;
  } else if (th_age_completed(v, "a", &low, &high) && high < 8) {
    rule = TH_RULE_CHILD;
  } else if (f->time == TH_ELIG_PAST) {
    return; /* a woman of any age may have been */
  } else if (th_age_completed(v, "a", &low, &high) && low >= 60) {
    rule = TH_RULE_PAST_FERTILE;
  } else if ((fact = no_uterus(v, f->category == TH_ELIG_LACTATION)) != TH_NO_FACT) {
    rule = TH_RULE_NO_UTERUS;
  }
  if (rule != TH_RULE_NONE) th_decide(out, false, TH_BASIS_DERIVED, rule, fact);
}

/* Who gives consent is able to. */
static void judge_capacity(const th_verdict_patient *v, th_verdict_fact *out) {
  for (uint32_t i = 0; i < v->n_concepts; i++) {
    const th_patient_fact *p = &v->p->facts[v->concepts[i]];
    if (p->category == TH_ELIG_CONSENT && !p->absent && p->experiencer == TH_OF_PATIENT &&
        p->certainty == TH_CERTAIN_STATED)
      th_decide(out, true, TH_BASIS_DERIVED, TH_RULE_CONSENTS, v->concepts[i]);
  }
}

static bool asks_capacity(const th_elig_fact *f) {
  return f->category == TH_ELIG_CAPACITY && th_span_eq(f->label, TH_SPAN("capacity to decide"));
}

static void judge_sex(const th_verdict_patient *v, const th_elig_fact *f, th_verdict_fact *out) {
  char want = th_span_eq(f->label, TH_SPAN("male"))     ? 'M'
              : th_span_eq(f->label, TH_SPAN("female")) ? 'F'
                                                        : 0;
  bool all = th_span_eq(f->label, TH_SPAN("all"));
  if (all || (want && (v->p->sex == 'M' || v->p->sex == 'F')))
    th_decide(out, all || v->p->sex == want, TH_BASIS_STATED, TH_RULE_SEX, TH_NO_FACT);
}

void th_judge_concept(const th_verdict_patient *v, const th_elig_fact *f, th_verdict_presume mode,
                      th_verdict_fact *out) {
  bool touched, carries = f->category == TH_ELIG_PREGNANCY || f->category == TH_ELIG_LACTATION;
  if (f->category == TH_ELIG_SEX) {
    judge_sex(v, f, out);
    return;
  }
  judge_record(v, f, out, &touched);
  if (!touched && carries) judge_pregnancy(v, f, out);
  if (!touched && asks_capacity(f)) judge_capacity(v, out);
  if (!touched) th_judge_by_value(v, f, out);
  if (touched || out->truth != TH_UNKNOWN) return;
  out->presumed = th_presumed(f->category, mode);
  if (out->presumed == TH_NOT_MET && th_doubt_silence(v, f)) {
    out->presumed = TH_UNKNOWN;
    out->flags |= TH_SAYS_DOUBTED;
  }
  if (out->presumed == TH_UNKNOWN) return;
  out->basis = TH_BASIS_PRESUMED;
  out->rule = out->presumed == TH_MET ? TH_RULE_CONSENT : TH_RULE_SILENCE;
}

void th_concepts_bear(bool *out, const th_concepts *dict, const th_elig_tree *tree,
                      const th_elig_fact *f, const th_patient_fact *facts, uint32_t n) {
  th_verdict_patient v = {.dict = dict};
  th_verdict_types(&v);
  const th_elig_guard *g = &f->guard;
  bool concept = f->type == TH_ELIG_CONCEPT;
  bool words = g->kind != TH_ELIG_NO_GUARD && !g->sex && !g->has_age;
  asked a = {0};
  if (concept) a = asked_of(&v, f);
  for (uint32_t i = 0; i < n; i++) {
    const th_patient_fact *p = &facts[i];
    if (p->type != TH_FACT_CONCEPT) continue;
    out[i] = (concept && relate(&v, f, &a, p) != OTHER) ||
             (concept && f->category == TH_ELIG_PREGNANCY && names_no_uterus(p->label)) ||
             (concept && f->category == TH_ELIG_LACTATION && names_menopause(p->label)) ||
             (concept && th_degree_metastatic(f->degree) &&
              (th_degree_metastases(p->label) || th_degree_metastases(p->degree))) ||
             (concept && p->category == TH_ELIG_CONSENT && asks_capacity(f)) ||
             (!concept && th_definition_names(f->attribute, p->label)) ||
             (words && th_words_name((th_span){tree->text.p + g->from, g->to - g->from}, p->label));
  }
}
