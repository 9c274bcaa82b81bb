#include "match/kin.h"

#include <stdio.h>

#include "eligibility/attributes.h"
#include "match/verdict_private.h"

enum {
  VERDICTS = 1 << 13,
  OWN = 9 + 3 * TH_HEADS,        /* hashes of a concept of the patient, without the dictionary's */
  CATEGORIES = TH_ELIG_GENE + 1, /* that are looked up in the dictionary */
  MODES = TH_PRESUME_SILENCE + 1,
};

typedef struct judged {
  uint64_t says; /* 0: the place is free */
  th_verdict_fact verdict;
} judged;

/* Hashes of labels and codes in any case; 0 is a free slot. */
struct th_kin {
  uint64_t *slots;
  uint32_t mask, n;
  uint32_t n_ids;          /* of the dictionary */
  uint64_t *above, *below; /* a bit a concept, the patient's own included */
  uint32_t *defined, n_defined;
  judged *verdicts;
  /* of facts that have nothing to do with the patient */
  th_lore *lore;
  uint64_t *sieve;    /* a bit for the uppermost TH_LORE_BITS of a hash in slots */
  bool hinted;        /* the note says something of which HINT rows tell */
  bool *plain_number; /* by attribute: nothing that is known bears on it */
  th_verdict_fact number[2], concept[MODES][CATEGORIES][2]; /* last: negated */
};

static bool holds(const th_kin *k, uint64_t hash) {
  for (uint32_t at = (uint32_t)(hash >> 32) & k->mask; k->slots[at]; at = (at + 1) & k->mask)
    if (k->slots[at] == hash) return true;
  return false;
}

static void add(th_kin *k, uint64_t hash) {
  uint32_t at = (uint32_t)(hash >> 32) & k->mask;
  while (k->slots[at] && k->slots[at] != hash)
    at = (at + 1) & k->mask;
  k->n += k->slots[at] == 0;
  k->slots[at] = hash;
  hash >>= 64 - TH_LORE_BITS;
  k->sieve[hash / 64] |= 1ull << (hash % 64);
}

/* ---- above and below ---- */

/* Concepts that were met, each once, in the order of meeting. */
typedef struct walk {
  const th_concepts *dict;
  uint64_t *met;
  uint32_t *list;
  uint32_t n;
} walk;

static void meet(walk *w, uint32_t id) {
  if (id >= w->dict->n_concepts || w->met[id / 64] >> (id % 64) & 1) return;
  w->met[id / 64] |= 1ull << (id % 64);
  w->list[w->n++] = id;
}

/* All that is reached from what was met so far. */
static void spread(walk *w, bool up) {
  th_concept c;
  for (uint32_t i = 0; i < w->n; i++) {
    if (!th_concepts_get(w->dict, w->list[i], &c)) continue;
    const uint32_t *next = up ? c.parents : c.children;
    for (uint32_t k = 0, n = up ? c.n_parents : c.n_children; k < n; k++)
      meet(w, next[k]);
  }
}

static void meet_own(walk *w, const th_verdict_patient *v) {
  memset(w->met, 0, (w->dict->n_concepts / 64 + 1) * sizeof *w->met);
  w->n = 0;
  for (uint32_t i = 0; i < v->n_concepts; i++)
    meet(w, v->p->facts[v->concepts[i]].concept_id);
}

/* A record that states one type speaks of the other. */
static void meet_other_types(walk *w, const th_verdict_patient *v) {
  for (uint32_t i = 0; i < v->n_concepts; i++)
    meet(w, th_other_type(v, v->p->facts[v->concepts[i]].concept_id));
}

static size_t count_codes(const walk *w) {
  th_concept c;
  size_t n = 0;
  for (uint32_t i = 0; i < w->n; i++)
    if (th_concepts_get(w->dict, w->list[i], &c)) n += c.n_codes;
  return n;
}

static void add_codes(th_kin *k, const walk *w) {
  th_concept c;
  for (uint32_t i = 0; i < w->n; i++) {
    if (!th_concepts_get(w->dict, w->list[i], &c)) continue;
    for (uint32_t n = 0; n < c.n_codes; n++)
      add(k, th_lore_hash(th_concepts_code(w->dict, c.first_code + n, NULL), TH_LORE_CODE));
  }
}

/* An allergy to penicillin is called "penicillin allergy", too, and any is an allergy. */
static void add_allergy(th_kin *k, th_span allergen) {
  char bytes[128];
  th_span any;
  for (size_t i = 0; (any = th_any_allergy(i)).n; i++)
    add(k, th_lore_hash(any, TH_LORE_LABEL));
  int n = snprintf(bytes, sizeof bytes, "%.*s allergy",
                   (int)TH_MIN(allergen.n, (size_t)sizeof bytes), allergen.p ? allergen.p : "");
  if (n > 0 && (size_t)n < sizeof bytes)
    add(k, th_lore_hash((th_span){bytes, (size_t)n}, TH_LORE_LABEL));
  explicit_bzero(bytes, sizeof bytes);
}

