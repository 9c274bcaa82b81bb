#include "eligibility/meaning.h"

#include <stdio.h>

#include "eligibility/infections.h"
#include "eligibility/lexicon.h"

#define E(text)                                                                                    \
  { text, sizeof(text) - 1 }

typedef struct fixed {
  const char *text;
  size_t n;
} fixed;

/* Names of several words that stand in criteria as everyday words; single ones: lexicon.def. */
static const fixed everyday[] = {E("clinical trial"),
                                 E("clinical trials"),
                                 E("intensive care unit"),
                                 E("physical activity"),
                                 E("infection site"),
                                 E("healthy volunteers"),
                                 E("healthy volunteer"),
                                 E("healthy subjects"),
                                 E("quality of life"),
                                 E("standard of care"),
                                 E("usual care"),
                                 E("follow-up"),
                                 E("follow up"),
                                 E("acute disease"),
                                 E("chronic disease"),
                                 E("informed consent"),
                                 E("risk factors"),
                                 E("vital signs"),
                                 E("trauma center"),
                                 E("disability evaluation"),
                                 E("systemic disease"),
                                 E("iron level"),
                                 E("pregnancy test"),
                                 E("pregnancy tests"),
                                 E("physical examination"),
                                 E("health status"),
                                 E("vital sign"),
                                 E("general health")};

static bool is_among(th_span s, const fixed *list, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (s.n == list[i].n && (s.p[0] | 32) == list[i].text[0] &&
        th_span_eq_nocase(s, (th_span){list[i].text, list[i].n}))
      return true;
  return false;
}

bool th_elig_is_everyday(th_span s) {
  th_elig_token word = {.kind = TH_ELIG_WORD, .to = (uint32_t)s.n};
  if (s.n == 0 || s.n > UINT32_MAX) return false;
  if (memchr(s.p, ' ', s.n) || memchr(s.p, '-', s.n))
    return is_among(s, everyday, TH_COUNT(everyday));
  word.key = th_elig_word_key(s);
  return th_elig_word_classes(s, &word) & TH_ELIG_W_EVERYDAY;
}

/* ---- kinds ---- */

/* Whether the concept stands below the signs and symptoms, and is no disease of the body's
 * economy as well (obesity). */
static bool is_symptom(const th_elig_lexicon *x, uint32_t id) {
  enum { FAR = 48 };
  uint32_t stack[FAR], n = 0;
  if (x->symptoms == UINT32_MAX) return false;
  stack[n++] = id;
  for (uint32_t i = 0; i < n; i++) {
    th_concept c;
    if (stack[i] == x->symptoms) return i > 0;
    if (!th_concepts_get(x->dict, stack[i], &c)) continue;
    for (uint32_t p = 0; p < c.n_parents && n < FAR; p++)
      stack[n++] = c.parents[p];
  }
  return false;
}

/* Studies name procedures among their conditions too: the name tells. */
static bool is_procedure(th_span label) {
  static const fixed ends[] = {E("surgery"),
                               E("ectomy"),
                               E("plasty"),
                               E("otomy"),
                               E("scopy"),
                               E("transplantation"),
                               E("transplant"),
                               E("imaging"),
                               E("biopsy"),
                               E("dialysis"),
                               E("radiotherapy"),
                               E("chemotherapy"),
                               E("anesthesia"),
                               E("vaccination"),
                               E("catheterization"),
                               E("intubation"),
                               E("ventilation"),
                               E("graphy"),
                               E("tomography"),
                               E("procedures"),
                               E("stent"),
                               E("bypass"),
                               E("transfusion"),
                               E("radiation"),
                               E("surgeries"),
                               E("implantation"),
                               E("ablation"),
                               E("mri"),
                               E("hemodialysis"),
                               E("rehabilitation"),
                               E("psychotherapy"),
                               E("resection"),
                               E("anaesthesia"),
                               E("immunotherapy"),
                               E("replacement therapy"),
                               E("anesthesia, general"),
                               E("ultrasound"),
                               E("ultrasonography"),
                               E("hormonal therapy")};
  for (size_t i = 0; i < TH_COUNT(ends); i++) {
    size_t n = ends[i].n;
    if (label.n < n || (label.p[label.n - 1] | 32) != ends[i].text[n - 1]) continue;
    if (th_span_eq_nocase((th_span){label.p + label.n - n, n}, (th_span){ends[i].text, n}))
      return true;
  }
  return false;
}

