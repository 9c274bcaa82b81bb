#include "concept/modified.h"

#include "concept/key.h"

#define NONE UINT32_MAX

static const char *const modifiers[] = {"metastatic",
                                        "advanced",
                                        "locally",
                                        "localized",
                                        "early",
                                        "late",
                                        "recurrent",
                                        "relapsed",
                                        "relapsing",
                                        "refractory",
                                        "unresectable",
                                        "resectable",
                                        "inoperable",
                                        "operable",
                                        "severe",
                                        "moderate",
                                        "mild",
                                        "acute",
                                        "subacute",
                                        "chronic",
                                        "persistent",
                                        "intermittent",
                                        "episodic",
                                        "uncontrolled",
                                        "controlled",
                                        "symptomatic",
                                        "asymptomatic",
                                        "active",
                                        "stable",
                                        "progressive",
                                        "newly",
                                        "diagnosed",
                                        "untreated",
                                        "previously",
                                        "treated",
                                        "treatment",
                                        "resistant",
                                        "primary",
                                        "secondary",
                                        "idiopathic",
                                        "familial",
                                        "hereditary",
                                        "congenital",
                                        "sporadic",
                                        "invasive",
                                        "adult",
                                        "childhood",
                                        "pediatric",
                                        "juvenile",
                                        "neonatal",
                                        "elderly",
                                        "postmenopausal",
                                        "premenopausal",
                                        "postoperative",
                                        "her2",
                                        "er",
                                        "pr",
                                        "hr",
                                        "hormone",
                                        "receptor",
                                        "estrogen",
                                        "progesterone",
                                        "triple",
                                        "positive",
                                        "negative",
                                        "egfr",
                                        "kras",
                                        "braf",
                                        "alk",
                                        "brca",
                                        "mutated",
                                        "mutant",
                                        "mutation",
                                        "castration",
                                        "sensitive",
                                        "platinum",
                                        "steroid",
                                        "dependent",
                                        "moderately",
                                        "severely",
                                        "and",
                                        "to",
                                        "or"};

/* Words that only join modifiers. */
static bool is_joint(th_span w) {
  return th_span_eq(w, TH_SPAN("and")) || th_span_eq(w, TH_SPAN("to")) ||
         th_span_eq(w, TH_SPAN("or"));
}

typedef struct finder {
  const th_concept_draft *d;
  bool *modifies;      /* by word */
  uint32_t stage;      /* the word */
  uint32_t *owner;     /* by phrase: the concept's cluster that it names, NONE */
  bool *coded, *under; /* by cluster: has a code of its own, has a parent */
  uint32_t metastasis; /* a cluster */
  th_draft_link *links;
  size_t n, cap;
} finder;

static bool names(const finder *f, const d_label *l) {
  return f->d->concepts[l->concept_id].kind == TH_CONCEPT_CONDITION &&
         l->relation <= TH_LABEL_SYNONYM &&
         !(l->flags & (TH_LABEL_AMBIGUOUS | TH_LABEL_UPPER | TH_LABEL_COMMON));
}

static uint32_t cluster_of(const finder *f, const d_label *l) {
  return f->d->concepts[l->concept_id].cluster;
}

/* Which concept a phrase names: one with a code before one without, then the first. */
static void settle_owners(finder *f, const d_label *labels, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const d_label *l = &labels[i];
    if (!names(f, l)) continue;
    uint32_t *at = &f->owner[l->phrase], cluster = cluster_of(f, l);
    if (*at == NONE || (f->coded[cluster] && !f->coded[*at])) *at = cluster;
  }
}

/* The number of a word, NONE when no label has it. */
static uint32_t word_of(const th_concept_draft *d, th_span word) {
  char key[TH_KEY_MAX];
  size_t n = th_concept_key((th_span){0}, word, key);
  return th_distinct_find(&d->words, (th_span){key, n});
}

