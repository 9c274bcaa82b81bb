#include "match/lore.h"

#include <pthread.h>
#include <stdatomic.h>

#include "match/verdict_private.h"

/* A word for each concept of a segment's book. A word that two threads write is the same. */
struct th_lore {
  pthread_mutex_t lock; /* to make an array */
  _Atomic(_Atomic uint64_t *) segments[TH_LORE_SEGMENTS];
};

th_lore *th_lore_new(void) {
  th_lore *l = calloc(1, sizeof *l);
  if (l) pthread_mutex_init(&l->lock, NULL);
  return l;
}

void th_lore_free(th_lore *l) {
  if (!l) return;
  for (int i = 0; i < TH_LORE_SEGMENTS; i++)
    free((void *)atomic_load(&l->segments[i]));
  pthread_mutex_destroy(&l->lock);
  free(l);
}

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

uint64_t th_lore_hash(th_span s, th_lore_kind kind) {
  uint64_t h = (uint64_t)kind * 0xD1B54A32D192ED03u ^ s.n, last = 0;
  size_t i = 0;
  for (; i + 8 <= s.n; i += 8)
    h = mix(h, folded8(s.p + i));
  if (i < s.n && s.n >= 8) {
    last = folded8(s.p + s.n - 8);
  } else {
    for (; i < s.n; i++)
      last = last << 8 | (unsigned char)(s.p[i] | 0x20);
  }
  return mix(h, last) | 1;
}

/* ---- working it out ---- */

static uint64_t work_out(th_span label, th_span code) {
  const th_elig_fact f = {.type = TH_ELIG_CONCEPT, .label = label, .code = code};
  char bytes[TH_COMMON_CODE_MAX];
  th_span common = th_common_code(&f, bytes), term = {0};
  uint64_t hash[TH_LORE_HASHES], out = TH_LORE_KNOWN;
  if (!code.n) term = th_gene_result(label);
  if (!code.n && !term.n) term = th_patient_term(label);
  hash[0] = hash[1] = hash[2] = th_lore_hash(label, TH_LORE_LABEL);
  hash[1] = th_lore_hash(th_gene_name(label), TH_LORE_LABEL);
  if (code.n) hash[1] = th_lore_hash(code, TH_LORE_CODE);
  if (common.n) hash[2] = th_lore_hash(common, TH_LORE_CODE);
  if (term.n) hash[2] = th_lore_hash(term, TH_LORE_LABEL);
  for (int i = 0; i < TH_LORE_HASHES; i++)
    out |= hash[i] >> (64 - TH_LORE_BITS) << (i * TH_LORE_BITS);
  if (th_definition_exists(UINT32_MAX, label) || th_words_test(label) || th_doubt_always(label))
    out |= TH_LORE_SPECIAL;
  return th_doubt_by_hint(label) ? out | TH_LORE_HINTED : out;
}

static _Atomic uint64_t *segment_of(th_lore *l, const th_criteria_outline *o) {
  if (o->segment >= TH_LORE_SEGMENTS) return NULL;
  _Atomic uint64_t *list = atomic_load_explicit(&l->segments[o->segment], memory_order_acquire);
  if (list) return list;
  pthread_mutex_lock(&l->lock);
  list = atomic_load_explicit(&l->segments[o->segment], memory_order_relaxed);
  if (!list) list = calloc(o->file->n_concepts / 8 + 1, sizeof *list);
  atomic_store_explicit(&l->segments[o->segment], list, memory_order_release);
  pthread_mutex_unlock(&l->lock);
  return list;
}

void th_lore_fetch(const th_lore *l, const th_criteria_outline *o) {
  if (o->segment >= TH_LORE_SEGMENTS) return;
  _Atomic uint64_t *list = atomic_load_explicit(&l->segments[o->segment], memory_order_acquire);
  const size_t n = list ? o->file->n_concepts / 8 : 0;
  for (uint32_t i = 0; i < o->tree.n_facts; i++)
    if (o->refs[i].type == TH_ELIG_CONCEPT && o->refs[i].name < n)
      __builtin_prefetch((const void *)&list[o->refs[i].name]);
}

uint64_t th_lore_of(th_lore *l, const th_criteria_outline *o, uint32_t fact) {
  const uint32_t concept = o->refs[fact].name;
  th_span label, code;
  _Atomic uint64_t *list = segment_of(l, o);
  if (!list || concept >= o->file->n_concepts / 8) return 0;
  uint64_t known = atomic_load_explicit(&list[concept], memory_order_relaxed);
  if (known || th_criteria_file_concept(o->file, concept, &label, &code, NULL) < 0) return known;
  known = work_out(label, code);
  atomic_store_explicit(&list[concept], known, memory_order_relaxed);
  return known;
}