/* "cytotoxic drugs" are given, though "chemotherapy" means the same. */
static bool is_given(th_span label) {
  static const fixed ends[] = {E("drug"), E("drugs"), E("agent"), E("agents"), E("medication")};
  for (size_t i = 0; i < TH_COUNT(ends); i++) {
    size_t n = ends[i].n;
    if (label.n > n &&
        th_span_eq_nocase((th_span){label.p + label.n - n, n}, (th_span){ends[i].text, n}))
      return true;
  }
  return false;
}

static int category_of(const th_elig_lexicon *x, uint32_t id, th_concept_kind kind) {
  switch (kind) {
  case TH_CONCEPT_CONDITION:
    return is_symptom(x, id) ? TH_ELIG_FINDING : TH_ELIG_CONDITION;
  case TH_CONCEPT_DRUG:
  case TH_CONCEPT_DRUG_CLASS:
    return TH_ELIG_DRUG;
  case TH_CONCEPT_PROCEDURE:
  case TH_CONCEPT_DEVICE:
    return TH_ELIG_PROCEDURE;
  case TH_CONCEPT_ORGANISM:
    return TH_ELIG_ORGANISM;
  case TH_CONCEPT_GENE:
    return TH_ELIG_GENE;
  default:
    return -1;
  }
}

bool th_elig_names_allergy(th_span s) {
  static const fixed words[] = {E("allerg"), E("hypersensitivit"), E("anaphyla")};
  for (size_t i = 0; i + 6 <= s.n; i++) {
    if ((s.p[i] | 32) != 'a' && (s.p[i] | 32) != 'h') continue;
    for (size_t w = 0; w < TH_COUNT(words); w++)
      if (i + words[w].n <= s.n &&
          th_span_eq_nocase((th_span){s.p + i, words[w].n}, (th_span){words[w].text, words[w].n}))
        return true;
  }
  return false;
}

/* ---- labels ---- */

static th_span own_code(const th_concepts *d, const th_concept *c) {
  th_span best = {0};
  for (uint32_t i = 0; i < c->n_codes; i++) {
    bool own;
    th_span code = th_concepts_code(d, c->first_code + i, &own);
    if (!best.n || (own && code.n > 5 && !memcmp(code.p, "MESH:", 5))) best = code;
  }
  return best;
}

/* Symptoms of the Disease Ontology are of no kind, their codes tell. */
static th_elig_meaning mean(const th_elig_lexicon *x, uint32_t number) {
  th_label label;
  th_concept c;
  th_elig_meaning m = {.label = number + 1, .category = -1};
  if (!th_concepts_label(x->dict, number, &label) ||
      !th_concepts_get(x->dict, label.concept_id, &c))
    return m;
  m.category = category_of(x, label.concept_id, c.kind);
  m.name = c.label;
  m.code = own_code(x->dict, &c);
  if (m.category < 0 && m.code.n > 5 && !memcmp(m.code.p, "SYMP:", 5)) m.category = TH_ELIG_FINDING;
  if ((m.category == TH_ELIG_CONDITION || (m.category == TH_ELIG_DRUG && !is_given(label.text))) &&
      (is_procedure(c.label) || is_procedure(label.text)))
    m.category = TH_ELIG_PROCEDURE;
  return m;
}

/* What labels mean is kept by the matcher, at one place each: the same ones come again and again.
 */
enum { MEANING_BITS = 13, MEANINGS = 1 << MEANING_BITS };