static void mark_known(finder *f) {
  const th_concept_draft *d = f->d;
  uint32_t word;
  for (size_t i = 0; i < d->n_xrefs; i++)
    if (d->xrefs[i].own) f->coded[d->concepts[d->xrefs[i].concept_id].cluster] = true;
  for (size_t i = 0; i < d->n_parents; i++)
    f->under[d->concepts[d->parents[i].concept_id].cluster] = true;
  for (size_t i = 0; i < TH_COUNT(modifiers); i++)
    if ((word = word_of(d, th_span_of(modifiers[i]))) != NONE) f->modifies[word] = true;
  f->stage = word_of(d, TH_SPAN("stage"));
}

/* Words of the first modifier of the phrase; 0 when it begins with none. */
static uint32_t first_modifier(const finder *f, const uint32_t *words, uint32_t n) {
  if (n > 2 && words[0] == f->stage) return 2;
  if (n < 2 || !f->modifies[words[0]]) return 0;
  return 1;
}

static int add(finder *f, uint32_t from, uint32_t to) {
  if (to == NONE || from == to) return 0;
  th_draft_link *links = th_draft_grown(f->links, &f->cap, f->n, sizeof *links);
  if (!links) return TH_ENOMEM;
  f->links = links;
  links[f->n++] = (th_draft_link){from, to};
  return 0;
}

/* The longest rest behind modifiers that is a name. */
static int link_label(finder *f, const d_label *l) {
  const th_concept_draft *d = f->d;
  th_span phrase = d->phrases.items[l->phrase];
  const uint32_t *words = (const uint32_t *)(const void *)phrase.p;
  uint32_t n = (uint32_t)(phrase.n / sizeof *words), cluster = cluster_of(f, l), k = 0, step;
  bool spread = false;
  int rc = 0;
  if (!names(f, l) || f->under[cluster]) return 0;
  while ((step = first_modifier(f, words + k, n - k)) > 0) {
    spread |= th_span_eq(d->words.items[words[k]], TH_SPAN("metastatic"));
    k += step;
    if (is_joint(d->words.items[words[k - 1]])) continue;
    uint32_t rest = th_distinct_find(&d->phrases,
                                     (th_span){(const char *)(words + k), (n - k) * sizeof *words});
    uint32_t to = rest == NONE ? NONE : f->owner[rest];
    if (to == NONE || to == cluster) continue;
    rc = add(f, cluster, to);
    if (!rc && spread) rc = add(f, cluster, f->metastasis);
    break;
  }
  return rc;
}

static uint32_t find_metastasis(const finder *f) {
  const th_concept_draft *d = f->d;
  uint32_t words[] = {word_of(d, TH_SPAN("neoplasm")), word_of(d, TH_SPAN("metastasis"))};
  if (words[0] == NONE || words[1] == NONE) return NONE;
  uint32_t phrase = th_distinct_find(&d->phrases, (th_span){(const char *)words, sizeof words});
  return phrase == NONE ? NONE : f->owner[phrase];
}

int th_draft_modified(const th_concept_draft *d, const d_label *labels, size_t n_labels,
                      th_draft_link **out, size_t *n) {
  finder f = {.d = d,
              .modifies = calloc((size_t)d->words.n + 1, sizeof *f.modifies),
              .owner = malloc(((size_t)d->phrases.n + 1) * sizeof *f.owner),
              .coded = calloc((size_t)d->n_clusters + 1, sizeof *f.coded),
              .under = calloc((size_t)d->n_clusters + 1, sizeof *f.under)};
  int rc = f.modifies && f.owner && f.coded && f.under ? 0 : TH_ENOMEM;
  if (!rc) {
    memset(f.owner, 0xFF, ((size_t)d->phrases.n + 1) * sizeof *f.owner);
    mark_known(&f);
    settle_owners(&f, labels, n_labels);
    f.metastasis = find_metastasis(&f);
  }
  for (size_t i = 0; !rc && i < n_labels; i++)
    rc = link_label(&f, &labels[i]);
  free(f.modifies);
  free(f.owner);
  free(f.coded);
  free(f.under);
  if (rc) {
    free(f.links);
    f.links = NULL;
    f.n = 0;
  }
  *out = f.links;
  *n = f.n;
  return rc;
}