/* "hip fracture" is a fracture, in one or in many. */
static void add_heads(th_kin *k, th_span label) {
  char bytes[128];
  th_span head;
  for (size_t i = 0, n = 0; n < TH_HEADS && (head = th_label_head(label, &i)).n; n++) {
    if (head.n + 1 >= sizeof bytes) continue;
    memcpy(bytes, head.p, head.n);
    bytes[head.n] = 's';
    add(k, th_lore_hash(head, TH_LORE_LABEL));
    add(k, th_lore_hash((th_span){bytes, head.n + 1}, TH_LORE_LABEL));
    if ((bytes[head.n - 1] | 32) == 's')
      add(k, th_lore_hash((th_span){bytes, head.n - 1}, TH_LORE_LABEL));
  }
  explicit_bzero(bytes, sizeof bytes);
}

static void add_gene(th_kin *k, th_span label) {
  th_span name = th_gene_name(label), other;
  add(k, th_lore_hash(name, TH_LORE_LABEL));
  for (size_t i = 0; (other = th_gene_family(name, i)).p; i++)
    if (other.n) add(k, th_lore_hash(other, TH_LORE_LABEL));
}

/* ---- making ---- */

static int make_slots(th_kin *k, size_t n, th_arena *arena, th_err *err) {
  size_t slots = 64;
  while (slots < 2 * n)
    slots *= 2;
  k->slots = th_arena_calloc(arena, slots, sizeof *k->slots);
  k->mask = (uint32_t)(slots - 1);
  k->sieve = th_arena_calloc(arena, (1u << TH_LORE_BITS) / 64, sizeof *k->sieve);
  return k->slots && k->sieve ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
}

/* What the judge says of facts of each kind to a patient of whom nothing is known that bears on
 * them. */
static void judge_plain(th_kin *k, const th_verdict_patient *v) {
  static const th_elig_tree none;
  th_verdict_patient nobody = *v;
  nobody.n_concepts = 0;
  nobody.kin = NULL;
  for (int negated = 0; negated < 2; negated++) {
    th_elig_fact f = {.type = TH_ELIG_NUMERIC, .attribute = UINT16_MAX, .negated = negated};
    th_verdict_judge(&k->number[negated], &none, &f, &nobody, TH_PRESUME_NONE);
    f.type = TH_ELIG_CONCEPT;
    for (int mode = 0; mode < MODES; mode++)
      for (f.category = 0; f.category < CATEGORIES; f.category++)
        th_verdict_judge(&k->concept[mode][f.category][negated], &none, &f, &nobody,
                         (th_verdict_presume)mode);
  }
}

/* Numbers that nobody knows: not an age, not the end of a scale, which silence speaks of. */
static int find_plain_numbers(th_kin *k, const th_verdict_patient *v, th_arena *arena,
                              th_err *err) {
  struct th_interval ignored;
  uint32_t of;
  k->plain_number = th_arena_alloc(arena, th_elig_n_attributes * sizeof *k->plain_number);
  if (!k->plain_number) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (uint32_t i = 0; i < th_elig_n_attributes; i++)
    k->plain_number[i] = !th_is_age(i) && !th_scale_is_extreme(i, TH_ELIG_EQ);
  for (uint32_t i = 0; i < v->p->n_facts; i++) { /* also per cent of what is predicted */
    const th_patient_fact *f = &v->p->facts[i];
    if (f->type == TH_FACT_VALUE && f->attribute >= 0 &&
        (uint32_t)f->attribute < th_elig_n_attributes)
      k->plain_number[f->attribute] = false;
  }
  for (uint32_t i = 0; i < k->n_defined; i++)
    if (th_definition_of(v, v->p->facts[k->defined[i]].label, &of, &ignored))
      k->plain_number[of] = false;
  return 0;
}

