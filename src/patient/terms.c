/* Concepts: the built-in terms and the dictionary together. */
#include <stdio.h>

#include "eligibility/concepts.h"
#include "patient/internal.h"
#include "patient/lexicon.h"

typedef struct found {
  th_reading *r;
  const th_elig_tokens *v; /* of the text */
  uint32_t token;          /* where the last mention of it began */
  th_span text;
  bool running; /* text of a note, not a name */
  th_term *p;
  uint32_t n, cap;
} found;

static const uint8_t category_of_kind[TH_CONCEPT_KINDS] = {
    [TH_CONCEPT_OTHER] = TH_ELIG_FINDING,       [TH_CONCEPT_CONDITION] = TH_ELIG_CONDITION,
    [TH_CONCEPT_DRUG] = TH_ELIG_DRUG,           [TH_CONCEPT_DRUG_CLASS] = TH_ELIG_DRUG,
    [TH_CONCEPT_PROCEDURE] = TH_ELIG_PROCEDURE, [TH_CONCEPT_DEVICE] = TH_ELIG_PROCEDURE,
    [TH_CONCEPT_ORGANISM] = TH_ELIG_ORGANISM,   [TH_CONCEPT_GENE] = TH_ELIG_GENE};

static void add_found(found *f, const th_term *term) {
  if (f->n == f->cap) {
    uint32_t cap = f->cap ? f->cap * 2 : 64;
    th_term *p = th_arena_alloc(f->r->arena, cap * sizeof *p);
    if (!p) {
      th_reading_fail(f->r, TH_ENOMEM);
      return;
    }
    if (f->n) memcpy(p, f->p, f->n * sizeof *p);
    f->p = p, f->cap = cap;
  }
  f->p[f->n++] = *term;
}

/* ---- the dictionary ---- */

/* Genes have names like words of notes (A20, CAT, DAT): one counts when something is said of it. */
static bool is_gene_said(const found *f, const th_mention *m) {
  static const char *const words[] = {"mutat",    "gene",      "positiv", "negativ", "amplif",
                                      "express",  "rearrang",  "variant", "wild",    "delet",
                                      "deficien", "polymorph", "carrier", "+"};
  th_span rest = {f->text.p + m->to, TH_MIN(f->text.n - m->to, (size_t)24)};
  for (size_t w = 0; w < TH_COUNT(words); w++)
    for (size_t n = strlen(words[w]), i = 0; i + n <= rest.n; i++)
      if (th_span_eq_nocase((th_span){rest.p + i, n}, th_span_of(words[w]))) return true;
  return false;
}

static bool is_sign(const th_elig_token *t, char c) {
  return t->kind == TH_ELIG_SIGN && t->key == (unsigned char)c;
}

static bool is_word(th_span text, const th_elig_token *t, const char *const *words, size_t n) {
  th_span s = {text.p + t->from, t->to - t->from};
  for (size_t i = 0; i < n; i++)
    if (th_span_eq_nocase(s, th_span_of(words[i]))) return true;
  return false;
}

/* Shorthand that is something else where it stands: "88% on RA" is room air, "500 mg BD" twice a
 * day, "PD-L1" a ligand, "GBS positive" a streptococcus, "UA: protein" urine, "ICD-10" a
 * classification. */
static bool is_other_shorthand(th_span text, const th_elig_tokens *v, uint32_t i, uint32_t end) {
  static const char *const air[] = {"on", "sat", "sats", "spo2", "o2"};
  static const char *const doses[] = {"mg",  "mcg",   "g",       "ug",   "ml",     "units", "iu",
                                      "tab", "puffs", "tablets", "once", "tablet", "caps"};
  static const char *const germs[] = {"positive", "negative", "status",     "pos",
                                      "neg",      "unknown",  "colonized",  "swab",
                                      "culture",  "screen",   "prophylaxis"};
  th_span s = {text.p + v->p[i].from, v->p[end - 1].to - v->p[i].from};
  const th_elig_token *before = i ? &v->p[i - 1] : NULL;
  const th_elig_token *behind = end < v->n ? &v->p[end] : NULL;
  if (th_span_eq(s, TH_SPAN("RA")) && before)
    return is_sign(before, '%') || before->kind == TH_ELIG_NUM ||
           is_word(text, before, air, TH_COUNT(air));
  if (th_span_eq_nocase(s, TH_SPAN("BD")) && before)
    return before->kind == TH_ELIG_NUM || is_word(text, before, doses, TH_COUNT(doses));
  if (th_span_eq(s, TH_SPAN("PD")) && behind)
    return is_sign(behind, '-') && !(behind->flags & TH_ELIG_SPACE_BEFORE) && end + 1 < v->n &&
           (text.p[v->p[end + 1].from] == 'L' || text.p[v->p[end + 1].from] == '1');
  if (th_span_eq(s, TH_SPAN("ICD")) && behind) /* "ICD-10": the classification of diseases */
    return behind->kind == TH_ELIG_NUM ||
           (is_sign(behind, '-') && end + 1 < v->n && v->p[end + 1].kind == TH_ELIG_NUM);
  if (th_span_eq(s, TH_SPAN("GBS")) && behind)
    return is_word(text, behind, germs, TH_COUNT(germs)) || is_sign(behind, '+') ||
           is_sign(behind, '-');
  return false;
}

