#include "eligibility/concepts.h"

#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/categories.h"
#include "eligibility/context.h"
#include "eligibility/ellipsis.h"
#include "eligibility/genes.h"
#include "eligibility/keys.h"
#include "eligibility/lexicon.h"
#include "eligibility/meaning.h"
#include "eligibility/phrases.h"
#include "eligibility/results.h"

typedef struct reader {
  th_elig_leaf *l;
  th_elig_lexicon *lexicon;
  th_elig_context context;
  uint32_t token;     /* tokens before it end before the mention looked at */
  uint32_t first_own; /* first fact that is a concept of ours */
  uint32_t exception; /* token of the exception that was hung on a fact last */
  uint32_t reaction;  /* 1 + fact of an "allergy" not yet said to what; its token */
  uint32_t reaction_at;
  bool by_spelling; /* genes are looked for, which come before all others */
} reader;

/* ---- what is said already ---- */

static bool overlaps(const th_elig_fact *f, uint32_t from, uint32_t to) {
  return f->from < to && from < f->to;
}

/* "No more than 3 prior infections": a count of no attribute says nothing of what it counts. */
static bool counts(const th_elig_fact *f) {
  return f->attribute == TH_ELIG_ATTRIBUTE_OTHER && !f->unit && f->value_to > f->value_from &&
         f->name_from >= f->value_to;
}

/* Where a mention stands: by itself, in what is said already (a value's own words; a category's,
 * unless the mention goes further), in the condition of a value, or beside a value's name. */
typedef enum standing { BY_ITSELF, SAID, IN_GUARD, IN_PART } standing;

static standing stands(const reader *r, uint32_t from, uint32_t to) {
  const th_elig_facts *all = r->l->facts;
  for (uint32_t i = r->l->first_fact; i < all->n; i++) {
    const th_elig_fact *f = &all->p[i];
    if (f->guard.kind && i < r->first_own && f->guard.from < to && from < f->guard.to)
      return IN_GUARD;
    if (!overlaps(f, from, to)) continue;
    if (f->type == TH_ELIG_NUMERIC) {
      if (counts(f) && from >= f->value_to) continue;
      bool own =
          (f->name_from < to && from < f->name_to) || (f->value_from < to && from < f->value_to);
      return own || i >= r->first_own ? SAID : IN_PART;
    }
    if (f->category < TH_ELIG_PREGNANCY) return SAID;
    if (f->category == TH_ELIG_SEX) continue;
    if (to - from <= f->to - f->from || (f->from <= from && to <= f->to)) return SAID;
  }
  return BY_ITSELF;
}

/* "steroid_dose", how many antihypertensives: the drug's own name is what is measured. */
static bool is_dose(int phrase) {
  const char *key = th_elig_attributes[th_elig_phrase_get(phrase)->value].key;
  size_t n = strlen(key);
  return (n > 5 && !strcmp(key + n - 5, "_dose")) || !strcmp(key, "antihypertensives");
}

/* "taking ASA", "folic acid supplements": words beside an analyte's name that make it what is
 * taken. */
static bool is_taken(const reader *r, uint32_t first, uint32_t end) {
  enum { BEFORE = 4, BEHIND = 2 };
  static th_elig_set taken = TH_ELIG_SET(
      "treatment|treated|therapy|use|usage|using|taking|take|takes|receiving|receive|received|"
      "medication|drug|supplement|supplementation|intake|administration|prescribed|containing|"
      "consumption|allergy|allergic|hypersensitivity|dose|daily|injection|infusion|"
      "acetylsalicylic|"
      "involving");
  static th_elig_set measured =
      TH_ELIG_SET("level|concentration|serum|plasma|test|class|classification|score|status|grade|"
                  "deficiency|metabolism|elevated|abnormal|normal|if|requirement");
  bool is = false;
  for (uint32_t i = first > BEFORE ? first - BEFORE : 0; i < end + BEHIND && i < r->l->tokens.n;
       i++) {
    const th_elig_token *t = &r->l->tokens.p[i];
    if (i >= first && i < end) continue;
    if (th_elig_among(&measured, t)) return false;
    is |= th_elig_among(&taken, t);
  }
  return is;
}

static bool is_mentioned_attribute(const reader *r, const th_elig_term *t) {
  for (uint32_t i = 0; i < r->l->n_mentions; i++)
    if (r->l->mentions[i].first <= t->first && t->end <= r->l->mentions[i].end) return true;
  return false;
}

