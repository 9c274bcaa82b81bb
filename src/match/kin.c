#include "match/kin.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <xxhash.h>

#include "match/verdict_private.h"

enum {
  LABEL = 1, /* kinds of what is hashed */
  CODE = 2,
  TERMS_MAX = 1024,
  REMEMBERED = 1 << 15,
  VERDICTS = 1 << 13,
};

/* A fact that was judged: hashes of its label and code, and what else counts. */
typedef struct judged {
  uint64_t label, code;
  uint32_t rest; /* 0: the place is free */
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
};

/* ---- hashing in any case ---- */

/* Letters in lower case; other bytes may become equal, which costs a comparison and no more. */
static uint64_t folded8(const char *p) {
  uint64_t v;
  memcpy(&v, p, sizeof v);
  return v | 0x2020202020202020u;
}

static uint64_t mix(uint64_t h, uint64_t v) {
  __uint128_t product = (__uint128_t)(h ^ v) * 0x9E3779B97F4A7C15u;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_of(th_span s, uint64_t kind) {
  uint64_t h = kind * 0xD1B54A32D192ED03u ^ s.n, last = 0;
  size_t i = 0;
  for (; i + 8 <= s.n; i += 8)
    h = mix(h, folded8(s.p + i));
  if (i < s.n && s.n >= 8) {
    last = folded8(s.p + s.n - 8);
  } else {
    for (; i < s.n; i++)
      last = last << 8 | (unsigned char)(s.p[i] | 0x20);
  }
  h = mix(h, last);
  return h | 1;
}

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
      add(k, hash_of(th_concepts_code(w->dict, c.first_code + n, NULL), CODE));
  }
}

/* An allergy to penicillin is called "penicillin allergy", too. */
static void add_allergy(th_kin *k, th_span allergen) {
  char bytes[128];
  int n = snprintf(bytes, sizeof bytes, "%.*s allergy",
                   (int)TH_MIN(allergen.n, (size_t)sizeof bytes), allergen.p ? allergen.p : "");
  if (n > 0 && (size_t)n < sizeof bytes) add(k, hash_of((th_span){bytes, (size_t)n}, LABEL));
  explicit_bzero(bytes, sizeof bytes);
}

/* ---- making ---- */

static int make_slots(th_kin *k, size_t n, th_arena *arena, th_err *err) {
  size_t slots = 64;
  while (slots < 2 * n)
    slots *= 2;
  k->slots = th_arena_calloc(arena, slots, sizeof *k->slots);
  k->mask = (uint32_t)(slots - 1);
  return k->slots ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
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
  int rc =
      make_slots(k, count_codes(&up) + count_codes(&down) + 3 * (size_t)v->n_concepts, arena, err);
  if (rc < 0) return rc;
  add_codes(k, &up);
  add_codes(k, &down);
  k->n_ids = (uint32_t)n;
  k->above = up.met;
  k->below = down.met;
  for (uint32_t i = 0; i < v->n_concepts; i++) {
    const th_patient_fact *p = &v->p->facts[v->concepts[i]];
    add(k, hash_of(p->label, LABEL));
    if (p->category == TH_ELIG_ALLERGY) add_allergy(k, p->label);
    if (p->code.n) add(k, hash_of(p->code, CODE));
    if (th_definition_exists(UINT32_MAX, p->label)) k->defined[k->n_defined++] = v->concepts[i];
  }
  *out = k;
  return 0;
}

bool th_kin_may(const th_kin *k, const th_elig_fact *f) {
  if (k->n == 0) return false;
  if (holds(k, hash_of(f->label, LABEL))) return true;
  if (f->code.n && holds(k, hash_of(f->code, CODE))) return true;
  if (f->code.n) {
    char bytes[TH_COMMON_CODE_MAX];
    th_span common = th_common_code(f, bytes);
    return common.n && holds(k, hash_of(common, CODE));
  }
  th_span term = th_kin_term(f->label);
  return term.n && holds(k, hash_of(term, LABEL));
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

th_verdict_fact *th_kin_verdict(const th_kin *k, const th_elig_fact *f, th_verdict_presume mode,
                                bool *known) {
  if (f->type != TH_ELIG_CONCEPT || f->guard.kind || f->window.present || f->degree.n) return NULL;
  uint32_t rest = 1u << 31 | (uint32_t)f->category << 8 | (uint32_t)f->time << 4 |
                  (uint32_t)mode << 2 | (uint32_t)f->negated << 1 | (uint32_t)f->family;
  uint64_t label = XXH3_64bits(f->label.p, f->label.n), code = XXH3_64bits(f->code.p, f->code.n);
  judged *j = &k->verdicts[mix(label ^ rest, code) % VERDICTS];
  *known = j->label == label && j->code == code && j->rest == rest;
  if (!*known) *j = (judged){.label = label, .code = code, .rest = rest};
  return &j->verdict;
}

/* ---- terms ---- */

/* The first bits of a label's hash, whether there is anything, and which term the label is. The
 * other bits of the hash choose the slot: two labels are taken for each other when 64 bits agree.
 */
enum { NUMBER = TERMS_MAX - 1, PRESENT = TERMS_MAX };
static const uint64_t TAG = ~(uint64_t)(NUMBER | PRESENT);
static _Atomic uint64_t remembered[REMEMBERED];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *terms[TERMS_MAX]; /* 0: none; written under the lock, before they are named */
static uint64_t n_terms = 1;

/* The number of a term, a static string; TERMS_MAX when there is no room. */
static uint64_t number_of(th_span term) {
  uint64_t i = 1;
  if (!term.n) return 0;
  pthread_mutex_lock(&lock);
  while (i < n_terms && terms[i] != term.p)
    i++;
  if (i == n_terms && i < TERMS_MAX) terms[n_terms++] = term.p;
  pthread_mutex_unlock(&lock);
  return i;
}

th_span th_kin_term(th_span label) {
  uint64_t hash = XXH3_64bits(label.p, label.n);
  _Atomic uint64_t *slot = &remembered[hash % REMEMBERED];
  uint64_t was = atomic_load_explicit(slot, memory_order_acquire);
  if ((was & TAG) == (hash & TAG) && was & PRESENT)
    return was & NUMBER ? th_span_of(terms[was & NUMBER]) : (th_span){0};
  th_span term = th_patient_term(label);
  uint64_t number = number_of(term);
  if (number < TERMS_MAX)
    atomic_store_explicit(slot, (hash & TAG) | PRESENT | number, memory_order_release);
  return term;
}

static _Atomic uint64_t tests[REMEMBERED];

bool th_kin_test(th_span label, bool (*ask)(th_span label)) {
  uint64_t hash = XXH3_64bits(label.p, label.n);
  _Atomic uint64_t *slot = &tests[hash % REMEMBERED];
  uint64_t was = atomic_load_explicit(slot, memory_order_relaxed);
  if ((was & TAG) == (hash & TAG) && was & PRESENT) return was & 1;
  bool so = ask(label);
  atomic_store_explicit(slot, (hash & TAG) | PRESENT | so, memory_order_relaxed);
  return so;
}