/* The same of a mention of the dictionary; mentions come in the order of the text. */
static bool is_other_mention(found *f, const th_mention *m) {
  uint32_t end;
  if (!f->v || m->to - m->from > 3) return false;
  while (f->token < f->v->n && f->v->p[f->token].from < m->from)
    f->token++;
  for (end = f->token; end < f->v->n && f->v->p[end].to <= m->to;)
    end++;
  return end > f->token && is_other_shorthand(f->text, f->v, f->token, end);
}

/* Whether a mention in running text says anything of a patient, and as what: dictionaries know
 * "food", "Back" and "symptom". */
static bool is_said(const found *f, const th_mention *m, uint32_t concept_id, uint8_t *category) {
  static const char *const idle[] = {"symptom",
                                     "symptoms",
                                     "emergencies",
                                     "vital signs",
                                     "physical examination",
                                     "diagnosis",
                                     "walking",
                                     "movement",
                                     "diagnoses",
                                     "blood pressure",
                                     "bp",
                                     "ua",
                                     "ast 120",
                                     "allergy",
                                     "allergic",
                                     "allergies",
                                     "breast",
                                     "chronic",
                                     "acute",
                                     "hormone",
                                     "hormones",
                                     "biologics",
                                     "biologicals",
                                     "nicotine",
                                     "food",
                                     "meat",
                                     "child",
                                     "sleep",
                                     "accidents",
                                     "medical examination",
                                     "friends",
                                     "c/o",
                                     "r/r",
                                     "fh",
                                     "nad",
                                     "ros",
                                     "adl",
                                     "ot",
                                     "dtr",
                                     "cat",
                                     "lad",
                                     "hr",
                                     "rr",
                                     "psh",
                                     "ccp",
                                     "exercise",
                                     "abnormality",
                                     "abnormalities",
                                     "general",
                                     "examination"};
  th_span words = {f->text.p + m->from, m->to - m->from};
  int as = th_elig_category_of_concept(f->r->dict, concept_id);
  if (as < 0 || th_elig_is_everyday(words)) return false;
  for (size_t i = 0; i < TH_COUNT(idle); i++)
    if (th_span_eq_nocase(words, th_span_of(idle[i]))) return false;
  *category = (uint8_t)as;
  return as != TH_ELIG_GENE || is_gene_said(f, m);
}

/* Of the labels of a mention the one whose concept criteria mean by it too: the first that has a
 * code, else the first (eligibility/meaning.h). */
static bool concept_of(const th_concepts *d, const th_mention *m, uint32_t *id, th_concept *out) {
  bool any = false;
  for (uint32_t i = 0; i < m->n_labels; i++) {
    th_label label;
    th_concept c;
    if (!th_concepts_label(d, m->labels[i], &label) || !th_concepts_get(d, label.concept_id, &c))
      continue;
    bool better = c.n_codes && th_elig_category_of_concept(d, label.concept_id) >= 0;
    if (!any || better) *id = label.concept_id, *out = c;
    any = true;
    if (better) break;
  }
  return any;
}

static int take_mention(void *ctx, const th_mention *m) {
  found *f = ctx;
  uint32_t id;
  th_concept concept;
  if (!concept_of(f->r->dict, m, &id, &concept)) return 0;
  th_term t = {.from = m->from,
               .to = m->to,
               .label = concept.label,
               .concept_id = id,
               .category = category_of_kind[concept.kind]};
  if (f->running && !concept.n_codes && th_mention_is_loose(f->text, m)) return TH_MENTION_SHORTER;
  if (f->running && (is_other_mention(f, m) || !is_said(f, m, id, &t.category))) return f->r->rc;
  add_found(f, &t);
  return f->r->rc;
}