/* "GM-CSF or erythropoietin": in a list beside what is only ever given, an analyte is given too. */
static bool is_listed_with_drug(const reader *r, const th_elig_term *t) {
  static th_elig_set joint = TH_ELIG_SET("or|and|,|/");
  const th_elig_terms *v = &r->lexicon->terms;
  uint32_t before = t->first, behind = t->end;
  while (before > 0 && th_elig_among(&joint, &r->l->tokens.p[before - 1]))
    before--;
  while (behind < r->l->tokens.n && th_elig_among(&joint, &r->l->tokens.p[behind]))
    behind++;
  for (uint32_t k = 0; k < v->n; k++) {
    const th_elig_term *o = &v->p[k];
    bool beside =
        (before < t->first && o->end == before) || (behind > t->end && o->first == behind);
    if (beside && o->category == TH_ELIG_DRUG && o->code.n && !is_mentioned_attribute(r, o))
      return true;
  }
  return false;
}

/* Studies name some of what they measure among their conditions. */
static bool is_measure(const reader *r, uint32_t end) {
  static th_elig_set measures =
      TH_ELIG_SET("pressure|index|mass|rate|weight|count|level|function|score|status|temperature|"
                  "age|fraction|volume|concentration|expectancy|time|scale|height|test");
  return th_elig_among(&measures, &r->l->tokens.p[end - 1]);
}

/* What dictionaries have among the drugs, though criteria measure it far more often than not. */
static bool is_analyte(const reader *r, const th_elig_term *t) {
  static th_elig_set words =
      TH_ELIG_SET("sodium|potassium|magnesium|calcium|phosphate|phosphorus|chloride|bicarbonate|"
                  "creatinine|fsh|pth|alt|ast|bun|folate|zinc|copper");
  return th_elig_among(&words, &r->l->tokens.p[t->end - 1]);
}

/* What laboratories and wards measure and dictionaries have for tumours, genes and procedures. */
static bool is_laboratory_name(const reader *r, const th_elig_term *t) {
  static th_elig_set words =
      TH_ELIG_SET("alt|bp|bmi|inr|gfr|ptt|aptt|cr|tlc|crp|esr|ldh|hba1c|load|"
                  "acuity|acuities|ffr|lvef|fev1|fvc|spo2|hr");
  return th_elig_among(&words, &r->l->tokens.p[t->end - 1]);
}

/* An attribute's name without a value: "blood pressure", and what it is called as a concept. An
 * analyte that dictionaries have among the drugs is its measure: *named then tells it. */
static bool is_attribute(const reader *r, const th_elig_term *t, th_elig_term *measure,
                         bool *named) {
  *named = false;
  for (uint32_t i = 0; i < r->l->n_mentions; i++) {
    const th_elig_mention *m = &r->l->mentions[i];
    if (m->first > t->first || t->end > m->end) continue;
    if (t->category != TH_ELIG_DRUG) {
      bool is = is_laboratory_name(r, t) || is_measure(r, t->end);
      *named = is && th_elig_measure_of(r->l, i, measure);
      return is;
    }
    if (is_dose(m->phrase) || is_taken(r, t->first, t->end) || is_listed_with_drug(r, t))
      return false;
    *named = is_analyte(r, t) && th_elig_measure_of(r->l, i, measure);
    return true;
  }
  return false;
}

static bool is_category(const reader *r, uint32_t first, uint32_t end) {
  uint32_t behind;
  int p = th_elig_phrase_at(r->l->text, r->l->tokens.p, r->l->tokens.n, first, TH_ELIG_F_CATEGORY,
                            &behind);
  return p >= 0 && behind >= end && !th_elig_category_blocks(p);
}

/* ---- adding ---- */

static void set_window(reader *r, th_elig_fact *f, uint32_t first, uint32_t end) {
  const th_elig_when *w = th_elig_window_near(r->l, first, end);
  if (!w) return;
  f->window = w->window;
  bool back = !w->window.forward && w->window.relation <= TH_ELIG_LE;
  if (f->time == TH_ELIG_TIME_ANY && back && !f->family) f->time = TH_ELIG_PAST;
}

/* "cancer, except basal cell carcinoma": the facts before it in its sentence hold unless it does.
 */