struct th_elig_memo {
  bool known; /* symptoms and infections were looked for */
  uint32_t symptoms;
  th_elig_named infections[TH_ELIG_N_INFECTIONS];
  th_elig_meaning meanings[MEANINGS];
};

static const th_elig_meaning *kept(const th_elig_lexicon *x, uint32_t number) {
  th_elig_meaning *m = &x->memo->meanings[(number * 0x9E3779B1u) >> (32 - MEANING_BITS)];
  if (m->label != number + 1) *m = mean(x, number);
  return m;
}

th_elig_meaning th_elig_meaning_of(const th_elig_lexicon *x, const th_mention *mention) {
  th_elig_meaning best = {.category = -1};
  for (uint32_t i = 0; i < mention->n_labels; i++) {
    const th_elig_meaning *m = kept(x, mention->labels[i]);
    if (m->category < 0 || (best.category >= 0 && m->code.n == 0)) continue;
    best = *m;
    if (m->code.n) break;
  }
  return best;
}

typedef struct naming {
  const th_elig_lexicon *x;
  size_t n;
  th_elig_named *out;
} naming;

static int take_name(void *ctx, const th_mention *m) {
  naming *r = ctx;
  th_elig_meaning meant = th_elig_meaning_of(r->x, m);
  if (m->from == 0 && m->to == r->n && meant.category == TH_ELIG_CONDITION)
    *r->out = (th_elig_named){meant.name, meant.code};
  return 0;
}

/* What the dictionary calls an infection that tests tell: by its code in our own vocabulary, which
 * each dictionary of a registry has, whatever it was joined with, else by its name. Memory that
 * runs out leaves it unnamed. */
static void name_infection(const th_elig_lexicon *x, const char *name, th_elig_named *out) {
  char code[64];
  uint32_t id;
  th_concept c;
  int n = snprintf(code, sizeof code, "TRIALHEAD:%s", name);
  for (char *p = code; *p; p++)
    if (*p == ' ') *p = '_';
  if (n > 0 && th_concepts_by_code(x->dict, (th_span){code, (size_t)n}, &id, 1) > 0 &&
      th_concepts_get(x->dict, id, &c)) {
    *out = (th_elig_named){c.label, own_code(x->dict, &c)};
    return;
  }
  naming r = {x, strlen(name), out};
  (void)!th_concepts_match(x->dict, x->matcher, th_span_of(name), TH_MATCH_ANY_CASE, take_name, &r,
                           NULL);
}

void th_elig_lexicon_init(th_elig_lexicon *x, const th_concepts *dict, th_concept_matcher *m) {
  *x = (th_elig_lexicon){.dict = dict, .matcher = m, .symptoms = UINT32_MAX};
  uint32_t id;
  x->memo = m ? th_concept_matcher_memo(m, dict, sizeof *x->memo) : NULL;
  if (x->memo) x->terms.infections = x->memo->infections;
  if (x->memo && x->memo->known) {
    x->symptoms = x->memo->symptoms;
    return;
  }
  if (th_concepts_by_code(dict, TH_SPAN("MESH:D012816"), &id, 1) > 0) x->symptoms = id;
  if (!x->memo) return;
  x->memo->symptoms = x->symptoms;
  for (size_t k = 0; k < TH_ELIG_N_INFECTIONS; k++)
    name_infection(x, th_elig_infection_names[k], &x->memo->infections[k]);
  x->memo->known = true;
}

int th_elig_category_of_concept(const th_concepts *dict, uint32_t concept_id) {
  th_elig_lexicon x;
  th_concept c;
  if (!th_concepts_get(dict, concept_id, &c)) return -1;
  th_elig_lexicon_init(&x, dict, NULL);
  int category = category_of(&x, concept_id, c.kind);
  return category == TH_ELIG_CONDITION && is_procedure(c.label) ? TH_ELIG_PROCEDURE : category;
}