static bool has_dict(th_reading *r) {
  if (!r->dict || r->dict->n_concepts == 0) return false;
  if (!r->matcher) r->matcher = th_concept_matcher_new();
  if (!r->matcher) th_reading_fail(r, TH_ENOMEM);
  return r->matcher != NULL;
}

static int find_in_dict(found *f, th_span text, bool short_text) {
  if (!has_dict(f->r)) return f->r->rc;
  return th_concepts_match(f->r->dict, f->r->matcher, text, short_text ? TH_MATCH_ANY_CASE : 0,
                           take_mention, f, f->r->err);
}

/* The concept of a text that is a label from its first byte to its last. */
static bool whole_in_dict(th_reading *r, th_span name, th_term *out) {
  found f = {.r = r};
  if (find_in_dict(&f, name, true) < 0 || f.n != 1) return false;
  if (f.p[0].from != 0 || f.p[0].to != name.n) return false;
  *out = f.p[0];
  return true;
}

uint32_t th_terms_by_code(const th_reading *r, th_span code) {
  uint32_t id;
  if (!r->dict || code.n == 0) return TH_NO_CONCEPT;
  return th_concepts_by_code(r->dict, code, &id, 1) ? id : TH_NO_CONCEPT;
}

/* ---- the built-in terms ---- */

static size_t n_own(void) {
  size_t n = 0;
  while (th_lex_terms[n].label)
    n++;
  return n;
}

/* The concept that the dictionary has of its own for a built-in term, whatever vocabularies it was
 * joined with: others may have one of the same name, with nothing above it. */
static bool by_own_code(th_reading *r, const char *label, uint32_t *id) {
  char code[128];
  int n = snprintf(code, sizeof code, "TRIALHEAD:%s", label);
  if (n < 0 || (size_t)n >= sizeof code) return false;
  for (char *c = code; *c; c++)
    if (*c == ' ') *c = '_';
  return th_concepts_by_code(r->dict, th_span_of(code), id, 1) > 0;
}

static uint32_t own_concept(th_reading *r, int row) {
  th_term t;
  if (!has_dict(r)) return TH_NO_CONCEPT;
  if (!r->own_ids) r->own_ids = th_arena_calloc(r->arena, n_own(), sizeof *r->own_ids);
  if (!r->own_ids) return th_reading_fail(r, TH_ENOMEM), TH_NO_CONCEPT;
  if (r->own_ids[row] == 0) {
    const char *label = th_lex_terms[row].label;
    bool known = by_own_code(r, label, &t.concept_id) || whole_in_dict(r, th_span_of(label), &t);
    r->own_ids[row] = (known ? t.concept_id : TH_NO_CONCEPT) + 1;
    if (!known) r->own_ids[row] = UINT32_MAX;
  }
  return r->own_ids[row] == UINT32_MAX ? TH_NO_CONCEPT : r->own_ids[row] - 1;
}

static void find_own(found *f, th_span text, const th_elig_tokens *v, bool short_text) {
  for (uint32_t i = 0, end; i < v->n; i++) {
    int row = th_lex_find(TH_LEX_TERM, text, v->p, v->n, i, short_text, &end);
    if (row < 0 || (!short_text && is_other_shorthand(text, v, i, end))) continue;
    const th_lex_term *t = &th_lex_terms[row];
    th_term term = {.from = v->p[i].from,
                    .to = v->p[end - 1].to,
                    .label = th_span_of(t->label),
                    .concept_id = own_concept(f->r, row),
                    .category = t->category,
                    .absent = t->flags == TH_TERM_ABSENT,
                    .past = t->flags == TH_TERM_PAST,
                    .own = true};
    add_found(f, &term);
    i = end - 1;
  }
}

/* Two lists, each in the order of the text and without overlaps, into one: of two that overlap the
 * longer stays, then the built-in one. */
static void merge(const found *own, const found *dict, th_term_fn fn, void *ctx) {
  uint32_t a = 0, b = 0, behind = 0;
  while (a < own->n || b < dict->n) {
    const th_term *x = a < own->n ? &own->p[a] : NULL, *y = b < dict->n ? &dict->p[b] : NULL;
    const th_term *take = x ? x : y;
    if (x && y && x->from < y->to && y->from < x->to)
      take = y->to - y->from > x->to - x->from ? y : x;
    else if (x && y)
      take = x->from < y->from ? x : y;
    if (take == x)
      a++;
    else
      b++;
    if (take->from < behind) continue;
    fn(ctx, take);
    behind = take->to;
    while (a < own->n && own->p[a].from < behind)
      a++;
    while (b < dict->n && dict->p[b].from < behind)
      b++;
  }
}