static void hang_exception(reader *r, uint32_t at, uint32_t end) {
  th_elig_leaf *l = r->l;
  uint32_t own = l->facts->n - l->first_fact;
  for (uint32_t k = own; k-- > 0;) {
    th_elig_fact *f = &l->facts->p[l->first_fact + k];
    if (f->type != TH_ELIG_CONCEPT || th_elig_is_broken(l, l->fact_token[2 * k + 1], at)) continue;
    if (l->fact_token[2 * k + 1] > at) continue;
    bool same = f->guard.kind == TH_ELIG_UNLESS && r->exception == at;
    if (f->guard.kind && !same) continue;
    f->guard.kind = TH_ELIG_UNLESS;
    if (!same) f->guard.from = l->tokens.p[TH_MIN(at + 1, end - 1)].from;
    f->guard.to = l->tokens.p[end - 1].to;
  }
  r->exception = at;
}

static void set_label(reader *r, th_elig_fact *f, const th_elig_setting *s, th_span label) {
  th_arena *arena = r->l->facts->arena;
  const char *before = s->role == TH_ELIG_CONTRAINDICATION ? "contraindication to "
                       : s->role == TH_ELIG_RISK           ? "risk of "
                                                           : "";
  const char *zero = label.n ? memchr(label.p, 0, label.n) : NULL;
  size_t n = strlen(before), rest = zero ? (size_t)(zero - label.p) : label.n;
  char *text = th_arena_alloc(arena, n + rest + 1);
  if (!text) {
    r->l->facts->failed = true;
    return;
  }
  memcpy(text, before, n);
  if (rest) memcpy(text + n, label.p, rest);
  text[n + rest] = 0;
  f->label = (th_span){text, n + rest};
  if (n) {
    f->category = TH_ELIG_FINDING;
    f->code = (th_span){0};
  }
}

/* The first comma, "or", "and" among the tokens behind `from`; 0 when there is none before end. */
static uint32_t first_joint(const reader *r, uint32_t from, uint32_t end) {
  static th_elig_set joint = TH_ELIG_SET(",|or|and|/");
  for (uint32_t i = from + 1; i < end; i++)
    if (th_elig_among(&joint, &r->l->tokens.p[i])) return i;
  return 0;
}

/* "allergy to X": one fact, from its first word to the first thing named. */
static bool complete_reaction(reader *r, const th_elig_setting *s, const th_elig_term *t) {
  enum { REACH = 9 };
  bool about = s->role == TH_ELIG_ALLERGEN || s->role == TH_ELIG_CONTRAINDICATION;
  if (!r->reaction || !about || s->role_at < r->reaction_at || s->role_at > r->reaction_at + REACH)
    return false;
  th_elig_fact *f = &r->l->facts->p[r->reaction - 1];
  for (uint32_t i = r->l->first_fact; i < r->l->facts->n; i++)
    if (i + 1 != r->reaction && overlaps(&r->l->facts->p[i], f->from, t->to)) return false;
  r->reaction = 0;
  uint32_t joint = first_joint(r, s->role_at + 1, t->first);
  if (joint) { /* "allergy to eggs, soy protein": the first is what the fact is about */
    f->to = r->l->tokens.p[joint - 1].to;
    uint32_t from = r->l->tokens.p[s->role_at + 1].from;
    set_label(r, f, s, (th_span){r->l->text.p + from, f->to - from});
    return false;
  }
  f->to = t->to;
  f->code = s->role == TH_ELIG_ALLERGEN ? th_arena_dup(r->l->facts->arena, t->code) : (th_span){0};
  set_label(r, f, s, t->label);
  return true;
}

static void set_degree(const reader *r, th_elig_fact *f, const th_elig_setting *s,
                       const th_elig_term *t) {
  const th_elig_token *tokens = r->l->tokens.p;
  uint32_t first = s->degree < s->degree_end ? s->degree : t->first;
  uint32_t end = t->head > t->first ? t->head : s->degree_end;
  if (first < end)
    f->degree =
        (th_span){r->l->text.p + tokens[first].from, tokens[end - 1].to - tokens[first].from};
}

/* What the item names without asking for it. */
static void name(reader *r, const th_elig_term *t, uint8_t why, bool negated) {
  if (r->by_spelling) return;
  th_elig_leaf_name(r->l, &(th_elig_name){.from = t->from,
                                          .to = t->to,
                                          .category = t->category,
                                          .why = why,
                                          .negated = negated,
                                          .label = t->label,
                                          .code = t->code});
}