int th_kin_make(const th_kin **out, const th_verdict_patient *v, th_arena *arena, th_err *err) {
  static const th_concepts none;
  th_kin *k = th_arena_calloc(arena, 1, sizeof *k);
  walk up = {.dict = v->dict ? v->dict : &none}, down = up;
  size_t n = up.dict->n_concepts;
  up.met = th_arena_alloc(arena, (n / 64 + 1) * sizeof *up.met);
  down.met = th_arena_alloc(arena, (n / 64 + 1) * sizeof *down.met);
  up.list = th_arena_alloc(arena, (n + 1) * sizeof *up.list);
  down.list = th_arena_alloc(arena, (n + 1) * sizeof *down.list);
  if (k) k->defined = th_arena_alloc(arena, ((size_t)v->n_concepts + 1) * sizeof *k->defined);
  if (k) k->verdicts = th_arena_calloc(arena, VERDICTS, sizeof *k->verdicts);
  if (!k || !k->defined || !k->verdicts || !up.met || !up.list || !down.met || !down.list)
    return th_err_set(err, TH_ENOMEM, "out of memory");
  meet_own(&up, v);
  spread(&up, true);
  meet_own(&down, v);
  spread(&down, false);
  meet_other_types(&down, v);
  int rc = make_slots(k, count_codes(&up) + count_codes(&down) + OWN * (size_t)v->n_concepts, arena,
                      err);
  if (rc < 0) return rc;
  add_codes(k, &up);
  add_codes(k, &down);
  k->n_ids = (uint32_t)n;
  k->above = up.met;
  k->below = down.met;
  for (uint32_t i = 0; i < v->n_concepts; i++) {
    const th_patient_fact *p = &v->p->facts[v->concepts[i]];
    add(k, th_lore_hash(p->label, TH_LORE_LABEL));
    if (p->category == TH_ELIG_ALLERGY) add_allergy(k, p->label);
    if (p->category == TH_ELIG_ALCOHOL) add(k, th_lore_hash(TH_SPAN("alcohol"), TH_LORE_LABEL));
    if (p->category == TH_ELIG_GENE) add_gene(k, p->label);
    add_heads(k, p->label);
    if (p->code.n) add(k, th_lore_hash(p->code, TH_LORE_CODE));
    if (th_definition_exists(UINT32_MAX, p->label)) k->defined[k->n_defined++] = v->concepts[i];
  }
  k->lore = v->lore;
  k->hinted = th_words_hints(v) != 0;
  judge_plain(k, v);
  *out = k;
  return find_plain_numbers(k, v, arena, err);
}

bool th_kin_may(const th_kin *k, const th_elig_fact *f) {
  if (k->n == 0) return false;
  if (holds(k, th_lore_hash(f->label, TH_LORE_LABEL))) return true;
  if (f->code.n && holds(k, th_lore_hash(f->code, TH_LORE_CODE))) return true;
  if (f->code.n) {
    char bytes[TH_COMMON_CODE_MAX];
    th_span common = th_common_code(f, bytes);
    return common.n && holds(k, th_lore_hash(common, TH_LORE_CODE));
  }
  if (holds(k, th_lore_hash(th_gene_name(f->label), TH_LORE_LABEL))) return true;
  th_span term = th_gene_result(f->label);
  if (!term.n) term = th_patient_term(f->label);
  return term.n && holds(k, th_lore_hash(term, TH_LORE_LABEL));
}

bool th_kin_is_above(const th_kin *k, uint32_t id) {
  return id < k->n_ids && k->above[id / 64] >> (id % 64) & 1;
}

bool th_kin_is_below(const th_kin *k, uint32_t id) {
  return id < k->n_ids && k->below[id / 64] >> (id % 64) & 1;
}

const uint32_t *th_kin_defined(const th_kin *k, uint32_t *n) {
  *n = k->n_defined;
  return k->defined;
}

/* ---- verdicts ---- */

static bool may_hold(const th_kin *k, uint64_t hashes) {
  uint64_t found = 0;
  for (int i = 0; i < TH_LORE_HASHES; i++, hashes >>= TH_LORE_BITS) {
    uint64_t hash = hashes & ((1u << TH_LORE_BITS) - 1);
    found |= k->sieve[hash / 64] >> (hash % 64);
  }
  return found & 1;
}

void th_kin_fetch(const th_kin *k, const th_criteria_outline *o) {
  if (k->lore) th_lore_fetch(k->lore, o);
  for (uint32_t i = 0; k->verdicts && i < o->tree.n_facts; i++)
    __builtin_prefetch(&k->verdicts[o->refs[i].says % VERDICTS]);
}

const th_verdict_fact *th_kin_plain(const th_kin *k, const th_criteria_outline *o, uint32_t fact,
                                    th_verdict_presume mode, bool *apart) {
  const th_criteria_ref *r = &o->refs[fact];
  *apart = false;
  if (r->type == TH_ELIG_NUMERIC) {
    bool plain = k->lore && !r->guarded && !r->beyond && k->plain_number[r->name];
    return plain ? &k->number[r->negated] : NULL;
  }
  if (r->category >= CATEGORIES || !k->lore) return NULL;
  uint64_t lore = th_lore_of(k->lore, o, fact);
  *apart = lore && !may_hold(k, lore);
  bool asks = r->guarded || lore & TH_LORE_SPECIAL ||
              (k->hinted && (lore & TH_LORE_HINTED || r->has_degree));
  return *apart && !asks ? &k->concept[mode][r->category][r->negated] : NULL;
}

const th_kin th_kin_none = {0};

th_verdict_fact *th_kin_verdict(const th_kin *k, uint64_t says, bool *known) {
  says = says ? says : 1;
  judged *j = &k->verdicts[says % VERDICTS];
  *known = j->says == says;
  j->says = says;
  return &j->verdict;
}