int th_terms_find(th_reading *r, th_span text, bool short_text, th_term_fn fn, void *ctx) {
  th_elig_tokens v = {.arena = r->arena};
  found own = {.r = r},
        dict = {.r = r, .v = short_text ? NULL : &v, .text = text, .running = !short_text};
  if (th_lex_ready() < 0) return th_reading_fail(r, TH_ENOMEM);
  th_elig_tokenize(text, 0, (uint32_t)text.n, &v);
  if (v.failed) return th_reading_fail(r, TH_ENOMEM);
  find_own(&own, text, &v, short_text);
  int rc = find_in_dict(&dict, text, short_text);
  if (rc == 0) rc = r->rc;
  if (rc == 0) merge(&own, &dict, fn, ctx);
  return rc;
}

/* ---- names ---- */

th_span th_terms_bare(th_span name) {
  static const char *const tags[] = {
      "(disorder)",  "(finding)",          "(situation)",
      "(procedure)", "(regime/therapy)",   "(substance)",
      "(product)",   "(person)",           "(observable entity)",
      "(organism)",  "(qualifier value)",  "(morphologic abnormality)",
      "(event)",     "(medicinal product)"};
  name = th_span_trim(name);
  for (size_t i = 0; i < TH_COUNT(tags); i++) {
    size_t n = strlen(tags[i]);
    if (name.n > n && !memcmp(name.p + name.n - n, tags[i], n))
      return th_span_trim((th_span){name.p, name.n - n});
  }
  return name;
}

typedef struct part {
  th_span name;
  const th_patient_fact *fact;
  th_term best;
  bool has, whole;
} part;

/* "Fracture of forearm" is a fracture, "acute viral pharyngitis" a pharyngitis: what ends a name,
 * or begins it in front of a preposition, is its head. Of a drug's name any part counts: strength
 * and form stand around it. */
static bool is_head(const part *p, const th_term *t) {
  static const char *const words[] = {" of ",      " with ", " in ", " due ",
                                      " without ", " from ", ", "};
  if (p->fact->category == TH_ELIG_DRUG) return t->category == TH_ELIG_DRUG;
  if (t->category != p->fact->category) return false;
  if (t->to == p->name.n) return true;
  th_span rest = {p->name.p + t->to, p->name.n - t->to};
  for (size_t i = 0; t->from == 0 && i < TH_COUNT(words); i++)
    if (th_span_starts(rest, th_span_of(words[i]))) return true;
  return false;
}

static void take_part(void *ctx, const th_term *t) {
  part *p = ctx;
  bool whole = t->from == 0 && t->to == p->name.n;
  if (p->has || (!whole && !is_head(p, t))) return;
  p->best = *t;
  p->has = true;
  p->whole = whole;
}

void th_terms_name(th_reading *r, th_span name, th_patient_fact *fact) {
  part p = {.name = th_terms_bare(name), .fact = fact};
  fact->label = p.name;
  if (th_terms_find(r, p.name, true, take_part, &p) < 0 || !p.has) return;
  if (fact->concept_id == TH_NO_CONCEPT) fact->concept_id = p.best.concept_id;
  if (!p.whole) {
    if (fact->category == TH_ELIG_DRUG) fact->label = p.best.label;
    return;
  }
  fact->label = p.best.label;
  if (p.best.own && fact->category != TH_ELIG_ALLERGY) fact->category = p.best.category;
  fact->absent |= p.best.absent;
  if (p.best.past) fact->time = TH_ELIG_PAST;
}

th_span th_patient_term(th_span name) {
  enum { BYTES_MAX = 96, WORDS_MAX = BYTES_MAX }; /* a word has a byte at least */
  th_elig_token room[WORDS_MAX];
  th_elig_tokens v = {.p = room, .cap = WORDS_MAX};
  uint32_t end;
  if (name.n == 0 || name.n > BYTES_MAX || th_lex_ready() < 0) return (th_span){0};
  th_elig_tokenize(name, 0, (uint32_t)name.n, &v);
  if (v.failed || v.n == 0) return (th_span){0};
  int row = th_lex_find(TH_LEX_TERM, name, v.p, v.n, 0, true, &end);
  if (row < 0 || end < v.n || th_lex_terms[row].flags) return (th_span){0};
  return th_span_of(th_lex_terms[row].label);
}