/* "acute", "idiopathic" are of a disease's name; of "liver or renal disease" the last word is of
 * both names. */
static void set_whole_name(const reader *r, th_elig_fact *f, const th_elig_term *t) {
  static th_elig_set sorts = TH_ELIG_SET("acute|chronic|primary|idiopathic|organic");
  bool condition = t->category == TH_ELIG_CONDITION || t->category == TH_ELIG_FINDING;
  uint32_t from = t->from, to = TH_MAX(t->to, t->whole_to);
  if (condition && t->first > 0 && th_elig_among(&sorts, &r->l->tokens.p[t->first - 1]))
    from = r->l->tokens.p[t->first - 1].from;
  if (from == f->from && to == f->to) return;
  f->name_from = from;
  f->name_to = to;
}

static void set_result(th_elig_fact *f, const th_elig_term *t) {
  f->name_from = t->test_from;
  f->name_to = t->test_to;
  f->value_from = t->value_from;
  f->value_to = t->value_to;
}

/* "negative pregnancy test": read as a category, which then knows its result's words. */
static bool is_result_of_category(reader *r, const th_elig_term *t) {
  if (t->category != TH_ELIG_PREGNANCY) return false;
  for (uint32_t i = r->l->first_fact; i < r->first_own; i++) {
    th_elig_fact *f = &r->l->facts->p[i];
    if (f->type != TH_ELIG_CONCEPT || f->category != t->category || !overlaps(f, t->from, t->to))
      continue;
    set_result(f, t);
    return true;
  }
  return false;
}

static void add(reader *r, const th_elig_term *t, standing where) {
  th_elig_leaf *l = r->l;
  int category = t->category;
  th_elig_setting s = th_elig_context_at(&r->context, t->first, t->reaction ? t->first : t->end);
  bool about = s.role == TH_ELIG_ALLERGEN || s.role == TH_ELIG_CONTRAINDICATION;
  if (about && !t->aside && (category == TH_ELIG_CONDITION || category == TH_ELIG_FINDING)) {
    r->context.role.on = false; /* "hypersensitivity to eggs manifested as urticaria" */
    s.role = TH_ELIG_PLAIN_ROLE;
  }
  if (where != BY_ITSELF) {
    bool unless = s.role == TH_ELIG_EXCEPTION;
    name(r, t, where == IN_GUARD ? TH_ELIG_NAMED_GUARD : TH_ELIG_NAMED_PART,
         unless || s.negated != t->absent);
    return;
  }
  if (s.role == TH_ELIG_EXCEPTION) {
    hang_exception(r, s.role_at, t->end);
    name(r, t, TH_ELIG_NAMED_EXCEPTION, !s.tail);
    return;
  }
  if (s.allowed) {
    name(r, t, TH_ELIG_NAMED_ALLOWED, s.negated || !s.eligible);
    return;
  }
  bool illness = category == TH_ELIG_CONDITION || category == TH_ELIG_FINDING;
  if (s.intake && illness) s.negated = false; /* "unable to take tablets, or malabsorption" */
  if (s.negated && ((s.purpose && illness) || (s.means && category == TH_ELIG_PROCEDURE) ||
                    (s.clause && !t->aside))) {
    name(r, t, TH_ELIG_NAMED_PART, false); /* "no treatment for X": neither asked for nor denied */
    return;
  }
  if (complete_reaction(r, &s, t)) return;
  if (t->aside) {
    r->context.mentions--; /* "none of these conditions:" is open still */
    name(r, t, (uint8_t)(t->aside - 1), s.negated != t->absent);
    return;
  }
  if (s.role == TH_ELIG_ALLERGEN) category = TH_ELIG_ALLERGY;
  th_elig_fact *f = th_elig_leaf_add(l, t->first, t->end);
  if (!f) return;
  f->type = TH_ELIG_CONCEPT;
  f->category = (uint8_t)category;
  f->negated = s.negated != t->absent;
  f->family = s.family;
  f->time = s.family ? TH_ELIG_TIME_ANY : s.time;
  f->high = f->low_canonical = f->high_canonical = f->value = NAN;
  f->from = t->from;
  f->to = t->to;
  f->code = th_arena_dup(l->facts->arena, t->code);
  set_degree(r, f, &s, t);
  if (t->value_to)
    set_result(f, t);
  else
    set_whole_name(r, f, t);
  set_window(r, f, t->first, t->end);
  set_label(r, f, &s, t->label);
  if (t->reaction) {
    r->reaction = r->l->facts->n;
    r->reaction_at = t->first;
  }
}

/* ---- mentions ---- */

/* The tokens that hold text[from, to); false when there are none. */
static bool tokens_of(reader *r, uint32_t from, uint32_t to, uint32_t *first, uint32_t *end) {
  const th_elig_tokens *v = &r->l->tokens;
  while (r->token < v->n && v->p[r->token].to <= from)
    r->token++;
  *first = *end = r->token;
  while (*end < v->n && v->p[*end].from < to)
    ++*end;
  return *first < *end;
}

/* "allergy to X": X says it. */
static bool leads_to_allergen(const reader *r, uint32_t end) {
  static th_elig_set to = TH_ELIG_SET("to|against|or|reaction");
  return end < r->l->tokens.n && th_elig_among(&to, &r->l->tokens.p[end]);
}

/* A name of one word that is a token: its classes are known. */
static bool is_everyday_here(const reader *r, th_span words, uint32_t first, uint32_t end) {
  const th_elig_token *t = &r->l->tokens.p[first];
  if (end == first + 1 && t->kind == TH_ELIG_WORD && r->l->text.p + t->from == words.p &&
      t->to - t->from == words.n)
    return r->lexicon->terms.classes[first] & TH_ELIG_W_EVERYDAY;
  return th_elig_is_everyday(words);
}

/* "surface antigen", "ELISA", "antibodies": dictionaries have them among the drugs; here they are
 * what is tested, and named only, unless a word before says that it is given ("monoclonal
 * antibodies"). */
static bool is_tested(const reader *r, uint32_t first, uint32_t end) {
  static th_elig_set tests = TH_ELIG_SET(
      "antigen|antibody|antibodie|autoantibody|autoantibodie|assay|test|dna|rna|pcr|elisa|"
      "hbeag|hbsag|peptide|screen|marker|titer");
  const uint32_t *classes = r->lexicon->terms.classes;
  if (!th_elig_among(&tests, &r->l->tokens.p[end - 1])) return false;
  for (uint32_t i = first; i + 1 < end; i++)
    if (classes[i] & (TH_ELIG_W_DRUGLIKE | TH_ELIG_W_SUBSTANCE)) return false;
  return first == 0 || !(classes[first - 1] & TH_ELIG_W_DRUGLIKE);
}

static int take(void *ctx, const th_mention *m) {
  reader *r = ctx;
  uint32_t from = r->l->from + m->from, to = r->l->from + m->to, first, end;
  const char *open = to - from > 4 ? memchr(r->l->text.p + from + 1, '(', to - from - 1) : NULL;
  if (open && !memchr(open, ')', (size_t)(r->l->text.p + to - open))) /* "COPD (COPD": its name */
    for (to = (uint32_t)(open - r->l->text.p); to > from && r->l->text.p[to - 1] == ' ';)
      to--;
  th_span words = {r->l->text.p + from, to - from};
  if (!tokens_of(r, from, to, &first, &end) || is_everyday_here(r, words, first, end)) return 0;
  th_elig_meaning meant = th_elig_meaning_of(r->lexicon, m);
  int category = meant.category;
  th_span text = {r->l->text.p + r->l->from, r->l->to - r->l->from};
  if ((category < 0 || !meant.code.n) && th_mention_is_loose(text, m)) return TH_MENTION_SHORTER;
  if (category < 0) return 0;
  bool tested = category == TH_ELIG_DRUG && is_tested(r, first, end);
  if (tested) category = TH_ELIG_FINDING;
  if (th_elig_names_allergy(words) && category <= TH_ELIG_FINDING) {
    if (leads_to_allergen(r, end)) return 0;
    category = TH_ELIG_ALLERGY;
  }
  th_elig_term *t = th_elig_terms_add(&r->lexicon->terms, r->l->facts->arena);
  if (t)
    *t = (th_elig_term){.first = first,
                        .end = end,
                        .from = from,
                        .to = to,
                        .head = first,
                        .category = (uint8_t)category,
                        .aside = tested ? 1 + TH_ELIG_NAMED_PART : 0,
                        .label = meant.name,
                        .code = meant.code};
  return 0;
}

static void add_terms(reader *r) {
  const th_elig_terms *v = &r->lexicon->terms;
  for (uint32_t i = 0; i < v->n; i++) {
    const th_elig_term *t = &v->p[i];
    if (is_result_of_category(r, t)) continue;
    standing where = stands(r, t->from, r->l->tokens.p[t->end - 1].to);
    if (where == SAID) continue;
    th_elig_term measure;
    bool plain = !t->aside && !t->value_to, named;
    if (plain && is_attribute(r, t, &measure, &named)) {
      if (named) add(r, &measure, where);
      continue;
    }
    if (plain && is_category(r, t->first, t->end)) continue;
    add(r, t, where);
  }
}

static void read_genes(reader *r) {
  th_elig_gene g;
  th_elig_context_start(&r->context, r->l);
  r->by_spelling = true;
  for (uint32_t i = 0; i < r->l->tokens.n; i++) {
    if (!th_elig_gene_at(r->l, i, &g)) continue;
    uint32_t from = r->l->tokens.p[g.first].from, to = r->l->tokens.p[g.end - 1].to;
    if (stands(r, from, to) == BY_ITSELF) {
      uint32_t before = r->l->facts->n;
      char label[TH_ELIG_GENE_MAX];
      th_span called = th_elig_gene_label(r->l, &g, label);
      add(r,
          &(th_elig_term){.first = g.first,
                          .end = g.end,
                          .from = from,
                          .to = to,
                          .head = g.first,
                          .category = TH_ELIG_GENE,
                          .label = called},
          BY_ITSELF);
      if (r->l->facts->n > before && g.absent) {
        th_elig_fact *f = &r->l->facts->p[before];
        f->negated = !f->negated;
      }
    }
    i = g.end - 1;
  }
  r->by_spelling = false;
}

/* "asthma or COPD" in an inclusion: one of them is enough. All between the facts must be "or",
 * commas and words that qualify; an "and" between two facts leaves it as it is. */
static void set_combine(const th_elig_leaf *l, uint8_t *combine) {
  static th_elig_set or = TH_ELIG_SET("or|/");
  static th_elig_set and = TH_ELIG_SET("and|with|,|;|.|but|plus");
  uint32_t n = l->facts->n - l->first_fact;
  bool any = n > 1;
  uint32_t joined = 0;
  if (*combine != TH_ELIG_ALL || l->kind == TH_ELIG_EXCLUSION) return;
  for (uint32_t k = 1; k < n && any; k++) {
    bool has_or = false, has_and = false;
    if (l->facts->p[l->first_fact + k].type != TH_ELIG_CONCEPT) any = false;
    if (l->facts->p[l->first_fact + k - 1].type != TH_ELIG_CONCEPT) any = false;
    for (uint32_t i = l->fact_token[2 * k - 1]; i < l->fact_token[2 * k]; i++) {
      bool comma = th_elig_sign(&l->tokens.p[i], ',');
      has_or |= th_elig_among(& or, &l->tokens.p[i]);
      has_and |= !comma && th_elig_among(&and, &l->tokens.p[i]);
    }
    any &= !has_and || has_or;
    joined += has_or;
  }
  if (any && joined) *combine = TH_ELIG_ANY;
}

int th_elig_read_concepts_of(th_elig_leaf *l, th_elig_lexicon *x, uint8_t *combine, th_err *err) {
  reader r = {.l = l, .lexicon = x, .first_own = l->facts->n, .exception = UINT32_MAX};
  read_genes(&r);
  th_elig_context_start(&r.context, l);
  x->terms.n = 0;
  if (!x->memo || !th_elig_classify(l, &x->terms))
    return th_err_set(err, TH_ENOMEM, "out of memory reading concepts");
  int rc = th_concepts_match(x->dict, x->matcher, (th_span){l->text.p + l->from, l->to - l->from},
                             0, take, &r, err);
  if (rc == 0) rc = th_elig_read_ellipses(l, x, err);
  if (rc < 0) return rc;
  if (l->under == TH_ELIG_UNDER_EXCEPTION) th_elig_context_except(&r.context);
  th_elig_compose(l, &x->terms);
  if (x->terms.failed) return th_err_set(err, TH_ENOMEM, "out of memory reading concepts");
  rc = th_elig_name_members(l, x, err);
  if (rc < 0) return rc;
  add_terms(&r);
  l->open = th_elig_context_open(&r.context);
  th_elig_leaf_sort(l);
  set_combine(l, combine);
  return 0;
}
